"""Slow and silent peers over TLS."""

import time

from lib.tls import TLS_PORT
from sip import connections_test, tls_test


class Deadlines(tls_test.TlsStory, connections_test.Deadlines):
    """The deadlines of TCP, and one for the handshake."""

    transport, port = "tls", TLS_PORT
    test_slow_senders = test_idle = None  # no different

    def setUp(self):
        super().setUp()
        self.tls_peer("sbc", 2)

    def test_handshake_that_does_not_end(self):
        """Nothing, or the beginning of a ClientHello: 5 seconds."""
        self.start()
        streams, began = [], time.monotonic()
        for octets in (b"", b"\x16\x03\x01\x02\x00\x01"):
            streams.append(self.sbc.dial(self.net(1), TLS_PORT))
            streams[-1].socket.sendall(octets)
        self.sbc.streams.extend(streams)
        self.closed_after(streams[0], 4.9, began)
        self.sbc.expect_closed(streams[1])
        self.signed_call(transport="tls")
