#include <stird/core/certificate_choice.h>

#include <stird/core/switches.h>

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

static bool begins(const struct settings *s, uint32_t i)
{
    return i == 0 || !str_eq(s->certificates[i].id, s->certificates[i - 1].id);
}

/* The next certificate of PROVIDER from I on; its own ones, or those of others that it may use. */
static uint32_t next_of(const struct settings *s, uint32_t i, uint32_t provider, bool foreign)
{
    for (; i < s->n_certificates; i++) {
        const struct certificate *c = &s->certificates[i];
        if (begins(s, i) && c->provider == provider && c->foreign == foreign)
            return i;
    }
    return NO_CERTIFICATE;
}

uint32_t certificate_first(const struct settings *s, uint32_t provider)
{
    uint32_t own = next_of(s, 0, provider, false);
    return own != NO_CERTIFICATE ? own : next_of(s, 0, provider, true);
}

uint32_t certificate_of_trunk(const struct settings *s, const struct trunk *t)
{
    return t->certificate != NO_CERTIFICATE ? t->certificate : certificate_first(s, t->provider);
}

static bool has_settled(const struct certificate *c, int64_t now_s)
{
    return now_s >= c->not_before_s + CERTIFICATE_SETTLING_S;
}

/* Whether an operator wants this unit of its certificate. */
static bool is_chosen(const struct certificate_question *q, const struct certificate *c)
{
    const struct switched *one = switches_any(q->switches)
                                     ? switches_find(q->switches, SWITCH_CERTIFICATE, c->id)
                                     : NULL;
    return one && str_eq(str_of(one->value), c->unit);
}

/* How good unit I is; 0: it must not sign. */
static unsigned rank(const struct certificate_question *q, uint32_t i)
{
    const struct certificate *c = &q->settings->certificates[i];
    const enum certificate_state state = q->states ? (enum certificate_state)q->states[i]
                                                   : CERTIFICATE_UNCHECKED;
    if (certificate_usable(c, q->now_s) != REASON_OK || state == CERTIFICATE_WRONG)
        return 0;
    if (!has_settled(c, q->now_s))
        return 1;
    return is_chosen(q, c) ? 4 : state == CERTIFICATE_SERVED ? 3 : 2;
}

bool certificate_may_be_chosen(const struct certificate_question *q, uint32_t unit)
{
    return rank(q, unit) >= 2;
}

static enum reason fits(const struct certificate_question *q, const struct certificate *c)
{
    return q->type ? sti_scope_judge(&c->scope, q->type, q->claims) : REASON_OK;
}

/* A reason of units that do not fit the token counts only while no unit fits. */
struct choice {
    uint32_t chosen;
    unsigned best;
    bool any_fits;
    enum reason reason;
};

static void consider(const struct certificate_question *q, uint32_t i, struct choice *choice)
{
    const struct certificate *c = &q->settings->certificates[i];
    enum reason fit = fits(q, c), usable = certificate_usable(c, q->now_s);
    if (fit != REASON_OK) {
        if (!choice->any_fits)
            choice->reason = fit;
        return;
    }
    unsigned here = rank(q, i);
    /* The newest comes first, and an older one takes its place only when it is better. */
    if (here > choice->best) {
        choice->best = here;
        choice->chosen = i;
    }
    if (!choice->any_fits)
        choice->reason = usable;
    if (usable == REASON_OK)
        choice->reason = REASON_CERTIFICATE_NOT_SERVED;
    choice->any_fits = true;
}

uint32_t certificate_choose(const struct certificate_question *q, uint32_t first,
                            enum reason *reason)
{
    const struct settings *s = q->settings;
    struct choice choice = {NO_CERTIFICATE, 0, false, REASON_NO_CERTIFICATE};
    for (uint32_t i = first; i < s->n_certificates && (i == first || !begins(s, i)); i++)
        consider(q, i, &choice);
    *reason = choice.chosen != NO_CERTIFICATE ? REASON_OK : choice.reason;
    return choice.chosen;
}

static bool is_of_scope(enum reason reason)
{
    return reason == REASON_CERTIFICATE_NOT_FOR_NUMBER ||
           reason == REASON_CERTIFICATE_NOT_FOR_CLAIMS;
}

uint32_t certificate_choose_or_other(const struct certificate_question *q, uint32_t first,
                                     enum reason *reason)
{
    const struct settings *s = q->settings;
    uint32_t chosen = certificate_choose(q, first, reason);
    enum reason unused;
    for (unsigned foreign = 0; is_of_scope(*reason) && foreign < 2; foreign++)
        for (uint32_t i = 0; chosen == NO_CERTIFICATE && i < s->n_certificates; i++) {
            i = next_of(s, i, s->certificates[first].provider, foreign);
            if (i == NO_CERTIFICATE)
                break;
            chosen = certificate_choose(q, i, &unused);
        }
    if (chosen != NO_CERTIFICATE)
        *reason = REASON_OK;
    return chosen;
}
