#include "notify.h"

#include <stdbool.h>
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

/* True when nothing is left to do: the manager took it, or there is no manager. */
static bool say(const char *text)
{
    struct sockaddr_un address;
    socklen_t size = manager_address(&address);
    if (size == 0)
        return true;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    ssize_t sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address,
                          size);
    close(fd);
    return sent >= 0;
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
