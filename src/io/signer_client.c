#include <stird/io/signer_client.h>

#include "asked_slots.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <stird/base/clock.h>
#include <stird/base/packet.h>
#include <stird/core/sign_request.h>
#include <stird/io/look.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAITING_MAX 4096u
#define PACKETS_MAX 64 /* read at once, so that a busy signer cannot hold the event loop */

struct slot {
    struct asked_slot asked;
    signer_done *done;
    void *user;
    struct sign_request *request; /* until it is sent */
    unsigned n;                   /* tokens */
};

struct signer_client {
    int fd;
    bool gone;
    bool freed;       /* by a callback: the memory goes when the last of them has returned */
    unsigned running; /* functions of ours that callbacks return into */
    struct asked_slots slots;
    struct look look;
    /* Several responses; a packet that is larger than this is no signer's. */
    _Alignas(8) char packet[SIGN_ANSWERS_MAX];
    _Alignas(8) char writing[SIGN_REQUEST_MAX];
};

static struct slot *slot_of(struct asked_slot *asked)
{
    return (struct slot *)(void *)asked;
}

static void destroy(struct signer_client *c)
{
    for (unsigned i = 0; i < c->slots.used; i++) {
        struct asked_slot *asked = asked_slots_at(&c->slots, i);
        if (asked)
            free(slot_of(asked)->request);
    }
    asked_slots_fini(&c->slots);
    if (c->fd >= 0)
        close(c->fd);
    free(c);
}

bool signer_client_is_there(const struct signer_client *c)
{
    return !c->gone;
}

struct signer_client *signer_client_new(int fd)
{
    struct signer_client *c = calloc(1, sizeof(*c));
    if (!c || !asked_slots_init(&c->slots, WAITING_MAX, sizeof(struct slot))) {
        free(c);
        return NULL;
    }
    c->fd = fd;
    c->gone = fd < 0;
    return c;
}

int signer_client_fd(const struct signer_client *c)
{
    return c->fd;
}

unsigned signer_client_waiting(const struct signer_client *c)
{
    return c->slots.waiting;
}

/* ---- slots ---- */

static void slot_release(struct signer_client *c, struct slot *s)
{
    free(s->request);
    s->request = NULL;
    asked_slots_release(&c->slots, &s->asked);
}

/* The slot is free before the callback runs: it may submit and cancel as it likes. */
static void finish(struct signer_client *c, struct slot *s, const struct sign_answer *answers,
                   uint32_t sign_us)
{
    signer_done *done = s->done;
    void *user = s->user;
    unsigned n = s->n;
    slot_release(c, s);
    done(user, answers, n, sign_us);
}

/* Ends a request without any of its tokens, all for the same REASON. */
static void finish_without(struct signer_client *c, struct slot *s, enum reason reason,
                           uint32_t sign_us)
{
    struct sign_answer answers[PASSPORTS_MAX];
    for (unsigned i = 0; i < s->n; i++)
        answers[i] = (struct sign_answer){.reason = reason};
    finish(c, s, answers, sign_us);
}

static void fail_all(struct signer_client *c)
{
    c->gone = true;
    for (unsigned i = 0; i < c->slots.used && c->slots.waiting > 0; i++) {
        struct asked_slot *asked = asked_slots_at(&c->slots, i);
        if (asked)
            finish_without(c, slot_of(asked), REASON_SIGNER_UNAVAILABLE, 0);
    }
}

static void enter(struct signer_client *c)
{
    c->running++;
}

/* False when a callback freed the client: it must not be touched any more. */
static bool leave(struct signer_client *c)
{
    c->running--;
    if (!c->freed)
        return true;
    if (c->running == 0)
        destroy(c);
    return false;
}

void signer_client_free(struct signer_client *c)
{
    if (!c || c->freed)
        return;
    enter(c);
    fail_all(c);
    c->freed = true;
    leave(c);
}

/* ---- asking ---- */

/* Writes the request, and keeps a copy of its exact length. */
static enum reason write_request(struct signer_client *c, struct slot *s,
                                 const struct sign_order *orders, unsigned n)
{
    size_t size = sign_request_write(c->writing, s->asked.ticket, orders, n);
    if (size == 0)
        return REASON_SIGNER_REFUSED;
    s->request = malloc(size);
    if (!s->request)
        return REASON_OUT_OF_MEMORY;
    memcpy(s->request, c->writing, size);
    return REASON_OK;
}

enum reason signer_client_submit(struct signer_client *c, const struct sign_order *orders,
                                 unsigned n, signer_done *done, void *user, uint64_t *ticket)
{
    if (c->gone)
        return REASON_SIGNER_UNAVAILABLE;
    struct asked_slot *asked = asked_slots_take(&c->slots);
    if (!asked)
        return REASON_SIGNER_OVERLOADED;
    struct slot *s = slot_of(asked);
    s->done = done;
    s->user = user;
    s->n = n;
    enum reason r = write_request(c, s, orders, n);
    if (r != REASON_OK) {
        slot_release(c, s);
        return r;
    }
    asked_slots_queue(&c->slots, asked);
    *ticket = asked->ticket;
    return REASON_OK;
}

void signer_client_cancel(struct signer_client *c, uint64_t ticket)
{
    struct asked_slot *asked = asked_slots_of(&c->slots, ticket);
    if (asked)
        slot_release(c, slot_of(asked));
}

/* The first requests of the queue as one packet. */
static unsigned gather(struct signer_client *c, struct iovec parts[SIGN_BATCH_MAX])
{
    unsigned n = 0;
    for (struct asked_slot *a = c->slots.first_queued; a && n < SIGN_BATCH_MAX; a = a->next)
        parts[n++] = (struct iovec){slot_of(a)->request, slot_of(a)->request->size};
    return n;
}

static bool is_full(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

/* False when the signer is gone. */
static bool send_queued(struct signer_client *c)
{
    struct iovec parts[SIGN_BATCH_MAX];
    unsigned n;
    while ((n = gather(c, parts)) > 0) {
        struct msghdr m = {.msg_iov = parts, .msg_iovlen = n};
        ssize_t sent = sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return is_full(errno); /* goes with the next flush or the next response */
        for (; n > 0; n--) {
            struct slot *s = slot_of(c->slots.first_queued);
            asked_slots_sent(&c->slots, &s->asked);
            free(s->request);
            s->request = NULL;
        }
    }
    return true;
}

void signer_client_flush(struct signer_client *c)
{
    enter(c);
    if (!c->gone && !send_queued(c))
        fail_all(c);
    leave(c);
}

/* ---- answers ---- */

/* False: it answers for other tokens than it was asked for, as no signer of ours does. */
static bool answer(struct signer_client *c, const struct sign_response *response,
                   const struct sign_answer *answers)
{
    struct asked_slot *asked = asked_slots_of(&c->slots, response->ticket);
    if (!asked || asked->state != ASKED_SENT)
        return true;
    struct slot *s = slot_of(asked);
    if (response->reason != REASON_OK)
        finish_without(c, s, (enum reason)response->reason, response->sign_us);
    else if (response->n_tokens == s->n)
        finish(c, s, answers, response->sign_us);
    else
        return false;
    return true;
}

/* False when the packet is nonsense: nothing that such a signer says is believed. */
static bool take_packet(struct signer_client *c, size_t bytes)
{
    struct str packet = {c->packet, bytes};
    struct sign_answer answers[PASSPORTS_MAX];
    while (packet.n > 0 && !c->gone && !c->freed) {
        const struct sign_response *response = sign_response_next(&packet, answers);
        if (!response || !answer(c, response, answers))
            return false;
    }
    return true;
}

/* False when the signer is gone. */
static bool read_packets(struct signer_client *c)
{
    for (unsigned i = 0; i < PACKETS_MAX && !c->freed; i++) {
        ssize_t got = recv(c->fd, c->packet, sizeof(c->packet), MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return is_full(errno);
        if (got == 0 && !packet_is_end(c->fd))
            continue;
        if (got == 0 || (size_t)got > sizeof(c->packet) || !take_packet(c, (size_t)got))
            return false;
        if (signer_client_waiting(c) == 0)
            break; /* nothing more can come, so there is no need to ask */
    }
    return true;
}

bool signer_client_readable(struct signer_client *c)
{
    enter(c);
    if (!c->gone && !read_packets(c))
        fail_all(c);
    if (!c->gone && !send_queued(c))
        fail_all(c);
    const bool here = !c->gone;
    return leave(c) ? here : true;
}

void signer_client_look(struct signer_client *c, unsigned messages)
{
    const struct timespec most = {.tv_nsec = LOOK_US * 1000};
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    if (c->gone || c->slots.first_queued ||
        !look_pays(&c->look, signer_client_waiting(c), messages, clock_monotonic_ms()))
        return;
    const bool answered = ppoll(&p, 1, &most, NULL) == 1;
    look_ended(&c->look, answered, clock_monotonic_ms());
    if (answered)
        signer_client_readable(c);
}
