/*
 * sign_request - what a worker and the signer say to each other over a SOCK_SEQPACKET socket.
 *
 * A request is for the tokens of one call, of which some may be made and others not. It has a head
 * and, for each token, a record of typed fields. The signer writes the JSON itself, and the only
 * texts that it takes are numbers, URIs that name a number or an emergency service, and `hi`. So a
 * broken worker can ask for a false call, but cannot have words of its choice signed. Records tell
 * how long they are and come back to back, several in a packet. Same machine, same binary: host
 * byte order, and the version catches a mixture after an upgrade.
 */
#ifndef STIRD_SIGN_REQUEST_H
#define STIRD_SIGN_REQUEST_H

#include <stdint.h>
#include <stird/core/outcome.h>
#include <stird/core/passport.h>

#define SIGN_WIRE_VERSION 2
#define SIGN_REQUEST_MAX  2048  /* octets of one */
#define SIGN_BATCH_MAX    16    /* requests in one packet */
#define SIGN_TOKEN_MAX    4096  /* octets of one */
#define SIGN_ANSWERS_MAX  65536 /* octets of a packet of responses */

/* A token to be made. All of a request have the same iat; texts are borrowed. */
struct sign_order {
    const struct passport_type *type;
    uint32_t certificate; /* index in the settings' list, the same in worker and signer */
    struct passport_claims claims;
};

/* ---- requests ---- */

/* The head; N_TOKENS records of struct sign_record are behind it. */
struct sign_request {
    uint32_t size; /* octets, with this head; a multiple of 8 */
    uint16_t version;
    uint16_t n_tokens;
    uint64_t ticket; /* comes back in the response */
    int64_t iat_s;
};

enum sign_field {
    SIGN_ORIG,
    SIGN_ORIG_URI,
    SIGN_DEST,
    SIGN_DEST_URI,
    SIGN_HI,
    SIGN_ORIGID,
    SIGN_FIELDS
};

/* The octets of its fields are behind it, in their order, without anything between them. */
struct sign_record {
    uint16_t size; /* octets, with this head; a multiple of 8 */
    uint8_t type;  /* passport_type.wire_id */
    char attest;
    uint32_t certificate;
    uint8_t length[SIGN_FIELDS];
    uint8_t zero[2];
};

/*
 * Writes a request into TO, which is aligned to 8 and has room for SIGN_REQUEST_MAX, and returns
 * its octets. 0 when N is 0 or more than PASSPORTS_MAX, or when no token can be written. A token
 * that cannot be written (a text is too long, or the others left no room) is answered
 * SIGNER_REFUSED in its place; a type that decides gets room first.
 */
size_t sign_request_write(void *to, uint64_t ticket, const struct sign_order *orders, unsigned n);

/*
 * Takes the next request off a *PACKET of unknown origin, which is aligned to 8. NULL when what is
 * there does not have a size that a request can have.
 */
const struct sign_request *sign_request_next(struct str *packet);
/* For how many tokens it counts, whatever is in it: 1 to PASSPORTS_MAX. */
unsigned sign_request_tokens(const struct sign_request *request);

/* What was asked for, with what is wrong with each. Texts are borrowed from the request. */
struct sign_asked {
    unsigned n;
    enum reason reason[PASSPORTS_MAX];
    struct sign_order order[PASSPORTS_MAX];
};
/*
 * Reads a request that sign_request_next() gave: every length, digit and letter is checked, and iat
 * is within 7 s of NOW_S. REASON_OK with *ASKED, whose tokens may be refused each; or, of all of
 * it, SIGNER_REFUSED or CLOCK_DISAGREES.
 */
enum reason sign_request_read(const struct sign_request *request, int64_t now_s,
                              struct sign_asked *asked);

/* ---- responses ---- */

/* The head; N_TOKENS of struct sign_result are behind it, in the order of the request. */
struct sign_response {
    uint32_t size; /* octets, with this head; a multiple of 8 */
    uint16_t version;
    uint16_t n_tokens; /* 0 when none was looked at */
    uint64_t ticket;
    int32_t reason; /* enum reason: OK with tokens, else why there is none */
    uint32_t sign_us;
};

/* Its token is behind it, and zeros up to a multiple of 8. */
struct sign_result {
    int32_t reason; /* enum reason; the token is there with REASON_OK only */
    uint32_t length;
};

/* Appends a response to OUT, whose length is a multiple of 8: begin, add each result, end. */
size_t sign_response_begin(struct buf *out, uint64_t ticket);
void sign_response_add(struct buf *out, size_t begin, enum reason reason, struct str token);
void sign_response_end(struct buf *out, size_t begin, int64_t sign_us);
/* Appends a response without tokens. */
void sign_response_refuse(struct buf *out, uint64_t ticket, enum reason why);

struct sign_answer {
    enum reason reason;
    struct str token; /* borrowed; empty but for REASON_OK */
};
/*
 * Takes the next response off a *PACKET, which is aligned to 8, with its N answers in ANSWERS;
 * there are none where its reason is not OK. NULL when it is not a response: nothing that such a
 * signer says is believed.
 */
const struct sign_response *sign_response_next(struct str *packet,
                                               struct sign_answer answers[PASSPORTS_MAX]);

#endif
