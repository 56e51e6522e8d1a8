"""
SBCs that ask by redirect, each as its vendor has it: which answers it follows, where it finds the token, what it puts
into the INVITE that it then sends to its carrier. Stories of trunks with front = "redirect" are told with them.
"""

import email.utils
import os
import re
import signal

from . import dialog, identity
from .sip import octets, parameter, uri_of
from .patience import HANG_S
from .story import CALLED, CALLER, Story

UNESCAPED = r"A-Za-z0-9\-_.!~*'()\[\]/?:+$"  # of a header's value in a URI: RFC 3261 section 25.1, hvalue
ESCAPED = re.compile(r"(?:[%s]|%%[0-9A-F]{2})*" % UNESCAPED)


def unescaped(text):
    """RFC 3261 section 19.1.1. What may stand as it is stands so, and all else is escaped (R-D-014)."""
    assert ESCAPED.fullmatch(text), "not of a header in a URI: %r" % text
    out = re.sub(rb"%([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), text.encode("ascii"))
    for found in re.findall(r"%([0-9A-F]{2})", text):
        assert not re.fullmatch("[%s]" % UNESCAPED, chr(int(found, 16))), "escaped for nothing: %%%s" % found
    return out.decode("utf-8")


def in_uri(uri):
    """The headers that a URI brings along: [(name, value)]."""
    _, mark, headers = uri.partition("?")
    pairs = [part.partition("=") for part in headers.split("&")] if mark else []
    assert all(name and equals for name, equals, _ in pairs), "headers of a URI: %r" % headers
    return [(unescaped(name), unescaped(value)) for name, _, value in pairs]


def in_contact(answer, *names):
    """What a header of the URI in Contact says, as lines."""
    contacts = answer.elements("contact")
    assert len(contacts) <= 1, contacts
    for contact in contacts:
        assert "?" not in contact or contact.startswith("<"), "a URI with ? stands in <> (RFC 3261 section 20.10)"
    return ["%s: %s" % pair for contact in contacts for pair in in_uri(uri_of(contact)) if pair[0].lower() in names]


def beside(name):
    """Lines of this name, as Identity, and Date."""
    def take(answer):
        return ["Identity: " + value for value in answer.all(name)] + ["Date: " + value for value in answer.all("date")]
    return take


def embedded(answer):
    """Each header of the Contact becomes one of the next INVITE (RFC 3261 section 19.1.5)."""
    return in_contact(answer, "identity", "date")


def first_of(*ways):
    """As dSIPRouter's transnexus.cfg looks: the first place that has one."""
    def take(answer):
        return next((lines for lines in (way(answer) for way in ways) if any(l.startswith("Identity") for l in lines)), [])
    return take


PHRASES = {300: b"Multiple Choices", 302: b"Moved Temporarily", 404: b"Not Found", 484: b"Address Incomplete",
           503: b"Service Unavailable", 603: b"Decline"}  # RFC 3261 section 21


class Sbc:
    """What it makes of an answer. Pure."""

    def __init__(self, name, follows, takes, routes_on=(404, 408, 500, 503), answers=None):
        """FOLLOWS: takes the token, if there is one, and routes. ROUTES_ON: without a look. All else ends the call."""
        self.name, self.follows, self.takes, self.routes_on = name, follows, takes, routes_on
        self.answers = answers or {}

    def lines(self, answer):
        """Of its next INVITE; None: the call ends."""
        if answer.status in self.follows:
            return self.takes(answer)
        return [] if answer.status in self.routes_on else None


SBCS = {sbc.name: sbc for sbc in (
    Sbc("generic", (300, 301, 302, 305, 307), beside("identity")),
    # transnexus.cfg of dSIPRouter: "Look for Identity or X-Identity" in 302, 403 and 503; an Acme Packet takes them from
    # Contact (clearip-acme-shaken). 403 without one is an SBC that ClearIP does not know: the call goes on unsigned.
    Sbc("clearip", (302, 403, 503), first_of(beside("identity"), beside("x-identity"), embedded)),
    Sbc("sansay", (302,), beside("identity")),
    Sbc("ribbon", (300,), embedded),
    Sbc("peeredge", (302,), beside("identity")),
    Sbc("oracle", (302,), embedded),
    Sbc("provenant", (302, 306, 307), beside("identity")))}


class Redirecting(Story):
    """.2 is the SBC, which asks stird and calls the carrier at .9 itself; .3 a PBX whose calls stird passes on."""

    dialect, transport = "generic", "udp"

    def redirect_trunk(self, name="sbc", last=2, dialect=None, **members):
        return self.trunk(name, last, front="redirect", dialect=dialect or self.dialect, **{"upstreams": None, **members})

    def trunk(self, name="pbx", last=2, **members):
        return {key: value for key, value in super().trunk(name, last, **members).items() if value is not None}

    def begin(self, dialect=None, dialects=(), trunks=(), more="", **changes):
        """DIALECTS: of the list, as text. CHANGES of the trunk, or what start() takes."""
        self.dialect = dialect or self.dialect
        whole = {key: changes.pop(key) for key in ("upstreams", "listeners", "limits", "numbers", "drain", "certificates", "verify")
                 if key in changes}
        text = "dialects = ( %s );\n" % ", ".join(dialects) if dialects else ""
        self.start(trunks=[self.redirect_trunk(**changes), self.trunk("pbx", 3), *trunks], more=text + more, **whole)

    @property
    def client(self):
        return SBCS.get(self.dialect, SBCS["generic"])

    # its processes
    stalled = ()

    def stall(self, role="signer"):
        """This child stands still until resume(), and so does the supervisor, who would replace it."""
        self.stalled = (self.stird.process.pid, self.stird.wait_child(role))
        for pid in self.stalled:
            os.kill(pid, signal.SIGSTOP)

    def resume(self):
        for pid in reversed(self.stalled):  # the child first
            os.kill(pid, signal.SIGCONT)
        self.stalled = ()

    def _end_stird(self):
        self.resume()
        super()._end_stird()

    # one question
    def ask(self, status, peer=None, transport=None, acknowledge=True, **more):
        """An INVITE to stird that is answered so, and ACKed: (sent, answer)."""
        peer, transport = peer or self.sbc, transport or self.transport
        invite = self.place(peer, transport, **more)
        final = peer.expect((status, "INVITE"))
        self.check_answer(invite, final)
        if acknowledge:
            peer.acknowledge(invite, final, self.at(transport))
        return invite, final

    def check_answer(self, invite, final):
        """R-D-016: what each answer of a server has and has not (RFC 3261 section 8.2.6)."""
        for name in ("from", "call-id", "cseq"):
            self.assertEqual([final[name]], [invite[name]])
        self.assertEqual(len(final.elements("via")), len(invite.elements("via")))
        self.assertTrue(final.elements("via")[0].startswith(invite.elements("via")[0].split(";")[0]), final["via"])
        self.assertEqual(parameter(final.elements("via")[0], "branch"), parameter(invite.elements("via")[0], "branch"))
        self.assertTrue(parameter(final["to"], "tag"), "no To tag: " + final["to"])
        self.assertEqual(final["to"].split(";tag=")[0], invite["to"].split(";tag=")[0])
        self.assertEqual([final.raws("record-route"), final.raws("server"), final.body], [[], [], b""])
        usual = PHRASES.get(final.status)
        self.assertTrue(getattr(self, "own_phrases", False) or usual is None or final.start == b"SIP/2.0 %d %s" % (final.status, usual), final.start)
        self.assertEqual(final.all("timestamp"), invite.all("timestamp"))
        for contact in final.elements("contact"):
            self.assertNotIn("@" + self.net(1), contact, "R-D-017: the SBC would ask us again and again")

    def final(self, invite, peer=None):
        """Its answer, whatever it is and whatever else has come; ACKed."""
        peer = peer or self.sbc
        while True:
            for message in peer.inbox:
                if message.get("call-id") == invite["call-id"] and message.status >= 200:
                    peer.inbox.remove(message)
                    self.check_answer(invite, message)
                    peer.acknowledge(invite, message, self.at(message.transport))
                    return message
            self.assertTrue(peer.poll(HANG_S), "no answer")

    # and what comes of it
    def followed(self, invite, final, client=None, peer=None):
        """The SBC's own INVITE as its carrier gets it; both calls end."""
        client, peer = client or self.client, peer or self.sbc
        lines = client.lines(final)
        self.assertIsNotNone(lines, "%s ends the call for %s" % (client.name, final.summary()))
        onward = self.onward(invite, lines, peer)
        peer.send(onward, ("udp", self.net(9), 5060))
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 486)
        peer.acknowledge(onward, peer.expect((486, "INVITE")), ("udp", self.net(9), 5060))
        self.carrier.expect("ACK")
        return arrived

    def onward(self, invite, lines, peer):
        """INVITE as it goes on: a new branch, the next CSeq, and the lines that were taken in place of its own."""
        copy = invite.replaced("via", dialog.via(peer, "udp", dialog.branch()))
        copy = copy.replaced("cseq", "CSeq: %d INVITE" % (int(invite["cseq"].split()[0]) + 1))
        names = [name for name in ("date",) if any(line.lower().startswith(name + ":") for line in lines)]
        empty = [] if any(copy.all("identity")) else ["identity"]
        out = copy.without(*names, *empty).plus(*lines)
        out.start = octets("INVITE sip:%s@%s:5060 SIP/2.0" % (invite.uri.split(":", 1)[1].split("@")[0], self.net(9)))
        return out

    def blocked(self, final, client=None):
        self.assertIsNone((client or self.client).lines(final), final.summary())

    def check_token(self, arrived, attest="A", orig=CALLER[1:], dest=CALLED[1:], skip=0):
        """Of the INVITE that came to the carrier: by openssl and secsipidx; and its Date is the token's (RFC 8224 section 4.1)."""
        values = arrived.all("identity")[skip:]
        self.assertEqual(len(values), 1, values)
        token = identity.check(values[0], self.lab.unit, attest, orig, dest)
        self.assertEqual(len(arrived.all("date")), 1, "one Date")
        date = int(email.utils.parsedate_to_datetime(arrived["date"]).timestamp())
        self.assertLessEqual(abs(date - token.iat), 5 if self.own_date else 0, "Date and iat")
        return token

    own_date = False  # the SBC writes a Date of its own, which stays
    own_phrases = False

    def signed(self, status=302, attest="A", orig=CALLER[1:], dest=CALLED[1:], client=None, **more):
        """Asked, followed, verified: (invite, answer, token)."""
        invite, final = self.ask(status, **more)
        arrived = self.followed(invite, final, client, more.get("peer"))
        token = self.check_token(arrived, attest, orig, dest)
        self.record(invite, decision="signed", attest=attest, sip_status=status)
        return invite, final, token

    def unsigned(self, status, reason, client=None, **more):
        """The call goes on, and stird has added nothing."""
        invite, final = self.ask(status, **more)
        arrived = self.followed(invite, final, client, more.get("peer"))
        self.assertEqual(arrived.raws("identity"), [raw for raw in invite.raws("identity") if raw.split(b":")[1].strip()])
        self.record(invite, decision="passed", reason=reason, sip_status=status)
        return invite, final

    proxies = False  # whether another trunk's calls leave by stird

    def tearDown(self):
        """No request has left stird: whatever came from its address is an answer."""
        for entry in self.transcript.lines if not self.proxies else ():
            head, _, message = entry.partition("\n")
            if re.search(r" <-- [a-z]+:%s:" % re.escape(self.net(1)), head):
                self.assertTrue(message.strip().startswith("SIP/2.0 "), entry)
        super().tearDown()
