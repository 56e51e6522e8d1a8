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
        for _ in range(5):  # on a slow machine its time may be over before it was looked at
            share = self.processor_share(path)
            if share is not None:
                self.assertLess(share, 0.3)
                return
        self.fail("it was never there for long enough")

    def processor_share(self, path):
        """Of one processor, while it waits for a signer; None: it gave up meanwhile."""
        environment = dict(os.environ, LD_PRELOAD=shim("seccomp_shim"))
        log = self.lab.path("blocked.log")
        with open(log, "wb") as out:
            process = subprocess.Popen([stird.binary(), "-f", "-c", path], env=environment,
                                       stdout=subprocess.DEVNULL, stderr=out)
        try:
            stird.wait_until(lambda: said(log).count("cannot give up system calls") >= 2 or process.poll() is not None,
                             HANG_S, "a signer that gives up")
            before, began = cpu_s(process.pid), time.monotonic()
            time.sleep(2)
            used, took = cpu_s(process.pid) - before, time.monotonic() - began
            return used / took if process.poll() is None else None
        except FileNotFoundError:
            return None
        finally:
            process.terminate()
            process.wait(HANG_S)
