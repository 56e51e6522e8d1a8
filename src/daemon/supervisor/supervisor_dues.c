/* What children have to hear: said at once, or again and again for as long as it cannot be sent. */
#include "loop.h"

#include <errno.h>
#include <stird/base/clock.h>

static void forget(struct child *c, const struct due *due)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->n_owed; i++)
        if (c->owed[i] != due)
            c->owed[n++] = c->owed[i];
    c->n_owed = n;
}

/* A child that cannot be reached is ending, or child_send() has killed it: its successor begins
   with how things are then. */
static void tell(struct supervisor *s, struct child *c, const struct due *due)
{
    int r = c->control_fd >= 0 ? due->tell(s, c) : 0;
    forget(c, due);
    if (r == 0 || r == -EPIPE || r == -EAGAIN)
        return;
    supervisor_lacks(s, LACK_TELLING, -r, clock_monotonic_ms());
    assert(c->n_owed < CHILD_OWED_MAX);
    c->owed[c->n_owed++] = due;
}

void supervisor_owe(struct supervisor *s, struct child *c, const struct due *due)
{
    tell(s, c, due);
}

/* In the order in which they came to be owed. */
static void tell_all(struct supervisor *s, struct child *c, void *user)
{
    const struct due *owed[CHILD_OWED_MAX];
    const unsigned n = c->n_owed;
    (void)user;
    for (unsigned i = 0; i < n; i++)
        owed[i] = c->owed[i];
    for (unsigned i = 0; i < n; i++)
        tell(s, c, owed[i]);
}

void supervisor_tell_owed(struct supervisor *s)
{
    supervisor_each_child(s, tell_all, NULL);
}
