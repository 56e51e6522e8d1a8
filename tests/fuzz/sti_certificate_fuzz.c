#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <stird/core/certificate_text.h>
#include <stird/core/sti_certificate.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a URL serves: there is none in it, or one with a key or a fault; nobody's anchors trust it.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct arena *arena = arena_new(4096);
    struct trust *trust = trust_new();
    struct problems problems = PROBLEMS_INIT;
    struct sti_certificate c;
    trust_add_crls(trust, STR("lists"), text, &problems);
    bool good = sti_certificate_prepare(&c, text, trust, 1784592000, arena);
    assert(good);
    assert(!c.unreadable || !c.key);
    assert(c.unreadable || c.key || sti_certificate_fault(&c));
    assert(c.unreadable || (c.has_anchors && c.by_anchors.chain));
    assert(c.by_anchors.revoked != TRUST_REVOKED && c.by_anchors.revoked != TRUST_NOT_REVOKED);
    assert(size <= CERTIFICATES_BYTES_MAX || c.unreadable);
    if (c.scope.n_lists > 0) {
        struct tn number;
        good = tn_from_digits(&number, STR("12155550100"));
        assert(good);
        sti_scope_covers(&c.scope, &number);
    }
    sti_certificate_fini(&c);
    problems_fini(&problems);
    trust_free(trust);
    arena_free(arena);
    return 0;
}
