#!/usr/bin/env python3
"""tls_peers.py SMTPSCOPE [--keep FOLDER] [NAME...]: a dialogue inside TLS between programs of different libraries (OpenSSL, GnuTLS,
Node, curl), each row another version, suite or trait of the handshake, with the key log of one of them.

What was said is known: commands and replies must be these, to the end.  Where tshark is installed it must read the same.  Then, in
some rows, each packet with data is taken away once: what is left may say less, and accuse nobody.  Exit status 77: it cannot run here."""

import argparse
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("lab", "recorder", "support"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
import box  # noqa: E402
import frames  # noqa: E402
from lab import Tcpdump  # noqa: E402
from live import sessions_of  # noqa: E402
from tls import ports_of, streams_of_tshark  # noqa: E402

PORT = 465
SAID = [("EHLO peer.example", "250-mx.example\r\n250 SIZE 1000000"), ("MAIL FROM:<a@example.org>", "250 2.1.0 fine"),
        ("RCPT TO:<b@example.net>", "550 5.1.1 nobody of that name"), ("DATA", "554 5.5.1 no recipients"),
        ("NOOP " + "x" * 300, "250 2.0.0 still here"), ("QUIT", "221 2.0.0 bye")]
OLD = ["-cipher", "ALL:@SECLEVEL=0"]
# What may be told besides where a packet is missing.
OF_LOSS = {"capture-loss", "connection-lost", "connection-reset", "no-quit", "retransmissions"}


def openssl(name, *both, client=(), server=(), resumes=False, keys=()):
    return {"name": f"openssl {name}", "client": ["openssl", *both, *client], "server": [*both, *server], "resumes": resumes,
            "between": dict(keys)}


def gnutls(name, priority, *more, server=()):
    return {"name": f"gnutls {name}", "client": ["gnutls", "--priority", "NORMAL" + priority, *more], "server": [*OLD, *server],
            "resumes": "--resume" in more, "between": {}}


def other(program, *server):
    return {"name": program + " " + " ".join(server), "client": [program], "server": [*server], "resumes": False, "between": {}}


ROWS = [
    *(openssl(v, f"-{v.replace('.', '_')}", *OLD) for v in ("tls1", "tls1.1", "tls1.2")),
    *(openssl(f"{v} etm off", f"-{v.replace('.', '_')}", "-cipher", "AES128-SHA:@SECLEVEL=0", client=["-no_etm"])
      for v in ("tls1", "tls1.1", "tls1.2")),
    *(openssl(f"tls1.2 {c}", "-tls1_2", "-cipher", c + ":@SECLEVEL=0") for c in (
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305", "AES128-CCM", "AES256-CCM8",
        "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384", "ECDHE-RSA-CAMELLIA256-SHA384", "DHE-RSA-AES256-CCM")),
    *(openssl(f"tls1.3 {c}", "-tls1_3", "-ciphersuites", c) for c in (
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_CCM_8_SHA256")),
    openssl("retry", "-tls1_3", client=["-groups", "X25519:P-384"], server=["-groups", "P-384"]),
    openssl("no middlebox", "-tls1_3", "-no_middlebox"),
    openssl("padding", "-tls1_3", "-record_padding", "512"),
    openssl("small records", "-tls1_3", "-max_send_frag", "512", "-split_send_frag", "64"),
    openssl("small records 1.2", "-tls1_2", "-max_send_frag", "512", "-split_send_frag", "100"),
    openssl("client certificate", "-tls1_3", client=["-cert", "cert.pem"], server=["-Verify", "1"]),
    openssl("client certificate 1.2", "-tls1_2", client=["-cert", "cert.pem"], server=["-Verify", "1"]),
    openssl("external psk", "-tls1_3", "-psk", "aabbccddeeff00112233445566778899", server=["-nocert"]),
    openssl("psk 1.2", "-tls1_2", "-psk", "aabbccddeeff00112233445566778899", "-cipher", "PSK-AES128-GCM-SHA256:@SECLEVEL=0", server=["-nocert"]),
    openssl("ticket", "-tls1_3", resumes=True),
    openssl("ticket 1.2", "-tls1_2", resumes=True),
    openssl("session id", "-tls1_2", "-no_ticket", resumes=True),
    openssl("psk without (EC)DHE", "-tls1_3", "-allow_no_dhe_kex", resumes=True),
    openssl("new keys", "-tls1_3", keys={2: b"K\n", 4: b"k\n"}),
    openssl("renegotiation", "-tls1_2", server=["-client_renegotiation"], keys={2: b"R\n", 4: b"R\n"}),
    *(gnutls(v, f":-VERS-ALL:+VERS-{v}") for v in ("TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3")),
    gnutls("etm off", ":-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:%NO_ETM"),
    gnutls("etm 1.0", ":-VERS-ALL:+VERS-TLS1.0:-CIPHER-ALL:+AES-256-CBC"),
    gnutls("ems off", ":-VERS-ALL:+VERS-TLS1.2:%NO_SESSION_HASH"),
    gnutls("sha256", ":-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:-MAC-ALL:+SHA256"),
    gnutls("camellia", ":-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CAMELLIA-128-CBC"),
    gnutls("chacha 1.2", ":-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CHACHA20-POLY1305"),
    gnutls("ccm", ":-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-CCM", server=["-ciphersuites", "TLS_AES_128_CCM_SHA256"]),
    gnutls("ccm8", ":-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CCM-8"),
    gnutls("resumed", ":-VERS-ALL:+VERS-TLS1.3", "--resume"),
    gnutls("resumed 1.2", ":-VERS-ALL:+VERS-TLS1.2", "--resume"),
    gnutls("small records", ":-VERS-ALL:+VERS-TLS1.3", "--recordsize", "512"),
    gnutls("retry", ":-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1", server=["-groups", "P-384"]),
    other("node", "-tls1_3"), other("node", "-tls1_2"), other("curl", "-tls1_3"), other("curl", "-tls1_2"),
]

NODE = """const s = require("tls").connect({port: %d, host: "127.0.0.1", rejectUnauthorized: false, servername: "mx.example"});
process.stdin.pipe(s); s.pipe(process.stdout); s.on("close", () => process.exit(0));"""


def client_of(row, folder, n, keys):
    program, *more = row["client"]
    environment = {**os.environ, "SSLKEYLOGFILE": keys}
    if program == "openssl":
        session = ["-sess_out", "session.pem"] if n == 0 else ["-sess_in", "session.pem"]
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-keylogfile", keys, *(session if row["resumes"] else []),
                   *([] if row["between"] else ["-quiet", "-no_ign_eof", "-nocommands"]), *more]
    elif program == "gnutls":
        command = ["gnutls-cli", "--insecure", "--logfile", "/dev/null", "-p", str(PORT), *more, "127.0.0.1"]
    elif program == "node":
        command = ["node", "--tls-keylog", keys, "-e", NODE % PORT]
    else:
        command = ["curl", "-sk", "--url", f"smtps://127.0.0.1:{PORT}/peer.example", "--mail-from", "a@example.org", "--mail-rcpt",
                   "b@example.net", "-T", "-"]
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


class Lines:
    """Of a pipe, waited for no longer than ten seconds."""

    def __init__(self, pipe):
        self.pipe, self.rest = pipe, b""

    def next(self, seconds=10):
        end = time.time() + seconds
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.pipe], [], [], max(0, end - time.time()))
            more = os.read(self.pipe.fileno(), 65536) if ready else b""
            if not more:
                return None
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")


def say(server, client, lines, between):
    """The dialogue, from both ends: what the server read and what it answered."""
    said = []
    for n, (command, reply) in enumerate(SAID):
        if n in between:
            time.sleep(0.2)
            client.stdin.write(between[n])
            client.stdin.flush()
            time.sleep(0.2)
        sent = command.lower() if between else command  # at its upper case s_client takes commands to itself
        client.stdin.write(sent.encode() + b"\r\n")
        client.stdin.flush()
        line = lines.next()
        if line is None:
            break
        said.append((line, reply))
        server.stdin.write(reply.encode() + b"\r\n")
        server.stdin.flush()
        time.sleep(0.03)
    return said


def answer(server, lines):
    """A client that speaks for itself."""
    answers, said = dict((c.split(" ")[0], r) for c, r in SAID), []
    while (line := lines.next(3)) is not None:
        said.append((line, answers.get(line.split(" ")[0].upper(), "502 5.5.1 what?")))
        server.stdin.write(said[-1][1].encode() + b"\r\n")
        server.stdin.flush()
    return said


def listens():
    wait = time.time() + 5
    while time.time() < wait:  # without a connection, which would be the one that it accepts
        if any(f":{PORT:04X} " in row and row.split()[3] == "0A" for row in open("/proc/net/tcp").readlines()[1:] + open("/proc/net/tcp6").readlines()[1:]):
            return True
        time.sleep(0.02)
    return False


def play(row, folder):
    """One row, captured: what was said, connection by connection."""
    keys, truth = os.path.join(folder, "keys.log"), []
    with Tcpdump(os.path.join(folder, "live.pcap")):
        server = subprocess.Popen(["openssl", "s_server", "-accept", str(PORT), "-quiet", "-cert", "cert.pem", *row["server"]],
                                  cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        lines = Lines(server.stdout)
        for n in range(2 if row["resumes"] and row["client"][0] == "openssl" else 1):
            if not listens():
                break
            client = client_of(row, folder, n, keys)
            time.sleep(1.5 if row["resumes"] and row["client"][0] == "gnutls" else 0.3)
            server.stdin.write(b"220 mx.example ESMTP peers\r\n")
            server.stdin.flush()
            time.sleep(0.1)
            truth.append(answer(server, lines) if row["client"][0] == "curl" else say(server, client, lines, row["between"]))
            client.stdin.close()
            time.sleep(0.1)
            client.terminate()
            client.wait()
        server.kill()
        server.wait()
    return [t for t in truth if t]


def essence(session):
    return [(c["line"], "\r\n".join(f"{c['reply']['code']}{'-' if n < len(c['reply']['text']) - 1 else ' '}{text}" for n, text in
                                    enumerate([(c["reply"]["enhanced"] + " " if c["reply"]["enhanced"] and not t.startswith(c["reply"]["enhanced"]) else "") + t
                                               for t in c["reply"]["text"]]))
             if c["reply"] else None) for c in session["commands"]]


def check_whole(row, sessions, truth):
    sealed = [s["tls"] and s["tls"]["read"] for s in sessions]
    got = [essence(s) for s in sessions]
    want = [[tuple(said) for said in t] for t in truth]
    if not want or len(want[-1]) < 4:
        return None
    if row["resumes"] and row["client"][0] == "gnutls":
        sealed, got = sealed[-1:], got[-1:]
    bad = [f"{row['name']}: read {sealed}"] if set(sealed) != {"whole"} else []
    return bad + ([f"{row['name']}: {got} is not {want}"] if got != want else [])


def check_tshark(row, sessions, folder):
    streams, bad = streams_of_tshark(f"{folder}/live.pcap", f"{folder}/keys.log", []), []
    for s in sessions if streams else []:
        sides = streams.get(ports_of(s))
        for c in s["commands"] if sides and any(sides) else []:
            if c["line"].encode() not in sides[0] or (c["reply"] and c["reply"]["text"][0].encode() not in sides[1]):
                bad.append(f"{row['name']}: tshark does not read {c['line']!r}")
    return bad


def check_losses(row, binary, sessions, folder):
    """Each packet with data is taken away once."""
    segments, bad = frames.segments(f"{folder}/live.pcap"), []
    told = {f["id"] for s in sessions for f in s["findings"]} | OF_LOSS
    lines = [c["line"] for s in sessions for c in s["commands"]]
    for n, segment in enumerate(segments):
        if not segment.payload:
            continue
        frames.write(f"{folder}/lost.pcap", segments[:n] + segments[n + 1:])
        for s in sessions_of(binary, f"{folder}/lost.pcap", "--tls-keylog", f"{folder}/keys.log", "--show-secrets"):
            more = {f["id"] for f in s["findings"]} - told
            strange = [c["line"] for c in s["commands"] if c["line"] not in lines]
            if more or strange:
                bad.append(f"{row['name']}: without packet {n + 1}: {more} {strange}")
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary"), parser.add_argument("names", nargs="*"), parser.add_argument("--keep")
    parser.add_argument("--losses", action="store_true", help="in all rows, not in every sixth")
    o = parser.parse_intermixed_args()
    binary = os.path.abspath(o.binary)
    box.enter([os.path.abspath(__file__), binary, *o.names, *(["--keep", os.path.abspath(o.keep)] if o.keep else []),
               *(["--losses"] if o.losses else [])])
    missing = [p for p in ("openssl", "tcpdump") if not shutil.which(p)]
    if missing:
        print(f"needs {' and '.join(missing)}")
        return 77
    bad, done, left = [], 0, []
    with tempfile.TemporaryDirectory() as scratch:
        for n, row in enumerate(ROWS):
            program = {"gnutls": "gnutls-cli"}.get(row["client"][0], row["client"][0])
            if o.names and row["name"] not in o.names:
                continue
            folder = os.path.join(o.keep or scratch, str(n))
            os.makedirs(folder, exist_ok=True)
            if not shutil.which(program):
                left.append(row["name"])
                continue
            if not os.path.exists(f"{folder}/cert.pem"):
                subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=mx.example", "-keyout",
                                f"{folder}/cert.pem", "-out", f"{folder}/crt.pem"], check=True, capture_output=True)
                with open(f"{folder}/cert.pem", "a") as f:
                    f.write(open(f"{folder}/crt.pem").read())
            with open(os.open(f"{folder}/keys.log", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w"):
                pass
            truth = play(row, folder)
            sessions = sessions_of(binary, f"{folder}/live.pcap", "--tls-keylog", f"{folder}/keys.log", "--show-secrets")
            wrong = check_whole(row, sessions, truth)
            if wrong is None:
                left.append(row["name"])
                continue
            done += 1
            bad += wrong + check_tshark(row, sessions, folder)
            if o.losses or n % 6 == 0:
                bad += check_losses(row, binary, sessions, folder)
    print("\n".join(bad[:40]))
    print(f"{done} kinds of connection, {len(bad)} read otherwise; not made: {', '.join(left) or 'none'}")
    return 1 if bad or not done else 0


if __name__ == "__main__":
    sys.exit(main())
