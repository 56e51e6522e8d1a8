#!/usr/bin/env python3
"""
usage: includes.py PROJECT [--self-test]
Every include line of src/ and include/, headers as well as sources, is judged by the ring that it stands in and the
one that it reaches into. What a file gets indirectly, through a header, is judged at that header's own include line.

- a public header, <stird/RING/NOUN.h>: of a ring that this one may know
- a source: nowhere
- a private header: of this very ring; one in a folder of it, of that folder, unless OPEN names it
- a header of a library: in the rings that use it. Debian keeps most of them on the compiler's own path, so that
  nothing but this test keeps the others from them
- a header of the C library: anywhere, but for the core, which is pure, and rings that know no network

Lines are read as the compiler reads them: joined where they end in a backslash, without comments, "%:" as "#". A header
that no line here knows is a fault too, and so is what only the compiler can tell: a macro as a name, __has_include.
With --self-test: each of these faults, in each spelling, is put into each ring, into a source, a private and a public
header, and has to be found there.
"""

import os
import posixpath
import re
import sys

# What each ring may know, itself aside. CMakeLists.txt links the same (linked()).
RINGS = {
    "base": "",
    "core": "base",
    "io": "core base",
    "lab": "core base",
    "fetch": "core base",
    "web": "io core base",
    "trace": "core base",
    "conf": "core base",
    "net": "core base",
    "sip": "net io core base",
    "daemon": "sip net conf io fetch web core base",
    "cli": "sip conf io trace fetch lab core base",
}

# Nouns of base that touch what the core does not know: clock, log, kernel.
NOT_FOR = {"core": {"base": "chance clock log memory_file packet write_all"}}

# Headers of libraries, and who may include them. What ends in "/" is a folder.
LIBRARIES = {
    "ares.h": "net",
    "curl/": "fetch",
    "event2/": "net sip daemon cli",
    "jansson.h": "core cli web",
    "libconfig.h": "conf",
    "microhttpd.h": "web",
    "openssl/": "core lab fetch net daemon cli",
    "openssl/core_names.h": "core",
    "openssl/crypto.h": "core lab io conf daemon cli",
    "openssl/evp.h": "core lab fetch io cli",
    "openssl/hmac.h": "core io",
    "openssl/ssl.h": "fetch net cli",
    "pcap/": "trace",
    "sanitizer/": "base",
    "seccomp.h": "daemon",
    "sofia-sip/": "sip",
    "systemd/": "daemon",
    "uuid/": "core",
    "xxhash.h": "core",
    "zlib.h": "trace cli",
}

# Of these the public headers say types of a library, which whoever includes them therefore sees.
SHOWN = {"core": "openssl/", "lab": "openssl/"}

PURE = """assert ctype errno inttypes limits search stdalign stdarg stdbool stddef stdint stdio stdlib string time""".split()
SYSTEM = """dirent dlfcn elf fcntl ftw getopt glob grp libgen linux/* malloc poll pwd sched signal stdatomic strings
    sys/* syslog unistd""".split()
NETWORK = "arpa/* netdb netinet/* sys/socket sys/un".split()
NO_NETWORK = "core lab conf sip".split()

# Private headers in a folder of a ring that the rest of this ring includes too; all others are that folder's alone.
OPEN = {
    "core": "keys/der verify/x509_parts",
    "sip": "message/answer message/message message/odd message/received message/screen "
           "transaction/channel transaction/transaction",
    "daemon": "supervisor/supervisor",
}

# What no header includes: it would show all of it to whoever needs a part.
SOURCES_ONLY = ["src/sip/context.h"]

# Who alone calls what; nothing asks for chance, or makes memory for several processes, on its own.
ONCE = {
    "src/base/chance.c": "getrandom|getentropy|RAND_bytes|RAND_priv_bytes",
    "src/base/memory_file.c": "memfd_create|memfd_secret|shm_open",
}

JOINED = re.compile(r"(?:[^\n]*\\[ \t\f\v]*\n)+[^\n]*")
JOINT = re.compile(r"\\[ \t\f\v]*\n")
COMMENT_OR_TEXT = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""", re.S)
DIRECTIVE = re.compile(r"^[^\S\n]*(?:#|%:|\?\?=)[^\S\n]*(include\w*|import)\b[^\S\n]*(.*?)[^\S\n]*$", re.M)
ASKED = re.compile(r"^[^\S\n]*(?:#|%:|\?\?=).*\b__has_include\w*.*$", re.M)
OPERAND = re.compile(r"""^(?:<([^<>"]+)>|"([^<>"]+)")$""")


def tree(project):
    """Path: text, of all that is compiled into stird and stirctl."""
    found = {}
    for top in ("src", "include"):
        for folder, _, names in os.walk(os.path.join(project, top)):
            for name in names:
                if name.endswith((".c", ".h", ".def")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as text:
                        found[os.path.relpath(path, project)] = text.read()
    return found


def plain(text):
    """The text as the compiler reads it, each line still at its number: a line end that was joined away is a CR."""
    text = JOINED.sub(lambda m: JOINT.sub("", m.group(0)) + "\r" * len(JOINT.findall(m.group(0))), text)
    return COMMENT_OR_TEXT.sub(lambda m: m.group(0) if m.group(0)[0] in "\"'" else
                               " " + "\r" * len(re.findall(r"[\r\n]", m.group(0))), text)


def line_of(text, at):
    return len(re.findall(r"[\r\n]", text[:at])) + 1


def place(path):
    """(ring, whether it is a public header); the ring is None for a file in none."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1], False
    if parts[:2] == ["include", "stird"] and len(parts) == 4:
        return parts[2], True
    return None, False


def resolve(files, path, quoted, named):
    """The file of ours that a line means, as the compiler looks for it, or None."""
    ways = [posixpath.join(posixpath.dirname(path), named)] if quoted else []
    for way in ways + ["src/" + named, "include/" + named]:
        way = posixpath.normpath(way)
        if way in files:
            return way
    return None


def listed(name, patterns):
    stem = name[:-2] if name.endswith(".h") else name
    return any(stem == p or p.endswith("*") and stem.startswith(p[:-1]) for p in patterns)


def library_of(named):
    """The most specific line of LIBRARIES for a header, or None."""
    fits = [l for l in LIBRARIES if named == l or l.endswith("/") and named.startswith(l)]
    return max(fits, key=len, default=None)


def judge_outer(ring, public, named):
    """A header that is not ours."""
    library = library_of(named)
    if library:
        if ring not in LIBRARIES[library].split():
            return "%s may not include %s: %s may" % (ring, named, LIBRARIES[library])
        if public and not any(named.startswith(shown) for shown in SHOWN.get(ring, "").split()):
            return "a public header of %s shows %s to all who include it" % (ring, named)
        return None
    if listed(named, PURE):
        return None
    if listed(named, NETWORK):
        return "%s knows no network, so not %s" % (ring, named) if ring in NO_NETWORK else None
    if listed(named, SYSTEM):
        return "the core is pure, so it does not include %s" % named if ring == "core" else None
    return "nothing says which ring may include %s: tests/lint/includes.py, LIBRARIES" % named


def judge_ours(files, path, target):
    ring, _ = place(path)
    reached, public = place(target)
    if public:
        if reached != ring and reached not in RINGS[ring].split():
            return "%s may not know %s" % (ring, reached)
        noun = posixpath.splitext(posixpath.basename(target))[0]
        if noun in NOT_FOR.get(ring, {}).get(reached, "").split():
            return "%s of %s is not for %s" % (noun, reached, ring)
        return None
    if reached != ring:
        return "%s is private to %s" % (target, reached)
    if not path.startswith(room(target)):
        return "%s is private to %s" % (target, room(target))
    if target in SOURCES_ONLY and not path.endswith(".c"):
        return "%s is for sources alone: a header declares what it needs of it" % target
    return None


def room(header):
    """The folder in which a private header may be included, with those in it."""
    folder, name = posixpath.split(posixpath.splitext(header)[0])
    ring = place(header)[0]
    inner = posixpath.join(folder, name)[len("src/%s/" % ring):]
    return "src/%s/" % ring if inner in OPEN.get(ring, "").split() else folder + "/"


def judge_comment(files, path):
    """What a header says of whom it is private to agrees with where it lies."""
    says = re.search(r"Private\s+(?:\*\s+)?to\s+(?:\*\s+)?([\w/*]+)", files[path].split("*/")[0])
    if says and (place(path)[1] or "src/%s/" % says.group(1) != room(path)):
        yield "%s: says that it is private to %s, and lies where it is to %s" % (path, says.group(1), room(path))


def judge_open(files):
    """Each header that OPEN names exists, and a file outside of its folder includes it."""
    for ring, nouns in OPEN.items():
        for noun in nouns.split():
            header, folder = "src/%s/%s.h" % (ring, noun), "src/%s/%s/" % (ring, posixpath.dirname(noun))
            line = re.compile(r'#\s*include\s*["<]%s[">]' % re.escape(header[len("src/"):]))
            users = [path for path, text in files.items() if line.search(text) and not path.startswith(folder)]
            if header not in files or not users:
                yield "%s: OPEN names it, and nobody outside of its folder needs it" % header


def judge(files, path, directive, operand):
    """What is wrong with an include line, or None."""
    ring, public = place(path)
    means = OPERAND.match(operand)
    if directive != "include" or not means:
        return "cannot be judged: say the header itself"
    named, quoted = means.group(1) or means.group(2), means.group(2) is not None
    if ".." in named.split("/") or named.startswith("/"):
        return "goes by a way of its own: say the path from src/ on"
    target = resolve(files, path, quoted, named)
    if target and target.endswith(".c"):
        return "a source is compiled by itself: a header declares what it has for others"
    if target and public and not place(target)[1]:
        return "a public header includes a private one"
    if target:
        return judge_ours(files, path, target)
    if quoted or named.startswith("stird/"):
        return "there is no such header"
    return judge_outer(ring, public, named)


def judge_file(files, path):
    ring, _ = place(path)
    if ring not in RINGS:
        yield "%s: lies in no ring: src/RING/... or include/stird/RING/NOUN.h" % path
        return
    text = plain(files[path])
    for m in DIRECTIVE.finditer(text):
        fault = judge(files, path, m.group(1), m.group(2))
        if fault:
            yield "%s:%d: %s: %s" % (path, line_of(text, m.start()), m.group(0).strip(), fault)
    for m in ASKED.finditer(text):
        yield "%s:%d: %s: cannot be judged: say the header itself" % (
            path, line_of(text, m.start()), m.group(0).strip())
    for owner, calls in ONCE.items():
        for m in re.finditer(r"(?<!\w)(?:%s)\s*\(" % calls, text) if path != owner else ():
            yield "%s:%d: only %s may call %s" % (path, line_of(text, m.start()), owner, m.group(0))


def closure(direct, ring):
    known = set()
    for other in direct.get(ring, ()):
        known |= {other} | closure(direct, other)
    return known


def linked(cmake):
    """The rings that CMake links each ring with, directly or through others."""
    direct = {}
    for name, rest in re.findall(r"^stird_ring\((\w+)([^)]*)\)", cmake, re.M):
        direct[name] = re.findall(r"\bstird_(\w+)", rest)
    for target, ring in (("stird_daemon", "daemon"), ("stirctl", "cli")):
        rest = re.search(r"^target_link_libraries\(%s ([^)]*)\)" % target, cmake, re.M).group(1)
        direct[ring] = re.findall(r"\bstird_(\w+)", rest)
    return direct


def judge_cmake(project):
    with open(os.path.join(project, "CMakeLists.txt"), encoding="utf-8") as text:
        direct = linked(text.read())
    for ring in sorted(set(direct) | set(RINGS)):
        more = closure(direct, ring) - set(RINGS.get(ring, "").split())
        # stirctl is linked with net, which sip needs, and may not include it.
        if ring not in direct or ring not in RINGS or more - ({"net"} if ring == "cli" else set()):
            yield "CMakeLists.txt: the ring %s is linked otherwise than it may include: %s" % (ring, " ".join(more))
        for other in set(RINGS.get(ring, "").split()) - closure(direct, ring):
            yield "CMakeLists.txt: the ring %s may include %s, which it is not linked with" % (ring, other)


# ---- the self-test ----

def example(library):
    return library + "any.h" if library.endswith("/") else library


# The ways to write an include line, and what looks like one.
SPELLINGS = (
    "/* a */ #include <%s>", "/* a\n b */ #include <%s>", "# /* a */ include /* b */ <%s> /* c */", "#include/* a\n */<%s>",
    "%%:include <%s>", "%%: include <%s> // a", "??=include <%s>", "\f#include <%s>", "\v # \finclude\t<%s>",
    "#\\\ninclude <%s>", "#inc\\\nlude <%s>", "#include \\\n<%s>", "#include <\\ \n%s>", "/\\\n* a *\\\n/ #include <%s>",
    "#include<%s>", '#include"%s"', 'char c = \'"\'; /* " */\n#include <%s>')
HARMLESS = (
    "/* #include <%s> */", "// #include <%s>", "// a \\\n#include <%s>", "/* a\n#include <%s>\n*/", "#define INCLUDE <%s>",
    '"\\" #include <%s>"', 'char c[] = "/*"; /*\n#include <%s> " */', "#pragma include <%s>")


def bad_lines(files, ring):
    """Include lines that no file of RING may have."""
    private = {place(p)[0]: p for p in sorted(files) if p.startswith("src/") and p.endswith(".h")}
    for other in RINGS:
        if other == ring:
            continue
        if other not in RINGS[ring].split():
            for header in sorted(p for p in files if p.startswith("include/stird/%s/" % other))[:1]:
                yield "#include <%s>" % header[len("include/"):]
                yield '#  include "%s"' % header[len("include/"):]
        if other in private:
            for form in ('#include "%s"', "#include <%s>", '\t# include "%s" /* so? */'):
                yield form % private[other][len("src/"):]
            yield '#include "../%s"' % private[other][len("src/"):]
    own = sorted(p for p in files if p.startswith("src/%s/" % ring) and p.endswith(".c"))
    yield from (form % own[0][len("src/"):] for form in ('#include "%s"', "#include <%s>"))
    for other, nouns in NOT_FOR.get(ring, {}).items():
        for noun in nouns.split():
            yield "#include <stird/%s/%s.h>" % (other, noun)
    for library, rings in LIBRARIES.items():
        if ring not in rings.split():
            yield "#include <%s>" % example(library)
    if ring == "core":
        yield from ("#include <%s>" % h for h in ("unistd.h", "sys/stat.h", "fcntl.h", "signal.h"))
    if ring in NO_NETWORK:
        yield from ("#include <%s>" % h for h in ("sys/socket.h", "netinet/in.h", "netdb.h"))
    yield from ("#include <gnutls.h>", "#include <stird/base/nothing.h>", '#include "nothing.h"',
                "#include <stird/nothing.h>", "#include HEADER", "#include_next <stdio.h>", "#include HEADER(x)",
                "#import <stdio.h>", "#if __has_include(<stdio.h>)",
                "#  elif defined A && \\\n __has_include_next(<stdio.h>)")
    yield from (spelling % "gnutls.h" for spelling in SPELLINGS)


def good_lines(files, ring, public):
    for other in [ring] + RINGS[ring].split():
        for header in sorted(p for p in files if p.startswith("include/stird/%s/" % other)):
            noun = posixpath.splitext(posixpath.basename(header))[0]
            if noun not in NOT_FOR.get(ring, {}).get(other, "").split():
                yield "#include <%s>" % header[len("include/"):]
    for library, rings in LIBRARIES.items():
        if ring in rings.split() and (not public or library.startswith(SHOWN.get(ring, "\n"))):
            yield "#include <%s>" % example(library)


def found_of(files, path, lines):
    """Those of LINES that are found where they are added to a file, new or not; None: more than these are."""
    before = files.get(path, "/* new */\n")
    first = before.count("\n") + 1
    said = [line for line in lines for _ in line.split("\n")]
    changed = dict(files)
    changed[path] = before + "\n".join(lines) + "\n"
    numbers = [int(fault[len(path):].split(":")[1]) - first for fault in judge_file(changed, path)]
    return None if any(n < 0 for n in numbers) else {said[n] for n in numbers}


def try_lines(files, path, bad, good):
    lines = bad + good
    found = found_of(files, path, lines)
    if found is None:
        yield "%s: has a fault without any of them" % path
    else:
        yield from ("%s: not found: %s" % (path, line) for line in bad if line not in found)
        yield from ("%s: found, but right: %s" % (path, line) for line in good if line in found)


def private_lines(files, ring):
    """Lines for one private header that all of RING may include, and for those of folders of it."""
    own = [p for p in sorted(files) if p.startswith("src/%s/" % ring) and p.endswith(".h")]
    folder = [p for p in own if room(p) != "src/%s/" % ring]
    line = '#include "%s"'
    return [line % p[len("src/"):] for p in own if p not in folder][:1], [line % p[len("src/"):] for p in folder]


def self_test(files):
    tried = 0
    for ring in RINGS:
        own, of_folder = private_lines(files, ring)
        bad = list(bad_lines(files, ring))
        hidden = ["#include <%s>" % example(l) for l, rings in LIBRARIES.items()
                  if ring in rings.split() and not l.startswith(SHOWN.get(ring, "\n"))]
        for name in ("new.c", "new.h", "room/new.c", "room/new.h"):
            good = list(good_lines(files, ring, False)) + own + [line % "gnutls.h" for line in HARMLESS]
            around = ['#include "../%s"' % header for header in re.findall('"(.*)"', " ".join(own))]
            yield from try_lines(files, "src/%s/%s" % (ring, name), bad + of_folder + around, good)
        yield from try_lines(files, "include/stird/%s/new.h" % ring, bad + own + of_folder + hidden,
                             list(good_lines(files, ring, True)))
        for path in sorted(p for p in files if p.endswith((".h", ".def")) and place(p)[0] == ring):
            wide = ['#include "%s"' % header[len("src/"):] for header in SOURCES_ONLY]
            yield from try_lines(files, path, bad + wide, [])
            tried += len(bad)
    for path in ("include/stird/new.h", "src/new.c", "include/stird/core/deeper/new.h", "src/nowhere/new.c"):
        if not list(judge_file(dict(files, **{path: ""}), path)):
            yield "%s: not found: it lies in no ring" % path
    for path in (p for p in sorted(files) if p.startswith("src/") and p.endswith(".h")):
        if not list(judge_comment({path: "/* new - a noun. Private\n * to elsewhere. */\n"}, path)):
            yield "%s: not found: it says that it is private to another folder" % path
    calls = ["    return %s(room, 1, 0);" % call for call in "|".join(ONCE.values()).split("|")]
    yield from try_lines(files, "src/sip/new.c", calls, ["    return open_getrandom(room);"])
    if tried < 1000:
        yield "only %d lines were tried" % tried


def main(project, *options):
    files = tree(project)
    if options == ("--self-test",):
        faults = list(self_test(files))
    else:
        faults = [fault for path in sorted(files) for fault in judge_file(files, path)] + list(judge_cmake(project))
        faults += [fault for path in sorted(files) for fault in judge_comment(files, path)] + list(judge_open(files))
    for fault in faults:
        print(fault)
    if not faults:
        print("%d files: every include is in its ring" % len(files))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
