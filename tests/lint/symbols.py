#!/usr/bin/env python3
"""
usage: symbols.py PROJECT NM BUILD [--self-test]
A name tells its file: each external symbol of src/ begins with a noun of its file: a word of the file's name, of the
name of the header that declares it, or of a struct or enum in either. NOUNS has the exceptions, and why. No function is
external in vain: another file of src/ or a test uses it. BUILD is where CMake puts objects; nm says what each has and
calls.
"""

import glob
import os
import re
import subprocess
import sys

import includes
import private

# Where: nouns beside those of the file, and why.
NOUNS = {
    "src/base/str.c": ("ascii", "letters of the texts that are there"),
    "src/cli/main.c": ("command", "runs the table of commands"),
    "src/cli/session.c": ("print", "verbs of all commands of stirctl"),
    "src/cli/shown.c": ("print warn", "the same, of what is not to be believed"),
    "src/conf/": ("complain warn out_of_memory place_of shown was_given check_names country header_can_go hint_of object",
                  "words of the reader, of which each resolve_NOUN.c says dozens"),
    "src/conf/keys.c": ("certificate_table customer_table dialect_table listener_table monitor_table provider_table root_table rule_table "
                        "trunk_table trust_table upstream_table verification_table treatments", "the tables of keys, by the object that they describe"),
    "src/core/policy/": ("step", "steps of a decision, in the table of policy.c"),
    "src/core/policy/trunk.c": ("call source", "whether a trunk trusts a call, and whose a source is"),
    "src/daemon/supervisor/": ("duty", "what is done for the children of a role, in the table of roles.def"),
    "src/core/text/headers.c": ("head_line list name_addr parameter start_line is_sip_token",
                                "what a header is made of: one reader"),
    "src/net/": ("connection", "one noun in three files: opened, used, used again"),
    "src/net/listen.c": ("listener", "what listens"),
}

# External although only their own file uses them.
VAIN = {
    "main": "the C library calls it",
}


def one(word):
    """The word as a singular."""
    return re.sub(r"ies$", "y", word) if word.endswith("ies") else re.sub(r"(?<=[^s])s$", "", word)


def nouns_of(files, path, headers):
    """Words of the names of file and headers, and what they define."""
    found = set()
    for name in [path] + headers:
        found.update(map(one, re.sub(r"\.\w+$", "", os.path.basename(name)).split("_")))
        found.update(re.findall(r"\b(?:struct|enum|union)\s+(\w+)\s*\{", includes.plain(files[name])))
    return found


def begins(symbol, noun):
    return symbol == noun or symbol.startswith((noun + "_", noun + "s_"))


def judge_names(files, sources, nouns):
    words = private.words_of(files, sources)
    for path, (has, _) in sorted(sources.items()):
        others = [noun for where, (said, _) in nouns.items() if path.startswith(where) for noun in said.split()]
        for symbol in sorted(has):
            headers = [header for header in words.get(symbol, ()) if includes.judge_ours(files, path, header) is None]
            own = nouns_of(files, path, headers)
            if one(symbol.split("_")[0]) not in own and not any(begins(symbol, noun) for noun in own.union(others)):
                yield "%s: %s begins with no noun of its file: %s" % (path, symbol, " ".join(sorted(own)))


def judge_use(sources, tests, vain):
    """tests: what the objects of tests call."""
    used = set(tests)
    for _, calls in sources.values():
        used |= calls
    for path, (has, _) in sorted(sources.items()):
        for symbol in sorted(has - used - set(vain)):
            yield "%s: %s is external, and used by no other file: static, or nothing" % (path, symbol)


def judge_tables(sources, tests, nouns, vain):
    used = set(tests).union(*(calls for _, calls in sources.values()))
    for symbol in sorted(set(vain) & used):
        yield "VAIN has %s, which another file uses" % symbol
    every = {symbol for has, _ in sources.values() for symbol in has}
    for symbol in sorted(set(vain) - every):
        yield "VAIN has %s, which is no symbol" % symbol
    for where, (said, _) in sorted(nouns.items()):
        for noun in said.split():
            if not any(begins(symbol, noun) for path, (has, _) in sources.items() if path.startswith(where) for symbol in has):
                yield "NOUNS has %s for %s, where nothing is called so" % (noun, where)


def calls_of_tests(nm, build):
    paths = glob.glob(os.path.join(build, "tests", "**", "*.o"), recursive=True)
    said = subprocess.run([nm, "-g", "-u"] + paths, stdout=subprocess.PIPE, text=True, check=True).stdout
    return set(re.findall(r"^ +[Uw] ([^\s@]+)$", said, re.M))


def self_test(files, sources, tests):
    """The lint has to find, in a file of each folder, a symbol that has no file's noun and that nobody uses."""
    folders = {os.path.dirname(path): path for path in sources}
    for path in sorted(folders.values()):
        has, calls = sources[path]
        wrong = dict(sources, **{path: (has | {"zebra_run"}, calls)})
        one_file = {path: wrong[path]}
        if not any("zebra_run" in fault for fault in judge_names(files, one_file, NOUNS)):
            yield "%s: zebra_run is not found" % path
        if not any("zebra_run" in fault for fault in judge_use(wrong, tests, VAIN)):
            yield "%s: zebra_run is not found to be used by nobody" % path
    called = sorted(set().union(*(calls for _, calls in sources.values())) & set().union(*(has for has, _ in sources.values())))
    for symbol in called[:1]:
        if not any("VAIN has %s, which another" % symbol in f for f in judge_tables(sources, tests, NOUNS, {symbol: ""})):
            yield "VAIN with %s, which is used: not found" % symbol
    if not any(judge_names(files, sources, {})):
        yield "without NOUNS nothing is found"


def main(project, nm, build, *options):
    files = includes.tree(project)
    compiled = private.compiled(nm, os.path.join(build, "CMakeFiles"))
    sources = {path: said for path, said in compiled.items() if path in files}
    tests = calls_of_tests(nm, build)
    if options == ("--self-test",):
        faults = list(self_test(files, sources, tests))
    else:
        faults = list(judge_names(files, sources, NOUNS)) + list(judge_use(sources, tests, VAIN)) + list(
            judge_tables(sources, tests, NOUNS, VAIN))
    if len(sources) < 300 or len(tests) < 300:
        faults.append("only %d objects, %d calls of tests" % (len(sources), len(tests)))
    for fault in faults:
        print(fault)
    if not faults:
        print("%d objects: each symbol has its file's noun, and a user" % len(sources))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
