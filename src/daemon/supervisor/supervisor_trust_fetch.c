#include "supervisor_trust_fetch.h"

#include "daemon/file_seen.h"

#include <stdio.h>
#include <stird/base/log.h>
#include <stird/base/memory_file.h>
#include <string.h>
#include <unistd.h>

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void forget(struct trust_fetch *f)
{
    close_fd(&f->fd);
    close_fd(&f->signer_fd);
    f->signer_url[0] = '\0';
}

void trust_round_init(struct trust_round *r)
{
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            r->of[d][i] = (struct trust_fetch){.fd = -1, .signer_fd = -1};
}

void trust_round_reset(struct trust_round *r)
{
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            forget(&r->of[d][i]);
    r->n = 0;
    r->came = false;
    trust_round_init(r);
}

/* {NULL, 0}: there is no such source, or it is a file. */
static struct str url_of(const struct settings *s, unsigned domain, unsigned source)
{
    const struct trust_setting *t = &s->trusts[domain];
    struct str place = source == 0 ? t->list : source <= t->n_crls ? t->crls[source - 1] : STR("");
    return place.n > 0 && trust_setting_is_url(place) ? place : (struct str){NULL, 0};
}

/* ---- a round ---- */

static void add(struct trust_round *r, unsigned domain, unsigned source, struct str url,
                bool is_signer)
{
    struct trust_fetch *f = &r->of[domain][source];
    int fd = r->n < TRUST_ERRANDS_MAX ? memory_file_new("trust list") : -1;
    if (fd < 0)
        return; /* what came is left to the next round */
    close_fd(is_signer ? &f->signer_fd : &f->fd);
    *(is_signer ? &f->signer_fd : &f->fd) = fd;
    r->errands[r->n] = (struct courier_errand){domain, url, source == 0 && !is_signer, fd};
    r->asked[r->n].of = f;
    r->asked[r->n].is_signer = is_signer;
    r->asked[r->n].told = false;
    r->n++;
}

/* Adds sources until the round has MOST. FAILED: those whose last fetch failed; else the others.
   Each only when it is due, or when its list is there and the signer of that is still to be
   fetched. */
static void add_due(struct trust_round *r, const struct settings *s, bool failed, unsigned most,
                    int64_t now_s)
{
    for (unsigned d = 0; d < s->n_trusts; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX && r->n < most; i++) {
            const struct trust_fetch *f = &r->of[d][i];
            struct str url = url_of(s, d, i);
            if (url.n == 0 || failed != (f->errors > 0))
                continue;
            if (f->signer_url[0])
                add(r, d, i, str_of(f->signer_url), true);
            else if (f->due_s <= now_s)
                add(r, d, i, url, false);
        }
}

bool trust_round_begin(struct trust_round *r, const struct settings *s, bool all, int64_t now_s)
{
    r->n = 0;
    r->came = false;
    add_due(r, s, false, TRUST_ERRANDS_MAX, now_s);
    if (all || r->n == 0)
        add_due(r, s, true, all ? TRUST_ERRANDS_MAX : 1, now_s);
    return r->n > 0;
}

static void fail(struct trust_fetch *f, const struct settings *s, unsigned domain, struct str url,
                 const char *why, int64_t now_s)
{
    f->errors++;
    f->due_s = trust_source_next_s(now_s, INT64_MAX, f->errors);
    if (!f->saying[0])
        f->since_s = now_s;
    snprintf(f->saying, sizeof(f->saying), "%s", why);
    log_error("a list of a domain of trust cannot be fetched",
              LOG_TEXT("trust", s->trusts[domain].name), LOG_TEXT("url", url),
              LOG_CSTR("it", f->saying));
    forget(f); /* what the URL is, too, where it is the signer's */
}

/* A list that waited for its signer's certificate waits no more: what it is without is to be
   judged, and whoever waits for the round has an answer. */
static void fail_errand(struct trust_round *r, const struct settings *s, unsigned i,
                        const char *why, int64_t now_s)
{
    fail(r->asked[i].of, s, r->errands[i].domain, r->errands[i].url, why, now_s);
    r->came |= r->asked[i].is_signer;
}

bool trust_round_take(struct trust_round *r, const struct settings *s,
                      const struct control_brought *m, int64_t now_s)
{
    if (m->errand >= r->n || r->asked[m->errand].told)
        return false;
    struct trust_fetch *f = r->asked[m->errand].of;
    r->asked[m->errand].told = true;
    if (!m->came) {
        fail_errand(r, s, m->errand, m->saying, now_s);
        return true;
    }
    f->signer_url[0] = '\0';
    r->came = true;
    return true;
}

bool trust_round_end(struct trust_round *r, const struct settings *s, int64_t now_s)
{
    for (unsigned i = 0; i < r->n; i++)
        if (!r->asked[i].told)
            fail_errand(r, s, i, "it was not fetched", now_s);
    r->n = 0;
    return r->came;
}

/* ---- judgement ---- */

void trust_round_judged(struct trust_round *r, unsigned domain, unsigned source, bool refused,
                        const char *wanted, int64_t until_s, int64_t now_s)
{
    struct trust_fetch *f = &r->of[domain][source];
    if (f->fd < 0)
        return;
    if (refused && wanted[0] && f->signer_fd < 0) {
        snprintf(f->signer_url, sizeof(f->signer_url), "%s", wanted);
        return;
    }
    forget(f);
    f->saying[0] = '\0';
    f->errors = refused ? f->errors + 1 : 0;
    f->due_s = trust_source_next_s(now_s, until_s, f->errors);
}

void trust_round_failed(struct trust_round *r, int64_t now_s)
{
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            trust_round_judged(r, d, i, true, "", INT64_MAX, now_s);
}

void trust_round_hurry(struct trust_round *r)
{
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            r->of[d][i].due_s = 0;
}

void trust_round_look(struct trust_round *r, const struct settings *s)
{
    for (unsigned d = 0; d < s->n_trusts; d++) {
        uint64_t seen = 0;
        file_seen_add(&seen, s->trusts[d].list_token_file);
        file_seen_add(&seen, s->trusts[d].list_login_file);
        if (seen != r->passes[d] && r->of[d][0].errors > 0)
            r->of[d][0].due_s = 0;
        r->passes[d] = seen;
    }
}

bool trust_round_is_half(const struct trust_round *r)
{
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            if (r->of[d][i].signer_url[0])
                return true;
    return false;
}

int64_t trust_round_due_s(const struct trust_round *r, const struct settings *s)
{
    int64_t due_s = INT64_MAX;
    for (unsigned d = 0; d < s->n_trusts; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            if (url_of(s, d, i).n > 0) {
                int64_t one_s = r->of[d][i].signer_url[0] ? 0 : r->of[d][i].due_s;
                due_s = one_s < due_s ? one_s : due_s;
            }
    return due_s;
}
