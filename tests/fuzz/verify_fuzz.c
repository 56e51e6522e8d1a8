#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <stird/core/verify.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An Identity value, and behind a byte 0x1c what its URL serves: a report comes out, and a verdict
 * that its findings support. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    size_t cut = str_find(text, '\x1c', 0);
    struct arena *arena = arena_new(4096);
    struct verify_report r;
    struct tn tn;
    bool number = tn_from_digits(&tn, STR("12155550100"));
    struct trust *trust = trust_new();
    const struct verify_question question = {.value = str_slice(text, 0, cut),
                                             .now_s = 1443208345,
                                             .max_age_s = VERIFY_MAX_AGE_S,
                                             .has_message = true,
                                             .orig = &tn,
                                             .dest = &tn,
                                             .chain = str_slice(text, cut + 1, size),
                                             .trust = trust};
    assert(number);
    bool done = verify(&question, arena, &r);
    assert(done);
    bool failed = false;
    for (int i = 0; i < VERIFY_CHECKS; i++)
        failed = failed || r.finding[i].result == VERIFY_FAILED;
    assert(failed == (r.verdict == TOKEN_INVALID || r.verdict == TOKEN_IGNORED));
    assert(r.verdict != TOKEN_VALID); /* nobody's anchors */
    assert(r.finding[VERIFY_CHAIN].result != VERIFY_PASSED);
    trust_free(trust);
    arena_free(arena);
    return 0;
}
