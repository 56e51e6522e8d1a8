#include <stird/core/sign_request.h>

#include <assert.h>
#include <string.h>

/* The 5 s that a Date may be off (Decided 9), the second that signing.timeout lasts at most, and
   one that begins on the way here. */
#define CLOCK_TOLERANCE_S 7

static const uint8_t longest[SIGN_FIELDS] = {
    [SIGN_ORIG] = TN_MAX_DIGITS, [SIGN_ORIG_URI] = PASSPORT_URI_MAX,
    [SIGN_DEST] = TN_MAX_DIGITS, [SIGN_DEST_URI] = PASSPORT_URI_MAX,
    [SIGN_HI] = PASSPORT_HI_MAX, [SIGN_ORIGID] = ORIGID_TEXT_LENGTH,
};

static size_t rounded(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

/* ---- writing ---- */

static void take_fields(struct str fields[SIGN_FIELDS], const struct passport_claims *claims)
{
    fields[SIGN_ORIG] = tn_str(&claims->orig);
    fields[SIGN_ORIG_URI] = claims->orig_uri;
    fields[SIGN_DEST] = tn_str(&claims->dest);
    fields[SIGN_DEST_URI] = claims->dest_uri;
    fields[SIGN_HI] = claims->hi;
    fields[SIGN_ORIGID] = (struct str){claims->origid, claims->origid[0] ? ORIGID_TEXT_LENGTH : 0};
}

/* Octets of its record; 0: a field is longer than any may be. */
static size_t record_size(const struct sign_order *order)
{
    struct str fields[SIGN_FIELDS];
    size_t n = sizeof(struct sign_record);
    take_fields(fields, &order->claims);
    for (unsigned i = 0; i < SIGN_FIELDS; i++) {
        if (fields[i].n > longest[i])
            return 0;
        n += fields[i].n;
    }
    return rounded(n);
}

/* Octets of it, as record_size() says. */
static size_t write_record(char *to, const struct sign_order *order)
{
    struct str fields[SIGN_FIELDS];
    struct sign_record record = {.type = order->type->wire_id,
                                 .attest = order->claims.attest,
                                 .certificate = order->certificate};
    size_t n = sizeof(record);
    take_fields(fields, &order->claims);
    for (unsigned i = 0; i < SIGN_FIELDS; i++) {
        record.length[i] = (uint8_t)fields[i].n;
        if (fields[i].n > 0)
            memcpy(to + n, fields[i].p, fields[i].n);
        n += fields[i].n;
    }
    record.size = (uint16_t)rounded(n);
    memcpy(to, &record, sizeof(record));
    /* The octets that round it up are zero, so that nothing of this process's memory leaves with
       them. */
    memset(to + n, 0, record.size - n);
    return record.size;
}

/* Takes the place of an order that cannot be written: a record without a type, the only one that
   the signer then refuses. */
static size_t write_none(char *to)
{
    const struct sign_record none = {.size = (uint16_t)rounded(sizeof(none))};
    memset(to, 0, none.size);
    memcpy(to, &none, sizeof(none));
    return none.size;
}

/* Chooses the orders whose type decides (DECIDES), or the others, while *SIZE has room. Returns how
   many. */
static unsigned choose(bool goes[PASSPORTS_MAX], size_t *size, const struct sign_order *orders,
                       unsigned n, bool decides)
{
    const size_t none = rounded(sizeof(struct sign_record));
    unsigned chosen = 0;
    for (unsigned i = 0; i < n; i++) {
        size_t more = orders[i].type->decides == decides ? record_size(&orders[i]) : 0;
        if (more == 0 || *size - none + more > SIGN_REQUEST_MAX)
            continue;
        goes[i] = true;
        *size += more - none;
        chosen++;
    }
    return chosen;
}

size_t sign_request_write(void *to, uint64_t ticket, const struct sign_order *orders, unsigned n)
{
    bool goes[PASSPORTS_MAX] = {false};
    size_t size = sizeof(struct sign_request);
    if (n == 0 || n > PASSPORTS_MAX)
        return 0;
    size_t planned = size + n * rounded(sizeof(struct sign_record));
    unsigned chosen = choose(goes, &planned, orders, n, true);
    chosen += choose(goes, &planned, orders, n, false);
    if (chosen == 0)
        return 0;
    for (unsigned i = 0; i < n; i++) {
        char *at = (char *)to + size;
        assert(orders[i].claims.iat_s == orders[0].claims.iat_s);
        size += goes[i] ? write_record(at, &orders[i]) : write_none(at);
    }
    assert(size == planned);
    *(struct sign_request *)to = (struct sign_request){.size = (uint32_t)size,
                                                       .version = SIGN_WIRE_VERSION,
                                                       .n_tokens = (uint16_t)n,
                                                       .ticket = ticket,
                                                       .iat_s = orders[0].claims.iat_s};
    return size;
}

/* ---- reading ---- */

const struct sign_request *sign_request_next(struct str *packet)
{
    const struct sign_request *request = (const void *)packet->p;
    if (packet->n < sizeof(*request) || request->size < sizeof(*request) ||
        request->size > SIGN_REQUEST_MAX || request->size > packet->n || request->size % 8 != 0)
        return NULL;
    *packet = str_slice(*packet, request->size, packet->n);
    return request;
}

unsigned sign_request_tokens(const struct sign_request *request)
{
    unsigned n = request->n_tokens;
    return n == 0 ? 1 : n > PASSPORTS_MAX ? PASSPORTS_MAX : n;
}

static void read_number(struct tn *tn, struct str digits)
{
    tn->n = (uint8_t)digits.n;
    memcpy(tn->digits, digits.p, digits.n);
}

/* A party is a number or a URI, not both; whether it may be missing is for the type to say. */
static bool is_one(const struct str *number, const struct str *uri)
{
    return uri->n == 0 || (number->n == 0 && passport_is_number_uri(*uri));
}

/* Checks the form of each field, whatever the type; which fields are needed is for the type to say.
 */
static bool read_fields(struct passport_claims *claims, const struct str fields[SIGN_FIELDS])
{
    if (!is_one(&fields[SIGN_ORIG], &fields[SIGN_ORIG_URI]) ||
        !is_one(&fields[SIGN_DEST], &fields[SIGN_DEST_URI]))
        return false;
    if (fields[SIGN_HI].n > 0 && !passport_is_hi(fields[SIGN_HI]))
        return false;
    if (fields[SIGN_ORIGID].n > 0 && fields[SIGN_ORIGID].n != ORIGID_TEXT_LENGTH)
        return false;
    read_number(&claims->orig, fields[SIGN_ORIG]);
    read_number(&claims->dest, fields[SIGN_DEST]);
    claims->orig_uri = fields[SIGN_ORIG_URI];
    claims->dest_uri = fields[SIGN_DEST_URI];
    claims->hi = fields[SIGN_HI];
    memcpy(claims->origid, fields[SIGN_ORIGID].p, fields[SIGN_ORIGID].n);
    return true;
}

/* Splits a record into its fields, which fill it up to the rounding. */
static bool split(struct str fields[SIGN_FIELDS], const struct sign_record *record)
{
    const char *at = (const char *)(record + 1);
    size_t n = sizeof(*record);
    for (unsigned i = 0; i < SIGN_FIELDS; i++) {
        if (record->length[i] > longest[i])
            return false;
        fields[i] = (struct str){at + (n - sizeof(*record)), record->length[i]};
        n += record->length[i];
    }
    return rounded(n) == record->size;
}

static enum reason read_order(struct sign_order *order, const struct sign_record *record,
                              int64_t iat_s)
{
    struct str fields[SIGN_FIELDS];
    order->type = passport_type_by_wire_id(record->type);
    order->certificate = record->certificate;
    order->claims = (struct passport_claims){.attest = record->attest, .iat_s = iat_s};
    return order->type && split(fields, record) && read_fields(&order->claims, fields)
               ? passport_check(order->type, &order->claims)
               : REASON_SIGNER_REFUSED;
}

/* Takes the next record off *REST; NULL when none is left that ends within the request. */
static const struct sign_record *take_record(struct str *rest)
{
    const struct sign_record *record = (const void *)rest->p;
    if (rest->n < sizeof(*record) || record->size < sizeof(*record) || record->size > rest->n ||
        record->size % 8 != 0)
        return NULL;
    *rest = str_slice(*rest, record->size, rest->n);
    return record;
}

/* Whether the type at AT comes more often than a call may have it. */
static bool is_too_often(const struct sign_asked *asked, unsigned at)
{
    const struct passport_type *type = asked->order[at].type;
    unsigned same = 0;
    for (unsigned i = 0; i <= at; i++)
        same += asked->order[i].type == type;
    return type && same > type->max_per_call;
}

enum reason sign_request_read(const struct sign_request *request, int64_t now_s,
                              struct sign_asked *asked)
{
    struct str rest = {(const char *)(request + 1), request->size - sizeof(*request)};
    asked->n = 0;
    if (request->version != SIGN_WIRE_VERSION || request->n_tokens == 0 ||
        request->n_tokens > PASSPORTS_MAX || request->iat_s <= 0)
        return REASON_SIGNER_REFUSED;
    for (unsigned i = 0; i < request->n_tokens; i++) {
        const struct sign_record *record = take_record(&rest);
        if (!record)
            return REASON_SIGNER_REFUSED;
        asked->reason[i] = read_order(&asked->order[i], record, request->iat_s);
        if (is_too_often(asked, i))
            asked->reason[i] = REASON_SIGNER_REFUSED;
    }
    if (rest.n > 0)
        return REASON_SIGNER_REFUSED;
    if (request->iat_s < now_s - CLOCK_TOLERANCE_S || request->iat_s > now_s + CLOCK_TOLERANCE_S)
        return REASON_CLOCK_DISAGREES;
    asked->n = request->n_tokens;
    return REASON_OK;
}
