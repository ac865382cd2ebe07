#!/usr/bin/env python3
"""package.py BUILD: makes the Debian package of a build folder, looks into it, installs it into an overlay of this
machine's root, starts the service's program as its unit says (user, capabilities, no new privileges), and removes it.
Exit status 77: it cannot run here."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box  # noqa: E402
import checks  # noqa: E402
from checks import need  # noqa: E402

UNIT = "/usr/lib/systemd/system/smtpscope.service"
HOME, FOLDER = "/var/lib/smtpscope", "/var/lib/smtpscope/recordings"
EXPECTED = ["/usr/bin/smtpscope", UNIT, "/usr/lib/sysusers.d/smtpscope.conf", "/usr/lib/tmpfiles.d/smtpscope.conf",
            "/usr/share/man/man1/smtpscope-capture.1", "/usr/share/man/man5/smtpscope-recording.5",
            "/usr/share/doc/smtpscope/RECORDER.md", "/usr/share/bash-completion/completions/smtpscope"]
EXPOSURE_MOST = 2.0  # of ten, as systemd-analyze counts it


def output(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=True, **more).stdout


def inside(root, *command, **more):
    return subprocess.run(["chroot", root, *command], capture_output=True, text=True, **more)


def contents_are_right(package, top):
    tree = os.path.join(top, "tree")
    subprocess.run(["dpkg-deb", "-x", package, tree], check=True)
    for path in EXPECTED:
        need(os.path.exists(tree + path), f"{path} is not in the package")
    depends = output("dpkg-deb", "-f", package, "Depends")
    for library in ("libpcap0.8", "libjansson4", "libsodium23", "libseccomp2", "libzstd1"):
        need(library in depends, f"{library} is not in Depends: {depends}")
    files = output("dpkg-deb", "-c", package).splitlines()
    loose = [line for line in files if re.match(r".....w|........w|...s|......s", line) or " root/root " not in line]
    need(not loose, f"modes and owners: {loose}")


def overlay():
    """This machine, in which changes go elsewhere: in a mount namespace that goes with this process, and not beneath a
    folder that is cleared away behind it."""
    parts = {name: os.path.join("/mnt", name) for name in ("upper", "work", "root")}
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=True)
    for part in parts.values():
        os.mkdir(part)
    mounted = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                              f"lowerdir=/,upperdir={parts['upper']},workdir={parts['work']}", parts["root"]])
    if mounted.returncode:
        print("no overlay file system here")
        sys.exit(77)
    for kind, name in (("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "run"), ("devtmpfs", "dev")):
        subprocess.run(["mount", "-t", kind, kind, os.path.join(parts["root"], name)], check=True)
    return parts["root"]


def owner(root, path):
    """(user, mode) of it, with the user by its name inside."""
    status = os.stat(root + path)
    for line in open(root + "/etc/passwd"):
        fields = line.split(":")
        if int(fields[2]) == status.st_uid:
            return fields[0], status.st_mode & 0o777
    return status.st_uid, status.st_mode & 0o777


def install(root, package):
    shutil.copy(package, root + "/root/smtpscope.deb")
    p = inside(root, "dpkg", "-i", "/root/smtpscope.deb")
    need(p.returncode == 0, f"dpkg -i: {p.stdout}{p.stderr}")
    if shutil.which("systemd-sysusers"):
        need(re.search(r"^smtpscope:", open(root + "/etc/passwd").read(), re.M), "there is no user smtpscope")
        for path in (HOME, FOLDER):
            need(owner(root, path) == ("smtpscope", 0o700), f"{path}: {owner(root, path)}")


def unit_holds(root):
    """systemd's own opinion of the unit."""
    if not shutil.which("systemd-analyze"):
        return "no systemd-analyze"
    p = inside(root, "systemd-analyze", "verify", UNIT)
    ours = [line for line in (p.stdout + p.stderr).splitlines() if "smtpscope" in line]
    need(not ours, f"systemd-analyze verify: {ours}")
    said = inside(root, "systemd-analyze", "security", "--offline=true", "--no-pager", UNIT).stdout
    level = re.search(r"exposure level for smtpscope.service: ([\d.]+)", said)
    need(level and float(level[1]) <= EXPOSURE_MOST, f"systemd-analyze security: {said[-200:]}")
    return f"exposure {level[1]}"


def command_of(root):
    """The unit's ExecStart with its Environment put in, in words."""
    text = open(root + UNIT).read()
    values = dict(re.findall(r'^Environment="?(\w+)="?([^"\n]*)"?$', text, re.M))
    line = re.search(r"^ExecStart=(.*)$", text, re.M)[1]
    return shlex.split(re.sub(r"\$\{?(\w+)\}?", lambda match: values[match[1]], line))


def allowed_calls():
    """The names of system calls that the unit's filter lets pass."""
    seen, todo = set(), ["@system-service"]
    while todo:
        for line in output("systemd-analyze", "syscall-filter", todo.pop()).splitlines():
            word = line.strip()
            if word.startswith("@") and word not in seen:
                todo.append(word)
            seen.add(word)
    return seen | {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}


def calls_are_allowed(trace):
    text = open(trace).read()
    ours = text[text.rindex('execve("/usr/bin/smtpscope"'):]
    used = set(re.findall(r"^(?:\d+ +)?(\w+)\(", ours, re.M)) - {"execve"}
    need(used - allowed_calls() == set(), f"the unit's filter lets not pass {used - allowed_calls()}")


def service_runs(root, top):
    """As the unit starts it: another user, one capability, no way to more."""
    trace = os.path.join(top, "trace")
    traced = ["strace", "-f", "-o", trace] if shutil.which("strace") and shutil.which("systemd-analyze") else []
    command = [*traced, "setpriv", "--reuid", "smtpscope", "--regid", "smtpscope", "--init-groups", "--no-new-privs", "--bounding-set",
               "-all,+net_raw", "--inh-caps", "-all,+net_raw", "--ambient-caps", "-all,+net_raw"]
    command = [*traced, "chroot", root, *command[len(traced):], *command_of(root)]
    errors = open(os.path.join(top, "errors"), "w+")
    service = subprocess.Popen(command, stderr=errors, preexec_fn=lambda: os.umask(0o077))
    time.sleep(2)
    need(service.poll() is None, f"it ends at once: {open(errors.name).read()}")
    box.talk("n-service", auth=True)
    time.sleep(1)
    children = output("pgrep", "-x", "smtpscope").split()
    os.kill(int(children[-1]), signal.SIGHUP)
    time.sleep(1)
    os.kill(int(children[-1]), signal.SIGTERM)
    status = service.wait(timeout=20)
    need(status == 0, f"exit status {status}: {open(errors.name).read()}")
    files = os.listdir(root + FOLDER)
    need(len(files) == 2, f"after SIGHUP there are {files}")
    for name in files:
        need(owner(root, f"{FOLDER}/{name}") == ("smtpscope", 0o600), f"{name}: {owner(root, f'{FOLDER}/{name}')}")
    need(checks.ended(root + FOLDER) == {"n-service"}, f"in the recording: {checks.ended(root + FOLDER)}")
    if traced:
        calls_are_allowed(trace)
    return "its system calls pass the unit's filter" if traced else "no strace"


def remove(root):
    p = inside(root, "dpkg", "-r", "smtpscope")
    need(p.returncode == 0, f"dpkg -r: {p.stdout}{p.stderr}")
    need(not os.path.exists(root + "/usr/bin/smtpscope"), "the program stays")
    need(os.listdir(root + FOLDER), "recordings are gone with the program")


def make(binary, top):
    """The path of the package of the build folder in which `binary` lies."""
    build = os.path.dirname(os.path.dirname(binary))
    made = subprocess.run(["cpack", "-G", "DEB", "-B", top], cwd=build, capture_output=True, text=True)
    need(made.returncode == 0, f"cpack: {made.stdout}{made.stderr}")
    return os.path.join(top, next(name for name in os.listdir(top) if name.endswith(".deb")))


def package(binary, top):
    """Made, looked into, installed, run, removed."""
    path = make(binary, top)
    contents_are_right(path, top)
    root = overlay()
    install(root, path)
    said = [unit_holds(root), service_runs(root, top)]
    remove(root)
    return "; ".join(said)


def main():
    binary = os.path.abspath(os.path.join(sys.argv[1], "cli", "smtpscope"))
    for tool in ("dpkg-deb", "dpkg-shlibdeps", "cpack", "setpriv", "pgrep", "zstd"):
        if not shutil.which(tool):
            print(f"needs {tool}")
            return 77
    box.enter([os.path.abspath(__file__), sys.argv[1]])
    box.Server()
    return checks.run([package], binary, [])


if __name__ == "__main__":
    sys.exit(main())
