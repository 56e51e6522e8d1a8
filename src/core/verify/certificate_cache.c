#include <stird/core/certificate_cache.h>

#include <stdlib.h>
#include <stird/base/container_of.h>
#include <stird/base/lru.h>
#include <stird/base/shortage.h>
#include <stird/core/fetch_request.h>
#include <stird/core/x5u.h>
#include <string.h>

#include "certificate_leaves.h"

#define ARENA_BYTES  512               /* of most certificates all texts */
#define KEPT_BYTES   ((size_t)4 << 10) /* of one, on average */
#define NEAR_PART    5                 /* the last fifth of its time is near its end */
#define KEY_BYTES    3400 /* what OpenSSL holds of a public key and of what verifies by it */
#define TOLD_AGAIN_S 300  /* so often at most its keeper hears that it is used */

struct kept {
    struct lru_link link;          /* its name is TEXT's beginning, and the body behind it */
    bool is_good;                  /* which part it is in */
    bool is_proven;                /* a call's signature has verified by it */
    struct certificate_leaf *leaf; /* of one that is proven; NULL: it is not counted */
    struct sti_certificate certificate;
    struct arena *arena; /* of the certificate's texts */
    uint64_t generation; /* by which it was judged */
    int64_t fetched_s, stale_s, ends_s;
    int64_t bad_from_s, bad_until_s; /* used between these alone while it is not in force */
    int64_t doubted_s; /* a newer one is wanted from BAD_S after that on; 0: it is not doubted */
    int64_t told_s;    /* that it is good, the last time: certificate_cache_news(); 0: never */
    size_t name_n, body_n;
    size_t bytes; /* as its part counts them */
    char text[];
};

struct part {
    struct lru all;
    unsigned most;
    size_t bytes; /* of all; at most KEPT_BYTES for each that there may be */
};

struct certificate_cache {
    struct part good, bad;
    struct certificate_leaves leaves;
    struct certificate_cache_counts counts;
};

static unsigned at_least(unsigned n)
{
    return n < CERTIFICATE_CACHE_LEAST ? CERTIFICATE_CACHE_LEAST : n;
}

struct certificate_cache *certificate_cache_new(unsigned good, unsigned bad)
{
    struct certificate_cache *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->good.most = at_least(good);
    c->bad.most = at_least(bad);
    if (lru_init(&c->good.all, c->good.most) && lru_init(&c->bad.all, c->bad.most) &&
        certificate_leaves_init(&c->leaves, c->good.most))
        return c;
    certificate_cache_free(c);
    return NULL;
}

static struct kept *kept_of(struct lru_link *link)
{
    return link ? container_of(link, struct kept, link) : NULL;
}

static void kept_free(struct kept *k)
{
    if (!k)
        return;
    sti_certificate_fini(&k->certificate);
    arena_free(k->arena);
    free(k);
}

static struct part *part_of(struct certificate_cache *c, const struct kept *k)
{
    return k->is_good ? &c->good : &c->bad;
}

static void take_out(struct certificate_cache *c, struct kept *k)
{
    struct part *p = part_of(c, k);
    lru_remove(&p->all, &k->link);
    p->bytes -= k->bytes;
    if (k->is_good)
        certificate_leaf_good(&c->leaves, k->leaf, false);
}

static void forget(struct certificate_cache *c, struct kept *k)
{
    take_out(c, k);
    certificate_leaf_leave(&c->leaves, k->leaf);
    kept_free(k);
}

void certificate_cache_free(struct certificate_cache *c)
{
    if (!c)
        return;
    while (c->good.all.oldest)
        forget(c, kept_of(c->good.all.oldest));
    while (c->bad.all.oldest)
        forget(c, kept_of(c->bad.all.oldest));
    lru_fini(&c->good.all);
    lru_fini(&c->bad.all);
    certificate_leaves_fini(&c->leaves);
    free(c);
}

/* The name under which it is kept: its URL, and for which domains. */
struct name {
    char octets[X5U_MAX_BYTES + sizeof(uint64_t)];
};

static struct str name_of(struct name *name, struct str url, uint64_t domains)
{
    size_t n = url.n <= X5U_MAX_BYTES ? url.n : 0; /* a longer URL is none (x5u.h) */
    if (n > 0)
        memcpy(name->octets, url.p, n);
    memcpy(name->octets + n, &domains, sizeof(domains));
    return (struct str){name->octets, n + sizeof(domains)};
}

static struct kept *find(const struct certificate_cache *c, struct str url, uint64_t domains)
{
    struct name room;
    struct str name = name_of(&room, url, domains);
    struct lru_link *link = lru_find(&c->good.all, name);
    return kept_of(link ? link : lru_find(&c->bad.all, name));
}

/* ---- judging ---- */

/* Whether it leads to a listed authority. */
static bool leads(const struct sti_certificate *c)
{
    return !c->unreadable && c->has_anchors && !c->by_anchors.chain;
}

/* Whether it belongs to the part of the good ones. Anybody may serve a copy of somebody's chain: so
   it has to lead to an authority, and a signature to fit it. */
static bool belongs_to_good(const struct kept *k)
{
    return k->is_proven && leads(&k->certificate);
}

static bool is_in_use(const struct sti_certificate *c, int64_t now_s)
{
    return leads(c) && sti_certificate_is_in_force(c, now_s);
}

static bool is_revoked(const struct sti_certificate *c)
{
    return c->by_anchors.revoked == TRUST_REVOKED;
}

static bool was_revoked(const struct sti_certificate *before, const struct sti_certificate *now)
{
    return leads(before) && !is_revoked(before) && is_revoked(now);
}

static struct str body_of(const struct kept *k)
{
    return (struct str){k->text + k->name_n, k->body_n};
}

static uint64_t generation_of(const struct certificate_ground *g)
{
    return g->image ? trust_image_generation(g->image) : 0;
}

/* False: no memory, and what was judged before stays as it was. */
static bool judge(struct certificate_cache *c, struct kept *k, struct str body,
                  const struct certificate_ground *g)
{
    struct sti_certificate judged = {.key = NULL};
    struct arena *arena = arena_new(ARENA_BYTES);
    c->counts.judged++;
    if (!arena ||
        !sti_certificate_prepare_for(&judged, body, g->image, g->domains, g->now_s, arena)) {
        sti_certificate_fini(&judged);
        arena_free(arena);
        return false;
    }
    const bool revoked_now = k->arena != NULL && was_revoked(&k->certificate, &judged);
    c->counts.newly_revoked += certificate_leaf_judged(k->leaf, is_revoked(&judged)) && revoked_now;
    sti_certificate_fini(&k->certificate);
    arena_free(k->arena);
    k->certificate = judged;
    k->arena = arena;
    k->generation = generation_of(g);
    return true;
}

/* When it is out of date nothing else matters, and its chain is not judged again each second. */
static bool is_out_of_date(const struct sti_certificate *c, int64_t now_s)
{
    return now_s < c->not_before_s || now_s > c->not_after_s;
}

/* A body without a certificate never has one, and its octets are not kept. */
static bool is_judged(const struct kept *k, const struct certificate_ground *g)
{
    return k->certificate.unreadable ||
           (k->generation == generation_of(g) &&
            (!k->certificate.has_anchors || is_out_of_date(&k->certificate, g->now_s) ||
             sti_certificate_is_judged(&k->certificate, g->now_s)));
}

/* ---- the parts ---- */

static bool has_room(const struct part *p, size_t bytes)
{
    return p->all.n < p->most && p->bytes + bytes <= p->most * KEPT_BYTES;
}

static void put(struct certificate_cache *c, struct kept *k)
{
    k->is_good = belongs_to_good(k);
    struct part *p = part_of(c, k);
    k->bytes = sizeof(*k) + k->name_n + k->body_n + arena_bytes(k->arena) +
               (k->certificate.key ? KEY_BYTES : 0);
    while (p->all.n >= CERTIFICATE_CACHE_LEAST && !has_room(p, k->bytes)) {
        forget(c, kept_of(p->all.oldest));
        c->counts.forgotten++;
    }
    p->bytes += k->bytes;
    lru_add(&p->all, &k->link, (struct str){k->text, k->name_n});
    if (k->is_good)
        certificate_leaf_good(&c->leaves, k->leaf, true);
}

/* One that is in force now is asked for anew as soon as it is not any more. */
static void begin_bad(struct kept *k, int64_t now_s)
{
    const bool in_force = sti_certificate_is_in_force(&k->certificate, now_s);
    k->bad_from_s = now_s;
    k->bad_until_s = in_force ? now_s : now_s + CERTIFICATE_CACHE_BAD_S;
}

/* Moves K to the newest end of the part that it now belongs to. */
static void use(struct certificate_cache *c, struct kept *k, int64_t now_s)
{
    struct part *p = part_of(c, k);
    if (belongs_to_good(k) == k->is_good) {
        lru_touch(&p->all, &k->link);
        return;
    }
    begin_bad(k, now_s);
    take_out(c, k);
    put(c, k);
}

static bool has_ended(const struct kept *k, int64_t now_s)
{
    return now_s >= k->ends_s || (!sti_certificate_is_in_force(&k->certificate, now_s) &&
                                  (now_s < k->bad_from_s || now_s >= k->bad_until_s));
}

/* The clock was ahead when it was fetched: how long it may be kept nobody knows. */
static bool is_of_the_future(const struct kept *k, int64_t now_s)
{
    return k->fetched_s > now_s + FETCH_CLOCK_SLACK_S;
}

/* Whether it is used, and a newer one is wanted soon. */
static bool is_stale(const struct kept *k, int64_t now_s)
{
    const int64_t end_s = k->certificate.chain_until_s + 1;
    return now_s >= k->stale_s || is_of_the_future(k, now_s) ||
           (is_in_use(&k->certificate, now_s) &&
            now_s >= end_s - (end_s - k->fetched_s) / NEAR_PART);
}

/* Whether a newer one is wanted since a call found this one at fault. */
static bool is_doubted(const struct kept *k, int64_t now_s)
{
    const int64_t age_s = now_s - k->doubted_s;
    return k->doubted_s > 0 && (age_s < 0 || age_s >= CERTIFICATE_CACHE_BAD_S);
}

enum certificate_cached certificate_cache_get(struct certificate_cache *c, struct str url,
                                              const struct certificate_ground *g,
                                              const struct sti_certificate **found)
{
    struct kept *k = find(c, url, g->domains);
    *found = NULL;
    if (k && has_ended(k, g->now_s)) {
        forget(c, k);
        k = NULL;
    }
    if (!k || (!is_judged(k, g) && !judge(c, k, body_of(k), g))) {
        c->counts.misses++;
        return CERTIFICATE_IS_UNKNOWN;
    }
    c->counts.hits++;
    use(c, k, g->now_s);
    *found = &k->certificate;
    if (is_doubted(k, g->now_s))
        return CERTIFICATE_IS_DOUBTED;
    return is_stale(k, g->now_s) ? CERTIFICATE_IS_STALE : CERTIFICATE_IS_CACHED;
}

static struct kept *kept_new(const struct certificate_body *b, uint64_t domains)
{
    struct name room;
    struct str name = name_of(&room, b->url, domains);
    struct kept *k = calloc(1, sizeof(*k) + name.n);
    if (!k) {
        shortage_add();
        return NULL;
    }
    k->fetched_s = b->fetched_s;
    k->stale_s = b->stale_s;
    k->ends_s = b->ends_s;
    k->name_n = name.n;
    memcpy(k->text, name.p, name.n);
    return k;
}

/* K moves. NULL: no memory, and K is gone. */
static struct kept *keep_body(struct kept *k, struct str body)
{
    struct kept *with = realloc(k, sizeof(*k) + k->name_n + body.n);
    if (!with) {
        shortage_add();
        kept_free(k);
        return NULL;
    }
    with->body_n = body.n;
    memcpy(with->text + with->name_n, body.p, body.n);
    return with;
}

/* Whether what is kept is better than what was fetched: a server that serves garbage for a while,
   somebody else's certificate, or one that is over, has not taken back what it served before. */
static bool stays(const struct kept *before, const struct kept *fetched,
                  const struct certificate_ground *g)
{
    return !is_in_use(&fetched->certificate, g->now_s) &&
           is_in_use(&before->certificate, g->now_s) && is_judged(before, g) &&
           !has_ended(before, g->now_s);
}

/* What is kept of URL, by the lists of now: what these revoke is counted of the certificate that
   was good before, and not of another one that came in its place. NULL: nothing. */
static struct kept *judge_before(struct certificate_cache *c, struct str url,
                                 const struct certificate_ground *g)
{
    struct kept *k = find(c, url, g->domains);
    if (k && !has_ended(k, g->now_s) && !is_judged(k, g) && judge(c, k, body_of(k), g))
        use(c, k, g->now_s);
    return k;
}

static void prove(struct certificate_cache *c, struct kept *k)
{
    k->is_proven = true;
    k->leaf = certificate_leaf_join(&c->leaves, k->certificate.key);
    (void)certificate_leaf_judged(k->leaf, is_revoked(&k->certificate));
}

bool certificate_cache_put(struct certificate_cache *c, const struct certificate_body *b,
                           const struct certificate_ground *g, const struct sti_certificate **found)
{
    struct kept *k = kept_new(b, g->domains);
    *found = NULL;
    if (!k || !judge(c, k, b->text, g)) {
        kept_free(k);
        return false;
    }
    if (!k->certificate.unreadable && !(k = keep_body(k, b->text)))
        return false;
    struct kept *before = judge_before(c, b->url, g);
    if (before && stays(before, k, g)) {
        kept_free(k);
        *found = &before->certificate;
        return true;
    }
    begin_bad(k, g->now_s);
    if (before && before->is_proven && str_eq(body_of(before), body_of(k)))
        prove(c, k);
    certificate_cache_drop(c, b->url, g->domains);
    put(c, k);
    *found = &k->certificate;
    return true;
}

void certificate_cache_prove(struct certificate_cache *c, const struct sti_certificate *found,
                             int64_t now_s)
{
    struct kept *k = container_of(found, struct kept, certificate);
    if (k->is_proven)
        return;
    prove(c, k);
    use(c, k, now_s);
}

bool certificate_cache_news(const struct sti_certificate *found, int64_t now_s, int64_t *fetched_s)
{
    struct kept *k = container_of(found, struct kept, certificate);
    const int64_t age_s = now_s - k->told_s;
    if (!belongs_to_good(k) || (k->told_s > 0 && age_s >= 0 && age_s < TOLD_AGAIN_S))
        return false;
    k->told_s = now_s > 0 ? now_s : 1;
    *fetched_s = k->fetched_s;
    return true;
}

bool certificate_cache_leads(const struct sti_certificate *found)
{
    return leads(found);
}

void certificate_cache_doubt(const struct sti_certificate *found)
{
    struct kept *k = container_of(found, struct kept, certificate);
    if (k->doubted_s == 0)
        k->doubted_s = k->fetched_s > 0 ? k->fetched_s : 1;
}

void certificate_cache_asked(struct certificate_cache *c, struct str url, uint64_t domains,
                             int64_t now_s)
{
    struct kept *k = find(c, url, domains);
    if (k && k->doubted_s > 0)
        k->doubted_s = now_s > 0 ? now_s : 1;
}

void certificate_cache_drop(struct certificate_cache *c, struct str url, uint64_t domains)
{
    struct kept *k = find(c, url, domains);
    if (k)
        forget(c, k);
}

static bool is_of_url(const struct lru_link *link, struct str url)
{
    return link->name.n == url.n + sizeof(uint64_t) && str_eq(str_slice(link->name, 0, url.n), url);
}

static void drop_all(struct certificate_cache *c, struct part *p, struct str url)
{
    struct lru_link *next;
    for (struct lru_link *link = p->all.oldest; link; link = next) {
        next = link->newer;
        if (is_of_url(link, url))
            forget(c, kept_of(link));
    }
}

void certificate_cache_drop_all(struct certificate_cache *c, struct str url)
{
    drop_all(c, &c->good, url);
    drop_all(c, &c->bad, url);
}

int64_t certificate_cache_fetched_s(const struct certificate_cache *c, struct str url,
                                    uint64_t domains)
{
    const struct kept *k = find(c, url, domains);
    return k ? k->fetched_s : 0;
}

struct certificate_cache_counts certificate_cache_counts(const struct certificate_cache *c)
{
    struct certificate_cache_counts counts = c->counts;
    counts.good = (unsigned)c->good.all.n;
    counts.bad = (unsigned)c->bad.all.n;
    counts.held = c->leaves.held;
    return counts;
}
