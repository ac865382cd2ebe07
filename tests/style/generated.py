#!/usr/bin/env python3
"""generated.py PRINT_DOCS [--update]: the documents that are printed from the tables of the program are what it prints."""

import os
import subprocess
import sys

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
DOCUMENTS = {"findings": "docs/FINDINGS.md", "states": "docs/STATES.md", "man": "docs/man/smtpscope-findings.7"}


def main():
    stale = []
    for name, path in DOCUMENTS.items():
        text = subprocess.run([sys.argv[1], name], capture_output=True, check=True).stdout
        path = os.path.join(TOP, path)
        if "--update" in sys.argv:
            with open(path, "wb") as f:
                f.write(text)
        elif not os.path.exists(path) or open(path, "rb").read() != text:
            stale.append(path)
    for path in stale:
        print(f"{path} is stale: python3 tests/style/generated.py {sys.argv[1]} --update")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
