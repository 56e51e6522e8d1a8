"""stirctl decode: what is inside Identity headers, of any type and in any state."""

import json
import os

from lib import stirctl
from lib import token as tokens

from cli import verify_test

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.path.join(os.path.dirname(TESTS), "..", "shared", "vectors")  # beside a checkout


class Decode(verify_test.Lab):
    def decode(self, text, *words):
        return stirctl.run("/none", "decode", *words, self.write("input", text))

    def test_a_good_one(self):
        value = tokens.identity(self.unit, iat=1700000000)
        status, out, err = self.decode(value)
        self.assertEqual((status, err), (0, ""))
        self.assertIn('payload    {"attest":"A","dest":{"tn":["13125550123"]},"iat":1700000000', out)
        self.assertIn("iat        2023-11-14T22:13:20Z", out)
        told = json.loads(self.decode(value, "--json")[1])
        self.assertEqual(told[0]["payload"]["orig"]["tn"], "12155550100")
        self.assertEqual(told[0]["faults"], [])

    def test_what_can_be_read_is_shown(self):
        """Parameters wrong or absent, types and algorithms that stird does not know."""
        head = {"alg": "EdDSA", "kid": "EGay5", "ppt": "vvp", "typ": "passport"}
        body = {"orig": {"tn": ["12155550100"]}, "dest": {"tn": ["13125550123"]},
                "iat": 1700000000, "evd": "https://example.org/dossier"}
        token = ".".join(tokens.base64url(json.dumps(p).encode()) for p in (head, body)) \
            + "." + "A" * 86
        info = "info=<https://x.example/y>"
        for parameters in ("", ";", ";" + info, ";%s;alg=EdDSA;ppt=vvp" % info, ";ppt=vvp",
                           ";info=https://x.example/y;ppt=vvp", ";%s;ppt=vvp;" % info,
                           ";%s;%s" % (info, info), ";ppt=\\\"vvp\\\"", ";info=<https://x",
                           "==;" + info):
            with self.subTest(parameters=parameters):
                status, out, err = self.decode(token + parameters)
                self.assertEqual(status, 0, err)
                self.assertIn('"kid": "EGay5"', out)
                self.assertIn('"evd": "https://example.org/dossier"', out)
                self.assertIn("iat        2023-11-14T22:13:20Z", out)
                told = json.loads(self.decode(token + parameters, "--json")[1])[0]
                self.assertEqual((told["header"], told["payload"]), (head, body))
        told = json.loads(self.decode(token + ";info=https://x.example/y;ppt=vvp;", "--json")[1])[0]
        self.assertEqual((told["info"], told["ppt"]), ("https://x.example/y", "vvp"))

    def test_what_was_broken_on_the_way(self):
        token = tokens.identity(self.unit, iat=1700000000).partition(";")[0]
        head, body, signature = token.split(".")
        padded = ".".join(p + "=" * (-len(p) % 4) for p in (head, body, signature))
        for text in (token.replace(".", ".\r\n\t"), '"%s"' % token, padded, token + ".abc",
                     "Identity: " + token, "y: " + token + ";ppt=shaken"):
            with self.subTest(text=text[:20]):
                status, out, err = self.decode(text)
                self.assertEqual(status, 0, err)
                self.assertIn('"orig":{"tn":"12155550100"}', out)
                self.assertTrue(err)
        self.assertEqual(self.decode("%s,%s" % (token, token))[1].count("payload"), 2)
        for text, there in ((head, '"ppt":"shaken"'), (head + "." + body[:60], '"attest":"A"'),
                            (head[:40], '{"alg":"ES256"')):
            status, out, err = self.decode(text)
            self.assertEqual(status, 1)
            self.assertIn(there, out)
            self.assertTrue(err)

    def test_garbage(self):
        """The error alone, and no message's octets that could move a cursor."""
        for text in ("garbage", "no token", "", "a.b.c;info=<https://x/y>;ppt=shaken", "....",
                     "\x1b[2J.\x1b[2J.x", ".", ";;;", "=", "..", "a" * 100000):
            with self.subTest(text=text[:20]):
                status, out, err = self.decode(text)
                self.assertEqual(status, 1)
                self.assertNotIn("header ", out)
                self.assertNotIn("\x1b", out + err)
                self.assertTrue(err)

    def test_a_file_with_unsigned_invites(self):
        """Of a trace on both sides of the signer; only a file without any token is a failure."""
        text = tokens.invite(call_id="a") + "\n" \
            + tokens.invite(tokens.identity(self.unit), call_id="b")
        status, out, err = self.decode(text)
        self.assertEqual((status, out.count("payload")), (0, 1))
        self.assertIn("an INVITE without Identity header", err)
        self.assertEqual(self.decode(tokens.invite())[0], 1)

    def test_tokens_of_others(self):
        path = os.path.join(SHARED, "third_party_tokens.json")
        if not os.path.exists(path):
            self.skipTest("../shared/vectors/third_party_tokens.json is not there")
        with open(path, encoding="utf-8") as source:
            others = json.load(source)["tokens"]
        for one in others:
            for text in (one["token"], one["token"] + one["params"]):
                status, out, err = self.decode(text)
                self.assertEqual(status, 0, err)
                self.assertIn(one["header"], out)
                self.assertIn(one["payload"], out)
