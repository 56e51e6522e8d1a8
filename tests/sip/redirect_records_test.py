"""What is kept and told of calls that were answered by redirect: that of the same call passed on, but for how it ended."""

import json
import re
import unittest

from daemon.metrics_test import samples
from daemon.web_test import WebStory
from lib import service_manager, stirctl
from lib.patience import HANG_S
from lib.redirecting import Redirecting
from lib.stird import wait_until

# What is the call's own, and how it went on: not what was decided.
OWN = {"ts", "call_id", "trunk", "source", "source_port", "seq", "prev", "node", "origid", "iat", "result", "cause", "tried",
       "upstream", "sip_status", "sign_us", "decide_us", "total_us", "duration_ms", "ring_ms", "tokens", "pid", "worker"}
CALLS = (  # what an SBC asks, and what its call is told
    ({}, 302), ({"caller": "+13125550000"}, 302), ({"caller": "+12155553001"}, 302), ({"caller": "+12155554000"}, 302),
    ({"caller": "+12155555000"}, 302), ({"caller": "+12155556000"}, 603), ({"from_": "<sip:anonymous@anonymous.invalid>"}, 302),
    ({"called": "+12150550199"}, 302), ({"uri": "sip:911@pbx.example.com", "to": "<sip:911@h>"}, 302),
    ({"extra": ["Date: Thu, 21 Feb 2002 13:02:03 GMT"]}, 302), ({"extra": ["Identity: junk"]}, 302),
    ({"extra": ["Identity: "]}, 302), ({"extra": ["P-Asserted-Identity: <sip:+12155551234@x>"]}, 302))


class Records(Redirecting):
    proxies = True

    def both(self, status, **more):
        """The same call by either way: (record of the redirected, of the passed on)."""
        invite, _ = self.ask(status, **more)
        pbx = self.peer("pbx", 3)
        passed = self.place(pbx, **more)
        if status < 400:
            self.refuse(self.carrier.expect("INVITE"), passed, pbx)
        else:
            pbx.acknowledge(passed, pbx.expect(status), self.at())
        return self.record(invite), self.record(passed)

    def test_as_of_a_call_passed_on(self):
        """Exactly the proxy's decision, level, reason and the rest of the record."""
        self.begin("generic")
        for more, status in CALLS:
            with self.subTest(**more):
                ours, theirs = self.both(status, **more)
                self.assertEqual(set(ours), set(theirs))
                self.assertEqual({key: (ours[key], theirs[key]) for key in ours if key not in OWN and ours[key] != theirs[key]}, {})
                self.assertEqual((ours["trunk"], ours["sip_status"]), ("sbc", status))
                self.assertEqual((ours["origid"] is None, ours["iat"] is None), (theirs["origid"] is None, theirs["iat"] is None))

    def test_how_it_ended(self):
        """R-D-023: answered, and no more: whether the SBC placed the call nobody here sees."""
        self.begin("generic")
        invite, _, token = self.signed()
        self.record(invite, cause="redirected", result="answered", sip_status=302, upstream=None, origid=token.payload["origid"],
                    iat=token.iat)
        self.assertEqual(self.stird.record(invite["call-id"])["tried"], [])
        status, out, _ = stirctl.run(self.lab.path("stird.conf"), "records", "find", "--origid", token.payload["origid"])
        self.assertEqual(status, 0)
        self.assertIn(invite["call-id"], out)
        invite, _ = self.ask(603, caller="+12155556000")
        self.record(invite, cause="rejected", result="rejected", decision="rejected")

    def test_status(self):
        """Who asks by redirect is shown as such, and needs no next hop; a call that was answered so has not failed."""
        self.begin("generic")
        self.ask(302)
        self.ask(302)
        status = stirctl.ask(self.lab.path("stird.conf"), "status")
        self.assertEqual([(t["name"], t["front"], t["dialect"]) for t in status["trunks"]],
                         [("sbc", "redirect", "generic"), ("pbx", "proxy", None)])
        wait_until(lambda: len(self.stird.records()) == 2, HANG_S, "both records")
        _, out, _ = stirctl.run(self.lab.path("stird.conf"), "status")
        self.assertEqual(stirctl.table(out, "trunks")[0]["USABLE"], "-")
        self.assertRegex(out, r"(?m)^ +sbc +2 +0 +0 +0 +0 +0 +2$")  # the last of them: ANSWERED
        self.assertEqual(stirctl.ask(self.lab.path("stird.conf"), "status")["failed_calls"], [])

    def test_counters(self):
        """Decided, signed, refused; nothing is under way when all are answered."""
        self.begin("generic")
        for _ in range(3):
            self.ask(302)
        self.ask(302, caller="+13125550000")
        self.ask(302, from_="<sip:somebody@x>")
        self.ask(603, caller="+12155556000")
        path = self.lab.path("stird.conf")

        def there():
            counts = stirctl.ask(path, "stats")
            trunk = counts["trunks"].get("sbc", {})
            return trunk.get("signed_calls") == 4 and trunk.get("rejected_calls") == 1 and counts
        counts = wait_until(there, HANG_S, "four signed, one refused")
        trunk = counts["trunks"]["sbc"]
        self.assertEqual((trunk["attestations"], trunk["passed_calls"]), ({"A": 3, "B": 1}, 1))
        self.assertEqual(trunk["causes"], {"redirected": 5, "rejected": 1})
        wait_until(lambda: stirctl.ask(path, "stats")["in_flight"] == 0, HANG_S, "none is under way")
        self.assertNotIn("calls", stirctl.ask(path, "stats")["trunks"]["sbc"])


class Explained(Redirecting):
    def explained(self, invite, *words):
        path = self.lab.write("invite", invite.octets().decode())
        return stirctl.run(self.lab.path("stird.conf"), "explain", "--source", self.net(2), "--listener", "main", "--message",
                           path, *words)

    def test_the_same_answer(self):
        """Status, phrase and lines of each dialect; what differs is the token, which explain does not make."""
        for dialect, dialects in (("generic", ()), ("clearip", ()), ("sansay", ()), ("ribbon", ()), ("peeredge", ()),
                                  ("oracle", ()), ("other", ['{ name = "other"; like = "provenant"; shaken = true; }'])):
            self.begin(dialect, dialects)
            for caller, called in (("+12155550100", "+12155550199"), ("+12155556000", "+12155550199"),
                                   ("+12155550100", "+12150550199")):
                with self.subTest(dialect=dialect, caller=caller, called=called):
                    invite = self.place(caller=caller, called=called)
                    final = None
                    while final is None or final.status < 200:
                        if not self.sbc.inbox:
                            self.assertTrue(self.sbc.poll(HANG_S))
                            continue
                        final = self.sbc.inbox.pop(0)
                    self.sbc.acknowledge(invite, final, self.at())
                    record = self.record(invite, sip_status=final.status)
                    status, out, err = self.explained(invite, "--json")
                    self.assertEqual(status, 0, err)
                    told = json.loads(out)
                    self.assertEqual(told["sip_status"], final.status)
                    self.assertEqual([told[key] for key in ("decision", "reason", "rule", "sip_status")],
                                     [record[key] for key in ("decision", "reason", "rule", "sip_status")])
                    self.assert_answer_told(told, final)
                    status, out, _ = self.explained(invite)
                    self.assertEqual(status, 0)
                    self.assertIn(str(final.status), out)
            self._end_stird()

    OF_ALL_ANSWERS = ("via", "from", "to", "call-id", "cseq", "content-length")
    # What another call has otherwise: the token, its Date, an id.
    OTHERWISE = ((r"[\w-]+\.[\w-]+\.[\w-]{86}", "(token)"), (r"\b(Date[=:] ?)[^&>]*", r"\1D"), (r"(Request_id: ).*", r"\1R"))

    def alike(self, lines):
        for pattern, word in self.OTHERWISE:
            lines = [re.sub(pattern, word, line) for line in lines]
        return lines

    def assert_answer_told(self, told, final):
        """Status, phrase and lines, in their order."""
        answer = told["answer"]
        lines = [header.raw.decode() for header in final.headers if header.name not in self.OF_ALL_ANSWERS]
        self.assertEqual((answer["status"], self.alike(answer["lines"])), (final.status, self.alike(lines)))
        if answer["phrase"]:
            self.assertEqual(final.start.decode(), "SIP/2.0 %d %s" % (final.status, answer["phrase"]))


class Lives(Redirecting):
    proxies = True

    def test_a_reload(self):
        """Another dialect from now on; what runs goes on; a mistake changes nothing."""
        self.begin("generic")
        self.signed()
        path = self.lab.path("stird.conf")
        trunks = [self.redirect_trunk(dialect="ribbon"), self.trunk("pbx", 3)]
        self.configure(trunks=trunks)
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.dialect = "ribbon"
        self.signed(300)
        self.configure(trunks=[self.redirect_trunk(dialect="no-such-one")])
        self.assertNotEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.signed(300)
        self.configure(trunks=trunks)
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.signed(300)
        self.configure(trunks=[self.trunk("sbc", 2)])  # and to a proxy, and back
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.signed_call()
        self.configure(trunks=trunks)
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.signed(300)

    def test_without_upstreams(self):
        """It needs none: trunks that ask by redirect alone."""
        self.start(trunks=[self.redirect_trunk(dialect="clearip")], upstreams=[])
        self.dialect = "clearip"
        self.signed()

    def test_switches(self):
        """What an operator switches off is off: signing, and the trunk."""
        self.begin("clearip")
        path = self.lab.path("stird.conf")
        self.assertEqual(stirctl.run(path, "signing", "off", "--for", "1h")[0], 0)
        wait_until(lambda: self.record(self.asked())["reason"] == "signing_off", HANG_S, "signing is off")
        self.assertEqual(stirctl.run(path, "signing", "on")[0], 0)
        wait_until(lambda: self.record(self.asked())["reason"] == "signed_owned", HANG_S, "signing is on")
        self.assertEqual(stirctl.run(path, "trunk", "disable", "sbc", "--for", "1h")[0], 0)
        wait_until(lambda: self.record(self.asked())["reason"] == "trunk_disabled", HANG_S, "the trunk is disabled")

    def asked(self):
        """A call that is answered, however."""
        invite = self.place()
        final = None
        while final is None:
            if not self.sbc.inbox:
                self.assertTrue(self.sbc.poll(HANG_S))
                continue
            final = self.sbc.inbox.pop(0)
            final = final if final.status >= 200 and final.get("call-id") == invite["call-id"] else None
        self.sbc.acknowledge(invite, final, self.at())
        return invite

    def test_a_restart(self):
        """stirctl restart: the sockets stay, no question is lost, and what was asked before is asked again to no harm."""
        path = self.configure(trunks=[self.redirect_trunk(dialect="generic"), self.trunk("pbx", 3)],
                              more='signing = { timeout = "1s"; }; workers = 2;')
        self.dialect = "generic"
        self.stird = service_manager.ManagedStird(self.lab, path)
        self.stird.install()
        self.stird.start_ready()
        self.signed()
        invite, _ = self.ask(302, acknowledge=False)
        self.stird.restart_by_stirctl()
        self.sbc.inbox.clear()
        self.sbc.send(invite, self.at())
        again = self.sbc.expect((302, "INVITE"))
        self.sbc.acknowledge(invite, again, self.at())
        self.signed()

    def test_two_workers(self):
        """Copies of an INVITE come to the worker that has it."""
        self.begin("generic", more='workers = 2; signing = { timeout = "1s"; };')
        for i in range(20):
            invite, final = self.ask(302, called="+121555502%02d" % i, acknowledge=False)
            self.sbc.send(invite, self.at())
            again = self.sbc.expect((302, "INVITE"), retransmissions=True)
            self.assertEqual(again.raw, final.raw)
            self.sbc.acknowledge(invite, final, self.at())


class Metrics(Redirecting, WebStory):
    def test_metrics(self):
        """stird_calls and causes of the trunk."""
        self.begin("generic", more=self.web())
        self.ask(302)
        self.ask(603, caller="+12155556000")

        def there():
            found = samples(self.get("/metrics")[1])
            return {dict(labels).get("cause"): n for (name, labels), n in found.items()
                    if dict(labels).get("trunk") == "sbc" and dict(labels).get("cause") and n}
        wait_until(lambda: there() == {"redirected": 1, "rejected": 1}, HANG_S, "both are counted")


if __name__ == "__main__":
    unittest.main()
