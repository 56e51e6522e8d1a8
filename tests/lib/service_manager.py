"""
A service manager that acts as systemd 252 does towards a service of Type=notify with
FileDescriptorStoreMax=: it keeps descriptors by name while the service is restarted, or has died,
and hands them to the next start. They are dropped when the service is stopped.
"""

import os
import shutil
import signal
import socket
import subprocess
import threading

from . import stird
from .lab import binary
from .patience import HANG_S

FIRST = 3  # SD_LISTEN_FDS_START
HIGH = 500  # above what a start is given


class Store:
    """Descriptors in the order in which they came, each under a name."""

    def __init__(self):
        self.kept = []  # (name, descriptor)
        self.polled = []  # names that came without FDPOLL=0
        self.lock = threading.Lock()

    def names(self):
        with self.lock:
            return sorted(name for name, _ in self.kept)

    def add(self, name, fds, polled):
        with self.lock:
            for fd in fds:
                if any(os.path.sameopenfile(fd, other) for _, other in self.kept):
                    os.close(fd)
                else:
                    self.kept.append((name, fd))
                    self.polled += [name] if polled else []

    def remove(self, name):
        with self.lock:
            for other, fd in self.kept:
                if other == name:
                    os.close(fd)
            self.kept = [(other, fd) for other, fd in self.kept if other != name]

    def clear(self):
        for name in self.names():
            self.remove(name)


class ManagedStird(stird.Stird):
    """A stird under such a manager. As a story's `stird` it is ended like any other."""

    def __init__(self, lab, configuration, records=None):
        super().__init__(lab, configuration, records)
        self.store, self.said, self.heard = Store(), [], threading.Condition()
        self.program = binary()
        self.environment = {}
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(lab.path("notify"))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    # what it says
    def _read(self):
        while True:
            try:
                data, fds, _, _ = socket.recv_fds(self.notify, 4096, 256)
            except OSError:
                return
            if not data:
                return
            for fd in fds:
                os.set_inheritable(fd, False)
            self._take(data.decode().split("\n"), fds)

    def _take(self, lines, fds):
        words = dict(line.partition("=")[::2] for line in lines)
        if words.get("BARRIER") == "1":
            os.close(fds[0])
        elif words.get("FDSTORE") == "1":
            self.store.add(words.get("FDNAME", "stored"), fds, words.get("FDPOLL") != "0")
        elif words.get("FDSTOREREMOVE") == "1":
            self.store.remove(words["FDNAME"])
        with self.heard:
            self.said += lines
            self.heard.notify_all()

    def wait_notify(self, what, timeout=HANG_S):
        with self.heard:
            came = self.heard.wait_for(lambda: any(what in line for line in self.said) or
                                       self.process.poll() is not None, timeout)
            good = any(what in line for line in self.said)
        assert came and good, "no %s:\n%s" % (what, self.log())

    # its life
    def _become(self):
        """In the new process: descriptors 3 and on are those that were kept."""
        self.prepare()
        copies = []
        for _, fd in self.store.kept:
            copies.append(os.dup2(fd, HIGH + len(copies), False))
        for i, fd in enumerate(copies):
            os.dup2(fd, FIRST + i, True)
        os.environ.update(self.environment)
        if copies:
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(copies)),
                              LISTEN_FDNAMES=":".join(name for name, _ in self.store.kept))

    def start(self):
        with self.heard:
            self.said = []
        os.environ["NOTIFY_SOCKET"] = self.lab.path("notify")
        try:
            with open(self.log_path, "ab") as log:
                self.process = subprocess.Popen([self.program, "-f", "-c", self.configuration],
                                                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                cwd=self.lab.directory, preexec_fn=self._become,
                                                close_fds=False)
        finally:
            del os.environ["NOTIFY_SOCKET"]
        return self

    def start_ready(self):
        self.start()
        self.wait_notify("READY=1")
        self.ready = True
        return self

    def end(self):
        """As a restart ends it: the descriptors stay."""
        family = self.family()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(HANG_S)
        stird.wait_until(lambda: not any(map(stird.alive, family)), HANG_S, "the end of children")
        return status

    def restart(self):
        assert self.end() == 0
        return self.start_ready()

    # by stirctl
    def stirctl_restart(self, configuration=None, unit="stird.service", starts=""):
        """
        Begins it, with a systemctl first in the path that asks this manager, and waits. It knows stird.service alone,
        which STARTS in these words.
        """
        folder = self.lab.path("bin")
        if not os.path.exists(folder):
            os.makedirs(folder)
            os.mkfifo(self.lab.path("bin", "ask"))
            os.mkfifo(self.lab.path("bin", "answer"))
            with open(self.lab.path("bin", "systemctl"), "w", encoding="ascii") as out:
                out.write('#!/bin/sh\ncase "$1:$3:$5" in\nshow:LoadState:stird.service) echo loaded; exit ;;\n'
                          'show:LoadState:*) echo not-found; exit ;;\nshow:ExecStart:*) echo "%s"; exit ;;\n'
                          'show:*) echo %d; exit ;;\nesac\necho "$@" >"%s/ask"\nexit "$(cat "%s/answer")"\n'
                          % (starts, len(self.store.names()), folder, folder))
                os.fchmod(out.fileno(), 0o755)
        return subprocess.Popen([os.path.join(os.path.dirname(binary()), "stirctl"), "-c",
                                 configuration or self.configuration, "restart", "--unit", unit], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True,
                                env=dict(os.environ, PATH=folder + ":" + os.environ["PATH"]))

    def restart_by_stirctl(self):
        command = self.stirctl_restart()
        with open(self.lab.path("bin", "ask"), encoding="ascii") as source:
            asked = source.read()
        self.restart()
        with open(self.lab.path("bin", "answer"), "w", encoding="ascii") as out:
            out.write("0")
        out, complaints = command.communicate(timeout=HANG_S)
        assert (command.returncode, out, asked) == (0, "restarted\n", "restart -- stird.service\n"), complaints

    def install(self):
        """The program anew, as a package does: another file under the same name."""
        self.program = self.lab.path("stird")
        shutil.copy(binary(), self.program + ".new")
        os.rename(self.program + ".new", self.program)

    def stop(self, timeout=HANG_S):
        status = self.process.returncode if self.process.poll() is not None else self.end()
        self.store.clear()
        self.notify.shutdown(socket.SHUT_RDWR)
        self.reader.join(HANG_S)
        self.notify.close()
        return status
