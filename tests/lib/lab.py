"""What a story stands on: addresses of its own on the loopback, a certificate, a directory."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from .patience import HANG_S

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binary():
    """The stird to test: $STIRD_BINARY, as ctest sets it."""
    path = os.environ.get("STIRD_BINARY") or os.path.join(PROJECT, "build", "debug", "stird")
    assert os.access(path, os.X_OK), "no stird at %s: build it, or set STIRD_BINARY" % path
    return os.path.abspath(path)


def end_with_parent():
    """In a child before exec: a test that ctest kills leaves no server behind."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)


class Network:
    """
    A block 127.x.y.0/24 that no other story uses meanwhile: tests run in parallel, and with a
    block each of them can have every element at port 5060.
    """

    def __init__(self):
        for number in range(os.getpid(), os.getpid() + 2000):
            self.prefix = "127.%d.%d." % (16 + number // 250 % 200, 1 + number % 250)
            self.claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self.claim.bind((self.prefix + "254", 9))
                return
            except OSError:
                self.claim.close()
        raise AssertionError("no free 127.x.y.0/24 block")

    def __call__(self, last):
        return self.prefix + str(last)

    def close(self):
        self.claim.close()


class Ports:
    """
    Ports of ::1 that no other story uses meanwhile: that address has no block to itself. They lie
    below the range from which the kernel takes ports for clients, and a claim lasts as long as the
    story: a port that was only looked at is somebody else's a moment later.
    """

    FIRST, COUNT = 20000, 12000

    def __init__(self):
        self.claims = []
        self.next = os.getpid() * 7 % self.COUNT

    def __call__(self):
        for _ in range(self.COUNT):
            port, self.next = self.FIRST + self.next, (self.next + 1) % self.COUNT
            claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                claim.bind("\0stird-story-port-%d" % port)
            except OSError:
                claim.close()
                continue
            if self.unused(port):
                self.claims.append(claim)
                return port
            claim.close()
        raise AssertionError("no free port on ::1")

    @staticmethod
    def unused(port):
        """Nobody has it for UDP or TCP, an earlier story's last connections included."""
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as tcp:
            try:
                udp.bind(("::1", port))
                tcp.bind(("::1", port))
                return True
            except OSError:
                return False

    def close(self):
        for claim in self.claims:
            claim.close()


class Unit:
    """A certificate unit {key.pem, chain.pem, x5u}, and its public key taken off the certificate."""

    def __init__(self, directory):
        self.directory = directory
        with open(os.path.join(directory, "x5u"), encoding="ascii") as source:
            self.x5u = source.read().strip()
        self.public_key = directory.rstrip("/") + ".public.pem"
        with open(self.public_key, "wb") as out:
            subprocess.run(["openssl", "x509", "-in", os.path.join(directory, "chain.pem"),
                            "-noout", "-pubkey"], stdout=out, check=True, timeout=HANG_S)


def make_unit(parent, name="818H", *options):
    """By scripts/lab-ca; OPTIONS as `lab-ca --help` tells."""
    directory = os.path.join(parent, "certs", name)
    run = subprocess.run([os.path.join(PROJECT, "scripts", "lab-ca"), *options, directory],
                         capture_output=True, text=True, timeout=HANG_S, check=False)
    assert run.returncode == 0, "scripts/lab-ca: " + run.stdout + run.stderr
    return Unit(directory)


class Lab:
    """Temporary directory, network block and certificate of one story."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="stird-")
        self.network = Network()
        self.ports = Ports()
        self.unit = make_unit(self.directory)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def close(self):
        self.network.close()
        self.ports.close()
        shutil.rmtree(self.directory, ignore_errors=True)
