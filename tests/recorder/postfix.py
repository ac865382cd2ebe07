#!/usr/bin/env python3
"""postfix.py SMTPSCOPE [--sessions N] [--seed S]: Postfix under load, on loopback and over veth from another network
namespace, recorded live: every session that it logged is in the recording, with its queue id.  Exit status 77: the lab
cannot run here."""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
sys.path.insert(0, HERE)
import lab  # noqa: E402
from box import Recorder  # noqa: E402
from servers import SERVERS  # noqa: E402


class Loopback:
    device, address = "lo", "127.0.0.1"

    def start(self, server, command):
        return server.box.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Veth:
    """Clients in a network namespace of their own, at the other end."""

    device, address = "vs", "192.0.2.25"

    def __init__(self):
        self.away = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        time.sleep(0.3)
        here = (["link", "add", "vs", "type", "veth", "peer", "name", "vc", "netns", str(self.away.pid)],
                ["address", "add", "192.0.2.25/24", "dev", "vs"], ["link", "set", "vs", "up"])
        there = (["address", "add", "192.0.2.1/24", "dev", "vc"], ["link", "set", "vc", "up"])
        for words in here:
            subprocess.run(["ip", *words], check=True)
        for words in there:
            subprocess.run([*self.inside(), "ip", *words], check=True)
        time.sleep(0.5)

    def inside(self):
        return ["nsenter", "-t", str(self.away.pid), "-n"]

    def start(self, server, command):
        return subprocess.Popen([*self.inside(), "chroot", server.box.root, *command], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)


PLACES = {"loopback": Loopback, "veth": Veth}


def sources(server, place, sessions, rng):
    """smtp-source, several at once: some with one message a session, some with more, of all sizes."""
    left = sessions
    while left > 0:
        count = min(left, rng.randrange(20, 60))
        left -= count
        command = ["smtp-source", "-m", str(count), "-s", str(rng.randrange(1, 9)), "-l", str(rng.randrange(100, 30000)),
                   "-f", "sender@client.example", "-t", f"{lab.USER}@{lab.DOMAIN}"]
        if rng.random() < 0.5:
            command.append("-d")  # several messages in a session
        yield place.start(server, [*command, place.address + ":25"])


def all_of(sources):
    """Four at a time."""
    running = []
    for source in sources:
        running.append(source)
        while len([s for s in running if s.poll() is None]) >= 4:
            time.sleep(0.05)
    for source in running:
        if source.wait(timeout=60):
            raise SystemExit("smtp-source failed")


def record(binary, server, place, sessions, rng, folder):
    path = os.path.join(folder, "recording")
    os.makedirs(path, 0o700)
    os.chmod(folder, 0o700)
    log = server.box.path("/var/log/postfix.log")
    before = os.path.getsize(log)
    recorder = Recorder(binary, "-i", place.device, "-o", path, "--rotate-size", "256K", "--pcap")
    all_of(sources(server, place, sessions, rng))
    time.sleep(1)
    took = recorder.stop()
    with open(log, "rb") as whole, open(os.path.join(folder, "log"), "wb") as rest:
        whole.seek(before)
        shutil.copyfileobj(whole, rest)
    with open(os.path.join(folder, "said"), "w") as f:
        f.write(f"{took:.2f} s to end\n{recorder.said()}")


def load(binary, sessions, seed, folder):
    """Inside the box."""
    lab.loopback_up()
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=True)  # of this process namespace, in this mount namespace
    server = SERVERS["postfix"]()
    server.start()
    time.sleep(1)
    rng = random.Random(seed)
    for name, place in PLACES.items():
        record(binary, server, place(), sessions, rng, os.path.join(folder, name))


def judge(binary, folder):
    log = open(os.path.join(folder, "log"), errors="replace").read()
    logged = set(re.findall(r"postfix/smtpd\[\d+\]: ([0-9A-Za-z]+): client=", log))
    connects = len(re.findall(r"postfix/smtpd\[\d+\]: connect from", log))
    path = os.path.join(folder, "recording")
    lines, torn = contents_of(path)
    recorded = set(re.findall(r"queued as ([0-9A-Za-z]+)", lines))
    read = subprocess.run([binary, "analyze", "--json", path], capture_output=True, text=True)
    sessions = [json.loads(line) for line in read.stdout.splitlines() if '"type":"session"' in line]
    found = {m["queue_id"] for s in sessions for m in s["messages"] if m["queue_id"]}
    bad = []
    if logged - recorded:
        bad.append(f"{len(logged - recorded)} of {len(logged)} queue ids are not in the recording")
    if logged - found:
        bad.append(f"{len(logged - found)} of {len(logged)} queue ids are not in the analysis")
    if len(sessions) < connects:
        bad.append(f"{len(sessions)} sessions of {connects}")
    if torn:
        bad.append("a torn line")
    if len([n for n in os.listdir(path) if "jsonl" in n]) < 2:
        bad.append("no new file was begun")
    return bad, len(logged), connects


def contents_of(path):
    texts, torn = [], 0
    for name in sorted(n for n in os.listdir(path) if "jsonl" in n):
        full = os.path.join(path, name)
        data = subprocess.run(["zstd", "-dcq", full], capture_output=True).stdout if name.endswith("zst") else open(full, "rb").read()
        torn += not data.endswith(b"\n")
        texts.append(data.decode(errors="replace"))
    return "".join(texts), torn


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--sessions", type=int, default=600)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    o = parser.parse_args()
    binary = os.path.abspath(o.binary)
    if o.inside:
        return load(binary, o.sessions, o.seed, o.inside)
    reason = lab.why_not() or (None if shutil.which("zstd") else "needs zstd")
    if reason:
        print(f"the lab cannot run here: {reason}")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["sh", os.path.join(lab.HERE, "inside.sh"), "postfix", "python3", os.path.abspath(__file__), binary,
                        "--sessions", str(o.sessions), "--seed", o.seed, "--inside", folder], check=True)
        wrong = 0
        for name in PLACES:
            part = os.path.join(folder, name)
            bad, logged, connects = judge(binary, part)
            wrong += len(bad) or not logged
            print(open(os.path.join(part, "said")).read())
            print("\n".join(bad))
            print(f"{name}: Postfix logged {connects} sessions and {logged} messages; {len(bad)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
