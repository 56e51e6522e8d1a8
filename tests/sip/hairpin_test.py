"""
An SBC that hands a call to stird and gets it back at the same address (docs/routing.md): what begins
a call is the trunk's, responses go to their transaction, the rest by its Route; a circle is found.
"""

from lib import dialog, stird, stirctl
from lib.dialog import SDP, callee_in_dialog, in_dialog
from lib.story import CALLED, Story
from lib.tls import TLS_PORT
from sip.tls_test import TlsStory

OTHER_PORT = 5080


class Calls:
    """The SBC is .2 on both sides."""

    def begin(self, back="udp", port=5060, listeners=None, uri=None, upstream=None, **pbx):
        uri = uri or "sip:%s:%d;transport=%s" % (self.net(2), port, back)
        self.sbc  # pylint: disable=pointless-statement
        self.start(pbx=pbx, upstreams=[self.upstream(uri=uri, **(upstream or {}))],
                   **({"listeners": listeners} if listeners else {}))

    def back_at(self, port):
        return self.sbc if port == 5060 else self.peer("back", 2, port=port)

    def whole_call(self, out="udp", back="udp", at=None, caller_ends=True, **more):
        """Out to stird, back, ring, answer, ACK, BYE by one of the two."""
        at = at or self.sbc
        invite = self.invite(transport=out, **more)
        self.sbc.send(invite, self.at(out))
        arrived = at.expect("INVITE")
        self.assertEqual(arrived.transport, back)
        self.verify(arrived, "A", "12155550100", "12155550199")
        at.respond(arrived, 180)
        self.sbc.expect(180)
        sent = at.respond(arrived, 200, body=SDP)
        ok = self.sbc.expect(200)
        self.sbc.acknowledge(invite, ok)
        at.expect("ACK")
        if caller_ends:
            bye = in_dialog(self.sbc, "BYE", invite, ok, 2, out)
            first, second = self.sbc, at
        else:
            bye = callee_in_dialog(at, "BYE", arrived, sent, 1, back)
            first, second = at, self.sbc
        first.send(bye, first.next_hop(bye))
        there = second.expect("BYE")
        self.assertEqual(there.raws("route"), [])
        self.assertEqual(there.raws("identity"), [])
        second.respond(there, 200)
        first.expect((200, "BYE"))
        self.record(invite, decision="signed", attest="A", trunk="pbx")


class HairpinTls(Calls, TlsStory):
    def test_tls(self):
        self.tls_peer("sbc", 2)
        self.begin("tls", TLS_PORT)
        self.whole_call("tls", "tls")
        self.whole_call("tls", "tls", caller_ends=False)


class Hairpin(Calls, Story):
    def test_same_port(self):
        self.begin()
        self.whole_call()
        self.whole_call(caller_ends=False)

    def test_tcp(self):
        self.begin("tcp")
        self.whole_call("tcp", "tcp")
        self.whole_call("udp", "tcp", caller_ends=False)

    def test_other_port(self):
        self.begin(port=OTHER_PORT)
        back = self.back_at(OTHER_PORT)
        self.whole_call(at=back)
        self.whole_call(at=back, caller_ends=False)

    def test_two_listeners(self):
        """The second one is for calls that leave: what begins there is nobody's."""
        out = self.listener("out", port=5070)
        self.begin(port=OTHER_PORT, listeners=[self.listener(), out], listener="main",
                   upstream={"listener": "out"})
        back = self.back_at(OTHER_PORT)
        self.whole_call(at=back)
        self.whole_call(at=back, caller_ends=False)
        invite = self.invite(back)
        back.send(invite, ("udp", self.net(1), 5070))
        self.assertEqual(back.expect(403).status, 403)
        self.record(invite, reason="from_upstream")

    def test_told_by_the_request_host(self):
        self.begin(port=OTHER_PORT, request_host="sign.example")
        back = self.back_at(OTHER_PORT)
        self.whole_call(at=back, uri="sip:%s@sign.example" % CALLED)
        self.refused_call_of(back, "sip:%s@%s" % (CALLED, self.net(1)), "from_upstream")

    def refused_call_of(self, peer, uri, reason):
        invite = self.invite(peer, uri=uri)
        peer.send(invite, self.at())
        peer.acknowledge(invite, peer.expect(403), self.at())
        self.record(invite, decision="rejected", reason=reason)

    def test_the_gateway_for_everybody_does_not_take_it(self):
        """...unless a trunk names the address; -t says so where none does."""
        rest = self.trunk("rest", sources=["0.0.0.0/0"], identity="gateway")
        path = self.configure(trunks=[rest], upstreams=[self.upstream(last=2)])
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 0, said)
        self.assertIn("leaves out upstream", said)
        self.start_with(path)
        self.refused_call_of(self.sbc, "sip:%s@%s" % (CALLED, self.net(1)), "from_upstream")
        path = self.configure(trunks=[rest, self.trunk()], upstreams=[self.upstream(last=2)])
        self.assertNotIn("leaves out", stird.check_configuration(path)[1])
        self.stird.reload()
        self.stird.wait_log("generation=2")
        self.whole_call()

    def test_cancel_and_refusal(self):
        self.begin()
        invite = self.invite()
        self.sbc.send(invite, self.at())
        arrived = self.sbc.expect("INVITE")
        self.sbc.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(dialog.cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.sbc.respond(self.sbc.expect("CANCEL"), 200)
        self.sbc.respond(arrived, 487)
        skip = ["ACK"]
        self.sbc.acknowledge(invite, self.sbc.expect(487, skip=skip), self.at())
        again, arrived = self.invite(), None
        self.sbc.send(again, self.at())
        arrived = self.sbc.expect("INVITE", skip=skip)
        self.sbc.respond(arrived, 486)
        self.sbc.acknowledge(again, self.sbc.expect(486, skip=skip), self.at())

    def test_what_comes_by_again_is_a_circle(self):
        """The SBC, as a proxy, sends to stird what stird sent to it: 482, and no third time."""
        self.begin()
        for uri in ("sip:%s@%s:5060" % (CALLED, self.net(1)),
                    "sip:%s@carrier.example.com" % CALLED):
            invite = self.invite(uri=uri)
            self.sbc.send(invite, self.at())
            message, rounds = self.sbc.expect("INVITE"), 0
            while rounds < 3:
                rounds += 1
                round_ = message.copy()
                via = dialog.via(self.sbc, "udp", dialog.branch())
                round_.headers.insert(0, type(round_.headers[0])(via.encode()))
                self.sbc.send(round_, self.at())
                try:
                    message = self.sbc.expect("INVITE", skip=[100])
                except AssertionError as other:
                    self.assertIn("SIP/2.0 482", str(other))
                    break
            self.assertLess(rounds, 3, "the circle was not found")


class Explained(Story):
    def test_explain_says_the_same(self):
        self.start(pbx={"request_host": "sign.example"}, upstreams=[self.upstream(last=2)])
        for uri, reason in (("sip:%s@sign.example" % CALLED, "signed_owned"),
                            ("sip:%s@other.example" % CALLED, "from_upstream")):
            text = self.invite(uri=uri).octets().decode()
            told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--source", self.net(2),
                               "--message", self.lab.write("invite.txt", text))
            self.assertEqual(told["reason"], reason)
