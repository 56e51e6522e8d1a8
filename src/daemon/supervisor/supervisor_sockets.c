/*
 * The sockets that the workers share with the supervisor and with those that come after them:
 * opened once, looked at when a worker has died.
 */
#include "questions.h"
#include "worker_places.h"

#include "daemon/descriptor_store.h"
#include "daemon/kept_sockets.h"
#include "daemon/privileges.h"
#include "daemon/retry.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <stird/net/dispatch.h>
#include <stird/net/handover.h>
#include <stird/net/listen.h>
#include <stird/net/mend.h>
#include <string.h>
#include <unistd.h>

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

struct sockets {
    struct dispatch_key dispatch_key; /* with several workers, */
    bool key_taken;                   /* which the service manager has already, */
    int dispatch_program;             /* and what chooses among their sockets; -1: there is none */
    struct listener_sockets *list;    /* listener i's for worker w: [i * n_workers + w] */
    unsigned n;                       /* listeners */
    int inboxes[WORKERS_MAX][2];      /* [0] is worker w's, [1] everybody else's way to it */
    uint64_t taken;                   /* sockets of the process before this one */
    uint64_t mended;                  /* sockets that dead workers had changed */
    uint64_t untold[WORKERS_MAX];     /* new inboxes that each worker has not heard of */
    uint64_t broken[WORKERS_MAX];     /* now: sockets that each worker left and that cannot be
                                         mended */
    /* Of the worker that is about to start: its own sockets, and its ways to the others. */
    struct listener_sockets of_worker[LISTENERS_MAX];
    int ways[WORKERS_MAX];
};

static struct sockets *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_sockets);
}

/* The inbox of OWNER as worker W has it: its own, or the way to another's; -1: there are none. */
static int inbox(const struct supervisor *s, unsigned owner, unsigned w)
{
    return own(s)->inboxes[owner][w == owner ? 0 : 1];
}

static uint64_t bit(unsigned worker)
{
    _Static_assert(WORKERS_MAX <= 64, "a bit for each worker");
    return UINT64_C(1) << worker;
}

/* ---- opening ---- */

static void listener_problem(struct problems *problems, struct str path, const struct listener *l,
                             enum transport transport, int error)
{
    struct buf text = BUF_INIT;
    address_add(&text, &l->address);
    problems_add(problems, path, 0, "listen \"%.*s\": %.*s over %.*s: %s", STR_ARG(l->name),
                 STR_ARG(buf_str(&text)), STR_ARG(transport_name(transport)),
                 error == -EADDRINUSE ? "another process has this port: stop it, or choose another"
                 : error == -EADDRNOTAVAIL
                     ? "this machine has no such address: give it that, or choose another"
                     : strerror(-error));
    problems_may_pass(problems, -error);
    buf_fini(&text);
}

/* Several workers on one UDP port need the program that chooses among their sockets. */
static bool load_dispatch(struct supervisor *s, struct problems *problems)
{
    const struct settings *settings = s->current.settings;
    bool needed = false;
    for (unsigned i = 0; i < settings->n_listeners; i++)
        needed |= settings->listeners[i].transports[TRANSPORT_UDP];
    if (!needed || worker_count(s) == 1)
        return true;
    own(s)->key_taken = kept_key_take(&own(s)->dispatch_key);
    int error = own(s)->key_taken ? 0 : dispatch_key_make(&own(s)->dispatch_key);
    own(s)->dispatch_program = error
                                   ? error
                                   : dispatch_load(worker_count(s), &own(s)->dispatch_key, NULL, 0);
    if (own(s)->dispatch_program >= 0)
        return true;
    problems_add(
        problems, s->path, 0,
        "workers: %u workers share a UDP port by an eBPF program, which cannot be loaded: "
        "%s%s",
        worker_count(s), strerror(-own(s)->dispatch_program),
        own(s)->dispatch_program == -EPERM
            ? ". It takes CAP_BPF at the start, which systemd/stird.service.d/workers.conf "
              "grants; or write workers = 1"
            : "");
    problems_may_pass(problems, -own(s)->dispatch_program);
    return false;
}

static struct listener_sockets *of_listener(const struct supervisor *s, unsigned i)
{
    return &own(s)->list[i * worker_count(s)];
}

/* Those that the process before this one left, with all that waits in them. What is of no use is
   closed before anything is opened: it may have the port. */
static void take_kept(struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    own(s)->taken = 0;
    for (unsigned i = 0; i < settings->n_listeners; i++)
        own(s)->taken += kept_sockets_take(of_listener(s, i), worker_count(s),
                                           own(s)->dispatch_program, &settings->listeners[i], NULL);
    kept_sockets_expect(&settings->web_listen, KEPT_WEB);
    kept_sockets_expect(&settings->repository_listen, KEPT_REPOSITORY);
    descriptor_store_close_rest();
}

static void keep(const struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    for (unsigned i = 0; i < settings->n_listeners; i++)
        kept_sockets_keep(of_listener(s, i), worker_count(s), &settings->listeners[i], NULL);
    if (own(s)->dispatch_program >= 0 && !own(s)->key_taken)
        kept_key_keep(&own(s)->dispatch_key);
}

static bool open_listeners(struct supervisor *s, struct problems *problems)
{
    const struct settings *settings = s->current.settings;
    bool all = true;
    take_kept(s);
    own(s)->n = settings->n_listeners;
    for (unsigned i = 0; i < own(s)->n; i++) {
        enum transport failed = TRANSPORT_UDP;
        int r = listener_open_rest(of_listener(s, i), worker_count(s), own(s)->dispatch_program,
                                   &settings->listeners[i], &failed);
        if (r)
            listener_problem(problems, s->path, &settings->listeners[i], failed, r);
        all &= r == 0;
    }
    return all;
}

static void close_listeners(struct supervisor *s)
{
    for (unsigned i = 0; i < own(s)->n; i++)
        listener_close(of_listener(s, i), worker_count(s));
    own(s)->n = 0;
}

/* Waits a while for a standby's address, or for the port of a predecessor: systemd's next start
   would come late for that. */
static bool open_in_time(struct supervisor *s, struct problems *problems)
{
    bool said = false;
    for (;;) {
        struct problems found = PROBLEMS_INIT;
        bool opened = open_listeners(s, &found), last = problems_stay(&found) || !retry_waits();
        if (!opened && !last && !said)
            log_warning("a listener cannot be opened yet: it is tried again",
                        LOG_CSTR("why", found.n > 0 ? found.list[0].text : "no memory"));
        said = true;
        if (!opened && last)
            problems_move(problems, &found);
        problems_fini(&found);
        if (opened || last)
            return opened;
        close_listeners(s);
    }
}

static bool open_sockets(struct supervisor *s, struct problems *problems)
{
    const struct settings *settings = s->current.settings;
    if (settings->n_listeners > LISTENERS_MAX) {
        problems_add(problems, s->path, 0, "listen: %u listeners, at most %u can be served",
                     settings->n_listeners, LISTENERS_MAX);
        return false;
    }
    own(s)->list = calloc((settings->n_listeners + 1u) * worker_count(s), sizeof(*own(s)->list));
    if (!own(s)->list) {
        problems->out_of_memory = true;
        return false;
    }
    if (!load_dispatch(s, problems) || !open_in_time(s, problems))
        return false;
    keep(s);
    return true;
}

/* What reaches the wrong worker goes on to the right one through its inbox (handover.h). */
static bool open_inboxes(struct supervisor *s, struct problems *problems)
{
    for (unsigned w = 0; w < worker_count(s) && worker_count(s) > 1; w++) {
        int r = handover_pair(own(s)->inboxes[w]);
        if (r) {
            problems_add(problems, s->path, 0, "no channel between workers: %s", strerror(-r));
            problems_may_pass(problems, -r);
            return false;
        }
    }
    return true;
}

/* The capability was for the program that chooses among workers; no child is to have it. */
static bool give_up_bpf(struct supervisor *s, struct problems *problems)
{
    int r = privileges_drop_capability(CAP_BPF);
    if (r == 0)
        return true;
    problems_add(problems, s->path, 0, "cannot give up CAP_BPF: %s", strerror(-r));
    problems_may_pass(problems, -r);
    return false;
}

static bool open_all(struct supervisor *s, struct problems *problems)
{
    return open_sockets(s, problems) && give_up_bpf(s, problems) && open_inboxes(s, problems);
}

static void fini(struct supervisor *s)
{
    close_listeners(s);
    free(own(s)->list);
    close_if_open(own(s)->dispatch_program);
    for (unsigned w = 0; w < WORKERS_MAX; w++) {
        close_if_open(own(s)->inboxes[w][0]);
        close_if_open(own(s)->inboxes[w][1]);
    }
}

/* ---- mending ---- */

/* Whether the fault is the supervisor's, not the socket's: then it is mended before the next worker
   starts. */
static bool lacks(struct supervisor *s, int error)
{
    if (error != EMFILE && error != ENFILE && error != ENOMEM && error != ENOBUFS)
        return false;
    supervisor_lacks(s, LACK_MENDING, error, clock_monotonic_ms());
    return true;
}

/* RESULT: enum mended, or -errno. */
static void say(struct supervisor *s, unsigned w, const char *what, struct str name, int result)
{
    if (result == MEND_NOTHING)
        return;
    own(s)->mended += result > 0;
    own(s)->broken[w] += result < 0;
    if (result > 0)
        log_error("a worker that ended had changed a socket that others have too: it may have been "
                  "somebody else's",
                  LOG_NUMBER("worker", w + 1), LOG_CSTR("socket", what), LOG_TEXT("of", name),
                  LOG_CSTR("now", result == MEND_RENEWED ? "a new one" : "set back"));
    else if (!lacks(s, -result))
        log_error("a socket that a worker left cannot be mended: restart stird",
                  LOG_NUMBER("worker", w + 1), LOG_CSTR("socket", what), LOG_TEXT("of", name),
                  LOG_CSTR("error", strerror(-result)));
}

static void mend_listeners(struct supervisor *s, unsigned w)
{
    for (unsigned i = 0; i < own(s)->n; i++) {
        const struct listener *l = &s->current.settings->listeners[i];
        enum transport failed = TRANSPORT_UDP;
        const int r = mend_listener(of_listener(s, i), worker_count(s), w, own(s)->dispatch_program,
                                    l, &failed);
        if (r == MEND_RENEWED)
            kept_sockets_replace(of_listener(s, i), worker_count(s), w, l);
        say(s, w, "listener", l->name, r);
    }
}

/* Tells C the inboxes that it has not heard of. */
static int tell_inboxes(struct supervisor *s, struct child *c)
{
    uint64_t *untold = &own(s)->untold[c->index];
    for (unsigned owner = 0; owner < worker_count(s); owner++) {
        const struct control_message message = {.type = CONTROL_INBOX, .inbox = {owner}};
        const int fd = inbox(s, owner, c->index);
        int r = *untold & bit(owner) ? child_send(c, &message, &fd, 1) : 0;
        if (r)
            return r;
        *untold &= ~bit(owner);
    }
    return 0;
}

static void tell_inbox(struct supervisor *s, unsigned owner)
{
    static const struct due due = {tell_inboxes};
    for (unsigned w = 0; w < worker_count(s); w++) {
        own(s)->untold[w] |= bit(owner);
        supervisor_owe(s, worker_at(s, w), &due);
    }
}

/* Each worker has an end of each. */
static void mend_inboxes(struct supervisor *s, unsigned w)
{
    for (unsigned owner = 0; owner < worker_count(s) && worker_count(s) > 1; owner++) {
        int r = mend_pair(own(s)->inboxes[owner], handover_pair);
        if (r == MEND_RENEWED)
            tell_inbox(s, owner);
        say(s, w, "inbox", STR(""), r);
    }
}

static uint64_t broken(const struct supervisor *s)
{
    uint64_t n = 0;
    for (unsigned w = 0; w < worker_count(s); w++)
        n += worker_at(s, w)->pid > 0 ? own(s)->broken[w] : 0; /* it is tried before the start */
    return n;
}

/* Sets the sockets that worker W shared with others back to what they were when it began (mend.h).
 */
static void mend(struct supervisor *s, unsigned w)
{
    own(s)->broken[w] = 0;
    mend_listeners(s, w);
    supervisor_tell(s, EVENT_MEND,
                    &(struct news){.mending = &(const struct mending){.worker = w, .say = say}});
    mend_inboxes(s, w);
}

/* First mends what could not be mended, for want of descriptors, when the worker before it
   ended. */
static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    const unsigned me = c->index;
    if (c->role->id != ROLE_WORKER)
        return 0;
    _Static_assert(LISTENERS_MAX * TRANSPORTS + WORKERS_MAX + 9 <= CHILD_KEEP_MAX, "room for all");
    if (own(s)->broken[me] > 0)
        mend(s, me);
    own(s)->untold[me] = 0; /* it has them in its kit */
    for (unsigned i = 0; i < own(s)->n; i++) {
        own(s)->of_worker[i] = of_listener(s, i)[me];
        for (unsigned t = 0; t < TRANSPORTS; t++)
            kit_keep(kit, own(s)->of_worker[i].fd[t]);
    }
    for (unsigned w = 0; w < worker_count(s); w++) {
        own(s)->ways[w] = w == me ? -1 : inbox(s, w, me);
        kit_keep(kit, inbox(s, w, me));
    }
    kit->worker->sockets = own(s)->of_worker;
    kit->worker->inbox_fd = inbox(s, me, me);
    kit->worker->others_fds = own(s)->ways;
    kit->worker->dispatch_key = &own(s)->dispatch_key;
    return 0;
}

/* ---- the part ---- */

static void init(struct supervisor *s)
{
    own(s)->dispatch_program = -1;
    memset(own(s)->inboxes, -1, sizeof(own(s)->inboxes));
}

static void on_begins(struct supervisor *s, const struct news *news)
{
    (void)news;
    descriptor_store_end_start();
    if (own(s)->taken > 0)
        log_info("the sockets of the process before this one are in use: what waits in them is "
                 "read now",
                 LOG_NUMBER("sockets", (long long)own(s)->taken));
}

static void on_gone(struct supervisor *s, const struct news *news)
{
    if (news->child->role->id == ROLE_WORKER && !s->ending)
        mend(s, news->child->index);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_sockets_mended] = own(s)->mended;
    values[ALARM_sockets_broken] = broken(s);
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    c->sockets_taken_over = own(s)->taken;
    c->sockets_mended = own(s)->mended;
    c->sockets_broken = broken(s);
}

const struct part part_sockets = {.name = "sockets",
                                  .bytes = sizeof(struct sockets),
                                  .init = init,
                                  .open = open_all,
                                  .fini = fini,
                                  .equip = equip,
                                  .on = {[EVENT_BEGINS] = on_begins, [EVENT_CHILD_GONE] = on_gone},
                                  .count = count,
                                  .add_counts = add_counts};
