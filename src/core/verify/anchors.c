#include "anchors.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_text.h>
#include <stird/core/sti_certificate.h>

#include "chain_ways.h"
#include "x509_parts.h"

bool anchors_init(struct anchors *a)
{
    a->store = X509_STORE_new();
    a->all = sk_X509_new_null();
    return a->store && a->all;
}

void anchors_fini(struct anchors *a)
{
    X509_STORE_free(a->store);
    sk_X509_pop_free(a->all, X509_free);
}

/* Makes OpenSSL read X's extensions now, while there is memory: if memory ran out later, it would
   remember the anchor as invalid. */
bool anchors_add(struct anchors *a, X509 *x)
{
    X509_check_purpose(x, -1, 0);
    bool good = X509_STORE_add_cert(a->store, x) == 1 &&
                X509_add_cert(a->all, x, X509_ADD_FLAG_UP_REF);
    ERR_clear_error();
    return good;
}

static void complain_of_all(struct str name, const char *why, struct problems *problems)
{
    problems_add(problems, name, 0, "holds no authority that can be used: the first is %s", why);
}

bool anchors_read(struct anchors *a, struct str name, struct str text, anchors_judge *judge,
                  int64_t now_s, struct anchors_left_out *left_out, struct problems *problems)
{
    struct text_fault fault = {0, "holds a certificate that cannot be used as an anchor"};
    STACK_OF(X509) *all = certificates_read_trusted(text, &fault);
    bool good = all != NULL;
    const char *bad = NULL;
    int added = 0;
    for (int i = 0; good && i < sk_X509_num(all); i++) {
        const char *why = judge(sk_X509_value(all, i), now_s);
        bad = bad ? bad : why;
        left_out->n += why != NULL;
        good = why || anchors_add(a, sk_X509_value(all, i));
        added += !why && good;
    }
    if (bad && !left_out->why)
        left_out->why = bad;
    if (!good)
        text_fault_add(&fault, name, problems);
    else if (added == 0)
        complain_of_all(name, bad, problems);
    sk_X509_pop_free(all, X509_free);
    ERR_clear_error();
    return good && added > 0;
}

/* NOW_S, or a time close to it at which LEAF is in force: its own dates are judged elsewhere. */
static int64_t within_dates(X509 *leaf, int64_t now_s)
{
    int64_t from_s, to_s;
    if (x509_seconds(X509_get0_notBefore(leaf), &from_s) && now_s < from_s)
        return from_s;
    if (x509_seconds(X509_get0_notAfter(leaf), &to_s) && now_s > to_s)
        return to_s - 1;
    return now_s;
}

/* OpenSSL does not know the extensions of STIR: where one is critical, we do (sti_certificate.h).
 */
static int know_our_extensions(int good, X509_STORE_CTX *context)
{
    X509 *x = X509_STORE_CTX_get_current_cert(context);
    if (good || !x ||
        X509_STORE_CTX_get_error(context) != X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION ||
        x509_unknown_critical(x))
        return good;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

struct question {
    const struct anchors *anchors;
    X509 *leaf;
    int64_t now_s; /* while the leaf is in force; CHAIN_ANY_TIME: dates are not asked */
    STACK_OF(X509) * *built;
};

#define SECURITY_LEVEL 2 /* of OpenSSL: 112 bits */

/* An anchor need not be self-signed: who lists it trusts it. TRUSTED: instead of all of them. */
static int ask(const struct question *q, STACK_OF(X509) * between, STACK_OF(X509) * trusted)
{
    int error = X509_V_ERR_OUT_OF_MEM;
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context && X509_STORE_CTX_init(context, q->anchors->store, q->leaf, between) == 1) {
        if (trusted)
            X509_STORE_CTX_set0_trusted_stack(context, trusted);
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
        X509_STORE_CTX_set_verify_cb(context, know_our_extensions);
        if (q->now_s == CHAIN_ANY_TIME)
            X509_STORE_CTX_set_flags(context, X509_V_FLAG_NO_CHECK_TIME);
        else
            X509_STORE_CTX_set_time(context, 0, (time_t)q->now_s);
        X509_STORE_CTX_set_depth(context, STI_CHAIN_MAX - 2); /* but the two ends */
        X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context), SECURITY_LEVEL);
        error = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
        if (error == X509_V_OK && X509_STORE_CTX_get_error(context) != X509_V_OK)
            error = X509_STORE_CTX_get_error(context);
        if (error == X509_V_OK && q->built && !(*q->built = X509_STORE_CTX_get1_chain(context)))
            error = X509_V_ERR_OUT_OF_MEM;
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return error;
}

/* Whether OpenSSL accepts exactly this way: its last certificate is the only anchor. */
static bool is_good(void *of, STACK_OF(X509) * way)
{
    const struct question *q = of;
    STACK_OF(X509) *trusted = sk_X509_new_null(), *between = sk_X509_dup(way);
    X509 *anchor = between ? sk_X509_pop(between) : NULL;
    bool good = trusted && anchor && sk_X509_push(trusted, anchor) > 0 &&
                ask(q, between, trusted) == X509_V_OK;
    sk_X509_free(between);
    sk_X509_free(trusted);
    return good;
}

static int ask_all_ways(struct question *q, STACK_OF(X509) * more)
{
    const unsigned long before = shortages();
    int error = ask(q, more, NULL);
    if (error != X509_V_OK && error != X509_V_ERR_OUT_OF_MEM && shortages() == before &&
        chain_ways(q->leaf, more, q->anchors->all, q->now_s, is_good, q))
        error = X509_V_OK;
    return error;
}

int anchors_lead(const struct anchors *a, X509 *leaf, STACK_OF(X509) * more, int64_t now_s,
                 STACK_OF(X509) * *built)
{
    struct question q = {a, leaf, within_dates(leaf, now_s), built};
    if (built)
        *built = NULL;
    return ask_all_ways(&q, more);
}

bool anchors_led(const struct anchors *a, X509 *leaf, STACK_OF(X509) * more)
{
    struct question q = {a, leaf, CHAIN_ANY_TIME, NULL};
    return ask_all_ways(&q, more) == X509_V_OK;
}

X509 *anchors_issuer(const struct anchors *a, X509 *x)
{
    for (int i = 0; i < sk_X509_num(a->all); i++)
        if (x509_issued(sk_X509_value(a->all, i), x))
            return sk_X509_value(a->all, i);
    return NULL;
}
