/*
 * trace - the SIP messages in what operators have at hand: a pcap or pcapng of SIP over UDP and
 * TCP, or any text that holds messages.
 *
 * Input is hostile: whatever is broken is skipped, memory is bounded.
 */
#ifndef STIRD_TRACE_H
#define STIRD_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/address.h>
#include <stird/str.h>

struct trace_message {
    struct str text; /* the whole message, lines ended by CRLF; borrowed for the visit */
    int64_t time_us; /* since 1970; 0: not known */
    struct address from, to;
    bool has_addresses; /* of a capture */
    uint64_t place;     /* number of the packet that completed it, or of the line it begins at */
};

typedef void trace_visit(void *user, const struct trace_message *message);

/* Whether BYTES begin as a capture file does. */
bool trace_is_capture(struct str bytes);
/* Calls VISIT for each message; false with *WHY (static, or libpcap's words until the next call).
 */
bool trace_read_capture(struct str bytes, trace_visit *visit, void *user, const char **why);
/* Returns how many messages there are. */
uint64_t trace_read_text(struct str text, trace_visit *visit, void *user);

/* Whether LINE is the first of a SIP message: "METHOD URI SIP/2.0" or "SIP/2.0 NNN ...". */
bool sip_is_start_line(struct str line);

#endif
