/*
 * octets - eight octets of a text at a time, as a number: the first octet is the lowest, whatever
 * order the machine keeps. Where it keeps that one, eight octets are one load.
 */
#ifndef STIRD_OCTETS_H
#define STIRD_OCTETS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OCTETS_OF(c) ((uint64_t)(unsigned char)(c)*UINT64_C(0x0101010101010101))
#define OCTETS_TOP   OCTETS_OF(0x80)
/* Added by OR to letters of either case it gives the small ones; an octet that is none of the
   letters gives none. */
#define OCTETS_SMALL OCTETS_OF(0x20)

/* The lowest octet first, or from that into the machine's own order. */
static inline uint64_t octets_turned(uint64_t octets)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(octets);
#else
    return octets;
#endif
}

static inline uint64_t octets_one(const char *p, unsigned i)
{
    return (uint64_t)(unsigned char)p[i] << 8 * i;
}

static inline uint64_t octets_4(const char *p)
{
    return octets_one(p, 0) | octets_one(p, 1) | octets_one(p, 2) | octets_one(p, 3);
}

static inline uint64_t octets_8(const char *p)
{
    uint64_t octets;
    memcpy(&octets, p, sizeof(octets));
    return octets_turned(octets);
}

/* Writes eight octets. */
static inline void octets_put_8(char *to, uint64_t octets)
{
    octets = octets_turned(octets);
    memcpy(to, &octets, sizeof(octets));
}

/* N is 1 to 7; zeros stand for the others. */
static inline uint64_t octets_few(const char *p, size_t n)
{
    if (n >= 4)
        return octets_4(p) | octets_4(p + n - 4) << 8 * (n - 4);
    return octets_one(p, 0) | octets_one(p, (unsigned)n / 2) | octets_one(p, (unsigned)n - 1);
}

/* The top bits of the octets that are less than LIMIT, which is at most 0x80. Only the lowest of
   them is sure: what is taken off an octet borrows from the next. */
static inline uint64_t octets_below(uint64_t octets, unsigned char limit)
{
    return (octets - OCTETS_OF(limit)) & ~octets & OCTETS_TOP;
}

/* The same of the octets that are C. */
static inline uint64_t octets_equal(uint64_t octets, char c)
{
    return octets_below(octets ^ OCTETS_OF(c), 1);
}

/* Which octet the lowest top bit of FLAGS, which has one, belongs to. */
static inline unsigned octets_first(uint64_t flags)
{
    return (unsigned)__builtin_ctzll(flags) / 8;
}

#endif
