"""Which files stirctl reads: none that is waited for without end, and where it may not read one it says so."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from lib import stirctl, token
from lib.lab import binary
from lib.patience import HANG_S

NOBODY = 65534
# The least that there is to say, and where the records are.
CONFIGURATION = """listen = ( { name = "core"; address = "127.0.0.1"; port = 5060; } );
upstreams = ( { name = "sbc"; uri = "sip:127.0.0.9:5060;transport=udp"; } );
trunks = ( { name = "in"; sources = [ "192.0.2.40" ]; service = "verify"; verification = "carrier"; upstreams = [ "sbc" ]; } );
verification = ( { name = "carrier"; trust = [ "us" ]; } );
trust = ( { name = "us"; anchors = "/none"; } );
records = { file = "%s/log/records.jsonl"; };
directories = { state = "%s/state"; };
"""
CALL = json.dumps({"kind": "call", "ts": "2026-11-26T23:00:00.000Z", "trunk": "in", "reason": "verified", "verification": {
    "class": "passed", "level": "A", "spc": "709J", "subject": "CN=SHAKEN 709J", "origid": "x"}}, separators=(",", ":")) + "\n"


class Files(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="stird-cli-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.program = os.path.join(os.path.dirname(binary()), "stirctl")

    def at(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text, mode=0o644):
        with open(self.at(name), "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(self.at(name), mode)
        return self.at(name)


class NoEnd(Files):
    """A FIFO that nobody fills, a device that never ends."""

    def commands(self):
        """Each option of each command that takes the name of a file, and each word: FILE, DIRECTORY, TABLE, OLD ..."""
        status, out, _ = stirctl.run("/none", "help", "--list")
        self.assertEqual(status, 0)
        front, *lines = out.splitlines()
        found = []
        for line in lines:
            name, *options = line.split("\t")
            words = next((o[1:] for o in options if o.startswith("=")), "")
            for option in options:
                option, _, value = option.partition("=")
                if value.startswith(("FILE", "PROGRAM")) and (option not in front.replace("=", "\t").split("\t")):
                    found.append((name, (option, "@"), words))
            if any(word in words for word in ("FILE", "TABLE", "OLD", "NEW")):
                found.append((name, (), words))
        return found

    # What a command needs beside the file, so that it comes to read it.
    BESIDE = {"explain": ("--trunk", "in"), "cert import": ("--key", "@", "--chain", "@", "--x5u", "https://c.example.com/a"),
              "cert renew": ("--hook", "@"), "numbers compile": ("--output", "/none/x"), "cert request": ("--spc", "709J")}

    def test_each_command_ends(self):
        """With what is no file in the place of each file that it may be given, the configuration's too."""
        os.mkfifo(self.at("fifo"))
        found = self.commands()
        for name in ("verify", "decode", "explain", "signers", "records find", "records verify", "numbers lint", "cert import"):
            self.assertIn(name, [command for command, _, _ in found])
        for path in (self.at("fifo"), "/dev/zero"):
            for name, option, words in found:
                beside = [w for w in self.BESIDE.get(name, ()) if not option or option[0] not in self.BESIDE.get(name, ())]
                given = [path if w == "@" else w for w in (*beside, *option)]
                line = [*name.split(), *given, *[path for w in words.replace("[", "").replace("]", "").split() if w != "..."]]
                with self.subTest(line=line):
                    # Killed after HANG_S, which is a failure.
                    done = subprocess.run([self.program, "-c", "/none", *line], cwd=self.directory, capture_output=True,
                                          text=True, timeout=HANG_S, check=False, stdin=subprocess.DEVNULL)
                    self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)
                    self.assertEqual(os.listdir(self.directory), ["fifo"], "nothing is written")
            for name in ("status", "signers", "explain --trunk in --from +12155550100 --to +13125550123 --offline", "numbers lint"):
                status, out, err = stirctl.run(path, *name.split())
                self.assertNotEqual(status, 0, out + err)
                self.assertIn("is no regular file", err)

    def test_it_says_what_it_is(self):
        os.mkfifo(self.at("fifo"))
        message = self.write("invite", token.invite("x"))
        for path in (self.at("fifo"), "/dev/zero", self.directory):
            for line in (("verify", path), ("decode", path), ("verify", "--ca", path, message), ("verify", "--cert", path, message),
                         ("verify", "--crl", path, "--ca", message, message), ("signers", path), ("records", "find", path)):
                status, out, err = stirctl.run("/none", *line)
                self.assertNotEqual(status, 0, out)
                self.assertIn(path + ": is no regular file", err, line)
                self.assertNotIn("none", out)
            status, out, _ = stirctl.run("/none", "records", "verify", path)
            self.assertEqual(status, 1)
            self.assertIn(path + ": is no regular file", out)

    def handed(self, name, text, *words):
        """What a shell does: stirctl gets a pipe, or the file itself, by the name."""
        reading, writing = os.pipe()
        try:
            with os.fdopen(writing, "w", encoding="utf-8") as out:
                out.write(text)
            # Whoever wrote is gone by now: nobody is waited for.
            path = name % reading if "%d" in name else name
            done = subprocess.run([self.program, "-c", "/none", "--json", *words, path], pass_fds=(reading,),
                                  stdin=reading if "%d" not in name else subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=HANG_S, check=False)
        finally:
            os.close(reading)
        return done

    def test_what_a_shell_hands_over(self):
        """By -, /dev/stdin and /dev/fd/N, as <(program) has it: a pipe is read."""
        for name in ("/dev/stdin", "/dev/fd/%d", "/proc/self/fd/%d"):
            done = self.handed(name, CALL, "signers")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["signers"][0]["spc"], "709J")
        for name in ("-", "/dev/stdin", "/dev/fd/%d"):
            for command in ("decode", "verify"):
                done = self.handed(name, "Nothing of SIP\n", command)
                self.assertIn("holds neither an INVITE nor an Identity header", done.stderr)

    def test_a_fifo_that_stdin_is(self):
        """Its writer has gone, and it is not opened anew."""
        os.mkfifo(self.at("fifo"))
        with open(os.open(self.at("fifo"), os.O_RDWR), "r+b", buffering=0) as both:
            both.write(CALL.encode())
            with open(self.at("fifo"), "rb") as reading:
                both.close()
                done = subprocess.run([self.program, "-c", "/none", "signers", "/dev/stdin"], stdin=reading,
                                      capture_output=True, text=True, timeout=HANG_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("709J", done.stdout)


@unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root becomes another")
class NotForUs(Files):
    """Records, and what was fetched, are for some: to others nothing is as if there was none."""

    READERS = (("signers",), ("records", "find"), ("records", "find", "--last", "1"), ("records", "verify"),
               ("explain", "--origid", "x"))

    def setUp(self):
        super().setUp()
        os.chmod(self.directory, 0o755)
        os.mkdir(self.at("log"), 0o755)
        os.makedirs(self.at("state/fetched"), 0o755)
        shutil.copy(self.program, self.at("stirctl"))
        self.write("stird.conf", CONFIGURATION % (self.directory, self.directory))
        self.write("log/records.jsonl", CALL)
        self.write("log/records.jsonl.1", CALL)

    def ask(self, *words):
        """As somebody who owns nothing here."""
        return subprocess.run([self.at("stirctl"), "-c", self.at("stird.conf"), *words], user=NOBODY, group=NOBODY,
                              extra_groups=[], capture_output=True, text=True, timeout=HANG_S, check=False,
                              stdin=subprocess.DEVNULL)

    def refused(self, words, said):
        if words == ("records", "verify"):
            said = said.replace("you may not read this: be root", "")
        done = self.ask(*words)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(said, done.stderr + done.stdout, words)
        self.assertNotIn("none", done.stdout)
        done = self.ask(*words, "--json")
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertIn(said, done.stderr + done.stdout, words)
        self.assertNotIn("[]", done.stdout.replace('"gaps":[]', "").replace('"passed_over":[]', ""), words)

    def test_they_may(self):
        for words in self.READERS:
            done = self.ask(*words)
            self.assertEqual(done.returncode, 1 if "verify" in words else 0, done.stdout + done.stderr)
        self.assertEqual(self.ask("certificates", "cache").stdout, "none\n")

    def test_a_directory(self):
        """Not to be entered, or not to be looked at: then nobody knows what moved aside."""
        for mode in (0o700, 0o711):
            os.chmod(self.at("log"), mode)
            for words in (*self.READERS, ("records", "find", "--follow")):
                self.refused(words, self.at("log") + ": you may not read this: be root")
        os.chmod(self.at("log"), 0o750)
        self.refused(("signers",), "be root, or the group root")

    def test_files(self):
        for name in ("records.jsonl", "records.jsonl.1"):
            os.chmod(self.at("log/" + name), 0o600)
        for words in self.READERS:
            self.refused(words, self.at("log/records.jsonl"))
        os.unlink(self.at("log/records.jsonl.1"))
        self.refused(("records", "find", "--follow"), self.at("log/records.jsonl") + ": you may not read this: be root")

    def test_one_of_them(self):
        """The others are shown, and that one is missing is said."""
        os.chmod(self.at("log/records.jsonl.1"), 0o600)
        for words in self.READERS:
            done = self.ask(*words)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn("log/records.jsonl.1: ", done.stderr + done.stdout)
            self.assertIn("Permission denied" if "verify" in words else "you may not read this", done.stderr + done.stdout)
            if words[0] == "signers":
                self.assertIn("709J", done.stdout)

    def test_what_was_fetched(self):
        self.write("state/fetched/" + "0" * 64, "x", 0o600)
        for mode in (0o755, 0o700):
            os.chmod(self.at("state/fetched"), mode)
            self.refused(("certificates", "cache"), self.at("state/fetched") + ": you may not read what is kept there: be root")


if __name__ == "__main__":
    unittest.main()
