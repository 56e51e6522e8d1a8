#include "connection.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

int connection_fd(const struct microhttpd *m, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = m->get_connection_info(
        c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

size_t connection_head_octets(const struct microhttpd *m, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = m->get_connection_info(
        c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

struct str connection_source(const struct sockaddr_storage *from)
{
    static const char nobody;
    const void *p = from;
    if (from->ss_family == AF_INET)
        return (struct str){(const char *)&((const struct sockaddr_in *)p)->sin_addr, 4};
    if (from->ss_family != AF_INET6)
        return (struct str){&nobody, 0};
    const struct in6_addr *a = &((const struct sockaddr_in6 *)p)->sin6_addr;
    const char *octets = (const char *)a->s6_addr;
    return IN6_IS_ADDR_V4MAPPED(a) ? (struct str){octets + 12, 4} : (struct str){octets, 8};
}

/* The kernel counts the end of what comes as one octet more. */
bool connection_said_something(int fd)
{
    struct tcp_info info;
    socklen_t n = sizeof(info);
    memset(&info, 0, sizeof(info));
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 && info.tcpi_bytes_received > 1;
}
