"""Who may only look, or is none of root's, and takes what there is at the control socket."""

import grp
import os
import socket
import subprocess
import sys
import time
import unittest

from daemon.lifetimes import ProcessStory
from lib import stirctl, stird
from lib.lab import end_with_parent
from lib.patience import HANG_S

ONE, OTHER = 65534, 65533  # users
STATUS, SNAPSHOT = 1, 4    # enum admin_type

# An interpreter may lie where only root finds it: it becomes somebody else when it runs.
BECOME = r'''
import os, socket, sys, time
gid, uid = int(sys.argv.pop()), int(sys.argv.pop())
os.setgroups([])
os.setgid(gid)
os.setuid(uid)
'''

# Holds N connections, each anew as soon as it is closed; MODE: what it says in them.
HOLD = r'''
path, n, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
request = b"".join(x.to_bytes(4, sys.byteorder) for x in (1, int(mode), 0, 0)) if mode != "silent" else b""
held = []
while True:
    if len(held) < n:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.setblocking(False)
        try:
            s.connect(path)
            held.append(s)
        except OSError:
            s.close()
    for s in held[:]:
        try:
            if request:
                s.send(request)
            elif s.recv(4096) is not None:
                raise OSError("closed")
        except BlockingIOError:
            pass
        except OSError:
            s.close()
            held.remove(s)
    time.sleep(0.005)
'''


def group_of(number):
    """One that is neither root's nor anybody's here."""
    names = sorted((g.gr_gid, g.gr_name) for g in grp.getgrall() if 0 < g.gr_gid < 1000 and g.gr_name != "stird")
    return names[number]


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root becomes another")
class Crowd(ProcessStory):
    def begin(self):
        self.look, self.change = group_of(-1), group_of(-2)
        self.start(more='control = { group = "%s"; read_group = "%s"; };\n' % (self.change[1], self.look[1]))
        self.path = self.lab.path("stird.conf")
        self.socket = self.lab.path("run", "control")
        for folder in (self.lab.directory, self.lab.path("run")):
            os.chmod(folder, 0o755)

    def program(self, code, uid, group, *words):
        return [sys.executable, "-I", "-c", BECOME + code, self.socket, *words, str(uid), str(group[0])]

    def hold(self, uid, group, n=30, mode="silent"):
        crowd = subprocess.Popen(self.program(HOLD, uid, group, str(n), str(mode)), preexec_fn=end_with_parent)
        self.addCleanup(crowd.wait)
        self.addCleanup(crowd.kill)

    def assert_root_changes(self):
        for _ in range(5):
            for words in (("reload", "--wait"), ("reload",), ("numbers", "block", "+12155550100"),
                          ("numbers", "unset", "+12155550100"), ("cert", "check"), ("status",)):
                status, out, err = stirctl.run(self.path, *words)
                self.assertFalse("too many others" in err or "not answer" in err, " ".join(words) + out + err)
                self.assertEqual(status, 0, " ".join(words) + out + err)

    def ask_as(self, uid, group):
        """STATUS, by somebody else: the first octets of the reply, of which the second word is 0 for done."""
        code = ("s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\ns.connect(sys.argv[1])\n"
                "s.send(b''.join(x.to_bytes(4, sys.byteorder) for x in (1, 1, 0, 0)))\n"
                "sys.exit(int.from_bytes(s.recv(1 << 20)[4:8], sys.byteorder))")
        return subprocess.run(self.program(code, uid, group), check=False, timeout=HANG_S,
                              stderr=subprocess.DEVNULL).returncode

    def count(self, name):
        return stirctl.ask(self.path, "stats")[name]

    def wait_count(self, name):
        stird.wait_until(lambda: self.count(name) > 0, HANG_S, name)

    def assert_crowded(self):
        self.wait_count("control_crowded")
        rows = [row["name"] for row in stirctl.ask(self.path, "status")["alarms"]]
        self.assertIn("control_crowded", rows)
        self.assert_one_a_minute("the control socket refuses who asks")

    def test_who_looks_holds_them_all(self):
        """Root changes, another looks, and a group's member changes; it is counted, said once, an alarm."""
        self.begin()
        self.hold(ONE, self.look)
        self.wait_count("control_crowded")
        self.assert_root_changes()
        self.assertEqual(self.ask_as(OTHER, self.look), 0)
        self.assertEqual(self.ask_as(OTHER, self.change), 0)
        self.assertEqual(self.ask_as(ONE, self.change), 0, "the same user by another group")
        self.assertNotEqual(self.ask_as(ONE, self.look), 0)
        self.assert_crowded()

    def test_many_who_look(self):
        self.begin()
        for uid in (ONE, OTHER, OTHER - 1):
            self.hold(uid, self.look)
        self.wait_count("control_crowded")
        self.assert_root_changes()
        self.assertEqual(self.ask_as(OTHER, self.change), 0)

    def test_who_may_change_holds_them_all(self):
        self.begin()
        self.hold(ONE, self.change)
        self.wait_count("control_crowded")
        self.assert_root_changes()
        self.assertEqual(self.ask_as(OTHER, self.change), 0)
        self.assertEqual(self.ask_as(OTHER, self.look), 0)
        self.assert_crowded()

    def test_strangers_connect_without_end(self):
        self.begin()
        for _ in range(2):
            self.hold(ONE, (ONE,), n=300)
        self.wait_count("control_strangers")
        self.assert_root_changes()
        self.assertEqual(self.count("control_crowded"), 0)
        self.assert_one_a_minute("somebody of none of its groups")

    def test_answers_that_nobody_reads(self):
        """Descriptors that wait in them are the supervisor's, and it has no endless number."""
        self.begin()
        for kind in (SNAPSHOT, STATUS):
            self.hold(ONE, self.look, n=4, mode=kind)
        self.wait_count("control_unread")
        self.assert_root_changes()
        self.assert_one_a_minute("answer on the control socket was not taken")

    def test_silence_is_closed(self):
        """Whoever it is, before a word or after an answer."""
        self.begin()
        silent, begin = [], time.monotonic()
        for words in (b"", b"".join(x.to_bytes(4, sys.byteorder) for x in (1, STATUS, 0, 0))):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.addCleanup(s.close)
            s.settimeout(HANG_S)
            s.connect(self.socket)
            silent.append(s)
            if words:
                s.send(words)
        self.assertEqual(silent[0].recv(1 << 20), b"")
        self.assertGreater(len(silent[1].recv(1 << 20)), 16)
        self.assertEqual(silent[1].recv(1 << 20), b"")
        self.assertGreater(time.monotonic() - begin, 5)


if __name__ == "__main__":
    unittest.main()
