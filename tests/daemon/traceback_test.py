"""stirctl traceback: all that is kept of a call in one archive, also when its certificate is long gone."""

import glob
import gzip
import hashlib
import json
import os
import stat
import subprocess
import tarfile
import unittest

from lib import stirctl
from lib.lab import binary
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import CALLER, Story
from lib.verifying import Verifying


def with_tokens(path):
    with open(path, encoding="ascii") as conf:
        text = conf.read()
    with open(path, "w", encoding="ascii") as conf:
        conf.write(text.replace("records = {", "records = { tokens = true;"))
    return path


class Traceback(Story):
    def kept(self):
        return glob.glob(self.lab.path("state/chains/*.pem"))

    def ask(self, *words):
        return stirctl.ask(self.stird.configuration, "traceback", *words)

    def opened(self, path):
        """Its files by name; the list of their hashes is true."""
        with tarfile.open(path) as tar:
            members = {m.name.partition("/")[2]: tar.extractfile(m).read() for m in tar.getmembers()}
        for line in members.pop("MANIFEST.sha256").decode().splitlines():
            digest, name = line.split("  ")
            self.assertEqual(hashlib.sha256(members[name]).hexdigest(), digest)
        return members

    def test_of_a_number(self):
        self.start()
        wait_until(lambda: len(self.kept()) == 1, HANG_S, "the chain is kept")
        _, _, token = self.signed_call("A")
        invite, _ = self.short_call(caller="+12155550150")
        record = self.record(invite)
        wait_until(lambda: len(self.stird.records()) == 2, HANG_S, "both records")
        path = self.lab.path("t.tar.gz")
        told = self.ask("--tn", CALLER, "--output", path)
        self.assertEqual((told["records"], told["certificates"], told["certificates_missing"], told["good"]),
                         (1, 1, [], True))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        files = self.opened(path)
        lines = files["records.jsonl"].splitlines()
        self.assertEqual([json.loads(line)["orig_tn"] for line in lines], [CALLER[1:]])
        with open(self.lab.path("records.jsonl"), "rb") as source:
            self.assertIn(lines[0] + b"\n", source.read())
        self.assertEqual(files["chain.txt"].decode().split(),
                         [str(json.loads(lines[0])["seq"]), hashlib.sha256(lines[0]).hexdigest()])
        self.assertTrue(json.loads(files["check.json"])["good"])
        claims = json.loads(files["tokens.jsonl"])
        self.assertEqual((claims["header"], claims["payload"]), (token.header, token.payload))
        chain = [name for name in files if name.startswith("certificates/")]
        self.assertEqual(len(chain), 1)
        self.assertNotIn(b"PRIVATE", b"".join(files.values()))
        shown = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=files[chain[0]], capture_output=True,
                               check=True, timeout=HANG_S).stdout.decode()
        self.assertEqual(shown.strip().partition("=")[2].lstrip("0"), record["cert_serial"].upper().lstrip("0"))
        # The same by its token and by the code; nothing is written over, and of nothing is nothing.
        for n, words in ((1, ("--origid", token.payload["origid"])), (2, ("--code", record["cert_spc"].split(",")[0]))):
            self.assertEqual(self.ask(*words, "-o", self.lab.path("%d.tar.gz" % n))["records"], n)
        for status, words in ((1, ("--tn", CALLER, "-o", path)), (1, ("--tn", "+19005550000", "-o", path + "x")),
                              (2, ("-o", path + "x")), (2, ("--trunk", "pbx", "-o", path + "x"))):
            self.assertEqual(stirctl.run(self.stird.configuration, "traceback", *words)[0], status, words)
        self.assertFalse(os.path.exists(path + "x"))
        self.passed_over()

        program = os.path.join(os.path.dirname(binary()), "stirctl")
        done = subprocess.run([program, "-c", self.stird.configuration, "traceback", "--tn", CALLER, "-o", "-"],
                              capture_output=True, check=True, timeout=HANG_S, stdin=subprocess.DEVNULL)
        gzip.decompress(done.stdout)  # nothing stands behind it
        self.assertIn(b"1 record;", done.stderr)
        self.assertEqual(stirctl.run(self.stird.configuration, "traceback", "--tn", CALLER, "-o", "-", "--json")[0], 2)

    def passed_over(self):
        """A compressed file beside the others is read by nobody, who all say so."""
        packed = self.lab.path("records.jsonl.1.gz")
        with open(packed, "wb") as to:
            to.write(gzip.compress(b"{}"))
        told = self.ask("--tn", CALLER, "--between", "2020", "2099", "-o", self.lab.path("p.tar.gz"))
        self.assertEqual((told["passed_over"], told["gaps"], told["files"]),
                         ([packed], 0, [self.lab.path("records.jsonl")]))
        self.assertEqual(told["asked"], {"tn": CALLER, "between": ["2020", "2099"]})
        said = "1 compressed file is passed over: " + packed
        for words in (("report",), ("records", "verify"), ("records", "find"), ("signers",),
                      ("explain", "--origid", "00000000-0000-0000-0000-000000000000"),
                      ("traceback", "--tn", "+19005550000", "-o", self.lab.path("q.tar.gz")),
                      ("traceback", "--tn", CALLER, "-o", self.lab.path("r.tar.gz"))):
            _, out, err = stirctl.run(self.stird.configuration, *words)
            self.assertIn("".join(said.split()), "".join((out + err).split()), words)

    def test_with_the_token_itself(self):
        self.start_with(with_tokens(self.configure()))
        invite, arrived, _ = self.signed_call("A")
        value = arrived.all("identity")[0]
        self.assertEqual(self.record(invite)["tokens"], [value])
        told = self.ask("--call-id", invite["call-id"], "-o", self.lab.path("t.tar.gz"))
        self.assertTrue(told["good"])
        self.assertEqual(json.loads(self.opened(self.lab.path("t.tar.gz"))["tokens.jsonl"])["tokens"], [value])


class Came(Verifying):
    """Of a call that came with a token: that one, and the certificate by which it was judged."""
    opened = Traceback.opened

    def configure(self, **changes):
        return with_tokens(super().configure(**changes))

    def test_with_its_certificate(self):
        self.begin()
        record = self.until("verified")
        self.assertEqual(len(record["tokens"]), 1)
        self.assertTrue(record["tokens"][0].endswith(";info=<%s>;alg=ES256;ppt=shaken" % self.web.url("a.pem")))
        wait_until(lambda: glob.glob(self.lab.path("state/fetched/*")), HANG_S, "its certificate is kept")
        path = self.lab.path("t.tar.gz")
        told = stirctl.ask(self.stird.configuration, "traceback", "--code", "709J", "-o", path)
        self.assertEqual((told["certificates_of_others"], told["certificates_missing"]), (1, []))
        self.assertIn(b"-----BEGIN CERTIFICATE-----", self.opened(path)["certificates-of-others/1.pem"])


if __name__ == "__main__":
    unittest.main()
