"""Peers that do not read what is for them: they are closed, what waits is bounded, others go on."""

import socket
import time

from lib import stirctl
from lib.patience import HANG_S
from lib.sockets import tcp_rows
from lib.stird import alive, wait_until
from lib.tls import TLS_PORT
from sip import connections_test, tls_test
from sip.ceilings_test import SANITIZED, status_of

SHORT = ' write_timeout = "1s"; message_timeout = "5s";'


class SlowReaders(connections_test.Connections):
    def slow(self, peer=None):
        """A connection whose peer takes little, and is not read here."""
        stream = self.connect(peer)
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        (peer or self.sbc).streams.remove(stream)
        self.addCleanup(stream.socket.close)
        stream.socket.settimeout(1)
        return stream

    def options(self, peer=None):
        return (peer or self.sbc).request("OPTIONS", "sip:" + self.net(1),
                                          transport=self.transport).octets()

    def ask_and_never_read(self, stream, times=60):
        """False: it was closed meanwhile."""
        try:
            for _ in range(times):
                stream.socket.sendall(self.options() * 50)
        except socket.timeout:
            return True
        except OSError:
            return False
        return True

    def waits_for(self, stream):
        """Octets that stird's kernel holds for it."""
        mine = stream.socket.getsockname()
        return any(row.to_send for row in tcp_rows() if row.remote == mine)

    def stats(self, name):
        return stirctl.ask(self.lab.path("stird.conf"), "stats")[name]

    def is_closed(self, stream):
        """Whether stird has closed it: what is sent then is reset sooner or later."""
        try:
            stream.socket.sendall(b"\r\n")
        except socket.timeout:
            return False
        except OSError:
            return True
        return False

    def test_who_never_reads_is_closed(self):
        self.start(limits=SHORT)
        worker = self.stird.wait_child("worker")
        other = self.connect()
        before = status_of(worker, "VmRSS")
        slow = [self.slow() for _ in range(8)]
        for stream in slow:
            self.ask_and_never_read(stream)
        if not SANITIZED:
            self.assertLess(status_of(worker, "VmRSS") - before, 16 << 20)
        wait_until(lambda: self.stats("slow_readers") >= len(slow), 30, "all were thrown out")
        wait_until(lambda: all(map(self.is_closed, slow)), 10, "all see it")
        self.assertTrue(self.is_served(other))
        self.assertTrue(alive(worker))
        self.signed_call(transport=self.transport)
        self.stird.wait_log("a connection is closed for what waits in it.*takes nothing of it")

    def test_pings_keep_no_slow_reader(self):
        """A ping is no sign of life of one who leaves its pongs, and all else, lying."""
        self.start(limits=SHORT.replace("1s", "10m") + ' idle_timeout = "2s";')
        stream = self.slow()
        self.ask_and_never_read(stream)
        wait_until(lambda: self.waits_for(stream) or not self.ask_and_never_read(stream, 1), 60, "answers wait for it")

        def closed():
            time.sleep(0.1)  # not so often that it is closed for its talk
            try:
                stream.socket.sendall(b"\r\n\r\n")
            except socket.timeout:
                return False
            except OSError:
                return True
            return False
        wait_until(closed, 60, "closed for being idle")

    def test_who_reads_slowly_is_served(self):
        """What moves is not closed, however much of it waits."""
        self.start(limits=SHORT.replace("1s", "5s"))
        stream = self.slow()
        stream.socket.settimeout(HANG_S)
        for _ in range(4):
            stream.socket.sendall(self.options() * 20)
        answers, octets = 0, b""
        while answers < 80:
            octets += stream.socket.recv(2000)
            answers = octets.count(b"SIP/2.0 200")
        self.assertEqual(self.stats("slow_readers"), 0)


class OverTls(tls_test.TlsStory, SlowReaders):
    transport, port = "tls", TLS_PORT
    test_who_reads_slowly_is_served = None  # no different

    def setUp(self):
        super().setUp()
        self.tls_peer("sbc", 2)


class Queues(SlowReaders):
    test_who_never_reads_is_closed = test_pings_keep_no_slow_reader = None
    test_who_reads_slowly_is_served = None

    def test_what_waits_in_all_is_bounded(self):
        """Who holds most of it is closed for the others, whatever the time."""
        self.start(limits=' write_timeout = "10m"; queue = "1m"; queues = "2m";')
        other = self.connect()
        slow = [self.slow() for _ in range(6)]
        for stream in slow:
            self.ask_and_never_read(stream)
        wait_until(lambda: self.stats("slow_readers") > 0, 10, "somebody was thrown out")
        self.assertTrue(self.is_served(other))
        self.signed_call(transport="tcp")

    def test_halves_of_messages_are_bounded(self):
        """What came and is no message yet counts too."""
        self.start(limits=' queues = "1m"; message_timeout = "1m";')
        other = self.connect()
        message = self.invite(transport="tcp", body=b"x" * 60000).octets()
        halves = [self.connect() for _ in range(40)]
        for stream in halves:
            try:
                stream.socket.sendall(message[:-1])
            except OSError:
                pass
        wait_until(lambda: self.stats("slow_readers") > 10, 20, "some were thrown out")
        self.assertTrue(self.is_served(other))
        self.signed_call(transport="tcp")

    def test_many_small_ones_spare_nobody(self):
        """It is the source that holds most, not the connection of another with one long message."""
        self.start(limits=' queues = "1m"; message_timeout = "1m";')
        other = self.peer("gateway", 4)
        stream = self.connect(other)
        call = self.invite(other, transport="tcp", body=b"x" * 60000)
        stream.socket.sendall(call.octets()[:-1])
        half = self.invite(transport="tcp", body=b"x" * 30000).octets()[:-1]
        for _ in range(80):
            many = self.connect()
            try:
                many.socket.sendall(half)
            except OSError:
                pass
        wait_until(lambda: self.stats("slow_readers") > 10, 20, "some were thrown out")
        self.carrier  # pylint: disable=pointless-statement
        stream.socket.sendall(call.octets()[-1:])
        self.refuse(self.carrier.expect("INVITE"), call, other)
