#include "refused_sources.h"

#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <string.h>

#include "proxy_parts.h"

/* ---- lines ---- */

static struct str listener_name(const struct proxy *p, uint16_t listener)
{
    const struct settings *s = proxy_settings(p);
    return listener < s->n_listeners ? s->listeners[listener].name : STR("?");
}

static void say(const struct proxy *p, struct refused_place *place, int64_t now_ms)
{
    const struct refused_source *r = &place->untold;
    struct buf source = BUF_INIT;
    address_add(&source, &r->source);
    log_warning("a source is refused", LOG_TEXT("source", buf_str(&source)),
                LOG_TEXT("transport", transport_name((enum transport)r->transport)),
                LOG_TEXT("listener", listener_name(p, r->listener)),
                LOG_CSTR("method", r->method[0] ? r->method : "-"),
                LOG_TEXT("why", unheard_name((enum unheard)r->refusal)),
                LOG_NUMBER("count", place->unsaid));
    place->unsaid = 0;
    place->said_ms = now_ms;
    buf_fini(&source);
}

static void count_other(struct refused_sources *all, const struct refused_source *r, int64_t now_ms)
{
    struct buf source = BUF_INIT;
    all->others++;
    if (now_ms - all->others_said_ms < REFUSED_SAID_EVERY_MS)
        return;
    address_add(&source, &r->source);
    log_warning("many sources are refused; the last one of those that are not told one by one",
                LOG_TEXT("source", buf_str(&source)),
                LOG_TEXT("why", unheard_name((enum unheard)r->refusal)),
                LOG_NUMBER("count", (int64_t)all->others));
    all->others = 0;
    all->others_said_ms = now_ms;
    buf_fini(&source);
}

/* ---- places ---- */

static void begin(struct refused_sources *all)
{
    for (unsigned kind = 0; !all->begun && kind < UNHEARD_KINDS; kind++)
        for (unsigned i = 0; i < REFUSED_SOURCES; i++)
            all->places[kind][i] = (struct refused_place){.said_ms = -1};
    if (!all->begun)
        all->others_said_ms = -REFUSED_SAID_EVERY_MS;
    all->begun = true;
}

static uint32_t sum_of(uint32_t a, uint32_t b)
{
    return a < UINT32_MAX - b ? a + b : UINT32_MAX;
}

/* Its own place; else a free one; else the one that was quiet for the longest. */
static struct refused_place *find_place(struct refused_sources *all, const struct refused_source *r)
{
    struct refused_place *places = all->places[r->refusal], *oldest = &places[0];
    for (unsigned i = 0; i < REFUSED_SOURCES; i++) {
        struct refused_place *place = &places[i];
        if (place->said_ms >= 0 && refused_source_same(&place->untold, r))
            return place;
        if (oldest->said_ms >= 0 && (place->said_ms < 0 || place->last_ms < oldest->last_ms))
            oldest = place;
    }
    return oldest;
}

/* *PUSHED: another source, which came within this minute, had to make room. */
static struct refused_place *place_of(struct refused_sources *all, const struct refused_source *r,
                                      int64_t now_ms, bool *pushed)
{
    struct refused_place *place = find_place(all, r);
    bool in_use = place->said_ms >= 0, own = in_use && refused_source_same(&place->untold, r);
    *pushed = in_use && !own && now_ms - place->last_ms < REFUSED_SAID_EVERY_MS;
    if (!own) {
        all->unlisted[r->refusal] = sum_of(all->unlisted[r->refusal],
                                           in_use ? place->untold.count : 0);
        *place = (struct refused_place){.untold = *r, .said_ms = *pushed ? now_ms : -1};
        place->untold.count = 0;
    }
    place->last_ms = now_ms;
    return place;
}

static void add(struct refused_source *sum, const struct refused_source *r)
{
    struct refused_source before = *sum;
    *sum = *r;
    if (before.count == 0)
        return;
    sum->count = sum_of(before.count, r->count);
    sum->first_s = before.first_s < r->first_s ? before.first_s : r->first_s;
}

void refused_sources_note(struct proxy *p, const struct flow *from, enum unheard refusal,
                          struct str method)
{
    struct refused_sources *all = proxy_refused_sources(p);
    struct refused_source r = {.source = from->remote,
                               .transport = from->transport,
                               .listener = from->listener,
                               .refusal = (uint8_t)refusal,
                               .count = 1,
                               .first_s = clock_real_s(),
                               .last_s = clock_real_s()};
    int64_t now_ms = proxy_now_ms();
    bool pushed;
    refused_method_of(r.method, method);
    begin(all);
    struct refused_place *place = place_of(all, &r, now_ms, &pushed);
    add(&place->untold, &r);
    if (pushed) {
        count_other(all, &r, now_ms);
        return;
    }
    place->unsaid++;
    if (place->said_ms < 0 || now_ms - place->said_ms >= REFUSED_SAID_EVERY_MS)
        say(p, place, now_ms);
}

static bool tell_kind(struct refused_sources *all, unsigned kind, struct refused_source *news)
{
    for (unsigned n = 0; n < REFUSED_SOURCES; n++) {
        struct refused_source *untold = &all->places[kind][all->turn].untold;
        all->turn = (all->turn + 1) % REFUSED_SOURCES;
        if (untold->count == 0)
            continue;
        *news = *untold;
        news->unlisted = all->unlisted[kind];
        all->unlisted[kind] = 0;
        untold->count = 0;
        return true;
    }
    return false;
}

/* Strangers, of whom there may be any number, come last. */
bool refused_sources_tell(struct proxy *p, struct refused_source *news)
{
    for (unsigned kind = UNHEARD_KINDS; kind-- > 0;)
        if (tell_kind(proxy_refused_sources(p), kind, news))
            return true;
    return false;
}

void refused_sources_tell_again(struct proxy *p, const struct refused_source *news)
{
    struct refused_sources *all = proxy_refused_sources(p);
    bool pushed;
    struct refused_place *place = place_of(all, news, proxy_now_ms(), &pushed);
    all->unlisted[news->refusal] = sum_of(all->unlisted[news->refusal], news->unlisted);
    add(&place->untold, news);
}
