"""kill -9 of the signer under load: calls go on, signatures are back at once."""

import time
import unittest

from daemon.lifetimes import KILLS, SLACK, WorkersStory

RATE = 60  # calls a second


class SignerKill(WorkersStory):
    def test_of_the_signer_under_load_costs_signatures_for_a_moment(self):
        self.start_workers(2)
        load, killed = self.load(), []

        def kill():
            self.hit("signer")
            killed.append(time.monotonic())

        load.run(RATE, KILLS + 1, [(0.5 + i, kill) for i in range(KILLS)])
        self.assertEqual(len(killed), KILLS)
        self.assert_none_lost(load)
        for call in load.unsigned:
            since = min(call.arrived - at for at in killed if at <= call.arrived)
            self.assertLess(since, 0.5 + SLACK, "signing resumes within a second")
        self.assertLess(load.slowest_s, 0.3 + SLACK)


if __name__ == "__main__":
    unittest.main()
