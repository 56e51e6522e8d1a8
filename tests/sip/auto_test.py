"""service = "auto": one way for all calls of an SBC; what brings an Identity to our numbers is judged, the rest is signed."""

import unittest

from lib import identity, stird, stirctl
from lib.patience import HANG_S
from lib.verifying import Verifying

OURS = "+12155551500"  # acme's
THEIRS = "+12155555000"  # globex's
MINE = "+12155550100"  # acme's, who calls
STRANGER = "+12125550177"
OUTSIDE = "+13125550123"
FORGED = "13125550199"


class Auto(Verifying):
    untouched = False

    def begin(self, **more):
        members = {"service": "auto", "customer": "acme", "identity": "authenticated"}
        members.update(more)
        super().begin(**dict({"trunks": [self.trunk("pbx", 3)]}, **members))
        stird.wait_until(lambda: self.judged(self.signed(orig=STRANGER[1:], dest=OURS[1:]))["reason"] == "verified",
                         HANG_S, "a call that passes")

    def call(self, *identities, caller=STRANGER, called=OURS, lines=(), **more):
        return self.short_call(caller=caller, called=called,
                               extra=["Identity: " + value for value in identities] + list(lines), **more)

    def judged(self, *identities, reason=None, **more):
        """It leaves as it came: its record."""
        invite, arrived = self.call(*identities, **more)
        self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
        record = self.record(invite, decision="passed", attest=None)
        self.assertIsNotNone(record["verification"], record)
        if reason:
            self.assertEqual(record["reason"], reason)
        return record

    def ours(self, attest, *identities, caller=MINE, called=OUTSIDE, dest=None, **more):
        """It leaves with a token of ours, and nobody judges it: its record."""
        invite, arrived = self.call(*identities, caller=caller, called=called, **more)
        identity.check(arrived.all("identity")[-1], self.lab.unit, attest, caller[1:], dest or called[1:])
        record = self.record(invite, decision="signed", attest=attest)
        self.assertIsNone(record["verification"])
        return record

    def test_each_way(self):
        """R-D-022: by what the call brings and where it goes."""
        self.begin()
        for called in (OURS, THEIRS, "+12155552500"):  # owned, another customer's, delegated
            told = self.judged(self.signed(orig=STRANGER[1:], dest=called[1:], attest="B"), called=called, reason="verified")
            self.assertEqual(told["verification"]["level"], "B")
            self.judged(self.signed(orig=STRANGER[1:], dest=FORGED), called=called, reason="token_of_another_call")
        self.judged("junk", reason="token_malformed")
        self.ours("A")
        self.ours("B", caller=STRANGER)
        self.ours("A", "")  # an empty one is none
        # not in force, of no customer for certain, one that never calls: not ours
        for called in ("+12155554000", "+12155553500", "+12155556000", "+12125550188"):
            invite, arrived = self.call(self.signed(orig=STRANGER[1:], dest=called[1:]), called=called)
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
            self.assertIsNone(self.record(invite, reason="already_signed")["verification"])

    def test_who_calls_us_from_outside_has_no_a(self):
        """Whoever writes a customer's number as his own and brings no token: never more than C for it."""
        self.begin()
        record = self.ours("C", called=OURS)
        self.assertEqual(record["rule"], "service auto: it may go to one of our numbers, and come from outside")
        self.ours("C", called=THEIRS)
        self.ours("C", called="+12155554000")  # whose row is over
        self.ours("C", called=OUTSIDE, to="<sip:%s@x>" % OURS, dest=OURS[1:])
        self.ours("C", called=OUTSIDE, uri="sip:%s@%s:5060" % (OURS, self.net(1)))
        self.ours("C", called=OUTSIDE, uri="sip:somebody@%s:5060" % self.net(1))

    def test_who_writes_our_number_oddly_has_no_a(self):
        """R-D-022: where only the next hop knows where it leads, it may be to us."""
        self.begin()
        digits = OURS[1:]
        for user in (OURS + "#", OURS + "%23", "*67" + digits, "9" + digits, "00" + digits, "0" + digits[1:], "+" + OURS,
                     "1" + digits, OURS + "00", OURS + "%00", OUTSIDE + ";rn=" + OURS, OUTSIDE + ":" + OURS,
                     "+12\uff1155551500", "\uff11\uff12\uff11\uff15\uff15\uff15\uff15\uff11\uff15\uff10\uff10"):
            with self.subTest(user=user):
                self.ours("C", uri="sip:%s@%s:5060" % (user, self.net(1)))
        for user in (OUTSIDE, OUTSIDE + ";rn=+13125550000", OUTSIDE[2:]):
            with self.subTest(user=user):
                self.ours("A", uri="sip:%s@%s:5060" % (user, self.net(1)))

    def test_to_chooses_nothing(self):
        """The call goes where its Request-URI says: outside nobody is spared for what he wrote into To."""
        self.begin(existing_identity="replace")
        token = self.signed(orig=MINE[1:], dest=OURS[1:])
        record = self.ours("C", token, to="<sip:%s@x>" % OURS, dest=OURS[1:])
        self.assertEqual(record["reason"], "signed_owned")
        # diverted to us: it is judged, whatever To says
        self.judged(self.signed(orig=STRANGER[1:], dest=OUTSIDE[1:]), called=OURS, to="<sip:%s@x>" % OUTSIDE,
                    reason="verified")

    def test_junk_spares_nobody(self):
        """A number that is blocked, a rule that refuses, a rate: an Identity to one of our numbers helps past none."""
        self.begin(rules='rules = ( { name = "no"; calling = [ "1215555900" ]; then = "refuse"; } );')
        for identities in ([], ["junk"], [self.signed(orig="12155556000", dest=OURS[1:])]):
            extra = ["Identity: " + value for value in identities]
            self.refused_call(603, reason="number_blocked", caller="+12155556000", called=OURS, extra=extra)
            self.refused_call(403, reason="refused_by_rule", caller="+12155559001", called=OURS, extra=extra)

    def test_an_emergency_call(self):
        self.begin()
        for value in (None, "junk"):
            invite, _ = self.call(*[value] if value else [], caller=MINE, called="911")
            self.record(invite, emergency=True, decision="signed")

    def test_inside_no_dialog_of_ours(self):
        """A To tag of the caller's own changes nothing of where it goes."""
        self.begin()
        to = "<sip:%s@x>;tag=mine" % OURS
        record = self.judged(self.signed(orig=STRANGER[1:], dest=OURS[1:]), to=to, reason="unknown_dialog")
        self.assertEqual(record["verification"]["reason"], "verified")
        invite, arrived = self.call(caller=MINE, to=to)
        self.assertEqual(arrived.raws("identity"), [])
        self.record(invite, reason="unknown_dialog")

    def test_marks(self):
        """R-V-053: of both ways nobody else says what was judged."""
        self.begin(profile={"observe": False, "verstat_place": "from"}, upstream={"trusted": True}, trusted=True)
        spoofed = ";verstat=TN-Validation-Passed@x>"
        for value, caller, called, word in (
                (self.signed(orig=STRANGER[1:], dest=OURS[1:]), STRANGER, OURS, ";verstat=TN-Validation-Passed"),
                ("junk", STRANGER, OURS, ";verstat=No-TN-Validation"),
                (self.signed(orig=STRANGER[1:], dest=FORGED), STRANGER, OURS, ";verstat=TN-Validation-Failed"),
                (None, STRANGER, OURS, ""), (None, MINE, OUTSIDE, "")):
            invite, arrived = self.call(*[value] if value else [], caller=caller, called=called, from_="<sip:%s%s" % (caller, spoofed))
            self.assertTrue(arrived["from"].startswith("<sip:%s%s@x>;tag=" % (caller, word)), arrived["from"])
            self.record(invite)

    def test_explained_as_it_was(self):
        """Which way, and why; the same end."""
        self.begin()
        for value, caller, called, why in (
                (self.signed(orig=STRANGER[1:], dest=OURS[1:]), STRANGER, OURS, "judged, for it brings an Identity to one of our numbers"),
                (self.signed(orig=STRANGER[1:], dest=FORGED), STRANGER, OURS, "judged, for it brings an Identity to one of our numbers"),
                (None, MINE, OURS, "signed, for it brings no Identity"),
                (self.signed(), MINE, OUTSIDE, "signed, for its Request-URI names none of our numbers")):
            invite, _ = self.call(*[value] if value else [], caller=caller, called=called)
            record = self.record(invite)
            message = self.lab.write("invite", invite.octets().decode())
            told = stirctl.ask(self.stird.configuration, "explain", "--trunk", "in", "--message", message,
                               "--certificate", self.made + "/709J/chain.pem")
            self.assertEqual([told[k] for k in ("decision", "reason")], [record[k] for k in ("decision", "reason")])
            self.assertIn("service auto: " + why, told["steps"], told)
            self.assertEqual((told.get("verification") or {}).get("class"), (record["verification"] or {}).get("class"))

    def test_urgent_changes_and_switches(self):
        """A number that has just become ours; what an operator has switched off."""
        self.begin()
        path = self.stird.configuration
        called = "+12125550188"
        stirctl.ask(path, "numbers", "set", called, "acme", "owned")
        stird.wait_until(lambda: self.record(self.call("junk", called=called)[0])["verification"] is not None,
                         HANG_S, "a number that is ours")
        stirctl.ask(path, "verification", "off", "--for", "1h")
        self.judged(self.signed(orig=STRANGER[1:], dest=OURS[1:]), reason="verification_off")
        self.ours("A")


if __name__ == "__main__":
    unittest.main()
