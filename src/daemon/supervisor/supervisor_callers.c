/*
 * The control socket: whoever connects becomes a client with a place of their group, or is refused
 * in words. Our own processes are not heard.
 */
#include "supervisor_admin.h"

#include "daemon/family.h"
#include "daemon/room.h"

#include <errno.h>
#include <poll.h>
#include <stird/io/admin.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLERS_A_TURN 16
#define PAUSE_MS       100
#define ROOM           4 /* descriptors: the caller's, what it takes to know it, a reply's */

struct children {
    pid_t pids[CHILDREN_MAX];
    unsigned n;
};

static void note_child(struct supervisor *s, struct child *c, void *user)
{
    struct children *list = user;
    (void)s;
    if (c->pid > 0)
        list->pids[list->n++] = c->pid;
}

static enum family family_of(struct supervisor *s, int fd, int *pid)
{
    struct children children = {.n = 0};
    supervisor_each_child(s, note_child, &children);
    const struct relatives relatives = {children.pids, children.n, s->buried,
                                        s->n_buried < BURIED_MAX ? s->n_buried : BURIED_MAX};
    return family_connected(fd, &relatives, pid);
}

static bool has_place(const struct supervisor *s, const struct control_peer *peer)
{
    struct control_peer seated[CONTROL_PLACES];
    unsigned n = 0;
    for (unsigned i = 0; i < CONTROL_PLACES; i++)
        if (admin_own(s)->clients[i].fd >= 0)
            seated[n++] = admin_own(s)->clients[i].peer;
    return n < CONTROL_PLACES && control_places_have_one(seated, n, peer);
}

/* CONTROL_REFUSALS: it is let in. */
static enum control_refusal judge(struct supervisor *s, int fd, struct control_peer *peer)
{
    int pid = 0;
    enum family family = family_of(s, fd, &pid);
    *peer = control_peer_of(fd, &s->current.groups);
    if (family != FAMILY_STRANGER) {
        peer->pid = pid;
        return family == FAMILY_GONE ? CONTROL_REFUSED_GONE : CONTROL_REFUSED_OWN;
    }
    if (peer->right == CONTROL_NOTHING)
        return CONTROL_REFUSED_STRANGER;
    return has_place(s, peer) ? CONTROL_REFUSALS : CONTROL_REFUSED_CROWDED;
}

static void refuse(struct supervisor *s, int fd, enum control_refusal why,
                   const struct control_peer *peer, int64_t now_ms)
{
    static const char *const words[CONTROL_REFUSALS] = {
        [CONTROL_REFUSED_STRANGER] =
            "you are in none of the groups that may use the control socket "
            "(control.group, control.read_group)",
        [CONTROL_REFUSED_CROWDED] = "too many others use the control socket: try again",
    };
    control_refusals_add(&admin_own(s)->refusals, why, peer->pid, peer->uid, now_ms);
    if (words[why])
        admin_reply(fd, ASKER_REFUSED, str_of(words[why]), NULL, 0);
    close(fd);
}

static void seat(struct supervisor *s, int fd, const struct control_peer *peer, int64_t now_ms)
{
    unsigned i = 0;
    while (admin_own(s)->clients[i].fd >= 0)
        i++;
    struct admin_client *c = &admin_own(s)->clients[i];
    c->fd = fd;
    c->peer = *peer;
    c->asker.deadline_ms = now_ms + ADMIN_SILENCE_MS;
    c->asker.waits = false;
    c->asker.asked = NULL;
    c->asker.uid = peer->uid;
}

static bool nobody_waits(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 0;
}

/* A caller that could not be taken still waits, and would wake the loop at once: the socket is not
   looked at for a while. */
static void take_failed(struct supervisor *s, int error, int64_t now_ms)
{
    if (error == EAGAIN || error == EINTR || error == ECONNABORTED)
        return;
    admin_own(s)->callers_from_ms = now_ms + PAUSE_MS;
    supervisor_lacks(s, LACK_CALLER, error, now_ms);
}

/* A caller taken with the last descriptor could not be identified, and would be refused. */
static int take(int listening)
{
    int r = room_for_descriptors(ROOM);
    if (r)
        return r;
    int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void supervisor_accept_callers(struct supervisor *s, int64_t now_ms)
{
    if (now_ms < admin_own(s)->callers_from_ms)
        return;
    for (unsigned i = 0; i < CALLERS_A_TURN && !nobody_waits(admin_own(s)->fd); i++) {
        struct control_peer peer;
        int fd = take(admin_own(s)->fd);
        if (fd < 0) {
            take_failed(s, -fd, now_ms);
            return;
        }
        enum control_refusal why = judge(s, fd, &peer);
        if (why == CONTROL_REFUSALS)
            seat(s, fd, &peer, now_ms);
        else
            refuse(s, fd, why, &peer, now_ms);
    }
}
