/*
 * A slot is one word, so that nobody reads half of one: 32 bits of the signature, 20 of the call,
 * 12 of the second. Zero is an empty one.
 */
#include <stird/core/replays.h>

#include <string.h>
#include <xxhash.h>

#define WAYS      4
#define SETS      (REPLAYS_SLOTS / WAYS)
#define CALL_BITS 20
#define TIME_BITS 12
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define CALL_MASK ((UINT64_C(1) << CALL_BITS) - 1)

_Static_assert(REPLAYS_WINDOW_MAX_S < 1 << TIME_BITS, "an age is told from one a turn later");

uint64_t replays_call(struct str call_id, struct str from_tag)
{
    return XXH3_64bits(call_id.p, call_id.n) ^ 3 * XXH3_64bits(from_tag.p, from_tag.n);
}

static int64_t age_of(uint64_t slot, int64_t now_s)
{
    return (int64_t)(((uint64_t)now_s - slot) & TIME_MASK);
}

struct looked {
    bool same, other; /* this call has it already; another one had it */
};

static struct looked look(const uint64_t *set, uint32_t tag, uint64_t call, int64_t now_s,
                          int64_t window_s)
{
    struct looked found = {false, false};
    for (unsigned i = 0; i < WAYS; i++) {
        const uint64_t slot = __atomic_load_n(&set[i], __ATOMIC_RELAXED);
        if (slot == 0 || slot >> 32 != tag || age_of(slot, now_s) > window_s)
            continue;
        if ((slot >> TIME_BITS & CALL_MASK) == (call & CALL_MASK))
            found.same = true;
        else
            found.other = true;
    }
    return found;
}

/* In an empty slot of the set, else in the place of the oldest one, of several in that of any. */
static void note(uint64_t *set, uint64_t word, int64_t now_s)
{
    unsigned oldest = (unsigned)(word >> 32) % WAYS;
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i] == 0) {
            oldest = i;
            break;
        }
        if (age_of(set[i], now_s) > age_of(set[oldest], now_s))
            oldest = i;
    }
    __atomic_store_n(&set[oldest], word, __ATOMIC_RELAXED);
}

bool replays_see(struct replays *r, const unsigned char *signature, uint64_t call, int64_t now_s,
                 int64_t window_s)
{
    uint32_t tag, place;
    struct looked found = {false, false};
    const int64_t window = window_s < REPLAYS_WINDOW_MAX_S ? window_s : REPLAYS_WINDOW_MAX_S;
    memcpy(&tag, signature, sizeof(tag));
    memcpy(&place, signature + sizeof(tag), sizeof(place));
    const size_t set = (size_t)(place % SETS) * WAYS;
    for (unsigned i = 0; i < r->workers; i++) {
        const struct looked here = look(r->all + (size_t)i * REPLAYS_SLOTS + set, tag, call, now_s,
                                        window);
        found.same = found.same || here.same;
        found.other = found.other || here.other;
    }
    if (!found.same && !found.other)
        note(r->own + set,
             (uint64_t)tag << 32 | (call & CALL_MASK) << TIME_BITS | ((uint64_t)now_s & TIME_MASK),
             now_s);
    return found.other && !found.same;
}
