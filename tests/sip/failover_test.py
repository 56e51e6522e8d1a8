"""Upstreams in the trunk's order; the next one gets a new branch and the same Identity."""


from lib.dialog import cancel
from lib.story import Story


class Failover(Story):
    def start_with_two(self, first="udp", second="udp", next_hop="30s"):
        """A hop that answers has all the time of a slow machine to do so."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8, first),
                              self.upstream("carrier", 9, second)],
                   more='timers = { next_hop = "%s"; };' % next_hop)

    def test_first_is_dead(self):
        """R-P-036: nobody listens there (ICMP)."""
        self.start_with_two("udp")
        self.quick_call()

    def test_first_refuses_connections(self):
        """R-P-036 over TCP."""
        self.start_with_two("tcp")
        self.quick_call()

    def quick_call(self):
        invite, _, _ = self.signed_call()
        self.record(invite, decision="signed", sip_status=486)

    def test_first_says_503(self):
        """R-P-036: new branch, same Identity, and the caller sees no 503."""
        self.start_with_two()
        first = self.peer("first", 8)
        invite = self.place()
        one = first.expect("INVITE")
        first.respond(one, 503)
        first.expect("ACK")
        two = self.carrier.expect("INVITE")
        self.assertNotEqual(first.top_branch(one), self.carrier.top_branch(two))
        self.assertEqual(one.raws("identity"), two.raws("identity"))
        self.assertEqual(one.raws("date"), two.raws("date"))
        self.verify(two, "A")
        self.assertEqual(two.uri, "sip:+12155550199@%s:5060" % self.net(9))
        self.refuse(two, invite)
        self.sbc.expect_nothing(0.1)

    def test_first_is_silent(self):
        """R-P-036: no provisional within 2 s, then the second."""
        self.start_with_two(next_hop="2s")
        first = self.peer("first", 8)
        invite = self.place()
        one = first.expect("INVITE")
        two = self.carrier.expect("INVITE")
        self.assertGreater(two.time - invite.sent, 1.9)
        self.assertNotEqual(first.top_branch(one), self.carrier.top_branch(two))
        self.assertEqual(one.raws("identity"), two.raws("identity"))
        self.refuse(two, invite)

    def test_first_rings(self):
        """R-P-037: after any provisional but 100 there is no second."""
        self.start_with_two(next_hop="4s")
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        one = first.expect("INVITE")
        first.respond(one, 180)
        self.sbc.expect(180)
        self.carrier.expect_nothing(4.5)
        self.refuse(one, invite, at=first)

    def test_first_refuses(self):
        """R-P-037: a refusal that is not 503 is the answer."""
        self.start_with_two()
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        one = first.expect("INVITE")
        self.refuse(one, invite, status=404, at=first)
        self.carrier.expect_nothing(0.3)

    def test_all_are_dead(self):
        """R-P-081, Decided 15: a clear 503 quickly, without Retry-After."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8), self.upstream("carrier", 9, "tcp")])
        invite = self.invite()
        self.sbc.send(invite, self.at())
        final = self.sbc.expect(503)
        self.assertNotIn("retry-after", final)
        self.sbc.acknowledge(invite, final, self.at())
        self.record(invite, sip_status=503)
        self.signed_call(called="+12155550198")

    def test_all_say_503(self):
        """R-P-077, Decided 15: passed as 503."""
        self.start_with_two()
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        first.respond(first.expect("INVITE"), 503)
        self.carrier.respond(self.carrier.expect("INVITE"), 503)
        final = self.sbc.expect(503)
        self.sbc.acknowledge(invite, final, self.at())

    def test_cancel_while_the_first_is_silent(self):
        """A caller who gave up is not offered to the second."""
        self.start_with_two()
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        first.expect("INVITE")
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        final = self.sbc.expect((487, "INVITE"))
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect_nothing(0.3)
