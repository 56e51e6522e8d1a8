"""
A listener whose address outsiders reach by another one (1:1 NAT, a cloud): .51 stands for .1 in Via and
Record-Route. The peers here send to .1 what is for .51, as the translation would.
"""

from lib import dialog
from lib.dialog import SDP, callee_in_dialog, in_dialog
from lib.sip import parameter
from lib.story import CALLED, Story
from lib.tls import TLS_PORT
from sip.tls_test import TlsStory


class Calls:
    def begin(self, **changes):
        shown = self.net(51)
        self.start(listeners=[self.listener(advertise=shown)], **changes)
        return shown

    def nowhere(self, message):
        """Nothing of the address that the listener is bound to."""
        for name in ("via", "record-route", "contact"):
            for line in message.raws(name):
                self.assertNotIn(self.net(1).encode() + b":", line)

    def whole_call(self, shown, transport, port):
        invite = self.place(transport=transport)
        arrived = self.carrier.expect("INVITE")
        self.nowhere(arrived)
        self.assertIn("%s:%d;branch=" % (shown, port), arrived.elements("via")[0])
        self.assertIn("<sip:%s:%d;" % (shown, port), arrived.elements("record-route")[0])
        sent = self.carrier.respond(arrived, 200, body=SDP)
        ok = self.sbc.expect(200)
        ack = in_dialog(self.sbc, "ACK", invite, ok, 1, transport)
        self.sbc.send(ack, self.at(transport))
        self.assertEqual(self.carrier.expect("ACK").raws("route"), [])
        bye = callee_in_dialog(self.carrier, "BYE", arrived, sent, 1, transport)
        self.carrier.send(bye, self.at(transport))
        there = self.sbc.expect("BYE")
        self.assertEqual(there.raws("route"), [])
        self.nowhere(there)
        self.sbc.respond(there, 200)
        self.carrier.expect((200, "BYE"))


class AdvertiseTls(Calls, TlsStory):
    def test_tls_with_a_port_of_its_own(self):
        self.tls_peer("sbc", 2)
        self.tls_peer("carrier", 9)
        shown = self.net(51)
        secure = self.listener("secure", port=TLS_PORT, transports=["tls"], advertise=shown + ":5071")
        self.start(listeners=[self.listener(advertise=shown), secure],
                   upstreams=[self.tls_upstream()])
        self.whole_call(shown, "tls", 5071)


class Advertise(Calls, Story):
    def test_udp(self):
        shown = self.begin()
        self.whole_call(shown, "udp", 5060)

    def test_tcp(self):
        shown = self.begin(upstreams=[self.upstream(transport="tcp")])
        self.whole_call(shown, "tcp", 5060)

    def test_it_is_ours_when_it_comes_back(self):
        shown = self.begin()
        self.carrier  # pylint: disable=pointless-statement
        for uri in ("sip:%s@%s" % (CALLED, shown), "sip:%s@%s:5060;transport=udp" % (CALLED, shown),
                    "sip:%s@%s:5060" % (CALLED, self.net(1))):
            invite = self.invite(uri=uri).plus("Route: <sip:%s;lr>" % shown)
            self.sbc.send(invite, self.at())
            arrived = self.carrier.expect("INVITE")
            self.assertEqual(arrived.uri, "sip:%s@%s:5060" % (CALLED, self.net(9)))
            self.assertEqual(arrived.raws("route"), [])
            self.refuse(arrived, invite)
        other = "sip:%s@%s:5099" % (CALLED, shown)
        self.assertEqual(self.short_call(uri=other)[1].uri, other, "another port is another's")
        self.sbc.send(self.sbc.request("OPTIONS", "sip:" + shown), self.at())
        self.sbc.expect((200, "OPTIONS"))

    def test_a_circle_is_found(self):
        """What stird sent comes by again, as it was: the Via that shows .51 is known."""
        self.begin()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        again = arrived.copy()
        again.start = invite.start
        via = dialog.via(self.sbc, "udp", dialog.branch())
        again.headers.insert(0, type(again.headers[0])(via.encode()))
        self.sbc.send(again, self.at())
        self.sbc.expect(482)
        self.refuse(arrived, invite)

    def test_probes(self):
        shown = self.begin(upstreams=[self.upstream(probe="1s")])
        probe = self.carrier.expect("OPTIONS")
        self.nowhere(probe)
        self.assertIn(shown, probe.elements("via")[0])
        self.assertIsNotNone(parameter(probe.elements("via")[0], "branch"))

    def test_a_reload_does_not_change_it(self):
        self.begin()
        self.configure(listeners=[self.listener(advertise=self.net(52))])
        self.stird.reload()
        self.stird.wait_log("needs a restart")
