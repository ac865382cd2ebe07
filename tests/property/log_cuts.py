#!/usr/bin/env python3
"""log_cuts.py SMTPSCOPE [--cuts N]: a log that is cut, at its beginning or its end, accuses nobody whom the whole does not; one that
lacks lines in its middle accuses nobody for certain of what the whole does not show.  One whose lines are all cut off at a column, or
folded there, accuses of no more than the whole.

Taken are the samples and, where they stand beside the checkout, logs of other programs.  A line that is missing leaves no trace
but what does not fit any more, so a finding may say that it is likely, and none may say that it is certain."""

import argparse
import collections
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "samples")
SHARED = os.path.join(HERE, "..", "..", "..", "shared", "captures", "logs")
ACCUSING = ("misordered", "consequence", "contradicted", "tolerated")


def ids_of(*groups):
    """From the catalogue: RULE(NAME, "id", "group", ..."""
    text = "".join(open(path).read() for path in glob.glob(f"{HERE}/../../analyzer/rules/rules_*.def"))
    return {id for id, group in re.findall(r'^RULE\(\w+, "([^"]+)", "([^"]+)"', text, re.M) if group in groups}


HARMLESS = {"command-refused"}  # whose reason was cut off
ORDER = ids_of("order", "extension", "server")


def sessions_of(program, text):
    p = subprocess.run([program, "analyze", "--json", "-"], input=text, capture_output=True)
    assert p.returncode in (0, 3), p.stderr
    return [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]


def accusations(sessions):
    """By id alone: the reply may have been cut off."""
    found = collections.Counter((c["verb"], c["verdict"]) for s in sessions for c in s["commands"] if c["verdict"] in ACCUSING)
    return found + collections.Counter(f["id"] for s in sessions for f in s["findings"])


def certainties(sessions, confirmed):
    """What is told of the order for certain, with or without what a 503 of the server confirms."""
    return collections.Counter(f["id"] for s in sessions for f in s["findings"]
                               if f["confidence"] == "certain" and f["id"] in ORDER and (confirmed or f["reply_code"] != 503))


def try_cuts(program, path, lines, cuts, dice):
    whole = accusations(sessions_of(program, b"".join(lines)))
    for i in range(cuts):
        at = dice.randrange(1, len(lines) + 1)
        part = lines[at:] if i % 2 else lines[:at]
        more = accusations(sessions_of(program, b"".join(part))) - whole
        yield more and f"{path}: {'from' if i % 2 else 'up to'} line {at} it accuses: {dict(more)}"


def try_lacks(program, path, lines, lacks, dice):
    """Each line once, if there are no more than that; and a few in a row, which may hold a question with its answer."""
    whole = sessions_of(program, b"".join(lines))
    each = [(at, 1) for at in range(1, len(lines) - 1)]
    for at, count in dice.sample(each, min(lacks, len(each))) + [(dice.randrange(len(lines)), dice.randint(2, 4)) for _ in range(lacks // 4)]:
        lacking = sessions_of(program, b"".join(lines[:at] + lines[at + count :]))
        more = certainties(lacking, count == 1) - certainties(whole, True)
        yield more and f"{path}: without {count} lines from {at + 1} it accuses for certain: {dict(more)}"


def folded(line, column, indent):
    """As terminals do."""
    head, rest = line[:column], line[column:]
    room = column - len(indent)
    return [head] + [indent + rest[at : at + room] for at in range(0, len(rest), room)]


def filled(line, column, indent):
    """As mail programs do: at blanks."""
    return textwrap.wrap(line, column, subsequent_indent=indent, break_on_hyphens=False, replace_whitespace=False, expand_tabs=False) or [line]


def recorded(program, text):
    """What the recording of it says."""
    with tempfile.NamedTemporaryFile() as log:
        log.write(text)
        log.flush()
        recording = subprocess.run([program, "capture", "-r", log.name, "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return sessions_of(program, recording.stdout) if recording.stdout else []


COLUMNS = (72, 76, 79, 80, 100, 120, 132)
FITS = {
    "cut": lambda line, column: [line[:column]],
    "folded": lambda line, column: folded(line, column, ""),
    "folded and indented": lambda line, column: folded(line, column, "    "),
    "filled": lambda line, column: filled(line, column, ""),
    "filled and indented": lambda line, column: filled(line, column, "  "),
}


def try_widths(program, path, lines):
    """A refusal whose reason is not there any more is a refusal, and no accusation."""
    texts = [line.rstrip("\r") for line in b"".join(lines).decode("latin-1").split("\n")]
    whole = accusations(sessions_of(program, b"".join(lines)))
    for column in COLUMNS:
        if max(map(len, texts), default=0) <= column:
            break
        for how, fit in FITS.items():
            fitted = [part for text in texts for part in (fit(text, column) if len(text) > column else [text])]
            sessions = sessions_of(program, "\n".join(fitted).encode("latin-1"))
            more = accusations(sessions) - whole
            more = {id: count for id, count in more.items() if id not in HARMLESS}
            yield more and f"{path}: {how} at column {column} it accuses: {more}"
            if how == "cut":
                yield recorded(program, "\n".join(fitted).encode("latin-1")) != sessions and f"{path}: {how} at column {column} its recording says something else"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--cuts", type=int, default=6)
    parser.add_argument("--lacks", type=int, default=20)
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    paths = sorted(glob.glob(f"{SAMPLES}/log-*")) + sorted(glob.glob(f"{SHARED}/*/session.log"))
    dice, tried = random.Random(options.seed), []
    for path in paths:
        with open(path, "rb") as f:
            lines = f.read().splitlines(True)
        tried += try_cuts(options.program, path, lines, options.cuts, dice)
        tried += try_lacks(options.program, path, lines, options.lacks, dice)
        tried += try_widths(options.program, path, lines)
    bad = [complaint for complaint in tried if complaint]
    print("\n".join(bad))
    print(f"{len(tried)} cuts of {len(paths)} logs, {len(bad)} accuse of more")
    return 1 if bad or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
