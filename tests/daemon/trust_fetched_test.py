"""Domains of trust whose lists come from web servers, with a token or a login: fetched by a process of its own."""

import json
import os
import signal
import subprocess
import time
import unittest

from daemon import trust_test
from lib import possess, settings, stird, stirctl
from lib.patience import HANG_S
from lib.web import Web

TOKEN = b"an-operators-token-4711"


class Administrator(Web):
    """Its server, which remembers who showed a token."""

    def __init__(self, *words):
        self.shown = {}
        super().__init__(*words)

    def _asked(self, tls):
        octets = b""
        while b"\r\n\r\n" not in octets:
            more = tls.recv(4096)
            if not more:
                raise OSError("ended")
            octets += more
        path = octets.split(b" ", 2)[1].decode("ascii")[1:]
        self.shown[path] = b"\r\nAuthorization: Bearer %s\r\n" % TOKEN in octets
        return path


class Fetched(trust_test.Trust):
    """By a courier, from the administrator's server."""

    test_lists_that_would_not_be_taken = None

    def begin(self, **changes):
        self.made = self.lab.path("made")
        self.assertEqual(stirctl.run("/none", "lab-ca", self.made)[0], 0)
        self.web = self.serve()
        self.addCleanup(self.web.close)
        self.put_list(1)
        self.web.bodies["signer.pem"] = self.body("709J/chain.pem")
        self.web.bodies["crl"] = self.body("crl.pem")
        self.lab.write("token", TOKEN.decode() + "\n")
        os.chmod(self.lab.path("token"), 0o600)
        domain = {"name": "us", "list": self.web.url("list"), "list_anchor": self.made + "/root.pem",
                  "list_token_file": self.lab.path("token"),
                  "crls": [self.web.url("crl")], "crl_anchor": self.made + "/root.pem",
                  "crl_signer": self.made + "/intermediate.pem", **changes}
        domain = {key: value() if callable(value) else value for key, value in domain.items() if value is not None}
        self.start(more='trust = ( %s ); fetch = { lab = true; tls_ca = "%s"; };' % (settings.group(domain), self.web.ca))

    def serve(self):
        return Administrator(self.lab, self.lab.network(50))

    def body(self, name):
        with open(os.path.join(self.made, name), "rb") as source:
            return source.read()

    def put(self, name, text):
        if name == "list":
            self.web.bodies[name] = text.encode()
        else:
            super().put(name, text)

    @property
    def signer_url(self):
        return self.web.url("signer.pem")

    def test_a_list_and_its_revocations(self):
        self.begin()
        self.wait_domain(state="in force", authorities=2, revoked=1, sequence=1)
        self.assertEqual(self.web.shown, {"crl": False, "list": True, "signer.pem": False})

    def test_a_new_list_is_taken_without_a_reload(self):
        self.begin()
        self.wait_domain(sequence=1)
        self.put_list(2)
        self.assertEqual(self.domain("refresh")["sequence"], 2)

    def test_what_is_refused_changes_nothing(self):
        """R-V-040, R-V-042: down, lying, with garbage: the last good ones stay, over a restart too."""
        self.begin()
        self.put_list(5)
        self.wait_domain(state="in force", revoked=1)
        self.domain("refresh")
        self.wait_domain(sequence=5)
        for name, spoil in (("another key", lambda: self.put_list(6, key="revoked")),
                            ("older", lambda: self.put_list(4)),
                            ("past its end", lambda: self.put_list(6, int(time.time()) - 60)),
                            ("garbage", lambda: self.put("list", "garbage")),
                            ("a page", lambda: self.put("list", "<html><body>Maintenance</body></html>")),
                            ("empty", lambda: self.put("list", "")),
                            ("a failure", lambda: self.put("list", '{"status":"failure","message":"no such token"}')),
                            ("its signer elsewhere", lambda: self.put_list(6, signer="https://other.example.net/signer.pem")),
                            ("too long", lambda: self.put("list", "x" * (3 << 20)))):
            with self.subTest(name):
                spoil()
                got = self.refreshed()
                self.assertEqual((got["state"], got["sequence"], got["authorities"]), ("in force", 5, 2))
                self.assertTrue({"refused", "not_fetched"} & set(got["sources"][0]))
                self.assertFalse(got["sources"][0]["taken"])
                self.assertTrue(got["sources"][1]["taken"])
        self.put_list(6)
        self.assertEqual(self.refreshed(0)["sequence"], 6)
        self.put_list(5)
        crl = self.web.bodies["crl"]
        for name, body in (("garbage", b"garbage"), ("a page", b"<html></html>"), ("empty", b""),
                           ("a certificate", self.body("root.pem")), ("too long", b"x" * (5 << 20))):
            with self.subTest(crl=name):
                self.web.bodies["crl"] = body
                got = self.refreshed()
                self.assertEqual((got["sequence"], got["revoked"]), (6, 1))
                self.assertTrue({"refused", "not_fetched"} & set(got["sources"][1]))
        self.web.bodies["crl"] = crl
        self.web.bodies.clear()
        got = self.refreshed()
        self.assertEqual((got["sequence"], got["revoked"]), (6, 1))
        self.assertIn("404", got["sources"][1]["not_fetched"])
        self.stird.stop()
        self.start_with(self.path)
        self.wait_domain(state="in force", sequence=6, authorities=2, revoked=1)

    def test_without_authorities_of_web_servers(self):
        """Nobody is asked, the last good ones stay, and what is wrong is said: the next round has the mended file."""
        self.begin()
        self.wait_domain(state="in force", sequence=1)
        with open(self.web.ca, encoding="ascii") as source:
            whole = source.read()
        asked = len(self.web.gets)
        self.put("ca.pem", "garbage")
        with open(self.path, encoding="utf-8") as source:
            text = source.read()
        self.put("stird.conf", text.replace(self.web.ca, self.lab.path("ca.pem")))
        status, out, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 0, err)
        self.assertIn("fetch.tls_ca: %s: holds no certificates" % self.lab.path("ca.pem"), out + err)
        self.wait_alarm("web_authorities")
        got = self.refreshed()
        self.assertEqual((got["state"], got["sequence"]), ("in force", 1))
        self.assertIn("authorities of web servers cannot be read", got["sources"][0]["not_fetched"])
        self.assertEqual(len(self.web.gets), asked)
        self.put("ca.pem", whole)
        self.assertNotIn("not_fetched", self.domain("refresh")["sources"][0])
        self.wait_alarm("web_authorities", on=False)

    def courier(self, other_than=None):
        """One that waits for its server; it has what is read before."""
        def waits():
            pid = self.stird.child("courier")
            return pid and pid != other_than and (os.geteuid() != 0 or possess.holds(pid, [TOKEN])) and pid
        return stird.wait_until(waits, HANG_S, "a courier that has the token")

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root looks into other processes")
    def test_r_v_044_no_other_process_has_the_token(self):
        """Those that read what comes from the network, least of all; after a reload too."""
        self.begin()
        self.wait_domain(state="in force")
        self.web.hang()
        courier = None
        for reloads in (1, 2):
            with self.subTest(reloads=reloads):
                self.assertEqual(self.reload_status(), 0)
                courier = self.courier(courier)
                for pid in [self.stird.process.pid] + self.stird.family():
                    if pid != courier and stird.name_of(pid) and "courier" not in stird.name_of(pid):
                        self.assertFalse(possess.holds(pid, [TOKEN]), stird.name_of(pid))

    def test_r_v_042_a_server_that_hangs(self):
        """What is in force stays so, also over a restart, and a reload goes on; then an alarm."""
        self.begin()
        self.wait_domain(state="in force", revoked=1)
        self.web.hang()
        self.stird.stop()
        self.start_with(self.path)
        before = self.courier()
        self.wait_domain(state="in force", sequence=1, authorities=2, revoked=1)
        self.assertEqual(self.reload_status(), 0)
        courier = self.courier(before)
        self.wait_domain(state="in force", sequence=1, authorities=2, revoked=1)
        self.kill(courier)  # as if its time were over
        self.wait_alarm("trust_refused")
        self.wait_domain(state="in force", sequence=1, authorities=2, revoked=1)
        self.web.hang(False)
        self.assertNotIn("not_fetched", self.domain("refresh")["sources"][0])
        self.wait_alarm("trust_refused", on=False)

    def test_a_reload_while_somebody_waits_for_what_is_fetched(self):
        """The answer is of a round under the new configuration, as long as that may take."""
        self.begin()
        self.wait_domain(state="in force", revoked=1)
        self.web.hang()
        program = os.path.join(os.path.dirname(stird.binary()), "stirctl")
        with subprocess.Popen([program, "-c", self.path, "--json", "trust", "refresh"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True) as asker:
            before = self.courier()
            self.assertEqual(self.reload_status(), 0)
            courier = self.courier(before)
            self.assertIsNone(asker.poll())
            self.kill(courier)  # as if its time were over
            got = json.loads(asker.communicate(timeout=HANG_S)[0])["trust"][0]
        self.assertEqual(asker.returncode, 1)
        self.assertEqual([source.get("not_fetched") for source in got["sources"]], ["it was not fetched"] * 2)
        self.web.hang(False)
        self.refreshed(0)

    @staticmethod
    def kill(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def test_none_waits_for_a_server_that_hangs(self):
        """All that is due is asked for at the same time: the first of them may come when the second was asked for."""
        self.begin()
        self.wait_domain(state="in force", revoked=1)
        stird.wait_until(lambda: not self.stird.child("courier"), HANG_S, "the end of who fetched")
        self.put_list(2)
        del self.web.gets[:]
        self.web.hang()
        self.assertEqual(self.reload_status(), 0)
        stird.wait_until(lambda: {"list", "crl"} <= set(self.web.gets), HANG_S, "both that are asked for")
        self.web.hang(False)
        got = self.wait_domain(sequence=2)
        self.assertEqual([source["taken"] for source in got["sources"]], [True, True])

    def test_whose_url_it_is_that_fails(self):
        """The list is there; the certificate of its signer is not."""
        self.begin()
        self.wait_domain(state="in force", sequence=1)
        self.put_list(2, signer=self.web.url("another.pem"))
        got = self.refreshed()["sources"][0]
        self.assertEqual((got["not_fetched"], got["not_fetched_signer"]), ("it answers 404", self.web.url("another.pem")))
        self.stird.wait_log("the certificate of a list's signer cannot be fetched trust=us url=\\S*another.pem")
        self.assertIn("the certificate of its signer, %s, is not fetched since" % self.web.url("another.pem"),
                      self.shown("list")[1])

    def test_what_the_administrator_says(self):
        self.begin()
        self.wait_domain(state="in force", sequence=1)
        refusal = '{"status":"failure","message":"no such \\u001b[1mtoken"}'
        self.put("list", refusal)
        for status, key, why in ((b"200 OK", "refused", "is an answer whose status is not success"),
                                 (b"403 Forbidden", "not_fetched", "it answers 403")):
            with self.subTest(status=status):
                self.web.statuses["list"] = status
                self.assertEqual(self.refreshed()["sources"][0][key], why + ': it says "no such \\x1b[1mtoken"')

    def test_revocations_signed_by_an_authority_of_the_list(self):
        """They come before the list counts, whose signer is to be fetched first, and count when it does."""
        self.begin(crl_anchor=None)
        got = self.wait_domain(state="in force", authorities=2, revoked=1)
        self.assertEqual([source["taken"] for source in got["sources"]], [True, True])
        self.assertEqual(self.web.gets.count("crl"), 1)

    def test_why_it_is_not_there_outlives_a_reload(self):
        """Until the server has been asked again."""
        self.begin()
        self.wait_domain(state="in force", revoked=1)
        crl = self.web.bodies.pop("crl")
        self.assertIn("404", self.refreshed()["sources"][1]["not_fetched"])
        self.wait_alarm("trust_refused")
        before = self.domain()["sources"][1]
        stird.wait_until(lambda: not self.stird.child("courier"), HANG_S, "the end of who fetched")
        self.web.hang()
        self.assertEqual(self.reload_status(), 0)
        self.courier()
        self.assertEqual(self.domain()["sources"][1], before)
        self.wait_alarm("trust_refused")
        self.assertNotIn("an alarm is over alarm=trust_refused", self.stird.log())
        self.web.bodies["crl"] = crl
        self.web.hang(False)
        self.domain("refresh")
        self.wait_alarm("trust_refused", on=False)

    def put_crl(self, signer_url, revoked=1):
        """With what the lab's own revokes, and more until there are so many; it says where its signer's certificate is."""
        text = subprocess.run(["openssl", "crl", "-in", self.made + "/crl.pem", "-noout", "-text"],
                              check=True, capture_output=True, text=True, timeout=HANG_S).stdout
        serial = text.partition("Serial Number: ")[2].split()[0]
        serials = [serial] + ["%s%02X" % (serial[:-2], (int(serial[-2:], 16) + i) % 256) for i in range(1, revoked)]
        self.lab.write("index.txt", "".join("R\t491231000000Z\t261101000000Z\t%s\tunknown\t/CN=revoked%d\n" % (one, i)
                                            for i, one in enumerate(serials)))
        self.lab.write("index.txt.attr", "")
        self.lab.write("ca.conf", "[ca]\ndefault_ca = one\n[one]\ndatabase = %s\ndefault_md = sha256\n"
                       "crl_extensions = more\n[more]\nauthorityInfoAccess = caIssuers;URI:%s\n"
                       % (self.lab.path("index.txt"), signer_url))
        subprocess.run(["openssl", "ca", "-config", self.lab.path("ca.conf"), "-gencrl", "-crldays", "30",
                        "-cert", self.made + "/intermediate.pem", "-keyfile", self.made + "/intermediate.key.pem",
                        "-out", self.lab.path("new.crl")], check=True, capture_output=True, timeout=HANG_S)
        self.web.bodies["crl"] = self.body(self.lab.path("new.crl"))

    def test_r_v_043_the_signer_of_a_revocation_list(self):
        """Its certificate is fetched where the list says, if that is where the list is."""
        self.begin(crl_signer=None)
        self.wait_domain(state="in force", revoked=0)
        other = Web(self.lab, self.lab.network(51), authority="other")
        self.addCleanup(other.close)
        other.bodies["issuer.pem"] = self.web.bodies["issuer.pem"] = self.body("intermediate.pem")
        self.put_crl(other.url("issuer.pem"))
        got = self.refreshed()
        self.assertEqual((got["revoked"], got["sources"][1]["used"]), (0, False))
        self.put_crl(self.web.url("issuer.pem"))
        got = self.domain("refresh")
        self.assertEqual((got["revoked"], got["sources"][1]["used"]), (1, True))
        self.assertEqual((other.gets, self.web.shown["issuer.pem"]), ([], False))

    def spoil_folder(self):
        """A file lies where the folder of the last good ones was, so that nobody reads or writes there, nor root."""
        os.rename(self.lab.path("state", "trust"), self.lab.path("state", "aside"))
        self.lab.write("state/trust", "")

    def mend_folder(self):
        os.unlink(self.lab.path("state", "trust"))
        os.rename(self.lab.path("state", "aside"), self.lab.path("state", "trust"))

    def test_r_v_042_without_the_state_directory(self):
        """What was taken counts until stird ends, whatever is made anew; at the start it is said what cannot be read."""
        self.begin()
        self.wait_domain(state="in force", sequence=1, revoked=1)
        self.spoil_folder()
        self.put_list(2)
        self.put_crl(self.web.url("issuer.pem"), 2)
        got = self.refreshed(0)
        self.assertEqual((got["sequence"], got["revoked"]), (2, 2))
        self.wait_alarm("trust_not_kept")
        self.assertIn("it cannot be kept for the next start: Not a directory", self.shown("list")[1])
        self.put_list(1)
        self.web.bodies.pop("crl")
        for again in ("made of what is there", "after a reload"):
            with self.subTest(again):
                got = self.refreshed(1)
                self.assertEqual((got["state"], got["sequence"], got["revoked"]), ("in force", 2, 2))
                self.wait_alarm("trust_not_kept")
                self.assertEqual(self.reload_status(), 0)
        self.mend_folder()
        self.refreshed(1)
        self.wait_alarm("trust_not_kept", on=False)
        self.web.bodies.clear()
        self.stird.stop()
        self.start_with(self.path)
        self.wait_domain(state="in force", sequence=2, revoked=2)
        self.stird.stop()
        self.spoil_folder()
        self.start_with(self.path)
        self.wait_domain(state="unavailable")
        self.wait_alarm("trust_unread")
        self.stird.wait_log("the last good list of a domain of trust cannot be read trust=us")
        status, said = self.shown("refresh")
        self.assertEqual(status, 1)
        self.assertIn("none is at hand", said)
        self.assertIn("the last good one, in the folder trust of directories.state: it has no folder", said)
        self.mend_folder()
        self.refreshed(1)
        self.wait_domain(state="in force", sequence=2, revoked=2)
        self.wait_alarm("trust_unread", on=False)

    test_who_makes_it_may_die = None
    test_a_file_that_is_broken = None
    test_entries_of_a_file_that_are_no_authorities = None
    test_a_list_signed_by_nobody_who_is_known = None
    test_a_reload_takes_domains_away_and_brings_others = None
    test_a_token_that_others_may_read_is_not_used = None


USER, PASSWORD = "carrier-4711", 'a "password" of theirs'
GIVEN = "a-token.given-4711"


class Login(Administrator):
    """A server that gives its list to whom it has given a token, which is to come behind AUTHORIZATION."""

    def __init__(self, *words):
        self.logins, self.authorization = [], b"Bearer "
        super().__init__(*words)

    def _asked(self, tls):
        octets = b""
        while b"\r\n\r\n" not in octets:
            octets += self._more(tls)
        head, _, body = octets.partition(b"\r\n\r\n")
        method, path = head.decode("ascii").split(" ", 2)[:2]
        path = path[1:]
        length = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while length and len(body) < length[0]:
            body += self._more(tls)
        self.shown[path] = b"\r\nAuthorization: " in octets
        self.statuses.pop(path, None)
        if path == "auth/login":
            self.logins.append((method, head, body))
            if json.loads(body) != {"userId": USER, "password": PASSWORD}:
                self.statuses[path] = b"401 Unauthorized"
        if path == "list" and b"\r\nAuthorization: %s%s\r\n" % (self.authorization, GIVEN.encode()) not in octets:
            self.statuses[path] = b"401 Unauthorized"
        return path

    @staticmethod
    def _more(tls):
        more = tls.recv(4096)
        if not more:
            raise OSError("ended")
        return more


class LoggedIn(Fetched):
    """R-V-044: a list for those alone whom its administrator knows."""

    def begin(self, **changes):
        self.lab.write("login", "%s\n%s\n" % (USER, PASSWORD))
        os.chmod(self.lab.path("login"), 0o600)
        super().begin(list_token_file=None, list_login=lambda: self.web.url("auth/login"),
                      list_login_file=self.lab.path("login"), **changes)

    def serve(self):
        web = Login(self.lab, self.lab.network(50))
        web.bodies["auth/login"] = json.dumps({"status": "success", "accessToken": GIVEN}).encode()
        return web

    def test_a_list_and_its_revocations(self):
        self.begin()
        self.wait_domain(state="in force", authorities=2, revoked=1, sequence=1)
        method, head, body = self.web.logins[0]
        self.assertEqual((method, json.loads(body)), ("POST", {"userId": USER, "password": PASSWORD}))
        self.assertIn(b"\r\nContent-Type: application/json\r\n", head + b"\r\n")
        self.assertEqual(self.web.shown, {"auth/login": False, "crl": False, "list": True, "signer.pem": False})
        self.web.authorization = b""  # others want it by itself
        self.put_list(2)
        self.assertEqual(self.domain("refresh")["sequence"], 2)

    def test_a_login_that_fails(self):
        """What is in force stays; why is said, and nothing secret in the log or in what is shown."""
        self.begin()
        self.wait_domain(state="in force", sequence=1)
        good = self.web.bodies["auth/login"]
        tries = ((b"garbage", "the login answers what is no JSON"),
                 (b"[]", "the login answers what is no JSON"),
                 (b'{"status": "failure", "accessToken": "x"}', "the status of its answer is not success"),
                 (b'{"status": "failure", "message": "locked"}', 'is not success: it says "locked"'),
                 (b'{"status": "failure", "message": "%s?"}' % PASSWORD.replace('"', '\\"').encode(), "is not success"),
                 (b'{"accessToken": "two words"}', "gives no token"), (b'{"accessToken": "a\\r\\nX: y"}', "no token"),
                 (b'{"accessToken": 7}', "gives no token"), (b'{"accessToken": "a", "accessToken": "b"}', "no JSON"),
                 (b'{"accessToken": "%s"}' % (b"x" * 4096), "gives no token"),
                 (b'{"accessToken": "another"}', "it answers 401"), (None, "the login: it answers 404"))
        for answer, why in tries:
            with self.subTest(answer=answer and answer[:40]):
                self.web.bodies["auth/login"] = answer
                got = self.refreshed()
                self.assertEqual((got["state"], got["sequence"]), ("in force", 1))
                self.assertIn(why, got["sources"][0]["not_fetched"])
        self.wait_alarm("trust_refused")
        self.web.bodies["auth/login"] = good
        self.lab.write("login", "%s\nanother\n" % USER)
        self.assertIn("the login: it answers 401", self.refreshed()["sources"][0]["not_fetched"])
        self.lab.write("login", "only one line\n")
        self.assertIn("list_login_file: ", self.refreshed()["sources"][0]["not_fetched"])
        self.stird.wait_log("the login for a list of authorities cannot be used trust=us")
        self.lab.write("login", "%s\n%s\n" % (USER, PASSWORD))
        self.assertNotIn("not_fetched", self.domain("refresh")["sources"][0])
        # A file that was changed is a reason to try by itself too.
        self.assertGreaterEqual(self.web.gets.count("list"), 4)
        self.assertGreaterEqual(len(self.web.logins), 13)
        shown = subprocess.run([stird.binary(), "-T", "-c", self.path], check=True, capture_output=True, text=True,
                               timeout=HANG_S).stdout
        self.assertIn(self.lab.path("login"), shown)
        said = self.stird.log() + shown + stirctl.run(self.path, "trust", "list")[1]
        for secret in (USER, PASSWORD, PASSWORD.replace('"', '\\"'), GIVEN):
            self.assertNotIn(secret, said)

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root looks into other processes")
    def test_r_v_044_no_other_process_has_the_token(self):
        """Nor the password, also not in the words of a command."""
        self.begin()
        self.wait_domain(state="in force")
        secret = PASSWORD.replace('"', '\\"').encode()
        self.web.hang()
        self.assertEqual(self.reload_status(), 0)
        courier = stird.wait_until(lambda: self.holder(secret), HANG_S, "a courier that has the password")
        for pid in [self.stird.process.pid] + self.stird.family():
            if pid != courier and stird.name_of(pid) and "courier" not in stird.name_of(pid):
                self.assertFalse(possess.holds(pid, [secret, PASSWORD.encode(), GIVEN.encode()]), stird.name_of(pid))

    def holder(self, secret):
        pid = self.stird.child("courier")
        return pid and possess.holds(pid, [secret]) and pid

    def test_what_is_refused_at_the_start(self):
        self.begin()
        self.wait_domain(state="in force")
        with open(self.path, encoding="utf-8") as source:
            text = source.read()
        login = self.lab.path("login")
        other = self.web.url("auth/login").replace(self.web.host, "pa.example.net")
        tries = ((text, 0o644, 0, "list_login_file: %s: others can read or write it: chmod 600" % login),
                 (text.replace(self.web.url("auth/login"), other), 0o600, 1, "at another host or port than list"),
                 (text.replace("list_login_file", 'list_token_file = "%s"; list_login_file' % login), 0o600, 1,
                  "list_token_file and list_login: keep one of the two"))
        for changed, mode, refused, why in tries:
            with self.subTest(why):
                os.chmod(login, mode)
                self.put("stird.conf", changed)
                status, out, err = stirctl.run(self.path, "reload", "--wait")
                self.assertEqual(status, refused)
                self.assertIn(why, out + err)

    test_r_v_042_a_server_that_hangs = None
    test_a_reload_while_somebody_waits_for_what_is_fetched = None
    test_none_waits_for_a_server_that_hangs = None
    test_what_the_administrator_says = None
    test_r_v_042_without_the_state_directory = None
    test_why_it_is_not_there_outlives_a_reload = None
    test_revocations_signed_by_an_authority_of_the_list = None
    test_without_authorities_of_web_servers = None
    test_r_v_043_the_signer_of_a_revocation_list = None
    test_what_is_refused_changes_nothing = None
    test_a_new_list_is_taken_without_a_reload = None


if __name__ == "__main__":
    unittest.main()
