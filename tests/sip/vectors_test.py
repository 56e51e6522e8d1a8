"""The odd messages of tests/vectors/sip/; its README.md tells their form."""

import os
import re

from lib.lab import PROJECT
from sip.torture import TortureStory

FOLDER = os.path.join(PROJECT, "tests", "vectors", "sip")


def expand(text):
    """The octets of a message as its file describes them."""
    raw = text.replace("\n", "\r\n").encode("utf-8")
    raw = re.sub(rb"<([^<>*\r\n]+)\*(\d+)>", lambda m: m.group(1) * int(m.group(2)), raw)
    raw = re.sub(rb"<0x([0-9a-f]{2})>", lambda m: bytes([int(m.group(1), 16)]), raw)
    body = raw.partition(b"\r\n\r\n")[2]
    return raw.replace(b"<length>", str(len(body)).encode())


def vectors():
    """(name, octets, action, statuses) of each file."""
    for name in sorted(os.listdir(FOLDER)):
        if not name.endswith(".sip"):
            continue
        with open(os.path.join(FOLDER, name), encoding="utf-8", newline="\n") as source:
            head, _, text = source.read().partition("\n\n")
        words = re.search(r"(?m)^expect: (.*)$", head).group(1).split()
        yield name[:-len(".sip")], expand(text), words[0], [int(word) for word in words[1:]]


class Vectors(TortureStory):
    def test_over_udp(self):
        """R-P-001 to R-P-011, R-P-020, R-P-023."""
        self.start()
        for name, raw, action, statuses in vectors():
            with self.subTest(name=name):
                fate = self.fate_by_udp(raw)
                arrived, called = self.next_call_is_signed()
                self.judge(name, raw, fate, action, statuses)
        self.verify(arrived, "A", dest=called)

    def test_over_tcp(self):
        """The same, where Content-Length frames them."""
        self.start()
        for name, raw, action, statuses in vectors():
            with self.subTest(name=name):
                fate, stream = self.fate_by_tcp(raw)
                self.next_call_is_signed()
                self.judge_by_tcp(name, raw, fate, stream, action, statuses)
