#include "capture.h"

unsigned packet_octet(const struct packet *p, size_t i)
{
    return (unsigned char)p->bytes.p[i];
}

unsigned packet_word(const struct packet *p, size_t i)
{
    return packet_octet(p, i) << 8 | packet_octet(p, i + 1);
}

uint32_t packet_long(const struct packet *p, size_t i)
{
    return (uint32_t)packet_word(p, i) << 16 | packet_word(p, i + 2);
}

bool packet_skip(struct packet *p, size_t n)
{
    if (p->bytes.n < n)
        return false;
    p->bytes = str_slice(p->bytes, n, p->bytes.n);
    return true;
}

void packet_limit(struct packet *p, size_t n)
{
    p->missing = n > p->bytes.n ? n - p->bytes.n : 0;
    p->bytes = str_slice(p->bytes, 0, n);
}

bool packet_enter(struct packet *p)
{
    return ++p->depth <= CAPTURE_DEPTH_MAX;
}
