/*
 * Packets inside packets: MPLS (RFC 3032, RFC 4448), PPP, GRE (RFC 2784, RFC 2890, RFC 2637),
 * ERSPAN, VXLAN (RFC 7348), Geneve (RFC 8926), GTP-U (3GPP TS 29.281), TZSP, HEP. A mirror port
 * brings them, and so does a carrier's network.
 */
#include "capture.h"

#define GRE_ERSPAN     0x88be /* types I and II */
#define GRE_ERSPAN_III 0x22eb

void capture_mpls(struct capture *c, struct captured *p)
{
    bool bottom = false;
    while (!bottom) {
        if (p->bytes.n < 4 || !captured_enter(p))
            return;
        bottom = captured_octet(p, 2) & 1;
        captured_skip(p, 4);
    }
    unsigned first = p->bytes.n > 0 ? captured_octet(p, 0) >> 4 : 0;
    if (first == 4 || first == 6)
        capture_ip(c, p);
    else if (first != 0 || captured_skip(p, 4)) /* a pseudowire, with its control word or without */
        capture_ethernet(c, p);
}

void capture_ppp(struct capture *c, struct captured *p)
{
    if (p->bytes.n >= 2 && captured_word(p, 0) == 0xff03)
        captured_skip(p, 2);
    if (p->bytes.n < 2)
        return;
    bool is_short = captured_octet(p, 0) & 1;
    unsigned protocol = is_short ? captured_octet(p, 0) : captured_word(p, 0);
    captured_skip(p, is_short ? 1 : 2);
    if (protocol == 0x21 || protocol == 0x57)
        capture_ip(c, p);
    else if (protocol == 0x281)
        capture_mpls(c, p);
}

/* A mirrored frame; SEQUENCED tells type II, which has a header, from type I, which has none. */
static void erspan(struct capture *c, struct captured *p, unsigned type, bool sequenced)
{
    size_t header = sequenced ? 8 : 0;
    if (type == GRE_ERSPAN_III && p->bytes.n >= 12)
        header = captured_octet(p, 11) & 1 ? 20 : 12;
    if (captured_skip(p, header))
        capture_ethernet(c, p);
}

void capture_gre(struct capture *c, struct captured *p)
{
    enum { CHECKSUM = 0x8000, KEY = 0x2000, SEQUENCE = 0x1000, ACKNOWLEDGED = 0x80, VERSION = 7 };
    if (p->bytes.n < 4)
        return;
    unsigned flags = captured_word(p, 0), type = captured_word(p, 2);
    size_t header = 4;
    header += flags & CHECKSUM ? 4 : 0;
    header += flags & KEY ? 4 : 0;
    header += flags & SEQUENCE ? 4 : 0;
    if ((flags & VERSION) == 1)
        header += flags & ACKNOWLEDGED ? 4 : 0;
    if (!captured_skip(p, header))
        return;
    if (type == GRE_ERSPAN || type == GRE_ERSPAN_III)
        erspan(c, p, type, flags & SEQUENCE);
    else
        capture_type(c, p, type);
}

static void vxlan(struct capture *c, struct captured *p)
{
    if (p->bytes.n >= 8 && captured_octet(p, 0) & 8 && captured_skip(p, 8))
        capture_ethernet(c, p);
}

static void vxlan_gpe(struct capture *c, struct captured *p)
{
    static const unsigned types[] = {0, ETHER_IPV4, ETHER_IPV6, ETHER_BRIDGED, 0, ETHER_MPLS};
    if (p->bytes.n < 8)
        return;
    unsigned next = captured_octet(p, 0) & 4 ? captured_octet(p, 3) : 3;
    captured_skip(p, 8);
    if (next < sizeof(types) / sizeof(types[0]) && types[next])
        capture_type(c, p, types[next]);
}

static void geneve(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 8 || captured_octet(p, 0) >> 6 != 0)
        return;
    unsigned type = captured_word(p, 2);
    if (captured_skip(p, 8 + (captured_octet(p, 0) & 0x3f) * 4u))
        capture_type(c, p, type);
}

/* A packet of a user of a mobile network, behind extension headers if there are any. */
static void gtp(struct capture *c, struct captured *p)
{
    enum { VERSION_1 = 1, OPTIONAL = 7, EXTENSION = 4, USER_DATA = 255 };
    if (p->bytes.n < 12 || captured_octet(p, 0) >> 5 != VERSION_1 ||
        captured_octet(p, 1) != USER_DATA)
        return;
    unsigned flags = captured_octet(p, 0), next = flags & EXTENSION ? captured_octet(p, 11) : 0;
    captured_skip(p, flags & OPTIONAL ? 12 : 8);
    while (next != 0) {
        size_t length = p->bytes.n > 0 ? captured_octet(p, 0) * 4u : 0;
        if (length == 0 || p->bytes.n < length || !captured_enter(p))
            return;
        next = captured_octet(p, length - 1);
        captured_skip(p, length);
    }
    capture_ip(c, p);
}

/* What routers mirror to a sniffer: fields with a length, then a frame. */
static void tzsp(struct capture *c, struct captured *p)
{
    enum { RECEIVED = 0, ETHERNET = 1, PADDING = 0, LAST = 1 };
    if (p->bytes.n < 4 || captured_octet(p, 1) != RECEIVED || captured_word(p, 2) != ETHERNET)
        return;
    captured_skip(p, 4);
    while (p->bytes.n > 0 && captured_octet(p, 0) != LAST) {
        bool padding = captured_octet(p, 0) == PADDING;
        if (!padding && (p->bytes.n < 2 || !captured_skip(p, 1 + captured_octet(p, 1))))
            return;
        captured_skip(p, 1);
    }
    if (captured_skip(p, 1))
        capture_ethernet(c, p);
}

bool capture_udp_tunnel(struct capture *c, struct captured *p, unsigned port)
{
    static const struct {
        unsigned port;
        void (*read)(struct capture *c, struct captured *p);
    } tunnels[] = {
        {4789, vxlan}, {8472, vxlan}, {4790, vxlan_gpe}, {6081, geneve}, {2152, gtp}, {37008, tzsp},
    };
    for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
        if (tunnels[i].port == port && captured_enter(p)) {
            tunnels[i].read(c, p);
            return true;
        }
    }
    return false;
}
