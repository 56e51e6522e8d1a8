"""docs/verification.md: verification is switched on as it says, and what it names is there."""

import os
import re
import shlex
import shutil
import subprocess
import unittest

from lib import settings, stird, stirctl, token
from lib.lab import PROJECT, binary, make_unit
from lib.patience import HANG_S
from lib.story import Story
from lib.web import Web
from sip import readme_test

CALLER, CALLED = "+13125550123", "+12155550100"


def page():
    with open(os.path.join(PROJECT, "docs", "verification.md"), encoding="utf-8") as source:
        return source.read()


def block(kind):
    match = re.search(r"^```%s\n(.*?)^```$" % kind, page(), re.M | re.S)
    assert match, "no ```%s block in docs/verification.md" % kind
    return match.group(1)


class SwitchedOn(Story):
    def here(self, text):
        """TEXT with the lab's addresses and places in the place of the page's."""
        for old, new in (("192.0.2.10", self.net(1)), ("192.0.2.40", self.net(2)), ("198.51.100.7", self.net(9)),
                         ("/var/lib/stird/certs/709J", self.ours.directory),
                         ("/var/log/stird/records.jsonl", self.lab.path("records.jsonl")),
                         ("/etc/stird/sti-anchors.pem", self.lab.path("certs", "ca", "root.pem")),
                         ("/etc/stird/sti-crl.pem", self.lab.path("crl.pem")),
                         ("/etc/stird/sti-pa-root.pem", self.lab.path("crl-anchors.pem"))):
            text = text.replace(old, new)
        return text

    def begin(self):
        """The README's configuration, which signs; and a web server with the certificate of another provider."""
        ca = ("--ca", self.lab.path("certs", "ca"))
        self.ours = make_unit(self.lab.directory, "709J", *ca)
        self.theirs = make_unit(self.lab.directory, "505J", "--spc", "505J", *ca)
        self.web = Web(self.lab, self.net(5))
        self.addCleanup(self.web.close)
        with open(self.theirs.directory + "/chain.pem", "rb") as chain:
            self.web.bodies["505J.pem"] = chain.read()
        for name in ("state", "run"):
            os.makedirs(self.lab.path(name), mode=0o700)
        shutil.copy(self.lab.path("certs", "ca", "crl.pem"), self.lab.path("crl.pem"))
        with open(self.lab.path("crl-anchors.pem"), "wb") as anchors:
            for name in ("root", "intermediate"):
                with open(self.lab.path("certs", "ca", name + ".pem"), "rb") as one:
                    anchors.write(one.read())
        self.lab.write("numbers.d/acme.csv", readme_test.block("csv"))
        self.lab.write("conf.d/lab.conf", 'directories = { state = "%s"; runtime = "%s"; };\n'
                       'fetch = { lab = true; tls_ca = "%s"; timeout = "30s"; };\n' % (
                           self.lab.path("state"), self.lab.path("run"), self.web.ca))
        text = settings.of_a_lab(self.here(readme_test.block("libconfig")))
        self.path = self.lab.write("stird.conf", text + 'check = { interval = "0ms"; };\n')
        self.start_with(self.path)

    def told(self, line):
        """What a command of the page says; it must be done."""
        program, *words = shlex.split(line)
        done = subprocess.run([os.path.join(os.path.dirname(binary()), program), "-c", self.path, *words],
                              capture_output=True, text=True, timeout=HANG_S, check=False)
        self.assertEqual(done.returncode, 0, line + "\n" + done.stdout + done.stderr)
        return done.stdout + done.stderr

    def judged(self, reason="verified", url="505J.pem", unit=None):
        """The record of a call that the carrier brings, if it is that: the first ones may still want for trust."""
        value = token.identity((unit or self.theirs).directory, orig=CALLER[1:], dest=CALLED[1:],
                               header={"x5u": self.web.url(url)})
        invite, arrived = self.short_call(peer=self.carrier, at=self.sbc, caller=CALLER, called=CALLED,
                                          extra=["Identity: " + value])
        self.assert_untouched(invite, arrived)
        self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
        record = self.record(invite, trunk="carrier-in", upstream="sbc", decision="passed")
        return record["reason"] == reason and record["verification"]

    def test_as_the_page_says(self):
        self.begin()
        configuration = block("libconfig")
        self.assertLessEqual(len(configuration.strip().split("\n")), 10)
        check, reload, trust, records = block("sh").strip().split("\n")
        self.lab.write("conf.d/verify.conf", self.here(configuration))
        self.assertNotIn("warning", self.told(check))
        self.told(reload)
        stird.wait_until(lambda: "in force" in self.told(trust), HANG_S, "a domain of trust in force")
        told = stird.wait_until(self.judged, HANG_S, "a call that passes")
        self.assertEqual([told["class"], told["level"], told["spc"]], ["passed", "A", "505J"])
        self.assertIn("verified", self.told(records))

    def revoke(self, units):
        """The authority's next lists have those."""
        def openssl(*words):
            return subprocess.run(["openssl", *words], check=True, capture_output=True, text=True, timeout=HANG_S).stdout
        index = ""
        for unit in units:
            serial = openssl("x509", "-in", unit.directory + "/chain.pem", "-noout", "-serial").strip().partition("=")[2]
            index += "R\t491231000000Z\t261101000000Z\t%s\tunknown\t/CN=revoked %s\n" % (serial, serial)
        self.lab.write("index.txt", index)
        self.lab.write("none.txt", "")
        lists = ""
        for name, database in (("intermediate", "index.txt"), ("root", "none.txt")):
            self.lab.write("ca.conf", "[ca]\ndefault_ca = one\n[one]\ndatabase = %s\ndefault_md = sha256\n"
                           % self.lab.path(database))
            of = self.lab.path("certs", "ca", name)
            lists += openssl("ca", "-config", self.lab.path("ca.conf"), "-gencrl", "-crldays", "30", "-cert",
                             of + ".pem", "-keyfile", of + ".key")
        os.rename(self.lab.write("crl.pem.new", lists), self.lab.path("crl.pem"))

    def test_a_list_that_revokes_everybody(self):
        """It counts, for it is signed as it should be; and an alarm doubts it, where there are ten or more."""
        self.begin()
        self.lab.write("conf.d/verify.conf", self.here(block("libconfig")))
        self.told("stirctl reload --wait")
        units = {}
        for i in range(10):
            unit = make_unit(self.lab.directory, "of505J%d" % i, "--spc", "505J", "--ca", self.lab.path("certs", "ca"))
            url = "505J-%d.pem" % i
            units[url] = unit
            with open(unit.directory + "/chain.pem", "rb") as chain:
                self.web.bodies[url] = chain.read()
            stird.wait_until(lambda url=url, unit=unit: self.judged(url=url, unit=unit), HANG_S, "a call that passes")
        self.assertNotIn("trust_growth", self.alarms())
        self.revoke(units.values())
        self.told("stirctl trust refresh")
        for url, unit in units.items():
            self.assertNotIn("trust_growth", self.alarms())
            self.assertTrue(self.judged("certificate_revoked", url, unit), "all workers judge by it once refresh has answered")
        stird.wait_until(lambda: "trust_growth" in self.alarms(), HANG_S, "the alarm")

    def alarms(self):
        return [alarm["name"] for alarm in stirctl.ask(self.path, "status")["alarms"]]

    def test_limits_of_trust(self):
        """33 domains, and one of 17 lists."""
        domain = {"name": "us", "anchors": "certs/ca/root.pem", "crls": ["crl%d.pem" % i for i in range(17)]}
        trust = ", ".join([settings.group(domain)] + [
            settings.group({"name": "d%d" % i, "anchors": "certs/ca/root.pem"}) for i in range(32)])
        status, said = stird.check_configuration(self.configure(more="trust = ( %s );" % trust))
        self.assertNotEqual(status, 0)
        self.assertRegex(said, r"33 domains, and 32 at most")
        self.assertRegex(said, "crls: there are more than 16")


class WhatItNames(unittest.TestCase):
    def test_tests(self):
        named = set(re.findall(r"\b(?:tests/)?((?:unit|sip|daemon|cli)/\w+_test\.(?:c|py))", page()))
        self.assertGreater(len(named), 8)
        for name in sorted(named):
            with self.subTest(name=name):
                self.assertTrue(os.path.exists(os.path.join(PROJECT, "tests", name)))

    def test_commands(self):
        """Each is there, and so are its options."""
        spans = re.findall(r"`stirctl ([^`]+)`", page()) + re.findall(r"^stirctl (.*)$", block("sh"), re.M)
        self.assertGreater(len(spans), 10)
        for span in spans:
            words = span.split()
            with self.subTest(span=span):
                known = [stirctl.run("/none", "help", *words[:n]) for n in (2, 1)]
                _, out, err = next((one for one in known if one[0] == 0), (1, "", ""))
                self.assertTrue(out + err, "no such command")
                for option in [word for word in words if word.startswith("--")]:
                    self.assertIn(option, out + err)

    def test_links(self):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page()):
            with self.subTest(target=target):
                self.assertTrue(os.path.exists(os.path.join(PROJECT, "docs", target)))


if __name__ == "__main__":
    unittest.main()
