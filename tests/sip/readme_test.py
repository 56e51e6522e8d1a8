"""The README's first configuration is a true one, and its links lead somewhere."""

import os
import re
import unittest

from lib import stird
from lib.lab import PROJECT, Lab, make_unit


def readme():
    with open(os.path.join(PROJECT, "README.md"), encoding="utf-8") as source:
        return source.read()


def block(kind):
    match = re.search(r"^```%s\n(.*?)^```$" % kind, readme(), re.M | re.S)
    assert match, "no ```%s block in README.md" % kind
    return match.group(1)


class Readme(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)

    def test_the_first_configuration(self):
        """As printed, but for the certificate's place; numbers.d lies beside it."""
        unit = make_unit(self.lab.directory, "709J")
        self.lab.write("numbers.d/acme.csv", block("csv"))
        text = block("libconfig")
        self.assertIn("/var/lib/stird/certs/709J", text)
        text = text.replace("/var/lib/stird/certs/709J", unit.directory)
        status, said = stird.check_configuration(self.lab.write("stird.conf", text))
        self.assertEqual(status, 0, said)

    def test_its_length(self):
        self.assertLessEqual(len(block("libconfig").strip().split("\n")), 20)

    def test_links(self):
        for target in re.findall(r"\]\(([^)]+)\)", readme()):
            with self.subTest(target=target):
                self.assertTrue(os.path.exists(os.path.join(PROJECT, target)))
