/* One round of questions about a name: SRV, then the addresses of each target in turn. */
#include "resolver_internal.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>

#include "sockaddr.h"

#define TTL_MIN_MS 5000
#define TTL_MAX_MS 3600000
#define RETRY_MS   5000 /* after a failure */

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
void name_means_now(struct name *name, const struct known_name *before)
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

/* Answers of the present round count; for the rest what was known stays. False: it brought no
   address. */
static bool take(struct name *name)
{
    const struct known_name before = name->known;
    bool any = resolution_take(name->resolution, &name->known);
    name->lacking = name->known.in_part;
    name_means_now(name, &before);
    return any;
}

/* RFC 2782, ".": this domain takes no calls. */
static void take_no_calls(struct name *name)
{
    const struct known_name before = name->known;
    name->known.n = name->known.n_parts = 0;
    name->lacking = true;
    name_means_now(name, &before);
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
    name_tell_waiters(name);
}

static void failed(struct name *name, const char *why)
{
    settle(name, RETRY_MS);
    if (!name->failing)
        say(name, LOG_LEVEL_WARNING, "a name does not resolve: what is known of it stays", why);
    name->failing = true;
}

/* Notes that HOST, one of those that the name leads to, has no answer. */
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

/* While nothing is known, calls do not wait for the parts that stay silent. */
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
            name_tell_waiters(name);
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

/*
 * That a host has no address is an answer; a timeout is none. A literal address is returned for any
 * family.
 */
static void on_addresses(struct name *name, int status, struct ares_addrinfo *result, int family)
{
    struct ares_addrinfo_node *node = result ? result->nodes : NULL;
    for (; node; node = node->ai_next) {
        struct sockaddr_storage storage = {0};
        if (node->ai_family != family)
            continue;
        memcpy(&storage, node->ai_addr, node->ai_addrlen);
        const struct address address = sockaddr_to_address(&storage);
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

void name_resolve(struct name *name)
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
    resolver_arm_timeout(name->resolver);
}
