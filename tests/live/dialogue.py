"""A seeded random dialogue with a real server: one command at a time, or groups of them where PIPELINING is offered."""

import base64

from lab import Client, DOMAIN, PASSWORD, USER
from oracle import Oracle

CONTENT = "Subject: live\r\n\r\nHello\r\n..\r\n.\r\n"
CHUNK = "12\r\n."


def plain(password):
    return "AUTH PLAIN " + base64.b64encode(f"\0{USER}\0{password}".encode()).decode()


LINES = {
    "EHLO client.example": 4, "HELO client.example": 1, "MAIL FROM:<a@client.example>": 9,
    "MAIL FROM:<a@refused.example>": 2, f"RCPT TO:<{USER}@{DOMAIN}>": 9, f"RCPT TO:<nobody@{DOMAIN}>": 3,
    "RCPT TO:<x@far.example>": 2, "DATA": 7, "BDAT 5": 2, "BDAT 5 LAST": 3, "BDAT 0 LAST": 1, "RSET": 3, "NOOP": 1,
    f"VRFY {USER}": 1, plain(PASSWORD): 2, plain("wrong"): 1, "AUTH LOGIN": 2, "BOGUS": 1, "": 0,
}
LMTP_LINES = {"LHLO client.example": 4, "EHLO client.example": 1, **{k: v for k, v in LINES.items()
                                                                     if k[:4] in ("MAIL", "RCPT", "DATA", "RSET", "NOOP")}}
# RFC 2920 3.1: what may stand in a group, and what must end it.
INSIDE, LAST = ("RSET", "MAIL", "RCPT"), ("DATA", "NOOP", "EHLO")


class Dialogue:
    """What was said: a list of [line, code, in order, findings, causes, more than one fault], as the client saw it."""

    def __init__(self, rng, port, lmtp):
        self.rng, self.client, self.oracle = rng, Client(port), Oracle(lmtp)
        self.lines = LMTP_LINES if lmtp else LINES
        self.recipients = 0
        self.said = []
        self.ended = self.client.reply()[0] != 220
        self.port = self.client.socket.getsockname()[1]

    def pick(self):
        while True:
            line = self.rng.choices(list(self.lines), list(self.lines.values()))[0]
            # a chunk that is not read as one would be read as commands
            if not line.startswith("BDAT 5") or self.oracle.offered("CHUNKING"):
                return line

    def group(self):
        first = self.pick()
        group = [first]
        if not self.oracle.offered("PIPELINING") or self.rng.random() < 0.6:
            return group
        while group[-1].split(" ")[0] in INSIDE and len(group) < 6 and self.rng.random() < 0.7:
            line = self.pick()
            if line.split(" ")[0] in INSIDE + LAST:
                group.append(line)
        return group

    def note(self, line, expected, code):
        self.said.append([line, code, expected.in_order, sorted(expected.findings), sorted(expected.causes), expected.is_mixed])

    def exchange(self, line):
        """AUTH LOGIN to its end: the code of the last reply."""
        answers = self.rng.choice([(USER, PASSWORD), (USER, "wrong"), ("*",)])
        code = 334
        for answer in answers:
            self.client.send((answer if answer == "*" else base64.b64encode(answer.encode()).decode()) + "\r\n")
            code, _ = self.client.reply()
            if code != 334:
                return code
        while code == 334:  # Haraka does not know "*": the exchange goes on
            self.client.send(base64.b64encode(b"wrong").decode() + "\r\n")
            code, _ = self.client.reply()
        return code

    def content(self):
        self.client.send(CONTENT)
        replies = self.recipients if self.oracle.lmtp else 1
        for _ in range(max(replies, 1)):
            self.client.reply()
        self.oracle.end()
        self.recipients = 0

    def take_reply(self, line):
        n, expected = len(self.said) + 1, self.oracle.expect(line)
        code, texts = self.client.reply()
        self.note(line, expected, code)
        if code is None or code == 421:
            self.ended = True
            return
        verb = line.split(" ")[0]
        if verb == "AUTH" and code == 334:
            code = self.exchange(line)
        if verb == "DATA" and code == 354:
            self.content()
            return
        if verb in ("MAIL", "RSET", "LHLO") and code == 250:
            self.recipients = 0
        self.recipients += verb == "RCPT" and code < 300
        self.oracle.took(n, line, expected, code, texts)

    def run(self):
        for n in range(self.rng.randint(3, 14)):
            greeting = "LHLO client.example" if self.oracle.lmtp else "EHLO client.example"
            group = [greeting] if n == 0 and self.rng.random() < 0.8 else self.group()
            self.client.send("".join(line + "\r\n" + (CHUNK if line.startswith("BDAT 5") else "") for line in group))
            for line in group:
                if not self.ended:
                    self.take_reply(line)
            if self.ended:
                break
        self.client.say("QUIT")
        self.client.close()
        return self.port, self.said
