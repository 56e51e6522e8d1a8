#include <stird/core/x5u.h>

#include <stird/core/public_address.h>

#include <string.h>

#define SCHEME "https://"

/* RFC 3986 without what would need an escape in JSON or end the <> of the Identity header. */
static bool is_safe(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || (c && strchr("-._~:/?[]@!$&'()*+,;=%", c));
}

static bool has(struct str text, char c)
{
    return str_find(text, c, 0) < text.n;
}

static struct str behind_scheme(struct str url)
{
    return str_slice(url, sizeof(SCHEME) - 1, url.n);
}

static struct str authority_of(struct str url)
{
    struct str rest = behind_scheme(url);
    struct str authority = str_slice(rest, 0, str_find(rest, '/', 0));
    return str_slice(authority, 0, str_find(authority, '?', 0));
}

static bool read_port(struct str text, uint16_t *port)
{
    uint64_t value = 0;
    if (text.n > 5 || !str_to_u64(text, UINT16_MAX, &value))
        return false;
    *port = (uint16_t)value;
    return value == 443 || value == 8443;
}

/* A final dot is that of the root. */
static bool has_wrong_label(struct str host)
{
    if (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    bool wrong = host.n > 253;
    while (!wrong && host.p) {
        struct str label = str_cut(&host, '.');
        wrong = label.n == 0 || label.n > 63;
    }
    return wrong;
}

/* RFC 1123 section 2.1 */
static bool has_outer_hyphen(struct str host)
{
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] == '-' &&
            (i == 0 || i + 1 == host.n || host.p[i - 1] == '.' || host.p[i + 1] == '.'))
            return true;
    return false;
}

static bool is_host(struct str host)
{
    for (size_t i = 0; i < host.n; i++)
        if (!ascii_is_alpha(host.p[i]) && !ascii_is_digit(host.p[i]) && host.p[i] != '-' &&
            host.p[i] != '.' && host.p[i] != '_')
            return false;
    return true;
}

/* One that maps IPv4 too: where it leads is not for its spelling to say. */
static bool is_ipv6(struct str host)
{
    struct address address;
    return has(host, ':') && address_parse(host, &address);
}

static const char *split(struct str authority, struct x5u_parts *parts)
{
    size_t end = str_find(authority, ':', 0);
    if (authority.n > 0 && authority.p[0] == '[') {
        size_t close = str_find(authority, ']', 0);
        if (close == authority.n)
            return "has an IPv6 address without its closing bracket";
        parts->host = str_slice(authority, 1, close);
        end = close + 1;
        if (!is_ipv6(parts->host))
            return "has something else than an IPv6 address between the brackets";
        if (end < authority.n && authority.p[end] != ':')
            return "has text behind its IPv6 address";
    } else {
        parts->host = str_slice(authority, 0, end);
        if (!is_host(parts->host))
            return "has a host that is neither a name nor an address";
    }
    if (parts->host.n == 0)
        return "has no host name: write https://HOST/PATH";
    if (authority.p[0] != '[' && has_wrong_label(parts->host))
        return "has a host that no name server knows: a label between its dots is empty or longer "
               "than 63 characters";
    if (has_outer_hyphen(parts->host))
        return "has a host that no name server knows: a label between its dots begins or ends with "
               "a hyphen";
    if (end < authority.n && !read_port(str_slice(authority, end + 1, authority.n), &parts->port))
        return "has another port than 443 or 8443";
    return NULL;
}

static bool is_hex(char c)
{
    return ascii_is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

/* RFC 3986 section 2.1 */
static bool has_broken_escape(struct str url)
{
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] == '%' && !(i + 2 < url.n && is_hex(url.p[i + 1]) && is_hex(url.p[i + 2])))
            return true;
    return false;
}

const char *x5u_split(struct str url, struct x5u_parts *parts)
{
    *parts = (struct x5u_parts){.port = 443};
    if (url.n == 0)
        return "is empty: write the https URL here under which chain.pem is published";
    if (url.n > X5U_MAX_BYTES)
        return "is longer than 400 octets: a shorter URL is needed";
    for (size_t i = 0; i < url.n; i++)
        if (!is_safe(url.p[i]))
            return "must be one URL of plain characters, without space, quotes, <> or fragment: "
                   "%-escape them";
    if (has_broken_escape(url))
        return "has a % without two hexadecimal digits behind it";
    if (!str_starts_nocase(url, STR(SCHEME)))
        return "is no https URL: verifiers fetch certificates by https only";
    if (has(authority_of(url), '@'))
        return "holds a user name before the host: verifiers refuse that; take it out";
    if (has(behind_scheme(url), '?') || has(behind_scheme(url), ';'))
        return "holds a query or a path parameter: verifiers refuse that (ATIS-1000074): a "
               "plain path is needed";
    const struct str rest = behind_scheme(url), authority = authority_of(url);
    parts->path = rest.n > authority.n ? str_slice(rest, authority.n, rest.n) : STR("/");
    return split(authority, parts);
}

const char *x5u_fault(struct str url)
{
    struct x5u_parts parts;
    return x5u_split(url, &parts);
}

/* RFC 6761, 6762, 7686, 8375, 9476, and what ICANN reserved: DNS leads nowhere, or to each
   network's own. */
static const char *const nobodys_domains[] = {"localhost", "local",    "localdomain", "invalid",
                                              "test",      "example",  "internal",    "onion",
                                              "alt",       "home.arpa"};

static bool is_nobodys(struct str host)
{
    for (size_t i = 0; i < sizeof(nobodys_domains) / sizeof(nobodys_domains[0]); i++) {
        struct str end = str_of(nobodys_domains[i]);
        bool long_enough = host.n >= end.n;
        struct str last = str_slice(host, long_enough ? host.n - end.n : 0, host.n);
        if (long_enough && str_eq_nocase(last, end) &&
            (host.n == end.n || host.p[host.n - end.n - 1] == '.'))
            return true;
    }
    return false;
}

/* "127.1", "0x7f000001": some resolvers take it for an address, and there is no such domain. */
static bool ends_in_a_number(struct str host)
{
    struct str last = host;
    size_t digits = 0;
    while (str_find(last, '.', 0) < last.n)
        str_cut(&last, '.');
    while (digits < last.n && ascii_is_digit(last.p[digits]))
        digits++;
    return digits == last.n || str_starts_nocase(last, STR("0x"));
}

/* RFC 3986 section 6.2.2: those who fetch take them out, escaped ones too. */
static bool has_dot_segment(struct str path)
{
    while (path.n > 0) {
        struct str segment = str_cut(&path, '/');
        unsigned dots = 0;
        while (segment.n > 0 && (segment.p[0] == '.' || str_starts_nocase(segment, STR("%2e")))) {
            const size_t n = segment.p[0] == '.' ? 1 : 3;
            segment = str_slice(segment, n, segment.n);
            dots++;
        }
        if (segment.n == 0 && (dots == 1 || dots == 2))
            return true;
    }
    return false;
}

const char *x5u_warning(struct str url)
{
    struct x5u_parts parts;
    struct address address;
    if (x5u_split(url, &parts))
        return NULL;
    if (has_dot_segment(parts.path))
        return "has . or .. between its slashes: verifiers take it out and ask for another path: "
               "write the path without";
    struct str host = parts.host;
    if (host.p[host.n - 1] == '.')
        host.n--;
    if (address_parse(host, &address) && has(host, ':') && address.family == ADDRESS_IPV4)
        return "names an IPv4 address that is dressed as IPv6, which some verifiers do not follow: "
               "write the address itself";
    if (address_parse(host, &address))
        return public_address((enum address_family)address.family, address.bytes)
                   ? NULL
                   : "names an address that is no web server on the Internet (a private one, the "
                     "loopback or the like): no verifier outside this network follows it";
    if (ends_in_a_number(host))
        return "names a host that is neither an address nor a name: no verifier follows it";
    if (str_find(host, '.', 0) == host.n || is_nobodys(host))
        return "names a private or loopback host: no verifier outside this network follows it";
    return NULL;
}

struct str x5u_without_final_dot(struct str host)
{
    return host.n > 1 && host.p[host.n - 1] == '.' ? str_slice(host, 0, host.n - 1) : host;
}

bool x5u_same_host(struct str host, struct str other)
{
    struct address one, two;
    if (address_parse(host, &one) && address_parse(other, &two))
        return address_equal(&one, &two);
    return str_eq_nocase(x5u_without_final_dot(host), x5u_without_final_dot(other));
}

bool x5u_share_host(struct str url, struct str other)
{
    struct x5u_parts one, two;
    return !x5u_split(url, &one) && !x5u_split(other, &two) && one.port == two.port &&
           str_eq_nocase(one.host, two.host);
}
