#include <stird/io/signer_client.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <stird/base/packet.h>
#include <stird/core/sign_request.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOTS       4096u
#define SLOT_BITS   12
#define NONE        UINT16_MAX
#define PACKETS_MAX 64 /* read at once, so that a busy signer cannot hold the event loop */

enum slot_state { SLOT_FREE, SLOT_QUEUED, SLOT_SENT };

struct slot {
    uint64_t ticket; /* serial number << SLOT_BITS | index; never 0 */
    signer_done *done;
    void *user;
    struct sign_request *request; /* until it is sent */
    enum slot_state state;
    uint16_t n;            /* tokens */
    uint16_t before, next; /* in the queue; `next` also in the list of free slots */
};

struct signer_client {
    int fd;
    bool gone;
    bool freed;       /* by a callback: the memory goes when the last of them has returned */
    unsigned running; /* functions of ours that callbacks return into */
    unsigned waiting;
    uint64_t serial;
    uint16_t first_free;
    uint16_t used; /* slots from here on were never taken: their memory is not touched either */
    uint16_t first_queued, last_queued;
    /* Several responses; a packet that is larger than this is no signer's. */
    _Alignas(8) char packet[SIGN_ANSWERS_MAX];
    _Alignas(8) char writing[SIGN_REQUEST_MAX];
    struct slot slots[SLOTS];
};

static void destroy(struct signer_client *c)
{
    for (unsigned i = 0; i < c->used; i++)
        free(c->slots[i].request);
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
    if (!c)
        return NULL;
    c->fd = fd;
    c->gone = fd < 0;
    c->first_free = c->first_queued = c->last_queued = NONE;
    return c;
}

int signer_client_fd(const struct signer_client *c)
{
    return c->fd;
}

unsigned signer_client_waiting(const struct signer_client *c)
{
    return c->waiting;
}

/* ---- slots ---- */

static uint16_t index_of(const struct signer_client *c, const struct slot *s)
{
    return (uint16_t)(s - c->slots);
}

/* NULL when all are taken. */
static struct slot *slot_take(struct signer_client *c)
{
    struct slot *s = NULL;
    if (c->first_free != NONE) {
        s = &c->slots[c->first_free];
        c->first_free = s->next;
    } else if (c->used < SLOTS) {
        s = &c->slots[c->used++];
    }
    if (s)
        c->waiting++;
    return s;
}

static void queue_remove(struct signer_client *c, struct slot *s)
{
    if (s->before == NONE)
        c->first_queued = s->next;
    else
        c->slots[s->before].next = s->next;
    if (s->next == NONE)
        c->last_queued = s->before;
    else
        c->slots[s->next].before = s->before;
}

static void queue_append(struct signer_client *c, struct slot *s)
{
    s->state = SLOT_QUEUED;
    s->before = c->last_queued;
    s->next = NONE;
    if (c->last_queued == NONE)
        c->first_queued = index_of(c, s);
    else
        c->slots[c->last_queued].next = index_of(c, s);
    c->last_queued = index_of(c, s);
}

static void slot_release(struct signer_client *c, struct slot *s)
{
    if (s->state == SLOT_QUEUED)
        queue_remove(c, s);
    free(s->request);
    s->request = NULL;
    s->state = SLOT_FREE;
    s->next = c->first_free;
    c->first_free = index_of(c, s);
    c->waiting--;
}

/* NULL when nobody waits for the ticket any more. */
static struct slot *slot_of(struct signer_client *c, uint64_t ticket)
{
    struct slot *s = &c->slots[ticket & (SLOTS - 1)];
    return s->state != SLOT_FREE && s->ticket == ticket ? s : NULL;
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
    for (unsigned i = 0; i < c->used && c->waiting > 0; i++)
        if (c->slots[i].state != SLOT_FREE)
            finish_without(c, &c->slots[i], REASON_SIGNER_UNAVAILABLE, 0);
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
    size_t size = sign_request_write(c->writing, s->ticket, orders, n);
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
    struct slot *s = slot_take(c);
    if (!s)
        return REASON_SIGNER_OVERLOADED;
    s->ticket = ++c->serial << SLOT_BITS | index_of(c, s);
    s->done = done;
    s->user = user;
    s->n = (uint16_t)n;
    enum reason r = write_request(c, s, orders, n);
    if (r != REASON_OK) {
        slot_release(c, s);
        return r;
    }
    queue_append(c, s);
    *ticket = s->ticket;
    return REASON_OK;
}

void signer_client_cancel(struct signer_client *c, uint64_t ticket)
{
    struct slot *s = slot_of(c, ticket);
    if (s)
        slot_release(c, s);
}

/* The first requests of the queue as one packet. */
static unsigned gather(struct signer_client *c, struct iovec parts[SIGN_BATCH_MAX])
{
    unsigned n = 0;
    for (uint16_t i = c->first_queued; i != NONE && n < SIGN_BATCH_MAX; i = c->slots[i].next)
        parts[n++] = (struct iovec){c->slots[i].request, c->slots[i].request->size};
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
            struct slot *s = &c->slots[c->first_queued];
            queue_remove(c, s);
            free(s->request);
            s->request = NULL;
            s->state = SLOT_SENT;
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
    struct slot *s = slot_of(c, response->ticket);
    if (!s || s->state != SLOT_SENT)
        return true;
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
