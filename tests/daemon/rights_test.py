"""What each process may still ask of the kernel: it is made to ask, by ptrace, as a role's row says."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import unittest

from daemon.lifetimes import ProcessStory, status_of
from lib import possess, stirctl, stird
from lib.lab import PROJECT, shim
from lib.patience import HANG_S
from lib.settings import NUMBERS

REFUSED, DIED, ALLOWED = "refused", "died", "allowed"
with open(os.path.join(PROJECT, "src", "daemon", "roles.def"), encoding="utf-8") as rows:
    ROLES = tuple(re.findall(r"^ROLE\(\w+, (\w+),", rows.read(), re.M))
HERE = possess.AT_FDCWD
PAGE = 4096
MADE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class Place:
    """Files that a call would change, and who else is there."""

    def __init__(self, lab, outsider):
        self.file = possess.text(lab.write("harmless", "text\n"))
        self.new = possess.text(lab.path("not-there"))
        self.key = possess.text(os.path.join(lab.unit.directory, "key.pem"))
        self.control = lab.path("run", "control")
        self.outsider = outsider  # a process


def every(*, but=None, **roles):
    """The outcome in all roles; those named apart."""
    return dict({role: but or REFUSED for role in ROLES}, **roles)


SOCKETS = every(but=DIED, worker=REFUSED, fetcher=REFUSED, courier=REFUSED)

# What a process asks for, how, and what comes of it: the last call counts.
MILD = (
    ("an AF_UNIX socket", lambda p: [("socket", 1, 5, 0)], SOCKETS),
    ("an AF_UNIX datagram socket", lambda p: [("socket", 1, 2, 0)], SOCKETS),
    ("netlink", lambda p: [("socket", 16, 3, 0)], SOCKETS),
    ("packets of the link layer", lambda p: [("socket", 17, 3, 0)], SOCKETS),
    ("raw packets", lambda p: [("socket", 2, 3, 1)], SOCKETS),
    ("raw packets, the family's upper half set", lambda p: [("socket", 2**32 + 1, 2, 0)], SOCKETS),
    ("the kernel's ciphers", lambda p: [("socket", 38, 5, 0)], SOCKETS),
    ("UDP", lambda p: [("socket", 2, 2, 0), ("close", possess.Result(0))],
     every(but=DIED, worker=ALLOWED, fetcher=ALLOWED, courier=ALLOWED)),
    ("to listen", lambda p: [("listen", 0, 1)], SOCKETS),
    ("a pair of datagram sockets", lambda p: [("socketpair", 1, 2, 0, bytearray(8))], SOCKETS),
    ("a filter on a socket", lambda p: [("setsockopt", 0, 1, 26, bytes(16), 16)], every()),
    ("a device for a socket", lambda p: [("setsockopt", 0, 1, 25, b"lo\0", 3)], every()),
    ("signals about a socket", lambda p: [("fcntl", 0, 8, p.outsider)], every()),
    ("a character into the terminal", lambda p: [("ioctl", 0, 0x5412, b"x")], every()),
    ("another's ear for a log line",
     lambda p: [("sendto", 2, b"x", 1, 0, possess.unix_address(p.control), 110)], every()),
    ("the same by sendmsg", lambda p: [("sendmsg", 2**32 + 2, bytes(56), 0)], every()),
    ("the key", lambda p: [("openat", HERE, p.key, os.O_RDONLY)], every()),
    ("the users' passwords", lambda p: [("openat", HERE, possess.text("/etc/shadow"), 0)],
     every()),
    ("another's memory",
     lambda p: [("openat", HERE, possess.text("/proc/%d/mem" % p.outsider), 2)], every()),
    ("to write a file", lambda p: [("openat", HERE, p.file, os.O_WRONLY)], every()),
    ("a new file", lambda p: [("open", p.new, os.O_RDONLY | os.O_CREAT, 0o600)], every()),
    ("a new file, as who keeps some makes it", lambda p: [("openat", HERE, p.new, MADE, 0o600)], every()),
    ("to move a file to where it is", lambda p: [("renameat", HERE, p.file, HERE, p.file)], every()),
    ("to cut a file", lambda p: [("truncate", p.file, 0)], every()),
    ("to move a file", lambda p: [("rename", p.new, p.new)], every()),
    ("to link a file", lambda p: [("link", p.new, p.new)], every()),
    ("a symbolic link", lambda p: [("symlink", p.file, p.file)], every()),
    ("to remove a file", lambda p: [("unlink", p.new)], every()),
    ("a directory", lambda p: [("mkdir", p.file, 0o700)], every()),
    ("a device", lambda p: [("mknod", p.file, 0o20600, 0x103)], every()),
    ("chmod", lambda p: [("chmod", p.file, 0o644)], every()),
    ("fchmodat", lambda p: [("fchmodat", HERE, p.file, 0o644)], every()),
    ("chown", lambda p: [("chown", p.file, os.geteuid(), -1)], every()),
    ("fchownat", lambda p: [("fchownat", HERE, p.file, os.geteuid(), -1, 0)], every()),
    ("utime", lambda p: [("utime", p.file, 0)], every()),
    ("utimes", lambda p: [("utimes", p.file, 0)], every()),
    ("utimensat", lambda p: [("utimensat", HERE, p.file, 0, 0)], every()),
    ("setxattr", lambda p: [("setxattr", p.file, b"user.x\0", b"y", 1, 0)], every()),
    ("removexattr", lambda p: [("removexattr", p.file, b"user.nothing\0")], every()),
    ("a signal", lambda p: [("kill", p.outsider, 0)], every()),
    ("a signal to a thread", lambda p: [("tgkill", p.outsider, p.outsider, 0)], every()),
    ("a handle of a process", lambda p: [("pidfd_open", p.outsider, 0)], every()),
    ("memory that runs", lambda p: [("mmap", 0, PAGE, 5, 0x22, -1, 0)], every(fetcher=ALLOWED, courier=ALLOWED)),
    ("memory that is written and runs", lambda p: [("mmap", 0, PAGE, 7, 0x22, -1, 0)], every()),
    ("to make memory run",
     lambda p: [("mmap", 0, PAGE, 3, 0x22, -1, 0), ("mprotect", possess.Result(0), PAGE, 5)],
     every()),
    ("memory as a file", lambda p: [("memfd_create", b"x\0", 0)], every(loader=ALLOWED)),
    ("to be looked at", lambda p: [("prctl", 4, 1, 0, 0, 0)], every()),
    ("to be another user", lambda p: [("setuid", os.geteuid())], every()),
    ("another personality", lambda p: [("personality", 0xffffffff)], every()),
    ("another limit", lambda p: [("prlimit64", 0, 12, bytes(16), 0)], every()),
    ("news of files", lambda p: [("inotify_init1", 0)], every()),
)

# What only an intruder tries.
DEADLY = (
    ("to run a program", ("execve", b"/nowhere\0", 0, 0)),
    ("ptrace", ("ptrace", 16, 2**22 + 1, 0, 0)),
    ("to read another's memory", ("process_vm_readv", 2**22 + 1, 0, 0, 0, 0, 0)),
    ("another's descriptor", ("pidfd_getfd", 0, 0, 0)),
    ("namespaces", ("unshare", 0x10000000)),
    ("another's namespace", ("setns", 0, 0)),
    ("a mount", ("mount", 0, 0, 0, 0, 0)),
    ("another root", ("chroot", b"/nowhere\0")),
    ("a program for the kernel", ("bpf", 0, 0, 0)),
    ("keys of the kernel", ("add_key", 0, 0, 0, 0, 0)),
    ("a ring of calls", ("io_uring_setup", 0, 0)),
    ("page faults", ("userfaultfd", -1)),
)


def outsider():
    """A process without a fence, which is up and sleeps."""
    process = subprocess.Popen(  # pylint: disable=consider-using-with
        [sys.executable, "-c", "import signal; print(flush=True); signal.pause()"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    process.stdout.readline()
    return process


def filters(pid):
    """How many seccomp filters it has; there may be one around all of us."""
    return int(status_of(pid, "Seccomp_filters"))


def end(process):
    process.kill()
    process.wait()
    process.stdout.close()


def outcome(pid, calls):
    try:
        result = possess.inside(pid, *calls)[-1]
    except possess.Died as death:
        number = death.args[0]
        if number == signal.SIGKILL:  # by the supervisor, for it stood still for too long under our hands
            raise ProcessLookupError from None
        return DIED if number == signal.SIGSYS else "died of %d" % number
    return REFUSED if result in (-errno.EPERM, -errno.EACCES) else ALLOWED


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
@unittest.skipIf(os.environ.get("STIRD_SANITIZED") == "1", "sanitizers need more calls")
class Rights(ProcessStory):
    def setUp(self):
        super().setUp()
        self.outsider = outsider()
        self.addCleanup(end, self.outsider)
        self.target = Place(self.lab, self.outsider.pid)

    def narrowed(self, role, other_than=None):
        """The process of this role, as soon as it has given its rights up."""
        all_of_them = filters(self.stird.process.pid) + 3
        def found():
            pid = self.stird.child(role)
            try:
                return pid if pid and pid != other_than and filters(pid) >= all_of_them else 0
            except (OSError, AssertionError):
                return 0  # gone meanwhile
        return stird.wait_until(found, 20.0, "a %s that gave up its rights" % role)

    def has_ended(self, role, pid):
        stird.wait_until(lambda: self.stird.child(role) != pid, 20.0, "end of a " + role)

    def try_in(self, role, pid, calls, again):
        """(Who was tried, what came of it.) One that had ended by itself before, as a checker does that waited long
        enough, is not it: the next one is."""
        for _ in range(20):
            try:
                return pid, outcome(pid, calls)
            except ProcessLookupError:
                self.has_ended(role, pid)
                again()
                pid = self.narrowed(role, other_than=pid)
        return self.fail("each %s was gone" % role)

    def try_mild(self, role, again=lambda: None):
        """Calls that end no process in one; those that do in one each."""
        pid, found = self.narrowed(role), {}
        for words, calls, expected in MILD:
            if expected[role] != DIED:
                pid, found[words] = self.try_in(role, pid, calls(self.target), again)
        self.assertEqual(found, {words: expected[role] for words, _, expected in MILD
                                 if words in found}, role)

    def try_deadly(self, role, again=lambda: None):
        pid = None
        fatal = [(words, calls(self.target)) for words, calls, expected in MILD
                 if expected[role] == DIED] + [(words, [call]) for words, call in DEADLY]
        for words, calls in fatal:
            again()
            pid = self.narrowed(role, other_than=pid)
            pid, result = self.try_in(role, pid, calls, again)
            self.assertEqual(result, DIED, "%s: %s" % (role, words))

    def test_of_a_worker(self):
        self.start()
        self.signed_call()
        worker = self.narrowed("worker")
        self.try_mild("worker")
        self.signed_call()
        self.assertEqual(self.stird.child("worker"), worker, "it went on as if nothing had been")
        self.try_deadly("worker")

    def test_of_a_signer(self):
        self.start()
        self.try_mild("signer")
        self.signed_call()
        self.try_deadly("signer")

    def test_of_a_recorder(self):
        self.start()
        self.try_mild("recorder")
        self.short_call()
        self.try_deadly("recorder")

    def test_of_a_fetcher(self):
        """R-V-023: it keeps files in its own directory; it makes none elsewhere, and removes none."""
        self.start_with(self.configure(more='fetch = { prefetch = [ "https://%s:8443/c.pem" ]; };' % self.net(5)))
        self.try_mild("fetcher")
        kept = possess.text(self.lab.path("state", "fetched", "mine"))
        pid, result = self.try_in("fetcher", self.narrowed("fetcher"), [("openat", HERE, kept, MADE, 0o600)],
                                  lambda: None)
        self.assertEqual(result, ALLOWED)
        for path, expected in ((kept, ALLOWED), (self.target.file, REFUSED)):
            _, result = self.try_in("fetcher", pid, [("unlinkat", HERE, path, 0)], lambda: None)
            self.assertEqual(result, expected, path)
        self.try_deadly("fetcher")

    def test_of_a_web(self):
        """It takes connections of the socket that it was given, and can change nothing about that."""
        self.start_with(self.configure(more='web = { port = 8080; address = "%s"; };' % self.net(1)))
        self.try_given("web")
        self.try_mild("web")
        self.try_deadly("web")

    def test_of_a_publisher(self):
        self.start_with(self.configure(more='repository = { port = 8080; address = "%s"; };' % self.net(1)))
        self.try_given("publisher")
        self.try_mild("publisher")
        self.try_deadly("publisher")

    def try_given(self, role):
        pid = self.narrowed(role)
        given = next(fd for fd in stird.descriptors(pid) if self.is_listening(pid, fd))
        for call in (("shutdown", given, 2), ("setsockopt", given, 6, 1, bytes([1, 0, 0, 0]), 4), ("fcntl", given, 4, 0)):
            _, result = self.try_in(role, pid, [call], lambda: None)
            self.assertEqual(result, REFUSED, call[0])

    def is_listening(self, pid, fd):
        """Whether this is the socket of web.port there."""
        what = stird.descriptors(pid).get(fd, "")
        with open("/proc/%d/net/tcp" % pid, encoding="ascii") as table:
            inodes = [line.split()[9] for line in table.readlines()[1:] if line.split()[1].endswith(":1F90")]
        return what[8:-1] in inodes

    def test_of_a_checker(self):
        """It is kept waiting: its fetcher is, by a web server that says nothing."""
        with socket.create_server((self.net(5), 8443)):
            with open(self.lab.unit.directory + "/x5u", "w", encoding="ascii") as out:
                out.write("https://%s:8443/c.pem\n" % self.net(5))
            path = self.configure(check='interval = "1h"; allow_private = true;')
            self.start_with(path)
            self.try_mild("checker", self.look_again)
            self.try_deadly("checker", self.look_again)

    def look_again(self):
        """A new checker, if the one before is gone; stirctl waits for it and is not waited for."""
        if self.stird.child("checker") is None:
            stirctl_process = subprocess.Popen(  # pylint: disable=consider-using-with
                [os.path.join(os.path.dirname(stird.binary()), "stirctl"), "-c",
                 self.stird.configuration, "cert", "check"], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(stirctl_process.wait)
            self.addCleanup(stirctl_process.kill)

    def refresh(self):
        """Trust is made anew; stirctl waits for it and is not waited for."""
        stirctl_process = subprocess.Popen(  # pylint: disable=consider-using-with
            [os.path.join(os.path.dirname(stird.binary()), "stirctl"), "-c", self.stird.configuration,
             "trust", "refresh"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(stirctl_process.wait)
        self.addCleanup(stirctl_process.kill)

    def test_of_a_courier(self):
        """It is kept waiting by a web server that says nothing."""
        root = self.lab.path("certs", "ca", "root.pem")
        with socket.create_server((self.net(5), 8443)):
            self.start_with(self.configure(
                more='trust = ( { name = "us"; list = "https://%s:8443/list"; list_anchor = "%s"; } ); '
                     'fetch = { lab = true; };' % (self.net(5), root)))
            self.try_mild("courier", self.refresh)
            self.try_deadly("courier", self.refresh)

    def long_crl(self):
        """It takes a while to read."""
        ca = self.lab.path("certs", "ca")
        self.lab.write("index", "".join("R\t271231235959Z\t261101000000Z\t%06X\tunknown\t/CN=x\n" % (n + 1048576)
                                        for n in range(40000)))
        self.lab.write("ca.cnf", "[ca]\ndefault_ca = one\n[one]\ndatabase = %s\ndefault_md = sha256\n"
                                 "default_crl_days = 30\n" % self.lab.path("index"))
        subprocess.run(["openssl", "ca", "-gencrl", "-config", self.lab.path("ca.cnf"), "-keyfile", ca + "/root.key",
                        "-cert", ca + "/root.pem", "-out", self.lab.path("crl.pem")], check=True, timeout=HANG_S,
                       capture_output=True)
        return self.lab.path("crl.pem")

    def test_of_a_trust(self):
        """It is caught while it reads long lists."""
        crl = self.long_crl()
        for n in range(16):
            os.link(crl, "%s.%d" % (crl, n))
        crls = ", ".join('"%s.%d"' % (crl, n) for n in range(16))
        self.start_with(self.configure(
            more='trust = ( { name = "us"; anchors = "%s"; crls = [ %s ]; } );'
                 % (self.lab.path("certs", "ca", "root.pem"), crls)))
        self.try_mild("trust", self.refresh)
        self.try_deadly("trust", self.refresh)

    def gone(self, role):
        stird.wait_until(lambda: self.stird.child(role) is None, 10.0, "no " + role)

    def reads_tables(self):
        """The loader is that far: what it had open before is closed to it by now."""
        def found():
            pid = self.stird.child("loader")
            return pid and any(what.endswith(".csv") for what in stird.descriptors(pid).values())
        stird.wait_until(found, 20.0, "a loader that reads tables")

    def test_of_a_loader(self):
        """It is caught while it reads a long table."""
        rows = "".join("+1212%07d,acme,owned,,,,\n" % n for n in range(200000))
        self.start(numbers=NUMBERS + rows)
        self.stird.reload()
        self.reads_tables()
        self.try_mild("loader")
        self.stird.wait_log("reload done", 60.0)
        def again():
            self.gone("loader")
            self.stird.reload()
        self.try_deadly("loader", again)
        self.stird.wait_log("the loader died")

    def test_these_would_notice(self):
        """A process without any fence is refused none of it, and survives."""
        self.start()
        for words, calls, _ in MILD:
            pid = self.outsider.pid
            self.assertEqual(outcome(pid, calls(self.target)), ALLOWED, words)
        for words, call in DEADLY:
            self.assertNotEqual(outcome(self.outsider.pid, [call]), DIED, words)

    def test_each_role_is_tried(self):
        self.assertGreater(len(ROLES), 0)
        for role in ROLES:
            self.assertTrue(hasattr(self, "test_of_a_" + role), "nobody tries what a %s may" % role)

    def test_every_child_says_what_it_gave_up(self):
        """
        Also the one of a role that somebody adds without thinking of it. Who was root has nothing
        of it any more, and what holds the keys is locked all the same.
        """
        self.start()
        self.short_call()
        if os.geteuid() == 0:
            self.assertNotEqual(status_of(self.stird.child("signer"), "VmLck"), "0 kB")
        for pid in self.stird.family():
            name = status_of(pid, "Name")
            self.assertEqual(status_of(pid, "Seccomp"), "2", name)
            self.assertEqual(status_of(pid, "NoNewPrivs"), "1", name)
            for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                self.assertEqual(int(status_of(pid, kind), 16), 0, "%s of %s" % (kind, name))


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
@unittest.skipIf(os.environ.get("STIRD_SANITIZED") == "1", "preloading needs the plain binary")
class Control(ProcessStory):
    """Seccomp out of the way: what the supervisor itself makes of its children at its socket."""

    def start_open(self):
        before = os.environ.get("LD_PRELOAD")
        os.environ["LD_PRELOAD"] = shim("open_shim")
        try:
            self.start()
        finally:
            os.environ.pop("LD_PRELOAD")
            if before is not None:
                os.environ["LD_PRELOAD"] = before

    def ask(self, pid):
        """PID asks for a number to be ours, as stirctl numbers set does."""
        row = b"\0".join([b"+19005550000", b"acme", b"owned", b"", b"", b"", b"by a child"])
        head = b"".join(n.to_bytes(4, sys.byteorder) for n in (1, 5, 0, len(row)))
        address = possess.unix_address(self.lab.path("run", "control"))
        return possess.inside(pid, ("socket", 1, 5, 0),
                              ("connect", possess.Result(0), address, len(address)),
                              ("sendto", possess.Result(0), head + row, len(head + row), 0x4000))

    def numbers(self):
        return stirctl.ask(self.stird.configuration, "numbers", "list")["entries"]

    def test_children_are_refused(self):
        self.start_open()
        for role in ("worker", "signer", "recorder"):
            made, connected, _ = self.ask(self.stird.wait_child(role))
            self.assertGreater(made, 2, role)
            self.assertEqual(connected, 0, "the way is open, so it is the supervisor that refuses")
        def refused():
            return stirctl.ask(self.stird.configuration, "stats")["control_refused"]
        stird.wait_until(lambda: refused() >= 3, HANG_S, "each is refused")
        self.stird.wait_log("the control socket was asked by a process of stird's own")
        self.assertEqual(self.numbers(), [])
        self.assertEqual(refused(), 3)
        self.signed_call("B", orig="19005550000", caller="+19005550000")

    def test_these_would_notice(self):
        """A stranger who asks in the same words is heard."""
        self.start_open()
        stranger = outsider()
        self.addCleanup(end, stranger)
        self.ask(stranger.pid)
        stird.wait_until(self.numbers, 5.0, "an entry")


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root looks into other processes")
class Secrets(ProcessStory):
    def test_the_secret_of_this_stird_is_with_those_who_use_it(self):
        self.start()
        self.signed_call()
        with open(self.lab.path("state", "hmac-secret"), "rb") as source:
            secret = source.read()
        for half in (secret[:16], secret[16:32]):
            for role in ("signer", "recorder"):
                self.assertFalse(possess.holds(self.stird.child(role), [half]), role)
            self.assertTrue(possess.holds(self.stird.child("worker"), [half]), "the search finds it")


if __name__ == "__main__":
    unittest.main()
