"""stirctl signers: who signed the verified calls, out of their records."""

import json
import tempfile
import unittest

from lib import stirctl


def call(spc="709J", subject="CN=SHAKEN 709J", minute=0, reason="verified", trunk="in", **told):
    """A record as the recorder writes it, of what the command looks at."""
    verification = {"class": "passed", "level": "A", "spc": spc, "subject": subject}
    verification.update(told)
    return json.dumps({"kind": "call", "ts": "2026-11-26T23:%02d:00.000Z" % minute, "trunk": trunk,
                       "reason": reason, "verification": verification}, separators=(",", ":"))


class Signers(unittest.TestCase):
    def file(self, *lines):
        made = tempfile.NamedTemporaryFile("w", suffix=".log")
        self.addCleanup(made.close)
        made.write("".join(line + "\n" for line in lines))
        made.flush()
        return made.name

    def signers(self, *words):
        status, out, err = stirctl.run("/none", "--json", "signers", *words)
        self.assertEqual((status, err), (0, ""))
        return json.loads(out)

    def test_counts(self):
        path = self.file(
            call(minute=3), call(minute=1, level="B"), call(minute=2, level="C", trunk="other"),
            call(minute=9, reason="token_stale", **{"class": "failed", "level": None}),
            call(minute=8, spc=None, subject=None, reason="certificate_pending", **{"class": "open", "level": None}),
            call(minute=7, spc="1234", subject="CN=SHAKEN 1234"),
            call(minute=6, spc="1234", subject="CN=another", reason="of_tomorrow", **{"class": "failed", "level": None}),
            '{"kind":"call","ts":"2026-11-26T23:00:00.000Z","trunk":"in","verification":null}',
            call(minute=8, spc=None, subject=None, reason="certificate_unavailable",
                 **{"class": "nothing", "level": None, "header": 1}),
            call(reason="unsigned_call", spc=None, subject=None, **{"class": "nothing", "level": None}),
            '{"kind":"gap","verification":{"class":"passed"}}', "{")
        told = self.signers(path)
        self.assertEqual(told["calls_beyond"], 0)
        self.assertEqual([(s["spc"], s["subject"], s["calls"]) for s in told["signers"]],
                         [("709J", "CN=SHAKEN 709J", 4), (None, None, 2), ("1234", "CN=SHAKEN 1234", 1),
                          ("1234", "CN=another", 1)])
        first, unknown = told["signers"][:2]
        self.assertEqual(first["levels"], {"A": 1, "B": 1, "C": 1})
        self.assertEqual([first["passed"], first["failed"], first["nothing"], first["open"]], [3, 1, 0, 0])
        self.assertEqual([first["first_seen"], first["last_seen"]],
                         ["2026-11-26T23:01:00.000Z", "2026-11-26T23:09:00.000Z"])
        self.assertEqual(first["reasons"], {"token_stale": 1})
        self.assertEqual([unknown["open"], unknown["nothing"], unknown["reasons"]], [1, 1, {"certificate_pending": 1, "certificate_unavailable": 1}])
        self.assertEqual(told["signers"][3]["reasons"], {"other": 1})
        self.assertEqual([s["calls"] for s in self.signers("--trunk", "other", path)["signers"]], [1])
        self.assertEqual([s["calls"] for s in self.signers("--between", "2026-11-26T23:06", "2026-11-26T23:07",
                                                           path)["signers"]], [1, 1])

    def test_for_people(self):
        """Whatever a certificate says of itself, no line is longer than a terminal, and none is cut out of it."""
        path = self.file(call(), call(reason="token_stale", **{"class": "failed", "level": None}),
                         call(spc="X" * 60, subject="CN=\x1b[31m " + "word " * 60))
        status, out, err = stirctl.run("/none", "signers", path)
        self.assertEqual((status, err), (0, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 80, out)
        self.assertIn("did not pass: token_stale 1", out)
        self.assertIn("CN=\\x1b[31m word", out)
        self.assertNotIn("\x1b", out)
        self.assertRegex(out, r"(?m)^709J +2 +1 +0 +0 +1 +0 +0 2026-11-26T23:00$")

    def test_a_ceiling(self):
        path = self.file(*[call(spc="%04d" % i) for i in range(4003)])
        told = self.signers(path)
        self.assertEqual([len(told["signers"]), told["calls_beyond"]], [4000, 3])
        self.assertIn("3 calls more", stirctl.run("/none", "signers", path)[1])

    def test_none(self):
        path = self.file('{"kind":"call","verification":null}')
        self.assertEqual(stirctl.run("/none", "signers", path)[:2], (1, "none\n"))
        status, out, err = stirctl.run("/none", "signers", "/none/records.log")
        self.assertEqual(status, 1)
        self.assertIn("/none/records.log: No such file", err)


if __name__ == "__main__":
    unittest.main()
