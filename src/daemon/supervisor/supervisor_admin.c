/*
 * The control socket: what stirctl asks is answered between two turns of the loop, or, where it
 * wants to wait for a reload, at the reload's end. Nothing here waits.
 */
#include "supervisor_admin.h"

#include "daemon/service_user.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/json.h>
#include <stird/base/log.h>
#include <stird/io/admin.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void drop(struct admin_client *c)
{
    close(c->fd);
    c->fd = -1;
    c->asker.asked = NULL;
}

static int answer(struct asker *a, uint32_t status, struct str text, const int *fds, unsigned n_fds)
{
    const struct admin_client *c = (const struct admin_client *)a;
    return admin_reply(c->fd, status, text, fds, n_fds);
}

/* NULL: nobody answers that. */
static const struct ask *ask_of(const struct supervisor *s, unsigned type)
{
    for (const struct part *const *part = s->parts; *part; part++)
        for (const struct ask *ask = (*part)->asks; ask && ask->act; ask++)
            if (ask->type == type)
                return ask;
    return NULL;
}

/* ---- clients ---- */

static void read_client(struct supervisor *s, struct admin_client *c, int64_t now_ms)
{
    struct admin_request_head head;
    char text[ADMIN_TEXT_MAX + 1];
    const struct ask *ask = NULL;
    int r = admin_take(c->fd, &head, text);
    if (r == -EAGAIN)
        return;
    if (r <= 0 || !(ask = ask_of(s, head.type))) {
        if (r == -EBADMSG || r > 0)
            asker_answer(&c->asker, ASKER_REFUSED,
                         STR("stirctl and stird are of different versions"));
        drop(c);
        return;
    }
    /* Replies that nobody has read hold descriptors of ours, which are few. */
    if (!admin_is_read(c->fd)) {
        control_refusals_add(&admin_own(s)->refusals, CONTROL_REFUSED_UNREAD, c->peer.pid,
                             c->peer.uid, now_ms);
        drop(c);
        return;
    }
    c->asker.deadline_ms = now_ms + ADMIN_SILENCE_MS;
    c->asker.waits = head.wait != 0;
    if (ask->right > c->peer.right)
        asker_answer(&c->asker, ASKER_REFUSED,
                     STR("you may look, and this is more than that: it takes root, or "
                         "a member of the group of control.group"));
    else
        ask->act(s, &c->asker, (struct str){text, head.text_bytes}, now_ms);
}

/* Everybody who waits is answered once: where stird stops, by this, unless the part that answers
   goes on until it is late. */
static void answer_who_waits(struct supervisor *s, struct asker *a, int64_t now_ms)
{
    if (!a->asked)
        return;
    if (a->asked->late && now_ms >= a->deadline_ms)
        a->asked->late(s, a);
    else if (!a->asked->late && s->stopping)
        asker_answer(a, ASKER_REFUSED, STR("stird is stopping"));
    else if (now_ms >= a->deadline_ms)
        asker_answer(a, ASKER_REFUSED, STR("it takes too long: ask later how it stands"));
}

/* No part answers any more. */
static void answer_the_last(struct supervisor *s, const struct news *news)
{
    (void)news;
    for (struct asker *a = s->askers; a; a = a->next)
        if (a->asked)
            asker_answer(a, ASKER_REFUSED, STR("stird is stopping"));
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    for (unsigned i = 0; i < CONTROL_PLACES; i++) {
        struct admin_client *c = &admin_own(s)->clients[i];
        if (c->fd >= 0)
            read_client(s, c, now_ms);
        struct asker *a = &c->asker;
        if (c->fd >= 0)
            answer_who_waits(s, a, now_ms);
        if (c->fd >= 0 && now_ms >= a->deadline_ms)
            drop(c);
    }
    if (admin_own(s)->fd >= 0)
        supervisor_accept_callers(s, now_ms);
}

static void fini(struct supervisor *s)
{
    for (unsigned i = 0; i < CONTROL_PLACES; i++) {
        if (admin_own(s)->clients[i].fd >= 0)
            drop(&admin_own(s)->clients[i]);
    }
    if (admin_own(s)->fd >= 0) {
        close(admin_own(s)->fd);
        unlink(admin_own(s)->path);
    }
    free(admin_own(s)->path);
}

/* Sets the socket's rights: those whom the present configuration names may connect. 0 or -errno. */
static int let_in(struct supervisor *s)
{
    const struct control_groups *groups = &s->current.groups;
    int r = admin_let_in(str_of(admin_own(s)->path), service_user_gid(),
                         !control_groups_are_one(groups));
    if (r)
        log_warning("the control socket's rights cannot be set", LOG_CSTR("error", strerror(-r)));
    return r;
}

static char *join_path(struct str directory, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%.*s/%s", STR_ARG(directory), name) < 0 ? NULL : path;
}

/* systemd makes the directory; without it this does. The socket says who may use it. */
static bool open_socket(struct supervisor *s, struct problems *problems)
{
    struct str directory = s->current.settings->runtime_directory;
    char *name = strndup(directory.p, directory.n);
    int r = 0;
    admin_own(s)->path = join_path(directory, ADMIN_SOCKET_NAME);
    if (!name || !admin_own(s)->path)
        r = -ENOMEM;
    else if (mkdir(name, 0755) == 0 ? chmod(name, 0755) : errno != EEXIST) /* the umask is 077 */
        r = -errno;
    free(name);
    if (r == 0)
        r = admin_own(s)->fd = admin_listen(str_of(admin_own(s)->path));
    if (r >= 0)
        r = let_in(s);
    if (r >= 0)
        return true;
    admin_own(s)->fd = -1;
    problems_add(problems, directory, 0, "the control socket \"%s\" cannot be opened: %s",
                 ADMIN_SOCKET_NAME,
                 r == -EADDRINUSE ? "another stird answers there: stop it, or give this one a "
                                    "directories.runtime of its own"
                                  : strerror(-r));
    problems_may_pass(problems, -r);
    return false;
}

/* ---- the part ---- */

static void init(struct supervisor *s)
{
    admin_own(s)->fd = -1;
    for (unsigned i = CONTROL_PLACES; i-- > 0;) {
        struct admin_client *c = &admin_own(s)->clients[i];
        *c = (struct admin_client){.asker = {.answer = answer}, .fd = -1};
        asker_seat(s, &c->asker);
    }
}

static void watch(const struct supervisor *s, struct watched *watched, int64_t now_ms)
{
    const struct admin *a = admin_own(s);
    if (a->fd >= 0 && now_ms >= a->callers_from_ms)
        supervisor_watch(watched, a->fd);
    for (unsigned i = 0; i < CONTROL_PLACES; i++)
        if (a->clients[i].fd >= 0)
            supervisor_watch(watched, a->clients[i].fd);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    int64_t from_ms = admin_own(s)->callers_from_ms;
    return from_ms > now_ms ? from_ms : INT64_MAX;
}

static void follow(struct supervisor *s, const struct news *news)
{
    (void)news;
    let_in(s);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_control_refused] = admin_own(s)->refusals.of[CONTROL_REFUSED_OWN];
    values[ALARM_control_crowded] = admin_own(s)->refusals.of[CONTROL_REFUSED_CROWDED];
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    const struct control_refusals *r = &admin_own(s)->refusals;
    c->control_refused = r->of[CONTROL_REFUSED_OWN];
    c->control_crowded = r->of[CONTROL_REFUSED_CROWDED];
    c->control_unread = r->of[CONTROL_REFUSED_UNREAD];
    c->control_strangers = r->of[CONTROL_REFUSED_STRANGER];
    c->control_gone = r->of[CONTROL_REFUSED_GONE];
}

const struct part part_admin = {.name = "admin",
                                .bytes = sizeof(struct admin),
                                .init = init,
                                .open = open_socket,
                                .fini = fini,
                                .watch = watch,
                                .deadline = deadline,
                                .tick = tick,
                                .on = {[EVENT_IN_FORCE] = follow, [EVENT_ENDED] = answer_the_last},
                                .count = count,
                                .add_counts = add_counts};
