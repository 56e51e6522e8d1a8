/*
 * Capture files of blocks (draft-ietf-opsawg-pcapng). Each of their interfaces has a link type and
 * a clock of its own, and what captures on several at once writes such files; libpcap reads those
 * of one link type alone.
 */
#include "capture.h"

#include <string.h>

#define INTERFACES_MAX 256
#define MICROSECONDS   1000000

enum block {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET_OF_OLD = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6,
};

enum option { OPTION_END, OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 };

struct interface {
    int link_type;
    uint32_t snap;   /* 0: whole packets */
    uint64_t second; /* how many ticks it has */
    int64_t offset_s;
};

struct reading {
    struct capture *capture;
    struct str rest;
    bool big; /* the section's order of octets */
    struct interface interfaces[INTERFACES_MAX];
    unsigned n_interfaces;
    const char *stopped;
};

/* ---- numbers of the section's order ---- */

static uint32_t number(const struct reading *r, struct str s, size_t at, size_t octets)
{
    uint32_t value = 0;
    for (size_t i = 0; i < octets; i++)
        value = value << 8 | (unsigned char)s.p[at + (r->big ? i : octets - 1 - i)];
    return value;
}

static uint32_t word(const struct reading *r, struct str s, size_t at)
{
    return number(r, s, at, 2);
}

static uint32_t longer(const struct reading *r, struct str s, size_t at)
{
    return number(r, s, at, 4);
}

static uint64_t ticks(const struct reading *r, struct str body, size_t at)
{
    return (uint64_t)longer(r, body, at) << 32 | longer(r, body, at + 4);
}

/* ---- interfaces ---- */

/* A power of 10, or of 2 with the highest bit; what nobody's clock has counts as microseconds. */
static uint64_t ticks_of(unsigned resolution)
{
    uint64_t second = 1;
    if (resolution & 0x80)
        return (resolution & 0x7f) <= 40 ? UINT64_C(1) << (resolution & 0x7f) : MICROSECONDS;
    if (resolution > 12)
        return MICROSECONDS;
    while (resolution-- > 0)
        second *= 10;
    return second;
}

static void take_option(const struct reading *r, struct interface *i, unsigned code,
                        struct str value)
{
    if (code == OPTION_RESOLUTION && value.n >= 1)
        i->second = ticks_of((unsigned char)value.p[0]);
    if (code == OPTION_OFFSET && value.n >= 8)
        i->offset_s = (int64_t)(r->big ? (uint64_t)longer(r, value, 0) << 32 | longer(r, value, 4)
                                       : (uint64_t)longer(r, value, 4) << 32 | longer(r, value, 0));
}

static void take_options(const struct reading *r, struct interface *i, struct str options)
{
    while (options.n >= 4) {
        unsigned code = word(r, options, 0), n = word(r, options, 2);
        options = str_slice(options, 4, options.n);
        if (code == OPTION_END || n > options.n)
            return;
        take_option(r, i, code, str_slice(options, 0, n));
        n = (n + 3) & ~3u;
        options = str_slice(options, n < options.n ? n : options.n, options.n);
    }
}

static void take_interface(struct reading *r, struct str body)
{
    if (body.n < 8)
        return;
    if (r->n_interfaces == INTERFACES_MAX) {
        r->stopped = "it has more than 256 interfaces";
        return;
    }
    struct interface *i = &r->interfaces[r->n_interfaces++];
    *i = (struct interface){
        .link_type = (int)word(r, body, 0), .snap = longer(r, body, 4), .second = MICROSECONDS};
    take_options(r, i, str_slice(body, 8, body.n));
}

/* ---- packets ---- */

/* BYTES are those that were captured of a packet of LENGTH octets. */
static void give(struct reading *r, unsigned interface, int64_t time_us, struct str bytes,
                 size_t length)
{
    struct capture *c = r->capture;
    struct captured p = {.bytes = bytes,
                         .missing = length > bytes.n ? length - bytes.n : 0,
                         .time_us = time_us,
                         .number = ++c->tally->packets};
    c->tally->cut += p.missing > 0;
    c->link_type = r->interfaces[interface].link_type;
    capture_link(c, &p);
}

/* What no clock says wraps around. */
static int64_t time_of(const struct interface *i, uint64_t at)
{
    uint64_t seconds = at / i->second + (uint64_t)i->offset_s;
    return (int64_t)(seconds * MICROSECONDS + at % i->second * MICROSECONDS / i->second);
}

/* The time stands at AT, then the two lengths, then what was captured. */
static void take_packet(struct reading *r, struct str body, unsigned interface, size_t at)
{
    uint32_t captured = longer(r, body, at + 8);
    size_t header = at + 16;
    if (interface >= r->n_interfaces || captured > body.n - header) {
        r->stopped = "a packet is of no interface, or longer than its block";
        return;
    }
    give(r, interface, time_of(&r->interfaces[interface], ticks(r, body, at)),
         str_slice(body, header, header + captured), longer(r, body, at + 12));
}

/* Of the first interface, without a time. */
static void take_simple(struct reading *r, struct str body)
{
    size_t length = longer(r, body, 0), captured = length;
    if (r->n_interfaces == 0) {
        r->stopped = "a packet is of no interface";
        return;
    }
    if (r->interfaces[0].snap > 0 && captured > r->interfaces[0].snap)
        captured = r->interfaces[0].snap;
    give(r, 0, 0, str_slice(body, 4, captured < body.n - 4 ? 4 + captured : body.n), length);
}

/* ---- blocks ---- */

static void take_block(struct reading *r, uint32_t type, struct str body)
{
    if (type == BLOCK_INTERFACE)
        take_interface(r, body);
    else if (type == BLOCK_PACKET && body.n >= 20)
        take_packet(r, body, longer(r, body, 0), 4);
    else if (type == BLOCK_PACKET_OF_OLD && body.n >= 20)
        take_packet(r, body, word(r, body, 0), 4);
    else if (type == BLOCK_SIMPLE_PACKET && body.n >= 4)
        take_simple(r, body);
}

/* It tells the order of octets, of its own length too; its interfaces are its own. */
static bool begin_section(struct reading *r)
{
    static const char little[] = "\x4d\x3c\x2b\x1a", big[] = "\x1a\x2b\x3c\x4d";
    if (r->rest.n < 12)
        return false;
    r->big = memcmp(r->rest.p + 8, big, 4) == 0;
    r->n_interfaces = 0;
    return r->big || memcmp(r->rest.p + 8, little, 4) == 0;
}

/* False at the end, or where it stops. */
static bool next_block(struct reading *r)
{
    static const char section[] = "\x0a\x0d\x0d\x0a";
    if (r->rest.n == 0 || r->stopped)
        return false;
    bool is_section = r->rest.n >= 4 && memcmp(r->rest.p, section, 4) == 0;
    uint32_t length = 0;
    r->stopped = "it is cut inside a block";
    if (is_section ? !begin_section(r) : r->rest.n < 12)
        return false;
    length = longer(r, r->rest, 4);
    if (length > r->rest.n)
        return false;
    r->stopped = "a block has a length that cannot be";
    if (length < 12 || length % 4 != 0 || longer(r, r->rest, length - 4) != length)
        return false;
    r->stopped = NULL;
    if (!is_section)
        take_block(r, longer(r, r->rest, 0), str_slice(r->rest, 8, length - 4));
    r->rest = str_slice(r->rest, length, r->rest.n);
    return !r->stopped;
}

bool pcapng_is(struct str bytes)
{
    return str_starts(bytes, STR("\x0a\x0d\x0d\x0a"));
}

const char *pcapng_read(struct capture *c, struct str bytes)
{
    struct reading r = {.capture = c, .rest = bytes};
    while (next_block(&r))
        ;
    return r.stopped;
}
