"""Malformed INVITEs get a clear answer or none, and the next good call is signed."""

from lib.dialog import unique
from lib.sip import Message
from lib.story import Story


class Malformed(Story):
    def broken(self, message, *statuses):
        """STATUSES that may be the answer; None: silence is allowed."""
        raw = message.octets() if isinstance(message, Message) else message
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(raw, self.at())
        self.heard()
        answer = next((m for m in self.sbc.inbox if not m.again), None)
        if None not in statuses:
            self.assertIsNotNone(answer, "no answer")
        arrived = self.carrier.poll(0.05) and self.carrier.inbox
        self.sbc.inbox, self.carrier.inbox = [], []
        if answer is not None:
            self.assertIn(answer.status, statuses, answer.octets())
        self.assertFalse(arrived, "it was relayed")

    def good(self):
        self.sbc.inbox = []
        self.signed_call(called="+1215555" + "%04d" % (len(self.sbc.seen) % 9000))

    def test_a_mandatory_header_is_missing(self):
        """R-P-004, Decided 14."""
        self.start()
        for name in ("to", "from", "call-id", "cseq"):
            with self.subTest(name=name):
                self.broken(self.invite().without(name), 400, None)
        self.broken(self.invite().without("via"), None)
        self.good()

    def test_a_mandatory_header_is_doubled(self):
        """R-P-004: two From, two To, two Call-ID, two CSeq."""
        self.start()
        for line in ("From: <sip:+12155559999@h>;tag=1", "To: <sip:x@h>", "Call-ID: other",
                     "CSeq: 2 INVITE"):
            with self.subTest(line=line):
                self.broken(self.invite().plus(line), 400, None)
        self.good()

    def test_header_values_that_do_not_parse(self):
        """R-P-004 R-P-005."""
        self.start()
        for name, line in (("cseq", "CSeq: 1 OPTIONS"), ("cseq", "CSeq: 4294967296 INVITE"),
                           ("cseq", "CSeq: 99999999999999999999 INVITE"), ("cseq", "CSeq: INVITE"),
                           ("cseq", "CSeq: -1 INVITE"), ("from", "From: <sip:+1215"),
                           ("from", "From:"), ("to", "To: \"unclosed <sip:a@b>"),
                           ("call-id", "Call-ID:"),
                           ("via", "Via: SIP/2.0/UDP"), ("via", "Via: rubbish"),
                           ("max-forwards", "Max-Forwards: many")):
            with self.subTest(line=line):
                self.broken(self.invite().replaced(name, line), 400, None)
        self.good()

    def test_content_length(self):
        """R-P-005, Decided 14: doubled, negative, no number, beyond the datagram."""
        self.start()
        invite = self.invite()
        length = len(invite.body)
        for lines in (["Content-Length: %d" % length, "Content-Length: %d" % length],
                      ["Content-Length: %d" % length, "l: 0"], ["Content-Length: -1"],
                      ["Content-Length: ten"], ["Content-Length: %d" % (length + 1)],
                      ["Content-Length: 99999999999999999999"]):
            with self.subTest(lines=lines):
                self.broken(self.invite().replaced("content-length", *lines), 400, None)
        self.good()

    def test_start_line(self):
        """R-P-008: version, scheme, spaces."""
        self.start()
        uri = "sip:+12155550199@" + self.net(1)
        for start, statuses in (("INVITE %s SIP/7.0" % uri, (505, None)),
                                ("INVITE %s SIP/2.0 x" % uri, (400, 505, None)),
                                ("INVITE nobodyKnowsThis:x SIP/2.0", (416,)),
                                ("INVITE http://example.com/ SIP/2.0", (416,)),
                                ("INVITE <%s> SIP/2.0" % uri, (400, None)),
                                ("INVITE sip:+1 215@h SIP/2.0", (400, None)),
                                ("INVITE  SIP/2.0", (400, None)), ("INVITE", (400, None)),
                                ("SIP/2.0 200 OK", (None,)), ("", (None,))):
            with self.subTest(start=start):
                invite = self.invite()
                self.broken(Message(start, [h.raw for h in invite.headers], invite.body),
                            *statuses)
        self.good()

    def test_too_many_header_lines(self):
        """R-P-009, Decided 14: 300 lines."""
        self.start()
        self.broken(self.invite(extra=["X-%d: y" % i for i in range(300)]), 400, 513, None)
        self.broken(self.invite(extra=["v: x"] * 300), 400, 513, None)
        self.good()

    def test_too_many_elements(self):
        """Decided 14: more than 64 in one of the list headers."""
        self.start()
        for name in ("Route", "Record-Route", "Contact"):
            value = ",".join(["<sip:192.0.2.1;lr>"] * 65)
            with self.subTest(name=name):
                self.broken(self.invite().plus("%s: %s" % (name, value)), 400, None)
        for name in ("Require", "Proxy-Require", "Supported"):
            value = ",".join(["x"] * 65)
            with self.subTest(name=name):
                self.broken(self.invite().plus("%s: %s" % (name, value)), 400, 420, None)
        invite = self.invite()
        via = ",".join(["SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx"] * 64)
        self.broken(invite.replaced("via", invite.raws("via")[0], "Via: " + via), 400, None)
        self.good()

    def test_over_long(self):
        """R-P-009, Decided 14: beyond the limit by UDP; a megabyte by TCP."""
        self.start(limits=' message = "16k";')
        self.broken(self.invite(extra=["X-Long: " + "x" * 17000]), 513, None)
        stream = self.sbc.connect(self.net(1), 5060)
        try:
            self.sbc.send(self.invite(transport="tcp", extra=["X-Long: " + "x" * 1000000]), stream)
        except OSError:
            pass
        self.sbc.expect_closed(stream)
        self.carrier.expect_nothing(0.1)
        self.good()

    def test_octets_of_all_kinds(self):
        """R-P-010: NUL, 8-bit and broken lines anywhere stop nothing but themselves."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        good = self.invite().octets()
        for at in range(0, len(good), 37):
            for octet in (b"\0", b"\xff", b"\r\n", b"\"", b"<"):
                self.sbc.send(good[:at] + octet + good[at:], self.at())
        for end in range(0, len(good), 61):
            self.sbc.send(good[:end], self.at())
        while self.sbc.poll(0.3) or self.carrier.poll(0):
            pass
        self.carrier.inbox, self.sbc.inbox = [], []
        self.stird.wait_child("worker")
        invite = self.place(called="+12155557777")
        arrived = self.next_of(invite)
        self.verify(arrived, "A", dest="12155557777")

    def next_of(self, invite):
        """The INVITE of this call at the carrier, whatever else still arrives there."""
        for _ in range(200):
            for message in self.carrier.inbox:
                if message.method == "INVITE" and message.get("call-id") == invite["call-id"]:
                    return message
            self.carrier.poll(1)
        raise AssertionError("the call did not arrive")

    def test_not_sip_at_all(self):
        """STUN, SigComp, keep-alives, single octets: no answer, no harm."""
        self.start()
        for raw in (b"", b"\0", b"\r\n\r\n", b"\0\1\0\0\x21\x12\xa4\x42" + b"\0" * 12,
                    b"\xf8" + b"\0" * 40, b"GET / HTTP/1.0\r\n\r\n", unique().encode()):
            self.sbc.send(raw, self.at())
        self.sbc.poll(0.2)
        self.good()
