#include "sti_scope.h"

#include "claim_constraints.h"
#include "tn_auth_list.h"
#include "x509_parts.h"

#include <stird/base/shortage.h>
#include <string.h>

/* ---- out of a chain ---- */

/* LIST has room for all: no chain is longer than STI_CHAIN_MAX. */
static bool keep(struct str *list, unsigned *n, struct str der, struct arena *arena)
{
    if (!der.p)
        return true;
    list[*n] = arena_copy(arena, der);
    return list[(*n)++].p != NULL;
}

/* An unreadable list entitles to nothing, which is what an empty text means. */
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

bool sti_scope_read(struct sti_scope *scope, STACK_OF(X509) * chain, struct arena *arena)
{
    bool good = sk_X509_num(chain) <= STI_CHAIN_MAX;
    for (int i = 0; i < sk_X509_num(chain) && good; i++)
        good = add(scope, sk_X509_value(chain, i), arena);
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

bool sti_scope_is_encompassed(const struct sti_scope *scope)
{
    for (unsigned i = 1; i < scope->n_lists; i++)
        if (!tn_auth_list_has_codes_of(scope->tn_auth_list[i], scope->tn_auth_list[i - 1]))
            return false;
    return true;
}

/* Whether LIST limits the numbers: one that covers even a number that nobody has names a provider.
 */
static bool is_limit(struct str list)
{
    const struct tn none = {.n = 0};
    return !tn_auth_list_covers(list, &none);
}

bool sti_scope_is_limited(const struct sti_scope *scope)
{
    for (unsigned i = 0; i < scope->n_lists; i++)
        if (is_limit(scope->tn_auth_list[i]))
            return true;
    return scope->n_lists == 0;
}

static bool has_list(const struct sti_scope *scope, struct str list)
{
    for (unsigned i = 0; i < scope->n_lists; i++)
        if (str_eq(scope->tn_auth_list[i], list))
            return true;
    return false;
}

bool sti_scope_has_limits_of(const struct sti_scope *scope, const struct sti_scope *other)
{
    for (unsigned i = 0; i < other->n_lists; i++)
        if (is_limit(other->tn_auth_list[i]) && !has_list(scope, other->tn_auth_list[i]))
            return false;
    return true;
}

const char *sti_scope_refuse(const struct sti_scope *scope, const json_t *payload,
                             struct str *claim)
{
    const char *why = NULL;
    for (unsigned i = 0; i < scope->n_constraints && !why; i++)
        why = claim_constraints_refuse(scope->constraints[i], payload, claim);
    return why;
}

/* NULL: no memory. */
static json_t *payload_of(const struct passport_type *type, const struct passport_claims *claims)
{
    struct buf text = BUF_INIT;
    passport_write_payload(&text, type, claims);
    json_t *payload = buf_failed(&text) ? NULL
                                        : json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    buf_fini(&text);
    return payload;
}

/* Few certificates have constraints: only for those the payload is written and read back. */
static enum reason judge_claims(const struct sti_scope *scope, const struct passport_type *type,
                                const struct passport_claims *claims)
{
    const unsigned long before = shortages();
    struct str claim;
    json_t *payload = payload_of(type, claims);
    const char *why = payload ? sti_scope_refuse(scope, payload, &claim) : NULL;
    bool judged = payload && shortages() == before;
    json_decref(payload);
    return !judged ? REASON_OUT_OF_MEMORY : why ? REASON_CERTIFICATE_NOT_FOR_CLAIMS : REASON_OK;
}

enum reason sti_scope_judge(const struct sti_scope *scope, const struct passport_type *type,
                            const struct passport_claims *claims)
{
    if (!sti_scope_covers(scope, &claims->orig))
        return REASON_CERTIFICATE_NOT_FOR_NUMBER;
    return scope->n_constraints > 0 ? judge_claims(scope, type, claims) : REASON_OK;
}

/* ---- what it is good for ---- */

/* Claims that differ from call to call: some call may have the one permitted value. A fault in any
   other claim is one of every call. */
static const char *const of_the_call[] = {"orig", "dest", "origid"};

static bool is_of_the_call(struct str claim)
{
    for (size_t i = 0; i < sizeof(of_the_call) / sizeof(of_the_call[0]); i++)
        if (str_eq(claim, str_of(of_the_call[i])))
            return true;
    return false;
}

/* As sti_scope_refuse(), without the claims that depend on the call. Changes PAYLOAD, which is NULL
   when there was no memory. */
static const char *refuse_always(const struct sti_scope *scope, json_t *payload, struct str *claim)
{
    const char *why = payload ? sti_scope_refuse(scope, payload, claim) : NULL;
    for (size_t i = 0; why && is_of_the_call(*claim) && i < sizeof(of_the_call) / sizeof(char *);
         i++)
        json_object_del(payload, of_the_call[i]);
    if (why && is_of_the_call(*claim))
        why = sti_scope_refuse(scope, payload, claim);
    return why && is_of_the_call(*claim) ? NULL : why;
}

const char *sti_scope_signs_nothing(const struct sti_scope *scope, const struct passport_type *type,
                                    struct str *claim)
{
    struct passport_claims claims = {.iat_s = 1};
    const char *why = NULL;
    if (scope->n_constraints == 0 || !tn_from_digits(&claims.orig, STR("12155550100")))
        return NULL;
    claims.dest = claims.orig;
    memset(claims.origid, '0', sizeof(claims.origid));
    for (claims.attest = 'A'; claims.attest <= 'C'; claims.attest++) {
        json_t *payload = payload_of(type, &claims);
        why = refuse_always(scope, payload, claim);
        json_decref(payload);
        if (!why)
            return NULL;
    }
    return why;
}
