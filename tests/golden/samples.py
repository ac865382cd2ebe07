#!/usr/bin/env python3
"""samples.py SMTPSCOPE: each sample has the sessions and findings that samples/expected.tsv names.

Findings of the groups named in EVERYWHERE may come beside those: they are true of nearly every sample (a clear-text
login in a lab), and have their own tests."""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "samples")
EVERYWHERE = {"cleartext-credential", "weak-mechanism", "recipient-unknown", "relay-denied", "sender-refused",
              "command-refused", "message-retained", "auth-required"}


def main():
    binary, bad, seen = sys.argv[1], [], set()
    with open(os.path.join(SAMPLES, "expected.tsv")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    for name, sessions, findings in rows:
        seen.add(name)
        p = subprocess.run([binary, "analyze", "--format", "jsonl", os.path.join(SAMPLES, name)], capture_output=True)
        found = [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]
        ids = {f["id"] for s in found for f in s["findings"]}
        want = set(findings.split())
        if p.returncode or len(found) != int(sessions) or want - ids or ids - want - EVERYWHERE:
            bad.append(f"{name}: exit {p.returncode}, {len(found)} sessions, findings {sorted(ids)}, expected {sorted(want)}")
    extra = {n for n in os.listdir(SAMPLES) if ".pcap" in n or n.startswith("log-")} - seen
    bad += [f"{n}: not in expected.tsv" for n in sorted(extra)]
    print("\n".join(bad))
    print(f"{len(rows)} samples, {len(bad)} wrong")
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
