#!/bin/sh
# all.sh FOLDER SECONDS: every libFuzzer target in the folder, as many at once as there are processors.  What each
# said is in FOLDER/fuzz_NAME.log; the last lines name those that failed.
here=$(cd "$(dirname "$0")" && pwd)
folder=$1; seconds=$2
find "$folder" -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x | sort |
    xargs -P "$(nproc)" -I '{}' sh -c 'sh "$0/run.sh" "$1" "$2" >"$1.log" 2>&1 || { tail -n 30 "$1.log"; echo "FAILED: $1"; exit 1; }' \
        "$here" '{}' "$seconds" || exit 1
echo "$(find "$folder" -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x | wc -l) targets, $seconds s each"
