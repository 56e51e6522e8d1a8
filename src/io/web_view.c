#include <stird/io/web_view.h>

#include <errno.h>
#include <stird/base/memory_file.h>
#include <stird/base/write_all.h>
#include <stird/core/counters.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* In this order; numbers come first, so that they are aligned. */
enum segment {
    ALL,
    SERVICE,
    TRUNKS,
    UPSTREAMS,
    TRUNK_NAMES,
    UPSTREAM_NAMES,
    STATUS,
    TRUST,
    HOPS,
    PROVIDER,
    SEGMENTS
};

struct head {
    uint64_t bytes[SEGMENTS];
    uint32_t n[2], left_out[2]; /* trunks, upstreams */
    uint8_t lacks[WEB_LACKS];
    char state[24];
    uint8_t zero[4];
};

_Static_assert(sizeof(struct head) % sizeof(uint64_t) == 0, "numbers follow");

static size_t numbers_bytes(const struct counter_table *table, unsigned n)
{
    return sizeof(uint64_t) * table->n * n;
}

static struct str octets(const void *p, size_t n)
{
    return (struct str){p, n};
}

static int write_segments(int fd, const struct web_view *v)
{
    const struct str segments[SEGMENTS] = {
        [ALL] = octets(v->all, numbers_bytes(&counters_of_all, 1)),
        [SERVICE] = octets(v->service, numbers_bytes(&counters_of_service, 1)),
        [TRUNKS] = octets(v->trunks.numbers, numbers_bytes(&counters_of_trunk, v->trunks.n)),
        [UPSTREAMS] = octets(v->upstreams.numbers,
                             numbers_bytes(&counters_of_upstream, v->upstreams.n)),
        [TRUNK_NAMES] = v->trunks.names,
        [UPSTREAM_NAMES] = v->upstreams.names,
        [STATUS] = v->status,
        [TRUST] = v->trust,
        [HOPS] = v->hops,
        [PROVIDER] = v->provider,
    };
    struct head head = {.n = {v->trunks.n, v->upstreams.n},
                        .left_out = {v->trunks.left_out, v->upstreams.left_out}};
    for (unsigned i = 0; i < SEGMENTS; i++)
        head.bytes[i] = segments[i].n;
    for (unsigned i = 0; i < WEB_LACKS; i++)
        head.lacks[i] = v->lacks[i];
    memcpy(head.state, v->state, sizeof(head.state));
    int r = write_all(fd, octets(&head, sizeof(head)));
    for (unsigned i = 0; i < SEGMENTS && r == 0; i++)
        r = write_all(fd, segments[i]);
    return r;
}

int web_view_write(const struct web_view *v)
{
    const int fd = memory_file_new("stird-web-view");
    if (fd < 0)
        return fd;
    return memory_file_done(fd, write_segments(fd, v));
}

/* ---- reading ---- */

/* False: it says more, or less, than is there. */
static bool cut(const struct web_view *v, const struct head *head, struct str segments[SEGMENTS])
{
    struct str rest = octets((const char *)v->mapped + sizeof(*head),
                             v->mapped_bytes - sizeof(*head));
    for (unsigned i = 0; i < SEGMENTS; i++) {
        if (head->bytes[i] > rest.n)
            return false;
        segments[i] = str_slice(rest, 0, head->bytes[i]);
        rest = str_slice(rest, head->bytes[i], rest.n);
    }
    return rest.n == 0 && head->n[0] <= WEB_VIEW_PARTS_MAX && head->n[1] <= WEB_VIEW_PARTS_MAX &&
           segments[ALL].n == numbers_bytes(&counters_of_all, 1) &&
           segments[SERVICE].n == numbers_bytes(&counters_of_service, 1) &&
           segments[TRUNKS].n == numbers_bytes(&counters_of_trunk, head->n[0]) &&
           segments[UPSTREAMS].n == numbers_bytes(&counters_of_upstream, head->n[1]);
}

static const uint64_t *numbers(struct str s)
{
    return (const uint64_t *)(const void *)s.p;
}

static bool take(struct web_view *v)
{
    struct head head;
    struct str segments[SEGMENTS];
    if (v->mapped_bytes < sizeof(head))
        return false;
    memcpy(&head, v->mapped, sizeof(head));
    if (!cut(v, &head, segments))
        return false;
    for (unsigned i = 0; i < WEB_LACKS; i++)
        v->lacks[i] = head.lacks[i] != 0;
    memcpy(v->state, head.state, sizeof(v->state));
    v->state[sizeof(v->state) - 1] = '\0';
    v->all = numbers(segments[ALL]);
    v->service = numbers(segments[SERVICE]);
    v->trunks = (struct web_view_parts){segments[TRUNK_NAMES], numbers(segments[TRUNKS]), head.n[0],
                                        head.left_out[0]};
    v->upstreams = (struct web_view_parts){segments[UPSTREAM_NAMES], numbers(segments[UPSTREAMS]),
                                           head.n[1], head.left_out[1]};
    v->status = segments[STATUS];
    v->trust = segments[TRUST];
    v->hops = segments[HOPS];
    v->provider = segments[PROVIDER];
    return true;
}

int web_view_read(struct web_view *v, int fd)
{
    struct stat st;
    *v = (struct web_view){.mapped = NULL};
    if (!memory_file_is_sealed(fd) || fstat(fd, &st) != 0 || st.st_size <= 0)
        return -EBADMSG;
    void *mapped = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED)
        return -errno;
    v->mapped = mapped;
    v->mapped_bytes = (size_t)st.st_size;
    if (take(v))
        return 0;
    web_view_close(v);
    return -EBADMSG;
}

void web_view_close(struct web_view *v)
{
    if (v->mapped)
        munmap(v->mapped, v->mapped_bytes);
    *v = (struct web_view){.mapped = NULL};
}
