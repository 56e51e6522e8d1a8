"""Capture files, packet by packet."""

import socket
import struct


def checksum_free_ip4(source, to, protocol, payload, ident=1, flags_offset=0):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, flags_offset, 64,
                       protocol, 0, socket.inet_aton(source), socket.inet_aton(to)) + payload


def ip6(source, to, following, payload):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), following, 64,
                       socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, to)) + payload


def udp(payload, sport=5060, dport=5060):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def tcp(payload, sequence, sport=5060, dport=5060, syn=False):
    return struct.pack("!HHIIBBHHH", sport, dport, sequence & 0xffffffff, 0, 5 << 4,
                       2 if syn else 16, 8192, 0, 0) + payload


def ethernet(packet, vlan=False):
    kind = 0x86dd if packet[0] >> 4 == 6 else 0x0800
    tag = struct.pack("!HH", 0x8100, 7) if vlan else b""
    return bytes(12) + tag + struct.pack("!H", kind) + packet


def tagged(packet, *kinds):
    """A frame with tags of these types, the outermost first."""
    frame = ethernet(packet)
    return frame[:12] + b"".join(struct.pack("!HH", kind, 7) for kind in kinds) + frame[12:]


def ip6_fragments(payload, mtu, protocol=17):
    """PAYLOAD in pieces of at most MTU octets, each behind a fragment header (RFC 8200)."""
    return [struct.pack("!BBHI", protocol, 0, at | (at + mtu < len(payload)), 77) + payload[at:at + mtu]
            for at in range(0, len(payload), mtu)]


def udp_packets(source, to, text, mtu=None):
    """One packet, or fragments of at most MTU octets of payload."""
    whole = udp(text)
    if not mtu:
        return [checksum_free_ip4(source, to, 17, whole)]
    pieces = [whole[at:at + mtu] for at in range(0, len(whole), mtu)]
    return [checksum_free_ip4(source, to, 17, piece, 77,
                              (0 if i + 1 == len(pieces) else 0x2000) | i * mtu // 8)
            for i, piece in enumerate(pieces)]


def write(path, frames, link=1, begin=1700000000.0, snap=None):
    """
    FRAMES of link type LINK, a millisecond apart; a frame may be (time, octets). SNAP: how many octets
    of each are captured.
    """
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link))
        for i, frame in enumerate(frames):
            at = begin + i / 1000
            if isinstance(frame, tuple):
                at, frame = frame
            kept = frame[:snap]
            out.write(struct.pack("<IIII", int(at), int(at % 1 * 1e6), len(kept), len(frame)))
            out.write(kept)
    return path


def block(kind, body, order="<"):
    """Of a pcapng file."""
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def section(interfaces, packets, order="<", begin=1700000000.0):
    """
    A section of a pcapng file. INTERFACES: (link type, options). PACKETS: (interface, octets), as
    the enhanced block has them; (None, octets) is a simple one.
    """
    out = block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1), order)
    for link, options in interfaces:
        out += block(1, struct.pack(order + "HHI", link, 0, 262144) + options, order)
    ticks = int(begin * 1e6)
    for interface, octets in packets:
        if interface is None:
            out += block(3, struct.pack(order + "I", len(octets)) + octets, order)
        else:
            out += block(6, struct.pack(order + "IIIII", interface, ticks >> 32,
                                        ticks & 0xffffffff, len(octets), len(octets)) + octets, order)
    return out
