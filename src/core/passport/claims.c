/* Text that a worker may have signed: it names who is meant, and says nothing else. */
#include <stird/core/passport.h>

#include <stird/core/uri.h>

static bool is_digits(struct str s)
{
    size_t i = 0;
    while (i < s.n && ascii_is_digit(s.p[i]))
        i++;
    return s.n > 0 && i == s.n;
}

/* As it stands in a number that is canonical, or with the plus of a global one (RFC 3966). */
static bool is_number(struct str user)
{
    if (user.n > 0 && user.p[0] == '+')
        user = str_slice(user, 1, user.n);
    return is_digits(user) && user.n <= TN_MAX_DIGITS;
}

/* As hosts are compared: in lower case (RFC 3261 section 19.1.4). */
static bool is_host(struct str host)
{
    for (size_t i = 0; i < host.n; i++)
        if (ascii_lower(host.p[i]) != host.p[i])
            return false;
    return host.n > 0 && uri_host_is_plain(host);
}

/* Nothing, or ":5060". */
static bool is_port(struct str text)
{
    uint64_t port;
    return text.n == 0 ||
           (text.p[0] == ':' && str_to_u64(str_slice(text, 1, text.n), UINT16_MAX, &port));
}

/* "sos", "sos.fire": labels of lower case letters, digits and hyphens. */
static bool is_service(struct str labels)
{
    bool good = labels.n > 0;
    while (good && labels.p) {
        struct str label = str_cut(&labels, '.');
        good = label.n > 0;
        for (size_t i = 0; good && i < label.n; i++)
            good = (label.p[i] >= 'a' && label.p[i] <= 'z') || ascii_is_digit(label.p[i]) ||
                   label.p[i] == '-';
    }
    return good;
}

/* Behind "sip:": NUMBER@HOST and no more, by what the reader of URIs finds in it. */
static bool is_number_at_host(struct str uri, struct str rest)
{
    struct uri parts;
    struct str user = str_cut(&rest, '@');
    return rest.p && is_number(user) && uri_split(&parts, uri) && parts.scheme == URI_SIP &&
           str_eq(parts.userinfo, user) && is_host(parts.host) && str_starts(rest, parts.host) &&
           is_port(str_slice(rest, parts.host.n, rest.n));
}

static struct str behind(struct str uri, struct str start)
{
    return str_starts(uri, start) ? str_slice(uri, start.n, uri.n) : (struct str){NULL, 0};
}

bool passport_is_number_uri(struct str uri)
{
    if (uri.n > PASSPORT_URI_MAX)
        return false;
    return is_service(behind(uri, STR("urn:service:"))) || is_number(behind(uri, STR("tel:"))) ||
           is_number_at_host(uri, behind(uri, STR("sip:"))) ||
           is_number_at_host(uri, behind(uri, STR("sips:")));
}

bool passport_is_hi(struct str hi)
{
    bool good = hi.n > 0 && hi.n <= PASSPORT_HI_MAX;
    while (good && hi.p)
        good = is_digits(str_cut(&hi, '.'));
    return good;
}
