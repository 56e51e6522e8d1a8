"""
A start that fails: what -t has said of it before, its exit status, and that it is no spin. As the service's user,
on a machine with the unit.
"""

import os
import signal
import socket
import subprocess
import time

from daemon.lifetimes import ProcessStory
from lib import bare_machine, sandbox, stird
from lib.patience import HANG_S

MISCONFIGURED = 78
FUTURE = 5  # seconds, RETRY_PAUSE_MS

# A first start has made /run/stird, /var/log/stird and the secret. start NAME: as the unit does it, without systemd.
SERVED = r"""
mount -t tmpfs -o mode=755 tmpfs /srv; mount -t tmpfs tmpfs /home
systemctl enable --now stird; systemctl stop stird
conf=/etc/stird/stird.conf; kept=$(mktemp -p /run); cp "$conf" "$kept"
secret=/var/lib/stird/hmac-secret; records=/var/log/stird/records.jsonl
drop_ins=/etc/systemd/system/stird.service.d; mkdir -p "$drop_ins"
own() { local status=0; echo "== $1"; as stird stird -t 2>&1 || status=$?; echo "status $status"; }
start() { local status=0; echo "== $1"; as stird timeout 60 stird -f -c "$conf" 2>&1 || status=$?; echo "status $status"; }
three() { judge "$1"; own "$1, itself"; start "$1, start"; }
back() { cat "$kept" >"$conf"; rm -f "$drop_ins"/*; }
"""


class Judged(bare_machine.Story):
    """What -t says as root and as the service's user, and what a start of that user does."""

    def parts(self, script):
        return super().parts(SERVED + script)

    def test_bad_is_bad_and_ends_for_good(self):
        spoil = (  # what is done, what takes it back, what root's -t says
            ("open secret", 'chmod 644 "$secret"', 'chmod 600 "$secret"', "hmac-secret: must be stird's own and 0600"),
            ("secret is a directory", 'mv "$secret" /run/kept; install -d -o stird "$secret"',
             'rmdir "$secret"; mv /run/kept "$secret"', "hmac-secret: must be a regular file"),
            ("secret is a link", 'mv "$secret" /run/kept; ln -s /run/kept "$secret"',
             'rm "$secret"; mv /run/kept "$secret"', "hmac-secret: must be a regular file"),
            ("root's secret", 'chown root "$secret"', 'chown stird "$secret"', "hmac-secret: user stird.*chown stird"),
            ("no way to make a secret", 'mv "$secret" /run/kept; chmod 500 /var/lib/stird',
             'chmod 700 /var/lib/stird; mv /run/kept "$secret"', "hmac-secret: Permission denied"),
            ("root's records", 'chown root "$records"', 'chown stird "$records"', "records.file: user \"stird\".*cannot write"),
            ("records are a directory", 'mv "$records" /run/kept; mkdir "$records"',
             'rmdir "$records"; mv /run/kept "$records"', "records.file: .*no regular file"),
            ("no directory for records", "sed -i s,/var/log/stird/,/var/log/nowhere/, $conf", "back",
             "records.file: .*its directory does not exist"),
            ("root's directory for records", "sed -i s,/var/log/stird/,/srv/, $conf", "back", "records.file: .*\"stird\".*cannot write"),
            ("root's key", 'chown root "$key"', 'chown stird "$key"', "key.pem: .*chown stird "),
            ("no such group", "echo 'control = { read_group = \"nobodies\"; };' >>$conf", "back", "no group \"nobodies\""),
            ("no configuration", "mv $conf /run/kept", "mv /run/kept $conf", "make a first one by stirctl init"),
        )
        found = self.parts("".join("%s\nthree \"%s\"\n%s\n" % (do, name, undo) for name, do, undo, _ in spoil) +
                           "judge good\nown own\n")
        for name, _, _, pattern in spoil:
            self.assert_status(found, name, 1, pattern)
            self.assert_status(found, name + ", itself", 1)
            self.assert_status(found, name + ", start", MISCONFIGURED)
        for name in ("good", "own"):
            self.assert_status(found, name, 0, "configuration is good")

    def test_a_port_that_takes_a_right(self):
        """A drop-in of elsewhere may grant it: -t warns."""
        found = self.parts("sed -i 's/port = 5060; t/port = 80; t/' $conf\njudge root\nown own\nstart start\n")
        for name in ("root", "own"):
            self.assert_status(found, name, 0, "CAP_NET_BIND_SERVICE")
        self.assert_status(found, "start", MISCONFIGURED, "Permission denied")

    def test_while_it_is_stopped_its_own_user_may_ask(self):
        """The unit makes the directories: as if nobody had ever started it, too."""
        found = self.parts("rm -rf /run/stird\nown stopped\nrm -rf /var/log/stird\nown new\njudge root\n")
        for name in ("stopped", "new", "root"):
            self.assert_status(found, name, 0, "configuration is good")

    def test_what_the_unit_hides_or_forbids(self):
        """A drop-in that allows it makes it good; a configuration that no unit starts is judged without one."""
        found = self.parts(r"""
            drop_in() { printf '[Service]\n%s\n' "$1" >"$drop_ins/more.conf"; }
            echo 'control = { read_group = "noc"; };' >>$conf
            judge "group"; cp systemd/stird.service.d/groups.conf "$drop_ins"; judge "group, drop-in"; back
            install -d -o stird /srv/records; sed -i s,/var/log/stird/,/srv/records/, $conf
            judge "strict"; own "strict, itself"; drop_in ReadWritePaths=-/srv; judge "strict, drop-in"; back
            install -d /home/certs; cp -a /var/lib/stird/certs/709J /home/certs/; sed -i s,/var/lib/stird/certs,/home/certs, $conf
            judge "home"; drop_in ProtectHome=no; judge "home, drop-in"
            drop_in "BindReadOnlyPaths=/home/certs"; judge "home, bound"; rm "$drop_ins"/*
            echo "== elsewhere"; cp -a /etc/stird /run/elsewhere; stird -t -c /run/elsewhere/stird.conf 2>&1; echo "status $?"
            back
            judge good
            """)
        for name, pattern in (("group", "control.read_group: .*PrivateUsers=yes"),
                              ("strict", "records.file: .*ProtectSystem=strict.*ReadWritePaths="),
                              ("strict, itself", "ProtectSystem=strict"),
                              ("home", "key.pem: the unit hides it.*ProtectHome=")):
            self.assert_status(found, name, 1, pattern)
        self.assertNotIn("chown", found["home"][1])
        for name in ("group, drop-in", "strict, drop-in", "home, drop-in", "home, bound", "elsewhere", "good"):
            self.assert_status(found, name, 0)

    def test_as_whom_the_unit_starts_it(self):
        found = self.parts(r"""
            drop_in() { printf '[Service]\n%s\n' "$1" >"$drop_ins/more.conf"; }
            drop_in User=nosuch; judge "no user"; drop_in User=root; judge "root"; drop_in Group=nosuch; judge "no group"
            drop_in SupplementaryGroups=nosuch; judge "no other group"
            drop_in User=member; judge "another"; rm "$drop_ins"/*; judge good
            """)
        for name, pattern in (("no user", "stird.service: User=nosuch: there is no such user.*217"),
                              ("root", "stird.service: the unit starts stird as root"),
                              ("no group", "stird.service: Group=nosuch: there is no such group.*216"),
                              ("no other group", "stird.service: SupplementaryGroups=nosuch: there is no such group"),
                              ("another", "key.pem: .*chown member")):
            self.assert_status(found, name, 1, pattern)
        self.assert_status(found, "good", 0)

    def test_one_mistake_hides_no_other(self):
        found = self.parts(r"""
            chown root "$key"; chmod 644 "$secret"; chown root "$records"; chmod 600 /etc/stird/numbers.d/*.csv
            judge "files"; echo 'lsten = 5;' >>$conf; judge "a key"; echo 'listen = = 1;' >>$conf; judge "syntax"; back
            mkdir /etc/stird/conf.d; echo 'trunks = (' >/etc/stird/conf.d/more.conf; judge "syntax of a part"
            rm -r /etc/stird/conf.d
            chown stird "$key"; chmod 600 "$secret"; chown stird "$records"
            sed -i 's/spc = \[ "709J" \]/spc = [ "818H" ]/' $conf; judge "code"
            mv "$unit/x5u" /run/kept; judge "code, no URL"; echo 'http://x' >"$unit/x5u"; judge "code, bad URL"
            """)
        for name in ("files", "a key", "syntax", "syntax of a part"):
            for pattern in ("key.pem: .*chown stird", "hmac-secret: must be", "records.file: .*cannot write",
                            "numbers.csv: user stird"):
                self.assert_status(found, name, 1, pattern)
            told = [line for line in found[name][1].splitlines() if "/key.pem: " in line]
            self.assertEqual(len(told), 1, found[name][1])
        self.assert_status(found, "a key", 1, "lsten")
        self.assert_status(found, "syntax", 1, "syntax|stird.conf:[0-9]+")
        for name in ("code", "code, no URL", "code, bad URL"):
            self.assert_status(found, name, 1, "is a certificate of 709J, which is none of")
        self.assert_status(found, "code, no URL", 1, "x5u: No such file")

    def test_a_key_s_mistake_is_told_once(self):
        found = self.parts("""chown member "$key"; judge "member's"; chown stird "$key"; chmod 604 "$key"; judge "open"
                              rm "$key"; judge "none"\n""")
        for name in ("member's", "open", "none"):
            self.assert_status(found, name, 1)
            told = [line for line in found[name][1].splitlines() if "/key.pem: " in line]
            self.assertEqual(len(told), 1, found[name][1])

    def test_a_trial_of_root_s(self):
        """What init says to do next works."""
        found = self.parts("""
            echo "== trial"; stirctl init --sbc 192.0.2.40 --carrier 198.51.100.7 --lab --directory /run/trial 2>&1
            stird -t -c /run/trial/stird.conf 2>&1; echo "status $?"
            """)
        self.assert_status(found, "trial", 0, "configuration is good")


class Imported(bare_machine.Story):
    LAB = """stirctl lab-ca --spc %s /run/other >/dev/null; other=/run/other/%s
             import() { stirctl cert import --key $other/key.pem --chain $other/chain.pem --x5u "$(cat $other/x5u)" 709J; }
             """

    def test_a_certificate_that_the_next_start_refuses(self):
        found = self.parts(self.LAB % ("818H", "818H") + """
            echo "== import"; status=0; import 2>&1 || status=$?; echo "status $status"; judge after
            echo "== left"; ls -A /var/lib/stird/certs/709J; echo "status 0"
            echo 'colour = 1;' >>/etc/stird/stird.conf
            echo "== own"; stirctl lab-ca --spc 709J /run/own >/dev/null; other=/run/own/709J; import 2>&1; echo "status $?"
            """)
        self.assert_status(found, "import", 1, "none of provider.spc.*\n.*taken back")
        self.assert_status(found, "after", 0, "configuration is good")
        self.assertEqual(len(found["left"][1].split()), 1)
        self.assert_status(found, "own", 0, "imported")  # what else is wrong is no fault of it

    def test_of_one_unit_at_once(self):
        """As often as it takes: one is in, or is there already, and none fails."""
        found = self.parts(self.LAB % ("709J", "709J") + """
            for round in 1 2 3 4 5; do
                rm -rf /var/lib/stird/certs/709J
                echo "== round $round"; jobs=; status=0
                for n in 1 2 3 4; do import 2>&1 & jobs="$jobs $!"; done
                for job in $jobs; do wait $job || status=1; done
                ls /var/lib/stird/certs/709J; stat -c %U /var/lib/stird/certs/709J/*; echo "status $status"
            done
            """)
        for n in range(1, 6):
            self.assert_status(found, "round %d" % n, 0, "imported")
            self.assertEqual(found["round %d" % n][1].count("imported"), 1)
            self.assertNotIn("root", found["round %d" % n][1])


class NoSpin(ProcessStory):
    """Without systemd, as it starts stird: somebody waits for READY."""

    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(self.lab.path("manager"))

    def begin(self, path, **more):
        environment = dict(os.environ, NOTIFY_SOCKET=self.lab.path("manager"))
        process = subprocess.Popen([stird.binary(), "-f", "-c", path], stderr=subprocess.PIPE, text=True,
                                   env=environment, **more)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_what_may_pass_is_waited_for(self):
        for listeners in ([self.listener(host="192.0.2.77")], None):
            if listeners is None:
                self.peer("other", 1)
            path = self.configure(**({"listeners": listeners} if listeners else {}))
            began = time.monotonic()
            process = self.begin(path)
            _, said = process.communicate(timeout=HANG_S)
            self.assertEqual(process.returncode, 1, said)
            self.assertGreaterEqual(time.monotonic() - began, FUTURE - 0.1, said)
            self.assertEqual(said.count("a listener cannot be opened yet"), 1, said)

    def test_it_serves_as_soon_as_it_can(self):
        """The port becomes free. On a slow machine the time may be over: systemd starts it again."""
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(taken.close)
        taken.bind((self.net(1), 5060))
        path = self.configure()
        self.manager.settimeout(HANG_S)
        for _ in range(5):
            process = self.begin(path)
            for line in process.stderr:
                if "a listener cannot be opened yet" in line:
                    taken.close()
                if " ready " in line:
                    process.send_signal(signal.SIGTERM)
            if process.wait(HANG_S) == 0:
                return
        self.fail("it never served")

    def test_a_worker_that_cannot_start(self):
        path = self.configure()
        began = time.monotonic()
        process = self.begin(path, preexec_fn=sandbox.with_broken_landlock)
        _, said = process.communicate(timeout=HANG_S)
        self.assertEqual(process.returncode, 1, said)
        self.assertGreaterEqual(time.monotonic() - began, FUTURE - 0.1, said)

    def test_a_kernel_without_landlock(self):
        """No worker is started for that, and -t says it; a setting that does without is good."""
        path = self.configure()
        process = self.begin(path, preexec_fn=sandbox.without_landlock)
        _, said = process.communicate(timeout=HANG_S)
        self.assertEqual(process.returncode, MISCONFIGURED, said)
        self.assertIn("security.landlock_required = false", said)
        self.assertNotIn("worker", said.replace("by which workers", ""))
        for more, status in (("", 1), ("security = { landlock_required = false; };", 0)):
            checked = subprocess.run([stird.binary(), "-t", "-c", self.configure(more=more)], capture_output=True,
                                     text=True, preexec_fn=sandbox.without_landlock, check=False, timeout=HANG_S)
            self.assertEqual(checked.returncode, status, checked.stderr)

    def test_who_waits_for_nothing_is_told_at_once(self):
        """Without a manager the end is the answer; with a mistake too."""
        process = self.begin(self.configure(more="colour = 1;"))
        _, said = process.communicate(timeout=HANG_S)
        self.assertEqual(process.returncode, MISCONFIGURED)
        self.assertNotIn("the next one is to come", said)
        self.peer("other", 1)
        end = subprocess.run([stird.binary(), "-f", "-c", self.configure()], capture_output=True, text=True,
                             timeout=HANG_S, check=False)
        self.assertEqual(end.returncode, 1)
        self.assertNotIn("tried again", end.stderr)


if __name__ == "__main__":
    import unittest
    unittest.main()
