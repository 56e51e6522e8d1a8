#include "siphash.h"

#include <stdlib.h>
#include <string.h>

struct siphash {
    uint64_t v[4]; /* as they begin, with the key in them */
};

/* So that the state stays in registers: calls would cost as much as the hash itself. */
#define INLINE static inline __attribute__((always_inline))

/* What is hashed up to now: `tail` has the octets behind the last whole eight. */
struct sipped {
    uint64_t v0, v1, v2, v3, tail;
    size_t n;
};

void siphash_free(struct siphash *h)
{
    if (h)
        explicit_bzero(h, sizeof(*h));
    free(h);
}

static uint64_t octet(const char *p, unsigned i)
{
    return (uint64_t)(unsigned char)p[i] << 8 * i;
}

/* The lowest octet first, which is one load where the machine keeps words so. */
static uint64_t read_4(const char *p)
{
    return octet(p, 0) | octet(p, 1) | octet(p, 2) | octet(p, 3);
}

static uint64_t read_8(const char *p)
{
    return octet(p, 0) | octet(p, 1) | octet(p, 2) | octet(p, 3) | octet(p, 4) | octet(p, 5) |
           octet(p, 6) | octet(p, 7);
}

/* N is 1 to 7. */
INLINE uint64_t read_few(const char *p, size_t n)
{
    if (n >= 4)
        return read_4(p) | read_4(p + n - 4) << 8 * (n - 4);
    return octet(p, 0) | octet(p, (unsigned)n / 2) | octet(p, (unsigned)n - 1);
}

struct siphash *siphash_new(const uint8_t key[16])
{
    struct siphash *h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;
    const uint64_t k0 = read_8((const char *)key), k1 = read_8((const char *)key + 8);
    h->v[0] = k0 ^ UINT64_C(0x736f6d6570736575);
    h->v[1] = k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee; /* 128 bits are wanted */
    h->v[2] = k0 ^ UINT64_C(0x6c7967656e657261);
    h->v[3] = k1 ^ UINT64_C(0x7465646279746573);
    return h;
}

INLINE uint64_t rotated(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

INLINE void mix(struct sipped *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotated(s->v1, 13) ^ s->v0;
    s->v3 = rotated(s->v3, 16) ^ s->v2;
    s->v0 = rotated(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotated(s->v1, 17) ^ s->v2;
    s->v3 = rotated(s->v3, 21) ^ s->v0;
    s->v2 = rotated(s->v2, 32);
}

INLINE void take_word(struct sipped *s, uint64_t word)
{
    s->v3 ^= word;
    mix(s);
    mix(s);
    s->v0 ^= word;
}

/* N <= 8 octets, in WORD from below, zeros above them. */
INLINE void take_few(struct sipped *s, uint64_t word, size_t n)
{
    const size_t before = s->n & 7;
    s->n += n;
    s->tail |= word << 8 * before;
    if (before + n < 8)
        return;
    take_word(s, s->tail);
    s->tail = before > 0 ? word >> 8 * (8 - before) : 0;
}

INLINE void take_text(struct sipped *s, struct str text)
{
    size_t at = 0;
    take_few(s, (uint32_t)text.n, sizeof(uint32_t));
    for (; text.n - at >= 8; at += 8)
        take_few(s, read_8(text.p + at), 8);
    if (at < text.n)
        take_few(s, read_few(text.p + at, text.n - at), text.n - at);
}

INLINE uint64_t half(struct sipped *s)
{
    for (unsigned i = 0; i < 4; i++)
        mix(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

struct transaction_key siphash_texts(const struct siphash *h, const struct str *texts, unsigned n)
{
    struct sipped s = {h->v[0], h->v[1], h->v[2], h->v[3], 0, 0};
    struct transaction_key key;
    for (unsigned i = 0; i < n; i++)
        take_text(&s, texts[i]);
    take_word(&s, s.tail | (uint64_t)(s.n & 255) << 56);
    s.v2 ^= 0xee;
    key.high = half(&s);
    s.v1 ^= 0xdd;
    key.low = half(&s);
    return key;
}

void siphash_write_hex(char *text, unsigned n, uint64_t value)
{
    while (n > 0) {
        text[--n] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}
