#include <ares.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/net/resolver.h>
#include <string.h>

#include "former.h"
#include "resolution.h"
#include "sockaddr.h"

#define TTL_MIN_MS 5000
#define TTL_MAX_MS 3600000
#define RETRY_MS   5000    /* after a failure */
#define FORGET_MS  1200000 /* nobody looked it up for so long */
#define NAMES_MAX  KNOWN_NAMES_MAX
#define GRACE_MS   300000 /* of an address that a name has no more, at least */

/* Of names that peers write: */
#define PASSING_MAX       100
#define PASSING_PART      20 /* of one asker */
#define PASSING_FORGET_MS 60000
#define PASSING_HOLD_MS   5000 /* so long after it was looked up, no other takes its place */

#define QUERY_MS    1000 /* the first try; c-ares doubles it */
#define QUERY_TRIES 3
#define HOST_MAX    253

/* One name and what is known of it. */
struct name {
    struct name *next;
    struct resolver *resolver;
    struct known_name known;
    struct former former;
    bool passing;   /* only peers have named it */
    uint64_t asker; /* the first of them */
    bool handed;    /* what is known of it is older than this process, or its first part */
    bool untold;    /* it means something else than resolver_tell() last told */

    enum name_state state;
    bool failing; /* some part had no answer when it was last asked for */
    bool lacking; /* some part never had one, or there is more than is kept */
    int64_t refresh_at_ms, used_at_ms, ttl_ms;

    struct resolution *resolution; /* it is being asked for; else NULL */
    unsigned n_waiting;            /* questions of the present target */
    struct name_waiter *waiters;   /* while it is being asked for */
    int status;                    /* why a part has no answer, and of which target */
    unsigned silent_target;
};

/* A descriptor of c-ares. */
struct watch {
    struct watch *next;
    struct resolver *resolver;
    struct event *event;
    int fd;
};

struct resolver {
    struct event_base *base;
    ares_channel channel;
    struct ares_addr_port_node *system_servers; /* of resolv.conf */
    struct event *timeout, *second, *tell;
    struct name_waiter *told; /* their names have been answered: `tell` calls them */
    struct watch *watches;
    struct name *names;
    unsigned n_names, n_passing; /* n_names: of those that are configured */
    uint64_t refused;
    bool closing;
};

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

/* Not at once: answers come in the midst of c-ares' own work, and of look-ups. */
static void tell_waiters(struct name *name)
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

static void arm_timeout(struct resolver *r)
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
    arm_timeout(r);
}

static void on_socket(evutil_socket_t fd, short what, void *context)
{
    struct resolver *r = ((struct watch *)context)->resolver; /* the watch may go meanwhile */
    ares_process_fd(r->channel, what & EV_READ ? fd : ARES_SOCKET_BAD,
                    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
    arm_timeout(r);
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

/* c-ares opens, closes and uses its sockets as it likes, and says so. Without memory the query
   times out. */
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

/* ---- one resolution: SRV, then the addresses of each target in turn ---- */

/* What peers write does not fill the log. */
static void say(const struct name *name, enum log_level level, const char *event, const char *why)
{
    const struct known_name *k = &name->known;
    log_write(name->passing ? LOG_LEVEL_DEBUG : level, event, LOG_CSTR("name", k->host),
              LOG_CSTR("service", k->service[0] ? k->service : "-"), LOG_CSTR("why", why),
              LOG_NUMBER("addresses", k->n));
}

static int64_t bounded_ttl_ms(uint32_t ttl_s)
{
    int64_t ms = (int64_t)ttl_s * 1000;
    return ms < TTL_MIN_MS ? TTL_MIN_MS : ms > TTL_MAX_MS ? TTL_MAX_MS : ms;
}

static bool same_meaning(const struct known_name *a, const struct known_name *b)
{
    if (a->n != b->n || a->former != b->former || a->in_part != b->in_part ||
        a->n_parts != b->n_parts)
        return false;
    for (unsigned i = 0; i < a->n_parts; i++)
        if (a->parts[i].host != b->parts[i].host || a->parts[i].answered != b->parts[i].answered)
            return false;
    for (unsigned i = 0; i < known_name_all(a); i++)
        if (!address_equal(&a->addresses[i].address, &b->addresses[i].address))
            return false;
    return true;
}

/* It meant BEFORE until now. */
static void now_means(struct name *name, const struct known_name *before)
{
    struct known_name *k = &name->known;
    int64_t now_ms = clock_monotonic_ms();
    int64_t grace_ms = name->ttl_ms > GRACE_MS ? name->ttl_ms : GRACE_MS;
    former_keep(&name->former, before, k, now_ms, grace_ms);
    k->in_part = name->lacking || now_ms < name->former.cut_until_ms;
    if (k->n > 0)
        name->state = NAME_KNOWN;
    if (same_meaning(before, k))
        return;
    name->untold = true;
    say(name, LOG_LEVEL_DEBUG, "a name means something else", "-");
}

/* What is there of the present round counts; the rest stays. False: it brought no address. */
static bool take(struct name *name)
{
    const struct known_name before = name->known;
    bool any = resolution_take(name->resolution, &name->known);
    name->lacking = name->known.in_part;
    now_means(name, &before);
    return any;
}

/* RFC 2782, ".": this domain takes no calls. */
static void take_no_calls(struct name *name)
{
    const struct known_name before = name->known;
    name->known.n = name->known.n_parts = 0;
    name->lacking = true;
    now_means(name, &before);
    name->state = NAME_KNOWN;
}

static void settle(struct name *name, int64_t again_ms)
{
    free(name->resolution);
    name->resolution = NULL;
    name->handed = false;
    name->refresh_at_ms = clock_monotonic_ms() + again_ms;
    if (name->state == NAME_PENDING)
        name->state = NAME_FAILED;
    tell_waiters(name);
}

static void failed(struct name *name, const char *why)
{
    settle(name, RETRY_MS);
    if (!name->failing)
        say(name, LOG_LEVEL_WARNING, "a name does not resolve: what is known of it stays", why);
    name->failing = true;
}

/* HOST, of those that the name leads to, has no answer. */
static void failed_in_part(struct name *name, const char *host, bool more_than_before)
{
    if (!name->failing || more_than_before)
        log_write(name->passing ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
                  "a name resolves in part: what is known of the rest stays",
                  LOG_CSTR("name", name->known.host), LOG_CSTR("host", host),
                  LOG_CSTR("why", ares_strerror(name->status)),
                  LOG_CSTR("unknown", name->known.in_part ? "yes" : "no"));
    name->failing = true;
    settle(name, RETRY_MS);
}

static void succeeded(struct name *name)
{
    name->ttl_ms = bounded_ttl_ms(name->resolution->ttl_s);
    settle(name, name->ttl_ms);
    if (name->failing)
        say(name, LOG_LEVEL_INFO, "a name resolves again", "-");
    name->failing = false;
}

/* Each part was asked for. */
static void on_all_asked(struct name *name)
{
    bool was_in_part = name->known.in_part && !name->handed;
    bool any = take(name), in_part_now = name->known.in_part && !was_in_part;
    if (!any || !resolution_has_answer(name->resolution)) {
        failed(name, ares_strerror(name->status == ARES_SUCCESS ? ARES_ENODATA : name->status));
    } else if (name->status != ARES_SUCCESS) {
        failed_in_part(name, name->resolution->targets[name->silent_target].host, in_part_now);
    } else {
        succeeded(name);
        if (in_part_now)
            say(name, LOG_LEVEL_ERROR, "a name has more addresses than are kept", "-");
    }
}

static void next_target(struct name *name);

/* While nothing is known, calls do not wait for those that are silent. */
static void on_part(struct name *name)
{
    struct resolution *r = name->resolution;
    if (--name->n_waiting > 0)
        return;
    r->target++;
    if (r->target < r->n_targets) {
        if (name->known.n == 0) {
            take(name);
            name->handed = true;
            tell_waiters(name);
        }
        next_target(name);
        return;
    }
    on_all_asked(name);
}

static void has_no_answer(struct name *name, int status)
{
    name->status = status;
    name->silent_target = name->resolution->target;
}

/* That a host has no address is an answer, that nobody says is none. A literal address comes for
   any family. */
static void on_addresses(struct name *name, int status, struct ares_addrinfo *result, int family)
{
    struct ares_addrinfo_node *node = result ? result->nodes : NULL;
    for (; node; node = node->ai_next) {
        struct sockaddr_storage storage = {0};
        if (node->ai_family != family)
            continue;
        memcpy(&storage, node->ai_addr, node->ai_addrlen);
        const struct address address = address_from_sockaddr(&storage);
        resolution_add(name->resolution, &address,
                       node->ai_ttl >= 0 ? (uint32_t)node->ai_ttl : UINT32_MAX);
    }
    if (result)
        ares_freeaddrinfo(result);
    if (status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND)
        resolution_answered(name->resolution, family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6);
    else
        has_no_answer(name, status);
    on_part(name);
}

static void on_ipv4(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
    struct name *name = context;
    (void)timeouts;
    if (!name->resolver->closing)
        on_addresses(name, status, result, AF_INET);
}

static void on_ipv6(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
    struct name *name = context;
    (void)timeouts;
    if (!name->resolver->closing)
        on_addresses(name, status, result, AF_INET6);
}

static void ask_for(struct name *name, int family, ares_addrinfo_callback then)
{
    const struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT, .ai_family = family};
    const struct resolution *r = name->resolution;
    name->n_waiting++;
    ares_getaddrinfo(name->resolver->channel, r->targets[r->target].host, NULL, &hints, then, name);
}

/* Answers may come at once. "." among other targets is no host. */
static void next_target(struct name *name)
{
    const struct resolution *r = name->resolution;
    name->n_waiting = 1;
    if (r->targets[r->target].host[0] != '\0') {
        if (name->known.want_ipv4)
            ask_for(name, AF_INET, on_ipv4);
        if (name->known.want_ipv6)
            ask_for(name, AF_INET6, on_ipv6);
    }
    on_part(name);
}

/* No SRV records: the name itself is the only target (RFC 3263 section 4.2). */
static void resolve_plain(struct name *name)
{
    resolution_plain(name->resolution, name->known.host, name->known.port);
    next_target(name);
}

static void take_targets(struct name *name, const unsigned char *answer, int n)
{
    struct resolution *r = name->resolution;
    int found = srv_parse(answer, n > 0 ? (size_t)n : 0, r->targets, &r->ttl_s, &r->cut);
    if (found < 0) {
        failed(name, "the answer cannot be read");
    } else if (found == 0) {
        resolve_plain(name);
    } else if (found == 1 && r->targets[0].host[0] == '\0') {
        take_no_calls(name);
        succeeded(name);
    } else {
        r->n_targets = (unsigned)found;
        next_target(name);
    }
}

static void on_srv(void *context, int status, int timeouts, unsigned char *answer, int n)
{
    struct name *name = context;
    (void)timeouts;
    if (name->resolver->closing)
        return;
    if (status == ARES_SUCCESS)
        take_targets(name, answer, n);
    else if (status == ARES_ENODATA || status == ARES_ENOTFOUND)
        resolve_plain(name);
    else
        failed(name, ares_strerror(status));
}

static void resolve(struct name *name)
{
    char question[NAME_HOST_MAX + NAME_SERVICE_MAX + 2];
    const struct known_name *k = &name->known;
    if (name->passing && name->state == NAME_FAILED)
        name->state = NAME_PENDING; /* who looked it up waits for this answer */
    name->status = ARES_SUCCESS;
    name->resolution = malloc(sizeof(*name->resolution));
    if (!name->resolution) {
        failed(name, "no memory");
        return;
    }
    resolution_begin(name->resolution);
    if (k->service[0]) {
        snprintf(question, sizeof(question), "%s.%s", k->service, k->host);
        ares_query(name->resolver->channel, question, 1 /* IN */, 33 /* SRV */, on_srv, name);
    } else {
        resolve_plain(name);
    }
    arm_timeout(name->resolver);
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

/* The one that was looked up longest ago, if that is some time; false: none can go. Whoever has its
   part takes the place of one of its own. */
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

/* A reload has configured what peers had named before. */
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
        resolve(name);
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

/* How long its former addresses have been so nobody tells: they get their time anew. */
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
    resolve(name);
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
    now_means(name, &before);
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
            resolve(name);
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
