#!/usr/bin/env python3
"""secrets.py SMTPSCOPE [CAPTURE...]: no output of any kind holds a secret that its input holds.

What the secrets are, samples/secrets.tsv says, and auth.jsonl of the recordings beside the checkout; digests, proofs
and tokens are those that --show-secrets shows and the same command without it withholds.  Each is looked for as it is,
in base64 at all three alignments, in hexadecimal, in reverse and in UTF-16, in text, JSON, show, recordings and
messages, also with --verify-password.  That --show-secrets is seen to show them proves that the search is not blind."""

import base64
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import frames  # noqa: E402
from first_words import C, S, connection  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.normpath(os.path.join(HERE, "..", "..", "samples"))
LAB = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared", "captures", "lab"))
LEAST = 5  # octets of a secret whose absence means something
WORDS = {b"wrong"}  # secrets that are words of our own sentences too: their encodings are looked for, they are not


def base64_forms(secret):
    """What base64 makes of it behind 0, 1 or 2 other octets, without the characters that those share."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + secret)
        begin, end = (0, 2, 3)[shift], (len(secret) + shift) * 8 // 6
        yield text[begin:end]


def forms(secret):
    text = secret.decode("latin-1")
    found = [] if secret in WORDS else [secret]
    found += list(base64_forms(secret)) + list(base64_forms(base64.b64encode(secret)))
    found += [secret.hex().encode(), secret.hex().upper().encode(), secret[::-1]]
    found += [text.encode("utf-16-le"), text.encode("utf-16-be"), json.dumps(text)[1:-1].encode()]
    return {form for form in found if len(form) >= LEAST and form not in WORDS}


def run(binary, *arguments, stdin=b""):
    p = subprocess.run([binary, *arguments], input=stdin, capture_output=True)
    return p.stdout, p.stderr


def values(node, path=()):
    """(path, text) of every string; {"base64": ...} is its octets."""
    if isinstance(node, dict):
        if set(node) == {"base64"}:
            yield path, base64.b64decode(node["base64"])
        else:
            for key, value in node.items():
                yield from values(value, path + (key,))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from values(value, path + (i,))
    elif isinstance(node, str):
        yield path, node.encode("utf-8", "surrogateescape")


def withheld(shown, masked):
    """Values that one output has and the other has not at the same place."""
    secrets = set()
    for a, b in zip(shown.splitlines(), masked.splitlines()):
        hidden = dict(values(json.loads(b)))
        for path, text in values(json.loads(a)):
            is_field = "fields" in path and path[-1] not in ("username", "authcid", "authzid")
            if is_field and path not in hidden and len(text) >= 8:
                secrets.add(text)
    return secrets


def outputs(binary, path, password_options):
    """(name, octets) of everything that the program says of this input."""
    recording, errors = run(binary, "capture", "-r", path, "-o", "-")
    yield "recording", recording + errors
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "recording")
        yield "capture to a file", b"".join(run(binary, "capture", "-r", path, "-o", name))
        with open(name, "rb") as f:
            yield "recording in a file", f.read()
    for name in ("text", "markdown", "html", "json"):
        yield f"report --format {name}", b"".join(run(binary, "report", "--format", name, path))
    yield "ecs", b"".join(run(binary, "analyze", "--format", "ecs", path))
    for options in [[], *password_options]:
        for command in (["analyze"], ["analyze", "--json"], ["show"]):
            yield " ".join(command + options[:1]), b"".join(run(binary, *command, *options, path))
            yield " ".join(command + options[:1]) + " of the recording", b"".join(
                run(binary, *command, *options, "-", stdin=recording))


def check_passwords(binary, table):
    """--verify-password says match and mismatch where they are due, and refuses what it is no tool for."""
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "password")
        for path, known in table.items():
            for identity, secret in known[:1] if path.startswith(SAMPLES) and "one-sided" not in path else []:
                for given, want in ((secret, "match"), (secret + "x", "mismatch")):
                    with open(name, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                        f.write(given + "\n")
                    said, errors = run(binary, "analyze", "--json", f"--verify-password={identity}={name}", path)
                    if f'"auth-password-{want}"'.encode() not in said or errors:
                        bad.append(f"{path}: no auth-password-{want}, or {errors!r}")
                    said, _ = run(binary, "analyze", "--json", f"--verify-password={identity}=-", path, stdin=given.encode())
                    if f'"auth-password-{want}"'.encode() not in said:
                        bad.append(f"{path}: no auth-password-{want} from standard input")
        os.chmod(name, 0o644)
        sample = os.path.join(SAMPLES, "auth-login.pcap")
        recording, _ = run(binary, "capture", "-r", sample, "-o", "-")
        _, errors = run(binary, "analyze", f"--verify-password=alice={name}", "-", stdin=recording)
        if b"does not hold what was sent" not in errors:
            bad.append(f"a recording without secrets: {errors!r}")
        if run(binary, "analyze", "--verify-password=alice=-", "-", stdin=recording)[0]:
            bad.append("a recording and a password from one standard input")
        for options, status, word in (([f"alice={name}"], 0, b"read by others"), (["alice"], 2, b"IDENTITY=FILE"),
                                      ([f"alice={name}", f"ALICE={name}"], 2, b"guess"),
                                      ([f"alice={folder}/none"], 2, b"No such file"), ([f"bob={name}"], 0, b"no login of bob")):
            p = subprocess.run([binary, "analyze", *(f"--verify-password={o}" for o in options), sample], capture_output=True)
            if p.returncode != status or word not in p.stderr:
                bad.append(f"--verify-password {options}: exit {p.returncode}, {p.stderr!r}")
    return bad


def check(binary, path, known):
    """known: [(identity, secret)]; returns complaints and whether --show-secrets showed one."""
    shown, _ = run(binary, "analyze", "--json", "--show-secrets", path)
    masked, _ = run(binary, "analyze", "--json", path)
    secrets = {secret.encode() for _, secret in known if len(secret) >= LEAST} | withheld(shown, masked)
    sought = {form: secret for secret in secrets for form in forms(secret)}
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        options = []
        for i, (identity, secret) in enumerate(known[:1]):
            for j, password in enumerate([secret, secret + "-another"]):
                name = os.path.join(folder, f"{i}-{j}")
                with open(name, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                    f.write(password + "\n")
                options.append([f"--verify-password={identity}={name}"])
        for name, text in outputs(binary, path, options):
            text = text.replace(folder.encode(), b"")
            bad += [f"{path}: {name}: a secret of {len(secret)} octets is in it"
                    for form, secret in sought.items() if form in text]
    return bad, any(form in shown for form in sought)


HELLO = [(S, b"220 mx ESMTP\r\n"), (C, b"EHLO c.example\r\n"), (S, b"250-mx\r\n250 AUTH PLAIN LOGIN\r\n")]
GOODBYE = [(C, b"QUIT\r\n"), (S, b"221 bye\r\n")]
# What a client says behind a login, or a server, with the password in an odd place: {p} as it is, {b} in base64.
PLACES = [(b"EHLO {p}\r\n", b"250 mx\r\n"), (b"EHLO {p}.example\r\n", b"501 what\r\n"), (b"NOOP {p}\r\n", b"250 ok\r\n"),
          (b"NOOP {b}\r\n", b"250 ok\r\n"), (b"VRFY {p}\r\n", b"252 perhaps\r\n"), (b"EXPN {b}\r\n", b"550 no\r\n"),
          (b"MAIL FROM:<{p}@x.example>\r\n", b"553 no\r\n"), (b"RCPT TO:<{p}@x.example>\r\n", b"503 no\r\n"),
          (b"HELP {p}\r\n", b"214 no\r\n"), (b"PASSWORD={p}\r\n", b"500 what\r\n"), (b"x{p}y\r\n", b"500 what\r\n"),
          (b"NOOP\r\n", b"250 you said {p}\r\n"), (b"NOOP\r\n", b"250 base64 {b}\r\n"), (b"NOOP\r\n", b"250 glued{p}here\r\n"),
          (b"RSET\r\n", b"550-two\r\n550 'lines<{p}>'\r\n")]
PASSWORD, SHORT = "Tr0ub4dor+3!", ("a", "test", "mx", "mail", "alice")


def login(password, code):
    return [(C, b"AUTH PLAIN " + base64.b64encode(b"\0alice\0" + password.encode()) + b"\r\n"), (S, b"%d done\r\n" % code)]


def fill(text, password):
    raw = password.encode()
    return text.replace(b"{p}", raw).replace(b"{b}", base64.b64encode(raw))


def check_places(binary):
    """A password that was shown once is withheld wherever it comes again, and a short one blanks nothing."""
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "places.pcap")
        for distance in (0, 30):
            for code in (235, 535):
                for sent, answered in PLACES:
                    between = [(C, b"NOOP\r\n"), (S, b"250 ok\r\n")] * distance
                    place = [(C, fill(sent, PASSWORD)), (S, fill(answered, PASSWORD))]
                    frames.write(path, connection(587, HELLO + login(PASSWORD, code) + between + place + GOODBYE))
                    for name, text in outputs(binary, path, []):
                        if any(form in text for form in forms(PASSWORD.encode())):
                            bad.append(f"{sent} {answered} {distance} behind {code}: {name}")
        for password in SHORT:
            talk = [(C, b"MAIL FROM:<alice@mail.test.example>\r\n"), (S, b"250 a test of mail by alice at mx\r\n")]
            frames.write(path, connection(587, HELLO + login(password, 535) + talk + GOODBYE))
            text, _ = run(binary, "analyze", "--json", path)
            if b"alice@mail.test.example" not in text:
                bad.append(f"the password {password!r} blanks what has nothing to do with it")
    return bad


AUTH = b"AUTH PLAIN " + base64.b64encode(b"\0alice\0" + PASSWORD.encode())
# What never ends, by either side, and what is more than one line to some; the server may repeat it.
ENDLESS = [
    [(C, b"NOOP {p}")],  # behind a login
    [(C, AUTH)], [(C, b"PASS {p}")], [(C, b"AUTH LOGIN\r\n"), (S, b"334 UGFzc3dvcmQ6\r\n"), (C, b"{b}")],
    [(C, b"NOOP\r" + AUTH + b"\r")], [(C, b"NOOP\\r\\n" + AUTH + b"\\r\\n")], [(C, b"NOOP"), (C, AUTH)],
    [(C, b"NOOP\r" + AUTH + b"\r\n")], [(C, b"NOOP\n\r" + AUTH + b"\n\r"), (S, b"250 ok\r\n334 \r\n"), (C, b"{b}\n\r")],
]
ECHOES = [b"421 4.4.2 timeout exceeded\r\n", b"500 what: {p}\r\n", b"500 what: {b}\r\n", b"500 what: " + AUTH[5:] + b"\r\n", b"535 bad: Tr0ub4",
          b"535 bad: " + base64.b64encode(PASSWORD.encode())[:8]]


def check_endless(binary):
    """A line that never ended may have been a credential, and half a reply the begin of one."""
    bad = []
    parts = forms(PASSWORD.encode()) | {b"Tr0ub4", AUTH[11:27], base64.b64encode(PASSWORD.encode())[:8]}
    with tempfile.TemporaryDirectory() as folder:
        path, packets = os.path.join(folder, "endless.pcap"), os.path.join(folder, "packets.pcapng")
        for begin in ([], login(PASSWORD, 535)):
            for said in ENDLESS[not begin:]:
                for echo in ECHOES:
                    talk = [(side, fill(text, PASSWORD)) for side, text in [*said, (S, echo)]]
                    frames.write(path, connection(587, HELLO + begin + talk))
                    found = list(outputs(binary, path, []))
                    run(binary, "extract", path, "--scrubbed-pcap", packets)
                    found.append(("scrubbed packets", open(packets, "rb").read()))
                    os.remove(packets)
                    bad += [f"{said} {echo}: {name}" for name, text in found if any(form in text for form in parts)]
    return bad


def known_secrets():
    table = {}
    with open(os.path.join(SAMPLES, "secrets.tsv")) as f:
        for sample, identity, secret in [line.rstrip("\n").split("\t") for line in f][1:]:
            table.setdefault(os.path.join(SAMPLES, sample), []).append((identity, secret))
    for name in sorted(glob.glob(os.path.join(SAMPLES, "*.pcap*")) + glob.glob(os.path.join(SAMPLES, "log-*"))):
        table.setdefault(name, [])
    for server in sorted(glob.glob(os.path.join(LAB, "*", "auth.jsonl"))):
        with open(server) as f:
            for row in map(json.loads, f):
                path = os.path.join(os.path.dirname(server), "pcap", row["scenario"] + ".pcap")
                if row["scenario"].startswith(("sasl_", "auth_wrong", "auth_login", "auth_plain")) and os.path.exists(path):
                    table.setdefault(path, []).append((row["user"] or "-", row.get("password") or ""))
    return table


def main():
    binary, only = sys.argv[1], [os.path.abspath(p) for p in sys.argv[2:]]
    bad, shown, count = [], 0, 0
    table = known_secrets()
    if not only:
        bad += check_passwords(binary, table) + check_places(binary) + check_endless(binary)
    for path, known in table.items():
        if only and os.path.abspath(path) not in only:
            continue
        complaints, is_shown = check(binary, path, known)
        bad += complaints
        shown += is_shown
        count += 1
    if not only and shown < 5:
        bad.append(f"--show-secrets showed the secret of {shown} captures only: the search is blind")
    print("\n".join(bad[:40]))
    print(f"{count} captures, {shown} with secrets that --show-secrets shows, {len(bad)} leaks")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
