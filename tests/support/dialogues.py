"""Dialogues as TCP connections, wherever they come from: captures, and the tables of the unit tests."""

import glob
import os
import subprocess
import tempfile

import frames
from tls_ends import C, S, Wire

STEP_PIPELINED, STEP_EARLY, STEP_GAPS, STEP_TLS = 1, 8, 16 | 32 | 64, 128
STEP_JUNK, STEP_UNFINISHED, STEP_PRELUDE, STEP_PAUSE = 256, 512, 1024, 1 << 15  # tests/support/session_builder.h
LATE, LATE_NS = b"\f", 20 * 10**9  # T_LATE of tests/support/talks.h
CIPHERTEXT = (b"\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03", b"\x16\x03\x03\x00\x06\x02\x00\x00\x02\x03\x03")


def connections(path):
    """The segments of each TCP connection of a capture, in order of their first; a SYN on used ports begins another."""
    open_ones, all_ones = {}, []
    for s in frames.segments(path):
        key = frozenset(((s.src, s.sport), (s.dst, s.dport)))
        known = open_ones.get(key)
        if known is None or (s.flags & 18 == 2 and any(o.payload for o in known) and s.seq != known[0].seq):
            open_ones[key] = known = []
            all_ones.append(known)
        known.append(s)
    return all_ones


def is_sound(connection):
    """No octet of a side stands in the place of its SYN, as in captures that somebody made up."""
    starts = {(s.src, s.sport): s.seq for s in connection if s.flags & 2}
    return not any(s.payload and starts.get((s.src, s.sport)) == s.seq and not s.flags & 2 for s in connection)


def captures(folder):
    """(name, connection) of every sound connection in the captures below a folder."""
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.pcap"), recursive=True)):
        for number, connection in enumerate(connections(path)):
            if is_sound(connection):
                yield f"{os.path.relpath(path, folder)}#{number}", connection


class Teller:
    """A table row of the unit tests, said on a wire."""

    def __init__(self, protocol):
        self.wire, self.seen, self.protocol = Wire(24 if protocol == "lmtp" else 25), 0, protocol
        self.awaits, self.answers = None, []

    def answer(self):
        """What the server says to the group that came before."""
        for seconds, text in self.answers:
            self.wire.now += seconds * 10**9
            for reply in text.split(b"\r"):
                self.wire.say(S, reply.replace(b"\n", b"\r\n") + b"\r\n")
        self.answers = []

    def sent(self, flags, text, answered):
        if self.awaits == "content":
            end = b"" if flags & STEP_UNFINISHED else b".\r\n" if not text or text.endswith(b"\r\n") else b"\r\n.\r\n"
            return text + end
        words = text.split()
        if words[:1] and words[0].upper() == b"BDAT" and len(words) > 1 and words[1].isdigit() and int(words[1]) < 10**6 \
                and not (answered or b"").startswith((b"500", b"502")):
            size = int(words[1])
            return text + b"\r\n" + (b"x" * max(0, size - 2) + b"\r\n")[:size]
        return text + b"\r\n"

    def step(self, flags, text, answered):
        if not flags & STEP_PIPELINED:
            self.answer()
            self.seen = self.wire.sent[S]
        seconds = flags >> 16
        if flags & STEP_PAUSE:
            self.wire.now += seconds * 10**9
            seconds = 0
        if flags & STEP_JUNK:
            self.wire.say(S, b"no reply!!\r\n")
        elif text is not None:
            self.wire.put(C, self.sent(flags, text, answered), 0 if flags & STEP_EARLY else self.seen)
        code = (answered or b"")[:3]
        self.awaits = {b"354": "content", b"334": "sasl"}.get(code)
        if answered is not None:
            self.answers.append((seconds, answered))

    def told(self, steps):
        for flags, text, answered in steps:
            if flags & STEP_GAPS:
                return None  # the holes are our own business
            if flags & STEP_TLS:
                self.answer()
                self.wire.say(C, CIPHERTEXT[0]), self.wire.say(S, CIPHERTEXT[1])
                return self.wire.out  # behind it all is sealed
            self.step(flags, text, answered)
        self.answer()
        self.wire.close()
        return self.wire.out


def tell_talk(steps):
    """Octets as they are, each exchange at once.  LMTP is not spoken on port 25 (RFC 2033 5)."""
    wire = Wire(24 if steps and b" LMTP" in (steps[0][2] or b"") else 25)
    for _, text, answered in steps:
        if text and text.startswith(LATE):
            wire.now += LATE_NS
            text = text[len(LATE) :]
        for side, data in ((C, text), (S, answered)):
            if data:
                wire.say(side, data)
    wire.close()
    return wire.out


def octets(text):
    return None if text == "-" else bytes.fromhex(text)


def scenarios(build):
    """(name, connection) of every dialogue in the tables of the unit tests below a build folder."""
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "talks")
        for program in sorted(glob.glob(os.path.join(build, "tests", "unit", "rules", "test_*"))):
            if os.path.isfile(program) and os.access(program, os.X_OK):
                subprocess.run([program], env=dict(os.environ, TALKS_FILE=name), capture_output=True)
        lines = open(name).read().splitlines() if os.path.exists(name) else []
    for number, line in enumerate(lines):
        kind, title, *fields = line.split("\t")
        steps = [(int(f, 16), octets(a), octets(b)) for f, a, b in (field.split(":") for field in fields)]
        told = tell_talk(steps) if kind == "talk" else Teller(kind).told(steps)
        if told:
            yield f"{number} {title}", told


def said(connection):
    """[(side, payload, how much of the other side it acknowledges)], or None where not all is there, in order, once."""
    syn = next((s for s in connection if s.flags & 18 == 2), None)
    answer = next((s for s in connection if s.flags & 18 == 18), None)
    if not syn or not answer:
        return None
    base, sent, out = [syn.seq + 1, answer.seq + 1], [0, 0], []
    for s in connection:
        side = C if (s.sport, s.dport) == (syn.sport, syn.dport) else S
        if {s.sport, s.dport} != {syn.sport, syn.dport}:
            return None
        if not s.payload or s.flags & 4:
            continue
        if (s.seq - base[side]) % 2**32 != sent[side]:
            return None
        out.append((side, s.payload, (s.ack - base[1 - side]) % 2**32))
        sent[side] += len(s.payload)
    return out
