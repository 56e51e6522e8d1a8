/*
 * Requests of a broken worker, a packet of them: what is accepted makes JSON of digits, letters and
 * hyphens alone; and what such a packet is when a signer says it.
 */
#include <stird/core/sign_request.h>

#include <stdlib.h>
#include <string.h>

#define NOW 1443208345

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static bool is_plain(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (c != '\0' && strchr("{}[]\":,-*#", c));
}

static void write_it(const struct sign_order *order)
{
    struct buf json = BUF_INIT;
    passport_write_payload(&json, order->type, &order->claims);
    for (size_t i = 0; i < json.n; i++)
        require(is_plain(json.p[i]));
    buf_fini(&json);
}

static void read_request(const struct sign_request *request)
{
    struct sign_asked asked;
    unsigned n = sign_request_tokens(request), shaken = 0;
    require(n >= 1 && n <= PASSPORTS_MAX);
    if (sign_request_read(request, NOW, &asked) != REASON_OK)
        return;
    require(asked.n == request->n_tokens && asked.n == n);
    for (unsigned i = 0; i < asked.n; i++) {
        if (asked.reason[i] != REASON_OK)
            continue;
        shaken++;
        write_it(&asked.order[i]);
    }
    require(shaken <= 1); /* the one type that there is, once a call */
}

/* No words but ours: a plus with digits, or a name of our own table. */
static void require_number_uri(struct str uri)
{
    if (!passport_is_number_uri(uri))
        return;
    require(uri.n <= PASSPORT_URI_MAX);
    if (str_starts(uri, STR("urn:service:sos")))
        return;
    require(str_starts(uri, STR("tel:+")));
    for (size_t i = 5; i < uri.n; i++)
        require(ascii_is_digit(uri.p[i]));
}

static void read_responses(struct str packet)
{
    struct sign_answer answers[PASSPORTS_MAX];
    const struct sign_response *response;
    while ((response = sign_response_next(&packet, answers)))
        for (unsigned i = 0; i < response->n_tokens; i++)
            require((answers[i].reason == REASON_OK) == (answers[i].token.n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1); /* which is aligned, and ends where it ends */
    require(copy);
    if (size > 0)
        memcpy(copy, data, size);
    struct str packet = {copy, size};
    const struct sign_request *request;
    while ((request = sign_request_next(&packet)))
        read_request(request);
    read_responses((struct str){copy, size});
    require_number_uri((struct str){copy, size});
    passport_is_hi((struct str){copy, size});
    free(copy);
    return 0;
}
