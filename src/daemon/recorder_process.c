/*
 * The recorder: what workers send as typed records becomes lines of the record file.
 *
 * It may wait for the disk; the workers never do, their records wait when its channel is full
 * (record_queue.h). When the disk is full records are lost, which is counted, logged once a minute
 * and told by a line of the file later on; nothing ends for it. A recorder that waits for too long
 * is replaced (roles.h), and its successor tells what it had in hand. The supervisor opens the
 * files: the recorder asks it for another one when this one is full.
 */
#include "losses.h"
#include "log_word.h"
#include "roles.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <stird/io/control.h>
#include <stird/io/record_batch.h>
#include <stird/io/record_writer.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Each worker gathers records. Where several of them, or a fast one, wake it sooner than this, they
   gather once more, in the sockets, where a worker's death does not harm them. */
#define GATHER_US         20000
#define SOURCES_MAX       128 /* while one is replaced, the old one has not ended yet */
#define TURN              512 /* records of one source before the others have their turn */
#define SAY_LOSS_EVERY_MS 60000
#define SAY_HEAD_EVERY_MS 3600000
#define ASK_AGAIN_MS      60000 /* before it asks again for another file, when none came */

/* The channel of a worker's place, of all workers that have it one after the other. */
struct source {
    int fd;
    uint64_t first; /* of the last batch */
    unsigned n;     /* in it; 0: there was none */
};

struct recorder {
    int control_fd;
    struct source sources[SOURCES_MAX];
    unsigned n_sources;
    struct record_writer writer;
    char node[256];
    uint64_t max_bytes; /* of a file; 0: any */
    int64_t max_age_us; /* 0: any */

    uint64_t lost_said;
    struct losses losses;
    int64_t next_say_ms, next_head_ms, next_ask_ms;
    int64_t read_us; /* when it looked at its sources last */
    char batch[RECORD_BATCH_MAX];
};

static void close_source(struct recorder *r, unsigned i)
{
    close(r->sources[i].fd);
    r->sources[i] = r->sources[--r->n_sources];
}

static uint64_t lost(struct recorder *r)
{
    return record_writer_losses(&r->writer)->lost;
}

static void say_losses(struct recorder *r)
{
    int64_t now_ms = clock_monotonic_ms();
    uint64_t all = lost(r);
    if (all == r->lost_said || now_ms < r->next_say_ms)
        return;
    log_error("records are lost: they could not be written",
              LOG_NUMBER("lost", (int64_t)(all - r->lost_said)),
              LOG_NUMBER("lost_since_start", (int64_t)all),
              LOG_CSTR("error", r->writer.error == EOWNERDEAD
                                    ? "the recorder before ended with them in its hands"
                                    : strerror(r->writer.error)));
    r->lost_said = all;
    r->next_say_ms = now_ms + SAY_LOSS_EVERY_MS;
}

static uint64_t untold(struct recorder *r)
{
    return record_writer_losses(&r->writer)->untold;
}

/* Losses are told even if no further call comes; in between, the next record that can be written
   tells them. */
static void look_at_losses(struct recorder *r, int64_t now_ms)
{
    const struct losses_now now = {lost(r), untold(r), r->writer.written, now_ms};
    struct losses_due due = losses_look(&r->losses, &now);
    if (due.over)
        r->next_say_ms = 0;
    if (due.say)
        say_losses(r);
    if (due.tell) {
        record_writer_tell(&r->writer, clock_real_us());
        losses_told(&r->losses, untold(r), now_ms);
    }
    if (due.over)
        r->next_say_ms = 0;
}

/* The chain does not show when its end was cut off, unless its head was noted elsewhere. */
static void say_head(struct recorder *r, int64_t now_ms)
{
    char head[CHAIN_HASH_TEXT + 1];
    r->next_head_ms = now_ms + SAY_HEAD_EVERY_MS;
    if (!r->writer.has_chain || r->writer.chain.seq == 0)
        return;
    chain_hash_text(head, r->writer.chain.head);
    log_info("head of the record chain", LOG_NUMBER("seq", (int64_t)r->writer.chain.seq - 1),
             LOG_CSTR("head", head));
}

/* Asks the supervisor for another file; until it comes this one goes on. */
static void ask_for_another_file(struct recorder *r, int64_t now_ms)
{
    const struct control_message m = {.type = CONTROL_ROTATE};
    const struct record_writer *w = &r->writer;
    bool full = r->max_bytes > 0 && (uint64_t)w->size >= r->max_bytes;
    bool old = r->max_age_us > 0 && clock_real_us() - w->begins_us >= r->max_age_us;
    if (w->fd < 0 || !(full || old) || now_ms < r->next_ask_ms)
        return;
    r->next_ask_ms = now_ms + ASK_AGAIN_MS;
    (void)control_send(r->control_fd, &m, NULL, 0); /* what is lost is asked for again */
}

/*
 * Adds what is in a batch, REACHED of which are in hand already. A worker that dies when it has
 * sent one leaves it to the next, which sends it again: that begins with the same record.
 */
static unsigned take_batch(struct recorder *r, struct source *from, struct str octets,
                           unsigned reached)
{
    struct record_batch batch;
    struct str packet;
    const bool is_one = record_batch_read(&batch, octets);
    const unsigned n = is_one ? batch.n : 1; /* what is none is something that was lost */
    const unsigned again = is_one && batch.first == from->first ? from->n : 0;
    if (n > reached)
        record_writer_reach(&r->writer, n - reached);
    else
        record_writer_reached_none(&r->writer, reached - n);
    for (unsigned i = 0; i < n; i++) {
        if (!is_one || !record_batch_next(&batch, &packet))
            packet = (struct str){NULL, 0};
        if (i < again)
            record_writer_reached_none(&r->writer, 1);
        else
            record_writer_add(&r->writer, packet, clock_real_us());
    }
    from->first = is_one ? batch.first : 0;
    from->n = is_one ? n : 0;
    return n;
}

/* How many of a batch come next. It is known before the batch is taken out of its channel, so that
   none is missing in the count if this process ends then. */
static unsigned count_of(const char *begin, ssize_t n)
{
    struct record_batch batch;
    return record_batch_read(&batch, (struct str){begin, (size_t)n}) ? batch.n : 1;
}

/* False: the source is gone. *LEFT: more may wait there. */
static bool read_source(struct recorder *r, struct source *from, bool *left)
{
    for (unsigned taken = 0; taken < TURN;) {
        ssize_t n = recv(from->fd, r->batch, RECORD_BATCH_HEAD, MSG_DONTWAIT | MSG_PEEK);
        if (n == 0 && packet_is_end(from->fd))
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        const unsigned in = count_of(r->batch, n);
        record_writer_reach(&r->writer, in);
        n = recv(from->fd, r->batch, sizeof(r->batch), MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0) { /* a recorder that this one replaced, and that has not ended yet, has it */
            record_writer_reached_none(&r->writer, in);
            return true;
        }
        size_t kept = (size_t)n > sizeof(r->batch) ? 0 : (size_t)n;
        taken += take_batch(r, from, (struct str){r->batch, kept}, in);
    }
    *left = true;
    return true;
}

static void take_file(struct recorder *r, const struct control_records *m, const int *fds,
                      unsigned n_fds)
{
    memcpy(r->node, m->node, sizeof(r->node) - 1);
    r->writer.node = str_of(r->node);
    r->max_bytes = m->max_bytes;
    r->max_age_us = m->max_age_ms * 1000;
    r->next_ask_ms = 0;
    log_set_level((enum log_level)m->log_level);
    say_head(r, clock_monotonic_ms());
    record_writer_take_file(&r->writer, fds[0], n_fds > 1 ? fds[1] : -1, clock_real_us());
    if (n_fds > 1)
        close(fds[1]);
}

static void take_message(void *user, const struct control_message *m, const int *fds,
                         unsigned n_fds)
{
    struct recorder *r = user;
    if (m->type == CONTROL_RECORDS) {
        take_file(r, &m->records, fds, n_fds);
        return;
    }
    if (m->type == CONTROL_LOG)
        log_word_take(&m->log);
    if (m->type == CONTROL_FORCED)
        record_writer_tell_forced(&r->writer, m->forced.rows, clock_real_us());
    if (m->type == CONTROL_PING) {
        const struct control_message pong = {.type = CONTROL_PONG};
        control_send(r->control_fd, &pong, NULL, 0);
    }
    if (m->type == CONTROL_RECORD_SOURCE && r->n_sources < SOURCES_MAX) {
        r->sources[r->n_sources++] = (struct source){.fd = fds[0]};
        return;
    }
    for (unsigned i = 0; i < n_fds; i++)
        close(fds[i]);
}

static bool read_sources(struct recorder *r)
{
    bool left = false;
    for (unsigned i = r->n_sources; r->writer.fd >= 0 && i-- > 0;) {
        if (!read_source(r, &r->sources[i], &left))
            close_source(r, i);
    }
    record_writer_flush(&r->writer);
    r->read_us = clock_monotonic_us();
    return left;
}

static void wait_for_input(struct recorder *r)
{
    struct pollfd watched[1 + SOURCES_MAX] = {{.fd = r->control_fd, .events = POLLIN}};
    unsigned n = 1;
    int wait_ms = r->losses.from_ms ? LOSSES_MS / 4 : 60000; /* a minute: ages are looked at */
    for (unsigned i = 0; r->writer.fd >= 0 && i < r->n_sources; i++)
        watched[n++] = (struct pollfd){.fd = r->sources[i].fd, .events = POLLIN};
    int ready = poll(watched, n, wait_ms);
    bool soon = clock_monotonic_us() - r->read_us < GATHER_US;
    if (ready < 0 || (ready > 0 && !watched[0].revents && soon)) /* it fails: no spin */
        usleep(GATHER_US);
}

static void look_at_clock(struct recorder *r)
{
    int64_t now_ms = clock_monotonic_ms();
    look_at_losses(r, now_ms);
    ask_for_another_file(r, now_ms);
    if (now_ms >= r->next_head_ms)
        say_head(r, now_ms);
}

static void recorder_free(struct recorder *r)
{
    while (r->n_sources > 0)
        close_source(r, 0);
    if (r->writer.shared)
        munmap(r->writer.shared, sizeof(*r->writer.shared));
    record_writer_fini(&r->writer);
    free(r);
}

/* The counts that earlier recorders left there go on. */
static bool map_tally(struct recorder *r, int fd)
{
    if (fd < 0)
        return true;
    void *shared = mmap(NULL, sizeof(struct record_losses), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                        0);
    close(fd);
    if (shared == MAP_FAILED) {
        log_error("the recorder's tally cannot be mapped", LOG_CSTR("error", strerror(errno)));
        return false;
    }
    r->writer.shared = shared;
    r->lost_said = r->losses.seen = lost(r);
    return true;
}

int recorder_main(int control_fd, int tally_fd)
{
    const struct control_message ready = {.type = CONTROL_READY};
    struct recorder *r = calloc(1, sizeof(*r));
    if (!r)
        return EXIT_FAILURE;
    r->control_fd = control_fd;
    r->writer = RECORD_WRITER_INIT;
    r->next_head_ms = clock_monotonic_ms() + SAY_HEAD_EVERY_MS;
    if (!map_tally(r, tally_fd)) {
        recorder_free(r);
        return EXIT_FAILURE;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow counts as a full disk */
    signal(SIGTERM, SIG_IGN); /* the end is a closed control socket: what waits is written first */
    if (roles_narrow(ROLE_RECORDER, &(struct role_keeps){0}) != 0) {
        recorder_free(r);
        return EXIT_FAILURE;
    }
    control_send(control_fd, &ready, NULL, 0);
    while (control_hear(r->control_fd, take_message, r)) {
        if (!read_sources(r))
            wait_for_input(r);
        look_at_clock(r);
    }
    while (read_sources(r))
        ;
    record_writer_tell(&r->writer, clock_real_us());
    r->next_say_ms = 0;
    say_losses(r);
    say_head(r, clock_monotonic_ms());
    recorder_free(r);
    return EXIT_SUCCESS;
}
