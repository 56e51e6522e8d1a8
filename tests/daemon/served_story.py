"""
Run by certificates_test.py in a network namespace: two units of a certificate, and a web server that
serves the one, the other, or something else. Whoever is served signs.
"""

import json
import os
import shutil
import signal
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib.patience import HANG_S
from lib import identity, stirctl, stird
from lib.lab import Unit, end_with_parent


class WhatIsServedDecides(ProcessStory):
    def stirctl(self, *words):
        return subprocess.run([os.environ["STIRCTL"], *words], capture_output=True, text=True,
                              timeout=HANG_S, check=True).stdout

    def setUp(self):
        super().setUp()
        self.web = self.lab.path("web")
        self.stirctl("lab-ca", "--spc", "818H", self.web)
        # A second unit of the same code: that of "revoked", which nobody looks up here.
        shutil.rmtree(self.lab.unit.directory)
        os.mkdir(self.lab.unit.directory, 0o700)
        for name, source in (("a", "818H"), ("b", "revoked")):
            shutil.copytree("%s/%s" % (self.web, source),
                            "%s/%s.unit" % (self.lab.unit.directory, name))
        self.a = Unit(self.lab.unit.directory + "/a.unit")
        self.b = Unit(self.lab.unit.directory + "/b.unit")
        self.server = subprocess.Popen(
            [os.environ["STIRCTL"], "lab-ca", "--serve", self.web], stdout=subprocess.PIPE,
            text=True, preexec_fn=end_with_parent)
        self.assertIn("serving", self.server.stdout.readline())
        self.addCleanup(self.stop_server)

    def stop_server(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(HANG_S)
        self.server.stdout.close()

    def serve(self, name, source):
        """The URL of unit NAME serves the file SOURCE; None: nothing."""
        path = "%s/public/%s.pem" % (self.web, name)
        if os.path.exists(path):
            os.unlink(path)
        if source:
            shutil.copy(source, path)

    def check(self):
        """It fails where nothing signs."""
        status, out, err = stirctl.run(self.lab.path("stird.conf"), "cert", "check", "--json")
        rows = json.loads(out)
        self.assertEqual(status, 0 if any(c["signs"] for c in rows) else 1, err)
        return {c["unit"]: c for c in rows}

    def found(self, unit, url):
        """What is known of it when its URL is that: a look that took too long, on a slow machine, finds nothing."""
        def is_so():
            row = self.check()[unit]
            return row if row["url"] == url else None
        return stird.wait_until(is_so, HANG_S, "%s is %s" % (unit, url))

    def large(self, size):
        """A file of unit a's chain, and behind it so much that nobody reads that it has SIZE octets."""
        path = self.lab.path("large.pem")
        with open(self.web + "/818H/chain.pem", encoding="ascii") as source, open(path, "w", encoding="ascii") as out:
            chain = source.read()
            out.write(chain + "\n" * (size - len(chain)))
        return path

    def lost_sight_of_a(self):
        return len([line for line in self.stird.log_lines("cannot be reached any more") if " unit=a " in line])

    def who_signs(self):
        """By its URL; the signature must be that of the key whose certificate is served there."""
        _, arrived = self.short_call()
        values = arrived.all("identity")
        if not values:
            return None
        token = identity.Token(values[0])
        unit = {self.a.x5u: self.a, self.b.x5u: self.b}[token.info]
        self.assertTrue(identity.openssl_verifies(token, unit.public_key))
        return "a" if unit is self.a else "b"

    def signs(self, name, why):
        """At once, but for the moment that the news takes from the supervisor to the worker."""
        stird.wait_until(lambda: self.who_signs() == name, HANG_S, why)

    def test(self):
        self.start(check='interval = "1h"; allow_private = true; tls_ca = "%s/root.pem";'
                         ' anchors = "%s/root.pem";' % (self.web, self.web))
        stird.wait_until(lambda: all(c["url"] == "served" for c in self.check().values()), HANG_S,
                         "both are served")
        self.signs("b", "of two that are as new, the later name signs")
        self.serve("revoked", None)
        self.found("b", "unreachable")
        self.signs("a", "the fallback, while the newest is not there")
        self.serve("revoked", self.web + "/revoked/chain.pem")
        self.assertEqual(self.found("b", "served")["signs"], True)
        self.signs("b", "unit b signs")
        # Somebody publishes another certificate under the URL: no verifier would be content.
        self.serve("revoked", self.web + "/818H/chain.pem")
        found = self.found("b", "wrong")
        self.assertEqual(found["signs"], False)
        self.assertIn("of another key", found["found"])
        self.signs("a", "unit a signs")
        self.serve("818H", self.web + "/root.pem")
        self.found("a", "wrong")
        self.signs(None, "what verifiers would reject is not sent")
        self.stird.wait_log("certificate_not_served")
        # However much too large it is.
        for size in ((32 << 10) + 1, (64 << 10) + 1):
            self.serve("818H", self.large(size))
            stird.wait_until(lambda: "is longer than 32 KiB" in self.check()["a"]["found"], HANG_S, "it is said")
            self.assertEqual(self.found("a", "wrong")["signs"], False)
            self.serve("818H", self.web + "/818H/key.pem")
            stird.wait_until(lambda: "private key" in self.check()["a"]["found"], HANG_S, "it is said")
        self.serve("818H", self.web + "/818H/chain.pem")
        self.assertEqual(self.found("a", "served")["signs"], True)
        self.signs("a", "unit a signs")
        # The lab's list revokes unit b, whatever its URL serves.
        self.serve("revoked", self.web + "/revoked/chain.pem")
        path = self.lab.path("stird.conf")
        with open(path, encoding="ascii") as source:
            text = source.read()
        with open(path, "w", encoding="ascii") as out:
            out.write(text.replace("anchors =", 'crls = "%s/crl.pem"; crl_anchors = "%s/root.pem"; anchors ='
                                   % (self.web, self.web)))
        self.stird.reload()
        stird.wait_until(lambda: self.check() and self.stird.log_lines("serves a certificate that is revoked"),
                         HANG_S, "unit b is looked at")
        self.signs("a", "unit b is revoked")
        self.assertEqual({n: c["state"] for n, c in self.check().items()},
                         {"a": "usable", "b": "certificate_not_served"})
        # What was wrong stays so when nobody can look any more.
        self.serve("818H", self.web + "/root.pem")
        self.found("a", "wrong")
        before = self.lost_sight_of_a()
        self.stop_server()
        self.assertEqual({c["url"] for c in self.check().values()}, {"wrong"})
        self.assertEqual(self.lost_sight_of_a(), before + 1)
        self.signs(None, "both are wrong")
        # Another URL is another unit, of which nothing is known; but revoked is revoked.
        for unit in (self.a, self.b):
            with open(unit.directory + "/x5u", "w", encoding="ascii") as out:
                out.write(unit.x5u.replace(".pem", "-2.pem"))
        self.a, self.b = Unit(self.a.directory), Unit(self.b.directory)
        self.stird.reload()
        self.stird.wait_log("it=.is revoked")
        stird.wait_until(lambda: {n: c["url"] for n, c in self.check().items()} ==
                         {"a": "unreachable", "b": "wrong"}, 10.0, "both are looked at")
        stats = stirctl.ask(self.lab.path("stird.conf"), "stats")
        self.assertEqual((stats["certificates_unreachable"], stats["certificates_wrong"],
                          stats["certificates_served"]), (1, 1, 0))
        self.assertGreater(stats["certificate_checks"], 5)
        self.assertGreater(stats["certificate_seconds_left"], 86400)
        self.signs("a", "what cannot be looked at signs, what was wrong does not")


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    print("all is well" if result.wasSuccessful() and result.testsRun == 1 else "not so")
