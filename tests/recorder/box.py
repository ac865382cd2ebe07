"""A network of its own for the recorder's tests: loopback, a pair of veth, a small SMTP server, clients, and the
recorder itself."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SECRET = "c3VwZXItc2VjcmV0"  # base64 of a password; it must be on no disk
PASSWORD = b"super-secret"


def enter(arguments):
    """Runs this program again in namespaces of its own, or skips the test."""
    if os.environ.get("IN_BOX"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        print("needs root, unshare and ip")
        sys.exit(77)
    probe = subprocess.run(["unshare", "-n", "-m", "ip", "link", "set", "lo", "up"], capture_output=True)
    if probe.returncode:
        print("no namespaces here")
        sys.exit(77)
    sys.exit(subprocess.run(["unshare", "-n", "-m", "-p", "-f", "--mount-proc", "--kill-child", sys.executable, *arguments],
                            env={**os.environ, "IN_BOX": "1"}).returncode)


class Server(threading.Thread):
    """Says yes to everything, and names a queue id of its own for each message."""

    def __init__(self, port=25, address="127.0.0.1"):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, port), backlog=1024)
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rwb") as peer:
            def say(line):
                peer.write(line.encode() + b"\r\n")
                peer.flush()
            say("220 mx.test ESMTP box")
            in_data, name = False, ""
            for raw in peer:
                line = raw.rstrip(b"\r\n").decode("latin-1")
                word = line.split(" ")[0].upper()
                if in_data:
                    if line == ".":
                        in_data = False
                        say(f"250 2.0.0 Ok: queued as Q{name}")
                elif word == "EHLO":
                    name = line[5:]
                    say("250-mx.test\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 10000000")
                elif word == "DATA":
                    in_data = True
                    say("354 go on")
                elif word == "AUTH":
                    say("235 2.7.0 welcome")
                elif word == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 2.0.0 Ok")


def talk(name, port=25, address="127.0.0.1", auth=False, body=b"Subject: x\r\n\r\nhello\r\n", pause=0, leave_open=False):
    """One session.  Returns the time at which it was over, or the socket that was left open."""
    connection = socket.create_connection((address, port), timeout=20)
    peer = connection.makefile("rwb")

    def reply():
        while True:
            line = peer.readline()
            if not line or line[3:4] != b"-":
                return line

    def ask(line):
        peer.write(line + b"\r\n")
        peer.flush()
        return reply()

    reply()
    ask(b"EHLO " + name.encode())
    if auth:
        import base64
        ask(b"AUTH PLAIN " + base64.b64encode(b"\0alice\0" + PASSWORD))
    ask(b"MAIL FROM:<a@example.org>")
    if leave_open:
        return connection
    ask(b"RCPT TO:<b@example.net>")
    time.sleep(pause)
    ask(b"DATA")
    ask(body + b".")
    ask(b"QUIT")
    peer.close()
    connection.close()
    return time.time()


class Recorder:
    def __init__(self, binary, *arguments, wait=True):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([binary, "capture", *arguments], stdout=subprocess.PIPE, stderr=self.errors)
        if wait:
            self.wait_for("recording from")

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def wait_for(self, text, seconds=10):
        end = time.time() + seconds
        while time.time() < end:
            if text in self.said():
                return True
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        return text in self.said()

    def stop(self, number=signal.SIGTERM):
        """Seconds that it took to end."""
        start = time.time()
        self.process.send_signal(number)
        try:
            self.output, _ = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.output, _ = self.process.communicate()
        return time.time() - start


def folder(parent, name):
    path = os.path.join(parent, name)
    os.mkdir(path, 0o700)
    return path


def contents(path):
    """Whole lines of all recordings of a folder, in order; and how many were torn."""
    lines, torn = [], 0
    for name in sorted(os.listdir(path)):
        if name.startswith(".") or "pcapng" in name:
            continue
        full = os.path.join(path, name)
        if name.endswith(".zst"):
            data = subprocess.run(["zstd", "-dcq", full], capture_output=True).stdout
        else:
            data = open(full, "rb").read()
        parts = data.split(b"\n")
        torn += parts[-1] != b""
        lines += parts[:-1]
    return lines, torn


def veth(name="va", peer="vb"):
    subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", peer], check=True)
    for device in (name, peer):
        with open(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6", "w") as quiet:  # else it looks for routers by itself
            quiet.write("1")
        subprocess.run(["ip", "link", "set", device, "up", "mtu", "9000"], check=True)
    time.sleep(0.3)


def send_frames(device, frames):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((device, 0))
        for frame in frames:
            raw.send(frame)
