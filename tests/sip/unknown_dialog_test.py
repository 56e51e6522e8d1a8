"""
An INVITE with a To tag but without our route key: its dialog is its caller's word alone. It is
decided, limited and recorded as a new call, and never signed.
"""

import re

from lib import dialog, stirctl
from lib.sip import uri_of
from lib.story import Story

TAG = ";tag=made-up"
TO = "<sip:+12155550199@carrier.example.com>" + TAG


def without_key(message):
    """MESSAGE with the key cut out of its Route."""
    raw = re.sub(rb";stk=[0-9a-f]*", b"", message.octets())
    return type(message).parse(raw)


class UnknownDialog(Story):
    def claimed(self, **more):
        """A short call whose INVITE has a To tag: it goes on unsigned."""
        more.setdefault("to", TO)
        invite, arrived = self.unsigned_call(reason="unknown_dialog", **more)
        self.assertEqual(arrived["to"], more["to"])
        return invite, arrived

    def test_goes_on_unsigned_and_leaves_a_record(self):
        """R-P-033: the owner's number would give an A."""
        self.start()
        invite, arrived = self.claimed()
        self.record(invite, trunk="pbx", orig_tn="12155550100", number_state="owned", attest=None,
                    sip_status=486)
        self.assertEqual(arrived.raws("date"), [])
        self.assertEqual(arrived.raws("record-route"), [])
        self.signed_call()

    def test_spellings_of_the_tag(self):
        """Whatever sofia-sip and a callee would take for a tag."""
        self.start()
        uri = "<sip:+12155550199@carrier.example.com>"
        for to in (uri + ";TAG=x", uri + " ; tag = x", "sip:+12155550199@h;tag=x",
                   '"a;tag=y" ' + uri + ";a=b;tag=x", uri + ";a;tag=x;b"):
            with self.subTest(to=to):
                self.claimed(to=to)
        compact = self.invite(to=TO)
        line = compact.raws("to")[0]
        compact = compact.replaced("to", b"t:" + line.split(b":", 1)[1].replace(b";", b"\r\n ;"))
        self.sbc.send(compact, self.at())
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived.raws("identity"), [])
        self.refuse(arrived, compact)
        self.record(compact, reason="unknown_dialog")

    def test_a_parameter_of_the_uri_is_no_tag(self):
        self.start()
        self.signed_call(to="<sip:+12155550199@carrier.example.com;tag=x>")

    def test_keys_that_are_none(self):
        """None, empty, wrong, of another call, too long, too short, in upper case."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        route = arrived.elements("record-route")[-1]
        key = re.search(r"stk=([0-9a-f]{16})", route).group(1)
        self.refuse(arrived, invite)
        us = "sip:%s:5060;lr" % self.net(1)
        for text in ("", ";stk", ";stk=", ";stk=" + "0" * 16, ";stk=" + key, ";stk=" + "0" * 17,
                     ";stk=" + "0" * 400, ";stk=" + key[:15], ";stk=" + key + "0",
                     ";stk=" + key.upper() + "x"):
            with self.subTest(text=text):
                self.claimed(extra=["Route: <%s%s>" % (us, text)])

    def test_a_stale_key_in_memory_is_none(self):
        """A too long key, right behind a good one of the same call."""
        self.start()
        invite, _, final = self.up()
        for n in range(20):
            good = dialog.in_dialog(self.sbc, "INVITE", invite, final, 10 + 2 * n)
            bad = dialog.in_dialog(self.sbc, "INVITE", invite, final, 11 + 2 * n)
            raw = re.sub(rb"stk=[0-9a-f]{16}", b"stk=" + b"0" * (17 + n), bad.octets())
            for octets in (good.octets(), raw):
                self.sbc.send(octets, self.at())
            for _ in range(2):
                self.carrier.respond(self.carrier.expect("INVITE", skip=("ACK",)), 486)
        self.assertEqual(len(self.recorded("unknown_dialog", 20)), 20)

    def test_blocked_rules_and_caps_hold(self):
        """Whatever refuses a new call refuses this one."""
        self.start(more='rules = ( { name = "premium"; called = [ "+1900" ]; then = "refuse"; } );')
        self.refused_call(603, caller="+12155556000", to=TO, reason="number_blocked")
        self.refused_call(403, called="+19005550123", reason="refused_by_rule",
                          to="<sip:+19005550123@carrier.example.com>" + TAG)

    def test_limits_hold(self):
        self.start(pbx={"calls": 1})
        ringing = self.place(to=TO)
        arrived = self.carrier.expect("INVITE")
        self.refused_call(503, to=TO, reason="trunk_full")
        self.refused_call(503, reason="trunk_full")
        self.refuse(arrived, ringing)
        self.signed_call()

    def test_upstream_limit_holds(self):
        self.start(upstreams=[self.upstream(calls=1)])
        ringing = self.place(to=TO)
        arrived = self.carrier.expect("INVITE")
        self.refused_call(503, to=TO, reason="upstream_full")
        self.refuse(arrived, ringing)

    def test_emergency(self):
        """A full trunk lets it through, and it is not signed either."""
        self.start(pbx={"calls": 1})
        ringing = self.place()
        arrived = self.carrier.expect("INVITE")
        emergency = self.place(uri="sip:911@" + self.net(1), to="<sip:911@h>" + TAG)
        there = self.carrier.expect("INVITE")
        self.assertEqual(there.raws("identity"), [])
        self.refuse(there, emergency)
        self.record(emergency, decision="passed", reason="unknown_dialog", emergency=True)
        self.refuse(arrived, ringing)

    def test_identity_that_it_brings(self):
        """Stays, by default; the reason is the dialog's."""
        self.start()
        _, arrived = self.short_call()
        value = arrived["identity"]
        invite, again = self.short_call(to=TO, extra=["Identity: " + value])
        self.assertEqual(again.all("identity"), [value])
        self.record(invite, reason="unknown_dialog")

    def test_an_upstream_begins_no_call(self):
        """403, which leaves a running call alone, where 481 would end it (RFC 5057)."""
        self.start()
        invite = self.invite(self.carrier, to=TO)
        self.carrier.send(invite, self.at())
        self.carrier.acknowledge(invite, self.carrier.expect(403), self.at())
        self.record(invite, decision="rejected", reason="from_upstream", sip_status=403)

    def test_strangers_stay_silent(self):
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        nobody = self.peer("nobody", 66)
        for extra in ([], ["Route: <sip:%s:5060;lr;stk=%s>" % (self.net(1), "0" * 16)]):
            nobody.send(self.invite(nobody, to=TO, extra=extra), self.at())
        nobody.expect_nothing(0.3)
        self.carrier.expect_nothing(0.1)
        self.assertEqual(self.stird.records(), [])

    def up(self, **more):
        """A call that is up: (sent, arrived, 200)."""
        invite = self.place(**more)
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        return invite, arrived, final

    def goes_on(self, invite, final, at):
        """re-INVITE, its ACK and BYE reach AT, without a key; the Request-URI is the callee's."""
        target = uri_of(final["contact"])
        again = without_key(dialog.in_dialog(self.sbc, "INVITE", invite, final, 2,
                                             body=dialog.SDP))
        self.sbc.send(again, self.at())
        there = at.expect("INVITE")
        self.assertEqual((there.uri, there.raws("identity"), there.raws("route")), (target, [], []))
        at.respond(there, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.send(without_key(dialog.in_dialog(self.sbc, "ACK", invite, ok, 2)), self.at())
        ack = at.expect("ACK")
        self.assertEqual((ack.uri, ack.raws("route")), (target, []))
        self.sbc.send(without_key(dialog.in_dialog(self.sbc, "BYE", invite, ok, 3)), self.at())
        at.respond(at.expect("BYE"), 200)
        self.sbc.expect((200, "BYE"))

    def test_a_running_call_whose_key_is_lost(self):
        """The secret was lost with the disk: the call goes on by its trunk's upstream."""
        self.start()
        invite, _, final = self.up()
        self.goes_on(invite, final, self.carrier)

    def test_without_record_route(self):
        """An SBC that sends everything our way all the same."""
        self.start(more="proxy = { record_route = false; };")
        invite, arrived, final = self.up_without_record_route()
        self.assertEqual(arrived.raws("record-route"), [])
        self.goes_on(invite, final, self.carrier)

    def up_without_record_route(self):
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        final = self.sbc.expect(200)
        self.sbc.send(dialog.in_dialog(self.sbc, "ACK", invite, final, 1), self.at())
        self.carrier.expect("ACK")
        return invite, arrived, final

    def test_the_call_s_own_upstream(self):
        """Of several upstreams the one that the callee's Contact names: another would say 481."""
        self.start(upstreams=[self.upstream(), self.upstream("second", 8)],
                   pbx={"upstreams": ["carrier", "second"]})
        second = self.peer("second", 8)
        invite = self.place()
        self.carrier.respond(self.carrier.expect("INVITE"), 503)
        self.carrier.expect("ACK")
        second.respond(second.expect("INVITE"), 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        second.expect("ACK")
        self.goes_on(invite, final, second)
        self.carrier.expect_nothing(0.1)

    def test_the_ack_of_a_refusal_goes_nowhere(self):
        """Also where the refusal left no transaction."""
        self.start(pbx={"calls": 1})
        ringing = self.place()
        arrived = self.carrier.expect("INVITE")
        for to in (TO, TO.replace(TAG, "")):
            invite = self.place(to=to)
            self.sbc.acknowledge(invite, self.sbc.expect(503), self.at())
            self.carrier.expect_nothing(0.2)
        self.refuse(arrived, ringing)

    def test_inside_our_dialog_nothing_changes(self):
        """With the key: along its Route, without a record of its own."""
        self.start(pbx={"calls": 1})
        invite, _, final = self.up()
        self.sbc.send(dialog.in_dialog(self.sbc, "INVITE", invite, final, 2), self.at())
        self.carrier.respond(self.carrier.expect("INVITE"), 486)
        self.sbc.expect(486)
        self.record(invite, decision="signed")

    def again(self, invite, final, cseq, caller=None, to=None):
        """A re-INVITE with the key of the call, of another caller or with another To tag."""
        raw = dialog.in_dialog(self.sbc, "INVITE", invite, final, cseq).octets()
        if caller:
            raw = re.sub(rb"(From: [^+]*)\+\d+", rb"\1" + caller.encode(), raw)
        if to:
            raw = re.sub(rb"(To: [^\r]*;tag=)[^\r;]*", rb"\1" + to.encode(), raw)
        return type(invite).parse(raw)

    def test_a_key_does_not_open_the_number_block(self):
        """That of a call, also one that is over: another From, To tags of any kind."""
        self.start()
        invite, _, final = self.up()
        self.sbc.send(dialog.in_dialog(self.sbc, "BYE", invite, final, 2), self.at())
        self.carrier.respond(self.carrier.expect("BYE"), 200)
        self.sbc.expect((200, "BYE"))
        for cseq, to in ((3, None), (4, "made-up")):
            blocked = self.again(invite, final, cseq, "+12155556000", to)
            self.sbc.send(blocked, self.at())
            self.sbc.acknowledge(blocked, self.sbc.expect(603), self.at())
            path = self.lab.write("message", blocked.octets().decode())
            told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path,
                               "--source", self.net(2))
            self.assertEqual((told["decision"], told["reason"], told["sip_status"]),
                             ("rejected", "number_blocked", 603))
        self.carrier.expect_nothing(0.2)
        self.assertEqual([(r["orig_tn"], r["sip_status"]) for r in self.recorded("number_blocked", 2)],
                         [("12155556000", 603)] * 2)
        self.sbc.send(self.again(invite, final, 5, "+12155550101"), self.at())
        self.carrier.respond(self.carrier.expect("INVITE"), 481)
        self.sbc.expect(481)

    def test_the_callee_is_nobody_s_caller(self):
        """Who was called may have a number that is blocked, and holds the call all the same."""
        self.start()
        invite, arrived, final = self.up(to="<sip:+12155556000@carrier.example.com>")
        again = dialog.callee_in_dialog(self.carrier, "INVITE", arrived, final, 2)
        self.carrier.send(again, self.at())
        self.sbc.respond(self.sbc.expect("INVITE"), 486)
        self.carrier.expect(486)
        self.record(invite, decision="signed")

    def test_explain_says_the_same(self):
        """Of both kinds, by the secret of the state directory."""
        self.start()
        invite, _, final = self.up()
        known = dialog.in_dialog(self.sbc, "INVITE", invite, final, 2)
        for message, reason in ((known, "in_dialog"), (without_key(known), "unknown_dialog"),
                                (self.invite(to=TO), "unknown_dialog")):
            with self.subTest(reason=reason):
                path = self.lab.write("message", message.octets().decode())
                told = stirctl.ask(self.lab.path("stird.conf"), "explain", "--message", path,
                                   "--source", self.net(2))
                self.assertEqual((told["decision"], told["reason"], told["level"], told["note"]),
                                 ("passed", reason, None, None))
