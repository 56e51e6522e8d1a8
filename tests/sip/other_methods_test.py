"""Requests other than INVITE, and INVITEs inside a call: their transactions."""

import os
import unittest

from lib.dialog import cancel, in_dialog
from lib.sip import parameter
from lib.story import Story


class OtherMethods(Story):
    def message(self, peer=None, **more):
        peer = peer or self.sbc
        self.carrier  # pylint: disable=pointless-statement
        message = peer.request("MESSAGE", "sip:+12155550199@%s:5060" % self.net(1), **more)
        peer.send(message, self.at())
        return message

    def test_r_p_079_copies_after_the_answer(self):
        """A non-INVITE in Completed: the same answer again, the callee sees one (17.2.2)."""
        self.start()
        message = self.message()
        arrived = self.carrier.expect("MESSAGE")
        self.sbc.send(message, self.at())
        self.carrier.expect_nothing(0.2)
        self.carrier.respond(arrived, 202)
        ok = self.sbc.expect((202, "MESSAGE"))
        self.sbc.send(message, self.at())
        self.assertEqual(self.sbc.expect((202, "MESSAGE"), retransmissions=True).raw, ok.raw)
        self.carrier.expect_nothing(0.2)

    def test_r_p_036_a_message_after_503(self):
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8), self.upstream("carrier", 9)])
        first = self.peer("first", 8)
        self.message()
        one = first.expect("MESSAGE")
        first.respond(one, 503)
        two = self.carrier.expect("MESSAGE")
        self.assertNotEqual(first.top_branch(one), self.carrier.top_branch(two))
        self.carrier.respond(two, 200)
        self.sbc.expect((200, "MESSAGE"))
        first.expect_nothing(0.1)

    def test_r_p_036_a_message_to_a_dead_first(self):
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8), self.upstream("carrier", 9)])
        message = self.message()
        two = self.carrier.expect("MESSAGE")
        self.carrier.respond(two, 200)
        self.assertEqual(self.sbc.expect((200, "MESSAGE"))["call-id"], message["call-id"])

    def test_r_p_072_no_second_upstream_when_nobody_waits(self):
        """A non-INVITE is over for its caller when timer F is: the second gets nothing."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8), self.upstream("carrier", 9)],
                   more='timers = { t1 = "50ms"; t2 = "500ms"; };')
        first = self.peer("first", 8)
        self.message()
        first.expect("MESSAGE")
        self.sbc.expect_nothing(3.6)
        self.carrier.expect_nothing(0.1)

    def test_r_p_081_a_message_to_nobody(self):
        """Answered at once, not left to timer F."""
        self.start(upstreams=[self.upstream("carrier", 8)])
        self.message()
        self.sbc.expect((503, "MESSAGE"))

    def in_call(self):
        self.start()
        invite = self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 200)
        ok = self.sbc.expect((200, "INVITE"))
        self.sbc.acknowledge(invite, ok)
        self.carrier.expect("ACK")
        return invite, ok

    def test_r_p_074_cancel_of_a_re_invite(self):
        """It follows the re-INVITE, whose Route we have taken off."""
        invite, ok = self.in_call()
        again = in_dialog(self.sbc, "INVITE", invite, ok, 2)
        self.sbc.send(again, self.at())
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        self.sbc.send(cancel(again), self.at())
        self.sbc.expect((200, "CANCEL"))
        there = self.carrier.expect("CANCEL")
        self.assertEqual(there.uri, arrived.uri)
        self.assertEqual(there.raws("route"), arrived.raws("route"))
        self.carrier.respond(there, 200)
        self.carrier.respond(arrived, 487)
        final = self.sbc.expect((487, "INVITE"))
        self.sbc.acknowledge(again, final, self.at())
        self.carrier.expect("ACK")

    def test_r_p_070_a_refused_re_invite(self):
        """491: acknowledged hop by hop, and the call goes on."""
        invite, ok = self.in_call()
        again = in_dialog(self.sbc, "INVITE", invite, ok, 2)
        self.sbc.send(again, self.at())
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 491)
        ack = self.carrier.expect("ACK")
        self.assertEqual(self.carrier.top_branch(ack), self.carrier.top_branch(arrived))
        final = self.sbc.expect((491, "INVITE"))
        self.sbc.acknowledge(again, final, self.at())
        self.sbc.send(in_dialog(self.sbc, "BYE", invite, ok, 3), self.at())
        self.carrier.respond(self.carrier.expect("BYE"), 200)
        self.sbc.expect((200, "BYE"))

    def test_r_p_082_a_to_tag_of_our_own(self):
        """Each answer of ours but 100 has one, the same for each copy (section 8.2.6.2, 8.2.7)."""
        self.start()
        uri = "sip:%s:5060" % self.net(1)
        options = self.sbc.request("OPTIONS", uri, to="<%s>" % uri)
        tags = set()
        for _ in range(3):
            self.sbc.send(options, self.at())
            tags.add(parameter(self.sbc.expect(200, retransmissions=True)["to"], "tag"))
        self.assertEqual(len(tags), 1)
        self.assertTrue(tags.pop())


@unittest.skipUnless(os.environ.get("STIRD_LONG"), "takes half a minute: STIRD_LONG=1")
class Long(Story):
    def test_r_p_036_a_signature_of_31_seconds_ago_is_made_anew(self):
        """The second upstream gets a fresh one, with the Date of its iat."""
        self.start(pbx={"upstreams": ["first", "carrier"]},
                   upstreams=[self.upstream("first", 8), self.upstream("carrier", 9)])
        first = self.peer("first", 8)
        invite = self.place()
        one = first.expect("INVITE")
        old = self.verify(one, "A")
        first.respond(one, 100)
        first.expect_nothing(31.5)
        first.respond(one, 503)
        two = self.carrier.expect("INVITE")
        new = self.verify(two, "A")
        self.assertGreater(new.iat, old.iat + 30)
        self.assertNotEqual(one.raws("date"), two.raws("date"))
        self.assertEqual(len(two.raws("date")), 1)
        self.refuse(two, invite)
