#include <stird/base/address.h>

#include <arpa/inet.h>
#include <string.h>

static bool is_mapped_ipv4(const uint8_t bytes[16])
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

bool address_parse(struct str text, struct address *a)
{
    char z[INET6_ADDRSTRLEN];
    if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = str_slice(text, 1, text.n - 1);
    if (text.n == 0 || text.n >= sizeof(z) || memchr(text.p, '\0', text.n))
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    struct address parsed = {0};
    if (inet_pton(AF_INET, z, parsed.bytes) == 1) {
        parsed.family = ADDRESS_IPV4;
    } else if (inet_pton(AF_INET6, z, parsed.bytes) == 1) {
        parsed.family = ADDRESS_IPV6;
        if (is_mapped_ipv4(parsed.bytes)) {
            parsed.family = ADDRESS_IPV4;
            memcpy(parsed.bytes, parsed.bytes + 12, 4);
            memset(parsed.bytes + 4, 0, 12);
        }
    } else {
        return false;
    }
    *a = parsed;
    return true;
}

bool address_is_sound(const struct address *a)
{
    static const uint8_t nothing[12];
    if (a->family == ADDRESS_IPV4)
        return memcmp(a->bytes + 4, nothing, sizeof(nothing)) == 0;
    return a->family == ADDRESS_IPV6 && !is_mapped_ipv4(a->bytes);
}

static unsigned family_bits(const struct address *a)
{
    return a->family == ADDRESS_IPV4 ? 32 : 128;
}

static bool host_bits_are_zero(const struct address_prefix *p)
{
    for (unsigned bit = p->bits; bit < family_bits(&p->address); bit++)
        if (p->address.bytes[bit / 8] & (0x80 >> bit % 8))
            return false;
    return true;
}

bool address_prefix_parse(struct str text, struct address_prefix *p)
{
    struct address_prefix parsed;
    size_t slash = str_find(text, '/', 0);
    uint64_t bits;
    if (!address_parse(str_slice(text, 0, slash), &parsed.address))
        return false;
    bits = family_bits(&parsed.address);
    if (slash < text.n && !str_to_u64(str_slice(text, slash + 1, text.n), bits, &bits))
        return false;
    parsed.bits = (uint8_t)bits;
    if (!host_bits_are_zero(&parsed))
        return false;
    *p = parsed;
    return true;
}

bool address_same_host(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->port == b->port && address_same_host(a, b);
}

struct address address_counted(const struct address *a)
{
    struct address counted = {.family = a->family};
    memcpy(counted.bytes, a->bytes, a->family == ADDRESS_IPV6 ? 8 : 4);
    return counted;
}

bool address_prefix_covers(const struct address_prefix *p, const struct address *a)
{
    if (p->address.family != a->family)
        return false;
    unsigned whole = p->bits / 8, rest = p->bits % 8;
    if (memcmp(p->address.bytes, a->bytes, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00 >> rest);
    return rest == 0 || ((p->address.bytes[whole] ^ a->bytes[whole]) & mask) == 0;
}

void address_add_host(struct buf *out, const struct address *a)
{
    char z[INET6_ADDRSTRLEN] = "";
    if (a->family == ADDRESS_IPV6) {
        inet_ntop(AF_INET6, a->bytes, z, sizeof(z));
        buf_addf(out, "[%s]", z);
    } else {
        inet_ntop(AF_INET, a->bytes, z, sizeof(z));
        buf_add_text(out, z);
    }
}

void address_add(struct buf *out, const struct address *a)
{
    address_add_host(out, a);
    buf_add_char(out, ':');
    buf_add_u64(out, a->port);
}
