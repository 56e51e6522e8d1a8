"""Judges an Identity header without any code of stird's: strict reading, openssl, secsipidx."""

import base64
import json
import os
import re
import subprocess
import tempfile
import time
import uuid

from .patience import HANG_S

SHAKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})"
                    r";info=<(https://[^<>;\s]+)>;alg=ES256;ppt=shaken")


class Token:
    """A shaken Identity that is exactly of the form that RFC 8224, 8225 and 8588 make of it."""

    def __init__(self, value):
        match = SHAKEN.fullmatch(value)
        assert match, "not `token;info=<https url>;alg=ES256;ppt=shaken`: %r" % value
        self.value = value
        self.signed = ("%s.%s" % match.group(1, 2)).encode()
        self.header_bytes = decode(match.group(1))
        self.payload_bytes = decode(match.group(2))
        self.signature = decode(match.group(3))
        self.info = match.group(4)
        self.header = json.loads(self.header_bytes)
        self.payload = json.loads(self.payload_bytes)

    @property
    def attest(self):
        return self.payload["attest"]

    @property
    def orig(self):
        return self.payload["orig"]["tn"]

    @property
    def dest(self):
        return self.payload["dest"]["tn"][0]

    @property
    def iat(self):
        return self.payload["iat"]


def decode(text):
    """base64url without padding; the one spelling that encodes these octets."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    again = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert again == text, "not canonical base64url: %r" % text
    return data


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def check_form(token):
    """
    R-P-120 R-P-121 R-P-122 R-P-123 R-P-135 R-P-136: members, order and spelling of RFC 8225 section 9 and
    RFC 8588, octet by octet (Decided 3).
    """
    header = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": token.info}
    assert token.header_bytes == compact(header), "header is %r" % token.header_bytes
    claims = token.payload
    payload = {"attest": claims["attest"], "dest": {"tn": [token.dest]}, "iat": claims["iat"],
               "orig": {"tn": token.orig}, "origid": claims["origid"]}
    assert token.payload_bytes == compact(payload), "payload is %r" % token.payload_bytes
    assert claims["attest"] in ("A", "B", "C"), claims["attest"]
    assert re.fullmatch(r"[0-9]{1,15}", token.orig), "orig %r" % token.orig
    assert re.fullmatch(r"[0-9]{1,15}", token.dest), "dest %r" % token.dest
    assert isinstance(claims["iat"], int) and abs(claims["iat"] - time.time()) <= HANG_S, claims["iat"]
    assert str(uuid.UUID(claims["origid"])) == claims["origid"], "origid %r" % claims["origid"]


def der_signature(raw):
    """r || s to the ASN.1 that openssl wants."""
    def integer(data):
        data = data.lstrip(b"\0") or b"\0"
        data = b"\0" + data if data[0] & 0x80 else data
        return b"\x02" + bytes([len(data)]) + data
    body = integer(raw[:32]) + integer(raw[32:])
    return b"\x30" + bytes([len(body)]) + body


def openssl_verifies(token, public_key):
    with tempfile.TemporaryDirectory(prefix="stird-id-") as directory:
        path = os.path.join(directory, "signature.der")
        with open(path, "wb") as out:
            out.write(der_signature(token.signature))
        run = subprocess.run(["openssl", "dgst", "-sha256", "-verify", public_key,
                              "-signature", path], input=token.signed, capture_output=True,
                             timeout=HANG_S, check=False)
    return run.returncode == 0 and b"Verified OK" in run.stdout


def secsipidx_verifies(token, public_key):
    """A second implementation; it wants the token fresh, so call it at once."""
    with tempfile.TemporaryDirectory(prefix="stird-id-") as directory:
        path = os.path.join(directory, "identity")
        with open(path, "w", encoding="ascii") as out:
            out.write(token.value)
        run = subprocess.run(["secsipidx", "-check", "-fidentity", path, "-fpubkey", public_key,
                              "-expire", "60"], capture_output=True, timeout=HANG_S, check=False)
    return run.returncode == 0


def check(value, unit, attest=None, orig=None, dest=None):
    """All of it, and the claims that the story expects. Answers with the token."""
    token = Token(value)
    check_form(token)
    assert token.info == unit.x5u, "info is %r, the unit's x5u %r" % (token.info, unit.x5u)
    for name, wanted in (("attest", attest), ("orig", orig), ("dest", dest)):
        got = getattr(token, name)
        assert wanted is None or got == wanted, "%s is %r, expected %r" % (name, got, wanted)
    assert openssl_verifies(token, unit.public_key), "openssl: the signature does not verify"
    assert secsipidx_verifies(token, unit.public_key), "secsipidx: the signature does not verify"
    return token
