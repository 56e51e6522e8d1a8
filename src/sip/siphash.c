#include "siphash.h"

#include <stdlib.h>
#include <stird/base/octets.h>
#include <string.h>

struct siphash {
    uint64_t v[4]; /* as they begin, with the key in them */
};

#define ROOM   512 /* octets that are laid together; a multiple of eight */
#define LENGTH 4   /* octets of one */

/* So that the state stays in registers: calls would cost as much as the hash itself. */
#define INLINE static inline __attribute__((always_inline))

/* What is hashed up to now. */
struct sipped {
    uint64_t v0, v1, v2, v3;
};

/* Texts one behind the other, each behind its length. */
struct laid {
    char octets[ROOM + 8]; /* the last eight are written over by what does not end there */
    size_t n;
};

void siphash_free(struct siphash *h)
{
    if (h)
        explicit_bzero(h, sizeof(*h));
    free(h);
}

struct siphash *siphash_new(const uint8_t key[16])
{
    struct siphash *h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;
    const char *octets = (const char *)key;
    const uint64_t k0 = octets_8(octets), k1 = octets_8(octets + 8);
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

/* The first N octets, which are a multiple of eight. */
INLINE void take_words(struct sipped *s, const char *octets, size_t n)
{
    for (size_t at = 0; at < n; at += 8)
        take_word(s, octets_8(octets + at));
}

/* N octets at TO: what is behind them. A pair of copies may have octets in common. */
INLINE char *lay(char *to, const char *p, size_t n)
{
    size_t at = 0;
    for (; n - at > 8; at += 8)
        memcpy(to + at, p + at, 8);
    if (n >= 8) {
        memcpy(to + n - 8, p + n - 8, 8);
    } else if (n >= 4) {
        memcpy(to, p, 4);
        memcpy(to + n - 4, p + n - 4, 4);
    } else if (n > 0) {
        to[0] = p[0];
        to[n / 2] = p[n / 2];
        to[n - 1] = p[n - 1];
    }
    return to + n;
}

/* A text that may be longer than there is room: what is full is hashed. */
static void lay_long(struct sipped *s, struct laid *laid, struct str text)
{
    while (text.n > 0) {
        const size_t room = ROOM - laid->n, n = text.n < room ? text.n : room;
        lay(laid->octets + laid->n, text.p, n);
        laid->n += n;
        text = str_slice(text, n, text.n);
        if (laid->n == ROOM) {
            take_words(s, laid->octets, ROOM);
            laid->n = 0;
        }
    }
}

INLINE uint64_t half(struct sipped *s)
{
    for (unsigned i = 0; i < 4; i++)
        mix(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* TOTAL octets were laid, of which those at OCTETS, N of them, are not hashed yet; there is room
   for eight more. */
INLINE struct transaction_key finish(struct sipped s, char *octets, size_t n, size_t total)
{
    const size_t whole = n & ~(size_t)7;
    struct transaction_key key;
    octets_put_8(octets + n, 0);
    take_words(&s, octets, whole);
    take_word(&s, octets_8(octets + whole) | (uint64_t)(total & 255) << 56);
    s.v2 ^= 0xee;
    key.high = half(&s);
    s.v1 ^= 0xdd;
    key.low = half(&s);
    return key;
}

/* The same of texts that are longer together than there is room. */
static struct transaction_key hash_long(const struct siphash *h, const struct str *texts,
                                        unsigned n)
{
    struct sipped s = {h->v[0], h->v[1], h->v[2], h->v[3]};
    struct laid laid;
    size_t total = 0;
    laid.n = 0;
    for (unsigned i = 0; i < n; i++) {
        char length[sizeof(uint64_t)];
        octets_put_8(length, (uint32_t)texts[i].n);
        lay_long(&s, &laid, (struct str){length, LENGTH});
        lay_long(&s, &laid, texts[i]);
        total += LENGTH + texts[i].n;
    }
    return finish(s, laid.octets, laid.n, total);
}

struct transaction_key siphash_texts(const struct siphash *h, const struct str *texts, unsigned n)
{
    char octets[ROOM + 8], *at = octets;
    for (unsigned i = 0; i < n; i++) {
        const size_t room = ROOM - (size_t)(at - octets);
        if (room <= LENGTH || texts[i].n >= room - LENGTH)
            return hash_long(h, texts, n);
        octets_put_8(at, (uint32_t)texts[i].n);
        at = lay(at + LENGTH, texts[i].p, texts[i].n);
    }
    const struct sipped s = {h->v[0], h->v[1], h->v[2], h->v[3]};
    return finish(s, octets, (size_t)(at - octets), (size_t)(at - octets));
}

void siphash_write_hex(char *text, unsigned n, uint64_t value)
{
    while (n > 0) {
        text[--n] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
}
