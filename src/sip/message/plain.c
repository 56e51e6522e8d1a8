#include "plain.h"

#include <string.h>

#include <stird/base/block.h>
#include <stird/base/octets.h>
#include <stird/core/tag.h>
#include "plain_parts.h"
#include "screen.h"

#define NAME_MAX_BYTES 64

/* How many of each header that the parser reads too a plain message may have. */
static const struct {
    bool of_response; /* the parser reads it in a response too */
    unsigned least, most;
} kinds[PLAIN_HEADERS] = {
    [PLAIN_VIA] = {true, 1, PLAIN_VIAS_MAX},
    [PLAIN_FROM] = {false, 1, 1},
    [PLAIN_TO] = {false, 1, 1},
    [PLAIN_CALL_ID] = {false, 1, 1},
    [PLAIN_CSEQ] = {false, 1, 1},
    [PLAIN_MAX_FORWARDS] = {false, 0, 1},
    [PLAIN_CONTENT_LENGTH] = {true, 0, 1},
    [PLAIN_ROUTE] = {false, 0, PLAIN_ROUTES_MAX},
    [PLAIN_RECORD_ROUTE] = {false, 0, PLAIN_ROUTES_MAX},
};

/* The lists that screening bounds; besides enum plain_header. */
#define LIST PLAIN_HEADERS

/* While a message is read. */
struct reading {
    struct message *m; /* what is known so far */
    struct plain *p;
    unsigned counts[PLAIN_HEADERS];
    unsigned n_elements; /* of the lists that are bounded (screen.h) */
    uint64_t length;
};

/* Of a name of one letter. */
static unsigned compact_of(char small)
{
    switch (small) {
    case 'v':
        return PLAIN_VIA;
    case 'f':
        return PLAIN_FROM;
    case 't':
        return PLAIN_TO;
    case 'i':
        return PLAIN_CALL_ID;
    case 'l':
        return PLAIN_CONTENT_LENGTH;
    case 'm':
    case 'k':
        return LIST;
    default:
        return PLAIN_OTHER;
    }
}

#define WORD(eight) octets_8(eight)

/* A name of up to eight octets, in small letters; zeros stand behind it. */
static unsigned short_of(uint64_t name, size_t n)
{
    switch (n) {
    case 2:
        return name == WORD("to\0\0\0\0\0") ? PLAIN_TO : PLAIN_OTHER;
    case 3:
        return name == WORD("via\0\0\0\0") ? PLAIN_VIA : PLAIN_OTHER;
    case 4:
        return name == WORD("from\0\0\0")   ? PLAIN_FROM
               : name == WORD("cseq\0\0\0") ? PLAIN_CSEQ
                                            : PLAIN_OTHER;
    case 5:
        return name == WORD("route\0\0") ? PLAIN_ROUTE : PLAIN_OTHER;
    case 7:
        return name == WORD("call-id")                              ? PLAIN_CALL_ID
               : name == WORD("contact") || name == WORD("require") ? LIST
                                                                    : PLAIN_OTHER;
    default:
        return PLAIN_OTHER;
    }
}

/* A longer name by its first and its last eight octets, in small letters. */
static unsigned long_of(uint64_t first, uint64_t last, size_t n)
{
    switch (n) {
    case 9:
        return first == WORD("supporte") && last == WORD("upported") ? LIST : PLAIN_OTHER;
    case 12:
        return first == WORD("max-forw") && last == WORD("forwards")   ? PLAIN_MAX_FORWARDS
               : first == WORD("record-r") && last == WORD("rd-route") ? PLAIN_RECORD_ROUTE
                                                                       : PLAIN_OTHER;
    case 13:
        return first == WORD("proxy-re") && last == WORD("-require") ? LIST : PLAIN_OTHER;
    case 14:
        return first == WORD("content-") && last == WORD("t-length") ? PLAIN_CONTENT_LENGTH
                                                                     : PLAIN_OTHER;
    default:
        return PLAIN_OTHER;
    }
}

/* Which header a name is: enum plain_header or LIST; what is one of these is a token. */
static unsigned header_of(struct str name)
{
    if (name.n > 8)
        return long_of(octets_8(name.p) | OCTETS_SMALL,
                       octets_8(name.p + name.n - 8) | OCTETS_SMALL, name.n);
    if (name.n == 8 || name.n == 0)
        return PLAIN_OTHER;
    if (name.n == 1)
        return compact_of((char)(name.p[0] | 0x20));
    return short_of(octets_few(name.p, name.n) | OCTETS_SMALL >> 8 * (8 - name.n), name.n);
}

static bool is_known_method(struct str method)
{
    struct str known;
    for (unsigned i = 0; (known = screen_method(i)).n > 0; i++)
        if (str_eq(method, known))
            return true;
    return false;
}

/* The first CR, LF or NUL at or behind P; END: there is none. */
static const char *find_stop(const char *p, const char *end)
{
    while (end - p >= 8) {
        const uint64_t low = octets_below(octets_8(p), '\r' + 1);
        p += low ? octets_first(low) : 8;
        if (low && (*p == '\r' || *p == '\n' || *p == '\0'))
            return p;
        p += low != 0;
    }
    while (p < end && *p != '\r' && *p != '\n' && *p != '\0')
        p++;
    return p;
}

/* The next line off *REST, without its end. False: it does not end with CRLF, or holds half of one.
 */
static bool take_line(struct str *rest, struct str *line)
{
    const char *behind = rest->p + rest->n, *end = find_stop(rest->p, behind);
    if (behind - end < 2 || end[0] != '\r' || end[1] != '\n')
        return false;
    *line = str_span(rest->p, end);
    *rest = str_span(end + 2, behind);
    return true;
}

/* "SIP/2.0 200 OK", as screening reads it. */
static bool read_usual_status_line(struct message *m, struct str line)
{
    uint64_t status;
    if (line.n < 11 || octets_8(line.p) != WORD("SIP/2.0 ") || (line.n > 11 && line.p[11] != ' ') ||
        !str_to_u64((struct str){line.p + 8, 3}, 699, &status) || status < 100)
        return false;
    m->status = (int)status;
    return true;
}

/* "INVITE sip:2@h SIP/2.0", as screening reads it. */
static bool read_usual_request_line(struct message *m, struct str line)
{
    static const struct str version = STR(" SIP/2.0");
    const char *end = line.p + line.n, *space = memchr(line.p, ' ', line.n);
    if (!space)
        return false;
    struct str uri = {space + 1, plain_uri_octets(space + 1)};
    m->method = str_span(line.p, space);
    m->request_uri = uri;
    return uri.n > 0 && str_eq(str_span(uri.p + uri.n, end), version) && is_known_method(m->method);
}

static bool read_start(struct reading *r, struct str line)
{
    struct message *m = r->m;
    r->p->start = (struct plain_line){.n = (uint32_t)line.n + 2};
    if (read_usual_status_line(m, line))
        return true;
    if (read_usual_request_line(m, line) && plain_read_url(&r->p->request_url, m->request_uri))
        return true;
    if (screen_start_line(m, line) != REASON_OK || m->start_is_odd || m->uri_unclear)
        return false;
    return m->status != 0 ||
           (is_known_method(m->method) && plain_read_url(&r->p->request_url, m->request_uri));
}

/* In a request the address is plain too. */
static bool read_tag(const struct message *m, struct str value, struct str *tag, bool *is_there)
{
    struct str second;
    unsigned n;
    bool plain = m->status == 0 ? plain_read_address(value, tag, &n)
                                : plain_read_tags(value, tag, &n);
    if (!plain && m->status == 0)
        return false;
    if (!plain)
        n = tags_read(value, tag, &second);
    *is_there = n > 0;
    return n <= 1;
}

/* "1 INVITE" */
static bool read_cseq(struct message *m, struct str value)
{
    uint64_t number;
    size_t digits = 0;
    while (digits < value.n && value.p[digits] != ' ')
        digits++;
    struct str method = str_slice(value, digits + 1, value.n);
    if (!str_to_u64(str_slice(value, 0, digits), INT32_MAX, &number) ||
        (m->status == 0 ? !str_eq(method, m->method) : !is_known_method(method)))
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

/* The topmost comes first, and there are no more than there is room for. */
static bool read_via(struct reading *r, struct plain_line *line, struct str value)
{
    struct plain *p = r->p;
    const unsigned i = r->counts[PLAIN_VIA] - 1;
    line->via = (uint8_t)i;
    p->vias_used |= (uint16_t)(1u << i);
    p->vias_read = p->vias_used;
    return plain_read_via(value, true, &p->vias[i]);
}

/* "<uri>", and parameters. */
static bool read_route(struct reading *r, struct str value)
{
    const unsigned i = r->p->n_routes++;
    if (!plain_is_route(value))
        return false;
    r->p->routes[i].at = (uint32_t)(value.p + 1 - r->m->raw.p);
    r->p->routes[i].n = (uint32_t)str_find(value, '>', 0) - 1;
    return true;
}

static bool read_value(struct reading *r, enum plain_header header, struct str value)
{
    struct message *m = r->m;
    struct plain_line *line = &r->p->lines[r->p->n - 1];
    bool of_request = m->status == 0, from_has_tag;
    if (value.n == 0 || value.n > PLAIN_VALUE_MAX || ++r->counts[header] > kinds[header].most)
        return false;
    switch (header) {
    case PLAIN_VIA:
        return read_via(r, line, value);
    case PLAIN_FROM:
        return read_tag(m, value, &m->from_tag, &from_has_tag);
    case PLAIN_TO:
        return read_tag(m, value, &m->to_tag, &m->claims_to_tag);
    case PLAIN_CALL_ID:
        m->call_id = value;
        return !of_request || plain_is_call_id(value);
    case PLAIN_CSEQ:
        return read_cseq(m, value);
    case PLAIN_CONTENT_LENGTH:
        return value.n <= 9 && str_to_u64(value, UINT32_MAX, &r->length);
    case PLAIN_MAX_FORWARDS:
        return !of_request || read_max_forwards(r->p, value);
    case PLAIN_ROUTE:
        return !of_request || read_route(r, value);
    case PLAIN_RECORD_ROUTE:
        return !of_request || plain_is_route(value);
    default:
        return true;
    }
}

/* Of the lists that screening bounds. */
static bool count_elements(struct reading *r, struct str value)
{
    r->n_elements++;
    for (size_t at = 0; (at = str_find(value, ',', at)) < value.n; at++)
        r->n_elements++;
    return r->n_elements <= SCREEN_MAX_ELEMENTS;
}

/* TEXT up to its first colon; all of it where there is none. */
static size_t name_octets(struct str text)
{
    size_t at = 0;
    while (text.n - at >= 8) {
        const uint64_t colons = octets_equal(octets_8(text.p + at), ':');
        if (colons)
            return at + octets_first(colons);
        at += 8;
    }
    while (at < text.n && text.p[at] != ':')
        at++;
    return at;
}

/* S without the spaces and tabs around it. */
static struct str trimmed(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s.p++, s.n--;
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

/* "Name: value"; a name ends at its colon. */
static bool read_line(struct reading *r, struct str text)
{
    struct plain *p = r->p;
    const struct str name = {text.p, name_octets(text)};
    if (name.n == text.n || name.n > NAME_MAX_BYTES || p->n == PLAIN_LINES_MAX)
        return false;
    const struct str value = trimmed(str_span(text.p + name.n + 1, text.p + text.n));
    unsigned header = header_of(name);
    bool is_list = header == LIST;
    if (header == PLAIN_OTHER && !is_sip_token(name))
        return false;
    header = is_list ? PLAIN_OTHER : header;
    p->lines[p->n++] = (struct plain_line){.at = (uint32_t)(text.p - r->m->raw.p),
                                           .n = (uint32_t)text.n + 2,
                                           .value_at = (uint32_t)(value.p - text.p),
                                           .value_n = (uint32_t)value.n,
                                           .name_n = (uint16_t)name.n,
                                           .header = (uint8_t)header};
    if (is_list)
        return r->m->status != 0 || count_elements(r, value);
    if (header == PLAIN_OTHER)
        return true;
    if (r->m->status != 0 && !kinds[header].of_response)
        p->lines[p->n - 1].header = PLAIN_OTHER;
    return read_value(r, (enum plain_header)header, value);
}

static bool has_all(const struct reading *r)
{
    for (unsigned i = PLAIN_VIA; i < PLAIN_HEADERS; i++)
        if (r->counts[i] < kinds[i].least)
            return false;
    /* The body is as long as is said, or there is none. */
    return (r->counts[PLAIN_CONTENT_LENGTH] ? r->length : 0) == r->m->raw.n - r->m->head_bytes;
}

static bool read_all(struct reading *r)
{
    struct str rest = r->m->raw, line;
    if (!take_line(&rest, &line) || !read_start(r, line))
        return false;
    while (take_line(&rest, &line)) {
        if (line.n == 0) {
            r->m->head_bytes = (size_t)(rest.p - r->m->raw.p);
            r->m->n_lines = r->p->n;
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
    struct reading r = {.m = m, .p = block_take(sizeof(*r.p))};
    if (!r.p)
        return false;
    r.p->n = 0;
    r.p->vias_used = r.p->vias_read = 0;
    r.p->n_routes = 0;
    r.p->has_max_forwards = false;
    r.p->route_read = 0;
    r.p->added = NULL;
    r.p->changed = 0;
    if (!read_all(&r)) {
        plain_free(r.p);
        return false;
    }
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

/* A part of the line's value; empty where it is not there. */
static struct str part(const char *value, struct plain_part part)
{
    return part.at > 0 ? (struct str){value + part.at, part.n} : (struct str){NULL, 0};
}

static const char *value_of(const struct message *m, const struct plain_line *line)
{
    return plain_text(m, line).p + line->value_at;
}

const struct plain_via *plain_via_parts(const struct message *m, const struct plain_line *line)
{
    struct plain *p = m->plain;
    struct plain_via *via = &p->vias[line->via];
    if (p->vias_read & 1u << line->via)
        return via;
    /* What a Via of ours says is as plain as what comes; another one would have no parts. */
    const struct str value = plain_line(m, line).value;
    if (!plain_read_via(value, false, via))
        *via = (struct plain_via){.parameters = (uint16_t)value.n};
    p->vias_read |= (uint16_t)(1u << line->via);
    return via;
}

bool plain_via(const struct message *m, unsigned number, struct via_hop *hop)
{
    const struct plain_line *line = plain_find(m, PLAIN_VIA, number);
    if (!line) {
        *hop = (struct via_hop){.host = {NULL, 0}};
        return false;
    }
    const struct plain_via *via = plain_via_parts(m, line);
    const char *value = value_of(m, line);
    *hop = (struct via_hop){.transport = part(value, via->transport),
                            .host = part(value, via->host),
                            .port = part(value, via->port),
                            .branch = part(value, via->branch),
                            .received = part(value, via->received),
                            .rport = part(value, via->rport)};
    return true;
}

struct str plain_via_branch(const struct message *m)
{
    const struct plain_line *line = plain_find(m, PLAIN_VIA, 0);
    return line ? part(value_of(m, line), plain_via_parts(m, line)->branch) : (struct str){NULL, 0};
}

bool plain_via_has_received(const struct message *m)
{
    const struct plain_line *line = plain_find(m, PLAIN_VIA, 0);
    return line && plain_via_parts(m, line)->received.at > 0;
}

bool plain_via_has_rport(const struct message *m)
{
    const struct plain_line *line = plain_find(m, PLAIN_VIA, 0);
    return line && plain_via_parts(m, line)->rport.at > 0;
}

bool plain_route_came(const struct message *m, unsigned number, struct str *uri)
{
    const struct plain *p = m->plain;
    if (number >= p->n_routes)
        return false;
    *uri = (struct str){m->raw.p + p->routes[number].at, p->routes[number].n};
    return true;
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
