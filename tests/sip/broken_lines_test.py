"""Lines that stird does not need cost nothing (RFC 3261 section 16.3), and hide nothing."""

from lib.dialog import answer, callee_in_dialog, in_dialog
from lib.sip import Message
from lib.story import Story

# Lines that are no header, or not one that anything here depends on.
UNNEEDED = [
    b"P-Indicator=A;", b"Date", b"Date Sat, 13 Nov 2010 23:29:00 GMT", b"X-Broken",
    b"My Header: x", b"\xe9t\xe9: x", b"X\xa0: y", b": no name", b"=", b"x", b"X-\0: y",
    b"\"quoted\": x", b"X-Folded\r\n : y", b"X\r\n Y\r\n\tZ: x", b"From", b"Call-ID 1234",
    b"Content-Type: a", b"Content-Type: ;;;", b"Content-Type:", b"Content-Disposition: \"",
    b"Expires: never", b"Contact: <sip:", b"Supported: ,,,", b"Session-Expires: x;y;;",
    b"Subject: \"x", b"X: \0\1\x7f\xff", b"Record-Route: <sip:", b"X-Long" + b"-" * 200 + b": x",
    b"Warning", b"Organization = x", b"P-Charging-Vector;x", b"Reason\t",
]

# Lines that somebody may read as headers of the trust domain.
LIKE_PRIVATE = [
    b"P-Asserted-Identity : <sip:+19005550000@evil>", b"P-Asserted-Identity\t: <tel:evil>",
    b"p-asserted-IDENTITY: <sip:evil>", b"P-Asserted-Identity\r\n : <sip:evil>",
    b"P-Asserted-Identity\xa0: <sip:evil>", b"P-Asserted-\0Identity: <sip:evil>",
    b"P-Asserted-Identity\0: <sip:evil>", b"\x0bP-Asserted-Identity: <sip:evil>",
    b"P-Asserted-Identity=<sip:evil>", b"P-Asserted-Identity <sip:evil>",
    b"P-Asserted-Identity, X: evil", b"Attestation-Info\xa0: A evil", b"Attestation-Info = A evil",
    b"P-Attestation-Indicator=A;evil", b"X-Private\xe9: evil", b"x-private evil",
]


def with_line(message, line, before=b"Content-Length"):
    head, found, rest = message.octets().partition(b"\r\n" + before)
    return head + b"\r\n" + line + found + rest


class BrokenLines(Story):
    def offer(self, raw, peer=None):
        self.carrier  # pylint: disable=pointless-statement
        (peer or self.sbc).send(raw, self.at())
        return self.carrier.expect("INVITE")

    def done(self, arrived, invite, peer=None):
        self.refuse(arrived, invite, peer)
        self.sbc.inbox, self.carrier.inbox = [], []

    def test_a_call_with_one_is_signed(self):
        """R-P-003: in its place, octet for octet."""
        self.start(limits=" calls = 10000;")
        for line in UNNEEDED:
            for before in (b"Content-Length", b"From"):
                with self.subTest(line=line, before=before):
                    invite = self.invite()
                    arrived = self.offer(with_line(invite, line, before))
                    self.assertIn(b"\r\n" + line + b"\r\n" + before, arrived.raw)
                    self.verify(arrived, "A")
                    self.done(arrived, invite)

    def test_an_emergency_call_with_one_arrives(self):
        self.start()
        for line in UNNEEDED:
            with self.subTest(line=line):
                invite = self.invite(called="911")
                arrived = self.offer(with_line(invite, line))
                self.assertIn(b"\r\n" + line + b"\r\n", arrived.raw)
                self.done(arrived, invite)

    def test_over_tcp_and_to_a_stream(self):
        self.start(upstreams=[self.upstream(transport="tcp")])
        self.carrier  # pylint: disable=pointless-statement
        for line in UNNEEDED[:12]:
            with self.subTest(line=line):
                invite = self.invite(transport="tcp")
                self.sbc.send(with_line(invite, line), self.sbc.connect(self.net(1), 5060))
                arrived = self.carrier.expect("INVITE")
                self.assertIn(b"\r\n" + line + b"\r\n", arrived.raw)
                self.done(arrived, invite)

    def test_after_failover(self):
        """The second attempt reads the request anew."""
        self.start(trunks=[self.trunk(upstreams=["first", "carrier"])],
                   upstreams=[self.upstream("first", 8), self.upstream()])
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        for line in UNNEEDED[:6]:
            with self.subTest(line=line):
                invite = self.invite()
                self.sbc.send(with_line(invite, line), self.at())
                there = first.expect("INVITE")
                first.respond(there, 503)
                first.expect("ACK")
                arrived = self.carrier.expect("INVITE")
                for one in (there, arrived):
                    self.assertIn(b"\r\n" + line + b"\r\n", one.raw)
                self.verify(arrived, "A")
                self.done(arrived, invite)
                first.inbox = []

    def test_nothing_passes_for_a_header_of_the_trust_domain(self):
        """From an untrusted trunk what resembles one goes as one; from a trusted one it stays."""
        self.start(more='proxy = { private_headers = ( "X-Private" ); };')
        guest = self.peer("guest", 3)
        for line in LIKE_PRIVATE:
            for before in (b"Content-Length", b"Via", b"CSeq"):
                with self.subTest(line=line, before=before):
                    invite = self.invite(guest)
                    arrived = self.offer(with_line(invite, line, before), guest)
                    self.assertNotIn(b"evil", arrived.raw)
                    self.assertEqual(arrived["cseq"], invite["cseq"])
                    self.done(arrived, invite, guest)
        invite = self.invite()
        arrived = self.offer(with_line(invite, LIKE_PRIVATE[4]))
        self.assertIn(LIKE_PRIVATE[4], arrived.raw)
        self.done(arrived, invite)

    def test_nothing_passes_for_an_identity(self):
        """One that is read is counted; one that only somebody else may read goes."""
        self.start()
        guest = self.peer("guest", 3)
        for line in (b"Identity\xa0: evil", b"Identity\r\n : evil", b"Identity=evil",
                     b"y\xa0: evil", b"Ident\0ity: evil", b"\x0cIdentity: evil"):
            with self.subTest(line=line):
                invite = self.invite(guest)
                arrived = self.offer(with_line(invite, line), guest)
                self.assertNotIn(b"evil", arrived.raw)
                self.verify(arrived)
                self.done(arrived, invite, guest)

    def test_nothing_passes_for_a_content_length(self):
        """Whoever read it as one would take the body for further messages."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        self.carrier  # pylint: disable=pointless-statement
        for line in (b"Content-Length\xa0: 0", b"Content-Length\r\n : 0",
                     b"l\0: 0", b"Content-Length=0"):
            with self.subTest(line=line):
                invite = self.invite()
                self.sbc.send(with_line(invite, line, b"Content-Type"), self.at())
                arrived = self.carrier.expect("INVITE")
                self.assertNotIn(line, arrived.raw)
                self.assertEqual(arrived.body, invite.body)
                self.done(arrived, invite)

    def test_what_is_needed_is_refused_with_words(self):
        """R-P-004."""
        self.start()
        for name, line, words in (
                ("cseq", "CSeq: 1 BYE", b"CSeq: is no number and this method"),
                ("max-forwards", "Max-Forwards: many", b"Max-Forwards: cannot be read"),
                ("from", "From: ;tag=1", b"From: cannot be read"),
                ("call-id", "Call-ID:", b"Call-ID: has no value"),
                ("max-forwards", "Route: <sip:", b"Route: cannot be read")):
            with self.subTest(line=line):
                self.sbc.send(self.invite().replaced(name, line), self.at())
                final = self.sbc.expect(400)
                self.assertIn(words, final.start)
                self.sbc.inbox = []
        self.stird.wait_log(r'detail="Max-Forwards: cannot be read, at octet \d+"')
        self.signed_call()

    def test_an_odd_name_or_a_final_semicolon_costs_no_call(self):
        """
        What is in <> is the URI to every reader: the call is signed by it, and leaves as it came. A From or To
        whose name could be an address itself gives no A.
        """
        self.start()
        for odd in (lambda v: b"J\xc3\xb6rg " + v, lambda v: b"J\xf6rg " + v,
                    lambda v: b"Doe, John " + v, lambda v: b"Joe (home) " + v,
                    lambda v: b"A/B " + v, lambda v: b"a@b " + v, lambda v: v + b";",
                    lambda v: v + b";;x=y"):
            for name in ("from", "to"):
                with self.subTest(value=odd(b"<>"), name=name):
                    invite = self.invite()
                    line = invite.raws(name)[0]
                    header, value = line.split(b": ", 1)
                    arrived = self.offer(invite.octets().replace(line, header + b": " + odd(value)))
                    self.assertIn(b"\r\n" + header + b": " + odd(value) + b"\r\n", arrived.raw)
                    self.verify(arrived, "B" if b"@" in odd(b"") else "A")
                    self.done(arrived, invite)

    def test_a_host_that_none_can_be_gives_no_a(self):
        """
        Another reader may end it elsewhere, and find another number behind it; a blocked one there is
        refused.
        """
        self.start()
        good = [b"h", b"h:5060", b"[2001:db8::1]", b"h;user=phone", b"192.0.2.1:5060;a=b"]
        for host in [b"x/+12155559999", b"x:/+12155559999", b"h,+12155559999", b"h:50x", b"[::1", b"h%2e", b"h$",
                     b"+12155559999", b"J\xf6rg", b"h\\"] + good:
            for name in ("from", "to", "p-asserted-identity"):
                with self.subTest(host=host, name=name):
                    number = b"+12155550199" if name == "to" else b"+12155550100"
                    value = b"<sip:" + number + b"@" + host + b">"
                    invite = self.invite()
                    if name == "p-asserted-identity":
                        raw = with_line(invite, b"P-Asserted-Identity: " + value)
                    else:
                        line = invite.raws(name)[0]
                        raw = invite.octets().replace(line, line.split(b"<")[0] + value +
                                                      line.split(b">")[1])
                    arrived = self.offer(raw)
                    level = self.record_after(arrived, invite)["attest"]
                    self.assertEqual(level == "A", host in good, level)
        invite = self.invite()
        raw = with_line(invite, b"P-Asserted-Identity: <sip:+12155550100@h/+12155556000>")
        self.sbc.send(raw, self.at())
        self.sbc.acknowledge(invite, self.sbc.expect(603), self.at())

    def record_after(self, arrived, invite):
        self.done(arrived, invite)
        return self.record(invite)

    def test_a_to_tag_of_nobody_is_never_signed(self):
        """One without a value is one; two are refused."""
        self.start()
        for tail, forwarded in ((b";tag", True), (b";tag=", True), (b';tag=""', True),
                                (b";TAG;x=y", True), (b";tag=a;tag=b", False)):
            with self.subTest(tail=tail):
                invite = self.invite()
                line = invite.raws("to")[0]
                raw = invite.octets().replace(line, line + tail)
                if forwarded:
                    arrived = self.offer(raw)
                    self.assertEqual(arrived.raws("identity"), [])
                    self.done(arrived, invite)
                else:
                    self.sbc.send(raw, self.at())
                    self.sbc.expect(400)
                    self.sbc.inbox = []

    def test_an_odd_via_costs_no_call(self):
        """The topmost can be answered by; those below leave as they came."""
        self.start()
        for odd in (b";rport;", b";;rport", b";rport=", b";rport;received="):
            with self.subTest(odd=odd):
                invite = self.invite()
                self.done(self.offer(invite.octets().replace(b";rport", odd, 1)), invite)
        for lower in (b"SIP/2.0/UDP a*b;branch=z", b"SIP/2.0/UDP a/b", b"SIP/2.0/UDP h (a,b)",
                      b"SIP/2.0/UDP h;branch=z;rport;rport=1", b"SIP/2.0/UDP h;branch=z;", b"junk"):
            with self.subTest(lower=lower):
                invite = self.invite()
                line = b"Via: " + lower
                arrived = self.offer(with_line(invite, line, b"Max-Forwards"))
                self.assertIn(b"\r\n" + line + b"\r\n", arrived.raw)
                self.carrier.respond(arrived, 486)
                final = self.sbc.expect(486)
                self.assertIn(b"\r\n" + line + b"\r\n", final.raw)
                self.sbc.acknowledge(invite, final, self.at())
                self.carrier.expect("ACK")
                self.sbc.inbox, self.carrier.inbox = [], []

    def test_a_via_that_names_nobody_costs_no_call(self):
        """Wherever it stands: an emergency call, any other, and what ends it."""
        self.start()
        for line in (b"Via:", b"v:", b"Via:   ", b"Via: ,", b"v : ,,", b"VIA:\r\n "):
            for before in (b"Max-Forwards", b"Via"):
                for called in ("911", "+12155550199"):
                    with self.subTest(line=line, before=before, called=called):
                        invite = self.invite(called=called)
                        self.done(self.offer(with_line(invite, line, before)), invite)
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            self.carrier.respond(arrived, 200)
            final = self.sbc.expect(200)
            self.sbc.acknowledge(invite, final, self.at())
            self.carrier.expect("ACK")
            bye = in_dialog(self.sbc, "BYE", invite, final, 2)
            self.sbc.send(with_line(bye, line, b"Max-Forwards"), self.at())
            self.carrier.respond(self.carrier.expect("BYE"), 200)
            self.sbc.expect((200, "BYE"))

    def test_a_via_that_names_nobody_costs_no_answer(self):
        """Before ours it is in nobody's way, and goes with it."""
        for over in ("udp", "tcp"):
            self.start(upstreams=[self.upstream(transport=over)])
            self.carrier  # pylint: disable=pointless-statement
            for line in (b"Via:", b"v:  ", b"Via: ,"):
                for before in (b"Via", b"From"):
                    for status in (180, 200, 486):
                        with self.subTest(over=over, line=line, before=before, status=status):
                            invite = self.place()
                            arrived = self.carrier.expect("INVITE")
                            reply = answer(arrived, status, "Odd", "t9", peer=self.carrier)
                            self.carrier.send(with_line(reply, line, before), way(arrived))
                            there = self.sbc.expect(status)
                            self.assertEqual(len(there.all("via")), 1)
                            self.end(invite, arrived, there)
            self.stird.stop()

    def test_an_odd_response_goes_up(self):
        """Its Via with additions, its start line, its Content-Length: what leaves is well formed."""
        self.start()
        top, lower = b";branch=z9hG4bKst", b";received="
        changes = [(top, b";;rport;rport=1" + top), (top, b";received=1.2.3.4;received=1.2.3.4" + top),
                   (lower, b";received=9.9.9.9;received="), (b";rport=", b";rport=1;rport="),
                   (b"SIP/2.0 ", b"sip/2.0 "), (b"SIP/2.0 ", b"SIP/2.0  "),
                   (b"SIP/2.0 ", b"SIP/2.0\t"), (b" INVITE", b" INVITE x")]
        changes += [(b"Content-Length: 0", b"Content-Length:" + odd)
                    for odd in (b"\r\n 0", b" +0", b"", b" 0;x", b" 0\r\nl: 0")]
        for status in (200, 183):
            for old, new in changes:
                with self.subTest(status=status, new=new):
                    invite = self.place()
                    arrived = self.carrier.expect("INVITE")
                    raw = answer(arrived, status, "Odd", "t9", peer=self.carrier).octets()
                    self.carrier.send(raw.replace(old, new, 1), ("udp",) + arrived.source)
                    there = self.sbc.expect(status)
                    self.assertTrue(there.start.startswith(b"SIP/2.0 %d Odd" % status))
                    self.assertEqual(there.all("content-length"), ["0"])
                    if status < 200:
                        self.carrier.respond(arrived, 486)
                        self.sbc.acknowledge(invite, self.sbc.expect(486), self.at())
                        self.carrier.expect("ACK")
                    self.sbc.inbox, self.carrier.inbox = [], []

    def test_a_response_with_one_goes_up(self):
        """Also with what would refuse a request: 65 Contacts, odd Max-Forwards, two From."""
        self.start()
        lines = UNNEEDED + [b"Server x", b"Max-Forwards: abc", b"Max-Forwards: 1\r\nMax-Forwards: 2",
                            b"Route: <sip:", b"From: <sip:", b"To:", b"CSeq: x", b"Call-ID:",
                            b"Contact: " + b",".join([b"<sip:a@h>"] * 65),
                            b"Supported: " + b",".join([b"x"] * 65),
                            b"Record-Route: " + b",".join([b"<sip:h;lr>"] * 65),
                            b"Contact: <sip:a>" + b";a" * 1100,
                            b"\r\n".join([b"X: y"] * 200)]
        for line in lines:
            for status in (200, 180, 404):
                with self.subTest(line=line[:60], status=status):
                    invite = self.place()
                    arrived = self.carrier.expect("INVITE")
                    reply = answer(arrived, status, "Odd", "t9", peer=self.carrier)
                    self.carrier.send(with_line(reply, line), ("udp",) + arrived.source)
                    there = self.sbc.expect(status)
                    self.assertIn(b"\r\n" + line + b"\r\n", there.raw)
                    self.end(invite, arrived, there)

    def test_a_response_of_many_lines_goes_up(self):
        self.many_lines("udp")

    def test_a_response_of_many_lines_goes_up_from_a_stream(self):
        self.many_lines("tcp")

    def many_lines(self, transport):
        """As it came, octet for octet. The 503 loses its Retry-After all the same."""
        self.start(upstreams=[self.upstream(transport=transport)])
        self.carrier  # pylint: disable=pointless-statement
        for lines in ([b"X-%d: y" % i for i in range(257)], [b"x"] * 300, [b":"] * 5000,
                      [b"Contact: <sip:a@h>", b"X: y"] * 200, [b"X: a\r\n b"] * 2000,
                      [b"X: \0\xff", b"Y", b"P-Asserted-Identity: x"] * 300,
                      [b"From: <sip:", b"Route: <", b"Identity: x"] * 400):
            for status in (200, 180, 486):
                with self.subTest(line=lines[0], status=status):
                    invite = self.place()
                    arrived = self.carrier.expect("INVITE")
                    reply = answer(arrived, status, "Odd", "t9", peer=self.carrier)
                    many = b"\r\n".join(lines)
                    self.carrier.send(with_line(reply, many), way(arrived))
                    there = self.sbc.expect(status)
                    self.assertIn(b"\r\n" + many + b"\r\nContent-Length", there.raw)
                    self.assertEqual(len(there.all("via")), 1)
                    self.end(invite, arrived, there)
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        reply = answer(arrived, 503, "Odd", "t9", peer=self.carrier)
        self.carrier.send(with_line(reply, b"X: y\r\n" * 300 + b"Retry-After: 9\r\n" +
                                    b"\r\n".join([b"Y: y"] * 9)), way(arrived))
        there = self.sbc.expect(503)
        self.assertEqual((there.all("retry-after"), len(there.all("x")), len(there.all("y"))),
                         ([], 300, 9))
        self.end(invite, arrived, there)

    def test_one_that_reaches_the_wrong_worker_does_too(self):
        """Its Via stands too far behind for the kernel, or it comes on a connection of its own."""
        far = b"\r\nX: " + b"y" * 4000 + b"\r\nVia"
        self.start(more="workers = 2;")
        for n in range(8):
            invite = self.place()
            arrived = self.carrier.expect("INVITE", skip=("ACK",))
            raw = answer(arrived, 486, "Odd", "t9", peer=self.carrier).octets()
            raw = raw.replace(b"\r\nTo: ", b"\r\nX-To: ")
            if n % 2:
                stream = self.carrier.connect(self.net(1), 5060, fresh=True)
                self.carrier.send(raw, stream)
            else:
                self.carrier.send(raw.replace(b"\r\nVia", far, 1), way(arrived))
            self.sbc.acknowledge(invite, self.sbc.expect(502), self.at())
            self.record(invite, result="failed", cause="answer_unreadable", sip_status=502)

    def test_a_response_that_cannot_be_read_ends_the_call_with_words(self):
        """
        A final one: 502, a record, a line in the log; not silence until timer B. After a 180 the call
        rings on.
        """
        self.start()
        changes = {
            "CSeq": lambda raw: raw.replace(b"CSeq: ", b"CSeq: x"),
            "To is missing": lambda raw: raw.replace(b"\r\nTo: ", b"\r\nX-To: "),
            "Vias": lambda raw: raw.replace(b"\r\nCall-ID",
                                            b"\r\nVia: SIP/2.0/UDP h" * 70 + b"\r\nCall-ID"),
            "Contacts": lambda raw: raw.replace(b"\r\nCall-ID",
                                                b"\r\nm: <sip:a>" * 300 + b"\r\nCall-ID"),
            "a bare LF": lambda raw: raw.replace(b"\r\nContent-Length",
                                                 b"\r\nX: y\nContent-Length"),
            "a bare CR": lambda raw: raw.replace(b"To: ", b"To: \"x\r\" "),
            "a branch twice": lambda raw: raw.replace(b";branch=", b";branch=x;branch=", 1),
            "cut": lambda raw: raw[:-9],
        }
        for name, change in changes.items():
            for status in (486, 200, 503):
                with self.subTest(name=name, status=status):
                    invite = self.place()
                    arrived = self.carrier.expect("INVITE")
                    raw = answer(arrived, status, "Odd", "t9", peer=self.carrier).octets()
                    self.assertNotEqual(change(raw), raw)
                    self.carrier.send(change(raw), way(arrived))
                    there = self.sbc.expect(502)
                    self.sbc.acknowledge(invite, there, self.at())
                    self.record(invite, result="failed", cause="answer_unreadable", sip_status=502)
                    if status >= 300 and name not in ("To is missing", "a bare CR"):
                        self.carrier.expect("ACK")  # of a To that can be repeated
        for change in list(changes.values()):
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            raw = answer(arrived, 180, "Odd", "t9", peer=self.carrier).octets()
            self.carrier.send(change(raw), way(arrived))
            self.carrier.respond(arrived, 486)
            self.end(invite, arrived, self.sbc.expect(486))
        self.stird.wait_lines("malformed message")

    def test_an_unreadable_503_leads_on(self):
        """As any 503 does; an unreadable 486 does not, and the callee's repetitions change nothing."""
        self.start(trunks=[self.trunk(upstreams=["first", "carrier"])],
                   upstreams=[self.upstream("first", 8), self.upstream()])
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        for status in (503, 486):
            invite = self.place()
            there = first.expect("INVITE")
            raw = answer(there, status, "Odd", "t9", peer=first).octets().replace(
                b"\r\nCall-ID", b"\r\nm: <sip:a>" * 300 + b"\r\nCall-ID")
            first.send(raw, way(there))
            first.expect("ACK")
            first.send(raw, way(there))
            if status == 503:
                arrived = self.carrier.expect("INVITE")
                self.refuse(arrived, invite)
            else:
                self.sbc.acknowledge(invite, self.sbc.expect(502), self.at())
                self.carrier.expect_nothing(0.1)
            first.inbox = []

    def end(self, invite, arrived, there):
        """What there is to say after this answer."""
        if there.status == 180:
            self.carrier.respond(arrived, 486)
            there = self.sbc.expect(486)
        if there.status >= 300:
            self.sbc.acknowledge(invite, there, self.at())
            self.carrier.expect("ACK")
        for peer in (self.sbc, self.carrier):
            peer.inbox = []

    def test_a_response_whose_from_and_to_cannot_be_read(self):
        self.start()
        for name, line in (("from", b"From: \"x <sip:1@h>"), ("to", b"To: <sip:1"),
                           ("contact", b"Contact: <<>>")):
            with self.subTest(name=name):
                invite = self.place()
                arrived = self.carrier.expect("INVITE")
                reply = answer(arrived, 486, "Odd", "t9", peer=self.carrier)
                reply = reply.replaced(name, line.decode()) if name in reply else reply
                self.carrier.send(reply, ("udp",) + arrived.source)
                self.end(invite, arrived, self.sbc.expect(486))

    def test_inside_a_call(self):
        """Both ways, and of the untrusted one nothing that resembles a private header."""
        self.start()
        guest = self.peer("guest", 3)
        invite = self.place(guest)
        arrived = self.carrier.expect("INVITE")
        sent = self.carrier.respond(arrived, 200)
        ok = guest.expect((200, "INVITE"))
        guest.send(in_dialog(guest, "ACK", invite, ok, 1), self.at())
        self.carrier.expect("ACK")
        info = in_dialog(guest, "INFO", invite, ok, 2)
        guest.send(with_line(with_bytes(info, b"X-Broken"), LIKE_PRIVATE[4]), self.at())
        there = self.carrier.expect("INFO")
        self.assertIn(b"\r\nX-Broken\r\n", there.raw)
        self.assertNotIn(b"evil", there.raw)
        self.carrier.respond(there, 200)
        guest.expect((200, "INFO"))
        bye = callee_in_dialog(self.carrier, "BYE", arrived, sent, 1)
        self.carrier.send(with_line(bye, b"X-Broken"), self.at())
        there = guest.expect("BYE")
        self.assertIn(b"\r\nX-Broken\r\n", there.raw)


def way(request):
    """By which its answer goes."""
    return request.connection or ("udp",) + request.source


def with_bytes(message, line):
    return Message.parse(with_line(message, line))


