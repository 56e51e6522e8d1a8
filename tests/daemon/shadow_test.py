"""stirctl reload --shadow: live calls are decided by a second configuration too, and fare as before."""

import os
import signal

from daemon.lifetimes import ProcessStory
from lib import settings, stird, stirctl
from lib.patience import HANG_S

OTHERS = settings.NUMBERS.replace("+12155550100,acme,owned", "+12155550100,acme,unverified")


class Shadow(ProcessStory):
    def ask(self, *words):
        return stirctl.ask(self.lab.path("stird.conf"), *words)

    def run_stirctl(self, *words):
        return stirctl.run(self.lab.path("stird.conf"), *words)

    def begin(self, **changes):
        """Other files, read as the second configuration."""
        self.configure(**changes)
        status, out, err = self.run_stirctl("reload", "--shadow")
        self.assertEqual(status, 0, out + err)
        self.assertIn("nothing is signed by them", out)
        self.wait(lambda seen: seen["workers_deciding"] == seen["workers"], "the workers decide by it")

    def wait(self, condition, what):
        stird.wait_until(lambda: condition(self.ask("shadow")), HANG_S, what)
        return self.ask("shadow")

    def test_shows_what_would_change_and_changes_nothing(self):
        self.start()
        self.short_call()  # of before
        self.begin(numbers=OTHERS, pbx={"upstreams": ["other", "carrier"]},
                   upstreams=[self.upstream("other", 8), self.upstream()])
        self.assertEqual(self.ask("shadow")["calls_compared"], 0)
        self.assertIn("no call was decided by it yet", self.run_stirctl("shadow")[1])
        for _ in range(3):
            invite, _, _ = self.signed_call("A")
        self.signed_call("C", peer=self.peer("gateway", 4))
        seen = self.wait(lambda seen: sum(c["calls"] for c in seen["changes"]) == 3, "three calls would change")
        self.wait(lambda seen: seen["calls_compared"] == 4, "all four were decided twice")
        self.assertEqual(len(seen["changes"]), 1, seen)
        change = seen["changes"][0]
        self.assertEqual(change["from"], {"becomes": "A", "reason": "signed_owned", "trunk": "pbx",
                                          "certificate": "818H", "upstreams": "carrier"})
        self.assertEqual(change["to"], {"becomes": "B", "reason": "signed_unverified", "trunk": "pbx",
                                        "certificate": "818H", "upstreams": "other,carrier"})
        self.assertEqual(change["call_id"], invite["call-id"])
        self.assertEqual(seen["last_calls"][0]["orig_tn"], "12155550100")
        self.assertEqual(seen["calls_compared"], 4)
        stats = self.ask("stats")
        self.assertEqual((stats["shadow_compared"], stats["shadow_changed"], stats["shadow_failed"]), (4, 3, 0))
        _, out, _ = self.run_stirctl("shadow")
        self.assertIn("       3  A -> B\n", out)
        self.assertIn("carrier -> other,carrier", out)
        self.assertTrue(all(len(line) <= 80 for line in out.split("\n")), out)

    def test_refusals_too_and_the_other_way_round(self):
        self.start(trunks=[self.trunk()])
        self.begin(numbers=OTHERS.replace("acme,blocked", "acme,owned"),
                   trunks=[self.trunk()])
        self.refused_call(603, caller="+12155556000", reason="number_blocked")
        seen = self.wait(lambda seen: seen["changes"], "a refusal would be none")
        self.assertEqual([(c["from"]["becomes"], c["to"]["becomes"]) for c in seen["changes"]],
                         [("refused 603", "A")])

    def test_of_a_trunk_in_shadow_tells_the_level_that_stays_here(self):
        self.start(pbx={"mode": "shadow"})
        self.begin(numbers=OTHERS, pbx={"mode": "shadow"})
        self.unsigned_call("shadow")
        seen = self.wait(lambda seen: seen["changes"], "its level would be another one")
        self.assertEqual([(c["from"]["becomes"], c["to"]["becomes"]) for c in seen["changes"]],
                         [("unsigned (A)", "unsigned (B)")])

    def test_what_an_operator_has_switched_is_no_change(self):
        self.start()
        self.begin()
        status, out, err = self.run_stirctl("signing", "off", "--for", "10m")
        self.assertEqual(status, 0, out + err)
        self.unsigned_call("signing_off")
        stird.wait_until(lambda: self.ask("stats")["shadow_compared"] == 1, HANG_S, "it is compared")
        self.assertEqual(self.ask("stats")["shadow_changed"], 0)

    def test_files_with_mistakes_leave_all_as_it_was(self):
        self.start()
        self.configure(more="landlock_requird = true;")
        status, _, err = self.run_stirctl("reload", "--shadow")
        self.assertEqual(status, 1)
        self.assertIn("landlock_requird", err)
        self.assertFalse(self.ask("shadow")["shadow"])
        status = self.ask("status")
        self.assertEqual([a["name"] for a in status["alarms"]], [])
        self.assertEqual(status["configuration"]["failed_reloads"], 0)
        status, _, err = self.run_stirctl("shadow", "--end")
        self.assertEqual(status, 1)
        self.assertIn("there is no second configuration", err)
        self.signed_call("A")

    def test_a_worker_that_begins_has_it_and_a_reload_ends_it(self):
        self.start()
        self.begin(numbers=OTHERS)
        worker = self.stird.wait_child("worker")
        os.kill(worker, signal.SIGKILL)
        self.stird.wait_child("worker", other_than=worker)
        self.wait(lambda seen: seen["workers_deciding"] == 1, "the new worker decides by it")
        self.signed_call("A")
        self.wait(lambda seen: seen["changes"], "a call would change")
        self.stird.reload()
        self.wait(lambda seen: not seen["shadow"], "another configuration is in force")
        self.signed_call("B")
        self.assertEqual(self.ask("stats")["shadow_compared"], 1)
        self.begin()
        self.assertEqual(self.ask("shadow")["calls_compared"], 0, "of this one")
        self.assertIn("no call was decided by it yet", self.run_stirctl("shadow")[1])
        self.assertEqual(self.ask("shadow", "--end"), {"ended": True})
        self.assertFalse(self.ask("shadow")["shadow"])
