/* The log never waits for its reader, and tells how many lines it dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <stird/base/log.h>

#include "in_child.h"

#define HANGS 600 /* seconds: on whatever machine, it waits for its reader */
#define LINES 200 /* of 3000 octets: far more than any of these takes unread */

static const char *text_of(size_t n)
{
    static char text[4000];
    memset(text, 'x', n);
    text[n] = '\0';
    return text;
}

static void write_lines(void)
{
    for (int i = 0; i < LINES; i++)
        log_info("line", LOG_CSTR("text", text_of(3000)));
}

/* A process that waits in write(2) is ended by the alarm. */
static void write_in_children(int fd, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            alarm(HANGS);
            log_open("child", fd, false);
            write_lines();
            _exit(log_dropped() > 0 ? 0 : 1);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        int status = -1;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}

/* When two ask at the same moment whether there is room for one, the second must not sleep. */
static void several_at_one_full_pipe(void **state)
{
    (void)state;
    for (int round = 0; round < 15; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        if (round % 2) /* before the fork, or each by itself */
            log_never_wait(ends[1]);
        write_in_children(ends[1], 4);
        close(ends[0]);
        close(ends[1]);
    }
}

/* Somebody else who has the pipe takes O_NONBLOCK off, again and again. */
static void one_that_is_made_to_wait(void **state)
{
    (void)state;
    const pid_t ours = getpid();
    for (int round = 0; round < 5; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        log_never_wait(ends[1]);
        pid_t other = fork();
        if (other == 0)
            prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (other == 0 && getppid() == ours)
            fcntl(ends[1], F_SETFL, O_WRONLY);
        write_in_children(ends[1], 4);
        assert_int_equal(kill(other, SIGKILL), 0);
        assert_int_equal(waitpid(other, NULL, 0), other);
        close(ends[0]);
        close(ends[1]);
    }
}

static void a_pipe_of_ours_is_not_changed_for_others(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int shells = dup(ends[1]);
    log_never_wait(ends[1]);
    assert_true(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    assert_false(fcntl(shells, F_GETFL) & O_NONBLOCK);
    assert_int_equal(write(ends[1], "a", 1), 1);
    assert_int_equal(write(shells, "b", 1), 1);
    char got[2];
    assert_int_equal(read(ends[0], got, 2), 2);
    assert_memory_equal(got, "ab", 2);
    log_may_wait(ends[1]);
    assert_false(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    close(shells);
    close(ends[0]);
    close(ends[1]);
}

/* As with `sudo -u stird stird -f 2>&1 | tee`. */
static const char *log_to_anothers_pipe(void *user)
{
    (void)user;
    int ends[2];
    if (pipe(ends) || setgid(65534) || setuid(65534))
        return "no other user";
    log_never_wait(ends[1]);
    if (!(fcntl(ends[1], F_GETFL) & O_NONBLOCK))
        return "it would wait";
    alarm(HANGS);
    log_open("child", ends[1], false);
    write_lines();
    return log_dropped() > 0 ? NULL : "nothing was dropped";
}

static void a_pipe_of_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    in_child(log_to_anothers_pipe, NULL);
}

/* Somebody pressed ^S. */
static void a_terminal_that_stands_still(void **state)
{
    (void)state;
    int master, terminal;
    assert_int_equal(openpty(&master, &terminal, NULL, NULL, NULL), 0);
    int shells = dup(terminal);
    log_never_wait(terminal);
    assert_false(fcntl(shells, F_GETFL) & O_NONBLOCK);
    assert_int_equal(tcflow(shells, TCOOFF), 0);
    write_in_children(terminal, 2);
    close(shells);
    close(terminal);
    close(master);
}

/* Stuck journald: by the stream that it gives a service, and by its datagrams. */
static void nobody_reads(int type)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, type, 0, ends), 0);
    log_never_wait(ends[1]);
    assert_false(fcntl(ends[1], F_GETFL) & O_NONBLOCK); /* journald's: MSG_DONTWAIT does it */
    write_in_children(ends[1], 2);
    close(ends[0]);
    close(ends[1]);
}

static void a_socket_that_nobody_reads(void **state)
{
    (void)state;
    nobody_reads(SOCK_STREAM);
    nobody_reads(SOCK_DGRAM);
}

/* "2>log", without O_APPEND: what is there stays, the next line comes behind it. */
static void a_file_goes_on_where_it_was(void **state)
{
    (void)state;
    char name[] = "/tmp/stird-log-XXXXXX", got[64];
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "before\n", 7), 7);
    log_never_wait(fd);
    log_open("test", fd, false);
    log_info("after");
    ssize_t n = pread(fd, got, sizeof(got) - 1, 0);
    got[n > 0 ? n : 0] = '\0';
    assert_string_equal(got, "before\ninfo [test] after\n");
    unlink(name);
    close(fd);
}

static size_t read_all(int fd, char *room, size_t size)
{
    size_t n = 0;
    ssize_t got;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (n < size && (got = read(fd, room + n, size - n)) > 0)
        n += (size_t)got;
    return n;
}

/* Whole lines alone arrive, and the first one after a gap says how many are missing. */
static const char *tell_losses(void *user)
{
    static char got[1 << 20];
    bool stream = user != NULL;
    int ends[2];
    if (stream ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends))
        return "no ends";
    log_never_wait(ends[1]);
    log_open("test", ends[1], false);
    write_lines();
    size_t n = read_all(ends[0], got, sizeof(got));
    unsigned arrived = 0;
    for (size_t i = 0; i < n; i++)
        arrived += got[i] == '\n';
    if (arrived == 0 || arrived >= LINES || got[n - 1] != '\n')
        return "no whole lines, or all of them";
    log_info("again");
    n = read_all(ends[0], got, sizeof(got) - 1);
    got[n] = '\0';
    char wanted[256];
    snprintf(wanted, sizeof(wanted),
             "warning [test] log lines were dropped: the reader of the log is slow "
             "lines=%u lines_since_start=%u\ninfo [test] again\n",
             LINES - arrived, LINES - arrived);
    if (strcmp(got, wanted) != 0)
        return "the losses are not told";
    log_info("once");
    n = read_all(ends[0], got, sizeof(got) - 1);
    got[n] = '\0';
    return strcmp(got, "info [test] once\n") == 0 ? NULL : "the losses are told twice";
}

static void what_was_dropped_is_told(void **state)
{
    static char stream[] = "stream";
    (void)state;
    in_child(tell_losses, NULL);
    in_child(tell_losses, stream);
}

static const char *count_together(void *user)
{
    (void)user;
    int ends[2];
    if (pipe(ends))
        return "no pipe";
    log_never_wait(ends[1]);
    log_open("test", ends[1], false);
    write_lines();
    uint64_t before = log_dropped();
    log_count_together();
    if (before == 0 || log_dropped() != before)
        return "what was dropped before does not count";
    write_in_children(ends[1], 3);
    return log_dropped() == before + 3 * LINES ? NULL : "what children drop does not count";
}

static void all_processes_count_together(void **state)
{
    (void)state;
    in_child(count_together, NULL);
}

/* A line is a line, however long its values are. */
static const char *long_line(void *user)
{
    (void)user;
    static char got[1 << 16];
    int ends[2];
    if (pipe(ends))
        return "no pipe";
    log_open("test", ends[1], false);
    log_info("a", LOG_CSTR("x", text_of(3999)), LOG_CSTR("y", text_of(3999)));
    size_t n = read_all(ends[0], got, sizeof(got));
    return n == 4096 && memchr(got, '\n', n) == got + n - 1 ? NULL : "no line of 4096 octets";
}

static void a_line_that_is_too_long_is_cut(void **state)
{
    (void)state;
    in_child(long_line, NULL);
}

/* ---- journald's own protocol, and lines for people ---- */

/* The next entry, or "" when there is none. */
static const char *entry_of(int fd)
{
    static char got[1 << 16];
    ssize_t n = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
    got[n > 0 ? n : 0] = '\0';
    return got;
}

/* Fields that can be asked for, each value one line, and nothing on standard error. */
static const char *as_entries(void *user)
{
    (void)user;
    int ends[2], pipes[2];
    static char line[4096];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) || pipe(pipes))
        return "no sockets";
    log_open("worker 1", pipes[1], true);
    log_to_journal(ends[1]);
    log_warning("call", LOG_CSTR("call_id", "a b\nTRUNK=evil"), LOG_CSTR("trunk", "pbx"),
                LOG_CSTR("orig", "12155550100"), LOG_NOTHING, LOG_CSTR("dest", "-"),
                LOG_CSTR("reason", "signed_owned"), LOG_CSTR("other", "x"),
                LOG_NUMBER("status", 200));
    if (strcmp(entry_of(ends[0]),
               "PRIORITY=4\nSYSLOG_IDENTIFIER=stird\n"
               "MESSAGE=warning [worker 1] call call_id=\"a b\\x0aTRUNK=evil\" trunk=pbx "
               "orig=12155550100 dest=- reason=signed_owned other=x status=200\n"
               "CALL_ID=a b\\x0aTRUNK=evil\nTRUNK=pbx\nORIG_TN=12155550100\n"
               "REASON=signed_owned\n"))
        return "another entry";
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    if (read(pipes[0], line, sizeof(line)) > 0)
        return "a line on standard error as well";
    close(ends[0]); /* journald is gone */
    log_info("after");
    ssize_t n = read(pipes[0], line, sizeof(line));
    return n > 0 && strncmp(line, "<6>info [worker 1] after\n", (size_t)n) == 0
               ? NULL
               : "what journald does not take is lost";
}

static void entries_of_the_journal(void **state)
{
    (void)state;
    in_child(as_entries, NULL);
}

/* Not read for a while: nothing waits, and what was lost is told. */
static const char *full_journal(void *user)
{
    (void)user;
    int ends[2], sink = open("/dev/full", O_WRONLY);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) || sink < 0)
        return "no sockets";
    alarm(HANGS);
    log_open("test", sink, true);
    log_to_journal(ends[1]);
    write_lines();
    if (log_dropped() == 0)
        return "nothing was dropped";
    while (*entry_of(ends[0]))
        ;
    log_info("again");
    if (!strstr(entry_of(ends[0]), "MESSAGE=warning [test] log lines were dropped"))
        return "losses are not told";
    return strstr(entry_of(ends[0]), "MESSAGE=info [test] again\n") ? NULL : "no line after them";
}

static void a_journal_that_is_not_read(void **state)
{
    (void)state;
    in_child(full_journal, NULL);
}

static bool is_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
    for (size_t i = 0; i < sizeof(form) - 1; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return true;
}

static const char *dressed(void *user)
{
    (void)user;
    static char got[4096];
    int ends[2];
    if (pipe(ends))
        return "no pipe";
    log_open("test", ends[1], false);
    log_dress(true, true);
    log_error("a");
    got[read_all(ends[0], got, sizeof(got) - 1)] = '\0';
    if (!is_time(got) || strcmp(got + 25, "\033[31merror\033[0m [test] a\n"))
        return "no time, or no colour";
    log_open("test", ends[1], true); /* journald has times and levels of its own */
    log_error("a");
    got[read_all(ends[0], got, sizeof(got) - 1)] = '\0';
    return strcmp(got, "<3>error [test] a\n") ? "dressed for journald" : NULL;
}

static void lines_for_people(void **state)
{
    (void)state;
    in_child(dressed, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_at_one_full_pipe),
        cmocka_unit_test(one_that_is_made_to_wait),
        cmocka_unit_test(a_pipe_of_ours_is_not_changed_for_others),
        cmocka_unit_test(a_pipe_of_another_user),
        cmocka_unit_test(a_terminal_that_stands_still),
        cmocka_unit_test(a_socket_that_nobody_reads),
        cmocka_unit_test(a_file_goes_on_where_it_was),
        cmocka_unit_test(what_was_dropped_is_told),
        cmocka_unit_test(all_processes_count_together),
        cmocka_unit_test(a_line_that_is_too_long_is_cut),
        cmocka_unit_test(entries_of_the_journal),
        cmocka_unit_test(a_journal_that_is_not_read),
        cmocka_unit_test(lines_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
