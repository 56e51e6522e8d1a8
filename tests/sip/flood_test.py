"""A flood from nobody: it costs next to nothing, however many sources are configured."""

import os
import socket
import time

from sip.torture import TortureStory

PACKETS = 20000
SOURCES = 2000
SANITIZED = os.environ.get("STIRD_SANITIZED") == "1"


class Flood(TortureStory):
    def cpu_s(self):
        with open("/proc/%d/schedstat" % self.worker, encoding="ascii") as source:
            return int(source.read().split()[0]) / 1e9

    def flood(self, raw):
        """CPU of one packet in microseconds, by as many as arrived, and packets a second."""
        nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        nobody.bind((self.net(66), 5060))
        before, began = self.cpu_s(), time.monotonic()
        for number in range(PACKETS):
            nobody.sendto(raw, (self.net(1), 5060))
            if number % 100 == 99:
                self.well()
        seconds = time.monotonic() - began
        nobody.settimeout(0.1)
        with self.assertRaises(socket.timeout, msg="nobody is answered"):
            nobody.recv(65536)
        nobody.close()
        return (self.cpu_s() - before) / PACKETS * 1e6, PACKETS / seconds

    def test_unknown_sources(self):
        """R-P-024: INVITEs, rubbish and long messages of nobody; calls are signed meanwhile."""
        many = ["10.%d.%d.0/%d" % (i // 250, i % 250, 24 if i % 2 else 25) for i in range(SOURCES)]
        self.start(pbx={"sources": [self.net(2)] + many})
        self.worker = self.stird.wait_child("worker")
        self.carrier  # pylint: disable=pointless-statement
        invite = self.invite()
        for name, raw in (("INVITE", invite.octets()), ("rubbish", os.urandom(200)),
                          ("60 KB", invite.octets() + b"x" * 60000)):
            cost, rate = self.flood(raw)
            print("%8s: %.2f us of CPU a packet, %d packets/s sent" % (name, cost, rate))
            self.assertLess(cost, 1000 if SANITIZED else 200, name)
            arrived, called = self.next_call_is_signed()
        self.verify(arrived, "A", dest=called)
        self.carrier.expect_nothing(0.1)
        self.assertEqual(self.stird.child("worker"), self.worker)
