"""R-C-006: A key in a PKCS#11 token: SoftHSM2, through Debian's libengine-pkcs11-openssl."""

import os
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib.lab import shim
from lib.patience import HANG_S
from lib import stird

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
SANITIZED = os.environ.get("STIRD_SANITIZED") == "1"


@unittest.skipIf(SANITIZED, "the sanitizers' runtime and the token's library do not go together")
@unittest.skipUnless(os.path.exists(MODULE), "SKIPPED: softhsm2 is not installed")
class Token(ProcessStory):
    def setUp(self):
        super().setUp()
        os.mkdir(self.lab.path("tokens"), 0o700)
        conf = self.lab.write("softhsm2.conf", "directories.tokendir = %s\nlog.level = ERROR\n"
                              % self.lab.path("tokens"))
        self.flag = self.lab.path("slow")
        for name, value in (("SOFTHSM2_CONF", conf), ("SLOW_TOKEN_MODULE", MODULE),
                            ("SLOW_TOKEN_FILE", self.flag)):
            os.environ[name] = value
            self.addCleanup(os.environ.pop, name)
        key = self.lab.unit.directory + "/key.pem"
        self.softhsm("--init-token", "--free", "--label", "stird", "--pin", "1234", "--so-pin",
                     "5678")
        pkcs8 = self.lab.path("pkcs8.pem")
        subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", pkcs8],
                       check=True, capture_output=True, timeout=HANG_S)
        self.softhsm("--import", pkcs8, "--token", "stird", "--label", "709J", "--id", "01",
                     "--pin", "1234")
        os.unlink(pkcs8)
        os.unlink(key)
        self.lab.write("pin", "1234")
        self.uri("pkcs11:token=stird;object=709J;type=private?pin-source=file:%s"
                 % self.lab.path("pin"))

    def softhsm(self, *words):
        done = subprocess.run(["softhsm2-util", *words], capture_output=True, text=True, timeout=HANG_S,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def uri(self, text):
        path = self.lab.unit.directory + "/key.uri"
        with open(path, "w", encoding="ascii") as out:
            out.write(text + "\n")
        os.chmod(path, 0o600)

    @staticmethod
    def module(path=MODULE, more=""):
        return 'signing = { pkcs11_module = "%s"; %s};' % (path, more)

    def test_signs_with_a_key_that_no_file_has(self):
        self.start(more=self.module())
        for _ in range(3):
            self.signed_call("A")
        self.replaced("signer", self.hit("signer"))
        stird.wait_until(self.signs_again, HANG_S, "the next signer has the key")

    def test_what_is_wrong_is_said(self):
        pin, wrong = self.lab.path("pin"), self.lab.write("wrong-pin", "9999")
        for text, more, words in (
                ("pkcs11:token=stird;object=none;type=private?pin-source=file:" + pin,
                 self.module(), "the token has no private key of that URI"),
                ("pkcs11:token=stird;object=709J;type=private?pin-source=file:" + wrong,
                 self.module(), "the token has no private key of that URI"),
                ("pkcs11:token=stird;object=709J;type=private;pin-value=1234", self.module(),
                 "holds the PIN: write it into a file of its own"),
                ("file:/etc/passwd", self.module(), "is no PKCS#11 URI"),
                ("pkcs11:token=stird;object=709J", "", "name the token's library"),
                ("pkcs11:token=stird;object=709J", self.module("/none.so"), "signing.pkcs11_module")):
            with self.subTest(words=words):
                self.uri(text)
                status, said = stird.check_configuration(self.configure(more=more))
                self.assertEqual(status, 1)
                self.assertIn(words, said)
                self.assertNotIn("9999", said)
                self.assertNotIn("1234", said)

    def test_a_key_of_another_certificate(self):
        other = self.lab.path("other.pem")
        subprocess.run("openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 "
                       "-nocrypt -out " + other, shell=True, check=True, timeout=HANG_S)
        self.softhsm("--import", other, "--token", "stird", "--label", "other", "--id", "02",
                     "--pin", "1234")
        self.uri("pkcs11:token=stird;object=other;type=private?pin-source=file:%s"
                 % self.lab.path("pin"))
        status, said = stird.check_configuration(self.configure(more=self.module()))
        self.assertEqual(status, 1)
        self.assertIn("is not the key of the certificate in chain.pem", said)

    def test_a_slow_or_dead_token_costs_no_call(self):
        slow = shim("slow_token")
        # On a busy machine a call more may go unsigned before.
        self.start(more=self.module(slow, 'timeout = "250ms"; '))
        stird.wait_until(self.signs_again, HANG_S, "it signs")
        for how in ("s", "d"):
            with self.subTest(how=how):
                with open(self.flag, "w", encoding="ascii") as out:
                    out.write(how)
                invite = self.place()
                arrived = self.carrier.expect("INVITE")
                self.assertEqual(arrived.all("identity"), [])
                self.refuse(arrived, invite)
                self.assertIn(self.stird.record(invite["call-id"])["reason"],
                              ("signer_timeout", "signer_failed"))
                os.unlink(self.flag)
                stird.wait_until(self.signs_again, HANG_S, "it signs again")

    def signs_again(self):
        _, arrived = self.short_call()
        return bool(arrived.all("identity"))


if __name__ == "__main__":
    unittest.main()
