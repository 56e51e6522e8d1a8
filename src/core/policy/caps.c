#include "caps.h"

#include "rule.h"

#include <stird/core/by_verdict.h>
#include <stird/core/service_choice.h>
#include <stird/core/told.h>
#include <stird/core/trunk.h>
#include <stird/core/verified.h>

struct view {
    const struct settings *settings;
    const struct numbers *table;
    const struct call *call;
    const struct outcome *outcome;
};

static void of_trunk(struct cap *cap, const struct view *v)
{
    cap->at_most = v->call->trunk->cap;
    cap->of = STR("cap of the trunk");
}

static void of_customer(struct cap *cap, const struct view *v)
{
    struct str text = rule_customer_attribute(v->settings, v->table, v->call, STR("cap"));
    for (int t = TREATMENT_A; text.n > 0 && t <= TREATMENT_REFUSE; t++)
        if (str_eq(text, treatment_name((enum treatment)t)))
            cap->at_most = (enum treatment)t;
    cap->of = STR("cap of the customer");
}

/* E.164 country codes are no prefix of each other. */
static void of_country(struct cap *cap, const struct view *v)
{
    const struct settings *s = v->settings;
    struct str orig = tn_str(&v->outcome->claims.orig);
    bool own = s->n_own_countries == 0;
    for (unsigned i = 0; i < s->n_own_countries && !own; i++)
        own = str_starts(orig, s->own_countries[i]);
    if (!own)
        cap->at_most = s->foreign_cap;
    cap->of = STR("cap of other countries' numbers");
}

/* The lowest level of all headers counts; one that cannot be read counts as C. */
static void of_header(struct cap *cap, const struct view *v)
{
    const struct trunk *t = v->call->trunk;
    bool believed = call_is_trusted(v->call) && t->attestation_headers;
    const struct call_header *h = believed ? v->call->headers : NULL;
    const struct header_line *l = believed ? v->call->odd_lines : NULL;
    for (; l && l->raw.p; l++)
        if (told_by_line(l) == TOLD_LEVEL) {
            cap->unreadable = str_trim(l->raw);
            cap->at_most = TREATMENT_C;
        }
    for (; h && h->name.p; h++) {
        if (told_by(h->name) != TOLD_LEVEL)
            continue;
        char level = told_level(h->value);
        if (level == '\0' && !cap->unreadable.p)
            cap->unreadable = h->value.p ? h->value : STR("");
        enum treatment told = level == '\0' ? TREATMENT_C
                                            : (enum treatment)(TREATMENT_A + (level - 'A'));
        if (told > cap->at_most)
            cap->at_most = told;
    }
    cap->of = STR("Attestation-Info of the SBC");
}

/* The source may still turn out to be an upstream's (claim.h), and what an upstream sends is not a
   customer's. */
static void of_source(struct cap *cap, const struct view *v)
{
    if (v->call->source_in_doubt)
        cap->at_most = TREATMENT_C;
    cap->of = STR("source in doubt: the name of an upstream is not resolved");
}

/* Or ought to have been: there was no memory to keep what was found. */
static bool is_judged(const struct view *v)
{
    return v->call->verified || v->call->trunk->service == SERVICE_VERIFY_SIGN;
}

/* Whoever brings a token that others may read and that does not pass is not who the tables know: it
   never gets an A for its number. That others may read it counts on every trunk, also of a line
   that goes no further. */
static void of_identity(struct cap *cap, const struct view *v)
{
    const struct verified *judged = v->call->verified;
    const struct call *call = v->call;
    const bool brings = call->n_identity_shaken > 0 || call->n_identity_unreadable > 0 ||
                        call->n_identity_resembling > 0 || (judged && judged->chain_broken);
    const bool passed = judged && judged->class == VERIFICATION_PASSED;
    if ((judged && judged->class == VERIFICATION_FAILED) || (brings && !passed && is_judged(v)))
        cap->at_most = TREATMENT_C;
    cap->of = STR("the Identity that it brings did not pass");
}

static void of_choice(struct cap *cap, const struct view *v)
{
    if (v->call->choice && v->call->choice->in_doubt)
        cap->at_most = TREATMENT_C;
    cap->of = STR("service auto: it may go to one of our numbers, and come from outside");
}

/* The only word of rules that ask for the verdict. */
static void of_ruling(struct cap *cap, const struct view *v)
{
    const struct by_verdict *ruled = v->call->ruled;
    if (ruled)
        cap->at_most = ruled->at_most;
    cap->of = ruled ? ruled->by : STR("");
    cap->by_rule = true;
}

static void (*const caps[])(struct cap *cap, const struct view *v) = {
    of_trunk, of_customer, of_country, of_header, of_source, of_identity, of_choice, of_ruling,
};

bool cap_get(struct cap *cap, unsigned i, const struct settings *settings,
             const struct numbers *table, const struct call *call, const struct outcome *outcome)
{
    const struct view v = {settings, table, call, outcome};
    if (i >= sizeof(caps) / sizeof(caps[0]))
        return false;
    *cap = (struct cap){.at_most = TREATMENT_A};
    caps[i](cap, &v);
    return true;
}
