#!/usr/bin/env python3
"""log_wraps.py SMTPSCOPE [-v]: a log stays the same in whatever collectors, terminals, mails and pages wrap around its lines.

Each log of samples/ is wrapped in every way, and read again: the same commands, replies and findings."""

import datetime
import html
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "samples")
TIME = datetime.datetime(2026, 11, 24, 4, 6, 21, 586000)


def each(wrap, prefix="", suffix=""):
    """`wrap` on every line."""
    return lambda lines: prefix + "".join(wrap(i, line) + "\n" for i, line in enumerate(lines)) + suffix


def moment(i):
    return TIME + datetime.timedelta(seconds=i // 10)


def journal(i, line):
    return json.dumps({"__CURSOR": f"s={i}", "__REALTIME_TIMESTAMP": str(int(moment(i).timestamp() * 1e6)), "_HOSTNAME": "mx",
                       "SYSLOG_IDENTIFIER": "app", "_PID": "147", "MESSAGE": line})


LEVELS = ["DEBUG", "INFO", "WARN"]
COLOURS = ["\x1b[0m", "\x1b[32m", "\x1b[1;31m"]
WRAPS = {
    "CRLF": lambda lines: "\r\n".join(lines) + "\r\n",
    "mark of UTF-8": lambda lines: "\ufeff" + "\n".join(lines),
    "UTF-16 of PowerShell": lambda lines: ("\ufeff" + "\r\n".join(lines)).encode("utf-16-le", "surrogatepass"),
    "UTF-16, the other way": lambda lines: ("\ufeff" + "\n".join(lines) + "\n").encode("utf-16-be", "surrogatepass"),
    "colours": each(lambda i, line: COLOURS[i % 3] + line + "\x1b[m"),
    "indented": each(lambda i, line: "    " + line),
    "quoted mail": each(lambda i, line: "> " + line, "On Tue, Joe wrote:\n", "\nYou must log in first.\nBest wishes,\nJane\n"),
    "quoted twice": each(lambda i, line: ">> " + line, "> On Tue, Joe wrote:\n"),
    "page": each(lambda i, line: html.escape(line) + "<br>", "<pre>\n", "</pre>\n"),
    "escaped": each(lambda i, line: html.escape(line, quote=False)),
    "code fence": each(lambda i, line: line, "What is wrong with this?\n\n```\n", "```\n\nIt is the same with the other server.\nThanks\n"),
    "CRs as an editor shows them": each(lambda i, line: line + "^M"),
    "CRs as cat -A shows them": each(lambda i, line: line + "^M$"),
    "ends of lines as cat -e shows them": each(lambda i, line: line + "$"),
    "ends of lines as strings have them": each(lambda i, line: line + "\\r\\n"),
    "list of strings": each(lambda i, line: "'" + line.replace("\\", "\\\\").replace("'", "\\'") + "',"),
    "table": each(lambda i, line: f"| {line:60} |", "| Log |\n|-----|\n"),
    "frame": each(lambda i, line: f"\u2502 {line:60} \u2502", "\u250c\u2500\u2510\n", "\u2514\u2500\u2518\n"),
    "rule at the left": each(lambda i, line: "| " + line),
    "line numbers of cat": each(lambda i, line: f"{i + 1:6}\t{line}"),
    "line numbers of an editor": each(lambda i, line: f"{i + 1:4} {line}"),
    "line numbers of grep": each(lambda i, line: f"{i + 1}:{line}"),
    "container": each(lambda i, line: f"{moment(i).isoformat()}Z stderr F {line}"),
    "docker compose": each(lambda i, line: f"mailer-1  | {line}"),
    "docker compose, with times": each(lambda i, line: f"mailer-1  | {moment(i).isoformat()}Z {line}"),
    "kubectl": each(lambda i, line: f"[pod/mailer-0/smtp] {line}"),
    "docker logs -t": each(lambda i, line: f"{moment(i).isoformat()}000Z {line}"),
    "json-file": each(lambda i, line: json.dumps({"log": line + "\n", "stream": "stderr", "time": moment(i).isoformat() + "Z"})),
    "journal in JSON": each(journal),
    "syslog": each(lambda i, line: f"{moment(i):%b %d %H:%M:%S} mx app[147]: {line}"),
    "syslog of rsyslog": each(lambda i, line: f"{moment(i).isoformat()}+00:00 mx app[147]: {line}"),
    "syslog, RFC 5424": each(lambda i, line: f"<22>1 {moment(i).isoformat()}Z mx app 147 - - {line}"),
    "journal, short-iso": each(lambda i, line: f"{moment(i):%Y-%m-%dT%H:%M:%S}+0000 mx app[147]: {line}"),
    "journal, short-full": each(lambda i, line: f"{moment(i):Tue %Y-%m-%d %H:%M:%S} UTC mx app[147]: {line}"),
    "journal, with-unit": each(lambda i, line: f"{moment(i):Tue %Y-%m-%d %H:%M:%S} UTC mx app.service[147]: {line}"),
    "times of day": each(lambda i, line: f"{moment(i):%H:%M:%S.%f} {line}"),
    "logging of Python": each(lambda i, line: f"{moment(i):%Y-%m-%d %H:%M:%S},123 {LEVELS[i % 3]} smtp: {line}"),
    "logging of Python, as it is": each(lambda i, line: f"{LEVELS[i % 3]}:mailer:{line}"),
    "log4j": each(lambda i, line: f"{moment(i):%Y-%m-%d %H:%M:%S}.123 {LEVELS[i % 3]:5} 147 --- [main] com.example.Mail : {line}"),
    "levels in brackets": each(lambda i, line: f"[{moment(i).isoformat()}Z] [{LEVELS[i % 3]}] [main] {line}"),
    "logfmt": each(lambda i, line: f"time={moment(i).isoformat()}Z level={LEVELS[i % 3].lower()} msg={json.dumps(line)}"),
    "CSV": each(lambda i, line: moment(i).strftime("%Y-%m-%d") + ',mail,"' + line.replace('"', '""') + '"'),
    "times as in Germany": each(lambda i, line: f"{moment(i):%d.%m.%Y %H:%M:%S} {line}"),
    "times as in America": each(lambda i, line: f"{moment(i):%m/%d/%Y %I:%M:%S %p} {line}"),
    "blanks that do not break": each(lambda i, line: line[:8].replace("  ", "\u00a0 ") + line[8:]),
    "Monolog": each(lambda i, line: f"[{moment(i).isoformat()}+00:00] mailer.DEBUG: {line} [] []"),
    "what a logger knows besides": each(lambda i, line: f'debug: {line} {{"tid":"a1"}}'),
    "comments": each(lambda i, line: f"# {line}"),
    "name in brackets": each(lambda i, line: f"[mailer] {line}"),
    "numbers and two blanks": each(lambda i, line: f"{i + 1:4}  {line}"),
    "times in brackets": each(lambda i, line: f"[{moment(i):%Y-%m-%d %H:%M:%S}] {line}"),
}


def analyze(program, path):
    p = subprocess.run([program, "analyze", "--json", path], capture_output=True)
    sessions = [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]
    return [(([(c["verb"], (c["reply"] or {}).get("code"), c["verdict"]) for c in s["commands"]]),
             sorted(f["id"] for f in s["findings"])) for s in sessions]


def main():
    program, is_loud = sys.argv[1], "-v" in sys.argv
    bad = rounds = 0
    folders = [SAMPLES]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log")
        for name in sorted(n for f in folders for n in os.listdir(f) if n.startswith("log-")):
            with open(os.path.join(SAMPLES, name), encoding="utf-8", errors="surrogateescape", newline="") as f:
                lines = [line.rstrip("\r") for line in f.read().rstrip("\n").split("\n")]
            plain = analyze(program, os.path.join(SAMPLES, name))
            for wrap, function in WRAPS.items():
                rounds += 1
                text = function(lines)
                with open(path, "wb") as f:
                    f.write(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
                got = analyze(program, path)
                if got != plain:
                    bad += 1
                    print(f"{name} in {wrap}: {got}\n   instead of {plain}"[:900])
                elif is_loud:
                    print(f"{name} in {wrap}: the same")
    print(f"{rounds} wrapped logs, {bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
