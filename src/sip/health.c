#include "health.h"

#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/core/certificate_choice.h>
#include <stird/core/service_word.h>
#include <stird/core/source_table.h>
#include <stird/core/trunk.h>

#include "proxy_parts.h"
#include "switched.h"

#define SIGNER_MAY_BE_GONE_MS 3000 /* a dead signer is replaced in less than a second */

void health_fini(struct health_told *told)
{
    free(told->ill);
    *told = (struct health_told){0};
}

/* ---- can it be signed? ---- */

static bool has_signer(struct proxy *p)
{
    int64_t *since_ms = &proxy_health(p)->no_signer_since_ms, now_ms = proxy_now_ms();
    if (signer_client_is_there(proxy_snapshot(p)->signer))
        *since_ms = 0;
    else if (*since_ms == 0)
        *since_ms = now_ms;
    return *since_ms == 0 || now_ms - *since_ms < SIGNER_MAY_BE_GONE_MS;
}

static enum reason signing_of(struct proxy *p, const struct trunk *t)
{
    const struct settings *s = proxy_settings(p);
    const struct certificate_question any_token = {.settings = s,
                                                   .states = proxy_snapshot(p)->certificate_states,
                                                   .switches = proxy_switches(p),
                                                   .now_s = clock_real_s()};
    enum reason reason = REASON_NO_CERTIFICATE;
    const uint32_t first = certificate_of_trunk(s, t);
    if (!has_signer(p))
        return REASON_SIGNER_UNAVAILABLE;
    if (first != NO_CERTIFICATE)
        certificate_choose_or_other(&any_token, first, &reason);
    return reason;
}

/* ---- a trunk ---- */

/* Whether T's health takes a signature: its service signs, and `health` is signing, or next_hops
   where calls that cannot be signed are refused. */
static bool needs_signature(const struct settings *s, const struct trunk *t)
{
    return service_words[t->service].signs &&
           (t->health == HEALTH_SIGNING ||
            (t->health == HEALTH_NEXT_HOPS && s->failure_mode == FAIL_CLOSED));
}

static enum reason look(struct proxy *p, const struct trunk *t)
{
    const struct settings *s = proxy_settings(p);
    const struct switches *off = proxy_switches(p);
    const enum reason switched = switched_refuses(p, s, t);
    if (switched != REASON_OK || t->health == HEALTH_ALIVE)
        return switched;
    if (trunk_sends(t) && !routes_are_usable(proxy_routes(p), s, t, off, proxy_now_ms()))
        return REASON_NO_UPSTREAM;
    return needs_signature(s, t) ? signing_of(p, t) : REASON_OK;
}

/* After a reload it is forgotten what was told. */
static unsigned char *told_of(struct health_told *told, const struct snapshot *s,
                              const struct trunk *t)
{
    if (!told->ill || told->generation != s->generation) {
        free(told->ill);
        told->ill = calloc(s->settings->n_trunks, 1);
        told->generation = s->generation;
    }
    return told->ill ? &told->ill[t - s->settings->trunks] : NULL;
}

static void tell(struct proxy *p, const struct trunk *t, enum reason reason)
{
    unsigned char *ill = told_of(proxy_health(p), proxy_snapshot(p), t);
    if (!ill || *ill == (reason != REASON_OK))
        return;
    *ill = reason != REASON_OK;
    if (*ill)
        log_error("the OPTIONS of a trunk get 503: its calls would fail",
                  LOG_TEXT("trunk", t->name), LOG_TEXT("reason", reason_name(reason)));
    else
        log_info("the OPTIONS of a trunk get 200 again", LOG_TEXT("trunk", t->name));
}

/* ---- a source ---- */

static bool may_belong_to(const struct settings *s, const struct trunk *t, const struct flow *from)
{
    return t->listener.n == 0 || (from->listener < s->n_listeners &&
                                  str_eq(t->listener, s->listeners[from->listener].name));
}

enum reason health_of_source(struct proxy *p, const struct flow *from)
{
    const struct settings *s = proxy_settings(p);
    const struct source_entry *entry;
    enum reason why = REASON_OK;
    unsigned step = 0, asked = 0, well = 0;
    /* As for a call: a shorter prefix counts only where none of the longer one's trunks fits. */
    while (asked == 0 && (entry = source_table_next(s->sources, &from->remote, &step))) {
        for (unsigned i = 0; i < entry->n_trunks; i++) {
            const struct trunk *t = &s->trunks[entry->trunks[i]];
            if (!may_belong_to(s, t, from))
                continue;
            enum reason reason = look(p, t);
            tell(p, t, reason);
            asked++;
            well += reason == REASON_OK;
            why = why == REASON_OK ? reason : why;
        }
    }
    return well > 0 ? REASON_OK : why;
}
