#include <stird/x5u.h>

#include <string.h>

#define SCHEME "https://"

/* RFC 3986 without what would need an escape in JSON or end the <> of the Identity header. */
static bool is_safe(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (c && strchr("-._~:/?[]@!$&'()*+,;=%", c));
}

static struct str authority_of(struct str url)
{
    struct str rest = str_slice(url, sizeof(SCHEME) - 1, url.n);
    struct str authority = str_slice(rest, 0, str_find(rest, '/', 0));
    return str_slice(authority, 0, str_find(authority, '?', 0));
}

const char *x5u_fault(struct str url)
{
    if (url.n == 0)
        return "is empty: write the https URL here under which chain.pem is published";
    if (url.n > X5U_MAX_BYTES)
        return "is longer than 400 octets: publish chain.pem under a shorter URL";
    for (size_t i = 0; i < url.n; i++)
        if (!is_safe(url.p[i]))
            return "must be one URL of plain characters, without space, quotes, <> or fragment: "
                   "%-escape them";
    if (!str_starts(url, STR(SCHEME)))
        return "is no https URL: verifiers fetch certificates by https only";
    struct str authority = authority_of(url);
    if (str_find(authority, '@', 0) < authority.n)
        return "holds a user name before the host: verifiers refuse that; take it out";
    if (authority.n == 0 || authority.p[0] == ':')
        return "has no host name: write https://HOST/PATH";
    return NULL;
}

static bool read_port(struct str text, uint16_t *port)
{
    uint32_t value = 0;
    if (text.n == 0 || text.n > 5)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!ascii_is_digit(text.p[i]))
            return false;
        value = value * 10 + (uint32_t)(text.p[i] - '0');
    }
    *port = (uint16_t)value;
    return value == 443 || value == 8443;
}

const char *x5u_split(struct str url, struct x5u_parts *parts)
{
    struct str authority = authority_of(url);
    size_t end = str_find(authority, ':', 0);
    *parts = (struct x5u_parts){.port = 443};
    if (authority.n > 0 && authority.p[0] == '[') {
        size_t close = str_find(authority, ']', 0);
        if (close == authority.n)
            return "has an IPv6 address without its closing bracket";
        parts->host = str_slice(authority, 1, close);
        end = close + 1;
        if (end < authority.n && authority.p[end] != ':')
            return "has text behind its IPv6 address";
    } else {
        parts->host = str_slice(authority, 0, end);
    }
    if (parts->host.n == 0)
        return "has no host name";
    if (end < authority.n && !read_port(str_slice(authority, end + 1, authority.n), &parts->port))
        return "has another port than 443 or 8443";
    return NULL;
}
