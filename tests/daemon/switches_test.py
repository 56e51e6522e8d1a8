"""What an operator switches by hand: in force at once in every worker, over deaths, reloads and restarts, and over by
itself when its time is."""

import os
import unittest

from daemon.blocked_start_test import cpu_s
from daemon.web_test import WebStory
from lib import stird, stirctl
from lib.patience import HANG_S
from lib.stird import wait_until

PATIENT = 'signing = { timeout = "1s"; };'  # levels are what is looked at, not the machine's speed
EMERGENCY = "+911"


class Switches(WebStory):
    def start(self, **changes):
        changes["more"] = PATIENT + changes.pop("more", "")
        super().start(**changes)
        self.path = self.lab.path("stird.conf")

    def switch(self, *words):
        return stirctl.ask(self.path, *words)

    def refused(self, *words):
        status, out, err = stirctl.run(self.path, *words)
        self.assertEqual((status, out), (1, ""), err)
        return stirctl.unbroken(err)

    def on(self):
        return [(one["switch"], one["of"], one["value"]) for one in self.switch("switches")["switches"]]

    def emergency(self):
        """One that is nobody's to refuse: it arrives."""
        return self.short_call(called=EMERGENCY, uri="sip:911@" + self.net(1), to="<sip:911@h>")

    def again(self):
        """stird is killed, and another one is started."""
        self.stird.kill()
        self.stird.notify.close()
        os.unlink(self.lab.path("notify"))
        self.start()

    def test_a_disabled_trunk_gets_503_and_emergency_calls_pass(self):
        self.start()
        told = self.switch("trunk", "disable", "pbx", "--note", "ticket 7")
        self.assertEqual([(one["switch"], one["of"], one["note"], one["until"]) for one in told["switches"]],
                         [("trunk", "pbx", "ticket 7", None)])
        _, final = self.refused_call(503, reason="trunk_disabled")
        self.assertEqual(final["retry-after"], "5")
        self.emergency()
        self.short_call(self.peer("guest", 3))
        explained = self.switch("explain", "--trunk", "pbx", "--from", "+12155550100", "--to", "+13125550123")
        self.assertEqual((explained["decision"], explained["reason"]), ("rejected", "trunk_disabled"))
        self.assertRegex(stirctl.run(self.path, "status")[1], "(?m)^SWITCHED +trunk pbx: no new calls")
        self.assertEqual({trunk["name"]: trunk["disabled"] for trunk in self.switch("trunk", "list")["trunks"]},
                         {"pbx": True, "guest": False, "gateway": False})
        said = stirctl.run(self.path, "switches")[1].splitlines()
        self.assertTrue(said[0].startswith("trunk pbx: ") and said[1].startswith("    "), said)
        for words in (("cert", "use", "818H", "--automatic"), ("log", "level", "default")):
            self.assertEqual(stirctl.run(self.path, *words, "--for", "1h")[0], 2, "it would be taken back for good")
        self.replaced("worker", self.hit("worker"))
        self.refused_call(503, reason="trunk_disabled")
        self.reload()
        self.refused_call(503, reason="trunk_disabled")
        self.again()
        self.refused_call(503, reason="trunk_disabled")
        self.assertEqual(self.switch("trunk", "enable", "pbx")["switches"], [])
        self.signed_call("A")
        self.assertFalse(self.switch("trunk", "enable", "pbx")["was_on"])
        self.assertGreater(self.switch("stats")["refused_by_switch"], 0)

    def reload(self):
        status, _, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 0, err)

    def test_names_that_nobody_has(self):
        self.start()
        self.assertIn('there is no trunk "pbz" (did you mean "pbx"?)', self.refused("trunk", "disable", "pbz"))
        self.assertIn('did you mean "carrier"?', self.refused("upstream", "disable", "carier"))
        self.assertIn('there is no trunk "pbz"', self.refused("trunk", "enable", "pbz"))
        self.assertIn("it has to have an end", self.refused("signing", "off"))
        self.assertIn("in the past", self.refused("signing", "off", "--until", "2020-01-01T00:00:00Z"))
        self.assertIn("there is nothing to switch off",
                      self.refused("verification", "off", "--trunk", "pbx", "--for", "1h"))
        self.assertIn("answer is 503 or silence", self.refused("drain", "on", "--answer", "busy"))
        self.assertIn("the level is error", self.refused("log", "level", "loud"))
        self.assertIn('there is no process "none"; there are: supervisor worker',
                      self.refused("log", "level", "none", "debug"))
        self.assertIn("control character", self.refused("trunk", "disable", "pbx", "--note", "a\tb"))
        for option, value in (("--for", "soon"), ("--until", "2027-02-30T12:00:00Z"), ("--until", "2099-11-31T00:00"),
                              ("--until", "2099-11-30T23:59:60Z")):
            status, _, err = stirctl.run(self.path, "trunk", "disable", "pbx", option, value)
            self.assertEqual(status, 2, err)
            self.assertIn("a time such as" if option == "--for" else "there is no such time", err)
        self.assertEqual(self.on(), [])

    def test_upstreams_that_are_disabled_get_no_new_calls(self):
        self.start(upstreams=[self.upstream("first", 8), self.upstream()],
                   trunks=[self.trunk(upstreams=["first", "carrier"])])
        first = self.peer("first", 8)
        running = self.place()
        ringing = first.expect("INVITE")
        self.switch("upstream", "disable", "first", "--for", "1h")
        self.signed_call("A")
        first.respond(ringing, 486)  # its calls go on
        self.sbc.acknowledge(running, self.sbc.expect(486), self.at())
        first.expect("ACK")
        hops = {hop["upstream"]: hop["disabled"] for hop in self.switch("upstream", "list")["next_hops"]}
        self.assertEqual(hops, {"first": True, "carrier": False})
        told = self.switch("upstream", "disable", "carrier")
        self.assertEqual(told["trunks_without_upstream"], ["pbx"])
        self.refused_call(503, reason="upstreams_disabled")
        self.place(called=EMERGENCY, uri="sip:911@" + self.net(1), to="<sip:911@h>")
        first.expect("INVITE")
        self.switch("upstream", "enable", "first")
        self.short_call(at=first)

    def test_a_call_that_fails_over_passes_a_disabled_one_over(self):
        """Disabled while the first next hop had the call; an emergency call goes there all the same."""
        self.start(pbx={"upstreams": ["first", "carrier"]}, upstreams=[self.upstream("first", 8), self.upstream()])
        first = self.peer("first", 8)
        for called, words in ((None, {}), (EMERGENCY, {"uri": "sip:911@" + self.net(1), "to": "<sip:911@h>"})):
            invite = self.place(**(dict(words, called=called) if called else {}))
            arrived = first.expect("INVITE")
            self.switch("upstream", "disable", "carrier")
            first.respond(arrived, 503)
            first.expect("ACK")
            if called:
                self.refuse(self.carrier.expect("INVITE"), invite)
            else:
                self.sbc.acknowledge(invite, self.sbc.expect(503), self.at())
                self.carrier.expect_nothing(0.1)
            self.switch("upstream", "enable", "carrier")

    def test_it_drains_and_goes_on(self):
        self.start()
        self.switch("drain", "on", "--note", "upgrade")
        self.refused_call(503, reason="drained")
        self.assertEqual(self.options().status, 503)
        self.emergency()
        self.assertEqual(self.explained()[2:], (503, ""))
        self.switch("drain", "on", "--answer", "silence")
        self.assertEqual(self.explained(), ("rejected", "drained", 0, "stird drains in silence: such a call gets no "
                                            "answer and leaves no record"))
        self.assertEqual(len(self.on()), 1)
        self.sbc.send(self.invite(), self.at())
        self.sbc.send(self.sbc.request("OPTIONS", "sip:%s:5060" % self.net(1)), self.at())
        self.emergency()
        self.assertEqual(self.sbc.inbox, [])
        self.switch("drain", "off")
        self.assertEqual(self.options().status, 200)
        self.signed_call("A")

    def explained(self):
        told = self.switch("explain", "--trunk", "pbx", "--from", "+12155550100", "--to", "+13125550123")
        return told["decision"], told["reason"], told["sip_status"], told["note"] or ""

    def options(self):
        question = self.sbc.request("OPTIONS", "sip:%s:5060" % self.net(1))
        self.sbc.send(question, self.at())
        while True:
            for message in self.sbc.inbox:
                if message.get("call-id") == question["call-id"]:
                    self.sbc.inbox.remove(message)
                    return message
            self.assertTrue(self.sbc.poll(HANG_S), "no answer to OPTIONS")

    def test_nothing_is_signed_until_its_time_is_over(self):
        self.start()
        self.switch("signing", "off", "--trunk", "pbx", "--for", "1h", "--note", "ticket 4711")
        invite, _ = self.unsigned_call("signing_off")
        record = self.record(invite)
        self.assertRegex(record["detail"], "^until .* GMT: ticket 4711$")
        explained = self.switch("explain", "--trunk", "pbx", "--from", "+12155550100", "--to", "+13125550123")
        self.assertEqual((explained["decision"], explained["reason"]), ("passed", "signing_off"))
        self.assertIn("no token leaves, so Date is as it came", explained["steps"])
        self.signed_call("C", peer=self.peer("gateway", 4))
        self.switch("signing", "on", "--trunk", "pbx")
        self.signed_call("A")
        self.switch("signing", "off", "--for", "2s")
        wait_until(lambda: self.on() == [], HANG_S, "its end")
        self.stird.wait_log("a switch is over.*signing")
        self.signed_again()

    def test_one_whose_name_is_gone_sleeps(self):
        self.start()
        self.switch("trunk", "disable", "guest")
        self.configure(trunks=[self.trunk()], more=PATIENT)
        self.reload()
        self.assertEqual([one["is_there"] for one in self.switch("switches")["switches"]], [False])
        self.stird.wait_log("a switch does nothing")
        wait_until(lambda: "switched" in [a["name"] for a in self.switch("status")["alarms"]], HANG_S, "the alarm")
        self.configure(more=PATIENT)
        self.reload()
        self.refused_call(503, peer=self.peer("guest", 3), reason="trunk_disabled")

    def test_what_cannot_be_written_is_in_force_all_the_same(self):
        self.start()
        aside = self.lab.path("state", "switches.new")
        os.mkdir(aside)
        self.assertIsNotNone(self.switch("trunk", "disable", "pbx")["unwritten"])
        self.refused_call(503, reason="trunk_disabled")
        wait_until(lambda: "switches_unwritten" in self.alarms(), HANG_S, "the alarm")
        os.rmdir(aside)
        wait_until(lambda: "switches_unwritten" not in self.alarms(), HANG_S, "its end")
        self.again()
        self.refused_call(503, reason="trunk_disabled")

    def test_who_asks_whether_it_is_ready(self):
        self.start_web()
        self.path = self.stird.configuration
        self.wait_answer("/readyz", 200)
        self.switch("drain", "on")
        self.wait_answer("/readyz", 503, "not ready: an operator lets it drain")
        self.switch("drain", "off")
        self.wait_answer("/readyz", 200)
        self.switch("upstream", "disable", "carrier")
        self.wait_answer("/readyz", 503, "no next hop is usable")
        self.switch("upstream", "enable", "carrier")
        self.switch("signing", "off", "--for", "1h")  # calls leave, unsigned
        self.switch("trunk", "disable", "pbx")
        self.wait_answer("/readyz", 200)
        for name in ("guest", "gateway"):
            self.switch("trunk", "disable", name)
        self.wait_answer("/readyz", 503, "an operator has disabled each trunk")
        self.switch("trunk", "enable", "gateway")
        self.wait_answer("/readyz", 200)

    def test_a_hundred_switches_of_a_thousand_trunks(self):
        """They cost nothing while they are on, and the one that is switched off is shown."""
        names = ["customer-with-a-long-name-number-%04d" % i for i in range(1000)]
        state = self.lab.path("state")
        os.makedirs(state, 0o700, exist_ok=True)
        with open(os.open(os.path.join(state, "switches"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("# stird switches, version 1\n")
            for name in names[-100:]:
                file.write("trunk\t%s\t\t1790000000\t0\ttime\t0\t\n" % name)
            file.write("end\t100\n")
        self.start(trunks=[self.trunk(name, sources=["10.%d.%d.1" % divmod(i, 250)])
                           for i, name in enumerate(names)])
        before = cpu_s(self.stird.process.pid)
        for _ in range(5):
            self.assertEqual(len(self.on()), 100)
        self.assertLess(cpu_s(self.stird.process.pid) - before, 2)
        shown = self.switch("trunk", "list")
        self.assertEqual([trunk["name"] for trunk in shown["trunks"] if trunk["disabled"]], names[-100:])
        self.assertEqual(len(shown["trunks"]) + shown["trunks_not_shown"], 1000)
        self.assertGreater(shown["trunks_not_shown"], 0)
        self.assertIn('did you mean "%s"' % names[7], self.refused("trunk", "disable", names[7] + "x"))

    def test_how_much_the_log_says(self):
        self.start()
        self.short_call()
        self.switch("log", "level", "worker", "debug", "--for", "1h")
        self.place()
        self.stird.wait_log(r"debug \[worker")
        self.assertNotRegex(self.stird.log(), r"debug \[(signer|supervisor)")
        self.switch("log", "level", "worker", "default")
        self.assertEqual(self.on(), [])

    def test_what_the_log_says_of_those_that_live_for_a_moment(self):
        """A reload with a warning, which the loader writes."""
        self.start(limits=' queue = "192k"; queues = "1m"; connections = 100; connections_per_source = 200;')
        words = "warning [loader] the configuration says what is probably not meant"
        self.reload()
        self.stird.wait_lines(words)
        self.switch("log", "level", "loader", "error")
        n = len(self.stird.wait_lines(words))
        self.reload()
        self.assertEqual(len(self.stird.wait_lines(words)), n)
        self.switch("log", "level", "loader", "default")
        self.reload()
        wait_until(lambda: len(self.stird.wait_lines(words)) > n, HANG_S, "a warning of the loader")

    def test_what_cannot_be_read_keeps_it_from_starting(self):
        self.start()
        self.switch("trunk", "disable", "pbx")
        self.stird.kill()
        self.stird.notify.close()
        os.unlink(self.lab.path("notify"))
        self.stird = None
        kept = self.lab.path("state", "switches")
        with open(kept, encoding="ascii") as file:
            whole = file.read()
        for words, text in (("others follow", whole + "trunk\n"), ("was cut", whole[:whole.index("end")]),
                            ("line 1 is not", "")):
            with self.subTest(words):
                with open(kept, "w", encoding="ascii") as file:
                    file.write(text)
                self.not_started(words)
        os.unlink(kept)
        os.mkdir(kept)
        self.not_started("switches: is no regular file: what an operator")
        os.rmdir(kept)
        self.start()
        self.assertEqual(self.on(), [])

    def not_started(self, words):
        """And a check says so before, so that nobody stops what runs."""
        status, said = stird.check_configuration(self.path)
        self.assertEqual(status, 1, said)
        self.assertIn(words, said)
        with self.assertRaisesRegex(AssertionError, words):
            self.start()
        self.stird = None
        os.unlink(self.lab.path("notify"))

    def test_each_worker_has_it(self):
        self.start_workers(2)
        self.path = self.lab.path("stird.conf")
        self.switch("trunk", "disable", "pbx")
        for _ in range(8):
            self.refused_call(503, reason="trunk_disabled")
        self.switch("trunk", "enable", "pbx")
        for _ in range(8):
            self.short_call()


if __name__ == "__main__":
    unittest.main()
