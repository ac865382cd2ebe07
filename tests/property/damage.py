#!/usr/bin/env python3
"""damage.py SMTPSCOPE: files cut at every length and with bytes changed at random give a clean exit, a message that
names the file, and whatever was whole before the damage."""

import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "samples")


def run(binary, path):
    try:
        return subprocess.run([binary, "analyze", "--format", "jsonl", path], capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None


def main():
    binary, bad, tried = sys.argv[1], [], 0
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("rcpt-before-mail.pcap", "compressed.pcapng.gz"):
            whole = open(os.path.join(SAMPLES, name), "rb").read()
            cuts = sorted(rng.sample(range(len(whole)), min(60, len(whole))))
            variants = [whole[:n] for n in cuts]
            for _ in range(60):
                changed = bytearray(whole)
                for _ in range(rng.randint(1, 8)):
                    changed[rng.randrange(len(changed))] = rng.randrange(256)
                variants.append(bytes(changed))
            for data in variants:
                path = os.path.join(scratch, name)
                with open(path, "wb") as f:
                    f.write(data)
                p, tried = run(binary, path), tried + 1
                if p is None or p.returncode not in (0, 3):
                    bad.append(f"{name} ({len(data)} bytes): {'hangs' if p is None else p.stderr[-300:]!r}")
                elif p.returncode == 3 and name.encode() not in p.stderr:
                    bad.append(f"{name} ({len(data)} bytes): the message does not name the file: {p.stderr!r}")
    print("\n".join(bad[:20]))
    print(f"{tried} damaged files, {len(bad)} wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
