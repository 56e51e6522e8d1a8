"""What children of stird say to the supervisor, said in a child's place (include/stird/io/control.h)."""

import os
import re
import socket
import struct
import subprocess

from lib import possess
from lib.stird import descriptors

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, DUMP, DONE = 4, 20, 0x301, 3
SHOW_PEER, PEER = 4, 2
MSG_DONTWAIT, MSG_NOSIGNAL = 0x40, 0x4000


def layout():
    """The places of fields and the numbers of words, by name; None: nobody has built the helper."""
    helper = os.environ.get("STIRD_CONTROL_LAYOUT")
    if not helper:
        return None
    out = subprocess.run([helper], capture_output=True, text=True,
                         check=True).stdout
    return {name: int(number) for name, number in re.findall(r"(\w+) (\d+)", out)}


def peers():
    """Of each unix socket of this machine, by inode, that of its other end."""
    found = {}
    ask = struct.pack("=IHHII", 40, SOCK_DIAG_BY_FAMILY, DUMP, 1, 0) + struct.pack(
        "=BBHIIIII", socket.AF_UNIX, 0, 0, 0xffffffff, 0, SHOW_PEER, 0xffffffff, 0xffffffff)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.send(ask)
        while True:
            answer = kernel.recv(1 << 16)
            while answer:
                length, kind = struct.unpack_from("=IH", answer)
                if kind == DONE:
                    return found
                (inode,) = struct.unpack_from("=I", answer, 20)
                attributes = answer[32:length]
                while len(attributes) >= 8:
                    size, name = struct.unpack_from("=HH", attributes)
                    if name == PEER:
                        (found[inode],) = struct.unpack_from("=I", attributes, 4)
                    attributes = attributes[(size + 3) // 4 * 4:]
                answer = answer[(length + 3) // 4 * 4:]


def sockets(pid):
    """Descriptors by inode."""
    return {int(where[8:-1]): fd for fd, where in descriptors(pid).items()
            if where.startswith("socket:[")}


def control_of(pid, supervisor):
    """The descriptor of PID whose other end the supervisor alone has, and which no other has."""
    here, there, ends = sockets(pid), sockets(supervisor), peers()
    found = [fd for inode, fd in here.items()
             if ends.get(inode) in there and inode not in there]
    assert len(found) == 1, "control sockets of %d: %s" % (pid, found)
    return found[0]


class Words:
    def __init__(self):
        self.layout = layout()

    def message(self, word, generation=0, text=b""):
        """WORD: a name, or a number that none has."""
        octets = bytearray(self.layout["size"])
        kind = word if isinstance(word, int) else self.layout[word]
        struct.pack_into("=I", octets, self.layout["type"], kind)
        struct.pack_into("=Q", octets, self.layout["generation"], generation)
        octets[self.layout["text"]:self.layout["text"] + len(text)] = text
        return bytes(octets)

    def call(self, fd, word, **fields):
        """As possess takes it."""
        octets = self.message(word, **fields)
        return ("sendto", fd, octets, len(octets), MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0)

    def say(self, pid, supervisor, word, times=1, **fields):
        """PID says it so often, or until it is killed for it. Answers with how often it did."""
        said, fd = 0, control_of(pid, supervisor)
        try:
            with possess.Possessed(pid) as child:
                while said < times:
                    result, n = child.repeat(times - said, *self.call(fd, word, **fields))
                    said += n
                    if result not in (self.layout["size"], -11):
                        break
        except possess.Died:
            pass
        return said
