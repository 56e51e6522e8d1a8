#include "fetch_channels.h"

#include "ceiling.h"

#include <errno.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PACKETS_A_TURN     16 /* questions of one channel; then the others have their turn */
#define QUEUED_OCTETS_MAX  ((size_t)1 << 20) /* for one channel */
#define NOTES_A_SECOND     500               /* of a worker: more than it has new certificates */
#define SAY_NOTES_EVERY_MS 60000
#define ANSWER_PARTS       4

/* An answer that its worker has not read yet. */
struct queued {
    struct queued *next;
    size_t n;
    char packet[];
};

struct channel {
    struct fetch_channels *all;
    int fd; /* -1: there is none */
    bool broken;
    uint64_t dropped;
    struct queued *first, **end;
    size_t octets; /* that are queued */
};

struct fetch_channels {
    struct fetcher *fetcher;
    const char *why; /* there is none */
    struct channel channels[FETCH_CHANNELS_MAX];
    /* By the worker's place, so that neither another channel nor its death fills it up. */
    struct ceiling notes[FETCH_CHANNELS_MAX];
    int64_t say_notes_ms;
    struct fetch_channels_counts counts;
    _Alignas(8) char packet[FETCH_QUESTION_BYTES_MAX];
};

struct fetch_channels *fetch_channels_new(struct fetcher *fetcher, const char *why)
{
    struct fetch_channels *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    c->fetcher = fetcher;
    c->why = why;
    for (unsigned w = 0; w < FETCH_CHANNELS_MAX; w++) {
        c->channels[w].all = c;
        c->channels[w].fd = -1;
        c->notes[w].per_second = NOTES_A_SECOND;
    }
    return c;
}

struct fetch_channels_counts fetch_channels_counts(const struct fetch_channels *c)
{
    return c->counts;
}

/* ---- answers ---- */

static bool is_full(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

/* False: there was no room. A channel whose worker is gone becomes broken. */
static bool send_parts(struct channel *ch, struct iovec *parts, unsigned n)
{
    const struct msghdr m = {.msg_iov = parts, .msg_iovlen = n};
    ssize_t sent;
    do
        sent = sendmsg(ch->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && !is_full(errno))
        ch->broken = true;
    return sent >= 0 || ch->broken;
}

static void drop_first(struct channel *ch)
{
    struct queued *q = ch->first;
    ch->first = q->next;
    if (!ch->first)
        ch->end = &ch->first;
    ch->octets -= q->n;
    free(q);
}

static void send_queued(struct channel *ch)
{
    while (ch->first && !ch->broken) {
        struct iovec part = {ch->first->packet, ch->first->n};
        if (!send_parts(ch, &part, 1))
            return;
        drop_first(ch);
    }
}

/* The worker does not read. Beyond that much its calls time out, and nobody else waits for it. */
static void queue(struct channel *ch, const struct iovec parts[ANSWER_PARTS])
{
    size_t n = 0, at = 0;
    for (unsigned i = 0; i < ANSWER_PARTS; i++)
        n += parts[i].iov_len;
    struct queued *q = ch->octets + n <= QUEUED_OCTETS_MAX ? malloc(sizeof(*q) + n) : NULL;
    if (!q) {
        ch->dropped++;
        ch->all->counts.answers_dropped++;
        return;
    }
    q->next = NULL;
    q->n = n;
    for (unsigned i = 0; i < ANSWER_PARTS; at += parts[i++].iov_len)
        if (parts[i].iov_len > 0)
            memcpy(q->packet + at, parts[i].iov_base, parts[i].iov_len);
    *ch->end = q;
    ch->end = &q->next;
    ch->octets += n;
}

static struct iovec part_of(struct str s)
{
    return (struct iovec){(void *)(uintptr_t)s.p, s.n};
}

static void send_answer(void *user, const struct fetch_answer *answer)
{
    struct channel *ch = user;
    struct fetch_answer_head head;
    struct iovec parts[ANSWER_PARTS] = {{&head, sizeof(head)},
                                        part_of(answer->body),
                                        part_of(answer->content_type),
                                        part_of(answer->why)};
    if (ch->broken || !fetch_answer_write(answer, &head))
        return;
    if (ch->first || !send_parts(ch, parts, ANSWER_PARTS))
        queue(ch, parts);
}

/* ---- channels ---- */

static void close_channel(struct channel *ch)
{
    if (ch->fd < 0)
        return;
    if (ch->all->fetcher)
        fetcher_forget(ch->all->fetcher, ch);
    if (ch->dropped > 0)
        log_warning("a worker did not read all that was fetched for it",
                    LOG_NUMBER("dropped", (int64_t)ch->dropped));
    while (ch->first)
        drop_first(ch);
    close(ch->fd);
    *ch = (struct channel){.all = ch->all, .fd = -1};
}

void fetch_channels_take(struct fetch_channels *c, int fd, unsigned worker)
{
    if (worker >= FETCH_CHANNELS_MAX) {
        close(fd);
        return;
    }
    struct channel *ch = &c->channels[worker];
    close_channel(ch);
    ch->fd = fd;
    ch->end = &ch->first;
}

void fetch_channels_free(struct fetch_channels *c)
{
    if (!c)
        return;
    for (unsigned w = 0; w < FETCH_CHANNELS_MAX; w++)
        close_channel(&c->channels[w]);
    free(c);
}

unsigned fetch_channels_watch(const struct fetch_channels *c,
                              struct pollfd list[FETCH_CHANNELS_MAX])
{
    unsigned n = 0;
    for (unsigned w = 0; w < FETCH_CHANNELS_MAX; w++) {
        const struct channel *ch = &c->channels[w];
        if (ch->fd >= 0)
            list[n++] = (struct pollfd){.fd = ch->fd,
                                        .events = ch->first ? POLLIN | POLLOUT : POLLIN};
    }
    return n;
}

/* ---- questions ---- */

static bool is_note(const struct fetch_question *q)
{
    return q->kind == FETCH_PROVEN || q->kind == FETCH_REFUSED || q->kind == FETCH_OVER;
}

/* A worker notes a body when it has judged it: one that notes more often is broken, or was taken
   over. */
static bool admits(struct channel *ch, const struct fetch_question *q, int64_t now_ms)
{
    struct fetch_channels *c = ch->all;
    if (!is_note(q) || ceiling_admits(&c->notes[ch - c->channels], now_ms * 1000))
        return true;
    c->counts.notes_refused++;
    if (now_ms >= c->say_notes_ms) {
        log_warning("a worker notes more of certificates than it can have judged: it is not heard",
                    LOG_NUMBER("worker", (ch - c->channels) + 1),
                    LOG_NUMBER("most_a_second", NOTES_A_SECOND));
        c->say_notes_ms = now_ms + SAY_NOTES_EVERY_MS;
    }
    return false;
}

static void take(struct channel *ch, const struct fetch_question *q, struct fetch_now now)
{
    if (!admits(ch, q, now.monotonic_ms))
        return;
    if (ch->all->fetcher)
        fetcher_ask(ch->all->fetcher, q, now, send_answer, ch);
    else if (!is_note(q))
        send_answer(ch, &(struct fetch_answer){.outcome = FETCH_UNAVAILABLE,
                                               .ticket = q->ticket,
                                               .why = str_of(ch->all->why)});
}

/* False: nothing more waits, or the channel is at its end. */
static bool read_one(struct channel *ch, struct fetch_now now)
{
    char *packet = ch->all->packet;
    struct fetch_question q;
    ssize_t got = recv(ch->fd, packet, sizeof(ch->all->packet), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0) {
        ch->broken = !is_full(errno) && errno != EINTR;
        return false;
    }
    if (got == 0) {
        ch->broken = packet_is_end(ch->fd);
        return !ch->broken;
    }
    if ((size_t)got > sizeof(ch->all->packet) ||
        !fetch_question_read((struct str){packet, (size_t)got}, &q)) {
        log_error("a worker's question is none that a worker asks; it is not served any more",
                  LOG_NUMBER("worker", (ch - ch->all->channels) + 1),
                  LOG_NUMBER("bytes", (int64_t)got));
        ch->broken = true;
        return false;
    }
    take(ch, &q, now);
    return !ch->broken;
}

void fetch_channels_serve(struct fetch_channels *c, struct fetch_now now)
{
    for (unsigned w = 0; w < FETCH_CHANNELS_MAX; w++) {
        struct channel *ch = &c->channels[w];
        if (ch->fd < 0)
            continue;
        send_queued(ch);
        for (unsigned i = 0; i < PACKETS_A_TURN && !ch->broken && read_one(ch, now); i++)
            ;
        if (ch->broken)
            close_channel(ch);
    }
}
