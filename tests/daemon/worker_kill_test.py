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

        def kill():
            victim = self.workers()[len(killed) % 2]
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

        load.run(RATE, KILLS + 1, [(0.5 + i, kill) for i in range(KILLS)])
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
        self.hit("signer", signal.SIGSTOP)
        invite, until = self.place(), time.monotonic() + 0.15  # at 0.2 s it is told 100
        while time.monotonic() < until:
            self.sbc.poll(until - time.monotonic())
        self.assertEqual([m.start for m in self.sbc.inbox], [])
        self.hit("worker")
        time.sleep(0.3)
        self.sbc.send(invite, self.at())
        self.refuse(self.carrier.expect("INVITE"), invite)


if __name__ == "__main__":
    unittest.main()
