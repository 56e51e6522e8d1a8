"""What a taken-over worker does to sockets that others have too, and what its successor finds."""

import contextlib
import errno
import os
import signal
import socket
import struct
import sys
import unittest

from daemon.lifetimes import ProcessStory, WorkersStory
from lib import possess, stirctl, stird
from lib.lab import shim

F_GETFL, F_SETFL, FIONBIO = 3, 4, 0x5421
SO_REUSEADDR, SO_SNDBUF, SO_RCVBUF, SO_ATTACH_FILTER, SO_LOCK_FILTER = 2, 7, 8, 26, 44
SO_ATTACH_REUSEPORT_CBPF, TCP_USER_TIMEOUT = 51, 18
MSG_DONTWAIT, MSG_MORE = 0x40, 0x8000
NOTHING = struct.pack("=Hxxxxxx", 6) + struct.pack("=HBBI", 6, 0, 0, 0)  # a filter: ret 0
SANITIZED = os.environ.get("STIRD_SANITIZED") == "1"


def number(value):
    return struct.pack("=i", value)


def internet(host, port):
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(
        host) + bytes(8)


def table(pid, name):
    """The lines of /proc/PID/net/NAME, as words."""
    with open("/proc/%d/net/%s" % (pid, name), encoding="ascii") as source:
        return [line.split() for line in source.read().split("\n")[1:] if line]


def kinds(pid):
    """The kind of each socket that the machine has, by its number."""
    found = {words[9]: "udp" for words in table(pid, "udp")}
    found.update({words[9]: "tcp" for words in table(pid, "tcp") if words[3] == "0A"})
    found.update({words[6]: "pair" for words in table(pid, "unix") if words[4] == "0005"})
    return found


def links(pid):
    """What each descriptor of the process is."""
    return stird.descriptors(pid)


def shared(pid, supervisor):
    """The process's descriptors that are sockets of the supervisor's too, by kind, in order."""
    names, found = kinds(pid), {"udp": [], "tcp": [], "pair": []}
    kept = set(links(supervisor).values())
    for fd, link in sorted(links(pid).items()):
        if link in kept and link.startswith("socket:") and link[8:-1] in names:
            found[names[link[8:-1]]].append(fd)
    return found


def option(fd, level, name, value):
    return ("setsockopt", fd, level, name, value, len(value))


def with_program(pid, fd, name):
    """An option that takes a program: it lies in the process's own stack for the call."""
    with open("/proc/%d/maps" % pid, encoding="ascii") as maps:
        stack = [line for line in maps if "[stack]" in line][0]
    at = int(stack.split("-")[0], 16)
    with open("/proc/%d/mem" % pid, "r+b", buffering=0) as memory:
        memory.seek(at)
        memory.write(struct.pack("=HBBI", 6, 0, 0, 0))
    return option(fd, 1, name, struct.pack("=HxxxxxxQ", 1, at))


def open_everything():
    """stird's processes keep all system calls: what is tried is what the supervisor mends."""
    before = os.environ.get("LD_PRELOAD")
    os.environ["LD_PRELOAD"] = shim("open_shim")
    return before


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
@unittest.skipIf(SANITIZED, "sanitizers need more calls")
class Given(ProcessStory):
    """The first wall: the process that was given a socket cannot change it."""

    def attempts(self, fd):
        address = internet(self.net(66), 9)
        return (
            ("connect", ("connect", fd, address, 16)), ("bind", ("bind", fd, address, 16)),
            ("no peer", ("connect", fd, bytes(16), 16)), ("listen", ("listen", fd, 1)),
            ("shutdown", ("shutdown", fd, 2)), ("buffers", option(fd, 1, SO_RCVBUF, number(1))),
            ("a filter", ("setsockopt", fd, 1, SO_ATTACH_FILTER, bytes(16), 16)),
            ("others beside it", option(fd, 1, SO_REUSEADDR, number(1))),
            ("a timeout", option(fd, 6, TCP_USER_TIMEOUT, number(1))),
            ("to wait", ("fcntl", fd, F_SETFL, 0)), ("signals", ("fcntl", fd, F_SETFL, 0x2800)),
            ("even what is so", ("fcntl", fd, F_SETFL, 0x802)),
            ("to wait, otherwise", ("ioctl", fd, FIONBIO, number(0))),
            ("a duplicate", ("dup", fd)), ("another", ("fcntl", fd, 0, 100)),
            ("yet another", ("fcntl", fd, 1030, 100)),
            ("half a datagram", ("sendto", fd, b"x", 1, MSG_MORE | MSG_DONTWAIT, address, 16)),
            ("half of several", ("sendmmsg", fd, bytes(64), 1, MSG_MORE)),
            ("the same, another number", ("shutdown", fd + 2**32, 2)))

    @contextlib.contextmanager
    def standing_still(self):
        """The supervisor, who would replace a worker that stands still for longer than it may."""
        self.stird.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.stird.process.send_signal(signal.SIGCONT)

    def test_what_is_given_is_not_changed(self):
        self.start()
        self.signed_call()
        worker = self.stird.child("worker")
        given = shared(worker, self.stird.process.pid)
        self.assertEqual([len(fds) for fds in given.values()], [1, 1, 1])
        with self.standing_still():
            for fd in [2] + sum(given.values(), []):
                for words, call in self.attempts(fd):
                    result = possess.inside(worker, call)[0]
                    self.assertEqual(result, -errno.EPERM, "%d of %s: %s" % (fd, given, words))
                self.assertGreaterEqual(possess.inside(worker, ("fcntl", fd, F_GETFL, 0))[0], 0)
        self.signed_call()
        self.signed_call(transport="tcp")

    def test_its_own_are_its_own(self):
        """But it does not wait for them either."""
        self.start()
        worker = self.stird.child("worker")
        address = internet(self.net(66), 9)
        with self.standing_still():
            results = possess.inside(
                worker, ("socket", 2, 1 | 0x800, 0), ("connect", possess.Result(0), address, 16),
                ("fcntl", possess.Result(0), F_SETFL, 0x802), option(possess.Result(0), 6, 1, number(1)),
                ("fcntl", possess.Result(0), F_SETFL, 2), option(possess.Result(0), 1, SO_REUSEADDR, number(1)),
                option(possess.Result(0), 1, SO_SNDBUF, number(1)), ("close", possess.Result(0)))
        self.assertNotEqual(results[1], -errno.EPERM)
        self.assertEqual(results[2:4], [0, 0])
        self.assertEqual(results[4:], [-errno.EPERM, -errno.EPERM, 0, 0])


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
@unittest.skipIf(SANITIZED, "preloading needs the plain binary")
class Mended(ProcessStory):
    """The second wall: without seccomp, and the successor serves all the same."""

    def start_open(self, **changes):
        before = open_everything()
        try:
            self.start(**changes)
        finally:
            os.environ.pop("LD_PRELOAD")
            if before is not None:
                os.environ["LD_PRELOAD"] = before

    def spoil_and_die(self, *calls):
        """CALLS of a descriptor by kind: what each does is done, and the worker dies of it."""
        worker = self.stird.wait_child("worker")
        given = shared(worker, self.stird.process.pid)
        done = possess.inside(worker, *[call(worker, given) for call in calls])
        self.replaced("worker", self.hit("worker"))
        return done

    def assert_serves(self, mended):
        """The last one's spoils: how many were seen, and calls by both transports are signed."""
        self.assert_counted("sockets_mended", mended)
        self.signed_again()
        self.signed_call(transport="tcp")
        invite, _, _ = self.signed_call()
        self.record(invite, decision="signed")

    def test_an_ordinary_death_finds_nothing(self):
        self.start_open()
        self.spoil_and_die()
        self.assert_serves(0)
        self.assertNotIn("had changed a socket", self.stird.log())

    def test_each_kind(self):
        """All that can be done, kind by kind, is in unit/mend_test."""
        self.start_open()
        away = internet(self.net(66), 9)
        def to(kind, name, *arguments):
            return lambda worker, given: (name, given[kind][0], *arguments)
        for mended, *calls in (
                (2, to("udp", "connect", away, 16), to("udp", "fcntl", F_SETFL, 0),
                 to("udp", "sendto", b"away", 4, MSG_MORE, away, 16),
                 lambda worker, given: with_program(worker, given["udp"][0], SO_ATTACH_FILTER),
                 to("tcp", "setsockopt", 6, TCP_USER_TIMEOUT, number(1), 4),
                 to("tcp", "connect", bytes(16), 16), to("pair", "fcntl", F_SETFL, 0)),
                (4, to("udp", "shutdown", 1), to("tcp", "shutdown", 2),
                 to("tcp", "connect", away, 16), to("pair", "shutdown", 2))):
            with self.subTest(mended=mended):
                self.spoil_and_die(*calls)
                self.assert_serves(mended)


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
@unittest.skipIf(SANITIZED, "preloading needs the plain binary")
class Several(WorkersStory):
    """Sockets that running workers have as well."""

    def start_open(self, workers):
        before = open_everything()
        try:
            self.start_workers(workers)
        finally:
            os.environ.pop("LD_PRELOAD")
            if before is not None:
                os.environ["LD_PRELOAD"] = before

    def calls(self, n):
        """Of any worker, by any transport."""
        for i in range(n):
            self.signed_call(transport="tcp" if i % 4 == 0 else "udp")

    def test_one_of_several(self):
        self.start_open(3)
        spoiled = 0
        for victim in range(2):
            worker = self.workers()[victim]
            given = shared(worker, self.stird.process.pid)
            calls = [("shutdown", fd, 2) for fd in given["pair"] + given["tcp"] + given["udp"]]
            calls += [("fcntl", fd, F_SETFL, 0) for fd in given["tcp"]]
            if victim == 1:  # the choice among the workers' sockets; the first gets all
                calls.insert(0, with_program(worker, given["udp"][0], SO_ATTACH_REUSEPORT_CBPF))
            possess.inside(worker, *calls)
            self.send(worker, signal.SIGKILL)
            stird.wait_until(lambda worker=worker: worker not in self.workers() and
                             len(self.workers()) == 3, 20.0, "another worker")
            stird.wait_until(lambda: self.mended() > spoiled, 5.0, "sockets that are mended")
            spoiled = self.mended()
            self.signed_again()
            self.calls(12)
        for peer in self.peers.values():
            peer.close()
        load = self.load()
        load.run(100, 1.0)
        self.assert_none_lost(load)
        self.assertEqual(set(load.by_worker), {0, 1, 2}, "the choice is as it was")

    def mended(self):
        return stirctl.ask(self.stird.configuration, "stats")["sockets_mended"]


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
