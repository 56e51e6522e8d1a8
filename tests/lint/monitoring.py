#!/usr/bin/env python3
"""
usage: monitoring.py PROJECT [--promtool]
Each metric of stird that contrib/ asks for is one of stird-metrics(7), and the dashboard is JSON. Each alert has a case
in which it fires and one in which it does not. With --promtool: the alert rules are rules, and do what their cases say;
exit status 77 where there is no promtool (package prometheus).
"""

import json
import os
import re
import shutil
import subprocess
import sys

RULES, CASES = "contrib/prometheus/stird.rules.yml", "contrib/prometheus/stird.rules.test.yml"
DASHBOARD = "contrib/grafana/stird.json"


def read(project, path):
    with open(os.path.join(project, path), encoding="utf-8") as text:
        return text.read()


def known(project):
    """Names of series: of a histogram three."""
    for name, kind in re.findall(r"^\.It Ic (\w+)\n(\w+)", read(project, "docs/stird-metrics.7"), re.M):
        yield from [name + end for end in ("_bucket", "_sum", "_count")] if kind == "histogram" else [name]


def faults(project):
    names, rules, cases = set(known(project)), read(project, RULES), read(project, CASES)
    json.loads(read(project, DASHBOARD))
    for path in (RULES, CASES, DASHBOARD):
        for name in sorted(set(re.findall(r"\bstird_\w+", read(project, path))) - names):
            yield "%s: stird-metrics(7) has no %s" % (path, name)
    page = read(project, "docs/monitoring.md")
    for alert in re.findall(r"- alert: (\w+)", rules):
        if "`%s`" % alert not in page:
            yield "docs/monitoring.md: says nothing of %s" % alert
    quiet, _, loud = cases.partition("  - name: StirdDown\n")
    for alert in re.findall(r"- alert: (\w+)", rules):
        if "alertname: %s }" % alert not in quiet:
            yield "%s: no case in which %s does not fire" % (CASES, alert)
        if not re.search(r"alertname: %s\n +exp_alerts:" % alert, loud):
            yield "%s: no case in which %s fires" % (CASES, alert)


def promtool(project):
    tool = shutil.which("promtool")
    if not tool:
        print("SKIPPED: no promtool here (package prometheus): whether alert rules do what their cases say")
        return 77
    folder = os.path.join(project, os.path.dirname(RULES))
    for words in (["check", "rules", os.path.basename(RULES)], ["test", "rules", os.path.basename(CASES)]):
        if subprocess.run([tool, *words], cwd=folder, check=False).returncode:
            return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[2] == "--promtool":
        sys.exit(promtool(sys.argv[1]))
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = list(faults(sys.argv[1]))
    print("\n".join(found))
    sys.exit(bool(found))
