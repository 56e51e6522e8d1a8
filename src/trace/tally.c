/* Says what a capture held besides messages: why nothing was found in it, and what to do. */
#include "capture.h"

#include <inttypes.h>
#include <pcap/pcap.h>

static const struct {
    enum trace_layer layer;
    unsigned number;
    const char *name;
} names[] = {
    {TRACE_ETHERNET, 0x0806, "ARP"},
    {TRACE_ETHERNET, 0x88cc, "LLDP"},
    {TRACE_ETHERNET, 0x8863, "PPPoE discovery"},
    {TRACE_ETHERNET, 0x88e5, "MACsec, which is encrypted"},
    {TRACE_ETHERNET, 0x894f, "NSH, which is not read here"},
    {TRACE_IP, 1, "ICMP"},
    {TRACE_IP, 2, "IGMP"},
    {TRACE_IP, 50, "ESP, which is encrypted: capture behind the IPsec gateway"},
    {TRACE_IP, 58, "ICMPv6"},
    {TRACE_IP, 89, "OSPF"},
    {TRACE_IP, 112, "VRRP"},
    {TRACE_IP, 115, "L2TP, which is not read here"},
    {TRACE_IP, 132, "SCTP, which is not read here"},
};

void capture_unread(struct capture *c, enum trace_layer layer, unsigned number)
{
    struct trace_tally *t = c->tally;
    unsigned i = 0;
    while (i < t->n_unread && (t->unread[i].layer != layer || t->unread[i].number != number))
        i++;
    if (i == TRACE_UNREAD_MAX)
        return;
    if (i == t->n_unread) {
        t->unread[i].layer = layer;
        t->unread[i].number = number;
        t->n_unread++;
    }
    t->unread[i].packets++;
}

static const char *name_of(enum trace_layer layer, unsigned number)
{
    if (layer == TRACE_LINK)
        return pcap_datalink_val_to_description((int)number);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].layer == layer && names[i].number == number)
            return names[i].name;
    return NULL;
}

static void tell_unread(const struct trace_tally *t, struct buf *out)
{
    static const struct {
        const char *name;
        bool hex;
    } layers[] = {
        [TRACE_LINK] = {"link type", false},
        [TRACE_ETHERNET] = {"Ethernet type", true},
        [TRACE_IP] = {"IP protocol", false},
    };
    for (unsigned i = 0; i < t->n_unread; i++) {
        enum trace_layer layer = t->unread[i].layer;
        const char *name = name_of(layer, t->unread[i].number);
        buf_addf(out, "%" PRIu64 " packets of %s ", t->unread[i].packets, layers[layer].name);
        if (layers[layer].hex)
            buf_addf(out, "0x%04x", t->unread[i].number);
        else
            buf_addf(out, "%u", t->unread[i].number);
        if (name)
            buf_addf(out, " (%s)\n", name);
        else
            buf_add_text(out, ", which is not read here\n");
    }
}

void trace_tally_tell(const struct trace_tally *t, struct buf *out)
{
    buf_addf(
        out,
        "it has %" PRIu64 " packets, %" PRIu64 " UDP datagrams and %" PRIu64
        " TCP segments among them%s\n",
        t->packets, t->udp, t->tcp,
        t->tcp > 0
            ? " (of TCP a message is read that begins behind a line end or with its connection: begin the capture earlier; what TLS carries cannot be read: capture where it is not encrypted)"
            : "");
    if (t->cut > 0)
        buf_addf(out, "%" PRIu64 " packets are cut by the capture: repeat it with tcpdump -s 0\n",
                 t->cut);
    if (t->headless > 0)
        buf_addf(out, "%" PRIu64 " datagrams lack their first IP fragment, %" PRIu64 " others\n",
                 t->headless, t->tailless);
    else if (t->tailless > 0)
        buf_addf(out, "%" PRIu64 " datagrams lack IP fragments behind the first\n", t->tailless);
    if (t->headless > 0 || t->tailless > 0)
        buf_add_text(out, "a filter by port leaves fragments out: capture with "
                          "'udp port 5060 or (ip[6:2] & 0x1fff != 0)'\n");
    if (t->before > 0)
        buf_addf(out,
                 "%" PRIu64 " TCP segments belong before the first one of a connection that the "
                 "capture does not see begin: sort it (reordercap IN OUT), or begin it before the "
                 "connection\n",
                 t->before);
    tell_unread(t, out);
    if (t->stopped)
        buf_addf(out, "it ends early: %s\n", t->stopped);
}
