#!/usr/bin/env python3
"""
usage: supervisor_parts.py PROJECT NM OBJECTS [--self-test]
The parts of the supervisor (src/daemon/supervisor/parts.def) do not know each other: the loop tells them what others
bring about, and carries what they ask. No part includes another's header, names another, or calls its functions; nor
does the loop. OBJECTS is the folder where CMake puts what it compiles; nm says what each object calls and has. With
--self-test: each include line, name and call that is not allowed is put into each file, and the lint has to find it.
"""

import os
import re
import sys

import private

FOLDER = "src/daemon/supervisor"
# Files of a part beside the one of its name.
MORE = {"admin": "callers", "overlay": "numbers", "records": "rotation untold", "trust": "trust_fetch"}
# The loop: it knows no part.
LOOP = ("supervisor.c supervisor.h loop.h duty.h supervisor_children.c supervisor_messages.c supervisor_lacks.c supervisor_dues.c "
        "supervisor_parts.c supervisor_start.c")
# Small nouns that any part may use, and that know no part either.
SHARED = "loop.h duty.h supervisor.h patience.h worker_places.h asker.h asker.c questions.h questions.def"


def read(project):
    found = {}
    for name in sorted(os.listdir(os.path.join(project, FOLDER))):
        with open(os.path.join(project, FOLDER, name), encoding="utf-8") as text:
            found[name] = text.read()
    return found


def noun(name):
    return re.sub(r"^supervisor_|\.\w+$", "", name)


def part_of(name):
    """The part that a file belongs to."""
    for part, files in MORE.items():
        if noun(name) in files.split():
            return part
    return noun(name)


def included(text):
    return [os.path.basename(header) for header in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.M)]


def is_allowed(name, header):
    """Whether the file NAME may include a header of the folder."""
    if name in LOOP.split():
        return header in LOOP.split()
    if header in SHARED.split():
        return True
    return name not in SHARED.split() and part_of(name) == part_of(header)


def parts_of(files):
    return re.findall(r"^PART\((\w+)\)", files["parts.def"], re.M)


def judge(files, names=None):
    """Complaints of the files NAMES; None: of all files."""
    parts = parts_of(files)
    for name in names or files:
        text = files[name]
        for header in included(text):
            if header in files and header.endswith(".h") and not is_allowed(name, header):
                yield "%s/%s: includes %s, which is another part's" % (FOLDER, name, header)
        for part in sorted(set(re.findall(r"\bpart_(\w+)\b", text)) & set(parts)):
            if part_of(name) != part:
                yield "%s/%s: names part_%s, another one" % (FOLDER, name, part)


def judge_calls(sources):
    """SOURCES: path: (what it has for others, what it calls)."""
    ours = {os.path.basename(path): said for path, said in sources.items() if os.path.dirname(path) == FOLDER}
    if len(ours) < 25:
        yield "only %d objects are read" % len(ours)
    owners = {symbol: name for name, (has, _) in ours.items() for symbol in has
              if name not in LOOP.split() + SHARED.split()}
    for name, (_, calls) in ours.items():
        for symbol in sorted(calls & set(owners)):
            if part_of(name) != part_of(owners[symbol]) and not (name == "supervisor_parts.c"
                                                                 and symbol.startswith("part_")):
                yield "%s/%s: calls %s, which is another part's" % (FOLDER, name, symbol)


def judge_files(files):
    """Each part has its file and its table; each file is a part's or the loop's."""
    parts = parts_of(files)
    if len(parts) < 20:
        yield "only %d parts are read of parts.def" % len(parts)
    for part in parts:
        if "const struct part part_%s =" % part not in files.get("supervisor_%s.c" % part, ""):
            yield "%s/supervisor_%s.c: there is no part_%s" % (FOLDER, part, part)
    for name in files:
        known = name in LOOP.split() + SHARED.split() + ["parts.def"]
        if not known and part_of(name) not in parts:
            yield "%s/%s: belongs to no part" % (FOLDER, name)
        if part_of(name) in parts and name.endswith(".h") and name not in SHARED.split():
            used = any(name in included(text) for other, text in files.items() if other != name)
            if not used:
                yield "%s/%s: nobody includes it" % (FOLDER, name)


def self_test(files, sources):
    tried = 0
    headers = [name for name in files if name.endswith(".h")]
    for name in files:
        for header in headers:
            line = '#include "%s"\n' % header
            bad = not is_allowed(name, header)
            changed = dict(files, **{name: line + files[name]})
            found = any("/%s: includes %s," % (name, header) in fault for fault in judge(changed, [name]))
            if bad != found:
                yield "%s in %s: %s" % (header, name, "not found" if bad else "found, but right")
            tried += bad
        for part in parts_of(files):
            bad = part_of(name) != part
            changed = dict(files, **{name: "extern const struct part part_%s;\n" % part + files[name]})
            found = any("/%s: names part_%s," % (name, part) in fault for fault in judge(changed, [name]))
            if bad != found:
                yield "part_%s in %s: %s" % (part, name, "not found" if bad else "found, but right")
            tried += bad
    own = {path: said for path, said in sources.items() if os.path.dirname(path) == FOLDER}
    for path, (has, calls) in own.items():
        name = os.path.basename(path)
        for other, (symbols, _) in own.items():
            owner = os.path.basename(other)
            faults = list(judge_calls(dict(sources, **{path: (has, calls | symbols)})))
            for symbol in sorted(symbols):
                bad = (owner not in LOOP.split() + SHARED.split() and part_of(name) != part_of(owner)
                       and not (name == "supervisor_parts.c" and symbol.startswith("part_")))
                if bad != any("/%s: calls %s," % (name, symbol) in fault for fault in faults):
                    yield "a call of %s in %s: %s" % (symbol, name, "not found" if bad else "found, but right")
                tried += bad
    if tried < 1000:
        yield "only %d lines were tried" % tried


def main(project, nm, objects, *options):
    files = read(project)
    sources = private.compiled(nm, objects)
    if options == ("--self-test",):
        faults = list(self_test(files, sources))
    else:
        faults = list(judge(files)) + list(judge_files(files)) + list(judge_calls(sources))
    for fault in sorted(set(faults)):
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
