/* The list of authorities that a policy administrator signs: what it has to be; of a list that is
 * not so, nothing is used. R-C-009, R-V-040. */
#include "lab.h"

#include <stird/core/trust_list.h>
#include <stird/lab/lab_ca.h>

#define NOW 1893456000
#define DAY 86400
#define URL "https://pa.example.net/api/v1/ca-list"

/* ---- the vectors ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* A list of N authorities of which the first is the one that the vectors list. */
static STACK_OF(X509) * some_authorities(X509 *first, unsigned n, int64_t now_s)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    EVP_PKEY *key = lab_key_new();
    X509_up_ref(first);
    sk_X509_push(all, first);
    for (unsigned i = 1; i < n; i++)
        sk_X509_push(all, lab_certificate_new(&(struct lab_certificate){.name = "another STI-CA",
                                                                        .serial = i,
                                                                        .key = key,
                                                                        .not_before_s = now_s - DAY,
                                                                        .not_after_s = now_s + DAY,
                                                                        .authority = true}));
    EVP_PKEY_free(key);
    return all;
}

static X509 *listed_by_vectors(json_t *vectors, const struct trust *anchors)
{
    struct arena *arena = arena_new(4096);
    struct trust_list l;
    struct trust_list_question q = {
        .signer_chain = lab_member(vectors, "signer_chain"),
        .anchors = anchors,
        .now_s = json_integer_value(json_object_get(vectors, "now")),
    };
    struct str text = lab_member(json_array_get(json_object_get(vectors, "cases"), 0), "response");
    assert_null(trust_list_read(&l, text, lab_member(vectors, "list_url"), arena));
    assert_null(trust_list_accept(&l, &q));
    X509 *x = X509_dup(sk_X509_value(l.authorities, 0));
    trust_list_fini(&l);
    arena_free(arena);
    return x;
}

static struct trust *anchors_of(struct str pem)
{
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    assert_true(trust_add_anchors(t, STR("root"), pem, &problems));
    return t;
}

static const char *judge(struct trust_list *l, struct str text, struct str url,
                         const struct trust_list_question *q, struct arena *arena)
{
    const char *why = trust_list_read(l, text, url, arena);
    return why ? why : trust_list_accept(l, q);
}

static void the_vectors(void **state)
{
    (void)state;
    json_t *vectors = lab_vectors("trust_list_cases.json"), *one;
    struct trust *anchors = anchors_of(lab_member(vectors, "root"));
    X509 *listed = listed_by_vectors(vectors, anchors);
    size_t i, seen = 0;
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        struct arena *arena = arena_new(4096);
        const char *name = lab_member(one, "name").p, *expect = lab_member(one, "expect").p;
        struct trust_list_question q = {
            .signer_chain = lab_member(vectors, "signer_chain"),
            .anchors = anchors,
            .now_s = json_integer_value(json_object_get(vectors, "now")),
            .last_sequence = json_integer_value(json_object_get(vectors, "last_sequence")),
            .max_shrink_percent = 50,
        };
        json_int_t had = json_integer_value(json_object_get(one, "previous_authorities"));
        if (had > 0)
            q.last_authorities = some_authorities(listed, (unsigned)had, q.now_s);
        struct trust_list l;
        const char *why = judge(&l, lab_member(one, "response"), lab_member(vectors, "list_url"),
                                &q, arena);
        if (begins(expect, "accepted") != !why)
            fail_msg("%s: %s", name, why ? why : "accepted");
        if (!why) {
            assert_int_equal(l.left_out, strstr(expect, "without it") != NULL);
            assert_int_equal(sk_X509_num(l.authorities), 1);
            assert_int_equal(X509_cmp(sk_X509_value(l.authorities, 0), listed), 0);
        }
        trust_list_fini(&l);
        sk_X509_pop_free(q.last_authorities, X509_free);
        arena_free(arena);
        seen++;
    }
    assert_true(seen >= 18);
    X509_free(listed);
    trust_free(anchors);
    json_decref(vectors);
}

/* ---- lists of our own ---- */

enum {
    ROOT,
    SIGNER,
    OTHER_SIGNER,
    CLERK,
    OLD_SIGNER,
    NEXT_SIGNER,
    OLD_AUTHORITY,
    UNDER_OLD,
    CA_1,
    CA_2,
    CA_3,
    CERTIFICATES
};
static EVP_PKEY *keys[CERTIFICATES];
static X509 *certificates[CERTIFICATES];

static void make_certificates(void)
{
    static const struct {
        const char *name, *usage;
        int issuer;
        int to_days;
        bool authority;
    } shapes[CERTIFICATES] = {
        [ROOT] = {"STI-PA root", NULL, ROOT, 90, true},
        [SIGNER] = {"STI-PA list", NULL, ROOT, 90, false},
        [OTHER_SIGNER] = {"somebody", NULL, OTHER_SIGNER, 90, false},
        [CLERK] = {"STI-PA CRL", "critical,cRLSign", ROOT, 90, false},
        [OLD_SIGNER] = {"STI-PA list, once", NULL, ROOT, -1, false},
        [NEXT_SIGNER] = {"STI-PA list, to come", NULL, ROOT, 90, false},
        [OLD_AUTHORITY] = {"STI-PA between, once", NULL, ROOT, -1, true},
        [UNDER_OLD] = {"STI-PA list, under it", NULL, OLD_AUTHORITY, 90, false},
        [CA_1] = {"STI-CA 1", NULL, CA_1, 90, true},
        [CA_2] = {"STI-CA 2", NULL, CA_2, 90, true},
        [CA_3] = {"STI-CA 3, expired", NULL, CA_3, -1, true},
    };
    for (int i = 0; i < CERTIFICATES; i++) {
        bool own = shapes[i].issuer == i;
        keys[i] = lab_key_new();
        certificates[i] = lab_certificate_new(&(struct lab_certificate){
            .name = shapes[i].name,
            .serial = 0x70 + (uint64_t)i,
            .key = keys[i],
            .issuer = own ? NULL : certificates[shapes[i].issuer],
            .issuer_key = own ? NULL : keys[shapes[i].issuer],
            .not_before_s = NOW + (i == NEXT_SIGNER ? 1 : -90) * DAY,
            .not_after_s = NOW + shapes[i].to_days * (int64_t)DAY,
            .authority = shapes[i].authority,
            .usage = shapes[i].usage,
        });
        assert_non_null(certificates[i]);
    }
}

static int make(void **state)
{
    (void)state;
    make_certificates();
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    for (int i = 0; i < CERTIFICATES; i++) {
        X509_free(certificates[i]);
        EVP_PKEY_free(keys[i]);
    }
    return 0;
}

static void pem_of(struct buf *out, int i)
{
    assert_true(lab_add_certificate(out, certificates[i]));
}

/* What a list is made of; what is left out is as it should be. */
struct made {
    const char *header, *payload; /* JSON; payload without trustList's members: "%s" stands there */
    int authorities[4];           /* 0: no more */
    int key;                      /* that signs; ROOT: the signer's */
    int chain;                    /* whose certificate is served; ROOT: the signer's */
    const char *odd;              /* what is done to the JWS: see spoil() */
    STACK_OF(X509) * last;
    int64_t last_sequence;
    bool was_taken; /* it is the last good one */
    int anchor;     /* 0: the root */
};

#define HEADER  "{\"alg\":\"ES256\",\"x5u\":\"https://pa.example.net/keys/list.pem\"}"
#define PAYLOAD "{\"exp\":1893460000,\"sequence\":7,\"trustList\":[%s]}"

static char *entries_of(const struct made *m)
{
    json_t *all = json_array();
    for (int i = 0; i < 4 && m->authorities[i]; i++) {
        struct buf pem = BUF_INIT;
        pem_of(&pem, m->authorities[i]);
        json_array_append_new(all, json_stringn(pem.p, pem.n));
        buf_fini(&pem);
    }
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    text[strlen(text) - 1] = '\0';
    memmove(text, text + 1, strlen(text));
    return text;
}

static void add_signature(struct buf *jws, EVP_PKEY *key)
{
    unsigned char der[80], raw[64];
    size_t n = sizeof(der);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, der, &n, (const unsigned char *)jws->p, jws->n), 1);
    EVP_MD_CTX_free(context);
    const unsigned char *at = der;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)n);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(both), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(both), raw + 32, 32), 32);
    ECDSA_SIG_free(both);
    buf_add(jws, ".", 1);
    base64url_add(jws, raw, sizeof(raw));
}

static void make_jws(const struct made *m, struct buf *jws)
{
    char *entries = entries_of(m), payload[16384];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(payload, sizeof(payload), m->payload ? m->payload : PAYLOAD, entries);
#pragma GCC diagnostic pop
    free(entries);
    const char *header = m->header ? m->header : HEADER;
    base64url_add(jws, header, strlen(header));
    buf_add(jws, ".", 1);
    base64url_add(jws, payload, strlen(payload));
    add_signature(jws, keys[m->key ? m->key : SIGNER]);
}

static void spoil(struct buf *jws, const char *odd)
{
    if (odd && strcmp(odd, "four parts") == 0)
        buf_add(jws, ".AA", 3);
    else if (odd && strcmp(odd, "cut") == 0)
        jws->n -= 2;
    else if (odd && strcmp(odd, "one letter") == 0)
        jws->p[jws->n / 2] = jws->p[jws->n / 2] == 'A' ? 'B' : 'A';
    else if (odd && strcmp(odd, "no signature") == 0)
        jws->n -= 86;
    else if (odd)
        fail_msg("%s", odd);
}

/* NULL, or why it is refused. */
static const char *try(const struct made *m, struct trust_list *l)
{
    struct arena *arena = arena_new(4096);
    struct buf jws = BUF_INIT, root = BUF_INIT, chain = BUF_INIT;
    pem_of(&root, m->anchor ? m->anchor : ROOT);
    pem_of(&chain, m->chain ? m->chain : SIGNER);
    if (m->chain == UNDER_OLD)
        pem_of(&chain, OLD_AUTHORITY);
    struct trust *anchors = anchors_of(buf_str(&root));
    make_jws(m, &jws);
    spoil(&jws, m->odd);
    const char *why = judge(l, buf_str(&jws), STR(URL),
                            &(struct trust_list_question){.signer_chain = buf_str(&chain),
                                                          .anchors = anchors,
                                                          .now_s = NOW,
                                                          .was_taken = m->was_taken,
                                                          .last_sequence = m->last_sequence,
                                                          .last_authorities = m->last,
                                                          .max_shrink_percent = 50},
                            arena);
    trust_free(anchors);
    buf_fini(&jws);
    buf_fini(&root);
    buf_fini(&chain);
    arena_free(arena);
    return why;
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct made made;
        const char *why; /* begins so; NULL: it is taken */
    } rows[] = {
        {{.authorities = {CA_1}}, NULL},
        {{.authorities = {CA_1, CA_2, CA_1}}, NULL},
        {{.authorities = {CA_1}, .key = OTHER_SIGNER}, "is not signed by the key"},
        {{.authorities = {CA_1}, .key = OTHER_SIGNER, .chain = OTHER_SIGNER},
         "has a signer whose certificate leads to none"},
        {{.authorities = {CA_1}, .key = CLERK, .chain = CLERK},
         "has a signer whose certificate is not for signatures"},
        {{.authorities = {CA_1}, .key = OLD_SIGNER, .chain = OLD_SIGNER},
         "has a signer whose certificate is not in force"},
        {{.authorities = {CA_1}, .key = OLD_SIGNER, .chain = OLD_SIGNER, .was_taken = true}, NULL},
        {{.authorities = {CA_1}, .key = NEXT_SIGNER, .chain = NEXT_SIGNER},
         "has a signer whose certificate is not in force"},
        {{.authorities = {CA_1}, .key = NEXT_SIGNER, .chain = NEXT_SIGNER, .was_taken = true},
         NULL},
        {{.authorities = {CA_1}, .key = UNDER_OLD, .chain = UNDER_OLD},
         "has a signer whose certificate leads to none"},
        {{.authorities = {CA_1}, .key = UNDER_OLD, .chain = UNDER_OLD, .was_taken = true}, NULL},
        {{.authorities = {CA_1}, .key = UNDER_OLD, .chain = UNDER_OLD, .anchor = OLD_AUTHORITY},
         "has a signer whose certificate leads to none of its anchors"},
        {{.authorities = {CA_1},
          .key = UNDER_OLD,
          .chain = UNDER_OLD,
          .anchor = OLD_AUTHORITY,
          .was_taken = true},
         NULL},
        {{.authorities = {CA_1}, .key = OTHER_SIGNER, .was_taken = true},
         "is not signed by the key"},
        {{.authorities = {CA_1}, .key = OTHER_SIGNER, .chain = OTHER_SIGNER, .was_taken = true},
         "has a signer whose certificate leads to none"},
        {{.authorities = {CA_1}, .key = CLERK, .chain = CLERK, .was_taken = true},
         "has a signer whose certificate is not for signatures"},
        {{.authorities = {CA_3}}, "holds no authority that can be used"},
        {{.authorities = {SIGNER}}, "holds no authority that can be used"},
        {{.authorities = {CA_1}, .odd = "four parts"}, "is no JWS of three parts"},
        {{.authorities = {CA_1}, .odd = "cut"}, "has a signature that is none of ES256"},
        {{.authorities = {CA_1}, .odd = "no signature"}, "has a signature that is none of ES256"},
        {{.authorities = {CA_1}, .odd = "one letter"}, "is not signed by the key"},
        {{.authorities = {CA_1}, .last_sequence = 7}, NULL},
        {{.authorities = {CA_1}, .last_sequence = 8}, "is older than the one in force"},
        {{.authorities = {CA_1}, .header = "{\"alg\":\"HS256\"}"}, "is not signed by ES256"},
        {{.authorities = {CA_1}, .header = "{\"alg\":\"es256\"}"}, "is not signed by ES256"},
        {{.authorities = {CA_1}, .header = "[]"}, "has a header that is no JSON object"},
        {{.authorities = {CA_1}, .header = "{\"alg\":\"ES256\",\"alg\":\"none\"}"},
         "has a header that is no JSON object"},
        {{.authorities = {CA_1},
          .header = "{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"x5u\":\"https://pa.example.net/l\"}"},
         "demands what is not understood"},
        {{.authorities = {CA_1},
          .header = "{\"alg\":\"ES256\",\"x5u\":\"http://pa.example.net/keys/list.pem\"}"},
         "names no certificate at its own host"},
        {{.authorities = {CA_1},
          .header = "{\"alg\":\"ES256\",\"x5u\":\"https://pa.example.net.evil.example/l.pem\"}"},
         "names no certificate at its own host"},
        {{.authorities = {CA_1},
          .header = "{\"alg\":\"ES256\",\"x5u\":\"https://pa.example.net:8443/list.pem\"}"},
         "names no certificate at its own host"},
        {{.authorities = {CA_1},
          .header = "{\"alg\":\"ES256\",\"x5u\":\"HTTPS://PA.example.NET:443/list.pem\"}"},
         NULL},
        {{.authorities = {CA_1},
          .payload = "{\"exp\":1893456000,\"sequence\":7,\"trustList\":[%s]}"},
         "has expired"},
        {{.authorities = {CA_1},
          .payload = "{\"exp\":1893456001,\"sequence\":7,\"trustList\":[%s]}"},
         NULL},
        {{.authorities = {CA_1}, .payload = "{\"exp\":1.9e9,\"sequence\":7,\"trustList\":[%s]}"},
         "does not say until when"},
        {{.authorities = {CA_1}, .payload = "{\"sequence\":7,\"trustList\":[%s]}"},
         "does not say until when"},
        {{.authorities = {CA_1}, .payload = "{\"exp\":1893460000,\"trustList\":[%s]}"},
         "has no sequence"},
        {{.authorities = {CA_1},
          .payload = "{\"exp\":1893460000,\"sequence\":-7,\"trustList\":[%s]}"},
         "has no sequence"},
        {{.authorities = {CA_1},
          .payload = "{\"exp\":1893460000,\"sequence\":\"7 \",\"trustList\":[%s]}"},
         "has no sequence"},
        {{.authorities = {CA_1},
          .payload = "{\"exp\":1893460000,\"sequence\":7,\"sequence\":9,\"trustList\":[%s]}"},
         "has a payload that is no JSON"},
        {{.authorities = {CA_1},
          .payload = "{\"exp\":1893460000,\"sequence\":7,\"trustlist\":[%s]}"},
         "holds no authority that can be used"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct trust_list l;
        const char *why = try(&rows[i].made, &l);
        if (rows[i].why ? !why || !begins(why, rows[i].why) : why != NULL)
            fail_msg("row %zu: %s instead of %s", i, why ? why : "taken",
                     rows[i].why ? rows[i].why : "taken");
        trust_list_fini(&l);
    }
}

static void what_is_left_out(void **state)
{
    (void)state;
    struct trust_list l;
    assert_null(try(&(struct made){.authorities = {CA_3, CA_1, SIGNER, CA_2}}, &l));
    assert_int_equal(sk_X509_num(l.authorities), 2);
    assert_int_equal(l.left_out, 2);
    assert_string_equal(l.left_out_why, "an authority's certificate that has expired");
    assert_int_equal(l.sequence, 7);
    assert_int_equal(l.expires_s, 1893460000);
    trust_list_fini(&l);
    /* one entry holds one certificate */
    char two[8192], *both = NULL;
    struct buf pems = BUF_INIT;
    pem_of(&pems, CA_1);
    pem_of(&pems, CA_2);
    json_t *text = json_stringn(pems.p, pems.n);
    both = json_dumps(text, JSON_ENCODE_ANY);
    snprintf(two, sizeof(two), "{\"exp\":1893460000,\"sequence\":7,\"trustList\":[%s,7,%%s]}",
             both);
    assert_null(try(&(struct made){.authorities = {CA_2}, .payload = two}, &l));
    assert_int_equal(sk_X509_num(l.authorities), 1);
    assert_int_equal(l.left_out, 2);
    trust_list_fini(&l);
    json_decref(text);
    free(both);
    buf_fini(&pems);
}

/* Who goes counts, not how many there are; who has expired may go. */
static void how_many_may_go(void **state)
{
    (void)state;
    STACK_OF(X509) *last = sk_X509_new_null();
    struct trust_list l;
    sk_X509_push(last, certificates[CA_1]);
    sk_X509_push(last, certificates[CA_3]);
    assert_null(try(&(struct made){.authorities = {CA_1}, .last = last}, &l));
    trust_list_fini(&l);
    assert_non_null(try(&(struct made){.authorities = {CA_2}, .last = last}, &l));
    trust_list_fini(&l);
    sk_X509_push(last, certificates[CA_2]);
    assert_null(try(&(struct made){.authorities = {CA_2}, .last = last}, &l));
    trust_list_fini(&l);
    sk_X509_push(last, certificates[ROOT]);
    assert_non_null(try(&(struct made){.authorities = {CA_2}, .last = last}, &l));
    trust_list_fini(&l);
    sk_X509_free(last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(what_is_left_out),
        cmocka_unit_test(how_many_may_go),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
