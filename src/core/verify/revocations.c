#include "revocations.h"

#include "packed.h"
#include "revocation_list.h"
#include "x509_parts.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct signed_list {
    struct revocation_list *list;
    STACK_OF(X509) * signers; /* certificates of the one key that signed it; NULL: not known */
    bool was_taken; /* it was judged good before: it holds until its own end, not its signer's */
    X509_CRL *crl;  /* while the signer is unknown: each issuer's key is tried on its signature */
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
        sk_X509_pop_free(r->lists[i].signers, X509_free);
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

/* Compares keys, not certificates: the signer's may be another certificate of the same key. */
static bool signed_by(const struct signed_list *s, X509 *x)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    X509 *signer = sk_X509_value(s->signers, 0);
    if (!key || !may_sign_lists(x) ||
        X509_NAME_cmp(X509_get_subject_name(x), revocation_list_issuer(s->list)) != 0)
        return false;
    return signer ? EVP_PKEY_eq(X509_get0_pubkey(signer), key) == 1
                  : s->crl && X509_CRL_verify(s->crl, key) == 1;
}

static void find_signers(struct signed_list *s, STACK_OF(X509) * candidates)
{
    for (int i = 0; i < sk_X509_num(candidates); i++) {
        X509 *x = sk_X509_value(candidates, i);
        if (!signed_by(s, x) || (!s->signers && !(s->signers = sk_X509_new_null())))
            continue;
        X509_add_cert(s->signers, x, X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP);
    }
    if (sk_X509_num(s->signers) > 0) {
        X509_CRL_free(s->crl);
        s->crl = NULL;
    }
}

void revocations_find_signers(struct revocations *r, STACK_OF(X509) * candidates)
{
    for (unsigned i = 0; i < r->n; i++)
        if (!revocation_list_fault(r->lists[i].list))
            find_signers(&r->lists[i], candidates);
    ERR_clear_error();
}

/* Whether X, one of its signers, leads to an anchor. A list that was taken holds until its own end,
   whatever of that way has ended since. */
static bool leads(const struct anchors *anchors, X509 *x, STACK_OF(X509) * more, int64_t now_s,
                  bool was_taken)
{
    if (was_taken)
        return anchors_led(anchors, x, more);
    return x509_is_in_force(x, now_s) && anchors_lead(anchors, x, more, now_s, NULL) == X509_V_OK;
}

/* ---- in an image ---- */

const char *revocations_fault(const struct revocations *r, unsigned i)
{
    const struct signed_list *s = &r->lists[i];
    const char *fault = revocation_list_fault(s->list);
    return fault || s->signers ? fault : REVOCATIONS_NO_SIGNER;
}

const char *revocations_fault_at(const struct revocations *r, unsigned i,
                                 const struct anchors *anchors, STACK_OF(X509) * more,
                                 int64_t now_s, bool was_taken)
{
    const struct signed_list *s = &r->lists[i];
    const char *fault = revocations_fault(r, i);
    bool good = false;
    for (int x = 0; !fault && x < sk_X509_num(s->signers) && !good; x++)
        good = leads(anchors, sk_X509_value(s->signers, x), more, now_s, was_taken);
    if (!fault && !good)
        fault = "its list is signed by somebody who leads to none of its anchors";
    if (!fault && revocation_list_from_s(s->list) > now_s)
        fault = "its list is not in force yet";
    return fault;
}

uint64_t revocations_entries(const struct revocations *r)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < r->n; i++)
        n += revocations_fault(r, i) ? 0 : revocation_list_count(r->lists[i].list);
    return n;
}

int64_t revocations_from_s(const struct revocations *r)
{
    int64_t from_s = INT64_MIN;
    for (unsigned i = 0; i < r->n; i++)
        if (!revocations_fault(r, i) && revocation_list_from_s(r->lists[i].list) > from_s)
            from_s = revocation_list_from_s(r->lists[i].list);
    return from_s;
}

int64_t revocations_until_s(const struct revocations *r)
{
    int64_t until_s = INT64_MAX;
    for (unsigned i = 0; i < r->n; i++)
        if (!revocations_fault(r, i) && revocation_list_until_s(r->lists[i].list) < until_s)
            until_s = revocation_list_until_s(r->lists[i].list);
    return until_s;
}

bool revocations_write(const struct revocations *r, int64_t grace_s, struct buf *out)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->n; i++)
        n += !revocations_fault(r, i);
    bool good = true;
    packed_add_number(out, n);
    for (unsigned i = 0; i < r->n && good; i++)
        good = revocations_fault(r, i) || (x509_pack(out, r->lists[i].signers) &&
                                           revocation_list_write(r->lists[i].list, grace_s, out));
    return good;
}

static bool open_list(struct signed_list *s, struct packed *in)
{
    s->was_taken = true;
    s->signers = x509_unpack(in);
    s->list = revocation_list_open(in);
    return s->list && sk_X509_num(s->signers) > 0;
}

#define LISTS_MAX 1000

struct revocations *revocations_open(struct packed *in)
{
    struct revocations *r = revocations_new();
    unsigned n = packed_count(in, LISTS_MAX);
    bool good = r && !in->broken && (r->lists = calloc(n + 1, sizeof(struct signed_list)));
    while (good && r->n < n)
        good = open_list(&r->lists[r->n++], in);
    if (good)
        return r;
    revocations_free(r);
    return NULL;
}

/* Whether it may list certificates of other issuers: its signer was named for that, the certificate
   names it (RFC 5280 section 4.2.1.13), or it has the name of the certificate's issuer. */
static bool may_speak_of_others(const struct signed_list *s, const struct revocation_question *q)
{
    return q->anchors_are_for_lists || revocation_list_is_named_by(s->list, q->certificate) ||
           X509_NAME_cmp(revocation_list_issuer(s->list), X509_get_issuer_name(q->certificate)) ==
               0;
}

/* Whether the list's signer may speak of the certificate. */
static bool speaks(const struct signed_list *s, const struct revocation_question *q)
{
    bool may = q->issuer && signed_by(s, q->issuer);
    for (int i = 0; i < sk_X509_num(s->signers) && !may && may_speak_of_others(s, q); i++)
        may = leads(q->anchors, sk_X509_value(s->signers, i), q->more, q->now_s, s->was_taken);
    return may;
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
        *why = "its list is signed by nobody who may speak of it: name who signs lists of others' "
               "certificates (check.crl_anchors, --crl-anchor)";
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

void revocations_part(const struct revocations *r, int64_t now_s, int64_t *from_s, int64_t *until_s)
{
    for (unsigned i = 0; i < r->n; i++) {
        x509_part_at(revocation_list_from_s(r->lists[i].list), now_s, from_s, until_s);
        x509_part_at(revocation_list_until_s(r->lists[i].list) + 1, now_s, from_s, until_s);
    }
}
