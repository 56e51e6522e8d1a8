/*
 * passport - a PASSporT (RFC 8225) as text: header and claims in the form of section 9.
 *
 * A type is one entry of a table (passport_types); what varies between types lives in its file
 * passport/type_NAME.c. Pure; signing is credential.h's.
 */
#ifndef STIRD_PASSPORT_H
#define STIRD_PASSPORT_H

#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/json.h>
#include <stird/core/jws_algorithm.h>
#include <stird/core/reason.h>
#include <stird/core/tn.h>

struct certificate;
struct outcome;

#define ORIGID_TEXT_LENGTH 36

/* What a token says, whatever its type. Whoever asks for one fills in the claims that its type has
   and no others: a token with a claim that its type does not have is refused. */
struct passport_claims {
    char attest; /* 'A', 'B' or 'C'; NUL: none */
    struct tn orig, dest;
    struct str orig_uri, dest_uri; /* instead of a number; empty: none (RFC 8225 section 5.2.1) */
    struct str hi;                 /* RFC 8946 section 3: a History-Info index; empty: none */
    struct tn div;                 /* RFC 8946 section 3: who was called before */
    struct str div_uri;            /* instead of a number */
    bool rcd, rph; /* of a token that was read: there is one, judged by who read it (verify.def) */
    int64_t iat_s;
    char origid[ORIGID_TEXT_LENGTH]; /* a UUID, lower case (RFC 8588 section 5); begins with
                                        NUL: none */
};

#define PASSPORT_URI_MAX 128 /* octets */
#define PASSPORT_HI_MAX  32

/*
 * Which URIs may be signed because somebody asks for it: "tel:+" with a number that can exist
 * (number_plan.h) and nothing else, and "urn:service:" with the registered name of an emergency
 * service. A host would be words of the asker's choice: a type that needs sip: URIs takes them from
 * the signer's own settings.
 */
bool passport_is_number_uri(struct str uri);
/* "1", "1.2.1" (RFC 7044 section 5): digits with dots between them. */
bool passport_is_hi(struct str hi);

/* How a token says which key verifies it: by a member of its header, and by what stands in that. */
struct key_reference {
    struct str member; /* "x5u" */
    struct str (*of)(const struct certificate *certificate);
};

extern const struct key_reference key_reference_x5u; /* RFC 7515 section 4.1.5 */

/* In the order in which a verifier tells what is wrong with them. */
enum passport_claim {
    CLAIM_ATTEST,
    CLAIM_IAT,
    CLAIM_ORIG,
    CLAIM_DEST,
    CLAIM_ORIGID,
    CLAIM_HI,
    CLAIM_DIV,
    CLAIM_RCD,
    CLAIM_RPH,
    PASSPORT_CLAIMS
};

/* Whose claims they are, because we write less than others may have written. */
enum claims_side {
    CLAIMS_ASKED, /* somebody asks to have them signed */
    CLAIMS_READ   /* they stand in a token that was received: its texts, as far as they were read */
};

struct passport_type {
    struct str ppt; /* "shaken" */
    const struct jws_algorithm *algorithm;
    const struct key_reference *reference;
    uint8_t wire_id;      /* in requests to the signer; 0: it is not signed here */
    uint8_t max_per_call; /* at most so many of them are asked for */
    /* Whether the call depends on it: when it cannot be made, signing.failure says what becomes of
       the call. A call goes on without a token of another type. */
    bool decides;
    /* The claims of a token for what was decided of a call. */
    void (*fill)(struct passport_claims *claims, const struct outcome *outcome);
    /* What is wrong with one of CLAIMS, or NULL; no function where the type has no such claim. It
       is the same for both sides: of a token that was received it is asked for each number and URI
       of dest. Each type has CLAIM_IAT (RFC 8225 section 5.1.1). */
    const char *(*fault[PASSPORT_CLAIMS])(const struct passport_claims *claims,
                                          enum claims_side side);
    void (*write_payload)(struct json *json, const struct passport_claims *claims);
};

/* What is signed here, and verified too, in the order in which the headers leave; NULL ends it. */
extern const struct passport_type *const passport_types[];
/* What is verified alone: a row has no more than its claims, and nobody can ask for one. */
extern const struct passport_type *const passport_types_judged[];

extern const struct passport_type passport_type_shaken;
extern const struct passport_type passport_type_div, passport_type_rcd, passport_type_rph;
unsigned passport_types_count(void);
/* Of either table, for who reads a token; NULL when there is no such type. */
const struct passport_type *passport_type_find(struct str ppt);
/* Whether tokens of TYPE are signed here, and so may be asked for. */
bool passport_type_is_signed(const struct passport_type *type);
const struct passport_type *passport_type_by_wire_id(uint8_t wire_id);
/* The type that says the level of a call: the first that decides. */
const struct passport_type *passport_type_deciding(void);
/* The algorithm of some type that signs with such a key; NULL: none does. */
const struct jws_algorithm *passport_algorithm_of(EVP_PKEY *key);
/* The algorithm of some type that has this name ("ES256"); NULL when there is none. */
const struct jws_algorithm *passport_algorithm_find(struct str name);

/* {"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"..."}; KEY is what the reference says. */
void passport_write_header(struct buf *out, const struct passport_type *type, struct str key);
/*
 * REASON_OK, or REASON_SIGNER_REFUSED when a claim that is to be signed is not as the type demands,
 * or is one that the type does not have, or when TYPE is not signed here.
 */
enum reason passport_check(const struct passport_type *type, const struct passport_claims *claims);
void passport_write_payload(struct buf *out, const struct passport_type *type,
                            const struct passport_claims *claims);

/* RFC 7515 section 2: base64url without padding. */
void base64url_add(struct buf *out, const void *bytes, size_t n);
/* Strict: no padding, no white space, no trailing bits. False otherwise; OUT may have grown. */
bool base64url_decode(struct buf *out, struct str text);

#endif
