/* The TNAuthList of a certificate: any octets, and what comes out is codes and commas. */
#include "core/verify/tn_auth_list.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf spcs = BUF_INIT;
    const char *why = tn_auth_list_read((struct str){(const char *)data, size}, &spcs);
    for (size_t i = 0; i < spcs.n; i++)
        if (!ascii_is_alpha(spcs.p[i]) && !ascii_is_digit(spcs.p[i]) && spcs.p[i] != ',')
            abort();
    if (!why && size < 4)
        abort();
    buf_fini(&spcs);
    return 0;
}
