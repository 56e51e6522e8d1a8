/*
 * Whether there is a ground for another record file. The recorder asks for one, and each one that
 * is made may be the end of an old one (records.keep): its word alone is not enough.
 */
#include "supervisor.h"

#include <stird/clock.h>
#include <stird/log.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGAIN_MS 50000 /* it asks once a minute for what it did not get */
#define SLACK_MS 1000

/* Octets that somebody has written: a file can be made long without any. What a file system
   compresses has no hole. */
static bool is_written(int fd, const struct stat *st)
{
    off_t hole = lseek(fd, 0, SEEK_HOLE);
    return hole < 0 || hole >= st->st_size || st->st_blocks * 512 >= st->st_size / 2;
}

static bool is_full(const struct supervisor *s)
{
    const uint64_t max = s->current.settings->records_max_bytes;
    struct stat st;
    return max > 0 && fstat(s->records_file, &st) == 0 && (uint64_t)st.st_size >= max &&
           is_written(s->records_file, &st);
}

/* When its first line was written only its reader knows: once it is believed, and from then on as
   often as files can become old. */
static bool may_be_old(const struct supervisor *s, int64_t now_ms)
{
    const int64_t max_ms = s->current.settings->records_max_age_ms;
    const int64_t last_ms = s->rotation.aged_ms;
    return max_ms > 0 && (last_ms == 0 || now_ms - last_ms + SLACK_MS >= max_ms);
}

static void refuse(struct supervisor *s)
{
    if (s->rotation.may_cross) /* it asked before it was given this file, or other limits */
        s->rotation.may_cross = false;
    else
        supervisor_child_false(s, &s->recorder, "that the record file is full or old");
}

/* The clock may have been set: then a file is old by what is written in it, and not by ours. */
static void put_off(struct supervisor *s, int64_t now_ms)
{
    s->rotation.next_ms = now_ms + AGAIN_MS;
    s->rotation.may_cross = false;
    log_warning("the recorder asks for another record file before its time: the present one goes "
                "on");
}

void supervisor_rotation_asked(struct supervisor *s)
{
    const int64_t now_ms = clock_monotonic_ms();
    if (s->current.settings->records_file.n == 0 || s->records_file < 0)
        return;
    bool full = is_full(s), old = !full && may_be_old(s, now_ms);
    if ((full || old) && now_ms < s->rotation.next_ms)
        return;
    if (full || old) {
        if (old)
            s->rotation.aged_ms = now_ms;
        s->rotation.next_ms = supervisor_rotate_records(s) ? 0 : now_ms + AGAIN_MS;
    } else if (s->current.settings->records_max_age_ms > 0 && now_ms >= s->rotation.next_ms) {
        put_off(s, now_ms);
    } else {
        refuse(s);
    }
}
