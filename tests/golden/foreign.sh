#!/bin/sh
# foreign.sh SMTPSCOPE: captures of other people and other servers that stand beside the checkout, with their truth.
here=$(cd "$(dirname "$0")" && pwd)
shared=$here/../../../shared
[ -d "$shared/captures" ] || { echo "no ../shared/captures beside the checkout"; exit 77; }
status=0
python3 "$shared/scorers/score_corpus.py" "$1" "$shared/captures/third-party/truth.jsonl" "$shared/captures/third-party" || status=1
python3 "$shared/scorers/score_lab.py" "$1" "$shared/captures/lab" postfix exim dovecot dovecot-preauth sendmail nodemailer || status=1
python3 "$shared/scorers/check_workload.py" "$1" "$shared/bench" || status=1
exit $status
