"""stirctl secret: the Record-Route secret compared, taken out and put in; never shown, never looser."""

import os
import pty
import stat
import subprocess

from lib import stirctl
from lib.lab import binary
from lib.patience import HANG_S
from lib.story import Story


class Secret(Story):
    def setUp(self):
        super().setUp()
        self.path = self.configure()
        self.own = self.lab.path("state", "hmac-secret")

    def refused(self, said, *words):
        status, out, err = stirctl.run(self.path, "secret", *words)
        self.assertEqual((status, out), (1, ""))
        self.assertIn(said, err)

    def fingerprint(self):
        return stirctl.ask(self.path, "secret", "show-fingerprint")["fingerprint"]

    def make(self, name, octets, mode=0o600):
        path = self.lab.path(name)
        with open(path, "wb") as out:
            out.write(octets)
        os.chmod(path, mode)
        return path

    def octets(self, path):
        with open(path, "rb") as source:
            return source.read()

    def test_before_the_first_start(self):
        self.refused("first start", "show-fingerprint")
        self.refused("No such file", "export", self.lab.path("out"))
        given = self.make("given", bytes(range(32)))
        status, out, _ = stirctl.run(self.path, "secret", "import", given)
        self.assertEqual(status, 0)
        self.assertIn(self.fingerprint(), out)
        self.assertEqual(self.octets(self.own), bytes(range(32)))
        self.start_with(self.path)
        self.assertEqual(self.octets(self.own), bytes(range(32)), "stird keeps it")

    def test_out_and_in(self):
        self.start_with(self.path)
        mine, first = self.octets(self.own), self.fingerprint()
        out = self.lab.path("out")
        status, said, err = stirctl.run(self.path, "secret", "export", out)
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        self.assertEqual(self.octets(out), mine)
        self.refused("there already", "export", out)
        other = self.make("other", os.urandom(32))
        self.assertNotEqual(stirctl.ask(self.path, "secret", "import", other)["fingerprint"], first)
        self.assertEqual(stat.S_IMODE(os.stat(self.own).st_mode), 0o600)
        self.assertEqual(os.stat(self.own).st_uid, os.stat(self.lab.path("state")).st_uid)
        self.assertEqual(stirctl.ask(self.path, "secret", "import", out)["fingerprint"], first)
        self.assertIn("already", stirctl.run(self.path, "secret", "import", out)[1])
        self.assertEqual(os.listdir(self.lab.path("state")).count("hmac-secret"), 1)
        for text in (said, self.stird.log()):
            self.assertNotIn(mine.hex(), text)

    def test_to_standard_output(self):
        """The octets and nothing else, no file of this name; and never to a terminal."""
        program, place = os.path.join(os.path.dirname(binary()), "stirctl"), self.lab.path("state")
        export = [program, "-c", self.path, "secret", "export", "-"]
        self.refused("No such file", "export", "-")
        self.start_with(self.path)
        done = subprocess.run(export, cwd=self.lab.directory, capture_output=True, timeout=HANG_S, check=True)
        self.assertEqual((done.stdout, done.stderr), (self.octets(self.own), b""))
        ours, its = pty.openpty()
        done = subprocess.run(export, cwd=self.lab.directory, stdout=its, stderr=subprocess.PIPE, timeout=HANG_S,
                              check=False)
        os.close(its)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"a terminal is no place for a secret", done.stderr)
        with self.assertRaises(OSError):  # nothing was written, and nobody is there any more
            os.read(ours, 1)
        os.close(ours)
        for directory in (self.lab.directory, place):
            self.assertNotIn("-", os.listdir(directory))

    def test_what_is_no_secret(self):
        self.start_with(self.path)
        before = self.octets(self.own)
        os.symlink(self.make("good", os.urandom(32)), self.lab.path("link"))
        for said, path in (("chmod 600", self.make("open", os.urandom(32), 0o640)),
                           ("no secret", self.make("short", os.urandom(31))),
                           ("no secret", self.make("long", os.urandom(33))),
                           ("no secret", self.make("empty", b"")),
                           ("no secret", self.make("zeros", bytes(32))),
                           ("regular file", self.lab.path("state")),
                           ("regular file", self.lab.path("link")),
                           ("No such file", self.lab.path("nowhere"))):
            with self.subTest(path):
                self.refused(said, "import", path)
        self.assertEqual(self.octets(self.own), before)
        os.chmod(self.own, 0o644)
        self.refused("chmod 600", "show-fingerprint")
        self.refused("chmod 600", "export", self.lab.path("out"))
        self.assertFalse(os.path.exists(self.lab.path("out")))

    def test_usage(self):
        for words in (("import",), ("export",), ("show-fingerprint", "x"), ("import", "a", "b")):
            status, _, err = stirctl.run(self.path, "secret", *words)
            self.assertEqual(status, 2)
            self.assertIn("usage: stirctl secret", err)
