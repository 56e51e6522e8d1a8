#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <stird/core/token.h>
#include <stird/core/x5u.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An Identity value: read in some way, and what it wants is a URL that may be followed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct token t;
    bool read = token_read(&t, (struct str){(const char *)data, size}, arena);
    assert(read);
    struct str url = token_url(&t);
    assert(url.n == 0 || (t.readable && !x5u_fault(url)));
    assert(!t.has_signature || t.signed_octets.n > 0);
    assert(t.signed_octets.n <= size);
    assert(!t.type || !t.type->decides || t.kind == IDENTITY_SHAKEN);
    assert(t.type != &passport_type_div || t.identity.says_div);
    assert(t.readable == (t.finding[VERIFY_SYNTAX].result == VERIFY_PASSED));
    assert(t.finding[VERIFY_SIGNATURE].result != VERIFY_PASSED);
    assert(t.attest.n == 0 || t.type);
    token_fini(&t);
    arena_free(arena);
    return 0;
}
