#!/usr/bin/env python3
"""extract.py SMTPSCOPE: what is taken out of captures.

  messages   each content once under its digest, which `sha256sum -c` confirms; an envelope for each time that it was sent;
             nothing outside of the folder, whatever the addresses are
  packets    --scrubbed-pcap holds no secret that its input holds, in any form; as many sessions and commands as before;
             every checksum is right; with --anonymize no address or name either"""

import hashlib
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import history  # noqa: E402


def load(name):
    """secrets.py beside this file: by its path, because Python has a module of that name."""
    spec = importlib.util.spec_from_file_location("known_secrets", os.path.join(os.path.dirname(os.path.abspath(__file__)), name))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


secrets_table = load("secrets.py")


def run(binary, *arguments, status=0, **more):
    p = subprocess.run([binary, *arguments], capture_output=True, **more)
    if p.returncode != status:
        raise AssertionError(f"{arguments}: exit {p.returncode}: {p.stderr.decode()[-300:]}")
    return p.stdout


def messages(binary, folder):
    capture, path, out = history.Capture(random.Random(5)), os.path.join(folder, "in.pcap"), os.path.join(folder, "out")
    for k, name in enumerate(["a@x.test", "../../../etc/passwd", "a/b\\c", "..", "CON", "x" * 300, "a%00b", "$(id)"]):
        capture.add(1 + k, 4 * k, history.mail(name, "b@corp.test", content="Subject: same\r\n\r\nthe same text"))
        capture.add(1 + k, 4 * k + 2, history.mail(name, "b@corp.test", content=f"Subject: {name[:40]}\r\n\r\n..dots\r\n{k}"))
    capture.write(path)
    run(binary, "extract", path, "-d", out)
    files = sorted(os.listdir(out))
    mails = [f for f in files if f.endswith(".eml")]
    bad = [f"{f}: not named by its digest" for f in mails
           if hashlib.sha256(open(os.path.join(out, f), "rb").read()).hexdigest()[:32] != f[:32]]
    if len(mails) != 9 or not all(re.fullmatch(r"[0-9a-f]{32}(\.partial)?\.eml(\.envelope\.jsonl)?|manifest\.jsonl|SHA256SUMS", f) for f in files):
        bad.append(f"files: {files}")
    if sorted(os.listdir(folder)) != ["in.pcap", "out"]:
        bad.append("something stands outside of the folder")
    lines = [json.loads(line) for line in open(os.path.join(out, "manifest.jsonl"))]
    if len(lines) != 16 or sum(line["duplicate"] for line in lines) != 7 or not all(line["complete"] for line in lines):
        bad.append(f"manifest: {len(lines)} lines")
    if subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=out, capture_output=True).returncode:
        bad.append("SHA256SUMS does not hold")
    text = b"".join(open(os.path.join(out, f), "rb").read() for f in mails)
    if b"\r\n.dots\r\n" not in text or b"..dots" in text:
        bad.append("dots are not as they were before they were doubled")
    run(binary, "extract", path, "-d", out, status=3)  # not empty
    return bad


def summary(binary, path):
    return json.loads(run(binary, "analyze", "--json", path).splitlines()[-1])


def packets(binary, folder):
    bad, table, out = [], secrets_table.known_secrets(), os.path.join(folder, "scrubbed.pcapng")
    for path, known in table.items():
        for options in ([], ["--anonymize"]):
            run(binary, "extract", "-q", path, "--scrubbed-pcap", out, *options)
            data, before, after = open(out, "rb").read(), summary(binary, path), summary(binary, out)
            for _, secret in known:
                for form in secrets_table.forms(secret.encode()) if len(secret) >= secrets_table.LEAST else ():
                    if form in data:
                        bad.append(f"{path} {options}: a secret is left")
                        break
            if before["sessions"] != after["sessions"]:
                bad.append(f"{path} {options}: {after['sessions']} sessions of {before['sessions']}")
            sums = subprocess.run(["tcpdump", "-nvv", "-r", out], capture_output=True).stdout
            if b"incorrect" in sums or b"bad cksum" in sums:
                bad.append(f"{path} {options}: a checksum is wrong")
    capture, path = history.Capture(random.Random(6)), os.path.join(folder, "names.pcap")
    capture.add(9, 0, [(None, "220 mx.secret-corp.test ESMTP"), ("EHLO laptop-anna", "250 hello laptop-anna"),
                       ("MAIL FROM:<anna@secret-corp.test>", "550 5.7.1 anna is not welcome"), ("QUIT", "221 bye")])
    capture.write(path)
    run(binary, "extract", path, "--scrubbed-pcap", out, "--anonymize")
    data = open(out, "rb").read()
    bad += [f"names: {word} is left" for word in (b"anna", b"secret-corp", b"laptop", bytes([192, 0, 2, 9])) if word in data]
    run(binary, "extract", "-", "--scrubbed-pcap", out, status=2, stdin=subprocess.DEVNULL)
    return bad


def main():
    binary, bad = os.path.abspath(sys.argv[1]), []
    for check in (messages, packets):
        with tempfile.TemporaryDirectory() as folder:
            bad += [f"{check.__name__}: {b}" for b in check(binary, folder)]
    print("\n".join(bad[:40]))
    print(f"2 checks, {len(bad)} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
