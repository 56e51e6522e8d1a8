#include <stird/io/fetcher_client.h>

#include "asked_slots.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stird/base/container_of.h>
#include <stird/base/deadlines.h>
#include <stird/base/packet.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADS       1024
#define PACKETS_MAX 16 /* read at once, so that a busy fetcher cannot hold the event loop */

struct slot {
    struct asked_slot asked;
    struct deadline deadline;
    fetcher_answered *done;
    void *user;
    struct slot *next, **at; /* in the list of those whose hosts have the same head */
    struct str host;         /* in the packet */
    uint32_t trunk;
    size_t bytes;
    char packet[FETCH_QUESTION_BYTES_MAX];
};

struct fetcher_client {
    int fd;
    bool gone;
    unsigned running; /* functions of ours that callbacks return into */
    struct asked_slots slots;
    struct deadlines deadlines; /* of all that wait */
    struct slot *heads[HEADS];
    _Alignas(8) char packet[FETCH_ANSWER_BYTES_MAX];
};

static struct slot *slot_of(struct asked_slot *asked)
{
    return (struct slot *)(void *)asked;
}

struct fetcher_client *fetcher_client_new(int fd)
{
    struct fetcher_client *c = calloc(1, sizeof(*c));
    if (!c || !asked_slots_init(&c->slots, FETCHER_WAITING_MAX, sizeof(struct slot))) {
        free(c);
        return NULL;
    }
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
    return c->slots.waiting;
}

/* ---- hosts ---- */

static struct str host_of(struct str url)
{
    struct x5u_parts parts;
    return x5u_split(url, &parts) ? url : parts.host;
}

static struct slot **head_of(struct fetcher_client *c, struct str host)
{
    uint32_t hash =
        2166136261u; /* FNV-1a: who makes many hosts fall together makes them long lists */
    for (size_t i = 0; i < host.n; i++)
        hash = (hash ^ (unsigned char)ascii_lower(host.p[i])) * 16777619u;
    return &c->heads[hash % HEADS];
}

/* Whether one more may wait for what HOST has: one that hangs has not all places (R-V-028), and one
   trunk not all of a host's. */
static bool has_room(struct fetcher_client *c, struct str host, uint32_t trunk)
{
    unsigned n = 0, mine = 0;
    for (struct slot *s = *head_of(c, host); s && n < 2 * FETCHER_WAITING_A_HOST; s = s->next) {
        const bool is_there = str_eq_nocase(s->host, host);
        n += is_there;
        mine += is_there && s->trunk == trunk;
    }
    return n < FETCHER_WAITING_A_HOST ||
           (n < 2 * FETCHER_WAITING_A_HOST && mine < FETCHER_WAITING_A_TRUNK);
}

static void count_host(struct fetcher_client *c, struct slot *s)
{
    s->at = head_of(c, s->host);
    s->next = *s->at;
    if (s->next)
        s->next->at = &s->next;
    *s->at = s;
}

static void uncount_host(struct slot *s)
{
    *s->at = s->next;
    if (s->next)
        s->next->at = s->at;
}

/* ---- slots ---- */

/* With the question that is to be sent. NULL: no memory, or all are taken. */
static struct slot *slot_take(struct fetcher_client *c, const struct fetch_question *question,
                              int64_t until_ms)
{
    struct fetch_question q = *question;
    struct asked_slot *asked = has_room(c, host_of(q.url), q.trunk) ? asked_slots_take(&c->slots)
                                                                    : NULL;
    if (!asked)
        return NULL;
    struct slot *s = slot_of(asked);
    s->deadline.at_ms = until_ms;
    if (!deadlines_add(&c->deadlines, &s->deadline)) {
        asked_slots_release(&c->slots, asked);
        return NULL;
    }
    q.ticket = asked->ticket;
    s->trunk = q.trunk;
    s->bytes = fetch_question_write(&q, s->packet);
    assert(s->bytes > 0);
    s->host = host_of((struct str){s->packet + s->bytes - q.url.n, q.url.n});
    count_host(c, s);
    return s;
}

static void slot_release(struct fetcher_client *c, struct slot *s)
{
    uncount_host(s);
    deadlines_remove(&c->deadlines, &s->deadline);
    asked_slots_release(&c->slots, &s->asked);
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
    const struct fetch_answer answer = {.outcome = outcome, .ticket = s->asked.ticket};
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
    asked_slots_fini(&c->slots);
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
    struct slot *s = slot_take(c, &q, now_ms + q.wait_ms + FETCHER_GRACE_MS);
    if (!s)
        return FETCH_OVERLOADED;
    s->done = done;
    s->user = user;
    asked_slots_queue(&c->slots, &s->asked);
    *ticket = s->asked.ticket;
    return FETCH_PENDING;
}

void fetcher_client_cancel(struct fetcher_client *c, uint64_t ticket)
{
    struct asked_slot *asked = asked_slots_of(&c->slots, ticket);
    if (asked)
        slot_release(c, slot_of(asked));
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
    struct asked_slot *asked;
    while ((asked = c->slots.first_queued)) {
        const struct slot *s = slot_of(asked);
        int error = send_packet(c, s->packet, s->bytes);
        if (error)
            return is_full(error); /* goes with the next flush or the next answer */
        asked_slots_sent(&c->slots, asked);
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
    struct asked_slot *asked = asked_slots_of(&c->slots, answer.ticket);
    if (asked && asked->state == ASKED_SENT)
        finish(c, slot_of(asked), &answer);
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
