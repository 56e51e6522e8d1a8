#include <stird/core/credential.h>

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include <stird/core/key_backend.h>

/* `base64url(header).`: the same for every token of a type, so it is made once. */
struct token_start {
    const struct passport_type *type;
    struct buf text;
};

struct credential {
    const struct certificate *certificate;
    const struct key_backend *backend;
    void *key;
    const struct jws_algorithm *algorithm; /* of the key; NULL: of no type */
    struct buf payload;                    /* of the token in the making; its memory is kept */
    unsigned n_starts;
    struct token_start starts[]; /* one for each type of the table */
};

void credential_free(struct credential *c)
{
    if (!c)
        return;
    if (c->key)
        c->backend->close(c->key);
    buf_fini(&c->payload);
    for (unsigned i = 0; i < c->n_starts; i++)
        buf_fini(&c->starts[i].text);
    OPENSSL_cleanse(c, sizeof(*c));
    free(c);
}

struct credential *credential_new_with(const struct key_backend *backend,
                                       const struct certificate *certificate, struct str key_name,
                                       struct str key_text, struct problems *problems)
{
    const unsigned n = passport_types_count();
    struct credential *c = calloc(1, sizeof(*c) + n * sizeof(c->starts[0]));
    if (!c) {
        problems_add(problems, key_name, 0, "no memory for the key");
        return NULL;
    }
    c->n_starts = n;
    c->certificate = certificate;
    c->backend = backend;
    c->algorithm = passport_algorithm_of(certificate->public_key);
    c->key = backend->open(certificate, key_name, key_text, problems);
    if (c->key && c->algorithm)
        return c;
    if (c->key) /* the key was opened, so it fits the certificate, and only memory can be missing */
        problems_add(problems, key_name, 0, "no memory for the key");
    credential_free(c);
    return NULL;
}

struct credential *credential_new(const struct certificate *certificate, struct str key_name,
                                  struct str key_pem, struct problems *problems)
{
    return credential_new_with(&key_backend_pem, certificate, key_name, key_pem, problems);
}

const struct certificate *credential_certificate(const struct credential *c)
{
    return c->certificate;
}

static bool make_start(struct token_start *start, const struct passport_type *type, struct str key)
{
    struct buf json = BUF_INIT;
    passport_write_header(&json, type, key);
    base64url_add(&start->text, json.p, json.n);
    buf_add_char(&start->text, '.');
    bool good = !buf_failed(&json) && !buf_failed(&start->text);
    buf_fini(&json);
    if (good)
        start->type = type;
    else
        buf_fini(&start->text);
    return good;
}

/* NULL when there is no memory, or TYPE is not in the table. */
static const struct token_start *start_of(struct credential *c, const struct passport_type *type)
{
    for (unsigned i = 0; i < c->n_starts; i++) {
        struct token_start *start = &c->starts[i];
        if (start->type == type)
            return start;
        if (!start->type)
            return make_start(start, type, type->reference->of(c->certificate)) ? start : NULL;
    }
    return NULL;
}

/* Signs what stands in OUT from BEGIN on, and appends the signature. */
static bool add_signature(struct credential *c, struct buf *out, size_t begin)
{
    unsigned char signature[JWS_SIGNATURE_MAX];
    if (buf_failed(out) ||
        !c->backend->sign(c->key, str_slice(buf_str(out), begin, out->n), signature))
        return false;
    buf_add_char(out, '.');
    base64url_add(out, signature, c->algorithm->signature_bytes);
    return !buf_failed(out);
}

enum reason credential_sign(struct credential *c, const struct passport_type *type,
                            const struct passport_claims *claims, struct buf *out)
{
    enum reason r = REASON_SIGNER_FAILED;
    const size_t begin = out->n;
    if (type->algorithm != c->algorithm || passport_check(type, claims) != REASON_OK)
        return REASON_SIGNER_REFUSED;
    const struct token_start *start = start_of(c, type);
    if (buf_failed(out) || !start)
        return r;
    buf_reset(&c->payload);
    passport_write_payload(&c->payload, type, claims);
    if (buf_failed(&c->payload))
        return r;
    buf_add_str(out, buf_str(&start->text));
    base64url_add(out, c->payload.p, c->payload.n);
    if (add_signature(c, out, begin))
        r = REASON_OK;
    if (r != REASON_OK) {
        out->n = begin;
        out->failed = false;
    }
    return r;
}

bool credential_verify(const struct credential *c, struct str token)
{
    bool good = false;
    struct buf signature = BUF_INIT;
    size_t dot = token.n;
    while (dot > 0 && token.p[dot - 1] != '.')
        dot--;
    if (dot > 0 && base64url_decode(&signature, str_slice(token, dot, token.n)) && c->algorithm &&
        signature.n == c->algorithm->signature_bytes)
        good = jws_algorithm_verify_once(c->algorithm, c->certificate->public_key,
                                         str_slice(token, 0, dot - 1),
                                         (const unsigned char *)signature.p);
    buf_fini(&signature);
    return good;
}
