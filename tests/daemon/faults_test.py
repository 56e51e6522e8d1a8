"""
Faults under steady calls, in short form: what each of them may cost is the table of
docs/reliability.md, and nothing else is lost. Ends of calls retransmit (lib/load.py).
"""

import datetime
import json
import math
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

from daemon import clock_test
from daemon.blocked_start_test import cpu_s
from daemon.lifetimes import ProcessStory
from lib import lab, stird, stirctl
from lib.dns import Dns
from lib.lab import end_with_parent
from lib.load import Load
from lib.patience import HANG_S

RATE = 40  # new calls a second
LONG = 60  # seconds: longer is a hang, however busy the machine is
SIGNING = 'signing = { timeout = "1s"; };'  # that a call leaves unsigned is not the machine's doing


class Fault(ProcessStory):
    def begin(self, records="", stderr=None, prepare=None, more="", **changes):
        """RECORDS: settings of that group."""
        self.path = self.configure(more=SIGNING + more, **changes)
        with open(self.path, encoding="utf-8") as source:
            text = source.read().replace("records = {", "records = { " + records)
        self.lab.write("stird.conf", text)
        self.stird = stird.Stird(self.lab, self.path)
        self.stird.stderr = stderr
        self.stird.prepare = prepare or end_with_parent
        self.stird.start()

    def steady(self, seconds, events=(), rate=RATE, **more):
        """Calls for so long, and what became of them."""
        load = Load(caller=(self.net(2), 5060), callee=(self.net(9), 5060), to=self.at()[1:])
        try:
            load.run(rate, seconds, events, **more)
        finally:
            load.close()
        return load

    def steady_until(self, *steps, rate=RATE):
        """Calls go on; STEPS are (when it holds, what is done then), one after the other."""
        load, left = Load(caller=(self.net(2), 5060), callee=(self.net(9), 5060), to=self.at()[1:]), list(steps)
        def done():
            while left and left[0][0]():
                left.pop(0)[1]()
            return not left
        try:
            load.run_until(rate, done)
        finally:
            load.close()
        self.assertFalse(left, "%d steps did not come" % len(left))
        return load

    def lost(self, load):
        return ["%s %s" % (call.id, call.state) for call in load.lost]

    def assert_none_lost(self, load):
        self.assertEqual(self.lost(load)[:10], [])

    def assert_signed(self, load, but_at=()):
        """All, or all but those from one of these moments on, until one that began later is signed."""
        moments = [(moment, load.signed_again(moment)) for moment in but_at]
        self.assertEqual([call.id for call in load.unsigned if not any(
            call.arrived >= moment and call.began <= again for moment, again in moments)], [])

    def signs_again(self):
        stird.wait_until(lambda: not self.steady(0.2).unsigned, LONG, "signatures are back")

    def kill(self, role, times=None):
        return self.stop(role, times, signal.SIGKILL)

    def stop(self, role, times=None, number=signal.SIGSTOP):
        """As an event; TIMES: where it is told when that was."""
        def event():
            if times is not None:
                times.append(time.monotonic())
            return self.hit(role, number)
        return event

    @staticmethod
    def on_their_way(load, moment):
        """Calls that had not ended, or not a second before: their records may be in the worker that dies then."""
        return sum(call.began <= moment and (call.answered or moment) >= moment - 1 for call in load.calls.values())

    @staticmethod
    def after(seconds):
        began = []
        def is_over():
            began.append(time.monotonic())
            return began[-1] - began[0] >= seconds
        return is_over

    def said(self, words):
        return lambda: self.stird.log_lines(words)

    def statistics(self):
        return stirctl.ask(self.path, "stats")

    # records
    def lines(self):
        """Whole lines; the last one may be in the making."""
        with open(self.stird.records_path, encoding="utf-8") as source:
            return [json.loads(line) for line in source.read().split("\n")[:-1]
                    if line.startswith("{") and line.endswith("}")]

    def dropped(self):
        return sum(line.get("dropped", 0) for line in self.lines())

    def assert_each_has_a_record(self, *loads, but_for=0):
        """One, or it is among those that a dropped line tells; BUT_FOR those of a dead worker."""
        ids = {call.id for load in loads for call in load.calls.values()}
        def accounted():
            found = [line["call_id"] for line in self.lines() if line["kind"] == "call"]
            self.assertEqual(len(found), len(set(found)), "no call has two records")
            return len(ids.intersection(found)) + self.dropped() >= len(ids) - but_for
        stird.wait_until(accounted, LONG, "a record of each call")

    def assert_whole(self, gaps=None):
        """The chain is; GAPS: whether there have to be some."""
        status, out, err = stirctl.run(self.path, "records", "verify", "--json")
        self.assertEqual(status, 0, out + err)
        report = json.loads(out)
        self.assertEqual(report["dropped"], self.dropped())
        if gaps is not None:
            self.assertEqual(report["dropped"] > 0, gaps, out)
        self.assertEqual(self.statistics()["records_dropped"], report["dropped"])


class Death(Fault):
    def test_kill_each(self):
        """None is lost: not a call, and of its records those that a dying worker still held."""
        self.begin()
        signer, worker = [], []
        load = self.steady(4, [(0.5, self.kill("recorder")), (1.3, self.kill("signer", signer)),
                              (2.1, self.kill("worker", worker)), (2.9, self.kill("recorder"))])
        self.assert_none_lost_but_taken_along(load)
        self.assert_signed(load, but_at=signer)
        self.signs_again()
        self.assert_each_has_a_record(load, but_for=self.on_their_way(load, worker[0]))  # it is made at a call's end
        self.assert_whole()

    def test_kill_the_supervisor(self):
        """Nothing is left of it; the next one serves those who retransmit, and BYEs of old calls."""
        self.begin()
        def again():
            family = self.stird.family()
            os.kill(self.stird.process.pid, signal.SIGKILL)
            self.stird.process.wait(LONG)
            self.wait_until_gone(family)
            self.stird.notify.close()
            os.unlink(self.lab.path("notify"))
            self.stird.start()
        load = self.steady(4, [(1.5, again)])
        self.assert_none_lost(load)
        status, out, _ = stirctl.run(self.path, "records", "verify")
        self.assertEqual(status, 0, out)

    def wait_until_gone(self, pids):
        stird.wait_until(lambda: not any(map(stird.alive, pids)), LONG, "children end with it")

    def test_stop_the_worker(self):
        self.begin()
        load = self.steady(4, [(0.2, self.stop("worker"))])
        self.assert_none_lost(load)
        self.stird.wait_lines("its event loop stands still")

    def test_stop_the_signer(self):
        self.begin()
        stopped = []
        load = self.steady(2.5, [(0.3, self.stop("signer", stopped))])
        self.assert_none_lost(load)
        self.assert_signed(load, but_at=stopped)
        self.signs_again()

    def test_stop_the_supervisor(self):
        """Calls go on without; what it did not hear waits for it."""
        self.begin()
        pid, before = self.stird.process.pid, self.children()
        load = self.steady(4, [(0.3, lambda: os.kill(pid, signal.SIGSTOP)),
                                (3.6, lambda: os.kill(pid, signal.SIGCONT))])
        self.assert_none_lost(load)
        self.assert_signed(load)
        self.assert_each_has_a_record(load)
        self.assertEqual(self.children(), before)


class Records(Fault):
    def test_stop_the_recorder(self):
        """It is noticed, said, and another one writes what waited; what it had in its hands is told."""
        self.begin()
        pid, stopped = self.stird.wait_child("recorder"), []
        load = self.steady(5, [(0.2, self.stop("recorder", stopped))])
        self.assert_none_lost(load)
        self.assert_signed(load)
        self.stird.wait_child("recorder", other_than=pid, timeout=LONG)
        self.assert_each_has_a_record(load)
        self.stird.wait_lines("child=stird-recorder")
        self.stird.wait_lines("it does not answer")
        self.assertEqual(stirctl.ask(self.path, "status")["recorder"]["hangs"], 1)
        self.assertLessEqual(self.dropped(), sum(call.began <= stopped[0] for call in load.calls.values()))
        self.assert_whole(gaps=self.dropped() > 0)

    def test_more_than_can_wait(self):
        """What finds no room is counted, said and told at its place, a worker's death or not."""
        self.begin(records='backlog = "64k";')
        stopped, worker = set(), []
        def dropped():
            pid = self.stird.child("recorder")
            if pid and pid not in stopped:  # or another, where it took so long that the first was replaced
                stopped.add(pid)
                self.send(pid, signal.SIGSTOP)
            return self.stird.log_lines("records are dropped")
        load = self.steady_until((dropped, self.kill("worker", worker)), (lambda: True, lambda: [
            self.send(pid, signal.SIGCONT) for pid in stopped if self.stird.child("recorder") == pid]), rate=180)
        self.assert_none_lost_but_taken_along(load)
        self.assert_each_has_a_record(load, but_for=self.on_their_way(load, worker[0]))
        self.assertGreater(self.dropped(), 0)
        after = self.steady(0.5)
        self.assert_each_has_a_record(after)
        status, out, _ = stirctl.run(self.path, "records", "verify")
        self.assertEqual(status, 0, out)
        self.assertRegex(out, r"records\.jsonl:\d+: a gap: \d+ records were dropped before")
        self.assertRegex(out, r"good: .* %d records dropped in \d+ gaps?" % self.dropped())

    def test_full_disk(self):
        """A file that may not grow is one. When it may again, a line tells what is missing."""
        self.begin()
        pid = self.stird.wait_child("recorder", timeout=LONG)
        def limit(size):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        load = self.steady_until((lambda: True, lambda: limit(15000)),
                                 (self.said("records are lost"), lambda: limit(1 << 40)))
        self.assert_none_lost(load)
        self.assert_signed(load)
        self.assert_each_has_a_record(load)
        self.assert_whole(gaps=True)
        self.assert_few_in_a_row()
        self.stird.wait_lines("records are lost")
        self.assertEqual(self.stird.child("recorder"), pid)


    def full(self):
        """The record file may not grow by as much as a line."""
        pid = self.stird.wait_child("recorder", timeout=LONG)
        size = stird.wait_until(lambda: os.path.getsize(self.stird.records_path), LONG, "its first line")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def assert_the_next_one_tells(self, load, untold=True):
        """UNTOLD: whether the last one left some to tell: a disk may have had room for one more line."""
        self.stird.start()
        self.assert_each_has_a_record(load)
        self.assertEqual(sum(line["kind"] == "call" for line in self.lines()) + self.dropped(),
                         len(load.calls), "nothing is told twice")
        status, out, err = stirctl.run(self.path, "records", "verify")
        self.assertEqual(status, 0, out + err)
        if untold:
            self.stird.wait_lines("records that an earlier stird lost are told now")

    def test_full_disk_and_a_stop(self):
        """What no line could tell when stird ended, the next one does; once."""
        self.begin()
        self.full()
        load = self.steady(1)
        self.stird.stop()
        self.stird.wait_lines("records are lost that no line tells yet")
        self.assert_the_next_one_tells(load)
        self.stird.stop()
        told = self.dropped()
        self.stird.start()
        self.stird.stop()
        self.assertEqual(self.dropped(), told)
        self.assertGreater(told, 0)

    def test_full_disk_and_a_death(self):
        """The supervisor is killed: what was known a second before."""
        self.begin()
        self.full()
        load = self.steady(0.5)
        kept = self.lab.path("state", "records-untold")
        def is_kept():
            with open(kept, encoding="ascii") as source:
                return int(source.read().split()[0]) == len(load.calls)
        stird.wait_until(is_kept, LONG, "the count is in the state directory")
        family = self.stird.family()
        os.kill(self.stird.process.pid, signal.SIGKILL)
        self.stird.process.wait(LONG)
        stird.wait_until(lambda: not any(map(stird.alive, family)), LONG, "children end with it")
        self.stird.notify.close()
        os.unlink(self.lab.path("notify"))
        self.assert_the_next_one_tells(load)

    def test_a_stopped_recorder_and_a_stop(self):
        """What waits for a recorder that writes nothing, in its channel and in the backlog."""
        self.begin(records='backlog = "64k";')
        calls, pid = {}, None
        while pid is None or self.stird.child("recorder") != pid:  # it is replaced where all that took too long
            pid = self.stop("recorder")()
            load = self.steady(2, rate=180)
            calls.update(load.calls)
        load.calls = calls
        self.stird.stop()
        self.assert_the_next_one_tells(load)

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root mounts a file system")
    def test_full_file_system_and_a_stop(self):
        """A real one, the state directory on it as well."""
        small = self.lab.path("small")
        os.mkdir(small)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", small], check=False).returncode:
            self.skipTest("SKIPPED: no mount here")
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=False)
        self.begin()
        with open(self.path, encoding="utf-8") as source:
            text = source.read()
        self.stird.stop()
        os.unlink(self.stird.records_path)
        for name in ("records.jsonl", "state"):
            text = text.replace(self.lab.path(name), os.path.join(small, name))
        self.lab.write("stird.conf", text)
        self.stird.records_path = os.path.join(small, "records.jsonl")
        self.stird.start()
        load = self.steady(2)
        self.assert_none_lost(load)
        self.stird.stop()
        self.assertLess(len(self.lines()), len(load.calls))
        subprocess.run(["mount", "-o", "remount,size=10m", small], check=True)
        untold = self.stird.log_lines("records are lost that no line tells yet")
        self.assert_the_next_one_tells(load, bool(untold))
        self.stird.stop()

    def assert_few_in_a_row(self):
        """Dropped lines without a record between them: the pauses that bring one double
        (unit/losses_test), so however slow the machine is, the disk is not filled up with them."""
        rows = [[]]
        for line in self.lines():
            if line["kind"] == "dropped":
                rows[-1].append(datetime.datetime.fromisoformat(line["ts"].rstrip("Z")))
            else:
                rows.append([])
        for row in filter(None, rows):
            seconds = (row[-1] - row[0]).total_seconds()
            # the beginning, the end of a part, and what comes when there is room again
            self.assertLessEqual(len(row), 3 + math.log2(1 + seconds), row)


class Outside(Fault):
    def test_silent_dns_and_a_dying_worker(self):
        """The next worker knows the addresses; so does the one after it."""
        dns = Dns(self.net(53))
        self.addCleanup(dns.close)
        dns.address("carrier.test", self.net(9), ttl=1)
        self.begin(upstreams=[{"name": "carrier", "uri": "sip:carrier.test:5060;transport=udp"}],
                   more='dns = { servers = [ "%s" ]; };' % self.net(53))
        def silent():
            dns.silent = True
        load = self.steady(4.5, [(1.2, silent), (1.5, self.kill("worker")),
                                 (3, self.kill("worker"))])
        self.assert_none_lost_but_taken_along(load)
        self.assert_signed(load)
        dns.silent = False

    def test_blocked_stderr(self):
        """Nobody reads the log: no process waits for that, and the first line read tells so."""
        ends = os.pipe()
        self.begin(stderr=ends[1], more='log = { level = "debug"; };')
        os.close(ends[1])
        load = self.steady(3, [(1, self.kill("worker"))])
        self.assert_none_lost_but_taken_along(load)
        self.assert_signed(load)
        self.assertGreater(self.statistics()["log_lines_dropped"], 0)
        os.set_blocking(ends[0], False)
        text = b""
        while b"log lines were dropped" not in text:
            try:
                text += os.read(ends[0], 65536)
            except BlockingIOError:
                self.steady(0.2)
        os.close(ends[0])

    def test_no_descriptors(self):
        """Connections find none left; datagrams need none."""
        def few():
            end_with_parent()
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        self.begin(prepare=few)
        connections = []
        def connect():
            for _ in range(200):
                connection = socket.socket()
                connection.bind((self.net(2), 0))
                connection.setblocking(False)
                connection.connect_ex((self.net(1), 5060))
                connections.append(connection)
        load = self.steady(3, [(0.5, connect)])
        for connection in connections:
            connection.close()
        self.assert_none_lost(load)
        self.assert_signed(load)
        self.assertFalse(self.stird.log_lines("child ended"))

    def few_descriptors(self, most):
        def few():
            end_with_parent()
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        return few

    def test_too_few_descriptors(self):
        """It says how many, and starts nothing; with so many it serves, and all is replaced once."""
        path = self.configure(more="workers = 2;")
        def said_with(most, *words):
            done = subprocess.run([lab.binary(), *words, "-c", path], capture_output=True, text=True,
                                  preexec_fn=self.few_descriptors(most), timeout=HANG_S, check=False)
            return done.returncode, done.stdout + done.stderr
        status, said = said_with(34, "-f")
        self.assertNotEqual(status, 0, said)
        self.assertNotIn("child", said)
        needed = re.search(r"workers: 2 of them and 1 listeners need (\d+) descriptors", said)
        self.assertTrue(needed, said)
        self.assertIn("LimitNOFILE", said)
        least = int(needed.group(1))
        self.assertIn("stird does not start", said_with(least - 1, "-t")[1])
        self.assertNotIn("does not start", said_with(least, "-t")[1])
        self.begin(prepare=self.few_descriptors(least), more="workers = 2;")
        for _ in range(2):
            self.assertEqual(stirctl.run(self.path, "reload", "--wait")[0], 0)
        for _ in range(3):
            self.hit("worker")
            self.signed_call()
        self.assertFalse(self.stird.log_lines("Too many open files"))

    def test_descriptors_that_run_out(self):
        """Nobody is started whom nobody could tell anything: when there are some, it goes on."""
        self.begin()
        supervisor, worker = self.stird.process.pid, self.stird.wait_child("worker")
        _, hard = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (4, hard))
        self.hit("worker")
        self.stird.wait_lines("a child cannot be started child=stird-worker")
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (hard, hard))
        self.stird.wait_child("worker", other_than=worker)
        self.signed_call()
        self.assertFalse(self.stird.log_lines("is not told what it needs"))
        self.assertFalse(self.stird.log_lines("cannot be mended"))
        self.assertEqual(self.statistics()["sockets_broken"], 0)
        self.assertEqual(len(self.stird.log_lines("child ended child=stird-worker")), 1)

    def test_no_descriptor_for_who_asks(self):
        """Whoever waits at the control socket is no spin, is said, and is heard when there are some."""
        self.begin()
        supervisor, words = self.stird.process.pid, "the control socket cannot take who asks"
        fds = {int(fd) for fd in os.listdir("/proc/%d/fd" % supervisor)}
        _, hard = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (min(set(range(len(fds) + 1)) - fds), hard))
        self.steady(1)
        self.assertEqual(self.stird.log_lines(words), [], "nobody asks")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as caller:
            caller.settimeout(HANG_S)
            caller.connect(self.lab.path("run", "control"))
            caller.send(struct.pack("=4I", 1, 1, 0, 0))  # status
            self.stird.wait_lines(words)
            began, used = time.monotonic(), cpu_s(supervisor)
            load = self.steady(2)
            self.assertLess(cpu_s(supervisor) - used, (time.monotonic() - began) / 5)
            self.assert_none_lost(load)
            resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (hard, hard))
            self.assertIn(b"supervisor_lacks", caller.recv(1 << 20))
        self.assert_one_a_minute(words)
        self.assertFalse(self.stird.log_lines("the supervisor cannot wait"))
        self.assertFalse(self.stird.log_lines("a child is killed"))

    def test_fewer_descriptors_than_are_watched(self):
        """poll() fails: nobody is killed for it, whoever hangs is, and the supervisor does not spin."""
        self.begin()
        supervisor, worker = self.stird.process.pid, self.stird.wait_child("worker")
        children = set(stird.children_of(supervisor))
        _, hard = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (4, hard))
        self.stird.wait_lines("the supervisor cannot wait for its children")
        began, used = time.monotonic(), cpu_s(supervisor)
        load = self.steady(4)  # more than any child but the recorder may be silent
        self.assertLess(cpu_s(supervisor) - used, (time.monotonic() - began) / 5)
        self.assertEqual(set(stird.children_of(supervisor)), children)
        self.assert_none_lost(load)
        os.kill(worker, signal.SIGSTOP)
        self.stird.wait_lines("a child is killed child=stird-worker")
        self.stird.wait_lines("a child cannot be started child=stird-worker")
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (hard, hard))
        self.stird.wait_child("worker", other_than=worker)
        self.signed_call()
        self.assertEqual(len(self.stird.log_lines("a child is killed")), 1)
        self.assertEqual(len(self.stird.log_lines("the supervisor cannot wait")), 1)
        self.assertGreater(self.statistics()["supervisor_lacks"], 0)
        self.stird.wait_lines("alarm=supervisor_lacks")

    def test_no_memory(self):
        """A worker that gets no more refuses, or ends and is replaced; later calls are well."""
        self.begin()
        pid = self.stird.wait_child("worker", timeout=LONG)
        with open("/proc/%d/statm" % pid, encoding="ascii") as source:
            size = int(source.read().split()[0]) * resource.getpagesize()
        def limit(more):
            try:
                resource.prlimit(pid, resource.RLIMIT_AS, (more, resource.RLIM_INFINITY))
            except ProcessLookupError:
                pass
        if os.environ.get("STIRD_SANITIZED") != "1":  # which take terabytes of addresses
            during = self.steady(2, [(0.1, lambda: limit(size)), (0.3, self.flood),
                                    (1.9, lambda: limit(resource.RLIM_INFINITY))], give_up=5)
            self.assertLess(len(during.lost), len(during.calls))
        after = self.steady(1)
        self.assert_none_lost(after)
        self.assert_signed(after)

    @unittest.skipIf(os.environ.get("STIRD_SANITIZED") == "1", "sanitizers take terabytes of addresses")
    def test_little_memory_from_the_start(self):
        """The ceilings go by what the process may have: requests that nobody answers cost no call."""
        def little():
            resource.setrlimit(resource.RLIMIT_AS, (60 << 20, 60 << 20))
            end_with_parent()
        self.begin(prepare=little)
        load = self.steady(4, [(at, self.flood) for at in (0.5, 1.5)])
        self.assert_none_lost(load)
        def full():
            self.flood()  # a busy worker's socket has lost some before
            self.assert_none_lost(self.steady(0.2))
            return self.statistics()["full_trunk"]
        stird.wait_until(full, LONG, "all that requests may hold is held")
        self.assertEqual(self.statistics()["no_memory"], 0)

    def flood(self):
        """300 requests of 60 KB, from the trunk itself."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((self.net(2), 5070))
        text = ("MESSAGE sip:+12155550199@%s SIP/2.0\r\n"
                "Via: SIP/2.0/UDP %s:5070;branch=z9hG4bK%%d;rport\r\nMax-Forwards: 70\r\n"
                "From: <sip:a@b>;tag=1\r\nTo: <sip:+12155550199@d>\r\nCall-ID: %%d\r\n"
                "CSeq: 1 MESSAGE\r\nContent-Length: 60000\r\n\r\n" % (self.net(1), self.net(2)))
        for i in range(300):
            sock.sendto((text % (i, i)).encode() + b"x" * 60000, (self.net(1), 5060))
        sock.close()

    def test_certificate_directory_gone(self):
        """Keys are in memory: it costs the reload, and signatures only when the signer dies too."""
        self.begin()
        unit = self.lab.unit.directory
        failed = []
        def gone():
            os.rename(unit, unit + ".away")
            thread = threading.Thread(target=lambda: failed.append(
                stirctl.run(self.path, "reload", "--wait", timeout=LONG)[0]))
            thread.start()
            self.addCleanup(thread.join)
        load = self.steady(2.5, [(0.5, gone)])
        self.assert_none_lost(load)
        self.assert_signed(load)
        stird.wait_until(lambda: failed, LONG, "the reload's end")
        self.assertEqual(failed, [1])
        without = self.steady(1.5, [(0.2, self.kill("signer"))])
        self.assert_none_lost(without)
        os.rename(unit + ".away", unit)
        self.signs_again()


class Clocks(clock_test.Clock, Fault):
    def test_clock_steps(self):
        self.begin_with_clock()
        steps = []
        def step(seconds):
            steps.append(time.monotonic())
            self.set_clock(seconds)
        def noticed():
            return len(self.stird.log_lines("the clock was set while running")) >= len(steps)
        load = self.steady_until((noticed, lambda: step(3600)), (noticed, lambda: step(-3600)),
                                 (noticed, lambda: step(0)), (noticed, lambda: None), (self.after(0.5), lambda: None))
        self.assert_none_lost(load)
        # The signer refuses a time that is not its own: that of a call between two clocks.
        self.assert_signed(load, but_at=steps)
        self.assertTrue(all(math.isfinite(load.signed_again(moment)) for moment in steps))
        self.assert_each_has_a_record(load)

    def begin_with_clock(self):
        self.path = self.configure(more=SIGNING)
        self.start_with(self.path)

    # those of the class itself run in clock_test
    test_an_hour_ahead = test_an_hour_back = None


if __name__ == "__main__":
    unittest.main()
