#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <stird/core/certificate_text.h>
#include <stird/core/sti_certificate.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(STACK_OF(X509) * chain)
{
    struct arena *arena = arena_new(4096);
    struct sti_certificate c;
    struct tn number;
    bool good = tn_from_digits(&number, STR("12155550100"));
    assert(good && sti_certificate_judge(&c, chain, NULL, 1784592000, arena));
    sti_scope_covers(&c.scope, &number);
    sti_certificate_fini(&c);
    arena_free(arena);
}

/* A file that should hold certificates, lists or a key: something comes out, or a sentence. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct text_fault fault;
    STACK_OF(X509) *chain = certificates_read(text, &fault);
    assert(!chain == (fault.why != NULL));
    if (chain)
        judge(chain);
    sk_X509_pop_free(chain, X509_free);
    chain = certificates_read_trusted(text, &fault);
    assert(!chain == (fault.why != NULL));
    sk_X509_pop_free(chain, X509_free);
    STACK_OF(X509_CRL) *crls = text_crls(text, &fault);
    assert(!crls == (fault.why != NULL));
    sk_X509_CRL_pop_free(crls, X509_CRL_free);
    EVP_PKEY *key = text_private_key(text, &fault);
    assert(!key == (fault.why != NULL));
    EVP_PKEY_free(key);
    return 0;
}
