"""
The number block of an INVITE that the key of a call brings in, where several trunks share an
address and what tells them apart is the callee's, left out, or disagrees: whatever it says, a
blocked number gets no further inside a call than outside.
"""

import re

from lib import dialog, stirctl
from lib.patience import HANG_S
from lib.sip import octets, parameter
from lib.stird import wait_until
from lib.story import Story

BLOCKED = b"+12155556000"
FROM = re.compile(rb"\r\nFrom: <sip:[^@]*@")
CONTACT = re.compile(rb"\r\nContact: [^\r]*")
PROOF = re.compile(rb";stt=[0-9a-f]{16}")


class DialogBlock(Story):
    def shared(self, own, other, **more):
        """Two trunks of one SBC, and stird."""
        self.start(trunks=[self.trunk("acme", **own), self.trunk("globex", customer="globex", **other)], **more)

    def up(self, contact=None, extra=(), **more):
        invite = self.invite(extra=extra, **more)
        if contact is not None:
            invite = invite.replaced("contact", "Contact: <sip:+12155550100%s@%s>" % (contact, self.net(2)))
        self.carrier  # it listens
        self.sbc.send(invite, self.at())
        self.arrived = self.carrier.expect("INVITE")
        self.answered = self.carrier.respond(self.arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        return invite, final

    def again(self, call, cseq, *changes, blocked=True):
        """A re-INVITE of the call, changed."""
        invite, final = call
        message = dialog.in_dialog(self.sbc, "INVITE", invite, final, cseq, body=dialog.SDP)
        raw = message.octets()
        if blocked:
            raw = FROM.sub(b"\r\nFrom: <sip:" + BLOCKED + b"@", raw)
        for pattern, text in changes:
            raw, n = re.subn(pattern, text, raw)
            self.assertGreater(n, 0, pattern)
        return type(message).parse(raw)

    def explained(self, message, source=2, *words):
        told = self.asked(message, source, *words)
        return told["decision"], told["reason"]

    def asked(self, message, source=2, *words):
        path = self.lab.path("message")
        with open(path, "wb") as file:
            file.write(message.octets())
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path, "--source", self.net(source),
                           *words)
        return told

    def refused(self, message):
        self.sbc.send(message, self.at())
        self.sbc.acknowledge(message, self.sbc.expect(603), self.at())
        self.carrier.expect_nothing(0.1)
        self.assertEqual(self.explained(message), ("rejected", "number_blocked"))

    def goes_on(self, message):
        self.sbc.send(message, self.at())
        self.carrier.respond(self.carrier.expect("INVITE"), 481)
        self.carrier.expect("ACK")
        self.sbc.acknowledge(message, self.sbc.expect(481), self.at())
        self.assertEqual(self.explained(message), ("passed", "in_dialog"))

    def told(self, n):
        """So many refusals have a record, with the trunk that the call is of."""
        records = self.recorded("number_blocked", n)
        self.assertEqual([r["trunk"] for r in records], ["acme"] * n)

    def by_the_request_uri(self, own, other):
        """R-P-033: inside a call it is the callee's Contact; with and without the proof of the trunk."""
        self.shared(own, other)
        call = self.up()
        self.goes_on(self.again(call, 2, blocked=False))
        self.refused(self.again(call, 3))
        self.refused(self.again(call, 4, (PROOF, b"")))
        self.refused(self.again(call, 5, (PROOF, b";stt=0123456789abcdef")))
        self.goes_on(self.again(call, 6, (PROOF, b""), blocked=False))
        self.told(3)

    def test_by_request_host(self):
        self.by_the_request_uri({"request_host": self.net(1)}, {"request_host": "other.example"})

    def test_by_request_user_prefix(self):
        self.by_the_request_uri({"request_user_prefix": "+1215"}, {"request_user_prefix": "+44"})

    def test_by_a_header(self):
        self.shared({"header_name": "X-Customer", "header_value": "acme"},
                    {"header_name": "X-Customer", "header_value": "globex"})
        call = self.up(extra=["X-Customer: acme"])
        self.refused(self.again(call, 2))
        self.refused(self.again(call, 3, (PROOF, b"")))
        self.refused(self.again(call, 4, (rb"\r\nCSeq", b"\r\nX-Customer: globex\r\nCSeq")))
        self.goes_on(self.again(call, 5, blocked=False))
        self.told(3)

    def test_by_a_trunk_group(self):
        self.shared({"tgrp": "acme", "tgrp_in": "contact"}, {"tgrp": "globex", "tgrp_in": "contact"})
        call = self.up(contact=";tgrp=acme")
        at = b"@" + self.net(2).encode()
        uri = b"\r\nContact: <sip:+12155550100"
        for cseq, contact in enumerate((uri + b";tgrp=acme" + at + b">", uri + at + b">",
                                        uri + b";tgrp=globex" + at + b">",
                                        uri + b";tgrp=acme;otg=globex" + at + b">", b"",
                                        uri + b";tgrp=acme" + at + b"/2>"), 2):
            with self.subTest(contact=contact):
                self.refused(self.again(call, cseq, (CONTACT, contact)))
                self.refused(self.again(call, 10 + cseq, (CONTACT, contact), (PROOF, b"")))
        self.told(12)

    def test_who_may_be_trusted_is_asked_both_ways(self):
        """Where nobody can tell the trunk, From and P-Asserted-Identity each are the strictest."""
        self.shared({"request_host": self.net(1), "trusted": False}, {"request_host": "other.example"})
        call = self.up()
        asserts = (rb"\r\nCSeq", b"\r\nP-Asserted-Identity: <sip:%b@h>\r\nCSeq")
        other = (asserts[0], asserts[1] % BLOCKED)
        good = (asserts[0], asserts[1] % b"+12155550101")
        self.goes_on(self.again(call, 2, other, blocked=False))  # acme's word counts for nothing
        self.refused(self.again(call, 3, good))
        self.refused(self.again(call, 4, good, (PROOF, b"")))
        self.refused(self.again(call, 5, other, (PROOF, b""), blocked=False))

    def test_a_block_of_another_meaning_is_the_own_trunk_s(self):
        """Blocked numbers of one leave unsigned, those of the other do not: the proof says which."""
        lenient = {"attestation": {"blocked": "unsigned"}}
        self.shared({"request_host": self.net(1), **lenient}, {"request_host": "other.example"})
        call = self.up()
        self.goes_on(self.again(call, 2))
        self.refused_by(self.again(call, 3, (PROOF, b"")), "globex")

    def refused_by(self, message, trunk):
        self.refused(message)
        self.assertEqual([r["trunk"] for r in self.recorded("number_blocked", 1)], [trunk])

    def found(self, message, *asked):
        told = self.asked(message, *asked)
        self.assertTrue(told["trunk_why"].startswith("inside a call: "), told)
        self.assertNotIn("Request-URI host", told["trunk_why"])
        return told["trunk"], told["trunk_why"]

    def test_explain_says_how_the_trunk_is_found(self):
        """Inside a call not by what tells new ones apart."""
        self.shared({"request_host": self.net(1)}, {"request_host": "other.example"})
        call = self.up()
        self.assertIn("Request-URI host", self.asked(call[0])["trunk_why"])
        trunk, why = self.found(self.again(call, 2))
        self.assertEqual(trunk, "acme")
        self.assertIn("stt in our Route proves it", why)
        for changes in ((PROOF, b""), (PROOF, b";stt=0123456789abcdef")):
            trunk, why = self.found(self.again(call, 3, changes))
            self.assertEqual(trunk, "acme", "the first of those that refuse")
            self.assertIn("the strictest of them counts", why)
            trunk, why = self.found(self.again(call, 4, changes, blocked=False))
            self.assertIsNone(trunk)
            self.assertIn("the strictest of them counts", why)
        self.assertIn("the strictest of all", self.found(self.again(call, 5), 55)[1])
        trunk, why = self.found(self.again(call, 6), 2, "--trunk", "globex")
        self.assertEqual((trunk, why), ("globex", "inside a call: it was named"))

    def test_explain_of_the_only_trunk_and_of_the_callee(self):
        self.start(trunks=[self.trunk("acme", request_host=self.net(1))])
        call = self.up()
        trunk, why = self.found(self.again(call, 2, blocked=False))
        self.assertEqual((trunk, why), ("acme", "inside a call: no other trunk has this source"))
        trunk, why = self.found(dialog.callee_in_dialog(self.carrier, "INVITE", self.arrived, self.answered, 1), 9)
        self.assertIsNone(trunk)
        self.assertIn("sent by who was called", why)

    def swapped(self, call, cseq, *changes, blocked=True):
        """As the callee would write it: To has the tag of who calls."""
        message = self.again(call, cseq, *changes, blocked=blocked)
        caller = parameter(message["from"], "tag")
        raw = re.sub(rb"(From: [^\r]*;tag=)[^\r;]*", rb"\1made-up", message.octets())
        raw = re.sub(rb"(To: [^\r]*;tag=)[^\r;]*", rb"\g<1>" + octets(caller), raw)
        return type(message).parse(raw)

    def test_tags_that_are_swapped(self):
        """A tag is what its sender writes: from a trunk each blocked number is refused."""
        self.start(trunks=[self.trunk("acme")])
        call = self.up()
        asserts = (rb"\r\nCSeq", b"\r\nP-Asserted-Identity: <sip:" + BLOCKED + b"@h>\r\nCSeq")
        elsewhere = (rb"^INVITE sip:[^@]*@", b"INVITE sip:+19005551234@")
        self.refused(self.swapped(call, 2))
        self.refused(self.swapped(call, 3, elsewhere))
        self.refused(self.swapped(call, 4, asserts, blocked=False))
        self.goes_on(self.swapped(call, 5, elsewhere, blocked=False))
        self.told(3)

    def test_tags_that_are_swapped_with_a_trunk_to_prove(self):
        self.shared({"request_host": self.net(1)}, {"request_host": "other.example"})
        call = self.up()
        self.refused(self.swapped(call, 2))
        self.refused(self.swapped(call, 3, (PROOF, b"")))
        self.goes_on(self.swapped(call, 4, blocked=False))
        self.told(2)

    def test_both_sides_of_a_call_the_other_way_round(self):
        """UDP in, TCP out: two Record-Routes, and Routes that come in by the one and leave by the other."""
        self.start(trunks=[self.trunk("acme")], upstreams=[self.upstream(transport="tcp")])
        call = self.up()
        message = self.swapped(call, 2)
        routes = message.elements("route")
        self.assertEqual(len(routes), 2)
        for order in (routes, routes[::-1]):
            raw = re.sub(rb"\r\nRoute: [^\r]*", b"", message.octets()).replace(
                b"\r\nCSeq", b"\r\nRoute: " + octets(", ".join(order)) + b"\r\nCSeq")
            raw = raw.replace(b";branch=", b";branch=z9hG4bK%d" % len(order[0]))
            self.sbc.send(raw, self.at())
            self.sbc.inbox = []
            self.carrier.expect_nothing(0.2)

    def test_who_was_called_may_be_one_who_may_not_call(self):
        """The carrier's re-INVITE has its From: a number for calls in alone has calls that stay up."""
        self.start(trunks=[self.trunk("acme")])
        self.up(called=BLOCKED.decode())
        arrived, sent = self.arrived, self.answered
        again = dialog.callee_in_dialog(self.carrier, "INVITE", arrived, sent, 1, body=dialog.SDP)
        self.assertIn(BLOCKED, octets(again["from"]))
        self.carrier.send(again, self.at())
        self.sbc.respond(self.sbc.expect("INVITE"), 488)
        self.sbc.expect("ACK")
        self.carrier.acknowledge(again, self.carrier.expect(488), self.at())
        gateway = self.peer("gateway", 55)
        raw = again.octets().replace(b"UDP " + self.net(9).encode(), b"UDP " + self.net(55).encode())
        gateway.send(raw.replace(b";branch=", b";branch=z9hG4bKg"), self.at())
        self.sbc.expect("INVITE")

    def test_where_callers_and_carrier_share_an_address(self):
        """An SBC that gets its calls back: what is not blocked passes, whoever of the two sent it."""
        self.start(trunks=[self.trunk("acme")], upstreams=[self.upstream(last=2)])
        invite = self.invite(uri="sip:+12155550199@sbc.example")
        self.sbc.send(invite, self.at())
        arrived = self.sbc.expect("INVITE")
        sent = self.sbc.respond(arrived, 200)
        self.sbc.acknowledge(invite, self.sbc.expect(200), self.at())
        self.sbc.expect("ACK")
        for cseq, number, status in ((1, b"+12155550199", 488), (2, BLOCKED, 603)):
            again = dialog.callee_in_dialog(self.sbc, "INVITE", arrived, sent, cseq, body=dialog.SDP)
            raw = FROM.sub(b"\r\nFrom: <sip:" + number + b"@", again.octets())
            again = type(again).parse(raw)
            self.sbc.send(again, self.at())
            if status == 488:
                self.sbc.respond(self.sbc.expect("INVITE"), status)
                self.sbc.expect("ACK")
            self.sbc.acknowledge(again, self.sbc.expect(status), self.at())

    def test_an_urgent_block(self):
        self.shared({"request_host": self.net(1)}, {"request_host": "other.example"})
        call = self.up()
        self.goes_on(self.again(call, 2, blocked=False))
        self.assertEqual(stirctl.run(self.lab.path("stird.conf"), "numbers", "block", "+12155550100")[0], 0)
        invite = self.invite()
        self.sbc.send(invite, self.at())
        self.sbc.acknowledge(invite, self.sbc.expect(603), self.at())
        self.refused(self.again(call, 3, blocked=False))
        self.refused(self.again(call, 4, (rb"tag=t-carrier", b"tag=made-up"), blocked=False))

    def test_an_emergency_call_is_excused_counted_and_recorded(self):
        """As a new one; one whose number is not blocked leaves nothing, as before."""
        self.start(trunks=[self.trunk("acme")])
        self.excuses()

    def test_an_emergency_call_of_a_shared_sbc_is_excused_too(self):
        self.shared({"request_host": self.net(1)}, {"request_host": "other.example"})
        self.excuses((PROOF, b""))

    def excuses(self, *more):
        call = self.up()
        to = (rb"To: <sip:[^@]*@", b"To: <sip:911@")
        self.excused(self.again(call, 2, to), 1, 1)
        self.excused(self.again(call, 3, (rb"^INVITE sip:[^@]*@", b"INVITE sip:911@")), 2, 1)
        self.excused(self.again(call, 4, to, *more), 3, 2)
        self.goes_on(self.again(call, 5, to, blocked=False))

    def excused(self, message, calls, by_to):
        self.sbc.send(message, self.at())
        self.carrier.respond(self.carrier.expect("INVITE"), 486)
        self.carrier.expect("ACK")
        self.sbc.acknowledge(message, self.sbc.expect(486), self.at())
        self.assertEqual(self.explained(message), ("passed", "emergency_unsigned"))
        stats = lambda: stirctl.ask(self.lab.path("stird.conf"), "stats")
        wait_until(lambda: (stats()["emergency_calls"], stats()["emergency_by_to"]) == (calls, by_to), HANG_S, "stats")
        records = self.recorded("emergency_unsigned", calls)
        self.assertEqual([(r["decision"], r["trunk"], r["sip_status"], r["orig_tn"]) for r in records],
                         [("passed", "acme", 486, BLOCKED.decode()[1:])] * calls)

    def test_a_stranger_s(self):
        """With the key of a call, from an address of nobody: no answer, but a record."""
        self.start()
        call = self.up()
        stranger = self.peer("stranger", 55)
        blocked, good = self.again(call, 2), self.again(call, 3, blocked=False)
        for message in (blocked, good):
            self.stranger_sends(stranger, message)
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived["cseq"], good["cseq"])
        self.assertEqual([(r["source"], r["sip_status"] or 0) for r in self.recorded("number_blocked", 1)],
                         [(self.net(55) + ":5060", 0)])
        self.assertEqual(self.explained(blocked, 55), ("rejected", "number_blocked"))
        self.stranger_sends(stranger, self.swapped(call, 4))  # towards the carrier: no callee's
        self.carrier.expect_nothing(0.2)
        self.assertEqual(len(self.recorded("number_blocked", 2)), 2)

    def stranger_sends(self, stranger, message):
        raw = message.octets().replace(b"UDP " + self.net(2).encode(), b"UDP " + self.net(55).encode())
        stranger.send(raw, self.at())
