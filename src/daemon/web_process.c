/*
 * The web process: pages for those who watch stird (pages.h). It speaks HTTP with whoever reaches
 * its socket, so it has nothing else: no key but that of its own certificate, no call, no SIP, no
 * file, no way to connect to anybody.
 *
 * What it shows it asks the supervisor for, and gets at most a few times a second, however many ask
 * it. When it is dead, stopped or flooded, nobody waits for it but those.
 */
#include "page_process.h"

#include <stird/base/address.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <stird/core/budget.h>
#include <stird/io/web_view.h>
#include <stird/web/pages.h>
#include <unistd.h>

#define FRESH_MS     1000
#define WAIT_MS      2000
#define ASK_AGAIN_MS 1000

struct web_process {
    struct page_process base;
    int64_t asked_ms; /* when the supervisor was asked, which has not answered yet; 0: it has */
};

/* An answer can be lost on its way, where no descriptor is left for it: so it asks again. */
static void ask(struct page_process *p)
{
    struct web_process *w = container_of(p, struct web_process, base);
    const int64_t now_ms = clock_monotonic_ms();
    const bool wants = p->server && http_server_wants(p->server);
    if (wants && (w->asked_ms == 0 || now_ms >= w->asked_ms + ASK_AGAIN_MS)) {
        page_process_say(p, &(struct control_message){.type = CONTROL_VIEW_WANTED});
        w->asked_ms = now_ms;
    }
    p->turn_due_ms = wants ? w->asked_ms + ASK_AGAIN_MS : INT64_MAX;
}

static void show(const struct page_process *p, int fd)
{
    struct web_view view;
    struct pages pages;
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

static void hear(struct page_process *p, const struct control_message *m, const int *fds)
{
    if (m->type != CONTROL_VIEW || !p->server)
        return;
    container_of(p, struct web_process, base)->asked_ms = 0;
    show(p, fds[0]);
}

/* Only users of this machine reach the loopback, and pages of others that a browser of theirs
   shows. */
static bool is_loopback(const struct address *a)
{
    static const struct address_prefix loopback[] = {
        {{ADDRESS_IPV4, 0, {127}}, 8},
        {{ADDRESS_IPV6, 0, {[15] = 1}}, 128},
    };
    return address_prefix_covers(&loopback[0], a) || address_prefix_covers(&loopback[1], a);
}

/* Half of what a connection may last: the other half is for the answer that there are no pages. */
static int64_t wait_of(int64_t most_ms)
{
    return WAIT_MS < most_ms / 2 ? WAIT_MS : most_ms / 2;
}

int web_main(const struct settings *settings, int listening, int files_fd, int control_fd)
{
    struct web_process w = {.base = {.role = ROLE_WEB,
                                     .settings = settings,
                                     .control_fd = control_fd,
                                     .listening = listening,
                                     .memory = budget_web_process(settings),
                                     .hear = hear,
                                     .turn = ask,
                                     .turn_due_ms = INT64_MAX}};
    const struct http_rules rules = {
        .connections = settings->web_connections,
        .per_source = settings->web_connections / 2,
        .per_second = settings->web_rate,
        .most_ms = settings->web_timeout_ms,
        .fresh_ms = FRESH_MS,
        .wait_ms = wait_of(settings->web_timeout_ms),
        .cache_control = "no-store",
        .known_hosts_only = settings->web_host.n > 0 || is_loopback(&settings->web_listen),
        .host = settings->web_host,
    };
    /* Of all texts that came along it reads two, and keeps none. */
    struct files *files = files_fd >= 0 ? files_from_fd(files_fd) : NULL;
    page_process_make(&w.base, rules, files, settings->web_tls_certificate, settings->web_tls_key);
    files_free(files);
    if (files_fd >= 0)
        close(files_fd);
    return page_process_serve(&w.base);
}
