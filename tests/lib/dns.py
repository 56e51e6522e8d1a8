"""A small name server for a story: its zone is a dictionary, which may change or fail meanwhile."""

import select
import socket
import struct
import threading
import time

from .patience import HANG_S

A, AAAA, SRV = 1, 28, 33


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) \
        + b"\0"


class Dns:
    """Answers until it is closed; zone[(name, type)] is a list of values."""

    def __init__(self, host, port=53):
        self.zone, self.questions, self.broken, self.silent = {}, [], False, False
        self.different = set()  # with its number, which stays when a question is only repeated
        self.failing = set()  # names whose questions alone get SERVFAIL
        self.delay, self.answered = 0, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, port))
        self.ending = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.ending = True
        self.thread.join(5)
        self.socket.close()

    # what it knows
    def address(self, name, *addresses, ttl=60):
        self.zone[name.lower(), A] = [(ttl, socket.inet_aton(address)) for address in addresses]

    def address6(self, name, *addresses, ttl=60):
        self.zone[name.lower(), AAAA] = [(ttl, socket.inet_pton(socket.AF_INET6, address))
                                         for address in addresses]

    def srv(self, name, *records, ttl=60):
        """Each record is (priority, weight, port, target)."""
        self.zone[name.lower(), SRV] = [(ttl, struct.pack("!HHH", *record[:3])
                                         + encoded(record[3])) for record in records]

    def asked(self, name):
        return [question for question in list(self.questions) if question[0] == name]

    def asked_anew(self, name):
        """How many questions for it, those that were only repeated not counted."""
        return len([question for question in list(self.different) if question[0] == name])

    def wait_answered(self, n):
        """Until so many questions were answered, or passed over in silence."""
        deadline = time.monotonic() + HANG_S
        while self.answered < n:
            assert time.monotonic() < deadline, "the name server hangs"
            time.sleep(0.005)

    # its life
    def _serve(self):
        while not self.ending:
            if select.select([self.socket], [], [], 0.05)[0]:
                packet, source = self.socket.recvfrom(512)
                answer = self._answer(packet)
                time.sleep(self.delay)
                if not self.silent:
                    self.socket.sendto(answer, source)
                self.answered += 1

    def _answer(self, packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
            at += 1 + packet[at]
        kind = struct.unpack("!H", packet[at + 1:at + 3])[0]
        name, question = ".".join(labels), packet[12:at + 5]
        self.different.add((name, kind, packet[:2]))
        self.questions.append((name, kind))
        broken = self.broken or name in self.failing
        records = [] if broken else self.zone.get((name, kind), [])
        known = any(other == name for other, _ in self.zone)
        code = 2 if broken else 0 if known else 3
        head = packet[:2] + struct.pack("!BBHHHH", 0x84, 0x80 | code, 1, len(records), 0, 0)
        return head + question + b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data
            for ttl, data in records)
