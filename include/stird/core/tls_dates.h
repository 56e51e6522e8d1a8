/*
 * tls_dates - from when to when a certificate for TLS is good: of SIP (tls), of web, of repository.
 * Peers judge by these, and stird tells before it ends; it serves with one that has ended all the
 * same, for peers that do not look go on. Pure.
 */
#ifndef STIRD_TLS_DATES_H
#define STIRD_TLS_DATES_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

struct tls_dates {
    bool known; /* false: there is no certificate, or it cannot be read */
    int64_t not_before_s, not_after_s;
};

/* Of the first certificate in TEXT. NULL; or a static sentence that goes behind the file's name. */
const char *tls_dates_read(struct tls_dates *dates, struct str text);
/* What is wrong with these at NOW_S, as such a sentence; NULL: nothing. */
const char *tls_dates_fault(const struct tls_dates *dates, int64_t now_s);

#endif
