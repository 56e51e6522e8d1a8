"""
What a stranger with an old Record-Route, or a peer, may have stird open, ask and hear: the cells of
the table in docs/security.md, the ceilings behind it, and every spelling of an address.
"""

import socket

from daemon.lifetimes import WorkersStory
from lib import dialog, stirctl
from lib.dns import Dns
from lib.patience import HANG_S
from lib.sip import Message
from lib.stird import wait_until
from sip.fence_test import Calls


FAR = (70, 71, 72, 73, 74)  # more addresses of a carrier


class Strangers(Calls):
    def stats(self, name):
        return stirctl.ask(self.stird.configuration, "stats")[name]

    def wait_stats(self, name, value):
        wait_until(lambda: self.stats(name) == value, HANG_S, name)

    def trap(self, host, port=0, family=socket.AF_INET):
        """A service that is none of SIP, by UDP and TCP at one port: what comes to it."""
        tcp, udp = socket.socket(family, socket.SOCK_STREAM), socket.socket(family, socket.SOCK_DGRAM)
        for sock in (tcp, udp):
            self.addCleanup(sock.close)
            sock.setblocking(False)
        tcp.bind((host, port))
        udp.bind(tcp.getsockname())
        tcp.listen(64)
        return Trap(tcp, udp)

    def info_to(self, place, sender, cseq):
        return self.inside("INFO", "sip:x@" + place, sender, cseq)

    def reach(self, sender, host, trap, may, cseq):
        """A request for there by UDP, another by TCP: both come, or none does and that counts."""
        for n, transport in enumerate(("udp", "tcp")):
            place = "%s:%d;transport=%s" % (host, trap.port, transport)
            sender.send(self.info_to(place, sender, cseq + n), self.at())
        if may:
            wait_until(lambda: trap.connections() == 1 and trap.datagrams() > 0, HANG_S, place)
            return
        self.fenced_so_far = getattr(self, "fenced_so_far", 0) + 2
        self.wait_stats("fenced", self.fenced_so_far)
        self.assertEqual(trap.connections() + trap.datagrams(), 0)


class Trap:
    def __init__(self, tcp, udp):
        self.tcp, self.udp, self.port = tcp, udp, tcp.getsockname()[1]
        self.open = []

    def connections(self):
        """How many have come so far; they stay open."""
        try:
            while True:
                self.open.append(self.tcp.accept()[0])
        except BlockingIOError:
            return len(self.open)

    def datagrams(self):
        n = 0
        try:
            while self.udp.recv(65536):
                n += 1
        except BlockingIOError:
            return n


class Ports(Strangers):
    """R-P-039: at which ports a peer is reached, by whom, and how."""

    def test_cells(self):
        """A peer at another port and at that of SIP, and this machine; a stranger, and a peer."""
        self.start()
        self.up()
        nobody, odd, here = self.peer("nobody", 66), self.trap(self.net(9)), self.trap("127.0.0.1")
        for n, (sender, may) in enumerate(((nobody, False), (self.sbc, True))):
            self.reach(sender, "127.0.0.1", here, False, 100 + 10 * n)
            self.reach(sender, self.net(9), odd, may, 104 + 10 * n)
            for transport in ("tcp", "udp"):
                place = "%s:5060;transport=%s" % (self.net(9), transport)
                sender.send(self.info_to(place, sender, 200 + n), self.at())
                self.assertEqual(self.carrier.expect("INFO").transport, transport)
                self.carrier.inbox = []

    def test_a_port_scan(self):
        """No port of a peer but those of SIP, by any spelling, hears of a stranger."""
        self.start()
        self.up()
        nobody, traps = self.peer("nobody", 66), [self.trap(self.net(2)) for _ in range(5)]
        route = self.final.elements("record-route")[0]
        n = 0
        for trap in traps:
            there = "sip:%s:%d;transport=tcp" % (self.net(2), trap.port)
            for uri, routes in ((there, [route]), ("sip:x@h", [route, "<%s;lr>" % there]),
                                ("sip:x@h", [route, "<%s>" % there]),
                                (there.replace("=tcp", "=tls"), [route]), (there[:-14], [route])):
                message = self.inside("MESSAGE", uri, nobody, n + 10)
                nobody.send(message.replaced("route", *["Route: " + r for r in routes]), self.at())
                n += 1
        # TLS has no listener here: nowhere at all
        self.wait_stats("fenced", n - len(traps))
        self.assertEqual([t.connections() + t.datagrams() for t in traps], [0] * len(traps))
        self.assertEqual(self.stats("connections"), 0)

    def test_by_setting_any_port(self):
        self.start(more='proxy = { dialog_ports = "any"; };')
        self.up()
        nobody, trap = self.peer("nobody", 66), self.trap(self.net(2))
        for n, transport in enumerate(("udp", "tcp")):
            nobody.send(self.info_to("%s:%d;transport=%s" % (self.net(2), trap.port, transport),
                                    nobody, 10 + n), self.at())
        wait_until(lambda: trap.connections() == 1 and trap.datagrams() >= 1, HANG_S, "both")

    def test_the_port_that_a_peer_wrote(self):
        """A gateway that nobody listed ends a call whose caller's Contact has a port of its own."""
        sbc = self.peer("odd", 2, port=5072)
        self.start()
        invite = self.invite(sbc)
        self.carrier  # pylint: disable=pointless-statement
        sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.assertIn(":5072", arrived["contact"])
        answer = self.carrier.respond(arrived, 200)
        sbc.acknowledge(invite, sbc.expect(200), self.at())
        gateway = self.peer("gateway", 66)
        gateway.send(dialog.callee_in_dialog(gateway, "BYE", arrived, answer, 1), self.at())
        sbc.respond(sbc.expect("BYE"), 200)
        gateway.expect((200, "BYE"))

    def test_a_connection_that_is_open(self):
        """A caller at the end of a connection of its own is reached by it, at whatever port."""
        self.start()
        invite = self.invite(transport="tcp")
        self.carrier  # pylint: disable=pointless-statement
        stream = self.sbc.send(invite, self.at("tcp"))
        arrived = self.carrier.expect("INVITE")
        answer = self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, stream)
        self.carrier.expect("ACK")
        gateway, port = self.peer("gateway", 66), stream.socket.getsockname()[1]
        bye = dialog.callee_in_dialog(gateway, "BYE", arrived, answer, 1)
        bye.start = b"BYE sip:x@%s:%d;transport=tcp SIP/2.0" % (self.net(2).encode(), port)
        gateway.send(bye, self.at())
        self.assertIs(self.sbc.expect("BYE").connection, stream)
        self.wait_stats("connections", 1)


class Ceilings(Strangers):
    """What peers and strangers write fills no more of the table than its part."""

    def open_to(self, sender, host, port, cseq):
        sender.send(self.inside("INFO", "sip:x@%s:%d;transport=tcp" % (host, port), sender, cseq),
                    self.at())

    def test_of_one_peer_and_in_all(self):
        self.start(limits=" connections = 12; connections_per_peer = 3;",
                   upstreams=[self.upstream(sources=[self.net(9)] + [self.net(n) for n in FAR]), self.upstream("tcp", 8, "tcp", sources=[self.net(8)])],
                   trunks=[self.trunk(upstreams=["carrier"]),
                           self.trunk("other", 3, upstreams=["tcp"])])
        self.up()
        near = [self.trap(self.net(9)) for _ in range(5)]
        far = [self.trap(self.net(n), 5060) for n in FAR]
        for n, trap in enumerate(near):
            self.open_to(self.sbc, self.net(9), trap.port, 10 + n)
        self.wait_stats("connections_not_opened", 2)
        wait_until(lambda: sum(t.connections() for t in near) == 3, HANG_S, "three")
        for _ in range(2):
            self.sbc.expect((503, "INFO"))
        for n in FAR:
            self.open_to(self.sbc, self.net(n), 5060, n)
        self.wait_stats("connections_not_opened", 4)
        wait_until(lambda: sum(t.connections() for t in far) == 3, HANG_S, "three")
        self.assertEqual(len(self.stird.log_lines("a connection is not opened")), 1)
        self.wait_stats("connections", 6)
        # An upstream is reached all the same, and whoever comes.
        guest, upstream = self.peer("guest", 3), self.peer("upstream", 8)
        invite = self.invite(guest, transport="tcp")
        stream = guest.send(invite, self.at("tcp"))
        upstream.respond(upstream.expect("INVITE"), 486)
        guest.send(dialog.ack_of_refusal(invite, guest.expect(486)), stream)
        upstream.expect("ACK")

    def test_of_strangers(self):
        """An eighth of that; when it is full, peers go on opening theirs."""
        self.start(limits=" connections = 32;",
                   upstreams=[self.upstream(sources=[self.net(n) for n in (9, 71, 72, 73, 74)])])
        self.up()
        nobody = self.peer("nobody", 66)
        traps = [self.trap(self.net(71 + n), 5060) for n in range(4)]
        for n in range(3):
            self.open_to(nobody, self.net(71 + n), 5060, 10 + n)
        self.wait_stats("connections_not_opened", 1)
        self.assertEqual(sum(t.connections() for t in traps), 2)
        self.open_to(self.sbc, self.net(74), 5060, 20)
        wait_until(lambda: traps[3].connections() == 1, HANG_S, "a peer's")
        def arrived():
            return traps[3].open[0].recv(65536, socket.MSG_PEEK).count(b"INFO sip:")
        wait_until(lambda: arrived() == 1, HANG_S, "it is open")
        # The same connection again costs nothing.
        self.open_to(nobody, self.net(71), 5060, 30)
        self.open_to(nobody, self.net(74), 5060, 31)
        wait_until(lambda: arrived() == 2, HANG_S, "there")
        self.assertEqual(self.stats("connections_not_opened"), 1)



class Names(Strangers):
    """Names that requests inside calls write."""

    def start_with_names(self, **changes):
        self.dns = Dns(self.net(53))
        self.addCleanup(self.dns.close)
        self.start(more='dns = { servers = [ "%s" ]; };' % self.net(53), **changes)
        self.up()

    def info(self, sender, host, cseq):
        sender.send(self.inside("INFO", "sip:x@%s:5060" % host, sender, cseq), self.at())

    def test_of_strangers_none_is_asked_for(self):
        """By Request-URI, Route, strict router; one that a peer had asked for is known."""
        self.start_with_names()
        self.dns.address("known.example", self.net(9))
        nobody, route = self.peer("nobody", 66), self.final.elements("record-route")[0]
        for n, (uri, routes) in enumerate((("sip:x@a.example", [route]),
                                           ("sip:x@b.example:5060", [route]),
                                           ("sips:x@c.example", [route]),
                                           ("sip:x@h", [route, "<sip:d.example;lr>"]),
                                           ("sip:x@h", [route, "<sip:e.example:5060>"]),
                                           (route.strip("<>"), ["<sip:f.example>"]))):
            message = self.inside("INFO", uri, nobody, 10 + n)
            nobody.send(message.replaced("route", *["Route: " + r for r in routes]), self.at())
        self.info(self.sbc, "known.example", 30)
        self.carrier.respond(self.carrier.expect("INFO"), 200)
        self.sbc.expect((200, "INFO"))
        self.assertTrue(all(b"known" in q.encode() for q in map(str, self.dns.questions)),
                        self.dns.questions)
        asked = len(self.dns.different)
        self.info(nobody, "known.example", 31)
        self.carrier.respond(self.carrier.expect("INFO"), 200)
        nobody.expect((200, "INFO"))
        self.info(nobody, "KNOWN.example.", 32)
        self.carrier.respond(self.carrier.expect("INFO"), 200)
        nobody.expect((200, "INFO"))
        self.assertEqual(len(self.dns.different), asked)

    def test_a_part_of_the_places(self):
        """One trunk's SBC writes many names; another peer's is asked for all the same."""
        self.start_with_names()
        self.dns.address("peer.example", self.net(2))
        for n in range(30):
            self.info(self.sbc, "name%d.example" % n, 10 + n)
        self.wait_stats("dialog_names_refused", 10)
        self.info(self.carrier, "peer.example", 90)
        self.sbc.respond(self.sbc.expect("INFO", skip=((503, "INFO"),)), 200)
        self.carrier.expect((200, "INFO"))


class Spellings(Strangers):
    """However it is written: this machine's services hear nothing of a call, whoever sends."""

    def test_of_the_loopback(self):
        dns = Dns(self.net(53))
        self.addCleanup(dns.close)
        dns.address("v4.example", "127.0.0.1")
        dns.address6("v6.example", "::1")
        dns.address6("mapped.example", "::ffff:127.0.0.1")
        dns.address("ours.example", self.net(1))
        v4 = self.trap("127.0.0.1")
        v6 = self.trap("::1", v4.port, socket.AF_INET6)
        own = self.trap(self.net(1), v4.port)
        self.start(listeners=[self.listener(), self.listener("six", "::1")],
                   more='dns = { servers = [ "%s" ]; };' % self.net(53))
        self.up()
        hosts = ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
                 "[0:0:0:0:0:0:0:1]", "[127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]",
                 "[fe80::1]", "[fe80::1%25lo]", "[fe80::1%lo]", "[::1%lo]", "0.0.0.0", "[::]", "0",
                 "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433",
                 "127.0.0.1.", "127.000.000.001", "localhost", "localhost.", "LOCALHOST",
                 "v4.example", "v6.example", "mapped.example", "ours.example", self.net(1),
                 "[::ffff:%s]" % self.net(1), "%31%32%37.0.0.1", "127.0.0.1%00", "[ff02::1]",
                 "224.0.0.1", "255.255.255.255", "127.255.255.255"]
        ways = [";transport=tcp", ";transport=udp", "", ";transport=tcp;maddr=127.0.0.1"]
        nobody, cseq = self.peer("nobody", 66), 100
        for host in hosts:
            for way in ways:
                cseq += 1
                uri = "sip:x@%s:%d%s" % (host, v4.port, way)
                for sender in (self.sbc, nobody):
                    info = self.inside("INFO", uri, sender, cseq)
                    sender.send(info, self.at())
                    if way == ways[0]:
                        info = self.inside("INFO", "sip:x@h", sender, cseq + 1000)
                        routes = [info.raws("route")[0], b"Route: <%s;lr>" % uri.encode()]
                        sender.send(info.replaced("route", *routes), self.at())
            while self.sbc.poll(0):
                pass
        for port in ("0", "00000", "65536", "65616", "-1", "", "5060x", "+80", "99999999999999999999"):
            cseq += 1
            for host in ("127.0.0.1", self.net(9)) if port else ("127.0.0.1",):  # a peer's own is 5060
                self.sbc.send(self.inside("INFO", "sip:x@%s:%s;transport=tcp" % (host, port),
                                          cseq=cseq), self.at())
        for way in ("ws", "wss", "sctp", "tls-sctp", "udp%00", "TCP%20", "", "tcp;transport=udp"):
            cseq += 1
            self.sbc.send(self.inside("INFO", "sip:x@127.0.0.1:%d;transport=%s" % (v4.port, way),
                                      cseq=cseq), self.at())
        self.wait_until_answered(cseq)
        for trap in (v4, v6, own):
            self.assertEqual(trap.connections() + trap.datagrams(), 0)
        self.assertEqual(self.stats("connections"), 0)
        self.assertFalse([m for m in self.sbc.inbox if m.is_request])
        self.carrier.expect_nothing(0.1)

    def wait_until_answered(self, cseq):
        """None but refusals, and the last of them: those with names may wait 2 s."""
        last = self.inside("INFO", "sip:x@v4.example:5060", cseq=cseq + 1)
        self.sbc.send(last, self.at())

        def answered():
            self.sbc.poll(0.05)
            return any(m["cseq"].startswith("%d " % (cseq + 1)) for m in self.sbc.inbox)
        wait_until(answered, HANG_S, "the last")
        while self.sbc.poll(0.3):
            pass
        statuses = {m.status for m in self.sbc.inbox if not m.is_request and m.method == "INFO"}
        self.assertLessEqual(statuses, {400, 403, 503, 416})


class Responses(Strangers):
    """R-P-069: whose responses count, and what their Vias may say."""

    def strangers_answer(self, arrived, sender, status=200):
        sender.send(dialog.answer(arrived, status, tag="x", peer=sender), self.at())

    def test_of_somebody_who_saw_the_request(self):
        """Any status, UDP; the call goes on as if nothing had come."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        nobody = self.peer("nobody", 66)
        statuses = (100, 183, 200, 302, 486, 503, 603)
        for status in statuses:
            self.strangers_answer(arrived, nobody, status)
        self.wait_stats("foreign_responses", len(statuses))
        self.assertEqual(len(self.stird.log_lines("a response is dropped")), 1)
        self.sbc.expect_nothing(0.2)
        nobody.expect_nothing(0.1)
        self.refuse(arrived, invite)

    def test_by_setting(self):
        self.start(more='proxy = { responses = "any"; };')
        self.place()
        self.strangers_answer(self.carrier.expect("INVITE"), self.peer("nobody", 66))
        self.sbc.expect((200, "INVITE"))
        self.assertEqual(self.stats("foreign_responses"), 0)

    def test_from_another_address_of_the_carrier(self):
        """One that it covers, and one at another port of the next hop."""
        self.start(upstreams=[self.upstream(sources=[self.net(9), self.net(8)])])
        for sender in (self.peer("other", 8), self.peer("port", 9, port=5070)):
            self.place()
            self.strangers_answer(self.carrier.expect("INVITE"), sender)
            self.sbc.expect((200, "INVITE"))

    def test_vias(self):
        """Added, taken off, doubled, joined, replayed: the caller or nobody, and once at most."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        victim = self.peer("victim", 9, port=5063)
        top, below = arrived.elements("via")[:2]
        extra = "SIP/2.0/UDP %s:5063;branch=z9hG4bKx;received=%s;rport=5063" % (victim.host,
                                                                                victim.host)
        vias = [[], [top], [below], [below, top], [top, top, below], [extra, top, below],
                [top, extra], [top, extra, below], [top + "x", below], [top.upper(), below],
                [top + ";branch=z9hG4bKx", below], [top + ";received=" + victim.host, below, extra],
                [top.replace("/UDP", "/TCP"), extra], [top.replace(":5060", ":5061"), below],
                [top.replace(self.net(1), victim.host), below], [top, below, below],
                [top, below + ";received=" + victim.host], [top, below + ";rport=5063"],
                [top, below.replace("/UDP", "/TCP")], ["%s, %s" % (top, extra)],
                ["%s, %s" % (extra, top), below], [top + ",", extra], [top + " (\")\", " + extra]]
        for n, each in enumerate(vias):
            raws = [h.raw for h in dialog.answer(arrived, 183, tag="x%d" % n).headers
                    if h.name != "via"]
            for sender in (self.carrier, self.peer("nobody", 66)):
                sender.send(Message("SIP/2.0 183 OK", ["Via: " + v for v in each] + raws), self.at())
            # Over another transport than the request had.
            self.carrier.send(Message("SIP/2.0 183 OK", ["Via: " + v for v in each] + raws),
                              self.at("tcp"))
        self.carrier.respond(arrived, 488)
        self.sbc.acknowledge(invite, self.sbc.expect(488, skip=(183,)), self.at())
        victim.expect_nothing(0.2)
        self.peer("nobody", 66).expect_nothing(0.1)
        self.assertEqual(victim.streams, [])
        for message in self.sbc.inbox:
            self.assertNotIn(top.encode()[:40], message.octets())


class Workers(Strangers, WorkersStory):
    """The worker that asked judges, whichever the answer reached."""

    def test_responses_over_other_connections(self):
        """The carrier's count at any worker, a stranger's at none."""
        self.start_workers(3)
        nobody = self.peer("nobody", 66)
        for _ in range(6):
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            nobody.send(dialog.answer(arrived, 200, tag="x", peer=nobody), self.at())
            arrived.connection = self.carrier.connect(self.net(1), 5060, fresh=True)
            self.carrier.respond(arrived, 486)
            final = self.sbc.expect(486)
            self.sbc.acknowledge(invite, final, self.at())
            self.carrier.expect("ACK")
        self.wait_stats("foreign_responses", 6)

    def test_the_port_that_a_peer_wrote(self):
        """The worker that has the call has heard it."""
        odd, gateway = self.peer("odd", 2, port=5072), self.peer("gateway", 66)
        self.start_workers(3)
        self.carrier  # pylint: disable=pointless-statement
        for _ in range(6):
            invite = self.invite(odd)
            odd.send(invite, self.at())
            arrived = self.carrier.expect("INVITE")
            answer = self.carrier.respond(arrived, 200)
            odd.acknowledge(invite, odd.expect(200), self.at())
            self.carrier.expect("ACK")
            gateway.send(dialog.callee_in_dialog(gateway, "BYE", arrived, answer, 1), self.at())
            odd.respond(odd.expect("BYE"), 200)
            gateway.expect((200, "BYE"))
