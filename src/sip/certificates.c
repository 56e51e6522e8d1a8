#include "certificates.h"

#include <event2/event.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/count.h>
#include <stird/io/fetcher_client.h>
#include <string.h>

#include "proxy_parts.h"

#define PREPARED_A_TURN 2  /* about a millisecond */
#define RENEW_PERCENT   80 /* of its time: from then on it is fetched anew beside the calls */

struct asked_certificate {
    struct certificates *all;
    struct asked_certificate *next, **link;
    struct certificate_waiter *waiter; /* NULL: nobody waits any more */
    uint64_t ticket;
    uint32_t domains;
    size_t url_n;
    char url[];
};

struct certificates {
    struct proxy *proxy;
    struct fetcher_client *fetcher;
    struct certificate_cache *cache;
    struct event *turn; /* set when the loop has looked at the sockets; NULL: there is no loop */
    unsigned prepared;  /* since then */
    unsigned waiting;
    struct asked_certificate *asked;
};

static void on_turn(evutil_socket_t fd, short what, void *user)
{
    struct certificates *all = user;
    (void)fd, (void)what;
    all->prepared = 0;
}

struct certificates *certificates_new(struct proxy *p, struct event_base *base,
                                      struct fetcher_client *fetcher)
{
    struct certificates *all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    all->proxy = p;
    all->fetcher = fetcher;
    all->cache = certificate_cache_new(CERTIFICATE_CACHE_GOOD_MAX, CERTIFICATE_CACHE_BAD_MAX);
    all->turn = base ? evtimer_new(base, on_turn, all) : NULL;
    if (all->cache && (all->turn || !base))
        return all;
    certificates_free(all);
    return NULL;
}

static void asked_free(struct asked_certificate *a)
{
    *a->link = a->next;
    if (a->next)
        a->next->link = a->link;
    free(a);
}

void certificates_free(struct certificates *all)
{
    if (!all)
        return;
    while (all->asked) {
        fetcher_client_cancel(all->fetcher, all->asked->ticket);
        asked_free(all->asked);
    }
    if (all->turn)
        event_free(all->turn);
    certificate_cache_free(all->cache);
    free(all);
}

/* How many of those that are held have been revoked meanwhile: a supervisor that sees all at once
   revoked doubts the list (supervisor_trust.c). */
static void count_held(const struct certificates *all)
{
    const struct certificate_cache_counts n = certificate_cache_counts(all->cache);
    struct proxy_counters *counters = proxy_counters(all->proxy);
    count_set(&counters->certificates_held, n.good);
    count_set(&counters->certificates_newly_revoked, n.newly_revoked);
}

unsigned *certificates_waiting(struct certificates *all)
{
    return &all->waiting;
}

static struct certificate_ground ground_of(const struct certificates *all, uint32_t domains)
{
    return (struct certificate_ground){
        .image = proxy_trust(all->proxy), .domains = domains, .now_s = clock_real_s()};
}

/* ---- notes ---- */

/* Tells the fetcher what a body is. */
static void note(const struct certificates *all, struct str url, enum fetch_kind kind,
                 int64_t fetched_s, int64_t ends_s)
{
    const struct fetch_question q = {.kind = kind,
                                     .trunk = FETCH_NO_TRUNK,
                                     .fetched_s = fetched_s,
                                     .ends_s = ends_s,
                                     .url = url};
    fetcher_client_note(all->fetcher, &q);
}

/* It keeps those that lead to an anchor before all else, and over a restart. */
static void note_proven(const struct certificates *all, struct str url,
                        const struct sti_certificate *found)
{
    int64_t fetched_s;
    if (all->fetcher && certificate_cache_news(found, &fetched_s))
        note(all, url, FETCH_PROVEN, fetched_s, found->not_after_s);
}

enum certificate_cached certificates_get(struct certificates *all, struct str url, uint32_t domains,
                                         const struct sti_certificate **found)
{
    const struct certificate_ground ground = ground_of(all, domains);
    enum certificate_cached cached = certificate_cache_get(all->cache, url, &ground, found);
    count_held(all);
    if (*found)
        note_proven(all, url, *found);
    return cached;
}

int64_t certificates_fetched_s(const struct certificates *all, struct str url, uint32_t domains)
{
    return certificate_cache_fetched_s(all->cache, url, domains);
}

/* ---- what comes ---- */

/* False: two were prepared since the loop looked at the sockets. */
static bool takes_turn(struct certificates *all)
{
    const struct timeval at_once = {0, 0};
    if (all->prepared == PREPARED_A_TURN)
        return false;
    if (all->turn && all->prepared++ == 0 && evtimer_add(all->turn, &at_once) != 0)
        all->prepared = 0;
    return true;
}

/* False: it has to be asked for again. Without memory it is unknown, as before. */
static bool take_body(struct certificates *all, struct str url, uint32_t domains,
                      const struct fetch_answer *answer)
{
    const struct certificate_ground ground = ground_of(all, domains);
    const int64_t late_s = proxy_settings(all->proxy)->fetch.stale_if_error_ms / 1000;
    const int64_t lasts_s = answer->until_s - answer->fetched_s;
    const struct certificate_body body = {
        .url = url,
        .text = answer->body,
        .fetched_s = answer->fetched_s,
        .stale_s = answer->fetched_s + lasts_s * RENEW_PERCENT / 100,
        .ends_s = answer->until_s + late_s,
    };
    const struct sti_certificate *found;
    if (certificate_cache_fetched_s(all->cache, url, domains) == answer->fetched_s)
        return true;
    if (!takes_turn(all))
        return false;
    if (!certificate_cache_put(all->cache, &body, &ground, &found))
        return true;
    /* Soon it asks again for garbage, and for what has not replaced a better one. */
    if (found->unreadable ||
        certificate_cache_fetched_s(all->cache, url, domains) != answer->fetched_s)
        note(all, url, FETCH_REFUSED, answer->fetched_s, 0);
    else
        note_proven(all, url, found);
    return true;
}

static void on_answer(void *user, const struct fetch_answer *answer)
{
    struct asked_certificate *a = user;
    struct certificate_waiter *w = a->waiter;
    const struct str url = {a->url, a->url_n};
    bool taken = answer->outcome != FETCH_OK || take_body(a->all, url, a->domains, answer);
    asked_free(a);
    if (!w)
        return;
    w->asked = NULL;
    w->told(w, answer->outcome, !taken);
}

/* ---- asking ---- */

static struct asked_certificate *asked_new(struct certificates *all,
                                           const struct wanted_certificate *q)
{
    struct asked_certificate *a = calloc(1, sizeof(*a) + q->url.n);
    if (!a)
        return NULL;
    a->all = all;
    a->domains = q->domains;
    a->url_n = q->url.n;
    memcpy(a->url, q->url.p, q->url.n);
    a->link = &all->asked;
    a->next = all->asked;
    if (a->next)
        a->next->link = &a->next;
    all->asked = a;
    return a;
}

enum fetch_outcome certificates_ask(struct certificates *all, const struct wanted_certificate *q,
                                    struct certificate_waiter *w)
{
    const struct fetch_question question = {
        .kind = q->kind, .wait_ms = q->wait_ms, .trunk = q->trunk, .url = q->url};
    struct asked_certificate *a = all->fetcher ? asked_new(all, q) : NULL;
    if (!a)
        return FETCH_UNAVAILABLE;
    enum fetch_outcome outcome = fetcher_client_submit(all->fetcher, &question, proxy_now_ms(),
                                                       on_answer, a, &a->ticket);
    if (outcome != FETCH_PENDING) {
        asked_free(a);
        return outcome;
    }
    a->waiter = w;
    if (w)
        w->asked = a;
    return FETCH_PENDING;
}

void certificate_waiter_leave(struct certificate_waiter *w)
{
    if (w->asked)
        w->asked->waiter = NULL;
    w->asked = NULL;
}
