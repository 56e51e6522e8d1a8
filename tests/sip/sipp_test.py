"""A few dozen calls of SIPp through stird to SIPp, none of which may fail."""

from lib import identity
from lib.patience import HANG_S
from lib.sipp import Sipp
from lib.stird import wait_until
from lib.story import Story

CALLS = 40
CALLERS = (("+12155550100", "A"), ("+12155552001", "A"), ("+12155553001", "B"),
           ("+13125550000", "B"))


class SippCalls(Story):
    def run_sipp(self, caller, callee, ingress="udp", egress="udp", calls=CALLS):
        self.start(upstreams=[self.upstream(transport=egress)])
        fields = [(CALLERS[i % len(CALLERS)][0], "+121555598%02d" % i) for i in range(calls)]
        answering = Sipp(self.lab.path("callee"), callee, self.net(9), 5060, calls, egress)
        self.addCleanup(answering.close)
        answering.wait_bound()
        calling = Sipp(self.lab.path("caller"), caller, self.net(2), 5060, calls, ingress,
                       (self.net(1), 5060), fields=fields)
        self.addCleanup(calling.close)
        calling.finish()
        answering.finish()
        return self.check(answering, fields)

    def check(self, answering, fields):
        """Each received INVITE carries one Identity that verifies here, at the receiving side."""
        invites = {}
        for message in answering.received("INVITE"):
            invites.setdefault(message["call-id"], message)
        self.assertEqual(len(invites), len(fields))
        levels = dict(CALLERS)
        for message in invites.values():
            caller = message["from"].split("sip:")[1].split("@")[0]
            called = message["to"].split("sip:")[1].split("@")[0]
            values = message.all("identity")
            self.assertEqual(len(values), 1)
            identity.check(values[0], self.lab.unit, levels[caller], caller[1:], called[1:])
        wait_until(lambda: len(self.stird.records()) >= len(fields), HANG_S, "all records")
        self.assertEqual(len(self.stird.records()), len(fields))
        return invites

    def test_udp(self):
        self.run_sipp("caller", "callee")

    def test_tcp(self):
        self.run_sipp("caller", "callee", "tcp", "tcp")

    def test_udp_in_tcp_out(self):
        self.run_sipp("caller", "callee", "udp", "tcp", 20)

    def test_tcp_in_udp_out(self):
        self.run_sipp("caller", "callee", "tcp", "udp", 20)

    def test_busy(self):
        self.run_sipp("caller-busy", "busy", calls=20)

    def test_cancel(self):
        self.run_sipp("caller-cancels", "rings", calls=20)
