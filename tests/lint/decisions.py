#!/usr/bin/env python3
"""
usage: decisions.py PROJECT [--self-test]
What a comment calls "Decided N" is a rule of docs/decisions.md. Each rule there says why, and names tests that exist
and carry its number. Each document that code, tests or documents cite lies in docs/ (or is the README of its folder).
"""

import os
import re
import sys

PAGE = "docs/decisions.md"
RULE = re.compile(r"^## Decided (\d+): ", re.M)
# "Decided 5", "Decided 4 and 16", "Decided 15, RFC 3261", also where a line of a comment ends between the words.
CITED = re.compile(r"\bDecided[\s*/#]+(\d+)((?:(?:,| and) \d+)*)")
DOCUMENT = re.compile(r"(?<![\w/.<*-])((?:docs/)?[a-z][a-z0-9-]*\.md)\b")
# What is cited although it lies elsewhere: each with the one place that may.
ELSEWHERE = {"expected.md": "tests/cases/", "draft-ietf-stir-passport.md": "tests/vectors/"}


def cited(text):
    for first, more in CITED.findall(text):
        yield from [int(first)] + [int(number) for number in re.findall(r"\d+", more)]


def sources(project):
    for top in ("src", "include", "tests", "docs", "README.md", "conf", "scripts"):
        whole = os.path.join(project, top)
        places = [(os.path.dirname(whole), [], [top])] if os.path.isfile(whole) else os.walk(whole)
        for folder, _, names in places:
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), project)
                if "/corpus/" not in path and re.search(r"\.(c|h|def|py|sh|md|json|txt|[158])$|^[^.]+$", name):
                    yield path


def read(project, path):
    with open(os.path.join(project, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def check_rules(page, tests):
    """tests: path below tests/ to its text."""
    numbers = [int(number) for number in RULE.findall(page)]
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        yield "%s: the rules are numbered %s" % (PAGE, numbers)
    for text in re.split(r"^(?=## Decided )", page, flags=re.M)[1:]:
        number = int(RULE.match(text).group(1))
        if "\nWhy: " not in text:
            yield "%s: Decided %d has no reason" % (PAGE, number)
        named = re.findall(r"[a-z_0-9]+/[a-z_0-9]+\.(?:py|c)\b", text.partition("Shown by:")[2])
        if not named:
            yield "%s: no test shows Decided %d" % (PAGE, number)
        for path in named:
            if number not in set(cited(tests.get(path, ""))):
                yield "tests/%s does not carry Decided %d" % (path, number)


def check_citations(texts, numbers, documents):
    for path, text in sorted(texts.items()):
        for number in cited(text):
            if number not in numbers:
                yield "%s: %s has no Decided %d" % (path, PAGE, number)
        for name in DOCUMENT.findall(text):
            beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
            where = ELSEWHERE.get(name)
            if not {name, "docs/" + name, beside} & documents and not (where and path.startswith(where)):
                yield "%s: there is no %s" % (path, name)


def judge(texts):
    page = texts.get(PAGE, "")
    numbers = {int(number) for number in RULE.findall(page)}
    tests = {path[len("tests/"):]: text for path, text in texts.items() if path.startswith("tests/")}
    documents = {path for path in texts if path.endswith(".md")}
    own = {path: text for path, text in texts.items() if path != "tests/lint/decisions.py"}
    yield from check_rules(page, tests)
    yield from check_citations(own, numbers, documents)


def self_test(texts):
    """The lint has to find each of these changes."""
    shown = "tests/sip/date_test.py"
    changes = (
        ("src/new.c", "/* So it is (Decided\n * 99). */", "has no Decided 99"),
        ("src/new.c", "/* Decided 4 and 98. */", "has no Decided 98"),
        ("src/new.c", "/* As marking.md has it. */", "there is no marking.md"),
        ("src/new.c", "/* docs/nowhere.md */", "there is no docs/nowhere.md"),
        (shown, texts[shown].replace("Decided", "Said"), "does not carry Decided 9"),
        (PAGE, texts[PAGE].replace("Why: ", "", 1), "Decided 1 has no reason"),
        (PAGE, texts[PAGE].replace("sip/date_test.py", "sip/no_test.py"), "sip/no_test.py does not carry"),
        (PAGE, texts[PAGE].replace("## Decided 16:", "## Decided 17:"), "has no Decided 16"),
    )
    for path, text, complaint in changes:
        if not any(complaint in fault for fault in judge(dict(texts, **{path: text}))):
            yield "not found: %s" % complaint


def main(project, *options):
    texts = {path: read(project, path) for path in sources(project)}
    faults = list(self_test(texts) if options == ("--self-test",) else judge(texts))
    for fault in faults:
        print(fault)
    if not faults:
        print("%d files cite what is there" % len(texts))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
