#include "aside.h"

#include "key_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <stird/io/control.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPORT_MAX_BYTES (1 << 26) /* a long table may have a mistake in each row */

/* What goes over the pipe: this and two texts for each problem, and one with `last` set at the end.
   So a child that died on the way is told from one that found nothing. */
struct problem_head {
    uint32_t last, may_pass;
    uint32_t line, file_bytes, text_bytes;
};

/* ---- the child ---- */

static bool write_all(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t written = write(fd, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        n -= (size_t)written;
    }
    return true;
}

static bool write_problem(int fd, const struct problem *p)
{
    struct problem_head r = {0, p->may_pass, p->line, (uint32_t)strlen(p->file),
                             (uint32_t)strlen(p->text)};
    return write_all(fd, &r, sizeof(r)) && write_all(fd, p->file, r.file_bytes) &&
           write_all(fd, p->text, r.text_bytes);
}

static int check_in_child(void (*check)(void *user, struct problems *problems), void *user, int fd)
{
    struct problems problems = PROBLEMS_INIT;
    const struct problem_head end = {.last = 1};
    bool good = key_memory_protect() == 0;
    control_say_only(0);
    if (good)
        check(user, &problems);
    good = good && !problems.out_of_memory;
    for (size_t i = 0; i < problems.n && good; i++)
        good = write_problem(fd, &problems.list[i]);
    good = good && write_all(fd, &end, sizeof(end));
    problems_fini(&problems);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the one that asks ---- */

static void read_all(int fd, struct buf *text)
{
    char *room;
    while (text->n < REPORT_MAX_BYTES && (room = buf_room(text, 4096))) {
        ssize_t got = read(fd, room, 4096);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        buf_grew(text, (size_t)got);
    }
}

/* False when the report is incomplete. */
static bool take_problems(struct str rest, struct problems *problems)
{
    struct problem_head r = {0};
    while (rest.n >= sizeof(r)) {
        memcpy(&r, rest.p, sizeof(r));
        rest = str_slice(rest, sizeof(r), rest.n);
        if (r.last)
            return rest.n == 0;
        if (r.file_bytes > rest.n || r.text_bytes > rest.n - r.file_bytes)
            return false;
        struct str file = str_slice(rest, 0, r.file_bytes);
        struct str text = str_slice(rest, r.file_bytes, (size_t)r.file_bytes + r.text_bytes);
        problems_add(problems, file, r.line, "%.*s", STR_ARG(text));
        if (r.may_pass)
            problems_may_pass(problems, EAGAIN);
        rest = str_slice(rest, (size_t)r.file_bytes + r.text_bytes, rest.n);
    }
    return false;
}

static void wait_for(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

bool aside_check(const char *what, void (*check)(void *user, struct problems *problems), void *user,
                 struct problems *problems)
{
    const size_t known = problems->n;
    int ends[2] = {-1, -1};
    pid_t child = -1;
    struct buf report = BUF_INIT;
    if (pipe2(ends, O_CLOEXEC) == 0)
        child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(check_in_child(check, user, ends[1]));
    }
    if (child < 0) {
        problems_add(problems, STR(""), 0, "%s could not be checked: %s", what, strerror(errno));
        problems_may_pass(problems, errno);
        goto out;
    }
    close(ends[1]);
    ends[1] = -1;
    read_all(ends[0], &report);
    close(ends[0]); /* the child is waited for only until its report ends */
    ends[0] = -1;
    wait_for(child);
    if (!take_problems(buf_str(&report), problems)) {
        problems_add(problems, STR(""), 0,
                     "%s could not be checked: the process that does it ended early", what);
        problems_may_pass(problems, ENOMEM); /* most likely the kernel ended it for want of
                                                memory */
    }
out:
    for (unsigned i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    buf_fini(&report);
    return problems->n == known && !problems->out_of_memory;
}
