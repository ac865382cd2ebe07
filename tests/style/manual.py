#!/usr/bin/env python3
"""manual.py SMTPSCOPE: the manual page of each command names the options that its --help lists, and no others, with
the same letters and in the same order; every manual page is well formed, no help is wider than a terminal, and the
README shows what the program prints."""

import os
import re
import shutil
import subprocess
import sys

from collections import namedtuple

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
COMMANDS = ["analyze", "show", "capture", "keygen", "report", "extract", "explain"]
COLUMNS = 80

Option = namedtuple("Option", "letter name value help")  # value "": it takes none


def help_of(program, *words):
    return subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True).stdout


def options_of(program, command):
    """The option table, as --help prints it; the help of a long name stands in the next line."""
    text = help_of(program, command)
    count = len(re.findall(r"^  (?:-\w,|   ) --", text, re.MULTILINE))
    rows = re.findall(r"^  (?:-(\w),|   ) --([a-z-]+)(?: ([A-Z=]+))? *\n? +(\S.*)$", text, re.MULTILINE)
    assert len(rows) == count > 0, f"{command} --help cannot be read"
    return [Option(*row) for row in rows]


def manual_path(command):
    return os.path.join(TOP, "docs", "man", f"smtpscope-{command}.1")


def manual_options(command):
    """(letter, name, whether it takes a value) of every item that begins with a flag."""
    found = []
    for line in open(manual_path(command), encoding="utf-8"):
        match = re.match(r"\.It (?:Fl (\w) (?:Ar \S+ , )?(?:, )?)?Fl -([a-z-]+)( Ar)?", line)
        if match:
            found.append((match[1] or "", match[2], bool(match[3])))
    return found


def differences(program, command):
    listed = [(o.letter, o.name, bool(o.value)) for o in options_of(program, command)]
    written = manual_options(command)
    page = os.path.relpath(manual_path(command), TOP)
    bad = [f"{page} lacks --{name}" for letter, name, value in listed if name not in [w[1] for w in written]]
    bad += [f"{page}: no option --{name}" for letter, name, value in written if name not in [o[1] for o in listed]]
    if not bad and written != listed:
        bad = [f"{page}: letters, values or order are not those of {command} --help"]
    return bad


def wide(program, *words):
    return [f"{' '.join(words)} --help is wider than {COLUMNS} columns: {line}"
            for line in help_of(program, *words).splitlines() if len(line) > COLUMNS]


def readme(program):
    """What README.md shows behind "$ smtpscope ..." is what the program prints, in that order; [lines like this] tell
    what was left out."""
    text = open(os.path.join(TOP, "README.md"), encoding="utf-8").read()
    bad = []
    for words, block in re.findall(r"^    \$ smtpscope (.*)\n((?:    .*\n|\n(?=    ))*)", text, re.MULTILINE):
        run = subprocess.run([program, *words.split()], cwd=TOP, capture_output=True, text=True)
        printed = iter(run.stdout.splitlines())
        shown = [line[4:] for line in block.splitlines() if line.strip() and not line.strip().startswith("[")]
        bad += [f"README.md: smtpscope {words} does not print: {line}" for line in shown if line not in printed]
    return bad


def malformed():
    if not shutil.which("mandoc"):
        return []
    folder = os.path.join(TOP, "docs", "man")
    pages = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True)
    return (run.stdout + run.stderr).splitlines()


def main():
    program = sys.argv[1]
    bad = wide(program) + malformed() + readme(program)
    for command in COMMANDS:
        bad += differences(program, command) + wide(program, command)
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
