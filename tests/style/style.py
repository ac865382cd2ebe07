#!/usr/bin/env python3
"""style.py CHECK: the habits of the code that a compiler does not see.

    rooms       a room includes only rooms listed before it
    format      clang-format has nothing to change
    functions   no function over 60 lines"""

import os
import re
import shutil
import subprocess
import sys

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
# In the order in which rooms may include each other.
ROOMS = ["base", "smtp", "transcript", "store", "source", "link", "ip", "scrub", "tcp", "detect", "tls", "dialogue", "log", "replay",
         "sasl", "rules", "incident", "report"]
GROUND = ["base", "smtp", "transcript"]
ANALYZER = ["replay", "sasl", "rules", "incident", "report"]


def sources():
    out = subprocess.run(["git", "-C", TOP, "ls-files", "capture", "analyzer", "cli", "tests"], capture_output=True, text=True)
    return [f for f in out.stdout.split() if re.search(r"\.[ch]$", f)]


def rooms():
    bad = []
    for f in sources():
        parts = f.split("/")
        if parts[0] not in ("capture", "analyzer"):
            continue
        room = parts[1]
        for line in open(os.path.join(TOP, f), encoding="utf-8"):
            m = re.match(r'#include "([a-z0-9_]+)/', line)
            if not m or m[1] == room:
                continue
            other = m[1]
            late = other not in ROOMS or ROOMS.index(other) > ROOMS.index(room)
            packets = room in ANALYZER and other not in GROUND + ANALYZER
            model = parts[0] == "capture" and other in ("smtp", "transcript") and room not in GROUND + ["dialogue", "log"]
            if late or packets or model:
                bad.append(f"{f}: {room} must not include {other}")
    return bad


def format():
    if not shutil.which("clang-format"):
        sys.exit(77)
    files = [os.path.join(TOP, f) for f in sources()]
    p = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], capture_output=True, text=True)
    return [line for line in p.stderr.splitlines() if "error:" in line]


def functions():
    """The end of a function is the first brace in column 0 behind its beginning: that is how the code is laid out."""
    bad = []
    for f in (f for f in sources() if not f.startswith("tests/")):  # there, tables of cases are functions too
        start = None
        for n, line in enumerate(open(os.path.join(TOP, f), encoding="utf-8"), 1):
            if line.startswith("{"):
                start = n
            elif line.startswith("}") and start:
                if n - start + 1 > 62:
                    bad.append(f"{f}:{start}: a function of {n - start - 1} lines")
                start = None
    return bad


def main():
    bad = {"rooms": rooms, "format": format, "functions": functions}[sys.argv[1]]()
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
