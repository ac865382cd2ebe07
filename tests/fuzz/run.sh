#!/bin/sh
# run.sh TARGET SECONDS: one libFuzzer target with its dictionary and seeds.  What it finds stays in build/fuzz/found.
here=$(cd "$(dirname "$0")" && pwd)
target=$1; seconds=$2; name=${target##*/fuzz_}
corpus=$(dirname "$target")/corpus/$name; found=$(dirname "$target")/found
mkdir -p "$corpus" "$found"
seeds=; [ -d "$here/seeds/$name" ] && seeds="$here/seeds/$name"
dict=; [ -f "$here/$name.dict" ] && dict="-dict=$here/$name.dict"
[ -f "$here/fuzz_$name.dict" ] && dict="-dict=$here/fuzz_$name.dict"
# shellcheck disable=SC2086
exec "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$found/$name-" $dict "$corpus" $seeds
