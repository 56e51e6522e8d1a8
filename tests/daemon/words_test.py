"""What a child says that somebody else has: false, too often, or not at all."""

import glob
import os
import signal
import subprocess
import threading
import time
import unittest

from daemon.lifetimes import WorkersStory, status_of
from lib import possess, settings, stird, stirctl
from lib.patience import HANG_S
from lib.words import Words, control_of

NEVER = 2**63
UNKNOWN = (0, 9999)
# The supervisor's own words, and those of nobody.
FOREIGN = ("SNAPSHOT", "CHANNEL", "PING", "DROP", *UNKNOWN)
OF_FETCHER, OF_WEB = ("FETCHED", "DROPPED"), ("VIEW_WANTED", "SERVED")
OF_WORKERS = ("HEARTBEAT", "NAME", "REFUSED", "HOP", "FAILED", "SNAPSHOT_IN_USE",
              "SNAPSHOT_REFUSED", "OVERLAY_IN_USE", "SWITCHES_IN_USE", "TRUST_IN_USE",
              "TRACE_IN_USE", "SHADOW_IN_USE", "SHADOW_CHANGE", "WATCHED", "PLACED", "ARRIVED", "DRAINED")
OF_PASSING = ("LOADED", "MISTAKES", "CERTIFICATE", "CHECK_FAULT", "CHECKED", "TRUST_DOMAIN",
              "TRUST_SOURCE", "TRUST_BUILT", "BROUGHT", "TABLE")

# What each role must not say: word, generation.
LIES = {
    "worker": [("SNAPSHOT_IN_USE", 0), ("SNAPSHOT_IN_USE", 1), ("SNAPSHOT_IN_USE", NEVER),
               ("OVERLAY_IN_USE", 0), ("OVERLAY_IN_USE", 1), ("OVERLAY_IN_USE", NEVER),
               ("SWITCHES_IN_USE", 0), ("SWITCHES_IN_USE", 1), ("SWITCHES_IN_USE", NEVER),
               ("TRUST_IN_USE", 0), ("TRUST_IN_USE", 1), ("TRUST_IN_USE", NEVER),
               ("TRACE_IN_USE", 0), ("TRACE_IN_USE", 1), ("TRACE_IN_USE", NEVER),
               ("SNAPSHOT_REFUSED", 0), ("SNAPSHOT_REFUSED", 1), ("SNAPSHOT_REFUSED", NEVER),
               ("READY", 0), ("ALARM", 0), ("DRAINED", 0), ("PONG", 0), ("SHADOW_CHANGE", 0),
               ("ROTATE", 0), ("OVER_CEILING", 5),
               *((word, 0) for word in OF_PASSING + OF_FETCHER + OF_WEB + FOREIGN)],
    "signer": [("READY", 0), ("ROTATE", 0),
               *((word, 1) for word in OF_WORKERS + OF_PASSING + OF_FETCHER + OF_WEB + FOREIGN)],
    "recorder": [("READY", 0), ("ALARM", 0), ("OVER_CEILING", 5),
                 *((word, 1) for word in OF_WORKERS + OF_PASSING + OF_FETCHER + OF_WEB + FOREIGN)],
    "fetcher": [("READY", 0), ("ALARM", 0), ("ROTATE", 0), ("OVER_CEILING", 5), ("HEARTBEAT", 1),
                ("CERTIFICATE", 1), ("DROPPED", 0), ("DROPPED", NEVER),
                *((word, 1) for word in OF_WEB + FOREIGN)],
    "publisher": [("READY", 0), ("VIEW_WANTED", 0), ("PING", 0)],
    "web": [("READY", 0), ("ROTATE", 0), ("OVER_CEILING", 5), ("HEARTBEAT", 1), ("CERTIFICATE", 1),
            *((word, 1) for word in OF_FETCHER + FOREIGN)],
}
# Octets that are no word, by how many more they are than one of its own has.
NO_WORDS = (-1, 1, -9999)
OWN = {"worker": "HEARTBEAT", "signer": "OVER_CEILING", "recorder": "PONG", "fetcher": "FETCHED",
       "web": "VIEW_WANTED", "publisher": "SERVED"}
# What is believed as far as it goes, and what no child says so often.
BELIEVED = {
    "worker": ("HEARTBEAT", "NAME", "REFUSED", "HOP", "FAILED", "SHADOW_IN_USE", "WATCHED",
               "PLACED", "ARRIVED"),
    "signer": ("PONG", "OVER_CEILING"),
    "recorder": ("PONG",),
    "fetcher": ("PONG", "FETCHED"),
    "publisher": ("SERVED",),
    "web": ("PONG", "VIEW_WANTED", "SERVED", "ALARM"),
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

    def start_with_all(self):
        """The fetcher too, which there is where certificates are to be fetched; and who serves pages."""
        self.start(more='fetch = { prefetch = [ "https://%s:8443/c.pem" ]; }; web = { port = 8080; address = "%s"; }; '
                        'repository = { port = 8081; address = "%s"; };' % (self.net(5), self.net(1), self.net(1)))

    def serving(self, role):
        """One that has said that it serves: it has given up its rights, and waits for what comes."""
        every = int(status_of(self.stird.process.pid, "Seccomp_filters")) + 2
        def waits():
            pid = self.stird.child(role)
            try:
                with open("/proc/%d/syscall" % pid, encoding="ascii") as source:
                    call = source.read().split()[0]
                return pid if call in possess.WAITING and int(status_of(pid, "Seccomp_filters")) >= every else None
            except (OSError, TypeError):  # it has ended, or there is none
                return None
        return stird.wait_until(waits, HANG_S, "a %s that serves" % role)

    def say(self, role, word, times=1, **fields):
        pid = self.serving(role)
        self.words.say(pid, self.stird.process.pid, word, times, **fields)
        return pid

    def say_octets(self, pid, octets, times=1):
        fd = control_of(pid, self.stird.process.pid)
        try:
            with possess.Possessed(pid) as child:
                said = 0
                while said < times:
                    result, n = child.repeat(times - said, "sendto", fd, octets, len(octets), 0x4040, 0, 0)
                    said += n
                    if result not in (len(octets), -11):
                        break
        except possess.Died:
            pass

    def alarms(self):
        return [a["name"] for a in stirctl.ask(self.stird.configuration, "status")["alarms"]]


class Lies(WordsStory):
    def walk(self, role):
        self.start_with_all()
        for count, (word, generation) in enumerate(LIES[role], 1):
            with self.subTest(word=word, generation=generation):
                old = self.say(role, word, generation=generation)
                self.replaced(role, old)
                stird.wait_until(lambda: self.stats()["children_false"] == count, HANG_S, "counted")
        for count, length in enumerate(NO_WORDS, len(LIES[role]) + 1):
            with self.subTest(length=length):
                old = self.serving(role)
                self.say_octets(old, self.words.octets(OWN[role], length))
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

    def test_of_a_fetcher(self):
        self.walk("fetcher")

    def test_of_a_web(self):
        self.walk("web")

    def test_of_a_publisher(self):
        self.walk("publisher")


class Floods(WordsStory):
    def walk(self, role):
        self.start_with_all()
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

    def test_of_a_fetcher(self):
        self.walk("fetcher")

    def test_of_a_web(self):
        self.walk("web")

    def test_of_a_publisher(self):
        self.walk("publisher")

    def test_of_numbers(self):
        """What can be no count is believed so far that the sum can still be shown, and still grows."""
        self.start()
        for n in range(1, 4):
            self.say("signer", "OVER_CEILING", generation=NEVER)
            stird.wait_until(lambda n=n: self.stats()["sign_requests_over_ceiling"] == n * 2**53, HANG_S, "counted")

    def test_of_packets_without_octets(self):
        """One says nothing and closes nothing; many are many words."""
        self.start()
        for count, role in enumerate(self.ROLES, 1):
            old = self.serving(role)
            self.say_octets(old, b"")
            self.signed_again()
            self.assertEqual(self.stird.wait_child(role), old, "once is no reason")
            self.say_octets(old, b"", 5000)
            self.replaced(role, old)
            stird.wait_until(lambda: self.stats()["children_false"] == count, HANG_S, "counted")
        self.signed_again()


class Passing(WordsStory):
    """Who comes, says something and ends: the loader of a reload, the checker of a look."""

    def born(self, role, begin):
        """One that has just given up its rights, which BEGIN has started."""
        every = int(status_of(self.stird.process.pid, "Seccomp_filters")) + 2
        return possess.Newborn(self.stird.process.pid, "stird-" + role, begin,
                               lambda pid: int(status_of(pid, "Seccomp_filters")) >= every)

    def ask(self, *words):
        """stirctl, for whose end nobody waits."""
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [os.path.join(os.path.dirname(stird.binary()), "stirctl"), "-c", self.stird.configuration,
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def held(self, things):
        """How often the supervisor has each of them, as /proc names it."""
        has = list(stird.descriptors(self.stird.process.pid).values())
        return {thing: has.count(thing) for thing in things}

    def walk(self, role, begin, lies, after=lambda: None):
        """Each of LIES is told by one; the supervisor is as before, and has counted it."""
        supervisor, told = self.stird.process.pid, 0
        for name, lie in lies:
            with self.subTest(lie=name):
                self.before = {}
                try:
                    with self.born(role, begin) as child:
                        pid = child.pid
                        counted = lie(child, control_of(pid, supervisor))
                except possess.Died:
                    counted = True
                told += counted
                stird.wait_until(lambda pid=pid: not stird.alive(pid), HANG_S, "its end")
                stird.wait_until(lambda: self.stats()["children_false"] == told, HANG_S, "counted: " + name)
                stird.wait_until(lambda: self.held(self.before) == self.before, HANG_S, "they are closed: " + name)
                after()
        self.assertIsNone(self.stird.process.poll(), "the supervisor")
        self.signed_again()


class OfALoader(Passing):
    HUGE = 10 << 30

    def begin(self):
        self.stird.reload()

    # what it attaches
    def sealed(self, child, octets=b"x", at=0, seals=15):
        fd = child.do("memfd_create", b"x\0", 2)
        child.do("lseek", fd, at, 0)
        child.do("write", fd, octets, len(octets))
        child.do("fcntl", fd, 1033, seals)
        return fd

    def attached(self, kind):
        """A function that makes, in a child, what is of this kind."""
        makes = {
            "a socket": lambda child, fd: fd,
            "the log": lambda child, fd: 2,
            "a pipe that nobody fills": lambda child, fd: self.pipe(child),
            "a device": lambda child, fd: child.do("openat", possess.AT_FDCWD, b"/dev/zero\0", 0),
            "a file": lambda child, fd: child.do("openat", possess.AT_FDCWD, b"/proc/self/maps\0", 0),
            "a directory": lambda child, fd: child.do("openat", possess.AT_FDCWD, b"/\0", 0),
            "memory that is not sealed": lambda child, fd: self.sealed(child, seals=0),
            "memory that can be written": lambda child, fd: self.sealed(child, seals=6),
            "sealed memory": lambda child, fd: self.sealed(child),
            "sealed memory, empty": lambda child, fd: self.sealed(child, b""),
            "sealed memory, huge and empty": lambda child, fd: self.sealed(child, at=self.HUGE),
        }
        return makes[kind]

    def pipe(self, child):
        ends = child.lay(bytes(8))
        child.do("pipe2", ends, 0o4000)
        with open("/proc/%d/mem" % child.pid, "rb", buffering=0) as memory:
            memory.seek(ends)
            return int.from_bytes(memory.read(4), "little")

    def lie(self, word, kind, n, length=0, counted=True):
        """WORD with N of that KIND. COUNTED: it is false by its form, and not by what is in it."""
        def tell(child, fd):
            attached = [self.attached(kind)(child, fd)] * n if n else []
            self.assertGreaterEqual(min(attached, default=0), 0, kind)
            self.before = self.held({os.readlink("/proc/%d/fd/%d" % (child.pid, n)) for n in attached})
            self.assertGreaterEqual(self.words.hand(child, fd, word, attached, length), 0, "it is sent")
            return counted
        return "%s with %d of %s, %+d" % (word, n, kind, length), tell

    def reload_is_good(self):
        self.stird.wait_log("reload failed")
        self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)

    def test_words_with_what_does_not_belong_to_them(self):
        self.start()
        lies = [self.lie(word, kind, {"LOADED": 2, "MISTAKES": 1}[word])
                for word in ("LOADED", "MISTAKES")
                for kind in ("a socket", "the log", "a pipe that nobody fills", "a device", "a file", "a directory",
                             "memory that is not sealed", "memory that can be written")]
        lies += [self.lie("LOADED", "sealed memory", n) for n in (0, 1, 4, 5, 253)]
        lies += [self.lie("MISTAKES", "sealed memory", n) for n in (0, 2, 3, 4, 253)]
        lies += [self.lie(word, "sealed memory", 2) for word in ("READY", "CERTIFICATE", "HEARTBEAT", "CHANNEL", "SNAPSHOT", "ALARM", 0, 9999)]
        lies += [self.lie("LOADED", "sealed memory", 2, length) for length in (-1, 1)]
        self.walk("loader", self.begin, lies)
        self.reload_is_good()

    def test_a_configuration_that_is_none(self):
        """In its form it is one: the reload fails, and the supervisor has neither waited nor paid for it."""
        self.start()
        kinds = ("sealed memory", "sealed memory, empty", "sealed memory, huge and empty")
        self.walk("loader", self.begin,
                  [self.lie(word, kind, n, counted=False) for kind in kinds
                   for word, n in (("LOADED", 2), ("LOADED", 3), ("MISTAKES", 1))], self.reload_is_good)

    def test_its_last_word_without_an_end(self):
        """It is ended, and the next reload has its place."""
        self.start()
        def stays(lie):
            def tell(child, fd):
                lie(child, fd)
                os.kill(child.pid, signal.SIGSTOP)
                return False
            return tell
        lies = [self.lie(word, "sealed memory", n, counted=False) for word, n in (("MISTAKES", 1), ("LOADED", 2))]
        self.walk("loader", self.begin, [(name, stays(lie)) for name, lie in lies], self.reload_is_good)

    def test_a_worker_that_refuses_what_it_begins_with(self):
        """That is no word on a reload which is still on its way."""
        self.start()
        supervisor, old = self.stird.process.pid, self.stird.wait_child("worker")
        with self.born("loader", self.begin) as loader:
            os.kill(loader.pid, signal.SIGSTOP)
        try:
            with possess.Newborn(supervisor, "stird-worker", lambda: os.kill(old, signal.SIGKILL),
                                 lambda pid: True) as worker:
                self.words.say_by(worker, control_of(worker.pid, supervisor), "SNAPSHOT_REFUSED", 1, generation=1)
        except possess.Died:
            pass
        self.stird.wait_log("the new configuration cannot be taken")
        stird.wait_until(lambda: [w["state"] for w in stirctl.ask(self.stird.configuration, "status")["workers"]]
                         == ["serving"], HANG_S, "another worker")
        os.kill(loader.pid, signal.SIGCONT)
        self.stird.wait_log("reload done|reload failed")
        self.assertFalse(self.stird.log_lines("reload failed"))
        self.assertEqual(self.stats()["children_false"], 0)

    def test_more_words_than_one_has(self):
        self.start()
        def flood(child, fd):
            self.words.say_by(child, fd, "PONG", 5000)
            return True
        self.walk("loader", self.begin, [("a flood", flood)])
        self.reload_is_good()


class OfAChecker(Passing):
    def begin(self):
        self.ask("cert", "check")

    def words_of(self, *words):
        """(word, unit), one after the other; the last one is false."""
        def tell(child, fd):
            for word, unit in words:
                child.do(*self.words.call(fd, word, unit=unit, generation=1, state=1, text=b"served"))
            return True
        return str(words), tell

    def test_words_that_are_not_in_their_turn(self):
        self.start(check='interval = "0ms";')
        lies = [self.words_of((word, 0)) for word in (*OF_WORKERS, *FOREIGN, "READY", "PONG", "ROTATE", "OVER_CEILING", "ALARM",
                                                        "LOADED", "MISTAKES", "TABLE")]
        lies += [self.words_of(("CERTIFICATE", 1)), self.words_of(("CERTIFICATE", 2**32 - 1)),
                 self.words_of(("CERTIFICATE", 0), ("CERTIFICATE", 0)),
                 self.words_of(*[("CHECK_FAULT", 0)] * 3),
                 self.words_of(("CERTIFICATE", 0), ("CHECKED", 0), ("CHECKED", 0)),
                 self.words_of(("CHECKED", 0), ("CERTIFICATE", 0))]
        self.walk("checker", self.begin, lies)
        status, _, err = stirctl.run(self.stird.configuration, "cert", "check")
        self.assertEqual(status, 0, err)


def told(*words):
    """(word, fields), one after the other; the last one is false."""
    def tell(child, fd, say):
        for word, fields in words:
            child.do(*say.call(fd, word, **fields))
        return True
    return str(words), tell


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
class OfTrust(Passing):
    """Who makes the domains of trust, and who fetches their lists."""

    def start_trust(self, **more):
        made = self.lab.path("made")
        self.assertEqual(stirctl.run("/none", "lab-ca", made)[0], 0)
        domain = {"name": "us", "anchors": made + "/root.pem", "crls": [made + "/crl.pem"],
                  "crl_signer": made + "/intermediate.pem", **more}
        self.start(more="trust = ( %s ); fetch = { lab = true; timeout = \"1s\"; };" % settings.group(domain))
        self.wait_trust()

    def wait_trust(self):
        stird.wait_until(lambda: self.domains()["trust"][0]["state"] == "in force", HANG_S, "trust in force")

    def domains(self):
        return stirctl.ask(self.stird.configuration, "trust", "list")

    def begin(self):
        self.ask("trust", "refresh")

    def lies(self, role, lies):
        """Each is counted, what is in force stays, and the next one makes it anew."""
        generation = self.domains()["generation"]
        bound = [(name, lambda child, fd, tell=tell: tell(child, fd, self.words)) for name, tell in lies]
        self.walk(role, self.begin, bound)
        self.assertEqual(self.domains()["trust"][0]["authorities"], 1)
        self.assertGreaterEqual(self.domains()["generation"], generation)

    def test_of_who_makes_trust(self):
        self.start_trust()
        built = ("TRUST_BUILT", {})
        self.lies("trust", [told((word, {})) for word in (
            *OF_WORKERS, *FOREIGN, "READY", "PONG", "ROTATE", "OVER_CEILING", "ALARM", "LOADED", "MISTAKES", "TABLE",
            "BROUGHT", "CHECKED")] + [
                told(("TRUST_DOMAIN", {"unit": 1})), told(("TRUST_DOMAIN", {"unit": 2**32 - 1})),
                told(("TRUST_SOURCE", {"unit": 0, "state": 2})), told(("TRUST_SOURCE", {"unit": 0, "state": 2**32 - 1})),
                told(("TRUST_SOURCE", {"unit": 1})),
                told(built), told(("TRUST_DOMAIN", {"unit": 0}), built)])
        status, _, err = stirctl.run(self.stird.configuration, "trust", "refresh")
        self.assertEqual(status, 0, err)

    def test_an_image_that_is_none(self):
        """It says that it has written one: workers look, keep the one before, and say so to who waits."""
        self.start_trust()
        before = self.domains()
        try:
            with self.born("trust", self.begin) as child:
                image = next(fd for fd, where in stird.descriptors(child.pid).items() if where.startswith("/memfd:trust ")
                             and not os.stat("/proc/%d/fd/%d" % (child.pid, fd)).st_size)
                control = control_of(child.pid, self.stird.process.pid)
                child.do("write", image, b"garbage", 7)
                child.do(*self.words.call(control, "TRUST_DOMAIN", unit=0))
                child.do(*self.words.call(control, "TRUST_BUILT"))
                os.kill(child.pid, signal.SIGKILL)
        except possess.Died:
            pass
        self.stird.wait_log("the domains of trust do not arrive")
        self.assertGreater(self.domains()["generation"], before["generation"])
        stird.wait_until(lambda: self.domains()["workers_without"] == 1 or self.domains()["trust"][0]["authorities"], HANG_S,
                         "that the worker has looked")
        status, _, err = stirctl.run(self.stird.configuration, "trust", "refresh")
        self.assertEqual(status, 0, err)
        self.assertEqual(self.domains()["workers_without"], 0)

    def test_of_a_courier(self):
        made = self.lab.path("made")
        self.start_trust(crls=[made + "/crl.pem", "https://%s:8443/crl" % self.net(50)])
        self.lies("courier", [told((word, {})) for word in (
            *OF_WORKERS, *FOREIGN, "READY", "PONG", "ROTATE", "ALARM", "LOADED", "MISTAKES", "TABLE", "TRUST_DOMAIN",
            "TRUST_SOURCE", "TRUST_BUILT", "CHECKED")] + [
                told(("BROUGHT", {"unit": 1})), told(("BROUGHT", {"unit": 2**32 - 1})), told(*[("BROUGHT", {"unit": 0})] * 2)])

    def test_more_words_than_one_has(self):
        self.start_trust()
        def flood(child, fd):
            self.words.say_by(child, fd, "TRUST_DOMAIN", 5000, unit=0)
            return True
        self.walk("trust", self.begin, [("a flood", flood)])
        self.assertEqual(self.domains()["trust"][0]["authorities"], 1)


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
class BeforeReady(WordsStory):
    """A child that serves says what it has to say when it serves, but for the early words of its role."""

    def test_a_word_that_comes_too_early(self):
        self.start_with_all()
        supervisor = self.stird.process.pid
        for count, (role, word) in enumerate((("worker", "HEARTBEAT"), ("worker", "HOP"), ("signer", "OVER_CEILING"),
                                              ("recorder", "ROTATE"), ("fetcher", "FETCHED")), 1):
            with self.subTest(role=role, word=word):
                old = self.serving(role)
                try:
                    with possess.Newborn(supervisor, "stird-" + role, lambda old=old: os.kill(old, signal.SIGKILL),
                                         lambda pid: True) as child:
                        self.words.say_by(child, control_of(child.pid, supervisor), word, 1, generation=1)
                except possess.Died:
                    pass
                stird.wait_until(lambda count=count: self.stats()["children_false"] == count, HANG_S, "counted")
        self.signed_again()


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
