"""What zsh offers of stirctl: the same as bash, out of the same table."""

import os
import pty
import select
import signal
import subprocess
import tempfile

from cli import help_test
from lib import installed
from lib.lab import PROJECT
from lib.patience import HANG_S

FOLDER = os.path.join(PROJECT, "completions")
# What zsh would do with what is offered: show what begins as the last of WORDS does.
STAND_INS = r"""
compadd() { shift; print -rl -- ${(M)@:#${(b)PREFIX}*} }
compset() { PREFIX=${PREFIX#*=} }
_files() { print -rl -- ${PREFIX}*(N) }
file=$1; shift
words=("$@") CURRENT=$# PREFIX=${words[-1]}
source $file
"""


class Zsh(help_test.Completion):
    """All that is tried of bash's is tried of it."""

    def setUp(self):
        self.zsh = installed.need(self, "zsh")

    def complete(self, *words):
        done = subprocess.run([self.zsh, "-f", "-c", STAND_INS, "zsh", FOLDER + "/_stirctl", help_test.PROGRAM, *words],
                              capture_output=True, text=True, check=False, timeout=HANG_S, stdin=subprocess.DEVNULL)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def behind_an_equals_sign(self, *words):
        return self.complete(*words)

    def at_a_prompt(self, typed):
        """All that is shown by zsh's own completion, of what a person TYPED in a home with a file."""
        with tempfile.TemporaryDirectory() as home:
            with open(home + "/.zshrc", "w", encoding="ascii") as out:
                out.write("path=(%s $path) fpath=(%s $fpath)\nautoload -U compinit && compinit -u -D\ncd\n"
                          % (os.path.dirname(help_test.PROGRAM), FOLDER))
            with open(home + "/invite.sip", "w", encoding="ascii") as out:
                out.write("no message\n")
            pid, terminal = pty.fork()
            if pid == 0:
                os.execve(self.zsh, ["zsh", "-d", "-i"],
                          {"HOME": home, "ZDOTDIR": home, "TERM": "dumb", "PATH": "/usr/bin:/bin"})
            self.addCleanup(os.close, terminal)
            os.write(terminal, typed)
            said = self.all_of(terminal)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return said

    def test_at_a_prompt(self):
        self.assertIn(b"usage: stirctl reload", self.at_a_prompt(b"stirctl relo\t--help; exit\n"))

    def test_files_at_a_prompt(self):
        said = self.at_a_prompt(b"stirctl decode inv\t; exit\n")
        self.assertIn(b"invite.sip:", said)
        self.assertNotIn(b"no matches found", said)

    @staticmethod
    def all_of(terminal):
        """What is shown until whoever shows it has ended, or hangs."""
        said = b""
        while select.select([terminal], [], [], HANG_S)[0]:
            try:
                more = os.read(terminal, 65536)
            except OSError:
                break
            if not more:
                break
            said += more
        return said


if __name__ == "__main__":
    help_test.unittest.main()
