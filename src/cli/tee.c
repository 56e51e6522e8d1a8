#include "tee.h"

#include "json_text.h"
#include "shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/json.h>
#include <sys/types.h>
#include <unistd.h>

#define COMPLAINTS_MAX (64 * 1024)

static struct {
    FILE *out, *err;
    bool said; /* something on standard output */
    struct buf complaints;
} tee;

static ssize_t write_all(int fd, const char *bytes, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t wrote = write(fd, bytes + done, n - done);
        if (wrote <= 0)
            return done > 0 ? (ssize_t)done : wrote;
        done += (size_t)wrote;
    }
    return (ssize_t)done;
}

static ssize_t write_out(void *cookie, const char *bytes, size_t n)
{
    (void)cookie;
    tee.said = true;
    return write_all(STDOUT_FILENO, bytes, n);
}

static ssize_t write_err(void *cookie, const char *bytes, size_t n)
{
    (void)cookie;
    if (tee.complaints.n < COMPLAINTS_MAX)
        buf_add(&tee.complaints, bytes, n);
    return shown_write(STDERR_FILENO, bytes, n);
}

void tee_begin(void)
{
    FILE *out = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_out});
    FILE *err = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_err});
    if (!out || !err)
        return;
    setvbuf(err, NULL, _IONBF, 0);
    tee.out = stdout;
    tee.err = stderr;
    stdout = out;
    stderr = err;
}

/* "stirctl: " in front of each line is for people. */
static void add_plain(struct buf *plain, struct str text)
{
    const struct str name = STR("stirctl: ");
    while (text.n > 0) {
        struct str line = str_cut(&text, '\n');
        if (plain->n > 0)
            buf_add_char(plain, '\n');
        buf_add_str(plain, str_starts(line, name) ? str_slice(line, name.n, line.n) : line);
    }
}

static void print_error(int status)
{
    struct buf plain = BUF_INIT, text = BUF_INIT;
    struct json j = json_writer(&text, false);
    add_plain(&plain, str_trim(buf_str(&tee.complaints)));
    json_begin_object(&j);
    json_put_key(&j, STR("error"));
    json_put_string(&j, buf_str(&plain));
    json_put_key(&j, STR("status"));
    json_put_integer(&j, status);
    json_end_object(&j);
    json_print_text(buf_str(&text));
    buf_fini(&plain);
    buf_fini(&text);
}

int tee_end(int status)
{
    if (!tee.out)
        return status;
    bool failed = fflush(stdout) != 0;
    if (status != EXIT_SUCCESS && !tee.said && tee.complaints.n > 0)
        print_error(status);
    failed = fclose(stdout) != 0 || failed;
    fclose(stderr);
    stdout = tee.out;
    stderr = tee.err;
    buf_fini(&tee.complaints);
    return failed && status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}
