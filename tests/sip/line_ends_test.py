"""One reader of line ends: a head in which CR or LF stands alone, or that does not end, goes nowhere."""

from lib.sip import Message
from lib.story import Story

PAI = b"P-Asserted-Identity: <sip:+19005550000@evil>"
IDENTITY = b"Identity: eyJhbGciOiJFUzI1NiJ9.e30.AAAA;info=<https://evil/c>;alg=ES256;ppt=shaken"

# What stands before Content-Type in place of its line end.
BETWEEN = {
    "CR": b"\r\nSubject: x\r%s\r\n",
    "CR CR LF": b"\r\nSubject: x\r\r\n%s\r\n",
    "LF": b"\r\nSubject: x\n%s\r\n",
    "LF CR": b"\r\nSubject: x\r\n\r%s\r\n",
    "LF before": b"\n%s\r\n",
    "LF behind": b"\r\n%s\n",
    "CR behind": b"\r\n%s\r",
    "CRs": b"\r\nSubject: x" + b"\ra:" * 5000 + b"\r%s\r\n",
    "LFs": b"\r\nSubject: x" + b"\na:" * 5000 + b"\n%s\r\n",
    "LF LF": b"\r\nSubject: x\n\n%s\r\n",
    "CR CR": b"\r\nSubject: x\r\r%s\r\n",
}


def with_lines(message, between, what):
    """The octets of MESSAGE with WHAT in BETWEEN."""
    head, _, rest = message.octets().partition(b"\r\nContent-Type")
    return head + between % what + b"Content-Type" + rest


class LineEnds(Story):
    def refused(self, raw, peer, *statuses):
        """Nothing of it arrives; the answer, if any, is one of STATUSES and repeats nothing odd."""
        self.carrier  # pylint: disable=pointless-statement
        peer.inbox = []
        peer.send(raw, self.at())
        if None in statuses:
            self.heard()
            peer.drain()
            answer = peer.inbox[0] if peer.inbox else None
        else:
            answer = peer.expect(statuses[0])
        self.carrier.expect_nothing(0.05)
        if answer is not None:
            self.assertIn(answer.status, statuses)
            self.assertNotIn(b"evil", answer.raw)
            bare = answer.raw.replace(b"\r\n", b"")
            self.assertFalse(b"\r" in bare or b"\n" in bare, answer.raw)
        return answer

    def test_from_an_untrusted_trunk(self):
        """R-P-010: no header is hidden from the decision, and none leaves by itself."""
        self.start()
        guest = self.peer("guest", 3)
        for name, between in BETWEEN.items():
            for what in (PAI, IDENTITY, b"y: a.b.c", b"Attestation-Info: A"):
                with self.subTest(name=name, what=what):
                    self.refused(with_lines(self.invite(guest), between, what), guest, 400)
        self.signed_call()

    def test_the_answer_and_the_log_say_what_is_wrong(self):
        self.start()
        raw = with_lines(self.invite(), BETWEEN["CR"], PAI)
        answer = self.refused(raw, self.sbc, 400)
        self.assertIn(b"CR or LF stands alone", answer.start)
        octet = raw.index(b"x\rP-") + 1
        self.stird.wait_lines("octet %d" % octet)

    def test_in_the_lines_of_the_answer(self):
        """What would be repeated in a 400 is not, when it holds a line end."""
        self.start()
        for name, line in (("from", "From: <sip:1@h>;tag=1\rContact: <sip:evil@evil>"),
                           ("to", "To: <sip:1@h>\nContact: <sip:evil@evil>"),
                           ("call-id", "Call-ID: x\rContact: evil"),
                           ("cseq", "CSeq: 1 INVITE\rContact: evil")):
            with self.subTest(name=name):
                invite = self.invite().replaced(name, line)
                self.refused(invite.octets(), self.sbc, 400)
        self.signed_call()

    def test_line_feeds_alone(self):
        """Case of RFC 4475 section 3.1.2.15's kind: refused, not passed on half mended."""
        self.start()
        def parts():
            head, _, body = self.invite().octets().partition(b"\r\n\r\n")
            return head.split(b"\r\n"), body
        for end in (b"\n\n", b"\r\n\r\n", b"\n\r\n", b"\r\n\n"):
            lines, body = parts()
            with self.subTest(end=end):
                self.refused(b"\n".join(lines) + end + body, self.sbc, 400)
        for i in range(1, len(lines)):
            lines, body = parts()
            mixed = b"\r\n".join(lines[:i]) + b"\n" + b"\r\n".join(lines[i:]) + b"\r\n\r\n" + body
            with self.subTest(line=lines[i]):
                self.refused(mixed, self.sbc, 400)
        self.signed_call()

    def test_every_line_end_is_told(self):
        """R-P-010: whichever it is, an INVITE gets its 400 and a record, and an emergency call an alarm."""
        self.start()
        for n, end in enumerate((b"\r", b"\n", b"\r\r\n", b"\n\r"), 1):
            with self.subTest(end=end):
                invite = self.invite(called="911", uri="sip:911@" + self.net(1))
                self.refused(invite.octets().replace(b"\r\n", end), self.sbc, 400)
                self.record(invite, reason="bad_request", sip_status=400, emergency=True)
                self.assert_counted("emergency_refused", n)
                for at in range(6):
                    parts = self.invite().octets().split(b"\r\n")
                    raw = b"\r\n".join(parts[:at + 1]) + end + b"\r\n".join(parts[at + 1:])
                    self.refused(raw, self.sbc, 400)

    def test_a_folded_line_in_an_answer(self):
        """What folds it by one of the two alone becomes spaces."""
        self.start()
        for fold in (b"\r ", b"\n ", b"\r\r\n "):
            with self.subTest(fold=fold):
                raw = self.invite().octets().replace(b";branch=", fold + b";branch=")
                answer = self.refused(raw, self.sbc, 400)
                self.assertIn(b";branch=z9hG4bK", answer.raw)

    def test_in_the_body_they_are_the_body_s(self):
        self.start()
        _, arrived, _ = self.signed_call(body=b"v=0\ro=x\nc=\r\r\n\n")
        self.assertEqual(arrived.body, b"v=0\ro=x\nc=\r\r\n\n")

    def test_over_tcp(self):
        """400, and the connection ends: who knows where the next message begins."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        for name in ("CR", "CR CR LF", "LF", "LF LF", "CRs"):
            with self.subTest(name=name):
                stream = self.sbc.connect(self.net(1), 5060, fresh=True)
                good = self.invite(transport="tcp").octets()
                raw = with_lines(self.invite(transport="tcp"), BETWEEN[name], PAI) + good
                try:
                    stream.socket.sendall(raw)
                except OSError:
                    pass
                self.sbc.expect_closed(stream)
                self.carrier.expect_nothing(0.05)
        self.sbc.inbox = []
        self.signed_call(transport="tcp")

    def test_a_head_that_does_not_end(self):
        """R-P-010: last octets cut; nothing is glued to them, nothing is signed."""
        self.start()
        for transport in ("INVITE", "MESSAGE"):
            raw = self.invite(body=b"").octets() if transport == "INVITE" else self.sbc.request(
                "MESSAGE", "sip:+12155550199@" + self.net(1)).octets()
            for n in list(range(1, 12)) + [25, 40, len(raw) // 2, len(raw) - 60]:
                with self.subTest(what=transport, cut=n):
                    self.refused(raw[:-n], self.sbc, 400, None)
        for n in (1, 2, 3, 4, 5, 30):
            raw = self.invite(body=b"").plus(IDENTITY.decode()).octets()
            answer = self.refused(raw[:-n], self.sbc, 400)
            self.assertIn(b"ends within its header", answer.start)
        self.signed_call()

    def test_responses(self):
        """Dropped, and said in the log; the next one goes up."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        good = self.sbc.expect(180)
        raw = self.carrier.respond(arrived, 180, tag="t").octets()
        self.sbc.expect(180, retransmissions=True)
        bad = [raw[:-n] for n in range(1, 5)] + [raw[:len(raw) // 2]]
        head, _, rest = raw.partition(b"\r\nContent-Length")
        bad += [head + b"\r\nX: a" + between + b"Content-Length" + rest
                for between in (b"\r", b"\n", b"\r\r\n", b"\n\r\n", b"\rA: b\r\n")]
        for octets in bad:
            self.carrier.send(octets, ("udp",) + arrived.source)
        self.sbc.expect_nothing(0.2)
        self.stird.wait_lines("malformed message")
        self.refuse(arrived, invite)
        self.assertTrue(good)

    def test_a_stranger_s_mark(self):
        """R-P-024: a mark that proves nothing is not parsed, nor answered (Decided 12)."""
        self.start()
        invite, arrived = self.short_call()
        key = arrived["record-route"].partition("stk=")[2][:16]
        nobody = self.peer("nobody", 66)
        mark = Message("INVITE sip:x SIP/2.0", ["Route: <sip:%s;lr;stk=%s>" % (self.net(1), key)])
        for extra in (["X: stk=1"], ["S: z9hG4bKst"], ["Route: <sip:%s;lr;stk=0123456789abcdef>"
                      % self.net(1)], [mark.headers[0].raw.decode()],
                      ["X: ;stk=" + key], ["Subject: x\r" + mark.headers[0].raw.decode()]):
            with self.subTest(extra=extra):
                self.refused(self.invite(nobody, extra=extra).octets(), nobody, None)
        before = self.stird.log().count("malformed")
        answer = Message("SIP/2.0 200 OK", [h.raw for h in invite.headers])
        for via in ("z9hG4bKst" + "0" * 36, arrived.raws("via")[0].decode().partition(
                "branch=")[2][:44] + "x"):
            nobody.send(answer.replaced("via", "Via: SIP/2.0/UDP %s:5060;branch=%s" % (
                self.net(1), via)), self.at())
        self.sbc.expect_nothing(0.1)
        self.assertEqual(before, self.stird.log().count("malformed"))
        self.signed_call()
