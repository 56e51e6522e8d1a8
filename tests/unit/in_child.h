/* Runs a check in a forked child, because what it does cannot be undone in this process. */
#ifndef STIRD_TESTS_IN_CHILD_H
#define STIRD_TESTS_IN_CHILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What CHECK answers in a child of its own: "" when it answered NULL. */
static inline void answer_in_child(const char *(*check)(void *user), void *user, char *answer,
                                   size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const char *said = check(user);
        said = said ? said : "";
        _exit(write(ends[1], said, strlen(said) + 1) > 0 ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], answer, size - 1);
    close(ends[0]);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    answer[got > 0 ? got : 0] = '\0';
    if (got <= 0 || status != 0)
        snprintf(answer, size, "the child ended with status %d", status);
}

/* CHECK answers NULL or what is wrong. */
static inline void in_child(const char *(*check)(void *user), void *user)
{
    char answer[256];
    answer_in_child(check, user, answer, sizeof(answer));
    assert_string_equal(answer, "");
}

static inline bool succeeds_in_child(const char *(*check)(void *user), void *user)
{
    char answer[256];
    answer_in_child(check, user, answer, sizeof(answer));
    return answer[0] == '\0';
}

#endif
