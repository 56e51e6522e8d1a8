#include "page_server.h"

#include "daemon/retry.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/log.h>
#include <stird/net/mend.h>
#include <string.h>

static struct child *place(const struct supervisor *s, const struct page_server *p, unsigned i)
{
    return supervisor_places(s, p->role) + i;
}

/* ---- its socket ---- */

static struct listener listener_of(const struct page_server *p)
{
    return (struct listener){
        .name = str_of(p->key), .address = *p->at, .transports = {[TRANSPORT_TCP] = true}};
}

static bool open_once(struct supervisor *s, struct page_server *p, struct problems *problems)
{
    const struct listener l = listener_of(p);
    enum transport failed;
    int r = listener_open(&p->sockets, 1, -1, &l, &failed);
    if (r == 0)
        return true;
    struct buf text = BUF_INIT;
    p->sockets.fd[TRANSPORT_TCP] = -1;
    address_add(&text, &l.address);
    problems_add(problems, s->path, 0, "%s: %.*s: %s", p->key, STR_ARG(buf_str(&text)),
                 r == -EADDRINUSE ? "another process has this port: stop it, or choose another"
                 : r == -EADDRNOTAVAIL
                     ? "this machine has no such address: give it that, or choose another"
                     : strerror(-r));
    problems_may_pass(problems, -r);
    buf_fini(&text);
    return false;
}

/* Waits a while for the port of a predecessor, as for those of calls. */
bool page_server_open(struct supervisor *s, struct page_server *p, const struct address *at,
                      struct problems *problems)
{
    p->at = at;
    while (at->port > 0) {
        struct problems found = PROBLEMS_INIT;
        const bool opened = open_once(s, p, &found),
                   last = opened || problems_stay(&found) || !retry_waits();
        if (!opened && last)
            problems_move(problems, &found);
        problems_fini(&found);
        if (last)
            return opened;
    }
    return true;
}

/* Its process cannot change it; should it have been changed all the same, it is set back. */
static void mend(struct page_server *p)
{
    const struct listener l = listener_of(p);
    enum transport failed;
    int r = mend_listener(&p->sockets, 1, 0, -1, &l, &failed);
    p->broken = r < 0;
    if (r > 0)
        log_error("a process that served pages had changed its socket: it may have been somebody "
                  "else's",
                  LOG_CSTR("socket", p->key));
    if (r < 0)
        log_error("a socket for pages cannot be mended: restart stird", LOG_CSTR("socket", p->key),
                  LOG_CSTR("error", strerror(-r)));
}

int page_server_listening(const struct page_server *p)
{
    return p->sockets.fd[TRANSPORT_TCP];
}

bool page_server_is_wanted(const struct page_server *p)
{
    return page_server_listening(p) >= 0;
}

/* ---- its life ---- */

void page_server_init(struct supervisor *s, struct page_server *p, enum role role, const char *key)
{
    p->role = role;
    p->key = key;
    p->present = place(s, p, 0);
    for (unsigned t = 0; t < TRANSPORTS; t++)
        p->sockets.fd[t] = -1;
}

void page_server_fini(struct page_server *p)
{
    listener_close(&p->sockets, 1);
}

/* The other place may still be taken by one that does not end. */
bool page_server_renew(struct supervisor *s, struct page_server *p, int64_t now_ms)
{
    struct child *before = p->present, *next = place(s, p, before == place(s, p, 0));
    if (!p->renew || s->stopping)
        return false;
    if (next->pid > 0) {
        child_kill(next, SIGKILL);
        return false;
    }
    before->kept = false;
    before->restart_at_ms = 0;
    child_close_control(before); /* which ends it */
    p->renew = p->lame = false;
    p->present = next;
    child_init(next, next->role, next->index);
    next->kept = true;
    next->restart_at_ms = now_ms;
    supervisor_restart_children(s, now_ms);
    return true;
}

static void add(struct control_served *to, const struct control_served *more)
{
    to->answered = counters_sum(to->answered, more->answered);
    to->refused = counters_sum(to->refused, more->refused);
    to->unreadable = counters_sum(to->unreadable, more->unreadable);
    to->unshaken = counters_sum(to->unshaken, more->unshaken);
    to->crowded = counters_sum(to->crowded, more->crowded);
    to->thrown_out = counters_sum(to->thrown_out, more->thrown_out);
}

void page_server_gone(struct supervisor *s, struct page_server *p, const struct child *c)
{
    add(&p->gone, &p->of[c->index]);
    p->of[c->index] = (struct control_served){0};
    if (c == p->present)
        p->lame = false;
    if (!s->ending)
        mend(p);
}

/* ---- what it says ---- */

void page_server_take_served(struct page_server *p, const struct heard *h)
{
    p->of[h->child->index] = h->message->served;
}

void page_server_take_alarm(struct page_server *p, const struct heard *h)
{
    if (h->child == p->present)
        p->lame = true;
}

/* The very first one, still on its way, is not missing. */
static bool is_missing(const struct child *c)
{
    return c->kept && c->state != CHILD_SERVING && !(c->state == CHILD_STARTING && c->deaths == 0);
}

bool page_server_fails(const struct supervisor *s, const struct page_server *p)
{
    return !s->stopping && (is_missing(p->present) || p->lame || p->broken);
}

struct control_served page_server_counts(const struct page_server *p)
{
    struct control_served all = p->gone;
    for (unsigned i = 0; i < PAGE_SERVER_PLACES; i++)
        add(&all, &p->of[i]);
    return all;
}
