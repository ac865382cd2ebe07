#!/usr/bin/env python3
"""tls.py SMTPSCOPE SERVER [--rounds N] [--seed S]: the same dialogues in clear and inside TLS, judged alike.

For every suite of TLS 1.2 and 1.3 that openssl s_client and a real server agree on, a seeded dialogue is said twice, in
clear and behind STARTTLS, and captured with its keys.  Verdicts and findings of both must be the same, command by command,
but for those that TLS is meant to change.  Where tshark is installed it must read the same plaintext.  Exit status 77: the
lab cannot run here."""

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import lab  # noqa: E402
import dialogue  # noqa: E402
from lab import Client, Tcpdump  # noqa: E402
from live import sessions_of, without_packets  # noqa: E402
from servers import SERVERS  # noqa: E402

SUITES_13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256"]
# What TLS is meant to change: what is in clear, and what the handshake shows.
CHANGED = {"cleartext-credential", "tls-certificate"}
# Told once of a client, by what all its sessions show, in the order in which they end; those that are not a second apart may
# do so the other way round.
ELSEWHERE = {"duplicate-delivery", "open-relay-attempt", "brute-force", "stuck-client", "user-enumeration"}
SAME = {"starttls-no-new-ehlo": "no-greeting", "auth-before-ehlo": "no-greeting"}
LEAST_SUITES = 6
ARIA = {f"0x{n:04x}" for n in range(0xc050, 0xc070)}  # tshark does not read it


class Pipe:
    """What a socket is to lab.Client, through openssl s_client behind STARTTLS."""

    def __init__(self, kind, port, arguments, keylog):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-quiet", "-no_ign_eof", "-nocommands", "-connect", f"127.0.0.1:{port}", "-starttls", kind,
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

    def __init__(self, kind, port, arguments, keylog):
        self.socket, self.rest, self.log = Pipe(kind, port, arguments, keylog), b"220 inside\r\n", []


def suites():
    listed = subprocess.run(["openssl", "ciphers", "-s", "-tls1_2", "ALL:!aNULL:!PSK:!SRP:@SECLEVEL=0"], capture_output=True,
                            text=True).stdout.strip().split(":")
    return [(s, ["-tls1_2", "-cipher", s + ":@SECLEVEL=0"]) for s in listed if not s.startswith("TLS_")] \
        + [(s, ["-tls1_3", "-ciphersuites", s]) for s in SUITES_13]


def agrees(kind, port, arguments):
    p = subprocess.run(["openssl", "s_client", "-brief", "-connect", f"127.0.0.1:{port}", "-starttls", kind, *arguments],
                       input=b"QUIT\r\n", capture_output=True)
    return p.returncode == 0


def say(kind, port, rng, client):
    """One dialogue over what `client` makes: what was said, or None where the other side hung up at once."""
    dialogue.Client = lambda _: client
    one = dialogue.Dialogue(rng, port, kind == "lmtp")
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
    keylog, truth = os.path.join(folder, "keys.log"), []
    ports = getattr(here, "tls_ports", {"smtp": here.ports.get("smtp")})
    wanted = [(kind, port, *s) for kind, port in ports.items() for s in suites() if agrees(kind, port, s[1])]
    between = " or ".join(f"tcp port {port}" for port in ports.values())  # not what the server says to another one
    with Tcpdump(os.path.join(folder, "live.pcap"), filter=between):
        for n in range(rounds):
            for kind, port, name, arguments in wanted:
                key = f"{seed}/{server}/{kind}/{name}/{n}"
                clear = say(kind, port, random.Random(key), Client(port))
                inside = say(kind, port, random.Random(key), Inside(kind, port, arguments, keylog))
                truth.append((f"{kind} {name}", clear, inside))
        time.sleep(1)
    if wanted:
        shutil.copy(here.box.path(KEYS_INSIDE) if library else keylog + ".client", keylog)
    with open(os.path.join(folder, "truth.json"), "w") as f:
        json.dump(truth, f)


def findings_of(session, n):
    ids = {f["id"] for f in session["findings"] if f["command"] == n} - CHANGED - ELSEWHERE
    return {SAME.get(i, i) for i in ids}


def are_alike(clear, inside):
    """No RFC names the code for a command without a new EHLO, as one does where there was none at all."""
    return clear == inside or (clear == inside | {"wrong-code"} and "no-greeting" in inside)


def is_read_in_lines(session, bdat):
    """The server answers the lines of the chunk, which the client takes for answers to what it says next: how much of that it
    says before they come is a matter of time."""
    behind = session["commands"][bdat["n"]:][:1]
    return bool(behind) and isinstance(behind[0]["line"], dict)


def is_read(session):
    """Exim says its last word in clear, behind TLS, where it has had enough: that is no record."""
    may_break = any(f["id"] == "too-many-errors" for f in session["findings"])
    return session["tls"]["read"] == "whole" or (session["tls"]["read"] == "part" and may_break)


def compare(name, clear, inside):
    """Why one is judged otherwise than the other, and how many commands were compared."""
    if not inside["tls"] or not is_read(inside):
        return [f"{name}: read is {inside['tls'] and inside['tls']['read']}"], 0
    ahead = next(i for i, c in enumerate(inside["commands"]) if c["verb"] == "STARTTLS") + 1
    compared = 0
    for a, b in zip(clear["commands"], inside["commands"][ahead:]):
        where = f"{name}: {b['n']} {a['line']!r}"
        if a["verb"] == "BDAT" and is_read_in_lines(clear, a) and is_read_in_lines(inside, b):
            return [], compared
        if (a["line"], a["argument"]) != (b["line"], b["argument"]):
            return [f"{where} and inside {b['line']!r}"], compared
        if not a["reply"] or not b["reply"] or a["reply"]["code"] != b["reply"]["code"]:
            return [], compared         # the server itself goes another way inside, or hangs up
        if inside["tls"]["read"] == "part" and b["verdict"] == "undecided":
            return [], compared         # Exim has said its last word in clear
        compared += 1
        if a["verdict"] != b["verdict"] or (a["cause"] and b["cause"] != a["cause"] + ahead):
            return [f"{where}: {a['verdict']} {a['cause']}, inside {b['verdict']} {b['cause']}"], compared
        if inside["tls"]["read"] == "part" and "too-many-errors" in findings_of(inside, b["n"]):
            return [], compared
        found = findings_of(clear, a["n"]), findings_of(inside, b["n"])
        if not are_alike(*found):
            return [f"{where}: {found[0]}, inside {found[1]}"], compared
    messages = [[(m["sha256"], m["code"], m["verdict"]) for m in s["messages"]] for s in (clear, inside)]
    if len(clear["commands"]) != len(inside["commands"]) - ahead:
        return [], compared             # it hung up, and s_client says nothing any more
    if messages[0] != messages[1]:
        return [f"{name}: {messages[0]} and inside {messages[1]}"], compared
    return ([] if findings_of(clear, None) == findings_of(inside, None)
            else [f"{name}: {findings_of(clear, None)}, inside {findings_of(inside, None)}"]), compared


def tshark(capture, keylog, ports):
    """Its command; what is said on these ports is SMTP to it."""
    return ["tshark", "-r", capture, "-o", f"tls.keylog_file:{keylog}", *(o for p in ports for o in ("-d", f"tcp.port=={p},smtp"))]


def streams_of_tshark(capture, keylog, ports):
    """Both sides' plaintext by the ports of client and server, as tshark follows it; None without tshark."""
    if not shutil.which("tshark"):
        return None
    command = tshark(capture, keylog, ports)
    numbers = subprocess.run([*command, "-T", "fields", "-e", "tcp.stream", "-Y", "tls"], capture_output=True, text=True)
    command += ["-q"]
    for stream in sorted(set(numbers.stdout.split()), key=int):
        command += ["-z", f"follow,tls,raw,{stream}"]
    streams, sides, client = {}, None, None
    for row in subprocess.run(command, capture_output=True, text=True).stdout.splitlines():
        if row.startswith("Node 0: "):
            client = int(row.rsplit(":", 1)[1])
        elif row.startswith("Node 1: "):
            sides = streams.setdefault((client, int(row.rsplit(":", 1)[1])), [b"", b""])
        elif sides and row and not row.startswith(("Node", "=", "Follow", "Filter")):
            sides[row.startswith("\t")] += bytes.fromhex(row.strip())
    return streams


def commands_of_tshark(capture, keylog, ports):
    """Verbs by both ports, but for BDAT; what stands behind DATA is content to tshark, whatever the server said to it."""
    p = subprocess.run([*tshark(capture, keylog, ports), "-Y", "smtp.req.command", "-T", "fields", "-e", "tcp.srcport",
                        "-e", "tcp.dstport", "-e", "smtp.req.command"], capture_output=True, text=True)
    verbs = {}
    for row in p.stdout.splitlines():
        client, server, commands = row.split("\t")
        verbs.setdefault((int(client), int(server)), []).extend(c.upper() for c in commands.split(","))
    return verbs


def ports_of(session):
    """What tells a connection from others: a client takes the same port for another server's port again."""
    return session["client"]["port"], session["server"]["port"]


def up_to_content(verbs):
    known = [v for v in verbs if v in ("EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT", "NOOP")]
    return known[:next((i for i, v in enumerate(known) if v in ("DATA", "BDAT")), len(known))]


def reads_otherwise(ours, theirs):
    before = up_to_content(ours)
    return up_to_content(theirs)[:len(before) if "BDAT" in ours else None] != before


def is_lossy(session):
    """A busy machine drops packets before tcpdump has them."""
    return any(session["capture"]["missing_bytes"].values())


def compare_with_tshark(sessions, streams, verbs):
    """Each line and reply that was read inside stands in what tshark follows, in order.  (It follows TLS 1.3 behind STARTTLS
    not at all, and shows its commands all the same.)"""
    bad, times = [], collections.Counter(map(ports_of, sessions))
    for s in (s for s in sessions if s["tls"] and not s["tls"]["cipher"] in ARIA and times[ports_of(s)] == 1):
        ours, theirs = [c["verb"] for c in s["commands"]], verbs.get(ports_of(s), [])
        if reads_otherwise(ours, theirs):
            bad.append(f"tshark reads {theirs}, we {ours}")
        sides, at = streams.get(ports_of(s)), [0, 0]
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


def judged_alone(binary, capture, keylog, sessions):
    """These sessions as if there were no others: some findings are about what was seen in several.  (Others may have had the
    same ports at another time: they are left out of what comes back.)"""
    both = " or ".join("(tcp port {} and tcp port {})".format(*ports_of(s)) for s in sessions)
    begins = [s["start"] for s in sessions]
    return [s for s in sessions_of(binary, capture, "--tls-keylog", keylog, "--filter", both) if s["start"] in begins]


def judge(binary, folder):
    capture, keylog = os.path.join(folder, "live.pcap"), os.path.join(folder, "keys.log")
    os.chmod(keylog, 0o600)
    sessions = sessions_of(binary, capture, "--tls-keylog", keylog)
    halves = [judged_alone(binary, capture, keylog, sessions[n::2]) for n in (0, 1)]
    truth, bad, commands = json.load(open(os.path.join(folder, "truth.json"))), [], 0
    if len(sessions) != 2 * len(truth):
        bad.append(f"{len(sessions)} sessions of {2 * len(truth)}")
    for (name, clear, inside), a, b in zip(truth, *halves):
        if clear is None or inside is None or any(is_lossy(s) for s in (a, b)):
            continue
        why, compared = compare(name, a, b)
        bad, commands = bad + why, commands + compared
    ports = sorted({s["server"]["port"] for s in sessions})
    streams = streams_of_tshark(capture, keylog, ports)
    if streams is not None:
        shown = sessions_of(binary, capture, "--tls-keylog", keylog, "--show-secrets")
        bad += compare_with_tshark(shown, streams, commands_of_tshark(capture, keylog, ports))
    recording = subprocess.run([binary, "capture", "-r", capture, "--tls-keylog", keylog, "-o", "-"], capture_output=True).stdout
    recorded = sessions_of(binary, "-", input=recording)
    if [without_packets(s) for s in recorded] != [without_packets(s) for s in sessions]:
        bad.append("the recording says other than the packets")
    names = {name.split(" ")[1] for name, _, inside in truth if inside}
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
    preload = ["--preload", os.path.abspath(o.preload)] if o.preload else []
    with lab.talked(__file__, o, "--rounds", str(o.rounds), "--seed", o.seed, *preload) as folder:
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
