"""
What is refused before it is decided leaves a record and a log line with its Call-ID, and a flood of
it leaves few: one line a second and source, with a count.
"""

import re
import time

from lib import dialog, stirctl
from lib.patience import HANG_S
from lib.sip import Message
from lib.stird import wait_until
from lib.story import Story

PROXY = b"PROXY TCP6 %b %b 65535 65535\r\n" % ((b"ffff:" * 8)[:-1], (b"ffff:" * 8)[:-1])


class Undecided(Story):
    def told(self, invite, status, reason, detail, call_id=None):
        """One record and one log line of it."""
        call_id = call_id or invite["call-id"]
        record = self.stird.record(call_id)
        self.assertEqual((record["decision"], record["reason"], record["sip_status"] or 0),
                         ("rejected", reason, status))
        self.assertRegex(record["detail"] or "", detail)
        self.assertEqual(record["count"], 1)
        self.assertRegex(record["source"], r"^%s:5060$" % re.escape(self.net(2)))
        lines = self.stird.wait_lines("call_id=" + call_id)
        self.assertEqual(len(lines), 1, self.stird.log())
        self.assertIn("reason=" + reason, lines[0])
        if detail:
            self.assertIn("detail=", lines[0])

    def records(self, number):
        """That many, and no more."""
        found = wait_until(lambda: len(self.stird.records()) >= number and self.stird.records(), 5,
                           "%d records" % number)
        self.assertEqual(len(found), number)
        return found

    def refused(self, message, status):
        """STATUS is the answer; 0: there is none."""
        self.sbc.send(message, self.at())
        if not status:
            return
        final = self.sbc.expect(status)
        if isinstance(message, Message):
            self.sbc.acknowledge(message, final, self.at())

    def test_two_tags_are_told_with_header_and_octet(self):
        self.start()
        for name, line, header in (
                ("to", "To: <sip:+13125550123@h>;tag=a;TAG = b", "To"),
                ("from", "f: <sip:+12155550100@h>;tag=a\r\n ;tag=b", "From")):
            with self.subTest(name):
                invite = self.invite().replaced(name, line)
                octets = invite.octets()
                second = octets.index(line.encode()) + line.lower().rindex("tag")
                self.sbc.send(octets, self.at())
                self.assertEqual(self.sbc.expect(400, skip=[100]).status, 400)
                self.record(invite, decision="rejected", reason="bad_request",
                            detail="%s: has two tags, at octet %d" % (header, second))

    def test_an_extension_is_told_with_its_octet(self):
        """The first tag's, over all lines; of many the first; for explain the same."""
        self.start()
        many = ", ".join("extension%d" % i for i in range(60))
        for lines, told, first in (
                (["Proxy-Require: foo"], "foo", "foo"),
                (["Proxy-Require: ", "PROXY-REQUIRE :  ,\r\n  bar;x=1 , baz"], "bar;x=1, baz", "bar;"),
                (["proxy-require: foo", "Proxy-Require: bar"], "foo, bar", "foo"),
                (["Proxy-Require: " + many], many[:200] + "...", "extension0,")):
            with self.subTest(lines):
                invite = self.invite().plus(*lines)
                octets = invite.octets()
                detail = "Proxy-Require: asks for %s, which stird does not have, at octet %d" % (
                    told, octets.index(first.encode()))
                path = self.lab.path("message")
                with open(path, "wb") as file:
                    file.write(octets)
                explained = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path, "--source",
                                        self.net(2))
                self.assertEqual(explained["detail"], detail)
                self.sbc.send(octets, self.at())
                self.sbc.acknowledge(invite, self.sbc.expect(420), self.at())
                self.record(invite, decision="rejected", reason="bad_extension", detail=detail)
                self.assertIn(told[:20], self.stird.wait_lines("call_id=" + invite["call-id"])[0])

    def test_each_refusal(self):
        """400, 416, 420, 482, 483, 505, 513: which header, and where."""
        self.start(limits=' message = "16k";')
        for name, status, reason, detail, change in (
                ("CSeq", 400, "bad_request", "^CSeq: .*octet [0-9]+$",
                 lambda m: m.replaced("cseq", "CSeq: 1 OPTIONS")),
                ("two To", 400, "bad_request", "^(To|t): .*octet [0-9]+$",
                 lambda m: m.plus("To: <sip:x@h>")),
                ("Max-Forwards above", 400, "bad_request",
                 "^Max-Forwards: is above 255, at octet [1-9][0-9]*$",
                 lambda m: m.replaced("max-forwards", "Max-Forwards: 256")),
                ("too many Routes", 400, "too_many_headers", "^Route: .*octet [0-9]+$",
                 lambda m: m.plus("Route: " + ",".join(["<sip:192.0.2.1;lr>"] * 65))),
                ("too many lines", 400, "too_many_headers", "lines",
                 lambda m: m.plus(*["X-%d: y" % i for i in range(300)])),
                ("Content-Length", 400, "bad_request", "^Content-Length: .*octet [0-9]+$",
                 lambda m: m.replaced("content-length", "Content-Length: 99999")),
                ("scheme", 416, "unsupported_scheme", "Request-URI",
                 lambda m: self.with_start(m, "INVITE http://h/ SIP/2.0")),
                ("Proxy-Require", 420, "bad_extension", "^Proxy-Require: asks for foo, bar, which stird does not have, at octet [1-9][0-9]*$",
                 lambda m: m.plus("Proxy-Require: foo,bar")),
                ("Max-Forwards", 483, "too_many_hops",
                 "^Max-Forwards: is 0, at octet [1-9][0-9]*$",
                 lambda m: m.replaced("max-forwards", "Max-Forwards: 0")),
                ("method", 400, "bad_request", "^start line: .*letters",
                 lambda m: self.with_start(m, "Invite sip:+19005550100@h SIP/2.0").replaced(
                     "cseq", "CSeq: 1 Invite")),
                ("method of CSeq", 400, "bad_request", "^start line: .*letters",
                 lambda m: self.with_start(m, "invite sip:+19005550100@h SIP/2.0")),
                ("version", 505, "bad_version", "version",
                 lambda m: self.with_start(m, "INVITE sip:x@h SIP/3.0")),
                ("length", 513, "too_large", "longer",
                 lambda m: m.plus("X-Long: " + "x" * 17000))):
            with self.subTest(name=name):
                invite = change(self.invite())
                self.refused(invite, status)
                self.told(invite, status, reason, detail)
                time.sleep(0.12)  # ten a second are told one by one
        self.signed_call()

    @staticmethod
    def with_start(message, line):
        message.start = line.encode()
        return message

    def test_no_answer_can_be_built(self):
        """Without Via or To: silence, but a record."""
        self.start()
        for name in ("via", "to", "from"):
            with self.subTest(name=name):
                invite = self.invite().without(name)
                self.refused(invite, 0)
                self.told(invite, 0, "bad_request", "(?i)^%s: is missing" % name)

    def test_without_call_id(self):
        self.start()
        self.refused(self.invite().without("call-id"), 0)
        self.assertEqual([r["call_id"] for r in self.records(1)], [None])

    def test_a_call_id_is_escaped(self):
        """Octets of a Call-ID make no line of their own, neither here nor there."""
        self.start()
        raw = self.invite().without("call-id").without("to").octets()
        raw = raw.replace(b"\r\n", b"\r\nCall-ID: a\"b\\\x01\xff\r info [x] forged y\r\n", 1)
        self.refused(raw, 0)
        self.records(1)
        self.assertFalse(re.search(r"(?m)^ ?info \[x\]", self.stird.log()))
        self.assertNotIn(b"\xff", self.stird.log_octets())

    def test_compact_names_and_odd_methods(self):
        """i: is Call-ID; what is no INVITE leaves no record."""
        self.start()
        invite = self.invite()
        compact = invite.replaced("call-id", b"i:" + invite.raws("call-id")[0].split(b":", 1)[1])
        compact = compact.without("cseq")
        self.refused(compact, 0)
        self.told(compact, 0, "bad_request", "^CSeq", call_id=invite["call-id"])
        for method in ("INVITER", "MESSAGE", "invite"):
            other = self.with_start(self.invite().without("cseq"), "%s sip:x@h SIP/2.0" % method)
            self.refused(other, 0)
            self.stird.wait_log("call_id=" + re.escape(other["call-id"]))
        ids = [record["call_id"] for record in self.records(2)]
        self.assertEqual(ids, [invite["call-id"], other["call-id"]], "a lenient peer takes the last for an INVITE")

    def test_a_loop(self):
        self.start()
        invite = self.place(uri="sip:+12155550199@carrier.example.com")
        arrived = self.carrier.expect("INVITE")
        back = arrived.replaced("via", "Via: SIP/2.0/UDP %s:5060;branch=%s;rport" % (
            self.sbc.host, dialog.branch()), *arrived.raws("via"))
        back = back.replaced("call-id", *arrived.raws("call-id"))
        self.refused(back, 482)
        self.refuse(arrived, invite)
        reasons = sorted(r["reason"] for r in self.records(2))
        self.assertEqual(reasons, ["loop_detected", "signed_owned"])

    def test_inside_a_dialog_what_we_refuse(self):
        """A re-INVITE with our key leaves a record when stird itself refuses it."""
        self.start()
        invite = self.place()
        self.carrier.respond(self.carrier.expect("INVITE"), 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        again = dialog.in_dialog(self.sbc, "INVITE", invite, final, 2)
        again = again.replaced("max-forwards", "Max-Forwards: 0")
        self.sbc.send(again, self.at())
        self.sbc.acknowledge(again, self.sbc.expect(483), self.at())
        reasons = sorted(r["reason"] for r in self.records(2))
        self.assertEqual(reasons, ["signed_owned", "too_many_hops"])

    def test_of_an_upstream(self):
        """Its malformed INVITE and its good one: each a record."""
        self.start()
        bad = self.invite(self.carrier).without("cseq")
        good = self.invite(self.carrier)
        for message in (bad, good):
            self.carrier.send(message, self.at())
        self.carrier.acknowledge(good, self.carrier.expect(403), self.at())
        self.assertEqual(self.stird.record(bad["call-id"])["reason"], "bad_request")
        self.assertEqual(self.stird.record(good["call-id"])["reason"], "from_upstream")

    def test_behind_octets_that_begin_no_message(self):
        """White space, NULs, a BOM, another line, as long as an INVITE begins in the first 128 octets."""
        self.start()
        for name, junk in (("space", b" "), ("tab", b"\t"), ("spaces", b" " * 40), ("NULs", b"\0" * 64),
                           ("BOM", b"\xef\xbb\xbf"), ("UTF-16 mark", b"\xfe\xff"),
                           ("BOM and lines", b"\xef\xbb\xbf\r\n\r\n"), ("controls", b"\x01\x02\x03" * 9),
                           ("a line", b"x\r\n"), ("a line of a proxy", b"PROXY UDP4 192.0.2.1 192.0.2.2\r\n"),
                           ("the longest line of a proxy", PROXY), ("a word", b"x "),
                           ("a bare LF", b"\0\n"), ("lines and a space", b"\r\n\r\n ")):
            for method in (b"INVITE", b"Invite"):
                with self.subTest(name=name, method=method):
                    invite = self.invite()
                    raw = invite.octets().replace(b"INVITE", method, 1)
                    self.refused(junk + raw, 0)
                    self.told(invite, 400, "bad_request", "octet")
                    self.sbc.expect(400)
                    time.sleep(0.12)
        self.refused(b"\0" * 129 + self.invite().octets(), 0)
        self.refused(b" " + self.sbc.request("OPTIONS", "sip:" + self.net(1)).octets(), 0)
        self.signed_call()
        self.records(29)

    def test_an_emergency_call_behind_octets_that_begin_no_message(self):
        """None of it costs the call, nor its ACK and BYE; what is above 128 octets is no SIP."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        for transport in ("udp", "tcp"):
            for name, junk in (("space", b" "), ("NULs", b"\0" * 64), ("more NULs", b"\0" * 128),
                               ("BOM", b"\xef\xbb\xbf"), ("NBSP", b"\xc2\xa0"), ("a line", b"x\r\n"),
                               ("a proxy", PROXY), ("a word", b"x "), ("LF", b"\n\0")):
                with self.subTest(name=name, transport=transport):
                    self.emergency_behind(junk, transport)

    def emergency_behind(self, junk, transport):
        invite = self.invite(called="911", transport=transport)
        self.sbc.send(junk + invite.octets(), self.at(transport))
        arrived = self.carrier.expect("INVITE")
        self.assertTrue(arrived.start.startswith(b"INVITE sip:911@"))
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect((200, "INVITE"))
        for cseq, method in ((1, "ACK"), (2, "BYE")):
            request = dialog.in_dialog(self.sbc, method, invite, final, cseq, transport=transport)
            self.sbc.send(junk + request.octets(), self.at(transport))
            there = self.carrier.expect(method)
        self.carrier.respond(there, 200)
        self.sbc.expect((200, "BYE"))
        self.record(invite, sip_status=200)
        path = self.lab.path("invite")
        with open(path, "wb") as file:
            file.write(junk + invite.octets())
        told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path, "--source", self.net(2))
        self.assertNotEqual(told["decision"], "rejected")

    def test_methods_in_other_letters(self):
        """
        Another reader may take them for the method: 400, a line in the log, nothing sent on, and what
        goes on goes on.
        """
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        for other in ("Cancel", "cancel"):
            request = dialog.cancel(invite)
            self.sbc.send(self.respelt(request, other), self.at())
            self.assertIn(b"letters", self.sbc.expect(400).start)
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        for other in ("Ack", "Bye", "bYE", "Info", "invite"):
            request = dialog.in_dialog(self.sbc, other.upper(), invite, final, 2)
            self.sbc.send(self.respelt(request, other), self.at())
            if other != "Ack":  # to which nothing is ever answered
                self.assertIn(b"letters", self.sbc.expect(400).start)
            self.stird.wait_log('start_line="%s ' % other)
        self.carrier.expect_nothing(0.2)
        self.assertEqual(len(self.stird.log_lines("in other letters")), 7)
        bye = dialog.in_dialog(self.sbc, "BYE", invite, final, 3)
        self.sbc.send(bye, self.at())
        self.carrier.respond(self.carrier.expect("BYE"), 200)
        self.sbc.expect((200, "BYE"))

    @staticmethod
    def respelt(request, method):
        start = method.encode() + request.start[len(method):]
        request = request.replaced("cseq", "CSeq: %s %s" % (request["cseq"].split()[0], method))
        request.start = start
        return request

    def test_a_stream(self):
        """TCP: the record comes before the connection is closed."""
        self.start()
        stream = self.sbc.connect(self.net(1), 5060)
        invite = self.invite(transport="tcp").replaced("content-length", "Content-Length: ten")
        self.sbc.send(invite, stream)
        self.sbc.expect_closed(stream)
        record = self.stird.record(invite["call-id"])
        self.assertEqual(record["reason"], "bad_request")

    def test_strangers_leave_nothing(self):
        self.start()
        nobody = self.peer("nobody", 66)
        nobody.send(self.invite(nobody).without("cseq"), self.at())
        nobody.send(self.invite(nobody), self.at())
        nobody.expect_nothing(0.3)
        self.assertEqual(self.stird.records(), [])
        self.assertEqual(self.stird.log_lines("call_id="), [])


class Flood(Story):
    def totals(self, source):
        """Records, log lines, INVITEs that they stand for."""
        records = [r for r in self.stird.records() if r["source"].startswith(source + ":")]
        lines = [line for line in self.stird.log_lines("source=%s:" % source)]
        return len(records), len(lines), sum(r["count"] for r in records)

    def flood(self, messages, seconds=2.2):
        """
        Over some seconds, as fast as they are read: how many were sent, and how many lines may tell of them. That is
        ten by themselves, again where the machine stood still so long that another flood began, and one a second.
        """
        began = before = time.monotonic()
        sent, floods = 0, 1
        while time.monotonic() - began < seconds or sent <= 100:
            now = time.monotonic()
            for message in messages:
                self.sbc.send(message, self.at())
                sent += 1
            self.heard()
            floods += time.monotonic() - before > 0.5
            before = now
            self.transcript.lines = []
            self.sbc.inbox = []
        return sent, 10 * floods + time.monotonic() - began + 2

    def all_told(self, sent, last=2):
        """Records and log lines, when they stand for all that was sent."""
        wait_until(lambda: self.totals(self.net(last))[2] == sent, HANG_S, "%d are told" % sent)
        return self.totals(self.net(last))[:2]

    def test_malformed(self):
        """Ten by themselves, then one a second; the sum is right; another source is not touched."""
        self.start()
        sent, most = self.flood([self.invite().without("cseq")] * 20)
        self.assertGreater(sent, 100)
        other = self.peer("guest", 3)
        other.send(self.invite(other).without("cseq"), self.at())
        records, lines = self.all_told(sent)
        self.assertLessEqual(records, most)
        self.assertLessEqual(lines, most)
        self.assertEqual(self.all_told(1, 3), (1, 1))
        record = [r for r in self.stird.records() if r["count"] > 1][-1]
        self.assertEqual((record["decision"], record["reason"]), ("rejected", "bad_request"))
        self.signed_call()

    def test_copies_of_what_is_above_a_limit(self):
        """A refusal that keeps nothing is judged anew for each copy, and told by the same rule."""
        self.start(pbx={"calls": 1})
        ringing = self.place()
        arrived = self.carrier.expect("INVITE")
        sent, most = self.flood([self.invite()] * 20)
        records, _ = self.all_told(sent)
        self.assertLessEqual(records, most)
        record = [r for r in self.stird.records() if r["count"] > 1][-1]
        self.assertEqual((record["trunk"], record["reason"], record["sip_status"]),
                         ("pbx", "trunk_full", 503))
        self.refuse(arrived, ringing)

    def test_other_requests_leave_lines_only(self):
        self.start()
        bad = self.sbc.request("OPTIONS", "sip:" + self.net(1)).without("cseq")
        sent, most = self.flood([bad] * 20, 1.5)
        def told():
            return [int(n) for line in self.stird.log_lines("source=") for n in re.findall(r" count=(\d+)", line)]
        wait_until(lambda: sum(told()) == sent, HANG_S, "%d are told" % sent)
        self.assertLessEqual(len(self.stird.log_lines("source=")), most)
        self.assertEqual(self.stird.records(), [])

    def test_decided_calls_are_told_one_by_one(self):
        """The rule is for what nobody decided: thirty blocked calls are thirty records."""
        self.start()
        invites = [self.invite(caller="+12155556000") for _ in range(30)]
        for invite in invites:
            self.sbc.send(invite, self.at())
        for invite in invites:
            self.assertEqual(self.stird.record(invite["call-id"])["count"], 1)

    def test_the_end_tells_what_is_untold(self):
        self.start()
        for _ in range(40):
            self.sbc.send(self.invite().without("cseq"), self.at())
        self.stird.wait_log(r"reason=bad_request")
        self.signed_call()  # all of them have been read
        self.stird.stop()
        self.assertEqual(self.totals(self.net(2))[2], 40 + 1)


class Source(Story):
    def test_the_packet_s_port(self):
        """The Via names another one, where the answer goes; the call came from where it came."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        other = self.peer("other", 2, port=5077)
        for rport in ("", ";rport"):
            with self.subTest(rport=rport):
                invite = self.invite(other)
                invite = invite.replaced("via", "Via: SIP/2.0/UDP %s:5060;branch=%s%s" % (
                    self.net(2), dialog.branch(), rport))
                invite = invite.replaced("max-forwards", "Max-Forwards: 0")
                self.sbc  # pylint: disable=pointless-statement
                other.send(invite, self.at())
                (other if rport else self.sbc).expect(483)
                record = self.stird.record(invite["call-id"])
                self.assertEqual(record["source"], "%s:5077" % self.net(2))
        signed = self.invite(other).replaced("via", "Via: SIP/2.0/UDP %s;branch=%s" % (
            self.net(2), dialog.branch()))
        other.send(signed, self.at())
        self.carrier.respond(self.carrier.expect("INVITE"), 486)
        self.sbc.expect(486)
        self.assertEqual(self.stird.record(signed["call-id"])["source"], "%s:5077" % self.net(2))
