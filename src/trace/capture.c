#include "capture.h"

#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stird/framing.h>
#include <string.h>

#define IP_DEPTH_MAX   4 /* tunnels and tags inside each other */
#define IPV6_HEADERS   8
#define ETHER_IPV4     0x0800
#define ETHER_IPV6     0x86dd
#define ETHER_VLAN     0x8100
#define ETHER_VLAN_802 0x88a8

static unsigned octet(struct str s, size_t i)
{
    return (unsigned char)s.p[i];
}

static unsigned word(struct str s, size_t i)
{
    return octet(s, i) << 8 | octet(s, i + 1);
}

static uint32_t long_word(struct str s, size_t i)
{
    return (uint32_t)word(s, i) << 16 | word(s, i + 2);
}

/* False when there are not so many octets. */
static bool skip(struct packet *p, size_t n)
{
    if (p->bytes.n < n)
        return false;
    p->bytes = str_slice(p->bytes, n, p->bytes.n);
    return true;
}

/* ---- link layer ---- */

/* What an Ethernet type says; tags are taken off. */
static void by_type(struct capture *c, struct packet *p, unsigned type)
{
    for (int depth = 0; depth < IP_DEPTH_MAX; depth++) {
        if (type == ETHER_IPV4 || type == ETHER_IPV6) {
            capture_ip(c, p);
            return;
        }
        if ((type != ETHER_VLAN && type != ETHER_VLAN_802) || p->bytes.n < 4)
            return;
        type = word(p->bytes, 2);
        skip(p, 4);
    }
}

/* Where the type stands, and where what it tells of begins. */
static const struct {
    int link_type;
    size_t type_at, header; /* type_at SIZE_MAX: IP follows at once */
} links[] = {
    {DLT_EN10MB, 12, 14},    {DLT_LINUX_SLL, 14, 16}, {DLT_LINUX_SLL2, 0, 20},
    {DLT_RAW, SIZE_MAX, 0},  {12, SIZE_MAX, 0},       {14, SIZE_MAX, 0},
    {DLT_IPV4, SIZE_MAX, 0}, {DLT_IPV6, SIZE_MAX, 0}, {DLT_NULL, SIZE_MAX, 4},
    {DLT_LOOP, SIZE_MAX, 4},
};
#define N_LINKS (sizeof(links) / sizeof(links[0]))

void capture_link(struct capture *c, struct packet *p)
{
    for (size_t i = 0; i < N_LINKS; i++) {
        if (links[i].link_type != c->link_type)
            continue;
        if (p->bytes.n < links[i].header)
            return;
        unsigned type = links[i].type_at == SIZE_MAX ? ETHER_IPV4
                                                     : word(p->bytes, links[i].type_at);
        skip(p, links[i].header);
        by_type(c, p, type);
        return;
    }
}

/* ---- IP ---- */

static void take_address(struct address *a, uint8_t family, const char *bytes, size_t n)
{
    *a = (struct address){.family = family};
    memcpy(a->bytes, bytes, n);
}

static void ip4(struct capture *c, struct packet *p)
{
    struct str s = p->bytes;
    size_t header = (octet(s, 0) & 15) * 4u, total = s.n >= 20 ? word(s, 2) : 0;
    if (s.n < 20 || header < 20 || s.n < header)
        return;
    /* Behind a short packet is padding; 0: the sender's card fills it in. */
    if (total >= header && total <= s.n)
        p->bytes = str_slice(s, 0, total);
    unsigned protocol = octet(s, 9), flags = word(s, 6);
    take_address(&p->from, ADDRESS_IPV4, s.p + 12, 4);
    take_address(&p->to, ADDRESS_IPV4, s.p + 16, 4);
    skip(p, header);
    bool more = (flags & 0x2000) != 0;
    unsigned offset = (flags & 0x1fff) * 8;
    if ((!more && offset == 0) ||
        fragments_add(c->fragments, p, word(s, 4), protocol, offset, more))
        capture_transport(c, p, protocol);
}

/* Headers between the IPv6 header and what it carries (RFC 8200 section 4). */
static void ip6(struct capture *c, struct packet *p)
{
    struct str s = p->bytes;
    if (s.n < 40)
        return;
    unsigned next = octet(s, 6);
    size_t length = word(s, 4);
    take_address(&p->from, ADDRESS_IPV6, s.p + 8, 16);
    take_address(&p->to, ADDRESS_IPV6, s.p + 24, 16);
    skip(p, 40);
    if (length > 0 && length <= p->bytes.n)
        p->bytes = str_slice(p->bytes, 0, length);
    for (int i = 0; i < IPV6_HEADERS; i++) {
        struct str h = p->bytes;
        if (next == IPPROTO_FRAGMENT && h.n >= 8) {
            unsigned inner = octet(h, 0), offset = word(h, 2) & 0xfff8u;
            bool more = octet(h, 3) & 1;
            uint32_t id = long_word(h, 4);
            skip(p, 8);
            if ((offset > 0 || more) && !fragments_add(c->fragments, p, id, inner, offset, more))
                return;
            next = inner;
        } else if (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS) {
            if (h.n < 8 || !skip(p, (octet(h, 1) + 1) * 8u))
                return;
            next = octet(h, 0);
        } else {
            break;
        }
    }
    capture_transport(c, p, next);
}

void capture_ip(struct capture *c, struct packet *p)
{
    if (p->bytes.n > 0 && octet(p->bytes, 0) >> 4 == 4)
        ip4(c, p);
    else if (p->bytes.n > 0 && octet(p->bytes, 0) >> 4 == 6)
        ip6(c, p);
}

/* ---- transport ---- */

static void udp(struct capture *c, struct packet *p)
{
    static const struct frame_limits limits = {64 * 1024, 4096};
    struct str rest;
    struct frame frame = {0};
    if (p->bytes.n < 8)
        return;
    p->from.port = (uint16_t)word(p->bytes, 0);
    p->to.port = (uint16_t)word(p->bytes, 2);
    skip(p, 8);
    rest = p->bytes;
    while (rest.n > 0 && (rest.p[0] == '\r' || rest.p[0] == '\n'))
        rest = str_slice(rest, 1, rest.n);
    if (!sip_is_start_line(str_trim(str_slice(rest, 0, str_find(rest, '\n', 0)))))
        return;
    if (frame_datagram(p->bytes, &limits, &frame) == FRAME_MESSAGE)
        rest = str_slice(p->bytes, frame.skip, frame.skip + frame.length);
    c->visit(c->user, &(struct trace_message){.text = rest,
                                              .time_us = p->time_us,
                                              .from = p->from,
                                              .to = p->to,
                                              .has_addresses = true,
                                              .place = p->number});
}

static void tcp(struct capture *c, struct packet *p)
{
    if (p->bytes.n < 20)
        return;
    struct str h = p->bytes;
    size_t header = (octet(h, 12) >> 4) * 4u;
    p->from.port = (uint16_t)word(h, 0);
    p->to.port = (uint16_t)word(h, 2);
    if (header >= 20 && skip(p, header))
        streams_add(c, p, long_word(h, 4), (octet(h, 13) & 2) != 0);
}

void capture_transport(struct capture *c, struct packet *p, unsigned protocol)
{
    if (protocol == IPPROTO_UDP)
        udp(c, p);
    else if (protocol == IPPROTO_TCP)
        tcp(c, p);
}

/* ---- the file ---- */

bool trace_is_capture(struct str bytes)
{
    static const unsigned char magic[][4] = {
        {0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, /* pcap */
        {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d}, /* in nanoseconds */
        {0x0a, 0x0d, 0x0d, 0x0a},                           /* pcapng */
    };
    for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
        if (bytes.n >= 4 && memcmp(bytes.p, magic[i], 4) == 0)
            return true;
    return false;
}

static void read_packets(struct capture *c, pcap_t *file)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    uint64_t number = 0;
    c->link_type = pcap_datalink(file);
    while (pcap_next_ex(file, &header, &bytes) == 1) {
        struct packet p = {.bytes = {(const char *)bytes, header->caplen},
                           .time_us = (int64_t)header->ts.tv_sec * 1000000 + header->ts.tv_usec,
                           .number = ++number};
        capture_link(c, &p);
    }
}

bool trace_read_capture(struct str bytes, trace_visit *visit, void *user, const char **why)
{
    static char words[PCAP_ERRBUF_SIZE];
    struct capture c = {
        .visit = visit, .user = user, .fragments = fragments_new(), .streams = streams_new()};
    FILE *f = bytes.n > 0 ? fmemopen((void *)bytes.p, bytes.n, "rb") : NULL;
    pcap_t *file = f && c.fragments && c.streams ? pcap_fopen_offline(f, words) : NULL;
    bool good = file != NULL;
    *why = words;
    if (!f || !c.fragments || !c.streams)
        *why = "out of memory";
    if (good)
        read_packets(&c, file);
    if (file)
        pcap_close(file); /* f with it */
    else if (f)
        fclose(f);
    fragments_free(c.fragments);
    streams_free(c.streams);
    return good;
}
