#include "shown.h"

#include <stdarg.h>
#include <stird/base/buf.h>
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

void print_said(const char *format, ...)
{
    struct buf text = BUF_INIT, shown = BUF_INIT;
    va_list arguments;
    va_start(arguments, format);
    buf_vaddf(&text, format, arguments);
    va_end(arguments);
    add_shown(&shown, buf_str(&text));
    if (shown.n > 0)
        fwrite(shown.p, 1, shown.n, stdout);
    buf_fini(&text);
    buf_fini(&shown);
}
