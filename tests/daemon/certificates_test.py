"""Certificates that take care of themselves: new units, fallback, alarms, the checker."""

import json
import os
import shutil
import subprocess
import time
import unittest

from daemon.lifetimes import ProcessStory
from lib import identity, stirctl, stird
from lib.lab import PROJECT, Unit, binary
from lib.patience import HANG_S


class Certificates(ProcessStory):
    """The lab's certificate 818H with units in directories of their own."""

    def make(self, name, *options):
        """A unit of the lab's authority, not where stird looks."""
        directory = self.lab.path("made", name)
        run = subprocess.run([os.path.join(PROJECT, "tests", "lib", "make-unit"), "--ca",
                              self.lab.path("certs", "ca"), "--x5u",
                              "https://cert.example.org/%s.pem" % name, *options, directory],
                             capture_output=True, text=True, timeout=HANG_S, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        return Unit(directory)

    def put(self, unit, name=None):
        """As `mv` does it: whole at once."""
        name = name or os.path.basename(unit.directory)
        aside = os.path.join(self.lab.unit.directory, "." + name)
        shutil.copytree(unit.directory, aside)
        os.rename(aside, os.path.join(self.lab.unit.directory, name + ".unit"))

    def start(self, **changes):
        self.path = self.lab.path("stird.conf")
        super().start(**changes)

    def certs(self, *words):
        return stirctl.ask(self.path, "cert", *(words or ("list",)))

    def signed_by(self):
        """The x5u that a call is signed with now; its signature is that unit's."""
        _, arrived = self.short_call()
        token = identity.Token(arrived["identity"])
        return token

    def test_a_new_unit_waits_until_it_has_settled(self):
        """Five minutes after its first second: clocks of verifiers differ."""
        self.start()
        young = self.make("young")
        self.put(young)
        self.stird.wait_log("reload: a certificate's directory changed")
        stird.wait_until(lambda: {c["unit"] for c in self.certs()} == {"", "young"}, HANG_S, "both units")
        listed = {c["unit"]: c for c in self.certs()}
        settled = listed["young"]["not_before"] + 300 <= time.time()
        self.assertEqual(listed["young"]["signs"], settled)
        token = self.signed_by()
        self.assertEqual(token.info, (young if settled else self.lab.unit).x5u)

    def test_an_operator_chooses_the_unit(self):
        """Over a death too; and no unit that may not sign."""
        self.start()
        self.put(self.make("young"))
        stird.wait_until(lambda: {c["unit"] for c in self.certs()} == {"", "young"}, HANG_S, "both units")
        automatic = {c["unit"]: c["signs"] for c in self.certs()}
        settled = [c["unit"] for c in self.certs() if c["not_before"] + 300 <= time.time()]
        for unit in settled:
            self.certs("use", "818H", unit or "-")
            self.assertEqual([c["unit"] for c in self.certs() if c["signs"]], [unit])
            x5u = next(c["x5u"] for c in self.certs() if c["unit"] == unit)
            self.assertEqual(self.signed_by().info, x5u)
            self.replaced("worker", self.hit("worker"))
            self.assertEqual(self.signed_by().info, x5u)
        for wrong in ("yong", "") + (() if "young" in settled else ("young",)):
            status, _, err = stirctl.run(self.path, "cert", "use", "818H", wrong or "none")
            self.assertEqual(status, 1, err)
        self.certs("use", "818H", "--automatic")
        self.assertEqual({c["unit"]: c["signs"] for c in self.certs()}, automatic)

    def test_a_directory_in_which_somebody_always_writes(self):
        """A new unit is taken all the same."""
        self.start()
        young = self.make("young")
        noise = subprocess.Popen(  # pylint: disable=consider-using-with
            ["sh", "-c", "while :; do : > .noise; done"], cwd=self.lab.unit.directory)
        self.addCleanup(noise.wait)
        self.addCleanup(noise.kill)
        self.put(young)
        stird.wait_until(lambda: "young" in {c["unit"] for c in self.certs()}, HANG_S, "the unit")
        self.signed_by()

    def test_import_checks_and_reloads(self):
        self.start()
        unit = self.make("next")
        files = ["--key", unit.directory + "/key.pem", "--chain", unit.directory + "/chain.pem",
                 "--x5u", unit.x5u]
        status, out, err = stirctl.run(self.path, "cert", "import", *files, "--name", "next",
                                       "818H")
        self.assertEqual(status, 0, err)
        self.assertIn("next.unit", out)
        self.assertEqual(sorted(c["unit"] for c in self.certs()), ["", "next"])
        made = os.path.join(self.lab.unit.directory, "next.unit")
        self.assertEqual(os.stat(made + "/key.pem").st_mode & 0o777, 0o600)
        self.assertEqual(sorted(os.listdir(made)), ["chain.pem", "key.pem", "x5u"])
        self.signed_by()

    def bring(self, unit, *more):
        return stirctl.run(self.path, "cert", "import", "--key", unit.directory + "/key.pem", "--chain",
                           unit.directory + "/chain.pem", "--x5u", unit.x5u, *more, "818H")

    def units(self):
        return sorted(name for name in os.listdir(self.lab.unit.directory) if name.endswith(".unit"))

    def test_the_same_again_is_no_mistake(self):
        """A hook may run twice; also when a reload, a stop or another name came in between."""
        self.start()
        unit = self.make("next")
        self.assertEqual(self.bring(unit)[0], 0)
        first = self.units()
        self.assertEqual(len(first), 1)
        for _ in range(2):
            status, out, err = self.bring(unit)
            self.assertEqual((status, err), (0, ""))
            self.assertIn("is there already as %s/%s" % (self.lab.unit.directory, first[0]), out)
        told = json.loads(self.bring(unit, "--json")[1])
        self.assertEqual(told, {"imported": False, "there_as": first[0]})
        # With other white space in its file it is the same certificate.
        with open(unit.directory + "/chain.pem", "a", encoding="ascii") as out:
            out.write("\n# a comment\n")
        self.assertIn("is there already", self.bring(unit)[1])
        self.stird.stop()
        self.assertIn("is there already", self.bring(unit)[1])
        self.assertEqual(self.units(), first)

    def test_another_with_the_same_name_gets_a_name_of_its_own(self):
        """The same day and serial number, of two authorities; a name that was asked for is told of."""
        self.start()
        unit = self.make("next")
        self.assertEqual(self.bring(unit)[0], 0)
        first = self.units()[0]
        elsewhere = self.make("other")
        shutil.rmtree(os.path.join(self.lab.unit.directory, first))
        shutil.copytree(elsewhere.directory, os.path.join(self.lab.unit.directory, first))
        status, out, err = self.bring(unit)
        self.assertEqual(status, 0, err)
        self.assertEqual(self.units(), sorted([first, first.replace(".unit", "-2.unit")]))
        third = self.make("third")
        status, _, err = self.bring(third, "--name", first[:-len(".unit")])
        self.assertEqual(status, 1)
        self.assertIn("exists, with another certificate or URL: name the new one with another --name", err)
        self.assertEqual(len(self.units()), 2)

    def test_left_overs_are_in_nobody_s_way(self):
        """What an import that was killed left aside."""
        self.start()
        unit = self.make("next")
        os.mkdir(os.path.join(self.lab.unit.directory, ".next.new"))
        self.assertEqual(self.bring(unit, "--name", "next")[0], 0)

    def test_the_first_unit_makes_the_directory(self):
        path = self.configure()
        unit = self.make("next")
        shutil.rmtree(self.lab.unit.directory)
        self.path = path
        status, _, err = self.bring(unit)
        self.assertEqual(status, 0, err)
        self.assertEqual(os.stat(self.lab.unit.directory).st_mode & 0o777, 0o700)
        self.assertEqual(len(self.units()), 1)

    def test_one_unit_of_a_lab_signs(self):
        """scripts/lab-ca is stirctl lab-ca --unit: twice below one authority, also where one was before."""
        path = self.configure()
        program = os.path.join(PROJECT, "scripts", "lab-ca")
        tool = dict(os.environ, STIRCTL=os.path.join(os.path.dirname(stird.binary()), "stirctl"))
        ca, codes = self.lab.path("lab-authority"), ",".join(self.lab.unit.spcs)
        for days in ("20", "10"):
            run = subprocess.run([program, "--ca", ca, "--spc", codes, "--x5u", "https://cert.example.org/818H.pem",
                                  "--days", days, self.lab.unit.directory], env=tool, capture_output=True,
                                 text=True, timeout=HANG_S, check=False)
            self.assertEqual((run.returncode, run.stdout), (0, self.lab.unit.directory + "\n"), run.stderr)
            self.assertEqual(stird.check_configuration(path)[0], 0)
            checked = subprocess.run(["openssl", "verify", "-CAfile", ca + "/root.pem", "-untrusted",
                                      ca + "/intermediate.pem", self.lab.unit.directory + "/chain.pem"],
                                     capture_output=True, text=True, timeout=HANG_S, check=False)
            self.assertEqual(checked.returncode, 0, checked.stderr)
        self.lab.unit = Unit(self.lab.unit.directory)
        self.path = path
        self.start_with(path)
        self.signed_call("A")

    def test_labs_give_each_its_own_serial_number(self):
        """RFC 5280 section 4.1.2.2; so two units of one day are two."""
        serials = set()
        for name in ("one", "two"):
            lab = self.lab.path(name)
            self.assertEqual(stirctl.run("/none", "lab-ca", lab)[0], 0)
            for place in ("root.pem", "intermediate.pem", "tls.pem", "709J/chain.pem", "numbers/chain.pem",
                          "revoked/chain.pem"):
                serials.add(subprocess.run(["openssl", "x509", "-noout", "-serial", "-in",
                                            os.path.join(lab, place)], capture_output=True, text=True,
                                           timeout=HANG_S, check=True).stdout)
        self.assertEqual(len(serials), 12)

    def test_import_refuses_what_is_wrong(self):
        self.start()
        good, other = self.make("good"), self.make("other")
        before = sorted(os.listdir(self.lab.unit.directory))
        for key, chain, x5u, identifier, words in (
                (other, good, good.x5u, "818H", "is not the key of the certificate"),
                (good, good, "http://x/y", "818H", "https"),
                (good, good, good.x5u, "none", 'no certificate "none"')):
            status, _, err = stirctl.run(
                self.path, "cert", "import", "--key", key.directory + "/key.pem", "--chain",
                chain.directory + "/chain.pem", "--x5u", x5u, identifier)
            self.assertEqual(status, 1, err)
            self.assertRegex(err, words)
        self.assertEqual(stirctl.run(self.path, "cert", "import", "818H")[0], 2)
        self.assertEqual(sorted(os.listdir(self.lab.unit.directory)), before)

    def test_import_judges_the_chain(self):
        """One whose issuer is another authority's of the same name; one without its issuer."""
        self.start()
        mark = "-----BEGIN"
        with open(self.make("one", "--ca", self.lab.path("another-ca")).directory + "/chain.pem", encoding="ascii") as chain:
            above = chain.read().split(mark)[2]
        unit = self.make("two")
        path = unit.directory + "/chain.pem"
        with open(path, encoding="ascii") as chain:
            leaf = chain.read().split(mark)[1]
        with open(path, "w", encoding="ascii") as chain:
            chain.write(mark + leaf + mark + above)
        status, _, err = self.bring(unit)
        self.assertEqual(status, 1)
        self.assertRegex(err, r"chain.pem: is a chain that no verifier follows: \w")
        with open(path, "w", encoding="ascii") as chain:
            chain.write(mark + leaf)
        status, _, err = self.bring(unit)
        self.assertEqual(status, 0, err)
        self.assertRegex(err, r"warning: \S+/chain.pem holds the end-entity certificate alone")

    def test_import_is_taken_back_when_stird_refuses_it(self):
        """Our own code is in provider.spc; a unit of another provider is not ours."""
        self.start(more='provider = { spc = [ "709J" ]; };')
        foreign = self.make("foreign", "--spc", "818H")
        before = sorted(os.listdir(self.lab.unit.directory))
        status, _, err = stirctl.run(
            self.path, "cert", "import", "--key", foreign.directory + "/key.pem", "--chain",
            foreign.directory + "/chain.pem", "--x5u", foreign.x5u, "818H")
        self.assertEqual(status, 1)
        self.assertRegex(err, r"(?m)^\S+: .*a certificate of 818H, which is none of provider.spc")
        self.assertRegex(err, r"(?m)^stirctl: the reload failed and the unit is taken back: \w")
        self.assertNotIn("{", err)
        self.assertEqual(sorted(os.listdir(self.lab.unit.directory)), before)
        self.signed_call("A")

    def test_renewal_by_a_program(self):
        """As an ACME client's hook: told which certificate, it leaves three files."""
        self.start()
        unit = self.make("renewed")
        told = self.lab.path("told")
        hook = self.lab.write("hook", "#!/bin/sh\nset -e\n"
                              "test \"$STIRD_CERTIFICATE $STIRD_SPC\" = '818H 709J'\n"
                              "test \"$STIRD_DAYS_LEFT\" -ge 28\n"
                              "cp %s/* \"$STIRD_OUT\"\n"
                              "echo \"$STIRD_OUT\" >%s\n" % (unit.directory, told))
        os.chmod(hook, 0o755)
        self.assertEqual(stirctl.ask(self.path, "cert", "renew", "--hook", hook),
                         {"due": 0, "failed": 0})
        status, out, err = stirctl.run(self.path, "cert", "renew", "--hook", hook, "--left", "1")
        self.assertEqual(status, 0, err)
        self.assertIn("1 due, 0 failed", out)
        self.assertEqual(len(self.certs()), 2)
        with open(told, encoding="utf-8") as source:
            place = source.read().strip()
        self.assertIn("/stird-renew-", place)
        self.assertFalse(os.path.exists(place))
        status, out, err = stirctl.run(self.path, "cert", "renew", "--hook", "/bin/true", "--all")
        self.assertEqual(status, 1)
        self.assertIn("x5u: the program has not written it", err)
        self.assertEqual(stirctl.run(self.path, "cert", "renew")[0], 2)

    def test_a_hook_that_is_missing_is_said_before_anything_is_due(self):
        self.start()
        file = self.lab.write("no-program", "")
        for hook in ("/nope", "nope-nope", file, self.lab.directory):
            status, out, err = stirctl.run(self.path, "cert", "renew", "--hook", hook)
            self.assertEqual((status, out), (1, ""))
            self.assertIn("--hook %s: there is no such program" % hook, err)
        self.assertEqual(stirctl.ask(self.path, "cert", "renew", "--hook", "true"),
                         {"due": 0, "failed": 0})

    def test_a_broken_unit_keeps_what_signs(self):
        self.start()
        unit = self.make("broken")
        os.unlink(unit.directory + "/key.pem")
        self.put(unit)
        status, _, err = stirctl.run(self.path, "reload", "--wait")
        self.assertEqual(status, 1)
        self.assertIn("broken.unit/key.pem: no such file", err)
        self.signed_call("A")

    def test_expired_units_are_left_out(self):
        """R-P-131 R-C-003."""
        self.put(self.make("old", "--bad", "expired"))
        self.start()
        self.assertEqual([c["unit"] for c in self.certs()], [""])
        self.signed_call("A")

    def test_each_unit_expired(self):
        """R-P-097 R-C-003: of several, of one, and in the directory itself: no start is refused, calls go unsigned, it is told."""
        flat = self.make("flat", "--bad", "expired")
        for n in ("chain.pem", "key.pem", "x5u"):
            shutil.copy(os.path.join(flat.directory, n), self.lab.unit.directory)
        for unit, words in ((None, "its unit has expired, on 20"), ("old", "each of its units has expired, on 20")):
            with self.subTest(unit=unit):
                if unit:
                    self.put(self.make(unit, "--bad", "expired"))
                status, said = stird.check_configuration(self.configure())
                self.assertEqual(status, 0, said)
                self.assertIn(words, said)
        self.start()
        self.unsigned_call("certificate_expired")
        stird.wait_until(lambda: "certificate_life" in [a["name"] for a in stirctl.ask(self.path, "status")["alarms"]],
                         HANG_S, "the alarm")
        new = self.make("new")
        self.put(new)
        self.assertEqual(stirctl.run(self.path, "reload", "--wait")[0], 0)
        self.lab.unit = new
        self.signed_call("A")

    def test_foreign_certificates(self):
        path = self.configure(more='provider = { spc = [ "818H" ]; };')
        status, said = stird.check_configuration(path)
        self.assertEqual(status, 1)
        self.assertIn("is a certificate of 709J, which is none of provider.spc", said)
        with open(path, encoding="utf-8") as source:
            text = source.read().replace('id = "818H";', 'id = "818H"; foreign = true;')
        status, said = stird.check_configuration(self.lab.write("stird.conf", text))
        self.assertEqual(status, 0, said)

    def test_by_rule_and_by_customer(self):
        other = self.make("other")
        shutil.copytree(other.directory, self.lab.path("second"))
        more = ('rules = ( { name = "r"; called = [ "+1312" ]; then = "by_number";'
                ' certificate = "second"; } );'
                'customers = ( { name = "foreign"; attributes = [ "cert = second" ]; } );')
        path = self.configure(more=more)
        self.path = path
        with open(path, encoding="utf-8") as source:
            text = source.read().replace(
                "certificates = (", 'certificates = ( { id = "first"; directory = "%s"; }, '
                '{ id = "second"; directory = "%s"; }, ' % (self.lab.unit.directory,
                                                            self.lab.path("second")))
        self.start_with(self.lab.write("stird.conf", text))
        self.assertEqual(self.signed_by().info, self.lab.unit.x5u)
        _, arrived = self.short_call(called="+13125550123")
        self.assertEqual(identity.Token(arrived["identity"]).info, other.x5u)
        _, arrived = self.short_call(peer=self.peer("gateway", 4))
        self.assertEqual(identity.Token(arrived["identity"]).info, other.x5u)

    def test_a_look_at_urls_that_lead_nowhere(self):
        """Loopback is no address of the open Internet: it is said, and the calls go on signed."""
        unit = self.make("local", "--x5u", "https://127.0.0.1:8443/x.pem")
        shutil.rmtree(self.lab.unit.directory)
        shutil.copytree(unit.directory, self.lab.unit.directory)
        self.start(check='interval = "1h";')
        self.stird.wait_log("state=unreachable it=\"?its name leads to an address that is not")
        self.assertEqual(self.signed_by().info, unit.x5u)
        listed = self.certs("check")
        self.assertEqual((listed[0]["url"], listed[0]["signs"]), ("unreachable", True))

    def test_alarm_by_the_life_that_is_left(self):
        """R-C-003."""
        for age, days, words in (("1", "29", None),
                                 ("25", "5", "warning .*less than a third of the certificate's life"),
                                 ("28", "2", "error .*less than a tenth of the certificate's life")):
            with self.subTest(age=age):
                lab = self.lab.path("lab-" + age)
                status, _, err = stirctl.run("/none", "lab-ca", "--age", age, "--days", days, lab)
                self.assertEqual(status, 0, err)
                shutil.rmtree(self.lab.unit.directory)
                shutil.copytree(lab + "/709J", self.lab.unit.directory)
                self.start()
                if words:
                    self.stird.wait_log(words, 5.0)
                self.signed_by()
                if not words:
                    self.assertFalse(self.stird.log_lines("certificate's life"))
                self.stird.stop()


def can_unshare():
    return subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(can_unshare(), "SKIPPED: no network namespace can be made here (root)")
class Served(unittest.TestCase):
    """In a network namespace, where port 8443 is free: what URLs serve decides who signs."""

    def test_what_is_served_decides(self):
        """R-P-133 R-C-002."""
        self.story("daemon.served_story")

    @unittest.skipIf(os.environ.get("STIRD_SANITIZED") == "1", "the same in twice the time")
    def test_rotations_under_load(self):
        """R-C-004."""
        self.story("daemon.rotation_story")

    def story(self, module):
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        program = os.path.join(os.path.dirname(binary()), "stirctl")
        done = subprocess.run(
            ["unshare", "-n", "bash", "-c",
             "ip link set lo up; exec python3 -B -m " + module],
            cwd=here, capture_output=True, text=True, timeout=1800, check=False,
            env={**os.environ, "STIRCTL": program,
                 "LOAD": os.path.join(os.path.dirname(program), "tests", "bench", "load")})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("all is well", done.stdout, done.stderr)


if __name__ == "__main__":
    unittest.main()
