"""Calls of our own, by stirctl call and by monitors: what a carrier makes of a token on the way back to us."""

import json
import os
import signal
import threading
import unittest

from lib import dialog, stirctl, stird, token
from lib.patience import HANG_S
from lib.verifying import Verifying

FROM, TO = "+12155550100", "+13125550188"
OTHER = "+12155550177"  # what a carrier shows instead of FROM


class Monitor(Verifying):
    """
    .3 the PBX whose calls these are like; .9 the carrier that gets them; .2 where it hands them back; .8 the customers.
    """

    monitors = ""

    def configure(self, **more):
        """We sign by the laboratory's 709J, which is believed; another provider, of the same authority, is 99X."""
        unit = self.made + "/709J"
        with open(unit + "/x5u", "w", encoding="ascii") as x5u:
            x5u.write(self.web.url("a.pem") + "\n")
        status, _, text = stirctl.run("/none", "lab-ca", "--ca", self.made, "--spc", "99X", "--x5u",
                                      self.web.url("other.pem"), "--unit", self.lab.path("other"))[:3]
        self.assertEqual(status, 0, text)
        with open(self.lab.path("other") + "/chain.pem", "rb") as chain:
            self.web.bodies["other.pem"] = chain.read()
        more["certificates"] = [{"id": "own", "directory": unit}]
        more["more"] += ' provider = { spc = [ "709J" ]; }; ' + self.monitors
        return super().configure(**more)

    def begin_monitor(self, monitors="", **members):
        self.monitors = monitors
        self.begin(upstreams=["customers"], upstreams_more=[self.upstream("customers", 8)], **members)
        self.customers  # pylint: disable=pointless-statement
        self.carrier  # pylint: disable=pointless-statement
        self.sbc  # pylint: disable=pointless-statement

    @property
    def customers(self):
        return self.peer("customers", 8)

    def call(self, *words, seconds="8s", to=TO):
        """Begins stirctl call; waits for nothing."""
        said = {}

        def run():
            said["reply"] = stirctl.run(self.lab.path("stird.conf"), "call", "--json", "--trunk", "pbx", "--from", FROM,
                                        "--to", to, "--seconds", seconds, *words, timeout=HANG_S)
        said["thread"] = threading.Thread(target=run)
        said["thread"].start()
        self.addCleanup(said["thread"].join)
        return said

    def result(self, said, **members):
        said["thread"].join()
        status, out, err = said["reply"][:3]
        self.assertEqual(err, "")
        result = json.loads(out)
        self.assertEqual(status, 0 if result["result"] == "signed" and not result["number_changed"] else 1)
        for name, value in members.items():
            self.assertEqual(result[name], value, "%s in %r" % (name, result))
        return result

    def hand_back(self, arrived, identities=None, caller=FROM, called=TO, expect=486):
        """The carrier is a back-to-back user agent: another Call-ID, another From tag; the numbers stay."""
        identities = arrived.all("identity") if identities is None else identities
        invite = self.invite(self.sbc, caller=caller, called=called, extra=["Identity: " + i for i in identities])
        self.sbc.send(invite, self.at())
        if expect:
            final = self.sbc.expect(expect)
            self.sbc.acknowledge(invite, final, self.at())
        return invite

    def refuse_own(self, arrived, status=486):
        self.carrier.respond(arrived, status)
        self.carrier.expect("ACK")

    def try_carrier(self, changes, **members):
        """One call by a carrier that CHANGES what comes back: its result."""
        said = self.call()
        arrived = self.carrier.expect("INVITE")
        self.hand_back(arrived, **changes(arrived))
        self.refuse_own(arrived)
        return self.result(said, sent_level="A", **members)

    def ready(self):
        """The certificate is there: until then calls are open."""
        def passes():
            said = self.call()
            arrived = self.carrier.expect("INVITE")
            self.hand_back(arrived)
            self.refuse_own(arrived)
            return self.result(said)["result"] == "signed"
        stird.wait_until(passes, HANG_S, "a call that arrives as we signed it")


class Carriers(Monitor):
    def test_what_carriers_make_of_it(self):
        self.begin_monitor(workers=2)
        self.ready()
        good = self.try_carrier(lambda a: {}, result="signed", level="A", signer="709J", number_changed=False,
                                trunk_in="in", upstream="carrier", reason="verified", sip_status=486)
        self.assertGreaterEqual(good["delay_ms"], 0)
        self.try_carrier(lambda a: {"identities": []}, result="unsigned", level=None, number_changed=False,
                         reason="unsigned_call")
        other = token.identity(self.lab.path("other"), orig=FROM[1:], dest=TO[1:], attest="C")
        self.try_carrier(lambda a: {"identities": [other]}, result="signed_again", level="C", signer="99X",
                         number_changed=False)
        self.try_carrier(lambda a: {"identities": a.all("identity") + [other]}, result="signed", level="A",
                         signed_again_too=True)
        self.try_carrier(lambda a: {"caller": OTHER}, result="failed", number_changed=True, calling=OTHER[1:],
                         token_spoilt=True, level=None)

    def test_by_a_trunk_that_judges_too(self):
        """What leaves is not taken for what comes back."""
        self.begin_monitor(trunks=[self.trunk("pbx", 3, service="verify_sign", verification="carrier", trusted=False)])
        self.ready()

    def test_it_does_not_come(self):
        """It rings for nobody: it is ended by CANCEL when its time is over."""
        self.begin_monitor()
        said = self.call(seconds="1s")
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.carrier.respond(self.carrier.expect("CANCEL"), 200)
        self.refuse_own(arrived, 487)
        self.result(said, result="not_arrived", sent_level="A", level=None, delay_ms=None, cause="cancelled")
        record = self.stird.record(arrived["call-id"])
        self.assertEqual((record["monitor"], record["trunk"], record["attest"]), ("stirctl call", "pbx", "A"))

    def test_nobody_answers(self):
        """Not even with a 100: what it left with is known all the same."""
        self.begin_monitor()
        said = self.call(seconds="1s")
        self.carrier.expect("INVITE")
        self.result(said, result="not_arrived", sent_level="A", upstream="carrier", sip_status=0)

    def test_its_worker_dies(self):
        """What it placed is not known any more, and that is said; the next one is placed by its successor."""
        self.begin_monitor()
        worker = self.stird.wait_child("worker")
        said = self.call(seconds="60s")
        self.carrier.expect("INVITE")
        os.kill(worker, signal.SIGKILL)
        result = self.result(said, result="not_placed", sent_level=None)
        self.assertIn("ended", result["fault"])
        self.stird.wait_log("(worker serves(.*\n)*.*){2}")
        self.carrier.inbox = []
        self.ready()

    def test_it_is_answered(self):
        """BYE, inside the call that its answer made; with --bye in its time, without at once."""
        self.begin_monitor()
        for words, seconds in (((), "20s"), (("--bye",), "1s")):
            said = self.call(*words, seconds=seconds)
            arrived = self.carrier.expect("INVITE")
            self.carrier.respond(arrived, 180)
            self.carrier.respond(arrived, 200)
            ack = self.carrier.expect("ACK")
            bye = self.carrier.expect("BYE")
            self.carrier.respond(bye, 200)
            for request in (ack, bye):
                self.assertEqual(request["call-id"], arrived["call-id"])
                self.assertEqual(request.raws("from"), arrived.raws("from"))
            result = self.result(said, result="not_arrived", cause="answered", sip_status=200)
            self.assertEqual([a["sip_status"] for a in result["answers"] if a["sip_status"] > 100], [180, 200])

    def test_it_is_ended_when_it_rings(self):
        self.begin_monitor()
        said = self.call("--cancel", seconds="60s")
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 183)
        self.carrier.respond(self.carrier.expect("CANCEL"), 200)
        self.refuse_own(arrived, 487)
        self.result(said, result="not_arrived", cause="cancelled", sip_status=487)

    def test_who_calls_its_number(self):
        """Outside its time it is any call; in its time nobody makes a result better, and the call itself outdoes whoever disturbs it."""
        self.begin_monitor(profile={"wait": "5000ms"})
        self.ready()
        arrived = self.carrier.expect("INVITE") if self.carrier.inbox else None
        self.assertIsNone(arrived)
        kept = self.stolen()
        strange = self.invite(self.sbc, caller=OTHER, called=TO)
        self.sbc.send(strange, self.at())
        self.refuse(self.customers.expect("INVITE"), strange, at=self.customers)
        self.assertIsNone(self.record(strange)["monitor"])

        forged = token.identity(self.lab.path("other"), orig=FROM[1:], dest=TO[1:], attest="A")
        said = self.call()
        arrived = self.carrier.expect("INVITE")
        self.hand_back(arrived, identities=[forged])
        self.hand_back(arrived, identities=kept)
        self.refuse_own(arrived)
        self.result(said, result="signed_again", signer="99X")

        said = self.call()
        arrived = self.carrier.expect("INVITE")
        self.hand_back(arrived, identities=[], caller=FROM)
        self.hand_back(arrived, identities=[forged])
        self.hand_back(arrived)
        self.refuse_own(arrived)
        self.result(said, result="signed", level="A", number_changed=False)

    def stolen(self):
        """The token of an earlier call of ours, which somebody kept."""
        said = self.call()
        arrived = self.carrier.expect("INVITE")
        self.hand_back(arrived)
        self.refuse_own(arrived)
        self.result(said, result="signed")
        return arrived.all("identity")

    def test_who_else_calls_a_telephone(self):
        """A call by hand takes nobody else's, and no call takes one with a priority of emergency services."""
        self.begin_monitor()
        self.ready()
        said = self.call()
        arrived = self.carrier.expect("INVITE")
        for caller, lines in ((OTHER, []), (FROM, ["Priority: psap-callback"]), (FROM, ["Resource-Priority: esnet.1"])):
            other = self.invite(self.sbc, caller=caller, called=TO, extra=lines)
            self.sbc.send(other, self.at())
            self.refuse(self.customers.expect("INVITE"), other, at=self.customers)
            self.assertIsNone(self.record(other)["monitor"])
        self.hand_back(arrived, caller=OTHER)
        self.refuse_own(arrived)
        self.result(said, result="failed", token_spoilt=True)

    def test_strangers_hide_nothing(self):
        """More of them than there are places, before ours and behind it."""
        self.begin_monitor()
        self.ready()
        junk = token.identity(self.lab.path("other"), orig=FROM[1:], dest=TO[1:], attest="A")
        said = self.call()
        arrived = self.carrier.expect("INVITE")
        for number in range(24):
            if number == 12:
                self.hand_back(arrived)
            self.hand_back(arrived, identities=[junk])
        self.refuse_own(arrived)
        self.result(said, result="signed", level="A", signer="709J")

    def test_its_own_trunk_verifies_too(self):
        self.begin_monitor(trunks=[{"name": "pbx", "sources": [self.net(3)], "service": "verify_sign", "verification": "carrier",
                                    "upstreams": ["carrier"], "trusted": True, "customer": "acme", "identity": "authenticated"}])
        said = self.call(seconds="3s")
        self.refuse_own(self.carrier.expect("INVITE"))
        self.result(said, result="not_arrived", sent_level="A", sip_status=486)
        status, _, err = stirctl.run(self.lab.path("stird.conf"), "call", "--trunk", "in", "--from", FROM, "--to", TO)
        self.assertNotEqual(status, 0)
        self.assertIn("signs nothing", stirctl.unbroken(err))

    def hang_up(self, tags, needed):
        """Answers BYE of each; those whose BYE has come."""
        ended = set()
        while len(ended) < needed:
            bye = self.carrier.expect("BYE", skip=("ACK",))
            self.carrier.respond(bye, 200)
            ended |= {tag for tag in tags if bye["to"].endswith("tag=" + tag)}
        return ended

    def test_two_pick_up(self):
        """Each gets its ACK and its BYE, also who answers when the first one is over."""
        self.begin_monitor()
        said = self.call()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200, tag="one")
        self.carrier.respond(arrived, 200, tag="two")
        self.assertEqual(self.hang_up({"one", "two"}, 2), {"one", "two"})
        self.carrier.respond(arrived, 200, tag="late")
        self.assertEqual(self.hang_up({"late"}, 1), {"late"})
        self.result(said, cause="answered", stays_up=False)

    def test_the_far_end_speaks(self):
        """Inside the call: BYE ends it, the others are answered."""
        self.begin_monitor()
        said = self.call("--bye", seconds="60s")
        arrived = self.carrier.expect("INVITE")
        final = self.carrier.respond(arrived, 200)
        self.carrier.expect("ACK")
        for number, (method, status) in enumerate((("OPTIONS", 200), ("INVITE", 488), ("INFO", 481), ("BYE", 200))):
            self.carrier.send(dialog.callee_in_dialog(self.carrier, method, arrived, final, number + 1), self.at())
            self.carrier.expect(status)
        self.carrier.expect_nothing(1)
        self.result(said, cause="answered")

    def test_stird_stops(self):
        """A call that is up is ended by BYE first."""
        self.begin_monitor()
        said = self.call("--bye", seconds="60s")
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        self.carrier.expect("ACK")
        os.kill(self.stird.process.pid, signal.SIGTERM)
        self.carrier.respond(self.carrier.expect("BYE"), 200)
        said["thread"].join()
        self.assertNotIn("internal", said["reply"][1])

    def test_it_cannot_be_ended(self):
        """An answer without a Contact."""
        self.begin_monitor()
        said = self.call()
        arrived = self.carrier.expect("INVITE")
        octets = dialog.answer(arrived, 200, "OK", "t", [], b"", peer=None).octets()
        self.carrier.udp.sendto(octets, arrived.source)
        self.result(said, cause="answered", stays_up=True)
        self.stird.wait_log("cannot be ended")

    def test_what_is_not_placed(self):
        self.begin_monitor()
        for words, text in ((("--trunk", "nobody"), "no trunk has this name"), (("--upstream", "customers"), "no such upstream"),
                            (("--to", "911"), "emergency number"), (("--from", "2155550100"), "write +1"),
                            (("--trunk", "in"), "signs nothing"), (("--seconds", "9m"), "1s to 2m")):
            given = {"--trunk": "pbx", "--from": FROM, "--to": TO}
            given.update(dict([words]))
            status, _, err = stirctl.run(self.lab.path("stird.conf"), "call", *[w for pair in given.items() for w in pair])
            self.assertNotEqual(status, 0)
            self.assertIn(text, stirctl.unbroken(err))
        self.carrier.expect_nothing(0.1)


class Nowhere(Monitor):
    def test_no_next_hop_takes_it(self):
        """Nobody listens at the carrier's address: it did not leave, whatever was decided."""
        self.begin_monitor()
        self.carrier.close()
        self.result(self.call(seconds="5s"), result="not_placed", cause="no_upstream", upstream=None, sent_level=None)


class Scheduled(Monitor):
    MONITOR = """monitors = ( { name = "east"; trunk = "pbx"; upstream = "carrier"; from = "%s"; to = "%s";
        every = "1m"; seconds = "10s"; arrives = [ "in" ]; } );""" % (FROM, TO)

    def test_one_a_period(self):
        """One call, whatever number of workers; its result is shown, counted and alarmed; a reload keeps it."""
        self.begin_monitor(self.MONITOR, workers=2)
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(self.listed()["state"], "unknown")
        self.hand_back(arrived, identities=[])
        self.refuse_own(arrived)
        shown = stird.wait_until(lambda: self.listed()["state"] != "unknown" and self.listed(), HANG_S, "a result")
        self.assertEqual((shown["state"], shown["result"], shown["sent_level"], shown["expect"]), ("below", "unsigned", "A", "A"))
        self.assertIn("monitor_below", [a["name"] for a in stirctl.ask(self.lab.path("stird.conf"), "status")["alarms"]])
        stats = stirctl.ask(self.lab.path("stird.conf"), "stats")
        self.assertEqual((stats["monitor_results"]["unsigned"], stats["monitors_below"]), (1, 1))
        records = [r for r in self.stird.records() if r["monitor"] == "east"]
        self.assertEqual(sorted(r["trunk"] for r in records), ["in", "pbx"])
        status, out, _ = stirctl.run(self.lab.path("stird.conf"), "monitors")
        self.assertEqual((status, stirctl.table(out, "monitors")[0]["STATE"]), (0, "BELOW"))
        self.assertEqual(stirctl.run(self.lab.path("stird.conf"), "reload")[0], 0)
        self.assertEqual(self.listed()["result"], "unsigned")
        self.carrier.expect_nothing(0.5)

    def test_not_while_another_call_is_looked_for(self):
        """Of two calls to one number neither would be known: the monitor's waits until that of stirctl has ended."""
        self.begin_monitor()
        self.ready()
        said = self.call(seconds="60s")
        arrived = self.carrier.expect("INVITE")
        with open(self.lab.path("stird.conf"), "a", encoding="ascii") as conf:
            conf.write(self.MONITOR)
        self.assertEqual(stirctl.run(self.lab.path("stird.conf"), "reload")[0], 0)
        self.carrier.expect_nothing(4)  # it is due a second after the reload
        self.hand_back(arrived)
        self.refuse_own(arrived)
        self.result(said, result="signed")
        own = self.carrier.expect("INVITE")
        self.hand_back(own)
        self.refuse_own(own)
        stird.wait_until(lambda: self.listed().get("result") == "signed", HANG_S, "the monitor's result")

    def listed(self):
        return stirctl.ask(self.lab.path("stird.conf"), "monitors")["monitors"][0]


if __name__ == "__main__":
    unittest.main()
