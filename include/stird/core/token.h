/*
 * token - one value of an Identity header (RFC 8224 section 4, RFC 8225), read once: parameters,
 * JOSE header, claims, signature, and the octets that were signed, as they were received. All that
 * is wrong with it alone is found here; no certificate is needed. Pure.
 */
#ifndef STIRD_TOKEN_H
#define STIRD_TOKEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/core/credential.h>
#include <stird/core/identity.h>
#include <stird/core/verify_check.h>

struct json_t;

struct token {
    enum identity_kind kind;
    struct identity identity; /* borrowed from the value */
    bool readable;            /* the header field is well formed */
    /* As which it is judged, for token or parameter says so; NULL: as none that is verified here.
     */
    const struct passport_type *type;
    /* JSON: as texts of the arena, empty where they cannot be read; as objects, or NULL. */
    struct str header, payload;
    struct json_t *header_json, *payload_json;
    /* Claims, of a token with a type alone; empty where they are none of their form. */
    struct str attest, origid, orig, dest;
    bool has_iat;             /* a whole number, whichever */
    int64_t iat_s;            /* may be negative */
    struct str signed_octets; /* borrowed; empty in compact form */
    bool has_signature;       /* of the right length, r and s in range */
    unsigned char signature[ES256_SIGNATURE_BYTES];
    /* By verify.def: of the checks that the token alone answers. */
    struct verify_finding finding[VERIFY_CHECKS];
};

/* VALUE, possibly folded, must outlive T. False: no memory. token_fini() in either case. */
bool token_read(struct token *t, struct str value, struct arena *arena);
void token_fini(struct token *t);

/* The URL of its certificate, borrowed; empty: it names none that may be fetched (x5u.h). */
struct str token_url(const struct token *t);

#endif
