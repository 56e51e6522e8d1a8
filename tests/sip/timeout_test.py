"""A next hop that is silent for good; T1 is 50 ms here, so that 64*T1 is 3.2 s."""

from lib.story import Story

TIMERS = 'timers = { t1 = "50ms"; t2 = "500ms"; };'


class Timeout(Story):
    def test_invite(self):
        """R-P-071: repeated with doubling intervals, then 408 and silence."""
        self.start(more=TIMERS)
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        final = self.sbc.expect(408)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect_nothing(0.3)
        # How many exactly, and when, unit/proxy_clock_test says.
        self.assertIn(self.carrier.copies(arrived), range(3, 9))
        self.record(invite, decision="signed", sip_status=408)

    def test_other_methods(self):
        """R-P-072 (RFC 4320 section 4.2): no 408 for anything but INVITE."""
        self.start(more=TIMERS)
        self.carrier  # pylint: disable=pointless-statement
        uri = "sip:+12155550199@%s:5060" % self.net(1)
        self.sbc.send(self.sbc.request("MESSAGE", uri), self.at())
        self.carrier.expect("MESSAGE")
        self.sbc.expect_nothing(4)

    def test_a_provisional_ends_it(self):
        """RFC 3261 section 16.6 item 11: once it rings, only timer C counts."""
        self.start(more=TIMERS)
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.expect_nothing(4)
        self.refuse(arrived, invite)
