"""One INVITE is one signature and one upstream INVITE, however often it arrives (Decided 10)."""

from lib.story import Story


class Retransmission(Story):
    def test_copies_are_absorbed(self):
        """R-P-068 R-P-079: six copies at once, one signature."""
        self.start(more='timers = { t1 = "4s"; };')  # of our own none comes meanwhile
        invite = self.invite()
        self.carrier  # pylint: disable=pointless-statement
        for _ in range(6):
            self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.carrier.expect_nothing(0.7)
        self.assertEqual(self.carrier.copies(arrived), 1)
        self.sbc.send(invite, self.at())
        self.sbc.expect(180, retransmissions=True)
        self.refuse(arrived, invite)
        self.sbc.send(invite, self.at())
        self.carrier.expect_nothing()
        self.assertEqual(self.carrier.copies(arrived), 1)
        self.record(invite, decision="signed")

    def test_own_retransmissions_are_the_same_octets(self):
        """R-P-071: a slow callee gets the INVITE again after T1, signature and all."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        again = self.carrier.expect("INVITE", retransmissions=True)
        self.assertEqual(again.raw, arrived.raw)
        self.assertGreater(again.time - invite.sent, 0.45)
        self.refuse(arrived, invite)

    def test_no_retransmissions_over_tcp(self):
        """RFC 3261 section 17.1.1.2: not on a reliable transport."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.expect_nothing(1.2)
        self.assertEqual(self.carrier.copies(arrived), 1)
        self.refuse(arrived, invite)

    def test_each_call_has_its_own_token(self):
        """R-P-132: Two calls between the same numbers: two origids."""
        self.start()
        _, _, one = self.signed_call()
        _, _, two = self.signed_call()
        self.assertNotEqual(one.payload["origid"], two.payload["origid"])
