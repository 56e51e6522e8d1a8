"""P-Asserted-Identity and what goes with it (Decided 2 and 16)."""

from lib import stirctl
from lib.story import Story

PAI = "P-Asserted-Identity: <sip:+12155551234@pbx.example.com>"


class AssertedIdentity(Story):
    def test_a_trusted_one_rules(self):
        """R-P-094 R-P-052: it gives orig and goes on."""
        self.start()
        _, arrived, _ = self.signed_call(orig="12155551234", extra=[PAI])
        self.assertEqual(arrived.raws("p-asserted-identity"), [PAI.encode()])

    def test_tel_before_sip(self):
        """R-P-094: the tel: one of two; as they differ not above B."""
        self.start()
        self.signed_call("B", orig="12155551999", extra=[PAI + ", <tel:+12155551999>"])
        self.signed_call("A", orig="12155551234", extra=[PAI + ", <tel:+12155551234>"])
        self.signed_call("B", orig="12155551999",
                         extra=[PAI, "P-Asserted-Identity: <tel:+12155551999>"])

    def test_an_anonymous_caller_with_an_asserted_number(self):
        """R-P-094: From says nothing, the asserted number is signed."""
        self.start(upstreams=[self.upstream(trusted=True)])
        self.signed_call(orig="12155551234", extra=[PAI, "Privacy: id"],
                         from_='"Anonymous" <sip:anonymous@anonymous.invalid>')

    def test_an_untrusted_one_is_removed(self):
        """R-P-052 R-P-054: orig is From's, and the header does not go on."""
        self.start()
        guest = self.peer("guest", 3)
        _, arrived, _ = self.signed_call(peer=guest, orig="12155550100", extra=[PAI])
        self.assertEqual(arrived.raws("p-asserted-identity"), [])

    def test_attestation_headers_of_an_untrusted_trunk_are_removed(self):
        """R-P-054, Decided 16: nobody outside tells stird or the carrier how a call is rated."""
        self.start()
        guest = self.peer("guest", 3)
        _, arrived, _ = self.signed_call(
            peer=guest, extra=["Attestation-Info: A",
                               "Origination-ID: 3a3ad5c7-1b2c-4c3e-8c70-1d4e0b1c2d3e"])
        self.assertEqual(arrived.raws("attestation-info"), [])

    def test_preferred_identity_is_never_used(self):
        """R-P-053."""
        self.start()
        line = "P-Preferred-Identity: <sip:+12155551234@pbx.example.com>"
        self.signed_call(orig="12155550100", extra=[line])

    def test_privacy_towards_an_untrusted_upstream(self):
        """R-P-052: Privacy: id takes it off there, and not elsewhere."""
        self.start(upstreams=[self.upstream(trusted=False)])
        _, arrived, _ = self.signed_call(orig="12155551234", caller="+12155551234",
                                         extra=[PAI, "Privacy: id"])
        self.assertEqual(arrived.raws("p-asserted-identity"), [])
        self.assertEqual(arrived["privacy"], "id")
        _, arrived, _ = self.signed_call(orig="12155551234", extra=[PAI, "Privacy: none"])
        self.assertEqual(arrived.raws("p-asserted-identity"), [PAI.encode()])

    def test_privacy_towards_a_trusted_upstream(self):
        """R-P-052: inside the trust domain it stays."""
        self.start(upstreams=[self.upstream(trusted=True)])
        _, arrived, _ = self.signed_call(orig="12155551234", extra=[PAI, "Privacy: id"])
        self.assertEqual(arrived.raws("p-asserted-identity"), [PAI.encode()])

    def test_an_unusable_one_leaves_from(self):
        """R-P-094: asserted text that is no number does not hide a From that is one."""
        self.start()
        line = "P-Asserted-Identity: <sip:alice@pbx.example.com>"
        self.signed_call(orig="12155550100", extra=[line])

    def test_one_that_cannot_be_read_lowers(self):
        """What the SBC asserts is somebody, though nobody knows whom: From's number has no A."""
        self.start()
        for line in ("P-Asserted-Identity: +12155551000", "P-Asserted-Identity: <sip:+12155551000@x",
                     'P-Asserted-Identity="+12155551000"', 'P-Asserted-Identity: ="+12155551000"',
                     "P-Asserted-Identity=<sip:+12155551000@x>", "P-Asserted-Identity:",
                     "P-Asserted-Identity <sip:+12155551000@x>", "p-asserted-identity: <>",
                     "P-Asserted-Identity\r\n : <sip:+12155551000@x>",
                     "P-Asserted-Identity: <sip:+12155551000%23@x>",
                     "P-Asserted-Identity: <sip:+1215555100012345@x>",
                     "P-Asserted-Identity: <sip:alice@x>, +12155551000",
                     "P-Asserted-Identity: <sip:+12155550100@x> <tel:+12155551000>",
                     "P-Asserted-Identity: <sip:anonymous@anonymous.invalid>;<tel:+12155551000>",
                     "P-Asserted-Identity: <sip:+12155550100@x>\r\n and <tel:+12155551000>",
                     "P-Asserted-Identity: tel:+12155551000 <sip:+12155550100@x>",
                     'P-Asserted-Identity: "x" 12155551000 <sip:+12155550100@x>',
                     "P-Asserted-Identity: <sip:+12155550100@x>;a=\"b",
                     "P-Asserted-Identity: <sip:+1215KKK6000@x>",
                     "P-Asserted-Identity: <sip:1800FLOWERS@x;user=phone>"):
            with self.subTest(line=line):
                self.signed_call("B", orig="12155550100", extra=[line])
        guest = self.peer("guest", 3)
        self.signed_call("A", peer=guest, extra=["P-Asserted-Identity=<sip:+12155551000@x>"])

    def test_what_goes_with_an_address_is_no_second_one(self):
        """A display name in any letters and parameters do not lower; nor does a name on purpose."""
        self.start()
        for value in ('"J\u00f6rg \\"M\\" <x>" <sip:+12155550100@x>;cpc=ordinary ; a="b;c";',
                      "Dr. M\u00fcller (Sales) <sip:+12155550100@x>;d=[::1]", "<sip:7001@x>",
                      "<sip:4f8e21a90b7c4d5e8f12@x>"):
            with self.subTest(value=value):
                self.signed_call("A", orig="12155550100", extra=["P-Asserted-Identity: " + value])

    def test_a_from_that_names_two(self):
        """Before the brackets stands a second one: at most B, and none when that is blocked."""
        self.start()
        self.signed_call("B", orig="12155550100", from_="tel:+12155551000 <sip:+12155550100@x>")
        self.refused_call(603, reason="number_blocked",
                          from_="tel:+12155556000 <sip:+12155550100@x>")

    def test_more_identities_than_are_read(self):
        """Nobody knows what the rest says: no token."""
        self.start()
        self.signed_call("A", orig="12155551234", extra=[PAI] * 32)
        for line in (PAI, "P-Asserted-Identity: <tel:+12155556000>"):
            self.unsigned_call("unsigned_by_policy", extra=[PAI] * 32 + [line])

    BLOCKED = ("<sip:+12155551234@h>, <sip:+12155556000@h>", "<tel:+12155556000>, <tel:+12155551234>",
               "<sip:+12155551234@h>, <sip:*67+12155556000@h>", "<sip:+12155556000#@h>",
               "<sip:+12155551234@h> <tel:+12155556000>", "<sip:+12155551234@h>;tel:+12155556000",
               "<sip:+12155551234@h> / 1215 555 6000", "tel:+12155556000 <sip:+12155551234@h>",
               "<sip:+12155551234@h>, " * 4 + "<tel:+12155556000>",
               "<sip:+12155551234@h>, " * 31 + "<tel:+12155556000>", "x, " * 20 + "+12155556000",
               "<sip:+12155551234@h>, \"x <sip:+12155556000@h", "<sip:+12155556000@h", "+12155556000")

    def explains(self, invite, decision):
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message",
                           self.lab.write("message", invite.octets().decode()), "--source",
                           self.net(2))
        self.assertEqual((told["decision"], told["level"]), (decision, None))

    def test_whoever_asserts_a_blocked_number_is_refused(self):
        """Beside another, dressed or in what cannot be read; explain says the same."""
        self.start()
        for value in self.BLOCKED:
            with self.subTest(value=value):
                invite, _ = self.refused_call(603, reason="number_blocked",
                                              extra=["P-Asserted-Identity: " + value])
                self.explains(invite, "rejected")

    def test_no_token_beside_a_blocked_number(self):
        """Where such calls pass they leave unsigned."""
        self.start(more='attestation = { blocked = "unsigned"; };')
        for value in self.BLOCKED:
            with self.subTest(value=value):
                invite, _ = self.unsigned_call("unsigned_by_policy",
                                               extra=["P-Asserted-Identity: " + value])
                self.explains(invite, "passed")

    def test_no_token_beside_a_blocked_number_in_two_lines(self):
        """Nor when a line that is no header holds it; From's number beside a good one is text."""
        self.start(more='attestation = { blocked = "unsigned"; };')
        for line in ("P-Asserted-Identity: <tel:+12155556000>",
                     "P-Asserted-Identity <tel:+12155556000>",
                     "P-Asserted-Identity=tel:+12155556000"):
            with self.subTest(line=line):
                self.unsigned_call("unsigned_by_policy", extra=[PAI, line])
                self.unsigned_call("unsigned_by_policy", extra=[line, PAI])
        self.signed_call(extra=[PAI], orig="12155551234", caller="+12155556000")
