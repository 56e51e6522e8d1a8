"""Kamailio as an SBC that gets its own calls back from stird, where it is installed."""

import unittest

from lib.dialog import SDP, cancel, callee_in_dialog, in_dialog
from lib.kamailio import Kamailio
from lib.tls import TLS_PORT
from sip.tls_test import TlsStory

TLS = """enable_tls=yes
listen=tls:@SBC@:5061
loadmodule "tls.so"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "%s")
modparam("tls", "private_key", "%s")
modparam("tls", "ca_list", "%s")
modparam("tls", "verify_certificate", 0)
"""


class Hairpin(TlsStory):
    """.20 calls; .2 is Kamailio, on both sides of stird; .9 the carrier."""

    def start_sbc(self, transport):
        tls = ""
        if transport == "tls":
            pair = self.authority.issue("sbc", "DNS:sbc.example", "IP:" + self.net(2))
            tls = TLS % (*pair, self.authority.certificate)
        Kamailio(self, "hairpin_kamailio.cfg", self.net(2), {
            "TLS": tls, "SBC": self.net(2), "STIRD": self.net(1), "CARRIER": self.net(9), "TRANSPORT": transport,
            "PORT": str(self.at(transport)[2])}, modules=("tls",) if transport == "tls" else ())

    def begin(self, transport):
        self.start_sbc(transport)
        port = TLS_PORT if transport == "tls" else 5060
        self.start(upstreams=[self.upstream(uri="sip:%s:%d;transport=%s" % (
            self.net(2), port, transport))])
        return self.peer("caller", 20), self.carrier

    def send_invite(self, caller, carrier):
        invite = self.invite(caller, host=self.net(2)).plus(
            "P-Asserted-Identity: <sip:+12155550100@pbx.example.com>")
        caller.send(invite, ("udp", self.net(2), 5060))
        arrived = carrier.expect("INVITE")
        self.verify(arrived, "A", "12155550100", "12155550199")
        self.assertEqual(len(arrived.elements("via")), 4, "caller, SBC, stird, SBC")
        carrier.respond(arrived, 180)
        caller.expect(180)
        return invite, arrived

    def whole_call(self, caller, carrier, caller_ends):
        invite, arrived = self.send_invite(caller, carrier)
        sent = carrier.respond(arrived, 200, body=SDP)
        ok = caller.expect(200)
        caller.acknowledge(invite, ok)
        carrier.expect("ACK")
        if caller_ends:
            bye, first, second = in_dialog(caller, "BYE", invite, ok, 2), caller, carrier
        else:
            bye, first, second = callee_in_dialog(carrier, "BYE", arrived, sent, 1), carrier, caller
        first.send(bye, first.next_hop(bye))
        second.respond(second.expect("BYE"), 200)
        first.expect((200, "BYE"))
        self.record(invite, decision="signed", attest="A", trunk="pbx")

    def calls(self, transport):
        caller, carrier = self.begin(transport)
        self.whole_call(caller, carrier, True)
        self.whole_call(caller, carrier, False)
        invite, arrived = self.send_invite(caller, carrier)
        caller.send(cancel(invite), ("udp", self.net(2), 5060))
        caller.expect((200, "CANCEL"))
        carrier.respond(carrier.expect("CANCEL"), 200)
        carrier.respond(arrived, 487)
        final = caller.expect(487)
        caller.acknowledge(invite, final, ("udp", self.net(2), 5060))
        carrier.expect("ACK")

    def test_udp(self):
        self.calls("udp")

    def test_tcp(self):
        self.calls("tcp")

    def test_tls(self):
        self.calls("tls")
