#!/usr/bin/env python3
"""golden.py SMTPSCOPE [--update]: runs every row of cases.txt and compares the output with its expected file.

A row is: name, sample files, options; tab-separated.  Expected output stands in expected/NAME."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(HERE, "..", ".."))


def main():
    binary, update, bad = os.path.abspath(sys.argv[1]), "--update" in sys.argv, []
    with open(os.path.join(HERE, "cases.txt")) as f:
        rows = [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#")]
    os.makedirs(os.path.join(HERE, "expected"), exist_ok=True)
    for name, samples, options in rows:
        command = [binary, *options.split(), *("samples/" + s for s in samples.split())]
        p = subprocess.run(command, capture_output=True, cwd=TOP, env={**os.environ, "TZ": "UTC", "NO_COLOR": "1"})
        got = p.stdout + b"--- stderr, exit %d\n" % p.returncode + p.stderr
        path = os.path.join(HERE, "expected", name)
        if update:
            with open(path, "wb") as f:
                f.write(got)
        elif not os.path.exists(path) or open(path, "rb").read() != got:
            bad.append(f"{name}: differs; see `python3 tests/golden/golden.py {sys.argv[1]} --update` and git diff")
    print("\n".join(bad))
    print(f"{len(rows)} cases, {len(bad)} differ")
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
