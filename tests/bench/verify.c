/*
 * What verifying an Identity header costs beside the signature alone, in one run.
 *
 *     verify [SECONDS]
 *
 * The certificate is prepared, as a service keeps it; each round reads a token anew and verifies
 * it, text, JSON, claims, constraints and memory included. Rounds of both kinds take turns, in
 * slices of a fiftieth of a second, so that what else the machine does meets both alike. Beside
 * them: a certificate looked up among 50,000 revoked ones, as they lie in the image of trust; one
 * found among those that a worker has; and how much memory these take when calls have named 10,000
 * URLs, each with a certificate that leads to an anchor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/certificate_cache.h>
#include <stird/core/credential.h>
#include <stird/core/identity.h>
#include <stird/core/verification.h>
#include <stird/core/verify.h>
#include <stird/lab/lab_ca.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/verify/packed.h"
#include "core/verify/revocation_list.h"

#define DAY     86400
#define SLICE_S 0.02
#define REVOKED 50000
#define URLS    10000
#define FOUND   2000

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

/* ---- a signed call ---- */

struct bench {
    int64_t now_s;
    struct tn orig, dest;
    struct buf chain, anchors, value; /* PEM; the Identity header's value */
    struct trust *trust;
    struct arena *arena;
    struct sti_certificate certificate;
    struct token token; /* of VALUE */
    struct buf image;   /* of LIST */
    struct revocation_list *list;
    X509 *revoked;
    struct buf trusted; /* of IMAGE_OF_TRUST */
    struct trust_image *image_of_trust;
    struct certificate_cache *cache;
    long cache_bytes; /* what the process has grown by while URLS were put there */
};

static X509 *make(const struct bench *b, const char *name, EVP_PKEY *key, X509 *issuer,
                  EVP_PKEY *issuer_key, bool authority)
{
    static const char *const spcs[] = {"709J", NULL};
    static uint64_t serial;
    X509 *x = lab_certificate_new(&(struct lab_certificate){.name = name,
                                                            .serial = ++serial,
                                                            .key = key,
                                                            .issuer = issuer,
                                                            .issuer_key = issuer_key,
                                                            .not_before_s = b->now_s - DAY,
                                                            .not_after_s = b->now_s + DAY,
                                                            .authority = authority,
                                                            .spcs = authority ? NULL : spcs});
    if (!x)
        die("no certificate");
    return x;
}

static void sign(struct bench *b, EVP_PKEY *key)
{
    struct certificate c;
    struct problems problems = PROBLEMS_INIT;
    struct buf pem = BUF_INIT, token = BUF_INIT;
    struct passport_claims claims = {
        .attest = 'A', .orig = b->orig, .dest = b->dest, .iat_s = b->now_s};
    memcpy(claims.origid, "123e4567-e89b-42d3-a456-426655440000", ORIGID_TEXT_LENGTH);
    if (!lab_add_key(&pem, key) ||
        !certificate_read(&c, b->arena, STR("bench"), STR("bench"), STR("chain"),
                          buf_str(&b->chain), STR("x5u"), STR("https://cert.example.net/bench.pem"),
                          b->now_s, &problems))
        die("no unit");
    struct credential *credential = credential_new(&c, STR("key"), buf_str(&pem), &problems);
    if (!credential ||
        credential_sign(credential, &passport_type_shaken, &claims, &token) != REASON_OK)
        die("no token");
    identity_add(&b->value, buf_str(&token), c.x5u, STR("ES256"), STR("shaken"));
    credential_free(credential);
    certificate_fini(&c);
    buf_fini(&pem);
    buf_fini(&token);
}

/* ISSUER's list, with LEAF among the others. */
static void list_revoked(struct bench *b, X509 *issuer, EVP_PKEY *key, X509 *leaf)
{
    static uint64_t serials[REVOKED];
    for (uint64_t i = 0; i < REVOKED; i++)
        serials[i] = (i + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 1;
    ASN1_INTEGER_get_uint64(&serials[REVOKED / 2], X509_get0_serialNumber(leaf));
    X509_CRL *crl = lab_crl_new(issuer, key, b->now_s - DAY, b->now_s + DAY, serials, REVOKED);
    struct revocation_list *read = crl ? revocation_list_new(crl, STR("")) : NULL;
    if (!read || !revocation_list_write(read, DAY, &b->image))
        die("no revocation list");
    struct packed in = {.rest = buf_str(&b->image)};
    b->list = revocation_list_open(&in);
    if (!b->list || revocation_list_count(b->list) != REVOKED)
        die("no table of revoked certificates");
    b->revoked = X509_dup(leaf);
    revocation_list_free(read);
    X509_CRL_free(crl);
}

static struct str url_of(char room[64], unsigned i)
{
    int n = snprintf(room, 64, "https://cert%u.example.net/of/a/provider/%08u.pem", i % 252, i);
    return (struct str){room, (size_t)n};
}

static long resident_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1)
        die("no /proc/self/statm");
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static struct certificate_ground ground(const struct bench *b)
{
    return (struct certificate_ground){b->image_of_trust, 1, b->now_s};
}

/* As a worker does that calls name one URL after the other to. */
static void fill_cache(struct bench *b)
{
    const struct trust_image_domain domain = {.name = STR("lab"), .trust = b->trust};
    const char *why = "no memory";
    if (!trust_image_write(&b->trusted, &domain, 1) ||
        !(b->image_of_trust = trust_image_open(buf_str(&b->trusted), 1, &why)))
        die(why);
    const struct certificate_ground g = ground(b);
    const long before = resident_bytes();
    b->cache = certificate_cache_new(CERTIFICATE_CACHE_GOOD_MAX, CERTIFICATE_CACHE_BAD_MAX);
    for (unsigned i = 0; i < URLS && b->cache; i++) {
        char room[64];
        const struct sti_certificate *found;
        const struct certificate_body body = {.url = url_of(room, i),
                                              .text = buf_str(&b->chain),
                                              .fetched_s = b->now_s,
                                              .stale_s = b->now_s + DAY,
                                              .ends_s = b->now_s + DAY};
        if (!certificate_cache_put(b->cache, &body, &g, &found) || found->by_anchors.chain)
            die("it is not kept");
        certificate_cache_prove(b->cache, found, b->now_s);
    }
    b->cache_bytes = resident_bytes() - before;
}

static void set_up(struct bench *b)
{
    struct problems problems = PROBLEMS_INIT;
    EVP_PKEY *keys[3] = {lab_key_new(), lab_key_new(), lab_key_new()};
    *b = (struct bench){.now_s = time(NULL), .arena = arena_new(8192), .trust = trust_new()};
    tn_from_digits(&b->orig, STR("12155550121"));
    tn_from_digits(&b->dest, STR("12155550131"));
    X509 *root = make(b, "root", keys[0], NULL, NULL, true);
    X509 *issuer = make(b, "issuer", keys[1], root, keys[0], true);
    X509 *leaf = make(b, "SHAKEN 709J", keys[2], issuer, keys[1], false);
    if (!lab_add_certificate(&b->chain, leaf) || !lab_add_certificate(&b->chain, issuer) ||
        !lab_add_certificate(&b->anchors, root) ||
        !trust_add_anchors(b->trust, STR("root"), buf_str(&b->anchors), &problems))
        die("no anchors");
    sign(b, keys[2]);
    if (!sti_certificate_prepare(&b->certificate, buf_str(&b->chain), b->trust, b->now_s,
                                 b->arena) ||
        !token_read(&b->token, buf_str(&b->value), b->arena))
        die("nothing to verify");
    list_revoked(b, issuer, keys[1], leaf);
    fill_cache(b);
    X509_free(root);
    X509_free(issuer);
    X509_free(leaf);
    for (int i = 0; i < 3; i++)
        EVP_PKEY_free(keys[i]);
}

static void tear_down(struct bench *b)
{
    token_fini(&b->token);
    sti_certificate_fini(&b->certificate);
    trust_free(b->trust);
    arena_free(b->arena);
    buf_fini(&b->chain);
    buf_fini(&b->anchors);
    buf_fini(&b->value);
    revocation_list_free(b->list);
    buf_fini(&b->image);
    X509_free(b->revoked);
    certificate_cache_free(b->cache);
    trust_image_close(b->image_of_trust);
    buf_fini(&b->trusted);
}

/* ---- one round of each ---- */

static bool signature_alone(struct bench *b)
{
    return es256_verify(b->certificate.key, b->token.signed_octets, b->token.signature);
}

static bool whole(struct bench *b)
{
    struct arena *arena = arena_new(4096);
    struct token token;
    struct verify_report r;
    const struct verify_question q = {.token = &token,
                                      .certificate = &b->certificate,
                                      .now_s = b->now_s,
                                      .max_age_s = VERIFY_MAX_AGE_S,
                                      .has_message = true,
                                      .orig = &b->orig,
                                      .dest = &b->dest};
    bool valid = arena && token_read(&token, buf_str(&b->value), arena) && verify(&q, arena, &r) &&
                 r.verdict == TOKEN_VALID;
    token_fini(&token);
    arena_free(arena);
    return valid;
}

/* A call of N values: eight of them are as many as are looked at, all of them good. */
static bool call_of(struct bench *b, unsigned n)
{
    struct arena *arena = arena_new(4096);
    struct identity_set set = {.n = 0};
    struct verification v = {.class = VERIFICATION_OPEN};
    struct str values[IDENTITY_SET_MAX];
    struct verification_served served[IDENTITY_SET_MAX];
    for (unsigned i = 0; i < n; i++) {
        values[i] = buf_str(&b->value);
        served[i] = (struct verification_served){CERTIFICATE_PREPARED, &b->certificate, NULL,
                                                 FETCH_OK};
    }
    const struct verification_question q = {.set = &set,
                                            .served = served,
                                            .rules = VERIFICATION_RULES_USUAL,
                                            .now_s = b->now_s,
                                            .orig = &b->orig,
                                            .to = &b->dest,
                                            .requested = &b->dest};
    if (arena && identity_set_read(&set, values, n, n, arena))
        verification_judge(&q, arena, &v);
    identity_set_fini(&set);
    arena_free(arena);
    return v.class == VERIFICATION_PASSED;
}

static bool one_call(struct bench *b)
{
    return call_of(b, 1);
}

static bool call_of_eight(struct bench *b)
{
    return call_of(b, IDENTITY_SET_USUAL);
}

static bool prepare(struct bench *b)
{
    struct arena *arena = arena_new(4096);
    struct sti_certificate c;
    bool good = arena &&
                sti_certificate_prepare(&c, buf_str(&b->chain), b->trust, b->now_s, arena) &&
                !sti_certificate_fault(&c) && !c.by_anchors.chain;
    sti_certificate_fini(&c);
    arena_free(arena);
    return good;
}

static bool look_up(struct bench *b)
{
    bool revoked = true;
    for (int i = 0; i < 100; i++)
        revoked &= revocation_list_revokes(b->list, b->revoked);
    return revoked;
}

/* Of the last of those that were put, one here and one there: so many chains of two are kept. */
static bool find(struct bench *b)
{
    static unsigned at;
    const struct certificate_ground g = ground(b);
    const struct sti_certificate *found;
    char room[64];
    bool good = true;
    at = (at + 1237) % FOUND;
    const struct str url = url_of(room, URLS - 1 - at);
    for (int i = 0; i < 100; i++)
        good &= certificate_cache_get(b->cache, url, &g, &found) == CERTIFICATE_IS_CACHED;
    return good;
}

static struct {
    const char *name;
    bool (*round)(struct bench *b);
    double s;
    uint64_t n;
} kinds[] = {
    {.name = "es256_verify alone", .round = signature_alone},
    {.name = "token_read and verify", .round = whole},
    {.name = "verification_judge, one token", .round = one_call},
    {.name = "verification_judge, eight tokens", .round = call_of_eight},
    {.name = "sti_certificate_prepare (once a body)", .round = prepare},
    {.name = "100 look-ups among 50,000 revoked", .round = look_up},
    {.name = "100 times a certificate found", .round = find},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static double us(unsigned i)
{
    return kinds[i].s * 1e6 / (double)kinds[i].n;
}

static void print_ratio(const char *name, unsigned i)
{
    printf("%-40s %8.2f (target 1.25)\n", name, us(i) / us(0));
}

int main(int argc, char **argv)
{
    struct bench b;
    set_up(&b);
    double end = cpu_s() + (argc > 1 ? strtod(argv[1], NULL) : 6);
    for (unsigned i = 0; cpu_s() < end; i = (i + 1) % KINDS) {
        double begin = cpu_s(), now = begin;
        for (; now - begin < SLICE_S; now = cpu_s(), kinds[i].n++)
            if (!kinds[i].round(&b))
                die(kinds[i].name);
        kinds[i].s += now - begin;
    }
    for (unsigned i = 0; i < KINDS; i++)
        printf("%-40s %8.1f us\n", kinds[i].name, us(i));
    print_ratio("verify to the signature alone", 1);
    print_ratio("verification_judge to the signature alone", 2);
    printf("%-40s %8.0f us (target 1000)\n", "a call of eight tokens", us(3));
    printf("%-40s %8.1f us (target 100)\n", "each of them", us(3) / IDENTITY_SET_USUAL);
    printf("%-40s %8.0f us (target 400)\n", "a certificate prepared", us(4));
    printf("%-40s %8.2f us (target 0.5)\n", "one look-up", us(5) / 100);
    printf("%-40s %8.2f us (target 0.2)\n", "a certificate found", us(6) / 100);
    printf("%-40s %8.1f MiB (target 16)\n", "10,000 URLs", (double)b.cache_bytes / 1048576);
    printf("%-40s %8u certificates\n", "kept of these, at most 4,096",
           certificate_cache_counts(b.cache).good);
    printf("%-40s %8zu octets\n", "the text of each, with its issuer's", b.chain.n);
    printf("%-40s %8zu octets (target 1048576)\n", "50,000 revoked in the image", b.image.n);
    tear_down(&b);
    return 0;
}
