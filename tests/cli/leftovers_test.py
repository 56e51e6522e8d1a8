"""A command that fails leaves nothing behind; one that cannot say what it has to say has failed."""

import os
import socket
import subprocess
import tempfile
import unittest

from daemon.lifetimes import ProcessStory
from lib import stirctl
from lib.lab import binary
from lib.patience import HANG_S

PROGRAM = os.path.join(os.path.dirname(binary()), "stirctl")


class Leftovers(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="stird-")
        self.addCleanup(place.cleanup)
        self.place = os.path.join(place.name, "d")

    def fails(self, *words, said):
        status, _, err = stirctl.run("/none", *words)
        self.assertNotEqual(status, 0)
        self.assertIn(said, err)
        self.assertEqual(os.listdir(os.path.dirname(self.place)), [])

    def test_a_lab(self):
        for words in (("--number", "12x"), ("--number", "12x", "--unit"), ("--number", "", "--ca", self.place, "--unit"),
                      ("--number", "12155550100+x")):
            self.fails("lab-ca", *words, self.place, said="--number")
        self.fails("lab-ca", "--spc", "a b", self.place, said="--spc")
        self.assertEqual(stirctl.run("/none", "lab-ca", self.place)[0], 0)

    def test_a_lab_that_fails_later(self):
        os.mkdir(self.place)
        os.mkdir(os.path.join(self.place, "tls.pem"))  # the last of all
        self.assertEqual(stirctl.run("/none", "lab-ca", self.place)[0], 1)
        self.assertEqual(os.listdir(self.place), ["tls.pem"])

    def test_a_lab_that_cannot_be_served(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.fails("lab-ca", "--serve", "--port", str(taken.getsockname()[1]), self.place, said="the port is taken")

    def test_init_that_fails_later(self):
        """What was there is still there, and nothing else."""
        certs = os.path.join(self.place, "state", "certs")
        os.makedirs(certs)
        with open(os.path.join(certs, "709J"), "w", encoding="ascii") as out:
            out.write("no directory")
        for place in (self.place, self.place + "/"):
            status, _, err = stirctl.run("/none", "init", "--sbc", "127.0.0.2", "--carrier", "127.0.0.3", "--lab",
                                         "--directory", place)
            self.assertEqual(status, 1, err)
            found = sorted(os.path.join(top, name) for top, folders, files in os.walk(self.place) for name in folders + files)
            self.assertEqual(found, [os.path.join(self.place, "state"), certs, os.path.join(certs, "709J")])

    def test_an_import_that_fails_later(self):
        """The directory of the units that it has made is empty again, and gone."""
        self.assertEqual(stirctl.run("/none", "init", "--sbc", "127.0.0.2", "--carrier", "127.0.0.3", "--spc", "709J",
                                     "--directory", self.place)[0], 0)
        units, lab = os.path.join(self.place, "state", "certs", "709J"), self.place + ".lab"
        os.rmdir(units)
        self.assertEqual(stirctl.run("/none", "lab-ca", "--spc", "818H", lab)[0], 0)
        unit = os.path.join(lab, "818H")
        status, _, err = stirctl.run(self.place + "/stird.conf", "cert", "import", "--key", unit + "/key.pem", "--chain",
                                     unit + "/chain.pem", "--x5u", "https://c.example/c.pem", "709J")
        self.assertEqual(status, 1)
        self.assertIn("the next start would refuse the unit", err)
        self.assertFalse(os.path.exists(units))

    def test_an_import_that_the_repository_does_not_serve(self):
        """It is put in, with the warning of `stird -t`."""
        self.assertEqual(stirctl.run("/none", "init", "--sbc", "127.0.0.2", "--carrier", "127.0.0.3", "--spc", "709J",
                                     "--directory", self.place)[0], 0)
        configuration, lab = self.place + "/stird.conf", self.place + ".lab"
        with open(configuration, "a", encoding="ascii") as out:
            out.write('repository = { port = 8443; host = "cert.example.org"; };\n')
        self.assertEqual(stirctl.run("/none", "lab-ca", "--spc", "709J", lab)[0], 0)
        unit, whole = os.path.join(lab, "709J"), 'the chain of certificate "709J", unit "next", is not served at its x5u'
        for name, url, said in (("next", "https://elsewhere.example.org/1.pem", whole),
                                ("one", "https://cert.example.org/a/../1.pem", "has . or .. between its slashes")):
            status, _, err = stirctl.run(configuration, "cert", "import", "--key", unit + "/key.pem", "--chain",
                                         unit + "/chain.pem", "--x5u", url, "--name", name, "709J")
            self.assertEqual(status, 0, err)
            self.assertIn(said, err)
            self.assertEqual(err.count("is not served"), said.count("is not served"), err)

    def test_numbers_compile(self):
        table = os.path.join(os.path.dirname(self.place), "t.csv")
        with open(table, "w", encoding="ascii") as out:
            out.write("number,customer,state\n+12155550100,acme,owned\n")
        os.mkdir(self.place)
        for output, said in ((self.place, "File exists"), (self.place + "/no/x", "No such file"), ("-", "./-")):
            status, _, err = stirctl.run("/none", "numbers", "compile", "-o", output, table)
            self.assertNotEqual(status, 0)
            self.assertIn(said, err)
            self.assertEqual(os.listdir(self.place), [])
            self.assertEqual(sorted(os.listdir(os.path.dirname(self.place))), ["d", "t.csv"])

    def test_init(self):
        for sbc, carrier, said in (("0.0.0.0", "127.0.0.3", "nobody sends from"),
                                   ("224.0.0.1", "127.0.0.3", "nobody sends from"),
                                   ("127.0.0.2", "0.0.0.0", "no host has this address"),
                                   ("127.0.0.2", "255.255.255.255:5070", "no host has this address"),
                                   ("127.0.0.2", "-bad-.example", "the host must be a name")):
            self.fails("init", "--sbc", sbc, "--carrier", carrier, "--lab", "--listen", "127.0.0.1",
                       "--directory", self.place, said=said)
        self.fails("init", "--sbc", "127.0.0.2", "--carrier", "x", "--lab", "--directory", "", said="--directory")

    def test_a_request(self):
        key = ("--key", self.place)
        self.fails("cert", "request", "--spc", "709J", *key, "--out", self.place, said="two files")
        self.fails("cert", "request", "--spc", "709J", *key, "--out", self.place + "/no/request.pem",
                   said="Not a directory")
        self.fails("cert", "request", "--spc", "709J", "--key", self.place + "/no/key.pem", said="No such file")
        for name in ("--key", "--out"):
            self.fails("cert", "request", "--spc", "709J", name, "-", said="./-")
        for country in ("12", "USA", "u1", ""):
            self.fails("cert", "request", "--spc", "709J", *key, "--country", country, said="two letters")

    def test_what_cannot_be_written(self):
        for words in (("version",), ("version", "--json"), ("help",), ("help", "--json"), ("help", "numbers"),
                      ("status", "--help"), ("lab-ca", self.place), ("numbers", "lint", "/dev/null")):
            for how in (">/dev/full", ">&-"):
                done = subprocess.run(["sh", "-c", '"$@" %s' % how, "sh", PROGRAM, *words], capture_output=True,
                                      text=True, timeout=HANG_S, check=False)
                if words[0] != "lab-ca" or how == ">/dev/full":
                    self.assertNotEqual(done.returncode, 0, (words, how))
                    self.assertIn("standard output: ", done.stderr)


class Unheard(ProcessStory):
    """Whatever has something to say, and a standard output that takes nothing."""

    def unheard(self, program, *words):
        for how in (">/dev/full", ">&-"):
            with self.subTest(" ".join(words) + how):
                done = subprocess.run(["sh", "-c", '"$@" %s' % how, "sh", program, *words], capture_output=True,
                                      text=True, timeout=HANG_S, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("standard output: ", done.stderr)

    def test_stirctl(self):
        self.start()
        invite, arrived, _ = self.signed_call("A")
        self.stird.record(invite["call-id"])
        token = self.lab.write("token", arrived["identity"])
        for words in (("status",), ("stats",), ("sources",), ("cert", "list"), ("cert", "check"),
                      ("cert", "renew", "--hook", "/bin/true"), ("numbers", "list"), ("numbers", "show", "+12155550100"),
                      ("numbers", "block", "+12155550199"), ("numbers", "set", "+12155550199", "acme", "owned"), ("numbers", "lint"),
                      ("numbers", "diff", "running", "configured"), ("reload", "--wait"), ("decode", token),
                      ("records", "find", self.lab.path("records.jsonl")),
                      ("records", "verify", self.lab.path("records.jsonl")),
                      ("explain", "--trunk", "pbx", "--from", "+12155550100", "--to", "+13125550123"),
                      ("secret", "show-fingerprint"), ("secret", "export", "-")):
            for form in ((), ("--json",)):
                self.unheard(PROGRAM, "-c", self.lab.path("stird.conf"), *words, *form)

    def test_stird(self):
        path = self.configure()
        for words in (("-t", "-c", path), ("-T", "-c", path), ("-b", "-c", path), ("-V",), ("-h",)):
            self.unheard(binary(), *words)


if __name__ == "__main__":
    unittest.main()
