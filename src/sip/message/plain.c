#include "plain.h"

#include <string.h>

#include <stird/base/block.h>
#include <stird/core/tag.h>
#include "plain_parts.h"
#include "screen.h"

#define NAME_MAX_BYTES 64

/* The headers that the parser reads too, and how many of each a plain message may have. */
static const struct {
    struct str name;
    char compact;
    bool of_response; /* the parser reads it in a response too */
    unsigned least, most;
} kinds[PLAIN_HEADERS] = {
    [PLAIN_VIA] = {STR("Via"), 'v', true, 1, PLAIN_VIAS_MAX},
    [PLAIN_FROM] = {STR("From"), 'f', false, 1, 1},
    [PLAIN_TO] = {STR("To"), 't', false, 1, 1},
    [PLAIN_CALL_ID] = {STR("Call-ID"), 'i', false, 1, 1},
    [PLAIN_CSEQ] = {STR("CSeq"), 0, false, 1, 1},
    [PLAIN_MAX_FORWARDS] = {STR("Max-Forwards"), 0, false, 0, 1},
    [PLAIN_CONTENT_LENGTH] = {STR("Content-Length"), 'l', true, 0, 1},
    [PLAIN_ROUTE] = {STR("Route"), 0, false, 0, PLAIN_ROUTES_MAX},
    [PLAIN_RECORD_ROUTE] = {STR("Record-Route"), 0, false, 0, PLAIN_ROUTES_MAX},
};

/* While a message is read. */
struct reading {
    struct message m; /* what is known so far */
    struct plain *p;
    unsigned counts[PLAIN_HEADERS];
    unsigned n_elements; /* of the lists that are bounded (screen.h) */
    uint64_t length;
};

static enum plain_header header_of(struct str name)
{
    for (unsigned i = PLAIN_VIA; i < PLAIN_HEADERS; i++)
        if (header_is_named(name, kinds[i].name, kinds[i].compact))
            return (enum plain_header)i;
    return PLAIN_OTHER;
}

static bool is_known_method(struct str method)
{
    struct str known;
    for (unsigned i = 0; (known = screen_method(i)).n > 0; i++)
        if (str_eq(method, known))
            return true;
    return false;
}

/* The next line off *REST, without its end. False: it does not end with CRLF, or holds half of one.
 */
static bool take_line(struct str *rest, struct str *line)
{
    const char *end = rest->n > 0 ? memchr(rest->p, '\r', rest->n) : NULL;
    if (!end || end + 1 == rest->p + rest->n || end[1] != '\n')
        return false;
    *line = str_span(rest->p, end);
    *rest = str_span(end + 2, rest->p + rest->n);
    return memchr(line->p, '\n', line->n) == NULL && memchr(line->p, '\0', line->n) == NULL;
}

static bool read_start(struct reading *r, struct str line)
{
    struct message *m = &r->m;
    if (screen_start_line(m, line) != REASON_OK || m->start_is_odd || m->uri_unclear)
        return false;
    r->p->start = (struct plain_line){.n = (uint32_t)line.n + 2};
    return m->status != 0 ||
           (is_known_method(m->method) && plain_read_url(&r->p->request_url, m->request_uri));
}

static bool read_tag(struct str value, struct str *tag, bool *is_there)
{
    struct str second;
    unsigned n = tags_read(value, tag, &second);
    *is_there = n > 0;
    return n <= 1;
}

/* "1 INVITE" */
static bool read_cseq(struct message *m, struct str value)
{
    uint64_t number;
    struct str method = value, digits = str_cut(&method, ' ');
    if (!str_to_u64(digits, INT32_MAX, &number) || !is_known_method(method) ||
        (m->status == 0 && !str_eq(method, m->method)))
        return false;
    m->cseq = (uint32_t)number;
    m->cseq_method = method;
    if (m->status != 0)
        m->method = method;
    return true;
}

static bool read_max_forwards(struct plain *p, struct str value)
{
    uint64_t hops;
    p->has_max_forwards = value.n <= 5 && str_to_u64(value, 99999, &hops);
    p->max_forwards = p->has_max_forwards ? (unsigned)hops : 0;
    return p->has_max_forwards;
}

/* What the parser reads in a request alone. */
static bool read_of_request(struct reading *r, enum plain_header header, struct str value)
{
    struct str uri;
    switch (header) {
    case PLAIN_MAX_FORWARDS:
        return read_max_forwards(r->p, value);
    case PLAIN_ROUTE:
    case PLAIN_RECORD_ROUTE:
        return plain_is_route(value, &uri);
    case PLAIN_CALL_ID:
        return plain_is_call_id(value);
    case PLAIN_FROM:
    case PLAIN_TO:
        return plain_is_address(value);
    default:
        return true;
    }
}

static bool read_value(struct reading *r, enum plain_header header, struct str value)
{
    struct message *m = &r->m;
    bool from_has_tag;
    if (value.n == 0 || value.n > PLAIN_VALUE_MAX || ++r->counts[header] > kinds[header].most)
        return false;
    if (m->status == 0 && !read_of_request(r, header, value))
        return false;
    switch (header) {
    case PLAIN_VIA:
        return plain_is_via(value);
    case PLAIN_FROM:
        return read_tag(value, &m->from_tag, &from_has_tag);
    case PLAIN_TO:
        return read_tag(value, &m->to_tag, &m->claims_to_tag);
    case PLAIN_CALL_ID:
        m->call_id = value;
        return true;
    case PLAIN_CSEQ:
        return read_cseq(m, value);
    case PLAIN_CONTENT_LENGTH:
        return value.n <= 9 && str_to_u64(value, UINT32_MAX, &r->length);
    default:
        return true;
    }
}

/* Of the lists that screening bounds. */
static bool count_elements(struct reading *r, struct str name, struct str value)
{
    static const struct {
        struct str name;
        char compact;
    } lists[] = {{STR("Contact"), 'm'},
                 {STR("Require"), 0},
                 {STR("Proxy-Require"), 0},
                 {STR("Supported"), 'k'}};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (header_is_named(name, lists[i].name, lists[i].compact)) {
            r->n_elements++;
            for (size_t at = 0; (at = str_find(value, ',', at)) < value.n; at++)
                r->n_elements++;
        }
    return r->n_elements <= SCREEN_MAX_ELEMENTS;
}

/* "Name: value"; a name ends at its colon. */
static bool read_line(struct reading *r, struct str text)
{
    struct plain *p = r->p;
    const size_t colon = str_find(text, ':', 0);
    const struct str name = str_slice(text, 0, colon);
    const struct str value = str_trim(str_slice(text, colon + 1, text.n));
    if (colon == text.n || name.n > NAME_MAX_BYTES || !is_sip_token(name) ||
        p->n == PLAIN_LINES_MAX)
        return false;
    enum plain_header header = header_of(name);
    p->lines[p->n++] = (struct plain_line){.at = (uint32_t)(text.p - r->m.raw.p),
                                           .n = (uint32_t)text.n + 2,
                                           .value_at = (uint32_t)(value.p - text.p),
                                           .value_n = (uint32_t)value.n,
                                           .name_n = (uint16_t)name.n,
                                           .header = (uint16_t)header};
    if (header != PLAIN_OTHER && !read_value(r, header, value))
        return false;
    if (r->m.status != 0 && !kinds[header].of_response)
        p->lines[p->n - 1].header = PLAIN_OTHER;
    return r->m.status != 0 || header != PLAIN_OTHER || count_elements(r, name, value);
}

static bool has_all(const struct reading *r)
{
    for (unsigned i = PLAIN_VIA; i < PLAIN_HEADERS; i++)
        if (r->counts[i] < kinds[i].least)
            return false;
    /* The body is as long as is said, or there is none. */
    return (r->counts[PLAIN_CONTENT_LENGTH] ? r->length : 0) == r->m.raw.n - r->m.head_bytes;
}

static bool read_all(struct reading *r)
{
    struct str rest = r->m.raw, line;
    if (!take_line(&rest, &line) || !read_start(r, line))
        return false;
    while (take_line(&rest, &line)) {
        if (line.n == 0) {
            r->m.head_bytes = (size_t)(rest.p - r->m.raw.p);
            r->m.n_lines = r->p->n;
            return has_all(r);
        }
        if (!read_line(r, line)) /* one that goes on begins with white space: no name */
            return false;
    }
    return false;
}

void plain_free(struct plain *p)
{
    if (p)
        arena_free(p->added);
    block_give(p);
}

bool plain_read(struct message *m)
{
    struct reading r = {.m = *m, .p = block_take(sizeof(*r.p))};
    if (!r.p)
        return false;
    r.p->n = 0;
    r.p->has_max_forwards = false;
    r.p->route_read = 0;
    r.p->added = NULL;
    r.p->changed = 0;
    r.p->n_routes_off = 0;
    if (!read_all(&r)) {
        plain_free(r.p);
        return false;
    }
    *m = r.m;
    m->plain = r.p;
    return true;
}

/* ---- reading ---- */

struct str plain_text(const struct message *m, const struct plain_line *line)
{
    return (struct str){line->added ? line->added : m->raw.p + line->at, line->n};
}

struct header_line plain_line(const struct message *m, const struct plain_line *line)
{
    struct str text = plain_text(m, line);
    return (struct header_line){
        .name = str_slice(text, 0, line->name_n),
        .value = str_slice(text, line->value_at, line->value_at + line->value_n),
        .raw = text};
}

struct plain_line *plain_find(const struct message *m, enum plain_header header, unsigned number)
{
    struct plain *p = m->plain;
    for (unsigned i = 0; i < p->n; i++)
        if (p->lines[i].header == header && number-- == 0)
            return &p->lines[i];
    return NULL;
}

bool plain_via(const struct message *m, unsigned number, struct via_hop *hop)
{
    const struct plain_line *line = plain_find(m, PLAIN_VIA, number);
    struct str parameters, name, value;
    *hop = (struct via_hop){.host = {NULL, 0}};
    if (!line)
        return false;
    plain_split_via(plain_line(m, line).value, &hop->transport, &hop->host, &hop->port,
                    &parameters);
    while (plain_next_parameter(&parameters, &name, &value)) {
        struct str *of = str_eq_nocase(name, STR("branch"))     ? &hop->branch
                         : str_eq_nocase(name, STR("received")) ? &hop->received
                         : str_eq_nocase(name, STR("rport"))    ? &hop->rport
                                                                : NULL;
        if (of)
            *of = value.p ? value : STR("");
    }
    return true;
}

bool plain_via_has(const struct message *m, struct str parameter)
{
    const struct plain_line *line = plain_find(m, PLAIN_VIA, 0);
    struct str transport, host, port, parameters, name, value;
    if (!line)
        return false;
    plain_split_via(plain_line(m, line).value, &transport, &host, &port, &parameters);
    while (plain_next_parameter(&parameters, &name, &value))
        if (str_eq_nocase(name, parameter))
            return true;
    return false;
}

const url_t *plain_route_url(const struct message *m, unsigned number)
{
    struct plain *p = m->plain;
    const struct plain_line *line = plain_find(m, PLAIN_ROUTE, number);
    if (!line)
        return NULL;
    if (p->route_read == number + 1)
        return &p->route_url.url;
    struct str value = plain_line(m, line).value; /* "<uri>", whoever wrote it */
    p->route_read = 0;
    if (!plain_read_url(&p->route_url, str_slice(value, 1, str_find(value, '>', 0))))
        return NULL;
    p->route_read = number + 1;
    return &p->route_url.url;
}

/* ---- what came ---- */

bool plain_is_as_came(const struct message *m, unsigned headers)
{
    return (m->plain->changed & headers) == 0;
}

bool plain_came_next(const struct message *m, unsigned headers, unsigned *at,
                     struct header_line *line)
{
    const struct plain *p = m->plain;
    for (; *at < p->n; ++*at)
        if ((headers & 1u << p->lines[*at].header) && !p->lines[*at].added) {
            *line = plain_line(m, &p->lines[(*at)++]);
            return true;
        }
    return false;
}

/* Those that were taken off stood anywhere; the next is the one that stands first behind *BEHIND.
 */
bool plain_route_came(const struct message *m, size_t *behind, struct str *uri)
{
    const struct plain *p = m->plain;
    struct str value = {NULL, 0};
    size_t first = m->raw.n;
    for (unsigned i = 0; i < p->n; i++) {
        const struct plain_line *line = &p->lines[i];
        const size_t at = line->at + line->value_at;
        if (line->header != PLAIN_ROUTE || line->added || at <= *behind || at >= first)
            continue;
        first = at;
        value = (struct str){m->raw.p + at, line->value_n};
    }
    for (unsigned i = 0; i < p->n_routes_off; i++) {
        const size_t at = p->routes_off[i].at;
        if (at <= *behind || at >= first)
            continue;
        first = at;
        value = (struct str){m->raw.p + at, p->routes_off[i].n};
    }
    if (!value.p)
        return false;
    *behind = first;
    *uri = str_slice(value, 1, str_find(value, '>', 0)); /* "<uri>": plain_is_route() */
    return true;
}
