#include "progress.h"

#include <stdio.h>
#include <stird/base/clock.h>
#include <unistd.h>

#define FIRST_MS 1000
#define AGAIN_MS 200
#define STEP     65536 /* of the work: the clock is not asked for each line */

struct progress progress_begin(const char *what, uint64_t total)
{
    return (struct progress){.what = what, .total = total, .said_ms = clock_monotonic_ms()};
}

static void say(struct progress *p, int64_t now_ms)
{
    const uint64_t done = p->done < p->total ? p->done : p->total;
    p->said_ms = now_ms;
    p->shown = true;
    fprintf(stderr, "\r%s: %d %% ", p->what,
            p->total > 0 ? (int)(100.0 * (double)done / (double)p->total) : 0);
    fflush(stderr);
}

void progress_add(struct progress *p, uint64_t n)
{
    p->done += n;
    if (p->done - p->seen < STEP)
        return;
    p->seen = p->done;
    const int64_t now_ms = clock_monotonic_ms();
    if (now_ms - p->said_ms >= (p->shown ? AGAIN_MS : FIRST_MS) && isatty(STDERR_FILENO))
        say(p, now_ms);
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
