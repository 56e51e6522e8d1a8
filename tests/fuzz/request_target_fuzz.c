/* request_target: a first line's target, a space, and what Host says. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "web/request_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct str piece, struct str whole)
{
    return piece.n == 0 || (piece.p >= whole.p && piece.p + piece.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str all = {(const char *)data, size};
    const size_t end = str_find(all, ' ', 0);
    const struct str target = str_slice(all, 0, end);
    const struct str host = str_slice(all, end < all.n ? end + 1 : all.n, all.n);
    const struct request_target t = request_target_read(target, host);
    assert(lies_in(t.path, target) || str_eq(t.path, STR("/")));
    assert(lies_in(t.host, target) || lies_in(t.host, host));
    /* What stands in front of an @ does not pass for the host, whatever stands behind it. */
    if (t.host.n > 0 && lies_in(t.host, host) && str_find(host, '@', 0) < host.n)
        assert(!request_target_is_known(t.host, STR("")));
    if (t.host.n > 0 && request_target_is_known(t.host, STR("")))
        assert(request_target_is_known(t.host, STR("other.example")));
    return 0;
}
