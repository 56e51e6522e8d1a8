/* Settings that take an Identity off, or write into a call, where the call stays with the SBC that
   asked by redirect: only that can do so. */
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/core/service_word.h>

#define SBC_TAKES_OFF                                                                               \
    "the new token is in the answer, and the call stays with its SBC: see that this takes the old " \
    "Identity off"

/* ---- trunks ---- */

static void check_setting(struct reader *r, const struct draft_trunk *d)
{
    const struct place at = place_of(&d->object, "existing_identity");
    if (d->trunk.existing_identity == IDENTITY_STRIP)
        complain(r, &d->object, at,
                 "existing_identity has no meaning with front = \"redirect\": the call stays with "
                 "its SBC, and only that can take its Identity off");
    else if (d->trunk.existing_identity == IDENTITY_REPLACE)
        warn(r, &d->object, at, "existing_identity: " SBC_TAKES_OFF);
    else if (d->trunk.service == SERVICE_VERIFY_SIGN)
        warn(r, &d->object, place_of(&d->object, "service"),
             "service: where what a call brought is worth nothing, " SBC_TAKES_OFF);
}

/* What D's profile would write into a call that leaves. */
static void check_profile(struct reader *r, const struct settings *s, const struct draft_trunk *d,
                          const struct trunk *t)
{
    const struct object *o = &d->object;
    const struct place at = place_of(o, "verification");
    if (t->verification >= s->n_verifications || !service_words[t->service].verifies)
        return;
    const struct verification_setting *v = &s->verifications[t->verification];
    const struct str name = shown(r, v->name);
    if (v->observe && t->service != SERVICE_VERIFY_SIGN)
        warn(r, o, at,
             "verification: %.*s observes, so the SBC is answered as if nothing had been judged, "
             "and hears of no verdict (front = \"redirect\"): write observe = false there when "
             "its records are as you want them",
             STR_ARG(name));
    if (!v->observe && v->identity_out != IDENTITY_OUT_KEEP)
        warn(r, o, at,
             "verification: identity_out of %.*s does nothing to calls that stay with their SBC "
             "(front = \"redirect\"): see that this takes Identity off",
             STR_ARG(name));
    if (!v->observe && v->pai_from_token)
        warn(r, o, at,
             "verification: pai_from_token of %.*s does nothing with front = \"redirect\": an "
             "answer has P-Asserted-Identity by verstat_place, whatever the call brought",
             STR_ARG(name));
}

/* ---- rules ---- */

/* The first trunk of front redirect whose calls RULE may be of; NULL: none. */
static const struct trunk *asked_by_redirect(const struct settings *s, const struct rule *rule)
{
    for (uint32_t i = 0; i < s->n_trunks; i++) {
        const struct trunk *t = &s->trunks[i];
        bool trunk = rule->n_trunks == 0, customer = rule->n_customers == 0;
        for (unsigned k = 0; k < rule->n_trunks; k++)
            trunk = trunk || rule->trunks[k] == i;
        for (unsigned k = 0; k < rule->n_customers; k++)
            customer = customer || str_eq(rule->customers[k], t->customer);
        if (trunk && customer && t->in_dialect && service_words[t->service].signs)
            return t;
    }
    return NULL;
}

static void check_rule(struct reader *r, const struct settings *s, const struct draft_rule *d)
{
    const struct rule *rule = &d->rule;
    const struct trunk *t = rule->has_existing ? asked_by_redirect(s, rule) : NULL;
    const struct place at = place_of(&d->object, "existing_identity");
    if (!t)
        return;
    if (rule->existing_identity == IDENTITY_STRIP)
        complain(r, &d->object, at,
                 "existing_identity: calls of trunk %.*s stay with its SBC (front = \"redirect\"), "
                 "and only that can take their Identity off: name the trunks where stird can",
                 STR_ARG(shown(r, t->name)));
    else if (rule->existing_identity == IDENTITY_REPLACE)
        warn(r, &d->object, at, "existing_identity: of calls of trunk %.*s " SBC_TAKES_OFF,
             STR_ARG(shown(r, t->name)));
}

void identities_find_staying(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; i < s->n_trunks; i++) {
        const struct draft_trunk *d = container_of(draft->trunks.items[i], struct draft_trunk,
                                                   object);
        if (s->trunks[i].front != FRONT_REDIRECT || place_of(&d->object, "front").unread)
            continue;
        check_setting(r, d);
        check_profile(r, s, d, &s->trunks[i]);
    }
    for (unsigned i = 0; i < draft->rules.n && !problems_any(r->problems); i++)
        check_rule(r, s, container_of(draft->rules.items[i], struct draft_rule, object));
}
