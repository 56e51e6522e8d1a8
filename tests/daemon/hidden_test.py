"""
Whoever asks at the control socket is looked at in /proc. Under the unit that hides what is outside of stird's
user namespace (ProtectProc=invisible, PrivateUsers=yes): ExecReload=, stird-renew and a shell of the service's
user are, and are answered all the same.
"""

import ctypes
import os
import unittest

from daemon.lifetimes import ProcessStory
from lib import stird, stirctl
from lib.lab import end_with_parent

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_PRIVATE_ALL = (1 << 18) | (1 << 14)


def called(result):
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path, text):
    with open(path, "w", encoding="ascii") as out:
        out.write(text)


def hide():
    """In the new process: a /proc of its own that shows what it could trace, and a user namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    called(libc.unshare(CLONE_NEWNS))
    called(libc.mount(b"none", b"/", None, MS_PRIVATE_ALL, None))
    called(libc.mount(b"proc", b"/proc", b"proc", 0, b"hidepid=2,gid=4242"))
    called(libc.unshare(CLONE_NEWUSER))
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", "%d %d 1" % (uid, uid))
    write("/proc/self/gid_map", "%d %d 1" % (gid, gid))


def can_hide():
    child = os.fork()
    if child == 0:
        try:
            hide()
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


@unittest.skipUnless(os.geteuid() == 0 and can_hide(), "needs root, and mount and user namespaces")
class Hidden(ProcessStory):
    def test_who_is_outside_is_answered(self):
        path = self.configure()
        self.stird = stird.Stird(self.lab, path)
        self.stird.prepare = lambda: (end_with_parent(), hide())
        self.stird.start()
        self.assertEqual(stirctl.ask(path, "status")["state"], "serving")
        stirctl.ask(path, "reload", "--wait")
        self.assertFalse(self.stird.log_lines("a process of stird's own"))
