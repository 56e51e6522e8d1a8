"""What stays of a call: one JSON line, one log line."""

import os
import time

from lib import stirctl
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

FIELDS = ("ts", "node", "call_id", "trunk", "source", "orig_tn", "dest_tn", "attest", "origid",
          "decision", "reason", "rule", "number_state", "number_row", "customer", "provider", "cert_id",
          "cert_spc", "cert_serial", "x5u",
          "iat", "sip_status", "sign_us", "total_us", "config_generation", "numbers_generation")


class Records(Story):
    def test_a_signed_call(self):
        """R-P-110: joins to the token on the wire."""
        self.start()
        invite, _, token = self.signed_call()
        record = self.record(invite, decision="signed", attest="A", trunk="pbx", customer="acme",
                             orig_tn="12155550100", dest_tn="12155550199", x5u=token.info,
                             cert_id="818H", iat=token.iat, origid=token.payload["origid"],
                             reason="signed_owned", number_state="owned", sip_status=486)
        for name in FIELDS:
            self.assertIn(name, record)
        self.assertIn(self.net(2), record["source"])
        self.assertRegex(record["number_row"], r"numbers\.csv:2$")
        self.assertGreater(record["total_us"], 0)

    def test_one_line_for_each_invite(self):
        """Signed, unsigned, refused: as many lines as INVITEs, none for anything else."""
        self.start()
        self.signed_call()
        self.unsigned_call(from_="<sip:alice@h>")
        self.refused_call(603, caller="+12155556000")
        self.refused_call(483, max_forwards=0)
        self.sbc.send(self.sbc.request("OPTIONS", "sip:" + self.net(1)), self.at())
        self.sbc.expect(200)
        wait_until(lambda: len(self.stird.records()) >= 4, HANG_S, "four records")
        time.sleep(0.3)
        self.assertEqual(len(self.stird.records()), 4)

    def test_the_log_line(self):
        """Point 8: names call, trunk, numbers, level and reason."""
        self.start()
        invite, _, _ = self.signed_call()
        lines = self.stird.wait_lines(invite["call-id"])
        for word in ("pbx", "12155550100", "12155550199", "signed_owned"):
            self.assertIn(word, lines[0])
        self.assertRegex(lines[0], r"\b(attest|level)=A\b")

    def test_masked_numbers(self):
        """By setting: the last four digits only, in record and log."""
        path = self.configure()
        with open(path, encoding="utf-8") as source:
            text = source.read().replace("records = {", "records = { mask_numbers = true;")
        self.start_with(self.lab.write("stird.conf", text))
        invite, _, _ = self.signed_call()
        record = self.record(invite, decision="signed")
        self.assertTrue(record["orig_tn"].endswith("0100"), record)
        self.assertNotIn("5550100", str(record))
        self.assertNotIn("5550100", self.stird.log())
        self.assertNotIn("5550199", self.stird.log())
        for number in ("+12155550100", "+12155550199"):
            status, out, err = stirctl.run(self.stird.configuration, "records", "find", "--tn", number)
            self.assertEqual(status, 0, out + err)
            self.assertIn(invite["call-id"], out)
            self.assertIn("may be of other numbers", err)
        self.assertEqual(stirctl.run(self.stird.configuration, "records", "find", "--tn", "+12155559999")[0], 1)

    def test_the_node_is_the_same_after_a_reload(self):
        """A worker has no right to ask for the host's name."""
        path = self.configure()
        with open(path, encoding="utf-8") as source:
            self.assertIn('node = "lab";', text := source.read())
        self.start_with(self.lab.write("stird.conf", text.replace('node = "lab";', "")))
        first, _, _ = self.signed_call()
        status, out, err = stirctl.run(self.stird.configuration, "reload", "--wait")
        self.assertEqual(status, 0, out + err)
        second, _, _ = self.signed_call()
        self.assertEqual({self.record(call)["node"] for call in (first, second)}, {os.uname().nodename})

    def test_without_a_records_file(self):
        """No file, no records, the same calls."""
        path = self.configure()
        with open(path, encoding="utf-8") as source:
            text = source.read().replace(self.lab.path("records.jsonl"), "")
        self.start_with(self.lab.write("stird.conf", text))
        self.signed_call()
        self.assertEqual(self.stird.records(), [])
