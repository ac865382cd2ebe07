"""Real mail servers in a box: an overlay over this machine's own root, with packages installed into the overlay
alone, and a network namespace of its own.  Nothing outside tests/lab/work is changed.

Needs root, overlayfs and network namespaces; `why_not()` says what is missing."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WORK = os.environ.get("SMTPSCOPE_LAB", os.path.join(HERE, "work"))
DOMAIN = "lab.example"
USER, PASSWORD = "alice", "opensesame-7"


@contextlib.contextmanager
def talked(script, options, *more, box=None):
    """The folder that `script`, run again inside the box of the server with --inside FOLDER, has filled."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.abspath(options.keep or scratch)
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["sh", os.path.join(HERE, "inside.sh"), box or options.server, "python3", os.path.abspath(script), options.binary,
                        options.server, "--inside", folder, *more], check=True)
        yield folder


def why_not():
    """Why the lab cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for tool in ("unshare", "chroot", "mount", "apt-get", "ip", "tcpdump"):
        if not shutil.which(tool):
            return f"needs {tool}"
    probe = "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w /mnt/r && " \
            "mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r"
    if subprocess.run(["unshare", "-m", "-n", "sh", "-c", probe], capture_output=True).returncode:
        return "needs overlayfs and namespaces"
    return None


class Box:
    """One overlay with its packages.  Used inside a mount namespace (see `enter`)."""

    def __init__(self, name, packages, npm=()):
        self.name, self.packages, self.npm = name, packages, npm
        self.base = os.path.join(WORK, name)
        self.root = os.path.join(self.base, "root")

    def path(self, inside):
        return self.root + inside

    def write(self, inside, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        with open(self.path(inside), "w") as f:
            f.write(text)
        os.chmod(self.path(inside), mode)

    def mount(self):
        for d in ("upper", "tmp", "root"):
            os.makedirs(os.path.join(self.base, d), exist_ok=True)
        options = f"lowerdir=/,upperdir={self.base}/upper,workdir={self.base}/tmp"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)
        for d in ("proc", "dev", "sys"):
            subprocess.run(["mount", "--rbind", "/" + d, self.path("/" + d)], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.path("/run")], check=True)

    def run(self, *command, check=True, **more):
        return subprocess.run(["chroot", self.root, *command], check=check, **more)

    def start(self, *command, **more):
        return subprocess.Popen(["chroot", self.root, *command], **more)

    def install(self):
        """Packages into the overlay; services do not start.  Needs the network of the machine."""
        mark = os.path.join(self.base, "installed")
        wanted = " ".join([*self.packages, *self.npm])
        if os.path.exists(mark) and open(mark).read() == wanted:
            return
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        quiet = dict(stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        if self.packages:
            self.run("apt-get", "update", "-qq", check=False, **quiet)
            self.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *self.packages, **quiet)
        if self.npm:
            self.run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", "/opt/lab", *self.npm, **quiet)
        with open(mark, "w") as f:
            f.write(wanted)

    def add_user(self, name):
        self.run("sh", "-c", f"id {name} >/dev/null 2>&1 || useradd -m {name}")


    def why_not(self):
        """What this box needs and this machine lacks, or None."""
        return "needs npm" if self.npm and not shutil.which("npm") else None


def loopback_up():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def wait_port(port, host="127.0.0.1", seconds=20, family=socket.AF_INET):
    end = time.time() + seconds
    while time.time() < end:
        with socket.socket(family) as s:
            s.settimeout(1)
            if s.connect_ex((host, port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"lab: nothing listens on port {port} after {seconds} s")


def wait_closed(port, host="127.0.0.1", seconds=20):
    """Until nobody listens there any more: a process that was told to end may have a child that has not heard of it yet."""
    end = time.time() + seconds
    while time.time() < end:
        with socket.socket() as s:
            s.settimeout(1)
            if s.connect_ex((host, port)) != 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"lab: port {port} is still open after {seconds} s")


class Tcpdump:
    """with Tcpdump(file): what crosses the loopback meanwhile."""

    def __init__(self, path, device="lo", filter="tcp", snaplen=None):
        self.command = ["tcpdump", "-i", device, "-U", "-w", path, "-Z", "root", "-B", "65536"]
        self.command += (["-s", str(snaplen)] if snaplen else []) + [filter]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, text=True)
        self.process.stderr.readline()
        return self

    def __exit__(self, *_):
        time.sleep(1.5)  # what the kernel still holds
        self.process.terminate()
        self.process.wait()


class Client:
    """A client that says just what it is told, and keeps what was answered."""

    def __init__(self, port, host="127.0.0.1", family=socket.AF_INET, source=None):
        self.socket = socket.socket(family)
        self.socket.settimeout(20)
        if source:
            self.socket.bind(source)
        self.socket.connect((host, port))
        self.rest = b""
        self.log = []

    def send(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        self.log.append((">", data))
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def reply(self):
        """(code, lines) of the next reply, or (None, []) at the end."""
        lines = []
        while True:
            while b"\n" not in self.rest:
                try:
                    more = self.socket.recv(65536)
                except OSError:
                    more = b""
                if not more:
                    return None, lines
                self.rest += more
            line, self.rest = self.rest.split(b"\n", 1)
            lines.append(line.rstrip(b"\r"))
            if line[3:4] != b"-":
                self.log.append(("<", lines))
                return (int(line[:3]) if line[:3].isdigit() else 0), lines

    def say(self, line):
        self.send(line + "\r\n")
        return self.reply()

    def close(self):
        self.socket.close()
