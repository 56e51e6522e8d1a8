#include "answer.h"

#include <sofia-sip/sip_header.h>
#include <stdlib.h>
#include <string.h>

#include <stird/core/headers.h>
#include "odd.h"
#include "plain.h"

static const struct {
    int status;
    const char *phrase;
} phrases[] = {
    {100, "Trying"},
    {200, "OK"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {305, "Use Proxy"},
    {380, "Alternative Service"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Request Entity Too Large"},
    {416, "Unsupported URI Scheme"},
    {420, "Bad Extension"},
    {428, "Use Identity Header"},
    {433, "Anonymity Disallowed"},
    {436, "Bad Identity Info"},
    {437, "Unsupported Credential"},
    {438, "Invalid Identity Header"},
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {482, "Loop Detected"},
    {483, "Too Many Hops"},
    {484, "Address Incomplete"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {500, "Server Internal Error"},
    {503, "Service Unavailable"},
    {505, "Version Not Supported"},
    {513, "Message Too Large"},
    {600, "Busy Everywhere"},
    {603, "Decline"},
    {604, "Does Not Exist Anywhere"},
    {606, "Not Acceptable"},
    {607, "Unwanted"},
    {608, "Rejected"},
};

/* "Bad Request" */
static struct str status_phrase(int status)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return str_of(phrases[i].phrase);
    if (status < 400)
        return STR("Redirected");
    return status >= 600 ? STR("Global Failure") : STR("Refused");
}

/* Printed by sofia-sip, which has split comma-joined ones: each on a line of its own. */
static void add_via(struct buf *out, const sip_via_t *via)
{
    char *room = buf_room(out, 512);
    issize_t n = room ? sip_header_e(room, 512, (const sip_header_t *)via, 0) : 0;
    if (n >= 512) {
        room = buf_room(out, (size_t)n + 1);
        if (room)
            n = sip_header_e(room, (isize_t)n + 1, (const sip_header_t *)via, 0);
    }
    if (room && n > 0)
        buf_grew(out, (size_t)n);
    else
        out->failed = true;
}

/* The Vias of a plain message, which are written as sofia-sip writes them. */
static void add_plain_vias(struct buf *out, const struct message *m)
{
    const struct plain_line *line;
    for (unsigned i = 0; (line = plain_find(m, PLAIN_VIA, i)); i++) {
        buf_add_text(out, "Via: ");
        buf_add_str(out, plain_line(m, line).value);
        buf_add_text(out, "\r\n");
    }
}

/* Adds the Vias as they came, where they were not read. */
static void add_raw_vias(struct buf *out, struct str raw)
{
    struct header_line line;
    struct str rest;
    bool first = true;
    for (start_line(raw, &rest); header_next(&rest, &line);) {
        if (!header_is(&line, STR("Via"), 'v') || list_is_empty(line.value))
            continue;
        if (!first)
            buf_add_str(out, line.raw);
        first = false;
    }
}

static bool is_answered_with(const struct header_line *line)
{
    return header_is(line, STR("From"), 'f') || header_is(line, STR("To"), 't') ||
           header_is(line, STR("Call-ID"), 'i') || header_is(line, STR("CSeq"), 0);
}

/* The line without the white space at its end, so that a tag can be appended. */
static void add_line(struct buf *out, const struct header_line *line, size_t *value_end)
{
    buf_add_str(out, line->name);
    buf_add_text(out, ": ");
    buf_add_str(out, line->value);
    *value_end = out->n;
    buf_add_text(out, "\r\n");
}

void answer_base_fini(struct answer_base *base)
{
    free(base->lines);
    *base = (struct answer_base){0};
}

bool answer_base_make(struct answer_base *base, const struct message *request)
{
    struct buf out = BUF_INIT;
    struct message_walk walk = {.begun = false};
    struct header_line line;
    size_t end;
    *base = (struct answer_base){.has_to_tag = request->to_tag.n > 0};
    if (request->plain)
        add_plain_vias(&out, request);
    else
        for (const sip_via_t *via = request->sip->sip_via; via; via = via->v_next)
            add_via(&out, via);
    if (request->odd & ODD_LOWER_VIA)
        add_raw_vias(&out, request->raw);
    while (message_came_next(request, MESSAGE_ANSWERED, &walk, &line)) {
        if (!is_answered_with(&line) || (request->copy.what && screen_is_copy(request, &line)))
            continue;
        add_line(&out, &line, &end);
        if (header_is(&line, STR("To"), 't')) {
            base->to_end = (uint32_t)end;
            base->to_bytes = (uint32_t)line.value.n;
        }
    }
    base->n = (uint32_t)out.n;
    base->lines = buf_take(&out, NULL);
    return base->lines != NULL;
}

/* The lines of RESPONSE, of its To no more than TO_BYTES. */
static bool take_lines(struct answer_base *base, struct str response, size_t to_bytes)
{
    struct buf out = BUF_INIT;
    struct header_line line;
    struct str rest;
    size_t end;
    base->to_end = 0;
    start_line(response, &rest);
    while (header_next(&rest, &line))
        if (header_is(&line, STR("Via"), 'v'))
            buf_add_str(&out, line.raw);
    start_line(response, &rest);
    while (header_next(&rest, &line)) {
        const bool to = header_is(&line, STR("To"), 't');
        if (!is_answered_with(&line))
            continue;
        if (to)
            line.value = str_slice(line.value, 0, to_bytes);
        add_line(&out, &line, &end);
        if (to)
            base->to_end = (uint32_t)end;
    }
    base->n = (uint32_t)out.n;
    base->lines = buf_take(&out, NULL);
    return base->lines != NULL && base->to_end > 0;
}

bool answer_base_of_response(struct answer_base *base, struct str response)
{
    *base = (struct answer_base){.has_to_tag = true};
    return take_lines(base, response, response.n);
}

/* What a response repeats. */
static const struct {
    struct str name;
    char first, compact;
} repeated[] = {{STR("Via"), 'v', 'v'},
                {STR("From"), 'f', 'f'},
                {STR("To"), 't', 't'},
                {STR("Call-ID"), 'c', 'i'},
                {STR("CSeq"), 'c', '\0'}};
#define REPEATED (sizeof(repeated) / sizeof(repeated[0]))
enum { VIA = 0, TO = 2 };

struct values {
    struct str last[REPEATED]; /* the value of the last such line */
    unsigned lines[REPEATED];
};

/* The next line off *REST that is one of those, as an index; REPEATED: there is none. */
static unsigned next_repeated(struct str *rest, struct str *value)
{
    struct header_line line;
    while (header_next(rest, &line)) {
        for (unsigned i = 0; i < REPEATED; i++)
            if (header_is(&line, repeated[i].name, repeated[i].compact)) {
                *value = line.value;
                return i;
            }
    }
    return REPEATED;
}

static struct values values_of(struct str lines)
{
    struct values v = {.lines = {0}};
    struct str value;
    for (unsigned i; (i = next_repeated(&lines, &value)) < REPEATED;) {
        v.last[i] = value;
        v.lines[i]++;
    }
    return v;
}

static bool next_via(struct str *rest, struct str *value)
{
    unsigned i;
    do
        i = next_repeated(rest, value);
    while (i != VIA && i < REPEATED);
    return i == VIA;
}

static bool vias_are_same(struct str lines, struct str others)
{
    struct str via, other;
    while (next_via(&lines, &via))
        if (!next_via(&others, &other) || !str_eq(via, other))
            return false;
    return !next_via(&others, &other);
}

void answer_base_rest(struct answer_base *base, struct str response)
{
    const struct str own = {base->lines, base->n};
    struct str rest;
    if (!base->lines || response.n == 0)
        return;
    start_line(response, &rest);
    const struct values asked = values_of(own), said = values_of(rest);
    for (unsigned i = VIA + 1; i < REPEATED; i++) {
        const bool same = i == TO ? str_starts(said.last[i], asked.last[i])
                                  : str_eq(said.last[i], asked.last[i]);
        if (asked.lines[i] != 1 || said.lines[i] != 1 || !same)
            return;
    }
    if (asked.last[TO].n != base->to_bytes || !vias_are_same(own, rest))
        return;
    free(base->lines);
    base->lines = NULL;
    base->n = 0;
    base->rests = true;
}

bool answer_base_restore(struct answer_base *base, struct str response)
{
    if (!base->rests || !take_lines(base, response, base->to_bytes))
        return false;
    base->rests = false;
    return true;
}

static void add_status_line(struct buf *out, int status, struct str phrase)
{
    buf_add_text(out, "SIP/2.0 ");
    buf_add_u64(out, (uint64_t)status);
    buf_add_char(out, ' ');
    buf_add_str(out, phrase.n > 0 ? phrase : status_phrase(status));
    buf_add_text(out, "\r\n");
}

void answer_write_as(const struct answer_base *base, int status, struct str phrase, struct str tag,
                     struct str extra, struct buf *out)
{
    add_status_line(out, status, phrase);
    buf_add(out, base->lines, base->to_end);
    if (status > 100 && !base->has_to_tag) {
        buf_add_text(out, ";tag=");
        buf_add_str(out, tag);
    }
    buf_add(out, base->lines + base->to_end, base->n - base->to_end);
    buf_add_str(out, extra);
    buf_add_text(out, "Content-Length: 0\r\n\r\n");
}

void answer_write(const struct answer_base *base, int status, struct str tag, struct str extra,
                  struct buf *out)
{
    answer_write_as(base, status, STR(""), tag, extra, out);
}

/* "SIP/2.0 400 Bad Request (CSeq is there twice)": a name is a token, the rest our own words. It is
   not always the message's fault: without memory there is nothing to say of it. */
static void add_fault_line(struct buf *out, const struct screen_fault *fault)
{
    int status = reason_sip_status(fault->reason);
    buf_addf(out, "SIP/2.0 %d ", status);
    buf_add_str(out, status_phrase(status));
    if (fault->what)
        buf_addf(out, " (%.*s: %s)", STR_ARG(fault->where), fault->what);
    buf_add_text(out, "\r\n");
}

/* Whether a line can be repeated: it has no line end but those that fold it. */
static bool is_repeatable(struct str value)
{
    for (size_t at = 0; (at = str_find(value, '\n', at)) < value.n; at++)
        if (at == 0 || value.p[at - 1] != '\r')
            return false;
    for (size_t at = 0; (at = str_find(value, '\r', at)) < value.n; at++)
        if (at + 1 == value.n || value.p[at + 1] != '\n')
            return false;
    return true;
}

enum known { NOT_LOOKED_FOR, MISSING, THERE };

/* Tells of each whether there is a readable one; in one walk, for there may be many lines. */
static void find_real(struct str raw, enum known real[REPEATED])
{
    struct header_line line;
    struct str rest;
    for (unsigned i = 0; i < REPEATED; i++)
        real[i] = MISSING;
    for (start_line(raw, &rest); header_next(&rest, &line);)
        for (unsigned i = 0; i < REPEATED; i++)
            if (header_is(&line, repeated[i].name, repeated[i].compact))
                real[i] = THERE;
}

/*
 * Which header LINE of RAW is, as an index; REPEATED: none of them. "CSeq 1 INVITE" counts where
 * there is no other CSeq, for without one nobody could be answered. REAL: of find_real(), made when
 * it is needed.
 */
static unsigned find_repeated(struct str raw, struct header_line *line, enum known real[REPEATED])
{
    unsigned i = 0;
    char first = header_first_octet(line);
    while (i < REPEATED && ((first != repeated[i].first && first != repeated[i].compact) ||
                            !header_resembles(line, repeated[i].name, repeated[i].compact)))
        i++;
    if (i == REPEATED || line->name.p)
        return i;
    line->name = repeated[i].name;
    line->value = header_odd_value(line);
    if (real[i] == NOT_LOOKED_FOR)
        find_real(raw, real);
    return real[i] == MISSING && line->value.n > 0 ? i : REPEATED;
}

/* Adds a line that cannot be said again octet for octet: what folds it becomes spaces. */
static void add_unfolded(struct buf *out, const struct header_line *line, size_t *value_end)
{
    add_line(out, line, value_end);
    for (size_t i = *value_end - line->value.n; i < *value_end && !out->failed; i++)
        if (out->p[i] == '\r' || out->p[i] == '\n')
            out->p[i] = ' ';
}

/* Only up to the last line end: behind that, a message that was cut has half a line. */
static struct str whole_lines(struct str raw)
{
    while (raw.n > 0 && raw.p[raw.n - 1] != '\n' && raw.p[raw.n - 1] != '\r')
        raw.n--;
    return raw;
}

bool answer_malformed(struct str raw, const struct screen_fault *fault, struct str tag,
                      struct buf *out)
{
    struct header_line line;
    struct str rest, tag_value;
    bool seen[REPEATED] = {false}, all = true;
    enum known real[REPEATED] = {NOT_LOOKED_FOR};
    size_t end;
    add_fault_line(out, fault);
    start_line(whole_lines(raw), &rest);
    while (head_line_next(&rest, &line)) {
        unsigned i = find_repeated(raw, &line, real);
        if (i == REPEATED)
            continue;
        if (is_repeatable(line.value))
            add_line(out, &line, &end);
        else
            add_unfolded(out, &line, &end);
        if (i == TO && !seen[TO] && !parameter_find(line.value, STR("tag"), &tag_value)) {
            out->n = end;
            buf_addf(out, ";tag=%.*s\r\n", STR_ARG(tag));
        }
        seen[i] = true;
    }
    buf_add_text(out, "Content-Length: 0\r\n\r\n");
    for (size_t i = 0; i < REPEATED; i++)
        all &= seen[i];
    return all && !buf_failed(out);
}
