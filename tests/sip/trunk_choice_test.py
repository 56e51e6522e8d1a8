"""Who chooses the trunk of a shared SBC (Decided 11): the SBC, where the trunk's setting says."""

from lib import stird, stirctl
from lib.story import Story


def contact(parameters, host):
    return "Contact: <sip:+12155550100%s@%s>" % (parameters, host)


class TrunkChoice(Story):
    def shared(self, *trunks, **more):
        """acme with its numbers, a gateway, and what is given, all at one address."""
        self.start(trunks=[self.trunk("acme", tgrp="acme", tgrp_in="contact"),
                           self.trunk("foreign", customer="foreign", identity="gateway",
                                      trusted=False, tgrp="foreign", tgrp_in="contact"),
                           *trunks], **more)

    def with_contact(self, parameters, **more):
        return self.invite(**more).replaced("contact", contact(parameters, self.net(2)))

    def through(self, invite):
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.refuse(arrived, invite)
        return arrived

    def leaves(self, invite, level, trunk):
        self.verify(self.through(invite), level)
        self.record(invite, trunk=trunk, attest=level)

    def is_refused(self, invite, reason):
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, self.at())
        final = self.sbc.expect(403)
        self.sbc.acknowledge(invite, final, self.at())
        self.record(invite, decision="rejected", reason=reason)

    def test_no_trunk_tells_what_was_wanted(self):
        self.start(trunks=[self.trunk("acme", tgrp="acme", tgrp_in="contact"),
                           self.trunk("globex", header_name="X-Customer", header_value="globex"),
                           self.trunk("initech", request_host="initech.example",
                                      header_name="X-Customer", header_value="initech"),
                           self.trunk("four", tgrp="4", tgrp_in="from"),
                           self.trunk("five", tgrp="5", tgrp_in="from"),
                           self.trunk("six", tgrp="6", tgrp_in="from")])
        for lines, invite in (
                (["acme: tgrp of Contact is not \"acme\"", "globex: no header X-Customer",
                  "initech: no header X-Customer; ", "four: no tgrp of From",
                  "and 2 more trunks"], self.with_contact(";tgrp=other")),
                (["acme: no tgrp of Contact", "globex: header X-Customer is not \"globex\"",
                  "initech: Request-URI host is not \"initech.example\""],
                 self.with_contact("").plus("X-Customer: initech")),
                (["acme: tgrp of Contact says more than \"acme\""],
                 self.with_contact(";tgrp=acme;otg=\"x"))):
            self.is_refused(invite, "no_trunk")
            detail = self.record(invite)["detail"]
            logged = self.stird.wait_lines(invite["call-id"])[0]
            told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--source", self.net(2),
                               "--message", self.lab.write("invite.txt", invite.octets().decode()))
            self.assertEqual(told["detail"], detail)
            self.assertIn("source=%s:" % self.net(2), logged)
            self.assertIn("reason=no_trunk", logged)
            text = stirctl.run(self.lab.path("stird.conf"), "explain", "--source", self.net(2),
                               "--message", self.lab.path("invite.txt"))[1]
            for line in lines:
                self.assertIn(line, detail)
                self.assertIn(stirctl.unbroken(line), stirctl.unbroken(text))

    def test_from_has_no_say(self):
        """A customer's From names the rich trunk: the SBC's Contact counts, and what is missing."""
        self.shared()
        rich = "<sip:+12155550100;tgrp=acme@pbx.example.com;otg=acme>"
        self.leaves(self.with_contact(";tgrp=foreign", from_=rich), "C", "foreign")
        self.leaves(self.with_contact(";tgrp=acme", from_=rich.replace("=acme", "=foreign")), "A",
                    "acme")
        self.is_refused(self.with_contact("", from_=rich), "no_trunk")

    def test_from_alone_is_said_once_a_minute_and_counted(self):
        self.shared(self.trunk("default", customer="foreign", identity="gateway"))
        for _ in range(3):
            self.leaves(self.with_contact("", from_="<sip:+12155550100;tgrp=acme@pbx>"), "C",
                        "default")
        lines = self.stird.wait_lines("only From")
        self.assertEqual(len(lines), 1, lines)
        for part in ("warning", "trunk=acme", "tgrp=acme", "read_in=Contact", "calls=1"):
            self.assertIn(part, lines[0])
        path = self.lab.path("stird.conf")
        stird.wait_until(lambda: stirctl.ask(path, "stats")["groups_in_from"] == 3, 5.0,
                         "a heartbeat brings the counter")

    def test_from_by_its_setting_and_the_request_uri_by_its(self):
        path = self.configure(trunks=[
            self.trunk("from", tgrp="a", tgrp_in="from"),
            self.trunk("request", customer="foreign", identity="gateway", tgrp="a",
                       tgrp_in="request_uri")])
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r'stird\.conf:\d+: warning: trunk "from": tgrp_in = "from": callers')
        self.start_with(path)
        self.leaves(self.invite(from_="<sip:+12155550100;tgrp=a@pbx>"), "A", "from")
        self.leaves(self.invite(uri="sip:+12155550199;tgrp=a@%s:5060" % self.net(1)), "C",
                    "request")
        self.is_refused(self.with_contact(";tgrp=a"), "no_trunk")
        told = stirctl.ask(path, "explain", "--source", self.net(2), "--tgrp", "a", "--from",
                           "+12155550100", "--to", "+13125550123")
        self.assertEqual(told["trunk"], "request")

    def test_two_that_disagree_are_none(self):
        self.shared()
        for parameters in (";tgrp=acme;otg=foreign", ";tgrp=acme;tgrp=ACME", ";otg=acme;tgrp="):
            self.is_refused(self.with_contact(parameters), "no_trunk")
        two = self.with_contact(";tgrp=acme").plus("m: <sip:x;tgrp=foreign@%s>" % self.net(2))
        self.is_refused(two, "no_trunk")
        self.leaves(self.with_contact(";tgrp=acme;otg=acme"), "A", "acme")

    def test_a_disagreement_never_raises(self):
        """The default trunk is the better one: the call gets what the gateway would give."""
        self.shared(self.trunk("default"))
        self.leaves(self.with_contact(""), "A", "default")
        self.leaves(self.with_contact(";tgrp=foreign"), "C", "foreign")
        invite = self.with_contact(";tgrp=foreign;tgrp=nobody").plus(
            "P-Asserted-Identity: <tel:+12155551000>")
        arrived = self.through(invite)
        self.verify(arrived, "C", "12155550100")
        self.assertEqual(arrived.raws("p-asserted-identity"), [],
                         "one of the trunks is not trusted")
        record = self.record(invite, trunk="default", attest="C")
        self.assertEqual(record["rule"], "trunk in doubt: foreign")
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--source", self.net(2),
                           "--message", self.lab.write("invite.txt", invite.octets().decode()))
        self.assertEqual((told["trunk"], told["level"]), ("default", "C"))
        self.assertIn("it names trunk foreign too", told["steps"])

    def test_two_trunks_named_in_different_ways(self):
        """By tgrp and by a header: no better than the worse of the two, whichever takes it."""
        self.start(trunks=[self.trunk("acme", tgrp="acme", tgrp_in="contact"),
                           self.trunk("foreign", customer="foreign", identity="gateway",
                                      trusted=False, tgrp="f", tgrp_in="contact"),
                           self.trunk("globex", header_name="X-Customer", header_value="globex"),
                           self.trunk("default", customer="foreign", identity="gateway")])
        globex = "X-Customer: globex"
        self.leaves(self.with_contact("").plus(globex), "A", "globex")
        both = self.with_contact(";tgrp=f").plus(globex)
        self.verify(self.through(both), "C")
        record = self.record(both, trunk="globex", attest="C")
        self.assertEqual(record["rule"], "trunk in doubt: foreign")
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--source", self.net(2),
                           "--message", self.lab.write("invite.txt", both.octets().decode()))
        self.assertEqual((told["trunk"], told["level"]), ("globex", "C"))
        self.assertIn("it names trunk foreign too", told["steps"])
        self.leaves(self.with_contact(";tgrp=acme").plus(globex), "A", "globex")

    def test_a_disagreement_passes_by_no_refusal(self):
        self.shared(self.trunk("default"), more='rules = ( { name = "closed"; trunks = [ "foreign" ];'
                                                ' then = "refuse"; } );')
        self.is_refused(self.with_contact(";tgrp=foreign"), "refused_by_rule")
        self.is_refused(self.with_contact(";tgrp=foreign;otg=x"), "trunk_in_doubt")
        self.leaves(self.with_contact(";tgrp=x"), "A", "default")

    def test_a_second_header_and_a_list(self):
        self.start(trunks=[
            self.trunk("acme", header_name="Subject", header_value="acme"),
            self.trunk("foreign", customer="foreign", identity="gateway",
                       header_name="Subject", header_value="foreign")])
        arrived = self.through(self.invite(extra=["s: acme"]))
        self.verify(arrived, "A")
        self.assertEqual(arrived.raws("s") + arrived.raws("subject"), [])
        for lines in (["Subject: acme", "s: foreign"], ["Subject: foreign, acme"],
                      ["Subject: acme", "Subject:"]):
            self.is_refused(self.invite(extra=lines), "no_trunk")

    def test_rules_see_every_value(self):
        self.start(more='rules = ( { name = "bad"; header_name = "X-Risk"; header_value = "high";'
                        ' then = "refuse"; }, { name = "good"; header_name = "X-Trust";'
                        ' header_value = "yes"; then = "by_number"; }, { name = "rest";'
                        ' then = "C"; } );')
        for lines in (["X-Risk: low", "X-Risk: high"], ["x-risk: low, High"],
                      ["X-Risk: low,\r\n high"]):
            self.refused_call(403, reason="refused_by_rule", extra=lines)
        self.signed_call("A", extra=["X-Trust: yes", "X-Trust: YES, yes"])
        for lines in (["X-Trust: yes", "X-Trust: no"], ["X-Trust: yes,no"], []):
            self.signed_call("C", extra=lines)
