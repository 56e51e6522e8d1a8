#include "fetch_host.h"

#include "fetch_shares.h"

#include <stdlib.h>
#include <stird/base/container_of.h>
#include <stird/base/lru.h>

#define NAME_MAX_BYTES 256 /* x5u.h allows none that is longer */

#define SECOND_PORT 8443 /* x5u.h: every other URL says 443 */
#define PORTS       2

struct host;
struct port;

struct fetch_host {
    struct port *port;
    bool is_proven; /* for URLs that are */
    unsigned entered, begun;
    unsigned failed; /* in a row */
    int64_t shut_until_ms;
};

struct port {
    struct host *host;
    struct fetch_host others, proven; /* URLs */
};

/* What is of the machine behind the name, whatever the port. */
struct host {
    struct lru_link link;
    struct fetch_hosts *all;
    struct fetch_shares shares;
    unsigned entered, begun;
    struct port ports[PORTS];
    bool is_proven; /* a URL of it is, or was */
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

static struct fetch_host *entrance_of(struct host *host, const struct fetch_aim *aim)
{
    struct port *port = &host->ports[aim->port == SECOND_PORT];
    return aim->is_proven ? &port->proven : &port->others;
}

static unsigned begun_at(const struct port *port)
{
    return port->proven.begun + port->others.begun;
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
        for (unsigned i = 0; i < PORTS; i++) {
            const struct port *port = &host_of(link)->ports[i];
            n += fetch_host_is_shut(&port->others, now_ms) ||
                 fetch_host_is_shut(&port->proven, now_ms);
        }
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

/* The one that nothing is asked of and that was used the longest ago, of those that have proven
   good or of the others. */
static struct lru_link *idle_host(const struct fetch_hosts *h, bool is_proven)
{
    struct lru_link *link = h->by_name.oldest;
    while (link && (host_of(link)->entered > 0 || host_of(link)->is_proven != is_proven))
        link = link->newer;
    return link;
}

/* Forgets a host that nothing is asked of. False: something is being asked of every host that there
   is room for. */
static bool make_room(struct fetch_hosts *h)
{
    if (h->by_name.n < h->rules.hosts)
        return true;
    struct lru_link *link = idle_host(h, false);
    if (!link)
        link = idle_host(h, true);
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
    for (unsigned i = 0; i < PORTS; i++) {
        struct port *port = &host->ports[i];
        *port = (struct port){
            .host = host, .others = {.port = port}, .proven = {.port = port, .is_proven = true}};
    }
    host->shares = fetch_shares_full(&h->rules.rate, now_ms);
    lru_add(&h->by_name, &host->link, plain_name(name, host->name));
    *added = host;
    return FETCH_OK;
}

/* Whether it has failed so often that it gets only one probe. */
static bool is_tried(const struct fetch_host *entered)
{
    return entered->failed >= entered->port->host->all->rules.failures;
}

bool fetch_host_is_shut(const struct fetch_host *entered, int64_t now_ms)
{
    return is_tried(entered) && now_ms < entered->shut_until_ms;
}

static enum fetch_outcome look_at(struct host *host, const struct fetch_aim *aim, uint32_t trunk,
                                  int64_t now_ms)
{
    const struct fetch_host *asked = entrance_of(host, aim);
    if (fetch_host_is_shut(asked, now_ms) || (is_tried(asked) && asked->entered > 0))
        return FETCH_BREAKER;
    return fetch_shares_has(&host->shares, &host->all->rules.rate, trunk, now_ms) ? FETCH_OK
                                                                                  : FETCH_LIMIT;
}

static struct host *find(const struct fetch_hosts *h, struct str name)
{
    char room[NAME_MAX_BYTES];
    struct lru_link *link = lru_find(&h->by_name, plain_name(name, room));
    return link ? host_of(link) : NULL;
}

enum fetch_outcome fetch_host_look(struct fetch_hosts *h, const struct fetch_aim *aim,
                                   uint32_t trunk, int64_t now_ms)
{
    struct host *found = find(h, aim->host);
    return found ? look_at(found, aim, trunk, now_ms) : FETCH_OK;
}

enum fetch_outcome fetch_host_look_spare(struct fetch_hosts *h, const struct fetch_aim *aim,
                                         uint32_t trunk, int64_t now_ms)
{
    struct host *found = find(h, aim->host);
    const enum fetch_outcome outcome = found ? look_at(found, aim, trunk, now_ms) : FETCH_OK;
    if (!found || outcome != FETCH_OK)
        return outcome;
    return fetch_shares_has_spare(&found->shares, &h->rules.rate, trunk, now_ms) ? FETCH_OK
                                                                                 : FETCH_LIMIT;
}

enum fetch_outcome fetch_host_enter(struct fetch_hosts *h, const struct fetch_aim *aim,
                                    uint32_t trunk, int64_t now_ms, struct fetch_host **entered)
{
    struct host *found = find(h, aim->host);
    enum fetch_outcome outcome = found ? look_at(found, aim, trunk, now_ms)
                                       : add(h, aim->host, now_ms, &found);
    if (found)
        lru_touch(&h->by_name, &found->link);
    if (outcome != FETCH_OK)
        return outcome;
    fetch_shares_take(&found->shares, &h->rules.rate, trunk, now_ms);
    *entered = entrance_of(found, aim);
    (*entered)->entered++;
    found->entered++;
    return FETCH_OK;
}

void fetch_host_leave(struct fetch_host *entered)
{
    entered->entered--;
    entered->port->host->entered--;
}

struct str fetch_host_name(const struct fetch_host *entered)
{
    return entered->port->host->link.name;
}

bool fetch_host_has_place(const struct fetch_host *entered, int64_t now_ms)
{
    const struct host *host = entered->port->host;
    const unsigned most = host->all->rules.at_once;
    return !fetch_host_is_shut(entered, now_ms) && (!is_tried(entered) || entered->begun == 0) &&
           begun_at(entered->port) < most && host->begun < most + (most + 1) / 2;
}

bool fetch_host_begin(struct fetch_host *entered, int64_t now_ms)
{
    if (!fetch_host_has_place(entered, now_ms))
        return false;
    entered->begun++;
    entered->port->host->begun++;
    return true;
}

void fetch_host_end(struct fetch_host *entered, bool fault, int64_t now_ms)
{
    entered->begun--;
    entered->port->host->begun--;
    if (!fault) {
        entered->failed = 0;
        return;
    }
    entered->failed++;
    if (is_tried(entered))
        entered->shut_until_ms = now_ms + entered->port->host->all->rules.pause_ms;
}

void fetch_hosts_ease(struct fetch_hosts *h)
{
    for (struct lru_link *link = h->by_name.oldest; link; link = link->newer)
        for (unsigned i = 0; i < PORTS; i++)
            host_of(link)->ports[i].others.shut_until_ms =
                host_of(link)->ports[i].proven.shut_until_ms = 0;
}

void fetch_hosts_prove(struct fetch_hosts *h, struct str name, int64_t now_ms)
{
    struct host *found = find(h, name);
    if (found || add(h, name, now_ms, &found) == FETCH_OK)
        found->is_proven = true;
}

/* HOST: NULL, nothing is known of it. */
static enum fetch_standing standing_of(const struct host *host, bool is_proven)
{
    unsigned failed = 0;
    for (unsigned i = 0; host && i < PORTS; i++)
        failed += host->ports[i].others.failed + host->ports[i].proven.failed;
    if (is_proven)
        return FETCH_OF_PROVEN_URL;
    if (host && host->is_proven)
        return FETCH_OF_PROVEN_HOST;
    return failed > 0 ? FETCH_OF_FAILED_HOST : FETCH_OF_NEW_HOST;
}

enum fetch_standing fetch_host_standing(const struct fetch_host *entered)
{
    return standing_of(entered->port->host, entered->is_proven);
}

enum fetch_standing fetch_hosts_standing(const struct fetch_hosts *h, const struct fetch_aim *aim)
{
    return standing_of(find(h, aim->host), aim->is_proven);
}
