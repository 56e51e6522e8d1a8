/* The recorder: a record is a line of a whole chain, whatever the disk does. */
#include "daemon/roles.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/io/control.h>
#include <stird/io/ledger.h>
#include <stird/io/record_batch.h>
#include <stird/io/record_writer.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000 /* only a hang exceeds it */

struct place {
    char directory[64], file[96];
    pid_t recorder;
    int control[2], source[2];
    int tally_fd;
    struct record_losses *tally;
    int queue_fd;
    struct record_queue *queue; /* as a worker has it */
};

static void tell(const struct place *p, enum control_type type, int fd)
{
    const struct control_message m = {.type = type};
    assert_int_equal(control_send(p->control[0], &m, &fd, 1), 0);
}

static void give_file(const struct place *p, const char *path)
{
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    tell(p, CONTROL_RECORDS, fd);
    close(fd);
}

static void wait_for_ready(const struct place *p)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    struct pollfd readable = {.fd = p->control[0], .events = POLLIN};
    assert_int_equal(poll(&readable, 1, PATIENCE_MS), 1);
    assert_int_equal(control_receive(p->control[0], &m, fds, &n_fds), 1);
    assert_int_equal(m.type, CONTROL_READY);
}

static void begin_recorder(struct place *p)
{
    assert_int_equal(control_pair(p->control), 0);
    p->recorder = fork();
    if (p->recorder == 0) {
        close(p->control[0]);
        _exit(recorder_main(p->control[1], p->tally_fd));
    }
    close(p->control[1]);
    wait_for_ready(p);
    tell(p, CONTROL_RECORD_SOURCE, p->source[0]);
}

static int start(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    p->tally_fd = memfd_create("tally", MFD_CLOEXEC);
    if (ftruncate(p->tally_fd, sizeof(*p->tally)))
        return -1;
    p->tally = mmap(NULL, sizeof(*p->tally), PROT_READ | PROT_WRITE, MAP_SHARED, p->tally_fd, 0);
    p->queue_fd = record_queue_memory(1 << 16);
    p->queue = record_queue_open(p->queue_fd);
    if (!p->queue)
        return -1;
    snprintf(p->directory, sizeof(p->directory), "/tmp/stird-recorder-XXXXXX");
    if (!mkdtemp(p->directory) || control_pair(p->source))
        return -1;
    snprintf(p->file, sizeof(p->file), "%s/records.jsonl", p->directory);
    begin_recorder(p);
    *state = p;
    return 0;
}

/* A closed control socket is the end, after all that waits was written. */
static void end(struct place *p)
{
    int status = -1;
    if (p->recorder == 0)
        return;
    close(p->control[0]);
    assert_int_equal(waitpid(p->recorder, &status, 0), p->recorder);
    assert_int_equal(status, 0);
    p->recorder = 0;
}

static int stop(void **state)
{
    struct place *p = *state;
    end(p);
    close(p->source[0]);
    close(p->source[1]);
    record_queue_close(p->queue);
    close(p->queue_fd);
    munmap(p->tally, sizeof(*p->tally));
    close(p->tally_fd);
    unlink(p->file);
    int left_over = rmdir(p->directory);
    free(p);
    return left_over;
}

static void gather(const struct place *p, const char *call_id)
{
    struct buf packet = BUF_INIT;
    const struct record record = {.call_id = str_of(call_id),
                                  .verdict = VERDICT_PASS,
                                  .number_state = NUMBER_STATES,
                                  .iat_s = -1,
                                  .sign_us = -1,
                                  .total_us = -1};
    record_pack(&packet, &record);
    assert_true(record_queue_put(p->queue, buf_str(&packet)));
    buf_fini(&packet);
}

/* All that gathered; returns how many of it. It stays in the queue, as if the worker had died. */
static unsigned send_batch(const struct place *p)
{
    struct buf batch = BUF_INIT;
    const unsigned n = record_batch_add(&batch, p->queue, RECORD_BATCH_MAX);
    assert_true(ledger_send(p->source[1], buf_str(&batch)));
    buf_fini(&batch);
    return n;
}

static void send_gathered(const struct place *p)
{
    record_queue_take(p->queue, send_batch(p));
}

static void put(const struct place *p, const char *call_id)
{
    struct pollfd writable = {.fd = p->source[1], .events = POLLOUT};
    assert_int_equal(poll(&writable, 1, PATIENCE_MS), 1);
    gather(p, call_id);
    send_gathered(p);
}

/* "start a b": what the lines are, calls by their Call-ID, and all of one chain from *CHAIN on. */
static void expect_lines(const char *path, struct record_chain *chain, const char *expected)
{
    static char text[1 << 20], got[1 << 16];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, sizeof(text));
    close(fd);
    assert_true(n >= 0);
    struct str rest = {text, (size_t)n};
    got[0] = '\0';
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        struct chain_place place;
        char head[CHAIN_HASH_TEXT + 1];
        json_t *json = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
        if (!json) {
            strcat(got, "TORN ");
            continue;
        }
        const char *kind = json_string_value(json_object_get(json, "kind"));
        const char *id = json_string_value(json_object_get(json, "call_id"));
        chain_hash_text(head, chain->head);
        assert_true(chain_place_of(&place, line));
        assert_int_equal(place.seq, chain->seq);
        assert_true(str_eq(place.prev, str_of(head)));
        assert_true(chain_after_line(chain, line));
        strcat(strcat(got, id ? id : kind), rest.n > 0 ? " " : "");
        json_decref(json);
    }
    assert_string_equal(got, expected);
}

static void expect_new_chain(const char *path, const char *expected)
{
    struct record_chain chain = {0};
    expect_lines(path, &chain, expected);
}

static bool nothing_waits(const struct place *p)
{
    struct pollfd waiting = {.fd = p->source[0], .events = POLLIN};
    return poll(&waiting, 1, 0) == 0;
}

/* It sleeps in poll() and nowhere else: what it writes, it writes without a pause. */
static bool sleeps(pid_t pid)
{
    char path[64], state = '?';
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    bool read = f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1;
    if (f)
        fclose(f);
    return read && state == 'S';
}

/* Until the recorder has written what was sent before. */
static void wait_until_written(const struct place *p)
{
    bool done = false;
    for (int i = 0; i < PATIENCE_MS && !done; i++) {
        done = nothing_waits(p) && sleeps(p->recorder) && nothing_waits(p);
        if (!done)
            usleep(1000);
    }
    assert_true(done);
}

static void test_a_record_is_a_line(void **state)
{
    struct place *p = *state;
    give_file(p, p->file);
    put(p, "a");
    put(p, "b");
    end(p);
    expect_new_chain(p->file, "start a b");
}

/* What all `dropped` lines tell. */
static unsigned long told(const char *path)
{
    static char text[1 << 20];
    unsigned long sum = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    for (const char *at = text; (at = strstr(at, ",\"dropped\":"));)
        sum += strtoul(at += 11, NULL, 10);
    return sum;
}

static void test_a_batch_is_lines(void **state)
{
    struct place *p = *state;
    struct buf lost = BUF_INIT;
    give_file(p, p->file);
    record_pack_lost(&lost, 7);
    gather(p, "a");
    gather(p, "b");
    assert_true(record_queue_put(p->queue, buf_str(&lost)));
    gather(p, "c");
    send_gathered(p);
    put(p, "d");
    end(p);
    expect_new_chain(p->file, "start a b dropped c d");
    buf_fini(&lost);
}

/* A worker died when it had sent a batch and before it had taken it out of its queue. */
static void test_what_comes_again_is_written_once(void **state)
{
    struct place *p = *state;
    give_file(p, p->file);
    put(p, "a");
    gather(p, "b");
    gather(p, "c");
    send_batch(p);
    gather(p, "d"); /* of the next worker */
    send_gathered(p);
    put(p, "e");
    end(p);
    expect_new_chain(p->file, "start a b c d e");
    assert_int_equal(p->tally->lost + p->tally->untold + p->tally->in_hand, 0);
}

static void send_octets(const struct place *p, const char *octets, size_t n)
{
    assert_int_equal(send(p->source[1], octets, n, 0), n);
}

/* A worker that was taken over: what it sends counts as lost, and what others send is written. */
static void test_broken_batches_stop_nothing(void **state)
{
    struct place *p = *state;
    struct buf batch = BUF_INIT;
    uint32_t count = RECORD_BATCH_MOST + 1;
    give_file(p, p->file);
    put(p, "a");
    wait_until_written(p);
    gather(p, "b");
    assert_int_equal(record_batch_add(&batch, p->queue, RECORD_BATCH_MAX), 1);
    record_queue_take(p->queue, 1);
    send_octets(p, batch.p, 0);                 /* nothing at all */
    send_octets(p, batch.p, RECORD_BATCH_HEAD); /* a head alone */
    send_octets(p, batch.p, batch.n - 1);       /* cut off */
    memcpy(batch.p + 4, &count, sizeof(count));
    send_octets(p, batch.p, batch.n); /* more than a batch can have */
    wait_until_written(p);
    put(p, "c");
    end(p);
    assert_int_equal(p->tally->lost, 3); /* what comes again is lost once */
    assert_int_equal(p->tally->untold + p->tally->in_hand, 0);
    assert_int_equal(told(p->file), 3);
    buf_fini(&batch);
}

static void test_what_waits_is_written_before_the_end(void **state)
{
    struct place *p = *state;
    give_file(p, p->file);
    wait_until_written(p);
    kill(p->recorder, SIGSTOP);
    kill(p->recorder, SIGTERM); /* as a service manager may send it to everybody */
    for (int i = 0; i < 5; i++)
        put(p, (const char *[]){"0", "1", "2", "3", "4"}[i]);
    close(p->control[0]);
    kill(p->recorder, SIGCONT);
    int status = -1;
    assert_int_equal(waitpid(p->recorder, &status, 0), p->recorder);
    assert_int_equal(status, 0);
    p->recorder = 0;
    expect_new_chain(p->file, "start 0 1 2 3 4");
}

static void test_records_wait_until_there_is_a_file(void **state)
{
    struct place *p = *state;
    put(p, "early");
    usleep(50000);
    give_file(p, p->file);
    end(p);
    expect_new_chain(p->file, "start early");
}

static void test_another_file_takes_over(void **state)
{
    struct place *p = *state;
    struct record_chain chain = {0};
    char moved[128];
    snprintf(moved, sizeof(moved), "%s.1", p->file);
    give_file(p, p->file);
    put(p, "before");
    wait_until_written(p);
    assert_int_equal(rename(p->file, moved), 0);
    give_file(p, p->file);
    put(p, "after");
    end(p);
    expect_lines(moved, &chain, "start before");
    expect_lines(p->file, &chain, "rotate after");
    unlink(moved);
}

static void test_the_same_file_again_changes_nothing(void **state)
{
    struct place *p = *state;
    give_file(p, p->file);
    put(p, "a");
    wait_until_written(p);
    give_file(p, p->file);
    put(p, "b");
    end(p);
    expect_new_chain(p->file, "start a b");
}

static void test_a_full_disk_loses_records_and_nothing_else(void **state)
{
    struct place *p = *state;
    struct rlimit none = {0, RLIM_INFINITY}, any = {RLIM_INFINITY, RLIM_INFINITY};
    give_file(p, p->file);
    put(p, "before");
    wait_until_written(p);
    assert_int_equal(prlimit(p->recorder, RLIMIT_FSIZE, &none, NULL), 0);
    for (int i = 0; i < 100; i++)
        put(p, "lost");
    wait_until_written(p);
    assert_int_equal(kill(p->recorder, 0), 0);
    assert_int_equal(prlimit(p->recorder, RLIMIT_FSIZE, &any, NULL), 0);
    put(p, "kept");
    end(p);
    expect_new_chain(p->file, "start before dropped kept");
}

/* A file size limit cuts a line as a disk does that fills up in the middle of it. */
static void test_a_line_that_does_not_fit_is_taken_back(void **state)
{
    struct place *p = *state;
    struct stat st;
    give_file(p, p->file);
    put(p, "before");
    wait_until_written(p);
    assert_int_equal(stat(p->file, &st), 0);
    struct rlimit small = {(rlim_t)st.st_size + 100, RLIM_INFINITY};
    struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
    assert_int_equal(prlimit(p->recorder, RLIMIT_FSIZE, &small, NULL), 0);
    put(p, "lost");
    wait_until_written(p);
    assert_int_equal(stat(p->file, &st), 0);
    assert_int_equal(st.st_size, (off_t)small.rlim_cur - 100);
    assert_int_equal(prlimit(p->recorder, RLIMIT_FSIZE, &any, NULL), 0);
    put(p, "whole");
    put(p, "too");
    end(p);
    expect_new_chain(p->file, "start before dropped whole too");
}

static void test_packets_that_are_no_records_are_counted(void **state)
{
    struct place *p = *state;
    give_file(p, p->file);
    put(p, "a");
    wait_until_written(p);
    assert_int_equal(send(p->source[1], "{\"kind\":\"call\"}", 15, 0), 15);
    wait_until_written(p);
    put(p, "b");
    end(p);
    expect_new_chain(p->file, "start a dropped b");
}

/* An earlier recorder died, with the last line whole or not. */
static void test_an_earlier_chain_goes_on(void **state)
{
    struct place *p = *state;
    give_file(p, p->file);
    put(p, "a");
    end(p);
    struct stat st;
    assert_int_equal(stat(p->file, &st), 0);
    for (int torn = 0; torn < 2; torn++) {
        struct record_writer w = RECORD_WRITER_INIT;
        int fd = open(p->file, O_RDWR | O_APPEND | O_CLOEXEC);
        if (torn)
            assert_int_equal(write(fd, "{\"kind\":\"call\",\"ts\"", 20), 20);
        record_writer_take_file(&w, fd, -1, 1);
        record_writer_fini(&w);
        expect_new_chain(p->file, torn ? "start a restart TORN restart" : "start a restart");
    }
}

static void test_the_file_before_lends_its_chain(void **state)
{
    struct place *p = *state;
    struct record_chain chain = {0};
    struct record_writer w = RECORD_WRITER_INIT;
    char next[128];
    snprintf(next, sizeof(next), "%s.next", p->file);
    give_file(p, p->file);
    put(p, "a");
    end(p);
    int before = open(p->file, O_RDONLY | O_CLOEXEC);
    record_writer_take_file(&w, open(next, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600), before,
                            1);
    record_writer_fini(&w);
    close(before);
    expect_lines(p->file, &chain, "start a");
    expect_lines(next, &chain, "rotate");
    unlink(next);
}

static void put_lost(const struct place *p, uint32_t n)
{
    struct buf packet = BUF_INIT;
    record_pack_lost(&packet, n);
    assert_true(record_queue_put(p->queue, buf_str(&packet)));
    send_gathered(p);
    buf_fini(&packet);
}

static void kill_recorder(struct place *p)
{
    assert_int_equal(kill(p->recorder, SIGKILL), 0);
    assert_int_equal(waitpid(p->recorder, NULL, 0), p->recorder);
    close(p->control[0]);
}

static void test_what_a_worker_lost_is_told_at_its_place(void **state)
{
    struct place *p = *state;
    give_file(p, p->file);
    put(p, "a");
    put_lost(p, 42);
    put(p, "b");
    end(p);
    expect_new_chain(p->file, "start a dropped b");
    assert_int_equal(told(p->file), 42);
    assert_int_equal(p->tally->lost, 0); /* the worker counts those itself */
}

/* What the one before had taken out of its channel, less what it had written. */
static void test_what_dies_with_a_recorder_is_told(void **state)
{
    struct place *p = *state;
    static const struct {
        uint64_t in_hand, written, untold, dropped;
    } cases[] = {{5, 0, 0, 5}, {5, 2, 0, 3}, {2, 2, 0, 0},
                 {1, 9, 0, 0}, {3, 1, 4, 6}, {0, 0, 9, 9}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unlink(p->file);
        give_file(p, p->file);
        for (uint64_t k = 0; k < cases[i].written; k++)
            put(p, "written");
        wait_until_written(p);
        kill_recorder(p);
        *p->tally = (struct record_losses){
            .in_hand = cases[i].in_hand, .untold = cases[i].untold, .from_seq = 1};
        begin_recorder(p);
        give_file(p, p->file);
        put(p, "next");
        wait_until_written(p);
        assert_int_equal(told(p->file), cases[i].dropped);
        assert_int_equal(p->tally->lost, cases[i].dropped - cases[i].untold);
        assert_int_equal(p->tally->untold + p->tally->in_hand, 0);
        kill_recorder(p);
        begin_recorder(p);
    }
}

/*
 * It is stopped again and again in the middle of whatever it does, and killed there. One that it
 * reached for and did not get any more is counted and comes all the same: no more than one a death.
 */
#define DEATHS 40

static void test_deaths_lose_no_count(void **state)
{
    struct place *p = *state;
    unsigned sent = 0;
    give_file(p, p->file);
    for (unsigned round = 0; round < DEATHS; round++) {
        for (unsigned i = 0; i < 20; i++, sent++)
            put(p, "x");
        usleep(round * 700);
        kill_recorder(p);
        begin_recorder(p);
        give_file(p, p->file);
    }
    wait_until_written(p);
    end(p);
    FILE *lines = fopen(p->file, "re");
    static char line[8192];
    unsigned long kept = 0;
    while (fgets(line, sizeof(line), lines))
        kept += strstr(line, "\"kind\":\"call\"") != NULL;
    fclose(lines);
    assert_in_range(kept + p->tally->lost, sent, sent + DEATHS);
    assert_int_equal(p->tally->untold + p->tally->in_hand, 0);
}

static void test_it_answers_a_ping(void **state)
{
    struct place *p = *state;
    const struct control_message ping = {.type = CONTROL_PING};
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    struct pollfd readable = {.fd = p->control[0], .events = POLLIN};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(control_send(p->control[0], &ping, NULL, 0), 0);
        assert_int_equal(poll(&readable, 1, 60000), 1);
        assert_int_equal(control_receive(p->control[0], &m, fds, &n_fds), 1);
        assert_int_equal(m.type, CONTROL_PONG);
    }
}

static void test_messages_that_are_not_for_it_are_ignored(void **state)
{
    struct place *p = *state;
    const struct control_message strange = {.type = CONTROL_DRAIN};
    give_file(p, p->file);
    tell(p, CONTROL_CHANNEL, p->source[0]);
    assert_int_equal(control_send(p->control[0], &strange, NULL, 0), 0);
    put(p, "still");
    end(p);
    expect_new_chain(p->file, "start still");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_record_is_a_line),
        TEST(test_a_batch_is_lines),
        TEST(test_what_comes_again_is_written_once),
        TEST(test_broken_batches_stop_nothing),
        TEST(test_what_waits_is_written_before_the_end),
        TEST(test_records_wait_until_there_is_a_file),
        TEST(test_another_file_takes_over),
        TEST(test_the_same_file_again_changes_nothing),
        TEST(test_a_full_disk_loses_records_and_nothing_else),
        TEST(test_a_line_that_does_not_fit_is_taken_back),
        TEST(test_packets_that_are_no_records_are_counted),
        TEST(test_an_earlier_chain_goes_on),
        TEST(test_the_file_before_lends_its_chain),
        TEST(test_what_a_worker_lost_is_told_at_its_place),
        TEST(test_what_dies_with_a_recorder_is_told),
        TEST(test_deaths_lose_no_count),
        TEST(test_it_answers_a_ping),
        TEST(test_messages_that_are_not_for_it_are_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
