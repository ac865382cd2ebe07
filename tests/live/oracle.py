"""The order of SMTP as a client sees it: a few booleans, moved by the server's own replies.  It knows nothing of the
program, and says of each command whether it is in order, which findings would be right, and what it follows from."""

import re

HARMLESS = ("EHLO", "HELO", "LHLO", "RSET", "NOOP", "VRFY", "QUIT", "HELP", "BOGUS", "")


class Expectation:
    """in_order: True, False, or None where the standards leave it open.  findings: any of these ids names it right.
    causes: numbers of the commands from which it may be said to follow; empty: the client's own doing.  is_mixed: more
    than one thing is wrong, so that both may be said."""

    def __init__(self, in_order, findings=(), causes=(), is_mixed=False):
        self.in_order, self.findings, self.causes, self.is_mixed = in_order, set(findings), set(causes), is_mixed


OK, OPEN = Expectation(True), Expectation(None)


class Oracle:
    def __init__(self, lmtp=False):
        self.lmtp = lmtp
        self.hello = self.mail = self.rcpt = self.authenticated = False
        self.bdat = None                    # None, "open", "done", "failed"
        self.clouded = False                # a server let pass what leaves its envelope open to doubt
        self.offers = set()
        self.refused = {}                   # verb, or END of a transaction -> roots of its refusal, while that matters
        self.first_rcpt = self.wake_mail = frozenset()

    def offered(self, keyword):
        return keyword in self.offers

    def roots(self, *verbs):
        return set().union(*(self.refused.get(v, ()) for v in verbs))

    def expect(self, line):
        verb = line.split(" ")[0]
        if self.lmtp and verb in ("EHLO", "HELO") or not self.lmtp and verb == "LHLO":
            return Expectation(False, ["lmtp-greeting-mismatch"])
        if verb in HARMLESS:
            return OPEN if self.bdat == "failed" and verb not in ("EHLO", "HELO", "LHLO", "RSET", "QUIT") else OK
        if self.bdat == "failed" or self.clouded:
            return OPEN                     # RFC 3030 2 says indeterminate: RSET is due
        return getattr(self, "expect_" + verb.lower())()

    def expect_auth(self):
        if not self.hello:
            return Expectation(False, ["auth-before-ehlo"], self.roots("EHLO", "HELO"))
        if self.authenticated:
            return Expectation(False, ["auth-after-auth"] + ["auth-in-transaction"] * self.mail)
        if self.mail:
            return Expectation(False, ["auth-in-transaction"], self.roots("END"), not self.offered("AUTH"))
        if self.hello == "HELO":
            return Expectation(False, ["esmtp-after-helo"], self.roots("EHLO"))
        return OK if self.offered("AUTH") else Expectation(False, ["auth-not-offered"])

    def expect_mail(self):
        if self.mail and self.bdat:
            return Expectation(False, ["bdat-interrupted"])
        if self.mail:
            return Expectation(False, ["nested-mail"], self.roots("END"))
        return OK if self.hello else Expectation(False, ["no-greeting"], self.roots("EHLO", "HELO"))

    def expect_rcpt(self):
        if not self.mail:
            return Expectation(False, ["rcpt-without-mail"], self.roots("MAIL"))
        return Expectation(False, ["bdat-interrupted"]) if self.bdat else OK

    def expect_data(self):
        if not self.mail:
            return Expectation(False, ["data-without-mail"], self.wake_mail)
        if self.bdat:
            return Expectation(False, ["bdat-data-mix"])
        return OK if self.rcpt else Expectation(False, ["data-without-rcpt"], self.first_rcpt)

    def expect_bdat(self):
        lacks_offer = not self.offered("CHUNKING")
        findings = ["bdat-not-offered", "esmtp-after-helo", "no-greeting"] if lacks_offer else []
        greeting = self.roots("EHLO", "HELO") if lacks_offer and self.hello != "EHLO" else set()
        if not self.mail:
            return Expectation(False, findings + ["bdat-without-mail", "bdat-after-last"], self.wake_mail | greeting, lacks_offer)
        if not self.rcpt:
            return Expectation(False, findings + ["bdat-without-rcpt"], self.first_rcpt | greeting, lacks_offer)
        return Expectation(False, findings, greeting) if lacks_offer else OK

    def took(self, n, line, expected, code, lines):
        """The reply to command `n`; of an AUTH the last one."""
        verb = line.split(" ")[0]
        if code is not None and 200 <= code < 400:
            self.accepted(verb, line, lines)
        else:
            self.was_refused(verb, frozenset(expected.causes or [n]), code)

    def was_refused(self, verb, roots, code):
        if verb == "BDAT":
            self.bdat = "failed" if self.mail else self.bdat
        elif verb == "RCPT" and self.mail:
            self.first_rcpt = self.first_rcpt or roots
        elif verb == "RCPT":
            self.wake_mail = self.refused.get("MAIL", self.wake_mail)
        elif verb == "AUTH":
            self.clouded = self.clouded or (self.mail and code != 503)
        elif verb == "MAIL" and self.mail:
            self.clouded = self.clouded or code != 503
        elif verb == "MAIL":
            self.refused[verb] = roots      # the newest
        else:
            if verb in ("EHLO", "HELO"):
                self.refused.setdefault(verb, roots)
            ends = verb in ("EHLO", "HELO", "RSET") or (verb == "DATA" and not self.bdat)
            if ends and self.mail:
                self.refused.setdefault("END", roots)

    def accepted(self, verb, line, lines):
        if verb in ("EHLO", "HELO", "LHLO"):
            self.hello, self.offers = verb, set()
            if verb != "HELO":
                self.offers = {re.split(rb"[ =]", x[4:])[0].decode().upper() for x in lines[1:]}
            self.end()
            self.refused = {}
        elif verb == "RSET":
            self.end()
        elif verb == "AUTH":
            self.clouded = self.clouded or self.mail
            self.authenticated = True
        elif verb == "MAIL":
            nested = self.mail
            self.end()
            self.mail, self.clouded = True, nested
        elif verb == "RCPT":
            self.clouded = self.clouded or not self.mail
            self.rcpt = True
            self.go_on()
        elif verb == "BDAT" and line.endswith("LAST"):
            self.end()
            self.bdat = "done"
        elif verb == "BDAT":
            self.bdat, self.mail = "open", True
            self.go_on()

    def go_on(self):
        """The client itself went on with the transaction: what was to end it is past.  What EHLO would have offered still lacks."""
        lacks_offer = self.hello in (False, "HELO")
        self.refused = {v: roots for v, roots in self.refused.items() if v in ("EHLO", "HELO") and lacks_offer}

    def end(self):
        """No transaction is open any more."""
        self.mail = self.rcpt = self.clouded = False
        self.bdat = None
        self.first_rcpt = self.wake_mail = frozenset()
        self.go_on()
