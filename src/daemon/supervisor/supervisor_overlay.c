/*
 * Urgent changes to the number table (overlay.h). The journal is the truth; what of it is in force
 * is compiled to a small table, which each worker consults beside the large one. Who asked for a
 * change hears that it is in force when every worker has said so.
 */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/io/numbers_files.h>
#include <string.h>
#include <unistd.h>

int supervisor_send_overlay(struct supervisor *s, unsigned w)
{
    const struct control_message message = {.type = CONTROL_OVERLAY,
                                            .overlay = {s->overlay_generation}};
    bool any = s->overlay_fd >= 0;
    s->overlay_in_use[w] = 0;
    if (s->workers[w].pid == 0)
        return 0;
    supervisor_owes_overlay(s, w, clock_monotonic_ms());
    int r = child_send(&s->workers[w], &message, any ? &s->overlay_fd : NULL, any);
    if (r)
        child_kill(&s->workers[w], SIGKILL); /* the one after it begins with them */
    return r;
}

void supervisor_overlay_use(struct supervisor *s, int fd)
{
    if (s->overlay_fd >= 0)
        close(s->overlay_fd);
    s->overlay_fd = fd;
    s->overlay_generation++;
    for (unsigned w = 0; w < s->n_workers; w++)
        supervisor_send_overlay(s, w);
}

bool supervisor_overlay_in_use(const struct supervisor *s, uint64_t generation)
{
    for (unsigned w = 0; w < s->n_workers; w++)
        if (s->workers[w].pid > 0 && s->overlay_in_use[w] < generation)
            return false;
    return true;
}

void supervisor_overlay_taken(struct supervisor *s, unsigned w, uint64_t generation)
{
    s->overlay_in_use[w] = generation;
    supervisor_numbers_in_force(s);
}

void supervisor_overlay_tidy(struct supervisor *s)
{
    struct problems problems = PROBLEMS_INIT;
    uint32_t before = overlay_lines(s->overlay);
    int fd, r = overlay_compact(s->overlay);
    if (r)
        log_warning("the journal of urgent changes is not written anew",
                    LOG_CSTR("error", strerror(-r)));
    if (overlay_lines(s->overlay) == before)
        return;
    /* Its lines have other numbers now; what they say is the same. */
    if (numbers_overlay_compile(s->overlay, &fd, &problems)) {
        supervisor_overlay_use(s, fd);
    } else {
        s->urgent_changes_lost++;
        log_error("urgent changes are told with the lines of a journal that was written anew");
    }
    problems_fini(&problems);
}

bool supervisor_open_overlay(struct supervisor *s, struct problems *problems)
{
    int fd;
    s->overlay = overlay_read(s->current.settings->state_directory, problems);
    /* Without them a number that was blocked would have its old level. */
    if (!s->overlay || !numbers_overlay_compile(s->overlay, &fd, problems))
        return false;
    supervisor_overlay_use(s, fd);
    return true;
}
