#!/usr/bin/env python3
"""first_words.py SMTPSCOPE: who speaks first, and what, decides whether a connection is a session, and what is found.

Connections are built packet by packet, each in its own capture; a capture must give one session with the finding that
is named, or none at all."""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import frames  # noqa: E402

WATCHED = {"not-smtp", "tls-on-plain-port", "plain-on-tls-port", "proxy-header", "early-talker", "starttls-injection",
           "starttls-response-injection", "reply-desync", "malformed-reply", "pipelining-violation", "middlebox-masking", "refusal-ignored"}
CLIENT_HELLO = b"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03"
SERVER_HELLO = b"\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03"
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
PROXY_V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\1\1\1\2"
C, S = 0, 1
HELLO = [(S, b"220 mx ESMTP\r\n"), (C, b"EHLO c\r\n"), (S, b"250-mx\r\n250 PIPELINING\r\n")]
RCPTS = b"".join(b"RCPT TO:<r%d@c>\r\n" % n for n in range(50))
REFUSALS = b"503 no\r\n" * 50

# name, port, what is said ("blind": the other side's words had not come), findings (None: no session)
CASES = [
    ("clean", 25, [(S, b"220 mx ESMTP\r\n"), (C, b"EHLO c\r\n"), (S, b"250 mx\r\n"), (C, b"QUIT\r\n"), (S, b"221 bye\r\n")], ""),
    ("TLS before the greeting", 25, [(C, CLIENT_HELLO), (S, b"220 mx ESMTP\r\n")], "tls-on-plain-port"),
    ("TLS that crosses the greeting", 465, [(C, CLIENT_HELLO), (S, b"220 mx ESMTP\r\n", "blind")], "tls-on-plain-port"),
    ("TLS before the greeting, and a complaint", 25, [(C, CLIENT_HELLO), (S, b"220 mx ESMTP\r\n500 what\r\n")], "tls-on-plain-port"),
    ("TLS behind the greeting", 587, [(S, b"220 mx ESMTP\r\n"), (C, CLIENT_HELLO), (S, b"500 what\r\n")], "tls-on-plain-port"),
    ("TLS, as port 465 wants it", 465, [(C, CLIENT_HELLO), (S, SERVER_HELLO), (C, b"\x17\x03\x03\0\1x")], None),
    ("TLS on port 25 that the server answers", 25, [(C, CLIENT_HELLO), (S, SERVER_HELLO)], None),
    ("TLS that nobody answers", 25, [(C, CLIENT_HELLO)], None),
    ("plain on port 465", 465, [(C, b"EHLO c\r\n"), (S, ALERT)], "plain-on-tls-port"),
    ("a browser", 25, [(S, b"220 mx ESMTP\r\n"), (C, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (S, b"500 what\r\n")], "not-smtp"),
    ("a browser that is early", 25, [(C, b"GET / HTTP/1.1\r\n\r\n"), (S, b"220 mx ESMTP\r\n"), (S, b"500 what\r\n")], "not-smtp"),
    ("a browser and its web server", 25, [(C, b"GET / HTTP/1.1\r\n\r\n"), (S, b"HTTP/1.1 200 OK\r\n\r\n")], None),
    ("PROXY", 25, [(C, b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n"), (S, b"220 mx ESMTP\r\n"), (C, b"EHLO c\r\n"), (S, b"250 mx\r\n")], "proxy-header"),
    ("PROXY that was not expected", 25, [(C, b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n"), (S, b"220 mx ESMTP\r\n"), (S, b"500 what\r\n"),
                                         (C, b"EHLO c\r\n"), (S, b"250 mx\r\n")], "proxy-header"),
    ("binary PROXY behind the greeting", 25, [(S, b"220 mx ESMTP\r\n"), (C, PROXY_V2), (S, b"500 what\r\n500 what\r\n"), (C, b"EHLO c\r\n"),
                                              (S, b"250 mx\r\n")], "proxy-header"),
    ("EHLO before the greeting", 25, [(C, b"EHLO c\r\n"), (S, b"220 mx ESMTP\r\n250 mx\r\n")], "early-talker"),
    ("a group whose segments acknowledge refusals", 25, HELLO + [(C, b"MAIL FROM:<a@b>\r\n"), (S, b"550 no\r\n"), (C, RCPTS), (S, REFUSALS),
                                                                 (C, RCPTS), (S, REFUSALS), (C, RCPTS + b"DATA\r\n"), (S, REFUSALS + b"503 no\r\n")], ""),
    ("a refusal ignored", 25, HELLO + [(C, b"MAIL FROM:<a@b>\r\n"), (S, b"550 no\r\n"), (C, b"RCPT TO:<b@c>\r\n"), (S, b"503 no\r\n"),
                                       (C, b"DATA\r\n"), (S, b"503 no\r\n"), (C, b"QUIT\r\n"), (S, b"221 bye\r\n")], "refusal-ignored"),
    ("a 421 and a command that cross", 25, HELLO + [(S, b"421 timeout\r\n"), (C, b"MAIL FROM:<a@b>\r\n")], ""),
    ("a fixup", 25, [(S, b"220 ******************************\r\n"), (C, b"EHLO c\r\n"), (S, b"500 what\r\n")], "middlebox-masking"),
]


def segment(time, side, port, sequence, flags, payload=b"", acked=True):
    s = frames.Segment()
    client, server = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 25))
    s.time, s.src, s.dst = time, (client, server)[side], (server, client)[side]
    s.sport, s.dport = ((40000, port), (port, 40000))[side]
    s.seq, s.ack, s.flags, s.window = sequence[side], sequence[not side] if acked else 0, flags, 65535
    s.payload, s.options, s.hops = payload, b"", 64
    sequence[side] += len(payload) + (1 if flags & 3 else 0)
    return s


def connection(port, talk):
    sequence, time = [1000, 5000], 1700000000 * 10**9
    out = [segment(time, C, port, sequence, 2, acked=False), segment(time + 10**6, S, port, sequence, 18),
           segment(time + 2 * 10**6, C, port, sequence, 16)]
    for number, (side, payload, *blind) in enumerate(talk):
        seen = [1001, 5001] if blind else sequence
        s = segment(time + (3 + number) * 10**6, side, port, sequence, 24, payload)
        out.append(s.copy(ack=seen[not side]))
    return out


def main():
    binary, bad = sys.argv[1], []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.pcap")
        for name, port, talk, expected in CASES:
            frames.write(path, connection(port, talk))
            p = subprocess.run([binary, "analyze", "--format", "jsonl", path], capture_output=True)
            sessions = [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]
            if sessions and "tls-on-plain-port" in (expected or ""):
                confidence = [f["confidence"] for f in sessions[0]["findings"] if f["id"] == "tls-on-plain-port"]
                if confidence != ["certain"] or sessions[0]["tls"]:
                    bad.append(f"{name}: {confidence}")
            found = None if not sessions else " ".join(sorted({f["id"] for f in sessions[0]["findings"]} & WATCHED))
            if found != expected:
                bad.append(f"{name}: {found!r} instead of {expected!r}")
    print("\n".join(bad))
    print(f"{len(CASES)} connections, {len(bad)} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
