/*
 * trace - the SIP messages in what operators have at hand: a pcap or pcapng of SIP over UDP and
 * TCP, or any text that holds messages, either of them packed by gzip or not.
 *
 * Input is hostile: whatever is broken is skipped, memory is bounded. A message that is missing
 * from a file says nothing about the network: one of which the capture holds only a part is shown
 * as such, and never judged.
 */
#ifndef STIRD_TRACE_H
#define STIRD_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct trace_message {
    struct str text; /* the whole message, lines ended by CRLF; borrowed for the visit */
    int64_t time_us; /* since 1970; 0: not known */
    struct address from, to;
    bool has_addresses; /* of a capture */
    uint64_t place;     /* number of the packet that completed it, or of the line where it begins */
    bool cut;           /* `text` is only its beginning: the capture, or the text, lacks the rest */
    bool glued;         /* the text does not show where a line that would be judged ends */
    size_t octets;      /* of a cut one: how long it was on the wire; 0: not known */
};

typedef void trace_visit(void *user, const struct trace_message *message);

/* What a capture held that stird does not read. */
enum trace_layer { TRACE_LINK, TRACE_ETHERNET, TRACE_IP };
#define TRACE_UNREAD_MAX 8

struct trace_tally {
    uint64_t packets;
    uint64_t cut;        /* packets of which the capture holds only a part (a snap length) */
    uint64_t headless;   /* datagrams whose first IP fragment it lacks */
    uint64_t tailless;   /* datagrams of which it has the first fragment, but not all others */
    uint64_t before;     /* segments before the first one of a connection that came without SYN */
    uint64_t udp, tcp;   /* datagrams and segments that were looked into */
    const char *stopped; /* static, or libpcap's words until the next call: why it ended early */
    struct {
        enum trace_layer layer;
        unsigned number;
        uint64_t packets;
    } unread[TRACE_UNREAD_MAX];
    unsigned n_unread;
};

/* Whether BYTES begin like a capture file. */
bool trace_is_capture(struct str bytes);
/* Calls VISIT for each message; false with *WHY (static, or libpcap's words until the next call).
 *TALLY is filled in either case. */
bool trace_read_capture(struct str bytes, trace_visit *visit, void *user, struct trace_tally *tally,
                        const char **why);
/* Adds to OUT what TALLY says about messages that were not found, one sentence to a line. */
void trace_tally_tell(const struct trace_tally *tally, struct buf *out);

/* Returns how many messages there are. */
uint64_t trace_read_text(struct str text, trace_visit *visit, void *user);

/*
 * What copying did to the head of a MESSAGE that was read out of a text, to an Identity VALUE, or
 * to a TEXT in which no message was found, and how to get a better one: "it was copied as HTML
 * ...". NULL: nothing that shows. Static.
 */
const char *trace_head_damage(struct str message);
const char *trace_value_damage(struct str value);
const char *trace_text_damage(struct str text);

/* Whether BYTES begin like a gzip file. */
bool trace_is_packed(struct str bytes);
/*
 * Unpacks gzip into OUT, at most MAX octets. False with *WHY (static) when it is broken, cut or
 * longer; OUT then holds what came before that.
 */
bool trace_unpack(struct str bytes, size_t max, struct buf *out, const char **why);
/* Names another format that BYTES begin like and says what to do with it; static. NULL when there
   is none. */
const char *trace_other_format(struct str bytes);

/* Whether LINE is the first of a SIP message: "METHOD URI SIP/2.0" or "SIP/2.0 NNN ...". */
bool start_line_is_sip(struct str line);

#endif
