"""How SBCs ask by redirect: without a body, with an empty Identity, in compact forms, over each transport; what they hint."""

import unittest

from lib import dialog
from lib.redirecting import SBCS, Redirecting
from lib.sip import octets
from lib.stird import check_configuration
from sip.tls_test import TlsStory

COMPACT = {"via": "v", "from": "f", "to": "t", "call-id": "i", "contact": "m", "content-length": "l", "content-type": "c",
           "identity": "y"}
# As Sansay prints it: Record-Route, an empty Identity, no body, otg and qtype behind From's number.
SANSAY = {"body": b"", "from_": '"Sansay Lab 1" <sip:+12155550100@%s;otg=000200;qtype=sti-as>',
          "extra": ["Record-Route: <sip:192.0.2.77;lr>", "Identity: ", "Supported: timer", "User-Agent: Sansay VSXi"]}


COUNTRY = 'country = { code = "1"; };'


def like_sansay(story, **more):
    return dict({**SANSAY, "from_": SANSAY["from_"] % story.net(2)}, **more)


class Requests(Redirecting):
    def test_without_a_body(self):
        """R-D-001: nothing is said of media, Content-Length is 0."""
        for dialect in ("generic", "clearip", "sansay", "peeredge"):
            with self.subTest(dialect=dialect):
                self.begin(dialect)
                for transport in ("udp", "tcp"):
                    self.signed(body=b"", transport=transport)
                self._end_stird()

    def test_an_empty_identity(self):
        """Decided 4: it is none, and does not count as signed already."""
        self.begin("sansay")
        for line in ("Identity:", "Identity: ", "y:", "Identity:\r\n "):
            with self.subTest(line=line):
                self.signed(extra=[line])

    def test_as_sansay_prints_it(self):
        self.begin("sansay")
        _, final, _ = self.signed(**like_sansay(self))
        self.assertEqual(final.raws("record-route"), [])
        self.assertTrue(final["contact"].startswith("<sip:+12155550199@" + self.net(2)), final["contact"])

    def test_as_peeredge_prints_it(self):
        """A level in `Attestation`, no body (R-D-009)."""
        self.begin("peeredge", attestation_headers=True)
        for level in "ABC":
            self.signed(attest=level, body=b"", extra=["Attestation: " + level])

    def test_compact_forms(self):
        """R-P-002: of all that has one, over UDP and TCP."""
        self.begin("clearip")
        for transport in ("udp", "tcp"):
            invite = self.invite(transport=transport, extra=["y:", "Subject: s"])
            for header in invite.headers:
                if header.name in COMPACT:
                    header.raw = octets(COMPACT[header.name]) + b":" + header.raw.split(b":", 1)[1]
            self.carrier  # pylint: disable=pointless-statement
            self.sbc.send(invite, self.at(transport))
            final = self.sbc.expect((302, "INVITE"))
            self.check_answer(invite, final)
            self.sbc.acknowledge(invite, final, self.at(transport))
            self.assertEqual(len(final.all("identity")), 1)

    def test_several_identities(self):
        """Decided 4: one that says shaken is enough, one of another type is kept beside ours, junk is counted as none."""
        self.begin("generic")
        other = "eyJhIjoxfQ.eyJiIjoyfQ.c2ln;info=<https://x.example/a>;alg=ES256;ppt=vvp"
        invite, final = self.ask(302, extra=["Identity: " + other, "Identity: " + other])
        self.assertEqual(len(final.all("identity")), 1, "ours alone: the SBC has the others")
        arrived = self.followed(invite, final)
        self.assertEqual(arrived.all("identity")[:2], [other, other])
        self.check_token(arrived, skip=2)
        theirs = final["identity"]
        invite, final = self.ask(302, extra=["Identity: " + other, "Identity: " + theirs])
        self.record(invite, decision="passed", reason="already_signed")
        self.assertEqual(final.all("identity"), [])
        self.assertEqual(self.followed(invite, final).all("identity"), [other, theirs])

    def test_a_folded_and_odd_request(self):
        """R-D-016: what is unknown is no matter, and the answer has none of it; Timestamp comes back."""
        self.begin("generic")
        invite, final, _ = self.signed(extra=["X-Foo: a;b;;c", "X-Bar: one,\r\n two", b"X-8: \xff\xfe", "Timestamp: 54.3",
                                           "Require: foo", "Supported: 100rel"])
        self.assertEqual([name for name in ("x-foo", "x-bar", "x-8", "require") if name in final], [])
        self.assertEqual(final.all("timestamp"), invite.all("timestamp"))

    def test_several_vias(self):
        """The answer goes the way back that the request came; each Via is in it as it was."""
        self.begin("generic")
        vias = ["Via: SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bKa", "Via: SIP/2.0/UDP 192.0.2.11;branch=z9hG4bKb, "
                "SIP/2.0/UDP 192.0.2.12;branch=z9hG4bKc"]
        invite = self.invite()
        invite = invite.replaced("via", invite.raws("via")[0], *vias)
        self.sbc.send(invite, self.at())
        final = self.sbc.expect((302, "INVITE"))
        self.assertEqual(final.elements("via")[1:], invite.elements("via")[1:])
        self.sbc.acknowledge(invite, final, self.at())

    def test_numbers_as_the_sbc_writes_them(self):
        """Decided 8: without +, with the country's 1, visually separated; in the token E.164 digits."""
        self.begin("sansay", more=COUNTRY)
        for user in ("2155550100", "12155550100", "+1-215-555-0100"):
            with self.subTest(user=user):
                self.signed(from_="<sip:%s@pbx.example.com>" % user, to="<sip:2155550199@h>",
                            uri="sip:2155550199@" + self.net(1))

    def test_asserted_identity(self):
        """Decided 2: of a trusted SBC it is what counts."""
        self.begin("clearip")
        self.signed(caller="+13125550000", extra=["P-Asserted-Identity: <sip:+12155550100@x>"])


class Transports(TlsStory, Redirecting):
    def configure(self, **changes):
        return TlsStory.configure(self, **changes)

    def test_each_dialect_over_each(self):
        """R-D-011: UDP, TCP and TLS; one connection has any number of questions."""
        sbc = self.tls_peer("sbc", 2)
        for dialect, signed in (("generic", 302), ("clearip", 302), ("sansay", 302), ("ribbon", 300), ("peeredge", 302),
                                ("oracle", 302)):
            self.begin(dialect)
            for transport in ("udp", "tcp", "tls"):
                with self.subTest(dialect=dialect, transport=transport):
                    for _ in range(2):
                        self.signed(signed, peer=sbc, transport=transport)
            for stream in list(sbc.streams):
                stream.socket.close()
            sbc.streams = []
            self._end_stird()


class Sizes(Redirecting):
    LONG = 1400

    def test_an_answer_beyond_a_packet_over_udp(self):
        """R-D-011: there is no change of transport for an answer (RFC 3261 section 18.2.2): it comes as it is."""
        self.begin("all", ['{ name = "all"; like = "clearip"; identity = [ "header", "x", "contact" ]; headers = [ "X-Fill: %s" ]; }'
                           % ("f" * 200)])
        for transport in ("udp", "tcp"):
            invite, final = self.ask(302, transport=transport)
            self.assertGreater(len(final.raw), self.LONG)
            self.check_token(self.followed(invite, final, SBCS["clearip"]))

    def test_a_request_beyond_a_packet(self):
        """R-D-011: what an SBC sends over UDP in fragments is read."""
        self.begin("generic")
        _, final, _ = self.signed(extra=["X-Long: " + "x" * 5000])
        self.assertLess(len(final.raw), 1500)

    def test_a_warning_where_answers_are_that_long(self):
        """R-D-015: said when the configuration is read."""
        self.begin("all", ['{ name = "all"; like = "clearip"; identity = [ "header", "x", "contact" ]; }'])
        status, said = check_configuration(self.stird.configuration)
        self.assertEqual(status, 0)
        self.assertRegex(said, r"warning.*trunk \"sbc\".* octets: over UDP it comes in fragments")
        self._end_stird()
        self.begin("peeredge")
        self.assertNotIn("fragments", check_configuration(self.stird.configuration)[1])


class Levels(Redirecting):
    def begin_by_listener(self):
        """R-D-009: 46 Labs: one endpoint a level."""
        listeners = [self.listener()] + [self.listener("level-" + name, port=port) for name, port in
                                         (("a", 5071), ("b", 5072), ("c", 5073))]
        trunks = [self.redirect_trunk("level-" + name, 2, listener="level-" + name, cap=name.upper()) for name in "abc"]
        self.begin("peeredge", trunks=trunks, listeners=listeners, last=20)

    def question(self, port, **more):
        invite = self.invite(**more)
        self.carrier  # pylint: disable=pointless-statement
        to = ("udp", self.net(1), port)
        self.sbc.send(invite, to)
        final = self.sbc.expect((302, "INVITE"))
        self.sbc.acknowledge(invite, final, to)
        return invite, final

    def test_by_listener(self):
        """R-D-009: three ports; a level is an upper bound, and nobody gains by the port that says A."""
        self.begin_by_listener()
        for port, level in ((5071, "A"), (5072, "B"), (5073, "C")):
            with self.subTest(port=port):
                invite, final = self.question(port)
                self.check_token(self.followed(invite, final), level)
                self.record(invite, attest=level)
                invite, final = self.question(port, caller="+13125550000")
                self.check_token(self.followed(invite, final), max(level, "B"), "13125550000")

    def test_by_user_part(self):
        """R-D-009: a prefix of the number that is called says the level."""
        trunks = [self.redirect_trunk("level-" + level, 2, request_user_prefix=prefix, cap=level)
                  for prefix, level in (("1001", "A"), ("1002", "B"), ("1003", "C"))]
        self.begin("peeredge", trunks=trunks, last=20)
        for prefix, level in (("1001", "A"), ("1002", "B"), ("1003", "C")):
            with self.subTest(level=level):
                invite, final = self.ask(302, uri="sip:%s+12155550199@%s" % (prefix, self.net(1)))
                self.record(invite, trunk="level-" + level, attest=level)
                self.assertEqual(len(final.all("identity")), 1)

    def test_by_header(self):
        """R-D-009: it only lowers, whatever it says; of an SBC that is not trusted nothing is heard."""
        self.begin("peeredge", attestation_headers=True, trunks=[self.redirect_trunk("guest", 4, trusted=False)])
        for caller, said, level in (("+12155550100", "A", "A"), ("+12155550100", "B", "B"), ("+12155550100", "C", "C"),
                                    ("+12155550100", "none", "C"), ("+13125550000", "A", "B"), ("+13125550000", "C", "C"),
                                    ("+12155553001", "A", "B")):
            with self.subTest(caller=caller, said=said):
                self.signed(attest=level, caller=caller, orig=caller[1:], extra=["Attestation: " + said])
        for said in "ABC":
            self.signed(attest="A", peer=self.peer("guest", 4), extra=["Attestation: " + said])

    def test_origid_of_the_sbc(self):
        """R-D-009: Oracle's and others' Origination-ID of a trusted SBC."""
        self.begin("oracle", attestation_headers=True)
        uuid = "3a3ad5c7-1b2c-4c3e-8c70-1d4e0b1c2d3e"
        _, _, token = self.signed(attest="B", extra=["Attestation-Info: B", "Origination-ID: " + uuid])
        self.assertEqual(token.payload["origid"], uuid)

    def test_by_otg(self):
        """Decided 11: Sansay's originating trunk group chooses the trunk."""
        trunks = [self.redirect_trunk("group-200", 2, tgrp="000200", tgrp_in="from", cap="B")]
        self.begin("sansay", trunks=trunks, tgrp="000100", tgrp_in="from")
        for otg, trunk, level in (("000100", "sbc", "A"), ("000200", "group-200", "B")):
            from_ = "<sip:+12155550100@%s;otg=%s;qtype=sti-as>" % (self.net(2), otg)
            invite, _, _ = self.signed(attest=level, **like_sansay(self, from_=from_))
            self.record(invite, trunk=trunk)


class Anew(Redirecting):
    def test_a_token_that_stays_here(self):
        """A trunk in shadow, and numbers that are not in the share yet: made, recorded, told to nobody."""
        for reason, members in (("shadow", {"mode": "shadow"}), ("not_in_share", {"sign_percent": 0})):
            self.begin("clearip", **members)
            invite, _ = self.unsigned(404, reason)
            self.assertEqual(self.stird.record(invite["call-id"])["withheld"]["attest"], "A")
            self._end_stird()

    def test_a_redirected_call_comes_back(self):
        """An SBC that sends its signed INVITE to us again, by mistake, is told that there is nothing to add: no endless loop."""
        self.begin("generic")
        invite, final, token = self.signed()
        again = self.onward(invite, self.client.lines(final), self.sbc)
        again.start = octets("INVITE sip:+12155550199@%s:5060 SIP/2.0" % self.net(1))
        again = again.replaced("via", dialog.via(self.sbc, "udp", dialog.branch()))
        self.sbc.send(again, self.at())
        said = self.sbc.expect((302, "INVITE"))
        self.sbc.acknowledge(again, said, self.at())
        self.assertEqual(said.all("identity"), [])
        records = self.recorded("already_signed", 1)
        self.assertEqual(len(records), 1)
        self.assertTrue(token)


if __name__ == "__main__":
    unittest.main()
