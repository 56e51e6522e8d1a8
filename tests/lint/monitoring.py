#!/usr/bin/env python3
"""
usage: monitoring.py PROJECT [--promtool | --self-test]
Each metric of stird that contrib/ asks for is one of stird-metrics(7). Each alert has a case in which it fires and one in
which it does not; StirdEvent is about the alarms that are over by themselves (src/daemon/alarms.def), StirdAlarm about the
others. The dashboard shows what is to be seen, by queries that fit their panels. With --promtool: rules and queries are
such, and the rules do what their cases say; exit status 77 where there is no promtool (scripts/install-deps brings it).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
from lib.prometheus import program  # noqa: E402 pylint: disable=wrong-import-position

RULES = "contrib/prometheus/stird.rules.yml"
CASES = ("contrib/prometheus/stird.rules.test.yml", "contrib/prometheus/stird.weeks.test.yml")
DASHBOARD = "contrib/grafana/stird.json"

# What somebody who looks has to see: a panel of the dashboard each.
SHOWN = ("stird_ready", "stird_alarm", "stird_decided_calls_total", "stird_reasons_total", "stird_proxy_delay_seconds_bucket",
         "stird_sign_failures_total", "stird_next_hop_up", "stird_processes_serving",
         "stird_certificate_not_after_timestamp_seconds", "stird_x5u_probe_success", "stird_repository_requests_total",
         "stird_verified_calls_total", "stird_fetch_total", "stird_trust_list_expiry_timestamp_seconds",
         "stird_crl_next_update_timestamp_seconds")
# These may have a line only from their first count on, which rate() does not see.
FROM_FIRST_COUNT = ("stird_reasons_total", "stird_causes_total", "stird_fetch_total", "stird_verifications_total",
                    "stird_attestations_total")


def read(project, path):
    with open(os.path.join(project, path), encoding="utf-8") as text:
        return text.read()


def known(project):
    """Names of series: of a histogram three."""
    for name, kind in re.findall(r"^\.It Ic (\w+)\n(\w+)", read(project, "docs/stird-metrics.7"), re.M):
        yield from [name + end for end in ("_bucket", "_sum", "_count")] if kind == "histogram" else [name]


def alert_faults(project):
    rules, cases = read(project, RULES), "".join(read(project, path) for path in CASES)
    page = read(project, "docs/monitoring.md")
    alerts = re.findall(r"- alert: (\w+)", rules)
    for alert in alerts:
        if "`%s`" % alert not in page:
            yield "docs/monitoring.md: says nothing of %s" % alert
        if "alertname: %s }" % alert not in cases:
            yield "%s: no case in which %s does not fire" % (CASES[0], alert)
        if not re.search(r"alertname: %s\n +exp_alerts:" % alert, cases):
            yield "%s: no case in which %s fires" % (CASES[0], alert)
    alarms = dict(re.findall(r"^ALARM\((\w+), (\w+),", read(project, "src/daemon/alarms.def"), re.M))
    events = {name for name, over in alarms.items() if over == "QUIET"}
    flat = re.sub(r"\\\n\s*", "", rules)
    for alert, operator in (("StirdAlarm", "!~"), ("StirdEvent", "=~")):
        said = re.search(r"- alert: %s\n +expr: .*alarm%s'([\w|]+)'" % (alert, operator), flat)
        names = set(said.group(1).split("|")) if said else set()
        for name in sorted(names ^ events):
            yield "%s: %s and the QUIET rows of src/daemon/alarms.def differ by %s" % (RULES, alert, name)


def panel_faults(panel):
    unit, exprs = panel["fieldConfig"]["defaults"]["unit"], [target["expr"] for target in panel["targets"]]
    if panel["type"] == "table" and not all(t.get("format") == "table" and t.get("instant") for t in panel["targets"]):
        yield "a table wants format \"table\", and instant"
    for expr in exprs:
        per_second = bool(re.search(r"\brate\(stird_\w+_total\b", expr))
        if per_second != (unit == "cps"):
            yield "unit %s does not fit %s" % (unit, expr)
        if ("histogram_quantile" in expr) != (unit == "s"):
            yield "unit %s does not fit %s" % (unit, expr)
        for name in FROM_FIRST_COUNT:
            if name in expr and not re.search(r"%s\S* unless %s\S* offset" % (name, name), expr):
                yield "the first count of %s is not seen by %s" % (name, expr)


def dashboard_faults(board):
    exprs, places = "", set()
    for panel in board["panels"]:
        place = panel["gridPos"]["x"], panel["gridPos"]["y"]
        if place in places or panel["id"] in places:
            yield "%s: lies upon another panel, or has its id" % panel["title"]
        places |= {place, panel["id"]}
        exprs += "".join(target["expr"] + "\n" for target in panel["targets"])
        for fault in panel_faults(panel):
            yield "%s: %s" % (panel["title"], fault)
    for name in SHOWN:
        if not re.search(r"\b%s\b" % name, exprs):
            yield "no panel shows %s" % name


def faults(project):
    names = set(known(project))
    for path in (RULES, DASHBOARD, *CASES):
        for name in sorted(set(re.findall(r"\bstird_\w+", read(project, path))) - names):
            yield "%s: stird-metrics(7) has no %s" % (path, name)
    yield from alert_faults(project)
    for fault in dashboard_faults(json.loads(read(project, DASHBOARD))):
        yield "%s: %s" % (DASHBOARD, fault)


def self_test(project):
    """A dashboard with each fault is refused."""
    def with_fault(change):
        board = json.loads(read(project, DASHBOARD))
        change({panel["title"]: panel for panel in board["panels"]}, board)
        return list(dashboard_faults(board))
    wrong = {
        "instant": lambda by, _: by["Next hops"]["targets"][0].pop("instant"),
        "unit s": lambda by, _: by["Signing takes"]["targets"].append(
            {"expr": "sum(rate(stird_sign_failures_total[5m]))"}),
        "unit short": lambda by, _: by["Levels"]["fieldConfig"]["defaults"].update(unit="short"),
        "first count": lambda by, _: by["Reasons"]["targets"][0].update(
            expr="sum by (reason) (rate(stird_reasons_total[5m]))"),
        "no panel shows stird_ready": lambda by, board: board["panels"].remove(by["Ready"]),
        "upon another": lambda by, _: by["Levels"].update(gridPos=by["Ready"]["gridPos"]),
    }
    unseen = [word for word, change in wrong.items() if not any(word in fault for fault in with_fault(change))]
    print("".join("not refused: %s\n" % word for word in unseen), end="")
    return bool(unseen)


def as_rules(project):
    """The dashboard's queries, as rules that promtool reads."""
    board = json.loads(read(project, DASHBOARD))
    exprs = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = [{"record": "panel:%d" % i, "expr": expr} for i, expr in enumerate(exprs)]
    return json.dumps({"groups": [{"name": "panels", "rules": rules}]})


def promtool(project):
    tool = program("promtool")
    if not tool:
        print("SKIPPED: no promtool here (scripts/install-deps): whether alert rules do what their cases say")
        return 77
    folder = tempfile.mkdtemp()
    try:
        for path in (RULES, *CASES):
            shutil.copy(os.path.join(project, path), folder)
        with open(os.path.join(folder, "panels.yml"), "w", encoding="utf-8") as panels:
            panels.write(as_rules(project))
        rules, *cases = (os.path.basename(path) for path in (RULES, *CASES))
        wordings = [["check", "rules", rules, "panels.yml"], *(["test", "rules", one] for one in cases)]
        return int(any([subprocess.run([tool, *words], cwd=folder, check=False).returncode for words in wordings]))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[2] == "--promtool":
        sys.exit(promtool(sys.argv[1]))
    if len(sys.argv) == 3 and sys.argv[2] == "--self-test":
        sys.exit(self_test(sys.argv[1]))
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = list(faults(sys.argv[1]))
    print("\n".join(found))
    sys.exit(bool(found))
