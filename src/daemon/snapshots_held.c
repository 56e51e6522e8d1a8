#include "snapshots_held.h"

#include <stdlib.h>
#include <stird/base/log.h>
#include <unistd.h>

struct held_snapshot {
    struct snapshot *snapshot;
    struct event *signer_readable; /* NULL: no signer at the moment */
    struct event_base *base;
    struct held_snapshot *next;
};

static void held_free(struct held_snapshot *h)
{
    if (h->signer_readable)
        event_free(h->signer_readable);
    snapshot_unref(h->snapshot);
    free(h);
}

void snapshots_held_init(struct snapshots_held *held, struct event_base *base)
{
    *held = (struct snapshots_held){.base = base};
}

void snapshots_held_fini(struct snapshots_held *held)
{
    while (held->first) {
        struct held_snapshot *h = held->first;
        held->first = h->next;
        held_free(h);
    }
}

/* ---- signers ---- */

_Noreturn static void no_memory(void)
{
    log_error("out of memory for the signer's channel: the process ends");
    _exit(EXIT_FAILURE);
}

static void watch_signer(struct held_snapshot *h);

static void replace_signer(struct held_snapshot *h, int channel)
{
    struct signer_client *client = signer_client_new(channel);
    if (!client)
        no_memory();
    if (h->signer_readable)
        event_free(h->signer_readable);
    h->signer_readable = NULL;
    snapshot_replace_signer(h->snapshot, client);
    watch_signer(h);
}

static void on_signer_readable(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    struct held_snapshot *h = user;
    if (signer_client_readable(h->snapshot->signer))
        return;
    log_warning("the signer is gone: calls go on as the failure mode says until the next is there",
                LOG_NUMBER("generation", (int64_t)h->snapshot->generation));
    replace_signer(h, -1);
}

static void watch_signer(struct held_snapshot *h)
{
    int fd = signer_client_fd(h->snapshot->signer);
    if (fd < 0)
        return;
    h->signer_readable = event_new(h->base, fd, EV_READ | EV_PERSIST, on_signer_readable, h);
    if (!h->signer_readable || event_add(h->signer_readable, NULL))
        no_memory();
}

/* ---- the list ---- */

bool snapshots_held_take(struct snapshots_held *held, struct snapshot *s)
{
    struct held_snapshot *h = s ? calloc(1, sizeof(*h)) : NULL;
    if (!h) {
        snapshot_unref(s);
        return false;
    }
    *h = (struct held_snapshot){.snapshot = s, .base = held->base, .next = held->first};
    held->first = h;
    watch_signer(h);
    return true;
}

struct snapshot *snapshots_held_current(const struct snapshots_held *held)
{
    return held->first ? held->first->snapshot : NULL;
}

static struct held_snapshot *find(const struct snapshots_held *held, uint64_t generation)
{
    struct held_snapshot *h = held->first;
    while (h && h->snapshot->generation != generation)
        h = h->next;
    return h;
}

struct snapshot *snapshots_held_of(const struct snapshots_held *held, uint64_t generation)
{
    struct held_snapshot *h = find(held, generation);
    return h ? h->snapshot : NULL;
}

bool snapshots_held_connect(struct snapshots_held *held, uint64_t generation, int channel)
{
    struct held_snapshot *h = find(held, generation);
    if (h)
        replace_signer(h, channel);
    else if (channel >= 0)
        close(channel);
    return h != NULL;
}

void snapshots_held_set_states(struct snapshots_held *held, uint64_t generation, struct str text)
{
    for (struct held_snapshot *h = held->first; h; h = h->next)
        if (h->snapshot->generation == generation)
            snapshot_set_certificate_states(h->snapshot, text);
}

void snapshots_held_drop_unused(struct snapshots_held *held)
{
    struct held_snapshot **link = held->first ? &held->first->next : &held->first;
    while (*link) {
        struct held_snapshot *h = *link;
        if (h->snapshot->references > 1) {
            link = &h->next;
        } else {
            *link = h->next;
            held_free(h);
        }
    }
}

unsigned snapshots_held_pages(const struct snapshots_held *held, uint64_t *pages, unsigned max)
{
    unsigned n = 0;
    for (const struct held_snapshot *h = held->first; h && n < max; h = h->next)
        pages[n++] = h->snapshot->page;
    return n;
}

uint64_t snapshots_held_oldest(const struct snapshots_held *held)
{
    uint64_t oldest = UINT64_MAX;
    for (const struct held_snapshot *h = held->first; h; h = h->next) {
        if (h->snapshot->generation < oldest)
            oldest = h->snapshot->generation;
    }
    return oldest;
}
