#include <stird/fetch/fetch_cache.h>

#include <stdlib.h>
#include <stird/base/shortage.h>
#include <string.h>

/* An answer that may not be kept goes to those who waited for it, and to nobody later. */
#define AT_ONCE_MS 1000

enum entry_state { ENTRY_FREE, ENTRY_FETCHING, ENTRY_GOOD, ENTRY_BAD };

struct entry {
    enum entry_state state;
    char *url, *body;
    size_t url_bytes, body_bytes;
    int64_t until_ms;
    uint64_t used; /* when it was asked for last */
};

struct fetch_cache {
    unsigned n;
    uint64_t clock;
    struct entry list[];
};

struct fetch_cache *fetch_cache_new(unsigned entries)
{
    struct fetch_cache *c = calloc(1, sizeof(*c) + entries * sizeof(c->list[0]));
    if (c)
        c->n = entries;
    return c;
}

static void clear(struct entry *e)
{
    free(e->url);
    free(e->body);
    *e = (struct entry){.state = ENTRY_FREE};
}

void fetch_cache_free(struct fetch_cache *c)
{
    for (unsigned i = 0; c && i < c->n; i++)
        clear(&c->list[i]);
    free(c);
}

static struct entry *find(struct fetch_cache *c, struct str url)
{
    for (unsigned i = 0; i < c->n; i++) {
        struct entry *e = &c->list[i];
        if (e->state != ENTRY_FREE && str_eq((struct str){e->url, e->url_bytes}, url))
            return e;
    }
    return NULL;
}

/* A free entry, or the one not asked for the longest; NULL: all are being fetched. */
static struct entry *make_room(struct fetch_cache *c)
{
    struct entry *oldest = NULL;
    for (unsigned i = 0; i < c->n; i++) {
        struct entry *e = &c->list[i];
        if (e->state == ENTRY_FREE)
            return e;
        if (e->state != ENTRY_FETCHING && (!oldest || e->used < oldest->used))
            oldest = e;
    }
    if (oldest)
        clear(oldest);
    return oldest;
}

static enum fetch_cache_answer begin(struct fetch_cache *c, struct entry *e, struct str url)
{
    if (!e)
        e = make_room(c);
    if (!e)
        return FETCH_CACHE_FULL;
    clear(e);
    e->url = strndup(url.n > 0 ? url.p : "", url.n);
    e->url_bytes = url.n;
    e->used = ++c->clock;
    if (!e->url) {
        shortage_add();
        return FETCH_CACHE_FULL;
    }
    e->state = ENTRY_FETCHING;
    return FETCH_CACHE_FETCH;
}

enum fetch_cache_answer fetch_cache_ask(struct fetch_cache *c, struct str url, int64_t now_ms,
                                        struct str *body)
{
    struct entry *e = find(c, url);
    *body = (struct str){NULL, 0};
    if (e && e->state == ENTRY_FETCHING)
        return FETCH_CACHE_WAIT;
    if (!e || now_ms >= e->until_ms)
        return begin(c, e, url);
    e->used = ++c->clock;
    *body = (struct str){e->body, e->body_bytes};
    return e->state == ENTRY_GOOD ? FETCH_CACHE_BODY : FETCH_CACHE_FAILED;
}

static int64_t keep_ms(bool good, int64_t max_age_s)
{
    if (!good)
        return FETCH_CACHE_FAILURE_MS;
    if (max_age_s < 0)
        return FETCH_CACHE_DEFAULT_MS;
    if (max_age_s == 0)
        return AT_ONCE_MS;
    return max_age_s < FETCH_CACHE_MOST_MS / 1000 ? max_age_s * 1000 : FETCH_CACHE_MOST_MS;
}

void fetch_cache_put(struct fetch_cache *c, struct str url, bool good, struct str body,
                     int64_t max_age_s, int64_t now_ms)
{
    struct entry *e = find(c, url);
    if (!e || e->state != ENTRY_FETCHING)
        return;
    e->body = malloc(body.n + 1);
    if (!e->body)
        shortage_add();
    e->body_bytes = e->body ? body.n : 0;
    if (e->body && body.n > 0)
        memcpy(e->body, body.p, body.n);
    e->state = good && e->body ? ENTRY_GOOD : ENTRY_BAD;
    e->until_ms = now_ms + keep_ms(good && e->body, max_age_s);
}
