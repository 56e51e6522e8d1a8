#!/usr/bin/env python3
"""
usage: by_hand.py PROJECT STIRD
A single test can be run by hand, with only STIRD_BINARY of what ctest sets: no test module takes another variable for
granted, each library that a test preloads is found beside the binary, and each test that a page of docs/ runs by
`python3 -m unittest` exists.
"""

import glob
import os
import re
import subprocess
import sys

BY_STORY = {"STIRCTL", "LOAD"}  # set by the test that runs served_story and rotation_story
TAKEN = re.compile(r'(?<!del )os\.environ\["(\w+)"\](?!\s*=[^=])')
EVERYWHERE = {"PATH", "HOME"}
BEFORE = re.compile(r"unittest(?: -v)?(?: \\\n)?\s+([\w.]+)")


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def bare(binary):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("STIRD_") and name not in BY_STORY}
    return dict(kept, STIRD_BINARY=binary)


def runs(tests, binary, program):
    done = subprocess.run([sys.executable, "-B", "-c", program], cwd=tests, env=bare(binary),
                          capture_output=True, text=True, timeout=600, check=False)
    return "" if done.returncode == 0 else done.stderr.strip().split("\n")[-1]


def check(project, binary):
    tests = os.path.join(project, "tests")
    shims, named = set(), set()
    for path in sorted(glob.glob(os.path.join(tests, "**", "*.py"), recursive=True)):
        if os.path.dirname(path) == os.path.dirname(os.path.abspath(__file__)):
            continue
        text = read(path)
        for name in set(TAKEN.findall(text)) - EVERYWHERE - BY_STORY:
            yield "%s: takes %s for granted" % (os.path.relpath(path, project), name)
        shims.update(re.findall(r'\bshim\("(\w+)"\)', text))
    if not shims:
        yield "no test preloads anything: this one is out of date"
    for name in sorted(shims):
        why = runs(tests, binary, "from lib.lab import shim; shim(%r)" % name)
        if why:
            yield "%s: %s" % (name, why)
    for page in sorted(glob.glob(os.path.join(project, "docs", "*.md"))):
        for name in BEFORE.findall(read(page)):
            named.add((os.path.basename(page), name))
    for page, name in sorted(named):
        why = runs(tests, binary, "import sys, unittest; found = unittest.defaultTestLoader.loadTestsFromName(%r); "
                   "sys.exit(0 if found.countTestCases() else 'no test of that name')" % name)
        if why:
            yield "docs/%s: %s: %s" % (page, name, why)


if __name__ == "__main__":
    complaints = list(check(*map(os.path.abspath, sys.argv[1:])))
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)
