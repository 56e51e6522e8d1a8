"""Rules of RFC 3261 section 16 that no other story tells; each method names its rule."""

import time

from lib.dialog import SDP, answer, branch, callee_in_dialog, cancel, in_dialog
from lib.sip import parameter, uri_of
from lib.story import Story


class Validation(Story):
    def test_r_p_020_max_forwards_out_of_range(self):
        self.start()
        self.refused_call(400, max_forwards=256, reason="bad_request")
        _, arrived = self.short_call(max_forwards=255)
        self.assertEqual(arrived["max-forwards"], "254")

    def test_r_p_021_loop(self):
        """What left comes back unchanged: 482 at once, from a trunk and from an upstream."""
        self.start()
        self.peer("guest", 3)
        for again in ("sbc", "carrier"):
            with self.subTest(again=again):
                invite = self.place(uri="sip:+12155550199@carrier.example.com")
                arrived = self.carrier.expect("INVITE")
                peer = self.peers[again]
                back = self.looped(peer, arrived)
                peer.send(back, self.at())
                final = peer.expect(482)
                peer.acknowledge(back, final, self.at())
                self.refuse(arrived, invite)

    def looped(self, peer, arrived):
        """ARRIVED as a proxy at PEER would send it on."""
        return arrived.replaced("via", "Via: SIP/2.0/UDP %s:5060;branch=%s;rport" % (
            peer.host, branch()), *arrived.raws("via"))

    def test_r_p_021_spiral(self):
        """The same call with another Request-URI is no loop."""
        self.start()
        invite = self.place(uri="sip:+12155550199@carrier.example.com")
        arrived = self.carrier.expect("INVITE")
        spiral = self.looped(self.sbc, arrived)
        spiral.start = b"INVITE sip:+12155550111@carrier.example.com SIP/2.0"
        self.sbc.send(spiral, self.at())
        second = self.carrier.expect("INVITE")
        self.assertEqual(second.uri, "sip:+12155550111@carrier.example.com")
        self.assertEqual(len(second.elements("via")), 4)
        third = self.looped(self.sbc, second)
        self.sbc.send(third, self.at())
        final = self.sbc.expect(482)
        self.sbc.acknowledge(third, final, self.at())
        self.refuse(second, spiral)
        self.refuse(arrived, invite)

    def test_r_p_022_max_breadth(self):
        """One branch at a time: a breadth of 1 is enough, and the header goes on as it is."""
        self.start()
        _, arrived = self.short_call(extra=["Max-Breadth: 1"])
        self.assertEqual(arrived["max-breadth"], "1")

    def test_r_p_023_unknown_extensions_of_a_proxy(self):
        """Unsupported lists exactly the tags of all Proxy-Require lines, in order."""
        self.start()
        _, final = self.refused_call(420, reason="bad_extension", extra=[
            "Proxy-Require: foo , bar", "Require: 100rel", "proxy-require: baz"])
        tags = [tag for value in final.all("unsupported") for tag in value.split(",")]
        self.assertEqual([tag.strip() for tag in tags], ["foo", "bar", "baz"])

    def test_r_p_023_an_empty_first_line_hides_nothing(self):
        self.start()
        _, final = self.refused_call(420, extra=["Proxy-Require: ", "Proxy-Require: foo"])
        self.assertEqual(final.all("unsupported"), ["foo"])

    def test_r_p_023_nothing_asked(self):
        """An empty Proxy-Require asks for nothing; Require is the callee's."""
        self.start()
        _, arrived = self.short_call(extra=["Proxy-Require: ,", "Require: foo"])
        self.assertEqual(arrived["require"], "foo")

    def test_r_p_023_other_methods(self):
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        uri = "sip:+12155550199@%s:5060" % self.net(1)
        self.sbc.send(self.sbc.request("MESSAGE", uri, extra=["Proxy-Require: foo"]), self.at())
        self.assertEqual(self.sbc.expect(420)["unsupported"], "foo")
        self.carrier.expect_nothing(0.1)


class Routing(Story):
    def start_with_proxies(self):
        """Proxies behind stird that are the carrier's: on the loopback only such are sent to."""
        hosts = [self.net(last) for last in (9, 20, 21, 22)]
        self.start(upstreams=[self.upstream(sources=hosts)])

    def dialog(self, extra=()):
        """A call that is up; EXTRA are Record-Routes of proxies behind stird."""
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        # The callee copies the Record-Routes it received; a proxy behind stird has put its own on
        # top of them.
        marked = arrived.replaced("record-route", *(list(extra) + arrived.raws("record-route")))
        sent = self.carrier.respond(marked, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        return invite, arrived, sent, ok

    def test_r_p_030_loose_routing(self):
        """Our Route goes, the next one is where it is sent and stays, as does the Request-URI."""
        self.start_with_proxies()
        proxy = self.peer("proxy", 20)
        line = "Record-Route: <sip:%s:5060;lr;x=y>" % self.net(20)
        invite, _, _, ok = self.dialog([line])
        self.assertEqual(proxy.expect("ACK").all("route"), [line[len("Record-Route: "):]])
        bye = in_dialog(self.sbc, "BYE", invite, ok, 2)
        self.sbc.send(bye, self.at())
        there = proxy.expect("BYE")
        self.assertEqual(there.all("route"), [line[len("Record-Route: "):]])
        self.assertEqual(there.uri, uri_of(ok["contact"]))
        proxy.respond(there, 200)
        self.sbc.expect((200, "BYE"))

    def test_r_p_032_strict_router_ahead(self):
        """A Route without lr: it becomes the Request-URI, which goes to the end of the Route."""
        self.start_with_proxies()
        strict = self.peer("strict", 21)
        invite, _, _, ok = self.dialog(["Record-Route: <sip:%s:5060;old>" % self.net(21)])
        target = uri_of(ok["contact"])
        for method in ("ACK", "BYE"):
            if method == "BYE":
                self.sbc.send(in_dialog(self.sbc, "BYE", invite, ok, 2), self.at())
            with self.subTest(method=method):
                there = strict.expect(method)
                self.assertEqual(there.uri, "sip:%s:5060;old" % self.net(21))
                self.assertEqual(there.all("route"), ["<%s>" % target])

    def test_r_p_032_strict_then_loose(self):
        """Two proxies behind us: the order of the Route set stays."""
        self.start_with_proxies()
        strict = self.peer("strict", 21)
        loose = "<sip:%s:5060;lr>" % self.net(22)
        invite, _, _, ok = self.dialog(["Record-Route: " + loose,
                                        "Record-Route: <sip:%s:5060>" % self.net(21)])
        strict.expect("ACK")
        self.sbc.send(in_dialog(self.sbc, "BYE", invite, ok, 2), self.at())
        there = strict.expect("BYE")
        self.assertEqual(there.uri, "sip:%s:5060" % self.net(21))
        self.assertEqual(there.all("route"), [loose, "<%s>" % uri_of(ok["contact"])])

    def test_r_p_031_strict_router_behind_us_with_more_routes(self):
        """Our Record-Route came as Request-URI; the rest of the Route set is kept."""
        self.start_with_proxies()
        proxy = self.peer("proxy", 20)
        invite, _, _, ok = self.dialog(["Record-Route: <sip:%s:5060;lr>" % self.net(20)])
        proxy.expect("ACK")
        bye = in_dialog(self.sbc, "BYE", invite, ok, 2)
        ours = uri_of(ok.elements("record-route")[-1])
        strict = bye.replaced("route", "Route: <sip:%s:5060;lr>" % self.net(20),
                              "Route: <%s>" % uri_of(ok["contact"]))
        strict.start = b"BYE " + ours.encode() + b" SIP/2.0"
        self.sbc.send(strict, self.at())
        there = proxy.expect("BYE")
        self.assertEqual(there.uri, uri_of(ok["contact"]))
        self.assertEqual(there.all("route"), ["<sip:%s:5060;lr>" % self.net(20)])

    def test_r_p_034_between_two_addresses(self):
        """UDP on both sides, two addresses of ours: a Record-Route each, both ways work."""
        self.start(listeners=[self.listener(), self.listener("outside", self.net(5))],
                   upstreams=[self.upstream(listener="outside")])
        invite, arrived, sent, ok = self.dialog()
        routes = arrived.elements("record-route")
        self.assertEqual([route.split(";")[0] for route in routes],
                         ["<sip:%s:5060" % self.net(5), "<sip:%s:5060" % self.net(1)])
        self.assertEqual(self.carrier.expect("ACK").source, (self.net(5), 5060))
        self.carrier.send(callee_in_dialog(self.carrier, "UPDATE", arrived, sent, 1),
                          ("udp", self.net(5), 5060))
        there = self.sbc.expect("UPDATE")
        self.assertEqual(there.source, (self.net(1), 5060))
        self.assertEqual(there.raws("route"), [])
        self.sbc.respond(there, 200)
        self.carrier.expect((200, "UPDATE"))
        self.sbc.send(in_dialog(self.sbc, "BYE", invite, ok, 2), self.at())
        self.assertEqual(self.carrier.expect("BYE").raws("route"), [])

    def test_r_p_033_later_requests_are_not_signed(self):
        """One Identity on the INVITE that begins the call; none on re-INVITE and BYE."""
        self.start()
        invite, arrived, _, ok = self.dialog()
        self.verify(arrived, "A")
        self.carrier.expect("ACK")
        for cseq, method in ((2, "INVITE"), (3, "BYE")):
            self.sbc.send(in_dialog(self.sbc, method, invite, ok, cseq), self.at())
            there = self.carrier.expect(method, skip=["ACK"])
            self.assertEqual(there.raws("identity"), [])
            self.carrier.respond(there, 200)
            again = self.sbc.expect((200, method))
            if method == "INVITE":
                self.sbc.send(in_dialog(self.sbc, "ACK", invite, again, cseq), self.at())

    def test_r_p_039_no_open_relay(self):
        """Neither Request-URI nor Route of any method leads off the trunk's upstream."""
        self.start()
        nobody = self.peer("nobody", 66)
        self.carrier  # pylint: disable=pointless-statement
        there = "sip:x@%s:5060" % self.net(66)
        for method in ("INVITE", "MESSAGE", "REGISTER", "BYE"):
            for extra in ([], ["Route: <sip:%s:5060;lr>" % self.net(66)],
                          ["Route: <sip:%s:5060;lr>, <%s;lr>" % (self.net(1), there)]):
                for to in ("<sip:+12155550199@h>", "<sip:+12155550199@h>;tag=1"):
                    self.sbc.send(self.sbc.request(method, there, extra=extra, to=to), self.at())
        nobody.expect_nothing(0.8)


class Forwarding(Story):
    def test_r_p_003_unknown_methods_and_headers(self):
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        odd = self.sbc.request("FOO", "sip:+12155550199@h.example.com;odd=%41;x", extra=[
            "X-Foo: a;b;;c", "x-FOO:\ta,  ,b", "X-Empty:"], body=b"\0\1\2")
        self.sbc.send(odd, self.at())
        arrived = self.carrier.expect("FOO")
        self.assert_untouched(odd, arrived)
        self.assertEqual(arrived.start, odd.start)
        self.carrier.respond(arrived, 299)
        self.sbc.expect((299, "FOO"))

    def test_r_p_047_the_callers_connection_is_gone(self):
        """The answer goes to the port of its Via by a new one (RFC 3261 section 18.2.2)."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        stream = self.sbc.connect(self.net(1), 5060)
        invite = self.invite(transport="tcp")
        self.sbc.send(invite, stream)
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.hang_up(stream)
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.assertIsNot(ok.connection, stream)
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")

    def rings_over_tcp(self):
        """The callee rings and loses its connection: (sent, arrived)."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.carrier.hang_up(arrived.connection)
        return invite, arrived

    def test_r_p_047_the_callees_connection_is_gone(self):
        """It answers by a new one to our Via; the transaction has waited for that."""
        invite, arrived = self.rings_over_tcp()
        again = self.carrier.connect(self.net(1), 5060, fresh=True)
        self.carrier.send(answer(arrived, 200, tag="t-carrier", peer=self.carrier), again)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")

    def test_r_p_074_cancel_by_a_new_connection(self):
        """The one that the INVITE left by is gone: CANCEL still goes to the same place."""
        invite, arrived = self.rings_over_tcp()
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        there = self.carrier.expect("CANCEL")
        self.assertEqual(self.carrier.top_branch(there), self.carrier.top_branch(arrived))

    def test_r_p_049_content_length_where_the_stream_needs_it(self):
        """A datagram may come without one; on a stream it has to be there."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        invite = self.invite().without("content-length")
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived["content-length"], str(len(invite.body)))
        self.assertEqual(arrived.body, invite.body)

    def test_r_p_049_content_length_of_an_answer(self):
        """The same on the way back: a callee's datagram without one, a caller on a stream."""
        self.start()
        self.place(transport="tcp")
        arrived = self.carrier.expect("INVITE")
        for status, body in ((183, SDP), (200, b"")):
            there = answer(arrived, status, tag="t", body=body, peer=self.carrier)
            self.carrier.send(there.without("content-length"), self.at())
            here = self.sbc.expect((status, "INVITE"))
            self.assertEqual(here["content-length"], str(len(body)))
            self.assertEqual(here.body, body)

    def test_r_p_051_two_identities_in_their_order(self):
        """Those that the call brings are forwarded first to last, octet for octet."""
        self.start()
        two = ["Identity: aaa.bbb.ccc;info=<https://a.example/1>;alg=ES256;ppt=shaken",
               "y:  ddd.eee.fff;info=<https://b.example/2>; alg=ES256 ;ppt=div"]
        _, arrived = self.short_call(extra=two)
        self.assertEqual(arrived.raws("identity"), [line.encode() for line in two])

    def test_r_p_056_session_timers_are_the_ends_business(self):
        """Nothing is added, raised or answered 422."""
        self.start()
        lines = ["Supported: timer", "Session-Expires: 60", "Min-SE: 30"]
        invite, arrived = self.short_call(extra=lines)
        self.assert_untouched(invite, arrived)

    def test_r_p_057_what_was_signed_is_what_leaves(self):
        """orig is of the P-Asserted-Identity on the wire, dest of the To, iat of the Date."""
        self.start()
        pai = "P-Asserted-Identity: <sip:+1.215.555.1234@pbx.example.com>"
        _, arrived, token = self.signed_call(orig="12155551234", extra=[pai])
        self.assertEqual(arrived.raws("p-asserted-identity"), [pai.encode()])
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(token.iat))
        self.assertEqual(arrived["date"], date)


class Responses(Story):
    def test_r_p_065_one_100_of_our_own(self):
        """At once, without a To tag; the callee's own stays here."""
        self.start()
        invite = self.place()
        trying = self.sbc.expect(100)
        self.assertIsNone(parameter(trying["to"], "tag"))
        self.assertEqual(trying.raws("via")[0].split(b";branch")[0],
                         invite.raws("via")[0].split(b";branch")[0])
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 100, phrase="Theirs")
        time.sleep(0.3)
        self.sbc.poll(0)
        self.assertEqual(self.sbc.inbox, [])
        self.refuse(arrived, invite)

    def test_r_p_065_no_100_for_other_methods(self):
        """RFC 4320 section 4.1: it would only make a caller wait."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        uri = "sip:+12155550199@%s:5060" % self.net(1)
        self.sbc.send(self.sbc.request("MESSAGE", uri), self.at())
        arrived = self.carrier.expect("MESSAGE")
        time.sleep(0.3)
        self.sbc.poll(0)
        self.assertEqual(self.sbc.inbox, [])
        self.carrier.respond(arrived, 200)
        self.sbc.expect((200, "MESSAGE"))

    def test_r_p_067_no_via_left(self):
        """Whom it was for is gone: dropped, and the call goes on (section 16.7 item 3)."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        alone = arrived.replaced("via", arrived.raws("via")[0])
        for status in (180, 200, 486):
            self.carrier.respond(alone, status)
        self.sbc.expect_nothing(0.3)
        self.refuse(arrived, invite)
        self.record(invite, sip_status=486)

    def test_r_p_068_a_copy_of_the_invite_after_200(self):
        """Absorbed: no second INVITE, no second signature, no answer of ours."""
        self.start(more='timers = { t1 = "4s"; };')  # nor do our own copies come into it
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answer = self.carrier.respond(arrived, 200)
        ok = self.sbc.expect(200)
        for _ in range(3):
            self.carrier.send(answer, self.at())
            self.assertEqual(self.sbc.expect(200, retransmissions=True).raw, ok.raw)
            self.sbc.send(invite, self.at())
        self.carrier.expect_nothing()
        self.sbc.expect_nothing(0.1)
        self.assertEqual(self.carrier.copies(arrived), 1)
        self.assertEqual(self.sbc.copies(ok), 4)
        self.record(invite, decision="signed", sip_status=200)

    def test_r_p_078_redirection_is_the_callers(self):
        """A 302 goes up with its Contact; nobody is called at it."""
        self.start()
        target = self.peer("target", 30)
        invite = self.place()
        contact = "Contact: <sip:+12155550111@%s:5060>;q=0.5" % self.net(30)
        arrived = self.carrier.expect("INVITE")
        self.carrier.send(answer(arrived, 302, "Moved Temporarily", "m", [contact]), self.at())
        final = self.sbc.expect(302)
        self.assertEqual(final.raws("contact"), [contact.encode()])
        self.sbc.acknowledge(invite, final, self.at())
        target.expect_nothing(0.3)

    def test_r_p_080_cancel_of_an_rfc_2543_caller(self):
        """Without a branch, Request-URI, tags and CSeq find the INVITE (section 17.2.3)."""
        self.start()
        invite = self.invite().replaced(
            "via", "Via: SIP/2.0/UDP %s:5060" % self.net(2))
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        there = self.carrier.expect("CANCEL")
        self.carrier.respond(there, 200)
        self.carrier.respond(arrived, 487)
        final = self.sbc.expect((487, "INVITE"))
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        self.heard()
        copies = self.sbc.copies(final)
        self.sbc.expect_nothing(0.8)
        self.assertEqual(self.sbc.copies(final), copies)

    def test_r_p_074_cancel_before_a_1xx_and_a_200_all_the_same(self):
        """The callee never saw the CANCEL; its 200 is the answer."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")

    def test_r_p_074_a_200_after_our_487(self):
        """The next hop was silent, we ended the call; a late 200 still reaches the caller."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   more='timers = { next_hop = "4s"; };',
                   upstreams=[self.upstream("first", 8), self.upstream("carrier", 9)])
        first = self.peer("first", 8)
        invite = self.place()
        arrived = first.expect("INVITE")
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        final = self.sbc.expect((487, "INVITE"))
        self.sbc.acknowledge(invite, final, self.at())
        first.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        first.expect("ACK")
        self.carrier.expect_nothing(0.1)

    def test_r_p_075_cancel_is_of_the_invite(self):
        """Several Reason lines, the Route that the INVITE left with, nothing else added."""
        self.start()
        reasons = ['Reason: SIP;cause=200;text="Call completed elsewhere"',
                   "Reason: Q.850;cause=26"]
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite, reasons), self.at())
        self.sbc.expect((200, "CANCEL"))
        there = self.carrier.expect("CANCEL")
        self.assertEqual(there.raws("reason"), [line.encode() for line in reasons])
        for name in ("from", "to", "call-id"):
            self.assertEqual(there.raws(name), arrived.raws(name))
        self.assertEqual(there.raws("via"), arrived.raws("via")[:1])
        self.assertEqual(there["cseq"], arrived["cseq"].split()[0] + " CANCEL")
        self.assertEqual(there.body, b"")


class Methods(Story):
    def test_r_p_055_subscribe_and_notify(self):
        """A subscription through us: Record-Route both ways, NOTIFY comes back by it."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        subscribe = self.sbc.request("SUBSCRIBE", "sip:+12155550199@%s:5060" % self.net(1),
                                     extra=["Event: dialog", "Expires: 60"])
        self.sbc.send(subscribe, self.at())
        arrived = self.carrier.expect("SUBSCRIBE")
        self.assert_untouched(subscribe, arrived)
        self.assertEqual(arrived.raws("identity"), [])
        sent = self.carrier.respond(arrived, 202)
        self.sbc.expect((202, "SUBSCRIBE"))
        notify = callee_in_dialog(self.carrier, "NOTIFY", arrived, sent, 1,
                                  extra=["Event: dialog", "Subscription-State: active"])
        self.carrier.send(notify, self.at())
        there = self.sbc.expect("NOTIFY")
        self.assertEqual(there.raws("route"), [])
        self.sbc.respond(there, 200)
        self.carrier.expect((200, "NOTIFY"))

    def test_r_p_045_each_request_has_a_branch_of_its_own(self):
        """Two INVITEs, a re-INVITE and its ACK: no branch twice."""
        self.start()
        seen = []
        for _ in range(2):
            _, arrived = self.short_call()
            seen.append(self.carrier.top_branch(arrived))
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        seen.append(self.carrier.top_branch(arrived))
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        seen.append(self.carrier.top_branch(self.carrier.expect("ACK")))
        self.sbc.send(in_dialog(self.sbc, "INVITE", invite, ok, 2), self.at())
        seen.append(self.carrier.top_branch(self.carrier.expect("INVITE")))
        self.assertEqual(len(set(seen)), len(seen))
        self.assertTrue(all(value.startswith("z9hG4bK") for value in seen))

    def test_r_p_081_what_cannot_be_sent_is_answered(self):
        """A request inside a call to where no socket of ours reaches: 503 at once."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        bye = in_dialog(self.sbc, "BYE", invite, ok, 2)
        for target in ("sip:x@[2001:db8::1]", "sip:x@host.invalid"):
            with self.subTest(target=target):
                lost = bye.replaced("via", "Via: SIP/2.0/UDP %s:5060;branch=%s;rport" % (
                    self.net(2), branch()))
                lost.start = ("BYE %s SIP/2.0" % target).encode()
                self.sbc.send(lost, self.at())
                self.sbc.expect((503, "BYE"))
