"""Rules that see the verdict on a call, and where they send it: docs/verification.md, "Rules that see the verdict"."""

import unittest

from lib import stird, stirctl
from lib.patience import HANG_S
from lib.ruling import ELSEWHERE, Ruling, rules
from lib.verifying import CALLED, CALLER


class VerdictRules(Ruling):
    def test_a_customer_accepts_only_a_or_b(self):
        """R-V-062: whose number is called decides; an unsigned call is below B too, a call to others is let through."""
        self.begin_with('name = "strict"; called_customers = [ "strict" ]; level_below = "B"; then = "refuse"; '
                        'status = 488; reason = "not attested";')
        self.warm()
        for level in "AB":
            arrived, record = self.calls(self.of(attest=level))
            self.assertEqual(arrived.all("p-attestation-indicator"), [level])
            self.assertEqual(record["rule"], None)
        final, record = self.refused(self.of(attest="C"), status=488, reason="refused_by_rule", rule="rule strict")
        self.assertEqual(final["reason"], 'SIP;cause=488;text="not attested"')
        self.assertEqual((record["verification"]["class"], record["verification"]["level"]), ("passed", "C"))
        self.refused(status=488, reason="refused_by_rule", rule="rule strict")
        self.calls(self.of(called="+13125550124", attest="C"), called="+13125550124")
        self.calls(called="+13125550124")
        invite, arrived = self.short_call(caller=ELSEWHERE, called="911")  # nothing refuses it
        self.record(invite, decision="passed", emergency=True)

    def test_what_is_told_on(self):
        """A rule caps the level, takes it away, or has the call told on as failed; the record says both."""
        self.begin_with('name = "cap"; signers = [ "709J" ]; levels = [ "A" ]; then = "C";',
                        'name = "none"; levels = [ "B" ]; then = "unsigned";',
                        'name = "failed"; verdict = [ "unsigned" ]; then = "failed";')
        self.warm()
        for identities, level, told, result, rule in (
                ([self.of()], ["C"], ("passed", "C"), "passed;C;709J;-", "rule cap"),
                ([self.of(attest="B")], [], ("nothing", None), "nothing;-;709J;-", "rule none"),
                ([], [], ("failed", None), "failed;-;-;-", "rule failed")):
            with self.subTest(rule=rule):
                arrived, record = self.calls(*identities)
                self.assertEqual(arrived.all("p-attestation-indicator"), level)
                self.assertEqual(arrived.all("x-stird-verification"), [result])
                self.assertEqual(record["rule"], rule)
                of = record["verification"]
                self.assertEqual((of["told_class"], of["told_level"]), told)
        arrived, record = self.calls(self.of(attest="C"))
        self.assertEqual((record["rule"], "told_class" in record["verification"]), (None, False))

    def test_a_profile_that_observes(self):
        """What a rule would have done is recorded, and nothing changes."""
        self.begin_with('name = "r"; verdict = [ "passed" ]; then = "refuse";', profile={"observe": True})
        self.warm()
        _, record = self.calls(self.of())
        self.assertEqual((record["rule"], record["reason"]), ("rule r; observed", "verified"))

    def test_other_upstreams(self):
        """They stand instead of the trunk's: in order, with failover, whole calls; explain says so."""
        self.begin_with('name = "screen"; verdict = [ "unsigned" ]; then = "by_number"; upstreams = [ "screening", "carrier" ];',
                        upstreams_more=[self.upstream("screening", 8)])
        self.warm()
        screening = self.peer("screening", 8)
        invite = self.place(caller=ELSEWHERE, called=CALLED)
        arrived = screening.expect("INVITE")
        screening.respond(arrived, 503)
        screening.expect("ACK")
        again = self.carrier.expect("INVITE")
        self.refuse(again, invite)
        record = self.record(invite, decision="passed", rule="rule screen")
        self.assertEqual([hop["upstream"] for hop in record["tried"]], ["screening", "carrier"])
        self.calls(self.of())  # by its trunk's
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--trunk", "in", "--message",
                           self.lab.write("m.sip", invite.octets().decode()))
        self.assertEqual((told["upstream"], told["rule"]), ("screening", "rule screen"))
        self.assertIn("rule screen: it goes by other upstreams than those of its trunk", told["steps"])

    def test_other_upstreams_of_a_call_that_is_signed(self):
        """Any rule may name them; the token is the same."""
        self.rules = rules('name = "screen"; called = [ "+1900" ]; then = "B"; upstreams = [ "screening" ];')
        self.start(upstreams=[self.upstream(), self.upstream("screening", 8)], more="")
        screening = self.peer("screening", 8)
        invite = self.place(called="+19005550100")
        arrived = screening.expect("INVITE")
        self.verify(arrived, "B")
        self.refuse(arrived, invite, at=screening)
        self.record(invite, decision="signed", rule="rule screen")
        self.signed_call("A")

    def test_the_other_upstream_sees_less(self):
        """RFC 3325: it is not trusted, so a withheld identity does not leave for it, and the token is not of that one."""
        self.rules = rules('name = "screen"; called = [ "+1900" ]; then = "A"; upstreams = [ "screening" ];')
        self.start(upstreams=[self.upstream(trusted=True), self.upstream("screening", 8)], more="")
        screening = self.peer("screening", 8)
        private = ["Privacy: id", "P-Asserted-Identity: <sip:%s@x>" % CALLER]
        invite = self.place(caller="+12155551000", called="+19005550100", extra=private)
        arrived = screening.expect("INVITE")
        self.assertEqual(arrived.all("p-asserted-identity"), [])
        self.assertEqual(self.verify(arrived).payload["orig"], {"tn": "12155551000"})
        self.refuse(arrived, invite, at=screening)
        invite, arrived = self.short_call(caller="+12155551000", extra=private)
        self.assertEqual(len(arrived.all("p-asserted-identity")), 1)
        self.assertEqual(self.verify(arrived).payload["orig"], {"tn": CALLER[1:]})

    def test_our_own_number_from_outside(self):
        """Unsigned, or signed by somebody else: counted, alarmed, told of, and refused where a rule says so."""
        self.begin_with('name = "ours"; own_number = true; verdict = [ "unsigned" ]; then = "refuse"; status = 603;')
        self.warm()
        _, record = self.calls(self.of(caller=CALLER), caller=CALLER)  # of ours: it comes back
        self.assertEqual((record["verification"]["class"], "own_number" in record["verification"]), ("passed", False))
        _, record = self.calls(self.of_another("123X", caller=CALLER), caller=CALLER)
        self.assertEqual((record["verification"]["class"], record["verification"]["spc"]), ("passed", "123X"))
        self.assertTrue(record["verification"]["own_number"])
        self.assertEqual(record["rule"], None)
        _, record = self.refused(status=603, caller=CALLER, reason="refused_by_rule", rule="rule ours")
        self.assertTrue(record["verification"]["own_number"])
        _, record = self.calls()
        self.assertNotIn("own_number", record["verification"])
        self.assert_counted("own_numbers_outside", 2)
        self.stird.wait_log("one of our own numbers calls from outside")
        status, text, _ = stirctl.run(self.lab.path("stird.conf"), "status")
        self.assertIn("own_number_outside", text)

    def test_our_own_number_written_oddly(self):
        """What may mean a number of ours is refused as one of ours, and counted as none."""
        self.begin_with('name = "ours"; own_number = true; verdict = [ "unsigned" ]; then = "refuse"; status = 603;')
        for user in (CALLER + "#", "*67" + CALLER[1:], "00" + CALLER[1:], "+" + CALLER, "+12\uff1155550100"):
            with self.subTest(user=user):
                invite, _ = self.refused_call(603, caller=ELSEWHERE, called=CALLED, from_="<sip:%s@x>" % user)
                record = self.record(invite, reason="refused_by_rule", rule="rule ours")
                self.assertNotIn("own_number", record["verification"])
        for user in ("+16505550100#", "somebody"):
            with self.subTest(user=user):
                _, record = self.calls(from_="<sip:%s@x>" % user)
                self.assertIsNone(record["rule"])

    def test_what_cannot_hold(self):
        """A name that nobody has is refused with its place."""
        self.rules = rules('name = "r"; verdict = [ "pased" ]; then = "by_number"; upstreams = [ "screning" ];')
        path = self.configure(more=self.rules)
        status, errors = stird.check_configuration(path)
        self.assertEqual(status, 1)
        self.assertRegex(errors, r'stird\.conf:\d+: rule "r": upstreams: there is no upstream "screning"')
        self.assertRegex(errors, r'rule "r": verdict: "pased" is none of .* \(did you mean "passed"\?\)')


class Transit(Ruling):
    """A trunk that judges and signs: such a rule is asked once more where the call is signed, and does no more there."""

    def begin_transit(self, *members, customer="foreign", identity="gateway", **more):
        self.begin_with(*members, service="verify_sign", customer=customer, identity=identity, **more)

        def is_so():
            invite, _ = self.short_call(caller=ELSEWHERE, called="+14155550100",
                                        extra=["Identity: " + self.of(called="+14155550100")])
            return self.record(invite)["verification"]["reason"] == "verified"
        stird.wait_until(is_so, HANG_S, "a call that is verified")

    def goes_on(self, *identities, lines=(), **members):
        invite, arrived = self.short_call(caller=ELSEWHERE, called=CALLED,
                                          extra=["Identity: " + i for i in identities] + list(lines))
        return arrived, self.record(invite, **members)

    def test_whom_no_rule_refuses(self):
        """Nobody who calls back for help and nobody whom we could not judge; an unsigned one is refused."""
        self.begin_transit('name = "r"; called = [ "%s" ]; verdict = [ "unsigned", "open" ]; then = "refuse";' % CALLED)
        self.refused(reason="refused_by_rule", rule="rule r")
        for lines in (["Priority: psap-callback"], ["Resource-Priority: esnet.0"]):
            arrived, _ = self.goes_on(lines=lines, decision="passed", reason="unsigned_by_rule", attest=None)
            self.assertEqual(arrived.all("identity"), [])
        stirctl.ask(self.lab.path("stird.conf"), "verification", "off", "--for", "1h")

        def is_open():
            invite = self.place(caller=ELSEWHERE, called="+14155550100")
            self.refuse(self.carrier.expect("INVITE"), invite)
            return self.record(invite)["verification"]["class"] == "open"
        stird.wait_until(is_open, HANG_S, "a call that is open")
        self.goes_on(decision="passed", reason="unsigned_by_rule", rule="rule r")

    def test_a_profile_that_observes(self):
        self.begin_transit('name = "r"; called = [ "%s" ]; verdict = [ "unsigned" ]; then = "refuse";' % CALLED,
                           'name = "s"; called = [ "%s" ]; verdict = [ "passed" ]; then = "by_number"; upstreams = [ "screening" ];' % CALLED,
                           profile={"observe": True}, upstreams_more=[self.upstream("screening", 8)])
        self.goes_on(decision="signed", attest="C", reason="signed_gateway")
        self.goes_on(self.of(), decision="passed", reason="verified_kept", upstream="carrier")

    def test_it_raises_nobody(self):
        """A number that no table has is C here: "B" for all that passed or came unsigned is no promise of more."""
        self.begin_transit('name = "r"; called = [ "%s" ]; verdict = [ "unsigned" ]; then = "B";' % CALLED,
                           identity="authenticated", more='attestation = { unknown = "C"; };')
        self.goes_on(decision="signed", attest="C", reason="signed_unknown", rule="rule r; attestation.unknown")

    def test_what_decided_is_told(self):
        """Of a call whose own token stays: by which rule another level is told on, in the record and by explain."""
        self.begin_transit('name = "r"; called = [ "%s" ]; levels = [ "A" ]; then = "B";' % CALLED)
        invite, arrived = self.short_call(caller=ELSEWHERE, called=CALLED, extra=["Identity: " + self.of()])
        self.assertEqual(arrived.all("p-attestation-indicator"), ["B"])
        record = self.record(invite, reason="verified_kept", rule="rule r; verification")
        self.assertEqual(record["verification"]["told_level"], "B")
        told = stirctl.ask(self.stird.configuration, "explain", "--trunk", "in", "--certificate", self.made + "/709J/chain.pem",
                           "--message", self.lab.write("m.sip", invite.octets().decode()))
        self.assertEqual(told["rule"], "rule r; verification", told)
        self.assertIn("its level is told as B", told["steps"])

    def test_a_second_configuration_knows_it_too(self):
        """The same files would refuse no emergency call either."""
        self.begin_transit('name = "r"; called = [ "911", "%s" ]; verdict = [ "unsigned" ]; then = "refuse";' % CALLED)
        path = self.stird.configuration
        self.assertEqual(stirctl.run(path, "reload", "--shadow")[0], 0)
        stird.wait_until(lambda: stirctl.ask(path, "shadow")["workers_deciding"] == 1, HANG_S, "the worker decides by it")
        invite, _ = self.short_call(caller=ELSEWHERE, called="911")
        self.record(invite, decision="passed", emergency=True)
        self.refused(reason="refused_by_rule")
        stird.wait_until(lambda: stirctl.ask(path, "shadow")["calls_compared"] == 2, HANG_S, "two calls, decided twice")
        self.assertEqual(stirctl.ask(path, "shadow")["changes"], [])


if __name__ == "__main__":
    unittest.main()
