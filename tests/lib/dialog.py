"""The messages that a well-behaved caller or callee writes: pure, no sockets."""

import itertools
import os

from .sip import Message, bracketed, octets, parameter, uri_of

SDP = (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       b"m=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
       b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n")

_serial = itertools.count(1)


def unique(prefix=""):
    return "%s%d-%s" % (prefix, next(_serial), os.urandom(6).hex())


def branch():
    return "z9hG4bK-" + unique()


def port_of(peer, transport):
    return peer.tls_port if transport == "tls" else peer.port


def via(peer, transport, branch_id):
    return "Via: SIP/2.0/%s %s:%d;branch=%s;rport" % (
        transport.upper(), bracketed(peer.host), port_of(peer, transport), branch_id)


def contact(peer, transport):
    suffix = "" if transport == "udp" else ";transport=" + transport
    return "Contact: <sip:%s@%s:%d%s>" % (peer.name, bracketed(peer.host),
                                          port_of(peer, transport), suffix)


def with_body(lines, body, kind="application/sdp"):
    body = octets(body)
    lines = list(lines) + (["Content-Type: " + kind] if body else [])
    return lines + ["Content-Length: %d" % len(body)]


def request(peer, method, uri, transport="udp", from_="<sip:+12155550100@pbx.example.com>",
            to="<sip:+12155550199@carrier.example.com>", cseq=1, call_id=None, extra=(), body=b"",
            max_forwards=70):
    """A request outside a dialog."""
    lines = [via(peer, transport, branch())]
    if max_forwards is not None:
        lines.append("Max-Forwards: %d" % max_forwards)
    lines += ["From: %s;tag=%s" % (from_, unique("f")), "To: " + to,
              "Call-ID: %s@%s" % (call_id or unique(), bracketed(peer.host)),
              "CSeq: %d %s" % (cseq, method), contact(peer, transport)]
    return Message("%s %s SIP/2.0" % (method, uri), with_body(lines + list(extra), body), body)


def answer(req, status, phrase="Because", tag=None, extra=(), body=b"", peer=None):
    """An answer to REQ as received; PEER gives the Contact."""
    to = req.raws("to")[0]
    if tag and parameter(req["to"], "tag") is None:
        to += octets(";tag=" + tag)
    lines = req.raws("via") + req.raws("record-route") + req.raws("from") + [to]
    lines += req.raws("call-id") + req.raws("cseq")
    if peer is not None:
        lines.append(octets(contact(peer, req.transport or "udp")))
    return Message("SIP/2.0 %d %s" % (status, phrase),
                   with_body(lines + [octets(line) for line in extra], body), body)


def in_dialog(peer, method, invite, final, cseq, transport="udp", extra=(), body=b""):
    """
    A request inside the dialog that INVITE and FINAL made, by its caller. The route set is the
    answer's Record-Route in reverse, the remote target its Contact (RFC 3261 section 12.1.2).
    """
    routes = ["Route: " + value for value in reversed(final.elements("record-route"))]
    lines = [via(peer, transport, branch()), "Max-Forwards: 70"] + routes
    lines += invite.raws("from") + final.raws("to") + invite.raws("call-id")
    lines += ["CSeq: %d %s" % (cseq, method)]
    if method in ("INVITE", "UPDATE"):
        lines.append(contact(peer, transport))
    target = uri_of(final["contact"])
    return Message("%s %s SIP/2.0" % (method, target),
                   with_body(lines + list(extra), body), body)


def callee_in_dialog(peer, method, invite, final, cseq, transport="udp", extra=(), body=b""):
    """The same by the callee, who received INVITE and answered FINAL (section 12.1.1)."""
    routes = ["Route: " + value for value in invite.elements("record-route")]
    lines = [via(peer, transport, branch()), "Max-Forwards: 70"] + routes
    lines += ["From: " + final["to"], "To: " + final["from"]] + final.raws("call-id")
    lines += ["CSeq: %d %s" % (cseq, method)]
    if method in ("INVITE", "UPDATE"):
        lines.append(contact(peer, transport))
    return Message("%s %s SIP/2.0" % (method, uri_of(invite["contact"])),
                   with_body(lines + list(extra), body), body)


def cancel(invite, extra=()):
    """RFC 3261 section 9.1: the INVITE's own Via, and its Route."""
    lines = [invite.raws("via")[0], b"Max-Forwards: 70"] + invite.raws("route")
    lines += invite.raws("from") + invite.raws("to") + invite.raws("call-id")
    number = invite["cseq"].split()[0]
    lines += ["CSeq: %s CANCEL" % number] + list(extra)
    return Message("CANCEL %s SIP/2.0" % invite.uri, with_body(lines, b""))


def ack_of_refusal(invite, final):
    """RFC 3261 section 17.1.1.3: same branch, hop by hop."""
    lines = [invite.raws("via")[0], b"Max-Forwards: 70"] + invite.raws("route")
    lines += invite.raws("from") + final.raws("to") + invite.raws("call-id")
    number = invite["cseq"].split()[0]
    lines += ["CSeq: %s ACK" % number]
    return Message("ACK %s SIP/2.0" % invite.uri, with_body(lines, b""))
