"""Decided 16 inside a call: what an untrusted side says of itself stays here there too."""

from lib.dialog import SDP, callee_in_dialog, in_dialog
from lib.story import Story

PAI = "P-Asserted-Identity: <tel:+12155551234;verstat=TN-Validation-Passed>"
PRIVATE = [PAI, "Attestation-Info: A", "Origination-Id: 3a3ad5c7-1b2c-4c3e-8c70-1d4e0b1c2d3e",
           "P-Attestation-Indicator: A", "P-Origination-Id: 3a3ad5c7-1b2c-4c3e-8c70-1d4e0b1c2d3e"]
NAMES = ("p-asserted-identity", "attestation-info", "origination-id", "p-attestation-indicator",
         "p-origination-id")


class TrustInDialog(Story):
    def call(self, peer):
        invite = self.place(peer)
        arrived = self.carrier.expect("INVITE")
        sent = self.carrier.respond(arrived, 200)
        ok = peer.expect((200, "INVITE"))
        ack = in_dialog(peer, "ACK", invite, ok, 1, extra=[PAI])
        peer.send(ack, self.at())
        return invite, arrived, sent, ok, self.carrier.expect("ACK")

    def pass_on(self, one, other, message):
        one.send(message, self.at())
        there = other.expect(message.method)
        other.respond(there, 200)
        one.expect((200, message.method))
        return there

    def kept(self, message):
        return [name for name in NAMES if name in message]

    def test_r_p_052_from_an_untrusted_trunk(self):
        """PAI, verstat and attestation headers of every request go, also of the ACK."""
        self.start()
        guest = self.peer("guest", 3)
        invite, _, _, ok, ack = self.call(guest)
        self.assertEqual(self.kept(ack), [])
        for cseq, method in enumerate(("INFO", "UPDATE", "MESSAGE", "BYE"), 2):
            with self.subTest(method=method):
                there = self.pass_on(guest, self.carrier, in_dialog(
                    guest, method, invite, ok, cseq, extra=PRIVATE, body=SDP))
                self.assertEqual(self.kept(there), [])
                self.assertEqual(there.body, SDP)

    def test_r_p_052_from_a_trusted_trunk(self):
        """Inside the trust domain they stay, octet for octet."""
        self.start(upstreams=[self.upstream(trusted=True)])
        invite, _, _, ok, ack = self.call(self.sbc)
        self.assertEqual(ack.raws("p-asserted-identity"), [PAI.encode()])
        there = self.pass_on(self.sbc, self.carrier,
                             in_dialog(self.sbc, "UPDATE", invite, ok, 2, extra=PRIVATE))
        self.assertEqual(self.kept(there), list(NAMES))

    def test_r_p_054_from_a_trusted_trunk_to_an_untrusted_upstream(self):
        """Levels and verstat go; who is calling stays, in all its other octets."""
        self.start()
        invite, _, _, ok, ack = self.call(self.sbc)
        plain = [b"P-Asserted-Identity: <tel:+12155551234>"]
        self.assertEqual(ack.raws("p-asserted-identity"), plain)
        there = self.pass_on(self.sbc, self.carrier,
                             in_dialog(self.sbc, "UPDATE", invite, ok, 2, extra=PRIVATE))
        self.assertEqual(self.kept(there), ["p-asserted-identity"])
        self.assertEqual(there.raws("p-asserted-identity"), plain)

    def test_r_p_052_privacy_towards_an_untrusted_upstream(self):
        """Privacy: id takes PAI off inside a call as well."""
        self.start(upstreams=[self.upstream(trusted=False)])
        invite, _, _, ok, _ = self.call(self.sbc)
        there = self.pass_on(self.sbc, self.carrier, in_dialog(
            self.sbc, "UPDATE", invite, ok, 2, extra=[PAI, "Privacy: id"]))
        self.assertEqual(self.kept(there), [])
        there = self.pass_on(self.sbc, self.carrier, in_dialog(
            self.sbc, "UPDATE", invite, ok, 3, extra=[PAI, "Privacy: none"]))
        self.assertEqual(self.kept(there), ["p-asserted-identity"])

    def test_r_p_052_spellings_of_privacy(self):
        """id among others, in any case, in any line; a value that no RFC knows withholds too."""
        self.start(upstreams=[self.upstream(trusted=False)])
        for lines, kept in ((["Privacy: user;ID;critical"], []),
                            (["Privacy: user", "Privacy: id"], []),
                            (["privacy: ; id ;"], []), (["Privacy:"], ["p-asserted-identity"]),
                            (["Privacy: ;;"], ["p-asserted-identity"]),
                            (["Privacy: user;session"], ["p-asserted-identity"]),
                            (["Privacy: idle;user"], [])):
            with self.subTest(lines=lines):
                _, arrived = self.short_call(extra=[PAI] + lines)
                self.assertEqual(self.kept(arrived), kept)

    def test_r_p_052_privacy_towards_a_trusted_upstream(self):
        self.start(upstreams=[self.upstream(trusted=True)])
        invite, _, _, ok, _ = self.call(self.sbc)
        there = self.pass_on(self.sbc, self.carrier, in_dialog(
            self.sbc, "UPDATE", invite, ok, 2, extra=[PAI, "Privacy: id"]))
        self.assertEqual(self.kept(there), ["p-asserted-identity"])

    def test_r_p_052_from_the_carrier(self):
        """Towards a trunk outside the trust domain Privacy: id counts too (RFC 3325 section 7)."""
        self.start()
        for cseq, (peer, extra, kept) in enumerate((
                (self.peer("guest", 3), [PAI, "Privacy: id"], []),
                (self.peer("guest", 3), [PAI], ["p-asserted-identity"]),
                (self.sbc, [PAI, "Privacy: id"], ["p-asserted-identity"])), 1):
            with self.subTest(peer=peer.name, extra=extra):
                _, arrived, sent, _, _ = self.call(peer)
                update = callee_in_dialog(self.carrier, "UPDATE", arrived, sent, cseq, extra=extra)
                self.assertEqual(self.kept(self.pass_on(self.carrier, peer, update)), kept)

    def test_r_p_052_a_trunk_of_one_sbc_is_told_from_another(self):
        """Two trunks of one source: inside a call only what both may say is believed."""
        self.start(trunks=[self.trunk(trusted=True), self.trunk(
            "second", 2, trusted=False, header_name="X-Trunk", header_value="second")])
        invite, _, _, ok, _ = self.call(self.sbc)
        there = self.pass_on(self.sbc, self.carrier, in_dialog(
            self.sbc, "UPDATE", invite, ok, 2, extra=[PAI, "X-Trunk: second"]))
        self.assertEqual(self.kept(there), [])
        self.assertNotIn("x-trunk", there)

    def test_r_p_054_a_request_of_another_method(self):
        """Outside a call: the same rules as for an INVITE."""
        self.start()
        guest = self.peer("guest", 3)
        self.carrier  # pylint: disable=pointless-statement
        uri = "sip:+12155550199@%s:5060" % self.net(1)
        guest.send(guest.request("MESSAGE", uri, extra=PRIVATE), self.at())
        self.assertEqual(self.kept(self.carrier.expect("MESSAGE")), [])

    def test_r_p_054_further_headers_by_setting(self):
        """proxy.private_headers: of an untrusted trunk they go, in and outside calls."""
        self.start(more='proxy = { private_headers = [ "X-Api-Key", "P-Charge-Info" ]; };')
        lines = ["X-API-KEY: secret", "P-Charge-Info: <sip:x@h>", "X-Other: kept"]
        for peer, kept in ((self.peer("guest", 3), []),
                           (self.sbc, ["x-api-key", "p-charge-info"])):
            with self.subTest(peer=peer.name):
                invite = self.place(peer, extra=lines)
                arrived = self.carrier.expect("INVITE")
                self.carrier.respond(arrived, 200)
                ok = peer.expect((200, "INVITE"))
                peer.acknowledge(invite, ok)
                self.carrier.expect("ACK")
                bye = in_dialog(peer, "BYE", invite, ok, 2, extra=lines)
                for message in (arrived, self.pass_on(peer, self.carrier, bye)):
                    self.assertEqual(message["x-other"], "kept")
                    self.assertEqual([name for name in ("x-api-key", "p-charge-info")
                                      if name in message], kept)

    def test_r_p_054_verstat_in_from_goes(self):
        """Decided 13, R-V-053, R-V-055: each response has the From that was sent; inside the call too, in both directions."""
        self.start()
        guest, clean = self.peer("guest", 3), "<sip:+12155550100@pbx.example.com;user=phone>"
        marked = clean.replace("@", ";verstat=TN-Validation-Passed@")
        invite = self.place(guest, from_=marked)
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived["from"], clean + ";tag=" + invite["from"].split(";tag=")[1])
        self.carrier.respond(arrived, 200)
        ok = guest.expect(200)
        self.assertEqual(ok.raws("from"), invite.raws("from"))
        guest.acknowledge(invite, ok, self.at())
        self.assertEqual(self.carrier.expect("ACK")["from"], arrived["from"])
        bye = in_dialog(guest, "BYE", invite, ok, 2)
        guest.send(bye, self.at())
        arrived_bye = self.carrier.expect("BYE")
        self.assertEqual(arrived_bye["from"], arrived["from"])
        self.carrier.respond(arrived_bye, 200)
        self.assertEqual(guest.expect(200).raws("from"), bye.raws("from"))
