"""Which of several upstreams' answers the caller gets, and what comes late (RFC 3261 16.7)."""

from lib.dialog import in_dialog
from lib.story import Story

NEXT_HOP = 'timers = { next_hop = "300ms"; };'


class BestResponse(Story):
    def start_with_two(self, first="udp", second="udp", more=NEXT_HOP):
        self.start(pbx={"upstreams": ["first", "carrier"]}, more=more,
                   upstreams=[self.upstream("first", 8, first),
                              self.upstream("carrier", 9, second)])
        return self.peer("first", 8)

    def final(self, invite, status):
        final = self.sbc.expect((status, "INVITE"))
        self.sbc.acknowledge(invite, final, self.at(final.transport))
        self.record(invite, sip_status=status)
        return final

    def after_503(self, first, retry_after=None):
        """The first upstream says 503; answers with what the second received."""
        invite = self.place()
        extra = ["Retry-After: %d" % retry_after] if retry_after else []
        first.respond(first.expect("INVITE"), 503, extra=extra)
        first.expect("ACK")
        return invite, self.carrier.expect("INVITE")

    def test_r_p_076_503_then_486(self):
        """A refusal of the callee beats a 503 of the network."""
        first = self.start_with_two()
        invite, arrived = self.after_503(first)
        self.carrier.respond(arrived, 486)
        self.final(invite, 486)

    def test_r_p_076_503_then_603(self):
        first = self.start_with_two()
        invite, arrived = self.after_503(first)
        self.carrier.respond(arrived, 603)
        self.final(invite, 603)

    def test_r_p_076_503_then_silence(self):
        """A real 503 beats a 408 that we would make up (T1 is 50 ms here)."""
        first = self.start_with_two(
            more='timers = { t1 = "50ms"; t2 = "500ms"; next_hop = "300ms"; };')
        invite, _ = self.after_503(first)
        self.assertIn(b";tag=t-first", self.final(invite, 503).raws("to")[0])

    def test_r_p_076_silence_then_486(self):
        first = self.start_with_two()
        invite = self.place()
        first.expect("INVITE")
        self.carrier.respond(self.carrier.expect("INVITE"), 486)
        self.final(invite, 486)

    def test_r_p_076_all_503(self):
        """The last one's 503 goes up."""
        first = self.start_with_two()
        invite, arrived = self.after_503(first)
        self.carrier.respond(arrived, 503)
        self.assertIn(b";tag=t-carrier", self.final(invite, 503).raws("to")[0])

    def test_r_p_077_503_without_retry_after(self):
        """One next hop's Retry-After would make the SBC drop stird for all calls (Decided 15)."""
        first = self.start_with_two()
        invite, arrived = self.after_503(first, retry_after=60)
        self.carrier.respond(arrived, 503, extra=["Retry-After: 3600", "X-Other: kept"])
        final = self.final(invite, 503)
        self.assertEqual(final.raws("retry-after"), [])
        self.assertEqual(final["x-other"], "kept")

    def test_r_p_077_as_500_by_setting(self):
        """pass_503 = false: the caller hears 500 of every upstream's 503."""
        first = self.start_with_two(more="proxy = { pass_503 = false; };" + NEXT_HOP)
        invite, arrived = self.after_503(first)
        self.carrier.respond(arrived, 503)
        self.carrier.expect("ACK")
        self.final(invite, 500)
        invite, arrived = self.after_503(first)
        self.carrier.respond(arrived, 486)
        self.carrier.expect("ACK")
        self.final(invite, 486)

    def test_r_p_077_as_500_when_nobody_is_there(self):
        """An unreachable next hop counts as one that said 503 (section 16.9)."""
        self.start(more="proxy = { pass_503 = false; };",
                   upstreams=[self.upstream("carrier", 8, "tcp")])
        invite = self.place()
        self.final(invite, 500)

    def test_r_p_037_503_after_ringing(self):
        """Once a callee has rung, even its 503 is the answer."""
        first = self.start_with_two(more="")
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        arrived = first.expect("INVITE")
        first.respond(arrived, 183)
        self.sbc.expect(183)
        first.respond(arrived, 503)
        self.final(invite, 503)
        self.carrier.expect_nothing()

    def test_r_p_036_a_100_is_a_sign_of_life(self):
        """After 100 the next hop has its time; after a 503 the second is tried all the same."""
        first = self.start_with_two(more='timers = { next_hop = "3s"; };')
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        arrived = first.expect("INVITE")
        first.respond(arrived, 100)
        self.carrier.expect_nothing(3.5)
        first.respond(arrived, 503)
        self.carrier.respond(self.carrier.expect("INVITE"), 486)
        self.final(invite, 486)

    # a late first upstream
    def abandoned(self):
        """The first was silent too long, the second rings."""
        first = self.start_with_two()
        invite = self.place()
        one = first.expect("INVITE")
        two = self.carrier.expect("INVITE")
        self.carrier.respond(two, 180)
        self.sbc.expect(180)
        return first, invite, one, two

    def test_r_p_036_abandoned_is_cancelled_at_its_first_1xx(self):
        """And its late ringing, its 487 stay here."""
        first, invite, one, two = self.abandoned()
        first.expect_nothing(0.2)
        first.respond(one, 180)
        cancel = first.expect("CANCEL")
        self.assertEqual(first.top_branch(cancel), first.top_branch(one))
        first.respond(cancel, 200)
        first.respond(one, 487)
        first.expect("ACK")
        self.sbc.expect_nothing()
        self.refuse(two, invite)

    def test_r_p_066_an_abandoned_upstream_answers_after_all(self):
        """Its 2xx wins; the one that rings is cancelled, and its 487 stays here."""
        first, invite, one, two = self.abandoned()
        first.respond(one, 200)
        ok = self.sbc.expect((200, "INVITE"))
        cancel = self.carrier.expect("CANCEL")
        self.carrier.respond(cancel, 200)
        self.carrier.respond(two, 487)
        self.carrier.expect("ACK")
        self.sbc.acknowledge(invite, ok)
        first.expect("ACK")
        self.sbc.expect_nothing(0.2)
        self.record(invite, upstream="first", sip_status=200)

    def test_r_p_066_a_2xx_after_a_refusal_went_up(self):
        """Section 16.7 item 5: every 2xx is forwarded, whatever the caller was told before."""
        first, invite, one, two = self.abandoned()
        self.refuse(two, invite)
        answer = first.respond(one, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.assertIn(b";tag=t-first", ok.raws("to")[0])
        first.send(answer, self.at())
        self.sbc.expect((200, "INVITE"), retransmissions=True)
        self.sbc.acknowledge(invite, ok)
        first.expect("ACK")
        bye = in_dialog(self.sbc, "BYE", invite, ok, 2)
        self.sbc.send(bye, self.at())
        first.respond(first.expect("BYE"), 200)
        self.sbc.expect((200, "BYE"))

    def test_r_p_066_each_fork_is_a_dialog(self):
        """The caller ACKs both and ends one: Record-Route is on each answer."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answers = []
        for tag in ("one", "two"):
            self.carrier.respond(arrived, 200, tag=tag)
            answers.append(self.sbc.expect((200, "INVITE")))
        for ok in answers:
            self.sbc.acknowledge(invite, ok)
            self.assertEqual(self.carrier.expect("ACK").raws("to"), ok.raws("to"))
        self.sbc.send(in_dialog(self.sbc, "BYE", invite, answers[1], 2), self.at())
        self.assertIn(";tag=two", self.carrier.expect("BYE")["to"])

    def test_r_p_066_two_forks_over_tcp(self):
        """Two callees behind the next hop answer a caller on a connection."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        self.place(transport="tcp")
        arrived = self.carrier.expect("INVITE")
        for tag in ("one", "two"):
            self.carrier.respond(arrived, 183, tag=tag)
            self.assertIn(";tag=" + tag, self.sbc.expect(183)["to"])
        for tag in ("one", "two"):
            self.carrier.respond(arrived, 200, tag=tag)
            self.assertIn(";tag=" + tag, self.sbc.expect(200)["to"])

    def test_a_503_by_its_via_alone(self):
        """After a restart nobody knows the call: its 503 and Retry-After go no further either."""
        self.start(drain="0ms", more="proxy = { pass_503 = false; };")
        for expected in (500, 503):
            self.place()
            arrived = self.carrier.expect("INVITE")
            self.stird.stop()
            if expected == 503:
                self.lab.write("stird.conf", self.text().replace("pass_503 = false", "pass_503 = true"))
            self.stird.start()
            self.carrier.respond(arrived, 503, extra=["Retry-After: 60"])
            final = self.sbc.expect((expected, "INVITE"))
            self.assertNotIn("retry-after", final)
            self.assertIn(b";tag=t-carrier", final.raws("to")[0])

    def text(self):
        with open(self.lab.path("stird.conf"), encoding="utf-8") as configuration:
            return configuration.read()
