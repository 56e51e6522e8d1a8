"""The command line, as an operator calls it: the stirctl beside the stird that is tested."""

import json
import os
import subprocess

from .patience import HANG_S
from .lab import binary


def run(configuration, *words, timeout=HANG_S):
    """Exit status, standard output, standard error."""
    program = os.path.join(os.path.dirname(binary()), "stirctl")
    done = subprocess.run([program, "-c", configuration, *words], capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


def unbroken(text):
    """TEXT as one line: what is said to people is broken at 80 columns."""
    return " ".join(text.split())


def ask(configuration, *words):
    """What a command that must succeed says with --json."""
    status, out, err = run(configuration, *words, "--json")
    assert status == 0, "stirctl %s: %d\n%s%s" % (" ".join(words), status, out, err)
    return json.loads(out)
