"""SIGTERM ends all of it, in order, with exit status 0; a second one ends it at once."""

import os
import signal
import subprocess
import time
import unittest

from daemon.lifetimes import ProcessStory
from lib import stird
from lib.patience import HANG_S


class End(ProcessStory):
    def test_of_an_idle_stird(self):
        self.start()
        family = self.stird.family()
        self.assertEqual(self.stird.stop(), 0)
        self.assert_gone(family, "children end before the supervisor")
        self.stird.wait_lines("stopped")

    def test_by_interrupt(self):
        """^C reaches all processes of a terminal; only the supervisor acts on it."""
        self.start()
        family = self.stird.family()
        for pid in family + [self.stird.process.pid]:
            os.kill(pid, signal.SIGINT)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)
        self.assert_gone(family, "children end before the supervisor")
        self.assertFalse(self.stird.log_lines("warning [supervisor] child ended"))

    def test_with_a_worker_that_hangs(self):
        """It is killed when its time is up; a second SIGTERM does not wait for that."""
        self.start()
        family = self.stird.family()
        self.hit("worker", signal.SIGSTOP)
        begin = time.monotonic()
        self.stird.process.send_signal(signal.SIGTERM)
        self.stird.wait_notify("STOPPING=1")
        is_there = stird.alive(self.stird.process.pid)
        self.assertTrue(is_there or time.monotonic() - begin >= 1, "its time was not up")
        self.stird.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)
        self.wait_gone(family, "all children are gone")

    def test_before_it_is_ready(self):
        path = self.configure()
        for delay in (0.0, 0.01, 0.03, 0.1):
            process = subprocess.Popen([stird.binary(), "-f", "-c", path],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(delay)
            family = stird.children_of(process.pid)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=HANG_S)
            self.assertIn(process.returncode, (0, -signal.SIGTERM))
            self.wait_gone(family, "no child is left")

    def test_writes_the_records_that_wait(self):
        """The recorder reads its channels to the end before it goes."""
        self.start()
        recorder = self.hit("recorder", signal.SIGSTOP)
        invite, _ = self.short_call()
        self.stird.process.send_signal(signal.SIGTERM)
        self.stird.wait_log("child ended child=stird-worker")
        self.send(recorder, signal.SIGCONT)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)
        self.record(invite, decision="signed")

    def test_of_calls_that_ring_on(self):
        """When the time to drain is over each call has its record, however it was told: the workers are not killed."""
        self.start(drain="2s")
        self.carrier  # pylint: disable=pointless-statement
        ringing = []
        for _ in range(3):
            invite = self.place()
            self.carrier.respond(self.carrier.expect("INVITE"), 180)
            self.sbc.expect(180)
            ringing.append(invite)
        self.stird.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)
        self.assertTrue(self.stird.log_lines("worker ends calls=3"))
        for invite in ringing:
            self.record(invite, decision="signed", cause="stopped")


if __name__ == "__main__":
    unittest.main()
