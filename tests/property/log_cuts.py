#!/usr/bin/env python3
"""log_cuts.py SMTPSCOPE [--cuts N]: a log that is cut, at its beginning or its end, accuses nobody whom the whole does not.

Taken are the samples and, where they stand beside the checkout, logs of other programs."""

import argparse
import collections
import glob
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "samples")
SHARED = os.path.join(HERE, "..", "..", "..", "shared", "captures", "logs")
ACCUSING = ("misordered", "consequence", "contradicted", "tolerated")


def accusations(program, text):
    """By id alone: the reply may have been cut off."""
    p = subprocess.run([program, "analyze", "--json", "-"], input=text, capture_output=True)
    assert p.returncode in (0, 3), p.stderr
    sessions = [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]
    found = collections.Counter((c["verb"], c["verdict"]) for s in sessions for c in s["commands"] if c["verdict"] in ACCUSING)
    return found + collections.Counter(f["id"] for s in sessions for f in s["findings"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--cuts", type=int, default=6)
    options = parser.parse_args()
    paths = sorted(glob.glob(f"{SAMPLES}/log-*")) + sorted(glob.glob(f"{SHARED}/*/session.log"))
    dice, bad, cuts = random.Random(1), 0, 0
    for path in paths:
        with open(path, "rb") as f:
            lines = f.read().splitlines(True)
        whole = accusations(options.program, b"".join(lines))
        for i in range(options.cuts):
            at = dice.randrange(1, len(lines) + 1)
            part = lines[at:] if i % 2 else lines[:at]
            more = accusations(options.program, b"".join(part)) - whole
            cuts += 1
            if more:
                bad += 1
                print(f"{path}: {'from' if i % 2 else 'up to'} line {at} it accuses: {dict(more)}")
    print(f"{cuts} cuts of {len(paths)} logs, {bad} accuse of more")
    return 1 if bad or not cuts else 0


if __name__ == "__main__":
    sys.exit(main())
