#!/usr/bin/env python3
"""segments.py SMTPSCOPE [--variants N] [--seed S] [--sample NAME]: what happens to segments on the way changes no finding.

Every sample is cut, reordered, duplicated and interleaved at random (seeded): the findings and verdicts must be those of
the sample.  With segments lost, no finding may be added but capture-loss, connection-lost and timeout, no command may be
invented, and a verdict may change only to undecided or unanswered.  All variants of a sample are sessions of one capture,
told apart by the client's address."""

import argparse
import collections
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import frames  # noqa: E402

SAMPLES = os.path.join(HERE, "..", "..", "samples")
OF_LOSS = {"capture-loss", "connection-lost", "timeout"}
NOT_KNOWN = {"undecided", "unanswered"}


def cut(rng, segments):
    """Payloads in pieces, down to single bytes."""
    out = []
    for s in segments:
        if len(s.payload) < 2 or rng.random() < 0.3:
            out.append(s)
            continue
        pieces = sorted(rng.sample(range(1, len(s.payload)), min(len(s.payload) - 1, rng.choice((1, 2, 5, 40)))))
        for a, b in zip([0] + pieces, pieces + [len(s.payload)]):
            last = b == len(s.payload)
            out.append(s.copy(payload=s.payload[a:b], seq=s.seq + a, flags=s.flags if last else s.flags & ~1))
    return out


def move(rng, segments):
    """Neighbours change places in the file, the handshake stays first; times stay in order."""
    head = 3
    tail = segments[head:]
    for _ in range(rng.randint(1, max(1, len(tail) // 2))):
        i = rng.randrange(len(tail))
        j = min(len(tail) - 1, i + rng.randint(0, 4))
        tail.insert(j, tail.pop(i))
    times = sorted(s.time for s in segments)
    return [s.copy(time=t) for s, t in zip(segments[:head] + tail, times)]


def repeat(rng, segments):
    """Retransmissions, whole or in part, a little later."""
    out = list(segments)
    for _ in range(rng.randint(1, 4)):
        i = rng.randrange(len(out))
        s = out[i]
        if s.payload:
            skip = rng.randrange(len(s.payload))
            s = s.copy(payload=s.payload[skip:], seq=s.seq + skip)
        j = min(len(out), i + 1 + rng.randint(0, 5))
        out.insert(j, s.copy(time=out[j - 1].time))
    return out


def shuffle(rng, segments):
    for change in (cut, repeat, move):
        if rng.random() < 0.7:
            segments = change(rng, segments)
    return segments


def lose(rng, segments):
    segments = cut(rng, segments) if rng.random() < 0.3 else list(segments)
    for _ in range(rng.randint(1, 3)):
        if len(segments) > 4:
            del segments[rng.randrange(len(segments))]
    return segments


def analyze(binary, path):
    p = subprocess.run([binary, "analyze", "--format", "jsonl", path], capture_output=True)
    if p.returncode not in (0, 3):
        raise SystemExit(f"{path}: exit {p.returncode}: {p.stderr[-400:].decode(errors='replace')}")
    return [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]


def gist(session):
    commands = [(json.dumps(c["line"]), c["verdict"], (c["reply"] or {}).get("code"), c["cause"]) for c in session["commands"]]
    findings = sorted((f["id"], f["command"]) for f in session["findings"])
    messages = [(m["sha256"], m["complete"], m["verdict"]) for m in session["messages"]]
    return commands, findings, messages


def same(reference, got):
    a, b = gist(reference), gist(got)
    for what, x, y in zip(("commands", "findings", "messages"), a, b):
        if x != y:
            return f"{what}: {y} instead of {x}"
    return None


def weaker(reference, got):
    """Nothing new but what loss explains."""
    known = collections.Counter(f["id"] for f in reference["findings"])
    new = collections.Counter(f["id"] for f in got["findings"]) - known
    if set(new) - OF_LOSS:
        return f"findings added: {dict(new)}"
    rest = [(json.dumps(c["line"]), c["verdict"]) for c in reference["commands"]]
    for c in got["commands"]:
        line = json.dumps(c["line"])
        while rest and rest[0][0] != line:
            rest.pop(0)
        if not rest:
            return f"command invented or moved: {line}"
        verdict = rest.pop(0)[1]
        if c["verdict"] != verdict and c["verdict"] not in NOT_KNOWN:
            return f"{line}: verdict {c['verdict']} instead of {verdict}"
    return None


def try_sample(binary, name, variants, seed, keep):
    original = frames.segments(os.path.join(SAMPLES, name))
    # A millisecond a packet: what is moved stays within the second after which a hole is told.
    original = [s.copy(time=original[0].time + i * 1000000) for i, s in enumerate(original)]
    reference = analyze(binary, os.path.join(SAMPLES, name))
    if len(reference) != 1 or len(original) < 6:
        return 0, []
    bad = []
    for kind, change, judge in (("shuffled", shuffle, same), ("lossy", lose, weaker)):
        everything = []
        for number in range(1, variants + 1):
            rng = random.Random(f"{seed}/{name}/{kind}/{number}")
            variant = frames.readdress(change(rng, original), number)
            everything += [s.copy(time=s.time + number * 100003) for s in variant]
        everything.sort(key=lambda s: s.time)
        path = os.path.join(keep, f"{kind}-{name}")
        frames.write(path, everything)
        seen = {}
        for session in analyze(binary, path):
            seen.setdefault(frames.client_number(session["client"]["ip"]), session)
        for number in range(1, variants + 1):
            if number not in seen:
                problem = None if kind == "lossy" else "no session"
            else:
                problem = judge(reference[0], seen[number])
            if problem:
                bad.append(f"{name} {kind} {number}: {problem}")
    return 2 * variants, bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--variants", type=int, default=100)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--sample")
    parser.add_argument("--keep", help="folder for the captures made")
    o = parser.parse_args()
    names = [o.sample] if o.sample else sorted(n for n in os.listdir(SAMPLES) if n.endswith(".pcap")
                                               and n not in ("vlan.pcap", "vxlan.pcap"))
    done, bad = 0, []
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            n, b = try_sample(o.binary, name, o.variants, o.seed, o.keep or scratch)
            done, bad = done + n, bad + b
    print("\n".join(bad[:60] if len(bad) < 1000 else bad[:60]))
    print(f"{done} variants of {len(names)} samples, {len(bad)} wrong")
    return 1 if bad or not done else 0


if __name__ == "__main__":
    sys.exit(main())
