/* The workers: what each is given when it begins, and what becomes of what it says. */
#include "supervisor_workers.h"

#include "patience.h"
#include "supervisor_certificates.h"
#include "supervisor_counters.h"
#include "supervisor_failed.h"
#include "supervisor_hops.h"
#include "supervisor_names.h"
#include "supervisor_overlay.h"
#include "supervisor_records.h"
#include "supervisor_refused.h"
#include "supervisor_signers.h"
#include "supervisor_sockets.h"
#include "daemon/key_memory.h"
#include "daemon/state.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SNAPSHOTS_OWED_MAX 4

/*
 * What a worker was given and has not yet said that it has. It answers each, in order, before it
 * looks at anything else: so a worker whose loop turns without a word of it is none of ours any
 * more.
 */
struct owed {
    uint64_t snapshots[SNAPSHOTS_OWED_MAX]; /* generations, as they were sent */
    unsigned n_snapshots;
    struct patience patience;
};

struct workers {
    uint8_t *secret; /* SNAPSHOT_SECRET_BYTES; the workers are told, no other child has it */
    uint64_t in_use[WORKERS_MAX]; /* the generation that each said it serves */
    struct owed owed[WORKERS_MAX];
    int counters_fds[WORKERS_MAX]; /* the page of one that is about to start; -1: none */
};

static struct workers *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_workers);
}

bool supervisor_read_secret(struct supervisor *s, struct problems *problems)
{
    own(s)->secret = key_memory_page();
    if (!own(s)->secret)
        problems->out_of_memory = true;
    return own(s)->secret &&
           state_secret(s->current.settings->state_directory, own(s)->secret, problems);
}

uint64_t supervisor_snapshot_in_use(const struct supervisor *s, unsigned w)
{
    return own(s)->in_use[w];
}

/* ---- snapshots ---- */

bool supervisor_owes_snapshot(const struct supervisor *s, unsigned w)
{
    return own(s)->owed[w].n_snapshots > 0;
}

/* It was sent. */
static void owes(struct supervisor *s, unsigned w, uint64_t generation, int64_t now_ms)
{
    struct owed *o = &own(s)->owed[w];
    if (o->n_snapshots == 0)
        patience_begin(&o->patience, true, now_ms);
    o->snapshots[o->n_snapshots++] = generation;
}

/* Takes the answer of W; false: it was not asked, and lies. */
static bool was_owed(struct supervisor *s, unsigned w, uint64_t generation, int64_t now_ms)
{
    struct owed *o = &own(s)->owed[w];
    if (o->n_snapshots == 0 || o->snapshots[0] != generation)
        return false;
    o->n_snapshots--;
    memmove(&o->snapshots[0], &o->snapshots[1], o->n_snapshots * sizeof(o->snapshots[0]));
    patience_begin(&o->patience, o->n_snapshots > 0, now_ms);
    return true;
}

/* With a channel to SIGNER, and COUNTERS to count on, page PAGE of its own. */
static int send_with(struct supervisor *s, unsigned w, const struct configuration *configuration,
                     struct child *signer, int counters, uint64_t page)
{
    struct control_message message = {
        .type = CONTROL_SNAPSHOT,
        .snapshot = {.generation = configuration->generation,
                     .numbers_generation = configuration->generation,
                     .page = page,
                     .read_at_s = configuration->read_at_s},
    };
    int channel = supervisor_signer_channel(signer, w);
    if (channel < 0)
        return channel;
    memcpy(message.snapshot.path, s->path.p, s->path.n);
    supervisor_certificate_states(s, configuration->settings, message.snapshot.states,
                                  CONTROL_TEXT);
    memcpy(message.snapshot.secret, own(s)->secret, SNAPSHOT_SECRET_BYTES);
    const int fds[] = {configuration->files_fd, configuration->numbers_fd, channel, counters};
    int r = child_send(&s->workers[w], &message, fds, 4);
    close(channel);
    explicit_bzero(message.snapshot.secret, SNAPSHOT_SECRET_BYTES);
    return r;
}

/* Once it was sent, W owes an answer and has a page; what fails before leaves neither. */
int supervisor_send_snapshot(struct supervisor *s, unsigned w,
                             const struct configuration *configuration, struct child *signer)
{
    struct counter_book *book = supervisor_counter_book(s);
    if (s->path.n >= CONTROL_TEXT)
        return -ENAMETOOLONG;
    if (own(s)->owed[w].n_snapshots == SNAPSHOTS_OWED_MAX)
        return -EBUSY;
    uint64_t page;
    int counters = counter_book_open_parts(book, w, configuration->settings, &page);
    if (counters < 0)
        return counters;
    int r = send_with(s, w, configuration, signer, counters, page);
    close(counters);
    if (r == 0)
        owes(s, w, configuration->generation, clock_monotonic_ms());
    else
        counter_book_take_back(book, w);
    return r;
}

/* Why it has to be killed now, or NULL. */
static const char *owes_for_too_long(const struct supervisor *s, unsigned w, int64_t now_ms)
{
    if (patience_is_over(&own(s)->owed[w].patience, now_ms))
        return "it does not say that it has the configuration that it was given";
    if (supervisor_overlay_is_overdue(s, w, now_ms))
        return "it does not say that it has the urgent changes that it was given";
    return NULL;
}

/* Kills a worker that turns and does not do what it was told: a reload that waits for it would
   never end. */
static void tick(struct supervisor *s, int64_t now_ms)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        struct child *c = &s->workers[w];
        const char *why = c->control_fd >= 0 ? owes_for_too_long(s, w, now_ms) : NULL;
        if (!why)
            continue;
        supervisor_kill_for(c, why);
        child_close_control(c);
        supervisor_tell(s, EVENT_SNAPSHOT_OWED, &(struct news){.child = c, .now_ms = now_ms});
    }
}

/* ---- what it says ---- */

static void take_heartbeat(struct supervisor *s, const struct heard *h)
{
    const unsigned w = h->child->index;
    counter_book_holds(supervisor_counter_book(s), w, h->message->heartbeat.held, CONTROL_HELD_MAX);
    supervisor_signers_needed(s, w, h->message->heartbeat.oldest);
    own(s)->owed[w].patience.beats++;
    supervisor_overlay_beat(s, w);
}

static void take_name(struct supervisor *s, const struct heard *h)
{
    supervisor_take_name(s, h->child->index, &h->message->name);
}

static void take_refused(struct supervisor *s, const struct heard *h)
{
    supervisor_take_refused(s, &h->message->refused);
}

static void take_hop(struct supervisor *s, const struct heard *h)
{
    supervisor_take_hop(s, h->child->index, &h->message->hop);
}

static void take_failed(struct supervisor *s, const struct heard *h)
{
    supervisor_take_failed(s, &h->message->failed);
}

static void take_snapshot_in_use(struct supervisor *s, const struct heard *h)
{
    const unsigned w = h->child->index;
    const uint64_t generation = h->message->snapshot_in_use.generation;
    if (!was_owed(s, w, generation, h->now_ms)) {
        supervisor_child_false(s, h->child, "that it serves a configuration that it was not given");
        return;
    }
    own(s)->in_use[w] = generation;
    supervisor_tell(s, EVENT_SNAPSHOT_IN_USE,
                    &(struct news){.child = h->child, .now_ms = h->now_ms});
}

static void take_snapshot_refused(struct supervisor *s, const struct heard *h)
{
    const uint64_t generation = h->message->snapshot_refused.generation;
    log_error("alarm", LOG_CSTR("child", h->child->role->name), LOG_NUMBER("pid", h->child->pid),
              LOG_CSTR("text", "the new configuration cannot be taken"));
    if (!was_owed(s, h->child->index, generation, h->now_ms)) {
        supervisor_child_false(s, h->child, "that it cannot take what it was not given");
        return;
    }
    supervisor_tell(s, EVENT_SNAPSHOT_REFUSED,
                    &(struct news){.child = h->child, .now_ms = h->now_ms});
    child_kill(h->child, SIGKILL);
}

static void take_overlay_in_use(struct supervisor *s, const struct heard *h)
{
    const uint64_t generation = h->message->overlay_in_use.generation;
    if (supervisor_overlay_taken(s, h->child->index, generation, h->now_ms))
        supervisor_tell(s, EVENT_OVERLAY_IN_USE,
                        &(struct news){.child = h->child, .now_ms = h->now_ms});
    else
        supervisor_child_false(s, h->child, "that it has urgent changes that it was not given");
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

static const struct word hears[] = {
    {CONTROL_HEARTBEAT, take_heartbeat},
    {CONTROL_NAME, take_name},
    {CONTROL_REFUSED, take_refused},
    {CONTROL_HOP, take_hop},
    {CONTROL_FAILED, take_failed},
    {CONTROL_SNAPSHOT_IN_USE, take_snapshot_in_use},
    {CONTROL_SNAPSHOT_REFUSED, take_snapshot_refused},
    {CONTROL_OVERLAY_IN_USE, take_overlay_in_use},
    {CONTROL_DRAINED, take_drained},
    {CONTROL_NO_WORD, NULL},
};

/* ---- its life ---- */

static unsigned kept(const struct supervisor *s)
{
    return s->n_workers;
}

/* The first workers wait for the first signer, so that the first call is signed. */
static bool may_start(const struct supervisor *s)
{
    return s->ready || supervisor_signer(s)->state == CHILD_SERVING;
}

static void close_page(struct supervisor *s, unsigned w)
{
    int *fd = &own(s)->counters_fds[w];
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int keep(struct supervisor *s, const struct child *c, int *fds)
{
    int n = 0, *counters_fd = &own(s)->counters_fds[c->index];
    _Static_assert(LISTENERS_MAX * TRANSPORTS + WORKERS_MAX + 4 <= CHILD_KEEP_MAX, "room for all");
    supervisor_mend_again(s, c->index);
    for (unsigned i = 0; i < s->started_with->n_listeners; i++)
        for (unsigned t = 0; t < TRANSPORTS; t++)
            fds[n++] = supervisor_sockets_of(s, c->index, i)->fd[t];
    for (unsigned w = 0; w < s->n_workers; w++)
        fds[n++] = supervisor_inbox(s, w, c->index);
    fds[n++] = supervisor_records(s)->channels[c->index][1];
    fds[n++] = supervisor_records(s)->backlogs[c->index];
    close_page(s, c->index);
    *counters_fd = counter_book_open(supervisor_counter_book(s), c->index);
    fds[n++] = *counters_fd;
    return *counters_fd < 0 ? *counters_fd : n;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    struct listener_sockets sockets[LISTENERS_MAX];
    int others[WORKERS_MAX];
    for (unsigned i = 0; i < s->started_with->n_listeners; i++)
        sockets[i] = *supervisor_sockets_of(s, c->index, i);
    for (unsigned w = 0; w < s->n_workers; w++)
        others[w] = w == c->index ? -1 : supervisor_inbox(s, w, c->index);
    return worker_main(&(struct worker_options){
        .control_fd = control_fd,
        .records_fd = supervisor_records(s)->channels[c->index][1],
        .backlog_fd = supervisor_records(s)->backlogs[c->index],
        .worker = c->index,
        .n_workers = s->n_workers,
        .sockets = sockets,
        .inbox_fd = supervisor_inbox(s, c->index, c->index),
        .others_fds = others,
        .dispatch_key = supervisor_dispatch_key(s),
        .counters_fd = own(s)->counters_fds[c->index],
    });
}

static int started(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    close_page(s, c->index);
    own(s)->in_use[c->index] = 0;
    own(s)->owed[c->index] = (struct owed){.n_snapshots = 0};
    supervisor_overlay_owes_nothing(s, c->index);
    supervisor_signers_needed(s, c->index, s->current.generation);
    supervisor_send_names(s, c->index);
    int r = supervisor_send_overlay(s, c->index);
    return r == 0 ? supervisor_send_snapshot(s, c->index, &s->current, supervisor_signer(s)) : r;
}

static void serves(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    log_info("worker serves", LOG_NUMBER("pid", c->pid),
             LOG_NUMBER("generation", (int64_t)s->current.generation));
}

/* Whether it has said itself what is missing: another one would miss it too. */
static bool gave_up(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE;
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)c;
    if (death->was_starting && gave_up(death->status) && !s->ready && !s->stopping)
        supervisor_fail_start(s, death->now_ms);
}

const struct duty duty_worker = {.kept = kept,
                                 .may_start = may_start,
                                 .keep = keep,
                                 .enter = enter,
                                 .started = started,
                                 .serves = serves,
                                 .hears = hears,
                                 .gone = gone};

static void init(struct supervisor *s)
{
    memset(own(s)->counters_fds, -1, sizeof(own(s)->counters_fds));
}

static void fini(struct supervisor *s)
{
    for (unsigned w = 0; w < WORKERS_MAX; w++)
        close_page(s, w);
    key_memory_page_free(own(s)->secret);
}

const struct part part_workers = {
    .name = "workers", .bytes = sizeof(struct workers), .init = init, .fini = fini, .tick = tick};
