#include "message.h"

#include <errno.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_util.h>
#include <stdlib.h>
#include <string.h>

#include <stird/core/headers.h>
#include <stird/core/settings.h>
#include "odd.h"
#include "plain.h"
#include "readers.h"
#include "screen.h"
#include "stand_in.h"

#define PIECES 1024 /* a line each, and what is between them: twice 256, and what is added */

/* What sofia-sip parses of a request and of a response; every other header is opaque to it. */
static msg_mclass_t *request_class, *response_class;

/* Of the whole class of SIP, the headers NAMES alone. */
static msg_mclass_t *class_of(const char *const *names)
{
    const msg_mclass_t *whole = sip_default_mclass();
    msg_mclass_t *class = msg_mclass_clone(whole, 128,
                                           1); /* no smaller than what it is cloned of */
    for (; class && *names; names++) {
        const msg_href_t *reference = msg_find_hclass(whole, *names, NULL);
        if (!reference || msg_mclass_insert(class, reference) < 0)
            return NULL;
    }
    return class;
}

bool message_module_init(void)
{
    static const char *const of_request[] = {
        "Via",          "From",  "To",           "Call-ID",        "CSeq",
        "Max-Forwards", "Route", "Record-Route", "Content-Length", NULL};
    static const char *const of_response[] = {"Via", "Content-Length", NULL};
    if (request_class && response_class)
        return true; /* a second proxy in one process, as tests have */
    request_class = class_of(of_request);
    response_class = class_of(of_response);
    return request_class && response_class;
}

void message_fini(struct message *m)
{
    if (m->msg)
        msg_destroy(m->msg);
    plain_free(m->plain);
    *m = (struct message){0};
}

bool message_is_parsed(const struct message *m)
{
    return m->msg || m->plain;
}

/* Has S borrow from COPY what it borrowed from FROM. */
static void rebase(struct str *s, struct str from, const char *copy)
{
    if (s->p >= from.p && s->p <= from.p + from.n)
        s->p = copy + (s->p - from.p);
}

void message_move(struct message *to, struct message *from, const char *copy)
{
    struct str raw = from->raw;
    *to = *from;
    *from = (struct message){0};
    to->raw.p = copy;
    rebase(&to->method, raw, copy);
    rebase(&to->cseq_method, raw, copy);
    rebase(&to->request_uri, raw, copy);
    rebase(&to->call_id, raw, copy);
    rebase(&to->from_tag, raw, copy);
    rebase(&to->to_tag, raw, copy);
}

static bool copy_into(const msg_iovec_t *pieces, issize_t n_pieces, struct str text)
{
    size_t copied = 0;
    for (issize_t i = 0; i < n_pieces && copied < text.n; i++) {
        size_t piece = pieces[i].mv_len < text.n - copied ? pieces[i].mv_len : text.n - copied;
        memcpy(pieces[i].mv_base, text.p + copied, piece);
        copied += piece;
    }
    return copied == text.n;
}

size_t message_octet_of(const struct message *m, struct str name)
{
    struct header_line line;
    return header_find(m->raw, name, header_compact(name), &line) ? (size_t)(line.raw.p - m->raw.p)
                                                                  : 0;
}

static enum reason unreadable(struct message *m, struct str where, size_t octet)
{
    m->fault = (struct screen_fault){REASON_BAD_REQUEST, where, octet, "cannot be read"};
    return REASON_BAD_REQUEST;
}

/* Whether a line that sofia-sip cannot read is one that something here depends on. */
static bool is_needed(const struct message *m, struct str line, struct str *name)
{
    struct header_line header;
    if (!header_next(&line, &header))
        return false;
    *name = header.name;
    if (header_is(&header, STR("Via"), 'v') || header_is(&header, STR("Content-Length"), 'l'))
        return true;
    return m->status == 0 &&
           (header_is(&header, STR("From"), 'f') || header_is(&header, STR("To"), 't') ||
            header_is(&header, STR("Call-ID"), 'i') || header_is(&header, STR("CSeq"), 0) ||
            header_is(&header, STR("Max-Forwards"), 0) || header_is(&header, STR("Route"), 0));
}

/*
 * sofia-sip keeps the octets that it was given as the raw text of each header; they must stand in
 * the order of the message and cover it. Where it was given other octets than the message's, those
 * of the message are put back.
 */
static enum reason settle(struct message *m, const char *given)
{
    size_t at = 0;
    struct str name;
    msg_header_t *h = m->status == 0 ? (msg_header_t *)m->sip->sip_request
                                     : (msg_header_t *)m->sip->sip_status;
    for (; h; h = h->sh_succ) {
        size_t n = h->sh_len;
        if (n == 0)
            continue; /* a further element of one line */
        if (n > m->raw.n - at || memcmp(h->sh_data, given + at, n) != 0)
            return unreadable(m, STR("message"), at);
        if (given != m->raw.p)
            memcpy((char *)(uintptr_t)h->sh_data, m->raw.p + at, n);
        if (h->sh_class->hc_hash == msg_error_hash &&
            is_needed(m, str_slice(m->raw, at, at + n), &name))
            return unreadable(m, name, at);
        at += n;
    }
    bool body_ends_it = at < m->raw.n && m->sip->sip_content_length && m->sip->sip_separator;
    return at == m->raw.n || body_ends_it ? REASON_OK : unreadable(m, STR("message"), at);
}

static bool has_mandatory(const struct message *m)
{
    const sip_t *sip = m->sip;
    if (m->status != 0)
        return sip->sip_via;
    return !msg_has_error(m->msg) && sip->sip_via && sip->sip_from && sip->sip_to &&
           sip->sip_call_id && sip->sip_cseq && sip_sanity_check(sip) >= 0;
}

static bool give(msg_t *msg, struct str text)
{
    msg_iovec_t pieces[8];
    if (!copy_into(pieces, msg_recv_iovec(msg, pieces, 8, text.n, 1), text))
        return false;
    msg_recv_commit(msg, text.n, 1);
    msg_extract(msg);
    return true;
}

static enum reason read_given(struct message *m, const char *given)
{
    m->msg = msg_create(m->status == 0 ? request_class : response_class, MSG_DO_EXTRACT_COPY);
    if (!m->msg || !give(m->msg, (struct str){given, m->raw.n}))
        return REASON_OUT_OF_MEMORY;
    m->sip = sip_object(m->msg);
    if (!m->sip || (m->status == 0 ? !m->sip->sip_request : !m->sip->sip_status))
        return unreadable(m, STR("start line"), 0);
    enum reason reason = settle(m, given);
    if (reason == REASON_OK && !has_mandatory(m))
        reason = unreadable(m, STR("message"), 0);
    if (reason == REASON_OK && m->status == 0 && (m->odd & ODD_ADDRESSES))
        odd_tags(m);
    const char *differing = reason == REASON_OK ? readers_differ(m) : NULL;
    return differing ? unreadable(m, str_of(differing), message_octet_of(m, str_of(differing)))
                     : reason;
}

static enum reason extract(struct message *m)
{
    if (m->odd == 0 && !stand_in_is_needed(m))
        return read_given(m, m->raw.p);
    char *given = malloc(m->raw.n);
    if (!given)
        return REASON_OUT_OF_MEMORY;
    stand_in_write(m, given);
    odd_write(m, given);
    enum reason reason = read_given(m, given);
    free(given);
    return reason;
}

/* Replaces, one after the other, what cannot be read and need not be, until the rest can be read.
 */
static enum reason extract_odd(struct message *m)
{
    enum reason reason = extract(m);
    for (unsigned odd; reason == REASON_BAD_REQUEST && (odd = odd_next(m)) != 0;) {
        m->odd |= odd;
        msg_destroy(m->msg);
        m->msg = NULL;
        reason = extract(m);
    }
    return reason;
}

/* What is odd of headers that were screened one by one; whether it counts is known only now. */
static enum reason judge_others(struct message *m)
{
    if (m->uri_unclear)
        return m->fault.reason; /* the start line's own */
    if (m->excess.what) {
        m->fault = m->excess;
        return m->fault.reason;
    }
    if (m->hops_unclear)
        return unreadable(m, STR("Max-Forwards"), message_octet_of(m, STR("Max-Forwards")));
    return REASON_OK;
}

/* Judges what takes the other headers to judge; in most messages there is nothing of that. */
static enum reason judge(struct message *m)
{
    enum reason reason = judge_others(m);
    bool taken = m->uri_unclear ? odd_start_line_is_taken(m) : odd_is_taken(m);
    if (reason != REASON_OK && !taken)
        return reason;
    if (m->length_unclear && m->status == 0 && !odd_is_emergency(m))
        return unreadable(m, STR("Content-Length"), message_octet_of(m, STR("Content-Length")));
    if (m->copy.what && !odd_is_emergency(m)) {
        m->fault = m->copy;
        return m->fault.reason;
    }
    if (m->two_tags.what && m->status == 0 && !odd_is_emergency(m)) {
        m->fault = m->two_tags;
        return m->fault.reason;
    }
    m->odd |= m->uri_unclear ? ODD_ESCAPES : 0;
    return REASON_OK;
}

static void begin(struct message *m, struct str raw, const struct settings *settings)
{
    static const struct settings unset = {.emergency_by_to = true};
    m->raw = raw;
    m->settings = settings ? settings : &unset;
}

static enum reason parse(struct message *m, struct str raw, const struct settings *settings)
{
    begin(m, raw, settings);
    enum reason reason = screen_raw(m, raw);
    if (reason == REASON_OK) {
        reason = judge(m);
        if (reason == REASON_OK)
            reason = extract_odd(m);
        if (reason == REASON_OK && m->start_is_odd && message_mend_start_line(m) != 0)
            reason = REASON_OUT_OF_MEMORY;
    }
    struct screen_fault fault = m->fault;
    if (reason != REASON_OK) {
        message_fini(m);
        m->fault = fault;
    }
    m->fault.reason = reason;
    m->settings = NULL;
    return reason;
}

enum reason message_parse(struct message *m, struct str raw, const struct settings *settings)
{
    *m = (struct message){.plain = NULL};
    begin(m, raw, settings);
    if (!plain_read(m))
        return message_parse_by_sofia(m, raw, settings);
    m->settings = NULL;
    return REASON_OK;
}

enum reason message_parse_by_sofia(struct message *m, struct str raw,
                                   const struct settings *settings)
{
    *m = (struct message){.length_unclear = false};
    return parse(m, raw, settings);
}

enum reason message_parse_unmeasured(struct message *m, struct str raw,
                                     const struct settings *settings)
{
    *m = (struct message){.length_unclear = true};
    return parse(m, raw, settings);
}

/* Reads it as those do who read the text itself (stranger.c). The fields of sofia-sip keep the
   quotes of a value, and miss a parameter before a comma. */
static bool find_parameter(const sip_via_t *via, struct str wanted, struct str *value)
{
    for (const msg_param_t *p = via->v_params; p && *p; p++)
        if (parameter_find(str_of(*p), wanted, value))
            return true;
    *value = (struct str){NULL, 0};
    return false;
}

struct str message_via_branch(const struct message *m)
{
    struct str branch;
    if (m->plain)
        return plain_via_branch(m);
    find_parameter(m->sip->sip_via, STR("branch"), &branch);
    return branch;
}

static bool is_there_twice(const sip_via_t *via, struct str wanted)
{
    unsigned n = 0;
    for (const msg_param_t *p = via->v_params; p && *p; p++) {
        struct str rest = str_of(*p);
        n += str_eq_nocase(str_trim(str_cut(&rest, '=')), wanted);
    }
    return n > 1;
}

bool message_has_lower_via(const struct message *m)
{
    if (m->plain)
        return plain_find(m, PLAIN_VIA, 1) != NULL;
    return m->sip->sip_via && (m->sip->sip_via->v_next || (m->odd & ODD_LOWER_VIA));
}

bool message_via_has_rport(const struct message *m)
{
    struct str value;
    if (m->force_rport)
        return true;
    return m->plain ? plain_via_has_rport(m)
                    : find_parameter(m->sip->sip_via, STR("rport"), &value);
}

/* For NULL all of it is empty. */
static struct via_hop via_hop(const sip_via_t *via)
{
    struct via_hop hop = {.host = {NULL, 0}};
    if (!via)
        return hop;
    hop.transport = str_of(sip_via_transport(via));
    hop.host = str_of(via->v_host);
    hop.port = str_of(via->v_port);
    find_parameter(via, STR("branch"), &hop.branch);
    find_parameter(via, STR("received"), &hop.received);
    find_parameter(via, STR("rport"), &hop.rport);
    hop.ambiguous = is_there_twice(via, STR("branch")) || is_there_twice(via, STR("received")) ||
                    is_there_twice(via, STR("rport"));
    return hop;
}

bool message_via(const struct message *m, unsigned number, struct via_hop *hop)
{
    if (m->plain)
        return plain_via(m, number, hop);
    const sip_via_t *via = m->sip->sip_via;
    while (via && number-- > 0)
        via = via->v_next;
    *hop = via_hop(via);
    return via != NULL;
}

struct via_hop message_top_via(const struct message *m)
{
    struct via_hop hop;
    message_via(m, 0, &hop);
    return hop;
}

const url_t *message_request_url(const struct message *m)
{
    return m->plain ? &m->plain->request_url.url : m->sip->sip_request->rq_url;
}

const url_t *message_route_url(const struct message *m, unsigned number)
{
    if (m->plain)
        return plain_route_url(m, number);
    const sip_route_t *route = m->sip->sip_route;
    while (route && number-- > 0)
        route = route->r_next;
    return route ? route->r_url : NULL;
}

bool message_route_came(const struct message *m, struct message_routes *at, struct str *uri)
{
    struct header_line line;
    if (m->plain)
        return plain_route_came(m, at->n++, uri);
    if (at->n++ == 0)
        start_line(m->raw, &at->rest);
    while (!at->line.rest.p || !route_line_next(&at->line, uri)) {
        do {
            if (!header_next(&at->rest, &line))
                return false;
        } while (!header_is(&line, STR("Route"), 0));
        at->line = route_line_read(line.value);
    }
    return true;
}

bool message_max_forwards(const struct message *m, unsigned long *value)
{
    if (m->plain ? !m->plain->has_max_forwards : !m->sip->sip_max_forwards)
        return false;
    *value = m->plain ? m->plain->max_forwards : m->sip->sip_max_forwards->mf_count;
    return true;
}

/* What we added ourselves has no raw text yet. */
bool message_line(const sip_unknown_t *h, struct header_line *line)
{
    struct str rest = {h->un_common->h_data, h->un_common->h_len};
    if (rest.p)
        return head_line_next(&rest, line);
    *line = (struct header_line){.name = str_of(h->un_name), .value = str_of(h->un_value)};
    return true;
}

bool message_line_is(const sip_unknown_t *h, struct str name, char compact)
{
    struct str raw = {h->un_common->h_data, h->un_common->h_len};
    return header_is_named(raw.p ? header_line_name(raw) : str_of(h->un_name), name, compact);
}

static bool next_plain(const struct message *m, struct str name, char compact, unsigned *at,
                       struct str *value)
{
    while (*at < m->plain->n) {
        const struct plain_line *p = &m->plain->lines[(*at)++];
        const struct header_line line = plain_line(m, p);
        if (p->header == PLAIN_OTHER && header_is(&line, name, compact)) {
            *value = line.value;
            return true;
        }
    }
    return false;
}

bool message_header_next(const struct message *m, struct str name, char compact,
                         struct message_place *at, struct str *value)
{
    struct header_line line;
    *value = (struct str){NULL, 0};
    if (m->plain)
        return next_plain(m, name, compact, &at->line, value);
    const sip_unknown_t *h = at->header ? at->header->un_next : m->sip->sip_unknown;
    while (h && !(message_line_is(h, name, compact) && message_line(h, &line)))
        h = h->un_next;
    at->header = h;
    if (h)
        *value = line.value;
    return h != NULL;
}

unsigned message_header_count(const struct message *m, struct str name, char compact)
{
    struct message_place at = {0};
    struct str value;
    unsigned n = 0;
    while (message_header_next(m, name, compact, &at, &value))
        n++;
    return n;
}

/* ---- what came ---- */

/* Those of WHICH in the index: of a response it has Via and Content-Length alone by their kind. */
static unsigned kinds_of(const struct message *m, unsigned which)
{
    static const unsigned answered = 1u << PLAIN_FROM | 1u << PLAIN_TO | 1u << PLAIN_CALL_ID |
                                     1u << PLAIN_CSEQ;
    return (which & MESSAGE_ANSWERED ? answered : 0) |
           (which & MESSAGE_RECORDED ? 1u << PLAIN_RECORD_ROUTE : 0) |
           ((which & MESSAGE_OTHERS) || m->status != 0 ? 1u << PLAIN_OTHER : 0);
}

bool message_came_next(const struct message *m, unsigned which, struct message_walk *walk,
                       struct header_line *line)
{
    const unsigned kinds = kinds_of(m, which);
    if (!walk->begun) {
        walk->begun = true;
        walk->by_text = !m->plain || !plain_is_as_came(m, kinds);
        if (walk->by_text)
            start_line(m->raw, &walk->rest);
    }
    return walk->by_text ? head_line_next(&walk->rest, line)
                         : plain_came_next(m, kinds, &walk->line, line);
}

bool message_came_find(const struct message *m, struct str name, char compact,
                       struct header_line *line)
{
    struct message_walk walk = {.begun = false};
    while (message_came_next(m, MESSAGE_ANSWERED | MESSAGE_RECORDED | MESSAGE_OTHERS, &walk, line))
        if (line->name.p && header_is(line, name, compact))
            return true;
    return false;
}

#ifdef STIRD_CHECK_SENT
/* A line that was cut in two would be one without a name: the builds that look for faults stop at
   one that did not come in. */
static void check_printed(const struct message *m, struct str printed)
{
    struct header_line line;
    struct str rest;
    unsigned n_broken = 0;
    start_line(printed, &rest);
    while (head_line_next(&rest, &line))
        n_broken += !line.name.p;
    if (n_broken > m->n_broken)
        abort();
}
#endif

/* What sofia-sip has. */
static int print_parsed(struct message *m, struct buf *out)
{
    msg_iovec_t pieces[PIECES];
    if (msg_prepare(m->msg) < 0)
        return -ENOMEM;
    isize_t n = msg_iovec(m->msg, pieces, PIECES);
    /* One piece a header at the most, and screening bounded these: it always fits. */
    if (n > PIECES)
        return -ENOMEM;
    for (isize_t i = 0; i < n; i++)
        buf_add(out, pieces[i].mv_base, pieces[i].mv_len);
    return 0;
}

int message_print(struct message *m, struct buf *out)
{
    if (m->plain)
        plain_print(m, out);
    else if (print_parsed(m, out) != 0)
        return -ENOMEM;
#ifdef STIRD_CHECK_SENT
    if (!buf_failed(out))
        check_printed(m, buf_str(out));
#endif
    return buf_failed(out) ? -ENOMEM : 0;
}
