/*
 * fetch_reach - whether any host is reached, or none, so that the fault is probably ours: a
 * resolver that does not answer, a firewall, a list of authorities that is no use. Pure: time is
 * handed in. Private to fetch.
 *
 * One host that fails says that it is down. Several that fail in a row, each in a way in which all
 * would fail if the fault were ours (AMISS in fetch_outcome.def), are a ground to suspect it, and
 * no more: who sends calls names the hosts. So it is suspected once in two minutes at most, and
 * then hosts that have served before are asked (probes): only when none of these answers either, or
 * there is none, is it believed. Then each such failure is FETCH_CUT_OFF, which leaves calls open,
 * until a web server answers whatever it answers, or nothing has failed for five minutes.
 *
 * It changes what is said of failures and nothing of what is asked of hosts: breakers and failures
 * that are kept hold as always. Where it ends, what failed meanwhile may be asked for sooner, once
 * in five minutes at most.
 */
#ifndef STIRD_FETCH_FETCH_REACH_H
#define STIRD_FETCH_FETCH_REACH_H

#include <stdbool.h>
#include <stird/base/str.h>
#include <stird/core/fetch_request.h>

#define FETCH_REACH_USUAL 3
#define FETCH_REACH_MAX   8

#define FETCH_REACH_PAUSE_MS (2 * 60 * 1000) /* between two suspicions */
#define FETCH_REACH_QUIET_MS (5 * 60 * 1000) /* without a failure: it is over */
#define FETCH_REACH_EASE_MS  (5 * 60 * 1000) /* between two ends that forgive failures */
#define FETCH_REACH_PROBE_MS (30 * 1000)     /* between two probes while it is believed */

struct fetch_reach {
    unsigned after; /* so many hosts: FETCH_REACH_MAX at most; 0: none is cut off */
    unsigned failed;
    unsigned probes; /* on their way */
    bool is_suspected, is_cut_off;
    enum fetch_outcome last;               /* how the last of them did */
    uint64_t hosts[FETCH_REACH_MAX];       /* digests of those that failed since one was reached */
    int64_t since_ms;                      /* when the first of them did */
    int64_t amiss_ms;                      /* and the last */
    int64_t suspect_ms, ease_ms, probe_ms; /* not again before */
};

enum fetch_reach_news {
    FETCH_REACH_SAME,
    FETCH_REACH_SUSPECTED, /* whoever hears it says fetch_reach_probed() */
    FETCH_REACH_OVER       /* what failed since SINCE_MS may be forgiven: fetch_reach_may_ease() */
};

/* What became of a transfer from HOST. */
enum fetch_reach_news fetch_reach_note(struct fetch_reach *r, struct str host,
                                       enum fetch_outcome outcome, int64_t now_ms);
/* So many hosts that have served before are being asked since it is suspected; 0: there is none. */
void fetch_reach_probed(struct fetch_reach *r, unsigned probes);
/* One of these is not any more; what became of it was noted. */
void fetch_reach_probe_ended(struct fetch_reach *r);
/* Whether HOST is among those that failed. */
bool fetch_reach_has(const struct fetch_reach *r, struct str host);
/* Time passes. */
void fetch_reach_pass(struct fetch_reach *r, int64_t now_ms);
/* While it is believed: whether one more host is to be asked whether that is over; it counts. */
bool fetch_reach_may_probe(struct fetch_reach *r, int64_t now_ms);
/* Whether what failed may be forgiven now; it counts. */
bool fetch_reach_may_ease(struct fetch_reach *r, int64_t now_ms);
bool fetch_reach_is_cut_off(const struct fetch_reach *r);
/* Whether what failed so would fail so for every host where the fault is ours. */
bool fetch_reach_is_amiss(enum fetch_outcome outcome);
/* What is to be said of a question that came to OUTCOME. */
enum fetch_outcome fetch_reach_says(const struct fetch_reach *r, enum fetch_outcome outcome);

#endif
