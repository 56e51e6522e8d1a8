"""
A story: one stird between an SBC and a carrier, told with start, send, expect.

Layout of the default configuration, all at port 5060 of the story's own 127.x.y.0/24:
    .1 stird   .2 SBC (trunk "pbx", customer acme)   .3 SBC (trunk "guest", not trusted)
    .4 SBC (trunk "gateway")   .9 carrier (upstream)   .66 nobody
"""

import os
import pwd
import signal
import sys
import time
import unittest

from . import dialog, identity, settings, stirctl, stird
from .lab import Lab
from .patience import HANG_S
from .peer import Peer, Transcript
from .sip import bracketed

CALLER = "+12155550100"  # owned by acme
CALLED = "+12155550199"
FAULTS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "Assertion")


class Story(unittest.TestCase):
    maxDiff = None

    # set-up and its end
    def setUp(self):
        self.transcript, self.peers, self.stird, self.last_log = Transcript(), {}, None, ""
        self.lab = Lab()
        self.net = self.lab.network
        self.addCleanup(self._end)

    def _end(self):
        for peer in self.peers.values():
            peer.close()
        try:
            self._end_stird()
        finally:
            self.lab.close()

    def _end_stird(self):
        if self.stird is None:
            return
        try:
            status = self.stird.stop()
        finally:
            self.last_log = self.stird.log()
        for fault in FAULTS:
            self.assertNotIn(fault, self.last_log)
        if self.stird.ready:
            self.assertEqual(status, 0, "exit status of stird")

    def run(self, result=None):
        bad = result and len(result.failures) + len(result.errors)
        super().run(result)
        if result and len(result.failures) + len(result.errors) > bad:
            print("---- %s: messages ----\n%s\n---- stird's log ----\n%s" % (
                self.id(), self.transcript.text(), self.last_log), file=sys.stderr, flush=True)
        return result

    # start
    def trunk(self, name="pbx", last=2, **members):
        trunk = {"name": name, "sources": [self.net(last)], "customer": "acme",
                 "identity": "authenticated", "trusted": True, "upstreams": ["carrier"]}
        trunk.update(members)
        return trunk

    def upstream(self, name="carrier", last=9, transport="udp", **members):
        upstream = {"name": name,
                    "uri": "sip:%s:5060;transport=%s" % (self.net(last), transport)}
        upstream.update(members)
        return upstream

    def listener(self, name="main", host=None, **members):
        listener = {"name": name, "address": host or self.net(1), "port": 5060,
                    "transports": ["udp", "tcp"]}
        listener.update(members)
        return listener

    def configure(self, listeners=None, trunks=None, upstreams=None, pbx=None, **more):
        """Writes the configuration; PBX changes members of the trunk "pbx" alone."""
        trunks = trunks or [self.trunk(**(pbx or {})),
                            self.trunk("guest", 3, trusted=False),
                            self.trunk("gateway", 4, identity="gateway", customer="foreign")]
        return settings.write(self.lab, listeners or [self.listener()], trunks,
                              [self.upstream()] if upstreams is None else upstreams, **more)

    def give_away(self, user):
        """All of the lab is this user's, as a service finds what is its own."""
        entry = pwd.getpwnam(user)
        for top, _, names in os.walk(self.lab.directory):
            for name in [top] + [os.path.join(top, n) for n in names]:
                os.chown(name, entry.pw_uid, entry.pw_gid)

    def start(self, **changes):
        return self.start_with(self.configure(**changes))

    def start_with(self, path, records=None):
        self.stird = stird.Stird(self.lab, path, records)
        return self.stird.start()

    def hang(self, role):
        """
        This child stands still to the story's end: so does the supervisor, who would replace it before that.
        """
        family = (self.stird.process.pid, self.stird.wait_child(role))
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
            self.addCleanup(os.kill, pid, signal.SIGCONT)  # the child first

    def wait_draining(self, workers=1):
        """Each worker knows that it is to end, and says so."""
        self.stird.wait_log("(worker drains(.*\n)*.*){%d}" % workers)

    def peer(self, name, last=None, host=None, port=5060):
        """The peer of this name; bound when it is first asked for."""
        if name not in self.peers:
            self.peers[name] = Peer(name, host or self.net(last), port, self.transcript)
        return self.peers[name]

    @property
    def sbc(self):
        return self.peer("sbc", 2)

    @property
    def carrier(self):
        return self.peer("carrier", 9)

    def at(self, transport="udp"):
        """Where stird listens."""
        return transport, self.net(1), 5060

    # send
    def invite(self, peer=None, caller=CALLER, called=CALLED, transport="udp", body=dialog.SDP,
               host=None, **more):
        """An INVITE as an SBC writes it; sent to nobody yet."""
        host = host or self.net(1)
        more.setdefault("from_", "<sip:%s@pbx.example.com>" % caller)
        more.setdefault("to", "<sip:%s@carrier.example.com>" % called)
        uri = more.pop("uri", "sip:%s@%s:5060" % (called, bracketed(host)))
        return (peer or self.sbc).request("INVITE", uri, transport=transport, body=body, **more)

    def place(self, peer=None, transport="udp", **more):
        """Sends an INVITE to stird; the carrier's socket is open before it leaves."""
        self.carrier  # pylint: disable=pointless-statement
        invite = self.invite(peer, transport=transport, **more)
        invite.sent = time.monotonic()
        (peer or self.sbc).send(invite, self.at(transport))
        return invite

    def heard(self, peer=None):
        """
        What was sent to stird's UDP port before this has been read, and what was said of it at once has come: the
        answer to an OPTIONS of PEER's comes behind it. PEER's inbox keeps all but that.
        """
        peer = peer or self.sbc
        options = peer.request("OPTIONS", "sip:%s:5060" % self.net(1))
        peer.send(options, self.at())
        while True:
            for message in peer.inbox:
                if message.get("call-id") == options["call-id"]:
                    peer.inbox.remove(message)
                    return
            self.assertTrue(peer.poll(HANG_S), "no answer to OPTIONS")

    # whole calls
    def refuse(self, arrived, invite, peer=None, status=486, at=None):
        """The callee refuses, stird ACKs it, the caller sees it and ACKs."""
        peer, at = peer or self.sbc, at or self.carrier
        at.respond(arrived, status)
        final = peer.expect(status)
        peer.acknowledge(invite, final, self.at(final.transport))
        at.expect("ACK")
        return final

    def short_call(self, peer=None, at=None, **more):
        """An INVITE that arrives, and a 486 to be done with it: (sent, arrived)."""
        self.carrier  # pylint: disable=pointless-statement
        invite = self.place(peer, **more)
        arrived = (at or self.carrier).expect("INVITE")
        self.refuse(arrived, invite, peer, at=at)
        return invite, arrived

    def signed_call(self, attest="A", orig=None, dest=None, **more):
        """A short call whose one Identity is verified: (sent, arrived, token)."""
        invite, arrived = self.short_call(**more)
        return invite, arrived, self.verify(arrived, attest, orig, dest)

    def unsigned_call(self, reason=None, **more):
        """A short call without Identity; its record says why."""
        invite, arrived = self.short_call(**more)
        self.assertEqual(arrived.raws("identity"), [])
        record = self.record(invite, decision="passed")
        if reason:
            self.assertEqual(record["reason"], reason)
        return invite, arrived

    def refused_call(self, status, peer=None, reason=None, **more):
        """stird itself refuses; the carrier sees nothing."""
        invite = self.place(peer, **more)
        final = (peer or self.sbc).expect(status)
        (peer or self.sbc).acknowledge(invite, final, self.at(final.transport))
        self.carrier.expect_nothing(0.1)
        record = self.record(invite, decision="rejected")
        if reason:
            self.assertEqual(record["reason"], reason)
        return invite, final

    # check
    def verify(self, arrived, attest=None, orig=None, dest=None):
        values = arrived.all("identity")
        self.assertEqual(len(values), 1, "one Identity header is expected: %r" % values)
        return identity.check(values[0], self.lab.unit, attest, orig, dest)

    def assert_counted(self, name, value):
        """A counter of stirctl stats gets there; heartbeats bring it."""
        path = self.lab.path("stird.conf")
        stird.wait_until(lambda: stirctl.ask(path, "stats")[name] == value, 5.0,
                         "%s = %r" % (name, value))

    def record(self, invite, **members):
        record = self.stird.record(invite["call-id"])
        for name, value in members.items():
            self.assertEqual(record[name], value, "%s in %r" % (name, record))
        return record

    def recorded(self, reason, n):
        """The records with this reason, at least so many: the recorder writes them when the answer has left."""
        def found():
            return [r for r in self.stird.records() if r["reason"] == reason]
        stird.wait_until(lambda: len(found()) >= n, HANG_S, "%d records of %s" % (n, reason))
        return found()

    def assert_untouched(self, sent, arrived, *names):
        """These headers, or all but what a proxy owns, are the same octets in the same order."""
        owned = ("via", "max-forwards", "record-route", "route", "identity", "date",
                 "content-length")
        def lines(message):
            return [header.raw for header in message.headers
                    if (header.name in names if names else header.name not in owned)]
        self.assertEqual(lines(sent), lines(arrived))
        self.assertEqual(sent.body, arrived.body)
