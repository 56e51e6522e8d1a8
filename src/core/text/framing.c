#include <stird/core/framing.h>

#include <string.h>

#include <stird/core/headers.h>

#define HEAD_END "\r\n\r\n"

/*
 * Index of the first octet at or after FROM that ends a line for some readers and not for others,
 * or head.n. A CR at the very end may yet get its LF.
 */
static size_t find_bad_line_end(struct str head, size_t from, unsigned *lines)
{
    *lines = 0;
    for (size_t at = from;;) {
        size_t cr = str_find(head, '\r', at);
        size_t lf = str_find(str_slice(head, 0, cr), '\n', at);
        if (lf < cr)
            return lf;
        if (cr + 1 >= head.n)
            return head.n;
        if (head.p[cr + 1] != '\n')
            return cr;
        ++*lines;
        at = cr + 2;
    }
}

/* Behind the empty line; 0: not there. */
static size_t head_end(struct str message, size_t from)
{
    const char *end = memmem(message.p + from, message.n - from, HEAD_END, sizeof(HEAD_END) - 1);
    return end ? (size_t)(end - message.p) + sizeof(HEAD_END) - 1 : 0;
}

enum frame_status frame_head(struct str message, unsigned max_lines, struct frame *head)
{
    unsigned lines;
    head->header = message.n > 0 ? head_end(message, 0) : 0;
    struct str whole = str_slice(message, 0, head->header ? head->header : message.n);
    head->fault = find_bad_line_end(whole, 0, &lines);
    if (head->fault < whole.n)
        return FRAME_BAD_LINE_END;
    if (lines > max_lines + 1) /* the empty one */
        return FRAME_TOO_MANY_LINES;
    return head->header ? FRAME_MESSAGE : FRAME_NO_END;
}

static bool is_response(struct str message)
{
    return str_starts_nocase(message, STR("SIP/"));
}

/* A response is never refused for its many lines: what is not looked at costs next to nothing. */
static unsigned most_lines(struct str message, const struct frame_limits *limits)
{
    return is_response(message) ? UINT32_MAX - 1 : limits->max_header_lines;
}

/* What the Content-Lengths of a head say. */
struct lengths {
    unsigned n;
    uint64_t value; /* of all, which say the same */
};

/* Whether it may be a Content-Length: what is no token before a colon is not looked for. */
static bool may_be_length(const char *line, size_t n)
{
    const char first = ascii_lower(line[0]);
    return first == 'l' || (first == 'c' && n > sizeof("Content-Length") - 1 &&
                            ascii_lower(line[sizeof("Content-") - 1]) == 'l');
}

/* The line at AT of MESSAGE. With LENIENT a Content-Length that is not a number counts as missing.
   FRAME->fault is where the last one stands. */
static enum frame_status read_length(struct str message, size_t at, bool lenient,
                                     struct frame *frame, struct lengths *lengths)
{
    struct header_line line;
    struct str rest = str_slice(message, at, message.n);
    uint64_t value;
    if (!head_line_next(&rest, &line) || !header_is(&line, STR("Content-Length"), 'l'))
        return FRAME_MESSAGE;
    frame->fault = at;
    if (!str_to_u64(line.value, UINT32_MAX, &value))
        return lenient ? FRAME_MESSAGE : FRAME_BAD_LENGTH;
    if (lengths->n > 0 && value != lengths->value)
        return FRAME_BAD_LENGTH;
    lengths->value = value;
    lengths->n++;
    return FRAME_MESSAGE;
}

/*
 * One pass over the lines of a head: true when each ends with CRLF, an empty one ends them, and
 * they are not too many. *STATUS is what the Content-Lengths make of it then; FRAME->fault without
 * one is the end of the head.
 */
static bool read_lines(struct str message, unsigned max_lines, bool lenient, struct frame *frame,
                       struct lengths *lengths, enum frame_status *status)
{
    size_t at = 0, end;
    *status = FRAME_MESSAGE;
    frame->fault = 0;
    for (unsigned lines = 0; lines <= max_lines; lines++, at = end + 2) { /* and the empty one */
        end = head_line_end(message, at);
        if (message.n - end < 2 || message.p[end] != '\r' || message.p[end + 1] != '\n')
            return false;
        if (end == at) {
            frame->header = end + 2;
            frame->fault = frame->fault > 0 ? frame->fault : frame->header;
            return true;
        }
        /* Not a line that goes on: it begins with white space. */
        if (lines > 0 && *status == FRAME_MESSAGE && may_be_length(message.p + at, end - at))
            *status = read_length(message, at, lenient, frame, lengths);
    }
    return false;
}

/* The head of MESSAGE, and what its Content-Lengths say. */
static enum frame_status read_head(struct str message, const struct frame_limits *limits,
                                   bool lenient, struct frame *frame, struct lengths *lengths)
{
    enum frame_status status;
    const unsigned max_lines = most_lines(message, limits);
    *lengths = (struct lengths){0};
    if (read_lines(message, max_lines, lenient, frame, lengths, &status))
        return status;
    return frame_head(message, max_lines, frame); /* says what is wrong */
}

static size_t count_leading_newlines(struct str bytes)
{
    size_t n = 0;
    while (n < bytes.n && (bytes.p[n] == '\r' || bytes.p[n] == '\n'))
        n++;
    return n;
}

static bool is_visible(char c)
{
    return c > 0x20 && c < 0x7f;
}

/* INVITE in any letters, and white space behind it. */
static bool begins_invite(struct str s)
{
    const struct str method = STR("INVITE");
    return s.n > method.n && str_starts_nocase(s, method) && !is_visible(s.p[method.n]);
}

static bool begins_one_of(struct str s, const struct str *words, size_t n, size_t *length)
{
    for (size_t i = 0; i < n; i++)
        if (str_starts_nocase(s, words[i])) {
            *length = words[i].n;
            return true;
        }
    return false;
}

/* That, or what else belongs to a call: a method, a space and a URI. */
static bool begins_request(struct str s)
{
    static const struct str methods[] = {STR("ACK "),    STR("BYE "),   STR("CANCEL "),
                                         STR("PRACK "),  STR("INFO "),  STR("UPDATE "),
                                         STR("NOTIFY "), STR("REFER "), STR("MESSAGE ")};
    static const struct str schemes[] = {STR("sip:"), STR("sips:"), STR("tel:"), STR("urn:")};
    size_t method = 0, scheme = 0;
    return begins_invite(s) ||
           (begins_one_of(s, methods, sizeof(methods) / sizeof(methods[0]), &method) &&
            begins_one_of(str_slice(s, method, s.n), schemes, sizeof(schemes) / sizeof(schemes[0]),
                          &scheme));
}

struct str frame_without_junk(struct str message)
{
    bool first_line = true, only_junk = true;
    for (size_t i = 0; i < message.n && i <= FRAME_JUNK_MAX; i++) {
        char before = i > 0 ? message.p[i - 1] : '\n';
        bool at_line = before == '\n' || before == '\r';
        bool at_word = first_line && !is_visible(before);
        struct str rest = str_slice(message, i, message.n);
        if (((at_line || at_word) && begins_request(rest)) || (only_junk && is_response(rest)))
            return rest;
        only_junk = only_junk && !is_visible(message.p[i]);
        first_line = first_line && message.p[i] != '\n' && message.p[i] != '\r';
    }
    return message;
}

/*
 * STUN, SigComp and other protocols are not messages: a method or "SIP/2.0" begins with a visible
 * character. But an INVITE behind spaces, a BOM or other octets gets an answer that says so, and a
 * response there ends its call.
 */
static bool looks_like_sip(struct str bytes)
{
    return bytes.n == 0 || is_visible(bytes.p[0]) || frame_without_junk(bytes).p != bytes.p;
}

enum frame_status frame_datagram(struct str bytes, const struct frame_limits *limits,
                                 struct frame *frame)
{
    struct lengths lengths;
    *frame = (struct frame){.skip = count_leading_newlines(bytes), .datagram = true};
    struct str message = str_slice(bytes, frame->skip, bytes.n);
    if (message.n == 0)
        return FRAME_KEEPALIVE;
    if (!looks_like_sip(message))
        return FRAME_NOT_SIP;
    if (message.n > limits->max_message_bytes)
        return FRAME_TOO_LARGE;
    /* The end of a datagram ends a response too: there an unreadable length counts as none, and the
       same one said twice as one. */
    bool response = is_response(message);
    enum frame_status status = read_head(message, limits, response, frame, &lengths);
    frame->length = message.n;
    if (status != FRAME_MESSAGE || lengths.n == 0)
        return status;
    if (lengths.value > message.n - frame->header || (lengths.n > 1 && !response))
        return FRAME_BAD_LENGTH;
    frame->length = frame->header + lengths.value;
    return FRAME_MESSAGE;
}

#define WAITS_FOR_BODY (~(SIZE_MAX >> 1)) /* in RESUME, with the length of the whole message */

/* RESUME saves scanning a header that comes slowly again for every byte: neither a fault nor its
   end can lie before that place. */
static enum frame_status look_for_end(struct str message, size_t *resume, struct frame *frame)
{
    unsigned lines;
    size_t from = *resume > 3 ? *resume - 3 : 0, end = head_end(message, from);
    struct str head = str_slice(message, 0, end ? end : message.n);
    *resume = message.n;
    if (from > 0 && message.p[from] == '\n' && message.p[from - 1] == '\r')
        from++;
    frame->fault = find_bad_line_end(head, from, &lines);
    if (frame->fault < head.n)
        return FRAME_BAD_LINE_END;
    return end ? FRAME_MESSAGE : FRAME_INCOMPLETE;
}

/* The head has ended: what Content-Length makes of the rest. */
static enum frame_status frame_body(struct str message, const struct frame_limits *limits,
                                    size_t *resume, struct frame *frame)
{
    struct lengths lengths;
    enum frame_status status = read_head(message, limits, false, frame, &lengths);
    frame->length = frame->header;
    if (status != FRAME_MESSAGE)
        return status;
    /* RFC 3261 section 18.3: without Content-Length a stream cannot be framed. */
    if (lengths.n == 0)
        return FRAME_BAD_LENGTH;
    if (frame->header > limits->max_message_bytes ||
        lengths.value > limits->max_message_bytes - frame->header)
        return FRAME_TOO_LARGE;
    frame->length = frame->header + lengths.value;
    if (message.n >= frame->length)
        return lengths.n > 1 ? FRAME_SAME_LENGTHS : FRAME_MESSAGE;
    *resume = frame->length | WAITS_FOR_BODY;
    return FRAME_INCOMPLETE;
}

enum frame_status frame_stream(struct str bytes, const struct frame_limits *limits, size_t *resume,
                               struct frame *frame)
{
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
    enum frame_status status = look_for_end(message, resume, frame);
    if (status == FRAME_INCOMPLETE && message.n > limits->max_message_bytes)
        return FRAME_TOO_LARGE;
    if (status != FRAME_MESSAGE)
        return status;
    *resume = 0;
    return frame_body(message, limits, resume, frame);
}

enum frame_status frame_rest(struct str bytes, const struct frame_limits *limits,
                             struct frame *frame)
{
    size_t resume = 0;
    enum frame_status status = frame_stream(bytes, limits, &resume, frame);
    frame->fault = bytes.n - frame->skip;
    return status == FRAME_INCOMPLETE && frame->fault > 0 ? FRAME_CUT : FRAME_KEEPALIVE;
}
