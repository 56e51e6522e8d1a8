"""
What requests may hold: floods of each method end at a ceiling, others go on, and BYE always passes
(docs/sizing.md).
"""

import os
import resource

from lib import dialog, stirctl
from lib.patience import HANG_S
from lib.stird import alive, wait_until
from lib.story import Story

SANITIZED = os.environ.get("STIRD_SANITIZED") == "1"  # has no use for a limit of addresses
LARGE = 60000
SHORT_TIMERS = 'timers = { t1 = "200ms"; t2 = "500ms"; t4 = "500ms"; };'
LONG_TIMERS = 'timers = { t1 = "2s"; };'  # a flood is over before 64 of these are


def status_of(pid, name):
    with open("/proc/%d/status" % pid, encoding="ascii") as source:
        return int([line for line in source if line.startswith(name + ":")][0].split()[1]) * 1024


class Ceilings(Story):
    """
    Trunk "pbx" leads to "sink", whose answers are the stories' own and come late or never; trunk
    "gateway", of another source, to the carrier.
    """

    def start_small(self, limits, more=LONG_TIMERS, **pbx):
        pbx.setdefault("upstreams", ["sink"])
        self.start(upstreams=[self.upstream(), self.upstream("sink", 8)], pbx=pbx, limits=limits,
                   more=more)
        self.worker = self.stird.wait_child("worker")
        self.sink = self.peer("sink", 8)
        self.carrier  # pylint: disable=pointless-statement

    def bound_memory(self, more):
        """The worker gets no more than so many octets beyond what it has."""
        if not SANITIZED:
            most = status_of(self.worker, "VmSize") + more
            resource.prlimit(self.worker, resource.RLIMIT_AS, (most, most))

    def flood(self, messages, aside=(), peer=None):
        """Sends them, three at a time; answers with the refusals (503) that come at once."""
        refused, peer = [], peer or self.sbc
        for n, message in enumerate(messages):
            peer.udp.sendto(message.octets(), (self.net(1), 5060))
            if n % 3 == 2:
                self.gather(peer, refused, aside)
        self.gather(peer, refused, aside)
        return refused

    def gather(self, peer, refused, aside):
        options = peer.request("OPTIONS", "sip:" + self.net(1))
        peer.send(options, self.at())
        while True:
            while peer.inbox:
                message = peer.inbox.pop(0)
                if message.get("call-id") == options["call-id"]:
                    return
                if message.status == 503:
                    refused.append(message)
                else:
                    self.assertIn(message.status, (100,) + tuple(aside))
            self.assertTrue(peer.poll(HANG_S), "no answer to OPTIONS")

    def messages(self, number, size=LARGE, method="MESSAGE"):
        for _ in range(number):
            yield self.sbc.request(method, "sip:+12155550199@" + self.net(1), body=b"x" * size)

    def invites(self, number, size=LARGE, **more):
        for _ in range(number):
            yield self.invite(body=b"x" * size, **more)

    def others_go_on(self):
        """Another trunk's calls are signed, by the same worker."""
        for _ in range(3):
            self.signed_call(attest="C", peer=self.peer("gateway", 4))
        self.assertTrue(alive(self.worker))
        self.assertEqual(self.stird.child("worker"), self.worker)

    def stats(self):
        return stirctl.ask(self.lab.path("stird.conf"), "stats")

    def wait_stats(self, **expected):
        def as_expected():
            now = self.stats()
            return {name: now[name] for name in expected} == expected
        wait_until(as_expected, 10, "statistics %r" % expected)

    def assert_without_retry_after(self, refused):
        for message in refused:
            self.assertNotIn("retry-after", message)

    def arrived(self, request):
        """REQUEST at the sink, amid whatever is said again there."""
        def look():
            self.sink.poll(0.1)
            self.sink.drain()  # or there is no room for what is looked for
            found = [m for m in self.sink.inbox if m.get("call-id") == request["call-id"] and
                     m.is_request and m.method == request.method]
            self.sink.inbox = []
            return found
        return wait_until(look, HANG_S, "%s at the sink" % request.method)[0]

    def answer_of(self, request, status):
        def look():
            self.sbc.poll(0.1)
            found = [m for m in self.sbc.inbox if m.get("call-id") == request["call-id"] and
                     m.method == request.method and m.status == status]
            self.sbc.inbox = []
            return found
        return wait_until(look, HANG_S, "%d to %s" % (status, request.method))[0]

    def running_call(self):
        """A call of "pbx" that was answered: (INVITE, its 200)."""
        self.sink.drain()
        invite = self.place()
        self.sink.respond(self.arrived(invite), 200)
        final = self.answer_of(invite, 200)
        self.sbc.send(dialog.in_dialog(self.sbc, "ACK", invite, final, 1), self.at())
        return invite, final

    def hang_up(self, call):
        bye = dialog.in_dialog(self.sbc, "BYE", *call, 1000)
        self.sbc.send(bye, self.at())
        self.sink.respond(self.arrived(bye), 200)
        self.answer_of(bye, 200)


class Methods(Ceilings):
    def test_messages_under_a_limit_of_memory(self):
        """1000 MESSAGEs of 60 KB to a silent next hop, each held once, with the defaults and 96 MB to spare."""
        self.start_small("")
        self.bound_memory(96 << 20)
        before = status_of(self.worker, "VmRSS")
        refused = self.flood(self.messages(1000))
        self.assertTrue(100 < len(refused) < 500, len(refused))
        self.assert_without_retry_after(refused)
        if not SANITIZED:
            self.assertLess(status_of(self.worker, "VmRSS") - before, 64 << 20)
        self.others_go_on()
        self.hang_up(self.running_call())  # the same trunk's calls go on too
        self.wait_stats(full_trunk=len(refused), full_worker=0, full_source=0)
        self.stird.wait_log("undecided request.*reason=trunk_memory")

    def test_every_method_outside_a_dialog(self):
        methods = ("SUBSCRIBE", "PUBLISH", "NOTIFY", "REFER", "INFO", "BYE", "X-ANY")
        self.start_small(' memory = "4m";')
        refused = self.flood([next(self.messages(1, method=methods[n % len(methods)]))
                              for n in range(42)])
        self.assertGreater(len(refused), 30)
        self.assertEqual({message.method for message in refused}, set(methods))
        self.hang_up(self.running_call())
        self.others_go_on()

    def test_invites(self):
        """One trunk's calls end at its ceiling; each refused one has its record; BYEs pass."""
        self.start_small(' memory = "8m";')
        call = self.running_call()
        refused = self.flood(self.invites(100))
        self.assertTrue(20 < len(refused) < 90, len(refused))
        self.assert_without_retry_after(refused)
        self.assertEqual(self.stird.record(refused[0]["call-id"])["reason"], "trunk_memory")
        self.others_go_on()
        self.hang_up(call)
        self.wait_stats(full_trunk=len(refused), limited=len(refused))

    def test_reinvites(self):
        """Those of one call that runs: others, of the same source too, go on beside them."""
        self.start_small(' memory = "8m";')
        call = self.running_call()
        reinvites = [dialog.in_dialog(self.sbc, "INVITE", *call, 2 + n, body=b"x" * LARGE)
                     for n in range(60)]
        refused = self.flood(reinvites)
        self.assertTrue(30 < len(refused) < 60, len(refused))
        self.assert_without_retry_after(refused)
        self.others_go_on()
        self.hang_up(call)
        self.hang_up(self.running_call())
        self.wait_stats(full_call=len(refused))
        records = [r for r in self.recorded("call_memory", 1) if r["call_id"] == call[0]["call-id"]]
        self.assertIn(("call_memory", 503), [(r["reason"], r["sip_status"]) for r in records])

    def test_what_is_held_for_answers_counts(self):
        """A MESSAGE that was answered is held with its answer for 32 s; then all is free again."""
        self.start_small(' memory = "8m";', SHORT_TIMERS)
        refused = []
        while not refused:
            refused = self.flood(self.messages(3, size=10))
            for _ in range(3 - len(refused)):
                message = self.sink.expect("MESSAGE")
                self.sink.respond(message, 200, body=b"y" * LARGE)
                self.answer_of(message, 200)
        wait_until(lambda: self.stats()["held_bytes"] > 5 * LARGE, 10, "much is held")
        self.others_go_on()
        wait_until(lambda: self.stats()["held_bytes"] < LARGE, 20, "the answers are held no more")
        message = next(self.messages(1))
        self.sbc.send(message, self.at())
        self.arrived(message)

    def test_the_worker_itself(self):
        """R-P-025: its ceiling is everybody's: with Retry-After, as for too many calls."""
        limits = ' memory = "4m"; per_trunk = 100; per_source = 100;'
        self.start(upstreams=[self.upstream("sink", 8)], limits=limits, trunks=[
            self.trunk(name, last, upstreams=["sink"])
            for name, last in (("pbx", 2), ("guest", 3), ("gateway", 4))])
        self.sink = self.peer("sink", 8)
        refused = []
        for name, last in (("sbc", 2), ("guest", 3), ("gateway", 4)):
            peer = self.peer(name, last)
            refused = self.flood([self.invite(peer, body=b"x" * LARGE) for _ in range(40)],
                                 peer=peer)
        self.assertGreater(len(refused), 30)
        for message in refused:
            self.assertEqual(message["retry-after"], "5")
        self.assertEqual(self.stird.record(refused[0]["call-id"])["reason"], "overloaded")

    def test_refusals_of_ours_are_bounded_too(self):
        """
        An INVITE that is refused before anything is decided is kept as any other, with its answer as
        long as there is room for that.
        """
        self.start_small(' memory = "4m";')
        invites = [self.invite(max_forwards=0, extra=["Via: SIP/2.0/UDP %s;x=%s;branch=z9hG4bK%d" % (
            self.net(7), "y" * 50000, n)]) for n in range(60)]
        self.flood(invites, aside=(483,))
        wait_until(lambda: self.stats()["held_bytes"] > 1 << 20, 10, "much is held")
        self.assertLess(self.stats()["held_bytes"], 1800000)  # of 4 MB 7/16 are for these
        self.others_go_on()


class Emergency(Ceilings):
    def emergency(self, number, size):
        return self.invites(number, size, uri="sip:911@" + self.net(1), to="<sip:911@h>")

    def test_300_at_once_under_a_limit_of_memory(self):
        """With the defaults all of them go on, and so do others."""
        self.start_small("")
        self.bound_memory(128 << 20)
        refused = self.flood(self.emergency(300, LARGE))
        self.assertEqual(refused, [])
        self.others_go_on()
        self.wait_stats(emergency_calls=300, full_emergency=0)

    def test_ceiling_of_their_number(self):
        """Above it 503, an error in the log; what ends makes room; no other limit counts."""
        self.start_small(" emergency = 5; calls = 1; per_trunk = 100; per_source = 100;")
        calls = list(self.emergency(8, 100))
        refused = self.flood(calls)
        self.assertEqual(len(refused), 3)
        self.assert_without_retry_after(refused)
        for message in refused:
            record = self.stird.record(message["call-id"])
            self.assertEqual((record["reason"], record["sip_status"]), ("emergency_full", 503))
        self.stird.wait_log("error.*emergency calls are refused")
        self.wait_stats(full_emergency=3)
        served = next(c for c in calls if c["call-id"] not in [m["call-id"] for m in refused])
        self.sbc.send(served, self.at())
        self.sink.respond(self.arrived(served), 486)
        self.answer_of(served, 486)
        self.assertEqual(self.flood(self.emergency(1, 100), aside=(486,)), [])

    def test_ceiling_of_their_memory(self):
        """Not of their number alone: the rest of the worker's memory is not theirs."""
        self.start_small(' memory = "2m"; per_trunk = 100; per_source = 100;')
        refused = self.flood(self.emergency(60, LARGE))
        self.assertGreater(len(refused), 20)
        self.assertEqual(self.stird.record(refused[0]["call-id"])["reason"], "emergency_full")
        self.others_go_on()
        self.hang_up(self.running_call())

    def test_a_flood_of_others_leaves_theirs(self):
        self.start_small(' memory = "8m"; calls = 100;')
        self.assertGreater(len(self.flood(self.invites(100))), 20)
        self.assertEqual(self.flood(self.emergency(3, 1000)), [])

    def test_which_of_60_kb_pass_when_all_else_is_full(self):
        """
        The memory for emergency calls is kept for them by arithmetic: as much as limits.memory here, of
        which one trunk has three quarters, whatever calls and requests of no call hold.
        """
        self.start_small(' memory = "8m";')
        self.assertGreater(len(self.flood(self.invites(120))), 40)
        self.assertGreater(len(self.flood(self.messages(30))), 5)
        self.assertEqual(self.flood(self.emergency(30, LARGE)), [])  # twice 60 KB each at most
        refused = self.flood(self.emergency(120, LARGE))
        self.assertGreater(len(refused), 30)
        self.wait_stats(full_emergency_trunk=len(refused), full_emergency=0)
        other = self.peer("gateway", 4)
        for _ in range(3):  # and the next trunk finds room for as long ones
            invite = self.place(other, uri="sip:911@" + self.net(1), to="<sip:911@h>", body=b"x" * LARGE)
            self.refuse(self.carrier.expect("INVITE"), invite, other)
        self.assertGreater(len(self.flood(self.invites(3))), 0)  # all the while there is none for these


class Shares(Ceilings):
    """Who may send calls at all, and sends too many of one kind: others find their part of it."""

    def in_calls(self, method, number, size, calls):
        for n in range(number):
            call = calls[n % len(calls)]
            yield dialog.in_dialog(self.sbc, method, *call, 2 + n, body=b"x" * size)

    def others_call_911(self):
        """A trunk of another source, by the carrier."""
        other = self.peer("gateway", 4)
        for _ in range(3):
            invite = self.place(other, uri="sip:911@" + self.net(1), to="<sip:911@h>")
            self.refuse(self.carrier.expect("INVITE"), invite, other)

    def test_a_trunk_floods_911(self):
        """500 of one trunk, with the defaults: those of others go on; told by the trunk's name."""
        self.start_small("")
        calls = self.invites(500, 100, uri="sip:911@" + self.net(1), to="<sip:911@h>")
        refused = self.flood(calls)
        self.assertEqual(len(refused), 125)
        self.assert_without_retry_after(refused)
        self.assertEqual(self.stird.record(refused[0]["call-id"])["reason"], "emergency_trunk")
        self.stird.wait_log("error.*emergency calls are refused.*trunk=pbx")
        self.others_call_911()
        self.others_go_on()
        self.hang_up(self.running_call())
        self.wait_stats(full_emergency_trunk=125, full_emergency=0, full_emergency_source=0)

    def test_911_in_to_alone(self):
        """It counts as any call; above a limit as one of a quarter, and 911 finds the others."""
        self.start_small(" emergency = 16; per_trunk = 100; per_source = 100;", calls=2)
        alone = {"uri": "sip:+19005550100@" + self.net(1), "to": "<sip:911@h>"}
        true = {"uri": "sip:911@" + self.net(1), "to": "<sip:911@h>"}
        refused = self.flood(self.invites(12, 100, **alone))
        self.assertEqual(len(refused), 6)  # 2 as others, 4 of 16
        self.assertEqual(self.stird.record(refused[0]["call-id"])["reason"], "emergency_full")
        self.assertEqual(len(self.flood(self.invites(1, 100))), 1)
        self.assertEqual(self.flood(self.invites(12, 100, **true)), [])
        self.assertEqual(len(self.flood(self.invites(2, 100, **true))), 2)
        self.wait_stats(emergency_by_to=12, full_emergency=8)

    def test_911_in_to_alone_of_60_kb(self):
        """Neither do they take the memory of true ones: theirs, and a quarter, is all they get."""
        self.start_small(' memory = "4m"; per_trunk = 100; per_source = 100;')
        alone = {"uri": "sip:+19005550100@" + self.net(1), "to": "<sip:911@h>"}
        refused = self.flood(self.invites(100, LARGE, **alone))
        self.assertGreater(len(refused), 20)
        self.others_call_911()
        true = self.invites(6, LARGE, uri="sip:911@" + self.net(1), to="<sip:911@h>")
        self.assertEqual(self.flood(true), [])

    def test_its_911_of_60_kb(self):
        """They hold their trunk's part of the memory, not that of others' emergency calls."""
        self.start_small(' memory = "4m";')
        calls = self.invites(100, LARGE, uri="sip:911@" + self.net(1), to="<sip:911@h>")
        refused = self.flood(calls)
        self.assertGreater(len(refused), 40)
        self.assertEqual(self.stird.record(refused[0]["call-id"])["reason"], "emergency_trunk")
        self.others_call_911()
        self.others_go_on()

    def test_trunks_of_one_source(self):
        """One floods 911: the other one behind the same SBC finds room, and so do other sources."""
        self.start(limits=" emergency = 40;", trunks=[
            self.trunk("pbx", 2, upstreams=["sink"], tgrp="one", tgrp_in="from"),
            self.trunk("guest", 2, upstreams=["carrier"], tgrp="two", tgrp_in="from"),
            self.trunk("gateway", 4)],
            upstreams=[self.upstream(), self.upstream("sink", 8)])
        self.sink = self.peer("sink", 8)
        self.carrier  # pylint: disable=pointless-statement
        where = {"uri": "sip:911@" + self.net(1), "to": "<sip:911@h>"}
        one, two = ("<sip:p;tgrp=%s;trunk-context=example.net@h>" % name for name in ("one", "two"))
        refused = self.flood(self.invites(60, 100, from_=one, **where))
        self.assertEqual(len(refused), 30)
        for _ in range(2):
            invite = self.place(from_=two, **where)
            self.refuse(self.carrier.expect("INVITE"), invite)
        self.others_call_911()

    def test_byes_of_60_kb(self):
        """Of running calls: long ones are no more urgent than others, and short ones pass."""
        self.start_small(' memory = "8m";')
        calls = [self.running_call() for _ in range(4)]
        refused = self.flood(self.in_calls("BYE", 80, LARGE, calls))
        self.assertGreater(len(refused), 40)
        self.assert_without_retry_after(refused)
        self.stird.wait_log("error.*requests are refused.*reason=call_memory")
        self.others_go_on()
        self.hang_up(self.running_call())
        for call in calls:
            self.hang_up(call)

    def test_byes_of_8_kb(self):
        """As long as one may be: the part of END, which is not that of new calls."""
        self.start_small(' memory = "4m";')
        calls = [self.running_call() for _ in range(4)]
        refused = self.flood(self.in_calls("BYE", 400, 7000, calls))
        self.assertGreater(len(refused), 100)
        self.others_go_on()
        self.hang_up(self.running_call())

    def test_updates(self):
        """And all else inside calls: others' new calls and BYEs pass."""
        self.start_small(' memory = "8m";')
        calls = [self.running_call() for _ in range(4)]
        for method in ("UPDATE", "INFO", "REFER", "MESSAGE", "SUBSCRIBE"):
            self.assertGreater(len(self.flood(self.in_calls(method, 40, LARGE, calls))), 20)
        self.others_go_on()
        self.hang_up(self.running_call())
        for call in calls:
            self.hang_up(call)

    def test_all_of_it_at_once(self):
        """One source, in each class: whatever it does, the others' part stays theirs."""
        self.start_small(' memory = "8m"; emergency = 20;')
        calls = [self.running_call() for _ in range(4)]
        for method in ("BYE", "UPDATE", "INVITE"):
            self.assertTrue(self.flood(self.in_calls(method, 60, LARGE, calls)))
        self.assertTrue(self.flood(self.in_calls("BYE", 400, 8000, calls)))
        self.assertTrue(self.flood(self.messages(40)))
        self.assertTrue(self.flood(self.invites(60)))
        emergencies = self.invites(40, 100, uri="sip:911@" + self.net(1), to="<sip:911@h>")
        self.assertTrue(self.flood(emergencies))
        self.others_go_on()
        self.others_call_911()
        other = self.peer("gateway", 4)
        other.send(other.request("MESSAGE", "sip:+12155550199@" + self.net(1)), self.at())
        self.carrier.respond(self.carrier.expect("MESSAGE"), 200)
        other.expect(200)

    def test_calls_in_progress(self):
        """limits.calls is everybody's: one trunk that lets calls ring leaves others their part."""
        self.start_small(" calls = 40;")
        refused = self.flood(self.invites(60, 100))
        self.assertEqual(len(refused), 30)
        self.assertEqual(self.stird.record(refused[0]["call-id"])["reason"], "trunk_full")
        self.others_go_on()
        self.wait_stats(full_worker=0)

    def test_calls_in_progress_and_reinvites(self):
        """What is inside calls is no call that begins."""
        self.start_small(" calls = 4;")
        calls = [self.running_call() for _ in range(8)]
        self.flood(self.in_calls("INVITE", 40, 100, calls))
        self.others_go_on()
        self.hang_up(self.running_call())

    def test_what_upstreams_send(self):
        """Requests inside calls, INVITEs that are for nobody, and answers of 60 KB."""
        self.start_small(' memory = "8m";')
        calls = []
        for _ in range(4):
            invite = self.place()
            arrived = self.arrived(invite)
            accepted = self.sink.respond(arrived, 200)
            self.answer_of(invite, 200)
            calls.append((arrived, accepted))
        updates = [dialog.callee_in_dialog(self.sink, "UPDATE", *calls[n % 4], 2 + n,
                                           body=b"x" * LARGE) for n in range(60)]
        self.assertGreater(len(self.flood(updates, peer=self.sink, aside=(200,))), 30)
        self.flood([self.invite(self.sink, body=b"x" * LARGE) for _ in range(60)], peer=self.sink,
                   aside=(403,))
        for _ in range(30):
            message = next(self.messages(1, size=10))
            self.sbc.send(message, self.at())
            self.sink.respond(self.arrived(message), 200, body=b"y" * LARGE)
        self.others_go_on()
        self.hang_up(self.running_call())

    def test_what_keeps_nothing(self):
        """ACKs and CANCELs that belong to nothing, with bodies of 60 KB, hold nothing."""
        self.start_small(' memory = "1m";')
        call = self.running_call()
        self.flood((dialog.in_dialog(self.sbc, method, *call, 2 + n, body=b"x" * LARGE)
                    for n, method in enumerate(("ACK", "CANCEL") * 50)), aside=(481,))
        self.others_go_on()
        self.hang_up(call)
        self.hang_up(self.running_call())
