#include <stird/web/http_server.h>

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stird/core/budget.h>

#include "connection.h"
#include "gate.h"
#include "microhttpd.h"
#include "request_target.h"

#define TAKEN_A_TURN  256
#define CALLED_A_TURN 16
#define HEARD_A_TURN  64
#define OPENING       32   /* handshakes: all of them may come to cost their time in one turn */
#define OPENING_MS    2000 /* so long, where others wait for that */
#define PAUSE_MS      100
#define ENDED_MS      1000 /* for what came before its client's last word */
/* What browsers and Prometheus speak; nothing that is broken. */
#define PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA"

/* A request. */
struct asked {
    struct asked *next; /* of those that wait */
    struct MHD_Connection *connection;
    int64_t until_ms;
    bool waits, late;
};

struct page {
    char *path;
    size_t path_bytes;
    unsigned status;
    struct MHD_Response *response; /* of many who ask; each holds it until it has it */
};

struct http_server {
    struct microhttpd m;
    struct http_rules rules;
    struct MHD_Daemon *daemon;
    struct gate *gate;
    int listening; /* -1: it takes no more */
    int epoll_fd;
    int seats_fd; /* what clients do that the library does not tell, or does not have yet */
    bool tls;
    struct page *pages;
    unsigned n_pages;
    uint64_t edition; /* of these */
    bool published;
    int64_t published_ms;
    struct asked *waiting;
    struct MHD_Response *missing, *method, *body, *host, *hosts, *late, *head;
    struct http_counts counts;
    int64_t now_ms;   /* of this turn */
    int64_t takes_ms; /* it takes nobody before: there were no descriptors, or no memory */
};

/* ---- answers ---- */

static enum MHD_Result add(struct http_server *s, struct MHD_Response *r, const char *name,
                           const char *value)
{
    return s->m.add_response_header(r, name, value);
}

/* NULL: no memory. */
static struct MHD_Response *answer_new(struct http_server *s, const char *type, struct str text,
                                       const char *cache_control)
{
    struct MHD_Response *r = s->m.create_response_from_buffer(
        text.n, (void *)(uintptr_t)(text.n > 0 ? text.p : ""), MHD_RESPMEM_MUST_COPY);
    if (r && add(s, r, "Content-Type", type) && add(s, r, "Cache-Control", cache_control) &&
        add(s, r, "X-Content-Type-Options", "nosniff") && add(s, r, "Connection", "close"))
        return r;
    if (r)
        s->m.destroy_response(r);
    return NULL;
}

static bool make_refusals(struct http_server *s)
{
    const struct {
        struct MHD_Response **to;
        const char *text;
    } list[] = {
        {&s->missing, "there is no such page\n"},
        {&s->method, "pages are read, by GET or HEAD\n"},
        {&s->body, "a request for a page has no body\n"},
        {&s->host, "pages are not asked for by this name: web.host says which one is theirs\n"},
        {&s->hosts, "a request names its host once\n"},
        {&s->late, "stird does not say in time how it is\n"},
        {&s->head, "a request has a head of at most 8 KiB\n"},
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (!(*list[i].to = answer_new(s, "text/plain; charset=utf-8", str_of(list[i].text),
                                       "no-store")))
            return false;
    return add(s, s->method, "Allow", "GET, HEAD") == MHD_YES;
}

static enum MHD_Result answer(struct http_server *s, struct MHD_Connection *c, unsigned status,
                              struct MHD_Response *r)
{
    struct seat *seat = gate_seat_of(s->gate, connection_fd(&s->m, c));
    if (seat)
        seat->status = status;
    return s->m.queue_response(c, status, r);
}

static const struct page *find_page(const struct http_server *s, struct str path)
{
    for (unsigned i = 0; i < s->n_pages; i++)
        if (str_eq((struct str){s->pages[i].path, s->pages[i].path_bytes}, path))
            return &s->pages[i];
    return NULL;
}

static bool is_fresh(const struct http_server *s)
{
    return s->published &&
           (s->rules.fresh_ms == 0 || s->now_ms - s->published_ms < s->rules.fresh_ms);
}

static bool has_body(struct http_server *s, struct MHD_Connection *c)
{
    const char *length = s->m.lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
    return (length && strcmp(length, "0") != 0) ||
           s->m.lookup_connection_value(c, MHD_HEADER_KIND, "Transfer-Encoding");
}

static enum MHD_Result answer_page(struct http_server *s, struct MHD_Connection *c, struct str path)
{
    const struct page *page = find_page(s, path);
    struct seat *seat = gate_seat_of(s->gate, connection_fd(&s->m, c));
    if (page && seat)
        seat->edition = s->edition;
    return page ? answer(s, c, page->status, page->response)
                : answer(s, c, MHD_HTTP_NOT_FOUND, s->missing);
}

static enum MHD_Result count_host(void *hosts, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    (void)kind;
    (void)value;
    *(unsigned *)hosts += str_eq_nocase(str_of(name), STR("Host"));
    return MHD_YES;
}

/* The library reads the first alone (RFC 9112 section 3.2). */
static bool has_hosts(struct http_server *s, struct MHD_Connection *c)
{
    unsigned n = 0;
    s->m.get_connection_values(c, MHD_HEADER_KIND, count_host, &n);
    return n > 1;
}

static struct request_target target_of(struct http_server *s, struct MHD_Connection *c,
                                       const char *url)
{
    const char *host = s->m.lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    return request_target_read(str_of(url), str_of(host ? host : ""));
}

/* It may have said its last word, and waits for the answer to what it said before. */
static void note_asked(struct http_server *s, struct MHD_Connection *c)
{
    struct seat *seat = gate_seat_of(s->gate, connection_fd(&s->m, c));
    if (!seat)
        return;
    seat->asked = true;
    seat->hurry_ms = INT64_MAX;
}

/* The first line of a request is read. */
static void *note_began(void *server, const char *uri, struct MHD_Connection *c)
{
    struct http_server *s = server;
    struct seat *seat = gate_seat_of(s->gate, connection_fd(&s->m, c));
    (void)uri;
    if (seat)
        seat->began = true;
    return NULL;
}

static enum MHD_Result begin_to_wait(struct http_server *s, struct asked *a)
{
    a->waits = true;
    a->until_ms = s->now_ms + s->rules.wait_ms;
    a->next = s->waiting;
    s->waiting = a;
    s->m.suspend_connection(a->connection);
    return MHD_YES;
}

/* It is called when the head of a request is there, and again when one that waited goes on. */
static enum MHD_Result hear(void *server, struct MHD_Connection *c, const char *url,
                            const char *method, const char *version, const char *upload,
                            size_t *upload_bytes, void **request)
{
    struct http_server *s = server;
    struct asked *a = *request;
    const bool is_read = strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
                         strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    (void)version;
    (void)upload;
    (void)upload_bytes;
    const struct request_target target = target_of(s, c, url);
    note_asked(s, c);
    if (a && a->late)
        return answer(s, c, MHD_HTTP_SERVICE_UNAVAILABLE, s->late);
    if (connection_head_octets(&s->m, c) > HTTP_HEAD_MAX)
        return answer(s, c, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, s->head);
    if (!is_read)
        return answer(s, c, MHD_HTTP_METHOD_NOT_ALLOWED, s->method);
    if (has_body(s, c))
        return answer(s, c, MHD_HTTP_CONTENT_TOO_LARGE, s->body);
    if (has_hosts(s, c))
        return answer(s, c, MHD_HTTP_BAD_REQUEST, s->hosts);
    if (s->rules.known_hosts_only && !request_target_is_known(target.host, s->rules.host))
        return answer(s, c, MHD_HTTP_MISDIRECTED_REQUEST, s->host);
    if (is_fresh(s))
        return answer_page(s, c, target.path);
    if (!a && !(*request = a = calloc(1, sizeof(*a))))
        return MHD_NO;
    a->connection = c;
    return begin_to_wait(s, a);
}

static void stop_waiting(struct http_server *s, struct asked *a)
{
    struct asked **link = &s->waiting;
    while (*link && *link != a)
        link = &(*link)->next;
    if (*link)
        *link = a->next;
    a->waits = false;
}

/* It counts once its answer has left whole. */
static void count_answer(struct http_server *s, struct MHD_Connection *c)
{
    const struct seat *seat = gate_seat_of(s->gate, connection_fd(&s->m, c));
    if (!seat || seat->status == 0)
        return;
    s->counts.answered += seat->status == MHD_HTTP_OK;
    s->counts.refused += seat->status != MHD_HTTP_OK;
}

static void forget(void *server, struct MHD_Connection *c, void **request,
                   enum MHD_RequestTerminationCode why)
{
    struct asked *a = *request;
    if (why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        count_answer(server, c);
    if (a && a->waits)
        stop_waiting(server, a);
    free(a);
    *request = NULL;
}

/* ---- connections ---- */

/* On which no request was read: the library has answered it, or found nothing to answer. It tells
   of no handshake; but a client that has ended one knows how to begin a request. One that was
   thrown out for its time is counted as that, and one that only looks whether the port is open is
   no fault of anybody's. */
static void count_unread(struct http_server *s, const struct seat *seat)
{
    if (seat->asked || (seat->thrown_out && seat->hurry_ms == INT64_MAX) ||
        !connection_said_something(seat->fd))
        return;
    if (s->tls && !seat->began)
        s->counts.unshaken++;
    else
        s->counts.unreadable++;
}

static void hear_end(void *server, struct MHD_Connection *c, void **context,
                     enum MHD_ConnectionNotificationCode what)
{
    struct http_server *s = server;
    struct seat *seat = gate_seat_of(s->gate, connection_fd(&s->m, c));
    (void)context;
    if (!seat || what != MHD_CONNECTION_NOTIFY_CLOSED)
        return;
    count_unread(s, seat);
    gate_leave(s->gate, seat);
}

/* When somebody may be taken: NOW_MS, a later time, or INT64_MAX. */
static int64_t opens_ms(const struct http_server *s, int64_t now_ms)
{
    if (s->listening < 0 || gate_is_full(s->gate))
        return INT64_MAX;
    return now_ms > s->takes_ms ? now_ms : s->takes_ms;
}

/* Whoever could not be taken still waits in the socket, and would wake the loop at once. */
static bool take_failed(struct http_server *s, int error)
{
    if (error == EINTR || error == ECONNABORTED)
        return true;
    if (error != EAGAIN)
        s->takes_ms = s->now_ms + PAUSE_MS;
    return false;
}

/* False: nobody waits in the socket, or none can be taken now. */
static bool take_one(struct http_server *s)
{
    struct seat *seat;
    struct sockaddr_storage from;
    socklen_t n = sizeof(from);
    if (opens_ms(s, s->now_ms) > s->now_ms)
        return false;
    const int fd = accept4(s->listening, (struct sockaddr *)&from, &n,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return take_failed(s, errno);
    if ((seat = gate_admit(s->gate, connection_source(&from), fd, s->now_ms))) {
        struct epoll_event word = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = fd};
        seat->spoke = epoll_ctl(s->seats_fd, EPOLL_CTL_ADD, fd, &word) != 0;
    } else {
        s->counts.crowded++;
        close(fd);
    }
    return true;
}

/* The library has never seen it. */
static void close_seat(struct http_server *s, struct seat *seat)
{
    close(seat->fd);
    gate_leave(s->gate, seat);
}

/* It is the library's from here on, and closed where that fails. */
static void hand_over(struct http_server *s, struct seat *seat)
{
    const int fd = seat->fd;
    struct epoll_event end = {.events = EPOLLRDHUP | EPOLLET, .data.fd = fd};
    struct sockaddr_storage from;
    socklen_t n = sizeof(from);
    if (getpeername(fd, (struct sockaddr *)&from, &n) != 0) {
        close_seat(s, seat); /* it has gone */
        return;
    }
    epoll_ctl(s->seats_fd, EPOLL_CTL_MOD, fd, &end); /* else it has its whole time */
    if (s->m.add_connection(s->daemon, fd, (const struct sockaddr *)&from, n) != MHD_YES &&
        gate_seat_of(s->gate, fd) == seat)
        gate_leave(s->gate, seat);
}

/* Each edition of the pages lies in memory for as long as anybody reads it: few do at a time. */
static void throw_out_late_readers(struct http_server *s)
{
    for (unsigned i = 0; i < s->rules.connections; i++) {
        struct seat *seat = &s->gate->seats[i];
        if (seat->fd < 0 || seat->thrown_out || seat->edition == 0 ||
            seat->edition + HTTP_EDITIONS > s->edition)
            continue;
        seat->thrown_out = true;
        s->counts.thrown_out++;
        shutdown(seat->fd, SHUT_RDWR);
    }
}

/* Of those who wait: something came, or they have gone. Of others, that they say no more: whoever
   has asked for nothing may yet, for what came before that is still read; but the library does not
   always see the end behind it. */
static void hear_seats(struct http_server *s)
{
    struct epoll_event heard[HEARD_A_TURN];
    const int n = epoll_wait(s->seats_fd, heard, HEARD_A_TURN, 0);
    for (int i = 0; i < n; i++) {
        struct seat *seat = gate_seat_of(s->gate, heard[i].data.fd);
        if (seat && seat->waits)
            seat->spoke = true;
        else if (seat && !seat->asked)
            seat->hurry_ms = s->now_ms + ENDED_MS;
    }
}

/* Those who have their part are taken all the same, to be closed: others wait behind them. */
static void take_some(struct http_server *s)
{
    struct seat *seat;
    for (unsigned i = 0; i < TAKEN_A_TURN && take_one(s); i++)
        ;
    hear_seats(s);
    for (unsigned i = 0; i < CALLED_A_TURN && (seat = gate_call(s->gate, s->now_ms)); i++)
        hand_over(s, seat);
}

/* The library finds them closed. */
static void throw_out(struct http_server *s)
{
    struct seat *seat;
    while ((seat = gate_overdue(s->gate, s->now_ms))) {
        s->counts.thrown_out += seat->hurry_ms == INT64_MAX;
        if (seat->waits)
            close_seat(s, seat);
        else
            shutdown(seat->fd, SHUT_RDWR);
    }
}

static void throw_out_stuck(struct http_server *s)
{
    struct seat *seat;
    while ((seat = gate_stuck(s->gate, s->now_ms))) {
        s->counts.thrown_out++;
        shutdown(seat->fd, SHUT_RDWR);
    }
}

/* Lets those go on who have waited for long enough, or all. */
static void go_on(struct http_server *s, bool all)
{
    struct asked **link = &s->waiting;
    while (*link) {
        struct asked *a = *link;
        a->late = !all && a->until_ms <= s->now_ms;
        if (!all && !a->late) {
            link = &a->next;
            continue;
        }
        *link = a->next;
        a->waits = false;
        s->m.resume_connection(a->connection);
    }
}

/* ---- the loop ---- */

unsigned http_server_watch(const struct http_server *s, struct pollfd list[HTTP_WATCHED],
                           int64_t now_ms)
{
    unsigned n = 0;
    list[n++] = (struct pollfd){.fd = s->epoll_fd, .events = POLLIN};
    list[n++] = (struct pollfd){.fd = s->seats_fd, .events = POLLIN};
    if (opens_ms(s, now_ms) <= now_ms)
        list[n++] = (struct pollfd){.fd = s->listening, .events = POLLIN};
    return n;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t http_server_due_ms(const struct http_server *s, int64_t now_ms)
{
    MHD_UNSIGNED_LONG_LONG own_ms;
    const int64_t at_ms = opens_ms(s, now_ms);
    int64_t due_ms = gate_next_ms(s->gate);
    if (at_ms > now_ms) /* else the socket wakes it */
        due_ms = least(due_ms, at_ms);
    due_ms = least(due_ms, gate_calls_ms(s->gate, now_ms));
    due_ms = least(due_ms, gate_stuck_ms(s->gate));
    for (const struct asked *a = s->waiting; a; a = a->next)
        due_ms = least(due_ms, a->until_ms);
    if (s->m.get_timeout(s->daemon, &own_ms) == MHD_YES)
        due_ms = least(due_ms, now_ms + (int64_t)own_ms);
    return due_ms;
}

void http_server_run(struct http_server *s, int64_t now_ms)
{
    s->now_ms = now_ms;
    take_some(s);
    throw_out(s);
    go_on(s, false);
    s->m.run(s->daemon);
    throw_out_stuck(s);
}

void http_server_close(struct http_server *s)
{
    s->listening = -1;
    if (s->published)
        s->rules.fresh_ms = 0; /* nobody makes others for it */
}

unsigned http_server_busy(const struct http_server *s)
{
    return s->gate->taken;
}

bool http_server_wants(const struct http_server *s)
{
    return s->waiting != NULL;
}

struct http_counts http_server_counts(const struct http_server *s)
{
    return s->counts;
}

/* ---- pages ---- */

static void free_pages(struct http_server *s, struct page *pages, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        free(pages[i].path);
        if (pages[i].response)
            s->m.destroy_response(pages[i].response);
    }
    free(pages);
}

static bool make_page(struct http_server *s, struct page *to, const struct http_page *from)
{
    const char *cache = from->status == MHD_HTTP_OK ? s->rules.cache_control : "no-store";
    to->path = malloc(from->path.n + 1);
    to->path_bytes = from->path.n;
    to->status = from->status;
    to->response = to->path ? answer_new(s, from->type, from->text, cache) : NULL;
    if (to->response)
        memcpy(to->path, from->path.p, from->path.n);
    return to->response != NULL;
}

bool http_server_publish(struct http_server *s, const struct http_page *pages, unsigned n,
                         int64_t now_ms)
{
    struct page *made = calloc(n + 1u, sizeof(*made));
    for (unsigned i = 0; made && i < n; i++)
        if (!make_page(s, &made[i], &pages[i])) {
            free_pages(s, made, n);
            return false;
        }
    if (!made)
        return false;
    free_pages(s, s->pages, s->n_pages);
    s->pages = made;
    s->n_pages = n;
    s->edition++;
    s->published = true;
    s->published_ms = s->now_ms = now_ms;
    throw_out_late_readers(s);
    go_on(s, true);
    return true;
}

/* ---- its life ---- */

/* A path is compared octet for octet. */
static size_t as_it_came(void *nothing, struct MHD_Connection *c, char *text)
{
    (void)nothing;
    (void)c;
    return strlen(text);
}

static struct MHD_Daemon *start(struct http_server *s, const struct http_rules *rules)
{
    const bool tls = rules->certificate != NULL;
    const unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
                           (tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem of_tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)rules->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)rules->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)PRIORITIES},
        {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    return s->m.start_daemon(
        flags, 0, NULL, NULL, hear, s, MHD_OPTION_ARRAY, tls ? of_tls : none,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)BUDGET_PAGES_POOL, MHD_OPTION_CONNECTION_LIMIT,
        rules->connections, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, forget, s,
        MHD_OPTION_NOTIFY_CONNECTION, hear_end, s, MHD_OPTION_URI_LOG_CALLBACK, note_began, s,
        MHD_OPTION_UNESCAPE_CALLBACK, as_it_came, NULL, MHD_OPTION_END);
}

static const char *make(struct http_server *s, const struct http_rules *rules, int64_t now_ms)
{
    const struct gate_rules gate = {.places = rules->connections,
                                    .per_source = rules->per_source,
                                    .per_second = rules->per_second,
                                    .most_ms = rules->most_ms,
                                    .opening = rules->certificate ? OPENING : 0,
                                    .opening_ms = OPENING_MS};
    if (!microhttpd_load(&s->m))
        return "libmicrohttpd cannot be loaded";
    s->gate = gate_new(&gate, now_ms);
    if (!s->gate || !make_refusals(s))
        return "out of memory";
    s->tls = rules->certificate != NULL;
    s->seats_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->seats_fd < 0)
        return "there is no epoll";
    s->daemon = start(s, rules);
    if (!s->daemon)
        return rules->certificate
                   ? "libmicrohttpd does not take the certificate and its key, in which stird finds "
                     "nothing wrong: put others there"
                   : "libmicrohttpd does not start";
    const union MHD_DaemonInfo *info = s->m.get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    s->epoll_fd = info ? info->epoll_fd : -1;
    return s->epoll_fd >= 0 ? NULL : "libmicrohttpd knows no epoll";
}

struct http_server *http_server_new(const struct http_rules *rules, int listening, int64_t now_ms,
                                    const char **why)
{
    struct http_server *s = calloc(1, sizeof(*s));
    *why = s ? NULL : "out of memory";
    if (!s)
        return NULL;
    s->rules = *rules;
    s->rules.certificate = s->rules.key = NULL;
    s->listening = listening;
    s->seats_fd = -1;
    s->now_ms = now_ms;
    *why = make(s, rules, now_ms);
    if (!*why)
        return s;
    http_server_free(s);
    return NULL;
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    if (s->daemon) {
        go_on(s, true); /* none may be suspended at its end */
        s->m.stop_daemon(s->daemon);
    }
    free_pages(s, s->pages, s->n_pages);
    struct MHD_Response *const list[] = {s->missing, s->method, s->body, s->host,
                                         s->hosts,   s->late,   s->head};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        if (list[i])
            s->m.destroy_response(list[i]);
    if (s->seats_fd >= 0)
        close(s->seats_fd);
    for (unsigned i = 0; s->gate && i < s->rules.connections; i++)
        if (s->gate->seats[i].fd >= 0 && s->gate->seats[i].waits)
            close_seat(s, &s->gate->seats[i]);
    free(s->gate);
    free(s);
}
