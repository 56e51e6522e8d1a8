"""stirctl numbers set, block, unset: in force at once, after a crash, and whatever a reload does."""

import os
import signal
import unittest

from daemon.lifetimes import ProcessStory, WorkersStory
from lib import settings, stirctl
from lib.patience import HANG_S
from lib.stird import wait_until

FREE = "+12155557000"  # in no table
OWNED = "+12155550100"
PATIENT = 'signing = { timeout = "1s"; };'  # levels are what is looked at, not the machine's speed
IN_RANGE = "+12155551001"


def standing(told):
    return [(now["customer"], now["state"], now["urgent"]) for now in told["now"]]


class NumbersChange(ProcessStory):
    def start(self, **changes):
        changes["more"] = PATIENT + changes.pop("more", "")
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
        told = self.change("set", FREE, "acme", "owned", "--note", "port-in 7")
        self.assertEqual(told["in_force"], 1)
        self.assertEqual(standing(told), [("acme", "owned", True)])
        self.assertRegex(told["now"][0]["file"], r"numbers\.overlay$")
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
        self.replaced("worker", self.hit("worker"))
        self.signed_call("A", caller=FREE)
        self.stird.kill()
        self.stird.notify.close()
        os.unlink(self.lab.path("notify"))
        self.start()
        self.signed_call("A", caller=FREE)

    def test_goes_on_after_a_reload_and_ends_at_once(self):
        self.start()
        self.change("set", FREE, "acme", "owned")
        self.reload()
        self.assertEqual([e["number"] for e in self.change("list")["entries"]], [FREE])
        self.signed_call("A", caller=FREE)
        self.change("set", "+12155557001", "acme", "delegated")
        self.reload()
        self.signed_call("A", caller="+12155557001")
        self.assertEqual(standing(self.change("unset", FREE)), [])
        self.signed_call("B", caller=FREE)
        self.signed_call("A", caller="+12155557001")
        self.reload()
        self.signed_call("B", caller=FREE)

    def break_table(self):
        """From here on a reload fails."""
        with open(self.lab.path("numbers.csv"), "a", encoding="ascii") as table:
            table.write("+12155559000,acme,sold,,,,\n")

    def reload_in_vain(self):
        status, _, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 1)
        self.assertIn("sold", err)

    def test_unset_lowers_while_the_tables_cannot_be_read(self):
        self.start()
        self.change("set", FREE, "acme", "owned")
        self.reload()
        self.break_table()
        self.signed_call("A", caller=FREE)
        self.assertEqual(standing(self.change("unset", FREE)), [])
        self.signed_call("B", caller=FREE)
        self.reload_in_vain()
        self.signed_call("B", caller=FREE)
        self.change("block", FREE)
        self.refused_call(603, caller=FREE, reason="number_blocked")
        self.assertEqual(standing(self.change("unset", FREE)), [])
        self.signed_call("B", caller=FREE)
        self.replaced("worker", self.hit("worker"))
        self.signed_call("B", caller=FREE)

    def test_block_lowers_while_the_tables_cannot_be_read(self):
        self.start()
        self.break_table()
        self.reload_in_vain()
        self.assertEqual(standing(self.change("block", OWNED)), [("-", "blocked", True)])
        self.refused_call(603, caller=OWNED, reason="number_blocked")
        self.reload_in_vain()
        self.refused_call(603, caller=OWNED, reason="number_blocked")
        # Nothing else was ever said of it than what its table says.
        self.assertEqual(standing(self.change("unset", OWNED)), [("acme", "owned", False)])
        self.signed_call("A", caller=OWNED)

    def test_a_table_that_says_it_too_goes_on_saying_it(self):
        self.start()
        self.change("set", FREE, "acme", "owned")
        with open(self.lab.path("numbers.csv"), "a", encoding="ascii") as table:
            table.write("%s,acme,unverified,,,,\n" % FREE)
        self.reload()
        self.signed_call("A", caller=FREE)
        told = self.change("unset", FREE)
        self.assertEqual(standing(told), [("acme", "unverified", False)])
        self.assertEqual((told["now"][0]["file"], told["now"][0]["line"]),
                         (self.lab.path("numbers.csv"), 9))
        self.signed_call("B", caller=FREE)

    def test_a_delegation_adds_to_what_the_table_says(self):
        self.start()
        for number in (OWNED, IN_RANGE):
            told = self.change("set", number, "globex", "delegated")
            self.assertEqual(sorted(standing(told)),
                             [("acme", "owned", False), ("globex", "delegated", True)])
            self.signed_call("A", caller=number)
        self.reload()
        for number in (OWNED, IN_RANGE):
            self.signed_call("A", caller=number)
        self.stird.stop()
        super().start_with(self.path)
        for number in (OWNED, IN_RANGE):
            self.signed_call("A", caller=number)
            self.change("set", number, "globex", "unverified")
            self.signed_call("A", caller=number)
            self.change("set", number, "globex", "owned")
            self.signed_call("B", caller=number)  # a port-out
            self.change("set", number, "globex", "owned", "--not-before", "2099-01-01")
            self.signed_call("A", caller=number)
        self.change("set", "+12155556000", "globex", "delegated")
        self.refused_call(603, caller="+12155556000", reason="number_blocked")

    def test_show_hides_no_row(self):
        self.start()
        self.change("set", IN_RANGE, "globex", "delegated")
        rows = stirctl.ask(self.path, "numbers", "show", IN_RANGE)
        self.assertEqual([(r["customer"], r["state"], r["urgent"], r["counts"]) for r in rows],
                         [("globex", "delegated", True, True), ("acme", "owned", False, True)])
        self.change("block", IN_RANGE)
        for words in ((), ("--offline",)):
            rows = stirctl.ask(self.path, "numbers", "show", IN_RANGE, *words)
            self.assertEqual([(r["customer"], r["urgent"], r["counts"]) for r in rows],
                             [("globex", True, True), ("-", True, True), ("acme", False, False)])
        status, out, _ = stirctl.run(self.path, "numbers", "show", IN_RANGE)
        self.assertEqual(status, 0)
        self.assertRegex(stirctl.rows(out), r"\nowned +acme .*numbers\.csv:3, replaced by a row above\n$")
        self.assertEqual(self.level_of(IN_RANGE)["number_state"], "blocked")

    def test_a_journal_that_cannot_be_written(self):
        self.start()
        journal = self.change("list")["journal"]
        os.mkdir(journal)  # also root cannot write this
        for words in (("block", OWNED), ("set", FREE, "acme", "owned")):
            status, out, err = stirctl.run(self.path, "numbers", *words)
            self.assertEqual((status, out), (1, ""))
            self.assertIn("nothing has changed: the journal %s cannot be written: Is a directory"
                          % journal, err)
        self.assertEqual(self.change("list")["in_force"], 0)
        self.signed_call("A", caller=OWNED)
        self.signed_call("B", caller=FREE)
        os.rmdir(journal)
        self.change("block", OWNED)
        self.refused_call(603, caller=OWNED, reason="number_blocked")

    def test_a_journal_that_was_taken_away(self):
        self.start()
        journal = self.change("set", FREE, "acme", "owned")["now"][0]["file"]
        os.unlink(journal)
        status, _, err = stirctl.run(self.path, "numbers", "block", OWNED)
        self.assertEqual(status, 1)
        self.assertIn("somebody took it away or cut it; stirctl reload writes it anew", err)
        self.reload()
        self.change("block", OWNED)
        self.stird.stop()
        super().start_with(self.path)
        self.refused_call(603, caller=OWNED, reason="number_blocked")
        self.signed_call("A", caller=FREE)

    def test_two_urgent_owners(self):
        self.start()
        self.change("set", FREE, "acme", "owned")
        told = self.change("set", FREE, "globex", "owned")
        self.assertEqual(sorted(standing(told)),
                         [("acme", "owned", True), ("globex", "owned", True)])
        self.assertIn("two customers own it", told["note"])

    def test_two_urgent_owners_by_setting_are_refused(self):
        self.start(tables='files = [ "%s" ]; two_owners = "refuse";'
                   % self.lab.write("numbers.csv", settings.NUMBERS))
        self.change("set", FREE, "acme", "owned", "--not-after", "2030-01-01")
        status, _, err = stirctl.run(self.path, "numbers", "set", FREE, "globex", "owned")
        self.assertEqual(status, 1)
        self.assertRegex(err, r"another customer owns the number by an urgent change "
                         r"\(\S+numbers\.overlay:2\) on the same days: unset that one first")
        self.change("set", FREE, "globex", "owned", "--not-before", "2030-01-02")
        self.change("set", FREE, "globex", "delegated")
        self.change("block", FREE)  # an urgent change can always lower
        self.change("set", OWNED, "globex", "owned")  # and takes a number from the table's owner
        self.signed_call("B", caller=OWNED)

    def test_dates_and_certificate(self):
        self.start()
        self.change("set", FREE, "acme", "owned", "--not-after", "2020-01-01")
        self.assertEqual(self.level_of(FREE)["number_state"], "expired")
        self.assertIn(", urgent, is over", stirctl.run(self.path, "numbers", "show", FREE)[1])
        self.change("set", FREE, "acme", "owned", "--not-before", "2020-01-01", "--cert", "818H")
        self.assertIn(", urgent, signed with 818H\n", stirctl.run(self.path, "numbers", "show", FREE)[1])
        self.assertEqual(self.level_of(FREE)["level"], "A")

    def test_what_is_refused_says_why_and_changes_nothing(self):
        self.start()
        for words, text in ((("set", "+1215*", "acme", "owned"),
                             '"+1215*": is not one telephone number'),
                            (("set", FREE[1:], "acme", "owned"), "does not begin with a plus sign"),
                            (("block", FREE[1:]), "does not begin with a plus sign"),
                            (("unset", FREE[1:]), "does not begin with a plus sign"),
                            (("block", "+1-215-555-0100"), "no separators are allowed"),
                            (("set", FREE, "acme", "sold"), "sold"),
                            (("set", FREE, "", "owned"), "customer"),
                            (("set", FREE, "acme", "owned", "--not-after", "soon"), "soon"),
                            (("set", "+1", "acme", "owned"), "+1"),
                            (("set", "+1215555010", "acme", "owned"),
                             "+1215555010 cannot exist (a number of +1 has 11 digits) and can "
                             "only be blocked"),
                            (("set", "+10000000000", "acme", "unverified"), "only be blocked"),
                            (("set", "+3312345678", "acmee", "delegated"),
                             'can only be blocked; customer "acmee" is unknown'),
                            (("set", FREE, "acmee", "owned"),
                             'customer "acmee" is unknown: no trunk, no customers entry and no '
                             'table names it (did you mean "acme"?)'),
                            (("set", FREE, "Acme", "delegated"), 'did you mean "acme"'),
                            (("set", FREE, "initech", "unverified"), 'customer "initech"'),
                            (("set", FREE, "acme", "owned", "--cert", "818h"),
                             'cert: there is no certificate "818h" (did you mean "818H"?)'),
                            (("set", FREE, "nobody", "owned", "--cert", "nothing"),
                             'customer "nobody" is unknown: no trunk, no customers entry and no '
                             'table names it; cert: there is no certificate "nothing"'),
                            (("set", "+1215", "acmee", "sold", "--not-before", "2026-13-01",
                              "--cert", "nothing"),
                             '"+1215": has fewer than 7 digits: write the whole number, or a '
                             'prefix as in +1202*; state "sold" is none of owned, delegated, '
                             'unverified, blocked; not_before "2026-13-01" is no date: write it as '
                             '2026-11-21; customer "acmee" is unknown: no trunk, no customers '
                             'entry and no table names it (did you mean "acme"?); cert: there is '
                             'no certificate "nothing"'),
                            (("set", "+1215555010", "acme", "owned", "--not-after", "never"),
                             'not_after "never" is no date: write it as 2026-11-21; +1215555010 '
                             'cannot exist (a number of +1 has 11 digits)'),
                            (("set", "+12155550100-+12155550199", "acme", "sold"),
                             'ranges and prefixes belong into a table; state "sold"'),
                            (("block", "+1215", "--note", "a\nb"),
                             '"+1215": has fewer than 7 digits'),
                            (("set", FREE, "nobody", "sold", "--note", "a\nb"),
                             'the note holds a control character (a tab or a line end is one): write it '
                             'in one line; state "sold" is none of owned, '
                             'delegated, unverified, blocked; customer "nobody" is unknown'),
                            (("set", FREE, "acme", "owned", "--note", "caf\udce9"),
                             'the note is not UTF-8: write it in a terminal that is (locale charmap)'),
                            (("block", FREE, "--note", "\udcff"), "the note is not UTF-8"),
                            (("block", FREE, "--note", "a\tb"), "the note holds a control character"),
                            (("set", FREE, "ac\tme", "sold"), "a field holds a control character"),
                            (("set", FREE, "acm\udce9", "sold"),
                             'a field is not UTF-8: write it as the tables have it'),
                            (("unset", FREE), '"%s": it has no urgent change in force' % FREE)):
            with self.subTest(words=words):
                status, out, err = stirctl.run(self.path, "numbers", *words)
                shown = stirctl.run(self.path, "numbers", "show", words[1])
                unreadable = shown[0] == 2  # one reader of the word
                self.assertEqual((status, out), (2 if unreadable else 1, ""))
                self.assertIn(text, err)
                if unreadable:
                    self.assertIn(shown[2].splitlines()[0].split(": ", 2)[2], err)
        self.assertEqual(self.change("list")["in_force"], 0)
        self.assertEqual(stirctl.run(self.path, "numbers", "set", FREE)[0], 2)

    def test_a_number_that_cannot_exist_is_blocked_and_taken_back(self):
        """Its calls are refused then, for a block is looked for before all else."""
        self.start()
        self.unsigned_call("calling_cannot_exist", from_="<sip:0000000000@h>")
        self.change("block", "+10000000000")
        self.refused_call(603, reason="number_blocked", from_="<sip:0000000000@h>")
        self.change("unset", "+10000000000")
        self.unsigned_call("calling_cannot_exist", from_="<sip:0000000000@h>")

    def test_customers_that_are_known_and_blocks_of_anybody(self):
        self.start(more='customers = ( { name = "initech"; } );')
        for customer in ("acme", "globex", "initech"):  # trunk, table, configuration
            self.change("set", FREE, customer, "delegated")
        self.change("set", FREE, "a label for people", "blocked")
        self.refused_call(603, caller=FREE, reason="number_blocked")

    def test_a_customer_that_is_gone_is_told(self):
        """What outlives its customer is in force: by a reload, in the list, as an alarm."""
        self.start()
        with open(self.lab.path("numbers.csv"), encoding="utf-8") as source:
            before = source.read()
        columns = before.splitlines()[0].split(",")
        row = dict.fromkeys(columns, "")
        row.update(number="+12155557001", customer="initech", state="owned")
        self.lab.write("numbers.csv", before.rstrip("\n") + "\n" + ",".join(row[c] for c in columns) + "\n")
        self.reload()
        self.change("set", FREE, "initech", "owned")
        self.change("block", "+12155557002")
        self.assertNotIn("unknown", str(self.change("list")))
        self.lab.write("numbers.csv", before)
        status, out, err = stirctl.run(self.path, "reload", "--wait", "--force")
        self.assertEqual(status, 0, err)
        self.assertIn(', of nobody: customer "initech"', stirctl.rows(stirctl.run(self.path, "numbers", "list")[1]))
        self.assertIn('customer "initech", whom neither the configuration nor a table names', out + err)
        entries = {e["number"]: e for e in self.change("list")["entries"]}
        self.assertIn('customer "initech" is unknown', entries[FREE]["unknown"])
        self.assertEqual([n for n, e in entries.items() if "unknown" in e], [FREE])
        self.assertIn("of nobody", stirctl.rows(stirctl.run(self.path, "numbers", "list")[1]))
        wait_until(lambda: "urgent_customer" in str(stirctl.ask(self.path, "status")), HANG_S, "the alarm")
        self.change("unset", FREE)
        self.reload()
        wait_until(lambda: "urgent_customer" not in str(stirctl.ask(self.path, "status")), HANG_S, "its end")

    def test_numbers_are_masked_in_all_of_the_log(self):
        self.start()
        with open(self.path, encoding="utf-8") as source:
            text = source.read().replace("records = {", "records = { mask_numbers = true;")
        self.lab.write("stird.conf", text)
        self.reload()
        self.change("block", "+12155550123")
        self.change("unset", "+12155550123")
        with open(self.lab.path("numbers.csv"), encoding="utf-8") as source:
            before = source.read()
        self.lab.write("numbers.csv", before + "+12155550124;acme;owned\n+12155550124,acme,nonsense\n"
                       "+1-215-555-01245,acme,owned\n")
        self.assertNotEqual(stirctl.run(self.path, "reload", "--wait")[0], 0)
        log = self.stird.log()
        self.assertIn("number=xxxxxxx0123", log)
        for digits in ("5550123", "5550124", "555-0124"):
            self.assertNotIn(digits, log)

    def test_says_in_words_what_is_in_force(self):
        self.start()
        status, out, _ = stirctl.run(self.path, "numbers", "set", IN_RANGE, "globex", "delegated",
                                     "--not-after", "2099-12-31")
        self.assertEqual(status, 0)
        self.assertRegex(stirctl.rows(out), r"^\+12155551001: delegated for globex \(\S+overlay:2\), urgent\n"
                         r"\+12155551001: owned for acme \(\S+numbers\.csv:3\)\n"
                         r"in force: 1 urgent change\n$")
        self.assertIn(", until 2099-12-31\n", stirctl.rows(stirctl.run(self.path, "numbers", "list")[1]))
        status, out, _ = stirctl.run(self.path, "numbers", "block", FREE)
        self.assertRegex(out, r"^\+12155557000: blocked \(\S+overlay:3\), urgent\n")
        status, out, _ = stirctl.run(self.path, "numbers", "unset", FREE)
        self.assertEqual(out, "+12155557000: unknown, no row speaks of it\n"
                              "in force: 1 urgent change\n")

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


class Workers(WorkersStory):
    """What stirctl says is in force is so in every worker."""

    def test_a_worker_that_stands_still_is_waited_for(self):
        self.start_workers(2)
        self.path = self.lab.path("stird.conf")
        stopped = self.workers()[0]
        os.kill(stopped, signal.SIGSTOP)
        told = stirctl.ask(self.path, "numbers", "block", OWNED)
        self.assertEqual(standing(told), [("-", "blocked", True)])
        self.assertNotIn(stopped, self.workers())
        for _ in range(6):
            self.refused_call(603, caller=OWNED, reason="number_blocked")


class OneWorker(ProcessStory):
    def test_the_worker_stands_still(self):
        self.start()
        self.path = self.lab.path("stird.conf")
        pid = self.hit("worker", signal.SIGSTOP)
        told = stirctl.ask(self.path, "numbers", "block", OWNED)
        self.assertEqual(standing(told), [("-", "blocked", True)])
        self.replaced("worker", pid)
        self.refused_call(603, caller=OWNED, reason="number_blocked")


if __name__ == "__main__":
    unittest.main()
