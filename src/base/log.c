#include "journal.h"

#include <stird/base/clock.h>
#include <stird/base/log.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stird/base/buf.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* One sink a process: where it goes is a fact of the process, like its stderr. */
static struct {
    const char *process;
    int fd;
    bool journal;
    bool pipe;
    int journal_fd; /* of its native protocol; -1: none */
    bool times, colours;
    enum log_level level;   /* that counts */
    enum log_level set;     /* as it was told last */
    bool held;              /* another one counts for a while */
    bool torn;              /* only part of a line was taken: end it before the next one */
    uint64_t dropped, said; /* of a line that gets through, by this process */
    atomic_ullong *all;     /* by all that count together; NULL: by this process alone */
} sink = {.process = "stird",
          .fd = STDERR_FILENO,
          .journal_fd = -1,
          .level = LOG_LEVEL_INFO,
          .set = LOG_LEVEL_INFO};

static const struct {
    const char *name;
    char priority; /* syslog's, as journald reads it */
    const char *colour;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", '3', "\033[31m"},
    [LOG_LEVEL_WARNING] = {"warning", '4', "\033[33m"},
    [LOG_LEVEL_INFO] = {"info", '6', "\033[32m"},
    [LOG_LEVEL_DEBUG] = {"debug", '7', "\033[2m"},
};

bool log_level_by_word(struct str word, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (str_eq(word, str_of(levels[i].name))) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_set_level(enum log_level level)
{
    sink.set = level;
    if (!sink.held)
        sink.level = level;
}

void log_hold_level(enum log_level level)
{
    sink.held = true;
    sink.level = level;
}

void log_follow_level(void)
{
    sink.held = false;
    sink.level = sink.set;
}

bool log_wants(enum log_level level)
{
    return level <= sink.level;
}

void log_count_together(void)
{
    void *shared = mmap(NULL, sizeof(*sink.all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);
    if (!sink.all && shared != MAP_FAILED) {
        sink.all = shared;
        atomic_init(sink.all, sink.dropped);
    }
}

uint64_t log_dropped(void)
{
    return sink.all ? atomic_load_explicit(sink.all, memory_order_relaxed) : sink.dropped;
}

static void drop_one(void)
{
    sink.dropped++;
    if (sink.all)
        atomic_fetch_add_explicit(sink.all, 1, memory_order_relaxed);
}

/* ---- descriptors ---- */

/* Opens the same pipe or device anew; -1 when that is not allowed. */
static int opened_anew(int fd)
{
    char path[32];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void log_never_wait(int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK) || fstat(fd, &st) ||
        !(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
        return;
    int own = opened_anew(fd);
    if (own >= 0) {
        dup2(own, fd);
        close(own);
    } else if (S_ISFIFO(st.st_mode)) {
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
}

void log_may_wait(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && (flags & O_NONBLOCK))
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

void log_open(const char *process, int fd, bool journal)
{
    log_follow_level();
    sink.process = process;
    sink.fd = fd;
    struct stat st;
    sink.journal = journal;
    sink.pipe = fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
    log_never_wait(fd);
}

void log_to_journal(int fd)
{
    sink.journal_fd = fd;
}

int log_journal_fd(void)
{
    return sink.journal_fd;
}

void log_dress(bool times, bool colours)
{
    sink.times = times;
    sink.colours = colours;
}

/*
 * Each write to a pipe says that it must not wait, because another process that has the pipe may
 * have taken O_NONBLOCK off. Where a write cannot say so (terminals, an old kernel), it is asked
 * before whether it would wait.
 */
static ssize_t write_at_once(const char *line, size_t n)
{
    const struct iovec part = {(void *)(uintptr_t)line, n};
    struct pollfd p = {.fd = sink.fd, .events = POLLOUT};
    ssize_t sent = sink.pipe ? pwritev2(sink.fd, &part, 1, -1, RWF_NOWAIT) : -1;
    if (sent >= 0 || (sink.pipe && errno == EAGAIN))
        return sent;
    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) ? write(sink.fd, line, n) : -1;
}

/* Returns how much was taken. A line of at most PIPE_BUF octets goes into a pipe whole or not at
   all. */
static size_t write_now(const char *line, size_t n)
{
    ssize_t sent = send(sink.fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK)
        sent = write_at_once(line, n);
    return sent > 0 ? (size_t)sent : 0;
}

/* ---- lines ---- */

static bool needs_quotes(struct str s)
{
    return s.n == 0 || str_find(s, ' ', 0) < s.n || str_find(s, '=', 0) < s.n;
}

static void add_field(struct buf *line, const struct log_field *f)
{
    if (f->key[0] == '\0')
        return;
    buf_addf(line, " %s=", f->key);
    if (f->is_number) {
        buf_addf(line, "%lld", (long long)f->number);
        return;
    }
    const char *quote = needs_quotes(f->text) ? "\"" : "";
    buf_add_text(line, quote);
    buf_add_escaped(line, f->text);
    buf_add_text(line, quote);
}

static void add_words(struct buf *line, enum log_level level, const char *event)
{
    bool coloured = sink.colours && !sink.journal;
    buf_addf(line, "%s%s%s [%s] %s", coloured ? levels[level].colour : "", levels[level].name,
             coloured ? "\033[0m" : "", sink.process, event);
}

static void add_time(struct buf *line)
{
    int64_t now_us = clock_real_us();
    time_t now_s = (time_t)(now_us / 1000000);
    struct tm tm;
    char text[40];
    if (gmtime_r(&now_s, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) > 0)
        buf_addf(line, "%s.%03dZ ", text, (int)(now_us / 1000 % 1000));
}

static void add_begin(struct buf *line, enum log_level level, const char *event)
{
    if (sink.journal)
        buf_addf(line, "<%c>", levels[level].priority);
    else if (sink.times)
        add_time(line);
    add_words(line, level, event);
}

/* Cut off at MAX octets, its line feed included. */
static void end_line(struct buf *line, size_t max)
{
    if (line->n > max - 1)
        line->n = max - 1;
    buf_add_char(line, '\n');
}

/* The count goes in front of the next line, in one write: alone it might be dropped as those lines
   were. */
static void add_losses(struct buf *line)
{
    if (sink.torn)
        buf_add_char(line, '\n');
    if (sink.dropped == sink.said)
        return;
    add_begin(line, LOG_LEVEL_WARNING, "log lines were dropped: the reader of the log is slow");
    buf_addf(line, " lines=%llu lines_since_start=%llu\n",
             (unsigned long long)(sink.dropped - sink.said), (unsigned long long)sink.dropped);
}

static void send_line(const struct buf *line)
{
    size_t taken = buf_failed(line) ? 0 : write_now(line->p, line->n);
    if (taken > 0)
        sink.torn = taken < line->n;
    if (taken > 0 && taken == line->n)
        sink.said = sink.dropped;
    else
        drop_one();
}

/* ---- journald's own protocol ---- */

static bool send_entry(enum log_level level, struct str message, const struct log_field *fields)
{
    struct buf entry = BUF_INIT;
    journal_entry(&entry, levels[level].priority, message, fields);
    ssize_t sent = buf_failed(&entry)
                       ? -1
                       : send(sink.journal_fd, entry.p, entry.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    buf_fini(&entry);
    return sent > 0;
}

static bool send_losses(void)
{
    struct buf message = BUF_INIT;
    const struct log_field none = {0};
    if (sink.dropped == sink.said)
        return true;
    add_words(&message, LOG_LEVEL_WARNING, "log lines were dropped: the reader of the log is slow");
    buf_addf(&message, " lines=%llu lines_since_start=%llu",
             (unsigned long long)(sink.dropped - sink.said), (unsigned long long)sink.dropped);
    bool sent = send_entry(LOG_LEVEL_WARNING, buf_str(&message), &none);
    buf_fini(&message);
    return sent;
}

/* False when it has to go to standard error like all other lines. */
static bool send_to_journal(enum log_level level, const char *event, const struct log_field *fields)
{
    struct buf message = BUF_INIT;
    if (sink.journal_fd < 0 || !send_losses())
        return false;
    sink.said = sink.dropped;
    add_words(&message, level, event);
    for (const struct log_field *f = fields; f->key; f++)
        add_field(&message, f);
    bool sent = send_entry(level, str_slice(buf_str(&message), 0, PIPE_BUF - 1), fields);
    buf_fini(&message);
    return sent;
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    if (!log_wants(level) || send_to_journal(level, event, fields))
        return;
    struct buf line = BUF_INIT;
    add_losses(&line);
    add_begin(&line, level, event);
    for (const struct log_field *f = fields; f->key; f++)
        add_field(&line, f);
    end_line(&line, PIPE_BUF);
    send_line(&line);
    buf_fini(&line);
}
