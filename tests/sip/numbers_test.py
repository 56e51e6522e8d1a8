"""Whose number is it: every state of the table, and callers that are no number."""

from lib.story import Story


class Numbers(Story):
    def test_levels(self):
        """R-P-105 R-P-106, Decided 7: the default level of each state."""
        self.start()
        for caller, level, reason in (
                ("+12155550100", "A", "signed_owned"), ("+12155551500", "A", "signed_owned"),
                ("+12155552500", "A", "signed_delegated"),
                ("+12155553500", "B", "signed_unverified"), ("+12155554000", "B", "signed_expired"),
                ("+12155555000", "B", "signed_other_customer"),
                ("+13125550000", "B", "signed_unknown")):
            with self.subTest(caller=caller):
                invite, _, _ = self.signed_call(level, caller=caller, orig=caller[1:])
                self.record(invite, attest=level, reason=reason, orig_tn=caller[1:])

    def test_gateway(self):
        """R-P-106, Decided 7: C whatever the row says."""
        self.start()
        gateway = self.peer("gateway", 4)
        for caller in ("+12155550100", "+442079460000", "+12155551500"):
            with self.subTest(caller=caller):
                invite, _, _ = self.signed_call("C", peer=gateway, caller=caller)
                self.record(invite, attest="C", reason="signed_gateway", trunk="gateway")

    def test_blocked(self):
        """R-P-111, Decided 7: a number that never originates is refused with 603."""
        self.start()
        self.refused_call(603, caller="+12155556000", reason="number_blocked")
        self.signed_call()

    def test_no_number(self):
        """R-P-096, Decided 1: forwarded unsigned, the record says why."""
        self.start()
        for from_ in ("<sip:alice@pbx.example.com>", "<sip:anonymous@anonymous.invalid>",
                      '"x" <sip:pbx.example.com>', "<sip:+1215555010O@h>",
                      "<sip:+12155550100x@h>", "<sip:++12155550100@h>", "<sip:*67@h>",
                      "<sip:+1234567890123456@h>", "<sip:%2B1215555%00100@h>",
                      "<sip:12155550100%22%7D@h>"):
            with self.subTest(from_=from_):
                self.unsigned_call("calling_not_a_number", from_=from_)
        self.signed_call()

    IMPOSSIBLE = ("<sip:+1215555010@h>", "<sip:+121555501000@h>", "<sip:0000000000@h>",
                  "<tel:+1-000-000-0000>", "<sip:+11155550100@h>", "<sip:+12150550100@h>",
                  "<sip:215%30550100@h>", "<sip:+331234567@h>", "<sip:01133123456@h>",
                  "<sip:+800123456789@h>", "<sip:+2105550100@h>", "<tel:5550100;phone-context=+121>",
                  "<sip:+0000000000@h;user=phone>")

    def test_a_number_that_cannot_exist(self):
        """Decided 1: as calling or called number it is none, wherever it stands."""
        self.start()
        for uri in self.IMPOSSIBLE:
            with self.subTest(uri=uri):
                self.unsigned_call("calling_cannot_exist", from_=uri)
                self.unsigned_call("called_cannot_exist", to=uri)
                self.unsigned_call("calling_cannot_exist", from_="<sip:anonymous@anonymous.invalid>",
                                   extra=["P-Asserted-Identity: " + uri])
                self.signed_call("B", extra=["P-Asserted-Identity: " + uri], orig="12155550100")
        self.unsigned_call("calling_cannot_exist", peer=self.peer("gateway", 4),
                           from_="<sip:+1215555010@h>")
        self.signed_call("A")

    def test_a_caller_that_cannot_exist_is_refused(self):
        """By its own setting, or by that of callers without a number."""
        for setting in ("impossible_number", "no_calling_number"):
            with self.subTest(setting=setting):
                self.start(more='attestation = { %s = "refuse"; };' % setting)
                self.refused_call(403, reason="caller_cannot_exist", from_="<sip:0000000000@h>")
                self.unsigned_call("called_cannot_exist", to="<sip:0000000000@h>")
                self.signed_call("A")
                self._end_stird()
                self.stird = None

    def test_called_party_is_no_number(self):
        """R-P-095: dest is To's; a name there is not signed."""
        self.start()
        self.unsigned_call("called_not_a_number", to="<sip:bob@carrier.example.com>")

    def test_dest_is_of_to(self):
        """R-P-095."""
        self.start()
        self.signed_call(dest="12155550142", to="<sip:+12155550142@h>")

    def test_spellings(self):
        """R-P-011, Decided 1 and 8: separators, escapes, tel: and national numbers."""
        self.start(pbx={"country": {"code": "1", "national_length": 10}})
        for from_ in ("<sip:+1-215-555-0100@h>", "<sip:+1(215)555.0100@h>", "<tel:+1-215-555-0100>",
                      "sip:+12155550100@h", "<sip:2155550100@h>", "<sip:12155550100@h>",
                      "<sip:%2b12155550100@h>", "<sip:+12155550100;ext=1@h;user=phone>",
                      "<sips:+12155550100@h>"):
            with self.subTest(from_=from_):
                self.signed_call(from_=from_, orig="12155550100")

    def test_by_setting(self):
        """Decided 7: each level may be another, or no signature, or no call."""
        self.start(more='attestation = { unknown = "unsigned"; expired = "refuse"; '
                        'unverified = "C"; };')
        self.unsigned_call("unsigned_by_policy", caller="+13125550000")
        self.refused_call(403, caller="+12155554000", reason="refused_by_policy")
        self.signed_call("C", caller="+12155553500")
        self.signed_call("A")
