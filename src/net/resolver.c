#include <ares.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <stird/clock.h>
#include <stird/log.h>
#include <stird/resolver.h>
#include <string.h>

#include "sockaddr.h"
#include "srv.h"

#define TTL_MIN_MS    5000
#define TTL_MAX_MS    3600000
#define RETRY_MS      5000    /* after a failure */
#define FORGET_MS     1200000 /* nobody looked it up for so long */
#define NAMES_MAX     KNOWN_NAMES_MAX
#define ADDRESSES_MAX NAME_ADDRESSES_MAX

/* Of names that peers write: */
#define PASSING_MAX       100
#define PASSING_PART      20 /* of one asker */
#define PASSING_FORGET_MS 60000
#define PASSING_HOLD_MS   5000 /* so long after it was looked up, no other takes its place */

#define QUERY_MS    1000 /* the first try; c-ares doubles it */
#define QUERY_TRIES 3
#define HOST_MAX    253

/* One name and what is known of it. While `busy`, what is being gathered. */
struct name {
    struct name *next;
    struct resolver *resolver;
    char *host, *service; /* service: NULL for an address lookup alone */
    uint16_t port;
    bool want_ipv4, want_ipv6;
    bool passing;   /* only peers have named it */
    uint64_t asker; /* the first of them */
    bool handed;    /* what is known of it is older than this process */
    bool untold;    /* it has other addresses than resolver_tell() last told */

    enum name_state state;
    bool busy, failing;
    int64_t refresh_at_ms, used_at_ms;
    struct name_address addresses[ADDRESSES_MAX];
    unsigned n;

    struct srv_record targets[SRV_MAX];
    unsigned n_targets, target;
    struct name_address gathered[ADDRESSES_MAX];
    unsigned n_gathered;
    uint32_t ttl_s;
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
    struct event *timeout, *second;
    struct watch *watches;
    struct name *names;
    unsigned n_names, n_passing; /* n_names: of those that are configured */
    uint64_t refused;
    bool closing;
};

static void name_free(struct name *name)
{
    free(name->host);
    free(name->service);
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
    log_write(name->passing ? LOG_LEVEL_DEBUG : level, event, LOG_CSTR("name", name->host),
              LOG_CSTR("service", name->service ? name->service : "-"), LOG_CSTR("why", why),
              LOG_NUMBER("addresses", name->n));
}

static void failed(struct name *name, const char *why)
{
    name->busy = name->handed = false;
    name->refresh_at_ms = clock_monotonic_ms() + RETRY_MS;
    if (name->state == NAME_PENDING)
        name->state = NAME_FAILED;
    if (!name->failing)
        say(name, LOG_LEVEL_WARNING, "a name does not resolve: what is known of it stays", why);
    name->failing = true;
}

static int64_t bounded_ttl_ms(uint32_t ttl_s)
{
    int64_t ms = (int64_t)ttl_s * 1000;
    return ms < TTL_MIN_MS ? TTL_MIN_MS : ms > TTL_MAX_MS ? TTL_MAX_MS : ms;
}

static bool same_addresses(const struct name *name)
{
    if (name->n != name->n_gathered)
        return false;
    for (unsigned i = 0; i < name->n; i++)
        if (!address_equal(&name->addresses[i].address, &name->gathered[i].address))
            return false;
    return true;
}

static void succeeded(struct name *name)
{
    bool changed = !same_addresses(name);
    memcpy(name->addresses, name->gathered, sizeof(name->addresses));
    name->n = name->n_gathered;
    name->busy = name->handed = false;
    name->refresh_at_ms = clock_monotonic_ms() + bounded_ttl_ms(name->ttl_s);
    if (name->failing)
        say(name, LOG_LEVEL_INFO, "a name resolves again", "-");
    else if (changed || name->state != NAME_KNOWN)
        say(name, LOG_LEVEL_DEBUG, "a name has new addresses", "-");
    name->untold |= changed || name->state != NAME_KNOWN;
    name->failing = false;
    name->state = NAME_KNOWN;
}

static void gather(struct name *name, const struct sockaddr *address, int ttl)
{
    struct sockaddr_storage storage = {0};
    const struct srv_record *target = &name->targets[name->target];
    struct name_address *to = &name->gathered[name->n_gathered];
    size_t bytes = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                  : sizeof(struct sockaddr_in);
    if (name->n_gathered == ADDRESSES_MAX)
        return;
    memcpy(&storage, address, bytes);
    *to = (struct name_address){.address = address_from_sockaddr(&storage),
                                .priority = target->priority,
                                .weight = target->weight,
                                .target = (uint16_t)name->target};
    to->address.port = target->port;
    if (ttl >= 0 && (uint32_t)ttl < name->ttl_s)
        name->ttl_s = (uint32_t)ttl;
    name->n_gathered++;
}

static void next_target(struct name *name);

static void on_addresses(void *context, int status, int timeouts, struct ares_addrinfo *result)
{
    struct name *name = context;
    (void)timeouts;
    if (name->resolver->closing)
        goto out;
    for (struct ares_addrinfo_node *node = result ? result->nodes : NULL; node;
         node = node->ai_next)
        gather(name, node->ai_addr, node->ai_ttl);
    if (++name->target < name->n_targets)
        next_target(name);
    else if (name->n_gathered > 0)
        succeeded(name);
    else
        failed(name, ares_strerror(status == ARES_SUCCESS ? ARES_ENODATA : status));
out:
    if (result)
        ares_freeaddrinfo(result);
}

static void next_target(struct name *name)
{
    int family = !name->want_ipv6 ? AF_INET : !name->want_ipv4 ? AF_INET6 : AF_UNSPEC;
    const struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT, .ai_family = family};
    ares_getaddrinfo(name->resolver->channel, name->targets[name->target].host, NULL, &hints,
                     on_addresses, name);
}

/* No SRV records: the name itself is the only target (RFC 3263 section 4.2). */
static void resolve_plain(struct name *name)
{
    struct srv_record *only = &name->targets[0];
    *only = (struct srv_record){.port = name->port};
    memcpy(only->host, name->host, strlen(name->host) + 1);
    name->n_targets = 1;
    next_target(name);
}

static void on_srv(void *context, int status, int timeouts, unsigned char *answer, int n)
{
    struct name *name = context;
    (void)timeouts;
    if (name->resolver->closing)
        return;
    if (status == ARES_ENODATA || status == ARES_ENOTFOUND) {
        resolve_plain(name);
        return;
    }
    if (status != ARES_SUCCESS) {
        failed(name, ares_strerror(status));
        return;
    }
    int found = srv_parse(answer, n > 0 ? (size_t)n : 0, name->targets, &name->ttl_s);
    if (found < 0) {
        failed(name, "the answer cannot be read");
    } else if (found == 0) {
        resolve_plain(name);
    } else if (found == 1 && name->targets[0].host[0] == '\0') {
        succeeded(name); /* ".": this domain takes no calls (RFC 2782) */
    } else {
        name->n_targets = (unsigned)found;
        next_target(name);
    }
}

static void resolve(struct name *name)
{
    char question[HOST_MAX + 32];
    name->busy = true;
    if (name->passing && name->state == NAME_FAILED)
        name->state = NAME_PENDING; /* who looked it up waits for this answer */
    name->n_gathered = name->n_targets = name->target = 0;
    name->ttl_s = UINT32_MAX;
    if (name->service) {
        struct buf text = BUF_INIT;
        buf_addf(&text, "%s.%s", name->service, name->host);
        struct str all = buf_str(&text);
        size_t n = all.n < sizeof(question) ? all.n : sizeof(question) - 1;
        memcpy(question, all.p, n);
        question[n] = '\0';
        buf_fini(&text);
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
    bool same_service = name->service && q->service ? strcmp(name->service, q->service) == 0
                                                    : !name->service && !q->service;
    return same_service && name->port == q->port && name->want_ipv4 == q->want_ipv4 &&
           name->want_ipv6 == q->want_ipv6 && str_eq_nocase(str_of(name->host), q->host);
}

static char *copy_of(struct str text)
{
    char *copy = malloc(text.n + 1);
    if (copy) {
        memcpy(copy, text.p, text.n);
        copy[text.n] = '\0';
    }
    return copy;
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
        if (!(*link)->passing || (*link)->busy || (*link)->used_at_ms >= used_before_ms ||
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
    *name = (struct name){.resolver = r,
                          .port = q->port,
                          .want_ipv4 = q->want_ipv4,
                          .want_ipv6 = q->want_ipv6,
                          .passing = q->passing,
                          .asker = q->asker,
                          .host = copy_of(q->host),
                          .service = q->service ? copy_of(str_of(q->service)) : NULL};
    if (!name->host || (q->service && !name->service)) {
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
                                .addresses = name->addresses,
                                .n = name->n,
                                .failing = name->failing,
                                .handed = name->handed};
}

struct name_answer resolver_look_up(struct resolver *r, const struct name_query *q)
{
    const struct name_answer nothing = {.state = NAME_FAILED};
    int64_t now_ms = clock_monotonic_ms();
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
    if (!known || (name->passing && !name->busy && now_ms >= name->refresh_at_ms))
        resolve(name);
    name->used_at_ms = now_ms;
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

void resolver_know(struct resolver *r, const struct known_name *known)
{
    const struct name_query q = query_of(known);
    if (!resolver_is_name(q.host) || find(r, &q))
        return;
    struct name *name = name_new(r, &q);
    if (!name)
        return;
    memcpy(name->addresses, known->addresses, sizeof(name->addresses));
    name->n = known->n;
    name->state = NAME_KNOWN;
    name->handed = true;
    name->used_at_ms = clock_monotonic_ms();
    resolve(name);
}

static void copy_text(char *to, size_t bytes, const char *from)
{
    size_t n = from ? strnlen(from, bytes - 1) : 0;
    if (n > 0)
        memcpy(to, from, n);
    to[n] = '\0';
}

bool resolver_tell(struct resolver *r, struct known_name *known)
{
    struct name *name = r->names;
    while (name && (name->passing || !name->untold || name->n == 0))
        name = name->next;
    if (!name)
        return false;
    name->untold = false;
    *known = (struct known_name){.port = name->port,
                                 .want_ipv4 = name->want_ipv4,
                                 .want_ipv6 = name->want_ipv6,
                                 .n = (uint16_t)name->n};
    copy_text(known->host, sizeof(known->host), name->host);
    copy_text(known->service, sizeof(known->service), name->service);
    memcpy(known->addresses, name->addresses, name->n * sizeof(*name->addresses));
    return true;
}

static void on_second(evutil_socket_t fd, short what, void *context)
{
    struct resolver *r = context;
    int64_t now_ms = clock_monotonic_ms();
    (void)fd, (void)what;
    for (struct name **link = &r->names; *link;) {
        struct name *name = *link;
        int64_t kept_ms = name->passing ? PASSING_FORGET_MS : FORGET_MS;
        if (!name->busy && now_ms - name->used_at_ms > kept_ms) {
            forget(r, link);
            continue;
        }
        if (!name->passing && !name->busy && now_ms >= name->refresh_at_ms)
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
    if (!r->timeout || !r->second || event_add(r->second, &second) != 0 || !open_channel(r) ||
        use_servers(r, servers, n) != ARES_SUCCESS) {
        resolver_free(r);
        return NULL;
    }
    return r;
}
