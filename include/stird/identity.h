/*
 * identity - the Identity header as text (RFC 8224 section 4, erratum 6499). Pure.
 *
 * Reading tells what kind of header a call carries already; it verifies nothing.
 */
#ifndef STIRD_IDENTITY_H
#define STIRD_IDENTITY_H

#include <stdbool.h>
#include <stird/buf.h>
#include <stird/str.h>

enum identity_kind {
    IDENTITY_EMPTY,      /* nothing but white space: counts as none, is removed */
    IDENTITY_UNREADABLE, /* not well formed: counts as none, is kept */
    IDENTITY_SHAKEN,     /* well formed, ppt=shaken */
    IDENTITY_OTHER,      /* well formed, another PASSporT type or none */
};

/* All text is borrowed from the header's value. */
struct identity {
    struct str digest; /* the signed-identity-digest: header.payload.signature */
    struct str header, payload, signature; /* base64url; the first two empty in compact form */
    struct str info;                       /* the URI without <> */
    struct str alg;                        /* "ES256" when absent; quotes taken off */
    struct str ppt;                        /* quotes taken off; empty when absent */
    bool compact;
};

/* VALUE is the header's value, possibly folded. *IDENTITY is meaningful for SHAKEN and OTHER. */
enum identity_kind identity_parse(struct str value, struct identity *identity);

/* `<token>;info=<x5u>;alg=<alg>;ppt=<ppt>`, nothing quoted, no line end. */
void identity_add(struct buf *out, struct str token, struct str x5u, struct str alg,
                  struct str ppt);

#endif
