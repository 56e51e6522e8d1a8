"""What an SBC's OPTIONS are told: whether its calls would find a next hop, and a signature (R-P-082)."""

import os
import shutil
import signal
import time

from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

OUT, BACK = "a next hop is out", "a next hop is back"
SHORT = 'timers = { next_hop = "200ms"; t1 = "50ms"; };'


class Health(Story):
    def ping(self, peer=None, user="", transport="udp", host=None):
        """The status of the answer."""
        peer = peer or self.sbc
        uri = "sip:%s%s:5060" % (user, host or self.net(1))
        question = peer.request("OPTIONS", uri, transport=transport)
        peer.send(question, self.at(transport))
        answer = self.final(peer)
        self.assertEqual(answer["call-id"], question["call-id"])
        self.answer = answer
        return answer.status

    @staticmethod
    def final(peer):
        """The next response, whatever its status."""
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline:
            peer.poll(0.05)
            for message in list(peer.inbox):
                if not message.is_request and "INVITE" not in message["cseq"]:
                    peer.inbox.remove(message)
                    return message
        raise AssertionError("no answer")

    def wait_ping(self, status, peer=None, **more):
        wait_until(lambda: self.ping(peer, **more) == status, HANG_S, "OPTIONS get %d" % status)

    def fail_call(self):
        invite = self.invite()
        self.sbc.send(invite, self.at())
        final = self.sbc.expect(503)
        self.sbc.acknowledge(invite, final, self.at())

    def start_healthy(self, health="next_hops", more="", probe=None, trunk=None, **changes):
        upstream = {"probe": "1s", "probe_failures": 1} if probe else {}
        self.start(pbx={"health": health, **(trunk or {})}, more=more,
                   upstreams=[self.upstream(**upstream)], **changes)

    def test_by_default_it_is_alive(self):
        """As before: every next hop is out, and nothing is said of that."""
        self.start(more=SHORT)
        for _ in range(3):
            self.fail_call()
        self.stird.wait_log(OUT)
        self.assertEqual(self.ping(), 200)

    def test_the_hop_dies_and_returns(self):
        """Case 06: the SBC leaves when the hop is out, and comes back by itself; no call is needed."""
        self.start_healthy(more=SHORT)
        self.assertEqual(self.ping(), 200)
        for _ in range(3):
            self.fail_call()
        self.stird.wait_log(OUT)
        self.assertEqual(self.ping(), 503)
        self.assertNotIn("retry-after", self.answer)
        self.assertIn("no upstream took the call", self.answer["reason"])
        self.assertEqual(self.ping(transport="tcp"), 503)
        self.assertEqual(self.ping(user="ping@"), 503)
        self.assertEqual(self.ping(self.peer("guest", 3)), 200, "a trunk that asked for nothing")
        self.assertEqual(len(self.stird.log_lines("get 503: its calls would fail")), 1)
        question = self.carrier.expect("OPTIONS")
        self.assertEqual(question.uri, "sip:%s:5060" % self.net(9))
        self.carrier.respond(question, 200)
        self.stird.wait_log(BACK)
        self.assertEqual(self.ping(), 200)
        self.assertEqual(len(self.stird.wait_lines("get 200 again")), 1)
        self.carrier.drain()
        self.carrier.inbox = []
        self.signed_call()
        self.assert_counted("health_refused", 3)

    def test_questions_end_when_the_hop_is_back(self):
        """By a call's own answer, too; one that is well is asked nothing."""
        self.start_healthy(more=SHORT)
        for _ in range(3):
            self.fail_call()
        question = self.carrier.expect("OPTIONS")
        self.carrier.respond(question, 503)
        invite = self.place()
        arrived = self.carrier.expect("INVITE", skip=["OPTIONS"])
        self.carrier.respond(arrived, 486)
        self.sbc.acknowledge(invite, self.sbc.expect(486), self.at())
        self.carrier.expect("ACK", skip=["OPTIONS"])
        self.stird.wait_log(BACK)
        self.assertEqual(self.ping(), 200)
        self.carrier.drain()  # those of before
        self.carrier.inbox = []
        self.carrier.expect_nothing(2.3)

    def test_by_probes(self):
        """Case 06's own configuration: the probe finds out before a call does."""
        self.start_healthy(probe=True)
        self.stird.wait_log(OUT)
        self.assertEqual(self.ping(), 503)
        self.carrier  # pylint: disable=pointless-statement
        def answered():
            self.carrier.poll(0.05)
            for message in [m for m in self.carrier.inbox if m.is_request]:
                self.carrier.respond(message, 200)
            self.carrier.inbox = []
            return self.stird.log_lines(BACK) and self.ping() == 200
        wait_until(answered, HANG_S, "the probe is answered, and so are OPTIONS")

    def test_one_of_two_is_enough(self):
        """Of a trunk's next hops; and of the trunks of one source."""
        down = {"probe": "1s", "probe_failures": 1}
        self.start(trunks=[self.trunk(health="next_hops", upstreams=["first", "carrier"]),
                           self.trunk("alone", 3, health="next_hops", upstreams=["first"]),
                           self.trunk("one", 4, health="next_hops", upstreams=["first"], tgrp="one"),
                           self.trunk("two", 4, health="next_hops", upstreams=["carrier"])],
                   upstreams=[self.upstream("first", 8, **down), self.upstream()])
        self.stird.wait_log(OUT)
        self.assertEqual(self.ping(), 200)
        self.assertEqual(self.ping(self.peer("alone", 3)), 503)
        self.assertEqual(self.ping(self.peer("both", 4)), 200)

    def test_a_listener_of_its_own(self):
        """A peer that is pinged at two listeners hears of each what is true of it."""
        down = {"probe": "1s", "probe_failures": 1}
        self.start(listeners=[self.listener(), self.listener("other", self.net(7))],
                   trunks=[self.trunk(health="next_hops", listener="main", upstreams=["first"]),
                           self.trunk("well", health="next_hops", listener="other")],
                   upstreams=[self.upstream("first", 8, listener="main", **down),
                              self.upstream(listener="main")])
        self.stird.wait_log(OUT)
        self.assertEqual(self.ping(), 503)
        other = self.sbc.request("OPTIONS", "sip:" + self.net(7))
        self.sbc.send(other, ("udp", self.net(7), 5060))
        self.assertEqual(self.final(self.sbc).status, 200)

    def assert_unsignable(self, health, mode, status):
        """No signer gets ready any more: its key is gone."""
        self.start_healthy(health, more='signing = { failure = "%s"; };' % mode)
        self.assertEqual(self.ping(), 200)
        directory = self.lab.unit.directory
        shutil.move(directory, directory + ".gone")
        self.addCleanup(shutil.rmtree, directory + ".gone", True)
        os.kill(self.stird.child("signer"), signal.SIGKILL)
        self.stird.wait_log("the signer is gone")
        if status == 200:
            self.assertEqual(self.ping(), 200)
            return
        self.wait_ping(503)
        self.assertIn("no signer is running", self.answer["reason"])
        shutil.move(directory + ".gone", directory)
        self.wait_ping(200)

    def test_nothing_can_be_signed(self):
        """Where a signature is the service: the trunk says so,"""
        self.assert_unsignable("signing", "fail_open", 503)

    def test_unsigned_calls_are_refused(self):
        """or calls without one are refused;"""
        self.assert_unsignable("next_hops", "fail_closed", 503)

    def test_unsigned_calls_go_on(self):
        """else nobody needs to stay away."""
        self.assert_unsignable("next_hops", "fail_open", 200)

    def test_a_stop(self):
        """What a stop says goes before."""
        self.start_healthy(drain="%ds" % (2 * HANG_S))
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.stird.process.send_signal(signal.SIGTERM)
        self.wait_draining()
        self.assertEqual(self.ping(), 503)
        self.assertEqual(self.answer["retry-after"], "5")
        self.refuse(arrived, invite)


class ForUs(Story):
    def answer(self, peer, method, uri, **more):
        peer.send(peer.request(method, uri, **more), self.at())
        return Health.final(peer)

    def test_a_ping_with_a_user_part(self):
        """A name is stird's own, a number somebody's behind it."""
        self.start()
        us = "%s:5060" % self.net(1)
        for user in ("ping", "sbc-1", "keepalive;x=1", "P%49NG"):
            self.assertEqual(self.answer(self.sbc, "OPTIONS", "sip:%s@%s" % (user, us)).status, 200)
        self.carrier.expect_nothing(0.2)
        for user in ("+12155550199", "12155550199;npdi", "911", "%2B12155550199"):
            self.sbc.send(self.sbc.request("OPTIONS", "sip:%s@%s" % (user, us)), self.at())
            asked = self.carrier.expect("OPTIONS")
            self.carrier.respond(asked, 404)
            self.sbc.expect(404)

    def test_other_methods_with_a_user_part(self):
        """Those of a trunk go on; those of an upstream lead nowhere, and get an answer."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        us = "sip:ping@%s:5060" % self.net(1)
        self.sbc.send(self.sbc.request("MESSAGE", us), self.at())
        self.carrier.respond(self.carrier.expect("MESSAGE"), 404)
        self.sbc.expect(404)
        for method in ("MESSAGE", "NOTIFY", "REGISTER", "INFO", "SUBSCRIBE", "PUBLISH"):
            for uri in (us, "sip:" + self.net(1)):
                answer = self.answer(self.carrier, method, uri)
                self.assertEqual(answer.status, 405, method)
                self.assertIn("OPTIONS", answer["allow"])
        self.sbc.expect_nothing(0.1)

    def test_an_upstream_asks(self):
        """Whatever it calls us."""
        self.start()
        for uri in ("sip:" + self.net(1), "sip:ping@" + self.net(1), "sip:+12155550100@" + self.net(1),
                    "sip:stird.example", "sip:ping@stird.example:5080", "tel:+12155550100"):
            self.assertEqual(self.answer(self.carrier, "OPTIONS", uri).status, 200, uri)
        self.assertEqual(self.answer(self.carrier, "OPTIONS", "sip:x@" + self.net(1),
                                     max_forwards=0).status, 200)
        self.sbc.expect_nothing(0.1)

    def test_a_call_of_an_upstream(self):
        """INVITE is no question."""
        self.start()
        invite = self.carrier.request("INVITE", "sip:ping@" + self.net(1))
        self.carrier.send(invite, self.at())
        final = self.carrier.expect(403)
        self.carrier.acknowledge(invite, final, self.at())
