/*
 * asked_slots - the questions of a client that are not answered yet, a slot each: by a ticket that
 * comes back with the answer and is never given twice, and of those that were not sent yet, in
 * their order. Bounded, and memory that was never used is not touched. Private to io.
 *
 * A slot is a struct of the client's that begins with a struct asked_slot.
 */
#ifndef STIRD_IO_ASKED_SLOTS_H
#define STIRD_IO_ASKED_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum asked_state { ASKED_FREE, ASKED_TAKEN, ASKED_QUEUED, ASKED_SENT };

struct asked_slot {
    uint64_t ticket; /* never 0 */
    enum asked_state state;
    struct asked_slot *before, *next; /* in the queue; `next` also in the list of free ones */
};

struct asked_slots {
    char *memory;
    size_t bytes; /* of a slot */
    unsigned most, waiting;
    unsigned used; /* slots from here on were never taken */
    unsigned shift;
    uint64_t serial;
    struct asked_slot *first_free, *first_queued, *last_queued;
};

/* MOST slots of BYTES, all zero until they are taken for the first time. False: no memory. */
bool asked_slots_init(struct asked_slots *s, unsigned most, size_t bytes);
void asked_slots_fini(struct asked_slots *s);

/* NULL: all are taken. What the client had in it before is there still. */
struct asked_slot *asked_slots_take(struct asked_slots *s);
/* Nobody waits for it any more, whatever was done with it. */
void asked_slots_release(struct asked_slots *s, struct asked_slot *slot);
/* It is to be sent, behind the others. */
void asked_slots_queue(struct asked_slots *s, struct asked_slot *slot);
/* It was sent. */
void asked_slots_sent(struct asked_slots *s, struct asked_slot *slot);

/* NULL: nobody waits for the ticket any more. */
struct asked_slot *asked_slots_of(const struct asked_slots *s, uint64_t ticket);
/* The one at place I below `used`; NULL: it is free. */
struct asked_slot *asked_slots_at(const struct asked_slots *s, unsigned i);

#endif
