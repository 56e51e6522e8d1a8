"""Records hang together, move aside, are found again; no fate of theirs touches a call."""

import glob
import json
import os
import re
import signal
import unittest

from daemon.lifetimes import ProcessStory
from lib.patience import HANG_S
from lib import stird, stirctl


class Records(ProcessStory):
    def start_records(self, more="", **changes):
        path = self.configure(**changes)
        with open(path, encoding="utf-8") as source:
            text = source.read().replace("records = {", "records = { " + more)
        self.start_with(self.lab.write("stird.conf", text))
        self.path = self.lab.path("stird.conf")
        self.file = self.lab.path("records.jsonl")

    def chain(self, *words):
        status, out, err = stirctl.run(self.path, "records", "verify", *words)
        self.assertEqual(err, "")
        return status, out

    def calls(self, n):
        return [self.signed_call()[0]["call-id"] for _ in range(n)]

    def wait_for(self, call_ids):
        return [self.stird.record(call_id) for call_id in call_ids]

    def lines(self):
        with open(self.file, "rb") as source:
            return source.read().split(b"\n")[:-1]

    def write_lines(self, lines):
        with open(self.file, "wb") as out:
            out.write(b"".join(line + b"\n" for line in lines))

    def test_each_way_of_tampering_is_found(self):
        self.start_records()
        self.wait_for(self.calls(5))
        self.stird.stop()
        good = self.lines()
        status, out = self.chain()
        self.assertEqual(status, 0, out)
        self.assertIn("good: 6 lines, 5 calls, seq 0 to 5", out)
        head = re.search(r"head (\w{64})", out).group(1)
        self.assertIn("seq=5 head=" + head, self.stird.log())
        forged = good[2].replace(b'"attest":"A"', b'"attest":"C"')
        self.assertNotEqual(forged, good[2])
        for name, lines, text in (
                ("changed", good[:2] + [forged] + good[3:],
                 r":4: the line before this one was changed"),
                ("removed", good[:2] + good[3:], r":3: 1 lines are missing before this one"),
                ("swapped", good[:2] + [good[3], good[2]] + good[4:], r":3: 1 lines are missing"),
                ("doubled", good[:3] + good[2:], r":4: this line stood above already"),
                ("inserted", good[:3] + [b"hello"] + good[3:], r":4: "),
                ("inserted as JSON", good[:3] + [b'{"kind":"call"}'] + good[3:], r":4: "),
                ("number changed", good[:2] + [good[2].replace(b'"seq":2', b'"seq":3')] + good[3:],
                 r":3: 1 lines are missing"),
                ("begun anew", good[3:] + good[:3], r"another chain begins here")):
            with self.subTest(name):
                self.write_lines(lines)
                status, out = self.chain()
                self.assertEqual(status, 1, out)
                self.assertIn("NOT GOOD", out)
                self.assertRegex(out, text)
                status, told, _ = stirctl.run(self.path, "records", "verify", "--json")
                self.assertEqual(status, 1)
                self.assertFalse(json.loads(told)["good"])
        self.write_lines(good[:-1])  # a cut tail shows by a head alone
        self.assertEqual(self.chain()[0], 0)
        self.assertEqual(self.chain("--head", head)[0], 1)
        self.write_lines(good)
        self.assertEqual(self.chain("--head", head)[0], 0)

    @staticmethod
    def place_in_chain(name):
        stamp, _, again = name.rpartition(".")[2].partition("-")
        return stamp, int(again or 0)

    def test_files_move_aside_by_size_and_stay_one_chain(self):
        """R-F-007."""
        self.start_records('max_size = "2k"; keep = 3;')
        ids = []

        def removed():
            # How many calls a file holds depends on how many the recorder found waiting.
            ids.extend(self.calls(12))
            return self.stird.log_lines("an old record file was removed")
        stird.wait_until(removed, HANG_S, "files move aside, and the oldest is removed")
        last = self.calls(1)
        stird.wait_until(lambda: stirctl.run(self.path, "records", "find", "--call-id",
                                             last[0])[0] == 0, 5.0, "the last record")
        self.stird.stop()
        self.assertLessEqual(len(glob.glob(self.file + ".*")), 3)
        status, out = self.chain()
        self.assertEqual(status, 0, out)
        by_age = sorted(glob.glob(self.file + ".*"), key=self.place_in_chain)
        times = [os.path.getmtime(name) for name in by_age]
        self.assertEqual(times, sorted(times), "a name is never given again")
        os.unlink(by_age[1])
        status, out = self.chain()
        self.assertEqual(status, 1, "a missing file is found: " + out)
        self.assertTrue(ids)

    def test_files_that_others_named_are_never_removed(self):
        """What an operator, logrotate or an editor put beside the record file stays."""
        others = ["records.jsonl" + end for end in (
            ".1", ".old", ".legal-hold", ".20200101T000000Z.gz", ".20200101T000000Z.sig",
            ".20200101T000000Z-0", ".20200101T000000Z-x", ".20200101", "-20200101T000000Z")]
        for name in others:
            self.lab.write(name, "not yours")
        ours = ["records.jsonl.20200101T000000Z", "records.jsonl.20200101T000000Z-1"]
        for name in ours:
            self.lab.write(name, "old")
        self.start_records('max_age = "1ms"; keep = 1;')
        def removed():
            self.calls(1)
            return not any(os.path.exists(self.lab.path(name)) for name in ours)
        stird.wait_until(removed, 20.0, "the two oldest of stird's own files are removed")
        for name in others:
            self.assertTrue(os.path.exists(self.lab.path(name)), name)

    def test_by_age(self):
        self.start_records('max_age = "1ms";')
        self.calls(1)
        stird.wait_until(lambda: glob.glob(self.file + ".*"), HANG_S, "the file moves aside")

    def test_logrotate_and_restart_keep_the_chain(self):
        self.start_records()
        self.wait_for(self.calls(2))
        os.rename(self.file, self.file + ".1")
        self.stird.reload()
        self.stird.wait_log("reload done")
        self.wait_for(self.calls(1))
        self.replaced("recorder", self.hit("recorder"))
        self.wait_for(self.calls(1))
        self.stird.stop()
        status, out = self.chain()
        self.assertEqual(status, 0, out)
        self.assertIn("4 calls", out)
        kinds = [json.loads(line)["kind"] for line in self.lines()]
        self.assertEqual(kinds, ["rotate", "call", "restart", "call"])
        os.rename(self.file, self.file + ".2")  # moved while nothing runs
        super().start_with(self.path)
        self.calls(1)
        self.stird.stop()
        status, out = self.chain()
        self.assertEqual(status, 0, out)

    def test_older_files_that_somebody_else_removed(self):
        self.start_records("keep = 2;")
        for n in range(1, 4):
            self.wait_for(self.calls(1))
            os.rename(self.file, "%s.%d" % (self.file, n))
            self.assertEqual(stirctl.run(self.path, "reload", "--wait")[0], 0)
            self.wait_for(self.calls(1))
        self.stird.stop()
        self.assertNotIn("are not here", self.chain()[1])
        os.unlink(self.file + ".1")
        status, out = self.chain()
        self.assertEqual(status, 0, "records.keep may have done that: " + out)
        self.assertIn("lines before the first one are not here; the last of them had the head ", out)
        os.unlink(self.file + ".2")
        status, out = self.chain()
        self.assertIn("a gap: ", out)
        self.assertIn("records.keep has not removed them", out)
        head = re.search("had the head ([0-9a-f]{64})", out)[1]
        with open(self.file + ".3", encoding="utf-8") as source:
            self.assertEqual(json.loads(source.readline())["prev"], head)

    def test_a_torn_line_is_mended(self):
        self.start_records()
        self.wait_for(self.calls(1))
        self.stird.stop()
        with open(self.file, "ab") as out:
            out.write(b'{"kind":"call","ts":"20')
        status, out = self.chain()
        self.assertEqual(status, 0)
        self.assertIn("the last line is unfinished", out)
        super().start_with(self.path)
        self.calls(1)
        self.stird.stop()
        status, out = self.chain()
        self.assertEqual(status, 0, out)
        self.assertEqual([json.loads(line)["kind"] for line in self.lines()[3:]],
                         ["restart", "call"])

    def test_what_is_no_record(self):
        """A file that is not there, garbage with its line end, alone, in front, at the end."""
        self.start_records()
        self.wait_for(self.calls(1))
        self.stird.stop()
        with open(self.file, "rb") as source:
            good = source.read()
        self.assertEqual(self.chain()[0], 0)
        cases = ((b"garbage\n", "is no line of stird's"), (b"\n", "is no line of stird's"),
                 (b'{"kind":"call"}\n', "is no line of stird's"), (good + b"garbage\n", "is no line of stird's"),
                 (b"garbage\n" + good, "text above was not written by stird"),
                 (good + b"a\nb\n", "text above was not written"), (None, "No such file"))
        for octets, said in cases:
            with self.subTest(octets=octets and octets[:20]):
                path = self.lab.path("nowhere")
                if octets is not None:
                    path = self.lab.path("other")
                    with open(path, "wb") as out:
                        out.write(octets)
                status, out, _ = stirctl.run(self.path, "records", "verify", path)
                self.assertEqual(status, 1)
                self.assertIn(said, out)
                self.assertIn("NOT VERIFIED" if octets is None else "NOT GOOD", out)
                status, out, _ = stirctl.run(self.path, "records", "verify", "--json", path)
                told = json.loads(out)
                self.assertEqual((status, told["good"]), (1, False))
                self.assertIn(said, " ".join(f["finding"] for f in told["findings"]))
                self.assertEqual({f["file"] for f in told["findings"]}, {path})

    def test_a_stopped_recorder_delays_nobody(self):
        self.start_records()
        pid = self.hit("recorder", signal.SIGSTOP)
        ids = self.calls(20)
        self.send(pid, signal.SIGCONT)
        self.wait_for(ids)

    def test_are_found(self):
        """R-F-003."""
        self.start_records()
        (one, two) = self.calls(2)
        blocked = self.refused_call(603, caller="+12155556000")
        record, _ = self.wait_for([one, two])
        def find(*words):
            status, out, _ = stirctl.run(self.path, "records", "find", *words, "--json")
            return status, [json.loads(line) for line in out.splitlines() if line != "[]"]
        self.assertEqual(find("--origid", record["origid"]), (0, [record]))
        self.assertEqual(find("--call-id", one), (0, [record]))
        self.assertEqual(len(find("--tn", "+12155550100")[1]), 2)
        self.assertEqual(len(find("--tn", "12155550199")[1]), 3)
        self.assertEqual(len(find("--between", "2026", "2099")[1]), 3)
        self.assertEqual(find("--between", "2026", "2026-01"), (1, []))
        self.assertEqual(len(find("--between", "2026-02-28T23:59:59.999Z", "2099-12-31T23:59")[1]), 3)
        self.assertEqual(find("--between", "2024-02-29", "2024-02-29T00")[0], 1)
        self.assertEqual(find("--tn", "+13125550000"), (1, []))
        self.assertEqual(len(find()[1]), 3)
        for form, said in (((), "none\n"), (("--json",), "[]\n")):
            self.assertEqual(stirctl.run(self.path, "records", "find", "--trunk", "x", *form), (1, said, ""))
        for words, said in ((("--last", "0"), "--last"), (("--last", "x"), "--last"), (("--status", "9999"), "--status 9999"),
                            (("--between", "a", "b"), "--between a"),
                            *((("--between", *times), "--between") for times in (
                                ("2026-13", "2027"), ("2026-02-31", "2027"), ("2026", "2026-11-01T25"),
                                ("2026", "2026-11-01T23:60"), ("2026", "2026-1"), ("2026-", "2027"), ("2027", "2026"),
                                ("2026-12-01", "2026-11"), ("2026-00", "2027"), ("2026-02-29", "2027"),
                                ("2026-11-01T10:00:60", "2027"), ("2026-11-01t10", "2027"), ("", "2027"))),
                            (("--last", "-1"), "--last"), (("--last", "1000000000"), "--last"), (("--source", "x"), "--source x"),
                            (("--tn", "x"), "--tn x"), (("--result", "x"), "--result x")):
            status, out, err = stirctl.run(self.path, "records", "find", *words, "-j")
            self.assertEqual(status, 2)
            self.assertIn(said, err)
            self.assertIn(said, json.loads(out)["error"])
        self.assertEqual(stirctl.run(self.path, "records", "find", "--tn", "x")[0], 2)
        status, out, _ = stirctl.run(self.path, "records", "find", "--call-id", one)
        self.assertIn("signed A  12155550100 -> 12155550199, answer 486", out)
        for words, n in ((("--reason", "signed_owned"), 2), (("--reason", "number_blocked"), 1),
                         (("--trunk", "pbx"), 3), (("--status", "486"), 2),
                         (("--status", "603"), 1), (("--source", self.net(2)), 3),
                         (("--source", record["source"]), 3), (("--source", self.net(3)), 0),
                         (("--trunk", "pbx", "--status", "603"), 1), (("--trunk", "x"), 0)):
            with self.subTest(words=words):
                self.assertEqual(len(find(*words)[1]), n)
        for words in (("--reason", "nonsense"), ("--source", "nowhere"), ("--status", "6xx")):
            self.assertEqual(stirctl.run(self.path, "records", "find", *words)[0], 2)
        told = stirctl.ask(self.path, "explain", "--origid", record["origid"])
        self.assertEqual(told, record)
        status, out, _ = stirctl.run(self.path, "explain", "--origid", record["origid"])
        self.assertRegex(out, r"(?m)^number_row +.*numbers\.csv:2$")
        self.assertRegex(out, r"(?m)^because +the number is assigned")
        self.assertEqual(stirctl.run(self.path, "explain", "--origid", "nope")[0], 1)
        self.assertTrue(blocked)

    def test_the_text_tells_why(self):
        """Also of an INVITE that nothing is known of but where it came from."""
        self.start_records()
        self.calls(1)
        nameless = self.invite().without("call-id")
        self.sbc.send(nameless, self.at())  # nobody can answer it

        def find(*words):
            return stirctl.run(self.path, "records", "find", *words)[1]
        stird.wait_until(lambda: find("--reason", "bad_request") != "none\n", HANG_S, "the record")
        out = find("--reason", "bad_request")
        self.assertRegex(out, r"(?m)^\S+Z rejected, no answer$")
        self.assertRegex(out, r"(?m)^    call_id +none$")
        self.assertRegex(out, r"(?m)^    source +%s:\d+$" % self.net(2).replace(".", r"\."))
        self.assertRegex(out, r"(?m)^    reason +bad_request$")
        self.assertRegex(out, r"(?m)^    detail +.*Call-ID")
        self.assertNotIn("count", out)


if __name__ == "__main__":
    unittest.main()
