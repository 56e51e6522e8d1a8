/*
 * The publisher of our own certificates' chains: kept where repository.port says so, replaced when
 * a reload has changed what it serves. It hears what is known of the certificates' URLs, as workers
 * do, and serves what signs.
 */
#include "page_server.h"
#include "questions.h"

#include <stdio.h>
#include <stird/conf/settings_file.h>

#include <unistd.h>

struct publisher_part {
    struct page_server server;
    uint32_t timeout_ms; /* of a connection of the present one */
    bool untold;         /* it is to hear how its units' URLs are */
};

static struct publisher_part *part(const struct supervisor *s)
{
    return supervisor_part(s, &part_publisher);
}

static struct page_server *own(const struct supervisor *s)
{
    return &part(s)->server;
}

/* ---- its life ---- */

static unsigned kept(const struct supervisor *s)
{
    return page_server_is_wanted(own(s));
}

static bool may_start(const struct supervisor *s)
{
    return page_server_listening(own(s)) >= 0;
}

/* The key of its own certificate is among texts that others need not have. */
static int files_for_it(const struct supervisor *s)
{
    return s->current.settings->repository_tls_certificate.n > 0 ? s->current.files_fd
                                                                 : s->current.public_files_fd;
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    (void)c;
    kit_keep(kit, page_server_listening(own(s)));
    kit_keep(kit, files_for_it(s));
    return 0;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    (void)c;
    return publisher_main(s->current.settings, page_server_listening(own(s)), files_for_it(s),
                          control_fd);
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)death;
    page_server_gone(s, own(s), c);
}

static void serves(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    if (c == own(s)->present)
        part(s)->untold = true;
}

const struct duty duty_publisher = {.kept = kept,
                                    .may_start = may_start,
                                    .equip = equip,
                                    .enter = enter,
                                    .serves = serves,
                                    .gone = gone};

/* ---- what it serves ---- */

/* Its units have the places that they had when it was started. */
static bool units_agree(const struct settings *a, const struct settings *b)
{
    bool same = a->n_certificates == b->n_certificates;
    for (unsigned i = 0; same && i < a->n_certificates; i++) {
        const struct certificate *one = &a->certificates[i], *other = &b->certificates[i];
        same = str_eq(one->id, other->id) && str_eq(one->x5u, other->x5u) &&
               str_eq(one->chain, other->chain);
    }
    return same;
}

/* A reload that changes nothing of it cuts nobody off. */
static void follow(struct supervisor *s, const struct news *news)
{
    struct page_server *p = own(s);
    p->renew = kept(s) > 0 &&
               (p->renew || p->lame || !units_agree(s->current.settings, news->before->settings) ||
                !page_server_stays(p, &s->current, news->before));
}

static void take_states(struct supervisor *s, const struct news *news)
{
    (void)news;
    part(s)->untold = true;
}

/* Marks the units that an operator has chosen to sign. */
static void mark_chosen(const struct supervisor *s, char states[CONTROL_TEXT])
{
    const struct settings *settings = s->current.settings;
    struct switches_asked switched = {.on = NULL};
    supervisor_ask_switches(s, &switched);
    for (unsigned i = 0; i < settings->n_certificates && states[i]; i++) {
        const struct certificate *c = &settings->certificates[i];
        const struct switched *one = switches_find(switched.on, SWITCH_CERTIFICATE, c->id);
        if (one && str_eq(str_of(one->value), c->unit))
            states[i] = (char)(states[i] + CONTROL_UNIT_CHOSEN);
    }
}

/* Not to one that is about to be replaced, whose units may have other places. */
static void tell_states(struct supervisor *s)
{
    struct control_message m = {.type = CONTROL_CERTIFICATES,
                                .certificates = {.generation = s->current.generation}};
    struct states_asked asked = {.settings = s->current.settings};
    if (!part(s)->untold || own(s)->renew || own(s)->present->state != CHILD_SERVING)
        return;
    supervisor_ask_states(s, &asked);
    mark_chosen(s, asked.states);
    snprintf(m.certificates.states, sizeof(m.certificates.states), "%s", asked.states);
    part(s)->untold = child_send(own(s)->present, &m, NULL, 0) != 0;
}

/* ---- the part ---- */

static void init(struct supervisor *s)
{
    page_server_init(s, own(s), ROLE_PUBLISHER, "repository.", "repository.port");
}

static struct page_server_basis basis_of(const struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    return (struct page_server_basis){settings->repository_tls_certificate,
                                      settings->repository_tls_key,
                                      &settings->repository_tls_dates};
}

static void note_files(struct supervisor *s, const struct news *news)
{
    const struct page_server_basis basis = basis_of(s);
    (void)news;
    page_server_note_files(own(s), &basis);
}

static bool open_socket(struct supervisor *s, struct problems *problems)
{
    (void)problems;
    part(s)->timeout_ms = s->current.settings->repository_timeout_ms;
    note_files(s, NULL);
    page_server_open(own(s), &s->started_with->repository_listen);
    return true;
}

static void fini(struct supervisor *s)
{
    page_server_fini(own(s));
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    const struct page_server_basis basis = basis_of(s);
    page_server_tick(s, own(s), &basis, now_ms);
    if (page_server_renews(s, own(s))) {
        page_server_renew(s, own(s), part(s)->timeout_ms, now_ms);
        part(s)->timeout_ms = s->current.settings->repository_timeout_ms;
    }
    tell_states(s);
}

static void take_served(struct supervisor *s, const struct heard *h)
{
    page_server_take_served(own(s), h);
}

static void take_alarm(struct supervisor *s, const struct heard *h)
{
    page_server_take_alarm(own(s), h);
}

static const struct word hears[] = {{ROLE_PUBLISHER, CONTROL_SERVED, take_served},
                                    {ROLE_PUBLISHER, CONTROL_ALARM, take_alarm},
                                    {.take = NULL}};

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_no_publisher] = page_server_fails(s, own(s));
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    const struct control_served all = page_server_counts(own(s));
    c->repository_answered = all.answered;
    c->repository_refused = all.refused;
    c->repository_unreadable = all.unreadable;
    c->repository_handshakes_failed = all.unshaken;
    c->repository_crowded = all.crowded;
    c->repository_thrown_out = all.thrown_out;
}

const struct part part_publisher = {
    .name = "publisher",
    .bytes = sizeof(struct publisher_part),
    .init = init,
    .open = open_socket,
    .fini = fini,
    .hears = hears,
    .tick = tick,
    .on = {[EVENT_RELOAD_BEGINS] = note_files,
           [EVENT_IN_FORCE] = follow,
           [EVENT_STATES] = take_states},
    .count = count,
    .add_counts = add_counts,
};
