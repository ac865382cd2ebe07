#!/usr/bin/env python3
"""systemd.py BUILD: systemd itself starts, reloads, restarts and stops the unit of the installed package, as the first
process of a container made here: an overlay of this machine's root, and namespaces and a control group of its own.  Exit
status 77: it cannot run here."""

import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box  # noqa: E402
import checks  # noqa: E402
import package  # noqa: E402
from checks import need  # noqa: E402

INIT = "/lib/systemd/systemd"


class ControlGroup:
    """One for the container; what systemd makes beneath it goes with it."""

    def __init__(self):
        mounts = [line.split() for line in open("/proc/mounts")]
        top = next((fields[1] for fields in mounts if fields[2] == "cgroup2"), None)
        if not top:
            print("no control groups of version 2 here")
            sys.exit(77)
        self.path = os.path.join(top, f"smtpscope-test-{os.getpid()}")
        os.mkdir(self.path)

    def enter(self):
        with open(os.path.join(self.path, "cgroup.procs"), "w") as processes:
            processes.write("0")

    def remove(self):
        for folder, _, _ in os.walk(self.path, topdown=False):
            os.rmdir(folder)


class Container:
    def __init__(self, root, group):
        # A /dev of its own: systemd puts /dev/log there, which is nobody's once it has gone.
        script = """mount -t proc proc "$0/proc" && mount -t cgroup2 cgroup2 "$0/sys/fs/cgroup" && mount -t tmpfs none "$0/mnt" &&
            mkdir "$0/mnt/upper" "$0/mnt/work" &&
            mount -t overlay none -o "lowerdir=/dev,upperdir=$0/mnt/upper,workdir=$0/mnt/work" "$0/dev" &&
            exec chroot "$0" "$1" "--unit=$2" """
        self.process = subprocess.Popen(["unshare", "-C", "-m", "-p", "-f", "--kill-child", "sh", "-c", script, root, INIT,
                                         "smtpscope.service"], env={**os.environ, "container": "docker"}, preexec_fn=group.enter,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def first(self):
        """The number of its first process, out here; an empty text while there is none."""
        try:
            return open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().strip()
        except OSError:
            return ""

    def systemctl(self, *words):
        p = subprocess.run(["nsenter", "-t", self.first(), "-a", "-r", "systemctl", "--no-pager", *words], capture_output=True, text=True)
        return (p.stdout + p.stderr).strip()

    def show(self, name):
        return self.systemctl("show", "smtpscope", "-P", name)

    def wait_for(self, name, value, seconds=90):
        end = time.time() + seconds
        while time.time() < end and self.process.poll() is None:
            if self.first() and self.show(name) == value:
                return True
            time.sleep(0.3)
        return False

    def end(self):
        self.process.kill()
        self.process.wait()
        time.sleep(0.5)


def main_process(container):
    """Fields of the status of the service's process, as the container's /proc has it."""
    number = container.show("MainPID")
    text = open(f"/proc/{container.first()}/root/proc/{number}/status").read()
    return int(number), dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def service(container, root):
    if not container.wait_for("ActiveState", "active"):
        if not container.first() or not re.match(r"\w+$", container.show("ActiveState")):
            print("systemd does not come up in a container here")
            sys.exit(77)
        need(False, f"the unit does not start: {container.systemctl('status', 'smtpscope')}")
    time.sleep(1)
    box.talk("n-first")
    time.sleep(1)
    _, status = main_process(container)
    need(int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 1 << 13, f"capabilities {status['CapEff']}, {status['CapBnd']}")
    need(status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2", "no_new_privs and seccomp")
    need("0" not in status["Uid"].split(), f"user {status['Uid']}")
    container.systemctl("reload", "smtpscope")
    time.sleep(1)
    need(len(os.listdir(root + package.FOLDER)) == 2, f"after a reload: {os.listdir(root + package.FOLDER)}")
    container.systemctl("kill", "-s", "KILL", "smtpscope")
    need(container.wait_for("NRestarts", "1") and container.wait_for("ActiveState", "active"), "killed, it is not started again")
    time.sleep(1)
    box.talk("n-second")
    time.sleep(1)
    start = time.time()
    container.systemctl("stop", "smtpscope")
    need(time.time() - start < 2.5, f"it took {time.time() - start:.1f} s to stop")
    need((container.show("Result"), container.show("ExecMainStatus")) == ("success", "0"), container.systemctl("status", "smtpscope"))
    need(checks.ended(root + package.FOLDER) == {"n-first", "n-second"}, f"recorded: {checks.ended(root + package.FOLDER)}")
    for name in os.listdir(root + package.FOLDER):
        need(package.owner(root, f"{package.FOLDER}/{name}") == ("smtpscope", 0o600), f"{name}: owner and mode")


def unit(binary, top):
    """Started, reloaded, killed, stopped."""
    made = package.make(binary, top)
    root, group = package.overlay(), ControlGroup()
    package.install(root, made)
    container = Container(root, group)
    try:
        service(container, root)
    finally:
        container.end()
        group.remove()


def main():
    binary = os.path.abspath(os.path.join(sys.argv[1], "cli", "smtpscope"))
    for tool in ("dpkg-deb", "dpkg-shlibdeps", "cpack", "nsenter", "systemctl", "systemd-sysusers", "zstd", INIT):
        if not shutil.which(tool):
            print(f"needs {tool}")
            return 77
    box.enter([os.path.abspath(__file__), sys.argv[1]])
    box.Server()
    return checks.run([unit], binary, [])


if __name__ == "__main__":
    sys.exit(main())
