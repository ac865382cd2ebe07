"""What the recorder's tests share: what is in a recording, traffic to make one of, and a runner of tests by name."""

import json
import os
import struct
import subprocess
import tempfile
import threading
import time

from box import contents, talk


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


def events(path, kind):
    return [json.loads(line) for line in contents(path)[0] if line.startswith(b'{"type":"%s"' % kind.encode())]


def ended(path):
    """The names of the sessions that are there from greeting to close."""
    names, closed = {}, set()
    for line in contents(path)[0]:
        event = json.loads(line)
        if event["type"] == "command" and str(event.get("line", "")).startswith("EHLO n-"):
            names[event["session"]] = event["line"][5:]
        if event["type"] == "close" and not event.get("open"):
            closed.add(event["session"])
    return {names[s] for s in closed if s in names}


def analysis(binary, path, *options):
    """The session lines of `analyze --json`."""
    read = subprocess.run([binary, "analyze", "--json", *options, path], capture_output=True, text=True)
    need(read.returncode == 0, f"the analyzer says {read.stderr}")
    return [json.loads(line) for line in read.stdout.splitlines() if '"type":"session"' in line]


def load(stop, done, auth=False):
    """Sessions one after the other, each with its name and the time it was over."""
    n = 0
    while not stop.is_set():
        name = f"n-{threading.get_ident()}-{n}"
        try:
            done[name] = talk(name, auth=auth)
        except OSError:
            pass
        n += 1


def under_load(seconds, auth=False, threads=3):
    stop, done = threading.Event(), {}
    workers = [threading.Thread(target=load, args=(stop, done, auth)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    time.sleep(seconds)
    return stop, done, workers


def finish(stop, workers):
    stop.set()
    for worker in workers:
        worker.join()


def sample(name):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "samples", name)


def frames_of(path):
    """Ethernet frames of a little-endian pcap file; what is only IP gets a header."""
    data = open(path, "rb").read()
    link = struct.unpack("<I", data[20:24])[0]
    at, frames = 24, []
    while at < len(data):
        length = struct.unpack("<I", data[at + 8:at + 12])[0]
        octets = data[at + 16:at + 16 + length]
        if link == 113:  # Linux cooked
            octets = bytes(12) + octets[14:]
        elif link == 276:
            octets = bytes(12) + octets[0:2] + octets[20:]
        elif link in (101, 12):
            octets = bytes(12) + b"\x08\x00" + octets
        frames.append(octets)
        at += 16 + length
    return frames


def flood_frames(kind, count, rng):
    """SYNs of as many connections, or a scan: SYN and RST."""
    for n in range(count):
        source, port = rng.randbytes(4), rng.randrange(1024, 65535)
        target = bytes([10, 9, rng.randrange(256), rng.randrange(256)]) if kind == "scan" else bytes([10, 9, 0, 1])
        for flags, ends in ((2, (source, target, port, 25)), (20, (target, source, 25, port)))[:2 if kind == "scan" else 1]:
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, n & 0xffff, 0, 64, 6, 0, ends[0], ends[1])
            yield bytes(12) + b"\x08\x00" + ip + struct.pack(">HHIIBBHHH", ends[2], ends[3], n, 0, 0x50, flags, 65535, 0, 0)


def status_kib(process, field):
    """Of a process: VmHWM, which has the kernel's rings in it, or RssAnon, which has not."""
    for line in open(f"/proc/{process.pid}/status"):
        if line.startswith(field):
            return int(line.split()[1])
    return 0


def run(tests, binary, names, *more):
    """The exit status; `names` are those that are asked for, or none for all."""
    bad = 0
    for test in tests:
        if names and test.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory(dir="/tmp") as top:
            start = time.time()
            try:
                said = test(binary, top, *more)
                print(f"{test.__name__}: ok ({time.time() - start:.1f} s)" + (f": {said}" if said else ""), flush=True)
            except Wrong as wrong:
                bad += 1
                print(f"{test.__name__}: {wrong}", flush=True)
    return 1 if bad else 0
