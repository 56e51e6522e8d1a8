"""stirctl explain decides as the call itself does: the same level, reason, rule and table row."""

import time
import unittest

from daemon.lifetimes import ProcessStory
from lib import settings, stirctl

SAME = ("trunk", "customer", "decision", "reason", "rule", "number_state", "number_row")


class Explain(ProcessStory):
    NUMBERS = ("+12155550100", "+12155551234", "+12155552345", "+12155553456", "+12155554000",
               "+12155555000", "+12155556000", "+12155559999", "2155550100", "anonymous")

    def test_agrees_with_each_call(self):
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        for last, number in enumerate(self.NUMBERS):
            with self.subTest(number=number):
                invite = self.invite(self.sbc, caller=number)
                told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message",
                                   self.lab.write("call%d" % last, invite.octets().decode()),
                                   "--source", self.net(2), "--listener", "main")
                self.sbc.send(invite, self.at())
                record = self.end_and_record(invite, told["sip_status"])
                self.assertEqual({key: told[key] for key in SAME},
                                 {key: record[key] for key in SAME})
                self.assertEqual(told["level"], record["attest"])
                self.assertEqual(told["by"], "the running stird")

    def end_and_record(self, invite, refused):
        """The callee refuses what stird itself does not."""
        if not refused:
            self.carrier.respond(self.carrier.expect("INVITE"), 486)
            self.carrier.expect("ACK")
        self.sbc.acknowledge(invite, self.sbc.expect(refused or 486), self.at())
        return self.stird.record(invite["call-id"])

    def test_uses_what_is_in_force_not_what_is_in_the_files(self):
        self.start()
        path = self.lab.path("stird.conf")
        question = ("explain", "--trunk", "pbx", "--from", "+12155550100", "--to", "+13125550123")
        self.configure(numbers=settings.NUMBERS.replace("+12155550100,acme,owned",
                                                        "+12155550100,acme,unverified"))
        self.assertEqual(stirctl.ask(path, *question)["level"], "A")
        self.assertEqual(stirctl.ask(path, *question, "--offline")["level"], "B")
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.assertEqual(stirctl.ask(path, *question)["level"], "B")
        self.stird.stop()
        told = stirctl.ask(path, *question)
        self.assertEqual((told["level"], told["by"]), ("B", "the files"))

    def test_for_people(self):
        self.start()
        soon = int(time.time()) + 3600
        code, out, _ = stirctl.run(self.lab.path("stird.conf"), "explain", "--trunk", "pbx",
                                   "--from", "+12155550100", "--to", "+13125550123",
                                   "--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(soon)))
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^number_row +.*numbers\.csv:2$")
        self.assertRegex(out, r"(?m)^level +A$")
        self.assertIn('"iat":%d,' % soon, out)
        self.assertIn("attestation.owned gives A", out)

    def test_questions_that_cannot_be_answered(self):
        self.start()
        path = self.lab.path("stird.conf")
        for words, code, text in (
                (("--trunk", "nobody", "--from", "+1", "--to", "+1"), 1, "there are: pbx"),
                (("--trunk", "pbx", "--from", "+1"), 2, "usage:"),
                (("--from", "+1", "--to", "+1"), 2, "usage:"),
                (("--source", "localhost", "--from", "+1", "--to", "+1"), 1, "no IP address"),
                (("--trunk", "pbx", "--from", "a\r\nX: y", "--to", "+1"), 1, "line end"),
                (("--trunk", "pbx", "--message", "/nonexistent"), 1, "No such file"),
                (("--trunk", "pbx", "--message", self.lab.write("m", "hello\n")), 1,
                 "no INVITE that stird would take"),
                (("--trunk", "pbx", "--from", "+1", "--to", "+1", "--at", "today"), 1, "--at")):
            with self.subTest(words=words):
                status, out, err = stirctl.run(path, "explain", *words)
                self.assertEqual((status, out), (code, ""))
                self.assertIn(text, err)


if __name__ == "__main__":
    unittest.main()
