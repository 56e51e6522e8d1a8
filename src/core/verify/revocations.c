#include "revocations.h"

#include "revocation_list.h"
#include "x509_parts.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct signed_list {
    struct revocation_list *list;
    X509 *signer;  /* NULL: not known */
    X509_CRL *crl; /* as long as it is not: its signature is looked at by each issuer */
};

struct revocations {
    struct signed_list *lists;
    unsigned n;
};

struct revocations *revocations_new(void)
{
    return calloc(1, sizeof(struct revocations));
}

void revocations_free(struct revocations *r)
{
    for (unsigned i = 0; r && i < r->n; i++) {
        revocation_list_free(r->lists[i].list);
        X509_free(r->lists[i].signer);
        X509_CRL_free(r->lists[i].crl);
    }
    if (r)
        free(r->lists);
    free(r);
}

bool revocations_add(struct revocations *r, X509_CRL *crl, struct str url)
{
    struct signed_list *more = realloc(r->lists, (r->n + 1) * sizeof(*more));
    if (!more)
        return false;
    r->lists = more;
    more[r->n] = (struct signed_list){.list = revocation_list_new(crl, url)};
    if (!more[r->n].list)
        return false;
    X509_CRL_up_ref(crl);
    more[r->n++].crl = crl;
    return true;
}

unsigned revocations_count(const struct revocations *r)
{
    return r->n;
}

/* ---- who signed it ---- */

/* RFC 5280 section 6.3.3 (f) and (g). UINT32_MAX: it has no key usage, as old authorities. */
static bool may_sign_lists(X509 *x)
{
    uint32_t usage = X509_get_key_usage(x);
    return usage == UINT32_MAX ? X509_check_ca(x) > 0 : (usage & KU_CRL_SIGN) != 0;
}

static bool is_signer(const struct signed_list *s, X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    return s->crl && key &&
           X509_NAME_cmp(X509_get_subject_name(x), revocation_list_issuer(s->list)) == 0 &&
           may_sign_lists(x) && X509_CRL_verify(s->crl, key) == 1;
}

static void find_signer(struct signed_list *s, STACK_OF(X509) * candidates)
{
    for (int i = 0; i < sk_X509_num(candidates) && !s->signer; i++) {
        X509 *x = sk_X509_value(candidates, i);
        if (!is_signer(s, x) || !X509_up_ref(x))
            continue;
        s->signer = x;
        X509_CRL_free(s->crl);
        s->crl = NULL;
    }
}

void revocations_find_signers(struct revocations *r, STACK_OF(X509) * candidates)
{
    for (unsigned i = 0; i < r->n; i++)
        if (!revocation_list_fault(r->lists[i].list))
            find_signer(&r->lists[i], candidates);
    ERR_clear_error();
}

/* Its certificate may be another one than the one at hand: the key signs. */
static bool signed_by(const struct signed_list *s, X509 *x)
{
    if (!s->signer)
        return is_signer(s, x);
    return X509_NAME_cmp(X509_get_subject_name(x), revocation_list_issuer(s->list)) == 0 &&
           may_sign_lists(x) && EVP_PKEY_eq(X509_get0_pubkey(s->signer), X509_get0_pubkey(x)) == 1;
}

/* Whether who signed it may speak of the certificate. */
static bool speaks(const struct signed_list *s, const struct revocation_question *q)
{
    if (q->issuer && signed_by(s, q->issuer))
        return true;
    return s->signer && x509_is_in_force(s->signer, q->now_s) &&
           anchors_lead(q->anchors, s->signer, q->more, q->now_s, NULL) == X509_V_OK;
}

/* ---- asking ---- */

/* What one list says; *WHY where it says nothing that counts. */
static enum revocation ask(const struct signed_list *s, const struct revocation_question *q,
                           const char **why)
{
    const struct revocation_list *l = s->list;
    if (revocation_list_fault(l))
        *why = revocation_list_fault(l);
    else if (!revocation_list_is_about(l, q->certificate))
        *why = NULL;
    else if (revocation_list_from_s(l) > q->now_s)
        *why = "its list is not in force yet";
    else if (!speaks(s, q))
        *why = "its list is signed by nobody who may speak of it";
    else if (revocation_list_revokes(l, q->certificate))
        return REVOCATION_FOUND;
    else if (revocation_list_until_s(l) < q->now_s)
        *why = "its list has expired";
    else if (!revocation_list_has_all_reasons(l))
        *why = "its list tells of some reasons alone";
    else
        return REVOCATION_NONE;
    return REVOCATION_UNKNOWN;
}

/* Of several lists that tell of it the one that holds longest counts. */
static void take_list(struct revocation_answer *a, const struct revocation_list *l)
{
    if (a->revocation == REVOCATION_NONE && a->until_s >= revocation_list_until_s(l))
        return;
    a->revocation = REVOCATION_NONE;
    a->from_s = revocation_list_from_s(l);
    a->until_s = revocation_list_until_s(l);
}

void revocations_ask(const struct revocations *r, const struct revocation_question *q,
                     struct revocation_answer *a)
{
    *a = (struct revocation_answer){.revocation = REVOCATION_UNKNOWN};
    for (unsigned i = 0; i < r->n && a->revocation != REVOCATION_FOUND; i++) {
        const char *why = NULL;
        enum revocation one = ask(&r->lists[i], q, &why);
        if (one == REVOCATION_FOUND)
            a->revocation = one;
        else if (one == REVOCATION_NONE)
            take_list(a, r->lists[i].list);
        else if (!a->why)
            a->why = why;
    }
    ERR_clear_error();
}
