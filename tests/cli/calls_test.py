"""stirctl verify on captures of whole calls: what is inside one, tried again, or another leg of it."""

import json
import unittest

from cli.verify_test import Lab
from lib import pcap, stirctl
from lib import token as tokens

CALLER, SBC, STIRD, CARRIER, FAR = ("192.0.2.99", "192.0.2.40", "192.0.2.10", "198.51.100.7",
                                    "198.51.100.9")
CALLED = "+13125550123"


class Calls(Lab):
    def invite(self, source, to, number, signed=False, tag="1", cseq=1, to_tag=None, to_header=None,
               **more):
        """A packet with one INVITE: NUMBER makes its branch."""
        value = tokens.identity(self.unit) if signed else None
        text = tokens.invite(value, branch="z9hG4bK%s" % number, **more)
        text = text.replace(";tag=1", ";tag=" + tag).replace("CSeq: 1 ", "CSeq: %d " % cseq)
        plain = "To: <sip:%s@carrier.example.com>" % CALLED
        if to_tag:
            text = text.replace(plain, plain + ";tag=" + to_tag)
        if to_header:
            text = text.replace(plain, to_header)
        return pcap.udp_packets(source, to, text.encode())[0]

    def call(self, **more):
        return [self.invite(SBC, STIRD, 1, **more), self.invite(STIRD, CARRIER, 2, True, **more)]

    def seen(self, packets, *words):
        """(exit status, calls)"""
        path = pcap.write(self.directory + "/c.pcap", packets, 101)
        return self.verify(path, "--at", "iat", *words)

    def assert_valid(self, packets, hops, inside=0, calls=1):
        status, told = self.seen(packets)
        self.assertEqual(len(told), calls, told)
        self.assertEqual([h["packet"] for h in told[-1]["hops"]], hops)
        self.assertEqual(len(told[-1]["in_dialog"]), inside)
        self.assertEqual(told[-1]["hops"][-1]["tokens"][0]["verdict"], "valid")
        self.assertEqual(status, 0)
        return told

    def test_held_and_resumed(self):
        """Case 04: re-INVITEs of the caller, on both sides of stird."""
        again = [self.invite(SBC, STIRD, 3, cseq=2, to_tag="9"),
                 self.invite(STIRD, CARRIER, 4, cseq=2, to_tag="9"),
                 self.invite(SBC, STIRD, 5, cseq=3, to_tag="9"),
                 self.invite(STIRD, CARRIER, 6, cseq=3, to_tag="9")]
        told = self.assert_valid(self.call() + again, [1, 2], 4)
        self.assertEqual([m["packet"] for m in told[0]["in_dialog"]], [3, 4, 5, 6])
        _, out, _ = self.run_verify(self.directory + "/c.pcap", "--at", "iat")
        self.assertNotIn("taken off", out)
        self.assertIn("  in the call: packet 3, %s:5060 -> %s:5060 (a re-INVITE: it needs no Identity)"
                      % (SBC, STIRD), out)

    def test_of_the_callee(self):
        """Case 04: From and To swapped; also in compact form, folded, and with a display name."""
        for header in ("To: <sip:%s@carrier.example.com>;tag=1",
                       "t: <sip:%s@carrier.example.com>;x=y;TAG=1",
                       'To: "A ; tag" <sip:%s@carrier.example.com>\r\n ;tag=1',
                       "To: sip:%s@carrier.example.com;tag=1"):
            with self.subTest(header=header):
                swapped = [self.invite(CARRIER, STIRD, 3, tag="9", cseq=1, orig="+13125550123",
                                       to_header=header % CALLED),
                           self.invite(STIRD, SBC, 4, tag="9", cseq=1, orig="+13125550123",
                                       to_header=header % CALLED)]
                self.assert_valid(self.call() + swapped, [1, 2], 2)

    def test_only_a_part_of_a_call(self):
        """Nothing that begins a call: nothing is judged, and it is said why."""
        path = pcap.write(self.directory + "/c.pcap", [self.invite(SBC, STIRD, 3, to_tag="9")], 101)
        status, out, err = self.run_verify(path)
        self.assertEqual(status, 2)
        self.assertIn("in the call: packet 1", out)
        self.assertIn("all INVITEs are inside calls", err)

    def test_an_unsigned_call_stays_one(self):
        """What is not signed at the end still fails, whatever follows inside the call."""
        packets = [self.invite(SBC, STIRD, 1), self.invite(STIRD, CARRIER, 2),
                   self.invite(SBC, STIRD, 3, True, cseq=2, to_tag="9")]
        status, told = self.seen(packets)
        self.assertEqual(status, 1)
        self.assertIn("no Identity: it is not signed here", told[0]["hops"][-1]["changes"])

    def test_retransmissions(self):
        """Copies on each way, whenever they come."""
        one, two = self.call()
        self.assert_valid([one, one, two, one, two, two, one], [1, 3])

    def with_vias(self, *lines):
        text = tokens.invite(None, branch="z9hG4bK1")
        own = next(line for line in text.split("\r\n") if line.startswith("Via: "))
        return pcap.udp_packets(SBC, STIRD, text.replace(own, "\r\n".join(lines)).encode())[0]

    def test_retransmissions_are_told_by_all_vias(self):
        """They are one list, however it is divided into lines; a line that names nobody is none of it."""
        own, behind, other = ("SIP/2.0/UDP %s:5060;branch=z9hG4bK%s" % (host, branch)
                              for host, branch in ((SBC, 1), (CALLER, "a"), (CALLER, "b")))
        sent = self.with_vias("Via: " + own, "Via: " + behind)
        onwards = self.invite(STIRD, CARRIER, 2, True)
        for again in (("Via: %s, %s" % (own, behind),), ("v:%s ,,%s," % (own, behind),),
                      ("Via:", "v: " + own, "VIA : " + behind), ("Via: %s,\r\n %s" % (own, behind),),
                      ("Via: " + own.replace(";branch", "\r\n ; BRANCH"), "Via: " + behind)):
            with self.subTest(again=again):
                self.assert_valid([sent, self.with_vias(*again), onwards], [1, 3])
        for others in (("Via: " + own, "Via: " + other), ("Via: %s, %s" % (own, other),), ("Via: " + own,),
                       ("Via: " + own, "Via: " + behind, "Via: " + other)):
            with self.subTest(others=others):
                self.assert_valid([sent, self.with_vias(*others), onwards], [1, 2, 3])

    def test_what_differs_is_no_retransmission(self):
        """Whatever its Vias: another token, none, another caller, another try. Each is judged."""
        good = tokens.identity(self.unit)
        bad = good[:60] + ("A" if good[60] != "A" else "B") + good[61:]
        whole = tokens.invite(good, branch="z9hG4bK1")
        own = next(line for line in whole.split("\r\n") if line.startswith("Via: ")) + "\r\n"
        caller = next(line for line in whole.split("\r\n") if line.startswith("From: "))
        for via in (own, own.split(";")[0] + "\r\n", own.replace("z9hG4bK1", "1"), "Via:\r\n", ""):
            first = whole.replace(own, via)
            for other in (first.replace(good, bad), first.replace("Identity: %s\r\n" % good, ""),
                          first.replace(good, bad).replace("CSeq: 1 ", "CSeq: 2 "),
                          first.replace(caller, caller.replace("+1", "+44"))):
                self.assertNotEqual(first, other)
                packets = [pcap.udp_packets(STIRD, CARRIER, text.encode())[0] for text in (first, other)]
                for order in (packets, packets[::-1]):
                    with self.subTest(via=via, other=other, first_is_good=order is packets):
                        status, told = self.seen(order)
                        self.assertEqual(status, 1)
                        self.assertEqual([h["packet"] for c in told for h in c["hops"]], [1, 2])

    def test_tried_again(self):
        """After 401, 407, 422: another CSeq of the same caller is another request."""
        again = [self.invite(SBC, STIRD, 3, cseq=2), self.invite(STIRD, CARRIER, 4, True, cseq=2)]
        told = self.assert_valid(self.call() + again, [3, 4], calls=2)
        self.assertEqual([h["packet"] for h in told[0]["hops"]], [1, 2])
        status, told = self.seen(self.call() + again[:1])
        self.assertEqual(status, 1, "the second one did not leave signed")
        self.assertEqual(told[1]["hops"][0]["changes"], ["no Identity: it is not signed here"])

    def test_a_leg_before_the_sbc(self):
        """The SBC is a back-to-back user agent: one call, two Call-IDs."""
        before = [self.invite(CALLER, SBC, 0, call_id="leg-a", tag="a", cseq=77)]
        told = self.assert_valid(before + self.call(call_id="leg-b"), [1, 2, 3])
        self.assertEqual(told[0]["call_id"], "leg-a")
        self.assertEqual(told[0]["hops"][1]["call_id"], "leg-b")
        self.assertEqual(told[0]["hops"][1]["changes"], [])

    def test_a_leg_behind_the_carrier(self):
        """Where the token does not survive it, that is the hop to look at."""
        good = [self.invite(CARRIER, FAR, 3, True, call_id="z", tag="z")]
        self.assert_valid(self.call(call_id="y") + good, [1, 2, 3])
        bad = [self.invite(CARRIER, FAR, 3, False, call_id="a", tag="z")]
        status, told = self.seen(self.call(call_id="y") + bad)
        self.assertEqual((status, len(told)), (1, 1))
        self.assertEqual(told[0]["hops"][2]["changes"], [
            "the Identity header was taken off", "no Identity: it is not signed here"])

    def test_legs_and_holds(self):
        """Case 04 with a leg on each side."""
        packets = [self.invite(CALLER, SBC, 0, call_id="a", tag="a")] + self.call(call_id="b") \
            + [self.invite(CARRIER, FAR, 3, True, call_id="c", tag="c"),
               self.invite(CALLER, SBC, 5, call_id="a", tag="a", cseq=2, to_tag="9"),
               self.invite(SBC, STIRD, 6, call_id="b", cseq=2, to_tag="9"),
               self.invite(STIRD, CARRIER, 7, call_id="b", cseq=2, to_tag="9"),
               self.invite(CARRIER, FAR, 8, call_id="c", tag="c", cseq=2, to_tag="9")]
        self.assert_valid(packets, [1, 2, 3, 4], 4)

    def test_a_leg_with_the_same_call_id(self):
        """Some keep it, and change From's tag, or CSeq."""
        for more in ({"tag": "b"}, {"cseq": 4711}, {"tag": "b", "cseq": 4711}):
            with self.subTest(more=more):
                self.assert_valid([self.invite(CALLER, SBC, 0)] + self.call(**more), [1, 2, 3])

    def test_calls_that_are_none_of_it(self):
        """Other numbers, another place, another time: calls of their own."""
        for other in (self.invite(CALLER, SBC, 0, call_id="a", tag="a", orig="+12155550177"),
                      self.invite(CALLER, FAR, 0, call_id="a", tag="a")):
            status, told = self.seen([other] + self.call(call_id="b"))
            self.assertEqual((status, len(told)), (1, 2))
        path = pcap.write(self.directory + "/c.pcap", [
            (1700000000, self.invite(CALLER, SBC, 0, call_id="a", tag="a"))]
            + [(1700000030 + i, packet) for i, packet in enumerate(self.call(call_id="b"))], 101)
        self.assertEqual(len(self.verify(path, "--at", "iat")[1]), 2)

    def test_an_sbc_that_gets_its_own_call_back(self):
        """stird beside the SBC: SBC -> stird -> SBC, then the SBC's own leg to the carrier."""
        packets = [self.invite(SBC, STIRD, 1, call_id="a"),
                   self.invite(STIRD, SBC, 2, True, call_id="a"),
                   self.invite(SBC, CARRIER, 3, True, call_id="b", tag="b")]
        self.assert_valid(packets, [1, 2, 3])

    def test_header_and_payload_as_decode_has_them(self):
        """Case 14: one shape in both."""
        path = pcap.write(self.directory + "/c.pcap", self.call(), 101)
        status, out, err = stirctl.run("/none", "--json", "decode", path)
        self.assertEqual(status, 0, err)
        decoded = json.loads(out)[0]
        token = self.verify(path, "--at", "iat")[1][0]["hops"][1]["tokens"][0]
        self.assertEqual(token["header"], decoded["header"])
        self.assertEqual(token["payload"], decoded["payload"])
        self.assertEqual(token["payload"]["orig"], {"tn": "12155550100"})


if __name__ == "__main__":
    unittest.main()
