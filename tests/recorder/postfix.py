#!/usr/bin/env python3
"""postfix.py SMTPSCOPE [--sessions N] [--seed S]: Postfix under load on loopback, recorded live: every
session that it logged is in the recording, with its queue id.  Exit status 77: the lab cannot run here."""

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


def sources(server, sessions, rng):
    """smtp-source, several at once: some with one message a session, some with more, of all sizes."""
    left = sessions
    while left > 0:
        count = min(left, rng.randrange(20, 60))
        left -= count
        command = ["smtp-source", "-m", str(count), "-s", str(rng.randrange(1, 9)), "-l", str(rng.randrange(100, 30000)),
                   "-f", "sender@client.example", "-t", f"{lab.USER}@{lab.DOMAIN}"]
        if rng.random() < 0.5:
            command.append("-d")  # several messages in a session
        yield server.box.start(*command, "127.0.0.1:25", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def load(binary, sessions, seed, folder):
    """Inside the box."""
    lab.loopback_up()
    server = SERVERS["postfix"]()
    server.start()
    time.sleep(1)
    rng = random.Random(seed)
    path = os.path.join(folder, "recording")
    os.mkdir(path, 0o700)
    log = server.box.path("/var/log/postfix.log")
    before = os.path.getsize(log)
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--rotate-size", "256K", "--pcap")
    running = []
    for source in sources(server, sessions, rng):
        running.append(source)
        while len([s for s in running if s.poll() is None]) >= 4:
            time.sleep(0.05)
    for source in running:
        source.wait(timeout=60)
    time.sleep(1)
    took = recorder.stop()
    with open(log, "rb") as whole, open(os.path.join(folder, "log"), "wb") as rest:
        whole.seek(before)
        shutil.copyfileobj(whole, rest)
    with open(os.path.join(folder, "said"), "w") as f:
        f.write(f"{took:.2f} s to end\n{recorder.said()}")


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
        bad, logged, connects = judge(binary, folder)
        print(open(os.path.join(folder, "said")).read())
    print("\n".join(bad))
    print(f"Postfix logged {connects} sessions and {logged} messages; {len(bad)} complaints")
    return 1 if bad or not logged else 0


if __name__ == "__main__":
    sys.exit(main())
