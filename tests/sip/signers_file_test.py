"""The table of signers: what becomes of calls by whose they are, and how it changes: docs/verification.md, "Signers"."""

import unittest

from lib import stird, stirctl
from lib.patience import HANG_S
from lib.ruling import ELSEWHERE, Ruling


class Signers(Ruling):
    def table(self, *rows, header="code,action,until,note"):
        return self.lab.write("signers.csv", "\n".join((header,) + rows) + "\n")

    def begin_with_table(self, *rows, more="status = 603", **others):
        self.begin_with(more=' signers = { file = "%s"; %s };' % (self.table(*rows), more), **others)
        self.warm()

    def passes(self, identity):
        """A call of a provider whose certificate was never fetched before: its record, once it is judged."""
        def is_so():
            arrived, record = self.calls(identity)
            return record["reason"] != "certificate_pending" and (arrived, record)
        return stird.wait_until(is_so, HANG_S, "a call that is judged")

    def test_each_action(self):
        """The worst of a certificate's codes counts; a row that is over has no effect."""
        self.begin_with_table("111A,deny,,fraud in October", "222B,cap B,2099-12-31,", "333C,cap C,,",
                              "444D,deny,2020-12-31,over", "555E,allow,,partner",
                              more='reason = "calls of this provider are not taken"')
        for spc, level, rule in (("222B", "B", "signer 222B: cap B (line 3)"), ("333C", "C", "signer 333C: cap C (line 4)"),
                                 ("444D", "A", None), ("555E", "A", "signer 555E: allow (line 6)"), ("999Z", "A", None),
                                 ("222B,333C", "C", "signer 333C: cap C (line 4)"), ("222B,555E", "B", "signer 222B: cap B (line 3)"),
                                 ("555E,999Z", "A", None)):
            with self.subTest(spc=spc):
                arrived, record = self.passes(self.of_another(spc))
                self.assertEqual(record["verification"]["level"], "A")
                self.assertEqual(arrived.all("p-attestation-indicator"), [level])
                self.assertEqual(record["rule"], rule)
        for spc in ("111A", "111A,555E"):
            final, record = self.refused(self.of_another(spc), status=603, reason="signer_denied",
                                         rule="signer 111A: deny (line 2)")
            self.assertEqual(final["reason"], 'SIP;cause=603;text="calls of this provider are not taken"')
            self.assertEqual(record["sip_status"], 603)
        # A token that failed names nobody.
        _, record = self.calls(self.of_another("111A", called="+13125550999"))
        self.assertEqual((record["verification"]["class"], record["rule"]), ("failed", None))
        invite, _ = self.short_call(caller=ELSEWHERE, called="911",
                                    extra=["Identity: " + self.of_another("111A", called="911")])
        self.assertEqual(self.record(invite, decision="passed")["emergency"], True)

    def test_allow_is_an_exemption(self):
        """Rules that ask for the verdict leave such a call alone."""
        self.begin_with('name = "low"; verdict = [ "passed" ]; level_below = "A"; then = "refuse";',
                        more=' signers = { file = "%s"; };' % self.table("555E,allow,,"))
        self.warm()
        self.passes(self.of_another("555E", attest="C"))
        self.refused(self.of(attest="C"), reason="refused_by_rule")

    def test_another_valid_token_hides_nobody(self):
        """Of several valid tokens each signer counts, in whichever order they come, and for no more than the worst."""
        self.begin_with_table("111A,deny,,", "333C,cap C,,", "555E,allow,,")
        ours, denied = self.of(), self.of_another("111A")
        capped, allowed = self.of_another("333C"), self.of_another("555E", attest="C")
        for identity in (capped, allowed):
            self.passes(identity)
        self.refused(denied, status=603)
        for identities in ((ours, denied), (denied, ours), (self.of(attest="C"), denied), (allowed, ours, denied)):
            _, record = self.refused(*identities, status=603, reason="signer_denied", rule="signer 111A: deny (line 2)")
            self.assertEqual(record["verification"]["class"], "passed")
        for identities in ((ours, capped), (capped, ours)):
            arrived, record = self.calls(*identities)
            self.assertEqual(arrived.all("p-attestation-indicator"), ["C"])
            self.assertEqual(record["rule"], "signer 333C: cap C (line 3)")

    def test_a_rule_about_a_signer_behind_another(self):
        """In part against the call, and never for it."""
        self.begin_with('name = "not"; signers = [ "111A" ]; then = "refuse"; status = 488;',
                        'name = "friend"; signers = [ "222B" ]; then = "by_number"; upstreams = [ "screening" ];',
                        upstreams_more=[self.upstream("screening", 8)])
        self.warm()
        ours, worse, friend = self.of(), self.of_another("111A"), self.of_another("222B")
        for identities in ((worse,), (ours, worse), (worse, ours)):
            self.refused(*identities, status=488, reason="refused_by_rule", rule="rule not")
        for identities in ((ours, friend), (friend, ours)):
            _, record = self.calls(*identities)
            self.assertEqual(([hop["upstream"] for hop in record["tried"]], record["rule"]), (["carrier"], None))

    def test_an_observing_profile(self):
        """What would have been is recorded."""
        self.begin_with_table("111A,deny,,", profile={"observe": True})
        _, record = self.passes(self.of_another("111A"))
        self.assertEqual((record["rule"], record["reason"]), ("signer 111A: deny (line 2); observed", "verified"))

    def test_it_is_read_anew(self):
        """A reload brings the table; a broken one is refused with all its mistakes, and the old one stays."""
        self.begin_with_table("111A,cap C,,")
        identity = self.of_another("111A")
        arrived, _ = self.passes(identity)
        self.assertEqual(arrived.all("p-attestation-indicator"), ["C"])
        path = self.lab.path("stird.conf")
        self.table("111A,deny,,", "222b,deny,,", "333C,stop,,", "444D,deny,31.12.2026,", "111A,allow,,", "too,few")
        status, _, errors = stirctl.run(path, "reload", "--wait")
        self.assertNotEqual(status, 0)
        for mistake in (r'signers\.csv:3: code "222b" is no service provider code', r'signers\.csv:4: action "stop" is none of',
                        r'signers\.csv:5: until "31\.12\.2026" is no date', r'signers\.csv:7: the row has 2 fields',
                        r'signers\.csv:6: code 111A stands in line 2 already'):
            self.assertRegex(errors, mistake)
        arrived, _ = self.calls(identity)
        self.assertEqual(arrived.all("p-attestation-indicator"), ["C"])
        self.table("111A,deny,,")
        status, _, errors = stirctl.run(path, "reload", "--wait")
        self.assertEqual(status, 0, errors)
        self.refused(identity, status=603, reason="signer_denied")
        # stirctl explain decides by the same table.
        self.table("111A,allow,,")
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.calls(identity)

    def test_a_table_that_is_none(self):
        """It is refused at the start."""
        self.table("a,b", header="number,customer")
        path = self.configure(more='signers = { file = "signers.csv"; };')
        status, errors = stird.check_configuration(path)
        self.assertEqual(status, 1)
        self.assertRegex(errors, r'signers\.csv:1: column "number" is none of code, action, until, note')
        self.assertRegex(errors, r'signers\.csv:1: there is no column "code"')


if __name__ == "__main__":
    unittest.main()
