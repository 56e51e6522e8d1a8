/* sockaddr - struct address to and from the kernel's form. */
#ifndef STIRD_NET_SOCKADDR_H
#define STIRD_NET_SOCKADDR_H

#include <stird/base/address.h>
#include <sys/socket.h>

socklen_t sockaddr_from_address(struct sockaddr_storage *out, const struct address *a);
struct address sockaddr_to_address(const struct sockaddr_storage *in);

#endif
