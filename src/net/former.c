#include "former.h"

#include <string.h>

static bool has_host(const struct known_name *k, const struct address *a)
{
    for (unsigned i = 0; i < known_name_all(k); i++)
        if (address_same_host(&k->addresses[i].address, a))
            return true;
    return false;
}

static void add(struct former *f, struct known_name *k, const struct name_address *a,
                int64_t until_ms)
{
    unsigned all = known_name_all(k);
    if (all == NAME_ADDRESSES_MAX) {
        if (until_ms > f->cut_until_ms)
            f->cut_until_ms = until_ms;
        return;
    }
    f->until_ms[k->former] = until_ms;
    k->addresses[all] = *a;
    k->former++;
}

void former_keep(struct former *f, const struct known_name *before, struct known_name *now,
                 int64_t now_ms, int64_t grace_ms)
{
    struct former was = *f;
    now->former = 0;
    for (unsigned i = 0; i < known_name_all(before); i++) {
        const struct name_address *a = &before->addresses[i];
        int64_t until_ms = i < before->n ? now_ms + grace_ms : was.until_ms[i - before->n];
        if (until_ms > now_ms && !has_host(now, &a->address))
            add(f, now, a, until_ms);
    }
}

bool former_is_over(const struct former *f, const struct known_name *now, int64_t now_ms)
{
    for (unsigned i = 0; i < now->former; i++)
        if (f->until_ms[i] <= now_ms)
            return true;
    return f->cut_until_ms > 0 && f->cut_until_ms <= now_ms;
}
