"""R-X-010 R-F-004: Identity headers that a call brings along (Decided 4)."""

import base64
import json

from lib.dialog import SDP, in_dialog
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


TOKEN = foreign("shaken").split(";")[0]
INFO = "https://certs.example.org/other.pem"
# What the field makes of `TOKEN;info=<URL>;alg=ES256;ppt=shaken`; the token says what it is.
ODD = ("%s;info=<" + INFO + ">", "%s;info=<" + INFO + ">;alg=ES256", "%s",
       "%s;info=" + INFO + ";alg=ES256;ppt=shaken", '%s;info="' + INFO + '";alg=ES256;ppt=shaken',
       "%s;alg=ES256;ppt=shaken", "%s;info=<" + INFO + ">;alg=ES256;ppt=shaken;",
       "%s;INFO=<" + INFO + ">;ALG=ES256;PPT=SHAKEN", '%s;info=<' + INFO + '>;ppt="SHAKEN"',
       "%s;info=<" + INFO + ">;ppt=div", '"%s";info=<' + INFO + ">", "%s==;info=<" + INFO + ">",
       "%s;\r\n info=<" + INFO + ">;\r\n\talg=ES256", "%s ; info = <" + INFO + "> ;;",
       "%s;info=<" + INFO + ";ppt=shaken", "%s, rubbish", "%s," + foreign("div"),
       foreign("div") + ", %s", foreign("div") + ",\r\n %s;info=" + INFO,
       foreign("div").replace(">", "") + ", %s")


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

    def test_what_the_token_says_counts(self):
        """Decided 4: a second one is added to none of these; each goes on in its own octets."""
        self.start()
        for odd in ODD:
            for name in ("Identity: ", "y:", "IDENTITY : "):
                line = name + odd % TOKEN
                with self.subTest(line=line):
                    invite, seen, _ = self.identities(line, start=False)
                    self.assertEqual(seen, [line.encode()])
                    self.record(invite, decision="passed", reason="already_signed")

    def test_a_line_that_resembles_one_counts(self):
        """The next hop may read it: no second token beside it; it goes by existing_identity."""
        lines = ["Identity %s;info=<%s>;ppt=shaken" % (TOKEN, INFO), "Identity=%s" % TOKEN,
                 "identity\r\n : %s;ppt=shaken" % TOKEN, "Identity\x80: %s" % TOKEN]
        fault = "a line that resembles Identity is no header"
        replacing = self.trunk("replacing", 3, existing_identity="replace")
        stripping = self.trunk("stripping", 4, existing_identity="strip")
        guests = self.trunk("guests", 5, trusted=False)
        self.start(trunks=[self.trunk("pbx", 2), replacing, stripping, guests])
        for line in lines:
            with self.subTest(line=line):
                invite, arrived = self.short_call(extra=[line])
                ours = [raw for raw in arrived.raws("identity") if TOKEN.encode() not in raw]
                self.assertEqual(ours, [])
                self.assertIn(TOKEN.encode(), arrived.octets())
                self.record(invite, reason="already_signed", identity_fault=fault)
                for name, place, signed in (("replacing", 3, 1), ("stripping", 4, 0),
                                            ("guest", 5, 1)):
                    _, arrived = self.short_call(peer=self.peer(name, place), extra=[line])
                    self.assertEqual(len(arrived.raws("identity")), signed)
                    self.assertNotIn(TOKEN.encode(), arrived.octets())

    def test_the_token_folded_inside(self):
        line = "Identity: %s\r\n %s;info=<%s>" % (TOKEN[:30], TOKEN[30:], INFO)
        invite, seen, _ = self.identities(line)
        self.assertEqual(seen, [line.encode()])
        self.record(invite, reason="already_signed",
                    identity_fault="the token is not base64url without padding or white space")

    def test_compact_form(self):
        """It has no header; its parameter says what it is."""
        self.start()
        line = "Identity: ..%s;info=<%s>;ppt=%s"
        for ppt, n in (("shaken", 1), ("SHAKEN", 1), ("div", 2)):
            _, seen, _ = self.identities(line % ("A" * 86, INFO, ppt), start=False)
            self.assertEqual(len(seen), n)

    def test_modes_and_odd_forms(self):
        """R-P-093: strip, replace and add hold for lines of two and for what is not well formed."""
        for mode, n in (("strip", 0), ("replace", 1), ("add", 2)):
            self.start(pbx={"existing_identity": mode})
            for odd in ODD:
                line = "y: " + odd % TOKEN
                with self.subTest(mode=mode, line=line):
                    invite, seen, arrived = self.identities(line, start=False)
                    self.assertEqual(len(seen), n)
                    if mode == "replace":
                        self.verify(arrived, "A")
                    self.record(invite, reason={"strip": "identity_stripped"}.get(mode,
                                                                                 "signed_owned"))
            self.assertEqual(self.stird.stop(), 0)

    def test_why_it_is_not_readable(self):
        """Recorded with the first fault, and counted."""
        self.start()
        for lines, n, fault in (
                ([], 0, None), (["Identity: " + foreign("div")], 0, None), (["Identity: ,"], 0, None),
                (["Identity: rubbish"], 1, "it is not TOKEN;info=<URL>;alg=...;ppt=..."),
                (["Identity: rubbish, more", "y: a.b.c;"], 3,
                 "it is not TOKEN;info=<URL>;alg=...;ppt=..."),
                (["Identity: " + foreign("shaken") + ";"], 0, "a ; has no parameter behind it"),
                (["Identity: %s;info=%s" % (TOKEN, INFO)], 0, "info is not <URI>")):
            with self.subTest(lines=lines):
                invite, _ = self.short_call(extra=lines)
                self.record(invite, identity_unreadable=n, identity_fault=fault)
        self.assert_counted("identity_unreadable", 4)

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
        for line in ("Identity:", "Identity:   ", "y: \r\n ", "Identity: ,", "Identity: , ,"):
            with self.subTest(line=line):
                _, seen, arrived = self.identities(line, start=False)
                self.assertEqual(len(seen), 1)
                self.verify(arrived, "A")

    def test_unreadable_is_kept(self):
        """Decided 4: counts as none; it goes on, and ours too."""
        self.start()
        for text in ("rubbish", "a.b;info=<x>", "....;ppt=div", "\"" + "x" * 300):
            with self.subTest(text=text):
                invite, seen, _ = self.identities("Identity: " + text, start=False)
                self.assertEqual(len(seen), 2)
                self.assertIn(("Identity: " + text).encode(), seen)
                self.record(invite, decision="signed")

    def test_a_ppt_of_shaken_counts_behind_what_is_no_token(self):
        """Nobody knows what the next hop makes of it: no second one beside it."""
        self.start()
        for text in ("....;ppt=shaken", "'x';ppt=shaken", ";ppt=shaken", "x ; ppt = \"shaken\""):
            with self.subTest(text=text):
                invite, seen, _ = self.identities("Identity: " + text, start=False)
                self.assertEqual(seen, [("Identity: " + text).encode()])
                self.record(invite, decision="passed", reason="already_signed")

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

    def test_inside_a_call_strip_and_replace_hold_too(self):
        """And for requests of other methods; keep keeps, whatever the tags say."""
        lines = ["Identity: " + foreign("shaken"), "y: " + foreign("div")]
        for mode, n in (("strip", 0), ("replace", 0), ("keep", 2), ("add", 2)):
            self.start(pbx={"existing_identity": mode})
            invite = self.place()
            arrived = self.carrier.expect("INVITE")
            self.carrier.respond(arrived, 200, body=SDP)
            final = self.sbc.expect(200)
            self.sbc.acknowledge(invite, final, self.at())
            self.carrier.expect("ACK")
            for cseq, method in enumerate(("INVITE", "UPDATE", "INFO", "BYE"), 2):
                with self.subTest(mode=mode, method=method):
                    again = in_dialog(self.sbc, method, invite, final, cseq, extra=lines)
                    self.sbc.send(again, self.at())
                    there = self.carrier.expect(method)
                    self.assertEqual(len(there.raws("identity")), n)
                    self.carrier.respond(there, 481)
                    got = self.sbc.expect((481, method))
                    if method == "INVITE":
                        self.carrier.expect("ACK")
                        self.sbc.acknowledge(again, got, self.at())
            message = self.sbc.request("MESSAGE", "sip:+12155550199@" + self.net(1), extra=lines)
            self.sbc.send(message, self.at())
            there = self.carrier.expect("MESSAGE")
            self.assertEqual(len(there.raws("identity")), n)
            self.carrier.respond(there, 200)
            self.sbc.expect((200, "MESSAGE"))
            self.stird.stop()
