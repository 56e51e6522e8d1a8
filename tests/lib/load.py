"""
Many calls at once from one address and port, by peers that retransmit as RFC 3261 says: what a
caller gives up is lost.

    load = Load(caller=("127.1.1.2", 5060), callee=("127.1.1.9", 5060), to=("127.1.1.1", 5060))
    load.run(rate=100, seconds=5, events=[(2.0, kill_somebody)])
    load.lost, load.unsigned, load.by_worker
"""

import heapq
import itertools
import os
import select
import socket
import time

from .patience import HANG_S

T1, T2 = 0.5, 4.0
GIVE_UP = HANG_S  # instead of 64*T1: the machine may be slow
PAUSE_S = 0.5
SIGNATURE_S = 1.0  # signing.timeout of labs
BRANCH_MARK = "branch=z9hG4bKst"

INVITE = ("INVITE sip:%(called)s@%(to)s SIP/2.0\r\n"
          "Via: SIP/2.0/UDP %(here)s;branch=z9hG4bK%(branch)s;rport\r\nMax-Forwards: 70\r\n"
          "From: <sip:%(calling)s@pbx.example.com>;tag=%(tag)s\r\n"
          "To: <sip:%(called)s@carrier.example.com>\r\nCall-ID: %(id)s\r\nCSeq: 1 INVITE\r\n"
          "Contact: <sip:pbx@%(here)s>\r\nContent-Length: 0\r\n\r\n")
IN_DIALOG = ("%(method)s %(target)s SIP/2.0\r\n"
             "Via: SIP/2.0/UDP %(here)s;branch=z9hG4bK%(branch)s;rport\r\nMax-Forwards: 70\r\n"
             "%(route)sFrom: %(from)s\r\nTo: %(to)s\r\nCall-ID: %(id)s\r\nCSeq: %(cseq)d %(method)s\r\n"
             "Contact: <sip:pbx@%(here)s>\r\nContent-Length: 0\r\n\r\n")
ACK_REFUSAL = ("ACK sip:%(called)s@%(stird)s SIP/2.0\r\n%(via)s\r\nMax-Forwards: 70\r\n"
               "From: %(from)s\r\nTo: %(to)s\r\nCall-ID: %(id)s\r\nCSeq: 1 ACK\r\n"
               "Content-Length: 0\r\n\r\n")


def starved_s():
    """How long this process has been able to run, and had no processor (sched-stats.rst)."""
    try:
        with open("/proc/self/schedstat", encoding="ascii") as source:
            return int(source.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


class Text:
    """One message, as far as a load peer looks at it."""

    def __init__(self, raw):
        lines = raw.decode("latin-1").split("\r\n\r\n", 1)[0].split("\r\n")
        self.start, self.headers = lines[0], {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers.setdefault(name.strip().lower(), []).append(value.strip())
        self.status = int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0
        self.id = self["call-id"]
        number, self.method = self["cseq"].split()
        self.cseq = int(number)
        if not self.status:
            self.method = self.start.split(" ", 1)[0]

    def __getitem__(self, name):
        return self.headers[name][0]

    def all(self, name):
        return self.headers.get(name, [])


class Call:
    def __init__(self, identity, refused, began):
        self.id, self.refused, self.began = identity, refused, began
        self.state = "calling"  # ringing, up, again (a re-INVITE), ending, done
        self.signed = self.worker = self.arrived = self.ringing_at = None
        self.trying = False  # a 100 came: its INVITE is not sent again
        self.trying_after_s = self.answered = None
        self.final = self.route = self.target = self.invite = None
        self.waiting = {}  # cseq -> request that is retransmitted


class Load:
    def __init__(self, caller, callee, to, calling="+12155550100", called="+12155550199"):
        self.caller, self.callee = self._bind(caller), self._bind(callee)
        self.caller_at, self.callee_at, self.to = caller, callee, to
        self.calling, self.called = calling, called
        self.serial, self.timers, self.calls = itertools.count(), [], {}
        self.starved_before_s = starved_s()
        self.pauses = []  # (begin, end) of turns of this loop that took too long
        self.answers = {}  # of the callee: (call-id, cseq method) -> answer until its ACK
        self.ring_s, self.hold_s, self.refuse_every = 0.1, 0.2, 0

    @staticmethod
    def _bind(address):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        sock.bind(address)
        return sock

    def close(self):
        self.caller.close()
        self.callee.close()

    # results
    @property
    def lost(self):
        return [call for call in self.calls.values() if call.state != "done"]

    @property
    def taken_along(self):
        """Those who were told 100 and had not left when a worker died: nobody sends them again."""
        return [call for call in self.lost if call.trying and not call.arrived]

    @property
    def unsigned(self):
        """
        Calls without a signature: but not those under way when the whole machine stood still, nor those that waited
        out the time for a signature while the machine gave us no processor for as long.
        """
        starved = starved_s() - self.starved_before_s >= SIGNATURE_S
        return [call for call in self.calls.values() if call.arrived and not call.signed and
                not (starved and call.arrived - call.began >= SIGNATURE_S) and
                not any(call.began <= end and call.arrived >= begin for begin, end in self.pauses)]

    def signed_again(self, since):
        """When the first signed call arrived, of those that began after SINCE."""
        return min((call.arrived for call in self.calls.values() if call.began > since and call.signed),
                   default=float("inf"))

    @property
    def by_worker(self):
        """How many calls left stird by which worker: its number is in the Via branch."""
        counts = {}
        for call in self.calls.values():
            counts[call.worker] = counts.get(call.worker, 0) + 1
        return counts

    # time
    def _at(self, when, what, *arguments):
        heapq.heappush(self.timers, (when, next(self.serial), what, arguments))

    def _run_timers(self):
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            _, _, what, arguments = heapq.heappop(self.timers)
            what(*arguments)

    def _turn(self, limit):
        begin = time.monotonic()
        wait = max(0, min([limit] + [when for when, *_ in self.timers[:1]]) - begin)
        ready, _, _ = select.select([self.caller, self.callee], [], [], wait)
        for sock in ready:
            take = self._caller_got if sock is self.caller else self._callee_got
            for _ in range(32):
                try:
                    raw = sock.recv(65536, socket.MSG_DONTWAIT)
                except (BlockingIOError, ConnectionRefusedError):
                    break
                take(Text(raw))
        if time.monotonic() - begin - wait > PAUSE_S:
            self.pauses.append((begin, time.monotonic()))
        self._run_timers()

    def run(self, rate, seconds, events=(), give_up=GIVE_UP):
        """
        RATE new calls a second, EVENTS as (second, function); then all may end, for GIVE_UP seconds:
        less where losses are expected, for each is waited for.
        """
        began = time.monotonic()
        for i in range(int(rate * seconds)):
            self._at(began + i / rate, self._call)
        for second, what in events:
            self._at(began + second, what)
        while time.monotonic() < began + seconds:
            self._turn(began + seconds)
        self._let_all_end(give_up)

    def run_until(self, rate, done):
        """RATE new calls a second until DONE, which is asked before each; then all may end."""
        limit = time.monotonic() + HANG_S
        while not done() and time.monotonic() < limit:
            self._call()
            after = time.monotonic() + 1 / rate
            while time.monotonic() < after:
                self._turn(after)
        self._let_all_end()

    def _let_all_end(self, give_up=GIVE_UP):
        limit = time.monotonic() + give_up
        while self.lost and time.monotonic() < limit:
            self._turn(limit)

    # the caller
    def _send(self, text):
        self.caller.sendto(text.encode("latin-1"), self.to)

    def _retransmit(self, call, cseq, text, interval, until, longest):
        """Until somebody takes it out of call.waiting."""
        if call.waiting.get(cseq) is not text or time.monotonic() > until:
            return
        self._send(text)
        self._at(time.monotonic() + interval, self._retransmit, call, cseq, text,
                 min(interval * 2, longest), until, longest)

    def _request(self, call, cseq, text, longest):
        call.waiting[cseq] = text
        self._retransmit(call, cseq, text, T1, time.monotonic() + GIVE_UP, longest)

    def _call(self):
        n = next(self.serial)
        identity = "%d-%s@%s" % (n, os.urandom(4).hex(), self.caller_at[0])
        refused = self.refuse_every and len(self.calls) % self.refuse_every == 0
        call = self.calls[identity] = Call(identity, refused, time.monotonic())
        call.invite = INVITE % {
            "called": self.called, "calling": self.calling, "to": "%s:%d" % self.to, "id": identity,
            "tag": "f%d" % n, "here": "%s:%d" % self.caller_at, "branch": os.urandom(6).hex()}
        self._request(call, 1, call.invite, GIVE_UP)

    def _in_dialog(self, call, method, cseq):
        return IN_DIALOG % {
            "method": method, "target": call.target, "route": call.route, "id": call.id,
            "from": call.final["from"], "to": call.final["to"], "cseq": cseq,
            "here": "%s:%d" % self.caller_at, "branch": os.urandom(6).hex()}

    def _caller_got(self, m):
        call = self.calls.get(m.id)
        if not call or not m.status:
            return
        if m.method == "INVITE" and m.status < 200:
            call.waiting.pop(m.cseq, None)
            if not call.trying:
                call.trying, call.trying_after_s = True, time.monotonic() - call.began
            if m.status > 100 and call.ringing_at is None:
                call.ringing_at = time.monotonic()
        elif m.method == "INVITE":
            call.waiting.pop(m.cseq, None)
            self._caller_final(call, m)
        elif m.method == "BYE" and m.status >= 200:
            call.waiting.pop(m.cseq, None)
            call.state = "done" if m.status == 200 else "BYE answered by %d" % m.status

    def _caller_final(self, call, m):
        call.answered = call.answered or time.monotonic()
        if m.status >= 300:
            via = next(l for l in call.invite.split("\r\n") if l.startswith("Via:"))
            self._send(ACK_REFUSAL % {
                "called": self.called, "stird": "%s:%d" % self.to, "via": via, "id": call.id,
                "from": m["from"], "to": m["to"]})
            if call.state in ("calling", "done"):
                good = call.refused and m.status == 486
                call.state = "done" if good else "INVITE answered by %d" % m.status
            return
        if call.final is None:
            call.final = m
            call.target = m["contact"].strip("<>")
            call.route = "".join("Route: %s\r\n" % r for r in reversed(m.all("record-route")))
        self._send(self._in_dialog(call, "ACK", m.cseq))
        if m.cseq == 1 and call.state == "calling":
            call.state = "up"
            self._at(time.monotonic() + self.hold_s, self._again, call)
        elif m.cseq == 2 and call.state == "again":
            call.state = "ending"
            self._request(call, 3, self._in_dialog(call, "BYE", 3), T2)

    def _again(self, call):
        call.state = "again"
        self._request(call, 2, self._in_dialog(call, "INVITE", 2), GIVE_UP)

    # the callee
    def _answer(self, m, status):
        lines = ["SIP/2.0 %d Because" % status]
        lines += ["Via: " + value for value in m.all("via")]
        lines += ["Record-Route: " + value for value in m.all("record-route")]
        to = m["to"] if ";tag=" in m["to"] else m["to"] + ";tag=t" + m.id.split("@")[0]
        lines += ["From: " + m["from"], "To: " + to, "Call-ID: " + m.id, "CSeq: " + m["cseq"],
                  "Contact: <sip:carrier@%s:%d>" % self.callee_at, "Content-Length: 0", "", ""]
        self.callee.sendto("\r\n".join(lines).encode("latin-1"), self.to)

    def _answer_until_ack(self, m, status, interval, until):
        key = (m.id, m.cseq)
        if self.answers.get(key) is not m or time.monotonic() > until:
            return
        self._answer(m, status)
        self._at(time.monotonic() + interval, self._answer_until_ack, m, status,
                 min(interval * 2, T2), until)

    def _callee_got(self, m):
        call = self.calls.get(m.id)
        if not call or m.status:
            return
        if m.method == "INVITE":
            self._callee_invite(call, m)
        elif m.method == "ACK":
            self.answers[(m.id, m.cseq)] = None
        else:
            self._answer(m, 200)

    def _callee_invite(self, call, m):
        if (m.id, m.cseq) in self.answers:
            if m.cseq == 1:
                self._answer(m, 180)
            return
        self.answers[(m.id, m.cseq)] = m
        now = time.monotonic()
        if m.cseq > 1:
            self._answer_until_ack(m, 200, T1, now + GIVE_UP)
            return
        call.arrived, call.signed = now, bool(m.all("identity"))
        mark = m["via"].partition(BRANCH_MARK)[2]
        call.worker = int(mark[:2], 16) if mark else None
        self._answer(m, 180)
        self._at(now + self.ring_s, self._answer_until_ack, m, 486 if call.refused else 200, T1,
                 now + GIVE_UP)
