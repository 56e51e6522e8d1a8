"""stirctl verify and lab-ca: values, messages and texts, without a daemon."""

import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from lib.patience import HANG_S
from lib import stirctl
from lib import token as tokens
from lib.lab import binary, end_with_parent



def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Lab(unittest.TestCase):
    """A directory with the units of stirctl lab-ca."""

    port = 8443

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="stird-cli-")
        cls.lab = os.path.join(cls.directory, "lab")
        status, out, err = stirctl.run("/none", "lab-ca", "--port", str(cls.port), cls.lab)
        assert status == 0, out + err
        cls.unit = cls.lab + "/709J"
        cls.trust = ["--ca", cls.lab + "/root.pem"]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    def write(self, name, data):
        path = os.path.join(self.directory, name)
        with open(path, "wb") as out:
            out.write(data if isinstance(data, bytes) else data.encode())
        return path

    def run_verify(self, file, *words, cert="709J"):
        words = list(words)
        if cert:
            words += ["--cert", "%s/%s/chain.pem" % (self.lab, cert)] + self.trust
        return stirctl.run("/none", "verify", *words, file)

    def verify(self, file, *words, **more):
        status, out, err = self.run_verify(file, "--json", *words, **more)
        self.assertIn(status, (0, 1, 3), err)
        return status, json.loads(out)

    def token(self, text, *words, **more):
        """Exit status, verdict, SIP status, and the checks that did not pass."""
        status, calls = self.verify(self.write("input", text), *words, **more)
        told = calls[-1]["hops"][-1]["tokens"][-1]
        failed = {c["check"]: c.get("found", "") for c in told["checks"]
                  if c["result"] in ("FAILED", "warning")}
        return status, told["verdict"], told["sip_status"], failed


class Calls(Lab):
    """Messages with several Identity headers: what they are worth together."""

    def div(self, number, dest, **change):
        value = tokens.identity(self.unit, dest=dest, header={"ppt": "div"}, div={"tn": number},
                                parameters=";info=<%s>;alg=ES256;ppt=div", attest=None, origid=None,
                                **change)
        return "Identity: " + value

    def call(self, *lines, dest="+13125550124"):
        shaken = tokens.identity(self.unit)
        status, calls = self.verify(self.write("input", tokens.invite(shaken, dest=dest, more=lines)))
        hop = calls[-1]["hops"][-1]
        return status, hop["call"], [t["verdict"] for t in hop["tokens"]]

    def test_a_diversion(self):
        """R-X-030."""
        status, call, each = self.call(self.div("13125550123", "13125550124"))
        self.assertEqual((status, call["class"], call["level"], call["reason"], each),
                         (0, "passed", "A", "verified", ["valid", "valid"]), call)
        status, call, each = self.call(self.div("13125550123", "13125550125"))
        self.assertEqual((status, call["class"], call["level"], call["reason"], call["check"], each),
                         (1, "failed", "", "diversion_broken", "div", ["invalid", "invalid"]), call)
        _, out, _ = self.run_verify(self.write("input", tokens.invite(
            tokens.identity(self.unit), dest="+13125550124", more=[self.div("13125550123", "13125550125")])))
        self.assertIn("the call  failed (diversion_broken: ", out)

    def test_a_type_that_is_for_others(self):
        """Alone it makes the call unsigned; beside a good one it changes nothing."""
        other = "Identity: " + tokens.identity(self.unit, header={"ppt": "msgi"},
                                               parameters=";info=<%s>;alg=ES256;ppt=msgi")
        status, call, each = self.call(other, dest="+13125550123")
        self.assertEqual((status, call["class"], each), (0, "passed", ["valid", "ignored"]), call)

    def test_a_priority(self):
        """R-X-041."""
        rph = "Identity: " + tokens.identity(self.unit, header={"ppt": "rph"}, rph={"auth": ["ets.0"]},
                                             parameters=";info=<%s>;alg=ES256;ppt=rph")
        for lines, told, reason in ((["Resource-Priority: ETS.0"], "Passed", "verified"),
                                    ([], "Failed", "rph_mismatch")):
            status, call, _ = self.call(rph, *lines, dest="+13125550123")
            self.assertEqual((status, call["class"], call["reason"], call["verstat_priority"]),
                             (0, "passed", reason, "RPH-Validation-" + told), call)


class Values(Lab):
    def test_a_good_one(self):
        value = tokens.identity(self.unit)
        self.assertEqual(self.token(tokens.invite(value)), (0, "valid", 0, {}))
        self.assertEqual(self.token(tokens.invite(value.replace(";", ";\r\n "))),
                         (0, "valid", 0, {}))

    def test_a_value_alone_stays_open(self):
        """Nobody knows which numbers its call had, and a check that was not done is not passed."""
        value = tokens.identity(self.unit)
        self.assertEqual(self.token(value), (3, "open", 0, {}))
        self.assertEqual(self.token("Identity: %s\n" % value.replace(";", ";\r\n ")),
                         (3, "open", 0, {}))
        _, out, _ = self.run_verify(self.write("input", value))
        for check in ("orig", "dest", "fetch"):
            self.assertRegex(out, "not done +%s " % check)

    def test_one_of_secsipidx(self):
        """Made by the field's own tool."""
        done = subprocess.run(
            ["secsipidx", "-sign-full", "-orig-tn", "12155550100", "-dest-tn", "13125550123",
             "-attest", "A", "-x5u", "https://localhost:8443/709J.pem", "-k",
             self.unit + "/key.pem"], capture_output=True, text=True, check=True, timeout=HANG_S)
        self.assertEqual(self.token(tokens.invite(done.stdout.strip()))[:3], (0, "valid", 0))

    def test_what_is_wrong_gets_its_status(self):
        """R-V-003."""
        now = int(time.time())
        for change, status, check, found in (
                ({"iat": now - 100}, 403, "fresh", "s old, more than 60"),
                ({"iat": now + 1000}, 403, "fresh", "s ahead, more than 60"),
                ({"attest": "D"}, 438, "claims", "attest is none of A, B, C"),
                ({"dest": {"tn": "13125550123"}}, 438, "claims", "dest has no list of tn"),
                ({"header": {"alg": "none"}}, 437, "alg", "the token says none"),
                ({"header": {"crit": ["x"]}}, 438, "crit", "crit"),
                ({"header": {"x5u": "http://localhost/709J.pem"}}, 436, "url", "https"),
                ({"parameters": ";info=<https://localhost:8443/x.pem>;ppt=shaken"}, 438, "x5u",
                 "info https://localhost:8443/x.pem"),
                ({"parameters": ";ppt=shaken"}, 438, "syntax", "")):
            with self.subTest(change=change):
                if "dest" in change:
                    change = {**change}
                    body = change.pop("dest")
                    value = tokens.identity(self.unit)
                    head, _, _ = value.split(".", 2)
                    payload = {"attest": "A", "dest": body, "iat": now,
                               "orig": {"tn": "12155550100"}, "origid": tokens.ORIGID}
                    octets = head + "." + tokens.base64url(json.dumps(payload).encode())
                    value = octets + "." + tokens.base64url(
                        tokens.sign(self.unit + "/key.pem", octets.encode())) \
                        + ";info=<https://localhost:8443/709J.pem>;alg=ES256;ppt=shaken"
                else:
                    value = tokens.identity(self.unit, **change)
                got = self.token(value)
                self.assertEqual(got[:3], (1, "invalid", status), got)
                self.assertIn(found, got[3][check])

    def test_at_a_time(self):
        """R-V-006."""
        old = tokens.identity(self.unit, iat=int(time.time()) - 400)
        self.assertEqual(self.token(old)[2], 403)
        message = tokens.invite(old)
        self.assertEqual(self.token(message, "--at", "iat"), (0, "valid", 0, {}))
        then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 380))
        self.assertEqual(self.token(message, "--at", then)[1], "valid")
        self.assertEqual(self.token(message, "--max-age", "1000")[1], "valid")
        late = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 300))
        self.assertEqual(self.token(message, "--at", late)[2], 403)
        for age in ("0", "-1", "99999999999999999999", "x"):
            self.assertEqual(self.run_verify(self.write("input", message), "--max-age", age)[0], 2)

    def test_a_text_does_not_say_when_it_was_seen(self):
        """An old token in it is not stale for that; one that is ahead of now is."""
        old = tokens.invite(tokens.identity(self.unit, iat=1700000000))
        status, calls = self.verify(self.write("input", old), "--offline", cert=None)
        told = calls[0]["hops"][0]["tokens"][0]
        fresh = [c for c in told["checks"] if c["check"] == "fresh"][0]
        self.assertEqual((status, told["verdict"], fresh["result"]), (3, "open", "not done"))
        self.assertIn("--at", fresh["found"])
        ahead = tokens.invite(tokens.identity(self.unit, iat=int(time.time()) + 1000))
        self.assertEqual(self.token(ahead)[:3], (1, "invalid", 403))
        for iat in (0, -1, -1700000000):
            never = tokens.invite(tokens.identity(self.unit, iat=iat))
            self.assertEqual(self.token(never)[:3], (1, "invalid", 403))
            self.assertEqual(self.token(never, "--at", "iat")[:3], (1, "invalid", 403))

    def test_claims_and_parameters_that_are_not_right(self):
        """In a message that would fit, signed by a good key."""
        good = ";info=<https://localhost:8443/709J.pem>;alg=ES256"
        for change, status in (
                ({}, 0), ({"orig": ""}, 438), ({"dest": ""}, 438),
                ({"orig": "+12155550100"}, 438), ({"dest": "+13125550123"}, 438),
                ({"iat": time.time() + 0.5}, 438), ({"iat": float(int(time.time()))}, 438),
                ({"parameters": good}, 438), ({"parameters": good + ";ppt=div"}, 438),
                ({"parameters": good + ";ppt=Shaken"}, 438),
                ({"header": {"ppt": "div"}}, 438), ({"header": {"ppt": "Shaken"}}, 438),
                ({"header": {"typ": "PASSPORT"}}, 438), ({"attest": "a"}, 438),
                ({"parameters": good + ";ppt=div", "header": {"ppt": "div"}}, 438),
                ({"parameters": good + ";ppt=msgi", "header": {"ppt": "msgi"}}, 428)):
            with self.subTest(change=change):
                got = self.token(tokens.invite(tokens.identity(self.unit, **change)))
                self.assertEqual(got[2], status, got)
                self.assertEqual(got[1], {0: "valid", 428: "ignored"}.get(status, "invalid"))

    def test_certificates(self):
        """R-V-016."""
        value = tokens.identity(self.unit)
        message = tokens.invite(value)
        self.assertEqual(self.token(value, cert="numbers")[3]["signature"], "it does not verify")
        self.assertEqual(self.token(message, "--offline", cert=None)[:2], (3, "open"))
        mine = tokens.invite(tokens.identity(self.lab + "/numbers"))
        self.assertEqual(self.token(mine, cert="numbers")[:2], (0, "valid"))
        other = tokens.identity(self.lab + "/numbers", orig="12155550101")
        self.assertEqual(self.token(other, cert="numbers")[2:],
                         (437, {"scope": "its numbers do not hold 12155550101"}))
        revoked = tokens.invite(tokens.identity(self.lab + "/revoked"))
        self.assertEqual(self.token(revoked, cert="revoked")[1], "valid")
        self.assertEqual(self.token(revoked, "--crl", self.lab + "/crl.pem", cert="revoked")[2:],
                         (437, {"revoked": "it is revoked"}))
        self.assertEqual(self.token(message, "--crl", self.lab + "/crl.pem"), (0, "valid", 0, {}))

    def test_lists_of_others_do_not_tell(self):
        """A list that does not cover the chain leaves it open whether somebody revoked it."""
        message = tokens.invite(tokens.identity(self.unit))
        other = os.path.join(self.directory, "other")
        self.assertEqual(stirctl.run("/none", "lab-ca", other)[0], 0)
        with open(self.lab + "/crl.pem", encoding="ascii") as source:
            issuer_only = source.read().split("-----END X509 CRL-----")[0] \
                + "-----END X509 CRL-----\n"
        for crl in (other + "/crl.pem", self.write("issuer-only.pem", issuer_only)):
            with self.subTest(crl=crl):
                status, calls = self.verify(self.write("input", message), "--crl", crl)
                told = calls[0]["hops"][0]["tokens"][0]
                check = [c for c in told["checks"] if c["check"] == "revoked"][0]
                self.assertEqual((status, told["verdict"], check["result"]), (3, "open", "not done"))
                self.assertIn("not known", check["found"])

    def administrators_list(self):
        """(its root, an indirect list that revokes nothing), of one who has no certificate of the lab's."""
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True,
                           timeout=HANG_S)
        self.write("pa.cnf", "[ca]\ndefault_ca=pa\n[pa]\ndatabase=pa.txt\ndefault_md=sha256\n"
                             "default_crl_days=7\ncrl_extensions=list\n"
                             "[list]\nissuingDistributionPoint=critical,@place\n"
                             "[place]\nindirectCRL=TRUE\n")
        self.write("pa.txt", "")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "30", "-subj", "/O=STI-PA/CN=STI-PA root", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-keyout", "pa.key", "-out", "pa.pem")
        openssl("ca", "-config", "pa.cnf", "-gencrl", "-cert", "pa.pem", "-keyfile", "pa.key", "-out",
                "pa.crl")
        return self.directory + "/pa.pem", self.directory + "/pa.crl"

    def test_a_list_under_a_root_of_its_own(self):
        """The policy administrator's list tells of all certificates, where its root is named."""
        message = tokens.invite(tokens.identity(self.unit))
        root, crl = self.administrators_list()
        other = self.lab + "/root.pem"
        for words, status in ((["--crl-anchor", root, "--crl", crl], 0),
                              (["--crl", crl, "--crl-anchor", root], 0),
                              (["--crl", crl, "--crl-anchor", other, "--crl-anchor", root], 0),
                              (["--crl", crl], 3), (["--crl", crl, "--crl-anchor", other], 3)):
            with self.subTest(words=words):
                got, calls = self.verify(self.write("input", message), *words)
                self.assertEqual(got, status, calls)
        revoked = tokens.invite(tokens.identity(self.lab + "/revoked"))
        self.assertEqual(self.token(revoked, "--crl", self.lab + "/crl.pem", "--crl", crl, "--crl-anchor",
                                    root, cert="revoked")[2:], (437, {"revoked": "it is revoked"}))
        for word in ("--crl", "--crl-anchor"):
            self.assertEqual(self.run_verify(self.write("input", message), word,
                                             self.write("garbage", "garbage"))[0], 2)

    def test_options_that_would_change_nothing_are_mistakes(self):
        file, root = self.write("input", tokens.identity(self.unit)), self.lab + "/root.pem"
        for words, said in ((["--ca", root, "--crl-anchor", root], "give them with --crl FILE"),
                            (["--crl-anchor", root], "give them with --crl FILE"),
                            (["--crl", self.lab + "/crl.pem"], "--crl needs --ca FILE"),
                            (["--crl", self.lab + "/crl.pem", "--crl-anchor", root], "--crl needs --ca FILE")):
            with self.subTest(words=words):
                status, out, err = self.run_verify(file, *words, cert=None)
                self.assertEqual((status, out), (2, ""))
                self.assertIn(said, err)

    def test_a_file_without_a_certificate_is_a_mistake(self):
        file = self.write("input", tokens.invite(tokens.identity(self.unit)))
        for path in (self.write("empty", ""), self.unit + "/key.pem", self.write("garbage", "garbage"), self.lab + "/crl.pem"):
            with self.subTest(path=path):
                status, out, err = self.run_verify(file, "--cert", path, cert=None)
                self.assertEqual((status, out), (2, ""))
                self.assertIn("--cert %s: the file holds no certificate: give the chain" % path, err)
                self.assertNotIn("key.pem,", err)
        for path in (self.write("empty", ""), self.unit + "/key.pem"):
            status, _, err = self.run_verify(file, "--ca", path, cert=None)
            self.assertEqual(status, 2)
            self.assertNotIn("in PEM form", err)
        broken = self.write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        self.assertEqual(self.run_verify(file, "--cert", broken, cert=None)[0], 1)  # as when it is served

    def test_a_lab_on_another_port_is_told(self):
        for port, told in (("18443", True), ("443", False), ("8443", False)):
            status, _, err = stirctl.run("/none", "lab-ca", "--port", port, self.directory + "/lab" + port)
            self.assertEqual((status, "443 and 8443 alone" in err), (0, told), err)

    def test_who_signs_a_list_is_to_be_named(self):
        message = tokens.invite(tokens.identity(self.unit))
        _, crl = self.administrators_list()
        _, out, _ = self.run_verify(self.write("input", message), "--crl", crl)
        self.assertIn("--crl-anchor", out)

    def test_people_are_told_what_to_do(self):
        file = self.write("input", tokens.identity(self.unit, iat=1700000000))
        status, out, _ = self.run_verify(file)
        self.assertEqual(status, 1)
        self.assertIn("FAILED    fresh        iat is of now", out)
        self.assertIn("-> set the clocks of signer and verifier by NTP", out)
        self.assertIn("verdict   invalid, 403 Stale Date", out)

    def test_usage_and_files(self):
        self.assertEqual(stirctl.run("/none", "verify", "/none/x")[0], 2)
        self.assertEqual(stirctl.run("/none", "verify", "--ca", "/dev/null", "/dev/null")[0], 2)
        self.assertEqual(stirctl.run("/none", "verify", "--at", "soon", "/dev/null")[0], 2)
        self.assertEqual(stirctl.run("/none", "verify", "a", "b")[0], 2)

    def test_what_holds_nothing_gets_no_verdict(self):
        for text in ("root:x:0:0:root:/root:/bin/bash\n", "nothing of the kind", "1.2", "..", "",
                     "a.b.c d\nx=y;info=<https://x>"):
            status, out, err = stirctl.run("/none", "verify", "--json", self.write("input", text))
            self.assertEqual((status, list(json.loads(out))), (2, ["error", "status"]), text)
            self.assertIn("holds neither an INVITE nor an Identity header", err)
        # But what says that it is an Identity, or looks like a token, is judged.
        for text in ("Identity: nonsense", "y: nonsense", "a.b.c", "a.b.c;info=<https://x>"):
            self.assertEqual(self.token(text)[1:3], ("invalid", 438), text)


class Messages(Lab):
    def test_a_message(self):
        """R-V-007."""
        value = tokens.identity(self.unit)
        self.assertEqual(self.token(tokens.invite(value)), (0, "valid", 0, {}))
        self.assertEqual(self.token(tokens.invite(value).replace("Identity:", "y:"))[1], "valid")
        for text, check, found in (
                (tokens.invite(value, orig="+12155550101"), "orig",
                 "the token says 12155550100, the message 12155550101"),
                (tokens.invite(value, orig="anonymous"), "orig",
                 "the message shows no telephone number"),
                (tokens.invite(value, dest="+13125550124"), "dest", "the message 13125550124")):
            with self.subTest(check=check, found=found):
                got = self.token(text)
                self.assertEqual(got[:3], (1, "invalid", 438))
                self.assertIn(found, got[3][check])
        self.assertEqual(self.token(tokens.invite(value, orig="12155550101", more=[
            "P-Asserted-Identity: <sip:+12155550100@pbx>"]))[1], "valid")
        self.assertEqual(self.token(tokens.invite(value, orig="2155550100"))[1], "valid")

    def test_the_number_is_the_one_that_is_signed(self):
        """Of several P-Asserted-Identity the tel one, on whichever line; none that cannot exist."""
        value = tokens.identity(self.unit)
        for lines in (["<sip:+12155550101@pbx>, <tel:+12155550100>"],
                      ["<sip:+12155550101@pbx>", "<tel:+1-215-555-0100>"],
                      ["<tel:+12155550100>", "<sip:+12155550101@pbx>"],
                      ["<sip:alice@pbx>", "<sip:+12155550100@pbx>"]):
            more = ["P-Asserted-Identity: " + line for line in lines]
            with self.subTest(lines=lines):
                self.assertEqual(self.token(tokens.invite(value, orig="12155550199",
                                                          more=more))[1], "valid")
        impossible = ["P-Asserted-Identity: <tel:+10000000000>"]
        self.assertEqual(self.token(tokens.invite(value, more=impossible))[1], "valid")
        for lines in (["<tel:+12155550101>, <sip:+12155550100@pbx>"],
                      ["<sip:+12155550101@pbx>", "<sip:+12155550100@pbx>"]):
            more = ["P-Asserted-Identity: " + line for line in lines]
            self.assertEqual(self.token(tokens.invite(value, more=more))[2], 438)

    def test_numbers_that_are_no_telephone_numbers(self):
        """Emergency numbers and short codes are compared as they stand (RFC 8224 section 8.3)."""
        for called, dest in (("911", "911"), ("+1911", "1911"), ("1911", "1911"), ("9911", "9911"),
                             ("911%23", "911"), ("9911%23", "9911"), ("988", "988"),
                             ("988;phone-context=+1", "988"), ("*98", "*98"), ("9-8-8", "988"),
                             ("112", "112"), ("98%23", "98#")):
            with self.subTest(called=called):
                value = tokens.identity(self.unit, dest=dest)
                self.assertEqual(self.token(tokens.invite(value, dest=called)),
                                 (0, "valid", 0, {}))
                other = tokens.identity(self.unit, dest="411")
                self.assertEqual(self.token(tokens.invite(other, dest=called))[:3],
                                 (1, "invalid", 438))

    def test_an_asserted_number_that_cannot_exist(self):
        """The signer goes on to From; others may have signed it all the same."""
        for asserted, shown, orig in (
                ("+1215555010", "+12155550100", "12155550100"),
                ("+10155550100", "2155550100", "12155550100"),
                ("+1215555010", "anonymous", "1215555010"),
                ("anonymous", "+12155550100", "12155550100")):
            with self.subTest(asserted=asserted, shown=shown):
                value = tokens.identity(self.unit, orig=orig)
                text = tokens.invite(value, orig=shown, more=[
                    "P-Asserted-Identity: <sip:%s@pbx>" % asserted])
                self.assertEqual(self.token(text)[:3], (0, "valid", 0))

    def test_a_token_for_the_request_uri(self):
        """R-V-007: dest = request_uri: verifiers compare To all the same, and are told apart from a forgery."""
        value = tokens.identity(self.unit, dest="13125550199")
        text = tokens.invite(value).replace("INVITE sip:+13125550123@", "INVITE sip:+13125550199@")
        got = self.token(text)
        self.assertEqual(got[:3], (1, "invalid", 438))
        self.assertIn("the token says 13125550199, the message 13125550123", got[3]["dest"])
        self.assertIn("made for the Request-URI's number", got[3]["dest"])
        self.assertNotIn("Request-URI", self.token(tokens.invite(value))[3]["dest"])

    def test_each_identity_is_judged_alone(self):
        """R-V-001 R-V-002: neither a bad one nor one of another type says anything of its neighbours."""
        good = tokens.identity(self.unit)
        bad = tokens.identity(self.unit, orig="12155550199")
        other = tokens.identity(self.unit, header={"ppt": "foo"},
                                parameters=";info=<https://localhost:8443/709J.pem>;alg=ES256;ppt=foo")
        expected = {good: ("valid", 0), bad: ("invalid", 438), other: ("ignored", 428)}
        for values in ((good,), (other,), (good, bad), (bad, good), (other, good), (good, other, bad)):
            with self.subTest(expected=[expected[value] for value in values]):
                message = tokens.invite(more=["Identity: " + value for value in values])
                _, calls = self.verify(self.write("input", message))
                told = calls[0]["hops"][0]["tokens"]
                self.assertEqual([(t["verdict"], t["sip_status"]) for t in told],
                                 [expected[value] for value in values])

    def test_a_message_without_identity(self):
        status, calls = self.verify(self.write("input", tokens.invite()))
        self.assertEqual((status, calls[0]["hops"][0]["changes"]),
                         (1, ["no Identity: it is not signed here"]))

    def test_text_with_messages(self):
        """As logs and mails have them: marks before each line, other text between."""
        value = tokens.identity(self.unit)
        for mark in ("", "> ", "    ", "12:00:00.1 sbc | "):
            with self.subTest(mark=mark):
                text = "a log of today\n\n"
                for branch, message in (("z9hG4bK1", None), ("z9hG4bK2", value)):
                    lines = tokens.invite(message, branch=branch).split("\r\n")
                    text += "sent\n" + "".join(mark + line + "\n" for line in lines) + "\n"
                text += "SIP/2.0 100 Trying\nVia: SIP/2.0/UDP x\n\n"
                status, calls = self.verify(self.write("input", text))
                self.assertEqual(status, 0)
                hops = calls[0]["hops"]
                self.assertEqual([h["changes"] for h in hops],
                                 [[], ["signed: an Identity header was added"]])
                self.assertEqual(hops[1]["tokens"][0]["verdict"], "valid")


    def test_lines_without_colon(self):
        """They belong to the head, which the empty line ends: before Identity, behind the last."""
        value = tokens.identity(self.unit)
        for odd in ("X-Broken", "Date", "My Header x", "X-A\r\n : b", ": nothing", "===", "(x)",
                    "X-Broken\r\nDate\r\nMy Header x"):
            for text in (tokens.invite(value, more=[odd]),
                         tokens.invite(value).replace("Identity:", odd + "\r\nIdentity:"),
                         tokens.invite(None).replace(
                             "Content-Length: 0\r\n",
                             "Content-Length: 0\r\n%s\r\nIdentity: %s\r\n" % (odd, value))):
                for form in (text, text.replace("\r\n", "\n"), "".join(
                        "> " + line + "\n" for line in text.split("\r\n")),
                        text.replace("\r", ".")):
                    with self.subTest(odd=odd, form=form[:300]):
                        self.assertEqual(self.token(form, "--at", "iat")[:2], (0, "valid"))

    def test_a_head_without_its_empty_line(self):
        """What a log says behind it is none of it; nor is another message."""
        value = tokens.identity(self.unit)
        head = tokens.invite(value).rstrip("\r\n").replace("\r\n", "\n")
        status, calls = self.verify(self.write("input", head + "\nsent\n" + head + "\nsent\n"))
        self.assertEqual((status, len(calls)), (0, 1), calls)

    def test_a_text_that_is_cut(self):
        """What ends inside a header line is not judged: not as unsigned, nor as a broken token."""
        text = tokens.invite(tokens.identity(self.unit))
        whole = text[:text.index("Content-Length")]
        at = text.index("Identity:")
        one_line = "    " + text.replace("\r\n", "..")
        for cut in (at - 70, at - 30, at + 3, at + 8, at + 12, at + 200, at + 300, len(whole) - 30,
                    len(whole) - 9, len(whole) - 3, len(whole) - 2, len(whole) - 1):
            for form in (text[:cut], text[:cut].replace("\r\n", "\n"), "> " + text[:cut].replace(
                    "\r\n", "\n> "), text[:cut].rstrip("\r").replace("\r\n", ".\n")):
                with self.subTest(end=form[-20:]):
                    status, out, err = self.run_verify(self.write("input", form))
                    self.assertEqual(status, 2, out + err)
                    self.assertIn("cut: the text ends inside a header line", out)
                    self.assertNotIn("verdict ", out.replace("no verdict", ""))
        for cut in (300, len(whole) - 40):
            self.assertEqual(self.run_verify(self.write("input", one_line[:cut]))[0], 2)

    def test_a_text_without_its_last_line_end(self):
        """As those who copy a message lose it: nothing is cut."""
        text = tokens.invite(tokens.identity(self.unit))
        whole = text[:text.index("Content-Length")]
        for form in (text[:-2], text[:-4], whole, whole + "l: 0", text[:-4].replace("\r\n", "\n"),
                     "    " + text.replace("\r\n", "..")):
            with self.subTest(end=form[-20:]):
                self.assertEqual(self.token(form, "--at", "iat"), (0, "valid", 0, {}))

    def test_a_number_that_cannot_exist(self):
        """Valid, for no RFC refuses it; but said."""
        value = tokens.identity(self.unit, orig="1215555010")
        got = self.token(tokens.invite(value, orig="+1215555010"))
        self.assertEqual(got[:3], (0, "valid", 0))
        self.assertIn("nobody can have: a number of +1 has 11 digits", got[3]["claims"])


class Bad(http.server.BaseHTTPRequestHandler):
    """A web server as it should not be."""

    def log_message(self, *_):
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        if self.path == "/redirect.pem":
            self.send_response(302)
            self.send_header("Location", "/709J.pem")
            self.end_headers()
        elif self.path.startswith("/large-"):
            # The chain, and so many octets in all: with a length, or until it hangs up.
            size = int(self.path.split("-")[1])
            self.send_response(200)
            if "-told" in self.path:
                self.send_header("Content-Length", str(size))
            self.end_headers()
            with open(self.server.lab + "/709J/chain.pem", "rb") as chain:
                body = chain.read()
            try:
                self.wfile.write(body + b"\n" * (size - len(body)))
            except OSError:
                pass
        elif self.path == "/slow.pem":
            time.sleep(4)
        elif self.path == "/empty.pem":
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.send_error(404)


class Fetching(Lab):
    @classmethod
    def setUpClass(cls):
        for _ in range(20):  # a port that is free now may be taken in a moment
            cls.port = free_port()
            super().setUpClass()
            program = os.path.join(os.path.dirname(binary()), "stirctl")
            cls.server = subprocess.Popen(
                [program, "lab-ca", "--port", str(cls.port), "--serve", cls.lab],
                stdout=subprocess.PIPE, text=True, preexec_fn=end_with_parent)
            if "serving" in cls.server.stdout.readline():
                return
            cls.server.wait(HANG_S)
            cls.server.stdout.close()
            super().tearDownClass()
        raise AssertionError("no port")

    @classmethod
    def tearDownClass(cls):
        cls.server.send_signal(signal.SIGTERM)
        assert cls.server.wait(HANG_S) == 0
        cls.server.stdout.close()
        super().tearDownClass()

    def fetched(self, value, *words):
        # The lab's port is not one of the two that verifiers take: the URL is what is looked at.
        return self.token(value, "--tls-ca", self.lab + "/root.pem", *self.trust, *words, cert=None)

    def test_other_ports_are_refused(self):
        got = self.fetched(tokens.identity(self.unit), "--allow-private")
        self.assertEqual(got[2], 436)
        self.assertIn("has another port than 443 or 8443", got[3]["url"])


def can_unshare():
    return subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(can_unshare(), "SKIPPED: no network namespace can be made here (root)")
class FetchingInANamespace(Lab):
    """Port 8443 in a network namespace of its own, so that stories run side by side."""

    def in_namespace(self, script):
        done = subprocess.run(["unshare", "-n", "bash", "-c", "ip link set lo up; " + script],
                              capture_output=True, text=True, timeout=HANG_S, check=False)
        return done.returncode, done.stdout, done.stderr

    def with_server(self, command, server=None):
        """Again where a busy machine let the two seconds of a fetch pass, which is not what is looked at."""
        for _ in range(20):
            status, out, err = self.once_with_server(command, server)
            if "imed out" not in out:
                break
        return status, out, err

    def once_with_server(self, command, server=None):
        program = os.path.join(os.path.dirname(binary()), "stirctl")
        server = server or "%s lab-ca --serve %s" % (program, self.lab)
        return self.in_namespace(
            "exec 3< <(exec %s); read -u 3 line; %s; s=$?; kill %%1 2>/dev/null; kill $! ; exit $s"
            % (server, command.replace("stirctl", program)))

    def test_a_certificate_is_fetched(self):
        file = self.write("input", tokens.invite(tokens.identity(self.unit)))
        words = "stirctl verify --ca %s/root.pem --tls-ca %s/root.pem " % (self.lab, self.lab)
        status, out, err = self.with_server(words + "--allow-private " + file)
        self.assertEqual(status, 0, out + err)
        self.assertIn("ok        fetch", out)
        status, out, _ = self.with_server(words + file)
        self.assertEqual(status, 1)
        self.assertIn("its name leads to an address that is not of the open Internet", stirctl.unbroken(out))
        self.assertIn("436 Bad Identity Info", out)
        status, out, _ = self.with_server(
            "stirctl verify --ca %s/root.pem --allow-private %s" % (self.lab, file))
        self.assertEqual(status, 1, "the server's certificate is of no known authority")
        self.assertRegex(out, "436 Bad Identity Info")

    def test_bad_servers(self):
        """R-V-013 R-C-013."""
        script = self.write("server.py", (
            "import sys; sys.path.insert(0, %r)\n"
            "from cli.verify_test import serve_badly\nserve_badly(%r)\n")
            % (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), self.lab))
        for name, why in (("redirect", "it redirects (302), which nobody follows"),
                          ("empty", "437 Unsupported Credential"), ("none", "it answers 404"),
                          ("slow", "imed out")):
            with self.subTest(name=name):
                url = "https://localhost:8443/%s.pem" % name
                file = self.write("input", tokens.identity(
                    self.unit, header={"x5u": url}, parameters=";info=<%s>;ppt=shaken" % url))
                ask = self.once_with_server if name == "slow" else self.with_server
                status, out, err = ask(
                    "stirctl verify --allow-private --ca %s/root.pem --tls-ca %s/root.pem %s"
                    % (self.lab, self.lab, file), "python3 -B %s" % script)
                self.assertEqual(status, 1, out + err)
                self.assertIn(why, out)


    def test_how_much_it_serves(self):
        """One octet too many and a megabyte are the same fault."""
        script = self.write("server.py", (
            "import sys; sys.path.insert(0, %r)\n"
            "from cli.verify_test import serve_badly\nserve_badly(%r)\n")
            % (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), self.lab))
        most = 32 * 1024
        for size in (most - 1, most, most + 1, 2 * most - 1, 2 * most, 2 * most + 1, 1 << 20):
            for told in ("", "-told"):
                with self.subTest(size=size, told=told):
                    url = "https://localhost:8443/large-%d-%s.pem" % (size, told)
                    file = self.write("input", tokens.invite(tokens.identity(
                        self.unit, header={"x5u": url}, parameters=";info=<%s>;ppt=shaken" % url)))
                    status, out, err = self.with_server(
                        "stirctl verify --allow-private --ca %s/root.pem --tls-ca %s/root.pem %s"
                        % (self.lab, self.lab, file), "python3 -B %s" % script)
                    self.assertRegex(out, "ok +fetch", err)
                    if size <= most:
                        self.assertEqual(status, 0, out + err)
                    else:
                        self.assertEqual(status, 1, out + err)
                        self.assertIn("437 Unsupported Credential", out)
                        self.assertIn("is longer than 32 KiB, which verifiers do not read", stirctl.unbroken(out))


def serve_badly(lab):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(lab + "/tls.pem", lab + "/tls.key.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Bad)
    server.daemon_threads = True
    server.lab = lab
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("serving", flush=True)
    threading.Timer(20, server.shutdown).start()
    server.serve_forever()


if __name__ == "__main__":
    unittest.main()
