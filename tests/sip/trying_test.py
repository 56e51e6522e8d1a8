"""100 Trying: with the INVITE that leaves, or 200 ms after it came (RFC 3261 section 17.2.1)."""

from lib import dialog
from lib.sip import parameter
from lib.story import Story


class Trying(Story):
    def hundreds(self):
        """How many 100s the SBC has received, copies included."""
        return sum(n for raw, n in self.sbc.seen.items() if raw.startswith(b"SIP/2.0 100 "))

    def all_in(self):
        while self.sbc.poll(0.3):
            pass

    def test_r_p_065_with_the_invite(self):
        """Once, without a tag, and the same again for a copy of the INVITE."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        trying = self.sbc.expect(100)
        self.assertIsNone(parameter(trying["to"], "tag"))
        self.all_in()
        self.assertEqual(self.hundreds(), 1)
        self.sbc.send(invite, self.at())
        self.sbc.expect(100, retransmissions=True)
        self.refuse(arrived, invite)

    def test_r_p_065_none_before_a_refusal(self):
        """What is answered at once has no 100 before it, nor behind it."""
        self.start(pbx={"calls": 1})
        self.refused_call(603, caller="+12155556000")
        self.refused_call(420, extra=["Proxy-Require: foo"])
        self.all_in()
        self.assertEqual(self.hundreds(), 0)

    def test_r_p_065_while_the_signer_is_slow(self):
        """Signing takes a second and fails: 100 comes before the 503, once."""
        self.start(more='signing = { timeout = "1s"; failure = "fail_closed"; };')
        self.hang("signer")
        invite = self.place()
        self.sbc.expect(100)
        final = self.sbc.expect(503)
        self.sbc.acknowledge(invite, final, self.at())
        self.record(invite, reason="signer_timeout")
        self.assertEqual(self.hundreds(), 1)

    def test_r_p_065_while_a_connection_opens(self):
        """TCP to the next hop: a 100 either way, and only one."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.sbc.expect(100)
        self.refuse(arrived, invite)
        self.assertEqual(self.hundreds(), 1)

    def test_not_of_other_methods(self):
        """RFC 4320 section 4.1."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        message = self.sbc.request("MESSAGE", "sip:+12155550199@h")
        self.sbc.send(message, self.at())
        there = self.carrier.expect("MESSAGE")
        self.all_in()
        self.carrier.respond(there, 200)
        self.sbc.expect((200, "MESSAGE"))
        self.assertEqual(self.hundreds(), 0)

    def test_inside_a_call(self):
        self.start()
        invite = self.place()
        self.carrier.respond(self.carrier.expect("INVITE"), 200)
        final = self.sbc.expect(200)
        self.sbc.acknowledge(invite, final, self.at())
        before = self.hundreds()
        self.sbc.send(dialog.in_dialog(self.sbc, "INVITE", invite, final, 2), self.at())
        there = self.carrier.expect("INVITE", skip=("ACK",))
        self.sbc.expect(100)
        self.carrier.respond(there, 486)
        self.sbc.expect(486)
        self.assertEqual(self.hundreds(), before + 1)
