"""
Who is heard at all (Decided 12), where requests inside a call may go, and what comes of floods that
have our marks on them.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from lib import dialog, route_key, stird, stirctl
from lib.patience import HANG_S
from lib.sip import Message, parameter
from lib.story import Story
from sip.torture import TortureStory


class Fence(TortureStory):
    def answered_call(self):
        """A call that is up: the INVITE as it arrived, and its 200."""
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answer = self.carrier.respond(arrived, 200)
        self.sbc.acknowledge(invite, self.sbc.expect(200))
        self.carrier.expect("ACK")
        return arrived, answer

    def test_a_dialog_goes_on_from_an_unknown_address(self):
        """The callee's BYE comes from a media gateway that no upstream lists: our Route is on it."""
        self.start()
        arrived, answer = self.answered_call()
        gateway = self.peer("gateway-of-carrier", 66)
        bye = dialog.callee_in_dialog(gateway, "BYE", arrived, answer, 1)
        gateway.send(bye, self.at())
        self.sbc.respond(self.sbc.expect("BYE"), 200)
        gateway.expect((200, "BYE"))

    def test_a_forged_route_is_not_heard(self):
        """Another key, another Call-ID, no Route at all: nothing, not even an answer."""
        self.start()
        arrived, answer = self.answered_call()
        nobody = self.peer("nobody", 66)
        bye = dialog.callee_in_dialog(nobody, "BYE", arrived, answer, 1)
        route = bye.raws("route")[0]
        forged = re.sub(rb"(stk=)[0-9a-f]{16}", rb"\g<1>0123456789abcdef", route)
        self.assertNotEqual(forged, route)
        for other in (bye.replaced("route", forged), bye.replaced("call-id", "Call-ID: other"),
                      bye.without("route")):
            nobody.send(other, self.at())
        nobody.expect_nothing(0.3)
        self.sbc.expect_nothing(0.1)

    def test_a_valid_route_begins_no_call(self):
        """Without a To tag it is no request of a dialog, whatever Route it carries."""
        self.start()
        arrived, _ = self.answered_call()
        nobody = self.peer("nobody", 66)
        routes = ["Route: " + value for value in arrived.elements("record-route")]
        nobody.send(self.invite(nobody, extra=routes), self.at())
        nobody.expect_nothing(0.3)
        self.carrier.expect_nothing(0.1)

    def test_answers_with_our_marks(self):
        """A stranger's answer whose branch looks like ours reflects nothing."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        nobody = self.peer("nobody", 66)
        via = arrived.raws("via")[0]
        digit = b"0" if via[-1:] != b"0" else b"1"
        for top in (re.sub(rb"[0-9a-f]$", digit, via), via + b"00"):
            raws = [h.raw for h in dialog.answer(arrived, 200, peer=nobody, tag="x").headers]
            nobody.send(Message("SIP/2.0 200 OK", [top] + raws[1:]), self.at())
        self.sbc.expect_nothing(0.3)
        self.refuse(arrived, invite)


class Calls(Story):
    """A call that is up, and what its ends know of it."""

    def up(self):
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answer = self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        self.invite_sent, self.arrived, self.answer, self.final = invite, arrived, answer, final
        return invite, arrived, answer, final

    def inside(self, method, uri, peer=None, cseq=5, body=b"", extra=()):
        """Of the caller's dialog, with another Request-URI, from any peer."""
        request = dialog.in_dialog(peer or self.sbc, method, self.invite_sent, self.final, cseq,
                                   body=body, extra=extra)
        request.start = ("%s %s SIP/2.0" % (method, uri)).encode()
        return request

    def with_key(self, message, key, place=None):
        """MESSAGE with one Route of ours: at PLACE, with this KEY."""
        place = place or "%s:5060" % self.net(1)
        return message.replaced("route", "Route: <sip:%s;lr;stk=%s>" % (place, key))

    def key(self, **changes):
        """A key of the call that is up, made here."""
        with open(self.lab.path("state/hmac-secret"), "rb") as source:
            secret = source.read()
        call = {"call_id": self.invite_sent["call-id"],
                "caller_tag": parameter(self.invite_sent["from"], "tag"), "host": self.net(1)}
        call.update(changes)
        return route_key.key(secret, **call)

    def fenced(self):
        return stirctl.ask(self.stird.configuration, "stats")["fenced"]


class Nobody(Calls):
    """R-P-024: what a stranger can have us do with a Record-Route that it has seen."""

    METHODS = ("MESSAGE", "BYE", "INVITE", "ACK", "OPTIONS", "CANCEL", "UPDATE")

    def test_nothing_goes_to_a_stranger(self):
        """By Request-URI, by Route, by a strict router's place; UDP and TCP; any method."""
        self.start()
        self.up()
        nobody, victim = self.peer("nobody", 66), self.peer("victim", 77)
        route = self.final.elements("record-route")[0]
        us, there = route.strip("<>"), "sip:%s:5060" % victim.host
        for method in self.METHODS:
            for uri, routes in ((there, [route]), (there + ";transport=tcp", [route]),
                                ("sip:x@h", [route, "<%s;lr>" % there]),
                                ("sip:x@h", [route, "<%s>" % there]), (us, ["<%s>" % there])):
                message = self.inside(method, uri, nobody)
                message = message.replaced("route", *["Route: " + each for each in routes])
                nobody.send(message, self.at())
        victim.expect_nothing(1.0)
        nobody.expect_nothing(0.1)
        self.assertEqual(victim.streams, [])
        stird.wait_until(lambda: self.fenced() == 5 * len(self.METHODS), HANG_S, "fenced")
        self.stird.wait_log("may not go where")
        self.assertEqual(len(self.stird.log_lines("may not go where")), 1)

    def test_by_setting_to_anybody_but_not_to_this_machine(self):
        """dialog_peers = any opens what is nobody's, and the loopback is this machine's."""
        self.start(more='proxy = { dialog_peers = "any"; };')
        self.up()
        nobody, victim = self.peer("nobody", 66), self.peer("victim", 77)
        nobody.send(self.inside("MESSAGE", "sip:%s:5060" % victim.host, nobody), self.at())
        victim.expect_nothing(0.5)

    def test_each_copy_is_one(self):
        """Towards a peer, which does not answer: as many as came, and none of our own."""
        self.start()
        self.up()
        nobody = self.peer("nobody", 66)
        for method in ("BYE", "INVITE", "FOO"):
            request = self.inside(method, "sip:x@%s:5060" % self.net(9), nobody)
            for copies in (1, 2):
                nobody.send(request, self.at())
                deadline = time.monotonic() + HANG_S
                while time.monotonic() < deadline and sum(
                        m.method == method for m in self.carrier.inbox) < copies:
                    self.carrier.poll(0.1)
            deadline = time.monotonic() + 2.2
            while time.monotonic() < deadline:
                self.carrier.poll(deadline - time.monotonic())
            there = [m for m in self.carrier.inbox if m.method == method]
            self.assertEqual(len(there), 2)
            self.assertEqual(there[0].raw, there[1].raw)
            self.carrier.inbox = []
        nobody.expect_nothing(0.1)

    def test_a_gateway_goes_on_with_the_call(self):
        """re-INVITE with ACK, INFO, BYE of a carrier's gateway that nobody listed."""
        self.start()
        _, arrived, answer, _ = self.up()
        gateway = self.peer("gateway", 66)
        again = dialog.callee_in_dialog(gateway, "INVITE", arrived, answer, 1, body=dialog.SDP)
        gateway.send(again, self.at())
        there = self.sbc.expect("INVITE")
        self.assertEqual(there.raws("route"), [])
        self.sbc.respond(there, 180)
        gateway.expect_nothing(0.2)
        sent = self.sbc.respond(there, 200, body=dialog.SDP)
        ok = gateway.expect((200, "INVITE"))
        self.assertEqual(ok.octets().count(b"Via:"), 1)
        self.assertEqual(sent.body, ok.body)
        gateway.send(dialog.callee_in_dialog(gateway, "ACK", arrived, answer, 1), self.at())
        self.sbc.expect("ACK")
        for cseq, method in ((2, "INFO"), (3, "BYE")):
            gateway.send(dialog.callee_in_dialog(gateway, method, arrived, answer, cseq), self.at())
            self.sbc.respond(self.sbc.expect(method), 200)
            gateway.expect((200, method))

    def test_its_re_invite_is_refused_or_cancelled(self):
        """ACK of a refusal, and CANCEL, have the branch of their INVITE."""
        self.start()
        _, arrived, answer, _ = self.up()
        gateway = self.peer("gateway", 66)
        for cseq, end in ((1, "ACK"), (2, "CANCEL")):
            again = dialog.callee_in_dialog(gateway, "INVITE", arrived, answer, cseq)
            gateway.send(again, self.at())
            there = self.sbc.expect("INVITE")
            if end == "ACK":
                self.sbc.respond(there, 488)
                gateway.send(dialog.ack_of_refusal(again, gateway.expect(488)), self.at())
            else:
                gateway.send(dialog.cancel(again), self.at())
            final = self.sbc.expect(end)
            self.assertEqual(self.sbc.top_branch(final), self.sbc.top_branch(there))
            self.assertEqual(final.elements("via")[1], there.elements("via")[1])

    def test_no_more_octets_go_back_than_came(self):
        """A peer that answers one request with many and long responses."""
        self.start()
        _, arrived, answer, _ = self.up()
        nobody = self.peer("nobody", 66)
        received = sent = 0
        for method in ("INVITE", "OPTIONS"):
            request = dialog.callee_in_dialog(nobody, method, arrived, answer, 1)
            for _ in range(3):
                nobody.send(request, self.at())
                sent += len(request.octets())
            there = self.sbc.expect(method)
            for n in range(30):
                self.sbc.respond(there, (180, 183, 200)[n % 3], extra=["RSeq: %d" % n],
                                 body=b"x" * (50 * n))
        stird.wait_until(lambda: nobody.poll(0.1), HANG_S, "what comes back")
        while nobody.poll(0.5):
            pass
        received = sum(len(m.raw) for m in nobody.inbox)
        self.assertGreater(received, 0)
        self.assertLessEqual(received, sent)

    def test_its_own_words_about_itself(self):
        """A Via that names TCP, in a datagram, would have us open a connection."""
        self.start()
        _, arrived, answer, _ = self.up()
        nobody = self.peer("nobody", 66)
        bye = dialog.callee_in_dialog(nobody, "BYE", arrived, answer, 1)
        for other in ("TCP", "TLS", "SCTP", "udpx"):
            via = bye.raws("via")[0].replace(b"/UDP", b"/" + other.encode())
            nobody.send(bye.replaced("via", via), self.at())
        nobody.send(bye.replaced("max-forwards", "Max-Forwards: 0"), self.at())
        self.sbc.expect_nothing(0.4)
        nobody.expect_nothing(0.1)
        nobody.send(bye.replaced("max-forwards", "Max-Forwards: 256"), self.at())
        self.assertEqual(self.sbc.expect("BYE")["max-forwards"], "70")


class Known(Calls):
    """R-P-039: a covered peer goes anywhere but to this machine and the like."""

    def test_nothing_of_this_machine(self):
        """A service of the loopback, and our own listener's host: 403, and it is told."""
        self.start()
        self.up()
        server = socket.socket()
        self.addCleanup(server.close)
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        server.settimeout(0.3)
        port = server.getsockname()[1]
        places = ["127.0.0.1:%d;transport=tcp" % port, "127.0.0.1:%d" % port,
                  "%s:%d;transport=tcp" % (self.net(1), port), "127.255.255.255:5060",
                  "0.0.0.0:5060", "169.254.169.254:80", "224.0.1.75:5060", "255.255.255.255:5060"]
        for n, place in enumerate(places):
            for peer in (self.sbc, self.carrier):
                peer.send(self.inside("INFO", "sip:x@" + place, peer, 10 + n, b"FLUSHALL\r\n"),
                          self.at())
                peer.expect((403, "INFO"))
        self.assertRaises(socket.timeout, server.accept)
        stird.wait_until(lambda: self.fenced() == 2 * len(places), HANG_S, "fenced")
        self.sbc.send(self.inside("INVITE", "sip:x@" + places[0], cseq=30), self.at())
        self.sbc.acknowledge(self.inside("INVITE", "sip:x@h"), self.sbc.expect(403), self.at())
        self.sbc.send(self.inside("ACK", "sip:x@" + places[0]), self.at())
        stird.wait_until(lambda: self.fenced() == 2 * len(places) + 2, HANG_S, "fenced")

    def test_explain_says_the_same(self):
        self.start()
        self.up()
        for place, decision, reason, status in (
                ("127.0.0.1", "rejected", "no_peer", 403), (self.net(9), "passed", "in_dialog", 0),
                ("a.name", "passed", "in_dialog", 0)):
            message = self.inside("INVITE", "sip:x@" + place)
            path = self.lab.write("message", message.octets().decode())
            told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path,
                               "--source", self.net(2))
            self.assertEqual((told["decision"], told["reason"], told.get("sip_status") or 0),
                             (decision, reason, status))

    def test_what_is_configured(self):
        """The same addresses as an upstream's: they are its."""
        other = self.peer("other", 77)
        self.start(upstreams=[self.upstream(sources=[self.net(9), self.net(77)])])
        self.up()
        self.sbc.send(self.inside("INFO", "sip:x@%s:5060" % self.net(77)), self.at())
        other.respond(other.expect("INFO"), 200)
        self.sbc.expect((200, "INFO"))


class Keys(Calls):
    """R-P-033: for whom, where and how long the key of a Record-Route holds."""

    def bye(self, cseq=[100]):  # pylint: disable=dangerous-default-value
        cseq[0] += 1
        return dialog.callee_in_dialog(self.peer("gateway", 66), "BYE", self.arrived, self.answer,
                                       cseq[0])

    def assert_passes(self, message, passes=True, at=None):
        """From a gateway that nobody listed."""
        self.peer("gateway", 66).send(message, at or self.at())
        self.assert_at_sbc(passes)

    def assert_at_sbc(self, passes):
        deadline = time.monotonic() + (HANG_S if passes else 0.4)
        came = False
        while time.monotonic() < deadline and not came:
            came = any(m.is_request and not m.again for m in self.sbc.inbox)
            self.sbc.inbox = []
            self.sbc.poll(0 if came else 0.05)
        self.assertEqual(came, passes)

    def test_the_key_is_what_stird_writes(self):
        self.start()
        self.up()
        self.assertIn("stk=" + self.key(), self.arrived["record-route"])
        self.assert_passes(self.bye())
        self.assert_passes(self.with_key(self.bye(), self.key().upper()))

    def test_days(self):
        """Today's and yesterday's; a day ahead is a clock's; no others."""
        self.start()
        self.up()
        today = route_key.today()
        for day, holds in ((today, True), (today - 1, True), (today - 2, False),
                           (today - 3, False), (today + 2, False), (today - 256, False),
                           (today + 256, False)):
            with self.subTest(days_ago=today - day):
                self.assert_passes(self.with_key(self.bye(), self.key(day=day)), holds)
                again = self.with_key(dialog.in_dialog(self.sbc, "INFO", self.invite_sent,
                                                       self.final, 1000 + today - day),
                                      self.key(day=day))
                again.start = b"INFO sip:x@%s:5060 SIP/2.0" % self.net(2).encode()
                self.sbc.send(again, self.at())
                self.assert_at_sbc(holds)

    def test_more_days_by_setting(self):
        self.start(more="proxy = { dialog_days = 7; };")
        self.up()
        today = route_key.today()
        for ago, holds in ((6, True), (7, False)):
            self.assert_passes(self.with_key(self.bye(), self.key(day=today - ago)), holds)

    def test_ends(self):
        """Another call, another caller, another listener, transport, or side alone."""
        self.start(listeners=[self.listener(), self.listener("other", self.net(5))])
        self.up()
        other = ("udp", self.net(5), 5060)
        for changes, place in (({"call_id": "x"}, None), ({"caller_tag": "x"}, None),
                               ({"caller_tag": ""}, None),
                               ({"host": self.net(5)}, None), ({"port": 5061}, None),
                               ({"transport": route_key.TCP}, None), ({"side": 1}, None),
                               ({"side": 2}, None), ({"side": 3}, None),
                               ({}, "%s:5060" % self.net(5)), ({}, "%s:5061" % self.net(1)),
                               ({}, "%s:5060;transport=tcp" % self.net(1))):
            with self.subTest(changes=changes, place=place):
                message = self.with_key(self.bye(), self.key(**changes), place)
                self.assert_passes(message, False)
                self.assert_passes(message, False, other)
        self.assert_passes(self.bye(), False, other)
        self.assert_passes(self.bye())

    def test_two_sides(self):
        """Two Record-Routes: in by one's own side, out by the other's."""
        self.start(listeners=[self.listener(), self.listener("outside", self.net(5))],
                   upstreams=[self.upstream(listener="outside")])
        self.up()
        outside = ("udp", self.net(5), 5060)
        routes = self.bye().raws("route")
        self.assertEqual(len(routes), 2)
        self.assert_passes(self.bye(), True, outside)
        self.assert_passes(self.bye(), False)
        for changed in (routes[::-1], routes[:1], routes[1:]):
            for at in (self.at(), outside):
                self.assert_passes(self.bye().replaced("route", *changed), False, at)

    def test_a_trunk_is_renamed(self):
        """And its upstream, and the listener: no call ends."""
        self.start()
        _, arrived, answer, _ = self.up()
        self.configure(trunks=[self.trunk("other name", upstreams=["other"])],
                       upstreams=[self.upstream("other")], listeners=[self.listener("renamed")])
        self.stird.reload()
        self.stird.wait_notify("READY=1", HANG_S)
        self.sbc.send(self.inside("INFO", "sip:x@%s:5060" % self.net(9)), self.at())
        self.carrier.respond(self.carrier.expect("INFO"), 200)
        self.sbc.expect((200, "INFO"))
        bye = dialog.callee_in_dialog(self.carrier, "BYE", arrived, answer, 1)
        self.carrier.send(bye, self.at())
        self.sbc.respond(self.sbc.expect("BYE"), 200)
        self.carrier.expect((200, "BYE"))

    def test_a_restart(self):
        self.start()
        _, arrived, answer, _ = self.up()
        self.stird.stop()
        self.start()
        bye = dialog.callee_in_dialog(self.carrier, "BYE", arrived, answer, 1)
        self.carrier.send(bye, self.at())
        self.sbc.respond(self.sbc.expect("BYE"), 200)

    def test_a_caller_without_a_tag(self):
        """RFC 2543: its own requests go on."""
        self.start()
        invite = self.invite()
        invite = invite.replaced("from", re.sub(rb";tag=.*", b"", invite.raws("from")[0]))
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        self.sbc.send(dialog.in_dialog(self.sbc, "BYE", invite, final, 2), self.at())
        self.carrier.respond(self.carrier.expect("BYE"), 200)
        self.sbc.expect((200, "BYE"))


class Responses(Calls):
    """R-P-069: a response goes where its request came from, whatever its second Via says."""

    def changed(self, arrived, status, victim, sender):
        """Answers that would lead to VICTIM, and the good one first."""
        top, below = arrived.elements("via")[:2]
        bare = re.sub(r";(received|rport)=[^;]*", "", below)
        host = victim.host
        seconds = [bare + ";received=%s;rport=5060" % host,
                   below.replace("received=" + self.net(2), "received=" + host),
                   re.sub(r"rport=\d+", "rport=5062", below), bare, bare + ";rport=5060",
                   re.sub(r"/UDP \S+:5060", "/UDP %s:5060" % host, bare),
                   re.sub(r"/UDP", "/TCP", below),
                   below + ";received=" + host, "SIP/2.0/UDP %s;branch=z9hG4bKx" % host]
        answers = []
        for second in seconds:
            raws = [h.raw for h in dialog.answer(arrived, status, peer=sender, tag="x").headers
                    if h.name != "via"]
            answers.append(Message("SIP/2.0 %d OK" % status, ["Via: " + top, "Via: " + second]
                                   + raws))
        return answers

    def nothing_elsewhere(self, arrived):
        victim, other = self.peer("victim", 78), self.peer("other port", 2, port=5062)
        nobody = self.peer("nobody", 66)
        for sender in (nobody, self.carrier):
            for status in (180, 200, 486):
                for answer in self.changed(arrived, status, victim, sender):
                    sender.send(answer, self.at())
        victim.expect_nothing(0.5)
        other.expect_nothing(0.1)
        self.assertEqual(victim.streams + other.streams, [])

    def test_of_a_call_that_is_up(self):
        """2xx that come again lead where the INVITE came from, or nowhere."""
        self.start()
        _, arrived, answer, _ = self.up()
        self.nothing_elsewhere(arrived)
        self.sbc.inbox = []
        self.carrier.send(answer, self.at())
        self.sbc.expect((200, "INVITE"), retransmissions=True)

    def test_of_a_call_that_an_earlier_worker_began(self):
        self.start()
        self.place()
        arrived = self.carrier.expect("INVITE")
        before = self.stird.child("worker")
        os.kill(before, signal.SIGKILL)
        self.stird.wait_child("worker", other_than=before)
        self.nothing_elsewhere(arrived)
        self.sbc.expect_nothing(0.2)
        self.carrier.respond(arrived, 200)
        self.sbc.expect((200, "INVITE"))

    def test_a_stranger_repeats_a_good_one(self):
        """It goes nowhere."""
        self.stranger_repeats("known")

    def test_a_stranger_repeats_one_that_may(self):
        """By setting it goes where it was made for."""
        self.stranger_repeats("any")

    def stranger_repeats(self, setting):
        self.start(more='proxy = { responses = "%s"; };' % setting)
        self.place()
        arrived = self.carrier.expect("INVITE")
        before = self.stird.child("worker")
        os.kill(before, signal.SIGKILL)
        self.stird.wait_child("worker", other_than=before)
        nobody = self.peer("nobody", 66)
        nobody.send(dialog.answer(arrived, 200, tag="x"), self.at())
        if setting == "any":
            self.sbc.expect((200, "INVITE"))
        else:
            stird.wait_until(lambda: stirctl.ask(self.stird.configuration, "stats")
                             ["foreign_responses"] == 1, HANG_S, "foreign_responses")
            self.sbc.expect_nothing(0.1)
        nobody.expect_nothing(0.1)


def can_unshare():
    return shutil.which("ip") and shutil.which("nsenter") and subprocess.run(
        ["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(can_unshare(), "SKIPPED: no network namespace can be made here (root)")
class InANetwork(unittest.TestCase):
    """stird on one machine, its peers and strangers on another: addresses that are no loopback."""

    def test_stories(self):
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        done = subprocess.run(
            ["unshare", "-n", "sh", "-c", "ip link set lo up; exec \"$0\" -B -m unittest -v "
             "sip.fence_story", sys.executable], cwd=here, capture_output=True, text=True,
            timeout=8 * HANG_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("skipped", done.stderr)
