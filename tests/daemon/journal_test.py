"""Under systemd: lines reach journald with fields, from each process, however narrow it is."""

import ctypes
import os
import signal
import socket
import threading
import unittest

from lib import stird
from lib.lab import end_with_parent
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
LIBC = ctypes.CDLL(None, use_errno=True)


def see_as_run(directory):
    """In a namespace of its own this process sees DIRECTORY as /run."""
    for done in (LIBC.unshare(CLONE_NEWNS), LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None),
                 LIBC.mount(directory.encode(), b"/run", None, MS_BIND, None)):
        if done:
            raise OSError(ctypes.get_errno(), "no namespace of mounts")


def may_have_namespaces():
    pid = os.fork()
    if pid == 0:
        try:
            see_as_run("/tmp")
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


@unittest.skipUnless(may_have_namespaces(), "needs a namespace of mounts")
class Journal(Story):
    def setUp(self):
        super().setUp()
        run = self.lab.path("run")
        os.makedirs(run + "/systemd/journal")
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.journal.bind(run + "/systemd/journal/socket")
        os.chmod(run + "/systemd/journal/socket", 0o666)
        self.journal.settimeout(0.1)
        self.entries, self.ended = [], threading.Event()
        reader = threading.Thread(target=self.read)
        reader.start()
        self.addCleanup(self.journal.close)
        self.addCleanup(reader.join)
        self.addCleanup(self.ended.set)

    def start_under_systemd(self, **changes):
        path = self.configure(**changes)
        self.stird = stird.Stird(self.lab, path)
        with open(self.stird.log_path, "ab") as log:
            of = os.fstat(log.fileno())
        os.environ["JOURNAL_STREAM"] = "%d:%d" % (of.st_dev, of.st_ino)
        self.addCleanup(os.environ.pop, "JOURNAL_STREAM", None)
        run = self.lab.path("run")
        def prepare():
            end_with_parent()
            see_as_run(run)
        self.stird.prepare = prepare
        return self.stird.start()

    def read(self):
        """In a thread: as journald, it is there whatever the test does."""
        while not self.ended.is_set():
            try:
                text = self.journal.recv(1 << 16).decode()
            except socket.timeout:
                continue
            self.entries.append(dict(line.split("=", 1) for line in text.splitlines()))

    def entry(self, **members):
        """The first one with these; a member's value may be a part of MESSAGE."""
        def found():
            return [e for e in list(self.entries) if all(
                value in e.get(name, "") if name == "MESSAGE" else e.get(name) == value
                for name, value in members.items())]
        return wait_until(found, HANG_S, "an entry with %r" % members)[0]

    def test_a_call(self):
        self.start_under_systemd()
        invite, _, _ = self.signed_call()
        entry = self.entry(CALL_ID=invite["call-id"])
        self.assertEqual({name: entry[name] for name in (
            "TRUNK", "ORIG_TN", "DEST_TN", "REASON", "CAUSE", "UPSTREAM", "PRIORITY",
            "SYSLOG_IDENTIFIER")}, {
                "TRUNK": "pbx", "ORIG_TN": "12155550100", "DEST_TN": "12155550199",
                "REASON": "signed_owned", "CAUSE": "next_hop_refused", "UPSTREAM": "carrier",
                "PRIORITY": "6", "SYSLOG_IDENTIFIER": "stird"})
        self.assertTrue(entry["MESSAGE"].startswith("info [worker 1] call call_id="), entry)
        refused, _ = self.refused_call(603, caller="+12155556000")
        self.assertEqual(self.entry(CALL_ID=refused["call-id"])["REASON"], "number_blocked")
        undecided, _ = self.refused_call(483, max_forwards=0)
        self.assertEqual(self.entry(CALL_ID=undecided["call-id"])["REASON"], "too_many_hops")
        self.assertEqual(self.stird.log(), "", "nothing twice")

    def test_a_hostile_call(self):
        """A caller adds no field."""
        self.start_under_systemd()
        invite, _, _ = self.signed_call(call_id="x=y\tMESSAGE=z")
        entry = self.entry(TRUNK="pbx", REASON="signed_owned")
        self.assertIn("x=y", entry["CALL_ID"])
        self.assertTrue(entry["MESSAGE"].startswith("info [worker 1] call"), entry)
        self.assertIsNotNone(invite)

    def test_each_process(self):
        """All of them, after they have given up their rights; a reload's, and those of a restart."""
        self.start_under_systemd()
        self.entry(MESSAGE="info [supervisor] ready")
        self.stird.reload()
        self.stird.wait_notify("READY=1")
        old = self.stird.child("worker")
        os.kill(old, signal.SIGKILL)
        self.stird.wait_child("worker", other_than=old)
        self.signed_call()
        self.stird.stop()
        self.entry(MESSAGE="[recorder] head of the record chain")
        self.entry(MESSAGE="info [worker 1] worker ends")
        self.assertEqual(self.stird.log(), "")


if __name__ == "__main__":
    unittest.main()
