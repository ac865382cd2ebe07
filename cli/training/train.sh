#!/bin/sh
# train.sh PROGRAM BUILD SAMPLES: lets a program that counts read the samples; what it counted goes to the build that
# BUILD is part of, beside the objects there.
set -eu
program=$1 build=$2 samples=$3

find "$build/.." -name '*.gcda' -exec rm -f {} +
GCOV_PREFIX=$build/..
GCOV_PREFIX_STRIP=$(printf %s "$build" | tr -cd / | wc -c)
export GCOV_PREFIX GCOV_PREFIX_STRIP
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do # in life most sessions are as these
    "$program" analyze --jobs 1 "$samples/clean.pcap" "$samples/pipelined.pcap" "$samples/auth-login.pcap" \
        "$samples/starttls.pcap" >/dev/null
done
"$program" analyze --jobs 1 "$samples" >/dev/null
