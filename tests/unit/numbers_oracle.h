/*
 * The slowest and simplest way to say what number tables and urgent changes mean (docs/numbers.md),
 * and random rows to try it on. Include it behind cmocka.h.
 */
#ifndef NUMBERS_ORACLE_H
#define NUMBERS_ORACLE_H

#include <stird/core/numbers.h>

struct oracle_row {
    unsigned length;    /* of the digits */
    uint64_t low, high; /* of a prefix: its digits, twice */
    unsigned customer;  /* in the order of their first appearance */
    enum number_state state;
    bool prefix;
    int32_t from, to;
    bool urgent; /* of the overlay: these come last */
};

#define ORACLE_ROWS 60

struct oracle {
    struct oracle_row row[ORACLE_ROWS];
    unsigned n;
};

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static inline unsigned random_below(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % n);
}

static inline uint64_t power(unsigned exponent)
{
    uint64_t p = 1;
    while (exponent-- > 0)
        p *= 10;
    return p;
}

/* What a row covers among the numbers of a length; false: nothing. */
static inline bool extent(const struct oracle_row *r, unsigned length, uint64_t *low,
                          uint64_t *high)
{
    if (!r->prefix) {
        *low = r->low;
        *high = r->high;
        return r->length == length;
    }
    if (length < r->length)
        return false;
    *low = r->low * power(length - r->length);
    *high = *low + power(length - r->length) - 1;
    return true;
}

/* Whether two rows may stand in one table; a customer has one urgent change of a number. */
static inline bool agree(const struct oracle_row *a, const struct oracle_row *b)
{
    if (a->urgent && b->urgent)
        return a->length != b->length || a->low != b->low || a->customer != b->customer;
    if (a->urgent != b->urgent)
        return true;
    for (unsigned length = 7; length <= 9; length++) {
        uint64_t al, ah, bl, bh;
        if (!extent(a, length, &al, &ah) || !extent(b, length, &bl, &bh) || ah < bl || bh < al)
            continue;
        bool a_in_b = bl <= al && ah <= bh, b_in_a = al <= bl && bh <= ah;
        if (!a_in_b && !b_in_a)
            return false;
        if (a_in_b && b_in_a && a->prefix == b->prefix && a->customer == b->customer &&
            a->state != b->state)
            return false;
    }
    return true;
}

static inline struct oracle_row random_row(void)
{
    struct oracle_row r = {.length = 7 + random_below(3), .from = INT32_MIN, .to = INT32_MAX};
    unsigned kind = random_below(10);
    r.customer = random_below(4);
    r.state = random_below(4);
    if (random_below(3) == 0)
        r.from = (int32_t)random_below(6);
    if (random_below(3) == 0)
        r.to = (r.from > 0 ? r.from : 0) + (int32_t)random_below(6);
    if (kind == 0) {
        r.prefix = true;
        r.length = 4 + random_below(5);
        r.low = 5550 * power(r.length - 4) + random_below((unsigned)power(r.length - 4));
        r.high = r.low;
        return r;
    }
    uint64_t base = 5550 * power(r.length - 4);
    r.low = base + random_below(kind < 6 ? 40 : 1000);
    r.high = r.low + (kind < 4 ? 0 : random_below(kind < 8 ? 20 : 400));
    return r;
}

static inline void fill(struct oracle *o, unsigned rows, unsigned urgent)
{
    o->n = 0;
    for (unsigned tries = 0; tries < 4 * rows && o->n < rows; tries++) {
        struct oracle_row r = random_row();
        bool good = true;
        r.urgent = o->n >= rows - urgent;
        if (r.urgent && (r.prefix || r.low != r.high))
            continue;
        for (unsigned i = 0; i < o->n && good; i++)
            good = agree(&o->row[i], &r);
        if (good)
            o->row[o->n++] = r;
    }
}

static inline void oracle_add_date(struct buf *text, int32_t d)
{
    buf_add_char(text, ',');
    if (d != INT32_MIN && d != INT32_MAX)
        buf_addf(text, "1970-01-%02d", d + 1);
}

/* The table, or the overlay. */
static inline void write_table(const struct oracle *o, bool urgent, struct buf *text)
{
    static const char *const states[] = {"owned", "delegated", "unverified", "blocked"};
    buf_add_text(text, "number,customer,state,not_before,not_after,mark\n");
    for (unsigned i = 0; i < o->n; i++) {
        const struct oracle_row *r = &o->row[i];
        if (r->urgent != urgent)
            continue;
        if (r->prefix)
            buf_addf(text, "+%lu*", (unsigned long)r->low);
        else if (r->low == r->high)
            buf_addf(text, "+%lu", (unsigned long)r->low);
        else
            buf_addf(text, "+%lu-+%lu", (unsigned long)r->low, (unsigned long)r->high);
        buf_addf(text, ",c%u,%s", r->customer, states[r->state]);
        oracle_add_date(text, r->from);
        oracle_add_date(text, r->to);
        buf_addf(text, ",m%u\n", i % 7);
    }
}

/* Customers are ordered as they appear first in a table; equal rows decide in that order. */
static inline unsigned appearance(const struct oracle *o, const struct oracle_row *row)
{
    unsigned i = 0;
    while (o->row[i].customer != row->customer || o->row[i].urgent != row->urgent)
        i++;
    return i;
}

/* Whether row A is looked at before row B. */
static inline bool before(const struct oracle *o, unsigned a, unsigned b, unsigned length)
{
    const struct oracle_row *ra = &o->row[a], *rb = &o->row[b];
    uint64_t al = 0, ah = 0, bl = 0, bh = 0;
    extent(ra, length, &al, &ah);
    extent(rb, length, &bl, &bh);
    if (ra->urgent != rb->urgent)
        return ra->urgent;
    if (ah - al != bh - bl)
        return ah - al < bh - bl;
    if (ra->prefix != rb->prefix)
        return rb->prefix;
    if (ra->customer != rb->customer)
        return appearance(o, ra) < appearance(o, rb);
    return a < b;
}

static inline bool same_level(const struct oracle_row *a, const struct oracle_row *b,
                              unsigned length)
{
    uint64_t al = 0, ah = 0, bl = 0, bh = 0;
    extent(a, length, &al, &ah);
    extent(b, length, &bl, &bh);
    return al == bl && ah == bh && a->prefix == b->prefix && a->urgent == b->urgent;
}

static inline unsigned covering(const struct oracle *o, uint64_t number, unsigned length,
                                unsigned *list)
{
    unsigned n = 0;
    for (unsigned i = 0; i < o->n; i++) {
        uint64_t low, high;
        if (!extent(&o->row[i], length, &low, &high) || number < low || number > high)
            continue;
        unsigned at = n++;
        for (; at > 0 && before(o, i, list[at - 1], length); at--)
            list[at] = list[at - 1];
        list[at] = i;
    }
    return n;
}

/* An urgent change that has begun stands in the place of the table's rows of its customer. */
static inline bool stands_alone(const struct oracle *o, const unsigned *list, unsigned n,
                                unsigned customer, int32_t today)
{
    for (unsigned i = 0; i < n; i++) {
        const struct oracle_row *r = &o->row[list[i]];
        if (r->urgent && r->customer == customer && r->from <= today)
            return true;
    }
    return false;
}

/* As docs/numbers.md says it, step by step. */
static inline int oracle_answer(const struct oracle *o, uint64_t number, unsigned length,
                                unsigned customer, int32_t today, enum number_state *state)
{
    unsigned list[ORACLE_ROWS], n = covering(o, number, length, list), visible = n;
    for (unsigned i = 0; i < n; i++) {
        const struct oracle_row *r = &o->row[list[i]];
        bool replaces = (r->state == NUMBER_OWNED || r->state == NUMBER_BLOCKED) &&
                        r->from <= today && today <= r->to;
        if (!replaces)
            continue;
        for (visible = i + 1; visible < n && same_level(r, &o->row[list[visible]], length);)
            visible++;
        break;
    }
    bool alone = stands_alone(o, list, n, customer, today);
    for (int pass = 0; pass < 5; pass++) {
        for (unsigned i = 0; i < visible; i++) {
            const struct oracle_row *r = &o->row[list[i]];
            bool in_force = r->from <= today && today <= r->to,
                 own = r->customer == customer && (r->urgent || !alone);
            const bool chosen[] = {in_force && r->state == NUMBER_BLOCKED, in_force && own, own,
                                   in_force, true};
            if (!chosen[pass])
                continue;
            *state = pass == 0         ? NUMBER_BLOCKED
                     : pass == 1       ? r->state
                     : pass > 2        ? NUMBER_OTHER_CUSTOMER
                     : today < r->from ? NUMBER_NOT_YET
                                       : NUMBER_EXPIRED;
            return (int)list[i];
        }
    }
    *state = NUMBER_UNKNOWN;
    return -1;
}

#endif
