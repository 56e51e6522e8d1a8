/*
 * share - how large the share of one kind of event is, and whether that is too much.
 *
 * Counts alone, no clock: the last thousand or so events count, older ones ever less. Pure.
 */
#ifndef STIRD_SHARE_H
#define STIRD_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define SHARE_WINDOW     1000 /* events, then both counts are halved */
#define SHARE_LEAST      10   /* so many hits at least are worth telling */
#define SHARE_TELL_EVERY 10   /* windows between two tellings while it stays too much */

/* All zero: nothing has happened. */
struct share {
    uint32_t calls, hits;
    uint32_t quiet_windows; /* until it is told again; 0: now */
};

/*
 * Counts one event, which is a HIT or not. True when hits are more than PERCENT of the events and
 * this is to be told now; while it stays so it is told again only once every SHARE_TELL_EVERY
 * windows. With PERCENT 0 it is never told.
 */
bool share_count(struct share *s, bool hit, unsigned percent);

#endif
