"""
Names of files are whoever's who may write them: a line end in one makes no line of its own, neither in what
stird and stirctl say nor in the log, and no terminal takes an order from it.
"""

import json
import os
import unittest

from daemon.lifetimes import ProcessStory
from lib import settings, stird, stirctl
from lib.lab import make_unit

ODD = "a\nFORGED: all is well\x1b[31m\x7f"
SHOWN = r"a\x0aFORGED: all is well\x1b[31m\x7f"
ROWS = ("+12155550100,acme,owned,,\n+12155550100,globex,owned,,\n+12155550100,acme,owned,,nope\n"
        "+12155552000-+12155552100,acme,owned,,\n+12155552050-+12155552200,acme,owned,,\n+1215,,x,y,nope\n")
HEAD = "number,customer,state,not_before,cert\n"


class OddFileNames(ProcessStory):
    def setUp(self):
        super().setUp()
        os.mkdir(self.lab.path("tables"), 0o755)
        os.mkdir(self.lab.path("units"), 0o755)
        unit = make_unit(self.lab.path("units"))
        os.rename(unit.directory, self.lab.path("units", ODD + ".unit"))

    def table(self, rows):
        path = self.lab.path("tables", ODD + ".csv")
        with open(path, "w", encoding="ascii") as file:
            file.write(HEAD + rows)
        os.chmod(path, 0o644)

    def odd(self, rows, **more):
        self.table(rows)
        return self.configure(tables='files = [ "%s" ];' % self.lab.path("tables"),
                              certificates=[{"id": "818H", "directory": self.lab.path("units")}], **more)

    def assert_shown(self, text, named=True):
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\x7f", text)
        self.assertNotIn("\nFORGED", text)
        if named:
            self.assertIn(SHOWN, stirctl.rows(text))

    def asked(self, *words, named=True, status=0):
        found, out, err = stirctl.run(self.lab.path("stird.conf"), *words)
        self.assertEqual(found, status, out + err)
        self.assert_shown(out + err, named)
        return out

    def test_mistakes_in_them(self):
        path = self.odd(ROWS)
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 1)
        self.assert_shown(said)
        self.asked("numbers", "lint", status=1)
        self.asked("numbers", "compile", "-o", self.lab.path("x"), status=1)
        self.asked("numbers", "lint", self.lab.path("tables", ODD + ".csv"), status=1)
        found = json.loads(stirctl.run(path, "numbers", "lint", "--json")[1])
        self.assertIn(self.lab.path("tables", ODD + ".csv"), {line["file"] for line in found})
        os.chmod(self.lab.path("tables", ODD + ".csv"), 0o666)
        self.assert_shown(stird.check_configuration(path)[1])
        os.remove(self.lab.path("units", ODD + ".unit", "key.pem"))
        self.assert_shown(stird.check_configuration(path)[1])
        os.remove(self.lab.path("units", ODD + ".unit", "chain.pem"))
        self.assert_shown(stird.check_configuration(path)[1])

    def test_names_that_are_written(self):
        """Files that are not there."""
        path = self.configure(tables='files = [ "%s" ];' % self.lab.path("none", "a\\nFORGED\\x1b"),
                              certificates=[{"id": "818H", "directory": self.lab.path("no\\nFORGED\\x1b")}])
        said = stird.check_configuration(path)[1]
        self.assert_shown(said, False)
        self.assertIn(r"a\x0aFORGED\x1b", said)
        self.assertIn(r"no\x0aFORGED\x1b", said)
        status, out, err = stirctl.run(path, "numbers", "show", "+12155550100", "--offline")
        self.assertEqual(status, 1)
        self.assert_shown(out + err, False)
        path = self.configure()
        for words in (("numbers", "diff", "a\nFORGED", "b\nFORGED"), ("verify", "a\nFORGED"),
                      ("numbers", "lint", "a\nFORGED"), ("records", "verify", "a\nFORGED"),
                      ("explain", "--trunk", "pbx", "--message", "a\nFORGED")):
            with self.subTest(words=words):
                _, out, err = stirctl.run(path, *words)
                self.assert_shown(out + err, False)
                self.assertIn(r"a\x0aFORGED", out + err)

    def test_of_a_stird_that_runs(self):
        path = self.odd("+12155550100,acme,owned,,\n+12155550100,globex,owned,,\n")
        self.start_with(path)
        number = "+12155550100"
        self.asked("numbers", "show", number)
        rows = stirctl.ask(path, "numbers", "show", number)  # as JSON the name is whole
        self.assertEqual({row["file"] for row in rows}, {self.lab.path("tables", ODD + ".csv")})
        self.assertRegex(self.asked("numbers", "set", number, "globex", "delegated"), "(?m)owned for acme")
        self.asked("numbers", "diff", "running", "configured", named=False)
        self.asked("cert", "list")
        self.asked("status")
        self.asked("explain", "--trunk", "pbx", "--from", number, "--to", "+13125550123")
        self.table("+12155550100,acme,sold,,\n")
        self.asked("reload", "--wait", status=1)
        self.asked("status")
        self.assert_shown(self.stird.log())
        for line in self.stird.log().splitlines():
            self.assertRegex(line, r"^\d{4}-|^$", line)


if __name__ == "__main__":
    unittest.main()
