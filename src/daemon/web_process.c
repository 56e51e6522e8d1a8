/*
 * The web process: pages for those who watch stird (pages.h). It speaks HTTP with whoever reaches
 * its socket, so it has nothing else: no key but that of its own certificate, no call, no SIP, no
 * file, no way to connect to anybody.
 *
 * What it shows it asks the supervisor for, and gets at most a few times a second, however many ask
 * it. When it is dead, stopped or flooded, nobody waits for it but those.
 */
#include "roles.h"
#include "tls_files.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/io/control.h>
#include <stird/io/web_view.h>
#include <stird/web/pages.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WEB_NICE 10
#define FRESH_MS 1000
#define WAIT_MS  2000
#define LEAVE_MS 500 /* of what was asked when another one took its place */

struct web_process {
    const struct settings *settings;
    int control_fd, listening;
    struct http_server *server; /* NULL: it cannot serve */
    const char *why;
    bool asked; /* the supervisor, which has not answered yet */
};

static void say(const struct web_process *p, const struct control_message *m)
{
    int r = control_send(p->control_fd, m, NULL, 0);
    if (r != 0 && r != -EPIPE)
        log_warning("the supervisor could not be told", LOG_CSTR("error", strerror(-r)));
}

static void tell_counts(const struct web_process *p)
{
    const struct http_counts c = http_server_counts(p->server);
    say(p, &(struct control_message){
               .type = CONTROL_SERVED,
               .served = {c.answered, c.refused, c.crowded, c.thrown_out},
           });
}

/* ---- what it shows ---- */

static void ask(struct web_process *p)
{
    if (!p->server || p->asked || !http_server_wants(p->server))
        return;
    say(p, &(struct control_message){.type = CONTROL_VIEW_WANTED});
    p->asked = true;
}

static void show(struct web_process *p, int fd)
{
    struct web_view view;
    struct pages pages;
    p->asked = false;
    if (web_view_read(&view, fd) != 0) {
        log_error("what is to be shown cannot be read");
        return;
    }
    if (!pages_make(&pages, &view) ||
        !http_server_publish(p->server, pages.list, pages.n, clock_monotonic_ms()))
        log_error("no pages can be made: the ones before stay");
    pages_fini(&pages);
    web_view_close(&view);
}

static void act(struct web_process *p, const struct control_message *m, int *fds, unsigned n_fds)
{
    if (m->type == CONTROL_PING && p->server)
        tell_counts(p);
    if (m->type == CONTROL_PING)
        say(p, &(struct control_message){.type = CONTROL_PONG});
    if (m->type == CONTROL_VIEW && p->server)
        show(p, fds[0]);
    for (unsigned i = 0; i < n_fds; i++)
        close(fds[i]);
}

/* False: the supervisor has closed its end. */
static bool obey(struct web_process *p)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX], r;
    unsigned n_fds = 0;
    while ((r = control_receive(p->control_fd, &m, fds, &n_fds)) > 0) {
        act(p, &m, fds, n_fds);
        n_fds = 0;
    }
    return r == -EAGAIN || r == -ENOMSG || r == -EMFILE;
}

/* ---- the loop ---- */

static int wait_ms(int64_t due_ms, int64_t now_ms)
{
    if (due_ms == INT64_MAX)
        return -1;
    const int64_t ms = due_ms > now_ms ? due_ms - now_ms : 0;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static void wait_for_news(const struct web_process *p, int64_t until_ms)
{
    const int64_t now_ms = clock_monotonic_ms();
    struct pollfd list[1 + HTTP_WATCHED] = {{.fd = p->control_fd, .events = POLLIN}};
    unsigned n = 1;
    int64_t due_ms = until_ms;
    if (p->server) {
        const int64_t own_ms = http_server_due_ms(p->server, now_ms);
        n += http_server_watch(p->server, list + 1, now_ms);
        due_ms = own_ms < due_ms ? own_ms : due_ms;
    }
    poll(list, n, wait_ms(due_ms, now_ms));
}

static void serve(struct web_process *p)
{
    while (obey(p)) {
        if (p->server)
            http_server_run(p->server, clock_monotonic_ms());
        ask(p);
        wait_for_news(p, INT64_MAX);
    }
}

/* Another one takes its place: what was asked of this one is answered yet, if it can be at once. */
static void leave(struct web_process *p)
{
    const int64_t until_ms = clock_monotonic_ms() + LEAVE_MS;
    int64_t now_ms;
    if (!p->server)
        return;
    http_server_close(p->server);
    while (http_server_busy(p->server) > 0 && (now_ms = clock_monotonic_ms()) < until_ms) {
        struct pollfd list[HTTP_WATCHED];
        const int64_t due_ms = http_server_due_ms(p->server, now_ms);
        const unsigned n = http_server_watch(p->server, list, now_ms);
        poll(list, n, wait_ms(due_ms < until_ms ? due_ms : until_ms, now_ms));
        http_server_run(p->server, clock_monotonic_ms());
    }
}

/* ---- the start ---- */

/* As C has it; cleansed by whoever frees it. NULL: no memory. */
static char *copy(struct str text)
{
    return strndup(text.p, text.n);
}

static void cleanse(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void make_server(struct web_process *p, const struct tls_texts *texts)
{
    const struct settings *s = p->settings;
    const bool tls = texts->certificate.n > 0;
    char *certificate = tls ? copy(texts->certificate) : NULL, *key = tls ? copy(texts->key) : NULL;
    const struct http_rules rules = {
        .certificate = certificate,
        .key = key,
        .connections = s->web_connections,
        .per_source = s->web_connections / 2,
        .per_second = s->web_rate,
        .most_ms = s->web_timeout_ms,
        .fresh_ms = FRESH_MS,
        .wait_ms = WAIT_MS,
        .cache_control = "no-store",
    };
    if (!tls || (certificate && key))
        p->server = http_server_new(&rules, p->listening, clock_monotonic_ms(), &p->why);
    cleanse(certificate);
    cleanse(key);
}

/* Of all texts that came along it reads these two, and keeps none. */
static void make(struct web_process *p, int files_fd)
{
    struct problems problems = PROBLEMS_INIT;
    struct tls_texts texts = {.certificate = {NULL, 0}};
    struct files *files = files_fd >= 0 ? files_from_fd(files_fd) : NULL;
    p->why = "its certificate does not arrive as it was checked";
    if (files_fd < 0 || (files && tls_files_of_web(&texts, files, p->settings, &problems)))
        make_server(p, &texts);
    files_free(files);
    if (files_fd >= 0)
        close(files_fd);
    problems_fini(&problems);
}

/* Says why once, and stays: it would not do better when it is started again. */
static void say_lame(const struct web_process *p)
{
    struct control_message m = {.type = CONTROL_ALARM};
    if (p->server)
        return;
    log_error("no pages can be served", LOG_CSTR("why", p->why));
    snprintf(m.alarm.text, sizeof(m.alarm.text), "%s", p->why);
    say(p, &m);
}

int web_main(const struct settings *settings, int listening, int files_fd, int control_fd)
{
    struct web_process p = {.settings = settings, .control_fd = control_fd, .listening = listening};
    const struct role_keeps keeps = {
        .landlock_required = settings->landlock_required, .given = &listening, .n_given = 1};
    log_set_level(settings->log_level);
    signal(SIGTERM, SIG_IGN); /* it ends when the supervisor does */
    if (setpriority(PRIO_PROCESS, 0, WEB_NICE))
        log_debug("pages are served beside the calls", LOG_CSTR("error", strerror(errno)));
    make(&p, files_fd);
    const bool good = roles_narrow(ROLE_WEB, &keeps) == 0;
    if (good) {
        say(&p, &(struct control_message){.type = CONTROL_READY});
        say_lame(&p);
        serve(&p);
        leave(&p);
    }
    http_server_free(p.server);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
