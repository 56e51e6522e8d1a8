"""RFC 3325 section 7: what Privacy withholds is in no header and in no token (Decided 4 and 16)."""

import os
import time
import unittest
from email.utils import formatdate, parsedate_to_datetime

from lib import dialog, identity
from lib.story import Story
from sip.existing_identity_test import foreign

NUMBER = "12155551234"  # owned
PAI = "P-Asserted-Identity: <sip:+%s@pbx.example.com>" % NUMBER
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'


class Privacy(Story):
    def tokens(self, arrived):
        """All that the Identity headers say of who calls."""
        return [identity.Token(value).orig for value in arrived.all("identity")]

    def shows_nothing(self, arrived):
        """Neither a header nor a token that ours may be tells the number."""
        for name in ("p-asserted-identity", "p-preferred-identity", "remote-party-id"):
            self.assertNotIn(name, arrived)
        self.assertNotIn(NUMBER, self.tokens(arrived))

    def mixed(self, first, second, **more):
        """Two upstreams of one trunk; which of them are trusted."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8, trusted=first),
                              self.upstream("carrier", 9, trusted=second)], **more)
        return self.peer("first", 8)

    def fail_over(self, first, seconds=0, peer=None, **more):
        """The first upstream refuses with 503: what arrived there, and at the second."""
        invite = self.place(peer, **more)
        one = first.expect("INVITE")
        if seconds:
            first.respond(one, 100)
            time.sleep(seconds)
        first.respond(one, 503)
        first.expect("ACK")
        two = self.carrier.expect("INVITE")
        self.refuse(two, invite, peer)
        return invite, one, two

    # who sees what
    def test_r_p_052_the_number_stands_nowhere_else(self):
        """No token tells it; the call goes on and its record says why it has none."""
        self.start()
        extra = [PAI, "P-Preferred-Identity: <sip:+%s@x>" % NUMBER,
                 "Remote-Party-ID: <sip:+%s@x>;party=calling" % NUMBER, "Privacy: id"]
        invite, arrived = self.unsigned_call("calling_withheld", extra=extra, from_=ANONYMOUS)
        self.shows_nothing(arrived)
        self.record(invite, orig_tn=NUMBER, attest=None, rule="Privacy")

    def test_r_p_052_spellings(self):
        """A wish that is written otherwise is a wish."""
        self.start()
        for lines in (["Privacy: header,id"], ["Privacy: id, user"], ["PRIVACY: ID"],
                      ["Privacy: user", "Privacy: id"], ['Privacy: "id"'], ["Privacy: <id>"],
                      ["Privacy:\r\n\tid"], ["Privacy : user id"], ["Privacy: user;%69d"],
                      ["Privacy: idle;critical"], ["Privacy: idle"], ["Privacy: full"], ["Privacy: id-x"], ["Privacy: none", "privacy:id"], ["Privacy id"],
                      ["Privacy\x80: id"]):
            with self.subTest(lines=lines):
                _, arrived = self.unsigned_call("calling_withheld", extra=[PAI] + lines,
                                                from_=ANONYMOUS)
                self.shows_nothing(arrived)
        for lines in (["Privacy: none"], ["Privacy: user;header"], ["Privacy: session;critical;history"], []):
            with self.subTest(lines=lines):
                _, arrived, _ = self.signed_call("A", NUMBER, extra=[PAI] + lines, from_=ANONYMOUS)
                self.assertEqual(arrived.raws("p-asserted-identity"), [PAI.encode()])

    def test_r_p_052_spellings_of_the_header_that_goes(self):
        """What is withheld is found however it is written."""
        self.start()
        for line in ("P-Asserted-Identity : <tel:+%s>", "p-asserted-identity\t:<tel:+%s>",
                     "P-ASSERTED-IDENTITY:\r\n <tel:+%s>", 'P-Asserted-Identity: "a\0b" <tel:+%s>',
                     "P-Asserted-Identity: <sip:x@y>, <tel:+%s>",
                     "P-Asserted-Identity: <sip:x@y>\r\nP-Asserted-Identity: <tel:+%s>"):
            with self.subTest(line=line):
                _, arrived = self.unsigned_call("calling_withheld", from_=ANONYMOUS,
                                                extra=[line % NUMBER, "Privacy: id"])
                self.assertNotIn(NUMBER.encode(), arrived.octets())

    def test_r_p_052_over_tcp(self):
        self.start(upstreams=[self.upstream(transport="tcp")])
        _, arrived = self.unsigned_call("calling_withheld", extra=[PAI, "Privacy: id"],
                                        from_=ANONYMOUS, transport="tcp")
        self.shows_nothing(arrived)

    def test_r_p_052_from_shows_another_number(self):
        """Decided 2: what is signed is what From shows, as numbers that differ at most B."""
        self.start()
        _, arrived, _ = self.signed_call("B", "12155550100", extra=[PAI, "Privacy: id"])
        self.shows_nothing(arrived)

    def test_r_p_052_from_shows_the_number(self):
        self.start()
        self.signed_call("A", NUMBER, caller="+" + NUMBER, extra=[PAI, "Privacy: id"])

    def test_r_p_052_never_above_what_is_known(self):
        """From shows an owned number, the asserted one is somebody else's: by setting unsigned."""
        self.start(more='attestation = { other_customer = "unsigned"; };')
        self.unsigned_call("unsigned_by_policy",
                           extra=["P-Asserted-Identity: <tel:+12155555000>", "Privacy: id"])

    def test_r_p_052_a_blocked_number_is_refused_all_the_same(self):
        self.start()
        for asserted, from_ in (("12155556000", "<sip:+12155550100@x>"),
                                ("12155556000", ANONYMOUS), (NUMBER, "<sip:+12155556000@x>")):
            with self.subTest(asserted=asserted, from_=from_):
                self.refused_call(603, reason="number_blocked", from_=from_, extra=[
                    "P-Asserted-Identity: <tel:+%s>" % asserted, "Privacy: id"])

    # failover
    def test_r_p_052_from_trusted_to_untrusted(self):
        """A token made for the first is none for the second."""
        first = self.mixed(True, False)
        invite, one, two = self.fail_over(first, extra=[PAI, "Privacy: id"], from_=ANONYMOUS)
        self.verify(one, "A", NUMBER)
        self.assertEqual(one.raws("p-asserted-identity"), [PAI.encode()])
        self.shows_nothing(two)
        self.assertEqual(two.raws("identity"), [])
        self.record(invite, decision="passed", reason="calling_withheld", upstream="carrier")

    def test_r_p_052_from_untrusted_to_trusted(self):
        first = self.mixed(False, True)
        invite, one, two = self.fail_over(first, extra=[PAI, "Privacy: id"], from_=ANONYMOUS)
        self.shows_nothing(one)
        self.assertEqual(one.raws("identity"), [])
        self.verify(two, "A", NUMBER)
        self.assertEqual(two.raws("p-asserted-identity"), [PAI.encode()])
        self.record(invite, decision="signed", attest="A", upstream="carrier")

    def test_r_p_138_decided_late(self):
        """A token that is first asked for at the second upstream, long after the call came, is of then:
        the signer takes no older one."""
        for trusted, extra, from_, orig, level in (
                (True, [], None, "12155550100", "B"), (False, ["Date: "], ANONYMOUS, NUMBER, "A")):
            with self.subTest(first_trusted=trusted, extra=extra):
                first = self.mixed(trusted, not trusted, more='signing = { failure = "fail_closed"; };')
                sent = formatdate(time.time(), usegmt=True)
                invite, one, two = self.fail_over(
                    first, 9, extra=[PAI, "Privacy: id"] + [line + sent for line in extra],
                    **({"from_": from_} if from_ else {}))
                token = self.verify(two, level, orig)
                self.assertEqual(len(two.all("date")), 1)
                self.assertEqual(parsedate_to_datetime(two.get("date")).timestamp(), token.iat)
                self.assertGreaterEqual(token.iat, parsedate_to_datetime(sent).timestamp() + 8)
                self.record(invite, decision="signed", attest=level, upstream="carrier")
                self.assertEqual(self.stird.stop(), 0)

    def test_r_p_052_each_gets_its_own_token(self):
        """From shows another number: a token over that for the one, over the asserted for the other."""
        for trusted in (True, False):
            with self.subTest(first_trusted=trusted):
                first = self.mixed(trusted, not trusted)
                _, one, two = self.fail_over(first, extra=[PAI, "Privacy: id"])
                for arrived, is_trusted in ((one, trusted), (two, not trusted)):
                    if is_trusted:
                        self.verify(arrived, "A", NUMBER)
                    else:
                        self.verify(arrived, "B", "12155550100")
                        self.shows_nothing(arrived)
                self.assertEqual(self.stird.stop(), 0)

    def test_r_p_138_without_privacy_it_stays_the_same(self):
        first = self.mixed(True, False)
        _, one, two = self.fail_over(first, extra=[PAI])
        self.assertEqual(one.raws("identity"), two.raws("identity"))

    def test_r_p_052_the_first_is_full(self):
        """Which upstream takes the call is not known before it leaves."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8, trusted=True, calls=1),
                              self.upstream("carrier", 9)])
        first = self.peer("first", 8)
        running = self.place()
        held = first.expect("INVITE")
        first.respond(held, 180)
        self.sbc.expect(180)
        _, arrived = self.unsigned_call("calling_withheld", extra=[PAI, "Privacy: id"],
                                        from_=ANONYMOUS)
        self.shows_nothing(arrived)
        self.refuse(held, running, at=first)

    def test_r_p_052_an_abandoned_attempt_wins(self):
        """The record tells what was decided for the upstream that took the call in the end."""
        first = self.mixed(True, False, more='timers = { next_hop = "200ms"; };')
        invite = self.place(extra=[PAI, "Privacy: id"], from_=ANONYMOUS)
        one = first.expect("INVITE")
        two = self.carrier.expect("INVITE")
        self.shows_nothing(two)
        first.respond(one, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.record(invite, decision="signed", attest="A", upstream="first")
        self.sbc.acknowledge(invite, ok)
        first.expect("ACK")

    @unittest.skipUnless(os.environ.get("STIRD_LONG"), "STIRD_LONG=1: it takes half a minute")
    def test_r_p_138_after_half_a_minute(self):
        """A token that is made late is made for the one that gets it."""
        first = self.mixed(True, False)
        _, one, two = self.fail_over(first, 32, extra=[PAI, "Privacy: id"])
        self.verify_old(one)
        token = self.verify(two, "B", "12155550100")
        self.assertGreaterEqual(token.iat - identity.Token(one.all("identity")[0]).iat, 31)
        self.shows_nothing(two)

    def verify_old(self, arrived):
        self.assertEqual(self.tokens(arrived), [NUMBER])

    # Identity headers of others
    def test_r_p_051_tokens_of_others_stay(self):
        """An intermediate passes them, whatever they tell."""
        self.start()
        line = "Identity: " + foreign("shaken")
        invite, arrived = self.short_call(extra=[PAI, "Privacy: id", line], from_=ANONYMOUS)
        self.assertEqual(arrived.raws("identity"), [line.encode()])
        self.record(invite, reason="already_signed")

    def test_r_p_051_tokens_of_others_by_setting(self):
        """privacy_identity = strip: they go with P-Asserted-Identity, and only with it."""
        self.start(upstreams=[self.upstream(privacy_identity="strip")])
        for line in ("Identity: " + foreign("shaken"), "y: " + foreign("shaken") + ";",
                     "Identity: %s, %s" % (foreign("div"), foreign("shaken"))):
            with self.subTest(line=line):
                self.unsigned_call("identity_stripped", extra=[PAI, "Privacy: id", line])
                _, arrived = self.short_call(extra=[PAI, line])
                self.assertEqual(arrived.raws("identity"), [line.encode()])
        self.signed_call("B", "12155550100",
                         extra=[PAI, "Privacy: id", "Identity: " + foreign("div")])

    def test_r_p_051_by_setting_after_failover(self):
        """Each upstream has its own setting."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8),
                              self.upstream("carrier", 9, privacy_identity="strip")])
        line = "Identity: " + foreign("shaken")
        _, one, two = self.fail_over(self.peer("first", 8), extra=["Privacy: id", line])
        self.assertEqual(one.raws("identity"), [line.encode()])
        self.assertEqual(two.raws("identity"), [])

    def test_r_p_051_by_setting_inside_a_call(self):
        self.start(upstreams=[self.upstream(privacy_identity="strip")])
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")
        for cseq, (privacy, kept) in enumerate((("id", 0), ("none", 1)), 2):
            self.sbc.send(dialog.in_dialog(self.sbc, "UPDATE", invite, ok, cseq, extra=[
                "Identity: " + foreign("div"), "Privacy: " + privacy]), self.at())
            there = self.carrier.expect("UPDATE")
            self.carrier.respond(there, 200)
            self.sbc.expect((200, "UPDATE"))
            self.assertEqual(len(there.raws("identity")), kept)
