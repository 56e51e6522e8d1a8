#include "decision_answer.h"

#include <stird/core/identity.h>
#include <string.h>

#define PLACEHOLDER STR("(token)")
#define SIGNATURE   86 /* of 64 octets */

/* In octets of base64url. */
static size_t encoded(size_t octets)
{
    return (octets * 4 + 2) / 3;
}

/* As long as the token will be, since what is too long for Contact stands elsewhere; of an octet
   that base64url does not have side by side so often. */
static struct str stand_in(const struct certificate *c, const struct passport_type *type,
                           const struct outcome *o, struct arena *arena)
{
    struct passport_claims claims;
    struct buf header = BUF_INIT, payload = BUF_INIT;
    type->fill(&claims, o);
    passport_write_header(&header, type, type->reference->of(c));
    passport_write_payload(&payload, type, &claims);
    const size_t n = encoded(header.n) + 1 + encoded(payload.n) + 1 + SIGNATURE;
    char *text = buf_failed(&header) || buf_failed(&payload) ? NULL : arena_alloc(arena, n);
    if (text)
        memset(text, 'x', n);
    buf_fini(&header);
    buf_fini(&payload);
    return (struct str){text, text ? n : 0};
}

/* Values of Identity, and what stands in for the token in each. How many. */
static unsigned make(const struct settings *s, const struct outcome *o, struct arena *arena,
                     struct str identities[PASSPORTS_MAX], struct str tokens[PASSPORTS_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; o->verdict == VERDICT_SIGN && i < o->n_tokens; i++) {
        const struct passport_type *type = o->tokens[i].type;
        if (o->tokens[i].certificate >= s->n_certificates)
            continue;
        const struct certificate *c = &s->certificates[o->tokens[i].certificate];
        struct buf value = BUF_INIT;
        tokens[n] = stand_in(c, type, o, arena);
        identity_add(&value, tokens[n], type->reference->of(c), type->algorithm->name, type->ppt);
        identities[n] = arena_copy(arena, buf_str(&value));
        n += !buf_failed(&value) && tokens[n].n > 0 && identities[n].n > 0;
        buf_fini(&value);
    }
    return n;
}

/* LINES with the word instead of each of TOKENS, which may stand there in several places. */
static struct str with_words(struct str lines, const struct str *tokens, unsigned n,
                             struct arena *arena)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < lines.n;) {
        size_t skipped = 0;
        for (unsigned k = 0; k < n; k++)
            if (str_starts(str_slice(lines, i, lines.n), tokens[k]) && tokens[k].n > skipped)
                skipped = tokens[k].n;
        if (skipped > 0)
            buf_add_str(&out, PLACEHOLDER);
        else
            buf_add_char(&out, lines.p[i]);
        i += skipped > 0 ? skipped : 1;
    }
    const struct str text = buf_failed(&out) ? STR("") : arena_copy(arena, buf_str(&out));
    buf_fini(&out);
    return text;
}

bool decision_answer_of(const struct decision_basis *basis, const struct rehearsal *told,
                        struct str message, struct redirect_answer *a)
{
    const struct call *call = told->call;
    const struct outcome *o = told->outcome;
    struct str identities[PASSPORTS_MAX], tokens[PASSPORTS_MAX];
    const bool is_silent = o->verdict == VERDICT_REJECT && o->sip_status == 0;
    if (!call->trunk || !call->trunk->in_dialect || told->trunk_why.n > 0 || is_silent)
        return false;
    const unsigned n = make(basis->settings, o, call->arena, identities, tokens);
    while (message.n > 0 && ascii_is_space(message.p[0]))
        message = str_slice(message, 1, message.n);
    const struct redirect_question question = {.settings = basis->settings,
                                               .call = call,
                                               .outcome = o,
                                               .reason = o->reason,
                                               .status = o->sip_status,
                                               .request = message,
                                               .transport = told->transport,
                                               .identities = identities,
                                               .n_identities = n};
    if (!redirect_answer(a, &question) || !a->is_said)
        return false;
    a->lines = with_words(a->lines, tokens, n, call->arena);
    return true;
}
