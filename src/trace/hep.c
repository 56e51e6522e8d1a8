/*
 * HEP, version 3: what Homer's agents, and SBCs and proxies themselves, send to a collector: a
 * message, with whence and when it came, in chunks.
 */
#include "capture.h"

#include <string.h>

#define HEADER       6 /* "HEP3", and how long all of it is */
#define CHUNK_HEADER 6 /* vendor, type, length with this header */
#define MICROSECONDS 1000000

enum chunk {
    SOURCE_4 = 3,
    TARGET_4 = 4,
    SOURCE_6 = 5,
    TARGET_6 = 6,
    SOURCE_PORT = 7,
    TARGET_PORT = 8,
    SECONDS = 9,
    MICROS = 10,
    PAYLOAD = 15
};

struct message {
    struct captured packet; /* of the payload */
    bool has_payload;
    int64_t seconds, micros;
};

static void take_address(struct address *a, struct str bytes)
{
    if (bytes.n != 4 && bytes.n != 16)
        return;
    *a = (struct address){.family = bytes.n == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6, .port = a->port};
    memcpy(a->bytes, bytes.p, bytes.n);
}

static void take_chunk(struct message *m, const struct captured *chunk, unsigned type)
{
    struct captured *p = &m->packet;
    size_t n = chunk->bytes.n;
    if (type == SOURCE_4 || type == SOURCE_6)
        take_address(&p->from, chunk->bytes);
    if (type == TARGET_4 || type == TARGET_6)
        take_address(&p->to, chunk->bytes);
    if (type == SOURCE_PORT && n == 2)
        p->from.port = (uint16_t)captured_word(chunk, 0);
    if (type == TARGET_PORT && n == 2)
        p->to.port = (uint16_t)captured_word(chunk, 0);
    if (type == SECONDS && n == 4)
        m->seconds = captured_long(chunk, 0);
    if (type == MICROS && n == 4)
        m->micros = captured_long(chunk, 0);
    if (type == PAYLOAD) {
        p->bytes = chunk->bytes;
        p->missing = chunk->missing;
        m->has_payload = true;
    }
}

bool hep_is(const struct captured *p)
{
    return p->bytes.n >= HEADER && memcmp(p->bytes.p, "HEP3", 4) == 0;
}

/* False when there is no further one. */
static bool next_chunk(struct captured *rest, struct message *m)
{
    if (rest->bytes.n < CHUNK_HEADER)
        return false;
    unsigned vendor = captured_word(rest, 0), type = captured_word(rest, 2);
    size_t length = captured_word(rest, 4);
    struct captured chunk = *rest;
    if (length < CHUNK_HEADER)
        return false;
    captured_limit(&chunk, length);
    captured_skip(&chunk, CHUNK_HEADER);
    if (vendor == 0)
        take_chunk(m, &chunk, type);
    return captured_skip(rest, length);
}

bool hep_take(struct captured *p)
{
    struct message m = {.packet = *p};
    struct captured rest = *p;
    captured_limit(&rest, captured_word(p, 4));
    captured_skip(&rest, HEADER);
    while (!m.has_payload && next_chunk(&rest, &m))
        ;
    if (m.seconds > 0)
        m.packet.time_us = m.seconds * MICROSECONDS + m.micros;
    if (m.has_payload)
        *p = m.packet;
    return m.has_payload;
}
