"""
Good messages, mutated: 5,000 of them, or 100,000 with STIRD_LONG=1. STIRD_SEED=n repeats a run.
"""

import os
import random
import socket

from lib.patience import HANG_S
from lib import dialog, identity
from lib.sip import Message
from lib.stird import wait_until
from sip.torture import TortureStory
from sip.vectors_test import vectors

MESSAGES = 100000 if os.environ.get("STIRD_LONG") else 5000
SEED = int(os.environ.get("STIRD_SEED", "1"))
BURST = 25  # messages between two looks whether stird is well
ODD = [b"\0", b"\r\n", b"\r\n\r\n", b"\n", b"\xff", b"%", b"%00", b"\"", b"\\", b"<", b">", b";",
       b",", b":", b"@", b" ", b"\t", b"=", b"[", b"]", b"SIP/2.0", b"sip:", b"tel:", b"-1", b"0",
       b"99999999999999999999", b"4294967296", b";lr", b";rport", b";tag=", b"Via: ", b"Route: ",
       b"Identity: ", b"y: ", b"Date: ", b"z9hG4bK", b"%s%n", b"A" * 300]


def flip(rng, raw, _):
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1:]


def insert(rng, raw, _):
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + rng.choice(ODD) + raw[at:]


def replace(rng, raw, _):
    at = rng.randrange(len(raw))
    return raw[:at] + rng.choice(ODD) + raw[at + rng.randrange(1, 9):]


def cut(rng, raw, _):
    at = rng.randrange(len(raw))
    return raw[:at] + raw[at + rng.choice((1, 2, 5, 20, 100)):]


def truncate(rng, raw, _):
    return raw[:rng.randrange(len(raw))]


def again(rng, raw, _):
    at = rng.randrange(len(raw))
    part = raw[at:at + rng.choice((1, 5, 40, 400))]
    return raw[:at] + part * rng.choice((1, 2, 20)) + raw[at:]


def lines(rng, raw, _):
    """Two lines change places, or one is there twice, or none."""
    parts = raw.split(b"\r\n")
    i, j = rng.randrange(len(parts)), rng.randrange(len(parts))
    if rng.random() < 0.5:
        parts[i], parts[j] = parts[j], parts[i]
    else:
        parts[i] = parts[j]
    return b"\r\n".join(parts)


def splice(rng, raw, other):
    return raw[:rng.randrange(len(raw))] + other[rng.randrange(len(other)):]


MUTATIONS = (flip, flip, insert, insert, replace, replace, cut, truncate, again, lines, splice)


class Mutation(TortureStory):
    def seeds(self):
        """What is mutated: messages that are relayed, and some that are not."""
        good = [self.invite(), self.invite(transport="tcp"), self.invite(
            from_='"A, \\"B\\"" <sip:+12025550100;x=y@pbx.example.com;user=phone>',
            to="<tel:+12155550199;phone-context=x>",
            extra=["P-Asserted-Identity: \"x\" <sip:+12155551234@h>, <tel:+12155551234>",
                   "Privacy: id", "Route: <sip:%s;lr>" % self.net(1),
                   "Supported: timer,\r\n 100rel", "Date: Sat, 13 Nov 2010 23:29:00 GMT"]),
                self.sbc.request("OPTIONS", "sip:" + self.net(1)),
                self.sbc.request("MESSAGE", "sip:+12155550199@" + self.net(1), body="hello"),
                dialog.cancel(self.invite())]
        return [m.octets() for m in good] + [raw for _, raw, _, _ in vectors() if len(raw) < 1500]

    def mutated(self, seeds):
        """The messages in their order; a branch of its own keeps most from being retransmissions."""
        rng = random.Random(SEED)
        for number in range(MESSAGES):
            raw = rng.choice(seeds if rng.random() < 0.3 else seeds[:6])
            raw = raw.replace(b"z9hG4bK", b"z9hG4bK%d" % number, 1)
            for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
                raw = rng.choice(MUTATIONS)(rng, raw or b"\r\n", rng.choice(seeds)) or b"\r\n"
            yield raw[:60000]

    def answer_all(self):
        """The carrier refuses what arrives; what it carries of ours must be as it should be."""
        self.carrier.udp.setblocking(False)
        while True:
            try:
                raw, source = self.carrier.udp.recvfrom(65536)
            except BlockingIOError:
                return
            message = Message.parse(raw)
            for header in message.headers:
                if header.raw.startswith(b"Identity: ey") and header.raw not in self.theirs:
                    identity.check_form(identity.Token(header.value))
                    self.signed += 1
            if not message.is_request or message.start.startswith(b"ACK ") or b"CSeq" not in raw:
                continue
            top = [message.raws("via")[0]] + message.raws("via")[1:]
            reply = [b"SIP/2.0 486 Busy"] + top + message.raws("from")[:1]
            reply += [line + b";tag=c" for line in message.raws("to")[:1]]
            reply += message.raws("call-id")[:1] + message.raws("cseq")[:1]
            self.carrier.udp.sendto(b"\r\n".join(reply + [b"Content-Length: 0", b"", b""]), source)

    def drain(self):
        self.sbc.udp.setblocking(False)
        try:
            while True:
                self.sbc.udp.recv(65536)
        except BlockingIOError:
            pass

    def still_well(self):
        self.answer_all()
        self.drain()
        self.sbc.inbox, self.transcript.lines = [], []
        self.well()
        self.assertEqual(self.stird.child("worker"), self.worker, "the worker died")

    def say(self, number, raw):
        if number % 5:
            self.sbc.udp.sendto(raw, (self.net(1), 5060))
            return
        with socket.socket() as stream:
            stream.bind((self.net(2), 0))
            stream.connect((self.net(1), 5060))
            stream.settimeout(HANG_S)
            try:
                stream.sendall(raw)
            except OSError:
                pass

    def arrived_of(self, call_id):
        self.carrier.poll(0.1)
        return next((m for m in self.carrier.inbox if m.is_request and m.method == "INVITE"
                     and m.get("call-id") == call_id), None)

    def test_many(self):
        """Alive, no sanitizer's report, still signing, each token canonical."""
        self.start(more='timers = { t1 = "50ms"; t2 = "500ms"; };\nlog = { level = "warning"; };')
        self.worker = self.stird.wait_child("worker")
        self.signed, self.theirs = 0, set()
        self.carrier  # pylint: disable=pointless-statement
        for number, raw in enumerate(self.mutated(self.seeds()), 1):
            self.last = raw
            self.say(number, raw)
            if number % BURST == 0:
                self.still_well()
        self.still_well()
        print("seed %d: %d messages, %d tokens" % (SEED, MESSAGES, self.signed))
        self.assertGreater(self.signed, MESSAGES // 100)
        self.drain()
        self.answer_all()
        self.carrier.inbox, self.carrier.seen = [], {}
        invite = self.place(called="+12155557777")
        # What odd messages led to may still come: only the good call counts.
        arrived = wait_until(lambda: self.arrived_of(invite["call-id"]), HANG_S, "the good call")
        self.verify(arrived, "A", dest="12155557777")
