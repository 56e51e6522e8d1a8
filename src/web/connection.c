#include "connection.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define NO_CIPHER 1 /* GNUTLS_CIPHER_NULL: of a session that has no keys yet; 0 is none at all */

int connection_fd(const struct microhttpd *m, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = m->get_connection_info(
        c, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

bool connection_is_shaken(const struct microhttpd *m, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = m->get_connection_info(c,
                                                                  MHD_CONNECTION_INFO_CIPHER_ALGO);
    return info && info->cipher_algorithm > NO_CIPHER;
}

/* The kernel counts the end of what comes as one octet more. */
bool connection_said_something(int fd)
{
    struct tcp_info info;
    socklen_t n = sizeof(info);
    memset(&info, 0, sizeof(info));
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 && info.tcpi_bytes_received > 1;
}
