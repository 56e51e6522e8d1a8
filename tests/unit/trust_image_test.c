/* Domains of trust in one image: what lies in it answers as what it was made of; which domain a
 * chain leads to, for which numbers, and until when; and no broken image is read. R-V-039, R-V-040,
 * R-V-041. */
#include "lab.h"

#include <stird/core/certificate_text.h>
#include <stird/core/trust_image.h>
#include <stird/lab/lab_ca.h>

#define NOW 1893456000
#define DAY 86400

/* ---- the vectors: the same answers as without an image ---- */

static json_t *vectors;

static X509 *vector_certificate(const char *name)
{
    struct text_fault fault;
    STACK_OF(X509) *all = certificates_read(lab_member(vectors, name), &fault);
    X509 *x = sk_X509_shift(all);
    sk_X509_pop_free(all, X509_free);
    return x;
}

static struct trust *trust_of_vector(json_t *one)
{
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    trust_add_crl_anchors(t, STR("signer"), lab_member(vectors, "crl_signer"), &problems);
    trust_add_crl_anchors(t, STR("pa"), lab_member(vectors, "pa_root"), &problems);
    trust_add_crls_from(t, STR("crl"), lab_member(one, "crl"), lab_member(vectors, "url"),
                        &problems);
    assert_true(trust_add_anchors(t, STR("sti"), lab_member(vectors, "issuer"), &problems));
    problems_fini(&problems);
    return t;
}

static struct trust_image *image_of(struct buf *bytes, const struct trust_image_domain *domains,
                                    unsigned n)
{
    const char *why = NULL;
    assert_true(trust_image_write(bytes, domains, n));
    struct trust_image *i = trust_image_open(buf_str(bytes), 7, &why);
    if (!i)
        fail_msg("%s", why);
    assert_int_equal(trust_image_generation(i), 7);
    assert_int_equal(trust_image_domains(i), n);
    return i;
}

static enum trust_revoked revoked_in(const struct trust_image *i, const char *name)
{
    struct trust_image_answer answer;
    X509 *leaf = vector_certificate(name);
    assert_true(trust_image_judge(
        i, 1, leaf, NULL, json_integer_value(json_object_get(vectors, "now")), &answer, NULL));
    assert_int_equal(answer.leads, 1);
    X509_free(leaf);
    return answer.by_anchors.revoked;
}

static enum trust_revoked wanted_of(json_t *expect, const char *leaf)
{
    const char *word = json_string_value(expect);
    bool good = strcmp(leaf, "leaf_good") == 0;
    if (word && strncmp(word, "stale", 5) == 0)
        return good ? TRUST_NOT_REVOKED : TRUST_REVOKED; /* TRUST_CRL_GRACE_S */
    if (word)
        return TRUST_NOT_KNOWN;
    return json_is_true(json_object_get(expect, good ? "good" : "revoked")) ? TRUST_REVOKED
                                                                            : TRUST_NOT_REVOKED;
}

static void the_vectors(void **state)
{
    (void)state;
    size_t i, seen = 0;
    json_t *one;
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        static const char *const leaves[] = {"leaf_revoked", "leaf_good"};
        struct buf bytes = BUF_INIT;
        struct trust *t = trust_of_vector(one);
        struct trust_image *image = image_of(
            &bytes, &(struct trust_image_domain){.trust = t, .wants_crls = true}, 1);
        trust_free(t);
        for (unsigned leaf = 0; leaf < 2; leaf++)
            if (revoked_in(image, leaves[leaf]) !=
                wanted_of(json_object_get(one, "expect"), leaves[leaf]))
                fail_msg("%s: %s", lab_member(one, "name").p, leaves[leaf]);
        trust_image_close(image);
        buf_fini(&bytes);
        seen++;
    }
    assert_true(seen >= 9);
}

/* ---- domains of our own ---- */

enum { US, FR, LEAF_US, LEAF_FR, PA, PA_SIGNER, CERTIFICATES };
static EVP_PKEY *keys[CERTIFICATES];
static X509 *certificates[CERTIFICATES];

static void make_certificates(void)
{
    static const struct {
        const char *name, *usage;
        int issuer, to_days;
        bool authority;
    } shapes[CERTIFICATES] = {
        [US] = {"US authority", NULL, US, 90, true},
        [FR] = {"FR authority", NULL, FR, 90, true},
        [LEAF_US] = {"SHAKEN 709J", NULL, US, 80, false},
        [LEAF_FR] = {"SHAKEN FRTX", NULL, FR, 80, false},
        [PA] = {"PA root", NULL, PA, 90, true},
        [PA_SIGNER] = {"PA CRL", "critical,cRLSign", PA, 80, false},
    };
    static const char *const spcs[] = {"709J", NULL};
    for (int i = 0; i < CERTIFICATES; i++) {
        bool own = shapes[i].issuer == i;
        keys[i] = lab_key_new();
        certificates[i] = lab_certificate_new(&(struct lab_certificate){
            .name = shapes[i].name,
            .serial = 0x80 + (uint64_t)i,
            .key = keys[i],
            .issuer = own ? NULL : certificates[shapes[i].issuer],
            .issuer_key = own ? NULL : keys[shapes[i].issuer],
            .not_before_s = NOW - 90 * DAY,
            .not_after_s = NOW + shapes[i].to_days * DAY,
            .authority = shapes[i].authority,
            .usage = shapes[i].usage,
            .spcs = shapes[i].authority || shapes[i].usage ? NULL : spcs,
        });
        assert_non_null(certificates[i]);
    }
}

static void add_crl(struct trust *t, int issuer, const uint64_t *serials, unsigned n)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    X509_CRL *crl = lab_crl_new(certificates[issuer], keys[issuer], NOW - DAY, NOW + DAY, serials,
                                n);
    assert_true(lab_add_crl(&text, crl));
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
    X509_CRL_free(crl);
    buf_fini(&text);
}

static struct trust *trust_in(int authority)
{
    struct trust *t = trust_new();
    assert_true(authority < 0 || trust_add_anchor(t, certificates[authority]));
    return t;
}

#define IN_US 1U
#define IN_FR 2U

struct world {
    struct trust *trust[2];
    struct trust_image_domain domains[2];
    struct buf bytes;
    struct trust_image *image;
};

static void open_world(struct world *w)
{
    static const struct str one = STR("1"), french[] = {STR("33"), STR("262")};
    w->domains[0] = (struct trust_image_domain){.name = STR("us"),
                                                .countries = &one,
                                                .n_countries = 1,
                                                .is_listed = true,
                                                .sequence = 12,
                                                .expires_s = NOW + DAY,
                                                .stale_s = 7 * DAY,
                                                .trust = w->trust[0]};
    w->domains[1] = (struct trust_image_domain){
        .name = STR("fr"), .countries = french, .n_countries = 2, .trust = w->trust[1]};
    w->bytes = BUF_INIT;
    w->image = image_of(&w->bytes, w->domains, 2);
}

static void close_world(struct world *w)
{
    trust_image_close(w->image);
    buf_fini(&w->bytes);
    trust_free(w->trust[0]);
    trust_free(w->trust[1]);
}

static struct trust_image_answer ask_at(const struct world *w, uint32_t domains, int leaf,
                                        int64_t now_s)
{
    struct trust_image_answer answer;
    struct trust_image_ways ways;
    uint32_t ways_to = 0;
    assert_true(
        trust_image_judge(w->image, domains, certificates[leaf], NULL, now_s, &answer, &ways));
    assert_true((answer.leads != 0) == !answer.by_anchors.chain);
    assert_true((answer.leads != 0) == (answer.domain != TRUST_NO_DOMAIN));
    assert_true(answer.by_anchors.from_s <= now_s && now_s <= answer.by_anchors.until_s);
    for (unsigned i = 0; i < ways.n; i++) {
        ways_to |= UINT32_C(1) << ways.of[i].domain;
        assert_int_equal(sk_X509_num(ways.of[i].up), 2);
        assert_true(answer.by_anchors.revoked != TRUST_REVOKED ||
                    ways.of[i].revoked == TRUST_REVOKED);
    }
    assert_int_equal(ways_to, answer.leads);
    trust_image_ways_fini(&ways);
    return answer;
}

static uint32_t leads(const struct world *w, uint32_t domains, int leaf)
{
    return ask_at(w, domains, leaf, NOW).leads;
}

static void a_chain_counts_for_the_domains_that_are_asked(void **state)
{
    (void)state;
    struct world w = {.trust = {trust_in(US), trust_in(FR)}};
    open_world(&w);
    assert_int_equal(trust_image_mask(w.image, STR("us"), STR("")), IN_US);
    assert_int_equal(trust_image_mask(w.image, STR("fr"), STR("")), IN_FR);
    assert_int_equal(trust_image_mask(w.image, STR("de"), STR("")), 0);
    assert_int_equal(leads(&w, IN_US, LEAF_US), IN_US);
    assert_int_equal(leads(&w, IN_FR, LEAF_FR), IN_FR);
    assert_int_equal(leads(&w, IN_US, LEAF_FR), 0);
    assert_int_equal(leads(&w, IN_FR, LEAF_US), 0);
    assert_int_equal(leads(&w, IN_US | IN_FR, LEAF_FR), IN_FR);
    assert_int_equal(leads(&w, 0, LEAF_FR), 0);
    assert_int_equal(leads(&w, ~0U, LEAF_US), IN_US);
    close_world(&w);
}

static void countries(void **state)
{
    (void)state;
    struct world w = {.trust = {trust_in(US), trust_in(FR)}};
    open_world(&w);
    assert_true(trust_image_vouches(w.image, IN_US, STR("12155550100")));
    assert_false(trust_image_vouches(w.image, IN_FR, STR("12155550100")));
    assert_true(trust_image_vouches(w.image, IN_FR, STR("33140000000")));
    assert_true(trust_image_vouches(w.image, IN_FR, STR("262692000000")));
    assert_true(trust_image_vouches(w.image, IN_US | IN_FR, STR("33140000000")));
    assert_false(trust_image_vouches(w.image, IN_US | IN_FR, STR("442079460000")));
    assert_false(trust_image_vouches(w.image, 0, STR("12155550100")));
    close_world(&w);
}

/* Beyond its end a list is used for a while; then nothing is known, and nothing failed. */
static void a_list_ends(void **state)
{
    (void)state;
    struct world w = {.trust = {trust_in(US), trust_in(FR)}};
    open_world(&w);
    const struct trust_image_domain *us = trust_image_domain(w.image, 0);
    const int64_t end = NOW + DAY, over = end + 7 * DAY;
    assert_int_equal(us->sequence, 12);
    assert_int_equal(trust_image_state(us, end - 1), TRUST_IN_FORCE);
    assert_int_equal(trust_image_state(us, end), TRUST_LIST_STALE);
    assert_int_equal(trust_image_state(us, over - 1), TRUST_LIST_STALE);
    assert_int_equal(trust_image_state(us, over), TRUST_UNAVAILABLE);
    assert_int_equal(trust_image_state(trust_image_domain(w.image, 1), over), TRUST_IN_FORCE);

    struct trust_image_answer before = ask_at(&w, IN_US | IN_FR, LEAF_US, end);
    assert_int_equal(before.leads, IN_US);
    assert_int_equal(before.by_anchors.until_s, over - 1);
    struct trust_image_answer after = ask_at(&w, IN_US | IN_FR, LEAF_US, over);
    assert_int_equal(after.leads, 0);
    assert_true(after.is_open);
    assert_false(ask_at(&w, IN_FR, LEAF_US, over).is_open);
    assert_false(ask_at(&w, IN_US, LEAF_FR, end).is_open);
    struct trust_image_answer other = ask_at(&w, IN_US | IN_FR, LEAF_FR, over);
    assert_int_equal(other.leads, IN_FR);
    assert_false(other.is_open);
    close_world(&w);
}

static void no_list_yet(void **state)
{
    (void)state;
    struct world w = {.trust = {trust_in(-1), trust_in(FR)}};
    open_world(&w);
    assert_int_equal(trust_image_state(trust_image_domain(w.image, 0), NOW), TRUST_UNAVAILABLE);
    assert_true(ask_at(&w, IN_US, LEAF_US, NOW).is_open);
    close_world(&w);
}

/* A certificate that two domains would take, and one of them knows to be revoked, is revoked. */
static void revoked_in_one_is_revoked(void **state)
{
    (void)state;
    const uint64_t serial = 0x80 + LEAF_US;
    for (unsigned at = 0; at < 2; at++) {
        struct world w = {.trust = {trust_in(US), trust_in(US)}};
        add_crl(w.trust[at], US, &serial, 1);
        open_world(&w);
        struct trust_image_answer both = ask_at(&w, IN_US | IN_FR, LEAF_US, NOW);
        assert_int_equal(both.leads, IN_US | IN_FR);
        assert_int_equal(both.by_anchors.revoked, TRUST_REVOKED);
        assert_int_equal(ask_at(&w, at ? IN_US : IN_FR, LEAF_US, NOW).by_anchors.revoked,
                         TRUST_NO_LISTS);
        close_world(&w);
    }
}

/* A list whose successor does not come is used for a day; then, and while none has come,
   it is not known whether somebody is revoked, which is told, or opens the verdict. */
static void lists_of_revocations_end(void **state)
{
    (void)state;
    for (unsigned opens = 0; opens < 2; opens++)
        for (unsigned has = 0; has < 2; has++) {
            struct trust *t = trust_in(US);
            struct buf bytes = BUF_INIT;
            if (has)
                add_crl(t, US, NULL, 0);
            struct world w = {.image = image_of(&bytes,
                                                &(struct trust_image_domain){.trust = t,
                                                                             .wants_crls = true,
                                                                             .crl_opens = opens},
                                                1)};
            struct trust_image_answer now = ask_at(&w, 1, LEAF_US, NOW + 2 * DAY),
                                      then = ask_at(&w, 1, LEAF_US, NOW + 2 * DAY + 1);
            assert_int_equal(now.by_anchors.revoked, has ? TRUST_NOT_REVOKED : TRUST_NOT_KNOWN);
            assert_int_equal(now.crl_opens, opens && !has);
            assert_int_equal(then.by_anchors.revoked, TRUST_NOT_KNOWN);
            assert_int_equal(then.crl_opens, opens);
            assert_int_equal(then.leads, 1);
            trust_image_close(w.image);
            trust_free(t);
            buf_fini(&bytes);
        }
}

/* A domain that is written out of an image, as one whose files are broken is: the day beyond the
   end of its lists does not begin anew. */
static void written_again(void **state)
{
    (void)state;
    struct trust *t = trust_in(US);
    struct buf first = BUF_INIT, second = BUF_INIT;
    add_crl(t, US, NULL, 0);
    struct trust_image *before = image_of(
        &first, &(struct trust_image_domain){.name = STR("us"), .trust = t, .wants_crls = true}, 1);
    struct world w = {.image = image_of(&second, trust_image_domain(before, 0), 1)};
    assert_int_equal(first.n, second.n);
    assert_int_equal(ask_at(&w, 1, LEAF_US, NOW + 2 * DAY).by_anchors.revoked, TRUST_NOT_REVOKED);
    assert_int_equal(ask_at(&w, 1, LEAF_US, NOW + 2 * DAY + 1).by_anchors.revoked, TRUST_NOT_KNOWN);
    trust_image_close(w.image);
    trust_image_close(before);
    trust_free(t);
    buf_fini(&first);
    buf_fini(&second);
}

/* When all authorities have ended, or by a clock that is set back have not begun, nothing is known:
   the verdict is open, not failed. */
static void all_authorities_have_ended(void **state)
{
    (void)state;
    static const struct {
        int64_t at_s;
        bool open;
    } times[] = {{NOW - 90 * DAY - 1, true},
                 {NOW - 90 * DAY + 1, false},
                 {NOW, false},
                 {NOW + 90 * DAY - 1, false},
                 {NOW + 90 * DAY + 1, true}};
    struct trust *t = trust_in(US);
    struct buf bytes = BUF_INIT;
    struct world w = {.image = image_of(&bytes, &(struct trust_image_domain){.trust = t}, 1)};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct trust_image_answer answer = ask_at(&w, 1, LEAF_US, times[i].at_s);
        assert_int_equal(answer.is_open, times[i].open);
        assert_int_equal(trust_image_state(trust_image_domain(w.image, 0), times[i].at_s),
                         times[i].open ? TRUST_UNAVAILABLE : TRUST_IN_FORCE);
        /* The answer does not outlive what it rests on. */
        assert_true(!times[i].open || times[i].at_s < NOW ||
                    answer.by_anchors.from_s > NOW + 90 * DAY - 2);
        assert_true(!times[i].open || times[i].at_s > NOW ||
                    answer.by_anchors.until_s < NOW - 90 * DAY + 1);
    }
    trust_image_close(w.image);
    trust_free(t);
    buf_fini(&bytes);
}

static void count_fault(void *user, const char *why)
{
    assert_non_null(why);
    ++*(unsigned *)user;
}

/* A list whose signer nobody knows is not in the image. */
static void a_list_of_an_unknown_signer(void **state)
{
    (void)state;
    for (unsigned known = 0; known < 2; known++) {
        unsigned faults = 0;
        struct trust *t = trust_in(US);
        add_crl(t, PA_SIGNER, NULL, 0);
        struct buf text = BUF_INIT;
        struct problems problems = PROBLEMS_INIT;
        lab_add_certificate(&text, certificates[PA_SIGNER]);
        if (known)
            assert_true(trust_add_crl_anchors(t, STR("signer"), buf_str(&text), &problems));
        trust_visit_crl_faults(t, count_fault, &faults);
        assert_int_equal(faults, !known);
        assert_true(trust_crls_until_s(t) == (known ? NOW + DAY : INT64_MAX));
        struct buf bytes = BUF_INIT;
        struct trust_image *i = image_of(&bytes, &(struct trust_image_domain){.trust = t}, 1);
        assert_int_equal(trust_has_crls(trust_image_domain(i, 0)->trust), known);
        trust_image_close(i);
        trust_free(t);
        buf_fini(&bytes);
        buf_fini(&text);
    }
}

/* ---- what is broken ---- */

static void open_and_ask(struct str image)
{
    const char *why = NULL;
    struct trust_image_answer answer;
    struct trust_image *i = trust_image_open(image, 1, &why);
    assert_true(i || why);
    if (i)
        trust_image_judge(i, ~0U, certificates[LEAF_US], NULL, NOW, &answer, NULL);
    trust_image_close(i);
}

static void broken_images(void **state)
{
    (void)state;
    const char *why = NULL;
    const uint64_t serials[] = {1, 2, 0x80 + LEAF_US};
    struct world w = {.trust = {trust_in(US), trust_in(FR)}};
    add_crl(w.trust[0], US, serials, 3);
    open_world(&w);
    struct str all = buf_str(&w.bytes);
    for (size_t n = 0; n < all.n; n++) {
        char *cut = malloc(n + 1);
        memcpy(cut, all.p, n);
        assert_null(trust_image_open((struct str){cut, n}, 1, &why));
        free(cut);
    }
    char *copy = malloc(all.n + 1);
    for (size_t at = 0; at < all.n; at++) {
        memcpy(copy, all.p, all.n);
        copy[at] ^= (char)(1 + at % 255);
        open_and_ask((struct str){copy, all.n});
    }
    memcpy(copy, all.p, all.n);
    copy[all.n] = 0;
    assert_null(trust_image_open((struct str){copy, all.n + 1}, 1, &why));
    free(copy);
    close_world(&w);
}

/* ---- its size ---- */

static void fifty_thousand_in_a_mebibyte(void **state)
{
    (void)state;
    enum { N = 50000 };
    static uint64_t serials[N];
    for (uint64_t i = 0; i < N; i++)
        serials[i] = 1000 + i * 3;
    struct trust *t = trust_in(US);
    add_crl(t, US, serials, N);
    struct buf bytes = BUF_INIT;
    struct trust_image *i = image_of(&bytes, &(struct trust_image_domain){.trust = t}, 1);
    assert_in_range(bytes.n, N * 16, 1 << 20);
    trust_image_close(i);
    trust_free(t);
    buf_fini(&bytes);
}

static int set_up(void **state)
{
    (void)state;
    vectors = lab_vectors("crl_cases.json");
    make_certificates();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(vectors);
    for (int i = 0; i < CERTIFICATES; i++) {
        X509_free(certificates[i]);
        EVP_PKEY_free(keys[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors),
        cmocka_unit_test(a_chain_counts_for_the_domains_that_are_asked),
        cmocka_unit_test(countries),
        cmocka_unit_test(a_list_ends),
        cmocka_unit_test(no_list_yet),
        cmocka_unit_test(revoked_in_one_is_revoked),
        cmocka_unit_test(written_again),
        cmocka_unit_test(all_authorities_have_ended),
        cmocka_unit_test(lists_of_revocations_end),
        cmocka_unit_test(a_list_of_an_unknown_signer),
        cmocka_unit_test(broken_images),
        cmocka_unit_test(fifty_thousand_in_a_mebibyte),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
