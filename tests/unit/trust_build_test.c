/* A domain of trust out of texts: what is new takes the place of the last good one, or it does
 * not, and then that one stays. R-V-040, R-V-042, R-V-043. */
#include "lab.h"

#include <openssl/x509v3.h>
#include <stird/core/trust_build.h>
#include <stird/core/trust_list.h>
#include <stird/lab/lab_ca.h>

#define NOW 1893456000
#define DAY 86400
#define URL STR("https://pa.example.net/crl")

/* ---- lists of authorities: the vectors ---- */

static void the_vectors(void **state)
{
    (void)state;
    json_t *vectors = lab_vectors("trust_list_cases.json"), *one;
    json_t *first = json_array_get(json_object_get(vectors, "cases"), 0);
    const struct trust_setting setting = {.name = STR("us"),
                                          .list = lab_member(vectors, "list_url"),
                                          .stale_ms = 7 * DAY * 1000U,
                                          .max_shrink_percent = 50};
    size_t i, refused = 0, taken = 0;
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        struct arena *arena = arena_new(4096);
        struct problems problems = PROBLEMS_INIT;
        struct trust_build b = {
            .setting = &setting,
            .now_s = json_integer_value(json_object_get(vectors, "now")),
            .list_anchor = lab_member(vectors, "root"),
            .list = {.url = setting.list,
                     .fresh = lab_member(one, "response"),
                     .fresh_signer = lab_member(vectors, "signer_chain"),
                     .kept = lab_member(first, "response"),
                     .kept_signer = lab_member(vectors, "signer_chain")},
        };
        const char *expect = lab_member(one, "expect").p;
        assert_true(trust_build(&b, arena, &problems));
        bool good = strncmp(expect, "accepted", 8) == 0;
        if (json_integer_value(json_object_get(one, "previous_authorities")) == 0 &&
            good != b.list.took_fresh)
            fail_msg("%s: %s", lab_member(one, "name").p,
                     b.list.refused ? b.list.refused : "taken");
        assert_int_equal(b.list.took_fresh, b.list.refused == NULL);
        assert_true(b.list.is_used);
        assert_int_equal(b.authorities, 1);
        assert_int_equal(trust_image_state(&b.domain, b.now_s), TRUST_IN_FORCE);
        taken += b.list.took_fresh;
        refused += !b.list.took_fresh;
        trust_build_fini(&b);
        problems_fini(&problems);
        arena_free(arena);
    }
    assert_true(taken > 0 && refused > 8 && taken + refused >= 18);
    json_decref(vectors);
}

/* What is fetched needs its signer's certificate, which is at the list's own host; without a list
   nothing is known. */
static void the_signer_is_wanted_first(void **state)
{
    (void)state;
    json_t *vectors = lab_vectors("trust_list_cases.json");
    json_t *first = json_array_get(json_object_get(vectors, "cases"), 0);
    const struct trust_setting setting = {.name = STR("us"),
                                          .list = lab_member(vectors, "list_url")};
    struct arena *arena = arena_new(4096);
    struct problems problems = PROBLEMS_INIT;
    struct trust_build b = {
        .setting = &setting,
        .now_s = json_integer_value(json_object_get(vectors, "now")),
        .list_anchor = lab_member(vectors, "root"),
        .list = {.url = setting.list, .fresh = lab_member(first, "response")},
    };
    assert_true(trust_build(&b, arena, &problems));
    assert_true(str_starts(b.list.wanted, STR("https://")));
    assert_false(b.list.took_fresh || b.list.is_used);
    assert_int_equal(trust_image_state(&b.domain, b.now_s), TRUST_UNAVAILABLE);
    trust_build_fini(&b);
    arena_free(arena);
    json_decref(vectors);
}

/* A list that is kept is used for a while beyond its end; one that comes late is not taken. */
static void past_its_end(void **state)
{
    (void)state;
    json_t *vectors = lab_vectors("trust_list_cases.json");
    json_t *first = json_array_get(json_object_get(vectors, "cases"), 0);
    const struct trust_setting setting = {
        .name = STR("us"), .list = lab_member(vectors, "list_url"), .stale_ms = 7 * DAY * 1000U};
    for (unsigned kept = 0; kept < 2; kept++) {
        struct arena *arena = arena_new(4096);
        struct problems problems = PROBLEMS_INIT;
        struct trust_source list = {.url = setting.list};
        *(kept ? &list.kept : &list.fresh) = lab_member(first, "response");
        *(kept ? &list.kept_signer : &list.fresh_signer) = lab_member(vectors, "signer_chain");
        struct trust_build b = {.setting = &setting,
                                .now_s = json_integer_value(json_object_get(vectors, "now")),
                                .list_anchor = lab_member(vectors, "root"),
                                .list = list};
        assert_true(trust_build(&b, arena, &problems));
        int64_t end = b.domain.expires_s;
        trust_build_fini(&b);
        b = (struct trust_build){
            .setting = &setting, .now_s = end + DAY, .list_anchor = b.list_anchor, .list = list};
        assert_true(trust_build(&b, arena, &problems));
        assert_int_equal(b.list.is_used, kept);
        assert_int_equal(trust_image_state(&b.domain, b.now_s),
                         kept ? TRUST_LIST_STALE : TRUST_UNAVAILABLE);
        trust_build_fini(&b);
        arena_free(arena);
    }
    json_decref(vectors);
}

/* ---- revocation lists ---- */

enum {
    CA,
    PA,
    PA_SIGNER,
    FALSE_SIGNER,
    LEAF,
    OVER,
    OLD_SIGNER,
    OLD_BETWEEN,
    UNDER_OLD,
    UNDER_OVER,
    CERTIFICATES
};
static EVP_PKEY *keys[CERTIFICATES];
static X509 *certificates[CERTIFICATES];
static struct buf pem[CERTIFICATES];

static void make_certificates(void)
{
    static const struct {
        const char *name, *usage;
        int issuer;
        bool authority;
    } shapes[CERTIFICATES] = {
        [CA] = {"STI-CA", NULL, CA, true},
        [PA] = {"PA root", NULL, PA, true},
        [PA_SIGNER] = {"PA CRL", "critical,cRLSign", PA, false},
        [FALSE_SIGNER] = {"PA CRL", "critical,cRLSign", FALSE_SIGNER, false},
        [LEAF] = {"SHAKEN 709J", NULL, CA, false},
        [OLD_SIGNER] = {"PA CRL, once", "critical,cRLSign", PA, false},
        [OVER] = {"STI-CA of old", NULL, OVER, true},
        [OLD_BETWEEN] = {"PA between, once", NULL, PA, true},
        [UNDER_OLD] = {"PA CRL, under it", "critical,cRLSign", OLD_BETWEEN, false},
        [UNDER_OVER] = {"PA CRL, of old", "critical,cRLSign", OVER, false},
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
            .not_after_s = NOW + (i == OVER || i == OLD_SIGNER || i == OLD_BETWEEN ? -1 : 90) * DAY,
            .authority = shapes[i].authority,
            .usage = shapes[i].usage,
            .spcs = i == LEAF ? spcs : NULL,
        });
        assert_non_null(certificates[i]);
        assert_true(lab_add_certificate(&pem[i], certificates[i]));
    }
}

/* Of SIGNER, from FROM_S for two days; with an AIA where AT is not NULL. */
static void make_crl(struct buf *out, int signer, int64_t from_s, const char *at, unsigned n)
{
    static const uint64_t serials[] = {1, 2, 3};
    X509_CRL *crl = lab_crl_new(certificates[signer], keys[signer], from_s, from_s + 2 * DAY,
                                serials, n);
    if (at) {
        char value[200];
        snprintf(value, sizeof(value), "caIssuers;URI:%s", at);
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_info_access, value);
        assert_true(e && X509_CRL_add_ext(crl, e, -1) &&
                    X509_CRL_sign(crl, keys[signer], EVP_sha256()));
        X509_EXTENSION_free(e);
    }
    assert_true(lab_add_crl(out, crl));
    X509_CRL_free(crl);
}

static const struct trust_setting with_crl = {
    .name = STR("us"), .anchors = STR("ca.pem"), .n_crls = 1, .crl_anchor = STR("pa.pem")};

static void build_by(struct trust_build *b, struct trust_source crl, struct str crl_anchor,
                     struct arena *arena)
{
    struct problems problems = PROBLEMS_INIT;
    *b = (struct trust_build){.setting = &with_crl,
                              .now_s = NOW,
                              .anchors = buf_str(&pem[CA]),
                              .crl_anchor = crl_anchor,
                              .crls = {crl}};
    assert_true(trust_build(b, arena, &problems));
    assert_int_equal(trust_image_state(&b->domain, NOW), TRUST_IN_FORCE);
}

static void build(struct trust_build *b, struct trust_source crl, struct arena *arena)
{
    build_by(b, crl, buf_str(&pem[PA]), arena);
}

static void new_lists_and_old_ones(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int fresh_by, signer; /* signer: what came with it; -1: nothing */
        int64_t fresh_from_s;
        const char *at;
        bool kept, takes, uses;
        const char *wants;
    } cases[] = {
        {"the first one", PA_SIGNER, PA_SIGNER, NOW - DAY, NULL, false, true, true, NULL},
        {"a newer one", PA_SIGNER, PA_SIGNER, NOW - DAY, NULL, true, true, true, NULL},
        {"an older one", PA_SIGNER, PA_SIGNER, NOW - 3 * DAY, NULL, true, false, true, NULL},
        {"of a time to come", PA_SIGNER, PA_SIGNER, NOW + DAY, NULL, true, false, true, NULL},
        {"by a false signer", FALSE_SIGNER, FALSE_SIGNER, NOW - DAY, NULL, true, false, true, NULL},
        {"by a false signer, the first", FALSE_SIGNER, FALSE_SIGNER, NOW - DAY, NULL, false, false,
         false, NULL},
        {"its signer is at its host", PA_SIGNER, -1, NOW - DAY, "https://pa.example.net/s.pem",
         false, false, false, "https://pa.example.net/s.pem"},
        {"its signer is elsewhere", PA_SIGNER, -1, NOW - DAY, "https://other.example.net/s.pem",
         false, false, false, NULL},
        {"its signer is nowhere", PA_SIGNER, -1, NOW - DAY, NULL, true, false, true, NULL},
    };
    struct buf kept = BUF_INIT;
    make_crl(&kept, PA_SIGNER, NOW - 2 * DAY, NULL, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(1024);
        struct buf fresh = BUF_INIT;
        struct trust_build b;
        struct trust_source s = {.url = URL};
        make_crl(&fresh, cases[i].fresh_by, cases[i].fresh_from_s, cases[i].at, 3);
        s.fresh = buf_str(&fresh);
        if (cases[i].signer >= 0)
            s.fresh_signer = buf_str(&pem[cases[i].signer]);
        if (cases[i].kept) {
            s.kept = buf_str(&kept);
            s.kept_signer = buf_str(&pem[PA_SIGNER]);
        }
        build(&b, s, arena);
        const struct trust_source *got = &b.crls[0];
        if (got->took_fresh != cases[i].takes || got->is_used != cases[i].uses)
            fail_msg("%s: %s", cases[i].name, got->refused ? got->refused : "taken");
        assert_int_equal(b.revoked, cases[i].takes ? 3 : cases[i].uses ? 1 : 0);
        assert_true(str_eq(got->wanted, str_of(cases[i].wants)));
        assert_int_equal(got->took_fresh, got->refused == NULL);
        trust_build_fini(&b);
        buf_fini(&fresh);
        arena_free(arena);
    }
    buf_fini(&kept);
}

static void garbage(void **state)
{
    (void)state;
    static const struct str texts[] = {STR(""), STR("garbage"), STR("{\"status\":\"failure\"}")};
    struct buf kept = BUF_INIT;
    make_crl(&kept, PA_SIGNER, NOW - 2 * DAY, NULL, 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena *arena = arena_new(1024);
        struct trust_build b;
        build(&b,
              (struct trust_source){.url = URL,
                                    .fresh = texts[i],
                                    .kept = buf_str(&kept),
                                    .kept_signer = buf_str(&pem[PA_SIGNER])},
              arena);
        assert_true(b.crls[0].refused && b.crls[0].is_used && !b.crls[0].took_fresh);
        assert_int_equal(b.crls[0].until_s, NOW);
        trust_build_fini(&b);
        arena_free(arena);
    }
    buf_fini(&kept);
}

/* By a clock that was set back the last good list has not begun: it stays, and counts again when
   the clock is right; a new one is not taken. */
static void the_clock_is_set_back(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    struct buf text = BUF_INIT;
    struct trust_build b;
    make_crl(&text, PA_SIGNER, NOW + DAY, NULL, 2);
    build(&b,
          (struct trust_source){.url = URL,
                                .fresh = buf_str(&text),
                                .fresh_signer = buf_str(&pem[PA_SIGNER]),
                                .kept = buf_str(&text),
                                .kept_signer = buf_str(&pem[PA_SIGNER])},
          arena);
    assert_true(b.crls[0].is_used && !b.crls[0].took_fresh);
    assert_string_equal(b.crls[0].refused, "is not in force yet");
    assert_int_equal(b.revoked, 2);
    trust_build_fini(&b);
    buf_fini(&text);
    arena_free(arena);
}

/* Of SIGNER, since a day: the leaf is revoked, which another one issued (an indirect list). */
static void make_crl_of_the_leaf(struct buf *out, int signer)
{
    X509_CRL *crl = lab_crl_new(certificates[signer], keys[signer], NOW - DAY, NOW + DAY, NULL, 0);
    ISSUING_DIST_POINT *place = ISSUING_DIST_POINT_new();
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    X509_REVOKED *entry = X509_REVOKED_new();
    place->indirectCRL = 0xff;
    GENERAL_NAME_set0_value(name, GEN_DIRNAME,
                            X509_NAME_dup(X509_get_issuer_name(certificates[LEAF])));
    sk_GENERAL_NAME_push(names, name);
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificates[LEAF]));
    X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)X509_CRL_get0_lastUpdate(crl));
    assert_int_equal(X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names, 1, 0), 1);
    assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
    assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, place, 1, 0), 1);
    assert_true(X509_CRL_sign(crl, keys[signer], EVP_sha256()) > 0);
    assert_true(lab_add_crl(out, crl));
    GENERAL_NAMES_free(names);
    ISSUING_DIST_POINT_free(place);
    X509_CRL_free(crl);
}

static enum trust_revoked leaf_is(const struct trust_build *b)
{
    struct buf bytes = BUF_INIT;
    struct trust_image_answer answer;
    const char *why = NULL;
    assert_true(trust_image_write(&bytes, &b->domain, 1));
    struct trust_image *image = trust_image_open(buf_str(&bytes), 1, &why);
    assert_non_null(image);
    assert_true(trust_image_judge(image, ~0U, certificates[LEAF], NULL, NOW, &answer, NULL));
    assert_int_equal(answer.leads, 1);
    trust_image_close(image);
    buf_fini(&bytes);
    return answer.by_anchors.revoked;
}

static void add_pem(struct buf *text, const int *of, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        buf_add_str(text, buf_str(&pem[of[i]]));
}

/* The last good list holds until its own end, whatever has ended since of the way from its signer
   to an anchor; a new one by that signer is not taken, nor is a kept one by somebody who leads to
   no anchor. */
static void the_signer_has_ended(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int chain[2]; /* the signer, and who is above it */
        unsigned n;
        int anchor;
        bool kept, uses;
    } cases[] = {
        {"the signer", {OLD_SIGNER}, 1, PA, true, true},
        {"the signer, new", {OLD_SIGNER}, 1, PA, false, false},
        {"nobody's", {FALSE_SIGNER}, 1, PA, true, false},
        {"above it", {UNDER_OLD, OLD_BETWEEN}, 2, PA, true, true},
        {"above it, new", {UNDER_OLD, OLD_BETWEEN}, 2, PA, false, false},
        {"above it, of somebody else", {UNDER_OLD, OLD_BETWEEN}, 2, OVER, true, false},
        {"above it, not there", {UNDER_OLD}, 1, PA, true, false},
        {"the anchor", {UNDER_OVER}, 1, OVER, true, true},
        {"the anchor, new", {UNDER_OVER}, 1, OVER, false, false},
        {"the signer is the anchor", {OVER}, 1, OVER, true, true},
        {"the signer is the anchor, new", {OVER}, 1, OVER, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(1024);
        struct buf text = BUF_INIT, chain = BUF_INIT;
        struct trust_build b;
        add_pem(&chain, cases[i].chain, cases[i].n);
        struct trust_source s = {
            .url = URL, .fresh = STR("garbage"), .fresh_signer = buf_str(&chain)};
        make_crl_of_the_leaf(&text, cases[i].chain[0]);
        if (cases[i].kept)
            s.kept_signer = s.fresh_signer;
        *(cases[i].kept ? &s.kept : &s.fresh) = buf_str(&text);
        build_by(&b, s, buf_str(&pem[cases[i].anchor]), arena);
        if (b.crls[0].is_used != cases[i].uses || b.crls[0].took_fresh)
            fail_msg("%s: %s", cases[i].name, b.crls[0].is_used ? "used" : "not used");
        assert_int_equal(leaf_is(&b), cases[i].uses ? TRUST_REVOKED : TRUST_NOT_KNOWN);
        trust_build_fini(&b);
        buf_fini(&text);
        buf_fini(&chain);
        arena_free(arena);
    }
}

/* ---- files of authorities ---- */

/* R-V-040, by the one judge of authorities: what is none is left out and told; a file without
   another one is refused. */
static void files_of_authorities(void **state)
{
    (void)state;
    static const struct {
        int of[3];
        unsigned n, good, left_out;
        const char *why;
    } cases[] = {
        {{CA}, 1, 1, 0, NULL},
        {{CA, PA}, 2, 2, 0, NULL},
        {{LEAF, CA}, 2, 1, 1, "a certificate that is no authority's"},
        {{CA, OVER, LEAF}, 3, 1, 2, "an authority's certificate that has expired"},
        {{PA_SIGNER, PA}, 2, 1, 1, "a certificate that is no authority's"},
        {{OVER}, 1, 0, 1, NULL},
        {{LEAF}, 1, 0, 1, NULL},
    };
    static const struct trust_setting setting = {.name = STR("us"), .anchors = STR("ca.pem")};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(1024);
        struct problems problems = PROBLEMS_INIT;
        struct buf text = BUF_INIT;
        add_pem(&text, cases[i].of, cases[i].n);
        struct trust_build b = {.setting = &setting, .now_s = NOW, .anchors = buf_str(&text)};
        assert_int_equal(trust_build(&b, arena, &problems), cases[i].good > 0);
        assert_int_equal(b.authorities, cases[i].good);
        if (cases[i].good > 0) {
            assert_int_equal(b.left_out, cases[i].left_out);
            assert_true(str_eq(str_of(b.left_out_why), str_of(cases[i].why)));
        } else {
            assert_int_equal(problems.n, 1);
            assert_string_equal(problems.list[0].file, "ca.pem");
            assert_non_null(strstr(problems.list[0].text, "holds no authority that can be used"));
        }
        trust_build_fini(&b);
        problems_fini(&problems);
        buf_fini(&text);
        arena_free(arena);
    }
}

/* Who signs revocation lists need be no authority. One that has ended is told, and breaks nothing:
   the last good list may be its own. */
static void anchors_of_revocation_lists(void **state)
{
    (void)state;
    static const struct {
        int anchor;
        bool good;
        unsigned left_out;
    } cases[] = {{PA_SIGNER, true, 0}, {LEAF, false, 0}, {OLD_SIGNER, true, 1}, {OVER, true, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(1024);
        struct problems problems = PROBLEMS_INIT;
        struct trust_build b = {.setting = &with_crl,
                                .now_s = NOW,
                                .anchors = buf_str(&pem[CA]),
                                .crl_anchor = buf_str(&pem[cases[i].anchor])};
        assert_int_equal(trust_build(&b, arena, &problems), cases[i].good);
        assert_int_equal(cases[i].good ? b.left_out : 0, cases[i].left_out);
        trust_build_fini(&b);
        problems_fini(&problems);
        arena_free(arena);
    }
}

/* A file that is gone is a broken one; a list that is gone is not taken, and the last good one
   stays. */
static void files_that_are_gone(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    struct problems problems = PROBLEMS_INIT;
    struct buf kept = BUF_INIT;
    struct trust_build b = {.setting = &with_crl,
                            .now_s = NOW,
                            .crl_anchor = buf_str(&pem[PA]),
                            .unread = "is not there any more",
                            .unread_path = STR("ca.pem")};
    assert_false(trust_build(&b, arena, &problems));
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.list[0].file, "ca.pem");
    trust_build_fini(&b);
    problems_fini(&problems);
    make_crl(&kept, PA_SIGNER, NOW - DAY, NULL, 1);
    build(&b,
          (struct trust_source){.unread = "is not there any more",
                                .kept = buf_str(&kept),
                                .kept_signer = buf_str(&pem[PA_SIGNER])},
          arena);
    assert_true(b.crls[0].is_used);
    assert_string_equal(b.crls[0].refused, "is not there any more");
    assert_int_equal(b.revoked, 1);
    trust_build_fini(&b);
    buf_fini(&kept);
    arena_free(arena);
}

/* Of a list in a file its signer's file may be gone, or its anchors be over: the domain is not
   broken, and the last good list stays with the signer that was kept with it. */
static void a_signer_that_is_gone(void **state)
{
    (void)state;
    json_t *vectors = lab_vectors("trust_list_cases.json");
    json_t *first = json_array_get(json_object_get(vectors, "cases"), 0);
    const struct trust_setting setting = {.name = STR("us"), .list = STR("/list")};
    const struct trust_source list = {.fresh = lab_member(first, "response"),
                                      .kept = lab_member(first, "response"),
                                      .kept_signer = lab_member(vectors, "signer_chain")};
    for (unsigned anchored = 0; anchored < 2; anchored++) {
        struct arena *arena = arena_new(4096);
        struct problems problems = PROBLEMS_INIT;
        struct trust_build b = {.setting = &setting,
                                .now_s = json_integer_value(json_object_get(vectors, "now")),
                                .list_anchor = anchored ? lab_member(vectors, "root")
                                                        : buf_str(&pem[OVER]),
                                .signer_unread = "cannot be judged",
                                .list = list};
        assert_true(trust_build(&b, arena, &problems));
        assert_string_equal(b.list.refused, "cannot be judged");
        assert_false(b.list.took_fresh);
        assert_int_equal(b.list.is_used, anchored);
        assert_int_equal(b.authorities, anchored);
        trust_build_fini(&b);
        problems_fini(&problems);
        arena_free(arena);
    }
    json_decref(vectors);
}

/* ---- when the next one is due ---- */

static void when_it_is_fetched_again(void **state)
{
    (void)state;
    const int64_t hour = 3600, ten_minutes = 600;
    assert_int_equal(trust_source_next_s(NOW, INT64_MAX, 0), NOW + 12 * hour);
    assert_int_equal(trust_source_next_s(NOW, NOW + 30 * DAY, 0), NOW + 12 * hour);
    assert_int_equal(trust_source_next_s(NOW, NOW + 6 * hour, 0), NOW + 6 * hour + 300);
    assert_int_equal(trust_source_next_s(NOW, NOW - DAY, 0), NOW + ten_minutes);
    assert_int_equal(trust_source_next_s(NOW, INT64_MIN, 0), NOW + ten_minutes);
    for (unsigned errors = 1; errors < 12; errors++)
        assert_int_equal(trust_source_next_s(NOW, NOW + hour, errors), NOW + ten_minutes);
    assert_int_equal(trust_source_next_s(NOW, NOW + hour, 12), NOW + DAY);
    assert_int_equal(trust_source_next_s(NOW, NOW + hour, UINT32_MAX), NOW + DAY);
}

static int set_up(void **state)
{
    (void)state;
    make_certificates();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < CERTIFICATES; i++) {
        X509_free(certificates[i]);
        EVP_PKEY_free(keys[i]);
        buf_fini(&pem[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors),
        cmocka_unit_test(the_signer_is_wanted_first),
        cmocka_unit_test(past_its_end),
        cmocka_unit_test(new_lists_and_old_ones),
        cmocka_unit_test(garbage),
        cmocka_unit_test(the_clock_is_set_back),
        cmocka_unit_test(the_signer_has_ended),
        cmocka_unit_test(files_of_authorities),
        cmocka_unit_test(anchors_of_revocation_lists),
        cmocka_unit_test(files_that_are_gone),
        cmocka_unit_test(a_signer_that_is_gone),
        cmocka_unit_test(when_it_is_fetched_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
