"""A call that is answered by redirect, beside the same call passed on: both by one stird, in one run."""
import statistics
import sys

from subjects import CALLER, OTHER_CALLER, Subject, check, load, load_average, median

CPU_SHARE, LATENCY_SHARE = 0.66, 1.0  # at most, of a call that is passed on
RATES = (150, 500, 2000)


def told(name, share, most, pairs):
    low, _, high = statistics.quantiles(share, n=4) if len(share) > 1 else (share[0],) * 3
    print("  %-12s %.2f of a proxied one's (half of the %d pairs %.2f..%.2f; at most %.2f: %s)" % (
        name, median(share), pairs, low, high, most, "reached" if median(share) <= most else "missed"))


def at_rate(o, s, rate, slices):
    """A second of each in turn, so that what else the machine does meets both alike. CPU is that of all of stird's processes."""
    cpu, p50 = {"proxied": [], "answered": []}, {"proxied": [], "answered": []}
    for i in range(-1, slices):  # the first warms
        for what, caller, mode in (("proxied", CALLER, "call"), ("answered", OTHER_CALLER, "ask"))[::1 if i % 2 else -1]:
            before = s.cpu_s()
            r = load(o.build, rate, rate, mode=mode, caller=caller)
            check(s, r)
            if i >= 0:
                cpu[what].append((s.cpu_s() - before) / r["calls"] * 1e6)
                p50[what].append(r["p50_us"])
    for what in cpu:
        print("  %4d/s %-9s %.0f us of CPU (%.0f..%.0f), p50 %.0f us (%.0f..%.0f)" % (
            rate, what, median(cpu[what]), min(cpu[what]), max(cpu[what]), median(p50[what]), min(p50[what]), max(p50[what])))
    told("CPU", [a / b for a, b in zip(cpu["answered"], cpu["proxied"])], CPU_SHARE, slices)
    told("p50", [a / b for a, b in zip(p50["answered"], p50["proxied"])], LATENCY_SHARE, slices)
    sys.stdout.flush()


def redirect(o):
    """Latency of one that is passed on: INVITE from caller to callee; of one that is answered: INVITE to the 302 with its token."""
    print("\nA call answered by redirect beside the same one passed on (%s)" % load_average())
    slices = o.rounds * max(o.seconds // 2, 1)
    for rate in [o.rate] if o.rate else RATES:
        with Subject("stird-asked", o.build) as s:
            at_rate(o, s, rate, slices)
