/*
 * The publisher of our own certificates' chains: kept where repository.port says so, replaced at
 * each reload, for the chains may be others.
 */
#include "page_server.h"

#include <unistd.h>

static struct page_server *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_publisher);
}

/* ---- its life ---- */

static unsigned kept(const struct supervisor *s)
{
    return page_server_is_wanted(own(s));
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

const struct duty duty_publisher = {.kept = kept, .equip = equip, .enter = enter, .gone = gone};

/* ---- the part ---- */

static void init(struct supervisor *s)
{
    page_server_init(s, own(s), ROLE_PUBLISHER, "repository.port");
}

static bool open_socket(struct supervisor *s, struct problems *problems)
{
    return page_server_open(s, own(s), &s->started_with->repository_listen, problems);
}

static void fini(struct supervisor *s)
{
    page_server_fini(own(s));
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    page_server_renew(s, own(s), now_ms);
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

static void follow(struct supervisor *s, const struct news *news)
{
    (void)news;
    own(s)->renew = kept(s) > 0;
}

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
    .bytes = sizeof(struct page_server),
    .init = init,
    .open = open_socket,
    .fini = fini,
    .hears = hears,
    .tick = tick,
    .on = {[EVENT_IN_FORCE] = follow},
    .count = count,
    .add_counts = add_counts,
};
