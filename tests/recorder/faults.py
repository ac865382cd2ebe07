#!/usr/bin/env python3
"""faults.py SMTPSCOPE [--kills N] [NAME...]: what a recorder must survive, each a test by name: it is killed, its disk
is full, its folder goes away, its device goes down; and what it must refuse.  Exit status 77: it cannot
run here."""

import argparse
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box  # noqa: E402
import checks  # noqa: E402
from box import Recorder, Server, contents, folder, talk  # noqa: E402
from checks import ended, events, finish, flood_frames, frames_of, need, sample, under_load  # noqa: E402

SEED = 7


def killed(binary, top, kills):
    rng = random.Random(SEED)
    for n in range(kills):
        path = folder(top, f"kill-{n}")
        recorder = Recorder(binary, "-i", "lo", "-o", path, "--rotate-size", "64K")
        stop, done, workers = under_load(1.2 + rng.random())
        recorder.process.kill()
        recorder.process.wait()
        moment = time.time()
        finish(stop, workers)
        lines, torn = contents(path)
        need(torn <= 1, f"kill {n}: {torn} torn lines")
        for line in lines:
            json.loads(line)
        missing = {name for name, at in done.items() if at < moment - 1} - ended(path)
        need(not missing, f"kill {n}: {len(missing)} of {len(done)} sessions are not there, such as {min(missing, default='')}")
        need(len(ended(path)) > 5, f"kill {n}: hardly a session in the recording")
        read = subprocess.run([binary, "analyze", "--json", path], capture_output=True)
        need(read.returncode == 0, f"kill {n}: the analyzer says {read.stderr.decode()}")
        shutil.rmtree(path)


def signals(binary, top, _):
    path = folder(top, "signals")
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--no-compression")
    open_one = talk("n-open", leave_open=True)
    talk("n-first")
    time.sleep(0.5)
    recorder.process.send_signal(signal.SIGUSR1)
    need(recorder.wait_for("packets,"), "no statistics at SIGUSR1")
    recorder.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    need(len(os.listdir(path)) == 2, f"after SIGHUP there are {os.listdir(path)}")
    talk("n-second")
    took = recorder.stop()
    open_one.close()
    need(took < 2, f"it took {took:.1f} s to end")
    need(recorder.process.returncode == 0, f"exit status {recorder.process.returncode}: {recorder.said()}")
    need([e for e in events(path, "close") if e.get("open")], "no session is written as open")
    need(ended(path) == {"n-first", "n-second"}, f"ended: {ended(path)}")
    read = subprocess.run([binary, "analyze", "--json", path], capture_output=True, text=True)
    sessions = [json.loads(line) for line in read.stdout.splitlines() if '"type":"session"' in line]
    need(len(sessions) == 3 and "n-open" in {s["helo"] for s in sessions},
         "a session that goes on in the next file is not one session")


def end_in_time(binary, top, _):
    """Within two seconds under load, however long the kernel gathers packets, and with what it had gathered."""
    for timeout in ("1", "10000"):
        path = folder(top, f"end-{timeout}")
        recorder = Recorder(binary, "-i", "lo", "-o", path, "--timeout", timeout, "--pcap")
        stop, done, workers = under_load(1.5)
        finish(stop, workers)
        took = recorder.stop()
        need(took < 2, f"--timeout {timeout}: it took {took:.1f} s to end")
        missing = set(done) - ended(path)
        need(not missing, f"--timeout {timeout}: {len(missing)} of {len(done)} sessions are not there")


def full_disk(binary, top, _):
    path = folder(top, "full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", path], check=True)
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--no-compression", "--rotate-size", "64K")
    stop, done, workers = under_load(0)
    need(recorder.wait_for("No space left", 30), f"a full disk is not told: {recorder.said()}")
    os.unlink(os.path.join(path, sorted(os.listdir(path))[0]))
    subprocess.run(["mount", "-o", "remount,size=64m", path], check=True)
    need(recorder.wait_for("writing again", 10), f"it does not go on: {recorder.said()}")
    finish(stop, workers)
    late = talk("n-late")
    time.sleep(1.2)
    recorder.stop()
    need("lines are lost" in recorder.said() or "lines by writing" in recorder.said(), "losses are not counted")
    need("n-late" in ended(path), f"nothing was recorded behind it, {late}")
    need(contents(path)[1] == 0, "a torn line stayed")
    need(subprocess.run([binary, "analyze", path], capture_output=True).returncode == 0, "the analyzer cannot read it")
    subprocess.run(["umount", path])


def folder_removed(binary, top, _):
    path = folder(top, "removed")
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--no-compression")
    talk("n-before")
    time.sleep(0.5)
    shutil.rmtree(path)
    talk("n-lost")
    need(recorder.wait_for("No such file", 10), f"it is not told: {recorder.said()}")
    os.mkdir(path, 0o700)
    talk("n-after")
    need(recorder.wait_for("writing again", 10), f"it does not go on: {recorder.said()}")
    talk("n-last")
    time.sleep(0.5)
    recorder.stop()
    need("n-last" in ended(path), "nothing was recorded behind it")


def device_down(binary, top, _):
    path = folder(top, "down")
    box.veth()
    recorder = Recorder(binary, "-i", "vb", "-i", "lo", "-o", path)
    subprocess.run(["ip", "link", "set", "vb", "down"], check=True)
    need(recorder.wait_for("vb: down", 10), f"it is not told: {recorder.said()}")
    talk("n-lo")
    subprocess.run(["ip", "link", "set", "vb", "up"], check=True)
    need(recorder.wait_for("vb: up again", 10), f"nor that it is back: {recorder.said()}")
    time.sleep(0.5)
    box.send_frames("va", frames_of(sample("clean.pcap")))
    time.sleep(0.5)
    subprocess.run(["ip", "link", "del", "vb"], check=True)
    need(recorder.wait_for("vb: gone", 10), f"a removed device is not told: {recorder.said()}")
    box.veth()
    time.sleep(2.5)
    need(recorder.said().count("up again") == 2, "nor that there is another")
    box.send_frames("va", frames_of(sample("nested-mail.pcap")))
    time.sleep(1)
    recorder.stop()
    subprocess.run(["ip", "link", "del", "vb"], check=True)
    need("n-lo" in ended(path), "the other device was not recorded meanwhile")
    need(len(events(path, "open")) == 3, f"{events(path, 'open')} in place of 3 sessions, {recorder.said()}")


def device_removed_behind(binary, top, _):
    """A device that is removed while its packets still lie in the ring: they are recorded all the same."""
    path = folder(top, "behind")
    box.veth()
    recorder = Recorder(binary, "-i", "vb", "-i", "lo", "-o", path)
    frames = frames_of(sample("clean.pcap"))
    recorder.process.send_signal(signal.SIGSTOP)
    box.send_frames("va", list(flood_frames("syn", 30000, random.Random(5))))
    box.send_frames("va", frames)
    subprocess.run(["ip", "link", "del", "vb"], check=True)
    recorder.process.send_signal(signal.SIGCONT)
    need(recorder.wait_for("vb: gone", 10), f"a removed device is not told: {recorder.said()}")
    time.sleep(1)
    talk("n-lo")
    recorder.stop()
    stats = events(path, "stats")[-1]
    need("n-lo" in ended(path), "the other device was not recorded any more")
    need(len(events(path, "open")) == 2, f"{events(path, 'open')} in place of 2 sessions, {recorder.said()}")
    need(stats["dropped"] == 0 and stats["packets"] >= 30000 + len(frames), f"packets are missing: {stats}")


def tagged(frame, *tags):
    return frame[:12] + b"".join(b"\x81\x00" + struct.pack(">H", t) for t in tags) + frame[12:]


def inside_tunnel(frame):
    udp = struct.pack(">HHHH", 40000, 4789, 16 + len(frame), 0) + b"\x08\0\0\0\0\0\x07\0" + frame
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
    return bytes(12) + b"\x08\x00" + ip + udp


def tags_and_tunnels(binary, top, _):
    """Frames that "tcp port 25" does not catch."""
    box.veth()
    frames = frames_of(sample("clean.pcap"))
    for name, change in [("tag", lambda f: tagged(f, 5)), ("tags", lambda f: tagged(f, 7, 5)), ("tunnel", inside_tunnel)]:
        path = folder(top, name)
        recorder = Recorder(binary, "-i", "vb", "-o", path)
        box.send_frames("va", [change(frame) for frame in frames])
        time.sleep(0.7)
        recorder.stop()
        need(len(events(path, "close")) == 1, f"{name}: {len(events(path, 'close'))} sessions")
    subprocess.run(["ip", "link", "del", "vb"], check=True)


def silence(binary, top, _):
    """Packets flow, and none matches."""
    box.veth()
    recorder = Recorder(binary, "-i", "vb", "-o", folder(top, "silence"))
    end = time.time() + 34
    while time.time() < end and "none matches" not in recorder.said():
        box.send_frames("va", [bytes(12) + b"\x08\x06" + bytes(46)] * 20)
        time.sleep(0.5)
    recorder.stop()
    subprocess.run(["ip", "link", "del", "vb"], check=True)
    need("none matches" in recorder.said(), f"it is not told: {recorder.said()}")


def secrets(binary, top, _):
    """Nothing that was sent as a secret is on the disk, in any form; sealed, its owner alone reads it."""
    key = os.path.join(top, "key")
    public = subprocess.run([binary, "keygen", "-o", key], capture_output=True, text=True, check=True).stdout.strip()
    for policy in ("mask", f"seal={public}", "keep"):
        path = folder(top, policy[:4])
        recorder = Recorder(binary, "-i", "lo", "-o", path, "--no-compression", "--secrets", policy, "--findings",
                            os.path.join(top, policy[:4] + ".findings"))
        talk("n-secret", auth=True)
        time.sleep(0.5)
        recorder.stop()
        kept = b"".join(open(os.path.join(path, name), "rb").read() for name in os.listdir(path))
        has_it = box.PASSWORD in kept or b"AGFsaWNl" in kept or box.SECRET.encode() in kept
        need(has_it == (policy == "keep"), f"{policy}: the secret is {'not ' * (not has_it)}in the recording")
        need("n-secret" in ended(path), f"{policy}: no session")
        shown = subprocess.run([binary, "analyze", "--json", "--show-secrets", path]
                               + (["--unseal", key] if "seal" in policy else []), capture_output=True).stdout
        need((b"super-secret" in shown) == (policy != "mask"), f"{policy}: --show-secrets")
        need(os.stat(os.path.join(path, os.listdir(path)[0])).st_mode & 0o777 == 0o600, f"{policy}: mode")


def refusals(binary, top, _):
    """Who may not, and where not to."""
    def refused(reason, *arguments, user=None):
        p = subprocess.run([binary, "capture", "-i", "lo", "-q", "-c", "1", *arguments], capture_output=True, text=True,
                           user=user, timeout=20)
        need(p.returncode in (2, 3) and reason in p.stderr, f"{arguments}: {p.returncode}, {p.stderr}")
    shutil.copy(binary, "/tmp/smtpscope-in-box")
    link, world = os.path.join(top, "link"), folder(top, "world")
    os.symlink(folder(top, "target"), link)
    os.chmod(world, 0o777)
    for name in (link, link + "/"):
        refused("symbolic link", "-o", name)
    refused("symbolic link", "-o", folder(top, "for-findings"), "--findings", link)
    refused("a folder", "--findings", folder(top, "no-file"))
    for others in (["--findings", "-"], ["--follow"]):
        refused("standard output is for one", "-o", "-", *others)
    need(not os.listdir(os.path.join(top, "target")), "something was written through a link")
    refused("no such folder", "-o", os.path.join(top, "none/"))
    os.makedirs(os.path.join(top, "shared"))
    os.chmod(os.path.join(top, "shared"), 0o777)
    planted = os.path.join(top, "shared", "planted")
    open(planted, "w").close()
    os.chmod(planted, 0o666)
    os.chown(planted, 65534, 65534)
    refused("somebody else", "-o", planted)
    refused("others can write", "-o", world)
    refused("no user", "--user", "nobody-of-that-name", "-o", folder(top, "user"))
    refused("such", "-i", "none0")
    p = subprocess.run(["/tmp/smtpscope-in-box", "capture", "-i", "lo"], capture_output=True, text=True, user=65534)
    os.unlink("/tmp/smtpscope-in-box")
    need(p.returncode == 3 and "CAP_NET_RAW" in p.stderr, f"an unprivileged user: {p.returncode}, {p.stderr}")


def least_privilege(binary, top, _):
    """Another user, one capability, no way to more."""
    path = folder(top, "user")
    os.chown(path, 65534, 65534)
    os.chmod(top, 0o755)
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--user", "nobody")
    status = dict(line.split(":", 1) for line in open(f"/proc/{recorder.process.pid}/status") if ":" in line)
    talk("n-user")
    time.sleep(0.5)
    recorder.stop()
    need(set(status["Uid"].split()) == {"65534"}, f"user {status['Uid']}")
    need(int(status["CapEff"], 16) == 1 << 13 and int(status["CapPrm"], 16) == 1 << 13, f"capabilities {status['CapEff']}")
    need(int(status["CapBnd"], 16) == 1 << 13, f"bounding set {status['CapBnd']}")
    need(status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2", "no_new_privs and seccomp")
    need("n-user" in ended(path), f"nothing was recorded: {recorder.said()}")


def full_disk_of_packets(binary, top, _):
    """Packets that the disk did not take are counted, and events behind them have the right numbers, in a new file."""
    path = folder(top, "full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs", path], check=True)
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--no-compression", "--pcap")
    stop, done, workers = under_load(0)
    need(recorder.wait_for("No space left", 30), f"a full disk is not told: {recorder.said()}")
    time.sleep(1)
    subprocess.run(["mount", "-o", "remount,size=64m", path], check=True)
    need(recorder.wait_for("writing again", 10), f"it does not go on: {recorder.said()}")
    finish(stop, workers)
    time.sleep(2)
    talk("n-late")
    time.sleep(0.7)
    recorder.stop()
    lost = [event["evidence_lost"] for event in events_of_lines(path, "stats")]
    need(lost and lost[-1] > 0, f"lost packets are not counted: {recorder.said()}")
    check_numbers(path)
    need("n-late" in "".join(contents_of(path)), "nothing was recorded behind it")
    subprocess.run(["umount", path])


def events_of_lines(path, kind):
    return [event for event in map(json.loads, contents_of(path)) if event["type"] == kind]


def check_numbers(path):
    """Of the newest file: each command is in the packet that it names."""
    newest = sorted(name for name in os.listdir(path) if name.endswith(".jsonl"))[-1]
    packets = packets_of(os.path.join(path, newest.replace(".jsonl", ".pcapng")))
    lines = [json.loads(line) for line in open(os.path.join(path, newest))]
    commands = [e for e in lines if e["type"] == "command" and isinstance(e.get("line"), str)]
    need(commands, f"no command in {newest}")
    for event in commands:
        need("packet" in event and event["line"].encode() in packets[event["packet"] - 1], f"wrong packet: {event}")


def single_file(binary, top, _):
    """A file in place of a folder: renamed and opened again at SIGHUP; also a pipe, and nothing."""
    path, moved, pipe = (os.path.join(top, name) for name in ("one.jsonl", "one.jsonl.1", "pipe"))
    recorder = Recorder(binary, "-i", "lo", "-o", path)
    talk("n-first")
    time.sleep(0.5)
    os.rename(path, moved)
    recorder.process.send_signal(signal.SIGHUP)
    time.sleep(0.7)
    talk("n-second")
    time.sleep(0.5)
    recorder.stop()
    need(recorder.process.returncode == 0, recorder.said())
    for name, greeted in ((moved, "n-first"), (path, "n-second")):
        need(f"EHLO {greeted}" in open(name).read(), f"{greeted} is not in {name}")
        need(os.stat(name).st_mode & 0o777 == 0o600, f"{name}: mode")
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    for target in (pipe, "/dev/null"):
        recorder = Recorder(binary, "-i", "lo", "-o", target)
        talk("n-pipe")
        time.sleep(0.5)
        recorder.stop()
        need(recorder.process.returncode == 0, f"{target}: {recorder.said()}")
    need(b"EHLO n-pipe" in reader.communicate(timeout=10)[0], "nothing came through the pipe")


def watching(binary, top, _):
    """Findings for a monitor, counters for Prometheus, dialogues for people."""
    findings, metrics = os.path.join(top, "findings.jsonl"), os.path.join(top, "smtpscope.prom")
    recorder = Recorder(binary, "-i", "lo", "--follow", "--findings", findings, "--metrics", metrics)
    talk("n-watch", auth=True)
    time.sleep(1.2)
    found = [json.loads(line) for line in open(findings)]
    recorder.stop()
    need("cleartext-credential" in {f["id"] for f in found}, f"findings: {found}")
    need("EHLO n-watch" in recorder.output.decode() and "cleartext-credential" in recorder.output.decode(), "no dialogue shown")
    need(box.PASSWORD not in recorder.output and b"AGFsaWNl" not in recorder.output, "a secret is shown")
    text = open(metrics).read()
    need("smtpscope_sessions_total 1" in text and 'smtpscope_dropped_total{reason="kernel"} 0' in text, text)


def full_disk_of_findings(binary, top, _):
    """A file of findings has whole lines only, and goes on when there is room."""
    path, small = folder(top, "recording"), folder(top, "small")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", small], check=True)
    findings = os.path.join(small, "findings.jsonl")
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--findings", findings)
    stop, done, workers = under_load(0, auth=True)
    need(recorder.wait_for("No space left", 30), f"a full disk is not told: {recorder.said()}")
    time.sleep(1)
    need(all(map(json.loads, open(findings))) and open(findings).read().endswith("\n"), "a torn line while it is full")
    subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
    need(recorder.wait_for("writing again", 10), f"it does not go on: {recorder.said()}")
    finish(stop, workers)
    time.sleep(1)
    recorder.stop()
    lines = [json.loads(line) for line in open(findings)]
    subprocess.run(["umount", small])
    said = recorder.said().splitlines()[-2]
    need("0 lines by writing" in said and " 0 findings" not in said, f"losses are not counted: {recorder.said()}")
    lost = int(said.split(" packets of evidence, ")[1].split(" ")[0])
    found = int(said.split(" sessions, ")[1].split(" ")[0])
    need(len(lines) + lost == found, f"{len(lines)} lines and {lost} lost are not {found} findings")
    need(set(done) == ended(path), "a session is not in the recording")


def quota_in_a_rush(binary, top, _):
    """Files end by their size however fast lines come, so that a quota holds more than the open one."""
    path, quota = folder(top, "quota"), 4_000_000
    recorder = Recorder(binary, "-i", "lo", "-o", path, "--keep-bytes", str(quota), "--no-compression")
    stop, done, workers = under_load(8)
    finish(stop, workers)
    time.sleep(1.5)
    recorder.stop()
    sizes = [os.path.getsize(os.path.join(path, name)) for name in sorted(os.listdir(path))]
    need(len(done) > 1200 and 3 <= len(sizes) <= 4 and sum(sizes) <= quota, f"{len(done)} sessions, files of {sizes}")
    need(all(size < quota * 0.35 for size in sizes), f"files of {sizes} octets")


def nobody_reads(binary, top, _):
    """A monitor that stands still, and one that has gone, hold up nothing; where only it was told, that is the end."""
    for options in (["--findings", "-"], ["--follow"]):
        path = folder(top, options[0].strip("-"))
        recorder = Recorder(binary, "-i", "lo", "-o", path, *options)
        stop, done, workers = under_load(4, auth=True)
        finish(stop, workers)
        time.sleep(1)
        recorder.process.send_signal(signal.SIGUSR1)
        need(recorder.wait_for("packets, "), f"{options}: it does not answer")
        start = time.time()
        recorder.process.send_signal(signal.SIGTERM)
        recorder.process.wait(timeout=20)
        need(time.time() - start < 2, f"{options}: it took {time.time() - start:.1f} s to end")
        need(set(done) == ended(path) and len(done) > 200, f"{options}: {len(done)} sessions, {len(ended(path))} recorded")
        recorder.process.stdout.close()
        recorder = Recorder(binary, "-i", "lo", *options)
        recorder.process.stdout.close()
        talk("n-unheard", auth=True)
        recorder.process.wait(timeout=5)
        need(recorder.process.returncode == 0, f"{options}: {recorder.process.returncode}, {recorder.said()}")


def clock_back(binary, top, _):
    """The clock is set back in the middle: all sessions stay, and none that follows waits for the old time."""
    frames = frames_of(sample("clean.pcap"))
    path = os.path.join(top, "back.pcap")
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for n in range(400):
            shift = 1_800_000_000 + n if n < 200 else 1_799_990_000 + n
            port = struct.pack(">H", 20000 + n)
            for i, frame in enumerate(frames):
                octets = bytearray(frame)
                at = 34 if octets[34:36] != b"\0\x19" else 36
                octets[at:at + 2] = port
                f.write(struct.pack("<IIII", shift, i * 1000, len(octets), len(octets)) + octets)
    out = folder(top, "back")
    p = subprocess.run([binary, "capture", "-r", path, "-o", out, "--rotate-time", "60"], capture_output=True, text=True)
    need(p.returncode == 0, p.stderr)
    read = subprocess.run([binary, "analyze", "--json", out], capture_output=True, text=True).stdout
    sessions = [line for line in read.splitlines() if '"type":"session"' in line]
    need(len(sessions) == 400, f"{len(sessions)} of 400 sessions")


def packets_of(path):
    """(octets, comment) of each packet of a little-endian pcapng file; also of a packed one."""
    data = subprocess.run(["zstd", "-dcq", path], capture_output=True).stdout if path.endswith("zst") else open(path, "rb").read()
    at, packets = 0, []
    while at < len(data):
        kind, length = struct.unpack("<II", data[at:at + 8])
        if kind == 6:
            captured = struct.unpack("<I", data[at + 20:at + 24])[0]
            packets.append(data[at + 28:at + 28 + captured])
        at += length
    return packets


def checksum_is_right(packet):
    """Of TCP in IPv4 in Ethernet."""
    ip = packet[14:]
    total = struct.unpack(">H", ip[2:4])[0]
    tcp = ip[20:total]
    words = ip[12:20] + struct.pack(">HH", 6, len(tcp)) + tcp + b"\0" * (len(tcp) % 2)
    value = sum(struct.unpack(f">{len(words) // 2}H", words))
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return value == 0xffff


def evidence(binary, top, _):
    """The packets of sessions alone, numbered as the recording says, their secrets overwritten and checksums mended."""
    box.veth()
    auth, clean = frames_of(sample("auth-plain.pcap")), frames_of(sample("clean.pcap"))
    other = list(flood_frames("syn", 50, random.Random(SEED)))
    right = sum(checksum_is_right(frame) for frame in auth + clean)
    for options in (["--pcap"], ["--pcap-on-finding"], ["--pcap", "--secrets", "keep"]):
        path = folder(top, "-".join(options).strip("-").replace(" ", ""))
        recorder = Recorder(binary, "-i", "vb", "-o", path, "--no-compression", *options)
        box.send_frames("va", other[:25])
        for pair in zip(auth, clean):
            box.send_frames("va", pair)
        box.send_frames("va", auth[len(clean):] + clean[len(auth):] + other[25:])
        time.sleep(0.7)
        recorder.stop()
        name = next((n for n in os.listdir(path) if n.endswith("pcapng")), None)
        need(name, f"{options}: no packets: {recorder.said()}")
        packets = packets_of(os.path.join(path, name))
        if "--pcap" in options:
            need(len(packets) == len(auth) + len(clean), f"{options}: {len(packets)} of {len(auth) + len(clean)} packets")
            for event in map(json.loads, (line for line in contents_of(path))):
                if event["type"] == "command" and "line" in event and isinstance(event["line"], str):
                    need(event["line"].encode() in packets[event["packet"] - 1], f"{event['line']} is not in packet {event['packet']}")
                need(event["type"] not in ("open", "command", "reply", "content") or "packet" in event, f"no packet in {event}")
        else:
            need(len(packets) == len(auth), f"{options}: {len(packets)} packets in place of {len(auth)}")
        octets = b"".join(packets)
        need((b"AGFsaWNl" in octets) == ("keep" in options), f"{options}: the secret is{' not' * ('keep' in options)} there")
        if "keep" not in options and "--pcap" in options:
            need(sum(map(checksum_is_right, packets)) == right, f"{options}: {sum(map(checksum_is_right, packets))} checksums are right, {right} were")
        read = subprocess.run([binary, "analyze", "--json", os.path.join(path, name)], capture_output=True, text=True)
        need(read.stdout.count('"type":"session"') == (2 if "--pcap" in options else 1), f"{options}: {read.stderr}")
    subprocess.run(["ip", "link", "del", "vb"], check=True)


def contents_of(path):
    """Lines of the recording alone."""
    for name in sorted(os.listdir(path)):
        if name.endswith(".jsonl"):
            yield from open(os.path.join(path, name))


TESTS = [signals, end_in_time, single_file, full_disk_of_packets, secrets, evidence, refusals, least_privilege, watching, full_disk_of_findings, nobody_reads, quota_in_a_rush, tags_and_tunnels, device_down, device_removed_behind, folder_removed, full_disk,
         clock_back, killed, silence]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--kills", type=int, default=10)
    arguments = parser.parse_intermixed_args()
    binary = os.path.abspath(arguments.binary)
    box.enter([os.path.abspath(__file__), binary, *arguments.names, "--kills", str(arguments.kills)])
    Server()
    return checks.run(TESTS, binary, arguments.names, arguments.kills)


if __name__ == "__main__":
    sys.exit(main())
