#include <stird/core/sign_request.h>

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* The 5 s that a Date may differ (Decided 9), and a second that begins on the way here. */
#define CLOCK_TOLERANCE_S 6

size_t sign_response_size(const struct sign_response *response)
{
    assert(response->token_length <= SIGN_TOKEN_MAX);
    return (offsetof(struct sign_response, token) + response->token_length + 7) & ~(size_t)7;
}

static uint8_t write_number(char digits[TN_MAX_DIGITS + 1], const struct tn *tn)
{
    assert(tn->n <= TN_MAX_DIGITS);
    memcpy(digits, tn->digits, tn->n);
    return tn->n;
}

void sign_request_write(struct sign_request *request, uint64_t ticket, uint32_t certificate,
                        const struct passport_type *type, const struct passport_claims *claims)
{
    memset(request, 0, sizeof(*request)); /* no octet of this process's memory leaves with it */
    request->version = SIGN_WIRE_VERSION;
    request->certificate = certificate;
    request->ticket = ticket;
    request->iat_s = claims->iat_s;
    request->type = type->wire_id;
    request->attest = claims->attest;
    request->orig_length = write_number(request->orig, &claims->orig);
    request->dest_length = write_number(request->dest, &claims->dest);
    memcpy(request->origid, claims->origid, ORIGID_TEXT_LENGTH);
}

static bool read_number(struct tn *tn, const char *digits, uint8_t length)
{
    if (length > TN_MAX_DIGITS)
        return false;
    tn->n = length;
    memcpy(tn->digits, digits, length);
    return true;
}

enum reason sign_request_read(const struct sign_request *request, int64_t now_s,
                              const struct passport_type **type, struct passport_claims *claims)
{
    enum reason r = REASON_SIGNER_REFUSED;
    struct passport_claims read = {0};
    const struct passport_type *found = passport_type_by_wire_id(request->type);
    if (request->version != SIGN_WIRE_VERSION || !found)
        goto out;
    if (!read_number(&read.orig, request->orig, request->orig_length) ||
        !read_number(&read.dest, request->dest, request->dest_length))
        goto out;
    read.attest = request->attest;
    read.iat_s = request->iat_s;
    memcpy(read.origid, request->origid, ORIGID_TEXT_LENGTH);
    if (found->check(&read) != REASON_OK)
        goto out;
    r = REASON_CLOCK_DISAGREES;
    if (read.iat_s < now_s - CLOCK_TOLERANCE_S || read.iat_s > now_s + CLOCK_TOLERANCE_S)
        goto out;
    *type = found;
    *claims = read;
    r = REASON_OK;
out:
    return r;
}
