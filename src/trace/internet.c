/* IPv4 and IPv6, with the headers between them and what they carry. */
#include "capture.h"

#include <netinet/in.h>
#include <string.h>

#define IPV6_HEADERS_MAX 16
#define HOST_IDENTITY    139
#define SHIM6            140

static void take_address(struct address *a, uint8_t family, const char *bytes, size_t n)
{
    *a = (struct address){.family = family};
    memcpy(a->bytes, bytes, n);
}

/* Applies the length that the header tells: what follows is padding, or less was captured. */
static void limit_to(struct capture *c, struct captured *p, size_t length)
{
    bool known = p->missing > 0;
    captured_limit(p, length);
    if (p->missing > 0 && !known)
        c->tally->cut++;
}

static void ip4(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 20)
        return;
    size_t header = (captured_octet(p, 0) & 15) * 4u, total = captured_word(p, 2);
    unsigned protocol = captured_octet(p, 9), flags = captured_word(p, 6), id = captured_word(p, 4);
    if (header < 20 || p->bytes.n < header)
        return;
    take_address(&p->from, ADDRESS_IPV4, p->bytes.p + 12, 4);
    take_address(&p->to, ADDRESS_IPV4, p->bytes.p + 16, 4);
    /* 0: the sender's card fills it in. */
    if (total >= header)
        limit_to(c, p, total);
    captured_skip(p, header);
    bool more = (flags & 0x2000) != 0;
    unsigned offset = (flags & 0x1fff) * 8;
    if ((!more && offset == 0) || fragments_add(c, p, id, protocol, offset, more))
        capture_transport(c, p, protocol);
}

/* Takes a header off whose length stands in its second octet, in units of UNIT after the first
 * FIRST octets. */
static bool take_extension(struct captured *p, unsigned *next, unsigned unit, unsigned first)
{
    if (p->bytes.n < 8)
        return false;
    *next = captured_octet(p, 0);
    return captured_skip(p, captured_octet(p, 1) * (size_t)unit + first);
}

static bool take_fragment(struct capture *c, struct captured *p, unsigned *next)
{
    if (p->bytes.n < 8)
        return false;
    unsigned offset = captured_word(p, 2) & 0xfff8u;
    bool more = captured_octet(p, 3) & 1;
    uint32_t id = captured_long(p, 4);
    *next = captured_octet(p, 0);
    captured_skip(p, 8);
    return (offset == 0 && !more) || fragments_add(c, p, id, *next, offset, more);
}

/* RFC 8200 section 4, RFC 4302, RFC 7401, RFC 5533: false when what follows cannot be read. */
static bool take_headers(struct capture *c, struct captured *p, unsigned *next)
{
    for (int i = 0; i < IPV6_HEADERS_MAX; i++) {
        bool good = true;
        switch (*next) {
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_DSTOPTS:
        case IPPROTO_MH:
        case HOST_IDENTITY:
        case SHIM6:
            good = take_extension(p, next, 8, 8);
            break;
        case IPPROTO_AH:
            good = take_extension(p, next, 4, 8);
            break;
        case IPPROTO_FRAGMENT:
            good = take_fragment(c, p, next);
            break;
        default:
            return true;
        }
        if (!good)
            return false;
    }
    return false;
}

static void ip6(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 40)
        return;
    unsigned next = captured_octet(p, 6);
    size_t length = captured_word(p, 4);
    take_address(&p->from, ADDRESS_IPV6, p->bytes.p + 8, 16);
    take_address(&p->to, ADDRESS_IPV6, p->bytes.p + 24, 16);
    captured_skip(p, 40);
    if (length > 0)
        limit_to(c, p, length);
    if (take_headers(c, p, &next))
        capture_transport(c, p, next);
}

void capture_ip(struct capture *c, struct captured *p)
{
    if (p->bytes.n == 0 || !captured_enter(p))
        return;
    if (captured_octet(p, 0) >> 4 == 4)
        ip4(c, p);
    else if (captured_octet(p, 0) >> 4 == 6)
        ip6(c, p);
}
