"""stirctl numbers show, lint, compile and diff; a stird that serves from a compiled table."""

import json
import os
import unittest

from daemon.lifetimes import ProcessStory
from lib import token as tokens
from lib import settings, stirctl, stird

HEAD = "number,customer,state,not_before,not_after,cert,note\n"
KEPT = "reload failed, the old configuration stays in force"


class Tables(ProcessStory):
    """Without a daemon: the commands and the configuration's files."""

    def setUp(self):
        super().setUp()
        self.path = self.configure()

    def numbers(self, *words):
        return stirctl.run(self.path, "numbers", *words)

    def table(self, name, text):
        return self.lab.write(name, HEAD + text)

    def test_show_names_every_row_the_narrowest_first(self):
        self.path = self.configure(numbers=settings.NUMBERS + "+1215*,globex,unverified,,,,\n"
                                   "+12155551007,acme,delegated,,2030-01-01,818H,\n")
        status, out, _ = self.numbers("show", "+12155551007", "--json")
        rows = json.loads(out)
        self.assertEqual(status, 0)
        self.assertEqual(
            [(r["customer"], r["state"], r["line"], r["prefix"], r["counts"]) for r in rows],
            [("acme", "delegated", 10, False, True), ("acme", "owned", 3, False, True),
             ("globex", "unverified", 9, True, False)])
        self.assertEqual((rows[0]["not_after"], rows[0]["cert"], rows[1]["not_before"]),
                         ("2030-01-01", "818H", "2024-01-01"))
        status, out, _ = self.numbers("show", "+12155559999")
        self.assertEqual(status, 0)
        self.assertRegex(stirctl.rows(out), r"^unverified +globex +\.\. +\S+/numbers.csv:9, a prefix\n$")
        self.assertEqual(self.numbers("show", "+13125550100")[:2],
                         (1, "no row speaks of +13125550100\n"))

    def test_show_reads_a_number_as_tables_do(self):
        for written, why in (("12 15", "plus sign"), ("12155551007", "plus sign"),
                             ("2155551007", "plus sign"), ("+1-215-555-1007", "no separators"),
                             ("+1215555*", "not one telephone number"), ("tel:+12155551007", "write"),
                             ("+12155551007-+12155551008", "not one telephone number"),
                             ("+012155551007", "a 0 behind the plus"), ("+121", "fewer than 7")):
            status, out, err = self.numbers("show", written)
            self.assertEqual((status, out), (2, ""), written)
            self.assertIn('numbers show: "%s": ' % written, err)
            self.assertIn(why, err)

    def test_lint_of_the_configuration(self):
        status, out, _ = self.numbers("lint")
        name = self.lab.path("numbers.csv")
        self.assertEqual(status, 1)
        self.assertEqual(out, (
            "%s:6: the row has expired: take it out\n"
            "%s:7: customer \"globex\" has no trunk and is declared nowhere: is it spelt as there?"
            "\n2 findings\n") % (name, name))
        self.path = self.configure(numbers=HEAD + "+12155550100,acme,owned,,,,\n")
        self.assertEqual(self.numbers("lint")[:2], (0, "0 findings\n"))
        self.assertEqual(self.numbers("lint", "--json")[:2], (0, "[]\n"))

    def test_lint_of_certificates(self):
        """Those of the configuration, by the words of a start; also of a row that is good else."""
        self.path = self.configure(numbers=HEAD + "+12155550100,acme,owned,,,818h,\n+12155550101,acme,owned,,,818H,\n"
                                   "+1215*,acme,unverified,,,nope,\n")
        status, out, _ = self.numbers("lint")
        self.assertEqual(status, 1)
        name = self.lab.path("numbers.csv")
        self.assertEqual(out, (
            '%s:2: cert: there is no certificate "818h" (did you mean "818H"?)\n'
            '%s:4: cert: there is no certificate "nope": write the id of one, or nothing for the trunk\'s\n'
            "2 findings\n") % (name, name))
        self.assertIn(out.splitlines()[0], stird.check_configuration(self.path)[1])
        for words in ([], [name]):
            status, _, err = self.numbers("compile", "-o", self.lab.path("numbers.image"), *words)
            self.assertEqual(status, 1)
            self.assertEqual(err, "".join(line + "\n" for line in out.splitlines()[:2]))

    def test_lint_of_named_files(self):
        bad = self.table("bad.csv", "+1215555010,acme,owned,,,,\n+1215*,acme,owned,,,,\n"
                         "+12155550100,acme,sold,,,,\n")
        status, out, _ = self.numbers("lint", bad, "--json")
        self.assertEqual(status, 1)
        self.assertEqual([f["line"] for f in json.loads(out)], [2, 3, 4])
        missing = self.numbers("lint", self.lab.path("none.csv"))
        self.assertEqual(missing[0], 1)
        self.assertIn("none.csv: cannot be opened: No such file or directory", missing[1])
        status, _, err = stirctl.run(self.lab.path("no.conf"), "numbers", "lint", bad)
        self.assertEqual(status, 1)
        self.assertIn("customers and the lengths of numbers", err)

    TWO = HEAD + ("+12155550100,acme,owned,,,,\n+12155550100,globex,owned,,,,\n"
                  "+12155551000-+12155551999,acme,owned,,2026-01-31,,\n"
                  "+12155551000-+12155551999,globex,owned,2026-01-31,,,\n"
                  "+12155552000-+12155552999,acme,owned,,2026-01-31,,\n"
                  "+12155552000-+12155552999,globex,owned,2026-02-01,,,\n")

    def owners(self, *lines):
        name = self.lab.path("numbers.csv")
        return ['%s:%d: customer "globex" owns what customer "acme" owns in %s:%d, on the same days'
                % (name, line, name, line - 1) for line in lines]

    def test_two_owners_are_named_by_lint_and_by_a_start(self):
        self.path = self.configure(numbers=self.TWO)
        status, out, _ = self.numbers("lint")
        self.assertEqual(status, 1)
        for words in self.owners(3, 5):
            self.assertIn(words, out)
        self.assertNotIn("numbers.csv:7: customer", out)
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 0, out)
        self.assertRegex(out, r"two customers own one number and both get an A customer=acme "
                         r"row=\S+numbers\.csv:2 other_customer=globex other_file=\S+ "
                         r"other_line=3")

    def test_two_owners_by_setting_are_refused(self):
        tables = 'files = [ "%s" ]; two_owners = "refuse";'
        self.path = self.configure(tables=tables % self.lab.write("numbers.csv", self.TWO +
                                                                  "+1215555,acme,sold,,,,\n"))
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 1)
        for words in self.owners(3, 5):  # all mistakes at once
            self.assertEqual(out.count(words), 1, out)
        self.assertNotIn("compile the table again", out)
        self.assertIn('numbers.csv:8: state "sold"', out)
        self.assertNotIn("numbers.csv:7:", out)
        self.lab.write("numbers.csv", self.TWO)
        status, out = stird.check_configuration(self.path)
        for words in self.owners(3, 5):  # each once
            self.assertEqual(out.count(words), 1, out)
        self.assertNotIn("compile the table again", out)
        self.lab.write("numbers.csv", HEAD + "+12155550100,acme,owned,,,,\n"
                       "+12155550000-+12155550999,globex,owned,,,,\n")
        self.assertEqual(stird.check_configuration(self.path)[0], 0, "the narrower one replaces")

    def test_two_owners_in_a_compiled_table(self):
        image = self.lab.path("numbers.image")
        self.path = self.configure(numbers=self.TWO)
        self.assertEqual(self.numbers("compile", "-o", image)[0], 0)
        self.path = self.configure(tables='compiled = "%s"; two_owners = "refuse";' % image)
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 1)
        for words in self.owners(3, 5):
            self.assertIn(words, out)

    def test_a_line_that_may_be_a_second_from_lowers(self):
        """It leaves as it came, and the next hop may read it: no A. What names nobody costs nothing."""
        self.path = self.configure()
        good = tokens.invite(None)
        line = next(line for line in good.split("\r\n") if line.startswith("From: ")) + "\r\n"
        for more, level in (("", "A"), ("From <sip:+12155550199@x>\r\n", "B"), ("f tel:+12155550199\r\n", "B"),
                            ("To <sip:+12155550199@x>\r\n", "B"), ("From nobody at all\r\n", "A"),
                            ("Subject and <sip:+12155550199@x>\r\n", "A")):
            with self.subTest(more=more):
                path = self.lab.path("m.sip")
                with open(path, "wb") as out:
                    out.write(good.replace(line, line + more).encode())
                told = stirctl.ask(self.path, "explain", "--trunk", "pbx", "--message", path)
                self.assertEqual(told["level"], level, told)

    def test_a_customer_declared_twice_is_told_with_its_line(self):
        customers = self.lab.write("customers.csv", "customer,cap\n\nacme,B\n")
        self.path = self.configure(
            more='customers = ( { name = "acme"; } );',
            tables='files = [ "%s" ]; customers = [ "%s" ];'
            % (self.lab.write("numbers.csv", settings.NUMBERS), customers))
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 1)
        self.assertIn('%s:3: customer "acme" is in the configuration as well' % customers, out)

    def test_compile_and_its_faults(self):
        image = self.lab.path("numbers.image")
        status, out, err = self.numbers("compile", "-o", image)
        self.assertEqual((status, out), (0, "7 rows, 7 segments, 2 customers\n"), err)
        self.assertEqual(self.numbers("diff", image, "configured")[:2], (0, "no change\n"))
        status, _, err = self.numbers("lint", image)
        self.assertEqual(status, 2)
        self.assertIn("is compiled: lint what it was made of", err)
        with open(image, "rb") as file:
            before = file.read()
        bad = self.table("bad.csv", "+12155550100,acme,sold,,,,\n")
        status, _, err = self.numbers("compile", "-o", image, bad)
        self.assertEqual(status, 1)
        self.assertIn("bad.csv:2: state \"sold\"", err)
        with open(image, "rb") as file:
            self.assertEqual(file.read(), before, "a compile that fails leaves the file")
        self.assertFalse(os.path.exists(image + ".new"))
        status, _, err = self.numbers("compile", "-o", "/dev/full/x")
        self.assertEqual(status, 1)
        self.assertIn("/dev/full/x: Not a directory", err)
        self.assertEqual(self.numbers("compile")[0], 2)
        status, _, err = self.numbers("lint", image)
        self.assertEqual(status, 2)
        self.assertIn("is compiled", err)

    def test_a_first_row_without_names_of_ours(self):
        """What is wrong, and not only that something is: -t, lint, a reload; also in JSON."""
        self.start_with(self.path)
        wrong = "the first row names none of number, customer and state"
        for header in ("x", "n", "n,c,s", "x_a,x_b,x_c", "a,b,c", "X", '"n"', "N,C,S"):
            with open(self.lab.path("numbers.csv"), "w", encoding="ascii") as out:
                out.write(header + "\n+12155550100,acme,owned\n")
            with self.subTest(header):
                for said in (stird.check_configuration(self.path)[1], self.numbers("lint")[1],
                             self.numbers("lint", "--json")[1], stirctl.run(self.path, "reload", "--wait")[2],
                             stirctl.run(self.path, "--json", "reload", "--wait")[1],
                             self.numbers("compile", "-o", self.lab.path("image"))[2]):
                    self.assertEqual(said.count("numbers.csv:1: " + wrong) or said.count(wrong), 1, said)
                findings = json.loads(self.numbers("lint", "--json")[1])
                self.assertEqual((findings[0]["line"], findings[0]["text"][:len(wrong)]), (1, wrong))

    def test_diff_per_customer(self):
        new = self.table("new.csv", "+12155550100,globex,owned,,,,\n"
                         "+12155551000-+12155551999,acme,owned,2024-01-01,,,\n")
        status, out, _ = self.numbers("diff", "configured", new, "--json")
        self.assertEqual(status, 1)
        changes = {(c["customer"], c["from"], c["to"]): c["numbers"]
                   for c in json.loads(out)["numbers"]}
        self.assertEqual(changes, {
            ("acme", "owned", "other_customer"): 1, ("globex", "other_customer", "owned"): 1,
            ("acme", "delegated", "unknown"): 1000, ("acme", "unverified", "unknown"): 1000,
            ("acme", "expired", "unknown"): 1, ("acme", "blocked", "unknown"): 1,
            ("globex", "owned", "unknown"): 1})
        status, out, _ = self.numbers("diff", "configured", new)
        self.assertIn("acme                 delegated -> unknown, 1000 numbers from +12155552000 on",
                      out)
        self.assertEqual(self.numbers("diff", new, new)[:2], (0, "no change\n"))
        status, _, err = self.numbers("diff", new, "running")
        self.assertEqual(status, 2)
        self.assertIn("no stird runs", err)
        self.assertEqual(self.numbers("diff", new)[0], 2)

    def test_diff_replays_records(self):
        self.start()
        self.signed_call("A")
        self.signed_call("A", caller="+12155551001")
        self.signed_call("A", caller="+12155551002")
        self.refused_call(603, caller="+12155556000")
        invite, _, _ = self.signed_call("B", caller="+13125550111")
        self.stird.record(invite["call-id"])
        new = self.table("new.csv", "+12155551000-+12155551999,acme,unverified,,,,\n"
                         "+12155550100,acme,owned,,,,\n+13125550111,acme,blocked,,,,\n")
        status, out, err = self.numbers("diff", "running", new, "--records",
                                        self.lab.path("records.jsonl"), "--json")
        self.assertEqual(status, 1, err)
        calls = json.loads(out)["calls"]
        self.assertEqual((calls["replayed"], calls["skipped"]), (5, 0))
        self.assertEqual(
            [(c["trunk"], c["customer"], c["from"], c["to"], c["calls"], c["number"])
             for c in calls["changes"]],
            [("pbx", "acme", "A", "B", 2, "12155551001"),
             ("pbx", "acme", "refused 603", "B", 1, "12155556000"),
             ("pbx", "acme", "B", "refused 603", 1, "13125550111")])
        status, out, _ = self.numbers("diff", "running", new, "--records",
                                      self.lab.path("records.jsonl"))
        self.assertIn("4 of 5 calls would have another level; 0 records could not be replayed", out)
        self.assertIn("trunk pbx (acme): A -> B, 2 calls, as +12155551001 in ", out)
        self.assertEqual(self.numbers("diff", "running", "configured", "--records",
                                      self.lab.path("records.jsonl"))[0], 0)
        self.assertEqual(self.numbers("diff", new, new, "--records", "/none")[0], 2)


class TwoOwners(ProcessStory):
    def test_a_reload_that_brings_them_is_refused_by_setting(self):
        self.start(tables='files = [ "%s" ]; two_owners = "refuse";'
                   % self.lab.write("numbers.csv", settings.NUMBERS))
        path = self.lab.path("stird.conf")
        self.lab.write("numbers.csv", settings.NUMBERS + "+12155550100,globex,owned,,,,\n")
        status, _, err = stirctl.run(path, "reload", "--wait")
        self.assertEqual(status, 1)
        self.assertIn('numbers.csv:9: customer "globex" owns what customer "acme" owns in', err)
        self.stird.wait_log(KEPT)
        self.signed_call("A")


class Compiled(ProcessStory):
    """numbers.compiled: what cannot be used leaves the old table serving."""

    def start(self, **changes):
        self.configure()
        self.image = self.lab.path("numbers.image")
        self.path = self.lab.path("stird.conf")
        self.compile(settings.NUMBERS)
        super().start(tables='compiled = "%s";' % self.image, **changes)

    def compile(self, text):
        csv = self.lab.write("source.csv", text)
        status, _, err = stirctl.run(self.path, "numbers", "compile", "-o", self.image, csv)
        self.assertEqual(status, 0, err)

    def reload(self):
        return stirctl.run(self.path, "reload", "--wait")

    def refused(self, words):
        """A reload that fails in these words; the calls do not notice, and it is counted."""
        before = stirctl.ask(self.path, "status")["configuration"]["failed_reloads"]
        status, out, err = self.reload()
        self.assertEqual(status, 1, out)
        self.assertIn(words, err)
        self.stird.wait_log(KEPT)
        self.assertEqual(stirctl.ask(self.path, "status")["configuration"]["failed_reloads"], before + 1)
        self.signed_call("A")

    def change(self, edit):
        with open(self.image, "rb") as file:
            data = bytearray(file.read())
        data = edit(data)
        with open(self.image + ".edited", "wb") as file:
            file.write(data)
        os.chmod(self.image + ".edited", 0o644)
        os.rename(self.image + ".edited", self.image)

    def test_serves_and_takes_a_new_one(self):
        self.start()
        self.signed_call("A")
        self.signed_call("B", caller="+12155557000")
        self.compile(settings.NUMBERS + "+12155557000,acme,owned,,,,\n")
        self.assertEqual(self.reload()[0], 0)
        invite, _, _ = self.signed_call("A", caller="+12155557000")
        self.assertRegex(self.stird.record(invite["call-id"])["number_row"], r"/source\.csv:9$")

    def test_what_is_broken_leaves_the_old_one(self):
        self.start()
        def flip(data):
            data[len(data) // 2] ^= 4
            return data
        for edit, words in (
                (flip, "numbers.image: the table's checksum is wrong"),
                (lambda data: data[:-100], "numbers.image: the table is truncated"),
                (lambda data: data[:40], "numbers.image: the table is truncated"),
                (lambda data: b"", "numbers.image: the table is truncated"),
                (lambda data: data + b"\0" * 64, "numbers.image: the table is longer than it says"),
                (lambda data: b"number,customer,state\n" * 40, "no compiled number table")):
            with self.subTest(words=words):
                self.compile(settings.NUMBERS)
                self.change(edit)
                self.refused(words)

    def test_what_is_no_safe_file_leaves_the_old_one(self):
        self.start()
        os.rename(self.image, self.image + ".real")
        self.refused("numbers.image: cannot be opened: No such file")
        os.symlink(self.image + ".real", self.image)
        self.refused("numbers.image: is a symbolic link")
        os.unlink(self.image)
        os.rename(self.image + ".real", self.image)
        os.chmod(self.image, 0o666)
        self.refused("numbers.image: is writable by its group or by everybody")
        os.chmod(self.image, 0o644)
        self.compile(HEAD + "+12155550100,acme,owned,,,,\n")
        self.refused("numbers: 1 rows instead of 7, less by more than max_shrink_percent = 10")

    def test_a_start_with_a_broken_one_is_refused(self):
        self.start()
        self.change(lambda data: data[:-100])
        self.stird.stop()
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 1)
        self.assertIn("numbers.image: the table is truncated", out)

    def test_urgent_changes_stay_ahead_of_it(self):
        self.start()
        free = "+12155557000"
        stirctl.ask(self.path, "numbers", "set", free, "acme", "owned")
        self.signed_call("A", caller=free)
        self.compile(settings.NUMBERS + "+12155557001,acme,owned,,,,\n")
        self.assertEqual(self.reload()[0], 0)
        self.signed_call("A", caller=free)
        self.signed_call("A", caller="+12155557001")
        self.stird.stop()
        super().start_with(self.path)
        self.signed_call("A", caller=free)
        stirctl.ask(self.path, "numbers", "unset", free)
        self.signed_call("B", caller=free)

    def test_from_texts_to_a_compiled_one_no_urgent_change_is_lost(self):
        self.configure()
        self.image, self.path = self.lab.path("numbers.image"), self.lab.path("stird.conf")
        super().start()
        free = "+12155557000"
        stirctl.ask(self.path, "numbers", "set", free, "acme", "owned")
        self.assertEqual(self.reload()[0], 0)
        self.compile(settings.NUMBERS)
        self.configure(tables='compiled = "%s";' % self.image)
        status, _, err = self.reload()
        self.assertEqual(status, 0, err)
        self.signed_call("A", caller=free)
        self.configure()
        self.assertEqual(self.reload()[0], 0)
        self.signed_call("A", caller=free)
        stirctl.ask(self.path, "numbers", "unset", free)
        self.signed_call("B", caller=free)


if __name__ == "__main__":
    unittest.main()
