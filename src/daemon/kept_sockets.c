#include "kept_sockets.h"

#include "descriptor_store.h"

#include <errno.h>
#include <stird/base/log.h>
#include <stird/base/memory_file.h>
#include <stird/net/adopt.h>
#include <string.h>
#include <unistd.h>

#define KEY_NAME "dispatch-key"

static const char *const kinds[TRANSPORTS] = {
    [TRANSPORT_UDP] = "udp", [TRANSPORT_TCP] = "tcp", [TRANSPORT_TLS] = "tls"};

static void name_of(char name[STORE_NAME_BYTES], const struct listener *l, const char *what,
                    enum transport t, unsigned w, unsigned workers)
{
    descriptor_store_name(name, what ? what : kinds[t], &l->address, w,
                          t == TRANSPORT_UDP ? workers : 1);
}

/* ---- taking ---- */

static unsigned sockets_of(enum transport t, unsigned workers)
{
    return t == TRANSPORT_UDP ? workers : 1;
}

/* Whether all that the transport takes are there. */
static bool find_all(struct listener_sockets *sockets, unsigned workers, const struct listener *l,
                     const char *what, enum transport t)
{
    char name[STORE_NAME_BYTES];
    for (unsigned w = 0; w < sockets_of(t, workers); w++) {
        name_of(name, l, what, t, w, workers);
        sockets[w].fd[t] = descriptor_store_take(name);
        if (sockets[w].fd[t] < 0)
            return false;
    }
    for (unsigned w = sockets_of(t, workers); w < workers; w++)
        sockets[w].fd[t] = sockets[0].fd[t];
    return true;
}

/* Of a group that is not whole none can be used: its places would be others. */
static void refuse_all(struct listener_sockets *sockets, unsigned workers, const struct listener *l,
                       const char *what, enum transport t)
{
    char name[STORE_NAME_BYTES];
    for (unsigned w = 0; w < workers; w++) {
        if (w < sockets_of(t, workers)) {
            name_of(name, l, what, t, w, workers);
            descriptor_store_refuse(name);
            if (sockets[w].fd[t] >= 0)
                close(sockets[w].fd[t]);
        }
        sockets[w].fd[t] = -1;
    }
}

static unsigned take(struct listener_sockets *sockets, unsigned workers, int program,
                     const struct listener *l, const char *what, enum transport t)
{
    const bool found = find_all(sockets, workers, l, what, t);
    const int r = found ? adopt_listener(sockets, workers, program, l, t) : -ENOENT;
    if (r == 0)
        return sockets_of(t, workers);
    if (found)
        log_warning("a socket that the service manager kept does not serve its listener: it is "
                    "opened anew",
                    LOG_TEXT("listener", l->name), LOG_CSTR("why", strerror(-r)));
    refuse_all(sockets, workers, l, what, t);
    return 0;
}

unsigned kept_sockets_take(struct listener_sockets *sockets, unsigned workers, int program,
                           const struct listener *listener, const char *what)
{
    unsigned n = 0;
    listener_none(sockets, workers);
    for (unsigned t = 0; descriptor_store_given() > 0 && t < TRANSPORTS; t++)
        if (listener->transports[t])
            n += take(sockets, workers, program, listener, what, (enum transport)t);
    return n;
}

void kept_sockets_expect(const struct address *at, const char *what)
{
    char name[STORE_NAME_BYTES];
    descriptor_store_name(name, what, at, 0, 1);
    if (at->port > 0)
        descriptor_store_expect(name);
}

/* ---- giving ---- */

void kept_sockets_keep(const struct listener_sockets *sockets, unsigned workers,
                       const struct listener *listener, const char *what)
{
    char name[STORE_NAME_BYTES];
    for (unsigned t = 0; t < TRANSPORTS; t++) {
        for (unsigned w = 0; w < sockets_of((enum transport)t, workers); w++) {
            if (sockets[w].fd[t] < 0)
                continue;
            name_of(name, listener, what, (enum transport)t, w, workers);
            descriptor_store_keep(name, sockets[w].fd[t], false);
        }
    }
}

void kept_sockets_replace(const struct listener_sockets *sockets, unsigned workers, unsigned w,
                          const struct listener *listener)
{
    char name[STORE_NAME_BYTES];
    name_of(name, listener, NULL, TRANSPORT_UDP, w, workers);
    descriptor_store_keep(name, sockets[w].fd[TRANSPORT_UDP], true);
}

/* ---- the key ---- */

bool kept_key_take(struct dispatch_key *key)
{
    struct dispatch_key kept;
    const int fd = descriptor_store_take(KEY_NAME);
    const bool whole = fd >= 0 && memory_file_is_sealed(fd) &&
                       pread(fd, &kept, sizeof(kept), 0) == sizeof(kept);
    if (fd >= 0)
        close(fd);
    if (!whole || !dispatch_key_is_sound(&kept)) {
        descriptor_store_refuse(KEY_NAME);
        return false;
    }
    *key = kept;
    return true;
}

void kept_key_keep(const struct dispatch_key *key)
{
    const int fd = memory_file_new(KEY_NAME);
    if (fd < 0)
        return;
    if (pwrite(fd, key, sizeof(*key), 0) == sizeof(*key) && memory_file_seal(fd) == 0)
        descriptor_store_keep(KEY_NAME, fd, true);
    close(fd);
}
