/* What a profile believes of an image that was made for another configuration: what it names, of
 * the same settings, wherever that lies; what it lacks leaves open whom nobody else vouches for. */
#include "lab.h"

#include <stird/core/believed.h>
#include <stird/core/certificate_cache.h>
#include <stird/core/certificate_text.h>
#include <stird/lab/lab_ca.h>

#define NOW  1893456000
#define DAYS 86400

enum { US, FR, OTHER_US, DOMAINS };
static struct trust *trusts[DOMAINS];
static struct buf chains[DOMAINS]; /* each leads to one of them */

static struct trust_setting domain_of(const char *name, int of)
{
    static char marks[DOMAINS][2] = {"0", "1", "2"};
    return (struct trust_setting){.name = str_of(name), .mark = {marks[of], 1}};
}

/* An image of the domains that C names, with the authorities of WHO. */
static struct trust_image *image_of(struct buf *room, const struct trust_setting *list,
                                    const int *who, unsigned n, uint64_t generation)
{
    struct trust_image_domain domains[DOMAINS] = {{.n_countries = 0}};
    const char *why = NULL;
    for (unsigned i = 0; i < n; i++)
        domains[i] = (struct trust_image_domain){
            .name = list[i].name, .mark = list[i].mark, .trust = trusts[who[i]]};
    buf_reset(room);
    assert_true(trust_image_write(room, domains, n));
    struct trust_image *image = trust_image_open(buf_str(room), generation, &why);
    if (!image)
        fail_msg("%s", why);
    return image;
}

enum told { TRUSTED, DISTRUSTED, OPEN };

static enum told told_of(const struct sti_certificate *c)
{
    assert_true(c->has_anchors);
    return c->is_open ? OPEN : c->by_anchors.chain ? DISTRUSTED : TRUSTED;
}

/* What the certificate OF is to a profile that believes the domains NAMED of LIST, by an image: as
   it is judged, and as a cache has it that serves all rows. */
static enum told ask(struct certificate_cache *cache, const struct trust_image *image,
                     const struct settings *s, uint32_t named, int of)
{
    static const char *const urls[] = {"https://a.example/us", "https://a.example/fr",
                                       "https://a.example/other"};
    const struct verification_setting profile = {.trust = named};
    const uint64_t domains = believed_domains(image, s, &profile);
    const struct certificate_ground ground = {image, domains, NOW};
    const struct certificate_body body = {.url = str_of(urls[of]),
                                          .text = buf_str(&chains[of]),
                                          .fetched_s = NOW,
                                          .stale_s = NOW + DAYS,
                                          .ends_s = NOW + DAYS};
    struct arena *arena = arena_new(4096);
    struct sti_certificate c;
    const struct sti_certificate *found;
    assert_true(sti_certificate_prepare_for(&c, buf_str(&chains[of]), image, domains, NOW, arena));
    const enum told told = told_of(&c);
    sti_certificate_fini(&c);
    arena_free(arena);
    if (certificate_cache_get(cache, body.url, &ground, &found) == CERTIFICATE_IS_UNKNOWN)
        assert_true(certificate_cache_put(cache, &body, &ground, &found));
    assert_int_equal(told_of(found), told);
    return told;
}

static void by_name_and_settings(void **state)
{
    const struct trust_setting us = domain_of("us", US), fr = domain_of("fr", FR),
                               changed = domain_of("us", OTHER_US);
    /* A profile that believes "us" alone, or all of NOW, of an image of BEFORE. */
    const struct {
        const char *what;
        struct trust_setting before[2];
        int who[2];
        unsigned n_before;
        struct trust_setting now[2];
        unsigned n_now;
        uint32_t named;
        enum told us, fr;
    } rows[] = {
        {"as it was", {us, fr}, {US, FR}, 2, {us, fr}, 2, 1, TRUSTED, DISTRUSTED},
        {"in another order", {us, fr}, {US, FR}, 2, {fr, us}, 2, 2, TRUSTED, DISTRUSTED},
        {"back again", {fr, us}, {FR, US}, 2, {us, fr}, 2, 1, TRUSTED, DISTRUSTED},
        {"one before it", {us}, {US}, 1, {fr, us}, 2, 2, TRUSTED, DISTRUSTED},
        {"one taken out before it", {fr, us}, {FR, US}, 2, {us}, 1, 1, TRUSTED, DISTRUSTED},
        {"not there yet", {fr}, {FR}, 1, {us}, 1, 1, OPEN, OPEN},
        {"one of two not there yet", {us}, {US}, 1, {fr, us}, 2, 3, TRUSTED, OPEN},
        {"both are there", {us, fr}, {US, FR}, 2, {fr, us}, 2, 3, TRUSTED, TRUSTED},
        {"other authorities", {us, fr}, {US, FR}, 2, {changed, fr}, 2, 1, OPEN, OPEN},
        {"other authorities of one", {us, fr}, {US, FR}, 2, {changed, fr}, 2, 3, OPEN, TRUSTED},
        {"those are there",
         {changed, fr},
         {OTHER_US, FR},
         2,
         {changed, fr},
         2,
         1,
         DISTRUSTED,
         DISTRUSTED},
        {"an image of nothing", {us}, {US}, 0, {us, fr}, 2, 3, OPEN, OPEN},
    };
    struct certificate_cache *cache = certificate_cache_new(16, 16);
    struct buf room = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct settings s = {.trusts = rows[i].now, .n_trusts = rows[i].n_now};
        struct trust_image *image = image_of(&room, rows[i].before, rows[i].who, rows[i].n_before,
                                             i + 1);
        const enum told us_told = ask(cache, image, &s, rows[i].named, US),
                        fr_told = ask(cache, image, &s, rows[i].named, FR);
        if (us_told != rows[i].us || fr_told != rows[i].fr)
            fail_msg("%s: us %d, fr %d", rows[i].what, (int)us_told, (int)fr_told);
        trust_image_close(image);
    }
    certificate_cache_free(cache);
    buf_fini(&room);
}

static void without_an_image_all_are_lacking(void **state)
{
    const struct trust_setting us = domain_of("us", US);
    const struct settings s = {.trusts = &us, .n_trusts = 1};
    (void)state;
    assert_true(believed_domains(NULL, &s, &(struct verification_setting){.trust = 1}) ==
                TRUST_LACKING);
    assert_true(believed_domains(NULL, &s, &(struct verification_setting){.trust = 0}) == 0);
}

/* Whatever says whom it believes, or for what, makes another mark; how lists come does not. */
static void marks(void **state)
{
    static const struct str one[] = {STR("1")}, two[] = {STR("1"), STR("33")};
    const struct trust_setting all[] = {
        {.anchors = STR("/a")},
        {.anchors = STR("/b")},
        {.list = STR("/a")},
        {.list_anchor = STR("/a")},
        {.list_signer = STR("/a")},
        {.crl_anchor = STR("/a")},
        {.crl_signer = STR("/a")},
        {.crls = one, .n_crls = 1},
        {.crls = two, .n_crls = 2},
        {.countries = one, .n_countries = 1},
        {.countries = two, .n_countries = 2},
        {.stale_ms = 1},
        {.crl_opens = true},
    };
    const unsigned n = sizeof(all) / sizeof(all[0]);
    struct arena *arena = arena_new(4096);
    struct str mark[sizeof(all) / sizeof(all[0])];
    (void)state;
    for (unsigned i = 0; i < n; i++) {
        struct trust_setting same = all[i];
        same.list_token_file = STR("/token");
        same.max_shrink_percent = 7;
        same.line = 12;
        mark[i] = believed_mark(&all[i], arena);
        assert_true(mark[i].n > 0 && str_eq(believed_mark(&same, arena), mark[i]));
        for (unsigned k = 0; k < i; k++)
            if (str_eq(mark[i], mark[k]))
                fail_msg("%u is marked as %u", i, k);
    }
    arena_free(arena);
}

static X509 *lab_made(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    static const char *const spcs[] = {"709J", NULL};
    X509 *x = lab_certificate_new(&(struct lab_certificate){.name = name,
                                                            .serial = 3,
                                                            .key = key,
                                                            .issuer = issuer,
                                                            .issuer_key = issuer_key,
                                                            .not_before_s = NOW - DAYS,
                                                            .not_after_s = NOW + 9 * DAYS,
                                                            .authority = !issuer,
                                                            .spcs = issuer ? spcs : NULL});
    assert_non_null(x);
    return x;
}

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < DOMAINS; i++) {
        EVP_PKEY *root_key = lab_key_new(), *key = lab_key_new();
        X509 *root = lab_made("root", root_key, NULL, NULL);
        X509 *leaf = lab_made("SHAKEN 709J", key, root, root_key);
        trusts[i] = trust_new();
        assert_true(trusts[i] && trust_add_anchor(trusts[i], root));
        chains[i] = BUF_INIT;
        assert_true(lab_add_certificate(&chains[i], leaf));
        X509_free(root);
        X509_free(leaf);
        EVP_PKEY_free(root_key);
        EVP_PKEY_free(key);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < DOMAINS; i++) {
        trust_free(trusts[i]);
        buf_fini(&chains[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_name_and_settings),
        cmocka_unit_test(without_an_image_all_are_lacking),
        cmocka_unit_test(marks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
