/*
 * Each allocation during a judgement fails once, alone or with all that follow: then there is no
 * judgement, or the same one as with memory. Tried for our own allocations, OpenSSL's and
 * jansson's.
 */
#include "verify_lab.h"

#include <assert.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_chain.h>
#include <stird/core/served_certificate.h>
#include <stird/core/certificate_text.h>
#include <stird/core/library_memory.h>
#include <stird/core/trust_image.h>

/* ---- allocations that fail ---- */

static long left = -1; /* so many are good; negative: all */
static bool stays;     /* there is none any more from then on */
static bool failed;    /* one was refused */

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define CAN_FAIL 0
#else
#define CAN_FAIL 1

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool fails(void)
{
    if (left < 0 || (left > 0 && left-- > 0))
        return false;
    if (!stays)
        left = -1;
    return failed = true;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}
#endif

/* ---- judgements ---- */

#define NOT_JUDGED (-1)

struct story {
    const char *name;
    int (*judge)(const struct story *s); /* what comes out, or NOT_JUDGED */
    int want;
    unsigned more; /* of the judge's own */
    unsigned step; /* of so many allocations one fails alone */
};

/* N allocations are good, then one or all are not. False: there are no more than N. */
static bool tell(const struct story *s, long n, bool all)
{
    unsigned long before = shortages();
    failed = false;
    stays = all;
    left = n;
    int got = s->judge(s);
    left = -1;
    if (got != s->want && !(failed && got == NOT_JUDGED))
        fail_msg("%s: allocation %ld%s: %d instead of %d (%lu counted)", s->name, n,
                 all ? " and all behind it" : "", got, s->want, shortages() - before);
    return failed;
}

static void walk(const struct story *s)
{
    assert_false(tell(s, 10000000, false));
    long n = 0;
    for (bool more = true; more; n += s->step)
        more = tell(s, n, false);
    for (long i = 0; i < n / 2; i += 1 + n / 100)
        assert_true(tell(s, i, true));
    assert_false(tell(s, 10000000, false)); /* nothing is left of it */
    print_message("%s: %ld allocations\n", s->name, n);
}

static void walk_all(const struct story *list, size_t n)
{
    if (!CAN_FAIL) {
        print_message("SKIPPED: allocations fail at will without a sanitizer only\n");
        skip();
    }
    for (size_t i = 0; i < n; i++)
        walk(&list[i]);
}
#define WALK_ALL(list) walk_all((list), sizeof(list) / sizeof((list)[0]))

/* ---- a token, its certificate, the call ---- */

/* DER of JWTClaimConstraints: attest may be B; A or B. */
#define ONLY_B                                                                                     \
    STR("\x30\x13\xa1\x11\x30\x0f\x30\x0d\x16\x06"                                                 \
        "attest"                                                                                   \
        "\x30\x03\x0c\x01"                                                                         \
        "B")
#define A_OR_B                                                                                     \
    STR("\x30\x16\xa1\x14\x30\x12\x30\x10\x16\x06"                                                 \
        "attest"                                                                                   \
        "\x30\x06\x0c\x01"                                                                         \
        "A"                                                                                        \
        "\x0c\x01"                                                                                 \
        "B")

enum chain {
    GOOD,
    OTHER_KEY,
    EXPIRED,
    OTHER_NUMBERS,
    LISTED,
    CONSTRAINED,
    REFUSING,
    DAMAGED,
    CHAINS
};
enum value { FRESH, STALE, NO_JSON, NO_ALG, OTHER_TYPE, COMPACT, VALUES };
#define WITH_LISTS         1000
#define CALL(value, chain) (10 * (chain) + (value))

static struct buf chains[CHAINS], values[VALUES], anchors, lists;
static EVP_PKEY *other_key;
static struct trust *with_lists;

/* The status and what decided it; 0: valid; 1: open. */
static int verdict_of(const struct verify_report *r)
{
    return r->verdict == TOKEN_VALID  ? 0
           : r->verdict == TOKEN_OPEN ? 1
                                      : r->sip_status * 100 + (int)r->decided;
}
#define BAD(check) (verify_check_status(VERIFY_##check) * 100 + VERIFY_##check)

static int judge_call(const struct story *s)
{
    struct token token = {.kind = IDENTITY_EMPTY};
    struct sti_certificate certificate = {.key = NULL};
    struct verify_report report;
    const struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    const struct verify_question q = {.token = &token,
                                      .certificate = &certificate,
                                      .now_s = NOW,
                                      .max_age_s = VERIFY_MAX_AGE_S,
                                      .has_message = true,
                                      .orig = &orig,
                                      .dest = &dest};
    unsigned which = s->more % WITH_LISTS;
    struct arena *arena = arena_new(64);
    bool good = arena && token_read(&token, buf_str(&values[which % 10]), arena) &&
                sti_certificate_prepare(&certificate, buf_str(&chains[which / 10]),
                                        s->more >= WITH_LISTS ? with_lists : trust, NOW, arena) &&
                verify(&q, arena, &report);
    int got = good ? verdict_of(&report) : NOT_JUDGED;
    token_fini(&token);
    sti_certificate_fini(&certificate);
    arena_free(arena);
    return got;
}

static void of_calls(void **state)
{
    (void)state;
    const struct story list[] = {
        {"a good call", judge_call, 0, CALL(FRESH, GOOD), 7},
        {"a good call, with lists", judge_call, 0, WITH_LISTS + CALL(FRESH, GOOD), 1},
        {"revoked", judge_call, BAD(REVOKED), WITH_LISTS + CALL(FRESH, LISTED), 1},
        {"another key", judge_call, BAD(SIGNATURE), CALL(FRESH, OTHER_KEY), 13},
        {"expired", judge_call, BAD(DATES), CALL(FRESH, EXPIRED), 13},
        {"for other numbers", judge_call, BAD(SCOPE), CALL(FRESH, OTHER_NUMBERS), 13},
        {"for such claims", judge_call, 0, CALL(FRESH, CONSTRAINED), 13},
        {"for other claims", judge_call, BAD(SCOPE), CALL(FRESH, REFUSING), 7},
        {"a damaged certificate", judge_call, BAD(CERTIFICATE), CALL(FRESH, DAMAGED), 1},
        {"too old", judge_call, BAD(FRESH), CALL(STALE, GOOD), 13},
        {"no JSON", judge_call, BAD(HEADER), CALL(NO_JSON, GOOD), 13},
        {"alg none", judge_call, BAD(ALG), CALL(NO_ALG, GOOD), 13},
        {"of another type", judge_call, BAD(PPT), CALL(OTHER_TYPE, GOOD), 13},
        {"in compact form", judge_call, BAD(FORM), CALL(COMPACT, GOOD), 13},
    };
    WALK_ALL(list);
}

/* ---- anchors and lists ---- */

static json_t *crl_cases;

static bool add_all(struct trust *t, struct problems *problems)
{
    json_t *one = json_array_get(json_object_get(crl_cases, "cases"), 0);
    return trust_add_anchors(t, STR("a"), lab_member(crl_cases, "issuer"), problems) &&
           trust_add_crls_from(t, STR("l"), lab_member(one, "crl"), lab_member(crl_cases, "url"),
                               problems) &&
           trust_add_crls(t, STR("s"), buf_str(&lists), problems) &&
           trust_add_crl_anchors(t, STR("p"), lab_member(crl_cases, "crl_signer"), problems) &&
           trust_add_crl_anchors(t, STR("p"), lab_member(crl_cases, "pa_root"), problems);
}

static X509 *vector_leaf(bool revoked)
{
    struct text_fault fault;
    STACK_OF(X509) *all = certificates_read(
        lab_member(crl_cases, revoked ? "leaf_revoked" : "leaf_good"), &fault);
    X509 *leaf = all ? sk_X509_shift(all) : NULL;
    sk_X509_pop_free(all, X509_free);
    return leaf;
}

/* 0: not revoked; 1: it is; 2: not known. */
static int revocation_of(const struct trust *t, X509 *leaf)
{
    bool revoked = false;
    const char *why = trust_check_revoked(
        t, leaf, NULL, json_integer_value(json_object_get(crl_cases, "now")), &revoked);
    if (why && strcmp(why, TRUST_NO_MEMORY) == 0)
        return NOT_JUDGED;
    return revoked ? 1 : why ? 2 : 0;
}

/* MORE: the one that is revoked. */
static int judge_lists(const struct story *s)
{
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    bool good = t && add_all(t, &problems);
    X509 *leaf = good ? vector_leaf(s->more) : NULL;
    int got = leaf ? revocation_of(t, leaf) : NOT_JUDGED;
    X509_free(leaf);
    trust_free(t);
    problems_fini(&problems);
    return got;
}

/* What was read while there was memory is as good when there is some again. */
static int judge_by_old_lists(const struct story *s)
{
    static struct trust *t;
    struct problems problems = PROBLEMS_INIT;
    long kept = left;
    left = -1;
    if (!t) {
        t = trust_new();
        assert_true(t && add_all(t, &problems));
    }
    left = kept;
    X509 *leaf = vector_leaf(s->more);
    int got = leaf ? revocation_of(t, leaf) : NOT_JUDGED;
    X509_free(leaf);
    return got;
}

static bool write_image(struct buf *image)
{
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    const struct trust_image_domain domain = {.name = STR("us"), .trust = t, .wants_crls = true};
    bool good = t && add_all(t, &problems) && trust_image_write(image, &domain, 1);
    trust_free(t);
    problems_fini(&problems);
    return good;
}

/* As revocation_of(), by an image; one whose list is missing would answer 2. */
static int revocation_in(const struct trust_image *i, X509 *leaf)
{
    struct trust_image_answer answer;
    if (!trust_image_judge(i, 1, leaf, NULL, json_integer_value(json_object_get(crl_cases, "now")),
                           &answer, NULL) ||
        answer.by_anchors.chain)
        return NOT_JUDGED;
    return answer.by_anchors.revoked == TRUST_NOT_REVOKED ? 0
           : answer.by_anchors.revoked == TRUST_REVOKED   ? 1
                                                          : 2;
}

/* Written, opened and asked with what memory there is. */
static int judge_by_image(const struct story *s)
{
    const char *why;
    struct buf image = BUF_INIT;
    struct trust_image *i = write_image(&image) ? trust_image_open(buf_str(&image), 1, &why) : NULL;
    X509 *leaf = i ? vector_leaf(s->more) : NULL;
    int got = leaf ? revocation_in(i, leaf) : NOT_JUDGED;
    X509_free(leaf);
    trust_image_close(i);
    buf_fini(&image);
    return got;
}

static void of_lists(void **state)
{
    (void)state;
    static const struct story list[] = {
        {"lists, and who is not on them", judge_lists, 0, false, 3},
        {"lists, and who is", judge_lists, 1, true, 7},
        {"lists of before, and who is not on them", judge_by_old_lists, 0, false, 1},
        {"lists of before, and who is", judge_by_old_lists, 1, true, 1},
        {"lists in an image, and who is not on them", judge_by_image, 0, false, 7},
        {"lists in an image, and who is", judge_by_image, 1, true, 13},
    };
    WALK_ALL(list);
}

/* ---- units: the loader, the checker, the signer ---- */

static bool read_unit(struct certificate *c, struct str chain, struct arena *arena,
                      struct problems *problems)
{
    *c = (struct certificate){.public_key = NULL};
    return certificate_read(c, arena, STR("u"), STR("u"), STR("chain"), chain, STR("x5u"),
                            STR("https://cert.example.org/u.pem"), NOW, problems);
}

static bool says_no_memory(const struct problems *problems)
{
    bool says = problems->out_of_memory;
    for (size_t i = 0; i < problems->n; i++)
        says = says && strstr(problems->list[i].text, "out of memory");
    return says || (problems->n == 1 && strstr(problems->list[0].text, "out of memory"));
}

/* MORE: the chain. 0: it is loaded; 1: it is not. */
static int judge_unit(const struct story *s)
{
    struct certificate c;
    struct problems problems = PROBLEMS_INIT;
    struct arena *arena = arena_new(64);
    bool good = arena && read_unit(&c, buf_str(&chains[s->more]), arena, &problems);
    const char *why = good ? certificate_fault(&c, trust, NOW, arena) : NULL;
    int got = !arena ? NOT_JUDGED : good ? why != NULL : says_no_memory(&problems) ? NOT_JUDGED : 1;
    if (why && strstr(why, "out of memory"))
        got = NOT_JUDGED;
    if (good)
        certificate_fini(&c);
    problems_fini(&problems);
    arena_free(arena);
    return got;
}

static struct certificate unit;
static struct arena *unit_arena;

/* MORE: the chain that is served. */
static int judge_served(const struct story *s)
{
    struct str saying;
    const struct served served = {buf_str(&chains[s->more]),
                                  STR("application/pem-certificate-chain")};
    struct arena *arena = arena_new(64);
    enum certificate_state state = arena ? served_certificate_judge(&unit, &served, with_lists, NOW,
                                                                    arena, &saying)
                                         : CERTIFICATE_UNCHECKED;
    arena_free(arena);
    return state == CERTIFICATE_UNCHECKED ? NOT_JUDGED : (int)state;
}

/* MORE: the chain; above 10 the attestation of the call is C. */
static int judge_signed(const struct story *s)
{
    struct certificate c;
    struct problems problems = PROBLEMS_INIT;
    struct arena *arena = arena_new(64);
    struct passport_claims claims = lab_claims(s->more >= 10 ? 'C' : 'A', NOW);
    int got = NOT_JUDGED;
    if (arena && read_unit(&c, buf_str(&chains[s->more % 10]), arena, &problems)) {
        enum reason r = sti_scope_judge(&c.scope, &passport_type_shaken, &claims);
        got = r == REASON_OUT_OF_MEMORY ? NOT_JUDGED : (int)r;
        certificate_fini(&c);
    }
    problems_fini(&problems);
    arena_free(arena);
    return got;
}

static void of_units(void **state)
{
    (void)state;
    static const struct story list[] = {
        {"a unit is loaded", judge_unit, 0, GOOD, 3},
        {"an expired one is not", judge_unit, 1, EXPIRED, 13},
        {"a damaged one is not", judge_unit, 1, DAMAGED, 1},
        {"its URL serves it", judge_served, CERTIFICATE_SERVED, GOOD, 7},
        {"another key is served", judge_served, CERTIFICATE_WRONG, OTHER_KEY, 13},
        {"what is revoked is served", judge_served, CERTIFICATE_WRONG, LISTED, 1},
        {"what is damaged is served", judge_served, CERTIFICATE_WRONG, DAMAGED, 1},
        {"a call is signed", judge_signed, REASON_OK, CONSTRAINED, 7},
        {"a claim is not", judge_signed, REASON_CERTIFICATE_NOT_FOR_CLAIMS, 10 + CONSTRAINED, 7},
        {"a number is not", judge_signed, REASON_CERTIFICATE_NOT_FOR_NUMBER, OTHER_NUMBERS, 13},
    };
    WALK_ALL(list);
}

/* ---- what they are about ---- */

static const char *const other_numbers[] = {"13035550100", NULL};

static struct buf chain_of(enum chain which)
{
    struct lab_certificate c = {
        .name = "SHAKEN 709J",
        .serial = 10 + which,
        .key = which == OTHER_KEY ? other_key : key,
        .issuer = issuer,
        .issuer_key = issuer_key,
        .not_before_s = NOW - 30 * DAY,
        .not_after_s = which == EXPIRED ? NOW - DAY : NOW + 30 * DAY,
        .spcs = which == OTHER_NUMBERS ? NULL : spcs,
        .numbers = which == OTHER_NUMBERS ? other_numbers : NULL,
        .constraints = which == REFUSING      ? ONLY_B
                       : which == CONSTRAINED ? A_OR_B
                                              : STR(""),
    };
    struct buf text = serve(lab_certificate_new(&c), true);
    if (which == DAMAGED)
        memcpy(text.p + 60, "AAAAAAAA", 8);
    return text;
}

static void make_values(void)
{
#define PARAMETERS ";info=<https://cert.example.org/passport.cer>;alg=ES256;ppt=shaken"
#define SIGNATURE                                                                                  \
    ".LW2uNtWUS2iHVE8I1vQhDMVmeXQ1dT0OJTq7DdUEnYx1xnvfXWRMmQOWnMSWYLAd1_l1UhRGv3_CYL0F4Q9trQ"
    static const char *const texts[VALUES] = {
        /* "no JSON"; {"alg":"none"} */
        [NO_JSON] = "bm8gSlNPTg.bm8gSlNPTg" SIGNATURE PARAMETERS,
        [NO_ALG] = "eyJhbGciOiJub25lIn0.e30." PARAMETERS,
        [OTHER_TYPE] = "eyJhbGciOiJFUzI1NiIsInBwdCI6Im1zZ2kiLCJ0eXAiOiJwYXNzcG9ydCIsIng1"
                       "dSI6Imh0dHBzOi8vY2VydC5leGFtcGxlLm9yZy9wYXNzcG9ydC5jZXIifQ.e30" SIGNATURE
                       ";info=<https://cert.example.org/passport.cer>;alg=ES256;ppt=msgi",
        [COMPACT] = "." SIGNATURE PARAMETERS,
    };
    sign(&values[FRESH], key, NOW);
    sign(&values[STALE], key, NOW - 1000);
    for (unsigned i = NO_JSON; i < VALUES; i++)
        buf_add_text(&values[i], texts[i]);
}

static void make_lists(void)
{
    struct problems problems = PROBLEMS_INIT;
    const uint64_t serials[] = {10 + LISTED};
    X509_CRL *of_issuer = lab_crl_new(issuer, issuer_key, NOW - DAY, NOW + DAY, serials, 1),
             *of_root = lab_crl_new(root, root_key, NOW - DAY, NOW + DAY, NULL, 0);
    assert_true(lab_add_crl(&lists, of_issuer) && lab_add_crl(&lists, of_root));
    assert_true(lab_add_certificate(&anchors, root));
    with_lists = trust_new();
    assert_true(trust_add_anchors(with_lists, STR("a"), buf_str(&anchors), &problems));
    assert_true(trust_add_crls(with_lists, STR("l"), buf_str(&lists), &problems));
    X509_CRL_free(of_issuer);
    X509_CRL_free(of_root);
}

static int set_up_all(void **state)
{
    struct problems problems = PROBLEMS_INIT;
    set_up(state);
    crl_cases = lab_vectors("crl_cases.json");
    other_key = lab_key_new();
    for (unsigned i = 0; i < CHAINS; i++)
        chains[i] = chain_of((enum chain)i);
    make_values();
    make_lists();
    unit_arena = arena_new(1024);
    assert_true(read_unit(&unit, buf_str(&chains[GOOD]), unit_arena, &problems));
    return 0;
}

static int tear_down_all(void **state)
{
    for (unsigned i = 0; i < CHAINS; i++)
        buf_fini(&chains[i]);
    for (unsigned i = 0; i < VALUES; i++)
        buf_fini(&values[i]);
    buf_fini(&anchors);
    buf_fini(&lists);
    trust_free(with_lists);
    certificate_fini(&unit);
    arena_free(unit_arena);
    EVP_PKEY_free(other_key);
    json_decref(crl_cases);
    return tear_down(state);
}

int main(void)
{
    assert(library_memory_watch());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_calls),
        cmocka_unit_test(of_lists),
        cmocka_unit_test(of_units),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
