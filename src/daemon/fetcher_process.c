/*
 * The fetcher: certificates of others, for all workers and ahead of calls (fetcher.h). It speaks
 * DNS, TLS and HTTP with servers that callers have chosen, so it has nothing else: no key, no call,
 * no SIP socket, and no files but those that a web client reads and the directory where it keeps
 * what it fetched.
 *
 * It judges nothing. Nobody believes a certificate that it brings before that leads to an anchor.
 *
 * Another one fetches our own certificates for the checker, as check.* says, and keeps nothing: the
 * checker asks what their URLs serve now.
 */
#include "fetch_channels.h"
#include "log_word.h"
#include "roles.h"
#include "web_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/fetch/kept_files.h>
#include <stird/io/control.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OCTETS_AN_ENTRY   3072 /* of a chain of three certificates */
#define PREFETCH_EVERY_MS 10000
#define LONGEST_WAIT_MS   60000

struct fetcher_process {
    const struct settings *settings;
    bool for_checker;
    bool blind; /* it has no authorities by which it could tell web servers */
    int control_fd;
    int kept_fd; /* -1: what is fetched is kept in memory alone */
    char *kept, *ca_file;
    struct fetcher *fetcher; /* NULL: it cannot fetch */
    struct fetch_channels *channels;
    int64_t prefetch_ms; /* when it looks at these again */
    bool cut_off;        /* the log says so */
};

static struct fetch_now now(void)
{
    return (struct fetch_now){clock_monotonic_ms(), clock_real_s()};
}

/* ---- to the supervisor ---- */

static void say(const struct fetcher_process *p, const struct control_message *m)
{
    int r = control_send(p->control_fd, m, NULL, 0);
    if (r != 0 && r != -EPIPE)
        log_warning("the supervisor could not be told", LOG_CSTR("error", strerror(-r)));
}

static void tell_tally(const struct fetcher_process *p)
{
    struct control_message m = {.type = CONTROL_FETCHED,
                                .fetched.tally = {.lame = !p->fetcher, .blind = p->blind}};
    struct fetch_tally *t = &m.fetched.tally;
    const struct fetch_channels_counts channels = fetch_channels_counts(p->channels);
    struct fetcher_counts counts = {0};
    if (p->fetcher)
        counts = fetcher_counts(p->fetcher, now());
    memcpy(t->outcomes, counts.outcomes, sizeof(t->outcomes));
    memcpy(t->sources, counts.sources, sizeof(t->sources));
    memcpy(t->fetched, counts.fetched, sizeof(t->fetched));
    t->pushed_out = counts.pushed_out;
    t->files_failed = counts.files_failed;
    t->files_broken = counts.files_broken;
    t->answers_dropped = channels.answers_dropped;
    t->notes_refused = channels.notes_refused;
    t->running = counts.running;
    t->queued = counts.queued;
    t->waiting = counts.waiting;
    t->shut = counts.shut;
    t->cut_off = p->fetcher && fetcher_cut_off(p->fetcher);
    t->bodies = counts.bodies;
    say(p, &m);
}

static void act(void *user, const struct control_message *m, const int *fds, unsigned n_fds)
{
    struct fetcher_process *p = user;
    if (m->type == CONTROL_CHANNEL) {
        fetch_channels_take(p->channels, fds[0], m->channel.worker);
        return;
    }
    if (m->type == CONTROL_LOG)
        log_word_take(&m->log);
    if (m->type == CONTROL_DROP) {
        if (p->fetcher)
            fetcher_drop(p->fetcher, str_of(m->drop.url));
        say(p, &(struct control_message){.type = CONTROL_DROPPED, .dropped = {m->drop.generation}});
    }
    if (m->type == CONTROL_PING) {
        tell_tally(p);
        say(p, &(struct control_message){.type = CONTROL_PONG});
    }
    for (unsigned i = 0; i < n_fds; i++)
        close(fds[i]);
}

/* ---- the loop ---- */

/* Fetches them, and renews those that are due, as a call that asks for them would. */
static void prefetch(struct fetcher_process *p)
{
    const struct fetch_settings *s = &p->settings->fetch;
    const struct fetch_now when = now();
    if (!p->fetcher || p->for_checker || s->n_prefetch == 0 || when.monotonic_ms < p->prefetch_ms)
        return;
    p->prefetch_ms = when.monotonic_ms + PREFETCH_EVERY_MS;
    for (unsigned i = 0; i < s->n_prefetch; i++) {
        const struct fetch_question q = {
            .kind = FETCH_ASK, .trunk = FETCH_NO_TRUNK, .url = s->prefetch[i]};
        fetcher_ask(p->fetcher, &q, when, NULL, NULL);
    }
}

static void say_reach(struct fetcher_process *p)
{
    const char *how = p->fetcher ? fetcher_cut_off(p->fetcher) : NULL;
    if (how && !p->cut_off)
        log_error("no host is reached that serves certificates: calls go on unverified",
                  LOG_CSTR("last", how));
    if (!how && p->cut_off)
        log_info("hosts that serve certificates are reached again");
    p->cut_off = how != NULL;
}

static void wait_for_news(struct fetcher_process *p)
{
    struct pollfd list[1 + FETCH_CHANNELS_MAX] = {{.fd = p->control_fd, .events = POLLIN}};
    const unsigned n = 1 + fetch_channels_watch(p->channels, list + 1);
    const int most_ms = p->settings->fetch.n_prefetch > 0 ? PREFETCH_EVERY_MS : LONGEST_WAIT_MS;
    _Static_assert(1 + FETCH_CHANNELS_MAX <= FETCHER_MORE_MAX, "room for all");
    if (p->fetcher)
        fetcher_wait(p->fetcher, list, n, most_ms, now());
    else
        poll(list, n, most_ms);
}

static void serve(struct fetcher_process *p)
{
    while (control_hear(p->control_fd, act, p)) {
        fetch_channels_serve(p->channels, now());
        prefetch(p);
        if (p->fetcher)
            fetcher_run(p->fetcher, now());
        say_reach(p);
        wait_for_news(p);
    }
}

/* ---- the start ---- */

/* Without the directory nothing outlasts a restart, and calls go on. */
static void open_kept(struct fetcher_process *p)
{
    if (asprintf(&p->kept, "%.*s/" KEPT_FILES_DIRECTORY, STR_ARG(p->settings->state_directory)) < 0)
        p->kept = NULL;
    if (p->kept && (mkdir(p->kept, 0700) == 0 || errno == EEXIST))
        p->kept_fd = open(p->kept, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p->kept_fd < 0)
        log_warning("what is fetched cannot be kept on disk: it is fetched anew after a restart",
                    LOG_CSTR("directory", p->kept ? p->kept : ""),
                    LOG_CSTR("error", strerror(errno)));
}

static struct fetcher_options options_for_checker(const struct fetcher_process *p)
{
    struct fetcher_options o = fetcher_options_usual();
    o.fetch = (struct fetch_options){.allow_private = p->settings->check.allow_private,
                                     .ca_file = p->ca_file};
    o.keep = (struct keep_rules){.least_s = 0};
    o.cut_off_after = 0; /* it is told of each URL what is wrong there */
    o.per_host_rate = o.new_per_trunk = CERTIFICATE_UNITS_READ_MAX;
    return o;
}

static struct fetcher_options options_for_calls(const struct fetcher_process *p)
{
    const struct fetch_settings *s = &p->settings->fetch;
    struct fetcher_options o = fetcher_options_usual();
    o.fetch = fetch_options_of(s, p->ca_file);
    o.keep = (struct keep_rules){.least_s = s->keep_min_ms / 1000,
                                 .most_s = s->keep_max_ms / 1000,
                                 .stale_s = s->stale_if_error_ms / 1000};
    o.at_once = s->at_once;
    o.per_host = s->per_host;
    o.per_host_rate = s->per_host_rate;
    o.new_per_trunk = s->new_per_trunk;
    o.bodies = s->entries;
    o.octets = (size_t)s->entries * OCTETS_AN_ENTRY;
    o.directory = p->kept_fd;
    return o;
}

/* Loads what fetching takes: files cannot be opened later. */
static bool make(struct fetcher_process *p)
{
    const struct settings *s = p->settings;
    const struct str ca = p->for_checker ? s->check.tls_ca : s->fetch.tls_ca;
    const char *why = "out of memory";
    p->kept_fd = -1;
    if (!p->for_checker)
        open_kept(p);
    if (ca.n > 0)
        p->ca_file = strndup(ca.p, ca.n);
    struct fetcher_options options = p->for_checker ? options_for_checker(p) : options_for_calls(p);
    p->blind = !web_files_are_good(p->ca_file, p->for_checker ? "check.tls_ca" : "fetch.tls_ca");
    options.unable = p->blind ? WEB_FILES_BLIND : NULL;
    if (ca.n == 0 || p->ca_file)
        p->fetcher = fetcher_new(&options, &why);
    if (!p->fetcher && !p->for_checker)
        log_error("no certificate of others can be fetched: calls go on unverified",
                  LOG_CSTR("why", why));
    p->channels = fetch_channels_new(p->fetcher, why);
    return p->channels != NULL;
}

static bool give_up_rights(const struct fetcher_process *p)
{
    const char *readable[PRIVILEGES_READABLE_MAX + 1];
    const struct role_keeps keeps = {.readable = readable,
                                     .kept = p->kept_fd >= 0 ? p->kept : NULL,
                                     .landlock_required = p->settings->landlock_required};
    web_files(p->ca_file, readable);
    return roles_narrow(ROLE_FETCHER, &keeps) == 0;
}

static void fini(struct fetcher_process *p)
{
    fetch_channels_free(p->channels);
    fetcher_free(p->fetcher);
    if (p->kept_fd >= 0)
        close(p->kept_fd);
    free(p->kept);
    free(p->ca_file);
}

int fetcher_main(const struct settings *settings, bool for_checker, int control_fd)
{
    struct fetcher_process p = {
        .settings = settings, .for_checker = for_checker, .control_fd = control_fd};
    log_set_level(settings->log_level);
    signal(SIGTERM, SIG_IGN); /* it ends when the supervisor does: the last calls may still ask */
    const bool good = make(&p) && give_up_rights(&p);
    if (good) {
        say(&p, &(struct control_message){.type = CONTROL_READY});
        tell_tally(&p); /* a look of the checker may be over before a ping asks for it */
        serve(&p);
    }
    fini(&p);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
