/*
 * counter_book - the sums of what workers count (counters.def): of the pages of those that live,
 * which they write and this only reads (counter_page.h), and of those that are gone. A page comes
 * with a worker and ends with it. Trunks and upstreams are counted by their place in a snapshot, on
 * a page for each worker and snapshot, and added up by their names: what a trunk has counted goes
 * on over a reload for as long as the configuration has its name. A trunk that was taken out and
 * comes back begins anew, except for calls that are still in progress.
 */
#ifndef STIRD_COUNTER_BOOK_H
#define STIRD_COUNTER_BOOK_H

#include <stird/core/counters.h>
#include <stird/core/settings.h>
#include <stird/io/control.h>
#include <stird/io/counter_page.h>

struct counter_book;

/* Pages of a worker: when its calls hold more snapshots than that, the oldest is not counted any
   more. A worker tells of CONTROL_HELD_MAX; the rest is room for those that it is given between two
   heartbeats. */
#define COUNTER_BOOK_PARTS (2 * CONTROL_HELD_MAX)

/* NULL: no memory. */
struct counter_book *counter_book_new(unsigned n_workers);
void counter_book_free(struct counter_book *b);

/* A page for the worker W, which begins; the one before it is gone. A descriptor, the caller's, or
   -errno. */
int counter_book_open(struct counter_book *b, unsigned w);
/* The same for its calls by a snapshot of SETTINGS, beside the pages of earlier snapshots. A
   snapshot may be given twice: each time it has a page and a *NUMBER, by which W says that it holds
   it. */
int counter_book_open_parts(struct counter_book *b, unsigned w, const struct settings *settings,
                            uint64_t *number);
/* Closes the last page opened: W was not given it. */
void counter_book_take_back(struct counter_book *b, unsigned w);
/* W says which pages it HOLDS: what it counted on its other pages is final. */
void counter_book_holds(struct counter_book *b, unsigned w, const uint64_t *held, unsigned n);
/* W is gone, and its levels with it. */
void counter_book_gone(struct counter_book *b, unsigned w);
/* SETTINGS have come into force: nothing is kept of trunks and upstreams that are not in them. */
void counter_book_in_force(struct counter_book *b, const struct settings *settings);

/* Of all workers, those that are gone included. */
struct proxy_counters counter_book_sum(const struct counter_book *b);
/* What the worker W counts, which goes on counting; NULL: there is none. */
const struct proxy_counters *counter_book_worker(const struct counter_book *b, unsigned w);
/* Adds up what the functions below return. */
void counter_book_add_up(struct counter_book *b);
/* The sums of the trunk of that name, when they were last added up; NULL: it is not known. */
const struct trunk_counters *counter_book_trunk(const struct counter_book *b, struct str name);
const struct upstream_counters *counter_book_upstream(const struct counter_book *b,
                                                      struct str name);

#endif
