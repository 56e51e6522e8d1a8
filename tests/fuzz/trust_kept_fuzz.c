/* trust_kept: a file in which a list and its signer's certificate were kept over a restart. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <stird/io/trust_kept.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str text = {(const char *)data, size};
    struct trust_kept_place at;
    if (!str_starts(text, STR(TRUST_KEPT_FIRST_LINE)) || trust_kept_find_parts(text, &at))
        return 0;
    /* A line, the certificate and a list that is not empty: nothing else, and nothing twice. */
    assert(at.signer_at > 0 && text.p[at.signer_at - 1] == '\n');
    assert(!memchr(text.p, '\n', at.signer_at - 1));
    assert(at.signer_bytes <= TRUST_KEPT_TEXT_MAX && at.list_bytes > 0);
    assert(at.signer_at + at.signer_bytes == at.list_at);
    assert(at.list_at + at.list_bytes == size);
    return 0;
}
