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
    struct token token;
    struct sti_certificate certificate;
    struct verify_report r;
    struct tn tn;
    const int64_t now_s = 1443208345;
    bool number = tn_from_digits(&tn, STR("12155550100"));
    struct trust *trust = trust_new();
    bool done = token_read(&token, str_slice(text, 0, cut), arena) &&
                sti_certificate_prepare(&certificate, str_slice(text, cut + 1, size), trust, now_s,
                                        arena);
    assert(done && number);
    const struct verify_question question = {.token = &token,
                                             .certificate = &certificate,
                                             .now_s = now_s,
                                             .max_age_s = VERIFY_MAX_AGE_S,
                                             .has_message = true,
                                             .orig = &tn,
                                             .dest = &tn};
    done = verify(&question, arena, &r);
    assert(done);
    bool failed = false;
    for (int i = 0; i < VERIFY_CHECKS; i++)
        failed = failed || r.finding[i].result == VERIFY_FAILED;
    assert(failed == (r.verdict == TOKEN_INVALID || r.verdict == TOKEN_IGNORED));
    assert(r.verdict != TOKEN_VALID); /* nobody's anchors */
    assert(r.finding[VERIFY_CHAIN].result != VERIFY_PASSED);
    token_fini(&token);
    sti_certificate_fini(&certificate);
    trust_free(trust);
    arena_free(arena);
    return 0;
}
