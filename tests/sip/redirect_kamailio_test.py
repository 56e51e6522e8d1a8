"""Kamailio as an SBC that asks by redirect, where it is installed: the call goes on signed, by whichever place it reads."""

import unittest

from lib.dialog import SDP, cancel, in_dialog
from lib.kamailio import Kamailio
from lib.redirecting import Redirecting

HEADER = """$var(identity) = $T_rpl($hdr(Identity));
        $var(date) = $T_rpl($hdr(Date));"""
X_HEADER = HEADER.replace("Identity)", "X-Identity)")
# By Kamailio's own rules for escapes in a URI (R-D-014).
CONTACT = """$var(inside) = $(T_rpl($ct){nameaddr.uri}{s.select,1,?});
        $var(identity) = $(var(inside){param.value,Identity,&}{s.unescape.param});
        $var(date) = $(var(inside){param.value,Date,&}{s.unescape.param});"""
OWN_ROUTE = '$du = "sip:@CARRIER@:5060";'
# Where Contact leads: the carrier, by a setting of the dialect.
BY_CONTACT = """if (!get_redirects("1:1"))
            exit;
        $du = $null;"""


class Asks(Redirecting):
    """.20 calls; .2 is Kamailio, which asks stird at .1; .9 the carrier."""

    patience_ms = 30000  # of the SBC, for an answer

    def start_sbc(self, take, route, transport):
        Kamailio(self, "redirect_kamailio.cfg", self.net(2), {
            "TAKE": take, "ROUTE": route, "SBC": self.net(2), "STIRD": self.net(1), "CARRIER": self.net(9),
            "TRANSPORT": transport, "PATIENCE": str(self.patience_ms)})

    def begin_sbc(self, dialect, take=HEADER, route=OWN_ROUTE, transport="udp", dialects=(), **more):
        self.start_sbc(take, route, transport)
        self.begin(dialect, dialects, **more)
        return self.peer("caller", 20), self.carrier

    def call(self, **more):
        """An INVITE of the caller's to Kamailio."""
        caller = self.peer("caller", 20)
        self.carrier  # pylint: disable=pointless-statement
        invite = self.invite(caller, host=self.net(2), **more)
        caller.send(invite, ("udp", self.net(2), 5060))
        return invite

    def whole_call(self, attest="A", orig="12155550100", **more):
        """It arrives signed, is answered, and ended by the caller; stird has no part in that."""
        caller, carrier = self.peer("caller", 20), self.carrier
        invite = self.call(**more)
        arrived = carrier.expect("INVITE")
        self.check_token(arrived, attest, orig)
        self.assertEqual(len(arrived.elements("via")), 2, "caller, SBC: stird is not on the way")
        self.assertEqual(len(arrived.elements("record-route")), 1)
        carrier.respond(arrived, 180)
        caller.expect(180)
        carrier.respond(arrived, 200, body=SDP)
        ok = caller.expect(200)
        caller.acknowledge(invite, ok)
        carrier.expect("ACK")
        bye = in_dialog(caller, "BYE", invite, ok, 2)
        caller.send(bye, caller.next_hop(bye))
        carrier.respond(carrier.expect("BYE"), 200)
        caller.expect((200, "BYE"))
        self.record(invite, decision="signed", attest=attest, trunk="sbc", cause="redirected")

    def test_beside(self):
        """R-D-001: 302 with Identity, over UDP."""
        self.begin_sbc("clearip")
        self.whole_call()
        self.whole_call("B", "13125550000", caller="+13125550000")

    def test_over_tcp(self):
        self.begin_sbc("generic", transport="tcp")
        self.whole_call()
        self.whole_call()

    def test_x_identity(self):
        self.begin_sbc("x", X_HEADER, dialects=['{ name = "x"; like = "clearip"; identity = [ "x" ]; }'])
        self.whole_call()

    def test_inside_contact(self):
        """R-D-014: unescaped by Kamailio, with its Date; of 300 and of 302."""
        for dialect in ("ribbon", "oracle"):
            with self.subTest(dialect=dialect):
                if dialect == "ribbon":
                    self.begin_sbc(dialect, CONTACT)
                else:
                    self._end_stird()
                    self.begin(dialect)
                self.whole_call()

    def test_where_contact_leads(self):
        """R-D-003: its uac_redirect follows Contact to the carrier."""
        own = '{ name = "own"; like = "generic"; contact = "host"; contact_host = "%s:5060"; }' % self.net(9)
        self.begin_sbc("own", HEADER, BY_CONTACT, dialects=[own])
        self.whole_call()

    def test_nothing_to_do(self):
        """R-D-005: 404: it routes on without a token."""
        caller, carrier = self.begin_sbc("clearip")
        invite = self.call(from_="<sip:somebody@x>")
        arrived = carrier.expect("INVITE")
        self.assertEqual(arrived.all("identity"), [])
        carrier.respond(arrived, 486)
        carrier.expect("ACK")
        caller.acknowledge(invite, caller.expect(486), ("udp", self.net(2), 5060))
        self.record(invite, decision="passed", sip_status=404)

    def test_blocked(self):
        """R-D-005: 603 reaches the caller."""
        caller, carrier = self.begin_sbc("clearip")
        invite = self.call(caller="+12155556000")
        final = caller.expect(603)
        caller.acknowledge(invite, final, ("udp", self.net(2), 5060))
        carrier.expect_nothing(0.2)
        self.record(invite, decision="rejected", reason="number_blocked", sip_status=603)

    def test_nobody_there(self):
        """stird is gone: the SBC's own timer, and it routes on without a token."""
        self.patience_ms = 500
        caller, carrier = self.begin_sbc("clearip")
        self._end_stird()
        self.stird = None
        invite = self.call()
        arrived = carrier.expect("INVITE")
        self.assertEqual(arrived.all("identity"), [])
        carrier.respond(arrived, 486)
        carrier.expect("ACK")
        caller.acknowledge(invite, caller.expect(486), ("udp", self.net(2), 5060))

    def test_cancelled(self):
        """The caller gives up while the carrier rings: stird has long been done."""
        caller, carrier = self.begin_sbc("clearip")
        invite = self.call()
        arrived = carrier.expect("INVITE")
        carrier.respond(arrived, 180)
        caller.expect(180)
        caller.send(cancel(invite), ("udp", self.net(2), 5060))
        caller.expect((200, "CANCEL"))
        carrier.respond(carrier.expect("CANCEL"), 200)
        carrier.respond(arrived, 487)
        caller.acknowledge(invite, caller.expect(487), ("udp", self.net(2), 5060))
        carrier.expect("ACK")
        self.record(invite, decision="signed", cause="redirected")


if __name__ == "__main__":
    unittest.main()
