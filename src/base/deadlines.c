#include <stird/base/deadlines.h>

#include <stdlib.h>

void deadlines_fini(struct deadlines *d)
{
    free(d->list);
    *d = DEADLINES_INIT;
}

static void put(struct deadlines *d, size_t place, struct deadline *one)
{
    d->list[place] = one;
    one->place = place;
}

static void move_up(struct deadlines *d, struct deadline *one)
{
    size_t at = one->place;
    for (size_t above; at > 0; at = above) {
        above = (at - 1) / 2;
        if (d->list[above]->at_ms <= one->at_ms)
            break;
        put(d, at, d->list[above]);
    }
    put(d, at, one);
}

static void move_down(struct deadlines *d, struct deadline *one)
{
    size_t at = one->place;
    for (size_t below; (below = 2 * at + 1) < d->n; at = below) {
        if (below + 1 < d->n && d->list[below + 1]->at_ms < d->list[below]->at_ms)
            below++;
        if (one->at_ms <= d->list[below]->at_ms)
            break;
        put(d, at, d->list[below]);
    }
    put(d, at, one);
}

static bool make_room(struct deadlines *d)
{
    const size_t room = d->room > 0 ? 2 * d->room : 64;
    if (d->n < d->room)
        return true;
    struct deadline **list = realloc(d->list, room * sizeof(*list));
    if (!list)
        return false;
    d->list = list;
    d->room = room;
    return true;
}

bool deadlines_add(struct deadlines *d, struct deadline *one)
{
    if (!make_room(d))
        return false;
    put(d, d->n++, one);
    move_up(d, one);
    return true;
}

void deadlines_remove(struct deadlines *d, struct deadline *one)
{
    struct deadline *last = d->list[--d->n];
    if (last == one)
        return;
    put(d, one->place, last);
    move_up(d, last);
    move_down(d, last);
}

struct deadline *deadlines_first(const struct deadlines *d)
{
    return d->n > 0 ? d->list[0] : NULL;
}

struct deadline *deadlines_over(const struct deadlines *d, int64_t now_ms)
{
    struct deadline *first = deadlines_first(d);
    return first && first->at_ms <= now_ms ? first : NULL;
}
