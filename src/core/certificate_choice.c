#include <stird/certificate_choice.h>

struct str certificate_state_name(enum certificate_state state)
{
    static const char *const names[] = {
        [CERTIFICATE_UNCHECKED] = "unchecked",
        [CERTIFICATE_SERVED] = "served",
        [CERTIFICATE_UNREACHABLE] = "unreachable",
        [CERTIFICATE_WRONG] = "wrong",
    };
    return str_of(state <= CERTIFICATE_WRONG ? names[state] : names[0]);
}

uint32_t certificate_find(const struct settings *s, struct str id)
{
    for (uint32_t i = 0; id.n > 0 && i < s->n_certificates; i++)
        if (str_eq(s->certificates[i].id, id))
            return i;
    return NO_CERTIFICATE;
}

static bool has_settled(const struct certificate *c, int64_t now_s)
{
    return now_s >= c->not_before_s + CERTIFICATE_SETTLING_S;
}

/* How good a unit is; 0: it must not sign. */
static unsigned rank(const struct certificate *c, enum certificate_state state, int64_t now_s)
{
    if (certificate_usable(c, now_s) != REASON_OK || state == CERTIFICATE_WRONG)
        return 0;
    if (!has_settled(c, now_s))
        return 1;
    return state == CERTIFICATE_SERVED ? 3 : 2;
}

uint32_t certificate_choose(const struct settings *s, uint32_t first, const uint8_t *states,
                            int64_t now_s, enum reason *reason)
{
    uint32_t chosen = NO_CERTIFICATE;
    unsigned best = 0;
    *reason = REASON_NO_CERTIFICATE;
    for (uint32_t i = first; i < s->n_certificates; i++) {
        const struct certificate *c = &s->certificates[i];
        if (!str_eq(c->id, s->certificates[first].id))
            break;
        unsigned here = rank(c, states ? (enum certificate_state)states[i] : CERTIFICATE_UNCHECKED,
                             now_s);
        /* The newest comes first, and stays where an older one is no better. */
        if (here > best) {
            best = here;
            chosen = i;
        }
        enum reason usable = certificate_usable(c, now_s);
        if (i == first)
            *reason = usable;
        if (usable == REASON_OK)
            *reason = REASON_CERTIFICATE_NOT_SERVED;
    }
    if (chosen != NO_CERTIFICATE)
        *reason = REASON_OK;
    return chosen;
}
