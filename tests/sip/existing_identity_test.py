"""Identity headers that a call brings along (Decided 4)."""

import base64
import json

from lib.story import Story


def base64url(value):
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()) \
        .rstrip(b"=").decode()


def foreign(ppt, info="https://certs.example.org/other.pem", quote=""):
    """A well-formed Identity of somebody else; nobody here verifies it."""
    header = {"alg": "ES256", "ppt": ppt, "typ": "passport", "x5u": info}
    payload = {"attest": "B", "dest": {"tn": ["12155550199"]}, "iat": 1700000000,
               "orig": {"tn": "12155550100"}, "origid": "00000000-0000-4000-8000-000000000000"}
    return "%s.%s.%s;info=<%s>;alg=ES256;ppt=%s%s%s" % (
        base64url(header), base64url(payload), "A" * 86, info, quote, ppt, quote)


class ExistingIdentity(Story):
    def identities(self, *lines, start=True, **pbx):
        if start:
            self.start(pbx=pbx)
        invite, arrived = self.short_call(extra=lines)
        return invite, arrived.raws("identity"), arrived

    def test_shaken_is_kept(self):
        """R-P-051 R-P-092: untouched, and none of ours beside it."""
        self.start()
        for line in ("Identity: " + foreign("shaken"), "y: " + foreign("shaken"),
                     "Identity:  " + foreign("shaken", quote='"'),
                     "Identity: " + foreign("shaken").replace(";info", ";\r\n info")):
            with self.subTest(line=line):
                invite, seen, _ = self.identities(line, start=False)
                self.assertEqual(seen, [line.encode()])
                self.record(invite, decision="passed", reason="already_signed")

    def test_other_kinds_are_kept_and_signed(self):
        """R-P-051: two of another kind keep order and octets, ours joins them."""
        lines = ["Identity: " + foreign("div"), "Identity: " + foreign("msgi", quote='"')]
        invite, seen, _ = self.identities(*lines)
        self.assertEqual(len(seen), 3)
        self.assertEqual([raw for raw in seen if raw.decode() in lines],
                         [line.encode() for line in lines])
        self.record(invite, decision="signed", attest="A")

    def test_empty_is_removed(self):
        """Decided 4: some SBCs send an empty one to ask for ours."""
        self.start()
        for line in ("Identity:", "Identity:   ", "y: \r\n "):
            with self.subTest(line=line):
                _, seen, arrived = self.identities(line, start=False)
                self.assertEqual(len(seen), 1)
                self.verify(arrived, "A")

    def test_unreadable_is_kept(self):
        """Decided 4: counts as none; it goes on, and ours too."""
        self.start()
        for text in ("rubbish", "a.b;info=<x>", "....;ppt=shaken", "\"" + "x" * 300):
            with self.subTest(text=text):
                invite, seen, _ = self.identities("Identity: " + text, start=False)
                self.assertEqual(len(seen), 2)
                self.assertIn(("Identity: " + text).encode(), seen)
                self.record(invite, decision="signed")

    def test_strip(self):
        """R-P-093: theirs goes, the call leaves unsigned by us as well or signed: by setting."""
        _, seen, arrived = self.identities("Identity: " + foreign("shaken"),
                                           existing_identity="replace")
        self.assertEqual(len(seen), 1)
        self.verify(arrived, "A")

    def test_add(self):
        """R-P-093: both."""
        line = "Identity: " + foreign("shaken")
        _, seen, _ = self.identities(line, existing_identity="add")
        self.assertEqual(len(seen), 2)
        self.assertIn(line.encode(), seen)
