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
        """As printed, but for the certificate's place; the machine may have a user stird, who has no way into the lab."""
        unit = make_unit(self.lab.directory, "709J")
        self.lab.write("numbers.d/acme.csv", block("csv"))
        self.lab.write("conf.d/lab.conf", 'security = { user = ""; };\n')
        text, place = block("libconfig"), "/var/lib/stird/certs/709J"
        self.assertIn(place, text)
        text = text.replace(place, unit.directory)
        status, said = stird.check_configuration(self.lab.write("stird.conf", text))
        self.assertEqual(status, 0, said)

    def test_its_length(self):
        self.assertLessEqual(len(block("libconfig").strip().split("\n")), 20)

    def test_links(self):
        for target in re.findall(r"\]\(([^)]+)\)", readme()):
            with self.subTest(target=target):
                self.assertTrue(os.path.exists(os.path.join(PROJECT, target)))
