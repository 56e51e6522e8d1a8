"""
Who may write where certificates and tables lie puts there whatever a file system has, while stird runs and root
asks: nobody is held up, nothing is led elsewhere, what is in force stays in force.
"""

import os
import shutil
import socket
import subprocess
import time
import unittest

from daemon.lifetimes import ProcessStory
from lib import stird, stirctl
from lib.patience import HANG_S
from lib.settings import NUMBERS

HUGE = 10 << 30


def replace(path):
    """Takes away what is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def a_fifo(path):
    os.mkfifo(path)


def a_socket(path):
    """Bound from beside: a name of a socket has no room for a long path."""
    before = os.getcwd()
    os.chdir(os.path.dirname(path))
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(os.path.basename(path))
    finally:
        os.chdir(before)


def a_link(path):
    os.symlink("/etc/shadow", path)


def a_link_to_itself(path):
    os.symlink(os.path.basename(path), path)


def a_directory(path):
    os.mkdir(path)


def a_device(path):
    os.symlink("/dev/zero", path)


def a_huge_hole(path):
    with open(path, "wb") as out:
        out.truncate(HUGE)
    os.chmod(path, 0o600)


def nothing(_):
    pass


def zeros(path):
    with open(path, "wb") as out:
        out.write(bytes(70000))
    os.chmod(path, 0o600)


KINDS = (a_fifo, a_socket, a_link, a_link_to_itself, a_directory, a_device, a_huge_hole, nothing, zeros)


class HostileFiles(ProcessStory):
    def setUp(self):
        super().setUp()
        self.tables = self.lab.path("tables")
        os.mkdir(self.tables, 0o755)
        self.table = self.write_table("a.csv", NUMBERS)

    def write_table(self, name, text):
        path = os.path.join(self.tables, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(path, 0o644)
        return path

    def start_here(self, **changes):
        return self.start(tables='files = [ "%s" ];' % self.tables, **changes)

    def try_it(self, path, kind):
        t = time.monotonic()
        kept = path + ".kept"
        os.rename(path, kept)
        kind(path)
        out = {}
        for words in (("reload", "--wait"), ("cert", "list"), ("numbers", "lint"), ("numbers", "lint", self.tables),
                      ("numbers", "lint", path), ("status",)):
            b = time.monotonic()
            r = stirctl.run(self.stird.configuration, *words)
            out[words] = r[0], round(time.monotonic() - b, 2), (r[1] + r[2])[-160:] if words[0] != "status" else ""
        b = time.monotonic()
        s = stird.check_configuration(self.stird.configuration)
        out["-t"] = s[0], round(time.monotonic() - b, 2), s[1][-200:]
        replace(path)
        os.rename(kept, path)
        assert stirctl.run(self.stird.configuration, "reload", "--wait")[0] == 0
        print(kind.__name__, path, round(time.monotonic() - t, 2))
        for k, v in out.items():
            print("    ", k, v)

    def test_x(self):
        self.start_here()
        for name in ("chain.pem", "x5u", "key.pem"):
            for kind in KINDS:
                self.try_it(os.path.join(self.lab.unit.directory, name), kind)
        for kind in KINDS:
            self.try_it(self.table, kind)


if __name__ == "__main__":
    unittest.main()
