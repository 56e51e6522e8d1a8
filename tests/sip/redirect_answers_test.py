"""What SBCs are told that ask by redirect, in each dialect, and that each of them does with its call what it is to do."""

import os
import signal
import unittest

from lib.patience import HANG_S
from lib.redirecting import SBCS, Redirecting
from lib.sip import uri_of

BAD = "+12150550199"  # an exchange code that begins with 0
BLOCKED = "+12155556000"
NO_FRAUD, STI_BLOCKED = 'SIP;cause=%d;text="no-fraud-detected"', 'SIP;cause=%d;text="sti-blocked"'
# dialect: signed, unsigned, blocked, bad number, fault, busy
STATUSES = {
    "generic": (302, 302, 603, 302, 603, 503),
    "clearip": (302, 404, 603, 484, 603, 503),
    "sansay": (302, 302, 603, 302, 603, 302),
    "ribbon": (300, 300, 603, 300, 603, 300),
    "peeredge": (302, 302, 603, 302, 603, 503),
    "oracle": (302, 302, 603, 302, 603, 503),
    "provenant": (306, 302, 603, 302, 500, 503),
}
REASONS = {("clearip", "signed"): NO_FRAUD, ("peeredge", "signed"): NO_FRAUD, ("clearip", "blocked"): STI_BLOCKED}
# SBCs that end the call for that, as their guides say: all others go on.
ENDED = {("clearip", "bad_number"), *((name, case) for name in STATUSES for case in ("blocked", "fault"))} - {
    ("provenant", "fault")}
PROVENANT = '{ name = "provenant-here"; like = "provenant"; shaken = true; }'


class Answers(Redirecting):
    def begin_as(self, dialect, more="", **changes):
        self.client_name = dialect
        if dialect == "provenant":
            self.own_phrases = True
            self.begin("provenant-here", [PROVENANT], more=more, **changes)
        else:
            self.own_phrases = False
            self.begin(dialect, more=more, **changes)

    @property
    def client(self):
        return SBCS[self.client_name]

    def status(self, case):
        return STATUSES[self.client_name][("signed", "unsigned", "blocked", "bad_number", "fault", "busy").index(case)]

    def told(self, final, case):
        """The Reason of this case and no other; nothing that an SBC would put into its call but what is meant."""
        wanted = REASONS.get((self.client_name, case))
        self.assertEqual(final.all("reason"), [wanted % final.status] if wanted else [])
        if case != "signed":
            self.assertNotIn(b"dentity", final.octets(), "no token, nor the name of one")
        if self.client_name == "provenant":
            self.assertRegex(final.start, rb"SIP/2.0 \d{3} [a-z]+ 0x[0-9a-f]{8}$")
            self.assertEqual(len(final.all("request_id")), 1)

    def goes_as_its_guide_says(self, invite, final, case):
        if (self.client_name, case) in ENDED:
            self.blocked(final)
            return
        arrived = self.followed(invite, final)
        self.assertEqual(arrived.all("identity"), [])


class Each(Answers):
    """A story a dialect: made below."""

    def all_cases(self, dialect):
        self.begin_as(dialect)
        _, final, _ = self.signed(self.status("signed"))
        self.told(final, "signed")
        _, final, _ = self.signed(self.status("signed"), "B", caller="+13125550000", orig="13125550000")
        invite, final = self.unsigned(self.status("unsigned"), "calling_not_a_number", from_="<sip:somebody@pbx.example.com>")
        self.told(final, "unsigned")
        invite, final = self.ask(self.status("blocked"), caller=BLOCKED)
        self.told(final, "blocked")
        self.goes_as_its_guide_says(invite, final, "blocked")
        self.record(invite, decision="rejected", reason="number_blocked", sip_status=self.status("blocked"))
        invite, final = self.ask(self.status("bad_number"), called=BAD)
        self.told(final, "bad_number")
        self.goes_as_its_guide_says(invite, final, "bad_number")
        self.record(invite, reason="called_cannot_exist", sip_status=self.status("bad_number"))

    def all_faults(self, dialect):
        """No signer: signing.failure says whether the call goes on."""
        for failure in ("fail_closed", "fail_open"):
            self.begin_as(dialect, 'signing = { timeout = "50ms"; failure = "%s"; };' % failure)
            self.stall()
            if failure == "fail_open":
                invite, final = self.unsigned(self.status("unsigned"), "signer_timeout")
                self.told(final, "unsigned")
            else:
                invite, final = self.ask(self.status("fault"))
                self.told(final, "fault")
                self.goes_as_its_guide_says(invite, final, "fault")
                self.record(invite, decision="rejected", reason="signer_timeout", sip_status=self.status("fault"))
            self._end_stird()

    def all_limits(self, dialect):
        """A trunk that is full, a worker that is, and a stird that drains: the SBC routes on without us."""
        self.begin_as(dialect, 'signing = { timeout = "1s"; };', calls=1)
        self.stall()
        first = self.place()
        invite, final = self.ask(self.status("busy"))
        self.told(final, "busy")
        self.assertNotIn("retry-after", final)
        self.goes_as_its_guide_says(invite, final, "busy")
        self.record(invite, decision="rejected", reason="trunk_full", sip_status=self.status("busy"))
        self.sbc.acknowledge(first, self.sbc.expect((self.status("unsigned"), "INVITE")), self.at())


def each(dialect):
    def cases(self):
        self.all_cases(dialect)

    def faults(self):
        self.all_faults(dialect)

    def limits(self):
        self.all_limits(dialect)
    for name, story in (("cases", cases), ("faults", faults), ("limits", limits)):
        story.__doc__ = "R-D-019 R-D-001: %s of %s." % (name, dialect)
        setattr(Each, "test_%s_%s" % (dialect, name), story)


for one in STATUSES:
    each(one)


class Shapes(Answers):
    def test_places_of_the_token(self):
        """R-D-019: beside, as X-Identity, in Contact; each SBC of ClearIP's takes it from wherever it stands."""
        ways = {"beside": '"header"', "x": '"x"', "inside": '"contact"', "all": '"header", "x", "contact"'}
        dialects = ['{ name = "%s"; like = "clearip"; identity = [ %s ]; }' % pair for pair in ways.items()]
        peers = {name: self.peer(name, 20 + i) for i, name in enumerate(ways)}
        self.client_name = "clearip"
        self.begin("clearip", dialects, [self.redirect_trunk(name, 20 + i, name) for i, name in enumerate(ways)])
        for name, places in (("beside", "i"), ("x", "x"), ("inside", "c"), ("all", "ixc")):
            with self.subTest(name=name):
                _, final, _ = self.signed(peer=peers[name])
                self.assertEqual([len(final.all("identity")), len(final.all("x-identity")), "?" in final["contact"]],
                                 ["i" in places, "x" in places, "c" in places])
                if name == "all":
                    beside, x = final["identity"], final["x-identity"]
                    self.assertEqual(beside, x)

    def test_several_places_say_the_same(self):
        self.client_name = "oracle"
        self.begin("both", ['{ name = "both"; like = "oracle"; identity = [ "header", "contact" ]; }'])
        _, final, _ = self.signed()
        self.assertEqual(self.client.lines(final)[0], "Identity: " + final["identity"])

    def test_where_contact_leads(self):
        """R-D-003: the called number as it came, at the SBC, at the Request-URI's host, at a host of the setting's."""
        wanted = {"source": self.net(20), "request": "clearip.example.com", "host": "route.example.com:5080"}
        dialects = ['{ name = "%s"; like = "generic"; contact = "%s"; %s }' % (
            name, name, 'contact_host = "route.example.com:5080";' if name == "host" else "")
            for name in ("source", "request", "host", "echo", "none")]
        names = [text.split('"')[1] for text in dialects]
        peers = {name: self.peer(name, 20 + i) for i, name in enumerate(names)}
        self.client_name = "generic"
        self.begin("generic", dialects, [self.redirect_trunk(name, 20 + i, name) for i, name in enumerate(names)])
        for name, peer in peers.items():
            with self.subTest(contact=name):
                for user in ("+12155550199", "12155550199", "+12155550199;npdi"):
                    invite, final = self.ask(302, peer=peer, uri="sip:%s@clearip.example.com" % user)
                    if name == "none":
                        self.assertEqual(final.all("contact"), [])
                    elif name == "echo":
                        self.assertEqual(final.all("contact"), invite.all("contact"))
                    else:
                        host = wanted[name]
                        self.assertIn(uri_of(final["contact"]).split("?")[0],
                                      ["sip:%s@%s" % (user, host), "sip:%s@%s:5060" % (user, host)])
                    self.check_token(self.followed(invite, final, peer=peer))

    def test_reasons_and_lines_of_ones_own(self):
        """R-D-019: each answer is a setting, and what else stands in it."""
        self.own_phrases = True
        own = """{ name = "our-sbc"; like = "clearip"; signed = "300 Take It"; unsigned = "380"; blocked = "607 Unwanted";
            reasons = [ "signed = all well", "blocked = no" ]; headers = [ "X-Signed-By: stird", "X-Node: lab" ]; }"""
        self.client_name = "clearip"
        self.begin("our-sbc", [own])
        invite, final = self.ask(300)
        self.assertEqual(final.start, b"SIP/2.0 300 Take It")
        self.assertEqual(final.all("reason"), ['SIP;cause=300;text="all well"'])
        self.assertEqual([final["x-signed-by"], final["x-node"]], ["stird", "lab"])
        _, final = self.ask(607, caller=BLOCKED)
        self.assertEqual([final.start, final.all("reason")], [b"SIP/2.0 607 Unwanted", ['SIP;cause=607;text="no"']])
        _, final = self.ask(380, from_="<sip:somebody@x>")
        self.assertEqual(final["x-signed-by"], "stird")

    def test_date(self):
        """R-D-004: with the token where it was added, always, never; where the SBC has a good one it stays the SBC's."""
        words = ("added", "always", "never")
        dialects = ['{ name = "%s"; like = "%s"; date = "%s"; }' % (word, like, word)
                    for word, like in zip(words, ("generic", "oracle", "generic"))]
        peers = {word: self.peer(word, 20 + i) for i, word in enumerate(words)}
        self.begin("generic", dialects, [self.redirect_trunk(word, 20 + i, word) for i, word in enumerate(words)])
        from lib import redirecting
        import email.utils
        for word, peer in peers.items():
            client = SBCS["oracle" if word == "always" else "generic"]
            for date in (None, email.utils.formatdate(usegmt=True)):
                with self.subTest(date=word, of_its_own=date):
                    invite, final = self.ask(302, peer=peer, extra=["Date: " + date] if date else [])
                    said = redirecting.in_contact(final, "date") if word == "always" else final.all("date")
                    self.assertEqual(len(said), word == "always" or (word == "added" and date is None))
                    arrived = self.followed(invite, final, client, peer)
                    if word == "never" and date is None:
                        continue
                    self.own_date = date is not None
                    self.check_token(arrived)

    def test_a_contact_that_would_be_too_long(self):
        """R-D-015: contact_max: the token stands beside it then."""
        dialects = ['{ name = "short"; like = "oracle"; contact_max = 300; }']
        self.client_name = "clearip"
        self.begin("short", dialects)
        _, final, _ = self.signed()
        self.assertNotIn("?", final["contact"])
        self.assertEqual(len(final.all("identity")), 1)

    def test_request_id(self):
        """R-X-056: taken from the request, or made."""
        self.begin_as("provenant")
        _, final, _ = self.signed(306, extra=["Request_id: 7c1c9a52-our-own"])
        self.assertEqual(final.all("request_id"), ["7c1c9a52-our-own"])
        _, one, _ = self.signed(306)
        _, two, _ = self.signed(306)
        self.assertNotEqual(one["request_id"], two["request_id"])

    def test_accountable(self):
        """R-X-056: 307 is as good as 306 to who routes by it."""
        self.client_name, self.own_phrases = "provenant", True
        self.begin("other", ['{ name = "other"; like = "provenant"; shaken = true; signed = "307 accountable"; }'])
        self.signed(307)


class Strangers(Answers):
    def test_an_unknown_source(self):
        """R-D-006: no answer over UDP to who is nobody; who is known but has no trunk gets 403, which is no dialect's."""
        self.client_name = "clearip"
        self.begin("clearip")
        nobody = self.peer("nobody", 66)
        nobody.send(self.invite(nobody), self.at())
        self.heard()
        nobody.expect_nothing(0.3)
        invite = self.invite(self.carrier)
        self.carrier.send(invite, self.at())
        final = self.carrier.expect(403)
        self.carrier.acknowledge(invite, final, self.at())
        self.assertNotIn(b"dentity", final.octets())

    def test_no_trunk_takes_it(self):
        """R-D-006: several trunks at one address, and the call names none of them: 403, and ClearIP's SBC calls unsigned."""
        self.client_name = "clearip"
        self.begin("clearip", request_host="acme.clearip.example.com")
        self.signed(uri="sip:+12155550199@acme.clearip.example.com")
        invite, final = self.ask(403, uri="sip:+12155550199@other.example.com")
        self.assertEqual(self.followed(invite, final).all("identity"), [])
        self.record(invite, reason="no_trunk", sip_status=403)

    def test_what_is_wrong_with_the_message(self):
        """R-D-006: 400 and 416 are those of SIP, whatever the dialect; what is said to proxies does not concern who is none."""
        self.client_name = "sansay"
        self.begin("sansay")
        self.ask(416, uri="foo:12155550199")
        self.ask(302, max_forwards=0)
        _, final = self.ask(302, extra=["Proxy-Require: foo"])
        self.assertEqual(len(final.all("identity")), 1)
        invite = self.invite().without("cseq")
        self.sbc.send(invite, self.at())
        self.heard()


class Draining(Answers):
    """A story a dialect: made below."""

    def drains(self, dialect):
        self.begin_as(dialect, 'signing = { timeout = "1s"; };\nproxy = { drain = "503"; };', drain="%ds" % (2 * HANG_S))
        self.signed(self.status("signed"))
        signer = self.stird.wait_child("signer")
        os.kill(signer, signal.SIGSTOP)
        waiting = self.place()
        self.sbc.expect(100)
        self.stird.process.send_signal(signal.SIGTERM)
        self.wait_draining()
        invite = self.place()
        final = self.final(invite)
        os.kill(signer, signal.SIGCONT)
        self.told(final, "busy")
        self.assertEqual((final.status, "retry-after" in final), (self.status("busy"), final.status == 503))
        self.assertIn(self.final(waiting).status, (self.status("signed"), self.status("unsigned")))
        self.goes_as_its_guide_says(invite, final, "busy")
        self.record(invite, decision="rejected", reason="draining", sip_status=final.status)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)


def each_drains(dialect):
    def drains(self):
        self.drains(dialect)
    drains.__doc__ = "R-D-001: %s: who drains says so in its word for it, and its SBC routes on." % dialect
    setattr(Draining, "test_" + dialect, drains)


for one in STATUSES:
    each_drains(one)


class Emergency(Answers):
    def test_each_dialect(self):
        """Decided 5: signed or not, its SBC calls on: no rule, fault, limit or drain of ours keeps it."""
        for dialect in STATUSES:
            with self.subTest(dialect=dialect):
                self.begin_as(dialect, 'signing = { timeout = "50ms"; failure = "fail_closed"; };', calls=1)
                emergency = {"uri": "sip:911@" + self.net(1), "to": "<sip:911@h>"}
                invite = self.place(**emergency)
                final = self.final(invite)
                self.followed(invite, final)
                invite = self.place(caller=BLOCKED, **emergency)
                self.followed(invite, self.final(invite))
                self.stall()
                invite = self.place(**emergency)
                self.followed(invite, self.final(invite))
                self.record(invite, emergency=True, decision="passed")
                self._end_stird()


if __name__ == "__main__":
    unittest.main()
