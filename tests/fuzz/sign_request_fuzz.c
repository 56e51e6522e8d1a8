/* Requests of a broken worker: what is accepted makes JSON of digits, letters and hyphens alone. */
#include <stird/core/sign_request.h>

#include <stdlib.h>
#include <string.h>

#define NOW 1443208345

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_plain(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (c != '\0' && strchr("{}[]\":,-*#", c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sign_request request = {0};
    struct passport_claims claims;
    const struct passport_type *type = NULL;
    struct buf json = BUF_INIT;
    memcpy(&request, data, size < sizeof(request) ? size : sizeof(request));
    if (sign_request_read(&request, NOW, &type, &claims) != REASON_OK)
        return 0;
    passport_write_payload(&json, type, &claims);
    for (size_t i = 0; i < json.n; i++)
        if (!is_plain(json.p[i]))
            abort();
    buf_fini(&json);
    return 0;
}
