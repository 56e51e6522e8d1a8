"""stirctl verify: what it found of a call, worst first, whose fault it is, and what to do."""

import time

from cli.verify_test import Lab
from lib import token as tokens

CLOCKS = ("clock_signer", "clock_us")  # by whether something keeps this machine's clock right


class Ranked(Lab):
    def findings(self, text, *words, **more):
        _, calls = self.verify(self.write("input", text), *words, **more)
        return calls[-1]["findings"]

    def told(self, text, *words, **more):
        return [(f["severity"], f["check"], f["whose"]) for f in self.findings(text, *words, **more)]

    def test_nothing_is_wrong(self):
        self.assertEqual(self.told(tokens.invite(tokens.identity(self.unit))), [])
        _, out, _ = self.run_verify(self.write("input", tokens.invite(tokens.identity(self.unit))))
        self.assertNotIn("worst first", out)

    def test_by_what_the_message_shows(self):
        now = int(time.time())
        value = tokens.identity(self.unit)
        for text, expected in (
                (tokens.invite(value, dest="+13125550199"), [("fault", "dest", "between")]),
                (tokens.invite(value.split(";")[0][:-3] + ";" + value.split(";", 1)[1]),
                 [("fault", "signature", "between")]),
                (tokens.invite(value.replace("info=<https://localhost", "info=<https://elsewhere")),
                 [("fault", "x5u", "between")]),
                (value, [("open", "orig", "us"), ("open", "dest", "us")])):
            self.assertEqual(self.told(text), expected)
        (severity, check, whose), = self.told(tokens.invite(tokens.identity(self.unit, iat=now + 3600)))
        self.assertEqual((severity, check), ("fault", "fresh"))
        self.assertIn(whose, CLOCKS)

    def test_the_worst_comes_first(self):
        """What decides the status, then what is open, then what only is not as it should be."""
        value = tokens.identity(self.unit, header={"ppt": "div"})
        told = self.told(tokens.invite(value, dest="+13125550199"))
        self.assertEqual([t[0] for t in told], sorted([t[0] for t in told], key=("fault", "open", "warning").index))
        self.assertEqual(told[0][0], "fault")
        orders = [t[1] for t in told]
        self.assertEqual(len(orders), len(set(orders)))

    def test_what_follows_of_something_else_is_not_told_again(self):
        """Without its certificate nothing of it can be looked at: that is one thing."""
        self.assertEqual(self.told(tokens.invite(tokens.identity(self.unit)), "--offline", cert=None),
                         [("open", "fetch", "us")])

    def test_one_that_failed_beside_a_good_one(self):
        """It hinders nothing."""
        good, other = tokens.identity(self.unit), tokens.identity(self.unit, dest="13125550188")
        findings = self.findings(tokens.invite(good, more=["Identity: " + other]))
        self.assertEqual([(f["severity"], f["check"], f["header"]) for f in findings],
                         [("warning", "dest", 2)])

    def test_between_which_places(self):
        """The same call in a trace: the last place at which it was right, and the first at which not."""
        value = tokens.identity(self.unit)
        signed = tokens.invite(value)
        changed = tokens.invite(value, dest="+13125550199")
        bare = "\r\n".join(line for line in signed.split("\r\n") if not line.startswith("Identity"))
        for last, check in ((changed, "dest"), (bare, "identity")):
            finding, = self.findings(signed + "\r\n" + last)
            self.assertEqual((finding["check"], finding["whose"], finding["right_at"]),
                             (check, "between", {"line": 1}))
            self.assertGreater(finding["wrong_from"]["line"], 1)
            _, out, _ = self.run_verify(self.write("input", signed + "\r\n" + last))
            self.assertIn("right at: line 1\n", out)
        finding, = self.findings(bare + "\r\n" + bare)
        self.assertEqual((finding["check"], finding["whose"]), ("identity", "signer"))
        self.assertNotIn("right_at", finding)

    def test_people_are_told(self):
        _, out, _ = self.run_verify(self.write("input", tokens.invite(tokens.identity(self.unit), dest="+13125550199")))
        told = out[out.index("what to look at, worst first"):]
        self.assertIn("1. fault  dest (438): the token says 13125550123", told)
        self.assertIn("whose: an element behind the signer", told)
        self.assertIn("-> an element behind the signer changed To", told)
        for line in out.splitlines():
            if "  " in line and "payload" not in line and "header" not in line:
                self.assertLessEqual(len(line), 80, line)
