#!/usr/bin/env python3
"""
usage: dialects.py PROJECT
The tables of docs/redirect.md, "The cases", have what src/core/redirect/dialects.c has: a row a dialect, the status of
each case, where the token stands, what is the host of Contact, qtype.
"""

import os
import re
import sys

PAGE = os.path.join("docs", "redirect.md")
TABLE = os.path.join("src", "core", "redirect", "dialects.c")
CASES = os.path.join("include", "stird", "core", "dialect_case.def")


def read(project, path):
    with open(os.path.join(project, path), encoding="utf-8") as text:
        return text.read()


def of_program(text, cases):
    """{name: ([status], [identity, contact, qtype])}; a status of "0" is the call's own."""
    found = {}
    for row in re.split(r"\.name = STR\(", text)[1:]:
        name = re.match(r'"([^"]+)"', row)[1]
        says = dict(re.findall(r"\[DIALECT_(\w+)\] = SAYS\((\d+)", row))
        identity = re.findall(r"DIALECT_IDENTITY_(\w+)", row)
        contact = re.search(r"\.contact = DIALECT_CONTACT_(\w+)", row)
        qtype = "true" if re.search(r"\.qtype = true", row) else "false"
        found[name] = ([says.get(case, "profile's") for case in cases],
                       [", ".join(identity).lower(), contact[1].lower() if contact else "source", qtype])
    return found


def of_page(text, head):
    """{name: [cell]} of the table whose head begins so."""
    lines = text.partition("\n" + head)[2].split("\n")[2:]
    rows = {}
    for line in lines:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[cells[0]] = cells[1:]
    return rows


def check(program, cases, page):
    listed = of_program(program, cases)
    if len(listed) < 7:
        yield "only %d dialects are read of %s" % (len(listed), TABLE)
    statuses = of_page(page, "| dialect | %s |" % " | ".join(case.lower() for case in cases))
    others = of_page(page, "| dialect | identity | contact | qtype |")
    for name, (says, rest) in listed.items():
        if statuses.get(name) != says:
            yield "%s: %s: the row of statuses is | %s |" % (PAGE, name, " | ".join([name] + says))
        if others.get(name, [])[:3] != rest:
            yield "%s: %s: the row begins | %s |" % (PAGE, name, " | ".join([name] + rest))
    for name in (set(statuses) | set(others)) - set(listed):
        yield "%s: stird has no dialect %s" % (PAGE, name)


def self_test(program, cases, page):
    """Each table of the page is looked at."""
    for old, new in (("| clearip | 302 | 404 |", "| clearip | 302 | 302 |"), ("| ribbon | contact |", "| ribbon | header |"),
                     ("| oracle | 302 |", "| oracel | 302 |")):
        if old not in page or not list(check(program, cases, page.replace(old, new))):
            yield "nothing is said of %s" % new


def main():
    project = sys.argv[1]
    cases = re.findall(r"^CASE\((\w+),", read(project, CASES), re.M)
    program, page = read(project, TABLE), read(project, PAGE)
    wrong = list(check(program, cases, page)) + list(self_test(program, cases, page))
    print("\n".join(wrong) or "the dialects are as they are told")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
