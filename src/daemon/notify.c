#include "notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* The newest of READY, RELOADING and STOPPING that was not taken yet; "": none. */
static char unsaid[128];

/* $NOTIFY_SOCKET is a path, or an abstract name after an '@' (sd_notify(3)). */
static socklen_t manager_address(struct sockaddr_un *address)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t n = name ? strlen(name) : 0;
    if (n < 2 || n >= sizeof(address->sun_path) || (name[0] != '/' && name[0] != '@'))
        return 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, name, n);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static void put_along(struct msghdr *m, int fd)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    *c = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(fd))};
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

bool notify_say(const char *text, int along)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct sockaddr_un address;
    struct iovec piece = {(void *)text, strlen(text)};
    struct msghdr m = {.msg_name = &address, .msg_iov = &piece, .msg_iovlen = 1};
    m.msg_namelen = manager_address(&address);
    if (m.msg_namelen == 0)
        return true;
    if (along >= 0) {
        m.msg_control = &control;
        m.msg_controllen = sizeof(control);
        put_along(&m, along);
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);
    close(fd);
    return sent >= 0;
}

static bool say(const char *text)
{
    return notify_say(text, -1);
}

void notify_flush(void)
{
    if (unsaid[0] != '\0' && say(unsaid))
        unsaid[0] = '\0';
}

void notify_ready(void)
{
    snprintf(unsaid, sizeof(unsaid), "READY=1");
    notify_flush();
}

void notify_reloading(void)
{
    snprintf(unsaid, sizeof(unsaid), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)clock_monotonic_us());
    notify_flush();
}

void notify_stopping(int64_t limit_ms)
{
    snprintf(unsaid, sizeof(unsaid), "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld",
             (long long)limit_ms * 1000);
    notify_flush();
}

void notify_status(const char *text)
{
    char line[1024];
    snprintf(line, sizeof(line), "STATUS=%s", text);
    say(line);
}

void notify_watchdog(void)
{
    say("WATCHDOG=1");
}

/* Twice as often as demanded, as sd_watchdog_enabled(3) advises. */
int64_t notify_watchdog_interval_ms(void)
{
    uint64_t limit_us = 0;
    return sd_watchdog_enabled(0, &limit_us) > 0 ? (int64_t)(limit_us / 2000) : 0;
}
