"""Verification by redirect: what each SBC is told of a call that it asks about, and that it is what a call that is passed on has."""

import shutil
import unittest

from lib import settings, stird
from lib.patience import HANG_S
from lib.redirecting import SBCS, Redirecting, in_contact
from lib.verifying import CALLED, CALLER, Verifying
from sip import verification_cases_test

OTHER = "13125550199"
# dialect: passed, failed, no token, open, refused; None: as the profile says
STATUSES = {
    "generic": (302, 302, 302, 302, None),
    "clearip": (302, 302, 404, 302, 603),
    "sansay": (302, 302, 302, 302, 603),
    "ribbon": (503, 603, 503, 503, 603),
    "peeredge": (302, 302, 302, 302, 603),
    "oracle": (302, 302, 302, 302, 603),
    "provenant": (302, 302, 302, 302, 403),
}
CLASSES = ("passed", "failed", "nothing", "open")
VERSTAT = {"passed": "TN-Validation-Passed", "failed": "TN-Validation-Failed", "nothing": "No-TN-Validation"}
PROVENANT = 'dialects = ( { name = "provenant-here"; like = "provenant"; shaken = true; } );'


def named(dialect):
    return "provenant-here" if dialect == "provenant" else dialect


def asserted(final):
    """P-Asserted-Identity, as the SBC would put it into its INVITE."""
    return final.all("p-asserted-identity") + [line.split(": ", 1)[1] for line in in_contact(final, "p-asserted-identity")]


class Judged(Verifying):
    """A carrier's calls come to the SBC at .2, which asks what they are worth."""

    check_answer = Redirecting.check_answer

    def begin_as(self, dialect, profile=None, service="verify", rules="", **more):
        self.dialect, self.own_phrases = dialect, dialect == "provenant"
        more.setdefault("trusted", True)
        self.begin(profile=dict({"observe": False}, **(profile or {})), front="redirect", dialect=named(dialect), upstreams=None,
                   service=service, rules=rules + (PROVENANT if dialect == "provenant" else ""), **more)

    def again(self):
        """Another one may begin."""
        self._end_stird()
        self.web.close()
        for kept in (self.made, self.lab.path("state")):  # certificates of this one's authority
            shutil.rmtree(kept)

    def asked(self, *identities, caller=CALLER, called=CALLED, lines=(), **more):
        """(answer, record) of a question."""
        peer = more.get("peer") or self.sbc
        invite = self.place(caller=caller, called=called, extra=["Identity: " + i for i in identities] + list(lines), **more)
        final = None
        while final is None:
            if not peer.inbox:
                self.assertTrue(peer.poll(HANG_S), "no answer")
                continue
            message = peer.inbox.pop(0)
            if message.get("call-id") == invite["call-id"] and message.status >= 200 and not message.again:
                final = message
        peer.acknowledge(invite, final, self.at(more.get("transport", "udp")))
        self.check_answer(invite, final)
        return final, self.record(invite, sip_status=final.status)

    def known(self, **more):
        """Trust and certificate are at hand: until then calls are open."""
        def is_so():
            final, record = self.asked(self.signed(), **more)
            return record["reason"] == "verified" and (final, record)
        return stird.wait_until(is_so, HANG_S, "a call that is verified")

    def told(self, final, status, verstat=None, number=CALLER):
        self.assertEqual(final.status, status)
        self.assertEqual(final.all("identity"), [], "what the call brought the SBC has; none of ours")
        said = asserted(final)
        if verstat is None:
            self.assertEqual(said, [])
        else:
            self.assertEqual(len(said), 1, said)
            self.assertIn("%s;verstat=%s" % (number, verstat), said[0])
        return said


class Each(Judged):
    def verdicts(self, dialect):
        """R-D-020: each verdict in this dialect's words; the record is that of any judged call."""
        self.begin_as(dialect)
        statuses = dict(zip(CLASSES, STATUSES[dialect]))
        final, record = self.known()
        self.said(final, statuses, record, "passed")
        final, record = self.asked(self.signed(orig=OTHER))
        self.said(final, statuses, record, "failed")
        self.assertEqual(record["reason"], "token_of_another_call")
        final, record = self.asked()
        self.said(final, statuses, record, "nothing")
        final, record = self.asked("nonsense")
        self.assertEqual(record["reason"], "token_malformed")
        self.said(final, statuses, record, record["verification"]["class"])
        self.web.hang()
        self.addCleanup(self.web.hang, False)

    def said(self, final, statuses, record, kind):
        self.assertEqual((record["verification"]["class"], record["decision"], record["cause"]), (kind, "passed", "redirected"))
        status = statuses[kind]
        self.told(final, status, VERSTAT[kind] if status < 400 else None)

    def opens(self, dialect):
        """A fault of others' web servers costs a verdict, never a call: the SBC routes on."""
        self.begin_as(dialect, wait="1ms")
        self.web.hang()
        self.addCleanup(self.web.hang, False)
        final, record = self.asked(self.signed())
        self.assertEqual(record["verification"]["class"], "open")
        self.assertEqual(final.status, STATUSES[dialect][3])
        self.assertNotIn(b"Passed", final.octets())
        self.assertNotIn(b"Failed", final.octets())
        self.assertIsNotNone(SBCS[dialect].lines(final), "the call goes on")

    def refuses(self, dialect):
        """R-D-020: a profile that refuses: the dialect's word for it, or the profile's status."""
        self.begin_as(dialect, {"on_failure": "reject", "max_reject_percent": 100})
        self.known()
        final, record = self.asked(self.signed(orig=OTHER))
        self.assertEqual(record["decision"], "rejected")
        self.assertEqual(final.status, STATUSES[dialect][4] or 438)
        self.assertEqual(asserted(final), [])
        self.assertIsNone(SBCS["sansay" if dialect == "clearip" else dialect].lines(final), "the call ends")


def each(dialect):
    def verdicts(self):
        self.verdicts(dialect)

    def opens(self):
        self.opens(dialect)

    def refuses(self):
        self.refuses(dialect)
    for name, story in (("verdicts", verdicts), ("open", opens), ("refused", refuses)):
        story.__doc__ = "R-D-020 R-D-013: %s of %s." % (name, dialect)
        setattr(Each, "test_%s_%s" % (dialect, name), story)


for one in STATUSES:
    each(one)


class Told(Judged):
    def test_forms(self):
        """R-D-021: the number of the request and verstat by the profile's form; no name is invented."""
        for profile, wanted in (({}, "sip:%s;verstat=TN-Validation-Passed@" % CALLER),
                                ({"verstat_form": "uri"}, "sip:%s@" % CALLER),
                                ({"verstat_form": "tel"}, "tel:%s;verstat=TN-Validation-Passed" % CALLER),
                                ({"verstat_suffix": "letter"}, ";verstat=TN-Validation-Passed-A")):
            with self.subTest(**profile):
                self.begin_as("generic", profile)
                final, _ = self.known()
                self.assertEqual(len(asserted(final)), 1)
                self.assertIn(wanted, asserted(final)[0])
                self.assertIn("verstat=TN-Validation-Passed", asserted(final)[0])
                self.assertNotIn('"', asserted(final)[0], "no name")
                self.again()

    def test_an_asserted_one_comes_back(self):
        """R-D-021: that of the request, name and all, with our verstat in place of its own."""
        self.begin_as("clearip")
        self.known()
        line = "P-Asserted-Identity: \"Bank\" <sip:%s;verstat=TN-Validation-Failed@x;user=phone>" % CALLER
        final, _ = self.asked(self.signed(), lines=[line])
        self.assertEqual(asserted(final), ["\"Bank\" <sip:%s;verstat=TN-Validation-Passed@x;user=phone>" % CALLER])

    def test_of_an_sbc_that_is_not_trusted(self):
        """What it asserts is not heard: From is what the verdict is about."""
        self.begin_as("clearip", trusted=False)
        self.known()
        line = "P-Asserted-Identity: \"Bank\" <sip:+13125550999@x>"
        final, record = self.asked(self.signed(), lines=[line])
        self.assertEqual(record["verification"]["class"], "passed")
        self.assertEqual(len(asserted(final)), 1)
        self.assertIn(CALLER + ";verstat=TN-Validation-Passed", asserted(final)[0])

    def test_canonical(self):
        """R-D-021: pai = "canonical": E.164 with +, however the SBC writes it."""
        for pai, wanted in (("canonical", "sip:+12155550100;"), ("as_received", "sip:12155550100;")):
            self.begin(profile={"observe": False}, front="redirect", dialect="other", upstreams=None, trusted=True,
                       rules='country = { code = "1"; }; dialects = ( { name = "other"; like = "generic"; pai = "%s"; } );' % pai)
            final, _ = self.known(from_="<sip:12155550100@pbx.example.com>")
            self.assertIn(wanted, asserted(final)[0])
            self.again()

    def test_attestation_headers(self):
        """R-D-013: what else the profile tells, beside verstat; in Contact where the dialect has all there."""
        for dialect in ("generic", "oracle"):
            self.begin_as(dialect, {"attestation_headers": ["P-Attestation-Indicator"], "result_header": "X-Stird-Verification"})
            final, _ = self.known()
            lines = (["%s: %s" % (name, final[name]) for name in ("P-Attestation-Indicator", "X-Stird-Verification")]
                     if dialect == "generic" else in_contact(final, "p-attestation-indicator", "x-stird-verification"))
            self.assertEqual(lines, ["P-Attestation-Indicator: A", "X-Stird-Verification: passed;A;709J;-"])
            self.again()

    def test_a_profile_that_observes(self):
        """Nothing is told of a verdict: there is nothing to add."""
        for dialect, status in (("generic", 302), ("clearip", 404), ("ribbon", 503)):
            self.begin_as(dialect, {"observe": True})
            final, record = self.known()
            self.told(final, status)
            self.assertEqual(record["verification"]["class"], "passed")
            self.again()

    def test_transports(self):
        """R-D-011: over TCP too."""
        self.begin_as("clearip")
        self.known(transport="tcp")
        self.known(transport="udp")

    def test_a_question_waits_once_for_a_certificate(self):
        """R-D-020: wait and cache are those of any judged call."""
        self.begin_as("generic")
        _, first = self.known()
        _, second = self.asked(self.signed())
        self.assertEqual(second["verification"]["cache"], "hit")
        self.assertEqual(self.web.gets.count("a.pem"), 1)
        self.assertTrue(first)


class Both(Judged):
    """R-D-022: one port, one SBC, both services."""
    OURS, OUTSIDE, STRANGER = "+12155551500", "+13125550123", "+12125550177"

    def begin_auto(self, dialect, **more):
        self.begin_as(dialect, service="auto", customer="acme", identity="authenticated", **more)
        self.into_us()

    def into_us(self):
        def is_so():
            final, record = self.asked(self.signed(orig=self.STRANGER[1:], dest=self.OURS[1:]), caller=self.STRANGER,
                                       called=self.OURS)
            return record["reason"] == "verified" and final
        return stird.wait_until(is_so, HANG_S, "a call that is verified")

    def test_auto(self):
        for dialect in ("generic", "clearip", "sansay", "oracle"):
            with self.subTest(dialect=dialect):
                self.begin_auto(dialect)
                self.told(self.into_us(), STATUSES[dialect][0], "TN-Validation-Passed", self.STRANGER)
                final, record = self.asked(caller=CALLER, called=self.OUTSIDE)
                self.assertEqual((record["decision"], record["attest"], record["verification"]), ("signed", "A", None))
                self.assertEqual(len([line for line in SBCS[dialect].lines(final) if line.startswith("Identity")]), 1)
                self.assertEqual(asserted(final), [])
                self.again()

    def test_sansays_qtype(self):
        """Its parameter on From says what is asked for: sti-vs judges, sti-as signs."""
        self.begin_auto("sansay")
        judged = self.signed(orig=self.STRANGER[1:], dest=self.OUTSIDE[1:])
        from_ = "<sip:%s@x;otg=000200;qtype=%s>"
        final, record = self.asked(judged, called=self.OUTSIDE, from_=from_ % (self.STRANGER, "sti-vs"))
        self.assertEqual(record["verification"]["class"], "passed")
        self.told(final, 302, "TN-Validation-Passed", self.STRANGER)
        final, record = self.asked(called=self.OURS, lines=["Identity: "], from_=from_ % (CALLER, "sti-as"))
        self.assertEqual(record["decision"], "signed")
        self.assertEqual(len(final.all("identity")), 1)
        final, record = self.asked(called=self.OUTSIDE, from_=from_ % (CALLER, "sti-vs"))
        self.assertEqual(record["verification"]["class"], "nothing")
        self.assertEqual(final.all("identity"), [])
        for odd in ("<sip:%s@x;qtype=sti-as>;qtype=sti-vs", "<sip:%s@x;qtype=sti-vs;qtype=sti-as>",
                    "<sip:%s;qtype=sti-vs@x;qtype=sti-as>", "<sip:%s@x;qtype=sti-as;q=sti%%2Dvs>"):
            final, record = self.asked(called=self.OUTSIDE, from_=odd % CALLER)
            self.assertEqual((record["decision"], record["reason"]), ("passed", "verdict_asked"))
            self.assertEqual(final.all("identity"), [])


class Cases(verification_cases_test.Cases):
    """R-D-020: all of verification_cases.json, by each dialect: the same verdicts, and what is said of them."""

    test_a_name_that_leads_inside = None

    def begin(self):
        anchors = self.lab.write("anchors.pem", "".join(self.vectors["anchors"]))
        more = """trust = ( %s ); verification = ( %s ); %s
            fetch = { tls_ca = "%s"; timeout = "30s"; per_host_rate = 1000; new_per_trunk = 1000; };""" % (
                settings.group({"name": "us", "anchors": anchors, "countries": ["1"]}),
                settings.groups({"name": dest, "trust": ["us"], "wait": "5000ms", "dest": dest, "observe": False}
                                for dest in ("to", "request_uri")), PROVENANT, self.web.ca)
        unit = settings.certificate(verification_cases_test.make_unit(self.lab.path("then")))
        self.askers = {(dialect, dest): self.peer("%s-%s" % (dialect, dest), 20 + 2 * i + k)
                       for i, dialect in enumerate(STATUSES) for k, dest in enumerate(("to", "request_uri"))}
        self.start(trunks=[{"name": peer.name, "sources": [peer.host], "service": "verify", "verification": dest, "trusted": True,
                            "front": "redirect", "dialect": named(dialect)} for (dialect, dest), peer in self.askers.items()],
                   upstreams=[], more=more, certificates=[unit])

    asked, check_answer, sbc = Judged.asked, Redirecting.check_answer, None

    def judged(self, case):
        peer = self.askers[self.dialect, case["settings"].get("dest", "to")]

        def once():
            message = self.message_of(case)
            lines = message.pop("extra")
            self.final, record = self.asked(peer=peer, lines=lines, **message)
            return record["reason"] not in verification_cases_test.LATER and record
        record = stird.wait_until(once, HANG_S, "a call that is judged")
        status = dict(zip(CLASSES, STATUSES[self.dialect]))[record["verification"]["class"]]
        if "emergency" in case["name"] and SBCS[self.dialect].lines(self.final) is not None:
            status = self.final.status  # what would end the call is not said of one
        self.assertEqual(self.final.status, status)
        said = asserted(self.final)
        self.assertLessEqual(len(said), 2 if status < 400 else 0)
        for one in said:
            self.assertIn("verstat=" + case["expect"]["verstat"], one)
        self.n_said += len(said)
        return record

    def test_each_twice(self):
        for self.dialect in STATUSES:
            self.n_said, self.own_phrases = 0, self.dialect == "provenant"
            for case in self.vectors["cases"]:
                with self.subTest(case["name"], dialect=self.dialect):
                    self.check(case, self.judged(case))
            self.assertEqual(self.n_said > 20, self.dialect != "ribbon", self.n_said)


if __name__ == "__main__":
    unittest.main()
