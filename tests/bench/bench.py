#!/usr/bin/env python3
"""What a call through stird costs, beside Kamailio on the same calls in the same run.

    tests/bench/bench.py [all | cost | latency | max | memory | faults | workers | reloads | restarts | counting |
                          judging | silent | noack | verification | verified | hanging | loop | redirect]
                         [--rounds N] [--rate R] [--short] [--only SUBJECT] [--transport T]
                         [--reloads N] [--rows N] [--build DIR] [--against DIR]

stird must be built (build/release/stird and build/release/tests/bench/load, or --build DIR).
Kamailio is measured where it is installed (Debian: kamailio, kamailio-secsipid-modules). Everything
is on loopback and ends by itself. Read the ratios: subjects take turns within a run, and a shared
machine's speed drifts. CPU is that of all processes of the proxy, from /proc/PID/task/*/schedstat.

`cost` has the floor programs beside them (floor.c): what it takes at least to pass a call's datagrams on, and to
sign. Some three minutes for each of its rates, and for each of latency's; one alone: --rate.
`cost --short --rate 500 --against DIR` is two builds of stird and Kamailio, in a minute.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import timeit

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests"))
from cost import cost, latency, workers  # pylint: disable=wrong-import-position
from lib import service_manager, token, web  # pylint: disable=wrong-import-position
from redirect import redirect  # pylint: disable=wrong-import-position
from subjects import (CALLEE, CALLER, HANGING, OTHER_CALLER, PROXY, WEB,  # pylint: disable=wrong-import-position
                      Subject, check, load, load_average, median, run, subjects)


def passes(s, rate, o):
    r = load(o.build, rate, rate * 5, over=s.over())
    return r["failed"] + r["retransmissions"] < r["calls"] / 1000


def highest(o):
    print("\nHighest rate with < 0.1 % failed or retransmitted, or as late (5 s tries, to within 9 %; +-10 %)")
    for transport in [o.transport] if o.transport else ("udp", "tcp", "tls"):
        for s in subjects(o, transport):
            rate = 1000
            with s:
                while rate < 20000 and passes(s, rate, o):
                    rate = int(rate * 1.5)
                    time.sleep(1)
                good, bad = int(rate / 1.5), rate
                while bad / good > 1.09:
                    middle = int((good * bad) ** 0.5)
                    time.sleep(2)
                    if passes(s, middle, o):
                        good = middle
                    else:
                        bad = middle
            print("  %s  %-18s %d/s" % (transport, s.name, good))
            sys.stdout.flush()


RINGING_KIB, FINISHED_KIB = 2, 1  # at most, of stird
FAULTY_PERCENT = 12  # of a core, and no more than Kamailio that signs nothing


def asked_for(figure, target):
    return " (at most %s: %s)" % (target, "reached" if figure <= target else "missed")


def ringing_kib(o, s, calls):
    """What each of so many calls takes while it rings."""
    base = s.pss_kib()
    command = [os.path.join(o.build, "tests", "bench", "load"), "--proxy", PROXY, "--caller", CALLER,
               "--callee", CALLEE, "--rate", "1000", "--calls", str(calls), "--mode", "ring", "--hold", "4"]
    p = subprocess.Popen(command, stdout=subprocess.PIPE)
    time.sleep(calls / 1000 + 2)
    kib = (s.pss_kib() - base) / calls
    undisturbed(s, json.loads(p.communicate()[0]))
    return kib


def undisturbed(s, r):
    """What is sent again, as the machine is busy, is kept too."""
    if r["retransmissions"] or r["failed"]:
        print("  ! %s: %d sent again, %d failed: not what calls alone take" % (
            s.name, r["retransmissions"], r["failed"]))


def memory(o):
    print("\nMemory, PSS of all processes (%s)" % load_average())
    for s in subjects(o):
        with s:
            load(o.build, 200, 400)
            idle = s.pss_kib()
            time.sleep(2)
            before = s.cpu_s()
            time.sleep(5)
            idle_cpu = (s.cpu_s() - before) / 5 * 100
        with s:
            load(o.build, 200, 400)
            ringing = ringing_kib(o, s, 10000)
        with s:
            load(o.build, 200, 400)
            base = s.pss_kib()
            r = load(o.build, 1000, 10000)
            finished = (s.pss_kib() - base) / 10000
        undisturbed(s, r)
        ours = s.name == "stird"
        print("  %-18s idle %.1f MiB, %.2f %% CPU; a ringing call %.2f KiB%s; a finished one %.2f KiB%s"
              % (s.name, idle / 1024, idle_cpu, ringing, asked_for(ringing, RINGING_KIB) * ours, finished,
                 asked_for(finished, FINISHED_KIB) * ours))
        sys.stdout.flush()


def faults(o):
    print("\n600 new calls/s for 40 s against a silent next hop, and callers that never ACK a refusal")
    silent(o)
    noack(o)


def silent(o):
    faulty(o, "silent")


def noack(o):
    faulty(o, "noack")


def faulty(o, mode):
    """CPU from the first call until 2 s behind the last one: of all that time, and of its last 10 s of calls."""
    seen = {}
    for s in subjects(o)[:2]:
        with s:
            base, before, began = s.pss_kib(), s.cpu_s(), time.time()
            command = [os.path.join(o.build, "tests", "bench", "load"), "--proxy", PROXY, "--caller", CALLER,
                       "--callee", CALLEE, "--rate", "600", "--calls", "24000", "--mode", mode, "--hold", "2"]
            p = subprocess.Popen(command, stdout=subprocess.PIPE)
            time.sleep(30)
            late, late_began = s.cpu_s(), time.time()
            time.sleep(9.5)
            steady = (s.cpu_s() - late) / (time.time() - late_began) * 100
            r = json.loads(p.communicate()[0])
            share = (s.cpu_s() - before) / (time.time() - began) * 100
            seen[s.name] = share
            print("  %-8s %-18s %4.1f %% of a core%s, at the end %.1f %%; %d of 24000 INVITEs arrived, %.0f MiB more"
                  % (mode, s.name, share, asked_for(share, FAULTY_PERCENT) * (s.name == "stird"), steady, r["arrived"],
                     (s.pss_kib() - base) / 1024))
            sys.stdout.flush()
    if "stird" in seen and "kamailio-plain" in seen:
        print("  %-8s %.2f of kamailio-plain%s" % (mode, seen["stird"] / seen["kamailio-plain"],
                                                   asked_for(seen["stird"] / seen["kamailio-plain"], 1)))


def write_table(path, rows, blocked):
    """Runs and isolated numbers, half and half; BLOCKED is a number that no call has."""
    with open(path + ".new", "w") as f:
        f.write("number,customer,state\n+12025550000-+12025559999,acme,owned\n")
        f.write("+1303555%04d,nobody,blocked\n" % blocked)
        for i in range(rows // 2):
            f.write("+1415%07d,c%d,owned\n" % (2000000 + i, i // 1000))
            f.write("+1%d,c%d,delegated\n" % (6000000000 + i * 7919 % 999999937, i % 997))
    os.rename(path + ".new", path)


def reloads(o):
    print("\n%d reloads of %d rows at 500 calls/s" % (o.reloads, o.rows))
    s = Subject("stird", o.build)
    with s:
        table, ctl = os.path.join(s.work, "numbers.csv"), os.path.join(o.build, "stirctl")
        write_table(table, o.rows, 0)
        ask = [ctl, "-c", os.path.join(s.work, "stird.conf"), "reload", "--wait"]
        run(*ask)
        load(o.build, 500, 500)
        quiet = load(o.build, 500, 500 * 2 * o.seconds)
        began = time.time()
        run(*ask)
        calls = int(500 * (time.time() - began + 2.5) * o.reloads)
        command = [os.path.join(o.build, "tests", "bench", "load"), "--proxy", PROXY, "--caller",
                   CALLER, "--callee", CALLEE, "--rate", "500", "--calls", str(calls)]
        p = subprocess.Popen(command, stdout=subprocess.PIPE)
        done, slowest = 0, 0.0
        while done < o.reloads and p.poll() is None:
            write_table(table, o.rows, done % 10000)
            began = time.time()
            run(*ask)
            slowest, done = max(slowest, time.time() - began), done + 1
        print("  %d reloads while calls ran, the slowest %.2f s" % (done, slowest))
        p.terminate() if done < o.reloads else None
        busy = json.loads(p.communicate()[0])
        stats = subprocess.run([ctl, "-c", ask[2], "stats", "--json"], capture_output=True, check=True)
        print("  reasons: %s" % json.loads(stats.stdout)["reasons"])
        check(s, quiet)
        check(s, busy)
        print("  %d calls, %d lost, %d unsigned; p50 %.1f -> %.1f ms, p99 %.1f -> %.1f ms" % (
            busy["calls"], busy["failed"], busy["arrived"] - busy["identities"],
            quiet["p50_us"] / 1e3, busy["p50_us"] / 1e3, quiet["p99_us"] / 1e3,
            busy["p99_us"] / 1e3))


class Place:
    """What a stird of the tests' library lives in."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="stird-bench-")

    def path(self, *names):
        return os.path.join(self.directory, *names)


def restarts(o):
    """The program is replaced and restarted by stirctl, as systemd does it, while calls run."""
    print("\n%d restarts at 500 calls/s" % o.rounds)
    os.environ["STIRD_BINARY"] = os.path.join(o.build, "stird")
    place = Place()
    Subject("stird", o.build).command(place.directory)
    with open(place.path("stird.conf"), "a") as f:  # a busy machine is not to count as a restart's fault
        f.write('signing = { timeout = "1s"; };\n')
    stird = service_manager.ManagedStird(place, place.path("stird.conf"))
    try:
        stird.install()
        stird.start_ready()
        load(o.build, 500, 500)
        quiet = load(o.build, 500, 500 * o.seconds)
        command = [os.path.join(o.build, "tests", "bench", "load"), "--proxy", PROXY, "--caller", CALLER, "--callee",
                   CALLEE, "--rate", "500", "--calls", str(500 * o.seconds * (o.rounds + 1))]
        p = subprocess.Popen(command, stdout=subprocess.PIPE)
        took = []
        for _ in range(o.rounds):
            time.sleep(o.seconds)
            began = time.time()
            stird.install()
            stird.restart_by_stirctl()
            took.append(time.time() - began)
        busy = json.loads(p.communicate()[0])
        print("  without a restart: %d calls, %d unsigned" % (quiet["calls"], quiet["arrived"] - quiet["identities"]))
        print("  from the order to READY %.2f s at most (%s)" % (max(took), load_average()))
        print("  %d calls, %d lost, %d unsigned; p50 %.1f -> %.1f ms, p99 %.1f -> %.1f ms" % (
            busy["calls"], busy["failed"], busy["arrived"] - busy["identities"], quiet["p50_us"] / 1e3,
            busy["p50_us"] / 1e3, quiet["p99_us"] / 1e3, busy["p99_us"] / 1e3))
    finally:
        stird.stop()
        shutil.rmtree(place.directory, ignore_errors=True)


def instructions(s, roles, calls, idle_s, out, caller, identities=None):
    """Of each role, from its start to its end with so many calls and so long without, as valgrind counts them."""
    shim = os.path.join(out, "shim.so")  # valgrind knows neither seccomp(2) nor Landlock
    run("cc", "-shared", "-fPIC", "-o", shim, os.path.join(TOP, "tests", "sip", "sandbox_shim.c"))
    s.under = ("env", "LD_PRELOAD=" + shim, "valgrind", "--tool=callgrind", "--callgrind-out-file=%s/%%p" % out)
    with s:
        pids = s.children(roles)
        load(caller, 4, 40, identities=identities)  # it has been through all of it
        r = load(caller, 10, calls, identities=identities)
        check(s, r)
        time.sleep(idle_s)
    if r["retransmissions"]:
        print("  ! %d retransmissions: what is counted is not that of calls alone" % r["retransmissions"])
    return [counted(os.path.join(out, str(pid))) for pid in pids]


FEW, MANY = 10, 310


def a_call(subject, roles, caller, identities=None):
    """The instructions of a call in each role: what many calls take more than few, in the same time."""
    counts = []
    for n in (FEW, MANY):
        with tempfile.TemporaryDirectory(prefix="stird-bench-") as out:
            counts.append(instructions(subject(), roles, n, (MANY - n) / 10, out, caller,
                                       identities() if identities else None))
    return [(b - a) / (MANY - FEW) for a, b in zip(*counts)]


def counted(file):
    for line in open(file):
        if line.startswith(("summary:", "totals:")):
            return int(line.split()[1])
    sys.exit("a process has left no count")


def counting(o):
    """What is the same whatever the machine is doing; another build's: --build."""
    print("\nWhat it costs that calls are counted")
    program = os.path.join(o.build, "tests", "bench", "counting")
    if os.path.exists(program):
        ns = [float(subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout.split()[1])
              for _ in range(o.rounds)]
        print("  all counters of a signed call: %.0f ns (%.0f..%.0f)" % (median(ns), min(ns), max(ns)))
    if not shutil.which("valgrind"):
        return
    for _ in range(o.rounds):
        for build in [o.against] * bool(o.against) + [o.build]:
            counts = a_call(lambda b=build: Subject("stird", b), ("worker", "signer"), o.build)
            print("  instructions a signed call: worker %d, signer %d, both %d (%s)" % (*counts, sum(counts), build))
            sys.stdout.flush()


def judging(o):
    """The same of a verified call, and of one with the same Identity that is let pass."""
    print("\nInstructions of a call with an Identity that is let pass, and that is verified")
    if not shutil.which("valgrind"):
        return
    with Lab(o.build) as lab:
        for _ in range(o.rounds):
            for build in [o.against] * bool(o.against) + [o.build]:
                counts = [a_call(lambda n=name, b=build: Subject(n, b, lab=lab), ("worker", "recorder"), o.build,
                                 lab.identities) for name in ("stird-pass", "stird-verify")]
                more = sum(counts[1]) - sum(counts[0])
                print("  let pass: worker %d, recorder %d; verified: worker %d, recorder %d; %d more (%s)"
                      % (*counts[0], *counts[1], more, build))
                sys.stdout.flush()


class Lab:
    """Calls that others have signed, and the web servers of their certificates: one serves, one hangs."""

    def __init__(self, build):
        self.directory = tempfile.mkdtemp(prefix="stird-bench-lab-")
        self.made, self.tls_ca = self.path("made"), self.path("tls.pem")
        run(os.path.join(build, "stirctl"), "lab-ca", self.made)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def __enter__(self):
        self.web = web.Web(self, WEB)
        self.hanging = web.Web(self, HANGING, authority="hanging")
        with open(self.tls_ca, "wb") as out:
            for server in (self.web, self.hanging):
                with open(server.ca, "rb") as certificate:
                    out.write(certificate.read())
        with open(self.made + "/709J/chain.pem", "rb") as chain:
            self.web.bodies["a.pem"] = chain.read()
        self.hanging.hang()
        return self

    def __exit__(self, *_):
        self.web.close()
        self.hanging.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def identity(self, url):
        return token.identity(self.made + "/709J", "12025550000", "12155550000", header={"x5u": url},
                              parameters=";info=<%s>;alg=ES256;ppt=shaken" % url)

    def identities(self, hanging=0):
        """What calls carry, as of now: of so many in 100 the certificate's server hangs, each of another URL."""
        good, name = self.identity(self.web.url("a.pem")), self.path("identities-%d" % hanging)
        with open(name, "w") as out:
            for i in range(100):
                hangs = i * hanging // 100 != (i + 1) * hanging // 100
                out.write("!%s\n" % self.identity(self.hanging.url("%d.pem" % i)) if hangs else good + "\n")
        return name


def reasons(s):
    """How many calls of each reason the records have."""
    counts = {}
    for line in open(os.path.join(s.work, "records.jsonl")):
        record = json.loads(line)
        if record["kind"] == "call":
            counts[record["reason"]] = counts.get(record["reason"], 0) + 1
    return counts


def both_judged(s, n):
    """Says so when not half of them were verified, and half let pass."""
    deadline = time.time() + 10
    while sum(reasons(s).values()) < n and time.time() < deadline:
        time.sleep(0.2)
    counts = reasons(s)
    if min(counts.get("verified", 0), counts.get("already_signed", 0)) < 0.49 * n:
        print("  ! %s" % counts)


def es256_verify_us():
    """What a signature takes openssl alone to verify just now."""
    said = subprocess.run(["openssl", "speed", "-mr", "-seconds", "1", "ecdsap256"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout.decode()
    return 1e6 / float(said.strip().split("\n")[-1].split(":")[4])


def verified(o):
    """
    CPU of a verified call, over that of the same call that is let pass: both by one stird, a second of each in turn, so
    that what else the machine does, and how fast it is just then, meets both alike.
    """
    rate = o.rate or 2000
    print("\nA verified call beside the same one let pass, at %d/s (%s)" % (rate, load_average()))
    costs, alone = {"let pass": [], "verified": []}, []
    slices = o.rounds * max(o.seconds // 2, 1)
    with Lab(o.build) as lab, Subject("stird-both", o.build, lab=lab) as s:
        calls = 0
        for i in range(-1, slices):  # the first warms
            if i % 5 == 0:
                alone.append(es256_verify_us())
            for what, caller in (("let pass", OTHER_CALLER), ("verified", CALLER))[::1 if i % 2 else -1]:
                before = s.cpu_s()
                r = load(o.build, rate, rate, identities=lab.identities(), caller=caller)
                check(s, r)
                calls += r["calls"]
                if i >= 0:
                    costs[what].append((s.cpu_s() - before) / r["calls"] * 1e6)
        both_judged(s, calls)
    more = [b - a for a, b in zip(costs["let pass"], costs["verified"])]
    for name, c in costs.items():
        print("  %-10s %.0f us of CPU (%.0f..%.0f)" % (name, median(c), min(c), max(c)))
    print("  a verified one takes %.0f us more (half of the pairs %.0f..%.0f, of %d; target 100)" % (
        median(more), *statistics.quantiles(more, n=4)[::2], slices))
    print("  %.2f of what openssl takes for the signature in the same minutes, %.0f us (%.0f..%.0f)" % (
        median(more) / median(alone), median(alone), min(alone), max(alone)))
    return median(more)


def in_a_loop(o):
    """What verifying takes without a call around it, a line each: name, figure, unit, target."""
    program = os.path.join(o.build, "tests", "bench", "verify")
    if not os.path.exists(program):
        return {}
    lines = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    print("\nVerifying in a loop (%s)\n  %s" % (load_average(), "\n  ".join(lines)))
    return {m[1]: float(m[2]) for m in (re.match(r"(.*?) {2,}([0-9.]+)\b", line) for line in lines) if m}


def hanging(o):
    """The calls whose certificate is at hand, beside 10 % whose certificate's server hangs."""
    print("\nA server of certificates that hangs for 10 %% of calls, at 500/s (%s)" % load_average())
    seen = {}
    with Lab(o.build) as lab:
        for _ in range(o.rounds):
            for share in (0, 10):
                with Subject("stird-verify", o.build, lab=lab) as s:
                    load(o.build, 100, 200, identities=lab.identities())  # warm
                    r = load(o.build, 500, 500 * o.seconds, identities=lab.identities(share))
                    seen.setdefault(share, []).append(r)
                    check(s, r)
                    time.sleep(1)
                    told = reasons(s)
                print("  %2d %%: %d calls, %d lost; the others p50 %d us, p99 %d us; %s" % (
                    share, r["calls"], r["failed"], r["p50_us"], r["p99_us"],
                    ", ".join("%s %d" % pair for pair in sorted(told.items()))))
    ratio = median([b["p99_us"] / a["p99_us"] for a, b in zip(seen[0], seen[10])])
    lost = sum(r["failed"] for r in seen[10])
    print("  %d lost (target 0); p99 of the others with / without: %.2f (median of %d; target 1.25)" % (
        lost, ratio, o.rounds))
    return lost, ratio


def verification(o):
    """What was asked for of verified calls: all of it in one run."""
    loop = in_a_loop(o)
    more = verified(o)
    lost, ratio = hanging(o)
    print("\nWhat was asked for, %s" % load_average())
    for name, figure, target in (
            ("verify to the signature alone", "%.2f" % loop.get("verify to the signature alone", float("nan")), "1.25"),
            ("the signature alone, us", "%.1f" % loop.get("es256_verify alone", float("nan")), ""),
            ("a verified call over one let pass, us", "%.0f" % more, "100"),
            ("lost beside a server that hangs", "%d" % lost, "0"),
            ("p99 of the others beside it", "%.2f" % ratio, "1.25")):
        print("  %-38s %6s  %s" % (name, figure, "at most " + target if target else ""))


WHAT = {"cost": cost, "latency": latency, "max": highest, "memory": memory, "faults": faults,
        "workers": workers, "reloads": reloads, "restarts": restarts, "counting": counting,
        "judging": judging, "verification": verification, "redirect": redirect}
ROUNDS = {"cost": 10, "latency": 6, "workers": 10}  # of others 3
PARTS = {"silent": silent, "noack": noack,  # of faults
         "verified": verified, "hanging": hanging, "loop": in_a_loop}  # of verification


def system_call_ns():
    """What the least of them takes on this machine; by so much it differs between virtual ones."""
    return min(timeit.repeat(os.getppid, number=20000, repeat=5)) / 20000 * 1e9


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("what", nargs="?", default="all", choices=["all", *WHAT, *PARTS])
    p.add_argument("--rounds", type=int, default=0, help="3; of cost and workers 10, of latency 6")
    p.add_argument("--seconds", type=int, default=10)
    p.add_argument("--rate", type=int,
                   help="calls/s of cost, latency, workers and redirect instead of several, of verified (2000)")
    p.add_argument("--only", help="of max, memory, faults: one subject")
    p.add_argument("--transport", choices=["udp", "tcp", "tls"], help="of max")
    p.add_argument("--short", action="store_true", help="of cost: stird beside kamailio-plain alone")
    p.add_argument("--reloads", type=int, default=100)
    p.add_argument("--rows", type=int, default=1000000)
    p.add_argument("--against", type=os.path.abspath, help="of cost, latency, counting: another build, in the same run")
    p.add_argument("--build", default=os.path.join(TOP, "build", "release"), type=os.path.abspath)
    o = p.parse_args()
    print("%s, %d cores, %s, a system call takes %.0f ns" % (time.strftime("%Y-%m-%d"), os.cpu_count(),
                                                           os.uname().release, system_call_ns()))
    asked = o.rounds
    for name in WHAT if o.what == "all" else [o.what]:
        o.rounds = asked or ROUNDS.get(name, 3)
        {**WHAT, **PARTS}[name](o)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
