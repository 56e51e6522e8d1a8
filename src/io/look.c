#include <stird/io/look.h>

bool look_pays(const struct look *l, unsigned waiting, unsigned messages, int64_t now_ms)
{
    return waiting == 1 && messages == 1 && (l->slow < LOOK_SLOW_MAX || now_ms >= l->again_ms);
}

/* Of one that was slow before, a single look more is enough to leave it alone again. */
void look_ended(struct look *l, bool answered, int64_t now_ms)
{
    if (answered) {
        l->slow = 0;
        return;
    }
    if (l->slow < LOOK_SLOW_MAX)
        l->slow++;
    if (l->slow == LOOK_SLOW_MAX)
        l->again_ms = now_ms + LOOK_AGAIN_MS;
}
