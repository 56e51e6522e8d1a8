/* Editing of a parsed message; see message.h. */
#include <errno.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_util.h>
#include <stdlib.h>
#include <string.h>

#include <stird/core/headers.h>
#include <stird/core/nat.h>
#include "message.h"
#include "odd.h"
#include "plain.h"

/* The value as a NUL-terminated text in the message's own memory. */
static char *own_text(struct message *m, struct str value)
{
    char *text = su_alloc(msg_home(m->msg), (isize_t)value.n + 1);
    if (text) {
        memcpy(text, value.p, value.n);
        text[value.n] = '\0';
    }
    return text;
}

static int insert(struct message *m, msg_hclass_t *header_class, struct str value)
{
    char *text = own_text(m, value);
    msg_header_t *h = text ? msg_header_make(msg_home(m->msg), header_class, text) : NULL;
    if (!h || msg_header_insert(m->msg, (msg_pub_t *)m->sip, h) < 0)
        return -ENOMEM;
    return 0;
}

static int set_parameter(struct message *m, struct str name, struct str value)
{
    char text[80];
    if (name.n + 1 + value.n >= sizeof(text))
        return -ENOMEM;
    memcpy(text, name.p, name.n);
    text[name.n] = '=';
    memcpy(text + name.n + 1, value.p, value.n);
    struct str parameter = {text, name.n + 1 + value.n};
    char *owned = own_text(m, parameter);
    if (!owned || msg_header_replace_param(msg_home(m->msg), m->sip->sip_via->v_common, owned) < 0)
        return -ENOMEM;
    return 0;
}

/* "received" has an IPv6 address without brackets (RFC 3261 section 25.1, via-received). */
static struct str without_brackets(struct str host)
{
    return host.n > 2 && host.p[0] == '[' ? str_slice(host, 1, host.n - 1) : host;
}

static bool has_received(const struct message *m)
{
    return m->plain ? plain_via_has_received(m) : m->sip->sip_via->v_received != NULL;
}

/* What is empty is not said. */
static int set_source(struct message *m, struct str received, struct str rport)
{
    if (received.n == 0 && rport.n == 0)
        return 0;
    if (m->plain)
        return plain_set_via_source(m, received, rport);
    int error = received.n > 0 ? set_parameter(m, STR("received"), received) : 0;
    return error == 0 && rport.n > 0 ? set_parameter(m, STR("rport"), rport) : error;
}

int message_set_received(struct message *m, const struct address *source)
{
    const struct via_hop via = message_top_via(m);
    struct address sent_by;
    struct buf text = BUF_INIT;
    bool rport = message_via_has_rport(m);
    bool differs = !address_parse(via.host, &sent_by) || !address_same_host(&sent_by, source);
    if (rport || differs || has_received(m))
        address_add_host(&text, source);
    const size_t host_n = text.n;
    if (rport)
        buf_add_u64(&text, source->port);
    const struct str both = buf_str(&text);
    int error = buf_failed(&text) ? -ENOMEM
                                  : set_source(m, without_brackets(str_slice(both, 0, host_n)),
                                               str_slice(both, host_n, both.n));
    buf_fini(&text);
    return error;
}

static void remove_first(struct message *m, enum plain_header header)
{
    struct plain_line *line = plain_find(m, header, 0);
    if (line)
        plain_remove(m, line);
}

void message_remove_via(struct message *m)
{
    if (m->plain) {
        remove_first(m, PLAIN_VIA);
        return;
    }
    sip_via_remove(m->msg, m->sip);
    message_remove_headers(m, STR("Via"), 'v', list_is_empty);
}

void message_remove_route(struct message *m)
{
    if (m->plain)
        remove_first(m, PLAIN_ROUTE);
    else
        sip_route_remove(m->msg, m->sip);
}

void message_remove_last_route(struct message *m)
{
    unsigned n = 0;
    while (message_route_url(m, n))
        n++;
    if (m->plain && n > 0) {
        plain_remove(m, plain_find(m, PLAIN_ROUTE, n - 1));
        return;
    }
    sip_route_t *last = m->plain ? NULL : m->sip->sip_route;
    while (last && last->r_next)
        last = last->r_next;
    if (last)
        msg_header_remove(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)last);
}

int message_set_uri_by_route(struct message *m, unsigned number)
{
    const url_t *url = message_route_url(m, number);
    isize_t n = url ? (isize_t)url_e(NULL, 0, url) : 0;
    char *text = n > 0 ? malloc(n + 1) : NULL;
    if (!text)
        return -ENOMEM;
    url_e(text, n + 1, url);
    int error = message_set_request_uri(m, (struct str){text, n});
    free(text);
    return error;
}

/*
 * The line is written as raw bytes of the header, so that nothing of the URI is encoded anew:
 * msg_prepare() takes h_data as it is. What it is, or NULL.
 */
static const char *set_start_line(struct message *m, struct str line)
{
    if (m->plain)
        return plain_replace(m, &m->plain->start, line) == 0 ? m->plain->start.added : NULL;
    const char *text = own_text(m, line);
    if (text) {
        m->sip->sip_request->rq_common->h_data = text;
        m->sip->sip_request->rq_common->h_len = (usize_t)line.n;
    }
    return text;
}

int message_set_request_uri(struct message *m, struct str uri)
{
    struct buf line = BUF_INIT;
    buf_add_str(&line, m->method);
    buf_add_char(&line, ' ');
    buf_add_str(&line, uri);
    buf_add_text(&line, " SIP/2.0\r\n");
    const char *text = buf_failed(&line) ? NULL : set_start_line(m, buf_str(&line));
    if (text) {
        m->request_uri = str_slice((struct str){text, line.n}, m->method.n + 1, line.n - 10);
    }
    buf_fini(&line);
    return text ? 0 : -ENOMEM;
}

/* "SIP/2.0 200 OK": the words of the line, one space between them. */
static int mend_status_line(struct message *m)
{
    struct buf line = BUF_INIT;
    struct str rest, phrase = str_trim(start_line(m->raw, &rest));
    sip_status_t *status = m->sip->sip_status;
    for (unsigned i = 0; i < 2; i++) { /* version and code off */
        size_t n = 0;
        while (n < phrase.n && phrase.p[n] != ' ' && phrase.p[n] != '\t')
            n++;
        phrase = str_trim(str_slice(phrase, n, phrase.n));
    }
    buf_addf(&line, "SIP/2.0 %d ", m->status);
    buf_add_str(&line, phrase);
    buf_add_text(&line, "\r\n");
    char *text = buf_failed(&line) ? NULL : own_text(m, buf_str(&line));
    if (text) {
        status->st_common->h_data = text;
        status->st_common->h_len = (usize_t)line.n;
    }
    buf_fini(&line);
    return text ? 0 : -ENOMEM;
}

int message_mend_start_line(struct message *m)
{
    return m->status == 0 ? message_set_request_uri(m, m->request_uri) : mend_status_line(m);
}

int message_set_max_forwards(struct message *m, unsigned value)
{
    if (m->plain)
        return plain_set_max_forwards(m, value);
    if (m->sip->sip_max_forwards) {
        m->sip->sip_max_forwards->mf_count = value;
        sip_fragment_clear(m->sip->sip_max_forwards->mf_common);
        return 0;
    }
    struct buf text = BUF_INIT;
    if (m->hops_unclear)
        message_remove_headers(m, STR("Max-Forwards"), 0, NULL);
    buf_add_u64(&text, value);
    int error = buf_failed(&text) ? -ENOMEM : insert(m, sip_max_forwards_class, buf_str(&text));
    buf_fini(&text);
    return error;
}

int message_add_via(struct message *m, struct str value)
{
    return m->plain ? plain_add(m, PLAIN_VIA, STR("Via"), value, true)
                    : insert(m, sip_via_class, value);
}

int message_add_record_route(struct message *m, struct str value)
{
    return m->plain ? plain_add(m, PLAIN_RECORD_ROUTE, STR("Record-Route"), value, true)
                    : insert(m, sip_record_route_class, value);
}

int message_append_route(struct message *m, struct str value)
{
    return m->plain ? plain_add(m, PLAIN_ROUTE, STR("Route"), value, false)
                    : insert(m, sip_route_class, value);
}

static bool is_once(const struct header_line *line)
{
    return header_is(line, STR("From"), 'f') || header_is(line, STR("To"), 't') ||
           header_is(line, STR("Call-ID"), 'i') || header_is(line, STR("CSeq"), '\0');
}

void message_remove_copies(struct message *m)
{
    if (m->copy.what)
        message_remove_lines(m, is_once); /* those that were read are none of these */
}

int message_fit_transport(struct message *m, unsigned transport)
{
    if (m->plain) { /* without a Content-Length it has no body */
        bool there = transport == TRANSPORT_UDP || plain_find(m, PLAIN_CONTENT_LENGTH, 0);
        return there ? 0
                     : plain_add(m, PLAIN_CONTENT_LENGTH, STR("Content-Length"), STR("0"), false);
    }
    const sip_payload_t *body = m->sip->sip_payload;
    message_remove_headers(m, STR("Content-Length"), 'l', NULL); /* those that were not read */
    if (m->sip->sip_content_length || (transport == TRANSPORT_UDP && !m->length_unclear))
        return 0;
    struct buf text = BUF_INIT;
    buf_add_u64(&text, body ? body->pl_len : 0);
    int error = buf_failed(&text) ? -ENOMEM : insert(m, sip_content_length_class, buf_str(&text));
    buf_fini(&text);
    return error;
}

int message_add_header(struct message *m, struct str name, struct str value)
{
    struct buf line = BUF_INIT;
    if (m->plain)
        return plain_add(m, PLAIN_OTHER, name, value, false);
    buf_add_str(&line, name);
    buf_add_text(&line, ": ");
    buf_add_str(&line, value);
    int error = buf_failed(&line) ? -ENOMEM : insert(m, sip_unknown_class, buf_str(&line));
    buf_fini(&line);
    return error;
}

void message_remove_resembling(struct message *m, struct str name, char compact)
{
    struct header_line line;
    msg_error_t *next;
    for (msg_error_t *h = m->plain ? NULL : m->sip->sip_error; h; h = next) {
        struct str rest = {h->er_common->h_data, h->er_common->h_len};
        next = h->er_next;
        if (head_line_next(&rest, &line) && header_resembles(&line, name, compact))
            msg_header_remove(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)h);
    }
}

/* Whether it is a header NAME that sofia-sip does not read; most names differ in how long they are.
 */
static bool is_other(const struct message *m, const struct plain_line *p, struct str name,
                     char compact)
{
    return p->header == PLAIN_OTHER && (p->name_n == name.n || p->name_n == 1) &&
           header_is_named((struct str){plain_text(m, p).p, p->name_n}, name, compact);
}

static bool is_alike(const struct message *m, const struct plain_line *p, struct str name)
{
    return p->header == PLAIN_OTHER && p->name_n == name.n &&
           header_is_alike((struct str){plain_text(m, p).p, p->name_n}, name);
}

static void remove_plain(struct message *m, struct str name, char compact,
                         bool (*remove)(struct str value))
{
    for (unsigned i = 0; i < m->plain->n;) {
        struct plain_line *p = &m->plain->lines[i];
        if (is_other(m, p, name, compact) ? !remove || remove(plain_line(m, p).value)
                                          : !remove && is_alike(m, p, name))
            plain_remove(m, p);
        else
            i++;
    }
}

void message_remove_headers(struct message *m, struct str name, char compact,
                            bool (*remove)(struct str value))
{
    struct header_line line;
    sip_unknown_t *next;
    if (m->plain) {
        remove_plain(m, name, compact, remove);
        return;
    }
    for (sip_unknown_t *h = m->sip->sip_unknown; h; h = next) {
        next = h->un_next;
        const struct str raw = {h->un_common->h_data, h->un_common->h_len};
        if (message_line_is(h, name, compact)
                ? message_line(h, &line) && (!remove || remove(line.value))
                : !remove && raw.p && header_is_alike(header_line_name(raw), name))
            msg_header_remove(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)h);
    }
    if (!remove)
        message_remove_resembling(m, name, compact);
}

static void remove_plain_lines(struct message *m, bool (*remove)(const struct header_line *line))
{
    for (unsigned i = 0; i < m->plain->n;) {
        struct plain_line *p = &m->plain->lines[i];
        const struct header_line line = plain_line(m, p);
        if (p->header == PLAIN_OTHER && remove(&line))
            plain_remove(m, p);
        else
            i++;
    }
}

void message_remove_lines(struct message *m, bool (*remove)(const struct header_line *line))
{
    struct header_line line;
    sip_unknown_t *next;
    msg_error_t *next_error;
    if (m->plain) {
        remove_plain_lines(m, remove);
        return;
    }
    for (sip_unknown_t *h = m->sip->sip_unknown; h; h = next) {
        next = h->un_next;
        if (message_line(h, &line) && remove(&line))
            msg_header_remove(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)h);
    }
    for (msg_error_t *h = m->sip->sip_error; h; h = next_error) {
        struct str rest = {h->er_common->h_data, h->er_common->h_len};
        next_error = h->er_next;
        if (head_line_next(&rest, &line) && remove(&line))
            msg_header_remove(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)h);
    }
}

/* Takes what was written for H; nothing was, when EDITED is empty. */
static int replace_line(struct message *m, sip_unknown_t *h, struct buf *edited)
{
    char *owned = edited->n > 0 && !buf_failed(edited) ? own_text(m, buf_str(edited)) : NULL;
    int error = (edited->n > 0 || buf_failed(edited)) && !owned ? -ENOMEM : 0;
    if (owned) {
        h->un_common->h_data = owned;
        h->un_common->h_len = (usize_t)edited->n;
    }
    buf_fini(edited);
    return error;
}

static struct str text_of(const sip_unknown_t *h)
{
    return (struct str){h->un_common->h_data, h->un_common->h_len};
}

/* The same for a line of a plain message. */
static int replace_plain(struct message *m, struct plain_line *line, struct buf *edited)
{
    int error = buf_failed(edited) ? -ENOMEM
                : edited->n == 0   ? 0
                                   : plain_replace(m, line, buf_str(edited));
    buf_fini(edited);
    return error;
}

static int edit_plain(struct message *m, struct str name, char compact,
                      bool (*edit)(const void *user, struct str text, struct buf *out),
                      const void *user)
{
    int error = 0;
    for (unsigned i = 0; i < m->plain->n && error == 0; i++) {
        struct plain_line *p = &m->plain->lines[i];
        struct buf edited = BUF_INIT;
        if (is_other(m, p, name, compact) && edit(user, plain_text(m, p), &edited))
            error = replace_plain(m, p, &edited);
        buf_fini(&edited);
    }
    return error;
}

int message_edit_headers(struct message *m, struct str name, char compact,
                         bool (*edit)(const void *user, struct str text, struct buf *out),
                         const void *user)
{
    int error = 0;
    if (m->plain)
        return edit_plain(m, name, compact, edit, user);
    for (sip_unknown_t *h = m->sip->sip_unknown; h && error == 0; h = h->un_next) {
        struct buf edited = BUF_INIT;
        if (message_line_is(h, name, compact) && text_of(h).p && edit(user, text_of(h), &edited))
            error = replace_line(m, h, &edited);
        buf_fini(&edited);
    }
    return error;
}

/* The parser reads From of a request, and of a response nothing of it. */
int message_edit_from(struct message *m,
                      bool (*edit)(const void *user, struct str text, struct buf *out),
                      const void *user)
{
    struct buf edited = BUF_INIT;
    int error = 0;
    if (m->status != 0)
        return message_edit_headers(m, STR("From"), 'f', edit, user);
    if (m->plain) {
        struct plain_line *p = plain_find(m, PLAIN_FROM, 0);
        if (p && edit(user, plain_text(m, p), &edited)) {
            error = replace_plain(m, p, &edited);
            m->from_edited = true;
        }
    } else if (m->sip->sip_from) {
        sip_unknown_t *h = (sip_unknown_t *)m->sip->sip_from;
        if (text_of(h).p && edit(user, text_of(h), &edited)) {
            error = replace_line(m, h, &edited);
            m->from_edited = true;
        }
    }
    buf_fini(&edited);
    return error;
}

/* Whether a proxy stands between its sender and us and stays in the call: the proxy reaches that
   Contact, which is not where the message came from. */
static bool is_by_proxy(const struct message *m)
{
    if (m->status != 0)
        return m->by_proxy;
    bool recorded = m->plain ? plain_find(m, PLAIN_RECORD_ROUTE, 0) != NULL
                             : m->sip->sip_record_route || (m->odd & ODD_RECORD_ROUTE);
    return recorded || (m->to_tag.n > 0 && message_has_lower_via(m));
}

int message_fix_contact(struct message *m, const struct settings *settings,
                        const struct address *source, enum transport transport)
{
    int error = 0;
    if (!nat_wants(settings, source, NAT_CONTACT_FIX) || is_by_proxy(m))
        return 0;
    for (unsigned i = 0; m->plain && i < m->plain->n && error == 0; i++) {
        struct plain_line *p = &m->plain->lines[i];
        struct buf edited = BUF_INIT;
        if (is_other(m, p, STR("Contact"), 'm') &&
            nat_fix_contact(plain_text(m, p), source, transport, &edited))
            error = replace_plain(m, p, &edited);
        buf_fini(&edited);
    }
    if (m->plain)
        return error;
    for (sip_unknown_t *h = m->sip->sip_unknown; h && error == 0; h = h->un_next) {
        struct buf edited = BUF_INIT;
        if (message_line_is(h, STR("Contact"), 'm') && text_of(h).p &&
            nat_fix_contact(text_of(h), source, transport, &edited))
            error = replace_line(m, h, &edited);
        buf_fini(&edited);
    }
    return error;
}
