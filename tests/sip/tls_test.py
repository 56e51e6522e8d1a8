"""SIP over TLS: calls in both directions, and messages that care for no record."""

import ssl

from lib.sip import hop_of
from lib.story import Story
from lib.tls import TLS_PORT, Authority, TlsPeer
from sip import basic_call_test


class TlsStory(Story):
    """The usual layout; TLS is at port 5061 of .1, .2, .3 and .9."""

    set_up_call = basic_call_test.BasicCall.set_up_call
    caller_asks = basic_call_test.BasicCall.caller_asks
    callee_asks = basic_call_test.BasicCall.callee_asks

    def setUp(self):
        super().setUp()
        self.authority = Authority(self.lab)
        self.own = self.authority.issue("stird", "DNS:stird.example", "IP:" + self.net(1))

    def tls_peer(self, name, last, *alternatives, authority=None, own=True, **options):
        issuer = authority or self.authority
        names = alternatives or ("DNS:%s.example" % name, "IP:" + self.net(last))
        self.peers[name] = TlsPeer(name, self.net(last), self.transcript, self.authority,
                                   own and issuer.issue(name, *names), **options)
        return self.peers[name]

    def tls_upstream(self, name="carrier", last=9, **members):
        return self.upstream(name, last, uri="sip:%s:%d;transport=tls" % (
            self.net(last), TLS_PORT), **members)

    def tls_group(self, certificate=None, key=None, ca=None):
        return 'tls = { certificate = "%s"; key = "%s"; ca = "%s"; };' % (
            certificate or self.own[0], key or self.own[1], ca or self.authority.certificate)

    def configure(self, verify="none", more="", **changes):
        secure = self.listener("secure", port=TLS_PORT, transports=["tls"], verify_client=verify)
        changes.setdefault("listeners", [self.listener(), secure])
        return super().configure(more=more + self.tls_group(), **changes)

    def at(self, transport="udp"):
        return transport, self.net(1), TLS_PORT if transport == "tls" else 5060

    def assert_no_call(self, peer):
        """Nobody answers this peer over TLS: there is no connection for it."""
        try:
            stream = peer.connect(self.net(1), TLS_PORT, fresh=True, transport="tls")
            stream.socket.sendall(self.invite(peer, transport="tls").octets())
        except (ssl.SSLError, OSError):
            return
        peer.expect_closed(stream)
        self.assertEqual(stream.pending, b"")


class Calls(TlsStory):
    def whole_call(self, ingress, egress, caller_ends=True):
        sbc, carrier = self.tls_peer("sbc", 2), self.tls_peer("carrier", 9, ask_client=True)
        self.start(upstreams=[self.tls_upstream() if egress == "tls" else
                              self.upstream(transport=egress)])
        invite = self.place(transport=ingress)
        arrived, ok, sent = self.set_up_call(invite, sbc, carrier)
        self.assertEqual(arrived.transport, egress)
        self.assertTrue(arrived.elements("via")[0].startswith("SIP/2.0/%s %s:%d;" % (
            (egress.upper(),) + self.at(egress)[1:])))
        hops = [hop_of(route[1:-1]) for route in arrived.elements("record-route")]
        expected = [self.at(egress), self.at(ingress)]
        self.assertEqual(hops, expected if ingress != egress else expected[:1])
        self.caller_asks("INVITE", invite, ok, 2, sbc, carrier, b"v=0\r\n")
        if caller_ends:
            self.caller_asks("BYE", invite, ok, 3, sbc, carrier)
        else:
            self.callee_asks("BYE", arrived, sent, 1, sbc, carrier)
        self.record(invite, decision="signed", attest="A", trunk="pbx")
        return carrier

    def test_tls(self):
        carrier = self.whole_call("tls", "tls")
        self.assertEqual(len(carrier.streams), 1, "one connection serves the whole call")
        self.signed_call(transport="tls")
        self.assertEqual(len(carrier.streams), 1, "and the next call too")

    def test_tls_callee_ends(self):
        """A connection to the caller's Contact, whose certificate must be for that address."""
        self.whole_call("tls", "tls", caller_ends=False)

    def test_udp_in_tls_out(self):
        self.whole_call("udp", "tls")

    def test_udp_in_tls_out_callee_ends(self):
        self.whole_call("udp", "tls", caller_ends=False)

    def test_tls_in_udp_out(self):
        self.whole_call("tls", "udp")

    def test_tls_in_udp_out_callee_ends(self):
        self.whole_call("tls", "udp", caller_ends=False)

    def test_tcp_in_tls_out(self):
        self.whole_call("tcp", "tls")

    def test_sips(self):
        """An upstream written as sips:, and a caller that asks for sips:."""
        self.tls_peer("sbc", 2)
        carrier = self.tls_peer("carrier", 9)
        self.start(upstreams=[self.upstream(uri="sips:" + self.net(9))])
        invite = self.place(transport="tls", uri="sips:+12155550199@%s" % self.net(1))
        arrived, ok, _ = self.set_up_call(invite, self.sbc, carrier)
        self.assertEqual(arrived.transport, "tls")
        self.assertEqual(arrived.uri, "sips:+12155550199@%s:5061" % self.net(9))
        self.assertTrue(arrived["record-route"].startswith("<sips:%s:5061;lr;" % self.net(1)))
        self.caller_asks("BYE", invite, ok, 2, self.sbc, carrier)
        self.assertEqual(len(carrier.streams), 1)

    def test_caller_without_a_listener(self):
        """An address in a Contact that is the caller's end of its connection: that one is used."""
        sbc, carrier = self.tls_peer("sbc", 2), self.carrier
        self.start()
        stream = sbc.connect(self.net(1), TLS_PORT, transport="tls")
        invite = self.invite(transport="tls")
        invite = invite.replaced("contact", "Contact: <sip:sbc@%s:%d;transport=tls>"
                                 % stream.socket.getsockname()[:2])
        sbc.send(invite, stream)
        arrived, _, sent = self.set_up_call(invite, sbc, carrier)
        self.callee_asks("BYE", arrived, sent, 1, sbc, carrier)
        self.assertEqual(sbc.streams, [stream])


class Messages(TlsStory):
    """Messages and records of TLS have nothing to do with each other."""

    def begin(self):
        self.tls_peer("sbc", 2)
        self.carrier  # pylint: disable=pointless-statement
        self.start()
        return self.sbc.connect(self.net(1), TLS_PORT, transport="tls")

    def test_one_octet_a_record(self):
        stream = self.begin()
        invite = self.invite(transport="tls")
        for octet in invite.octets():
            stream.socket.sendall(bytes([octet]))
        arrived = self.carrier.expect("INVITE")
        self.assert_untouched(invite, arrived)
        self.refuse(arrived, invite)

    def test_large_message(self):
        stream = self.begin()
        invite = self.invite(transport="tls", body=b"a=" + b"x" * 50000 + b"\r\n")
        self.sbc.send(invite, stream)
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived.body, invite.body)
        self.refuse(arrived, invite)

    def test_many_in_one_write(self):
        """More than are read in one turn, and more octets than are kept unread."""
        stream = self.begin()
        requests = [self.sbc.request("OPTIONS", "sip:%s:5060" % self.net(1), transport="tls",
                                     body=b"x" * 1000) for _ in range(300)]
        stream.socket.sendall(b"".join(request.octets() for request in requests))
        answered = {self.sbc.expect(200)["call-id"] for _ in requests}
        self.assertEqual(answered, {request["call-id"] for request in requests})

    def test_framing_that_is_lost(self):
        """R-P-005: answered, then closed; what follows is not taken as a request."""
        stream = self.begin()
        bad = self.invite(transport="tls").replaced("content-length", "Content-Length: -1")
        stream.socket.sendall(bad.octets() + self.invite(transport="tls").octets())
        self.sbc.expect(400)
        self.sbc.expect_closed(stream)
        self.carrier.expect_nothing(0.1)
        self.signed_call(transport="tls")
