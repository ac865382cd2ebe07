#!/usr/bin/env python3
"""catalogue.py PRINT_MESSAGES [--list]: each text that `words` may be asked for has an entry in every cli/po/*.po, translated, with
the same places {1} {2}, and no entry is left over.  Each sentence that is put together in analyzer/rules has a pattern in
analyzer/report/details.def.  --list prints the texts."""

import ast
import glob
import os
import re
import subprocess
import sys

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
STRING = r'"(?:[^"\\]|\\.)*"'


def literal(text):
    return "".join(ast.literal_eval("b" + s).decode("utf-8") if all(ord(c) < 128 for c in s) else ast.literal_eval(s)
                   for s in re.findall(STRING, text))


def marked():
    """What stands in WORDS() or words() in the sources, in order."""
    found = []
    for path in sorted(glob.glob(f"{TOP}/analyzer/report/*.c") + glob.glob(f"{TOP}/cli/*.c")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        found += [literal(m[1]) for m in re.finditer(r"\b(?:WORDS|words)\(\s*((?:%s\s*)+)\)" % STRING, text)]
    return found


def texts(program):
    out = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    return [t for t in dict.fromkeys(marked() + out) if t]


def entries(path):
    """msgid -> msgstr; of plural forms each."""
    with open(path, encoding="utf-8") as f:
        blocks = f.read().split("\n\n")
    found = {}
    for block in blocks:
        fields = re.findall(r"^(msgid|msgid_plural|msgstr(?:\[\d\])?) ((?:%s\n?)+)" % STRING, block, re.MULTILINE)
        values = {key: literal(value) for key, value in fields}
        if values.get("msgid"):
            said = values.get("msgstr", values.get("msgstr[0]", ""))
            found[values["msgid"]] = said
            if "msgid_plural" in values:
                found[values["msgid_plural"]] = said
    return found


def places(text):
    return sorted(set(re.findall(r"\{\d\}", text)))


SPEC = r"%[-.*0-9]*(?:ll|z)?[a-zA-Z]"


def untaken(wanted):
    """Sentences that analyzer/rules puts together and that no pattern of details.def takes apart."""
    said, bad = [re.sub(r"\{\d\}", "7.7.7", t) for t in wanted], []
    for path in sorted(glob.glob(f"{TOP}/analyzer/rules/*.c")):
        with open(path, encoding="utf-8") as f:
            source = f.read()
        for call in re.finditer(r"\bcheck_detail\([^;\"]*((?:%s\s*)+)" % STRING, source):
            for sentence in re.split(r"(?<!\.)\.(?:(?:%s)+(?= |$)|(?= |$))" % SPEC, literal(call[1])):
                sentence = sentence.strip()
                plain = re.sub(r"(?:%s)+" % SPEC, "", sentence).strip()
                form = ".*".join(re.escape(part) for part in re.split(r"(?:%s)+" % SPEC, sentence))
                if len(plain) > 1 and not any(re.fullmatch(form, t) for t in said):
                    bad.append(f"{os.path.basename(path)}: not in details.def: {sentence}")
    return bad


def main():
    wanted = texts(sys.argv[1])
    if "--list" in sys.argv:
        print("\n".join(wanted))
        return 0
    bad = untaken(wanted)
    catalogues = sorted(glob.glob(f"{TOP}/cli/po/*.po"))
    for path in catalogues:
        name, have = os.path.basename(path), entries(path)
        bad += [f"{name}: no translation of: {t[:90]}" for t in wanted if not have.get(t)]
        bad += [f"{name}: other places than in: {t[:90]}" for t in wanted if have.get(t) and places(have[t]) != places(t)]
        bad += [f"{name}: nobody says any more: {t[:90]}" for t in have if t not in wanted]
    print("\n".join(bad[:40]))
    print(f"{len(catalogues)} catalogues, {len(wanted)} texts, {len(bad)} complaints")
    return 1 if bad or not catalogues else 0


if __name__ == "__main__":
    sys.exit(main())
