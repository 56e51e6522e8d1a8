#!/usr/bin/env python3
"""
usage: requirements.py PROJECT [--self-test]
docs/requirements.md: every number of its families has one row, each test file that a row names carries that number,
and neither a test nor a source carries one that is in no family. A row without a test says that stird is deliberately
different.
"""

import os
import re
import sys

PAGE = "docs/requirements.md"
FAMILY = re.compile(r"^\| R-([A-Z]) \| .* \| ([\d -]+) \|$", re.M)
ROW = re.compile(r"^\| (R-[A-Z]-\d{3}) \| (.*) \|([^|]*)\|$", re.M)
CARRIED = re.compile(r"R-[A-Z]-\d{3}|test_r_[a-z]_\d{3}(?=_)")


def numbers_of(page):
    for letter, ranges in FAMILY.findall(page):
        for part in ranges.split():
            first, _, last = part.partition("-")
            for number in range(int(first), int(last or first) + 1):
                yield "R-%s-%03d" % (letter, number)


def carried_by(text):
    return {word.replace("test_", "").upper().replace("_", "-") for word in CARRIED.findall(text)}


def judge(page, tests, sources):
    """tests, sources: path below tests/, and below the project, to the numbers that the file carries."""
    numbers, rows = list(numbers_of(page)), ROW.findall(page)
    if len(numbers) < 100:
        yield "only %d numbers" % len(numbers)
    for number in numbers:
        if [row[0] for row in rows].count(number) != 1:
            yield "%s has no row, or more than one" % number
    for number, words, shown in rows:
        files = re.findall(r"[a-z_/0-9]+\.(?:py|c)\b", shown)
        if number not in numbers:
            yield "%s has a row and is in no family" % number
        if not files and "Deliberately different" not in words:
            yield "%s is neither shown by a test nor deliberately different" % number
        for path in files:
            if number not in tests.get(path, ()):
                yield "tests/%s does not carry %s" % (path, number)
    for path, carried in sorted(tests.items()):
        for number in sorted(carried - set(numbers)):
            yield "tests/%s carries %s, which is no rule" % (path, number)
    for path, carried in sorted(sources.items()):
        for number in sorted(carried - set(numbers)):
            yield "%s names %s, which is no rule" % (path, number)


def tests_of(project):
    found = {}
    for folder, _, names in os.walk(os.path.join(project, "tests")):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), os.path.join(project, "tests"))
            if name.endswith((".py", ".c")) and not path.startswith("lint/"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    found[path] = carried_by(file.read())
    return found


def sources_of(project):
    found = {}
    for top in ("src", "include"):
        for folder, _, names in os.walk(os.path.join(project, top)):
            for name in names:
                if name.endswith((".c", ".h", ".def", ".md")):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        found[os.path.relpath(os.path.join(folder, name), project)] = carried_by(file.read())
    return found


def self_test(page, tests, sources):
    """The lint has to find each of these changes."""
    changes = (
        (page.replace("| R-P-083 |", "| R-P-082 |"), tests, "R-P-083 has no row"),
        (page.replace("| R-P-090 |", "| R-P-190 |"), tests, "R-P-190 has a row"),
        (page.replace("daemon/clock_test.py", ""), tests, "R-C-014 is neither shown"),
        (page, dict(tests, **{"sip/new_test.py": {"R-Z-001"}}), "carries R-Z-001"),
        (page, dict(tests, **{"daemon/clock_test.py": set()}), "does not carry R-C-014"),
    )
    for changed, carried, complaint in changes:
        if not any(complaint in fault for fault in judge(changed, carried, sources)):
            yield "not found: %s" % complaint
    for path in ("src/sip/new.c", "include/stird/core/new.def"):
        complaint = "%s names R-V-999" % path
        if not any(complaint in fault for fault in judge(page, tests, dict(sources, **{path: {"R-V-999"}}))):
            yield "not found: %s" % complaint
    if len(sources) < 300 or not any(sources.values()):
        yield "only %d sources are read" % len(sources)


def main(project, *options):
    with open(os.path.join(project, PAGE), encoding="utf-8") as file:
        page = file.read()
    tests = tests_of(project)
    faults = list((self_test if options == ("--self-test",) else judge)(page, tests, sources_of(project)))
    for fault in faults:
        print("%s: %s" % (PAGE, fault))
    if not faults:
        print("%d rules, each with its tests" % len(list(numbers_of(page))))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
