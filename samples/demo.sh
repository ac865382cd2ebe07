#!/bin/sh
# demo.sh: installs what is missing, builds smtpscope, and lets it explain the captures in this folder.
set -e
cd "$(dirname "$0")/.."
sh tests/support/packages.sh $(cat tests/support/build_packages.txt)
cmake --preset release -G Ninja -DBUILD_TESTING=OFF >build.log 2>&1 || { cat build.log; exit 1; }
cmake --build build/release >build.log 2>&1 || { cat build.log; exit 1; }
rm -f build.log
build/release/cli/smtpscope analyze samples > build/verdicts.txt
build/release/cli/smtpscope report samples --format html -o build/report.html
cat build/verdicts.txt
echo
echo "The same text is in build/verdicts.txt, and a report on its incidents in build/report.html.  Next: build/release/cli/smtpscope show samples/nested-mail.pcap"
