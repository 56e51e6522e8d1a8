"""stirctl verify of what was recorded: captures of any kind, logs, what ngrep and tcpdump print."""

import base64
import gzip
import json
import random
import socket
import struct
import time
import urllib.parse

from lib import pcap, stirctl
from lib import token as tokens

from cli import verify_test

A, B, C, D = "192.0.2.40", "192.0.2.10", "198.51.100.7", "198.51.100.9"


class Recorded(verify_test.Lab):
    def told(self, packets, link=101, snap=None):
        """Exit status and all words for PACKETS, of which SNAP octets each were captured."""
        status, out, err = self.run_verify(
            pcap.write(self.directory + "/c.pcap", packets, link, time.time(), snap=snap))
        return status, out + err

    def capture(self, packets, link=101):
        """Exit status and calls."""
        status, out, err = self.run_verify(
            pcap.write(self.directory + "/c.pcap", packets, link, time.time()), "--json")
        self.assertIn(status, (0, 1, 2, 3), err)
        return status, json.loads(out)

    def invite(self, **more):
        return tokens.invite(tokens.identity(self.unit), **more).encode()


class Texts(Recorded):
    def as_ngrep(self, message, form, width=78):
        """As `ngrep -W byline`, `-W single`, or without an option on a terminal."""
        head = "U 192.0.2.40:5060 -> 192.0.2.10:5060"
        if form == "byline":
            return "#\n%s\n%s\n" % (head, message.replace("\r", "."))
        line = message.replace("\r\n", "..")
        if form == "single":
            return "#\n%s %s\n" % (head, line)
        return "#\n%s\n" % head + "".join("  %s\n" % line[at:at + width]
                                         for at in range(0, len(line), width)) + "\n"

    def test_text_of_ngrep(self):
        """Which writes a CR as a dot. Names that end in dots keep theirs."""
        value = tokens.identity(self.unit)
        sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"
        for form in ("byline", "single", "normal"):
            for width in (40, 78, 200):
                with self.subTest(form=form, width=width):
                    hops = [tokens.invite(None, branch="z9hG4bK1", more=["X-Host: example.org."]),
                            tokens.invite(value, branch="z9hG4bK2", more=[
                                "Subject: and so on... and on", "X-Host: a.."]) + sdp]
                    text = "interface: any\nfilter: ( port 5060 )\n" \
                        + "".join(self.as_ngrep(hop, form, width) for hop in hops)
                    status, calls = self.verify(self.write("input", text))
                    self.assertEqual(status, 0, calls)
                    self.assertEqual([h["changes"] for h in calls[0]["hops"]],
                                     [[], ["signed: an Identity header was added"]])

    def test_one_line_does_not_tell_where_lines_end(self):
        """A line without colon is glued to what stands before it: no verdict where that counts."""
        value = tokens.identity(self.unit)
        whole = tokens.invite(value)

        def behind(name, text):
            """TEXT behind the header NAME."""
            line = next(line for line in whole.split("\r\n") if line.startswith(name + ":"))
            return whole.replace(line + "\r\n", line + text + "\r\n")
        for name, message in (
                ("From", behind("From", "\r\nno colon here")),
                ("To", behind("To", "\r\nno colon")),
                ("Identity", behind("Identity", "\r\nxyz")),
                ("Call-ID", behind("Call-ID", "\r\nx")),
                ("two", behind("From", "\r\nno colon\r\nanother")),
                ("dots of its own", behind("From", ";x=a.....")),
                ("a header behind four dots", behind("CSeq", "\r\nX-Host: a.."))):
            for form in ("single", "normal"):
                with self.subTest(name=name, form=form):
                    status, out, _ = self.run_verify(
                        self.write("input", self.as_ngrep(message, form)), "--json")
                    calls = json.loads(out)
                    self.assertEqual((status, calls[0]["hops"][0]["tokens"]), (2, []))
                    self.assertIn("does not tell where header lines end",
                                  calls[0]["hops"][0]["changes"][0])
            with self.subTest(name=name, form="byline"):
                self.assertEqual(self.token(self.as_ngrep(message, "byline"))[:2],
                                 (0, "valid"))

    def test_one_line_is_read_where_it_tells(self):
        """Names of any characters; dots, and lines without colon, in what nobody judges by."""
        value = tokens.identity(self.unit)
        whole = tokens.invite(value)
        for name, more in (("a name with an underscore", ["X_Call_Id: 1"]),
                           ("others", ["X!%*+`'~: 1", "X \t: 2"]),
                           ("dots", ["Subject: and so on..", "X-Host: a...b..c"][1:]),
                           ("a line", ["X-Host: a", "no colon"])):
            message = whole.replace("\r\nFrom:", "\r\n" + "\r\n".join(more) + "\r\nFrom:")
            message = message.replace("\r\nTo:", "\r\n" + more[0] + "\r\nTo:")
            with self.subTest(name=name):
                self.assertNotEqual(message, whole)
                self.assertEqual(self.token(self.as_ngrep(message, "single"))[:2], (0, "valid"))

    def test_what_copying_did_to_a_text(self):
        """Whoever copied it is no party to the call: no verdict, and how to get a better one."""
        value = tokens.identity(self.unit)
        whole = tokens.invite(value)
        html = lambda text: text.replace("<", "&lt;").replace(">", "&gt;")
        shown = lambda text: text.replace(value[20:200], "...")
        for name, text, words in (
                ("HTML", html(whole), "HTML"),
                ("a value as HTML", "Identity: " + html(value), "HTML"),
                ("HTML by number", whole.replace("<", "&#60;").replace(">", "&#62;"), "HTML"),
                ("a mail", whole.replace("=", "=3D"), "quoted-printable"),
                ("a mail in lower case", whole.replace("=", "=3d"), "quoted-printable"),
                ("a value in a mail", value.replace("=", "=3D"), "quoted-printable"),
                ("colours", whole.replace("Identity", "\x1b[32mIdentity\x1b[0m"), "colours"),
                ("carets", whole.replace("\r\n", "^M\r\n").replace("SIP/2.0^M", "SIP/2.0"),
                 "M for line ends"),
                ("a URL", whole.replace("info=<", "info=%3C").replace(">;alg", "%3E;alg"), "URL"),
                ("JSON", whole.replace("<", "\\u003c"), "JSON"),
                ("JSON's slashes", whole.replace("/", "\\/").replace("SIP\\/", "SIP/"), "JSON"),
                ("shortened", shown(whole), "shortened"),
                ("an ellipsis", whole.replace(value[20:200], "\u2026"), "shortened"),
                ("a dash", whole.replace(value[20:22], "\u2013"), "word processor")):
            with self.subTest(name):
                status, out, err = self.run_verify(self.write("input", text), "--json")
                hop = json.loads(out)[0]["hops"][0]
                self.assertEqual((status, hop["tokens"]), (2, []), out + err)
                self.assertRegex(hop["changes"][0], words + ".*: no verdict")
        status, out = self.told(pcap.udp_packets(A, B, html(whole).encode()))
        self.assertEqual(status, 1, out)
        self.assertIn("438", out, "what a capture has was sent so")

    def test_why_a_text_holds_nothing(self):
        whole = self.invite().decode()
        octets = whole.encode()
        rows = [octets[at:at + 16] for at in range(0, len(octets), 16)]
        for name, text, words in (
                ("white space", whole.replace("\r\n", "  \r\n"), "white space at its end"),
                ("a tab", whole.replace("\r\n", "\t\n"), "white space at its end"),
                ("carets", whole.replace("\r\n", "^M\n"), "^M for line ends"),
                ("colours", "\x1b[1m" + whole.replace("\r\n", "\x1b[0m\n"), "colours"),
                ("JSON", json.dumps({"message": whole}), "JSON"),
                ("a log", whole.replace("\r\n", "\\r\\n"), "JSON or a log"),
                ("base64", base64.encodebytes(b"x" + octets).decode(), "base64"),
                ("a URL", urllib.parse.quote(whole), "URL"),
                ("ngrep -x", "".join("  %s    %s\n" % (" ".join("%02x" % o for o in row), "x")
                                     for row in rows), "hexdump"),
                ("tcpdump -X", "".join("\t0x%04x:  %s\n" % (16 * i, row.hex())
                                       for i, row in enumerate(rows)), "hexdump"),
                ("xxd", "".join("%08x: %s\n" % (16 * i, row.hex(" ", 2))
                                for i, row in enumerate(rows)), "hexdump"),
                ("rich text", "{\\rtf1 " + whole, "rich text"),
                ("a PDF", "%PDF-1.7\n", "a PDF")):
            with self.subTest(name):
                status, out, err = self.run_verify(self.write("input", text))
                self.assertEqual((status, out), (2, ""), err)
                self.assertIn(words, err)

    def nothing_said(self, text, words):
        """No verdict on TEXT, for WORDS."""
        status, out, err = self.run_verify(self.write("input", text), "--json")
        self.assertEqual(status, 2, err)
        hop = json.loads(out)[0]["hops"][0]
        self.assertEqual(hop["tokens"], [])
        self.assertIn(words, " ".join(hop["changes"]))

    def test_a_token_in_several_lines(self):
        whole = tokens.invite(tokens.identity(self.unit))
        for at in (60, 200, 300):
            at += whole.index("Identity: ")
            with self.subTest(at=at):
                self.nothing_said(whole[:at] + "\n" + whole[at:], "a long line was broken")

    def test_a_piece_of_a_message(self):
        """Does not say that there is no Identity."""
        whole = tokens.invite(tokens.identity(self.unit)).replace("\r\n", "\n")
        for text in (whole.replace("\n", "\n\n"), "\n".join(whole.split("\n")[:3]) + "\n\n"):
            with self.subTest(text=text):
                self.nothing_said(text, "incomplete")
        status, out, _ = self.run_verify(self.write("input", tokens.invite()), "--json")
        self.assertEqual(status, 1)
        self.assertIn("not signed here", out)

    def test_line_ends(self):
        whole = tokens.invite(tokens.identity(self.unit))
        for end in ("\n", "\r\n", "\r", "\r\r\n"):
            with self.subTest(end=end):
                self.assertEqual(self.token(whole.replace("\r\n", end))[:2], (0, "valid"))

    def test_values_as_they_are_copied(self):
        value = tokens.identity(self.unit)
        for text, n in ((value + "\n", 1), ("y : " + value, 1), ("IDENTITY:" + value, 1),
                        ("\ufeff" + value, 1), ('"%s"' % value, 1), ("'%s'\n" % value, 1),
                        ("\n\n  " + value, 1), ("%s\n%s\n" % (value, value), 2),
                        ("Identity: %s\r\nIdentity: %s\r\n" % (value, value), 2),
                        ("%s, %s" % (value, value), 2),
                        (value.replace(";info", ";\r\n info"), 1)):
            with self.subTest(text=text):
                status, calls = self.verify(self.write("input", text.encode()))
                verdicts = [t["verdict"] for c in calls for h in c["hops"] for t in h["tokens"]]
                self.assertEqual((status, verdicts), (3, ["open"] * n))
        other = "INVITE sip:x SIP/2.0^M\nIdentity: %s^M\n" % value
        self.assertEqual(self.run_verify(self.write("input", other))[0], 2)
        quoted = self.token('Identity: "%s"' % value)
        self.assertEqual(quoted[1:3], ("invalid", 438))

    def test_text_of_tcpdump(self):
        """tcpdump -A: the headers below SIP as text before the first line, CR as a dot or not."""
        value = tokens.identity(self.unit)
        for end in (".\n", "\n"):
            text = "12:00:00.000000 IP 192.0.2.40.sip > 192.0.2.10.sip: SIP: INVITE sip:+131\n" \
                "E..h..@.@......(.........T.." + tokens.invite(value).replace("\r\n", end) + "\n"
            self.assertEqual(self.token(text)[:3], (0, "valid", 0))


class Captures(Recorded):
    def hop(self, source, to, number, value, **more):
        text = tokens.invite(value, branch="z9hG4bK%d" % number, **more).encode()
        return pcap.udp_packets(source, to, text)[0]

    def test_which_hop_changed_what(self):
        value = tokens.identity(self.unit)
        token, _, parameters = value.partition(";")
        quoted = token + ";" + parameters.replace("ppt=shaken", 'ppt="shaken"')
        status, calls = self.capture([
            self.hop(A, B, 1, None), self.hop(A, B, 1, None), self.hop(B, C, 2, value),
            self.hop(C, D, 3, quoted), self.hop(D, A, 4, quoted, orig="+12155550199"),
            self.hop(A, C, 5, None, orig="+12155550199")])
        hops = calls[0]["hops"]
        self.assertEqual(status, 1)
        self.assertEqual([h["packet"] for h in hops], [1, 3, 4, 5, 6], "a copy is no hop")
        self.assertEqual((hops[1]["from"], hops[1]["to"]), (B + ":5060", C + ":5060"))
        self.assertEqual([h["changes"] for h in hops], [
            [], ["signed: an Identity header was added"],
            ["parameters of the Identity header were quoted"],
            ["the calling number (P-Asserted-Identity, From) changed: 12155550199 instead of "
             "12155550100"],
            ["the Identity header was taken off", "no Identity: it is not signed here"]])
        self.assertEqual([[t["verdict"] for t in h["tokens"]] for h in hops],
                         [[], ["valid"], ["valid"], ["invalid"], []])
        _, out, _ = self.run_verify(self.directory + "/c.pcap")
        self.assertIn("  2. packet 3, 192.0.2.10:5060 -> 198.51.100.7:5060\n"
                      "     * signed: an Identity header was added", out)

    def test_time_is_that_of_the_capture(self):
        value = tokens.identity(self.unit, iat=int(time.time()) - 300)
        text = tokens.invite(value).encode()
        packet = pcap.udp_packets(A, B, text)[0]
        now = time.time()
        file = pcap.write(self.directory + "/c.pcap", [(now - 299, packet)], 101)
        self.assertEqual(self.verify(file)[0], 0)
        file = pcap.write(self.directory + "/c.pcap", [(now - 200, packet)], 101)
        self.assertEqual(self.verify(file)[1][0]["hops"][0]["tokens"][0]["sip_status"], 403)

    def test_link_types_tags_fragments_and_ipv6(self):
        text = tokens.invite(tokens.identity(self.unit)).encode()
        whole = pcap.udp_packets(A, B, text)[0]
        pieces = pcap.udp_packets(A, B, text, mtu=160)
        self.assertGreater(len(pieces), 4)
        six = pcap.ip6("2001:db8::1", "2001:db8::2", 17, pcap.udp(text))
        padded = whole + bytes(6)
        sll = bytes(14) + b"\x08\x00"
        for name, packets, link in (
                ("ethernet", [pcap.ethernet(padded)], 1),
                ("vlan", [pcap.ethernet(whole, vlan=True)], 1),
                ("sll", [sll + whole], 113), ("raw", [whole], 101),
                ("null", [b"\x02\0\0\0" + whole], 0),
                ("fragments", pieces, 101), ("backwards", pieces[::-1], 101),
                ("ipv6", [pcap.ethernet(six)], 1)):
            with self.subTest(name=name):
                status, calls = self.capture(packets, link)
                self.assertEqual((status, len(calls[0]["hops"])), (0, 1))
        status, _, err = self.run_verify(pcap.write(self.directory + "/c.pcap", pieces[1:], 101))
        self.assertEqual(status, 2)
        self.assertIn("holds neither an INVITE nor an Identity", err)

    def test_tcp(self):
        """Two messages over segments that break anywhere, out of order and sent again."""
        text = b"".join(tokens.invite(tokens.identity(self.unit), call_id=c).encode()
                        for c in ("one", "two"))
        def packet(begin, end, base=4294967000):
            return pcap.checksum_free_ip4(A, B, 6, pcap.tcp(text[begin:end], base + 1 + begin))
        syn = pcap.checksum_free_ip4(A, B, 6, pcap.tcp(b"", 4294967000, syn=True))
        cuts = list(range(0, len(text), 97)) + [len(text)]
        pieces = [packet(a, b) for a, b in zip(cuts, cuts[1:])]
        shuffled = pieces[:]
        random.Random(7).shuffle(shuffled)
        for name, packets in (("in order", [syn] + pieces), ("no syn", pieces),
                              ("shuffled", [syn] + shuffled), ("twice", [syn] + pieces * 2),
                              ("overlapping", [syn, packet(0, 300), packet(100, 500),
                                               packet(0, len(text))])):
            with self.subTest(name=name):
                status, calls = self.capture(packets)
                self.assertEqual(status, 0)
                self.assertEqual(sorted(c["call_id"] for c in calls), ["one", "two"])
        # What began before the capture is skipped.
        status, calls = self.capture(pieces[2:])
        self.assertEqual([c["call_id"] for c in calls], ["two"])

    def test_a_connection_whose_beginning_is_missing_and_out_of_order(self):
        octets = self.invite()
        packets = [pcap.checksum_free_ip4(A, B, 6, pcap.tcp(part, at)) for part, at in
                   ((octets[300:], 301), (octets[:300], 1))]
        status, said = self.told(packets)
        self.assertEqual(status, 2)
        self.assertIn("1 TCP segments belong before the first one of a connection", said)
        self.assertEqual(self.told(packets[::-1])[0], 0)

    def test_cut_by_the_capture(self):
        """What the file lacks is told as such and never judged: 2, and no verdict."""
        text = self.invite()
        whole = pcap.udp_packets(A, B, text)[0]
        for octets in (60, 100, 300, len(whole) - 3, len(whole) - 5):
            with self.subTest(octets=octets):
                status, words = self.told([whole], snap=octets)
                self.assertEqual(status, 2)
                self.assertRegex(words, "cut by the capture.* only %d of %d octets"
                                 % (octets - 28, len(text)))
                self.assertNotIn("invalid", words)
        status, words = self.told([whole], snap=34)
        self.assertEqual(status, 2)
        self.assertIn("1 packets are cut by the capture", words)
        # A tool that wrote the shorter length into the record: the IP header knows better.
        status, words = self.told([whole[:300]])
        self.assertEqual(status, 2)
        self.assertIn("only 272 of", words)
        # The body is nobody's business.
        head = self.invite().replace(b"Content-Length: 0", b"Content-Length: 900")
        whole = pcap.udp_packets(A, B, head + bytes(900))[0]
        self.assertEqual(self.told([whole], snap=28 + len(head))[0], 0)
        self.assertEqual(self.told([whole], snap=28 + len(head) - 1)[0], 2)

    def test_cut_fragments(self):
        text = self.invite()
        pieces = pcap.udp_packets(A, B, text, mtu=160)
        six = [pcap.ip6("2001:db8::1", "2001:db8::2", 44, p)
               for p in pcap.ip6_fragments(pcap.udp(text), 160)]
        for name, packets in (("the first", pieces[:1]), ("without the last", pieces[:-1]),
                              ("one is missing", pieces[:2] + pieces[3:]),
                              ("the first of IPv6", six[:1]), ("IPv6", six[:-1])):
            with self.subTest(name=name):
                status, words = self.told(packets)
                self.assertEqual(status, 2)
                self.assertRegex(words, "cut by the capture.* of %d octets" % len(text))
                self.assertNotIn("invalid", words)
        status, words = self.told(pieces[:-1] + [pieces[-1][:-9]])
        self.assertEqual(status, 2, "the last piece is snapped")
        self.assertIn("cut by the capture", words)
        status, words = self.told(pieces[1:])
        self.assertEqual(status, 2)
        self.assertIn("1 datagrams lack their first IP fragment", words)
        self.assertEqual(self.told(six)[0], 0)
        # More datagrams than are kept.
        many = [pcap.udp_packets(A, "198.51.100.%d" % n, self.invite(branch="z9hG4bK%d" % n), mtu=160)[0]
                for n in range(1, 100)]
        status, words = self.told(many)
        self.assertEqual((status, words.count("cut by the capture: it holds")), (2, 99))

    def test_cut_streams(self):
        text, more = self.invite(call_id="one"), self.invite(call_id="two")

        def packet(begin, end):
            return pcap.checksum_free_ip4(A, B, 6, pcap.tcp((text + more)[begin:end], 1 + begin))
        n, end = len(text), len(text + more)
        pieces = [packet(0, 200), packet(200, n), packet(n, end)]
        for name, packets, snap, calls in (
                ("a gap", [pieces[0], pieces[2]], None, (1, 1)),
                ("the end is missing", pieces[:1], None, (1, 0)),
                ("snapped", pieces, 300, (2, 0)),
                ("the second is snapped", [packet(0, n), packet(n, end)[:400]], None, (1, 1))):
            with self.subTest(name=name):
                status, words = self.told(packets, snap=snap)
                self.assertEqual(status, 2)
                self.assertEqual((words.count("cut by the capture"),
                                  words.count("verdict   valid")), calls)
                self.assertNotIn("invalid", words)

    def test_a_cut_copy_and_a_whole_one(self):
        """The same message again, whole: it is judged, whichever came first."""
        whole = pcap.udp_packets(A, B, self.invite())[0]
        for packets in ([whole[:300], whole], [whole, whole[:300]]):
            self.assertEqual(self.told(packets)[0], 0)

    def test_a_cut_hop_explains_nothing(self):
        """Between two that are whole it is no hop that changed anything."""
        value = tokens.identity(self.unit)
        first, third = self.hop(A, B, 1, value), self.hop(C, D, 3, value)
        second = self.hop(B, C, 2, value)[:500]
        status, calls = self.capture([first, second, third])
        self.assertEqual(status, 0)
        changes = [h["changes"] for h in calls[0]["hops"]]
        self.assertEqual((changes[0], changes[2]), ([], []))
        self.assertIn("cut by the capture", changes[1][0])
        self.assertEqual(self.capture([first, second])[0], 2)

    def test_packets_inside_packets(self):
        """Tags and tunnels, also in pieces and inside each other."""
        text = self.invite()
        ip = pcap.udp_packets(A, B, text)[0]
        frame, short = pcap.ethernet(ip), bytes(12)
        mpls = b"\x00\x01\x00\xff" + b"\x00\x02\x01\xff"
        vxlan = b"\x08\0\0\0\0\0\x07\0"

        def outer(protocol, payload, *more):
            return pcap.checksum_free_ip4("10.0.0.1", "10.0.0.2", protocol, payload, *more)

        def gre(kind, payload, flags=0, more=b""):
            return outer(47, struct.pack("!HH", flags, kind) + more + payload)

        def over_udp(port, payload):
            return outer(17, pcap.udp(payload, 40000, port))
        six = pcap.ip6("2001:db8::1", "2001:db8::2", 17, pcap.udp(text))
        long = pcap.udp(vxlan + frame, 40000, 4789)
        half = len(long) // 16 * 8
        for name, packets, link in (
                ("QinQ", [pcap.tagged(ip, 0x88a8, 0x8100)], 1),
                ("QinQ of old", [pcap.tagged(ip, 0x9100, 0x8100)], 1),
                ("three tags", [pcap.tagged(ip, 0x8100, 0x8100, 0x8100)], 1),
                ("MPLS", [short + b"\x88\x47" + mpls + ip], 1),
                ("Ethernet in MPLS", [short + b"\x88\x47" + mpls + bytes(4) + frame], 1),
                ("PPPoE", [short + b"\x88\x64\x11\0\0\x01\0\0\0\x21" + ip], 1),
                ("SNAP", [short + b"\x04\x00\xaa\xaa\x03\0\0\0\x08\0" + ip], 1),
                ("GRE", [gre(0x0800, ip)], 101),
                ("GRE with a key", [gre(0x0800, ip, 0x2000, bytes(4))], 101),
                ("NVGRE", [gre(0x6558, frame, 0x2000, bytes(4))], 101),
                ("PPTP", [gre(0x880b, b"\xff\x03\0\x21" + ip, 0x3001, bytes(8))], 101),
                ("ERSPAN", [gre(0x88be, frame)], 101),
                ("ERSPAN II", [gre(0x88be, bytes(8) + frame, 0x1000, bytes(4))], 101),
                ("ERSPAN III", [gre(0x22eb, bytes(12) + frame, 0x1000, bytes(4))], 101),
                ("VXLAN", [over_udp(4789, vxlan + frame)], 101),
                ("VXLAN in pieces", [outer(17, long[:half], 7, 0x2000),
                                     outer(17, long[half:], 7, half // 8)], 101),
                ("pieces in VXLAN", [over_udp(4789, vxlan + pcap.ethernet(p))
                                     for p in pcap.udp_packets(A, B, text, mtu=160)], 101),
                ("Geneve", [over_udp(6081, b"\x01\0\x65\x58\0\0\x07\0" + bytes(4) + frame)], 101),
                ("IP in IP", [outer(4, ip)], 101), ("IPv6 in IP", [outer(41, six)], 101),
                ("GRE in IPv6", [pcap.ip6("2001:db8::3", "2001:db8::4", 47,
                                          b"\0\0\x08\0" + ip)], 101),
                ("AH", [outer(51, b"\x04\x04" + bytes(22) + ip)], 101),
                ("cooked 2", [b"\x08\0" + bytes(18) + ip], 276),
                ("cooked with a tag", [bytes(14) + b"\x81\0\0\x07\x08\0" + ip], 113),
                ("PPP", [b"\xff\x03\0\x21" + ip], 9),
                ("GTP-U", [over_udp(2152, struct.pack("!BBHI", 0x30, 255, len(ip), 7) + ip)], 101),
                ("GTP-U with an extension", [over_udp(2152, struct.pack(
                    "!BBHIHBBBBBB", 0x34, 255, len(ip) + 8, 7, 0, 0, 0x85, 1, 0, 9, 0) + ip)], 101),
                ("TZSP", [over_udp(37008, b"\1\0\0\1" + b"\0\x0a\1\7\1" + frame)], 101),
                ("HDLC", [b"\x0f\0\x08\0" + ip], 104), ("enc", [bytes(12) + ip], 109),
                ("nflog", [b"\x02\0\0\0" + b"\x06\0\x01\0ab\0\0" + struct.pack(
                    "<HH", 4 + len(ip), 9) + ip], 239),
                ("VXLAN in QinQ in GRE", [gre(0x6558, pcap.tagged(
                    over_udp(4789, vxlan + frame), 0x88a8, 0x8100))], 101)):
            with self.subTest(name=name):
                status, calls = self.capture(packets, link)
                self.assertEqual((status, len(calls[0]["hops"])), (0, 1))

    def test_hep(self):
        """A collector's datagrams: whence and when are those of the message in it."""
        def chunk(kind, value, vendor=0):
            return struct.pack("!HHH", vendor, kind, 6 + len(value)) + value

        def hep(text, at):
            body = (chunk(1, b"\2") + chunk(2, b"\x11") + chunk(3, socket.inet_aton(A))
                    + chunk(4, socket.inet_aton(B)) + chunk(7, b"\x13\xc4") + chunk(8, b"\x13\xc5")
                    + chunk(9, struct.pack("!I", int(at))) + chunk(10, bytes(4))
                    + chunk(15, b"not it", 77) + chunk(15, text))
            return b"HEP3" + struct.pack("!H", 6 + len(body)) + body

        def sent(octets):
            return [pcap.checksum_free_ip4("10.0.0.1", "10.0.0.2", 17,
                                           pcap.udp(octets, 40000, 9060))]
        good = hep(self.invite(), time.time())
        status, calls = self.capture(sent(good))
        hop = calls[0]["hops"][0]
        self.assertEqual((status, hop["from"], hop["to"]), (0, A + ":5060", B + ":5061"))
        _, calls = self.capture(sent(hep(self.invite(), time.time() - 7200)))
        self.assertEqual(calls[0]["hops"][0]["tokens"][0]["sip_status"], 403)
        for n in range(4, 130, 9):
            self.assertEqual(self.told(sent(good[:n]))[0], 2)
        status, out = self.told(sent(good), snap=500)
        self.assertEqual(status, 2)
        self.assertIn("cut by the capture", out)

    def test_files_of_several_interfaces(self):
        """Each with its own link type and clock; in either order of octets."""
        ip = pcap.udp_packets(A, B, self.invite())[0]
        frame, now = pcap.ethernet(ip), time.time()
        raw, wire = (101, b""), (1, b"")
        for name, octets in (
                ("one", pcap.section([raw], [(0, ip)], begin=now)),
                ("big-endian", pcap.section([raw], [(0, ip)], ">", now)),
                ("two of a kind", pcap.section([wire, wire], [(1, frame)], begin=now)),
                ("two kinds", pcap.section([wire, raw], [(0, frame[:20]), (1, ip)], begin=now)),
                ("one that is not read", pcap.section([(147, b""), wire], [(0, ip), (1, frame)],
                                                      begin=now)),
                ("one behind its packets", pcap.section([raw], [(0, ip)], begin=now)
                 + pcap.block(1, struct.pack("<HHI", 147, 0, 0))),
                ("two sections", pcap.section([(147, b"")], [(0, ip)], begin=now)
                 + pcap.section([wire], [(0, frame)], ">", now)),
                ("options", pcap.section([(101, struct.pack("<HH8sHHB3xHH", 2, 5, b"eth0\0", 9, 1,
                                                            6, 0, 0))], [(0, ip)], begin=now)),
                ("unknown blocks", pcap.block(0x0a0d0d0a, struct.pack(
                    "<IHHq", 0x1a2b3c4d, 1, 0, -1)) + pcap.block(0xbad, b"xyz")
                 + pcap.section([raw], [(0, ip)], begin=now))):
            with self.subTest(name=name):
                status, calls = self.verify(self.write("c.pcapng", octets))
                self.assertEqual((status, len(calls[0]["hops"])), (0, 1))

    def test_clocks_of_interfaces(self):
        """Ticks of another length, and their beginning, say when the call was: an hour ago."""
        ip = pcap.udp_packets(A, B, self.invite())[0]
        now = time.time()
        nanoseconds = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)
        offset = struct.pack("<HHqHH", 14, 8, -3600, 0, 0)
        binary = struct.pack("<HHB3xHH", 9, 1, 0x80 + 20, 0, 0)
        for name, options, begin, stale in (
                ("nanoseconds", nanoseconds, now * 1000, False),
                ("nanoseconds, stale", nanoseconds, (now - 3600) * 1000, True),
                ("offset", offset, now, True),
                ("binary", binary, now * 1.048576, False)):
            with self.subTest(name=name):
                octets = pcap.section([(101, options)], [(0, ip)], begin=begin)
                _, calls = self.verify(self.write("c.pcapng", octets))
                self.assertEqual(calls[0]["hops"][0]["tokens"][0]["sip_status"],
                                 403 if stale else 0)

    def test_broken_files_of_blocks(self):
        """Say where they end; what was before that is read."""
        ip = pcap.udp_packets(A, B, self.invite())[0]
        good = pcap.section([(101, b"")], [(0, ip)], begin=time.time())
        for name, octets, words in (
                ("cut", good[:-30], "cut inside a block"),
                ("a length that cannot be", good[:4] + b"\x1d\0\0\0" + good[8:], "length"),
                ("no interface", pcap.section([], [(0, ip)]), "no interface"),
                ("a simple one of none", pcap.section([], [(None, ip)]), "no interface"),
                ("longer than its block", pcap.section([(101, b"")], []) + pcap.block(
                    6, struct.pack("<IIIII", 0, 0, 0, 5000, 5000) + ip), "longer than its block"),
                ("too many", pcap.section([(101, b"")] * 257, [(0, ip)]), "256 interfaces")):
            with self.subTest(name=name):
                status, _, err = self.run_verify(self.write("c.pcapng", octets))
                self.assertEqual(status, 2)
                self.assertIn(words, err)

    def test_ipv6_extension_headers(self):
        udp = pcap.udp(self.invite())
        for name, chain in (("hop by hop", [0]), ("destination", [60]), ("routing", [43]),
                            ("mobility", [135]), ("authentication", [51]),
                            ("all", [0, 60, 43, 51, 60])):
            with self.subTest(name=name):
                following, payload = 17, udp
                for kind in reversed(chain):
                    payload = (struct.pack("!BB", following, 4) + bytes(22) if kind == 51 else
                               struct.pack("!BB", following, 1) + bytes(14)) + payload
                    following = kind
                six = pcap.ip6("2001:db8::1", "2001:db8::2", following, payload)
                self.assertEqual(self.capture([six])[0], 0)

    def test_tunnels_without_end(self):
        """A packet that is a tunnel in a tunnel in a tunnel ends somewhere."""
        packet = b"nothing"
        for _ in range(1000):
            packet = pcap.checksum_free_ip4(A, B, 47, b"\0\0\x08\0" + packet)
        self.assertEqual(self.told([packet])[0], 2)
        self.assertEqual(self.told([bytes(12) + b"\x88\xa8\0\x07" * 5000], 1)[0], 2)
        self.assertEqual(self.told([bytes(12) + b"\x88\x47" + bytes(50000)], 1)[0], 2)

    def test_why_a_capture_holds_nothing(self):
        text = self.invite()
        ip = pcap.udp_packets(A, B, text)[0]
        other = pcap.udp_packets(A, B, text.replace(b"INVITE", b"OPTIONS"))[0]
        tls = pcap.tcp(b"\x16\x03\x01" + bytes(90), 1)
        for packets, link, words in (
                ([bytes(12) + b"\x88\xe5" + ip] * 3, 1,
                 r"3 packets of Ethernet type 0x88e5 \(MACsec"),
                ([pcap.checksum_free_ip4(A, B, 50, text)], 101, r"packets of IP protocol 50 \(ESP"),
                ([pcap.checksum_free_ip4(A, B, 132, text)], 101, r"IP protocol 132 \(SCTP"),
                ([bytes(200)], 127, "packets of link type 127"),
                ([pcap.checksum_free_ip4(A, B, 6, tls)], 101, "TLS"),
                ([other], 101, "1 other SIP messages"), ([], 101, "0 packets")):
            with self.subTest(words=words):
                status, told = self.told(packets, link)
                self.assertEqual(status, 2)
                self.assertIn("holds neither an INVITE nor an Identity", told)
                self.assertRegex(told, words)

    def test_packed_files(self):
        """gzip is unpacked, captures and texts; other packings are named."""
        message = self.invite()
        with open(pcap.write(self.directory + "/c.pcap", pcap.udp_packets(A, B, message), 101,
                             time.time()), "rb") as source:
            capture = source.read()
        for data in (gzip.compress(capture), gzip.compress(message),
                     gzip.compress(capture[:50]) + gzip.compress(capture[50:])):
            self.assertEqual(self.verify(self.write("packed", data))[0], 0)
        status, _, err = self.run_verify(self.write("packed", gzip.compress(capture)[:-300]))
        self.assertEqual(status, 2)
        self.assertIn("gzip stream is cut", err)
        for begin, words in ((b"PK\x03\x04", "unzip"), (b"BZh9", "bunzip2"),
                             (b"\xfd7zXZ\0", "unxz"), (b"\x28\xb5\x2f\xfd", "unzstd"),
                             (b"snoop\0\0\0", "editcap"),
                             (b"\x7fELF\0", "neither text nor a capture")):
            status, _, err = self.run_verify(self.write("packed", begin + bytes(99)))
            self.assertEqual(status, 2)
            self.assertIn(words, err)

    def test_a_file_that_ends_in_a_packet(self):
        """As of a capture that still goes on: what is there is read."""
        packets = pcap.udp_packets(A, B, self.invite())
        with open(pcap.write(self.directory + "/c.pcap", packets * 2, 101, time.time()),
                  "rb") as source:
            data = source.read()
        self.assertEqual(self.verify(self.write("c.pcap", data[:-20]))[0], 0)
        status, _, err = self.run_verify(self.write("c.pcap", data[:200]))
        self.assertEqual(status, 2)
        self.assertIn("it ends early", err)

    def test_broken_captures(self):
        """No crash, and an end, whatever is in the file."""
        text = tokens.invite(tokens.identity(self.unit)).encode()
        frames = [pcap.ethernet(p) for p in pcap.udp_packets(A, B, text, mtu=200)]
        frames.append(pcap.ethernet(pcap.checksum_free_ip4(A, B, 6, pcap.tcp(text, 1))))
        file = pcap.write(self.directory + "/c.pcap", frames)
        with open(file, "rb") as source:
            good = source.read()
        dice = random.Random(11)
        for _ in range(60):
            bad = bytearray(good[:dice.randrange(4, len(good))])
            for _ in range(dice.randrange(8)):
                bad[dice.randrange(len(bad))] = dice.randrange(256)
            status, _, err = self.run_verify(self.write("bad.pcap", bytes(bad)))
            self.assertIn(status, (0, 1, 2, 3))
            self.assertNotIn("Sanitizer", err)
            self.assertNotIn("runtime error", err)
