#!/bin/sh
# run.sh [--long]: installs what is missing, builds with every sanitizer, and runs every suite.  --long adds what
# takes hours or gigabytes: ten minutes of fuzzing a target, thousands of variants, the benchmark.
set -u
cd "$(dirname "$0")/.."
long=false
case "${1-}" in
"") ;;
--long) long=true ;;
*) echo "usage: sh tests/run.sh [--long]" >&2; exit 2 ;;
esac

passed=0 failed=0 skipped=0
logs=build/logs
mkdir -p $logs

# step NAME COMMAND...: exit status 77 is a skip, whose reason is the last line of the output.
step() {
    name=$1; shift
    printf '%-44s ' "$name"
    start=$(date +%s)
    log="$logs/$(echo "$name" | tr ' /' '--').log"
    "$@" >"$log" 2>&1
    status=$?
    took=$(($(date +%s) - start))
    case $status in
    0) passed=$((passed + 1)); echo "ok (${took} s)" ;;
    77) skipped=$((skipped + 1)); echo "skipped: $(tail -n 1 "$log")" ;;
    *) failed=$((failed + 1)); echo "FAILED (${took} s), see $log"; tail -n 40 "$log" ;;
    esac
    return $status
}

configure_build() { # PRESET [MORE...]
    preset=$1; shift
    cmake --preset "$preset" -G Ninja "$@" && cmake --build "build/$preset"
}

suite() { # PRESET LABEL: every test of a label, each counted
    ctest --test-dir "build/$1" -L "$2" --output-on-failure --no-tests=error -j "$(nproc)"
}

sh tests/support/packages.sh $(cat tests/support/build_packages.txt tests/support/test_packages.txt) || exit 1
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1
step "build release" configure_build release || exit 1
step "build with sanitizers" configure_build asan || exit 1
step "unit tests under ASan and UBSan" suite asan unit
step "model: every path of six commands" build/asan/tests/model/model 6 "$(nproc)"
step "golden output" suite asan golden
step "style" suite asan style
step "samples say what they must" python3 tests/golden/samples.py build/asan/cli/smtpscope
step "output follows its schema" python3 tests/golden/schema.py build/release/cli/smtpscope
variants=150; $long && variants=4000
step "property: segments cut, moved, lost" python3 tests/property/segments.py build/release/cli/smtpscope --variants $variants \
    --build build/asan
pairs=6; $long && pairs=200
step "property: packets lost inside TLS" python3 tests/property/tls_losses.py build/release/cli/smtpscope --dialogues 1 --pairs $pairs
step "property: recording equals packets" python3 tests/property/recording.py build/release/cli/smtpscope
step "who speaks first, and what" python3 tests/property/first_words.py build/asan/cli/smtpscope
step "property: what is known across sessions" python3 tests/property/history.py build/release/cli/smtpscope
step "property: no output holds a secret" python3 tests/property/secrets.py build/release/cli/smtpscope
step "property: inside TLS as in clear" python3 tests/property/tls.py build/release/cli/smtpscope
step "property: reports" python3 tests/property/report.py build/release/cli/smtpscope
step "property: a report names cause, fault and fix" python3 tests/property/incidents.py build/release/cli/smtpscope
step "property: the order as it should have been" python3 tests/property/orders.py build/release/cli/smtpscope
step "property: messages and packets taken out" python3 tests/property/extract.py build/release/cli/smtpscope
step "the report in a browser" python3 tests/browser/browser.py build/release/cli/smtpscope
step "property: long groups, in proportion" python3 tests/property/scale.py build/release/cli/smtpscope
rounds=3; $long && rounds=60
step "property: a log equals its packets" python3 tests/property/logs.py build/release/cli/smtpscope --rounds $rounds
step "property: a log that is cut" python3 tests/property/log_cuts.py build/release/cli/smtpscope
step "property: what is wrapped around a log" python3 tests/property/log_wraps.py build/release/cli/smtpscope
step "damaged files" python3 tests/property/damage.py build/asan/cli/smtpscope
step "foreign captures" python3 tests/golden/foreign.py build/release/cli/smtpscope
rounds=40; $long && rounds=400
for server in postfix exim opensmtpd sendmail aiosmtpd nodemailer haraka chasquid courier twisted; do
    step "live: $server" python3 tests/live/live.py build/release/cli/smtpscope $server --rounds $rounds
done
rounds=5; $long && rounds=60
for server in postfix postfix-mail exim opensmtpd sendmail aiosmtpd nodemailer dovecot haraka; do
    step "its log: $server" python3 tests/live/server_logs.py build/release/cli/smtpscope $server --rounds $rounds
done
for sender in sendmail sendmail-bounce exim postfix postfix-bounce postfix-notice ssmtp esmtp; do
    step "its log, when it sends: $sender" python3 tests/live/sender_logs.py build/release/cli/smtpscope $sender --rounds $rounds
done
for server in postfix dovecot-tls exim opensmtpd; do
    step "inside TLS: $server" python3 tests/live/tls.py build/release/cli/smtpscope $server
done
step "inside TLS: keys of the server" python3 tests/live/tls.py build/release/cli/smtpscope postfix \
    --preload build/release/samples/keylog/smtpscope-keylog.so
step "inside TLS: other programs" python3 tests/live/tls_peers.py build/release/cli/smtpscope
for server in dovecot cyrus; do
    step "sasl: $server" python3 tests/live/sasl.py build/release/cli/smtpscope $server
done
step "recorder: on a terminal" python3 tests/recorder/terminal.py build/release/cli/smtpscope
step "recorder: the Debian package" python3 tests/recorder/package.py build/release
step "recorder: systemd starts the service" python3 tests/recorder/systemd.py build/release
kills=10; $long && kills=100
step "recorder: what it must survive" python3 tests/recorder/faults.py build/release/cli/smtpscope --kills $kills
step "recorder: secrets of TLS that come later" python3 tests/recorder/keylog.py build/release/cli/smtpscope
step "recorder: what is large or lasts long" python3 tests/recorder/endurance.py build/release/cli/smtpscope $($long && echo --long)
step "recorder: Postfix under load" python3 tests/recorder/postfix.py build/release/cli/smtpscope
$long && step "recorder: loss beside tcpdump" python3 tests/recorder/loss.py build/release/cli/smtpscope
step "build fuzz targets" configure_build fuzz
seconds=30; $long && seconds=600
step "fuzz: every target" sh tests/fuzz/all.sh build/fuzz/tests/fuzz $seconds
build_bench() { # the release preset builds no tests
    cmake --preset release -B build/bench -G Ninja -DBUILD_TESTING=ON && cmake --build build/bench --target bench_tls
}
$long && step "build benchmarks" build_bench
$long && step "speed of decryption" python3 tests/bench/tls.py build/bench/tests/bench/bench_tls
$long && step "benchmark" sh tests/bench/bench.sh build/release/cli/smtpscope

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
