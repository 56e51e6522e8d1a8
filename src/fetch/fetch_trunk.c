#include "fetch_trunk.h"

#include <stird/base/part.h>

struct fetch_trunk *fetch_trunk_of(struct fetch_trunks *all, uint32_t trunk)
{
    return &all->list[trunk < FETCH_TRUNKS_MAX ? trunk : FETCH_TRUNKS_MAX];
}

uint32_t fetch_trunk_index(const struct fetch_trunks *all, const struct fetch_trunk *trunk)
{
    return (uint32_t)(trunk - all->list);
}

static void see(struct fetch_trunks *all, struct fetch_trunk *trunk, int64_t now_ms)
{
    if (!trunk->seen)
        trunk->bucket = token_bucket_full(&all->rules.rate, now_ms);
    trunk->seen = true;
}

bool fetch_trunk_has(struct fetch_trunks *all, struct fetch_trunk *trunk, int64_t now_ms)
{
    see(all, trunk, now_ms);
    return token_bucket_has(&trunk->bucket, &all->rules.rate, now_ms);
}

bool fetch_trunk_take(struct fetch_trunks *all, struct fetch_trunk *trunk, int64_t now_ms)
{
    see(all, trunk, now_ms);
    return token_bucket_take(&trunk->bucket, &all->rules.rate, now_ms);
}

bool fetch_trunk_has_room(const struct fetch_trunks *all, unsigned mine, unsigned free)
{
    return part_has_room(mine, free, all->rules.percent);
}

bool fetch_trunk_has_strange_room(const struct fetch_trunks *all, unsigned mine, unsigned free)
{
    return mine == 0 || part_has_room(mine, free, all->rules.percent / 2);
}
