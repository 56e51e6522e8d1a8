/* Revocation counts for every certificate of a chain. R-V-017. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/trust.h>
#include <stird/lab/lab_ca.h>

#define NOW 1893456000
#define DAY 86400

enum { ROOT, UPPER, LOWER, LEAF, CERTIFICATES };

static EVP_PKEY *keys[CERTIFICATES];
static X509 *certificates[CERTIFICATES]; /* serial: its place + 1 */

static int set_up(void **state)
{
    (void)state;
    static const char *const names[] = {"root", "upper", "lower", "leaf"};
    static const char *const spcs[] = {"709J", NULL};
    for (int i = 0; i < CERTIFICATES; i++) {
        keys[i] = lab_key_new();
        certificates[i] = lab_certificate_new(&(struct lab_certificate){
            .name = names[i],
            .serial = (uint64_t)i + 1,
            .key = keys[i],
            .issuer = i > 0 ? certificates[i - 1] : NULL,
            .issuer_key = i > 0 ? keys[i - 1] : NULL,
            .not_before_s = NOW - 90 * DAY,
            .not_after_s = NOW + (i < LEAF ? 90 : 1) * DAY,
            .authority = i < LEAF,
            .spcs = i == LEAF ? spcs : NULL,
        });
        assert_non_null(certificates[i]);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < CERTIFICATES; i++) {
        X509_free(certificates[i]);
        EVP_PKEY_free(keys[i]);
    }
    return 0;
}

/* "3>4 2>9!": issuer 3 revokes 4; 2 revokes 9, in a list of yesterday. Digits are serials. */
static void add_lists(struct trust *t, const char *lists)
{
    struct problems problems = PROBLEMS_INIT;
    for (; *lists; lists += lists[3] == '!' ? 4 : 3, lists += *lists == ' ') {
        int issuer = lists[0] - '1';
        uint64_t serial = (uint64_t)(lists[2] - '0');
        struct buf text = BUF_INIT;
        X509_CRL *crl = lab_crl_new(certificates[issuer], keys[issuer], NOW - 9 * DAY,
                                    NOW + (lists[3] == '!' ? -1 : 9) * DAY, &serial, 1);
        assert_true(lab_add_crl(&text, crl));
        assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
        X509_CRL_free(crl);
        buf_fini(&text);
    }
}

/* ANCHORS: "1": the root. */
static struct trust *trust_of(const char *anchors, const char *lists)
{
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    for (; *anchors; anchors++) {
        struct buf text = BUF_INIT;
        assert_true(lab_add_certificate(&text, certificates[*anchors - '1']));
        assert_true(trust_add_anchors(t, STR("anchor"), buf_str(&text), &problems));
        buf_fini(&text);
    }
    add_lists(t, lists);
    return t;
}

static const char *answer(const char *anchors, const char *lists, int64_t now_s)
{
    struct trust *t = trust_of(anchors, lists);
    STACK_OF(X509) *more = sk_X509_new_null();
    bool revoked = false;
    sk_X509_push(more, certificates[LOWER]);
    sk_X509_push(more, certificates[UPPER]);
    const char *why = trust_check_revoked(t, certificates[LEAF], more, now_s, &revoked);
    assert_false(why && revoked);
    sk_X509_free(more);
    trust_free(t);
    return revoked ? "revoked" : why ? "not known" : "good";
}

static void every_certificate_of_the_chain_counts(void **state)
{
    (void)state;
    static const struct {
        const char *anchors, *lists, *want;
    } cases[] = {
        {"1", "3>4", "revoked"},
        {"1", "3>9", "not known"}, /* of the authorities no list tells */
        {"1", "2>9 3>9", "not known"},
        {"1", "1>9 3>9", "not known"},
        {"1", "2>3", "revoked"},
        {"1", "1>2", "revoked"},
        {"1", "1>1", "revoked"}, /* the root revokes itself: nobody else could */
        {"1", "2>3 3>9", "revoked"},
        {"1", "1>2 2>9 3>9", "revoked"},
        {"1", "1>9 2>9 3>9", "good"},
        {"1", "1>9 2>9", "not known"}, /* none is about the leaf */
        {"1", "1>2 2>9 3>9!", "revoked"},
        {"1", "1>9 2>9 3>9!", "not known"},
        {"1", "1>9! 2>9 3>9", "not known"}, /* about an authority, but of yesterday */
        {"1", "1>9 2>9! 3>9", "not known"},
        {"1", "1>2! 2>9 3>9", "revoked"}, /* what a list of yesterday revokes stays revoked */
        {"1", "2>3! 3>9", "revoked"},
        {"1", "3>4!", "revoked"},
        {"1", "1>9 2>9 3>9! 3>9", "good"}, /* another one took its place */
        {"12", "1>2 3>9", "revoked"},      /* an anchor that the root has revoked since */
        {"123", "1>2 3>9", "good"}, /* what is above the anchor that was taken says nothing */
        {"123", "2>3 3>9", "revoked"},
        {"2", "2>3 3>9", "revoked"},
        {"2", "3>9", "not known"},
        {"2", "2>9 3>9", "good"},
        {"3", "3>9", "good"},
        {"3", "3>4", "revoked"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = answer(cases[i].anchors, cases[i].lists, NOW);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("anchors %s, lists %s: %s instead of %s", cases[i].anchors, cases[i].lists,
                     got, cases[i].want);
    }
}

/* A certificate is looked at while it is in force, or its list would say nothing of it. */
static void after_the_end_of_the_leaf(void **state)
{
    (void)state;
    assert_string_equal(answer("1", "2>3 3>9", NOW + 2 * DAY), "revoked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_certificate_of_the_chain_counts),
        cmocka_unit_test(after_the_end_of_the_leaf),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
