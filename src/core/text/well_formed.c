#include <stird/core/well_formed.h>

#include <stird/core/framing.h>
#include <stird/core/headers.h>

static bool is_start_line(struct str line)
{
    struct str rest = line, first = str_cut(&rest, ' '), second = str_cut(&rest, ' ');
    uint64_t status;
    if (str_eq_nocase(first, STR("SIP/2.0")))
        return second.n == 3 && str_to_u64(second, 699, &status) && status >= 100;
    /* A Request-URI with spaces is a Contact that somebody gave us; it leaves as it came. */
    struct str version = str_slice(rest, rest.n > 7 ? rest.n - 7 : 0, rest.n);
    return is_sip_token(first) && second.n > 0 && str_eq_nocase(version, STR("SIP/2.0"));
}

/* What RFC 3261 section 8.1.1 asks of a request and 8.2.6 of a response. */
static bool has_mandatory_headers(struct str head)
{
    static const struct {
        const char *name;
        char compact;
    } mandatory[] = {{"Via", 'v'}, {"From", 'f'}, {"To", 't'}, {"Call-ID", 'i'}, {"CSeq", 0}};
    struct header_line line;
    for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++)
        if (!header_find(head, str_of(mandatory[i].name), mandatory[i].compact, &line))
            return false;
    return true;
}

/* Whether the body has the length that Content-Length tells, or there is no Content-Length. */
static bool length_fits(struct str head, size_t body_bytes)
{
    struct header_line line;
    struct str rest;
    uint64_t length = body_bytes;
    unsigned n = 0;
    start_line(head, &rest);
    while (header_next(&rest, &line))
        if (header_is(&line, STR("Content-Length"), 'l') &&
            (++n > 1 || !str_to_u64(line.value, SIZE_MAX, &length)))
            return false;
    return length == body_bytes;
}

/* A line that begins with white space would continue the start line. */
static bool begins_with_a_header(struct str rest)
{
    return rest.n > 0 && rest.p[0] != ' ' && rest.p[0] != '\t';
}

static const char *fault_of(struct str message)
{
    struct frame frame = {0};
    struct str rest, line = start_line(message, &rest);
    enum frame_status status = frame_head(message, UINT32_MAX - 1, &frame);
    struct str head = str_slice(message, 0, frame.header);
    if (status == FRAME_BAD_LINE_END)
        return "CR or LF stands alone";
    if (status != FRAME_MESSAGE)
        return "no empty line ends the header";
    if (!is_start_line(line))
        return "no start line";
    if (!begins_with_a_header(rest))
        return "the start line is continued";
    if (!has_mandatory_headers(head))
        return "a mandatory header is missing";
    return length_fits(head, message.n - frame.header) ? NULL : "Content-Length does not fit";
}

bool well_formed_message(struct str message, const char **why)
{
    *why = fault_of(message);
    return *why == NULL;
}
