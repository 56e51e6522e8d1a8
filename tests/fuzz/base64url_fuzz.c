/* base64url: a text that is taken is the only text for its octets. */
#include <stird/core/passport.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf octets = BUF_INIT, text = BUF_INIT;
    const struct str input = {(const char *)data, size};
    if (base64url_decode(&octets, input)) {
        base64url_add(&text, octets.p, octets.n);
        if (!str_eq(buf_str(&text), input))
            abort();
    }
    buf_fini(&octets);
    buf_fini(&text);
    return 0;
}
