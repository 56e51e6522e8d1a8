/*
 * sign_request - what a worker and the signer say to each other over a SOCK_SEQPACKET socket.
 *
 * A fixed binary record of typed fields each way, one a packet (or several, back to back, in one
 * packet: the reader takes as many as it holds). The signer writes the JSON itself, so a broken
 * worker can ask for a false call but never have bytes of its choice signed. Same machine, same
 * binary: host byte order, and the version field catches a mixture after an upgrade.
 */
#ifndef STIRD_SIGN_REQUEST_H
#define STIRD_SIGN_REQUEST_H

#include <stdint.h>
#include <stird/core/passport.h>

#define SIGN_WIRE_VERSION 1
/* header + payload + signature with the longest x5u: base64url of 400 + 256 bytes, 86, 2 dots */
#define SIGN_TOKEN_MAX 1200
#define SIGN_BATCH_MAX 16 /* records in one packet */

struct sign_request {
    uint32_t version;
    uint32_t certificate; /* index in the settings' list, the same in worker and signer */
    uint64_t ticket;      /* comes back in the response */
    int64_t iat_s;
    uint8_t type; /* passport_type.wire_id */
    char attest;
    uint8_t orig_length, dest_length;
    char orig[TN_MAX_DIGITS + 1], dest[TN_MAX_DIGITS + 1];
    char origid[ORIGID_TEXT_LENGTH];
};

struct sign_response {
    uint32_t version;
    int32_t reason; /* enum reason; the token is there with REASON_OK only */
    uint64_t ticket;
    uint32_t sign_us;
    uint32_t token_length;
    char token[SIGN_TOKEN_MAX];
};

/* Bytes of a response that are sent: up to the end of its token, rounded up to 8. */
size_t sign_response_size(const struct sign_response *response);

void sign_request_write(struct sign_request *request, uint64_t ticket, uint32_t certificate,
                        const struct passport_type *type, const struct passport_claims *claims);
/*
 * Fills *CLAIMS from a request of unknown origin: every length, digit and letter is checked, and
 * iat is within 6 s of NOW_S. REASON_OK, SIGNER_REFUSED or CLOCK_DISAGREES.
 */
enum reason sign_request_read(const struct sign_request *request, int64_t now_s,
                              const struct passport_type **type, struct passport_claims *claims);

#endif
