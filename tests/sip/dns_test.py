"""Upstreams and Contacts that are names: RFC 3263, by a name server of the story's own."""

import os
import signal
import unittest

from lib.dialog import ack_of_refusal, cancel, in_dialog
from lib.dns import A, Dns
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

CARRIER = "carrier.example.com"
SRV_NAME = "_sip._udp." + CARRIER


class NameStory(Story):
    def setUp(self):
        super().setUp()
        self.dns = Dns(self.net(53))
        self.addCleanup(self.dns.close)

    def start_names(self, *uris, more="", **members):
        """Upstreams of these URIs, in the trunk's order."""
        upstreams = [dict({"name": "up%d" % i, "uri": uri}, **members)
                     for i, uri in enumerate(uris)]
        names = [upstream["name"] for upstream in upstreams]
        path = self.configure(trunks=[self.trunk(upstreams=names)], upstreams=upstreams,
                              more='dns = { servers = [ "%s" ]; };\n%s' % (self.net(53), more))
        started = self.start_with(path)
        wait_until(lambda: self.dns.questions, HANG_S, "a question")
        self.settle()
        return started

    def settle(self):
        """
        stird has read the answers to all that it asked: what it sends after the second of two OPTIONS
        it sends with what was in its sockets before the first.
        """
        asked = -1
        while asked != len(self.dns.questions):
            asked = len(self.dns.questions)
            self.dns.wait_answered(asked)
            for _ in range(2):
                self.sbc.send(self.sbc.request("OPTIONS", "sip:%s:5060" % self.net(1)), self.at())
                self.sbc.expect((200, "OPTIONS"))

    def call_to(self, peer):
        """A signed call that this peer refuses."""
        invite = self.place()
        arrived = peer.expect("INVITE")
        self.verify(arrived, "A")
        self.refuse(arrived, invite, at=peer)
        return arrived


class Names(NameStory):
    def test_srv(self):
        """R-P-035: without a port by SRV; the Request-URI bears the name, not what it means."""
        self.dns.srv(SRV_NAME, (10, 0, 5070, "a." + CARRIER))
        self.dns.address("a." + CARRIER, self.net(11))
        at = self.peer("a", 11, port=5070)
        self.start_names("sip:%s;transport=udp" % CARRIER)
        arrived = self.call_to(at)
        self.assertEqual(arrived.uri, "sip:+12155550199@" + CARRIER)

    def test_port(self):
        """R-P-035: with a port the name's addresses, and no SRV."""
        self.dns.srv(SRV_NAME, (10, 0, 5070, "a." + CARRIER))
        self.dns.address(CARRIER, self.net(9))
        self.start_names("sip:%s:5060;transport=udp" % CARRIER)
        arrived = self.call_to(self.carrier)
        self.assertEqual(arrived.uri, "sip:+12155550199@%s:5060" % CARRIER)
        self.assertEqual(self.dns.asked(SRV_NAME), [])

    def test_no_srv_records(self):
        """RFC 3263 section 4.2: without SRV records the name's addresses, port 5060."""
        self.dns.address(CARRIER, self.net(9))
        self.start_names("sip:%s;transport=udp" % CARRIER)
        self.call_to(self.carrier)
        self.assertNotEqual(self.dns.asked(SRV_NAME), [])

    def test_over_tcp(self):
        self.dns.srv("_sip._tcp." + CARRIER, (10, 0, 5060, "a." + CARRIER))
        self.dns.address("a." + CARRIER, self.net(9))
        self.start_names("sip:%s;transport=tcp" % CARRIER)
        self.assertEqual(self.call_to(self.carrier).transport, "tcp")

    def test_all_targets_in_turn(self):
        """R-P-036: by priority; each gets a new branch and the same Identity."""
        self.dns.srv(SRV_NAME, (30, 0, 5060, "c." + CARRIER), (10, 0, 5060, "a." + CARRIER),
                     (20, 0, 5060, "b." + CARRIER))
        for last, name in ((11, "a."), (12, "b."), (9, "c.")):
            self.dns.address(name + CARRIER, self.net(last))
        silent, busy = self.peer("a", 11), self.peer("b", 12)
        self.start_names("sip:%s;transport=udp" % CARRIER,
                        more='timers = { next_hop = "300ms"; };')
        invite = self.place()
        one, two = silent.expect("INVITE"), busy.expect("INVITE")
        busy.respond(two, 503)
        three = self.carrier.expect("INVITE")
        self.verify(three, "A")
        self.assertEqual(len({one.raws("identity")[0], two.raws("identity")[0],
                              three.raws("identity")[0]}), 1)
        self.assertEqual(len({silent.top_branch(one), busy.top_branch(two),
                              self.carrier.top_branch(three)}), 3)
        self.refuse(three, invite)
        self.sbc.expect_nothing(0.1)

    def test_name_that_is_unknown(self):
        """It counts as down: the next upstream takes the call, at once."""
        self.carrier  # pylint: disable=pointless-statement
        self.start_names("sip:nowhere.example;transport=udp",
                        "sip:%s;transport=udp" % self.net(9))
        self.call_to(self.carrier)

    def test_no_upstream_has_an_address(self):
        """A call never waits for DNS, even when that is silent."""
        self.dns.silent = True
        self.start_names("sip:%s;transport=udp" % CARRIER)
        self.refused_call(503)

    def test_worker_dies(self):
        """Its successor knows no address yet: calls wait for that in the socket, and get no 503."""
        self.dns.address(CARRIER, self.net(9))
        self.carrier  # pylint: disable=pointless-statement
        self.start_names("sip:%s:5060;transport=udp" % CARRIER)
        self.dns.delay = 0.2
        os.kill(self.stird.child("worker"), signal.SIGKILL)
        self.call_to(self.carrier)

    @unittest.skipUnless(os.environ.get("STIRD_LONG"), "STIRD_LONG=1; unit/resolver has it too")
    def test_last_good_answer(self):
        """DNS fails after the first answer: calls go on."""
        self.dns.srv(SRV_NAME, (10, 0, 5060, "a." + CARRIER), ttl=1)
        self.dns.address("a." + CARRIER, self.net(9), ttl=1)
        self.start_names("sip:%s;transport=udp" % CARRIER)
        self.call_to(self.carrier)
        self.dns.broken = True
        self.stird.wait_log("a name does not resolve")
        self.call_to(self.carrier)

    def test_one_host_of_two_fails(self):
        """The one that answers calls has no name server any more: calls go to it as before."""
        for host, last in (("a.", 8), ("b.", 9)):
            self.dns.address(host + CARRIER, self.net(last), ttl=1)
        self.dns.srv(SRV_NAME, (10, 0, 5060, "a." + CARRIER), (20, 0, 5060, "b." + CARRIER), ttl=1)
        self.carrier  # pylint: disable=pointless-statement
        self.start_names("sip:%s;transport=udp" % CARRIER)
        self.call_to(self.carrier)
        self.dns.failing.add("b." + CARRIER)
        self.stird.wait_log("a name resolves in part")
        self.call_to(self.carrier)

    def test_address_changes(self):
        """After the time to live the new address is used; 5 s is the least."""
        self.dns.address(CARRIER, self.net(8), ttl=1)
        first = self.peer("first", 8)
        self.start_names("sip:%s:5060;transport=udp" % CARRIER)
        self.call_to(first)
        self.dns.address(CARRIER, self.net(9), ttl=1)
        asked = len(self.dns.questions)
        wait_until(lambda: (CARRIER, A) in self.dns.questions[asked:], HANG_S, "another question")
        self.settle()
        self.call_to(self.carrier)

    def test_requests_from_a_name(self):
        """Decided 12: what a name means may send; an INVITE from there is 403."""
        self.dns.address(CARRIER, self.net(9))
        self.start_names("sip:%s:5060;transport=udp" % CARRIER)
        invite = self.invite(self.carrier)
        self.carrier.send(invite, self.at())
        final = self.carrier.expect(403)
        self.carrier.acknowledge(invite, final, self.at())

    def test_contact_is_a_name(self):
        """The first ACK may be lost while the name is asked for; the BYE waits for the answer."""
        self.dns.address("callee.example.com", self.net(9))
        self.carrier  # pylint: disable=pointless-statement
        self.start_names("sip:%s;transport=udp" % self.net(9), "sip:x.example;transport=udp")
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        final = final.replaced("contact", "Contact: <sip:callee.example.com:5060>")
        bye = in_dialog(self.sbc, "BYE", invite, final, 2)
        self.sbc.send(bye, self.at())
        got = self.carrier.expect("BYE", skip=("ACK",))
        self.assertEqual(got.uri, "sip:callee.example.com:5060")
        self.carrier.respond(got, 200)
        self.sbc.expect((200, "BYE"), skip=((200, "INVITE"),))

    def test_contact_is_a_name_of_this_machine(self):
        """What counts is what it resolves to: the loopback is nobody's, of two the peer's is left."""
        self.dns.address("ours.example.com", "127.0.0.1")
        self.dns.address("both.example.com", self.net(77), self.net(9))
        self.carrier  # pylint: disable=pointless-statement
        self.start_names("sip:%s;transport=udp" % self.net(9), "sip:x.example;transport=udp")
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        for cseq, name, status in ((2, "ours", 403), (3, "both", 200)):
            final = final.replaced("contact", "Contact: <sip:%s.example.com:5060>" % name)
            self.sbc.send(in_dialog(self.sbc, "INFO", invite, final, cseq), self.at())
            if status == 200:
                self.carrier.respond(self.carrier.expect("INFO"), 200)
            self.sbc.expect((status, "INFO"), skip=((200, "INVITE"),))

    def answered(self, name):
        """A call whose callee gave this NAME as its Contact: its INVITE and its answer."""
        invite = self.place()
        self.carrier.respond(self.carrier.expect("INVITE"), 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        return invite, final.replaced("contact", "Contact: <sip:%s:5060>" % name)

    def test_many_wait_for_one_name(self):
        """Each goes on when the name is known; it is asked for once."""
        self.dns.address("callee.example.com", self.net(9))
        self.carrier  # pylint: disable=pointless-statement
        self.start_names("sip:%s;transport=udp" % self.net(9), "sip:x.example;transport=udp")
        invite, final = self.answered("callee.example.com")
        self.dns.delay = 0.1
        waiting = [in_dialog(self.sbc, "INFO", invite, final, cseq) for cseq in range(2, 22)]
        for request in waiting:
            self.sbc.send(request, self.at())
        arrived = {self.carrier.expect("INFO")["cseq"] for _ in waiting}
        self.assertEqual(arrived, {request["cseq"] for request in waiting})
        self.assertEqual(self.dns.asked_anew("callee.example.com"), 1)

    def test_cancelled_while_it_waits_for_a_name(self):
        """The answer that comes afterwards wakes nobody."""
        self.dns.address("callee.example.com", self.net(9))
        self.carrier  # pylint: disable=pointless-statement
        self.start_names("sip:%s;transport=udp" % self.net(9), "sip:x.example;transport=udp")
        invite, final = self.answered("callee.example.com")
        self.dns.silent = True
        again = in_dialog(self.sbc, "INVITE", invite, final, 2)
        self.sbc.send(again, self.at())
        wait_until(lambda: self.dns.asked("callee.example.com"), HANG_S, "its question")
        self.sbc.send(cancel(again), self.at())
        self.sbc.expect((200, "CANCEL"), skip=(100,))
        refusal = self.sbc.expect(487)
        self.sbc.send(ack_of_refusal(again, refusal), self.at())
        self.dns.silent = False
        wait_until(lambda: len(self.dns.asked("callee.example.com")) > 1, HANG_S, "it is asked again")
        self.settle()
        self.call_to(self.carrier)

    def test_contact_is_a_name_of_nothing(self):
        self.carrier  # pylint: disable=pointless-statement
        self.start_names("sip:%s;transport=udp" % self.net(9), "sip:x.example;transport=udp")
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        final = final.replaced("contact", "Contact: <sip:nobody.example.com:5060>")
        self.sbc.send(in_dialog(self.sbc, "BYE", invite, final, 2), self.at())
        self.sbc.expect((503, "BYE"), skip=((200, "INVITE"),))
