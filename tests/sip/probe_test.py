"""Next hops that do not answer get no calls; OPTIONS and calls find out, and find them back."""

import time

from lib.patience import HANG_S
from lib.sip import parameter
from lib.stird import wait_until
from lib.story import Story

OUT, BACK = "a next hop is out", "a next hop is back"


class Probe(Story):
    def start_with_two(self, more="", **first):
        self.start_with(self.configure_two(more, **first))

    def configure_two(self, more="", **first):
        return self.configure(
            pbx={"upstreams": ["first", "carrier"]}, more=more,
            upstreams=[self.upstream("first", 8, **first), self.upstream("carrier", 9)])

    def answer_probe(self, peer, status=200):
        probe = peer.expect("OPTIONS", skip=("INVITE",))
        peer.respond(probe, status)
        return probe

    def answer_probes_until(self, peer, said, status=200):
        """Each of them, for who comes too late to one comes in time to another."""
        deadline = time.monotonic() + HANG_S
        while not self.stird.log_lines(said):
            self.assertLess(time.monotonic(), deadline, "never: " + said)
            if peer.poll(0.1):
                for probe in [m for m in peer.inbox if m.is_request and not m.again]:
                    peer.respond(probe, status)
                peer.inbox = []

    def fail_probes(self, peer):
        self.answer_probes_until(peer, OUT, 503)

    def call_to(self, peer):
        """What asks PEER meanwhile is answered as well as may be: before."""
        peer.drain()
        for probe in [m for m in peer.inbox if m.method == "OPTIONS" and m.is_request and not m.again]:
            peer.respond(probe, 200)
            peer.inbox.remove(probe)
        invite = self.place()
        arrived = peer.expect("INVITE", skip=("OPTIONS",))
        peer.respond(arrived, 486)
        final = self.sbc.expect(486)
        self.sbc.acknowledge(invite, final, self.at())
        peer.expect("ACK", skip=("OPTIONS",))

    @staticmethod
    def forget(peer):
        """What came for earlier calls, and what is still under way for them."""
        while peer.poll(0.05):
            pass
        peer.inbox = []

    def test_a_question(self):
        """What a probe looks like: a plain OPTIONS to the next hop itself, again each second."""
        first = self.peer("first", 8)
        began = time.monotonic()
        self.start_with_two(probe="1s")
        one = self.answer_probe(first)
        self.assertEqual(one.uri, "sip:%s:5060" % self.net(8))
        self.assertIsNone(parameter(one["to"], "tag"))
        self.assertIsNotNone(parameter(one["from"], "tag"))
        self.assertEqual(len(one.elements("via")), 1)
        two = self.answer_probe(first, 404)
        self.assertGreater(two.time - began, 0.9)
        self.assertNotEqual(one["call-id"], two["call-id"])
        self.assertNotEqual(first.top_branch(one), first.top_branch(two))
        self.answer_probe(first, 404)
        self.assertEqual(self.stird.log_lines(OUT), [])
        self.call_to(first)

    def test_probes_take_out_and_bring_back(self):
        """R-P-038: 503 counts as ill; no call goes there; the first good answer ends it."""
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        self.start_with_two(probe="1s", probe_failures=2)
        self.answer_probe(first)
        self.call_to(first)
        self.fail_probes(first)
        self.call_to(self.carrier)
        self.call_to(self.carrier)
        self.answer_probes_until(first, BACK)
        self.call_to(first)
        self.assertEqual(len(self.stird.log_lines(OUT)), 1)

    def test_silence(self):
        """R-P-038: no answer until the next probe is a failure, and nobody listening too."""
        self.carrier  # pylint: disable=pointless-statement
        self.start_with_two(probe="1s", probe_failures=2)
        self.stird.wait_log(OUT)
        self.call_to(self.carrier)
        first = self.peer("first", 8)
        self.answer_probes_until(first, BACK)
        self.call_to(first)

    def test_over_tcp(self):
        first = self.peer("first", 8)
        self.start_with_two(transport="tcp", probe="1s")
        probe = self.answer_probe(first)
        self.assertEqual(probe.transport, "tcp")
        self.assertIn("TCP", probe["via"])
        self.call_to(first)

    def test_two_workers(self):
        """Each asks for itself, and hears the answer even when the kernel gives it to the other."""
        first = self.peer("first", 8)
        self.start_with_two(probe="2s", probe_failures=2, more="workers = 2;")
        asked = set()
        for _ in range(8):
            asked.add(self.answer_probe(first)["call-id"])
        self.assertEqual(len(asked), 8)
        self.assertEqual(self.stird.log_lines(OUT), [])

    def test_no_probes_by_default(self):
        first = self.peer("first", 8)
        self.start_with_two()
        first.expect_nothing(1.5)

    def test_black_hole(self):
        """Three calls without a sign of life: the fourth does not pay for the first upstream."""
        self.carrier  # pylint: disable=pointless-statement
        first = self.peer("first", 8)
        self.start_with_two(more='timers = { next_hop = "200ms"; };')
        for _ in range(3):
            self.call_to(self.carrier)
        self.stird.wait_log(OUT)
        self.forget(first)
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.refuse(arrived, invite)
        first.expect_nothing(0.2)

    def test_all_are_out(self):
        """Nobody is refused for health alone."""
        first = self.peer("first", 8)
        self.start_with_two(more='timers = { next_hop = "200ms"; t1 = "50ms"; };')
        for _ in range(3):
            invite = self.invite()
            self.sbc.send(invite, self.at())
            final = self.sbc.expect(503)
            self.sbc.acknowledge(invite, final, self.at())
        wait_until(lambda: len(self.stird.log_lines(OUT)) == 2, HANG_S, "both are out")
        self.forget(first)
        self.call_to(first)
        self.assertEqual(len(self.stird.wait_lines(BACK)), 1)

    def test_reload(self):
        """Health outlives a reload; probes go on by the new settings."""
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        self.start_with_two(probe="1s", probe_failures=1)
        self.fail_probes(first)
        self.configure_two(probe="1s", probe_failures=100)
        self.stird.reload()
        self.stird.wait_notify("READY=1")
        self.call_to(self.carrier)
        self.answer_probes_until(first, BACK)
        self.call_to(first)
