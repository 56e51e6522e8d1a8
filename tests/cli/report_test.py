"""stirctl report: what was made of calls, for an auditor, out of their records."""

import hashlib
import json
import tempfile
import unittest

from lib import stirctl


def call(month="2026-11", day=1, trunk="sbc", customer="acme", provider="main", decision="signed", level="A",
         serial="0A", reason="signed_owned", **more):
    """A record as the recorder writes it, of what the command looks at."""
    signed = decision == "signed"
    record = {"kind": "call", "ts": "%s-%02dT10:00:00.000Z" % (month, day), "trunk": trunk, "orig_tn": "12155550100",
              "attest": level if signed else None, "decision": decision, "reason": reason, "customer": customer,
              "provider": provider, "cert_id": "709J" if signed else None, "cert_spc": "709J" if signed else None,
              "cert_serial": serial if signed else None, "x5u": "https://cr.example/%s.pem" % serial if signed else None,
              "verification": None, "result": "answered" if signed else "rejected", "emergency": False, "count": 1}
    record.update(more)
    return record


class Report(unittest.TestCase):
    def file(self, *records):
        """The lines are a chain, as stird writes one."""
        made, prev = tempfile.NamedTemporaryFile("w", suffix=".log"), "0" * 64
        self.addCleanup(made.close)
        for seq, record in enumerate([{"kind": "start"}, *records]):
            line = json.dumps({**record, "seq": seq, "prev": prev}, separators=(",", ":"))
            prev = hashlib.sha256(line.encode()).hexdigest()
            made.write(line + "\n")
        made.flush()
        return made.name

    def report(self, *words):
        status, out, err = stirctl.run("/none", "--json", "report", *words)
        self.assertEqual((status, err), (0, ""))
        return json.loads(out)

    def test_counts(self):
        path = self.file(
            call(), call(day=2, serial="0B"), call(day=3, level="B", serial="0B"), call(level="C", trunk="gw"),
            call(decision="rejected", reason="number_blocked"), call(decision="rejected", reason="of_tomorrow"),
            call(decision="rejected", reason="overloaded", count=40), call(decision="passed", reason="emergency_call",
                                                                            emergency=True),
            call(month="2026-12"), call(provider="other", customer="globex"),
            call(decision="passed", reason="verified", trunk="in", verification={"class": "passed"}))
        told = self.report(path)
        self.assertEqual((told["calls_beyond"], told["records"]["good"], told["records"]["calls"]), (0, True, 11))
        self.assertEqual([(r["period"], r["provider"], r["trunk"], r["calls"]) for r in told["rows"]],
                         [("2026-11", "main", "gw", 1), ("2026-11", "main", "in", 1), ("2026-11", "main", "sbc", 46),
                          ("2026-11", "other", "sbc", 1), ("2026-12", "main", "sbc", 1)])
        row = told["rows"][2]
        self.assertEqual((row["signed"], row["levels"], row["a_percent"]), (3, {"A": 2, "B": 1, "C": 0}, 66.7))
        self.assertEqual((row["refused"], row["unsigned"], row["answered"], row["emergency"]), (42, 1, 3, 1))
        self.assertEqual(row["refused_reasons"], {"number_blocked": 1, "other": 1, "overloaded": 40})
        self.assertEqual([(c["id"], c["spc"], c["serial"], c["calls"], c["first"], c["last"])
                          for c in row["certificates"]],
                         [("709J", "709J", "0A", 1, "2026-11-01T10:00:00.000Z", "2026-11-01T10:00:00.000Z"),
                          ("709J", "709J", "0B", 2, "2026-11-02T10:00:00.000Z", "2026-11-03T10:00:00.000Z")])
        self.assertEqual((told["rows"][1]["verified"]["passed"], told["rows"][1]["a_percent"]), (1, None))
        self.assertEqual([r["period"] for r in self.report("--month", "2026-12", path)["rows"]], ["2026-12"])
        self.assertEqual([(r["period"], r["a_percent"]) for r in
                          self.report("--by-day", "--trunk", "sbc", "--month", "2026-11", path)["rows"]],
                         [("2026-11-01", 100.0), ("2026-11-01", 100.0), ("2026-11-02", 100.0), ("2026-11-03", 0.0)])

    def test_for_people(self):
        path = self.file(call(customer="\x1b[31m" + "long " * 30), call(decision="rejected", reason="number_blocked"))
        status, out, err = stirctl.run("/none", "report", path)
        self.assertEqual((status, err), (0, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 80, out)
        self.assertNotIn("\x1b", out)
        self.assertIn("1 signed (A 1, B 0, C 0; A is 100.0 %)", out)
        self.assertIn("refused: number_blocked 1", out)
        self.assertIn("serial 0A: 1 calls", out)
        self.assertIn("records: good, 3 lines, 0 dropped", out)

    def test_what_is_not_true(self):
        """Records that were changed, and none at all, are status 1: a script sees it."""
        path = self.file(call(), call(), call(day=2))
        with open(path, encoding="ascii") as source:
            changed = source.read().replace('"attest":"A"', '"attest":"B"', 1)
        with open(path, "w", encoding="ascii") as to:
            to.write(changed)
        status, out, _ = stirctl.run("/none", "report", "--json", path)
        self.assertEqual((status, json.loads(out)["records"]["good"]), (1, False))
        self.assertIn("NOT GOOD", stirctl.run("/none", "report", path)[1])
        self.assertEqual(stirctl.run("/none", "report", "--month", "2020-01", self.file(call()))[0], 1)
        for words in (("--month", "2026-13"), ("--month", "2026-1"), ("--month", "2026-11", "--between", "1", "2")):
            self.assertEqual(stirctl.run("/none", "report", *words, path)[0], 2, words)
        self.assertEqual(stirctl.run("/none", "report", "/none/there")[0], 1)


if __name__ == "__main__":
    unittest.main()
