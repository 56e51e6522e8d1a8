#include "redirect_contact.h"

#include <stird/core/headers.h>
#include <stird/core/listeners.h>
#include <stird/core/uri.h>

#define SIP_PORT 5060

static bool is_of(struct str set, char c)
{
    return str_find(set, c, 0) < set.n;
}

static bool is_unreserved(char c)
{
    return ascii_is_alpha(c) || ascii_is_digit(c) || is_of(STR("-_.!~*'()"), c);
}

void redirect_contact_field(struct buf *out, bool first, struct str name, struct str value)
{
    const struct str parts[] = {name, value};
    buf_add_char(out, first ? '?' : '&');
    for (unsigned k = 0; k < 2; k++) {
        for (size_t i = 0; i < parts[k].n; i++) {
            const char c = parts[k].p[i];
            if (is_unreserved(c) || is_of(STR("[]/?:+$"), c))
                buf_add_char(out, c);
            else
                buf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
        }
        if (k == 0)
            buf_add_char(out, '=');
    }
}

/* ---- the user part ---- */

/* Whether S may stand before the @ of a URI and means the same to every reader: characters of
   `user` but "?" and "/", and whole escapes. */
static bool is_user(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if (c == '%' &&
            (i + 2 >= s.n || ascii_hex_value(s.p[i + 1]) < 0 || ascii_hex_value(s.p[i + 2]) < 0))
            return false;
        if (c != '%' && !is_unreserved(c) && !is_of(STR("&=+$,;"), c))
            return false;
    }
    return s.n > 0;
}

/* Of the Request-URI; empty: it has none that can be written again. A password would be written
   nowhere, and without it the URI is another one's. */
static struct str user_of(const struct redirect_question *q, struct uri *uri)
{
    const struct call *call = q->call;
    if (call->request_uri_unclear || !uri_split(uri, call->request_uri) ||
        (uri->scheme != URI_SIP && uri->scheme != URI_TEL) || !uri->userinfo.p ||
        !is_user(uri->userinfo))
        return STR("");
    return uri->userinfo;
}

/* ---- the host ---- */

/* The port that the sender of the request listens at, as its Via says (RFC 3261 section 18.2.2);
   0: the usual one. */
static uint16_t port_of_sender(struct str request)
{
    struct header_elements e = header_elements_of(request, STR("Via"), 'v');
    struct str via;
    uint64_t port = 0;
    if (!header_element_next(&e, &via))
        return 0;
    via = str_slice(via, 0, str_find(via, ';', 0));
    const size_t bracket = str_find(via, ']', 0); /* colons of an IPv6 address stand before it */
    struct str rest = bracket < via.n ? str_slice(via, bracket + 1, via.n) : via;
    const size_t colon = str_find(rest, ':', 0);
    if (!str_to_u64(str_trim(str_slice(rest, colon + 1, rest.n)), UINT16_MAX, &port))
        return 0;
    return port == SIP_PORT ? 0 : (uint16_t)port;
}

static void add_source(const struct redirect_question *q, struct buf *out)
{
    const uint16_t port = port_of_sender(q->request);
    address_add_host(out, &q->call->source);
    if (port != 0)
        buf_addf(out, ":%u", (unsigned)port);
}

/* Host and port of the Request-URI, where they are nobody's of ours: an SBC that followed them
   would ask us again, without end. False: nothing is written. */
static bool add_requested(const struct redirect_question *q, const struct uri *uri, struct buf *out)
{
    const struct listeners ours = listeners_of_settings(q->settings);
    const struct str text = q->call->request_uri;
    if (uri->scheme != URI_SIP || uri->host.n == 0 || !uri_host_is_plain(uri->host) ||
        listeners_have_name(&ours, uri->host))
        return false;
    size_t end = (size_t)(uri->host.p + uri->host.n - text.p);
    if (end < text.n && text.p[end] == ':')
        for (end++; end < text.n && ascii_is_digit(text.p[end]);)
            end++;
    buf_add_str(out, str_span(uri->host.p, text.p + end));
    return true;
}

/* ---- the request's own Contact ---- */

/* Whether it can stand between <> and be followed by header fields. */
static bool is_plain_uri(struct str s)
{
    struct uri uri;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f ||
            is_of(STR("<>\"\\^`{|}?"), s.p[i]))
            return false;
    return uri_split(&uri, s) && uri.scheme == URI_SIP && uri_host_is_plain(uri.host);
}

static bool echo(const struct redirect_question *q, struct buf *out)
{
    struct header_elements e = header_elements_of(q->request, STR("Contact"), 'm');
    struct str first, second, uri;
    if (!header_element_next(&e, &first) || header_element_next(&e, &second) ||
        !name_addr_clear(first, &uri) || !is_plain_uri(uri))
        return false;
    buf_add_str(out, uri);
    return true;
}

bool redirect_contact_uri(const struct redirect_question *q, struct buf *out)
{
    const struct dialect *d = q->call->trunk->in_dialect;
    struct uri uri;
    if (d->contact == DIALECT_CONTACT_NONE)
        return false;
    if (d->contact == DIALECT_CONTACT_ECHO)
        return echo(q, out);
    const struct str user = user_of(q, &uri);
    if (user.n == 0)
        return false;
    buf_add_text(out, str_starts_nocase(q->call->request_uri, STR("sips:")) ? "sips:" : "sip:");
    buf_add_str(out, user);
    buf_add_char(out, '@');
    if (d->contact == DIALECT_CONTACT_HOST)
        buf_add_str(out, d->contact_host);
    else if (d->contact != DIALECT_CONTACT_REQUEST || !add_requested(q, &uri, out))
        add_source(q, out);
    if (uri.scheme == URI_TEL)
        buf_add_text(out, ";user=phone");
    return true;
}
