"""R-C-014: Somebody sets the clock while calls are on."""

import os
import struct
import time

from lib import dialog
from lib.identity import Token
from lib.lab import shim
from lib.story import Story

HOUR = 3600
DAY = 24 * HOUR


class Clock(Story):
    def setUp(self):
        super().setUp()
        self.clock = self.lab.path("clock")
        self.set_clock(0)

    def set_clock(self, seconds):
        """Real time as the processes see it is so far off from ours."""
        self.offset = seconds
        with open(self.clock, "r+b" if os.path.exists(self.clock) else "w+b") as out:
            out.write(struct.pack("=q", seconds))

    def start_with(self, path, records=None):
        preloaded = {"LD_PRELOAD": shim("clock_shim"), "STIRD_TEST_CLOCK": self.clock,
                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                                     ":verify_asan_link_order=0"}
        before = dict(os.environ)
        os.environ.update(preloaded)
        try:
            return super().start_with(path, records)
        finally:
            for name in preloaded:
                os.environ.pop(name)
            os.environ.update(before)

    def check_signed_now(self, arrived, before):
        """iat is what the clock said between BEFORE and now."""
        values = arrived.all("identity")
        self.assertEqual(len(values), 1, arrived.octets())
        token = Token(values[0])
        self.assertGreaterEqual(token.iat, int(before + self.offset) - 1)
        self.assertLessEqual(token.iat, time.time() + self.offset + 1)
        self.assertEqual(token.attest, "A")
        return token

    def calls(self, number):
        for _ in range(number):
            before = time.time()
            _, arrived = self.short_call()
            self.check_signed_now(arrived, before)

    def check_step(self, seconds):
        self.start()
        self.calls(3)
        ringing = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        lost = self.place()
        unheard = self.carrier.expect("INVITE")
        self.set_clock(seconds)
        self.calls(20)
        self.stird.wait_log(r"clock was set while running by_ms=-?3[56]\d{5}")
        self.stird.wait_notify("; 1 clock steps")
        # Sent again by its interval, and given up by nobody.
        again = self.carrier.expect("INVITE", retransmissions=True)
        self.assertEqual(again.raw, unheard.raw)
        self.refuse(unheard, lost)
        self.carrier.respond(arrived, 200)
        self.sbc.acknowledge(ringing, self.sbc.expect(200))
        self.carrier.expect("ACK")
        self.set_clock(0)
        self.calls(20)
        for line in self.stird.log_lines("level=-"):
            self.fail("a call was not signed: " + line)

    def test_an_hour_ahead(self):
        self.check_step(HOUR)

    def test_an_hour_back(self):
        self.check_step(-HOUR)

    def talk(self):
        """A call that is up: (INVITE, final answer, INVITE as it arrived, answer)."""
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answer = self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        return invite, final, arrived, answer

    def check_goes_on(self, call):
        """A re-INVITE and a BYE reach their callee by what it gave as Contact, one of the callee the caller."""
        invite, final, arrived, answer = call
        again = dialog.in_dialog(self.sbc, "INVITE", invite, final, 2, body=dialog.SDP)
        self.sbc.send(again, self.at())
        there = self.carrier.expect("INVITE")
        self.assertEqual(there.uri, "sip:carrier@%s:5060" % self.net(9))
        self.assertEqual(there.all("identity"), [])
        self.refuse(there, again, status=488)
        for sender, other, message in (
                (self.carrier, self.sbc, dialog.callee_in_dialog(self.carrier, "INFO", arrived, answer, 7)),
                (self.carrier, self.sbc, dialog.callee_in_dialog(self.carrier, "BYE", arrived, answer, 8)),
                (self.sbc, self.carrier, dialog.in_dialog(self.sbc, "BYE", invite, final, 3))):
            sender.send(message, self.at())
            other.respond(other.expect(message.method), 200)
            sender.expect((200, message.method))

    def check_calls_go_on(self, *steps):
        """Calls that began by any clock of before, and by the one that is."""
        self.start()
        calls = [self.talk()]
        for step in steps:
            self.set_clock(step)
            calls.append(self.talk())
        for call in calls:
            self.check_goes_on(call)

    def test_days_ahead(self):
        """A machine that began without a battery."""
        self.check_calls_go_on(3 * DAY)

    def test_days_back(self):
        self.check_calls_go_on(-3 * DAY)

    def test_years(self):
        self.check_calls_go_on(-20 * 365 * DAY)

    def test_there_and_back(self):
        """A wrong time server, for a moment."""
        self.check_calls_go_on(3 * DAY, 0)
