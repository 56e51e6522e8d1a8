"""README's own commands on a Debian 12 that has nothing but its base."""

import unittest

from daemon.first_hour_test import CALL, blocks
from lib import bare_debian


class BareDebian(unittest.TestCase):
    def setUp(self):
        why = bare_debian.why_not()
        if why:
            self.skipTest("SKIPPED: " + why)

    def test_the_readme_on_a_bare_debian_12(self):
        """From the packages on: all that it names is installed, built and started."""
        first, *rest = blocks()
        with bare_debian.Debian() as debian:
            why = debian.make()
            if why:
                self.skipTest("SKIPPED: no Debian can be had: " + why)
            status, said = debian.run(first, network=True)
            self.assertEqual(status, 0, said[-8000:])
            status, said = debian.run("apt-get install -y --no-install-recommends python3", network=True)
            self.assertEqual(status, 0, said[-8000:])
            status, said = debian.run("\n".join(rest) + CALL, network=False)
            self.assertEqual(status, 0, said)
            for line in ("configuration is good: 1 listener", "level *A", "Identity: eyJ"):
                self.assertRegex(said, line)


if __name__ == "__main__":
    unittest.main()
