/*
 * rating - what a call adds to the rates of its number and its customer (rates.h): that it began,
 * how it ended, and that it was short. Only for rules that ask for a rate; without them, and where
 * nobody counts, nothing is done.
 *
 * Seen is a call's end when its BYE comes through us, in this worker or another one: by our
 * Record-Route. One that goes past us, or whose 2xx went up by its Via alone, was no short call.
 */
#ifndef STIRD_SIP_RATING_H
#define STIRD_SIP_RATING_H

#include <stddef.h>
#include <stdint.h>
#include <stird/core/rate_reader.h>

struct arena;
struct context;
struct message;
struct proxy;

/* What a decision asks in a worker that counts in RATES. */
struct rate_reader rating_reader_of(struct rates *rates);
/* The same without what C itself has added, for who decides it once more (shadow.h); it lasts as
 * long as C. */
struct rate_reader rating_reader_beside(const struct context *c);
/* C was decided for the first time. */
void rating_decided(struct context *c);
/* Moves what C remembers for its end into ARENA, which its present one is given up for. Without
   memory it remembers nothing. */
void rating_copy(struct context *c, struct arena *arena);
/* How much of the arena that takes. */
size_t rating_copy_bytes(void);
/* C has its final answer, or none (0). */
void rating_ended(struct context *c, int status);
/* Of a request inside a dialog of ours: when it is a BYE its call has ended. */
void rating_bye(struct proxy *p, const struct message *m);

#endif
