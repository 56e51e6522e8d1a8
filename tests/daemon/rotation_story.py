"""
Run by certificates_test.py in a network namespace: one certificate after the other is published,
imported and served while calls run. No call is lost or leaves unsigned, and each token verifies
against what its own URL serves. STIRD_LONG=1: 100 rotations at 500 calls/s, else 3 at 50.
"""

import json
import os
import shutil
import signal
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib.patience import HANG_S
from lib import stirctl, stird
from lib.lab import PROJECT, end_with_parent

LONG = os.environ.get("STIRD_LONG") == "1"
ROTATIONS, RATE = (100, 500) if LONG else (3, 50)


class Rotation(ProcessStory):
    def setUp(self):
        super().setUp()
        self.path, self.web = self.lab.path("stird.conf"), self.lab.path("web")
        self.tool("lab-ca", "--spc", "709J", self.web)
        shutil.rmtree(self.lab.unit.directory)
        os.mkdir(self.lab.unit.directory, 0o700)
        self.server = subprocess.Popen(
            [os.environ["STIRCTL"], "lab-ca", "--serve", self.web], stdout=subprocess.PIPE,
            text=True, preexec_fn=end_with_parent)
        self.assertIn("serving", self.server.stdout.readline())
        self.addCleanup(self.stop_server)

    def stop_server(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(HANG_S)
        self.server.stdout.close()

    def tool(self, *words):
        done = subprocess.run([os.environ["STIRCTL"], *words], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertIn(done.returncode, (0, 1, 3), done.stderr)
        return done.stdout

    def make(self, number):
        """A unit of its own key, below the web server's authority; its chain is published."""
        name = "unit%d" % number
        directory = self.lab.path("made", name)
        run = subprocess.run(
            [os.path.join(PROJECT, "tests", "lib", "make-unit"), "--ca", self.lab.path("ca"), "--x5u",
             "https://localhost:8443/%s.pem" % name, directory], capture_output=True, text=True,
            timeout=HANG_S, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        shutil.copy(directory + "/chain.pem", "%s/public/%s.pem" % (self.web, name))
        return directory

    def import_unit(self, number):
        directory = self.make(number)
        status, _, err = stirctl.run(
            self.path, "cert", "import", "--key", directory + "/key.pem", "--chain",
            directory + "/chain.pem", "--x5u", "https://localhost:8443/unit%d.pem" % number,
            "--name", "unit%03d" % number, "818H")
        self.assertEqual(status, 0, err)
        # Old units go as an operator lets them go: two stay.
        for name in sorted(os.listdir(self.lab.unit.directory))[:-2]:
            shutil.rmtree(os.path.join(self.lab.unit.directory, name))

    def signs(self, number):
        def found(word):
            return any(c["signs"] and c["unit"] == "unit%03d" % number for c in stirctl.ask(self.path, "cert", word))
        return found("list") or found("check")  # the look of the import may have taken too long

    def wait_call_by(self, number):
        """A call has arrived whose token that unit has signed."""
        url = b";info=<https://localhost:8443/unit%d.pem>" % number
        read = bytearray()
        with open(self.lab.path("arrived"), "rb") as arrived:
            arrived.seek(max(0, os.path.getsize(arrived.name) - 100000))
            def found():
                del read[:-len(url)]
                read.extend(arrived.read())
                return url in read
            stird.wait_until(found, HANG_S, "a call that unit %d has signed" % number)

    def test(self):
        shutil.copytree(self.make(0), self.lab.unit.directory + "/unit000.unit")
        self.start(check='interval = "1h"; allow_private = true; tls_ca = "%s/root.pem";' % self.web,
                   limits=" calls = 20000;")
        load = subprocess.Popen(
            [os.environ["LOAD"], "--proxy", self.net(1) + ":5060", "--caller",
             self.net(2) + ":5060", "--callee", self.net(9) + ":5060", "--rate", str(RATE),
             "--calls", "1000000", "--messages", self.lab.path("arrived")],
            stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent)
        stird.wait_until(lambda: os.path.exists(self.lab.path("arrived")), HANG_S, "the load begins")
        self.wait_call_by(0)
        done = 0
        while done < ROTATIONS and load.poll() is None:
            done += 1
            self.import_unit(done)
            stird.wait_until(lambda n=done: self.signs(n), HANG_S, "unit %d signs" % done)
            self.wait_call_by(done)
        load.send_signal(signal.SIGTERM)  # enough calls; those that run may end
        out, _ = load.communicate(timeout=900)
        result = json.loads(out)
        self.assertEqual(done, ROTATIONS, "all of them while calls ran")
        self.assertEqual((result["failed"], result["completed"]), (0, result["calls"]), out)
        self.assertEqual(result["identities"] + result["paused"], result["calls"], "each is signed")
        self.check_tokens(result["calls"], result["identities"])

    def check_tokens(self, calls, n):
        status = subprocess.run(
            [os.environ["STIRCTL"], "verify", "--json", "--at", "iat", "--allow-private",
             "--tls-ca", self.web + "/root.pem", "--ca", self.lab.path("ca", "root.pem"),
             self.lab.path("arrived")], capture_output=True, text=True, timeout=1500, check=False)
        told = json.loads(status.stdout)
        self.assertEqual(len(told), calls)
        tokens = [token for call in told for token in call["hops"][-1]["tokens"]]
        self.assertEqual(len(tokens), n)
        self.assertEqual({t["verdict"] for t in tokens}, {"valid"})
        urls = {t["header"]["x5u"] for t in tokens}
        self.assertEqual(len(urls), ROTATIONS + 1, "each unit signed calls")
        print("%d calls, %d units, 0 lost, 0 unsigned" % (calls, len(urls)))


if __name__ == "__main__":
    outcome = unittest.main(exit=False).result
    print("all is well" if outcome.wasSuccessful() and outcome.testsRun == 1 else "not so")
