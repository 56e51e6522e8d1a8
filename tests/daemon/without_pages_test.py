"""Calls do without pages: nothing of web and repository that breaks by itself keeps a call from being served."""

import os
import shutil
import socket
import ssl
import unittest

from daemon.metrics_test import samples
from daemon.web_test import PORT, WebStory
from lib import stirctl, stird
from lib.lab import make_unit
from lib.patience import HANG_S
from lib.tls import Authority

REPOSITORY = 8443


class WithoutPages(WebStory):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.lab, "web")
        self.files = self.lab.path("web.pem"), self.lab.path("web.key")
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def put(self, *files):
        """As an ACME client does, one behind the other."""
        for source, target in zip(files, self.files):
            shutil.copy(source, target + ".new")
            os.chmod(target + ".new", 0o600)
            os.rename(target + ".new", target)

    def expired(self):
        unit = make_unit(self.lab.path("over"), "tls", "--bad", "expired")
        return unit.directory + "/chain.pem", unit.directory + "/key.pem"

    def wait_served(self):
        def answer():
            try:
                return self.get("/livez", context=self.context)
            except OSError:
                return None
        stird.wait_until(lambda: answer() == (200, "alive\n"), HANG_S, "a page")

    def wait_alarm(self, name, on=True):
        stird.wait_until(lambda: (name in self.alarms()) == on, HANG_S, "alarm %s %s" % (name, on))

    def reload(self):
        self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)

    def test_a_certificate(self):
        """Whatever is wrong with it stird starts and reloads, says so, and takes a good one when there is one."""
        good, other = (self.authority.issue(name, "IP:" + self.net(1)) for name in ("good", "other"))
        path = self.configure(more=self.web('tls_certificate = "%s"; tls_key = "%s";' % self.files))
        self.put(good[0], other[1])
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"stird\.conf:\d+: warning: web\.tls_certificate: .*is not the key of the certificate")
        self.assertIn("no pages are served until that is mended", said)
        self.start_with(path)
        self.signed_again()
        self.wait_alarm("no_web")
        self.put(*good)
        self.wait_served()
        self.wait_alarm("no_web", False)
        for name, spoil in (("no certificate", lambda: os.unlink(self.files[0])),
                            ("garbage", lambda: self.put("/dev/null")),
                            ("no key", lambda: os.unlink(self.files[1])),
                            ("a key for everybody", lambda: os.chmod(self.files[1], 0o644))):
            with self.subTest(name):
                self.put(*good)
                spoil()
                self.reload()
                self.wait_alarm("no_web")
                self.assertEqual(stird.check_configuration(path)[0], 0)
        self.put(*good)
        self.wait_served()
        self.over(path, good)

    def over(self, path, good):
        """One that has expired serves those who do not look, and is told; nobody has to reload for a new one."""
        self.put(*self.expired())
        self.reload()
        self.wait_alarm("tls_certificate_life")
        self.wait_served()
        self.assertIn("the certificate has expired: peers that look at it refuse it", stird.check_configuration(path)[1])
        self.assertNotIn("no_web", self.alarms())
        ends = ("stird_tls_certificate_not_after_timestamp_seconds", (("use", "web"),))
        before = samples(self.get("/metrics", context=self.context)[1])[ends]
        self.put(*good)
        self.wait_alarm("tls_certificate_life", False)
        self.wait_served()
        self.assertGreater(samples(self.get("/metrics", context=self.context)[1])[ends], before)

    def test_a_port_and_an_address(self):
        with socket.create_server((self.net(1), PORT)):
            path = self.configure(more=self.web() + 'repository = { port = %d; address = "192.0.2.77"; };' % REPOSITORY)
            said = stird.check_configuration(path)[1]
            self.assertRegex(said, r"stird\.conf:\d+: warning: repository\.address: this machine has no address 192\.0\.2\.77")
            self.start_with(path)
            self.signed_again()
            self.wait_alarm("no_web")
            self.wait_alarm("no_publisher")
            self.stird.wait_log("another process has this port")
            self.stird.wait_log("this machine has no such address")
            self.reload()
        self.wait_answer("/livez", 200)
        self.wait_alarm("no_web", False)

    def test_sip(self):
        """A certificate of a TLS listener that has expired keeps no call over UDP from being served."""
        path = self.configure(
            listeners=[self.listener(transports=["udp", "tcp"]), self.listener("tls", port=5061, transports=["tls"])],
            more='tls = { certificate = "%s"; key = "%s"; ca = "%s"; };' % (*self.expired(), self.authority.certificate))
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 0, said)
        self.assertRegex(said, r"stird\.conf:\d+: warning: tls\.certificate: .*the certificate has expired")
        self.start_with(path)
        self.signed_again()
        self.reload()
        self.wait_alarm("tls_certificate_life")
        self.signed_again()


class OverAReload(WebStory):
    ROLES = ("worker", "signer", "recorder", "web", "publisher")

    def configured(self, more=""):
        return self.configure(more=self.web("rate = 500; " + more) + 'repository = { port = %d; address = "%s"; };'
                              % (REPOSITORY, self.net(1)))

    def reload(self):
        self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)

    def deaths(self, role):
        return samples(self.get("/metrics")[1])["stird_process_deaths_total", (("role", role),)]

    def test_nobody_is_cut_off(self):
        """What a reload does not change goes on; who is with one that is replaced is answered; no count gets less."""
        self.start_with(self.configured())
        roles = "web", "publisher"
        self.replaced("publisher", self.hit("publisher"))
        self.replaced("web", self.hit("web"))
        self.wait_answer("/livez", 200)
        stird.wait_until(lambda: [self.deaths(role) for role in roles] == [1, 1], HANG_S, "counted")
        before = [self.stird.wait_child(role) for role in roles]
        self.reload()
        self.assertEqual([self.stird.wait_child(role) for role in roles], before)
        with socket.create_connection((self.net(1), PORT), HANG_S) as slow:
            slow.sendall(b"GET /readyz HTTP/1.1\r\n")
            self.wait_answer("/livez", 200)  # hence the one before has it, too
            self.configured("timeout = \"60s\";")
            self.reload()
            self.replaced("web", before[0])
            self.assertEqual(self.deaths("web"), 1)
            slow.sendall(b"Host: localhost\r\n\r\n")
            self.assertTrue(slow.recv(65536).startswith(b"HTTP/1.1 200"))
        self.wait_gone([before[0]], "the one before")
        self.assertEqual([self.deaths(role) for role in roles], [1, 1])
        self.assertEqual(self.stird.wait_child("publisher"), before[1])


if __name__ == "__main__":
    unittest.main()
