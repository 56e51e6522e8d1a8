"""stirctl explain of a trunk that verifies, without a stird: it makes the domains of trust as stird does."""

import json
import os
import shutil
import tempfile
import time
import unittest

from lib import settings, stirctl, token, trust

DAY = 86400
LIST_URL, CRL_URL = "https://pa.example.net/list", "https://pa.example.net/crl"
LIST_KEPT, CRL_KEPT = trust.kept_name("us", "list", LIST_URL), trust.kept_name("us", "crl", CRL_URL)
CONFIGURATION = """listen = ( { name = "core"; address = "127.0.0.1"; port = 5060; } );
upstreams = ( { name = "sbc"; uri = "sip:127.0.0.9:5060;transport=udp"; } );
trunks = ( { name = "in"; sources = [ "192.0.2.40" ]; service = "verify"; verification = "carrier"; upstreams = [ "sbc" ]; } );
trust = ( %s );
verification = ( { name = "carrier"; trust = [ "us" ]; } );
fetch = { %s };
directories = { state = "%s/state"; runtime = "%s/run"; };
"""


class Offline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="stird-cli-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.made = cls.directory + "/made"
        status, out, err = stirctl.run("/none", "lab-ca", cls.made)
        assert status == 0, out + err

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def begin(self, fetch="", **domain):
        shutil.rmtree(self.directory + "/state", ignore_errors=True)
        os.mkdir(self.directory + "/state")
        trust = {"name": "us", "countries": ["1"]}
        trust.update(domain)
        self.path = self.write("stird.conf", CONFIGURATION % (settings.group(trust), fetch,
                                                              self.directory, self.directory))

    def explain(self, *words, unit="709J", **more):
        """(what it told, its complaints)."""
        message = self.write("invite", token.invite(token.identity("%s/%s" % (self.made, unit), **more)))
        if not words:
            words = ("--certificate", "%s/%s/chain.pem" % (self.made, unit))
        status, out, err = stirctl.run(self.path, "--json", "explain", "--offline", "--trunk", "in",
                                       "--message", message, *words)
        self.assertEqual(status, 0, err)
        return json.loads(out), err

    def list(self, expires_s=None, key="709J"):
        """A list of authorities, as an administrator serves it."""
        listed = []
        for name in ("root", "intermediate"):
            with open("%s/%s.pem" % (self.made, name), encoding="ascii") as pem:
                listed.append(pem.read())
        body = {"version": 1, "sequence": 1, "exp": expires_s or int(time.time()) + 30 * DAY, "trustList": listed}
        head = {"alg": "ES256", "typ": "JWT", "x5u": "https://pa.example.net/signer.pem"}
        octets = ".".join(token.base64url(json.dumps(part).encode()) for part in (head, body))
        signature = token.base64url(token.sign("%s/%s/key.pem" % (self.made, key), octets.encode()))
        return json.dumps({"status": "success", "caList": octets + "." + signature})

    def keep(self, name, text):
        self.write("state/trust/" + name, text)

    def chain(self, name="709J/chain"):
        with open("%s/%s.pem" % (self.made, name), encoding="ascii") as pem:
            return pem.read()

    def test_anchors_of_a_file(self):
        self.begin(anchors=self.made + "/root.pem")
        told, err = self.explain()
        self.assertEqual((told["reason"], told["level"], err), ("verified", "A", ""))
        self.assertEqual((told["upstream"], told["sees"], told["ask_apart"]), ("sbc", "all", None), "where it would go")
        self.assertEqual([told["verification"][k] for k in ("class", "level", "trust", "cache", "trust_generation")],
                         ["passed", "A", "us", "not asked", None])
        other = self.directory + "/other"
        if not os.path.exists(other):
            self.assertEqual(stirctl.run("/none", "lab-ca", other)[0], 0)
        self.begin(anchors=other + "/root.pem")
        told, _ = self.explain()
        self.assertEqual([told["reason"], told["level"]], ["certificate_untrusted", None])

    def test_revoked_by_a_file(self):
        revoked = dict(crls=[self.made + "/crl.pem"], crl_anchor=self.made + "/root.pem",
                       crl_signer=self.made + "/intermediate.pem")
        self.begin(anchors=self.made + "/root.pem", **revoked)
        told, err = self.explain(unit="revoked")
        self.assertEqual((told["reason"], err), ("certificate_revoked", ""))
        self.assertEqual(self.explain()[0]["reason"], "verified")

    def test_a_list_by_url(self):
        """Only what a stird has kept is at hand; what is not is said by its name."""
        self.begin(list=LIST_URL, list_anchor=self.made + "/root.pem")
        told, err = self.explain()
        self.assertEqual(told["reason"], "trust_unavailable")
        self.assertIn("trust us: its list %s is fetched by the stird that runs alone" % LIST_URL, err)
        self.assertIn("none was kept", err)
        self.write("state/trust", "")
        self.assertIn("what it kept cannot be read", self.explain()[1])
        os.unlink(self.directory + "/state/trust")
        self.keep("other.list", "")
        self.assertIn("none was kept", self.explain()[1])
        self.keep(LIST_KEPT, self.list())
        self.keep(LIST_KEPT + ".signer", self.chain())
        told, err = self.explain()
        self.assertEqual((told["reason"], err), ("verified", ""))
        self.keep(LIST_KEPT, self.list(expires_s=int(time.time()) - 60 * DAY))
        told, err = self.explain()
        self.assertEqual(told["reason"], "trust_unavailable")
        self.assertIn("the one that it kept cannot be used any more", err)

    def test_revocations_by_url(self):
        self.begin(anchors=self.made + "/root.pem", crls=[CRL_URL], crl_anchor=self.made + "/root.pem")
        told, err = self.explain(unit="revoked")
        self.assertNotEqual(told["reason"], "certificate_revoked")
        self.assertIn("trust us: its revocation list %s" % CRL_URL, err)
        self.keep(CRL_KEPT, self.chain("crl"))
        self.keep(CRL_KEPT + ".signer", self.chain("intermediate"))
        told, err = self.explain(unit="revoked")
        self.assertEqual((told["reason"], err), ("certificate_revoked", ""))

    def test_a_file_that_is_broken(self):
        """Nobody is believed by half of what the configuration says."""
        self.begin(anchors=self.write("anchors.pem", "nonsense"))
        status, out, err = stirctl.run(self.path, "--json", "explain", "--offline", "--trunk", "in", "--message",
                                       self.write("invite", token.invite(token.identity(self.made + "/709J"))),
                                       "--certificate", self.made + "/709J/chain.pem")
        self.assertEqual(status, 0, err)
        self.assertIn("trust us: cannot be made of its files:\n         %s holds no certificate" % (self.directory + "/anchors.pem"), err)
        self.assertEqual(json.loads(out)["reason"], "trust_unavailable")

    def test_for_people(self):
        """Each finding, and what the record would have; no line longer than a terminal."""
        self.begin(anchors=self.made + "/root.pem")
        message = self.write("invite", token.invite(token.identity(self.made + "/709J", iat=1700000000)))
        status, out, err = stirctl.run(self.path, "explain", "--offline", "--trunk", "in", "--message", message,
                                       "--certificate", self.made + "/709J/chain.pem")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual([line for line in out.splitlines() if len(line) > 80], [])
        for said in (r"(?m)^class +failed$", r"(?m)^check +fresh$", r"(?m)^spc +709J$", r"(?m)^trust +us$",
                     r"(?m)^verstat +TN-Validation-Failed$", r"(?m)^cache +not asked$",
                     r"(?m)^ {14}fresh +FAILED: ", r"(?m)^ +-> ", r"(?m)^ {14}signature +ok"):
            self.assertRegex(out, said)


if __name__ == "__main__":
    unittest.main()
