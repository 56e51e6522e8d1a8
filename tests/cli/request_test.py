"""stirctl cert request: a key and what an authority for STIR wants, as openssl reads it."""

import base64
import os
import stat
import subprocess
import tempfile
import unittest

from lib import stirctl
from lib.patience import HANG_S


def openssl(*words):
    return subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=HANG_S, check=True)


class Request(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="stird-")
        self.addCleanup(place.cleanup)
        self.key, self.out = os.path.join(place.name, "key.pem"), os.path.join(place.name, "request.pem")

    def ask(self, *words):
        return stirctl.run("/none", "cert", "request", "--key", self.key, "--out", self.out, *words)

    def test_what_an_authority_wants(self):
        """ATIS-1000080: P-256, SHA-256, CN = SHAKEN and the code, the TNAuthList as an extension."""
        told = stirctl.ask("/none", "cert", "request", "--key", self.key, "--out", self.out, "--spc", "709J",
                           "--organization", "Example Telecom")
        self.assertEqual(stat.S_IMODE(os.stat(self.key).st_mode), 0o600)
        text = openssl("req", "-in", self.out, "-text", "-noout", "-verify")
        self.assertIn("verify OK", text.stderr + text.stdout)
        for words in ("Subject: C = US, O = Example Telecom, CN = SHAKEN 709J", "NIST CURVE: P-256",
                      "Signature Algorithm: ecdsa-with-SHA256", "Requested Extensions", "1.3.6.1.5.5.7.1.26",
                      "Digital Signature"):
            self.assertIn(words, text.stdout)
        # RFC 8226 section 9: SEQUENCE OF { [0] EXPLICIT IA5String }
        wanted = bytes([0x30, 8, 0xa0, 6, 0x16, 4]) + b"709J"
        self.assertEqual(base64.b64decode(told["tn_auth_list"]), wanted)
        self.assertIn(wanted.hex().upper(), openssl("asn1parse", "-in", self.out).stdout)
        ours = openssl("pkey", "-in", self.key, "-pubout").stdout
        self.assertEqual(openssl("req", "-in", self.out, "-pubkey", "-noout").stdout, ours)

    def test_several_codes(self):
        self.assertEqual(self.ask("--spc", "709J", "--spc", "818H")[0], 0)
        dump = openssl("asn1parse", "-in", self.out).stdout
        self.assertIn((bytes([0xa0, 6, 0x16, 4]) + b"709J" + bytes([0xa0, 6, 0x16, 4]) + b"818H").hex().upper(), dump)
        self.assertIn("SHAKEN 709J", dump)

    def test_nothing_is_ever_replaced(self):
        self.assertEqual(self.ask("--spc", "709J")[0], 0)
        with open(self.key, encoding="ascii") as source:
            key = source.read()
        for lost in (None, self.out):
            if lost:
                os.unlink(lost)
            status, _, err = self.ask("--spc", "709J")
            self.assertEqual(status, 1)
            self.assertIn("is there already", err)
            with open(self.key, encoding="ascii") as source:
                self.assertEqual(source.read(), key)
        os.rename(self.key, self.key + ".kept")
        with open(self.out, "w", encoding="ascii") as out:
            out.write("kept")
        self.assertEqual(self.ask("--spc", "709J")[0], 1)
        self.assertFalse(os.path.exists(self.key))

    def test_what_is_no_code(self):
        for words in ((), ("--spc", ""), ("--spc", "709j"), ("--spc", "7 09J"), ("--spc", "A" * 17),
                      ("--spc", "709J", "--country", "USA"), ("--spc", "709J", "--organization", "x" * 65)):
            self.assertNotEqual(self.ask(*words)[0], 0, words)
            self.assertFalse(os.path.exists(self.key), words)


if __name__ == "__main__":
    unittest.main()
