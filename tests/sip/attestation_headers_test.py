"""R-P-108 R-P-109: What an SBC tells of level, origid and verification: who is heard, and where it does not go."""

from lib.dialog import in_dialog
from lib.story import Story

UUID = "3a3ad5c7-1b2c-4c3e-8c70-1d4e0b1c2d3e"
LEVELS = ("Attestation-Info", "P-Attestation-Info", "P-Attestation-Indicator",
          "X-Attestation-Info", "X-Attestation-Indicator", "Attestation", "X-Attestation",
          "X-Attestation_Info", "X-Attest-Value", "X-STIR-SHAKEN-Attestation", "P-Identity-Attest")
ORIGIDS = ("Origination-Id", "P-Origination-Id", "P-Origination-ID", "X-Origination-Id")
RESULTS = ("X-Verstat", "P-Verstat", "Verstat")
ALL = ([name + ": A" for name in LEVELS] + ["%s: %s" % (name, UUID) for name in ORIGIDS] +
       [name + ": TN-Validation-Passed" for name in RESULTS])
VERSTAT = "P-Asserted-Identity: <sip:+12155550100;verstat=TN-Validation-Passed@pbx;user=phone>"


class AttestationHeaders(Story):
    def kept(self, message):
        names = {line.split(":")[0].lower() for line in ALL}
        return sorted(header.name for header in message.headers if header.name in names)

    def test_decided_16_a_level_lowers(self):
        """Under any name, in any spelling; the lowest of several; what cannot be read is C."""
        self.start(pbx={"attestation_headers": True})
        for lines, level in (
                [([name + ": B"], "B") for name in LEVELS] +
                [(['Attestation-Info: "C"'], "C"), (["attestation-info: <b>"], "B"),
                 (["Attestation-Info: A;x=y"], "A"), (["Attestation-Info:\r\n\tC\r\n ;x=y"], "C"),
                 (["Attestation-Info : B"], "B"), (["Attestation-Info: A, C, B"], "C"),
                 (["Attestation-Info: A", "X-Attestation-Info: B"], "B"),
                 (["Attestation-Info: none"], "C"), (["Attestation-Info:"], "C"),
                 (["Attestation-Info: A\0"], "C"), (["Attestation-Info: \x80"], "C"),
                 (["X-Attestation-Info B"], "C"), (["Attestation-Info\x80: A"], "C")]):
            with self.subTest(lines=lines):
                self.signed_call(level, extra=lines)

    def test_what_cannot_be_read_is_counted(self):
        self.start(pbx={"attestation_headers": True})
        self.signed_call("C", extra=["Attestation-Info: none", "P-Attestation-Info: ?"])
        self.signed_call("B", extra=["Attestation-Info: B"])
        self.assert_counted("level_unreadable", 1)

    def test_decided_16_of_an_untrusted_trunk(self):
        """None is heard and none goes on."""
        self.start()
        guest = self.peer("guest", 3)
        for lines in (ALL, [line.upper() for line in ALL],
                      [line.replace(":", " :\r\n ") for line in ALL],
                      ["X-Attestation-Info A", "P-Verstat\x80: x"]):
            _, arrived, _ = self.signed_call("A", peer=guest, extra=lines)
            self.assertEqual(self.kept(arrived), [])
            self.assertNotIn(b"verstat", arrived.octets().lower())
            self.assertNotIn(b"attestation", arrived.octets().lower())

    def test_decided_16_of_a_trusted_trunk(self):
        """They go to trusted upstreams alone; verstat goes out of P-Asserted-Identity."""
        self.start(upstreams=[self.upstream(trusted=False)])
        _, arrived, _ = self.signed_call("A", extra=ALL + [VERSTAT])
        self.assertEqual(self.kept(arrived), [])
        self.assertEqual(arrived.raws("p-asserted-identity"),
                         [b"P-Asserted-Identity: <sip:+12155550100@pbx;user=phone>"])
        self.assertEqual(self.stird.stop(), 0)
        self.start(upstreams=[self.upstream(trusted=True)])
        _, arrived, _ = self.signed_call("A", extra=ALL + [VERSTAT])
        self.assertEqual(len(self.kept(arrived)), len(ALL))
        self.assertEqual(arrived.raws("p-asserted-identity"), [VERSTAT.encode()])

    def test_decided_16_after_failover(self):
        """Each upstream sees what it may."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8, trusted=True), self.upstream()])
        first = self.peer("first", 8)
        invite = self.place(extra=ALL)
        one = first.expect("INVITE")
        self.assertEqual(len(self.kept(one)), len(ALL))
        first.respond(one, 503)
        first.expect("ACK")
        two = self.carrier.expect("INVITE")
        self.assertEqual(self.kept(two), [])
        self.refuse(two, invite)

    def test_decided_16_of_another_method(self):
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        for method in ("MESSAGE", "OPTIONS", "SUBSCRIBE"):
            for peer in (self.sbc, self.peer("guest", 3)):
                with self.subTest(method=method, peer=peer.name):
                    peer.send(peer.request(method, "sip:+12155550199@other.example.org",
                                           extra=ALL), self.at())
                    arrived = self.carrier.expect(method)
                    self.assertEqual(self.kept(arrived), [])
                    self.carrier.respond(arrived, 200)
                    peer.expect((200, method))


class Discriminators(Story):
    def shared(self):
        """Three trunks of one SBC, told apart in three ways; a fourth of the whole network."""
        self.start(trunks=[
            self.trunk("one", header_name="X-Trunk", header_value="one"),
            self.trunk("two", header_name="X-Customer", header_value="two"),
            self.trunk("three", request_host="three.example.org"),
            self.trunk("wide", identity="gateway", header_name="X-Wide", header_value="w",
                       sources=[self.net(0) + "/29"]),
            self.trunk("alone", 3)])

    def seen(self, message):
        return [name for name in ("x-trunk", "x-customer", "x-wide", "x-other") if name in message]

    def test_decided_11_of_another_trunk_of_the_source(self):
        """Which trunk takes the call does not matter: what stands between SBC and us stays there."""
        self.shared()
        for lines, uri, trunk in (
                (["X-Trunk: one", "X-Customer: me"], None, "one"),
                (["X-Trunk: one?", "X-CUSTOMER : two"], None, "two"),
                (["X-Trunk: 1", "X-Customer: 2", "x-wide: 3"],
                 "sip:+12155550199@three.example.org", "three"),
                (["X-Trunk: 1", "X-Wide: w"], None, "wide")):
            with self.subTest(trunk=trunk):
                more = {"uri": uri} if uri else {}
                invite, arrived = self.short_call(extra=lines + ["X-Other: kept"], **more)
                self.record(invite, trunk=trunk)
                self.assertEqual(self.seen(arrived), ["x-other"])

    def test_decided_11_of_another_source(self):
        """Another SBC's header of that name is its own affair."""
        self.shared()
        _, arrived = self.short_call(peer=self.peer("alone", 3),
                                     extra=["X-Trunk: 1", "X-Customer: 2", "X-Wide: 3"])
        self.assertEqual(self.seen(arrived), ["x-trunk", "x-customer"])

    def test_decided_11_of_other_requests(self):
        """Of another method, and inside a call from its ACK on."""
        self.shared()
        lines = ["X-Trunk: one", "X-Customer: 2", "X-Wide: 3", "X-Other: kept"]
        invite = self.place(extra=lines)
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.send(in_dialog(self.sbc, "ACK", invite, ok, 1, extra=lines), self.at())
        self.assertEqual(self.seen(self.carrier.expect("ACK")), ["x-other"])
        self.sbc.send(in_dialog(self.sbc, "BYE", invite, ok, 2, extra=lines), self.at())
        there = self.carrier.expect("BYE")
        self.carrier.respond(there, 200)
        self.sbc.expect((200, "BYE"))
        self.assertEqual(self.seen(there), ["x-other"])
        self.sbc.send(self.sbc.request("MESSAGE", "sip:+12155550199@other.example.org",
                                       extra=lines), self.at())
        there = self.carrier.expect("MESSAGE")
        self.assertEqual(self.seen(there), ["x-other"])
