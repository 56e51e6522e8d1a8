"""
R-V-045: the calls of verification_cases.json through a running stird that fetches their certificates from a web server,
by the URLs that their tokens have; each twice, the second time by what is kept.

Time stands still at the vectors' now, as the edges of iat are whole seconds; a shim brings the vectors' URLs to the
story's web server, and leaves all that is checked of a URL and of an address as it is.
"""

import email.utils
import json
import os
import unittest

from lib import settings, stird, token
from lib.lab import PROJECT, make_unit, shim
from lib.patience import HANG_S
from lib.story import Story
from lib.web import Web

# What this version has no setting for, or does not do: such a call is judged as any other.
UNSET = ("require", "on_failure")
# Which reason a check has where it settles the call (docs/verification.md).
REASONS = {"syntax": "token_malformed", "payload": "token_malformed", "type": "token_malformed", "crit": "token_malformed",
           "claims": "token_malformed", "alg": "token_algorithm", "fresh": "token_stale", "orig": "token_of_another_call",
           "dest": "token_of_another_call", "url": "certificate_unavailable", "fetch": "certificate_unavailable",
           "certificate": "certificate_unsuitable", "dates": "certificate_out_of_date", "chain": "certificate_untrusted",
           "scope": "certificate_scope", "signature": "signature_invalid", "DIV": "diversion_broken"}
# Not yet: what workers hear of domains and certificates in their own time.
LATER = ("certificate_pending", "trust_unavailable", "fetch_limit")


class Cases(Story):
    def setUp(self):
        super().setUp()
        with open(os.path.join(PROJECT, "tests", "vectors", "verification_cases.json"), encoding="utf-8") as source:
            self.vectors = json.load(source)
        before = dict(os.environ)
        self.addCleanup(os.environ.update, before)
        preloaded = {"LD_PRELOAD": shim("clock_shim") + " " + shim("web_shim"),
                     "STIRD_TEST_CLOCK_STANDS": str(self.vectors["now"]), "STIRD_TEST_WEB": self.net(5),
                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        for name in preloaded:
            if name not in before:
                self.addCleanup(os.environ.pop, name)
        os.environ.update(preloaded)
        self.serve()
        self.begin()

    def serve(self):
        self.web = Web(self.lab, self.net(5), "DNS:*.example.net")
        self.addCleanup(self.web.close)
        for url, page in self.vectors["web"].items():
            if page["status"] == 200:
                self.web.bodies[url.rsplit("/", 1)[1]] = page["body"].encode()

    def begin(self):
        """Calls from .2 are compared by To, those from .3 by the Request-URI."""
        anchors = self.lab.write("anchors.pem", "".join(self.vectors["anchors"]))
        more = """trust = ( %s ); verification = ( %s );
            fetch = { tls_ca = "%s"; timeout = "30s"; per_host_rate = 1000; new_per_trunk = 1000; };""" % (
                settings.group({"name": "us", "anchors": anchors, "countries": ["1"]}),
                settings.groups({"name": dest, "trust": ["us"], "wait": "5000ms", "dest": dest}
                                for dest in ("to", "request_uri")), self.web.ca)
        self.start(trunks=[{"name": dest, "sources": [self.net(last)], "service": "verify", "verification": dest,
                            "trusted": True, "upstreams": ["carrier"]}
                           for dest, last in (("to", 2), ("request_uri", 3))], more=more,
                   certificates=[settings.certificate(make_unit(self.lab.path("then")))])

    @staticmethod
    def uri(number):
        """As a message has it: no URI has a space."""
        return "sip:" + number.replace(" ", "") + ("" if "@" in number else "@a.example")

    def message_of(self, case):
        facts, extra = case["message"], []
        if "pai" in facts:
            extra.append("P-Asserted-Identity: <%s>" % self.uri(facts["pai"]))
        if "date" in facts:
            extra.append("Date: " + email.utils.formatdate(facts["date"], usegmt=True))
        if "resource_priority" in facts:
            extra.append("Resource-Priority: " + facts["resource_priority"])
        return {"from_": "<%s>" % self.uri(facts["from"]), "to": "<%s>" % self.uri(facts["to"]),
                "uri": self.uri(facts["request_uri"]),
                "extra": extra + ["Identity: " + value for value in case["identity"]]}

    def judged(self, case):
        """The record of the call, once it is judged by what is at hand."""
        sender = self.peer("other", 3) if case["settings"].get("dest") == "request_uri" else self.sbc
        def once():
            invite, arrived = self.short_call(peer=sender, **self.message_of(case))
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
            record = self.record(invite, decision="passed")
            return record["reason"] not in LATER and record
        return stird.wait_until(once, HANG_S, "a call that is judged")

    def check(self, case, record):
        expected, told = case["expect"], record["verification"]
        decided, verstat = expected["decided"], expected["verstat"]
        self.assertLessEqual(set(case["settings"]), {"dest", *UNSET})
        self.assertEqual(told["verstat"], verstat, record)
        self.assertEqual(told["class"], {"TN-Validation-Passed": "passed", "TN-Validation-Failed": "failed"}.get(
            verstat, "nothing"), record)
        self.assertEqual(told["level"] is None, told["class"] != "passed", record)
        if "attest" in expected:
            self.assertEqual(told["level"], expected["attest"], record)
        self.assertEqual((told["check"] or "").lower(), "" if decided in (None, "REQUIRED") else decided.lower(), record)
        self.assertEqual(record["reason"], self.reason_of(case, told), record)

    @staticmethod
    def reason_of(case, told):
        decided = case["expect"]["decided"]
        if told["class"] == "passed":
            return "rcd_mismatch" if decided == "RCD" else "verified"
        if decided == "orig" and told["class"] == "nothing":
            return "caller_withheld"
        reason = REASONS.get(decided, "unsigned_call")
        # of the token that says how it was diverted
        return "diversion_broken" if reason == "token_malformed" and told["class"] == "failed" else reason

    def served(self):
        """What was asked for that is there."""
        return [path for path in self.web.gets if path in self.web.bodies]

    def test_each_twice(self):
        for case in self.vectors["cases"]:
            with self.subTest(case["name"]):
                self.check(case, self.judged(case))
        gets = self.served()
        for case in self.vectors["cases"]:
            with self.subTest(case["name"] + ", again"):
                record = self.judged(case)
                self.check(case, record)
                if case["expect"]["decided"] != "fetch":  # the fetcher keeps what cannot be had, and may try again
                    self.assertIn(record["verification"]["cache"], (None, "hit"), record)
        self.assertEqual(self.served(), gets)
        self.assertEqual(len(self.vectors["cases"]), 78)

    def elsewhere(self, url):
        """A case as the first one, whose certificate is at URL; its signature is of another header."""
        good = self.vectors["cases"][0]
        _, payload, signature = good["identity"][0].split(";")[0].split(".")
        head = token.base64url(json.dumps({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": url},
                                          separators=(",", ":")).encode())
        return dict(good, identity=["%s.%s.%s;info=<%s>;alg=ES256;ppt=shaken" % (head, payload, signature, url)])

    def test_a_name_that_leads_inside(self):
        """R-V-013: a name says nothing: the address that is connected to is judged, and this one is not asked."""
        record = self.judged(self.elsewhere("https://outside.example.net:8443/good.pem"))
        self.assertEqual(record["reason"], "signature_invalid", record)
        record = self.judged(self.elsewhere("https://inside.example.net:8443/other.pem"))
        self.assertEqual([record["reason"], record["verification"]["check"]], ["certificate_unavailable", "fetch"], record)
        self.assertEqual(self.web.gets, ["good.pem"])


if __name__ == "__main__":
    unittest.main()
