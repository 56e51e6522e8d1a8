#include <stird/core/nat.h>

#include <stird/core/headers.h>
#include <stird/core/source_table.h>
#include <stird/core/uri.h>

static bool asks_for(const struct trunk *t, enum nat_help help)
{
    return help == NAT_FORCE_RPORT        ? t->force_rport
           : help == NAT_REUSE_CONNECTION ? t->reuse_connection
                                          : t->contact_fix;
}

bool nat_wants(const struct settings *settings, const struct address *address, enum nat_help help)
{
    const struct source_entry *entry;
    unsigned step = 0;
    while ((entry = source_table_next(settings->sources, address, &step)) && entry->n_trunks == 0)
        ;
    for (unsigned i = 0; entry && i < entry->n_trunks; i++)
        if (asks_for(&settings->trunks[entry->trunks[i]], help))
            return true;
    return false;
}

/* RFC 1918, 6598, 3927, 1122; 4193, 4291. */
static const struct address_prefix private_prefixes[] = {
    {{ADDRESS_IPV4, 0, {10}}, 8},          {{ADDRESS_IPV4, 0, {172, 16}}, 12},
    {{ADDRESS_IPV4, 0, {192, 168}}, 16},   {{ADDRESS_IPV4, 0, {100, 64}}, 10},
    {{ADDRESS_IPV4, 0, {169, 254}}, 16},   {{ADDRESS_IPV4, 0, {127}}, 8},
    {{ADDRESS_IPV4, 0, {0}}, 8},           {{ADDRESS_IPV6, 0, {0xfc}}, 7},
    {{ADDRESS_IPV6, 0, {0xfe, 0x80}}, 10}, {{ADDRESS_IPV6, 0, {0}}, 8},
};

static bool address_is_private(const struct address *a)
{
    for (size_t i = 0; i < sizeof(private_prefixes) / sizeof(private_prefixes[0]); i++)
        if (address_prefix_covers(&private_prefixes[i], a))
            return true;
    return false;
}

/* RFC 6761, 6762: names that DNS does not know; a final dot changes nothing. */
static bool name_is_private(struct str name)
{
    static const char *const ends[] = {"localhost", "invalid", "local"};
    struct str last = str_slice(name, 0, name.n - (name.n > 0 && name.p[name.n - 1] == '.'));
    while (str_find(last, '.', 0) < last.n)
        str_cut(&last, '.');
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (str_eq_nocase(last, str_of(ends[i])))
            return true;
    return false;
}

/* Whether only its neighbours can reach HOST of a URI: it is a private address, or a name that only
   they know. */
static bool host_is_private(struct str host)
{
    struct address a;
    return address_parse(host, &a) ? address_is_private(&a) : name_is_private(host);
}

static bool names_a_transport(struct str parameters)
{
    struct str name, value;
    while (uri_parameter_next(&parameters, &name, &value))
        if (uri_name_is(name, STR("transport")))
            return true;
    return false;
}

/* Behind host and port. */
static size_t place_end(struct str text, size_t at)
{
    static const struct str ends = {";?>, \t\r\n", 8};
    while (at < text.n && str_find(ends, text.p[at], 0) == ends.n)
        at++;
    return at;
}

/* Whether nothing but a port stands between host and parameters, and nothing before them that could
   end something earlier: a text that others might read otherwise stays as it is. */
static bool is_plain(struct str address, const struct uri *uri)
{
    static const struct str marks = {"\"<>, \t\r\n", 8};
    size_t host = (size_t)(uri->host.p - address.p), behind = host + uri->host.n;
    struct str port = str_slice(address, behind, place_end(address, behind));
    uint64_t number;
    for (size_t i = 0; i < host; i++)
        if (str_find(marks, address.p[i], 0) < marks.n)
            return false;
    return port.n == 0 ||
           (port.p[0] == ':' && str_to_u64(str_slice(port, 1, port.n), 65535, &number));
}

/* Whether ADDRESS, a URI of a Contact, is to be changed; its parts. */
static bool is_private(struct str address, const struct address *source, struct uri *uri)
{
    struct address a;
    if (!uri_split(uri, address) || uri->scheme != URI_SIP || !host_is_private(uri->host))
        return false;
    return is_plain(address, uri) &&
           (!address_parse(uri->host, &a) || !address_same_host(&a, source));
}

/* "< sip:x>", with white space that should not be there. */
static bool is_bracketed(struct str text, size_t begin)
{
    struct str before = str_trim(str_slice(text, 0, begin));
    return before.n > 0 && before.p[before.n - 1] == '<';
}

/* Writes SOURCE instead of the host and port of URI, which begins at BEGIN of TEXT. Returns the
   place in TEXT up to which it has written. Without <> a further parameter would belong to the
   header. */
static size_t write_fixed(struct buf *out, struct str text, size_t begin, const struct uri *uri,
                          const struct address *source, enum transport transport)
{
    size_t host = (size_t)(uri->host.p - text.p);
    bool bracketed = is_bracketed(text, begin);
    bool sips = str_starts_nocase(str_slice(text, begin, host), STR("sips:"));
    buf_add_text(out, bracketed ? "" : "<");
    buf_add_str(out, str_slice(text, begin, host));
    address_add(out, source);
    if (transport != TRANSPORT_UDP && !sips && !(bracketed && names_a_transport(uri->parameters)))
        buf_addf(out, ";transport=%.*s", STR_ARG(transport_name(transport)));
    buf_add_text(out, bracketed ? "" : ">");
    return place_end(text, host + uri->host.n);
}

bool nat_fix_contact(struct str text, const struct address *source, enum transport transport,
                     struct buf *out)
{
    struct str value = text, element, address;
    struct uri uri;
    size_t written = 0;
    str_cut(&value, ':');
    while (list_next(&value, &element)) {
        if (!name_addr_clear(element, &address) || !is_private(address, source, &uri))
            continue;
        size_t begin = (size_t)(address.p - text.p);
        buf_add_str(out, str_slice(text, written, begin));
        written = write_fixed(out, text, begin, &uri, source, transport);
    }
    if (written > 0)
        buf_add_str(out, str_slice(text, written, text.n));
    return written > 0;
}
