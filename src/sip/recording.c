#include "recording.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/io/ledger.h>
#include <stird/io/record.h>
#include <stird/io/record_batch.h>
#include <stird/io/record_queue.h>
#include <string.h>

#define TICK_MS      1000 /* losses are told so long after they began, and when they end */
#define SAY_EVERY_MS 60000
#define GATHER_MS    100   /* a record waits for others so long, ... */
#define GATHER_BYTES 32768 /* ... or until they have so many octets */
#define BATCHES      4     /* before others on the loop have their turn */
#define END_WAIT_MS  500   /* for a recorder that is slow */
#define ROOM_TO_TELL 64    /* more than a packet that tells losses */

struct recording {
    int fd;
    struct record_queue *queue;
    struct event *writable, *tick, *gathered;
    bool held_up; /* the recorder takes none now: `writable` tells when it does */
    struct buf batch, losses;
    uint64_t dropped, said, seen; /* the last by the tick before */
    int64_t next_say_ms;
    int64_t sent_ms; /* when the last batch left */
};

static void say_losses(struct recording *r)
{
    int64_t now_ms = clock_monotonic_ms();
    if (r->dropped == r->said || now_ms < r->next_say_ms)
        return;
    log_error("records are dropped: the recorder takes none, and no more can wait",
              LOG_NUMBER("dropped", (int64_t)(r->dropped - r->said)),
              LOG_NUMBER("dropped_since_start", (int64_t)r->dropped),
              LOG_NUMBER("waiting", (int64_t)record_queue_waiting(r->queue)));
    r->said = r->dropped;
    r->next_say_ms = now_ms + SAY_EVERY_MS;
}

static void wait_for_tick(struct recording *r)
{
    const struct timeval second = {.tv_sec = TICK_MS / 1000};
    if (!event_pending(r->tick, EV_TIMEOUT, NULL))
        event_add(r->tick, &second);
}

void recording_drop(struct recording *r)
{
    if (!r)
        return;
    record_queue_lose(r->queue, 1);
    r->dropped++;
    wait_for_tick(r);
}

/* False: the record can never be sent (it is too long, say) and is dropped. */
static bool goes_later(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM;
}

static uint32_t lost_now(const struct recording *r)
{
    uint64_t lost = record_queue_lost(r->queue);
    return lost < UINT32_MAX ? (uint32_t)lost : UINT32_MAX;
}

/* Puts losses at their place among those that wait, while LEFT octets stay free. */
static bool put_losses(struct recording *r, size_t left)
{
    uint32_t lost = lost_now(r);
    if (lost == 0)
        return true;
    if (record_queue_room(r->queue) < left + ROOM_TO_TELL)
        return false;
    buf_reset(&r->losses);
    record_pack_lost(&r->losses, lost);
    record_queue_put(r->queue, buf_str(&r->losses));
    record_queue_told(r->queue, lost);
    return true;
}

/* False: the recorder takes no more for now. Where several at once can never be sent, one can be;
   and when it cannot either, it is dropped. */
static bool send_batch(struct recording *r, size_t limit)
{
    buf_reset(&r->batch);
    const unsigned n = record_batch_add(&r->batch, r->queue, limit);
    if (n == 0)
        return false;
    if (!ledger_send(r->fd, buf_str(&r->batch))) {
        if (goes_later())
            return false;
        if (n > 1)
            return send_batch(r, 0);
        recording_drop(r);
    }
    record_queue_take(r->queue, n);
    r->sent_ms = clock_monotonic_ms();
    return true;
}

/* Losses are told behind all that waited. True when nothing waits any more. */
static bool send_some(struct recording *r)
{
    for (unsigned i = 0; i < BATCHES; i++) {
        if (record_queue_waiting(r->queue) == 0 && lost_now(r) == 0)
            return true;
        if (record_queue_waiting(r->queue) == 0)
            put_losses(r, 0);
        if (!send_batch(r, GATHER_BYTES))
            return false;
    }
    return record_queue_waiting(r->queue) == 0 && lost_now(r) == 0;
}

static void hand_over(struct recording *r)
{
    r->held_up = !send_some(r);
    if (r->held_up)
        event_add(r->writable, NULL);
    else
        event_del(r->writable);
    event_del(r->gathered);
}

static void on_writable(evutil_socket_t fd, short what, void *user)
{
    (void)fd, (void)what;
    hand_over(user);
}

static void on_gathered(evutil_socket_t fd, short what, void *user)
{
    struct recording *r = user;
    (void)fd, (void)what;
    if (!r->held_up)
        hand_over(r);
}

/* Puts PACKET, and before it the losses that came before it. */
static bool put(struct recording *r, struct str packet)
{
    return put_losses(r, packet.n) && record_queue_put(r->queue, packet);
}

/* Losses are told without another call. The log says them after the first second, once a minute
   while they go on, and when no more come. */
static void on_tick(evutil_socket_t fd, short what, void *user)
{
    struct recording *r = user;
    (void)fd, (void)what;
    bool over = r->dropped == r->seen;
    r->seen = r->dropped;
    if (over)
        r->next_say_ms = 0;
    say_losses(r);
    if (!r->held_up)
        hand_over(r);
    bool told = !r->held_up || put_losses(r, 0);
    if (!over || !told)
        wait_for_tick(r);
    else
        r->next_say_ms = 0;
}

/* A record that comes alone goes at once; else it waits for others. */
static void gather(struct recording *r)
{
    const int64_t since_ms = clock_monotonic_ms() - r->sent_ms;
    const size_t filled = record_queue_filled(r->queue);
    if (filled >= GATHER_BYTES || since_ms >= GATHER_MS) {
        hand_over(r);
        return;
    }
    const struct timeval left = {.tv_usec = (suseconds_t)(GATHER_MS - since_ms) * 1000};
    if (filled > 0 && !event_pending(r->gathered, EV_TIMEOUT, NULL))
        event_add(r->gathered, &left);
}

void recording_send(struct recording *r, struct str packet)
{
    if (!r)
        return;
    bool waits = put(r, packet);
    if (!waits && !r->held_up) { /* what gathers here goes, and makes room */
        hand_over(r);
        waits = put(r, packet);
    }
    if (!waits)
        recording_drop(r);
    if (!r->held_up)
        gather(r);
}

uint64_t recording_dropped(const struct recording *r)
{
    return r ? r->dropped : 0;
}

uint64_t recording_waiting(const struct recording *r)
{
    return r && r->held_up ? record_queue_waiting(r->queue) : 0;
}

struct recording *recording_new(struct event_base *base, int fd, int queue_fd)
{
    struct recording *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->fd = fd;
    r->queue = record_queue_open(queue_fd);
    r->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, r);
    r->tick = evtimer_new(base, on_tick, r);
    r->gathered = evtimer_new(base, on_gathered, r);
    r->held_up = true; /* until it is known what the worker before left */
    /* Their room is there before it is needed, or what waits could not be sent. */
    if (r->queue && r->writable && r->tick && r->gathered &&
        buf_room(&r->batch, RECORD_BATCH_MAX) && buf_room(&r->losses, ROOM_TO_TELL) &&
        event_add(r->writable, NULL) == 0) {
        if (record_queue_lost(r->queue) > 0) /* the worker before did not come to it */
            wait_for_tick(r);
        return r;
    }
    recording_free(r);
    return NULL;
}

/* A recorder that does not take them within this time will not take them at all. */
static void send_the_rest(struct recording *r)
{
    int64_t until_ms = clock_monotonic_ms() + END_WAIT_MS, left_ms;
    struct pollfd p = {.fd = r->fd, .events = POLLOUT};
    while (!send_some(r) && (left_ms = until_ms - clock_monotonic_ms()) > 0)
        poll(&p, 1, (int)left_ms);
    if (record_queue_waiting(r->queue) > 0)
        log_error("the worker ends while records wait: the recorder takes none",
                  LOG_NUMBER("waiting", (int64_t)record_queue_waiting(r->queue)));
}

void recording_free(struct recording *r)
{
    if (!r)
        return;
    if (r->queue && r->writable && r->tick && r->gathered) {
        send_the_rest(r);
        r->next_say_ms = 0;
        say_losses(r);
    }
    if (r->writable)
        event_free(r->writable);
    if (r->tick)
        event_free(r->tick);
    if (r->gathered)
        event_free(r->gathered);
    record_queue_close(r->queue);
    buf_fini(&r->batch);
    buf_fini(&r->losses);
    free(r);
}
