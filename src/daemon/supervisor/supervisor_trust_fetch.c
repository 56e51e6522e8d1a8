#include "supervisor_trust_fetch.h"

#include "daemon/file_seen.h"

#include <stdio.h>
#include <stdlib.h>
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
    f->is_judged = f->signer_failed = false;
}

void trust_round_init(struct trust_round *r)
{
    r->n = 0;
    r->came = false;
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            r->of[d][i] = (struct trust_fetch){.fd = -1, .signer_fd = -1};
}

/* What is still on its way is waited for no more. */
static void drop_errands(struct trust_round *r)
{
    for (unsigned i = 0; i < r->n; i++)
        close_fd(&r->asked[i].fd);
    r->n = 0;
}

static void forget_all(struct trust_round *r)
{
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            forget(&r->of[d][i]);
}

void trust_round_reset(struct trust_round *r)
{
    drop_errands(r);
    forget_all(r);
    trust_round_init(r);
}

/* {NULL, 0}: there is no such source, or it is a file. */
static struct str url_of(const struct settings *s, unsigned domain, unsigned source)
{
    const struct trust_setting *t = &s->trusts[domain];
    struct str place = source == 0 ? t->list : source <= t->n_crls ? t->crls[source - 1] : STR("");
    return place.n > 0 && trust_setting_is_url(place) ? place : (struct str){NULL, 0};
}

/* ---- other settings ---- */

/* *TO, of URL, goes on with what is known of that URL: what came of it is judged by the settings of
   now, which may have another signer for it, and it is due. */
static void go_on(struct trust_fetch *to, struct trust_fetch *was)
{
    *to = *was;
    was->fd = was->signer_fd = -1;
    to->due_s = 0;
    to->errors = was->errors > 0; /* so that it has a round of its own */
    to->signer_url[0] = '\0';
    to->is_judged = to->signer_failed = false;
}

static void go_on_domain(struct trust_round *r, struct trust_round *was,
                         const struct settings *before, unsigned from, const struct settings *after,
                         unsigned to)
{
    for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
        for (unsigned j = 0; j < TRUST_SOURCES_MAX; j++) {
            const struct str url = url_of(after, to, i);
            if (url.n > 0 && (i == 0) == (j == 0) && str_eq(url, url_of(before, from, j)))
                go_on(&r->of[to][i], &was->of[from][j]);
        }
}

void trust_round_follow(struct trust_round *r, const struct settings *before,
                        const struct settings *after)
{
    struct trust_round *was = malloc(sizeof(*was));
    drop_errands(r);
    if (!was) {
        trust_round_reset(r); /* all is found anew */
        return;
    }
    *was = *r;
    trust_round_init(r);
    for (unsigned to = 0; before && after && to < after->n_trusts; to++)
        for (unsigned from = 0; from < before->n_trusts; from++)
            if (str_eq(after->trusts[to].name, before->trusts[from].name))
                go_on_domain(r, was, before, from, after, to);
    forget_all(was);
    free(was);
}

/* ---- a round ---- */

static void add(struct trust_round *r, unsigned domain, unsigned source, struct str url,
                bool is_signer)
{
    struct trust_fetch *f = &r->of[domain][source];
    int fd = r->n < TRUST_ERRANDS_MAX ? memory_file_new("trust list") : -1;
    if (fd < 0)
        return; /* what came is left to the next round */
    r->errands[r->n] = (struct courier_errand){domain, url, source == 0 && !is_signer, fd};
    r->asked[r->n].of = f;
    r->asked[r->n].fd = fd;
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
    drop_errands(r);
    r->came = false;
    add_due(r, s, false, TRUST_ERRANDS_MAX, now_s);
    if (all || r->n == 0)
        add_due(r, s, true, all ? TRUST_ERRANDS_MAX : 1, now_s);
    return r->n > 0;
}

/* IS_SIGNER: URL is that of the certificate of the list's signer. */
static void fail(struct trust_fetch *f, const struct settings *s, unsigned domain, struct str url,
                 bool is_signer, const char *why, int64_t now_s)
{
    f->errors++;
    f->due_s = trust_source_next_s(now_s, INT64_MAX, f->errors);
    if (!f->saying[0])
        f->since_s = now_s;
    snprintf(f->saying, sizeof(f->saying), "%s", why);
    snprintf(f->failed_signer, sizeof(f->failed_signer), "%.*s", is_signer ? (int)url.n : 0, url.p);
    log_error(is_signer ? "the certificate of a list's signer cannot be fetched"
                        : "a list of a domain of trust cannot be fetched",
              LOG_TEXT("trust", s->trusts[domain].name), LOG_TEXT("url", url),
              LOG_CSTR("it", f->saying));
}

/* What came before stays. A list that waited for its signer's certificate waits no more: what it is
   without is to be judged, and whoever waits for the round has an answer. */
static void fail_errand(struct trust_round *r, const struct settings *s, unsigned i,
                        const char *why, int64_t now_s)
{
    struct trust_fetch *f = r->asked[i].of;
    close_fd(&r->asked[i].fd);
    fail(f, s, r->errands[i].domain, r->errands[i].url, r->asked[i].is_signer, why, now_s);
    if (!r->asked[i].is_signer)
        return;
    f->signer_url[0] = '\0'; /* the errand's URL */
    f->signer_failed = true;
    r->came = true;
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
    if (!r->asked[m->errand].is_signer)
        forget(f);
    f->signer_url[0] = '\0';
    *(r->asked[m->errand].is_signer ? &f->signer_fd : &f->fd) = r->asked[m->errand].fd;
    r->asked[m->errand].fd = -1;
    r->came = true;
    return true;
}

bool trust_round_end(struct trust_round *r, const struct settings *s, int64_t now_s)
{
    for (unsigned i = 0; i < r->n; i++)
        if (!r->asked[i].told)
            fail_errand(r, s, i, "it was not fetched", now_s);
    drop_errands(r);
    return r->came;
}

/* ---- judgement ---- */

static unsigned count_refused(const struct trust_round *r)
{
    unsigned n = 0;
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            n += r->of[d][i].fd >= 0 && r->of[d][i].is_judged;
    return n;
}

static void take_success(struct trust_fetch *f, int64_t until_s, int64_t now_s)
{
    /* One that was refused may count now though it cannot be fetched any more, which is said on. */
    if (!f->is_judged || !f->saying[0]) {
        f->saying[0] = '\0';
        f->errors = 0;
        f->due_s = trust_source_next_s(now_s, until_s, 0);
    }
    forget(f);
}

static void take_refusal(struct trust_round *r, struct trust_fetch *f, int64_t now_s)
{
    if (f->is_judged)
        return; /* as before: it is not fetched later for that */
    if (!f->signer_failed) {
        f->saying[0] = '\0';
        f->errors++;
        f->due_s = trust_source_next_s(now_s, INT64_MAX, f->errors);
    }
    if (count_refused(r) < TRUST_REFUSED_MAX)
        f->is_judged = true;
    else
        forget(f);
}

void trust_round_judged(struct trust_round *r, unsigned domain, unsigned source, bool refused,
                        const char *wanted, int64_t until_s, int64_t now_s)
{
    struct trust_fetch *f = &r->of[domain][source];
    if (f->fd < 0)
        return;
    if (!refused)
        take_success(f, until_s, now_s);
    else if (wanted[0] && f->signer_fd < 0 && !f->signer_failed)
        snprintf(f->signer_url, sizeof(f->signer_url), "%s", wanted);
    else
        take_refusal(r, f, now_s);
}

/* It may be for one of them that it could not: none is tried again. */
void trust_round_failed(struct trust_round *r, int64_t now_s)
{
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++) {
            struct trust_fetch *f = &r->of[d][i];
            if (f->fd < 0)
                continue;
            take_refusal(r, f, now_s);
            forget(f);
        }
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
