#include "descriptor_store.h"

#include "notify.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/buf.h>
#include <stird/base/log.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define BARRIER_US 1000000

struct given {
    char name[STORE_NAME_BYTES];
    int fd;
    bool taken; /* or to be taken */
};

/* What the manager is to be told: to forget NAME, then to keep FD. */
struct untold {
    char name[STORE_NAME_BYTES];
    int fd; /* a duplicate of our own; -1: only to forget */
    bool forget;
};

static struct {
    struct given *given;
    unsigned n_given;
    struct untold *untold;
    unsigned n_untold, room;
    bool kept; /* something was told */
} store;

void descriptor_store_name(char name[STORE_NAME_BYTES], const char *what, const struct address *at,
                           unsigned number, unsigned of)
{
    struct buf text = BUF_INIT;
    address_add(&text, at);
    if (of > 1)
        snprintf(name, STORE_NAME_BYTES, "%s-%.*s-%uof%u", what, STR_ARG(buf_str(&text)),
                 number + 1, of);
    else
        snprintf(name, STORE_NAME_BYTES, "%s-%.*s", what, STR_ARG(buf_str(&text)));
    buf_fini(&text);
    for (char *c = name; *c; c++)
        if (*c == ':')
            *c = '_';
}

/* ---- what the start was given ---- */

static void note_given(char *const *names, int n)
{
    store.given = calloc((size_t)n, sizeof(*store.given));
    for (int i = 0; i < n; i++) {
        const int fd = SD_LISTEN_FDS_START + i;
        if (!store.given || fcntl(fd, F_GETFD) < 0)
            continue;
        struct given *g = &store.given[store.n_given++];
        g->fd = fd;
        snprintf(g->name, sizeof(g->name), "%s", names && names[i] ? names[i] : "");
    }
}

void descriptor_store_open(void)
{
    char **names = NULL;
    const int n = sd_listen_fds_with_names(true, &names);
    if (n > 0)
        note_given(names, n);
    for (int i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}

unsigned descriptor_store_given(void)
{
    return store.n_given;
}

static struct given *find(const char *name)
{
    for (unsigned i = 0; i < store.n_given; i++)
        if (store.given[i].fd >= 0 && strcmp(store.given[i].name, name) == 0)
            return &store.given[i];
    return NULL;
}

int descriptor_store_take(const char *name)
{
    struct given *g = find(name);
    if (!g)
        return -1;
    const int fd = fcntl(g->fd, F_DUPFD_CLOEXEC, SD_LISTEN_FDS_START);
    g->taken = fd >= 0;
    return fd;
}

void descriptor_store_expect(const char *name)
{
    struct given *g = find(name);
    if (g)
        g->taken = true;
}

void descriptor_store_refuse(const char *name)
{
    struct given *g = find(name);
    if (g)
        g->taken = false;
}

static void close_given(struct given *g)
{
    close(g->fd);
    g->fd = -1;
}

/* ---- what the manager is told ---- */

static void add_untold(const char *name, int fd, bool forget)
{
    if (!getenv("NOTIFY_SOCKET"))
        return;
    if (store.n_untold == store.room) {
        const unsigned room = store.room ? 2 * store.room : 16;
        struct untold *more = realloc(store.untold, room * sizeof(*more));
        if (!more)
            return;
        store.untold = more;
        store.room = room;
    }
    struct untold *u = &store.untold[store.n_untold];
    *u = (struct untold){.fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, SD_LISTEN_FDS_START),
                         .forget = forget};
    snprintf(u->name, sizeof(u->name), "%s", name);
    if (u->fd >= 0 || forget)
        store.n_untold++;
}

/* Without FDPOLL=0 an ICMP error in the queue of a socket (EPOLLERR) would end its being kept. */
static bool tell(struct untold *u)
{
    char text[STORE_NAME_BYTES + 64];
    snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", u->name);
    if (u->forget && !notify_say(text, -1))
        return false;
    u->forget = false;
    snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", u->name);
    if (u->fd >= 0 && !notify_say(text, u->fd))
        return false;
    if (u->fd < 0)
        return true;
    close(u->fd);
    store.kept = true;
    return true;
}

bool descriptor_store_flush(void)
{
    unsigned told = 0;
    while (told < store.n_untold && tell(&store.untold[told]))
        told++;
    store.n_untold -= told;
    if (told > 0)
        memmove(store.untold, store.untold + told, store.n_untold * sizeof(*store.untold));
    return store.n_untold == 0;
}

bool descriptor_store_is_kept(void)
{
    return store.kept && store.n_untold == 0;
}

/* Waits for the manager to have closed what it was told to forget. */
static void wait_for_manager(void)
{
    if (descriptor_store_flush() && getenv("NOTIFY_SOCKET"))
        sd_notify_barrier(0, BARRIER_US);
}

void descriptor_store_keep(const char *name, int fd, bool replaces)
{
    add_untold(name, fd, replaces);
    if (replaces)
        wait_for_manager();
    else
        descriptor_store_flush();
}

void descriptor_store_close_rest(void)
{
    unsigned closed = 0;
    for (unsigned i = 0; i < store.n_given; i++) {
        struct given *g = &store.given[i];
        if (g->fd < 0 || g->taken)
            continue;
        log_warning("a descriptor of the service manager is not used: it is no socket of this "
                    "configuration",
                    LOG_CSTR("name", g->name));
        add_untold(g->name, -1, true);
        close_given(g);
        closed++;
    }
    if (closed > 0)
        wait_for_manager();
}

void descriptor_store_end_start(void)
{
    for (unsigned i = 0; i < store.n_given; i++)
        if (store.given[i].fd >= 0)
            close_given(&store.given[i]);
}
