/* What the system refuses to the supervisor itself: counted, and one line a minute of each kind. */
#include "loop.h"

#include <stird/base/log.h>
#include <string.h>

#define SAID_EVERY_MS 60000

static const char *const lines[LACKS] = {
    [LACK_POLL] = "the supervisor cannot wait for its children, and asks each in turn: it takes "
                  "descriptors (LimitNOFILE) or memory",
    [LACK_CALLER] = "the control socket cannot take who asks: it takes descriptors (LimitNOFILE, "
                    "fs.file-max) or memory",
    [LACK_MENDING] = "the supervisor cannot look at the sockets of a worker that ended, and will "
                     "before the next one: it takes descriptors (LimitNOFILE) or memory",
    [LACK_TELLING] = "the supervisor cannot tell a child what it has to know, and tries again: it "
                     "takes descriptors (LimitNOFILE) or memory",
};

void supervisor_lacks(struct supervisor *s, enum lack what, int error, int64_t now_ms)
{
    struct lacked *l = &s->lacks[what];
    bool first = l->n++ == 0;
    if (!first && now_ms - l->said_ms < SAID_EVERY_MS)
        return;
    l->said_ms = now_ms;
    log_write(LOG_LEVEL_ERROR, lines[what], LOG_CSTR("error", strerror(error)),
              LOG_NUMBER("failed", (int64_t)l->n));
}

static uint64_t lacked(const struct supervisor *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < LACKS; i++)
        n += s->lacks[i].n;
    return n;
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_supervisor_lacks] = lacked(s);
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    c->supervisor_lacks = lacked(s);
}

const struct part part_lacks = {.name = "lacks", .count = count, .add_counts = add_counts};
