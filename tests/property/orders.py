#!/usr/bin/env python3
"""orders.py SMTPSCOPE: the order as it should have been is one.

What a report proposes for a session is said again, to a server that answers as the report says: nothing in it may be out of order.
So for the incidents of incidents.py, the samples, and random dialogues with a model of a server; and all incidents of one session
propose the same order."""

import json
import os
import random
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import frames  # noqa: E402
import incidents  # noqa: E402

SAMPLES = os.path.join(HERE, "..", "..", "samples")
OFFERS = ("STARTTLS", "AUTH PLAIN LOGIN CRAM-MD5", "CHUNKING", "BINARYMIME", "8BITMIME", "SMTPUTF8", "ETRN")
DIALOGUES, SESSIONS = 400, 6
LINES = ["EHLO c.example", "HELO c.example", "MAIL FROM:<a@b.example>", "MAIL FROM:<c@b.example>", "RCPT TO:<d@e.example>", "RCPT TO:<d@e.example>",
         "RCPT TO:<nobody@e.example>", "DATA", "RSET", "NOOP", "AUTH PLAIN AGEAYg=="]


def answer(code, text="ok"):
    return f"< {code} {text}"


def said_again(steps, is_whole):
    """The lines of a session, for incidents.packets; of one whose begin was not captured, with a greeting."""
    lines = ["< 220 mx.e.example ESMTP", *([] if is_whole else ["> EHLO c.example", "< 250 mx.e.example"])]
    for k, step in enumerate(steps):
        command, code = step["command"] or "", step["code"]
        if step["kind"] == "note" and command in ("(the message)", "（メッセージ）"):
            lines += ["> Subject: x\r\n\r\nx\r\n.", "< 250 ok"]
        if step["kind"] not in ("said", "added") or code is None or command == "STARTTLS":
            continue
        verb = command.split(" ")[0].upper()
        lines.append("> " + ("AUTH PLAIN AGEAYg==" if verb == "AUTH" else "BDAT 3 LAST\r\nx" if verb == "BDAT" else command))
        if verb in ("EHLO", "LHLO") and code == 250:
            lines += ["< 250-mx.e.example", *[f"< 250-{offer}" for offer in OFFERS], "< 250 PIPELINING"]
        else:
            lines.append(answer(code))
        is_told = k + 1 < len(steps) and steps[k + 1]["kind"] == "note" and steps[k + 1]["code"]
        if verb == "DATA" and code == 354 and not is_told:
            lines += ["> Subject: x\r\n\r\nx\r\n.", "< 250 ok"]
    return lines


def write(path, dialogues):
    rng, segments = random.Random(1), []
    for k, lines in enumerate(dialogues):
        segments += incidents.packets(rng, k, lines, 25, 0, 1_795_000_000 + 45 * k)
    frames.write(path, sorted(segments, key=lambda s: s.time))


def proposals(binary, path):
    """(session, finding, steps) of each incident that proposes an order."""
    report = json.loads(incidents.run(binary, "report", "--format", "json", path))
    return [(e["session"], i["cause"]["finding"], e["sequence_expected"])
            for i in report["incidents"] for e in i["evidence"][:1] if e["sequence_expected"]]


def misordered(binary, path):
    """Of each session, in order, what is wrong with its order."""
    lines = [json.loads(line) for line in incidents.run(binary, "analyze", "--json", path).splitlines()]
    return [[f"{c['line']} {c['reply'] and c['reply']['code']}: {c['verdict']}" for c in s["commands"]
             if c["verdict"] in ("misordered", "consequence", "tolerated")] for s in lines if s["type"] == "session"]


class Server:
    """Postfix, as far as it matters here."""

    def __init__(self):
        self.greeted = self.mail = self.authenticated = False
        self.recipients = 0

    def reply(self, line):
        verb = line.split(" ")[0]
        if verb in ("EHLO", "HELO"):
            self.greeted, self.mail, self.recipients = verb, False, 0
            return "250-mx\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN" if verb == "EHLO" else "250 mx"
        if verb in ("RSET", "NOOP"):
            self.mail, self.recipients = self.mail and verb == "NOOP", self.recipients if verb == "NOOP" else 0
            return "250 2.0.0 Ok"
        if verb == "MAIL":
            if not self.greeted:
                return "503 5.5.1 Error: send HELO/EHLO first"
            if self.mail:
                return "503 5.5.1 Error: nested MAIL command"
            self.mail = True
            return "250 2.1.0 Ok"
        if verb == "RCPT":
            if not self.mail:
                return "503 5.5.1 Error: need MAIL command"
            self.recipients += "nobody" not in line
            return "550 5.1.1 User unknown" if "nobody" in line else "250 2.1.5 Ok"
        if verb == "DATA":
            if not self.recipients:
                return f"503 5.5.1 Error: need {'RCPT' if self.mail else 'MAIL'} command"
            self.mail, self.recipients = False, 0
            return "354 go"
        if self.greeted != "EHLO" or self.authenticated or self.mail:
            return "503 5.5.1 Error: authentication not possible"
        self.authenticated = True
        return "235 2.7.0 ok"


def random_dialogue(rng):
    server, lines = Server(), ["< 220 mx.e.example ESMTP Postfix"]
    for line in [*(["EHLO c.example"] if rng.random() < 0.8 else []), *[rng.choice(LINES) for _ in range(rng.randint(2, 9))]]:
        reply = server.reply(line)
        lines += ["> " + line, *["< " + text for text in reply.split("\r\n")]]
        if reply.startswith("354"):
            lines += ["> Subject: x\r\n\r\nx\r\n.", "< 250 2.0.0 Ok: queued"]
    return lines + incidents.QUIT


def check(binary, folder, what, path):
    found, again = proposals(binary, path), os.path.join(folder, "again.pcap")
    by_session = {}
    for session, finding, steps in found:
        by_session.setdefault(session, (finding, steps))
    bad = [f"{what}: {by_session[s][0]} and {finding} of one session propose different orders: {steps}"
           for s, finding, steps in found if len(steps) < 30 and steps != by_session[s][1]]
    bad += [f"{what}: {finding}: nothing differs from what was" for _, finding, steps in found
            if not any(s["kind"] in ("added", "note", "omitted", "wait") or "code_was" in s for s in steps)]
    if not found:
        return bad, 0
    write(again, [said_again(steps, not what.startswith("midstream")) for _, _, steps in found])
    for (_, finding, steps), wrong in zip(found, misordered(binary, again)):
        if wrong:
            told = [(s["kind"], s["command"], s["code"]) for s in steps]
            bad.append(f"{what}: {finding}: {wrong} in {told}")
    return bad, len(found)


def main():
    binary, bad, orders, rng = os.path.abspath(sys.argv[1]), [], 0, random.Random(20)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.pcap")
        inputs = [(name, os.path.join(SAMPLES, name)) for name in sorted(os.listdir(SAMPLES)) if re.search(r"\.pcap|^log-", name)]
        for what, sample in inputs:
            complaints, count = check(binary, folder, what, sample)
            bad, orders = bad + complaints, orders + count
        for what, lines in [(n, row[3]) for n, row in incidents.ROWS.items() if row[0] != "early-talker"]:
            write(path, [lines])
            complaints, count = check(binary, folder, what, path)
            bad, orders = bad + complaints, orders + count
        for k in range(DIALOGUES // SESSIONS):
            dialogues = [random_dialogue(rng) for _ in range(SESSIONS)]
            write(path, dialogues)
            complaints, count = check(binary, folder, f"dialogues {k}", path)
            bad, orders = bad + complaints, orders + count
    print("\n".join(bad[:20]))
    print(f"{orders} orders, {len(bad)} complaints")
    return 1 if bad or orders < DIALOGUES // 4 else 0


if __name__ == "__main__":
    sys.exit(main())
