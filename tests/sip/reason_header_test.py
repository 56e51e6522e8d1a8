"""What the caller's side is told in Reason: of a call that fails verification (RFC 9410, RFC 9366), of one that was
blocked (603+, ATIS-1000099)."""

from lib import dialog, settings, token
from lib.story import Story
from lib.verifying import CALLED, CALLER, Verifying

OTHER = "13125550199"
ELSEWHERE = 'SIP;cause=486;text="Busy"'
PLUS = 'SIP;cause=603;text="v=analytics1;url=https://calls.example.net/why?a=b;tel=+12155550199"  ;  location=RLN'


def signature(identity):
    return identity.split(";")[0].split(".")[2]


class Told(Verifying):
    untouched = False

    def ready(self, **profile):
        self.begin(profile=dict({"observe": False, "on_failure": "reason", "verstat_place": "none"}, **profile))
        self.passed()

    def call(self, *identities, lines=(), **more):
        invite = self.place(caller=CALLER, called=CALLED, extra=["Identity: " + i for i in identities] + list(lines), **more)
        return invite, self.carrier.expect("INVITE")

    def heard_as(self, arrived, status, extra=()):
        self.carrier.respond(arrived, status, extra=extra)
        return self.sbc.expect(status)

    def test_two_of_three(self):
        """R-V-005, R-V-059: a value for each header that failed, in the first response after 100 and in the final one."""
        self.ready()
        stale, other, good = self.signed(iat=1700000000), self.signed(orig=OTHER), self.signed()
        values = ['STIR;cause=403;text="Stale Date";ppi="..%s"' % signature(stale),
                  'STIR;cause=438;text="Invalid Identity Header";ppi="..%s"' % signature(other)]
        invite, arrived = self.call(stale, other, good)
        self.assertEqual(self.heard_as(arrived, 180).all("reason"), values)
        self.assertEqual(self.heard_as(arrived, 183).all("reason"), [])
        final = self.heard_as(arrived, 200, extra=["Reason: " + ELSEWHERE])
        self.assertEqual(final.all("reason"), [ELSEWHERE] + values)
        self.carrier.respond(arrived, 200, extra=["Reason: " + ELSEWHERE])
        self.assertEqual(self.sbc.expect(200, retransmissions=True).octets(), final.octets())
        record = self.record(invite, reason="verified")
        self.assertEqual(record["verification"]["refusal"], "reason")

    def test_one_alone(self):
        """Which header is meant is plain then."""
        self.ready()
        told = ['STIR;cause=438;text="Invalid Identity Header"']
        invite, arrived = self.call("nonsense")
        self.carrier.respond(arrived, 486, extra=["Reason: " + ELSEWHERE])
        final = self.sbc.expect(486)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        self.assertEqual(final.all("reason"), [ELSEWHERE] + told)
        for identities in ((), (self.signed(),)):
            invite, arrived = self.call(*identities)
            self.assertEqual(self.heard_as(arrived, 180).all("reason"), [])
            self.assertEqual(self.refuse(arrived, invite).all("reason"), [])

    def test_other_ends(self):
        """Instead of one that cannot be read, and after CANCEL; by TCP as well."""
        self.ready(require=True)
        told = ['STIR;cause=428;text="Use Identity Header"']
        for transport in ("udp", "tcp"):
            invite, arrived = self.call(transport=transport)
            unread = dialog.answer(arrived, 486, tag="t", peer=self.carrier).octets().replace(b"1 INVITE", b"INVITE")
            self.carrier.send(unread, ("udp",) + arrived.source)
            final = self.sbc.expect(502)
            self.sbc.acknowledge(invite, final, self.at(transport))
            self.carrier.expect("ACK")
            self.assertEqual(final.all("reason"), told)
        invite, arrived = self.call()
        self.assertEqual(self.heard_as(arrived, 180).all("reason"), told)
        self.sbc.send(dialog.cancel(invite), self.at())
        cancel = self.carrier.expect("CANCEL")
        self.carrier.respond(cancel, 200)
        self.carrier.respond(arrived, 487)
        self.carrier.expect("ACK")
        self.sbc.expect((200, "CANCEL"))
        final = self.sbc.expect(487)
        self.sbc.acknowledge(invite, final, self.at())
        self.assertEqual(final.all("reason"), told)

    def test_nothing_is_told(self):
        """Of a call for help."""
        self.ready()
        invite, arrived = self.call("nonsense", lines=["Priority: psap-callback"])
        self.assertEqual(self.refuse(arrived, invite).all("reason"), [])
        self.assertEqual(self.record(invite)["verification"]["refusal"], "emergency")

    def test_observing(self):
        self.ready(observe=True)
        invite, arrived = self.call("nonsense")
        self.assertEqual(self.refuse(arrived, invite).all("reason"), [])
        self.assertEqual(self.record(invite)["verification"]["refusal"], "observe")

    def test_marking_alone(self):
        self.ready(on_failure="mark")
        invite, arrived = self.call("nonsense")
        self.assertEqual(self.refuse(arrived, invite).all("reason"), [])
        self.assertEqual(self.record(invite)["verification"]["refusal"], "mark")

    def test_what_others_write_is_not_repeated(self):
        """Not what stands in a token, and no signature that is none."""
        self.ready(max_tokens=16)
        bad = ["a.b.c\u00e9\";x=\"y;info=<https://x.example/>", "a.b." + "A" * 500 + ";info=<https://x.example/>"]
        _, arrived = self.call(*bad * 6)
        values = self.heard_as(arrived, 180).all("reason")
        self.assertEqual(values, ['STIR;cause=438;text="Invalid Identity Header"'] * 8)


class NetworkBlocked(Story):
    def test_from_upstream(self):
        """R-V-060: phrase and Reason of a 603 are the upstream's, octet for octet."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 603, phrase="Network Blocked", extra=["Reason: " + PLUS])
        final = self.sbc.expect(603)
        self.sbc.acknowledge(invite, final, self.at())
        self.carrier.expect("ACK")
        self.assertEqual(final.summary(), "SIP/2.0 603 Network Blocked")
        self.assertEqual(final.raws("reason"), [b"Reason: " + PLUS.encode()])

    def blocked(self, reason, **more):
        _, final = self.refused_call(603, reason=reason, **more)
        return final.summary(), final.all("reason")

    def test_from_us(self):
        """R-V-060: by rules and for blocked numbers; one Reason, of SIP. A rule with a text of its own says that."""
        rules = [{"name": "deny", "calling": ["+12155550100"], "then": "refuse", "status": 603},
                 {"name": "words", "calling": ["+12155550101"], "then": "refuse", "status": 603, "reason": "not you"},
                 {"name": "other", "calling": ["+12155550102"], "then": "refuse", "status": 403}]
        self.start(more='rules = ( %s ); network_blocked = { url = "https://calls.example.net/why?a=b"; tel = "+12155550199"; '
                        'email = "blocked@carrier.example"; location = "TN"; };' % settings.groups(rules))
        plus = ("SIP/2.0 603 Network Blocked",
                ['SIP;cause=603;text="v=analytics1;url=https://calls.example.net/why?a=b;tel=+12155550199;'
                 'email=blocked@carrier.example";location=TN'])
        self.assertEqual(self.blocked("refused_by_rule"), plus)
        self.assertEqual(self.blocked("refused_by_rule", caller="+12155550101"),
                         ("SIP/2.0 603 Decline", ['SIP;cause=603;text="not you"']))
        _, final = self.refused_call(403, reason="refused_by_rule", caller="+12155550102")
        self.assertEqual((final.summary(), final.all("reason")), ("SIP/2.0 403 Forbidden", []))
        self.assertEqual(self.blocked("number_blocked", caller="+12155556000"), plus)

    def test_without_a_place_to_complain(self):
        self.start()
        self.assertEqual(self.blocked("number_blocked", caller="+12155556000"), ("SIP/2.0 603 Decline", []))
