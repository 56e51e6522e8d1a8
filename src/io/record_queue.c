#include <stird/io/record_queue.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <stird/base/memory_file.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 4096
#define PACKET_MAX 65536
#define GIVE_BACK  (256 * 1024) /* when it is empty again, more than this is given back */
#define LENGTH     sizeof(uint32_t)

/* Positions only grow; where a packet lies is its position modulo the room. */
struct head {
    _Atomic uint64_t begin, end;
    uint64_t waiting, lost, taken;
};

struct record_queue {
    struct head *head;
    char *room;
    size_t bytes; /* of the room */
};

int record_queue_memory(size_t bytes)
{
    return memory_file_of("stird-records", HEAD_BYTES + bytes);
}

static uint64_t begin_of(const struct record_queue *q)
{
    return atomic_load_explicit(&q->head->begin, memory_order_relaxed);
}

static uint64_t end_of(const struct record_queue *q)
{
    return atomic_load_explicit(&q->head->end, memory_order_acquire);
}

static void make_empty(struct record_queue *q)
{
    q->head->waiting = 0;
    atomic_store(
        &q->head->end,
        0); /* written first, because a beginning behind the end also means an empty queue */
    atomic_store(&q->head->begin, 0);
}

static void copy_out(const struct record_queue *q, uint64_t at, char *to, size_t n)
{
    size_t from = (size_t)(at % q->bytes), first = q->bytes - from < n ? q->bytes - from : n;
    memcpy(to, q->room + from, first);
    memcpy(to + first, q->room, n - first);
}

static void copy_in(struct record_queue *q, uint64_t at, const char *from, size_t n)
{
    size_t to = (size_t)(at % q->bytes), first = q->bytes - to < n ? q->bytes - to : n;
    memcpy(q->room + to, from, first);
    memcpy(q->room, from + first, n - first);
}

/* The length of the packet at position AT; 0 when there is none. */
static size_t length_at(const struct record_queue *q, uint64_t at)
{
    uint32_t n = 0;
    uint64_t left = end_of(q) - at;
    if (left < LENGTH)
        return 0;
    copy_out(q, at, (char *)&n, LENGTH);
    return n > 0 && n <= PACKET_MAX && n <= left - LENGTH ? n : 0;
}

/* Counts what waits. Where something is no packet, it and what is behind it are lost: at least one.
 */
static void look_through(struct record_queue *q)
{
    uint64_t at = begin_of(q), end = end_of(q);
    size_t n;
    if (at > end || end - at > q->bytes) {
        if (at > end && end > 0)
            record_queue_lose(q, 1);
        make_empty(q);
        return;
    }
    q->head->waiting = 0;
    while (at < end && (n = length_at(q, at)) > 0) {
        q->head->waiting++;
        at += LENGTH + n;
    }
    if (at < end) {
        record_queue_lose(q, 1);
        atomic_store(&q->head->end, at);
    }
}

struct record_queue *record_queue_open(int fd)
{
    struct stat st;
    struct record_queue *q = calloc(1, sizeof(*q));
    if (!q || !memory_file_is_kept(fd) || fstat(fd, &st) || st.st_size <= HEAD_BYTES)
        goto fail;
    q->bytes = (size_t)st.st_size - HEAD_BYTES;
    q->head = mmap(NULL, HEAD_BYTES + q->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (q->head == MAP_FAILED)
        goto fail;
    q->room = (char *)q->head + HEAD_BYTES;
    look_through(q);
    return q;
fail:
    free(q);
    return NULL;
}

void record_queue_close(struct record_queue *q)
{
    if (!q)
        return;
    munmap(q->head, HEAD_BYTES + q->bytes);
    free(q);
}

size_t record_queue_filled(const struct record_queue *q)
{
    return (size_t)(end_of(q) - begin_of(q));
}

size_t record_queue_room(const struct record_queue *q)
{
    size_t left = q->bytes - record_queue_filled(q);
    size_t room = left > LENGTH ? left - LENGTH : 0;
    return room < PACKET_MAX ? room : PACKET_MAX;
}

bool record_queue_put(struct record_queue *q, struct str packet)
{
    const uint32_t n = (uint32_t)packet.n;
    uint64_t end = end_of(q);
    if (packet.n == 0 || packet.n > record_queue_room(q))
        return false;
    copy_in(q, end, (const char *)&n, LENGTH);
    copy_in(q, end + LENGTH, packet.p, n);
    atomic_store_explicit(&q->head->end, end + LENGTH + n, memory_order_release);
    q->head->waiting++;
    return true;
}

unsigned record_queue_oldest(const struct record_queue *q, struct buf *packets, size_t limit,
                             unsigned most)
{
    const uint64_t begin = begin_of(q);
    size_t all = 0, length;
    unsigned n = 0;
    while (n < most && (length = length_at(q, begin + all)) > 0 &&
           (n == 0 || all + LENGTH + length <= limit)) {
        all += LENGTH + length;
        n++;
    }
    char *to = n > 0 ? buf_room(packets, all) : NULL;
    if (!to)
        return 0;
    copy_out(q, begin, to, all);
    buf_grew(packets, all);
    return n;
}

/* Once empty, the queue begins at the same place again, so that few pages are in use. They are
   counted before they go: should the process be killed between the two, the next one sends them
   under another number, and they are written twice; the other way round, others would be lost. */
void record_queue_take(struct record_queue *q, unsigned n)
{
    uint64_t at = begin_of(q);
    size_t length;
    unsigned taken = 0;
    for (; taken < n && (length = length_at(q, at)) > 0; taken++)
        at += LENGTH + length;
    q->head->taken += taken;
    q->head->waiting -= taken;
    if (taken == n && at != end_of(q)) {
        atomic_store_explicit(&q->head->begin, at, memory_order_release);
        return;
    }
    make_empty(q);
    if (at > GIVE_BACK)
        madvise(q->room, q->bytes, MADV_REMOVE);
}

uint64_t record_queue_taken(const struct record_queue *q)
{
    return q->head->taken;
}

uint64_t record_queue_waiting(const struct record_queue *q)
{
    return q->head->waiting;
}

uint64_t record_queue_lost(const struct record_queue *q)
{
    return q->head->lost;
}

void record_queue_lose(struct record_queue *q, uint64_t n)
{
    q->head->lost += n;
}

void record_queue_told(struct record_queue *q, uint64_t n)
{
    q->head->lost -= n < q->head->lost ? n : q->head->lost;
}
