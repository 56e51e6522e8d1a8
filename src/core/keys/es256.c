/* Verifying ES256 (RFC 7518 section 3.4). */
#include <stird/core/credential.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>

/* r || s to DER, to be OPENSSL_free()d; NULL when there is no memory. */
static unsigned char *to_der(const unsigned char signature[ES256_SIGNATURE_BYTES], int *n)
{
    const int half = ES256_SIGNATURE_BYTES / 2;
    unsigned char *der = NULL;
    ECDSA_SIG *parsed = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, half, NULL);
    BIGNUM *s = BN_bin2bn(signature + half, half, NULL);
    *n = 0;
    if (parsed && r && s && ECDSA_SIG_set0(parsed, r, s) == 1) {
        r = s = NULL; /* they are the signature's now */
        *n = i2d_ECDSA_SIG(parsed, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(parsed);
    return *n > 0 ? der : NULL;
}

bool es256_verify(EVP_PKEY *public_key, struct str message,
                  const unsigned char signature[ES256_SIGNATURE_BYTES])
{
    bool good = false;
    int n = 0;
    unsigned char *der = to_der(signature, &n);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (der && context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, public_key) == 1)
        good = EVP_DigestVerify(context, der, (size_t)n, (const unsigned char *)message.p,
                                message.n) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ERR_clear_error();
    return good;
}
