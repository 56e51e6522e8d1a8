"""stirctl explain of trunks whose SBC asks by redirect: what it would be answered, by the code that answers it."""

import json
import os
import re
import shutil
import tempfile
import unittest

from lib import stirctl

CONFIGURATION = """listen = ( { name = "core"; address = "127.0.0.1"; port = 5060; } );
trunks = (
  { name = "generic"; sources = [ "192.0.2.40" ]; customer = "acme"; identity = "authenticated"; front = "redirect"; },
  { name = "own"; sources = [ "192.0.2.41" ]; customer = "acme"; identity = "authenticated"; front = "redirect"; dialect = "own"; },
  { name = "short"; sources = [ "192.0.2.42" ]; customer = "acme"; identity = "authenticated"; front = "redirect"; dialect = "short"; },
  { name = "both"; sources = [ "192.0.2.43" ]; customer = "acme"; identity = "authenticated"; front = "redirect";
    dialect = "sansay"; service = "auto"; verification = "told"; }
);
dialects = ( { name = "own"; like = "clearip"; identity = [ "contact" ]; unsigned = "404 Nothing to do"; },
             { name = "short"; like = "oracle"; contact_max = 300; } );
rules = ( { name = "no-premium"; called = [ "+1900" ]; then = "refuse"; } );
trust = ( { name = "us"; anchors = "%(made)s/ca.pem"; } );
verification = ( { name = "told"; trust = [ "us" ]; observe = false; } );
certificates = ( { id = "709J"; directory = "%(made)s/709J"; } );
provider = { spc = [ "709J" ]; };
directories = { state = "%(at)s/state"; runtime = "%(at)s/run"; };
"""
FROM, TO = "+12155550100", "+13125550123"
INFO = r"\(token\);info=<https://[^>]*>;alg=ES256;ppt=shaken"


class Redirect(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.at = tempfile.mkdtemp(prefix="stird-cli-")
        cls.addClassCleanup(shutil.rmtree, cls.at)
        made = cls.at + "/made"
        status, out, err = stirctl.run("/none", "lab-ca", made)
        assert status == 0, out + err
        os.mkdir(cls.at + "/state")
        cls.path = cls.at + "/stird.conf"
        with open(cls.path, "w", encoding="utf-8") as out:
            out.write(CONFIGURATION % {"made": made, "at": cls.at})

    def explain(self, trunk, *words, caller=FROM, to=TO):
        status, out, err = stirctl.run(self.path, *words, "explain", "--offline", "--trunk", trunk, "--from", caller,
                                       "--to", to)
        self.assertEqual(status, 0, err)
        return out

    def answer(self, trunk, **more):
        told = json.loads(self.explain(trunk, "--json", **more))
        self.assertEqual(told["sip_status"], told["answer"]["status"])
        return told["answer"]

    def test_signed(self):
        """R-D-001, R-D-004: status, Contact, the token's place and its Date."""
        answer = self.answer("generic")
        self.assertEqual((answer["dialect"], answer["case"], answer["status"]), ("generic", "signed", 302))
        contact, identity, date = answer["lines"]
        self.assertEqual(contact, "Contact: <sip:%s@192.0.2.40>" % TO)
        self.assertRegex(identity, "^Identity: " + INFO + "$")
        self.assertRegex(date, "^Date: .* GMT$")
        text = self.explain("generic")
        self.assertIn("answer        302, signed: the answer holds a token\n", text)
        self.assertIn("              Contact: <sip:%s@192.0.2.40>\n" % TO, text)
        self.assertIn("(token)", text)

    def test_in_contact(self):
        """R-D-014: escaped there, with its Date."""
        answer = self.answer("own")
        contact, reason = answer["lines"]
        self.assertTrue(contact.startswith("Contact: <sip:%s@192.0.2.41?Identity=(token)%%3Binfo%%3D%%3Chttps:" % TO), contact)
        self.assertIn("&Date=", contact)
        self.assertEqual(reason, 'Reason: SIP;cause=302;text="no-fraud-detected"')

    def test_too_long_for_contact(self):
        """R-D-015: the length is that of the token that a signer would make, not of the word that stands in for it."""
        contact, identity, date = self.answer("short")["lines"]
        self.assertEqual(contact, "Contact: <sip:%s@192.0.2.42>" % TO)
        self.assertRegex(identity, "^Identity: " + INFO)
        self.assertTrue(date.startswith("Date: "))

    def test_nothing_to_sign(self):
        """R-D-005: its own words of the dialect."""
        answer = self.answer("own", caller="sip:anonymous@anonymous.invalid")
        self.assertEqual((answer["case"], answer["status"], answer["phrase"], answer["lines"]),
                         ("unsigned", 404, "Nothing to do", []))
        self.assertIn("answer        404 Nothing to do, unsigned: there is nothing to add",
                      re.sub(r"\n +", " ", self.explain("own", caller="sip:anonymous@anonymous.invalid")))

    def test_refused(self):
        answer = self.answer("own", to="+19005550123")
        self.assertEqual((answer["case"], answer["status"]), ("blocked", 603))
        self.assertEqual(answer["lines"], ['Reason: SIP;cause=603;text="sti-blocked"'])
        self.assertEqual(self.answer("own", to="+13120550123")["case"], "bad_number")

    def test_asked_for_by_from(self):
        """R-D-022: qtype of From says what is asked for."""
        judged = self.answer("both", caller="sip:2155550100@192.0.2.43;qtype=sti-vs")
        self.assertEqual(judged["case"], "no_token")
        self.assertIn("P-Asserted-Identity: <sip:2155550100;verstat=No-TN-Validation@192.0.2.43>", judged["lines"])
        signed = self.answer("both", caller="sip:2155550100@192.0.2.43;qtype=sti-as")
        self.assertEqual(signed["case"], "signed")

    def test_a_verdict_that_is_asked_for_elsewhere(self):
        """R-D-022: a trunk that cannot judge signs no call either whose SBC asks for a verdict."""
        for trunk in ("generic", "own"):
            caller = "sip:2155550100@192.0.2.43;qtype=sti-vs"
            self.assertEqual(self.answer(trunk, caller=caller)["case"], "unsigned")
            self.assertEqual(json.loads(self.explain(trunk, "--json", caller=caller))["reason"], "verdict_asked")


if __name__ == "__main__":
    unittest.main()
