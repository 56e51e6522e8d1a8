"""Who is heard at all (Decided 12), and what comes of floods that have our marks on them."""

import re

from lib import dialog
from lib.sip import Message
from sip.torture import TortureStory


class Fence(TortureStory):
    def answered_call(self):
        """A call that is up: the INVITE as it arrived, and its 200."""
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        answer = self.carrier.respond(arrived, 200)
        self.sbc.acknowledge(invite, self.sbc.expect(200))
        self.carrier.expect("ACK")
        return arrived, answer

    def test_a_dialog_goes_on_from_an_unknown_address(self):
        """The callee's BYE comes from a media gateway that no upstream lists: our Route is on it."""
        self.start()
        arrived, answer = self.answered_call()
        gateway = self.peer("gateway-of-carrier", 66)
        bye = dialog.callee_in_dialog(gateway, "BYE", arrived, answer, 1)
        gateway.send(bye, self.at())
        self.sbc.respond(self.sbc.expect("BYE"), 200)
        gateway.expect((200, "BYE"))

    def test_a_forged_route_is_not_heard(self):
        """Another key, another Call-ID, no Route at all: nothing, not even an answer."""
        self.start()
        arrived, answer = self.answered_call()
        nobody = self.peer("nobody", 66)
        bye = dialog.callee_in_dialog(nobody, "BYE", arrived, answer, 1)
        route = bye.raws("route")[0]
        forged = re.sub(rb"(stk=)[0-9a-f]{16}", rb"\g<1>0123456789abcdef", route)
        self.assertNotEqual(forged, route)
        for other in (bye.replaced("route", forged), bye.replaced("call-id", "Call-ID: other"),
                      bye.without("route")):
            nobody.send(other, self.at())
        nobody.expect_nothing(0.3)
        self.sbc.expect_nothing(0.1)

    def test_a_valid_route_begins_no_call(self):
        """Without a To tag it is no request of a dialog, whatever Route it carries."""
        self.start()
        arrived, _ = self.answered_call()
        nobody = self.peer("nobody", 66)
        routes = ["Route: " + value for value in arrived.elements("record-route")]
        nobody.send(self.invite(nobody, extra=routes), self.at())
        nobody.expect_nothing(0.3)
        self.carrier.expect_nothing(0.1)

    def test_answers_with_our_marks(self):
        """A stranger's answer whose branch looks like ours reflects nothing."""
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        nobody = self.peer("nobody", 66)
        via = arrived.raws("via")[0]
        digit = b"0" if via[-1:] != b"0" else b"1"
        for top in (re.sub(rb"[0-9a-f]$", digit, via), via + b"00"):
            raws = [h.raw for h in dialog.answer(arrived, 200, peer=nobody, tag="x").headers]
            nobody.send(Message("SIP/2.0 200 OK", [top] + raws[1:]), self.at())
        self.sbc.expect_nothing(0.3)
        self.refuse(arrived, invite)
