#include <stird/base/address.h>

#include <arpa/inet.h>
#include <string.h>

static bool is_mapped_ipv4(const uint8_t bytes[16])
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

/* The digit at *AT before END, and past it; 10: none is there. */
static unsigned take_digit(const char **at, const char *end)
{
    const unsigned digit = *at < end ? (unsigned char)**at - (unsigned)'0' : 10;
    *at += digit <= 9;
    return digit <= 9 ? digit : 10;
}

/* Four numbers of one to three digits, without zeros before them, as inet_pton() takes them. */
static bool parse_ipv4(struct str text, uint8_t bytes[4])
{
    const char *p = text.p, *end = p + text.n;
    for (unsigned i = 0; i < 4; i++) {
        unsigned value, digit;
        if (i > 0 && (p == end || *p++ != '.'))
            return false;
        if ((value = take_digit(&p, end)) > 9)
            return false;
        if (value > 0 && (digit = take_digit(&p, end)) <= 9) {
            value = value * 10 + digit;
            if ((digit = take_digit(&p, end)) <= 9)
                value = value * 10 + digit;
        }
        if (value > 255)
            return false;
        bytes[i] = (uint8_t)value; /* a digit behind it is no dot */
    }
    return p == end;
}

static bool parse_ipv6(struct str text, uint8_t bytes[16])
{
    char z[INET6_ADDRSTRLEN];
    if (text.n >= sizeof(z) || !memchr(text.p, ':', text.n) || memchr(text.p, '\0', text.n))
        return false;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    return inet_pton(AF_INET6, z, bytes) == 1;
}

bool address_parse(struct str text, struct address *a)
{
    struct address parsed = {0};
    if (text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = str_slice(text, 1, text.n - 1);
    if (text.n == 0)
        return false;
    if (parse_ipv4(text, parsed.bytes)) {
        parsed.family = ADDRESS_IPV4;
        *a = parsed;
        return true;
    }
    memset(parsed.bytes, 0, sizeof(parsed.bytes)); /* where it begins as one does */
    if (!parse_ipv6(text, parsed.bytes))
        return false;
    parsed.family = ADDRESS_IPV6;
    if (is_mapped_ipv4(parsed.bytes)) {
        parsed.family = ADDRESS_IPV4;
        memcpy(parsed.bytes, parsed.bytes + 12, 4);
        memset(parsed.bytes + 4, 0, 12);
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

/* Octets of VALUE as decimal digits. */
static size_t write_number(char *to, unsigned value)
{
    char digits[5];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (size_t i = 0; i < n; i++)
        to[i] = digits[n - 1 - i];
    return n;
}

#define HOST_MAX (INET6_ADDRSTRLEN + 2) /* octets, with brackets */
#define PORT_MAX 6                      /* with its colon */

/* Octets of the host; an address without a family is all zeros. */
static size_t write_host(char to[HOST_MAX], const struct address *a)
{
    size_t n = 0;
    if (a->family == ADDRESS_IPV6) {
        to[0] = '[';
        to[1] = '\0';
        inet_ntop(AF_INET6, a->bytes, to + 1, INET6_ADDRSTRLEN);
        n = 1 + strlen(to + 1);
        to[n++] = ']';
        return n;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            to[n++] = '.';
        n += write_number(to + n, a->bytes[i]);
    }
    return n;
}

void address_add_host(struct buf *out, const struct address *a)
{
    char text[HOST_MAX];
    buf_add(out, text, write_host(text, a));
}

void address_add(struct buf *out, const struct address *a)
{
    char text[HOST_MAX + PORT_MAX];
    size_t n = write_host(text, a);
    text[n++] = ':';
    n += write_number(text + n, a->port);
    buf_add(out, text, n);
}
