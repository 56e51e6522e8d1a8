"""R-P-110: stirctl explain decides as the call itself does: the same level, reason, rule and table row."""

import gzip
import os
import re
import time
import unittest

from daemon.lifetimes import ProcessStory
from lib import settings, stirctl
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.tls import TLS_PORT, Authority

SAME = ("trunk", "customer", "decision", "reason", "rule", "number_state", "number_row")


class Explain(ProcessStory):
    NUMBERS = ("+12155550100", "+12155551234", "+12155552345", "+12155553456", "+12155554000",
               "+12155555000", "+12155556000", "+12155559999", "2155550100", "anonymous",
               "+12155550100:12155556000", "+12155550100:pw")

    def test_agrees_with_each_call(self):
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        for last, number in enumerate(self.NUMBERS):
            with self.subTest(number=number):
                invite = self.invite(self.sbc, caller=number)
                told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message",
                                   self.lab.write("call%d" % last, invite.octets().decode()),
                                   "--source", self.net(2), "--listener", "main")
                self.sbc.send(invite, self.at())
                record = self.end_and_record(invite, told["sip_status"])
                self.assertEqual({key: told[key] for key in SAME},
                                 {key: record[key] for key in SAME})
                self.assertEqual(told["level"], record["attest"])
                self.assertEqual(told["by"], "the running stird")

    def asked(self, message, *words):
        raw = message.octets() if hasattr(message, "octets") else message
        path = self.lab.path("message")
        with open(path, "wb") as out:
            out.write(raw)
        return stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path, *words)

    def changed(self):
        """INVITEs that are refused before anything is decided, each for its own reason."""
        def started(line):
            invite = self.invite()
            invite.start = line.encode()
            return invite
        def raw(message, old, new):
            return message.octets().replace(old, new, 1)
        invite = self.invite
        yield invite()
        yield invite(max_forwards=0)
        yield invite(max_forwards=256)
        yield invite(max_forwards=None)
        yield invite().replaced("max-forwards", "Max-Forwards: many")
        yield invite(extra=["Proxy-Require: foo, bar"])
        yield invite(max_forwards=0, extra=["Proxy-Require: foo"])
        yield invite(to="<sip:+12155550199@h>;tag=x")
        yield invite(to="<sip:+12155550199@h>;tag=x", caller="+12155556000")
        yield invite(extra=["Route: <sip:%s:5060;lr;stk=%s>" % (self.net(1), "0" * 16)],
                     to="<sip:+12155550199@h>;tag=x")
        yield invite(uri="sip:911@" + self.net(1), to="<sip:911@h>;tag=x")
        yield started("INVITE http://example.com/ SIP/2.0")
        yield started("INVITE sip:x@h SIP/3.0")
        yield started("INVITE sip:x@h")
        yield started("INVITE <sip:x@h> SIP/2.0")
        for name in ("via", "from", "to", "call-id", "cseq"):
            yield invite().without(name)
        yield invite().replaced("cseq", "CSeq: 1 OPTIONS")
        yield invite().replaced("cseq", "CSeq: 4294967296 INVITE")
        yield invite().replaced("from", "From: <sip:+1215")
        yield invite().plus("To: <sip:x@h>")
        yield invite().plus("Content-Length: 1")
        yield invite().replaced("content-length", "Content-Length: 9999")
        yield invite().plus("Route: " + ",".join(["<sip:192.0.2.1;lr>"] * 65))
        yield invite(extra=["X-%d: y" % i for i in range(300)])
        yield invite(extra=["X-Long: " + "x" * 17000])
        yield raw(invite(), b"\r\n\r\n", b"\r\n")[:300]
        yield raw(invite(), b"\r\n", b"\n")
        yield invite().octets().replace(b"\r\n", b"\n")
        yield raw(invite(), b"\r\n", b"\r\nX-No-Colon\r\n")
        yield raw(invite(), b"\r\n", b"\r\nX: a\rb\r\n")
        yield raw(invite(), b"\r\n", b"\r\nX: \0\xff\r\n")
        yield b"\r\n\r\n" + invite().octets()
        for junk in (b" ", b"\t", b"\0", b"\xef\xbb\xbf", b"\r\n \t"):
            yield junk + invite().octets()
        yield invite().octets() + b"behind"

    def test_what_is_wrong_is_named(self):
        """Which header and what, as the log has it; no call is needed for that."""
        self.start()
        uri = "sip:x@" + self.net(1)
        def started(line):
            return self.invite().octets().replace(self.invite().start, line.encode(), 1)
        for message, detail in ((started("INVITE %s SIP/3.0" % uri), "the version is not SIP/2.0"),
                                (started("INVITE %s SIP" % uri), "it names no version"),
                                (started("INVITE"), "it is no method, URI and version"),
                                (self.invite().replaced("from", "From: <sip:+12155550100@h>;tag=1" + ";a=b" * 2000),
                                 "From: has too many parameters"),
                                (self.invite().plus("Route: " + ",".join(["<sip:192.0.2.1;lr>"] * 65)),
                                 "Route: has too many elements")):
            with self.subTest(detail=detail):
                told = self.asked(message, "--source", self.net(2))
                self.assertEqual(told["decision"], "rejected")
                self.assertRegex(told["detail"], re.escape(detail) + r", at octet \d+")

    def test_what_it_is_asked_wrongly_is_named(self):
        self.start()
        both = ("--from", "+12155550100", "--to", "+13125550123")
        good = self.lab.write("lf.sip", self.invite().octets().replace(b"\r\n", b"\n").decode())
        with open(self.lab.path("m.gz"), "wb") as out:
            out.write(gzip.compress(b"INVITE"))
        for words, said in ((("--trunk", "pbx", "--transport", "sctp") + both, "--transport sctp: is none of udp, tcp and tls"),
                            (("--source", "pbx") + both, "--source pbx: is no IP address"),
                            (("--trunk", "pbx", "--at", "noon") + both, "--at noon: there is no such time: write it as 2026-11-26T23:59:59Z"),
                            (("--trunk", "pbx", "--at", "2027-02-30T12:00:00Z") + both, "there is no such time"),
                            (("--source", self.net(2), "--message", self.lab.path("m.gz")), "is packed by gzip: gunzip it first"),
                            (("--source", self.net(2), "--message", good),
                             "its lines end in LF, those of SIP in CRLF: if that came of copying, sed 's/$/\\r/' mends it")):
            with self.subTest(words=words):
                _, _, err = stirctl.run(self.lab.path("stird.conf"), "explain", *words)
                self.assertIn(said, err)

    def turn_away(self):
        """What has come to the carrier."""
        self.carrier.poll(0.01)
        for there in [m for m in self.carrier.inbox if m.method == "INVITE" and not m.again]:
            self.carrier.respond(there, 486)
        self.carrier.inbox = []

    def over_tcp(self):
        """As they are framed there: the body's length must be told, and once."""
        for over in (b"TCP", b"tls"):
            def raw(length, over=over, **more):
                text = self.invite(**more).octets().replace(b"SIP/2.0/UDP", b"SIP/2.0/" + over)
                return re.sub(rb"Content-Length: (\d+)\r\n", length, text)
            yield raw(rb"Content-Length: \1\r\n")
            yield raw(b"")
            yield raw(b"", uri="sip:911@" + self.net(1))
            yield raw(rb"Content-Length: x\r\n")
            yield raw(rb"l: \1\r\nContent-Length: \1\r\n")
            yield raw(rb"l: \1\r\n") + b"behind"

    def test_a_stream_is_framed_as_one(self):
        """By the top Via, or as --transport says."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        for number, message in enumerate(self.over_tcp()):
            with self.subTest(number=number, message=message[:300]):
                source = ("--source", self.net(2), "--listener", "main")
                told = self.asked(message, *source)
                before = len(self.stird.records())
                stream = self.sbc.connect(self.net(1), 5060, fresh=True)
                stream.socket.sendall(message)
                record = wait_until(lambda n=before: self.turn_away() or self.stird.records()[n:], 5,
                                    "a record")[0]
                self.assertEqual([told[key] for key in SAME + ("detail",)],
                                 [record[key] for key in SAME + ("detail",)])
                self.assertEqual(self.asked(message.replace(b"/TCP", b"/UDP"), *source,
                                            "--transport", "tcp")["decision"], told["decision"])
        unsized = self.invite().without("content-length")
        self.assertEqual(self.asked(unsized, *source)["decision"], "signed")
        self.assertEqual(self.asked(unsized, *source, "--transport", "TLS")["decision"], "rejected")
        whole = self.invite().octets()
        for cut in (whole[:whole.index(b"\r\n\r\n") + 2],
                    re.sub(rb"Content-Length: \d+", b"Content-Length: 9999", whole)):
            told = self.asked(cut, *source, "--transport", "tcp")
            self.assertEqual((told["decision"], told["sip_status"]), ("rejected", 0), told)

    def status_of(self, sent, message):
        """Of the answer; 0 where the call goes on, None where nothing comes."""
        self.sbc.send(message, self.at())
        deadline = time.monotonic() + (HANG_S if sent else 0.5)
        status = None
        while status is None and time.monotonic() < deadline:
            self.sbc.poll(0.01)
            self.turn_away()
            final = [m for m in self.sbc.inbox if m.status != 100 and not m.again]
            if final:
                status = 0 if final[0].status == 486 else final[0].status
                if hasattr(message, "octets"):
                    self.sbc.acknowledge(message, final[0], self.at())
            self.sbc.inbox = []
        return status

    def test_answers_as_the_call_is_answered(self):
        """The same checks in the same order, from the octets: status, reason, what is wrong."""
        self.start(limits=' message = "16k";')
        self.carrier  # pylint: disable=pointless-statement
        for number, message in enumerate(self.changed()):
            text = (message.octets() if hasattr(message, "octets") else message)[:300]
            with self.subTest(number=number, message=text):
                told = self.asked(message, "--source", self.net(2), "--listener", "main")
                silent = told["decision"] == "rejected" and told["sip_status"] == 0
                before = len(self.stird.records())
                status = self.status_of(not silent, message)
                self.assertEqual(told["sip_status"], status or 0, told)
                record = wait_until(lambda n=before: self.stird.records()[n:], 5, "a record")[0]
                self.assertEqual([told[key] for key in SAME + ("detail",)],
                                 [record[key] for key in SAME + ("detail",)])
                self.assertEqual(told["level"], record["attest"])
                time.sleep(0.1)  # ten undecided ones a second have records of their own

    def test_whose_they_are(self):
        """An upstream's and a stranger's, good and bad."""
        self.start()
        good, bad = self.invite(), self.invite().without("cseq")
        for last, message, reason, status in (
                (9, good, "from_upstream", 403), (9, bad, "bad_request", 0),
                (66, good, "unknown_source", 0), (66, bad, "unknown_source", 0),
                (2, bad, "bad_request", 0)):
            with self.subTest(last=last, reason=reason):
                told = self.asked(message, "--source", self.net(last))
                self.assertEqual((told["decision"], told["reason"], told["sip_status"]),
                                 ("rejected", reason, status))

    def test_a_loop(self):
        """By the secret in the state directory; without it a note says so."""
        self.start()
        invite = self.place(uri="sip:+12155550199@carrier.example.com")
        arrived = self.carrier.expect("INVITE")
        back = arrived.replaced("via", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx",
                                *arrived.raws("via"))
        told = self.asked(back, "--trunk", "pbx")
        self.assertEqual((told["reason"], told["sip_status"], told["note"]),
                         ("loop_detected", 482, None))
        os.rename(self.lab.path("state/hmac-secret"), self.lab.path("state/aside"))
        told = self.asked(back, "--trunk", "pbx")
        os.rename(self.lab.path("state/aside"), self.lab.path("state/hmac-secret"))
        self.assertEqual(told["decision"], "passed")
        self.assertIn("hmac-secret", told["note"])
        self.refuse(arrived, invite)

    def test_for_people_what_is_wrong(self):
        self.start()
        path = self.lab.write("message", self.invite().replaced(
            "cseq", "CSeq: x").octets().decode())
        code, out, _ = stirctl.run(self.lab.path("stird.conf"), "explain", "--message", path,
                                   "--trunk", "pbx")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^reason +bad_request$")
        self.assertRegex(out, r"(?m)^detail +CSeq: .*, at octet \d+$")
        self.assertRegex(out, r"(?m)^answer +400$")

    def end_and_record(self, invite, refused):
        """The callee refuses what stird itself does not."""
        if not refused:
            self.carrier.respond(self.carrier.expect("INVITE"), 486)
            self.carrier.expect("ACK")
        self.sbc.acknowledge(invite, self.sbc.expect(refused or 486), self.at())
        return self.stird.record(invite["call-id"])

    def explain_message(self, invite, *words):
        return stirctl.ask(self.lab.path("stird.conf"), "explain", "--message",
                           self.lab.write("call", invite.octets().decode()),
                           "--source", self.net(2), "--listener", "main", *words)

    def test_supposes_an_upstream(self):
        """The first of the trunk, or the named one: what each sees is decided for it."""
        self.start(pbx={"upstreams": ["first", "carrier"], "attestation_headers": True},
                   upstreams=[self.upstream("first", 8, trusted=True), self.upstream()])
        first, _ = self.peer("first", 8), self.carrier
        invite = self.invite(self.sbc, caller="anonymous", extra=[
            "P-Asserted-Identity: <tel:+12155551234>", "Privacy: header,id",
            'X-Attestation-Info: "?"', "Identity: rubbish;"])
        told = self.explain_message(invite)
        self.assertEqual((told["upstream"], told["sees"], told["ask_apart"], told["level"]),
                         ("first", "all", "carrier", "C"))
        self.assertIn('Attestation-Info of the SBC cannot be read as A, B or C: ""?""',
                      told["steps"])
        self.assertIn("an Identity that the call carries is not as RFC 8224 has it: it is not "
                      "TOKEN;info=<URL>;alg=...;ppt=...", told["steps"])
        apart = self.explain_message(invite, "--upstream", "carrier")
        self.assertEqual((apart["upstream"], apart["ask_apart"], apart["decision"], apart["reason"]),
                         ("carrier", "first", "passed", "calling_withheld"))
        self.sbc.send(invite, self.at())
        first.respond(first.expect("INVITE"), 503)
        first.expect("ACK")
        record = self.end_and_record(invite, 0)
        self.assertEqual({key: apart[key] for key in SAME}, {key: record[key] for key in SAME})
        code, _, err = stirctl.run(self.lab.path("stird.conf"), "explain", "--trunk", "pbx",
                                   "--from", "+1", "--to", "+1", "--upstream", "other")
        self.assertEqual(code, 1)
        self.assertIn("it has: first carrier", err)

    def test_uses_what_is_in_force_not_what_is_in_the_files(self):
        self.start()
        path = self.lab.path("stird.conf")
        question = ("explain", "--trunk", "pbx", "--from", "+12155550100", "--to", "+13125550123")
        self.configure(numbers=settings.NUMBERS.replace("+12155550100,acme,owned",
                                                        "+12155550100,acme,unverified"))
        self.assertEqual(stirctl.ask(path, *question)["level"], "A")
        self.assertEqual(stirctl.ask(path, *question, "--offline")["level"], "B")
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.assertEqual(stirctl.ask(path, *question)["level"], "B")
        self.stird.stop()
        told = stirctl.ask(path, *question)
        self.assertEqual((told["level"], told["by"]), ("B", "the files"))

    def test_whatever_else_is_configured(self):
        """With TLS, whose key no stird gives away, and all that a box in front may need; also once files are gone."""
        authority = Authority(self.lab)
        certificate, key = authority.issue("stird", "IP:" + self.net(1))
        self.start(listeners=[self.listener(advertise="203.0.113.5", aliases=[self.net(11), "node.example"]),
                              self.listener("secure", port=TLS_PORT, transports=["tls"], verify_client="require",
                                            advertise="203.0.113.5:5071")],
                   pbx={"health": "signing", "force_rport": True, "reuse_connection": True, "contact_fix": True,
                        "tls_name": "sbc.example", "listener": "secure"},
                   more='aliases = [ "both.example" ]; tls = { certificate = "%s"; key = "%s"; ca = "%s"; };\n'
                        % (certificate, key, authority.certificate))
        words = ("--from", "+12155550100", "--to", "+13125550123")
        for trunk in ("pbx", "guest"):
            told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--trunk", trunk, *words)
            self.assertEqual((told["level"], told["by"]), ("A", "the running stird"))
            told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--trunk", trunk, *words, "--offline")
            self.assertEqual((told["level"], told["by"]), ("A", "the files"))
        for gone in (key, certificate):
            os.unlink(gone)
            told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--trunk", "pbx", *words)
            self.assertEqual((told["level"], told["by"]), ("A", "the running stird"))

    def test_for_people(self):
        self.start()
        soon = int(time.time()) + 3600
        code, out, _ = stirctl.run(self.lab.path("stird.conf"), "explain", "--trunk", "pbx",
                                   "--from", "+12155550100", "--to", "+13125550123",
                                   "--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(soon)))
        self.assertEqual(code, 0)
        self.assertRegex(out, r"(?m)^number_row +.*numbers\.csv:2$")
        self.assertRegex(out, r"(?m)^level +A$")
        self.assertIn('"iat":%d,' % soon, out)
        self.assertIn("attestation.owned gives A", out)

    def test_questions_that_cannot_be_answered(self):
        self.start()
        path = self.lab.path("stird.conf")
        for words, code, text in (
                (("--trunk", "nobody", "--from", "+1", "--to", "+1"), 1, "there are: pbx"),
                (("--trunk", "pbx", "--from", "+1"), 2, "usage:"),
                (("--from", "+1", "--to", "+1"), 2, "usage:"),
                (("--source", "localhost", "--from", "+1", "--to", "+1"), 1, "no IP address"),
                (("--trunk", "pbx", "--from", "a\r\nX: y", "--to", "+1"), 1, "line end"),
                (("--trunk", "pbx", "--message", "/nonexistent"), 1, "No such file"),
                (("--trunk", "pbx", "--message", self.lab.write("m", "hello\n")), 1,
                 "no INVITE that stird would take"),
                (("--trunk", "pbx", "--from", "+1", "--to", "+1", "--at", "today"), 1, "--at")):
            with self.subTest(words=words):
                status, out, err = stirctl.run(path, "explain", *words)
                self.assertEqual((status, out), (code, ""))
                self.assertIn(text, err)


if __name__ == "__main__":
    unittest.main()
