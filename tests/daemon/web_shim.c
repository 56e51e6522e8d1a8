/*
 * Preloaded into a stird: each name that it looks up is at one address of the open Internet, and
 * whoever connects to that one reaches port 8443 of $STIRD_TEST_WEB. So what a lab's web server
 * serves comes by the URLs that vectors have, past all that is checked of an address. A name that
 * begins with inside. is at the server's own address.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define WEB_ADDRESS "1.2.3.4" /* whom nothing reaches */

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    struct in6_addr number;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!name || inet_pton(AF_INET, name, &number) == 1 || inet_pton(AF_INET6, name, &number) == 1)
        return real(name, service, hints, found);
    return real(strncmp(name, "inside.", 7) == 0 ? getenv("STIRD_TEST_WEB") : WEB_ADDRESS, service,
                hints, found);
}

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
    static int (*real)(int, const struct sockaddr *, socklen_t);
    const struct sockaddr_in *asked = (const struct sockaddr_in *)(const void *)to;
    const char *web = getenv("STIRD_TEST_WEB");
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(8443)};
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "connect");
    if (to->sa_family != AF_INET || asked->sin_addr.s_addr != inet_addr(WEB_ADDRESS) || !web ||
        inet_pton(AF_INET, web, &there.sin_addr) != 1)
        return real(fd, to, n);
    return real(fd, (const struct sockaddr *)(const void *)&there, sizeof(there));
}
