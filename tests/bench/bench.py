"""bench.py SMTPSCOPE BENCH PAIRS: see bench.sh."""

import os
import resource  # noqa: F401  (wait4's usage)
import shutil
import statistics
import subprocess
import sys

WORKLOADS = {  # name: generator options, most CPU over `floor smtp` and over `floor flow`, most MiB
    "w1": ("--seed 111 --sessions 100000 --msg-size ~2000 --interleave 500 --starttls .03", 2.5, 3.0, 64),
    "w2": ("--seed 112 --sessions 2800 --msg-size ~500000 --interleave 200", 1.5, 2.7, 64),
    "w3": ("--seed 113 --sessions 12500 --msg-size ~2000 --interleave 500 --background 675000000 --starttls .03", 2.0, 2.2, 64),
    "w4": ("--seed 114 --sessions 60000 --msg-size ~6000 --interleave 500 --error-rate .2 --reorder .05 --dup .05 "
           "--loss .005", 2.0, 2.8, 64),
    "w5": ("--seed 115 --sessions 500 --msg-size ~2000 --synflood 700000 --scan 300000", 2.0, 2.4, 256),
}


def run(*command):
    """CPU seconds and peak MiB of one run."""
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        raise SystemExit(f"{command}: exit {p.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(tool, floors, pairs):
    """Median CPU over each of the floors, measured in turn, and the peak of the tool in MiB."""
    run(*floors[0])  # fills the page cache
    ratios, peaks = [[] for _ in floors], []
    for _ in range(pairs):
        bases = [run(*floor)[0] for floor in floors]
        cpu, peak = run(*tool)
        for ratio, base in zip(ratios, bases):
            ratio.append(cpu / base)
        peaks.append(peak)
    return [statistics.median(ratio) for ratio in ratios], max(peaks)


def cell(value, goal):
    return f"{value:9.2f} {goal:5.1f}{'!' if value > goal else ' '}"


def main():
    tool, source, pairs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    folder = os.path.join(os.environ.get("TMPDIR", "/tmp"), "smtpscope-bench")
    os.makedirs(folder, exist_ok=True)
    for name in ("gen.c", "floor.c", "Makefile"):
        shutil.copy(os.path.join(source, name), folder)
    subprocess.run(["make", "-s", "-C", folder], check=True)
    floor, bad = os.path.join(folder, "floor"), 0
    print(f"{'':8} {'x smtp':>9} {'goal':>5}  {'x flow':>9} {'goal':>5}  {'peak MiB':>9} {'goal':>5}")
    for name, (options, over_smtp, over_flow, mib) in WORKLOADS.items():
        path = os.path.join(folder, name + ".pcap")
        if not os.path.exists(path):
            subprocess.run([os.path.join(folder, "gen"), "--out", path, "--truth", path + ".json", *options.split()], check=True)
        formats = [("text", over_smtp, over_flow)] + ([("jsonl", 12.0, 15.0)] if name == "w1" else [])
        for form, *goals in formats:
            floors = [[floor, mode, path] for mode in ("smtp", "flow")]
            ratios, peak = compare([tool, "analyze", "--jobs", "1", "--format", form, path], floors, pairs)
            goals.append(mib)
            values = ratios + [peak]
            bad += any(value > goal for value, goal in zip(values, goals))
            label = name if form == "text" else f"{name} {form}"
            print(f"{label:8}", " ".join(map(cell, values, goals)), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
