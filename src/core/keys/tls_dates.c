#include <stird/core/tls_dates.h>

#include <stird/core/certificate_text.h>

#include "core/verify/x509_parts.h"

const char *tls_dates_read(struct tls_dates *dates, struct str text)
{
    struct text_fault fault = {0, "holds no certificate"};
    STACK_OF(X509) *all = certificates_read_trusted(text, &fault);
    const X509 *leaf = all ? sk_X509_value(all, 0) : NULL;
    *dates = (struct tls_dates){0};
    dates->known = leaf && x509_seconds(X509_get0_notBefore(leaf), &dates->not_before_s) &&
                   x509_seconds(X509_get0_notAfter(leaf), &dates->not_after_s);
    if (leaf && !dates->known)
        fault.why = "has dates that cannot be read";
    sk_X509_pop_free(all, X509_free);
    return dates->known ? NULL : fault.why;
}

const char *tls_dates_fault(const struct tls_dates *dates, int64_t now_s)
{
    if (dates->known && now_s > dates->not_after_s)
        return "the certificate has expired";
    if (dates->known && now_s < dates->not_before_s)
        return "the certificate is not in force yet";
    return NULL;
}
