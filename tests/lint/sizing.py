#!/usr/bin/env python3
"""
usage: sizing.py PROJECT
The table of docs/sizing.md ("Memory at most"): each product and sum is right, the figures are those of the
settings' defaults, and all is below MemoryMax of the unit.
"""

import os
import re
import sys

MIB = 1 << 20
UNITS = {"": 1, "k": 1 << 10, "m": MIB, "g": 1 << 30}
HEAP, PIECES = 1.25, 2  # what the rows of limits.memory and limits.queues say
MESSAGES_HELD = 2  # of each emergency call: its own octets, and the copy that left
BESIDE_MESSAGES = 8 << 10  # of an emergency call: EMERGENCY_BESIDE_BYTES of src/sip/proxy.c


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as text:
        return text.read()


def size(text):
    number, unit = re.fullmatch(r"(\d+)([kmg]?)", text.lower()).groups()
    return int(number) * UNITS[unit]


def defaults(project):
    """As docs/configuration.md has them, which a test holds to the code."""
    rows = re.findall(r"^\| `((?:limits|records)\.\w+)` \| (\S+) \|", read(project, "docs", "configuration.md"), re.M)
    return dict(rows)


def table(project):
    text = read(project, "docs", "sizing.md")
    section = text.partition("## Memory at most\n")[2]
    head = re.search(r"^\| what holds memory .*\| MiB, 1 worker \| MiB, (\d+) workers \|$", section, re.M)
    rows = []
    for line in section[head.end():].split("\n")[2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return int(head.group(1)), rows


def emergency_call(limits):
    return MESSAGES_HELD * size(limits["limits.message"]) + BESIDE_MESSAGES


def check(project):
    faults = []
    limits = defaults(project)
    workers, rows = table(project)
    most = size(re.search(r"^MemoryMax=(\S+)$", read(project, "systemd", "stird.service"), re.M).group(1))
    each_wanted = {"`limits.memory`": HEAP * size(limits["limits.memory"]) / MIB,
                   "`limits.emergency`": HEAP * emergency_call(limits) / MIB,
                   "`limits.queues`": PIECES * size(limits["limits.queues"]) / MIB,
                   "`records.backlog`": size(limits["records.backlog"]) / MIB}
    sums = [0.0, 0.0]
    for what, each, number, ceiling, *said in rows[:-1]:
        count, per_worker = re.fullmatch(r"(\d+)( a worker)?", number).groups()
        if ceiling in each_wanted and abs(float(each) - each_wanted.pop(ceiling)) > 0.0005:
            faults.append("%s: not what %s is by default" % (what, ceiling))
        if ceiling in ("`limits.connections`", "`limits.emergency`") and count != limits[ceiling.strip("`")]:
            faults.append("%s: not the default of %s" % (what, ceiling))
        for i, n in enumerate((1, workers)):
            product = float(each) * int(count) * (n if per_worker else 1)
            sums[i] += product
            if abs(product - float(said[i])) > 1:
                faults.append("%s: %s is not %g" % (what, said[i], product))
    for i, said in enumerate(rows[-1][-2:]):
        if abs(sums[i] - float(said)) > 1:
            faults.append("sum: %s is not %g" % (said, sums[i]))
    if each_wanted:
        faults.append("no row for %s" % ", ".join(each_wanted))
    if max(sums) * MIB > most:
        faults.append("the sum of %g MiB is above MemoryMax of %g" % (max(sums), most / MIB))
    if int(limits["limits.emergency"]) * emergency_call(limits) > size(limits["limits.memory"]) / workers:
        faults.append("limits.emergency calls of limits.message octets are more than a worker's part of limits.memory")
    return faults


if __name__ == "__main__":
    complaints = check(sys.argv[1])
    for complaint in complaints:
        print("docs/sizing.md: " + complaint)
    sys.exit(1 if complaints else 0)
