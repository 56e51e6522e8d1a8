#include "odd.h"

#include <string.h>

#include <stird/core/emergency.h>
#include <stird/core/headers.h>
#include <stird/core/route_line.h>
#include "stand_in.h"

static struct str value_of(const struct message *m, const char *name, char compact)
{
    struct header_line line;
    return header_find(m->raw, str_of(name), compact, &line) ? line.value : (struct str){NULL, 0};
}

struct str odd_uri(struct str value)
{
    struct str uri, parameters, rest = value;
    if (name_addr(value, &uri, &parameters) && str_find(uri, '<', 0) == uri.n)
        return uri;
    while (str_find(rest, '<', 0) < rest.n)
        rest = str_slice(rest, str_find(rest, '<', 0) + 1, rest.n);
    return str_trim(str_slice(rest, 0, str_find(rest, '>', 0)));
}

/* Index of the last ";tag" of VALUE, or value.n. */
static size_t find_tag(struct str value)
{
    size_t found = value.n;
    for (size_t at = 0; (at = str_find(value, ';', at)) < value.n; at++)
        if (str_starts_nocase(str_trim(str_slice(value, at + 1, value.n)), STR("tag")))
            found = at;
    return found;
}

static void read_tag(struct str value, struct str *tag)
{
    struct str uri, parameters, found;
    if (tag->n == 0 && !name_addr(value, &uri, &parameters) &&
        parameter_find(str_slice(value, find_tag(value), value.n), STR("tag"), &found))
        *tag = found;
}

void odd_tags(struct message *m)
{
    struct str to = value_of(m, "To", 't');
    read_tag(value_of(m, "From", 'f'), &m->from_tag);
    read_tag(to, &m->to_tag);
    m->claims_to_tag |= find_tag(to) < to.n; /* other readers may see a tag there */
}

bool odd_is_emergency(const struct message *m)
{
    return emergency_uris(m->settings, m->request_uri, odd_uri(value_of(m, "To", 't')));
}

bool odd_is_taken(const struct message *m)
{
    struct str to = value_of(m, "To", 't');
    return m->status != 0 || find_tag(to) < to.n || odd_is_emergency(m);
}

/* ---- addresses that nobody reads otherwise than we do ---- */

static bool has_none_of(struct str s, struct str octets)
{
    for (size_t i = 0; i < s.n; i++)
        if (str_find(octets, s.p[i], 0) < octets.n)
            return false;
    return true;
}

static bool is_clear_uri(struct str s)
{
    size_t colon = str_find(s, ':', 0);
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
            return false;
    return colon > 0 && colon + 1 < s.n && has_none_of(s, STR("\"<>"));
}

/* Whether they are tokens, with tokens or hosts as their values; empty ones count for nothing. */
static bool are_clear_parameters(struct str rest)
{
    struct str one, value;
    if (rest.n > 0 && rest.p[0] != ';')
        return false;
    while (rest.n > 0) {
        one = str_trim(str_cut(&rest, ';'));
        bool valued = str_find(one, '=', 0) < one.n;
        value = one;
        struct str name = str_trim(str_cut(&value, '='));
        if (one.n > 0 && (!is_sip_token(name) || (valued && !is_sip_token(str_trim(value)))))
            return false;
    }
    return true;
}

/* "Doe, John <sip:...>;tag=a;": what is in <> is the URI to every reader, and the tag one token. */
static bool is_clear_address(struct str value)
{
    struct str uri, parameters;
    return name_addr_clear(value, &uri) && name_addr(value, &uri, &parameters) &&
           is_clear_uri(uri) && are_clear_parameters(parameters);
}

static bool addresses_are_clear(const struct message *m)
{
    return is_clear_address(value_of(m, "From", 'f')) && is_clear_address(value_of(m, "To", 't'));
}

/* ---- what is replaced ---- */

static bool is_any(const struct message *m)
{
    return m->fault.reason == REASON_BAD_REQUEST;
}

static bool is_address(const struct message *m)
{
    return odd_is_taken(m) || addresses_are_clear(m);
}

/* A Request-URI with white space may be somebody's Contact, where a Route leads there; otherwise it
   is none (RFC 4475 section 3.1.2.8). */
bool odd_start_line_is_taken(const struct message *m)
{
    bool spaced = str_find(m->request_uri, ' ', 0) < m->request_uri.n ||
                  str_find(m->request_uri, '\t', 0) < m->request_uri.n;
    bool leads_there = !str_eq(m->method, STR("INVITE")) || value_of(m, "Route", '\0').p;
    return odd_is_taken(m) && (!spaced || leads_there || odd_is_emergency(m));
}

/* What can be replaced, in the order in which it is tried: for a fault at WHERE, or for one that
   names no place. */
static const struct {
    unsigned odd;
    struct str where[2];
    bool (*is_allowed)(const struct message *m);
} replacements[] = {
    {ODD_VIA, {STR("Via"), STR("v")}, is_any},
    {ODD_LOWER_VIA, {STR("Via"), STR("v")}, is_any},
    {ODD_ROUTE_ENDS, {STR("Route"), STR("Route")}, is_any},
    {ODD_ROUTE, {STR("Route"), STR("Route")}, odd_is_emergency},
    {ODD_ADDRESSES, {STR("From"), STR("f")}, is_address},
    {ODD_ADDRESSES, {STR("To"), STR("t")}, is_address},
    {ODD_ESCAPES, {STR("start line"), STR("start line")}, odd_start_line_is_taken},
    {ODD_URI, {STR("start line"), STR("start line")}, odd_start_line_is_taken},
};

unsigned odd_next(const struct message *m)
{
    struct str where = m->fault.where;
    bool unnamed = str_eq(where, STR("message"));
    for (size_t i = 0; i < sizeof(replacements) / sizeof(replacements[0]); i++)
        if (!(m->odd & replacements[i].odd) &&
            (unnamed || str_eq_nocase(where, replacements[i].where[0]) ||
             str_eq_nocase(where, replacements[i].where[1])) &&
            replacements[i].is_allowed(m))
            return replacements[i].odd;
    return 0;
}

/* "sip:xxxx" over S, or what is shorter. */
static void write_uri(const struct message *m, struct str s, char *text)
{
    char *at = text + (s.p - m->raw.p);
    memset(at, 'x', s.n);
    if (s.n >= sizeof("sip:x") - 1)
        memcpy(at, "sip:", 4);
}

static void write_escapes(const struct message *m, char *text)
{
    struct str uri = m->request_uri;
    for (size_t i = 0; i < uri.n; i++)
        if (uri.p[i] == '%' || (unsigned char)uri.p[i] <= ' ' || (unsigned char)uri.p[i] >= 0x7f ||
            str_find(STR("\"<>"), uri.p[i], 0) < 3)
            text[(uri.p - m->raw.p) + (ptrdiff_t)i] = 'x';
}

/* Index behind a quoted string that begins at AT, or AT. */
static size_t behind_quoted(struct str s, size_t at)
{
    if (s.p[at] != '"')
        return at;
    for (at++; at < s.n && s.p[at] != '"'; at++)
        at += s.p[at] == '\\';
    return at < s.n ? at + 1 : s.n;
}

/* Whether nothing but white space is between AT and the end of the parameter. */
static bool ends_here(struct str s, size_t at)
{
    while (at < s.n && str_find(STR(" \t\r\n"), s.p[at], 0) < 4)
        at++;
    return at >= s.n || s.p[at] == ';' || s.p[at] == ',';
}

static void blank(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] != '\r' && text[i] != '\n')
            text[i] = ' ';
}

/* Writes ";;" as ";", no final ";", "rport=" as "rport", and leaves "received=" out. */
static void write_via(const struct message *m, struct str value, char *text)
{
    char *copy = text + (value.p - m->raw.p);
    size_t begin = 0, next;
    for (size_t i = 0; i < value.n; i = next) {
        next = behind_quoted(value, i);
        if (next > i)
            continue;
        next = i + 1;
        if (value.p[i] == ';' || value.p[i] == ',')
            begin = i;
        if (value.p[i] == ';' && ends_here(value, i + 1))
            copy[i] = ' ';
        if (value.p[i] != '=' || !ends_here(value, i + 1))
            continue;
        struct str name = str_trim(str_slice(value, begin + 1, i));
        if (value.p[begin] == ';' && str_eq_nocase(name, STR("received")))
            blank(copy + begin, i + 1 - begin);
        else if (!str_eq_nocase(name, STR("branch")))
            copy[i] = ' ';
    }
}

/* The index in ELEMENT of the bracket before URI, which is part of it; 0 where there is none. */
static size_t find_bracket(struct str element, struct str uri)
{
    size_t i = (size_t)(uri.p - element.p);
    while (i > 0 && element.p[i - 1] != '<')
        i--;
    return i > 0 ? i - 1 : 0;
}

/* Moves the closing bracket to the end of URI, a part of the message: sofia-sip takes no white
   space before it. */
static void draw_brackets(const struct message *m, struct str uri, char *text)
{
    char *begin = text + (uri.p - m->raw.p), *end = begin + uri.n, *close = end;
    while (*close != '>')
        close++;
    if (close > end && *end != '\r' && *end != '\n') {
        *close = ' ';
        *end = '>';
    }
    char *open = begin - 1;
    while (*open != '<')
        open--;
    *open = ' ';
    begin[-1] = '<';
}

/* Blanks names, which sofia-sip reads as ASCII, and what follows a ">" and is no parameter. */
static void write_around(const struct message *m, struct str value, char *text)
{
    struct str element, uri, parameters;
    while (list_next(&value, &element)) {
        if (!name_addr_clear(element, &uri) || !name_addr(element, &uri, &parameters))
            continue;
        size_t open = find_bracket(element, uri);
        blank(text + (element.p - m->raw.p), open);
        if (!name_addr_alone(str_slice(element, open, element.n), &uri))
            blank(text + (parameters.p - m->raw.p), parameters.n);
        if (element.p[open] == '<')
            draw_brackets(m, uri, text);
    }
}

/* Writes a line that some readers take for no list as one that holds the URIs alone. */
static void write_bare(const struct message *m, struct route_line line, char *text)
{
    struct str whole = line.rest, uri;
    char *copy = text + (whole.p - m->raw.p), *behind = NULL;
    blank(copy, whole.n);
    while (route_line_next(&line, &uri)) {
        char *at = text + (uri.p - m->raw.p);
        memcpy(at, uri.p, uri.n);
        at[-1] = '<';
        at[uri.n] = '>';
        while (behind && behind < at - 1 && *behind != ' ')
            behind++;
        if (behind && behind < at - 1)
            *behind = ',';
        behind = at + uri.n + 1;
    }
}

/* ";;" and a final ";" behind the ">": what is between the brackets is the URI's. */
static void write_route(const struct message *m, struct str value, char *text)
{
    char *copy = text + (value.p - m->raw.p);
    bool inside = false;
    size_t next;
    for (size_t i = 0; i < value.n; i = next) {
        next = behind_quoted(value, i);
        if (next > i)
            continue;
        next = i + 1;
        inside = value.p[i] == '<' || (inside && value.p[i] != '>');
        if (!inside && (value.p[i] == ';' || value.p[i] == '=') && ends_here(value, i + 1))
            copy[i] = ' ';
    }
}

static void write_route_line(const struct message *m, struct str value, char *text)
{
    struct route_line line = route_line_read(value);
    if (!line.clear) {
        write_bare(m, line, text);
        return;
    }
    write_route(m, value, text);
    write_around(m, value, text);
}

static bool names_no_route(struct str value)
{
    struct route_line line = route_line_read(value);
    struct str uri;
    return line.clear && !route_line_next(&line, &uri);
}

static void write_lists(const struct message *m, char *text)
{
    struct header_line line;
    struct str rest;
    bool via_seen = false;
    for (start_line(m->raw, &rest); header_next(&rest, &line);) {
        bool via = header_is(&line, STR("Via"), 'v');
        bool route = header_is(&line, STR("Route"), 0);
        bool nobody = via && list_is_empty(line.value);
        bool empty = nobody || (route && (m->odd & ODD_ROUTE_ENDS) && names_no_route(line.value));
        bool hidden = (via && via_seen && (m->odd & ODD_LOWER_VIA)) || empty ||
                      (route && (m->odd & ODD_ROUTE)) ||
                      (header_is(&line, STR("Record-Route"), 0) && (m->odd & ODD_RECORD_ROUTE));
        if (hidden)
            stand_in_hide(m, &line, text);
        else if (via && (m->odd & ODD_VIA))
            write_via(m, line.value, text);
        else if (route && (m->odd & ODD_ROUTE_ENDS))
            write_route_line(m, line.value, text);
        via_seen |= via && !nobody;
    }
}

void odd_write(const struct message *m, char *text)
{
    if (m->odd & (ODD_VIA | ODD_LOWER_VIA | ODD_ROUTE | ODD_ROUTE_ENDS | ODD_RECORD_ROUTE))
        write_lists(m, text);
    if (m->odd & ODD_ADDRESSES) {
        write_uri(m, value_of(m, "To", 't'), text);
        write_uri(m, value_of(m, "From", 'f'), text);
    }
    if (m->status == 0 && (m->odd & ODD_ESCAPES))
        write_escapes(m, text);
    if (m->status == 0 && (m->odd & ODD_URI))
        stand_in_uri(m, text);
}
