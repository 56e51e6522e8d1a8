"""service = "verify": what the Identity of an inbound call is worth, recorded beside the call, which goes on as it is."""

import json
import os
import signal
import socket
import struct
import time
import unittest

from lib import dialog, settings, stird, stirctl, token
from lib.lab import shim
from lib.patience import HANG_S
from lib.verifying import CALLED, CALLER, LONG, Verifying
from lib.web import Web


class Verify(Verifying):
    def test_what_cannot_be_looked_at(self):
        """R-X-030: a link that cannot be read breaks the chain; values beyond the bounds are not none."""
        self.begin()
        self.passed()
        for link in ("junk;ppt=div", 'junk;info=<%s>;alg=ES256;ppt="DIV"' % self.web.url("a.pem")):
            told = self.judged_call(self.signed(), link, reason="diversion_broken")["verification"]
            self.assertEqual([told["class"], told["verstat"]], ["failed", "TN-Validation-Failed"])
        self.judged_call(self.signed(), "junk;ppt=div-o", reason="verified")
        url = self.web.url("a.pem")
        div = token.identity(self.made + "/709J", header={"x5u": url, "ppt": "div"}, parameters=";info=<%s>;alg=ES256" % url)
        for form in ("Identity (c): ", "Identity;x: ", "Identity ", '"Identity": ', "Identity\x07: "):  # no headers
            for lines, reason in ((["Identity: " + self.signed(), form + div], "diversion_broken"),
                                  ([form + self.signed()], "token_malformed")):
                invite, _ = self.short_call(caller=CALLER, called=CALLED, extra=lines)
                told = self.record(invite, reason=reason)["verification"]
                self.assertEqual([told["header"], told["headers"]], [1, len(lines)])
        told = self.judged_call("j" * 17000, reason="token_malformed")["verification"]
        self.assertEqual([told["class"], told["header"], told["headers"], told["headers_beyond"]],
                         ["nothing", None, 1, 1])
        told = self.judged_call(*[self.signed()] + ["junk"] * 8, reason="verified")["verification"]
        self.assertEqual([told["headers"], told["headers_beyond"]], [9, 1])
        told = self.judged_call(*[self.signed()] + ["junk"] * 7 + ["junk;ppt=div"],
                                reason="token_malformed")["verification"]
        self.assertEqual([told["class"], told["headers_beyond"]], ["nothing", 1])

    def test_several_asserted_numbers(self):
        """Of a trunk that is trusted; which one the caller's is cannot be told."""
        self.begin(trusted=True)
        self.passed()
        other = "+12155550177"
        for uris, reason in ((["sip:%s@x" % CALLER, "tel:" + CALLER], "verified"),
                             (["sip:%s@x" % CALLER, "sip:%s@x" % other], "bad_request"),
                             (["sip:%s@x" % other, "tel:" + CALLER], "bad_request"),
                             (["sip:%s@x" % CALLER, "tel:" + other], "bad_request"),
                             (["sip:%s@x" % other, "tel:" + other], "token_of_another_call")):
            record = self.judged_call(self.signed(), reason=reason,
                                      lines=["P-Asserted-Identity: <%s>" % uri for uri in uris])
            self.assertEqual(record["verification"]["class"] == "passed", reason == "verified")

    def test_an_operator_has_switched_it_off(self):
        """Nothing is judged, nothing is waited for, and the record says why."""
        self.begin()
        self.passed()
        path = self.lab.path("stird.conf")
        stirctl.ask(path, "verification", "off", "--for", "1h", "--note", "attack")
        told = self.judged_call(self.signed("b.pem"), reason="verification_off")
        self.assertEqual([told["verification"]["class"], told["verification"]["wait_us"]], ["open", 0])
        self.assertRegex(told["detail"], "^until .* GMT: attack$")
        self.assertEqual([told["orig_tn"], told["dest_tn"]], [CALLER[1:], CALLED[1:]])
        stirctl.ask(path, "verification", "on")
        self.judged_call(self.signed(), reason="verified")

    def test_what_a_call_is_worth(self):
        self.begin()
        record = self.passed()
        told = record["verification"]
        self.assertEqual(
            {k: told[k] for k in ("class", "level", "check", "header", "headers", "attest", "origid", "x5u", "spc",
                                  "verstat", "verstat_came")},
            {"class": "passed", "level": "A", "check": None, "header": 1, "headers": 1, "attest": "A",
             "origid": token.ORIGID, "x5u": self.web.url("a.pem"), "spc": "709J",
             "verstat": "TN-Validation-Passed", "verstat_came": None})
        self.assertEqual([record["orig_tn"], record["dest_tn"]], [CALLER[1:], CALLED[1:]])
        self.assertGreater(told["trust_generation"], 0)
        gets = len(self.web.gets)
        told = self.judged_call(self.signed(), reason="verified")["verification"]
        self.assertEqual([told["cache"], told["wait_us"]], ["hit", 0])
        self.assertEqual(len(self.web.gets), gets)
        self.judged_call(reason="unsigned_call")
        self.judged_call("", reason="unsigned_call")
        head, body, signature = self.signed().split(".", 2)
        changed = token.identity(self.made + "/709J", header={"x5u": self.web.url("a.pem")}, attest="B")
        tampered = ".".join((head, changed.split(".")[1], signature))
        record = self.judged_call(tampered, reason="signature_invalid")
        self.assertEqual([record["verification"][k] for k in ("class", "check", "verstat")],
                         ["failed", "signature", "TN-Validation-Failed"])
        self.assertNotEqual(body, changed)
        self.judged_call(self.signed(orig="12155550101"), reason="token_of_another_call")
        self.judged_call(self.signed(iat=1700000000), reason="token_stale")
        self.judged_call("nonsense", reason="token_malformed")
        url = self.web.url("a.pem")
        rcd = token.identity(self.made + "/709J", header={"x5u": url, "ppt": "rcd"}, rcd={"nam": "Bank"},
                             parameters=";info=<%s>;alg=ES256;ppt=rcd" % url)
        told = self.judged_call(rcd, reason="unsigned_call")["verification"]
        self.assertEqual([told["header"], told["headers"], told["cache"]], [None, 1, None])
        told = self.judged_call(tampered, self.signed(attest="B"), reason="verified")["verification"]
        self.assertEqual([told["level"], told["header"], told["headers"]], ["B", 2, 2])
        self.until("certificate_unavailable", "none.pem")
        verstat = "<sip:%s;verstat=TN-Validation-Passed@pbx.example.com>" % CALLER
        self.untouched = False  # a caller's own verstat goes
        told = self.judged_call(tampered, from_=verstat)["verification"]
        self.untouched = True
        self.assertEqual([told["verstat"], told["verstat_came"]], ["TN-Validation-Failed", "TN-Validation-Passed"])
        status, out, err = stirctl.run(self.stird.configuration, "status")
        self.assertEqual(status, 0, err)
        counted = stirctl.ask(self.stird.configuration, "status")["totals"]["trunks"]["in"]
        levels, classes = counted["verified_levels"], counted["verifications"]
        shown = {"NAME": "in", "A": levels["A"], "B": levels["B"], "C": levels.get("C", 0), "FAILED": classes["failed"],
                 "NOTHING": classes["nothing"], "OPEN": classes.get("open", 0), "REFUSED": counted.get("rejected_calls", 0),
                 "ANSWERED": counted.get("causes", {}).get("answered", 0)}
        self.assertGreater(min(shown["A"], shown["B"], shown["FAILED"], shown["NOTHING"]), 0)
        self.assertEqual(stirctl.table(out, "verified calls"), [{head: str(cell) for head, cell in shown.items()}])
        self.assertNotRegex(out, r"(?m)^calls by trunk", "none of them is one that could have been signed")
        self.assertRegex(out, r"(?m)^ +in +verify +- +- ")
        trunks = {t["name"]: (t["service"], t["identity"]) for t in stirctl.ask(self.stird.configuration, "status")["trunks"]}
        self.assertEqual(trunks, {"in": ("verify", None), "pbx": ("sign", "authenticated")})
        self.assertIn("verified=passed level=A reason=verified", " ".join(
            " ".join(w for w in line.split() if w.split("=")[0] in ("verified", "level", "reason"))
            for line in self.stird.log_lines("verified=passed")))

    def test_a_server_that_hangs(self):
        """R-V-026: the call goes on when its time is over, and a later one has the certificate."""
        self.begin(wait="300ms")
        self.passed()
        self.web.hang()
        told = self.judged_call(self.signed("b.pem"), reason="certificate_pending")["verification"]
        self.assertEqual([told[k] for k in ("class", "cache", "fetch", "verstat")], ["open", "miss", "pending", "No-TN-Validation"])
        self.judged_call(self.signed(), reason="verified")
        self.web.hang(False)
        self.passed("b.pem")

    def set_clock(self, ahead_s):
        """Real time as stird sees it is so far off from ours."""
        self.ahead_s = ahead_s
        clock = self.lab.path("clock")
        with open(clock, "r+b" if os.path.exists(clock) else "w+b") as out:
            out.write(struct.pack("=q", ahead_s))
        return clock

    def begin_with_clock(self, ahead_s, **more):
        """stird alone: what is made for it is made now."""
        self.preloaded = {"LD_PRELOAD": shim("clock_shim"), "STIRD_TEST_CLOCK": self.set_clock(ahead_s),
                          "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        self.begin(**more)

    preloaded = {}

    def start_with(self, path, records=None):
        before = dict(os.environ)
        os.environ.update(self.preloaded)
        try:
            return super().start_with(path, records)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def until_now(self, reason):
        """As until(), by stird's clock."""
        def is_so():
            record = self.judged_call(self.signed(iat=int(time.time()) + self.ahead_s))
            return record["reason"] == reason and record
        return stird.wait_until(is_so, HANG_S, "a call that is " + reason)

    def test_values_of_one_certificate_that_ends(self):
        """Several values name it, and its time is over between two looks at the clock: they are judged by one and the
        same. What had been found for the first would be gone by the second."""
        nobody = {"name": "nobody", "sources": [self.net(4)], "service": "verify", "verification": "carrier",
                  "upstreams": ["nobody"]}
        self.begin_with_clock(0, trunks=[nobody], upstreams_more=[self.upstream("nobody", 8)])
        self.until_now("verified")
        worker, value = self.stird.child("worker"), self.signed()
        invite = "".join(line + "\r\n" for line in [
            "INVITE sip:%s@%s SIP/2.0" % (CALLED, self.net(1)), "Via: SIP/2.0/UDP %s:5070;branch=z9hG4bK%%d" % self.net(4),
            "Max-Forwards: 70", "From: <sip:%s@a.example>;tag=%%d" % CALLER, "To: <sip:%s@b.example>" % CALLED,
            "Call-ID: %d@ends", "CSeq: 1 INVITE", "Contact: <sip:a@%s:5070>" % self.net(4)] + ["Identity: " + value] * 8 +
            ["Content-Length: 0", ""])
        with open(self.lab.path("clock"), "r+b") as clock:
            clock.write(struct.pack("=qq", 0, 40 * 86400))  # it is good for 30 days
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.bind((self.net(4), 5070))
            for i in range(30):
                caller.sendto((invite % (i, i, i)).encode(), (self.net(1), 5060))

        def all_came():  # the records may have gone to the file of another day
            trunks = stirctl.ask(self.stird.configuration, "status")["totals"]["trunks"]
            return trunks.get("nobody", {}).get("passed_calls", 0) >= 30
        stird.wait_until(all_came, HANG_S, "all calls")
        with open(self.lab.path("clock"), "r+b") as clock:
            clock.write(struct.pack("=qq", 0, 0))
        self.assertEqual(self.stird.child("worker"), worker, "the worker died")
        self.until_now("verified")

    def test_what_a_signer_mends(self):
        """The same URL, the same key: what is at fault is asked for again after five minutes, once; and
        what was fetched by a clock that was ahead, when that is set right."""
        self.begin_with_clock(1000)
        end = b"-----END CERTIFICATE-----\n"
        whole = self.web.bodies["a.pem"]
        self.web.bodies["a.pem"] = whole.split(end)[0] + end  # its issuer is missing
        self.until_now("certificate_untrusted")
        self.until_now("certificate_untrusted")
        self.web.bodies["a.pem"] = whole
        self.until_now("certificate_untrusted")
        self.assertEqual(self.web.gets.count("a.pem"), 1)
        self.set_clock(1310)
        self.until_now("verified")
        self.assertEqual(self.web.gets.count("a.pem"), 2)
        self.until_now("verified")
        self.set_clock(0)

        def is_fetched():
            self.until_now("verified")
            return self.web.gets.count("a.pem") == 3
        stird.wait_until(is_fetched, HANG_S, "what was fetched ahead of now is fetched")

    def test_who_does_not_wait(self):
        """R-V-026, R-V-027, R-V-024: an emergency call; one that its caller gives up; one without a fetcher."""
        self.begin()
        self.passed()
        self.web.hang()
        record = self.judged_call(self.signed("b.pem", dest="911"), called="911", reason="certificate_pending")
        self.assertEqual([record["emergency"], record["verification"]["wait_us"]], [True, 0])
        invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + self.signed("b.pem")])
        stird.wait_until(lambda: self.web.gets.count("b.pem") >= 1, HANG_S, "a question")
        self.sbc.expect(100)  # it waits for more than 200 ms
        self.cancel(invite)
        os.kill(self.stird.wait_child("fetcher"), signal.SIGKILL)
        self.judged_call(self.signed(), reason="verified")

    def cancel(self, invite):
        self.sbc.send(dialog.cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        if self.carrier.poll(0):
            self.skipTest("it has waited as long as any call may, before the CANCEL was read")
        final = self.sbc.expect(487)
        self.sbc.acknowledge(invite, final, self.at())
        record = self.record(invite, reason="caller_cancelled", cause="cancelled")
        self.assertIsNone(record["verification"])

    def test_explain(self):
        """All that is found in each Identity, by what the workers believe."""
        self.begin()
        self.passed()
        message = token.invite(self.signed(), orig=CALLER, dest=CALLED)
        chain = self.made + "/709J/chain.pem"
        for words, reason, verdict in ((("--certificate", chain), "verified", "valid"),
                                       (("--online",), "verified", "valid"),
                                       ((), "certificate_pending", "open"),
                                       (("--certificate", chain, "--offline"), "verified", "valid")):
            told = self.explained(message, *words)
            self.assertEqual([told["decision"], told["reason"]], ["passed", reason], (words, told))
            self.assertEqual([i["verdict"] for i in told["identities"]], [verdict])
        tampered = message.replace("From: <sip:" + CALLER, "From: <sip:+12155550177")
        told = self.explained(tampered, "--certificate", chain)
        self.assertEqual([told["verification"]["class"], told["reason"]], ["failed", "token_of_another_call"])
        results = {c["check"]: c["result"] for c in told["identities"][0]["checks"]}
        self.assertEqual([results["orig"], results["dest"], results["signature"]], ["FAILED", "ok", "ok"])

    def test_explain_has_what_the_record_has(self):
        """Each member, by the same name, with the same value where it is not a matter of time or of a cache."""
        self.begin()
        self.passed()
        ours = ("cache", "wait_us", "verify_us", "age", "trust_generation")
        chain = self.made + "/709J/chain.pem"
        came = "<sip:%s;verstat=TN-Validation-Passed@pbx.example.com>" % CALLER
        for value, words, more, level, fits in (
                (self.signed(), ("--online",), {}, "A", None),
                (self.signed(), ("--online",), {"from_": came}, "A", True),
                (self.signed(iat=1700000000), ("--certificate", chain), {"from_": came}, None, False),
                (self.signed(dest="13125550199"), ("--certificate", chain, "--offline"), {}, None, None),
                ("nonsense", (), {}, None, None)):
            invite, arrived = self.short_call(caller=CALLER, called=CALLED, extra=["Identity: " + value], **more)
            record = self.record(invite)
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
            told = self.explained(invite.octets().decode(), *words)
            self.assertEqual([told["reason"], told["level"]], [record["reason"], level])
            self.assertEqual(list(told["verification"]), list(record["verification"]))
            self.assertEqual({k: v for k, v in told["verification"].items() if k not in ours},
                             {k: v for k, v in record["verification"].items() if k not in ours})
            self.assertEqual(told["verification"]["verstat_fits"], fits)
            self.assertIn(told["verification"]["cache"], ("not asked", None))
        self.assertEqual(record["verification"]["trust"], None)

    def test_explain_fetches_as_the_fetcher_does(self):
        """By fetch.size; and a fault of ours is not the server's."""
        self.begin(fetch='size = "4k";')
        self.passed()
        self.web.bodies["long.pem"] = self.web.bodies["a.pem"] + b"# and more\n" * 500
        record = self.until("certificate_unsuitable", "long.pem")
        message = token.invite(self.signed("long.pem"), orig=CALLER, dest=CALLED)
        told = self.explained(message, "--online")
        self.assertEqual([told["reason"], told["verification"]["class"]], [record["reason"], "nothing"])
        with open(self.web.ca, "w", encoding="ascii") as ca:
            ca.write("nonsense")
        status, out, err = self.online(message, "--trunk", "in")
        self.assertEqual([status, json.loads(out)["reason"]], [3, "certificate_pending"])
        self.assertIn("nothing was fetched", err)

    def test_explain_says_that_no_host_is_reached(self):
        """As the record of a call does, where it is the running stird that reaches none."""
        self.begin()  # no host has served anything yet that could be asked whether it answers
        names = ["https://%s:8443/a.pem" % self.net(nobody) for nobody in (61, 62, 63)]
        values = [token.identity(self.made + "/709J", header={"x5u": url},
                                 parameters=";info=<%s>;alg=ES256;ppt=shaken" % url) for url in names]
        messages = [token.invite(value, orig=CALLER, dest=CALLED) for value in values]
        # a worker hears of the fetcher in its own time: what was not fetched by then is named again
        stird.wait_until(lambda: [self.judged_call(value)["reason"] for value in values][-1] == "fetch_cut_off",
                         HANG_S, "a call while no host is reached")
        stird.wait_until(lambda: "fetch_cut_off" in [a["name"] for a in stirctl.ask(
            self.stird.configuration, "status")["alarms"]], HANG_S, "no host is reached")
        for message in messages:
            told = self.explained(message, "--online")
            self.assertEqual([told["reason"], told["verification"]["class"]], ["fetch_cut_off", "open"])
            status, out, err = self.online(message, "--trunk", "in")
            self.assertEqual([status, json.loads(out)["reason"]], [3, "fetch_cut_off"])
            self.assertIn("nothing was fetched", err)

    def online(self, message, *words):
        return stirctl.run(self.stird.configuration, "--json", "verify", "--online", *words,
                           self.lab.write("invite", message))

    def test_commands(self):
        """verify --online judges as stird does and exits as verify does; signers counts what was recorded."""
        self.begin()
        self.passed()
        self.until("certificate_unavailable", "none.pem")
        kept = stird.wait_until(lambda: stirctl.ask(self.stird.configuration, "certificates", "cache")["certificates"],
                                HANG_S, "a kept certificate")
        self.assertEqual([(k["url"], k["state"]) for k in kept], [(self.web.url("a.pem"), "fresh")])
        message = token.invite(self.signed(), orig=CALLER, dest=CALLED)
        tampered = message.replace("From: <sip:" + CALLER, "From: <sip:+12155550177")
        unserved = token.invite(self.signed("none.pem"), orig=CALLER, dest=CALLED)
        for text, status, reason in ((message, 0, "verified"), (tampered, 1, "token_of_another_call"),
                                     (unserved, 1, "certificate_unavailable"),
                                     (token.invite(orig=CALLER, dest=CALLED), 1, "unsigned_call")):
            code, out, err = self.online(text, "--trunk", "in")
            self.assertEqual((code, json.loads(out)["reason"]), (status, reason), err)
        code, out, err = self.online(message)  # one trunk verifies
        self.assertEqual((code, json.loads(out)["trunk"]), (0, "in"), err)
        for words, said in ((("--trunk", "pbx"), "the trunk pbx does not verify"),
                            (("--trunk", "no"), "there is no trunk"), (("--offline",), "--online goes by")):
            code, _, err = self.online(message, *words)
            self.assertEqual(code, 2, err)
            self.assertIn(said, err)
        self.by_token()
        told = stirctl.ask(self.stird.configuration, "signers", "--reason", "verified")["signers"]
        self.assertEqual([(s["spc"], s["levels"]["A"] > 0, s["failed"], s["open"]) for s in told],
                         [("709J", True, 0, 0)])

    def test_kept_certificates(self):
        """Sorted; one of them, and why it is none; dropped everywhere: the next call has it fetched."""
        self.begin(workers=2)
        path = self.lab.path("stird.conf")
        self.passed("b.pem")
        self.passed("a.pem")

        def kept():
            return [k["url"] for k in stirctl.ask(path, "certificates", "cache")["certificates"]]
        both = [self.web.url("a.pem"), self.web.url("b.pem")]
        stird.wait_until(lambda: kept() == both, HANG_S, "two kept certificates, in their order")
        told = stirctl.ask(path, "certificates", "show", both[0])
        self.assertEqual([told[k] for k in ("url", "state", "spc", "trust", "revoked", "good", "why")],
                         [both[0], "fresh", "709J", ["us"], "not judged", True, None])
        self.assertLess(told["valid_from"], told["valid_until"])
        status, out, err = stirctl.run(path, "certificates", "show", both[0])
        self.assertEqual((status, err), (0, ""))
        for said in (r"(?m)^spc +709J$", r"(?m)^trust +us$", r"(?m)^good +yes$", r"(?m)^subject +CN=SHAKEN 709J"):
            self.assertRegex(out, said)
        gets = self.web.gets.count("a.pem")
        self.judged_call(self.signed(), reason="verified")
        self.assertEqual(self.web.gets.count("a.pem"), gets)
        self.assertEqual(stirctl.ask(path, "certificates", "drop", both[0]), {"dropped": True})
        self.assertEqual(kept(), both[1:])
        for _ in range(4):  # of either worker
            self.until("verified")
        self.assertEqual(self.web.gets.count("a.pem"), gets + 1)
        self.until("certificate_unavailable", "none.pem")
        gets = self.web.gets.count("none.pem")
        self.web.bodies["none.pem"] = self.web.bodies["a.pem"]
        told = self.judged_call(self.signed("none.pem"), reason="certificate_unavailable")["verification"]
        self.assertEqual(told["fetch"], "gone")
        self.assertEqual(self.web.gets.count("none.pem"), gets, "that it cannot be had is known")
        self.assertEqual(stirctl.ask(path, "certificates", "drop", self.web.url("none.pem")), {"dropped": True})
        self.passed("none.pem")
        os.kill(self.stird.wait_child("fetcher"), signal.SIGSTOP)  # it is replaced, and its successor told
        self.assertEqual(stirctl.ask(path, "certificates", "drop", both[1]), {"dropped": True})
        self.assertNotIn(both[1], kept())
        for url, said in (("http://x/", "https"), (self.web.url("never.pem"), None)):
            status, _, err = stirctl.run(path, "certificates", "drop", url)
            self.assertEqual(status, 0 if said is None else 1, err)
            self.assertIn(said or "", err)
        status, _, err = stirctl.run(path, "certificates", "show", self.web.url("never.pem"))
        self.assertEqual(status, 1)
        self.assertIn("nothing of it is kept", err)

    def test_drop_where_nothing_is_fetched(self):
        self.start()
        status, _, err = stirctl.run(self.stird.configuration, "certificates", "drop", "https://a.example.net/c.pem")
        self.assertEqual(status, 1)
        self.assertIn("nothing is fetched", err)

    def by_token(self):
        """The token of a verified call finds it, as does what was found of it."""
        path = self.stird.configuration
        origid = "223e4567-e89b-12d3-a456-426655440000"
        record = self.judged_call(self.signed(origid=origid, attest="B"), reason="verified")
        for words in (("--origid", origid), ("--class", "passed", "--spc", "709J", "--last", "1"),
                      ("--verstat", "TN-Validation-Passed", "--origid", origid)):
            status, out, err = stirctl.run(path, "--json", "records", "find", *words)
            self.assertEqual((status, err), (0, ""))
            self.assertEqual([json.loads(line)["call_id"] for line in out.splitlines()], [record["call_id"]], words)
        self.assertEqual(stirctl.ask(path, "explain", "--origid", origid)["call_id"], record["call_id"])
        status, out, err = stirctl.run(path, "explain", "--origid", origid)
        self.assertEqual((status, err), (0, ""))
        for said in (r"(?m)^class +passed$", r"(?m)^spc +709J$", r"(?m)^trust +us$"):
            self.assertRegex(out, said)
        for words in (("--class", "failed"), ("--verstat", "TN-Validation-Failed"), ("--spc", "709")):
            self.assertEqual(stirctl.run(path, "records", "find", "--origid", origid, *words)[:2], (1, "none\n"))
        told = stirctl.ask(path, "signers", "--origid", origid)["signers"]
        self.assertEqual([(s["spc"], s["levels"]["B"], s["calls"]) for s in told], [("709J", 1, 1)])
        for words, said in ((("--class", "pass"), "--class pass: is none of passed"),
                            (("--verstat", "Passed"), "--verstat Passed: is none of TN-Validation-Passed")):
            status, _, err = stirctl.run(path, "records", "find", *words)
            self.assertEqual(status, 2)
            self.assertIn(said, err)

    def test_a_carrier_of_both_directions(self):
        """R-V-061: one address begins calls, which are judged, and takes those that are signed."""
        self.begin(sources=[self.net(9)], upstreams=["pbx"], upstreams_more=[self.upstream("pbx", 2)],
                   trunks=[self.trunk("pbx", 2)])
        invite, arrived = self.short_call(peer=self.carrier, at=self.sbc, caller=CALLER, called=CALLED)
        self.assertEqual(arrived.raws("identity"), [])
        self.record(invite, trunk="in", reason="unsigned_call", upstream="pbx")
        invite, arrived = self.short_call()
        self.verify(arrived, "A", "12155550100", "12155550199")
        self.assertIsNone(self.record(invite, trunk="pbx", upstream="carrier", decision="signed")["verification"])

    def test_inside_a_call(self):
        """Requests inside it are neither judged nor blocked: no number table is asked about such calls."""
        self.begin()
        invite = self.place(caller="+12155556000", called=CALLED)  # which is blocked where calls are signed
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200, body=dialog.SDP)
        ok = self.sbc.expect(200)
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")
        again = dialog.in_dialog(self.sbc, "INVITE", invite, ok, 2, body=dialog.SDP)
        self.sbc.send(again, self.sbc.next_hop(again))
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived["call-id"], invite["call-id"])
        self.carrier.respond(arrived, 486)
        self.sbc.acknowledge(again, self.sbc.expect(486))
        self.record(invite, reason="unsigned_call", cause="answered")

    def elsewhere(self, called, **more):
        """A call whose To stays, while its Request-URI is this number's: what is told of it."""
        uri = "sip:%s@%s" % (called, self.net(1))
        return self.judged_call(self.signed(), uri=uri, to="<sip:%s@pbx.example.com>" % CALLED, **more)["verification"]

    def test_a_token_of_another_call(self):
        """To is copied with the token: a Request-URI elsewhere, to which no div leads, is told in record, log and counters."""
        self.begin()
        self.passed()
        self.assertNotIn("requested", self.elsewhere(CALLED, reason="verified"))
        self.assertNotIn("requested", self.elsewhere("alice", reason="verified"))
        told = self.elsewhere("+13125550177", reason="verified")
        self.assertEqual([told["class"], told["requested"]], ["passed", "13125550177"])
        self.assertEqual(len(self.stird.log_lines("verified=passed requested=13125550177")), 1)
        stats = stirctl.ask(self.stird.configuration, "stats")
        self.assertEqual([stats["verified_elsewhere"], stats["trunks"]["in"]["verified_elsewhere"]], [1, 1])
        status, out, err = stirctl.run(self.stird.configuration, "records", "find", "--tn", "13125550177")
        self.assertEqual(status, 0, err)
        self.assertRegex(out, "requested +13125550177")
        message = token.invite(self.signed(), orig=CALLER, dest=CALLED)
        begin, rest = message.split(" ", 2)[0], message.split(" ", 2)[2]
        told = self.explained("%s sip:+13125550177@h %s" % (begin, rest), "--certificate", self.made + "/709J/chain.pem")
        found = {c["check"]: c for c in told["identities"][0]["checks"]}["dest"]
        self.assertEqual([told["verification"]["class"], told["verification"]["requested"], found["result"]],
                         ["passed", "13125550177", "warning"])
        self.assertIn("another number, 13125550177, and no div leads there", found["found"])

    def test_what_a_trunk_that_is_not_trusted_says(self):
        """Verifying changes nothing; the border of the trust domain does what it does to any call (docs/sip.md)."""
        verifies = {"service": "verify", "verification": "carrier"}
        self.begin(trunks=[dict({"name": name, "sources": [self.net(last)], "trusted": trusted, "upstreams": [to]}, **verifies)
                           for name, last, trusted, to in (("believed", 3, True, "carrier"), ("inwards", 4, False, "close"),
                                                           ("whole", 6, True, "close"))],
                   upstreams_more=[self.upstream("close", 8, trusted=True)])
        self.passed()
        said = ["P-Asserted-Identity: <sip:%s;verstat=TN-Validation-Passed@x>" % CALLER,
                "P-Attestation-Indicator: A", "P-Origination-ID: " + token.ORIGID, "X-Kept: 1"]
        asserted, told, kept = ["p-asserted-identity"], ["p-attestation-indicator", "p-origination-id"], ["x-kept"]
        close = self.peer("close", 8)
        for trunk, peer, at, left in (("in", self.sbc, self.carrier, kept),
                                      ("believed", self.peer("b", 3), self.carrier, asserted + kept),
                                      ("inwards", self.peer("i", 4), close, kept),
                                      ("whole", self.peer("w", 6), close, asserted + told + kept)):
            invite = self.place(peer, caller=CALLER, called=CALLED, extra=["Identity: " + self.signed()] + said)
            arrived = at.expect("INVITE")
            self.assertEqual([name for name in asserted + told + kept if arrived.raws(name)], left, trunk)
            self.assertEqual(arrived.raws("identity"), invite.raws("identity"))
            if asserted[0] in left:
                self.assertEqual("verstat" in arrived[asserted[0]], at is close)
            self.refuse(arrived, invite, peer, at=at)
            record = self.record(invite, trunk=trunk, reason="verified")["verification"]
            self.assertEqual(record["verstat_came"], "TN-Validation-Passed")

    def test_a_call_that_waits_when_stird_stops(self):
        """R-V-026: it goes on at once as open, however short the time for draining is, and is not refused."""
        self.begin(drain="0ms")
        self.passed()
        self.web.hang()
        invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + self.signed("b.pem")])
        stird.wait_until(lambda: self.web.gets.count("b.pem") >= 1, HANG_S, "a question")
        self.stird.process.send_signal(signal.SIGTERM)
        self.carrier.expect("INVITE")
        self.assertEqual(self.stird.process.wait(HANG_S), 0)
        told = self.record(invite, reason="certificate_pending", cause="stopped")["verification"]
        self.assertEqual([told["class"], told["cache"]], ["open", "miss"])

    def test_a_reload_that_moves_domains(self):
        """A worker has the new settings before the new domains. Meanwhile a profile believes no domain that has come
        to the place of its own, nor one of other authorities, and what it believes does not fail."""
        others = self.lab.path("others")
        self.assertEqual(stirctl.run("/none", "lab-ca", others)[0], 0)
        self.begin()
        with open(others + "/709J/chain.pem", "rb") as source:
            chains = {self.made: self.web.bodies["a.pem"], others: source.read()}
        with open(self.stird.configuration, encoding="utf-8") as source:
            head, _, rest = source.read().partition("trust = ( ")
        generation = self.passed()["verification"]["trust_generation"]

        def call(whose):
            """By a certificate that has to be fetched."""
            path = "new%d.pem" % len(self.web.bodies)
            self.web.bodies[path] = chains[whose]
            url = self.web.url(path)
            record = self.judged_call(token.identity(whose + "/709J", header={"x5u": url},
                                                     parameters=";info=<%s>;alg=ES256;ppt=shaken" % url))
            return record["reason"], record["verification"]["trust_generation"]

        def both():
            """Of whom the profile believes after the reload, or None while domains of before are in force."""
            good, bad = call(believed), call(others if believed == self.made else self.made)
            self.assertIn(good[0], ("verified", "trust_unavailable"))
            self.assertIn(bad[0], ("certificate_untrusted", "trust_unavailable"))
            return good[1] > generation and (good[0], bad[0]) == ("verified", "certificate_untrusted") and good
        us, other, changed = ("us", self.made), ("other", others), ("us", others)
        for domains in ((us, other), (other, us), (us, other), (other, us), (us,), (changed,), (other, us)):
            with self.subTest(domains=domains):
                believed = dict(domains)["us"]
                self.lab.write("stird.conf", head + "trust = ( " + ", ".join(
                    settings.group({"name": name, "anchors": made + "/root.pem"}) for name, made in domains)
                    + " ); verification" + rest.partition("verification")[2])
                self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)
                generation = stird.wait_until(both, HANG_S, "domains made of the new configuration")[1]

    def test_two_workers_and_one_question(self):
        """R-V-025: the calls of all workers have one fetch."""
        self.begin(workers=2)
        self.passed()
        self.web.hang()
        placed = [self.place(caller=CALLER, called=CALLED, extra=["Identity: " + self.signed("b.pem")])
                  for _ in range(12)]
        stird.wait_until(lambda: self.web.gets.count("b.pem") >= 1, HANG_S, "a question")
        self.web.hang(False)
        for arrived in [self.carrier.expect("INVITE") for _ in placed]:
            self.carrier.respond(arrived, 486)
        for invite in placed:
            self.record(invite, decision="passed")
        self.assertEqual(self.web.gets.count("b.pem"), 1)


if __name__ == "__main__":
    unittest.main()
