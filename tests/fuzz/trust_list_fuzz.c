#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <stird/core/jws_algorithm.h>
#include <stird/core/passport.h>
#include <stird/core/trust_list.h>
#include <stird/lab/lab_ca.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_S  INT64_C(1784592000)
#define DAY_S  86400
#define LATE_S (7 * DAY_S)
#define LIST   STR("https://pa.example.net/api/v1/ca-list")

/* Who signs what the harness has signed. */
static struct trust *anchors;
static struct buf signer_chain;
static void *ready;

static void prepare(void)
{
    struct buf pem = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    EVP_PKEY *root_key = lab_key_new(), *key = lab_key_new();
    struct lab_certificate of_root = {.name = "root",
                                      .serial = 1,
                                      .key = root_key,
                                      .not_before_s = NOW_S - DAY_S,
                                      .not_after_s = NOW_S + DAY_S,
                                      .authority = true};
    X509 *root = lab_certificate_new(&of_root);
    struct lab_certificate of_signer = {.name = "signer",
                                        .serial = 2,
                                        .key = key,
                                        .issuer = root,
                                        .issuer_key = root_key,
                                        .not_before_s = NOW_S - DAY_S,
                                        .not_after_s = NOW_S + DAY_S};
    X509 *signer = lab_certificate_new(&of_signer);
    anchors = trust_new();
    bool good = root && signer && lab_add_certificate(&pem, root) &&
                lab_add_certificate(&signer_chain, signer) &&
                trust_add_anchors(anchors, STR("root"), buf_str(&pem), &problems);
    ready = jws_es256.ready_new(key); /* until the end, as KEY is */
    assert(good && ready);
    X509_free(signer);
    X509_free(root);
    EVP_PKEY_free(root_key);
    buf_fini(&pem);
}

/* A list whose PAYLOAD its administrator has signed: what it says alone decides. */
static void sign(struct buf *jws, struct str payload)
{
    const struct str header = STR(
        "{\"alg\":\"ES256\",\"x5u\":\"https://pa.example.net/signer.pem\"}");
    unsigned char signature[ES256_SIGNATURE_BYTES];
    base64url_add(jws, header.p, header.n);
    buf_add_char(jws, '.');
    base64url_add(jws, payload.p, payload.n);
    bool signed_it = jws_es256.sign(ready, buf_str(jws), signature);
    assert(signed_it);
    buf_add_char(jws, '.');
    base64url_add(jws, signature, sizeof(signature));
}

static const char *judge(struct str text, int64_t late_s)
{
    struct trust_list l;
    struct arena *arena = arena_new(4096);
    const struct trust_list_question q = {.signer_chain = buf_str(&signer_chain),
                                          .anchors = anchors,
                                          .now_s = NOW_S,
                                          .late_s = late_s,
                                          .last_sequence = 7,
                                          .max_shrink_percent = 50};
    const char *why = trust_list_read(&l, text, LIST, arena);
    if (!why)
        why = trust_list_accept(&l, &q);
    assert(why || (sk_X509_num(l.authorities) > 0 && l.sequence >= 7));
    assert(why || (l.expires_s > NOW_S - late_s &&
                   sk_X509_num(l.authorities) <= TRUST_LIST_AUTHORITIES_MAX));
    trust_list_fini(&l);
    arena_free(arena);
    ERR_clear_error();
    return why;
}

/* An answer of a server as it came, which nobody has signed; and a payload that was signed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str text = {(const char *)data, size};
    struct buf jws = BUF_INIT;
    if (!ready)
        prepare();
    const char *as_it_came = judge(text, 0);
    assert(as_it_came);
    sign(&jws, text);
    const char *new_one = judge(buf_str(&jws), 0), *kept = judge(buf_str(&jws), LATE_S);
    assert(new_one || !kept); /* what is taken when it is new can be kept */
    buf_fini(&jws);
    return 0;
}
