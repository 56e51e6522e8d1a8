/*
 * The web process: kept where web.port says so, replaced when a reload may have changed what it
 * serves by. Its socket is opened once and is the supervisor's. It gets what it shows when it asks,
 * a few times a second at most.
 */
#include "questions.h"

#include "daemon/retry.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <stird/net/listen.h>
#include <stird/net/mend.h>
#include <string.h>
#include <unistd.h>

#define PLACES   2
#define EVERY_MS 250 /* a view, at most */

struct web_part {
    struct listener_sockets sockets; /* a TCP socket; the others are -1 */
    struct child *present;
    bool renew;                             /* another one is to take its place */
    bool lame;                              /* the present one cannot serve */
    bool wanted;                            /* a view, by the present one */
    int64_t given_ms;                       /* when it got one last */
    struct control_served gone, of[PLACES]; /* counts of those that ended, and of each now */
    bool broken;                            /* its socket was changed, and could not be set back */
};

static struct web_part *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_web);
}

static struct child *place(const struct supervisor *s, unsigned i)
{
    return supervisor_places(s, ROLE_WEB) + i;
}

static int listening(const struct supervisor *s)
{
    return own(s)->sockets.fd[TRANSPORT_TCP];
}

/* ---- its socket ---- */

static struct listener listener_of(const struct supervisor *s)
{
    return (struct listener){.name = STR("web"),
                             .address = s->started_with->web_listen,
                             .transports = {[TRANSPORT_TCP] = true}};
}

static bool open_once(struct supervisor *s, struct problems *problems)
{
    const struct listener l = listener_of(s);
    enum transport failed;
    int r = listener_open(&own(s)->sockets, 1, -1, &l, &failed);
    if (r == 0)
        return true;
    struct buf text = BUF_INIT;
    own(s)->sockets.fd[TRANSPORT_TCP] = -1;
    address_add(&text, &l.address);
    problems_add(problems, s->path, 0, "web.port: %.*s: %s", STR_ARG(buf_str(&text)),
                 r == -EADDRINUSE ? "another process has this port: stop it, or choose another"
                 : r == -EADDRNOTAVAIL
                     ? "this machine has no such address: give it that, or choose another"
                     : strerror(-r));
    problems_may_pass(problems, -r);
    buf_fini(&text);
    return false;
}

/* Waits a while for the port of a predecessor, as for those of calls. */
static bool open_socket(struct supervisor *s, struct problems *problems)
{
    while (s->started_with->web_port > 0) {
        struct problems found = PROBLEMS_INIT;
        const bool opened = open_once(s, &found),
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
static void mend(struct supervisor *s)
{
    const struct listener l = listener_of(s);
    enum transport failed;
    int r = mend_listener(&own(s)->sockets, 1, 0, -1, &l, &failed);
    own(s)->broken = r < 0;
    if (r > 0)
        log_error("the web process that ended had changed its socket: it may have been somebody "
                  "else's");
    if (r < 0)
        log_error("the socket of web.port cannot be mended: restart stird",
                  LOG_CSTR("error", strerror(-r)));
}

/* ---- its life ---- */

static unsigned kept(const struct supervisor *s)
{
    return listening(s) >= 0;
}

static int equip_own(struct supervisor *s, const struct child *c, struct kit *kit)
{
    (void)c;
    kit_keep(kit, listening(s));
    if (s->current.settings->web_tls_certificate.n > 0)
        kit_keep(kit, s->current.files_fd);
    return 0;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    const struct settings *settings = s->current.settings;
    (void)c;
    return web_main(settings, listening(s),
                    settings->web_tls_certificate.n > 0 ? s->current.files_fd : -1, control_fd);
}

/* The other place may still be taken by one that does not end. */
static void renew(struct supervisor *s, int64_t now_ms)
{
    struct child *before = own(s)->present, *next = place(s, before == place(s, 0));
    if (next->pid > 0) {
        child_kill(next, SIGKILL);
        return;
    }
    before->kept = false;
    before->restart_at_ms = 0;
    child_close_control(before); /* which ends it */
    own(s)->renew = own(s)->wanted = own(s)->lame = false;
    own(s)->present = next;
    child_init(next, next->role, next->index);
    next->kept = true;
    next->restart_at_ms = now_ms;
    supervisor_restart_children(s, now_ms);
}

static void add(struct control_served *to, const struct control_served *more)
{
    to->answered = counters_sum(to->answered, more->answered);
    to->refused = counters_sum(to->refused, more->refused);
    to->crowded = counters_sum(to->crowded, more->crowded);
    to->thrown_out = counters_sum(to->thrown_out, more->thrown_out);
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)death;
    add(&own(s)->gone, &own(s)->of[c->index]);
    own(s)->of[c->index] = (struct control_served){0};
    if (c == own(s)->present)
        own(s)->wanted = own(s)->lame = false;
    if (!s->ending)
        mend(s);
}

const struct duty duty_web = {.kept = kept, .equip = equip_own, .enter = enter, .gone = gone};

/* ---- what it shows ---- */

static struct web_view_parts shown(const struct counted_parts *parts)
{
    return (struct web_view_parts){buf_str(&parts->names),
                                   (const uint64_t *)(const void *)parts->numbers.p, parts->n,
                                   parts->left_out};
}

/* Fills V, whose texts and numbers the other three keep. */
static void fill_view(struct supervisor *s, struct web_view *v, struct buf *status,
                      struct buf *trust, struct parts_asked *parts, int64_t now_ms)
{
    struct lacks_asked asked = {{false}};
    supervisor_tell(s, EVENT_ASKED, &(struct news){.now_ms = now_ms});
    supervisor_ask_status(s, &(struct status_asked){status, now_ms});
    supervisor_ask_trust(s, &(struct trust_asked){trust});
    supervisor_ask_parts(s, parts);
    supervisor_ask_lacks(s, &asked);
    memcpy(v->lacks, asked.lacks, sizeof(v->lacks));
    snprintf(v->state, sizeof(v->state), "%s", supervisor_state_text(s));
    v->lacks[WEB_LACKS_CALLS] = strcmp(v->state, "serving") != 0;
    v->status = buf_str(status);
    v->trust = buf_str(trust);
    v->trunks = shown(&parts->trunks);
    v->upstreams = shown(&parts->upstreams);
}

static bool any_failed(const struct buf *status, const struct buf *trust,
                       const struct parts_asked *parts)
{
    return buf_failed(status) || buf_failed(trust) || buf_failed(&parts->trunks.names) ||
           buf_failed(&parts->trunks.numbers) || buf_failed(&parts->upstreams.names) ||
           buf_failed(&parts->upstreams.numbers);
}

/* A descriptor, or -errno. */
static int make_view(struct supervisor *s, int64_t now_ms)
{
    struct buf status = BUF_INIT, trust = BUF_INIT;
    struct parts_asked parts = {.most = WEB_VIEW_PARTS_MAX};
    struct proxy_counters calls = {0};
    const struct service_counters service = supervisor_counts(s);
    supervisor_ask_calls(s, &calls);
    struct web_view view = {.all = (const uint64_t *)(const void *)&calls,
                            .service = (const uint64_t *)(const void *)&service};
    fill_view(s, &view, &status, &trust, &parts, now_ms);
    int fd = any_failed(&status, &trust, &parts) ? -ENOMEM : web_view_write(&view);
    buf_fini(&status);
    buf_fini(&trust);
    buf_fini(&parts.trunks.names);
    buf_fini(&parts.trunks.numbers);
    buf_fini(&parts.upstreams.names);
    buf_fini(&parts.upstreams.numbers);
    return fd;
}

static bool owes(const struct supervisor *s)
{
    return own(s)->wanted && own(s)->present->state == CHILD_SERVING;
}

/* What cannot be made or sent now is tried again when the next one is due. */
static void give_view(struct supervisor *s, int64_t now_ms)
{
    const struct control_message m = {.type = CONTROL_VIEW};
    const int fd = make_view(s, now_ms);
    own(s)->given_ms = now_ms;
    if (fd < 0)
        return;
    own(s)->wanted = child_send(own(s)->present, &m, &fd, 1) != 0;
    close(fd);
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    if (own(s)->renew && !s->stopping)
        renew(s, now_ms);
    if (owes(s) && now_ms >= own(s)->given_ms + EVERY_MS)
        give_view(s, now_ms);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    (void)now_ms;
    return owes(s) ? own(s)->given_ms + EVERY_MS : INT64_MAX;
}

static void take_wanted(struct supervisor *s, const struct heard *h)
{
    if (h->child == own(s)->present)
        own(s)->wanted = true;
}

static void take_alarm(struct supervisor *s, const struct heard *h)
{
    if (h->child == own(s)->present)
        own(s)->lame = true;
}

static void take_served(struct supervisor *s, const struct heard *h)
{
    own(s)->of[h->child->index] = h->message->served;
}

static const struct word hears[] = {{ROLE_WEB, CONTROL_VIEW_WANTED, take_wanted},
                                    {ROLE_WEB, CONTROL_SERVED, take_served},
                                    {ROLE_WEB, CONTROL_ALARM, take_alarm},
                                    {.take = NULL}};

/* ---- the part ---- */

static void init(struct supervisor *s)
{
    own(s)->present = place(s, 0);
    own(s)->given_ms = -EVERY_MS;
    for (unsigned t = 0; t < TRANSPORTS; t++)
        own(s)->sockets.fd[t] = -1;
}

static void fini(struct supervisor *s)
{
    listener_close(&own(s)->sockets, 1);
}

/* The texts of its certificate may be others, behind the same names. */
static void follow(struct supervisor *s, const struct news *news)
{
    (void)news;
    own(s)->renew = kept(s) > 0;
}

/* The very first one, still on its way, is not missing. */
static bool is_missing(const struct child *c)
{
    return c->kept && c->state != CHILD_SERVING && !(c->state == CHILD_STARTING && c->deaths == 0);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_no_web] = !s->stopping &&
                           (is_missing(own(s)->present) || own(s)->lame || own(s)->broken);
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    struct control_served all = own(s)->gone;
    for (unsigned i = 0; i < PLACES; i++)
        add(&all, &own(s)->of[i]);
    c->web_answered = all.answered;
    c->web_refused = all.refused;
    c->web_crowded = all.crowded;
    c->web_thrown_out = all.thrown_out;
}

const struct part part_web = {
    .name = "web",
    .bytes = sizeof(struct web_part),
    .init = init,
    .open = open_socket,
    .fini = fini,
    .hears = hears,
    .deadline = deadline,
    .tick = tick,
    .on = {[EVENT_IN_FORCE] = follow},
    .count = count,
    .add_counts = add_counts,
};
