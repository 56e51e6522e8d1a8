/*
 * The web process: kept where web.port says so, replaced when a reload has changed what it serves
 * by. It gets what it shows when it asks, a few times a second at most.
 */
#include "page_server.h"
#include "questions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVERY_MS 250 /* a view, at most */

struct web_part {
    struct page_server server;
    bool wanted;         /* a view, by the present one */
    int64_t given_ms;    /* when it got one last */
    uint32_t timeout_ms; /* of a connection of the present one */
};

static struct web_part *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_web);
}

/* ---- its life ---- */

static unsigned kept(const struct supervisor *s)
{
    return page_server_is_wanted(&own(s)->server);
}

/* The texts of its certificate and key; -1: it has none. */
static int files_for_it(const struct supervisor *s)
{
    return s->current.settings->web_tls_certificate.n > 0 ? s->current.files_fd : -1;
}

static bool may_start(const struct supervisor *s)
{
    return page_server_listening(&own(s)->server) >= 0;
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    (void)c;
    kit_keep(kit, page_server_listening(&own(s)->server));
    if (files_for_it(s) >= 0)
        kit_keep(kit, files_for_it(s));
    return 0;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    (void)c;
    return web_main(s->current.settings, page_server_listening(&own(s)->server), files_for_it(s),
                    control_fd);
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)death;
    if (c == own(s)->server.present)
        own(s)->wanted = false;
    page_server_gone(s, &own(s)->server, c);
}

const struct duty duty_web = {
    .kept = kept, .may_start = may_start, .equip = equip, .enter = enter, .gone = gone};

/* ---- what it shows ---- */

static struct web_view_parts shown(const struct counted_parts *parts)
{
    return (struct web_view_parts){buf_str(&parts->names),
                                   (const uint64_t *)(const void *)parts->numbers.p, parts->n,
                                   parts->left_out};
}

/* What a view borrows. */
struct shown_texts {
    struct buf status, trust, hops;
    struct parts_asked counted;
};

/* Fills V, whose texts and numbers T keeps. */
static void fill_view(struct supervisor *s, struct web_view *v, struct shown_texts *t,
                      int64_t now_ms)
{
    struct lacks_asked asked = {.provider = {NULL, 0}};
    supervisor_tell(s, EVENT_ASKED, &(struct news){.now_ms = now_ms});
    supervisor_ask_status(s, &(struct status_asked){&t->status, now_ms});
    supervisor_ask_trust(s, &(struct trust_asked){&t->trust});
    supervisor_ask_hops(s, &(struct hops_asked){&t->hops, WEB_VIEW_PARTS_MAX});
    supervisor_ask_parts(s, &t->counted);
    supervisor_ask_lacks(s, &asked);
    memcpy(v->lacks, asked.lacks, sizeof(v->lacks));
    v->provider = asked.provider;
    snprintf(v->state, sizeof(v->state), "%s", supervisor_state_text(s));
    v->lacks[WEB_LACKS_CALLS] = strcmp(v->state, "serving") != 0;
    v->status = buf_str(&t->status);
    v->trust = buf_str(&t->trust);
    v->hops = buf_str(&t->hops);
    v->trunks = shown(&t->counted.trunks);
    v->upstreams = shown(&t->counted.upstreams);
}

/* Ends them. Whether they are whole. */
static bool fini_texts(struct shown_texts *t)
{
    struct buf *const all[] = {&t->status,
                               &t->trust,
                               &t->hops,
                               &t->counted.trunks.names,
                               &t->counted.trunks.numbers,
                               &t->counted.upstreams.names,
                               &t->counted.upstreams.numbers};
    bool whole = true;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        whole &= !buf_failed(all[i]);
        buf_fini(all[i]);
    }
    return whole;
}

/* A descriptor, or -errno. */
static int make_view(struct supervisor *s, int64_t now_ms)
{
    struct shown_texts texts = {.counted = {.most = WEB_VIEW_PARTS_MAX}};
    struct proxy_counters calls = {0};
    const struct service_counters service = supervisor_counts(s);
    supervisor_ask_calls(s, &calls);
    struct web_view view = {.all = (const uint64_t *)(const void *)&calls,
                            .service = (const uint64_t *)(const void *)&service};
    fill_view(s, &view, &texts, now_ms);
    const int fd = web_view_write(&view);
    if (fini_texts(&texts) || fd < 0)
        return fd;
    close(fd);
    return -ENOMEM;
}

static bool owes(const struct supervisor *s)
{
    return own(s)->wanted && own(s)->server.present->state == CHILD_SERVING;
}

/* What cannot be made or sent now is tried again when the next one is due. */
static void give_view(struct supervisor *s, int64_t now_ms)
{
    const struct control_message m = {.type = CONTROL_VIEW};
    const int fd = make_view(s, now_ms);
    own(s)->given_ms = now_ms;
    if (fd < 0)
        return;
    own(s)->wanted = child_send(own(s)->server.present, &m, &fd, 1) != 0;
    close(fd);
}

static struct page_server_basis basis_of(const struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    return (struct page_server_basis){settings->web_tls_certificate, settings->web_tls_key,
                                      &settings->web_tls_dates};
}

/* The one before has those to answer who have asked it: it gets a last view for them. */
static void renew(struct supervisor *s, int64_t now_ms)
{
    if (!page_server_renews(s, &own(s)->server))
        return;
    if (own(s)->server.present->state == CHILD_SERVING)
        give_view(s, now_ms);
    page_server_renew(s, &own(s)->server, own(s)->timeout_ms, now_ms);
    own(s)->timeout_ms = s->current.settings->web_timeout_ms;
    own(s)->wanted = false;
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    const struct page_server_basis basis = basis_of(s);
    page_server_tick(s, &own(s)->server, &basis, now_ms);
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
    if (h->child == own(s)->server.present)
        own(s)->wanted = true;
}

static void take_served(struct supervisor *s, const struct heard *h)
{
    page_server_take_served(&own(s)->server, h);
}

static void take_alarm(struct supervisor *s, const struct heard *h)
{
    page_server_take_alarm(&own(s)->server, h);
}

static const struct word hears[] = {{ROLE_WEB, CONTROL_VIEW_WANTED, take_wanted},
                                    {ROLE_WEB, CONTROL_SERVED, take_served},
                                    {ROLE_WEB, CONTROL_ALARM, take_alarm},
                                    {.take = NULL}};

/* ---- the part ---- */

static void init(struct supervisor *s)
{
    page_server_init(s, &own(s)->server, ROLE_WEB, "web.", "web.port");
    own(s)->given_ms = -EVERY_MS;
}

static void note_files(struct supervisor *s, const struct news *news)
{
    const struct page_server_basis basis = basis_of(s);
    (void)news;
    page_server_note_files(&own(s)->server, &basis);
}

static bool open_socket(struct supervisor *s, struct problems *problems)
{
    (void)problems;
    own(s)->timeout_ms = s->current.settings->web_timeout_ms;
    note_files(s, NULL);
    page_server_open(&own(s)->server, &s->started_with->web_listen);
    return true;
}

static void fini(struct supervisor *s)
{
    page_server_fini(&own(s)->server);
}

/* A reload that changes nothing of it cuts nobody off. */
static void follow(struct supervisor *s, const struct news *news)
{
    struct page_server *p = &own(s)->server;
    p->renew = kept(s) > 0 &&
               (p->renew || p->lame || !page_server_stays(p, &s->current, news->before));
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_no_web] = page_server_fails(s, &own(s)->server);
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    const struct control_served all = page_server_counts(&own(s)->server);
    c->web_answered = all.answered;
    c->web_refused = all.refused;
    c->web_unreadable = all.unreadable;
    c->web_handshakes_failed = all.unshaken;
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
    .on = {[EVENT_RELOAD_BEGINS] = note_files, [EVENT_IN_FORCE] = follow},
    .count = count,
    .add_counts = add_counts,
};
