"""
What came of several runs of ctest, from the JUnit files that they wrote:

    python3 -B -m lib.ctest_results skipped FILE...    a line for each test or story that was skipped, with why
    python3 -B -m lib.ctest_results total FILE...      N passed, N failed, N skipped
"""

import os
import re
import sys
import xml.etree.ElementTree

REASON = re.compile(r"^(?:\s*\[.*?\]\s*)?SKIPPED: (.*)$", re.M)


def cases(paths):
    """(run, test, outcome, output) of each; a file that is not there is a run that broke."""
    for path in paths:
        run = os.path.basename(os.path.dirname(path))
        try:
            root = xml.etree.ElementTree.parse(path).getroot()
        except (OSError, xml.etree.ElementTree.ParseError):
            yield run, "ctest", "failed", ""
            continue
        for case in root.iter("testcase"):
            outcome = "passed"
            if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
                outcome = "skipped"
            if case.find("failure") is not None or case.get("status") == "fail":
                outcome = "failed"
            yield run, case.get("name"), outcome, case.findtext("system-out") or ""


def print_skipped(paths):
    for run, name, outcome, output in cases(paths):
        reasons = REASON.findall(output)
        if outcome == "skipped" and not reasons:
            reasons = [" ".join(output.split()) or "it does not say why"]
        for reason in reasons:
            print("skipped  %s %s: %s" % (run, name, reason.strip()))


def print_total(paths):
    outcomes = [outcome for _, _, outcome, _ in cases(paths)]
    print("%d passed, %d failed, %d skipped" % tuple(
        outcomes.count(which) for which in ("passed", "failed", "skipped")))


if __name__ == "__main__":
    {"skipped": print_skipped, "total": print_total}[sys.argv[1]](sys.argv[2:])
