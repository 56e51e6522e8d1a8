"""The web process: pages for those who watch stird, beside the calls and never in their way."""

import contextlib
import http.client
import itertools
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import threading
import unittest

from daemon.lifetimes import KILLS, WorkersStory, status_of
from lib import stirctl, stird
from lib.patience import HANG_S

PORT = 9448
RATE = 60  # calls a second


class WebStory(WorkersStory):
    ROLES = ("worker", "signer", "recorder", "web")

    def web(self, more=""):
        return 'web = { port = %d; address = "%s"; %s };' % (PORT, self.net(1), more)

    def start_web(self, web="", **changes):
        self.start(more=changes.pop("more", "") + self.web(web), **changes)

    def get(self, path, last=2, method="GET", context=None, host=None):
        """(status, text), for a client at this address that names HOST, or the address that it asks."""
        kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
        connection = kind(self.net(1), PORT, timeout=HANG_S, source_address=(self.net(last), 0),
                          **({"context": context} if context else {}))
        with contextlib.closing(connection):
            connection.request(method, path, headers={"Host": host} if host else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def wait_answer(self, path, status, text="", before=lambda: None):
        """A page as it will be when what has happened is known; BEFORE each time that it is asked for."""
        def found():
            before()
            try:
                got = self.get(path)
            except (OSError, http.client.HTTPException):  # it is about to be replaced, or its time was over
                return None
            return got if got[0] == status and text in got[1] else None
        return stird.wait_until(found, HANG_S, "%s with %d %s" % (path, status, text))

    def alarms(self):
        return [a["name"] for a in stirctl.ask(self.stird.configuration, "status")["alarms"]]


class Pages(WebStory):
    def test_none_where_nobody_wants_them(self):
        self.start()
        self.assertIsNone(self.stird.child("web"))
        self.assertNotIn("web", stirctl.ask(self.stird.configuration, "status"))

    def counted(self, name, least=1):
        """A counter of `stirctl stats`, of which the process tells now and then."""
        stird.wait_until(lambda: stirctl.ask(self.stird.configuration, "stats")[name] >= least, HANG_S, name)

    def test_what_there_is(self):
        self.start_web('host = "stird.example";')
        self.assertEqual(self.get("/livez"), (200, "alive\n"))
        self.assertEqual(self.get("/readyz"), (200, "ready\n"))
        status, text = self.get("/status")
        shown = json.loads(text)
        self.assertEqual((status, shown["state"], shown["web"]["state"]), (200, "serving", "serving"))
        self.assertEqual(shown.keys(), stirctl.ask(self.stird.configuration, "status").keys())
        self.assertEqual(self.get("/")[0], 404)
        self.assertEqual(self.get("/status", method="POST")[0], 405)
        self.assertEqual(self.get("/status", method="HEAD"), (200, ""))
        self.assertEqual(status_of(self.stird.child("web"), "Threads"), "1")
        for host, status in (("stird.example:9448", 200), ("localhost", 200), ("evil.example:9448", 421)):
            self.assertEqual(self.get("/livez", host=host)[0], status, host)
        self.assertEqual(self.get("http://localhost/livez", host="x"), (200, "alive\n"))
        with socket.create_connection((self.net(1), PORT)) as client:
            client.sendall(b"\x16\x03\x01 no request\r\n\r\n")
            while client.recv(4096):
                pass
        self.counted("web_unreadable")

    def test_readiness_says_what_is_missing(self):
        self.start_web(upstreams=[self.upstream(probe="1s", probe_failures=1)], numbers="number,customer,state\n")
        status, text = self.get("/readyz")
        self.assertEqual((status, text.split("\n")[0]), (503, "not ready: no numbers are loaded"))
        self.wait_answer("/readyz", 503, "no next hop is usable")
        self.assertEqual(self.get("/livez")[0], 200)

    def test_a_supervisor_that_says_nothing(self):
        """No page is older than a second: after a while there is none."""
        self.start_web()
        self.assert_it_is_said_that_nothing_is()

    def test_a_short_time_is_enough_to_say_so(self):
        self.start_web('timeout = "1s";')
        self.assert_it_is_said_that_nothing_is()

    def assert_it_is_said_that_nothing_is(self):
        self.wait_answer("/livez", 200)  # a second is short where others use the processor
        os.kill(self.stird.process.pid, signal.SIGSTOP)
        try:
            self.wait_answer("/livez", 503, "stird does not say in time how it is")
        finally:
            os.kill(self.stird.process.pid, signal.SIGCONT)
        self.wait_answer("/livez", 200)

    def test_what_is_to_be_shown_is_lost(self):
        """While no descriptor is left for it there are no pages, and then there are."""
        self.start_web()
        self.assertEqual(self.get("/livez")[0], 200)
        web = self.stird.child("web")
        old = resource.prlimit(web, resource.RLIMIT_NOFILE)

        def leave_one():  # a connection, and no more; the one before may not have ended yet
            taken = set(stird.descriptors(web))
            free = next(n for n in itertools.count() if n not in taken)
            resource.prlimit(web, resource.RLIMIT_NOFILE, (free + 1, old[1]))
        try:
            self.wait_answer("/livez", 503, "stird does not say in time how it is", leave_one)
        finally:
            resource.prlimit(web, resource.RLIMIT_NOFILE, old)
        self.wait_answer("/livez", 200)
        self.assertEqual(self.stird.child("web"), web)

    def test_few_descriptors(self):
        """There are never so many connections that none is left for what they ask for."""
        self.start_web("connections = 1024;")
        supervisor = self.stird.process.pid
        old = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (200, old[1]))
        web = self.hit("web")
        self.replaced("web", web)
        self.stird.wait_log("there are more connections than the descriptors allow: raise LimitNOFILE")
        resource.prlimit(supervisor, resource.RLIMIT_NOFILE, old)
        self.wait_answer("/livez", 200)

    def test_a_reload_changes_how_it_serves(self):
        """TLS with the certificate of the moment, by libraries that no other process has (Decided 17)."""
        self.start_web()
        ca = self.lab.path("web.pem")
        for name in ("first", "second"):
            self.make_certificate(name)
            old = self.stird.wait_child("web")
            self.configure(more=self.web('tls_certificate = "%s"; tls_key = "%s";' % (ca, self.lab.path("web.key"))))
            self.assertEqual(stirctl.run(self.stird.configuration, "reload", "--wait")[0], 0)
            self.replaced("web", old)
            context = ssl.create_default_context(cafile=ca)
            context.check_hostname = False
            def served(context=context):
                try:
                    return self.get("/livez", context=context)
                except OSError:  # the one before answers the last that it was asked
                    return None
            stird.wait_until(lambda: served() == (200, "alive\n"), HANG_S, "the certificate " + name)

            def has_tls(pid):
                with open("/proc/%d/maps" % pid, encoding="ascii") as maps:
                    return "libgnutls" in maps.read()

            def is_so():
                try:
                    return all(has_tls(pid) == (stird.name_of(pid) == "stird-web") for pid in self.stird.family())
                except OSError:  # the one before is ending
                    return False
            stird.wait_until(is_so, HANG_S, "the libraries of TLS in the web process alone")
        self.assertEqual(self.alarms(), [])

    def make_certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", self.lab.path("web.key"), "-out", self.lab.path("web.pem"), "-days", "30",
                        "-subj", "/CN=" + name], check=True, capture_output=True, timeout=HANG_S)
        os.chmod(self.lab.path("web.key"), 0o600)


class BesideTheCalls(WebStory):
    def under_load(self, events):
        """Calls before, while and after: none is late for what becomes of the web process."""
        load = self.load()
        load.run(RATE, KILLS + 1, [(0.5 + i, events) for i in range(KILLS)])
        self.assertEqual([call.id for call in load.lost], [])
        self.assertEqual(load.unsigned, [])
        return load

    def test_killed(self):
        self.start_web()
        self.under_load(lambda: self.hit("web"))
        self.wait_answer("/livez", 200)

    def test_stopped(self):
        """It is replaced, and an alarm says meanwhile that nobody answers."""
        self.start_web()
        old = self.hit("web", signal.SIGSTOP)
        self.under_load(lambda: None)
        self.replaced("web", old)
        self.wait_answer("/readyz", 200)

    def test_flooded_by_one(self):
        """Who opens connections without end, more than wait in the socket, keeps nobody else from being answered."""
        self.start_web()
        stop, made = threading.Event(), []
        def flood():
            while not stop.is_set():
                client = socket.socket()
                client.setblocking(False)
                client.bind((self.net(11), 0))
                client.connect_ex((self.net(1), PORT))
                made.append(client)
                if len(made) > 300:
                    made[-300].close()
                stop.wait(0.001)
        thread = threading.Thread(target=flood)
        thread.start()
        try:
            stird.wait_until(lambda: len(made) > 2500, HANG_S, "a flood")
            for _ in range(5):
                self.assertEqual(self.get("/livez"), (200, "alive\n"))
        finally:
            stop.set()
            thread.join()
            for client in made:
                client.close()
        self.wait_answer("/livez", 200)

    def test_flooded(self):
        """By clients that say nothing, that ask and read nothing, and that ask without end."""
        self.start_web('timeout = "1s"; connections = 8;')
        stop = threading.Event()
        def flood(last, text, reads):
            while not stop.is_set():
                with contextlib.suppress(OSError), socket.socket() as client:
                    client.settimeout(0.2)
                    client.bind((self.net(last), 0))
                    client.connect((self.net(1), PORT))
                    client.sendall(text)
                    while reads and client.recv(65536):
                        pass
                    stop.wait(0.2 if not text or not reads else 0)
        floods = [threading.Thread(target=flood, args=(last, text, reads)) for last, text, reads in (
            (11, b"", False), (12, b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n", False), (13, b"GET", False),
            (14, b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n", True)) for _ in range(2)]
        for thread in floods:
            thread.start()
        try:
            web = self.stird.wait_child("web")
            self.under_load(lambda: None)
            self.wait_answer("/livez", 200)
            self.assertEqual(self.stird.wait_child("web"), web)
        finally:
            stop.set()
            for thread in floods:
                thread.join()
        self.assertEqual(stirctl.ask(self.stird.configuration, "stats")["children_false"], 0)


if __name__ == "__main__":
    unittest.main()
