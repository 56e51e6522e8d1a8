/*
 * fetch_reach - whether any host is reached, or none, so that the fault is probably ours: a
 * resolver that does not answer, a firewall, a list of authorities that is no use. Pure. Private to
 * fetch.
 *
 * One host that fails says that it is down. Of several that fail in a row, each in a way in which
 * all would fail if the fault were ours (AMISS in fetch_outcome.def), nobody knows: then each such
 * failure is FETCH_CUT_OFF, which leaves calls open, until a web server answers whatever it
 * answers. Who sends calls can name hosts that fail. What he gains is that calls are open whose
 * certificate cannot be had, which passes none; and he has to go on while any other host that is
 * asked answers.
 */
#ifndef STIRD_FETCH_FETCH_REACH_H
#define STIRD_FETCH_FETCH_REACH_H

#include <stdbool.h>
#include <stird/base/str.h>
#include <stird/core/fetch_request.h>

#define FETCH_REACH_USUAL 3
#define FETCH_REACH_MAX   8

struct fetch_reach {
    unsigned after; /* so many hosts: FETCH_REACH_MAX at most; 0: none is cut off */
    unsigned failed;
    enum fetch_outcome last;         /* how the last of them did */
    uint64_t hosts[FETCH_REACH_MAX]; /* digests of those that failed since one was reached */
};

/* What became of a transfer from HOST. True: it was cut off before, and is not any more. */
bool fetch_reach_note(struct fetch_reach *r, struct str host, enum fetch_outcome outcome);
bool fetch_reach_is_cut_off(const struct fetch_reach *r);
/* Whether what failed so would fail so for every host where the fault is ours. */
bool fetch_reach_is_amiss(enum fetch_outcome outcome);
/* What is to be said of a question that came to OUTCOME. */
enum fetch_outcome fetch_reach_says(const struct fetch_reach *r, enum fetch_outcome outcome);

#endif
