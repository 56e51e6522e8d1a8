#include <stird/core/rates.h>

#include <assert.h>
#include <string.h>
#include <xxhash.h>

#define WAYS         8 /* places of a row, of which a key has one */
#define RING         (RATE_PARTS + 1)
#define CUSTOMERS    8192 /* places: customers are named by the configuration, not by callers */
#define RESTS        (2 * RATE_RULES_MAX)
#define PAGE_OCTETS  4096
#define CACHE_OCTETS 64

/* Each access is one plain load or store, as in count.h. */
#define NOW(place)        __atomic_load_n(&(place), __ATOMIC_RELAXED)
#define PUT(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELAXED)

struct slot {
    uint64_t coarse;           /* the key of what it counts with when it has to give way */
    uint32_t part_ms;          /* how long a part of its window is */
    uint32_t part;             /* the newest one, counted from the beginning of time */
    uint32_t held_until_s, id; /* of its rule */
    uint32_t n[RING][RATE_EVENTS];
};

/* Keys of a row lie side by side, so that a row without the key costs one line of the cache. */
struct table {
    uint64_t *keys;
    struct slot *slots;
    uint32_t rows;
};

struct section {
    struct table numbers, customers, rests;
    struct rate_call *calls;
    uint32_t call_rows;
};

/* ---- where it lies ---- */

static size_t rounded(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

/* Half as many again, so that there is room for all of them. */
static uint32_t rows_of(uint32_t places)
{
    const uint32_t rows = places / WAYS + places / WAYS / 2;
    return rows > 0 ? rows : 1;
}

static size_t lay_table(struct table *t, uintptr_t section, size_t at, uint32_t rows)
{
    const size_t n = (size_t)rows * WAYS;
    t->rows = rows;
    t->keys = (void *)(section + at);
    at = rounded(at + n * sizeof(*t->keys), CACHE_OCTETS);
    t->slots = (void *)(section + at);
    assert(t->slots); /* it stands behind the keys */
    return rounded(at + n * sizeof(*t->slots), CACHE_OCTETS);
}

/* Returns how long it is. */
static size_t lay(struct section *s, const struct rates_shape *shape, uintptr_t section)
{
    size_t at = lay_table(&s->numbers, section, 0, rows_of(shape->numbers));
    at = lay_table(&s->customers, section, at, rows_of(CUSTOMERS));
    at = lay_table(&s->rests, section, at, rows_of(RESTS));
    s->calls = (void *)(section + at);
    s->call_rows = rows_of(shape->calls);
    return rounded(at + (size_t)s->call_rows * WAYS * sizeof(*s->calls), PAGE_OCTETS);
}

size_t rates_section_bytes(const struct rates_shape *shape)
{
    struct section s;
    return lay(&s, shape, 0);
}

static struct section section_of(const struct rates *r, uint32_t worker)
{
    struct section s;
    lay(&s, &r->shape, (uintptr_t)r->all + rates_section_bytes(&r->shape) * (size_t)worker);
    return s;
}

static struct section own_section(const struct rates *r)
{
    struct section s;
    assert(r->own); /* who only reads counts nothing */
    lay(&s, &r->shape, (uintptr_t)r->own);
    return s;
}

/* ---- keys ---- */

static uint64_t hash(uint64_t seed, const void *p, size_t n)
{
    uint64_t h = XXH3_64bits_withSeed(p, n, seed);
    return h ? h : 1;
}

static uint64_t hash_two(uint64_t seed, struct str a, struct str b)
{
    const uint64_t both[] = {hash(seed, a.n ? a.p : "", a.n), hash(seed, b.n ? b.p : "", b.n)};
    return hash(seed, both, sizeof(both));
}

uint32_t rates_rule_id(struct str name, bool of_customers, uint32_t window_ms)
{
    return (uint32_t)hash((uint64_t)window_ms << 1 | of_customers, name.p, name.n) | 1;
}

struct rate_who rates_who(const struct rates *r, struct str customer, struct str number)
{
    return (struct rate_who){
        .number = number.n > 0 ? hash_two(r->shape.seed, customer, number) : 0,
        .customer = hash(r->shape.seed, customer.n ? customer.p : "", customer.n)};
}

uint64_t rates_call_id(const struct rates *r, struct str call_id, struct str tag)
{
    return hash_two(r->shape.seed, call_id, tag);
}

static uint64_t key_of(const struct rates *r, uint32_t rule, uint64_t who)
{
    const uint64_t both[] = {rule, who};
    return hash(r->shape.seed, both, sizeof(both));
}

/* A key has two rows, of which it takes the emptier one: rows fill up together so, and there is
   room until nearly all of it is taken. */
struct rows {
    uint32_t at[2]; /* their first places */
};

static struct rows rows_for(uint64_t key, uint32_t rows)
{
    return (struct rows){{(uint32_t)((key >> 32) * rows >> 32) * WAYS,
                          (uint32_t)((key & UINT32_MAX) * rows >> 32) * WAYS}};
}

/* The place of the key, or PLACES_NONE. */
#define PLACES_NONE UINT32_MAX
static uint32_t find(const struct table *t, uint64_t key)
{
    const struct rows rows = rows_for(key, t->rows);
    for (unsigned r = 0; r < 2; r++)
        for (uint32_t i = rows.at[r]; i < rows.at[r] + WAYS; i++)
            if (__atomic_load_n(&t->keys[i], __ATOMIC_ACQUIRE) == key)
                return i;
    return PLACES_NONE;
}

/* ---- one slot ---- */

struct moment {
    uint32_t part_ms, part, s; /* the part and the second that it is now */
};

static struct moment moment_in(uint32_t part_ms, int64_t now_ms)
{
    /* No part is older than the first, so that what comes before it is none. */
    return (struct moment){part_ms, (uint32_t)(now_ms / part_ms) + RING, (uint32_t)(now_ms / 1000)};
}

static struct moment moment_of(const struct rate_rule *rule, int64_t now_ms)
{
    return moment_in(rule->window_ms / RATE_PARTS, now_ms);
}

/* Whether PART lies in the window that ends now. A neighbour's clock may be a moment ahead. */
static bool counts(uint32_t part, uint32_t now)
{
    return (int32_t)(now - part) >= -1 && (int32_t)(now - part) <= RATE_PARTS;
}

static bool is_held(const struct slot *s, uint32_t window_ms, uint32_t now_s)
{
    const uint32_t left = NOW(s->held_until_s) - now_s;
    return left > 0 && left <= window_ms / 1000 + 1;
}

static bool is_live(const struct slot *s, int64_t now_ms)
{
    const uint32_t part_ms = NOW(s->part_ms);
    if (part_ms == 0)
        return false;
    const struct moment m = moment_in(part_ms, now_ms);
    return counts(NOW(s->part), m.part) || is_held(s, part_ms * RATE_PARTS, m.s);
}

/* Makes the present part the newest one. */
static void advance(struct slot *s, uint32_t part)
{
    const uint32_t past = part - s->part;
    for (uint32_t i = 0; i < past && i < RING; i++)
        for (unsigned e = 0; e < RATE_EVENTS; e++)
            PUT(s->n[(part - i) % RING][e], 0);
    __atomic_store_n(&s->part, part, __ATOMIC_RELEASE);
}

/* Adds N to part P, or takes it from there and from older ones. */
static void add(struct slot *s, uint32_t p, enum rate_event event, int n)
{
    for (unsigned i = 0; n < 0 && i < RING; i++, p--)
        if (NOW(s->n[p % RING][event]) > 0) {
            PUT(s->n[p % RING][event], NOW(s->n[p % RING][event]) - 1);
            n++;
        }
    if (n > 0)
        PUT(s->n[p % RING][event], NOW(s->n[p % RING][event]) + (uint32_t)n);
}

/* ---- finding and making room ---- */

static void clear(struct slot *s)
{
    PUT(s->part_ms, 0);
    PUT(s->held_until_s, 0);
    for (unsigned p = 0; p < RING; p++)
        for (unsigned e = 0; e < RATE_EVENTS; e++)
            PUT(s->n[p][e], 0);
}

/* A reader who saw the key before it was taken away sees that it is another one now. */
static void take(struct table *t, uint32_t at, uint64_t key, const struct slot *as)
{
    struct slot *s = &t->slots[at];
    __atomic_store_n(&t->keys[at], 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    clear(s);
    s->coarse = as->coarse;
    s->id = as->id;
    PUT(s->part, as->part);
    PUT(s->part_ms, as->part_ms);
    __atomic_store_n(&t->keys[at], key, __ATOMIC_RELEASE);
}

/* A free place of the emptier one of its rows, or PLACES_NONE. */
static uint32_t find_free(const struct table *t, uint64_t key, int64_t now_ms)
{
    const struct rows rows = rows_for(key, t->rows);
    uint32_t found = PLACES_NONE;
    unsigned most = 0;
    for (unsigned r = 0; r < 2; r++) {
        unsigned n = 0;
        uint32_t last = PLACES_NONE;
        for (uint32_t i = rows.at[r]; i < rows.at[r] + WAYS; i++)
            if (t->keys[i] == 0 || !is_live(&t->slots[i], now_ms)) {
                last = i;
                n++;
            }
        if (n > most) {
            most = n;
            found = last;
        }
    }
    return found;
}

/* NULL: it is not there, and no place is free. */
static struct slot *find_or_take(struct table *t, uint64_t key, const struct slot *as,
                                 int64_t now_ms)
{
    uint32_t place = find(t, key);
    if (place != PLACES_NONE)
        return &t->slots[place];
    place = find_free(t, key, now_ms);
    if (place == PLACES_NONE)
        return NULL;
    take(t, place, key, as);
    return &t->slots[place];
}

/* Those that found no room among customers: a place for each rule. Of rules that are gone by a
   reload the one that was quiet for longest gives way. */
static struct slot *rest(struct table *t, uint64_t key, const struct slot *as, int64_t now_ms)
{
    struct slot *found = find_or_take(t, key, as, now_ms);
    const uint32_t row = rows_for(key, t->rows).at[0];
    uint32_t oldest = row;
    if (found)
        return found;
    for (uint32_t i = row; i < row + WAYS; i++)
        if ((uint64_t)t->slots[i].part * t->slots[i].part_ms <
            (uint64_t)t->slots[oldest].part * t->slots[oldest].part_ms)
            oldest = i;
    take(t, oldest, key, as);
    return &t->slots[oldest];
}

static struct slot *customer_slot(const struct rates *r, struct section *own, uint64_t key,
                                  const struct slot *as, bool *coarse, int64_t now_ms)
{
    struct slot *s = find_or_take(&own->customers, key, as, now_ms);
    if (s)
        return s;
    *coarse = true;
    return rest(&own->rests, key_of(r, as->id, 0), as, now_ms);
}

/* Of who has the most places of both rows, by more than MINE has: the one that is to give way, one
   that is held last. PLACES_NONE: none. */
static uint32_t who_gives_way(const struct table *t, const struct rows *rows, uint64_t mine)
{
    uint32_t places[2 * WAYS], found = PLACES_NONE;
    unsigned most = 0, own = 0;
    for (unsigned i = 0; i < 2 * WAYS; i++)
        places[i] = rows->at[i / WAYS] + i % WAYS;
    for (unsigned i = 0; i < 2 * WAYS; i++) {
        const struct slot *s = &t->slots[places[i]];
        unsigned same = 0;
        for (unsigned k = 0; k < 2 * WAYS; k++)
            same += t->slots[places[k]].coarse == s->coarse;
        if (s->coarse == mine)
            own = same;
        if (same > most || (same == most && found != PLACES_NONE &&
                            s->coarse == t->slots[found].coarse && s->held_until_s == 0)) {
            most = same;
            found = places[i];
        }
    }
    return most > own + 1 ? found : PLACES_NONE;
}

/* What it has is counted with its customer's from now on. */
static void give_way(const struct rates *r, struct section *own, struct slot *s, int64_t now_ms)
{
    bool coarse = true;
    const struct moment m = moment_in(s->part_ms, now_ms);
    struct slot *to = customer_slot(r, own, s->coarse, s, &coarse, now_ms);
    advance(s, m.part);
    if (to->part != m.part)
        advance(to, m.part);
    for (uint32_t i = 0; i < RING; i++)
        for (unsigned e = 0; e < RATE_EVENTS; e++)
            add(to, m.part - i, (enum rate_event)e, (int)s->n[(m.part - i) % RING][e]);
    if (is_held(s, s->part_ms * RATE_PARTS, m.s))
        PUT(to->held_until_s, s->held_until_s);
}

/* The place to count in. */
static struct slot *slot_for(const struct rates *r, const struct rate_rule *rule,
                             const struct rate_who *who, bool *coarse, int64_t now_ms)
{
    struct section own = own_section(r);
    const struct moment m = moment_of(rule, now_ms);
    const struct slot as = {.coarse = key_of(r, rule->id, who->customer),
                            .part_ms = m.part_ms,
                            .part = m.part,
                            .id = rule->id};
    if (who->number == 0)
        return customer_slot(r, &own, as.coarse, &as, coarse, now_ms);
    const uint64_t key = key_of(r, rule->id, who->number);
    struct slot *s = find_or_take(&own.numbers, key, &as, now_ms);
    if (s)
        return s;
    *coarse = true;
    const struct rows rows = rows_for(key, own.numbers.rows);
    const uint32_t place = who_gives_way(&own.numbers, &rows, as.coarse);
    if (place == PLACES_NONE)
        return customer_slot(r, &own, as.coarse, &as, coarse, now_ms);
    give_way(r, &own, &own.numbers.slots[place], now_ms);
    take(&own.numbers, place, key, &as);
    return &own.numbers.slots[place];
}

/* ---- counting ---- */

bool rates_count(struct rates *r, const struct rate_rule *rule, const struct rate_who *who,
                 enum rate_event event, int n, int64_t now_ms)
{
    bool coarse = false;
    struct slot *s = slot_for(r, rule, who, &coarse, now_ms);
    const uint32_t part = moment_of(rule, now_ms).part;
    if (s->part != part)
        advance(s, part);
    add(s, part, event, n);
    return !coarse;
}

void rates_hold(struct rates *r, const struct rate_rule *rule, const struct rate_who *who,
                int64_t now_ms)
{
    bool coarse = false;
    struct slot *s = slot_for(r, rule, who, &coarse, now_ms);
    PUT(s->held_until_s, (uint32_t)(now_ms / 1000) + rule->window_ms / 1000 + 1);
}

/* ---- reading ---- */

/* Of another worker, who may be writing: what is not the key's any more when all was read does not
   count. */
static bool read_slot(const struct table *t, uint64_t key, const struct rate_rule *rule,
                      const struct moment *m, struct rate_counts *sum)
{
    const uint32_t at = find(t, key);
    if (at == PLACES_NONE)
        return false;
    const struct slot *s = &t->slots[at];
    uint64_t n[RATE_EVENTS] = {0};
    const uint32_t newest = __atomic_load_n(&s->part, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < RING; i++)
        for (unsigned e = 0; counts(newest - i, m->part) && e < RATE_EVENTS; e++)
            n[e] += NOW(s->n[(newest - i) % RING][e]);
    const bool held = is_held(s, rule->window_ms, m->s);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (NOW(t->keys[at]) != key)
        return false;
    uint64_t some = held;
    for (unsigned e = 0; e < RATE_EVENTS; e++) {
        sum->n[e] += n[e];
        some |= n[e];
    }
    sum->held |= held;
    return some > 0;
}

struct rate_counts rates_look(const struct rates *r, const struct rate_rule *rule,
                              const struct rate_who *who, int64_t now_ms)
{
    struct rate_counts sum = {0};
    const struct moment m = moment_of(rule, now_ms);
    const uint64_t number = who->number ? key_of(r, rule->id, who->number) : 0;
    const uint64_t customer = key_of(r, rule->id, who->customer);
    const uint64_t all = key_of(r, rule->id, 0);
    uintptr_t at = (uintptr_t)r->all;
    for (uint32_t w = 0; w < r->shape.workers; w++) {
        struct section s;
        at += lay(&s, &r->shape, at);
        if (number)
            read_slot(&s.numbers, number, rule, &m, &sum);
        const bool of_customer = read_slot(&s.customers, customer, rule, &m, &sum);
        const bool of_rest = read_slot(&s.rests, all, rule, &m, &sum);
        sum.coarse |= of_rest || (number && of_customer);
    }
    return sum;
}

/* ---- answered calls ---- */

static bool is_watched(const struct rate_call *c, uint32_t keep_ms, int64_t now_ms)
{
    return NOW(c->id) != 0 && (uint32_t)now_ms - NOW(c->answered_ms) < keep_ms;
}

static void put_call(struct rate_call *to, const struct rate_call *call, int64_t now_ms)
{
    PUT(to->id, 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    to->who = call->who;
    to->answered_ms = (uint32_t)now_ms;
    to->n_rules = call->n_rules;
    memcpy(to->rules, call->rules, sizeof(to->rules));
    __atomic_store_n(&to->id, call->id, __ATOMIC_RELEASE);
}

/* A free place of the emptier one of its rows; NULL: there is none. */
static struct rate_call *free_call(const struct section *s, const struct rows *rows,
                                   uint32_t keep_ms, int64_t now_ms)
{
    struct rate_call *found = NULL;
    unsigned most = 0;
    for (unsigned r = 0; r < 2; r++) {
        struct rate_call *last = NULL;
        unsigned n = 0;
        for (uint32_t i = rows->at[r]; i < rows->at[r] + WAYS; i++)
            if (!is_watched(&s->calls[i], keep_ms, now_ms)) {
                last = &s->calls[i];
                n++;
            }
        if (n > most) {
            most = n;
            found = last;
        }
    }
    return found;
}

/* Of the customer who has most places of both rows, by more than one that CUSTOMER has: the oldest
   call. NULL: nobody has. */
static struct rate_call *call_to_lose(const struct section *s, const struct rows *rows,
                                      uint64_t customer, int64_t now_ms)
{
    struct rate_call *places[2 * WAYS], *found = NULL;
    unsigned most = 0, own = 0;
    for (unsigned i = 0; i < 2 * WAYS; i++)
        places[i] = &s->calls[rows->at[i / WAYS] + i % WAYS];
    for (unsigned i = 0; i < 2 * WAYS; i++) {
        const struct rate_call *c = places[i];
        unsigned same = 0;
        for (unsigned k = 0; k < 2 * WAYS; k++)
            same += places[k]->who.customer == c->who.customer;
        if (c->who.customer == customer)
            own = same;
        const bool older = found && c->who.customer == found->who.customer &&
                           (uint32_t)now_ms - c->answered_ms >
                               (uint32_t)now_ms - found->answered_ms;
        if (same > most || older) {
            most = same;
            found = places[i];
        }
    }
    return most > own + 1 ? found : NULL;
}

bool rates_keep_call(struct rates *r, const struct rate_call *call, uint32_t keep_ms,
                     int64_t now_ms, struct rate_call *lost)
{
    const struct section own = own_section(r);
    const struct rows rows = rows_for(call->id, own.call_rows);
    struct rate_call *place = free_call(&own, &rows, keep_ms, now_ms);
    const bool room = place != NULL;
    if (!room) {
        place = call_to_lose(&own, &rows, call->who.customer, now_ms);
        *lost = place ? *place : *call;
        if (lost->n_rules > RATE_RULES_MAX) /* a worker before us was not sane */
            lost->n_rules = 0;
    }
    if (place)
        put_call(place, call, now_ms);
    return room;
}

static bool read_call(const struct section *s, uint64_t id, uint32_t keep_ms, int64_t now_ms,
                      struct rate_call **place, struct rate_call *call)
{
    const struct rows rows = rows_for(id, s->call_rows);
    for (unsigned i = 0; i < 2 * WAYS; i++) {
        struct rate_call *c = &s->calls[rows.at[i / WAYS] + i % WAYS];
        if (__atomic_load_n(&c->id, __ATOMIC_ACQUIRE) != id || !is_watched(c, keep_ms, now_ms))
            continue;
        *call = *c;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        *place = c;
        return NOW(c->id) == id && call->n_rules <= RATE_RULES_MAX;
    }
    return false;
}

/* A worker writes into its own section alone. That it has taken a call of another one it notes
   there, as a call without rules. */
static bool is_note(const struct rate_call *call)
{
    return call->n_rules == 0;
}

/* What other workers have of it: a note where anybody has one, else the call. */
static bool read_of_others(const struct rates *r, const struct section *own, uint64_t id,
                           uint32_t keep_ms, int64_t now_ms, struct rate_call *call)
{
    bool found = false;
    for (uint32_t w = 0; w < r->shape.workers && !(found && is_note(call)); w++) {
        const struct section s = section_of(r, w);
        struct rate_call *place, one;
        if (s.calls == own->calls || !read_call(&s, id, keep_ms, now_ms, &place, &one))
            continue;
        *call = one;
        found = true;
    }
    return found;
}

/* Without a free place it is not noted, and counts once more when it is said once more: no call
   that is watched gives way to a note. */
static void note_taken(const struct section *own, const struct rate_call *call, uint32_t keep_ms,
                       int64_t now_ms)
{
    const struct rows rows = rows_for(call->id, own->call_rows);
    struct rate_call *place = free_call(own, &rows, keep_ms, now_ms), note = *call;
    note.n_rules = 0;
    if (place)
        put_call(place, &note, now_ms);
}

bool rates_take_call(struct rates *r, uint64_t id, uint32_t keep_ms, int64_t now_ms,
                     struct rate_call *call)
{
    struct rate_call *place, other;
    const struct section own = own_section(r);
    const bool others = read_of_others(r, &own, id, keep_ms, now_ms, &other);
    if (read_call(&own, id, keep_ms, now_ms, &place, call)) {
        if (is_note(call))
            return false;
        PUT(place->id, 0);
        return !others || !is_note(&other);
    }
    if (!others || is_note(&other))
        return false;
    note_taken(&own, &other, keep_ms, now_ms);
    *call = other;
    return true;
}

bool rates_has_call(const struct rates *r, uint64_t id, uint32_t keep_ms, int64_t now_ms)
{
    struct rate_call *place, call;
    const struct section own = own_section(r);
    return read_call(&own, id, keep_ms, now_ms, &place, &call) ||
           read_of_others(r, &own, id, keep_ms, now_ms, &call);
}
