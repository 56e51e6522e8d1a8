/*
 * tally - what a call adds to the counters of its trunk and of the upstreams that it is offered to
 * (counters.def). They lie beside the snapshot that the call holds; where there are none, as in a
 * rehearsal, it is counted for nobody.
 */
#ifndef STIRD_SIP_TALLY_H
#define STIRD_SIP_TALLY_H

#include <stird/base/count.h>
#include <stird/core/counters.h>
#include <stird/core/tried.h>

struct attempt;
struct context;
struct target;
struct trunk;
struct upstream;

/* What is counted for nobody. */
struct uncounted {
    struct trunk_counters trunk;
    struct upstream_counters upstream;
};

/* Of its trunk; never NULL. */
struct trunk_counters *tally_trunk(const struct context *c);

/* N more of what is counted OF_ALL_AND_TRUNK. */
#define TALLY(c, name, n)                                                                          \
    do {                                                                                           \
        count_add(&proxy_counters((c)->proxy)->name, (n));                                         \
        count_add(&tally_trunk(c)->name, (n));                                                     \
    } while (0)

/* Counts C as a call of TRUNK that begins. */
void tally_call_begins(struct context *c, const struct trunk *trunk);
/* Counts it as ended: it has its final answer. May be called again. */
void tally_call_ends(struct context *c);

/* A call is offered to the upstream of A, for which it counts (limits.h); else nothing is done. */
void tally_offer_begins(struct attempt *a);
/* Counts the offer as ended: it has its final answer, or nobody waits for it. May be called
   again. */
void tally_offer_ends(struct attempt *a);
/* Counts what became of the offer to TARGET, which has PLACE in the trail of C. */
void tally_said(struct context *c, unsigned place, const struct target *target, enum fate fate,
                int status);
/* Counts a final answer with STATUS to A. */
void tally_answered(const struct attempt *a, int status);
/* Counts that the call is offered there once more, without its token. */
void tally_retry(const struct attempt *a);
/* Counts that C goes on to the next target because UPSTREAM (or NULL) did not take it. */
void tally_failover(struct context *c, const struct upstream *upstream);

#endif
