/* Tokens of our own signer in which one thing is wrong. */
#include "verify_lab.h"

struct change {
    const char *name;
    enum token_verdict verdict;
    int status;
    enum verify_check decided;
    struct buf (*chain)(void);
    void (*ask)(struct whole_question *q);
};

static struct buf no_chain(void)
{
    return (struct buf)BUF_INIT;
}

static struct buf without_issuer(void)
{
    return serve(make("SHAKEN 709J", 3, key, false, false, spcs, NULL), false);
}

static struct buf of_another_key(void)
{
    EVP_PKEY *other = lab_key_new();
    struct buf text = serve(make("SHAKEN 709J", 3, other, false, false, spcs, NULL), true);
    EVP_PKEY_free(other);
    return text;
}

static struct buf without_list(void)
{
    return serve(make("SHAKEN", 3, key, false, false, NULL, NULL), true);
}

static struct buf of_an_authority(void)
{
    return serve(make("SHAKEN 709J", 3, key, true, false, spcs, NULL), true);
}

static struct buf of_p384(void)
{
    EVP_PKEY *other = EVP_EC_gen("P-384");
    struct buf text = serve(make("SHAKEN 709J", 3, other, false, false, spcs, NULL), true);
    EVP_PKEY_free(other);
    return text;
}

static struct buf of_numbers(const char *one)
{
    const char *const numbers[] = {"13125550000", one, NULL};
    return serve(make("delegate", 4, key, false, false, NULL, numbers), true);
}

static struct buf of_its_number(void)
{
    return of_numbers("12155550121");
}

static struct buf of_its_range(void)
{
    return of_numbers("12155550100+22");
}

static struct buf of_a_range_below(void)
{
    return of_numbers("12155550100+21");
}

static struct buf of_a_shorter_range(void)
{
    return of_numbers("1215555010+50000");
}

static struct buf issuer_only(void)
{
    struct buf text = BUF_INIT;
    assert_true(lab_add_certificate(&text, issuer));
    return text;
}

static struct buf no_certificate(void)
{
    struct buf text = BUF_INIT;
    buf_add_text(&text, "<html>404</html>");
    return text;
}

static struct buf in_der(void)
{
    struct buf text = BUF_INIT;
    unsigned char *der = NULL;
    X509 *leaf = make("SHAKEN 709J", 3, key, false, true, spcs, NULL);
    int n = i2d_X509(leaf, &der);
    assert_true(n > 0);
    buf_add(&text, der, (size_t)n);
    OPENSSL_free(der);
    X509_free(leaf);
    return text;
}

static void in_61_s(struct whole_question *q)
{
    q->now_s = NOW + 61;
}

static void a_minute_ago(struct whole_question *q)
{
    q->now_s = NOW - 61;
}

static void in_60_s(struct whole_question *q)
{
    q->now_s = NOW + 60;
}

static void in_a_year(struct whole_question *q)
{
    q->now_s = NOW + 365 * DAY;
}

static void other_caller(struct whole_question *q)
{
    static struct tn tn;
    tn = lab_tn("12155550122");
    q->orig = &tn;
}

static void no_caller(struct whole_question *q)
{
    q->orig = NULL;
}

static void other_called(struct whole_question *q)
{
    static struct tn tn;
    tn = lab_tn("12155550132");
    q->dest = &tn;
}

static void no_message(struct whole_question *q)
{
    q->has_message = false;
}

static void not_fetched(struct whole_question *q)
{
    q->chain_fault = "it answers 404";
}

static void no_anchors(struct whole_question *q)
{
    q->trust = NULL;
}

static void cut(struct whole_question *q)
{
    q->value.n -= 60;
}

static const struct change changes[] = {
    {"good", TOKEN_VALID, 0, 0, good_chain, NULL},
    {"without a message", TOKEN_OPEN, 0, 0, good_chain, no_message},
    {"60 s old", TOKEN_VALID, 0, 0, good_chain, in_60_s},
    {"61 s old", TOKEN_INVALID, 403, VERIFY_FRESH, good_chain, in_61_s},
    {"61 s ahead", TOKEN_INVALID, 403, VERIFY_FRESH, good_chain, a_minute_ago},
    {"changed From", TOKEN_INVALID, 438, VERIFY_ORIG, good_chain, other_caller},
    {"anonymous From", TOKEN_INVALID, 438, VERIFY_ORIG, good_chain, no_caller},
    {"changed To", TOKEN_INVALID, 438, VERIFY_DEST, good_chain, other_called},
    {"cut header", TOKEN_INVALID, 438, VERIFY_SYNTAX, good_chain, cut},
    {"certificate not asked for", TOKEN_OPEN, 0, 0, no_chain, NULL},
    {"certificate not to be had", TOKEN_INVALID, 436, VERIFY_FETCH, no_chain, not_fetched},
    {"no anchors", TOKEN_OPEN, 0, 0, good_chain, no_anchors},
    {"a web page", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, no_certificate, NULL},
    {"issuer missing", TOKEN_INVALID, 437, VERIFY_CHAIN, without_issuer, NULL},
    {"another key", TOKEN_INVALID, 438, VERIFY_SIGNATURE, of_another_key, NULL},
    {"no TNAuthList", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, without_list, NULL},
    {"an authority's", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, of_an_authority, NULL},
    {"issuer first", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, issuer_only, NULL},
    {"P-384", TOKEN_INVALID, 437, VERIFY_CERTIFICATE, of_p384, NULL},
    {"in DER", TOKEN_VALID, 0, 0, in_der, NULL},
    {"expired", TOKEN_INVALID, 403, VERIFY_FRESH, good_chain, in_a_year},
    {"its number", TOKEN_VALID, 0, 0, of_its_number, NULL},
    {"its range", TOKEN_VALID, 0, 0, of_its_range, NULL},
    {"a range below", TOKEN_INVALID, 437, VERIFY_SCOPE, of_a_range_below, NULL},
    {"a range of shorter numbers", TOKEN_INVALID, 437, VERIFY_SCOPE, of_a_shorter_range, NULL},
};

/* R-V-016. */
static void one_thing_is_wrong(void **state)
{
    (void)state;
    struct buf value = BUF_INIT;
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    sign(&value, key, NOW);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const struct change *c = &changes[i];
        struct arena *arena = arena_new(4096);
        struct buf chain = c->chain();
        struct whole_question q = {.value = buf_str(&value),
                                   .now_s = NOW,
                                   .has_message = true,
                                   .orig = &orig,
                                   .dest = &dest,
                                   .chain = buf_str(&chain),
                                   .trust = trust};
        if (c->ask)
            c->ask(&q);
        struct verify_report r = ask(arena, q);
        expect(&r, c->verdict, c->status, c->decided, c->name);
        arena_free(arena);
        buf_fini(&chain);
    }
    buf_fini(&value);
}

/* Everything that is wrong is told, not only what decides. */
static void all_findings_are_told(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT, chain = of_another_key();
    const struct tn other = lab_tn("13125550000");
    sign(&value, key, NOW - 100);
    struct verify_report r = ask(arena, (struct whole_question){.value = buf_str(&value),
                                                                .now_s = NOW + 365 * DAY,
                                                                .has_message = true,
                                                                .orig = &other,
                                                                .dest = &other,
                                                                .chain = buf_str(&chain),
                                                                .trust = trust});
    static const enum verify_check failed[] = {VERIFY_FRESH, VERIFY_ORIG, VERIFY_DEST,
                                               VERIFY_SIGNATURE, VERIFY_DATES};
    for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++)
        assert_int_equal(r.finding[failed[i]].result, VERIFY_FAILED);
    assert_int_equal(r.finding[VERIFY_CHAIN].result, VERIFY_PASSED);
    assert_str(r.attest, STR("A"));
    assert_str(r.spc, STR("709J"));
    assert_str(r.orig, STR("12155550121"));
    assert_int_equal(r.iat_s, NOW - 100);
    buf_fini(&value);
    buf_fini(&chain);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thing_is_wrong),
        cmocka_unit_test(all_findings_are_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
