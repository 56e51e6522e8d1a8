/* OpenSSL 3.0 still has engines, and Debian 12 has nothing else for tokens. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "key_token.h"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct token_key {
    ENGINE *engine; /* with a functional reference */
    EVP_PKEY *key;
    struct signing signing;
};

static void token_close(void *opaque)
{
    struct token_key *k = opaque;
    if (!k)
        return;
    signing_end(&k->signing);
    EVP_PKEY_free(k->key);
    if (k->engine)
        ENGINE_finish(k->engine);
    free(k);
}

/* A functional reference; NULL with *WHY. */
static ENGINE *open_engine(const char *module, const char **why)
{
    ENGINE_load_dynamic();
    ENGINE *e = ENGINE_by_id("pkcs11");
    *why = "OpenSSL's engine for tokens is not there: install libengine-pkcs11-openssl";
    if (!e)
        return NULL;
    *why =
        "the module (signing.pkcs11_module) cannot be used: is its path right, and may this user "
        "read its configuration?";
    bool good = access(module, R_OK) == 0 && ENGINE_ctrl_cmd_string(e, "QUIET", NULL, 0) == 1 &&
                ENGINE_ctrl_cmd_string(e, "MODULE_PATH", module, 0) == 1 && ENGINE_init(e) == 1;
    ENGINE_free(e);
    return good ? e : NULL;
}

static const char *open_key(struct token_key *k, const char *module, const char *uri)
{
    const char *why = NULL;
    k->engine = open_engine(module, &why);
    if (!k->engine)
        return why;
    k->key = ENGINE_load_private_key(k->engine, uri, NULL, NULL);
    return k->key
               ? NULL
               : "the token has no private key of that URI for us: check token=, object= and the "
                 "PIN (pin-source=file:...)";
}

static void *token_open(const struct certificate *certificate, struct str key_name, struct str text,
                        struct problems *problems)
{
    struct token_key *k = calloc(1, sizeof(*k));
    char *words = strndup(text.p, text.n), *line = words ? strchr(words, '\n') : NULL;
    const char *why = "no memory for the key";
    ERR_clear_error();
    if (k && line) {
        *line = '\0';
        why = open_key(k, words, line + 1);
    }
    bool good = !why && key_fits(k->key, certificate, key_name, problems);
    if (why)
        problems_add(problems, key_name, 0, "%s", why);
    if (good) {
        good = signing_begin(&k->signing, k->key);
        if (!good)
            problems_add(problems, key_name, 0, "the token's key could not be made ready");
    }
    if (!good) {
        token_close(k);
        k = NULL;
    }
    if (words)
        OPENSSL_cleanse(words, strlen(words) + 1); /* its PIN may be in it */
    free(words);
    ERR_clear_error();
    return k;
}

static bool token_sign(void *opaque, struct str message, unsigned char signature[JWS_SIGNATURE_MAX])
{
    struct token_key *k = opaque;
    bool good = signing_sign(&k->signing, message, signature);
    ERR_clear_error();
    return good;
}

const struct key_backend key_backend_token = {
    .name = "pkcs11",
    .open = token_open,
    .sign = token_sign,
    .close = token_close,
};
