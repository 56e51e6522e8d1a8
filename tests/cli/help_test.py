"""What stirctl says of itself, of mistakes to a script, and to a person at a terminal."""

import glob
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

MISSING = (": cannot be read: No such file or directory: make a first one by stirctl init, or name another"
           " with -c\n")


def run(*words):
    return stirctl.run("/none", *words)


def table():
    """{name: {option: what follows it}}, as stirctl's own table has it; "": in front of a command."""
    status, out, _ = run("help", "--list")
    assert status == 0
    found = {}
    for line in out.splitlines():
        name, *options = line.split("\t")
        found[name] = dict(option.partition("=")[::2] for option in options
                           if not option.startswith("="))
    return found


def commands():
    """{name: [option]}"""
    return {name: [o for o in options if o.startswith("--")] for name, options in table().items() if name}


def words_of(name):
    """How many words a command needs, and takes (None: without end), by its usage."""
    return {"numbers set": (3, 3), "numbers block": (1, 1), "numbers unset": (1, 2), "numbers show": (1, 1),
            "numbers lint": (0, None), "numbers diff": (2, 2), "numbers compile": (0, None),
            "cert import": (1, 1), "decode": (0, 1), "lab-ca": (0, 1), "verify": (0, 1),
            "records find": (0, None), "records verify": (0, None), "signers": (0, None),
            "report": (0, None), "traceback": (0, None), "trace save": (2, 2), "trace remove": (1, 1),
            "certificates show": (1, 1), "certificates drop": (1, 1), "secret export": (1, 1),
            "secret import": (1, 1), "trunk disable": (1, 1), "trunk enable": (1, 1), "upstream disable": (1, 1),
            "upstream enable": (1, 1), "log level": (1, 2), "cert use": (1, 2), "help": (0, None)}.get(name, (0, 0))


NEEDED = {"init": ("--sbc", "--carrier"), "cert import": ("--key", "--chain", "--x5u"),
          "cert renew": ("--hook",), "cert request": ("--spc",), "numbers compile": ("--output",),
          "call": ("--trunk", "--from", "--to")}


def documented():
    """(page, line, words) of each stirctl that a page of docs/ shows."""
    for page in sorted(glob.glob(os.path.join(PROJECT, "docs", "*.md"))):
        with open(page, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                for words in re.findall(r"`stirctl ([^`]+)`", line):
                    yield os.path.basename(page), number, words.split()


def not_taken(words, takes):
    """What of WORDS behind stirctl no command takes; None: all is well."""
    everywhere = set(takes[""])
    plain = [word for word in words if not word.startswith("-")]
    if not plain or plain[0] in ("COMMAND", "...") or any(name.split()[0] == plain[0] and len(plain) == 1 for name in takes
                                                          if name):
        names = [name for name in takes if name and plain and name.split()[0] == plain[0]]
    else:
        names = [name for name in (" ".join(plain[:2]), plain[0]) if name in takes][:1]
        if not names or (names[0] == plain[0] and words[1:2] == plain[1:2] and words_of(names[0]) == (0, 0)):
            return "the command " + " ".join(plain[:2])
    allowed = everywhere.union(*(takes[name] for name in names)) if names else everywhere
    for word in words:
        option = word.partition("=")[0].strip("[]")
        if option.startswith("--") and len(option) > 2 and option not in allowed:
            return "%s of %s" % (option, names)
    return None


class Help(unittest.TestCase):
    def test_what_pages_show_is_taken(self):
        """Each command and option in docs/ is one that there is."""
        takes = table()
        takes["help"]["--list"] = ""  # for scripts: its own help does not name it
        shown = list(documented())
        self.assertGreater(len(shown), 100)
        self.assertEqual(["%s:%d: %s" % (page, number, wrong) for page, number, words in shown
                          for wrong in [not_taken(words, takes)] if wrong], [])
        for words in ("verify --message", "nothing", "records fnd", "trust --wait", "certificates cash"):
            self.assertIsNotNone(not_taken(words.split(), takes), words)

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

    def test_no_line_is_wider_than_a_terminal(self):
        """Of the help of all, of a group and of each command; of what a mistake is answered with."""
        groups = {name.split()[0] for name in commands() if " " in name}
        said = {(): run("help")[1]}
        for words in [(group,) for group in groups] + [(*name.split(), form) for name in commands()
                                                       for form in ("--help", "--nosuch")]:
            _, out, err = run(*words)
            said[words] = out + "".join(line for line in err.splitlines(True) if not line.startswith("stirctl: "))
        for words, text in said.items():
            self.assertTrue(text, words)
            for line in text.splitlines():
                self.assertLessEqual(len(line), 80, "stirctl %s: %s" % (" ".join(words), line))
        self.assertGreater(max(len(line) for line in said[("explain", "--help")].splitlines()), 60, "it is no column")

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
            self.assertEqual((status, out), (2, ""))
            self.assertIn("there is no command", err)

    def wrong(self, said, *words, directory=None):
        """Refused with status 2 and what is wrong, before anything was done; the same in JSON, where it stands."""
        for form in (words, (words[0], "--json") + words[1:]):
            with self.subTest(words=form):
                got = subprocess.run([PROGRAM, "-c", "/none", *form], cwd=directory, capture_output=True, text=True,
                                     timeout=HANG_S, check=False, stdin=subprocess.DEVNULL)
                self.assertEqual(got.returncode, 2, got.stdout + got.stderr)
                self.assertIn(said, got.stderr)
                if form is words:
                    self.assertEqual(got.stdout, "")
                else:
                    told = json.loads(got.stdout)
                    self.assertEqual(set(told), {"error", "status"})
                    self.assertEqual(told["status"], 2)
                    self.assertIn(said, told["error"])
                if directory:
                    self.assertEqual(os.listdir(directory), [])

    def test_what_looks_like_an_option(self):
        """It names no file, and no number: a secret was written into ./-h once."""
        with tempfile.TemporaryDirectory() as directory:
            for name in commands():
                for word in ("-x", "--nosuch", "--nosuch=x"):
                    self.wrong("%s: there is no option %s" % (name, word), *name.split(), word, directory=directory)
        self.wrong("did you mean --trunk?", "explain", "--trnk", "x")

    def test_what_explain_is_to_be_told(self):
        both = ("--from", "+12155550100", "--to", "+13125550123")
        for words, said in ((both, "--trunk NAME or --source ADDRESS is missing"),
                            (("--trunk", "a") + both[2:], "--from NUMBER is missing"),
                            (("--trunk", "a") + both[:2], "--to NUMBER is missing"),
                            (("--trunk", "a"), "--from NUMBER and --to NUMBER, or --message FILE, are missing"),
                            (("--trunk", "a", "--message", "f") + both[:2],
                             "--message has its own numbers: without --from and --to"),
                            (("--origid", "x", "--trunk", "b"), "--origid asks for a call that was")):
            self.wrong("explain: " + said, "explain", *words)

    def test_in_front_of_a_command(self):
        for words, said in ((("--nosuch",), "no option --nosuch"), (("--nosuch", "status"), "no option --nosuch"),
                            (("-x", "status"), "no option -x"), (("--socket",), "behind --socket FILE is missing"),
                            (("-s", "--json"), "behind --socket FILE is missing")):
            status, out, err = run(*words)
            self.assertEqual(status, 2)
            self.assertIn(said, err)
            for form in (("--json",) + words, ("-j",) + words):
                status, out, err = run(*form)
                self.assertEqual((status, json.loads(out)["status"]), (2, 2))
                self.assertIn(said, json.loads(out)["error"])
        self.assertEqual(json.loads(run("-j")[1])["status"], 2)

    def test_superfluous_words(self):
        """Each word behind the last one that is taken is named."""
        for name in commands():
            _, most = words_of(name)
            if most is not None:
                more = [w for option in NEEDED.get(name, ()) for w in (option, "x")]
                self.wrong('%s: "toomany" is one word too many' % name, *name.split(), *more,
                           *(["w"] * most), "toomany")

    def test_missing_words(self):
        for name in commands():
            least, _ = words_of(name)
            needed = NEEDED.get(name, ())
            more = [w for option in needed for w in (option, "x")]
            for n in range(least):
                self.wrong("is missing", *name.split(), *more, *(["w"] * n))
            for option in needed:
                rest = [w for other in needed if other != option for w in (other, "x")]
                self.wrong("%s: %s " % (name, option), *name.split(), *rest, *(["w"] * least))

    def test_values(self):
        """An option without its value is named; another option is none, whatever it is. Nor do two stand there."""
        everything = table()
        table_in_front = everything[""]
        for name, options in everything.items():
            for option, value in options.items():
                if not name or not value or (option in table_in_front and name != "explain"):
                    continue
                long = {"-c": "--config", "-s": "--socket", "-o": "--output"}.get(option, option)
                said = "behind %s %s is missing" % (long, value)
                self.wrong(said, *name.split(), option)
                self.assertIn(said, json.loads(run(*name.split(), option, "--json")[1])["error"])
                for word in ("-x", "--nosuch", "--js") if value.startswith(("FILE", "DIR", "UNIT", "PROGRAM")) else ("--js",):
                    self.assertIn(said, run(*name.split(), option, word)[2])
                self.assertTrue(run(*name.split(), option, "-h")[1].startswith("usage: stirctl " + name))
        self.wrong("--trunk is there twice", "explain", "--trunk", "a", "--trunk=b")
        status, out, err = run("records", "find", "--call-id", "-abc@host")
        self.assertEqual((status, err), (1, "/none" + MISSING), "a Call-ID may be so")
        self.wrong("--wait=x: this option takes no value", "reload", "--wait=x")

    def test_wherever_it_stands(self):
        """-j, -h and the others between the words, too; "--" ends them."""
        plain = json.loads(run("numbers", "show", "+12155550100", "-j")[1])
        for words in (("-j", "numbers", "show", "+12155550100"), ("numbers", "-j", "show", "+12155550100"),
                      ("numbers", "show", "-j", "--", "+12155550100"), ("numbers", "show", "--off", "-j", "+12155550100")):
            self.assertEqual(json.loads(run(*words)[1]), plain)
        self.assertEqual(run("secret", "-h", "export"), run("secret", "export", "-h"))
        for words in (("secret", "export", "--", "-h"), ("secret", "import", "--", "--json")):
            status, out, err = run(*words)
            self.assertEqual((status, out), (1, ""), "a file of that name, and no configuration")
            self.assertNotIn("usage", err)
        self.assertEqual(run("status", "-c", "/elsewhere")[2], "/elsewhere" + MISSING)

    def test_as_json(self):
        """Help is JSON as well."""
        everything = json.loads(run("help", "-j")[1])
        self.assertEqual([c["name"] for c in everything], list(commands()))
        listed = commands()
        for command in everything:
            self.assertEqual(json.loads(run(*command["name"].split(), "-h", "-j")[1]), command)
            for option in listed[command["name"]]:
                self.assertTrue(any(option in o["option"] for o in command["options"]))
        self.assertEqual([c["name"] for c in json.loads(run("-j", "secret")[1])],
                         [name for name in commands() if name.startswith("secret ")])

    def test_usage_has_each_option(self):
        everything = table()
        for command in json.loads(run("help", "-j")[1]):
            for option in everything[command["name"]]:
                if option not in everything[""] and option not in ("-w", "--output"):
                    self.assertIn(option, command["usage"], command["name"])
            for option in re.findall(r"--[a-z0-9-]+", command["usage"]):
                self.assertIn(option, everything[command["name"]])

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
                (("decode", "/nonexistent"), 1, "No such file"), (("reload", "--bogus"), 2, "no option --bogus"),
                (("records", "find"), 1, "/none"), (("explain", "--trunk", "x"), 2, "usage"),
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
        got = subprocess.run([PROGRAM, "-j", "status", b"a\xff\x1b[31m\n"], capture_output=True, timeout=HANG_S, check=False)
        self.assertIn("a\\xff\\x1b[31m\\x0a", json.loads(got.stdout)["error"])
        self.assertNotIn(b"\x1b", got.stderr)


    def test_no_word_orders_the_terminal(self):
        """Whatever the command: names of files and words come back as they can be read."""
        name = b"no\x1b[31msuch\x9b\x07"
        for words in (("decode", name), ("verify", name), ("lab-ca", b"/none/" + name), ("records", "find", name),
                      ("records", "verify", name), ("numbers", "lint", name), ("numbers", "compile", "-o", "/none/x", name),
                      ("numbers", "compile", "-o", b"/none/" + name, name), ("numbers", "diff", name, name),
                      ("-c", name, "status"), ("-s", name, "status"),
                      ("cert", "request", "--spc", "1", "--key", b"/none/" + name), 
                      ("cert", "request", "--spc", name), ("init", "--lab", "--sbc", name, "--carrier", name),
                      ("records", "find", "--reason", name), ("help", name), (name,)):
            for form in ((), ("-j",)):
                with self.subTest(words=words, form=form):
                    got = subprocess.run([PROGRAM, *form, *words], capture_output=True, timeout=HANG_S, check=False)
                    self.assertNotEqual(got.returncode, 0)
                    for octet in (b"\x1b", b"\x9b", b"\x07"):
                        self.assertNotIn(octet, got.stdout + got.stderr)
                    self.assertIn(b"x1b[31m", (got.stdout + got.stderr).lower().replace(b"\\u001b", b"x1b"))

    def test_what_is_refused(self):
        for words, said in ((("cert", "request", "--spc", "12", "--spc", "12"), "--spc 12: is there twice"),
                            (("verify", "--country", "xx", "/none"), "--country xx"),
                            (("verify", "--country", "", "/none"), "--country "),
                            (("verify", "--country", "0044", "/none"), "--country 0044")):
            status, out, err = run(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertIn(said, err)

    def test_a_value_behind_an_equals_sign(self):
        """Of a letter too: the sign is not part of it."""
        with tempfile.TemporaryDirectory() as directory:
            table_of, made = os.path.join(directory, "t.csv"), os.path.join(directory, "made")
            with open(table_of, "w", encoding="ascii") as out:
                out.write("number,customer,state\n+12155550100,acme,owned\n")
            for option in ("-o=" + made, "-o" + made, "--output=" + made):
                self.assertEqual(run("numbers", "compile", option, table_of)[0], 0)
                os.unlink(made)

    def test_any_octets(self):
        """Names that are not UTF-8, or hold control characters, stand in the JSON of each command."""
        name = b"a\xff\x01\xc3\xa9"
        with tempfile.TemporaryDirectory() as directory:
            def said(*words):
                got = subprocess.run([PROGRAM, "-j", *words], cwd=directory, capture_output=True, timeout=HANG_S,
                                     check=False)
                return json.loads(got.stdout.decode("utf-8"))
            with open(os.path.join(directory, "t.csv"), "w", encoding="ascii") as out:
                out.write("number,customer,state\n+12155550100,acme,owned\n")
            shown = "a\ufffd\x01\u00e9"
            self.assertEqual(said("lab-ca", b"lab" + name)["directory"], "lab" + shown)
            self.assertEqual(said("numbers", "compile", "-o", b"c" + name, "t.csv")["file"], "c" + shown)
            self.assertEqual(said("cert", "request", "--spc", "709J", "--key", b"k" + name)["key"], "k" + shown)
            self.assertEqual(said("records", "verify", name)["findings"][0]["file"], shown)
            self.assertIn(shown, said("decode", name)["error"])


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

    LISTED = ("reason", "result", "cause", "trunk", "upstream", "listener")

    def test_all_of_the_table(self):
        """Each command and each option of it, and nothing else; a value is not an option."""
        words = {name: name.split() for name in commands()}
        self.assertEqual(set(self.complete("")), {w[0] for w in words.values()})
        self.assertEqual(set(self.complete("help", "")), {w[0] for w in words.values()})
        for group in {w[0] for w in words.values() if len(w) > 1}:
            behind = {w[1] for w in words.values() if w[0] == group and len(w) > 1}
            self.assertEqual(set(self.complete(group, "")), behind)
            self.assertEqual(set(self.complete("help", group, "")), behind)
        self.assertEqual(set(self.complete("-")), set(table()[""]))
        for name, options in table().items():
            self.assertEqual(set(self.complete(*name.split(), "-")), set(options), name)
            for option, value in options.items():
                if value in ("NAME", "CODE") and option[2:] not in self.LISTED:
                    self.assertEqual(self.complete(*name.split(), option, ""), [], name + option)
        self.assertIn("show-fingerprint", self.complete("secret", ""))
        self.assertIn("-o", self.complete("numbers", "compile", "-"))
        self.assertEqual(self.complete("records", "find", "--between", "2026", ""), [])

    def test_options(self):
        self.assertIn("--cause", self.complete("records", "find", "--c"))
        self.assertEqual(self.complete("reload", "--w"), ["--wait"])
        self.assertEqual(set(self.complete("explain", "--t")), {"--trunk", "--to", "--tgrp", "--transport"})

    def test_values(self):
        """Of the tables, and of the configuration that is named."""
        self.assertIn("signed_owned", self.complete("records", "find", "--reason", "sig"))
        self.assertEqual(self.complete("records", "find", "--result", "answ"), ["answered"])
        self.assertEqual(len(set(self.complete("records", "find", "--result", ""))),
                         len(self.complete("records", "find", "--result", "")))
        self.assertIn("next_hop_503", self.complete("-j", "records", "find", "--cause", ""))
        states = ["blocked", "delegated", "owned", "unverified"]
        self.assertEqual(sorted(self.complete("numbers", "set", "+12155550100", "acme", "")), states)
        self.assertEqual(self.complete("numbers", "set", "+12155550100", "acme", "owned", ""), [])
        self.assertEqual(self.complete("-c", "/none", "numbers", "set", "+1", ""), [])
        self.assertEqual(self.complete("numbers", "set", ""), [])
        self.assertEqual(self.complete("reload", ""), [])
        conf = os.path.join(PROJECT, "conf", "examples")
        conf = os.path.join(conf, "call-centre", "stird.conf")
        for words in (("explain", "--trunk", ""), ("records", "find", "--upstream", ""), ("numbers", "set", "+1", "")):
            self.assertTrue(self.complete("-c", conf, *words), words)
        self.assertEqual(run("help", "--values", "nothing")[0], 1)

    def test_values_of_one_command(self):
        """The same word means something else to another one."""
        conf = ("-c", os.path.join(PROJECT, "tests", "conf", "good-rates", "stird.conf"))
        for words in (("cert", "use", ""), ("cert", "import", "8"), ("numbers", "set", "--cert", "")):
            self.assertEqual(self.complete(*conf, *words), ["818H"], words)
        for words in (("trace", "remove", ""), ("cert", "use", "818H", ""), ("restart", "--unit", "")):
            self.assertEqual(self.complete(*conf, *words), [], words)
        self.assertTrue({"worker", "debug"} <= set(self.complete("log", "level", "")))
        self.assertEqual(self.complete("log", "level", "worker", "d"), ["debug", "default"])
        self.assertEqual(self.complete("drain", "on", "--answer", ""), ["503", "silence"])

    def behind_an_equals_sign(self, *words):
        """As bash splits them."""
        return self.complete(*(part for word in words for part in re.split("(?<=.)(=)", word) if part))

    def test_behind_an_equals_sign(self):
        self.assertEqual(self.behind_an_equals_sign("records", "find", "--result=answ"), ["answered"])
        conf = os.path.join(PROJECT, "conf", "examples", "call-centre", "stird.conf")
        self.assertTrue(self.behind_an_equals_sign("--config=" + conf, "explain", "--trunk="))
        self.assertIn("explain", self.behind_an_equals_sign("--config=" + conf, "ex"))

    def test_files(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "capture.pcap")
            with open(path, "w", encoding="ascii"):
                pass
            self.assertEqual(self.complete("verify", "--ca", directory + "/c"), [path])
            self.assertEqual(self.complete("decode", directory + "/c"), [path])


if __name__ == "__main__":
    unittest.main()
