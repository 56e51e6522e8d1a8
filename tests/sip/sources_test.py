"""Who sends and is not heard, or not let through: a line in the log, and stirctl sources."""

import socket

from lib import stirctl
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

LINE = "a source is refused"


class Sources(Story):
    def sources(self):
        """{address without port: entry}"""
        found = stirctl.ask(self.lab.path("stird.conf"), "sources")["sources"]
        return {(entry["source"].rpartition(":")[0], entry["why"]): entry for entry in found}

    def wait_source(self, last, why, **members):
        key = (self.net(last), why)
        def there():
            entry = self.sources().get(key)
            return entry and all(entry[name] == value for name, value in members.items())
        wait_until(there, HANG_S, "%r with %r" % (key, members))
        return self.sources()[key]

    def lines(self, last, why):
        return [line for line in self.stird.log_lines(LINE)
                if "source=%s:" % self.net(last) in line and "why=" + why in line]

    def test_nobody(self):
        self.start()
        self.sbc.send(self.sbc.request("OPTIONS", "sip:" + self.net(1)), self.at())
        self.sbc.expect(200)
        self.assertEqual(self.sources(), {})
        self.assertEqual(self.stird.log_lines(LINE), [])
        status, out, _ = stirctl.run(self.lab.path("stird.conf"), "sources")
        self.assertEqual((status, out), (0, "nobody was refused since stird started\n"))

    def test_a_stranger(self):
        """Case 08: one line with address, port, transport, listener, method; each one counts."""
        self.start()
        stranger = self.peer("stranger", 66)
        for _ in range(5):
            stranger.send(stranger.request("OPTIONS", "sip:" + self.net(1)), self.at())
        entry = self.wait_source(66, "unknown_source", count=5)
        self.assertEqual(entry["source"], self.net(66) + ":5060")
        self.assertEqual((entry["transport"], entry["listener"], entry["method"]),
                         ("udp", "main", "OPTIONS"))
        self.assertLessEqual(entry["first"], entry["last"])
        lines = self.lines(66, "unknown_source")
        self.assertEqual(len(lines), 1, "one a minute")
        for word in ("source=%s:5060" % self.net(66), "transport=udp", "listener=main",
                     "method=OPTIONS", "count=1"):
            self.assertIn(word, lines[0])
        stranger.expect_nothing(0.1)
        _, out, _ = stirctl.run(self.lab.path("stird.conf"), "sources")
        self.assertIn(self.net(66) + ":5060", out)
        self.assertIn("add it to the sources of one if it is yours", " ".join(out.split()))
        self.assertLessEqual(max(map(len, out.splitlines())), 80, out)

    def test_over_tcp(self):
        """Its connection is closed before a word is read."""
        self.start()
        for _ in range(2):
            with socket.create_connection((self.net(1), 5060), HANG_S,
                                          source_address=(self.net(66), 0)) as stranger:
                stranger.settimeout(HANG_S)
                self.assertEqual(stranger.recv(1), b"")
        entry = self.wait_source(66, "unknown_source", count=2)
        self.assertEqual((entry["transport"], entry["method"]), ("tcp", "connection"))
        self.assertEqual(len(self.lines(66, "unknown_source")), 1)

    def test_hostile_first_lines(self):
        """Nothing of them reaches the log or JSON that is not a method's."""
        self.start()
        stranger = self.peer("stranger", 66)
        for line in (b"\x1b[31mX sip:x SIP/2.0", b'"}{ sip:x SIP/2.0', b"A\xff sip:x SIP/2.0",
                     b"SIP/2.0 200 OK", b"%s%n sip:x SIP/2.0", b"M" * 600 + b" sip:x SIP/2.0"):
            stranger.udp.sendto(line + b"\r\nCall-ID: x\r\n\r\n", (self.net(1), 5060))
        stranger.udp.sendto(b"OPTIONS sip:x SIP/2.0\r\nCall-ID: last\r\n\r\n", (self.net(1), 5060))
        self.wait_source(66, "unknown_source", method="OPTIONS")
        self.assertNotIn(b"\x1b", self.stird.log_octets())
        methods = {entry["method"] for entry in self.sources().values()}
        self.assertEqual(methods, {"OPTIONS"})
        self.assertRegex(self.lines(66, "unknown_source")[0], r"method=(-|response|A) ")

    def test_refused_though_known(self):
        """No trunk of its fits; and an upstream that begins a call, or anything else."""
        self.start(trunks=[self.trunk(), self.trunk("group", 5, tgrp="acme")])
        self.carrier  # pylint: disable=pointless-statement
        lost = self.peer("lost", 5)
        invite = self.invite(lost)
        lost.send(invite, self.at())
        lost.acknowledge(invite, lost.expect(403), self.at())
        entry = self.wait_source(5, "no_trunk", count=1)
        self.assertEqual(entry["method"], "INVITE")
        self.assertEqual(len(self.lines(5, "no_trunk")), 1)
        upstream = self.carrier.request("INVITE", "sip:+12155550100@" + self.net(1))
        self.carrier.send(upstream, self.at())
        self.carrier.acknowledge(upstream, self.carrier.expect(403), self.at())
        self.carrier.send(self.carrier.request("MESSAGE", "sip:+12155550100@elsewhere.example"),
                          self.at())
        self.carrier.expect(403)
        self.wait_source(9, "from_upstream", count=2)
        self.assertEqual(len(self.lines(9, "from_upstream")), 1)

    def test_too_many_connections(self):
        self.start(limits="connections_per_source = 1;")
        first = socket.create_connection((self.net(1), 5060), HANG_S, source_address=(self.net(2), 0))
        second = socket.create_connection((self.net(1), 5060), HANG_S, source_address=(self.net(2), 0))
        with first, second:
            self.wait_source(2, "too_many_connections", count=1, method="connection")

    def test_a_flood_of_sources(self):
        """The memory has a size: what finds no place is told of together."""
        self.start()
        before = self.stird.child("worker")
        for last in range(10, 250):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((self.net(last), 0))
                sender.sendto(b"OPTIONS sip:x SIP/2.0\r\nCall-ID: x\r\n\r\n", (self.net(1), 5060))
        self.stird.wait_log("many sources are refused")
        self.assertLessEqual(len(self.stird.log_lines(LINE)), 64)
        self.assertEqual(len(self.stird.log_lines("many sources are refused")), 1)
        wait_until(lambda: len(self.sources()) == 64, HANG_S, "64 sources")
        self.signed_call()
        self.assertEqual(self.stird.child("worker"), before)

    def test_strangers_hide_nobody(self):
        """A source that is configured has its line and its place, whoever else there is; of
        strangers the last ones are listed, and it is said how many are not."""
        self.start(trunks=[self.trunk(), self.trunk("group", 5, tgrp="acme")])
        for last in range(10, 110):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((self.net(last), 0))
                sender.sendto(b"OPTIONS sip:x SIP/2.0\r\nCall-ID: x\r\n\r\n", (self.net(1), 5060))
        lost = self.peer("lost", 5)
        invite = self.invite(lost)
        lost.send(invite, self.at())
        lost.acknowledge(invite, lost.expect(403), self.at())
        self.wait_source(5, "no_trunk", count=1)
        self.assertEqual(len(self.lines(5, "no_trunk")), 1)
        self.wait_source(109, "unknown_source", count=1)
        def all_counted():
            reply = stirctl.ask(self.lab.path("stird.conf"), "sources")
            strangers = [s for s in reply["sources"] if s["why"] == "unknown_source"]
            return (len(strangers), reply["not_listed"]) == (64, {"unknown_source": 36})
        wait_until(all_counted, HANG_S, "36 that are not listed")
        self.assertNotIn((self.net(10), "unknown_source"), self.sources())
        _, out, _ = stirctl.run(self.lab.path("stird.conf"), "sources")
        self.assertIn("unknown_source: 36 times more", out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80, out)
