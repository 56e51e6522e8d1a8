"""service = "verify_sign": a valid token stays, and a call without one is signed, at most C through a gateway."""

import os
import time
import unittest

from lib import dialog, identity, stird, stirctl, token
from lib.patience import HANG_S
from lib.settings import NUMBERS
from lib.story import CALLER
from lib.verifying import CALLED, Verifying

OTHER = "+12125550177"  # in no table
FORGED = "13125550199"


class VerifySign(Verifying):
    untouched = False

    def begin(self, **more):
        """A gateway's calls come from .2; customers of the trunk "ours" call from .3."""
        members = {"service": "verify_sign", "customer": "foreign", "identity": "gateway"}
        ours = self.trunk("ours", 3, service="verify_sign", verification="carrier", trusted=False)
        members.update(more)
        super().begin(**dict({"trunks": [ours]}, **members))

    def until(self, reason, path="a.pem"):
        """A token that passes stays, so that its own reason is the verdict's."""
        def is_so():
            invite, _ = self.call(self.signed(path))
            return self.record(invite)["verification"]["reason"] == reason
        return stird.wait_until(is_so, HANG_S, "a call that is " + reason)

    def call(self, *identities, lines=(), peer=None, caller=CALLER, called=CALLED, **more):
        return self.short_call(peer=peer, caller=caller, called=called,
                               extra=["Identity: " + value for value in identities] + list(lines), **more)

    def resigned(self, *identities, attest="C", reason="signed_gateway", verdict=None, old=0, **more):
        """It leaves with a token of ours behind OLD others: its record."""
        invite, arrived = self.call(*identities, **more)
        values = arrived.all("identity")
        self.assertEqual(len(values), old + 1, values)
        identity.check(values[-1], self.lab.unit, attest, more.get("caller", CALLER)[1:], CALLED[1:])
        record = self.record(invite, decision="signed", attest=attest, reason=reason)
        self.assertEqual(record["verification"]["class"], verdict, record)
        return record

    def kept(self, *identities, reason="verified_kept", **more):
        """It leaves with what it brought, octet for octet, and nothing of ours: its record."""
        invite, arrived = self.call(*identities, **more)
        self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
        self.assertEqual(arrived.raws("date"), invite.raws("date"))
        self.assert_untouched(invite, arrived)
        return self.record(invite, decision="passed", reason=reason, attest=None)

    def test_a_valid_token_stays(self):
        """R-P-092: through a gateway and of a customer whose number it is; and no second one beside it."""
        self.begin()
        self.passed()
        ours = self.peer("ours", 3)
        for peer in (None, ours):
            for attest in "ABC":
                record = self.kept(self.signed(attest=attest), peer=peer)
                told = record["verification"]
                self.assertEqual([told["class"], told["reason"], told["level"]], ["passed", "verified", attest])
        self.kept(self.signed(), lines=["Date: Sat, 01 Jan 2000 00:00:00 GMT"])
        url = self.web.url("a.pem")
        rcd = token.identity(self.made + "/709J", header={"x5u": url, "ppt": "rcd"}, rcd={"nam": "Bank"},
                             parameters=";info=<%s>;alg=ES256;ppt=rcd" % url)
        self.kept(rcd, self.signed())
        self.assertEqual(stirctl.ask(self.stird.configuration, "status")["trunks"][0]["service"], "verify_sign")

    def test_what_did_not_pass_is_signed(self):
        """R-V-061: once each: none, forged, stale, of another call, malformed, of a certificate that is not there."""
        self.begin()
        self.passed()
        head, _, rest = self.signed().split(".", 2)
        changed = token.identity(self.made + "/709J", header={"x5u": self.web.url("a.pem")}, attest="B")
        forged = ".".join((head, changed.split(".")[1], rest))
        self.until("certificate_unavailable", "none.pem")
        for value, verdict, reason in ((None, "nothing", "unsigned_call"), (forged, "failed", "signature_invalid"),
                                       (self.signed(iat=1700000000), "failed", "token_stale"),
                                       (self.signed(dest=FORGED), "failed", "token_of_another_call"),
                                       (self.signed("none.pem"), "nothing", "certificate_unavailable"),
                                       (self.signed() + ";", "nothing", "token_malformed")):
            for lines in ([], ["Date: Sat, 01 Jan 2000 00:00:00 GMT"]):
                record = self.resigned(*[value] if value else [], verdict=verdict, lines=lines)
                self.assertEqual(record["verification"]["reason"], reason)
        # each trunk by its own table: a number of nobody's, and one of the customer's
        ours = self.peer("ours", 3)
        self.resigned(peer=ours, attest="A", reason="signed_owned", verdict="nothing")
        self.resigned(peer=ours, caller=OTHER, attest="B", reason="signed_unknown", verdict="nothing")
        # whoever brings a token that failed has no A for the number that he wrote
        record = self.resigned(forged, peer=ours, reason="signed_owned", verdict="failed")
        self.assertEqual(record["rule"], "the Identity that it brings did not pass")
        self.resigned("junk;ppt=shaken", peer=ours, reason="signed_owned", verdict="nothing")
        self.resigned("junk", peer=ours, reason="signed_owned", verdict="nothing")

    def test_div_and_others_beside_it(self):
        """A chain that leads here passes and stays whole; one that does not goes with what it hangs on."""
        self.begin()
        self.passed()
        url = self.web.url("a.pem")
        first = self.signed(dest=FORGED)

        def div(to):
            return token.identity(self.made + "/709J", header={"x5u": url, "ppt": "div"}, orig=CALLER[1:],
                                  dest=to, div={"tn": FORGED}, parameters=";info=<%s>;alg=ES256;ppt=div" % url)
        record = self.kept(first, div(CALLED[1:]))
        self.assertEqual(record["verification"]["class"], "passed")
        self.resigned(first, div("13125550188"), verdict="failed")

    def of_type(self, ppt, forged=False, **claims):
        url = self.web.url("a.pem")
        value = token.identity(self.made + "/709J", header={"x5u": url, "ppt": ppt}, orig=CALLER[1:],
                               parameters=";info=<%s>;alg=ES256;ppt=%s" % (url, ppt), **claims)
        head, payload, signature = value.split(".", 2)
        if forged:
            signature = ("B" if signature[0] == "A" else "A") + signature[1:]
        return ".".join((head, payload, signature))

    def test_others_that_are_not_valid_do_not_stay_beside_ours(self):
        """R-V-061: no type that failed stays, and no diversion without a beginning, which is not worth more than C."""
        adding = self.trunk("adding", 4, service="verify_sign", verification="carrier", trusted=False, existing_identity="add")
        ours = self.trunk("ours", 3, service="verify_sign", verification="carrier", trusted=False)
        self.begin(trunks=[ours, adding])
        self.passed()
        dest, div = CALLED[1:], {"tn": FORGED}
        ours, adding = self.peer("ours", 3), self.peer("adding", 4)
        for value, level, old in ((self.of_type("div", dest=dest, div=div), "C", 0),
                                  (self.of_type("div", forged=True, dest=dest, div=div), "C", 0),
                                  (self.of_type("div", dest=FORGED, div={"tn": dest}), "C", 0),
                                  (self.of_type("div-o", dest=dest, div=div), "C", 0),
                                  (self.of_type("rcd", forged=True, dest=dest, rcd={"nam": "Bank"}), "A", 0),
                                  (self.of_type("rcd", dest=dest, rcd={"nam": "Bank"}, iat=1700000000), "A", 0),
                                  (self.of_type("rph", forged=True, dest=dest, rph={"auth": ["ets.0"]}), "A", 0),
                                  (self.of_type("rcd", dest=dest, rcd={"nam": "Bank"}), "A", 1),
                                  (self.of_type("msgi", dest=dest), "A", 1)):
            with self.subTest(ppt=value.rsplit("=", 1)[1], level=level, old=old):
                self.resigned(value, peer=ours, reason="signed_owned", attest=level, verdict="nothing", old=old)
                self.resigned(value, peer=adding, reason="signed_owned", attest=level, verdict="nothing", old=1)

    def test_what_resembles_identity(self):
        """A line that some readers take for Identity counts as one that did not pass, on a trunk that is not trusted too."""
        self.begin()
        self.passed()
        ours, value = self.peer("ours", 3), self.signed(dest=FORGED)
        for line in ("Identity (c): ", "Identity ", "Identity\r\n : ", "\ufeffIdentity: ", "Identity\u00a0: "):
            with self.subTest(line=line):
                for text in (value, self.signed(), "junk"):
                    self.resigned(lines=[line + text], peer=ours, reason="signed_owned", attest="C", verdict="nothing")

    REFUSING = 'rules = ( { name = "no"; verdict = [ "open", "failed", "passed", "nothing" ]; then = "refuse"; status = 488; } ); '

    def test_a_rule_refuses_nobody_twice(self):
        """R-V-062: the signing of the call does not ask it again: what by_verdict.h lets through goes on."""
        self.begin(profile={"observe": True}, rules=self.REFUSING, wait="300ms")
        self.passed()
        ours = self.peer("ours", 3)
        record = self.kept(self.signed(), peer=ours)
        self.assertEqual(record["rule"], "rule no; observed; verification")
        record = self.resigned(peer=ours, attest="A", reason="signed_owned", verdict="nothing")
        self.assertEqual(record["rule"], "rule no; observed; attestation.owned")
        self.resigned(self.signed(dest=FORGED), verdict="failed")

    def test_whom_no_rule_refuses(self):
        """An emergency call, a call back of one, one of esnet, and one that is open; none gets a token of ours for it."""
        self.begin(profile={"observe": False}, rules=self.REFUSING, wait="300ms")
        for lines, called in ((["Priority: psap-callback"], CALLED), (["Resource-Priority: esnet.1"], CALLED), ([], "911")):
            invite, arrived = self.call(lines=lines, called=called, to="<sip:%s@carrier.example.com>" % called,
                                        peer=self.peer("ours", 3))
            self.assertEqual(arrived.raws("identity"), [])
            self.record(invite, decision="passed", reason="unsigned_by_rule", rule="rule no")
        self.web.hang()
        self.kept(self.signed("b.pem"), reason="already_signed")
        invite, _ = self.refused_call(488, caller=CALLER, called=CALLED)
        self.record(invite, reason="refused_by_rule", rule="rule no")

    def test_whom_the_list_of_signers_allows(self):
        """No rule that sees the verdict is asked for him, by whichever part of the way."""
        path = self.lab.write("signers.csv", "code,action\n709J,allow\n")
        self.begin(profile={"observe": False}, rules='signers = { file = "%s"; }; %s' % (path, self.REFUSING))
        self.until("verified")
        record = self.kept(self.signed())
        self.assertEqual(record["rule"], "signer 709J: allow (line 2); verification")

    def test_what_such_a_rule_leaves_of_ours(self):
        """It caps a token of ours, and raises none: the record and explain name it."""
        then = {"A": "A", "B": "B", "C": "C", "unsigned": None, "failed": None}
        rules = ", ".join('{ name = "%s"; calling = [ "1215555700%d" ]; verdict = [ "nothing" ]; then = "%s"; }' % (word, i, word)
                          for i, word in enumerate(then))
        low = '{ name = "low"; level_below = "B"; calling = [ "%s" ]; then = "A"; }' % OTHER[1:]
        self.begin(profile={"observe": False}, rules="rules = ( %s, %s ); " % (rules, low),
                   numbers=NUMBERS + "".join("+1215555700%d,acme,owned,,,,\n" % i for i in range(5)))
        ours = self.peer("ours", 3)
        for i, (word, level) in enumerate(then.items()):
            caller = "+1215555700%d" % i
            with self.subTest(then=word):
                invite, arrived = self.call(peer=ours, caller=caller)
                self.assertEqual(len(arrived.all("identity")), 1 if level else 0)
                if level:
                    identity.check(arrived.all("identity")[0], self.lab.unit, level, caller[1:], CALLED[1:])
                record = self.record(invite, attest=level, reason="signed_owned" if level else "unsigned_by_rule",
                                     rule="rule A; attestation.owned" if word == "A" else "rule " + word)
                message = self.lab.write("invite", invite.octets().decode())
                told = stirctl.ask(self.stird.configuration, "explain", "--trunk", "ours", "--message", message)
                self.assertEqual([told[k] for k in ("decision", "reason", "rule")],
                                 [record[k] for k in ("decision", "reason", "rule")])
                self.assertIn("rule %s holds" % word, told["steps"])
        self.resigned(peer=ours, caller=OTHER, attest="B", reason="signed_unknown", verdict="nothing")
        self.resigned(caller="+12155557000", verdict="nothing")

    def test_a_customer_calls_with_his_own_number(self):
        """R-V-020: by his own trunk it is not from outside; by the gateway's it is."""
        self.begin(profile={"observe": False},
                   rules='rules = ( { name = "own"; own_number = true; verdict = [ "unsigned" ]; then = "refuse"; status = 603; } ); ')
        record = self.resigned(peer=self.peer("ours", 3), attest="A", reason="signed_owned", verdict="nothing")
        self.assertNotIn("own_number", record["verification"])
        invite, _ = self.refused_call(603, caller=CALLER, called=CALLED)
        self.assertTrue(self.record(invite, rule="rule own")["verification"]["own_number"])
        self.assert_counted("own_numbers_outside", 1)

    def test_a_token_that_nobody_could_judge(self):
        """It is not known to be bad: by "keep" it stays alone, by "replace" it gives way, by "add" ours is beside it."""
        trunks = [self.trunk(mode, last, service="verify_sign", verification="carrier", identity="gateway",
                             trusted=False, existing_identity=mode)
                  for mode, last in (("replace", 3), ("add", 4), ("strip", 5))]
        self.begin(wait="300ms", trunks=trunks)
        self.passed()
        for mode, last in (("replace", 3), ("add", 4), ("strip", 5)):
            self.kept(self.signed(), peer=self.peer(mode, last))
        self.web.hang()
        record = self.kept(self.signed("b.pem"), reason="already_signed")
        self.assertEqual([record["verification"][k] for k in ("class", "reason")], ["open", "certificate_pending"])
        self.resigned(self.signed("b.pem"), peer=self.peer("replace", 3), verdict="open")
        self.resigned(self.signed("b.pem"), peer=self.peer("add", 4), verdict="open", old=1)
        for mode, old in (("replace", 0), ("add", 1)):
            self.resigned(self.signed(dest=FORGED), peer=self.peer(mode, 3 + old), verdict="failed", old=old)
        invite, arrived = self.call(self.signed(dest=FORGED), peer=self.peer("strip", 5))
        self.assertEqual(arrived.raws("identity"), [])
        self.record(invite, decision="passed", reason="identity_stripped")

    def test_an_operator_has_switched_it_off(self):
        """Nothing is judged: a token stays, as it would of a trunk that signs; a call without one is signed."""
        self.begin()
        self.passed()
        stirctl.ask(self.stird.configuration, "verification", "off", "--for", "1h")
        record = self.kept(self.signed(dest=FORGED), reason="already_signed")
        self.assertEqual(record["verification"]["reason"], "verification_off")
        self.resigned(verdict="open")
        stirctl.ask(self.stird.configuration, "verification", "on")
        stirctl.ask(self.stird.configuration, "signing", "off", "--for", "1h")
        self.kept(self.signed())
        invite, arrived = self.call()
        self.assertEqual(arrived.raws("identity"), [])
        self.record(invite, reason="signing_off")

    def test_a_shadow_changes_no_call(self):
        self.begin(mode="shadow")
        self.passed()
        for value in (self.signed(), self.signed(dest=FORGED)):
            invite, arrived = self.call(value)
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
        self.record(invite, decision="passed", reason="shadow")

    def test_a_second_configuration(self):
        """It decides by the verdict that the call has: the same files would change nothing."""
        self.begin()
        self.passed()
        path = self.stird.configuration
        self.assertEqual(stirctl.run(path, "reload", "--shadow")[0], 0)
        stird.wait_until(lambda: stirctl.ask(path, "shadow")["workers_deciding"] == 1, HANG_S, "the worker decides by it")
        self.kept(self.signed())
        self.resigned(self.signed(dest=FORGED), verdict="failed")
        self.resigned(verdict="nothing")
        stird.wait_until(lambda: stirctl.ask(path, "shadow")["calls_compared"] == 3, HANG_S, "three calls, decided twice")
        self.assertEqual(stirctl.ask(path, "shadow")["changes"], [])
        self.assertEqual(stirctl.ask(path, "stats")["shadow_changed"], 0)

    def test_marks(self):
        """R-V-053: verstat of the verdict, beside whichever token leaves; what came along is off."""
        self.begin(profile={"observe": False, "verstat_place": "from", "identity_out": "keep_valid"})
        self.passed()
        spoofed = "<sip:%s;verstat=TN-Validation-Passed@x>" % CALLER
        for value, word in ((self.signed(), "TN-Validation-Passed"), (self.signed(dest=FORGED), "TN-Validation-Failed"),
                            (None, "No-TN-Validation")):
            invite, arrived = self.call(*[value] if value else [], from_=spoofed)
            self.assertTrue(arrived["from"].startswith("<sip:%s;verstat=%s@x>;tag=" % (CALLER, word)), arrived["from"])
            self.assertEqual(len(arrived.all("identity")), 1)
            self.assertEqual(arrived.all("identity") == [value], word == "TN-Validation-Passed")
            self.record(invite)
        _, arrived = self.call(self.signed(dest=FORGED), self.signed())
        self.assertEqual(len(arrived.all("identity")), 1)

    def test_what_another_next_hop_sees(self):
        """Privacy: the next hop that does not see who is asserted gets no word of him, and no verdict on another number."""
        self.begin(trunks=[self.trunk("ours", 3, service="verify_sign", verification="carrier", upstreams=["first", "carrier"])],
                   upstreams_more=[self.upstream("first", 8, trusted=True)],
                   upstream={"privacy_identity": "strip"},
                   profile={"observe": False, "verstat_place": "both"})
        self.passed()
        first, ours = self.peer("first", 8), self.peer("ours", 3)
        lines = ["P-Asserted-Identity: <sip:%s@x>" % CALLER, "Privacy: id"]
        for value, seen in ((self.signed(), ("kept", 0)), (None, ("A", "B"))):
            invite = self.place(peer=ours, caller=CALLER, called=CALLED, from_="<sip:%s@x>" % OTHER,
                                extra=lines + (["Identity: " + value] if value else []))
            one = first.expect("INVITE")
            if value:
                self.assertEqual(one.raws("identity"), invite.raws("identity"))
            else:
                self.verify(one, "A", CALLER[1:], CALLED[1:])
            first.respond(one, 503)
            first.expect("ACK")
            two = self.carrier.expect("INVITE")
            self.assertEqual(two.all("p-asserted-identity"), [])
            self.assertIn("verstat=No-TN-Validation", two["from"])
            self.assertEqual(len(two.all("identity")), 0 if value else 1, seen)
            self.refuse(two, invite, ours)

    def test_the_second_upstream(self):
        """The same token, ours or the caller's, and judged once."""
        self.begin(upstreams=["first", "carrier"], upstreams_more=[self.upstream("first", 8)])
        first = self.peer("first", 8)
        self.web_is_there()
        for value in (self.signed(), None, self.signed(dest=FORGED)):
            invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + value] if value else [])
            one = first.expect("INVITE")
            first.respond(one, 503)
            first.expect("ACK")
            two = self.carrier.expect("INVITE")
            self.assertEqual(one.raws("identity"), two.raws("identity"))
            self.assertEqual(len(two.all("identity")), 1)
            self.refuse(two, invite)
            record = self.record(invite)
            self.assertEqual([hop["said"] for hop in record["tried"]], ["503", "486"])

    def web_is_there(self):
        """Until the certificate is, by calls that the first upstream refuses."""
        first = self.peer("first", 8)

        def is_so():
            invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + self.signed()])
            self.refuse(first.expect("INVITE"), invite, at=first)
            return self.record(invite)["verification"]["class"] == "passed"
        stird.wait_until(is_so, HANG_S, "a call that passes")

    @unittest.skipUnless(os.environ.get("STIRD_LONG"), "STIRD_LONG=1: it takes half a minute")
    def test_a_fresh_token_for_the_second(self):
        """R-P-138: after more than 30 s; a token of the caller's stays what it is."""
        self.begin(upstreams=["first", "carrier"], upstreams_more=[self.upstream("first", 8)])
        first = self.peer("first", 8)
        self.web_is_there()
        for value in (None, self.signed()):
            invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + value] if value else [])
            one = first.expect("INVITE")
            first.respond(one, 100)
            time.sleep(32)
            first.respond(one, 503)
            first.expect("ACK")
            two = self.carrier.expect("INVITE")
            self.assertEqual(one.raws("identity") == two.raws("identity"), value is not None)
            self.refuse(two, invite)

    def test_an_emergency_call(self):
        """It waits for no certificate and is never lost; what stands on it stays where nobody judged it."""
        self.begin()
        self.passed()
        self.web.hang()
        for value, n in ((self.signed("b.pem", dest="911"), 1), (None, 1)):
            invite, arrived = self.call(*[value] if value else [], called="911", to="<sip:911@carrier.example.com>")
            self.assertEqual(len(arrived.all("identity")), n)
            record = self.record(invite, emergency=True)
            self.assertEqual(record["verification"]["wait_us"], 0)
            if value:
                self.assertEqual(arrived.all("identity"), [value])

    def test_cancelled_while_it_waits(self):
        self.begin()
        self.passed()
        self.web.hang()
        invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + self.signed("b.pem")])
        self.sbc.expect(100)
        self.sbc.send(dialog.cancel(invite), self.at())
        self.sbc.expect(200)
        final = self.sbc.expect(487)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect_nothing(0.1)
        self.assertIsNone(self.record(invite, cause="cancelled")["verification"])
        self.web.hang(False)

    def test_a_copy_while_it_waits(self):
        """One INVITE, one decision."""
        self.begin()
        self.passed()
        self.web.hang()
        invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + self.signed("b.pem")])
        self.sbc.expect(100)
        self.sbc.send(invite, self.at())
        self.heard()
        self.web.hang(False)
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
        self.refuse(arrived, invite)
        self.record(invite, reason="verified_kept")
        self.assertEqual(len([r for r in self.stird.records() if r["call_id"] == invite["call-id"]]), 1)

    def test_a_signer_that_hangs(self):
        """fail_open: the call leaves without ours, and a valid token is no matter of the signer's."""
        self.begin(signing='timeout = "50ms";')
        self.passed()
        self.hang("signer")
        self.kept(self.signed())
        for value in (None, self.signed(dest=FORGED)):
            invite, arrived = self.call(*[value] if value else [])
            self.assertEqual(arrived.raws("identity"), [])
            self.record(invite, decision="passed", reason="signer_timeout")

    def test_explained_as_it_was(self):
        """R-V-048: the same steps and the same end, by the certificate that the call had."""
        self.begin()
        self.passed()
        for value in (self.signed(), self.signed(dest=FORGED), None):
            for name, last in (("in", 2), ("ours", 3)):
                peer = self.sbc if last == 2 else self.peer("ours", 3)
                invite, _ = self.call(*[value] if value else [], peer=peer)
                record = self.record(invite)
                message = self.lab.write("invite", invite.octets().decode())
                told = stirctl.ask(self.stird.configuration, "explain", "--trunk", name, "--message", message,
                                   "--certificate", self.made + "/709J/chain.pem")
                self.assertEqual([told[k] for k in ("decision", "reason")], [record[k] for k in ("decision", "reason")])
                self.assertEqual(told.get("level") or told.get("attest"),
                                 record["attest"] or record["verification"]["level"], told)
                self.assertEqual(told["verification"]["class"], record["verification"]["class"])

    def test_blocked_and_refused(self):
        """What a table or a rule refuses a valid token does not let through."""
        self.begin(numbers=NUMBERS + "+12155556001,foreign,blocked,,,,\n",
                   rules='rules = ( { name = "no"; calling = [ "1215555900" ]; then = "refuse"; } );')
        self.passed()
        for number, status, reason in (("+12155556001", 603, "number_blocked"), ("+12155559001", 403, "refused_by_rule")):
            value = self.signed(orig=number[1:])
            invite, _ = self.refused_call(status, reason=reason, caller=number, called=CALLED, extra=["Identity: " + value])
            self.assertEqual(self.record(invite)["verification"]["class"], "passed")


if __name__ == "__main__":
    unittest.main()
