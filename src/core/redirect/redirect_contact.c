#include "redirect_contact.h"

#include <stird/core/headers.h>
#include <stird/core/listeners.h>
#include <stird/core/uri.h>

#include <string.h>

#define SIP_PORT  5060
#define SIPS_PORT 5061

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

/* ---- parts ---- */

static bool is_escape(struct str s, size_t i)
{
    return s.p[i] == '%' && i + 2 < s.n && ascii_hex_value(s.p[i + 1]) >= 0 &&
           ascii_hex_value(s.p[i + 2]) >= 0;
}

/* USERINFO so that it may stand before the @ of a URI and means the same to every reader: what
   `user` does not have is escaped, "?" and "/" too, after which some readers look for no user any
   more. A password is the SBC's own, and stays: without it the URI is another one's. */
static void add_user(struct str userinfo, struct buf *out)
{
    bool has_password = false;
    for (size_t i = 0; i < userinfo.n; i++) {
        const char c = userinfo.p[i];
        const bool begins_password = c == ':' && !has_password && i > 0;
        if (is_unreserved(c) || is_of(STR("&=+$,;"), c) || is_escape(userinfo, i) ||
            begins_password)
            buf_add_char(out, c);
        else
            buf_addf(out, "%%%02X", (unsigned)(unsigned char)c);
        has_password = has_password || begins_password;
    }
}

/* What may stand between <> as it is. */
static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f ||
            is_of(STR("<>\"\\^`{|}?"), s.p[i]))
            return false;
    return s.n > 0;
}

static bool is_sips(struct str uri)
{
    return str_starts_nocase(uri, STR("sips:"));
}

/* The value of a parameter behind its host; or empty. */
static struct str parameter_of(const struct uri *uri, struct str wanted)
{
    struct str rest = str_slice(uri->parameters, 0, str_find(uri->parameters, '?', 0)), name, value;
    while (uri_parameter_next(&rest, &name, &value))
        if (uri_name_is(name, wanted))
            return value;
    return STR("");
}

/* The port behind URI's host, or the usual one. */
static uint16_t port_of(const struct uri *uri, struct str text)
{
    const size_t end = (size_t)(uri->host.p + uri->host.n - text.p);
    uint64_t port = 0;
    size_t n = 0;
    if (end >= text.n || text.p[end] != ':')
        return is_sips(text) || uri_name_is(parameter_of(uri, STR("transport")), STR("tls"))
                   ? SIPS_PORT
                   : SIP_PORT;
    while (end + 1 + n < text.n && ascii_is_digit(text.p[end + 1 + n]))
        n++;
    (void)str_to_u64(str_slice(text, end + 1, end + 1 + n), UINT16_MAX, &port);
    return (uint16_t)port;
}

/* ---- whose it is ---- */

/* Which is where it leads (RFC 3261 section 19.1.1). */
static struct str maddr_of(const struct uri *uri)
{
    return parameter_of(uri, STR("maddr"));
}

/* Whether TEXT, a finished URI, leads to us: an SBC that followed it would ask again, without end
   (R-D-017). An SBC on a host of ours has a port of its own. */
static bool is_ours(const struct redirect_question *q, struct str text)
{
    const struct listeners ours = listeners_of_settings(q->settings);
    struct uri uri;
    uint16_t listener;
    if (!uri_split(&uri, text) || uri.scheme != URI_SIP)
        return false;
    const struct str maddr = maddr_of(&uri);
    const uint16_t port = port_of(&uri, text);
    return listeners_find_host(&ours, uri.host, port, &listener) ||
           (maddr.n > 0 && listeners_find_host(&ours, maddr, port, &listener));
}

/* 0.0.0.0, [::] */
static bool is_wildcard(const struct address *a)
{
    static const uint8_t nothing[sizeof(a->bytes)];
    return memcmp(a->bytes, nothing, sizeof(nothing)) == 0;
}

/* Whether HOST is a name or an address that every reader takes for the same place (RFC 3261 section
   25.1): not 127.1, 0x7f.0.0.1 or 017700000001, which some read as addresses, nor one that is
   wherever its reader is. */
static bool is_place(struct str host)
{
    struct address a;
    const bool bracketed = host.n > 2 && host.p[0] == '[';
    if (address_parse(bracketed ? str_slice(host, 1, host.n - 1) : host, &a))
        return bracketed == (a.family == ADDRESS_IPV6) && !is_wildcard(&a);
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host = str_slice(host, 0, host.n - 1);
    size_t top = host.n;
    while (top > 0 && host.p[top - 1] != '.')
        top--;
    return uri_host_is_plain(host) && !bracketed && top < host.n && ascii_is_alpha(host.p[top]) &&
           !str_eq_nocase(host, STR("localhost"));
}

/* ---- the rules ---- */

/* The port that the sender of the request listens at, as its Via says (RFC 3261 section 18.2.2);
   0: the usual one. */
static uint16_t port_of_sender(struct str request, uint16_t usual)
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
    return port == usual ? 0 : (uint16_t)port;
}

/* Scheme and user part of the called URI, up to the host. False: it has none that can be told. */
static bool add_called(const struct redirect_question *q, struct uri *uri, struct buf *out)
{
    const struct str text = q->call->request_uri;
    if (q->call->request_uri_unclear || !uri_split(uri, text) ||
        (uri->scheme != URI_SIP && uri->scheme != URI_TEL))
        return false;
    buf_add_text(out, is_sips(text) ? "sips:" : "sip:");
    if (uri->userinfo.n > 0) {
        add_user(uri->userinfo, out);
        buf_add_char(out, '@');
    }
    return true;
}

static void add_user_phone(const struct uri *uri, struct buf *out)
{
    if (uri->scheme == URI_TEL)
        buf_add_text(out, ";user=phone");
}

/* Where the request came from, by the way it came. */
static bool add_source(const struct redirect_question *q, struct buf *out)
{
    static const char *const transports[] = {[TRANSPORT_UDP] = "",
                                             [TRANSPORT_TCP] = ";transport=tcp",
                                             [TRANSPORT_TLS] = ";transport=tls"};
    struct uri uri;
    if (!add_called(q, &uri, out))
        return false;
    const bool sips = is_sips(q->call->request_uri);
    const bool is_tls = sips || q->transport == TRANSPORT_TLS;
    /* Not all readers have 5061 as the usual one of transport=tls. */
    const uint16_t port = port_of_sender(q->request, is_tls ? 0 : SIP_PORT);
    address_add_host(out, &q->call->source);
    if (port != 0)
        buf_addf(out, ":%u", (unsigned)port);
    add_user_phone(&uri, out);
    if (!sips) /* which says TLS itself (RFC 3261 section 26.2.2) */
        buf_add_text(out, transports[q->transport]);
    return true;
}

static bool add_host(const struct redirect_question *q, struct buf *out)
{
    struct uri uri;
    if (!add_called(q, &uri, out))
        return false;
    buf_add_str(out, q->call->trunk->in_dialect->contact_host);
    add_user_phone(&uri, out);
    return true;
}

/* Those that say how it is reached and what its user part is. */
static void add_parameters(const struct uri *uri, struct buf *out)
{
    static const char *const names[] = {"transport", "user", "maddr", "ttl"};
    struct str rest = uri->parameters, name, value;
    rest = str_slice(rest, 0, str_find(rest, '?', 0));
    while (uri_parameter_next(&rest, &name, &value))
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (uri_name_is(name, str_of(names[i])) && uri_host_is_plain(value))
                buf_addf(out, ";%s=%.*s", names[i], STR_ARG(value));
}

/* Host, port and parameters of the Request-URI. */
static bool add_requested(const struct redirect_question *q, struct buf *out)
{
    const struct listeners ours = listeners_of_settings(q->settings);
    const struct str text = q->call->request_uri;
    struct uri uri;
    if (!add_called(q, &uri, out) || uri.scheme != URI_SIP || !is_place(uri.host) ||
        port_of(&uri, text) == 0 || listeners_have_name(&ours, uri.host) ||
        listeners_have_name(&ours, maddr_of(&uri)))
        return false;
    size_t end = (size_t)(uri.host.p + uri.host.n - text.p);
    if (end < text.n && text.p[end] == ':')
        for (end++; end < text.n && ascii_is_digit(text.p[end]);)
            end++;
    buf_add_str(out, str_span(uri.host.p, text.p + end));
    add_parameters(&uri, out);
    return true;
}

/* The request's own Contact. */
static bool add_echo(const struct redirect_question *q, struct buf *out)
{
    struct header_elements e = header_elements_of(q->request, STR("Contact"), 'm');
    struct str first, second, text;
    struct uri uri;
    if (!header_element_next(&e, &first) || header_element_next(&e, &second) ||
        !name_addr_clear(first, &text) || !is_plain(text) || !uri_split(&uri, text) ||
        uri.scheme != URI_SIP || !is_place(uri.host) || port_of(&uri, text) == 0)
        return false;
    buf_add_str(out, text);
    return true;
}

/* Whether TEXT begins with a scheme that can be no other (RFC 3986 section 3.1). */
static bool has_scheme(struct str text)
{
    const struct str scheme = str_slice(text, 0, str_find(text, ':', 0));
    for (size_t i = 0; i < scheme.n; i++)
        if (!ascii_is_alpha(scheme.p[i]) &&
            (i == 0 || (!ascii_is_digit(scheme.p[i]) && !is_of(STR("+-."), scheme.p[i]))))
            return false;
    return scheme.n > 0;
}

/* Neither sip, sips nor tel: urn:service:sos goes back as it came. */
static bool add_other(const struct redirect_question *q, struct buf *out)
{
    const struct str text = q->call->request_uri;
    struct uri uri;
    if (q->call->request_uri_unclear || !uri_split(&uri, text) || uri.scheme != URI_OTHER ||
        !has_scheme(text) || !is_plain(text))
        return false;
    buf_add_str(out, text);
    return true;
}

typedef bool adding(const struct redirect_question *q, struct buf *out);

/* Nothing is left of what is not written to its end, or leads to us. */
static bool try(adding *add, const struct redirect_question *q, struct buf *out)
{
    const size_t before = out->n;
    if (add(q, out) && !is_ours(q, str_slice(buf_str(out), before, out->n)))
        return true;
    out->n = before;
    return false;
}

bool redirect_contact_uri(const struct redirect_question *q, struct buf *out)
{
    static adding *const rules[] = {[DIALECT_CONTACT_SOURCE] = add_source,
                                    [DIALECT_CONTACT_REQUEST] = add_requested,
                                    [DIALECT_CONTACT_HOST] = add_host,
                                    [DIALECT_CONTACT_ECHO] = add_echo};
    const enum dialect_contact contact = q->call->trunk->in_dialect->contact;
    if (contact == DIALECT_CONTACT_NONE)
        return false;
    return try(rules[contact], q, out) || try(add_source, q, out) || try(add_other, q, out);
}

bool redirect_contact_takes_fields(struct str uri)
{
    struct uri parts;
    return uri_split(&parts, uri) && parts.scheme == URI_SIP;
}
