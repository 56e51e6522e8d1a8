"""What verifies calls never keeps stird from starting: files of `trust` that are gone, or garbage, at a start and a reload."""

import os
import signal
import subprocess
import unittest

from daemon import trust_fetched_test, trust_test
from lib import stird, stirctl, trust
from lib.patience import HANG_S


class Started(trust_test.Trust):
    def begin_two(self):
        """A domain with a list of authorities, and one with anchors whose calls are open without a revocation list."""
        self.begin(list_signer=self.lab.path("signer.pem"), crl_anchor=self.lab.path("root.pem"),
                   files={"signer.pem": ("709J/chain.pem",), "root.pem": ("root.pem",), "fr.pem": ("root.pem",),
                          "fr.crl": ("crl.pem",)},
                   more=[{"name": "fr", "anchors": self.lab.path("fr.pem"), "crls": [self.lab.path("fr.crl")],
                          "crl_signer": self.lab.path("made", "intermediate.pem"), "crl_stale": "open"}])
        us, fr = self.wait_made()
        self.assertEqual([(one["state"], one["calls"], one["revoked"]) for one in (us, fr)], [("in force", "judged", 1)] * 2)

    def restart(self, *gone):
        """It starts without what is GONE, and a call goes on; what its domains are then."""
        self.stird.stop()
        for name in gone:
            os.unlink(name)
        self.start_with(self.path)
        self.short_call()
        def made():
            all_of_them = stirctl.ask(self.path, "trust", "list")["trust"]
            return all(one["state"] != "being made" for one in all_of_them) and all_of_them
        return stird.wait_until(made, HANG_S, "domains of trust")

    def warned(self, *wanted):
        """By `stird -t`, at their lines; it is no mistake."""
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 0, out)
        for why in wanted:
            self.assertRegex(out, r'stird\.conf:\d+: warning: trust "(us|fr)": ' + why)

    def test_lists_that_are_gone_or_garbage(self):
        """The last good ones hold. Of a domain without one it is said what calls get."""
        self.begin_two()
        self.put("crl.pem", "garbage")
        for name in ("list", "signer.pem", "fr.crl"):
            os.unlink(self.lab.path(name))
        self.warned("list: .*/list: No such file or directory: until it is mended the last good one counts",
                    "list_signer: .*/signer.pem: No such file", "crls: .*/fr.crl: No such file",
                    "crls: .*/crl.pem: holds no certificate revocation list")
        us, fr = self.restart(self.lab.path("state", "trust", trust.kept_name("fr", "crl", self.lab.path("fr.crl"))))
        self.assertEqual((us["state"], us["sequence"], us["revoked"], us["calls"]), ("in force", 1, 1, "judged"))
        self.assertNotIn("broken", us)
        self.assertEqual(us["sources"][0]["refused"], "is not there")
        self.assertEqual((fr["state"], fr["revoked"], fr["calls"], fr["crls_lacking"]), ("in force", 0, "open", 1))
        self.assertIn('fr: in force, 1 authority, 0 entries of revocation lists for numbers of all countries '
                      'calls whose certificate has to lead to it are open: no revocation list is in force (crl_stale = "open")', self.shown("list")[1])
        self.wait_alarm("trust_refused")

    def test_authorities_that_are_gone_or_garbage(self):
        """A domain cannot be made without them; after a reload it is what it was."""
        self.begin_two()
        self.put("fr.pem", "garbage")
        os.unlink(self.lab.path("root.pem"))
        self.warned("anchors: .*/fr.pem: holds no certificate, .*until it is mended this domain stays as it was",
                    "crl_anchor: .*/root.pem: No such file")
        for one in self.restart():
            self.assertEqual((one["state"], one["calls"], one["authorities"]), ("unavailable", "open", 0))
            self.assertIn("broken", one)
        self.assertEqual(self.shown("list")[1].count("Nobody is believed by it. Mend the file, then: stirctl trust refresh"), 2)
        self.assertIn("fr.crl: not judged before those files can be used", self.shown("list")[1])
        self.wait_alarm("trust_failed")
        self.put("fr.pem", self.text_of("root.pem"))
        self.put("root.pem", self.text_of("root.pem"))
        self.refreshed(0)
        self.wait_alarm("trust_failed", on=False)
        os.rename(self.lab.path("fr.pem"), self.lab.path("fr-itself.pem"))
        os.symlink("fr-itself.pem", self.lab.path("fr.pem"))
        self.assertNotIn("fr.pem", stird.check_configuration(self.path)[1], "a link is followed, by whoever looks at it")
        self.refreshed(0)
        os.chmod(self.lab.path("fr-itself.pem"), 0o666)
        self.warned("anchors: .*/fr.pem: can be written by everybody: chmod o-w: until it is mended this domain stays as it was")
        self.refreshed(1)
        self.assertIn("broken", stirctl.ask(self.path, "trust", "list")["trust"][1])
        os.chmod(self.lab.path("fr-itself.pem"), 0o644)
        self.refreshed(0)
        self.put("fr.pem", "garbage")
        status, out, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 0, err)
        self.assertIn("fr.pem: holds no certificate", out + err)
        self.refreshed(1)
        us, fr = stirctl.ask(self.path, "trust", "list")["trust"]
        self.assertEqual((us["state"], "broken" in us), ("in force", False))
        self.assertEqual((fr["state"], fr["authorities"], fr["revoked"], "broken" in fr), ("in force", 1, 1, True))


for _name in [name for name in dir(trust_test.Trust) if name.startswith("test")]:
    setattr(Started, _name, None)


class Asked(trust_fetched_test.Fetched):
    """Whoever asks for it anew has a true answer, whatever becomes of who fetches."""

    def asker(self):
        program = os.path.join(os.path.dirname(stird.binary()), "stirctl")
        asker = subprocess.Popen([program, "-c", self.path, "trust", "refresh"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(asker.wait)
        self.addCleanup(asker.kill)
        return asker

    def answer(self, asker):
        out, err = asker.communicate(timeout=HANG_S)
        return asker.returncode, " ".join((out + err).split())

    def test_while_a_server_hangs(self):
        """The first has what became of that round, the second what the next one brings."""
        self.begin()
        self.wait_domain(state="in force", sequence=1)
        stird.wait_until(lambda: not self.stird.child("courier"), HANG_S, "the end of who fetched")
        self.web.hang()
        first = self.asker()
        courier = self.courier()
        second = self.asker()
        self.domain()
        self.put_list(2)
        self.web.hang(False)
        try:
            os.kill(courier, signal.SIGKILL)
        except ProcessLookupError:
            pass
        status, said = self.answer(first)
        self.assertEqual(status, 1, said)
        self.assertIn("not fetched since 2", said)
        status, said = self.answer(second)
        self.assertEqual(status, 0, said)
        self.assertEqual(self.domain()["sequence"], 2)

    def test_a_signer_that_does_not_come(self):
        """The list is there, and the certificate of its signer is not."""
        self.begin()
        self.wait_domain(state="in force", sequence=1)
        del self.web.bodies["signer.pem"]
        self.put_list(2)
        status, said = self.answer(self.asker())
        self.assertEqual(status, 1, said)
        self.assertRegex(said, "us: in force, .* the last good one is in use sequence 1, until 2[^ ]+ "
                         "not taken since 2[^ ]+: it needs the "
                         "certificate of its signer first.* not fetched since 2[^ ]+: it answers 404")
        self.assertIn("url=%s" % self.signer_url, self.stird.log())


for _name in [name for name in dir(trust_fetched_test.Fetched) if name.startswith("test")]:
    setattr(Asked, _name, None)


if __name__ == "__main__":
    unittest.main()
