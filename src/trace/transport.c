/* UDP, whose datagrams are messages or tunnels, and TCP, whose segments are pieces of streams. */
#include "capture.h"

#include <netinet/in.h>
#include <stird/core/framing.h>

static void visit(struct capture *c, const struct captured *p, struct str text)
{
    c->visit(c->user, &(struct trace_message){.text = text,
                                              .time_us = p->time_us,
                                              .from = p->from,
                                              .to = p->to,
                                              .has_addresses = true,
                                              .place = p->number,
                                              .cut = p->missing > 0,
                                              .octets = p->missing > 0 ? text.n + p->missing : 0});
}

/* Whether the first line is there, or the part of it that was captured begins an INVITE. */
static bool begins_a_message(const struct captured *p, struct str text)
{
    size_t end = str_find(text, '\n', 0);
    if (end == text.n && p->missing > 0)
        return str_starts(text, STR("INVITE "));
    return start_line_is_sip(str_trim(str_slice(text, 0, end)));
}

static bool take_message(struct capture *c, struct captured *p)
{
    static const struct frame_limits limits = {64 * 1024, 4096};
    struct frame frame = {0};
    struct str text = p->bytes;
    while (text.n > 0 && (text.p[0] == '\r' || text.p[0] == '\n'))
        text = str_slice(text, 1, text.n);
    if (!begins_a_message(p, text))
        return false;
    if (p->missing == 0 && frame_datagram(p->bytes, &limits, &frame) == FRAME_MESSAGE)
        text = str_slice(p->bytes, frame.skip, frame.skip + frame.length);
    visit(c, p, text);
    return true;
}

static void udp(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 8)
        return;
    unsigned port = captured_word(p, 2), length = captured_word(p, 4);
    p->from.port = (uint16_t)captured_word(p, 0);
    p->to.port = (uint16_t)port;
    /*
     * Octets behind this length are padding; where a packet is cut, it tells how much is missing.
     */
    if (length >= 8 && (p->missing > 0 || length < p->bytes.n))
        captured_limit(p, length);
    captured_skip(p, 8);
    c->tally->udp++;
    if (hep_is(p) && !hep_take(p))
        return;
    if (!take_message(c, p))
        capture_udp_tunnel(c, p, port);
}

static void tcp(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 20)
        return;
    size_t header = (captured_octet(p, 12) >> 4) * 4u;
    uint32_t sequence = captured_long(p, 4);
    bool syn = (captured_octet(p, 13) & 2) != 0;
    p->from.port = (uint16_t)captured_word(p, 0);
    p->to.port = (uint16_t)captured_word(p, 2);
    c->tally->tcp++;
    if (header >= 20 && captured_skip(p, header))
        streams_add(c, p, sequence, syn);
}

static void authenticated(struct capture *c, struct captured *p)
{
    if (p->bytes.n < 12)
        return;
    unsigned next = captured_octet(p, 0);
    if (captured_enter(p) && captured_skip(p, (captured_octet(p, 1) + 2) * 4u))
        capture_transport(c, p, next);
}

void capture_transport(struct capture *c, struct captured *p, unsigned protocol)
{
    static const struct {
        unsigned protocol;
        void (*read)(struct capture *c, struct captured *p);
    } protocols[] = {
        {IPPROTO_UDP, udp},         {IPPROTO_TCP, tcp},         {IPPROTO_IPIP, capture_ip},
        {IPPROTO_IPV6, capture_ip}, {IPPROTO_GRE, capture_gre}, {IPPROTO_AH, authenticated},
        {137, capture_mpls}, /* RFC 4023 */
    };
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (protocols[i].protocol == protocol) {
            protocols[i].read(c, p);
            return;
        }
    }
    capture_unread(c, TRACE_IP, protocol);
}
