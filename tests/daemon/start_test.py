"""What a start needs, what it says when that is missing, and `stird -t`."""

import os
import re
import stat
import subprocess
import unittest

from daemon.lifetimes import ProcessStory, status_of
from lib import stird
from lib.patience import HANG_S


def run(*arguments, **more):
    return subprocess.run([stird.binary(), *arguments], capture_output=True, text=True, timeout=HANG_S,
                          check=False, **more)


class Start(ProcessStory):
    def fail_to_start(self, path, status=1):
        end = run("-f", "-c", path)
        self.assertEqual(end.returncode, status, end.stderr)
        return end.stderr

    def test_makes_a_secret_that_stays(self):
        self.start()
        secret = self.lab.path("state", "hmac-secret")
        with open(secret, "rb") as source:
            first = source.read()
        self.assertEqual(len(first), 32)
        self.assertEqual(stat.S_IMODE(os.stat(secret).st_mode), 0o600)
        self.stird.stop()
        self.stird.start()
        with open(secret, "rb") as source:
            self.assertEqual(source.read(), first)

    def test_children_can_gain_no_privileges_and_leave_no_core(self):
        self.start()
        for role, pid in self.children().items():
            self.assertEqual(status_of(pid, "NoNewPrivs"), "1", role)
            with open("/proc/%d/limits" % pid, encoding="ascii") as source:
                core = re.search(r"Max core file size +(\S+)", source.read()).group(1)
            if os.environ.get("STIRD_SANITIZED") != "1":
                self.assertEqual(core, "0", role)

    def test_worker_has_no_descriptor_of_a_file(self):
        self.start()
        found = stird.descriptors(self.stird.wait_child("worker"))
        self.assertGreater(len(found), 3)
        for fd, target in found.items():
            if fd > 2:
                self.assertRegex(target, r"^(socket|anon_inode|pipe):")

    def test_with_a_port_in_use(self):
        self.peer("other", 1)
        self.assertIn("another process has this port", self.fail_to_start(self.configure()))

    def test_with_a_readable_secret(self):
        path = self.configure()
        with open(self.lab.path("state", "hmac-secret"), "wb") as out:
            out.write(b"x" * 32)
        os.chmod(self.lab.path("state", "hmac-secret"), 0o644)
        self.assertIn("chmod 600", self.fail_to_start(path, 78))

    def test_with_a_record_file_that_is_none(self):
        path = self.configure()
        os.mkdir(self.lab.path("records.jsonl"))
        self.assertIn("records.jsonl\" cannot be written: it is no regular file", self.fail_to_start(path, 78))

    def test_with_mistakes_shows_all_of_them(self):
        said = self.fail_to_start(self.configure(more="nonsense = 1;\nmore_nonsense = 2;"), 78)
        self.assertRegex(said, r"stird\.conf:\d+: .*nonsense")
        self.assertRegex(said, r"stird\.conf:\d+: .*more_nonsense")

    def test_in_the_background_without_a_log_is_refused(self):
        if os.path.exists("/dev/log") or os.path.exists("/run/systemd/journal/stdout"):
            self.skipTest("this machine has a log")
        end = run("-c", self.configure())
        self.assertEqual(end.returncode, 1)
        self.assertIn("-f", end.stderr)


class Check(ProcessStory):
    def test_of_a_good_configuration(self):
        end = run("-t", "-c", self.configure())
        self.assertEqual((end.returncode, end.stderr), (0, ""))
        self.assertEqual(end.stdout, "configuration is good: 1 listener, 3 trunks, 1 upstream, "
                                     "1 certificate, 7 number rows, 2 customers\n")

    def test_of_mistakes_in_several_files(self):
        """Settings, numbers and keys are looked at all, as far as each can be."""
        path = self.configure(numbers="number,customer,state,not_before,not_after,cert,note\n"
                                      "+1215,acme,owner,,,,\nx,acme,owned,,,,\n")
        os.chmod(os.path.join(self.lab.unit.directory, "key.pem"), 0o644)
        end = run("-t", "-c", path)
        self.assertEqual((end.returncode, end.stdout), (1, ""))
        self.assertRegex(end.stderr, r"numbers\.csv:2: ")
        self.assertRegex(end.stderr, r"numbers\.csv:3: ")
        self.assertRegex(end.stderr, r"key\.pem")

    def test_of_a_syntax_error(self):
        end = run("-t", "-c", self.configure(more="listen = ("))
        self.assertEqual(end.returncode, 1)
        self.assertRegex(end.stderr, r"stird\.conf:\d+: ")

    def test_starts_nothing_and_makes_nothing(self):
        path = self.configure()
        run("-t", "-c", path)
        self.assertEqual(os.listdir(self.lab.path("state")), [])
        self.assertFalse(os.path.exists(self.lab.path("records.jsonl")))

    def test_print_shows_the_effective_settings(self):
        end = run("-T", "-c", self.configure())
        self.assertEqual(end.returncode, 0, end.stderr)
        self.assertIn(self.net(1), end.stdout)
        self.assertNotIn("PRIVATE KEY", end.stdout)


class CommandLine(unittest.TestCase):
    def test_version(self):
        self.assertRegex(run("-V").stdout, r"^stird \d+\.\d+\.\d+\n$")

    def test_help(self):
        end = run("--help")
        self.assertEqual(end.returncode, 0)
        self.assertIn("usage: stird", end.stdout)

    def test_nonsense(self):
        for arguments in (["-x"], ["-f", "extra"], ["-c"], ["--nonsense"]):
            end = run(*arguments)
            self.assertEqual(end.returncode, 2, arguments)
            self.assertNotEqual(end.stderr, "")


if __name__ == "__main__":
    unittest.main()
