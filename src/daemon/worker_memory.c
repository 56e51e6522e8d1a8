#include "worker_memory.h"

#include "roles.h"

#include <stird/io/counter_page.h>
#include <stird/io/rates_page.h>
#include <unistd.h>

bool worker_memory_map(struct worker_memory *m, const struct worker_options *o)
{
    m->counters = counter_page_map(o->counters_fd, true);
    const bool rates = rates_page_map(&m->rates, o->rates_fd, o->rates_shape, o->worker);
    const bool seen = sections_map(&m->seen, o->replays_fd, REPLAYS_SECTION_BYTES, o->n_workers,
                                   o->worker);
    m->replays = (struct replays){(void *)m->seen.all, (void *)m->seen.own, o->n_workers};
    close(o->counters_fd);
    close(o->rates_fd);
    close(o->replays_fd);
    return m->counters && rates && seen;
}

void worker_memory_unmap(struct worker_memory *m)
{
    counter_page_unmap(m->counters);
    rates_page_unmap(&m->rates);
    sections_unmap(&m->seen);
    *m = (struct worker_memory){.counters = NULL};
}
