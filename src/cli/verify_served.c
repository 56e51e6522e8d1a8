#include "verify_served.h"

#include <stird/base/clock.h>

static void fetch_into(struct verify_job *job, struct str url)
{
    struct fetch_reply reply;
    bool good = fetch(&job->fetch, url, &reply);
    /* Kept as long as this command runs: what a server says about caching is for daemons. */
    fetch_cache_put(job->cache, url, good, good ? buf_str(&reply.body) : str_of(reply.why), -1,
                    clock_monotonic_ms());
    if (job->n_fetched < VERIFY_URLS_MAX)
        job->fetched[job->n_fetched++] = (struct verify_fetched){arena_copy(job->arena, url),
                                                                 reply.outcome};
    fetch_reply_fini(&reply);
}

enum fetch_outcome verify_served_outcome(const struct verify_job *job, struct str url)
{
    for (unsigned i = 0; i < job->n_fetched; i++)
        if (str_eq(job->fetched[i].url, url))
            return job->fetched[i].outcome;
    return FETCH_OK;
}

/* What URL serves, even when that is empty; p == NULL: it cannot be had, and WHY says so, or it was
   not asked for. */
static struct str served(struct verify_job *job, struct str url, struct arena *arena,
                         const char **why)
{
    struct str body;
    int64_t now_ms = clock_monotonic_ms();
    if (job->offline || url.n == 0)
        return (struct str){NULL, 0};
    enum fetch_cache_answer answer = fetch_cache_ask(job->cache, url, now_ms, &body);
    if (answer == FETCH_CACHE_FETCH) {
        fetch_into(job, url);
        answer = fetch_cache_ask(job->cache, url, now_ms, &body);
    }
    if (answer == FETCH_CACHE_BODY)
        return body;
    *why = arena_copy(arena, body).p;
    return (struct str){NULL, 0};
}

bool verify_served_one(struct verify_job *job, struct arena *arena, struct sti_certificate *c,
                       struct verify_question *q)
{
    const struct trust *trust = job->n_anchors > 0 ? job->trust : NULL;
    struct str text = job->cert ? buf_str(&job->cert_text)
                                : served(job, token_url(q->token), arena, &q->certificate_fault);
    q->certificate_is_given = job->cert != NULL;
    if (!job->cert && !text.p)
        return true;
    q->certificate = c;
    return sti_certificate_prepare(c, text, trust, q->now_s, arena);
}

bool verify_served_all(struct verify_job *job, struct arena *arena, const struct identity_set *set,
                       int64_t now_s, struct sti_certificate *certificates,
                       struct verification_served *served)
{
    bool good = true;
    for (unsigned i = 0; i < set->n && good; i++) {
        struct verify_question one = {.token = &set->entries[i].token, .now_s = now_s};
        if (identity_set_url(set, i).n == 0)
            continue;
        good = verify_served_one(job, arena, &certificates[i], &one);
        served[i].prepared = one.certificate;
        served[i].why = one.certificate_fault;
        served[i].state = one.certificate         ? CERTIFICATE_PREPARED
                          : one.certificate_fault ? CERTIFICATE_UNAVAILABLE
                                                  : CERTIFICATE_PENDING;
    }
    return good;
}
