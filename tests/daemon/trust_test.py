"""Domains of trust: made of files by a process of its own, anew when these change; the last good ones stay."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from daemon.alarms_test import AlarmStory
from daemon.clock_test import DAY, HOUR, Clock
from lib import possess, settings, stird, stirctl, token, trust
from lib.patience import HANG_S


class Trust(AlarmStory):
    def begin(self, more=(), files=None, **changes):
        """A laboratory's authority: a list of authorities that it signs, and its revocation list. MORE domains; FILES
        made of several of its own."""
        self.made = self.lab.path("made")
        self.assertEqual(stirctl.run("/none", "lab-ca", self.made)[0], 0)
        for name, parts in (files or {}).items():
            self.lab.write(name, "".join(self.text_of(part) for part in parts))
        self.put_list(1)
        shutil.copy(self.made + "/crl.pem", self.lab.path("crl.pem"))
        domain = {"name": "us", "list": self.lab.path("list"), "list_anchor": self.made + "/root.pem",
                  "list_signer": self.made + "/709J/chain.pem", "crls": [self.lab.path("crl.pem")],
                  "crl_anchor": self.made + "/root.pem", "crl_signer": self.made + "/intermediate.pem",
                  "countries": ["1"], **changes}
        domain = {key: value for key, value in domain.items() if value is not None}
        self.start(more="trust = ( %s );" % ",\n".join(settings.group(one) for one in (domain, *more)))

    def text_of(self, name):
        with open(os.path.join(self.made, name), encoding="ascii") as source:
            return source.read()

    def wait_made(self):
        """Of all domains."""
        def made():
            all_of_them = stirctl.ask(self.path, "trust", "list")["trust"]
            return all(one["state"] != "being made" and one["authorities"] for one in all_of_them) and all_of_them
        return stird.wait_until(made, HANG_S, "domains of trust")

    def put_list(self, sequence, expires_s=None, names=("root", "intermediate"), key="709J", signer=None):
        listed = []
        for name in names:
            with open("%s/%s.pem" % (self.made, name), encoding="ascii") as pem:
                listed.append(pem.read())
        head = {"alg": "ES256", "typ": "JWT", "x5u": signer or self.signer_url}
        body = {"version": 1, "sequence": sequence, "exp": expires_s or int(time.time()) + 30 * DAY,
                "trustList": listed}
        octets = ".".join(token.base64url(json.dumps(part).encode()) for part in (head, body))
        signature = token.base64url(token.sign("%s/%s/key.pem" % (self.made, key), octets.encode()))
        self.put("list", json.dumps({"status": "success", "caList": octets + "." + signature}))

    signer_url = "https://pa.example.net/signer.pem"

    def put(self, name, text):
        """Whole at once, as another program does it."""
        self.lab.write(name + ".new", text)
        os.rename(self.lab.path(name + ".new"), self.lab.path(name))

    def kept_names(self):
        """Of the last good ones: by the places that they are of."""
        names = [trust.kept_name("us", "crl", self.lab.path("crl.pem")), trust.kept_name("us", "list", self.lab.path("list"))]
        return sorted(names)

    def domain(self, *words):
        """What is in force of the one that there is."""
        return stirctl.ask(self.path, "trust", *(words or ("list",)))["trust"][0]

    def refreshed(self, status=1):
        """The same once it was asked for anew: STATUS says whether all of it was taken."""
        got, out, err = stirctl.run(self.path, "--json", "trust", "refresh")
        self.assertEqual(got, status, out + err)
        return json.loads(out)["trust"][0]

    def shown(self, *words):
        """For people: in lines that a terminal has room for, but for what has no blank."""
        status, out, err = stirctl.run(self.path, "trust", *words)
        self.assertEqual(err, "")
        for line in out.split("\n"):
            self.assertTrue(len(line) <= 80 or " " not in line.strip(), line)
        return status, " ".join(out.split())

    def wait_domain(self, **wanted):
        """Until it says so."""
        def is_so():
            got = self.domain()
            return all(got.get(name) == value for name, value in wanted.items()) and [got]
        return stird.wait_until(is_so, HANG_S, "trust list: %s" % wanted)[0]

    def test_a_list_and_its_revocations(self):
        self.begin()
        got = self.wait_domain(state="in force", authorities=2, revoked=1, sequence=1)
        self.assertEqual([source["used"] for source in got["sources"]], [True, True])
        status, out, err = stirctl.run(self.path, "trust", "list")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("us: in force, 2 authorities, 1 entry of revocation lists\n    for numbers of +1 alone\n", out)
        self.assertRegex(out, "\n      sequence 1, until 20[0-9TZ:-]+\n")
        self.assertRegex(out, "in use\n      until 20[0-9TZ:-]+\n")
        self.assertEqual(got["countries"], ["1"])
        kept = os.listdir(self.lab.path("state", "trust"))
        self.assertEqual(sorted(kept), self.kept_names())

    def test_a_new_list_is_taken_without_a_reload(self):
        self.begin()
        self.wait_domain(sequence=1)
        generation = stirctl.ask(self.path, "trust", "list")["generation"]
        self.put_list(2)
        self.wait_domain(sequence=2)
        self.assertGreater(stirctl.ask(self.path, "trust", "list")["generation"], generation)
        self.put_list(3)
        self.assertEqual(self.domain("refresh")["sequence"], 3)
        self.assertEqual(stirctl.ask(self.path, "status")["configuration"]["reloads"], 0)

    def test_what_is_refused_changes_nothing(self):
        """R-V-040: by another key, older, past its end, without authorities; and garbage. Over a restart too."""
        self.begin()
        self.put_list(5)
        self.domain("refresh")
        self.wait_domain(sequence=5)
        good = self.lab.path("good")
        shutil.copy(self.lab.path("list"), good)
        tries = (("another key", lambda: self.put_list(6, key="revoked")),
                 ("older", lambda: self.put_list(4)),
                 ("past its end", lambda: self.put_list(6, int(time.time()) - 8 * DAY)),
                 ("too few", lambda: self.put_list(6, names=())),
                 ("garbage", lambda: self.put("list", "garbage")),
                 ("a page", lambda: self.put("list", "<html><body>Maintenance</body></html>")),
                 ("empty", lambda: self.put("list", "")),
                 ("gone", lambda: os.unlink(self.lab.path("list"))))
        since = []
        for name, spoil in tries:
            with self.subTest(name):
                spoil()
                got = self.refreshed()
                self.assertEqual((got["state"], got["sequence"], got["authorities"]), ("in force", 5, 2))
                self.assertIn("refused", got["sources"][0])
                since.append(got["sources"][0]["refused_since"])
        self.assertEqual(since, since[:1] * len(since), "since the first of them")
        self.wait_alarm("trust_refused")
        self.put("crl.pem", "garbage")
        got = self.refreshed()
        self.assertEqual(got["revoked"], 1)
        self.assertTrue(got["sources"][1]["used"] and got["sources"][1]["refused"])
        self.put("list", "garbage")
        shutil.copy(self.made + "/crl.pem", self.lab.path("crl.pem.new"))
        os.rename(self.lab.path("crl.pem.new"), self.lab.path("crl.pem"))
        self.stird.stop()
        self.start_with(self.path)
        self.wait_domain(state="in force", sequence=5, authorities=2, revoked=1)
        os.rename(good, self.lab.path("list"))
        self.assertNotIn("refused", self.domain("refresh")["sources"][0])
        self.wait_alarm("trust_refused", on=False)

    def test_a_file_that_is_broken(self):
        """What the domain was before stays, it is said since when and why, and the others are made anew."""
        self.begin(more=[{"name": "fr", "anchors": self.lab.path("fr.pem"), "countries": ["33"]}],
                   files={"fr.pem": ("root.pem",)})
        self.wait_domain(sequence=1)
        with open(self.made + "/root.pem", encoding="ascii") as source:
            whole = source.read()
        with open(self.made + "/709J/chain.pem", encoding="ascii") as source:
            nobody = source.read().partition("-----END CERTIFICATE-----\n")
        self.put_list(2)
        self.wait_domain(sequence=2)
        for name, spoil, why in (
                ("garbage", lambda: self.put("made/root.pem", "garbage"), "holds no certificate"),
                ("no authority", lambda: self.put("made/root.pem", nobody[0] + nobody[1]),
                 "holds no authority that can be used: the first is a certificate that is no authority's"),
                ("gone", lambda: os.unlink(self.made + "/root.pem"), "is not there")):
            with self.subTest(name):
                spoil()
                got = self.refreshed()
                self.assertEqual((got["state"], got["sequence"], got["authorities"], got["revoked"]), ("in force", 2, 2, 1))
                self.assertIn(why, got["broken"])
                self.assertIn("root.pem", got["broken"])
                status, said = self.shown("list")
                self.assertEqual(status, 0)
                self.assertIn("its files cannot be used since 2", said)
                self.assertIn("then: stirctl trust refresh", said)
        self.wait_alarm("trust_failed")
        self.put("fr.pem", whole + self.text_of("intermediate.pem"))
        self.refreshed()
        us, fr = stirctl.ask(self.path, "trust", "list")["trust"]
        self.assertIn("broken", us)
        self.assertEqual((fr["authorities"], "broken" in fr), (2, False))
        self.put("made/root.pem", whole)
        self.put_list(3, names=("root",))
        self.assertEqual(self.refreshed(0)["sequence"], 3)
        self.wait_alarm("trust_failed", on=False)

    def test_entries_of_a_file_that_are_no_authorities(self):
        """R-V-040, of a file as of a list: they are left out with an alarm, and the others count."""
        self.begin(more=[{"name": "fr", "anchors": self.lab.path("anchors.pem")}],
                   files={"anchors.pem": ("709J/chain.pem", "root.pem")})
        us, fr = self.wait_made()
        self.assertEqual((us["left_out"], fr["left_out"], fr["authorities"], fr["state"]), (0, 1, 2, "in force"))
        self.wait_alarm("trust_entries")
        _, said = self.shown("list")
        self.assertIn("1 of its certificates is not used: the first is a certificate that is no authority's", said)
        self.assertIn("revocation is not judged: it has no crls", said)
        self.assertEqual([us["revocation_judged"], fr["revocation_judged"]], [True, False])
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 0)
        self.assertRegex(out, r'stird.conf:\d+: warning: trust "fr": anchors: .*anchors.pem: 1 of its certificates is not used')
        self.assertRegex(out, r'stird.conf:\d+: warning: trust "fr": it has no crls')
        self.assertNotRegex(out, r'trust "us": (it has no crls|anchors)')

    def test_a_list_signed_by_nobody_who_is_known(self):
        """The laboratory's list, where the root alone is believed: what is wrong is said in plain words."""
        self.begin(crl_anchor=None, crl_signer=None, list=None, list_anchor=None, list_signer=None,
                   anchors=self.lab.path("made", "root.pem"))
        got = self.wait_domain(state="in force", authorities=1, revoked=0)
        self.assertEqual(got["sources"][0]["refused"], "is signed by nobody who is known and may sign lists: "
                         "name the certificate of its signer in crl_signer")
        status, said = self.shown("refresh")
        self.assertEqual(status, 1)
        self.assertRegex(said, "none is at hand not taken since [^ ]+: it is signed by nobody who is known .* There is no other one.")
        self.check_warned("crls", "crl.pem: it is signed by nobody who is known and may sign lists: name the certificate of its "
                                  "signer in crl_signer: it revokes nothing, unless an earlier one was taken")

    def check_warned(self, key=None, why=""):
        """By `stird -t`, of one file or, without KEY, of none."""
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 0, out)
        warned = [line for line in out.split("\n") if 'trust "us": ' in line and "no verification names" not in line]
        self.assertEqual(len(warned), 0 if key is None else 1, out)
        if key:
            self.assertRegex(warned[0], r'stird\.conf:\d+: warning: trust "us": %s: .*/%s' % (key, re.escape(why)))

    def test_lists_that_would_not_be_taken(self):
        """What lies in files is told by `stird -t` as the domain will take it."""
        self.begin()
        text = self.text_of(self.path)
        self.check_warned()
        other = self.lab.path("other")
        self.assertEqual(stirctl.run("/none", "lab-ca", other)[0], 0)
        nobody = "it is signed by nobody who is known and may sign lists: name the certificate of its signer in crl_signer"
        self.put("stird.conf", text.replace('crl_signer = "%s/' % self.made, 'crl_signer = "%s/' % other))
        self.check_warned("crls", "crl.pem: " + nobody)
        self.put("stird.conf", text.replace('crl_anchor = "%s/' % self.made, 'crl_anchor = "%s/' % other))
        self.check_warned("crls", "crl.pem: it is signed by somebody who leads to none of its anchors")
        self.put("stird.conf", text)
        shutil.copy(other + "/crl.pem", self.lab.path("crl.pem"))
        self.check_warned("crls", "crl.pem: " + nobody)
        shutil.copy(self.made + "/crl.pem", self.lab.path("crl.pem"))
        for spoil, why in ((lambda: self.put("list", "garbage"), "is no JWS of three parts"),
                           (lambda: self.put_list(6, key="revoked"), "is not signed by the key of its signer"),
                           (lambda: self.put_list(6, int(time.time()) - 8 * DAY), "has expired (exp)")):
            spoil()
            self.check_warned("list", "list: it " + why)
        self.put_list(6, int(time.time()) - DAY)
        self.check_warned("list", "list: its successor should be there since 20")
        self.put("stird.conf", text.replace("list_anchor", 'list_token_file = "/token"; list_anchor', 1))
        status, out = stird.check_configuration(self.path)
        self.assertEqual(status, 1)
        self.assertIn('trust "us": list_token_file has a meaning only beside a list that is fetched', out)

    def test_who_makes_it_may_die(self):
        """An image that cannot be made leaves the one before."""
        self.begin()
        self.wait_domain(sequence=1)
        stird.wait_until(lambda: not self.stird.child("trust"), HANG_S, "the end of who made it")
        asker = None
        program = os.path.join(os.path.dirname(stird.binary()), "stirctl")
        def begin():
            nonlocal asker
            asker = subprocess.Popen([program, "-c", self.path, "trust", "refresh"], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if not possess.possible():
            self.skipTest("SKIPPED: no ptrace of another process here")
        try:
            with possess.Newborn(self.stird.process.pid, "stird-trust", begin, lambda pid: True) as child:
                os.kill(child.pid, signal.SIGKILL)
        except possess.Died:
            pass
        out, err = asker.communicate(timeout=HANG_S)
        self.assertEqual(asker.returncode, 1, out + err)
        self.wait_alarm("trust_failed")
        self.wait_domain(state="in force", sequence=1, authorities=2)
        self.assertEqual(self.domain("refresh")["authorities"], 2)
        self.wait_alarm("trust_failed", on=False)

    def test_a_reload_takes_domains_away_and_brings_others(self):
        self.begin()
        self.wait_domain(sequence=1)
        with open(self.path, encoding="utf-8") as source:
            text = source.read()
        self.put("stird.conf", text.partition("trust = (")[0])
        self.assertEqual(self.reload_status(), 0)
        stird.wait_until(lambda: stirctl.ask(self.path, "trust", "list")["trust"] == [], HANG_S, "no domain")
        self.put("stird.conf", text.partition("trust = (")[0] + 'trust = ( { name = "fr"; anchors = "%s"; } );'
                 % (self.made + "/root.pem"))
        self.assertEqual(self.reload_status(), 0)
        self.wait_domain(name="fr", state="in force", authorities=1, revoked=0)

    def test_a_token_that_others_may_read_is_not_used(self):
        """It is said, and keeps neither a reload nor a start from being done."""
        self.begin()
        with open(self.path, encoding="utf-8") as source:
            text = source.read()
        self.lab.write("token", "Bearer secret\n")
        os.chmod(self.lab.path("token"), 0o644)
        text = re.sub('list_signer = "[^"]*";?', "", text).replace(self.lab.path("list") + '"', 'https://192.0.2.1/list"')
        self.put("stird.conf", text.replace("list_anchor", 'list_token_file = "%s"; list_anchor'
                                            % self.lab.path("token"), 1))
        status, out, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 0, err)
        self.assertIn("list_token_file: %s: others can read or write it" % self.lab.path("token"), out + err)
        self.assertEqual(self.refreshed()["sources"][0]["not_fetched"], 
                         "list_token_file: others can read or write it: chmod 600")
        self.stird.wait_log("the token for a list of authorities cannot be used trust=us file=")
        os.chmod(self.lab.path("token"), 0o600)
        status, out, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 0, "it is more than a token")
        self.assertIn("list_token_file: %s: must hold the token alone" % self.lab.path("token"), out + err)
        for wrong in ("Bearer secret\n", ""):
            os.chmod(self.lab.write("token", wrong), 0o600)
            self.assertIn("list_token_file: must hold the token alone", self.refreshed()["sources"][0]["not_fetched"])
        os.chmod(self.lab.write("token", "secret\n"), 0o600)
        self.assertEqual(self.reload_status(), 0)


@unittest.skipUnless(possess.possible(), "no ptrace of another process here")
class Stopped(Trust):
    """While the process that makes the image stands still."""

    def text(self):
        with open(self.path, encoding="utf-8") as source:
            return source.read()

    def refresh(self):
        """Somebody who asks for it, and waits."""
        program = os.path.join(os.path.dirname(stird.binary()), "stirctl")
        asker = subprocess.Popen([program, "-c", self.path, "trust", "refresh"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, asker)
        return asker

    @staticmethod
    def end(asker):
        asker.kill()
        asker.communicate()

    def stop_maker(self):
        """It has been born and gets no further: its process id, and who has asked for it."""
        askers = []
        with possess.Newborn(self.stird.process.pid, "stird-trust", lambda: askers.append(self.refresh()),
                             lambda pid: True) as child:
            pid = child.pid
            os.kill(pid, signal.SIGSTOP)
        return pid, askers[0]

    def begin_stopped(self):
        self.begin()
        self.wait_domain(sequence=1)
        stird.wait_until(lambda: not self.stird.child("trust"), HANG_S, "the end of who made it")
        return self.stop_maker()

    def test_let_go_by_a_reload(self):
        """It is killed; nothing that it found, or that was found before, is said of the new settings."""
        maker, asker = self.begin_stopped()
        text = self.text()
        self.put("stird.conf", text.partition("trust = (")[0] + 'trust = ( { name = "fr"; anchors = "%s"; } );'
                 % (self.made + "/root.pem"))
        self.assertEqual(self.reload_status(), 0)
        got = self.domain()
        self.assertEqual(got["name"], "fr")
        self.assertIn((got["state"], got["authorities"], got["revoked"]), [("being made", 0, 0), ("in force", 1, 0)])
        stird.wait_until(lambda: not stird.alive(maker), HANG_S, "its end, well before it had to be done")
        out, err = asker.communicate(timeout=HANG_S)
        self.assertEqual(asker.returncode, 0, err)
        self.assertIn("fr: in force, 1 authority, 0 entries of revocation lists", out)
        self.assertEqual(stirctl.ask(self.path, "stats")["children_false"], 0)
        kept = sorted(os.listdir(self.lab.path("state", "trust")))
        self.assertEqual(sorted(kept), self.kept_names())

    def test_what_is_the_same_is_said_on(self):
        """Of a domain that a reload moves to another place, and of one that it brings."""
        self.begin_stopped()
        self.put("stird.conf", self.text().replace("trust = (", 'trust = ( { name = "fr"; anchors = "%s"; },'
                                                   % (self.made + "/root.pem")))
        self.assertEqual(self.reload_status(), 0)
        fr, us = stirctl.ask(self.path, "trust", "list")["trust"]
        self.assertEqual((us["name"], us["state"], us["sequence"], us["revoked"]), ("us", "in force", 1, 1))
        self.assertEqual((fr["name"], fr["revoked"], fr["sources"]), ("fr", 0, []))
        self.assertIn((fr["state"], fr["authorities"]), [("being made", 0), ("in force", 1)])

    def test_who_waits_when_domains_go(self):
        maker, first = self.begin_stopped()
        second = self.refresh()
        self.put("stird.conf", self.text().partition("trust = (")[0])
        self.assertEqual(self.reload_status(), 0)
        for asker in (first, second):
            out, err = asker.communicate(timeout=HANG_S)
            self.assertEqual((asker.returncode, out), (1, ""), err)
            self.assertIn("the configuration names no domain of trust", err)
        stird.wait_until(lambda: not stird.alive(maker), HANG_S, "its end")

    def test_who_waits_when_stird_stops(self):
        _, asker = self.begin_stopped()
        self.stird.process.send_signal(signal.SIGTERM)
        out, err = asker.communicate(timeout=HANG_S)
        self.assertEqual((asker.returncode, out), (1, ""), err)
        self.assertIn("stird is stopping", err)
        self.assertEqual(self.stird.process.wait(HANG_S), 0)


for _name in [name for name in dir(Trust) if name.startswith("test")]:
    setattr(Stopped, _name, None)


class Clocked(Clock, Trust):
    """Somebody sets the clock."""

    def test_clock_steps(self):
        """R-V-042: what was judged by a false clock is judged again as soon as it is right, without anybody's asking."""
        self.begin()
        self.put_list(2, int(time.time()) + 2 * DAY)
        self.wait_domain(state="in force", sequence=2)
        # Set back, what was taken once stays: it was in force, whatever this clock says of its signer.
        for step, state, crl in ((3 * DAY, "stale", True), (10 * DAY, "unavailable", True), (32 * DAY, "unavailable", False),
                                 (0, "in force", True), (-6 * HOUR, "in force", True), (0, "in force", True)):
            with self.subTest(step=step):
                generation = stirctl.ask(self.path, "trust", "list")["generation"]
                self.set_clock(step)
                stird.wait_until(lambda generation=generation: stirctl.ask(self.path, "trust", "list")["generation"] > generation,
                                 HANG_S, "that it is judged again")
                self.wait_domain(state=state)
                self.stird.wait_lines('what a domain of trust is now trust=us state=%s' % (state if " " not in state else '"%s"' % state))
                self.wait_alarm("trust_list", on=state != "in force")
                self.wait_alarm("trust_refused", on=step not in (0, 3 * DAY))
                self.wait_alarm("trust_crl", on=not crl)
                over = step > 31 * DAY
                self.assertEqual(self.domain()["sources"][1]["is_over"], over)
                said = self.shown("list")[1]
                self.assertEqual("while the domain is unavailable it is over since 20" in said, over)
                self.assertEqual("in use" not in said, state == "unavailable", said)
                self.assertEqual("its list has ended and is used until 20" in said, state == "stale", said)
                self.assertEqual("used_until" in self.domain(), state == "stale")
                if over:
                    self.stird.wait_lines("a revocation list of a domain of trust is over")
        self.assertEqual(self.domain()["revoked"], 1)
        self.assertEqual(stirctl.ask(self.path, "stats")["children_false"], 0)


for _name in [name for name in dir(Clocked) if name.startswith("test") and name != "test_clock_steps"]:
    setattr(Clocked, _name, None)


if __name__ == "__main__":
    unittest.main()
