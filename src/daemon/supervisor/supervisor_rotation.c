/*
 * Whether there is a ground for another record file. The recorder asks for one, and each one that
 * is made may be the end of an old one (records.keep): its word alone is not enough.
 */
#include "supervisor_records.h"

#include <fcntl.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN_MS 50000 /* it repeats a request that was not granted once a minute */
#define SLACK_MS 1000

/* Whether somebody has written the octets: a file can be made long without any. A file that a file
   system compresses has no hole. */
static bool is_written(int fd, const struct stat *st)
{
    off_t hole = lseek(fd, 0, SEEK_HOLE);
    return hole < 0 || hole >= st->st_size || st->st_blocks * 512 >= st->st_size / 2;
}

static bool is_full(const struct supervisor *s)
{
    const uint64_t max = s->current.settings->records_max_bytes;
    struct stat st;
    return max > 0 && fstat(supervisor_records(s)->file, &st) == 0 && (uint64_t)st.st_size >= max &&
           is_written(supervisor_records(s)->file, &st);
}

/* Since when the file is there, by its file system; a copy is as old as the copying. */
static bool is_there_since(int fd, int64_t *real_ms)
{
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) || !(st.stx_mask & STATX_BTIME))
        return false;
    *real_ms = st.stx_btime.tv_sec * 1000 + st.stx_btime.tv_nsec / 1000000;
    return true;
}

/* Where no file system tells the age, the recorder is believed once, and from then on only as often
   as files can become old. */
static bool is_old(const struct supervisor *s, int64_t now_ms)
{
    const int64_t max_ms = s->current.settings->records_max_age_ms;
    const int64_t last_ms = supervisor_records(s)->rotation.aged_ms;
    int64_t since_ms;
    if (max_ms == 0)
        return false;
    if (is_there_since(supervisor_records(s)->file, &since_ms))
        return clock_real_us() / 1000 - since_ms + SLACK_MS >= max_ms;
    return last_ms == 0 || now_ms - last_ms + SLACK_MS >= max_ms;
}

static void refuse(struct supervisor *s)
{
    if (supervisor_records(s)
            ->rotation.may_cross) /* it asked before it was given this file, or other limits */
        supervisor_records(s)->rotation.may_cross = false;
    else
        supervisor_child_false(s, supervisor_places(s, ROLE_RECORDER),
                               "that the record file is full or old");
}

/* The file was copied, or the clock was set: it is old by its contents, but not by its file
   system. */
static void put_off(struct supervisor *s, int64_t now_ms)
{
    if (!supervisor_records(s)->rotation.put_off)
        log_warning("the recorder asks for another record file before its time: the present one "
                    "goes on until its file is as old as records.max_age");
    supervisor_records(s)->rotation.put_off = true;
    supervisor_records(s)->rotation.next_ms = now_ms + AGAIN_MS;
    supervisor_records(s)->rotation.may_cross = false;
}

static void rotation_asked(struct supervisor *s)
{
    const int64_t now_ms = clock_monotonic_ms();
    if (s->current.settings->records_file.n == 0 || supervisor_records(s)->file < 0)
        return;
    bool full = is_full(s), old = !full && is_old(s, now_ms);
    if ((full || old) && now_ms < supervisor_records(s)->rotation.next_ms)
        return;
    if (full || old) {
        if (old)
            supervisor_records(s)->rotation.aged_ms = now_ms;
        supervisor_records(s)->rotation.put_off = false;
        supervisor_records(s)->rotation.next_ms = supervisor_rotate_records(s) ? 0
                                                                               : now_ms + AGAIN_MS;
    } else if (s->current.settings->records_max_age_ms > 0 &&
               now_ms >= supervisor_records(s)->rotation.next_ms) {
        put_off(s, now_ms);
    } else {
        refuse(s);
    }
}

/* ---- the recorder ---- */

static unsigned kept(const struct supervisor *s)
{
    return supervisor_records(s)->file >= 0;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    (void)c;
    return recorder_main(control_fd, supervisor_records(s)->tally_fd);
}

static int started(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    return supervisor_begin_recorder(s, c);
}

static void take_rotate(struct supervisor *s, const struct heard *h)
{
    (void)h;
    rotation_asked(s);
}

const struct word supervisor_rotation_hears[] = {{ROLE_RECORDER, CONTROL_ROTATE, take_rotate},
                                                 {.take = NULL}};

const struct duty duty_recorder = {.kept = kept, .enter = enter, .started = started};
