#include "allowance.h"

static struct allowance *find(struct allowances *all, struct siphash *hash,
                              const struct address *source)
{
    const struct str texts[] = {STR("allowance"),
                                {(const char *)&source->family, sizeof(source->family)},
                                {(const char *)source->bytes, sizeof(source->bytes)}};
    return &all->sources[siphash_texts(hash, texts, 3).low % ALLOWANCE_SOURCES];
}

void allowance_earn(struct allowances *all, struct siphash *hash, const struct address *source,
                    size_t octets, int64_t now_ms)
{
    struct allowance *a = find(all, hash, source);
    if (!address_same_host(&a->source, source) || now_ms >= a->until_ms)
        *a = (struct allowance){.source = *source};
    a->octets += octets;
    a->until_ms = now_ms + ALLOWANCE_MS;
}

bool allowance_spend(struct allowances *all, struct siphash *hash, const struct address *to,
                     size_t octets, int64_t now_ms)
{
    struct allowance *a = find(all, hash, to);
    if (!address_same_host(&a->source, to) || now_ms >= a->until_ms || a->octets < octets)
        return false;
    a->octets -= octets;
    return true;
}
