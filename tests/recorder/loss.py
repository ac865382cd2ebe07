#!/usr/bin/env python3
"""loss.py SMTPSCOPE [--packets N]: the recorder against tcpdump and dumpcap in the same run, at fixed rates and as fast
as the sender goes, over veth between two namespaces.  Where tcpdump loses nothing, the recorder may not; always what
was sent is what it read and what it counted as lost, to the packet.  Needs the sender of ../shared/bench.  Exit status
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
RATES = [20000, 100000, 200000, 0]
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
    recorder.stop()
    said = recorder.said()
    read, lost = (int(re.findall(pattern, said)[-1]) for pattern in (r"(\d+) packets, \d+ conn", r"lost: (\d+) packets"))
    lines, _ = box.contents(path)
    stats = [json.loads(line) for line in lines if line.startswith(b'{"type":"stats"')]
    closed = sum(line.startswith(b'{"type":"close"') for line in lines)
    sessions = int(re.findall(r"(\d+) sessions", said)[-1])
    shutil.rmtree(path)
    return speed, read, lost, closed, sessions, stats


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
    bad = 0
    box.veth()
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        build(top)
        for rate in RATES:
            speed, read, lost, closed, sessions, stats = with_recorder(binary, top, o.packets, rate)
            peer_speed, peer_lost = with_peer(top, o.packets, rate, ["tcpdump", "-i", "vb", "-B", "65536"],
                                              r"(\d+) packets dropped by kernel")
            line = f"{rate or 'all it can':>10}: recorder {speed} pps, {lost} lost; tcpdump {peer_speed} pps, {peer_lost} lost"
            if shutil.which("dumpcap"):
                _, other = with_peer(top, o.packets, rate, ["dumpcap", "-q", "-i", "vb", "-B", "64"], r"/(\d+) \(")
                line += f"; dumpcap {other} lost"
            complaints = []
            if read + lost != o.packets:
                complaints.append(f"{read} read and {lost} lost are not {o.packets}")
            if sum(s["packets"] for s in stats[-1:]) != read and len(stats) == 1:
                complaints.append("stats events say otherwise")
            if closed != sessions:
                complaints.append(f"{sessions} sessions, {closed} recorded")
            if lost and not peer_lost:
                complaints.append("tcpdump lost none")
            bad += len(complaints)
            print(line + "".join(f"; WRONG: {c}" for c in complaints), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
