#!/bin/sh
# train.sh PROGRAM BUILD SAMPLES: lets a program that counts read the samples.  What it counted, beside its objects in
# BUILD, is copied to the same places in the build above, whose compiler looks for it there.
set -eu
program=$1 build=$2 samples=$3

find "$build" -name '*.gcda' -exec rm -f {} +
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do # in life most sessions are as these
    "$program" analyze --jobs 1 "$samples/clean.pcap" "$samples/pipelined.pcap" "$samples/auth-login.pcap" \
        "$samples/starttls.pcap" >/dev/null
done
"$program" analyze --jobs 1 "$samples" >/dev/null
cd "$build"
find capture analyzer cli -name '*.gcda' | while read -r counts; do
    mkdir -p "../${counts%/*}"
    cp "$counts" "../$counts"
done
