"""What a child says that somebody else has: false, too often, or not at all."""

import glob
import os
import threading
import time
import unittest

from daemon.lifetimes import WorkersStory
from lib import possess, stird, stirctl
from lib.patience import HANG_S
from lib.words import Words, control_of

NEVER = 2**63
UNKNOWN = (0, 9999)
# The supervisor's own words, and those of nobody.
FOREIGN = ("SNAPSHOT", "CHANNEL", "PING", *UNKNOWN)
OF_WORKERS = ("HEARTBEAT", "NAME", "REFUSED", "HOP", "TRUNKS", "FAILED", "SNAPSHOT_IN_USE",
              "OVERLAY_IN_USE", "DRAINED")

# What each role must not say: word, generation.
LIES = {
    "worker": [("SNAPSHOT_IN_USE", 0), ("SNAPSHOT_IN_USE", 1), ("SNAPSHOT_IN_USE", NEVER),
               ("OVERLAY_IN_USE", 0), ("OVERLAY_IN_USE", 1), ("OVERLAY_IN_USE", NEVER),
               ("READY", 0), ("ALARM", 0), ("ALARM", 1), ("DRAINED", 0), ("PONG", 0),
               ("ROTATE", 0), ("OVER_CEILING", 5), ("CERTIFICATE", 0),
               *((word, 0) for word in FOREIGN)],
    "signer": [("READY", 0), ("ROTATE", 0), ("CERTIFICATE", 0),
               *((word, 1) for word in OF_WORKERS + FOREIGN)],
    "recorder": [("READY", 0), ("ALARM", 0), ("OVER_CEILING", 5), ("CERTIFICATE", 0),
                 *((word, 1) for word in OF_WORKERS + FOREIGN)],
}
# What is believed as far as it goes, and what no child says so often.
BELIEVED = {
    "worker": ("HEARTBEAT", "NAME", "REFUSED", "HOP", "TRUNKS", "FAILED"),
    "signer": ("PONG", "OVER_CEILING"),
    "recorder": ("PONG",),
}


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
class WordsStory(WorkersStory):
    def setUp(self):
        super().setUp()
        self.words = Words()
        if not self.words.layout:
            self.skipTest("SKIPPED: not run by ctest")

    def stats(self):
        return stirctl.ask(self.stird.configuration, "stats")

    def say(self, role, word, times=1, **fields):
        pid = self.stird.wait_child(role)
        self.words.say(pid, self.stird.process.pid, word, times, **fields)
        return pid

    def alarms(self):
        return [a["name"] for a in stirctl.ask(self.stird.configuration, "status")["alarms"]]


class Lies(WordsStory):
    def walk(self, role):
        self.start()
        for count, (word, generation) in enumerate(LIES[role], 1):
            with self.subTest(word=word, generation=generation):
                old = self.say(role, word, generation=generation)
                self.replaced(role, old)
                stird.wait_until(lambda: self.stats()["children_false"] == count, HANG_S, "counted")
        stird.wait_until(lambda: "child_false" in self.alarms(), HANG_S, "the alarm")
        self.signed_again()
        self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)

    def test_of_a_worker(self):
        self.walk("worker")

    def test_of_a_signer(self):
        self.walk("signer")

    def test_of_a_recorder(self):
        self.walk("recorder")


class Floods(WordsStory):
    def walk(self, role):
        self.start()
        for count, word in enumerate(BELIEVED[role], 1):
            with self.subTest(word=word):
                old = self.say(role, word, 1)
                self.signed_again()
                self.assertEqual(self.stird.wait_child(role), old, "once is no reason")
                self.say(role, word, 5000)
                self.replaced(role, old)
                self.assertEqual(self.stats()["children_false"], count)
        self.signed_again()

    def test_of_a_worker(self):
        self.walk("worker")

    def test_of_a_signer(self):
        self.walk("signer")

    def test_of_a_recorder(self):
        self.walk("recorder")


class Silence(WordsStory):
    """A worker's loop turns, and does nothing of what it is told."""

    def only_beats(self, ask):
        """Answers with what ASK got while one worker sent nothing but heartbeats."""
        self.start_workers(2)
        worker, got = self.stird.wait_child("worker"), []
        fd = control_of(worker, self.stird.process.pid)
        asked = threading.Thread(target=lambda: got.append(ask(self.stird.configuration)))
        until = time.monotonic() + HANG_S
        try:
            with possess.Possessed(worker) as child:
                asked.start()
                while time.monotonic() < until:
                    child.do(*self.words.call(fd, "HEARTBEAT", generation=1))
                    time.sleep(0.3)
        except possess.Died:
            pass
        asked.join(HANG_S)
        self.assertTrue(got, "an answer")
        self.stird.wait_log("a child is killed")
        stird.wait_until(lambda: len(self.workers()) == 2, HANG_S, "another worker")
        self.assertNotIn(worker, self.workers())
        stird.wait_until(lambda: "child_replaced" in self.alarms(), HANG_S, "the alarm")
        return got[0]

    def test_a_reload_has_an_answer_and_the_next_is_done(self):
        status, _, err = self.only_beats(lambda path: stirctl.run(path, "reload", "--wait"))
        self.assertNotEqual(status, 0)
        self.assertIn("does not take the new configuration", err)
        def again():
            return stirctl.run(self.stird.configuration, "reload", "--wait")[0] == 0
        stird.wait_until(again, HANG_S, "the next reload")
        self.signed_again()

    def test_an_urgent_change_comes_into_force(self):
        self.only_beats(lambda path: stirctl.run(path, "numbers", "block", "+12155550100"))


class Records(WordsStory):
    """The recorder says that its file is full."""

    def start_records(self, more):
        path = self.configure()
        with open(path, encoding="utf-8") as source:
            text = source.read()
        self.assertIn("records = {", text)
        self.lab.write("stird.conf", text.replace("records = {", "records = { %s " % more, 1))
        self.start_with(path)
        self.file = self.lab.path("records.jsonl")
        self.short_call()
        stird.wait_until(lambda: os.path.getsize(self.file) > 0, HANG_S, "a record")

    def old_files(self):
        return glob.glob(self.file + ".*")

    def assert_refused(self):
        old = self.say("recorder", "ROTATE", 2)  # the first may have crossed with a file
        self.replaced("recorder", old)
        stird.wait_until(lambda: self.stats()["children_false"] >= 1, HANG_S, "counted")
        self.assertEqual(self.old_files(), [])
        self.short_call()

    def test_which_is_neither_full_nor_old(self):
        self.start_records("keep = 1; max_size = 1048576;")
        self.assert_refused()

    def test_which_can_never_be(self):
        self.start_records("max_size = 0; max_age = \"0ms\";")
        self.assert_refused()

    def test_which_is_long_and_empty(self):
        """ftruncate() costs nothing."""
        self.start_records("keep = 1; max_size = 1048576; max_age = \"0ms\";")
        os.truncate(self.file, 2 << 20)
        self.assert_refused()

    def test_which_is_full(self):
        self.start_records("max_size = 1048576;")
        with open(self.file, "ab") as out:
            out.write(b"x" * (1 << 20))
        self.say("recorder", "ROTATE")
        stird.wait_until(self.old_files, HANG_S, "the file moves aside")
        self.assertEqual(self.stats()["children_false"], 0)


if __name__ == "__main__":
    unittest.main()
