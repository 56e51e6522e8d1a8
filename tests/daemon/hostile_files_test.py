"""
Who may write where certificates, tables and records lie puts there whatever a file system has, while stird runs and
root asks: nobody is held up, nothing is led elsewhere, what is in force stays in force.
"""

import ctypes
import os
import shutil
import socket
import subprocess
import unittest

from daemon.lifetimes import ProcessStory
from lib import lab, stird, stirctl
from lib.settings import NUMBERS

HUGE = 10 << 30
AT_FDCWD, EXCHANGE, RENAMEAT2 = -100, 2, 316
THEIRS = 65534


# What stands in the place of a file.
def a_fifo(path):
    os.mkfifo(path, 0o600)


def a_socket(path):
    """Bound from beside: a socket's name has no room for a long path."""
    before = os.getcwd()
    os.chdir(os.path.dirname(path))
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(os.path.basename(path))
    finally:
        os.chdir(before)


def a_link_to_what_root_may_read(path):
    os.symlink("/etc/shadow", path)


def a_link_to_itself(path):
    os.symlink(os.path.basename(path), path)


def a_link_to_a_device(path):
    os.symlink("/dev/zero", path)


def a_directory(path):
    os.mkdir(path)


def a_huge_hole(path):
    with open(path, "wb") as out:
        out.truncate(HUGE)
    os.chmod(path, 0o600)


def nothing(_):
    pass


KINDS = (a_fifo, a_socket, a_link_to_what_root_may_read, a_link_to_itself, a_link_to_a_device, a_directory,
         a_huge_hole, nothing)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    elif os.path.lexists(path):
        os.unlink(path)


def exchange(one, other):
    libc = ctypes.CDLL(None)
    libc.syscall(RENAMEAT2, AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), EXCHANGE)


class Beside:
    """A process that does WORK again and again, until it is ended."""

    def __init__(self, work, user=None):
        self.pid = os.fork()
        if self.pid == 0:
            try:
                lab.end_with_parent()
                if user is not None:
                    os.setgroups([])
                    os.setgid(user)
                    os.setuid(user)
                while True:
                    try:
                        work()
                    except OSError:
                        pass
            finally:
                os._exit(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


class Hostile(ProcessStory):
    def setUp(self):
        super().setUp()
        self.tables = self.lab.path("tables")
        os.mkdir(self.tables, 0o755)
        self.table = os.path.join(self.tables, "a.csv")
        with open(self.table, "w", encoding="ascii") as out:
            out.write(NUMBERS)
        os.chmod(self.table, 0o644)

    def start_here(self, **changes):
        self.path = self.configure(tables='files = [ "%s" ];' % self.tables, **changes)
        self.start_with(self.path)

    def stirctl(self, *words):
        """Status and all that it says, which is none of what lies elsewhere."""
        status, out, err = stirctl.run(self.path, *words)
        self.assertNotIn("root:", out + err)
        return status, out + err

    def assert_in_force(self):
        self.assertIsNone(self.stird.process.poll(), "the supervisor")
        self.assertEqual(self.stirctl("cert", "list")[0], 0)
        self.assertEqual(stirctl.ask(self.path, "status")["state"], "serving")
        self.signed_call()

    def assert_good_again(self):
        status, said = self.stirctl("reload", "--wait")
        self.assertEqual(status, 0, said)
        self.signed_call()


class OfFiles(Hostile):
    def in_the_place_of(self, path, *asked):
        """Each kind; ASKED: commands whose every word is about files."""
        for kind in KINDS:
            with self.subTest(file=os.path.basename(path), kind=kind.__name__):
                os.rename(path, path + ".kept")
                kind(path)
                status, said = self.stirctl("reload", "--wait")
                self.assertNotEqual(status, 0, said)
                self.assertIn("the old configuration stays in force", said)
                self.assertNotEqual(stird.check_configuration(self.path)[0], 0)
                for words in asked:
                    self.stirctl(*words)
                self.assert_in_force()
                remove(path)
                os.rename(path + ".kept", path)
                self.assert_good_again()

    def test_of_certificates(self):
        self.start_here()
        for name in ("chain.pem", "x5u", "key.pem"):
            self.in_the_place_of(os.path.join(self.lab.unit.directory, name))

    def test_of_tables(self):
        self.start_here()
        others = self.lab.path("compiled")
        self.in_the_place_of(self.table, ("numbers", "lint"), ("numbers", "lint", self.table),
                             ("numbers", "lint", self.tables), ("numbers", "compile", "-o", others, self.table),
                             ("numbers", "diff", "running", self.table))

    def test_of_records(self):
        """A FIFO that nobody fills, beside the record file and in its name."""
        self.start_here()
        self.signed_call()
        stird.wait_until(self.stird.records, 1, "a record")
        os.mkfifo(self.stird.records_path + ".1")
        for words in (("records", "verify"), ("records", "find", "--tn", "+12155550100"),
                      ("records", "verify", self.stird.records_path + ".1")):
            self.stirctl(*words)
        self.assert_in_force()

    def test_of_anchors(self):
        """Which the checker reads."""
        anchors = self.lab.path("anchors")
        os.mkfifo(anchors)
        self.start_here(check='interval = "0ms"; anchors = "%s"; crls = "%s";' % (anchors, anchors))
        self.stirctl("cert", "check")
        stird.wait_until(lambda: self.stird.child("checker") is None, 1, "its end")
        self.assert_in_force()


class WhileItIsRead(Hostile):
    def test_a_file_that_grows(self):
        self.start_here()
        def grow():
            with open(self.table, "ab") as out:
                out.write(b"# more\n" * 10000)
                if out.tell() > 8 << 20:
                    os.truncate(self.table, len(NUMBERS))
        with Beside(grow):
            for _ in range(5):
                self.stirctl("reload", "--wait")
            self.stirctl("numbers", "lint", self.tables)
        self.assertIsNone(self.stird.process.poll(), "the supervisor")
        os.truncate(self.table, len(NUMBERS))
        self.assert_good_again()

    def test_key_and_chain_of_two_units_change_places(self):
        """What does not belong together is refused, or was whole when it was read."""
        self.start_here()
        one = self.lab.unit.directory
        other = self.lab.path("other")
        made = subprocess.run([os.path.join(lab.PROJECT, "tests", "lib", "make-unit"), "--ca",
                               self.lab.path("certs", "ca"), "--x5u", "https://cert.example.org/other.pem", other],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(made.returncode, 0, made.stderr)
        whole = {name: open(os.path.join(one, name), "rb").read() for name in ("key.pem", "chain.pem", "x5u")}
        def swap():
            for name in whole:
                exchange(os.path.join(one, name), os.path.join(other, name))
        with Beside(swap):
            for _ in range(8):
                self.stirctl("reload", "--wait")
                self.short_call()
        self.assertIsNone(self.stird.process.poll(), "the supervisor")
        for name, text in whole.items():
            with open(os.path.join(one, name), "wb") as out:
                out.write(text)
        self.assert_good_again()

    def test_more_units_than_anybody_reads(self):
        self.start_here()
        made = [os.path.join(self.lab.unit.directory, "u%d.unit" % n) for n in range(1100)]
        for unit in made:
            os.mkdir(unit)
        status, said = self.stirctl("reload", "--wait")
        self.assertNotEqual(status, 0)
        self.assertIn("hold 1101 units, and stird reads 1000 at most", said)
        self.assert_in_force()
        for unit in made:
            os.rmdir(unit)
        self.assert_good_again()


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: nobody else writes for others")
class WhatRootMakes(Hostile):
    """In a directory that is somebody else's, who exchanges it all the time."""

    def setUp(self):
        super().setUp()
        os.chmod(self.lab.directory, 0o755)
        self.victim = self.lab.path("victim")
        os.mkdir(self.victim, 0o700)
        self.theirs = self.lab.path("theirs")
        os.makedirs(os.path.join(self.theirs, "place"))
        os.symlink(self.victim, os.path.join(self.theirs, "link"))
        for path in (self.theirs, os.path.join(self.theirs, "place")):
            os.chown(path, THEIRS, THEIRS)

    def test_a_unit_of_a_lab_and_a_request(self):
        """Their way leads through what is a directory now and a link then."""
        place = os.path.join(self.theirs, "place")
        self.path = "unused"
        with Beside(lambda: exchange(place, os.path.join(self.theirs, "link")), THEIRS):
            for n in range(20):
                for words in (("--ca", self.lab.path("ca"), "--unit", os.path.join(place, "u%d" % n)),
                              ("--ca", os.path.join(place, "ca%d" % n), "--unit", self.lab.path("u%d" % n)),
                              (os.path.join(place, "lab%d" % n),)):
                    self.stirctl("lab-ca", *words)
                self.stirctl("cert", "request", "--spc", "709J", "--key", os.path.join(place, "k%d" % n), "--out",
                             os.path.join(place, "r%d" % n))
                self.assertEqual(os.listdir(self.victim), [])
        self.assertEqual(os.stat(self.victim).st_uid, 0)

    def test_a_unit_of_a_lab_when_nobody_tries(self):
        """And it is the owner's."""
        self.path = "unused"
        unit = os.path.join(self.theirs, "place", "new", "unit")
        status, said = self.stirctl("lab-ca", "--ca", self.lab.path("ca"), "--unit", unit)
        self.assertEqual(status, 0, said)
        for name in ("", "key.pem", "chain.pem", "x5u"):
            self.assertEqual(os.stat(os.path.join(unit, name)).st_uid, THEIRS, name)
        self.assertEqual(os.stat(os.path.join(unit, "key.pem")).st_mode & 0o777, 0o600)

    def test_a_renewal_whose_program_leaves_a_fifo(self):
        self.start_here()
        hook = self.lab.write("hook", "#!/bin/sh\ncp %s/* $STIRD_OUT/\nrm $STIRD_OUT/$WRONG\nmkfifo $STIRD_OUT/$WRONG\n"
                              % self.lab.unit.directory)
        os.chmod(hook, 0o755)
        for name in ("x5u", "chain.pem", "key.pem"):
            os.environ["WRONG"] = name
            try:
                status, said = self.stirctl("cert", "renew", "--all", "--hook", hook)
            finally:
                del os.environ["WRONG"]
            self.assertNotEqual(status, 0, said)
            self.assertIn("1 failed", said)
        self.assert_in_force()


if __name__ == "__main__":
    unittest.main()
