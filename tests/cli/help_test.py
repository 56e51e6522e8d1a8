"""What stirctl says of itself, of mistakes to a script, and to a person at a terminal."""

import json
import os
import pty
import re
import subprocess
import tempfile
import unittest

from lib import stirctl
from lib import token as tokens
from lib.lab import PROJECT, binary
from lib.patience import HANG_S

PROGRAM = os.path.join(os.path.dirname(binary()), "stirctl")


def run(*words):
    return stirctl.run("/none", *words)


def commands():
    """{name: [option]}"""
    status, out, _ = run("help", "--list")
    assert status == 0
    return {line.partition(" --")[0]: re.findall(r"--[a-z0-9-]+", line) for line in out.splitlines()}


class Help(unittest.TestCase):
    def test_each_command(self):
        """Case 14: --help says the usage, what it is for, and each option; nothing is done."""
        self.assertIn("records find", commands())
        for name, options in commands().items():
            with self.subTest(command=name):
                status, out, err = run(*name.split(), "--help")
                self.assertEqual((status, err), (0, ""))
                self.assertTrue(out.startswith("usage: stirctl " + name), out)
                for option in options:
                    self.assertRegex(out, r"(?m)^  (-., )?%s\b" % option, "it explains each option")
                self.assertEqual(run("help", *name.split())[1], out)
                self.assertEqual(run(*name.split(), "-h")[:2], (0, out))
                self.assertEqual(run(*name.split(), "x", "--help")[:2], (0, out))

    def test_groups(self):
        """Case 14: "stirctl numbers" lists what there is."""
        for group in ("numbers", "records", "cert"):
            for words in ((group,), ("help", group), (group, "--help")):
                status, out, err = run(*words)
                self.assertEqual((status, err), (0, ""))
                for name in commands():
                    self.assertEqual(("  %s " % name) in out, name.startswith(group + " "), name)

    def test_what_is_none(self):
        for words in (("nosuch",), ("nosuch", "--help"), ("numbers", "nosuch"), ("help", "nosuch"),
                      ("help", "numbers", "nosuch")):
            status, out, err = run(*words)
            if words == ("help", "numbers", "nosuch"):
                self.assertEqual(status, 0)
                continue
            self.assertEqual((status, out), (2, ""))
            self.assertIn("there is no command", err)

    def test_what_looks_like_an_option(self):
        """It names no file, and no number: a secret was written into ./-h once."""
        with tempfile.TemporaryDirectory() as directory:
            for name in commands():
                with self.subTest(command=name):
                    got = subprocess.run([PROGRAM, "-c", "/none", *name.split(), "-x"], cwd=directory,
                                         capture_output=True, text=True, timeout=HANG_S, check=False)
                    self.assertEqual(got.returncode, 2, got.stdout + got.stderr)
                    self.assertRegex(got.stderr, "takes no option -x|invalid option -- 'x'|no command \"-x\"")
                    self.assertEqual(os.listdir(directory), [])

    def test_in_the_manual(self):
        """stirctl(1) has each command and each of its options."""
        with open(os.path.join(PROJECT, "docs", "stirctl.1"), encoding="utf-8") as source:
            manual = source.read().replace("\\-", "-")
        for name, options in commands().items():
            self.assertIn(name, manual)
            for option in options:
                self.assertIn(option, manual, "of " + name)


class Errors(unittest.TestCase):
    def test_as_json(self):
        """Case 14: with --json a script gets JSON, whatever is wrong; people still get text."""
        for words, status, said in (
                (("status",), 1, "/none"), (("nosuch",), 2, "no command"),
                (("decode", "/nonexistent"), 1, "No such file"), (("reload", "--bogus"), 2, "usage"),
                (("records", "find"), 2, "usage"), (("explain", "--trunk", "x"), 2, "usage"),
                (("verify", "/nonexistent"), 2, "No such file"), (("numbers", "unset"), 2, "usage")):
            for form in (("-j",) + words, words + ("--json",), words + ("-j",)):
                with self.subTest(words=form):
                    got, out, err = run(*form)
                    told = json.loads(out)
                    self.assertEqual((got, told["status"]), (status, status))
                    self.assertIn(said, told["error"])
                    self.assertNotIn("stirctl: ", told["error"])
                    self.assertIn(said, err)
                    self.assertEqual(run(*words)[1], "", "without --json: on standard error alone")

    def test_hostile_names(self):
        """What stands in a complaint is escaped."""
        _, out, _ = run("-j", "decode", '/no"such\n\x1b[31m')
        self.assertEqual(out.count("\n"), 1)
        self.assertIn('/no"such', json.loads(out)["error"])


class Terminal(unittest.TestCase):
    def seen(self, *words, **environment):
        """What a terminal shows."""
        master, slave = pty.openpty()
        process = subprocess.Popen([PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                                   env={**os.environ, "TERM": "xterm", **environment})
        os.close(slave)
        text = b""
        while True:
            try:
                more = os.read(master, 65536)
            except OSError:
                break
            if not more:
                break
            text += more
        process.wait(HANG_S)
        os.close(master)
        return text.decode()

    def test_colours(self):
        """On a terminal alone, and not where somebody said no."""
        with tempfile.TemporaryDirectory() as directory:
            lab = os.path.join(directory, "lab")
            self.assertEqual(run("lab-ca", lab)[0], 0)
            path = os.path.join(directory, "invite")
            with open(path, "w", encoding="ascii", newline="") as out:
                out.write(tokens.invite(tokens.identity(lab + "/709J", attest="D")))
            words = ("verify", "--cert", lab + "/709J/chain.pem", path)
            self.assertIn("\x1b[31mFAILED", self.seen(*words))
            self.assertIn("\x1b[32mok", self.seen(*words))
            for plain in (self.seen(*words, NO_COLOR="1"), self.seen(*words, TERM="dumb"),
                          self.seen("-j", *words), run(*words)[1]):
                self.assertNotIn("\x1b", plain)
                self.assertIn("FAILED", plain)


class Completion(unittest.TestCase):
    def complete(self, *words):
        """What bash offers for the last of WORDS."""
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stirctl; ' \
                 'printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, "bash", os.path.join(PROJECT, "completions", "stirctl"),
                               PROGRAM, *words], capture_output=True, text=True, check=True,
                              timeout=HANG_S)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_commands(self):
        self.assertTrue({"status", "numbers", "records", "sources"} <= set(self.complete("")))
        self.assertEqual(self.complete("rel"), ["reload"])
        self.assertEqual(set(self.complete("records", "")), {"find", "verify"})
        self.assertEqual(self.complete("-c", "/etc/x", "numbers", "sh"), ["show"])

    def test_options(self):
        self.assertIn("--cause", self.complete("records", "find", "--c"))
        self.assertEqual(self.complete("reload", "--w"), ["--wait"])
        self.assertEqual(set(self.complete("explain", "--t")), {"--trunk", "--to", "--tgrp", "--transport"})

    def test_files(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "capture.pcap")
            with open(path, "w", encoding="ascii"):
                pass
            self.assertEqual(self.complete("verify", "--ca", directory + "/c"), [path])
            self.assertEqual(self.complete("decode", directory + "/c"), [path])


if __name__ == "__main__":
    unittest.main()
