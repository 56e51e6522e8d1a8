"""stirctl report: what was made of calls, for an auditor, out of their records."""

import bz2
import gzip
import hashlib
import json
import lzma
import os
import subprocess
import tempfile
import unittest

from lib import lab, stirctl
from lib.patience import HANG_S


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
    def file(self, *records, without=0):
        """The lines are a chain, as stird writes one; the first ones may be missing."""
        made, prev = tempfile.NamedTemporaryFile("w", suffix=".log"), "0" * 64
        self.addCleanup(made.close)
        for seq, record in enumerate([{"kind": "start"}, *records]):
            line = json.dumps({**record, "seq": seq, "prev": prev}, separators=(",", ":"))
            prev = hashlib.sha256(line.encode()).hexdigest()
            if seq >= without:
                made.write(line + "\n")
        made.flush()
        return made.name

    def report(self, *words):
        status, out, err = stirctl.run("/none", "--json", "report", *words)
        self.assertEqual((status, err), (0, ""))
        return json.loads(out)

    def test_a_ceiling(self):
        """What there is no row for is counted by calls, as rows are."""
        told = self.report(self.file(*[call(trunk="t%05d" % i) for i in range(10000)], call(trunk="z", count=3)))
        self.assertEqual((len(told["rows"]), told["calls_beyond"]), (10000, 3))

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
        self.assertIn("records (stirctl records verify):\n    good: 3 lines, 2 calls, seq 0 to 2\n    head ", out)
        self.assertTrue(out.startswith("2026-11  trunk sbc"), out)

    def test_what_is_missing(self):
        """An auditor is told all that `records verify` says: what stird lost, and what is not here."""
        path = self.file(call(), {"kind": "dropped", "dropped": 7}, call(), call(), without=1)
        _, verified, _ = stirctl.run("/none", "records", "verify", path)
        status, out, _ = stirctl.run("/none", "report", path)
        self.assertEqual(status, 0)
        words = " ".join(out.split())
        self.assertIn("1 lines before the first one are not here", words)
        self.assertIn("good: 4 lines, 3 calls, seq 1 to 4, 7 records dropped in 1 gap", words)
        for line in verified.splitlines()[1:]:
            self.assertIn(line.strip(), words)
        self.assertEqual(self.report(path)["records"]["gaps"][0]["dropped"], 7)

    def test_all_is_all(self):
        """100 % is said where each one was an A; and no record makes a sum that cannot be."""
        path = self.file(call(count=2000), call(level="B"), call(trunk="gw"), call(trunk="b", level="B", count=4000),
                         call(trunk="b"),
                         call(trunk="huge", count=2 ** 63 - 1), call(trunk="huge", count=2 ** 63 - 1))
        rows = {r["trunk"]: r for r in self.report(path)["rows"]}
        self.assertEqual([rows[name]["a_percent"] for name in ("sbc", "gw", "b")], [99.9, 100.0, 0.1])
        self.assertEqual(rows["huge"]["calls"], 2)

    def test_of_a_pipe(self):
        """It can be read once."""
        program = os.path.join(os.path.dirname(lab.binary()), "stirctl")
        with open(self.file(call()), "rb") as source:
            done = subprocess.run([program, "report", "/dev/stdin"], input=source.read(), capture_output=True,
                                  timeout=HANG_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"good: 2 lines, 1 calls", done.stdout)

    def test_of_a_code(self):
        """Whose certificate it was: ours, or that of who called us."""
        path = self.file(call(), call(trunk="in", decision="passed", verification={"class": "passed", "spc": "818H,819H"}))
        for code, trunk in (("709J", "sbc"), ("819H", "in")):
            self.assertEqual([r["trunk"] for r in self.report("--spc", code, path)["rows"]], [trunk])

    def test_compressed(self):
        """Nobody is told `none` of what was not read."""
        for pack in (gzip, bz2, lzma):
            with open(self.file(call()), "rb") as source, tempfile.NamedTemporaryFile(suffix=".1") as packed:
                packed.write(pack.compress(source.read()))
                packed.flush()
                for words in (("report",), ("traceback", "--tn", "+12155550100", "-o", packed.name + "x"),
                              ("records", "find"), ("signers",), ("records", "verify")):
                    status, out, err = stirctl.run("/none", *words, packed.name)
                    self.assertEqual(status, 1)
                    self.assertIn("is compressed: unpack it first", out + err, words)
                    self.assertNotIn("none", out)

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
