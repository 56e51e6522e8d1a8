/*
 * Runs in the kernel for each datagram of a listener with several workers, and answers with the
 * index of the worker's socket. The rule is in dispatch_rule.h; dispatch.c says the same in
 * ordinary C, and a test holds the two together.
 *
 * A BPF_PROG_TYPE_SOCKET_FILTER without maps or relocations: the kernel shows it the UDP payload
 * alone. Loops have fixed bounds, and what a character means is kept as data, not as branches, so
 * that the verifier's work stays far below its limit of a million instructions.
 */
#include "dispatch_rule.h"

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

struct __sk_buff { /* as far as it is used here */
    u32 len, others[11];
    u32 scratch[5]; /* "cb": saved and restored around us */
};

static long (*const skb_load_bytes)(const void *skb, u32 offset, void *to, u32 n) = (void *)26;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FIRST_HIGHEST(v) __builtin_bswap64(v)
#else
#define FIRST_HIGHEST(v) (v)
#endif

#define always_inline inline __attribute__((always_inline))

/* Hides the value from the compiler, which could otherwise turn it into branches. */
#define opaque(v) __asm__ volatile("" : "+r"(v))

/* A number that the loader writes where HERE stands. */
#define given(v, here) __asm__ volatile("%0 = %1" : "=r"(v) : "i"(here))

/*
 * To the kernel's verifier a value that went through SCRATCH may be any number. So what follows a
 * loop is verified once, and not once for each way out of the loop.
 */
static always_inline u32 forget(struct __sk_buff *skb, u64 v)
{
    skb->scratch[0] = (u32)v;
    __asm__ volatile("" : : : "memory");
    return *(volatile u32 *)&skb->scratch[0];
}

/* 1 when V is 0, else 0. */
static always_inline u64 is_zero(u64 v)
{
    u64 r = (~v & (v - 1)) >> 63;
    opaque(r);
    return r;
}

/*
 * The eight characters from AT on, the first one highest, with zeros behind the end of the
 * datagram. Not 0: it ends before AT. A length that is 1 to 8 whatever AT is saves a branch.
 */
static always_inline long load(struct __sk_buff *skb, u64 at, u64 *word)
{
    u64 left = skb->len - at, read = 0;
    u64 is_short = (u64)((long long)(left - 8) >> 63);
    opaque(is_short);
    left = (left & is_short) | (8 & ~is_short);
    long failed = skb_load_bytes(skb, (u32)at, &read, (u32)((left - 1) & 7) + 1);
    *word = FIRST_HIGHEST(read);
    return failed;
}

static always_inline u64 digit(u64 c, int *good)
{
    if (c - '0' < 10)
        return c - '0';
    if (c - 'a' < 6)
        return c - 'a' + 10;
    *good = 0;
    return 0;
}

/* The two digits at AT, or at least 256. */
static always_inline u64 marked_worker(struct __sk_buff *skb, u32 at)
{
    u8 digits[2];
    int good = 1;
    if (skb_load_bytes(skb, at, digits, 2))
        return 256;
    u64 value = digit(digits[0], &good) * 16 + digit(digits[1], &good);
    return good ? value : 256;
}

struct hash {
    u64 value, place;
    u64 begun, ended;
};

static always_inline void hash_character(struct hash *h, u64 c)
{
    u64 visible = 1 - ((c - 33) >> 63);
    opaque(visible);
    h->begun |= visible;
    h->ended |= h->begun & (1 - visible);
    u64 next = DISPATCH_STEP(h->value, h->place, c);
    u64 mask = -(visible & (1 - h->ended));
    opaque(mask);
    h->value = (h->value & ~mask) | (next & mask);
}

/* The value that begins at AT: white space, and line ends of a fold, are passed over. */
static always_inline u64 hash_value(struct __sk_buff *skb, u64 at, u64 place)
{
    struct hash h = {.value = DISPATCH_HASH_START, .place = place};
    for (u64 n = 0; n < DISPATCH_VALUE_BYTES; n += 8) {
        u64 word;
        if (load(skb, at + n, &word))
            break;
#pragma unroll
        for (u32 i = 0; i < 8; i++, word <<= 8)
            hash_character(&h, word >> 56);
        if (forget(skb, h.ended))
            break;
    }
    u64 value = forget(skb, h.value);
    return DISPATCH_REDUCE(value);
}

/* What the characters so far have shown. */
struct scan {
    u64 window;   /* the last eight of them */
    u64 armed;    /* 1: a Call-ID's name, and white space at most, is what came last */
    u64 value_at; /* behind the first such colon; 0: none yet */
    u64 mark_at;  /* behind the first mark */
    u64 response; /* 1: it is one */
};

static always_inline void scan_character(struct scan *s, u64 c, u64 behind)
{
    s->window = s->window << 8 | c;
    u64 colon = s->armed & is_zero(c ^ ':');
    s->value_at |= -(colon & is_zero(s->value_at)) & behind;
    s->armed &= is_zero(c ^ ' ') | is_zero(c ^ '\t');
    s->armed |= is_zero((s->window | DISPATCH_CASE) ^ DISPATCH_NAME) |
                is_zero(((s->window & 0xffff) | 0x20) ^ DISPATCH_SHORT);
    s->mark_at |= -(is_zero(s->window ^ DISPATCH_MARK) & is_zero(s->mark_at)) & behind;
    u64 early = (behind - (8 + DISPATCH_PREAMBLE + 1)) >> 63;
    s->response |= early & is_zero(s->window ^ DISPATCH_STATUS);
}

static always_inline void scan_word(struct scan *s, u64 word, u64 at)
{
#pragma unroll
    for (u32 i = 0; i < 8; i++, word <<= 8)
        scan_character(s, word >> 56, at + i + 1);
}

/* 1: nothing behind the word at AT matters. The first one does not show yet what this is. */
static always_inline u64 is_enough(const struct scan *s, u64 at)
{
    u64 marked = 1 - is_zero(s->mark_at), valued = 1 - is_zero(s->value_at);
    return (1 - is_zero(at)) & ((s->response & marked) | ((1 - s->response) & valued));
}

__attribute__((section("program"), used)) int choose_worker(struct __sk_buff *skb)
{
    struct scan s = {0};
    u64 word, workers, place, multiple, offset;
    given(workers, DISPATCH_WORKERS_HERE);
    given(place, DISPATCH_PLACE_HERE);
    given(multiple, DISPATCH_MULTIPLE_HERE);
    given(offset, DISPATCH_OFFSET_HERE);

    if (skb->len < DISPATCH_SHORTEST)
        return 0;
    for (u64 at = 0; at < DISPATCH_LOOK_BYTES; at += 8) {
        if (load(skb, at, &word))
            break;
        scan_word(&s, word, at);
        if (forget(skb, is_enough(&s, at)))
            break;
    }
    u32 value_at = forget(skb, s.value_at), mark_at = forget(skb, s.mark_at);
    if (forget(skb, s.response) && mark_at) {
        u64 worker = marked_worker(skb, mark_at);
        return worker < workers ? (int)worker : 0;
    }
    if (!value_at)
        return 0;
    u64 h = hash_value(skb, value_at, place);
    h = DISPATCH_STEP(h, multiple, offset);
    return (int)(DISPATCH_REDUCE(h) * workers >> 31);
}
