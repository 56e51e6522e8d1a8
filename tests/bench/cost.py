"""
What a call costs in CPU, and how long its INVITE takes: all subjects run at once, and are called in turn for some
seconds each, so that what else the machine does, and how fast it is just then, meets all of them alike.
"""
import contextlib
import statistics
import sys

from subjects import Subject, check, kamailios, load, load_average, median

RATES = (150, 500, 2000)
PORT = 15060  # of the first; the others follow
OUGHT, GOAL = 0.80, 0.65  # a signed call's CPU over an unsigned one's of Kamailio
INVITE = {100: (0.80, 1.0), 500: (0.60, 1.0)}  # p50 and p99, over those of Kamailio that signs
WORKERS = 1.10  # two over one
WARM_S = 6  # longer than Kamailio keeps what has ended: from then on its memory is what it had before
FLOORS = ("floor-pass", "floor-sign", "floor-signer")


def turn_s(rate):
    return 2 if rate < 300 else 1.2 if rate < 1000 else 1


def started(stack, subjects):
    for s in subjects:
        stack.enter_context(s)
    return subjects


def a_turn(build, s, rate, seconds):
    r = load(build, rate, int(rate * seconds), proxy=s.proxy)
    check(s, r)
    return r


def turns(o, subjects, rate, seconds):
    """Each subject whose turn it is, and what measures it then, in each round. Before the first, all are warmed."""
    for s in subjects:
        a_turn(o.build, s, rate, WARM_S)
    for i in range(o.rounds):
        for s in subjects[::-1 if i % 2 else 1]:
            yield s, lambda s=s: a_turn(o.build, s, rate, seconds)


def middle(values):
    """Between which half of them lie."""
    return statistics.quantiles(values, n=4)[::2] if len(values) > 1 else (min(values), max(values))


def paired(ours, theirs):
    """Median of the ratios of each round, and between which half of them lie."""
    ratios = [a / b for a, b in zip(ours, theirs)]
    return "%.2f (%.2f..%.2f)" % (median(ratios), *middle(ratios))


def judged(ours, theirs, target, also=""):
    ratio = median([a / b for a, b in zip(ours, theirs)])
    return "at most %.2f%s: %s" % (target, also, "reached" if ratio <= target else "missed")


class Used:
    """CPU of a subject's turns, us a call: all of it, by process, and what it used afterwards, until its next turn; and how
    often its processes waited: each is a wake-up. On a busy machine they are fewer, as more has come at each."""

    def __init__(self):
        self.calls, self.later, self.by_process, self.last, self.waits = [], [], {}, None, {}

    def turn(self, s, measure):
        before, waited = s.cpu_ns(), s.waits()
        if self.last:
            ns, calls = self.last
            self.later.append(self.us(ns, before, calls)[0])
        r = measure()
        after = s.cpu_ns()
        self.add_waits(after, waited, s.waits(), r["calls"])
        total, by_process = self.us(before, after, r["calls"])
        self.calls.append(total)
        for name, us in by_process.items():
            self.by_process.setdefault(name, []).append(us)
        self.last = after, r["calls"]

    def add_waits(self, used, before, after, calls):
        by_process = {}
        for pid in set(before) & set(after):
            name = used[pid][0]
            by_process[name] = by_process.get(name, 0) + (after[pid] - before[pid]) / calls
        for name, waits in by_process.items():
            self.waits.setdefault(name, []).append(waits)

    @staticmethod
    def us(before, after, calls):
        if set(before) - set(after):
            print("  ! a process has ended, and what it used is not counted")
        by_process = {}
        for pid, (name, ns) in after.items():
            by_process[name] = by_process.get(name, 0) + (ns - before.get(pid, ("", 0))[1]) / 1000 / calls
        return sum(by_process.values()), by_process

    @staticmethod
    def each(figures):
        """Medians of each process, the greatest first."""
        known = {"stird": "supervisor"}
        all_of = sorted(((median(values), name) for name, values in figures.items()), reverse=True)
        return ", ".join("%s %.1f" % (known.get(name, name.replace("stird-", "")), value)
                         for value, name in all_of if value >= 0.05)

    def processes(self):
        return "us: %s; waits a call: %s" % (self.each(self.by_process), self.each(self.waits))


def cost_subjects(o, rate):
    plain = [k for k in kamailios() if k == "kamailio-plain"]
    names = plain + ["stird"]
    if not o.short:
        names += FLOORS + tuple(k for k in kamailios() if k not in plain and rate == 150)
    subjects = [Subject(name, o.build, port=PORT + i) for i, name in enumerate(names)]
    if o.against:
        against = Subject("stird-against", o.against, port=PORT + len(names))
        subjects.insert(len(plain) + 1, against)
    return subjects


def cost(o):
    for rate in [o.rate] if o.rate else RATES:
        print("\nCPU of all processes, us a call at %d/s: median (half of them) of %d rounds, %.1f s each (%s)" % (
            rate, o.rounds, turn_s(rate), load_average()))
        with contextlib.ExitStack() as stack:
            subjects = started(stack, cost_subjects(o, rate))
            used = {s.name: Used() for s in subjects}
            for s, measure in turns(o, subjects, rate, turn_s(rate)):
                used[s.name].turn(s, measure)
            for s in subjects:
                print_cost(s, used)
        sys.stdout.flush()


def print_cost(s, used):
    u, plain, against = used[s.name], used.get("kamailio-plain"), used.get("stird-against")
    line = "  %-18s %6.1f (%.1f..%.1f)" % (s.name, median(u.calls), *middle(u.calls))
    if plain and u is not plain:
        line = "%-42s %s of plain" % (line, paired(u.calls, plain.calls))
        if s.name == "stird":
            line += ", %s" % judged(u.calls, plain.calls, OUGHT, ", goal %.2f" % GOAL)
    print(line)
    if s.name.startswith("stird") or u is plain:
        print("    %s; later %.1f us" % (u.processes(), statistics.mean(u.later) if u.later else 0))
    if s.name == "stird" and against:
        print("    %-16s %s of stird-against" % ("", paired(u.calls, against.calls)))


def latency(o):
    for rate in [o.rate] if o.rate else INVITE:
        print("\nINVITE, caller to callee at %d/s, us: medians of %d rounds, 5 s each (%s)" % (
            rate, o.rounds, load_average()))
        with contextlib.ExitStack() as stack:
            subjects = [Subject(name, o.build, port=PORT + i) for i, name in enumerate(["stird", *kamailios()])]
            if o.against:
                subjects.append(Subject("stird-against", o.against, port=PORT + len(subjects)))
            seen = {s.name: {"p50_us": [], "p99_us": []} for s in started(stack, subjects)}
            for s, measure in turns(o, subjects, rate, 5):
                r = measure()
                for what, values in seen[s.name].items():
                    values.append(r[what])
        for name, v in seen.items():
            print("  %-18s p50 %6.0f  p99 %6.0f" % (name, median(v["p50_us"]), median(v["p99_us"])))
        for other in [name for name in seen if name != "stird"]:
            for i, what in enumerate(("p50_us", "p99_us")):
                ours, theirs = seen["stird"][what], seen[other][what]
                target = INVITE.get(rate) if other == "kamailio-secsipid" else None
                print("  %s over %s: %s%s" % (what[:3], other, paired(ours, theirs),
                                              ", " + judged(ours, theirs, target[i]) if target else ""))
        sys.stdout.flush()


def workers(o):
    for rate in [o.rate] if o.rate else RATES:
        print("\nTwo workers beside one, all calls from one address and port, %d/s: CPU, us a call (%s)" % (
            rate, load_average()))
        with contextlib.ExitStack() as stack:
            one, two = started(stack, [Subject("stird", o.build, n, port=PORT + n) for n in (1, 2)])
            used, shares = {one: Used(), two: Used()}, []
            for s, measure in turns(o, [one, two], rate, turn_s(rate)):
                before = s.cpu_s(True)["stird-worker"]
                used[s].turn(s, measure)
                share = [b - a for a, b in zip(before, s.cpu_s(True)["stird-worker"])]
                shares += [min(share) / sum(share)] * (s is two)
        for s, u in used.items():
            print("  %d worker%s %6.1f  %s" % (s.workers, " s"[s.workers > 1], median(u.calls), u.processes()))
        print("  two over one %s, %s; the idler of two had %.0f %% of their CPU" % (
            paired(used[two].calls, used[one].calls), judged(used[two].calls, used[one].calls, WORKERS),
            median(shares) * 100))
        sys.stdout.flush()
