"""RFC 3261 section 18.1.1: what is too long for UDP, where the upstream allows both transports."""

import re
import socket

from lib.dialog import SDP, cancel
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

LONG = SDP + b"a=x-long:" + b"x" * 1200 + b"\r\n"


class Size(Story):
    def start_both(self, **more):
        """An upstream whose uri has no transport parameter."""
        self.start(upstreams=[{"name": "carrier", "uri": "sip:%s:5060" % self.net(9)}], **more)

    def long_call(self, peer=None):
        """Its INVITE as it arrived, after a refusal; the caller's is in arrived.sent."""
        peer = peer or self.carrier
        invite = self.place(body=LONG)
        arrived = peer.expect("INVITE")
        arrived.took = arrived.time - invite.sent
        self.verify(arrived, "A")
        self.refuse(arrived, invite, at=peer)
        return arrived

    def no_tcp(self):
        """The carrier's port refuses connections."""
        self.carrier.listener.close()
        self.carrier.listeners = []

    def assert_tried(self, *calls):
        """The records have each try of each call, in its order."""
        found = wait_until(lambda: len(self.stird.records()) == len(calls) and self.stird.records(), HANG_S, "records")
        self.assertEqual([[(t["transport"], t["said"]) for t in r["tried"]] for r in found], list(calls))

    def test_long_goes_over_tcp(self):
        """R-P-048: and its Via says so; the next one uses the same connection."""
        self.start_both()
        one = self.long_call()
        self.assertEqual(one.transport, "tcp")
        self.assertIn("SIP/2.0/TCP", one.elements("via")[0])
        self.assertEqual(len(one.elements("record-route")), 2)
        two = self.long_call()
        self.assertIs(two.connection, one.connection)

    def test_who_waits_longest_goes_first(self):
        """Calls that wait for one connection, unsigned so that they wait for nothing else."""
        self.start_both(trunks=[self.trunk(identity="gateway", attestation={"gateway": "unsigned"})])
        placed = [self.place(body=LONG) for _ in range(8)]
        arrived = [self.carrier.expect("INVITE") for _ in placed]
        self.assertEqual({one.transport for one in arrived}, {"tcp"})
        self.assertEqual([one["call-id"] for one in arrived], [one["call-id"] for one in placed])
        for one, invite in zip(arrived, placed):
            self.refuse(one, invite)

    def test_what_a_call_waits_for_is_told(self):
        """At level debug: its signature, then a connection."""
        self.start_both(more='log = { level = "debug"; };')
        arrived = self.long_call()
        for step, what in (("sign", "a signature"), ("send", "a connection")):
            self.stird.wait_log('a request waits call_id="?%s"? step="?%s"? for="%s"'
                                % (re.escape(arrived["call-id"]), step, what))

    def test_short_goes_over_udp(self):
        self.start_both(trunks=[self.trunk(identity="gateway",
                                           attestation={"gateway": "unsigned"})])
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.assertLess(len(arrived.raw), 1300)
        self.assertEqual(arrived.transport, "udp")
        self.refuse(arrived, invite)

    def test_configured_udp_stays(self):
        """R-P-048: transport=udp is UDP whatever the size."""
        self.start()
        self.assertEqual(self.long_call().transport, "udp")

    def test_refused_connection(self):
        """Back to UDP at once, and remembered: the peer is not asked again."""
        self.carrier  # pylint: disable=pointless-statement
        self.no_tcp()
        self.start_both()
        for _ in range(3):
            arrived = self.long_call()
            self.assertEqual(arrived.transport, "udp")
            self.assertIn("SIP/2.0/UDP", arrived.elements("via")[0])
        self.assertEqual(len(self.stird.log_lines("no TCP to a next hop")), 1)
        self.assert_tried([("tcp", "unreachable"), ("udp", "486")], [("udp", "486")], [("udp", "486")])

    def test_connection_that_never_opens(self):
        """No answer at all to the SYN: UDP after a moment, and remembered: once a peer."""
        self.no_tcp()
        self.fill_backlog()
        self.start_both()
        one = self.long_call()
        self.assertEqual(one.transport, "udp")
        self.assertGreater(one.took, 0.05)
        two = self.long_call()
        self.assertEqual(two.transport, "udp")
        self.assertEqual(len(self.stird.log_lines("no TCP to a next hop")), 1)
        self.assert_tried([("tcp", "unreachable"), ("udp", "486")], [("udp", "486")])

    def fill_backlog(self):
        """Connections to the carrier that nobody accepts, until a further one hangs."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.addCleanup(listening.close)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((self.carrier.host, self.carrier.port))
        listening.listen(0)
        for _ in range(16):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.addCleanup(filler.close)
            filler.settimeout(0.3)
            try:
                filler.connect((self.carrier.host, self.carrier.port))
            except socket.timeout:
                return
        raise AssertionError("the backlog does not fill")

    def test_connection_that_breaks(self):
        """Accepted and closed again, before any answer: the call goes on over UDP."""
        self.start_both()
        carrier = self.carrier
        invite = self.place(body=LONG)
        one = carrier.expect("INVITE")
        self.assertEqual(one.transport, "tcp")
        one.connection.socket.close()
        carrier.streams.remove(one.connection)
        two = carrier.expect("INVITE")
        self.assertEqual(two.transport, "udp")
        self.assertNotEqual(carrier.top_branch(one), carrier.top_branch(two))
        self.assertEqual(one.raws("identity"), two.raws("identity"))
        self.refuse(two, invite)
        self.assert_tried([("tcp", "unreachable"), ("udp", "486")])

    def test_no_tcp_listener(self):
        """Without a TCP listener of our own there is nothing to switch to."""
        self.start_both(listeners=[self.listener(transports=["udp"])])
        self.assertEqual(self.long_call().transport, "udp")

    def test_second_upstream(self):
        """Failover goes on as ever behind the switch."""
        first = self.peer("first", 8)
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[{"name": "first", "uri": "sip:%s" % self.net(8)},
                              {"name": "carrier", "uri": "sip:%s" % self.net(9)}])
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place(body=LONG)
        one = first.expect("INVITE")
        self.assertEqual(one.transport, "tcp")
        first.respond(one, 503)
        first.expect("ACK")
        two = self.carrier.expect("INVITE")
        self.assertEqual(two.transport, "tcp")
        self.refuse(two, invite)

    def test_cancel_over_tcp(self):
        self.start_both()
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place(body=LONG)
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        got = self.carrier.expect("CANCEL")
        self.assertEqual(got.transport, "tcp")
        self.carrier.respond(got, 200)
        self.refuse(arrived, invite, status=487)
