#include <stird/core/outcome.h>

#include <stird/core/settings.h>

struct str verdict_name(enum verdict v)
{
    switch (v) {
    case VERDICT_REJECT:
        return STR("rejected");
    case VERDICT_PASS:
        return STR("passed");
    case VERDICT_SIGN:
        return STR("signed");
    }
    return STR("rejected");
}

/* Types that come behind TYPE in the table, which has it. */
static bool is_behind(const struct passport_type *other, const struct passport_type *type)
{
    const struct passport_type *const *at = passport_types;
    while (*at && *at != type && *at != other)
        at++;
    return *at == type && other != type;
}

bool outcome_want(struct outcome *o, const struct passport_type *type, uint32_t certificate)
{
    unsigned same = 0, at = o->n_tokens;
    for (unsigned i = 0; i < o->n_tokens; i++)
        same += o->tokens[i].type == type;
    if (!passport_type_is_signed(type) || at == PASSPORTS_MAX || same >= type->max_per_call)
        return false;
    for (; at > 0 && is_behind(o->tokens[at - 1].type, type); at--)
        o->tokens[at] = o->tokens[at - 1];
    o->tokens[at] = (struct passport_wanted){type, certificate};
    o->n_tokens++;
    return true;
}

uint32_t outcome_certificate(const struct outcome *o)
{
    for (unsigned i = 0; i < o->n_tokens; i++)
        if (o->tokens[i].type->decides)
            return o->tokens[i].certificate;
    return NO_CERTIFICATE;
}

void outcome_withhold(struct outcome *o)
{
    if (o->verdict != VERDICT_SIGN || o->withheld == WITHHELD_NOT)
        return;
    o->withheld_reason = o->reason;
    o->verdict = VERDICT_PASS;
    o->reason = o->withheld == WITHHELD_SHADOW ? REASON_SHADOW : REASON_NOT_IN_SHARE;
}

bool outcome_was_withheld(const struct outcome *o)
{
    return o->verdict == VERDICT_PASS && o->withheld != WITHHELD_NOT && o->n_tokens > 0 &&
           (o->reason == REASON_SHADOW || o->reason == REASON_NOT_IN_SHARE);
}

bool outcome_keep_number(struct numbers_answer *answer, struct arena *arena)
{
    struct str *const texts[] = {&answer->file, &answer->customer, &answer->certificate};
    bool kept = true;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i]->n == 0)
            continue;
        *texts[i] = arena_copy(arena, *texts[i]);
        kept = kept && texts[i]->p;
    }
    return kept;
}
