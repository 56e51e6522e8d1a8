#include <assert.h>
#include <stdint.h>

#include "core/verify/claim_constraints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An extension that is read is judged by without a fault of its own form. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str der = {(const char *)data, size}, claim;
    json_t *payload = json_pack("{s:s, s:i}", "attest", "A", "iat", 1);
    bool good = claim_constraints_read(der, true) == NULL;
    const char *why = claim_constraints_refuse(der, payload, &claim);
    assert(!good || !why || claim.n > 0);
    assert(good || why);
    json_decref(payload);
    return 0;
}
