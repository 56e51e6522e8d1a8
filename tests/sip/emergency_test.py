"""Emergency calls are never refused or delayed (Decided 5)."""

from lib import stirctl
from lib.dialog import cancel, in_dialog
from lib.stird import wait_until
from lib.story import Story

# No caller without a number, none that cannot exist, and nobody from acme at all.
CLOSED = ('attestation = { no_calling_number = "refuse"; impossible_number = "refuse"; };\n'
          'rules = ( { name = "closed"; then = "refuse"; } );\n')
NOBODY = "<sip:anonymous@anonymous.invalid>"


class Emergency(Story):
    def emergency(self, uri, to, **more):
        invite = self.place(uri=uri, to=to, **more)
        arrived = self.carrier.expect("INVITE")
        self.refuse(arrived, invite)
        return invite, arrived

    def all_kinds(self):
        us = self.net(1)
        for uri, to in (("sip:911@%s" % us, "<sip:911@h>"), ("sip:112@%s" % us, "<sip:112@h>"),
                        ("urn:service:sos", "<urn:service:sos>"),
                        ("urn:service:sos.police", "<urn:service:sos.police>"),
                        ("sip:+1911@%s" % us, "<tel:911;phone-context=+1>"),
                        ("sip:999@%s" % us, "<sip:999@h>")):
            yield uri, to

    MORE = 'emergency = { numbers = [ "999" ]; };\n'

    def test_all_kinds_go_on(self):
        """R-P-098: number, service URN and the configured list."""
        self.start(more=self.MORE)
        for uri, to in self.all_kinds():
            with self.subTest(uri=uri):
                self.emergency(uri, to)

    def test_with_the_signer_stopped_and_fail_closed(self):
        """R-P-098 R-P-097: nothing holds it."""
        self.start(more=self.MORE + 'signing = { failure = "fail_closed"; timeout = "50ms"; };')
        self.hang("signer")
        for uri, to in self.all_kinds():
            with self.subTest(uri=uri):
                self.emergency(uri, to)

    def test_from_a_caller_who_may_not_call(self):
        """Decided 5: no rule refuses it."""
        self.start(more='attestation = { unknown = "refuse"; blocked = "refuse"; };')
        us = self.net(1)
        for caller in ("+13125550000", "+12155556000", "alice"):
            with self.subTest(caller=caller):
                self.emergency("sip:911@%s" % us, "<sip:911@h>", caller=caller)

    def spellings(self):
        """Request-URIs of the same call, as number rules on the way dress it up."""
        us = self.net(1)
        users = ("911", "+911", "+1911", "1911", "9911", "91911", "911%23", "911#", "9%311",
                 "9-1-1", "(9)11", "911:secret", "911;phone-context=+1", "+1-911;ext=1", "sos",
                 "SOS", "933", "+1933", "112", "9112", "*911", "%2A911", "#911", "*67911", "*82911",
                 "9*911", "911,1", "911,", "9,911", "911*", "#31#911", "*67,911", "911x1")
        yield from ("sip:%s@%s" % (user, us) for user in users)
        yield from ("sips:911@" + us, "tel:911", "tel:911;phone-context=+1", "TEL:+1911",
                    "tel:911;phone-context=example.com", "sip:911@%s:5060;user=phone" % us,
                    "sip:+1911@carrier.example.com", "URN:Service:SOS.Police", "urn:service:sos",
                    "urn:service:sos.ecall.automatic", "911@%s:5060" % us, "911:secret@" + us,
                    "911:5060", "911;x=a:b", "911@[::1]", "112@h:5061;transport=tls",
                    "sos@%s:5060" % us, "%2A911@h:5060")

    def test_however_it_is_spelt(self):
        """Decided 5: what no other call may do, in Request-URI and in To, over UDP and TCP."""
        self.start(more=CLOSED)
        self.refused_call(403, from_=NOBODY)
        for number, uri in enumerate(self.spellings()):
            with self.subTest(uri=uri):
                transport = "tcp" if number % 4 == 0 else "udp"
                invite, _ = self.emergency(uri, "<sip:+12155550199@h>", from_=NOBODY,
                                           transport=transport)
                self.record(invite, emergency=True, decision="passed")
                invite, _ = self.emergency("sip:+12155550199@" + self.net(1), "<%s>" % uri,
                                           from_=NOBODY)
                self.record(invite, emergency=True)

    def test_what_is_none_is_refused(self):
        self.start(more=CLOSED)
        us = self.net(1)
        for uri in ("sip:9113@" + us, "sip:8911@" + us, "sip:+1911555010@" + us,
                    "sip:sosx@" + us, "tel:9119", "sip:19911@" + us):
            with self.subTest(uri=uri):
                self.refused_call(403, uri=uri, to="<%s>" % uri, from_=NOBODY)

    def test_an_odd_line_does_not_cost_it(self):
        """R-P-004 R-P-008: what cannot be read goes on as it came, and so does all that follows."""
        self.start(more=CLOSED)
        uri = "sip:911@" + self.net(1)
        for to in ('Caf\xe9 <sip:911@h>', 'E/M <sip:911@h>', '"x <sip:911@h>',
                   "<sip:911@h> x", "<sip:911@h>;;"):
            with self.subTest(to=to):
                for called in (uri, "sip:+12155550199@" + self.net(1)):
                    invite, arrived = self.emergency(called, to, from_=NOBODY)
                    self.assert_untouched(invite, arrived)
                    self.assertTrue(arrived.uri.endswith(self.net(9) + ":5060"), arrived.uri)
                if to.count('"') == 1 or to.endswith("x"):
                    self.place(to=to.replace("911", "912"))
                    self.sbc.expect(400)
        for called in ("911", "sip:911@", "tel://911", "sip:911@h:x", "urn:nena:service:sos"):
            with self.subTest(uri=called):
                _, arrived = self.emergency(called, "<sip:911@h>", from_="E/M " + NOBODY)
                self.assertEqual(arrived.uri, called)
        for called in ("bob", "foo:bar", "urn:service:police", "*", "bob@h:5060", "5550100:x"):
            with self.subTest(uri=called):
                invite, arrived = self.emergency(called, "<sip:911@h>", from_=NOBODY)
                self.assertEqual(arrived.uri, called)
                self.record(invite, emergency=True, decision="passed")
                self.place(uri=called, to="<sip:912@h>")
                self.sbc.expect(416 if called[:3] in ("foo", "urn", "555") else 400)
        invite = self.place(uri=uri, to="E/M <sip:911@h> x", from_="E/M " + NOBODY)
        self.carrier.respond(self.carrier.expect("INVITE"), 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        bye = in_dialog(self.sbc, "BYE", invite, final, 2)
        self.sbc.send(bye, self.at())
        self.carrier.respond(self.carrier.expect("BYE"), 200)
        self.sbc.expect((200, "BYE"))

    def send_changed(self, invite, changed):
        self.carrier  # pylint: disable=pointless-statement
        self.assertNotEqual(invite.octets(), changed)
        self.sbc.send(changed, self.at())
        return self.carrier.expect("INVITE")

    def test_what_stands_behind_an_address_does_not_cost_it(self):
        """A tag that is none, a quote that does not close, a final semicolon: From and To."""
        self.start(more=CLOSED)
        for tail in (b";tag=f1;", b";tag=", b";tag", b";tag=<f1>", b";tag=a@b", b";tag=f1;x=\"a",
                     b";tag=f1 x", b";tag=f\xff1", b";tag=f1 (x)", b";tag=a;tag=b", b";;tag=f1",
                     b";tag=\"a b\"", b""):
            for name in (b"From", b"To"):
                with self.subTest(tail=tail, name=name):
                    invite = self.invite(uri="sip:911@" + self.net(1), to="<sip:911@h>",
                                         from_=NOBODY)
                    line = invite.raws(name.decode().lower())[0]
                    odd = line.partition(b">")[0] + b">" + tail
                    if odd == line:
                        continue
                    arrived = self.send_changed(invite, invite.octets().replace(line, odd))
                    self.assertIn(b"\r\n" + odd.rstrip() + b"\r\n", arrived.raw)
                    self.refuse(arrived, invite)

    def test_no_hop_count_costs_it(self):
        """One that is none, or two, is as one above 255; for others it is refused."""
        self.start(more=CLOSED)
        for value in (b"abc", b"", b"-1", b"70;x", b"70abc", b"4294967296",
                      b"70\r\nMax-Forwards: 70", b"x\r\nMAX-Forwards : 3"):
            with self.subTest(value=value):
                line = b"Max-Forwards: 70"
                invite = self.invite(uri="sip:911@" + self.net(1), to="<sip:911@h>")
                arrived = self.send_changed(
                    invite, invite.octets().replace(line, b"Max-Forwards: " + value))
                self.assertEqual(arrived.all("max-forwards"), ["70"])
                self.refuse(arrived, invite)
                other = self.invite()
                self.sbc.send(other.octets().replace(line, b"Max-Forwards: " + value), self.at())
                self.sbc.expect(400)
                self.sbc.inbox = []

    def test_no_route_costs_it(self):
        """RFC 6881: a phone's Route to the service; outside a call it leads nowhere."""
        self.start(more=CLOSED)
        us = "<sip:%s:5060;lr>" % self.net(1)
        for routes in (["<urn:service:sos>"], ["<tel:911>"], ["garbage"], [""], ["<sip:"],
                       [us, "<urn:service:sos>"], [us + ", <urn:service:sos>"]):
            with self.subTest(routes=routes):
                _, arrived = self.emergency("sip:911@" + self.net(1), "<sip:911@h>",
                                            extra=["Route: " + route for route in routes])
                self.assertNotIn(us.encode(), b"".join(arrived.raws("route")))

    def test_an_odd_start_line_does_not_cost_it(self):
        """It leaves with one space between its parts."""
        self.start(more=CLOSED)
        for uri in (b"<sip:911@h>", b" sip:911@h", b"sip:911@h ", b"\tsip:911@h", b"sip:911%zz@h",
                    b"http:911", b"im:911", b"sip:911*@h", b"sip:911,@h", b"sip:9,911@h",
                    b"sip:911%3Bphone-context=+1@h", b"sip:911%40x@h", b"  911  ", b"\"sip:911@h\"",
                    b"\"urn:service:sos\"", b"urn:service:s%6fs", b"\"911\""):
            for end in (b"", b"\t "):
                with self.subTest(uri=uri, end=end):
                    invite = self.invite(to="<sip:+12155550199@h>", from_=NOBODY)
                    first, rest = invite.octets().split(b"\r\n", 1)
                    first = b"INVITE " + uri + b" SIP/2.0" + end
                    arrived = self.send_changed(invite, first + b"\r\n" + rest)
                    self.assertEqual(arrived.uri, uri.decode().strip().strip("<>\""))
                    self.refuse(arrived, invite)

    OURS = 'emergency = { numbers = [ "999" ]; prefixes = [ "0", "*67" ]; };\n'

    def test_an_odd_start_line_of_what_settings_name(self):
        """As of 911: the numbers and outside lines of the configuration, in the call and in explain."""
        self.start(more=CLOSED + self.OURS)
        for uri in (b"999@h:5060", b"999:x", b"<sip:999@h>", b" tel:999", b"sip:0,999@h\t", b"http:999", b"sip:0911@h ",
                    b"<sip:*67999@h>", b"sip:999%zz@h", b"\t0911\t"):
            with self.subTest(uri=uri):
                invite = self.invite(to="<sip:+12155550199@h>", from_=NOBODY)
                rest = invite.octets().split(b"\r\n", 1)[1]
                changed = b"INVITE " + uri + b" SIP/2.0\r\n" + rest
                arrived = self.send_changed(invite, changed)
                self.assertEqual(arrived.uri, uri.decode().strip().strip("<>"))
                self.refuse(arrived, invite)
                record, told = self.record(invite), self.explain(changed)
                self.assertTrue(record["emergency"])
                self.assertEqual((told["decision"], told["reason"]),
                                 (record["decision"], record["reason"]))

    def test_odd_addresses_of_what_settings_name(self):
        """Behind To and From too, and a hop count that is none; of nobody else's number."""
        self.start(more=CLOSED + self.OURS)
        for number, taken in (("999", True), ("0911", True), ("998", False), ("9911", False)):
            for odd in ({"to": "\"x <sip:%s@h>" % number}, {"from_": "a <b <sip:1@h>;tag=f x"},
                        {"max_forwards": 300}):
                with self.subTest(number=number, odd=odd):
                    more = {"uri": "sip:%s@%s" % (number, self.net(1)), "to": "<sip:1@h>",
                            "from_": NOBODY}
                    more.update(odd)
                    if taken:
                        self.emergency(more.pop("uri"), more.pop("to"), **more)
                    else:
                        self.refused_call(400, **more)

    def test_to_says_nothing_where_it_is_not_to(self):
        """emergency.to = false: an odd call to another number is 400, whatever To says."""
        self.start(more="emergency = { to = false; };")
        odd = {"to": "\"x <sip:911@h>", "from_": NOBODY}
        self.refused_call(400, uri="sip:+12155550199@" + self.net(1), **odd)
        self.emergency("sip:911@" + self.net(1), **odd)

    def explain(self, octets):
        path = self.lab.path("message")
        with open(path, "wb") as file:
            file.write(octets)
        return stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path, "--source",
                           self.net(2))

    def test_what_is_asked_of_a_proxy_does_not_stop_it(self):
        """R-P-020 R-P-023: 420 and 400 are for others; a hop count that is used up is for all."""
        self.start()
        uri = "sip:+1911@" + self.net(1)
        to = "<%s>" % uri
        self.refused_call(420, extra=["Proxy-Require: foo"])
        _, arrived = self.emergency(uri, to, extra=["Proxy-Require: foo"])
        self.assertEqual(arrived["proxy-require"], "foo")
        self.refused_call(400, max_forwards=300)
        _, arrived = self.emergency(uri, to, max_forwards=300)
        self.assertEqual(arrived["max-forwards"], "70")
        self.refused_call(483, uri=uri, to=to, max_forwards=0)

    def test_to_alone(self):
        """It passes, is counted apart, and is told when there are too many; or is no such call."""
        self.start(more=CLOSED)
        uri = "sip:+12155550199@" + self.net(1)
        for _ in range(3):
            self.emergency("sip:911@" + self.net(1), "<sip:911@h>", from_=NOBODY)
        for _ in range(12):
            self.emergency(uri, "<sip:911@h>", from_=NOBODY)
        def counted():
            stats = stirctl.ask(self.lab.path("stird.conf"), "stats")
            return (stats["emergency_calls"], stats["emergency_by_to"],
                    stats["emergency_to_alarms"]) == (15, 12, 1)
        wait_until(counted, 5, "the counters of emergency calls")
        self.assertEqual(len(self.stird.wait_lines("[worker 1] too many calls are emergency calls by their To alone")), 1)
        self.configure(more=CLOSED + "emergency = { to = false; };")
        self.assertEqual(stirctl.run(self.lab.path("stird.conf"), "reload", "--wait")[0], 0)
        self.refused_call(403, uri=uri, to="<sip:911@h>", from_=NOBODY)
        self.emergency("sip:911@" + self.net(1), "<sip:911@h>", from_=NOBODY)

    def test_past_a_limit(self):
        """What is dressed up counts as what it is for every limit."""
        self.start(pbx={"calls": 1})
        ringing = self.place()
        rings = self.carrier.expect("INVITE")
        self.refused_call(503, reason="trunk_full")
        for uri in ("sip:9911@" + self.net(1), "sip:sos@" + self.net(1), "tel:+1-911"):
            self.emergency(uri, "<%s>" % uri)
        self.refuse(rings, ringing)

    def whole(self, invite, line, by=b"Content-Length: "):
        """INVITE with another Content-Length line, or several."""
        head, body = invite.octets().split(b"\r\n\r\n", 1)
        lines = [one for one in head.split(b"\r\n") if not one.startswith(by)]
        return b"\r\n".join(lines + ([line] if line else [])) + b"\r\n\r\n" + body

    LENGTHS = (b"Content-Length: x", b"Content-Length:", b"l: 1e3", b"Content-Length: -1",
               b"Content-Length: 99999", b"Content-Length: 5\r\nContent-Length: 5",
               b"Content-Length: 0\r\nl: 7", b"content-length: 4294967296",
               b"Content-Length: 1;x", b"Content-Length:\r\n 1 2")

    def test_no_content_length_costs_it(self):
        """In a datagram: the body is what there is, and one length that fits leaves, by TCP too."""
        for transport in ("udp", "tcp"):
            self.start(more=CLOSED, upstreams=[self.upstream(transport=transport)])
            for line in self.LENGTHS:
                with self.subTest(line=line, transport=transport):
                    self.one_length(line)
            self._end_stird()
            self.stird = None

    def one_length(self, line):
        invite = self.invite(uri="sip:911@" + self.net(1), to="<sip:911@h>", from_=NOBODY)
        changed = self.whole(invite, line)
        arrived = self.send_changed(invite, changed)
        self.assertEqual(arrived.all("content-length"), [str(len(invite.body))])
        self.assertEqual(arrived.body, invite.body)
        self.carrier.respond(arrived, 486)
        final = self.sbc.expect(486)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        self.record(invite, emergency=True)
        self.assertEqual(self.explain(changed)["decision"], "passed")
        other = self.invite()
        self.sbc.send(self.whole(other, line), self.at())
        self.sbc.expect(400)
        self.record(other, reason="bad_request", emergency=False)

    def test_what_is_said_twice_alike_does_not_cost_it(self):
        """It leaves once; what is said in two ways, or of another call, is refused."""
        self.start(more=CLOSED, trunks=[self.trunk(upstreams=["first", "carrier"])],
                   upstreams=[self.upstream("first", 8), self.upstream()])
        first = self.peer("first", 8)
        for name in ("from", "to", "call-id", "cseq"):
            for called in ("911", "+12155550199"):
                with self.subTest(name=name, called=called):
                    invite = self.invite(uri="sip:%s@%s" % (called, self.net(1)), to="<sip:911@h>"
                                         if called == "911" else "<sip:%s@h>" % called, from_=NOBODY)
                    line = invite.raws(name)[0]
                    twice = invite.replaced(name, line, line)
                    self.carrier  # pylint: disable=pointless-statement
                    self.sbc.send(twice, self.at())
                    if called != "911":
                        self.sbc.expect(400)
                        self.record(invite, reason="bad_request", emergency=False)
                        continue
                    there = first.expect("INVITE")
                    self.assertEqual(there.raws(name), [line])
                    first.respond(there, 503)  # the second attempt reads it anew
                    first.expect("ACK")
                    arrived = self.carrier.expect("INVITE")
                    self.assertEqual(arrived.raws(name), [line])
                    self.carrier.respond(arrived, 486)
                    final = self.sbc.expect(486)
                    self.assertEqual(len(final.raws(name)), 1)
                    self.sbc.acknowledge(invite, final, self.at())
                    self.carrier.expect("ACK")
                    self.record(invite, emergency=True)

    def test_one_length_said_twice_on_a_stream(self):
        """R-P-005: what follows is in step; another call is refused, and its connection closed."""
        self.start(more=CLOSED)
        for again in ("Content-Length", "l"):
            invite = self.invite(uri="sip:911@" + self.net(1), to="<sip:911@h>", from_=NOBODY,
                                 transport="tcp")
            length = "%d" % len(invite.body)
            twice = invite.replaced("content-length", "Content-Length: " + length,
                                    "%s: %s" % (again, length))
            self.carrier  # pylint: disable=pointless-statement
            stream = self.sbc.connect(self.net(1), 5060)
            self.sbc.send(twice.octets() + twice.octets(), stream)
            arrived = self.carrier.expect("INVITE")
            self.assertEqual(arrived.body, invite.body)
            self.assertEqual(len(arrived.all("content-length")), 1)
            self.refuse(arrived, invite)
            other = self.invite(transport="tcp")
            self.sbc.send(other.replaced("content-length", "l: " + length, "l: " + length), stream)
            self.sbc.expect(400)
            self.record(other, reason="bad_request", emergency=False)
            self.sbc.expect_closed(stream)

    def test_one_that_is_refused_is_told(self):
        """With words, in a record of its own, counted, and an error once a minute."""
        self.start()
        broken = ((b"CSeq: 1 INVITE", b"CSeq 1 INVITE"), (b"From: ", b"From "), (b"To: ", b"To "),
                  (b"Call-ID: ", b"Call-ID "), (b"CSeq: 1 INVITE", b"CSeq: 1 invite"),
                  (b" SIP/2.0\r\nVia", b" SIP/2.1\r\nVia"), (b" SIP/2.0\r\nVia", b"\r\nVia"))
        refused = 0
        for old, new in broken:
            with self.subTest(new=new):
                invite = self.invite(uri="sip:911@" + self.net(1), to="<sip:911@h>")
                changed = invite.octets().replace(old, new, 1)
                self.assertNotEqual(changed, invite.octets())
                self.sbc.send(changed, self.at())
                there = self.sbc.expect((400, 505)[b"2.1" in new])
                self.assertEqual(there["cseq"].upper(), invite["cseq"])
                refused += 1
                if b"Call-ID" not in new:
                    self.record(invite, emergency=True, decision="rejected")
        invite = self.place(uri="sip:911@" + self.net(1), to="<sip:911@h>", max_forwards=0)
        self.sbc.acknowledge(invite, self.sbc.expect(483), self.at())
        self.record(invite, emergency=True, sip_status=483)
        self.assert_counted("emergency_refused", refused + 1)
        self.assertEqual(len(self.stird.log_lines("an emergency call was refused")), 1)

    def test_a_broken_content_length_costs_no_part_of_it(self):
        """ACK, re-INVITE and BYE of the same phone have it too, and so has CANCEL."""
        self.start(more=CLOSED)
        line = b"Content-Length: x"
        invite = self.invite(uri="sip:911@" + self.net(1), to="<sip:911@h>", from_=NOBODY)
        arrived = self.send_changed(invite, self.whole(invite, line))
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        for cseq, method in ((1, "ACK"), (2, "INFO"), (3, "BYE")):
            request = in_dialog(self.sbc, method, invite, final, cseq)
            self.sbc.send(self.whole(request, line), self.at())
            there = self.carrier.expect(method)
            self.assertEqual(there.all("content-length"), ["0"])
            if method != "ACK":
                self.carrier.respond(there, 200)
                self.sbc.expect((200, method))
        invite = self.invite(uri="sip:911@" + self.net(1), to="<sip:911@h>", from_=NOBODY)
        arrived = self.send_changed(invite, self.whole(invite, line))
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(self.whole(cancel(invite), line), self.at())
        self.carrier.respond(self.carrier.expect("CANCEL"), 200)
        self.sbc.expect((200, "CANCEL"))
        self.refuse(arrived, invite, status=487)

    def test_long_lists_do_not_cost_it(self):
        """Of what nobody here needs: they leave unread, in one line or in many."""
        self.start(more=CLOSED)
        lists = {"Supported": "a", "Require": "a", "Proxy-Require": "a", "k": "a",
                 "Contact": "<sip:a@h>", "m": "<sip:a@h>", "Record-Route": "<sip:192.0.2.1;lr>"}
        for name, element in lists.items():
            for lines in ([name + ": " + ",".join([element] * 65)], [name + ": " + element] * 66):
                with self.subTest(name=name, lines=len(lines)):
                    where = {"extra": lines, "from_": NOBODY}
                    invite, arrived = self.emergency("sip:911@" + self.net(1), "<sip:911@h>", **where)
                    long = dict(Contact="contact", Require="require", Supported="supported", m="m",
                                k="k").get(name, name.lower())
                    there = [raw for raw in arrived.raws(long) if b"stk=" not in raw]
                    self.assertEqual(len([one for one in there if one.decode() in lines]),
                                     len(lines))
                    self.refused_call(400, extra=lines, reason="too_many_headers")
                    if name == "Record-Route":
                        self.assertIn(b"stk=", arrived.raws(long)[0], "ours is the first")

    def test_a_start_line_with_more_around_its_uri(self):
        """A name before the brackets, parameters behind them or behind a space, INVITE in other letters."""
        self.start(more=CLOSED)
        for start in (b"INVITE <sip:911@h>;user=phone SIP/2.0", b"INVITE \"E\" <sip:911@h> SIP/2.0",
                      b"INVITE sip:911@h ;user=phone SIP/2.0", b"INVITE E M <sip:911@h> ;x SIP/2.0",
                      b"INVITE <sip:911@h SIP/2.0", b"Invite sip:911@h SIP/2.0",
                      b"invite <sip:911@h> SIP/2.0"):
            with self.subTest(start=start):
                invite = self.invite(to="<sip:+12155550199@h>", from_=NOBODY)
                rest = invite.octets().split(b"\r\n", 1)[1]
                arrived = self.send_changed(invite, start + b"\r\n" + rest)
                self.assertEqual((arrived.method, arrived.uri), ("INVITE", "sip:911@h"))
                self.refuse(arrived, invite)
                self.record(invite, emergency=True)
        for start in (b"INVITE <sip:912@h>;x=911 SIP/2.0",
                      b"INVITE \"<sip:911@h>\" <sip:912@h> SIP/2.0"):
            with self.subTest(start=start):
                invite = self.invite(to="<sip:+12155550199@h>", from_=NOBODY)
                self.sbc.send(start + b"\r\n" + invite.octets().split(b"\r\n", 1)[1], self.at())
                self.sbc.expect(400)
