#!/usr/bin/env python3
"""terminal.py SMTPSCOPE: what a person sees: the status line on a terminal (a pty), with dialogues and messages between,
in windows of all widths; and no trace of it where there is no terminal.  Exit status 77: it cannot run here."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box  # noqa: E402
import checks  # noqa: E402
from box import Server, folder, talk  # noqa: E402
from checks import need  # noqa: E402


class Terminal:
    """A program on a pty of its own, and all that it writes there."""

    def __init__(self, columns, *command, output=True):
        self.master, slave = pty.openpty()
        self.resize(columns)
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave if output else subprocess.PIPE, stderr=slave,
                                        env={**os.environ, "TERM": "xterm"})
        os.close(slave)
        self.text = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:  # the other end is closed
                return
            self.text += data.decode(errors="replace")

    def wait_for(self, pattern, seconds=8):
        end = time.time() + seconds
        while time.time() < end and not re.search(pattern, self.text):
            time.sleep(0.05)
        need(re.search(pattern, self.text), f"no {pattern!r} in {self.text!r}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=20)
        self.reader.join(timeout=5)
        os.close(self.master)
        return out


def statuses(text):
    """What stood in the last line, each time it was drawn."""
    return re.findall(r"(?:^|\n|\x1b\[K)([^\x1b\r\n]* packets, [^\x1b\r\n]*)(?=\r\x1b\[K)", text)


def screen(text, columns):
    """The lines that a terminal of this width shows at the end; it knows CR, LF and EL alone."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[K|\r|\n|[^\x1b\r\n]", text):
        if part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        elif part == "\r":
            column = 0
        elif part == "\n":
            lines.append("")
        else:
            if column == columns:
                lines.append("")
                column = 0
            lines[-1] = lines[-1][:column] + part + lines[-1][column + 1:]
            column += 1
    return lines


def status(binary, top):
    """It counts, fits the window as it is now, and leaves nothing behind."""
    terminal = Terminal(80, binary, "capture", "-i", "lo", "-o", folder(top, "recording"))
    terminal.wait_for(r"lo: \d+ packets, 0 sessions, 0 findings, 0 lost")
    talk("n-status", auth=True)
    terminal.wait_for(r"lo: \d+ packets, 1 sessions, [1-9]\d* findings, 0 lost")
    terminal.resize(24)
    time.sleep(1.5)
    at = len(terminal.text)
    time.sleep(2.5)
    narrow = statuses(terminal.text[at:])
    need(narrow and all(len(line) == 23 for line in narrow), f"in 24 columns: {narrow}")
    terminal.resize(300)
    terminal.process.send_signal(signal.SIGUSR1)
    terminal.wait_for(r"\r\x1b\[Ksmtpscope: \d+ packets")  # not behind the status
    time.sleep(1.5)
    terminal.stop()
    need(all(len(line) < 80 for line in statuses(terminal.text)), f"too wide: {statuses(terminal.text)}")
    shown = screen(terminal.text, 300)
    need(not any(re.match("lo: ", line) for line in shown), f"it stays: {shown}")
    need(all(line == "" or line.startswith("smtpscope: ") for line in shown), f"on the screen: {shown}")


def many_devices(binary, top):
    """Their names leave room for the counters."""
    names = [f"device-with-a-{n:x}" for n in range(8)]
    for pair in zip(names[::2], names[1::2]):
        box.veth(*pair)
    devices = [word for name in names for word in ("-i", name)]
    terminal = Terminal(80, binary, "capture", *devices, "-o", folder(top, "recording"))
    terminal.wait_for(r"\d+ packets, 0 sessions, 0 findings, 0 lost")
    terminal.stop()
    for name in names[::2]:
        subprocess.run(["ip", "link", "del", name], check=True)
    need(all(len(line) < 80 for line in statuses(terminal.text)), f"too wide: {statuses(terminal.text)}")


def dialogues(binary, _):
    """With --follow they go by above it, unbroken."""
    terminal = Terminal(80, binary, "capture", "-i", "lo", "--follow", "--color", "never")
    terminal.wait_for(r"lo: \d+ packets, 0 sessions")
    for n in range(20):
        talk(f"n-{n}", auth=True, pause=0.1)
    terminal.wait_for(r"lo: \d+ packets, 20 sessions")
    terminal.stop()
    shown = screen(terminal.text, 80)
    need(not any(re.match("lo: ", line) for line in shown), f"the status stays: {shown}")
    need(sum("EHLO n-" in line for line in shown) == 20 and "cleartext-credential" in "".join(shown), f"{shown}")
    need(len(statuses(terminal.text)) > 2, "the status is not seen between")


def colors(binary, _):
    """On a terminal, unless NO_COLOR is set."""
    terminal = Terminal(80, binary, "capture", "-i", "lo")
    terminal.wait_for("recording from")
    talk("n-color", auth=True)
    terminal.wait_for("cleartext-credential")
    terminal.stop()
    need(re.search(r"\x1b\[[\d;]*m", terminal.text), "no color")
    need("EHLO n-color" in terminal.text and '{"type"' not in terminal.text, "JSON in place of the dialogue")


def no_terminal(binary, top):
    """Neither status nor color."""
    for options in (["--follow"], ["-o", folder(top, "recording")]):
        recorder = box.Recorder(binary, "-i", "lo", *options)
        talk("n-pipe", auth=True)
        time.sleep(2.5)
        recorder.stop()
        both = recorder.said() + recorder.output.decode()
        need("\x1b" not in both and "\r" not in both, f"{options}: {both!r}")
        need(recorder.said().count(" packets, ") == 1, f"{options}: {recorder.said()}")
    half = Terminal(80, binary, "capture", "-i", "lo", "--follow", output=False)  # | less
    half.wait_for(r"lo: \d+ packets")
    talk("n-half", auth=True)
    time.sleep(1)
    out = half.stop().decode()
    need("EHLO n-half" in out and "\x1b" not in out, f"escape sequences in a pipe: {out!r}")


TESTS = [status, many_devices, dialogues, colors, no_terminal]


def main():
    binary = os.path.abspath(sys.argv[1])
    box.enter([os.path.abspath(__file__), binary, *sys.argv[2:]])
    Server()
    return checks.run(TESTS, binary, sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
