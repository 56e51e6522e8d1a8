"""SIGTERM ends all of it, in order, with exit status 0; a second one ends it at once."""

import os
import signal
import subprocess
import time
import unittest

from daemon.lifetimes import SLACK, ProcessStory
from lib import stird


class End(ProcessStory):
    def test_of_an_idle_stird(self):
        self.start()
        family = self.stird.family()
        began = time.monotonic()
        self.assertEqual(self.stird.stop(), 0)
        self.assertLess(time.monotonic() - began, 2.0 + SLACK)
        self.wait_gone(family, 0.1, "children end before the supervisor")
        self.assertTrue(self.stird.log_lines("stopped"))

    def test_by_interrupt(self):
        """^C reaches all processes of a terminal; only the supervisor acts on it."""
        self.start()
        family = self.stird.family()
        for pid in family + [self.stird.process.pid]:
            os.kill(pid, signal.SIGINT)
        self.assertEqual(self.stird.process.wait(5), 0)
        self.wait_gone(family, 0.1, "children end before the supervisor")
        self.assertFalse(self.stird.log_lines("warning [supervisor] child ended"))

    def test_with_a_worker_that_hangs(self):
        """It is killed when its time is up; a second SIGTERM does not wait for that."""
        self.start()
        family = self.stird.family()
        self.hit("worker", signal.SIGSTOP)
        self.stird.process.send_signal(signal.SIGTERM)
        self.stird.wait_notify("STOPPING=1", 2.0)
        self.assertTrue(stird.alive(self.stird.process.pid))
        self.stird.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.stird.process.wait(1.0 + SLACK), 0)
        self.wait_gone(family, 0.5, "all children are gone")

    def test_before_it_is_ready(self):
        path = self.configure()
        for delay in (0.0, 0.01, 0.03, 0.1):
            process = subprocess.Popen([stird.binary(), "-f", "-c", path],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(delay)
            family = stird.children_of(process.pid)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)
            self.assertIn(process.returncode, (0, -signal.SIGTERM))
            self.wait_gone(family, 0.5, "no child is left")

    def test_writes_the_records_that_wait(self):
        """The recorder reads its channels to the end before it goes."""
        self.start()
        recorder = self.hit("recorder", signal.SIGSTOP)
        invite, _ = self.short_call()
        self.stird.process.send_signal(signal.SIGTERM)
        self.stird.wait_log("child ended child=stird-worker")
        os.kill(recorder, signal.SIGCONT)
        self.assertEqual(self.stird.process.wait(5), 0)
        self.record(invite, decision="signed")


if __name__ == "__main__":
    unittest.main()
