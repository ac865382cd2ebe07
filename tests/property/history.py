#!/usr/bin/env python3
"""history.py SMTPSCOPE [--seed S] [--rounds N]: what is known only across sessions.

Builds a capture of many sessions that overlap in time, in which a few clients do what only their sessions together
show, and honest ones besides.  Each finding must be raised once and of its client, never of an honest one; text, JSON and
a recording must say the same; a selector must find the session."""

import argparse
import base64
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import frames  # noqa: E402

IDS = {"brute-force", "stuck-client", "user-enumeration", "open-relay-attempt", "static-challenge", "starttls-stripped",
       "duplicate-delivery", "greylisted"}
SYN, ACK, FIN, PUSH = 2, 16, 1, 8
BANNER = (None, "220 mx.example.org ESMTP")
EHLO = ("EHLO c.example", "250-mx.example.org\r\n250-STARTTLS\r\n250-AUTH PLAIN CRAM-MD5\r\n250 SIZE")
BARE = ("EHLO c.example", "250-mx.example.org\r\n250 SIZE")
QUIT = ("QUIT", "221 bye")


def b64(text):
    return base64.b64encode(text.encode()).decode()


def plain(identity, password, reply="535 5.7.8 no"):
    return [BANNER, EHLO, ("AUTH PLAIN " + b64(f"\0{identity}\0{password}"), reply), QUIT]


def mail(sender, recipient, content="x", rcpt="250 ok", end="250 ok"):
    lines = [BANNER, EHLO, (f"MAIL FROM:<{sender}>", "250 ok"), (f"RCPT TO:<{recipient}>", rcpt)]
    if rcpt.startswith("250"):
        lines += [("DATA", "354 go"), (content + "\r\n.", end)]
    return lines + ([QUIT] if end else [])


class Capture:
    def __init__(self, rng):
        self.rng, self.segments, self.port = rng, [], 20000

    def add(self, client, at_s, lines, server=25):
        """Packets of a session of 192.0.2.CLIENT; both sides take their time."""
        now, self.port = int((1_790_000_000 + at_s) * 10**9), self.port + 1
        seq = [self.rng.randrange(2**32), self.rng.randrange(2**32)]
        ends = [(bytes([192, 0, 2, client]), self.port), (bytes([198, 51, 100, server]), 25)]

        def send(side, payload, flags):
            nonlocal now
            now += self.rng.randrange(100_000, 40_000_000)
            s = frames.Segment()
            s.time, s.flags, s.window, s.hops, s.payload, s.options = now, flags, 65535, 64, payload, b""
            (s.src, s.sport), (s.dst, s.dport) = ends[side], ends[1 - side]
            s.seq, s.ack = seq[side], seq[1 - side] if flags & ACK else 0
            seq[side] += len(payload) + bool(flags & (SYN | FIN))
            self.segments.append(s)

        send(0, b"", SYN), send(1, b"", SYN | ACK), send(0, b"", ACK)
        for said, reply in lines:
            if said is not None:
                send(0, said.encode() + b"\r\n", ACK | PUSH)
            if reply:
                send(1, reply.encode() + b"\r\n", ACK | PUSH)
        send(0, b"", ACK), send(0, b"", FIN | ACK), send(1, b"", FIN | ACK), send(0, b"", ACK)

    def write(self, path):
        frames.write(path, sorted(self.segments, key=lambda s: s.time))


def build(rng, path):
    """What must be raised of whom, and how many deliveries were refused and came back."""
    capture, want = Capture(rng), collections.Counter()
    for k in range(60):  # honest: each logs in and sends another message
        capture.add(100 + k, k * 7 + rng.random(), plain(f"user{k}", f"good{k}", "235 ok"))
        capture.add(100 + k, k * 7 + 3 + rng.random(), mail(f"a{k}@example.com", f"b{k % 5}@example.org", f"Message-ID: <{k}@x>"))
        capture.add(100 + k, k * 7 + 5, plain(f"user{k}", "typo"))
    for k in range(7):
        capture.add(1, 20 * k + rng.random(), plain("bob", f"guess{k}"))
        capture.add(2, 20 * k + rng.random(), plain("eve", "old"))
        capture.add(4, 20 * k + rng.random(), mail("a@example.com", f"x@d{k}.example", rcpt="554 5.7.1 Relay access denied"))
        capture.add(8, 20 * k + rng.random(), plain(f"name{k}", "season2026"))
    capture.add(3, 30, [BANNER, EHLO] + [(f"VRFY user{k}", "252 perhaps") for k in range(12)] + [QUIT])
    for k in range(3):
        capture.add(5, 50 + 9 * k, [BANNER, EHLO, ("AUTH CRAM-MD5", "334 " + b64("<1.2@mx>")), (b64("al " + f"{k:032x}"), "235 ok"), QUIT])
    capture.add(6, 40, mail("a@example.com", "b@example.org", "Message-ID: <lost@x>", end=None))
    capture.add(6, 400, mail("a@example.com", "b@example.org", "Message-ID: <lost@x>"))
    capture.add(7, 40, mail("g@example.com", "b@example.org", "Message-ID: <grey@x>", rcpt="450 4.2.0 come again"))
    capture.add(7, 350, mail("g@example.com", "b@example.org", "Message-ID: <grey@x>"))
    capture.add(10, 390, [BANNER, BARE, QUIT])
    capture.write(path)
    for client, finding in ((1, "brute-force"), (2, "stuck-client"), (3, "user-enumeration"), (4, "open-relay-attempt"),
                            (5, "static-challenge"), (6, "duplicate-delivery"), (7, "greylisted"), (8, "brute-force"),
                            (10, "starttls-stripped")):
        want[f"192.0.2.{client}", finding] += 1
    return want, {"refused": 8, "accepted_later": 1}


def run(binary, *arguments, stdin=None):
    p = subprocess.run([binary, *arguments], input=stdin, capture_output=True)
    return p.stdout


def lines_of(output, kind):
    return [line for line in output.splitlines() if line.startswith(b'{"type":"%s"' % kind)]


def check(binary, path, want, returned):
    bad = []
    output = run(binary, "analyze", "--format", "jsonl", path)
    got = collections.Counter((s["client"]["ip"], f["id"]) for s in map(json.loads, lines_of(output, b"session"))
                              for f in s["findings"] if f["id"] in IDS)
    if got != want:
        bad.append(f"raised {dict(got - want)} besides, not {dict(want - got)}")
    summary = json.loads(lines_of(output, b"summary")[0])
    if summary["returned"] != returned:
        bad.append(f"returned {summary['returned']}")
    recording = run(binary, "capture", "-r", path, "-o", "-")
    again = run(binary, "analyze", "--format", "jsonl", "-", stdin=recording)
    if lines_of(again, b"session") != lines_of(output, b"session"):
        bad.append("the recording says something else")
    other = json.loads(lines_of(again, b"summary")[0])
    if {k: v for k, v in other.items() if k != "inputs"} != {k: v for k, v in summary.items() if k != "inputs"}:
        bad.append("the summary of the recording says something else")
    text = run(binary, "analyze", "--format", "text", path).decode()
    counted = {m[2]: int(m[1]) for m in re.finditer(r"^ +(\d+)  ([a-z0-9-]+) ", text, re.M)}
    if {k: v for k, v in counted.items() if k in IDS} != {k: v for k, v in summary["findings"].items() if k in IDS}:
        bad.append(f"text counts {counted}")
    if f"{returned['refused']} deliveries (client, sender, recipient) were refused; accepted later: {returned['accepted_later']}" not in text:
        bad.append("text does not say what came back")
    for finding in sorted({f for _, f in want}):
        picked = run(binary, "analyze", "--format", "jsonl", "--finding", finding, path)
        count = sum(n for (_, f), n in want.items() if f == finding)
        if len(lines_of(picked, b"session")) != count or json.loads(lines_of(picked, b"summary")[0])["findings"].get(finding) != count:
            bad.append(f"--finding {finding} picks {len(lines_of(picked, b'session'))} sessions")
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    options, bad = parser.parse_args(), []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "history.pcap")
        for seed in range(options.seed, options.seed + options.rounds):
            want, returned = build(random.Random(seed), path)
            bad += [f"seed {seed}: {what}" for what in check(os.path.abspath(options.binary), path, want, returned)]
    print("\n".join(bad))
    print(f"{options.rounds} rounds, {len(bad)} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
