"""A supervisor that has no descriptors left for a while: what it could not send is owed by nobody."""

import contextlib
import itertools
import os
import resource
import signal
import time
import unittest

from daemon.lifetimes import WorkersStory
from lib import stird, stirctl
from lib.patience import HANG_S

UNSENT = "a worker is being replaced at the moment"
LEFT = "a worker is not switched back yet"


class FewDescriptors(WorkersStory):
    def setUp(self):
        super().setUp()
        self.start_workers(2)
        self.signed_call()

    @contextlib.contextmanager
    def room(self, room):
        """The supervisor has so many descriptors left."""
        pid = self.stird.process.pid
        taken = set(stird.descriptors(pid))
        limit = next(itertools.islice((n for n in itertools.count() if n not in taken), room, None))
        old = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, old[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, old)

    def ended(self):
        """Reloads, so or so."""
        return len(self.stird.log_lines("reload failed")) + len(self.stird.log_lines("reload done"))

    def reload(self):
        """One that comes into force."""
        stird.wait_until(lambda: stirctl.run(self.lab.path("stird.conf"), "reload", "--wait")[0] == 0, HANG_S,
                         "a reload")

    def assert_none_was_false(self):
        self.assertEqual(stirctl.ask(self.lab.path("stird.conf"), "stats")["children_false"], 0)
        self.assertFalse(self.stird.log_lines("a child is killed"))

    def reload_with(self, room):
        """A reload for whose signer there was room, and none was left when it was ready, or it was faster."""
        loaders, before = self.loaders(), self.ended()
        self.stird.reload()
        stird.wait_until(lambda: self.loaders() > loaders, HANG_S, "its loader ends")
        with self.room(room):
            stird.wait_until(lambda: self.ended() > before, HANG_S, "its end")

    def loaders(self):
        """That have ended."""
        return len(self.stird.log_lines("child ended child=stird-loader"))

    def test_what_could_not_be_sent_is_not_owed(self):
        workers, until = self.workers(), time.monotonic() + 10 * HANG_S
        for room in itertools.cycle(range(3)):
            if self.stird.log_lines(UNSENT):
                break
            self.assertLess(time.monotonic(), until, "a snapshot that could not be sent")
            self.reload_with(room)
        for _ in range(2):
            self.reload()
        self.signed_call()
        self.assertEqual(self.workers(), workers)
        self.assert_none_was_false()

    def pages(self, pid):
        with open("/proc/%d/maps" % pid, encoding="ascii") as maps:
            return {line.split()[4] for line in maps if "stird-parts" in line}

    def switch_one(self):
        """A reload that only the first worker takes, for the other one dies, and no descriptor is left for the way
        back."""
        stays, dies = self.workers()
        pages, failed = self.pages(stays), self.ended()
        os.kill(dies, signal.SIGSTOP)
        self.stird.reload()
        stird.wait_until(lambda: self.pages(stays) - pages or self.ended() > failed, HANG_S, "it takes it")
        known = self.pages(stays)
        with self.room(1):
            if self.ended() == failed:  # else it was replaced before, as it stood still: once more
                self.send(dies, signal.SIGKILL)
                stird.wait_until(lambda: self.ended() > failed, HANG_S, "its end")
                # What the reload had may have been room enough, or it failed for something else: once more, then.
                for _ in range(50):
                    if self.stird.log_lines(LEFT) or self.pages(stays) - known - pages:
                        break
                    time.sleep(0.02)
        stird.wait_until(lambda: len(self.workers()) == 2, HANG_S, "two workers")
        return stays

    def test_a_way_back_is_tried_again(self):
        until, stays = time.monotonic() + 10 * HANG_S, None
        while not self.stird.log_lines(LEFT):
            self.assertLess(time.monotonic(), until, "a way back that cannot be gone")
            stays = self.switch_one()
        self.signed_again()
        self.reload()
        self.assertIn(stays, self.workers())
        self.assertFalse(self.stird.log_lines("a child is killed.*pid=%d " % stays))


if __name__ == "__main__":
    unittest.main()
