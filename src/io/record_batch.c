#include <stird/io/record_batch.h>

#include <string.h>

#define MAGIC  UINT32_C(0x31424353) /* "SCB1" */
#define LENGTH sizeof(uint32_t)

/* Host order: both ends are the same program. The packets follow, each behind its length, as they
   lie in the queue. */
struct head {
    uint32_t magic, n;
    uint64_t first;
};
_Static_assert(sizeof(struct head) == RECORD_BATCH_HEAD, "as the header says");

unsigned record_batch_add(struct buf *out, const struct record_queue *queue, size_t limit)
{
    struct head head = {.magic = MAGIC, .first = record_queue_taken(queue)};
    const size_t before = out->n;
    buf_add(out, &head, sizeof(head));
    head.n = record_queue_oldest(queue, out, limit, RECORD_BATCH_MOST);
    if (head.n == 0 || buf_failed(out)) {
        out->n = before;
        return 0;
    }
    memcpy(out->p + before, &head, sizeof(head));
    return head.n;
}

bool record_batch_read(struct record_batch *batch, struct str octets)
{
    struct head head;
    if (octets.n < sizeof(head))
        return false;
    memcpy(&head, octets.p, sizeof(head));
    *batch = (struct record_batch){head.first, head.n, str_slice(octets, sizeof(head), octets.n)};
    return head.magic == MAGIC && head.n > 0 && head.n <= RECORD_BATCH_MOST;
}

bool record_batch_next(struct record_batch *batch, struct str *packet)
{
    struct str *rest = &batch->packets;
    uint32_t n;
    if (rest->n < LENGTH)
        return false;
    memcpy(&n, rest->p, LENGTH);
    if (n > rest->n - LENGTH)
        return false;
    *packet = str_slice(*rest, LENGTH, LENGTH + n);
    *rest = str_slice(*rest, LENGTH + n, rest->n);
    return true;
}
