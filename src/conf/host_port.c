#include "host_port.h"

#include <string.h>

/* The end of the host: behind the bracket of an IPv6 address, or at the colon. */
static size_t host_end(struct str text)
{
    if (str_starts(text, STR("["))) {
        size_t bracket = str_find(text, ']', 0);
        return bracket < text.n ? bracket + 1 : text.n;
    }
    return str_find(text, ':', 0);
}

/* RFC 1123, with underscores; the last label must be no number, for 300.1.2.3 is no name. */
static bool is_host_name(struct str host)
{
    struct str rest = host, label, last = {NULL, 0};
    if (host.n > 253)
        return false;
    while (rest.n > 0 || rest.p) {
        label = str_cut(&rest, '.');
        if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-')
            return false;
        for (size_t i = 0; i < label.n; i++)
            if (!ascii_is_alpha(label.p[i]) && !ascii_is_digit(label.p[i]) && label.p[i] != '-' &&
                label.p[i] != '_')
                return false;
        last = label;
    }
    for (size_t i = 0; i < last.n; i++)
        if (!ascii_is_digit(last.p[i]))
            return true;
    return false;
}

const char *host_port_read(struct str text, struct host_port *hp)
{
    uint64_t port = 0;
    *hp = (struct host_port){.address = {.family = ADDRESS_NONE}};
    if (address_parse(text, &hp->address))
        return NULL;
    size_t end = host_end(text);
    struct str host = str_slice(text, 0, end), rest = str_slice(text, end, text.n);
    struct str name = str_slice(host, 0, host.n - (host.n > 1 && host.p[host.n - 1] == '.'));
    if (is_host_name(name))
        hp->name = name;
    else if (!address_parse(host, &hp->address))
        return "the host must be a name, an IPv4 address or an IPv6 address in brackets";
    if (rest.n > 0 &&
        (rest.p[0] != ':' || !str_to_u64(str_slice(rest, 1, rest.n), 65535, &port) || port == 0))
        return "the port must be between 1 and 65535";
    hp->port = (uint16_t)port;
    return NULL;
}

bool host_port_is_one_hosts(const struct address *a)
{
    static const uint8_t zeros[16];
    return memcmp(a->bytes, zeros, sizeof(zeros)) != 0 &&
           a->bytes[0] < (a->family == ADDRESS_IPV6 ? 0xff : 224);
}
