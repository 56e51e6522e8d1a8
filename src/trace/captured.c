/* What a capture has of a packet: its octets, taken off layer by layer. */
#include "capture.h"

unsigned captured_octet(const struct captured *p, size_t i)
{
    return (unsigned char)p->bytes.p[i];
}

unsigned captured_word(const struct captured *p, size_t i)
{
    return captured_octet(p, i) << 8 | captured_octet(p, i + 1);
}

uint32_t captured_long(const struct captured *p, size_t i)
{
    return (uint32_t)captured_word(p, i) << 16 | captured_word(p, i + 2);
}

bool captured_skip(struct captured *p, size_t n)
{
    if (p->bytes.n < n)
        return false;
    p->bytes = str_slice(p->bytes, n, p->bytes.n);
    return true;
}

void captured_limit(struct captured *p, size_t n)
{
    p->missing = n > p->bytes.n ? n - p->bytes.n : 0;
    p->bytes = str_slice(p->bytes, 0, n);
}

bool captured_enter(struct captured *p)
{
    return ++p->depth <= CAPTURE_DEPTH_MAX;
}
