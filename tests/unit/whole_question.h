/* Makes token, certificate and question in one call, from their texts. */
#ifndef STIRD_TESTS_WHOLE_QUESTION_H
#define STIRD_TESTS_WHOLE_QUESTION_H

#include "lab.h"

#include <stird/core/verify.h>

struct whole_question {
    struct str value; /* of the Identity header */
    int64_t now_s, max_age_s;
    bool has_message, message_is_piece;
    struct str message_fault;
    const struct tn *orig, *dest, *requested;
    int64_t date_s;
    const struct call_priority *priority;
    struct str chain; /* what the URL serves; empty: not at hand */
    bool chain_is_given;
    const char *chain_fault;
    const struct trust *trust; /* NULL: no anchors */
};

/* The report's texts are the arena's. */
static inline struct verify_report whole_verify(const struct whole_question *w, struct arena *arena)
{
    struct token token;
    struct sti_certificate certificate = {.key = NULL};
    struct verify_report report;
    assert_true(token_read(&token, w->value, arena));
    if (w->chain.n > 0)
        assert_true(sti_certificate_prepare(&certificate, w->chain, w->trust, w->now_s, arena));
    const struct verify_question q = {
        .token = &token,
        .certificate = w->chain.n > 0 ? &certificate : NULL,
        .certificate_is_given = w->chain_is_given,
        .certificate_fault = w->chain_fault,
        .now_s = w->now_s,
        .max_age_s = w->max_age_s ? w->max_age_s : VERIFY_MAX_AGE_S,
        .has_message = w->has_message,
        .message_is_piece = w->message_is_piece,
        .message_fault = w->message_fault,
        .orig = w->orig,
        .dest = w->dest,
        .requested = w->requested,
        .date_s = w->date_s,
        .priority = w->priority,
    };
    assert_true(verify(&q, arena, &report));
    token_fini(&token);
    sti_certificate_fini(&certificate);
    return report;
}

#endif
