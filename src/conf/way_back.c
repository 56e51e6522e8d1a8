#include "way_back.h"

#include <stird/core/claim.h>

bool way_back_is_from(const struct trunk *t, const struct upstream *u)
{
    struct address_prefix claim;
    for (unsigned i = 0; claim_next(u, i, &claim); i++)
        if (claim_is_trunks(t, &claim.address, claim.bits))
            return true;
    return false;
}

bool way_back_leads_to(const struct trunk *t, uint32_t upstream)
{
    for (unsigned i = 0; i < t->n_upstreams; i++)
        if (t->upstreams[i] == upstream)
            return true;
    return false;
}
