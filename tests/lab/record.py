#!/usr/bin/env python3
"""record.py [NAME...]: records the captures of samples/ anew, from real servers and real clients, in the lab.

Each scenario is a function of this file; its docstring is the purpose that samples/README.md prints, and the findings
that it must raise (or `none`) stand in samples/expected.tsv.  Without NAME all are recorded.

    python3 tests/lab/record.py              as root, on a machine with overlayfs and network namespaces"""

import base64
import gzip
import hashlib
import hmac
import os
import socket
import subprocess
import sys
import time

import lab
import reshape
from lab import Client, DOMAIN, PASSWORD, Tcpdump, USER
from servers import SERVERS

SAMPLES = os.path.normpath(os.path.join(lab.HERE, "..", "..", "samples"))
RCPT = f"RCPT TO:<{USER}@{DOMAIN}>"
MAIL = "MAIL FROM:<sender@client.example>"
TEXT = "From: Sender <sender@client.example>\r\nTo: Alice <alice@lab.example>\r\nSubject: Lab\r\n\r\nHello.\r\n" \
       "..a line that began with a dot\r\nBye.\r\n.\r\n"
SCENARIOS = {}


def scenario(server):
    def add(function):
        SCENARIOS[function.__name__.replace("_", "-")] = (server, function)
        return function
    return add


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def begin(port=25, hello="EHLO client.example", **more):
    c = Client(port, **more)
    c.reply()
    if hello:
        c.say(hello)
    return c


def finish(c):
    c.say("QUIT")
    c.close()


def script(port, *lines, hello="EHLO client.example", **more):
    c = begin(port, hello, **more)
    for line in lines:
        c.send(line if line.endswith("\n") else line + "\r\n")
        c.reply()
    finish(c)


def message(c, text=TEXT):
    c.say(MAIL), c.say(RCPT), c.say("DATA"), c.send(text), c.reply()


@scenario("postfix")
def clean(box):
    """One message by swaks to Postfix: nothing is wrong."""
    box.run("swaks", "--server", "127.0.0.1", "--helo", "client.example", "--from", "sender@client.example", "--to",
            f"{USER}@{DOMAIN}", "--body", "Hello", stdout=subprocess.DEVNULL)


@scenario("postfix")
def pipelined(box):
    """MAIL, RCPT, RCPT and DATA in one group (RFC 2920), and QUIT in the flight of the final dot."""
    c = begin()
    c.send(f"{MAIL}\r\n{RCPT}\r\nRCPT TO:<bob@{DOMAIN}>\r\nDATA\r\n")
    for _ in range(4):
        c.reply()
    c.send(TEXT + "QUIT\r\n")
    c.reply(), c.reply(), c.close()


@scenario("postfix")
def curl(box):
    """One message by curl to Postfix."""
    box.write("/tmp/message", TEXT.replace("..a", ".a").replace("\r\n.\r\n", "\r\n"))
    box.run("curl", "-s", "smtp://127.0.0.1/client.example", "--mail-from", "sender@client.example", "--mail-rcpt",
            f"{USER}@{DOMAIN}", "-T", "/tmp/message")


@scenario("exim")
def bdat(box):
    """A message in two chunks (RFC 3030) to Exim."""
    c = begin()
    c.say(MAIL), c.say(RCPT)
    first, second = b"Subject: chunks\r\n\r\nOne.\r\n", b".two, with a dot that is no end\r\n"
    c.send(b"BDAT %d\r\n" % len(first) + first), c.reply()
    c.send(b"BDAT %d LAST\r\n" % len(second) + second), c.reply()
    finish(c)


@scenario("postfix")
def auth_login(box):
    """AUTH LOGIN by msmtp to Postfix, accepted."""
    box.run("sh", "-c", f"printf 'Subject: x\\n\\nHello\\n' | msmtp --host=127.0.0.1 --port=587 --auth=login --user={USER} "
            f"--passwordeval='echo {PASSWORD}' --tls=off --domain=client.example -f sender@client.example {USER}@{DOMAIN}")


@scenario("postfix")
def auth_login_refused(box):
    """AUTH LOGIN with a wrong password: 535."""
    script(587, "AUTH LOGIN", b64(USER), b64("not-" + PASSWORD))


@scenario("exim")
def auth_plain(box):
    """AUTH PLAIN with an initial response to Exim, accepted."""
    script(25, "AUTH PLAIN " + b64(f"\0{USER}\0{PASSWORD}"))


@scenario("postfix")
def auth_plain_refused(box):
    """AUTH PLAIN with a wrong password, then a message that needs the login: relaying is denied."""
    script(587, "AUTH PLAIN", b64(f"\0{USER}\0wrong-{PASSWORD}"), MAIL, "RCPT TO:<someone@far.example>", "RSET")


def cram(c, password):
    _, lines = c.say("AUTH CRAM-MD5")
    challenge = base64.b64decode(lines[0][4:])
    c.say(b64(f"{USER} {hmac.new(password.encode(), challenge, hashlib.md5).hexdigest()}"))


@scenario("postfix")
def auth_cram_md5(box):
    """AUTH CRAM-MD5 (RFC 2195), accepted."""
    c = begin(587)
    cram(c, PASSWORD)
    finish(c)


@scenario("exim")
def auth_cram_md5_refused(box):
    """AUTH CRAM-MD5 with a wrong password."""
    c = begin()
    cram(c, "wrong")
    finish(c)


@scenario("postfix")
def mail_before_ehlo(box):
    """MAIL without EHLO to a server that asks for one: 503."""
    script(2525, MAIL, hello=None)


@scenario("postfix")
def rcpt_before_mail(box):
    """RCPT without MAIL: 503."""
    script(25, RCPT)


@scenario("exim")
def data_before_rcpt(box):
    """DATA without a recipient: 503."""
    script(25, MAIL, "DATA")


@scenario("postfix")
def nested_mail(box):
    """A connection pool that reuses the connection after a refused recipient, without RSET: 503 nested MAIL."""
    script(25, MAIL, "RCPT TO:<nobody@lab.example>", MAIL, RCPT, "DATA", TEXT)


@scenario("postfix")
def auth_twice(box):
    """AUTH after a successful AUTH: 503."""
    plain = "AUTH PLAIN " + b64(f"\0{USER}\0{PASSWORD}")
    script(587, plain, plain)


@scenario("postfix")
def auth_in_transaction(box):
    """AUTH after MAIL: 503."""
    script(587, MAIL, "AUTH PLAIN " + b64(f"\0{USER}\0{PASSWORD}"))


@scenario("postfix")
def cascade_mail(box):
    """MAIL is refused, and RCPT and DATA in the same group get 503: consequences, not faults of their own."""
    c = begin()
    c.send(f"MAIL FROM:<sender@refused.example>\r\n{RCPT}\r\nDATA\r\n")
    for _ in range(3):
        c.reply()
    finish(c)


@scenario("exim")
def cascade_recipients(box):
    """Every recipient is refused, and DATA gets 503."""
    script(25, MAIL, "RCPT TO:<someone@far.example>", "RCPT TO:<another@far.example>", "DATA")


@scenario("opensmtpd")
def second_ehlo(box):
    """A legal second EHLO that OpenSMTPD answers with 503."""
    script(25, "EHLO client.example")


@scenario("postfix")
def starttls(box):
    """STARTTLS by swaks: what follows is ciphertext."""
    box.run("swaks", "--server", "127.0.0.1", "--helo", "client.example", "--from", "sender@client.example", "--to",
            f"{USER}@{DOMAIN}", "--tls", stdout=subprocess.DEVNULL)


@scenario("postfix")
def lmtp(box):
    """LMTP to Dovecot (RFC 2033): two recipients, one reply each."""
    c = begin(24, "LHLO client.example")
    c.say(MAIL), c.say(RCPT), c.say(f"RCPT TO:<bob@{DOMAIN}>"), c.say("DATA")
    c.send(TEXT), c.reply(), c.reply()
    finish(c)


@scenario("postfix")
def ipv6(box):
    """A message over IPv6."""
    c = begin(host="::1", family=socket.AF_INET6)
    message(c)
    finish(c)


# What cannot be recorded is made from what was: reshape.py changes frames, never the dialogue.
DERIVED = {
    "gap.pcap": ("clean", lambda p: reshape.drop(p, {12}),
                 "The clean session, one reply of the server lost by the capture."),
    "midstream.pcap": ("nested-mail", lambda p: reshape.skip(p, 8),
                       "The nested MAIL, captured from the middle on."),
    "one-sided.pcap": ("auth-login", lambda p: reshape.one_side(p, 587),
                       "Only what the client of the AUTH LOGIN session sent."),
    "vlan.pcap": ("rcpt-before-mail", lambda p: reshape.vlan(p, (100, 7)),
                  "RCPT without MAIL, in an 802.1ad and an 802.1Q tag."),
    "vxlan.pcap": ("nested-mail", lambda p: reshape.vxlan(p, 42),
                   "The nested MAIL as a cloud's traffic mirror delivers it: inside VXLAN."),
}


def record(server, names):
    lab.loopback_up()
    here = SERVERS[server]()
    here.start()
    time.sleep(2)  # until the connections that asked for the ports are gone
    for name in names:
        path = os.path.join(SAMPLES, name + ".pcap")
        with Tcpdump(path):
            SCENARIOS[name][1](here.box)
        print("recorded", name, flush=True)


def derive():
    for target, (source, change, _) in DERIVED.items():
        packets = reshape.read(os.path.join(SAMPLES, source + ".pcap"))
        reshape.write(os.path.join(SAMPLES, target), change(packets))
    pcapng = reshape.to_pcapng(reshape.read(os.path.join(SAMPLES, "cascade-recipients.pcap")))
    with open(os.path.join(SAMPLES, "compressed.pcapng.gz"), "wb") as f:
        f.write(gzip.compress(pcapng, mtime=0))


def describe():
    """The table of samples/README.md."""
    rows = [(n + ".pcap", f"{s}: tests/lab/record.py", f.__doc__) for n, (s, f) in sorted(SCENARIOS.items())]
    rows += [(n, f"from {s}.pcap", text) for n, (s, _, text) in sorted(DERIVED.items())]
    rows += [("compressed.pcapng.gz", "from cascade-recipients.pcap", "The refused recipients, as pcapng in gzip.")]
    return "".join(f"| `{n}` | {origin} | {text} |\n" for n, origin, text in rows)


def main(arguments):
    if arguments[:1] == ["--inside"]:
        return record(arguments[1], arguments[2:])
    if arguments == ["--describe"]:
        return print(describe(), end="")
    reason = lab.why_not()
    if reason:
        sys.exit(f"record.py: the lab cannot run here: {reason}")
    wanted = arguments or list(SCENARIOS)
    for server in SERVERS:
        names = [n for n in wanted if SCENARIOS[n][0] == server]
        if names:
            subprocess.run(["sh", os.path.join(lab.HERE, "inside.sh"), server, "python3", __file__, "--inside", server,
                            *names], check=True)
    derive()


if __name__ == "__main__":
    main(sys.argv[1:])
