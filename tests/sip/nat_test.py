"""Trunks behind NAT, or that cannot be connected to: force_rport, reuse_connection, contact_fix."""

import re
import time

from lib import stird
from lib.dialog import SDP, branch, callee_in_dialog, in_dialog
from lib.sip import uri_of
from lib.story import Story
from lib.tls import TLS_PORT, TlsPeer
from sip.tls_test import TlsStory

SHORT = 'timers = { t1 = "50ms"; t2 = "500ms"; next_hop = "300ms"; };\n'
INSIDE = "10.0.0.5:5060"  # where the PBX thinks that it is


class Nat:
    def call_up(self, pbx, invite, to):
        """INVITE, 200, ACK: (arrived, sent, ok)."""
        self.carrier  # pylint: disable=pointless-statement
        pbx.send(invite, to)
        arrived = self.carrier.expect("INVITE")
        self.verify(arrived, "A")
        sent = self.carrier.respond(arrived, 200, body=SDP)
        ok = pbx.expect(200)
        ack = in_dialog(pbx, "ACK", invite, ok, 1, to.transport if hasattr(to, "socket") else to[0])
        pbx.send(ack, to)
        self.carrier.expect("ACK")
        return arrived, sent, ok

    def callee_sends(self, method, arrived, sent, cseq=1, **more):
        request = callee_in_dialog(self.carrier, method, arrived, sent, cseq, **more)
        self.carrier.send(request, self.carrier.next_hop(request))
        return request

    def callee_ends(self, pbx, arrived, sent):
        self.callee_sends("BYE", arrived, sent)
        bye = pbx.expect("BYE")
        pbx.respond(bye, 200)
        self.carrier.expect((200, "BYE"))
        return bye


class Reuse(Nat):
    def deaf(self, peer):
        """Nobody can connect to it any more."""
        for listener, _ in peer.listeners:
            listener.close()
        peer.listeners = []
        return peer

    def over(self, pbx, transport, **more):
        """A call over a connection of its own: what call_up() answers, and the connection."""
        stream = pbx.connect(*self.at(transport)[1:], fresh=True, transport=transport)
        invite = self.invite(pbx, transport=transport, **more)
        return self.call_up(pbx, invite, stream), stream


class ReuseTcp(Reuse, Story):
    def test_behind_a_firewall(self):
        """TCP: nothing listens there; the second connection has taken the first one's place."""
        pbx = self.deaf(self.sbc)
        self.start(pbx={"reuse_connection": True})
        (arrived, sent, _), first = self.over(pbx, "tcp")
        again, second = self.over(pbx, "tcp")
        self.assertIs(self.callee_ends(pbx, arrived, sent).connection, second)
        pbx.hang_up(second)
        self.assertIs(self.callee_ends(pbx, *again[:2]).connection, first)

    def test_two_behind_one_address(self):
        """Each has said in its Via where it listens."""
        pbxs = [self.deaf(self.peer("pbx%d" % port, 2, port=port)) for port in (5070, 5080)]
        self.start(pbx={"reuse_connection": True})
        calls = [(pbx,) + self.over(pbx, "tcp") for pbx in pbxs]
        for pbx, (arrived, sent, _), stream in calls:
            self.assertIs(self.callee_ends(pbx, arrived, sent).connection, stream)

    def test_the_only_one_is_meant(self):
        """Its Contact says another port than its Via; with two there is no telling."""
        pbx = self.deaf(self.sbc)
        self.start(pbx={"reuse_connection": True})
        other = "Contact: <sip:x@%s:5099;transport=tcp>" % self.net(2)
        stream = pbx.connect(self.net(1), 5060, fresh=True)
        invite = self.invite(pbx, transport="tcp").replaced("contact", other)
        arrived, sent, _ = self.call_up(pbx, invite, stream)
        self.callee_sends("INFO", arrived, sent)
        pbx.respond(pbx.expect("INFO"), 200)
        self.carrier.expect((200, "INFO"))
        self.over(pbx, "tcp")
        self.callee_sends("BYE", arrived, sent, 2)
        self.carrier.expect((503, "BYE"))

    def test_another_address_has_no_part_in_it(self):
        """A peer whose Via names somebody else's address gets nothing of his."""
        pbx, other = self.deaf(self.sbc), self.peer("guest", 3)
        self.start(trunks=[self.trunk(reuse_connection=True),
                           self.trunk("guest", 3, reuse_connection=True)])
        stream = other.connect(self.net(1), 5060)
        lie = self.invite(other, transport="tcp").replaced("via", "Via: SIP/2.0/TCP %s:5060;branch=%s"
                                                           % (self.net(2), branch()))
        self.call_up(other, lie, stream)
        (arrived, sent, _), own = self.over(pbx, "tcp")
        self.assertIs(self.callee_ends(pbx, arrived, sent).connection, own)
        other.expect_nothing(0.1)

    def test_it_may_be_idle(self):
        """limits.idle_timeout ends others' connections, not one that a call may need."""
        self.start(trunks=[self.trunk(reuse_connection=True), self.trunk("guest", 3)],
                   limits=' idle_timeout = "6s";')
        pbx, guest = self.sbc, self.peer("guest", 3)
        (arrived, sent, _), kept = self.over(self.deaf(pbx), "tcp")
        self.over(guest, "tcp")
        guest.expect_closed(guest.streams[-1])
        self.assertIs(self.callee_ends(pbx, arrived, sent).connection, kept)

    def test_a_reload_takes_the_connections_that_are_open(self):
        """Turned on and off again while nothing comes on them: a call of before has its own."""
        pbx = self.deaf(self.sbc)
        self.start(more=SHORT, limits=' idle_timeout = "30s";')
        (arrived, sent, _), own = self.over(pbx, "tcp")
        self.reload_with(pbx={"reuse_connection": True})
        time.sleep(31)  # longer than idle_timeout
        for cseq in (1, 2):
            self.callee_sends("INFO", arrived, sent, cseq)
            request = pbx.expect("INFO")
            pbx.respond(request, 200)
            self.carrier.expect((200, "INFO"))
            self.assertIs(request.connection, own)
        self.reload_with()
        pbx.expect_closed(own)

    def reload_with(self, **more):
        self.configure(more=SHORT, limits=' idle_timeout = "30s";', **more)
        self.generation = getattr(self, "generation", 1) + 1
        self.stird.reload()
        self.stird.wait_log("generation=%d" % self.generation)

    def test_several_workers_are_warned_of(self):
        path = self.configure(pbx={"reuse_connection": True}, more="workers = 2;\n")
        self.assertIn("reuse_connection", stird.check_configuration(path)[1])


    def test_a_neighbour_takes_nothing(self):
        """Two trunks behind one address: B says A's port in its Via, while A's connection is there
        and when it is gone."""
        a, b = [self.deaf(self.peer("pbx%d" % port, 2, port=port)) for port in (5070, 5080)]
        self.start(trunks=[self.trunk(name, reuse_connection=True, tgrp=name) for name in "ab"],
                   more=SHORT)
        call, own = self.over_of(a, "a")
        theirs = self.over_of(b, "b", "Via: SIP/2.0/TCP 10.9.9.9:5070;branch=%s;alias" % branch())
        self.assertIs(self.expect_request(a, "INFO", call, 1).connection, own)
        b.expect_nothing(0.1)
        a.hang_up(own)
        self.callee_sends("INFO", *call[:2], 2)
        self.carrier.expect((503, "INFO"))
        b.expect_nothing(0.1)
        self.assertIs(self.expect_request(b, "INFO", theirs[0], 1).connection, theirs[1])

    def test_it_belongs_to_its_trunk_anew(self):
        """A connects again, and only a request inside its call has come by that."""
        a, b = [self.deaf(self.peer("pbx%d" % port, 2, port=port)) for port in (5070, 5080)]
        self.start(trunks=[self.trunk(name, reuse_connection=True, tgrp=name) for name in "ab"],
                   more=SHORT)
        call, own = self.over_of(a, "a")
        self.over_of(b, "b", "Via: SIP/2.0/TCP 10.9.9.9:5070;branch=%s;alias" % branch())
        a.hang_up(own)
        again = a.connect(self.net(1), 5060, fresh=True)
        a.send(in_dialog(a, "INFO", call[2], call[3], 2, "tcp"), again)
        self.carrier.respond(self.carrier.expect("INFO"), 200)
        a.expect((200, "INFO"))
        self.assertIs(self.expect_request(a, "BYE", call, 1).connection, again)

    def over_of(self, pbx, group, via=None):
        """A call of the trunk with this group, and its connection."""
        stream = pbx.connect(self.net(1), 5060, fresh=True)
        invite = self.invite(pbx, transport="tcp").replaced(
            "contact", "Contact: <sip:%s;tgrp=%s;trunk-context=x@%s:%d;transport=tcp>" % (
                pbx.name, group, self.net(2), pbx.port))
        invite = invite.replaced("via", via) if via else invite
        arrived, sent, ok = self.call_up(pbx, invite, stream)
        self.record(invite, trunk=group)
        return (arrived, sent, invite, ok), stream

    def expect_request(self, pbx, method, call, cseq):
        self.callee_sends(method, *call[:2], cseq)
        request = pbx.expect(method)
        pbx.respond(request, 200)
        self.carrier.expect((200, method))
        return request


class Udp(Nat, Story):
    """The PBX sends from .2:5090, its Via and Contact say INSIDE."""

    def begin(self, **pbx):
        self.start(pbx=pbx)
        return self.peer("pbx", 2, port=5090)

    def from_inside(self, pbx, **more):
        return self.invite(pbx, **more).replaced(
            "via", "Via: SIP/2.0/UDP %s;branch=%s" % (INSIDE, branch())).replaced(
                "contact", "Contact: <sip:pbx@%s;x=y>" % INSIDE)

    def test_both(self):
        pbx = self.begin(force_rport=True, contact_fix=True)
        invite = self.from_inside(pbx)
        arrived, sent, ok = self.call_up(pbx, invite, self.at())
        self.assertEqual(uri_of(arrived["contact"]), "sip:pbx@%s:5090;x=y" % self.net(2))
        self.assertIn(";rport=5090", ok.elements("via")[0])
        self.assert_untouched(invite, arrived, "from", "to", "call-id", "user-agent")
        # a re-INVITE by the callee: the Contact of its 200 is the PBX's target from then on
        self.callee_sends("INVITE", arrived, sent, body=SDP)
        again = pbx.expect("INVITE")
        final = pbx.respond(again, 200, body=SDP)
        del final
        seen = self.carrier.expect((200, "INVITE"))
        self.assertEqual(uri_of(seen["contact"]), "sip:pbx@%s:5090" % self.net(2))
        self.callee_sends("ACK", arrived, sent)
        pbx.expect("ACK")
        self.callee_ends_with(pbx, arrived, sent, 2)

    def callee_ends_with(self, pbx, arrived, sent, cseq):
        self.callee_sends("BYE", arrived, sent, cseq)
        pbx.respond(pbx.expect("BYE"), 200)
        self.carrier.expect((200, "BYE"))

    def test_a_private_contact_in_an_answer(self):
        pbx = self.begin(force_rport=True, contact_fix=True)
        arrived, sent, _ = self.call_up(pbx, self.from_inside(pbx), self.at())
        self.callee_sends("UPDATE", arrived, sent)
        update = pbx.expect("UPDATE")
        answer = pbx.respond(update, 183)
        del answer
        self.carrier.expect(183)
        private = "SIP/2.0 200 OK"
        lines = update.raws("via") + update.raws("record-route") + update.raws("from")
        lines += update.raws("to") + update.raws("call-id") + update.raws("cseq")
        text = b"\r\n".join([private.encode()] + lines + [b"m: sip:pbx@" + INSIDE.encode(),
                                                          b"Content-Length: 0", b"", b""])
        pbx.send(text, ("udp",) + update.source)
        seen = self.carrier.expect((200, "UPDATE"))
        self.assertEqual(seen.raws("contact"), [b"m: <sip:pbx@%s:5090>" % self.net(2).encode()])

    def test_every_copy_of_a_200(self):
        """The first one may be lost: by the transaction, by its Via alone, after a restart."""
        pbx = self.begin(force_rport=True, contact_fix=True)
        arrived, sent, _ = self.call_up(pbx, self.from_inside(pbx), self.at())
        self.callee_sends("INVITE", arrived, sent, body=SDP)
        again = pbx.expect("INVITE")
        for _ in range(2):
            self.assert_fixed(self.answer_from_inside(pbx, again))
        self.stird.stop()
        self.stird.start()
        self.assert_fixed(self.answer_from_inside(pbx, again))

    def answer_from_inside(self, pbx, request):
        lines = [line for name in ("via", "record-route", "from", "to", "call-id", "cseq")
                 for line in request.raws(name)]
        pbx.send(b"\r\n".join([b"SIP/2.0 200 OK"] + lines + [
            b"Contact: <sip:pbx@" + INSIDE.encode() + b">", b"Content-Length: 0", b"", b""]),
            ("udp",) + request.source)
        return self.carrier.expect((200, "INVITE"), retransmissions=True)

    def assert_fixed(self, final):
        self.assertEqual(uri_of(final["contact"]), "sip:pbx@%s:5090" % self.net(2))

    def by_proxy(self, message, record_route=True):
        """What an SBC at .2:5090 that is a proxy sends of what its phone said."""
        own = b"\r\nRecord-Route: <sip:%s:5090;lr>" % self.net(2).encode() if record_route else b""
        lower = b"\r\nVia: SIP/2.0/UDP %s;branch=%s" % (INSIDE.encode(), branch().encode())
        raw = message.replaced("contact", "Contact: <sip:phone@%s>" % INSIDE).octets()
        return type(message).parse(raw.replace(b"\r\nMax-Forwards", lower + own + b"\r\nMax-Forwards", 1))

    def test_what_is_behind_a_proxy_is_the_proxy_s(self):
        """A message that says that a proxy stays in the call keeps its Contact, both ways and again."""
        pbx = self.begin(contact_fix=True)
        self.carrier  # pylint: disable=pointless-statement
        private = "sip:phone@" + INSIDE
        invite = self.by_proxy(self.invite(pbx))
        pbx.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(uri_of(arrived["contact"]), private)
        sent = self.carrier.respond(arrived, 200, body=SDP)
        ok = pbx.expect(200)
        self.assertEqual(len(ok.elements("record-route")), 2)
        routes = [r for r in ok.elements("record-route") if ":5090" not in r]
        self.within(pbx, "ACK", invite, ok, routes, 1)
        self.within(pbx, "UPDATE", invite, ok, routes, 2)
        self.assertEqual(uri_of(self.seen["contact"]), private)
        self.carrier.respond(self.seen, 200)
        pbx.expect((200, "UPDATE"))
        for cseq in (1, 2):  # by its transaction; by its Via alone
            request = self.callee_sends("UPDATE", arrived, sent, cseq)
            there = pbx.expect("UPDATE")
            self.assertEqual(len(there.elements("route")), 1)
            if cseq == 2:
                self.stird.stop()
                self.stird.start()
            lines = [line for name in ("via", "from", "to", "call-id", "cseq") for line in there.raws(name)]
            pbx.send(b"\r\n".join([b"SIP/2.0 200 OK"] + lines + [
                b"Contact: <" + private.encode() + b">", b"Content-Length: 0", b"", b""]),
                ("udp",) + there.source)
            self.assertEqual(uri_of(self.carrier.expect((200, "UPDATE"))["contact"]), private)
            del request

    def within(self, pbx, method, invite, ok, routes, cseq):
        request = in_dialog(pbx, method, invite, ok, cseq)
        raw = re.sub(rb"\r\nRoute: [^\r]*", b"", request.octets()).replace(
            b"\r\nFrom", b"\r\nRoute: " + ", ".join(routes).encode() + b"\r\nFrom", 1)
        request = type(request).parse(raw)
        pbx.send(self.by_proxy(request, False) if method != "ACK" else request, self.at())
        self.seen = self.carrier.expect(method)

    def test_off_nothing_changes(self):
        """Answers go to the port of the Via, and the Contact stays as it is written."""
        pbx = self.begin()
        at_port = self.sbc  # .2:5060
        self.carrier  # pylint: disable=pointless-statement
        pbx.send(self.from_inside(pbx), self.at())
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived["contact"], "<sip:pbx@%s;x=y>" % INSIDE)
        self.carrier.respond(arrived, 486)
        at_port.expect(486)
        pbx.expect_nothing(0.1)

    def test_answers_of_our_own(self):
        """A refusal, an OPTIONS: also to where it came from."""
        pbx = self.begin(force_rport=True)
        pbx.send(self.from_inside(pbx, caller="+12155556000"), self.at())
        pbx.expect(603)
        options = pbx.request("OPTIONS", "sip:" + self.net(1)).replaced(
            "via", "Via: SIP/2.0/UDP %s;branch=%s" % (INSIDE, branch()))
        pbx.send(options, self.at())
        pbx.expect((200, "OPTIONS"))


class ReuseTls(Reuse, TlsStory):
    def test_a_certificate_without_the_address(self):
        """The PBX listens, but its certificate names pbx.example alone."""
        pbx = self.tls_peer("sbc", 2, "DNS:pbx.example")
        self.start(pbx={"reuse_connection": True})
        (arrived, sent, _), stream = self.over(pbx, "tls")
        self.assertIs(self.callee_ends(pbx, arrived, sent).connection, stream)

    def test_off_it_is_connected_to(self):
        """The log names whom the certificate should be for."""
        pbx = self.tls_peer("sbc", 2, "DNS:pbx.example")
        self.start()
        (arrived, sent, _), _ = self.over(pbx, "tls")
        self.callee_sends("BYE", arrived, sent)
        self.carrier.expect(503)
        self.stird.wait_log("TLS handshake failed.*expected=%s " % self.net(2))

    def test_its_name_is_known(self):
        """Written without being a condition: it shows no certificate when it calls. By a connection to it."""
        pbx = self.tls_peer("sbc", 2, "DNS:PBX.example", own=True)
        others = self.trunk("others", sources=[self.net.prefix + "0/29"], tls_peer_name="other.example")
        self.start(trunks=[others, self.trunk(tls_peer_name="Pbx.Example.")])
        (arrived, sent, _), stream = self.over(pbx, "tls")
        self.assertIsNot(self.callee_ends(pbx, arrived, sent).connection, stream)

    def test_its_name_is_known_and_its_connection_taken(self):
        pbx = self.deaf(self.tls_peer("sbc", 2, "DNS:pbx.example"))
        self.start(pbx={"reuse_connection": True, "tls_peer_name": "pbx.example"})
        (arrived, sent, _), stream = self.over(pbx, "tls")
        self.assertIs(self.callee_ends(pbx, arrived, sent).connection, stream)

    def test_another_has_its_address(self):
        """What is connected to proves the name that is written, or gets nothing."""
        pbx = self.tls_peer("sbc", 2, "DNS:evil.example", "IP:" + self.net(2))
        self.start(pbx={"tls_peer_name": "pbx.example"})
        (arrived, sent, _), _ = self.over(pbx, "tls")
        self.callee_sends("BYE", arrived, sent)
        self.carrier.expect(503)
        self.stird.wait_log("TLS handshake failed.*expected=pbx.example ")

    def test_all_three(self):
        """It cannot be connected to, and says that it is at INSIDE; no transport in its Contact."""
        pbx = self.tls_peer("sbc", 2, "DNS:pbx.example", listens=False)
        self.start(pbx={"force_rport": True, "reuse_connection": True, "contact_fix": True})
        stream = pbx.connect(self.net(1), TLS_PORT, fresh=True, transport="tls")
        invite = self.invite(pbx, transport="tls").replaced(
            "via", "Via: SIP/2.0/TLS %s;branch=%s;alias" % (INSIDE, branch())).replaced(
                "contact", "Contact: <sip:pbx@%s>" % INSIDE)
        arrived, sent, _ = self.call_up(pbx, invite, stream)
        own = "%s:%d" % stream.socket.getsockname()[:2]
        self.assertEqual(uri_of(arrived["contact"]), "sip:pbx@%s;transport=tls" % own)
        self.assertIs(self.callee_ends(pbx, arrived, sent).connection, stream)


class NamesTls(Reuse, TlsStory):
    """PBXs whose certificates have names alone: a.example, b.example."""

    def pbx_of(self, name, last=2, port=5060, listens=False):
        pbx = TlsPeer("pbx" + name, self.net(last), self.transcript, self.authority,
                      self.authority.issue(name, "DNS:%s.example" % name), listens=listens,
                      port=port)
        self.peers["pbx" + name] = pbx
        return pbx

    def begin(self, *trunks):
        self.carrier  # pylint: disable=pointless-statement
        self.start(verify="require", trunks=list(trunks), more=SHORT)

    def test_two_behind_one_address(self):
        """Told apart by the names that they prove; neither can be connected to."""
        pbxs = [self.pbx_of("a", port=5070), self.pbx_of("b", port=5080)]
        self.begin(*(self.trunk(name, tls_name=name + ".example", reuse_connection=True)
                     for name in "ab"))
        for pbx in pbxs:
            (arrived, sent, _), stream = self.over(pbx, "tls")
            self.assertIs(self.callee_ends(pbx, arrived, sent).connection, stream)

    def test_the_longest_prefix(self):
        """A wide trunk of another name stands before the PBX's own."""
        pbx = self.pbx_of("b")
        self.begin(self.trunk("wide", sources=[self.net(0) + "/29"], tls_name="w.example"),
                   self.trunk("b", tls_name="b.example", reuse_connection=True))
        (arrived, sent, _), stream = self.over(pbx, "tls")
        self.assertIs(self.callee_ends(pbx, arrived, sent).connection, stream)

    def test_it_is_connected_to_by_its_trunk_s_name(self):
        """Of two names behind one address the one that began the call: not the first."""
        pbx = self.pbx_of("b", listens=True)
        self.begin(self.trunk("a", tls_name="a.example"), self.trunk("b", tls_name="b.example"))
        self.assert_called_back(pbx)

    def test_any_name_where_the_trunk_is_not_known(self):
        """As a call of an older stird: no word of its trunk in its Route."""
        pbx = self.pbx_of("b", listens=True)
        self.begin(self.trunk("a", tls_name="a.example"), self.trunk("b", tls_name="b.example"))
        self.assert_called_back(pbx, lambda text: re.sub(rb";stt=[0-9a-f]{16}", b"", text))

    def test_no_other_name(self):
        """That of a neighbour's trunk at the same address will not do."""
        caller, there = self.pbx_of("a", port=5090), self.pbx_of("b", listens=True)
        self.begin(self.trunk("a", tls_name="a.example"), self.trunk("b", tls_name="b.example"))
        caller.tls_port = TLS_PORT
        (arrived, sent, _), stream = self.over(caller, "tls")
        caller.hang_up(stream)
        self.callee_sends("BYE", arrived, sent)
        stird.wait_until(lambda: there.poll(0.1) or there.refused, stird.HANG_S, "refused connection")
        self.carrier.expect((503, "BYE"))
        self.stird.wait_log("TLS handshake failed.*expected=a.example ")

    def assert_called_back(self, pbx, change=lambda text: text):
        (arrived, sent, _), stream = self.over(pbx, "tls")
        pbx.hang_up(stream)
        bye = callee_in_dialog(self.carrier, "BYE", arrived, sent, 1)
        self.carrier.send(change(bye.octets()), self.carrier.next_hop(bye))
        pbx.respond(pbx.expect("BYE"), 200)
        self.carrier.expect((200, "BYE"))
