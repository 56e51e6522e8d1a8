"""R-C-005: Not even code of its choice gives a running worker the key: it is made to call open(2) itself."""

import errno
import os
import re
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib import possess
from lib.patience import HANG_S

REFUSED = (-errno.EACCES, -errno.EPERM)


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
class Key(ProcessStory):
    def unit(self, name):
        return os.path.join(self.lab.unit.directory, name)

    def test_cannot_be_opened_by_a_running_worker(self):
        self.start()
        self.signed_call()
        worker = self.stird.wait_child("worker")
        for path in (self.unit("key.pem"), self.unit("chain.pem"), "/etc/passwd",
                     self.lab.path("state", "hmac-secret")):
            self.assertIn(possess.open_inside(worker, path), REFUSED, path)
        self.signed_call()
        self.assertEqual(self.stird.child("worker"), worker, "it went on as if nothing had been")

    def scalar(self):
        """The private key's number, as openssl prints it."""
        text = subprocess.run(["openssl", "ec", "-in", self.lab.unit.directory + "/key.pem",
                               "-noout", "-text"], capture_output=True, text=True, check=True,
                              timeout=HANG_S).stdout
        digits = re.search(r"priv:\s*([0-9a-f:\s]+)pub:", text).group(1)
        return int(re.sub(r"[:\s]", "", digits), 16).to_bytes(32, "big")

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root looks into other processes")
    def test_is_in_no_memory_but_the_signers(self):
        """As a number in either order of octets, and as the text of the file."""
        self.start()
        self.signed_call("A")
        self.stird.reload()
        self.stird.wait_log("reload done")
        self.signed_call("A")
        with open(self.lab.unit.directory + "/key.pem", "rb") as source:
            lines = [line for line in source.read().split(b"\n") if len(line) >= 40]
        needles = [self.scalar(), self.scalar()[::-1]] + lines
        for role in ("worker", "recorder"):
            self.assertFalse(possess.holds(self.stird.child(role), needles), role)
        self.assertFalse(possess.holds(self.stird.process.pid, needles), "supervisor")
        self.assertTrue(possess.holds(self.stird.child("signer"), needles), "the search finds it")

    def test_cannot_be_opened_by_the_recorder(self):
        self.start()
        recorder = self.stird.wait_child("recorder")
        self.assertIn(possess.open_inside(recorder, self.unit("key.pem")), REFUSED)

    def test_can_be_opened_by_the_supervisor(self):
        """For a reload; and it shows that the tests above would notice."""
        self.start()
        self.assertGreater(possess.open_inside(self.stird.process.pid, self.unit("key.pem")), 2)


if __name__ == "__main__":
    unittest.main()
