"""A child that never starts, and others that wait for it."""

import os
import subprocess
import time
import unittest

from daemon.lifetimes import ProcessStory
from lib.lab import shim
from lib.patience import HANG_S
from lib import stird


def cpu_s(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as source:
        fields = source.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def said(path):
    with open(path, encoding="utf-8") as log:
        return log.read()


class BlockedStart(ProcessStory):
    @unittest.skipIf(os.environ.get("STIRD_SANITIZED") == "1", "preloading needs the plain binary")
    def test_the_supervisor_does_not_spin(self):
        """It waits for a signer that gives up again and again, and sleeps meanwhile."""
        path = self.configure()
        environment = dict(os.environ, LD_PRELOAD=shim("seccomp_shim"))
        log = self.lab.path("blocked.log")
        with open(log, "wb") as out:
            process = subprocess.Popen([stird.binary(), "-f", "-c", path], env=environment,
                                       stdout=subprocess.DEVNULL, stderr=out)
        try:
            stird.wait_until(lambda: said(log).count("cannot give up system calls") >= 2, HANG_S,
                             "a signer that gives up")
            before = cpu_s(process.pid)
            time.sleep(2)
            self.assertLess(cpu_s(process.pid) - before, 0.6)
            self.assertIsNone(process.poll())
        finally:
            process.terminate()
            process.wait(HANG_S)
