"""What a mistake costs: a start that systemd does not repeat, a reload that changes nothing."""

import os
import shutil
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib import sandbox, settings, stird, stirctl
from lib.lab import PROJECT
from lib.patience import HANG_S

MISCONFIGURED = 78  # EX_CONFIG
FEWER = "\n".join(settings.NUMBERS.split("\n")[:4]) + "\n"


class Mistakes(ProcessStory):
    def status_of_start(self, path):
        end = subprocess.run([stird.binary(), "-f", "-c", path], capture_output=True, text=True,
                             timeout=HANG_S, check=False)
        return end.returncode, end.stderr

    def test_of_the_configuration_have_a_status_of_their_own(self):
        good = self.configure()
        missing = self.lab.path("nowhere.conf")
        self.assertEqual(self.status_of_start(missing)[0], MISCONFIGURED)
        for more in ("colour = 1;", "colour = = 1;", 'security = { user = "no-such-user"; };',
                     'control = { group = "no-such-group"; };'):
            self.assertEqual(self.status_of_start(self.configure(more=more))[0], MISCONFIGURED, more)
        self.assertEqual(self.status_of_start(self.configure(numbers="number,customer\n+1,x\n"))[0],
                         MISCONFIGURED)
        self.configure()
        os.chmod(self.lab.unit.directory + "/key.pem", 0o644)
        self.assertEqual(self.status_of_start(good)[0], MISCONFIGURED)

    def test_what_may_pass_by_itself_has_the_usual_one(self):
        """An address that comes later, a port that becomes free."""
        path = self.configure(listeners=[self.listener(host="192.0.2.77")])
        status, said = self.status_of_start(path)
        self.assertEqual(status, 1, said)
        self.assertIn("this machine has no such address", said)
        self.peer("other", 1)
        self.assertEqual(self.status_of_start(self.configure())[0], 1)

    def test_the_unit_knows_that_status(self):
        with open(os.path.join(PROJECT, "systemd", "stird.service"), encoding="utf-8") as source:
            unit = source.read()
        self.assertIn("\nRestartPreventExitStatus=%d\n" % MISCONFIGURED, unit)
        self.assertIn("\nRestart=on-failure\n", unit)
        # A command line without sense, and systemd's own: EXEC, GROUP, USER, CAPABILITIES, NAMESPACE.
        self.assertIn("\nRestartPreventExitStatus=2 203 216 217 218 226\n", unit)

    @unittest.skipIf(os.environ.get("STIRD_SANITIZED") == "1", "a worker takes too long to give up")
    def test_a_start_that_fails_late_leaves_no_line_in_the_records(self):
        """In a worker that cannot give up its files."""
        path = self.configure()
        end = subprocess.run([stird.binary(), "-f", "-c", path], preexec_fn=sandbox.with_broken_landlock,
                             capture_output=True, text=True, timeout=HANG_S, check=False)
        self.assertIn("security.landlock_required = false", end.stderr)
        self.assertEqual(os.path.getsize(self.lab.path("records.jsonl")), 0)
        # Nor is one missing when it serves.
        self.start_with(path)
        self.short_call()
        self.stird.stop()
        with open(self.lab.path("records.jsonl"), encoding="utf-8") as source:
            self.assertIn('"kind":"start"', source.readline())

    def test_an_address_that_the_machine_has_not_is_a_warning(self):
        path = self.configure(listeners=[self.listener(host="192.0.2.77")])
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r'warning: listener ".*": this machine has no address 192\.0\.2\.77')
        self.assertNotIn("has no address", stird.check_configuration(self.configure())[1])

    def test_a_reload_that_fails_kills_nobody(self):
        self.start()
        self.configure(more="colour = 1;")
        path = self.lab.path("stird.conf")
        for _ in range(3):
            self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 1)
        self.stird.wait_log("(?s)(child=stird-loader pid=[0-9]+ status=0.*){3}")
        self.assertNotIn("signal=", self.stird.log())
        self.configure()
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)

    def test_mistakes_everywhere_are_told_at_once(self):
        """Certificate, its key, TLS files, tables, journal: none hides another."""
        path = self.configure(more='colour = "blue";\n'
                              'tls = { certificate = "tls.pem"; key = "nowhere.key"; ca = "tls.pem"; };',
                              numbers="number,customer,state\n+1215555010x,acme,owned\n")
        self.lab.write("tls.pem", "this is no certificate\n")
        unit = self.lab.unit.directory
        self.lab.write(os.path.join(unit, "chain.pem"), "no certificate either\n")
        os.chmod(unit + "/key.pem", 0o644)
        self.lab.write("state/numbers.overlay", "no journal\n")
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 1)
        for line in ('unknown key "colour"', "tls.key: .*nowhere.key: No such file", r"chain.pem",
                     "key.pem: readable by others", r'number "\+1215555010x" is no number',
                     "numbers.overlay.* is no number overlay"):
            self.assertRegex(said, line)

    def test_the_key_of_a_certificate_with_mistakes_is_looked_at(self):
        path = self.configure()
        unit = self.lab.unit.directory
        os.unlink(unit + "/x5u")
        shutil.copy(unit + "/chain.pem", unit + "/key.pem")
        os.chmod(unit + "/key.pem", 0o600)
        _, said = stird.check_configuration(path)
        self.assertRegex(said, "x5u: No such file")
        self.assertRegex(said, "key.pem: ")


class Forced(ProcessStory):
    def test_a_table_that_shrank_is_taken_when_somebody_says_so(self):
        """And that is told in log and records, once; nothing else is forced by it."""
        self.start()
        path = self.lab.path("stird.conf")
        self.short_call()
        self.configure(numbers=FEWER)
        status, _, said = stirctl.run(path, "reload", "--wait")
        self.assertEqual(status, 1)
        self.assertIn("3 rows instead of 7", said)
        self.assertIn("stirctl reload --wait --force", said)
        self.assertEqual(stirctl.ask(path, "reload", "--wait", "--force")["number_rows"], 3)
        self.stird.wait_log("number table with many rows less is taken: the reload was forced rows_before=7 rows=3")
        self.stird.wait_log("reload done")
        # The same again has shrunk by nothing.
        stirctl.ask(path, "reload", "--wait", "--force")
        self.configure(numbers=FEWER, more="colour = 1;")
        self.assertEqual(stirctl.run(path, "reload", "--wait", "--force")[0], 1)
        # Nor does it last.
        self.configure(numbers="number,customer,state\n+12155550100,acme,owned\n")
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 1)
        self.stird.stop()
        with open(self.stird.records_path, encoding="utf-8") as source:
            told = [line for line in source if '"kind":"forced"' in line]
        self.assertEqual(len(told), 1)
        self.assertIn('"rows_before":7,"rows":3', told[0])
        self.assertEqual(stirctl.run(path, "records", "verify", self.stird.records_path)[0], 0)
        self.assertEqual(len(self.stird.log_lines("the reload was forced")), 1)


if __name__ == "__main__":
    unittest.main()
