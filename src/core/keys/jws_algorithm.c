#include <stird/core/jws_algorithm.h>

bool jws_algorithm_verify_once(const struct jws_algorithm *algorithm, EVP_PKEY *key,
                               struct str message, const unsigned char *signature)
{
    void *ready = algorithm->verifier_new(key);
    bool good = ready && algorithm->verify(ready, message, signature);
    algorithm->ready_free(ready);
    return good;
}
