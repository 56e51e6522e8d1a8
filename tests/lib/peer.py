"""A SIP peer bound to one address: send, expect, respond. Everything is bounded in time."""

import collections
import errno
import gc
import re
import select
import socket
import time

from . import dialog
from .patience import HANG_S
from .sip import Message, hop_of, octets, parameter

TIMEOUT = HANG_S


class Unexpected(AssertionError):
    pass


REQUEST = re.compile(rb"([A-Z]+) +\S+ +SIP/2\.0")
START = re.compile(rb"([^ ]*)")


class Transcript:
    """What all peers of one story sent and received, in order; printed when the story fails."""

    def __init__(self):
        self.lines, self.start = [], time.monotonic()
        self.sent = collections.Counter()  # requests, by method

    def add(self, who, arrow, other, raw):
        if arrow == "-->":
            begin = REQUEST.search(raw) or START.match(raw)  # whatever stands before it
            self.sent[begin[1].decode("latin-1")] += 1
        head = "%8.3f  %s %s %s" % (time.monotonic() - self.start, who, arrow, other)
        text = raw.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        self.lines.append(head + "\n" + "\n".join("            " + l for l in text.split("\n")))

    def text(self):
        return "\n".join(self.lines[-60:])


class Stream:
    """One TCP or TLS connection and what arrived on it so far."""

    def __init__(self, sock, transport="tcp"):
        self.socket, self.pending, self.closed = sock, b"", False
        self.transport = transport

    def read(self):
        try:
            data = self.socket.recv(65536)
            while data and self.transport == "tls" and self.socket.pending():
                data += self.socket.recv(65536)
        except OSError:
            data = b""
        self.closed = not data
        self.pending += data

    def messages(self):
        """Whole messages, framed by Content-Length; keep-alive line ends are skipped."""
        while True:
            self.pending = self.pending.lstrip(b"\r\n")
            end = self.pending.find(b"\r\n\r\n")
            if end < 0:
                return
            head = Message.parse(self.pending[:end + 4])
            length = end + 4 + int(head.get("content-length", "0"))
            if len(self.pending) < length:
                return
            raw, self.pending = self.pending[:length], self.pending[length:]
            yield raw


class Peer:
    def __init__(self, name, host, port=5060, transcript=None):
        self.name, self.host, self.port = name, host, port
        self.transcript = transcript or Transcript()
        self.missed = collections.Counter(self.transcript.sent)  # what had left when it was bound
        self.inbox, self.seen, self.streams = [], {}, []
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.udp = self._bind(socket.SOCK_DGRAM)
        self.listener = self._bind(socket.SOCK_STREAM)
        self.listener.listen(16)
        self.listeners = [(self.listener, Stream)]  # each with what makes a stream of a socket

    def _bind(self, kind, port=None):
        sock = socket.socket(self.family, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
        deadline = time.monotonic() + HANG_S
        while True:
            try:
                sock.bind((self.host, port or self.port))
                return sock
            except OSError as error:  # whoever had it has been closed, and is not gone yet
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise
                gc.collect()
                time.sleep(0.05)

    def close(self):
        for stream in self.streams:
            stream.socket.close()
        self.udp.close()
        self.listener.close()

    # sending
    def send(self, message, to):
        """TO is (transport, host, port), or a URI, or a Stream."""
        raw = message.octets() if isinstance(message, Message) else octets(message)
        self.missed = {}
        if isinstance(to, Stream):
            self.transcript.add(self.name, "-->", "its connection", raw)
            to.socket.sendall(raw)
            return to
        transport, host, port = hop_of(to) if isinstance(to, str) else to
        self.transcript.add(self.name, "-->", "%s:%s:%d" % (transport, host, port), raw)
        if transport == "udp":
            self.udp.sendto(raw, (host, port))
            return None
        stream = self.connect(host, port, transport=transport)
        stream.socket.sendall(raw)
        return stream

    def connect(self, host, port, fresh=False, transport="tcp"):
        """The open connection to there, or a new one."""
        for stream in self.streams:
            if not fresh and not stream.closed and stream.socket.getpeername()[:2] == (host, port):
                return stream
        self.streams.append(self.dial(host, port) if transport == "tcp"
                            else self.dial(host, port, transport))
        return self.streams[-1]

    def dial(self, host, port):
        sock = socket.socket(self.family, socket.SOCK_STREAM)
        sock.settimeout(TIMEOUT)
        sock.bind((self.host, 0))
        sock.connect((host, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Stream(sock)

    def respond(self, request, status, tag=None, extra=(), body=b"", phrase="Because"):
        """By the way that REQUEST came: its connection, or `received` and `rport` of its Via."""
        message = dialog.answer(request, status, phrase, tag or "t-" + self.name, extra, body,
                                peer=self if request.method in ("INVITE", "UPDATE") else None)
        self.send(message, request.connection or ("udp",) + request.source)
        return message

    # receiving
    def poll(self, timeout):
        """Reads what is there, waiting at most TIMEOUT seconds for the first of it."""
        streams = [stream for stream in self.streams if not stream.closed]
        sockets = [self.udp] + [listener for listener, _ in self.listeners] + [stream.socket for stream in streams]
        ready, _, _ = select.select(sockets, [], [], max(0, timeout))
        now = time.monotonic()
        if self.udp in ready:
            raw, source = self.udp.recvfrom(65536)
            self._take(raw, now, "udp", source[:2], None)
        for listener, make in self.listeners:
            stream = make(listener.accept()[0]) if listener in ready else None
            if stream:
                self.streams.append(stream)
        for stream in streams:
            if stream.socket in ready:
                stream.read()
                for raw in stream.messages():
                    self._take(raw, now, stream.transport, stream.socket.getpeername()[:2], stream)
        return bool(ready)

    def drain(self):
        """Reads all that is there; the inbox keeps it."""
        while self.poll(0):
            pass

    def _take(self, raw, now, transport, source, connection):
        self.transcript.add(self.name, "<--", "%s:%s:%d" % ((transport,) + source), raw)
        message = Message.parse(raw)
        message.time, message.transport = now, transport
        message.source, message.connection = source, connection
        self.seen[raw] = self.seen.get(raw, 0) + 1
        message.again = self.seen[raw] > 1
        self.inbox.append(message)

    def copies(self, message):
        """How often exactly these octets arrived."""
        return self.seen.get(message.raw, 0)

    def expect(self, what, timeout=TIMEOUT, retransmissions=False, skip=()):
        """
        The next message must be WHAT: a method, a status, or for an answer to a certain method
        (status, method). Retransmissions and a 100 that was not asked for are passed over, and so
        is everything in SKIP.
        """
        missed = self.missed.get(what, 0)  # OPTIONS: stird asks by itself
        assert what == "OPTIONS" or not missed or missed < self.transcript.sent[what], \
            "%s was bound when %s had left: it may have missed it; name it before" % (self.name, what)
        deadline = time.monotonic() + timeout
        while True:
            while self.inbox:
                message = self.inbox.pop(0)
                if self._matches(message, what) and (retransmissions or not message.again):
                    return message
                if message.again or message.status == 100 or \
                        any(self._matches(message, other) for other in skip):
                    continue
                raise Unexpected("%s expected %s, got: %s"
                                 % (self.name, what, message.octets().decode("latin-1")))
            left = deadline - time.monotonic()
            if left <= 0:
                raise Unexpected("%s expected %s, got nothing in %.1f s"
                                 % (self.name, what, timeout))
            self.poll(left)

    @staticmethod
    def _matches(message, what):
        status, method = what if isinstance(what, tuple) else (what, None)
        if isinstance(status, int):
            return message.status == status and method in (None, message.method)
        return message.is_request and message.method == status

    def expect_nothing(self, seconds=0.3):
        """Nothing but retransmissions and 100s for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.poll(deadline - time.monotonic())
        new = [m for m in self.inbox if not m.again and m.status != 100]
        self.inbox = []
        if new:
            raise Unexpected("%s expected nothing, got: %s"
                             % (self.name, new[0].octets().decode("latin-1")))

    def expect_closed(self, stream, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while not stream.closed:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Unexpected("%s: the connection is still open after %.1f s"
                                 % (self.name, timeout))
            self.poll(left)

    def hang_up(self, stream):
        """Ends the connection; stird has closed its end, so it knows."""
        stream.socket.shutdown(socket.SHUT_WR)
        self.expect_closed(stream)
        stream.socket.close()
        self.streams.remove(stream)

    # verbs of a user agent
    def request(self, method, uri, **arguments):
        return dialog.request(self, method, uri, **arguments)

    def acknowledge(self, invite, final, to=None):
        """The ACK of FINAL: end to end for a 2xx, hop by hop for a refusal."""
        if final.status >= 300:
            message = dialog.ack_of_refusal(invite, final)
        else:
            number = int(invite["cseq"].split()[0])
            message = dialog.in_dialog(self, "ACK", invite, final, number, final.transport)
        self.send(message, final.connection or to or self.next_hop(message))
        return message

    @staticmethod
    def next_hop(message):
        """Where RFC 3261 section 8.1.2 sends it: the first Route, else the Request-URI."""
        routes = message.elements("route")
        if routes:
            uri = routes[0][routes[0].index("<") + 1:routes[0].index(">")]
            return uri
        return message.uri

    def top_branch(self, message):
        return parameter(message.elements("via")[0], "branch")
