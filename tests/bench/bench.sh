#!/bin/sh
# bench.sh SMTPSCOPE [PAIRS]: CPU time and peak memory on the generated workloads, as ratios to a minimal SMTP reader
# (`floor smtp`) and to a bare flow table (`floor flow`), measured in turn with it; "!" marks what is over its goal.  Generator and reader stand beside the checkout, in ../shared/bench.
here=$(cd "$(dirname "$0")" && pwd)
bench=$here/../../../shared/bench
[ -d "$bench" ] || { echo "no ../shared/bench beside the checkout"; exit 77; }
exec python3 "$here/bench.py" "$(realpath "$1")" "$(realpath "$bench")" "${2:-3}"
