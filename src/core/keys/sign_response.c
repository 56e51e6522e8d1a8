/* What the signer answers to a request (sign_request.h): written and read. */
#include <stird/core/sign_request.h>

#include <assert.h>
#include <string.h>

static size_t rounded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

/* ---- writing ---- */

size_t sign_response_begin(struct buf *out, uint64_t ticket)
{
    const struct sign_response head = {
        .version = SIGN_WIRE_VERSION, .ticket = ticket, .reason = REASON_OK};
    size_t begin = out->n;
    assert(begin % 8 == 0);
    buf_add(out, &head, sizeof(head));
    return begin;
}

/* NULL when OUT has failed. */
static struct sign_response *head_at(struct buf *out, size_t begin)
{
    return buf_failed(out) ? NULL : (struct sign_response *)(void *)(out->p + begin);
}

void sign_response_add(struct buf *out, size_t begin, enum reason reason, struct str token)
{
    static const char zeros[8];
    const struct sign_result result = {(int32_t)reason, (uint32_t)token.n};
    assert(token.n <= SIGN_TOKEN_MAX && (token.n > 0) == (reason == REASON_OK));
    buf_add(out, &result, sizeof(result));
    buf_add_str(out, token);
    buf_add(out, zeros, rounded(token.n) - token.n);
    struct sign_response *head = head_at(out, begin);
    if (head)
        head->n_tokens++;
}

void sign_response_end(struct buf *out, size_t begin, int64_t sign_us)
{
    struct sign_response *head = head_at(out, begin);
    if (!head)
        return;
    head->size = (uint32_t)(out->n - begin);
    head->sign_us = (uint32_t)sign_us;
}

void sign_response_refuse(struct buf *out, uint64_t ticket, enum reason why)
{
    size_t begin = sign_response_begin(out, ticket);
    struct sign_response *head = head_at(out, begin);
    if (head)
        head->reason = (int32_t)why;
    sign_response_end(out, begin, 0);
}

/* ---- reading ---- */

/* A table, as each octet of each token is asked. */
static const bool in_token[UINT8_MAX + 1] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
    ['.'] = true,         ['-'] = true,         ['_'] = true,
};

static bool is_token(struct str token)
{
    size_t i = 0;
    while (i < token.n && in_token[(unsigned char)token.p[i]])
        i++;
    return token.n > 0 && i == token.n;
}

/* Whether a signer gives REASON for making no token: these stand together in reason.def, and here
   are the first and the last of them. */
static bool is_refusal(int32_t reason)
{
    return reason >= REASON_SIGNER_TIMEOUT && reason <= REASON_CERTIFICATE_NOT_FOR_CLAIMS;
}

/* Only OK comes with a token. */
static bool take_answer(struct str *rest, struct sign_answer *answer)
{
    struct sign_result result;
    if (rest->n < sizeof(result))
        return false;
    memcpy(&result, rest->p, sizeof(result));
    *rest = str_slice(*rest, sizeof(result), rest->n);
    if (result.length > SIGN_TOKEN_MAX || rounded(result.length) > rest->n)
        return false;
    *answer = (struct sign_answer){(enum reason)result.reason, str_slice(*rest, 0, result.length)};
    *rest = str_slice(*rest, rounded(result.length), rest->n);
    return result.reason == REASON_OK ? is_token(answer->token)
                                      : answer->token.n == 0 && is_refusal(result.reason);
}

static bool is_head(const struct sign_response *head)
{
    return head->version == SIGN_WIRE_VERSION && head->n_tokens <= PASSPORTS_MAX &&
           (head->reason == REASON_OK ? head->n_tokens > 0
                                      : head->n_tokens == 0 && is_refusal(head->reason));
}

const struct sign_response *sign_response_next(struct str *packet,
                                               struct sign_answer answers[PASSPORTS_MAX])
{
    const struct sign_response *head = (const void *)packet->p;
    if (packet->n < sizeof(*head) || head->size < sizeof(*head) || head->size > packet->n ||
        head->size % 8 != 0 || !is_head(head))
        return NULL;
    struct str rest = str_slice(*packet, sizeof(*head), head->size);
    for (unsigned i = 0; i < head->n_tokens; i++)
        if (!take_answer(&rest, &answers[i]))
            return NULL;
    if (rest.n > 0)
        return NULL;
    *packet = str_slice(*packet, head->size, packet->n);
    return head;
}
