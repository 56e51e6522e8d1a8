"""The key in stird's Record-Route (src/sip/route_key.h), written a second time: for keys of other days, places and sides."""

import ipaddress
import struct
import time

UDP, TCP, TLS = range(3)
BOTH, CALLER, CALLEE = range(3)
MASK = (1 << 64) - 1


def rotated(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def rounds(v, count):
    for _ in range(count):
        v[0] = (v[0] + v[1]) & MASK
        v[1] = rotated(v[1], 13) ^ v[0]
        v[0] = rotated(v[0], 32)
        v[2] = (v[2] + v[3]) & MASK
        v[3] = rotated(v[3], 16) ^ v[2]
        v[0] = (v[0] + v[3]) & MASK
        v[3] = rotated(v[3], 21) ^ v[0]
        v[2] = (v[2] + v[1]) & MASK
        v[1] = rotated(v[1], 17) ^ v[2]
        v[2] = rotated(v[2], 32)


def siphash(key, data):
    """SipHash-2-4 of 128 bits: its two halves."""
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee,
         k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]
    whole = len(data) // 8 * 8
    words = list(struct.unpack("<%dQ" % (whole // 8), data[:whole]))
    words.append(int.from_bytes(data[whole:], "little") | (len(data) & 255) << 56)
    for word in words:
        v[3] ^= word
        rounds(v, 2)
        v[0] ^= word
    v[2] ^= 0xee
    rounds(v, 4)
    first = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xdd
    rounds(v, 4)
    return first, v[0] ^ v[1] ^ v[2] ^ v[3]


def today():
    return int(time.time()) // 86400


def key(secret, call_id, caller_tag, host, port=5060, transport=UDP, side=BOTH, day=None):
    """SECRET is the content of hmac-secret in the state directory."""
    day = today() if day is None else day
    address = ipaddress.ip_address(host)
    family = 1 if address.version == 4 else 2
    texts = [b"route", struct.pack("<q", day),
             struct.pack(">BBBH", side, transport, family, port),
             address.packed.ljust(16, b"\0"), call_id.encode(), caller_tag.encode()]
    data = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return "%02x%x%016x" % (day & 255, side, siphash(secret[:16], data)[1])
