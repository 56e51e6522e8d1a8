"""What is in flight of one trunk, of one upstream, and unacknowledged (Decided 15 and 5)."""

import os
import re
import time

from lib import dialog, stirctl
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story


class Limits(Story):
    def counts_at_the_end(self):
        """The levels that the worker names when it ends: calls, connections aside."""
        self.stird.stop()
        line = self.stird.log_lines("worker ends")[-1]
        return {name: int(n) for name, n in re.findall(r"(calls|in_flight)=(\d+)", line)}

    def ring(self, number, **more):
        """NUMBER calls that ring: [(sent, arrived)]."""
        calls = []
        for _ in range(number):
            invite = self.place(**more)
            calls.append((invite, self.carrier.expect("INVITE")))
        return calls

    def hang_up(self, calls, peer=None):
        for invite, arrived in calls:
            self.refuse(arrived, invite, peer)

    def test_calls_of_a_trunk(self):
        """R-P-025: one trunk's limit is no reason to stay away: 503 without Retry-After."""
        self.start(pbx={"calls": 2})
        ringing = self.ring(2)
        for _ in range(3):
            _, final = self.refused_call(503, reason="trunk_full")
            self.assertNotIn("retry-after", final)
        other = self.peer("gateway", 4)
        self.signed_call(attest="C", peer=other)
        emergency = self.ring(1, uri="sip:911@" + self.net(1), to="<sip:911@h>")
        self.hang_up(emergency + ringing[:1])
        self.signed_call()
        self.hang_up(ringing[1:])
        self.assertEqual(self.counts_at_the_end(), {"calls": 0, "in_flight": 0})

    def test_calls_of_an_upstream(self):
        """The next one takes what is above; when all are full, 503 without Retry-After."""
        self.start(upstreams=[self.upstream(calls=1), self.upstream("second", 8, calls=2)],
                   pbx={"upstreams": ["carrier", "second"]})
        second = self.peer("second", 8)
        first = self.ring(1)
        placed = []
        for _ in range(2):
            invite = self.place()
            placed.append((invite, second.expect("INVITE")))
        _, final = self.refused_call(503, reason="upstream_full")
        self.assertNotIn("retry-after", final)
        self.hang_up(first)
        self.signed_call()
        for invite, arrived in placed:
            self.refuse(arrived, invite, at=second)
        self.assertEqual(self.counts_at_the_end(), {"calls": 0, "in_flight": 0})

    def test_a_refusal_for_a_limit_keeps_nothing(self):
        """It is sent once; the ACK goes nowhere; the same INVITE is taken when there is room."""
        self.start(pbx={"calls": 1})
        ringing = self.ring(1)
        invite = self.place()
        final = self.sbc.expect(503)
        time.sleep(0.7)
        self.sbc.poll(0)
        self.assertEqual(self.sbc.copies(final), 1, "nobody repeats it")
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect_nothing(0.1)
        self.hang_up(ringing)
        self.sbc.send(invite, self.at())
        self.hang_up([(invite, self.carrier.expect("INVITE"))])

    def test_refusals_that_nobody_acknowledges(self):
        """Above the limit the trunk gets 503; another one does not, and an ACK makes room."""
        self.start(limits=" unacknowledged = 2;")
        finals = []
        for _ in range(2):
            invite = self.place()
            self.carrier.respond(self.carrier.expect("INVITE"), 486)
            finals.append((invite, self.sbc.expect(486)))
            self.carrier.expect("ACK")
        invite = self.place()
        final = self.sbc.expect(503)
        self.assertNotIn("retry-after", final)
        self.record(invite, reason="trunk_unacknowledged")
        self.signed_call(attest="C", peer=self.peer("gateway", 4))
        for invite, final in finals:
            self.sbc.acknowledge(invite, final, self.at())
        self.signed_call()

    def test_every_end_of_a_call_is_counted(self):
        """Answered, refused, cancelled, timed out, unreachable, refused here: all is zero again."""
        self.start(pbx={"calls": 500}, upstreams=[self.upstream(calls=500)])
        ends = (self.answered, self.refused, self.cancelled, self.answered_twice, self.here)
        rounds = (1000 if os.environ.get("STIRD_LONG") else 100) // len(ends)
        for _ in range(rounds):
            for end in ends:
                end()
        self.assertEqual(self.counts_at_the_end(), {"calls": 0, "in_flight": 0})

    def test_an_end_without_a_word_is_counted(self):
        """Nobody answers, and the 408 is never acknowledged."""
        self.start(more='timers = { t1 = "50ms"; t2 = "500ms"; };')
        self.place()
        self.sbc.expect(408)
        wait_until(lambda: stirctl.ask(self.lab.path("stird.conf"), "stats")["held_bytes"] == 0, HANG_S, "timer H")
        self.assertEqual(self.counts_at_the_end(), {"calls": 0, "in_flight": 0})

    def answered(self):
        invite = self.place()
        self.carrier.respond(self.carrier.expect("INVITE", skip=("ACK",)), 200)
        self.sbc.acknowledge(invite, self.sbc.expect(200))

    def refused(self):
        invite = self.place()
        self.refuse(self.carrier.expect("INVITE", skip=("ACK",)), invite)

    def cancelled(self):
        invite = self.place()
        arrived = self.carrier.expect("INVITE", skip=("ACK",))
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(dialog.cancel(invite), self.at())
        self.carrier.respond(self.carrier.expect("CANCEL"), 200)
        self.carrier.respond(arrived, 487)
        self.sbc.acknowledge(invite, self.sbc.expect((487, "INVITE"), skip=((200, "CANCEL"),)),
                             self.at())
        self.carrier.expect("ACK")

    def answered_twice(self):
        """Two callees of one fork say 200."""
        invite = self.place()
        arrived = self.carrier.expect("INVITE", skip=("ACK",))
        for tag in ("one", "two"):
            self.carrier.respond(arrived, 200, tag=tag)
            self.sbc.acknowledge(invite, self.sbc.expect(200))

    def here(self):
        invite = self.place(uri="sip:+12155550199@" + self.net(1), max_forwards=0)
        self.sbc.acknowledge(invite, self.sbc.expect(483), self.at())
