"""kill -9 of workers under load: who retransmits loses no call. STIRD_LONG=1: 20 times."""

import os
import signal
import time
import unittest

from daemon.lifetimes import KILLS, WorkersStory

RATE = 60  # calls a second


class WorkerKill(WorkersStory):
    def test_of_workers_under_load_loses_no_call(self):
        """kill -9 of one after the other; the callers retransmit, the other workers go on."""
        self.start_workers(2)
        load, killed = self.load(), []
        load.refuse_every = 5

        def done():
            """Each comes when calls by both, which began after the one before, have been answered."""
            since = list(load.calls.values())[killed[-1] if killed else 0:]
            if not {call.worker for call in since if call.final} >= {0, 1} or len(self.workers()) < 2:
                return False
            if len(killed) == KILLS:
                return True
            os.kill(self.workers()[len(killed) % 2], signal.SIGKILL)
            killed.append(len(load.calls))
            return False

        load.run_until(RATE, done)
        self.assertEqual(len(killed), KILLS)
        self.assert_none_lost_but_taken_along(load)
        self.assertEqual(load.unsigned, [])
        self.assertEqual(set(load.by_worker), {0, 1})

    def test_of_one_worker_does_not_touch_the_calls_of_the_other(self):
        self.start_workers(2)
        load = self.load()
        pids = self.workers()
        load.run(RATE, 3, [(1.0, lambda: os.kill(pids[1], signal.SIGKILL))])
        self.assert_none_lost_but_taken_along(load)
        others = [c for c in load.calls.values() if c.worker == 0]
        self.assertGreater(len(others), 30)
        self.assertEqual([c.id for c in others if not c.signed], [])
        self.assertIn(pids[0], self.workers())

    def test_of_the_only_worker_under_load_loses_no_call(self):
        self.start()
        load = self.load()
        load.refuse_every = 5
        load.run(RATE, KILLS + 1, [(0.5 + i, lambda: self.hit("worker")) for i in range(KILLS)])
        self.assert_none_lost_but_taken_along(load)

    def test_while_a_call_waits_for_its_signature(self):
        """A caller that was not told 100 retransmits, and that reaches the next worker."""
        self.start(more='signing = { timeout = "1s"; };')
        self.short_call()
        for _ in range(10):  # on a slow machine it may be told before
            invite = self.left_by_its_worker()
            if invite:
                self.sbc.send(invite, self.at())
                self.refuse(self.carrier.expect("INVITE"), invite)
                return
        self.fail("each call was told 100")

    def left_by_its_worker(self):
        """An INVITE whose worker died while it waited, without a word to its caller; None: with a word."""
        self.hit("signer", signal.SIGSTOP)
        invite, until = self.place(), time.monotonic() + 0.15  # at 0.2 s it is told 100
        while time.monotonic() < until:
            self.sbc.poll(until - time.monotonic())
        self.replaced("worker", self.hit("worker"))
        self.sbc.poll(0)
        told = self.sbc.inbox
        self.sbc.inbox = []
        self.assertEqual([m.start for m in told if m.status != 100], [])
        return None if told else invite


if __name__ == "__main__":
    unittest.main()
