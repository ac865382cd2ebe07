#!/usr/bin/env python3
"""tls_losses.py SMTPSCOPE [--pairs N] [--dialogues N] [--seed S] [--only WORD]: packets lost inside TLS invent nothing.

The samples are said inside TLS by OpenSSL with itself, in every version and suite that it makes, with and without what changes
how records are sealed.  Each packet with data is taken away once, in either direction, and then pairs of them: no finding may be
added but capture-loss, connection-lost and timeout, no command invented, and a verdict may change only to undecided or unanswered.
The same is done to the captures beside the checkout for which there are key logs.  All variants of a dialogue are sessions of one
capture, told apart by the client's address."""

import argparse
import glob
import itertools
import os
import random
import ssl
import subprocess
import sys
import tempfile
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import dialogues  # noqa: E402
import frames  # noqa: E402
from segments import BESIDE, SAMPLES, try_dialogue, weaker  # noqa: E402
from tls_ends import C, make_certificate, say_inside  # noqa: E402

NO_ENCRYPT_THEN_MAC, NO_EXTENDED_MASTER_SECRET, NO_EMPTY_FRAGMENTS, NO_TICKET = 1 << 19, 1 << 0, 1 << 11, 1 << 14
OLD = (0, NO_ENCRYPT_THEN_MAC, NO_EXTENDED_MASTER_SECRET | NO_TICKET, NO_EMPTY_FRAGMENTS, NO_EMPTY_FRAGMENTS | NO_ENCRYPT_THEN_MAC)
SUITES_13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
             "TLS_AES_128_CCM_8_SHA256")
PORTS = (25, 465, 4465)


def suites_of(version):
    """Those of a version up to TLS 1.2, whatever OpenSSL thinks of them."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ctx.set_ciphers("ALL:@SECLEVEL=0")
    fits = {"TLSv1": ("SSLv3", "TLSv1.0"), "TLSv1_1": ("SSLv3", "TLSv1.0"), "TLSv1_2": ("SSLv3", "TLSv1.0", "TLSv1.2")}[version]
    return [c["name"] for c in ctx.get_ciphers() if c["protocol"] in fits and c["auth"] == "auth-rsa"]


def kinds_before_13():
    """(version, suite, flags); flags that only streams of blocks heed are left out for others."""
    for version in ("TLSv1", "TLSv1_1", "TLSv1_2"):
        for suite in suites_of(version):
            is_cbc = not any(word in suite for word in ("GCM", "CCM", "CHACHA", "ARIA"))
            for flags in OLD if is_cbc else OLD[::2]:
                yield version, suite, flags


def write_suite(path, suite):
    """A configuration of OpenSSL in which TLS 1.3 has this suite alone: Python has no call for it."""
    with open(path, "w") as f:
        f.write(f"openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n[here]\nCiphersuites = {suite}\n")


def samples():
    """(name, what was said) of the samples that can be said inside TLS."""
    for name, connection in dialogues.captures(SAMPLES):
        said = dialogues.said(connection)
        if said and not any(payload.upper().startswith((b"STARTTLS", b"LHLO")) for side, payload, _ in said if side == C):
            yield name, said


def inside(said, scratch, kind):
    """The connection, or None where OpenSSL does not make it; its keys are in keys.log."""
    keys = os.path.join(scratch, "keys.log")
    with open(os.open(keys, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w"):
        pass
    try:
        return say_inside(said, scratch, kind), keys
    except ssl.SSLError:
        return None, keys


def made_here(o, scratch, kinds):
    """(name, connection, key log): each kind with a few of the samples, in turn."""
    all_samples = list(samples())
    for n, (version, suite, flags) in enumerate(kinds):
        for m in range(o.dialogues):
            name, said = all_samples[(n * o.dialogues + m) % len(all_samples)]
            port = PORTS[(n + m) % len(PORTS)]
            connection, keys = inside(said, scratch, (port, version, suite and f"{suite}:@SECLEVEL=0", flags))
            if connection:
                yield f"{name} in {version} {suite} {flags:x} on {port}", connection, keys


def beside():
    """(name, connection, key log) of the captures beside the checkout."""
    for keys in sorted(glob.glob(os.path.join(BESIDE, "lab", "*", "sslkeys.log"))):
        for name, connection in dialogues.captures(os.path.dirname(keys)):
            if any(s.payload[:2] == b"\x16\x03" for s in connection):
                yield f"{os.path.relpath(keys, BESIDE)} {name}", connection, keys


def losses(connection, pairs, seed):
    """Sets of indices: each packet with data once, and pairs of them."""
    data = [i for i, s in enumerate(connection) if s.payload]
    both = list(itertools.combinations(data, 2))
    return [{i} for i in data] + [set(pair) for pair in random.Random(seed).sample(both, min(pairs, len(both)))]


def try_connections(o, scratch, connections):
    done, count, bad = 0, 0, []
    for name, connection, keys in connections:
        if o.only not in name:
            continue
        gone = [set()] + losses(connection, o.pairs, f"{o.seed}/{name}")
        without = lambda number, segments: [s for i, s in enumerate(segments) if i not in gone[number]]  # noqa: E731
        options = ("--tls-keylog", keys)
        n, wrong = try_dialogue(o.binary, name, connection, without, weaker, len(gone) - 1, scratch, options)
        done, count = done + n, count + 1
        bad += [f"{w} without {sorted(gone[int(w[len(name):].split(':')[0])])}" for w in wrong]
    return done, count, bad


def in_child(o, suite, scratch):
    """TLS 1.3 in one suite, in a process that was begun with its configuration."""
    conf = os.path.join(scratch, "openssl.cnf")
    write_suite(conf, suite)
    command = [sys.executable, os.path.abspath(__file__), o.binary, "--suite", suite, "--pairs", str(o.pairs), "--dialogues",
               str(o.dialogues), "--seed", o.seed, "--only", o.only]
    out = subprocess.run(command, env={**os.environ, "OPENSSL_CONF": conf}, capture_output=True, text=True, check=True).stdout
    *wrong, counts = out.splitlines()
    done, count = map(int, counts.split())
    return done, count, wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary"), parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--dialogues", type=int, default=2, help="for each kind of connection")
    parser.add_argument("--seed", default="1"), parser.add_argument("--only", default="", help="a word in the names")
    parser.add_argument("--suite", help=argparse.SUPPRESS)
    o = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # of the versions
    with tempfile.TemporaryDirectory() as scratch:
        make_certificate(scratch)
        if o.suite:
            done, count, wrong = try_connections(o, scratch, made_here(o, scratch, [("TLSv1_3", None, 0)] * len(PORTS)))
            print("\n".join([w.replace("TLSv1_3 None", f"TLSv1_3 {o.suite}") for w in wrong] + [f"{done} {count}"]))
            return 0
        parts = [try_connections(o, scratch, made_here(o, scratch, kinds_before_13())), try_connections(o, scratch, beside())]
        parts += [in_child(o, suite, scratch) for suite in SUITES_13]
    wrong = [w for part in parts for w in part[2]]
    done = sum(part[0] for part in parts)
    print("\n".join(wrong))
    print(f"{done} variants of {sum(part[1] for part in parts)} connections, {len(wrong)} wrong")
    return 1 if wrong or not done else 0


if __name__ == "__main__":
    sys.exit(main())
