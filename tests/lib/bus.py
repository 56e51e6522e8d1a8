"""
As much of the system's message bus as stird asks: what systemd is doing with it (D-Bus
specification, "Message Protocol" and "Authentication Protocol"). One client at a time.
"""

import os
import socket
import struct
import threading

UNIT, JOB = "/org/freedesktop/systemd1/unit/stird_2eservice", "/org/freedesktop/systemd1/job/77"


def aligned(data, to):
    return data + bytes(-len(data) % to)


def text(value):
    octets = value.encode()
    return struct.pack("<I", len(octets)) + octets + b"\0"


def signature(value):
    return bytes([len(value)]) + value.encode() + b"\0"


def fields_of(octets):
    """The header's fields: {code: text}."""
    found, at = {}, 0
    while at < len(octets):
        at += -at % 8
        code, n = octets[at], octets[at + 1]
        kind = octets[at + 2:at + 2 + n].decode()
        at += 3 + n
        if kind == "g":
            size, at = octets[at], at + 1
        else:
            at += -at % 4
            size, at = struct.unpack_from("<I", octets, at)[0], at + 4
        if kind == "u":
            continue
        found[code] = octets[at:at + size].decode()
        at += size + 1
    return found


def reply(serial, kind, body):
    fields = b"\5\1u\0" + struct.pack("<I", serial)
    fields = aligned(fields, 8) + b"\7\1s\0" + text("org.freedesktop.DBus")
    fields = aligned(fields, 8) + b"\x08\1g\0" + signature(kind)
    head = struct.pack("<BBBBIII", ord("l"), 2, 1, 1, len(body), serial + 1000, len(fields))
    return aligned(head + fields, 8) + body


class Bus:
    """Its address goes into $DBUS_SYSTEM_BUS_ADDRESS. JOB_TYPE None: there is no job."""

    def __init__(self, path):
        self.job_type, self.kept, self.silent = None, 1, False
        self.address = "unix:path=" + path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.listen(8)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                self._talk(client)

    def _talk(self, client):
        came = b""
        while b"BEGIN\r\n" not in came:
            more = client.recv(4096)
            if not more or self.silent:
                return client.recv(1) if more else None
            came += more
        client.sendall(b"DATA\r\nOK " + b"0123456789abcdef" * 2 + b"\r\nAGREE_UNIX_FD\r\n")
        came = came.partition(b"BEGIN\r\n")[2]
        while True:
            while len(came) >= 16:
                _, _, _, _, n, serial, size = struct.unpack_from("<BBBBIII", came)
                whole = 16 + size + -size % 8 + n
                if len(came) < whole:
                    break
                client.sendall(self._answer(serial, fields_of(came[16:16 + size]), came[whole - n:whole]))
                came = came[whole:]
            more = client.recv(4096)
            if not more:
                return None
            came += more

    def _answer(self, serial, fields, body):
        if fields[3] == "Hello":
            return reply(serial, "s", text(":1.7"))
        if fields[3] == "GetUnitByPID":
            return reply(serial, "o", text(UNIT))
        if b"NFileDescriptorStore" in body:
            return reply(serial, "v", aligned(signature("u"), 4) + struct.pack("<I", self.kept))
        if b"JobType" in body:
            return reply(serial, "v", aligned(signature("s"), 4) + text(self.job_type))
        number = 77 if self.job_type else 0
        return reply(serial, "v", aligned(signature("(uo)"), 8) + struct.pack("<I", number) +
                     text(JOB if self.job_type else "/"))
