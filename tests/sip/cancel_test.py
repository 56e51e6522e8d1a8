"""The caller gives up."""

from lib.dialog import cancel
from lib.story import Story


class Cancel(Story):
    def finish(self, invite, arrived):
        """The callee ends the INVITE with 487."""
        self.carrier.respond(arrived, 487)
        self.carrier.expect("ACK")
        ended = self.sbc.expect((487, "INVITE"), skip=[180])
        self.sbc.acknowledge(invite, ended, self.at(ended.transport))

    def cancel_at_callee(self, arrived):
        request = self.carrier.expect("CANCEL")
        self.assertEqual(self.carrier.top_branch(request), self.carrier.top_branch(arrived))
        self.assertEqual(request.uri, arrived.uri)
        for name in ("from", "to", "call-id"):
            self.assertEqual(request.raws(name), arrived.raws(name))
        self.assertEqual(request["cseq"].split()[0], arrived["cseq"].split()[0])
        self.assertEqual(len(request.elements("via")), 1)
        self.carrier.respond(request, 200)
        return request

    def test_after_ringing(self):
        """R-P-074 R-P-075: answered at once, sent on with its Reason."""
        self.start()
        reason = 'Reason: SIP;cause=200;text="Call completed elsewhere"'
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite, [reason]), self.at())
        self.sbc.expect((200, "CANCEL"))
        request = self.cancel_at_callee(arrived)
        self.assertEqual(request.raws("reason"), [reason.encode()])
        self.heard()  # the carrier's 200; what was repeated before it is there
        self.carrier.drain()
        copies = self.carrier.copies(request)
        self.carrier.expect_nothing(1.2)
        self.assertEqual(self.carrier.copies(request), copies, "an answered CANCEL is not repeated")
        self.finish(invite, arrived)
        self.record(invite, decision="signed", sip_status=487)

    def test_over_tcp(self):
        """R-P-074 over TCP on both sides."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        invite = self.place(transport="tcp")
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 183)
        self.sbc.expect(183)
        self.sbc.send(cancel(invite), self.at("tcp"))
        self.sbc.expect((200, "CANCEL"))
        self.cancel_at_callee(arrived)
        self.finish(invite, arrived)

    def test_before_any_provisional_is_held(self):
        """R-P-074 (RFC 3261 section 9.1): no CANCEL downstream before the callee's first 1xx."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.carrier.expect_nothing(0.4)
        self.carrier.respond(arrived, 180)
        self.cancel_at_callee(arrived)
        self.finish(invite, arrived)

    def test_copies_say_nothing_new(self):
        """The first one cancels; what others bring is not kept, however often they come."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        reasons = ['Reason: SIP;cause=200;text="%s"' % text for text in ("first", "second", "x" * 1000)]
        for reason in reasons:
            self.sbc.send(cancel(invite, [reason]), self.at())
            self.sbc.expect((200, "CANCEL"), retransmissions=True)
        self.carrier.respond(arrived, 180)
        self.assertEqual(self.cancel_at_callee(arrived).raws("reason"), [reasons[0].encode()])
        self.finish(invite, arrived)

    def test_crossing_a_200(self):
        """R-P-074: the callee answered meanwhile; the 200 counts."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.carrier.expect("CANCEL")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK", skip=["CANCEL"])

    def test_after_the_200(self):
        """R-P-074: answered 200, no effect."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect(200)
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.carrier.expect_nothing()

    def test_of_nothing(self):
        """R-P-074: 481."""
        self.start()
        self.sbc.send(cancel(self.invite()), self.at())
        self.sbc.expect((481, "CANCEL"))
        self.carrier.expect_nothing()

    def test_repeated(self):
        """Each copy of the CANCEL is answered, the callee sees one."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        for _ in range(5):
            self.sbc.send(cancel(invite), self.at())
            self.sbc.expect((200, "CANCEL"), retransmissions=True)
        self.cancel_at_callee(arrived)
        self.carrier.expect_nothing()
        self.finish(invite, arrived)
