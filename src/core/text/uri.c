#include <stird/core/uri.h>

static enum uri_scheme scheme_of(struct str scheme)
{
    if (str_eq_nocase(scheme, STR("sip")) || str_eq_nocase(scheme, STR("sips")))
        return URI_SIP;
    return str_eq_nocase(scheme, STR("tel")) ? URI_TEL : URI_OTHER;
}

/* Where the colon stands that ends TEXT's scheme, or text.n. A scheme begins with a letter and
   holds no @ (RFC 3986 section 3.1): `911@h:5060` and `911:x` have a port and a password. Other
   characters before the letter, as in `<sip:`, do not hide a scheme. */
static size_t scheme_end(struct str text)
{
    size_t colon = 0;
    bool bracket = false;
    for (; colon < text.n && text.p[colon] != ':' && text.p[colon] != '@'; colon++)
        bracket |= text.p[colon] == '<';
    if (colon == text.n || text.p[colon] == '@')
        return text.n;
    struct str before = str_slice(text, 0, colon);
    while (before.n > 0 && !bracket) {
        char c = uri_octet_next(&before);
        if (ascii_is_alpha(c) || ascii_is_digit(c))
            return ascii_is_digit(c) ? text.n : colon;
    }
    return colon;
}

/* The user part of a SIP URI may have a password; a tel URI has none. */
static void split_user(struct uri *uri)
{
    struct str rest = uri->userinfo;
    if (uri->scheme == URI_SIP || uri->scheme == URI_NONE)
        rest = str_slice(rest, 0, str_find(rest, ':', 0));
    size_t semicolon = uri->scheme == URI_OTHER ? rest.n : str_find(rest, ';', 0);
    uri->user = str_slice(rest, 0, semicolon);
    uri->user_parameters = str_slice(rest, semicolon + 1, rest.n);
}

static bool is_port(struct str s)
{
    size_t i = s.n > 0 && s.p[0] == ':' ? 1 : 0;
    while (i < s.n && ascii_is_digit(s.p[i]))
        i++;
    return i == s.n && (s.n == 0 || s.p[0] == ':');
}

/* [host][:port][;parameters][?headers]; false where behind an @ stands what is no host and port. */
static bool split_host(struct uri *uri, struct str rest)
{
    rest = str_slice(rest, 0, str_find(rest, '?', 0));
    size_t semicolon = str_find(rest, ';', 0);
    struct str host = str_slice(rest, 0, semicolon);
    size_t bracket = host.n > 0 && host.p[0] == '[' ? str_find(host, ']', 0) : 0;
    uri->host = str_slice(host, 0, str_find(host, ':', bracket));
    uri->parameters = str_slice(rest, semicolon + 1, rest.n);
    return !uri->userinfo.p ||
           (uri_host_is_plain(uri->host) && is_port(str_slice(host, uri->host.n, host.n)));
}

bool uri_split(struct uri *uri, struct str text)
{
    size_t colon = scheme_end(text);
    bool none = colon == text.n;
    struct str rest = none ? text : str_slice(text, colon + 1, text.n);
    *uri = (struct uri){.scheme = none ? URI_NONE : scheme_of(str_slice(text, 0, colon))};
    size_t at = str_find(rest, '@', 0);
    if (uri->scheme != URI_SIP && !(none && at < rest.n)) {
        uri->userinfo = rest;
        split_user(uri);
        return true;
    }
    if (at < rest.n) {
        uri->userinfo = str_slice(rest, 0, at);
        split_user(uri);
        rest = str_slice(rest, at + 1, rest.n);
    }
    return split_host(uri, rest) && str_find(rest, '@', 0) == rest.n;
}

struct str uri_called_end(struct str called)
{
    static const char ends[] = {'@', ';', ':', '?', '/'};
    for (size_t i = 0; i < sizeof(ends); i++)
        called = str_slice(called, 0, str_find(called, ends[i], 0));
    return called;
}

struct str uri_called_part(struct str text)
{
    struct uri uri;
    uri_split(&uri, text);
    struct str called = uri.user;
    if (uri.scheme == URI_NONE)
        called = text;
    else if (uri.scheme == URI_SIP && !uri.userinfo.p)
        called = str_find(uri.host, '.', 0) == uri.host.n ? uri.host : STR("");
    if (str_starts(called, STR("//")))
        called = str_slice(called, 2, called.n);
    return uri_called_end(called);
}

bool uri_says_more(struct str text, struct str *password, struct str *headers)
{
    struct uri uri;
    uri_split(&uri, text);
    size_t colon = str_find(uri.userinfo, ':', 0), mark = str_find(text, '?', 0);
    *password = str_slice(uri.userinfo, colon + 1, uri.userinfo.n);
    *headers = str_slice(text, mark + 1, text.n);
    return colon < uri.userinfo.n || mark < text.n;
}

char uri_octet_next(struct str *s)
{
    char c = s->p[0];
    size_t used = 1;
    if (c == '%' && s->n >= 3 && ascii_hex_value(s->p[1]) >= 0 && ascii_hex_value(s->p[2]) >= 0) {
        c = (char)(ascii_hex_value(s->p[1]) << 4 | ascii_hex_value(s->p[2]));
        used = 3;
    }
    *s = str_slice(*s, used, s->n);
    return c;
}

static const bool plain_octets[256] = {['a' ... 'z'] = true, ['A' ... 'Z'] = true,
                                       ['0' ... '9'] = true, ['.'] = true,
                                       ['-'] = true,         ['_'] = true};

static bool is_plain(char c)
{
    return plain_octets[(unsigned char)c];
}

bool uri_host_is_plain(struct str host)
{
    bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (bracketed)
        host = str_slice(host, 1, host.n - 1);
    for (size_t i = 0; i < host.n; i++)
        if (!is_plain(host.p[i]) && !(bracketed && host.p[i] == ':'))
            return false;
    return host.n > 0;
}

bool uri_unescape(struct arena *arena, struct str text, struct str *decoded)
{
    *decoded = text;
    if (str_find(text, '%', 0) == text.n)
        return true;
    char *out = arena_alloc(arena, text.n);
    size_t n = 0;
    for (size_t i = 0; out && i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            int high = i + 1 < text.n ? ascii_hex_value(text.p[i + 1]) : -1;
            int low = i + 2 < text.n ? ascii_hex_value(text.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[n++] = c;
    }
    *decoded = (struct str){out, n};
    return out != NULL;
}

bool uri_parameter_next(struct str *parameters, struct str *name, struct str *value)
{
    while (parameters->n > 0) {
        *value = str_cut(parameters, ';');
        *name = str_cut(value, '=');
        if (name->n > 0)
            return true;
    }
    return false;
}

bool uri_name_is(struct str name, struct str wanted)
{
    size_t i = 0;
    for (; i < wanted.n && name.n > 0; i++)
        if (ascii_lower(uri_octet_next(&name)) != ascii_lower(wanted.p[i]))
            return false;
    return i == wanted.n && name.n == 0;
}
