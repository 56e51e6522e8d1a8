"""The command line, as an operator calls it: the stirctl beside the stird that is tested."""

import json
import os
import re
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


def table(text, name):
    """The rows of the table NAME in TEXT, by what stands below each head; heads are single words."""
    lines = text.split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith(name + " "))
    head, rows = " " * len(name) + lines[first][len(name):], []
    at = [(found.group(), found.start()) for found in re.finditer(r"\S+", head)]
    for line in lines[first + 1:]:
        if not line.startswith(" " * at[0][1]):
            break
        ends = [start for _, start in at[1:]] + [len(line)]
        rows.append({word: line[start:end].strip() for (word, start), end in zip(at, ends)})
        assert all(line[start - 1] == " " != line[start] for _, start in at), line
        assert len(line) <= 80 and len(lines[first]) <= 80, line
    return rows


def ask(configuration, *words):
    """What a command that must succeed says with --json."""
    status, out, err = run(configuration, *words, "--json")
    assert status == 0, "stirctl %s: %d\n%s%s" % (" ".join(words), status, out, err)
    return json.loads(out)


def rows(out):
    """OUT with each row in a line of its own: what is too wide for a terminal went on below."""
    return re.sub(r" *\n {4,}(?=\S)", " ", out)
