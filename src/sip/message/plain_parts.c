#include "plain_parts.h"

#include <string.h>

#include <stird/base/octets.h>
#include <stird/core/route_line.h>

#define PARAMETERS_MAX 12

/* What an octet may stand in. */
enum {
    TOKEN = 1,    /* RFC 3261 section 25.1; a value without quotes; half a Call-ID, at most */
    HOST = 2,     /* a name or an IPv4 address */
    URI = 4,      /* with nothing that needs an escape, or is one */
    DISPLAY = 8,  /* within the quotes of a display name */
    ADDRESS = 16, /* of IPv6 besides a token: "received" has it without brackets */
    SIX = 32,     /* an IPv6 address, in brackets */
    TAIL = 64,    /* the parameters of a URI of the usual shape */
};

#define LETTER (TOKEN | HOST | URI | DISPLAY | TAIL)
#define MARK   (TOKEN | URI | DISPLAY | TAIL)

static const unsigned char kinds[256] = {
    ['a' ... 'f'] = LETTER | SIX,
    ['g' ... 'z'] = LETTER,
    ['A' ... 'F'] = LETTER | SIX,
    ['G' ... 'Z'] = LETTER,
    ['0' ... '9'] = LETTER | SIX,
    ['-'] = LETTER,
    ['.'] = LETTER | SIX,
    ['_'] = LETTER,
    ['!'] = MARK,
    ['~'] = MARK,
    ['*'] = MARK,
    ['+'] = MARK,
    ['\''] = DISPLAY,
    ['('] = DISPLAY,
    [')'] = DISPLAY,
    ['/'] = DISPLAY,
    [' '] = DISPLAY,
    [','] = DISPLAY,
    ['#'] = DISPLAY,
    ['&'] = DISPLAY,
    ['='] = URI | DISPLAY | TAIL,
    [';'] = URI | TAIL,
    [':'] = URI | ADDRESS | DISPLAY | SIX,
    ['@'] = URI,
    ['['] = URI,
    [']'] = URI,
};

/* The first octet at or behind P that is not of that kind. */
static inline const char *behind(const char *p, unsigned kind)
{
    while (kinds[(unsigned char)*p] & kind)
        p++;
    return p;
}

static inline bool is_word(struct str s, const char *small, size_t n)
{
    return s.n == n && (octets_few(s.p, n) | (OCTETS_SMALL >> 8 * (8 - n))) == octets_few(small, n);
}

size_t plain_uri_octets(const char *text)
{
    return (size_t)(behind(text, URI) - text);
}

bool plain_next_parameter(struct str *parameters, struct str *name, struct str *value)
{
    if (parameters->n == 0)
        return false;
    const char *end = parameters->p + parameters->n;
    const char *begin = parameters->p + 1, *stop = begin;
    *value = (struct str){NULL, 0};
    while (stop < end && *stop != ';')
        stop++;
    const char *equals = memchr(begin, '=', (size_t)(stop - begin));
    *name = str_span(begin, equals ? equals : stop);
    if (equals)
        *value = str_span(equals + 1, stop);
    *parameters = str_span(stop, end);
    return true;
}

/* The ";name=value" or ";name" at P, of tokens and values that need no quotes: the octet behind it.
   NULL: it is none. *VALUE is empty where there is none, and stands behind the name. */
static inline const char *take_parameter(const char *p, unsigned of_value, struct str *name,
                                         struct str *value)
{
    if (*p != ';')
        return NULL;
    const char *stop = behind(p + 1, TOKEN);
    *name = str_span(p + 1, stop);
    *value = (struct str){stop, 0};
    if (*stop == '=') {
        const char *begin = stop + 1;
        stop = behind(begin, of_value);
        *value = str_span(begin, stop);
        if (value->n == 0)
            return NULL;
    }
    return name->n > 0 ? stop : NULL;
}

/* Parameters up to END, and which of them are tags. */
static bool read_parameters(const char *p, const char *end, struct str *tag, unsigned *n_tags)
{
    struct str name, value;
    for (unsigned n = 0; p < end; n++) {
        p = n < PARAMETERS_MAX ? take_parameter(p, TOKEN, &name, &value) : NULL;
        if (!p)
            return false;
        if (is_word(name, "tag", 3) && (*n_tags)++ == 0)
            *tag = value;
    }
    return p == end;
}

/* Up to five digits that are a port; NULL: none. */
static const char *behind_port(const char *p)
{
    unsigned port = 0, n = 0;
    for (; ascii_is_digit(p[n]) && n < 5; n++)
        port = port * 10 + (unsigned)(p[n] - '0');
    return port > 0 && port <= 65535 ? p + n : NULL;
}

/* A name, an IPv4 address, or one of IPv6 in brackets; NULL: none. */
static const char *behind_host(const char *p)
{
    const char *end = behind(*p == '[' ? p + 1 : p, *p == '[' ? SIX : HOST);
    if (*p == '[')
        return *end == ']' && end > p + 1 ? end + 1 : NULL;
    return end > p ? end : NULL;
}

static struct plain_part part_of(struct str value, const char *begin, const char *end)
{
    return (struct plain_part){(uint16_t)(begin - value.p), (uint16_t)(end - begin)};
}

/* The part of VIA that such a parameter is, if it leads somewhere. */
static struct plain_part *leading(struct plain_via *via, struct str name)
{
    if (is_word(name, "branch", 6))
        return &via->branch;
    if (is_word(name, "rport", 5))
        return &via->rport;
    if (name.n == 8 && (octets_8(name.p) | OCTETS_SMALL) == octets_8("received"))
        return &via->received;
    return NULL;
}

/* At most so many parameters. */
static bool read_via_parameters(struct str all, const char *p, unsigned most, struct plain_via *via)
{
    const char *end = all.p + all.n;
    struct str name, value;
    for (unsigned n = 0; p < end; n++) {
        p = n < most ? take_parameter(p, TOKEN | ADDRESS, &name, &value) : NULL;
        if (!p)
            return false;
        struct plain_part *part = leading(via, name);
        if (part && part->at > 0)
            return false;
        if (part)
            *part = part_of(all, value.p, p);
    }
    return p == end;
}

#define VERSION   "SIP/2.0/"
#define TRANSPORT 4 /* "UDP ", TCP and TLS alike */

bool plain_read_via(struct str value, bool came, struct plain_via *via)
{
    const size_t longest = came ? PLAIN_VALUE_MAX : UINT16_MAX;
    const unsigned most = came ? PARAMETERS_MAX : UINT16_MAX;
    const char *p = value.p + sizeof(VERSION) - 1, *end = value.p + value.n, *stop;
    *via = (struct plain_via){.parameters = (uint16_t)value.n};
    if (value.n > longest || value.n <= sizeof(VERSION) - 1 + TRANSPORT ||
        octets_8(value.p) != octets_8(VERSION) ||
        (memcmp(p, "UDP ", TRANSPORT) != 0 && memcmp(p, "TCP ", TRANSPORT) != 0 &&
         memcmp(p, "TLS ", TRANSPORT) != 0))
        return false;
    via->transport = part_of(value, p, p + TRANSPORT - 1);
    p += TRANSPORT;
    stop = behind_host(p);
    if (!stop)
        return false;
    via->host = part_of(value, p, stop);
    if (*stop == ':') {
        p = stop + 1;
        stop = behind_port(p);
        if (!stop)
            return false;
        via->port = part_of(value, p, stop);
    }
    if (stop == end)
        return true;
    via->parameters = (uint16_t)(stop - value.p);
    return read_via_parameters(value, stop, most, via);
}

/* ---- URIs ---- */

/* "sip:user@host:port;name=value", which nearly all are; what is not there has no place. */
struct usual_uri {
    struct str user, host, port, parameters;
    bool secure;
    const char *end;
};

/* The octet behind the scheme; NULL: another one. */
static const char *behind_scheme(const char *p, bool *secure)
{
    if (p[0] != 's' || p[1] != 'i' || p[2] != 'p')
        return NULL;
    *secure = p[3] == 's';
    p += *secure ? 4 : 3;
    return *p == ':' ? p + 1 : NULL;
}

static bool read_usual_uri(const char *p, struct usual_uri *uri)
{
    *uri = (struct usual_uri){.secure = false};
    const char *begin = behind_scheme(p, &uri->secure), *end;
    if (!begin)
        return false;
    end = behind(begin, HOST);
    if (*end == '@' || (kinds[(unsigned char)*end] & TOKEN)) {
        end = behind(end, TOKEN);
        if (*end != '@' || end == begin)
            return false;
        uri->user = str_span(begin, end);
        begin = end + 1;
    }
    end = behind_host(begin);
    if (!end)
        return false;
    uri->host = str_span(begin, end);
    if (*end == ':') {
        begin = end + 1;
        end = behind_port(begin);
        if (!end)
            return false;
        uri->port = str_span(begin, end);
    }
    if (*end == ';') {
        begin = end + 1;
        end = behind(begin, TAIL);
        uri->parameters = str_span(begin, end);
        if (uri->parameters.n == 0)
            return false;
    }
    uri->end = end;
    return true;
}

/* Where P, in what was copied FROM, is in TO. */
static char *moved(char *to, const char *from, const char *p)
{
    return to + (p - from);
}

/* Each part ends with a NUL: what stood behind it is written over. */
static const char *part_ends(char *to, const char *from, struct str part)
{
    if (!part.p)
        return NULL;
    *moved(to, from, part.p + part.n) = '\0';
    return moved(to, from, part.p);
}

static void fill_url(struct plain_url *to, struct str text, const struct usual_uri *uri)
{
    memcpy(to->text, text.p, text.n);
    memset(&to->url, 0, sizeof(to->url));
    to->url.url_type = uri->secure ? url_sips : url_sip;
    to->url.url_scheme = uri->secure ? "sips" : "sip";
    to->url.url_user = part_ends(to->text, text.p, uri->user);
    to->url.url_host = part_ends(to->text, text.p, uri->host);
    to->url.url_port = part_ends(to->text, text.p, uri->port);
    to->url.url_params = part_ends(to->text, text.p, uri->parameters);
}

/* "sip:", "sips:" or "tel:", and something behind it. */
static bool has_scheme(struct str uri)
{
    static const struct str schemes[] = {STR("sip:"), STR("sips:"), STR("tel:")};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (str_starts(uri, schemes[i]))
            return uri.n > schemes[i].n;
    return false;
}

/* Whether it names somebody, or a place: sofia-sip takes no request for nobody. */
static bool names_something(const url_t *url)
{
    const char *name = url->url_type == url_tel ? url->url_user : url->url_host;
    return name && name[0] != '\0';
}

/* By sofia-sip itself. */
static bool read_other_url(struct plain_url *url, struct str text)
{
    if (text.n > PLAIN_URI_MAX || !has_scheme(text) || plain_uri_octets(text.p) != text.n)
        return false;
    memcpy(url->text, text.p, text.n);
    url->text[text.n] = '\0';
    return url_d(&url->url, url->text) == 0 && names_something(&url->url);
}

bool plain_read_url(struct plain_url *url, struct str text)
{
    struct usual_uri uri;
    if (text.n > PLAIN_URI_MAX || !read_usual_uri(text.p, &uri) || uri.end != text.p + text.n)
        return read_other_url(url, text);
    fill_url(url, text, &uri);
    return true;
}

/* ---- addresses ---- */

/* Words, or one quoted string without an escape, and the bracket behind them: what stands in the
   bracket. NULL: something else. */
static const char *behind_display(const char *p)
{
    if (*p == '"') {
        p = behind(p + 1, DISPLAY);
        if (*p++ != '"')
            return NULL;
    } else {
        while ((kinds[(unsigned char)*p] & TOKEN) || *p == ' ')
            p++;
    }
    while (*p == ' ' || *p == '\t')
        p++;
    return *p == '<' ? p + 1 : NULL;
}

/* The octet behind the bracket that ends the URI at P; NULL: it is not plain. */
static const char *behind_uri(const char *p, const char *end)
{
    struct usual_uri uri;
    struct plain_url other;
    if (read_usual_uri(p, &uri) && *uri.end == '>')
        return uri.end - p <= PLAIN_URI_MAX ? uri.end + 1 : NULL;
    const char *close = memchr(p, '>', (size_t)(end - p));
    return close && read_other_url(&other, str_span(p, close)) ? close + 1 : NULL;
}

bool plain_read_address(struct str value, struct str *tag, unsigned *n_tags)
{
    const char *end = value.p + value.n, *p = behind_display(value.p);
    *tag = (struct str){NULL, 0};
    *n_tags = 0;
    p = p ? behind_uri(p, end) : NULL;
    return p && read_parameters(p, end, tag, n_tags);
}

bool plain_read_tags(struct str value, struct str *tag, unsigned *n_tags)
{
    const char *end = value.p + value.n, *p = behind_display(value.p);
    *tag = (struct str){NULL, 0};
    *n_tags = 0;
    p = p ? memchr(p, '>', (size_t)(end - p)) : NULL;
    return p && read_parameters(p + 1, end, tag, n_tags);
}

/* Whether ";lr" is one of them. */
static bool has_lr(struct str parameters)
{
    for (size_t at = 0; parameters.n - at >= 2;) {
        const char *p = parameters.p + at;
        bool ends = parameters.n - at == 2 || p[2] == ';' || p[2] == '=';
        if ((p[0] | 0x20) == 'l' && (p[1] | 0x20) == 'r' && ends)
            return true;
        at = str_find(parameters, ';', at);
        at += at < parameters.n;
    }
    return false;
}

static bool is_other_route(struct str uri)
{
    struct plain_url url;
    return route_uri_is_plain(uri) && read_other_url(&url, uri) && url_has_param(&url.url, "lr");
}

bool plain_is_route(struct str value)
{
    const char *p = value.p, *end = p + value.n;
    struct usual_uri uri;
    struct str tag;
    unsigned n_tags = 0;
    if (*p++ != '<')
        return false;
    if (read_usual_uri(p, &uri) && *uri.end == '>' && has_lr(uri.parameters))
        return uri.end - p <= PLAIN_URI_MAX && read_parameters(uri.end + 1, end, &tag, &n_tags);
    const char *close = memchr(p, '>', (size_t)(end - p));
    return close && is_other_route(str_span(p, close)) &&
           read_parameters(close + 1, end, &tag, &n_tags);
}

bool plain_is_call_id(struct str value)
{
    const char *p = behind(value.p, TOKEN), *end = value.p + value.n;
    if (p == value.p || p == end)
        return p == end && p > value.p;
    return *p == '@' && p + 1 < end && behind(p + 1, TOKEN) == end;
}
