#include <stird/core/known_name.h>

#include <string.h>

static bool is_text(const char *text, size_t bytes)
{
    size_t n = strnlen(text, bytes);
    for (size_t i = 0; i < n; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return n < bytes;
}

/* No host has the address 0, a multicast address, or the broadcast address. */
static bool is_host(const struct address *a)
{
    static const uint8_t none[16];
    if (a->port == 0 || !address_is_sound(a))
        return false;
    if (a->family == ADDRESS_IPV4)
        return a->bytes[0] > 0 && a->bytes[0] < 224;
    return a->bytes[0] != 0xff && memcmp(a->bytes, none, 16) != 0;
}

static bool has_hosts_only(const struct known_name *k)
{
    for (unsigned i = 0; i < known_name_all(k); i++) {
        const struct address *a = &k->addresses[i].address;
        if (!is_host(a) || !(a->family == ADDRESS_IPV4 ? k->want_ipv4 : k->want_ipv6))
            return false;
    }
    return true;
}

unsigned known_name_all(const struct known_name *k)
{
    return (unsigned)k->n + k->former;
}

bool known_name_is_sound(const struct known_name *k)
{
    if (!is_text(k->host, sizeof(k->host)) || k->host[0] == '\0' ||
        !is_text(k->service, sizeof(k->service)) || k->port == 0)
        return false;
    if (k->want_ipv4 > 1 || k->want_ipv6 > 1 || k->in_part > 1 || (k->n == 0 && !k->in_part))
        return false;
    return k->n <= NAME_HOPS_MAX && k->former <= NAME_ADDRESSES_MAX - k->n &&
           k->n_parts <= NAME_PARTS_MAX && has_hosts_only(k);
}

bool known_name_same(const struct known_name *a, const struct known_name *b)
{
    return str_eq_nocase(str_of(a->host), str_of(b->host)) && strcmp(a->service, b->service) == 0 &&
           a->port == b->port && a->want_ipv4 == b->want_ipv4 && a->want_ipv6 == b->want_ipv6;
}

bool known_name_is_of(const struct known_name *k, const struct upstream *u)
{
    bool by_port = k->service[0] == '\0';
    uint16_t port = u->port_given ? u->address.port : transport_port(u->transport);
    return u->host.n > 0 && str_eq_nocase(str_of(k->host), u->host) && by_port == u->port_given &&
           k->port == port;
}
