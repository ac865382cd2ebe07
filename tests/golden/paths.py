#!/usr/bin/env python3
"""paths.py SMTPSCOPE: connections that fail on their way, packet by packet, and what must be found in each.

Every capture is also recorded, and the recording must say the same."""

import json
import os
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import frames  # noqa: E402

FIN, SYN, RST, ACK = 1, 2, 4, 16
SECOND = 10**9
FULL = 1448


class Talk:
    """A connection: who says what, when.  0 is the client, 1 the server."""

    def __init__(self, server=25, client=40000):
        self.out, self.now, self.ports = [], 1_800_000_000 * SECOND, (client, server)
        self.ends, self.seq = (b"\x0a\x00\x00\x01", b"\xc0\x00\x02\x19"), [1000, 9000]

    def send(self, who, payload=b"", flags=ACK, window=500, hops=64, after=0.001, moves=True):
        self.now += int(after * SECOND)
        s = frames.Segment()
        s.time, s.src, s.dst = self.now, self.ends[who], self.ends[1 - who]
        s.sport, s.dport, s.seq = self.ports[who], self.ports[1 - who], self.seq[who]
        s.ack = self.seq[1 - who] if flags & ACK else 0
        s.flags, s.window, s.payload, s.options, s.hops = flags, window, payload, b"", hops
        self.out.append(s)
        if moves:
            self.seq[who] += len(payload) + bool(flags & (SYN | FIN))
        return self

    def open(self):
        return self.send(0, flags=SYN).send(1, flags=SYN | ACK).send(0)

    def say(self, *lines):
        """Lines of both sides in turn; the server begins."""
        for i, line in enumerate(lines):
            self.send(1 - i % 2, line.encode() + b"\r\n")
        return self

    def greet(self):
        return self.open().say("220 mx ESMTP", "EHLO c.example", "250-mx\r\n250 STARTTLS")

    def greet_mail(self):
        self.greet()
        for line, reply in (("MAIL FROM:<a@example.org>", "250 ok"), ("RCPT TO:<b@example.net>", "250 ok"), ("DATA", "354 go")):
            self.send(0, line.encode() + b"\r\n").send(1, reply.encode() + b"\r\n")
        return self

    def close(self, who, after=0.001):
        return self.send(who, flags=FIN | ACK, after=after).send(1 - who, flags=FIN | ACK).send(who)

    def handshake(self, name):
        """STARTTLS, and what stands in a seed of the fuzzer."""
        self.greet().send(0, b"STARTTLS\r\n").send(1, b"220 go\r\n")
        data = open(os.path.join(HERE, "..", "fuzz", "seeds", "tls", name), "rb").read()
        at = 0
        while at < len(data):
            who, length = struct.unpack_from(">BH", data, at)
            self.send(who, data[at + 3:at + 3 + length])
            at += 3 + length
        return self.close(0)


def refused():
    return Talk().send(0, flags=SYN).send(1, flags=RST | ACK)


def unanswered():
    talk = Talk()
    for wait in (0, 1, 2, 4, 8):
        talk.send(0, flags=SYN, after=wait, moves=False)
    return talk


def lone_syn():
    return Talk().send(0, flags=SYN)


def half_open():
    return Talk().send(0, flags=SYN).send(1, flags=SYN | ACK)


def stall(large_passed=False, length=FULL):
    talk = Talk().greet_mail()
    if large_passed:
        talk.send(0, b"x" * FULL).send(1)
    seq = talk.seq[0]
    for wait in (0.001, 1, 2, 4, 8, 16):
        talk.send(0, b"x" * length, after=wait, moves=False)
        talk.seq[0] = seq
    return talk.send(1).send(1, flags=FIN | ACK, after=20)  # the server's host still lives


def closed_window():
    talk = Talk().greet_mail().send(0, b"x" * FULL).send(1, window=0)
    for wait in (1, 5, 10, 20):
        talk.send(1, window=0, after=wait)
    return talk.close(0)


def reset(who, hops=64):
    return Talk().greet_mail().send(0, b"Subject: x\r\n").send(1).send(who, flags=RST | ACK, hops=hops)


def in_doubt():
    return Talk().greet_mail().send(0, b"Subject: x\r\n\r\nx\r\n.\r\n").send(1)


def quit_then_reset():
    return Talk().greet().send(0, b"QUIT\r\n").send(1, b"221 bye\r\n").send(0, flags=RST | ACK)


CASES = [
    ("refused", refused, "connect-refused"),
    ("unanswered, and tried again", unanswered, "connect-timeout"),
    ("a SYN with which the capture ends", lone_syn, ""),
    ("a scan that never completes the handshake", half_open, ""),
    ("a greeting that the client waited for", lambda: Talk().open().close(0, after=30), "no-greeting-sent"),
    ("a server that hangs up", lambda: Talk().open().close(1), "no-greeting-sent"),
    ("a health check of the port", lambda: Talk().open().close(0), ""),
    ("large segments that never arrive", stall, "path-stall timeout connection-lost"),
    ("large segments of which some arrived", lambda: stall(large_passed=True), "timeout connection-lost"),
    ("small segments that never arrive", lambda: stall(length=500), "timeout connection-lost"),
    ("a receiver that takes no more", closed_window, "path-stall connection-lost"),
    ("a client that falls silent", lambda: Talk().greet_mail().send(0, b"Subject: x\r\n").send(1).close(1, after=400),
     "path-stall connection-lost"),
    ("a reset by the client", lambda: reset(0), "connection-reset connection-lost"),
    ("a reset by the server", lambda: reset(1), "connection-reset connection-lost"),
    ("a reset by a device on the path", lambda: reset(1, hops=250), "connection-reset connection-lost"),
    ("a reset behind QUIT", quit_then_reset, ""),
    ("a client without patience", lambda: Talk().greet().send(0, b"MAIL FROM:<a@b>\r\n").send(1).close(0, after=30),
     "timeout connection-lost"),
    ("a server without patience", lambda: Talk().greet().send(0).close(1, after=30), "timeout connection-lost"),
    ("a server with patience", lambda: Talk().greet().send(0).close(1, after=301), "connection-lost"),
    ("a capture that merely ends", lambda: Talk().greet().send(0, b"MAIL FROM:<a@b>\r\n").send(1), ""),
    ("a message without a reply", lambda: in_doubt().close(1), "message-in-doubt connection-lost"),
    ("a message whose reply may come yet", in_doubt, ""),
    ("a slow reply", lambda: Talk().open().send(1, b"220 mx ESMTP\r\n", after=15), "slow-reply"),
    ("a handshake that fails", lambda: Talk().handshake("tls12-unknown-issuer"), "tls-handshake-failed"),
    ("a handshake of 1.3 that fails", lambda: Talk().handshake("tls13-unknown-issuer"), "tls-handshake-failed"),
    ("no version in common", lambda: Talk().handshake("no-version"), "tls-handshake-failed"),
    ("a certificate signed by itself", lambda: Talk(587).handshake("tls12-self-signed"), "tls-certificate"),
    ("a certificate for another name", lambda: Talk().handshake("tls12-other-name"), "tls-certificate"),
    ("TLS 1.0", lambda: Talk().handshake("tls10"), "tls-old-version"),
    ("TLS 1.2", lambda: Talk().handshake("tls12"), ""),
    ("TLS 1.2, resumed", lambda: Talk().handshake("tls12-resumed"), ""),
    ("TLS 1.3", lambda: Talk().handshake("tls13"), ""),
]


def findings_of(lines):
    found = [json.loads(line) for line in lines.splitlines()]
    return {f["id"] for o in found if o["type"] != "summary" for f in o["findings"]}, \
        set(next(o for o in found if o["type"] == "summary")["findings"])


def main():
    binary, bad = os.path.abspath(sys.argv[1]), []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "case.pcap")
        for name, make, expected in CASES:
            frames.write(path, make().out)
            lines = subprocess.run([binary, "analyze", "--json", "-q", path], capture_output=True).stdout
            found, counted = findings_of(lines)
            if found != set(expected.split()) or found != counted:
                bad.append(f"{name}: found {sorted(found)}, counted {sorted(counted)}, expected {expected}")
            recorded = subprocess.run([binary, "capture", "-q", "-r", path, "-o", "-"], capture_output=True).stdout
            again = subprocess.run([binary, "analyze", "--json", "-q", "-"], input=recorded, capture_output=True).stdout
            if lines.splitlines()[:-1] != again.splitlines()[:-1]:
                bad.append(f"{name}: its recording says something else")
    print("\n".join(bad))
    print(f"{len(CASES)} connections, {len(bad)} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
