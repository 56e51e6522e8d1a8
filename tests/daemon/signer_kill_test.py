"""kill -9 of the signer under load: calls go on, and signatures come back."""

import unittest

from daemon.lifetimes import KILLS, WorkersStory

RATE = 60  # calls a second


class SignerKill(WorkersStory):
    def test_of_the_signer_under_load_costs_signatures_for_a_moment(self):
        """Each kill comes when calls that began after the one before are signed again."""
        self.start_workers(2)
        load, killed = self.load(), []

        def signed_since():
            calls = list(load.calls.values())[killed[-1] if killed else 0:]
            return sum(bool(call.signed) for call in calls)

        def done():
            if signed_since() < 20:
                return False
            if len(killed) == KILLS:
                return True
            self.hit("signer")
            killed.append(len(load.calls))
            return False

        load.run_until(RATE, done)
        self.assertEqual(len(killed), KILLS)
        self.assertGreaterEqual(signed_since(), 20, "signing has resumed")
        self.assert_none_lost(load)


if __name__ == "__main__":
    unittest.main()
