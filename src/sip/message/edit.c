/* Editing of a parsed message; see message.h. */
#include <errno.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_util.h>
#include <string.h>

#include <stird/core/headers.h>
#include <stird/core/nat.h>
#include "message.h"
#include "odd.h"

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

static int set_parameter(struct message *m, const char *name, struct str value)
{
    char text[80];
    size_t n = strlen(name);
    if (n + value.n >= sizeof(text))
        return -ENOMEM;
    memcpy(text, name, n);
    memcpy(text + n, value.p, value.n);
    struct str parameter = {text, n + value.n};
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

int message_set_received(struct message *m, const struct address *source)
{
    const sip_via_t *via = m->sip->sip_via;
    struct address sent_by;
    struct buf text = BUF_INIT;
    int error = 0;
    bool rport = message_via_has_rport(m);
    bool differs = !address_parse(str_of(via->v_host), &sent_by) ||
                   !address_same_host(&sent_by, source);
    if (rport || differs || via->v_received) {
        address_add_host(&text, source);
        error = buf_failed(&text) ? -ENOMEM
                                  : set_parameter(m, "received=", without_brackets(buf_str(&text)));
    }
    if (error == 0 && rport) {
        buf_reset(&text);
        buf_add_u64(&text, source->port);
        error = buf_failed(&text) ? -ENOMEM : set_parameter(m, "rport=", buf_str(&text));
    }
    buf_fini(&text);
    return error;
}

void message_remove_via(struct message *m)
{
    sip_via_remove(m->msg, m->sip);
    message_remove_headers(m, "Via", 'v', list_is_empty);
}

void message_remove_route(struct message *m)
{
    sip_route_remove(m->msg, m->sip);
}

/*
 * The line is written as raw bytes of the header, so that nothing of the URI is encoded anew:
 * msg_prepare() takes h_data as it is.
 */
int message_set_request_uri(struct message *m, struct str uri)
{
    struct buf line = BUF_INIT;
    sip_request_t *request = m->sip->sip_request;
    buf_add_str(&line, m->method);
    buf_add_char(&line, ' ');
    buf_add_str(&line, uri);
    buf_add_text(&line, " SIP/2.0\r\n");
    char *text = buf_failed(&line) ? NULL : own_text(m, buf_str(&line));
    if (text) {
        request->rq_common->h_data = text;
        request->rq_common->h_len = (usize_t)line.n;
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
    if (m->sip->sip_max_forwards) {
        m->sip->sip_max_forwards->mf_count = value;
        sip_fragment_clear(m->sip->sip_max_forwards->mf_common);
        return 0;
    }
    struct buf text = BUF_INIT;
    if (m->hops_unclear)
        message_remove_headers(m, "Max-Forwards", 0, NULL);
    buf_add_u64(&text, value);
    int error = buf_failed(&text) ? -ENOMEM : insert(m, sip_max_forwards_class, buf_str(&text));
    buf_fini(&text);
    return error;
}

int message_add_via(struct message *m, struct str value)
{
    return insert(m, sip_via_class, value);
}

int message_add_record_route(struct message *m, struct str value)
{
    return insert(m, sip_record_route_class, value);
}

int message_append_route(struct message *m, struct str value)
{
    return insert(m, sip_route_class, value);
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
    const sip_payload_t *body = m->sip->sip_payload;
    message_remove_headers(m, "Content-Length", 'l', NULL); /* those that were not read */
    if (m->sip->sip_content_length || (transport == TRANSPORT_UDP && !m->length_unclear))
        return 0;
    struct buf text = BUF_INIT;
    buf_add_u64(&text, body ? body->pl_len : 0);
    int error = buf_failed(&text) ? -ENOMEM : insert(m, sip_content_length_class, buf_str(&text));
    buf_fini(&text);
    return error;
}

int message_add_header(struct message *m, const char *name, struct str value)
{
    struct buf line = BUF_INIT;
    buf_addf(&line, "%s: ", name);
    buf_add_str(&line, value);
    int error = buf_failed(&line) ? -ENOMEM : insert(m, sip_unknown_class, buf_str(&line));
    buf_fini(&line);
    return error;
}

void message_remove_resembling(struct message *m, const char *name, char compact)
{
    struct header_line line;
    msg_error_t *next;
    for (msg_error_t *h = m->sip->sip_error; h; h = next) {
        struct str rest = {h->er_common->h_data, h->er_common->h_len};
        next = h->er_next;
        if (head_line_next(&rest, &line) && header_resembles(&line, str_of(name), compact))
            msg_header_remove(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)h);
    }
}

void message_remove_headers(struct message *m, const char *name, char compact,
                            bool (*remove)(struct str value))
{
    struct header_line line;
    sip_unknown_t *next;
    for (sip_unknown_t *h = m->sip->sip_unknown; h; h = next) {
        next = h->un_next;
        if (message_line_is(h, str_of(name), compact) && message_line(h, &line) &&
            (!remove || remove(line.value)))
            msg_header_remove(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)h);
    }
    if (!remove)
        message_remove_resembling(m, name, compact);
}

void message_remove_lines(struct message *m, bool (*remove)(const struct header_line *line))
{
    struct header_line line;
    sip_unknown_t *next;
    msg_error_t *next_error;
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

int message_edit_headers(struct message *m, const char *name,
                         bool (*edit)(struct str text, struct buf *out))
{
    int error = 0;
    for (sip_unknown_t *h = m->sip->sip_unknown; h && error == 0; h = h->un_next) {
        struct buf edited = BUF_INIT;
        if (message_line_is(h, str_of(name), 0) && text_of(h).p && edit(text_of(h), &edited))
            error = replace_line(m, h, &edited);
        buf_fini(&edited);
    }
    return error;
}

/* Whether a proxy stands between its sender and us and stays in the call: the proxy reaches that
   Contact, which is not where the message came from. */
static bool is_by_proxy(const struct message *m)
{
    if (m->status != 0)
        return m->by_proxy;
    bool recorded = m->sip->sip_record_route || (m->odd & ODD_RECORD_ROUTE);
    return recorded || (m->to_tag.n > 0 && message_has_lower_via(m));
}

int message_fix_contact(struct message *m, const struct settings *settings,
                        const struct address *source, enum transport transport)
{
    int error = 0;
    if (!nat_wants(settings, source, NAT_CONTACT_FIX) || is_by_proxy(m))
        return 0;
    for (sip_unknown_t *h = m->sip->sip_unknown; h && error == 0; h = h->un_next) {
        struct buf edited = BUF_INIT;
        if (message_line_is(h, STR("Contact"), 'm') && text_of(h).p &&
            nat_fix_contact(text_of(h), source, transport, &edited))
            error = replace_line(m, h, &edited);
        buf_fini(&edited);
    }
    return error;
}
