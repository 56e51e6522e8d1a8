/* The numbers that domains of trust may vouch for, while one that was asked cannot answer: a
 * certificate's good domain passes what it may vouch for; what another one might have vouched for
 * is open, and only what none would is refused. And two domains do not say together what neither
 * says alone. R-V-039. */
#include "verify_lab.h"

#include <stird/core/trust_image.h>

#define GOOD  UINT64_C(1)
#define GONE  UINT64_C(2) /* its authorities are not at hand */
#define CALLS "12155550121"

static struct str one = STR("1"), france = STR("33"), britain = STR("44");

/* An image of a domain that the chains of the lab lead to, and of one that is unavailable. */
static struct trust_image *image_of(struct buf *room, const struct str *good,
                                    const struct str *gone, const struct trust *nobody)
{
    const struct trust_image_domain domains[] = {
        {.name = STR("good"), .countries = good, .n_countries = good != NULL, .trust = trust},
        {.name = STR("gone"), .countries = gone, .n_countries = gone != NULL, .trust = nobody}};
    const char *why = NULL;
    assert_true(trust_image_write(room, domains, 2));
    struct trust_image *image = trust_image_open(buf_str(room), 1, &why);
    assert_non_null(image);
    return image;
}

/* What URL serves is CHAIN, which is freed. */
static struct verify_report ask_of(struct arena *arena, struct str value, struct buf chain,
                                   const struct trust_image *image, uint64_t domains)
{
    const struct tn orig = lab_tn(CALLS), dest = lab_tn("12155550131");
    struct sti_certificate c;
    struct verify_report report;
    struct token token;
    assert_true(token_read(&token, value, arena));
    assert_true(sti_certificate_prepare_for(&c, buf_str(&chain), image, domains, NOW, arena));
    const struct verify_question q = {.token = &token,
                                      .certificate = &c,
                                      .image = image,
                                      .now_s = NOW,
                                      .max_age_s = VERIFY_MAX_AGE_S,
                                      .has_message = true,
                                      .orig = &orig,
                                      .dest = &dest};
    assert_true(verify(&q, arena, &report));
    token_fini(&token);
    sti_certificate_fini(&c);
    buf_fini(&chain);
    return report;
}

static struct verify_report ask_domains(struct arena *arena, struct str value,
                                        const struct trust_image *image, uint64_t domains)
{
    return ask_of(arena, value, good_chain(), image, domains);
}

static void what_another_domain_might_vouch_for(void **state)
{
    static const struct {
        const char *name;
        const struct str *good, *gone; /* countries; NULL: all */
        uint64_t domains;
        enum token_verdict verdict;
    } rows[] = {
        {"the good one may", &one, &one, GOOD | GONE | TRUST_LACKING, TOKEN_VALID},
        {"the good one may, for all", NULL, &one, GOOD | GONE, TOKEN_VALID},
        {"a lacking one might", &france, &britain, GOOD | TRUST_LACKING, TOKEN_OPEN},
        {"one without authorities might", &france, &one, GOOD | GONE, TOKEN_OPEN},
        {"one without authorities might, for all", &france, NULL, GOOD | GONE, TOKEN_OPEN},
        {"nobody would", &france, &britain, GOOD | GONE, TOKEN_INVALID},
        {"whoever might is not asked", &france, &one, GOOD, TOKEN_INVALID},
    };
    (void)state;
    struct trust *nobody = trust_new();
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT;
    sign(&value, key, NOW);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf room = BUF_INIT;
        struct trust_image *image = image_of(&room, rows[i].good, rows[i].gone, nobody);
        const struct verify_report r = ask_domains(arena, buf_str(&value), image, rows[i].domains);
        expect(&r, rows[i].verdict, rows[i].verdict == TOKEN_INVALID ? 437 : 0, VERIFY_SCOPE,
               rows[i].name);
        if (rows[i].verdict == TOKEN_OPEN) {
            const struct verify_finding *f = &r.finding[VERIFY_SCOPE];
            assert_int_equal(f->result, VERIFY_NOT_DONE);
            assert_true(str_starts(f->text, STR("not known: its domain of trust may not vouch")));
        }
        trust_image_close(image);
        buf_fini(&room);
    }
    buf_fini(&value);
    arena_free(arena);
    trust_free(nobody);
}

/* ---- two domains, both at hand ---- */

enum way {
    GOOD_WAY,
    WIDENS,       /* by its anchor: one for numbers alone, above a code */
    OTHER_NUMBER, /* its anchor is for other numbers than the leaf */
    REVOKES,
    NO_CRL_OPENS /* no revocation list is at hand, and crl_stale is "open" */
};

static struct trust *trust_by(enum way way)
{
    static const char *const numbers[] = {"12155550000+1000", NULL}, *const other[] = {
                                                                         "13035550100", NULL};
    struct trust *t = trust_new();
    if (way == WIDENS || way == OTHER_NUMBER) {
        X509 *anchor = lab_certificate_new(
            &(struct lab_certificate){.name = "lab issuer",
                                      .serial = 9,
                                      .key = issuer_key,
                                      .not_before_s = NOW - DAY,
                                      .not_after_s = NOW + DAY,
                                      .authority = true,
                                      .numbers = way == WIDENS ? numbers : other});
        assert_true(trust_add_anchor(t, anchor));
        X509_free(anchor);
    } else {
        assert_true(trust_add_anchor(t, root));
    }
    if (way == REVOKES) {
        const uint64_t serial = 3;
        struct problems problems = PROBLEMS_INIT;
        struct buf text = BUF_INIT;
        X509_CRL *crl = lab_crl_new(issuer, issuer_key, NOW - DAY, NOW + DAY, &serial, 1);
        assert_true(lab_add_crl(&text, crl) && lab_add_certificate(&text, issuer));
        assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
        X509_CRL_free(crl);
        buf_fini(&text);
    }
    return t;
}

static const struct row {
    const char *name;
    struct {
        enum way way;
        const struct str *country;
    } of[2];
    enum token_verdict verdict;
    enum verify_check decided;
    unsigned domain; /* of the record */
    bool for_numbers;
} rows[] = {
    {"both", {{GOOD_WAY, &one}, {GOOD_WAY, &one}}, TOKEN_VALID, 0, 0, false},
    {"the second", {{GOOD_WAY, &britain}, {GOOD_WAY, &one}}, TOKEN_VALID, 0, 1, false},
    {"no list of the one that may",
     {{GOOD_WAY, &britain}, {NO_CRL_OPENS, &one}},
     TOKEN_OPEN,
     0,
     1,
     false},
    {"no list of the other one",
     {{NO_CRL_OPENS, &britain}, {GOOD_WAY, &one}},
     TOKEN_VALID,
     0,
     1,
     false},
    {"it widens by the one that may",
     {{GOOD_WAY, &britain}, {WIDENS, &one}},
     TOKEN_INVALID,
     VERIFY_CERTIFICATE,
     1,
     false},
    {"it widens by the other one",
     {{WIDENS, &britain}, {GOOD_WAY, &one}},
     TOKEN_VALID,
     0,
     1,
     false},
    {"one of two passes it", {{WIDENS, &one}, {GOOD_WAY, &one}}, TOKEN_VALID, 0, 1, false},
    {"one of two leaves it open", {{WIDENS, &one}, {NO_CRL_OPENS, &one}}, TOKEN_OPEN, 0, 1, false},
    {"what passes is more than what is open",
     {{NO_CRL_OPENS, &one}, {GOOD_WAY, &one}},
     TOKEN_VALID,
     0,
     1,
     false},
    {"its number is not that of the one that may",
     {{GOOD_WAY, &britain}, {OTHER_NUMBER, &one}},
     TOKEN_INVALID,
     VERIFY_SCOPE,
     1,
     true},
    {"its number is not that of the other one",
     {{OTHER_NUMBER, &britain}, {GOOD_WAY, &one}},
     TOKEN_VALID,
     0,
     1,
     true},
    {"revoked by one that may not vouch",
     {{REVOKES, &britain}, {GOOD_WAY, &one}},
     TOKEN_INVALID,
     VERIFY_REVOKED,
     1,
     false},
    {"none may",
     {{GOOD_WAY, &britain}, {GOOD_WAY, &france}},
     TOKEN_INVALID,
     VERIFY_SCOPE,
     0,
     false},
};

/* ROW's first domain stands first, or with TURN second. */
static struct trust_image *open_image(const struct row *row, size_t turn, struct buf *room,
                                      struct trust_image_domain domains[2])
{
    const char *why = NULL;
    for (size_t d = 0; d < 2; d++)
        domains[d ^ turn] = (struct trust_image_domain){
            .name = d == 0 ? STR("first") : STR("second"),
            .countries = row->of[d].country,
            .n_countries = 1,
            .wants_crls = row->of[d].way == NO_CRL_OPENS,
            .crl_opens = row->of[d].way == NO_CRL_OPENS,
            .trust = trust_by(row->of[d].way)};
    assert_true(trust_image_write(room, domains, 2));
    struct trust_image *image = trust_image_open(buf_str(room), 1, &why);
    assert_non_null(image);
    return image;
}

/* By the domains of the mask ASKED. */
static struct verify_report report_of(const struct row *row, struct arena *arena, struct str value,
                                      const struct trust_image *image, uint64_t asked)
{
    static const char *const leaf_numbers[] = {CALLS, NULL};
    struct buf chain = row->for_numbers
                           ? serve(make("SHAKEN", 3, key, false, false, NULL, leaf_numbers), true)
                           : good_chain();
    return ask_of(arena, value, chain, image, asked);
}

/* In either order, and each alone: what none passes alone is not passed together. */
static void two_domains_say_no_more_than_each(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct buf value = BUF_INIT;
    sign(&value, key, NOW);
    for (size_t at = 0; at < 2 * sizeof(rows) / sizeof(rows[0]); at++) {
        const struct row *row = &rows[at / 2];
        const size_t turn = at % 2;
        struct trust_image_domain domains[2];
        struct buf room = BUF_INIT;
        struct trust_image *image = open_image(row, turn, &room, domains);
        bool alone = false;
        for (uint64_t asked = 1; asked < 3; asked++)
            alone |= report_of(row, arena, buf_str(&value), image, asked).verdict == TOKEN_VALID;
        const struct verify_report r = report_of(row, arena, buf_str(&value), image, 3);
        expect(&r, row->verdict, row->verdict == TOKEN_INVALID ? 437 : 0, row->decided, row->name);
        assert_true(alone || r.verdict != TOKEN_VALID);
        if (turn == 0)
            assert_int_equal(r.domain, row->domain);
        trust_image_close(image);
        buf_fini(&room);
        for (size_t d = 0; d < 2; d++)
            trust_free((struct trust *)domains[d].trust);
    }
    buf_fini(&value);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_another_domain_might_vouch_for),
                                       cmocka_unit_test(two_domains_say_no_more_than_each)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
