#include "received.h"

#include <stird/core/emergency.h>
#include <stird/core/headers.h>

#include "sip/branch.h"
#include "odd.h"

static bool parse(struct message *m, struct str raw, bool measured, const struct settings *settings)
{
    return (measured ? message_parse(m, raw, settings)
                     : message_parse_unmeasured(m, raw, settings)) == REASON_OK;
}

static bool is_of_emergency(const struct message *m, const struct settings *settings)
{
    struct header_line to;
    return header_find(m->raw, STR("To"), 't', &to) &&
           emergency_uris(settings, m->request_uri, odd_uri(to.value));
}

/* Octets before a request must not cost an emergency call, nor anything that belongs to a running
   call (Decided 5). */
static bool parse_behind_junk(struct message *m, struct str raw, bool measured,
                              const struct settings *settings)
{
    struct str request = frame_without_junk(raw);
    if (request.p == raw.p || !parse(m, request, measured, settings))
        return false;
    if (m->claims_to_tag || m->to_tag.n > 0 || is_of_emergency(m, settings))
        return true;
    message_fini(m);
    return false;
}

bool received_parse(struct message *m, struct str raw, enum frame_status status,
                    const struct frame *frame, const struct settings *settings)
{
    bool measured = status == FRAME_MESSAGE;
    bool readable = measured || status == FRAME_SAME_LENGTHS ||
                    (status == FRAME_BAD_LENGTH && frame->datagram);
    if (readable && parse(m, raw, measured, settings))
        return true;
    const struct screen_fault fault = measured ? m->fault : screen_fault_of_frame(status, frame);
    if (readable && fault.reason != REASON_OUT_OF_MEMORY &&
        parse_behind_junk(m, raw, measured, settings))
        return true;
    *m = (struct message){.fault = fault};
    return false;
}

/* Whatever may follow the method, unless that makes it a longer name. In lower case it is refused,
   but some would take it for an INVITE. */
bool received_is_invite(struct str raw)
{
    const struct str method = STR("INVITE");
    if (str_starts_nocase(raw, STR("SIP/")))
        return false;
    raw = frame_without_junk(raw);
    char next = raw.n > method.n ? raw.p[method.n] : ' ';
    return str_starts_nocase(raw, method) && !ascii_is_alpha(next) && !ascii_is_digit(next) &&
           next != '-' && next != '_' && next != '.';
}

/* The next word off *REST. */
static struct str word_off(struct str *rest)
{
    *rest = str_trim(*rest);
    return str_cut(rest, ' ');
}

/* Where the last word of LINE begins. */
static size_t last_word(struct str line)
{
    size_t begin = line.n;
    while (begin > 0 && line.p[begin - 1] != ' ' && line.p[begin - 1] != '\t')
        begin--;
    return begin;
}

/* "METHOD URI SIP/2.0" */
static bool ends_as_request(struct str line)
{
    return str_starts_nocase(str_slice(line, last_word(line), line.n), STR("SIP/"));
}

bool received_is_emergency(struct str raw, const struct settings *settings)
{
    struct header_line to;
    struct str rest, line = str_trim(start_line(raw, &rest)), uri;
    if (ends_as_request(line))
        line = str_slice(line, 0, last_word(line));
    word_off(&line);
    uri = str_trim(line);
    if (str_find(uri, '<', 0) < uri.n)
        uri = odd_uri(uri);
    if (uri.n > 2 && uri.p[0] == '"' && uri.p[uri.n - 1] == '"')
        uri = str_trim(str_slice(uri, 1, uri.n - 1));
    bool has_to = header_find(raw, STR("To"), 't', &to);
    return emergency_uris(settings, uri, has_to ? odd_uri(to.value) : STR(""));
}

bool received_may_respond(struct str raw)
{
    struct str rest, line = str_trim(start_line(frame_without_junk(raw), &rest));
    return str_starts_nocase(line, STR("SIP/")) ||
           (!ends_as_request(line) && !received_is_invite(raw));
}

int received_status(struct str raw)
{
    struct str rest, line = start_line(frame_without_junk(raw), &rest), code = word_off(&line);
    uint64_t status;
    if (str_starts_nocase(code, STR("SIP/")))
        code = word_off(&line);
    if (code.n == 3 && str_to_u64(code, 699, &status) && status >= 100)
        return (int)status;
    return code.n > 0 && code.p[0] == '1' ? 100 : 0;
}

/* The value of the next line off *REST that is the header NAME, or could be read as it. */
static bool next_resembling(struct str *rest, struct str name, char compact, struct str *value)
{
    struct header_line line;
    while (head_line_next(rest, &line))
        if (header_resembles(&line, name, compact)) {
            *value = line.name.p ? line.value : header_odd_value(&line);
            return true;
        }
    return false;
}

/* The topmost Via; lines that name none are passed over. */
static struct str top_via(struct str raw)
{
    struct str rest, via, element;
    start_line(raw, &rest);
    while (next_resembling(&rest, STR("Via"), 'v', &via))
        if (list_next(&via, &element))
            return element;
    return STR("");
}

struct str received_branch(struct str raw)
{
    struct str element = top_via(raw);
    size_t at = 0;
    while (at < element.n && !str_starts(str_slice(element, at, element.n), STR(BRANCH_PREFIX)))
        at++;
    struct str branch = str_slice(element, at, at + BRANCH_LENGTH);
    return branch.n == BRANCH_LENGTH && is_sip_token(branch) ? branch : STR("");
}

struct str received_cseq_method(struct str raw)
{
    struct str rest, value;
    start_line(raw, &rest);
    if (!next_resembling(&rest, STR("CSeq"), '\0', &value))
        return STR("");
    while (value.n > 0 && ascii_is_digit(value.p[0]))
        value = str_slice(value, 1, value.n);
    struct str method = word_off(&value);
    return is_sip_token(method) ? method : STR("");
}

struct str received_call_id(struct str raw)
{
    struct header_line line;
    return header_find(raw, STR("Call-ID"), 'i', &line) ? line.value : STR("");
}

void received_add_fault(struct buf *out, const struct screen_fault *fault)
{
    if (!fault->what)
        return;
    buf_add_str(out, fault->where);
    buf_addf(out, ": %s, at octet %zu", fault->what, fault->octet);
}
