"""What conf/examples/README.md tells a reader to do, done for each example: no mistake, no warning, no finding."""

import os
import re
import shutil
import subprocess
import unittest

from lib.lab import PROJECT, Lab, binary
from lib.patience import HANG_S
from lib.settings import value
from lib.stird import check_configuration

EXAMPLES = os.path.join(PROJECT, "conf", "examples")


def told(text):
    """The commands, of which the first line names one example."""
    commands = re.search(r"^```sh\nEXAMPLE=\S+\n(.*?)^```$", text, re.M | re.S)
    assert commands, "no commands in conf/examples/README.md"
    return commands.group(1)


# What lint finds on purpose: the call centre has a letter of authority that is over.
FOUND = {"call-centre": r"numbers.csv:\d+: the row has expired: take it out\n1 finding\n"}
# What is warned of and meant: its SBC writes otg into From, and asks for signatures alone.
WARNED = {"redirect-sansay": r'.*: warning: trunk "\w+": (tgrp_in = "from"|dialect: a call whose From asks for a verdict).*\n'}


class Examples(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.addCleanup(self.lab.close)
        with open(os.path.join(EXAMPLES, "README.md"), encoding="utf-8") as source:
            self.readme = source.read()
        with os.scandir(EXAMPLES) as found:
            self.names = sorted(e.name for e in found if e.is_dir())

    def try_one(self, name):
        place = self.lab.path(name)
        shutil.copytree(os.path.join(EXAMPLES, name), place)
        # The machine may have a user stird, who has no way into the lab.
        self.lab.write(os.path.join(name, "conf.d", "lab.conf"), 'security = { user = ""; };\n')
        path = os.path.dirname(binary()) + ":" + os.environ["PATH"]
        run = subprocess.run(["bash", "-ec", told(self.readme)], cwd=PROJECT, capture_output=True,
                             text=True, timeout=HANG_S, check=False,
                             env={**os.environ, "PATH": path, "EXAMPLE": place})
        said = run.stdout + run.stderr
        self.assertEqual(run.returncode, 1 if name in FOUND else 0, said)
        self.assertIn("configuration is good", said)
        if name in WARNED:
            self.assertRegex(said, WARNED[name])
            said = re.sub(WARNED[name], "", said)
        self.assertNotIn("warning", said)
        self.assertRegex(said, FOUND.get(name, "\n0 findings\n"))

    def test_each_is_tried_as_its_page_says(self):
        self.assertGreaterEqual(len(self.names), 8)
        for name in self.names:
            with self.subTest(name=name):
                self.try_one(name)

    def test_trust_by_a_list_instead(self):
        """inbound-pbx has a domain of trust in a comment, to be taken instead of the one above it."""
        place = self.lab.path("inbound-pbx")
        shutil.copytree(os.path.join(EXAMPLES, "inbound-pbx"), place)
        shutil.copytree(self.lab.path("certs"), os.path.join(place, "certs"))
        shutil.copy(self.lab.path("certs", "ca", "root.pem"), os.path.join(place, "pa-root.pem"))
        os.chmod(self.lab.write("inbound-pbx/pa-token", "a-token-of-the-lab\n"), 0o600)
        self.lab.write("inbound-pbx/conf.d/lab.conf", 'security = { user = ""; };\n')
        with open(os.path.join(place, "stird.conf"), encoding="utf-8") as source:
            text, n = re.subn(r'^  \{ name = "us"; anchors.*\n.*\n((?:  #.*\n)+)', lambda found: found[1].replace("#", ""),
                              source.read(), flags=re.M)
        self.assertEqual(n, 1)
        path = self.lab.write("inbound-pbx/stird.conf", re.sub(r'spc = \[.*?\]', "spc = " + value(self.lab.unit.spcs), text))
        status, said = check_configuration(path)
        self.assertEqual(status, 0, said)
        self.assertNotIn("warning", said)

    def test_each_is_named_on_the_page(self):
        self.assertEqual(sorted(re.findall(r"\]\(([^)]+)\)", self.readme)), self.names)


if __name__ == "__main__":
    unittest.main()
