"""What the clients of logs.py and log_clients.py share: who logs in, what is sent, how a program is run and typed into."""

import os
import pty
import select
import subprocess

USER, PASSWORD = "alice", "opensesame-7"
CONTENT = ["From: a@lab.example", "To: bob@lab.example", "Subject: 250 is no reply", "", "hello", "..dot", "250 ok", "QUIT", "."]


def run(command, **more):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, **more)
    return p.stdout


def message(folder):
    path = os.path.join(folder, "message.txt")
    with open(path, "w") as f:
        f.write("From: a@lab.example\r\nTo: bob@lab.example\r\nSubject: x\r\n\r\nhello\r\n.dot\r\n")
    return path


def typed(port, temper, command):
    """Typed into a terminal: each line when the answer to the one before is there; what is typed is seen."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    seen = b""

    def read_until_quiet(limit=0.35):
        nonlocal seen
        while select.select([fd], [], [], limit)[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            seen += data
        return True

    alive = read_until_quiet()
    for line in temper["script"]:
        for one in CONTENT if line == "CONTENT" else [line]:
            if line == "CONTENT" and not seen.rstrip().endswith(b"<CR><LF>.<CR><LF>") and one == CONTENT[0]:
                break
            if not alive:
                break
            try:
                os.write(fd, one.encode() + b"\n")
            except OSError:
                alive = False
                break
            alive = read_until_quiet(0.05 if line == "CONTENT" and one != "." else 0.12)
    read_until_quiet()
    try:
        os.write(fd, b"\x03")
    except OSError:
        pass
    read_until_quiet(0.1)
    os.close(fd)
    os.waitpid(pid, 0)
    return seen
