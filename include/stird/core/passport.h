/*
 * passport - a PASSporT (RFC 8225) as text: header and claims in the form of section 9.
 *
 * A type is one entry of a table (passport_type_find); what varies between types lives in its file
 * passport/type_NAME.c. Pure; signing is credential.h's.
 */
#ifndef STIRD_PASSPORT_H
#define STIRD_PASSPORT_H

#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/json.h>
#include <stird/core/reason.h>
#include <stird/core/tn.h>

#define ORIGID_TEXT_LENGTH 36

struct passport_claims {
    char attest; /* 'A', 'B' or 'C' */
    struct tn orig, dest;
    int64_t iat_s;
    char origid[ORIGID_TEXT_LENGTH]; /* a UUID, lower case (RFC 8588 section 5) */
};

struct passport_type {
    struct str ppt;  /* "shaken" */
    struct str alg;  /* "ES256" */
    uint8_t wire_id; /* in requests to the signer */
    /* REASON_OK, or REASON_SIGNER_REFUSED when a claim is not what the type demands. */
    enum reason (*check)(const struct passport_claims *claims);
    void (*write_payload)(struct json *json, const struct passport_claims *claims);
};

extern const struct passport_type passport_type_shaken;
/* NULL when there is no such type. */
const struct passport_type *passport_type_find(struct str ppt);
const struct passport_type *passport_type_by_wire_id(uint8_t wire_id);

/* {"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"..."} */
void passport_write_header(struct buf *out, const struct passport_type *type, struct str x5u);
void passport_write_payload(struct buf *out, const struct passport_type *type,
                            const struct passport_claims *claims);

/* RFC 7515 section 2: base64url without padding. */
void base64url_add(struct buf *out, const void *bytes, size_t n);
/* Strict: no padding, no white space, no trailing bits. False otherwise; OUT may have grown. */
bool base64url_decode(struct buf *out, struct str text);

#endif
