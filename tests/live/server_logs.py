#!/usr/bin/env python3
"""server_logs.py SMTPSCOPE SERVER [--rounds N] [--seed N] [--keep DIR]: seeded dialogues with a real server, as packets and as
the log that the server writes of them when it is told to say everything.

Held against each other: verbs and codes in order; verdicts and findings that accuse somebody in the log and not in the packets;
secrets.  Exits 77 where the lab cannot run."""

import argparse
import collections
import json
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
sys.path.insert(0, os.path.join(HERE, "..", "property"))

import lab          # noqa: E402
import logs         # noqa: E402
import servers      # noqa: E402
from dialogue import Dialogue  # noqa: E402


class File:
    """A log that is one file."""
    log, at, lmtp = "/log", 0, False

    def take(self):
        """What was written since the last time."""
        with open(self.box.path(self.log), "rb") as f:
            f.seek(self.at)
            text = f.read()
        self.at += len(text)
        return text


class Postfix(File, servers.Postfix):
    """debug_peer_list: what smtpd -v says, of these clients alone."""
    log = "/var/log/postfix.log"
    ports = {"smtp": 25, "submission": 587, "strict": 2525}

    def configure(self):
        super().configure()
        with open(self.box.path("/etc/postfix/main.cf"), "a") as f:
            f.write("debug_peer_list = 127.0.0.1\ndebug_peer_level = 2\n")


class PostfixMail(File, servers.Postfix):
    """notify_classes: the transcripts that smtpd mails to the postmaster, of sessions with errors alone."""
    log, is_of_errors = "/var/tmp/notices", True
    ports = {"smtp": 25, "submission": 587, "strict": 2525}

    def configure(self):
        super().configure()
        self.box.run("sh", "-c", f"rm -f {self.log}; touch {self.log}; chmod 666 {self.log}")
        self.box.run("postconf", "-e", "notify_classes = protocol, policy, resource, software",
                     "error_notice_recipient = notices@lab.example", "alias_maps =",
                     f"mailbox_command = sh -c 'test $USER = notices && cat >> {self.log} || cat > /dev/null'")
        with open(self.box.path("/etc/postfix/recipients"), "a") as f:
            f.write("notices x\n")
        self.box.add_user("notices")

    def take(self):
        time.sleep(1)  # it is queued and delivered
        return super().take()


class Dovecot(servers.Postfix):
    """The rawlogs of Dovecot's LMTP: two files for each connection, as tail shows them."""
    ports, lmtp, folder, seen = {"lmtp": 24}, True, "/var/tmp/rawlog", frozenset()

    def configure(self):
        super().configure()
        self.box.run("sh", "-c", f"rm -rf {self.folder}; mkdir -p {self.folder}; chmod 777 {self.folder}")
        with open(self.box.path("/etc/dovecot/dovecot.conf"), "a") as f:
            f.write(f"protocol lmtp {{\n  rawlog_dir = {self.folder}\n}}\nlmtp_rawlog_dir = {self.folder}\n")

    def start(self):
        self.configure()
        self.box.run("dovecot")
        lab.wait_port(24)

    def take(self):
        names = sorted(set(os.listdir(self.box.path(self.folder))) - self.seen)
        self.seen = self.seen | set(names)
        text = b""
        for name in names:
            with open(os.path.join(self.box.path(self.folder), name), "rb") as f:
                text += f"==> {name} <==\n".encode() + f.read() + b"\n"
        return text


class Restarted(File):
    """Started once more, with another command."""

    def start(self):
        super().start()
        self.process.terminate()
        self.process.wait()
        lab.wait_closed(25)
        self.prepare()
        with open(self.box.path(self.log), "ab") as f:
            self.process = self.box.start(*self.command, stdout=f, stderr=f, stdin=subprocess.DEVNULL)
        lab.wait_port(25, seconds=60)

    def prepare(self):
        pass

    def edit(self, path, old, new):
        with open(self.box.path(path)) as f:
            text = f.read()
        self.box.write(path, text.replace(old, new, 1))


class Exim(Restarted, servers.Exim):
    command = ["exim4", "-d", "-bdf", "-q30m"]


class OpenSmtpd(Restarted, servers.OpenSmtpd):
    command = ["smtpd", "-dv", "-T", "smtp"]


class Sendmail(Restarted, servers.Sendmail):
    log = "/var/log/traffic.log"
    command = ["sendmail", "-C", "/etc/mail/lab.cf", "-bD", "-O", "DeliveryMode=queueonly", "-X", log]


class Aiosmtpd(Restarted, servers.Aiosmtpd):
    command = ["/usr/bin/python3", "/opt/lab/server.py"]

    def prepare(self):
        self.edit("/opt/lab/server.py", "import asyncio\n", "import asyncio\nimport logging\nlogging.basicConfig(level=logging.DEBUG)\n")


class SmtpServer(Restarted, servers.Nodemailer):
    command = ["node", "/opt/lab/server.js"]

    def prepare(self):
        self.edit("/opt/lab/server.js", "authOptional: true", "logger: true, authOptional: true")


class Haraka(Restarted, servers.Haraka):
    command = ["node", "/opt/lab/node_modules/Haraka/bin/haraka", "-c", "/opt/lab/haraka"]

    def prepare(self):
        self.edit("/opt/lab/haraka/config/loglevel", "LOGERROR", "LOGPROTOCOL")


SERVERS = {"postfix": Postfix, "exim": Exim, "opensmtpd": OpenSmtpd, "sendmail": Sendmail, "aiosmtpd": Aiosmtpd,
           "nodemailer": SmtpServer, "dovecot": Dovecot, "haraka": Haraka, "postfix-mail": PostfixMail}
BOXES = {"dovecot": "postfix", "postfix-mail": "postfix"}


def talk(name, rounds, seed, folder):
    """Inside the box: leads the dialogues; a log for each, and one capture."""
    lab.loopback_up()
    server = SERVERS[name]()
    server.start()
    time.sleep(0.3)
    ports = {}
    with lab.Tcpdump(os.path.join(folder, "all.pcap")):
        for n in range(rounds):
            server.take()
            where = random.Random(f"{name}{seed}{n}").choice(list(server.ports.values()))
            ports[n] = Dialogue(random.Random(f"{seed}{n}"), where, server.lmtp).run()[0]
            time.sleep(0.4)  # what the server still writes
            with open(os.path.join(folder, f"{n}.log"), "wb") as out:
                out.write(server.take())
    with open(os.path.join(folder, "ports.json"), "w") as f:
        json.dump(ports, f)
    return 0


def differs(said, packets, output):
    if lab.PASSWORD.encode() in output:
        return "it shows a secret"
    a, b = logs.dialogue(said), logs.dialogue(packets)
    while len(b) > len(a) and b[-1][1] is None:
        b.pop()  # sent when the server had said its last, and never read
    if [v for v, _ in a] != [v for v, _ in b] or any(x[1] != y[1] and x[1] is not None for x, y in zip(a, b)):
        return f"it reads {a}, the packets {b}"
    extra = logs.accusations(said) - logs.accusations(packets)
    extra.pop("open-relay-attempt", None)  # of a client that did it before it is said once
    return f"it accuses: {dict(extra)}" if extra else None


def judge(program, server, folder):
    sessions, _ = logs.analyze(program, os.path.join(folder, "all.pcap"))
    by_port = collections.defaultdict(list)
    for session in sessions:
        by_port[session["client"]["port"]].append(session)
    with open(os.path.join(folder, "ports.json")) as f:
        ports = json.load(f)
    bad, missing = [], 0
    for n, port in ports.items():
        said, output = logs.analyze(program, os.path.join(folder, n + ".log"))
        is_silent = getattr(SERVERS[server], "is_of_errors", False) and not os.path.getsize(os.path.join(folder, n + ".log"))
        why = differs(said, by_port[port], output) if (said or by_port[port]) and not is_silent else None
        missing += bool(said) and len(logs.accusations(said)) < len(logs.accusations(by_port[port]))
        if why:
            bad.append(f"round {n}: {why}")
    return bad, missing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary"), parser.add_argument("server", choices=SERVERS)
    parser.add_argument("--rounds", type=int, default=10), parser.add_argument("--seed", default="1")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--keep", help="folder for the capture and the logs")
    o = parser.parse_args()
    if o.inside:
        return talk(o.server, o.rounds, o.seed, o.inside)
    reason = lab.why_not() or SERVERS[o.server].box.why_not()
    if reason:
        print(f"the lab cannot run here: {reason}")
        return 77
    with lab.talked(__file__, o, "--rounds", str(o.rounds), "--seed", o.seed, box=BOXES.get(o.server)) as folder:
        bad, missing = judge(o.binary, o.server, folder)
    print("\n".join(bad[:40]))
    print(f"log of {o.server}: {o.rounds} sessions, {len(bad)} differ, {missing} say less than the packets")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
