#!/usr/bin/env python3
"""
usage: interop.py CHECKOUT BUILD DIRECTORY

Plays what ../shared/cases/interop has in files that a program can read: configurations, and captures. Its other cases
are words, and stories of this tree tell them. Exit status 0: as expected.md says; 77: nothing here can play it.
"""

import glob
import os
import shutil
import sys

CHECKOUT, BUILD, CASE = map(os.path.abspath, sys.argv[1:4])
os.environ["STIRD_BINARY"] = os.path.join(BUILD, "stird")
sys.path.insert(0, os.path.join(CHECKOUT, "tests"))
from lib import lab, stirctl, stird  # noqa: E402

LAB = """provider = { spc = [ "709J" ]; };
directories = { state = "%s"; runtime = "%s"; };
security = { user = ""; };
"""

# Which story tells a case that is only written down.
TOLD = {"01": "daemon/who_reads", "03": "sip/two_nodes", "05": "sip/request_uri", "06": "sip/health, sip/status",
        "07": "sip/result", "08": "sip/sources", "09": "daemon/failed_start", "10": "daemon/groups",
        "11": "daemon/first_hour", "12": "sip/nat", "13": "sip/advertise", "14": "cli/help, cli/verify, cli/decode"}


def require(good, what):
    print("%s: %s" % ("ok" if good else "WRONG", what))
    return good


def check(path):
    """`stird -t` of a configuration as it stands, with a certificate of ours."""
    place = lab.Lab()
    try:
        unit = lab.make_unit(place.directory, "709J")
        with open(path, encoding="utf-8") as source:
            text = source.read().replace("/var/lib/stird/certs/709J", unit.directory)
        for name in ("state", "run"):
            os.makedirs(place.path(name), mode=0o700)
        place.write("conf.d/lab.conf", LAB % (place.path("state"), place.path("run")))
        place.write("numbers.d/acme.csv", "number,customer,state\n+12155550100,acme,owned\n")
        return stird.check_configuration(place.write("stird.conf", text))
    finally:
        place.close()


def hairpin():
    """One address on both sides is good; a gateway for everybody that takes no upstream's calls is warned of."""
    good = True
    for path in sorted(glob.glob(os.path.join(CASE, "*.conf"))):
        name = os.path.basename(path)
        status, said = check(path)
        good &= require(status == 0, "%s is taken%s" % (name, "" if status == 0 else ":\n" + said))
        warned = "from_upstream" in said
        good &= require(warned == (name == "everybody.conf"), "%s: %s" % (name, "warned of" if warned else "no warning"))
    return good


def reinvite():
    """A call that was held: two hops, signed, valid."""
    place = lab.Lab()
    try:
        copy = shutil.copy(os.path.join(CASE, "hold.pcap"), place.directory)
        status, out, err = stirctl.run(place.path("none.conf"), "verify", "--cert", os.path.join(CASE, "chain.pem"),
                                       "--ca", os.path.join(CASE, "ca.pem"), "--at", "iat", copy)
    finally:
        place.close()
    print(out + err)
    return require(status == 0, "exit status %d" % status) & require("was taken off" not in out, "no Identity is missed")


PLAYED = {"02": hairpin, "04": reinvite}


def main():
    number = os.path.basename(CASE)[:2]
    if number not in PLAYED or not os.path.isdir(CASE):
        print("SKIPPED: %s has neither case.json nor run.py; %s" % (
            os.path.basename(CASE), "told by " + TOLD[number] if number in TOLD else "no story is known to tell it"))
        return 77
    return 0 if PLAYED[number]() else 1


if __name__ == "__main__":
    sys.exit(main())
