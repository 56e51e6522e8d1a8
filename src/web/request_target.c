#include "request_target.h"

#include <stird/base/address.h>
#include <stird/core/x5u.h>

/* RFC 9110 section 4.2.4: what stands in front of the @ must not pass for the host. */
static bool has_user(struct str authority)
{
    return str_find(authority, '@', 0) < authority.n;
}

static struct str without_port(struct str authority)
{
    if (has_user(authority))
        return authority;
    const size_t from = str_starts(authority, STR("[")) ? str_find(authority, ']', 0) : 0;
    return str_slice(authority, 0, str_find(authority, ':', from));
}

struct request_target request_target_read(struct str target, struct str host)
{
    static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};
    struct request_target t = {target, without_port(host)};
    for (unsigned i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (str_starts_nocase(target, schemes[i])) {
            const struct str rest = str_slice(target, schemes[i].n, target.n);
            const size_t end = str_find(rest, '/', 0);
            t.host = without_port(str_slice(rest, 0, end));
            t.path = end < rest.n ? str_slice(rest, end, rest.n) : STR("/");
        }
    return t;
}

static bool is_localhost(struct str host)
{
    static const struct str local = {"localhost", 9};
    return str_eq_nocase(host, local) ||
           (host.n > local.n && host.p[host.n - local.n - 1] == '.' &&
            str_eq_nocase(str_slice(host, host.n - local.n, host.n), local)); /* RFC 6761 */
}

bool request_target_is_known(struct str host, struct str name)
{
    struct address address;
    if (has_user(host))
        return false;
    host = x5u_without_final_dot(host);
    return host.n == 0 || (name.n > 0 && x5u_same_host(host, name)) || is_localhost(host) ||
           address_parse(host, &address);
}
