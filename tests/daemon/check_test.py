"""`stird -t` and -T: everything is said at once, and what was not checked; what is probably not meant."""

import os
import shutil
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib import stird, stirctl
from lib.lab import make_unit
from lib.patience import HANG_S

HEAD = "number,customer,state\n"


class Check(ProcessStory):
    def check(self, path):
        status, said = stird.check_configuration(path)
        return status, said.replace(self.lab.directory + "/", "")

    def test_mistakes_of_the_configuration_do_not_hide_those_of_tables_and_keys(self):
        path = self.configure(more="colour = \"blue\";", numbers="number,customer,state,loa_end\n"
                              "+1215555010x,acme,owned,\n+12155550101,acme,sold,\n")
        os.unlink(os.path.join(self.lab.unit.directory, "key.pem"))
        status, said = self.check(path)
        self.assertEqual(status, 1)
        for line in (r'stird.conf:\d+: unknown key "colour"',
                     r'numbers.csv:1: column "loa_end" is unknown: did you mean "not_after"',
                     r'numbers.csv:2: number "\+1215555010x" is no number',
                     r'numbers.csv:3: state "sold" is none of',
                     r'key.pem: no such file',
                     r'stird.conf: whether keys are those of certificates with mistakes, and what number '
                     r'tables, rules and trunks say of each other, was not checked'):
            self.assertRegex(said, line)
        self.assertIn("mend these mistakes first", said.splitlines()[-1], "it speaks of those above")

    def test_behind_a_syntax_error_it_is_said_what_was_not_checked(self):
        status, said = self.check(self.configure(more="colour = = blue;"))
        self.assertEqual(status, 1)
        self.assertIn("syntax error", said)
        self.assertIn("stird.conf: keys, number tables and TLS files were not checked: mend these "
                      "mistakes first\n", said)

    def test_a_reload_says_all_mistakes_at_once(self):
        """As stird -t does, though it has given up its rights before it reads."""
        self.start()
        self.lab.write("conf.d/more.conf", 'colour = "blue";')
        self.lab.write("numbers.csv", "number,customer,status\n+12,acme\n")
        os.chmod(self.lab.unit.directory + "/key.pem", 0o644)
        status, out, err = stirctl.run(self.lab.path("stird.conf"), "-s",
                                       self.lab.path("run", "control"), "reload", "--wait")
        self.assertEqual(status, 1, out + err)
        for words in ('unknown key "colour"', "numbers.csv:2: ", "key.pem: readable by others"):
            self.assertIn(words, out + err)

    def test_a_trunk_whose_customer_nobody_knows(self):
        path = self.configure(pbx={"customer": "acem"})
        status, said = self.check(path)
        warning = ('warning: trunk "pbx": customer "acem" has no row in the number tables and is '
                   'declared nowhere (did you mean "acme"?)')
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"stird.conf:\d+: ")
        self.assertIn(warning, said)
        self.assertNotIn('"gateway"', said)  # has no numbers of its own
        status, out, _ = stirctl.run(path, "numbers", "lint")
        self.assertEqual(status, 1)
        self.assertIn('trunk "pbx": customer "acem" has no row', out)
        self.assertIn('(did you mean "acme"?)', out)
        self.start_with(path)
        self.stird.wait_log("probably not meant.*acem")
        # declared, it is meant
        path = self.configure(pbx={"customer": "acem"}, more='customers = ( { name = "acem"; } );')
        self.assertNotIn('"pbx"', self.check(path)[1])
        # with a row too
        path = self.configure(pbx={"customer": "acem"}, numbers=HEAD + "+12155550100,acem,owned\n")
        self.assertNotIn('"pbx"', self.check(path)[1])

    def test_where_no_customer_is_known_nothing_is_said(self):
        self.assertNotIn("warning", self.check(self.configure(numbers=HEAD))[1])

    def test_a_unit_that_does_not_sign_yet(self):
        path = self.configure()
        made = make_unit(self.lab.directory, "later", "--spc", self.lab.unit.spcs[0], "--bad", "future")
        shutil.rmtree(self.lab.unit.directory)
        shutil.copytree(made.directory, self.lab.unit.directory)
        status, said = self.check(path)
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"warning: certificate .* does not sign yet: it is in force from 20")
        self.start_with(path)
        self.stird.wait_log("probably not meant.*does not sign yet")

    def test_what_is_printed_is_read_from_anywhere(self):
        directory = os.path.dirname(self.configure())
        first = subprocess.run([stird.binary(), "-T", "-c", "stird.conf"], cwd=directory, timeout=HANG_S,
                               capture_output=True, text=True, check=True).stdout
        again = self.lab.write("elsewhere/printed.conf", first)
        second = subprocess.run([stird.binary(), "-T", "-c", again], cwd="/", timeout=HANG_S,
                                capture_output=True, text=True, check=True).stdout
        self.assertEqual(first, second)
        self.assertEqual(stird.check_configuration(again)[0], 0)

    def test_examples_with_relative_paths_are_printed_whole(self):
        path = self.configure()
        with open(path, encoding="utf-8") as source:
            text = source.read().replace(self.lab.directory + "/", "")
        self.lab.write("stird.conf", text)
        printed = subprocess.run([stird.binary(), "-T", "-c", "stird.conf"], cwd=self.lab.directory,
                                 timeout=HANG_S, capture_output=True, text=True, check=True).stdout
        again = self.lab.write("elsewhere/printed.conf", printed)
        self.assertEqual(stird.check_configuration(again)[0], 0, printed)


if __name__ == "__main__":
    unittest.main()
