"""Connections have deadlines and ceilings, and nobody's slowness or number is another's trouble."""

import os
import resource
import time

from lib.lab import binary
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.story import Story

LONG = os.environ.get("STIRD_LONG") == "1"
SHORT_TIMES = ' message_timeout = "1s"; idle_timeout = "1s";'


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="latin-1") as source:
        fields = source.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_ns(pid):
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as source:
        return int(source.read().split()[0])


class Connections(Story):
    transport, port = "tcp", 5060

    def connect(self, peer=None):
        peer = peer or self.sbc
        return peer.connect(self.net(1), self.port, fresh=True, transport=self.transport)

    def is_served(self, stream):
        """Whether a keep-alive is answered on it."""
        try:
            stream.socket.sendall(b"\r\n\r\n")
        except OSError:
            return False
        deadline = time.monotonic() + HANG_S
        while not stream.closed and not stream.pending and time.monotonic() < deadline:
            stream.read()
        answered, stream.pending = stream.pending == b"\r\n", b""
        return answered


class Deadlines(Connections):
    def closed_after(self, stream, least, began):
        """Not before LEAST seconds; BEGAN is a time before its clock did."""
        self.sbc.expect_closed(stream)
        self.assertGreater(time.monotonic() - began, least)

    def test_half_a_message(self):
        self.start(limits=SHORT_TIMES.replace('idle_timeout = "1s"', 'idle_timeout = "1h"'))
        began = time.monotonic()
        stream = self.connect()
        stream.socket.sendall(self.invite(transport=self.transport).octets()[:200])
        self.closed_after(stream, 0.9, began)
        self.signed_call(transport=self.transport)

    def test_drip(self):
        """An octet at a time restarts no clock: it is closed before the message is whole."""
        self.start(limits=SHORT_TIMES)
        stream = self.connect()
        for octet in self.invite(transport=self.transport).octets():
            try:
                stream.socket.sendall(bytes([octet]))
            except OSError:
                break
            self.sbc.poll(0.1)
            if stream.closed:
                break
            time.sleep(0.05)
        self.assertTrue(stream.closed)
        self.carrier.expect_nothing(0.1)

    def test_idle(self):
        self.start(limits=' idle_timeout = "3s";')
        began = time.monotonic()
        self.closed_after(self.connect(), 2.9, began)
        stream, began = self.connect(), time.monotonic()
        invite = self.invite(transport=self.transport)
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, stream)
        self.refuse(self.carrier.expect("INVITE"), invite)
        self.closed_after(stream, 2.9, began)

    def test_keep_alive(self):
        """RFC 5626 section 3.5.1: answered, and what is kept alive is not idle."""
        self.start(limits=' idle_timeout = "3s";')
        stream = self.connect()
        for _ in range(8):
            self.assertTrue(self.is_served(stream))
            time.sleep(0.5)
        self.assertTrue(self.is_served(stream))

    def cost_s(self):
        """CPU time of the worker for a good call."""
        before = cpu_ns(self.worker)
        self.short_call()
        return (cpu_ns(self.worker) - before) / 1e9

    def test_slow_senders(self):
        """400 of them (100 in the short form) cost a good call nothing to speak of."""
        self.start()
        self.worker = self.stird.wait_child("worker")
        alone = min(self.cost_s() for _ in range(3))
        streams = [self.connect() for _ in range(400 if LONG else 100)]
        octets = self.invite(transport=self.transport).octets()
        for i, octet in enumerate(octets[:40]):
            for stream in streams:
                stream.socket.sendall(bytes([octet]))
            if i % 10 == 0:
                self.assertLess(self.cost_s(), alone + 0.05)
        self.assertLess(self.cost_s(), alone + 0.05)
        for stream in streams:  # they are taken off the peer, whose select() has 1024 at most
            self.sbc.streams.remove(stream)
            stream.socket.close()


class Ceilings(Connections):
    def test_per_source_and_in_all(self):
        self.start(limits=" connections = 8; connections_per_source = 5;")
        mine = [self.connect() for _ in range(5)]
        self.assertTrue(all(self.is_served(stream) for stream in mine))
        self.assertFalse(self.is_served(self.connect()), "the sixth of one source")
        guest = self.peer("guest", 3)
        others = [self.connect(guest) for _ in range(3)]
        self.assertTrue(all(self.is_served(stream) for stream in others))
        self.assertFalse(self.is_served(self.connect(guest)), "the ninth in all")
        invite = self.invite(transport="tcp")
        self.carrier  # pylint: disable=pointless-statement
        self.sbc.send(invite, mine[0])
        self.refuse(self.carrier.expect("INVITE"), invite)
        for stream in mine[:2]:  # of what is left a source has three quarters: four of five are more
            stream.socket.close()
            self.sbc.streams.remove(stream)
        wait_until(lambda: self.is_served(self.connect()), HANG_S, "room for another")

    def test_out_of_descriptors(self):
        """The listener pauses instead of spinning, calls go on, and it comes back by itself."""
        self.start()
        worker = self.stird.child("worker")
        soft, hard = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        used = 1 + max(int(fd) for fd in os.listdir("/proc/%d/fd" % worker))
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (used, hard))
        streams = [self.connect() for _ in range(20)]
        before = cpu_seconds(worker)
        began = time.monotonic()
        self.signed_call(transport="udp")
        time.sleep(1.0 - min(1.0, time.monotonic() - began))
        self.assertLess(cpu_seconds(worker) - before, 0.2)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (soft, hard))
        wait_until(lambda: all(self.is_served(stream) for stream in streams), HANG_S, "all are served")
        self.signed_call(transport="tcp")

    def test_fewer_descriptors_than_connections(self):
        """A ceiling that the descriptors cannot bear is lowered, and that is said."""
        script = self.lab.write("stird-128", '#!/bin/sh\nexec prlimit --nofile=128:128 "%s" "$@"\n'
                                % binary())
        os.chmod(script, 0o755)
        before = os.environ.get("STIRD_BINARY")
        os.environ["STIRD_BINARY"] = script
        try:
            self.start()
        finally:
            os.environ.pop("STIRD_BINARY")
            if before:
                os.environ["STIRD_BINARY"] = before
        self.stird.wait_log("limits.connections is above what the descriptors allow.*wanted=1000")
        streams = [self.connect() for _ in range(100)]
        served = sum(map(self.is_served, streams))
        self.assertTrue(40 < served < 64, served)
        for stream in streams:
            stream.socket.close()
            self.sbc.streams.remove(stream)
        self.signed_call(transport="udp")
        self.signed_call(transport="tcp")
