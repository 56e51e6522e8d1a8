#include "sockaddr.h"

#include <netinet/in.h>
#include <string.h>

socklen_t sockaddr_from_address(struct sockaddr_storage *out, const struct address *a)
{
    memset(out, 0, sizeof(*out));
    if (a->family == ADDRESS_IPV4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(a->port);
        memcpy(&in->sin_addr, a->bytes, 4);
        return sizeof(*in);
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(a->port);
    memcpy(&in6->sin6_addr, a->bytes, 16);
    return sizeof(*in6);
}

struct address sockaddr_to_address(const struct sockaddr_storage *in)
{
    struct address a = {0};
    if (in->ss_family == AF_INET) {
        const struct sockaddr_in *in4 = (const struct sockaddr_in *)in;
        a.family = ADDRESS_IPV4;
        a.port = ntohs(in4->sin_port);
        memcpy(a.bytes, &in4->sin_addr, 4);
    } else if (in->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)in;
        a.port = ntohs(in6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
            a.family = ADDRESS_IPV4;
            memcpy(a.bytes, in6->sin6_addr.s6_addr + 12, 4);
        } else {
            a.family = ADDRESS_IPV6;
            memcpy(a.bytes, &in6->sin6_addr, 16);
        }
    }
    return a;
}
