/*
 * Octets of TCP connections, in order, to messages. A capture begins in the middle and loses
 * packets: what cannot be made whole is skipped up to the next start line.
 */
#include "capture.h"

#include <stdlib.h>
#include <stird/base/buf.h>
#include <stird/core/framing.h>
#include <string.h>

#define STREAMS_MAX 256
#define WAITING_MAX 64
#define PENDING_MAX (256 * 1024)

/* A segment that came before its turn. */
struct segment {
    uint32_t sequence;
    struct str bytes; /* owned */
    size_t missing;   /* behind them, as in struct captured */
};

struct stream {
    struct address from, to;
    uint64_t age;
    uint32_t first; /* sequence number with which it began, without a SYN */
    bool no_syn;
    uint32_t next;   /* sequence number of the octet that is missing */
    int64_t time_us; /* of the packet that came last, and its number */
    uint64_t number;
    struct buf pending;
    struct segment waiting[WAITING_MAX];
    unsigned n_waiting;
};

struct streams {
    uint64_t clock;
    struct stream list[STREAMS_MAX];
    unsigned n;
};

struct streams *streams_new(void)
{
    return calloc(1, sizeof(struct streams));
}

static void stream_fini(struct stream *s)
{
    for (unsigned i = 0; i < s->n_waiting; i++)
        free((char *)s->waiting[i].bytes.p);
    buf_fini(&s->pending);
    *s = (struct stream){.age = 0};
}

void streams_free(struct streams *s)
{
    for (unsigned i = 0; s && i < s->n; i++)
        stream_fini(&s->list[i]);
    free(s);
}

static void flush(struct capture *c, struct stream *s);

static struct stream *find(struct capture *c, const struct captured *p, bool *is_new)
{
    struct streams *all = c->streams;
    struct stream *oldest = &all->list[0];
    *is_new = false;
    for (unsigned i = 0; i < all->n; i++) {
        struct stream *s = &all->list[i];
        if (address_equal(&s->from, &p->from) && address_equal(&s->to, &p->to))
            return s;
        if (s->age < oldest->age)
            oldest = s;
    }
    struct stream *s = all->n < STREAMS_MAX ? &all->list[all->n++] : oldest;
    flush(c, s);
    stream_fini(s);
    s->from = p->from;
    s->to = p->to;
    *is_new = true;
    return s;
}

/* Drops what stands before the next line that begins a message; false: there is none. */
static bool resynchronize(struct buf *pending)
{
    struct str all = buf_str(pending);
    for (size_t at = 0; at < all.n;) {
        size_t end = str_find(all, '\n', at);
        struct str line = str_trim(str_slice(all, at, end));
        if (start_line_is_sip(line) || end == all.n) {
            memmove(pending->p, pending->p + at, all.n - at);
            pending->n = all.n - at;
            return end < all.n;
        }
        at = end + 1;
    }
    pending->n = 0;
    return false;
}

static void drop(struct buf *pending, size_t n)
{
    memmove(pending->p, pending->p + n, pending->n - n);
    pending->n -= n;
}

static void visit(struct capture *c, const struct stream *s, struct str text, bool cut,
                  size_t missing)
{
    c->visit(c->user, &(struct trace_message){.text = text,
                                              .time_us = s->time_us,
                                              .from = s->from,
                                              .to = s->to,
                                              .has_addresses = true,
                                              .place = s->number,
                                              .cut = cut,
                                              .octets = missing > 0 ? text.n + missing : 0});
}

static void take_messages(struct capture *c, struct stream *s)
{
    static const struct frame_limits limits = {64 * 1024, 4096};
    while (s->pending.n > 0) {
        struct frame frame = {0};
        size_t resume = 0;
        if (!resynchronize(&s->pending))
            return;
        enum frame_status status = frame_stream(buf_str(&s->pending), &limits, &resume, &frame);
        if (status == FRAME_INCOMPLETE)
            return;
        bool framed = status == FRAME_MESSAGE || status == FRAME_SAME_LENGTHS;
        if (framed)
            visit(c, s, str_slice(buf_str(&s->pending), frame.skip, frame.skip + frame.length),
                  false, 0);
        /* What is no message loses its first line, and the next one is looked for. */
        size_t line = str_find(buf_str(&s->pending), '\n', 0) + 1;
        size_t used = framed                      ? frame.skip + frame.length
                      : status == FRAME_KEEPALIVE ? frame.skip
                                                  : line;
        drop(&s->pending, used > 0 && used <= s->pending.n ? used : s->pending.n);
    }
}

/*
 * What came next is not in the capture. Whole messages are taken, and the beginning of one is shown
 * as such. MISSING is how many octets are known to follow it.
 */
static void cut_here(struct capture *c, struct stream *s, size_t missing)
{
    take_messages(c, s);
    if (s->pending.n > 0 && resynchronize(&s->pending))
        visit(c, s, buf_str(&s->pending), true, missing);
    buf_reset(&s->pending);
}

static void append(struct capture *c, struct stream *s, struct str bytes, size_t missing)
{
    if (s->pending.n + bytes.n > PENDING_MAX)
        buf_reset(&s->pending);
    buf_add_str(&s->pending, bytes);
    s->next += (uint32_t)(bytes.n + missing);
    if (missing > 0)
        cut_here(c, s, missing);
}

/* The part that follows in order, of a segment that begins at or before the gap. */
static bool use(struct capture *c, struct stream *s, const struct segment *one)
{
    int32_t late = (int32_t)(s->next - one->sequence);
    if (late < 0)
        return false;
    if ((size_t)late < one->bytes.n)
        append(c, s, str_slice(one->bytes, (size_t)late, one->bytes.n), one->missing);
    return true;
}

static void use_waiting(struct capture *c, struct stream *s)
{
    for (unsigned i = 0; i < s->n_waiting;) {
        if (!use(c, s, &s->waiting[i])) {
            i++;
            continue;
        }
        free((char *)s->waiting[i].bytes.p);
        s->waiting[i] = s->waiting[--s->n_waiting];
        i = 0;
    }
}

/* The missing packet is not in the capture: go on behind the gap. */
static void jump(struct capture *c, struct stream *s)
{
    uint32_t nearest = s->waiting[0].sequence;
    for (unsigned i = 1; i < s->n_waiting; i++)
        if ((int32_t)(s->waiting[i].sequence - nearest) < 0)
            nearest = s->waiting[i].sequence;
    cut_here(c, s, nearest - s->next);
    s->next = nearest;
    use_waiting(c, s);
    take_messages(c, s);
}

static void keep(struct capture *c, struct stream *s, const struct segment *one)
{
    if (s->n_waiting == WAITING_MAX)
        jump(c, s);
    char *copy = s->n_waiting < WAITING_MAX ? malloc(one->bytes.n) : NULL;
    if (!copy)
        return;
    memcpy(copy, one->bytes.p, one->bytes.n);
    s->waiting[s->n_waiting++] = (struct segment){
        one->sequence, {copy, one->bytes.n}, one->missing};
}

static void begin(struct stream *s, uint32_t sequence, bool syn)
{
    s->first = sequence;
    s->no_syn = !syn;
    while (s->n_waiting > 0)
        free((char *)s->waiting[--s->n_waiting].bytes.p);
    buf_reset(&s->pending);
    s->next = sequence;
}

static void flush(struct capture *c, struct stream *s)
{
    while (s->n_waiting > 0)
        jump(c, s);
    cut_here(c, s, 0);
}

void streams_add(struct capture *c, const struct captured *p, uint32_t sequence, bool syn)
{
    bool is_new;
    struct stream *s = find(c, p, &is_new);
    struct segment one = {sequence + syn, p->bytes, p->missing};
    s->age = ++c->streams->clock;
    s->time_us = p->time_us;
    s->number = p->number;
    if (!is_new && syn)
        flush(c, s);
    if (is_new || syn)
        begin(s, one.sequence, syn);
    if (p->bytes.n == 0)
        return;
    c->tally->before += s->no_syn && (int32_t)(one.sequence - s->first) < 0;
    if (!use(c, s, &one))
        keep(c, s, &one);
    use_waiting(c, s);
    take_messages(c, s);
}

void streams_flush(struct capture *c)
{
    for (unsigned i = 0; i < c->streams->n; i++)
        flush(c, &c->streams->list[i]);
}
