"""Tokens made without any code of stird's: JSON by Python, signatures by openssl."""

import base64
import json
import subprocess
import time

from .patience import HANG_S

ORIGID = "123e4567-e89b-12d3-a456-426655440000"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw_signature(der):
    """What openssl signs, as r || s (RFC 7518 section 3.4)."""
    def integer(at):
        assert der[at] == 2
        n = der[at + 1]
        return int.from_bytes(der[at + 2:at + 2 + n], "big"), at + 2 + n
    r, at = integer(2)
    s, _ = integer(at)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign(key, octets):
    done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=octets,
                          capture_output=True, check=True, timeout=HANG_S)
    return raw_signature(done.stdout)


def identity(unit, orig="12155550100", dest="13125550123", attest="A", iat=None, header=None,
             parameters=";info=<%s>;alg=ES256;ppt=shaken", **claims):
    """The value of an Identity header, signed by the key of UNIT's directory."""
    with open(unit + "/x5u", encoding="ascii") as source:
        x5u = source.read().strip()
    head = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": x5u}
    head.update(header or {})
    body = {"attest": attest, "dest": {"tn": [dest]},
            "iat": int(time.time()) if iat is None else iat, "orig": {"tn": orig},
            "origid": ORIGID}
    body.update(claims)
    octets = ".".join(base64url(json.dumps(part, separators=(",", ":")).encode())
                      for part in (head, body))
    if "%s" in parameters:
        parameters = parameters % head["x5u"]
    return octets + "." + base64url(sign(unit + "/key.pem", octets.encode())) + parameters


def invite(value=None, orig="+12155550100", dest="+13125550123", call_id="call-1@sbc",
           branch="z9hG4bK1", more=()):
    """An INVITE's text; VALUE: of its Identity header."""
    lines = ["INVITE sip:%s@198.51.100.7 SIP/2.0" % dest,
             "Via: SIP/2.0/UDP 192.0.2.40:5060;branch=" + branch,
             "Max-Forwards: 70", "From: <sip:%s@pbx.example.com>;tag=1" % orig,
             "To: <sip:%s@carrier.example.com>" % dest, "Call-ID: " + call_id, "CSeq: 1 INVITE"]
    if value:
        lines.append("Identity: " + value)
    lines += list(more) + ["Content-Length: 0"]
    return "\r\n".join(lines) + "\r\n\r\n"
