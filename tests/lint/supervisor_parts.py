#!/usr/bin/env python3
"""
usage: supervisor_parts.py PROJECT NM OBJECTS [--self-test]
The parts of the supervisor (src/daemon/supervisor/parts.def) do not know each other: the loop tells them what others
bring about, and carries what they ask. No part includes another's header, names another, or calls its functions; nor
does the loop, which names no role either. What parts share is listed here (MEMBERS). No file of src/daemon that a part
calls may call another one back. OBJECTS is the folder where CMake puts what it compiles; nm says what each object calls
and has. With --self-test: each include line, name, member and call that is not allowed is put into each file, and the
lint has to find it.
"""

import os
import re
import sys

import includes
import private

FOLDER = "src/daemon/supervisor"
# Files of a part beside the one of its name.
MORE = {"admin": "callers", "overlay": "numbers", "records": "rotation untold", "switches": "switches_asks",
        "trust": "trust_fetch trust_growth trust_held trust_told"}
# The loop: it knows no part.
LOOP = ("supervisor.c supervisor.h loop.h duty.h supervisor_children.c supervisor_messages.c supervisor_lacks.c supervisor_dues.c "
        "supervisor_parts.c supervisor_start.c")
# Small nouns that any part may use, and that know no part either.
SHARED = "loop.h duty.h supervisor.h patience.h worker_places.h asker.h asker.c questions.h questions.def page_server.h page_server.c"

# What parts collect of all parts, in the order of their table: members of struct part.
COLLECTED = "asks|count|put_status|put_counts"
# Ways to other parts, and the files that have them: patterns of words, outside of comments.
WAYS = {
    r"\bsupervisor_parts\b": ("the table of all parts", "loop.h supervisor_parts.c supervisor_start.c"),
    r"(?:->|\.)\s*parts\b(?!; \*part; part\+\+\))": ("the parts of a supervisor", LOOP),
    r"\(\*part\)\s*->\s*(?!(?:%s)\b)|= *\*part\b" % COLLECTED: ("more than it may of other parts", LOOP),
    r"\bpart\s*(?:\[|->)": ("more than it may of other parts", LOOP),
    r"(?:->|\.)\s*answers_\w+\s*\(": ("what another part answers", "supervisor_parts.c"),
    r"\bpart_states\b": ("the states of all parts", "loop.h supervisor.c"),
    r"\bpart_\s*##": ("a part by a name put together", "loop.h supervisor_parts.c"),
    r"##\s*part_": ("a part by a name put together", ""),
}
# What is told to any file: how a part, a child and a word look, and nothing that one part alone has.
STRUCTS = {
    "loop.h": "news part lacked supervisor",
    "duty.h": "heard word kit due death duty",
    "supervisor.h": "",
}
# struct supervisor: what its members are to those who share them. No part gives others a function to call here.
MEMBERS = {
    "path": "of the configuration",
    "current": "the configuration in force, which every part works by",
    "next": "that of a reload, which events tell to all",
    "started_with": "what needs a restart is compared with it",
    "journal": "how lines of the log are written",
    "parts": "for the loop: whom it tells",
    "part_states": "for the loop: supervisor_part() gives each its own",
    "roles": "for the loop: the table of roles",
    "n_roles": "how many they are",
    "children": "places for children, of which parts look at those of their roles",
    "askers": "whoever waits for an answer, of any part",
    "buried": "for the loop: who ended last",
    "n_buried": "how many they were",
    "false_children": "for the loop, which counts them",
    "lacks": "for the loop: what it lacked",
    "started_ms": "when stird began",
    "turned_ms": "when the loop woke last",
    "ready": "how far stird is",
    "stopping": "the same",
    "ending": "the same",
    "start_failed": "the same",
    "end_until_ms": "for the loop: when children are killed",
    "signal_fd": "for the loop: signals",
    "on_ready": "what main() wants called once: the only function",
    "on_ready_user": "what it is called with",
}


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
    """Names of what may be files of the folder, as the compiler reads the lines (includes.py judges what it cannot read)."""
    lines = (includes.OPERAND.match(m.group(2)) for m in includes.DIRECTIVE.finditer(includes.plain(text)))
    named = [m.group(1) or m.group(2) for m in lines if m]
    return [os.path.basename(name) for name in named if not name.startswith("stird/")]


def members(text):
    """(name, declaration) of each member of struct supervisor."""
    body = re.search(r"^struct supervisor \{\n(.*?)^\};", includes.plain(text), re.M | re.S)
    for line in body.group(1).split(";") if body else ():
        said = re.sub(r"\[[^\]]*\]", "", " ".join(line.split()))
        function = re.search(r"\(\s*\*\s*(\w+)\s*\)", said)
        for name in [function.group(1)] if function else re.findall(r"(\w+)\s*(?:,|$)", said):
            yield name, said


def judge_shared(files):
    """What loop.h and duty.h show to all."""
    found = dict(members(files["loop.h"]))
    for name, said in found.items():
        if name not in MEMBERS:
            yield "%s/loop.h: struct supervisor has %s, which MEMBERS does not know: a part keeps it itself" % (FOLDER, name)
        if "(" in said and name != "on_ready":
            yield "%s/loop.h: struct supervisor has %s, a function by which one part calls another" % (FOLDER, name)
    for name in set(MEMBERS) - set(found):
        yield "MEMBERS has %s, which struct supervisor has not" % name
    for header, known in STRUCTS.items():
        for name in re.findall(r"\b(?:struct|union)\s+(\w+)\s*\{", includes.plain(files[header])):
            if name not in known.split():
                yield "%s/%s: shows struct %s to all, which STRUCTS does not know" % (FOLDER, header, name)


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
        plain = includes.plain(text)
        for pattern, (what, where) in WAYS.items():
            if name not in where.split() and re.search(pattern, plain):
                yield "%s/%s: reaches %s" % (FOLDER, name, what)
        for role in sorted(set(re.findall(r"\bROLE_\w+", plain))) if name in LOOP.split() else ():
            yield "%s/%s: names %s: the loop knows no role" % (FOLDER, name, role)
        for header in included(text):
            if header in files and header.endswith(".c"):
                yield "%s/%s: includes %s, a source" % (FOLDER, name, header)
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
    for path, (_, calls) in sources.items():
        for symbol in sorted(calls & set(owners)) if os.path.dirname(path) != FOLDER else ():
            if not (path == "src/daemon/roles.c" and symbol.startswith("duty_")):
                yield "%s: calls %s of the part %s: only the loop calls parts" % (path, symbol, part_of(owners[symbol]))


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


def complains(what, where=""):
    """The complaint for a file, or None for those that may."""
    return lambda name: None if name in where.split() else what


# Lines that no file may have but those named.
BAD_LINES = (
    ("static void *o(struct supervisor *s) { return s->part_states[3]; }", complains("reaches the states", "loop.h supervisor.c")),
    ("static void *o(struct supervisor *s) { return (s)\n->\nparts[8]->name; }", complains("reaches the parts", LOOP)),
    ("static void o(struct supervisor *s) { supervisor_parts[8]->answers_trunks(s, 0); }",
     complains("reaches the table", "loop.h supervisor_parts.c supervisor_start.c")),
    ("static void *o(struct supervisor *s) { return s->parts[i]->name; }", complains("reaches the parts", LOOP)),
    ("static bool o(const struct part **part) { return !strcmp((*part)->name, \"admin\"); }", complains("reaches more", LOOP)),
    ("static const void *o(const struct part **part) { const struct part *p = *part, *q; return q; }", complains("reaches more", LOOP)),
    ("static const char *o(const struct part **part) { return part[3]->name; }", complains("reaches more", LOOP)),
    ("static const char *o(const struct part *part) { return part->name; }", complains("reaches more", LOOP)),
    ("static void o(struct part *p) { p->answers_trunks(s, 0); }", complains("reaches what another", "supervisor_parts.c")),
    ("#define P(x) part_##x", complains("put together", "loop.h supervisor_parts.c")),
    ("#define P(x) part_ /* a */ ## x", complains("put together", "loop.h supervisor_parts.c")),
    ("#define P(x) x##part_admin", complains("put together")),
    ("#include <daemon/supervisor/supervisor_admin.h>", complains("includes supervisor_admin.h",
                                                                  "supervisor_admin.c supervisor_admin.h supervisor_callers.c")),
    ("# include /* a */ <supervisor_admin.h>", complains("includes supervisor_admin.h",
                                                         "supervisor_admin.c supervisor_admin.h supervisor_callers.c")),
    ('#include "supervisor_admin.c"', complains("includes supervisor_admin.c")),
    ("#include <daemon/supervisor/supervisor_admin.c>", complains("includes supervisor_admin.c")),
    ("static bool w(struct child *c) { return c->role->id == ROLE_WORKER; }",
     lambda name: "names ROLE_WORKER" if name in LOOP.split() else None),
)


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
        for line, complaint in BAD_LINES:
            changed = dict(files, **{name: line + "\n" + files[name]})
            bad = complaint(name)
            if bad and not any(bad in fault for fault in judge(changed, [name])):
                yield "%s in %s: not found" % (line, name)
            tried += bool(bad)
    for line in ("void (*reload_wanted)(struct supervisor *s);", "unsigned reloads;", "struct trust_part trust;",
                 "int (*on[3])(void);", "struct str path, other;"):
        changed = files["loop.h"].replace("    int signal_fd;\n", "    int signal_fd;\n    %s\n" % line)
        if not list(judge_shared(dict(files, **{"loop.h": changed}))):
            yield "%s in struct supervisor: not found" % line
    for header in STRUCTS:
        if not list(judge_shared(dict(files, **{header: "struct reload_state {\n    int n;\n};\n" + files[header]}))):
            yield "struct reload_state in %s: not found" % header
    for path in (p for p in sources if p.startswith("src/daemon/") and os.path.dirname(p) != FOLDER):
        has, calls = sources[path]
        for symbol in ("part_admin", "supervisor_accept_callers"):
            faults = judge_calls(dict(sources, **{path: (has, calls | {symbol})}))
            if not any("%s: calls %s " % (path, symbol) in fault for fault in faults):
                yield "a call of %s in %s: not found" % (symbol, path)
            tried += 1
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
    sources = {path: said for path, said in private.compiled(nm, objects).items()
               if os.path.exists(os.path.join(project, path))}
    if options == ("--self-test",):
        faults = list(self_test(files, sources))
    else:
        faults = list(judge(files)) + list(judge_shared(files)) + list(judge_files(files)) + list(judge_calls(sources))
    for fault in sorted(set(faults)):
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
