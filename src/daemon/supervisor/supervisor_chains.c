/*
 * The chains of our own certificates, kept when they come into force (kept_chains.h): units come
 * and go, and a call may have to be explained when its unit is long gone. One a turn of the loop,
 * as each waits for the disk.
 */
#include "loop.h"

#include <errno.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/io/kept_chains.h>
#include <string.h>

#define RETRY_MS 60000

struct chains {
    unsigned next;    /* index of the unit to be looked at; as many as there are: none */
    int64_t retry_ms; /* it could not be written; 0: it could */
    int error;        /* the last that was said */
};

static struct chains *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_chains);
}

/* Another configuration may have another state directory, and others may lie there. */
static void begin(struct supervisor *s, const struct news *news)
{
    (void)news;
    *own(s) = (struct chains){.error = own(s)->error};
}

static bool is_due(const struct supervisor *s, int64_t now_ms)
{
    return s->ready && !s->stopping && own(s)->next < s->current.settings->n_certificates &&
           now_ms >= own(s)->retry_ms;
}

static const char *what_to_do(int r)
{
    return r == -EDQUOT ? "there are too many: move old ones elsewhere" : strerror(-r);
}

/* Said once, and again when it is for something else: no call depends on it. */
static void say_fault(struct supervisor *s, const struct certificate *c, int r)
{
    if (r == own(s)->error)
        return;
    own(s)->error = r;
    log_warning("the chain of a certificate cannot be kept: stirctl traceback will not have it",
                LOG_TEXT("id", c->id), LOG_TEXT("serial", c->serial),
                LOG_TEXT("directory", s->current.settings->state_directory),
                LOG_CSTR("error", what_to_do(r)));
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    if (!is_due(s, now_ms))
        return;
    const struct settings *settings = s->current.settings;
    const struct certificate *c = &settings->certificates[own(s)->next];
    const int r = kept_chain_write(settings->state_directory, c, clock_real_s());
    own(s)->retry_ms = r < 0 && r != -EBADMSG ? now_ms + RETRY_MS : 0;
    if (r < 0)
        say_fault(s, c, r);
    else
        own(s)->error = 0;
    own(s)->next += own(s)->retry_ms == 0;
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    (void)now_ms;
    if (!s->ready || s->stopping || own(s)->next >= s->current.settings->n_certificates)
        return INT64_MAX;
    return own(s)->retry_ms;
}

const struct part part_chains = {.name = "chains",
                                 .bytes = sizeof(struct chains),
                                 .tick = tick,
                                 .deadline = deadline,
                                 .on = {[EVENT_READY] = begin, [EVENT_IN_FORCE] = begin}};
