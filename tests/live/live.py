#!/usr/bin/env python3
"""live.py SMTPSCOPE SERVER [--rounds N] [--seed S]: random dialogues with a real server, judged twice.

A client says commands in random order (seeded), the packets are captured, and smtpscope's verdicts are compared with
those of a second, much smaller machine (`Oracle`), which sees what the client saw.  Exit status 77: the lab cannot run
here."""

import argparse
import base64
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import lab  # noqa: E402
from lab import Client, DOMAIN, PASSWORD, Tcpdump, USER  # noqa: E402

CONTENT = "Subject: live\r\n\r\nHello\r\n.\r\n"
PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
WRONG = base64.b64encode(f"\0{USER}\0wrong".encode()).decode()
LINES = {
    "EHLO client.example": 4, "HELO client.example": 1, "MAIL FROM:<a@client.example>": 9,
    "MAIL FROM:<a@refused.example>": 2, f"RCPT TO:<{USER}@{DOMAIN}>": 9, f"RCPT TO:<nobody@{DOMAIN}>": 3,
    "RCPT TO:<x@far.example>": 2, "DATA": 7, "BDAT 5": 2, "BDAT 5 LAST": 3, "RSET": 3, "NOOP": 1, f"VRFY {USER}": 1,
    f"AUTH PLAIN {PLAIN}": 2, f"AUTH PLAIN {WRONG}": 1, "STARTTLS x": 0, "BOGUS": 1, "": 0,
}


class Oracle:
    """Whether a command is in order, as far as the replies so far tell."""

    def __init__(self):
        self.hello = self.mail = self.rcpt = self.authenticated = False
        self.bdat = None            # None, "open", "done", "failed"
        self.offers = set()

    def in_order(self, line):
        verb = line.split(" ")[0]
        if verb in ("EHLO", "HELO", "RSET", "NOOP", "VRFY", "QUIT", "BOGUS", ""):
            return True if self.bdat != "failed" or verb in ("EHLO", "HELO", "RSET", "QUIT") else None
        if self.bdat == "failed":
            return None             # RFC 3030 2 says indeterminate: RSET is due
        if verb == "AUTH":
            return bool(self.hello) and "AUTH" in self.offers and not self.authenticated and not self.mail
        if verb == "MAIL":
            return bool(self.hello) and not self.mail
        if verb == "RCPT":
            return self.mail and self.bdat is None
        if verb == "DATA":
            return self.mail and self.rcpt and self.bdat is None
        if verb == "BDAT":
            return self.mail and self.rcpt and "CHUNKING" in self.offers
        raise AssertionError(line)

    def took(self, line, code, lines):
        verb, good = line.split(" ")[0], code is not None and 200 <= code < 400
        if verb in ("EHLO", "HELO") and good:
            self.hello, self.offers = verb, set()
            if verb == "EHLO":
                self.offers = {re.split(rb"[ =]", x[4:])[0].decode().upper() for x in lines[1:]}
            self.end()
        elif verb == "RSET" and good:
            self.end()
        elif verb == "AUTH" and code == 235:
            self.authenticated = True
        elif verb == "MAIL" and good:
            self.end()
            self.mail = True
        elif verb == "RCPT" and good:
            self.rcpt = True
        elif verb == "BDAT":
            if not good:
                self.bdat = "failed" if self.mail else self.bdat
            elif line.endswith("LAST"):
                self.end()
            else:
                self.bdat = "open"

    def end(self):
        self.mail = self.rcpt = False
        self.bdat = None


def dialogue(rng, port):
    """[(line, in order, code)] of one session."""
    c, oracle, out = Client(port), Oracle(), []
    c.reply()
    lines, weights = list(LINES), list(LINES.values())
    for n in range(rng.randint(3, 14)):
        line = "EHLO client.example" if n == 0 and rng.random() < 0.8 else rng.choices(lines, weights)[0]
        if line.startswith("BDAT") and "CHUNKING" not in oracle.offers:
            continue
        expected = oracle.in_order(line)
        payload = "12\r\n." if line.startswith("BDAT") else ""
        c.send(line + "\r\n" + payload)
        code, texts = c.reply()
        out.append((line, expected, code))
        if code is None or code == 421:
            break
        if line == "DATA" and code == 354:
            c.send(CONTENT)
            c.reply()
            oracle.end()
        else:
            oracle.took(line, code, texts)
    own_port = c.socket.getsockname()[1]
    c.say("QUIT")
    c.close()
    return own_port, out


def fits(expected, code, verdict):
    if code is None:
        return verdict in ("unanswered", "undecided")
    if expected is None:
        return verdict != "undecided"
    if not expected:
        return verdict == "tolerated" if code < 400 else verdict in ("misordered", "consequence")
    return verdict in ("ok", "refused", "contradicted")


def talk(server, rounds, seed, folder):
    """Inside the box: the dialogues, captured."""
    from servers import SERVERS
    lab.loopback_up()
    here = SERVERS[server]()
    here.start()
    time.sleep(2)  # until the connections that asked for the ports are gone
    truth = []
    ports = [p for name, p in here.ports.items() if name != "lmtp"]
    with Tcpdump(os.path.join(folder, "live.pcap")):
        for n in range(rounds):
            rng = random.Random(f"{seed}/{server}/{n}")
            port = rng.choice(ports)
            truth.append((n, port, *dialogue(rng, port)))
    with open(os.path.join(folder, "truth.json"), "w") as f:
        json.dump(truth, f)


def judge(binary, folder):
    p = subprocess.run([binary, "analyze", "--format", "jsonl", os.path.join(folder, "live.pcap")], capture_output=True)
    sessions = [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]
    truth, bad, commands = json.load(open(os.path.join(folder, "truth.json"))), [], 0
    by_port = {(s["client"]["port"], s["server"]["port"]): s for s in sessions}
    for n, port, own_port, lines in truth:
        session = by_port.get((own_port, port))
        if not session:
            bad.append(f"round {n} port {port}: no session")
            continue
        got = session["commands"]
        for i, (line, expected, code) in enumerate(lines):
            commands += 1
            if code == 421:
                break               # it may have been sent before the command that it seems to answer
            if i >= len(got) or (got[i]["reply"] or {}).get("code") != code:
                bad.append(f"round {n} port {port}: command {i + 1} {line!r}: reply {code} not found")
                break
            offered = any(f["command"] == got[i]["n"] and f["id"].endswith("not-offered") for f in session["findings"])
            if not fits(expected, code, got[i]["verdict"]) and not offered:
                bad.append(f"round {n} port {port}: command {i + 1} {line!r} {code}: {got[i]['verdict']}, "
                           f"{'in order' if expected else 'out of order'} by the oracle")
    return bad, commands


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary"), parser.add_argument("server")
    parser.add_argument("--rounds", type=int, default=40), parser.add_argument("--seed", default="1")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--keep", help="folder for the capture and what was said")
    o = parser.parse_args()
    if o.inside:
        return talk(o.server, o.rounds, o.seed, o.inside)
    reason = lab.why_not()
    if reason:
        print(f"the lab cannot run here: {reason}")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        folder = o.keep or scratch
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["sh", os.path.join(lab.HERE, "inside.sh"), o.server, "python3", os.path.abspath(__file__), o.binary,
                        o.server, "--rounds", str(o.rounds), "--seed", o.seed, "--inside", folder], check=True)
        bad, commands = judge(o.binary, folder)
    print("\n".join(bad[:40]))
    print(f"{o.server}: {o.rounds} sessions, {commands} commands, {len(bad)} judged otherwise")
    return 1 if bad or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
