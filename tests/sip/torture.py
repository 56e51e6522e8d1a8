"""Odd messages one by one: what becomes of each, and that stird is well afterwards."""

import re
import socket
import time

from lib.patience import HANG_S
from lib.sip import Message
from lib.story import Story

SILENCE = 0.25  # seconds without anything, after which nothing is taken to come


def via_port(raw):
    """The port that an answer without rport goes to (RFC 3261 section 18.2.2)."""
    match = re.search(rb"(?im)^(?:via|v)\s*:\s*SIP\s*/\s*2\.0\s*/\s*\S+\s+"
                      rb"(?:\[[^\]]*\]|[^\s;,:]+)\s*(?::\s*(\d+))?", raw)
    port = int(match.group(1) or 5060) if match else 5060
    return port if 0 < port < 65536 else 5060


def via_of(raw):
    """What a transaction is found by: the top Via line, roughly."""
    match = re.search(rb"(?im)^(?:via|v)\s*:(.*)$", raw)
    return match and re.sub(rb"\s", b"", match.group(1))


class TortureStory(Story):
    """Each message is said by the SBC; whatever arrives at the carrier was relayed."""

    def setUp(self):
        super().setUp()
        self.good_calls, self.good = 0, set()
        self.extra, self.said = {}, set()
        self.addCleanup(lambda: [s.close() for s in self.extra.values()])

    # who hears what
    def ear(self, port):
        """A socket of the SBC's host for answers to another port than 5060."""
        if port == 5060:
            return self.sbc.udp
        if port not in self.extra:
            self.extra[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.extra[port].bind((self.net(2), port))
        return self.extra[port]

    def hear(self, port, seconds):
        """The first final answer at PORT, or None."""
        ear = self.ear(port)
        ear.settimeout(seconds)
        while True:
            try:
                answer = Message.parse(ear.recv(65536))
            except socket.timeout:
                return None
            if answer.status and answer.status >= 200:
                return answer

    def forget(self, raw):
        """
        Some messages have the branch of another, and would be taken for its retransmission
        (section 17.2.3): a new stird knows neither.
        """
        via = via_of(raw)
        if via in self.said:
            self.said.clear()
            self.stird.stop()
            self.stird = None
            self.start()
        self.said.add(via)

    def hush(self, port=5060):
        """Forgets what is still on its way."""
        for _ in range(50):
            if not self.sbc.poll(0) and not self.carrier.poll(0):
                break
        self.sbc.inbox, self.carrier.inbox = [], []
        self.ear(port).settimeout(0)
        try:
            while self.ear(port).recv(65536):
                pass
        except OSError:
            pass

    def relayed(self, raw):
        """
        The first new message at the carrier, or None: nothing is relayed. An INVITE may still wait
        for the signer: one that was sent after it, and signed after it, tells.
        """
        self.take_new(0.03)
        if not self.carrier.inbox and b"INVITE" in raw[:8] and not self.final():
            self.overtake()
            self.take_new(0)  # on a slow machine the good call's own messages come again, and late
        return self.carrier.inbox.pop(0) if self.carrier.inbox else None

    def take_new(self, seconds):
        while self.carrier.poll(seconds):
            seconds = 0
        self.carrier.inbox = [m for m in self.carrier.inbox
                              if not m.again and m.get("call-id") not in self.good]

    def final(self):
        """
        The first final answer of stird's own that the SBC heard. 486 is always the carrier's, and
        nobody acknowledges those to odd messages: they come again for half a minute.
        """
        return next((m for m in self.sbc.inbox if m.status and m.status >= 200 and m.status != 486
                     and m.get("call-id") not in self.good), None)

    def overtake(self):
        """A good call; all that came before its INVITE stays in the inboxes."""
        self.good_calls += 1
        invite = self.place(called="+1215556%04d" % self.good_calls)
        self.good.add(invite["call-id"])
        arrived = self.wait_for(self.carrier, invite, lambda m: m.is_request, again=True)
        self.carrier.respond(arrived, 486)
        final = self.wait_for(self.sbc, invite, lambda m: m.status == 486)
        self.sbc.acknowledge(invite, final, self.at())
        self.wait_for(self.carrier, invite, lambda m: m.is_request and m.method == "ACK")

    def wait_for(self, peer, request, fits, again=False):
        """
        The message of REQUEST's call that fits; others stay in PEER's inbox. AGAIN: the SBC sends it
        anew each second by UDP, for among many odd datagrams one may be lost.
        """
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline:
            for message in peer.inbox:
                if message.get("call-id") == request["call-id"] and fits(message):
                    peer.inbox.remove(message)
                    return message
            if not peer.poll(1) and again:
                self.sbc.send(request, self.at())
        raise AssertionError("a good request hangs: %s" % request.start)

    # over UDP
    def fate_by_udp(self, raw):
        """("forward", what arrived), ("reply", status) or ("drop", None)."""
        port = via_port(raw)
        self.forget(raw)
        self.hush(port)
        self.sbc.send(raw, self.at())
        # The answer to the OPTIONS comes behind that of the message: whatever does not wait for
        # the signer has happened by then.
        self.well()
        arrived = self.relayed(raw)
        if arrived is not None:
            if arrived.is_request and arrived.method != "ACK":
                self.carrier.respond(arrived, 486 if arrived.method == "INVITE" else 200)
            return "forward", arrived
        answer = self.final()
        if answer is None and port != 5060:
            answer = self.hear(port, SILENCE)
        return ("reply", answer.status) if answer is not None else ("drop", None)

    def well(self, stream=None):
        """Alive: an OPTIONS gets its 200."""
        options = self.sbc.request("OPTIONS", "sip:" + self.net(1),
                                   transport="tcp" if stream else "udp")
        self.sbc.send(options, stream or self.at())
        self.wait_for(self.sbc, options, lambda m: m.status == 200, again=not stream)

    def next_call_is_signed(self):
        self.hush()
        self.good_calls += 1
        called = "+1215555%04d" % self.good_calls
        invite = self.place(called=called)
        self.good.add(invite["call-id"])
        arrived = self.wait_for(self.carrier, invite, lambda m: m.is_request, again=True)
        self.carrier.respond(arrived, 486)
        self.sbc.acknowledge(invite, self.expect_answer(invite, 486), self.at())
        self.assertEqual(len(arrived.raws("identity")), 1)
        self.hush()
        return arrived, called[1:]

    def expect_answer(self, invite, status):
        while True:
            while self.sbc.inbox:
                message = self.sbc.inbox.pop(0)
                if message.status == status and message.get("call-id") == invite["call-id"]:
                    return message
            if not self.sbc.poll(HANG_S):
                raise AssertionError("no %d" % status)

    # judging
    def judge(self, name, raw, fate, action, statuses):
        """FATE must be ACTION: forward, reply, drop or either (relayed unharmed, or refused)."""
        what, detail = fate
        if what == "forward":
            self.assertIn(action, ("forward", "either"), "%s was relayed:\n%s" % (
                name, detail.octets().decode("latin-1")))
            self.assert_relayed_unharmed(name, raw, detail)
        elif what == "reply":
            self.assertIn(action, ("reply", "either"), "%s: answered %s" % (name, detail))
            self.assertIn(detail, statuses, name)
        else:
            self.assertIn(action, ("drop", "either"), "%s: neither answer nor relayed" % name)

    def assert_relayed_unharmed(self, name, raw, arrived):
        """All but what a proxy owns is there octet for octet, in its order."""
        sent = Message.parse(raw.lstrip(b"\r\n"))
        owned = ("via", "max-forwards", "record-route", "route", "identity", "date")
        lines = [[h.raw for h in m.headers if h.name not in owned] for m in (sent, arrived)]
        self.assertEqual(lines[0], lines[1], name)
        length = int(sent.get("content-length", str(len(sent.body))))
        self.assertEqual(sent.body[:length], arrived.body, name)
        self.assertEqual(arrived.start, sent.start, name)
        # Ours is on top; below it the sender's come unchanged, but for received and rport.
        hops = arrived.elements("via")[1:]
        self.assertEqual(len(sent.elements("via")), len(hops), name)
        self.assertEqual(hops[1:], sent.elements("via")[1:], name)
        limit = int(sent.get("max-forwards", "71"))
        self.assertEqual(int(arrived["max-forwards"]), limit - 1, name)

    # over TCP
    def catch_up(self):
        """What was written to an earlier connection has been read when a later one had two answers."""
        later = self.sbc.connect(self.net(1), 5060, fresh=True)
        self.well(later)
        self.well(later)
        self.sbc.streams.remove(later)
        later.socket.close()

    def fate_by_tcp(self, raw):
        """What became of the first message of RAW, and the connection."""
        self.forget(raw)
        self.hush()
        stream = self.sbc.connect(self.net(1), 5060, fresh=True)
        stream.socket.sendall(raw)
        self.catch_up()
        arrived = self.relayed(raw)
        if arrived is not None and arrived.is_request and arrived.method != "ACK":
            self.carrier.respond(arrived, 486 if arrived.method == "INVITE" else 200)
        while self.sbc.poll(0.05):
            pass
        answers = [m for m in self.sbc.inbox if m.connection is stream and m.status >= 200
                   and m.status != 486]
        if arrived is not None:
            return ("forward", arrived), stream
        return (("reply", answers[0].status) if answers else ("drop", None)), stream

    def judge_by_tcp(self, name, raw, fate, stream, action, statuses):
        """Where a stream can be framed it is as by UDP; where not, 400 at the most and an end."""
        lengths = [int(v) if re.fullmatch(r"\d+", v) else -1
                   for v in Message.parse(raw.lstrip(b"\r\n")).all("content-length")]
        body = len(raw.lstrip(b"\r\n").partition(b"\r\n\r\n")[2])
        if b"\r\n\r\n" not in raw.lstrip(b"\r\n") or \
                (len(lengths) == 1 and lengths[0] > body):
            self.assertEqual(fate, ("drop", None), "%s: the rest may still come" % name)
        elif len(lengths) != 1 or lengths[0] < 0:
            self.sbc.expect_closed(stream)
            self.assertIn(fate, (("reply", 400), ("drop", None)), name)
        else:
            self.judge(name, raw, fate, action, statuses)
        stream.socket.close()
        if stream in self.sbc.streams:
            self.sbc.streams.remove(stream)
