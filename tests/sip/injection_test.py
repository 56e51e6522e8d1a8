"""R-P-122: Hostile text in a caller's fields: no token, no broken log line, no broken record."""

import json
import re

from lib.story import Story

HOSTILE = ('12155550100","attest":"A', "12155550100\\u0022", "1215%0d%0aIdentity:x",
           "12155550100%00", "1215555 0100", "%s%n%x%p", "..%2f..%2fetc",
           "12155550100%22%2C", "${jndi:ldap://x}", "1215555<script>", "\x1b[31mred",
           "12155550100\t", "caf\u00e9\u202e", "%F0%9F%98%80", "1" * 200)

ANYTHING = ("INVITE", "ACK", "CANCEL", *range(100, 700))


class Injection(Story):
    def setUp(self):
        super().setUp()
        self.start()

    def offer(self, message):
        """Sends it; whatever becomes of it, no token comes out that is not canonical."""
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(message, self.at())
        self.carrier.poll(0.15)
        values = [value for arrived in self.carrier.inbox for value in arrived.all("identity")]
        self.finish(message)
        self.assertEqual(values, [])

    def finish(self, message):
        for arrived in self.carrier.inbox:
            if arrived.method == "INVITE":
                self.carrier.respond(arrived, 486)
        while self.sbc.poll(0.02) or self.carrier.poll(0):
            pass
        for final in self.sbc.inbox:
            if final.status and final.status >= 300:
                self.sbc.acknowledge(message, final, self.at())
        self.sbc.inbox, self.carrier.inbox = [], []

    def assert_clean(self):
        octets = self.stird.log_octets()
        self.assertEqual(re.findall(rb"[^\n -~]", octets), [], "octets in the log")
        for line in octets.decode("ascii").split("\n"):
            self.assertNotRegex(line, r"^Identity:")
        for record in self.stird.records():
            text = json.dumps(record, ensure_ascii=False)
            self.assertNotIn("\x1b", text.replace("\\u001b", ""))
        self.good_call()

    def of_call(self, peer, what, invite):
        """The message WHAT of this call; what is left of others is passed over."""
        while True:
            message = peer.expect(what, skip=ANYTHING)
            if message["call-id"] == invite["call-id"]:
                return message

    def good_call(self):
        """It is signed."""
        invite = self.place()
        arrived = self.of_call(self.carrier, "INVITE", invite)
        self.verify(arrived, "A")
        self.carrier.respond(arrived, 486)
        final = self.of_call(self.sbc, 486, invite)
        self.sbc.acknowledge(invite, final, self.at())
        self.of_call(self.carrier, "ACK", invite)

    def test_from(self):
        """R-P-096: the user part and the display name."""
        for text in HOSTILE:
            with self.subTest(text=text):
                self.offer(self.invite(from_="<sip:%s@h>" % text))
        self.assert_clean()

    def test_to(self):
        for text in HOSTILE:
            with self.subTest(text=text):
                self.offer(self.invite(to="<sip:%s@h>" % text))
        self.assert_clean()

    def test_asserted(self):
        """An asserted number with dirt in it gives no token of that number."""
        for text in HOSTILE:
            with self.subTest(text=text):
                self.offer(self.invite(from_="<sip:anonymous@anonymous.invalid>",
                                       extra=["P-Asserted-Identity: <sip:%s@h>" % text]))
        self.assert_clean()

    def test_call_id_and_display_name(self):
        """These may be signed: log and records stay whole."""
        for text in HOSTILE + ('"quoted"', "a\\b", "{}[]", "\x7f", "\u2028"):
            with self.subTest(text=text):
                message = self.invite(from_='"%s" <sip:+12155550100@h>' %
                                      text.replace("\\", "").replace('"', "'"))
                message = message.replaced("call-id", "Call-ID: " + text.replace(" ", ""))
                self.carrier  # pylint: disable=pointless-statement
                self.sbc.send(message, self.at())
                self.carrier.poll(0.1)
                self.finish(message)
        self.assert_clean()
