"""Sources that no trunk covers (Decided 12)."""

from lib.story import Story


class UnknownSource(Story):
    def test_udp_gets_no_answer(self):
        """R-P-024: neither answer nor upstream call, and the next good call is signed."""
        self.start()
        nobody = self.peer("nobody", 66)
        self.place(nobody)
        nobody.send(nobody.request("OPTIONS", "sip:" + self.net(1)), self.at())
        nobody.send(b"rubbish", self.at())
        nobody.expect_nothing(0.4)
        self.carrier.expect_nothing(0.1)
        self.signed_call()

    def test_tcp_is_closed(self):
        """R-P-024: closed without an answer."""
        self.start()
        nobody = self.peer("nobody", 66)
        self.carrier  # pylint: disable=pointless-statement
        stream = nobody.connect(self.net(1), 5060)
        try:
            nobody.send(self.invite(nobody, transport="tcp"), stream)
        except OSError:
            pass
        nobody.expect_closed(stream)
        self.assertEqual(nobody.inbox, [])
        self.carrier.expect_nothing(0.1)
        self.signed_call(transport="tcp")

    def test_an_upstream_begins_no_call(self):
        """Decided 12: 403."""
        self.start()
        invite = self.place(self.carrier)
        final = self.carrier.expect(403)
        self.carrier.acknowledge(invite, final, self.at())
        self.record(invite, decision="rejected", reason="from_upstream")
        self.signed_call()

    def test_no_trunk_of_a_known_source(self):
        """Decided 11: a source whose trunks all want something that the call has not: refused."""
        self.start(trunks=[self.trunk(tgrp="acme")])
        self.refused_call(403, reason="no_trunk")
        group = "<sip:+12155550100;tgrp=acme;trunk-context=x@pbx.example.com>"
        self.refused_call(403, reason="no_trunk", from_=group)
        invite = self.invite().replaced("contact", "Contact: " + group)
        self.sbc.send(invite, self.at())
        arrived = self.carrier.expect("INVITE")
        self.verify(arrived, "A")
        self.refuse(arrived, invite)
