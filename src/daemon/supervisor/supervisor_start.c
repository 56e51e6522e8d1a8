/* The steps before the first child: each part opens what it needs. */
#include "loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <string.h>
#include <unistd.h>

void supervisor_free(struct supervisor *s)
{
    if (s)
        supervisor_unmake(s);
}

static bool open_parts(struct supervisor *s, struct problems *problems)
{
    for (unsigned i = 0; s->parts[i]; i++)
        if (s->parts[i]->open && !s->parts[i]->open(s, problems))
            return false;
    int r = supervisor_take_signals(s);
    if (r == 0)
        return true;
    problems_add(problems, s->path, 0, "no signals: %s", strerror(-r));
    problems_may_pass(problems, -r);
    return false;
}

struct supervisor *supervisor_new(struct str configuration_path, int *status)
{
    struct problems problems = PROBLEMS_INIT;
    struct supervisor *s = supervisor_make(roles, ROLES, supervisor_parts);
    if (s)
        s->path = configuration_path;
    else
        problems.out_of_memory = true;
    if (!s || !open_parts(s, &problems)) {
        *status = problems_stay(&problems) ? SUPERVISOR_MISCONFIGURED : EXIT_FAILURE;
        struct buf text = BUF_INIT;
        problems_print(&problems, &text);
        log_may_wait(STDERR_FILENO);
        fwrite(text.p, 1, text.n, stderr);
        buf_fini(&text);
        supervisor_free(s);
        s = NULL;
    }
    problems_fini(&problems);
    return s;
}
