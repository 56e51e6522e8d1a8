"""Runs SIPp, an independent SIP implementation, as caller or callee."""

import glob
import os
import socket
import subprocess

from .lab import PROJECT, end_with_parent
from .sip import Message
from .patience import HANG_S
from .stird import wait_until

SCENARIOS = os.path.join(PROJECT, "tests", "sip", "sipp")


def bound(host, port, transport):
    """Whether somebody has this address; asking by bind() could be in that somebody's way."""
    wanted = "%08X:%04X" % (int.from_bytes(socket.inet_aton(host), "little"), port)
    with open("/proc/net/" + transport, encoding="ascii") as source:
        return any(line.split()[1] == wanted for line in source)


class Sipp:
    """One SIPp at HOST:PORT; its files lie in DIRECTORY."""

    def __init__(self, directory, scenario, host, port, calls, transport="udp", remote=None,
                 rate=20, fields=(), timeout=int(2 * HANG_S)):
        self.directory, self.timeout = directory, timeout
        os.makedirs(directory, exist_ok=True)
        command = ["sipp", "-sf", os.path.join(SCENARIOS, scenario + ".xml"), "-i", host,
                   "-mi", host, "-p", str(port), "-t", "u1" if transport == "udp" else "t1",
                   "-m", str(calls), "-nostdin", "-trace_msg", "-trace_err",
                   "-message_file", "messages.log", "-error_file", "errors.log",
                   "-timeout", "%ds" % timeout, "-timeout_error", "-recv_timeout", "%d" % (HANG_S * 1000)]
        if fields:
            with open(os.path.join(directory, "fields.csv"), "w", encoding="ascii") as out:
                out.write("SEQUENTIAL\n" + "".join(";".join(row) + "\n" for row in fields))
            command += ["-inf", "fields.csv"]
        if remote:
            command += ["-r", str(rate), "%s:%d" % remote]
        with open(os.path.join(directory, "screen"), "wb") as screen:
            self.process = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL,
                                            stdout=screen, stderr=screen,
                                            preexec_fn=end_with_parent)

        self.host, self.port, self.transport = host, port, transport

    def wait_bound(self):
        """A call to a callee who does not listen yet would be refused by the kernel."""
        wait_until(lambda: bound(self.host, self.port, self.transport), HANG_S,
                   "sipp at %s:%d" % (self.host, self.port))
        return self

    def finish(self):
        """Waits for its end; the exit status is 0 when no call failed."""
        try:
            status = self.process.wait(self.timeout + 10)
        finally:
            self.close()
        assert status == 0, "sipp ended with %d:\n%s" % (status, self.complaints())

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def complaints(self):
        text = ""
        for name in ("errors.log", "screen"):
            path = os.path.join(self.directory, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as source:
                    text += source.read()[-3000:] + "\n"
        return text

    def received(self, method):
        """The requests of METHOD that it received, as its message log tells."""
        found = []
        for path in glob.glob(os.path.join(self.directory, "messages.log")):
            with open(path, "rb") as source:
                log = source.read()
            for block in log.split(b"-----------------------------------------------")[1:]:
                head, _, text = block.partition(b"\n\n")
                if b"message received" in head and text.startswith(method.encode() + b" "):
                    found.append(Message.parse(text.replace(b"\r\n", b"\n")
                                               .replace(b"\n", b"\r\n")))
        return found
