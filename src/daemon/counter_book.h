/*
 * counter_book - the sums of what workers count (counters.def): of the pages of those that live,
 * which they write and this only reads (counter_page.h), and of those that are gone. A page comes
 * with a worker and ends with it. Trunks and upstreams are counted by their place in a snapshot, on
 * a page for each worker and snapshot, and added up by their names: what a trunk has counted goes
 * on over a reload for as long as the configuration has its name. One that was taken out and comes
 * back begins anew, but for its calls that are in progress yet.
 */
#ifndef STIRD_COUNTER_BOOK_H
#define STIRD_COUNTER_BOOK_H

#include <stird/core/counters.h>
#include <stird/core/settings.h>
#include <stird/io/control.h>
#include <stird/io/counter_page.h>

struct counter_book;

/* Of a worker: with more snapshots that its calls hold, the oldest counts no more. It tells of
   CONTROL_HELD_MAX; there is room beside for those that it takes between two heartbeats. */
#define COUNTER_BOOK_PARTS (2 * CONTROL_HELD_MAX)

/* NULL: no memory. */
struct counter_book *counter_book_new(unsigned n_workers);
void counter_book_free(struct counter_book *b);

/* A page for the worker W, which begins; the one before is gone. A descriptor, the caller's, or
   -errno. */
int counter_book_open(struct counter_book *b, unsigned w);
/* The same for its calls of a snapshot of SETTINGS, beside those of the snapshots before: a
   snapshot may be given twice, each has a page, and *NUMBER, by which W says that it holds it. */
int counter_book_open_parts(struct counter_book *b, unsigned w, const struct settings *settings,
                            uint64_t *number);
/* The last one opened: W was not given it. */
void counter_book_take_back(struct counter_book *b, unsigned w);
/* W says what it HOLDS: what it counted on other pages that it had is final. */
void counter_book_holds(struct counter_book *b, unsigned w, const uint64_t *held, unsigned n);
/* W is gone, and its levels with it. */
void counter_book_gone(struct counter_book *b, unsigned w);
/* SETTINGS have come into force: of other trunks and upstreams nothing is kept. */
void counter_book_in_force(struct counter_book *b, const struct settings *settings);

/* Of all workers, those that are gone included. */
struct proxy_counters counter_book_sum(const struct counter_book *b);
/* Adds up what follows. */
void counter_book_add_up(struct counter_book *b);
/* By its name, as it was added up last; NULL: it is not known. */
const struct trunk_counters *counter_book_trunk(const struct counter_book *b, struct str name);
const struct upstream_counters *counter_book_upstream(const struct counter_book *b,
                                                      struct str name);

#endif
