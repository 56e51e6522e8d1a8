"""The transactions of SBCs that ask by redirect: copies, ACK, CANCEL, 100, other methods, dialogs, workers that die."""

import os
import signal
import time
import unittest

from lib import dialog, stirctl
from lib.patience import HANG_S
from lib.redirecting import Redirecting
from lib.sip import parameter
from lib.stird import wait_until


class Transactions(Redirecting):
    def hundreds(self):
        return sum(n for raw, n in self.sbc.seen.items() if raw.startswith(b"SIP/2.0 100 "))

    def test_copies_get_the_same_octets(self):
        """R-D-018: and there is one record, one token."""
        self.begin("generic", more='timers = { t1 = "4s"; };')
        invite = self.invite()
        self.carrier  # pylint: disable=pointless-statement
        for _ in range(6):
            self.sbc.send(invite, self.at())
        final = self.sbc.expect((302, "INVITE"))
        wait_until(lambda: self.sbc.poll(0.1) is None or self.sbc.copies(final) >= 6, HANG_S, "an answer to each copy")
        self.heard()
        answers = [raw for raw in self.sbc.seen if b"CSeq: 1 INVITE" in raw and raw.startswith(b"SIP/2.0 3")]
        self.assertEqual(len(answers), 1, "the same octets")
        self.sbc.acknowledge(invite, final, self.at())
        self.record(invite, decision="signed")
        self.sbc.send(invite, self.at())  # late: after the ACK nothing is said (RFC 3261 section 17.2.1)
        self.heard()
        self.assertEqual(len(self.stird.records()), 1)

    def test_until_the_ack(self):
        """R-D-007: over UDP the answer is repeated, T1 and doubled, until the ACK comes; then never again."""
        self.begin("generic", more='timers = { t1 = "100ms"; };')
        invite, final = self.ask(302, acknowledge=False)
        wait_until(lambda: self.sbc.poll(0.1) is None or self.sbc.copies(final) >= 3, HANG_S, "two repetitions")
        self.sbc.acknowledge(invite, final, self.at())
        self.heard()
        copies = self.sbc.copies(final)
        self.sbc.expect_nothing(1.0)
        self.assertEqual(self.sbc.copies(final), copies)
        self.record(invite, decision="signed")

    def test_nobody_acknowledges(self):
        """R-D-007: timer H ends it, and nothing is kept."""
        self.begin("generic", more='timers = { t1 = "50ms"; t2 = "500ms"; };')
        self.ask(302, acknowledge=False)
        path = self.lab.path("stird.conf")
        wait_until(lambda: stirctl.ask(path, "stats")["held_bytes"] == 0, HANG_S, "timer H")
        wait_until(lambda: stirctl.ask(path, "stats")["in_flight"] == 0, HANG_S, "none is under way")

    def test_no_repetitions_over_tcp(self):
        """RFC 3261 section 17.2.1: on a reliable transport it is sent once."""
        self.begin("generic", more='timers = { t1 = "50ms"; };')
        invite, final = self.ask(302, transport="tcp", acknowledge=False)
        self.sbc.expect_nothing(0.8)
        self.assertEqual(self.sbc.copies(final), 1)
        self.sbc.acknowledge(invite, final, self.at("tcp"))

    def test_the_ack_ends_here(self):
        """R-D-007: it is absorbed; one more of it too, and one of nothing."""
        self.begin("generic")
        invite, final = self.ask(302)
        self.sbc.acknowledge(invite, final, self.at())
        stray = self.invite()
        self.sbc.send(dialog.ack_of_refusal(stray, final), self.at())
        self.heard()
        self.sbc.expect_nothing(0.2)

    def test_cancel_while_it_waits(self):
        """R-D-008: 200 to the CANCEL, 487 to the INVITE, and no token, however late the signer is."""
        for dialect in ("generic", "clearip", "ribbon"):
            with self.subTest(dialect=dialect):
                self.begin(dialect, more='signing = { timeout = "1s"; };')
                signer = self.stird.wait_child("signer")
                os.kill(signer, signal.SIGSTOP)
                invite = self.place()
                self.sbc.expect(100)
                self.sbc.send(dialog.cancel(invite), self.at())
                self.sbc.expect((200, "CANCEL"))
                final = self.sbc.expect((487, "INVITE"))
                self.assertNotIn(b"dentity", final.octets())
                os.kill(signer, signal.SIGCONT)
                self.sbc.acknowledge(invite, final, self.at())
                self.heard()
                self.sbc.expect_nothing(0.3)
                self.record(invite, sip_status=487, cause="cancelled")
                self._end_stird()

    def test_cancel_that_comes_too_late(self):
        """R-D-008 (RFC 3261 section 9.2): 200, without effect; 481 to one of nothing."""
        self.begin("generic")
        invite, final = self.ask(302, acknowledge=False)
        self.sbc.send(dialog.cancel(invite), self.at())
        self.sbc.expect((200, "CANCEL"))
        self.sbc.acknowledge(invite, final, self.at())
        self.sbc.send(dialog.cancel(self.invite()), self.at())
        self.sbc.expect((481, "CANCEL"))
        self.record(invite, decision="signed", sip_status=302)

    def test_no_100_for_a_quick_answer(self):
        """R-D-007 (RFC 3261 section 17.2.1): 100 is for what takes more than 200 ms."""
        self.begin("generic", more='signing = { timeout = "1s"; };')
        began, took = self.hundreds(), []
        for _ in range(20):
            before = time.monotonic()
            self.ask(302)
            took.append(time.monotonic() - before)
        self.assertLessEqual(self.hundreds() - began, sum(one >= 0.2 for one in took))

    def test_100_for_a_slow_one(self):
        """200 ms after the INVITE came, once, without a tag."""
        self.begin("generic", more='signing = { timeout = "1s"; };')
        self.stall()
        invite = self.place()
        trying = self.sbc.expect(100)
        self.assertIsNone(parameter(trying["to"], "tag"))
        self.assertGreaterEqual(trying.time - invite.sent, 0.19)
        final = self.sbc.expect((302, "INVITE"))
        self.assertEqual(final.all("identity"), [])
        self.sbc.acknowledge(invite, final, self.at())
        self.assertEqual(self.hundreds(), 1)

    def test_other_methods(self):
        """R-D-012: 405 with Allow; OPTIONS is answered."""
        self.begin("generic")
        for method in ("MESSAGE", "SUBSCRIBE", "REGISTER", "PUBLISH", "NOTIFY", "REFER", "INFO", "UPDATE", "PRACK", "FOO"):
            for uri in ("sip:+12155550199@" + self.net(1), "sip:+12155550199@elsewhere.example.com"):
                with self.subTest(method=method, uri=uri):
                    self.sbc.send(self.sbc.request(method, uri), self.at())
                    final = self.sbc.expect((405, method))
                    self.assertEqual({word.strip() for word in final["allow"].split(",")},
                                     {"INVITE", "ACK", "CANCEL", "OPTIONS"})
        for uri in ("sip:%s:5060" % self.net(1), "sip:+12155550199@elsewhere.example.com"):
            with self.subTest(uri=uri):
                self.sbc.send(self.sbc.request("OPTIONS", uri), self.at())
                self.sbc.expect((200, "OPTIONS"))

    def test_a_source_that_acknowledges_nothing(self):
        """Its part of limits.unacknowledged is full, and what the trunk's other source has is left to that one."""
        self.begin("generic", sources=[self.net(2), self.net(6)], limits=" unacknowledged = 8; per_source = 50;")
        other = self.peer("other", 6)
        for _ in range(4):
            self.ask(302, acknowledge=False)
        invite, _ = self.ask(503)
        self.record(invite, reason="source_unacknowledged", sip_status=503)
        for _ in range(3):
            self.ask(302, peer=other, acknowledge=False)

    def options_by(self, **told_apart):
        """What tells trunks apart stands in calls; the SBC asks about all of them, whatever it names."""
        self.begin("clearip", **told_apart)
        for uri in ("sip:%s:5060" % self.net(1), "sip:+12155550199@elsewhere.example.com", "sip:elsewhere.example.com"):
            with self.subTest(uri=uri):
                self.sbc.send(self.sbc.request("OPTIONS", uri), self.at())
                self.sbc.expect((200, "OPTIONS"))

    def test_options_where_a_group_tells_trunks_apart(self):
        self.options_by(tgrp="000200", tgrp_in="from")

    def test_options_where_a_host_tells_trunks_apart(self):
        self.options_by(request_host="outbound.example.com")

    def test_options_where_a_prefix_tells_trunks_apart(self):
        self.options_by(request_user_prefix="33*")

    def test_inside_a_dialog(self):
        """There is no dialog of ours: 481. An INVITE with a To tag is told that there is nothing to add: 481 would end its call."""
        self.begin("clearip")
        invite, final = self.ask(302)
        self.assertTrue(parameter(final["to"], "tag"))
        for tag in (parameter(final["to"], "tag"), "another"):
            for method in ("BYE", "UPDATE", "INFO", "PRACK"):
                with self.subTest(method=method, tag=tag):
                    self.sbc.send(self.inside(method, tag), self.at())
                    self.sbc.expect((481, method))
            again = self.inside("INVITE", tag)
            self.sbc.send(again, self.at())
            said = self.sbc.expect((404, "INVITE"))
            self.sbc.acknowledge(again, said, self.at())
            self.assertNotIn(b"dentity", said.octets())
            self.record(again, decision="passed", reason="unknown_dialog", attest=None)
        self.record(invite, decision="signed")

    def inside(self, method, tag):
        return self.sbc.request(method, "sip:+12155550199@" + self.net(1), cseq=2, to="<sip:+12155550199@h>;tag=" + tag)

    def test_a_worker_that_dies(self):
        """R-D-018: between INVITE and ACK: the copy gets an answer with a new token, and the ACK meets nobody."""
        self.begin("generic", more='signing = { timeout = "1s"; };')
        invite, final = self.ask(302, acknowledge=False)
        before = self.stird.child("worker")
        os.kill(before, signal.SIGKILL)
        self.stird.wait_child("worker", other_than=before)
        self.heard()
        self.sbc.inbox.clear()
        self.sbc.send(invite, self.at())
        again = self.sbc.expect((302, "INVITE"))
        self.sbc.acknowledge(invite, again, self.at())
        self.check_token(self.followed(invite, again))
        self.assertNotEqual(again["identity"], final["identity"])

    def test_a_worker_that_dies_while_it_waits(self):
        """The INVITE again, to the next one, is a call like any other."""
        self.begin("generic", more='signing = { timeout = "1s"; };')
        signer = self.stird.wait_child("signer")
        os.kill(signer, signal.SIGSTOP)
        invite = self.place()
        self.sbc.expect(100)
        before = self.stird.child("worker")
        os.kill(before, signal.SIGKILL)
        os.kill(signer, signal.SIGCONT)
        self.stird.wait_child("worker", other_than=before)
        self.heard()
        self.sbc.send(invite, self.at())
        final = self.sbc.expect((302, "INVITE"))
        self.sbc.acknowledge(invite, final, self.at())
        self.assertIn(len(final.all("identity")), (0, 1))

    def test_a_connection_that_ends(self):
        """Who asks and hangs up is told by another one."""
        self.begin("generic", more='signing = { timeout = "1s"; };')
        signer = self.stird.wait_child("signer")
        os.kill(signer, signal.SIGSTOP)
        stream = self.sbc.connect(self.net(1), 5060)
        invite = self.place(transport="tcp")
        self.sbc.expect(100)
        stream.socket.close()
        self.sbc.streams.remove(stream)
        os.kill(signer, signal.SIGCONT)
        late = self.final(invite)  # by a connection of stird's own to the port of the Via (RFC 3261 section 18.2.2)
        self.assertNotEqual(late.connection, stream)
        self.signed()

    def test_many_at_once(self):
        """Two workers, a hundred questions over one socket: an answer each, of its own call."""
        self.begin("generic", more='workers = 2; signing = { timeout = "1s"; };')
        self.carrier  # pylint: disable=pointless-statement
        asked = {}
        for i in range(100):
            invite = self.invite(called="+121555501%02d" % i)
            asked[invite["call-id"]] = invite
            self.sbc.send(invite, self.at())
        tokens = set()
        for _ in range(100):
            final = self.sbc.expect((302, "INVITE"))
            invite = asked.pop(final["call-id"])
            self.sbc.acknowledge(invite, final, self.at())
            self.assertEqual(final["to"].split(";tag")[0], invite["to"])
            tokens.add(final["identity"])
        self.assertEqual([len(tokens), asked], [100, {}])


if __name__ == "__main__":
    unittest.main()
