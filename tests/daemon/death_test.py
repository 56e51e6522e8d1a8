"""A child that dies is there again at once; a supervisor that dies leaves nobody."""

import os
import signal
import unittest

from daemon.lifetimes import ProcessStory
from lib.patience import HANG_S


class Death(ProcessStory):
    def check_replaced_at_once(self, role):
        self.start()
        before = self.children()
        self.hit(role)
        self.replaced(role, before[role])
        after = self.children()
        for other in set(self.ROLES) - {role}:
            self.assertEqual(before[other], after[other], "the %s went on" % other)

    def test_of_the_worker(self):
        self.check_replaced_at_once("worker")
        self.stird.wait_log("worker serves.*\n(.*\n)*.*worker serves")

    def test_of_the_signer(self):
        self.check_replaced_at_once("signer")
        self.signed_again()

    def test_of_the_signer_with_calls_leaves_few_unsigned(self):
        """Calls go on unsigned while there is none; soon there is one again."""
        self.start()
        self.signed_call()
        self.hit("signer")
        self.signed_again()

    def test_of_the_recorder(self):
        self.check_replaced_at_once("recorder")

    def test_of_the_recorder_loses_no_record(self):
        """What it did not read waits in its channel for the next one."""
        self.start()
        recorder = self.hit("recorder", signal.SIGSTOP)
        invite, _ = self.short_call()
        self.send(recorder, signal.SIGKILL)
        self.record(invite, decision="signed")

    def test_of_the_worker_keeps_the_next_call(self):
        """A message that comes while there is no worker waits in the listener's socket."""
        self.start()
        self.short_call()
        self.hit("worker")
        self.short_call()

    def test_again_and_again(self):
        """Kills in a row are answered in a row, also those that come before it served."""
        self.start()
        worker = self.stird.wait_child("worker")
        for _ in range(10):
            os.kill(worker, signal.SIGKILL)
            worker = self.replaced("worker", worker)
        self.stird.wait_log("(worker serves(.*\n)*.*){2,}")
        self.signed_again()

    def test_of_the_supervisor(self):
        self.start()
        family = self.stird.family()
        self.assertGreaterEqual(len(family), 3)
        os.kill(self.stird.process.pid, signal.SIGKILL)
        self.stird.process.wait(HANG_S)
        self.wait_gone(family, "children end with the supervisor")
        self.stird = None

    def test_of_the_supervisor_while_all_children_are_stopped(self):
        self.start()
        self.children()  # each has begun, and told the kernel what to do then
        family = self.stird.family()
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        os.kill(self.stird.process.pid, signal.SIGKILL)
        self.stird.process.wait(HANG_S)
        self.wait_gone(family, "stopped children end with the supervisor")
        self.stird = None


if __name__ == "__main__":
    unittest.main()
