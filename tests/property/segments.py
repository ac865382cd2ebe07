#!/usr/bin/env python3
"""segments.py SMTPSCOPE [--variants N] [--seed S] [--only WORD] [--build DIR]: what happens to segments on the way changes
no finding.

Every sample is cut, reordered, duplicated and interleaved at random (seeded): the findings and verdicts must be those of
the sample.  With segments lost, no finding may be added but capture-loss, connection-lost and timeout, no command may be
invented, and a verdict may change only to undecided or unanswered.  Segments are lost in every session of every sample, in
clear and inside TLS, in the dialogues of the unit tests (where --build says that they are built), and in the captures
beside the checkout.  All variants of a dialogue are sessions of one capture, told apart by the client's address.

Lost are a few segments here and there, or a run of them, or some or all of one side's, or the first ones, or the last."""

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
import dialogues  # noqa: E402
import frames  # noqa: E402
from tls_ends import KINDS, make_certificate, say_inside  # noqa: E402

SAMPLES = os.path.normpath(os.path.join(HERE, "..", "..", "samples"))
BESIDE = os.path.normpath(os.path.join(HERE, "..", "..", "..", "shared", "captures"))
LEAST = 6  # segments of a dialogue in which some can be lost
ODD_PORT = 588
SHARE = 40  # of the variants of a sample, for each dialogue of which there are thousands
OF_LOSS = {"capture-loss", "connection-lost", "timeout"}
NOT_KNOWN = {"undecided", "unanswered"}
OF_CONTENT = {"bare-lf", "bare-cr", "smtp-smuggling", "line-too-long", "dot-stuffing"}  # where no reply at all says whether it was one
VERBS = {"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "AUTH", "STARTTLS", "VRFY", "EXPN", "HELP"}


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


def lose_some(rng, segments):
    gone = set(rng.sample(range(len(segments)), rng.randint(1, 3)))
    return [s for i, s in enumerate(segments) if i not in gone]


def lose_run(rng, segments):
    begin = rng.randrange(len(segments))
    return segments[:begin] + segments[begin + rng.randint(2, 8):]


def lose_of_side(rng, segments):
    """As where a switch mirrors one direction, or drops of it what is too much."""
    side, share = rng.choice(segments), rng.choice((0.1, 0.3, 0.6, 1))
    return [s for s in segments if (s.src, s.sport) != (side.src, side.sport) or rng.random() > share]


def lose_first(rng, segments):
    return segments[rng.randint(1, len(segments) - 1):]


def lose_last(rng, segments):
    return segments[:rng.randint(1, len(segments) - 1)]


LOSSES = (lose_some, lose_some, lose_some, lose_run, lose_of_side, lose_first, lose_last)


def begins_with_late_greeting(original, left):
    """A capture that begins with a greeting is taken to begin there: what was said before it was nothing."""
    said = [s for s in original if s.payload]
    return bool(left) and left[0].payload.startswith(b"220") and said[0].sport != left[0].sport


def lose(rng, segments):
    original, segments = segments, cut(rng, segments) if rng.random() < 0.3 else segments
    left = rng.choice(LOSSES)(rng, segments)
    return left[1:] if begins_with_late_greeting(original, left) else left


def analyze(binary, path, *options):
    p = subprocess.run([binary, "analyze", "--format", "jsonl", *options, path], capture_output=True)
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


def is_withheld(reference, got):
    """A line that one of them withholds, and the other shows: which it is depends on what is known of it."""
    return isinstance(reference, dict) and reference.get("redacted") and isinstance(got, str) and len(got) == reference["length"]


def weaker(reference, got):
    """Nothing new but what loss explains."""
    known = collections.Counter(f["id"] for f in reference["findings"])
    new = collections.Counter(f["id"] for f in got["findings"]) - known
    if set(new) - OF_LOSS - (OF_CONTENT if got["capture"]["one_sided"] == "client" else set()):
        return f"findings added: {dict(new)}"
    return misplaced([(c["line"], c["verdict"]) for c in reference["commands"]], got["commands"], got["capture"]["one_sided"] == "client")


def is_same_line(told, line):
    """A blank in front of it may be lost without a trace, where the capture begins behind it."""
    return told == line or is_withheld(told, line) or is_withheld(line, told) or (isinstance(told, str) and told.lstrip() == line)


def misplaced(known, commands, is_one_sided):
    """What is not explained where each command is the first of the known ones, in order, that it can be.  Where the capture
    begins behind a QUIT, nothing shows that what follows should not have been said."""
    shows_quit, behind_quit = "QUIT" in [c["line"] for c in commands], False
    for c in commands:
        line, verdict = c["line"], c["verdict"]
        if verdict in NOT_KNOWN and (is_one_sided or str(line).split(" ")[0].upper() in VERBS):
            continue  # a response or a line of a message may read as a command; what tells them apart may be lost
        at = [i for i, (told, _) in enumerate(known) if is_same_line(told, line)]
        behind_quit = behind_quit or bool(at) and "QUIT" in [told for told, _ in known[: at[0]]]
        is_freed = behind_quit and not shows_quit and verdict == "ok"
        fits = [i for i in at if verdict in NOT_KNOWN or verdict == known[i][1] or (is_freed and known[i][1] == "tolerated")]
        if not at:
            return f"command invented or moved: {line}"
        if not fits:
            return f"{line}: verdict {verdict} instead of {known[at[0]][1]}"
        known = known[fits[0] + 1 :]
    return None


def sessions_by_number(binary, path, options, numbers):
    """Number of the variant: its sessions.  The client's address tells it; a server that is taken for the client, the other."""
    seen = collections.defaultdict(list)
    for session in analyze(binary, path, *options):
        number = frames.client_number(session["client"]["ip"])
        seen[number if number in numbers else frames.client_number(session["server"]["ip"])].append(session)
    return seen


def try_variants(binary, original, change, judge, numbers, scratch, options=()):
    """[(number, complaint)].  The dialogue itself, as variant 0, says what must be found; `change` makes variant `number` of it."""
    path, everything, lost = os.path.join(scratch, "variants.pcap"), [], judge is weaker
    for number in numbers:
        variant = frames.readdress(original, number)
        variant = change(number, variant) if number else variant
        everything += [s.copy(time=s.time + number * 100003) for s in variant]
    everything.sort(key=lambda s: s.time)
    frames.write(path, everything)
    seen = sessions_by_number(binary, path, options, numbers)
    if len(seen[0]) != 1:
        return []
    bad = []
    for number in numbers[1:]:
        problems = [judge(seen[0][0], session) for session in seen[number]] or ([None] if lost else ["no session"])
        bad += [(number, problem) for problem in problems if problem]
    return bad


def try_dialogue(binary, name, original, change, judge, variants, scratch, options=()):
    """Complaints; each is true of the variant by itself too, for sessions know of each other what is odd of many."""
    if len(original) < LEAST:
        return 0, []
    bad = []
    for number, problem in try_variants(binary, original, change, judge, range(variants + 1), scratch, options):
        alone = try_variants(binary, original, change, judge, (0, number), scratch, options) or [(number, None)]
        bad += [f"{name} {number}: {alone[0][1]}"] if alone[0][1] else []
    return variants, bad


def at_random(name, change):
    return lambda number, segments: change(random.Random(f"{name}/{change.__name__}/{number}"), segments)


def even(original):
    """A millisecond a packet: what is moved stays within the second after which a hole is told."""
    return [s.copy(time=original[0].time + i * 1000000) for i, s in enumerate(original)]


def on_odd_port(connection):
    """Where nothing but what is said tells that it is SMTP."""
    ports = {connection[0].sport: connection[0].sport, connection[0].dport: ODD_PORT}
    return [s.copy(sport=ports[s.sport], dport=ports[s.dport]) for s in connection]


def inside_tls(scratch):
    """The samples inside TLS: (name, connection, options)."""
    make_certificate(scratch)
    for name, connection in dialogues.captures(SAMPLES):
        said = dialogues.said(connection)
        if not said or any(payload.upper().startswith(b"STARTTLS") for _, payload, _ in said):
            continue
        kind = KINDS[random.Random(name).randrange(4)]
        keys = os.path.join(scratch, "keys.log")
        open(keys, "w").close()
        os.chmod(keys, 0o600)
        yield f"{name} inside {kind[1]} on {kind[0]}", say_inside(said, scratch, kind), ("--tls-keylog", keys)


def all_dialogues(o, scratch):
    """(name, connection, change, judge, variants, options)"""
    share = max(2, o.variants // SHARE)
    for name, connection in dialogues.captures(SAMPLES):
        if "vlan" not in name and "vxlan" not in name and "#0" in name:
            yield name, even(connection), shuffle, same, o.variants, ()
            if connection[0].flags & 0x12 == 2:  # a SYN, which says whose port is whose
                yield f"{name} on an odd port", on_odd_port(even(connection)), shuffle, same, max(2, o.variants // 4), ()
        yield name, connection, lose, weaker, o.variants, ()
    for name, connection, options in inside_tls(scratch):
        yield name, connection, lose, weaker, max(2, o.variants // 4), options
    for name, connection in dialogues.scenarios(o.build) if o.build else []:
        yield name, connection, lose, weaker, share, ()
    for name, connection in dialogues.captures(BESIDE) if os.path.isdir(BESIDE) else []:
        yield name, connection, lose, weaker, share, ()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--variants", type=int, default=100)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default="", help="a word in the names of the dialogues to try")
    parser.add_argument("--build", help="build folder with the unit tests")
    o = parser.parse_args()
    done, count, bad = 0, 0, []
    with tempfile.TemporaryDirectory() as scratch:
        for name, connection, change, judge, variants, options in all_dialogues(o, scratch):
            if o.only not in name:
                continue
            name = f"{o.seed}/{name}"
            n, b = try_dialogue(o.binary, f"{name} {change.__name__}", connection, at_random(name, change), judge, variants, scratch, options)
            done, count, bad = done + n, count + (n > 0), bad + b
    print("\n".join(bad))
    print(f"{done} variants of {count} dialogues, {len(bad)} wrong")
    return 1 if bad or not done else 0


if __name__ == "__main__":
    sys.exit(main())
