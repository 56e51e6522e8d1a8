"""stirctl verify of messages that no call would be taken from: whatever their token says, they are not valid."""

import time
import unittest

from lib import pcap
from lib import token as tokens

from cli import verify_test

A, B = "192.0.2.40", "192.0.2.10"
FROM = "From: "


class Unreadable(verify_test.Lab):
    def setUp(self):
        self.good = tokens.invite(tokens.identity(self.unit))
        self.line = next(line for line in self.good.split("\r\n") if line.startswith(FROM)) + "\r\n"
        self.to = next(line for line in self.good.split("\r\n") if line.startswith("To: ")) + "\r\n"

    def judge(self, message, on_wire=True):
        """Exit status, verdict, SIP status and what is said of the message."""
        if on_wire:
            path = pcap.write(self.directory + "/c.pcap", pcap.udp_packets(A, B, message.encode()), 101, time.time())
        else:
            path = self.write("m.sip", message)
        status, calls = self.verify(path)
        told = calls[-1]["hops"][-1]["tokens"][-1]
        check = next(c for c in told["checks"] if c["check"] == "message")
        return status, told["verdict"], told["sip_status"], check.get("found", "")

    def bad(self):
        good, line = self.good, self.line
        other = line.replace("+12155550100", "+12155550199")
        self.assertNotEqual(other, line)
        length = "Content-Length: 0\r\n"
        self.assertIn(length, good)
        return {
            "two From": good.replace(line, line + other),
            "two From, one compact": good.replace(line, line + "f" + other[4:]),
            "two To": good.replace(self.to, self.to + self.to.replace("+13125550123", "+13125550199")),
            "two addresses": good.replace(line, "From: tel:+12155550199 <sip:+12155550100@x>;tag=a\r\n"),
            "a password": good.replace(line, line.replace("+12155550100@", "+12155550100:+12155550199@")),
            "header fields": good.replace(line, line.replace(">", "?From=%2B12155550199>", 1)),
            "To with a password": good.replace(self.to, self.to.replace("+13125550123@", "+13125550123:@")),
            "To with header fields": good.replace(self.to, self.to.replace(">", "?x=y>", 1)),
            "asserted, a password": good.replace(line, line + "P-Asserted-Identity: <sip:+12155550100:x@h>\r\n"),
            "no colon": good.replace(line, line + other.replace("From: ", "From ")),
            "To without colon": good.replace(self.to, self.to + self.to.replace("To: ", "To ").replace("0123", "0199")),
            "minus one": good.replace(length, "Content-Length: -1\r\n"),
            "length twice": good.replace(length, length + "Content-Length: 9\r\n"),
        }

    def on_the_wire_alone(self):
        return {
            "no body": self.good.replace("Content-Length: 0", "Content-Length: 50"),
            "LF": self.good.replace("\r\n", "\n"),
            "one LF": self.good.replace(self.line, self.line.replace("\r\n", "\n")),
            "no end": self.good[:-2],
        }

    def test_on_the_wire(self):
        self.assertEqual(self.judge(self.good), (0, "valid", 0, ""))
        for name, message in {**self.bad(), **self.on_the_wire_alone()}.items():
            with self.subTest(name=name):
                self.assertNotEqual(message, self.good)
                status, verdict, sip, found = self.judge(message)
                self.assertEqual((status, verdict, sip), (1, "invalid", 400), found)
                self.assertIn("the message cannot be read: ", found)

    def test_in_a_text(self):
        """Line ends, and how much of a body there is, are the copier's."""
        for name, message in self.on_the_wire_alone().items():
            with self.subTest(name=name):
                if name != "no end":
                    self.assertEqual(self.judge(message, False), (0, "valid", 0, ""))
        for name in ("two From", "two To", "two addresses", "no colon", "minus one", "length twice"):
            with self.subTest(name=name):
                self.assertEqual(self.judge(self.bad()[name], False)[:3], (1, "invalid", 400))


class Words(verify_test.Lab):
    def said(self, *words):
        from lib import stirctl
        status, out, err = stirctl.run("/none", *words)
        self.assertNotEqual(status, 0)
        return out + err

    def test_files_of_another_kind(self):
        good = tokens.invite(tokens.identity(self.unit))
        self.assertIn("input: is empty", self.said("verify", self.write("input", "")))
        self.assertIn("written by a syslog daemon (#015#012", self.said("verify", self.write(
            "input", "Nov 28 sbc: " + good.replace("\r\n", "#015#012") + "\n")))

    def test_advice_names_who_did_it(self):
        with open(self.unit + "/x5u", encoding="ascii") as source:
            url = source.read().strip()
        value = tokens.identity(self.unit, header={"x5u": None},
                                parameters=";info=<" + url + ">;alg=ES256;ppt=shaken")
        _, out, _ = self.run_verify(self.write("input", tokens.invite(value)))
        self.assertIn("the token has no x5u", out)
        self.assertIn("without x5u tell who runs it", out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
