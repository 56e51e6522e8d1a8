#include "shown.h"

#include <stdarg.h>
#include <stdlib.h>
#include <stird/base/buf.h>
#include <string.h>
#include <unistd.h>

static void add_shown(struct buf *shown, struct str text)
{
    while (text.n > 0) {
        struct str line = str_slice(text, 0, str_find(text, '\n', 0));
        buf_add_shown(shown, line);
        if (line.n < text.n)
            buf_add_char(shown, '\n');
        text = str_slice(text, line.n + 1, text.n);
    }
}

ssize_t shown_write(int fd, const char *bytes, size_t n)
{
    struct buf shown = BUF_INIT;
    add_shown(&shown, (struct str){bytes, n});
    bool good = !buf_failed(&shown);
    for (size_t done = 0; good && done < shown.n;) {
        ssize_t wrote = write(fd, shown.p + done, shown.n - done);
        good = wrote > 0;
        done += good ? (size_t)wrote : 0;
    }
    buf_fini(&shown);
    return good ? (ssize_t)n : -1;
}

static ssize_t write_err(void *cookie, const char *bytes, size_t n)
{
    (void)cookie;
    return shown_write(STDERR_FILENO, bytes, n);
}

void shown_begin(void)
{
    FILE *err = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_err});
    if (!err)
        return;
    setvbuf(err, NULL, _IOLBF, BUFSIZ);
    stderr = err;
}

/* An octet below space that is neither in TEXT nor a line end; '\n' where all are. */
static char octet_not_in(struct str text)
{
    for (int c = 1; c < ' '; c++)
        if (c != '\n' && str_find(text, (char)c, 0) == text.n)
            return (char)c;
    return '\n';
}

/* FORMAT with MARK for its line ends. */
static char *mark_line_ends(const char *format, char mark)
{
    char *marked = strdup(format);
    for (char *c = marked; c && *c; c++)
        if (*c == '\n')
            *c = mark;
    return marked;
}

/* What is said, each line end that is not FORMAT's own as \x0a; all else as it is. */
__attribute__((format(printf, 2, 0))) static void add_lines(struct buf *out, const char *format,
                                                            va_list arguments)
{
    struct buf text = BUF_INIT;
    va_list again;
    va_copy(again, arguments);
    buf_vaddf(&text, format, arguments);
    char mark = octet_not_in(buf_str(&text)), *marked = mark_line_ends(format, mark);
    buf_reset(&text);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (marked)
        buf_vaddf(&text, marked, again);
#pragma GCC diagnostic pop
    va_end(again);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == mark)
            buf_add_char(out, '\n');
        else if (text.p[i] == '\n')
            buf_add_text(out, "\\x0a");
        else
            buf_add_char(out, text.p[i]);
    free(marked);
    buf_fini(&text);
}

int print_said(const char *format, ...)
{
    struct buf lines = BUF_INIT, shown = BUF_INIT;
    va_list arguments;
    va_start(arguments, format);
    add_lines(&lines, format, arguments);
    va_end(arguments);
    add_shown(&shown, buf_str(&lines));
    if (shown.n > 0)
        fwrite(shown.p, 1, shown.n, stdout);
    const int n = (int)shown.n;
    buf_fini(&lines);
    buf_fini(&shown);
    return n;
}

/* Standard error escapes the rest itself, but for those that want it whole (tee.h). */
void warn_said(const char *format, ...)
{
    struct buf lines = BUF_INIT;
    va_list arguments;
    va_start(arguments, format);
    add_lines(&lines, format, arguments);
    va_end(arguments);
    if (lines.n > 0)
        fwrite(lines.p, 1, lines.n, stderr);
    buf_fini(&lines);
}
