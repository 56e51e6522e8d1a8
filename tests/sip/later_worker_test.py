"""What a worker can do for calls that a worker before it began; it knows nothing of them."""

import os
import signal
import time

from lib.dialog import callee_in_dialog, cancel, in_dialog
from lib.story import Story


class LaterWorker(Story):
    def kill_worker(self):
        before = self.stird.child("worker")
        os.kill(before, signal.SIGKILL)
        self.stird.wait_child("worker", other_than=before)
        time.sleep(0.3)

    def begin(self, **more):
        self.start(**more)
        invite = self.place()
        return invite, self.carrier.expect("INVITE")

    def test_r_p_069_the_200_of_an_earlier_call(self):
        """Killed before anything was answered: 180 and 200 pass, also their copies."""
        invite, arrived = self.begin()
        self.kill_worker()
        for status in (180, 200):
            answer = self.carrier.respond(arrived, status)
            final = self.sbc.expect((status, "INVITE"))
            self.assertEqual(final.raws("via"), self.with_received(invite))
        self.carrier.send(answer, self.at())
        self.sbc.expect((200, "INVITE"), retransmissions=True)
        self.sbc.acknowledge(invite, final)
        self.carrier.expect("ACK")

    def with_received(self, invite):
        via = invite.raws("via")[0].replace(b";rport", b";rport=5060")
        return [via + b";received=" + self.net(2).encode()]

    def test_r_p_069_a_refusal_of_an_earlier_call(self):
        invite, arrived = self.begin()
        self.kill_worker()
        self.carrier.respond(arrived, 486)
        final = self.sbc.expect((486, "INVITE"))
        self.sbc.acknowledge(invite, final, self.at())

    def test_r_p_069_the_callers_copy_finds_the_same_transaction(self):
        """The INVITE again, to the new worker: it leaves with the same branch."""
        invite, arrived = self.begin()
        self.kill_worker()
        self.sbc.send(invite, self.at())
        again = self.carrier.expect("INVITE")
        self.assertEqual(self.carrier.top_branch(again), self.carrier.top_branch(arrived))
        self.assertEqual(again.uri, arrived.uri)
        self.carrier.respond(again, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")

    def test_r_p_033_an_earlier_call_is_ended_by_either_side(self):
        for ender in ("sbc", "carrier"):
            with self.subTest(ender=ender):
                if self.stird is None:
                    self.start()
                invite = self.place()
                arrived = self.carrier.expect("INVITE")
                sent = self.carrier.respond(arrived, 200)
                ok = self.sbc.expect((200, "INVITE"))
                self.sbc.acknowledge(invite, ok)
                self.carrier.expect("ACK")
                self.kill_worker()
                if ender == "sbc":
                    self.sbc.send(in_dialog(self.sbc, "BYE", invite, ok, 2), self.at())
                    self.carrier.respond(self.carrier.expect("BYE"), 200)
                    self.sbc.expect((200, "BYE"))
                else:
                    bye = callee_in_dialog(self.carrier, "BYE", arrived, sent, 1)
                    self.carrier.send(bye, self.at())
                    self.sbc.respond(self.sbc.expect("BYE"), 200)
                    self.carrier.expect((200, "BYE"))

    def test_r_p_074_a_cancel_of_an_earlier_call(self):
        """481, as of any call that is not known (docs/sip.md)."""
        invite, _ = self.begin()
        self.kill_worker()
        self.sbc.send(cancel(invite), self.at())
        self.sbc.expect((481, "CANCEL"))
        self.carrier.expect_nothing(0.2)
