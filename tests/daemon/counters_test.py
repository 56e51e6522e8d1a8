"""What workers have counted is there when they are gone, and their levels are not."""

import os
import re
import signal
import unittest

from daemon.lifetimes import WorkersStory
from lib import possess, stird, stirctl
from lib.patience import HANG_S


class CountersStory(WorkersStory):
    def stats(self):
        return stirctl.ask(self.lab.path("stird.conf"), "stats")

    def wait_stats(self, what, why):
        return stird.wait_until(lambda: what(self.stats()), HANG_S, why)

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


class Counters(CountersStory):
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

    def test_a_call_is_counted_over_many_reloads(self):
        """One that lasts, and more reloads than a worker has pages for."""
        self.start_workers(1)
        self.place()
        arrived = self.carrier.expect("INVITE")
        self.carrier.respond(arrived, 180)
        self.sbc.expect(180)
        for _ in range(20):
            self.reload()
        stats = self.stats()
        self.assertEqual([stats[kind][name].get("calls") for kind, name in
                          (("trunks", "pbx"), ("upstreams", "carrier"))], [1, 1])
        self.carrier.respond(arrived, 486)
        self.wait_stats(lambda stats: "calls" not in stats["trunks"]["pbx"] and
                        stats["trunks"]["pbx"].get("signed_calls") == 1 and
                        stats["upstreams"]["carrier"].get("responses", {}).get("4xx") == 1, "its end")

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


PAGE = re.compile(r"(?m)^([0-9a-f]+)-([0-9a-f]+) (\S{4}) .*/memfd:(stird-(?:counters|parts)) ")


def pages(pid):
    """[(first octet, length, rights, name)] of what PID has in memory of counters."""
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps:
        found = PAGE.findall(maps.read())
    return [(int(first, 16), int(end, 16) - int(first, 16), rights, name) for first, end, rights, name in found]


def numbers(value):
    """All of a JSON text."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [n for v in value for n in numbers(v)]
    return [value] if isinstance(value, int) else []


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
class Pages(CountersStory):
    def test_are_a_workers_own(self):
        """No other child has one, and nobody a descriptor of one; the supervisor cannot write."""
        self.start_workers(2)
        self.signed_call()
        workers, others = self.while_there(lambda: (
            [self.seen(worker) for worker in self.workers()],
            [self.seen(self.stird.wait_child(role)) for role in ("signer", "recorder")]))
        page, parts = ("rw-s", "stird-counters"), ("rw-s", "stird-parts")
        self.assertEqual(workers, [([page, parts], [])] * 2)
        self.assertEqual(others, [([], [])] * 2)
        mapped, open_ones = self.seen(self.stird.process.pid)
        self.assertEqual(({rights for rights, _ in mapped}, open_ones), ({"r--s"}, []))

    @staticmethod
    def while_there(look):
        """What LOOK sees of processes, none of which has been replaced meanwhile."""
        def all_of_it():
            try:
                return look()
            except OSError:
                return None
        return stird.wait_until(all_of_it, HANG_S, "processes that stay")

    @staticmethod
    def seen(pid):
        """What PID has of counters in memory, and of descriptors."""
        return (sorted((rights, name) for _, _, rights, name in pages(pid)),
                [d for d in stird.descriptors(pid).values() if "stird-counters" in d or "stird-parts" in d])

    def test_of_random_octets(self):
        """What a worker writes there that was taken over: stirctl shows numbers that are wrong, and all goes on."""
        self.start_workers(2)
        for _ in range(4):
            self.signed_call()
        def scribble():
            worker = self.workers()[0]
            with open("/proc/%d/mem" % worker, "r+b", buffering=0) as memory:
                for first, length, _, _ in pages(worker):
                    os.pwrite(memory.fileno(), os.urandom(length), first)
            return worker
        worker = self.while_there(scribble)
        self.check_shown()
        self.kill(worker)
        self.check_shown()
        self.reload()
        self.check_shown()
        self.signed_again()
        self.assertGreaterEqual(self.stats()["signed_calls"], 5)

    def check_shown(self):
        for command in ("stats", "status"):
            found = numbers(stirctl.ask(self.lab.path("stird.conf"), command))
            self.assertGreaterEqual(min(found), 0)
            self.assertLess(max(found), 2**63)
            self.assertEqual(stirctl.run(self.lab.path("stird.conf"), command)[0], 0)
