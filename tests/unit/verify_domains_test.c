/* The numbers that domains of trust may vouch for, while one that was asked cannot answer: a
 * certificate's good domain passes what it may vouch for; what another one might have vouched for
 * is open, and only what none would is refused. R-V-039. */
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

static struct verify_report ask_domains(struct arena *arena, struct str value,
                                        const struct trust_image *image, uint64_t domains)
{
    const struct tn orig = lab_tn(CALLS), dest = lab_tn("12155550131");
    struct buf chain = good_chain();
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_another_domain_might_vouch_for)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
