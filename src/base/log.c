#include <stird/log.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stird/buf.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* One sink a process: where it goes is a fact of the process, like its stderr. */
static struct {
    const char *process;
    int fd;
    bool journal;
    bool pipe;
    enum log_level level;
    bool torn;              /* part of a line was taken: the next one begins a new line */
    uint64_t dropped, said; /* by this process: of a line that gets through */
    atomic_ullong *all;     /* by all that count together; NULL: by this process alone */
} sink = {"stird", STDERR_FILENO, false, false, LOG_LEVEL_INFO, false, 0, 0, NULL};

static const struct {
    const char *name;
    char priority; /* syslog's, as journald reads it */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", '3'},
    [LOG_LEVEL_WARNING] = {"warning", '4'},
    [LOG_LEVEL_INFO] = {"info", '6'},
    [LOG_LEVEL_DEBUG] = {"debug", '7'},
};

void log_set_level(enum log_level level)
{
    sink.level = level;
}

bool log_wants(enum log_level level)
{
    return level <= sink.level;
}

bool log_level_parse(struct str name, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (str_eq(name, str_of(levels[i].name))) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
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

/* The same pipe or device, opened anew; -1: not allowed. */
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
    sink.process = process;
    sink.fd = fd;
    struct stat st;
    sink.journal = journal;
    sink.pipe = fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
    log_never_wait(fd);
}

/*
 * A pipe is asked not to wait with each line: whoever else has it may have taken O_NONBLOCK off.
 * What does not know that (terminals, an old kernel) is asked before.
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

/* How much was taken. A line of at most PIPE_BUF octets goes into a pipe whole or not at all. */
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

static void add_begin(struct buf *line, enum log_level level, const char *event)
{
    if (sink.journal)
        buf_addf(line, "<%c>", levels[level].priority);
    buf_addf(line, "%s [%s] %s", levels[level].name, sink.process, event);
}

/* Cut off at MAX octets, its line feed included. */
static void end_line(struct buf *line, size_t max)
{
    if (line->n > max - 1)
        line->n = max - 1;
    buf_add_char(line, '\n');
}

/* In front of the line that it goes with: alone it would be dropped as the others were. */
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

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    if (!log_wants(level))
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
