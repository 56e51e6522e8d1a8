"""What `stirctl status` shows of next hops, trunks, certificates, and calls that failed."""

import re

from lib import stirctl
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

SHORT = 'timers = { next_hop = "200ms"; t1 = "50ms"; };'


class Status(Story):
    def ask(self):
        return stirctl.ask(self.lab.path("stird.conf"), "status")

    def wait_status(self, what, why):
        """The first one of which WHAT says something."""
        return wait_until(lambda: what(self.ask()), HANG_S, why)

    def hop(self, name):
        return lambda status: next(h for h in status["next_hops"] if h["upstream"] == name)

    def fail_call(self, status=503, **more):
        invite = self.invite(**more)
        self.sbc.send(invite, self.at())
        final = self.sbc.expect(status)
        self.sbc.acknowledge(invite, final, self.at())
        return invite["call-id"]

    def test_a_stird_that_has_done_nothing(self):
        self.start()
        status = self.ask()
        self.assertEqual(status["failed_calls"], [])
        self.assertEqual(status["next_hops"], [
            {"upstream": "carrier", "address": self.net(9) + ":5060", "transport": "udp", "state": "usable", "disabled": False,
             "out_in_workers": 0, "since": None, "last_answer": None}])
        self.assertEqual([t["name"] for t in status["trunks"]], ["pbx", "guest", "gateway"])
        self.assertEqual(status["trunks"][0], {
            "name": "pbx", "service": "sign", "front": "proxy", "dialect": None, "customer": "acme", "identity": "authenticated", "calls": 0, "health": "alive",
            "mode": "sign", "sign_percent": 100, "next_hops": 1, "next_hops_usable": 1, "disabled": False,
            "signing_off": False, "verification_off": False})

    def test_a_hop_that_dies_and_returns(self):
        self.start(more=SHORT, pbx={"health": "next_hops"},
                   upstreams=[self.upstream("dead", 8), self.upstream()],
                   trunks=[self.trunk(upstreams=["dead"], health="next_hops"),
                           self.trunk("guest", 3)])
        for _ in range(3):
            self.fail_call()
        def out(status):
            return self.hop("dead")(status)["state"] == "out" and status
        status = self.wait_status(out, "it is out")
        self.assertEqual(status["next_hops"][0]["upstream"], "dead", "those that are out come first")
        self.assertEqual(status["next_hops_out"], 1)
        self.assertEqual(self.hop("dead")(status)["out_in_workers"], 1)
        self.assertRegex(self.hop("dead")(status)["since"], r"^\d{4}-\d\d-\d\dT.*Z$")
        self.assertIsNone(self.hop("dead")(status)["last_answer"])
        self.assertEqual(self.hop("carrier")(status)["state"], "usable")
        self.assertEqual((status["trunks"][0]["name"], status["trunks"][0]["next_hops_usable"]), ("pbx", 0))
        failed = status["failed_calls"][0]
        self.assertEqual((failed["trunk"], failed["cause"], failed["result"], failed["sip_status"]),
                         ("pbx", "no_upstream", "failed", 503))
        dead = self.peer("dead", 8)
        self.answer_options(dead)
        def back(status):
            dead.poll(0.05)
            self.answer_options(dead)
            hop = self.hop("dead")(status)
            return hop["state"] == "usable" and hop["last_answer"] and status
        status = self.wait_status(back, "it is back")
        self.assertEqual(status["next_hops_out"], 0)

    @staticmethod
    def answer_options(peer):
        for message in list(peer.inbox):
            if message.is_request and message.method == "OPTIONS":
                peer.inbox.remove(message)
                peer.respond(message, 200)

    def test_the_last_calls_that_failed(self):
        """Refused by stird, by a next hop; a busy one is no failure. The last one comes first."""
        self.start()
        busy = self.place()
        self.refuse(self.carrier.expect("INVITE"), busy)
        forbidden = self.place()
        self.refuse(self.carrier.expect("INVITE"), forbidden, status=403)
        odd = self.place(call_id='a\\"b@x')
        self.refuse(self.carrier.expect("INVITE"), odd, status=500)
        failed = self.wait_status(lambda s: len(s["failed_calls"]) == 2 and s["failed_calls"], "two")
        self.assertEqual([f["call_id"] for f in failed], [odd["call-id"], forbidden["call-id"]])
        self.assertEqual([f["sip_status"] for f in failed], [500, 403])
        self.assertEqual(failed[0]["cause"], "next_hop_refused")
        for f in failed:
            self.assertEqual((f["trunk"], f["count"]), ("pbx", 1))

    def test_calls_in_progress(self):
        """INVITEs without a final answer, by trunk; also after a reload, which may count anew."""
        self.start()
        def calls(name):
            return lambda status: next(t["calls"] for t in status["trunks"] if t["name"] == name)
        placed = [(invite, self.carrier.expect("INVITE")) for invite in (self.place(), self.place())]
        for _, arrived in placed:
            self.carrier.respond(arrived, 180)
            self.sbc.expect(180)  # they ring as long as it takes
        self.wait_status(lambda s: calls("pbx")(s) == 2, "two are in progress")
        self.assertEqual(calls("guest")(self.ask()), 0)
        self.configure(trunks=[self.trunk("guest", 3), self.trunk()])
        self.assertEqual(stirctl.run(self.lab.path("stird.conf"), "reload", "--wait")[0], 0)
        self.wait_status(lambda s: calls("pbx")(s) == 2, "they are, at another place of the list")
        self.assertEqual(calls("guest")(self.ask()), 0)
        for invite, arrived in placed:
            self.refuse(arrived, invite)
        self.wait_status(lambda s: calls("pbx")(s) == 0, "none is left")

    def test_as_text(self):
        self.start()
        forbidden = self.place()
        self.refuse(self.carrier.expect("INVITE"), forbidden, status=403)
        self.wait_status(lambda s: s["failed_calls"] and self.hop("carrier")(s)["last_answer"], "both")
        code, out, _ = stirctl.run(self.lab.path("stird.conf"), "status")
        self.assertEqual(code, 0)
        self.assertNotIn("and 0 more", out)
        tables = ("certificates", "next hops", "trunks", "failed calls")
        for table in tables:
            self.assertRegex(out, "(?m)^" + table)
        self.assertRegex(out, r"(?m)^ +carrier +%s:5060 +udp +usable +- +\d+ s$" % re.escape(self.net(9)))
        self.assertRegex(out, r"(?m)^ +pbx +sign +acme +authenticated +0 +alive +1 of 1$")
        self.assertRegex(out, r"(?m)^ +\d+ s +403 +next_hop_refused +pbx +1\s+" +
                         re.escape(forbidden["call-id"]))
        listed = out[out.index("certificates"):].split("\n")
        for line in listed:
            if "configuration" not in line and forbidden["call-id"] not in line:
                self.assertLessEqual(len(line), 80, line)
