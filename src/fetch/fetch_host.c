#include "fetch_host.h"

#include "fetch_shares.h"

#include <stdlib.h>
#include <stird/base/container_of.h>
#include <stird/base/lru.h>

#define NAME_MAX_BYTES 256 /* x5u.h allows none that is longer */

#define SECOND_PORT 8443 /* x5u.h: every other URL says 443 */
#define PORTS       2

struct host;

struct fetch_host {
    struct host *host;
    unsigned entered, begun;
    unsigned failed; /* in a row */
    int64_t shut_until_ms;
};

/* What is of the machine behind the name, whatever the port. */
struct host {
    struct lru_link link;
    struct fetch_hosts *all;
    struct fetch_shares shares;
    unsigned entered, begun;
    struct fetch_host ports[PORTS];
    char name[NAME_MAX_BYTES];
};

struct fetch_hosts {
    struct host_rules rules;
    struct lru by_name;
};

struct fetch_hosts *fetch_hosts_new(const struct host_rules *rules)
{
    struct fetch_hosts *h = calloc(1, sizeof(*h));
    if (!h || !lru_init(&h->by_name, rules->hosts)) {
        free(h);
        return NULL;
    }
    h->rules = *rules;
    return h;
}

static struct host *host_of(struct lru_link *link)
{
    return container_of(link, struct host, link);
}

static struct fetch_host *port_of(struct host *host, uint16_t port)
{
    return &host->ports[port == SECOND_PORT];
}

static void forget(struct fetch_hosts *h, struct lru_link *link)
{
    lru_remove(&h->by_name, link);
    free(host_of(link));
}

void fetch_hosts_free(struct fetch_hosts *h)
{
    if (!h)
        return;
    for (struct lru_link *link; (link = h->by_name.oldest);)
        forget(h, link);
    lru_fini(&h->by_name);
    free(h);
}

unsigned fetch_hosts_shut(const struct fetch_hosts *h, int64_t now_ms)
{
    unsigned n = 0;
    for (struct lru_link *link = h->by_name.oldest; link; link = link->newer)
        for (unsigned i = 0; i < PORTS; i++)
            n += fetch_host_is_shut(&host_of(link)->ports[i], now_ms);
    return n;
}

/* The name in lower case, without the final dot of the root; it lies in ROOM. */
static struct str plain_name(struct str host, char room[NAME_MAX_BYTES])
{
    if (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    if (host.n > NAME_MAX_BYTES)
        host.n = NAME_MAX_BYTES;
    for (size_t i = 0; i < host.n; i++)
        room[i] = ascii_lower(host.p[i]);
    return (struct str){room, host.n};
}

/* Forgets a host that nothing is asked of. False: something is being asked of every host that there
   is room for. */
static bool make_room(struct fetch_hosts *h)
{
    struct lru_link *link = h->by_name.oldest;
    if (h->by_name.n < h->rules.hosts)
        return true;
    while (link && host_of(link)->entered > 0)
        link = link->newer;
    if (link)
        forget(h, link);
    return link != NULL;
}

static enum fetch_outcome add(struct fetch_hosts *h, struct str name, int64_t now_ms,
                              struct host **added)
{
    if (!make_room(h))
        return FETCH_OVERLOADED;
    struct host *host = calloc(1, sizeof(*host));
    if (!host)
        return FETCH_UNAVAILABLE;
    host->all = h;
    for (unsigned i = 0; i < PORTS; i++)
        host->ports[i].host = host;
    host->shares = fetch_shares_full(&h->rules.rate, now_ms);
    lru_add(&h->by_name, &host->link, plain_name(name, host->name));
    *added = host;
    return FETCH_OK;
}

/* Whether it has failed so often that it gets only one probe. */
static bool is_tried(const struct fetch_host *port)
{
    return port->failed >= port->host->all->rules.failures;
}

bool fetch_host_is_shut(const struct fetch_host *entered, int64_t now_ms)
{
    return is_tried(entered) && now_ms < entered->shut_until_ms;
}

static enum fetch_outcome look_at(struct host *host, uint16_t port, uint32_t trunk, int64_t now_ms)
{
    const struct fetch_host *asked = port_of(host, port);
    if (fetch_host_is_shut(asked, now_ms) || (is_tried(asked) && asked->entered > 0))
        return FETCH_BREAKER;
    return fetch_shares_has(&host->shares, &host->all->rules.rate, trunk, now_ms) ? FETCH_OK
                                                                                  : FETCH_LIMIT;
}

static struct host *find(struct fetch_hosts *h, struct str name)
{
    char room[NAME_MAX_BYTES];
    struct lru_link *link = lru_find(&h->by_name, plain_name(name, room));
    return link ? host_of(link) : NULL;
}

enum fetch_outcome fetch_host_look(struct fetch_hosts *h, struct str name, uint16_t port,
                                   uint32_t trunk, int64_t now_ms)
{
    struct host *found = find(h, name);
    return found ? look_at(found, port, trunk, now_ms) : FETCH_OK;
}

enum fetch_outcome fetch_host_look_spare(struct fetch_hosts *h, struct str name, uint16_t port,
                                         uint32_t trunk, int64_t now_ms)
{
    struct host *found = find(h, name);
    const enum fetch_outcome outcome = found ? look_at(found, port, trunk, now_ms) : FETCH_OK;
    if (!found || outcome != FETCH_OK)
        return outcome;
    return fetch_shares_has_spare(&found->shares, &h->rules.rate, trunk, now_ms) ? FETCH_OK
                                                                                 : FETCH_LIMIT;
}

enum fetch_outcome fetch_host_enter(struct fetch_hosts *h, struct str name, uint16_t port,
                                    uint32_t trunk, int64_t now_ms, struct fetch_host **entered)
{
    struct host *found = find(h, name);
    enum fetch_outcome outcome = found ? look_at(found, port, trunk, now_ms)
                                       : add(h, name, now_ms, &found);
    if (found)
        lru_touch(&h->by_name, &found->link);
    if (outcome != FETCH_OK)
        return outcome;
    fetch_shares_take(&found->shares, &h->rules.rate, trunk, now_ms);
    *entered = port_of(found, port);
    (*entered)->entered++;
    found->entered++;
    return FETCH_OK;
}

void fetch_host_leave(struct fetch_host *entered)
{
    entered->entered--;
    entered->host->entered--;
}

struct str fetch_host_name(const struct fetch_host *entered)
{
    return entered->host->link.name;
}

bool fetch_host_has_place(const struct fetch_host *entered, int64_t now_ms)
{
    const struct host *host = entered->host;
    const unsigned most = host->all->rules.at_once;
    return !fetch_host_is_shut(entered, now_ms) && (!is_tried(entered) || entered->begun == 0) &&
           entered->begun < most && host->begun < most + (most + 1) / 2;
}

bool fetch_host_begin(struct fetch_host *entered, int64_t now_ms)
{
    if (!fetch_host_has_place(entered, now_ms))
        return false;
    entered->begun++;
    entered->host->begun++;
    return true;
}

void fetch_host_end(struct fetch_host *entered, bool fault, int64_t now_ms)
{
    entered->begun--;
    entered->host->begun--;
    if (!fault) {
        entered->failed = 0;
        return;
    }
    entered->failed++;
    if (is_tried(entered))
        entered->shut_until_ms = now_ms + entered->host->all->rules.pause_ms;
}

void fetch_hosts_ease(struct fetch_hosts *h)
{
    for (struct lru_link *link = h->by_name.oldest; link; link = link->newer)
        for (unsigned i = 0; i < PORTS; i++)
            host_of(link)->ports[i].shut_until_ms = 0;
}
