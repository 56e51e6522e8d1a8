/* The link layer: which header stands before IP, and the tags between. */
#include "capture.h"

#include <pcap/pcap.h>

#define ETHER_HEADER    14
#define LLC_SNAP_HEADER 8
#define LINKTYPE_RAW    101 /* DLT_RAW as files have it */

/* Tags that stand before the type (802.1Q, 802.1ad and its elders, VN-Tag, 802.1BR). */
static const struct {
    unsigned type;
    size_t header, type_at;
} tags[] = {
    {0x8100, 4, 2}, {0x88a8, 4, 2}, {0x9100, 4, 2}, {0x9200, 4, 2},
    {0x9300, 4, 2}, {0x8926, 6, 4}, {0x893f, 8, 6},
};

/* False when TYPE is no tag, or there is nothing behind it. */
static bool take_tag(struct captured *p, unsigned *type)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (tags[i].type != *type || p->bytes.n < tags[i].header)
            continue;
        *type = captured_word(p, tags[i].type_at);
        return captured_skip(p, tags[i].header);
    }
    return false;
}

/* 802.2 with a SNAP header, which has the type after all. */
static void snap(struct capture *c, struct captured *p)
{
    if (p->bytes.n < LLC_SNAP_HEADER || captured_word(p, 0) != 0xaaaa)
        return;
    unsigned type = captured_word(p, 6);
    captured_skip(p, LLC_SNAP_HEADER);
    if (type > ETHER_LENGTH_MAX)
        capture_type(c, p, type);
}

static void pppoe(struct capture *c, struct captured *p)
{
    if (captured_skip(p, 6))
        capture_ppp(c, p);
}

static void provider(struct capture *c, struct captured *p)
{
    if (captured_skip(p, 4))
        capture_ethernet(c, p);
}

static const struct {
    unsigned type;
    void (*read)(struct capture *c, struct captured *p);
} types[] = {
    {ETHER_IPV4, capture_ip},
    {ETHER_IPV6, capture_ip},
    {ETHER_MPLS, capture_mpls},
    {ETHER_MPLS_MULTICAST, capture_mpls},
    {ETHER_PPPOE, pppoe},
    {ETHER_PROVIDER, provider},
    {ETHER_BRIDGED, capture_ethernet},
    {ETHER_PPP, capture_ppp},
};

void capture_type(struct capture *c, struct captured *p, unsigned type)
{
    do
        if (!captured_enter(p))
            return;
    while (take_tag(p, &type));
    if (type <= ETHER_LENGTH_MAX) {
        snap(c, p);
        return;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == type) {
            types[i].read(c, p);
            return;
        }
    }
    capture_unread(c, TRACE_ETHERNET, type);
}

void capture_ethernet(struct capture *c, struct captured *p)
{
    if (p->bytes.n < ETHER_HEADER)
        return;
    unsigned type = captured_word(p, 12);
    captured_skip(p, ETHER_HEADER);
    capture_type(c, p, type);
}

static void cooked(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 16)
        return;
    unsigned type = captured_word(p, 14);
    captured_skip(p, 16);
    capture_type(c, p, type);
}

static void cooked2(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 20)
        return;
    unsigned type = captured_word(p, 0);
    captured_skip(p, 20);
    capture_type(c, p, type);
}

/* What iptables logs: fields, of which one is the packet (tcpdump -i nflog). */
static void netfilter_log(struct capture *c, struct captured *p)
{
    enum { HEADER = 4, FIELD = 4, PAYLOAD = 9 };
    captured_skip(p, HEADER);
    while (p->bytes.n >= FIELD) { /* of the order of the machine that wrote it: little */
        unsigned length = captured_octet(p, 0) | captured_octet(p, 1) << 8;
        unsigned type = captured_octet(p, 2) | captured_octet(p, 3) << 8;
        if (length < FIELD)
            return;
        if (type == PAYLOAD) {
            captured_skip(p, FIELD);
            captured_limit(p, p->missing > 0 ? p->bytes.n + p->missing : length - FIELD);
            capture_ip(c, p);
            return;
        }
        if (!captured_skip(p, (length + 3) & ~3u))
            return;
    }
}

static void hdlc(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 4)
        return;
    unsigned type = captured_word(p, 2);
    captured_skip(p, 4);
    capture_type(c, p, type);
}

static void encapsulated(struct capture *c, struct captured *p)
{
    if (captured_skip(p, 12))
        capture_ip(c, p);
}

static void loopback(struct capture *c, struct captured *p)
{
    if (captured_skip(p, 4))
        capture_ip(c, p);
}

/* 12 and 14 are what some systems wrote for raw IP. */
static const struct {
    int link_type;
    void (*read)(struct capture *c, struct captured *p);
} links[] = {
    {DLT_NFLOG, netfilter_log},     {DLT_C_HDLC, hdlc},      {DLT_ENC, encapsulated},
    {DLT_EN10MB, capture_ethernet}, {DLT_LINUX_SLL, cooked}, {DLT_LINUX_SLL2, cooked2},
    {DLT_RAW, capture_ip},          {12, capture_ip},        {14, capture_ip},
    {LINKTYPE_RAW, capture_ip},     {DLT_IPV4, capture_ip},  {DLT_IPV6, capture_ip},
    {DLT_NULL, loopback},           {DLT_LOOP, loopback},    {DLT_PPP, capture_ppp},
    {DLT_PPP_SERIAL, capture_ppp},  {DLT_PPP_ETHER, pppoe},
};

void capture_link(struct capture *c, struct captured *p)
{
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (links[i].link_type == c->link_type) {
            links[i].read(c, p);
            return;
        }
    }
    capture_unread(c, TRACE_LINK, (unsigned)c->link_type);
}
