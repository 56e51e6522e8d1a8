"""SIPp as an SBC that asks by redirect: it ACKs late, and calls its carrier, another SIPp, with what it was told."""

import os
import re
import unittest

from lib.installed import need
from lib.patience import HANG_S
from lib.redirecting import Redirecting
from lib.sipp import Sipp
from lib.stird import wait_until

CALLS = 20
CALLERS = (("+12155550100", "A"), ("+12155552001", "A"), ("+12155553001", "B"), ("+13125550000", "B"))


class SippAsks(Redirecting):
    def test_udp(self):
        """R-D-007, R-D-018: answers are repeated while no ACK comes, the same octets, and each of them is a call's one token."""
        need(self, "sipp")
        self.begin("clearip", more='signing = { timeout = "1s"; };')
        fields = [(CALLERS[i % len(CALLERS)][0], "+121555598%02d" % i, self.net(9)) for i in range(CALLS)]
        answering = Sipp(self.lab.path("callee"), "busy", self.net(9), 5060, CALLS)
        self.addCleanup(answering.close)
        answering.wait_bound()
        calling = Sipp(self.lab.path("caller"), "redirected", self.net(2), 5060, CALLS, remote=(self.net(1), 5060), fields=fields)
        self.addCleanup(calling.close)
        calling.finish()
        answering.finish()
        self.check_arrived(answering, fields)
        self.check_repeated(calling)

    def check_arrived(self, answering, fields):
        invites = {message["call-id"]: message for message in answering.received("INVITE")}
        self.assertEqual(len(invites), len(fields))
        levels = dict(CALLERS)
        for message in invites.values():
            caller = message["from"].split("sip:")[1].split("@")[0]
            called = message["to"].split("sip:")[1].split("@")[0]
            self.check_token(message, levels[caller], caller[1:], called[1:])
        wait_until(lambda: len(self.stird.records()) >= len(fields), HANG_S, "all records")
        self.assertEqual({record["decision"] for record in self.stird.records()}, {"signed"})
        self.assertEqual(len(self.stird.records()), len(fields), "a token a call")

    def check_repeated(self, calling):
        with open(os.path.join(calling.directory, "messages.log"), encoding="latin-1") as source:
            answers = re.findall(r"SIP/2\.0 302 .*?\n\s*\n", source.read(), re.S)
        self.assertGreater(len(answers), CALLS, "repeated until the ACK")
        self.assertEqual(len(set(answers)), CALLS)


if __name__ == "__main__":
    unittest.main()
