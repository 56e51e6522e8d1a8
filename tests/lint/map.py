#!/usr/bin/env python3
"""
usage: map.py PROJECT
src/README.md names every file of src/ and include/stird/ in the row of its folder, or of the nearest folder above that
has one, and no file that does not exist; the files of sip/ have a table of their own. After `numbers`, `_read` names
numbers_read. Every path that documents, comments and tests name exists. Each file of src/ and include/stird/ begins
with what it is for, except a .c whose header says so.
"""

import os
import re
import sys

MAP = "src/README.md"
# What stands in the rows in backquotes beside names of files.
WORDS = {"stirctl", "stirctl status"}
# What tries itself with files that are not there.
EXEMPT = {"tests/lint/includes.py", "tests/lint/decisions.py", "tests/lint/requirements.py"}
PATH = re.compile(r"(?<![\w/.<*$}-])((?:(?:src|include|tests|docs|scripts|conf|base|core|io|lab|fetch|trace|net|sip|daemon|"
                  r"cli|stird)/)(?:[\w.-]+/)*[\w-]+\.(?:c|h|def|py|sh|md|xml|conf|csv))(?![\w*/]|\.\d)")


def rooms(text):
    """Folder below src/: names in backquotes of its row."""
    found = {}
    for line in text.split("\n"):
        row = re.match(r"\| `([a-z/]+/)` \| (.*) \|[^|]*\|$", line)
        if row:
            found[row.group(1).rstrip("/")] = set(re.findall(r"`([^`]+)`", row.group(2)))
    inside = text.partition("\n## Inside sip/\n")[2].partition("\n## ")[0]
    for line in inside.split("\n"):
        if line.startswith("| `"):
            found["sip"].update(re.findall(r"`([^`]+)`", line.split(" | ")[0]))
    return found


def files(project):
    """(folder below src/ or ring, name without its ending, path)."""
    for top in ("src", "include/stird"):
        for folder, _, names in os.walk(os.path.join(project, top)):
            for name in names:
                if name.endswith((".c", ".h", ".def")):
                    path = os.path.join(os.path.relpath(folder, project), name)
                    below = os.path.relpath(folder, os.path.join(project, top))
                    yield below, re.sub(r"(\.bpf)?\.\w+$", "", name), path


def is_named(said, stem):
    """Whether the words SAID of a row name the file."""
    return stem in said or any(stem == word + suffix for word in said for suffix in said if suffix.startswith("_"))


def check_files(project, said):
    for folder, stem, path in sorted(files(project)):
        if path.startswith("include/"):
            if not any(is_named(row, stem) for room, row in said.items() if room.split("/")[0] == folder):
                yield "%s does not name %s" % (MAP, path)
            continue
        room, inner = folder, stem
        while room not in said and "/" in room:
            room, _, last = room.rpartition("/")
            inner = last + "/" + inner
        if not is_named(said.get(room, ()), inner):
            yield "%s does not name %s in the row of %s/" % (MAP, path, room)


def check_names(project, said):
    there = {}
    for folder, stem, path in files(project):
        there.setdefault(folder.split("/")[0], set()).update((stem, os.path.basename(path)))
        if "/" in folder:
            there[folder.split("/")[0]].add("%s/%s" % (folder.split("/", 1)[1], stem))
    everywhere = set().union(*there.values())
    for room, row in sorted(said.items()):
        own = there[room.split("/")[0]]
        for word in sorted(row - WORDS):
            if word.startswith("_"):
                known = any(other + word in own for other in row)
            else:
                known = word in own or "." in word and word in everywhere or re.search("[A-Z]", word)
            if not known:
                yield "%s: %s/ has no %s" % (MAP, room, word)


def check_paths(project):
    """Each path that is written exists: from the top, from src/ or include/, or beside the file that names it."""
    there = {"README.md", "CMakeLists.txt"}
    for top in ("src", "include", "tests", "docs", "scripts", "conf", "systemd"):
        for folder, _, names in os.walk(os.path.join(project, top)):
            there.update(os.path.join(os.path.relpath(folder, project), name) for name in names)
    for path in sorted(there):
        if path in EXEMPT or not re.search(r"\.(c|h|def|py|sh|md|txt|[158])$", path):
            continue
        with open(os.path.join(project, path), encoding="utf-8", errors="replace") as source:
            for number, line in enumerate(source, 1):
                for named in PATH.findall(line):
                    ways = [named, "src/" + named, "include/" + named, "tests/" + named,
                            os.path.normpath(os.path.join(os.path.dirname(path), named))]
                    if not re.search("[A-Z]{3}", named) and not there.intersection(ways):
                        yield "%s:%d: there is no %s" % (path, number, named)


def check_purposes(project):
    """Each file begins with what it is for, or its header of the same name does."""
    headers = {name[:-2] for _, _, path in files(project) for name in [os.path.basename(path)] if name.endswith(".h")}
    for _, _, path in sorted(files(project)):
        with open(os.path.join(project, path), encoding="utf-8") as source:
            begins = source.read(2) == "/*"
        stem, ending = os.path.splitext(os.path.basename(path))
        if not begins and (ending != ".c" or stem not in headers):
            yield "%s does not begin with a line that says what it is for" % path


def main(project):
    with open(os.path.join(project, MAP), encoding="utf-8") as text:
        said = rooms(text.read())
    faults = list(check_files(project, said)) + list(check_names(project, said)) + list(check_paths(project)) + list(
        check_purposes(project))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
