#include "page_process.h"

#include "log_word.h"
#include "page_memory.h"
#include "tls_files.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGES_NICE 10
#define HURRIED_MS 500
#define ONE_OF     4 /* parts of a processor: the most that it takes */

/* Standard ones, the journal's, the supervisor's, the socket, the library's own, and what comes to
   be shown. */
#define DESCRIPTORS_FOR_OTHERS 24

/* stird ends, and whoever is still here is cut off soon. */
static volatile sig_atomic_t hurried;

static void hurry(int number)
{
    (void)number;
    hurried = 1;
}

void page_process_say(const struct page_process *p, const struct control_message *m)
{
    int r = control_send(p->control_fd, m, NULL, 0);
    if (r != 0 && r != -EPIPE)
        log_warning("the supervisor could not be told", LOG_CSTR("error", strerror(-r)));
}

static void answer_ping(const struct page_process *p)
{
    if (p->server) {
        const struct http_counts c = http_server_counts(p->server);
        page_process_say(p, &(struct control_message){
                                .type = CONTROL_SERVED,
                                .served = {c.answered, c.refused, c.unreadable, c.unshaken,
                                           c.crowded, c.thrown_out},
                            });
    }
    page_process_say(p, &(struct control_message){.type = CONTROL_PONG});
}

static void act(void *user, const struct control_message *m, const int *fds, unsigned n_fds)
{
    struct page_process *p = user;
    if (m->type == CONTROL_PING)
        answer_ping(p);
    else if (m->type == CONTROL_LOG)
        log_word_take(&m->log);
    else if (p->hear)
        p->hear(p, m, fds);
    for (unsigned i = 0; i < n_fds; i++)
        close(fds[i]);
}

/* ---- the loop ---- */

static int wait_ms(int64_t due_ms, int64_t now_ms)
{
    if (due_ms == INT64_MAX)
        return -1;
    const int64_t ms = due_ms > now_ms ? due_ms - now_ms : 0;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* Waits until UNTIL_MS at most for what the server waits for, and for something at FD (-1:
 * nothing); while it rests, for that alone. */
static void wait_for_news(const struct page_process *p, int fd, int64_t until_ms)
{
    const int64_t now_ms = clock_monotonic_ms();
    struct pollfd list[1 + HTTP_WATCHED] = {{.fd = fd, .events = POLLIN}};
    unsigned n = 1;
    int64_t due_ms = until_ms, own_ms = pace_due_ms(&p->pace);
    if (p->server && own_ms <= now_ms) {
        own_ms = http_server_due_ms(p->server, now_ms);
        n += http_server_watch(p->server, list + 1, now_ms);
    }
    if (p->server && own_ms < due_ms)
        due_ms = own_ms;
    poll(list, n, wait_ms(due_ms, now_ms));
}

/* A turn of the server, unless it has to rest. */
static void run_server(struct page_process *p)
{
    pace_note(&p->pace, clock_monotonic_us(), clock_used_us());
    const int64_t now_ms = clock_monotonic_ms();
    if (p->server && pace_due_ms(&p->pace) <= now_ms)
        http_server_run(p->server, now_ms);
}

static void serve(struct page_process *p)
{
    pace_begin(&p->pace, ONE_OF, clock_monotonic_us(), clock_used_us());
    while (control_hear(p->control_fd, act, p)) {
        if (p->before_turn)
            p->before_turn(p);
        run_server(p);
        if (p->turn)
            p->turn(p);
        wait_for_news(p, p->control_fd, p->turn ? p->turn_due_ms : INT64_MAX);
    }
}

/* Another one takes its place: whoever is with this one is answered yet, for as long as a
   connection may last; at the end of stird not so long. */
static void leave(struct page_process *p)
{
    const int64_t since_ms = clock_monotonic_ms();
    int64_t until_ms = since_ms + p->most_ms;
    if (!p->server)
        return;
    http_server_close(p->server);
    while (http_server_busy(p->server) > 0 && clock_monotonic_ms() < until_ms) {
        until_ms = since_ms + (hurried ? HURRIED_MS : p->most_ms);
        wait_for_news(p, -1, until_ms);
        run_server(p);
    }
}

/* ---- the start ---- */

/* As C has it; cleansed by whoever frees it. NULL: no memory. */
static char *copy(struct str text)
{
    return strndup(text.n > 0 ? text.p : "", text.n);
}

static void cleanse(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* Never so many connections that the descriptors run out: what is to be shown comes as one. */
static void bound_connections(const struct page_process *p, struct http_rules *rules)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    const rlim_t others = DESCRIPTORS_FOR_OTHERS;
    const rlim_t most = limit.rlim_cur > others + 2 ? limit.rlim_cur - others : 2;
    if (rules->connections <= most)
        return;
    log_warning(
        "there are more connections than the descriptors allow: raise LimitNOFILE",
        LOG_CSTR("setting", p->role == ROLE_WEB ? "web.connections" : "repository.connections"),
        LOG_NUMBER("wanted", rules->connections), LOG_NUMBER("served", (int64_t)most),
        LOG_NUMBER("descriptors", (int64_t)limit.rlim_cur));
    rules->connections = (unsigned)most;
    rules->per_source = rules->connections / 2;
}

void page_process_make(struct page_process *p, struct http_rules rules, struct files *files,
                       struct str certificate, struct str key)
{
    struct problems problems = PROBLEMS_INIT;
    struct tls_texts texts = {.certificate_name = certificate, .key_name = key};
    const bool tls = certificate.n > 0;
    char *pem = NULL, *secret = NULL;
    p->most_ms = rules.most_ms;
    bound_connections(p, &rules);
    p->why =
        "the certificate and its key cannot be read, or do not fit together: stird -t says why; put good "
        "ones there";
    if (tls && files && tls_files_of_pages(&texts, files, &problems)) {
        rules.certificate = pem = copy(texts.certificate);
        rules.key = secret = copy(texts.key);
    }
    if (!tls || (pem && secret))
        p->server = http_server_new(&rules, p->listening, clock_monotonic_ms(), &p->why);
    cleanse(pem);
    cleanse(secret);
    problems_fini(&problems);
}

/* Says why once, and stays: it would not do better when it is started again. */
static void say_lame(const struct page_process *p)
{
    struct control_message m = {.type = CONTROL_ALARM};
    if (p->server)
        return;
    log_error("no pages can be served", LOG_CSTR("why", p->why));
    snprintf(m.alarm.text, sizeof(m.alarm.text), "%s", p->why);
    page_process_say(p, &m);
}

int page_process_serve(struct page_process *p)
{
    const struct role_keeps keeps = {
        .landlock_required = p->settings->landlock_required, .given = &p->listening, .n_given = 1};
    log_set_level(p->settings->log_level);
    signal(SIGTERM, hurry); /* it ends when the supervisor does */
    if (setpriority(PRIO_PROCESS, 0, PAGES_NICE))
        log_debug("pages are served beside the calls", LOG_CSTR("error", strerror(errno)));
    page_memory_bound(p->memory);
    const bool good = roles_narrow(p->role, &keeps) == 0;
    if (good) {
        page_process_say(p, &(struct control_message){.type = CONTROL_READY});
        say_lame(p);
        serve(p);
        leave(p);
    }
    http_server_free(p->server);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
