#include <stird/core/shown_certificate.h>

#include <openssl/x509v3.h>
#include <stird/base/address.h>
#include <stird/base/buf.h>
#include <stird/core/certificate_text.h>

/* The incomplete type is OpenSSL's, under a name of ours. */
static struct shown_certificate *of(X509 *leaf)
{
    return (struct shown_certificate *)(void *)leaf;
}

static X509 *leaf_of(const struct shown_certificate *shown)
{
    return (X509 *)(void *)(uintptr_t)shown;
}

struct shown_certificate *shown_certificate_read(struct str text)
{
    struct text_fault fault;
    STACK_OF(X509) *all = certificates_read_trusted(text, &fault);
    X509 *leaf = all ? sk_X509_shift(all) : NULL;
    sk_X509_pop_free(all, X509_free);
    return of(leaf);
}

void shown_certificate_free(struct shown_certificate *shown)
{
    X509_free(leaf_of(shown));
}

bool shown_certificate_is_for(const struct shown_certificate *shown, struct str host)
{
    struct buf text = BUF_INIT;
    struct address address;
    while (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    buf_add(&text, host.p, host.n);
    buf_add_char(&text, '\0');
    bool good = buf_failed(&text) ||
                (address_parse(host, &address)
                     ? X509_check_ip_asc(leaf_of(shown), text.p, 0)
                     : X509_check_host(leaf_of(shown), text.p, host.n, 0, NULL)) == 1;
    buf_fini(&text);
    return good;
}

bool shown_certificate_has_key_of(const struct shown_certificate *shown,
                                  const struct certificate *c)
{
    const EVP_PKEY *key = X509_get0_pubkey(leaf_of(shown));
    return key && c->public_key && EVP_PKEY_eq(c->public_key, key) == 1;
}
