#include <stird/core/public_address.h>

#include <string.h>

/* Special-purpose blocks (RFC 6890 and its registry) that are nobody's web server. */
static const struct block {
    unsigned char bytes[16];
    unsigned bits;
} blocks4[] =
    {
        {{0}, 8},         {{10}, 8},       {{100, 64}, 10},      {{127}, 8},
        {{169, 254}, 16}, {{172, 16}, 12}, {{192, 0, 0}, 24},    {{192, 0, 2}, 24},
        {{192, 168}, 16}, {{198, 18}, 15}, {{198, 51, 100}, 24}, {{203, 0, 113}, 24},
        {{224}, 4},       {{240}, 4},
},
  blocks6[] = {
      {{0}, 8},                       /* unspecified, loopback, IPv4 in several disguises */
      {{0x00, 0x64, 0xff, 0x9b}, 32}, /* NAT64 */
      {{0x01, 0x00}, 64},             /* discard */
      {{0x20, 0x01, 0x00}, 23},       /* Teredo, ORCHID and more of the IETF's */
      {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
      {{0x20, 0x02}, 16},             /* 6to4 */
      {{0x3f, 0xff, 0x00}, 20},       /* documentation (RFC 9637) */
      {{0x5f, 0x00}, 16},             /* segment routing (RFC 9602) */
      {{0xfc}, 7},                    /* unique local */
      {{0xfe, 0x80}, 10},             /* link-local */
      {{0xfe, 0xc0}, 10},             /* site-local */
      {{0xff}, 8},                    /* multicast */
};

static bool covers(const struct block *b, const unsigned char *bytes)
{
    unsigned whole = b->bits / 8, rest = b->bits % 8;
    if (memcmp(b->bytes, bytes, whole) != 0)
        return false;
    return rest == 0 || ((b->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0;
}

static bool any_covers(const struct block *blocks, size_t n, const unsigned char *bytes)
{
    for (size_t i = 0; i < n; i++)
        if (covers(&blocks[i], bytes))
            return true;
    return false;
}

bool public_address(enum address_family family, const void *bytes)
{
    if (family == ADDRESS_IPV4)
        return !any_covers(blocks4, sizeof(blocks4) / sizeof(blocks4[0]), bytes);
    return family == ADDRESS_IPV6 &&
           !any_covers(blocks6, sizeof(blocks6) / sizeof(blocks6[0]), bytes);
}
