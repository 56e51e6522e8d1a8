/*
 * The memory in which workers note the tokens that they saw (replays.h): a section of each place
 * for a worker, which the next worker at that place goes on with.
 */
#include "loop.h"
#include "worker_places.h"

#include <stird/core/replays.h>
#include <stird/io/sections.h>
#include <unistd.h>

struct replayed {
    int fd; /* -1: not yet */
};

static struct replayed *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_replays);
}

static void init(struct supervisor *s)
{
    own(s)->fd = -1;
}

static bool open_memory(struct supervisor *s, struct problems *problems)
{
    own(s)->fd = sections_memory("stird-replays", REPLAYS_SECTION_BYTES, worker_count(s));
    if (own(s)->fd < 0)
        problems->out_of_memory = true;
    return own(s)->fd >= 0;
}

static void fini(struct supervisor *s)
{
    if (own(s)->fd >= 0)
        close(own(s)->fd);
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    if (c->role->id != ROLE_WORKER)
        return 0;
    kit_keep(kit, own(s)->fd);
    kit->worker->replays_fd = own(s)->fd;
    return 0;
}

const struct part part_replays = {
    .name = "replays",
    .bytes = sizeof(struct replayed),
    .init = init,
    .open = open_memory,
    .fini = fini,
    .equip = equip,
};
