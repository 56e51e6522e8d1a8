"""--json is JSON whatever octets a call, a table or a word has: each command's is read by another parser."""

import json

from lib import stirctl
from lib.story import Story

NUMBERS = ("number,customer,state,not_before,not_after,cert,note\n"
           "+12155550100,acm\u00e9,owned,,,,J\u00f6rg\n").encode() + b"+12155550101,ac\xe9,owned,,,,\xff\n"


class OddOctets(Story):
    def ask(self, *words):
        _, out, _ = stirctl.run(self.configuration, *words, "--json")
        with self.subTest(words=words):
            return "".join(json.dumps(json.loads(line), ensure_ascii=False) for line in out.splitlines())
        return ""

    def test_every_command(self):
        table = self.lab.path("odd.csv")
        with open(table, "wb") as out:
            out.write(NUMBERS.split(b"+12155550101")[0])
        self.configuration = self.configure(tables='files = [ "%s" ];' % table, pbx={"customer": "acm\u00e9"})
        self.start_with(self.configuration)
        octets = self.invite().octets()
        octets = octets.replace(b"<sip:+12155550100@", b"\"J\xe9rg\" <sip:+12155550100@p\xc3\xa9.", 1)
        octets = octets.replace(b"INVITE sip:", b"INVITE sip:\xd9\xa9", 1)
        message, identity = self.lab.path("odd.sip"), self.lab.path("odd.identity")
        with open(message, "wb") as out:
            out.write(octets)
        with open(identity, "wb") as out:
            out.write(octets.replace(b"Call-ID", b"Identity: eyJhbGciOiJFUzI1NiIsInBwdCI6Iu9kaXYifQ.e30.c2ln"
                                     b";info=<https://\xe4/y.pem>;x=\xe4\r\nCall-ID", 1))
        self.sbc.send(octets, self.at())
        bad = self.lab.path("bad.csv")
        with open(bad, "wb") as out:
            out.write(NUMBERS)
        source = self.net(2)
        said = self.ask("explain", "--source", source, "--message", message)
        self.assertIn("\u00e9", said)
        self.assertIn("acm\u00e9", self.ask("numbers", "show", "+12155550100"))
        for words in (("explain", "--source", source, "--from", "+12155550100", "--to", "+12155550199"),
                      ("explain", "--offline", "--source", source, "--message", identity),
                      ("decode", message), ("decode", identity), ("verify", message), ("verify", identity),
                      ("status",), ("stats",), ("sources",), ("numbers", "list"),
                      ("numbers", "lint"), ("numbers", "lint", bad), ("numbers", "diff", table, bad),
                      ("numbers", "diff", "running", "configured"), ("numbers", "compile", "-o", "/no\u00e9/x", bad),
                      ("numbers", "set", "+12155550100", "n\u00e9", "owned"), ("records", "find", "--last", "5"),
                      ("records", "find", "--call-id", "\u00e9"), ("records", "verify"), ("cert", "list"),
                      ("cert", "renew", "--hook", "/\u00e9"), ("secret", "show-fingerprint"),
                      ("secret", "import", "/\u00e9"), ("nosuch\u00e9",), ("help",), ("help", "numbers"), ("version",),
                      ("reload", "--wait"), ("lab-ca", "/no\u00e9/x"), ("cert", "request", "--spc", "\u00e9"),
                      ("init", "--sbc", "\u00e9", "--carrier", "x", "--lab", "--directory", "/no\u00e9")):
            self.assertTrue(self.ask(*words), words)

    def test_a_customer_that_is_no_utf8(self):
        table = self.lab.path("odd.csv")
        with open(table, "wb") as out:
            out.write(NUMBERS)
        path = self.configure(tables='files = [ "%s" ];' % table)
        for words in (("numbers", "lint"), ("numbers", "show", "+12155550101", "--offline")):
            for line in stirctl.run(path, *words, "--json")[1].splitlines():
                json.loads(line)
