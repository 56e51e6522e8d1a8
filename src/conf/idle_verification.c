/* What of verifying is named by nobody or asked by nothing, and calls that go back where they came
   from: what only shows when all parts are known. Warnings, for each of these may be what comes
   next. */
#include "reader.h"
#include "way_back.h"

#include <stird/base/container_of.h>
#include <stird/core/service_word.h>

static const struct service_word *word_of(const struct draft_trunk *d)
{
    return &service_words[d->trunk.service];
}

/* ---- named by nobody ---- */

static void check_domains(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    uint32_t named = 0;
    for (unsigned i = 0; i < s->n_verifications; i++)
        named |= s->verifications[i].trust;
    for (unsigned i = 0; i < s->n_trusts && i < TRUST_DOMAINS_MAX; i++) {
        const struct object *o = draft->trusts.items[i];
        if (!(named & UINT32_C(1) << i))
            warn(r, o, o->at,
                 "no verification names it, so nobody is believed for it: name it in trust of one, "
                 "or take it out");
    }
}

static void check_profiles(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; i < s->n_verifications; i++) {
        const struct object *o = draft->verifications.items[i];
        bool named = false;
        for (unsigned j = 0; j < s->n_trunks; j++)
            named = named || s->trunks[j].verification == i;
        if (!named)
            warn(r, o, o->at,
                 "no trunk names it, so no call is judged by it: write service = \"verify\" and "
                 "this verification on the trunk of the carrier, or take it out");
    }
}

/* ---- asked by nothing ---- */

/* Whether the trunk says it; a default that was written out says nothing. */
static bool is_said(const struct draft_trunk *d, const char *key)
{
    const struct trunk *t = &d->trunk;
    const struct {
        const char *key;
        bool is_default;
    } defaults[] = {{"dest", !t->dest_from_request_uri},
                    {"existing_identity", t->existing_identity == IDENTITY_KEEP},
                    {"cap", t->cap == TREATMENT_A},
                    {"mode", !t->shadow},
                    {"sign_percent", t->sign_percent == 100},
                    {"attestation_headers", !t->attestation_headers}};
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (str_eq(str_of(key), str_of(defaults[i].key)) && defaults[i].is_default)
            return false;
    return was_given(&d->object, key);
}

static void check_keys(struct reader *r, const struct draft_trunk *d)
{
    static const struct {
        const char *key, *why;
    } keys[] = {
        {"customer", "no table is asked about its calls, and it only stands in their records"},
        {"identity", "no level is chosen for its calls"},
        {"provider", "its calls are not signed"},
        {"certificate", "its calls are not signed"},
        {"dest", "its calls are not signed; which number a token is compared with says dest of the "
                 "verification"},
        {"existing_identity", "it only takes Identity off requests inside its calls"},
        {"cap", "no level is chosen for its calls"},
        {"mode", "its calls are not signed"},
        {"sign_percent", "its calls are not signed"},
        {"attestation_headers", "no level is chosen for its calls"},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (is_said(d, keys[i].key))
            warn(r, &d->object, place_of(&d->object, keys[i].key),
                 "%s: its service is \"%s\": %s: take it out", keys[i].key, word_of(d)->word,
                 keys[i].why);
}

/* ---- back where it came from ---- */

/* The trunk of somebody else whose signed calls leave by UPSTREAM: then it is a carrier, and not an
   SBC that gets its own calls back. */
static const struct trunk *who_leaves_by(const struct settings *s, uint32_t upstream)
{
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (service_words[s->trunks[i].service].signs &&
            way_back_leads_to(&s->trunks[i], upstream) &&
            !way_back_is_from(&s->trunks[i], &s->upstreams[upstream]))
            return &s->trunks[i];
    return NULL;
}

static void check_way_back(struct reader *r, const struct draft *draft, const struct draft_trunk *d,
                           const struct trunk *t)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; i < t->n_upstreams; i++) {
        const struct upstream *u = &s->upstreams[t->upstreams[i]];
        const struct trunk *other = way_back_is_from(t, u) ? who_leaves_by(s, t->upstreams[i])
                                                           : NULL;
        if (other)
            warn(r, &d->object, place_of(&d->object, "upstreams"),
                 "upstreams: %.*s is where its calls come from, and where those of trunk %.*s "
                 "leave: a carrier gets its own calls back, in a circle: name where calls of the "
                 "carrier go, your SBC",
                 STR_ARG(shown(r, u->name)), STR_ARG(shown(r, other->name)));
    }
}

/* ---- told to nobody ---- */

static bool some_is_trusted(const struct settings *s, const struct trunk *t)
{
    for (unsigned i = 0; i < t->n_upstreams; i++)
        if (s->upstreams[t->upstreams[i]].trusted)
            return true;
    return false;
}

/* What is said among those who trust each other alone (RFC 3325). */
static void check_told(struct reader *r, const struct draft *draft, const struct draft_trunk *d,
                       const struct trunk *t)
{
    const struct settings *s = &draft->settings;
    if (t->verification >= s->n_verifications || t->in_dialect || some_is_trusted(s, t))
        return; /* an SBC that is told in an answer says what is done with it */
    const struct verification_setting *v = &s->verifications[t->verification];
    const struct {
        const char *key;
        bool is_set;
    } keys[] = {{"attestation_headers", v->n_attestation_headers > 0},
                {"result_header", v->result_header.n > 0},
                {"pai_from_token", v->pai_from_token}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !v->observe; i++)
        if (keys[i].is_set)
            warn(
                r, &d->object, place_of(&d->object, "upstreams"),
                "upstreams: none of them is trusted, so %s of verification %.*s is told to nobody: "
                "write trusted = true on the upstream that reads it",
                keys[i].key, STR_ARG(shown(r, v->name)));
}

void verification_find_idle(struct reader *r, const struct draft *draft)
{
    if (r->problems->n > 0) /* among them may be who names it */
        return;
    check_domains(r, draft);
    check_profiles(r, draft);
    for (unsigned i = 0; i < draft->trunks.n; i++) {
        const struct draft_trunk *d = container_of(draft->trunks.items[i], struct draft_trunk,
                                                   object);
        check_told(r, draft, d, &draft->settings.trunks[i]);
        if (!word_of(d)->verifies || word_of(d)->signs)
            continue;
        check_keys(r, d);
        check_way_back(r, draft, d, &draft->settings.trunks[i]);
    }
}
