/* A word is eight octets, the last one perhaps fewer. For each that is not zero: how many zero
   words come before it, which of its octets are not zero (a bit each), and these. */
#include <stird/base/pressed.h>

#include <stdint.h>
#include <string.h>

#define WORD     sizeof(uint64_t)
#define RUN_MOST 255

static size_t words_of(size_t bytes)
{
    return (bytes + WORD - 1) / WORD;
}

static size_t octets_of_word(size_t bytes, size_t i)
{
    return (i + 1) * WORD <= bytes ? WORD : bytes - i * WORD;
}

static uint64_t word_at(const unsigned char *plain, size_t bytes, size_t i)
{
    uint64_t word = 0;
    if ((i + 1) * WORD <= bytes)
        memcpy(&word, plain + i * WORD, WORD);
    else
        memcpy(&word, plain + i * WORD, octets_of_word(bytes, i));
    return word;
}

/* The octets of one word that are not zero, to TO where there is such a place; their bits in
 *MASK. Returns how many. */
static size_t put_word(unsigned char *to, const unsigned char *octets, size_t n,
                       unsigned char *mask)
{
    size_t written = 0;
    *mask = 0;
    for (size_t k = 0; k < n; k++) {
        if (octets[k] == 0)
            continue;
        *mask |= (unsigned char)(1u << k);
        if (to)
            to[written] = octets[k];
        written++;
    }
    return written;
}

/* To TO, or where that is NULL only counted. */
static size_t press(unsigned char *to, const unsigned char *plain, size_t bytes)
{
    size_t n = 0, run = 0;
    const size_t words = words_of(bytes);
    for (size_t i = 0; i < words; i++) {
        if (word_at(plain, bytes, i) == 0 && run < RUN_MOST && i + 1 < words) {
            run++;
            continue;
        }
        unsigned char mask;
        const size_t put = put_word(to ? to + n + 2 : NULL, plain + i * WORD,
                                    octets_of_word(bytes, i), &mask);
        if (to) {
            to[n] = (unsigned char)run;
            to[n + 1] = mask;
        }
        n += 2 + put;
        run = 0;
    }
    return n;
}

size_t pressed_bytes(const void *plain, size_t bytes)
{
    return press(NULL, plain, bytes);
}

unsigned char *pressed_write(unsigned char *to, const void *plain, size_t bytes)
{
    return to + press(to, plain, bytes);
}

const unsigned char *pressed_read(const unsigned char *from, void *plain, size_t bytes)
{
    unsigned char *to = plain;
    const size_t words = words_of(bytes);
    memset(plain, 0, bytes);
    for (size_t i = 0; i < words; i++) {
        i += *from++;
        const unsigned char mask = *from++;
        for (size_t k = 0; k < WORD; k++)
            if (mask >> k & 1)
                to[i * WORD + k] = *from++;
    }
    return from;
}
