/*
 * framing - where a SIP message begins and ends in bytes, and the fences before any parser
 * (RFC 3261 sections 7.5, 18.3; Decided 14). Pure, no memory.
 *
 * Looks at line ends and Content-Length only, so that size and number of header lines are bounded
 * before sofia-sip, whose cost is quadratic in header lines, sees a byte. A line ends with CRLF
 * (section 25.1). CR and LF alone would end one for some readers and not for others: what stands
 * behind would be hidden from whoever decides, so a head with one is refused.
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
    bool datagram; /* whose end is the message's, whatever Content-Length says */
    size_t fault;  /* octet of the message at which a refused one is wrong */
};

#define FRAME_JUNK_MAX 128 /* more than the longest PROXY line of version 1 */
/*
 * MESSAGE from where an INVITE begins, in any letters, or another request of a call: behind octets
 * of the first line (spaces, NULs, a BOM, words), or in a further line, within its first
 * FRAME_JUNK_MAX octets. A response too, behind octets none of which is visible. MESSAGE itself
 * where there is none.
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
 * What is left of a stream that has ended within a message: of an INCOMPLETE one FRAME_CUT, with
 * FRAME->skip, FRAME->fault where it is cut, and FRAME->header where its head is whole. Else
 * FRAME_KEEPALIVE: there is nothing to speak of.
 */
enum frame_status frame_rest(struct str bytes, const struct frame_limits *limits,
                             struct frame *frame);

#endif
