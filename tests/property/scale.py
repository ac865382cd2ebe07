#!/usr/bin/env python3
"""scale.py SMTPSCOPE: four times the commands may cost four times the work, not sixteen times.

One connection with a long group of commands of one kind, refused one by one, against the same with a group of four times
the length: the ratio of their CPU times, in every format.  And what comes out is JSON to the last line.

And sessions that never end, of more clients than the memory holds: each of them is told all the same."""

import json
import os
import resource
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import frames  # noqa: E402
from first_words import C, S, connection  # noqa: E402

LENGTH, FACTOR, MOST, RUNS = 8000, 4, 9, 3  # quadratic work shows as 16; the worst that was measured is 5.4, and a busy machine shows half more
FLOOD, MEMORY = 6000, "16M"  # of which a third finds room
CHUNK = 32000
HELLO = [(S, b"220 mx ESMTP\r\n"), (C, b"EHLO c\r\n"), (S, b"250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n")]
OPEN = [(C, b"MAIL FROM:<a@b>\r\n"), (S, b"250 ok\r\n"), (C, b"RCPT TO:<b@c>\r\n"), (S, b"250 ok\r\n")]
# name, what is said before, the command, its reply
KINDS = [
    ("MAIL", HELLO, b"MAIL FROM:<a@b>\r\n", b"503 no\r\n"),
    ("RCPT", HELLO + OPEN, b"RCPT TO:<b@c>\r\n", b"550 no\r\n"),
    ("DATA", HELLO, b"DATA\r\n", b"503 no\r\n"),
    ("BDAT", HELLO + OPEN, b"BDAT 0\r\n", b"554 no\r\n"),
    ("AUTH", HELLO, b"AUTH PLAIN AGEAYg==\r\n", b"535 no\r\n"),
    ("responses", HELLO + [(C, b"AUTH LOGIN\r\n"), (S, b"334 VXNlcm5hbWU6\r\n")], b"Ym9i\r\n", b"334 VXNlcm5hbWU6\r\n"),
    ("STARTTLS", HELLO, b"STARTTLS\r\n", b"454 no\r\n"),
    ("garbage", HELLO, b"WHAT\r\n", b"500 no\r\n"),
]


def pieces(side, data):
    return [(side, data[i:i + CHUNK]) for i in range(0, len(data), CHUNK)]


def seconds(*command):
    """The least CPU time of a few runs, and what was printed."""
    best = None
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        p = subprocess.run(command, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = took if best is None else min(best, took)
        if p.returncode:
            raise SystemExit(f"{command}: exit {p.returncode}")
    return best, p.stdout


def flood(binary, path):
    one = connection(25, HELLO)
    frames.write(path, [s.copy(time=s.time + n * 10**6) for n in range(FLOOD) for s in frames.readdress(one, n + 1)])
    p = subprocess.run([binary, "analyze", "--format", "jsonl", "--memory", MEMORY, path], capture_output=True)
    told = sum(row.startswith(b'{"type":"session"') for row in p.stdout.splitlines())
    is_short = b"given up early" in p.stderr
    return [] if told == FLOOD and is_short and not p.returncode else [f"a flood: {told} sessions told of {FLOOD}: {p.stderr!r}"]


def main():
    binary, bad, worst = sys.argv[1], [], 0
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n) for n in ("one.pcap", "four.pcap")]
        for name, before, line, reply in KINDS:
            for path, length in zip(paths, (LENGTH, LENGTH * FACTOR)):
                frames.write(path, connection(25, before + pieces(C, line * length) + pieces(S, reply * length)))
            for how in (["analyze"], ["analyze", "--format", "jsonl"], ["show"], ["report"], ["capture", "-o", "-", "-r"]):
                (one, _), (four, text) = seconds(binary, *how, paths[0]), seconds(binary, *how, paths[1])
                ratio = four / max(one, 0.005)  # what a process costs by itself hides nothing quadratic
                worst = max(worst, ratio)
                if ratio > MOST:
                    bad.append(f"{name}, {' '.join(how)}: {FACTOR} times the commands take {ratio:.1f} times as long")
                if "jsonl" in how or "capture" in how:
                    for row in text.splitlines():
                        json.loads(row)
        bad += flood(binary, paths[0])
    print("\n".join(bad))
    print(f"{len(KINDS)} kinds of groups, {len(bad)} things wrong; the worst ratio {worst:.1f}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
