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


class Debian:
    def __init__(self):
        self.room = tempfile.mkdtemp(prefix="stird-debian-")
        os.chmod(self.room, 0o755)  # it is everybody's root directory

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["rm", "-rf", "--one-file-system", self.room], check=False)

    def make(self):
        """What is said when that fails, for want of a network above all; None: it is there."""
        done = subprocess.run(["debootstrap", "--variant=minbase", "--include=systemd", "bookworm", self.room, MIRROR],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800,
                              check=False)
        if done.returncode:
            return done.stdout[-2000:]
        shutil.copy("/etc/resolv.conf", self.room + "/etc/resolv.conf")
        source = self.room + "/root/stird"
        os.mkdir(source)
        subprocess.run("tar -C '%s' --exclude=./build --exclude=./.git -cf - . | tar -C '%s' -xf -" % (PROJECT, source),
                       shell=True, check=True)
        self.put_stand_in("systemctl", "exec /usr/bin/python3 -B /root/stird/tests/lib/systemctl.py \"$@\"")
        return None

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
