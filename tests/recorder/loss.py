#!/usr/bin/env python3
"""loss.py SMTPSCOPE [--packets N]: the recorder against tcpdump and dumpcap in the same run, over veth.

First the highest fixed rate is looked for at which tcpdump loses nothing.  The recorder is held to it, and above, up to
as fast as the sender goes, in turn with tcpdump: where its neighbours lose nothing at no lower speed, it may not.  What
was sent is always what it read and what it counted as lost, to the packet.  Needs the sender of ../shared/bench.  Exit status
77: it cannot run here."""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.join(HERE, "..", "..", "..", "shared", "bench")
LOWEST, STEP, ROUNDS, TRIES, AS_FAST_AS_IT_GOES = 100000, 1.3, 3, 3, 0
TCPDUMP = ["tcpdump", "-i", "vb", "-B", "65536"], r"(\d+) packets dropped by kernel"
DUMPCAP = ["dumpcap", "-q", "-i", "vb", "-B", "64"], r"/(\d+) \("
sys.path.insert(0, HERE)
import box  # noqa: E402
from box import Recorder  # noqa: E402


def build(top):
    for name in ("gen", "blast"):
        subprocess.run(["gcc", "-O3", "-std=gnu11", "-w", "-o", os.path.join(top, name), os.path.join(SHARED, name + ".c"),
                        "-lpcap", "-lm"], check=True)
    subprocess.run([os.path.join(top, "gen"), "--out", os.path.join(top, "w.pcap"), "--truth", os.path.join(top, "w.json"),
                    "--seed", "11", "--sessions", "40000", "--msg-size", "~2000", "--interleave", "500"], check=True)


def send(top, packets, rate):
    p = subprocess.run([os.path.join(top, "blast"), "va", os.path.join(top, "w.pcap"), str(packets), str(rate)],
                       capture_output=True, text=True, timeout=120)
    return int(re.search(r"(\d+) pps", p.stdout)[1])


def with_recorder(binary, top, packets, rate):
    path = box.folder(top, "recording")
    recorder = Recorder(binary, "-i", "vb", "-o", path)
    speed = send(top, packets, rate)
    time.sleep(1)
    return speed, *end_of(recorder, path)


def end_of(recorder, path):
    """What it says that it read, lost and recorded, and the last totals of each of its files."""
    recorder.stop()
    said = recorder.said()
    read, lost = (int(re.findall(pattern, said)[-1]) for pattern in (r"(\d+) packets, \d+ conn", r"lost: (\d+) packets"))
    lines, _ = box.contents(path)
    files = []  # of each its last totals
    for line in lines:
        if line.startswith(b'{"type":"recording"'):
            files.append(None)
        elif line.startswith(b'{"type":"stats"'):
            files[-1] = json.loads(line)
    closed = sum(line.startswith(b'{"type":"close"') for line in lines)
    sessions = int(re.findall(r"(\d+) sessions", said)[-1])
    shutil.rmtree(path)
    return read, lost, closed, sessions, files


def with_peer(top, packets, rate, command, pattern):
    out = os.path.join(top, "peer.pcap")
    peer = subprocess.Popen([*command, "-w", out], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    speed = send(top, packets, rate)
    time.sleep(1)
    peer.send_signal(signal.SIGINT)
    said = peer.communicate(timeout=60)[1]
    os.unlink(out)
    return speed, int(re.findall(pattern, said)[-1])


def without_loss(top, packets, rate):
    """The fastest of some tries of tcpdump at a rate, 0 if it lost in all: perhaps something else ran."""
    best = 0
    for _ in range(TRIES):
        speed, lost = with_peer(top, packets, rate, *TCPDUMP)
        print(f"looking for the rate: {rate:.0f} asked, {speed} sent, tcpdump lost {lost}", flush=True)
        if not lost:
            best = max(best, speed)
        if best >= rate * 0.9:
            break
    return best


def highest_rate(top, packets):
    """Of tcpdump without loss; the sender's own limit, where it comes first."""
    rate, good = LOWEST, LOWEST
    while True:
        speed = without_loss(top, packets, rate)
        if speed < rate * 0.9:
            return max(good, speed)
        good, rate = rate, rate * STEP


def counts_do_not_fit(packets, read, lost, closed, sessions, files):
    if read + lost != packets:
        yield f"{read} read and {lost} lost are not {packets}"
    written = sum(f["packets"] for f in files), sum(f["dropped"] for f in files)
    if written != (read, lost) or files[-1]["kernel_drops"] + files[-1]["device_drops"] != lost:
        yield f"stats events say {written} in place of {read} and {lost}"
    if closed != sessions:
        yield f"{sessions} sessions, {closed} recorded"


def hold(binary, top, packets, rate):
    """At a rate, in turn with tcpdump.  Complaints, and how often it lost where tcpdump did not."""
    complaints, worse = [], 0
    before = with_peer(top, packets, rate, *TCPDUMP)
    for _ in range(ROUNDS):
        speed, read, lost, closed, sessions, files = with_recorder(binary, top, packets, rate)
        after = with_peer(top, packets, rate, *TCPDUMP)
        complaints += counts_do_not_fit(packets, read, lost, closed, sessions, files)
        worse += lost > 0 and before[1] + after[1] == 0 and speed <= 1.05 * max(before[0], after[0])
        line = f"{rate:.0f} asked: recorder {speed} sent, {lost} lost; tcpdump {after[0]} sent, {after[1]} lost"
        if shutil.which("dumpcap"):
            line += "; dumpcap %d sent, %d lost" % with_peer(top, packets, rate, *DUMPCAP)
        print(line, flush=True)
        before = after
    return complaints, worse


def counts_under_loss(binary, top, packets):
    """A ring of 1 MiB, and a recorder that stands still for a while: packets are lost, and all are counted."""
    path = box.folder(top, "recording")
    recorder = Recorder(binary, "-i", "vb", "-o", path, "-B", "1024")
    recorder.process.send_signal(signal.SIGSTOP)
    send(top, packets // 4, 0)
    recorder.process.send_signal(signal.SIGCONT)
    time.sleep(1)
    send(top, packets // 4, 0)
    time.sleep(1)
    read, lost, closed, sessions, files = end_of(recorder, path)
    print(f"ring of 1 MiB: {read} read, {lost} lost", flush=True)
    if not lost:
        yield "nothing was lost that should be"
    yield from counts_do_not_fit(packets // 4 * 2, read, lost, closed, sessions, files)


def counts_at_an_early_end(binary, top, packets):
    """More lies in the ring than can be read in the time that an end may take: what stays unread is lost, and counted."""
    path = box.folder(top, "recording")
    recorder = Recorder(binary, "-i", "vb", "-o", path, "-B", str(packets // 2))
    recorder.process.send_signal(signal.SIGSTOP)
    send(top, packets, 0)
    recorder.process.send_signal(signal.SIGTERM)
    recorder.process.send_signal(signal.SIGCONT)
    took = recorder.stop()
    read, lost, closed, sessions, files = end_of(recorder, path)
    print(f"ended with a full ring in {took:.1f} s: {read} read, {lost} lost", flush=True)
    if took > 2:
        yield f"it took {took:.1f} s to end"
    yield from counts_do_not_fit(packets, read, lost, closed, sessions, files)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--packets", type=int, default=1000000)
    o = parser.parse_args()
    binary = os.path.abspath(o.binary)
    if not os.path.exists(os.path.join(SHARED, "blast.c")) or not shutil.which("tcpdump"):
        print("needs ../shared/bench and tcpdump")
        return 77
    box.enter([os.path.abspath(__file__), binary, "--packets", str(o.packets)])
    box.veth()
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        build(top)
        rate = highest_rate(top, o.packets)
        complaints = [*counts_under_loss(binary, top, o.packets), *counts_at_an_early_end(binary, top, o.packets)]
        for rate in (rate, rate * 2, AS_FAST_AS_IT_GOES):
            wrong, worse = hold(binary, top, o.packets, rate)
            complaints += wrong
            if worse * 2 > ROUNDS:
                complaints.append(f"at {rate:.0f} packets a second tcpdump lost none, and it did in {worse} of {ROUNDS} rounds")
    print("\n".join(f"WRONG: {c}" for c in complaints) or "sent is read and lost, everywhere")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
