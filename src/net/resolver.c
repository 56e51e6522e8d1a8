#include <ares.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/net/resolver.h>
#include <string.h>

#include "resolver_internal.h"
#include "sockaddr.h"

#define FORGET_MS 1200000 /* nobody looked it up for so long */
#define NAMES_MAX KNOWN_NAMES_MAX

/* Of names that peers write: */
#define PASSING_MAX       100
#define PASSING_PART      20 /* of one asker */
#define PASSING_FORGET_MS 60000
#define PASSING_HOLD_MS   5000 /* so long after it was looked up, no other takes its place */

#define QUERY_MS    1000 /* the first try; c-ares doubles it */
#define QUERY_TRIES 3
#define HOST_MAX    253

/* ---- who waits for a name ---- */

static void join(struct name_waiter **list, struct name_waiter *waiter)
{
    waiter->next = *list;
    waiter->link = list;
    if (waiter->next)
        waiter->next->link = &waiter->next;
    *list = waiter;
}

void name_waiter_leave(struct name_waiter *waiter)
{
    if (!waiter->link)
        return;
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
    waiter->next = NULL;
    waiter->link = NULL;
}

/* Not at once, because answers come in the middle of c-ares' own work and of look-ups. */
void name_tell_waiters(struct name *name)
{
    struct resolver *r = name->resolver;
    struct name_waiter *waiter;
    if (name->waiters)
        event_active(r->tell, EV_TIMEOUT, 0);
    while ((waiter = name->waiters)) {
        name_waiter_leave(waiter);
        join(&r->told, waiter);
    }
}

static void on_tell(evutil_socket_t fd, short what, void *context)
{
    struct resolver *r = context;
    struct name_waiter *waiter;
    (void)fd, (void)what;
    while ((waiter = r->told)) {
        name_waiter_leave(waiter);
        waiter->answered(waiter);
    }
}

static void forget_waiters(struct name_waiter **list)
{
    while (*list)
        name_waiter_leave(*list);
}

static void name_free(struct name *name)
{
    forget_waiters(&name->waiters);
    free(name->resolution);
    free(name);
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    r->closing = true;
    if (r->channel)
        ares_destroy(r->channel); /* ends all queries, and closes its sockets: the watches go */
    if (r->system_servers)
        ares_free_data(r->system_servers);
    if (r->timeout)
        event_free(r->timeout);
    if (r->second)
        event_free(r->second);
    while (r->names) {
        struct name *name = r->names;
        r->names = name->next;
        name_free(name);
    }
    forget_waiters(&r->told);
    if (r->tell)
        event_free(r->tell);
    free(r);
}

/* ---- c-ares on the event loop ---- */

void resolver_arm_timeout(struct resolver *r)
{
    struct timeval room, *wait = ares_timeout(r->channel, NULL, &room);
    if (wait)
        event_add(r->timeout, wait);
    else
        event_del(r->timeout);
}

static void on_timeout(evutil_socket_t fd, short what, void *context)
{
    struct resolver *r = context;
    (void)fd, (void)what;
    ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    resolver_arm_timeout(r);
}

static void on_socket(evutil_socket_t fd, short what, void *context)
{
    struct resolver *r = ((struct watch *)context)->resolver; /* the watch may go meanwhile */
    ares_process_fd(r->channel, what & EV_READ ? fd : ARES_SOCKET_BAD,
                    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
    resolver_arm_timeout(r);
}

static void watch_remove(struct resolver *r, int fd)
{
    for (struct watch **link = &r->watches; *link; link = &(*link)->next) {
        struct watch *w = *link;
        if (w->fd != fd)
            continue;
        *link = w->next;
        event_free(w->event);
        free(w);
        return;
    }
}

/* c-ares opens and closes its sockets as it likes, and tells us here. Without memory for a watch
   the query times out. */
static void on_socket_state(void *context, ares_socket_t fd, int readable, int writable)
{
    struct resolver *r = context;
    watch_remove(r, fd);
    if (!readable && !writable)
        return;
    struct watch *w = calloc(1, sizeof(*w));
    if (!w)
        return;
    short what = (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0) | EV_PERSIST);
    w->resolver = r;
    w->fd = fd;
    w->event = event_new(r->base, fd, what, on_socket, w);
    if (!w->event || event_add(w->event, NULL) != 0) {
        if (w->event)
            event_free(w->event);
        free(w);
        return;
    }
    w->next = r->watches;
    r->watches = w;
}

/* ---- names ---- */

bool resolver_is_name(struct str host)
{
    bool digits_only = true; /* of the last label */
    size_t label = 0;
    if (host.n > 0 && host.p[host.n - 1] == '.')
        host.n--;
    if (host.n == 0 || host.n > HOST_MAX)
        return false;
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            digits_only = true;
            continue;
        }
        if ((!digit && !letter && c != '-') || ++label > 63)
            return false;
        digits_only &= digit;
    }
    return label > 0 && !digits_only;
}

static bool is_for(const struct name *name, const struct name_query *q)
{
    const struct known_name *k = &name->known;
    return strcmp(k->service, q->service ? q->service : "") == 0 && k->port == q->port &&
           k->want_ipv4 == q->want_ipv4 && k->want_ipv6 == q->want_ipv6 &&
           str_eq_nocase(str_of(k->host), q->host);
}

static bool copy_text(char *to, size_t bytes, struct str from)
{
    if (from.n >= bytes)
        return false;
    if (from.n > 0)
        memcpy(to, from.p, from.n);
    to[from.n] = '\0';
    return true;
}

static void forget(struct resolver *r, struct name **link)
{
    struct name *name = *link;
    *link = name->next;
    if (name->passing)
        r->n_passing--;
    else
        r->n_names--;
    name_free(name);
}

static unsigned names_of(const struct resolver *r, uint64_t asker)
{
    unsigned n = 0;
    for (const struct name *name = r->names; name; name = name->next)
        n += name->passing && name->asker == asker;
    return n;
}

/* Removes the name that was looked up longest ago, if that is long enough ago; false when none can
   go. An asker whose part is full loses one of its own names. */
static bool make_room_for_passing(struct resolver *r, uint64_t asker)
{
    struct name **oldest = NULL;
    int64_t used_before_ms = clock_monotonic_ms() - PASSING_HOLD_MS;
    bool has_its_part = names_of(r, asker) >= PASSING_PART;
    if (r->n_passing < PASSING_MAX && !has_its_part)
        return true;
    for (struct name **link = &r->names; *link; link = &(*link)->next) {
        if (!(*link)->passing || (*link)->resolution || (*link)->used_at_ms >= used_before_ms ||
            (has_its_part && (*link)->asker != asker))
            continue;
        oldest = link;
        used_before_ms = (*link)->used_at_ms;
    }
    if (oldest)
        forget(r, oldest);
    r->refused += oldest == NULL;
    return oldest != NULL;
}

static struct name *name_new(struct resolver *r, const struct name_query *q)
{
    bool room = q->passing ? make_room_for_passing(r, q->asker) : r->n_names < NAMES_MAX;
    struct name *name = room ? calloc(1, sizeof(*name)) : NULL;
    if (!name)
        return NULL;
    *name = (struct name){
        .resolver = r,
        .passing = q->passing,
        .asker = q->asker,
        .known = {.port = q->port, .want_ipv4 = q->want_ipv4, .want_ipv6 = q->want_ipv6}};
    struct known_name *k = &name->known;
    if (!copy_text(k->host, sizeof(k->host), q->host) ||
        !copy_text(k->service, sizeof(k->service), str_of(q->service ? q->service : ""))) {
        name_free(name);
        return NULL;
    }
    name->next = r->names;
    r->names = name;
    if (q->passing)
        r->n_passing++;
    else
        r->n_names++;
    return name;
}

static struct name *find(const struct resolver *r, const struct name_query *q)
{
    struct name *name = r->names;
    while (name && !is_for(name, q))
        name = name->next;
    return name;
}

/* A reload has configured a name that only peers had used before. */
static void is_configured_now(struct name *name)
{
    name->passing = false;
    name->untold = name->state == NAME_KNOWN;
    name->resolver->n_passing--;
    name->resolver->n_names++;
}

static struct name_answer answer_of(const struct name *name)
{
    return (struct name_answer){.state = name->state,
                                .addresses = name->known.addresses,
                                .n = name->known.n,
                                .former = name->known.former,
                                .in_part = name->known.in_part,
                                .failing = name->failing,
                                .handed = name->handed};
}

struct name_answer resolver_look_up(struct resolver *r, const struct name_query *q)
{
    const struct name_answer nothing = {.state = NAME_FAILED};
    int64_t now_ms = clock_monotonic_ms();
    if (q->waiter)
        name_waiter_leave(q->waiter);
    if (!resolver_is_name(q->host) || (!q->want_ipv4 && !q->want_ipv6))
        return nothing;
    struct name *name = find(r, q);
    bool known = name != NULL;
    if (q->known)
        return known && name->state == NAME_KNOWN ? answer_of(name) : nothing;
    if (!known && !(name = name_new(r, q)))
        return nothing;
    if (name->passing && !q->passing)
        is_configured_now(name);
    if (!known || (name->passing && !name->resolution && now_ms >= name->refresh_at_ms))
        name_resolve(name);
    name->used_at_ms = now_ms;
    if (q->waiter && (name->state == NAME_PENDING || name->handed))
        join(&name->waiters, q->waiter);
    return answer_of(name);
}

uint64_t resolver_names_refused(const struct resolver *r)
{
    return r->refused;
}

static struct name_query query_of(const struct known_name *known)
{
    return (struct name_query){.host = str_of(known->host),
                               .service = known->service[0] ? known->service : NULL,
                               .port = known->port,
                               .want_ipv4 = known->want_ipv4,
                               .want_ipv6 = known->want_ipv6};
}

void resolver_tell_again(struct resolver *r, const struct known_name *known)
{
    const struct name_query q = query_of(known);
    struct name *name = find(r, &q);
    if (name)
        name->untold = true;
}

/* Nobody can say how long its former addresses have been former, so their time begins anew. */
static void take_over(struct name *name, const struct known_name *known)
{
    int64_t now_ms = clock_monotonic_ms();
    name->known = *known;
    name->lacking = known->in_part;
    for (unsigned i = 0; i < known->former; i++)
        name->former.until_ms[i] = now_ms + GRACE_MS;
    name->state = known->n > 0 ? NAME_KNOWN : NAME_PENDING;
    name->handed = true;
    name->used_at_ms = now_ms;
}

void resolver_know(struct resolver *r, const struct known_name *known)
{
    const struct name_query q = query_of(known);
    if (!resolver_is_name(q.host) || known_name_all(known) == 0 || find(r, &q))
        return;
    struct name *name = name_new(r, &q);
    if (!name)
        return;
    take_over(name, known);
    name_resolve(name);
}

bool resolver_tell(struct resolver *r, struct known_name *known)
{
    struct name *name = r->names;
    while (name && (name->passing || !name->untold || known_name_all(&name->known) == 0))
        name = name->next;
    if (!name)
        return false;
    name->untold = false;
    *known = name->known;
    return true;
}

static void end_former(struct name *name, int64_t now_ms)
{
    const struct known_name before = name->known;
    if (!former_is_over(&name->former, &name->known, now_ms))
        return;
    if (name->former.cut_until_ms <= now_ms)
        name->former.cut_until_ms = 0;
    name_means_now(name, &before);
}

static void on_second(evutil_socket_t fd, short what, void *context)
{
    struct resolver *r = context;
    int64_t now_ms = clock_monotonic_ms();
    (void)fd, (void)what;
    for (struct name **link = &r->names; *link;) {
        struct name *name = *link;
        int64_t kept_ms = name->passing ? PASSING_FORGET_MS : FORGET_MS;
        if (!name->resolution && now_ms - name->used_at_ms > kept_ms) {
            forget(r, link);
            continue;
        }
        end_former(name, now_ms);
        if (!name->passing && !name->resolution && now_ms >= name->refresh_at_ms)
            name_resolve(name);
        link = &name->next;
    }
}

/* ---- start ---- */

static int use_servers(struct resolver *r, const struct address *servers, unsigned n)
{
    struct ares_addr_port_node list[16] = {0};
    unsigned count = n < 16 ? n : 16;
    for (unsigned i = 0; i < count; i++) {
        bool ipv6 = servers[i].family == ADDRESS_IPV6;
        list[i].next = i + 1 < count ? &list[i + 1] : NULL;
        list[i].family = ipv6 ? AF_INET6 : AF_INET;
        list[i].udp_port = list[i].tcp_port = servers[i].port;
        memcpy(&list[i].addr, servers[i].bytes, ipv6 ? 16 : 4);
    }
    return ares_set_servers_ports(r->channel, count > 0 ? list : r->system_servers);
}

void resolver_set_servers(struct resolver *r, const struct address *servers, unsigned n)
{
    if (use_servers(r, servers, n) != ARES_SUCCESS)
        log_warning("the name servers could not be changed: the old ones stay");
}

/* No hosts file, no search list, no aliases of the environment: a name is what is configured. */
static bool open_channel(struct resolver *r)
{
    char lookups[] = "b";
    struct ares_options options = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
                                   .timeout = QUERY_MS,
                                   .tries = QUERY_TRIES,
                                   .lookups = lookups,
                                   .sock_state_cb = on_socket_state,
                                   .sock_state_cb_data = r};
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
               ARES_OPT_SOCK_STATE_CB;
    if (ares_init_options(&r->channel, &options, mask) != ARES_SUCCESS) {
        r->channel = NULL;
        return false;
    }
    return ares_get_servers_ports(r->channel, &r->system_servers) == ARES_SUCCESS;
}

struct resolver *resolver_new(struct event_base *base, const struct address *servers, unsigned n)
{
    const struct timeval second = {.tv_sec = 1};
    struct resolver *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->base = base;
    r->timeout = evtimer_new(base, on_timeout, r);
    r->second = event_new(base, -1, EV_PERSIST, on_second, r);
    r->tell = evtimer_new(base, on_tell, r);
    if (!r->timeout || !r->second || !r->tell || event_add(r->second, &second) != 0 ||
        !open_channel(r) || use_servers(r, servers, n) != ARES_SUCCESS) {
        resolver_free(r);
        return NULL;
    }
    return r;
}
