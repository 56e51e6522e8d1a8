"""
A machine of its own to install stird on: a mount, a network and a process namespace, where what is
written to /etc, /usr, /var and /run stays, and ends with it. Its programs are those of the machine it
is on, but for what would install and build packages, which is done already.
"""

import os
import re
import subprocess
import sys
import unittest

from .lab import PROJECT, binary

SETUP = r"""
set -euo pipefail
mount --make-rprivate /
room=/mnt
mount -t tmpfs tmpfs "$room"
for place in etc usr var; do
    mkdir -p "$room/$place.upper" "$room/$place.work"
    mount -t overlay overlay \
        -o "lowerdir=/$place,upperdir=$room/$place.upper,workdir=$room/$place.work" "/$place"
done
mount -t tmpfs tmpfs /run
rm -rf /etc/stird /var/lib/stird /var/log/stird /usr/sbin/stird /usr/bin/stirctl
sed -i '/^stird:/d' /etc/passwd /etc/group /etc/shadow /etc/gshadow
ip link set lo up
for address in 192.0.2.10 192.0.2.40 198.51.100.7; do ip address add "$address/24" dev lo; done

# What the README builds is built: its build directory is the one that is tested.
stand_ins=$room/bin
mkdir "$stand_ins"
printf '#!/bin/sh\n' >"$stand_ins/apt-get"
cat >"$stand_ins/cmake" <<END
#!/bin/bash
[ "\$1" = --install ] || exit 0
exec $(command -v cmake) --install "$BUILD" "\${@:3}" >/dev/null
END
cat >"$stand_ins/systemctl" <<END
#!/bin/sh
exec "$PYTHON" -B "$PROJECT/tests/lib/systemctl.py" "\$@"
END
chmod +x "$stand_ins"/*
export PATH="$stand_ins:/usr/sbin:/usr/bin:/sbin:/bin"
cd "$PROJECT"
"""


def why_not():
    """Why there cannot be one here; None: there can."""
    if os.geteuid() != 0:
        return "only root makes a machine of its own"
    probe = r"""mount --make-rprivate / && d=/mnt && mount -t tmpfs tmpfs "$d" && mkdir "$d/u" "$d/w" &&
        mount -t overlay overlay -o "lowerdir=/etc,upperdir=$d/u,workdir=$d/w" /etc"""
    tried = subprocess.run(["unshare", "-m", "-n", "-p", "--fork", "--kill-child", "bash", "-c", probe],
                           capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else "no namespaces or no overlay here: " + tried.stderr.strip()


def run(script, timeout):
    """SCRIPT for bash, on such a machine: exit status and what it said."""
    environment = dict(os.environ, BUILD=os.path.dirname(binary()), PROJECT=PROJECT,
                       PYTHON=sys.executable)
    done = subprocess.run(["unshare", "-m", "-n", "-p", "--fork", "--kill-child", "--mount-proc",
                           "bash", "-c", SETUP + script], env=environment, timeout=timeout,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


# A node with a lab's certificate, and people who have to do with it.
NODE = """
cmake --install build/release --prefix /usr; systemd-sysusers 2>/dev/null
groupadd noc; useradd -G noc looker; useradd -G stird member; useradd stranger
stirctl init --sbc 192.0.2.40 --carrier 198.51.100.7 --lab >/dev/null 2>&1
key=$(echo /var/lib/stird/certs/709J/*.unit/key.pem)
unit=$(dirname "$key")
as() { local user=$1; shift; runuser -u "$user" -- "$@"; }
judge() { local status=0; echo "== $1"; stird -t 2>&1 || status=$?; echo "status $status"; }
try() { local status=0; echo "== $*"; as "$1" stirctl "${@:2}" 2>&1 || status=$?; echo "status $status"; }
hear() { local status=0; echo "== $*"; as "$1" stirctl "${@:2}" 2>/dev/null || status=$?; echo "status $status"; }
"""


class Story(unittest.TestCase):
    """What is said and done on a node that is set up."""

    def setUp(self):
        why = why_not()
        if why:
            self.skipTest("SKIPPED: " + why)

    def parts(self, script):
        """What was said under each heading, and the status behind it."""
        status, said = run(NODE + script, 300)
        self.assertEqual(status, 0, said)
        found = {}
        for part in re.split(r"^== ", said, flags=re.M)[1:]:
            name, _, text = part.partition("\n")
            words, _, number = text.rpartition("status ")
            found[name] = (int(number.split()[0]), words)
        return found

    def assert_status(self, found, name, status, pattern="(?s).*"):
        self.assertIn(name, found)
        self.assertEqual(found[name][0], status, found[name][1])
        self.assertRegex(found[name][1], pattern)
