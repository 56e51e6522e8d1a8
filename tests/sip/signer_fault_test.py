"""A signer that hangs, dies or is gone costs signatures, never calls."""

import os
import signal
import time

from lib.lab import make_unit
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

SOON = 'signing = { timeout = "50ms"; %s };'


class SignerFault(Story):
    def test_hung_signer_calls_go_on_unsigned(self):
        """R-P-097 R-P-100: within 50 ms, and the record says signer_timeout."""
        self.start(more=SOON % "")
        self.hang("signer")
        invite, arrived = self.short_call()
        self.assertEqual(arrived.raws("identity"), [])
        self.record(invite, decision="passed", reason="signer_timeout", orig_tn="12155550100")

    def test_hung_signer_holds_nobody_else(self):
        """What comes alone while a call waits, when the worker looks for its signature: it is answered all the same."""
        self.start(more=SOON % "")
        self.hang("signer")
        for number in range(5):
            invite = self.place(called="+121555570%02d" % number)
            for _ in range(3):
                self.heard()
            arrived = self.carrier.expect("INVITE")
            self.assertEqual(arrived.raws("identity"), [])
            self.refuse(arrived, invite)
            self.record(invite, decision="passed", reason="signer_timeout")

    def test_hung_signer_is_replaced(self):
        """Within a second or so, and calls are signed again."""
        self.start()
        before = self.stird.child("signer")
        os.kill(before, signal.SIGSTOP)
        self.stird.wait_child("signer", other_than=before)
        self.signed_again()

    def signed_again(self):
        """Calls until one is signed; each of them arrives."""
        def signed():
            _, arrived = self.short_call()
            return arrived if arrived.raws("identity") else None
        self.verify(wait_until(signed, HANG_S, "a signed call"), "A")

    def test_fail_closed(self):
        """R-P-097: 503 instead."""
        self.start(more=SOON % 'failure = "fail_closed";')
        self.hang("signer")
        self.refused_call(503, reason="signer_timeout")

    def test_killed_signer(self):
        """Twenty calls while it is killed three times: all arrive; then all are signed."""
        self.start()
        for number in range(20):
            if number % 7 == 3:
                os.kill(self.stird.child("signer") or self.stird.wait_child("signer"),
                        signal.SIGKILL)
            self.short_call(called="+121555570%02d" % number)
        self.signed_again()
        for _ in range(5):
            self.signed_call()

    def test_killed_signer_is_back(self):
        """How soon, unit/child_test says."""
        self.start()
        before = self.stird.child("signer")
        os.kill(before, signal.SIGKILL)
        self.stird.wait_child("signer", other_than=before)
        self.signed_again()


class CertificateFault(Story):
    """A certificate that is not valid yet is no reason not to start, and none to sign."""

    def setUp(self):
        super().setUp()
        self.lab.unit = make_unit(self.lab.directory, "tomorrow", "--bad", "future")

    def test_calls_go_on_unsigned(self):
        """R-P-097: and the record says why."""
        self.start()
        self.unsigned_call("certificate_not_yet_valid")

    def test_fail_closed(self):
        self.start(more='signing = { failure = "fail_closed"; };')
        self.refused_call(503, reason="certificate_not_yet_valid")


class WorkerFault(Story):
    def test_killed_worker_between_calls(self):
        """The next call is signed; the SBC's retransmission finds the new worker."""
        self.start()
        self.signed_call()
        before = self.stird.child("worker")
        os.kill(before, signal.SIGKILL)
        invite = self.place()
        arrived = self.arrive_by_retransmission(invite)
        self.verify(arrived, "A")
        self.refuse(arrived, invite)

    def arrive_by_retransmission(self, invite):
        for _ in range(int(2 * HANG_S)):
            self.carrier.poll(0.5)
            if self.carrier.inbox:
                return self.carrier.expect("INVITE")
            self.sbc.send(invite, self.at())
        raise AssertionError("the call did not arrive")

    def test_killed_worker_while_it_rings(self):
        """R-P-069: answers of a call that an earlier worker began are forwarded by their Via."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        before = self.stird.child("worker")
        os.kill(before, signal.SIGKILL)
        self.stird.wait_child("worker", other_than=before)
        time.sleep(0.3)
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")

    def test_drain(self):
        """R-P-083: SIGTERM while it rings: new calls are refused, this one completes."""
        self.start(drain="%ds" % (2 * HANG_S))
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.stird.process.send_signal(signal.SIGTERM)
        self.wait_draining()
        second = self.place(called="+12155550777")
        self.sbc.acknowledge(second, self.sbc.expect(503), self.at())
        self.refuse(arrived, invite)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)
