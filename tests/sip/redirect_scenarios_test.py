"""Those of conf/examples whose SBCs ask by redirect, each with its own configuration as it is printed there."""

import json
import unittest

from lib import settings, stird, stirctl, token
from lib.patience import HANG_S
from lib.redirecting import SBCS, Redirecting
from lib.verifying import other_provider


class Scenarios(Redirecting):
    def example(self, name):
        self.start_with(settings.example(self.lab, name))

    def test_clearip(self):
        self.example("redirect-clearip")
        self.dialect = "clearip"
        self.signed(caller="+12155551234", orig="12155551234")
        self.signed(attest="B", caller="+13125550000", orig="13125550000")
        self.unsigned(404, "calling_not_a_number", from_="<sip:somebody@x>")
        _, final = self.ask(603, caller="+12155559999")
        self.blocked(final)

    def test_sansay(self):
        self.example("redirect-sansay")
        self.dialect = "sansay"
        for parameters, attest, trunk in ((";otg=000200", "A", "acme"), (";otg=000300", "C", "abroad"),
                                          (";otg=000400", "C", "others"), ("", "C", "others")):
            from_ = '"Lab" <sip:+12155551234@%s%s;qtype=sti-as>' % (self.net(2), parameters)
            invite, _, _ = self.signed(attest=attest, orig="12155551234", from_=from_, body=b"", extra=["Identity: "])
            self.record(invite, trunk=trunk)

    def test_embedded(self):
        self.example("redirect-embedded")
        oracle = self.peer("oracle", 3)
        self.dialect = "ribbon"
        self.signed(300, caller="+12155551234", orig="12155551234")
        self.unsigned(300, "calling_not_a_number", from_="<sip:somebody@x>")
        self.dialect = "oracle"
        uuid = "3a3ad5c7-1b2c-4c3e-8c70-1d4e0b1c2d3e"
        _, final, made = self.signed(302, "B", caller="+12155552001", orig="12155552001", peer=oracle,
                                     extra=["Attestation-Info: B", "Origination-ID: " + uuid])
        self.assertEqual((made.payload["origid"], final.all("reason")), (uuid, ['SIP;cause=302;text="signed by us"']))
        self.own_phrases = True
        self.unsigned(404, "calling_not_a_number", peer=oracle, from_="<sip:somebody@x>")

    def test_peeredge(self):
        self.example("redirect-peeredge")
        self.dialect = "peeredge"
        for port, asked, level in ((5071, "A", "A"), (5072, "A", "B"), (5073, "A", "C"), (5071, "B", "B"), (5072, "C", "C"),
                                   (5073, "B", "C"), (5071, None, "A")):
            invite = self.invite(caller="+12155551234", body=b"", extra=["Attestation: " + asked] if asked else [])
            self.carrier  # pylint: disable=pointless-statement
            self.sbc.send(invite, ("udp", self.net(1), port))
            final = self.sbc.expect((302, "INVITE"))
            self.sbc.acknowledge(invite, final, ("udp", self.net(1), port))
            self.check_token(self.followed(invite, final), level, "12155551234")
        for level in "ABC":
            self.signed(attest=level, caller="+12155551234", orig="12155551234", extra=["Attestation: " + level])

    def test_both_ways(self):
        """R-D-022."""
        theirs, web = other_provider(self)
        self.example("redirect-both-ways")
        self.dialect = "clearip"
        self.signed(caller="+12155551234", orig="12155551234")

        def passes():
            value = token.identity(theirs.directory, orig="13125550123", dest="12155551000", header={"x5u": web.url("709J.pem")})
            invite, final = self.ask(302, caller="+13125550123", called="+12155551000", extra=["Identity: " + value])
            return self.record(invite)["reason"] == "verified" and final
        final = stird.wait_until(passes, HANG_S, "a call that is verified")
        self.comes_back()
        self.assertIn("+13125550123;verstat=TN-Validation-Passed@", final["p-asserted-identity"])
        self.assertEqual(SBCS["clearip"].lines(final), [])

    def comes_back(self):
        """A call to a number of ours, which the carrier brings back: both are found by the token (docs/redirect.md)."""
        invite, final, made = self.signed(attest="C", caller="+12155551234", called="+12155551000", orig="12155551234", dest="12155551000")
        lines = SBCS["clearip"].lines(final)
        back = self.place(caller="+12155551234", called="+12155551000", extra=lines)
        self.final(back)
        self.record(back)
        path = self.lab.path("stird.conf")
        found = json.loads("[%s]" % ",".join(
            stirctl.run(path, "records", "find", "--origid", made.payload["origid"], "--json")[1].splitlines()))
        self.assertEqual([one["call_id"] for one in found], [invite["call-id"], back["call-id"]])
        self.assertEqual(stirctl.run(path, "call", "--trunk", "sbc", "--from", "+12155550100", "--to", "+13125550188")[0], 1)


if __name__ == "__main__":
    unittest.main()
