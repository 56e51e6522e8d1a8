#include <stird/core/verification.h>

#include "div_chain.h"
#include "findings.h"
#include "token_claims.h"
#include "verification_verdict.h"

#include <stird/base/shortage.h>

struct judging {
    const struct verification_question *q;
    struct arena *arena;
    struct verification *v;
    bool is_diverted;
};

/* ---- one token ---- */

/* Which number of the message its dest is compared with. */
static const struct tn *dest_of(const struct verification_question *q, const struct token *t)
{
    switch (q->rules.dest) {
    case VERIFICATION_REQUEST_URI:
        return q->requested;
    case VERIFICATION_EITHER:
        return q->requested && token_calls(t, q->requested) ? q->requested : q->to;
    case VERIFICATION_TO:
        break;
    }
    return q->to;
}

static const char *why_of(const struct verification_served *s, const char *otherwise)
{
    return s->why ? s->why : otherwise;
}

/* Tells the checks the state of the certificate. UNREADABLE has room for a certificate. */
static void set_certificate(struct verify_question *one, const struct verification_served *s,
                            struct sti_certificate *unreadable)
{
    switch (s->state) {
    case CERTIFICATE_PREPARED:
        one->certificate = s->prepared;
        break;
    case CERTIFICATE_UNREADABLE:
        *unreadable = (struct sti_certificate){.unreadable = why_of(s, "it cannot be read")};
        one->certificate = unreadable;
        break;
    case CERTIFICATE_UNAVAILABLE:
        one->certificate_fault = why_of(s, "its URL does not serve it");
        break;
    case CERTIFICATE_PENDING:
    case CERTIFICATE_LIMIT:
    case CERTIFICATE_CUT_OFF:
        break;
    }
}

static bool judge_token(struct judging *j, unsigned i)
{
    const struct verification_question *q = j->q;
    struct verification_header *h = &j->v->headers[i];
    struct sti_certificate unreadable;
    struct verify_question one = {
        .token = h->token,
        .certificate_is_given = q->is_given,
        .now_s = q->now_s,
        .time_is_guessed = q->time_is_guessed,
        .max_age_s = q->rules.max_age_s,
        .has_message = true,
        .message_is_piece = q->message_is_piece,
        .message_fault = q->message_fault,
        .orig = q->orig,
        .dest = dest_of(q, h->token),
        .requested = q->requested,
        .date_s = q->date_s,
        .is_diverted = j->is_diverted,
        .image = q->image,
        .priority = q->priority,
    };
    set_certificate(&one, &q->served[i], &unreadable);
    return verify(&one, j->arena, &h->report);
}

static bool judge_tokens(struct judging *j)
{
    bool good = true;
    for (unsigned i = 0; i < j->v->n && good; i++)
        good = judge_token(j, i);
    return good;
}

/* ---- of a diversion ---- */

static void find_div(struct judging *j, struct verification_header *h, const char *why,
                     struct str at)
{
    const struct findings f = {j->arena, h->report.finding};
    if (!why)
        found_good(&f, VERIFY_DIV);
    else
        FAILED(&f, VERIFY_DIV, "%s: %.*s", why,
               STR_ARG(at.n > 0 ? finding_text(&f, at) : STR("none")));
    verify_decide(&h->report);
}

static bool has_role(const struct verification_header *h, enum identity_role role)
{
    return h->role == role;
}

/*
 * Each shaken token is the beginning of a chain of its own; those of div are good as soon as one of
 * these holds. Without a shaken token they do not tell who called, and stay open.
 */
static void judge_chains(struct judging *j)
{
    struct str at, where = {"", 0};
    const char *broken = NULL;
    bool any = false, holds = false;
    for (unsigned i = 0; i < j->v->n; i++) {
        struct verification_header *h = &j->v->headers[i];
        if (!has_role(h, IDENTITY_ROLE_SHAKEN))
            continue;
        const char *why = div_chain_fault(j->q->set, h->token, j->q->requested, &at);
        find_div(j, h, why, at);
        any = true;
        holds = holds || !why;
        broken = why ? why : broken;
        where = why ? at : where;
    }
    for (unsigned i = 0; i < j->v->n && any; i++)
        if (has_role(&j->v->headers[i], IDENTITY_ROLE_DIV))
            find_div(j, &j->v->headers[i], holds ? NULL : broken, where);
}

/* ---- all of it ---- */

static bool has_div(const struct identity_set *set)
{
    bool has = false;
    for (unsigned i = 0; i < set->n; i++)
        has = has || identity_entry_diverts(&set->entries[i]);
    return has;
}

static bool judge(struct judging *j)
{
    const struct identity_set *set = j->q->set;
    j->v->headers = arena_array(j->arena, set->n + 1, sizeof(j->v->headers[0]));
    if (!j->v->headers)
        return false;
    j->v->n = set->n;
    for (unsigned i = 0; i < set->n; i++)
        j->v->headers[i] = (struct verification_header){.header = set->entries[i].header,
                                                        .role = set->entries[i].role,
                                                        .token = &set->entries[i].token,
                                                        .fetched = j->q->served[i].outcome};
    j->is_diverted = has_div(set);
    if (!judge_tokens(j))
        return false;
    if (j->is_diverted)
        judge_chains(j);
    return true;
}

void verification_judge(const struct verification_question *q, struct arena *arena,
                        struct verification *v)
{
    const unsigned long before = shortages();
    *v = (struct verification){.n_empty = q->set->n_empty, .n_beyond = q->set->n_beyond};
    struct judging j = {.q = q, .arena = arena, .v = v};
    bool good = judge(&j);
    for (unsigned i = 0; i < v->n && good; i++)
        good = findings_are_whole(&(struct findings){arena, v->headers[i].report.finding});
    if (good && shortages() == before) {
        verification_verdict(q, v);
        return;
    }
    v->n = 0;
    v->class = VERIFICATION_OPEN;
    v->reason = REASON_OUT_OF_MEMORY;
    v->decisive = -1;
    v->check = VERIFY_CHECKS;
}
