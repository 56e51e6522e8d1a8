/*
 * Losses of records that no line has told yet outlive stird: the recorder's tally is written into
 * the state directory once a second and at the end. The next start begins with it
 * (record_writer.h), so that the next recorder tells what is missing at its place.
 *
 * It is written in place, over what was written at the start, for which a full disk has room.
 */
#include "supervisor_records.h"
#include "worker_places.h"

#include "daemon/records_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/io/record.h>
#include <stird/io/record_batch.h>
#include <stird/io/record_queue.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEEP_EVERY_MS 1000
#define TEXT_MAX      96

/* Three numbers, a line: untold, in_hand, from_seq; always as long. */
static bool read_kept(int fd, struct record_losses *tally)
{
    char room[TEXT_MAX];
    ssize_t n = pread(fd, room, sizeof(room), 0);
    struct str line = {room, n > 0 ? (size_t)n : 0};
    *tally = (struct record_losses){0};
    if (n == 0)
        return true;
    uint64_t *const numbers[] = {&tally->untold, &tally->in_hand, &tally->from_seq};
    struct str text = str_cut(&line, '\n');
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!str_to_u64(str_cut(&text, ' '), INT64_MAX, numbers[i]))
            return false;
    return text.n == 0;
}

static int write_kept(int fd, const struct record_losses *tally)
{
    char text[TEXT_MAX];
    int n = snprintf(text, sizeof(text), "%020llu %020llu %020llu\n",
                     (unsigned long long)tally->untold, (unsigned long long)tally->in_hand,
                     (unsigned long long)tally->from_seq);
    ssize_t written = pwrite(fd, text, (size_t)n, 0);
    return written == n ? 0 : written < 0 ? -errno : -ENOSPC;
}

static void say_fault(const struct supervisor *s, const char *why)
{
    log_warning("losses of records are not kept: should stird end, the next one does not tell them",
                LOG_TEXT("directory", s->current.settings->state_directory),
                LOG_CSTR("file", UNTOLD_FILE), LOG_CSTR("error", why));
}

void supervisor_open_untold(struct supervisor *s, struct record_losses *tally)
{
    struct buf path = BUF_INIT;
    *tally = (struct record_losses){0};
    buf_addf(&path, "%.*s/" UNTOLD_FILE, STR_ARG(s->current.settings->state_directory));
    int r = buf_failed(&path) ? -ENOMEM : records_place_open_in_place(buf_str(&path));
    buf_fini(&path);
    supervisor_records(s)->untold_fd = r >= 0 ? r : -1;
    if (r >= 0 && !read_kept(r, tally)) {
        *tally = (struct record_losses){0};
        log_warning("the file of losses that are not told yet is damaged and begins anew",
                    LOG_CSTR("file", UNTOLD_FILE));
    }
    if (r >= 0)
        r = write_kept(supervisor_records(s)->untold_fd, tally); /* has its room then */
    if (r < 0)
        say_fault(s, strerror(-r));
    if (tally->untold + tally->in_hand > 0)
        log_warning("records that an earlier stird lost are told now",
                    LOG_NUMBER("untold", (int64_t)tally->untold),
                    LOG_NUMBER("in_hand", (int64_t)tally->in_hand));
    supervisor_records(s)->kept_tally = *tally;
}

/* A copy in which no number is above the largest that is shown: the recorder, which writes them,
   may have been taken over. */
static struct record_losses bounded(const struct record_losses *tally)
{
    return (struct record_losses){.lost = counters_sum(0, tally->lost),
                                  .untold = counters_sum(0, tally->untold),
                                  .in_hand = counters_sum(0, tally->in_hand),
                                  .from_seq = counters_sum(0, tally->from_seq)};
}

static void keep(struct supervisor *s, const struct record_losses *now)
{
    const struct record_losses *kept = &supervisor_records(s)->kept_tally;
    if (supervisor_records(s)->untold_fd < 0 ||
        (kept->untold == now->untold && kept->in_hand == now->in_hand &&
         kept->from_seq == now->from_seq))
        return;
    int r = write_kept(supervisor_records(s)->untold_fd, now);
    if (r < 0 && !supervisor_records(s)->untold_fault)
        say_fault(s, strerror(-r));
    supervisor_records(s)->untold_fault = r < 0;
    if (r == 0)
        supervisor_records(s)->kept_tally = *now;
}

void supervisor_keep_untold(struct supervisor *s, int64_t now_ms)
{
    if (!supervisor_records(s)->tally || now_ms < supervisor_records(s)->next_untold_ms)
        return;
    supervisor_records(s)->next_untold_ms = now_ms + KEEP_EVERY_MS;
    const struct record_losses now = bounded(supervisor_records(s)->tally);
    keep(s, &now);
}

/* ---- at the end ---- */

static uint64_t records_in(struct str packet)
{
    uint32_t n;
    return record_unpack_lost(&n, packet) ? n : 1;
}

static uint64_t records_of_batch(struct str octets)
{
    struct record_batch batch;
    struct str packet;
    uint64_t sum = 0;
    if (!record_batch_read(&batch, octets))
        return 1;
    while (record_batch_next(&batch, &packet))
        sum += records_in(packet);
    return sum;
}

static uint64_t left_in_channel(int fd)
{
    uint64_t sum = 0;
    char *octets = malloc(RECORD_BATCH_MAX);
    ssize_t n;
    while (octets && (n = recv(fd, octets, RECORD_BATCH_MAX, MSG_DONTWAIT)) > 0)
        sum += records_of_batch((struct str){octets, (size_t)n});
    free(octets);
    return sum;
}

static uint64_t left_in_backlog(int fd)
{
    struct record_queue *q = record_queue_open(fd);
    struct buf batch = BUF_INIT;
    uint64_t sum = q ? record_queue_lost(q) : 0;
    unsigned n;
    while (q && (n = record_batch_add(&batch, q, RECORD_BATCH_MAX)) > 0) {
        sum += records_of_batch(buf_str(&batch));
        buf_reset(&batch);
        record_queue_take(q, n);
    }
    buf_fini(&batch);
    record_queue_close(q);
    return sum;
}

/* No child is there any more: what waits for a recorder ends with stird. */
void supervisor_keep_last(struct supervisor *s)
{
    if (!supervisor_records(s)->tally)
        return;
    struct record_losses last = bounded(supervisor_records(s)->tally);
    for (unsigned w = 0; w < worker_count(s); w++) {
        uint64_t left = left_in_channel(supervisor_records(s)->channels[w][0]) +
                        left_in_backlog(supervisor_records(s)->backlogs[w]);
        last.untold = counters_sum(last.untold, left);
    }
    keep(s, &last);
    if (last.untold + last.in_hand > 0)
        log_warning("records are lost that no line tells yet: the next start does",
                    LOG_NUMBER("untold", (int64_t)last.untold),
                    LOG_NUMBER("in_hand", (int64_t)last.in_hand));
}
