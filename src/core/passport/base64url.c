/* base64url without padding (RFC 7515 section 2), in both directions. */
#include <stird/core/passport.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_add(struct buf *out, const void *bytes, size_t n)
{
    const unsigned char *in = bytes;
    char *to = buf_room(out, n / 3 * 4 + 3);
    size_t i = 0, written = 0;
    if (!to)
        return;
    for (; n - i >= 3; i += 3) {
        unsigned v = (unsigned)in[i] << 16 | (unsigned)in[i + 1] << 8 | in[i + 2];
        to[written++] = alphabet[v >> 18];
        to[written++] = alphabet[v >> 12 & 63];
        to[written++] = alphabet[v >> 6 & 63];
        to[written++] = alphabet[v & 63];
    }
    if (n - i > 0) {
        unsigned v = (unsigned)in[i] << 16 | (n - i == 2 ? (unsigned)in[i + 1] << 8 : 0);
        to[written++] = alphabet[v >> 18];
        to[written++] = alphabet[v >> 12 & 63];
        if (n - i == 2)
            to[written++] = alphabet[v >> 6 & 63];
    }
    buf_grew(out, written);
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_decode(struct buf *out, struct str text)
{
    unsigned held = 0, bits = 0;
    if (text.n % 4 == 1)
        return false;
    char *to = buf_room(out, text.n / 4 * 3 + 3);
    size_t written = 0, i = 0;
    if (!to)
        return false;
    for (; i < text.n; i++) {
        int value = value_of(text.p[i]);
        if (value < 0)
            break;
        held = held << 6 | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            to[written++] = (char)(held >> bits & 0xff);
        }
    }
    buf_grew(out, written);
    /* Bits that belong to no octet must be 0: two texts for the same octets would be malleable. */
    return i == text.n && (held & ((1u << bits) - 1)) == 0;
}
