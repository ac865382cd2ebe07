#!/usr/bin/env python3
"""live.py SMTPSCOPE SERVER [--rounds N] [--seed S]: random dialogues with a real server, judged twice.

A client says commands in random order (seeded), one by one and in groups, the packets are captured, and the verdicts,
findings and causes of smtpscope are compared with those of a second, much smaller machine (oracle.py), which sees what
the client saw.  The recording of the same packets must say the same.  Exit status 77: the lab cannot run here."""

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
import lab  # noqa: E402
from dialogue import Dialogue  # noqa: E402
from lab import Tcpdump  # noqa: E402
from servers import SERVERS  # noqa: E402


def talk(server, rounds, seed, folder):
    """Inside the box: the dialogues, captured."""
    lab.loopback_up()
    here = SERVERS[server]()
    here.start()
    time.sleep(2)  # until the connections that asked for the ports are gone
    truth = []
    with Tcpdump(os.path.join(folder, "live.pcap")):
        for n in range(rounds):
            rng = random.Random(f"{seed}/{server}/{n}")
            name = rng.choice(sorted(here.ports))
            truth.append((n, here.ports[name], *Dialogue(rng, here.ports[name], name == "lmtp").run()))
    with open(os.path.join(folder, "truth.json"), "w") as f:
        json.dump(truth, f)


def fits_verdict(said, command):
    _, code, in_order, _, causes, is_mixed = said
    verdict = command["verdict"]
    if code is None:
        return verdict in ("unanswered", "undecided")
    if in_order is None:
        return verdict != "undecided"
    if in_order:
        return verdict in ("ok", "refused", "contradicted")
    if code < 400:
        return verdict == "tolerated"
    follows = verdict == "consequence" and command["cause"] in causes
    return follows or (verdict == "misordered" and (is_mixed or not causes))


def fits(said, command, findings):
    """Why the judgement on this command is not the oracle's, or None."""
    if (command["reply"] or {}).get("code") != said[1]:
        return "another reply"
    raised = {f["id"] for f in findings if f["command"] == command["n"]}
    if said[2] and any(i.endswith("not-offered") for i in raised):
        return None                     # a parameter or mechanism that the oracle does not look at
    if not fits_verdict(said, command):
        return f"{command['verdict']}, cause {command['cause']}"
    if said[2] is False and command["verdict"] in ("misordered", "tolerated") and not raised & set(said[3]):
        return f"findings {sorted(raised)}"
    return None


def sessions_of(binary, *arguments, **more):
    p = subprocess.run([binary, "analyze", "--format", "jsonl", *arguments], capture_output=True, **more)
    return [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]


def without_packets(session):
    """What a recording of the packets must say too."""
    return {k: v for k, v in session.items() if k != "input"}


def judge(binary, folder):
    capture = os.path.join(folder, "live.pcap")
    sessions = sessions_of(binary, capture)
    truth, bad, commands = json.load(open(os.path.join(folder, "truth.json"))), [], 0
    by_port = collections.defaultdict(list)     # of many dialogues some have the same port, one after the other
    for s in sessions:
        by_port[s["client"]["port"], s["server"]["port"]].append(s)
    for n, port, own_port, said in truth:
        where = f"round {n} port {port}"
        if not by_port[own_port, port]:
            bad.append(f"{where}: no session")
            continue
        session = by_port[own_port, port].pop(0)
        for i, one in enumerate(said):
            if one[1] == 421:
                break                   # it may have been sent before the command that it seems to answer
            commands += 1
            if i >= len(session["commands"]):
                bad.append(f"{where}: command {i + 1} {one[0]!r} is missing")
                break
            why = fits(one, session["commands"][i], session["findings"])
            if why:
                bad.append(f"{where}: command {i + 1} {one[0]!r} {one[1]}: {why}; the oracle: "
                           f"{'in order' if one[2] else 'out of order'}, {one[3]}, causes {one[4]}")
                if why == "another reply":
                    break
    recording = subprocess.run([binary, "capture", "-r", capture, "-o", "-"], capture_output=True).stdout
    recorded = sessions_of(binary, "-", input=recording)
    if [without_packets(s) for s in recorded] != [without_packets(s) for s in sessions]:
        bad.append("the recording says other than the packets")
    return bad, commands


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary"), parser.add_argument("server", choices=SERVERS)
    parser.add_argument("--rounds", type=int, default=40), parser.add_argument("--seed", default="1")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--keep", help="folder for the capture and what was said")
    o = parser.parse_args()
    if o.inside:
        return talk(o.server, o.rounds, o.seed, o.inside)
    reason = lab.why_not() or SERVERS[o.server].box.why_not()
    if reason:
        print(f"the lab cannot run here: {reason}")
        return 77
    with lab.talked(__file__, o, "--rounds", str(o.rounds), "--seed", o.seed) as folder:
        bad, commands = judge(o.binary, folder)
    print("\n".join(bad[:40]))
    print(f"{o.server}: {o.rounds} sessions, {commands} commands, {len(bad)} judged otherwise")
    return 1 if bad or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
