#!/usr/bin/env python3
"""tls.py BENCH_TLS: how fast each suite is read, beside what OpenSSL itself does (`openssl speed -evp`), measured in turn.

More than three times OpenSSL's own time fails."""

import re
import subprocess
import sys

MOST = 3.0
# What a suite costs OpenSSL: its cipher, and for CBC its hash as well.
COSTS = {
    "TLS_AES_128_GCM_SHA256": ["aes-128-gcm"], "TLS_AES_256_GCM_SHA384": ["aes-256-gcm"],
    "TLS_CHACHA20_POLY1305_SHA256": ["chacha20-poly1305"], "TLS_AES_128_CCM_SHA256": ["aes-128-ccm"],
    "ECDHE-RSA-AES128-GCM-SHA256": ["aes-128-gcm"], "ECDHE-RSA-AES128-SHA": ["aes-128-cbc", "sha1"],
    "ECDHE-RSA-AES128-SHA256": ["aes-128-cbc", "sha256"], "ECDHE-RSA-AES256-SHA384": ["aes-256-cbc", "sha384"],
}


def speed(name):
    """Megabytes a second of `openssl speed`, in blocks of a record."""
    more = [] if name.startswith("sha") else ["-decrypt"]
    more += ["-aead"] if re.search("gcm|ccm|poly", name) else []
    p = subprocess.run(["openssl", "speed", "-mr", "-seconds", "1", "-bytes", "16384", "-evp", name, *more],
                       capture_output=True, text=True)
    rates = re.findall(r"^\+F:\d+:[^:]+:([\d.]+)", p.stdout, re.M)
    if not rates:
        raise SystemExit(f"openssl speed -evp {name}: {p.stderr[-200:]}")
    return float(rates[-1]) / 1e6


def main():
    known, bad = {}, 0
    print(f"{'suite':32} {'MB/s':>8} {'OpenSSL':>8} {'times':>6}")
    for line in subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout.splitlines():
        suite, rate = line.split()
        for name in COSTS[suite]:
            known[name] = known.get(name) or speed(name)
        own = 1 / sum(1 / known[name] for name in COSTS[suite])
        times = own / float(rate)
        bad += times > MOST
        print(f"{suite:32} {float(rate):8.0f} {own:8.0f} {times:5.2f}{'!' if times > MOST else ' '}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
