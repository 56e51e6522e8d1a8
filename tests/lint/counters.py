#!/usr/bin/env python3
"""
usage: counters.py PROJECT [--print]
docs/counters.md has a row for each row of include/stird/core/counters.def, with the same words, in the same order;
--print prints the tables as they have to be. Every help is one sentence for people, and no owner has a name twice.
"""

import os
import re
import sys

PAGE = os.path.join("docs", "counters.md")
TABLE = os.path.join("include", "stird", "core", "counters.def")
ROW = re.compile(r'^(OF_\w+)\((COUNTER|LEVEL|LIST|HISTOGRAM)\((.*), (\w+), "([^"]+)"\)\)$')
KINDS = {"COUNTER": "grows", "LEVEL": "now", "LIST": "list", "HISTOGRAM": "histogram"}
# A title of the page: whose rows are below it.
OWNERS = {"Of all calls": ("OF_ALL", "OF_ALL_AND_TRUNK"), "Of each trunk": ("OF_TRUNK", "OF_ALL_AND_TRUNK"),
          "Of each upstream": ("OF_UPSTREAM",), "Of stird itself": ("OF_SERVICE",)}
LEAST = 75


def read(project, path):
    with open(os.path.join(project, path), encoding="utf-8") as text:
        return text.read()


def rows(text):
    """(owner, shown name, kind, unit, help) of each row; complaints of lines that are no row."""
    found = []
    for line in text.split("\n"):
        row = ROW.match(line)
        if row:
            owner, kind, names, unit, words = row.groups()
            names = [name.strip() for name in names.split(",")]
            found.append((owner, names[1] if kind == "LIST" else names[0], KINDS[kind], unit, words))
        elif re.match(r"OF_\w+\(", line):
            found.append(("?", line, "", "", ""))
    return found


def table(listed, owners):
    lines = ["| name | kind | unit | what it counts |", "|---|---|---|---|"]
    return lines + ["| `%s` | %s | %s | %s |" % row[1:] for row in listed if row[0] in owners]


def section(page, title):
    below = page.partition("\n## %s\n" % title)[2].partition("\n## ")[0]
    return [line for line in below.split("\n") if line.startswith("|")]


def check(project):
    listed, page = rows(read(project, TABLE)), read(project, PAGE)
    if len(listed) < LEAST:
        yield "only %d rows are read of %s" % (len(listed), TABLE)
    for owner, name, *_, words in listed:
        if owner == "?":
            yield "%s: no row: %s" % (TABLE, name)
        elif words.endswith(".") or "|" in words or len(words) < 12:
            yield "%s: %s: a help is a sentence without its end" % (TABLE, name)
    for title, owners in OWNERS.items():
        names = [row[1] for row in listed if row[0] in owners]
        for name in sorted(set(names)):
            if names.count(name) > 1:
                yield "%s: %s is there %d times" % (TABLE, name, names.count(name))
        if section(page, title) != table(listed, owners):
            yield "%s: \"%s\" is not as %s has it: counters.py PROJECT --print" % (PAGE, title, TABLE)


if __name__ == "__main__":
    if sys.argv[2:] == ["--print"]:
        for heading, of in OWNERS.items():
            print("\n".join(["## " + heading, ""] + table(rows(read(sys.argv[1], TABLE)), of) + [""]))
        sys.exit(0)
    complaints = list(check(sys.argv[1]))
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)
