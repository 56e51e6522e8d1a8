#include "certificates.h"

#include <event2/event.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/count.h>
#include <stird/base/lru.h>
#include <stird/io/fetcher_client.h>
#include <string.h>

#include "proxy_parts.h"

#define PREPARED_A_TURN 2    /* about a millisecond */
#define RENEW_PERCENT   80   /* of its time: from then on it is fetched anew beside the calls */
#define FORMER_WAIT_MS  100  /* the fetcher has it, or has it not */
#define RENEW_PAUSE_MS  1000 /* and so often at most for each URL, however many calls use it */
#define RENEWALS        1024

struct asked_certificate {
    struct certificates *all;
    struct asked_certificate *next, **link;
    struct certificate_waiter *waiter; /* NULL: nobody waits any more */
    uint64_t ticket;
    uint64_t domains;
    uint64_t generation; /* of the image of trust in which DOMAINS are places */
    uint32_t trunk;
    bool is_doubted;   /* the one that is there is at fault */
    bool is_dropped;   /* what comes may be what was dropped meanwhile */
    int64_t refused_s; /* a body that was fetched then is worth nothing: the one before it is asked
                          for; 0: the first question */
    size_t url_n;
    char url[];
};

/* What was asked for without a call that waits. */
struct renewal {
    struct lru_link link;                        /* its name is what follows */
    int64_t until_ms;                            /* it is not asked for again before */
    char name[sizeof(uint64_t) + X5U_MAX_BYTES]; /* the domains, and the URL */
};

struct certificates {
    struct proxy *proxy;
    struct fetcher_client *fetcher;
    struct certificate_cache *cache;
    struct event *turn; /* set when the loop has looked at the sockets; NULL: there is no loop */
    unsigned prepared;  /* since then */
    unsigned waiting;
    struct asked_certificate *asked;
    struct lru renewals;
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
    if (lru_init(&all->renewals, RENEWALS) && all->cache && (all->turn || !base))
        return all;
    certificates_free(all);
    return NULL;
}

/* ---- beside calls ---- */

static void forget_renewal(struct certificates *all, struct lru_link *link)
{
    lru_remove(&all->renewals, link);
    free(container_of(link, struct renewal, link));
}

/* Without memory it is asked for more often. */
static void begin_renewal(struct certificates *all, struct str name, int64_t until_ms)
{
    struct renewal *r = calloc(1, sizeof(*r));
    if (!r)
        return;
    if (all->renewals.n == RENEWALS)
        forget_renewal(all, all->renewals.oldest);
    r->until_ms = until_ms;
    memcpy(r->name, name.p, name.n);
    lru_add(&all->renewals, &r->link, (struct str){r->name, name.n});
}

/* Whether one that is still used may be asked for anew, which each call that uses it wants: at most
   one question is on its way. What comes is judged for these domains alone. */
static bool may_renew(struct certificates *all, const struct wanted_certificate *q, int64_t now_ms)
{
    char room[sizeof(uint64_t) + X5U_MAX_BYTES];
    const struct str name = {room, sizeof(q->domains) + q->url.n};
    if (q->url.n > X5U_MAX_BYTES)
        return true;
    memcpy(room, &q->domains, sizeof(q->domains));
    memcpy(room + sizeof(q->domains), q->url.p, q->url.n);
    struct lru_link *link = lru_find(&all->renewals, name);
    if (link && now_ms < container_of(link, struct renewal, link)->until_ms)
        return false;
    if (link)
        forget_renewal(all, link);
    const uint32_t wait_ms = q->wait_ms + FETCHER_GRACE_MS;
    begin_renewal(all, name, now_ms + (wait_ms > RENEW_PAUSE_MS ? wait_ms : RENEW_PAUSE_MS));
    return true;
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
    while (all->renewals.oldest)
        forget_renewal(all, all->renewals.oldest);
    lru_fini(&all->renewals);
    if (all->turn)
        event_free(all->turn);
    certificate_cache_free(all->cache);
    free(all);
}

/* How many of those that are held have been revoked meanwhile: a supervisor that sees all at once
   revoked doubts the list (supervisor_trust_growth.c). */
static void count_held(const struct certificates *all)
{
    const struct certificate_cache_counts n = certificate_cache_counts(all->cache);
    struct proxy_counters *counters = proxy_counters(all->proxy);
    count_set(&counters->certificates_held, n.held);
    count_set(&counters->certificates_newly_revoked, n.newly_revoked);
}

unsigned *certificates_waiting(struct certificates *all)
{
    return &all->waiting;
}

static uint64_t generation_of(const struct certificates *all)
{
    const struct trust_image *image = proxy_trust(all->proxy);
    return image ? trust_image_generation(image) : 0;
}

static struct certificate_ground ground_of(const struct certificates *all, uint64_t domains)
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

enum certificate_cached certificates_get(struct certificates *all, struct str url, uint64_t domains,
                                         const struct sti_certificate **found)
{
    const struct certificate_ground ground = ground_of(all, domains);
    enum certificate_cached cached = certificate_cache_get(all->cache, url, &ground, found);
    count_held(all);
    return cached;
}

/* The fetcher keeps those by which calls verified before all else, and over a restart. */
void certificates_prove(struct certificates *all, struct str url,
                        const struct sti_certificate *found)
{
    const int64_t now_s = clock_real_s();
    int64_t fetched_s;
    certificate_cache_prove(all->cache, found, now_s);
    count_held(all);
    if (all->fetcher && sti_certificate_is_in_force(found, now_s) &&
        certificate_cache_news(found, now_s, &fetched_s))
        note(all, url, FETCH_PROVEN, fetched_s, found->chain_until_s + 1);
}

int64_t certificates_fetched_s(const struct certificates *all, struct str url, uint64_t domains)
{
    return certificate_cache_fetched_s(all->cache, url, domains);
}

/* ---- what comes ---- */

/* False: two were prepared since the loop looked at the sockets. */
static bool takes_turn(struct certificates *all)
{
    const struct timeval at_once = {0, 0};
    if (all->prepared >= PREPARED_A_TURN)
        return false;
    if (all->turn && all->prepared++ == 0 && evtimer_add(all->turn, &at_once) != 0)
        all->prepared = 0;
    return true;
}

/* NULL: no memory, and it is unknown, as before. */
static const struct sti_certificate *prepare(struct certificates *all, struct str url,
                                             uint64_t domains, const struct fetch_answer *answer)
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
    return certificate_cache_put(all->cache, &body, &ground, &found) ? found : NULL;
}

enum taken { TAKEN, COME_AGAIN, TRY_FORMER };

/* What became of a body that leads to no anchor, is over, or is garbage. Soon the fetcher asks
   again for garbage, and for what has not replaced a better one. */
static enum taken take_bad(struct certificates *all, struct str url, uint64_t domains,
                           const struct fetch_answer *answer, bool unreadable)
{
    const bool stays = certificate_cache_fetched_s(all->cache, url, domains) != answer->fetched_s;
    if (unreadable || stays)
        note(all, url, FETCH_REFUSED, answer->fetched_s, 0);
    if (stays || !answer->has_former)
        return TAKEN;
    certificate_cache_drop(all->cache, url, domains);
    return TRY_FORMER;
}

static enum taken take_body(struct certificates *all, struct str url, uint64_t domains,
                            const struct fetch_answer *answer)
{
    if (certificate_cache_fetched_s(all->cache, url, domains) == answer->fetched_s)
        return TAKEN;
    if (!takes_turn(all))
        return COME_AGAIN;
    const struct sti_certificate *found = prepare(all, url, domains, answer);
    if (!found)
        return TAKEN;
    const bool in_force = sti_certificate_is_in_force(found, clock_real_s());
    const bool took = certificate_cache_fetched_s(all->cache, url, domains) == answer->fetched_s;
    if (took && in_force && certificate_cache_leads(found))
        return TAKEN;
    if (!in_force && !found->unreadable)
        note(all, url, FETCH_OVER, answer->fetched_s, 0);
    return take_bad(all, url, domains, answer, found->unreadable != NULL);
}

/* What the fetcher had before what is worth nothing. Here alone it shows which of the two is
   better: both are judged by the same authorities. Where neither leads to one, the one before is
   what is there, and the fetcher is told nothing. */
static enum taken take_former(const struct asked_certificate *a, const struct fetch_answer *answer)
{
    const struct str url = {a->url, a->url_n};
    a->all->prepared++; /* beyond what a turn takes: it is the end of what was begun in one */
    const struct sti_certificate *found = prepare(a->all, url, a->domains, answer);
    if (found && sti_certificate_is_in_force(found, clock_real_s()) &&
        certificate_cache_leads(found))
        note(a->all, url, FETCH_REFUSED, a->refused_s, 0);
    return TAKEN;
}

static enum taken take(const struct asked_certificate *a, const struct fetch_answer *answer)
{
    const bool is_moved = a->generation != generation_of(a->all);
    if ((a->is_dropped || is_moved) && answer->outcome == FETCH_OK)
        return COME_AGAIN;
    if (a->refused_s > 0)
        return answer->outcome == FETCH_OK ? take_former(a, answer) : COME_AGAIN;
    if (answer->outcome != FETCH_OK)
        return TAKEN;
    return take_body(a->all, (struct str){a->url, a->url_n}, a->domains, answer);
}

static bool ask_for_former(struct asked_certificate *a, int64_t refused_s);

static void on_answer(void *user, const struct fetch_answer *answer)
{
    struct asked_certificate *a = user;
    struct certificate_waiter *w = a->waiter;
    const enum fetch_outcome outcome = a->refused_s > 0 ? FETCH_OK : answer->outcome;
    enum taken taken = take(a, answer);
    if (a->is_doubted && taken != COME_AGAIN) /* until now calls waited for it */
        certificate_cache_asked(a->all->cache, (struct str){a->url, a->url_n}, a->domains,
                                clock_real_s());
    if (taken == TRY_FORMER) {
        if (ask_for_former(a, answer->fetched_s))
            return;
        taken = COME_AGAIN;
    }
    asked_free(a);
    if (!w)
        return;
    w->asked = NULL;
    w->told(w, outcome, taken == COME_AGAIN);
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
    a->generation = generation_of(all);
    a->trunk = q->trunk;
    a->url_n = q->url.n;
    memcpy(a->url, q->url.p, q->url.n);
    a->link = &all->asked;
    a->next = all->asked;
    if (a->next)
        a->next->link = &a->next;
    all->asked = a;
    return a;
}

static bool ask_for_former(struct asked_certificate *a, int64_t refused_s)
{
    const struct fetch_question question = {.kind = FETCH_FORMER,
                                            .wait_ms = FORMER_WAIT_MS,
                                            .trunk = a->trunk,
                                            .url = {a->url, a->url_n}};
    a->refused_s = refused_s;
    return fetcher_client_submit(a->all->fetcher, &question, proxy_now_ms(), on_answer, a,
                                 &a->ticket) == FETCH_PENDING;
}

enum fetch_outcome certificates_ask(struct certificates *all, const struct wanted_certificate *q,
                                    struct certificate_waiter *w)
{
    const struct fetch_question question = {
        .kind = q->kind,
        .wait_ms = q->wait_ms,
        .trunk = q->trunk,
        .fetched_s = q->is_doubted ? certificates_fetched_s(all, q->url, q->domains) : 0,
        .url = q->url};
    if (!w && all->fetcher && !may_renew(all, q, proxy_now_ms()))
        return FETCH_PENDING;
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
    a->is_doubted = q->is_doubted;
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

void certificates_drop(struct certificates *all, struct str url)
{
    certificate_cache_drop_all(all->cache, url);
    for (struct asked_certificate *a = all->asked; a; a = a->next)
        a->is_dropped = a->is_dropped || str_eq((struct str){a->url, a->url_n}, url);
}
