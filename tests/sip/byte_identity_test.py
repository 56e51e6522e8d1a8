"""What stird does not touch leaves as the same octets, in the same order."""

import os

from lib.sip import Message
from lib.story import Story

ODD = (
    b"X-Foo: a;b;;c",
    b"x-lower  :   spaced  out ",
    b"X-Folded: one,\r\n two,\r\n\tthree",
    b"X-8bit: caf\xc3\xa9 \xff\xfe raw",
    b"X-Empty:",
    b"k: timer,100rel,  path",
    b"s:subject without space",
    b"X-Comma: \"a, b\" <sip:c,d@e>;f=\"g\\\"h\", i",
    b"Allow: INVITE,ACK , BYE",
    b"Accept: application/sdp;q=0.5;;level=1",
    b"User-Agent: SBC/1.0 (odd; \"quoted\")",
    b"P-Charging-Vector: icid-value=1;icid-generated-at=192.0.2.1",
    b"Call-Info: <http://www.example.com/a.jpg> ;purpose=icon",
    b"X-Foo: again",
    b"Supported: gruu",
    b"History-Info: <sip:+12155550142@a>;index=1,<sip:+12155550199@b>;index=1.1;mp=1",
    b"Diversion: <sip:+12155550142@a>;reason=unconditional",
)


class ByteIdentity(Story):
    def test_odd_headers(self):
        """R-P-002 R-P-003 R-P-010 R-P-050: compact forms, folds, 8-bit octets, unknown names."""
        self.start()
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                invite, arrived, _ = self.signed_call(extra=ODD, transport=transport)
                self.assert_untouched(invite, arrived)

    def test_odd_headers_to_tcp(self):
        """The same on the way out by TCP."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        invite, arrived, _ = self.signed_call(extra=ODD)
        self.assert_untouched(invite, arrived)

    def test_compact_names_of_everything(self):
        """R-P-002: v f t i m l c as an old device writes them."""
        self.start()
        invite = self.invite()
        short = {"via": b"v", "from": b"f", "to": b"t", "call-id": b"i", "contact": b"m",
                 "content-type": b"c", "content-length": b"l"}
        lines = [short[header.name] + header.raw[header.raw.index(b":"):]
                 if header.name in short else header.raw for header in invite.headers]
        sent = Message(invite.start, lines, invite.body)
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(sent, self.at())
        arrived = self.carrier.expect("INVITE")
        self.assert_untouched(sent, arrived)
        self.verify(arrived, "A")
        self.refuse(arrived, sent)

    def test_odd_from_and_to(self):
        """R-P-050: display names, escapes and parameters of From and To are not rewritten."""
        self.start()
        from_ = '"J\\"R \xc3\xa9 <x>"  <sip:+1-215-555-0100;phone-context=x@h;user=phone>  ;p=1'
        to = "<sip:+1%3215555%30199@h;a;b=c>;z"
        invite, arrived, _ = self.signed_call(from_=from_, to=to, orig="12155550100",
                                              dest="12155550199")
        self.assert_untouched(invite, arrived, "from", "to", "call-id", "cseq", "contact")

    def test_binary_body(self):
        """R-P-010 R-P-049 R-X-018: every octet value, over both transports."""
        body = bytes(range(256)) + os.urandom(200) + b"\r\n\r\n\0"
        self.start()
        for transport in ("udp", "tcp"):
            with self.subTest(transport=transport):
                invite, arrived, _ = self.signed_call(body=body, transport=transport)
                self.assertEqual(arrived.body, invite.body)
                self.assertEqual(int(arrived["content-length"]), len(body))

    def test_multipart_body(self):
        """R-P-049: a body that sofia-sip's own multipart parser must never see."""
        body = (b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b\r\n"
                b"Content-Type: application/isup;version=x\r\n\r\n\x01\x00\x60--b--\r\n--b\r\n")
        self.start()
        invite = self.invite(body=body).replaced(
            "content-type", 'Content-Type: multipart/mixed;boundary="b"')
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.assert_untouched(invite, arrived)
        self.verify(arrived, "A")
        self.refuse(arrived, invite)

    def test_no_body(self):
        """An INVITE without a body and one without even a Content-Length (UDP)."""
        self.start()
        self.signed_call(body=b"")
        invite = self.invite(body=b"").without("content-length")
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.verify(arrived, "A")
        self.refuse(arrived, invite)

    def test_answers_are_untouched(self):
        """R-P-003: the way back as well."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        sent = self.carrier.respond(arrived, 183, extra=ODD, body=bytes(range(256)))
        there = self.sbc.expect(183)
        self.assertEqual([header.raw for header in sent.headers if header.name != "via"],
                         [header.raw for header in there.headers if header.name != "via"])
        self.assertEqual(there.start, sent.start)
        self.assertEqual(there.body, sent.body)
        self.refuse(arrived, invite)

    def test_octets_behind_the_body(self):
        """R-P-006: what follows Content-Length in a datagram is not sent on."""
        self.start()
        invite = self.invite()
        self.carrier  # pylint: disable=pointless-statement
        second = self.invite()
        self.sbc.send(invite.octets() + second.octets(), self.at())
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived.body, invite.body)
        self.refuse(arrived, invite)
        self.carrier.expect_nothing()
