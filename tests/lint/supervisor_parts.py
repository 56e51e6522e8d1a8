#!/usr/bin/env python3
"""
usage: supervisor_parts.py PROJECT [--self-test]
The parts of the supervisor (src/daemon/supervisor/parts.def) do not know each other: the loop tells them what others
bring about. Which part uses another all the same stands in USES, which has no circle; an include line that it does not
allow is a fault, one that nobody has any more is, too, and so is a file that belongs to no part. With --self-test: each
include line that is not allowed is put into each file, and has to be found there.
"""

import os
import re
import sys

FOLDER = "src/daemon/supervisor"
# Who may ask or tell whom directly.
USES = {
    "alarms": "counters",
    "certificates": "admin",
    "counters": "records",
    "hops": "names",
    "explain": "admin names overlay",
    "numbers": "admin overlay",
    "refused": "admin",
    "reload": "admin signers workers",
    "report": "admin alarms counters status",
    "sockets": "records",
    "status": "alarms counters reload signers",
    "trunks": "counters hops",
    "workers": "certificates counters failed hops names overlay records refused signers sockets",
    # What is done before the first child.
    "start": "admin counters overlay records sockets workers",
}
# Files of a part beside the one of its name.
MORE = {"admin": "callers admin_own", "records": "rotation untold"}
# The loop: it knows no part.
LOOP = "supervisor.c supervisor.h loop.h duty.h supervisor_children.c supervisor_messages.c supervisor_lacks.c supervisor_parts.c"
# Small nouns that any part may use.
SHARED = "loop.h duty.h patience.h supervisor.h"


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
    if header in SHARED.split():
        return True
    if name in LOOP.split():
        return False
    part, other = part_of(name), part_of(header)
    if part == other:
        return True
    return noun(header) == other and other in USES.get(part, "").split()


def judge(files):
    for name, text in files.items():
        for header in included(text):
            if header in files and header.endswith(".h") and not is_allowed(name, header):
                yield "%s/%s: includes %s: USES does not allow that" % (FOLDER, name, header)


def judge_files(files):
    """Each part has its file and its table; each file is a part's, or the loop's."""
    parts = re.findall(r"^PART\((\w+)\)", files["parts.def"], re.M)
    if len(parts) < 20:
        yield "only %d parts are read of parts.def" % len(parts)
    for part in parts:
        if "const struct part part_%s =" % part not in files.get("supervisor_%s.c" % part, ""):
            yield "%s/supervisor_%s.c: there is no part_%s" % (FOLDER, part, part)
    for name in files:
        known = name in LOOP.split() + SHARED.split() + ["parts.def", "supervisor_start.c"]
        if not known and part_of(name) not in parts:
            yield "%s/%s: belongs to no part" % (FOLDER, name)
        if part_of(name) in parts and name.endswith(".h") and name not in SHARED.split():
            used = any(name in included(text) for other, text in files.items() if other != name)
            if not used:
                yield "%s/%s: nobody includes it" % (FOLDER, name)


def judge_uses(files):
    """What USES allows is used, and has no circle."""
    for part, others in USES.items():
        own = [name for name in files if part_of(name) == part]
        said = {part_of(header) for name in own for header in included(files[name]) if header in files}
        for other in sorted(set(others.split()) - said):
            yield "USES: %s does not use %s" % (part, other)
    reached = {}

    def reach(part, way):
        if part in way:
            return ["USES: a circle: %s" % " -> ".join(way[way.index(part):] + [part])]
        if part not in reached:
            reached[part] = [fault for other in USES.get(part, "").split() for fault in reach(other, way + [part])]
        return reached[part]

    for part in USES:
        yield from reach(part, [])


def self_test(files):
    tried = 0
    headers = [name for name in files if name.endswith(".h")]
    for name in files:
        for header in headers:
            line = '#include "%s"\n' % header
            bad = not is_allowed(name, header)
            changed = dict(files, **{name: line + files[name]})
            found = any("/%s: includes %s:" % (name, header) in fault for fault in judge(changed))
            if bad != found:
                yield "%s in %s: %s" % (header, name, "not found" if bad else "found, but right")
            tried += bad
    if tried < 300:
        yield "only %d lines were tried" % tried


def main(project, *options):
    files = read(project)
    if options == ("--self-test",):
        faults = list(self_test(files))
    else:
        faults = list(judge(files)) + list(judge_files(files)) + list(judge_uses(files))
    for fault in sorted(set(faults)):
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
