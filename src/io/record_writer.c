#include <stird/io/record_writer.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* More than the longest line: the last whole one is in it. */
#define TAIL_BYTES (256 * 1024)
#define HEAD_BYTES 256

void record_writer_fini(struct record_writer *w)
{
    if (w->fd >= 0)
        close(w->fd);
    buf_fini(&w->out);
    *w = RECORD_WRITER_INIT;
}

struct record_losses *record_writer_losses(struct record_writer *w)
{
    return w->shared ? w->shared : &w->own;
}

/* ---- what a file holds already ---- */

struct found {
    off_t size; /* of its whole lines */
    bool empty; /* there is not even part of a line */
    bool torn;  /* behind them is an unfinished one */
    bool ours;  /* the last whole line is of a chain */
    struct record_chain chain;
};

static ssize_t read_at(int fd, char *room, size_t n, off_t at)
{
    ssize_t got;
    do
        got = pread(fd, room, n, at);
    while (got < 0 && errno == EINTR);
    return got;
}

static struct str last_line(struct str tail)
{
    size_t begin = tail.n;
    while (begin > 0 && tail.p[begin - 1] != '\n')
        begin--;
    return str_slice(tail, begin, tail.n);
}

static struct found look_at(int fd)
{
    struct found f = {.empty = true};
    struct buf tail = BUF_INIT;
    struct stat st;
    char *room = buf_room(&tail, TAIL_BYTES);
    if (!room || fstat(fd, &st) || st.st_size == 0)
        goto out;
    f.empty = false;
    off_t from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
    ssize_t n = read_at(fd, room, TAIL_BYTES, from);
    size_t whole = n > 0 ? (size_t)n : 0;
    while (whole > 0 && room[whole - 1] != '\n')
        whole--;
    f.size = from + (off_t)whole;
    f.torn = f.size < st.st_size;
    f.ours = whole > 0 && chain_after_line(&f.chain, last_line((struct str){room, whole - 1}));
out:
    buf_fini(&tail);
    return f;
}

/* "ts":"2026-11-26T23:59:59.123Z" of the first line; NOW_US when there is none. */
static int64_t begin_of(int fd, int64_t now_us)
{
    char head[HEAD_BYTES + 1];
    struct tm tm = {0};
    ssize_t n = read_at(fd, head, HEAD_BYTES, 0);
    head[n > 0 ? n : 0] = '\0';
    const char *ts = strstr(head, "\"ts\":\"");
    if (!ts || !strptime(ts + 6, "%Y-%m-%dT%H:%M:%S", &tm))
        return now_us;
    return (int64_t)timegm(&tm) * 1000000;
}

/* ---- writing ---- */

/* Returns how much was written; errno says why not all. */
static size_t write_all(int fd, struct str s)
{
    size_t done = 0;
    errno = 0;
    while (done < s.n) {
        ssize_t n = write(fd, s.p + done, s.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}

/* Writes all or nothing: a part that was written is cut away, or counts as a torn line. */
static bool append(struct record_writer *w, struct str text)
{
    size_t written = write_all(w->fd, text);
    if (written == text.n) {
        w->size += (off_t)text.n;
        return true;
    }
    w->error = errno ? errno : ENOSPC;
    if (written > 0 && ftruncate(w->fd, w->size))
        w->torn = true;
    return false;
}

/* A line of the writer's own, at once. BEFORE goes in front of it. */
static bool append_event(struct record_writer *w, const char *before,
                         const struct chain_event *event)
{
    struct buf text = BUF_INIT;
    struct record_chain next;
    buf_add_text(&text, before);
    bool good = chain_add_event(&text, &w->chain, event, &next);
    if (!good)
        w->error = ENOMEM;
    good = good && append(w, buf_str(&text));
    if (good)
        w->chain = w->next = next;
    buf_fini(&text);
    return good;
}

/* An unfinished line gets its end, and a line that says so. */
static bool mend(struct record_writer *w, int64_t now_us)
{
    const struct chain_event event = {
        .kind = CHAIN_RESTART, .ts_us = now_us, .node = w->node, .torn = true};
    struct stat st;
    if (fstat(w->fd, &st)) {
        w->error = errno;
        return false;
    }
    w->size = st.st_size;
    if (!append_event(w, "\n", &event))
        return false;
    w->torn = false;
    return true;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return b > INT64_MAX - a ? INT64_MAX : a + b; /* as JSON takes it */
}

/*
 * Puts what has to be said first into `out` before further lines. Losses are told in one piece with
 * what comes next: lines of losses alone would fill up a full disk.
 */
static bool prepare(struct record_writer *w, int64_t now_us)
{
    uint64_t untold = record_writer_losses(w)->untold;
    const struct chain_event dropped = {
        .kind = CHAIN_DROPPED, .ts_us = now_us, .node = w->node, .dropped = untold};
    struct record_chain next;
    if (w->torn && !mend(w, now_us))
        return false;
    if (untold == 0)
        return true;
    if (!chain_add_event(&w->out, &w->next, &dropped, &next)) {
        buf_reset(&w->out);
        w->error = ENOMEM;
        return false;
    }
    w->next = next;
    w->telling = untold;
    return true;
}

void record_writer_tell(struct record_writer *w, int64_t now_us)
{
    if (w->fd >= 0 && record_writer_flush(w) && record_writer_losses(w)->untold > 0 &&
        prepare(w, now_us))
        record_writer_flush(w);
}

void record_writer_tell_forced(struct record_writer *w, const uint64_t rows[2], int64_t now_us)
{
    const struct chain_event event = {.kind = CHAIN_FORCED,
                                      .ts_us = now_us,
                                      .node = w->node,
                                      .rows_before = rows[0],
                                      .rows = rows[1]};
    if (w->fd >= 0 && record_writer_flush(w) && (!w->torn || mend(w, now_us)))
        append_event(w, "", &event);
}

static void put_down(struct record_losses *tally, uint64_t n)
{
    tally->in_hand -= n < tally->in_hand ? n : tally->in_hand;
}

/* Counts N of those in hand as lost. */
static bool lose(struct record_writer *w, uint64_t n)
{
    struct record_losses *tally = record_writer_losses(w);
    tally->lost = sum(tally->lost, n);
    tally->untold = sum(tally->untold, n);
    put_down(tally, n);
    return false;
}

void record_writer_reach(struct record_writer *w, unsigned n)
{
    struct record_losses *tally = record_writer_losses(w);
    if (tally->in_hand == 0)
        tally->from_seq = w->chain.seq;
    tally->in_hand += n;
}

void record_writer_reached_none(struct record_writer *w, unsigned n)
{
    put_down(record_writer_losses(w), n);
}

/* Tells of N losses in a line of its own at this place, behind the lines in hand. */
static bool add_losses(struct record_writer *w, uint32_t n, int64_t now_us)
{
    struct record_losses *tally = record_writer_losses(w);
    record_writer_reached_none(w, 1);
    bool good = record_writer_flush(w);
    tally->untold = sum(tally->untold, n);
    return prepare(w, now_us) && good;
}

static bool add_record(struct record_writer *w, const struct record *record)
{
    struct record_chain next;
    size_t before = w->out.n;
    if (w->n_records == 0)
        record_writer_losses(w)->from_seq = w->next.seq;
    if (!chain_add_record(&w->out, &w->next, record, &next)) {
        w->out.n = before;
        w->out.failed = false;
        w->error = ENOMEM;
        return lose(w, 1);
    }
    w->next = next;
    w->n_records++;
    return true;
}

bool record_writer_add(struct record_writer *w, struct str packet, int64_t now_us)
{
    struct record record;
    uint32_t n;
    if (record_unpack_lost(&n, packet))
        return add_losses(w, n, now_us);
    if (w->out.n == 0 && !prepare(w, now_us))
        return lose(w, 1);
    if (!record_unpack(&record, packet)) {
        w->error = EBADMSG;
        return lose(w, 1);
    }
    return add_record(w, &record);
}

bool record_writer_flush(struct record_writer *w)
{
    bool good = true;
    if (w->fd < 0 || w->out.n == 0)
        return true;
    if (append(w, buf_str(&w->out))) {
        w->chain = w->next;
        w->written += w->n_records;
        put_down(record_writer_losses(w), w->n_records);
        record_writer_losses(w)->untold -= w->telling;
    } else {
        w->next = w->chain;
        good = lose(w, w->n_records);
    }
    buf_reset(&w->out);
    w->n_records = 0;
    w->telling = 0;
    return good;
}

/* ---- files ---- */

/* Where the chain goes on; whether the file needs a line that says what happened. */
static bool choose_chain(struct record_writer *w, const struct found *f, const struct found *before,
                         enum chain_kind *kind)
{
    bool same = w->has_chain && f->ours && f->chain.seq == w->chain.seq &&
                memcmp(f->chain.head, w->chain.head, CHAIN_HASH_BYTES) == 0;
    *kind = f->ours ? CHAIN_RESTART : CHAIN_ROTATE;
    if (f->ours) {
        w->chain = f->chain;
    } else if (before->ours) {
        w->chain = before->chain;
    } else if (!w->has_chain) {
        w->chain = (struct record_chain){0};
        *kind = CHAIN_START;
    }
    w->next = w->chain;
    w->has_chain = true;
    return !same;
}

/* Settles what the writer before this one had in hand, some of which may be on the disk. Called
   before this one writes any line. */
static void settle(struct record_writer *w)
{
    struct record_losses *tally = record_writer_losses(w);
    uint64_t written = w->chain.seq > tally->from_seq ? w->chain.seq - tally->from_seq : 0;
    if (written < tally->in_hand) {
        w->error = EOWNERDEAD;
        lose(w, tally->in_hand - written);
    }
    tally->in_hand = 0;
}

void record_writer_take_file(struct record_writer *w, int fd, int predecessor, int64_t now_us)
{
    struct found f = look_at(fd), before = {.empty = true};
    enum chain_kind kind;
    record_writer_flush(w);
    if (w->fd >= 0)
        close(w->fd);
    if (!w->has_chain && f.empty && predecessor >= 0)
        before = look_at(predecessor);
    w->fd = fd;
    w->size = f.size;
    w->torn = f.torn;
    w->begins_us = f.empty ? now_us : begin_of(fd, now_us);
    bool tell = choose_chain(w, &f, &before, &kind);
    settle(w);
    if (w->torn)
        mend(w, now_us);
    else if (tell)
        append_event(w, "", &(struct chain_event){.kind = kind, .ts_us = now_us, .node = w->node});
    record_writer_tell(w, now_us);
}
