"""stirctl numbers set, block, unset: in force at once, after a crash, and after a reload."""

import os
import unittest

from daemon.lifetimes import ProcessStory
from lib import settings, stirctl

FREE = "+12155557000"  # in no table


class NumbersChange(ProcessStory):
    def start(self, **changes):
        super().start(**changes)
        self.path = self.lab.path("stird.conf")

    def change(self, *words):
        return stirctl.ask(self.path, "numbers", *words)

    def level_of(self, number):
        return stirctl.ask(self.path, "explain", "--trunk", "pbx", "--from", number, "--to",
                           "+13125550123")

    def reload(self):
        status, _, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 0, err)

    def test_a_port_in_is_signed_with_a_from_the_next_call_on(self):
        self.start()
        self.signed_call("B", caller=FREE)
        self.assertEqual(self.change("set", FREE, "acme", "owned", "--note", "port-in 7"),
                         {"in_force": 1})
        invite, _, _ = self.signed_call("A", caller=FREE)
        record = self.stird.record(invite["call-id"])
        self.assertRegex(record["number_row"], r"numbers\.overlay:2$")
        self.assertEqual(self.level_of(FREE)["number_row"], record["number_row"])

    def test_of_another_customer_is_not_this_ones(self):
        self.start()
        self.change("set", FREE, "globex", "owned")
        self.assertEqual(self.level_of(FREE)["number_state"], "other_customer")

    def test_outranks_the_table_both_ways(self):
        self.start()
        self.signed_call("A")
        self.change("block", "+12155550100")
        self.refused_call(603, reason="number_blocked")
        self.change("set", "+12155550100", "acme", "unverified")
        self.refused_call(603, reason="number_blocked")  # blocked by whomever is blocked
        self.change("unset", "+12155550100", "-")
        self.signed_call("B")
        self.change("unset", "+12155550100")
        self.signed_call("A")

    def test_survives_the_death_of_any_process(self):
        self.start()
        self.change("set", FREE, "acme", "owned")
        self.replaced("worker", self.hit("worker"), 5.0)
        self.signed_call("A", caller=FREE)
        self.stird.kill()
        self.stird.notify.close()
        os.unlink(self.lab.path("notify"))
        super().start()
        self.signed_call("A", caller=FREE)

    def test_a_reload_takes_it_into_the_table(self):
        self.start()
        self.change("set", FREE, "acme", "owned")
        self.reload()
        listed = self.change("list")
        self.assertEqual([(e["number"], e["in_table"]) for e in listed["entries"]], [(FREE, True)])
        self.signed_call("A", caller=FREE)
        self.change("set", "+12155557001", "acme", "delegated")
        self.assertEqual([e["in_table"] for e in self.change("list")["entries"]], [True, False])
        self.signed_call("A", caller="+12155557001")
        self.signed_call("A", caller=FREE)
        told = self.change("unset", FREE)
        self.assertIn("reload", told["note"])
        self.stird.wait_log("reload done.*generation=3")
        self.signed_call("B", caller=FREE)
        self.signed_call("A", caller="+12155557001")

    def test_dates_and_certificate(self):
        self.start()
        self.change("set", FREE, "acme", "owned", "--not-after", "2020-01-01")
        self.assertEqual(self.level_of(FREE)["number_state"], "expired")
        self.change("set", FREE, "acme", "owned", "--not-before", "2020-01-01", "--cert", "818H")
        self.assertEqual(self.level_of(FREE)["level"], "A")

    def test_what_is_refused_says_why_and_changes_nothing(self):
        self.start()
        for words, text in ((("set", "+1215*", "acme", "owned"), "one telephone number"),
                            (("set", FREE, "acme", "sold"), "sold"),
                            (("set", FREE, "", "owned"), "customer"),
                            (("set", FREE, "acme", "owned", "--not-after", "soon"), "soon"),
                            (("set", "+1", "acme", "owned"), "+1"),
                            (("unset", FREE), "no urgent change")):
            with self.subTest(words=words):
                status, out, err = stirctl.run(self.path, "numbers", *words)
                self.assertEqual((status, out), (1, ""))
                self.assertIn(text, err)
        self.assertEqual(self.change("list")["in_force"], 0)
        self.assertEqual(stirctl.run(self.path, "numbers", "set", FREE)[0], 2)

    def test_a_damaged_journal_is_told_and_a_reload_keeps_what_is_in_force(self):
        self.start()
        self.change("set", FREE, "acme", "owned")
        journal = self.change("list")["journal"]
        with open(journal, "r+b") as file:
            file.seek(40)
            file.write(b"9")
        status, _, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 1)
        self.assertIn(journal + ":2: was changed or damaged", err)
        self.signed_call("A", caller=FREE)

    def test_many_changes_while_calls_run(self):
        self.start()
        for i in range(40):
            self.change("set", "+1215556%04d" % i, "acme", "owned")
            self.signed_call("A", caller="+1215556%04d" % i)
        self.assertEqual(self.change("list")["in_force"], 40)
        self.assertEqual(stirctl.ask(self.path, "status")["numbers"]["urgent_changes"], 40)
        status, out, _ = stirctl.run(self.path, "numbers", "list")
        self.assertEqual(status, 0)
        self.assertIn("40 urgent changes in force", out)


if __name__ == "__main__":
    unittest.main()
