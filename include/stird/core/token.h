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
    /* Of the table: what the parameter says it is, else the token. NULL: neither names one, so it
       is not verified here. */
    const struct passport_type *type;
    /* By which it is verified: its type's; of one without a type what it says itself. NULL: none of
       the table. */
    const struct jws_algorithm *algorithm;
    /* JSON: as texts of the arena, empty where they cannot be read; as objects, or NULL. */
    struct str header, payload;
    struct json_t *header_json, *payload_json;
    /* Claims, of a token with a type alone; empty where they are none of their form. */
    struct str attest, origid, orig, dest, hi, div;
    struct str orig_uri, dest_uri, div_uri; /* in the place of a number or beside it */
    bool has_iat;                           /* a whole number, whichever */
    int64_t iat_s;                          /* may be negative */
    struct str signed_octets;               /* borrowed; empty in compact form */
    bool has_signature;                     /* in the form that its algorithm has */
    unsigned char signature[JWS_SIGNATURE_MAX];
    /* By verify.def: of the checks that the token alone answers. */
    struct verify_finding finding[VERIFY_CHECKS];
};

/* VALUE, possibly folded, must outlive T. False: no memory. token_fini() in either case. */
bool token_read(struct token *t, struct str value, struct arena *arena);
/* The same of a value that was read as text already. */
bool token_read_value(struct token *t, const struct identity_value *value, struct arena *arena);
void token_fini(struct token *t);

struct tn;
/* Whether dest names TN, as one of its numbers (RFC 8225 section 5.2.1); NULL is none. */
bool token_calls(const struct token *t, const struct tn *tn);

/* The URL of its certificate, borrowed; empty: it names none that may be fetched (x5u.h). */
struct str token_url(const struct token *t);

#endif
