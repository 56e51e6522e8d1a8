"""An INVITE that its connection cuts is told of as one that a datagram cuts: a record, a line, no flood."""

import socket
import struct

from lib.sockets import on_its_way
from lib.stird import wait_until
from lib.story import Story
from lib.tls import TLS_PORT
from sip.tls_test import TlsStory


class CutBy(Story):
    transport = "tcp"

    def connect(self):
        """A connection of its own."""
        return self.sbc.dial(self.net(1), 5060)

    def lose(self, octets):
        """OCTETS on such a connection, which ends then."""
        stream = self.connect()
        stream.socket.sendall(octets)
        stream.socket.close()

    def cut(self, call_id, emergency=False):
        record = self.stird.record(call_id)
        self.assertEqual((record["decision"], record["reason"], record["sip_status"], record["emergency"]),
                         ("rejected", "bad_request", None, emergency))
        self.assertIn("message: is cut: its connection ended within it, at octet ", record["detail"])
        lines = [line for line in self.stird.wait_lines("call_id=" + call_id) if "malformed message" in line]
        self.assertEqual(len(lines), 1)

    def wherever(self):
        for called in ("+13125550123", "911"):
            for end in (-40, -2, -1):
                invite = self.invite(called=called, transport=self.transport)
                self.lose(invite.octets()[:end])
                self.cut(invite["call-id"], called == "911")

    def in_its_head(self):
        self.start()
        invite = self.invite(called="911", transport="tcp")
        octets = invite.octets()
        self.lose(octets[:octets.index(b"\r\n\r\n")])
        self.cut(invite["call-id"], True)


class Cut(CutBy):
    def test_wherever_it_is_cut(self):
        self.start()
        self.wherever()

    def test_in_its_head(self):
        self.in_its_head()

    def test_when_it_takes_too_long(self):
        self.start(limits=' message_timeout = "1s";')
        invite = self.invite(transport="tcp")
        stream = self.sbc.connect(self.net(1), 5060, fresh=True)
        stream.socket.sendall(invite.octets()[:-2])
        self.cut(invite["call-id"])

    def test_in_its_start_line(self):
        self.start()
        self.lose(b"INVITE sip:911@h SI")
        records = wait_until(self.stird.records, 30, "its record")
        self.assertTrue(records[0]["emergency"])

    def test_what_is_no_invite_is_silent(self):
        self.start()
        for octets in (b"SIP/2.0 200 O", b"\r\n", b"\r\n\r\n\r\n", b"OPTIONS sip:x", b"\x16\x03\x01"):
            self.lose(octets)
        invite, _, _ = self.signed_call(transport="tcp")
        self.stird.record(invite["call-id"])
        self.assertEqual(len(self.stird.records()), 1)

    def test_a_flood_of_them(self):
        """Within a second, that is: they end together."""
        self.start()
        streams = [self.connect() for _ in range(60)]
        for stream in streams:
            stream.socket.sendall(self.invite(transport="tcp").octets()[:-2])
        for stream in streams:
            stream.socket.close()
        self.signed_call(transport="tcp")
        wait_until(lambda: 60 == sum(r["count"] for r in self.stird.records() if r["decision"] == "rejected"), 30,
                   "all of them counted")
        self.assertLess(len(self.stird.records()), 50)


class Reset(CutBy):
    """What a reset finds in the kernel is gone: stird knows what it has read by then, and is given the time to."""

    def lose(self, octets):
        stream = self.connect()
        stream.socket.sendall(octets)
        self.read(stream)
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.socket.close()

    def read(self, stream):
        """Nothing lies in the kernel any more, ours or stird's."""
        mine = stream.socket.getsockname()
        wait_until(lambda: not on_its_way(mine), 30, "its octets read")

    def test_wherever_it_is_reset(self):
        self.start()
        self.wherever()

    def test_in_its_head(self):
        self.in_its_head()

    def test_what_is_no_invite_is_silent(self):
        self.start()
        for octets in (b"SIP/2.0 200 O", b"\r\n", b"OPTIONS sip:x"):
            self.lose(octets)
        invite, _, _ = self.signed_call(transport="tcp")
        self.stird.record(invite["call-id"])
        self.assertEqual(len(self.stird.records()), 1)


class OverTls(TlsStory, CutBy):
    """By close_notify, and by a connection that ends without."""
    transport = "tls"

    def connect(self):
        return self.peers["sbc"].dial(self.net(1), TLS_PORT, "tls")

    def lose(self, octets):
        stream = self.connect()
        stream.socket.sendall(octets)
        if self.notify:
            stream.socket.unwrap().close()
        else:
            stream.socket.close()

    def begin(self, notify, more=""):
        self.notify = notify
        self.tls_peer("sbc", 2)
        self.start(limits=more)

    def test_with_a_word(self):
        self.begin(True)
        self.wherever()

    def test_without_one(self):
        self.begin(False)
        self.wherever()

    def test_when_it_takes_too_long(self):
        self.begin(False, ' message_timeout = "1s";')
        invite = self.invite(transport="tls")
        stream = self.connect()
        stream.socket.sendall(invite.octets()[:-2])
        self.cut(invite["call-id"])
