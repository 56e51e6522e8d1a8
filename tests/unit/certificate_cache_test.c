/* Prepared certificates by URL: what is known, what is judged again, and who pushes whom out. */
#include "verify_lab.h"

#include <malloc.h>
#include <stird/core/certificate_cache.h>
#include <stird/core/certificate_text.h>

/* An image of one domain, which believes WHO. */
static struct trust_image *image_of(struct buf *room, const struct trust *who, uint64_t generation)
{
    const struct trust_image_domain domain = {.name = STR("lab"), .trust = who};
    const char *why = NULL;
    assert_true(trust_image_write(room, &domain, 1));
    struct trust_image *image = trust_image_open(buf_str(room), generation, &why);
    if (!image)
        fail_msg("%s", why);
    return image;
}

#define IMAGES 4
static struct buf rooms[IMAGES];
static struct trust_image *images[IMAGES]; /* the same of each generation, but for the second */

static struct certificate_ground ground(uint64_t generation, int64_t now_s)
{
    return (struct certificate_ground){images[generation], 1, now_s};
}

/* As whoever serves calls that no signature of which verifies. */
static const struct sti_certificate *put_unproven(struct certificate_cache *c, struct str url,
                                                  struct str text)
{
    const struct certificate_ground g = ground(1, NOW);
    const struct certificate_body body = {
        .url = url, .text = text, .fetched_s = NOW, .stale_s = NOW + DAY, .ends_s = NOW + 2 * DAY};
    const struct sti_certificate *found;
    assert_true(certificate_cache_put(c, &body, &g, &found));
    return found;
}

/* And a call's signature verifies by it. */
static const struct sti_certificate *put(struct certificate_cache *c, struct str url,
                                         struct str text)
{
    const struct sti_certificate *found = put_unproven(c, url, text);
    certificate_cache_prove(c, found, NOW);
    return found;
}

static enum certificate_cached get(struct certificate_cache *c, struct str url,
                                   struct certificate_ground g)
{
    const struct sti_certificate *found;
    enum certificate_cached cached = certificate_cache_get(c, url, &g, &found);
    assert_true((cached == CERTIFICATE_IS_UNKNOWN) == (found == NULL));
    return cached;
}

#define URL(text) STR("https://cert.example.org/" text)

static void what_was_put_is_found(void **state)
{
    (void)state;
    struct buf chain = good_chain();
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    assert_int_equal(get(c, URL("a"), ground(1, NOW)), CERTIFICATE_IS_UNKNOWN);
    assert_null(put(c, URL("a"), buf_str(&chain))->by_anchors.chain);
    assert_int_equal(get(c, URL("a"), ground(1, NOW)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("b"), ground(1, NOW)), CERTIFICATE_IS_UNKNOWN);
    assert_int_equal(certificate_cache_fetched_s(c, URL("a"), 1), NOW);
    assert_int_equal(certificate_cache_fetched_s(c, URL("b"), 1), 0);
    assert_int_equal(get(c, URL("a"), ground(1, NOW + DAY)), CERTIFICATE_IS_STALE);
    assert_int_equal(get(c, URL("a"), ground(1, NOW + 2 * DAY)), CERTIFICATE_IS_UNKNOWN);
    assert_int_equal(certificate_cache_counts(c).good, 0);
    put(c, URL("a"), buf_str(&chain));
    put(c, URL("a"), buf_str(&chain));
    assert_int_equal(certificate_cache_counts(c).good, 1);
    certificate_cache_drop(c, URL("a"), 1);
    certificate_cache_drop(c, URL("a"), 1);
    assert_int_equal(get(c, URL("a"), ground(1, NOW)), CERTIFICATE_IS_UNKNOWN);
    certificate_cache_free(c);
    buf_fini(&chain);
}

/* Good or not, whoever asked for it; a URL that only begins like it stays. */
static void dropped_for_all_domains(void **state)
{
    (void)state;
    struct buf chain = good_chain();
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    const struct str texts[] = {buf_str(&chain), STR("garbage")};
    for (unsigned i = 0; i < 4; i++) {
        struct certificate_ground g = ground(1, NOW);
        const struct sti_certificate *found;
        struct certificate_body body = {.url = URL("a"),
                                        .text = texts[i % 2],
                                        .fetched_s = NOW,
                                        .stale_s = NOW + DAY,
                                        .ends_s = NOW + DAY};
        g.domains = UINT32_C(1) << i;
        assert_true(certificate_cache_put(c, &body, &g, &found));
        body.url = URL("ab");
        assert_true(certificate_cache_put(c, &body, &g, &found));
    }
    certificate_cache_drop_all(c, URL("a"));
    certificate_cache_drop_all(c, URL("never"));
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(certificate_cache_fetched_s(c, URL("a"), UINT32_C(1) << i), 0);
        assert_int_equal(certificate_cache_fetched_s(c, URL("ab"), UINT32_C(1) << i), NOW);
    }
    certificate_cache_free(c);
    buf_fini(&chain);
}

/* R-V-033: nothing is fetched for it. */
static void what_is_trusted_changes(void **state)
{
    (void)state;
    struct buf chain = good_chain();
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    put(c, URL("a"), buf_str(&chain));
    assert_int_equal(certificate_cache_counts(c).judged, 1);
    for (int i = 0; i < 3; i++)
        get(c, URL("a"), ground(1, NOW + i));
    assert_int_equal(certificate_cache_counts(c).judged, 1);
    const struct certificate_ground other = ground(2, NOW);
    const struct sti_certificate *found;
    assert_int_equal(certificate_cache_get(c, URL("a"), &other, &found), CERTIFICATE_IS_CACHED);
    assert_non_null(found->by_anchors.chain);
    assert_int_equal(certificate_cache_counts(c).good, 0);
    assert_int_equal(certificate_cache_counts(c).bad, 1);
    const struct certificate_ground back = ground(3, NOW);
    assert_int_equal(certificate_cache_get(c, URL("a"), &back, &found), CERTIFICATE_IS_CACHED);
    assert_null(found->by_anchors.chain);
    assert_int_equal(certificate_cache_counts(c).good, 1);
    assert_int_equal(certificate_cache_counts(c).judged, 3);
    certificate_cache_free(c);
    buf_fini(&chain);
}

/* An issuer's time ends before that of its certificate: what was good is stale near that end, and
   asked for anew past it; what comes then is not judged again each second. */
static void a_date_passes(void **state)
{
    (void)state;
    X509 *kept = issuer;
    struct lab_certificate short_one = {.name = "short issuer",
                                        .serial = 7,
                                        .key = issuer_key,
                                        .issuer = root,
                                        .issuer_key = root_key,
                                        .not_before_s = NOW - DAY,
                                        .not_after_s = NOW + 5 * DAY,
                                        .authority = true};
    issuer = lab_certificate_new(&short_one);
    struct buf chain = good_chain();
    X509_free(issuer);
    issuer = kept;
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    const struct certificate_ground g = ground(1, NOW), later = ground(1, NOW + 10 * DAY);
    const struct certificate_body body = {.url = URL("a"),
                                          .text = buf_str(&chain),
                                          .fetched_s = NOW,
                                          .stale_s = NOW + 90 * DAY,
                                          .ends_s = NOW + 90 * DAY};
    const struct sti_certificate *found;
    assert_true(certificate_cache_put(c, &body, &g, &found));
    assert_null(found->by_anchors.chain);
    assert_int_equal(get(c, URL("a"), ground(1, NOW + 4 * DAY - 1)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("a"), ground(1, NOW + 4 * DAY + 1)), CERTIFICATE_IS_STALE);
    assert_int_equal(get(c, URL("a"), ground(1, NOW + 5 * DAY)), CERTIFICATE_IS_STALE);
    assert_int_equal(get(c, URL("a"), ground(1, NOW + 5 * DAY + 1)), CERTIFICATE_IS_UNKNOWN);
    assert_true(certificate_cache_put(c, &body, &later, &found));
    assert_int_equal(certificate_cache_get(c, URL("a"), &later, &found), CERTIFICATE_IS_CACHED);
    assert_non_null(found->by_anchors.chain);
    assert_int_equal(certificate_cache_counts(c).judged, 2);
    assert_int_equal(certificate_cache_counts(c).bad, 1);
    assert_int_equal(get(c, URL("a"), ground(1, NOW + 10 * DAY + 300)), CERTIFICATE_IS_UNKNOWN);
    const struct certificate_ground over = ground(1, NOW + 40 * DAY);
    assert_true(certificate_cache_put(c, &body, &over, &found));
    for (int i = 0; i < 300; i += 30)
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 40 * DAY + i)), CERTIFICATE_IS_CACHED);
    assert_int_equal(certificate_cache_counts(c).judged, 3);
    certificate_cache_free(c);
    buf_fini(&chain);
}

/* R-V-031: whoever has no authority behind him pushes out his like alone. */
static void others_do_not_push_good_ones_out(void **state)
{
    (void)state;
    char name[64];
    struct buf chain = good_chain(),
               theirs = serve(make("theirs", 9, key, false, false, spcs, NULL), false);
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    put(c, URL("good"), buf_str(&chain));
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "https://cert.example.org/%u", i);
        put(c, str_of(name), i % 2 ? buf_str(&theirs) : STR("<html>"));
    }
    assert_int_equal(get(c, URL("good"), ground(1, NOW)), CERTIFICATE_IS_CACHED);
    assert_int_equal(certificate_cache_counts(c).good, 1);
    assert_int_equal(certificate_cache_counts(c).bad, CERTIFICATE_CACHE_LEAST);
    assert_int_equal(get(c, URL("99"), ground(1, NOW)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("1"), ground(1, NOW)), CERTIFICATE_IS_UNKNOWN);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "https://other.example.org/%u", i);
        put(c, str_of(name), buf_str(&chain));
        assert_int_equal(get(c, URL("good"), ground(1, NOW)), CERTIFICATE_IS_CACHED);
    }
    assert_int_equal(certificate_cache_counts(c).good, CERTIFICATE_CACHE_LEAST);
    assert_int_equal(certificate_cache_counts(c).held, 1);
    certificate_cache_free(c);
    buf_fini(&theirs);
    buf_fini(&chain);
}

/* R-V-031: anybody may serve copies of a good chain, under as many URLs as he likes; until a
   signature verifies by one they push out their like alone, and are none of those that are held. */
static void copies_of_a_good_one_do_not_push_good_ones_out(void **state)
{
    (void)state;
    char name[64];
    struct buf chain = good_chain(), copy = good_chain();
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    for (unsigned i = 0; i < 20000; i++)
        buf_add_char(&copy, '#');
    put(c, URL("good"), buf_str(&chain));
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "https://copies.example.org/%u", i);
        assert_null(put_unproven(c, str_of(name), buf_str(&copy))->by_anchors.chain);
        assert_int_equal(get(c, str_of(name), ground(1, NOW)), CERTIFICATE_IS_CACHED);
    }
    assert_int_equal(get(c, URL("good"), ground(1, NOW)), CERTIFICATE_IS_CACHED);
    assert_int_equal(certificate_cache_counts(c).good, 1);
    assert_int_equal(certificate_cache_counts(c).held, 1);
    certificate_cache_free(c);
    buf_fini(&copy);
    buf_fini(&chain);
}

/* As many headers as a profile may look at, each with a certificate of its own, all of which prove
   good: what was found for the first is there when the last is proven, however little room there
   is.
 */
static void what_one_call_uses_is_not_forgotten(void **state)
{
    (void)state;
    char name[64];
    const struct sti_certificate *found[IDENTITY_SET_MAX], *again;
    const struct certificate_ground g = ground(1, NOW);
    struct buf chain = good_chain();
    struct certificate_cache *c = certificate_cache_new(1, 1);
    for (unsigned i = 0; i < 20000; i++)
        buf_add_char(&chain, '#');
    for (unsigned i = 0; i < IDENTITY_SET_MAX; i++) {
        snprintf(name, sizeof(name), "https://cert.example.org/%u", i);
        found[i] = put_unproven(c, str_of(name), buf_str(&chain));
    }
    for (unsigned i = 0; i < IDENTITY_SET_MAX; i++)
        certificate_cache_prove(c, found[i], NOW);
    assert_int_equal(certificate_cache_counts(c).forgotten, 0);
    for (unsigned i = 0; i < IDENTITY_SET_MAX; i++) {
        snprintf(name, sizeof(name), "https://cert.example.org/%u", i);
        assert_int_equal(certificate_cache_get(c, str_of(name), &g, &again), CERTIFICATE_IS_CACHED);
        assert_ptr_equal(again, found[i]);
    }
    certificate_cache_free(c);
    buf_fini(&chain);
}

/* What is held counts once, whatever URLs and domains it has; fetched anew it stays proven. */
static void one_certificate_is_held_once(void **state)
{
    (void)state;
    struct buf chain = good_chain(), other = BUF_INIT;
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    put(c, URL("a"), buf_str(&chain));
    put(c, URL("b"), buf_str(&chain));
    assert_int_equal(certificate_cache_counts(c).good, 2);
    assert_int_equal(certificate_cache_counts(c).held, 1);
    put_unproven(c, URL("a"), buf_str(&chain));
    assert_int_equal(certificate_cache_counts(c).good, 2);
    buf_add(&other, chain.p, chain.n);
    buf_add_char(&other, '\n');
    put_unproven(c, URL("a"), buf_str(&other));
    assert_int_equal(certificate_cache_counts(c).good, 1);
    put(c, URL("a"), buf_str(&other));
    assert_int_equal(certificate_cache_counts(c).good, 2);
    get(c, URL("a"), ground(2, NOW));
    assert_int_equal(certificate_cache_counts(c).held, 1);
    get(c, URL("b"), ground(2, NOW));
    assert_int_equal(certificate_cache_counts(c).held, 0);
    get(c, URL("b"), ground(3, NOW));
    assert_int_equal(certificate_cache_counts(c).held, 1);
    certificate_cache_drop(c, URL("b"), 1);
    assert_int_equal(certificate_cache_counts(c).held, 0);
    certificate_cache_free(c);
    buf_fini(&other);
    buf_fini(&chain);
}

/* Garbage says so as long as it is kept, and none of its octets are. */
static void garbage_is_known_for_such(void **state)
{
    (void)state;
    struct buf large = BUF_INIT;
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    while (large.n < 2 * CERTIFICATES_BYTES_MAX)
        buf_add_text(&large, "garbage ");
    assert_non_null(put(c, URL("empty"), STR(""))->unreadable);
    assert_non_null(put(c, URL("large"), buf_str(&large))->unreadable);
    assert_int_equal(get(c, URL("large"), ground(2, NOW + 1)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("empty"), ground(2, NOW + 1)), CERTIFICATE_IS_CACHED);
    assert_int_equal(certificate_cache_counts(c).judged, 2);
    certificate_cache_free(c);
    buf_fini(&large);
}

static const struct sti_certificate *put_at(struct certificate_cache *c, struct str text,
                                            int64_t now_s)
{
    const struct certificate_ground g = ground(1, now_s);
    const struct certificate_body body = {.url = URL("a"),
                                          .text = text,
                                          .fetched_s = now_s,
                                          .stale_s = now_s + DAY,
                                          .ends_s = now_s + DAY};
    const struct sti_certificate *found;
    assert_true(certificate_cache_put(c, &body, &g, &found));
    certificate_cache_prove(c, found, now_s);
    return found;
}

/* A server that serves something else for a while has not taken its certificate back; and what it
   serves now is no reason not to ask it again soon. */
static void a_worse_one_takes_no_place(void **state)
{
    (void)state;
    struct buf chain = good_chain();
    struct str bad[] = {STR(""), STR("<html>maintenance</html>"),
                        STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                            CERTIFICATE_CACHE_LEAST);
        assert_non_null(put_at(c, bad[i], NOW)->unreadable);
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 299)), CERTIFICATE_IS_CACHED);
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 300)), CERTIFICATE_IS_UNKNOWN);
        assert_non_null(put_at(c, bad[i], NOW)->unreadable);
        assert_null(put_at(c, buf_str(&chain), NOW)->unreadable);
        assert_null(put_at(c, bad[i], NOW + 100)->unreadable);
        assert_int_equal(get(c, URL("a"), ground(1, NOW + DAY - 1)), CERTIFICATE_IS_CACHED);
        assert_int_equal(certificate_cache_fetched_s(c, URL("a"), 1), NOW);
        assert_int_equal(certificate_cache_counts(c).good, 1);
        assert_int_equal(certificate_cache_counts(c).bad, 0);
        assert_non_null(put_at(c, bad[i], NOW + DAY)->unreadable);
        assert_int_equal(certificate_cache_counts(c).good, 0);
        certificate_cache_free(c);
    }
    buf_fini(&chain);
}

static struct buf served_between(int64_t from_s, int64_t until_s)
{
    const struct lab_certificate c = {.name = "SHAKEN 709J",
                                      .serial = 20,
                                      .key = key,
                                      .issuer = issuer,
                                      .issuer_key = issuer_key,
                                      .not_before_s = from_s,
                                      .not_after_s = until_s,
                                      .spcs = spcs};
    X509 *leaf = lab_certificate_new(&c);
    assert_non_null(leaf);
    return serve(leaf, true);
}

/* A successor lies under the same URL, of the same key. Past its end one is asked for anew at once;
   while its server goes on serving it, as often as what is not good. One that is over, or not in
   force yet, takes no place of one that is in force. */
static void its_own_end(void **state)
{
    const int64_t end_s = NOW + 10 * DAY;
    struct buf first = served_between(NOW - DAY, end_s),
               next = served_between(NOW - DAY, NOW + 20 * DAY),
               early = served_between(NOW + 15 * DAY, NOW + 20 * DAY);
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    (void)state;
    put_at(c, buf_str(&first), end_s - 100);
    assert_int_equal(get(c, URL("a"), ground(1, end_s - 30)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("a"), ground(1, end_s - 10)), CERTIFICATE_IS_STALE);
    assert_int_equal(get(c, URL("a"), ground(1, end_s + 1)), CERTIFICATE_IS_UNKNOWN);
    put_at(c, buf_str(&first), end_s + 1);
    for (int i = 1; i < 301; i++)
        assert_int_equal(get(c, URL("a"), ground(1, end_s + i)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("a"), ground(1, end_s + 301)), CERTIFICATE_IS_UNKNOWN);
    put_at(c, buf_str(&early), end_s + 301);
    assert_int_equal(get(c, URL("a"), ground(1, end_s + 600)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("a"), ground(1, end_s + 601)), CERTIFICATE_IS_UNKNOWN);
    const struct sti_certificate *good = put_at(c, buf_str(&next), end_s + 601);
    assert_ptr_equal(put_at(c, buf_str(&first), end_s + 700), good);
    assert_ptr_equal(put_at(c, buf_str(&early), end_s + 700), good);
    assert_int_equal(get(c, URL("a"), ground(1, end_s + 700)), CERTIFICATE_IS_CACHED);
    certificate_cache_free(c);
    buf_fini(&early);
    buf_fini(&next);
    buf_fini(&first);
}

/* A signer mends its certificate under the same URL: what a call found at fault is asked for anew
   each five minutes, and used meanwhile; what comes is doubted when a call finds that at fault. */
static void what_calls_find_at_fault(void **state)
{
    struct buf good = good_chain(),
               strange = serve(make("theirs", 9, key, false, false, spcs, NULL), false);
    const struct str texts[] = {buf_str(&good), buf_str(&strange)};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                            CERTIFICATE_CACHE_LEAST);
        put_at(c, texts[i], NOW);
        for (int64_t s = 0; s < 1000; s += 100) /* nobody found anything */
            assert_int_equal(get(c, URL("a"), ground(1, NOW + s)), CERTIFICATE_IS_CACHED);
        const struct certificate_ground g = ground(1, NOW + 200);
        const struct sti_certificate *found;
        certificate_cache_get(c, URL("a"), &g, &found);
        certificate_cache_doubt(found);
        certificate_cache_doubt(found);
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 299)), CERTIFICATE_IS_CACHED);
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 300)), CERTIFICATE_IS_DOUBTED);
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 301)), CERTIFICATE_IS_DOUBTED);
        certificate_cache_asked(c, URL("a"), 1, NOW + 301);
        certificate_cache_asked(c, URL("b"), 1, NOW + 301);
        certificate_cache_doubt(found); /* each call finds it */
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 600)), CERTIFICATE_IS_CACHED);
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 601)), CERTIFICATE_IS_DOUBTED);
        assert_int_equal(get(c, URL("a"), ground(1, NOW - DAY)), CERTIFICATE_IS_DOUBTED);
        put_at(c, texts[i], NOW + 601);
        assert_int_equal(get(c, URL("a"), ground(1, NOW + 1000)), CERTIFICATE_IS_CACHED);
        put_at(c, texts[0], NOW + 1000);
        assert_int_equal(certificate_cache_counts(c).good, 1);
        certificate_cache_free(c);
    }
    buf_fini(&strange);
    buf_fini(&good);
}

/* The clock was ahead, and is set right: what was fetched then is to be renewed, and what was over
   by it is unknown. */
static void a_clock_that_was_ahead(void **state)
{
    const int64_t ahead_s = NOW + 20 * DAY;
    struct buf chain = good_chain(), over = served_between(NOW - DAY, NOW + 10 * DAY),
               early = served_between(NOW + 10 * DAY, NOW + 60 * DAY);
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    (void)state;
    put_at(c, buf_str(&chain), ahead_s);
    assert_int_equal(get(c, URL("a"), ground(1, ahead_s - 300)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("a"), ground(1, ahead_s - 301)), CERTIFICATE_IS_STALE);
    assert_int_equal(get(c, URL("a"), ground(1, NOW)), CERTIFICATE_IS_STALE);
    put_at(c, buf_str(&over), ahead_s);
    assert_int_equal(get(c, URL("a"), ground(1, ahead_s + 1)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("a"), ground(1, NOW)), CERTIFICATE_IS_STALE); /* it is in force */
    certificate_cache_drop_all(c, URL("a"));
    put_at(c, buf_str(&early), ahead_s);
    assert_int_equal(get(c, URL("a"), ground(1, ahead_s + 1)), CERTIFICATE_IS_CACHED);
    assert_int_equal(get(c, URL("a"), ground(1, NOW)), CERTIFICATE_IS_UNKNOWN);
    put_at(c, STR("garbage"), ahead_s);
    assert_int_equal(get(c, URL("a"), ground(1, NOW)), CERTIFICATE_IS_UNKNOWN);
    certificate_cache_free(c);
    buf_fini(&early);
    buf_fini(&over);
    buf_fini(&chain);
}

/* Who keeps bodies hears of each that leads to an anchor and by which a signature verified, also
   when that is known only later: a worker may have a certificate before it hears of the domains of
   trust. And now and then that it is used. */
static void the_news_that_one_is_good(void **state)
{
    (void)state;
    struct buf chain = good_chain();
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    const struct certificate_ground nothing = {NULL, 1, NOW}, good = ground(1, NOW);
    const struct certificate_body body = {.url = URL("a"),
                                          .text = buf_str(&chain),
                                          .fetched_s = NOW - 5,
                                          .stale_s = NOW + DAY,
                                          .ends_s = NOW + DAY};
    const struct sti_certificate *found;
    int64_t fetched_s = 0;
    assert_true(certificate_cache_put(c, &body, &nothing, &found));
    certificate_cache_prove(c, found, NOW);
    assert_false(certificate_cache_news(found, NOW, &fetched_s));
    assert_int_equal(certificate_cache_get(c, URL("a"), &good, &found), CERTIFICATE_IS_CACHED);
    assert_true(certificate_cache_news(found, NOW, &fetched_s));
    assert_int_equal(fetched_s, NOW - 5);
    assert_int_equal(certificate_cache_get(c, URL("a"), &good, &found), CERTIFICATE_IS_CACHED);
    assert_false(certificate_cache_news(found, NOW + 299, &fetched_s));
    assert_true(certificate_cache_news(found, NOW + 300, &fetched_s));
    assert_false(certificate_cache_news(found, NOW + 599, &fetched_s));
    assert_true(certificate_cache_news(found, NOW, &fetched_s)); /* a clock was set back */
    assert_false(
        certificate_cache_news(put_unproven(c, URL("c"), buf_str(&chain)), NOW, &fetched_s));
    assert_true(certificate_cache_news(put(c, URL("a"), buf_str(&chain)), NOW, &fetched_s));
    assert_int_equal(fetched_s, NOW);
    assert_false(certificate_cache_news(put(c, URL("b"), STR("garbage")), NOW, &fetched_s));
    certificate_cache_free(c);
    buf_fini(&chain);
}

/* What a profile believes another one may not; and without an image nobody is believed. */
static void each_set_of_domains_has_its_own(void **state)
{
    (void)state;
    struct buf chain = good_chain();
    struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                        CERTIFICATE_CACHE_LEAST);
    const struct sti_certificate *found;
    const struct certificate_ground none = {images[1], 0, NOW}, nothing = {NULL, 1, NOW};
    put(c, URL("a"), buf_str(&chain));
    assert_int_equal(certificate_cache_get(c, URL("a"), &none, &found), CERTIFICATE_IS_UNKNOWN);
    const struct certificate_body body = {.url = URL("a"),
                                          .text = buf_str(&chain),
                                          .fetched_s = NOW,
                                          .stale_s = NOW + DAY,
                                          .ends_s = NOW + DAY};
    assert_true(certificate_cache_put(c, &body, &none, &found));
    certificate_cache_prove(c, found, NOW);
    assert_non_null(found->by_anchors.chain);
    assert_int_equal(get(c, URL("a"), ground(1, NOW)), CERTIFICATE_IS_CACHED);
    assert_int_equal(certificate_cache_counts(c).good, 1);
    assert_int_equal(certificate_cache_counts(c).bad, 1);
    assert_int_equal(certificate_cache_get(c, URL("a"), &nothing, &found), CERTIFICATE_IS_CACHED);
    assert_false(found->has_anchors);
    assert_int_equal(certificate_cache_counts(c).good, 0);
    certificate_cache_free(c);
    buf_fini(&chain);
}

/* R-V-030: so many at most, 4 KiB each with all that hangs on them, and the longest unused one
 * goes. */
static void many_urls(void **state)
{
    enum { KEPT = 512, PUT = 600, USED = 7 };
    (void)state;
    struct buf chain = good_chain();
    struct certificate_cache *c = certificate_cache_new(KEPT, CERTIFICATE_CACHE_LEAST);
    char name[64];
    assert_int_equal(CERTIFICATE_CACHE_GOOD_MAX, 4096);
    put(c, URL("first"), buf_str(&chain)); /* what OpenSSL makes once is there */
    const size_t before = mallinfo2().uordblks;
    for (unsigned i = 0; i < PUT; i++) {
        snprintf(name, sizeof(name), "https://cert.example.org/%u", i);
        put(c, str_of(name), buf_str(&chain));
        if (i >= USED)
            assert_int_equal(get(c, URL("7"), ground(1, NOW)), CERTIFICATE_IS_CACHED);
    }
    const unsigned n = certificate_cache_counts(c).good;
    assert_true(n <= KEPT && n > KEPT / 2);                   /* by number and by octets */
    assert_true(mallinfo2().uordblks < before + KEPT * 4096); /* of a sanitizer's nothing is told */
    for (unsigned i = 0; i < PUT; i++) {
        snprintf(name, sizeof(name), "https://cert.example.org/%u", i);
        const bool is_kept = i == USED || i > PUT - n;
        assert_int_equal(get(c, str_of(name), ground(1, NOW)),
                         is_kept ? CERTIFICATE_IS_CACHED : CERTIFICATE_IS_UNKNOWN);
    }
    certificate_cache_free(c);
    buf_fini(&chain);
}

static int set_up_images(void **state)
{
    struct trust *nobody = trust_new();
    int failed = set_up(state);
    for (unsigned i = 1; i < IMAGES; i++)
        images[i] = image_of(&rooms[i], i == 2 ? nobody : trust, i);
    trust_free(nobody);
    return failed;
}

/* An image whose list revokes the certificate with SERIAL; 0: none. */
static struct trust_image *image_that_revokes(struct buf *room, uint64_t serial,
                                              uint64_t generation)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    struct trust *t = trust_new();
    X509_CRL *crls[] = {lab_crl_new(issuer, issuer_key, NOW - DAY, NOW + DAY, &serial, serial != 0),
                        lab_crl_new(root, root_key, NOW - DAY, NOW + DAY, NULL, 0)};
    assert_true(trust_add_anchor(t, root) && lab_add_certificate(&text, issuer));
    for (int i = 0; i < 2; i++) {
        assert_true(lab_add_crl(&text, crls[i]));
        X509_CRL_free(crls[i]);
    }
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
    struct trust_image *image = image_of(room, t, generation);
    trust_free(t);
    buf_fini(&text);
    return image;
}

/* What new lists revoke of what is kept is counted, once, be it judged again or fetched anew. */
static void what_is_revoked_meanwhile(void **state)
{
    (void)state;
    struct buf chain = good_chain(), before_room = BUF_INIT, after_room = BUF_INIT;
    struct trust_image *before = image_that_revokes(&before_room, 0, 11),
                       *after = image_that_revokes(&after_room, 3, 12);
    const struct certificate_ground was = {before, 1, NOW}, is = {after, 1, NOW};
    const struct certificate_body body = {
        .url = URL("a"), .text = buf_str(&chain), .ends_s = NOW + DAY, .stale_s = NOW + DAY};
    const struct sti_certificate *found;
    for (int fetched = 0; fetched < 2; fetched++) {
        struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                            CERTIFICATE_CACHE_LEAST);
        assert_true(certificate_cache_put(c, &body, &was, &found));
        certificate_cache_prove(c, found, NOW);
        assert_int_equal(found->by_anchors.revoked, TRUST_NOT_REVOKED);
        assert_int_equal(certificate_cache_counts(c).newly_revoked, 0);
        for (int i = 0; i < 3; i++) {
            if (fetched)
                assert_true(certificate_cache_put(c, &body, &is, &found));
            else
                certificate_cache_get(c, URL("a"), &is, &found);
            assert_int_equal(found->by_anchors.revoked, TRUST_REVOKED);
            assert_int_equal(certificate_cache_counts(c).newly_revoked, 1);
        }
        assert_int_equal(certificate_cache_counts(c).good, 1);
        certificate_cache_free(c);
    }
    trust_image_close(before);
    trust_image_close(after);
    buf_fini(&before_room);
    buf_fini(&after_room);
    buf_fini(&chain);
}

/* A signer who exchanges its certificate for one that was revoked long ago is no new list. */
static void another_body_is_no_new_list(void **state)
{
    (void)state;
    struct buf chain = good_chain(),
               other = serve(make("SHAKEN 709J", 4, key, false, false, spcs, NULL), true),
               before_room = BUF_INIT, after_room = BUF_INIT;
    struct trust_image *before = image_that_revokes(&before_room, 4, 13),
                       *after = image_that_revokes(&after_room, 4, 14);
    const struct certificate_ground was = {before, 1, NOW}, later = {after, 1, NOW};
    const struct certificate_ground *const grounds[] = {&was, &later};
    const struct certificate_body good = {.url = URL("a"),
                                          .text = buf_str(&chain),
                                          .ends_s = NOW + DAY,
                                          .stale_s = NOW + DAY},
                                  bad = {.url = URL("a"),
                                         .text = buf_str(&other),
                                         .ends_s = NOW + DAY,
                                         .stale_s = NOW + DAY};
    const struct sti_certificate *found;
    for (int i = 0; i < 2; i++) {
        struct certificate_cache *c = certificate_cache_new(CERTIFICATE_CACHE_LEAST,
                                                            CERTIFICATE_CACHE_LEAST);
        assert_true(certificate_cache_put(c, &good, &was, &found));
        certificate_cache_prove(c, found, NOW);
        assert_int_equal(found->by_anchors.revoked, TRUST_NOT_REVOKED);
        assert_true(certificate_cache_put(c, &bad, grounds[i], &found));
        assert_int_equal(found->by_anchors.revoked, TRUST_REVOKED);
        assert_int_equal(certificate_cache_counts(c).newly_revoked, 0);
        certificate_cache_free(c);
    }
    trust_image_close(before);
    trust_image_close(after);
    buf_fini(&before_room);
    buf_fini(&after_room);
    buf_fini(&chain);
    buf_fini(&other);
}

static int tear_down_images(void **state)
{
    for (unsigned i = 1; i < IMAGES; i++) {
        trust_image_close(images[i]);
        buf_fini(&rooms[i]);
    }
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(dropped_for_all_domains),
        cmocka_unit_test(what_is_trusted_changes),
        cmocka_unit_test(a_date_passes),
        cmocka_unit_test(others_do_not_push_good_ones_out),
        cmocka_unit_test(copies_of_a_good_one_do_not_push_good_ones_out),
        cmocka_unit_test(what_one_call_uses_is_not_forgotten),
        cmocka_unit_test(one_certificate_is_held_once),
        cmocka_unit_test(garbage_is_known_for_such),
        cmocka_unit_test(a_worse_one_takes_no_place),
        cmocka_unit_test(its_own_end),
        cmocka_unit_test(what_calls_find_at_fault),
        cmocka_unit_test(a_clock_that_was_ahead),
        cmocka_unit_test(the_news_that_one_is_good),
        cmocka_unit_test(each_set_of_domains_has_its_own),
        cmocka_unit_test(many_urls),
        cmocka_unit_test(what_is_revoked_meanwhile),
        cmocka_unit_test(another_body_is_no_new_list),
    };
    return cmocka_run_group_tests(tests, set_up_images, tear_down_images);
}
