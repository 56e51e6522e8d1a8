#include <stird/core/outcome.h>

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

bool numbers_answer_keep(struct numbers_answer *answer, struct arena *arena)
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
