#include <stird/trace/pcap_file.h>

#include <stdlib.h>
#include <string.h>

#define MAGIC        0xa1b2c3d4u
#define LINK_RAW     101
#define SNAP         262144
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define UDP_HEADER   8
#define TCP_HEADER   20
#define DATAGRAM_MAX (65535 - 20 - UDP_HEADER)
#define SEGMENT_MAX  60000
#define PUSH_ACK     0x18
#define WINDOW       65535

struct pcap_stream {
    struct address from, to;
    uint32_t sent;
};

/* ---- octets ---- */

static void add_own(struct buf *out, uint32_t value)
{
    buf_add(out, &value, sizeof(value)); /* in this machine's order: the magic tells it */
}

static void add16(struct buf *out, unsigned value)
{
    buf_add_char(out, (char)(value >> 8 & 0xff));
    buf_add_char(out, (char)(value & 0xff));
}

static void add32(struct buf *out, uint32_t value)
{
    add16(out, value >> 16);
    add16(out, value & 0xffff);
}

static uint32_t sum_of(uint32_t sum, const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *)bytes;
    for (size_t i = 0; i < n; i++)
        sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void put16(char *at, unsigned value)
{
    at[0] = (char)(value >> 8 & 0xff);
    at[1] = (char)(value & 0xff);
}

/* ---- packets ---- */

static size_t address_bytes(const struct pcap_message *m)
{
    return m->from.family == ADDRESS_IPV4 ? 4 : 16;
}

static void add_ip4(struct buf *out, const struct pcap_message *m, unsigned protocol, size_t n)
{
    const size_t at = out->n;
    buf_add(out, "\x45\0", 2);
    add16(out, (unsigned)(20 + n));
    add32(out, 0x4000); /* one piece */
    buf_add_char(out, 64);
    buf_add_char(out, (char)protocol);
    add16(out, 0);
    buf_add(out, m->from.bytes, 4);
    buf_add(out, m->to.bytes, 4);
    if (!buf_failed(out))
        put16(out->p + at + 10, 0xffff & ~sum_of(0, out->p + at, 20));
}

static void add_ip6(struct buf *out, const struct pcap_message *m, unsigned protocol, size_t n)
{
    add32(out, 6u << 28);
    add16(out, (unsigned)n);
    buf_add_char(out, (char)protocol);
    buf_add_char(out, 64);
    buf_add(out, m->from.bytes, 16);
    buf_add(out, m->to.bytes, 16);
}

/* The checksum of what begins at AT, whose place in it is CHECK (RFC 768, RFC 9293, RFC 8200). */
static void add_checksum(struct buf *out, size_t at, size_t check, const struct pcap_message *m,
                         unsigned protocol)
{
    if (buf_failed(out))
        return;
    const size_t n = out->n - at, a = address_bytes(m);
    uint32_t sum = sum_of(protocol + (uint32_t)n, (const char *)m->from.bytes, a);
    sum = sum_of(sum, (const char *)m->to.bytes, a);
    sum = 0xffff & ~sum_of(sum, out->p + at, n);
    put16(out->p + at + check, sum == 0 && protocol == PROTOCOL_UDP ? 0xffff : sum);
}

/* Up to the header of the transport, of which N octets follow with what it carries. */
static void begin_packet(struct buf *out, const struct pcap_message *m, unsigned protocol, size_t n)
{
    const bool four = m->from.family == ADDRESS_IPV4;
    const uint32_t bytes = (uint32_t)(n + (four ? 20 : 40));
    const int64_t us = m->real_us > 0 ? m->real_us : 0;
    add_own(out, (uint32_t)(us / 1000000));
    add_own(out, (uint32_t)(us % 1000000));
    add_own(out, bytes);
    add_own(out, bytes);
    if (four)
        add_ip4(out, m, protocol, n);
    else
        add_ip6(out, m, protocol, n);
}

static void add_datagram(struct buf *out, const struct pcap_message *m)
{
    const size_t n = UDP_HEADER + m->bytes.n;
    begin_packet(out, m, PROTOCOL_UDP, n);
    const size_t at = out->n;
    add16(out, m->from.port);
    add16(out, m->to.port);
    add16(out, (unsigned)n);
    add16(out, 0);
    buf_add_str(out, m->bytes);
    add_checksum(out, at, 6, m, PROTOCOL_UDP);
}

static void add_segment(struct buf *out, const struct pcap_message *m, uint32_t sent,
                        uint32_t heard, struct str piece)
{
    begin_packet(out, m, PROTOCOL_TCP, TCP_HEADER + piece.n);
    const size_t at = out->n;
    add16(out, m->from.port);
    add16(out, m->to.port);
    add32(out, sent);
    add32(out, heard);
    buf_add_char(out, 5 << 4);
    buf_add_char(out, PUSH_ACK);
    add16(out, WINDOW);
    add32(out, 0);
    buf_add_str(out, piece);
    add_checksum(out, at, 16, m, PROTOCOL_TCP);
}

/* ---- streams ---- */

/* Index of the stream; (size_t)-1: no memory. */
static size_t stream_of(struct pcap_streams *s, const struct address *from,
                        const struct address *to)
{
    for (size_t i = 0; i < s->n; i++)
        if (address_equal(&s->list[i].from, from) && address_equal(&s->list[i].to, to))
            return i;
    if (s->n == s->capacity) {
        const size_t wanted = s->capacity == 0 ? 16 : 2 * s->capacity;
        struct pcap_stream *list = reallocarray(s->list, wanted, sizeof(*list));
        if (!list)
            return (size_t)-1;
        s->list = list;
        s->capacity = wanted;
    }
    s->list[s->n] = (struct pcap_stream){*from, *to, 1};
    return s->n++;
}

static bool add_stream(struct buf *out, struct pcap_streams *streams, const struct pcap_message *m)
{
    const size_t there = stream_of(streams, &m->from, &m->to);
    const size_t back = stream_of(streams, &m->to, &m->from);
    if (there == (size_t)-1 || back == (size_t)-1)
        return false;
    for (size_t at = 0; at < m->bytes.n; at += SEGMENT_MAX) {
        const size_t end = m->bytes.n - at > SEGMENT_MAX ? at + SEGMENT_MAX : m->bytes.n;
        add_segment(out, m, streams->list[there].sent, streams->list[back].sent,
                    str_slice(m->bytes, at, end));
        streams->list[there].sent += (uint32_t)(end - at);
    }
    return true;
}

void pcap_file_begin(struct buf *out)
{
    const uint16_t version[] = {2, 4};
    add_own(out, MAGIC);
    buf_add(out, version, sizeof(version));
    add_own(out, 0);
    add_own(out, 0);
    add_own(out, SNAP);
    add_own(out, LINK_RAW);
}

bool pcap_file_add(struct buf *out, struct pcap_streams *streams, const struct pcap_message *m)
{
    const bool known = m->from.family == ADDRESS_IPV4 || m->from.family == ADDRESS_IPV6;
    if (!known || m->to.family != m->from.family)
        return false;
    if (m->is_stream || m->bytes.n > DATAGRAM_MAX)
        return add_stream(out, streams, m) && !buf_failed(out);
    add_datagram(out, m);
    return !buf_failed(out);
}

void pcap_streams_fini(struct pcap_streams *streams)
{
    free(streams->list);
    *streams = (struct pcap_streams){0};
}
