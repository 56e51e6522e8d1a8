"""What the kernel holds of connections is no more than the budget says of it (docs/sizing.md)."""

import re
import shutil
import socket
import subprocess
import time
import unittest

from lib.lab import binary
from lib.patience import HANG_S
from lib.stird import wait_until
from sip import connections_test

KIB = 1024
ROW = r"\| a connection in the kernel: [^|]*\| ([0-9.]+) \|"
MEMORY = re.compile(r"skmem:\(r(\d+),rb(\d+),t\d+,tb(\d+),f(\d+),w(\d+),o\d+,bl(\d+)")
LONGEST = 60000


@unittest.skipUnless(shutil.which("ss"), "needs ss")
class KernelRoom(connections_test.Connections):
    CONNECTIONS = 24

    def row_octets(self):
        run = subprocess.run([binary(), "-b", "-c", self.lab.path("stird.conf")], capture_output=True,
                             text=True, timeout=HANG_S, check=True)
        return float(re.search(ROW, run.stdout).group(1)) * KIB * KIB

    def sockets(self):
        """Of stird's connections: (held, receive buffer, send buffer) each."""
        run = subprocess.run(["ss", "-tmnOH", "src", self.net(1)], capture_output=True, text=True,
                             timeout=HANG_S, check=True)
        found = []
        for r, rb, tb, f, w, bl in (map(int, memory) for memory in MEMORY.findall(run.stdout)):
            found.append((r + f + w + bl, rb, tb))
        return found

    def assert_bounded(self, n, row=None):
        sockets, row = self.sockets(), row or self.row_octets()
        self.assertGreaterEqual(len(sockets), n)
        self.assertLessEqual(max(held for held, _, _ in sockets), row)
        self.assertLess(max(rb + tb for _, rb, tb in sockets), row)
        return sockets

    def pour(self, streams, octets, seconds=2):
        """As much as goes for so long."""
        for stream in streams:
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            stream.socket.setblocking(False)
        rest = {stream: b"" for stream in streams}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for stream in streams:
                try:
                    rest[stream] = rest[stream] or octets
                    rest[stream] = rest[stream][stream.socket.send(rest[stream]):]
                except OSError:
                    pass

    def test_not_read(self):
        """A worker that stands still: its sockets fill."""
        self.start()
        streams = [self.connect() for _ in range(self.CONNECTIONS)]
        wait_until(lambda: len(self.sockets()) >= self.CONNECTIONS, HANG_S, "all are there")
        row = self.row_octets()
        self.hang("worker")
        self.pour(streams, b"\r\n\r\n" * 4096, 1)
        sockets = self.assert_bounded(self.CONNECTIONS, row)
        self.assertGreater(max(held for held, _, _ in sockets), 16 * KIB, "they were filled")

    def test_not_taken(self):
        """Peers that ask and read nothing."""
        self.start(limits=' write_timeout = "10m";')
        streams = [self.connect() for _ in range(self.CONNECTIONS)]
        options = self.sbc.request("OPTIONS", "sip:" + self.net(1), transport=self.transport).octets()
        self.pour(streams, options * 20)
        sockets = self.assert_bounded(self.CONNECTIONS)
        self.assertGreater(max(held for held, _, _ in sockets), 16 * KIB, "they were filled")

    def test_the_longest_message_passes_both_ways(self):
        """By a connection that we accept and one that we open."""
        self.start(upstreams=[self.upstream(transport="tcp")])
        self.carrier  # pylint: disable=pointless-statement
        for i in range(5):
            body = (b"%d" % i) * LONGEST
            request = self.sbc.request("MESSAGE", "sip:+12155550199@" + self.net(1), transport="tcp", body=body)
            self.sbc.send(request, self.at("tcp"))
            arrived = self.carrier.expect("MESSAGE")
            self.assertEqual(arrived.body, body)
            self.carrier.respond(arrived, 200)
            self.sbc.expect(200)
        self.assert_bounded(2)
