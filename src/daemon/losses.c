#include "losses.h"

static void begin(struct losses *l, const struct losses_now *now)
{
    l->from_ms = now->ms;
    if (l->pause_ms > 0 && l->written == now->written)
        return; /* losses that began before go on */
    l->written = now->written;
    l->pause_ms = LOSSES_MS;
    l->told = false;
}

struct losses_due losses_look(struct losses *l, const struct losses_now *now)
{
    bool more = now->lost != l->seen || (now->untold > 0 && l->from_ms == 0);
    l->seen = now->lost;
    if (more)
        l->last_ms = now->ms;
    if (more && l->from_ms == 0)
        begin(l, now);
    l->over = l->from_ms != 0 && now->ms - l->last_ms >= l->pause_ms;
    struct losses_due due = {.over = l->over};
    due.say = l->from_ms != 0 && now->ms - l->from_ms >= LOSSES_MS;
    due.tell = l->over || (due.say && !l->told);
    return due;
}

void losses_told(struct losses *l, uint64_t untold, int64_t now_ms)
{
    l->told = true;
    if (!l->over)
        return;
    if (untold > 0) { /* there was no room even for that line: try again soon */
        l->pause_ms = LOSSES_MS;
        l->from_ms = l->last_ms = now_ms;
        return;
    }
    l->pause_ms = l->pause_ms < LOSSES_PAUSE_MS_MAX / 2 ? 2 * l->pause_ms : LOSSES_PAUSE_MS_MAX;
    l->from_ms = 0;
}
