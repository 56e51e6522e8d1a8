#include "caps.h"

#include "rule.h"

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
    struct str text = customer_attribute(v->settings, v->table, v->call, STR("cap"));
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

/* The first header counts; what is none of A, B and C says nothing. */
static void of_header(struct cap *cap, const struct view *v)
{
    static const char *const names[] = {"Attestation-Info", "Attestation"};
    cap->of = STR("Attestation-Info of the SBC");
    for (size_t i = 0; v->call->trunk->attestation_headers && i < 2; i++) {
        struct str value = trusted_header(v->call, str_of(names[i]));
        char level = value.n == 1 ? ascii_lower(value.p[0]) : '\0';
        if (level < 'a' || level > 'c')
            continue;
        cap->at_most = (enum treatment)(TREATMENT_A + (level - 'a'));
        return;
    }
}

static void (*const caps[])(struct cap *cap, const struct view *v) = {
    of_trunk,
    of_customer,
    of_country,
    of_header,
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
