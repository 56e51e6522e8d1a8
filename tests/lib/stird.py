"""Starts a stird, waits until it is ready, reads what it writes, ends it and only it."""

import json
import os
import re
import signal
import socket
import subprocess
import time

from .lab import binary, end_with_parent
from .patience import HANG_S


def children_of(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as source:
            return [int(word) for word in source.read().split()]
    except OSError:
        return []


def alive(pid):
    """Running: a zombie is not."""
    try:
        with open("/proc/%d/stat" % pid, encoding="latin-1") as source:
            return source.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def name_of(pid):
    """What the process calls itself; "" once it has ended, or is just ending."""
    try:
        with open("/proc/%d/comm" % pid, encoding="ascii") as source:
            return source.read().strip()
    except OSError:  # ENOENT before it is opened, ESRCH after
        return ""


def descriptors(pid):
    """{descriptor: what it is}; one that is closed meanwhile, or whose process has ended, is none."""
    found = {}
    try:
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                found[int(fd)] = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            except OSError:
                pass
    except OSError:
        pass
    return found


def wait_until(condition, timeout, what):
    """Polls CONDITION until it holds; answers with its value. No wait is shorter than a hang is."""
    timeout = max(timeout, HANG_S)
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "%s: not within %.1f s" % (what, timeout)
        time.sleep(0.005)


def check_configuration(path):
    """`stird -t`: exit status and all that it says."""
    run = subprocess.run([binary(), "-t", "-c", path], capture_output=True, text=True, timeout=HANG_S,
                         check=False)
    return run.returncode, run.stdout + run.stderr


class Stird:
    def __init__(self, lab, configuration, records=None):
        self.lab, self.configuration = lab, configuration
        self.records_path = records or lab.path("records.jsonl")
        self.log_path = lab.path("stird.log")
        self.process, self.ready = None, False
        self.stderr = None  # a descriptor instead of the log file
        self.prepare = end_with_parent  # in the new process, before stird is executed

    # life
    def start(self):
        path = self.lab.path("notify")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        environment = dict(os.environ, NOTIFY_SOCKET=path)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([binary(), "-f", "-c", self.configuration],
                                            stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log if self.stderr is None else self.stderr,
                                            env=environment, cwd=self.lab.directory,
                                            preexec_fn=self.prepare)
        self.notify = notify
        self.wait_notify("READY=1")
        self.ready = True
        return self

    def wait_notify(self, what, timeout=HANG_S):
        """systemd's word for it: READY=1, RELOADING=1, STOPPING=1, STATUS=..."""
        deadline = time.monotonic() + timeout
        ended = False
        while time.monotonic() < deadline:
            self.notify.settimeout(0.05)
            try:
                if what in self.notify.recv(4096).decode():
                    return
            except socket.timeout:
                # What it said before it ended may have come after we stopped listening.
                assert not ended, "stird ended with %s:\n%s" % (self.process.returncode, self.log())
                ended = self.process.poll() is not None
        raise AssertionError("no %s within %.1f s:\n%s" % (what, timeout, self.log()))

    def stop(self, timeout=HANG_S):
        """SIGTERM; afterwards neither it nor a child of it may be left."""
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        family = self.family()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill(family)
            raise AssertionError("stird did not end within %.0f s of SIGTERM" % timeout) from None
        wait_until(lambda: not any(map(alive, family)), HANG_S, "children end with the supervisor")
        self.notify.close()
        os.unlink(self.lab.path("notify"))
        return status

    def kill(self, family=None):
        """SIGKILL to the supervisor and the children that it had."""
        for pid in [self.process.pid] + list(family if family is not None else self.family()):
            try:
                if alive(pid):
                    os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it ended with its supervisor
                pass
        self.process.wait(HANG_S)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    # its processes
    def family(self):
        """All descendants' process ids."""
        found, queue = [], children_of(self.process.pid)
        while queue:
            pid = queue.pop()
            found.append(pid)
            queue.extend(children_of(pid))
        return found

    def child(self, role):
        """The process id of the child with this role, or None: worker, signer, recorder."""
        for pid in self.family():
            if role in name_of(pid) and alive(pid):
                return pid
        return None

    def wait_child(self, role, other_than=None, timeout=HANG_S):
        def present():
            pid = self.child(role)
            return pid if pid and pid != other_than else None
        return wait_until(present, timeout, "a " + role)

    # what it writes
    def log(self):
        with open(self.log_path, "rb") as source:
            return source.read().decode("utf-8", "backslashreplace")

    def log_octets(self):
        with open(self.log_path, "rb") as source:
            return source.read()

    def log_lines(self, text):
        return [line for line in self.log().split("\n") if text in line]

    def wait_lines(self, text):
        """At least one: a process writes its line after the answer has left."""
        return wait_until(lambda: self.log_lines(text), HANG_S, "log line with %r" % text)

    def wait_log(self, pattern, timeout=HANG_S):
        return wait_until(lambda: re.search(pattern, self.log()), timeout,
                          "log line %r" % pattern)

    def records(self):
        """The records of calls so far; each whole line is strictly one JSON object."""
        if not os.path.exists(self.records_path):
            return []
        with open(self.records_path, "rb") as source:
            lines = source.read().split(b"\n")
        found = [json.loads(line.decode("utf-8", "strict")) for line in lines[:-1]]
        return [record for record in found if record["kind"] == "call"]

    def record(self, call_id, timeout=HANG_S):
        """The one record of this call; waits for it."""
        def found():
            return [record for record in self.records() if record["call_id"] == call_id]
        records = wait_until(found, timeout, "a record of call " + call_id)
        assert len(records) == 1, "%d records of one INVITE: %r" % (len(records), records)
        return records[0]
