#include "trail.h"

#include <stdlib.h>

#include "target.h"

void trail_fini(struct trail *t)
{
    free(t->list);
    *t = (struct trail){0};
}

unsigned trail_add(struct trail *t, const struct target *target)
{
    struct tried *list = t->n < TRIED_MAX ? realloc(t->list, (t->n + 1) * sizeof(*list)) : NULL;
    if (!list)
        return 0;
    t->list = list;
    list[t->n] = (struct tried){
        .upstream = target->upstream ? target->upstream->name : (struct str){NULL, 0},
        .address = target->address,
        .transport = target->transport,
    };
    return ++t->n;
}

void trail_again(struct trail *t, unsigned place)
{
    if (place > 0 && place <= t->n)
        t->list[place - 1].again = true;
}

void trail_said(struct trail *t, unsigned place, enum fate fate, int status)
{
    if (place == 0 || place > t->n)
        return;
    t->list[place - 1].fate = (uint8_t)fate;
    t->list[place - 1].status = fate == FATE_STATUS ? (uint16_t)status : 0;
}

size_t trail_bytes(const struct trail *t)
{
    return t->n * sizeof(*t->list);
}
