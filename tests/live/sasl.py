#!/usr/bin/env python3
"""sasl.py SMTPSCOPE SERVER [--keep FOLDER]: logins of real clients at real SASL servers, and what smtpscope says of them.

Every login has an address of the server's of its own, which finds its session.  The truth is what the client saw:
mechanism, identity and outcome.  Exchanges that went well between real programs are accused of nothing; each slip of
our own client is found; no output holds a secret; a recording says the same; a password given for checking is told
right from wrong.  Exit status 77: the lab cannot run here."""

import argparse
import collections
import concurrent.futures
import itertools
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lab"), os.path.join(HERE, "..", "property")]
import lab  # noqa: E402
import secrets  # noqa: E402
import sasl_raw  # noqa: E402
from lab import PASSWORD, Tcpdump, USER  # noqa: E402
from sasl_clients import BEARER, CLIENTS, Login, run_client  # noqa: E402
from sasl_servers import SASL, token  # noqa: E402

WRONG = "not-" + PASSWORD
UNCHECKED = ("OTP", "ANONYMOUS", "EXTERNAL", *BEARER)  # prove no password that one could give


def credentials(mechanism):
    """What each case logs in with: (case, user, secret, whether that is right)."""
    if mechanism == "ANONYMOUS":
        return [("success", USER, "-", True)]
    good, bad = (token(USER, 3600), token(USER, -3600)) if mechanism in BEARER else (PASSWORD, WRONG)
    return [("success", USER, good, True), ("wrong", USER, bad, False), ("unknown", "mallory", good, False)]


def offered(box_port):
    client = lab.Client(box_port)
    client.reply()
    _, lines = client.say("EHLO client.example")
    client.say("QUIT")
    return next((line[4:].decode().split()[1:] for line in lines if line[4:9] == b"AUTH "), [])


class Talk:
    """All logins at one server; `logins` is the truth."""

    def __init__(self, server):
        self.server, self.logins, self.missing, self.numbers = server, [], [], itertools.count(1)

    def host(self):
        n = next(self.numbers)
        return f"127.1.{n // 250}.{n % 250 + 1}"

    def real(self, client, mechanism, port):
        for case, user, secret, is_right in credentials(mechanism):
            login = Login(mechanism, user, secret, self.host(), port)
            outcome, said = run_client(self.server.box, client, login)
            is_known = (client, mechanism) in self.server.cannot
            is_as_due = (outcome == "success") == (is_right and not is_known)
            check = mechanism not in UNCHECKED and user == USER and not is_known
            self.logins.append({"host": login.host, "port": port, "who": client, "mechanism": mechanism, "case": case, "secret": secret,
                                "identity": None if is_known or mechanism == "ANONYMOUS" else user, "outcome": outcome,
                                "check": ("match" if is_right else "mismatch") if check else None, "is_real": True,
                                "lab": None if is_as_due else said})

    def raw(self, mechanism, port):
        for name, case in sasl_raw.cases_of(mechanism).items():
            host = self.host()
            wanted, outcome, findings = sasl_raw.run_case(case, mechanism, host, port)
            self.logins.append({"host": host, "port": port, "who": "raw", "mechanism": mechanism, "case": name, "outcome": outcome,
                                "findings": findings, "is_real": False,
                                "lab": None if wanted in (None, outcome) else f"{wanted} was expected, it was {outcome}"})

    def by_mechanism(self, mechanism, port, clients):
        for client in clients:
            if mechanism in CLIENTS[client][1]:
                self.real(client, mechanism, port)
        self.raw(mechanism, port)

    def all_of(self, service, port, clients, pool):
        offer = offered(port)
        self.missing += [f"skipped: {service} does not offer {m}" for m in self.server.mechanisms if m not in offer]
        mechanisms = [m for m in self.server.mechanisms if m in offer] + [sasl_raw.NOT_OFFERED]
        return [pool.submit(self.by_mechanism, m, port, clients) for m in mechanisms]


def talk(server, folder):
    """Inside the box: the logins, captured."""
    lab.loopback_up()
    here = SASL[server]()
    here.start()
    time.sleep(1)
    talks = Talk(here)
    with Tcpdump(os.path.join(folder, "sasl.pcap"), filter="tcp and net 127.1.0.0/16"):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:  # servers sleep on a refusal
            jobs = [job for service, (port, clients) in here.ports.items()
                    for job in talks.all_of(service, port, clients or CLIENTS, pool)]
        for job in jobs:
            job.result()
    with open(os.path.join(folder, "truth.json"), "w") as f:
        json.dump({"logins": talks.logins, "missing": talks.missing}, f)


def sessions_of(binary, *arguments, **more):
    p = subprocess.run([binary, "analyze", "--format", "jsonl", *arguments], capture_output=True, **more)
    return [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]


def accusations(session):
    return {f["id"] for f in session["findings"] if f["severity"] == "error"}


def why_not(login, session, checked):
    """What smtpscope says of this login and is not so, or None."""
    if session is None or len(session["auth"]) != 1:
        return f"{len(session['auth']) if session else 'no session,'} exchanges"
    auth, raised = session["auth"][0], {f["id"] for f in session["findings"]}
    if auth["mechanism"] != login["mechanism"] or auth["outcome"] != login["outcome"]:
        return f"{auth['mechanism']}, {auth['outcome']} is said, {login['outcome']} it was"
    if login["is_real"]:
        if auth["identity"] != login["identity"]:
            return f"identity {auth['identity']}"
        if accusations(session):
            return f"accused of {sorted(accusations(session))}"
        told = {f["id"] for f in checked["findings"]} & {"auth-password-match", "auth-password-mismatch"}
        if told != ({"auth-password-" + login["check"]} if login["check"] else set()):
            return f"password: {sorted(told)}, {login['check']} it was"
        return None
    if not set(login["findings"]) <= raised:
        return f"{login['findings']} are not all in {sorted(raised)}"
    others = accusations(session) - set(login["findings"])
    return f"also accused of {sorted(others)}" if others else None


def without_packets(session):
    """What a recording of the packets must say too."""
    return {k: v for k, v in session.items() if k != "input"}


def judge(binary, folder):
    """(complaints, table of what fits)."""
    capture, table, bad = os.path.join(folder, "sasl.pcap"), collections.defaultdict(str), []
    password = os.path.join(folder, "password")
    with open(password, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
        f.write(PASSWORD + "\n")
    truth = json.load(open(os.path.join(folder, "truth.json")))
    sessions = sessions_of(binary, capture)
    checked = {s["server"]["ip"]: s for s in sessions_of(binary, f"--verify-password={USER}={password}", capture)}
    by_host = {s["server"]["ip"]: s for s in sessions}
    for login in truth["logins"]:
        where = f"{login['mechanism']}, {login['who']}, {login['case']} ({login['host']})"
        session = by_host.get(login["host"])
        why = f"the lab: {login['lab']}" if login["lab"] else why_not(login, session, checked.get(login["host"]))
        bad += [f"{where}: {why}"] if why else []
        table[login["mechanism"], login["port"], login["who"]] += f" {login['case']}{' (!)' if why else ''},"
    recording = subprocess.run([binary, "capture", "-r", capture, "-o", "-"], capture_output=True).stdout
    if [without_packets(s) for s in sessions_of(binary, "-", input=recording)] != [without_packets(s) for s in sessions]:
        bad.append("the recording says other than the packets")
    known = {(USER, PASSWORD)} | {(login["identity"], login["secret"]) for login in truth["logins"] if login["is_real"]}
    leaks, is_shown = secrets.check(binary, capture, sorted(known, key=lambda k: k != (USER, PASSWORD)))
    bad += leaks + ([] if is_shown else ["--show-secrets shows no secret: the search is blind"])
    return bad, table, truth["missing"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary"), parser.add_argument("server", choices=SASL)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--keep", help="folder for the capture and what was done")
    o = parser.parse_args()
    if o.inside:
        return talk(o.server, o.inside)
    reason = lab.why_not()
    if reason:
        print(f"the lab cannot run here: {reason}")
        return 77
    with lab.talked(__file__, o) as folder:
        bad, table, missing = judge(o.binary, folder)
    for (mechanism, port, who), cases in sorted(table.items()):
        print(f"{mechanism:20} {port} {who:16}{cases.rstrip(',')}")
    print("\n".join(missing + bad[:40]))
    print(f"{o.server}: {sum(c.count(',') for c in table.values())} logins, {len(bad)} judged otherwise")
    return 1 if bad or not table else 0


if __name__ == "__main__":
    sys.exit(main())
