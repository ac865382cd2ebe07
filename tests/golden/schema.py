#!/usr/bin/env python3
"""schema.py SMTPSCOPE: `analyze --format jsonl`, recordings and reports of every sample hold against docs/schema."""

import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.normpath(os.path.join(HERE, "..", ".."))


def main():
    try:
        import jsonschema
    except ImportError:
        print("needs python3-jsonschema")
        return 77
    binary, bad, lines = sys.argv[1], [], 0
    files = sorted(glob.glob(f"{TOP}/samples/*.pcap*")) + sorted(glob.glob(f"{TOP}/samples/log-*")) + sorted(glob.glob(f"{TOP}/../shared/captures/third-party/*/*.pcap*"))
    for schema, arguments in (("analyze", ["analyze", "--format", "jsonl"]), ("recording", ["capture", "-o", "-", "-r"]),
                              ("report", ["report", "--format", "json"]), ("report", ["report", "--format", "json", "--anonymize"])):
        with open(f"{TOP}/docs/schema/{schema}.schema.json") as f:
            validator = jsonschema.Draft7Validator(json.load(f))
        for path in files:
            p = subprocess.run([binary, *arguments, path], capture_output=True)
            for line in [p.stdout] if schema == "report" else p.stdout.splitlines():
                lines += 1
                for e in validator.iter_errors(json.loads(line)):
                    bad.append(f"{schema} {os.path.basename(path)}: {list(e.absolute_path)}: {e.message[:200]}")
    print("\n".join(bad[:30]))
    print(f"{lines} lines, {len(bad)} violations")
    return 1 if bad or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
