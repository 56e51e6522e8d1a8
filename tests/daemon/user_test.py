"""Started as root without a unit: the children are the user that security.user names."""

import os
import pwd
import shutil
import subprocess
import unittest
from unittest import mock

from daemon.lifetimes import ProcessStory, status_of
from lib import lab, possess, sandbox, stirctl, stird, tls
from lib.patience import HANG_S

USER = "nobody"


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root becomes another")
class User(ProcessStory):
    def start_as(self, user, **changes):
        """A program of a build tree is not always where another user may look: it is not needed."""
        return self.start(more='security = { user = "%s"; };\n' % user, **changes)

    def user_ids(self, pid):
        return set(status_of(pid, "Uid").split()) | set(status_of(pid, "Gid").split())

    def assert_children_are(self, entry):
        for role in self.ROLES:
            pid = self.stird.wait_child(role)
            stird.wait_until(lambda pid=pid: self.user_ids(pid) == {str(entry.pw_uid),
                                                                    str(entry.pw_gid)}, 5.0, role)
            self.assertEqual(status_of(pid, "Groups"), str(entry.pw_gid), role)
            for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                self.assertEqual(int(status_of(pid, kind), 16), 0, "%s of %s" % (kind, role))

    def test_children_drop_to_it(self):
        """With keys, tables and a TLS-free listener that are root's alone; a reload, a death."""
        self.start_as(USER)
        entry = pwd.getpwnam(USER)
        self.assert_children_are(entry)
        self.signed_call("A")
        self.stird.reload()
        self.stird.wait_log("reload done", 20.0)
        self.signed_call("A")
        for role in self.ROLES:
            old = self.hit(role)
            self.stird.wait_child(role, other_than=old)
        self.assert_children_are(entry)
        stird.wait_until(lambda: self.short_call()[1].raws("identity"), 20.0, "it signs again")
        invite, _, _ = self.signed_call("A")
        self.record(invite, decision="signed")
        self.assertNotIn("runs as root", self.stird.log())

    def test_children_die_with_the_supervisor(self):
        """The kernel forgets the order when a process becomes another user: it is given again."""
        self.start_as(USER)
        children = list(self.children().values())
        self.stird.kill([])
        self.stird.ready = False
        self.wait_gone(children, "children of a dead supervisor")

    def test_its_own_files_are_good(self):
        """As the unit leaves them: keys and state are the user's, and stay so."""
        entry = pwd.getpwnam(USER)
        path = self.configure(more='security = { user = "%s"; };\n' % USER)
        for directory in (self.lab.unit.directory, self.lab.path("state")):
            for top, _, names in os.walk(directory):
                for name in [top] + [os.path.join(top, n) for n in names]:
                    os.chown(name, entry.pw_uid, entry.pw_gid)
        self.start_with(path)
        self.signed_call("A")
        stirctl.ask(path, "numbers", "set", "+19005550000", "acme", "owned")
        self.signed_call("A", orig="19005550000", caller="+19005550000")
        for name in os.listdir(self.lab.path("state")):
            self.assertEqual(os.stat(self.lab.path("state", name)).st_uid, entry.pw_uid, name)

    def test_a_tls_key_of_its_own(self):
        """At the start and at a reload, where nobody can be asked any more who that user is."""
        authority = tls.Authority(self.lab)
        certificate, key = authority.issue("stird", "IP:" + self.net(1))
        own = 'tls = { certificate = "%s"; key = "%s"; ca = "%s"; };\n' % (
            certificate, key, authority.certificate)
        path = self.configure(more='security = { user = "%s"; };\n' % USER + own)
        os.chown(key, pwd.getpwnam(USER).pw_uid, -1)
        self.start_with(path)
        self.stird.reload()
        self.stird.wait_log("reload done")
        os.chown(key, 12345, -1)
        status, words = stird.check_configuration(path)
        self.assertNotEqual(status, 0)
        self.assertIn("could replace it", words)

    def test_a_file_of_root_s_by_another_name(self):
        """In a directory of his he gave it a second name: it is not written, nor his."""
        directory = self.lab.path("records")
        os.mkdir(directory)
        os.chown(directory, pwd.getpwnam(USER).pw_uid, -1)
        victim = self.lab.write("victim", "")
        os.link(victim, directory + "/records.jsonl")
        path = self.configure(more='security = { user = "%s"; };\n' % USER)
        with open(path, encoding="ascii") as source:
            text = source.read().replace(self.lab.path("records.jsonl"),
                                         directory + "/records.jsonl")
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        end = subprocess.run([stird.binary(), "-f", "-c", path], capture_output=True, text=True,
                             timeout=HANG_S, check=False)
        self.assertEqual(end.returncode, 78)
        self.assertIn("has another name as well", end.stderr)
        status, words = stird.check_configuration(path)
        self.assertEqual(status, 1)
        self.assertIn("has another name as well", words)
        self.assertEqual((os.stat(victim).st_uid, os.stat(victim).st_size), (0, 0))

    def test_a_stranger_s_key_is_refused_still(self):
        path = self.configure(more='security = { user = "%s"; };\n' % USER)
        os.chown(self.lab.unit.directory + "/key.pem", 12345, -1)
        status, words = stird.check_configuration(path)
        self.assertNotEqual(status, 0)
        self.assertIn("belongs to user id 12345", words)

    def test_a_user_that_is_not_there(self):
        path = self.configure(more='security = { user = "no-such-user"; };\n')
        status, words = stird.check_configuration(path)
        self.assertNotEqual(status, 0)
        self.assertIn('security.user: there is no user "no-such-user"', words)

    def test_root_is_asked_for(self):
        """Empty: they stay root, which is said, and have nothing of root's but the name."""
        self.start_as("")
        self.stird.wait_log("stird runs as root, and so do its processes")
        for role in ("worker", "recorder"):
            pid = self.stird.wait_child(role)
            self.assertEqual(int(status_of(pid, "CapEff"), 16), 0, role)
        self.signed_call("A")


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root becomes another")
class Unit(ProcessStory):
    """As the unit runs it: as a user of its own, where /proc hides the processes of others."""

    def start_hidden(self):
        entry = pwd.getpwnam(USER)
        path = self.configure()
        os.chmod(self.lab.directory, 0o755)
        for top, _, names in os.walk(self.lab.directory):
            for name in [top] + [os.path.join(top, n) for n in names]:
                os.chown(name, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
        sandbox.hide_processes(probe=True)
        def become():
            sandbox.hide_processes()
            os.chmod(self.lab.path("notify"), 0o666)
            os.setgroups([])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
            lab.end_with_parent()
        with mock.patch.object(stird, "end_with_parent", become):
            self.start_with(path)
        return path, entry

    def test_stirctl_is_heard(self):
        """Root's, whose process is hidden from stird, and that of stird's own user."""
        try:
            path, entry = self.start_hidden()
        except PermissionError as error:
            self.skipTest("no place like a unit here: %s" % error)
        self.assertEqual(stirctl.ask(path, "status")["state"], "serving")
        program = os.path.join(os.path.dirname(stird.binary()), "stirctl")
        def become():
            sandbox.hide_processes()
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        run = subprocess.run([program, "-c", path, "reload", "--wait"], preexec_fn=become,
                             capture_output=True, text=True, timeout=HANG_S, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn("process of stird's own", self.stird.log())

    @unittest.skipUnless(possess.possible(), "no ptrace of another process here")
    @unittest.skipIf(os.environ.get("STIRD_SANITIZED") == "1", "preloading needs the plain binary")
    def test_a_child_is_not(self):
        os.environ["LD_PRELOAD"] = lab.shim("open_shim")
        try:
            self.start_hidden()
        except PermissionError as error:
            self.skipTest("no place like a unit here: %s" % error)
        finally:
            os.environ.pop("LD_PRELOAD")
        address = possess.unix_address(self.lab.path("run", "control"))
        possess.inside(self.stird.wait_child("worker"), ("socket", 1, 5, 0),
                       ("connect", possess.Result(0), address, len(address)))
        self.stird.wait_log("the control socket was asked by a process of stird's own")


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: nobody else writes for others")
class Import(ProcessStory):
    """stirctl cert import, by root, where the directory's owner is somebody else's by now."""

    ATTACKER = 65534
    ROUNDS = 12

    def prepare(self):
        self.start(more='security = { user = "%s"; };\n' % USER)
        self.victim = self.lab.path("victim")
        os.mkdir(self.victim, 0o700)
        self.source = self.lab.path("source")
        shutil.copytree(self.lab.unit.directory, self.source)
        os.chown(self.lab.unit.directory, self.ATTACKER, self.ATTACKER)
        os.chmod(self.lab.directory, 0o755)

    def bring(self, name):
        with open(self.source + "/x5u", encoding="ascii") as text:
            x5u = text.read().strip()
        return stirctl.run(self.stird.configuration, "cert", "import", "--key",
                           self.source + "/key.pem", "--chain", self.source + "/chain.pem",
                           "--x5u", x5u, "--name", name, "818H")

    def assert_victim_is_untouched(self):
        self.assertEqual(os.stat(self.victim).st_uid, 0)
        self.assertEqual(os.listdir(self.victim), [])

    def test_the_owner_gets_what_root_brings(self):
        self.prepare()
        self.assertEqual(self.bring("next")[0], 0)
        unit = os.path.join(self.lab.unit.directory, "next.unit")
        for path in [unit] + [os.path.join(unit, name) for name in os.listdir(unit)]:
            self.assertEqual(os.stat(path).st_uid, self.ATTACKER, path)

    def test_an_exchanged_directory_gains_nothing(self):
        """The owner tries all the time to put a link where root writes."""
        self.prepare()
        directory = self.lab.unit.directory
        for i in range(self.ROUNDS):
            name = "n%d" % i
            attacker = os.fork()
            if attacker == 0:
                self.exchange(directory, ".%s.new" % name)
            try:
                self.bring(name)
            finally:
                os.kill(attacker, 9)
                os.waitpid(attacker, 0)
            self.assert_victim_is_untouched()
            shutil.rmtree(os.path.join(directory, "." + name + ".new"), ignore_errors=True)

    def exchange(self, directory, aside):
        """The attacker: moves what root made away and puts a link to the victim there."""
        try:
            os.setgid(self.ATTACKER)
            os.setuid(self.ATTACKER)
            os.chdir(directory)
            for n in range(10**9):
                try:
                    os.rename(aside, "moved-%d" % n)
                    os.symlink(self.victim, aside)
                except OSError:
                    pass
        finally:
            os._exit(0)

    def test_what_is_no_file_holds_nobody_up(self):
        """In the place of the chain, and of the key, that somebody else made."""
        self.prepare()
        for name in ("chain.pem", "key.pem"):
            path = os.path.join(self.source, name)
            os.rename(path, path + ".moved")
            os.mkfifo(path)
            status, _, words = self.bring("fifo")
            self.assertNotEqual(status, 0)
            self.assertIn(name + ": is no regular file", words)
            os.rename(path + ".moved", path)

    def test_a_link_of_the_owner_s_is_not_followed(self):
        """On the way: the directory of the unit itself becomes a link."""
        self.prepare()
        directory = self.lab.unit.directory
        above = os.path.dirname(directory)
        os.chown(above, self.ATTACKER, self.ATTACKER)
        os.rename(directory, directory + ".moved")
        shutil.copytree(self.source, os.path.join(self.victim, "unit"))
        os.symlink(os.path.join(self.victim, "unit"), directory)
        before = sorted(os.listdir(os.path.join(self.victim, "unit")))
        status, _, words = self.bring("next")
        self.assertNotEqual(status, 0)
        self.assertIn("symbolic link", words)
        self.assertEqual(sorted(os.listdir(os.path.join(self.victim, "unit"))), before)
        os.unlink(directory)
        os.rename(directory + ".moved", directory)


if __name__ == "__main__":
    unittest.main()
