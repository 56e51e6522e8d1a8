"""
The messages of RFC 4475 and RFC 5118, when they lie beside the project in ../shared/sip-torture
(they are the IETF Trust's and no part of it); skipped without them. tests/vectors/sip/ holds
messages of our own of the same kinds.
"""

import json
import os
import sys

from lib.lab import PROJECT
from sip.torture import TortureStory

FOLDER = os.path.join(os.path.dirname(PROJECT), "shared", "sip-torture")
if not os.path.isdir(FOLDER):
    print("SKIPPED: ../shared/sip-torture is not beside the checkout")
    sys.exit(77)

# Where the manifest expects otherwise: (action, statuses), and why it is right.
DIFFERENT = {
    # An answer needs From, To and Call-ID, and none of them is there (RFC 3261 section 8.2.6.2).
    "insuf": ("drop", []),
}

with open(os.path.join(FOLDER, "manifest.json"), encoding="utf-8") as manifest:
    CASES = json.load(manifest)["cases"]


def octets_of(case):
    with open(os.path.join(FOLDER, case["file"]), "rb") as source:
        return source.read()


def expectation(case):
    proxy = case["proxy"]
    return DIFFERENT.get(case["name"], (proxy["action"], proxy["status"]))


class Torture(TortureStory):
    def test_over_udp(self):
        """R-P-001."""
        self.start()
        for case in CASES:
            with self.subTest(name=case["name"]):
                raw = octets_of(case)
                fate = self.fate_by_udp(raw)
                arrived, called = self.next_call_is_signed()
                self.judge(case["name"], raw, fate, *expectation(case))
        self.verify(arrived, "A", dest=called)

    def test_over_tcp(self):
        """The same, where Content-Length frames them (section 18.3); else the connection ends."""
        self.start()
        for case in CASES:
            raw = octets_of(case)
            with self.subTest(name=case["name"]):
                fate, stream = self.fate_by_tcp(raw)
                self.next_call_is_signed()
                self.judge_by_tcp(case["name"], raw, fate, stream, *expectation(case))
