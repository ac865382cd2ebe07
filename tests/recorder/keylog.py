#!/usr/bin/env python3
"""keylog.py SMTPSCOPE [NAME...]: secrets that come while it records, each way a test by name: a file that grows, that
is not there yet, is cut or moved away; a pipe whose writers come and go; secrets later than the records they open;
logs of others.  Exit status 77: it cannot run here."""

import json
import os
import shutil
import smtplib
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box  # noqa: E402
from box import Recorder, contents, folder  # noqa: E402

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
LATE_S, PAUSE_S = 0.3, 0.25  # of a secret; before each reply


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


class SecureServer(box.Server):
    """Offers STARTTLS on 25, begins with TLS on 465; writes its secrets down in `log` if it has one."""

    def __init__(self, port, certificate, log):
        self.port, self.context = port, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        if log:
            self.context.keylog_filename = log
        super().__init__(port)

    def serve(self, connection):
        try:
            if self.port == 25:
                connection.sendall(b"220 mx.test ESMTP box\r\n")
                for answer in (b"250-mx.test\r\n250 STARTTLS\r\n", b"220 go on\r\n"):
                    connection.recv(1000)
                    connection.sendall(answer)
            secure = self.context.wrap_socket(connection, server_side=True)
            super().serve(Slow(secure, self.port == 465))
        except OSError:
            pass


class Slow:
    """A socket on which nothing is said at once, and no greeting behind STARTTLS."""

    def __init__(self, connection, greets):
        self.connection, self.greets = connection, greets

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def makefile(self, mode):
        peer = self.connection.makefile(mode)
        write = peer.write

        def pause_first(data):
            time.sleep(PAUSE_S)
            return len(data) if data.startswith(b"220 mx.test ESMTP") and not self.greets else write(data)
        peer.write = pause_first
        return peer


def talk(name, port, version, log=None):
    """One mail; its secrets are written down by the client if it has a log."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = VERSIONS[version]
    if log:
        context.keylog_filename = log
    if port == 465:
        client = smtplib.SMTP_SSL("127.0.0.1", port, local_hostname=name, context=context)
    else:
        client = smtplib.SMTP("127.0.0.1", port, local_hostname=name)
        client.starttls(context=context)
    client.sendmail("a@example.org", ["b@example.net"], "Subject: x\r\n\r\nhello\r\n")
    client.quit()


def talk_all(prefix, log=None):
    kinds = {f"{prefix}-{port}-{version}": (port, version) for port in (25, 465) for version in VERSIONS}
    workers = [threading.Thread(target=talk, args=(name, *kind, log)) for name, kind in kinds.items()]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return list(kinds)


class Run:
    """A recorder on the loopback with these key logs; `read` gives how far each session was read, by the client's name."""

    def __init__(self, test, *logs, user="root"):
        self.test, self.out = test, folder(test.top, "out")
        shutil.chown(self.out, user)
        options = [o for log in logs for o in ("--tls-keylog", log)]
        self.recorder = Recorder(test.binary, "-i", "lo", "-o", self.out, *options, "-Z", user)
        need("recording from" in self.recorder.said(), self.recorder.said())

    def read(self):
        self.recorder.stop()
        lines = b"\n".join(contents(self.out)[0]).decode()
        for secret in self.test.secrets():
            need(secret not in lines, "a secret is in the recording")
        p = subprocess.run([self.test.binary, "analyze", "--format", "jsonl", self.out], capture_output=True, text=True)
        sessions = [o for o in map(json.loads, p.stdout.splitlines()) if o["type"] == "session"]
        return {s["helo"]: (s["tls"] or {}).get("read") if mail_is_whole(s) else "no mail" for s in sessions}

    def must_read(self, names):
        read = self.read()
        bad = {n: read.get(n, "nothing") for n in names if read.get(n) != "whole"}
        need(not bad, f"{bad}; {self.recorder.said()}")


def mail_is_whole(session):
    return len(session["messages"]) == 1 and session["messages"][0]["complete"] and session["messages"][0]["accepted"]


class Test:
    """What all of them need: servers that write to `keys`, and a place."""

    def __init__(self, binary, top):
        self.binary, self.top, self.keys = binary, top, os.path.join(top, "keys.log")

    def path(self, name):
        return os.path.join(self.top, name)

    def secrets(self):
        for name in os.listdir(self.top):
            if ".log" in name and os.path.isfile(self.path(name)):
                for line in open(self.path(name)):
                    if line.count(" ") == 2:
                        yield line.split()[2]


class Copier(threading.Thread):
    """Carries what comes into one log on to `write`, LATE_S later."""

    def __init__(self, source, write):
        super().__init__(daemon=True)
        self.source, self.write, self.stopped = source, write, threading.Event()
        self.start()

    def run(self):
        at = 0
        while not self.stopped.wait(0.02):
            data = open(self.source, "rb").read()[at:]
            if data:
                at += len(data)
                time.sleep(LATE_S)
                self.write(data)

    def stop(self):
        self.stopped.wait(LATE_S + 0.2)
        self.stopped.set()
        self.join()


def appender(path):
    def write(data):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as f:
            f.write(data)
    return write


def grows(t):
    """The server writes into the file that is read."""
    run = Run(t, t.keys)
    run.must_read(talk_all("grows"))


def client_writes(t):
    """A client writes a secret down after the server's first records: they are there already."""
    log = t.path("client.log")
    appender(log)(b"")
    run = Run(t, log)
    run.must_read([n for i in range(5) for n in talk_all(f"client{i}", log)])


def comes_late(t):
    """The secrets come long after the records, as from another machine."""
    log = t.path("late.log")
    appender(log)(b"")
    run, copier = Run(t, log), Copier(t.keys, appender(log))
    names = [n for i in range(3) for n in talk_all(f"late{i}")]
    copier.stop()
    run.must_read(names)


def not_there_yet(t):
    log = t.path("not-yet.log")
    run = Run(t, log)
    need("waited for" in run.recorder.said(), run.recorder.said())
    copier = Copier(t.keys, appender(log))
    names = talk_all("not-yet")
    copier.stop()
    run.must_read(names)


def is_moved_away(t):
    """As logrotate does, twice; the first time with half a line at the end."""
    log = t.path("moved.log")
    appender(log)(b"")
    run, names = Run(t, log), []
    for i in range(3):
        copier = Copier(t.keys, appender(log)) if i == 0 else copier
        names += talk_all(f"moved{i}")
        time.sleep(LATE_S + 0.3)
        if i == 0:
            appender(log)(b"CLIENT_RANDOM 00")
        os.rename(log, t.path(f"moved.log.{i}"))
    copier.stop()
    run.must_read(names)


def is_cut(t):
    log = t.path("cut.log")
    appender(log)(b"# a comment of some length\n" * 1000)
    run, names = Run(t, log), []
    copier = Copier(t.keys, appender(log))
    for i in range(3):
        names += talk_all(f"cut{i}")
        time.sleep(LATE_S + 0.8)
        os.truncate(log, 0)
    copier.stop()
    run.must_read(names)


def pipe(t):
    """Writers come and go, one of them in the middle of a line; nobody writes at the begin."""
    fifo = t.path("fifo")
    os.mkfifo(fifo, 0o600)
    run, names = Run(t, fifo), []

    def write(data):
        with open(fifo, "wb") as f:
            f.write(data + b"SERVER_TRAFFIC_SECRET_0 00ff")
    copier = Copier(t.keys, write)
    for i in range(3):
        names += talk_all(f"pipe{i}")
        time.sleep(LATE_S)
    copier.stop()
    run.must_read(names)


def pipe_of_others(t):
    """Secrets of connections that are not recorded: who writes them must not wait."""
    fifo = t.path("fifo")
    os.mkfifo(fifo, 0o600)
    run = Run(t, fifo)
    begun = time.time()
    with open(fifo, "wb") as f:
        for n in range(20000):
            f.write(b"CLIENT_RANDOM %064x %096x\n" % (n, n))
        f.flush()
        need(time.time() - begun < 15, f"writing took {time.time() - begun:.1f} s")
        copier = Copier(t.keys, lambda data: (f.write(data), f.flush()))
        names = talk_all("others")
        copier.stop()
    run.must_read(names)


def of_another_user(t):
    """The log is the server's own, and nobody else may read it, while the recorder gives up its rights."""
    log = t.path("user.log")
    appender(log)(b"")
    shutil.chown(log, "daemon", "daemon")
    run, copier = Run(t, log, user="nobody"), Copier(t.keys, appender(log))
    names = talk_all("user")
    copier.stop()
    run.must_read(names)


def never_come(t):
    """A log that knows other connections alone: nothing is read, all is recorded, and the session is told as sealed."""
    log = t.path("never.log")
    appender(log)(b"CLIENT_RANDOM " + b"00" * 32 + b" " + b"11" * 48 + b"\n")
    run = Run(t, log)
    talk_all("never")
    run.recorder.stop()
    p = subprocess.run([t.binary, "analyze", "--format", "jsonl", run.out], capture_output=True, text=True)
    lines = [json.loads(line) for line in p.stdout.splitlines()]
    read = [o["tls"]["read"] for o in lines if o["type"] == "session"]
    need(read == ["none", "none"], f"{read}")


TESTS = [grows, client_writes, comes_late, not_there_yet, is_moved_away, is_cut, pipe, pipe_of_others, of_another_user,
         never_come]


def main():
    binary, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    box.enter([os.path.abspath(__file__), binary, *names])
    bad = 0
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        os.chmod(place, 0o755)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=mx.test", "-keyout",
                        f"{place}/key.pem", "-out", f"{place}/crt.pem"], check=True, capture_output=True)
        with open(f"{place}/cert.pem", "w") as f:
            f.write(open(f"{place}/key.pem").read() + open(f"{place}/crt.pem").read())
        appender(f"{place}/keys.log")(b"")
        for port in (25, 465):
            SecureServer(port, f"{place}/cert.pem", f"{place}/keys.log")
        for test in TESTS:
            if names and test.__name__ not in names:
                continue
            top = os.path.join(place, test.__name__)
            os.mkdir(top, 0o755)
            t = Test(binary, top)
            t.keys = f"{place}/keys.log"
            os.truncate(t.keys, 0)
            begun = time.time()
            try:
                test(t)
                print(f"{test.__name__}: ok ({time.time() - begun:.1f} s)", flush=True)
            except Wrong as wrong:
                bad += 1
                print(f"{test.__name__}: {wrong}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
