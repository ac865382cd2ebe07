#!/usr/bin/env python3
"""browser.py SMTPSCOPE [--pictures FOLDER]: the HTML report in headless Chromium, driven by page.js through playwright-core:
sorting, filtering and folding work, nothing is logged as an error, no request leaves the page, axe-core finds nothing
serious, in light, dark, narrow and printed.  A page of 500 incidents opens within two seconds and is smaller than 5 MB.

Needs Debian's chromium and nodejs; playwright-core and axe-core come from npm into build/browser."""

import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "property"))
import history  # noqa: E402


def modules():
    """Where the two packages are; None if they cannot be had."""
    folder = os.path.join(TOP, "build", "browser")
    if not os.path.isdir(os.path.join(folder, "node_modules", "axe-core")):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "playwright-core", "axe-core"],
                       capture_output=True)
    found = os.path.join(folder, "node_modules")
    return found if os.path.isdir(os.path.join(found, "axe-core")) else None


def many(path):
    """500 incidents: each a program of its own."""
    capture = history.Capture(random.Random(7))
    for k in range(500):
        name, line = f"EHLO {chr(97 + k % 26)}{chr(97 + k // 26)}.test", [("MAIL FROM:<a@b.test>", "554 5.7.1 no"), ("RCPT TO:<c@d.test>", "503 no")]
        for _ in range(2):
            capture.add(1 + k % 250, k, [(None, "220 mx.test ESMTP"), (name, "250-mx.test\r\n250 SIZE"), *line[k % 2:], ("QUIT", "221 bye")])
    capture.write(path)


def main():
    binary = os.path.abspath(sys.argv[1])
    if not shutil.which("chromium") or not shutil.which("node") or not shutil.which("npm"):
        print("needs chromium, nodejs and npm")
        return 77
    found = modules()
    if not found:
        print("playwright-core and axe-core cannot be installed from npm")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        samples = os.path.join(TOP, "samples")
        pages, capture = {}, os.path.join(folder, "many.pcap")
        many(capture)
        inputs = {"samples": sorted(os.path.join(samples, f) for f in os.listdir(samples) if ".pcap" in f),
                  "japanese": [os.path.join(samples, "nested-mail.pcap"), "--lang", "ja"],
                  "clean": [os.path.join(samples, "clean.pcap")],
                  "compared": [os.path.join(samples, "auth-twice.pcap"), "--baseline", os.path.join(samples, "cascade-mail.pcap")],
                  "many": [capture]}
        for name, arguments in inputs.items():
            pages[name] = os.path.join(folder, name + ".html")
            subprocess.run([binary, "report", "--format", "html", "-o", pages[name], *arguments], check=True)
        size = os.path.getsize(pages["many"])
        p = subprocess.run(["node", os.path.join(HERE, "page.js"), sys.argv[3] if "--pictures" in sys.argv else "", *pages.values()],
                           env={**os.environ, "NODE_PATH": found}, capture_output=True, text=True)
        print(p.stdout + p.stderr, end="")
        print(f"500 incidents: {size} octets")
        return 1 if p.returncode or size > 5_000_000 else 0


if __name__ == "__main__":
    sys.exit(main())
