"""Without -f: checked in the foreground, served in the background, logged to /dev/log."""

import os
import re
import shutil
import signal
import socket
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib.patience import HANG_S
from lib import stird

# A /dev of its own, where `log` leads to the test's socket, and no journald.
NAMESPACE = """set -e
if [ -d /run/systemd ]; then mount -t tmpfs none /run/systemd; fi
mount -t tmpfs none /mnt
cp -a /dev/null /dev/full /dev/random /dev/urandom /mnt/
ln -s "$1" /mnt/log
mount --bind /mnt /dev
shift
exec "$@"
"""


def can_have_a_namespace():
    return os.geteuid() == 0 and shutil.which("unshare") and subprocess.run(
        ["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


@unittest.skipUnless(can_have_a_namespace(), "needs root and a mount namespace")
class Background(ProcessStory):
    def run_in_namespace(self, path):
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        log.bind(self.lab.path("log"))
        log.settimeout(HANG_S)
        self.addCleanup(log.close)
        end = subprocess.run(["unshare", "-m", "sh", "-c", NAMESPACE, "sh", self.lab.path("log"),
                              stird.binary(), "-c", path],
                             capture_output=True, text=True, timeout=HANG_S, check=False)
        return end, log

    def test_answers_when_it_is_ready_and_logs_to_syslog(self):
        end, log = self.run_in_namespace(self.configure())
        self.assertEqual((end.returncode, end.stdout, end.stderr), (0, "", ""))
        lines = [log.recv(4096).decode()]
        while "[supervisor] ready" not in lines[-1]:
            lines.append(log.recv(4096).decode())
        started = [line for line in lines if "child started" in line]
        children = [int(re.search(r"pid=(\d+)", line).group(1)) for line in started]
        self.assertEqual(len(children), 3)
        with open("/proc/%d/stat" % children[0], encoding="ascii") as source:
            supervisor = int(source.read().rpartition(")")[2].split()[1])
        self.assertEqual(os.readlink("/proc/%d/cwd" % supervisor), "/")
        self.assertEqual(os.getsid(supervisor) == supervisor, False)
        self.assertEqual(os.readlink("/proc/%d/fd/0" % supervisor), "/dev/null")
        os.kill(supervisor, signal.SIGTERM)
        stird.wait_until(lambda: not any(map(stird.alive, [supervisor] + children)), HANG_S,
                         "all processes end")

    def test_prints_mistakes_before_it_goes(self):
        end, _ = self.run_in_namespace(self.configure(more="nonsense = 1;"))
        self.assertEqual(end.returncode, 78)
        self.assertRegex(end.stderr, r"stird\.conf:\d+: .*nonsense")


if __name__ == "__main__":
    unittest.main()
