"""SIGTERM: running calls end, new ones go elsewhere, an emergency call is always taken."""

import signal
import time

from lib.patience import HANG_S
from lib.story import Story


class Drain(Story):
    def ring(self):
        """A call that rings: (sent, arrived)."""
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        return invite, arrived

    def terminate(self):
        self.stird.process.send_signal(signal.SIGTERM)
        self.wait_draining()

    def options(self):
        request = self.sbc.request("OPTIONS", "sip:%s:5060" % self.net(1))
        self.sbc.send(request, self.at())

    def expect_end(self):
        self.assertEqual(self.stird.process.wait(HANG_S), 0)

    def start_to_drain(self, way="503"):
        """What comes after the last call's end has 2 * T1."""
        self.start(drain="%ds" % (2 * HANG_S), more='proxy = { drain = "%s"; };\ntimers = { t1 = "3s"; };' % way)

    def answer_and_hang_up(self, invite, arrived):
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final)
        self.carrier.expect("ACK")

    def test_by_503(self):
        """R-P-083: the call that rings goes on; OPTIONS and new calls get 503, then the end."""
        self.start_to_drain()
        invite, arrived = self.ring()
        self.terminate()
        self.options()
        self.assertIn("retry-after", self.sbc.expect(503))
        _, final = self.refused_call(503, reason="draining")
        self.assertIn("retry-after", final)
        self.assertIsNone(self.stird.process.poll())
        self.answer_and_hang_up(invite, arrived)
        self.expect_end()

    def test_by_silence(self):
        """proxy.drain: neither OPTIONS nor a new call gets an answer."""
        self.start_to_drain("silence")
        self.options()
        self.sbc.expect(200)
        invite, arrived = self.ring()
        self.terminate()
        self.options()
        self.place()
        self.sbc.expect_nothing(0.7)
        self.carrier.expect_nothing(0.1)
        self.answer_and_hang_up(invite, arrived)
        self.expect_end()
        self.assertEqual(len(self.stird.records()), 1)

    def emergency(self, way):
        self.start(drain="%ds" % (2 * HANG_S), more='proxy = { drain = "%s"; };' % way)
        invite, arrived = self.ring()
        self.terminate()
        emergency = self.place(uri="sip:911@" + self.net(1), to="<sip:911@h>")
        self.refuse(self.carrier.expect("INVITE"), emergency)
        self.refuse(arrived, invite)
        self.expect_end()

    def test_emergency(self):
        """Decided 5: no drain keeps an emergency call from being taken."""
        self.emergency("503")

    def test_emergency_in_silence(self):
        self.emergency("silence")

    def test_late_ack(self):
        """The last call's ACK still goes through: it needs a round trip."""
        self.start_to_drain()
        invite, arrived = self.ring()
        self.terminate()
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        time.sleep(0.4)
        self.sbc.acknowledge(invite, final)
        self.carrier.expect("ACK")
        self.expect_end()

    def test_limit(self):
        """limits.drain_timeout: a call that goes on ringing does not keep stird."""
        self.start(drain="1s")
        self.ring()
        began = time.monotonic()
        self.terminate()
        self.expect_end()
        self.assertGreater(time.monotonic() - began, 0.8)

    def test_a_call_that_is_cut_off(self):
        """Its record and its line are written all the same: one that rings, one without a word of
        the next hop."""
        self.start(drain="0ms")
        ringing, _ = self.ring()
        silent = self.place()
        self.carrier.expect("INVITE")
        self.stird.process.send_signal(signal.SIGTERM)
        self.expect_end()
        lines = self.stird.log()
        for invite in (ringing, silent):
            record = self.record(invite, decision="signed", attest="A", cause="stopped",
                                 result="unknown")
            self.assertEqual([hop["said"] for hop in record["tried"]], ["nothing"])
            self.assertRegex(lines, "call call_id=%s .*cause=stopped" % invite["call-id"])
        self.assertEqual(len(self.stird.records()), 2)

    def test_without_calls(self):
        """It ends long before its time is up."""
        self.start(drain="%ds" % (10 * HANG_S))
        self.signed_call()
        self.stird.process.send_signal(signal.SIGTERM)
        self.expect_end()
