#!/usr/bin/env python3
"""recording.py SMTPSCOPE: `capture -r X -o - | analyze -` says of every session what `analyze X` says, byte for byte,
and no secret of the samples reaches a recording."""

import glob
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "samples")
SHARED = os.path.join(HERE, "..", "..", "..", "shared", "captures")
SECRET = b"opensesame-7"


def sessions(binary, *arguments, stdin=None):
    p = subprocess.run([binary, *arguments], input=stdin, capture_output=True)
    return [line for line in p.stdout.splitlines() if line.startswith(b'{"type":"session"')], p


def main():
    binary, bad = sys.argv[1], []
    files = sorted(glob.glob(f"{SAMPLES}/*.pcap*")) + sorted(glob.glob(f"{SAMPLES}/log-*")) + sorted(glob.glob(f"{SHARED}/third-party/*/*.pcap*"))
    files += sorted(glob.glob(f"{SHARED}/lab/*/pcap/*.pcap"))
    for path in files:
        want, _ = sessions(binary, "analyze", "--format", "jsonl", path)
        recording = subprocess.run([binary, "capture", "-r", path, "-o", "-"], capture_output=True).stdout
        got, _ = sessions(binary, "analyze", "--format", "jsonl", "-", stdin=recording)
        if want != got:
            bad.append(f"{path}: {len(got)} sessions of {len(want)}, or different ones")
        if SECRET in recording:
            bad.append(f"{path}: a secret is in the recording")
    print("\n".join(bad))
    print(f"{len(files)} captures, {len(bad)} differ")
    return 1 if bad or not files else 0


if __name__ == "__main__":
    sys.exit(main())
