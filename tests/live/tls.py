#!/usr/bin/env python3
"""tls.py SMTPSCOPE SERVER [--rounds N] [--seed S]: the same dialogues in clear and inside TLS, judged alike.

For every suite of TLS 1.2 and 1.3 that openssl s_client and a real server agree on, a seeded dialogue is said twice, in
clear and behind STARTTLS, and captured with its keys.  Verdicts and findings of both must be the same, command by command,
but for those that TLS is meant to change.  Where tshark is installed it must read the same plaintext.  Exit status 77: the
lab cannot run here."""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import lab  # noqa: E402
import dialogue  # noqa: E402
from lab import Client, Tcpdump  # noqa: E402
from live import sessions_of, without_packets  # noqa: E402
from servers import SERVERS  # noqa: E402

SUITES_13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256"]
# What TLS is meant to change: what is in clear, what the handshake shows, what STARTTLS makes void.
CHANGED = {"cleartext-credential", "tls-certificate", "tls-old-version", "auth-tls-required", "tls-required", "wrong-code"}
# What is known of other sessions as well, and how s_client leaves.
ELSEWHERE = {"stuck-client", "duplicate-delivery", "brute-force", "user-enumeration", "static-challenge", "open-relay-attempt",
             "connection-lost", "connection-reset"}
SAME = {"starttls-no-new-ehlo": "no-greeting", "auth-before-ehlo": "no-greeting"}
LEAST_SUITES = 6
ARIA = {f"0x{n:04x}" for n in range(0xc050, 0xc070)}  # tshark does not read it


class Pipe:
    """What a socket is to lab.Client, through openssl s_client behind STARTTLS."""

    def __init__(self, port, arguments, keylog):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-quiet", "-no_ign_eof", "-nocommands", "-connect", f"127.0.0.1:{port}", "-starttls", "smtp",
             "-name", "first.example", "-keylogfile", keylog + ".client", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)

    def sendall(self, data):
        self.process.stdin.write(data)

    def recv(self, size):
        return os.read(self.process.stdout.fileno(), size)

    def getsockname(self):
        return None, None

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Inside(Client):
    """Behind STARTTLS there is no greeting: one is made up, so that the dialogue begins alike."""

    def __init__(self, port, arguments, keylog):
        self.socket, self.rest, self.log = Pipe(port, arguments, keylog), b"220 inside\r\n", []


def suites():
    listed = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "ALL:!aNULL:!PSK:!SRP:@SECLEVEL=0"], capture_output=True,
                            text=True).stdout.strip().split(":")
    return [(s, ["-tls1_2", "-cipher", s + ":@SECLEVEL=0"]) for s in listed if not s.startswith("TLS_")] \
        + [(s, ["-tls1_3", "-ciphersuites", s]) for s in SUITES_13]


def agrees(port, arguments):
    p = subprocess.run(["openssl", "s_client", "-brief", "-connect", f"127.0.0.1:{port}", "-starttls", "smtp", *arguments],
                       input=b"QUIT\r\n", capture_output=True)
    return p.returncode == 0


def say(port, rng, client):
    """One dialogue over what `client` makes: what was said, or None where the other side hung up at once."""
    dialogue.Client = lambda _: client
    one = dialogue.Dialogue(rng, port, False)
    return None if one.ended else one.run()[1]


KEYS_INSIDE, LIBRARY_INSIDE = "/var/tmp/keys.log", "/opt/lab/keylog.so"


def preload(here, library):
    """The server writes its secrets down itself, through samples/keylog.  Postfix passes on what it is told to alone."""
    os.makedirs(here.box.path("/opt/lab"), exist_ok=True)
    shutil.copy(library, here.box.path(LIBRARY_INSIDE))
    if os.path.exists(here.box.path(KEYS_INSIDE)):
        os.remove(here.box.path(KEYS_INSIDE))
    os.environ.update(LD_PRELOAD=LIBRARY_INSIDE, SSLKEYLOGFILE=KEYS_INSIDE)
    configure = getattr(here, "configure", None)
    if configure:
        def configure_more():
            configure()
            with open(here.box.path("/etc/postfix/main.cf"), "a") as f:
                f.write(f"import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C LD_PRELOAD={LIBRARY_INSIDE} "
                        f"SSLKEYLOGFILE={KEYS_INSIDE}\n")
        here.configure = configure_more


def talk(server, rounds, seed, folder, library):
    """Inside the box: each dialogue twice, captured."""
    lab.loopback_up()
    here = SERVERS[server]()
    if library:
        preload(here, library)
    here.start()
    for name in ("LD_PRELOAD", "SSLKEYLOGFILE"):
        os.environ.pop(name, None)
    time.sleep(2)
    port, keylog, truth = here.ports["smtp"], os.path.join(folder, "keys.log"), []
    wanted = [s for s in suites() if agrees(port, s[1])]
    with Tcpdump(os.path.join(folder, "live.pcap")):
        for n in range(rounds):
            for name, arguments in wanted:
                key = f"{seed}/{server}/{name}/{n}"
                clear = say(port, random.Random(key), Client(port))
                inside = say(port, random.Random(key), Inside(port, arguments, keylog))
                truth.append((name, clear, inside))
        time.sleep(1)
    if wanted:
        shutil.copy(here.box.path(KEYS_INSIDE) if library else keylog + ".client", keylog)
    with open(os.path.join(folder, "truth.json"), "w") as f:
        json.dump(truth, f)


def findings_of(session, n):
    ids = {f["id"] for f in session["findings"] if f["command"] == n} - CHANGED - ELSEWHERE
    return {SAME.get(i, i) for i in ids}


def compare(name, clear, inside):
    """Why one is judged otherwise than the other, and how many commands were compared."""
    if not inside["tls"] or inside["tls"]["read"] != "whole":
        return [f"{name}: read is {inside['tls'] and inside['tls']['read']}"], 0
    ahead = next(i for i, c in enumerate(inside["commands"]) if c["verb"] == "STARTTLS") + 1
    compared = 0
    for a, b in zip(clear["commands"], inside["commands"][ahead:]):
        where = f"{name}: {b['n']} {a['line']!r}"
        if (a["line"], a["argument"]) != (b["line"], b["argument"]):
            return [f"{where} and inside {b['line']!r}"], compared
        if not a["reply"] or not b["reply"] or a["reply"]["code"] != b["reply"]["code"]:
            return [], compared         # the server itself goes another way inside, or hangs up
        compared += 1
        if a["verdict"] != b["verdict"] or (a["cause"] and b["cause"] != a["cause"] + ahead):
            return [f"{where}: {a['verdict']} {a['cause']}, inside {b['verdict']} {b['cause']}"], compared
        if findings_of(clear, a["n"]) != findings_of(inside, b["n"]):
            return [f"{where}: {findings_of(clear, a['n'])}, inside {findings_of(inside, b['n'])}"], compared
    messages = [[(m["sha256"], m["code"], m["verdict"]) for m in s["messages"]] for s in (clear, inside)]
    if len(clear["commands"]) != len(inside["commands"]) - ahead:
        return [], compared             # it hung up, and s_client says nothing any more
    if messages[0] != messages[1]:
        return [f"{name}: {messages[0]} and inside {messages[1]}"], compared
    return ([] if findings_of(clear, None) == findings_of(inside, None)
            else [f"{name}: {findings_of(clear, None)}, inside {findings_of(inside, None)}"]), compared


def streams_of_tshark(capture, keylog):
    """Both sides' plaintext by the client's port, as tshark follows it; None without tshark."""
    if not shutil.which("tshark"):
        return None
    command = ["tshark", "-r", capture, "-o", f"tls.keylog_file:{keylog}", "-q"]
    ports = subprocess.run([*command[:-1], "-T", "fields", "-e", "tcp.stream", "-Y", "tls"], capture_output=True, text=True)
    for stream in sorted(set(ports.stdout.split()), key=int):
        command += ["-z", f"follow,tls,raw,{stream}"]
    streams, sides = {}, None
    for row in subprocess.run(command, capture_output=True, text=True).stdout.splitlines():
        if row.startswith("Node 0: "):
            sides = streams.setdefault(int(row.rsplit(":", 1)[1]), [b"", b""])
        elif sides and row and not row.startswith(("Node", "=", "Follow", "Filter")):
            sides[row.startswith("\t")] += bytes.fromhex(row.strip())
    return streams


def commands_of_tshark(capture, keylog):
    """Verbs by the client's port; what stands behind DATA is content to tshark, whatever the server said to it."""
    p = subprocess.run(["tshark", "-r", capture, "-o", f"tls.keylog_file:{keylog}", "-Y", "smtp.req.command", "-T", "fields",
                        "-e", "tcp.srcport", "-e", "smtp.req.command"], capture_output=True, text=True)
    verbs = {}
    for row in p.stdout.splitlines():
        port, commands = row.split("\t")
        verbs.setdefault(int(port), []).extend(c.upper() for c in commands.split(","))
    return verbs


def up_to_content(verbs):
    known = [v for v in verbs if v in ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "QUIT", "NOOP")]
    return known[:known.index("DATA")] if "DATA" in known else known


def compare_with_tshark(sessions, streams, verbs):
    """Each line and reply that was read inside stands in what tshark follows, in order.  (It follows TLS 1.3 behind STARTTLS
    not at all, and shows its commands all the same.)"""
    bad = []
    for s in (s for s in sessions if s["tls"] and not s["tls"]["cipher"] in ARIA):
        ours, theirs = (up_to_content(v) for v in ([c["verb"] for c in s["commands"]], verbs.get(s["client"]["port"], [])))
        if ours != theirs:
            bad.append(f"tshark reads {theirs}, we {ours}")
        sides, at = streams.get(s["client"]["port"]), [0, 0]
        ahead = next(i for i, c in enumerate(s["commands"]) if c["verb"] == "STARTTLS") + 1
        for command in s["commands"][ahead:] if sides else []:
            texts = [(0, command["line"] + "\r\n")]
            texts += [(1, text + "\r\n") for text in (command["reply"] or {}).get("text", [])]
            for side, text in texts:
                found = sides[side].find(text.encode(), at[side])
                if found < 0:
                    bad.append(f"tshark does not read {text!r}")
                at[side] = max(found + len(text), at[side])
    return bad


def judge(binary, folder):
    capture, keylog = os.path.join(folder, "live.pcap"), os.path.join(folder, "keys.log")
    os.chmod(keylog, 0o600)
    sessions = sessions_of(binary, capture, "--tls-keylog", keylog)
    truth, bad, commands = json.load(open(os.path.join(folder, "truth.json"))), [], 0
    if len(sessions) != 2 * len(truth):
        bad.append(f"{len(sessions)} sessions of {2 * len(truth)}")
    for (name, clear, inside), a, b in zip(truth, sessions[::2], sessions[1::2]):
        if clear is None or inside is None:
            continue
        why, compared = compare(name, a, b)
        bad, commands = bad + why, commands + compared
    streams = streams_of_tshark(capture, keylog)
    if streams is not None:
        shown = sessions_of(binary, capture, "--tls-keylog", keylog, "--show-secrets")
        bad += compare_with_tshark(shown, streams, commands_of_tshark(capture, keylog))
    recording = subprocess.run([binary, "capture", "-r", capture, "--tls-keylog", keylog, "-o", "-"], capture_output=True).stdout
    recorded = sessions_of(binary, "-", input=recording)
    if [without_packets(s) for s in recorded] != [without_packets(s) for s in sessions]:
        bad.append("the recording says other than the packets")
    names = {name for name, _, inside in truth if inside}
    if len(names) < LEAST_SUITES:
        bad.append(f"only {sorted(names)} were agreed on")
    return bad, len(names), commands, streams is not None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary"), parser.add_argument("server", choices=SERVERS)
    parser.add_argument("--rounds", type=int, default=1), parser.add_argument("--seed", default="1")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--preload", metavar="LIBRARY", help="of samples/keylog: the server writes the keys, not the client")
    parser.add_argument("--keep", help="folder for the capture, the keys and what was said")
    o = parser.parse_args()
    if o.inside:
        return talk(o.server, o.rounds, o.seed, o.inside, o.preload)
    reason = lab.why_not() or SERVERS[o.server].box.why_not()
    if reason:
        print(f"the lab cannot run here: {reason}")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        folder = o.keep or scratch
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["sh", os.path.join(lab.HERE, "inside.sh"), o.server, "python3", os.path.abspath(__file__), o.binary,
                        o.server, "--rounds", str(o.rounds), "--seed", o.seed, "--inside", folder,
                        *(["--preload", os.path.abspath(o.preload)] if o.preload else [])], check=True)
        if not os.path.exists(os.path.join(folder, "keys.log")):
            print(f"{o.server} completes no handshake with openssl s_client")
            return 77
        bad, names, commands, has_tshark = judge(o.binary, folder)
    print("\n".join(bad[:40]))
    print(f"{o.server}: {names} suites, {commands} commands in clear and inside, {len(bad)} judged otherwise"
          f"{'' if has_tshark else ' (no tshark to compare with)'}")
    return 1 if bad or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
