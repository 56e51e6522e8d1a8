"""Calls that a profile of verification refuses, and those that it never refuses: RFC 8224 section 6.2.2."""

import time

from lib import dialog, stird, stirctl, token
from lib.patience import HANG_S
from lib.verifying import CALLED, CALLER, Verifying

REJECT = {"observe": False, "on_failure": "reject", "max_reject_percent": 100}
OTHER = "13125550199"


class Refused(Verifying):
    untouched = False

    def ready(self, **profile):
        self.begin(profile=dict(REJECT, **profile))
        self.known()

    def known(self, path="a.pem"):
        """The certificate is at hand: until then calls are open, and go on."""
        self.passed(path)

    def refuses(self, status, phrase, *identities, reason, told=True, check=None, lines=(), **more):
        """(final, record): stird answers with STATUS, and its Reason says the same."""
        more.setdefault("caller", CALLER)
        more.setdefault("called", CALLED)
        invite, final = self.refused_call(status, reason=reason,
                                          extra=["Identity: " + i for i in identities] + list(lines), **more)
        self.assertEqual(final.summary(), "SIP/2.0 %d %s" % (status, phrase))
        if told:
            self.assertEqual(final.all("reason"), ['STIR;cause=%d;text="%s"' % (status, phrase)])
        record = self.record(invite, sip_status=status)
        self.assertEqual([record["verification"][k] for k in ("refusal", "refusal_status")], ["reject", status])
        if check:
            self.assertEqual(record["detail"], "refused by verification carrier: " + check)
        return final, record

    def goes_on(self, refusal, *identities, lines=(), **more):
        invite, _ = self.short_call(caller=more.pop("caller", CALLER), called=more.pop("called", CALLED),
                                    extra=["Identity: " + i for i in identities] + list(lines), **more)
        record = self.record(invite, decision="passed")
        self.assertEqual(record["verification"]["refusal"], refusal, record)
        return record

    def tampered(self):
        head, _, signature = self.signed().split(".", 2)
        return ".".join((head, self.signed(attest="B").split(".")[1], signature))

    def test_each_status(self):
        """R-V-003, R-V-004, R-V-022: with the phrase of RFC 8224, and of RFC 5079, and the same in Reason."""
        self.ready(require=True, anonymous="reject", min_level="B")
        stale = int(time.time()) - 3600
        self.refuses(403, "Stale Date", self.signed(iat=stale), reason="token_stale", check="fresh")
        self.refuses(438, "Invalid Identity Header", "nonsense", reason="token_malformed", check="syntax")
        self.refuses(438, "Invalid Identity Header", self.tampered(), reason="signature_invalid", check="signature")
        self.refuses(438, "Invalid Identity Header", self.signed(orig=OTHER), reason="token_of_another_call")
        self.refuses(437, "Unsupported Credential", self.signed().replace("alg=ES256", "alg=RS256"),
                     reason="token_algorithm", check="alg")
        self.refuses(428, "Use Identity Header", reason="unsigned_call", check="require")
        final, _ = self.refuses(403, "Forbidden", self.signed(attest="C"), reason="verified_too_low", told=False,
                                check="min_level")
        self.assertEqual(final.all("reason"), ['Q.850;cause=21;text="Call Rejected"'])
        self.refuses(433, "Anonymity Disallowed", reason="caller_withheld", check="anonymous",
                     from_='"Anonymous" <sip:anonymous@anonymous.invalid>', lines=["Privacy: id"])

        self.refuses_without_certificate()
        self.goes_on(None, self.signed())
        self.assertEqual(self.counted("verification_refused"), self.counted("rejected_calls"))

    def counted(self, name):
        return stirctl.ask(self.stird.configuration, "status")["totals"]["trunks"]["in"].get(name, 0)

    def answer_to(self, invite):
        """What comes first: an answer, or the call where it goes to."""
        while True:
            for peer in (self.sbc, self.carrier):
                peer.poll(0.05)
                for message in peer.inbox:
                    if message.get("call-id") == invite["call-id"] and message.status != 100:
                        peer.inbox.remove(message)
                        return message

    def refuses_without_certificate(self):
        """That its URL serves none is known after a while; until then the call is open, and goes on."""
        def gone():
            invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + self.signed("none.pem")])
            message = self.answer_to(invite)
            if message.is_request:
                self.refuse(message, invite)
                return None
            self.sbc.acknowledge(invite, message, self.at())
            return message
        final = stird.wait_until(gone, HANG_S, "a certificate that cannot be had")
        self.assertEqual(final.start, b"SIP/2.0 436 Bad Identity Info")

    def test_what_is_never_refused(self):
        """R-V-050, R-V-051: each with on_failure = "reject"."""
        self.ready(wait="300ms", require=True)
        bad = self.tampered()
        self.refuses(438, "Invalid Identity Header", bad, reason="signature_invalid")
        self.goes_on("emergency", bad, called="911")
        self.goes_on("emergency", called="911")
        self.goes_on("emergency", bad, lines=["Priority: psap-callback"])
        self.goes_on("emergency", bad, lines=["Resource-Priority: esnet.1"])
        self.assertEqual(self.goes_on("mark", bad, self.signed())["reason"], "verified")
        path = self.lab.path("stird.conf")
        stirctl.ask(path, "verification", "off", "--for", "1h", "--note", "attack")
        self.assertEqual(self.goes_on(None, bad)["reason"], "verification_off")
        stirctl.ask(path, "verification", "on")
        self.refuses(438, "Invalid Identity Header", bad, reason="signature_invalid")
        self.web.hang()
        self.assertEqual(self.goes_on(None, self.signed("b.pem"))["reason"], "certificate_pending")
        self.web.hang(False)

    def test_observing_tells_what_would_be(self):
        self.ready(observe=True)
        told = self.goes_on("observe", self.tampered())["verification"]
        self.assertEqual([told["refusal_status"], told["check"]], [438, "signature"])

    def test_only_some_checks(self):
        """A token that fails by another check too is refused for the one that is named."""
        self.ready(reject=["signature", "orig"])
        self.goes_on("check", self.signed(iat=int(time.time()) - 3600))
        self.goes_on("check", "nonsense")
        self.refuses(438, "Invalid Identity Header", self.tampered(), reason="signature_invalid", check="signature")
        self.refuses(438, "Invalid Identity Header", self.signed(orig=OTHER, iat=int(time.time()) - 3600),
                     reason="token_stale", check="orig")
        self.goes_on(None)

    def test_only_some_countries(self):
        """R-V-051: French numbers alone, as the law there asks."""
        self.ready(reject_countries=["33"], require=True)
        self.goes_on("country", self.tampered())
        self.goes_on("country")
        self.refuses(428, "Use Identity Header", reason="unsigned_call", caller="+33123456789")
        self.goes_on("country", from_="<sip:anonymous@anonymous.invalid>")
        for user in ("+33123456789#", "++33123456789", "01133123456789%23", "\uff13\uff13123456789"):
            self.refuses(428, "Use Identity Header", reason="unsigned_call", from_="<sip:%s@x>" % user)
        for user in ("+13125550199#", "somebody"):
            self.goes_on("country", from_="<sip:%s@x>" % user)

    def test_withheld_in_any_writing(self):
        """R-V-022: escapes and capitals hide no caller who shows no number."""
        self.ready(anonymous="reject")
        for user in ("anonymous", "ANONYMOUS", "%61nonymous", "anon%79%4dous"):
            self.refuses(433, "Anonymity Disallowed", reason="caller_withheld", from_="<sip:%s@x>" % user)
        self.goes_on(None, from_="<sip:anonimous@x>")

    def test_too_many_at_once(self):
        """R-V-052: a clock that is 5 minutes off: first calls are refused, then the guard makes marks of that, and says so."""
        self.begin(profile=dict(REJECT, max_reject_percent=20))
        self.known()
        n, stale = 0, self.signed(iat=int(time.time()) - 300)
        while True:
            invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + stale])
            message = self.answer_to(invite)
            if message.is_request:
                break
            self.sbc.acknowledge(invite, message, self.at())
            n += 1
            self.assertLessEqual(n, 10)
        self.refuse(message, invite)
        self.assertEqual(n, 10, "of 50 calls, whatever there were")
        self.assertEqual(self.record(invite)["verification"]["refusal"], "guard")
        self.assertEqual(self.goes_on("guard", stale)["reason"], "token_stale")
        path = self.stird.configuration
        stird.wait_until(lambda: "verification_guard" in [a["name"] for a in stirctl.ask(path, "status")["alarms"]],
                         HANG_S, "the alarm")
        self.assert_counted("verification_guard_active", 1)
        self.assertEqual(self.counted("verification_guarded"), 2)
        self.assertEqual(len(self.stird.log_lines("too many calls of a trunk fail verification")), 1)
        self.assertEqual(stirctl.run(path, "reload", "--wait")[0], 0)
        self.assert_counted("verification_guard_active", 0)
        self.refuses(403, "Stale Date", stale, reason="token_stale", check="fresh")

    def test_a_refused_call_is_like_any_other(self):
        """Copies get the same answer; CANCEL of a call that has its answer is answered and changes nothing."""
        self.ready()
        invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: nonsense"])
        final = self.sbc.expect(438)
        self.sbc.send(invite, self.at())
        self.assertEqual(self.sbc.expect(438, retransmissions=True).octets(), final.octets())
        self.sbc.send(dialog.cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"), skip=((438, "INVITE"),))
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect_nothing(0.1)
        self.assertEqual(len([r for r in self.stird.records() if r["call_id"] == invite["call-id"]]), 1)

    def test_explain(self):
        """The same code says beforehand what would become of a call."""
        self.ready(reject_countries=["1"])
        message = token.invite(self.signed(orig=OTHER), orig=CALLER, dest=CALLED)
        chain = ("--certificate", self.made + "/709J/chain.pem")
        told = self.explained(message, *chain)
        self.assertEqual([told[k] for k in ("decision", "reason", "sip_status", "detail", "then")],
                         ["rejected", "token_of_another_call", 438, "refused by verification carrier: orig",
                          "the call is refused"])
        told = self.explained(message.replace("<sip:+1", "<sip:+33", 1), *chain)
        self.assertEqual([told["decision"], told["verification"]["refusal"]], ["passed", "country"])
        status, out, err = stirctl.run(self.stird.configuration, "explain", "--source", self.net(2), "--message",
                                       self.lab.write("invite", message), *chain)
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"(?m)^answer +438 Invalid Identity Header$")
        self.assertEqual(self.counted("verification_refused"), 0, "nobody placed it")
