"""Connections have deadlines and ceilings, and nobody's slowness or number is another's trouble."""

import os
import resource
import time

from lib import dialog, stirctl
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

    def stats(self, name):
        return stirctl.ask(self.lab.path("stird.conf"), "stats")[name]

    def own_stream(self):
        """Read here and nowhere else."""
        stream = self.connect()
        self.sbc.streams.remove(stream)
        self.addCleanup(stream.socket.close)
        stream.socket.settimeout(HANG_S)
        return stream

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
        else:
            self.fail("the message was whole")
        self.sbc.expect_closed(stream)
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
        """RFC 5626 section 3.5.1: answered, and what is kept alive is not idle, when another one is."""
        self.start(limits=' idle_timeout = "8s";')
        stream, silent = self.connect(), self.connect()
        while not silent.closed:
            self.assertTrue(self.is_served(stream))
            self.sbc.poll(0.5)
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


class NoRoom(Connections):
    """A connection to an upstream that stird has no room for is told, and is not the upstream's fault."""

    SAID = "a connection is not opened"

    def not_opened(self):
        return stirctl.ask(self.stird.configuration, "stats")["connections_not_opened"]

    def settings(self, **upstream):
        return {"limits": " connections = 2; connections_per_source = 2;",
                "pbx": {"upstreams": ["tcp", "carrier"]},
                "upstreams": [self.upstream("tcp", 8, "tcp", **upstream), self.upstream()]}

    def start_with_tcp(self):
        self.start(**self.settings())
        self.listening = self.peer("tcp", 8)

    def assert_told(self, why):
        """Once a minute, with the peer; and nothing is said of the next hop."""
        lines = self.stird.log_lines(self.SAID)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(why, lines[0])
        self.assertIn(self.net(8), lines[0])
        self.assertEqual(self.stird.log_lines("a next hop is out"), [])

    def calls_pass_it_over(self, n=4):
        """More than make a next hop out; each goes to the next one, and its record says why."""
        for _ in range(n):
            invite, _, _ = self.signed_call(transport="udp")
            tried = self.record(invite)["tried"]
            self.assertEqual([(t["upstream"], t["said"]) for t in tried],
                             [("tcp", "not_opened"), ("carrier", "486")])
        wait_until(lambda: self.not_opened() >= n, HANG_S, "the counter")

    def assert_first_again(self):
        invite = self.place()
        arrived = self.listening.expect("INVITE", skip=("OPTIONS",))
        self.refuse(arrived, invite, at=self.listening)

    def fill(self):
        streams = [self.connect(), self.connect(self.peer("guest", 3))]
        self.assertTrue(all(self.is_served(stream) for stream in streams))
        return streams

    def empty(self, streams):
        for stream, peer in zip(streams, (self.sbc, self.peer("guest", 3))):
            stream.socket.close()
            peer.streams.remove(stream)
        wait_until(lambda: stirctl.ask(self.stird.configuration, "stats")["connections"] == 0, HANG_S,
                   "room")

    def test_limit(self):
        self.start_with_tcp()
        streams = self.fill()
        self.calls_pass_it_over()
        self.assert_told("as many as limits.connections allows")
        self.empty(streams)
        self.assert_first_again()

    def test_probes(self):
        """A probe that could not leave is none."""
        self.start_with_tcp()
        self.fill()
        self.configure(**self.settings(probe="1s", probe_failures=1))
        self.stird.reload()
        self.stird.wait_notify("READY=1")
        wait_until(lambda: self.not_opened() >= 3, HANG_S, "probes without room")
        self.assert_told("as many as limits.connections allows")

    def test_long_requests(self):
        """Nor is TCP given up for a while because there was no room for it here."""
        long = dialog.SDP + b"a=x-long:" + b"x" * 1200 + b"\r\n"
        self.start(limits=" connections = 2; connections_per_source = 2;",
                   upstreams=[{"name": "carrier", "uri": "sip:%s:5060" % self.net(9)}])
        streams = self.fill()
        self.signed_call(transport="udp", body=long)
        wait_until(lambda: self.not_opened() == 1, HANG_S, "the counter")
        self.assertEqual(self.stird.log_lines("no TCP to a next hop"), [])
        self.empty(streams)
        invite = self.place(body=long)
        arrived = self.carrier.expect("INVITE")
        self.assertEqual(arrived.transport, "tcp")
        self.refuse(arrived, invite)

    def test_descriptors(self):
        self.start_with_tcp()
        worker = self.stird.child("worker")
        _, hard = resource.prlimit(worker, resource.RLIMIT_NOFILE)
        used = 1 + max(int(fd) for fd in os.listdir("/proc/%d/fd" % worker))
        fds = set(range(used)) - {int(fd) for fd in os.listdir("/proc/%d/fd" % worker)}
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (min(fds | {used}), hard))
        self.calls_pass_it_over()
        self.assert_told("no descriptors are left")
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (hard, hard))
        self.assert_first_again()
