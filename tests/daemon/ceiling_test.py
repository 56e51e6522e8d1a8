"""What a worker may ask of the signer has a ceiling a second: the rest fails as signing fails."""

import time
import unittest

from daemon.lifetimes import ProcessStory
from lib import stirctl, stird


class Ceiling(ProcessStory):
    CALLS = 12

    def start_with_ceiling(self, ceiling, mode="fail_open"):
        self.start(more='signing = { requests_per_second = %d; failure = "%s"; timeout = "1s"; };\n'
                   % (ceiling, mode))

    def burst(self):
        """Calls at once; what arrives at the carrier."""
        self.carrier  # pylint: disable=pointless-statement
        invites = [self.invite() for _ in range(self.CALLS)]
        for invite in invites:
            self.sbc.send(invite, self.at())
        return invites

    def reasons(self, invites):
        return [self.stird.record(invite["call-id"], 10.0)["reason"] for invite in invites]

    def test_what_is_above_it_is_refused_counted_and_alarmed(self):
        self.start_with_ceiling(2)
        invites = self.burst()
        arrived = [self.carrier.expect("INVITE") for _ in invites]
        for call in arrived:
            self.carrier.respond(call, 486)
        signed = [call for call in arrived if call.raws("identity")]
        self.assertGreaterEqual(len(signed), 2)
        self.assertLess(len(signed), self.CALLS, "the others go as the failure mode says")
        reasons = self.reasons(invites)
        refused = reasons.count("signer_overloaded")
        self.assertGreater(refused, 0)
        late = reasons.count("signer_timeout")  # where the machine stood still for a second
        self.assertEqual(refused + late, self.CALLS - len(signed))
        self.stird.wait_log("a worker asks for more signatures than its calls can need")
        def counted():
            stats = stirctl.ask(self.stird.configuration, "stats")
            return stats["sign_requests_over_ceiling"] == refused
        stird.wait_until(counted, 5.0, "the count")
        time.sleep(1.1)
        self.place()
        call = self.carrier.expect("INVITE", skip=("ACK",))
        self.carrier.respond(call, 486)
        self.assertTrue(call.raws("identity"), "a second later there is room again")

    def test_and_not_at_all_where_that_is_said(self):
        self.start_with_ceiling(1, "fail_closed")
        invites = self.burst()
        reasons = self.reasons_of_refused(invites)
        self.assertGreaterEqual(reasons.count("signer_overloaded"), self.CALLS // 2)

    def reasons_of_refused(self, invites):
        for arrived in iter(lambda: self.carrier.poll(1.0) and self.carrier.inbox, False):
            for call in arrived:
                if call.is_request and call.method == "INVITE" and not call.again:
                    self.assertTrue(call.raws("identity"), "unsigned, though that is forbidden")
                    self.carrier.respond(call, 486)
            arrived.clear()
        return self.reasons(invites)

    def test_nobody_meets_the_default(self):
        """20000 calls in progress: 40000 a second."""
        self.start()
        invites = self.burst()
        arrived = [self.carrier.expect("INVITE") for _ in invites]
        for call in arrived:
            self.carrier.respond(call, 486)
            self.assertTrue(call.raws("identity"))


if __name__ == "__main__":
    unittest.main()
