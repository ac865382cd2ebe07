#!/usr/bin/env python3
"""manual.py SMTPSCOPE: the manual page of each command names the options that its --help lists, and no others, with
the same letters and in the same order; every manual page is well formed and no help is wider than a terminal."""

import os
import re
import shutil
import subprocess
import sys

from collections import namedtuple

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
COMMANDS = ["analyze", "show", "capture", "explain"]
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


def malformed():
    if not shutil.which("mandoc"):
        return []
    folder = os.path.join(TOP, "docs", "man")
    pages = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    run = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True)
    return (run.stdout + run.stderr).splitlines()


def main():
    program = sys.argv[1]
    bad = wide(program) + malformed()
    for command in COMMANDS:
        bad += differences(program, command) + wide(program, command)
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
