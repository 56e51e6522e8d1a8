#include "plain_parts.h"

#include <string.h>

#include <stird/core/headers.h>
#include <stird/core/route_line.h>

#define PARAMETERS_MAX 12

/* What an octet may stand in. */
enum {
    TOKEN = 1,     /* RFC 3261 section 25.1 */
    HOST = 2,      /* a name or an address, in brackets or without */
    URI = 4,       /* with nothing that needs an escape, or is one */
    PARAMETER = 8, /* a value without quotes */
    CALL_ID = 16,  /* half a Call-ID, at most */
    DISPLAY = 32,  /* within the quotes of a display name */
    ADDRESS = 64,  /* of IPv6 besides: "received" has it without brackets */
};

static const unsigned char kinds[256] = {
    ['a' ... 'z'] = TOKEN | HOST | URI | PARAMETER | CALL_ID | DISPLAY,
    ['A' ... 'Z'] = TOKEN | HOST | URI | PARAMETER | CALL_ID | DISPLAY,
    ['0' ... '9'] = TOKEN | HOST | URI | PARAMETER | CALL_ID | DISPLAY,
    ['-'] = TOKEN | HOST | URI | PARAMETER | CALL_ID | DISPLAY,
    ['.'] = TOKEN | HOST | URI | PARAMETER | CALL_ID | DISPLAY,
    ['_'] = TOKEN | HOST | URI | PARAMETER | CALL_ID | DISPLAY,
    ['!'] = TOKEN | URI | PARAMETER | CALL_ID | DISPLAY,
    ['~'] = TOKEN | URI | PARAMETER | CALL_ID | DISPLAY,
    ['*'] = TOKEN | URI | PARAMETER | CALL_ID | DISPLAY,
    ['+'] = TOKEN | URI | PARAMETER | CALL_ID | DISPLAY,
    ['\''] = DISPLAY,
    ['('] = DISPLAY,
    [')'] = DISPLAY,
    ['/'] = DISPLAY,
    [' '] = DISPLAY,
    [','] = DISPLAY,
    ['#'] = DISPLAY,
    ['&'] = DISPLAY,
    ['='] = URI | DISPLAY,
    [';'] = URI,
    [':'] = URI | ADDRESS | DISPLAY,
    ['@'] = URI,
    ['['] = URI,
    [']'] = URI,
};

static size_t span(struct str s, unsigned kind)
{
    size_t n = 0;
    while (n < s.n && (kinds[(unsigned char)s.p[n]] & kind))
        n++;
    return n;
}

static bool is_all(struct str s, unsigned kind)
{
    return span(s, kind) == s.n;
}

static bool is_port(struct str s)
{
    uint64_t port;
    return s.n <= 5 && str_to_u64(s, 65535, &port) && port > 0;
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

/* ";name=value;name": tokens, and values that need no quotes. */
static bool are_parameters(struct str s, unsigned of_value)
{
    struct str name, value;
    unsigned n = 0;
    if (s.n > 0 && s.p[0] != ';')
        return false;
    while (plain_next_parameter(&s, &name, &value))
        if (++n > PARAMETERS_MAX || name.n == 0 || !is_all(name, TOKEN) ||
            (value.p && (value.n == 0 || !is_all(value, of_value))))
            return false;
    return true;
}

/* Whether none of those that say where a response goes is there twice. */
static bool leads_one_way(struct str parameters)
{
    unsigned n[3] = {0};
    struct str name, value;
    while (plain_next_parameter(&parameters, &name, &value)) {
        n[0] += str_eq_nocase(name, STR("branch"));
        n[1] += str_eq_nocase(name, STR("received"));
        n[2] += str_eq_nocase(name, STR("rport"));
    }
    return n[0] <= 1 && n[1] <= 1 && n[2] <= 1;
}

#define VERSION "SIP/2.0/"

void plain_split_via(struct str value, struct str *transport, struct str *host, struct str *port,
                     struct str *parameters)
{
    struct str rest = str_slice(value, sizeof(VERSION) - 1, value.n);
    *transport = str_slice(rest, 0, str_find(rest, ' ', 0));
    rest = str_slice(rest, transport->n + 1, rest.n);
    size_t n = 0;
    if (rest.n > 0 && rest.p[0] == '[')
        n = str_find(rest, ']', 0) + 1;
    else
        n = span(rest, HOST);
    *host = str_slice(rest, 0, n);
    rest = str_slice(rest, n, rest.n);
    *port = (struct str){NULL, 0};
    if (rest.n > 0 && rest.p[0] == ':') {
        *port = str_slice(rest, 1, str_find(rest, ';', 0));
        rest = str_slice(rest, 1 + port->n, rest.n);
    }
    *parameters = rest;
}

static bool is_host(struct str s)
{
    if (s.n < 3 || s.p[0] != '[')
        return s.n > 0 && is_all(s, HOST);
    for (size_t i = 1; i + 1 < s.n; i++)
        if (ascii_hex_value(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.')
            return false;
    return s.p[s.n - 1] == ']';
}

static bool is_transport(struct str s)
{
    static const struct str known[] = {STR("UDP"), STR("TCP"), STR("TLS")};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_eq(s, known[i]))
            return true;
    return false;
}

bool plain_is_via(struct str value)
{
    struct str transport, host, port, parameters;
    if (!str_starts(value, STR(VERSION)))
        return false;
    plain_split_via(value, &transport, &host, &port, &parameters);
    return is_transport(transport) && is_host(host) && (!port.p || is_port(port)) &&
           are_parameters(parameters, PARAMETER | ADDRESS) && leads_one_way(parameters);
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

bool plain_read_url(struct plain_url *url, struct str text)
{
    if (text.n > PLAIN_URI_MAX || !has_scheme(text) || !is_all(text, URI))
        return false;
    memcpy(url->text, text.p, text.n);
    url->text[text.n] = '\0';
    return url_d(&url->url, url->text) == 0 && names_something(&url->url);
}

/* Words, or one quoted string without an escape, before a bracket. */
static bool is_display(struct str s)
{
    s = str_trim(s);
    if (s.n == 0)
        return true;
    if (s.p[0] == '"')
        return s.n >= 2 && s.p[s.n - 1] == '"' && is_all(str_slice(s, 1, s.n - 1), DISPLAY);
    for (size_t i = 0; i < s.n; i++)
        if (!(kinds[(unsigned char)s.p[i]] & TOKEN) && s.p[i] != ' ')
            return false;
    return true;
}

/* "name <uri>;parameters"; *URI is what is in the brackets. */
static bool split_address(struct str value, struct str *uri, struct str *parameters)
{
    size_t open = str_find(value, '<', 0), close = str_find(value, '>', open);
    if (close == value.n)
        return false;
    *uri = str_slice(value, open + 1, close);
    *parameters = str_slice(value, close + 1, value.n);
    return is_display(str_slice(value, 0, open)) && are_parameters(*parameters, PARAMETER);
}

bool plain_is_address(struct str value)
{
    struct plain_url url;
    struct str uri, parameters;
    return split_address(value, &uri, &parameters) && plain_read_url(&url, uri);
}

bool plain_is_route(struct str value, struct str *uri)
{
    struct plain_url url;
    struct str parameters;
    return value.n > 0 && value.p[0] == '<' && split_address(value, uri, &parameters) &&
           route_uri_is_plain(*uri) && plain_read_url(&url, *uri) && url_has_param(&url.url, "lr");
}

bool plain_is_call_id(struct str value)
{
    struct str rest = value, word = str_cut(&rest, '@');
    return word.n > 0 && is_all(word, CALL_ID) &&
           (!rest.p || (rest.n > 0 && is_all(rest, CALL_ID)));
}
