"""
What scripts/demo shows: five calls of SIPp through stird to SIPp, and what became of each; then three
that come in (demo_inbound.py). in tests/ as `python3 -m lib.demo`; the exit status is 0 when all of it is as it should be.
"""

import os
import shutil
import sys

from . import demo_inbound, identity, settings, stird
from .lab import PROJECT, Lab
from .patience import HANG_S
from .shown import pretty, show
from .sipp import Sipp

CALLED = "+12155550199"

# what it is, SBC's address, caller, decision, level, reason
CALLS = (
    ("a number of the customer", 2, "+12025550100", "signed", "A", "signed_owned"),
    ("a number in no table", 2, "+13125550000", "signed", "B", "signed_unknown"),
    ("an international gateway", 3, "+442079460000", "signed", "C", "signed_gateway"),
    ("a caller without a number", 2, "alice", "passed", None, "calling_not_a_number"),
    ("a number that never calls", 2, "+12025550911", "rejected", None, "number_blocked"),
)

MORE = """records = { file = "%s"; };
directories = { state = "%s"; runtime = "%s"; };
log = { level = "info"; };
security = { user = ""; };
"""


def configure(lab):
    """conf/stird.conf and conf/numbers.csv, with addresses and certificate of the lab."""
    with open(os.path.join(PROJECT, "conf", "stird.conf"), encoding="utf-8") as source:
        text = settings.moved(lab, source.read())
    os.mkdir(lab.path("numbers.d"))
    shutil.copy(os.path.join(PROJECT, "conf", "numbers.csv"), lab.path("numbers.d"))
    for old, new in (("/var/lib/stird/certs/818H", lab.unit.directory),
                     ("/etc/stird/numbers.d", lab.path("numbers.d"))):
        assert old in text, "conf/stird.conf does not name " + old
        text = text.replace(old, new)
    lab.write("conf.d/demo.conf", MORE % (lab.path("records.jsonl"), lab.path("state"),
                                          lab.path("run")))
    text = text.replace('#interval = "1h";', 'interval = "0ms";')  # no name server is asked
    return lab.write("stird.conf", text)


def call(lab, number, what):
    """One call by SIPp, to its end."""
    _, address, caller, decision, _, _ = what
    scenario = "refused" if decision == "rejected" else "caller"
    sipp = Sipp(lab.path("caller%d" % number), scenario, lab.network(address), 5060, 1,
                remote=(lab.network(1), 5060), fields=[(caller, CALLED)])
    try:
        sipp.finish()
    finally:
        sipp.close()


def judge(lab, invite, level, record):
    """The token as it arrived, and whether the two judges agree. Answers with complaints."""
    values = invite.all("identity") if invite else []
    if level is None:
        show("Identity", "none" if invite else "the call did not leave")
        return ["an Identity header that should not be"] if values else []
    if len(values) != 1:
        return ["%d Identity headers" % len(values)]
    token = identity.Token(values[0])
    show("header", *pretty(token.header))
    show("payload", *pretty(token.payload))
    verdicts = {"openssl": identity.openssl_verifies(token, lab.unit.public_key),
                "secsipidx": identity.secsipidx_verifies(token, lab.unit.public_key)}
    show("signature", ", ".join("%s: %s" % (name, "verifies" if good else "DOES NOT VERIFY")
                                for name, good in verdicts.items()))
    complaints = [name + " does not verify" for name, good in verdicts.items() if not good]
    if token.attest != level or token.payload["origid"] != record["origid"]:
        complaints.append("token and record differ")
    return complaints


def report(lab, number, what, invite, record):
    """Prints one call; answers with complaints."""
    title, _, caller, decision, level, reason = what
    print("\n  %d  %s: %s calls %s" % (number, title, caller, CALLED))
    said = {"signed": "signed with %s" % record["attest"], "passed": "leaves unsigned",
            "rejected": "refused with %s" % record["sip_status"]}[record["decision"]]
    row = os.path.basename(record["number_row"] or "")
    show("decision", said)
    show("reason", record["reason"] + (", by row " + row if row else ""))
    complaints = judge(lab, invite, level, record)
    if (record["decision"], record["reason"]) != (decision, reason):
        complaints.append("expected %s (%s)" % (decision, reason))
    for complaint in complaints:
        show("WRONG", complaint)
    return complaints


def run(lab, server, inbound):
    leaving = [what for what in CALLS if what[3] != "rejected"]
    callee = Sipp(lab.path("callee"), "callee", lab.network(9), 5060, len(leaving))
    try:
        callee.wait_bound()
        server.start()
        for number, what in enumerate(CALLS, 1):
            call(lab, number, what)
        callee.finish()
    finally:
        callee.close()
    records = stird.wait_until(lambda: server.records()[len(CALLS) - 1:] and server.records(), HANG_S,
                               "a record of each call")
    arrived = {invite["call-id"]: invite for invite in callee.received("INVITE")}
    wrong = sum(len(report(lab, number, what, arrived.get(record["call_id"]), record))
                for (number, what), record in zip(enumerate(CALLS, 1), records))
    return wrong + inbound.run(server, len(CALLS) + 1)


def main():
    lab = Lab()
    inbound = demo_inbound.Inbound(lab)
    server = stird.Stird(lab, configure(lab))
    print("SBCs %s and %s -> stird %s -> carrier %s; loopback only" % (
        lab.network(2), lab.network(3), lab.network(1), lab.network(9)))
    try:
        wrong = run(lab, server, inbound)
        wrong += server.stop() != 0
    except AssertionError as problem:
        print(problem, file=sys.stderr)
        print(server.log() if os.path.exists(server.log_path) else "", file=sys.stderr)
        wrong = 1
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
        inbound.close()
        lab.close()
    print("\n%s" % ("all eight as they should be" if not wrong else "SOMETHING IS WRONG"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
