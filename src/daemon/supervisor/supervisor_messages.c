/* What children say, on its way to the parts that hear it. */
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/log.h>
#include <unistd.h>

#define MESSAGES_A_TURN 16 /* of one child */

void supervisor_child_false(struct supervisor *s, struct child *c, const char *what)
{
    log_error("a child says what is not so, or is not for it to say, and is replaced",
              LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid), LOG_CSTR("what", what));
    s->false_children++;
    child_close_control(c);
    child_kill(c, SIGKILL);
}

static void replace_who_floods(struct supervisor *s, struct child *c)
{
    log_error("a child says more than a child of ours does and is replaced",
              LOG_CSTR("child", c->role->name), LOG_NUMBER("pid", c->pid));
    s->false_children++;
    child_close_control(c);
    child_kill(c, SIGKILL);
}

static void take_ready(struct supervisor *s, const struct heard *h)
{
    struct child *c = h->child;
    if (c->state != CHILD_STARTING) {
        supervisor_child_false(s, c, "that it is ready, again");
        return;
    }
    child_serves(c, h->now_ms);
    if (c->role->duty->serves)
        c->role->duty->serves(s, c, h->now_ms);
    supervisor_tell(s, EVENT_CHILD_SERVES, &(struct news){.child = c, .now_ms = h->now_ms});
    supervisor_restart_children(s, h->now_ms);
}

/* There is nothing more to do: child_heard() has noted it. */
static void take_pong(struct supervisor *s, const struct heard *h)
{
    (void)s;
    (void)h;
}

static void take_drained(struct supervisor *s, const struct heard *h)
{
    struct child *c = h->child;
    if (!s->stopping) {
        supervisor_child_false(s, c, "that its calls have ended, which was not asked");
        return;
    }
    c->drained = true;
    log_info("a child has finished its calls", LOG_CSTR("child", c->role->name),
             LOG_NUMBER("pid", c->pid));
}

/* What the loop itself does with the word; NULL: nothing. */
static void (*own_taker(const struct child_role *role, uint32_t type))(struct supervisor *s,
                                                                       const struct heard *h)
{
    if (type == CONTROL_READY && role->duty->kept)
        return take_ready;
    if (type == CONTROL_PONG && role->ping_every_ms > 0)
        return take_pong;
    return type == CONTROL_DRAINED && role->drains ? take_drained : NULL;
}

/* False: no part hears that word of its role. Once a part finds it false, the others do not hear
   it. */
static bool tell_parts(struct supervisor *s, const struct heard *h)
{
    const struct child *c = h->child;
    bool heard = false;
    for (unsigned i = 0; s->parts[i]; i++)
        for (const struct word *w = s->parts[i]->hears; w && w->take; w++)
            if (w->role == c->role->id && w->type == h->message->type && c->control_fd >= 0) {
                heard = true;
                w->take(s, h);
            }
    return heard;
}

/* A child that serves says READY when it has given up what its role does not need: what it says
   before that, it says while it may do more than its role. */
static bool is_too_early(const struct heard *h)
{
    const struct child_role *role = h->child->role;
    return role->duty->kept && h->child->state == CHILD_STARTING &&
           h->message->type != CONTROL_READY && !(role->early >> h->message->type & 1);
}

static void act(struct supervisor *s, const struct heard *h)
{
    if (is_too_early(h)) {
        supervisor_child_false(s, h->child, "a word that it has only when it serves");
        return;
    }
    void (*take)(struct supervisor *, const struct heard *) = own_taker(h->child->role,
                                                                        h->message->type);
    if (take)
        take(s, h);
    else if (!tell_parts(s, h))
        supervisor_child_false(s, h->child, "a word that no child of its kind has");
}

/* The descriptors are taken. */
static void hear(struct supervisor *s, const struct heard *h)
{
    struct child *c = h->child;
    if (!child_heard(c, h->now_ms))
        replace_who_floods(s, c);
    if (c->control_fd >= 0)
        act(s, h);
    for (unsigned i = 0; i < h->n_fds; i++)
        if (h->fds[i] >= 0)
            close(h->fds[i]);
}

/* False: nothing more waits, or the socket is closed. */
static bool hear_one(struct supervisor *s, struct child *c, int64_t now_ms)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds = 0;
    if (c->control_fd < 0)
        return false;
    int r = control_receive(c->control_fd, &m, fds, &n_fds);
    if (r == -ENOMSG && !child_counts(c, now_ms))
        replace_who_floods(s, c);
    if (r == -EBADMSG)
        supervisor_child_false(s, c,
                               "octets that are no word, or descriptors that do not go with it");
    if (r == -EAGAIN || r == -ENOMSG || r == -EBADMSG)
        return r != -EAGAIN;
    if (r <= 0) {
        child_close_control(c);
        child_kill(c, SIGKILL); /* it is closed: nobody can reach the child any more */
        return false;
    }
    hear(s, &(struct heard){c, &m, fds, n_fds, now_ms});
    return true;
}

void supervisor_child_messages(struct supervisor *s, struct child *c, int64_t now_ms)
{
    for (unsigned i = 0; i < MESSAGES_A_TURN && hear_one(s, c, now_ms); i++)
        ;
}

void supervisor_last_words(struct supervisor *s, struct child *c, int64_t now_ms)
{
    while (hear_one(s, c, now_ms))
        ;
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_child_false] = s->false_children;
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    c->children_false = s->false_children;
}

const struct part part_messages = {.name = "messages", .count = count, .add_counts = add_counts};
