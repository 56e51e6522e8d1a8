#include "refused_sources.h"

#include <stird/clock.h>
#include <stird/log.h>
#include <string.h>

#include "context.h"

/* ---- lines ---- */

static struct str listener_name(const struct proxy *p, uint16_t listener)
{
    const struct settings *s = p->snapshot->settings;
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
    for (unsigned i = 0; !all->begun && i < REFUSED_SOURCES; i++)
        all->places[i] = (struct refused_place){.said_ms = -1};
    if (!all->begun)
        all->others_said_ms = -REFUSED_SAID_EVERY_MS;
    all->begun = true;
}

/* Its own place, or one that is free: where nothing came for a minute and all is told. NULL: none.
 */
static struct refused_place *place_of(struct refused_sources *all, const struct refused_source *r,
                                      int64_t now_ms)
{
    struct refused_place *unused = NULL;
    for (unsigned i = 0; i < REFUSED_SOURCES; i++) {
        struct refused_place *place = &all->places[i];
        if (place->said_ms >= 0 && refused_source_same(&place->untold, r))
            return place;
        bool old = now_ms - place->said_ms >= REFUSED_SAID_EVERY_MS && place->untold.count == 0;
        if (place->said_ms < 0 || old)
            unused = place;
    }
    if (unused)
        *unused = (struct refused_place){.untold = *r, .said_ms = -1};
    if (unused)
        unused->untold.count = 0;
    return unused;
}

static void add(struct refused_source *sum, const struct refused_source *r)
{
    struct refused_source before = *sum;
    *sum = *r;
    if (before.count == 0)
        return;
    sum->count = before.count < UINT32_MAX - r->count ? before.count + r->count : UINT32_MAX;
    sum->first_s = before.first_s < r->first_s ? before.first_s : r->first_s;
}

void refused_sources_note(struct proxy *p, const struct flow *from, enum unheard refusal,
                          struct str method)
{
    struct refused_sources *all = &p->refused_sources;
    struct refused_source r = {.source = from->remote,
                               .transport = from->transport,
                               .listener = from->listener,
                               .refusal = (uint8_t)refusal,
                               .count = 1,
                               .first_s = clock_real_s(),
                               .last_s = clock_real_s()};
    int64_t now_ms = proxy_now_ms();
    refused_method_of(r.method, method);
    begin(all);
    struct refused_place *place = place_of(all, &r, now_ms);
    if (!place) {
        count_other(all, &r, now_ms);
        return;
    }
    add(&place->untold, &r);
    place->unsaid++;
    if (place->said_ms < 0 || now_ms - place->said_ms >= REFUSED_SAID_EVERY_MS)
        say(p, place, now_ms);
}

bool refused_sources_tell(struct proxy *p, struct refused_source *news)
{
    struct refused_sources *all = &p->refused_sources;
    for (unsigned i = 0; i < REFUSED_SOURCES; i++) {
        struct refused_source *untold = &all->places[i].untold;
        if (untold->count == 0)
            continue;
        *news = *untold;
        untold->count = 0;
        return true;
    }
    return false;
}

void refused_sources_tell_again(struct proxy *p, const struct refused_source *news)
{
    struct refused_place *place = place_of(&p->refused_sources, news, proxy_now_ms());
    if (place)
        add(&place->untold, news);
}
