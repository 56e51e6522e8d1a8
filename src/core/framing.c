#include <stird/framing.h>

#include <string.h>

/* What a walk over the header lines found. */
struct header_walk {
    size_t end; /* behind the empty line; 0: not there yet */
    unsigned lines;
    unsigned n_length; /* Content-Length headers */
    bool bad_length;
    uint64_t length;
};

static bool is_content_length(struct str name)
{
    return str_eq_nocase(name, STR("Content-Length")) || str_eq_nocase(name, STR("l"));
}

static void note_length(struct header_walk *walk, struct str line)
{
    size_t colon = str_find(line, ':', 0);
    if (colon == line.n || !is_content_length(str_trim(str_slice(line, 0, colon))))
        return;
    if (++walk->n_length > 1 ||
        !str_to_u64(str_trim(str_slice(line, colon + 1, line.n)), UINT32_MAX, &walk->length))
        walk->bad_length = true;
}

/*
 * Counts lines up to the empty one. A Content-Length that is folded onto a second line does not
 * parse as a number on its first and so counts as bad: nobody sends it but to deceive.
 */
static void walk_header(struct str bytes, unsigned max_lines, struct header_walk *walk)
{
    size_t at = 0;
    *walk = (struct header_walk){0};
    while (walk->lines <= max_lines) {
        size_t newline = str_find(bytes, '\n', at);
        if (newline == bytes.n)
            return;
        struct str line = str_slice(bytes, at, newline);
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        at = newline + 1;
        if (line.n == 0) {
            walk->end = at;
            return;
        }
        walk->lines++;
        note_length(walk, line);
    }
}

static size_t count_leading_newlines(struct str bytes)
{
    size_t n = 0;
    while (n < bytes.n && (bytes.p[n] == '\r' || bytes.p[n] == '\n'))
        n++;
    return n;
}

/* STUN, SigComp and other strangers: a method or "SIP/2.0" begins with a visible character. */
static bool looks_like_sip(struct str bytes)
{
    return bytes.n == 0 || (bytes.p[0] > 0x20 && bytes.p[0] < 0x7f);
}

enum frame_status frame_datagram(struct str bytes, const struct frame_limits *limits,
                                 struct frame *frame)
{
    struct header_walk walk;
    *frame = (struct frame){.skip = count_leading_newlines(bytes)};
    struct str message = str_slice(bytes, frame->skip, bytes.n);
    if (message.n == 0)
        return FRAME_KEEPALIVE;
    if (!looks_like_sip(message))
        return FRAME_NOT_SIP;
    if (message.n > limits->max_message_bytes)
        return FRAME_TOO_LARGE;
    walk_header(message, limits->max_header_lines, &walk);
    frame->header = walk.end ? walk.end : message.n;
    frame->length = message.n;
    if (walk.lines > limits->max_header_lines)
        return FRAME_TOO_MANY_LINES;
    if (walk.bad_length)
        return FRAME_BAD_LENGTH;
    if (walk.n_length == 0)
        return FRAME_MESSAGE;
    if (walk.end == 0 ? walk.length > 0 : walk.length > message.n - walk.end)
        return FRAME_BAD_LENGTH;
    frame->length = frame->header + walk.length;
    return FRAME_MESSAGE;
}

#define WAITS_FOR_BODY (~(SIZE_MAX >> 1)) /* in RESUME, with the length of the whole message */

/* RESUME saves scanning a dripping header again for every byte: its end cannot lie before. */
static bool header_may_have_ended(struct str message, size_t *resume)
{
    size_t from = *resume > 3 ? *resume - 3 : 0;
    *resume = message.n;
    return memmem(message.p + from, message.n - from, "\n\r\n", 3) ||
           memmem(message.p + from, message.n - from, "\n\n", 2);
}

enum frame_status frame_stream(struct str bytes, const struct frame_limits *limits, size_t *resume,
                               struct frame *frame)
{
    struct header_walk walk;
    *frame = (struct frame){.skip = count_leading_newlines(bytes)};
    struct str message = str_slice(bytes, frame->skip, bytes.n);
    if (message.n == 0)
        return frame->skip > 0 ? FRAME_KEEPALIVE : FRAME_INCOMPLETE;
    if (!looks_like_sip(message))
        return FRAME_NOT_SIP;
    if (*resume & WAITS_FOR_BODY) {
        if (message.n < (*resume & ~WAITS_FOR_BODY))
            return FRAME_INCOMPLETE;
        *resume = 0;
    }
    if (!header_may_have_ended(message, resume))
        return message.n > limits->max_message_bytes ? FRAME_TOO_LARGE : FRAME_INCOMPLETE;
    *resume = 0;
    walk_header(message, limits->max_header_lines, &walk);
    frame->header = walk.end ? walk.end : message.n;
    frame->length = frame->header;
    if (walk.lines > limits->max_header_lines)
        return FRAME_TOO_MANY_LINES;
    /* RFC 3261 section 18.3: without Content-Length a stream cannot be framed. */
    if (walk.end == 0 || walk.bad_length || walk.n_length != 1)
        return FRAME_BAD_LENGTH;
    if (walk.length >
        limits->max_message_bytes -
            (walk.end < limits->max_message_bytes ? walk.end : limits->max_message_bytes))
        return FRAME_TOO_LARGE;
    frame->length = walk.end + walk.length;
    if (message.n >= frame->length)
        return FRAME_MESSAGE;
    *resume = frame->length | WAITS_FOR_BODY;
    return FRAME_INCOMPLETE;
}
