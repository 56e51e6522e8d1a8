#include "asked_slots.h"

#include <stdlib.h>

static struct asked_slot *place(const struct asked_slots *s, size_t i)
{
    return (struct asked_slot *)(void *)(s->memory + i * s->bytes);
}

bool asked_slots_init(struct asked_slots *s, unsigned most, size_t bytes)
{
    *s = (struct asked_slots){.most = most, .bytes = bytes, .memory = calloc(most, bytes)};
    while (1ull << s->shift < most)
        s->shift++;
    return s->memory != NULL;
}

void asked_slots_fini(struct asked_slots *s)
{
    free(s->memory);
    s->memory = NULL;
}

/* The serial number, and behind it the place. */
static uint64_t new_ticket(struct asked_slots *s, const struct asked_slot *slot)
{
    const size_t i = (size_t)((const char *)slot - s->memory) / s->bytes;
    return ++s->serial << s->shift | i;
}

struct asked_slot *asked_slots_take(struct asked_slots *s)
{
    struct asked_slot *slot = s->first_free;
    if (!slot && s->used == s->most)
        return NULL;
    if (slot)
        s->first_free = slot->next;
    else
        slot = place(s, s->used++);
    slot->ticket = new_ticket(s, slot);
    slot->state = ASKED_TAKEN;
    s->waiting++;
    return slot;
}

static void unqueue(struct asked_slots *s, struct asked_slot *slot)
{
    if (slot->before)
        slot->before->next = slot->next;
    else
        s->first_queued = slot->next;
    if (slot->next)
        slot->next->before = slot->before;
    else
        s->last_queued = slot->before;
}

void asked_slots_release(struct asked_slots *s, struct asked_slot *slot)
{
    if (slot->state == ASKED_QUEUED)
        unqueue(s, slot);
    slot->state = ASKED_FREE;
    slot->next = s->first_free;
    s->first_free = slot;
    s->waiting--;
}

void asked_slots_queue(struct asked_slots *s, struct asked_slot *slot)
{
    slot->state = ASKED_QUEUED;
    slot->before = s->last_queued;
    slot->next = NULL;
    if (s->last_queued)
        s->last_queued->next = slot;
    else
        s->first_queued = slot;
    s->last_queued = slot;
}

void asked_slots_sent(struct asked_slots *s, struct asked_slot *slot)
{
    unqueue(s, slot);
    slot->state = ASKED_SENT;
}

struct asked_slot *asked_slots_of(const struct asked_slots *s, uint64_t ticket)
{
    const uint64_t i = ticket & ((1ull << s->shift) - 1);
    struct asked_slot *slot = i < s->used ? asked_slots_at(s, (unsigned)i) : NULL;
    return slot && slot->ticket == ticket ? slot : NULL;
}

struct asked_slot *asked_slots_at(const struct asked_slots *s, unsigned i)
{
    struct asked_slot *slot = place(s, i);
    return slot->state != ASKED_FREE ? slot : NULL;
}
