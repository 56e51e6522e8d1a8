/*
 * counter_book - the sums of what workers count (counters.def): of the pages of those that live,
 * which they write and this only reads (counter_page.h), and of those that are gone. A page comes
 * with a worker and ends with it. Trunks and upstreams are counted by their place in a snapshot, on
 * a page for each worker and snapshot, and added up by their names: what a trunk has counted goes
 * on over a reload for as long as the configuration has its name. One that was taken out and comes
 * back begins anew.
 */
#ifndef STIRD_COUNTER_BOOK_H
#define STIRD_COUNTER_BOOK_H

#include <stird/core/counters.h>
#include <stird/core/settings.h>
#include <stird/io/counter_page.h>

struct counter_book;

/* Of a worker: with more snapshots that its calls hold, the oldest counts no more. */
#define COUNTER_BOOK_PARTS 16

/* NULL: no memory. */
struct counter_book *counter_book_new(unsigned n_workers);
void counter_book_free(struct counter_book *b);

/* A page for the worker W, which begins; the one before is gone. A descriptor, the caller's, or
   -errno. */
int counter_book_open(struct counter_book *b, unsigned w);
/* The same for its calls of a snapshot, beside those of the snapshots before. */
int counter_book_open_parts(struct counter_book *b, unsigned w, uint64_t generation,
                            const struct settings *settings);
/* W says that its calls hold no snapshot before OLDEST: what it counted for those is final. */
void counter_book_holds(struct counter_book *b, unsigned w, uint64_t oldest);
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
