#!/usr/bin/env python3
"""
usage: sizing.py PROJECT STIRD
The table of docs/sizing.md ("Memory at most") is what `stird -b` prints for the defaults with two listeners, and the
page's text has the same sums. All is below MemoryMax of the unit, and means.c has the same MemoryMax.
"""

import os
import re
import subprocess
import sys
import tempfile

MIB = 1 << 20
UNITS = {"": 1, "K": 1 << 10, "M": MIB, "G": 1 << 30}
CONFIGURATION = """workers = %d;
listen = ( { name = "a"; address = "127.0.0.1"; transports = [ "udp", "tcp" ]; },
           { name = "b"; address = "127.0.0.2"; transports = [ "udp", "tcp" ]; } );
trunks = ( { name = "t"; sources = [ "127.0.0.3" ]; customer = "c"; identity = "authenticated";
             upstreams = [ "u" ]; } );
upstreams = ( { name = "u"; uri = "sip:127.0.0.4:5060;transport=udp"; } );
certificates = ( { id = "818H"; directory = "%s"; } );
provider = { spc = [ "818H" ]; };
"""


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as text:
        return text.read()


def rows(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n") if line[:1] == "|"]


def budget(project, stird, workers, more=""):
    """The rows that `stird -b` prints, head and rule included."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "stird.conf")
        with open(path, "w", encoding="utf-8") as out:
            out.write(more + CONFIGURATION % (workers, os.path.join(project, "tests", "conf", "certs", "818H")))
        run = subprocess.run([stird, "-b", "-c", path], capture_output=True, text=True, timeout=60, check=False)
        if run.returncode:
            sys.exit("stird -b: " + run.stdout + run.stderr)
        return rows(run.stdout)


def printed(project, stird, most):
    """The document's table: one worker beside MOST."""
    one, many = budget(project, stird, 1), budget(project, stird, most)
    return [a if a == b else a[:-1] + [a[-1], b[-1]] for a, b in zip(one, many)]


def as_wide(table):
    """Rows with one figure for both cases get it twice."""
    return [row if len(row) == 6 else row + row[-1:] for row in table]


def check(project, stird):
    faults = []
    text = read(project, "docs", "sizing.md").partition("## Memory at most\n")[2]
    section = text.partition("\n#")[0]
    unit = re.search(r"^MemoryMax=(\d+)([KMG]?)$", read(project, "systemd", "stird.service"), re.M)
    memory = int(unit.group(1)) * UNITS[unit.group(2)]
    workers = int(re.search(r"up to (\d+) workers", section).group(1))
    wanted = as_wide(printed(project, stird, workers))
    found = rows(section)
    for a, b in zip(wanted, found):
        if a != b:
            faults.append("| %s | should be\n| %s |" % (" | ".join(b), " | ".join(a)))
    if len(wanted) != len(found):
        faults.append("%d rows, stird -b prints %d" % (len(found), len(wanted)))
    sums = [int(figure) for figure in wanted[-1][-2:]]
    more = int(budget(project, stird, workers + 1)[-1][-1]) - sums[1]
    if "by %d MiB for each worker" % more not in section.replace("\n", " "):
        faults.append("each worker more is %d MiB" % more)
    raised = int(re.search(r"above four raise it by (\d+) MiB for each", section).group(1))
    limits = 'limits = { memory = "%dm"; };\n' % (768 + raised)
    more = int(budget(project, stird, workers + 1, limits)[-1][-1]) - sums[1]
    if "then goes up by %d MiB for each" % more not in section.replace("\n", " "):
        faults.append("each worker more with its part of limits.memory is %d MiB" % more)
    if max(sums) * MIB > memory:
        faults.append("the sum of %d MiB is above MemoryMax of the unit" % max(sums))
    constant = re.search(r"UNIT_MEMORY +\(UINT64_C\((\d+)\) << (\d+)\)", read(project, "src", "daemon", "means.c"))
    if int(constant.group(1)) << int(constant.group(2)) != memory:
        faults.append("src/daemon/means.c: UNIT_MEMORY is not MemoryMax of the unit")
    return faults


if __name__ == "__main__":
    complaints = check(*sys.argv[1:])
    for complaint in complaints:
        print("docs/sizing.md: " + complaint)
    sys.exit(1 if complaints else 0)
