#include <stird/log.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stird/buf.h>
#include <sys/socket.h>
#include <unistd.h>

/* One sink a process: where it goes is a fact of the process, like its stderr. */
static struct {
    const char *process;
    int fd;
    bool journal;
    enum log_level level;
    uint64_t dropped, dropped_said;
} sink = {"stird", STDERR_FILENO, false, LOG_LEVEL_INFO, 0, 0};

static const struct {
    const char *name;
    char priority; /* syslog's, as journald reads it */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", '3'},
    [LOG_LEVEL_WARNING] = {"warning", '4'},
    [LOG_LEVEL_INFO] = {"info", '6'},
    [LOG_LEVEL_DEBUG] = {"debug", '7'},
};

void log_open(const char *process, int fd, bool journal)
{
    sink.process = process;
    sink.fd = fd;
    sink.journal = journal;
}

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

uint64_t log_dropped(void)
{
    return sink.dropped;
}

/* A line of at most PIPE_BUF bytes goes whole or not at all, and never waits for the reader. */
static bool write_now(const char *line, size_t n)
{
    ssize_t sent = send(sink.fd, line, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != ENOTSOCK)
        return sent == (ssize_t)n;
    struct pollfd p = {.fd = sink.fd, .events = POLLOUT};
    if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
        return false;
    return write(sink.fd, line, n) == (ssize_t)n;
}

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

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    if (!log_wants(level))
        return;
    struct buf line = BUF_INIT;
    if (sink.journal)
        buf_addf(&line, "<%c>", levels[level].priority);
    buf_addf(&line, "%s [%s] %s", levels[level].name, sink.process, event);
    for (const struct log_field *f = fields; f->key; f++)
        add_field(&line, f);
    if (sink.dropped > sink.dropped_said)
        buf_addf(&line, " log_lines_dropped=%llu", (unsigned long long)sink.dropped);
    if (line.n > PIPE_BUF - 1)
        line.n = PIPE_BUF - 1;
    buf_add_char(&line, '\n');
    if (!buf_failed(&line) && write_now(line.p, line.n))
        sink.dropped_said = sink.dropped;
    else
        sink.dropped++;
    buf_fini(&line);
}
