/*
 * Messages in text: a log, what sngrep or tcpdump printed, a mail. What stands before the start
 * line on its line (spaces, "> ", a time stamp) is taken off the lines behind it where they begin
 * the same way.
 */
#include <stird/buf.h>
#include <stird/headers.h>
#include <stird/trace.h>

#define PREFIX_MAX  64
#define MESSAGE_MAX (64 * 1024)

struct reader {
    struct str rest;
    uint64_t line; /* number of the one that was taken last */
};

static bool take_line(struct reader *r, struct str *line)
{
    if (r->rest.n == 0)
        return false;
    size_t end = str_find(r->rest, '\n', 0);
    *line = str_slice(r->rest, 0, end);
    r->rest = str_slice(r->rest, end + 1, r->rest.n);
    r->line++;
    if (line->n > 0 && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

/* Where the start line begins in LINE; LINE.n: it holds none. */
static size_t find_start(struct str line)
{
    for (size_t i = 0; i < line.n && i <= PREFIX_MAX; i++) {
        char before = i > 0 ? line.p[i - 1] : ' ';
        if (ascii_is_alpha(line.p[i]) && !ascii_is_alpha(before) && !ascii_is_digit(before) &&
            sip_is_start_line(str_slice(line, i, line.n)))
            return i;
    }
    return line.n;
}

static struct str without(struct str line, struct str prefix)
{
    if (str_starts(line, prefix))
        return str_slice(line, prefix.n, line.n);
    /* A quoting mark without the space behind it, on an empty line. */
    struct str bare = str_trim(prefix);
    return str_eq(line, bare) ? STR("") : line;
}

static bool is_header(struct str line)
{
    size_t colon = str_find(line, ':', 0);
    return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t' || (colon > 0 && colon < line.n));
}

static void add_line(struct buf *message, struct str line)
{
    buf_add_str(message, line);
    buf_add_text(message, "\r\n");
}

/* The header lines and, as far as it is there, the body. */
static void read_message(struct reader *r, struct str prefix, struct buf *message)
{
    struct reader ahead = *r;
    struct str line;
    while (message->n < MESSAGE_MAX && take_line(&ahead, &line)) {
        line = without(line, prefix);
        if (!is_header(line) || find_start(line) == 0)
            break;
        add_line(message, line);
        *r = ahead;
    }
    buf_add_text(message, "\r\n");
}

uint64_t trace_read_text(struct str text, trace_visit *visit, void *user)
{
    struct reader r = {.rest = text};
    struct buf message = BUF_INIT;
    struct str line;
    uint64_t n = 0;
    while (take_line(&r, &line)) {
        size_t start = find_start(line);
        if (start == line.n)
            continue;
        struct trace_message m = {.place = r.line};
        buf_reset(&message);
        add_line(&message, str_slice(line, start, line.n));
        read_message(&r, str_slice(line, 0, start), &message);
        m.text = buf_str(&message);
        if (buf_failed(&message))
            break;
        visit(user, &m);
        n++;
    }
    buf_fini(&message);
    return n;
}
