"""
A Debian 12 that has nothing but its base and systemd, by debootstrap, in a directory that is removed afterwards: for
what must hold on a machine that never saw a compiler. It takes minutes, and the network, so it runs only on request.
"""

import os
import shutil
import subprocess
import tempfile

from .lab import PROJECT

MIRROR = "http://deb.debian.org/debian"
# In namespaces of its own, inside the directory; the programs of the test itself come along.
ENTER = r"""
set -euo pipefail
mount --make-rprivate /
mount --bind "$ROOM" "$ROOM"
mount -t proc proc "$ROOM/proc"
mount --rbind /dev "$ROOM/dev"
exec chroot "$ROOM" env -i PATH=/root/stand-ins:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive PYTHON=/usr/bin/python3 bash -c "cd /root/stird; set -euo pipefail; $SCRIPT"
"""
# A unit of the machine itself, at the end of its start; with it the machine ends.
STORY = """[Unit]
After=multi-user.target
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
TimeoutStartSec=infinity
WorkingDirectory=/root
ExecStart=/bin/bash -c 'touch began; bash -euo pipefail story >said 2>&1; echo $$? >status'
"""
ADDRESSES = "ip link set lo up; for a in 192.0.2.10 192.0.2.40 198.51.100.7; do ip address add $a/24 dev lo; done\n"


def why_not():
    """Why it cannot be tried here, or is not to be; None: it can."""
    if os.environ.get("STIRD_ALL") != "1":
        return "it takes minutes and the network: scripts/test --all"
    if os.geteuid() != 0:
        return "only root makes a Debian"
    if not shutil.which("debootstrap"):
        return "debootstrap is not installed"
    return None


def why_no_boot():
    """Why none can be started; None: systemd-nspawn is there. Whether it can, boot() finds out."""
    return None if shutil.which("systemd-nspawn") else "systemd-nspawn is not installed (scripts/install-deps --all)"


class Debian:
    def __init__(self):
        self.room = tempfile.mkdtemp(prefix="stird-debian-")
        os.chmod(self.room, 0o755)  # it is everybody's root directory

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["rm", "-rf", "--one-file-system", self.room], check=False)

    def make(self):
        """What is said when that fails, for want of a network above all; None: it is there, with the source."""
        why = self.bootstrap()
        if why:
            return why
        self.put_source()
        self.put_stand_in("systemctl", "exec /usr/bin/python3 -B /root/stird/tests/lib/systemctl.py \"$@\"")
        return None

    def bootstrap(self):
        done = subprocess.run(["debootstrap", "--variant=minbase", "--include=systemd", "bookworm", self.room, MIRROR],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800,
                              check=False)
        if done.returncode:
            return done.stdout[-2000:]
        shutil.copy("/etc/resolv.conf", self.room + "/etc/resolv.conf")
        os.mkdir(self.room + "/root/stird")
        return None

    def put_source(self):
        subprocess.run("tar -C '%s' --exclude=./build --exclude=./.git -cf - . | tar -C '%s' -xf -"
                       % (PROJECT, self.room + "/root/stird"), shell=True, check=True)

    def copy(self):
        """Another one, that has what this one has now."""
        other = Debian()
        subprocess.run(["cp", "-a", self.room + "/.", other.room], check=True)
        return other

    def take(self, other, name):
        """What is in /root of the other one under that name."""
        subprocess.run(["cp", "-a", "%s/root/%s" % (other.room, name), self.room + "/root/"], check=True)

    def put_stand_in(self, name, text):
        os.makedirs(self.room + "/root/stand-ins", exist_ok=True)
        path = self.room + "/root/stand-ins/" + name
        with open(path, "w", encoding="ascii") as out:
            out.write("#!/bin/sh\n%s\n" % text)
        os.chmod(path, 0o755)

    def run(self, script, network):
        """With the machine's network, or with addresses that nobody else has."""
        words = ["unshare", "-m", "-p", "--fork", "--kill-child"] + ([] if network else ["-n"])
        done = subprocess.run(words + ["bash", "-c", ("" if network else ADDRESSES) + ENTER],
                              env=dict(os.environ, ROOM=self.room, SCRIPT=script), timeout=3600,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return done.returncode, done.stdout

    def boot(self, script):
        """
        As a machine of its own, whose first process is systemd, with addresses that nobody else has, until SCRIPT has
        ended: exit status and what it said; (None, what was seen): no machine starts here.
        """
        for path, text in (("/root/story", script), ("/etc/systemd/system/story.service", STORY)):
            with open(self.room + path, "w", encoding="utf-8") as out:
                out.write(text)
        wants = self.room + "/etc/systemd/system/graphical.target.wants"
        os.makedirs(wants, exist_ok=True)
        if not os.path.lexists(wants + "/story.service"):
            os.symlink("../story.service", wants + "/story.service")
        for name in ("began", "said", "status"):
            if os.path.exists(self.room + "/root/" + name):
                os.unlink(self.room + "/root/" + name)
        unit = [] if os.path.isdir("/run/systemd/system") else ["--keep-unit"]
        # What its own filter keeps from a machine, and stird needs: to give up files, to lock memory.
        calls = "@memlock landlock_create_ruleset landlock_add_rule landlock_restrict_self"
        words = ["systemd-nspawn", "--quiet", "--register=no", "--directory=" + self.room, "--console=read-only",
                 "--system-call-filter=" + calls, "--boot"]
        seen = self.until_it_ends(["unshare", "-n", "bash", "-c", ADDRESSES + 'exec "$@"', "bash"] + words + unit)
        if not os.path.exists(self.room + "/root/began"):
            return None, seen[-2000:]
        with open(self.room + "/root/said", encoding="utf-8", errors="replace") as said:
            text = said.read()
        if not os.path.exists(self.room + "/root/status"):
            return 1, text + "\nit did not come to its end\n" + seen[-2000:]
        with open(self.room + "/root/status", encoding="ascii") as status:
            return int(status.read()), text

    @staticmethod
    def until_it_ends(words):
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as console:
            machine = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
            try:
                machine.wait(1800)
            except subprocess.TimeoutExpired:
                machine.terminate()  # asks the machine to power off
                machine.wait(60)
            finally:
                machine.kill()
            console.seek(0)
            return console.read()
