#!/usr/bin/env python3
"""tls.py SMTPSCOPE: what is found in a dialogue in clear is found in the same dialogue inside TLS.

The samples are said again inside TLS, segment by segment, over OpenSSL in memory: TLS 1.2 and 1.3, behind STARTTLS, from the
start on port 465 and on a port that nobody calls SMTP's.  Verdicts, findings, messages and logins must be the same, a
recording must say the same, and no secret may come out.  Keys come from a file, and from within pcapng."""

import glob
import json
import os
import ssl
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import dialogues  # noqa: E402
import frames  # noqa: E402
from tls_ends import C, HELLO, KINDS, S, Tls, Wire, make_certificate, say_inside  # noqa: E402

# What is another thing inside TLS: what is in clear, the certificate, and what is told of the path alone.
CHANGED = {"cleartext-credential", "tls-certificate", "starttls-stripped"}
SAME = {"starttls-no-new-ehlo": "no-greeting"}  # behind STARTTLS


def write_clear(path, said):
    wire = Wire(25)
    for side, payload, acked in said:
        wire.put(side, payload, acked)
    wire.close()
    frames.write(path, wire.out)


def write_inside(path, said, folder, kind):
    frames.write(path, say_inside(said, folder, kind))


def run(binary, *arguments, **more):
    return subprocess.run([binary, *arguments], capture_output=True, **more)


def sessions_of(binary, *arguments, **more):
    p = run(binary, "analyze", "--format", "jsonl", *arguments, **more)
    if p.returncode:
        raise SystemExit(f"{arguments}: exit {p.returncode} {p.stderr.decode()}")
    return [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]


def essence(session, ahead=0):
    """What was said and judged, without when and where."""
    def shift(n):
        return n - ahead if n else n
    findings = sorted((shift(f["command"]) or 0, SAME.get(f["id"], f["id"]), f["confidence"], f["fault"]) for f in session["findings"]
                      if f["id"] not in CHANGED and (f["command"] is None or f["command"] > ahead))
    return {
        "commands": [(c["line"], (c["reply"] or {}).get("text"), c["pipelined"], c["verdict"], shift(c["cause"]))
                     for c in session["commands"][ahead:]],
        "findings": findings,
        "auth": [(a["mechanism"], a["identity"], a["outcome"], [(s["from"], s["decoded"]) for s in a["steps"]])
                 for a in session["auth"]],
        "messages": [(m["sha256"], m["complete"], m["verdict"], m["code"]) for m in session["messages"]],
    }


def compare(name, clear, inside, ahead):
    a, b = essence(clear), essence(inside, ahead)
    return [f"{name}: {key}: {a[key]} and inside {b[key]}" for key in a if a[key] != b[key]]


def compare_recording(name, binary, path, keys, sessions):
    recording = run(binary, "capture", "-r", path, "--tls-keylog", keys, "-o", "-").stdout
    recorded = sessions_of(binary, "-", input=recording)
    drop = lambda s: {k: v for k, v in s.items() if k != "input"}  # noqa: E731
    bad = [] if list(map(drop, recorded)) == list(map(drop, sessions)) else [f"{name}: the recording says other than the packets"]
    return bad + leaks(name, recording, keys)


def leaks(name, output, keys):
    """No secret of the key log may be in any output."""
    return [f"{name}: a secret in the output" for line in open(keys, "rb")
            if len(line.split()) == 3 and (line.split()[2] in output or bytes.fromhex(line.split()[2].decode()) in output)]


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def write_pcapng(path, pcap, secrets, is_comment):
    """The packets of a pcap, with the key log in a Decryption Secrets Block or in a comment on the section."""
    option = struct.pack("<HH", 1, len(secrets)) + secrets + bytes(-len(secrets) % 4) + bytes(4) if is_comment else b""
    section = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1) + option)
    dsb = b"" if is_comment else block(10, struct.pack("<II", 0x544c534b, len(secrets)) + secrets)
    with open(path, "wb") as f:
        f.write(section + dsb + block(1, struct.pack("<HHI", 1, 0, 262144) + struct.pack("<HHBxxxHH", 9, 1, 9, 0, 0)))
        for s in frames.segments(pcap):
            data = frames.frame(s)
            f.write(block(6, struct.pack("<IIIII", 0, s.time >> 32, s.time & 0xffffffff, len(data), len(data)) + data))


def check_samples(binary, folder):
    bad, count = [], 0
    for path in sorted(glob.glob(os.path.join(ROOT, "samples", "*.pcap"))):
        said = dialogues.said(frames.segments(path))
        if not said or b"STARTTLS\r\n" in [p for side, p, _ in said if side == C]:
            continue
        write_clear(f"{folder}/clear.pcap", said)
        clear = sessions_of(binary, f"{folder}/clear.pcap")
        for kind in KINDS:
            name, keys, inside = f"{os.path.basename(path)} {kind}", f"{folder}/keys.log", f"{folder}/inside.pcap"
            open(keys, "w").close()
            os.chmod(keys, 0o600)
            write_inside(inside, said, folder, kind)
            sessions = sessions_of(binary, inside, "--tls-keylog", keys)
            if len(sessions) != 1 or sessions[0]["tls"]["read"] != "whole":
                bad.append(f"{name}: {len(sessions)} sessions, {sessions and sessions[0]['tls']}")
                continue
            bad += compare(name, clear[0], sessions[0], 2 if kind[0] == 25 else 0)
            bad += compare_recording(name, binary, inside, keys, sessions)
            count += 1
    return bad, count


def say_all(tls, said):
    sent = [0, 0]
    for side, payload in said:
        tls.say(side, payload, sent[1 - side])
        sent[side] += len(payload)


MAIL = [(C, b"EHLO c.example\r\n"), (S, b"250 mx.example\r\n"), (C, b"MAIL FROM:<a@example.org>\r\n"), (S, b"250 ok\r\n"), (C, b"QUIT\r\n"),
        (S, b"221 bye\r\n")]


def check_keys(binary, folder):
    """Where keys come from, and what is said where they do not fit."""
    bad, keys, pcap = [], f"{folder}/keys.log", f"{folder}/inside.pcap"
    open(keys, "w").close()
    wire = Wire(465)
    say_all(Tls(wire, folder, KINDS[1]), [(S, b"220 mx.example ESMTP\r\n"), *MAIL])
    wire.close()
    frames.write(pcap, wire.out)
    secrets = open(keys, "rb").read()
    want = sessions_of(binary, pcap, "--tls-keylog", keys)
    for is_comment in (False, True):
        write_pcapng(f"{folder}/inside.pcapng", pcap, secrets, is_comment)
        got = sessions_of(binary, f"{folder}/inside.pcapng")
        if len(got) != 1 or essence(got[0]) != essence(want[0]):
            bad.append(f"pcapng, comment {is_comment}: {len(got)} sessions")
        bad += leaks("pcapng", run(binary, "show", f"{folder}/inside.pcapng").stdout, keys)
    open(f"{folder}/other.log", "wb").write(b"# nothing\nCLIENT_RANDOM " + b"00" * 32 + b" " + b"11" * 48 + b"\nrubbish\n")
    p = run(binary, "analyze", "--format", "jsonl", pcap, "--tls-keylog", f"{folder}/other.log")
    summary = json.loads(p.stdout.splitlines()[-1])
    if summary["sessions"] or summary["tls"]["unread_connections"] != 1 or b"1 lines are no lines of a key log" not in p.stderr:
        bad.append(f"other keys: {summary['tls']} {p.stderr}")
    os.chmod(f"{folder}/other.log", 0o644)
    if b"can be read by others" not in run(binary, "analyze", pcap, "--tls-keylog", f"{folder}/other.log").stderr:
        bad.append("a key log that others can read is not warned of")
    if run(binary, "analyze", pcap, "--tls-keylog", f"{folder}/none.log").returncode != 2:
        bad.append("a key log that is not there is no usage error")
    return bad


def check_wrong_keys(binary, folder):
    """Secrets that do not fit say so, and nothing else than without them."""
    bad = []
    for kind in KINDS[2:4]:
        keys = f"{folder}/wrong.log"
        open(f"{folder}/keys.log", "w").close()
        wire = Wire(kind[0])
        for side, payload in HELLO:
            wire.say(side, payload)
        say_all(Tls(wire, folder, kind), MAIL)
        wire.close()
        frames.write(f"{folder}/wrong.pcap", wire.out)
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
            f.writelines(line[:-3] + ("00\n" if line[-3] != "0" else "11\n") for line in open(f"{folder}/keys.log"))
        without, wrong = sessions_of(binary, f"{folder}/wrong.pcap")[0], sessions_of(binary, f"{folder}/wrong.pcap", "--tls-keylog", keys)[0]
        if wrong["tls"]["read"] != "wrong-keys" or without["tls"]["read"] != "none" or essence(wrong) != essence(without):
            bad.append(f"wrong keys, {kind}: {wrong['tls']['read']}, {essence(wrong)['findings']}")
    return bad


def check_large_keylog(binary, folder):
    """A million lines: the keys of this connection are among the newest."""
    keys, pcap, large = f"{folder}/keys.log", f"{folder}/inside.pcap", f"{folder}/large.log"
    with open(large, "w") as f:
        f.writelines(f"CLIENT_RANDOM {n:064x} {n:096x}\n" for n in range(1_000_000))
        f.write(open(keys).read())
    os.chmod(large, 0o600)
    begun = time.time()
    got = sessions_of(binary, pcap, "--tls-keylog", large)
    took = time.time() - begun
    return [] if len(got) == 1 and took < 10 else [f"a million lines: {len(got)} sessions in {took:.1f} s"]


def check_injection(binary, folder):
    """A command behind STARTTLS in clear: a server that keeps it shows that by its answer inside."""
    bad = []
    for keeps in (False, True):
        wire = Wire(25)
        for side, payload in HELLO:
            wire.say(side, payload + (b"RSET\r\n" if payload == b"STARTTLS\r\n" else b""))
        say_all(Tls(wire, folder, KINDS[1]), ([(S, b"250 flushed\r\n")] if keeps else []) + MAIL)
        wire.close()
        frames.write(f"{folder}/inside.pcap", wire.out)
        session = sessions_of(binary, f"{folder}/inside.pcap", "--tls-keylog", f"{folder}/keys.log")[0]
        found = [f for f in session["findings"] if f["id"] == "starttls-injection"]
        replies = [(c["verb"], (c["reply"] or {}).get("code")) for c in session["commands"]][2:]
        want = [("RSET", 250 if keeps else None), ("EHLO", 250), ("MAIL", 250), ("QUIT", 221)]
        if len(found) != 1 or ("answered it inside TLS" in found[0]["explanation"] + str(found[0])) != keeps or replies != want:
            bad.append(f"injection kept {keeps}: {replies} {found}")
    return bad


def check_lost_answer(binary, folder):
    """The end of the answer to STARTTLS is missing, and what the client says inside: no reply from within answers STARTTLS."""
    wire = Wire(25)
    open(f"{folder}/keys.log", "w").close()
    for side, payload in HELLO:
        wire.say(side, payload)
    tls = Tls(wire, folder, KINDS[1])
    handshake = len(wire.out)
    for side, payload in [(C, b"EHLO c.example\r\n"), (S, b"250-mx.example\r\n250 SIZE\r\n"), (C, b"EHLO c.example\r\n"), (S, b"503 no\r\n")]:
        tls.say(side, payload, 0)
    wire.close()
    seen = [s for n, s in enumerate(wire.out) if n < handshake or s.sport == 25 or not s.payload]
    frames.write(f"{folder}/inside.pcap", [s.copy(payload=s.payload[:4]) if s.payload.startswith(b"220 go") else s for s in seen])
    session = sessions_of(binary, f"{folder}/inside.pcap", "--tls-keylog", f"{folder}/keys.log")[0]
    replies = [(c["verb"], (c["reply"] or {}).get("code")) for c in session["commands"]]
    return [] if replies == [("EHLO", 250), ("STARTTLS", None)] else [f"an answer lost: {replies}"]


def check_close_notify(binary, folder):
    """The client has closed when the server closes its side of TLS, and answers that with a RST: nothing is missing, unless
    what the RST answers is not in the capture."""
    bad = []
    for is_seen in (True, False):
        open(f"{folder}/keys.log", "w").close()
        wire = Wire(25)
        for side, payload in HELLO:
            wire.say(side, payload)
        tls = Tls(wire, folder, KINDS[3])
        said = [*MAIL[:4], (C, b"RCPT TO:<x@far.example>\r\n"), (S, b"554 5.7.1 <x@far.example>: Relay access denied\r\n"), *MAIL[4:]]
        say_all(tls, said)
        for side in (C, S):
            try:
                tls.ends[side].unwrap()
            except ssl.SSLWantReadError:
                pass
        tls.carry(C, wire.sent[S])
        wire.put(C, b"", wire.sent[S], flags=17)
        if is_seen:
            tls.carry(S, wire.sent[C])
        wire.put(C, b"", 0, flags=4)
        wire.out[-1].seq += 1
        frames.write(f"{folder}/inside.pcap", wire.out)
        session = sessions_of(binary, f"{folder}/inside.pcap", "--tls-keylog", f"{folder}/keys.log")[0]
        found = [f["command"] for f in session["findings"] if f["id"] == "open-relay-attempt"]
        if found != ([5] if is_seen else []):
            bad.append(f"close_notify behind the client's end, in the capture {is_seen}: open-relay-attempt of {found}")
    return bad


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder)
        bad, count = check_samples(binary, folder)
        bad += check_wrong_keys(binary, folder) + check_keys(binary, folder) + check_large_keylog(binary, folder) + check_injection(binary, folder)
        bad += check_lost_answer(binary, folder) + check_close_notify(binary, folder)
    print("\n".join(bad[:40]))
    print(f"{count} dialogues inside TLS, {len(bad)} differ")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
