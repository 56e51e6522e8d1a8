/* Lists that tell of others' certificates, signed under a root of their own, as the policy
 * administrator's is; and what makes a list one that nobody goes by. trust_test.c has the rest.
 * R-V-041. */
#include "lab.h"

#include <openssl/x509v3.h>
#include <stird/core/certificate_chain.h>
#include <stird/core/trust.h>
#include <stird/lab/lab_ca.h>

#include "core/verify/revocation_list.h"

#define NOW 1893456000
#define DAY 86400

/* ---- the vectors ---- */

static json_t *vectors;

static X509 *vector_certificate(const char *name)
{
    struct str text = lab_member(vectors, name);
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(x);
    return x;
}

static const char *answer_to(const struct trust *t, X509 *leaf, STACK_OF(X509) * more,
                             int64_t now_s)
{
    bool revoked = false;
    const char *why = trust_check_revoked(t, leaf, more, now_s, &revoked);
    assert_false(why && revoked);
    return revoked ? "revoked" : why ? "not known" : "good";
}

static const char *answer_to_vector(const struct trust *t, const char *name)
{
    X509 *leaf = vector_certificate(name);
    const char *answer = answer_to(t, leaf, NULL,
                                   json_integer_value(json_object_get(vectors, "now")));
    X509_free(leaf);
    return answer;
}

/* What a vector expects of either leaf. */
static void expectations(json_t *expect, const char *want[2])
{
    const char *word = json_string_value(expect);
    if (word) {
        want[0] = strncmp(word, "stale", 5) == 0 ? "revoked" : "not known";
        want[1] = "not known";
        return;
    }
    want[0] = json_is_true(json_object_get(expect, "revoked")) ? "revoked" : "good";
    want[1] = json_is_true(json_object_get(expect, "good")) ? "revoked" : "good";
}

/* The signer's certificate lies beside the list, or among the anchors for lists. */
static struct trust *trust_of_vector(json_t *one, bool beside)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf lists = BUF_INIT;
    struct trust *t = trust_new();
    buf_add_str(&lists, lab_member(one, "crl"));
    if (beside)
        buf_add_str(&lists, lab_member(vectors, "crl_signer"));
    else
        assert_true(
            trust_add_crl_anchors(t, STR("signer"), lab_member(vectors, "crl_signer"), &problems));
    bool garbage = str_eq(lab_member(one, "crl"), STR("garbage"));
    assert_int_equal(
        trust_add_crls_from(t, STR("crl"), buf_str(&lists), lab_member(vectors, "url"), &problems),
        !garbage);
    assert_int_equal(problems.n, garbage);
    assert_true(trust_add_crl_anchors(t, STR("pa"), lab_member(vectors, "pa_root"), &problems));
    assert_true(trust_add_anchors(t, STR("sti"), lab_member(vectors, "issuer"), &problems));
    problems_fini(&problems);
    buf_fini(&lists);
    return t;
}

/* R-V-017. */
static void the_vectors(void **state)
{
    (void)state;
    size_t i, seen = 0;
    json_t *one;
    json_array_foreach(json_object_get(vectors, "cases"), i, one)
    {
        static const char *const leaves[] = {"leaf_revoked", "leaf_good"};
        const char *want[2];
        expectations(json_object_get(one, "expect"), want);
        for (unsigned beside = 0; beside < 2; beside++) {
            struct trust *t = trust_of_vector(one, beside);
            for (unsigned leaf = 0; leaf < 2; leaf++) {
                const char *got = answer_to_vector(t, leaves[leaf]);
                if (strcmp(got, want[leaf]) != 0)
                    fail_msg("%s: %s is %s instead of %s", lab_member(one, "name").p, leaves[leaf],
                             got, want[leaf]);
            }
            trust_free(t);
        }
        seen++;
    }
    assert_true(seen >= 9);
}

/* Whoever signs the list is nobody's anchor for lists: it says nothing. */
static void without_their_anchor(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    json_t *first = json_array_get(json_object_get(vectors, "cases"), 0);
    struct trust *t = trust_new();
    struct buf lists = BUF_INIT;
    buf_add_str(&lists, lab_member(first, "crl"));
    buf_add_str(&lists, lab_member(vectors, "crl_signer"));
    assert_true(trust_add_anchors(t, STR("sti"), lab_member(vectors, "issuer"), &problems));
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&lists), &problems));
    assert_string_equal(answer_to_vector(t, "leaf_revoked"), "not known");
    trust_free(t);
    buf_fini(&lists);
}

/* One of the anchors may sign it where the certificate says so, and where it is named for lists. */
static void by_an_anchor_of_certificates(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    json_t *first = json_array_get(json_object_get(vectors, "cases"), 0);
    struct trust *t = trust_new();
    struct buf lists = BUF_INIT;
    buf_add_str(&lists, lab_member(first, "crl"));
    buf_add_str(&lists, lab_member(vectors, "crl_signer"));
    assert_true(trust_add_anchors(t, STR("sti"), lab_member(vectors, "issuer"), &problems));
    assert_true(trust_add_anchors(t, STR("pa"), lab_member(vectors, "pa_root"), &problems));
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&lists), &problems));
    assert_string_equal(answer_to_vector(t, "leaf_revoked"), "revoked");
    assert_string_equal(answer_to_vector(t, "leaf_good"), "good");
    trust_free(t);
    buf_fini(&lists);
}

/* ---- lists of our own ---- */

enum { STI_CA, PA_ROOT, PA_SIGNER, PA_CLERK, LEAF, CERTIFICATES };

static EVP_PKEY *keys[CERTIFICATES];
static X509 *certificates[CERTIFICATES];

static void make_certificates(void)
{
    static const struct {
        const char *name, *usage;
        int issuer;
        int64_t to_days;
        bool authority;
    } shapes[CERTIFICATES] = {
        [STI_CA] = {"STI-CA", NULL, STI_CA, 90, true},
        [PA_ROOT] = {"STI-PA root", NULL, PA_ROOT, 90, true},
        [PA_SIGNER] = {"STI-PA CRL", "critical,cRLSign", PA_ROOT, 30, false},
        [PA_CLERK] = {"STI-PA clerk", "critical,digitalSignature", PA_ROOT, 90, false},
        [LEAF] = {"SHAKEN 709J", NULL, STI_CA, 80, false},
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
            .spcs = i == LEAF ? spcs : NULL,
        });
        assert_non_null(certificates[i]);
    }
}

/* A list, and one thing about it. */
struct shape {
    int signer;
    bool direct, no_scope_flag; /* direct: it tells of its issuer's own certificates */
    int issuer;                 /* of the entry, by its name; -1: it says none */
    int64_t serial;             /* 0: no entry */
    const char *odd;            /* see add_odd() and entry_odd() */
};

static X509_EXTENSION *unknown_extension(bool critical)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5", 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    assert_true(ASN1_OCTET_STRING_set(octets, (const unsigned char *)"\x05\x00", 2));
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, critical, octets);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(oid);
    return e;
}

static bool is(const char *odd, const char *what)
{
    return odd && strcmp(odd, what) == 0;
}

static GENERAL_NAMES *names_of(X509_NAME *name, X509_NAME *other)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    for (int i = 0; i < 2; i++) {
        X509_NAME *one = i == 0 ? name : other;
        GENERAL_NAME *general = one ? GENERAL_NAME_new() : NULL;
        if (!general)
            continue;
        general->type = GEN_DIRNAME;
        general->d.directoryName = X509_NAME_dup(one);
        sk_GENERAL_NAME_push(all, general);
    }
    return all;
}

/* The same name in strings of another type, and in other letters (RFC 5280 section 7.1). */
static X509_NAME *respelled(void)
{
    X509_NAME *name = X509_NAME_new();
    assert_true(X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC, (const unsigned char *)"US", -1,
                                           -1, 0));
    assert_true(X509_NAME_add_entry_by_txt(name, "O", V_ASN1_UTF8STRING,
                                           (const unsigned char *)"STIRD  Lab", -1, -1, 0));
    assert_true(X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_PRINTABLESTRING,
                                           (const unsigned char *)"sti-ca", -1, -1, 0));
    return name;
}

static X509_NAME *name_number(unsigned n)
{
    char text[32];
    X509_NAME *name = X509_NAME_new();
    snprintf(text, sizeof(text), "authority %u", n);
    assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)text,
                                           -1, -1, 0));
    return name;
}

/* As many; the last is the STI-CA's. */
static GENERAL_NAMES *many_names(unsigned n)
{
    GENERAL_NAMES *all = names_of(NULL, NULL);
    for (unsigned i = 1; i <= n; i++) {
        GENERAL_NAME *general = GENERAL_NAME_new();
        general->type = GEN_DIRNAME;
        general->d.directoryName = i < n
                                       ? name_number(i)
                                       : X509_NAME_dup(X509_get_subject_name(certificates[STI_CA]));
        sk_GENERAL_NAME_push(all, general);
    }
    return all;
}

static GENERAL_NAMES *odd_names(const struct shape *s)
{
    return is(s->odd, "issuer without name") ? GENERAL_NAMES_new()
           : is(s->odd, "5 names")           ? many_names(5)
           : is(s->odd, "16 names")          ? many_names(16)
           : is(s->odd, "17 names")          ? many_names(17)
                                             : NULL;
}

static void set_issuer(X509_REVOKED *entry, const struct shape *s)
{
    X509_NAME *spelled = is(s->odd, "respelled") ? respelled() : NULL;
    X509_NAME *name = spelled ? spelled : X509_get_subject_name(certificates[s->issuer]);
    X509_NAME *second = is(s->odd, "two issuers") ? X509_get_subject_name(certificates[STI_CA])
                                                  : NULL;
    GENERAL_NAMES *odd = odd_names(s), *names = odd ? odd : names_of(name, second);
    assert_true(X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names, 1, 0));
    GENERAL_NAMES_free(names);
    X509_NAME_free(spelled);
}

static void set_reason(X509_REVOKED *entry, long reason)
{
    ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();
    ASN1_ENUMERATED_set(e, reason);
    assert_true(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, e, 0, 0));
    ASN1_ENUMERATED_free(e);
}

static void add_entry(X509_CRL *crl, const struct shape *s)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_TIME *at = ASN1_TIME_set(NULL, NOW - DAY);
    ASN1_INTEGER_set_int64(serial, s->serial);
    assert_true(X509_REVOKED_set_serialNumber(entry, serial));
    assert_true(X509_REVOKED_set_revocationDate(entry, at));
    if (s->issuer >= 0)
        set_issuer(entry, s);
    if (is(s->odd, "lifted") || is(s->odd, "on hold"))
        set_reason(entry,
                   is(s->odd, "lifted") ? CRL_REASON_REMOVE_FROM_CRL : CRL_REASON_CERTIFICATE_HOLD);
    if (is(s->odd, "critical in entry") || is(s->odd, "unknown in entry")) {
        X509_EXTENSION *e = unknown_extension(is(s->odd, "critical in entry"));
        assert_true(X509_REVOKED_add_ext(entry, e, -1));
        X509_EXTENSION_free(e);
    }
    assert_true(X509_CRL_add0_revoked(crl, entry));
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(at);
}

/* One serial number is the leaf's: it is of another authority's certificate. */
static void add_others(X509_CRL *crl, unsigned n)
{
    ASN1_TIME *at = ASN1_TIME_set(NULL, NOW - DAY);
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_INTEGER_set_int64(serial, 0x80 + LEAF);
    for (unsigned i = 0; i < n; i++) {
        X509_REVOKED *entry = X509_REVOKED_new();
        X509_NAME *name = name_number(i);
        GENERAL_NAMES *names = names_of(name, NULL);
        assert_true(X509_REVOKED_set_serialNumber(entry, serial) &&
                    X509_REVOKED_set_revocationDate(entry, at) &&
                    X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names, 1, 0) &&
                    X509_CRL_add0_revoked(crl, entry));
        GENERAL_NAMES_free(names);
        X509_NAME_free(name);
    }
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(at);
}

static void add_scope(X509_CRL *crl, const struct shape *s)
{
    ISSUING_DIST_POINT *scope = ISSUING_DIST_POINT_new();
    scope->indirectCRL = s->direct || s->no_scope_flag ? -1 : 0xff;
    scope->onlyuser = is(s->odd, "end entities") ? 0xff : -1;
    scope->onlyCA = is(s->odd, "authorities") ? 0xff : -1;
    scope->onlyattr = is(s->odd, "attributes") ? 0xff : -1;
    if (is(s->odd, "some reasons")) {
        scope->onlysomereasons = ASN1_BIT_STRING_new();
        ASN1_BIT_STRING_set_bit(scope->onlysomereasons, 1, 1);
    }
    assert_true(X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, scope, 1, 0));
    ISSUING_DIST_POINT_free(scope);
}

static void add_odd(X509_CRL *crl, const char *odd)
{
    if (is(odd, "critical in list") || is(odd, "unknown in list")) {
        X509_EXTENSION *e = unknown_extension(is(odd, "critical in list"));
        assert_true(X509_CRL_add_ext(crl, e, -1));
        X509_EXTENSION_free(e);
    }
    if (is(odd, "delta")) {
        ASN1_INTEGER *base = ASN1_INTEGER_new();
        ASN1_INTEGER_set_int64(base, 1);
        assert_true(X509_CRL_add1_ext_i2d(crl, NID_delta_crl, base, 1, 0));
        ASN1_INTEGER_free(base);
    }
}

static struct buf list_of(const struct shape *s)
{
    struct buf text = BUF_INIT;
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, NOW - DAY), *to = ASN1_TIME_set(NULL, NOW + DAY);
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(certificates[s->signer]));
    X509_CRL_set1_lastUpdate(crl, from);
    if (!is(s->odd, "without end"))
        X509_CRL_set1_nextUpdate(crl, to);
    if (!is(s->odd, "no scope"))
        add_scope(crl, s);
    add_odd(crl, s->odd);
    if (is(s->odd, "600 issuers"))
        add_others(crl, 600);
    if (s->serial)
        add_entry(crl, s);
    assert_true(X509_CRL_sign(crl, keys[is(s->odd, "forged") ? PA_CLERK : s->signer],
                              is(s->odd, "sha1") ? EVP_sha1() : EVP_sha256()) > 0);
    assert_true(lab_add_crl(&text, crl));
    assert_true(lab_add_certificate(&text, certificates[s->signer]));
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
    return text;
}

static void add_anchor(struct trust *t, int which, bool for_lists)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    assert_true(lab_add_certificate(&text, certificates[which]));
    assert_true((for_lists ? trust_add_crl_anchors : trust_add_anchors)(t, STR("anchor"),
                                                                        buf_str(&text), &problems));
    buf_fini(&text);
}

static const char *ask_with(const struct shape *s, bool for_lists, int64_t now_s)
{
    struct problems problems = PROBLEMS_INIT;
    struct trust *t = trust_new();
    struct buf text = list_of(s);
    add_anchor(t, STI_CA, false);
    add_anchor(t, PA_ROOT, for_lists);
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
    const char *answer = answer_to(t, certificates[LEAF], NULL, now_s);
    trust_free(t);
    buf_fini(&text);
    return answer;
}

static const char *ask(const struct shape *s, int64_t now_s)
{
    return ask_with(s, true, now_s);
}

#define LEAF_SERIAL (0x80 + LEAF)

static void every_shape_of_a_list(void **state)
{
    (void)state;
    static const struct {
        struct shape shape;
        const char *want;
    } cases[] = {
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL}, "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL + 1}, "good"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = -LEAF_SERIAL}, "good"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL << 8}, "good"},
        {{PA_SIGNER, .issuer = PA_ROOT, .serial = LEAF_SERIAL}, "good"},
        {{PA_SIGNER, .issuer = -1, .serial = LEAF_SERIAL}, "good"},
        {{.signer = PA_SIGNER, .issuer = -1}, "good"},
        {{PA_SIGNER, .issuer = PA_ROOT, .serial = LEAF_SERIAL, .odd = "two issuers"}, "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "respelled"}, "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "5 names"}, "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "16 names"}, "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "17 names"}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "600 issuers"}, "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL + 1, .odd = "600 issuers"}, "good"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "on hold"}, "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "lifted"}, "good"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "unknown in entry"},
         "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "unknown in list"}, "revoked"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "critical in entry"},
         "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "critical in list"},
         "not known"},
        {{PA_SIGNER, .odd = "critical in list"}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = 1, .odd = "critical in entry"}, "not known"},
        {{PA_SIGNER, .odd = "delta"}, "not known"},
        {{PA_SIGNER, .odd = "attributes"}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "end entities"}, "revoked"},
        {{PA_SIGNER, .odd = "end entities"}, "good"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "authorities"}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "some reasons"}, "revoked"},
        {{PA_SIGNER, .odd = "some reasons"}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "without end"}, "revoked"},
        {{PA_SIGNER, .odd = "without end"}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "issuer without name"},
         "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .no_scope_flag = true}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "no scope"}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "forged"}, "not known"},
        {{PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL, .odd = "sha1"}, "not known"},
        /* who may sign lists */
        {{PA_ROOT, .issuer = STI_CA, .serial = LEAF_SERIAL}, "revoked"},
        {{PA_CLERK, .issuer = STI_CA, .serial = LEAF_SERIAL}, "not known"},
        {{LEAF, .issuer = STI_CA, .serial = 1}, "not known"},
        /* a certificate's own issuer speaks of it whoever the anchors for lists are */
        {{STI_CA, .direct = true, .issuer = -1, .serial = LEAF_SERIAL}, "revoked"},
        {{STI_CA, .direct = true, .issuer = -1}, "good"},
        {{STI_CA, .issuer = -1, .serial = LEAF_SERIAL, .odd = "no scope"}, "revoked"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *got = ask(&cases[i].shape, NOW);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("case %zu (%s): %s instead of %s", i,
                     cases[i].shape.odd ? cases[i].shape.odd : "-", got, cases[i].want);
    }
}

static void times(void **state)
{
    (void)state;
    const struct shape revoking = {PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL};
    const struct shape empty = {PA_SIGNER, .issuer = -1};
    assert_string_equal(ask(&empty, NOW + DAY), "good");
    assert_string_equal(ask(&empty, NOW + DAY + 1), "not known");
    assert_string_equal(ask(&revoking, NOW + 2 * DAY), "revoked");
    assert_string_equal(ask(&revoking, NOW - DAY - 1), "not known");  /* of a time to come */
    assert_string_equal(ask(&revoking, NOW + 31 * DAY), "not known"); /* the signer has expired */
}

/* What is not known for want of a list in force is asked anew when one begins. */
static void what_is_not_known_has_an_end(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    const struct shape empty = {PA_SIGNER, .issuer = -1};
    struct buf text = list_of(&empty);
    struct trust *t = trust_new();
    add_anchor(t, STI_CA, false);
    add_anchor(t, PA_ROOT, true);
    assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
    struct trust_answer early, late;
    assert_true(trust_judge(t, certificates[LEAF], NULL, NOW - 2 * DAY, &early, NULL));
    assert_int_equal(early.revoked, TRUST_NOT_KNOWN);
    assert_int_equal(early.until_s, NOW - DAY - 1);
    assert_true(trust_judge(t, certificates[LEAF], NULL, NOW + 2 * DAY, &late, NULL));
    assert_int_equal(late.revoked, TRUST_NOT_KNOWN);
    assert_int_equal(late.from_s, NOW + DAY + 1);
    assert_int_equal(late.until_s, NOW + 30 * DAY); /* the signer's end */
    trust_free(t);
    buf_fini(&text);
}

/* An authority that is an anchor tells nothing of the certificates of another one, unless somebody
   says so. */
static void an_authority_of_others(void **state)
{
    (void)state;
    const struct shape others = {PA_SIGNER, .issuer = STI_CA, .serial = LEAF_SERIAL};
    const struct shape own = {STI_CA, .issuer = -1, .serial = LEAF_SERIAL};
    assert_string_equal(ask_with(&others, true, NOW), "revoked");
    assert_string_equal(ask_with(&others, false, NOW), "not known");
    assert_string_equal(ask_with(&own, false, NOW), "revoked");
}

/* The look at the certificates' URLs asks the same (check.crls, check.crl_anchors). */
static void a_unit_of_ours(void **state)
{
    (void)state;
    struct problems problems = PROBLEMS_INIT;
    unsigned char *der = NULL;
    int n = i2d_X509(certificates[LEAF], &der);
    const struct certificate unit = {.chain = {(const char *)der, (size_t)n}};
    for (int64_t serial = LEAF_SERIAL; serial < LEAF_SERIAL + 2; serial++)
        for (int named = 0; named < 2; named++) {
            const struct shape shape = {PA_SIGNER, .issuer = STI_CA, .serial = serial};
            struct buf text = list_of(&shape);
            struct trust *t = trust_new();
            add_anchor(t, STI_CA, false);
            if (named)
                add_anchor(t, PA_ROOT, true);
            assert_true(trust_add_crls(t, STR("crl"), buf_str(&text), &problems));
            assert_int_equal(certificate_is_revoked(&unit, t, NOW), named && serial == LEAF_SERIAL);
            trust_free(t);
            buf_fini(&text);
        }
    OPENSSL_free(der);
}

/* ---- the table ---- */

static void a_large_list_is_searched(void **state)
{
    (void)state;
    enum { N = 50000 };
    static uint64_t serials[N];
    for (uint64_t i = 0; i < N; i++)
        serials[i] = (i + 1) * 3;
    X509_CRL *crl = lab_crl_new(certificates[STI_CA], keys[STI_CA], NOW - DAY, NOW + DAY, serials,
                                N);
    struct revocation_list *l = revocation_list_new(crl, STR(""));
    assert_null(revocation_list_fault(l));
    assert_int_equal(revocation_list_count(l), N);
    X509 *x = X509_dup(certificates[LEAF]);
    for (uint64_t serial = 0; serial < 3000; serial++) {
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial * 51);
        assert_int_equal(revocation_list_revokes(l, x), serial > 0 && serial * 51 <= 3 * N);
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial * 51 + 1);
        assert_false(revocation_list_revokes(l, x));
    }
    X509_free(x);
    revocation_list_free(l);
    X509_CRL_free(crl);
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
        cmocka_unit_test(without_their_anchor),
        cmocka_unit_test(every_shape_of_a_list),
        cmocka_unit_test(times),
        cmocka_unit_test(what_is_not_known_has_an_end),
        cmocka_unit_test(an_authority_of_others),
        cmocka_unit_test(by_an_anchor_of_certificates),
        cmocka_unit_test(a_unit_of_ours),
        cmocka_unit_test(a_large_list_is_searched),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
