#include <stird/io/fetcher_client.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stird/base/container_of.h>
#include <stird/base/deadlines.h>
#include <stird/base/packet.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOTS       4096u
#define SLOT_BITS   12
#define PACKETS_MAX 16 /* read at once, so that a busy fetcher cannot hold the event loop */

enum slot_state { SLOT_FREE, SLOT_QUEUED, SLOT_SENT };

struct slot {
    uint64_t ticket; /* serial number << SLOT_BITS | index; never 0 */
    struct deadline deadline;
    fetcher_answered *done;
    void *user;
    enum slot_state state;
    struct slot *before, *next; /* in the queue; `next` also in the list of free slots */
    size_t bytes;
    char packet[FETCH_QUESTION_BYTES_MAX];
};

struct fetcher_client {
    int fd;
    bool gone;
    unsigned running; /* functions of ours that callbacks return into */
    uint64_t serial;
    unsigned used; /* slots from here on were never taken: their memory is not touched either */
    struct slot *first_free, *first_queued, *last_queued;
    struct deadlines deadlines; /* of all that wait */
    _Alignas(8) char packet[FETCH_ANSWER_BYTES_MAX];
    struct slot slots[SLOTS];
};

struct fetcher_client *fetcher_client_new(int fd)
{
    struct fetcher_client *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->fd = fd;
    c->gone = fd < 0;
    return c;
}

int fetcher_client_fd(const struct fetcher_client *c)
{
    return c->fd;
}

bool fetcher_client_is_there(const struct fetcher_client *c)
{
    return !c->gone;
}

unsigned fetcher_client_waiting(const struct fetcher_client *c)
{
    return (unsigned)c->deadlines.n;
}

/* ---- slots ---- */

/* NULL when all are taken. */
static struct slot *slot_take(struct fetcher_client *c, int64_t until_ms)
{
    struct slot *s = c->first_free;
    if (!s && c->used == SLOTS)
        return NULL;
    if (!s)
        s = &c->slots[c->used];
    s->deadline.at_ms = until_ms;
    if (!deadlines_add(&c->deadlines, &s->deadline))
        return NULL;
    if (s == c->first_free)
        c->first_free = s->next;
    else
        c->used++;
    return s;
}

static void queue_remove(struct fetcher_client *c, struct slot *s)
{
    if (s->before)
        s->before->next = s->next;
    else
        c->first_queued = s->next;
    if (s->next)
        s->next->before = s->before;
    else
        c->last_queued = s->before;
}

static void queue_append(struct fetcher_client *c, struct slot *s)
{
    s->state = SLOT_QUEUED;
    s->before = c->last_queued;
    s->next = NULL;
    if (c->last_queued)
        c->last_queued->next = s;
    else
        c->first_queued = s;
    c->last_queued = s;
}

static void slot_release(struct fetcher_client *c, struct slot *s)
{
    if (s->state == SLOT_QUEUED)
        queue_remove(c, s);
    deadlines_remove(&c->deadlines, &s->deadline);
    s->state = SLOT_FREE;
    s->next = c->first_free;
    c->first_free = s;
}

/* NULL when nobody waits for the ticket any more. */
static struct slot *slot_of(struct fetcher_client *c, uint64_t ticket)
{
    struct slot *s = &c->slots[ticket & (SLOTS - 1)];
    return s->state != SLOT_FREE && s->ticket == ticket ? s : NULL;
}

/* The slot is free before the callback runs: it may submit and cancel as it likes. */
static void finish(struct fetcher_client *c, struct slot *s, const struct fetch_answer *answer)
{
    fetcher_answered *done = s->done;
    void *user = s->user;
    slot_release(c, s);
    c->running++;
    done(user, answer);
    c->running--;
}

static void finish_without(struct fetcher_client *c, struct slot *s, enum fetch_outcome outcome)
{
    const struct fetch_answer answer = {.outcome = outcome, .ticket = s->ticket};
    finish(c, s, &answer);
}

static void fail_all(struct fetcher_client *c)
{
    struct deadline *first;
    c->gone = true;
    while ((first = deadlines_first(&c->deadlines)))
        finish_without(c, container_of(first, struct slot, deadline), FETCH_UNAVAILABLE);
}

void fetcher_client_attach(struct fetcher_client *c, int fd)
{
    assert(c->running == 0);
    fail_all(c);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = fd;
    c->gone = fd < 0;
}

void fetcher_client_free(struct fetcher_client *c)
{
    if (!c)
        return;
    fetcher_client_attach(c, -1);
    deadlines_fini(&c->deadlines);
    free(c);
}

/* ---- asking ---- */

enum fetch_outcome fetcher_client_submit(struct fetcher_client *c,
                                         const struct fetch_question *question, int64_t now_ms,
                                         fetcher_answered *done, void *user, uint64_t *ticket)
{
    struct fetch_question q = *question;
    if (c->gone)
        return FETCH_UNAVAILABLE;
    if (q.url.n == 0 || q.url.n > X5U_MAX_BYTES)
        return FETCH_BAD_URL;
    if (q.wait_ms > FETCH_WAIT_MAX_MS)
        q.wait_ms = FETCH_WAIT_MAX_MS;
    struct slot *s = slot_take(c, now_ms + q.wait_ms + FETCHER_GRACE_MS);
    if (!s)
        return FETCH_OVERLOADED;
    s->ticket = q.ticket = ++c->serial << SLOT_BITS | (uint64_t)(s - c->slots);
    s->done = done;
    s->user = user;
    s->bytes = fetch_question_write(&q, s->packet);
    assert(s->bytes > 0);
    queue_append(c, s);
    *ticket = s->ticket;
    return FETCH_PENDING;
}

void fetcher_client_cancel(struct fetcher_client *c, uint64_t ticket)
{
    struct slot *s = slot_of(c, ticket);
    if (s)
        slot_release(c, s);
}

static bool is_full(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

/* 0, or what errno says. */
static int send_packet(struct fetcher_client *c, const char *packet, size_t n)
{
    ssize_t sent;
    do
        sent = send(c->fd, packet, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

/* False when the fetcher is gone. */
static bool send_queued(struct fetcher_client *c)
{
    struct slot *s;
    while ((s = c->first_queued)) {
        int error = send_packet(c, s->packet, s->bytes);
        if (error)
            return is_full(error); /* goes with the next flush or the next answer */
        queue_remove(c, s);
        s->state = SLOT_SENT;
    }
    return true;
}

void fetcher_client_flush(struct fetcher_client *c)
{
    if (!c->gone && !send_queued(c))
        fail_all(c);
}

void fetcher_client_note(struct fetcher_client *c, const struct fetch_question *note)
{
    char packet[FETCH_QUESTION_BYTES_MAX];
    const size_t n = note->url.n <= X5U_MAX_BYTES ? fetch_question_write(note, packet) : 0;
    if (n > 0 && !c->gone)
        (void)send_packet(c, packet, n);
}

/* ---- answers ---- */

/* False when it is nonsense: nothing that such a fetcher says is believed. */
static bool take_packet(struct fetcher_client *c, size_t bytes)
{
    struct fetch_answer answer;
    if (bytes > sizeof(c->packet) || !fetch_answer_read((struct str){c->packet, bytes}, &answer))
        return false;
    struct slot *s = slot_of(c, answer.ticket);
    if (s && s->state == SLOT_SENT)
        finish(c, s, &answer);
    return true;
}

/* False when the fetcher is gone. */
static bool read_packets(struct fetcher_client *c)
{
    for (unsigned i = 0; i < PACKETS_MAX; i++) {
        ssize_t got = recv(c->fd, c->packet, sizeof(c->packet), MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return is_full(errno);
        if (got == 0 && !packet_is_end(c->fd))
            continue;
        if (got == 0 || !take_packet(c, (size_t)got))
            return false;
    }
    return true;
}

bool fetcher_client_readable(struct fetcher_client *c)
{
    if (!c->gone && !read_packets(c))
        fail_all(c);
    fetcher_client_flush(c);
    return !c->gone;
}

int64_t fetcher_client_expire(struct fetcher_client *c, int64_t now_ms)
{
    struct deadline *first;
    while ((first = deadlines_over(&c->deadlines, now_ms)))
        finish_without(c, container_of(first, struct slot, deadline), FETCH_PENDING);
    first = deadlines_first(&c->deadlines);
    return first ? first->at_ms : INT64_MAX;
}
