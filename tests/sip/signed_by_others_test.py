"""Calls that others have signed are verified: by secsipidx, and by Kamailio's secsipid, where they are installed."""

import subprocess
import unittest

from lib import settings, stird, stirctl
from lib.installed import need
from lib.kamailio import Kamailio, has_udp
from lib.patience import HANG_S
from lib.story import Story
from lib.web import Web

CALLER, CALLED = "+12155550100", "+13125550123"


class SignedByOthers(Story):
    """.2 signs; .20 calls by it; .9 is where verified calls go."""

    def begin(self):
        self.made = self.lab.path("made")
        self.assertEqual(stirctl.run("/none", "lab-ca", self.made)[0], 0)
        self.web = Web(self.lab, self.net(5))
        self.addCleanup(self.web.close)
        with open(self.made + "/709J/chain.pem", "rb") as chain:
            self.web.bodies["a.pem"] = chain.read()
        more = 'trust = ( %s ); verification = ( %s ); fetch = { lab = true; tls_ca = "%s"; timeout = "30s"; };' % (
            settings.group({"name": "us", "anchors": self.made + "/root.pem", "countries": ["1"]}),
            settings.group({"name": "carrier", "trust": ["us"], "wait": "5000ms"}), self.web.ca)
        self.start(trunks=[{"name": "in", "sources": [self.net(2)], "service": "verify", "verification": "carrier",
                            "upstreams": ["carrier"]}], more=more)

    def passes(self, call):
        """The record of a CALL that is verified; the first ones may be too early, for the domain and the fetcher."""
        def once():
            record = self.record(call(), decision="passed")
            self.assertIn(record["reason"], ("verified", "certificate_pending", "trust_unavailable"), record)
            return record["reason"] == "verified" and record
        told = stird.wait_until(once, HANG_S, "a call that is verified")["verification"]
        self.assertEqual([told[k] for k in ("class", "level", "headers", "spc", "x5u", "verstat")],
                         ["passed", "A", 1, "709J", self.web.url("a.pem"), "TN-Validation-Passed"])

    def test_secsipidx(self):
        need(self, "secsipidx")
        self.begin()
        def call():
            done = subprocess.run(
                ["secsipidx", "-sign-full", "-orig-tn", CALLER[1:], "-dest-tn", CALLED[1:], "-attest", "A", "-x5u",
                 self.web.url("a.pem"), "-k", self.made + "/709J/key.pem"],
                capture_output=True, text=True, check=True, timeout=HANG_S)
            return self.short_call(caller=CALLER, called=CALLED, extra=["Identity: " + done.stdout.strip()])[0]
        self.passes(call)

    def test_kamailio_secsipid(self):
        need(self, "kamailio", "/usr/lib/*/kamailio/modules/secsipid.so")
        self.begin()
        sbc = Kamailio(self, "secsipid_kamailio.cfg", self.net(2), {
            "SBC": self.net(2), "STIRD": self.net(1), "X5U": self.web.url("a.pem"), "KEY": self.made + "/709J/key.pem"}, has_udp)
        caller, there = self.peer("caller", 20), ("udp", self.net(2), 5060)
        asks = self.peer("asks", 21)
        self.carrier  # pylint: disable=pointless-statement
        def serves():
            self.assertIsNone(sbc.process.poll(), "Kamailio has ended")
            asks.send(asks.request("OPTIONS", "sip:%s:5060" % self.net(2)), there)
            return asks.poll(0.2)
        stird.wait_until(serves, HANG_S, "Kamailio")
        def call():
            invite = self.invite(caller, caller=CALLER, called=CALLED, host=self.net(2))
            caller.send(invite, there)
            self.carrier.respond(self.carrier.expect("INVITE"), 486)
            caller.acknowledge(invite, caller.expect(486), there)
            self.carrier.expect("ACK")
            return invite
        self.passes(call)


if __name__ == "__main__":
    unittest.main()
