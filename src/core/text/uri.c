#include <stird/core/uri.h>

#include <stird/base/octets.h>

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
    size_t colon = str_find(text, ':', 0);
    struct str before = str_slice(text, 0, colon);
    if (colon == text.n || str_find(before, '@', 0) < colon)
        return text.n;
    bool bracket = str_find(before, '<', 0) < colon;
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

/* The marks from ':' to '@', which no letter and no digit is between: where the first of each is.
 */
struct marks {
    size_t colon, semicolon, question;
};

static void note_mark(struct marks *marks, char c, size_t at)
{
    if (c == ':' && at < marks->colon)
        marks->colon = at;
    else if (c == ';' && at < marks->semicolon)
        marks->semicolon = at;
    else if (c == '?' && at < marks->question)
        marks->question = at;
}

/* The top bits of the octets that are such marks. */
static uint64_t marks_in(uint64_t octets)
{
    const uint64_t low = octets & ~OCTETS_TOP;
    return (low + OCTETS_OF(0x80 - ':')) & ~(low + OCTETS_OF(0x80 - '@' - 1)) & ~octets &
           OCTETS_TOP;
}

/* [user[;parameters][:password]@][host][:port][;parameters][?headers], in one walk: it is asked of
   every URI of every message. False where behind an @ stands what is no host and port. */
static bool split_sip(struct uri *uri, struct str rest)
{
    const struct marks none = {rest.n, rest.n, rest.n};
    struct marks marks = none, of_user = none;
    size_t at = rest.n, n_at = 0;
    for (size_t i = 0; i < rest.n; i += 8) {
        const size_t n = rest.n - i;
        uint64_t found = marks_in(n < 8 ? octets_few(rest.p + i, n) : octets_8(rest.p + i));
        for (; found; found &= found - 1) {
            const size_t here = i + octets_first(found);
            note_mark(&marks, rest.p[here], here);
            if (rest.p[here] == '@' && n_at++ == 0) {
                at = here;
                of_user = marks;
                marks = none;
            }
        }
    }
    size_t begin = 0;
    if (n_at > 0) {
        uri->userinfo = str_slice(rest, 0, at);
        struct str user = str_slice(uri->userinfo, 0, of_user.colon);
        uri->user = str_slice(user, 0, of_user.semicolon);
        uri->user_parameters = str_slice(user, of_user.semicolon + 1, user.n);
        begin = at + 1;
    }
    struct str behind = str_slice(rest, begin, marks.question);
    struct str host = str_slice(behind, 0, marks.semicolon - begin);
    bool bracket = host.n > 0 && host.p[0] == '[';
    uri->host = str_slice(
        host, 0, bracket ? str_find(host, ':', str_find(host, ']', 0)) : marks.colon - begin);
    uri->parameters = str_slice(behind, marks.semicolon - begin + 1, behind.n);
    return n_at == 0 || (n_at == 1 && uri_host_is_plain(uri->host) &&
                         is_port(str_slice(host, uri->host.n, host.n)));
}

/* Octets of `sip:` or `sips:`; 0: it begins with neither. */
static size_t sip_scheme(struct str text)
{
    if (text.n < 5 || (text.p[0] | 0x20) != 's' || (text.p[1] | 0x20) != 'i' ||
        (text.p[2] | 0x20) != 'p')
        return 0;
    return text.p[3] == ':' ? 4 : (text.p[3] | 0x20) == 's' && text.p[4] == ':' ? 5 : 0;
}

bool uri_split(struct uri *uri, struct str text)
{
    const size_t sip = sip_scheme(text);
    if (sip > 0) {
        *uri = (struct uri){.scheme = URI_SIP};
        return split_sip(uri, str_slice(text, sip, text.n));
    }
    size_t colon = scheme_end(text);
    bool none = colon == text.n;
    struct str rest = none ? text : str_slice(text, colon + 1, text.n);
    *uri = (struct uri){.scheme = none ? URI_NONE : scheme_of(str_slice(text, 0, colon))};
    if (uri->scheme == URI_SIP || (none && str_find(rest, '@', 0) < rest.n))
        return split_sip(uri, rest);
    uri->userinfo = rest;
    split_user(uri);
    return true;
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

/* What a name or an address may be made of. */
static const bool host_octets[256] = {['a' ... 'z'] = true, ['A' ... 'Z'] = true,
                                      ['0' ... '9'] = true, ['.'] = true,
                                      ['-'] = true,         ['_'] = true};

bool uri_host_is_plain(struct str host)
{
    bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (bracketed)
        host = str_slice(host, 1, host.n - 1);
    for (size_t i = 0; i < host.n; i++)
        if (!host_octets[(unsigned char)host.p[i]] && !(bracketed && host.p[i] == ':'))
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
