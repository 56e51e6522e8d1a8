/*
 * framing - where a SIP message begins and ends in bytes, and the bounds that hold before any
 * parser sees it (RFC 3261 sections 7.5, 18.3; Decided 14). Pure, no memory.
 *
 * Looks at line ends and Content-Length only, so that size and number of header lines are bounded
 * before sofia-sip, whose cost is quadratic in header lines, sees a byte. A line ends with CRLF
 * (section 25.1). A CR or LF alone would end one for some readers and not for others, and what
 * stands behind it could be hidden from the reader that decides. So a head with one is refused.
 */
#ifndef STIRD_FRAMING_H
#define STIRD_FRAMING_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

struct frame_limits {
    uint32_t max_message_bytes;
    uint32_t max_header_lines; /* of a request; folded lines count, the start line too */
};

enum frame_status {
    FRAME_INCOMPLETE, /* stream: more bytes are needed */
    FRAME_KEEPALIVE,  /* nothing but CRLFs (RFC 5626 section 3.5.1) in `skip` */
    FRAME_MESSAGE,
    FRAME_TOO_LARGE,
    FRAME_TOO_MANY_LINES,
    FRAME_SAME_LENGTHS, /* stream: a message, with one Content-Length said twice */
    FRAME_BAD_LENGTH,   /* Content-Length twice, not a number (but for a response in a datagram),
                           beyond   the datagram, or missing */
    FRAME_BAD_LINE_END, /* CR without LF or LF without CR in the head */
    FRAME_NO_END,       /* datagram: no empty line ends the head */
    FRAME_CUT,          /* stream: it ended within the message */
    FRAME_NOT_SIP       /* control octets where a start line should be */
};

struct frame {
    size_t skip;   /* line ends before the message */
    size_t header; /* bytes from the start line through the empty line */
    size_t length; /* of the whole message, header and body */
    bool datagram; /* the datagram, whose end is the message's end whatever Content-Length says */
    size_t fault;  /* of a refused message: the octet at which it is wrong */
};

#define FRAME_JUNK_MAX 128 /* more than the longest PROXY line of version 1 */
/*
 * MESSAGE from the place where an INVITE (in letters of any case) or another request of a call
 * begins: behind other octets on the first line (spaces, NULs, a BOM, words), or on a later line,
 * within the first FRAME_JUNK_MAX octets. A response is found too, but only behind octets of which
 * none is visible. MESSAGE itself where there is none of these.
 */
struct str frame_without_junk(struct str message);
/*
 * The head of MESSAGE alone, which has at most MAX_LINES: FRAME_MESSAGE and HEAD->header,
 * FRAME_NO_END, TOO_MANY_LINES or BAD_LINE_END and HEAD->fault.
 */
enum frame_status frame_head(struct str message, unsigned max_lines, struct frame *head);
/* The message in one datagram; octets behind Content-Length are ignored (section 18.3). */
enum frame_status frame_datagram(struct str bytes, const struct frame_limits *limits,
                                 struct frame *frame);
/* The first message of a stream. RESUME keeps how far earlier calls looked; 0 for a new message. */
enum frame_status frame_stream(struct str bytes, const struct frame_limits *limits, size_t *resume,
                               struct frame *frame);
/*
 * What is left of a stream that has ended. Within a message (INCOMPLETE) it is FRAME_CUT, with
 * FRAME->skip, FRAME->fault at the place where it is cut, and FRAME->header if its head is whole.
 * Else FRAME_KEEPALIVE: nothing that matters is left.
 */
enum frame_status frame_rest(struct str bytes, const struct frame_limits *limits,
                             struct frame *frame);

#endif
