/* What key back-ends on EVP_PKEY share. */
#include <stird/core/key_backend.h>

#include <stird/core/passport.h>

bool key_fits(EVP_PKEY *key, const struct certificate *certificate, struct str key_name,
              struct problems *problems)
{
    /* A key of no known algorithm: the one that calls are signed by tells what is needed. */
    if (!passport_algorithm_of(key) &&
        !passport_type_deciding()->algorithm->takes(key, key_name, problems))
        return false;
    if (EVP_PKEY_eq(key, certificate->public_key) != 1) {
        problems_add(problems, key_name, 0,
                     "is not the key of the certificate in chain.pem: put the key here that the "
                     "certificate was requested with");
        return false;
    }
    return true;
}

bool signing_begin(struct signing *signing, EVP_PKEY *key)
{
    signing->algorithm = passport_algorithm_of(key);
    signing->ready = signing->algorithm ? signing->algorithm->ready_new(key) : NULL;
    return signing->ready != NULL;
}

void signing_end(struct signing *signing)
{
    if (signing->algorithm)
        signing->algorithm->ready_free(signing->ready);
    *signing = (struct signing){0};
}

bool signing_sign(struct signing *signing, struct str message,
                  unsigned char signature[JWS_SIGNATURE_MAX])
{
    return signing->algorithm->sign(signing->ready, message, signature);
}
