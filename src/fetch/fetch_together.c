/* Several URLs side by side (fetch.h). */
#include <stird/fetch/fetch.h>

#include "transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/shortage.h>
#include <stird/core/x5u.h>
#include <string.h>

#define POLL_MS 1000

/* What becomes of a job. */
struct course {
    CURL *curl; /* NULL: it has ended */
    struct transfer transfer;
    char url[X5U_MAX_BYTES + 1];
};

struct together {
    struct libcurl c;
    CURLM *multi;
    struct fetch_job *jobs;
    struct course *courses; /* of the jobs */
    unsigned n, running;
    fetch_ended *ended;
    void *user;
};

/* False: the reply says why. */
static bool set_off(struct together *g, unsigned i)
{
    struct fetch_job *job = &g->jobs[i];
    struct course *course = &g->courses[i];
    struct x5u_parts parts;
    const char *why = x5u_split(job->url, &parts);
    if (why) {
        transfer_say(&job->reply, FETCH_BAD_URL, "the URL ", why);
        return false;
    }
    snprintf(course->url, sizeof(course->url), "%.*s", STR_ARG(job->url));
    course->curl = transfer_begin(&course->transfer, &g->c, course->url, &job->options,
                                  &job->reply);
    if (!course->curl)
        return false;
    if (g->c.multi.add_handle(g->multi, course->curl) == CURLM_OK) {
        g->running++;
        return true;
    }
    transfer_end(&course->transfer, &g->c, course->curl, CURLE_OUT_OF_MEMORY, clock_real_s());
    course->curl = NULL;
    return false;
}

/* Goes on with a job until it is on its way, or was told of for the last time. */
static void go_on(struct together *g, unsigned i)
{
    bool again = true;
    while (again) {
        g->jobs[i].reply = FETCH_REPLY_INIT;
        if (set_off(g, i))
            return;
        again = g->ended(g->user, i);
        fetch_reply_fini(&g->jobs[i].reply);
    }
}

static void end(struct together *g, CURL *curl, CURLcode result)
{
    unsigned i = 0;
    while (i < g->n && g->courses[i].curl != curl)
        i++;
    if (i == g->n)
        return;
    g->c.multi.remove_handle(g->multi, curl);
    transfer_end(&g->courses[i].transfer, &g->c, curl, result, clock_real_s());
    g->courses[i].curl = NULL;
    g->running--;
    const bool again = g->ended(g->user, i);
    fetch_reply_fini(&g->jobs[i].reply);
    if (again)
        go_on(g, i);
}

static void run(struct together *g)
{
    int left, running;
    CURLMsg *m;
    for (unsigned i = 0; i < g->n; i++)
        go_on(g, i);
    while (g->running > 0) {
        g->c.multi.perform(g->multi, &running);
        while ((m = g->c.multi.info_read(g->multi, &left)))
            if (m->msg == CURLMSG_DONE)
                end(g, m->easy_handle, m->data.result); /* M is not valid any more */
        if (g->running > 0)
            g->c.multi.poll(g->multi, NULL, 0, POLL_MS, NULL);
    }
}

/* WHY none can be fetched: each is told so, whatever else it would have fetched. */
static void refuse(struct together *g, const char *why)
{
    for (unsigned i = 0; i < g->n; i++) {
        g->jobs[i].reply = FETCH_REPLY_INIT;
        transfer_say(&g->jobs[i].reply, FETCH_UNAVAILABLE, "", why);
        g->ended(g->user, i);
    }
}

void fetch_together(struct fetch_job *jobs, unsigned n, fetch_ended *ended, void *user)
{
    struct together g = {.jobs = jobs, .n = n, .ended = ended, .user = user};
    if (!libcurl_load(&g.c) || !g.c.has_multi) {
        refuse(&g, LIBCURL_MULTI_MISSING);
        return;
    }
    g.courses = calloc(n + 1, sizeof(*g.courses));
    g.multi = g.courses ? g.c.multi.init() : NULL;
    if (g.multi) {
        run(&g);
        g.c.multi.cleanup(g.multi);
    } else {
        shortage_add();
        refuse(&g, "out of memory");
    }
    free(g.courses);
}
