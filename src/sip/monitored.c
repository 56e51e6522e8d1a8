#include "monitored.h"

#include <stdlib.h>
#include <string.h>
#include <stird/base/log.h>
#include <stird/core/service_word.h>
#include <stird/core/token.h>
#include <stird/core/uri.h>
#include <stird/core/verified.h>
#include <stird/sip/monitoring.h>

#include "context.h"

/* ---- what is looked for ---- */

static void forget(struct monitoring *m, unsigned i)
{
    m->n--;
    m->watched[i] = m->watched[m->n];
    m->strangers[i] = m->strangers[m->n];
}

static void forget_old(struct monitoring *m, int64_t now_ms)
{
    for (unsigned i = m->n; i-- > 0;)
        if (now_ms >= m->watched[i].until_ms)
            forget(m, i);
}

/* Of those of one number the newest is looked for: what is left of one before it ends by itself. */
static unsigned oldest(const struct monitoring *m)
{
    unsigned found = 0;
    for (unsigned i = 1; i < m->n; i++)
        if (m->watched[i].ticket < m->watched[found].ticket)
            found = i;
    return found;
}

void monitoring_watch(struct monitoring *m, const struct monitor_watch *watch, int64_t now_ms)
{
    forget_old(m, now_ms);
    for (unsigned i = m->n; i-- > 0;)
        if (m->watched[i].ticket == watch->ticket)
            forget(m, i);
    if (now_ms >= watch->until_ms)
        return;
    if (m->n == MONITORS_MAX)
        forget(m, oldest(m));
    m->strangers[m->n] = 0;
    m->watched[m->n++] = *watch;
}

/* ---- what is told ---- */

struct told_news {
    struct monitor_news news;
    struct told_news *next;
};

const struct monitor_news *monitoring_news(const struct monitoring *m)
{
    return m->first ? &m->first->news : NULL;
}

void monitoring_heard(struct monitoring *m)
{
    struct told_news *first = m->first;
    if (!first)
        return;
    m->first = first->next;
    m->last = m->first ? m->last : NULL;
    m->n_news--;
    free(first);
}

static void unlink_after(struct monitoring *m, struct told_news *before)
{
    struct told_news *one = before->next;
    before->next = one->next;
    if (m->last == one)
        m->last = before;
    m->n_news--;
    free(one);
}

/* Strangers are behind all others, so the last of all goes where it is one, else the oldest. */
static void make_room(struct monitoring *m)
{
    struct told_news *before = m->first;
    if (!m->last->news.is_stranger || m->n_news == 1) {
        monitoring_heard(m);
        return;
    }
    while (before->next != m->last)
        before = before->next;
    unlink_after(m, before);
}

struct monitor_news *monitored_news(struct monitoring *m, bool is_stranger)
{
    struct told_news **link = &m->first;
    struct told_news *one;
    if (m->n_news == MONITORING_NEWS_MAX && is_stranger)
        return NULL;
    one = calloc(1, sizeof(*one));
    if (!one)
        return NULL;
    if (m->n_news == MONITORING_NEWS_MAX)
        make_room(m);
    while (*link && (is_stranger || !(*link)->news.is_stranger))
        link = &(*link)->next;
    one->next = *link;
    *link = one;
    if (!one->next)
        m->last = one;
    m->n_news++;
    one->news.is_stranger = is_stranger;
    return &one->news;
}

/* ---- is it one of them? ---- */

/* Whether the call is for that number: by its Request-URI, and by To where that names none. */
static bool is_for(const struct context *c, const char *to)
{
    const struct settings *s = c->snapshot->settings;
    const struct call *call = c->call;
    struct tn tn;
    enum tn_fault fault = tn_from_uri(&tn, call->request_uri, &call->trunk->country, s->short_codes,
                                      s->n_short_codes);
    if (fault != TN_OK)
        fault = tn_from_uri(&tn, call->to_uri, &call->trunk->country, s->short_codes,
                            s->n_short_codes);
    return fault == TN_OK && str_eq(tn_str(&tn), str_of(to));
}

static const struct monitor_setting *setting_of(const struct settings *s, struct str name)
{
    for (unsigned i = 0; i < s->n_monitors; i++)
        if (str_eq(s->monitors[i].name, name))
            return &s->monitors[i];
    return NULL;
}

/* Whether it may come back by its trunk. */
static bool may_arrive(const struct context *c, const struct monitor_watch *w)
{
    const struct settings *s = c->snapshot->settings;
    const struct monitor_setting *m = setting_of(s, str_of(w->name));
    bool listed = !m || m->n_arrives == 0;
    for (unsigned i = 0; m && i < m->n_arrives; i++)
        listed = listed || &s->trunks[m->arrives[i]] == c->call->trunk;
    return listed;
}

/* NULL: it is any other call. */
static const struct monitor_watch *watch_of(const struct context *c, const struct monitoring *m)
{
    const struct monitor_watch *found = NULL;
    for (unsigned i = 0; i < m->n; i++)
        if ((!found || m->watched[i].ticket > found->ticket) && is_for(c, m->watched[i].to) &&
            may_arrive(c, &m->watched[i]))
            found = &m->watched[i];
    return found;
}

/* ---- what arrived ---- */

static bool has_certificate(const struct settings *s, struct str url)
{
    for (unsigned i = 0; url.n > 0 && i < s->n_certificates; i++)
        if (str_eq(s->certificates[i].x5u, url))
            return true;
    return false;
}

/* Which certificate it names and which numbers anybody can write: that says whose call it is, for
   what to do with it. What it is worth the judgement says, and what left with our call. */
static bool may_be_ours(const struct context *c, const struct monitor_watch *w,
                        const struct token *t)
{
    struct tn to;
    return t->iat_s >= w->since_s && has_certificate(c->snapshot->settings, token_url(t)) &&
           str_eq(t->orig, str_of(w->from)) && tn_from_digits(&to, str_of(w->to)) &&
           token_calls(t, &to);
}

/* NULL: there is no room, but for one of ours in the place of another's. */
static struct monitor_token *room_for(struct monitor_arrival *a, bool ours)
{
    if (a->n_tokens < MONITOR_TOKENS_MAX)
        return &a->tokens[a->n_tokens++];
    for (unsigned i = 0; ours && i < a->n_tokens; i++)
        if (!a->tokens[i].ours)
            return &a->tokens[i];
    return NULL;
}

static void note_token(struct monitor_arrival *a, const struct context *c,
                       const struct monitor_watch *w, unsigned i)
{
    struct token token;
    struct monitor_token *to = NULL;
    const bool read = token_read_value(&token, c->call->identities_known[i], c->arena) &&
                      token.has_iat && token.origid.n > 0 && token.origid.n < sizeof(to->origid);
    const bool ours = read && may_be_ours(c, w, &token);
    if (read)
        to = room_for(a, ours);
    if (to) {
        *to = (struct monitor_token){.iat_s = token.iat_s, .ours = ours};
        to->valid = i < 32 && c->outcome->verified->valid >> i & 1;
        if (token.attest.n == 1 && token.attest.p[0] >= 'A' && token.attest.p[0] <= 'C')
            to->attest = (uint8_t)token.attest.p[0];
        monitor_put(to->origid, sizeof(to->origid), token.origid);
        monitor_put(to->x5u, sizeof(to->x5u), token_url(&token));
    }
    token_fini(&token);
}

static void note(struct monitor_arrival *a, const struct context *c, const struct monitor_watch *w)
{
    const struct verified *v = c->outcome->verified;
    *a = (struct monitor_arrival){.ticket = w->ticket,
                                  .at_ms = c->arrived_us / 1000,
                                  .class = v->class,
                                  .check = v->check,
                                  .level = (uint8_t)v->level,
                                  .reason = c->outcome->reason,
                                  .headers = v->headers};
    monitor_put(a->calling, sizeof(a->calling), tn_str(&v->orig));
    monitor_put(a->trunk, sizeof(a->trunk), c->call->trunk->name);
    monitor_put(a->signer, sizeof(a->signer), v->spc.n > 0 ? v->spc : v->subject);
    for (unsigned i = 0; i < c->call->n_identities_known; i++)
        note_token(a, c, w, i);
}

/* With a good token of ours it is always told. Of others a few are: who fills their places with
   calls hides nothing but other strangers. */
static void tell(struct monitoring *m, const struct monitor_watch *w,
                 const struct monitor_arrival *a)
{
    uint32_t *strangers = &m->strangers[w - m->watched];
    const bool is_stranger = !monitor_arrival_is_ours(a, true);
    if (is_stranger && *strangers == MONITORING_STRANGERS)
        return;
    *strangers += is_stranger;
    struct monitor_news *news = monitored_news(m, is_stranger);
    if (!news)
        return;
    news->arrived = true;
    news->arrival = *a;
}

/*
 * Whether it ends here. The number of a monitor is used for nothing else (docs/monitors.md), so
 * what comes to it in the time of its call is that call with another calling number. A call by hand
 * may be to anybody's telephone: what other people say to that goes on to it.
 */
static bool ends_here(const struct monitor_watch *w, const struct monitor_arrival *a)
{
    return w->name[0] || str_eq(str_of(a->calling), str_of(w->from)) ||
           monitor_arrival_is_ours(a, false);
}

enum step_result monitored_take(struct context *c)
{
    struct monitoring *m = proxy_monitoring(c->proxy);
    const struct verified *v = c->outcome->verified;
    if (!m || m->n == 0 || !v || v->is_priority || c->placed || c->says_emergency != EMERGENCY_NONE)
        return STEP_NEXT;
    forget_old(m, proxy_now_ms());
    const struct monitor_watch *w = watch_of(c, m);
    struct monitor_arrival a;
    if (!w)
        return STEP_NEXT;
    note(&a, c, w);
    tell(m, w, &a);
    if (!ends_here(w, &a))
        return STEP_NEXT;
    c->monitor = w->name[0] ? w->name : MONITORED_BY_HAND;
    return step_refuse(c, REASON_MONITOR_CALL);
}
