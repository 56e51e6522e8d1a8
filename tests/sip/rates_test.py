"""An A that withdraws itself: rules that ask for a rate, on real calls. Windows are so long that no machine is too slow."""

import signal
import unittest

from daemon.lifetimes import WorkersStory
from lib import dialog, stird, stirctl
from lib.patience import HANG_S
from sip.rules_test import rules

MANY = 'name = "hijacked"; calls_per_minute = 1; window = "5m"; then = "B";'
SHORT = 'name = "short"; short_share = 50; least_calls = 3; window = "1h"; then = "C";'
UNANSWERED = 'name = "dialler"; unanswered_share = 50; least_calls = 3; window = "1h"; rate_of = "customer"; then = "%s";'
OTHER = "+12155551234"  # owned by acme too


class Rates(WorkersStory):
    def ask(self, *words):
        return stirctl.ask(self.lab.path("stird.conf"), *words)

    def explained(self, **more):
        words = [word for name, value in more.items() for word in ("--" + name, value)]
        return self.ask("explain", "--trunk", "pbx", "--to", "+13125550123", *words)

    def answered_call(self, ended_by, **more):
        """An answered call, and at once its BYE."""
        invite = self.place(**more)
        arrived = self.carrier.expect("INVITE")
        self.answer = self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.send(dialog.in_dialog(self.sbc, "ACK", invite, final, 1), self.at())
        self.carrier.expect("ACK")
        if ended_by == "caller":
            end, other, bye = self.sbc, self.carrier, dialog.in_dialog(self.sbc, "BYE", invite, final, 2)
        else:
            end, other = self.carrier, self.sbc
            bye = dialog.callee_in_dialog(self.carrier, "BYE", arrived, self.answer, 2)
        end.send(bye, self.at())
        other.respond(other.expect("BYE"), 200)
        end.expect(200)
        return arrived

    def test_who_shows_a_number_elsewhere_costs_no_a(self):
        """Neither through a gateway of the same customer, nor through another customer's trunk."""
        self.start(more=rules(MANY), trunks=[
            self.trunk(), self.trunk("gateway", 4, identity="gateway"), self.trunk("guest", 3, customer="other")])
        for _ in range(8):
            self.short_call(peer=self.peer("gateway", 4))
            self.short_call(peer=self.peer("guest", 3))
        self.signed_call("A")

    def test_a_hijacked_pbx_drops_to_b(self):
        """Five calls in five minutes are A, the next is B; so it stays over a reload, and other numbers keep their A."""
        self.start(more=rules(MANY))
        for _ in range(5):
            invite, _, _ = self.signed_call("A")
            self.record(invite, rate=None)
        for n in (6, 7):
            invite, _, _ = self.signed_call("B")
            record = self.record(invite, rule="rule hijacked", reason="signed_owned")
            self.assertTrue(record["rate"].startswith("hijacked: %d calls of the number in 300 s, " % n), record["rate"])
        self.ask("reload", "--wait")
        self.signed_call("B")
        self.signed_call("A", caller=OTHER)
        told = self.explained(**{"from": "+12155550100"})
        self.assertEqual(told["level"], "B")
        self.assertIn("above its rate", "\n".join(told["steps"]))
        self.assertRegex("\n".join(told["steps"]), "rule hijacked: 9 calls of the number in 300 s")
        stats = self.ask("stats")
        self.assertEqual([stats[name] for name in ("rates_above", "rates_lowered", "rates_crossed", "rates_coarse")],
                         [3, 3, 1, 0])
        self.assertEqual(stats["trunks"]["pbx"]["rates_lowered"], 3)
        stird.wait_until(lambda: "rate_above" in [a["name"] for a in self.ask("status")["alarms"]], HANG_S, "its alarm")
        line, = self.stird.wait_lines("a rate is above what a rule allows")
        for words in ("rule=hijacked", "trunk=pbx", "customer=acme", "number=12155550100"):
            self.assertIn(words, line)

    def test_a_rate_never_raises(self):
        """Behind it and before it, what refuses still refuses, and what is lower stays so."""
        self.start(more=rules(MANY, 'name = "closed"; called = [ "+1900" ]; then = "refuse";',
                              'name = "low"; called = [ "+1312" ]; then = "C";'))
        for _ in range(5):
            self.signed_call("A")
        self.signed_call("B")
        self.refused_call(403, reason="refused_by_rule", called="+19005550100")
        self.signed_call("C", called="+13125550123")
        self.signed_call("B", caller="+12155553000")  # unverified
        invite, _ = self.unsigned_call(called="911;rn=+19005551234")
        self.record(invite, emergency=True)

    def test_short_calls_lower(self):
        """Whoever ends them."""
        self.start(more=rules(SHORT))
        for ended_by in ("caller", "callee", "caller"):
            self.verify(self.answered_call(ended_by), "A")
        self.assertIn("3 of 3 answered ones short", "\n".join(self.explained(**{"from": "+12155550100"})["steps"]))
        invite, _, _ = self.signed_call("C")
        self.record(invite, rule="rule short")
        self.signed_call("A", caller=OTHER)

    def test_a_dialler_is_lowered_for_all_its_numbers(self):
        self.start(more=rules(UNANSWERED % "unsigned"))
        for n in range(3):
            self.signed_call("A", caller="+1215555100%d" % n)
        self.unsigned_call("unsigned_by_rule", caller=OTHER)

    def test_a_challenge_is_no_end(self):
        """Who is asked for a password (407) calls again."""
        self.start(more=rules(UNANSWERED % "C"))
        for _ in range(3):
            invite = self.place()
            self.refuse(self.carrier.expect("INVITE"), invite, status=407)
        self.signed_call("A")

    def test_an_alarm_leaves_the_level(self):
        self.start(more=rules(UNANSWERED % "alarm"))
        for _ in range(3):
            self.signed_call("A")
        invite, _, _ = self.signed_call("A")
        self.assertIn("3 of 3 unanswered", self.record(invite)["rate"])
        stird.wait_until(lambda: "rate_above" in [a["name"] for a in self.ask("status")["alarms"]], HANG_S, "its alarm")

    def test_workers_count_together_and_outlive_each_other(self):
        """Calls of two workers make one rate, and what a dead one counted stays."""
        self.start_workers(2, more=rules(MANY))
        for _ in range(5):
            self.signed_call("A")
        for worker in [w["pid"] for w in self.ask("status")["workers"]]:
            self.send(worker, signal.SIGKILL)
            stird.wait_until(lambda gone=worker: all(
                w["state"] == "serving" and w["pid"] != gone for w in self.ask("status")["workers"]), HANG_S, "another")
        self.signed_again()
        stird.wait_until(lambda: "B" in [r["attest"] for r in self.stird.records()], HANG_S, "its record")
        levels = [r["attest"] for r in self.stird.records()]
        self.assertEqual(levels[:5], ["A"] * 5)
        self.assertNotIn("A", levels[5:])


if __name__ == "__main__":
    unittest.main()
