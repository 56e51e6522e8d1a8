"""Connections that say nothing but what is no message: they are closed, others go on."""

import time

from lib.stird import wait_until
from lib.tls import TLS_PORT
from sip import connections_test, tls_test


class Keepalives(connections_test.Connections):
    """RFC 5626 section 3.5.1, without an end."""

    def ping_until_closed(self, stream, octets):
        """So many were taken; one a segment, for a run of them is one."""
        for n in range(100000):
            try:
                stream.socket.sendall(octets)
                if octets == b"\r\n\r\n" and not stream.socket.recv(2):
                    return n
            except OSError:
                return n
            if octets != b"\r\n\r\n":
                time.sleep(0.001)
        return None

    def test_without_end(self):
        for octets in (b"\r\n\r\n", b"\r\n"):
            with self.subTest(octets=octets):
                self.start_once()
                before = self.stats("talkers")
                n = self.ping_until_closed(self.own_stream(), octets)
                self.assertIsNotNone(n, "is never closed")
                self.assertGreaterEqual(n, 60)
                wait_until(lambda before=before: self.stats("talkers") > before, 10, "it is counted")
        self.signed_call(transport=self.transport)
        self.stird.wait_log("closed for what it says beside messages.*peer=%s" % self.net(2))

    def start_once(self):
        if not self.stird:
            self.start()

    def is_answered(self, stream):
        """An OPTIONS on it, with all that waits before the answer."""
        stream.socket.sendall(self.sbc.request("OPTIONS", "sip:" + self.net(1),
                                               transport=self.transport).octets())
        octets = b""
        while b"SIP/2.0 200" not in octets or not octets.endswith(b"\r\n\r\n"):
            octets += stream.socket.recv(4096)

    def test_beside_messages(self):
        """An SBC that ends each message with a CR LF too many, and pings."""
        self.start()
        stream = self.own_stream()
        for _ in range(150):
            self.is_answered(stream)
            stream.socket.sendall(b"\r\n")
        for _ in range(30):
            stream.socket.sendall(b"\r\n\r\n")
            self.assertEqual(stream.socket.recv(2), b"\r\n")
        self.is_answered(stream)
        self.assertEqual(self.stats("talkers"), 0)


class OverTls(tls_test.TlsStory, Keepalives):
    transport, port = "tls", TLS_PORT

    def setUp(self):
        super().setUp()
        self.tls_peer("sbc", 2)
