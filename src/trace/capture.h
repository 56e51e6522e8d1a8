/* capture - from packets to SIP messages, layer by layer. Private to trace. */
#ifndef STIRD_TRACE_CAPTURE_H
#define STIRD_TRACE_CAPTURE_H

#include <stird/trace.h>

/* A packet of some layer, on its way up. */
struct packet {
    struct str bytes;
    int64_t time_us;
    uint64_t number;
    struct address from, to; /* from the IP layer on */
};

struct fragments;
struct streams;

struct capture {
    trace_visit *visit;
    void *user;
    int link_type; /* DLT_* */
    struct fragments *fragments;
    struct streams *streams;
};

void capture_link(struct capture *c, struct packet *p); /* a frame */
void capture_ip(struct capture *c, struct packet *p);
/* The payload of an IP packet: PROTOCOL is 6 (TCP) or 17 (UDP), others are skipped. */
void capture_transport(struct capture *c, struct packet *p, unsigned protocol);

struct fragments *fragments_new(void);
void fragments_free(struct fragments *f);
/*
 * A piece of a datagram: where it begins in it, and whether more follows. True when *P is the whole
 * payload now; its bytes are valid until the next call.
 */
bool fragments_add(struct fragments *f, struct packet *p, uint32_t id, unsigned protocol,
                   unsigned offset, bool more);

struct streams *streams_new(void);
void streams_free(struct streams *s);
/* Octets of a TCP connection, P's addresses with ports; messages that are whole are visited. */
void streams_add(struct capture *c, const struct packet *p, uint32_t sequence, bool syn);

#endif
