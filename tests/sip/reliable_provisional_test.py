"""100rel, PRACK, UPDATE and other methods inside a call pass and are not signed."""

from lib.dialog import SDP, callee_in_dialog, in_dialog, request
from lib.story import Story


class ReliableProvisional(Story):
    def test_prack_and_update(self):
        """R-P-055: early dialog with 100rel, UPDATE both ways, session timer headers untouched."""
        self.start()
        extra = ["Supported: 100rel, timer", "Require: 100rel", "Session-Expires: 1800"]
        invite = self.place(extra=extra)
        arrived = self.carrier.expect("INVITE")
        self.assert_untouched(invite, arrived)
        sent = self.carrier.respond(arrived, 183, extra=["Require: 100rel", "RSeq: 101"], body=SDP)
        early = self.sbc.expect(183)
        self.assertEqual(early["rseq"], "101")
        prack = in_dialog(self.sbc, "PRACK", invite, early, 2, extra=["RAck: 101 1 INVITE"])
        self.exchange(self.sbc, self.carrier, prack)
        update = in_dialog(self.sbc, "UPDATE", invite, early, 3, body=SDP)
        self.exchange(self.sbc, self.carrier, update)
        update = callee_in_dialog(self.carrier, "UPDATE", arrived, sent, 1, body=SDP)
        self.exchange(self.carrier, self.sbc, update)
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")

    def exchange(self, one, other, message):
        one.send(message, one.next_hop(message))
        there = other.expect(message.method)
        self.assertEqual(there.raws("identity"), [])
        self.assertEqual(there.raws("rack"), message.raws("rack"))
        self.assertEqual(there.body, message.body)
        other.respond(there, 200)
        one.expect((200, message.method))

    def test_info_refer_notify(self):
        """R-P-003 R-P-055: methods inside the call, one of them unknown to everybody."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect(200)
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")
        for cseq, method in enumerate(("INFO", "REFER", "NOTIFY", "FOO"), 2):
            with self.subTest(method=method):
                self.exchange(self.sbc, self.carrier,
                              in_dialog(self.sbc, method, invite, ok, cseq))

    def test_message_is_not_signed(self):
        """R-P-090: a MESSAGE outside a dialog goes on as it is."""
        self.start()
        uri = "sip:+12155550199@%s:5060" % self.net(1)
        message = request(self.sbc, "MESSAGE", uri, body=b"hello")
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(message, self.at())
        arrived = self.carrier.expect("MESSAGE")
        self.assertEqual(arrived.raws("identity"), [])
        self.assertEqual(arrived.body, b"hello")
        self.carrier.respond(arrived, 202)
        self.sbc.expect(202)
