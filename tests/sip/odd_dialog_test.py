"""
What is odd about a request inside a call does not cost the call where stird does not depend on it
(RFC 3261 section 16.3 item 1); what does cost it is refused with words.
"""

from lib import dialog, stirctl
from lib.sip import uri_of
from lib.story import Story

# User parts and parameters of a Contact, which become the Request-URI of what the other side sends.
ODD_CONTACTS = ("a%zz@{h}", "%@{h}", "a%4@{h}", "a%%41@{h}", "a%g1:p%@{h}", "a%41%zz@{h};ob",
                "a@{h};x=%zz", "+12155550100%@{h};transport=udp",
                'a@{h};+sip.instance="<urn:uuid:1>"', 'a@{h};x="a"', 'a@{h};x="a b"', 'a"b@{h}',
                "a<b@{h}", "a b@{h}", 'a@{h};x=<y', "J\xf6rg@{h}", 'a@{h}?x="y z"')


class OddDialog(Story):
    def up(self, theirs="callee@{h}", ours="caller@{h}"):
        """A call that is up; the two Contacts."""
        contact = "Contact: <sip:%s>" % theirs.format(h=self.net(9) + ":5060")
        mine = "Contact: <sip:%s>" % ours.format(h=self.net(2) + ":5060")
        self.carrier  # pylint: disable=pointless-statement
        invite = self.invite().replaced("contact", mine)
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.verify(arrived, "A")
        self.assertEqual(arrived.raws("contact"), [mine.encode()])
        answer = dialog.answer(arrived, 200, tag="t", peer=self.carrier,
                               body=dialog.SDP).replaced("contact", contact)
        self.carrier.send(answer, ("udp",) + arrived.source)
        final = self.sbc.expect(200)
        self.assertEqual(final.raws("contact"), [contact.encode()])
        self.acknowledge(invite, final)
        return invite, arrived, answer, final

    def acknowledge(self, invite, final, cseq=1):
        ack = dialog.in_dialog(self.sbc, "ACK", invite, final, cseq)
        self.sbc.send(ack, self.at())
        self.assertEqual(self.carrier.expect("ACK").start, ack.start)

    def passes(self, sender, receiver, request, raw=None):
        """As it came, and so does its answer back."""
        sender.send(raw or request, self.at())
        arrived = receiver.expect(request.method)
        self.assertEqual(arrived.start, request.start)
        self.assertEqual((arrived.raws("route"), arrived.raws("identity")), ([], []))
        receiver.respond(arrived, 200)
        return arrived, sender.expect((200, request.method))

    def test_a_contact_with_a_broken_escape(self):
        """The Request-URI of all that follows, from either side: ACK, INFO, UPDATE, INVITE, BYE."""
        self.start()
        for odd in ODD_CONTACTS:
            with self.subTest(contact=odd):
                invite, arrived, answer, final = self.up(odd, odd)
                for cseq, method in enumerate(("INFO", "UPDATE", "INVITE", "REFER", "BYE"), 2):
                    ours = dialog.in_dialog(self.sbc, method, invite, final, cseq)
                    theirs = dialog.callee_in_dialog(self.carrier, method, arrived, answer, cseq)
                    self.assertIn(odd.partition("@")[0].encode(), ours.start)
                    _, ok = self.passes(self.sbc, self.carrier, ours)
                    if method == "INVITE":
                        self.acknowledge(invite, final, cseq)
                    if method != "BYE":
                        _, ok = self.passes(self.carrier, self.sbc, theirs)
                        if method == "INVITE":
                            ack = dialog.callee_in_dialog(self.carrier, "ACK", arrived, answer, cseq)
                            self.carrier.send(ack, self.at())
                            self.assertEqual(self.sbc.expect("ACK").start, ack.start)
                    self.assertEqual(ok.status, 200)
                self.record(invite, decision="signed", sip_status=200)

    def test_a_broken_escape_in_an_early_dialog(self):
        """PRACK of a 183 whose Contact is odd, and CANCEL of the INVITE."""
        self.start()
        contact = "Contact: <sip:b%%zz@%s:5060>" % self.net(9)
        invite = self.place(extra=["Supported: 100rel"])
        arrived = self.carrier.expect("INVITE")
        early = dialog.answer(arrived, 183, tag="t", peer=self.carrier,
                              extra=["Require: 100rel", "RSeq: 1"]).replaced("contact", contact)
        self.carrier.send(early, ("udp",) + arrived.source)
        ringing = self.sbc.expect(183)
        self.passes(self.sbc, self.carrier,
                    dialog.in_dialog(self.sbc, "PRACK", invite, ringing, 2,
                                     extra=["RAck: 1 1 INVITE"]))
        self.sbc.send(dialog.cancel(invite), self.at())
        self.carrier.respond(self.carrier.expect("CANCEL"), 200)
        self.sbc.expect((200, "CANCEL"))
        self.refuse(arrived, invite, status=487)

    def test_an_initial_request_with_one_is_refused(self):
        """It is not there yet: 400 says what cannot be read."""
        self.start()
        _, final = self.refused_call(400, uri="sip:a%%zz@%s" % self.net(1))
        self.assertIn(b"start line", final.start)

    def test_a_hop_count_above_255(self):
        """R-P-020: it is read as none (RFC 4475 section 3.1.2.4); from either side, ACK too."""
        self.start()
        for count in ("256", "300", "70000", "4294967295", "many", ""):
            with self.subTest(count=count):
                invite, arrived, answer, final = self.up()
                for sender, receiver, request in (
                        (self.sbc, self.carrier,
                         dialog.in_dialog(self.sbc, "INVITE", invite, final, 2)),
                        (self.sbc, self.carrier,
                         dialog.in_dialog(self.sbc, "ACK", invite, final, 2)),
                        (self.carrier, self.sbc,
                         dialog.callee_in_dialog(self.carrier, "UPDATE", arrived, answer, 5)),
                        (self.sbc, self.carrier,
                         dialog.in_dialog(self.sbc, "BYE", invite, final, 3))):
                    request = request.replaced("max-forwards", "Max-Forwards: " + count)
                    if request.method == "ACK":
                        sender.send(request, self.at())
                        there = receiver.expect("ACK")
                    else:
                        there, _ = self.passes(sender, receiver, request)
                    self.assertEqual(there.raws("max-forwards"), [b"Max-Forwards: 70"])

    def test_a_route_with_empty_parameters(self):
        """They say nothing; of what stays below ours, every octet stays."""
        self.start()
        for tail in (";", ";;", " ; ", ";x=", ";x= ;y=z", ";;x=y", ";x;", "\t;\r\n ;"):
            with self.subTest(tail=tail):
                invite, arrived, answer, final = self.up()
                ours = dialog.in_dialog(self.sbc, "INFO", invite, final, 2)
                theirs = dialog.callee_in_dialog(self.carrier, "INFO", arrived, answer, 2)
                for sender, receiver, request in ((self.sbc, self.carrier, ours),
                                                  (self.carrier, self.sbc, theirs)):
                    routes = [route + tail.encode() for route in request.raws("route")]
                    self.assertEqual(len(routes), 1)
                    self.passes(sender, receiver, request.replaced("route", *routes))
                bye = dialog.in_dialog(self.sbc, "BYE", invite, final, 3)
                bye = bye.replaced("route", bye.raws("route")[0] + tail.encode())
                self.passes(self.sbc, self.carrier, bye)

    def test_a_route_with_odd_text_around_it(self):
        """
        What is in the brackets is the URI to every reader, so nothing around them costs an ACK, a BYE
        or a re-INVITE; also in Contact and Record-Route, which become a Request-URI and a Route.
        """
        self.start()
        for before, behind in ((b"J\xc3\xb6rg ", b""), (b"J\xf6rg ", b";x"), (b"Jo Doe ", b""), (b"a@b ", b""),
                               (b"tel:x ", b";"), (b"Joe (home)", b""), (b"(c) ", b""), (b"\"a<b>\\\" c\" ", b""),
                               (b"\"J\xf6rg\"\t", b" (c)"), (b"", b" (c)"), (b"", b";x=\xff"), (b"", b" x;y"),
                               (b"", b";x=a b"), (b"A\r\n B ", b"\r\n (c)"), (b"\"a\" \"b\" ", b""),
                               (b"O\"Neil ", b""), (b"a\\b ", b""), (b"Doe, John ", b""), (b"<a> ", b""),
                               (b"<", b""), (b"", b";x=\""), (b"", b" <x>"), (b"", b";\x01"), (b"", b" >"),
                               (b"", b", ,")):
            with self.subTest(before=before, behind=behind):
                invite, arrived, answer, final = self.up()
                ours = dialog.in_dialog(self.sbc, "INVITE", invite, final, 2)
                theirs = dialog.callee_in_dialog(self.carrier, "INFO", arrived, answer, 2)
                def changed(request):
                    route = request.raws("route")[0].split(b": ", 1)[1]
                    return request.replaced("route", b"Route: " + before + route + behind)
                self.passes(self.sbc, self.carrier, changed(ours))
                ack = dialog.in_dialog(self.sbc, "ACK", invite, final, 2)
                self.sbc.send(changed(ack), self.at())
                self.assertEqual(self.carrier.expect("ACK").start, ack.start)
                self.passes(self.carrier, self.sbc, changed(theirs))
                self.passes(self.sbc, self.carrier,
                            changed(dialog.in_dialog(self.sbc, "BYE", invite, final, 3)))

    def test_white_space_within_the_brackets_of_a_route(self):
        self.start()
        for old, new in ((b"<", b"< "), (b"<", b"<\t "), (b">", b" >"), (b"<", b"x, \"y < \t")):
            with self.subTest(new=new):
                invite, arrived, answer, final = self.up()
                bye = dialog.in_dialog(self.sbc, "BYE", invite, final, 3)
                theirs = dialog.callee_in_dialog(self.carrier, "INFO", arrived, answer, 2)
                for sender, receiver, request in ((self.carrier, self.sbc, theirs), (self.sbc, self.carrier, bye)):
                    route = request.raws("route")[0].replace(old, new, 1)
                    self.passes(sender, receiver, request.replaced("route", route))

    def test_further_route_lines_that_name_none(self):
        """They leave as they came."""
        self.start()
        for lines in ((b"Route: ,",), (b"Route: , ,", b"Route:")):
            with self.subTest(lines=lines):
                invite, _, _, final = self.up()
                bye = dialog.in_dialog(self.sbc, "BYE", invite, final, 2)
                self.sbc.send(bye.replaced("route", *bye.raws("route"), *lines), self.at())
                arrived = self.carrier.expect("BYE")
                self.assertEqual(arrived.raws("route"), list(lines))
                self.carrier.respond(arrived, 200)
                self.sbc.expect((200, "BYE"))

    def test_a_route_below_ours_on_a_line_that_is_no_list(self):
        """Ours comes off, and the next one leads on."""
        self.start()
        invite, _, _, final = self.up()
        info = dialog.in_dialog(self.sbc, "INFO", invite, final, 2)
        below = b"<sip:%s:5060;lr>" % self.net(9).encode()
        line = info.raws("route")[0].replace(b"Route: ", b"Route: O\"Neil ") + b" x, \"y " + below
        self.sbc.send(info.replaced("route", line), self.at())
        arrived = self.carrier.expect("INFO")
        self.assertEqual([route.replace(b" ", b"") for route in arrived.raws("route")], [b"Route:" + below])
        self.carrier.respond(arrived, 200)
        self.sbc.expect((200, "INFO"))

    def test_a_request_uri_with_a_second_at_or_no_port_behind_its_colon(self):
        """They leave as they came, to the host that stands there."""
        self.start()
        for uri in ("sip:a@b@%s:5060", "sip:a@b@c@%s", "sip:a@%s:"):
            with self.subTest(uri=uri):
                invite, _, _, final = self.up()
                bye = dialog.in_dialog(self.sbc, "BYE", invite, final, 2)
                start = b"BYE " + (uri % self.net(9)).encode() + b" SIP/2.0"
                raw = bye.octets().replace(bye.start, start, 1)
                self.passes(self.sbc, self.carrier, type(bye).parse(raw))

    def test_odd_text_around_a_route_below_ours(self):
        """On a line of its own it leaves as it came."""
        self.start()
        invite, _, _, final = self.up()
        for n, around in enumerate((b"J\xf6rg <%s>", b"<%s> (c)", b"a@b <%s>;lr"), 2):
            below = b"Route: " + around % (b"sip:%s:5060;lr" % self.net(9).encode())
            info = dialog.in_dialog(self.sbc, "INFO", invite, final, n)
            self.sbc.send(info.replaced("route", info.raws("route")[0], below), self.at())
            arrived = self.carrier.expect("INFO")
            self.assertEqual(arrived.raws("route"), [below])
            self.carrier.respond(arrived, 200)
            self.sbc.expect((200, "INFO"))

    def test_a_route_with_empty_parameters_below_ours(self):
        self.start()
        invite, _, _, final = self.up()
        info = dialog.in_dialog(self.sbc, "INFO", invite, final, 2)
        below = b"Route: <sip:%s:5060;lr>;;a=\"x;\";" % self.net(9).encode()
        self.sbc.send(info.replaced("route", info.raws("route")[0] + b";", below), self.at())
        arrived = self.carrier.expect("INFO")
        self.assertEqual(arrived.raws("route"), [below])
        self.carrier.respond(arrived, 200)
        self.sbc.expect((200, "INFO"))

    def test_a_route_without_brackets_that_is_folded(self):
        """A fold is white space: behind its host too, and whether it is written anew or led by."""
        self.start()
        net = self.net(9).encode()
        there = b"<sip:" + net + b":5060;lr>"
        for fold in (b"\r\n ", b"\r\n\t\t", b"\r\n \r\n "):
            for below, left, uri in (
                    (b", " + there + b", sip:h.example" + fold + b";x=1", [there, b"<sip:h.example>;x=1"], None),
                    (b", " + there + b", sip:u@h" + fold + b", <sip:z;lr>", [there, b"<sip:u@h>", b"<sip:z;lr>"], None),
                    (b", sip:" + net + fold + b";x=1", None, b"sip:" + net),
                    (b"\r\nRoute: sip:" + net + b":5060" + fold + b";x=\"q\"", None, b"sip:" + net + b":5060")):
                with self.subTest(below=below):
                    invite, _, _, final = self.up()
                    bye = dialog.in_dialog(self.sbc, "BYE", invite, final, 2)
                    own = bye.raws("route")[0]
                    self.sbc.send(bye.octets().replace(own, own + below), self.at())
                    arrived = self.carrier.expect("BYE")
                    was = bye.start.split(b" ")[1]
                    routes = [route.partition(b": ")[2] for route in arrived.raws("route")]
                    self.assertEqual(routes, left or [b"<" + was + b">"])
                    self.assertEqual(arrived.start.split(b" ")[1], uri or was)
                    self.assertNotIn(b"\r\n>", arrived.octets())
                    self.carrier.respond(arrived, 200)
                    self.sbc.expect((200, "BYE"))

    def test_a_new_call_with_a_folded_route_of_ours(self):
        self.start()
        for behind in ("\r\n ;lr", ":5060\r\n ;lr", "\r\n\t, <sip:%s;lr>" % self.net(1)):
            for called in ("+12155550199", "911"):
                with self.subTest(behind=behind, called=called):
                    _, arrived, _ = self.signed_call(called=called, extra=["Route: sip:%s%s" % (self.net(1), behind)])
                    self.assertEqual(arrived.raws("route"), [])

    def test_a_new_call_with_empty_parameters_in_route(self):
        self.start()
        _, arrived, _ = self.signed_call(extra=["Route: <sip:%s:5060;lr>;" % self.net(1)])
        self.assertEqual(arrived.raws("route"), [])

    def test_a_route_that_is_none_is_refused(self):
        """Another reader might see ours in it, or where it leads; the words say which header."""
        self.start()
        for n, (old, new) in enumerate(((b"<sip:", b"sip: <"), (b">", b""), (b"<sip:", b"<\"sip:"),
                                        (b"<sip:", b"\"x <x:"), (b";lr", b" ;lr>;\x01")), 2):
            with self.subTest(new=new):
                invite, _, _, final = self.up()
                info = dialog.in_dialog(self.sbc, "INFO", invite, final, n)
                route = info.raws("route")[0].replace(old, new, 1)
                self.sbc.send(info.replaced("route", route), self.at())
                self.assertIn(b"Route", self.sbc.expect(400).start)
                self.carrier.expect_nothing(0.1)

    def test_two_lengths_of_the_same_value_are_refused(self):
        """
        Decided 14, RFC 4475 section 3.3.9: in every request, for where it ends is what all on the
        way must agree on; a stream is closed. explain says the same.
        """
        self.start()
        invite, _, _, final = self.up()
        for lines in (("Content-Length: 0", "Content-Length: 0"), ("Content-Length: 0", "l: 0")):
            with self.subTest(lines=lines):
                bye = dialog.in_dialog(self.sbc, "BYE", invite, final, 2)
                self.sbc.send(bye.replaced("content-length", *lines), self.at())
                self.assertIn(b"Content-Length", self.sbc.expect(400).start)
                self.carrier.expect_nothing(0.1)
        again = dialog.in_dialog(self.sbc, "INVITE", invite, final, 3)
        path = self.lab.write("message", again.replaced("content-length", "l: 0",
                                                        "l: 0").octets().decode())
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path,
                           "--source", self.net(2))
        self.assertEqual((told["decision"], told["sip_status"]), ("rejected", 400))
        self.passes(self.sbc, self.carrier, dialog.in_dialog(self.sbc, "BYE", invite, final, 4))

    def test_explain_says_the_same(self):
        """Of re-INVITEs: what passes, passes there."""
        self.start()
        invite, _, _, final = self.up("a%zz@{h}")
        again = dialog.in_dialog(self.sbc, "INVITE", invite, final, 2)
        self.assertIn("%zz", uri_of(final["contact"]))
        for message in (again, again.replaced("max-forwards", "Max-Forwards: 300"),
                        again.replaced("route", again.raws("route")[0] + b";")):
            path = self.lab.write("message", message.octets().decode())
            told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path,
                               "--source", self.net(2))
            self.assertEqual((told["decision"], told["reason"]), ("passed", "in_dialog"))
