"""
What came of several runs of ctest, from the JUnit files that they wrote:

    python3 -B -m lib.ctest_results skipped FILE...    a line for each test or story that was skipped, with why
    python3 -B -m lib.ctest_results shown FILE         the files of stories that passed, of which nothing was skipped
    python3 -B -m lib.ctest_results stories FILE       what was skipped of the others, where it has a name of its own
    python3 -B -m lib.ctest_results total FILE...      N passed, N failed, N skipped
    python3 -B -m lib.ctest_results again FILE         the stories that may be told again, if nothing else failed
    python3 -B -m lib.ctest_results unsteady FILE...   a line for each story that failed beside others and passed alone

Only a story may be told again: it runs processes, peers and timers beside five others. What is wrong in one
process (a unit test, a lint, a sanitizer's report, a crash) is wrong however busy the machine is.
"""

import os
import re
import sys
import xml.etree.ElementTree

STORY = re.compile(r"(sip|daemon|cli|cases)/")
TOLD_ONCE = re.compile(r"(sip|daemon|cli)/")
CRASH = re.compile(r"Sanitizer|runtime error:|assertion failed|Assertion `|\bsignal=(4|6|7|8|11)\b")
STORY_ID = re.compile(r"\w+\.\w+_test\.\w+\.\w+(?=[: ])")
REASON = re.compile(r"^(?:\s*\[.*?\]\s*)?SKIPPED: (.*)$", re.M)


def passed_alone(path):
    """The stories of this run that were told again, beside none other, and passed."""
    again = os.path.join(os.path.dirname(path), "again.xml")
    if not os.path.exists(again):
        return set()
    return {name for _, name, outcome, _ in cases([again]) if outcome == "passed"}


def cases(paths):
    """(run, test, outcome, output) of each; a file that is not there is a run that broke."""
    for path in paths:
        steady_alone = set() if os.path.basename(path) == "again.xml" else passed_alone(path)
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
                outcome = "unsteady" if case.get("name") in steady_alone else "failed"
            yield run, case.get("name"), outcome, case.findtext("system-out") or ""


def print_skipped(paths):
    for run, name, outcome, output in cases(paths):
        reasons = REASON.findall(output)
        if outcome == "skipped" and not reasons:
            reasons = [" ".join(output.split()) or "it does not say why"]
        for reason in reasons:
            print("skipped  %s %s: %s" % (run, name, reason.strip()))


def print_shown(paths):
    for _, name, outcome, output in cases(paths):
        if TOLD_ONCE.match(name) and outcome == "passed" and not REASON.search(output):
            print(name)


def print_stories(paths):
    for _, _, _, output in cases(paths):
        for reason in REASON.findall(output):
            story = STORY_ID.match(reason)
            if story:
                print(story.group())


def print_again(paths):
    failed = [(name, output) for _, name, outcome, output in cases(paths) if outcome == "failed"]
    if all(STORY.match(name) and not CRASH.search(output) for name, output in failed):
        for name, _ in failed:
            print(name)


def print_unsteady(paths):
    for run, name, outcome, _ in cases(paths):
        if outcome == "unsteady":
            print("UNSTEADY %s %s: failed beside others, passed alone: its wait for something is wrong" % (run, name))


def print_total(paths):
    outcomes = [outcome for _, _, outcome, _ in cases(paths)]
    unsteady = ", %d unsteady" % outcomes.count("unsteady") if "unsteady" in outcomes else ""
    print("%d passed, %d failed, %d skipped" % tuple(
        outcomes.count(which) for which in ("passed", "failed", "skipped")) + unsteady)


if __name__ == "__main__":
    {"skipped": print_skipped, "shown": print_shown, "stories": print_stories, "total": print_total,
     "again": print_again, "unsteady": print_unsteady}[sys.argv[1]](sys.argv[2:])
