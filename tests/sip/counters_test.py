"""What is counted of each trunk and of each upstream, over calls, failovers and reloads (docs/counters.md)."""

import json
import re
import socket
import sys
import threading

from lib import stirctl
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story


class CountersStory(Story):
    def stats(self):
        return stirctl.ask(self.lab.path("stird.conf"), "stats")

    def wait_counts(self, kind, name, expected):
        """
        The trunk or upstream of this name gets there, and has counted nothing else, but for how it answers what is
        signed and what is not (rollout_test.py).
        """
        def there():
            counts = self.stats()[kind].get(name)
            seen.append(counts and {key: counts[key] for key in counts
                                    if not key.endswith(("signed", "refused_token", "refused_plain"))})
            return seen[-1] == expected
        seen = []
        try:
            wait_until(there, HANG_S, "%s %s" % (kind, name))
        except AssertionError:
            self.assertEqual(seen[-1], expected)
            raise

    def reload(self, **changes):
        self.configure(**changes)
        self.assertEqual(stirctl.run(self.lab.path("stird.conf"), "reload", "--wait")[0], 0)


class Trunks(CountersStory):
    def test_calls_by_trunk_and_level(self):
        self.start()
        gateway = self.peer("gateway", 4)
        self.signed_call("A")
        self.signed_call("A")
        self.signed_call("C", peer=gateway)
        refused = {"causes": {"next_hop_refused": 2}}
        self.wait_counts("trunks", "pbx", {"signed_calls": 2, "attestations": {"A": 2}, **refused})
        self.wait_counts("trunks", "gateway", {"signed_calls": 1, "attestations": {"C": 1},
                                               "causes": {"next_hop_refused": 1}})
        self.wait_counts("trunks", "guest", {})
        stats = self.stats()
        self.assertEqual((stats["signed_calls"], stats["attestations"]), (3, {"A": 2, "B": 0, "C": 1}))
        self.assertEqual((stats["trunks_not_shown"], stats["upstreams_not_shown"]), (0, 0))

    def test_calls_that_do_not_go_on_signed(self):
        """Refused for a limit; an emergency call, which is unsigned or not."""
        self.start(pbx={"calls": 1})
        ringing = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.wait_counts("trunks", "pbx", {"calls": 1})
        self.refused_call(503, reason="trunk_full")
        emergency = self.place(uri="sip:911@" + self.net(1), to="<sip:911@h>")
        self.refuse(self.carrier.expect("INVITE"), emergency)
        self.refuse(arrived, ringing)
        def expected():
            counts = dict(self.stats()["trunks"]["pbx"])
            decided = sum(counts.get(name, 0) for name in ("signed_calls", "passed_calls"))
            return decided == 2 and "calls" not in counts and counts
        counts = wait_until(expected, HANG_S, "all have ended")
        self.assertEqual((counts["rejected_calls"], counts["limited"], counts["emergency_calls"]), (1, 1, 1))
        self.assertEqual(counts["causes"], {"next_hop_refused": 2, "rejected": 1})

    def test_of_an_answered_call(self):
        """A 2xx that comes twice is one answer."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200, tag="t")
        self.sbc.expect((200, "INVITE"))
        self.carrier.respond(arrived, 200, tag="t")
        self.sbc.expect((200, "INVITE"), retransmissions=True)
        self.record(invite, cause="answered")
        self.wait_counts("trunks", "pbx", {"signed_calls": 1, "attestations": {"A": 1}, "causes": {"answered": 1}})
        self.wait_counts("upstreams", "carrier", {"offered": 1, "responses": {"2xx": 1}})

    def test_how_long_it_took(self):
        self.start()
        for _ in range(3):
            self.signed_call()
        for name in ("added_latency_us", "signing_us"):
            wait_until(lambda: self.stats()[name]["count"] == 3, HANG_S, name)
            histogram = self.stats()[name]
            self.assertEqual(sum(n for bucket, n in histogram.items() if bucket not in ("count", "sum")), 3)
            self.assertGreater(histogram["sum"], 0)


class Upstreams(CountersStory):
    def start_with_two(self, next_hop="30s", t1="500ms"):
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8), self.upstream()],
                   more='timers = { next_hop = "%s"; t1 = "%s"; };' % (next_hop, t1))

    def check(self, **first):
        self.wait_counts("upstreams", "first", {"offered": 1, "failovers": 1, **first})
        self.wait_counts("upstreams", "carrier", {"offered": 1, "responses": {"4xx": 1}})
        self.wait_counts("trunks", "pbx", {"signed_calls": 1, "attestations": {"A": 1},
                                           "causes": {"next_hop_refused": 1}})

    def test_the_first_says_503(self):
        self.start_with_two()
        first = self.peer("first", 8)
        invite = self.place()
        first.respond(first.expect("INVITE"), 503)
        self.refuse(self.carrier.expect("INVITE"), invite)
        self.check(responses={"5xx": 1})

    def test_nobody_is_there(self):
        self.start_with_two()
        self.signed_call()
        self.check(unreachable=1)

    def test_both_are_silent(self):
        self.start_with_two(next_hop="200ms", t1="50ms")
        self.peer("first", 8)
        invite = self.place()
        self.sbc.acknowledge(invite, self.sbc.expect(408), self.at())
        self.wait_counts("upstreams", "first", {"offered": 1, "failovers": 1, "timeouts": 1})
        self.wait_counts("upstreams", "carrier", {"offered": 1, "timeouts": 1})
        self.wait_counts("trunks", "pbx", {"signed_calls": 1, "attestations": {"A": 1},
                                           "causes": {"upstream_timeout": 1}})

    def test_one_that_is_full(self):
        self.start(upstreams=[self.upstream("first", 8, calls=1), self.upstream()],
                   pbx={"upstreams": ["first", "carrier"]})
        first = self.peer("first", 8)
        ringing = self.place()
        arrived = first.expect("INVITE")
        first.respond(arrived, 180)
        self.sbc.expect(180)
        self.signed_call()
        self.wait_counts("upstreams", "first", {"calls": 1, "offered": 1, "full": 1})
        self.refuse(arrived, ringing, at=first)
        self.wait_counts("upstreams", "first", {"offered": 1, "full": 1, "responses": {"4xx": 1}})


class Reloads(CountersStory):
    def test_counts_go_by_name(self):
        """Another place in the list is nothing; another name is another trunk; who comes back begins anew."""
        self.start()
        self.signed_call()
        once = {"signed_calls": 1, "attestations": {"A": 1}, "causes": {"next_hop_refused": 1}}
        twice = {"signed_calls": 2, "attestations": {"A": 2}, "causes": {"next_hop_refused": 2}}
        self.wait_counts("trunks", "pbx", once)
        self.reload(trunks=[self.trunk("new", 3), self.trunk()])
        self.assertEqual(self.stats()["trunks"], {"new": {}, "pbx": once})
        self.signed_call()
        self.wait_counts("trunks", "pbx", twice)
        self.wait_counts("upstreams", "carrier", {"offered": 2, "responses": {"4xx": 2}})
        self.reload(trunks=[self.trunk("renamed")], upstreams=[self.upstream()])
        self.assertEqual(self.stats()["trunks"], {"renamed": {}})
        self.signed_call()
        self.wait_counts("trunks", "renamed", once)
        self.reload()
        stats = self.stats()
        self.assertEqual(stats["trunks"], {"pbx": {}, "guest": {}, "gateway": {}})
        self.assertEqual((stats["signed_calls"], stats["upstreams"]["carrier"]["offered"]), (3, 3))

    def test_a_call_that_began_before(self):
        """It counts for its trunk, whose place is another now, and for its upstream."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.reload(trunks=[self.trunk("guest", 3), self.trunk()],
                    upstreams=[self.upstream("other", 8), self.upstream()])
        self.wait_counts("trunks", "pbx", {"calls": 1})
        self.wait_counts("upstreams", "carrier", {"calls": 1, "offered": 1})
        self.refuse(arrived, invite)
        self.wait_counts("trunks", "pbx", {"signed_calls": 1, "attestations": {"A": 1},
                                           "causes": {"next_hop_refused": 1}})
        self.wait_counts("upstreams", "carrier", {"offered": 1, "responses": {"4xx": 1}})
        self.assertEqual(self.stats()["trunks"]["guest"], {})

    def test_a_reload_that_fails_changes_nothing(self):
        self.start()
        self.signed_call()
        self.wait_counts("upstreams", "carrier", {"offered": 1, "responses": {"4xx": 1}})
        self.configure(trunks=[self.trunk(upstreams=["nobody"])])
        self.assertEqual(stirctl.run(self.lab.path("stird.conf"), "reload", "--wait")[0], 1)
        self.assertEqual(self.stats()["trunks"]["pbx"]["signed_calls"], 1)


def answer_once(control, text):
    """As the supervisor does (stird/io/admin.h), whatever is asked."""
    caller, _ = control.accept()
    with caller:
        caller.recv(65536)
        head = b"".join(n.to_bytes(4, sys.byteorder) for n in (1, 0, 0, len(text)))
        caller.sendall(head + text)


class Shown(CountersStory):
    def text(self, command):
        code, out, _ = stirctl.run(self.lab.path("stird.conf"), command)
        self.assertEqual(code, 0)
        return out

    def test_as_text(self):
        self.start()
        self.signed_call()
        self.wait_counts("upstreams", "carrier", {"offered": 1, "responses": {"4xx": 1}})
        out = self.text("stats")
        for line in ("signed_calls 1", "attestation A 1", "attestation B 0", "cause next_hop_refused 1",
                     "added_latency_us count 1", "signing_us more 0", "reloads 0", "trunk pbx signed_calls 1",
                     "trunk pbx attestation A 1", "trunk pbx cause next_hop_refused 1",
                     "upstream carrier offered 1", "upstream carrier responses 4xx 1"):
            self.assertRegex(out, "(?m)^%s$" % line)
        self.assertNotIn("trunk guest", out)
        for line in out.splitlines():
            self.assertRegex(line, r" -?\d+$")
        out = self.text("status")
        self.assertRegex(out, r"(?m)^calls by trunk +NAME +A +B +C +UNSIGNED +REFUSED +SIGN FAILED +ANSWERED$")
        self.assertRegex(out, r"(?m)^ +pbx +1 +0 +0 +0 +0 +0 +0$")
        self.assertRegex(out, r"(?m)^by upstream +NAME +NOW +OFFERED +2XX +3XX +4XX +5XX +6XX +TIMEOUT"
                              r" +UNREACHED +WENT ON$")
        self.assertRegex(out, r"(?m)^ +carrier +0 +1 +0 +0 +1 +0 +0 +0 +0 +0$")
        self.assertIsNone(re.search(r"(?m)^ +guest +0 +0", out), "one without calls takes no line there")

    def test_a_process_that_stirctl_does_not_know_is_shown(self):
        """It takes them as stird says them: here something in stird's place, which has two kinds more."""
        self.start()
        status = stirctl.ask(self.lab.path("stird.conf"), "status")
        self.stird.stop()
        child = {"state": "serving", "pid": 17, "up_s": 3, "deaths": 2, "hangs": 0}
        text = json.dumps(dict(status, spare=child, fetchers=[child, child])).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as control:
            control.bind(self.lab.path("run", "control"))
            control.listen()
            server = threading.Thread(target=answer_once, args=(control, text), daemon=True)
            server.start()
            out = self.text("status")
            server.join(HANG_S)
        for name in ("worker 1", "signer", "recorder", "spare", "fetcher 1", "fetcher 2"):
            self.assertEqual(len(re.findall(r"(?m)^%s +serving, pid " % name, out)), 1, out)

    def test_in_a_status(self):
        self.start()
        self.signed_call()
        self.wait_counts("trunks", "pbx", {"signed_calls": 1, "attestations": {"A": 1},
                                           "causes": {"next_hop_refused": 1}})
        totals = stirctl.ask(self.lab.path("stird.conf"), "status")["totals"]
        stats = self.stats()
        for kind in ("trunks", "upstreams"):
            self.assertEqual(totals[kind], stats[kind])
            self.assertEqual(totals[kind + "_not_shown"], 0)

    def test_of_very_many_trunks(self):
        """An answer has room for so many; it says how many others there are, and is whole."""
        many = [self.trunk("trunk-%04d-%s" % (i, "x" * 40), 3, tgrp="g%d" % i) for i in range(1200)]
        self.start(trunks=[self.trunk()] + many)
        self.signed_call()
        self.wait_counts("upstreams", "carrier", {"offered": 1, "responses": {"4xx": 1}})
        stats, status = self.stats(), stirctl.ask(self.lab.path("stird.conf"), "status")
        for of in (stats, status["totals"]):
            self.assertGreater(of["trunks_not_shown"], 0)
            self.assertEqual(len(of["trunks"]) + of["trunks_not_shown"], 1201)
            self.assertEqual(of["trunks"]["pbx"]["signed_calls"], 1)
        self.assertRegex(self.text("status"), r"(?m)^ +and \d+ more$")
