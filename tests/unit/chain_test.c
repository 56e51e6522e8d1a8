/* Which of the certificates that are served limit the first: those of the chain that is trusted. */
#include "lab.h"

#include <openssl/x509v3.h>
#include <stird/core/certificate_chain.h>
#include <stird/core/served_certificate.h>
#include <stird/core/sti_certificate.h>
#include <stird/lab/lab_ca.h>

#define NOW INT64_C(1800000000)
#define DAY 86400

/* ---- certificates, each with a letter ---- */

enum whose { ROOT, OTHER_ROOT, AUTHORITY, STRANGER, DELEGATE, KEYS };

static const char *const few[] = {"12155550100", NULL}, *const many[] = {"12155550100+100", NULL};
static const char *const ours[] = {"709J", NULL}, *const theirs[] = {"1234", NULL};
static const char *const both[] = {"1234", "709J", NULL};
#define ONLY_A                                                                                     \
    STR("\x30\x13\xa1\x11\x30\x0f\x30\x0d\x16\x06"                                                 \
        "attest"                                                                                   \
        "\x30\x03\x0c\x01"                                                                         \
        "A")

static const struct {
    char letter;
    const char *name;
    enum whose key, by; /* its key, and who signed it */
    int from_days, to_days;
    const char *const *numbers, *const *codes;
    bool constrained, weak;
} shapes[] = {
    {'R', "root", ROOT, ROOT, -90, 90, .numbers = NULL},
    {'Z', "root", STRANGER, STRANGER, -90, 90, .numbers = NULL}, /* another one of that name */
    {'O', "other root", OTHER_ROOT, OTHER_ROOT, -90, 90, .numbers = NULL},
    {'I', "authority", AUTHORITY, ROOT, -9, 9, few, .weak = false},
    {'W', "authority", AUTHORITY, ROOT, -9, 9, .numbers = NULL},
    {'N', "authority", AUTHORITY, ROOT, -90, -9, few, .weak = false}, /* before its renewal */
    {'T', "authority", AUTHORITY, ROOT, 1, 9, .numbers = NULL},
    {'X', "authority", AUTHORITY, OTHER_ROOT, -9, 9, .numbers = NULL},
    {'Y', "authority", AUTHORITY, OTHER_ROOT, -9, 9, few, .weak = false},
    {'S', "authority", AUTHORITY, ROOT, -9, 9, .weak = true},
    {'Q', "authority", AUTHORITY, ROOT, -9, 9, .codes = theirs},
    {'B', "authority", AUTHORITY, ROOT, -9, 9, .codes = both},
    {'C', "authority", AUTHORITY, ROOT, -9, 9, .constrained = true},
    {'D', "authority", STRANGER, STRANGER, -90, -9,
     .numbers = NULL}, /* made by anybody: three of them */
    {'F', "authority", STRANGER, STRANGER, 9, 90, .numbers = NULL},
    {'G', "authority", STRANGER, STRANGER, -9, 9, .numbers = NULL},
    {'L', "SHAKEN", DELEGATE, AUTHORITY, -9, 9, many, .weak = false},
    {'P', "SHAKEN 709J", DELEGATE, AUTHORITY, -9, 9, .codes = ours},
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static EVP_PKEY *keys[KEYS];
static X509 *certificates[SHAPES];
static struct arena *arena;

/* Who signs is named by another certificate of its key. */
static X509 *certificate_of(enum whose key)
{
    for (size_t i = 0; i < SHAPES; i++)
        if (shapes[i].key == key && certificates[i])
            return certificates[i];
    return NULL;
}

static X509 *named(char letter)
{
    for (size_t i = 0; i < SHAPES; i++)
        if (shapes[i].letter == letter)
            return certificates[i];
    fail_msg("%c", letter);
    return NULL;
}

/* What anybody can make: names and key identifiers as the authority's. */
static void take_identifiers(X509 *x, X509 *authority)
{
    static const int which[] = {NID_subject_key_identifier, NID_authority_key_identifier};
    for (int i = 0; i < 2; i++) {
        int mine = X509_get_ext_by_NID(x, which[i], -1);
        int at = X509_get_ext_by_NID(authority, which[i], -1);
        if (mine >= 0)
            X509_EXTENSION_free(X509_delete_ext(x, mine));
        if (at >= 0)
            assert_true(X509_add_ext(x, X509_get_ext(authority, at), -1));
    }
    assert_true(X509_set_issuer_name(x, X509_get_issuer_name(authority)));
    assert_true(X509_sign(x, keys[STRANGER], EVP_sha256()) > 0);
}

static X509 *make(size_t i)
{
    bool own = shapes[i].key == shapes[i].by;
    const struct lab_certificate c = {
        .name = shapes[i].name,
        .serial = i + 1,
        .key = keys[shapes[i].key],
        .issuer = own ? NULL : certificate_of(shapes[i].by),
        .issuer_key = own ? NULL : keys[shapes[i].by],
        .not_before_s = NOW + shapes[i].from_days * DAY,
        .not_after_s = NOW + shapes[i].to_days * DAY,
        .authority = shapes[i].key != DELEGATE,
        .numbers = shapes[i].numbers,
        .spcs = shapes[i].codes,
        .constraints = shapes[i].constrained ? ONLY_A : STR(""),
    };
    X509 *made = lab_certificate_new(&c), *x;
    assert_non_null(made);
    if (shapes[i].weak)
        assert_true(X509_sign(made, keys[shapes[i].by], EVP_sha1()) > 0);
    if (own && strcmp(shapes[i].name, "authority") == 0)
        take_identifiers(made, named('I'));
    x = X509_dup(made); /* as it is read */
    X509_free(made);
    return x;
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(4096);
    for (int i = 0; i < KEYS; i++)
        keys[i] = lab_key_new();
    for (size_t i = 0; i < SHAPES; i++)
        certificates[i] = make(i);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < KEYS; i++)
        EVP_PKEY_free(keys[i]);
    for (size_t i = 0; i < SHAPES; i++)
        X509_free(certificates[i]);
    arena_free(arena);
    return 0;
}

/* "LIR": in this order. */
static struct str text_of(const char *letters)
{
    struct buf text = BUF_INIT;
    for (; *letters; letters++)
        assert_true(lab_add_certificate(&text, named(*letters)));
    struct str copy = arena_copy(arena, buf_str(&text));
    buf_fini(&text);
    return copy;
}

/* NULL: none are known. */
static struct trust *trust_of(const char *anchors)
{
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = anchors ? trust_new() : NULL;
    if (t)
        assert_true(trust_add_anchors(t, STR("anchors"), text_of(anchors), &problems));
    return t;
}

static struct sti_certificate judge(const char *served, const char *anchors, int64_t now_s)
{
    struct sti_certificate c;
    struct trust *t = trust_of(anchors);
    assert_true(sti_certificate_prepare(&c, text_of(served), t, now_s, arena));
    assert_null(c.unreadable);
    trust_free(t);
    sti_certificate_fini(&c);
    return c;
}

static bool covers(const struct sti_scope *scope, const char *number)
{
    const struct tn orig = lab_tn(number);
    return sti_scope_covers(scope, &orig);
}

/* ---- what limits ---- */

static const struct {
    const char *served, *anchors;
    bool trusted, wide;
} ways[] = {
    {"LI", "R", true, false},
    {"LW", "R", true, true},
    /* what anybody makes hides nothing, wherever it stands */
    {"LDI", "R", true, false},
    {"LID", "R", true, false},
    {"LFI", "R", true, false},
    {"LGI", "R", true, false},
    {"LGDFI", "R", true, false},
    {"LD", "R", false, true},
    {"LDI", NULL, false, false},
    {"LGI", NULL, false, false},
    {"LIF", NULL, false, false},
    /* an anchor limits, in the body or not */
    {"L", "I", true, false},
    {"LR", "I", true, false},
    {"LD", "I", true, false},
    {"LI", "I", true, false},
    {"L", "W", true, true},
    /* a renewal counts, not what it took the place of */
    {"LNW", "R", true, true},
    {"LWN", "R", true, true},
    {"LNW", NULL, false, true},
    {"LNI", "R", true, false},
    {"LN", "R", false, false},
    /* of two authorities that vouch, the one that is trusted */
    {"LXI", "R", true, false},
    {"LXW", "R", true, true},
    {"LYW", "R", true, true},
    {"LWY", "R", true, true},
    {"LYXOW", "R", true, true},
    {"LIX", "O", true, true},
    {"LX", "R", false, true},
    {"LXW", "ZR", true, true},
    {"LW", "ZR", true, true},
    {"LI", "ZR", true, false},
    {"LW", "Z", false, true},
    /* SHA-1 counts for nothing above either */
    {"LS", "R", false, true},
    {"LSW", "R", true, true},
    {"LSI", "R", true, false},
    {"L", "S", true, true}, /* of an anchor nobody asks who signed it */
};

/* R-X-045. */
static void the_chain_that_is_trusted_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct sti_certificate c = judge(ways[i].served, ways[i].anchors, NOW);
        bool trusted = c.has_anchors && !c.by_anchors.chain;
        if (trusted != ways[i].trusted || covers(&c.scope, "12155550150") != ways[i].wide)
            fail_msg("%s under %s: %s, %s", ways[i].served,
                     ways[i].anchors ? ways[i].anchors : "none", trusted ? "trusted" : "not",
                     covers(&c.scope, "12155550150") ? "wide" : "narrow");
        assert_true(covers(&c.scope, "12155550100"));
        assert_null(sti_certificate_fault(&c));
    }
}

/* As many as may be served, below an anchor that is not; the anchor limits as well. */
static void the_longest_chain(void **state)
{
    (void)state;
    enum { BETWEEN = 5 };
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    X509 *made[BETWEEN + 1], *below = named('R');
    struct trust *t = trust_of("R");
    for (int i = 0; i <= BETWEEN; i++)
        below = made[i] = lab_certificate_new(&(struct lab_certificate){
            .name = i < BETWEEN ? names[i] : "SHAKEN",
            .serial = 99,
            .key = keys[DELEGATE],
            .issuer = below,
            .issuer_key = keys[i == 0 ? ROOT : DELEGATE],
            .not_before_s = NOW - DAY,
            .not_after_s = NOW + DAY,
            .authority = i < BETWEEN,
            .numbers = i == 0 ? few : many,
        });
    /* The end-entity first, and behind it in the order of a chain, or the other way round. */
    for (int turned = 0; turned < 2; turned++) {
        struct buf text = BUF_INIT;
        struct sti_certificate c;
        assert_true(lab_add_certificate(&text, made[BETWEEN]));
        for (int i = 0; i < BETWEEN; i++)
            assert_true(lab_add_certificate(&text, made[turned ? i : BETWEEN - 1 - i]));
        assert_true(sti_certificate_prepare(&c, buf_str(&text), t, NOW, arena));
        assert_null(c.by_anchors.chain);
        assert_int_equal(c.scope.n_lists, BETWEEN + 1);
        assert_false(covers(&c.scope, "12155550150"));
        assert_true(covers(&c.scope, "12155550100"));
        sti_certificate_fini(&c);
        buf_fini(&text);
    }
    for (int i = 0; i <= BETWEEN; i++)
        X509_free(made[i]);
    trust_free(t);
}

/* R-X-044. */
static void constraints_as_well(void **state)
{
    (void)state;
    static const char *const served[] = {"PC", "PDC", "PGC", "PCD", "PFGDC"};
    for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++)
        for (int known = 0; known < 2; known++)
            assert_int_equal(judge(served[i], known ? "R" : NULL, NOW).scope.n_constraints, 1);
    assert_int_equal(judge("P", "C", NOW).scope.n_constraints, 1);
    assert_int_equal(judge("PCW", "W", NOW).scope.n_constraints, 0);
}

/* R-C-010: RFC 9060. */
static void codes_are_those_of_the_issuer(void **state)
{
    (void)state;
    static const struct {
        const char *served, *anchors;
        bool good;
    } cases[] = {
        {"PW", "R", true},   {"PB", "R", true},  {"PQ", "R", false}, {"PI", "R", false},
        {"PDQ", "R", false}, {"P", "Q", false},  {"P", "I", false},  {"P", "B", true},
        {"PQ", NULL, false}, {"PB", NULL, true}, {"LQ", "R", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sti_certificate c = judge(cases[i].served, cases[i].anchors, NOW);
        if (!c.fault[STI_ENCOMPASSED] != cases[i].good ||
            !sti_certificate_fault(&c) != cases[i].good)
            fail_msg("%s: %s", cases[i].served, cases[i].good ? "refused" : "taken");
    }
    struct sti_certificate believed = judge("LQ", "R", NOW);
    assert_true(covers(&believed.scope, "12155550150"));
}

/* ---- how long it holds ---- */

static void what_failed_by_time_has_an_end(void **state)
{
    (void)state;
    struct sti_certificate early = judge("LT", "R", NOW), late = judge("LT", "R", NOW + 2 * DAY);
    assert_non_null(early.by_anchors.chain);
    assert_true(sti_certificate_is_judged(&early, NOW + DAY - 1));
    assert_false(sti_certificate_is_judged(&early, NOW + DAY));
    assert_null(late.by_anchors.chain);
    assert_true(sti_certificate_is_judged(&late, NOW + DAY));
    assert_false(sti_certificate_is_judged(&late, NOW));
    struct sti_certificate over = judge("LN", "R", NOW);
    assert_non_null(over.by_anchors.chain);
    assert_true(sti_certificate_is_judged(&over, NOW + DAY));
    assert_false(sti_certificate_is_judged(&over, NOW - 9 * DAY));
}

/* ---- ours ---- */

static struct certificate unit_of(const char *chain)
{
    struct certificate c;
    struct problems problems = PROBLEMS_INIT;
    assert_true(certificate_read(&c, arena, STR("u"), STR("u"), STR("chain"), text_of(chain),
                                 STR("x5u"), STR("https://cert.example.org/a.pem\n"), NOW,
                                 &problems));
    return c;
}

static void the_loader_has_the_verifiers_limits(void **state)
{
    (void)state;
    struct certificate c = unit_of("L");
    struct trust *narrow = trust_of("I"), *wide = trust_of("W"), *foreign = trust_of("Q");
    assert_true(covers(&c.scope, "12155550150"));
    assert_null(certificate_take_scope(&c, narrow, NOW, arena));
    assert_false(covers(&c.scope, "12155550150"));
    assert_null(certificate_take_scope(&c, wide, NOW, arena));
    assert_true(covers(&c.scope, "12155550150"));
    assert_null(certificate_take_scope(&c, NULL, NOW, arena));
    assert_true(covers(&c.scope, "12155550150"));
    certificate_fini(&c);
    c = unit_of("P");
    assert_null(certificate_take_scope(&c, wide, NOW, arena));
    assert_non_null(strstr(certificate_take_scope(&c, foreign, NOW, arena), "RFC 9060"));
    certificate_fini(&c);
    trust_free(narrow);
    trust_free(wide);
    trust_free(foreign);
}

/* What a URL serves with a narrower issuer is for other numbers than what we sign. */
static void a_url_that_serves_a_narrower_issuer(void **state)
{
    (void)state;
    struct certificate wide = unit_of("LW"), narrow = unit_of("LI");
    struct served served = {.body = text_of("LI"),
                            .content_type = STR("application/pem-certificate-chain")};
    struct trust *t = trust_of("R");
    struct str saying;
    assert_int_equal(served_certificate_judge(&narrow, &served, t, NOW, arena, &saying),
                     CERTIFICATE_SERVED);
    assert_int_equal(served_certificate_judge(&wide, &served, t, NOW, arena, &saying),
                     CERTIFICATE_WRONG);
    assert_true(str_starts(saying, STR("serves a certificate for other numbers")));
    certificate_fini(&wide);
    certificate_fini(&narrow);
    trust_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_that_is_trusted_limits),
        cmocka_unit_test(the_longest_chain),
        cmocka_unit_test(constraints_as_well),
        cmocka_unit_test(codes_are_those_of_the_issuer),
        cmocka_unit_test(what_failed_by_time_has_an_end),
        cmocka_unit_test(the_loader_has_the_verifiers_limits),
        cmocka_unit_test(a_url_that_serves_a_narrower_issuer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
