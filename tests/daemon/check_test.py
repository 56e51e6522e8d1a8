"""`stird -t` and -T: everything is said at once, and what was not checked; what is probably not meant."""

import os
import shutil
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib import settings, stird, stirctl
from lib.lab import make_unit
from lib.patience import HANG_S

HEAD = "number,customer,state\n"


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


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
                     r'key.pem: no such file'):
            self.assertRegex(said, line)

    NOPE = 'cert: there is no certificate "nope"'

    def mistakes(self, rows="", **more):
        """What is said, of settings and ROWS behind those of the lab's table."""
        status, said = self.check(self.configure(numbers=settings.NUMBERS + rows, **more))
        self.assertEqual(status, 1, said)
        self.assertNotIn("was not checked", said)
        return said

    def test_what_parts_say_of_each_other_is_checked_beside_other_mistakes(self):
        row = "+12155557777,acme,owned,,,nope,\n"
        rule = ('rules = ( { name = "x"; then = "B"; number_is = [ "x_nobody = 1" ]; },\n'
                '          { name = "y"; then = "C"; customer_is = [ "x_none = 1" ]; } );\n')
        asked = ('number_is: no number table has a column "x_nobody"',
                 'customer_is: neither a customer nor a table of customers has "x_none"')
        others = {"an unknown key": {"more": "colour = 1;\n" + rule},
                  "a trunk's mistake": {"pbx": {"provider": "y"}, "more": rule},
                  "an upstream's": {"upstreams": [self.upstream(uri="sip:a b")], "more": rule},
                  "a bad value": {"limits": ' memory = "1k";', "more": rule}}
        for name, more in others.items():
            with self.subTest(name):
                said = self.mistakes(row, **more)
                for words in (self.NOPE,) + asked:
                    self.assertIn(words, said)
        with self.subTest("a row's mistake"):
            said = self.mistakes("+12,acme,owned,,,,\n" + row, more=rule)
            for words in (self.NOPE, "has fewer than 7 digits") + asked:
                self.assertIn(words, said)

    def test_all_mistakes_of_a_row_are_told(self):
        """Also by a reload; the certificates that customers name, too."""
        rows = "+12155557777,acme,sold,never,,nope,\n+1215x,acme,owned,,,none,\n"
        customers = self.lab.write("customers.csv", "customer,kyc,cert\nglobex,maybe,nope\n")
        lines = (r'numbers.csv:\d+: state "sold" is none of',
                 r'numbers.csv:(\d+): not_before "never" is no date.*\n(.*\n)*'
                 r'numbers.csv:\1: ' + self.NOPE,
                 r'numbers.csv:(\d+): number "\+1215x" is no number.*\n(.*\n)*'
                 r'numbers.csv:\1: cert: there is no certificate "none"',
                 r'customers.csv:2: kyc "maybe" is none of',
                 r'customers.csv:2: ' + self.NOPE)

        self.start()
        path = self.configure(tables='files = [ "%s" ]; customers = [ "%s" ];' % (
            self.lab.write("numbers.csv", settings.NUMBERS + rows), customers))
        status, said = self.check(path)
        self.assertEqual(status, 1)
        for line in lines:
            self.assertRegex(said, line)
        status, found, _ = stirctl.run(path, "numbers", "lint")
        self.assertEqual(status, 1)
        for line in lines:
            self.assertRegex(found.replace(self.lab.directory + "/", ""), line)
        status, _, err = stirctl.run(path, "reload", "--wait")
        self.assertEqual(status, 1)
        for line in lines:
            self.assertRegex(err.replace(self.lab.directory + "/", ""), line)

    def test_nothing_is_said_of_what_another_mistake_leaves_open(self):
        """Certificates, columns and providers that may be there, as soon as they can be read."""
        unit = self.lab.unit.directory
        row = "+12155557777,acme,owned,,,%s,\n"
        with self.subTest("the certificate has no URL"):
            write(unit + "/x5u", "http://x\n")
            said = self.check(self.configure(numbers=settings.NUMBERS + row % os.path.basename(unit)))[1]
            self.assertIn("is no https URL", said)
            self.assertNotIn("cert:", said)
            said = self.check(self.configure(numbers=settings.NUMBERS + row % "nope"))[1]
            self.assertIn(self.NOPE, said)
        with self.subTest("another certificate has no name"):
            said = self.mistakes_of_conf('certificates = ( { id = 5; directory = "x"; } );\n', row % "nope")
            self.assertIn("id must be", said)
            self.assertNotIn(self.NOPE, said)
        with self.subTest("a header"):
            head = settings.NUMBERS.split("\n", 1)
            said = self.check(self.configure(
                numbers="%s,loa_end\n" % head[0] + head[1].replace("\n", ",\n"),
                more='rules = ( { name = "x"; then = "B"; number_is = [ "x_any = 1" ]; } );\n'))[1]
            self.assertIn('column "loa_end" is unknown', said)
            self.assertNotIn("number_is", said)
        with self.subTest("an upstream without a name"):
            said = self.check(self.configure(upstreams=[self.upstream(5)]))[1]
            self.assertNotIn("there is no upstream", said)

    def mistakes_of_conf(self, more, rows):
        path = self.configure(numbers=settings.NUMBERS + rows)
        self.lab.write("conf.d/more.conf", more)
        said = self.check(path)[1]
        os.unlink(self.lab.path("conf.d", "more.conf"))
        return said

    def test_before_a_syntax_error_all_is_looked_at(self):
        """Tables, certificates and keys that are named there, and rows that name no certificate."""
        unit = self.lab.unit.directory
        os.chmod(unit + "/key.pem", 0o644)
        write(unit + "/x5u", "http://x\n")
        status, said = self.check(self.configure(more="colour = = blue;",
                                                 numbers=HEAD + "+12,acme,owned\n"))
        self.assertEqual(status, 1)
        for words in ("syntax error", "numbers.csv:2: ", "is no https URL", "key.pem: readable by others",
                      "stird.conf: what stands behind a syntax error or in a file that cannot be read, what that "
                      "names, and what the parts say of each other, was not checked"):
            self.assertIn(words, said)
        self.assertIn("mend this mistake first", said.splitlines()[-1], "it speaks of those above")

    def test_behind_a_syntax_error_anything_may_be(self):
        """Rules, trunks and certificates that are read later are not missing."""
        path = self.configure(numbers=HEAD.rstrip("\n") + ",cert\n+12155557777,acme,owned,late\n")
        self.lab.write("conf.d/a.conf", 'rules = ( { name = "x"; then = "B"; customers = [ "late" ];\n'
                       '  number_is = [ "x_late = 1" ]; certificate = "late"; } );\n')
        self.lab.write("conf.d/b.conf", "colour = = blue;\n")
        said = self.check(path)[1]
        self.assertNotIn("late", said)
        self.assertNotIn("x_late", said)

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

    def test_a_mistake_is_told_once(self):
        self.start()
        self.lab.write("conf.d/more.conf", 'colour = "blue";')
        for more in ((), ("-j",)):
            _, out, err = stirctl.run(self.lab.path("stird.conf"), *more, "reload", "--wait")
            self.assertEqual((out + err).count('unknown key'), 1, out + err)

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

    NOBODY = 'trunk "pbx": customer "zed" has no row in the number tables and is declared nowhere'

    def test_warnings_are_told_with_mistakes(self):
        for more in ({"more": "colour = 1;"}, {"limits": ' memory = "1k";'},
                     {"upstreams": [self.upstream(uri="sip:a b")]}):
            status, said = self.check(self.configure(pbx={"customer": "zed"}, listeners=[self.listener(host="192.0.2.77")],
                                                     **more))
            self.assertEqual(status, 1)
            self.assertIn("warning: " + self.NOBODY, said, more)
            self.assertIn("this machine has no address 192.0.2.77", said, more)
            self.assertNotIn("configuration is good", said)

    def test_a_mistake_makes_no_warning_of_its_own(self):
        """Whom a customer with a mistake is, or who is declared where nobody could read it."""
        customers = self.lab.path("customers.csv")
        for rows, more in (("", {"pbx": {"customer": ""}}),
                           ("", {"pbx": {"customer": "zed"}, "more": 'customers = ( { nam = "zed"; } );'}),
                           ("", {"pbx": {"customer": "zed"}, "more": 'customers = "zed";'}),
                           ("+1215555010x,zed,owned,,,,\n", {"pbx": {"customer": "zed"}})):
            status, said = self.check(self.configure(numbers=settings.NUMBERS + rows, **more))
            self.assertEqual(status, 1, said)
            self.assertNotIn("declared nowhere", said)
        path = self.configure(pbx={"customer": "zed"})
        for table in ("customer,cap\nzed,Q\n", "cust,cap\nzed,A\n"):
            write(customers, table)
            for named in ('[ "%s" ]' % customers, '"%s"' % customers):
                with open(path, encoding="utf-8") as source:
                    text = source.read()
                again = self.lab.write("again.conf", text.replace("numbers = {", "numbers = { customers = %s;" % named))
                self.assertNotEqual(text.find("numbers = {"), -1)
                status, said = self.check(again)
                self.assertEqual(status, 1, said)
                self.assertNotIn("declared nowhere", said)

    def test_a_configuration_that_cannot_be_read_says_that_alone(self):
        """Not what its defaults name, nor what stands beside it."""
        path = self.configure()
        self.lab.write("conf.d/more.conf", "colour = = 1;")
        nowhere, directory = self.lab.path("nowhere.conf"), self.lab.path("state")
        for name, why in ((nowhere, "No such file or directory: make a first one by stirctl init"),
                          (directory, "is no regular file")):
            for mode in ("-t", "-f", "-T"):
                done = subprocess.run([stird.binary(), mode, "-c", name], capture_output=True, text=True,
                                      timeout=HANG_S, check=False)
                self.assertEqual(done.returncode, 78 if mode == "-f" else 1)
                self.assertIn("%s: cannot be read: %s" % (name, why), done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        if os.geteuid() == 0:
            os.chmod(path, 0o600)
            os.chmod(self.lab.directory, 0o755)
            nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", stird.binary(), "-t", "-c"]
            for mode in (0o755, 0o700):
                os.chmod(self.lab.path("conf.d"), mode)
                done = subprocess.run(nobody + [path], capture_output=True, text=True, timeout=HANG_S, check=False)
                self.assertEqual((done.returncode, done.stderr),
                                 (1, path + ": cannot be read: Permission denied\n"))

    def test_a_compiled_table_among_tables(self):
        path = self.configure()
        compiled = self.lab.path("numbers.d", "c.csv")
        os.mkdir(os.path.dirname(compiled))
        self.assertEqual(stirctl.run(path, "numbers", "compile", "-o", compiled)[0], 0)
        with open(path, encoding="utf-8") as source:
            text = source.read()
        again = self.lab.write("again.conf", text.replace("numbers.csv", "numbers.d"))
        said = self.check(again)[1]
        self.assertIn("numbers.d/c.csv:1: the row begins a compiled table", said)
        self.assertNotIn("control character", said)

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
