/*
 * x5u - the URL at which a certificate is published: what signers may write and verifiers follow
 * (RFC 8224 section 7.3, ATIS-1000074). Pure.
 */
#ifndef STIRD_X5U_H
#define STIRD_X5U_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define X5U_MAX_BYTES 400

struct x5u_parts {
    struct str host; /* without the brackets of an IPv6 address */
    uint16_t port;   /* 443 when it is left out */
    struct str path; /* "/" when it is left out */
};
/*
 * NULL, or a static sentence that goes behind the URL: it is no plain https URL (in any case) with
 * a host, on port 443 or 8443, without user name, query, path parameter and fragment, whose
 * characters need no escape in a token or an Identity header. Loader, signer, fetcher and verifier
 * all ask here.
 */
const char *x5u_split(struct str url, struct x5u_parts *parts);
/* The same for callers that do not need the parts. */
const char *x5u_fault(struct str url);
/* HOST without the dot that may end a name: "cert.example." is the same one. */
struct str x5u_without_final_dot(struct str host);
/* Whether both are the same host: names whatever their case and a final dot, addresses however they
   are written, with brackets or without. */
bool x5u_same_host(struct str host, struct str other);
/* Whether both are such URLs, and lead to the same host and port. */
bool x5u_share_host(struct str url, struct str other);
/* For a URL that has no fault: why others may be unable to reach it all the same, or NULL.
   Laboratories use such URLs. */
const char *x5u_warning(struct str url);

#endif
