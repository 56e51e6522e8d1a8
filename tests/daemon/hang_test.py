"""A child that hangs is killed and replaced, and only it."""

import os
import signal
import time
import unittest

from daemon.lifetimes import ProcessStory
from lib import stird
from lib.lab import end_with_parent
from lib.patience import HANG_S


class Hang(ProcessStory):
    def test_of_the_signer(self):
        self.start()
        before = self.children()
        self.hit("signer", signal.SIGSTOP)
        self.replaced("signer", before["signer"])
        self.wait_gone([before["signer"]], "the hung signer is killed")
        self.assertEqual(self.stird.child("worker"), before["worker"])
        self.stird.wait_lines("it does not answer")

    def test_of_the_worker(self):
        self.start()
        before = self.children()
        self.hit("worker", signal.SIGSTOP)
        self.replaced("worker", before["worker"])
        self.assertEqual(self.stird.child("signer"), before["signer"])
        self.stird.wait_lines("its event loop stands still")

    def test_of_the_supervisor_alone_replaces_nobody(self):
        """What it did not hear while it slept waits in its sockets."""
        self.start()
        before = self.children()
        os.kill(self.stird.process.pid, signal.SIGSTOP)
        time.sleep(4.0)
        os.kill(self.stird.process.pid, signal.SIGCONT)
        time.sleep(1.0)
        self.assertEqual(self.children(), before)

    def test_of_the_whole_machine_replaces_nobody(self):
        """A virtual one that was moved: all of them stood still, and go on at once."""
        self.stird = stird.Stird(self.lab, self.configure())
        self.stird.prepare = lambda: (end_with_parent(), os.setpgid(0, 0))
        self.stird.start()
        before = self.children()
        for _ in range(3):
            os.killpg(self.stird.process.pid, signal.SIGSTOP)
            time.sleep(4.0)  # more than a worker or a signer may be silent
            os.killpg(self.stird.process.pid, signal.SIGCONT)
            self.signed_again()
        self.assertEqual(self.children(), before)

    def test_of_the_service_manager_stops_nothing(self):
        """Nobody reads the notify socket: deaths and reloads go on, and the last word is kept."""
        self.start()
        for _ in range(30):
            self.stird.reload()
            time.sleep(0.05)
        worker = self.hit("worker")
        self.replaced("worker", worker)
        self.stird.wait_log("reload done")
        words = []
        stird.wait_until(lambda: self.heard(words) and "READY=1" in words[-1], HANG_S, "the last word")
        self.stird.process.send_signal(signal.SIGTERM)
        self.stird.wait_notify("STOPPING=1")
        self.assertEqual(self.stird.process.wait(HANG_S), 0)

    def heard(self, words):
        """Adds to WORDS what the service manager is told of reloads; whether there was anything ever."""
        self.stird.notify.settimeout(0.2)
        try:
            while True:
                said = self.stird.notify.recv(4096).decode()
                if "READY=1" in said or "RELOADING=1" in said:
                    words.append(said)
        except OSError:
            return bool(words)

    def test_starves_the_watchdog(self):
        """The service manager hears of it, should the supervisor not be able to help."""
        os.environ["WATCHDOG_USEC"] = "600000"
        self.addCleanup(os.environ.pop, "WATCHDOG_USEC")
        self.start()
        self.stird.wait_notify("WATCHDOG=1")
        worker = self.hit("worker", signal.SIGSTOP)
        self.stird.wait_child("worker", other_than=worker)
        self.stird.wait_notify("WATCHDOG=1")
        self.assertTrue(stird.alive(self.stird.process.pid))


if __name__ == "__main__":
    unittest.main()
