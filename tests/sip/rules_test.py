"""Rules of the configuration on real calls: levels, refusals with their words, customers, origids."""

import unittest

from lib import stirctl
from lib.story import Story


def rules(*members):
    return "rules = ( %s );" % ", ".join("{ %s }" % m for m in members)


class Rules(Story):
    def test_lowers(self):
        self.start(more=rules('name = "r"; called = [ "+1215" ]; then = "C";'))
        invite, _, _ = self.signed_call("C")
        self.record(invite, decision="signed", rule="rule r", reason="signed_owned")

    def test_refuses_with_status_and_reason(self):
        """The answer says why (RFC 3326), the carrier hears nothing."""
        self.start(more=rules('name = "r"; called = [ "+1900" ]; then = "refuse"; status = 603;'
                              ' reason = "premium numbers are not sold";'))
        invite = self.place(called="+19005550100")
        final = self.sbc.expect(603)
        self.sbc.acknowledge(invite, final, self.at())
        self.assertEqual(final["reason"], 'SIP;cause=603;text="premium numbers are not sold"')
        self.carrier.expect_nothing(0.1)
        self.record(invite, decision="rejected", reason="refused_by_rule", rule="rule r",
                    sip_status=603)
        self.signed_call("A")

    def test_refuses_no_emergency_call(self):
        """It goes on, but not with the level that the refusing rule kept from others."""
        self.start(more=rules('name = "r"; then = "refuse";'))
        invite, _ = self.unsigned_call("emergency_unsigned", called="911")
        self.record(invite, emergency=True, rule="rule r")

    def test_a_routing_number_is_called_too(self):
        """RFC 4694: what a rule closes is not reached by the number that a query brought."""
        self.start(more=rules('name = "r"; called = [ "+1900" ]; then = "refuse"; status = 603;'))
        for tail in (";npdi;rn=+19005550100", ";rn=9005550100", ":+19005550100"):
            with self.subTest(tail=tail):
                self.refused_call(603, reason="refused_by_rule", called="+13125550123" + tail)
        _, _, token = self.signed_call("A", called="+13125550123;npdi;rn=+12670000000")
        self.assertEqual(token.payload["dest"], {"tn": ["13125550123"]})

    def test_a_uri_that_says_more_gives_no_a(self):
        """The message that leaves is the one that came; stirctl explain reads it alike."""
        self.start()
        for more in ({"caller": "+12155550100:19005551234"}, {"called": "+12155550199:19005551234"}):
            with self.subTest(**more):
                invite, _, token = self.signed_call("B", **more)
                self.assertEqual((token.payload["orig"], token.payload["dest"]),
                                 ({"tn": "12155550100"}, {"tn": ["12155550199"]}))
                self.record(invite, rule="a URI that says more than a number")
                told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--source", self.sbc.host, "--message",
                                   self.lab.write("m.sip", invite.octets().decode()))
                self.assertIn("lowered to B: a URI that says more than a number", told["steps"])
        invite, _ = self.unsigned_call("called_not_a_number", called="911:19005551234")
        self.record(invite, emergency=True)

    def test_header_of_a_trusted_trunk_lowers(self):
        """R-P-108: Attestation-Info and Origination-Id, and no more than the table allows."""
        self.start(pbx={"attestation_headers": True})
        self.assertTrue(self.carrier)  # it listens before the call
        origid = "0f9e8d7c-1234-4abc-9def-0123456789ab"
        more = ["Attestation-Info: B", "Origination-Id: " + origid]
        invite = self.invite().plus(*more)
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        token = self.verify(arrived, "B", None, None)
        self.assertEqual(token.payload["origid"], origid)
        self.refuse(arrived, invite)

    def test_header_of_an_untrusted_trunk_is_taken_off(self):
        self.start(more=rules('name = "r"; header_name = "Attestation-Info"; header_value = "C";'
                              ' then = "refuse";'))
        self.carrier  # pylint: disable=pointless-statement
        guest = self.peer("guest", 3)
        invite = self.invite(guest).plus("Attestation-Info: C", "Attestation: C")
        guest.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.verify(arrived, "A", None, None)
        self.assertEqual(arrived.raws("attestation-info") + arrived.raws("attestation"), [])
        self.refuse(arrived, invite, guest)

    def test_customers_table_and_columns(self):
        """KYC state and cap of a table, a column of the number table."""
        customers = self.lab.write("customers.csv",
                                   "customer,kyc,cap,tier\nacme,pending,,gold\nforeign,,C,\n")
        numbers = self.lab.write("more.csv", "number,customer,state,region\n"
                                 "+12155557000,acme,owned,west\n+12155557001,acme,owned,east\n")
        path = self.configure(more=rules(
            'name = "west"; number_is = [ "region = west" ]; then = "C";',
            'name = "pending"; customer_is = [ "kyc = pending", "tier = gold" ];'
            ' number_states = [ "owned" ]; then = "B";'))
        with open(path, encoding="utf-8") as source:
            text = source.read().replace("numbers = {", 'numbers = { customers = [ "%s" ];'
                                         % customers).replace('files = [ ', 'files = [ "%s", '
                                                              % numbers)
        self.start_with(self.lab.write("stird.conf", text))
        invite, _, _ = self.signed_call("C", caller="+12155557000")
        self.record(invite, decision="signed", rule="rule west")
        invite, _, _ = self.signed_call("B", caller="+12155557001")
        self.record(invite, decision="signed", rule="rule pending")
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--trunk", "pbx", "--from",
                           "+12155557001", "--to", "+13125550123")
        self.assertIn("rule west: number_is does not fit", told["steps"])
        self.assertIn("rule pending holds", told["steps"])

    def test_a_column_that_nobody_has_is_a_mistake(self):
        path = self.configure(more=rules(
            'name = "r"; number_is = [ "regoin = west" ]; customer_is = [ "tier = gold" ];'
            ' then = "C";'))
        from lib import stird
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 1)
        self.assertRegex(said, r'stird.conf:\d+: rule "r": number_is: no number table has a column '
                         '"regoin"')
        self.assertIn('neither a customer nor a table of customers has "tier"', said)


class Origid(Story):
    def origid(self, peer=None):
        return self.signed_call(None, peer=peer)[2].payload["origid"]

    def test_of_each_call(self):
        self.start()
        self.assertNotEqual(self.origid(), self.origid())

    def test_of_a_trunk_survives_a_restart_and_reveals_nothing(self):
        """R-P-132."""
        self.start(more='signing = { origid = "trunk"; };')
        pbx, guest = self.origid(), self.origid(self.peer("guest", 3))
        self.assertEqual(pbx, self.origid())
        self.assertNotEqual(pbx, guest)
        self.stird.stop()
        self.stird.start()
        self.assertEqual(pbx, self.origid())
        self.assertNotIn("pbx", pbx)

    def test_of_a_customer_is_that_of_all_its_trunks(self):
        self.start(more='signing = { origid = "customer"; };')
        pbx = self.origid()
        self.assertEqual(pbx, self.origid(self.peer("guest", 3)))
        self.assertNotEqual(pbx, self.origid(self.peer("gateway", 4)))


if __name__ == "__main__":
    unittest.main()
