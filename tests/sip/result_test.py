"""How a call fared, apart from what was decided of it: result, cause, and what each next hop said."""

import json
import os
import socket
import struct
import subprocess
import time

from lib import stirctl
from lib.dialog import cancel
from lib.lab import binary
from lib.patience import HANG_S
from lib.sockets import on_its_way
from lib.stird import wait_until
from lib.story import CALLED, Story
from lib.tls import Authority, TlsPeer, TLS_PORT

SHORT = 'timers = { t1 = "50ms"; t2 = "500ms"; next_hop = "200ms"; };'


class Result(Story):
    def start_with_two(self, more="", first="udp", second="udp", **changes):
        self.start(pbx={"upstreams": ["first", "carrier"]}, more=more,
                   upstreams=[self.upstream("first", 8, first, **changes),
                              self.upstream("carrier", 9, second)])

    def assert_fared(self, invite, result, cause, *said, reason="signed_owned", decision="signed"):
        """SAID: (upstream, what it said) in their order."""
        record = self.record(invite, result=result, cause=cause, reason=reason, decision=decision)
        self.assertEqual([(t["upstream"], t["said"]) for t in record["tried"]], list(said), record)
        return record

    def end(self, invite, status):
        final = self.sbc.expect((status, "INVITE"), skip=[180])
        self.sbc.acknowledge(invite, final, self.at(final.transport))

    def failed_call(self, status):
        invite = self.invite()
        self.sbc.send(invite, self.at())
        self.end(invite, status)
        return invite

    def reset(self, peer, arrived):
        """Its end of the connection is torn down: a process that was killed, a firewall."""
        stream = arrived.connection
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.socket.close()
        peer.streams.remove(stream)

    def test_reset_while_it_rings(self):
        """The caller hears it for that reason and no later one's; a CANCEL goes after the call."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.reset(self.carrier, arrived)
        self.end(invite, 502)
        self.assert_fared(invite, "failed", "connection_lost", ("carrier", "connection_lost"))
        self.assertEqual(self.carrier.expect("CANCEL")["call-id"], invite["call-id"])
        self.stird.wait_log("next hop failed.*why=.connection lost")

    def test_reset_after_a_100(self):
        """Nobody has heard it ring: the next one is asked."""
        self.start_with_two(first="tcp")
        first = self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        arrived = first.expect("INVITE")
        first.respond(arrived, 100)
        own = arrived.connection.socket.getsockname()
        wait_until(lambda: not on_its_way(own), HANG_S, "the 100 read")
        self.reset(first, arrived)
        self.refuse(self.carrier.expect("INVITE"), invite)
        self.assert_fared(invite, "refused", "next_hop_refused", ("first", "connection_lost"),
                          ("carrier", "486"))

    def test_reset_after_a_cancel(self):
        """The caller has given up: it need not wait for the answer of who is gone."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.carrier.expect("CANCEL")
        self.reset(self.carrier, arrived)
        self.end(invite, 487)
        self.assert_fared(invite, "cancelled", "cancelled", ("carrier", "connection_lost"))

    def test_a_connection_closed_in_good_order(self):
        """It was idle, while the call rang; the answer comes by another one (18.2.2)."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        arrived.connection.socket.close()
        self.carrier.streams.remove(arrived.connection)
        self.sbc.expect_nothing(0.3)
        arrived.connection = self.carrier.connect(self.net(1), 5060, fresh=True)
        self.carrier.respond(arrived, 200)
        self.sbc.acknowledge(invite, self.sbc.expect((200, "INVITE")))
        self.assert_fared(invite, "answered", "answered", ("carrier", "200"))

    def test_taken_and_refused(self):
        """The called side has the word; the same decision each time."""
        self.start()
        for status, result, cause in ((486, "refused", "next_hop_refused"),
                                      (408, "refused", "next_hop_refused"),
                                      (302, "refused", "next_hop_redirected"),
                                      (603, "refused", "next_hop_refused"),
                                      (503, "failed", "next_hop_503")):
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            self.refuse(arrived, invite, status=status)
            record = self.assert_fared(invite, result, cause, ("carrier", str(status)))
            self.assertEqual(record["tried"][0]["address"], "%s:5060" % self.net(9))
            self.assertEqual(record["tried"][0]["transport"], "udp")
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        self.sbc.acknowledge(invite, self.sbc.expect((200, "INVITE")))
        self.assert_fared(invite, "answered", "answered", ("carrier", "200"))
        self.assert_counted("causes", {"answered": 1, "next_hop_refused": 3, "next_hop_503": 1,
                                       "next_hop_redirected": 1})

    def test_nobody_listens(self):
        """Case 07: neither by UDP nor by TCP."""
        self.start_with_two(second="tcp")
        invite = self.failed_call(503)
        self.assert_fared(invite, "failed", "no_upstream", ("first", "unreachable"),
                          ("carrier", "unreachable"))

    def test_a_certificate_for_another_name(self):
        """Case 07: a TLS handshake that fails is a next hop that cannot be reached."""
        authority = Authority(self.lab)
        own = authority.issue("stird", "IP:" + self.net(1))
        stranger = TlsPeer("carrier", self.net(9), self.transcript, authority,
                           authority.issue("other", "DNS:other.example"))
        self.peers["carrier"] = stranger
        self.start(listeners=[self.listener(),
                              self.listener("secure", port=TLS_PORT, transports=["tls"])],
                   upstreams=[{"name": "carrier", "uri": "sip:%s:5061;transport=tls" % self.net(9)}],
                   more='tls = { certificate = "%s"; key = "%s"; ca = "%s"; };' % (
                       *own, authority.certificate))
        invite = self.invite()
        self.sbc.send(invite, self.at())
        wait_until(lambda: stranger.poll(0.05) or stranger.refused or self.stird.records(), HANG_S,
                   "the handshake")
        while not self.stird.records():
            stranger.poll(0.05)
        self.end(invite, 503)
        record = self.assert_fared(invite, "failed", "no_upstream", ("carrier", "unreachable"))
        self.assertEqual(record["tried"][0]["transport"], "tls")

    def test_silence(self):
        """Case 07: the first has next_hop, the last one timer B."""
        self.start_with_two(more=SHORT)
        self.peer("first", 8)
        self.carrier  # pylint: disable=pointless-statement
        invite = self.failed_call(408)
        self.assert_fared(invite, "failed", "upstream_timeout", ("first", "silent"),
                          ("carrier", "silent"))

    def test_failover(self):
        """Each next hop's word, and that of the one that counts at the end."""
        self.start_with_two()
        first = self.peer("first", 8)
        invite = self.place()
        first.respond(first.expect("INVITE"), 503)
        arrived = self.carrier.expect("INVITE")
        self.refuse(arrived, invite, status=404)
        record = self.assert_fared(invite, "refused", "next_hop_refused", ("first", "503"),
                                   ("carrier", "404"))
        self.assertEqual(record["upstream"], "carrier")

    def test_all_say_503(self):
        """Passed on, or hidden as 500: the cause is the same."""
        for passed, status in ((True, 503), (False, 500)):
            with self.subTest(pass_503=passed):
                more = "" if passed else "proxy = { pass_503 = false; };"
                self.start_with_two(more=more)
                first = self.peer("first", 8)
                self.carrier  # pylint: disable=pointless-statement
                invite = self.place()
                first.respond(first.expect("INVITE"), 503)
                self.carrier.respond(self.carrier.expect("INVITE"), 503)
                self.end(invite, status)
                self.assert_fared(invite, "failed", "next_hop_503", ("first", "503"),
                                  ("carrier", "503"))
                first.expect("ACK")
                self.carrier.expect("ACK")
                self._end_stird()

    def test_503_and_nobody(self):
        """503 was the only answer."""
        self.start_with_two(second="tcp")
        first = self.peer("first", 8)
        invite = self.invite()
        self.sbc.send(invite, self.at())
        first.respond(first.expect("INVITE"), 503)
        self.end(invite, 503)
        self.assert_fared(invite, "failed", "next_hop_503", ("first", "503"),
                          ("carrier", "unreachable"))

    def test_cancelled(self):
        """The caller gave up while it rang; and before anybody had said a word."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.carrier.respond(self.carrier.expect("CANCEL"), 200)
        self.carrier.respond(arrived, 487)
        self.end(invite, 487)
        self.assert_fared(invite, "cancelled", "cancelled", ("carrier", "487"))

    def test_cancelled_and_silent(self):
        """A next hop that does not even answer the CANCEL."""
        self.start(more=SHORT)
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.end(invite, 487)
        self.assert_fared(invite, "cancelled", "cancelled", ("carrier", "timeout"))

    def test_refused_by_the_callee_although_cancelled(self):
        """Another word than 487 is the callee's own."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.carrier.expect("CANCEL")
        self.carrier.respond(arrived, 486)
        self.end(invite, 486)
        self.assert_fared(invite, "refused", "next_hop_refused", ("carrier", "486"))

    def test_refused_by_stird(self):
        """The reason of the decision says why; nobody was asked."""
        self.start()
        refused, _ = self.refused_call(603, caller="+12155556000")
        self.assert_fared(refused, "rejected", "rejected", reason="number_blocked",
                          decision="rejected")
        looped, _ = self.refused_call(483, max_forwards=0)
        self.assert_fared(looped, "rejected", "rejected", reason="too_many_hops",
                          decision="rejected")

    def test_full(self):
        """A next hop that was not asked, for its limit."""
        self.start(upstreams=[self.upstream(calls=1), self.upstream("second", 8)],
                   pbx={"upstreams": ["carrier", "second"]})
        second = self.peer("second", 8)
        ringing = self.place()
        at_carrier = self.carrier.expect("INVITE")
        invite = self.place()
        self.refuse(second.expect("INVITE"), invite, at=second)
        self.assert_fared(invite, "refused", "next_hop_refused", ("carrier", "full"),
                          ("second", "486"))
        self.refuse(at_carrier, ringing)

    def find(self, *words):
        """The Call-IDs that stirctl finds."""
        status, out, err = stirctl.run(self.lab.path("stird.conf"), "--json", "records", "find", *words)
        self.assertEqual((status, err), (1 if out == "[]\n" else 0, ""))
        return [json.loads(line)["call_id"] for line in out.splitlines() if status == 0]

    def test_found_by_it(self):
        """records find by result, cause, upstream; the last ones; explain has a sentence."""
        self.start_with_two()
        first = self.peer("first", 8)
        failed = self.place()
        first.respond(first.expect("INVITE"), 503)
        self.carrier.respond(self.carrier.expect("INVITE"), 503)
        self.end(failed, 503)
        refused = self.place()
        self.refuse(first.expect("INVITE", skip=["ACK"]), refused, at=first)
        one, two = failed["call-id"], refused["call-id"]
        origid = self.record(failed)["origid"]
        self.record(refused)
        self.assertEqual(self.find("--cause", "next_hop_503"), [one])
        self.assertEqual(self.find("--result", "refused"), [two])
        self.assertEqual(self.find("--upstream", "carrier"), [one])
        self.assertEqual(self.find("--upstream", "first"), [one, two])
        self.assertEqual(self.find("--last", "1"), [two])
        self.assertEqual(self.find("--last", "7"), [one, two])
        self.assertEqual(self.find("--last", "1", "--status", "503"), [one])
        self.assertEqual(self.find("--cause", "cancelled"), [])
        path = self.lab.path("stird.conf")
        status, _, err = stirctl.run(path, "records", "find", "--cause", "nosuch")
        self.assertEqual(status, 2)
        self.assertIn('--cause nosuch: there is no such cause', err)
        self.assertEqual(stirctl.run(path, "records", "find", "--last", "0")[0], 2)
        status, out, _ = stirctl.run(path, "explain", "--origid", origid)
        self.assertEqual(status, 0)
        self.assertRegex(out, r"(?m)^tried +first %s:5060 udp: 503$" % self.net(8))
        self.assertRegex(out, r"(?m)^ +carrier %s:5060 udp: 503$" % self.net(9))
        self.assertRegex(out, r"(?m)^in the end +a next hop said 503, and no other took the call$")

    def test_follow(self):
        """New records as they come, over the change of the file."""
        self.start()
        before, _, _ = self.signed_call()
        self.record(before)
        program = os.path.join(os.path.dirname(binary()), "stirctl")
        out = self.lab.path("followed")
        with open(out, "wb") as sink:
            follower = subprocess.Popen([program, "-j", "-c", self.lab.path("stird.conf"), "records", "find",
                                         "--last", "1", "--follow"], stdout=sink)
        try:
            def followed():
                with open(out, encoding="utf-8") as source:
                    return [json.loads(line)["call_id"] for line in source.read().split("\n")[:-1]]
            wait_until(lambda: followed() == [before["call-id"]], HANG_S, "the last one")
            aside, _, _ = self.signed_call()
            self.record(aside)
            os.rename(self.stird.records_path, self.stird.records_path + ".20261126T000000Z")
            self.stird.reload()
            self.stird.wait_notify("READY=1")
            after, _, _ = self.signed_call(called=CALLED[:-1] + "8")
            self.record(after)
            wanted = [m["call-id"] for m in (before, aside, after)]
            wait_until(lambda: len(followed()) >= 3, HANG_S, "the new ones")
            time.sleep(0.3)
            self.assertEqual(followed(), wanted)
        finally:
            follower.kill()
            follower.wait(HANG_S)
