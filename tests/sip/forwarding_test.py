"""Max-Forwards, Via, Route, Request-URI: what a proxy owes each request it forwards."""

from lib.dialog import in_dialog, unique
from lib.sip import parameter, uri_of
from lib.story import Story


class MaxForwards(Story):
    def test_counts_down(self):
        """R-P-020."""
        self.start()
        for sent, seen in ((70, "69"), (1, "0"), (None, "70")):
            with self.subTest(sent=sent):
                _, arrived = self.short_call(max_forwards=sent)
                self.assertEqual(arrived.all("max-forwards"), [seen])

    def test_zero_ends(self):
        """R-P-020."""
        self.start()
        self.refused_call(483, max_forwards=0, reason="TOO_MANY_HOPS".lower())
        self.signed_call()


class Via(Story):
    def test_one_via_on_top(self):
        """R-P-045."""
        self.start()
        invite, arrived = self.short_call()
        vias = arrived.elements("via")
        self.assertEqual(len(vias), 2)
        self.assertTrue(vias[0].startswith("SIP/2.0/UDP %s" % self.net(1)), vias[0])
        self.assertTrue(parameter(vias[0], "branch").startswith("z9hG4bK"))
        self.assertNotEqual(parameter(vias[0], "branch"), self.sbc.top_branch(invite))
        self.assertEqual(parameter(vias[1], "branch"), self.sbc.top_branch(invite))

    def test_received_and_rport(self):
        """R-P-046: the answer goes where the request came from, whatever its Via says."""
        self.start()
        invite = self.invite()
        lying = invite.replaced("via", "Via: SIP/2.0/UDP pbx.example.com:6060;rport;branch="
                                "z9hG4bK" + unique())
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(lying, self.at())
        arrived = self.carrier.expect("INVITE")
        second = arrived.elements("via")[1]
        self.assertEqual(parameter(second, "received"), self.net(2))
        self.assertEqual(parameter(second, "rport"), "5060")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.refuse(arrived, lying)

    def test_without_rport_the_port_of_via(self):
        """RFC 3261 section 18.2.2: received address, port of sent-by."""
        self.start()
        other = self.peer("other", 2, port=5072)
        invite = self.invite().replaced("via", "Via: SIP/2.0/UDP pbx.example.com:5072;branch="
                                        "z9hG4bK" + unique())
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        other.expect(180)

    def test_without_the_magic_cookie(self):
        """R-P-080: an RFC 2543 caller; its ACK and its copies still find the transaction."""
        self.start()
        for branch in ("", ";branch=old"):
            with self.subTest(branch=branch):
                invite = self.invite().replaced(
                    "via", "Via: SIP/2.0/UDP %s:5060%s" % (self.net(2), branch))
                self.carrier  # pylint: disable=pointless-statement
                self.sbc.send(invite, self.at())
                arrived = self.carrier.expect("INVITE")
                self.sbc.send(invite, self.at())
                self.carrier.respond(arrived, 486)
                busy = self.sbc.expect(486)
                self.carrier.expect("ACK")
                self.sbc.acknowledge(invite, busy, self.at())
                self.heard()
                copies = self.sbc.copies(busy)
                self.carrier.expect_nothing(0.1)
                self.sbc.expect_nothing(0.8)
                self.assertEqual(self.sbc.copies(busy), copies)

    def test_older_vias_stay(self):
        """R-P-045 R-P-067: two in one line and one below come back as they were."""
        self.start()
        invite = self.invite()
        top = invite.raws("via")[0]
        sent = invite.replaced("via", top + b", SIP/2.0/TCP 192.0.2.7:5061;branch=z9hG4bKa;x=y",
                               b"v: SIP/2.0/UDP [2001:db8::1];branch=z9hG4bKb;odd")
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(sent, self.at())
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(len(arrived.elements("via")), 4)
        self.carrier.respond(arrived, 180)
        ringing = self.sbc.expect(180)
        self.assertEqual(ringing.elements("via")[1:], sent.elements("via")[1:])


class RequestURI(Story):
    def arrived_uri(self, uri, **more):
        _, arrived = self.short_call(uri=uri, **more)
        return arrived.uri

    def test_one_that_names_stird_gets_the_next_hop(self):
        """Decided 13: user part and parameters stay."""
        self.start()
        us, hop = self.net(1), self.net(9)
        for sent, seen in (
                ("sip:+12155550199@%s:5060" % us, "sip:+12155550199@%s:5060" % hop),
                ("sip:+12155550199@%s" % us, "sip:+12155550199@%s:5060" % hop),
                ("sip:+1215;npdi;rn=+12670000000@%s;user=phone;x" % us,
                 "sip:+1215;npdi;rn=+12670000000@%s:5060;user=phone;x" % hop)):
            with self.subTest(sent=sent):
                self.assertEqual(self.arrived_uri(sent), seen)

    def test_any_other_stays(self):
        """Decided 13, R-P-039: kept, and still sent to the trunk's upstream and nowhere else."""
        self.start()
        nobody = self.peer("nobody", 66)
        for uri in ("sip:+12155550199@carrier.example.com;user=phone", "tel:+12155550199",
                    "sip:+12155550199@%s:5060" % self.net(66), "sips:+12155550199@h.example.com",
                    "sip:+12155550199@%s:5099" % self.net(1)):
            with self.subTest(uri=uri):
                self.assertEqual(self.arrived_uri(uri), uri)
        nobody.expect_nothing(0.1)

    def test_replace_by_setting(self):
        """Decided 13: an upstream may want its own host in every Request-URI."""
        self.start(upstreams=[self.upstream(request_uri="replace")])
        self.assertEqual(self.arrived_uri("sip:+12155550199@carrier.example.com;user=phone"),
                         "sip:+12155550199@%s:5060;user=phone" % self.net(9))


class Route(Story):
    def test_own_route_is_popped(self):
        """R-P-030, Decided 13: a preloaded Route to stird goes, the trunk's upstream stays."""
        self.start()
        route = "Route: <sip:%s:5060;lr>" % self.net(1)
        _, arrived, _ = self.signed_call(extra=[route])
        self.assertEqual(arrived.raws("route"), [])

    def test_strict_router_behind_us(self):
        """R-P-031: our own Record-Route as Request-URI; the true one is the last Route."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect(200)
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")
        bye = in_dialog(self.sbc, "BYE", invite, ok, 2)
        ours, target = uri_of(ok.elements("record-route")[0]), uri_of(ok["contact"])
        strict = bye.replaced("route", "Route: <%s>" % target)
        strict.start = ("BYE %s SIP/2.0" % ours).encode()
        self.sbc.send(strict, self.at())
        there = self.carrier.expect("BYE")
        self.assertEqual(there.uri, target)
        self.assertEqual(there.raws("route"), [])

    def test_nothing_is_relayed_elsewhere(self):
        """R-P-039: a foreign Route of an initial INVITE leads nowhere but to the upstream."""
        self.start()
        nobody = self.peer("nobody", 66)
        route = "Route: <sip:%s:5060;lr>, <sip:%s:5060;lr>" % (self.net(1), self.net(66))
        self.place(extra=[route])
        nobody.expect_nothing(0.5)

    def test_forged_record_route_is_no_way_through(self):
        """Decided 12: in-dialog requests of strangers need our own HMAC."""
        self.start()
        nobody, target = self.peer("nobody", 66), self.peer("target", 67)
        bye = nobody.request("BYE", "sip:x@%s:5060" % self.net(67),
                             to="<sip:x@h>;tag=1",
                             extra=["Route: <sip:%s:5060;lr>" % self.net(1)])
        nobody.send(bye, self.at())
        target.expect_nothing(0.3)
        nobody.expect_nothing(0.1)

    def test_proxy_require(self):
        """R-P-023: unknown extensions of a proxy are refused, those of the callee pass."""
        self.start()
        _, final = self.refused_call(420, extra=["Proxy-Require: foo, bar"],
                                     reason="bad_extension")
        self.assertEqual(final["unsupported"].replace(" ", ""), "foo,bar")
        _, arrived, _ = self.signed_call(extra=["Require: nothingSupportsThis"])
        self.assertEqual(arrived["require"], "nothingSupportsThis")
