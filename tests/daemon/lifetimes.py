"""What the process stories share: a stird without calls, and clocks for its children."""

import datetime
import os
import signal

from lib import stird
from lib.load import Load
from lib.patience import HANG_S
from lib.story import Story

SANITIZED = os.environ.get("STIRD_SANITIZED") == "1"
KILLS = 20 if os.environ.get("STIRD_LONG") == "1" else 4  # of a child, in a test under load


def status_of(pid, name):
    """A line of /proc/PID/status."""
    with open("/proc/%d/status" % pid, encoding="ascii") as source:
        for line in source:
            if line.startswith(name + ":"):
                return line.split(":", 1)[1].strip()
    raise AssertionError("no %s of %d" % (name, pid))


class ProcessStory(Story):
    ROLES = ("worker", "signer", "recorder")

    def assert_none_lost_but_taken_along(self, load):
        """On a busy machine a call waits longer than 200 ms for its signature and is told 100."""
        taken = {call.id: call.trying_after_s for call in load.taken_along}
        self.assertEqual([call.id for call in load.lost if call.id not in taken][:10], [])
        self.assertEqual({id_: s for id_, s in taken.items() if s < 0.2}, {}, "told 100 before its time")

    def assert_one_a_minute(self, words):
        """A line at once, and another only where the story took longer than that. Answers with them."""
        lines = self.stird.wait_lines(words)
        times = [datetime.datetime.fromisoformat(line.split()[0].rstrip("Z")) for line in lines]
        for earlier, later in zip(times, times[1:]):
            self.assertGreater((later - earlier).total_seconds(), 59)
        return lines

    def children(self):
        return {role: self.stird.wait_child(role) for role in self.ROLES}

    def replaced(self, role, old):
        """Waits for another child of ROLE. How long that may take, unit/child_test says."""
        return self.stird.wait_child(role, other_than=old)

    def wait_gone(self, pids, what):
        stird.wait_until(lambda: not any(map(stird.alive, pids)), HANG_S, what)

    def assert_gone(self, pids, what):
        self.assertEqual([pid for pid in pids if stird.alive(pid)], [], what)

    def signed_again(self):
        """Calls until one is signed; each of them arrives."""
        stird.wait_until(lambda: self.short_call()[1].raws("identity"), HANG_S, "a signed call")

    @staticmethod
    def send(pid, number):
        """A signal to a child that stands still: on a slow machine it has been replaced meanwhile."""
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def hit(self, role, number=signal.SIGKILL):
        """Sends a signal to the child of this role; answers with its pid."""
        while True:
            pid = self.stird.wait_child(role)
            try:
                os.kill(pid, number)
                return pid
            except ProcessLookupError:  # it was about to be replaced
                self.replaced(role, pid)


class WorkersStory(ProcessStory):
    def start_workers(self, n, **changes):
        more = changes.pop("more", "") + "workers = %d;" % n
        path = self.configure(more=more, **changes)
        self.stird = stird.Stird(self.lab, path)
        try:
            self.stird.start()
        except AssertionError:
            if "systemd/stird.service.d/workers.conf" in self.stird.log():
                self.stird = None
                self.skipTest("no CAP_BPF here")
            raise

    def workers(self):
        """Their process ids, by number: the supervisor started them in this order."""
        return sorted(pid for pid in self.stird.family()
                      if "worker" in stird.name_of(pid) and stird.alive(pid))

    def load(self):
        load = Load(caller=(self.net(2), 5060), callee=(self.net(9), 5060), to=self.at()[1:])
        self.addCleanup(load.close)
        return load

    def assert_none_lost(self, load):
        lost = [(c.id, c.state, c.worker) for c in load.lost]
        self.assertEqual(lost[:10], [], "%d of %d calls are lost" % (len(lost), len(load.calls)))
