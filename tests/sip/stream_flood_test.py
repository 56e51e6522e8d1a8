"""
Floods by streams: handshakes that never end, CANCELs without an end, requests whose answers nobody
reads. What holds memory has its ceiling, and the calls of others are signed meanwhile.
"""

import os
import socket
import ssl
import subprocess
import time

from lib import dialog, stirctl
from lib.patience import HANG_S
from lib.stird import wait_until
from lib.tls import TLS_PORT
from sip import connections_test, tls_test
from sip.ceilings_test import SANITIZED, status_of

LONG = os.environ.get("STIRD_LONG") == "1"
HANDSHAKES = 6000 if LONG else 300
CANCELS = 20000 if LONG else 1000
AT_ONCE = 500  # more descriptors than select() takes would be ours
CONNECTIONS = 64
EACH = 256 << 10  # octets that a handshake may hold: far more than it does


def client_hello():
    """A good one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="stird.example").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


class Handshakes(tls_test.TlsStory):
    def setUp(self):
        super().setUp()
        self.tls_peer("sbc", 2)
        self.tls_peer("guest", 3)

    def stats(self, name):
        return stirctl.ask(self.lab.path("stird.conf"), "stats")[name]

    def open_from(self, last, octets):
        """A connection from there that has said OCTETS; it may have been closed by then."""
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.settimeout(HANG_S)
        sock.bind((self.net(last), 0))
        try:
            sock.connect((self.net(1), TLS_PORT))
            sock.sendall(octets)
        except OSError:
            pass
        return sock

    def is_reached(self):
        """Whether a handshake of another source finds a place."""
        try:
            stream = self.peers["guest"].dial(self.net(1), TLS_PORT, "tls")
        except OSError:
            return False
        stream.socket.close()
        return True

    def flood(self, sources):
        hello = client_hello()
        said = (b"", hello, hello[:6], hello[:-1], b"\x16\x03\x01\x40\x00")
        there = []
        for n in range(HANDSHAKES):
            there.append(self.open_from(sources[n % len(sources)], said[n % len(said)]))
            if len(there) > AT_ONCE:
                there.pop(0).close()

    def flooded(self, sources):
        self.start(pbx={"sources": [self.net(2), self.net(96) + "/27"]},
                   limits=" connections = %d;" % CONNECTIONS)
        worker = self.stird.wait_child("worker")
        before = status_of(worker, "VmRSS"), len(os.listdir("/proc/%d/fd" % worker))
        self.flood(sources)
        self.signed_call()
        wait_until(lambda: self.stats("connections_refused") > 0, HANG_S, "some are refused")
        self.assertLessEqual(self.stats("connections"), CONNECTIONS)
        self.assertLessEqual(len(os.listdir("/proc/%d/fd" % worker)), before[1] + CONNECTIONS + 8)
        if not SANITIZED:
            self.assertLess(status_of(worker, "VmRSS") - before[0], CONNECTIONS * EACH)
        wait_until(self.is_reached, HANG_S, "a place for the handshake of another source")
        wait_until(lambda: self.stats("connections") == 0, HANG_S, "all of them are closed")
        self.signed_call(transport="tls")
        self.assertEqual(self.stird.child("worker"), worker)

    def test_of_one_source(self):
        """Nothing said, half of a ClientHello, a whole one, a record that is never whole."""
        self.flooded([2])

    def test_of_many_sources(self):
        self.flooded(range(96, 128))

    def test_an_octet_at_a_time(self):
        """It restarts no clock: five seconds are for the whole handshake."""
        self.start()
        hello, began = client_hello(), time.monotonic()
        sock = self.open_from(2, b"")
        sock.settimeout(0.1)
        closed = False
        for at in range(len(hello) - 1):
            try:
                sock.sendall(hello[at:at + 1])
                closed = sock.recv(1) == b""
            except socket.timeout:
                continue
            except OSError:
                closed = True
            if closed:
                break
        self.assertTrue(closed, "it is never closed")
        self.assertGreater(time.monotonic() - began, 4.9)
        self.signed_call(transport="tls")

    def commanded(self, letter, version):
        """openssl says it again and again, until its connection is closed."""
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", "%s:%d" % (self.net(1), TLS_PORT), "-bind", self.net(2) + ":0",
             version], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + HANG_S
        try:
            while client.poll() is None and time.monotonic() < deadline:
                client.stdin.write(letter)
                client.stdin.flush()
                time.sleep(0.001)
        except OSError:
            pass
        try:
            client.wait(HANG_S)
        finally:
            client.kill()
            client.wait()
            try:
                client.stdin.close()
            except OSError:
                pass

    def test_keys_anew_without_end(self):
        """KeyUpdate of TLS 1.3: who says nothing else is closed."""
        self.start()
        self.commanded(b"K\n", "-tls1_3")
        wait_until(lambda: self.stats("talkers") == 1, HANG_S, "it is counted")
        self.signed_call(transport="tls")

    def test_renegotiation(self):
        """Of TLS 1.2: it is refused, as often as it is asked for."""
        self.start()
        self.commanded(b"R\n", "-tls1_2")
        wait_until(lambda: self.stats("connections") == 0, HANG_S, "it is closed")
        self.signed_call(transport="tls")


class Cancels(connections_test.Connections):
    """Each is answered at once, and none is kept."""

    def answers(self, sock, requests, status):
        """Sends them, some at a time; all have the answer STATUS."""
        for at in range(0, len(requests), 50):
            some = requests[at:at + 50]
            sock.sendall(b"".join(some))
            octets = b""
            while octets.count(b"\r\n\r\n") < len(some):
                more = sock.recv(65536)
                self.assertTrue(more, "it was closed")
                octets += more
            self.assertEqual(octets.count(b"SIP/2.0 %d " % status), len(some), octets[:2000])

    def unknown(self, n):
        return [dialog.cancel(self.invite(transport=self.transport)).octets() for _ in range(n)]

    def test_of_nothing(self):
        self.start()
        self.answers(self.own_stream().socket, self.unknown(CANCELS), 481)
        self.signed_call(transport=self.transport)
        self.answers(self.own_stream().socket, self.unknown(50), 481)
        wait_until(lambda: self.stats("calls") == 0, HANG_S, "no call is in progress")

    def test_of_one_call(self):
        """The branch names it (section 9.1), whatever the tags are: it is cancelled once."""
        self.start()
        sock = self.own_stream().socket
        invite = self.invite(transport=self.transport)
        self.carrier  # pylint: disable=pointless-statement
        sock.sendall(invite.octets())
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        octets = b""
        while b"SIP/2.0 180 " not in octets:
            octets += sock.recv(65536)
        held = self.stats("held_bytes")
        cancel = dialog.cancel(invite).octets()
        changed = [cancel.replace(b";tag=", b";tag=x%d" % n, 1).replace(b"\r\nTo: ", b"\r\nTo: \"%d\" " % n)
                   for n in range(CANCELS)]
        sock.sendall(changed[0])
        octets = b""
        while b" CANCEL\r\n" not in octets:
            octets += sock.recv(65536)
        self.assertIn(b"SIP/2.0 200 ", octets)
        self.carrier.respond(self.carrier.expect("CANCEL"), 200)
        self.answers(sock, changed[1:], 200)
        self.assertLess(self.stats("held_bytes"), held + 65536)
        self.carrier.expect_nothing()
        self.signed_call()

    def test_whose_answers_nobody_reads(self):
        """It is closed for what waits, or nothing more is read of it; others go on."""
        self.start(limits=' queue = "64k"; write_timeout = "1s";')
        sock = self.own_stream().socket
        sock.settimeout(1)
        worker = self.stird.wait_child("worker")
        before = status_of(worker, "VmRSS")
        requests = b"".join(self.unknown(100))
        try:
            for _ in range(CANCELS // 20):
                sock.sendall(requests)
        except OSError:
            pass
        self.signed_call()
        wait_until(lambda: self.stats("slow_readers") == 1, HANG_S, "it is closed")
        if not SANITIZED:
            self.assertLess(status_of(worker, "VmRSS") - before, 16 << 20)


class CancelsOverTls(tls_test.TlsStory, Cancels):
    transport, port = "tls", TLS_PORT

    def setUp(self):
        super().setUp()
        self.tls_peer("sbc", 2)
