"""
Calls of every kind and every error path in turn, for what they leave behind: the sanitizers look
here, and valgrind by scripts/soak. $STIRD_SOAK_CALLS says how many.
"""

import os
import random
import signal

from lib import dialog
from lib.patience import HANG_S
from lib.sip import Message
from lib.story import Story
from sip.vectors_test import vectors

CALLS = int(os.environ.get("STIRD_SOAK_CALLS", "300"))
SLOW = bool(os.environ.get("STIRD_SLOW"))  # under valgrind
WAIT = HANG_S


class Soak(Story):
    def expect(self, peer, what, call_id):
        """The message WHAT of this call; everything else is passed over."""
        while True:
            message = peer.expect(what, timeout=WAIT, skip=self.anything)
            if message["call-id"] == call_id:
                return message

    anything = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "MESSAGE",
                *range(100, 700))

    def arrive(self, invite):
        return self.expect(self.carrier, "INVITE", invite["call-id"])

    def end(self, invite, status, arrived=None):
        if arrived is not None:
            self.carrier.respond(arrived, status)
        final = self.expect(self.sbc, status, invite["call-id"])
        self.sbc.acknowledge(invite, final, self.at(final.transport))
        return final

    # kinds of calls
    def refused(self):
        invite = self.place()
        self.end(invite, 486, self.arrive(invite))

    def refused_over_tcp(self):
        invite = self.place(transport="tcp")
        self.end(invite, 603, self.arrive(invite))

    def answered(self):
        invite = self.place()
        arrived = self.arrive(invite)
        self.carrier.respond(arrived, 180)
        final = self.end(invite, 200, arrived)
        bye = dialog.in_dialog(self.sbc, "BYE", invite, final, 2)
        self.sbc.send(bye, self.sbc.next_hop(bye))
        self.carrier.respond(self.expect(self.carrier, "BYE", invite["call-id"]), 200)
        self.expect(self.sbc, (200, "BYE"), invite["call-id"])

    def cancelled(self):
        invite = self.place()
        arrived = self.arrive(invite)
        self.carrier.respond(arrived, 180)
        self.expect(self.sbc, 180, invite["call-id"])
        self.sbc.send(dialog.cancel(invite), self.at())
        cancel = self.expect(self.carrier, "CANCEL", invite["call-id"])
        self.carrier.respond(cancel, 200)
        self.end(invite, 487, arrived)

    def unsigned(self):
        invite = self.place(caller="alice")
        self.end(invite, 486, self.arrive(invite))

    def blocked(self):
        self.end(self.place(caller="+12155556000"), 603)

    def no_hops(self):
        self.end(self.place(max_forwards=0), 483)

    def bad_extension(self):
        self.end(self.place(extra=["Proxy-Require: x"]), 420)

    def existing(self):
        invite = self.place(extra=["Identity: a.b.c;info=<https://x.example>;alg=ES256;ppt=shaken"])
        self.end(invite, 486, self.arrive(invite))

    def failed_over(self):
        """The first says 503, the second refuses."""
        invite = self.place(uri="sip:+12155558888@" + self.net(1))
        self.carrier.respond(self.arrive(invite), 503)
        second = self.peer("second", 8)
        arrived = self.expect(second, "INVITE", invite["call-id"])
        second.respond(arrived, 486)
        self.end(invite, 486)

    def above_the_limit(self):
        crowd = self.peer("crowded", 5)
        first = self.place(crowd)
        arrived = self.arrive(first)
        second = self.place(crowd)
        final = self.expect(crowd, 503, second["call-id"])
        crowd.acknowledge(second, final, self.at())
        self.carrier.respond(arrived, 486)
        final = self.expect(crowd, 486, first["call-id"])
        crowd.acknowledge(first, final, self.at())

    def unreachable(self):
        """Nobody is at the next hop's port: ICMP."""
        lonely = self.peer("lonely", 6)
        invite = self.place(lonely)
        final = self.expect(lonely, 503, invite["call-id"])
        lonely.acknowledge(invite, final, self.at())

    def options(self):
        options = self.sbc.request("OPTIONS", "sip:" + self.net(1))
        self.sbc.send(options, self.at())
        self.expect(self.sbc, 200, options["call-id"])

    def odd(self):
        """Messages that are malformed or belong to nobody."""
        for raw in self.random.sample(self.odds, 3):
            self.sbc.send(raw, self.at())
        stray = Message("SIP/2.0 200 OK", [h.raw for h in self.invite().headers])
        self.carrier.send(stray, self.at())
        self.options()

    def nobody(self):
        peer = self.peer("nobody", 66)
        peer.send(self.invite(peer), self.at())

    def reloaded(self):
        if self.random.random() < 0.05:
            self.stird.reload()

    def signer_dies(self):
        pid = self.stird.child("signer")
        if pid and not SLOW and self.random.random() < 0.1:
            os.kill(pid, signal.SIGKILL)

    def test_calls(self):
        self.random = random.Random(1)
        self.odds = [raw for _, raw, action, _ in vectors() if action in ("reply", "drop")]
        self.start(
            drain="40s", more='timers = { t1 = "%s"; t2 = "4s"; };\nsigning = { timeout = "1s"; };\n'
            'security = { landlock_required = %s; };'
            % (("500ms", "false") if SLOW else ("200ms", "true")),
            upstreams=[self.upstream(), self.upstream("second", 8), self.upstream("void", 77)],
            trunks=[self.trunk(upstreams=["carrier", "second"]),
                    self.trunk("crowded", 5, calls=1),
                    self.trunk("lonely", 6, upstreams=["void"])])
        kinds = [self.refused, self.refused_over_tcp, self.answered, self.cancelled, self.unsigned,
                 self.blocked, self.no_hops, self.bad_extension, self.existing, self.failed_over,
                 self.above_the_limit, self.unreachable, self.options, self.odd, self.nobody,
                 self.reloaded, self.signer_dies]
        self.carrier, self.peer("second", 8)  # pylint: disable=expression-not-assigned
        for number in range(CALLS):
            kinds[number % len(kinds)]()
            if number % 50 == 0:
                self.transcript.lines = []
                for peer in self.peers.values():
                    peer.inbox, peer.seen = [], {}
        self.stird.stop(timeout=120.0)
        self.assertIn("calls=0 in_flight=0", self.stird.log_lines("worker ends")[-1])
