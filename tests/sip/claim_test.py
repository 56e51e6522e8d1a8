"""
An address of an upstream begins a call only of a trunk that names it as narrowly (docs/routing.md):
whatever else covers it, a carrier's call is nobody's, in the call as in explain (Decided 12).
"""

import os
import signal

from lib import stird, stirctl
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import CALLED, Story
from sip.dns_test import CARRIER, SRV_NAME, NameStory


class Claims:
    """The carrier is .9, the customer's number is its From."""

    def wide(self, bits=24, last=0, **more):
        return self.trunk("wide", sources=["%s/%d" % (self.net(last), bits)], **more)

    def said_of(self, trunks, upstreams, **more):
        path = self.configure(trunks=trunks, upstreams=upstreams, **more)
        return path, stird.check_configuration(path)

    def refused_as_explained(self, path, peer, at=None, listener=None, **more):
        """Of this trunk it would have been signed A."""
        invite = self.invite(peer, **more)
        peer.send(invite, at or self.at())
        peer.acknowledge(invite, peer.expect(403), at or self.at())
        record = self.record(invite, decision="rejected", reason="from_upstream")
        self.assertIn("write the address itself", record["detail"])
        text = self.lab.write("invite.txt", invite.octets().decode())
        asked = [path, "explain", "--source", peer.host, "--message", text]
        asked += ["--listener", listener] if listener else []
        # What names mean the workers tell from time to time.
        wait_until(lambda: stirctl.ask(*asked)["reason"] == "from_upstream", HANG_S, "explain")


class Named(Claims, Story):
    def test_a_trunk_that_covers_it_does_not_take_it(self):
        gateway = {"identity": "gateway"}
        one = self.trunk("one", 9, request_host="sign.example", **gateway)
        configurations = [
            ([self.wide(**gateway)], self.upstream(last=9)),
            ([self.wide(**gateway)], self.upstream(last=9, sources=[])),
            ([self.wide(**gateway)], self.upstream(last=9, sources=[self.net(77)])),
            ([self.wide(**gateway)], self.upstream(last=9, sources=[self.net(0) + "/24"])),
            ([self.wide(**gateway), self.trunk("one", 10)],
             self.upstream(last=2, sources=[self.net(8) + "/29"])),
            ([self.trunk("half", sources=["0.0.0.0/1"], **gateway)], self.upstream(last=9)),
            ([self.wide(), one], self.upstream(last=9)),
        ]
        carrier, started = self.carrier, False
        for trunks, upstream in configurations:
            path, (status, said) = self.said_of(trunks, [upstream])
            self.assertEqual(status, 0, said)
            self.assertIn("leaves out upstream", said)
            if started:
                self._end_stird()
            self.start_with(path)
            started = True
            self.refused_as_explained(path, carrier)

    def test_by_another_listener(self):
        """The trunk that names it takes calls at one listener; at the other nobody does."""
        listeners = [self.listener(), self.listener("outer", port=5070)]
        path, (status, said) = self.said_of(
            [self.wide(), self.trunk("one", 9, listener="main", identity="gateway")],
            [self.upstream(last=9, listener="outer")], listeners=listeners)
        self.assertEqual(status, 0, said)
        self.start_with(path)
        self.refused_as_explained(path, self.carrier, ("udp", self.net(1), 5070), "outer")

    def test_what_would_sign_it_is_a_mistake(self):
        for sources in (None, [], [self.net(77)], [self.net(0) + "/24"], [self.net(0) + "/25"],
                        ["0.0.0.0/0"], [self.net(8) + "/29"]):
            more = {} if sources is None else {"sources": sources}
            for trunks in ([self.wide()], [self.wide(26)],
                           [self.wide(), self.trunk("one", 10, identity="gateway")]):
                status, said = self.said_of(trunks, [self.upstream(last=9, **more)])[1]
                self.assertEqual(status, 1, said)
                self.assertIn("overlaps upstream", said)

    def test_the_address_itself_is_the_trunks(self):
        """...of an SBC that gets its own calls back, whatever the upstream's `sources` say."""
        for sources in (None, [], [self.net(77)], [self.net(0) + "/24"]):
            more = {} if sources is None else {"sources": sources}
            path, (status, said) = self.said_of([self.trunk()], [self.upstream(last=2, **more)])
            self.assertEqual(status, 0, said)
            self.sbc  # pylint: disable=pointless-statement
            self.start_with(path)
            invite = self.place()
            arrived = self.sbc.expect("INVITE")
            self.verify(arrived, "A")
            self.sbc.respond(arrived, 486)
            self.sbc.acknowledge(invite, self.sbc.expect(486, skip=["ACK"]), self.at())
            self.record(invite, decision="signed", attest="A", trunk="pbx")
            self._end_stird()
            self.sbc.inbox = []


class ByName(Claims, NameStory):
    def begin(self, trunks, **upstream):
        self.dns.address(CARRIER, self.net(9))
        path = self.configure(
            trunks=trunks, more='dns = { servers = [ "%s" ]; };\n' % self.net(53),
            upstreams=[dict({"name": "carrier", "uri": "sip:%s:5060;transport=udp" % CARRIER},
                            **upstream)])
        self.carrier  # pylint: disable=pointless-statement
        self.start_with(path)
        wait_until(lambda: self.dns.questions, HANG_S, "a question")
        self.settle()
        return path

    def refused_by_name(self, trunks, **upstream):
        path = self.begin(trunks, **upstream)
        self.refused_as_explained(path, self.carrier)
        self.stird.wait_log("a source is refused.*%s.*from_upstream" % self.net(9))

    def test_wide_trunk(self):
        self.refused_by_name([self.wide()])

    def test_wide_trunk_and_sources_elsewhere(self):
        self.refused_by_name([self.wide()], sources=["203.0.113.1"])

    def test_everybodys_trunk(self):
        rest = self.trunk("rest", sources=["0.0.0.0/0"], identity="gateway")
        self.refused_by_name([rest, self.trunk()])

    def test_the_address_itself(self):
        """The trunk rules over DNS."""
        self.begin([self.trunk("own", 9), self.trunk()])
        invite = self.invite(self.carrier, uri="sip:%s@%s" % (CALLED, self.net(1)))
        self.carrier.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.verify(arrived, "A")
        self.carrier.respond(arrived, 486)


class Doubts(Claims, NameStory):
    """
    Until the name of each upstream has an address, a source that only a prefix covers may be one of
    them: its calls go on, and get no more than C.
    """

    DOUBT = "source in doubt: the name of an upstream is not resolved"

    def call_from(self, path, peer, level):
        """At the call and in explain the same."""
        invite = self.invite(peer)
        peer.send(invite, self.at())
        arrived = self.near.expect("INVITE")
        self.verify(arrived, level)
        self.refuse(arrived, invite, peer, at=self.near)
        record = self.record(invite, attest=level, decision="signed")
        text = self.lab.write("invite.txt", invite.octets().decode())
        told = stirctl.ask(path, "explain", "--source", peer.host, "--message", text)
        self.assertEqual((told["decision"], told["level"], told["rule"]),
                         ("signed", level, record["rule"]))
        return record

    def wide_to_near(self, **more):
        return self.wide(25, upstreams=["near", "carrier"], **more)


class NotResolved(Doubts):
    """Nothing is known of the carrier's name."""

    def begin(self, trunks, more=""):
        self.dns.broken = True
        self.dns.address(CARRIER, self.net(9))
        path = self.configure(
            trunks=trunks, more='dns = { servers = [ "%s" ]; };\n%s' % (self.net(53), more),
            upstreams=[self.upstream("near", 208),
                       {"name": "carrier", "uri": "sip:%s:5060;transport=udp" % CARRIER}])
        self.near = self.peer("near", 208)
        self.start_with(path)
        wait_until(lambda: self.dns.questions, HANG_S, "a question")
        self.settle()
        return path

    def resolve(self):
        self.dns.broken = False
        wait_until(lambda: stirctl.ask(self.stird.configuration, "status")["unknown_names"] == [],
                   HANG_S, "DNS")

    def test_wide_trunk(self):
        path = self.begin([self.wide_to_near()])
        for peer in (self.carrier, self.sbc):
            self.assertEqual(self.call_from(path, peer, "C")["rule"], self.DOUBT)
        self.resolve()
        self.call_from(path, self.sbc, "A")
        self.refused_as_explained(path, self.carrier)

    def test_whatever_signs(self):
        """A rule, another state of the number, a trunk beside it."""
        path = self.begin([self.wide_to_near(), self.trunk("other", upstreams=["near"], tgrp="x",
                                                          sources=[self.net(0) + "/26"])],
                          more='rules = ( { name = "all"; then = "A"; } );')
        self.assertEqual(self.call_from(path, self.carrier, "C")["rule"], self.DOUBT)

    def test_a_trunk_that_names_the_address(self):
        """Its owner has said whose it is."""
        path = self.begin([self.wide_to_near(), self.trunk("own", upstreams=["near"], request_host=self.net(1)),
                           self.trunk("ninth", 9, upstreams=["near"])])
        self.call_from(path, self.carrier, "A")

    def test_a_reload_that_brings_a_name(self):
        """All was well before."""
        path = self.begin([self.wide_to_near()])
        self.resolve()
        self.call_from(path, self.sbc, "A")
        self.configure(trunks=[self.wide_to_near()],
                       more='dns = { servers = [ "%s" ]; };\n' % self.net(53),
                       upstreams=[self.upstream("near", 208),
                                  {"name": "carrier", "uri": "sip:nowhere.example;transport=udp"}])
        self.stird.reload()
        self.stird.wait_notify("READY=1")
        self.assertEqual(self.call_from(path, self.sbc, "C")["rule"], self.DOUBT)

    def test_who_does_not_ask_a_running_stird(self):
        """There explain supposes that names mean none of the sources."""
        path = self.begin([self.wide_to_near()])
        text = self.lab.write("invite.txt", self.invite().octets().decode())
        told = stirctl.ask(path, "explain", "--offline", "--source", self.net(2), "--message", text)
        self.assertEqual(told["level"], "A")


class InPart(Doubts):
    """
    R-P-035: the carrier is the second of two hosts (.9); what a host has is known of it by itself.
    """

    FIRST, SECOND = "a." + CARRIER, "b." + CARRIER

    def begin(self, trunks, more=""):
        """Until the workers have said what they know of all names, or of a part."""
        path = self.configure(
            trunks=trunks, more='dns = { servers = [ "%s" ]; };\n%s' % (self.net(53), more),
            upstreams=[self.upstream("near", 208),
                       {"name": "carrier", "uri": "sip:%s;transport=udp" % CARRIER}])
        self.near = self.peer("near", 208)
        self.carrier  # pylint: disable=pointless-statement
        self.start_with(path)
        wait_until(lambda: self.dns.asked(self.SECOND), HANG_S, "a question")
        self.settle()
        return path

    def two_hosts(self, ttl=60):
        self.dns.srv(SRV_NAME, (10, 0, 5060, self.FIRST), (20, 0, 5060, self.SECOND), ttl=ttl)
        self.dns.address(self.FIRST, self.net(201), ttl=ttl)
        self.dns.address(self.SECOND, self.net(9), ttl=ttl)

    def status(self):
        return stirctl.ask(self.stird.configuration, "status")

    def wait_unknown(self, names):
        wait_until(lambda: self.status()["unknown_names"] == names, HANG_S, "unknown names")

    def wait_failing(self):
        self.stird.wait_log("a name resolves in part.*host=%s" % self.SECOND)

    def in_doubt(self, path, peer):
        self.wait_unknown(["carrier"])
        self.assertEqual(self.call_from(path, peer, "C")["rule"], self.DOUBT)
        wait_until(lambda: "names_unresolved" in [a["name"] for a in self.status()["alarms"]],
                   HANG_S, "the alarm")

    def test_a_host_that_never_had_an_answer(self):
        self.two_hosts(ttl=3600)
        self.dns.failing.add(self.SECOND)
        path = self.begin([self.wide_to_near()])
        self.wait_failing()
        self.in_doubt(path, self.carrier)
        self.dns.failing.clear()
        self.wait_unknown([])
        self.refused_as_explained(path, self.carrier)
        self.call_from(path, self.sbc, "A")

    def fails_later(self, **more):
        self.two_hosts(ttl=1)
        path = self.begin([self.wide_to_near()], **more)
        self.wait_unknown([])
        self.dns.failing.add(self.SECOND)
        self.wait_failing()
        return path

    def test_a_host_that_fails_later(self):
        """...and the next worker knows what the one before it knew."""
        path = self.fails_later()
        self.refused_as_explained(path, self.carrier)
        self.call_from(path, self.sbc, "A")
        os.kill(self.stird.child("worker"), signal.SIGKILL)
        self.refused_as_explained(path, self.carrier)
        self.stird.reload()
        self.stird.wait_notify("READY=1")
        self.refused_as_explained(path, self.carrier)

    def test_two_workers(self):
        path = self.fails_later(more="workers = 2;\n")
        for _ in range(6):
            self.refused_as_explained(path, self.carrier)

    def test_a_reload_that_brings_another_host(self):
        self.two_hosts(ttl=1)
        path = self.begin([self.wide_to_near()])
        self.wait_unknown([])
        self.dns.failing.add("c." + CARRIER)
        self.dns.srv(SRV_NAME, (10, 0, 5060, self.FIRST), (20, 0, 5060, "c." + CARRIER), ttl=1)
        self.stird.wait_log("a name resolves in part.*host=c[.]%s.*unknown=yes" % CARRIER)
        self.in_doubt(path, self.sbc)

    def test_more_addresses_than_are_kept(self):
        """Whatever is beyond them, it may be the source."""
        hosts = [self.FIRST, "m." + CARRIER, self.SECOND]
        self.dns.srv(SRV_NAME, *[(10 + i, 0, 5060, host) for i, host in enumerate(hosts)])
        for i, host in enumerate(hosts):
            self.dns.address(host, *[self.net(130 + 22 * i + n) for n in range(21)],
                             self.net(9) if host == self.SECOND else self.net(250 + i))
        path = self.begin([self.wide_to_near()])
        self.stird.wait_log("a name has more addresses than are kept.*%s" % CARRIER)
        self.in_doubt(path, self.carrier)

    def test_an_address_that_the_name_had(self):
        """...is its a while longer, in the next worker too."""
        self.two_hosts(ttl=1)
        path = self.begin([self.wide_to_near()])
        self.wait_unknown([])
        self.dns.address(self.SECOND, self.net(202), ttl=1)
        asked = len(self.dns.questions)
        wait_until(lambda: self.SECOND in [name for name, _ in self.dns.questions[asked:]], HANG_S,
                   "another question")
        self.settle()
        wait_until(lambda: "%s:5060" % self.net(202) in
                   [hop["address"] for hop in self.status()["next_hops"]], HANG_S, "the new address")
        self.refused_as_explained(path, self.carrier)
        os.kill(self.stird.child("worker"), signal.SIGKILL)
        self.refused_as_explained(path, self.carrier)


class Emergency(Claims, Story):
    """What refuses other calls of an upstream's address costs no emergency call (Decided 5)."""

    def arrives_unsigned(self, uri, called="911"):
        invite = self.invite(uri=uri, called=called, to="<sip:%s@x>" % called)
        text = self.lab.write("invite.txt", invite.octets().decode())
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--source", self.sbc.host,
                           "--message", text)
        self.sbc.send(invite, self.at())
        arrived = self.sbc.expect("INVITE", skip=["ACK"])
        self.assertEqual(arrived.all("identity"), [])
        self.sbc.respond(arrived, 486)
        self.sbc.acknowledge(invite, self.sbc.expect(486, skip=["ACK"]), self.at())
        record = self.record(invite, decision="passed", emergency=True, attest=None)
        self.assertNotEqual(record["detail"], None)
        self.assertEqual((told["decision"], told["trunk"]), ("passed", record["trunk"]))

    def all_of_them(self, trunks):
        self.sbc  # pylint: disable=pointless-statement
        self.start(trunks=trunks, upstreams=[self.upstream(last=2)])
        for uri in ("sip:911@%s" % self.net(1), "urn:service:sos", "sip:911@else.example"):
            self.arrives_unsigned(uri)
        invite = self.place()
        self.sbc.acknowledge(invite, self.sbc.expect(403, skip=["ACK"]), self.at())
        self.record(invite, decision="rejected", reason="from_upstream")

    def test_an_sbc_whose_trunk_asks_for_a_host(self):
        self.all_of_them([self.trunk(request_host="sign.example")])

    def test_that_only_a_wide_trunk_covers(self):
        self.all_of_them([self.trunk("rest", sources=["0.0.0.0/0"], identity="gateway")])

    def test_that_would_fall_to_a_customers_wide_trunk(self):
        self.all_of_them([self.trunk(request_host="sign.example", identity="gateway"),
                          self.wide()])

    def test_a_carrier_that_no_trunk_covers(self):
        self.start()
        invite = self.invite(self.carrier, uri="sip:911@%s" % self.net(1), called="911")
        self.carrier.send(invite, self.at())
        self.carrier.acknowledge(invite, self.carrier.expect(403), self.at())
        self.record(invite, reason="from_upstream")
