#include <stird/core/trust.h>

#include "anchors.h"
#include "authority.h"
#include "packed.h"
#include "revocations.h"
#include "trust_write.h"
#include "x509_parts.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>

struct trust {
    struct anchors anchors;
    struct anchors list_anchors;   /* empty: the anchors are used for lists too */
    STACK_OF(X509) * list_signers; /* out of list files: each has to lead to a list anchor */
    struct revocations *revocations;
    int64_t added_s; /* when what is added has to be in force; INT64_MIN: whenever it is used */
    struct anchors_left_out left_out;
};

struct trust *trust_new(void)
{
    return trust_new_at(INT64_MIN);
}

struct trust *trust_new_at(int64_t now_s)
{
    struct trust *t = calloc(1, sizeof(*t));
    if (t)
        t->added_s = now_s;
    bool good = t && anchors_init(&t->anchors) && anchors_init(&t->list_anchors) &&
                (t->list_signers = sk_X509_new_null()) && (t->revocations = revocations_new());
    if (good)
        return t;
    trust_free(t);
    return NULL;
}

void trust_free(struct trust *t)
{
    if (!t)
        return;
    anchors_fini(&t->anchors);
    anchors_fini(&t->list_anchors);
    sk_X509_pop_free(t->list_signers, X509_free);
    revocations_free(t->revocations);
    free(t);
}

static const struct anchors *list_anchors(const struct trust *t)
{
    return sk_X509_num(t->list_anchors.all) > 0 ? &t->list_anchors : &t->anchors;
}

bool trust_has_crls(const struct trust *t)
{
    return revocations_count(t->revocations) > 0;
}

unsigned trust_anchors_count(const struct trust *t)
{
    int n = sk_X509_num(t->anchors.all);
    return n > 0 ? (unsigned)n : 0;
}

int64_t trust_anchors_until_s(const struct trust *t)
{
    int64_t until_s = INT64_MIN, one_s;
    for (int i = 0; i < sk_X509_num(t->anchors.all); i++)
        if (x509_seconds(X509_get0_notAfter(sk_X509_value(t->anchors.all, i)), &one_s) &&
            one_s > until_s)
            until_s = one_s;
    return until_s;
}

bool trust_has_anchors_at(const struct trust *t, int64_t now_s)
{
    bool has = false;
    for (int i = 0; i < sk_X509_num(t->anchors.all) && !has; i++)
        has = x509_is_in_force(sk_X509_value(t->anchors.all, i), now_s);
    return has;
}

unsigned trust_left_out(const struct trust *t, const char **why)
{
    *why = t->left_out.why;
    return t->left_out.n;
}

void trust_visit_crl_faults(const struct trust *t, void (*visit)(void *user, const char *why),
                            void *user)
{
    for (unsigned i = 0; i < revocations_count(t->revocations); i++) {
        const char *why = revocations_fault(t->revocations, i);
        if (why)
            visit(user, why);
    }
}

const char *trust_crls_fault(const struct trust *t, int64_t now_s, bool was_taken)
{
    const char *why = NULL;
    for (unsigned i = 0; i < revocations_count(t->revocations) && !why; i++)
        why = revocations_fault_at(t->revocations, i, list_anchors(t), t->list_signers, now_s,
                                   was_taken);
    return why;
}

uint64_t trust_crls_count(const struct trust *t)
{
    return revocations_entries(t->revocations);
}

int64_t trust_crls_from_s(const struct trust *t)
{
    return revocations_from_s(t->revocations);
}

int64_t trust_crls_until_s(const struct trust *t)
{
    return revocations_until_s(t->revocations);
}

/* Called whenever something is added: anchors and lists may come in any order. */
static void find_signers(struct trust *t)
{
    revocations_find_signers(t->revocations, list_anchors(t)->all);
    revocations_find_signers(t->revocations, t->list_signers);
}

bool trust_add_anchor(struct trust *t, X509 *x)
{
    const unsigned long before = shortages();
    bool good = anchors_add(&t->anchors, x);
    find_signers(t);
    return good && shortages() == before;
}

/* Where memory ran out, what was to be added counts as not added. */
static bool find_signers_and_end(struct trust *t, bool good, unsigned long since, struct str name,
                                 struct problems *problems)
{
    find_signers(t);
    if (good && shortages() != since)
        text_fault_add(&(struct text_fault){0, "cannot be read: " TRUST_NO_MEMORY}, name, problems);
    return good && shortages() == since;
}

bool trust_add_anchors(struct trust *t, struct str name, struct str text, struct problems *problems)
{
    const unsigned long before = shortages();
    bool good = anchors_read(&t->anchors, name, text, authority_fault, t->added_s, &t->left_out,
                             problems);
    return find_signers_and_end(t, good, before, name, problems);
}

/* Those that have ended stay, for the lists that were taken before. They count as left out. */
static void count_ended(struct trust *t, int from)
{
    for (int i = from; i < sk_X509_num(t->list_anchors.all); i++) {
        const char *why = authority_list_fault(sk_X509_value(t->list_anchors.all, i), t->added_s);
        t->left_out.n += why != NULL;
        t->left_out.why = t->left_out.why ? t->left_out.why : why;
    }
}

bool trust_add_crl_anchors(struct trust *t, struct str name, struct str text,
                           struct problems *problems)
{
    const unsigned long before = shortages();
    const int from = sk_X509_num(t->list_anchors.all);
    bool good = anchors_read(&t->list_anchors, name, text, authority_list_fault, INT64_MIN,
                             &t->left_out, problems);
    count_ended(t, from);
    return find_signers_and_end(t, good, before, name, problems);
}

/* The signer's certificate may stand in the same file as its list. */
static bool keep_signers(struct trust *t, struct str text)
{
    struct text_fault fault;
    STACK_OF(X509) *all = certificates_read_trusted(text, &fault);
    bool good = !all || X509_add_certs(t->list_signers, all, X509_ADD_FLAG_UP_REF) == 1;
    sk_X509_pop_free(all, X509_free);
    return good;
}

bool trust_add_crl_signers(struct trust *t, struct str name, struct str text,
                           struct problems *problems)
{
    const unsigned long before = shortages();
    struct text_fault fault;
    STACK_OF(X509) *all = certificates_read_trusted(text, &fault);
    bool good = all && X509_add_certs(t->list_signers, all, X509_ADD_FLAG_UP_REF) == 1;
    if (!all)
        text_fault_add(&fault, name, problems);
    sk_X509_pop_free(all, X509_free);
    good = find_signers_and_end(t, good, before, name, problems);
    ERR_clear_error();
    return good;
}

bool trust_add_crls_from(struct trust *t, struct str name, struct str text, struct str url,
                         struct problems *problems)
{
    const unsigned long before = shortages();
    struct text_fault fault = {0, "holds a revocation list that cannot be used"};
    STACK_OF(X509_CRL) *all = text_crls(text, &fault);
    bool good = all && keep_signers(t, text);
    for (int i = 0; good && i < sk_X509_CRL_num(all); i++)
        good = revocations_add(t->revocations, sk_X509_CRL_value(all, i), url);
    if (!good)
        text_fault_add(&fault, name, problems);
    sk_X509_CRL_pop_free(all, X509_CRL_free);
    good = find_signers_and_end(t, good, before, name, problems);
    ERR_clear_error();
    return good;
}

bool trust_add_crls(struct trust *t, struct str name, struct str text, struct problems *problems)
{
    return trust_add_crls_from(t, name, text, STR(""), problems);
}

/* ---- in an image ---- */

bool trust_write(const struct trust *t, int64_t crl_grace_s, struct buf *out)
{
    return x509_pack(out, t->anchors.all) && x509_pack(out, t->list_anchors.all) &&
           x509_pack(out, t->list_signers) && revocations_write(t->revocations, crl_grace_s, out);
}

static bool open_anchors(struct anchors *a, struct packed *in)
{
    STACK_OF(X509) *all = x509_unpack(in);
    bool good = all != NULL;
    for (int i = 0; good && i < sk_X509_num(all); i++)
        good = anchors_add(a, sk_X509_value(all, i));
    sk_X509_pop_free(all, X509_free);
    return good;
}

struct trust *trust_open(struct packed *in)
{
    const unsigned long before = shortages();
    struct trust *t = calloc(1, sizeof(*t));
    bool good = t && anchors_init(&t->anchors) && anchors_init(&t->list_anchors) &&
                open_anchors(&t->anchors, in) && open_anchors(&t->list_anchors, in) &&
                (t->list_signers = x509_unpack(in)) && (t->revocations = revocations_open(in));
    if (good && shortages() == before)
        return t;
    trust_free(t);
    return NULL;
}

/* ---- asking ---- */

const char *trust_check_chain(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                              int64_t now_s)
{
    const unsigned long before = shortages();
    int error = anchors_lead(&t->anchors, leaf, more, now_s, NULL);
    if (shortages() != before)
        return TRUST_NO_MEMORY;
    return error == X509_V_OK ? NULL : X509_verify_cert_error_string(error);
}

bool trust_led(const struct trust *t, X509 *leaf, STACK_OF(X509) * more)
{
    return anchors_led(&t->anchors, leaf, more);
}

static void narrow(struct trust_answer *answer, int64_t from_s, int64_t until_s)
{
    answer->from_s = answer->from_s > from_s ? answer->from_s : from_s;
    answer->until_s = answer->until_s < until_s ? answer->until_s : until_s;
}

/* What lists say of one certificate of a chain. */
static void ask(const struct trust *t, STACK_OF(X509) * chain, int i, int64_t now_s,
                struct revocation_answer *one)
{
    X509 *x = sk_X509_value(chain, i), *above = sk_X509_value(chain, i + 1);
    const struct revocation_question q = {
        .certificate = x,
        .issuer = above ? above : anchors_issuer(&t->anchors, x),
        .anchors = list_anchors(t),
        .anchors_are_for_lists = sk_X509_num(t->list_anchors.all) > 0,
        .more = t->list_signers,
        .now_s = now_s,
    };
    revocations_ask(t->revocations, &q, one);
}

#define NO_LIST "no list is about it, or about an authority above it"

/* Asks for the whole chain: revoked when one certificate is, else unknown when one is. An anchor
   needs no list. */
static void ask_all(const struct trust *t, STACK_OF(X509) * chain, int64_t now_s,
                    struct trust_answer *answer)
{
    answer->revoked = TRUST_NOT_REVOKED;
    for (int i = 0, n = sk_X509_num(chain); i < n && answer->revoked != TRUST_REVOKED; i++) {
        struct revocation_answer one;
        ask(t, chain, i, now_s, &one);
        if (one.revocation == REVOCATION_FOUND) {
            answer->revoked = TRUST_REVOKED;
            answer->not_known = NULL;
        } else if (one.revocation == REVOCATION_NONE) {
            narrow(answer, one.from_s, one.until_s);
        } else if (i < n - 1 && answer->revoked == TRUST_NOT_REVOKED) {
            answer->revoked = TRUST_NOT_KNOWN;
            answer->not_known = one.why ? one.why : NO_LIST;
        }
    }
}

/* The leaf's own are judged elsewhere. */
static void narrow_to_authorities(struct trust_answer *answer, STACK_OF(X509) * chain)
{
    int64_t from_s, until_s;
    for (int i = 1; i < sk_X509_num(chain); i++)
        if (x509_seconds(X509_get0_notBefore(sk_X509_value(chain, i)), &from_s) &&
            x509_seconds(X509_get0_notAfter(sk_X509_value(chain, i)), &until_s))
            narrow(answer, from_s, until_s);
}

static void part_at(struct trust_answer *answer, STACK_OF(X509) * all, int64_t now_s)
{
    for (int i = 0; i < sk_X509_num(all); i++)
        x509_dates_part(sk_X509_value(all, i), now_s, &answer->from_s, &answer->until_s);
}

void trust_part_at_anchors(const struct trust *t, int64_t now_s, struct trust_answer *answer)
{
    part_at(answer, t->anchors.all, now_s);
}

/* A fault need not last: whenever one of these certificates or lists begins or ends, another way or
   another list may be good. */
static void narrow_to_dates(struct trust_answer *answer, const struct trust *t, X509 *leaf,
                            STACK_OF(X509) * more, int64_t now_s)
{
    x509_dates_part(leaf, now_s, &answer->from_s, &answer->until_s);
    part_at(answer, more, now_s);
    part_at(answer, t->anchors.all, now_s);
    part_at(answer, t->list_anchors.all, now_s);
    part_at(answer, t->list_signers, now_s);
    revocations_part(t->revocations, now_s, &answer->from_s, &answer->until_s);
}

bool trust_judge(const struct trust *t, X509 *leaf, STACK_OF(X509) * more, int64_t now_s,
                 struct trust_answer *answer, STACK_OF(X509) * *built)
{
    const unsigned long before = shortages();
    STACK_OF(X509) *chain = NULL;
    int error = anchors_lead(&t->anchors, leaf, more, now_s, &chain);
    const char *why = error == X509_V_OK ? NULL : X509_verify_cert_error_string(error);
    *answer = (struct trust_answer){.chain = why, .from_s = INT64_MIN, .until_s = INT64_MAX};
    if (!why)
        narrow_to_authorities(answer, chain);
    if (!why && trust_has_crls(t))
        ask_all(t, chain, now_s, answer);
    if (why && trust_has_crls(t)) {
        answer->revoked = TRUST_NOT_KNOWN;
        answer->not_known = why;
    }
    if (why || answer->revoked == TRUST_NOT_KNOWN || answer->revoked == TRUST_REVOKED)
        narrow_to_dates(answer, t, leaf, more, now_s);
    if (built)
        *built = chain;
    else
        sk_X509_pop_free(chain, X509_free);
    return shortages() == before;
}

const char *trust_check_revoked(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                                int64_t now_s, bool *revoked)
{
    struct trust_answer answer;
    bool judged = trust_judge(t, leaf, more, now_s, &answer, NULL);
    *revoked = judged && answer.revoked == TRUST_REVOKED;
    if (!judged)
        return TRUST_NO_MEMORY;
    return answer.revoked == TRUST_NO_LISTS ? NO_LIST : answer.not_known;
}
