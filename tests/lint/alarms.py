#!/usr/bin/env python3
"""
usage: alarms.py PROJECT
The supervisor sets the value of each alarm (src/daemon/alarms.def) at one place. docs/troubleshooting.md has a row
with what to do for each alarm, for each reason of include/stird/core/reason.def that is no level, and for each
counter of `stirctl stats`. Each error line of the log stands in the row of its alarm, or among those of processes
that do not start.
"""

import glob
import os
import re
import sys

PAGE = ("docs", "troubleshooting.md")
# Lines of the alarms themselves, and of fault-finding builds.
EXEMPT = {"a message that leaves is not well formed"}
LITERALS = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as text:
        return text.read()


def joined(literals):
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literals))


def section(text, title):
    return text.partition("\n## %s\n" % title)[2].partition("\n## ")[0]


def rows(text):
    """First cell of each row, in backquotes: the rest of the row."""
    found = {}
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("|") and len(cells) > 1:
            for name in re.findall(r"`(\w+)`", cells[0]) or [cells[0]]:
                found[name] = cells[1:]
    return found


def head(line):
    """The part of an error line that is searched for."""
    return line.split(":")[0].split(", ")[0]


def error_lines(project):
    for path in sorted(glob.glob(os.path.join(project, "src", "**", "*.c"), recursive=True)):
        if os.path.basename(path) in ("log.c", "alarms.c") or os.sep + "cli" + os.sep in path:
            continue
        for literals in re.findall(r"\blog_error\(\s*" + LITERALS, read(path)):
            yield os.path.relpath(path, project), head(joined(literals))


def named(project):
    names = re.findall(r"^ALARM\((\w+),", read(project, "src", "daemon", "alarms.def"), re.M)
    if len(names) < 40:
        yield "only %d alarms are read of alarms.def" % len(names)
    counted = []
    for path in glob.glob(os.path.join(project, "src", "daemon", "supervisor", "*.c")):
        counted += re.findall(r"\bvalues\[ALARM_(\w+)\] \+?= ", read(path))
    for name in names:
        if counted.count(name) != 1:
            yield "the supervisor says %d times what alarm %s counts" % (counted.count(name), name)


def check(project):
    text = read(project, *PAGE)
    alarms = rows(section(text, "By alarm"))
    said = " ".join(cells[0] for cells in alarms.values())
    yield from named(project)
    for name in re.findall(r"^ALARM\((\w+),", read(project, "src", "daemon", "alarms.def"), re.M):
        if len(alarms.get(name, [])) < 2 or len(alarms[name][-1]) < 20:
            yield "no row of alarm %s that says what to do" % name
    for path, line in error_lines(project):
        if line not in EXEMPT and line not in said:
            yield "%s: the error line `%s` belongs to no alarm" % (path, line)
    reasons = re.findall(r"^REASON\(\w+, (\d+),", read(project, "include", "stird", "core", "reason.def"), re.M)
    names = re.findall(r"^\| `(\w+)` \| (\d+) \|", read(project, "docs", "reasons.md"), re.M)
    if len(names) < len(reasons):
        yield "docs/reasons.md has %d of %d reasons" % (len(names), len(reasons))
    for name, number in names:
        if not 1 <= int(number) <= 19 and "`%s`" % name not in text:
            yield "no row of reason %s" % name
    counters = rows(section(text, "By counter"))
    table = read(project, "include", "stird", "core", "counters.def")
    counted = re.findall(r"^OF_\w+\((?:COUNTER|LEVEL|HISTOGRAM)\((\w+),", table, re.M)
    if len(counted) < 70:
        yield "only %d counters are read of counters.def" % len(counted)
    for name in counted:
        if name not in counters:
            yield "no row of counter %s" % name


if __name__ == "__main__":
    complaints = list(check(*sys.argv[1:]))
    for complaint in complaints:
        print("/".join(PAGE) + ": " + complaint)
    sys.exit(1 if complaints else 0)
