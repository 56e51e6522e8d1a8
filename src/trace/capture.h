/* capture - from packets to SIP messages, layer by layer. Private to trace. */
#ifndef STIRD_TRACE_CAPTURE_H
#define STIRD_TRACE_CAPTURE_H

#include <stird/trace/trace.h>

#define CAPTURE_DEPTH_MAX 16 /* tags and tunnels inside each other */

/* Ethernet types; GRE and others have them too. */
enum {
    ETHER_LENGTH_MAX = 1500, /* up to here it is a length, of 802.2 */
    ETHER_IPV4 = 0x0800,
    ETHER_BRIDGED = 0x6558, /* a frame in something else */
    ETHER_IPV6 = 0x86dd,
    ETHER_PPP = 0x880b,
    ETHER_MPLS = 0x8847,
    ETHER_MPLS_MULTICAST = 0x8848,
    ETHER_PPPOE = 0x8864,
    ETHER_PROVIDER = 0x88e7, /* 802.1ah: a frame in a frame */
};

/* What a capture has of a packet, as some layer sees it, on its way up. */
struct captured {
    struct str bytes;
    size_t missing; /* octets that follow these on the wire and are not in the capture */
    unsigned depth; /* how many tags and tunnels were taken off */
    int64_t time_us;
    uint64_t number;
    struct address from, to; /* from the IP layer on */
};

unsigned captured_octet(const struct captured *p, size_t i);
unsigned captured_word(const struct captured *p, size_t i); /* 16 bits */
uint32_t captured_long(const struct captured *p, size_t i); /* 32 bits */
/* False when there are not so many octets. */
bool captured_skip(struct captured *p, size_t n);
/* What lies behind the first N octets is padding, or is missing. */
void captured_limit(struct captured *p, size_t n);
/* One tag or tunnel more; false when there are too many. */
bool captured_enter(struct captured *p);

struct fragments;
struct streams;

struct capture {
    trace_visit *visit;
    void *user;
    int link_type; /* DLT_*, of the packet that is read */
    struct fragments *fragments;
    struct streams *streams;
    struct trace_tally *tally;
};

/* Each takes its own header off and hands on what is inside. */
void capture_link(struct capture *c, struct captured *p); /* a frame */
void capture_ethernet(struct capture *c, struct captured *p);
void capture_type(struct capture *c, struct captured *p, unsigned ether_type);
void capture_ip(struct capture *c, struct captured *p);
void capture_ppp(struct capture *c, struct captured *p);
void capture_mpls(struct capture *c, struct captured *p);
void capture_gre(struct capture *c, struct captured *p);
/* The payload of an IP packet of PROTOCOL. */
void capture_transport(struct capture *c, struct captured *p, unsigned protocol);
/* False when PORT is no tunnel's. P is the payload of a UDP datagram. */
bool capture_udp_tunnel(struct capture *c, struct captured *p, unsigned port);

/* A datagram of HEP; taken, *P is the message in it, from and to where and when that was. False
   when there is none in it. */
bool hep_is(const struct captured *p);
bool hep_take(struct captured *p);

/* A file of blocks (pcapng.c). Why it ends early, static, or NULL. */
bool pcapng_is(struct str bytes);
const char *pcapng_read(struct capture *c, struct str bytes);

/* One more packet of a kind that is not read: LAYER's NUMBER. */
void capture_unread(struct capture *c, enum trace_layer layer, unsigned number);

struct fragments *fragments_new(void);
void fragments_free(struct fragments *f);
/*
 * A piece of a datagram: where it begins in it, and whether more follows. True when *P is the whole
 * payload now; its bytes are valid until the next call.
 */
bool fragments_add(struct capture *c, struct captured *p, uint32_t id, unsigned protocol,
                   unsigned offset, bool more);
/* At the end: what begins with its first piece goes up as far as it is there. */
void fragments_flush(struct capture *c);

struct streams *streams_new(void);
void streams_free(struct streams *s);
/* Octets of a TCP connection, P's addresses with ports; messages that are whole are visited. */
void streams_add(struct capture *c, const struct captured *p, uint32_t sequence, bool syn);
/* At the end: what waits behind a gap, and the beginnings of messages. */
void streams_flush(struct capture *c);

#endif
