"""Whole calls over each transport: INVITE 100 180 200 ACK re-INVITE BYE, with Record-Route."""

import socket
import unittest

from lib.dialog import SDP, callee_in_dialog, in_dialog
from lib.sip import bracketed, hop_of
from lib.story import Story


class BasicCall(Story):
    def set_up_call(self, invite, peer, at):
        """
        From the INVITE's arrival to the ACK's: (arrived, the 200 at the caller, the callee's). R-P-137: one line
        of Identity, unfolded; R-P-139: none in a response.
        """
        arrived = at.expect("INVITE")
        self.assertEqual([b"\r" in line or b"," in line for line in arrived.raws("identity")], [False])
        self.verify(arrived, "A", "12155550100", "12155550199")
        self.assert_untouched(invite, arrived)
        peer.expect(100)
        at.respond(arrived, 180)
        ringing = peer.expect(180)
        self.assertEqual(ringing.raws("via")[0].split(b";branch=")[1].split(b";")[0],
                         invite.raws("via")[0].split(b";branch=")[1].split(b";")[0])
        self.assertEqual(len(ringing.elements("via")), 1, "stird's Via is gone")
        sent = at.respond(arrived, 200, body=SDP)
        ok = peer.expect(200)
        self.assertEqual(ok.body, SDP)
        self.assertEqual(ringing.raws("identity") + ok.raws("identity"), [])
        peer.acknowledge(invite, ok)
        ack = at.expect("ACK")
        self.assertEqual(ack.raws("route"), [], "stird's own Route is gone")
        return arrived, ok, sent

    def caller_asks(self, method, invite, ok, cseq, peer, at, body=b""):
        """A request of the caller inside the dialog, and its 200."""
        request = in_dialog(peer, method, invite, ok, cseq, hop_of(ok_route(ok))[0], body=body)
        peer.send(request, peer.next_hop(request))
        arrived = at.expect(method)
        self.assertEqual(arrived.raws("identity"), [], "%s is not signed" % method)
        self.assertEqual(arrived.uri, request.uri)
        self.assertEqual(arrived.body, request.body)
        self.assertEqual(arrived.raws("route"), [])
        at.respond(arrived, 200, body=body)
        final = peer.expect((200, method))
        if method == "INVITE":
            ack = in_dialog(peer, "ACK", invite, ok, cseq, hop_of(ok_route(ok))[0])
            peer.send(ack, peer.next_hop(ack))
            at.expect("ACK")
        return final

    def callee_asks(self, method, arrived, sent, cseq, peer, at):
        request = callee_in_dialog(at, method, arrived, sent, cseq, arrived.transport)
        at.send(request, at.next_hop(request))
        there = peer.expect(method)
        self.assertEqual(there.raws("identity"), [])
        peer.respond(there, 200)
        at.expect((200, method))

    def whole_call(self, ingress, egress, caller_ends=True):
        self.start(upstreams=[self.upstream(transport=egress)])
        invite = self.place(transport=ingress)
        arrived, ok, sent = self.set_up_call(invite, self.sbc, self.carrier)
        self.assertEqual(arrived.transport, egress)
        self.assertTrue(arrived.elements("via")[0].startswith("SIP/2.0/" + egress.upper()))
        self.caller_asks("INVITE", invite, ok, 2, self.sbc, self.carrier, SDP)
        if caller_ends:
            self.caller_asks("BYE", invite, ok, 3, self.sbc, self.carrier)
        else:
            self.callee_asks("BYE", arrived, sent, 1, self.sbc, self.carrier)
        self.record(invite, decision="signed", attest="A", orig_tn="12155550100",
                    dest_tn="12155550199", trunk="pbx", reason="signed_owned")

    def test_udp(self):
        """R-P-033 R-P-045 R-P-050 R-P-065 R-P-070 R-P-090."""
        self.whole_call("udp", "udp")

    def test_udp_callee_ends(self):
        """R-P-033: the callee's BYE finds its way by Record-Route."""
        self.whole_call("udp", "udp", caller_ends=False)

    def test_tcp(self):
        """R-P-047: everything on TCP connections."""
        self.whole_call("tcp", "tcp")

    def test_tcp_callee_ends(self):
        self.whole_call("tcp", "tcp", caller_ends=False)

    def test_udp_in_tcp_out(self):
        """R-P-034: a Record-Route for each side."""
        self.whole_call("udp", "tcp")

    def test_udp_in_tcp_out_callee_ends(self):
        self.whole_call("udp", "tcp", caller_ends=False)

    def test_tcp_in_udp_out(self):
        """R-P-034."""
        self.whole_call("tcp", "udp")

    def test_tcp_in_udp_out_callee_ends(self):
        self.whole_call("tcp", "udp", caller_ends=False)

    def test_without_record_route(self):
        """R-P-033: off by setting; the call is set up all the same."""
        self.start(more="proxy = { record_route = false; };")
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived.raws("record-route"), [])
        self.verify(arrived, "A")
        self.refuse(arrived, invite)

    def test_many_calls_at_once(self):
        """Twenty calls ring at the same time and none gets another's answer."""
        self.start()
        invites = [self.place(called="+121555502%02d" % i) for i in range(20)]
        arrived = [self.carrier.expect("INVITE") for _ in invites]
        self.assertEqual(len({self.carrier.top_branch(message) for message in arrived}), 20)
        for message in reversed(arrived):
            self.carrier.respond(message, 200, tag=message["call-id"][:6])
        for _ in invites:
            ok = self.sbc.expect(200, skip=["INVITE"])
            invite = next(i for i in invites if i["call-id"] == ok["call-id"])
            self.assertTrue(ok["to"].endswith(";tag=" + invite["call-id"][:6]))
            self.sbc.acknowledge(invite, ok)
            self.carrier.expect("ACK")


def ok_route(ok):
    """The hop that a caller's in-dialog requests go to first."""
    first = list(reversed(ok.elements("record-route")))[0]
    return first[first.index("<") + 1:first.index(">")]


def have_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@unittest.skipUnless(have_ipv6(), "no IPv6 loopback here")
class IPv6(BasicCall):
    """The one address ::1 serves for all; ports tell the elements apart."""

    def whole_call(self, ingress, egress, caller_ends=True):
        self.call_between(True, True, ingress, egress, caller_ends)

    def call_between(self, caller_v6, callee_v6, ingress="udp", egress="udp", caller_ends=True):
        stird_port, sbc_port, carrier_port = (self.lab.ports() for _ in range(3))
        peer = self.peer("sbc", 2, "::1" if caller_v6 else None, sbc_port if caller_v6 else 5060)
        at = self.peer("carrier", 9, "::1" if callee_v6 else None,
                       carrier_port if callee_v6 else 5060)
        self.start(
            listeners=[self.listener(), self.listener("six", "::1", port=stird_port)],
            trunks=[self.trunk(sources=[peer.host])],
            upstreams=[self.upstream(sources=[at.host] if at.host != peer.host else
                                     ["2001:db8::9"],  # nobody can be trunk and upstream
                                     uri="sip:%s:%d;transport=%s" % (
                                         bracketed(at.host), at.port, egress))])
        to = ("::1", stird_port) if caller_v6 else (self.net(1), 5060)
        invite = self.invite(peer, transport=ingress, host=to[0],
                             uri="sip:+12155550199@%s:%d" % (bracketed(to[0]), to[1]))
        peer.send(invite, (ingress,) + to)
        arrived, ok, sent = self.set_up_call(invite, peer, at)
        self.assertEqual(arrived.uri, "sip:+12155550199@%s:%d" % (bracketed(at.host), at.port))
        if caller_ends:
            self.caller_asks("BYE", invite, ok, 2, peer, at)
        else:
            self.callee_asks("BYE", arrived, sent, 1, peer, at)

    def test_ipv4_in_ipv6_out(self):
        self.call_between(False, True)

    def test_ipv6_in_ipv4_out(self):
        self.call_between(True, False)

    def test_ipv6_in_ipv4_out_callee_ends(self):
        self.call_between(True, False, "tcp", "udp", caller_ends=False)

    # what the parent class tells of IPv4 alone
    test_without_record_route = None
    test_many_calls_at_once = None


if __name__ == "__main__":
    unittest.main()
