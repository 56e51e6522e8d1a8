"""R-C-007: The repository: the chains of our own certificates, each at the path of its x5u and nowhere else."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import ssl
import unittest

from daemon.lifetimes import ProcessStory
from lib import stirctl, stird
from lib.lab import make_unit
from lib.patience import HANG_S
from lib.tls import Authority

PORT = 8443


class Repository(ProcessStory):
    ROLES = ("worker", "signer", "recorder", "publisher")

    def setUp(self):
        super().setUp()
        self.authority = Authority(self.lab, "web")
        self.certificate, self.key = self.authority.issue("server", "IP:" + self.net(1))
        self.put_url(self.lab.unit.directory, "/818H/1.pem")

    def put_url(self, directory, path, host=None):
        with open(os.path.join(directory, "x5u"), "w", encoding="ascii") as out:
            out.write("https://%s:%d%s\n" % (host or self.net(1), PORT, path))

    def configured(self, more="", check='interval = "0ms";'):
        return self.configure(check=check, more=(
            'repository = { port = %d; address = "%s"; tls_certificate = "%s"; tls_key = "%s"; %s };'
            % (PORT, self.net(1), self.certificate, self.key, more)))

    def get(self, path, method="GET"):
        context = ssl.create_default_context(cafile=self.authority.certificate)
        with contextlib.closing(http.client.HTTPSConnection(self.net(1), PORT, timeout=HANG_S, context=context)) as client:
            client.request(method, path)
            answer = client.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def chain(self, directory=None):
        with open(os.path.join(directory or self.lab.unit.directory, "chain.pem"), encoding="ascii") as text:
            return "".join(re.findall("-----BEGIN CERTIFICATE.*?-----END CERTIFICATE-----\n", text.read(), re.S))

    def test_a_chain_and_nothing_else(self):
        """What else stands in chain.pem is not served."""
        text = "our own\n" + self.chain()
        with open(self.lab.unit.directory + "/chain.pem", "w", encoding="ascii") as out:
            out.write(text)
        self.start_with(self.configured())
        status, headers, text = self.get("/818H/1.pem")
        self.assertEqual((status, text), (200, self.chain()))
        self.assertEqual(headers["Content-Type"], "application/pem-certificate-chain")
        self.assertEqual(headers["Cache-Control"], "public, max-age=86400")
        listed = stirctl.run(self.stird.configuration, "cert", "list")[1]
        self.assertIn("signs", listed)
        self.assertLessEqual(max(map(len, listed.split("\n"))), 80, listed)
        for path in ("/", "/818H", "/818H/", "/818H/1.pem/", "/818H/../818H/1.pem", "/818H/%31.pem", "/818H/key.pem", "/livez",
                     "/status", "/metrics"):
            self.assertEqual(self.get(path)[0], 404, path)
        self.assertEqual(self.get("/818H/1.pem", "POST")[0], 405)
        stird.wait_until(lambda: self.stats()["repository_answered"] == 1, HANG_S, "counted")
        stird.wait_until(lambda: self.stats()["repository_refused"] == 11, HANG_S, "counted")

    def stats(self):
        return stirctl.ask(self.stird.configuration, "stats")

    def test_as_a_verifier_sees_it(self):
        """The self-check fetches the chain from the repository, by HTTPS, as any verifier does."""
        self.start_with(self.configured(check='interval = "1h"; allow_private = true; tls_ca = "%s";'
                                              % self.authority.certificate))
        status, _, err = stirctl.run(self.stird.configuration, "cert", "check")
        self.assertEqual(status, 0, err)
        self.assertEqual(stirctl.ask(self.stird.configuration, "status")["certificates"][0]["url"], "served")
        self.signed_again()

    def test_a_renewal_has_a_path_of_its_own(self):
        """Both chains are served while both are loaded, and each renewal is there with its reload."""
        self.start_with(self.configured())
        old = self.stird.wait_child("publisher")
        new = os.path.join(self.lab.unit.directory, "next.unit")
        os.mkdir(new, 0o700)
        for name in ("key.pem", "chain.pem"):
            shutil.copy(os.path.join(self.lab.unit.directory, name), new)
        self.put_url(new, "/818H/2.pem")
        self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)
        self.replaced("publisher", old)
        for path in ("/818H/1.pem", "/818H/2.pem"):
            stird.wait_until(lambda path=path: self.served(path), HANG_S, path)

    def served(self, path):
        try:
            return self.get(path)[0] == 200
        except OSError:  # the one before answers the last that it was asked
            return False

    def test_what_is_not_served_is_told(self):
        new = os.path.join(self.lab.unit.directory, "next.unit")
        os.mkdir(new, 0o700)
        for name in ("key.pem", "chain.pem"):
            shutil.copy(os.path.join(self.lab.unit.directory, name), new)
        self.put_url(new, "/818H/1.pem", "elsewhere.example.com")
        said = stird.check_configuration(self.configured())[1]
        self.assertIn("another unit has that path", said)
        self.put_url(new, "/818H/2.pem", "elsewhere.example.com")
        said = stird.check_configuration(self.configured('host = "%s";' % self.net(1)))[1]
        self.assertIn("it has another host than repository.host", said)
        self.assertEqual(said.count("is not served at its x5u"), 1)
        said = stird.check_configuration(self.configured())[1]
        self.assertIn("repository.tls_certificate is not for its host", said)
        self.put_url(new, "/818H/2.pem")
        self.assertNotIn("is not served at its x5u", stird.check_configuration(self.configured())[1])

    def test_units_that_share_a_url(self):
        """The one that signs is served, until another signs; both are told what comes of it."""
        self.start_with(self.configured(check='interval = "1h"; allow_private = true; tls_ca = "%s";'
                                              % self.authority.certificate))
        self.assertEqual(self.cert_check()[0], 0)
        x5u = "https://%s:%d/818H/1.pem" % (self.net(1), PORT)
        chain = self.chain()
        for kind in (["--bad", "future"], []):
            unit = make_unit(self.lab.path("next" + "".join(kind)), "818H", "--x5u", x5u, *kind)
            status, _, err = stirctl.run(self.stird.configuration, "cert", "import", "--key", unit.directory + "/key.pem",
                                         "--chain", unit.directory + "/chain.pem", "--x5u", x5u, "818H")
            self.assertEqual(status, 0, err)
            self.assertIn("has this URL too", err)
            self.assertIn("its x5u is that of certificate", stird.check_configuration(self.stird.configuration)[1])
            self.assertEqual(self.cert_check()[0], 0)
            self.assertEqual(self.get("/818H/1.pem")[2], chain)
            self.assertEqual(self.who_signs(), [("", "served")])
            self.signed_again()
        # The old one is taken away: the one that is in force signs, and is served.
        for name in ("key.pem", "chain.pem", "x5u"):
            os.unlink(os.path.join(self.lab.unit.directory, name))
        self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)
        stird.wait_until(lambda: self.served("/818H/1.pem") and self.get("/818H/1.pem")[2] == self.chain(unit.directory),
                         HANG_S, "the next one")
        self.assertEqual(self.cert_check()[0], 0)
        self.assertEqual([url for _, url in self.who_signs()], ["served"])
        self.signed_again()

    def cert_check(self):
        return stirctl.run(self.stird.configuration, "cert", "check")

    def who_signs(self):
        return [(c["unit"], c["url"]) for c in stirctl.ask(self.stird.configuration, "status")["certificates"] if c["signs"]]

    def test_a_certificate_exchanged_in_place(self):
        """The reload says that verifiers keep the old chain; a check fails where nothing signs."""
        self.start_with(self.configured())
        unit = make_unit(self.lab.path("next"), "818H", "--bad", "future")
        for name in ("key.pem", "chain.pem"):
            shutil.copy(os.path.join(unit.directory, name), self.lab.unit.directory)
        status, out, err = stirctl.run(self.stird.configuration, "reload", "--wait")
        self.assertEqual(status, 0, err)
        self.assertIn("a new certificate has the x5u of the one before", out + err)
        status, _, err = self.cert_check()
        self.assertNotEqual(status, 0)
        self.assertIn("has no unit that signs", err)

    def test_killed_and_hung(self):
        """Calls do not know of it; who asks waits in the socket for the next one."""
        self.start_with(self.configured())
        for number in (signal.SIGKILL, signal.SIGSTOP):
            old = self.hit("publisher", number)
            self.signed_again()
            self.replaced("publisher", old)
            stird.wait_until(lambda: self.served("/818H/1.pem"), HANG_S, "the chain again")


if __name__ == "__main__":
    unittest.main()
