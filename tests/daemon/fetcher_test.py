"""The fetcher: certificates of others, fetched in a process that has nothing else."""

import os
import re
import signal
import subprocess
import unittest

from daemon.lifetimes import ProcessStory, status_of
from lib import stirctl, stird
from lib.patience import HANG_S
from lib.web import Web


BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


class Fetcher(ProcessStory):
    def setUp(self):
        super().setUp()
        self.web = Web(self.lab, self.net(5))
        self.addCleanup(self.web.close)

    def start_fetching(self, *paths, **members):
        self.start_with(self.configured(*paths, **members))

    def configured(self, *paths, more=""):
        urls = ", ".join('"%s"' % self.web.url(path) for path in paths)
        return self.configure(more='fetch = { lab = true; tls_ca = "%s"; prefetch = [ %s ]; %s };'
                              % (self.web.ca, urls, more))

    def counts(self):
        return stirctl.ask(self.stird.configuration, "stats")

    def wait_counts(self, condition, what):
        return stird.wait_until(lambda: condition(self.counts()), HANG_S, what)

    def wait_kept(self, n=1):
        self.wait_counts(lambda c: c["fetch_kept"] == n, "%d certificates that are kept" % n)

    def wait_asked(self, n):
        stird.wait_until(lambda: len(self.web.gets) >= n, HANG_S, "%d fetches" % n)

    def test_none_where_nobody_needs_one(self):
        self.start()
        self.assertIsNone(self.stird.child("fetcher"))
        self.assertNotIn("fetcher", stirctl.ask(self.stird.configuration, "status"))

    def test_what_is_fetched_beforehand(self):
        """R-V-038: one fetch a URL; one that is not there is no fault of the others."""
        self.web.bodies = {"a.pem": b"a", "b.pem": b"b"}
        self.start_fetching("a.pem", "b.pem", "none.pem")
        self.wait_kept(2)
        self.wait_counts(lambda c: c["fetched"].get("gone") == 1, "what is not there")
        self.assertEqual([self.web.gets.count(path) for path in ("a.pem", "b.pem")], [1, 1])
        self.assertEqual(stirctl.ask(self.stird.configuration, "status")["fetcher"]["state"], "serving")
        self.signed_again()

    def test_killed_and_hung(self):
        """R-V-024."""
        self.web.bodies = {"a.pem": b"a"}
        self.start_fetching("a.pem")
        self.wait_kept()
        for number in (signal.SIGKILL, signal.SIGSTOP):
            said = len(self.stird.log_lines("the fetcher is gone"))
            old = self.hit("fetcher", number)
            self.signed_again()
            self.replaced("fetcher", old)
            self.wait_kept()
            stird.wait_until(lambda said=said: len(self.stird.log_lines("the fetcher is gone")) > said, HANG_S,
                             "a worker that had a channel to it")
        self.wait_counts(lambda c: c["fetched"]["ok"] >= 3, "counts that outlast it")

    def test_a_reload_begins_and_ends_it(self):
        self.start()
        self.web.bodies = {"a.pem": b"a", "b.pem": b"b"}
        self.configured("a.pem")
        self.stird.reload()
        first = self.stird.wait_child("fetcher")
        self.wait_kept()
        self.configured("a.pem", more="per_host = 2;")
        self.stird.reload()
        self.replaced("fetcher", first)
        self.wait_kept()
        self.configure(more='fetch = { lab = true; tls_ca = "%s"; prefetch = [ %s ]; };' % (self.web.ca, ", ".join(
            '"https://%s:8443/a.pem"' % self.net(nobody) for nobody in (61, 62, 63))))
        self.stird.reload()
        stird.wait_until(lambda: "fetch_cut_off" in self.alarms(), HANG_S, "no host is reached")
        self.stird.wait_log("no host is reached that serves certificates")
        self.configured("a.pem")
        self.stird.reload()
        stird.wait_until(lambda: "fetch_cut_off" not in self.alarms(), HANG_S, "one is")
        self.configure()
        self.stird.reload()
        stird.wait_until(lambda: self.stird.child("fetcher") is None, HANG_S, "its end")
        self.assertEqual(self.stird.log_lines("no_fetcher"), [])

    def put(self, name, text):
        """Whole at once, as another program does it."""
        self.lab.write(name + ".new", text)
        os.rename(self.lab.path(name + ".new"), self.lab.path(name))

    def alarms(self):
        return [alarm["name"] for alarm in stirctl.ask(self.stird.configuration, "status")["alarms"]]

    def test_authorities_of_web_servers_that_cannot_be_read(self):
        """At the start, later, and again: it is said, nobody is connected to, calls go on; mended, it is fetched."""
        self.web.bodies = {"a.pem": b"a"}
        with open(self.web.ca, encoding="ascii") as source:
            whole = source.read()
        ca = self.lab.path("ca.pem")
        path = self.configure(more='fetch = { lab = true; tls_ca = "%s"; prefetch = [ "%s" ]; };'
                              % (ca, self.web.url("a.pem")))
        for text, why in ((None, "No such file or directory"), ("", "is empty"), ("garbage", "holds no certificates"),
                          (whole + whole[:200], "holds no certificates, or broken ones")):
            if text is not None:
                self.put("ca.pem", text)
            status, said = stird.check_configuration(path)
            self.assertEqual(status, 0, said)
            self.assertRegex(said, r"stird.conf:\d+: warning: fetch.tls_ca: %s: %s" % (re.escape(ca), why))
        self.start_with(path)
        stird.wait_until(lambda: "web_authorities" in self.alarms(), HANG_S, "the alarm")
        lines = self.stird.log_lines("the authorities of web servers cannot be read")
        self.assertEqual(len([line for line in lines if " error [fetcher" in line]), 1, lines)
        self.signed_again()
        for text in (whole, "garbage", whole):
            old = self.stird.child("fetcher")
            self.put("ca.pem", text)
            self.replaced("fetcher", old)
            stird.wait_until(lambda text=text: ("web_authorities" in self.alarms()) == (text != whole), HANG_S, "it is seen")
            if text == whole:
                self.wait_kept()
            self.signed_again()
        self.assertNotIn("warning", stird.check_configuration(path)[1].replace("check.tls_ca", ""))
        self.assertEqual(len(self.web.gets), 2)  # for as long as it could tell the server

    def test_the_checkers_authorities(self):
        path = self.configure(check='interval = "1h"; tls_ca = "%s";' % self.lab.path("none.pem"))
        self.assertRegex(stird.check_configuration(path)[1], r"stird.conf:\d+: warning: check.tls_ca: \S+none.pem: No such")
        self.start_with(path)
        stird.wait_until(lambda: "web_authorities" in self.alarms(), HANG_S, "the alarm")
        self.assertEqual(self.look()[0], "unreachable")
        self.assertIn("authorities of web servers cannot be read", self.look()[1])
        self.signed_again()

    def check_without(self, path):
        """`stird -t` where the system's authorities are an empty file; None: nobody may have it look so."""
        self.lab.write("empty", "")
        run = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$1" "$2" || exit 99; exec "$3" -t -c "$4"', "sh",
                              self.lab.path("empty"), BUNDLE, stird.binary(), path],
                             capture_output=True, text=True, timeout=HANG_S, check=False)
        return None if "unshare:" in run.stderr or run.returncode == 99 else (run.returncode, run.stdout + run.stderr)

    @unittest.skipUnless(os.geteuid() == 0 and os.path.exists(BUNDLE), "SKIPPED: only root hides %s" % BUNDLE)
    def test_the_systems_authorities(self):
        """Wanted by whoever fetches and has no file of his own; a warning, since calls go on."""
        url = self.web.url("a.pem")
        named = 'tls_ca = "%s";' % self.web.ca
        for fetch, check, wanted in (('prefetch = [ "%s" ];' % url, named, ["fetch.tls_ca"]),
                                     ("", 'interval = "1h";', ["check.tls_ca"]), ("", 'interval = "0ms";', []),
                                     (named + 'prefetch = [ "%s" ];' % url, named, [])):
            with self.subTest(fetch=fetch, check=check):
                found = self.check_without(self.configure(more="fetch = { lab = true; %s };" % fetch, check=check))
                if not found:
                    self.skipTest("SKIPPED: nothing can be mounted here")
                self.assertEqual(found[0], 0, found[1])
                warned = re.findall(r"authorities of web servers: \S+: is empty: .* name a file by (\S+)", found[1])
                self.assertEqual(warned, wanted, found[1])

    def look(self):
        """What `stirctl cert check` finds of the lab's unit."""
        status, _, err = stirctl.run(self.stird.configuration, "cert", "check")
        found = stirctl.ask(self.stird.configuration, "status")["certificates"][0]
        self.assertEqual(status, 0 if found["signs"] else 1, err)  # what is wrong does not sign
        return found["url"], found["found"]

    def wait_found(self, state, words=""):
        """Looks again where a server was too slow: it has two seconds."""
        def found():
            url, why = self.look()
            return url == state and words in why
        stird.wait_until(found, HANG_S, "a look that finds it %s" % state)

    def test_for_the_checker(self):
        """It has what our own URLs serve now by a fetcher that is there for the look alone, and keeps nothing."""
        with open(self.lab.unit.directory + "/chain.pem", "rb") as chain:
            self.web.bodies["c.pem"] = chain.read()
        with open(self.lab.unit.directory + "/x5u", "w", encoding="ascii") as out:
            out.write(self.web.url("c.pem") + "\n")
        self.start_with(self.configure(check='interval = "0ms"; allow_private = true; tls_ca = "%s";' % self.web.ca))
        self.wait_found("served")
        stird.wait_until(lambda: self.stird.child("fetcher") is None, HANG_S, "the end of its fetcher")
        chain = self.web.bodies.pop("c.pem")
        self.wait_found("unreachable", "it answers 404")
        self.web.bodies["c.pem"] = chain + b"x" * 32768
        self.wait_found("wrong")
        self.web.bodies["c.pem"] = chain
        self.wait_found("served")
        self.assertGreaterEqual(len(self.web.gets), 4)
