#include <stird/io/counter_page.h>

#include <stird/base/memory_file.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* NULL: it has another length, could be cut short, or there is no memory. */
static void *map(int fd, size_t bytes, bool writes)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || (size_t)st.st_size != bytes || !memory_file_is_kept(fd))
        return NULL;
    void *p = mmap(NULL, bytes, writes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

int counter_page_memory(void)
{
    return memory_file_of("stird-counters", sizeof(struct proxy_counters));
}

struct proxy_counters *counter_page_map(int fd, bool writes)
{
    return map(fd, sizeof(struct proxy_counters), writes);
}

void counter_page_unmap(struct proxy_counters *counters)
{
    if (counters)
        munmap(counters, sizeof(*counters));
}

/* One of each more, so that no length is 0. */
static size_t offset_of_upstreams(unsigned n_trunks)
{
    return (n_trunks + (size_t)1) * sizeof(struct trunk_counters);
}

static size_t part_bytes(unsigned n_trunks, unsigned n_upstreams)
{
    return offset_of_upstreams(n_trunks) +
           (n_upstreams + (size_t)1) * sizeof(struct upstream_counters);
}

int part_counters_memory(unsigned n_trunks, unsigned n_upstreams)
{
    return memory_file_of("stird-parts", part_bytes(n_trunks, n_upstreams));
}

bool part_counters_map(struct part_counters *p, int fd, unsigned n_trunks, unsigned n_upstreams,
                       bool writes)
{
    size_t bytes = part_bytes(n_trunks, n_upstreams);
    char *memory = map(fd, bytes, writes);
    *p = (struct part_counters){0};
    if (!memory)
        return false;
    p->trunks = (void *)memory;
    p->upstreams = (void *)(memory + offset_of_upstreams(n_trunks));
    p->bytes = bytes;
    return true;
}

void part_counters_unmap(struct part_counters *p)
{
    if (p->trunks)
        munmap(p->trunks, p->bytes);
    *p = (struct part_counters){0};
}
