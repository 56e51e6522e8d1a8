#include "refusals.h"

#include <event2/event.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>

#define SAY_EVERY_S 60

/* Anybody can try to connect: that is not an error of this machine. */
static const struct {
    enum log_level level;
    const char *text;
} words[REFUSALS] = {
    [REFUSED_UNKNOWN] = {LOG_LEVEL_WARNING,
                         "connections are refused: their sources are in no trunk and no upstream"},
    [REFUSED_SOURCE] = {LOG_LEVEL_ERROR, "connections are refused: their source has as many as "
                                         "limits.connections_per_source allows"},
    [REFUSED_ALL] = {LOG_LEVEL_ERROR,
                     "connections are refused: there are as many as limits.connections allows"},
    [REFUSED_PART] = {LOG_LEVEL_ERROR, "connections are refused: their source has its part of what "
                                       "limits.connections leaves"},
    [REFUSED_FEW] =
        {LOG_LEVEL_ERROR,
         "connections are refused: there are as many as the descriptors allow, which is "
         "less than limits.connections: raise LimitNOFILE"},
    [REFUSED_DESCRIPTORS] = {LOG_LEVEL_ERROR,
                             "connections are refused: no descriptors are left (LimitNOFILE)"},
};

struct refusals {
    struct event *say; /* set while some were not told yet, or were told less than a minute ago */
    uint64_t n[REFUSALS], said[REFUSALS];
    struct address last[REFUSALS];
};

static void say(struct refusals *r, enum refusal why)
{
    struct buf source = BUF_INIT;
    if (r->n[why] == r->said[why])
        return;
    if (r->last[why].family != ADDRESS_NONE)
        address_add_host(&source, &r->last[why]);
    log_write(words[why].level, words[why].text,
              LOG_NUMBER("refused", (int64_t)(r->n[why] - r->said[why])),
              LOG_NUMBER("since_start", (int64_t)r->n[why]),
              LOG_TEXT("last_source", buf_str(&source)));
    r->said[why] = r->n[why];
    buf_fini(&source);
}

static void wait_a_minute(struct refusals *r)
{
    const struct timeval minute = {.tv_sec = SAY_EVERY_S};
    event_add(r->say, &minute);
}

static void on_minute(evutil_socket_t fd, short what, void *user)
{
    struct refusals *r = user;
    (void)fd, (void)what;
    bool news = false;
    for (unsigned why = 0; why < REFUSALS; why++) {
        news |= r->n[why] > r->said[why];
        say(r, (enum refusal)why);
    }
    if (news)
        wait_a_minute(r);
}

struct refusals *refusals_new(struct event_base *base)
{
    struct refusals *r = calloc(1, sizeof(*r));
    if (r)
        r->say = evtimer_new(base, on_minute, r);
    if (r && r->say)
        return r;
    refusals_free(r);
    return NULL;
}

void refusals_free(struct refusals *r)
{
    if (!r)
        return;
    for (unsigned why = 0; why < REFUSALS; why++)
        say(r, (enum refusal)why);
    if (r->say)
        event_free(r->say);
    free(r);
}

/* The first of a kind is told at once, those of the following minute together in one line. */
void refusals_add(struct refusals *r, enum refusal why, const struct address *source)
{
    r->n[why]++;
    r->last[why] = source ? *source : (struct address){.family = ADDRESS_NONE};
    if (r->said[why] > 0 && event_pending(r->say, EV_TIMEOUT, NULL))
        return;
    say(r, why);
    if (!event_pending(r->say, EV_TIMEOUT, NULL))
        wait_a_minute(r);
}

uint64_t refusals_count(const struct refusals *r, enum refusal why)
{
    return r->n[why];
}
