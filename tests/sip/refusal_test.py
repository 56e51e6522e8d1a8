"""Answers that end a call: passed on, acknowledged hop by hop, never tried elsewhere."""

from lib.story import Story


class Refusal(Story):
    def test_486_is_acknowledged_hop_by_hop(self):
        """R-P-037 R-P-045 R-P-070."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.carrier.respond(arrived, 486, extra=["Retry-After: 30"])
        ack = self.carrier.expect("ACK")
        self.assertEqual(self.carrier.top_branch(ack), self.carrier.top_branch(arrived))
        self.assertEqual(ack.uri, arrived.uri)
        self.assertIn(";tag=t-carrier", ack["to"])
        self.assertEqual(len(ack.elements("via")), 1)
        busy = self.sbc.expect(486)
        self.assertEqual(busy["retry-after"], "30")
        self.sbc.acknowledge(invite, busy, self.at())
        self.carrier.expect_nothing()
        self.record(invite, decision="signed", sip_status=486)

    def test_refusal_repeats_until_the_caller_acknowledges(self):
        """R-P-071: timer G, and silence after the ACK."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 486)
        self.carrier.expect("ACK")
        busy = self.sbc.expect(486)
        again = self.sbc.expect(486, retransmissions=True)
        self.assertEqual(busy.raw, again.raw)
        self.sbc.acknowledge(invite, busy, self.at())
        self.heard()
        copies = self.sbc.copies(busy)
        self.sbc.expect_nothing(1.6)
        self.assertEqual(self.sbc.copies(busy), copies)

    def test_statuses_pass_unchanged(self):
        """R-P-078 R-P-141: 3xx, the STIR codes and 6xx arrive as they are."""
        self.start()
        for status, extra in ((302, "Contact: <sip:+12155550111@192.0.2.77>"),
                              (407, 'Proxy-Authenticate: Digest realm="r",nonce="n"'),
                              (428, "X-Y: z"), (436, "X-Y: z"), (437, "X-Y: z"),
                              (438, 'Reason: STIR ;cause=436;text="Bad Identity Info"'),
                              (500, "X-Y: z"), (603, "X-Y: z")):
            with self.subTest(status=status):
                invite = self.place()
                arrived = self.carrier.expect("INVITE")
                self.carrier.respond(arrived, status, phrase="As it is", extra=[extra])
                final = self.sbc.expect(status)
                self.assertEqual(final.start, b"SIP/2.0 %d As it is" % status)
                self.assertIn(extra.encode(), [header.raw for header in final.headers])
                self.sbc.acknowledge(invite, final, self.at())
                self.carrier.expect("ACK")

    def test_two_callees_answer(self):
        """R-P-066: a forking callee's further 2xx goes on too."""
        self.start()
        self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200, tag="one")
        self.carrier.respond(arrived, 200, tag="two")
        self.assertIn(";tag=one", self.sbc.expect(200)["to"])
        self.assertIn(";tag=two", self.sbc.expect(200)["to"])

    def test_answers_repeat_after_200(self):
        """R-P-068: 2xx retransmissions pass, INVITE retransmissions do not."""
        self.start(more='timers = { t1 = "4s"; };')  # nor do our own come into it
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answer = self.carrier.respond(arrived, 200)
        ok = self.sbc.expect(200)
        for _ in range(3):
            self.carrier.send(answer, self.at())
            self.sbc.expect(200, retransmissions=True)
        self.sbc.send(invite, self.at())
        self.carrier.expect_nothing()
        self.assertEqual(self.carrier.copies(arrived), 1)
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")

    def test_stray_answers_go_nowhere(self):
        """R-P-067 R-P-069: an answer whose Via is not ours, or that we never asked for."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        branch = self.carrier.top_branch(arrived)
        strange = arrived.copy()
        for header in strange.headers:
            header.raw = header.raw.replace(branch.encode(), b"z9hG4bKnot-ours")
        self.carrier.respond(strange, 200)
        foreign = arrived.replaced("via", "Via: SIP/2.0/UDP 192.0.2.99;branch=" + branch,
                                   invite.raws("via")[0])
        self.carrier.respond(foreign, 200)
        self.carrier.respond(arrived.without("via"), 200)
        self.sbc.expect_nothing()
        self.refuse(arrived, invite)
