#include "sti_scope.h"

#include "claim_constraints.h"
#include "tn_auth_list.h"
#include "x509_parts.h"

#include <openssl/x509v3.h>

/* ---- out of a chain ---- */

/* What was asked is never more than the room: a chain is looked at up to STI_CHAIN_MAX. */
static bool keep(struct str *list, unsigned *n, struct str der, struct arena *arena)
{
    if (!der.p)
        return true;
    list[*n] = arena_copy(arena, der);
    return list[(*n)++].p != NULL;
}

/* A list that cannot be read entitles to nothing, which is what an empty text does. */
static struct str readable_list(X509 *x)
{
    struct buf spcs = BUF_INIT;
    struct str list = x509_extension(x, TN_AUTH_LIST_OID);
    bool good = !list.p || tn_auth_list_read(list, &spcs) == NULL;
    buf_fini(&spcs);
    return good ? list : STR("");
}

static bool add(struct sti_scope *s, X509 *x, struct arena *arena)
{
    return keep(s->tn_auth_list, &s->n_lists, readable_list(x), arena) &&
           keep(s->constraints, &s->n_constraints, x509_extension(x, CLAIM_CONSTRAINTS_OID),
                arena) &&
           keep(s->constraints, &s->n_constraints,
                x509_extension(x, ENHANCED_CLAIM_CONSTRAINTS_OID), arena);
}

/* NULL when it is not there, or is its own issuer. */
static X509 *issuer_of(STACK_OF(X509) * chain, X509 *x)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *other = sk_X509_value(chain, i);
        if (other != x && X509_check_issued(other, x) == X509_V_OK)
            return other;
    }
    return NULL;
}

bool sti_scope_read(struct sti_scope *scope, STACK_OF(X509) * chain, struct arena *arena)
{
    bool good = true;
    X509 *x = sk_X509_value(chain, 0);
    for (int i = 0; x && i < STI_CHAIN_MAX && good; i++) {
        good = add(scope, x, arena);
        x = issuer_of(chain, x);
    }
    return good;
}

/* ---- judging ---- */

bool sti_scope_covers(const struct sti_scope *scope, const struct tn *orig)
{
    bool covers = scope->n_lists > 0;
    for (unsigned i = 0; i < scope->n_lists && covers; i++)
        covers = tn_auth_list_covers(scope->tn_auth_list[i], orig);
    return covers;
}

/* A list that covers a number that nobody has names a provider. */
bool sti_scope_is_limited(const struct sti_scope *scope)
{
    const struct tn none = {0};
    return !sti_scope_covers(scope, &none);
}

const char *sti_scope_refuse(const struct sti_scope *scope, const json_t *payload,
                             struct str *claim)
{
    const char *why = NULL;
    for (unsigned i = 0; i < scope->n_constraints && !why; i++)
        why = claim_constraints_refuse(scope->constraints[i], payload, claim);
    return why;
}

/* Few certificates have constraints: only for those the payload is written and read back. */
static enum reason judge_claims(const struct sti_scope *scope, const struct passport_type *type,
                                const struct passport_claims *claims)
{
    struct buf text = BUF_INIT;
    struct str claim;
    passport_write_payload(&text, type, claims);
    json_t *payload = buf_failed(&text) ? NULL
                                        : json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    enum reason r = !payload                                   ? REASON_OUT_OF_MEMORY
                    : sti_scope_refuse(scope, payload, &claim) ? REASON_CERTIFICATE_NOT_FOR_CLAIMS
                                                               : REASON_OK;
    json_decref(payload);
    buf_fini(&text);
    return r;
}

enum reason sti_scope_judge(const struct sti_scope *scope, const struct passport_type *type,
                            const struct passport_claims *claims)
{
    if (!sti_scope_covers(scope, &claims->orig))
        return REASON_CERTIFICATE_NOT_FOR_NUMBER;
    return scope->n_constraints > 0 ? judge_claims(scope, type, claims) : REASON_OK;
}
