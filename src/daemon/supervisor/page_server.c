#include "page_server.h"

#include "daemon/descriptor_store.h"
#include "daemon/file_seen.h"
#include "daemon/kept_sockets.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/conf/settings_file.h>
#include <stird/net/mend.h>
#include <string.h>

#define TRY_EVERY_MS  1000
#define LOOK_EVERY_MS 2000
#define MORE_MS       2000 /* than its connections last, until it is killed */

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

static const char *why_not_open(int error)
{
    return error == -EADDRINUSE ? "another process has this port: stop it, or choose another"
           : error == -EADDRNOTAVAIL
               ? "this machine has no such address: give it that, or choose another"
               : strerror(-error);
}

static void say_opening(const struct page_server *p, int error)
{
    struct buf at = BUF_INIT;
    address_add(&at, p->at);
    if (error)
        log_error("no pages are served there: it is tried again", LOG_CSTR("setting", p->key),
                  LOG_TEXT("at", buf_str(&at)), LOG_CSTR("why", why_not_open(error)));
    else
        log_info("pages are served there now", LOG_CSTR("setting", p->key),
                 LOG_TEXT("at", buf_str(&at)));
    buf_fini(&at);
}

static void open_once(struct page_server *p)
{
    const struct listener l = listener_of(p);
    enum transport failed;
    if (kept_sockets_take(&p->sockets, 1, -1, &l, p->kept_as) == 0)
        descriptor_store_close_rest();
    const int r = listener_open_rest(&p->sockets, 1, -1, &l, &failed);
    if (r)
        p->sockets.fd[TRANSPORT_TCP] = -1;
    else
        kept_sockets_keep(&p->sockets, 1, &l, p->kept_as);
    if (r != p->error)
        say_opening(p, r);
    p->error = r;
}

void page_server_open(struct page_server *p, const struct address *at)
{
    p->at = at;
    if (page_server_is_wanted(p))
        open_once(p);
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
    return p->at && p->at->port > 0;
}

/* Its process begins when there is a socket for it. */
static void open_again(struct supervisor *s, struct page_server *p, int64_t now_ms)
{
    if (!page_server_is_wanted(p) || page_server_listening(p) >= 0 || s->stopping)
        return;
    p->present->restart_at_ms = 0;
    if (now_ms < p->next_try_ms)
        return;
    p->next_try_ms = now_ms + TRY_EVERY_MS;
    open_once(p);
    if (page_server_listening(p) >= 0)
        p->present->restart_at_ms = now_ms;
}

/* ---- its files ---- */

static uint64_t look_of(const struct page_server_basis *b)
{
    uint64_t seen = 0;
    file_seen_add(&seen, b->certificate);
    file_seen_add(&seen, b->key);
    return seen;
}

void page_server_note_files(struct page_server *p, const struct page_server_basis *basis)
{
    p->files = look_of(basis);
}

static bool needs_other_files(const struct page_server *p, const struct page_server_basis *b)
{
    return b->certificate.n > 0 && (p->lame || tls_dates_fault(b->dates, clock_real_s()));
}

/* Whoever exchanges a certificate that does not serve need not know that it takes a reload. */
static void look_at_files(struct supervisor *s, struct page_server *p,
                          const struct page_server_basis *b, int64_t now_ms)
{
    if (now_ms < p->next_look_ms || !s->ready || s->stopping)
        return;
    p->next_look_ms = now_ms + LOOK_EVERY_MS;
    if (!page_server_is_wanted(p) || !needs_other_files(p, b))
        return;
    const uint64_t files = look_of(b);
    if (files == p->files)
        return;
    p->files = files;
    log_info("reload: a certificate for pages was exchanged", LOG_CSTR("setting", p->key));
    supervisor_tell(s, EVENT_RELOAD_WANTED, &(struct news){.now_ms = now_ms});
}

void page_server_tick(struct supervisor *s, struct page_server *p,
                      const struct page_server_basis *basis, int64_t now_ms)
{
    open_again(s, p, now_ms);
    look_at_files(s, p, basis, now_ms);
}

/* ---- its life ---- */

void page_server_init(struct supervisor *s, struct page_server *p, enum role role,
                      const char *group, const char *key)
{
    p->role = role;
    p->group = group;
    p->key = key;
    p->kept_as = role == ROLE_WEB ? KEPT_WEB : KEPT_REPOSITORY;
    p->present = place(s, p, 0);
    for (unsigned t = 0; t < TRANSPORTS; t++)
        p->sockets.fd[t] = -1;
}

void page_server_fini(struct page_server *p)
{
    listener_close(&p->sockets, 1);
}

bool page_server_stays(const struct page_server *p, const struct configuration *next,
                       const struct configuration *before)
{
    const struct settings *now = next->settings, *was = before->settings;
    struct files *a = files_from_fd(next->files_fd), *b = files_from_fd(before->files_fd);
    const bool web = p->role == ROLE_WEB;
    bool same = a && b && settings_agree(now, was, p->group) && now->log_level == was->log_level &&
                now->landlock_required == was->landlock_required;
    same = same &&
           files_agree(a, b, web ? now->web_tls_certificate : now->repository_tls_certificate) &&
           files_agree(a, b, web ? now->web_tls_key : now->repository_tls_key);
    files_free(a);
    files_free(b);
    return same;
}

/* Not while the other place is still taken by one that answers those who were with it. */
bool page_server_renews(const struct supervisor *s, const struct page_server *p)
{
    return p->renew && !s->stopping && place(s, p, p->present == place(s, p, 0))->pid == 0;
}

void page_server_renew(struct supervisor *s, struct page_server *p, uint32_t timeout_ms,
                       int64_t now_ms)
{
    struct child *next = place(s, p, p->present == place(s, p, 0));
    child_let_go(p->present, now_ms + timeout_ms + MORE_MS);
    p->renew = p->lame = false;
    p->present = next;
    child_renew(next);
    next->kept = true;
    next->restart_at_ms = now_ms;
    supervisor_restart_children(s, now_ms);
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

bool page_server_fails(const struct supervisor *s, const struct page_server *p)
{
    return page_server_is_wanted(p) && !s->stopping &&
           (page_server_listening(p) < 0 || (p->present->kept && child_is_missing(p->present)) ||
            p->lame || p->broken);
}

struct control_served page_server_counts(const struct page_server *p)
{
    struct control_served all = p->gone;
    for (unsigned i = 0; i < PAGE_SERVER_PLACES; i++)
        add(&all, &p->of[i]);
    return all;
}
