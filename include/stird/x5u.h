/*
 * x5u - the URL at which a certificate is published: what signers may write and verifiers follow
 * (RFC 8224 section 7.3, ATIS-1000074). Pure.
 */
#ifndef STIRD_X5U_H
#define STIRD_X5U_H

#include <stdint.h>
#include <stird/str.h>

#define X5U_MAX_BYTES 400

/*
 * NULL, or a static sentence: no plain https URL with a host, without user name and fragment, whose
 * characters need no escape in a token or an Identity header.
 */
const char *x5u_fault(struct str url);

struct x5u_parts {
    struct str host; /* without the brackets of an IPv6 address */
    uint16_t port;   /* 443 when it is left out */
};
/* Of a URL without fault: NULL, or a static sentence, as for a port other than 443 and 8443. */
const char *x5u_split(struct str url, struct x5u_parts *parts);

#endif
