"""The situations of conf/examples, each with its own configuration as it is printed there."""

import os
import time

from lib import settings, stird, stirctl, token
from lib.lab import PROJECT
from lib.patience import HANG_S
from lib.story import Story
from lib.verifying import other_provider

NAMES = ("retail-subscriber", "managed-customer", "wholesale", "international-gateway",
         "call-centre", "enterprise-pbx", "shared-sbc", "reseller-rules",
         "sbc-on-both-sides", "inbound-pbx", "transit-gateway", "inbound-marked",
         "inbound-france", "redirect-clearip", "redirect-sansay", "redirect-embedded",
         "redirect-peeredge", "redirect-both-ways")


class Scenarios(Story):
    def example(self, name):
        self.start_with(settings.example(self.lab, name))

    def leaves(self, level, caller, reason, **more):
        """A call from CALLER leaves with LEVEL, and the record says why."""
        invite, _, _ = self.signed_call(level, caller=caller, orig=caller[1:], **more)
        self.record(invite, attest=level, reason=reason, orig_tn=caller[1:])

    def test_each_example_has_its_story(self):
        with os.scandir(os.path.join(PROJECT, "conf", "examples")) as found:
            self.assertEqual(sorted(e.name for e in found if e.is_dir()), sorted(NAMES))

    def test_sbc_on_both_sides(self):
        """Its calls come back at another port of its own address."""
        self.example("sbc-on-both-sides")
        back = self.peer("back", 2, port=5080)
        for caller, level in (("+12155550100", "A"), ("+13125550000", "B")):
            invite = self.place(caller=caller)
            arrived = back.expect("INVITE")
            self.verify(arrived, level, caller[1:])
            self.refuse(arrived, invite, at=back)

    def test_transit_gateway(self):
        """A token that is valid stays; what has none, or one that is worth nothing, leaves with ours at C."""
        theirs, web = other_provider(self)
        self.example("transit-gateway")
        self.leaves("C", "+33123456789", "signed_gateway")
        self.leaves("C", "+12155550100", "signed_gateway")
        self.refused_call(603, caller="+12155559999", reason="number_blocked")

        def passes():
            value = token.identity(theirs.directory, orig="33123456789", dest="12155550199", attest="B",
                                   header={"x5u": web.url("709J.pem")})
            invite, arrived = self.short_call(caller="+33123456789", extra=["Identity: " + value])
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
            return self.record(invite)["reason"] == "verified_kept"
        stird.wait_until(passes, HANG_S, "a token that stays")
        value = token.identity(theirs.directory, orig="33123456700", dest="12155550199", header={"x5u": web.url("709J.pem")})
        self.leaves("C", "+33123456789", "signed_gateway", extra=["Identity: " + value])

    def test_inbound_pbx(self):
        """R-V-061: the PBX's calls are signed; the carrier's are judged, and reach the PBX as they came."""
        theirs, web = other_provider(self)
        self.example("inbound-pbx")
        self.leaves("A", "+12155551000", "signed_owned")
        self.leaves("B", "+13125550000", "signed_unknown")

        def inbound(reason):
            """Whether a call that the carrier brings is that; its first ones may still want for trust or certificate."""
            value = token.identity(theirs.directory, orig="13125550123", dest="12155551000",
                                   header={"x5u": web.url("709J.pem")})
            more = {"extra": ["Identity: " + value]} if reason == "verified" else {}
            invite, arrived = self.short_call(peer=self.carrier, at=self.sbc, caller="+13125550123",
                                              called="+12155551000", **more)
            self.assert_untouched(invite, arrived)
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
            record = self.record(invite, trunk="carrier-in", upstream="pbx", decision="passed")
            return record["reason"] == reason and record
        told = stird.wait_until(lambda: inbound("verified"), HANG_S, "a call that is verified")["verification"]
        self.assertEqual([told["class"], told["level"], told["spc"]], ["passed", "A", "709J"])
        self.assertTrue(inbound("unsigned_call"))

    def brought(self, caller, called, identity=None, at=None, **more):
        """A call that the carrier brings, and the PBX refuses: (sent, arrived)."""
        return self.short_call(peer=self.carrier, at=at or self.sbc, caller=caller, called=called,
                               extra=["Identity: " + identity] if identity else [], **more)

    def turned_away(self, status, caller, called, identity=None):
        """One that nobody hears of: (its record, the answer)."""
        self.sbc  # pylint: disable=pointless-statement
        invite = self.place(self.carrier, caller=caller, called=called, extra=["Identity: " + identity] if identity else [])
        final = self.carrier.expect(status)
        self.carrier.acknowledge(invite, final, self.at())
        self.sbc.expect_nothing(0.1)
        return self.record(invite, decision="rejected"), final

    def test_inbound_marked(self):
        """The name, verstat and headers; an owner's number from outside, a customer who is strict, a screen."""
        theirs, web = other_provider(self)
        self.example("inbound-marked")
        screening = self.peer("screening", 4)
        name = '"Bank" <sip:+13125550123@pbx.example.com>'

        def identity(**more):
            return token.identity(theirs.directory, orig="13125550123", dest="12155551000",
                                  header={"x5u": web.url("709J.pem")}, **more)

        def passes():
            invite, arrived = self.brought("+13125550123", "+12155551000", identity(), from_=name)
            return self.record(invite)["reason"] == "verified" and arrived
        arrived = stird.wait_until(passes, HANG_S, "a call that is verified")
        self.assertTrue(arrived["from"].startswith(
            '"Bank" <sip:+13125550123;verstat=TN-Validation-Passed@pbx.example.com>'), arrived["from"])
        self.assertEqual(arrived.all("p-attestation-indicator"), ["B"], "709J is capped")
        self.assertEqual(arrived.all("identity"), [])
        _, arrived = self.brought("+13125550123", "+12155551000", identity(iat=1700000000), at=screening, from_=name)
        self.assertTrue(arrived["from"].startswith(
            '"[X] Bank" <sip:+13125550123;verstat=TN-Validation-Failed@pbx.example.com>'), arrived["from"])
        record, _ = self.turned_away(603, "+12155551234", "+12155551000")
        self.assertEqual((record["reason"], record["verification"]["own_number"]), ("refused_by_rule", True))
        record, _ = self.turned_away(488, "+13125550123", "+12155557000")
        self.assertIn("strict-customer", record["rule"])

    def test_inbound_france(self):
        """A French number that nobody signed, or whose token is another call's, is refused; others go on."""
        theirs, web = other_provider(self)
        self.example("inbound-france")

        def identity(**more):
            return token.identity(theirs.directory, orig="33123456789", dest="33140200001",
                                  header={"x5u": web.url("709J.pem")}, **more)

        def passes():
            """The first ones may still want for trust or certificate; then they are open, and go on."""
            invite, _ = self.brought("+33123456789", "+33140200001", identity())
            return self.record(invite)["reason"] == "verified"
        stird.wait_until(passes, HANG_S, "a call that is verified")
        record, final = self.turned_away(428, "+33123456789", "+33140200001")
        self.assertEqual(record["reason"], "unsigned_call")
        record, final = self.turned_away(438, "+33123456700", "+33140200001", identity())
        self.assertEqual((record["reason"], final.all("reason")), (
            "token_of_another_call", ['STIR;cause=438;text="Invalid Identity Header"']))
        self.brought("+442079460000", "+33140200001")
        self.brought("+442079460000", "+33140200001", identity())

    def test_retail_subscriber(self):
        self.example("retail-subscriber")
        self.leaves("A", "+12155550100", "signed_owned")
        self.leaves("A", "+12155551234", "signed_owned")
        self.leaves("B", "+13125550000", "signed_unknown")

    def test_managed_customer(self):
        """Ported numbers with papers, and without."""
        self.example("managed-customer")
        self.leaves("A", "+12675550100", "signed_owned")
        self.leaves("B", "+12675550200", "signed_unverified")

    def test_wholesale(self):
        self.example("wholesale")
        self.leaves("B", "+13125550000", "signed_unknown")
        self.leaves("B", "+12155550100", "signed_other_customer")
        self.refused_call(603, caller="+12155559999", reason="number_blocked")

    def test_international_gateway(self):
        """R-F-005."""
        self.example("international-gateway")
        self.leaves("C", "+442079460000", "signed_gateway")
        self.leaves("C", "+12155550100", "signed_gateway")
        self.refused_call(603, caller="+12155559999", reason="number_blocked")

    def test_call_centre(self):
        """Numbers that clients lent, one whose letter has run out, and others."""
        self.example("call-centre")
        self.leaves("A", "+12155550100", "signed_delegated")
        self.leaves("A", "+12675550042", "signed_delegated")
        self.leaves("B", "+12155550300", "signed_expired")
        self.leaves("B", "+13125550000", "signed_unknown")

    def test_enterprise_pbx(self):
        """Inside its range and outside, B by default and unsigned where that is configured."""
        self.example("enterprise-pbx")
        self.leaves("A", "+12155551000", "signed_owned")
        self.leaves("A", "+12155551999", "signed_owned")
        self.leaves("B", "+13125550000", "signed_unknown")
        self.leaves("B", "+12155552000", "signed_other_customer")
        second = self.peer("initech", 3)
        self.leaves("A", "+12155552000", "signed_owned", peer=second)
        self.unsigned_call("unsigned_by_policy", peer=second, caller="+13125550000")
        self.unsigned_call("unsigned_by_policy", peer=second, caller="+12155551000")

    def test_shared_sbc(self):
        """Decided 11: one source address, three customers, an A, a B and a C."""
        self.example("shared-sbc")
        number = "+12155550100"
        contact = "Contact: <sip:%s;tgrp=acme;trunk-context=h@%s:5060>" % (number, self.net(2))
        invite = self.invite(caller=number).replaced("contact", contact)
        arrived = self.through(invite)
        self.verify(arrived, "A", "12155550100")
        self.record(invite, trunk="acme", attest="A", reason="signed_owned")
        invite = self.invite(caller="+12675550001", uri="sip:+12155550199@globex.example.com")
        arrived = self.through(invite)
        self.verify(arrived, "B", "12675550001")
        self.record(invite, trunk="globex", attest="B", reason="signed_unverified")
        invite = self.invite(caller="+442079460000", extra=["X-Trunk-Group: international"])
        arrived = self.through(invite)
        self.verify(arrived, "C", "442079460000")
        self.assertEqual(arrived.raws("x-trunk-group"), [], "the header is for stird alone")
        self.record(invite, trunk="foreign", attest="C", reason="signed_gateway")
        self.refused_call(403, reason="no_trunk", caller=number)

    def test_reseller_rules(self):
        """What is known of customers and numbers, caps, headers, countries and the time of day."""
        self.example("reseller-rules")
        path = self.lab.path("stird.conf")
        self.leaves("A", "+12155550100", "signed_owned")
        self.leaves("A", "+12155551001", "signed_delegated")
        self.leaves("B", "+12155551101", "signed_delegated")  # leased-without-papers
        self.leaves("C", "+442079460000", "signed_unknown")  # foreign-number
        invite = self.invite(caller="+12155550100", extra=["Attestation-Info: C"])
        self.verify(self.through(invite), "C", "12155550100")
        globex, initech = self.peer("globex", 3), self.peer("initech", 4)
        self.leaves("B", "+12155552001", "signed_owned", peer=globex)  # cap of the trunk
        self.leaves("B", "+12155553001", "signed_owned", peer=initech)  # kyc-pending

        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))

        def at(hour):
            return stirctl.ask(path, "explain", "--trunk", "acme", "--from", "+12155550100",
                               "--to", "+19005550100", "--at", tomorrow + hour)
        self.assertEqual(at("T03:00:00Z")["rule"], "rule night-premium")
        self.assertEqual(at("T03:00:00Z")["sip_status"], 603)
        self.assertEqual(at("T16:00:00Z")["level"], "A")

    def through(self, invite):
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.refuse(arrived, invite)
        return arrived
