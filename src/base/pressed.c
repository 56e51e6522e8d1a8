/* A word is eight octets, the last one perhaps fewer. For each that is not zero, and for the last:
   a sign, how many zero words come before it where some do, and its octets from the first that is
   not zero to the last one. */
#include <stird/base/pressed.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOWEST_FIRST_32(v) (v)
#define LOWEST_FIRST_64(v) (v)
#else
#define LOWEST_FIRST_32(v) __builtin_bswap32(v)
#define LOWEST_FIRST_64(v) __builtin_bswap64(v)
#endif

#define WORD     sizeof(uint64_t)
#define WIDE     (4 * WORD)
#define RUN_MOST 255 /* zero words before another one */

/* The sign: which octet is the first, how many are there (none: the word is zero, which only the
   last one is, and one behind as many others as can be counted), and whether a count follows. */
#define SIGN_COUNT_SHIFT 3
#define SIGN_COUNT_MASK  15u
#define SIGN_FIRST_MASK  7u
#define SIGN_RUN         0x80u

/* Its first octet is the lowest. */
struct word {
    uint64_t octets;
    unsigned first, n; /* of those that are not zero */
    unsigned run;      /* of zero words before it */
};

static uint64_t load(const unsigned char *from, size_t n)
{
    uint64_t word = 0;
    if (n >= WORD)
        memcpy(&word, from, WORD);
    else
        memcpy(&word, from, n);
    return LOWEST_FIRST_64(word);
}

static bool is_zero(const unsigned char *wide)
{
    uint64_t words[WIDE / WORD];
    memcpy(words, wide, WIDE);
    return (words[0] | words[1] | words[2] | words[3]) == 0;
}

/* The next word that is not left out, of those from *AT on, which are not at their end BYTES. */
static inline __attribute__((always_inline)) void
next_word(const unsigned char *plain, size_t bytes, size_t *at, struct word *w)
{
    size_t i = *at;
    const size_t most = i + RUN_MOST * WORD; /* where a run ends at the latest */
    while (i + WIDE < bytes && i + WIDE <= most && is_zero(plain + i))
        i += WIDE;
    uint64_t octets = load(plain + i, bytes - i);
    while (octets == 0 && i + WORD < bytes && i < most) {
        i += WORD;
        octets = load(plain + i, bytes - i);
    }
    w->run = (unsigned)((i - *at) / WORD);
    w->first = octets ? (unsigned)__builtin_ctzll(octets) / 8 : 0;
    w->n = octets ? 8 - (unsigned)__builtin_clzll(octets) / 8 - w->first : 0;
    w->octets = octets >> 8 * w->first;
    *at = i + WORD;
}

/* N octets of WORD, one to eight, from its lowest on: those in the middle perhaps twice. */
static void put(unsigned char *to, uint64_t word, unsigned n)
{
    if (n >= 4) {
        const uint32_t low = LOWEST_FIRST_32((uint32_t)word),
                       high = LOWEST_FIRST_32((uint32_t)(word >> 8 * (n - 4)));
        memcpy(to, &low, 4);
        memcpy(to + n - 4, &high, 4);
    } else if (n > 0) {
        to[0] = (unsigned char)word;
        to[n / 2] = (unsigned char)(word >> 8 * (n / 2));
        to[n - 1] = (unsigned char)(word >> 8 * (n - 1));
    }
}

static uint64_t get(const unsigned char *from, unsigned n)
{
    if (n >= 4) {
        uint32_t low, high;
        memcpy(&low, from, 4);
        memcpy(&high, from + n - 4, 4);
        return LOWEST_FIRST_32(low) | (uint64_t)LOWEST_FIRST_32(high) << 8 * (n - 4);
    }
    return n == 0 ? 0
                  : from[0] | (uint64_t)from[n / 2] << 8 * (n / 2) |
                        (uint64_t)from[n - 1] << 8 * (n - 1);
}

size_t pressed_bytes(const void *plain, size_t bytes)
{
    struct word w;
    size_t n = 0;
    for (size_t at = 0; at < bytes;) {
        next_word(plain, bytes, &at, &w);
        n += 1 + (w.run > 0) + w.n;
    }
    return n;
}

unsigned char *pressed_write(unsigned char *to, const void *plain, size_t bytes)
{
    struct word w;
    for (size_t at = 0; at < bytes;) {
        next_word(plain, bytes, &at, &w);
        *to++ = (unsigned char)(w.first | w.n << SIGN_COUNT_SHIFT | (w.run > 0 ? SIGN_RUN : 0));
        if (w.run > 0)
            *to++ = (unsigned char)w.run;
        put(to, w.octets, w.n);
        to += w.n;
    }
    return to;
}

const unsigned char *pressed_read(const unsigned char *from, void *plain, size_t bytes)
{
    unsigned char *to = plain;
    memset(plain, 0, bytes);
    for (size_t at = 0; at < bytes; at += WORD) {
        const unsigned sign = *from++, n = sign >> SIGN_COUNT_SHIFT & SIGN_COUNT_MASK;
        if (sign & SIGN_RUN)
            at += *from++ * WORD;
        const uint64_t word = LOWEST_FIRST_64(get(from, n) << 8 * (sign & SIGN_FIRST_MASK));
        if (bytes - at >= WORD)
            memcpy(to + at, &word, WORD);
        else
            memcpy(to + at, &word, bytes - at);
        from += n;
    }
    return from;
}
