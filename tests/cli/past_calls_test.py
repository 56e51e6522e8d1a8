"""stirctl explain --origid: each call that had one token, out of the records."""

import json
import os
import shutil
import tempfile
import unittest

from lib import stirctl

ORIGID, OTHER = "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"
KEPT_MAX = 20
# The least that there is to say, and where the records are.
CONFIGURATION = """listen = ( { name = "core"; address = "127.0.0.1"; port = 5060; } );
upstreams = ( { name = "sbc"; uri = "sip:127.0.0.9:5060;transport=udp"; } );
trunks = ( { name = "in"; sources = [ "192.0.2.40" ]; service = "verify"; verification = "carrier"; upstreams = [ "sbc" ]; } );
verification = ( { name = "carrier"; trust = [ "us" ]; } );
trust = ( { name = "us"; anchors = "/none"; } );
records = { file = "%s/records.jsonl"; };
"""


def call(call_id, origid=ORIGID, **more):
    """A record as the recorder writes it, of what the command looks at: signed by us, or judged."""
    told = {"kind": "call", "ts": "2026-11-26T23:00:00.000Z", "call_id": call_id, "trunk": "in", "reason": "verified"}
    told.update({"verification": {"class": "passed", "origid": origid}} if more.pop("judged", True) else {"origid": origid})
    return json.dumps({**told, **more}, separators=(",", ":")) + "\n"


class PastCalls(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="stird-cli-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = self.write("stird.conf", CONFIGURATION % self.directory)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def explain(self, *words, status=0):
        got, out, err = stirctl.run(self.path, "explain", *words)
        self.assertEqual(got, status, out + err)
        return out, err

    def told(self, *words):
        """The Call-IDs that a script is told, and the complaints."""
        out, err = self.explain("--json", "--origid", ORIGID, *words)
        return [json.loads(line)["call_id"] for line in out.splitlines()], err

    def test_one(self):
        self.write("records.jsonl", call("a@x") + call("b@x", OTHER))
        self.assertEqual(self.told(), (["a@x"], ""))
        out, err = self.explain("--origid", ORIGID)
        self.assertEqual(err, "")
        self.assertTrue(out.startswith("kind "), out)
        self.assertNotIn("calls have", out)

    def test_several(self):
        """A replay, and an SBC's second attempt: in whatever file each is, all are shown and counted."""
        self.write("records.jsonl.1", call("a@x") + call("b@x", OTHER))
        self.write("records.jsonl", call("c@x", judged=False) + call("b@x", OTHER) + call("d@x"))
        calls, err = self.told()
        self.assertEqual(sorted(calls), ["a@x", "c@x", "d@x"])
        self.assertEqual(err, "stirctl: 3 calls have this origid: --call-id ID shows those of one Call-ID alone\n")
        out, err = self.explain("--origid", ORIGID)
        self.assertTrue(out.startswith("3 calls have this origid: --call-id ID shows those of one Call-ID alone\n\ncall 1 of 3\n"), out)
        self.assertEqual((out.count("\ncall_id "), out.count("\nin the end "), err), (3, 0, ""))
        for one in ("a@x", "c@x", "d@x"):
            self.assertRegex(out, r"(?m)^call_id +%s$" % one)
            self.assertEqual(self.told("--call-id", one), ([one], ""))
        _, err = self.explain("--origid", ORIGID, "--call-id", "b@x", status=1)
        self.assertEqual(err, "stirctl: no record of a call has the origid %s and the Call-ID b@x\n" % ORIGID)

    def test_a_long_one(self):
        """A record has its first 1,024 octets, and is found by the whole."""
        whole = "f" * 1500
        self.write("records.jsonl", call("a@x", whole[:1024]) + call("b@x", whole[:1023]) + call("c@x", whole[:1024] + "f"))
        for words in (("explain", "--json"), ("records", "find", "--json")):
            status, out, err = stirctl.run(self.path, *words, "--origid", whole)
            self.assertEqual((status, [json.loads(line)["call_id"] for line in out.splitlines()]), (0, ["a@x"]), out + err)

    def test_many(self):
        """As many as somebody reads; how many there are is said all the same, and how to see the rest."""
        n = KEPT_MAX + 3
        self.write("records.jsonl", "".join(call("%d@x" % i) for i in range(n)))
        calls, err = self.told()
        self.assertEqual(calls, ["%d@x" % i for i in range(3, n)])
        self.assertIn("%d calls have" % n, err)
        self.assertIn("the last %d; stirctl records find --origid UUID shows all" % KEPT_MAX, err)
        out, _ = self.explain("--origid", ORIGID)
        self.assertIn("\ncall 4 of %d\n" % n, out)
        self.assertIn("\ncall %d of %d\n" % (n, n), out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_a_replay_keeps_the_call_id(self):
        """All that have it are shown, and it is said that there are several, and what tells them apart."""
        self.write("records.jsonl", call("a@x", ts="2026-11-26T23:00:00.000Z") + call("b@x")
                   + call("a@x", ts="2026-11-26T23:00:59.000Z"))
        out, err = self.explain("--origid", ORIGID, "--call-id", "a@x")
        self.assertEqual((out.split("\n")[0], err), ("2 calls have this origid and this Call-ID: ts says when each came", ""))
        self.assertRegex(out, r"(?m)^ts +2026-11-26T23:00:00.000Z$")
        self.assertRegex(out, r"(?m)^ts +2026-11-26T23:00:59.000Z$")
        self.assertEqual(self.told("--call-id", "a@x"),
                         (["a@x", "a@x"], "stirctl: 2 calls have this origid and this Call-ID: ts says when each came\n"))

    def test_a_terminal_takes_no_orders(self):
        """Whoever may write a file of records does not write to the terminal of whoever reads it."""
        orders = "\x1b]0;owned\x07\x1b[2J\n\r\x7f\x9b1m\u202e"
        def member(of):
            return {of + orders: of + orders, "n" + orders: 7, "yes" + orders: True}
        names = ("ts", "trunk", "reason", "decision", "result", "attest", "orig_tn", "dest_tn", "source", "customer", "rule",
                 "number_state", "number_row", "detail", "upstream", "identity_fault", "cause", "prev", "hash")
        judged = {name: name + orders for name in ("level", "check", "attest", "x5u", "spc", "subject", "trust", "requested",
                                                   "verstat", "verstat_came", "cache", "reason")}
        for ascii_only in (True, False):
            record = {"kind": "call", "seq": 5, "call_id": "a@x", **{name: name + orders for name in names}, **member("key"),
                      "tried": [{name: name + orders for name in ("upstream", "address", "transport", "said")}],
                      "verification": {"class": "failed", "origid": ORIGID, **judged, **member("judged")}}
            path = self.write("records.jsonl", 2 * (json.dumps(record, separators=(",", ":"), ensure_ascii=ascii_only) + "\n"))
            for words in (("explain", "--origid", ORIGID), ("explain", "--origid", ORIGID, "--call-id", "a@x"),
                          ("records", "find"), ("records", "find", "--last", "1"), ("records", "find", "--origid", ORIGID),
                          ("signers",), ("records", "verify"), ("records", "verify", path), ("numbers", "diff", path, path)):
                for form in ((), ("--json",)):
                    with self.subTest(words=words, form=form, ascii_only=ascii_only):
                        _, out, err = stirctl.run(self.path, *words, *form)
                        self.assertNotEqual(out + err, "")
                        self.assertRegex(out + err, r"\A[\n -~]*\Z")
                        if words[0] == "explain" and not form:
                            self.assertIn("judged" + r"\x1b]0;owned\x07", out, "nothing is left out")

    def test_none(self):
        self.write("records.jsonl", call("a@x", OTHER))
        for form in ((), ("--json",)):
            out, err = self.explain(*form, "--origid", ORIGID, status=1)
            self.assertIn("no record of a call has the origid", err)
        self.assertIn("no record", json.loads(out)["error"])
        self.explain("--call-id", "a@x", "--trunk", "in", "--from", "1", "--to", "2", status=2)


if __name__ == "__main__":
    unittest.main()
