"""What the next element is told of a verified call, and that nobody else says it: TS 24.229 section 7.2A.20, RFC 8224."""

import unittest

from lib import dialog
from lib.verifying import CALLED, CALLER, Verifying

FROM = "<sip:%s@pbx.example.com>" % CALLER
SPOOFED = ["P-Attestation-Indicator: A", "X-Verstat: TN-Validation-Passed", "P-Origination-ID: mine",
           "X-Stird-Verification: passed;A;-;-"]
TOLD = {"observe": False, "attestation_headers": ["P-Attestation-Indicator", "P-Origination-ID"],
        "result_header": "X-Stird-Verification"}


class Marking(Verifying):
    untouched = False

    def marked(self, *identities, lines=(), **more):
        """(sent, arrived) of a call that is refused by its callee; the caller gets its own From back."""
        invite, arrived = self.short_call(caller=CALLER, called=CALLED,
                                          extra=["Identity: " + i for i in identities] + list(lines), **more)
        return invite, arrived

    def refuse(self, arrived, invite, peer=None, status=486, at=None):
        final = super().refuse(arrived, invite, peer, status, at)
        self.assertEqual(final.raws("from"), invite.raws("from"))
        return final

    def test_verstat_and_headers(self):
        """R-V-018, R-V-019, R-V-053, R-V-057: P-Asserted-Identity of a trusted trunk; what came along is off first, whoever brought it."""
        self.begin(profile=dict(TOLD, verstat_suffix="letter"), upstream={"trusted": True}, trusted=True)
        self.passed()
        pai = "P-Asserted-Identity: \"Bank\" <sip:%s;verstat=TN-Validation-Failed@x;user=phone>" % CALLER
        for identity, verstat, level, origid in (
                (self.signed(attest="B", origid="00000000-1111-2222-3333-444444444444"),
                 "TN-Validation-Passed-B", ["B"], ["00000000-1111-2222-3333-444444444444"]),
                (self.signed(dest="13125550199"), "TN-Validation-Failed-A", [], []),
                (None, "No-TN-Validation", [], [])):
            invite, arrived = self.marked(*[identity] if identity else [], lines=[pai] + SPOOFED)
            self.assertEqual(arrived.all("p-asserted-identity"),
                             ["\"Bank\" <sip:%s;verstat=%s@x;user=phone>" % (CALLER, verstat)])
            self.assertEqual(arrived.all("p-attestation-indicator"), level)
            self.assertEqual(arrived.all("p-origination-id"), origid)
            self.assertEqual(arrived.all("x-verstat"), [])
            self.assertEqual(arrived.raws("from"), invite.raws("from"))
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
            record = self.record(invite)["verification"]
            spc = record["spc"] or "-"
            self.assertEqual(arrived.all("x-stird-verification"),
                             [";".join((record["class"], record["level"] or "-", spc, record["check"] or "-"))])

    def test_an_upstream_that_is_not_trusted(self):
        """It gets verstat, which is for telephones, and nothing that is said among those who trust each other."""
        self.begin(profile=dict(TOLD, verstat_form="tel", pai_from_token=True), trusted=True)
        self.passed()
        _, arrived = self.marked(self.signed(), lines=["P-Asserted-Identity: <sip:%s@x>" % CALLER] + SPOOFED)
        self.assertEqual(arrived.all("p-asserted-identity"), ["<tel:%s;verstat=TN-Validation-Passed>" % CALLER])
        for name in ("p-attestation-indicator", "p-origination-id", "x-stird-verification", "x-verstat"):
            self.assertEqual(arrived.all(name), [])
        self.assertEqual(self.marked(self.signed())[1].all("p-asserted-identity"), [])

    def test_an_identity_out_of_the_token(self):
        """R-V-054: a P-Asserted-Identity for a call that passed and has none; of a trunk that is not trusted too."""
        self.begin(profile={"observe": False, "pai_from_token": True}, upstream={"trusted": True})
        self.passed()
        _, arrived = self.marked(self.signed(), lines=["P-Asserted-Identity: <sip:+13125550999@x>"])
        self.assertEqual(arrived.all("p-asserted-identity"), ["<tel:%s;verstat=TN-Validation-Passed>" % CALLER])
        self.assertEqual(self.marked()[1].all("p-asserted-identity"), [])

    def test_from_is_changed_and_comes_back(self):
        """R-V-055, R-V-056: every response has the From that was sent, its copies too; ACK and CANCEL have that of the INVITE."""
        self.begin(profile={"observe": False, "verstat_place": "both", "label_a": "[V]", "label_none": "[?]"})
        self.passed()
        invite, arrived = self.marked(self.signed(), from_='"[V] Bank" ' + FROM)
        self.assertTrue(arrived["from"].startswith(
            '"[V] Bank" <sip:%s;verstat=TN-Validation-Passed@pbx.example.com>;tag=' % CALLER), arrived["from"])
        invite, arrived = self.marked(from_='"[V] Bank" <sip:%s;verstat=TN-Validation-Passed@pbx.example.com>' % CALLER)
        self.assertTrue(arrived["from"].startswith(
            '"[?] Bank" <sip:%s;verstat=No-TN-Validation@pbx.example.com>;tag=' % CALLER), arrived["from"])

        invite = self.place(caller=CALLER, called=CALLED, from_=FROM, extra=["Identity: " + self.signed()])
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.assertEqual(self.sbc.expect(180).raws("from"), invite.raws("from"))
        self.carrier.respond(arrived, 200)
        first = self.sbc.expect(200)
        self.assertEqual(first.raws("from"), invite.raws("from"))
        self.carrier.respond(arrived, 200)  # a copy: nothing of the call is left but its Via
        self.assertEqual(self.sbc.expect(200, retransmissions=True).octets(), first.octets())

        invite = self.place(caller=CALLER, called=CALLED, from_=FROM, extra=["Identity: " + self.signed()])
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(dialog.cancel(invite), self.at())
        cancel = self.carrier.expect("CANCEL")
        self.assertEqual(cancel.raws("from"), arrived.raws("from"))
        self.assertEqual(self.sbc.expect(200).raws("from"), invite.raws("from"))
        self.carrier.respond(cancel, 200)
        self.carrier.respond(arrived, 487)
        self.assertEqual(self.carrier.expect("ACK").raws("from"), arrived.raws("from"))
        final = self.sbc.expect(487)
        self.assertEqual(final.raws("from"), invite.raws("from"))
        self.sbc.acknowledge(invite, final, self.at())

    def test_of_another_number_nothing_is_known(self):
        """The token is about P-Asserted-Identity's number; From may name anybody."""
        self.begin(profile={"observe": False, "verstat_place": "both", "label_a": "[V]", "label_none": "[?]"},
                   trusted=True)
        self.passed()
        _, arrived = self.marked(self.signed(), lines=["P-Asserted-Identity: <sip:%s@x>" % CALLER],
                                 from_='"Bank" <sip:+13125559999@x>')
        self.assertTrue(arrived["from"].startswith('"[?] Bank" <sip:+13125559999;verstat=No-TN-Validation@x>'),
                        arrived["from"])
        self.assertEqual(arrived.all("p-asserted-identity"), ["<sip:%s;verstat=TN-Validation-Passed@x>" % CALLER])

    def test_later_requests_bring_no_marks(self):
        self.begin(profile=dict(TOLD, label_a="[V]"), upstream={"trusted": True}, trusted=True)
        self.passed()
        invite = self.place(caller=CALLER, called=CALLED, from_='"[V] Bank" ' + FROM)
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect(200)
        self.sbc.send(dialog.in_dialog(self.sbc, "ACK", invite, ok, 1, extra=SPOOFED), self.at())
        ack = self.carrier.expect("ACK")
        self.assertTrue(ack["from"].startswith('"Bank" ' + FROM), ack["from"])
        for name in ("p-attestation-indicator", "p-origination-id", "x-stird-verification", "x-verstat"):
            self.assertEqual(ack.all(name), [], name)

    def test_nobody_marks_his_own(self):
        """Also of calls that are not verified: From of a trunk that is not trusted loses its verstat."""
        self.begin(profile=TOLD, trunks=[self.trunk("pbx", 3, trusted=False)])
        for place in (";verstat=TN-Validation-Passed@pbx.example.com", "@pbx.example.com;verstat=TN-Validation-Passed"):
            invite, arrived = self.short_call(peer=self.peer("pbx", 3), caller=CALLER, called=CALLED, extra=SPOOFED,
                                              from_="<sip:%s%s>" % (CALLER, place))
            self.assertTrue(arrived["from"].startswith(FROM + ";tag="), arrived["from"])
            for name in ("p-attestation-indicator", "p-origination-id", "x-stird-verification", "x-verstat"):
                self.assertEqual(arrived.all(name), [], name)
            self.assertIn("verstat", invite["from"])

    def test_nobody_marks_his_own_in_another_way(self):
        """R-V-053: escaped, in pieces, as a password or a header field of the URI; then it has ours, and ours alone."""
        self.begin(profile=dict(TOLD, verstat_place="from"), upstream={"trusted": True})
        self.passed()
        word = "TN-Validation-Passed"
        for inside in (";verstat%%3D%s@x", "%%3Bverstat=%s@x", ":verstat=%s@x", "@x?verstat=%s"):
            invite, arrived = self.marked(from_="<sip:%s%s>" % (CALLER, inside % word))
            self.assertTrue(arrived["from"].startswith("<sip:%s;verstat=No-TN-Validation@x>" % CALLER), arrived["from"])
        _, arrived = self.marked(lines=["X_Stird_Verification: passed;A;-;-", "x-stird_verification : passed;A;-;-"])
        self.assertEqual(len(arrived.all("x-stird-verification")), 1)
        for name in ("x_stird_verification", "x-stird_verification"):
            self.assertEqual(arrived.all(name), [])

    def test_what_becomes_of_identity(self):
        """R-V-058: of several values those that are valid."""
        self.begin(profile={"observe": False, "identity_out": "keep_valid"})
        self.passed()
        good, bad = self.signed(), self.signed(dest="13125550199")
        invite, arrived = self.marked(good)
        self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
        self.assertEqual(self.marked(bad, good)[1].all("identity"), [good])
        self.assertEqual(self.marked(bad)[1].all("identity"), [])
        self.assertEqual(self.marked("%s, %s" % (good, bad))[1].all("identity"), [good])

    def test_identity_is_taken_off(self):
        self.begin(profile={"observe": False, "identity_out": "strip"})
        self.passed()
        self.assertEqual(self.marked(self.signed(), lines=["Identity (x): junk"])[1].all("identity"), [])


if __name__ == "__main__":
    unittest.main()
