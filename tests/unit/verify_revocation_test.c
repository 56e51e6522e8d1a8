/* Certificates that are revoked, and lists that do not tell. */
#include "verify_lab.h"

/* A revocation list: who signed it, in whose name, in force when, and whom it revokes. */
struct list {
    X509 *issuer;
    EVP_PKEY *by;
    int from_days, to_days;
    unsigned revoked; /* a serial; 0: nobody */
};

static void add_list(struct trust *t, const struct list *l)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    const uint64_t serials[] = {7, l->revoked};
    X509_CRL *crl = lab_crl_new(l->issuer, l->by, NOW + l->from_days * DAY, NOW + l->to_days * DAY,
                                serials, l->revoked ? 2 : 1);
    assert_true(lab_add_crl(&text, crl));
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
    X509_CRL_free(crl);
    buf_fini(&text);
}

static struct verify_report ask_with_lists(struct arena *arena, const struct buf *value,
                                           const struct list *lists, unsigned n)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf anchors = BUF_INIT, chain = good_chain();
    struct trust *t = trust_new();
    assert_true(lab_add_certificate(&anchors, root));
    assert_true(trust_add_anchors(t, STR("root"), buf_str(&anchors), &problems));
    for (unsigned i = 0; i < n; i++)
        add_list(t, &lists[i]);
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    struct verify_report r = ask(arena, (struct whole_question){.value = buf_str(value),
                                                                .now_s = NOW,
                                                                .has_message = true,
                                                                .orig = &orig,
                                                                .dest = &dest,
                                                                .chain = buf_str(&chain),
                                                                .trust = t});
    trust_free(t);
    buf_fini(&anchors);
    buf_fini(&chain);
    return r;
}

/* R-V-017. */
static void revoked_certificates_are_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT;
    const struct list above = {root, root_key, -1, 1, 0};
    const struct list leaf_is[] = {above, {issuer, issuer_key, -1, 1, 3}};
    const struct list issuer_is[] = {{root, root_key, -1, 1, 2}};
    const struct list none_is[] = {above, {issuer, issuer_key, -1, 1, 0}};
    sign(&value, key, NOW);
    struct verify_report r = ask_with_lists(arena, &value, leaf_is, 2);
    expect(&r, TOKEN_INVALID, 437, VERIFY_REVOKED, "revoked");
    r = ask_with_lists(arena, &value, leaf_is + 1, 1);
    expect(&r, TOKEN_INVALID, 437, VERIFY_REVOKED, "revoked, of the issuer nothing is known");
    r = ask_with_lists(arena, &value, issuer_is, 1);
    expect(&r, TOKEN_INVALID, 437, VERIFY_REVOKED, "the issuer is revoked");
    r = ask_with_lists(arena, &value, none_is, 2);
    expect(&r, TOKEN_VALID, 0, 0, "another one is revoked");
    assert_int_equal(r.finding[VERIFY_REVOKED].result, VERIFY_PASSED);
    buf_fini(&value);
    arena_free(arena);
}

/* Lists that do not tell are no lists that say "not revoked": the check was not done. */
static void lists_that_do_not_tell_leave_it_open(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT;
    EVP_PKEY *other_key = lab_key_new();
    X509 *other = make("other root", 1, other_key, true, true, NULL, NULL);
    const struct list above = {root, root_key, -1, 1, 0};
    const struct {
        const char *name;
        struct list lists[2];
        unsigned n;
    } cases[] = {
        {"another authority's", {{other, other_key, -1, 1, 3}}, 1},
        {"another authority's besides", {above, {other, other_key, -1, 1, 3}}, 2},
        {"the root's alone", {above}, 1},
        {"the issuer's alone", {{issuer, issuer_key, -1, 1, 0}}, 1},
        {"expired", {above, {issuer, issuer_key, -2, -1, 0}}, 2},
        {"not yet in force", {above, {issuer, issuer_key, 1, 2, 0}}, 2},
        {"expired above", {{root, root_key, -2, -1, 0}, {issuer, issuer_key, -1, 1, 0}}, 2},
        {"forged", {above, {issuer, other_key, -1, 1, 0}}, 2},
        {"forged above", {{root, other_key, -1, 1, 0}, {issuer, issuer_key, -1, 1, 0}}, 2},
        {"forged, and revoking", {above, {issuer, other_key, -1, 1, 3}}, 2},
    };
    sign(&value, key, NOW);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct verify_report r = ask_with_lists(arena, &value, cases[i].lists, cases[i].n);
        expect(&r, TOKEN_OPEN, 0, 0, cases[i].name);
        assert_int_equal(r.finding[VERIFY_REVOKED].result, VERIFY_NOT_DONE);
        assert_true(r.finding[VERIFY_REVOKED].text.n > 0);
    }
    X509_free(other);
    EVP_PKEY_free(other_key);
    buf_fini(&value);
    arena_free(arena);
}

static enum verify_result chain_at(const struct sti_certificate *c, struct str value, int64_t now_s)
{
    struct arena *arena = arena_new(4096);
    struct token token;
    struct verify_report r;
    assert_true(token_read(&token, value, arena));
    const struct verify_question q = {
        .token = &token, .certificate = c, .now_s = now_s, .max_age_s = VERIFY_MAX_AGE_S};
    assert_true(verify(&q, arena, &r));
    token_fini(&token);
    arena_free(arena);
    return r.finding[VERIFY_CHAIN].result;
}

/* An answer, good or bad, is that of its time: behind a date that changes it, it is no answer. */
static void an_answer_of_another_time_is_none(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT, text = BUF_INIT;
    struct sti_certificate early, late;
    X509 *leaf = make("SHAKEN 709J", 3, key, false, false, spcs, NULL);
    X509 *begins = lab_certificate_new(&(struct lab_certificate){.name = "lab issuer",
                                                                 .serial = 9,
                                                                 .key = issuer_key,
                                                                 .issuer = root,
                                                                 .issuer_key = root_key,
                                                                 .not_before_s = NOW + DAY,
                                                                 .not_after_s = NOW + 9 * DAY,
                                                                 .authority = true});
    assert_true(lab_add_certificate(&text, leaf) && lab_add_certificate(&text, begins));
    assert_true(sti_certificate_prepare(&early, buf_str(&text), trust, NOW, arena));
    assert_true(sti_certificate_prepare(&late, buf_str(&text), trust, NOW + 2 * DAY, arena));
    sign(&value, key, NOW);
    assert_int_equal(chain_at(&early, buf_str(&value), NOW), VERIFY_FAILED);
    assert_int_equal(chain_at(&early, buf_str(&value), NOW + 2 * DAY), VERIFY_NOT_DONE);
    assert_int_equal(chain_at(&late, buf_str(&value), NOW + 2 * DAY), VERIFY_PASSED);
    assert_int_equal(chain_at(&late, buf_str(&value), NOW), VERIFY_NOT_DONE);
    sti_certificate_fini(&early);
    sti_certificate_fini(&late);
    X509_free(leaf);
    X509_free(begins);
    buf_fini(&value);
    buf_fini(&text);
    arena_free(arena);
}

static void anchors_and_lists_that_are_none_are_problems(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    struct buf chain = good_chain();
    assert_false(trust_add_anchors(t, STR("a"), STR("nothing"), &problems));
    assert_false(trust_add_anchors(t, STR("a"), STR(""), &problems));
    assert_false(
        trust_add_anchors(t, STR("a"), str_slice(buf_str(&chain), 0, chain.n - 40), &problems));
    assert_false(trust_add_crls(t, STR("c"), STR("nothing"), &problems));
    assert_false(trust_add_crls(t, STR("c"), buf_str(&chain), &problems));
    assert_int_equal(problems.n, 5);
    assert_false(trust_has_crls(t));
    problems_fini(&problems);
    buf_fini(&chain);
    trust_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(revoked_certificates_are_refused),
        cmocka_unit_test(lists_that_do_not_tell_leave_it_open),
        cmocka_unit_test(an_answer_of_another_time_is_none),
        cmocka_unit_test(anchors_and_lists_that_are_none_are_problems),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
