"""What a verified call tells, read by another program's own parsers: Kamailio as the next hop, where it is installed."""

from lib.kamailio import Kamailio, has_udp
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.verifying import CALLED, CALLER, Verifying

ORIGID = "00000000-1111-2222-3333-444444444444"
ASSERTED = ["P-Asserted-Identity: \"Bank\" <sip:%s;verstat=TN-Validation-Failed@x;user=phone>" % CALLER]
PASSED = "TN-Validation-Passed"


class Read(Verifying):
    untouched = False

    def begin_reading(self, **profile):
        Kamailio(self, "marking_kamailio.cfg", self.net(8), {"READER": self.net(8)}, has_udp)
        self.begin(profile=dict({"observe": False}, **profile), trusted=True, upstreams=["reader"],
                   upstreams_more=[self.upstream("reader", 8, trusted=True)])

    def read(self, *identities, lines=ASSERTED, **more):
        """What the reader says that it has read, by the name of its header."""
        invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + i for i in identities] + list(lines),
                            **more)
        final = self.sbc.expect(603)
        self.sbc.acknowledge(invite, final, self.at())
        self.assertEqual(final.raws("from"), invite.raws("from"))
        return {name: value for name in ("asserted-in-user", "asserted-behind-host", "asserted-tel", "from-in-user",
                                         "from-behind-host", "display", "level", "origid", "class", "signer")
                for value in final.all("x-" + name) if value}

    def until_passed(self, place):
        """The reader's answers, once the certificate is at hand."""
        return wait_until(lambda: (lambda read: read.get(place, "").startswith(PASSED) and read)(
            self.read(self.signed(attest="B", origid=ORIGID))), HANG_S, "a call that passes")

    def test_in_the_user_part(self):
        self.begin_reading()
        read = self.until_passed("asserted-in-user")
        self.assertEqual(read["asserted-in-user"], PASSED)
        self.assertNotIn("asserted-behind-host", read)
        self.assertEqual(self.read(self.signed(dest="13125550199"))["asserted-in-user"], "TN-Validation-Failed")
        self.assertEqual(self.read()["asserted-in-user"], "No-TN-Validation")

    def test_behind_the_host_with_the_letter(self):
        self.begin_reading(verstat_form="uri", verstat_suffix="letter")
        read = self.until_passed("asserted-behind-host")
        self.assertEqual(read["asserted-behind-host"], PASSED + "-B")
        self.assertNotIn("asserted-in-user", read)

    def test_of_a_tel_uri(self):
        self.begin_reading(verstat_form="tel")
        self.assertEqual(self.until_passed("asserted-tel")["asserted-tel"], PASSED)

    def test_in_from(self):
        """Without P-Asserted-Identity: the name before it too; responses have the From that was sent."""
        self.begin_reading(verstat_place="from", label_b="[V]", label_none="[?]")

        def has_passed():
            read = self.read(self.signed(attest="B"), lines=[], from_='"Bank" <sip:%s@x>' % CALLER)
            return read.get("from-in-user") == PASSED and read
        read = wait_until(has_passed, HANG_S, "a call that passes")
        self.assertEqual(read["display"], "[V] Bank")
        read = self.read(lines=[], from_='"[V] Bank" <sip:%s;verstat=%s@x>' % (CALLER, PASSED))
        self.assertEqual((read["from-in-user"], read["display"]), ("No-TN-Validation", "[?] Bank"))

    def headers(self, *pair):
        """A pair of names, and the header of our own."""
        self.begin_reading(attestation_headers=list(pair), result_header="X-Stird-Verification")
        read = self.until_passed("asserted-in-user")
        self.assertEqual((read["level"], read["origid"], read["class"], read["signer"]), ("B", ORIGID, "passed", "709J"))
        spoofed = ASSERTED + [pair[0] + ": A", pair[1] + ": mine", "X-Stird-Verification: passed;A;-;-"]
        read = self.read(lines=spoofed)
        self.assertEqual((read.get("level"), read.get("origid"), read["class"]), (None, None, "nothing"))

    def test_in_headers(self):
        self.headers("P-Attestation-Indicator", "P-Origination-ID")

    def test_in_headers_of_3gpp(self):
        self.headers("Attestation-Info", "Origination-Id")
