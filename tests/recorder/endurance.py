#!/usr/bin/env python3
"""endurance.py SMTPSCOPE [--long] [NAME...]: what is large or lasts long, each a test by name: a message of gigabytes,
ten thousand sessions at once, a flood of connections, a day of traffic.  Without --long the day is thinner, and message
and flood are smaller.  Exit status 77: it cannot run here."""

import argparse
import asyncio
import hashlib
import multiprocessing
import os
import random
import resource
import shutil
import socket
import struct
import subprocess
import sys
import time
from statistics import median

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box  # noqa: E402
import checks  # noqa: E402
from box import Recorder, Server, contents, folder  # noqa: E402
from checks import analysis, ended, finish, flood_frames, frames_of, need, sample, status_kib, under_load  # noqa: E402

SEED = 7
MIB = 1 << 20
FILE_HEAD = struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, 1)  # nanoseconds, Ethernet
MORNING = 1_790_000_000
LINE = b"x" * 998 + b"\r\n"
SYN, ACK = 2, 16


def segment(is_client, seq, ack, payload=b"", flags=ACK):
    ends = (bytes([192, 0, 2, 1]), bytes([192, 0, 2, 25]), 40000, 25)
    source, target, source_port, target_port = ends if is_client else (ends[1], ends[0], ends[3], ends[2])
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, source, target)
    tcp = struct.pack(">HHIIBBHHH", source_port, target_port, seq % 2**32, ack % 2**32, 0x50, flags, 65535, 0, 0)
    return bytes(12) + b"\x08\x00" + ip + tcp + payload


class Conversation:
    """Segments of one connection in a pipe, each with its time."""

    def __init__(self, pipe, step_ns):
        pipe.write(FILE_HEAD)
        self.pipe, self.step_ns, self.time_ns = pipe, step_ns, MORNING * 10**9
        self.next = {True: 2**32 - 5000, False: 77}  # the client's wraps soon
        for is_client, flags in ((True, SYN), (False, SYN | ACK), (True, ACK)):
            self.put(is_client, b"", flags)
            self.next[is_client] += flags != ACK

    def put(self, is_client, payload=b"", flags=ACK):
        frame = segment(is_client, self.next[is_client], self.next[not is_client], payload, flags)
        seconds, rest = divmod(self.time_ns, 10**9)
        self.pipe.write(struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame)
        self.next[is_client] += len(payload)
        self.time_ns += self.step_ns

    def exchange(self, command, reply):
        self.put(True, command + b"\r\n")
        self.put(False, reply + b"\r\n")


def feed_message(recorder, size):
    """A session of four hours whose message has this size.  The recorder's memory, quarter by quarter, and the digest."""
    piece, digest, quarters = LINE * 65, hashlib.sha256(), []
    count = size // len(piece)
    talk = Conversation(recorder.stdin, 4 * 3600 * 10**9 // count)
    talk.put(False, b"220 mx.test ESMTP\r\n")
    for command, reply in ((b"EHLO n-large", b"250 mx.test"), (b"MAIL FROM:<a@example.org>", b"250 2.1.0 Ok"),
                           (b"RCPT TO:<b@example.net>", b"250 2.1.5 Ok"), (b"DATA", b"354 go on")):
        talk.exchange(command, reply)
    for n in range(count):
        talk.put(True, piece)
        digest.update(piece)
        if n % 8 == 7:
            talk.put(False)
        if n * 4 // count != (n + 1) * 4 // count:
            quarters.append(status_kib(recorder, "RssAnon"))
    talk.exchange(b".", b"250 2.0.0 Ok: queued as 3A9F00AB12")
    talk.exchange(b"QUIT", b"221 2.0.0 Bye")
    for is_client in (True, False):
        talk.put(is_client, b"", ACK | 1)
        talk.next[is_client] += 1
    talk.put(True)
    recorder.stdin.close()
    return quarters, count * len(piece), digest.hexdigest()


def large_message(binary, top, is_long):
    """More octets than 32 bits count, through a pipe: counted right, in flat memory."""
    out = os.path.join(top, "large.jsonl")
    recorder = subprocess.Popen([binary, "capture", "-r", "-", "-o", out], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    quarters, size, digest = feed_message(recorder, 4_400_000_000 if is_long else 400_000_000)
    said = recorder.stderr.read().decode()
    need(recorder.wait() == 0 and not said, f"the recorder says {said}")
    message = analysis(binary, out)[0]["messages"][0]
    need((message["size"], message["sha256"], message["complete"], message["queue_id"]) == (size, digest, True, "3A9F00AB12"),
         f"{message} in place of {size} octets, {digest}")
    need(quarters[3] < quarters[0] + 2048, f"memory grows: {quarters} KiB")
    return f"{size} octets, {quarters[3]} KiB"


def large_message_live(binary, top, is_long):
    """The same on a device, as fast as client and server go."""
    path = folder(top, "large")
    recorder = Recorder(binary, "-i", "lo", "-o", path)
    count = (4_400_000_000 if is_long else 100_000_000) // len(LINE * 64)
    with socket.create_connection(("127.0.0.1", 25)) as client:
        with client.makefile("rb") as replies:
            for line in (b"", b"EHLO n-large", b"MAIL FROM:<a@example.org>", b"RCPT TO:<b@example.net>", b"DATA"):
                client.sendall(line + b"\r\n" if line else b"")
                while replies.readline()[3:4] == b"-":
                    pass
            for _ in range(count):
                client.sendall(LINE * 64)
            for line in (b".", b"QUIT"):
                client.sendall(line + b"\r\n")
                replies.readline()
    time.sleep(1)
    peak = status_kib(recorder.process, "VmHWM")
    recorder.stop()
    message = analysis(binary, path)[0]["messages"][0]
    need(message["size"] == count * 64000 and message["complete"], f"{message['size']} of {count * 64000}: {recorder.said()}")
    need(peak < (128 + 64) * 1024, f"{peak} KiB")  # the ring, and itself
    return f"{count * 64000} octets, {peak} KiB with the ring"


class Crowd:
    """Sessions that are all open at the same moment; the server is a process of its own, for its file descriptors."""

    PORT = 2525

    def __init__(self, count):
        self.count, self.here, self.all_here = count, 0, asyncio.Event()
        self.entrance = asyncio.Semaphore(500)

    @staticmethod
    async def serve(reader, writer):
        replies = {b"EHLO": b"250 mx.test", b"DATA": b"354 go on", b"QUIT": b"221 bye"}
        writer.write(b"220 mx.test ESMTP\r\n")
        while line := await reader.readline():
            if not line.startswith((b"Subject", b"\r", b"hello")):
                writer.write(replies.get(line[:4], b"250 2.0.0 Ok") + b"\r\n")
        writer.close()

    @classmethod
    async def serve_all(cls):
        async with await asyncio.start_server(cls.serve, "127.0.0.1", cls.PORT, backlog=4096) as server:
            await server.serve_forever()

    async def visit(self, n):
        async with self.entrance:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.PORT)
            await reader.readline()
            for line in (f"EHLO n-{n}", "MAIL FROM:<a@example.org>"):
                writer.write(line.encode() + b"\r\n")
                await reader.readline()
        self.here += 1
        if self.here == self.count:
            self.all_here.set()
        await self.all_here.wait()
        for line in ("RCPT TO:<b@example.net>", "DATA", "Subject: x\r\n\r\nhello\r\n.", "QUIT"):
            writer.write(line.encode() + b"\r\n")
            await reader.readline()
        writer.close()

    async def gather(self):
        await asyncio.gather(*(self.visit(n) for n in range(self.count)))


def ten_thousand(binary, top, _):
    """As many sessions at once: each is there whole."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(10000, most - 200)
    path = folder(top, "many")
    server = multiprocessing.Process(target=lambda: asyncio.run(Crowd.serve_all()), daemon=True)
    server.start()
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--metrics", os.path.join(top, "smtpscope.prom"))
    asyncio.run(Crowd(count).gather())
    time.sleep(1)
    peak = status_kib(recorder.process, "VmHWM")
    recorder.stop()
    server.kill()
    names = ended(path)
    need(len(names) == count, f"{len(names)} of {count} sessions: {recorder.said()}")
    need(peak < (192 + 128 + 32) * 1024, f"{peak} KiB")
    accepted = sum(len(s["messages"]) == 1 and s["messages"][0]["accepted"] for s in analysis(binary, path))
    need(accepted == count, f"{accepted} of {count} messages")
    return f"{count} sessions, {peak} KiB with the ring"


def flood(binary, top, is_long):
    """A SYN flood and a scan while real sessions run: all of them are recorded, in the memory that is allowed."""
    path = folder(top, "flood")
    flows = 1_000_000 if is_long else 250_000
    box.veth()
    recorder = Recorder(binary, "-i", "vb", "-i", "lo", "-o", path, "--memory", "64M", "-B", "32768")
    stop, done, workers = under_load(0)
    rng = random.Random(SEED)
    box.send_frames("va", flood_frames("syn", flows * 3 // 5, rng))
    box.send_frames("va", flood_frames("scan", flows * 2 // 5, rng))
    finish(stop, workers)
    time.sleep(1)
    peak = status_kib(recorder.process, "VmHWM")
    recorder.stop()
    subprocess.run(["ip", "link", "del", "vb"], check=True)
    missing = set(done) - ended(path)
    need(not missing, f"{len(missing)} of {len(done)} sessions are missing: {recorder.said()}")
    need(peak < (64 + 64 + 64 + 32) * 1024, f"{peak // 1024} MiB of memory")  # budget, two rings, lines that wait, itself
    need(f"{flows + len(done)} connections" in recorder.said(), f"{flows} and {len(done)} connections: {recorder.said()}")
    return f"{flows} flows, {len(done)} sessions, {peak} KiB with the rings"


class Traffic:
    """The samples again and again, between other ends each time, several sessions at once."""

    TOGETHER = 16

    def __init__(self, names=("clean", "nested-mail", "auth-plain", "cascade-mail", "bdat")):
        self.templates = []
        for name in names:
            frames = [(f, f[36:38] == b"\0\x19") for f in frames_of(sample(name + ".pcap"))]
            self.templates.append([(f[:26], f[30:34], f[34:36], f[38:], to_server) for f, to_server in frames])

    def session(self, n):
        client = struct.pack(">BBH", 198, 18, 1 + n % 5000)
        port, served = struct.pack(">H", 20000 + n // 5000 % 40000), b"\xc0\0\x02\x19"
        for head, _, _, rest, to_server in self.templates[n % len(self.templates)]:
            ends = client + served + port + b"\0\x19" if to_server else served + client + b"\0\x19" + port
            yield head + ends + rest

    def group(self, first):
        """The frames of TOGETHER sessions, in turn."""
        running = [self.session(n) for n in range(first, first + self.TOGETHER)]
        while running:
            for one in list(running):
                frame = next(one, None)
                if frame is None:
                    running.remove(one)
                else:
                    yield frame


def size_of(path):
    return sum(os.path.getsize(os.path.join(path, name)) for name in os.listdir(path) if not name.startswith("."))


def grows(quarters, room_kib):
    """Memory of the last quarter against that of the first: the middle of what was seen, for the disk makes lines wait now
    and then."""
    return median(quarters[-1]) > median(quarters[0]) + room_kib


def figures(quarters):
    return " ".join(f"{median(quarter):.0f}" for quarter in quarters) + " KiB"


def day(binary, top, is_long):
    """24 hours from a pipe, whose clock is that of its packets: new files by the hour, of which the newest stay."""
    path, sessions = folder(top, "day"), 240_000 if is_long else 48_000
    quota = sessions * 2000  # a third of what comes
    recorder = subprocess.Popen([binary, "capture", "-r", "-", "-o", path, "--rotate-time", "3600", "--keep-bytes", str(quota),
                                 "--no-compression", "--findings", os.path.join(top, "findings")], stdin=subprocess.PIPE,
                                stderr=subprocess.PIPE)
    traffic, quarters, largest = Traffic(), [[], [], [], []], 0
    recorder.stdin.write(FILE_HEAD)
    for first in range(0, sessions, traffic.TOGETHER):
        at = MORNING * 10**9 + 86400 * 10**9 * first // sessions
        for i, frame in enumerate(traffic.group(first)):
            seconds, rest = divmod(at + i * 10**6, 10**9)
            recorder.stdin.write(struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame)
        if first // traffic.TOGETHER % 50 == 0:
            quarters[first * 4 // sessions].append(status_kib(recorder, "RssAnon"))
            largest = max(largest, size_of(path))
    recorder.stdin.close()
    said = recorder.stderr.read().decode()
    need(recorder.wait() == 0, said)
    need(not grows(quarters, 3 * 1024), f"memory grows: {figures(quarters)}")
    need(size_of(path) <= quota, f"{size_of(path)} octets are kept of {quota}")
    lines, torn = contents(path)
    kept = sum(line.startswith(b'{"type":"close"') for line in lines)
    files = len(os.listdir(path))
    need(not torn and 2 <= files < 24, f"{files} files, {torn} torn")
    need(abs(kept - files * sessions / 24) <= sessions / 24, f"{kept} sessions in {files} hours of {sessions} a day")
    need(len(analysis(binary, path)) >= kept, "the analyzer does not read all")
    return f"{sessions} sessions, {figures(quarters)}; {files} files stayed, {largest} octets at most"


def weeks_on_a_device(binary, top, is_long):
    """The same traffic on a device as fast as it goes, with packets as evidence; files by size, of which the newest stay."""
    path, sessions, quota = folder(top, "weeks"), 250_000 if is_long else 50_000, 2_000_000
    box.veth()
    recorder = Recorder(binary, "-i", "vb", "-o", path, "--rotate-size", "2M", "--keep-bytes", str(quota), "--pcap", "--metrics",
                        os.path.join(top, "smtpscope.prom"))
    traffic, parts, sent = Traffic(), [[], [], [], [], []], 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind(("va", 0))
        for first in range(0, sessions, traffic.TOGETHER):
            for frame in traffic.group(first):
                raw.send(frame)
                sent += 1
            if first // traffic.TOGETHER % 50 == 0:
                parts[first * 5 // sessions].append(status_kib(recorder.process, "RssAnon"))
    time.sleep(1)
    recorder.stop()
    subprocess.run(["ip", "link", "del", "vb"], check=True)
    said, quarters = recorder.said(), parts[1:]  # behind the first: until then buffers grow to what the rush needs
    need(f"{sent} packets" in said and "lost: 0 packets by the kernel" in said, f"{sent} packets sent: {said}")
    need(f" {sessions} sessions" in said, f"{sessions} sessions sent: {said}")
    need(not grows(quarters, 20 * 1024), f"memory grows: {figures(quarters)}")  # 16 MiB of packets may wait for a session
    files = [name for name in os.listdir(path) if not name.startswith(".")]
    need(any("pcapng" in name for name in files) and len(files) > 2, f"{files}")
    need(size_of(path) <= quota + 3 * MIB, f"{size_of(path)} octets of {quota} in {files}")
    need(not contents(path)[1], "a torn line")
    return f"{sent} packets, {figures(quarters)}; {len(files)} files stayed"


TESTS = [large_message, large_message_live, ten_thousand, flood, day, weeks_on_a_device]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--long", action="store_true")
    arguments = parser.parse_intermixed_args()
    binary = os.path.abspath(arguments.binary)
    if not shutil.which("zstd"):
        print("needs zstd")
        return 77
    box.enter([os.path.abspath(__file__), binary, *arguments.names, *(["--long"] if arguments.long else [])])
    Server()
    return checks.run(TESTS, binary, arguments.names, arguments.long)


if __name__ == "__main__":
    sys.exit(main())
