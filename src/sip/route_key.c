#include "route_key.h"

#include <stird/base/clock.h>
#include <string.h>

#define DAY_S    86400
#define SIDE_AT  2
#define PROOF_AT 3
#define AHEAD    255 /* a day ahead, in two digits */

int64_t route_day(void)
{
    return clock_real_s() / DAY_S;
}

static unsigned place_of(const struct route_days *kept, int64_t day)
{
    unsigned oldest = 0;
    for (unsigned i = 0; i < kept->n; i++) {
        if (kept->list[i].day == day)
            return i;
        if (kept->list[i].seen_ms < kept->list[oldest].seen_ms)
            oldest = i;
    }
    return kept->n < ROUTE_DAYS_KEPT ? kept->n : oldest;
}

void route_days_note(struct route_days *kept, int64_t day, int64_t now_ms)
{
    unsigned i = place_of(kept, day);
    kept->n += i == kept->n;
    kept->list[i].day = day;
    kept->list[i].seen_ms = now_ms;
}

bool route_days_hold(const struct route_days *kept, unsigned i, unsigned days, int64_t now_ms)
{
    return now_ms - kept->list[i].seen_ms <= ((int64_t)days - 1) * DAY_S * 1000;
}

/* Numbers are hashed in the byte order of this machine; nodes that share a secret have the same
   one. */
static uint64_t proof_of(const struct branches *b, struct str call_id, struct str caller_tag,
                         const struct route_place *place, enum route_side side, int64_t day)
{
    const uint8_t where[] = {(uint8_t)side, place->transport, place->address.family,
                             (uint8_t)(place->address.port >> 8), (uint8_t)place->address.port};
    const struct str texts[] = {STR("route"),
                                {(const char *)&day, sizeof(day)},
                                {(const char *)where, sizeof(where)},
                                {(const char *)place->address.bytes, sizeof(place->address.bytes)},
                                call_id,
                                caller_tag};
    return siphash_texts(b->proof, texts, sizeof(texts) / sizeof(texts[0])).low;
}

void route_key_write(const struct branches *b, struct str call_id, struct str caller_tag,
                     const struct route_place *place, enum route_side side, int64_t day,
                     char text[ROUTE_KEY_LENGTH + 1])
{
    siphash_write_hex(text, SIDE_AT, (uint64_t)day);
    siphash_write_hex(text + SIDE_AT, 1, (uint64_t)side);
    siphash_write_hex(text + PROOF_AT, 16, proof_of(b, call_id, caller_tag, place, side, day));
    text[ROUTE_KEY_LENGTH] = '\0';
}

struct key {
    uint8_t day;
    enum route_side side;
    uint64_t proof;
};

/* In upper or lower case: parameters of a URI are compared without regard to it (RFC 3261 section
   19.1.4). At most 16 digits. */
static bool read_hex(struct str text, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.n; i++) {
        int value = ascii_hex_value(text.p[i]);
        if (value < 0)
            return false;
        *number = *number << 4 | (uint64_t)value;
    }
    return true;
}

static bool read_key(struct str text, struct key *key)
{
    uint64_t day, side;
    if (text.n != ROUTE_KEY_LENGTH || !read_hex(str_slice(text, 0, SIDE_AT), &day) ||
        !read_hex(str_slice(text, SIDE_AT, PROOF_AT), &side) ||
        !read_hex(str_slice(text, PROOF_AT, text.n), &key->proof))
        return false;
    key->day = (uint8_t)day;
    key->side = (enum route_side)side;
    return side <= ROUTE_OF_CALLEE;
}

unsigned route_key_senders(const struct branches *b, struct str key, const struct dialog_id *dialog,
                           const struct route_place *place, int64_t today, unsigned days,
                           enum route_side *side)
{
    struct key k;
    unsigned senders = 0;
    if (!read_key(key, &k))
        return 0;
    uint8_t age = (uint8_t)((uint64_t)today - k.day);
    if (age >= days && age != AHEAD)
        return 0;
    int64_t day = age == AHEAD ? today + 1 : today - age;
    *side = k.side;
    if (proof_of(b, dialog->call_id, dialog->from_tag, place, k.side, day) == k.proof)
        senders = SENT_BY_CALLER;
    /* A proof is of one tag. */
    if (str_eq(dialog->from_tag, dialog->to_tag))
        return senders ? SENT_BY_CALLER | SENT_BY_CALLEE : 0;
    if (!senders && proof_of(b, dialog->call_id, dialog->to_tag, place, k.side, day) == k.proof)
        senders = SENT_BY_CALLEE;
    return senders;
}
