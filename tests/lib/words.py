"""What children of stird say to the supervisor, said in a child's place (include/stird/io/control.h)."""

import os
import re
import socket
import struct
import subprocess

from lib import possess
from lib.patience import HANG_S
from lib.stird import descriptors, wait_until

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, DUMP, DONE = 4, 20, 0x301, 3
SHOW_PEER, PEER = 4, 2
MSG_DONTWAIT, MSG_NOSIGNAL = 0x40, 0x4000
SOL_SOCKET, SCM_RIGHTS = 1, 1


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
    """PID's control socket: the one whose other end the supervisor has, and which the supervisor itself has not. Waits
    until the supervisor has closed its own copy."""
    def alone():
        here, there, ends = sockets(pid), sockets(supervisor), peers()
        found = [fd for inode, fd in here.items()
                 if ends.get(inode) in there and inode not in there]
        return found if len(found) == 1 else None
    return wait_until(alone, HANG_S, "one control socket of %d" % pid)[0]


class Words:
    def __init__(self):
        self.layout = layout()

    def octets(self, word, more):
        """So many more than the word has, or less; at least one."""
        octets = self.message(word)
        return octets[:max(len(octets) + more, 1)] + bytes(max(more, 0))

    def message(self, word, **fields):
        """WORD: a name, or a number that none has. What it has no field for is left out."""
        octets = bytearray(self.layout.get("SIZE_%s" % word, self.layout["SIZE_PING"]))
        kind = word if isinstance(word, int) else self.layout[word]
        struct.pack_into("=I", octets, self.layout["type"], kind)
        for name, value in fields.items():
            at = self.layout.get("%s_%s" % (word, name))
            if at is None:
                continue
            value = value if isinstance(value, bytes) else struct.pack("=Q" if name == "generation" else "=I", value)
            octets[at:at + len(value)] = value
        return bytes(octets)

    def call(self, fd, word, **fields):
        """As possess takes it."""
        octets = self.message(word, **fields)
        return ("sendto", fd, octets, len(octets), MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0)

    def hand(self, child, fd, word, descriptors, length=0):
        """The possessed CHILD says it with these descriptors, in LENGTH octets more than a word has. 0 or more: it
        was sent."""
        octets = self.message(word) + bytes(max(length, 0))
        part = struct.pack("=QQ", child.lay(octets), len(self.message(word)) + length)
        rights = struct.pack("=QII%di" % len(descriptors), 16 + 4 * len(descriptors), SOL_SOCKET, SCM_RIGHTS,
                             *descriptors) if descriptors else b""
        head = struct.pack("=QIIQQQQII", 0, 0, 0, child.lay(part), 1, child.lay(rights), len(rights), 0, 0)
        return child.do("sendmsg", fd, head, MSG_DONTWAIT | MSG_NOSIGNAL)

    def say_by(self, child, fd, word, times, **fields):
        """The possessed CHILD says it so often. Answers with how often it did."""
        said = 0
        while said < times:
            result, n = child.repeat(times - said, *self.call(fd, word, **fields))
            said += n
            if result not in (len(self.message(word)), -11):
                break
        return said

    def say(self, pid, supervisor, word, times=1, **fields):
        """PID says it so often, or until it is killed for it (None). Answers with how often it did."""
        fd = control_of(pid, supervisor)
        try:
            with possess.Possessed(pid) as child:
                return self.say_by(child, fd, word, times, **fields)
        except possess.Died:
            return None
