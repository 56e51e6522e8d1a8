"""What a story needs: addresses of its own on the loopback, a certificate, a directory."""

import atexit
import base64
import ctypes
import functools
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from .patience import HANG_S

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def told_binary():
    return os.path.abspath(os.environ.get("STIRD_BINARY") or
                           os.path.join(PROJECT, "build", "debug", "stird"))


BUILD = os.path.dirname(told_binary())  # now: a story may put a script in the binary's place


def binary():
    """The stird to test: $STIRD_BINARY, as ctest sets it."""
    path = told_binary()
    assert os.access(path, os.X_OK), "no stird at %s: build it, or set STIRD_BINARY" % path
    return path


def built(variable, *place):
    """What is built beside it for tests: $VARIABLE as ctest sets it, or where the build puts it."""
    path = os.environ.get(variable) or os.path.join(BUILD, *place)
    assert os.path.exists(path), "nothing at %s: build it, or set %s" % (path, variable)
    return os.path.abspath(path)


def shim(name):
    """A library of tests/daemon: clock_shim, web_shim, seccomp_shim, open_shim, slow_token."""
    return built("STIRD_" + name.upper(), "tests", "daemon", "lib%s.so" % name)


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


TN_AUTH_LIST = bytes([0x06, 8, 0x2b, 6, 1, 5, 5, 7, 1, 26])


def codes_of(der):
    """The service provider codes of a certificate: those of its TNAuthList (RFC 8226 section 9)."""
    at = der.find(TN_AUTH_LIST)
    inside = der[at + len(TN_AUTH_LIST):] if at >= 0 else b""
    codes, i = [], inside.find(b"\x30") + 2
    while inside[i:i + 1] == b"\xa0" and inside[i + 2:i + 3] == b"\x16":
        codes.append(inside[i + 4:i + 4 + inside[i + 3]].decode("ascii"))
        i += 2 + inside[i + 1]
    return codes


class Unit:
    """A certificate unit {key.pem, chain.pem, x5u}, and its public key taken off the certificate."""

    def __init__(self, directory, extract=True):
        self.directory = directory
        with open(os.path.join(directory, "x5u"), encoding="ascii") as source:
            self.x5u = source.read().strip()
        self.public_key = directory.rstrip("/") + ".public.pem"
        if extract:
            self.extract()

    def extract(self):
        with open(self.public_key, "wb") as out:
            subprocess.run(["openssl", "x509", "-in", os.path.join(self.directory, "chain.pem"),
                            "-noout", "-pubkey"], stdout=out, check=True, timeout=HANG_S)

    @property
    def spcs(self):
        """The service provider codes of what lies there now, one unit or several."""
        codes = set()
        for path in glob.glob(self.directory + "/chain.pem") + glob.glob(
                self.directory + "/*.unit/chain.pem"):
            with open(path, encoding="latin-1") as source:
                first = source.read().partition("-----BEGIN CERTIFICATE-----")[2]
            try:
                codes.update(codes_of(base64.b64decode(first.partition("-----END")[0])))
            except ValueError:
                pass  # a story about a broken one
        return sorted(codes)


def make_unit(parent, name="818H", *options):
    """By make-unit beside this file; OPTIONS as `make-unit --help` tells."""
    directory = os.path.join(parent, "certs", name)
    run = subprocess.run([os.path.join(PROJECT, "tests", "lib", "make-unit"), *options, directory],
                         capture_output=True, text=True, timeout=HANG_S, check=False)
    assert run.returncode == 0, "make-unit: " + run.stdout + run.stderr
    return Unit(directory)


@functools.lru_cache(None)
def first_unit():
    """The certificates that each story begins with, made once a process: openssl takes most of a start."""
    directory = tempfile.mkdtemp(prefix="stird-units-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    make_unit(directory)
    return os.path.join(directory, "certs")


class Lab:
    """Temporary directory, network block and certificate of one story."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="stird-")
        self.network = Network()
        self.ports = Ports()
        certificates = shutil.copytree(first_unit(), self.path("certs"))
        self.unit = Unit(os.path.join(certificates, "818H"), extract=False)

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
