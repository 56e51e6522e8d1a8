"""What workers have counted is there when they are gone, and their levels are not."""

import signal

from daemon.lifetimes import WorkersStory
from lib import stird, stirctl
from lib.patience import HANG_S


class Counters(WorkersStory):
    def stats(self):
        return stirctl.ask(self.lab.path("stird.conf"), "stats")

    def wait_stats(self, what, why):
        return stird.wait_until(lambda: what(self.stats()), HANG_S, why)

    def totals(self):
        """What cannot be less ever: of all, of the trunk, of the upstream."""
        stats = self.stats()
        trunk, upstream = stats["trunks"]["pbx"], stats["upstreams"]["carrier"]
        return [stats["signed_calls"], stats["invites"], stats["added_latency_us"]["count"],
                trunk.get("signed_calls", 0), trunk.get("attestations", {}).get("A", 0),
                upstream.get("offered", 0), upstream.get("responses", {}).get("4xx", 0)]

    def wait_totals(self, n):
        stird.wait_until(lambda: self.totals() == [n] * 7, HANG_S, "%d of all: %s" % (n, self.totals()))

    def test_sums_go_on_when_workers_die(self):
        """Of two workers one after the other; each call is counted once, by whomever it was served."""
        self.start_workers(2)
        for n in range(1, 9):
            self.signed_call()
        self.wait_totals(n)
        for worker in self.workers():
            self.kill(worker)
            self.assertEqual(self.totals(), [n] * 7)
        self.signed_again()
        stird.wait_until(lambda: min(self.totals()) == n + 1, HANG_S, "it goes on")

    def kill(self, worker):
        """It is gone, and others serve."""
        self.send(worker, signal.SIGKILL)
        def others():
            status = stirctl.ask(self.lab.path("stird.conf"), "status")
            return all(w["state"] == "serving" and w["pid"] != worker for w in status["workers"])
        stird.wait_until(others, HANG_S, "another serves")

    def reload(self):
        """One that finds no worker to be replaced at that moment."""
        stird.wait_until(lambda: stirctl.run(self.lab.path("stird.conf"), "reload", "--wait")[0] == 0, HANG_S,
                         "a reload")

    def test_levels_go_with_workers(self):
        self.start_workers(2)
        for _ in range(8):
            self.place()
            self.carrier.respond(self.carrier.expect("INVITE"), 180)
            self.sbc.expect(180)
        def levels(stats):
            return (stats["calls"], stats["trunks"]["pbx"].get("calls", 0),
                    stats["upstreams"]["carrier"].get("calls", 0))
        self.wait_stats(lambda stats: levels(stats) == (8, 8, 8), "they ring")
        for worker in self.workers():
            self.kill(worker)
        self.wait_stats(lambda stats: levels(stats) == (0, 0, 0), "nobody has them any more")
        self.assertEqual(self.stats()["upstreams"]["carrier"]["offered"], 8)

    def test_sums_go_on_over_reloads_and_deaths(self):
        self.start_workers(2)
        for n in range(1, 5):
            self.signed_call()
        self.wait_totals(n)
        for _ in range(2):
            self.reload()
            self.assertEqual(self.totals(), [n] * 7)
            self.kill(self.workers()[0])
            self.assertEqual(self.totals(), [n] * 7)
