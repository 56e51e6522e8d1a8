"""An answer that nobody can read ends its call with words, instead of leaving it to timer B."""

import re

from lib import dialog
from lib.dialog import answer
from lib.story import Story

# What is done to a 200 or 486, and what the record then says of it (None: its status).
UNREADABLE = {
    "no CSeq": (lambda raw: re.sub(rb"CSeq:.*\r\n", b"", raw), None),
    "CSeq without a colon": (lambda raw: raw.replace(b"CSeq: ", b"CSeq "), None),
    "CSeq with another sign": (lambda raw: raw.replace(b"CSeq: ", b"CSeq="), None),
    "CSeq in small letters, no colon": (lambda raw: raw.replace(b"CSeq: ", b"cseq "), None),
    "CSeq without a method": (lambda raw: raw.replace(b"1 INVITE", b"1"), None),
    "CSeq without a number": (lambda raw: raw.replace(b"1 INVITE", b"INVITE"), None),
    "CSeq is empty": (lambda raw: raw.replace(b"1 INVITE", b""), None),
    "CSeq of another method": (lambda raw: raw.replace(b"1 INVITE", b"1 BYE"), None),
    "CSeq in other letters": (lambda raw: raw.replace(b"1 INVITE", b"1 invite"), None),
    "CSeq of no method": (lambda raw: raw.replace(b"1 INVITE", b"1 X-Y"), None),
    "a folded one": (lambda raw: raw.replace(b"CSeq: ", b"CSeq\r\n : "), None),
    "a Via without a colon": (lambda raw: raw.replace(b"Via: ", b"Via ", 1), None),
    "a Via in compact form": (lambda raw: raw.replace(b"Via: ", b"v ", 1), None),
    "letters": (lambda raw: re.sub(rb"^SIP/2.0 ...", b"SIP/2.0 2xx", raw), "unreadable"),
    "four digits": (lambda raw: re.sub(rb"^SIP/2.0 ...", b"SIP/2.0 2000", raw), "unreadable"),
    "two digits": (lambda raw: re.sub(rb"^SIP/2.0 ...", b"SIP/2.0 48", raw), "unreadable"),
    "700": (lambda raw: re.sub(rb"^SIP/2.0 ...", b"SIP/2.0 700", raw), "unreadable"),
    "999": (lambda raw: re.sub(rb"^SIP/2.0 ...", b"SIP/2.0 999", raw), "unreadable"),
    "no status": (lambda raw: re.sub(rb"^SIP/2.0 [^\r]*", b"SIP/2.0", raw), "unreadable"),
    "another version": (lambda raw: raw.replace(b"SIP/2.0 ", b"SIP/3.0 ", 1), None),
    "a status line that ends in CR": (lambda raw: raw.replace(b"\r\n", b"\r", 1), None),
    "a status line that ends in LF": (lambda raw: raw.replace(b"\r\n", b"\n", 1), None),
    "CR alone": (lambda raw: raw.replace(b"\r\n", b"\r"), None),
    "LF alone": (lambda raw: raw.replace(b"\r\n", b"\n"), None),
    "CR CR LF": (lambda raw: raw.replace(b"\r\n", b"\r\r\n"), None),
    "LF CR": (lambda raw: raw.replace(b"\r\n", b"\n\r"), None),
    "a CR behind the Via": (lambda raw: re.sub(rb"(Via:[^\r]*)\r\n", rb"\1\r", raw, count=1), None),
    "an empty Via, no CSeq": (lambda raw: re.sub(rb"CSeq:.*\r\n", b"", raw.replace(
        b"Via: ", b"v:\r\nVia: ", 1)), None),
    "no version": (lambda raw: raw.replace(b"SIP/2.0 ", b"", 1), None),
}
# What stands before an answer hides nothing of it: it goes up as it would without.
BEFORE = {
    "a space": b" ",
    "a byte order mark": b"\xef\xbb\xbf",
    "a NUL": b"\0",
}


# What a callee may make of the lines that its 180 repeats of the INVITE, by their names.
REPEATED = {
    "nothing": lambda ringing: ringing,
    "another branch below": lambda ringing: ringing.replaced(
        "via", ringing.raws("via")[0], *[re.sub(b"z9hG4bK", b"z9hG4bKlow", via)
                                         for via in ringing.raws("via")[1:]]),
    "a Via more": lambda ringing: ringing.replaced(
        "via", *ringing.raws("via") + [b"Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKmore"]),
    "another From tag": lambda ringing: ringing.replaced(
        "from", re.sub(rb";tag=.*", b";tag=other", ringing.raws("from")[0])),
    "two To": lambda ringing: ringing.replaced(
        "to", *ringing.raws("to") + [b"To: <sip:x@y>;tag=second"]),
    "two From": lambda ringing: ringing.replaced(
        "from", *ringing.raws("from") + [b"From: <sip:x@y>;tag=second"]),
    "another Call-ID": lambda ringing: ringing.replaced("call-id", "Call-ID: other"),
    "two Call-IDs": lambda ringing: ringing.replaced(
        "call-id", *ringing.raws("call-id") + [b"Call-ID: other"]),
    "another CSeq": lambda ringing: ringing.replaced("cseq", "CSeq: 77 INVITE"),
    "two CSeqs": lambda ringing: ringing.replaced(
        "cseq", *ringing.raws("cseq") + [b"CSeq: 9 BYE"]),
}


class UnreadableAnswer(Story):
    def is_answered_as_asked(self, invite, final):
        for name in ("from", "call-id", "cseq"):
            self.assertEqual(final.raws(name), invite.raws(name))
        self.assertEqual(len(final.elements("via")), 1)
        self.assertEqual(self.sbc.top_branch(final), self.sbc.top_branch(invite))
        own = re.escape(invite.raws("to")[0]) + rb";tag=[0-9a-f]{16}"
        self.assertEqual(len(final.raws("to")), 1)
        self.assertRegex(final.raws("to")[0], b"^" + own + b"$")

    def test_what_the_callee_wrote_before_is_not_repeated(self):
        """RFC 3261 section 8.2.6.2: our own answer has the lines of the request, and our tag, whatever
        the callee wrote, and whether it wrote something else before or after."""
        self.start()
        for name, change in REPEATED.items():
            for others in ((change,), (REPEATED["nothing"], change), (change, REPEATED["nothing"]),
                           (change, change)):
                with self.subTest(name=name, others=len(others)):
                    invite = self.place(to='"Bob >;tag=1" <sip:+12155550199@carrier.example.com>')
                    arrived = self.carrier.expect("INVITE")
                    self.sbc.expect(100)
                    for other in others:
                        ringing = answer(arrived, 180, "Ringing", "early", peer=self.carrier)
                        self.carrier.send(other(ringing), ("udp",) + arrived.source)
                        self.sbc.expect(180, retransmissions=True)
                    raw = answer(arrived, 486, "Odd", "t9", peer=self.carrier).octets()
                    self.carrier.send(UNREADABLE["CSeq of another method"][0](raw),
                                      ("udp",) + arrived.source)
                    final = self.sbc.expect(502)
                    self.is_answered_as_asked(invite, final)
                    self.sbc.acknowledge(invite, final, self.at())
                    self.carrier.expect("ACK")

    def test_nor_after_a_cancel(self):
        self.start(more='timers = { t1 = "50ms"; };')
        for name in ("another branch below", "another From tag"):
            with self.subTest(name=name):
                invite = self.place()
                arrived = self.carrier.expect("INVITE", skip=["CANCEL"])
                self.sbc.expect(100)
                ringing = answer(arrived, 180, "Ringing", "early", peer=self.carrier)
                self.carrier.send(REPEATED[name](ringing), ("udp",) + arrived.source)
                self.sbc.expect(180)
                self.sbc.send(dialog.cancel(invite), self.at())
                heard = self.sbc.expect((200, "CANCEL"))
                final = self.sbc.expect((487, "INVITE"), skip=[180])
                self.is_answered_as_asked(invite, final)
                self.assertEqual(final.raws("to"), heard.raws("to"))
                self.sbc.acknowledge(invite, final, self.at())

    def ends(self, over, name, status, called):
        change, said = UNREADABLE[name]
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place(called=called)
        arrived = self.carrier.expect("INVITE")
        raw = answer(arrived, status, "Odd", "t9", peer=self.carrier).octets()
        self.assertNotEqual(change(raw), raw)
        way = arrived.connection if over == "tcp" else ("udp",) + arrived.source
        self.carrier.send(change(raw), way)
        there = self.sbc.expect(502)
        self.sbc.acknowledge(invite, there, self.at())
        record = self.record(invite, result="failed", cause="answer_unreadable", sip_status=502)
        self.assertEqual(record["tried"][0]["said"], said or str(status))
        if status >= 300 and not said:
            self.carrier.expect("ACK")
        else:
            self.carrier.send(change(raw), way)  # again: nothing more comes of it
        self.sbc.inbox = []

    def test_over_udp(self):
        self.start()
        for name in UNREADABLE:
            for status, called in ((200, "911"), (486, "+12155550199")):
                with self.subTest(name=name, status=status):
                    self.ends("udp", name, status, called)
        self.stird.wait_lines("malformed message")

    def test_behind_octets_that_nobody_sees(self):
        for over in ("udp", "tcp"):
            self.start(upstreams=[self.upstream(transport=over)])
            for name, junk in BEFORE.items():
                for status, called in ((200, "911"), (486, "+12155550199")):
                    with self.subTest(over=over, name=name, status=status):
                        invite = self.place(called=called)
                        arrived = self.carrier.expect("INVITE")
                        raw = junk + answer(arrived, status, "Odd", "t9", peer=self.carrier).octets()
                        self.carrier.send(raw, arrived.connection or ("udp",) + arrived.source)
                        there = self.sbc.expect(status)
                        self.sbc.acknowledge(invite, there, self.at() if status > 299 else None)
                        self.carrier.expect("ACK")
            self.stird.stop()

    def test_over_tcp(self):
        """But for line ends, behind which nobody knows where the next message begins."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        for name in UNREADABLE:
            if "CR" in name or "LF" in name:
                continue
            with self.subTest(name=name):
                self.ends("tcp", name, 200, "911")

    def test_one_of_1xx_is_a_sign_of_life(self):
        """And the call rings on."""
        self.start()
        for change in (lambda raw: raw.replace(b"CSeq: ", b"CSeq "),
                       lambda raw: raw.replace(b"SIP/2.0 180", b"SIP/2.0 18x"),
                       lambda raw: raw.replace(b"SIP/2.0 180", b"SIP/2.0 1800"),
                       lambda raw: raw.replace(b"SIP/2.0 180", b"180")):
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            ringing = answer(arrived, 180, "Odd", "t9", peer=self.carrier).octets()
            self.assertNotEqual(change(ringing), ringing)
            self.carrier.send(change(ringing), ("udp",) + arrived.source)
            self.refuse(arrived, invite)

    def test_503_leads_on(self):
        self.start(trunks=[self.trunk(upstreams=["first", "carrier"])],
                   upstreams=[self.upstream("first", 8), self.upstream()])
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        for name in ("no CSeq", "CSeq without a colon", "CSeq is empty", "a Via without a colon"):
            with self.subTest(name=name):
                invite = self.place()
                there = first.expect("INVITE")
                raw = answer(there, 503, "Odd", "t9", peer=first).octets()
                first.send(UNREADABLE[name][0](raw), ("udp",) + there.source)
                first.expect("ACK")
                self.refuse(self.carrier.expect("INVITE"), invite)
                first.inbox = []

    def test_the_answer_to_cancel_is_not_the_calls(self):
        """It has the branch of the INVITE. 487, which no CANCEL gets, is the call's."""
        self.start()
        for own in (lambda raw: raw.replace(b"CSeq: ", b"CSeq "),
                    lambda raw: re.sub(rb"CSeq:.*\r\n", b"", raw)):
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            self.carrier.respond(arrived, 180)
            self.sbc.expect(180)
            self.sbc.send(dialog.cancel(invite), self.at())
            self.sbc.expect((200, "CANCEL"))
            cancel = self.carrier.expect("CANCEL")
            raw = answer(cancel, 200, "OK", "t9", peer=self.carrier).octets()
            self.carrier.send(own(raw), ("udp",) + cancel.source)
            self.carrier.expect_nothing(0.1)
            raw = answer(arrived, 487, "Terminated", "t9", peer=self.carrier).octets()
            self.carrier.send(own(raw), ("udp",) + arrived.source)
            self.sbc.acknowledge(invite, self.sbc.expect(487), self.at())
            self.carrier.expect("ACK")
            self.record(invite, cause="cancelled")
            self.sbc.inbox, self.carrier.inbox = [], []

    def test_a_good_2xx_behind_one_that_cannot_be_read(self):
        """It goes up (RFC 3261 section 16.7 item 5); the record stays, the log and a counter tell."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        raw = answer(arrived, 200, "OK", "t9", peer=self.carrier).octets()
        for octets, status in ((raw.replace(b"CSeq: 1 ", b"CSeq: x "), 502), (raw, 200)):
            self.carrier.send(octets, ("udp",) + arrived.source)
            there = self.sbc.expect(status)
            self.sbc.acknowledge(invite, there, self.at() if status > 299 else None)
        self.record(invite, result="failed", cause="answer_unreadable", sip_status=502)
        self.assert_counted("answered_late", 1)
        self.stird.wait_lines("answered after it had ended otherwise")

    def test_who_does_not_know_the_branch_ends_nothing(self):
        """Nor does what is a request, or the answer to our ACK."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        raw = answer(arrived, 486, "Odd", "t9", peer=self.carrier).octets()
        for other in (raw.replace(b"z9hG4bKst", b"z9hG4bKsx", 1).replace(b"CSeq: ", b"CSeq "),
                      raw.replace(b"SIP/2.0 486 Odd", b"OPTIONS sip:x SIP/2.0").replace(
                          b"CSeq: ", b"CSeq "),
                      raw.replace(b"1 INVITE", b"1 ACK"), raw.replace(b"1 INVITE", b"x ACK"),
                      raw.replace(b"1 INVITE", b"1 CANCEL"), raw.replace(b"1 INVITE", b"x CANCEL")):
            self.assertNotEqual(other, raw)
            self.carrier.send(other, ("udp",) + arrived.source)
        stranger = self.peer("stranger", 77)
        stranger.send(raw.replace(b"CSeq: ", b"CSeq "), self.at())
        self.carrier.expect(400)  # what is a request is answered as one
        self.refuse(arrived, invite)

    def test_among_several_workers(self):
        """The branch names the worker, wherever the answer comes to light."""
        self.start(more='workers = 2;')
        for _ in range(4):
            for name in ("no CSeq", "four digits", "no version", "a Via without a colon"):
                with self.subTest(name=name):
                    self.ends("udp", name, 486, "+12155550199")
