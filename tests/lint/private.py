#!/usr/bin/env python3
"""
usage: private.py PROJECT NM OBJECTS [--self-test]
A file of src/ calls only functions of other files that a header declares which it may include (includes.py): a function
that neither a public header nor one for its whole ring declares is called only in its own folder. OBJECTS is the folder
where CMake puts what it compiles; nm says what each object has and calls. With --self-test: the lint has to find a call
of each private function from other folders and rings.
"""

import glob
import os
import re
import subprocess
import sys

import includes


def compiled(nm, objects):
    """Path below the project: (what it has for others, what it calls), of each source that was compiled."""
    found, paths = {}, sorted(glob.glob(os.path.join(objects, "*.dir", "src", "**", "*.o"), recursive=True))
    said = subprocess.run([nm, "-g", "-A"] + paths, stdout=subprocess.PIPE, text=True, check=True).stdout
    for path, kind, symbol in re.findall(r"^.*\.dir/(src/.*\.c)\.o:.* (\w) ([^\s@]+)$", said, re.M):
        if not symbol.startswith("__odr_asan"):  # the sanitizer's own, beside each variable
            found.setdefault(path, (set(), set()))[kind in "Uw"].add(symbol)
    return found


def words_of(files, sources):
    """Word: headers that have it outside of comments; `begin_##x` stands for all symbols with that beginning."""
    found, symbols = {}, {symbol for has, _ in sources.values() for symbol in has}
    for path, text in files.items():
        if path.endswith(".h"):
            said = includes.plain(text)
            begins = tuple(re.findall(r"\b(\w+_)##\w", said))
            for word in set(re.findall(r"\w+", said)) | {s for s in symbols if begins and s.startswith(begins)}:
                found.setdefault(word, set()).add(path)
    return found


def judge(files, words, sources):
    owners = {symbol: path for path, (has, _) in sources.items() for symbol in has}
    for path, (_, calls) in sorted(sources.items()):
        for symbol in sorted(calls & set(owners)):
            headers = sorted(words.get(symbol, ()))
            if not any(includes.judge_ours(files, path, header) is None for header in headers):
                yield "%s: uses %s of %s, which is private to %s" % (
                    path, symbol, owners[symbol], " ".join(map(includes.room, headers)) or "that file")


def self_test(files, sources):
    """A new file in each folder calls functions of others: every call that its headers do not declare is found."""
    words, tried = words_of(files, sources), 0
    folders = {os.path.dirname(path) for path in sources} | {"src/%s/new" % ring for ring in includes.RINGS}
    for symbol in sorted(symbol for has, _ in sources.values() for symbol in has):
        headers = words.get(symbol, set())
        if any(includes.place(header)[1] for header in headers):
            continue
        rooms = {includes.room(header) for header in headers}
        for folder in sorted(folders):
            new = folder + "/new.c"
            bad = not any(new.startswith(room) for room in rooms)
            if bad != bool(list(judge(files, words, {new: (set(), {symbol}), "elsewhere": ({symbol}, set())}))):
                yield "%s uses %s: %s" % (new, symbol, "not found" if bad else "found, but right")
            tried += bad
    if tried < 1000:
        yield "only %d uses were tried" % tried


def main(project, nm, objects, *options):
    files = includes.tree(project)
    sources = {path: said for path, said in compiled(nm, objects).items() if path in files}
    faults = list(self_test(files, sources) if options == ("--self-test",) else judge(files, words_of(files, sources), sources))
    if len(sources) < 300:
        faults.append("only %d objects in %s" % (len(sources), objects))
    for fault in faults:
        print(fault)
    if not faults:
        print("%d objects: each uses what it may" % len(sources))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
