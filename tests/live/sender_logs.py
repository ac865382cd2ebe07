#!/usr/bin/env python3
"""sender_logs.py SMTPSCOPE SENDER [--rounds N] [--seed N] [--keep DIR]: mail servers that send, as packets and as what they write of it.

Each sends to the small server of tests/property/logs.py, whose temper a seed decides.  Held against each other as there.
Exits 77 where the lab cannot run."""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
sys.path.insert(0, os.path.join(HERE, "..", "property"))

import lab          # noqa: E402
import logs         # noqa: E402
import servers      # noqa: E402
import senders      # noqa: E402

MAIL = "From: a@lab.example\nTo: bob@lab.example\nSubject: x\n\nhello\n.dot\n"


class Sender:
    """What all have in common: `send` gives what the program wrote."""

    def prepare(self):
        pass

    def ask(self, *command, **more):
        p = self.box.run(*command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, **more)
        return p.stdout


class Sink(threading.Thread):
    """Where the mails of a sender about its own deliveries go: it keeps those with this in their head, as they came."""

    host, address = "sink.example", "127.0.0.3"

    def __init__(self, port, subject=b""):
        super().__init__(daemon=True)
        self.listener = socket.create_server((self.address, port))
        self.mails, self.subject = [], subject

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self.serve(stream)

    def serve(self, stream):
        self.say(stream, "220 sink.example ESMTP")
        for line in stream:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say(stream, "354 go")
                lines = list(iter(stream.readline, b".\r\n"))
                mail = b"".join(x[1:] if x.startswith(b".") else x for x in lines).replace(b"\r\n", b"\n")
                self.mails += [mail] if self.subject in mail.partition(b"\n\n")[0] else []
            self.say(stream, "221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def say(self, stream, text):
        stream.write(text.encode() + b"\r\n")
        stream.flush()

    def take(self, seconds=8):
        """The first mail, if one comes in that time."""
        end = time.time() + seconds
        while not self.mails and time.time() < end:
            time.sleep(0.1)
        self.listener.close()
        return self.mails[0] if self.mails else b""


class Sendmail(Sender):
    """sendmail -v."""
    sender = "alice@c.example"
    box = servers.Sendmail.box

    def prepare(self):
        self.box.write("/etc/hosts", f"127.0.0.1 lab.example\n127.0.0.2 c.example localhost\n{Sink.address} {Sink.host}\n")
        self.box.write("/etc/mail/local-host-names", "")

    def configure(self, port):
        self.box.write("/etc/mail/out.mc", f"""include(`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(`debian')
define(`confDOMAIN_NAME', `c.example')
undefine(`ALIAS_FILE')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confSERVICE_SWITCH_FILE', `/etc/mail/switch')
define(`confHOSTS_FILE', `/etc/hosts')
define(`SMTP_MAILER_ARGS', `TCP $h {port}')
define(`ESMTP_MAILER_ARGS', `TCP $h {port}')
define(`RELAY_MAILER_ARGS', `TCP $h {port}')
FEATURE(`accept_unresolvable_domains')
FEATURE(`nocanonify')
MAILER(`local')
MAILER(`smtp')
""")
        self.box.run("sh", "-c", "cd /etc/mail && m4 out.mc > out.cf && echo 'hosts files' > switch && rm -rf /var/spool/mqueue && "
                     "mkdir -m 700 /var/spool/mqueue")

    def send(self, port, temper, dice):
        self.configure(port)
        to = [r + "@lab.example" for r in temper["recipients"]]
        return self.ask("sendmail", "-C", "/etc/mail/out.cf", "-v", "-Am", "-O", "DeliveryMode=i", "-f", self.sender, *to,
                        input=MAIL.encode())


class SendmailBounce(Sendmail):
    """The bounces of sendmail, which hold the end of a dialogue."""
    sender, is_of_errors = "alice@" + Sink.host, True

    def send(self, port, temper, dice):
        sink = Sink(port)
        sink.start()
        super().send(port, temper, dice)
        self.ask("sendmail", "-C", "/etc/mail/out.cf", "-q")
        return sink.take(1)


class Exim(Sender):
    """exim -v and exim -d, which deliver at once."""
    box = servers.Exim.box

    def send(self, port, temper, dice):
        login = ""
        authenticators = ""
        if temper["auth"]:
            login = "  hosts_try_auth = *\n"
            authenticators = f"""plain:
  driver = plaintext
  public_name = PLAIN
  client_send = ^{logs.USER}^{temper["password"]}
login:
  driver = plaintext
  public_name = LOGIN
  client_send = : {logs.USER} : {temper["password"]}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  client_name = {logs.USER}
  client_secret = {temper["password"]}
"""
        self.box.write("/etc/exim4/out.conf", f"""primary_hostname = c.example
log_file_path = /var/log/exim4/%slog
keep_environment =
trusted_users = root
begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1::{port}
  self = send
  transport = out
begin transports
out:
  driver = smtp
  allow_localhost
  helo_data = c.example
  hosts_avoid_tls = *
{login}begin retry
* * F,2m,1m
begin authenticators
{authenticators}""")
        self.box.run("sh", "-c", "mkdir -p /var/log/exim4 && chown -R Debian-exim /var/log/exim4 && chown root /etc/exim4/out.conf && "
                     "rm -rf /var/spool/exim4/input/* /var/spool/exim4/db/*")
        to = [r + "@lab.example" for r in temper["recipients"]]
        how = dice.choice([["-v"], ["-v"], ["-d"]])
        return self.ask("exim4", "-C", "/etc/exim4/out.conf", *how, "-odf", "-f", "a@lab.example", *to, input=MAIL.encode())


class Postfix(Sender):
    """smtp(8) with debug_peer_list, as it writes into its log."""
    box = servers.Postfix.box
    at, sender = 0, ""

    def prepare(self):
        server = servers.Postfix()
        server.configure()
        # Set, not added: what is there twice is warned of, by the logger too, which then waits for itself.
        self.box.run("postconf", "-e", "debug_peer_list = 127.0.0.1", "debug_peer_level = 2", "mydestination =", "mydomain = c.example",
                     "smtp_helo_name = c.example", "smtp_sasl_password_maps = texthash:/etc/postfix/login",
                     "smtp_sasl_security_options =", "smtp_tls_security_level = none", "smtp_sasl_mechanism_filter = plain, login",
                     "bounce_queue_lifetime = 0", "maximal_queue_lifetime = 0")
        self.box.write("/etc/postfix/login", "127.0.0.1 x:y\n")
        self.box.run("sh", "-c", "rm -f /var/spool/postfix/pid/master.pid; : > /var/log/postfix.log; postfix start", stderr=subprocess.DEVNULL)
        lab.wait_port(25)

    def send(self, port, temper, dice):
        self.box.write("/etc/postfix/login", f"[127.0.0.1]:{port} {logs.USER}:{temper['password']}\n")
        self.box.run("sh", "-c", f"postconf -e 'relayhost = [127.0.0.1]:{port}' smtp_sasl_auth_enable={'yes' if temper['auth'] else 'no'}; "
                     "postsuper -d ALL; postfix reload", stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.take()
        to = [r + "@lab.example" for r in temper["recipients"]]
        self.ask("sendmail", "-f", self.sender, *to, input=MAIL.encode())
        return self.written()

    def written(self):
        time.sleep(1.5)
        return self.take()

    def take(self):
        with open(self.box.path("/var/log/postfix.log"), "rb") as f:
            f.seek(self.at)
            text = f.read()
        self.at += len(text)
        return text


class PostfixBounce(Postfix):
    """The bounces of Postfix, which quote a reply."""
    sender, is_of_errors, subject = "alice@" + Sink.host, True, b"Undelivered Mail"

    def send(self, port, temper, dice):
        self.sink = Sink(port, self.subject)
        self.sink.start()
        self.ask("sh", "-c", f"postconf -e 'transport_maps = inline:{{{{{Sink.host}=smtp:[{Sink.address}]:{port}}}}}'")
        return super().send(port, temper, dice)

    def written(self):
        return self.sink.take(4)


class PostfixNotice(PostfixBounce):
    """What Postfix mails to the postmaster of its deliveries (notify_classes): the transcript of smtp(8)."""
    subject = b"Postfix SMTP client"

    def prepare(self):
        super().prepare()
        self.ask("postconf", "-e", "notify_classes = protocol, policy, resource, software", f"error_notice_recipient = notices@{Sink.host}")

    def send(self, port, temper, dice):
        """It tells of what it must have done wrong itself: 50x and 555, beside replies that are none."""
        temper.update(greeting="220 mx.lab.example ESMTP", needs_auth=False, mail="250 2.1.0 Ok", rcpt="250 2.1.5 Ok")
        temper[dice.choice(["mail", "rcpt", "end"])] = dice.choice(["501 5.1.3 Bad address syntax", "503 5.5.1 Error: bad sequence of commands", "555 5.5.4 Unsupported option"])
        return super().send(port, temper, dice)


class Ssmtp(Sender):
    """ssmtp -v."""
    box = senders.ssmtp

    def send(self, port, temper, dice):
        login = f"AuthUser={logs.USER}\nAuthPass={temper['password']}\nAuthMethod={dice.choice(['LOGIN', 'CRAM-MD5'])}\n"
        self.box.write("/etc/ssmtp/ssmtp.conf", f"mailhub=127.0.0.1:{port}\nhostname=c.example\nFromLineOverride=YES\n"
                       + (login if temper["auth"] else ""))
        to = [r + "@lab.example" for r in temper["recipients"]]
        return self.ask("ssmtp", "-v", "-fa@lab.example", *to, input=MAIL.encode())


class Esmtp(Sender):
    """esmtp with its trace of the protocol (-X)."""
    box = senders.esmtp

    def send(self, port, temper, dice):
        login = f'username = "{logs.USER}"\npassword = "{temper["password"]}"\n' if temper["auth"] else ""
        self.box.write("/etc/esmtprc", f"hostname = 127.0.0.1:{port}\nstarttls = disabled\n{login}")
        to = [r + "@lab.example" for r in temper["recipients"]]
        self.ask("sh", "-c", "rm -f /tmp/esmtp.log")
        self.ask("esmtp", "-v", "-X", "/tmp/esmtp.log", "-f", "a@lab.example", *to, input=MAIL.encode())
        path = self.box.path("/tmp/esmtp.log")
        return open(path, "rb").read() if os.path.exists(path) else b""


SENDERS = {"sendmail": Sendmail, "sendmail-bounce": SendmailBounce, "exim": Exim, "postfix": Postfix,
           "postfix-bounce": PostfixBounce, "postfix-notice": PostfixNotice, "ssmtp": Ssmtp, "esmtp": Esmtp}


def round_of(sender, name, seed, folder):
    dice = random.Random(f"{seed}{name}")
    temper = logs.temper_of(dice)
    server = logs.Server(temper)
    server.start()
    text = sender.send(server.port, temper, dice)
    time.sleep(0.1)
    server.listener.close()
    with open(os.path.join(folder, f"{seed}.log"), "wb") as f:
        f.write(text)
    if server.wires:
        joined = server.wires[0]
        for wire in server.wires[1:]:
            joined.packets += wire.packets
        joined.write(os.path.join(folder, f"{seed}.pcap"))


def talk(name, rounds, first, folder):
    """Inside the box."""
    lab.loopback_up()
    sender = SENDERS[name]()
    sender.prepare()
    for seed in range(first, first + rounds):
        round_of(sender, name, seed, folder)
    with open(os.path.join(folder, "seeds.json"), "w") as f:
        json.dump(list(range(first, first + rounds)), f)
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary"), parser.add_argument("server", choices=SENDERS)
    parser.add_argument("--rounds", type=int, default=10), parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--keep", help="folder for the captures and the logs")
    o = parser.parse_args()
    if o.inside:
        return talk(o.server, o.rounds, o.seed, o.inside)
    reason = lab.why_not()
    if reason:
        print(f"the lab cannot run here: {reason}")
        return 77
    bad, done = [], 0
    with lab.talked(__file__, o, "--rounds", str(o.rounds), "--seed", str(o.seed), box=SENDERS[o.server].box.name) as folder:
        for seed in range(o.seed, o.seed + o.rounds):
            log, pcap = (os.path.join(folder, f"{seed}.{kind}") for kind in ("log", "pcap"))
            if not os.path.exists(pcap) or os.path.getsize(log) == 0:
                continue
            done += 1
            why = logs.compare(o.binary, log, pcap)
            if why:
                bad.append(f"{o.server} seed {seed}: {why}")
    print("\n".join(bad[:40]))
    print(f"what {o.server} writes: {done} of {o.rounds} dialogues were made, {len(bad)} differ")
    enough = 1 if getattr(SENDERS[o.server], "is_of_errors", False) else o.rounds // 2
    return 1 if bad or done < enough else 0


if __name__ == "__main__":
    sys.exit(main())
