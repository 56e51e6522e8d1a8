"""R-V-021: a token that another call had before (RFC 8224 section 12.1), noted by all workers together."""

from lib import stird
from lib.patience import HANG_S
from lib.verifying import CALLED, CALLER, Verifying


class Replays(Verifying):
    def replayed(self, value, **more):
        return self.judged_call(value, **more)["verification"].get("replayed", False)

    def test_by_another_call(self):
        """Each call of its own Call-ID, by whichever worker; the one that had it first may come again."""
        self.begin(workers=2)
        self.passed()
        value = self.signed()
        self.assertEqual([self.replayed(value) for _ in range(6)], [False] + [True] * 5)
        self.assertFalse(self.replayed(self.signed()), "a token of its own")
        self.assert_counted("verified_replayed", 5)

    def test_the_same_call_again(self):
        """After a refusal, with another CSeq: it is the same call."""
        self.begin()
        self.passed()
        value = self.signed()
        invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + value])
        self.refuse(self.carrier.expect("INVITE"), invite)
        self.assertNotIn("replayed", self.record(invite)["verification"])
        again = invite.octets().replace(b"CSeq: 1 ", b"CSeq: 2 ").replace(b"branch=z9hG4bK", b"branch=z9hG4bKagain")
        self.sbc.send(again, self.at())
        self.carrier.respond(self.carrier.expect("INVITE"), 486)
        self.sbc.expect(486)
        self.carrier.expect("ACK")
        stird.wait_until(lambda: len(self.records_of(invite)) == 2, HANG_S, "two records")
        self.assertEqual([r["verification"].get("replayed") for r in self.records_of(invite)], [None, None])

    def records_of(self, invite):
        return [r for r in self.stird.records() if r["call_id"] == invite["call-id"]]

    def test_what_did_not_pass_is_not_noted(self):
        self.begin()
        self.passed()
        value = self.signed(dest="13125550199")
        self.assertEqual([self.judged_call(value)["verification"].get("replayed") for _ in range(2)], [None, None])

    def test_a_rule_asks_for_it(self):
        self.untouched = False
        self.begin(profile={"observe": False, "verstat_suffix": "letter", "verstat_place": "from"},
                   rules='rules = ( { name = "again"; replayed = true; then = "C"; } );')
        self.passed()
        value = self.signed()
        for level in ("A", "C"):
            record = self.judged_call(value)
            self.assertIn("verstat=TN-Validation-Passed-%s@" % level, self.arrived["from"])
        self.assertEqual((record["rule"], record["verification"]["told_level"]), ("rule again", "C"))
