#include "pace.h"

#define SAVED_MOST_US 100000 /* of a processor's time: what comes in a burst is done at once */

void pace_begin(struct pace *p, unsigned one_of, int64_t now_us, int64_t used_us)
{
    *p = (struct pace){one_of, SAVED_MOST_US, now_us, used_us};
}

void pace_note(struct pace *p, int64_t now_us, int64_t used_us)
{
    p->saved_us += (now_us - p->now_us) / p->one_of;
    if (p->saved_us > SAVED_MOST_US)
        p->saved_us = SAVED_MOST_US;
    p->saved_us -= used_us - p->used_us;
    /* What the division leaves is not lost. */
    p->now_us = now_us - (now_us - p->now_us) % p->one_of;
    p->used_us = used_us;
}

int64_t pace_due_ms(const struct pace *p)
{
    return p->saved_us >= 0 ? 0 : (p->now_us - p->saved_us * p->one_of + 999) / 1000;
}
