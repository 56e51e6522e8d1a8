#include "received.h"

#include <stird/headers.h>
#include <stird/policy.h>

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
           uris_are_emergency(settings, m->request_uri, odd_uri(to.value));
}

/* What stands before a request costs no emergency call, nor what belongs to a call that is there
   (Decided 5). */
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
    bool readable = measured || (status == FRAME_BAD_LENGTH && frame->datagram);
    if (readable && parse(m, raw, measured, settings))
        return true;
    const struct screen_fault fault = measured ? m->fault : screen_fault_of_frame(status, frame);
    if (readable && fault.reason != REASON_OUT_OF_MEMORY &&
        parse_behind_junk(m, raw, measured, settings))
        return true;
    *m = (struct message){.fault = fault};
    return false;
}

/* Whatever may stand behind it: nothing that goes on with a method's name. In other letters it is
   refused, but some would take it for one. */
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

int received_status(struct str raw)
{
    struct str rest, line = start_line(raw, &rest), version = word_off(&line);
    uint64_t status;
    bool is_response = str_starts_nocase(version, STR("SIP/")) &&
                       str_to_u64(word_off(&line), 699, &status) && status >= 100;
    return is_response ? (int)status : 0;
}

struct str received_call_id(struct str raw)
{
    struct header_line line;
    return header_find(raw, STR("Call-ID"), 'i', &line) ? line.value : STR("");
}

struct str received_branch(struct str raw)
{
    struct header_line via;
    struct str element, branch;
    if (!header_find(raw, STR("Via"), 'v', &via) || !list_next(&via.value, &element) ||
        !parameter_find(str_slice(element, str_find(element, ';', 0), element.n), STR("branch"),
                        &branch))
        return STR("");
    return branch;
}

void received_add_fault(struct buf *out, const struct screen_fault *fault)
{
    if (!fault->what)
        return;
    buf_add_str(out, fault->where);
    buf_addf(out, ": %s, at octet %zu", fault->what, fault->octet);
}
