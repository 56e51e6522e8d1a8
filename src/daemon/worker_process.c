/*
 * The worker: one event loop with the SIP side on it, and the words of the supervisor.
 *
 * It opens no file: what it needs comes through its control socket, and it gives up files before
 * its first packet.
 */
#include "fetcher_link.h"
#include "given.h"
#include "log_word.h"
#include "monitor_link.h"
#include "roles.h"
#include "snapshots_held.h"
#include "tls_files.h"
#include "worker_memory.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/block.h>
#include <stird/base/clock.h>
#include <stird/base/count.h>
#include <stird/base/log.h>
#include <stird/conf/settings_file.h>
#include <stird/io/call_trace.h>
#include <stird/io/control.h>
#include <stird/io/known_names.h>
#include <stird/io/snapshot.h>
#include <stird/io/switches_file.h>
#include <stird/io/trust_file.h>
#include <stird/sip/proxy.h>
#include <stird/sip/shadow.h>
#include <stird/sip/tracing.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEAP_STEP_BYTES   (512 * 1024)
#define HEAP_KEPT_BYTES   (64 * 1024 * 1024)
#define BLOCK_BYTES_KEPT  (512 * 1024) /* about twenty calls at a time */
#define HEARTBEAT_US      500000
#define CLOCK_STEP_US     1000000
#define SNAPSHOT_LIMIT_MS 10000
#define REFUSED_A_BEAT    16
#define HOPS_A_BEAT       8
#define FAILED_A_BEAT     8
#define CHANGES_A_BEAT    8
#define NAMES_A_BEAT      4 /* told to the supervisor, which hears only so much of one worker */

struct worker {
    const struct worker_options *options;
    struct event_base *base;
    struct event *control_readable, *heartbeat;
    struct snapshots_held held;
    struct fetcher_link fetcher;
    struct proxy *proxy;
    struct mapped_numbers overlay; /* urgent changes, on their way to the proxy */
    struct mapped_trust trust;     /* on its way to the proxy */
    struct tracing tracing;        /* what the proxy traces */
    struct monitoring monitoring;  /* calls of our own */
    struct switches *switches;     /* on their way to the proxy */
    struct known_name *names;      /* the same */
    unsigned n_names;
    struct tls *tls; /* of the newest snapshot, on its way to the proxy */
    int inbox_fd;
    bool runs;               /* its event loop */
    bool drained;            /* this worker has no call left */
    bool yields;             /* the next process takes the sockets */
    bool dismissed;          /* no other worker has one left either */
    int64_t clock_offset_us; /* real time less monotonic, at the last look */
    struct worker_memory memory;
};

/* ---- snapshots ---- */

/* Settings from the bytes that the supervisor has checked: no file is opened. */
static struct settings *read_settings(struct worker *w, const struct control_snapshot *m,
                                      int files_fd)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    struct str path = str_of(m->path);
    struct files *files = files_from_fd(files_fd);
    struct settings *settings = files ? settings_read(files, path, m->read_at_s, &problems) : NULL;
    tls_free(w->tls);
    w->tls = NULL;
    if (settings)
        settings->node = arena_copy(settings->arena, str_of(m->node));
    if (settings && !tls_files_load(&w->tls, files, settings, &problems)) {
        settings_free(settings);
        settings = NULL;
    }
    if (!settings) {
        problems_print(&problems, &text);
        log_error("the configuration does not arrive as it was checked",
                  LOG_TEXT("problems", buf_str(&text)));
    }
    buf_fini(&text);
    files_free(files);
    problems_fini(&problems);
    return settings;
}

/* Takes the channel, fds[2]; the other descriptors stay the caller's. */
static struct snapshot *read_snapshot(struct worker *w, const struct control_snapshot *m,
                                      const int *fds)
{
    const char *why = "out of memory";
    struct snapshot *snapshot = NULL;
    struct settings *settings = read_settings(w, m, fds[0]);
    struct signer_client *signer = settings ? signer_client_new(fds[2]) : NULL;
    if (!signer) {
        close(fds[2]);
        goto out;
    }
    snapshot = snapshot_new(settings, fds[1], signer, m->secret, m->generation,
                            m->numbers_generation, &why);
    if (snapshot && snapshot_count_in(snapshot, fds[3])) {
        snapshot->page = m->page;
        return snapshot;
    }
    if (snapshot) {
        log_error("no snapshot", LOG_CSTR("why", "nowhere to count in"));
        snapshot_unref(snapshot);
        return NULL;
    }
    log_error("no snapshot", LOG_CSTR("why", why));
    signer_client_free(signer);
out:
    settings_free(settings);
    return NULL;
}

/* Makes it the current snapshot. Takes the channel, fds[2]. */
static bool hold_snapshot(struct worker *w, const struct control_snapshot *m, const int *fds)
{
    if (!snapshots_held_take(&w->held, read_snapshot(w, m, fds)))
        return false;
    log_set_level(snapshots_held_current(&w->held)->settings->log_level);
    return true;
}

/* ---- control ---- */

/* Without a supervisor there is no worker; but the calls that it has get their records, and what
   was gathered of those goes to the recorder. */
static void end_without_supervisor(struct worker *w)
{
    if (!w->runs)
        _exit(EXIT_FAILURE);
    event_base_loopbreak(w->base);
}

static void say(struct worker *w, const struct control_message *m)
{
    if (w->proxy) /* updates the counters, for whoever hears this may look at them */
        proxy_get_counters(w->proxy);
    int r = control_send(w->options->control_fd, m, NULL, 0);
    if (r && r != -EAGAIN)
        end_without_supervisor(w);
}

static void give_tls(struct worker *w)
{
    proxy_set_tls_take(w->proxy, w->tls);
    w->tls = NULL;
}

static void take_snapshot(struct worker *w, const struct control_message *m, const int *fds)
{
    bool held = hold_snapshot(w, &m->snapshot, fds);
    close(fds[0]);
    close(fds[1]);
    close(fds[3]);
    if (!held) {
        say(w, &(struct control_message){.type = CONTROL_SNAPSHOT_REFUSED,
                                         .snapshot_refused = {m->snapshot.generation}});
        return;
    }
    if (w->proxy) {
        proxy_set_snapshot(w->proxy, snapshots_held_current(&w->held));
        give_tls(w);
    }
    say(w, &(struct control_message){.type = CONTROL_SNAPSHOT_IN_USE,
                                     .snapshot_in_use = {m->snapshot.generation}});
    snapshots_held_drop_unused(&w->held);
}

static void give_overlay(struct worker *w)
{
    if (w->proxy)
        proxy_set_overlay_take(w->proxy, &w->overlay);
}

/* It comes before the first snapshot, so that no call is decided without. */
static void take_overlay(struct worker *w, const struct control_message *m, const int *fds)
{
    const char *why = "";
    numbers_unmap(&w->overlay);
    if (!numbers_map(&w->overlay, fds[0], &why)) {
        log_error("urgent changes of numbers do not arrive: the worker ends", LOG_CSTR("why", why));
        _exit(EXIT_FAILURE);
    }
    close(fds[0]);
    give_overlay(w);
    say(w, &(struct control_message){.type = CONTROL_OVERLAY_IN_USE,
                                     .overlay_in_use = {m->overlay.generation}});
}

static void give_trust(struct worker *w)
{
    if (w->proxy)
        proxy_set_trust_take(w->proxy, &w->trust);
}

/* When an image cannot be mapped the one before stays in force: that costs verdicts, and no call.
 */
static void take_trust(struct worker *w, const struct control_message *m, const int *fds)
{
    struct mapped_trust next;
    const char *why = "";
    const bool taken = trust_file_map(&next, fds[0], m->trust.generation, &why);
    if (taken) {
        trust_file_unmap(&w->trust);
        w->trust = next;
        give_trust(w);
    } else {
        log_error("the domains of trust do not arrive: those before stay", LOG_CSTR("why", why));
    }
    close(fds[0]);
    say(w, &(struct control_message){.type = CONTROL_TRUST_IN_USE,
                                     .trust_in_use = {m->trust.generation, taken}});
}

/* One that cannot be had costs messages, and no call: the supervisor is told all the same. */
static void take_trace(struct worker *w, const struct control_message *m, const int *fds)
{
    struct traced t = {.id = m->trace.id,
                       .kind = (enum call_trace_kind)m->trace.kind,
                       .until_ms = m->trace.until_ms,
                       .memory = call_trace_map(fds[0], true)};
    memcpy(t.value, m->trace.value, sizeof(t.value));
    if (!t.memory)
        log_warning("the memory of a trace does not arrive: this worker's messages are not in it");
    else
        tracing_begin_take(&w->tracing, &t, clock_monotonic_ms());
    close(fds[0]);
    say(w, &(struct control_message){.type = CONTROL_TRACE_IN_USE, .trace_in_use = {m->trace.id}});
}

static void end_trace(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)fds;
    tracing_end(&w->tracing, m->trace_end.generation);
}

static void take_monitor(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)fds;
    monitor_link_take(&w->monitoring, w->proxy, m, w->options->control_fd);
}

static void give_switches(struct worker *w)
{
    if (!w->proxy)
        return;
    proxy_set_switches_take(w->proxy, w->switches);
    w->switches = NULL;
}

/* They come before the first snapshot, so that no call is decided without. */
static void take_switches(struct worker *w, const struct control_message *m, const int *fds)
{
    free(w->switches);
    w->switches = switches_file_take(fds[0]);
    close(fds[0]);
    if (!w->switches) {
        log_error("what an operator has switched does not arrive: the worker ends");
        _exit(EXIT_FAILURE);
    }
    give_switches(w);
    say(w, &(struct control_message){.type = CONTROL_SWITCHES_IN_USE,
                                     .switches_in_use = {m->switches.generation}});
}

static void take_log(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)w;
    (void)fds;
    log_word_take(&m->log);
}

/* From the bytes that the supervisor has checked, as a snapshot is; nothing is taken of it but what
   a decision needs. NULL: it cannot be. */
static struct shadow *read_shadow(struct worker *w, const struct control_shadow *m, const int *fds)
{
    const char *why = "the texts do not arrive as they were checked";
    struct problems problems = PROBLEMS_INIT;
    struct mapped_numbers numbers = {0};
    struct shadow *shadow = NULL;
    struct files *files = files_from_fd(fds[0]);
    struct settings *settings = files
                                    ? settings_read(files, str_of(m->path), m->read_at_s, &problems)
                                    : NULL;
    if (settings && numbers_map(&numbers, fds[1], &why) &&
        !(shadow = shadow_new(settings, &numbers, snapshots_held_current(&w->held)->secret,
                              m->generation)))
        why = "out of memory";
    if (!shadow) {
        log_warning("a second configuration is not taken", LOG_CSTR("why", why));
        settings_free(settings);
        numbers_unmap(&numbers);
    }
    files_free(files);
    problems_fini(&problems);
    return shadow;
}

static void take_shadow(struct worker *w, const struct control_message *m, const int *fds)
{
    struct shadow *shadow = w->proxy ? read_shadow(w, &m->shadow, fds) : NULL;
    close(fds[0]);
    close(fds[1]);
    if (w->proxy)
        shadow_use_take(w->proxy, shadow);
    say(w, &(struct control_message){.type = CONTROL_SHADOW_IN_USE,
                                     .shadow_in_use = {m->shadow.generation, shadow != NULL}});
}

static void drop_shadow(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)m;
    (void)fds;
    if (w->proxy)
        shadow_use_take(w->proxy, NULL);
}

static void take_names(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)m;
    free(w->names);
    w->names = known_names_from_fd(fds[0], &w->n_names);
    close(fds[0]);
}

static void drop_overlay(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)fds;
    numbers_unmap(&w->overlay);
    give_overlay(w);
    say(w, &(struct control_message){.type = CONTROL_OVERLAY_IN_USE,
                                     .overlay_in_use = {m->overlay.generation}});
}

static void take_channel(struct worker *w, const struct control_message *m, const int *fds)
{
    snapshots_held_connect(&w->held, m->signer.generation, fds[0]);
}

static void take_fetcher(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)m;
    fetcher_link_connect(&w->fetcher, fds[0]);
}

static void take_certificates(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)fds;
    snapshots_held_set_states(&w->held, m->certificates.generation, str_of(m->certificates.states));
}

static void take_drop(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)fds;
    if (w->proxy)
        proxy_drop_certificate(w->proxy, str_of(m->drop.url));
    say(w, &(struct control_message){.type = CONTROL_DROPPED, .dropped = {m->drop.generation}});
}

static void on_drained(void *user)
{
    struct worker *w = user;
    say(w, &(struct control_message){.type = CONTROL_DRAINED});
    w->drained = true;
    if (w->dismissed)
        event_base_loopbreak(w->base);
}

/* Takes an inbox, its own or the way to another worker's, in place of a spoiled one (mend.h). */
static void take_inbox(struct worker *w, const struct control_message *m, const int *fds)
{
    int *present = m->inbox.worker < w->options->n_workers
                       ? &w->options->others_fds[m->inbox.worker]
                       : NULL;
    bool own = m->inbox.worker == w->options->worker;
    if (!present || (own && w->proxy && !proxy_set_inbox(w->proxy, fds[0]))) {
        close(fds[0]);
        return;
    }
    if (own)
        present = &w->inbox_fd;
    if (*present >= 0)
        close(*present);
    *present = fds[0];
}

static void take_drain(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)m;
    (void)fds;
    proxy_drain(w->proxy, on_drained, w);
    monitor_link_tell(&w->monitoring, w->options->control_fd);
    log_info("worker drains: it takes no new calls",
             LOG_NUMBER("calls", proxy_get_counters(w->proxy)->calls));
}

static void take_yield(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)m;
    (void)fds;
    w->yields = true;
    proxy_yield(w->proxy, on_drained, w);
    log_info("worker yields: new calls are for the next process",
             LOG_NUMBER("calls", proxy_get_counters(w->proxy)->calls));
}

/* An emergency call may have come since it had drained. */
static void take_leave(struct worker *w, const struct control_message *m, const int *fds)
{
    (void)m;
    (void)fds;
    w->dismissed = true;
    if (w->yields)
        proxy_yield(w->proxy, on_drained, w);
    else
        proxy_drain(w->proxy, on_drained, w);
}

/* What a worker acts on; N_FDS descriptors belong to it, ACT takes them. */
static const struct {
    enum control_type type;
    unsigned n_fds;
    void (*act)(struct worker *w, const struct control_message *m, const int *fds);
} actions[] = {
    {CONTROL_SNAPSHOT, 4, take_snapshot},
    {CONTROL_SIGNER, 1, take_channel},
    {CONTROL_OVERLAY, 1, take_overlay},
    {CONTROL_OVERLAY, 0, drop_overlay},
    {CONTROL_TRUST, 1, take_trust},
    {CONTROL_NAMES, 1, take_names},
    {CONTROL_INBOX, 1, take_inbox},
    {CONTROL_DRAIN, 0, take_drain},
    {CONTROL_LEAVE, 0, take_leave},
    {CONTROL_YIELD, 0, take_yield},
    {CONTROL_CERTIFICATES, 0, take_certificates},
    {CONTROL_FETCHER, 1, take_fetcher},
    {CONTROL_DROP, 0, take_drop},
    {CONTROL_TRACE, 1, take_trace},
    {CONTROL_TRACE_END, 0, end_trace},
    {CONTROL_WATCH, 0, take_monitor},
    {CONTROL_PLACE, 0, take_monitor},
    {CONTROL_SWITCHES, 1, take_switches},
    {CONTROL_LOG, 0, take_log},
    {CONTROL_SHADOW, 2, take_shadow},
    {CONTROL_SHADOW, 0, drop_shadow},
};

static void take_message(struct worker *w, const struct control_message *m, const int *fds,
                         unsigned n_fds)
{
    for (unsigned i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (m->type == actions[i].type && n_fds == actions[i].n_fds) {
            actions[i].act(w, m, fds);
            return;
        }
    }
    for (unsigned i = 0; i < n_fds; i++)
        close(fds[i]);
}

/* 1: something was read, 0: nothing waits. Without a supervisor there is no worker. */
static int read_control(struct worker *w)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds = 0;
    int r = control_receive(w->options->control_fd, &m, fds, &n_fds);
    if (r == -EAGAIN || r == -ENOMSG)
        return 0;
    if (r <= 0) {
        end_without_supervisor(w);
        return 0;
    }
    take_message(w, &m, fds, n_fds);
    explicit_bzero(&m, sizeof(m));
    return 1;
}

static void on_control(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    while (read_control(user))
        ;
}

/*
 * Timers run on monotonic time, so a step of the real one harms no call: new tokens carry the new
 * time. But a clock that jumps is worth a look, for verifiers do not forgive more than a minute.
 */
static void watch_clock(struct worker *w)
{
    int64_t offset_us = clock_real_us() - clock_monotonic_us();
    int64_t step_us = offset_us - w->clock_offset_us;
    w->clock_offset_us = offset_us;
    proxy_today(w->proxy);
    if (step_us > -CLOCK_STEP_US && step_us < CLOCK_STEP_US)
        return;
    count_add(&w->memory.counters->clock_steps, 1);
    log_warning("the clock was set while running",
                LOG_NUMBER("by_ms", (long long)(step_us / 1000)));
}

static void tell_names(struct worker *w)
{
    struct control_message m = {.type = CONTROL_NAME};
    for (unsigned i = 0; i < NAMES_A_BEAT && proxy_tell_name(w->proxy, &m.name); i++) {
        if (control_send(w->options->control_fd, &m, NULL, 0) == 0)
            continue;
        proxy_tell_name_again(w->proxy, &m.name); /* the supervisor sleeps */
        return;
    }
}

static void tell_refused(struct worker *w)
{
    struct control_message m = {.type = CONTROL_REFUSED};
    for (unsigned i = 0; i < REFUSED_A_BEAT && proxy_tell_refused(w->proxy, &m.refused); i++) {
        if (control_send(w->options->control_fd, &m, NULL, 0) == 0)
            continue;
        proxy_tell_refused_again(w->proxy, &m.refused);
        return;
    }
}

static void tell_hops(struct worker *w)
{
    struct control_message m = {.type = CONTROL_HOP};
    for (unsigned i = 0; i < HOPS_A_BEAT && proxy_tell_hop(w->proxy, &m.hop); i++) {
        if (control_send(w->options->control_fd, &m, NULL, 0) == 0)
            continue;
        proxy_tell_hop_again(w->proxy, &m.hop);
        return;
    }
}

static void tell_failed(struct worker *w)
{
    struct control_message m = {.type = CONTROL_FAILED};
    for (unsigned i = 0; i < FAILED_A_BEAT && proxy_tell_failed(w->proxy, &m.failed); i++) {
        if (control_send(w->options->control_fd, &m, NULL, 0) == 0)
            continue;
        proxy_tell_failed_again(w->proxy, &m.failed);
        return;
    }
}

static void tell_shadow(struct worker *w)
{
    struct control_message m = {.type = CONTROL_SHADOW_CHANGE};
    for (unsigned i = 0; i < CHANGES_A_BEAT && shadow_tell(w->proxy, &m.shadow_change); i++) {
        if (control_send(w->options->control_fd, &m, NULL, 0) == 0)
            continue;
        shadow_tell_again(w->proxy, &m.shadow_change);
        return;
    }
}

static void on_heartbeat(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    struct worker *w = user;
    watch_clock(w);
    proxy_expire_switches(w->proxy);
    snapshots_held_drop_unused(&w->held);
    fetcher_link_tidy(&w->fetcher);
    tracing_tidy(&w->tracing, clock_monotonic_ms());
    struct control_message m = {.type = CONTROL_HEARTBEAT,
                                .heartbeat = {.oldest = snapshots_held_oldest(&w->held)}};
    snapshots_held_pages(&w->held, m.heartbeat.held, CONTROL_HELD_MAX);
    say(w, &m);
    tell_names(w);
    tell_refused(w);
    tell_hops(w);
    tell_failed(w);
    tell_shadow(w);
    monitor_link_tell(&w->monitoring, w->options->control_fd);
}

/* ---- start and stop ---- */

static bool wait_for_snapshot(struct worker *w)
{
    int64_t until_ms = clock_monotonic_ms() + SNAPSHOT_LIMIT_MS;
    while (!snapshots_held_current(&w->held)) {
        struct pollfd p = {.fd = w->options->control_fd, .events = POLLIN};
        int64_t left_ms = until_ms - clock_monotonic_ms();
        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) < 0)
            return false;
        read_control(w);
    }
    return true;
}

/* Timers of a millisecond: a call's deadline is 50 ms. Precise ones cost a system call a turn. */
static bool make_event_base(struct worker *w)
{
    /* The heap breathes with the calls: giving its top back and taking it again costs them. */
    mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
    w->base = event_base_new();
    snapshots_held_init(&w->held, w->base);
    return w->base != NULL && fetcher_link_init(&w->fetcher, w->base);
}

/* Before it gives up files: the descriptors are not kept. */
static bool map_memory(struct worker *w)
{
    return worker_memory_map(&w->memory, w->options);
}

static bool make_proxy(struct worker *w)
{
    w->proxy = proxy_new(&(struct proxy_options){
        .base = w->base,
        .sockets = w->options->sockets,
        .snapshot = snapshots_held_current(&w->held),
        .records_fd = w->options->records_fd,
        .backlog_fd = w->options->backlog_fd,
        .worker = w->options->worker,
        .n_workers = w->options->n_workers,
        .names = w->names,
        .n_names = w->n_names,
        .inbox_fd = w->inbox_fd,
        .others_fds = w->options->others_fds,
        .dispatch_key = w->options->dispatch_key,
        .counters = w->memory.counters,
        .rates = &w->memory.rates,
        .replays = &w->memory.replays,
        .fetcher = w->fetcher.client,
        .tracing = &w->tracing,
        .monitoring = &w->monitoring,
    });
    if (w->proxy)
        give_tls(w);
    if (w->options->backlog_fd >= 0)
        close(w->options->backlog_fd); /* it is mapped: the worker keeps no descriptor of a file */
    give_overlay(w);
    give_trust(w);
    give_switches(w);
    return w->proxy != NULL;
}

static bool make_events(struct worker *w)
{
    const struct timeval interval = {0, HEARTBEAT_US};
    w->control_readable = event_new(w->base, w->options->control_fd, EV_READ | EV_PERSIST,
                                    on_control, w);
    w->heartbeat = event_new(w->base, -1, EV_PERSIST, on_heartbeat, w);
    return w->control_readable && w->heartbeat && event_add(w->control_readable, NULL) == 0 &&
           event_add(w->heartbeat, &interval) == 0;
}

/* The descriptors that others have too, such as the worker after this one. */
static unsigned list_given(const struct worker *w, int given[GIVEN_MAX])
{
    const struct worker_options *o = w->options;
    unsigned n = 0;
    for (unsigned i = 0; i < snapshots_held_current(&w->held)->settings->n_listeners; i++)
        for (unsigned t = 0; t < TRANSPORTS; t++)
            given[n++] = o->sockets[i].fd[t];
    for (unsigned other = 0; other < o->n_workers; other++)
        given[n++] = o->others_fds[other];
    given[n++] = w->inbox_fd;
    given[n++] = o->records_fd;
    given[n++] = o->control_fd;
    return n;
}

/* To be called when nothing else will be opened: the time zone file, for one, could not be read
   later. */
static bool give_up_rights(struct worker *w)
{
    int given[GIVEN_MAX];
    const struct role_keeps keeps = {
        .landlock_required = snapshots_held_current(&w->held)->settings->landlock_required,
        .given = given,
        .n_given = list_given(w, given),
    };
    _Static_assert(LISTENERS_MAX * TRANSPORTS + WORKERS_MAX + 4 <= GIVEN_MAX, "room for all");
    tzset();
    return roles_narrow(ROLE_WORKER, &keeps) == 0;
}

static bool start(struct worker *w)
{
    w->clock_offset_us = clock_real_us() - clock_monotonic_us();
    proxy_start(w->proxy);
    say(w, &(struct control_message){.type = CONTROL_READY});
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct worker *w);
} steps[] = {
    {"event loop", make_event_base},
    {"first snapshot", wait_for_snapshot},
    {"memory that others have too", map_memory},
    {"SIP side", make_proxy},
    {"timers", make_events},
    {"giving up files and system calls", give_up_rights},
    {"start", start},
};

static void worker_fini(struct worker *w)
{
    monitoring_fini(&w->monitoring);
    proxy_free(w->proxy);
    tracing_fini(&w->tracing);
    fetcher_link_fini(&w->fetcher);
    worker_memory_unmap(&w->memory);
    numbers_unmap(&w->overlay);
    trust_file_unmap(&w->trust);
    free(w->names);
    free(w->switches);
    tls_free(w->tls);
    snapshots_held_fini(&w->held);
    if (w->control_readable)
        event_free(w->control_readable);
    if (w->heartbeat)
        event_free(w->heartbeat);
    if (w->base)
        event_base_free(w->base);
}

/* Logs the calls that still run: none, unless the time for draining was over. */
static void tell_end(struct worker *w)
{
    const struct proxy_counters *c = proxy_get_counters(w->proxy);
    log_info("worker ends", LOG_NUMBER("calls", (long long)c->calls),
             LOG_NUMBER("in_flight", (long long)c->in_flight),
             LOG_NUMBER("connections", (long long)c->connections));
}

int worker_main(const struct worker_options *options)
{
    struct worker w = {.options = options, .inbox_fd = options->inbox_fd};
    int status = EXIT_FAILURE;
    block_keep(BLOCK_BYTES_KEPT);
    signal(SIGTERM, SIG_IGN); /* it ends by its control socket, with a record of each call */
    for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (!steps[i].take(&w)) {
            log_error("the worker cannot start", LOG_CSTR("step", steps[i].name));
            goto out;
        }
    }
    w.runs = true;
    event_base_dispatch(w.base);
    tell_end(&w);
    if (w.drained)
        status = EXIT_SUCCESS;
out:
    worker_fini(&w);
    block_keep(0);
    return status;
}
