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
    m->watched[i] = m->watched[--m->n];
}

static void forget_old(struct monitoring *m, int64_t now_ms)
{
    for (unsigned i = m->n; i-- > 0;)
        if (now_ms >= m->watched[i].until_ms)
            forget(m, i);
}

void monitoring_watch(struct monitoring *m, const struct monitor_watch *watch, int64_t now_ms)
{
    forget_old(m, now_ms);
    for (unsigned i = m->n; i-- > 0;)
        if (strcmp(m->watched[i].to, watch->to) == 0)
            forget(m, i);
    if (now_ms < watch->until_ms && m->n < MONITORS_MAX)
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

struct monitor_news *monitored_news(struct monitoring *m)
{
    struct told_news *one = calloc(1, sizeof(*one));
    if (!one)
        return NULL;
    if (m->n_news == MONITORING_NEWS_MAX)
        monitoring_heard(m);
    if (m->last)
        m->last->next = one;
    else
        m->first = one;
    m->last = one;
    m->n_news++;
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
static const struct monitor_watch *watch_of(const struct context *c, struct monitoring *m)
{
    for (unsigned i = 0; i < m->n; i++)
        if (is_for(c, m->watched[i].to) && may_arrive(c, &m->watched[i]))
            return &m->watched[i];
    return NULL;
}

/* ---- what arrived ---- */

static void note_token(struct monitor_arrival *a, const struct context *c, unsigned i)
{
    struct monitor_token *to = &a->tokens[a->n_tokens];
    struct token token;
    if (token_read_value(&token, c->call->identities_known[i], c->arena) && token.has_iat &&
        token.origid.n > 0 && token.origid.n < sizeof(to->origid)) {
        to->iat_s = token.iat_s;
        to->valid = i < 32 && c->outcome->verified->valid >> i & 1;
        if (token.attest.n == 1 && token.attest.p[0] >= 'A' && token.attest.p[0] <= 'C')
            to->attest = (uint8_t)token.attest.p[0];
        monitor_put(to->origid, sizeof(to->origid), token.origid);
        monitor_put(to->x5u, sizeof(to->x5u), token_url(&token));
        a->n_tokens++;
    }
    token_fini(&token);
}

static void note(struct context *c, struct monitoring *m, const struct monitor_watch *w)
{
    const struct verified *v = c->outcome->verified;
    struct monitor_news *news = monitored_news(m);
    if (!news)
        return;
    struct monitor_arrival *a = &news->arrival;
    news->arrived = true;
    a->ticket = w->ticket;
    a->at_ms = c->arrived_us / 1000;
    a->class = v->class;
    a->check = v->check;
    a->level = (uint8_t)v->level;
    a->reason = c->outcome->reason;
    a->headers = v->headers;
    monitor_put(a->calling, sizeof(a->calling), tn_str(&v->orig));
    monitor_put(a->trunk, sizeof(a->trunk), c->call->trunk->name);
    monitor_put(a->signer, sizeof(a->signer), v->spc.n > 0 ? v->spc : v->subject);
    for (unsigned i = 0; i < c->call->n_identities_known && a->n_tokens < MONITOR_TOKENS_MAX; i++)
        note_token(a, c, i);
}

enum step_result monitored_take(struct context *c)
{
    struct monitoring *m = proxy_monitoring(c->proxy);
    if (!m || m->n == 0 || !c->outcome->verified || c->says_emergency != EMERGENCY_NONE ||
        c->placed) /* it is on its way out, by a trunk that judges what it signs */
        return STEP_NEXT;
    forget_old(m, proxy_now_ms());
    const struct monitor_watch *w = watch_of(c, m);
    if (!w)
        return STEP_NEXT;
    note(c, m, w);
    c->monitor = w->name[0] ? w->name : MONITORED_BY_HAND;
    return step_refuse(c, REASON_MONITOR_CALL);
}
