/* The fetcher as a process: workers and the supervisor are played by the test. */
#include "fetcher_lab.h"

#include <poll.h>
#include <errno.h>
#include <fcntl.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/io/control.h>
#include <stird/io/fetcher_client.h>
#include <sys/wait.h>

#include <stird/fetch/kept_files.h>
#include <sys/stat.h>

#include "fetch/fetched_file.h"

#include "daemon/privileges.h"
#include "daemon/roles.h"

#define WORKERS 2

static struct settings settings;
static pid_t pid;
static int control;
static struct fetcher_client *clients[WORKERS];

/* ---- the supervisor ---- */

/* The next word of this type; what it says before is of no interest. */
static struct control_message hear(enum control_type type)
{
    struct control_message m = {.type = CONTROL_NO_WORD};
    int fds[CONTROL_FDS_MAX], r = -EAGAIN;
    unsigned n_fds;
    while (m.type != type) {
        struct pollfd p = {.fd = control, .events = POLLIN};
        poll(&p, 1, -1);
        r = control_receive(control, &m, fds, &n_fds);
        assert_true(r == 1 || r == -EAGAIN);
    }
    return m;
}

static struct fetch_tally tally(void)
{
    const struct control_message ping = {.type = CONTROL_PING};
    assert_int_equal(control_send(control, &ping, NULL, 0), 0);
    const struct control_message m = hear(CONTROL_FETCHED);
    hear(CONTROL_PONG);
    return m.fetched.tally;
}

/* The worker's end of a new channel. */
static int connected(unsigned worker)
{
    const struct control_message m = {.type = CONTROL_CHANNEL, .channel = {worker}};
    int pair[2];
    assert_int_equal(control_pair(pair), 0);
    assert_int_equal(control_send(control, &m, &pair[0], 1), 0);
    close(pair[0]);
    return pair[1];
}

static void begin_process(void)
{
    int pair[2];
    assert_int_equal(control_pair(pair), 0);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int keep[] = {pair[1]};
        if (privileges_close_others(keep, 1))
            _exit(EXIT_FAILURE);
        _exit(fetcher_main(&settings, false, pair[1]));
    }
    close(pair[1]);
    control = pair[0];
    hear(CONTROL_READY);
    for (unsigned w = 0; w < WORKERS; w++) {
        clients[w] = fetcher_client_new(connected(w));
        assert_non_null(clients[w]);
    }
}

static void end_process(void)
{
    int status;
    for (unsigned w = 0; w < WORKERS; w++)
        fetcher_client_free(clients[w]);
    close(control);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int begin(void **state)
{
    char command[1200];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s/fetched'", directory);
    lab_run(command);
    settings = (struct settings){
        .log_level = LOG_LEVEL_ERROR,
        .state_directory = str_of(directory),
        .fetch = {.keep_min_ms = 86400000,
                  .keep_max_ms = 86400000,
                  .entries = 64,
                  .at_once = 8,
                  .per_host = 4,
                  .per_host_rate = 1000,
                  .new_per_trunk = 1000,
                  .bytes = FETCH_BODY_MAX,
                  .timeout_ms = 600000,
                  .tls_ca = str_of(ca_file),
                  .lab = true},
    };
    over = false;
    begin_process();
    web = web_new(directory, host);
    return 0;
}

static int end(void **state)
{
    (void)state;
    over = true;
    end_process();
    web_free(web);
    return 0;
}

/* ---- workers ---- */

static void question_of(unsigned w, enum fetch_kind kind, struct str url, struct told *told)
{
    const struct fetch_question q = {.kind = kind, .wait_ms = FETCH_WAIT_MAX_MS, .url = url};
    uint64_t ticket;
    assert_int_equal(
        fetcher_client_submit(clients[w], &q, clock_monotonic_ms(), done, told, &ticket),
        FETCH_PENDING);
    fetcher_client_flush(clients[w]);
}

/* Without its time: what is tried here is not how fast it is. */
static void wait_told(unsigned w, const struct told *told)
{
    while (told->times == 0) {
        struct pollfd p = {.fd = fetcher_client_fd(clients[w]), .events = POLLIN};
        poll(&p, 1, -1);
        assert_true(fetcher_client_readable(clients[w]));
    }
}

/* Asked as often as its time is over: on a machine that stands still the server is not at fault. */
static struct told had_by(unsigned w, struct str url)
{
    struct told told = {.outcome = FETCH_PENDING};
    while (told.outcome == FETCH_PENDING) {
        told = (struct told){0};
        question_of(w, FETCH_ASK, url, &told);
        wait_told(w, &told);
    }
    return told;
}

static void wait_until_held(void)
{
    while (web_read(web, &web->held) == 0)
        usleep(1000);
}

/* ---- stories ---- */

/* R-V-025. */
static void one_get_for_two_workers(void **state)
{
    struct told told[WORKERS] = {{0}}, kept;
    (void)state;
    web_gate(web, false);
    for (unsigned w = 0; w < WORKERS; w++)
        question_of(w, FETCH_ASK, URL("a", "gate"), &told[w]);
    wait_until_held();
    web_gate(web, true);
    for (unsigned w = 0; w < WORKERS; w++) {
        wait_told(w, &told[w]);
        kept = had_by(w, URL("a", "gate"));
        assert_told(&kept, FETCH_OK, FETCH_FROM_KEPT);
        assert_string_equal(kept.body, "/gate");
    }
    assert_int_equal(web_requests(web, NULL), 1);
}

/* R-V-034. */
static void what_is_proven_outlasts_the_process(void **state)
{
    struct told told = had_by(0, URL("a", "ok")), lost = had_by(0, URL("a", "unproven"));
    const struct fetch_question proven = {.kind = FETCH_PROVEN,
                                          .fetched_s = told.fetched_s,
                                          .ends_s = told.fetched_s + 864000,
                                          .url = URL("a", "ok")};
    (void)state;
    assert_int_equal(lost.outcome, FETCH_OK);
    fetcher_client_note(clients[0], &proven);
    told = had_by(0, URL("a", "ok")); /* the note was heard before */
    end_process();
    web_free(web);
    begin_process();
    told = had_by(1, URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    assert_string_equal(told.body, "/ok");
    assert_int_equal(tally().bodies, 1);
    assert_int_equal(tally().files_failed, 0);
    told = had_by(1, URL("a", "unproven"));
    assert_int_equal(told.outcome, FETCH_CONNECT);
    web = web_new(directory, host);
}

/* Said to the supervisor until somebody answers. */
static void nobody_is_reached(void **state)
{
    const struct str urls[] = {URL("refuses1", "a"), URL("refuses2", "a"), URL("nowhere", "a")};
    struct told told;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(tally().cut_off, 0);
        told = had_by(0, urls[i]);
    }
    assert_int_equal(told.outcome, FETCH_CUT_OFF);
    assert_int_equal(tally().cut_off, 1);
    told = had_by(0, URL("a", "ok"));
    assert_int_equal(told.outcome, FETCH_OK);
    assert_int_equal(tally().cut_off, 0);
}

#define BODIES     4096
#define BODY_BYTES 3072 /* a chain of three certificates */
#define MOST_KIB   (24 * 1024)

static void fill_directory(void)
{
    char path[1200], body[BODY_BYTES], url[64];
    memset(body, 'c', sizeof(body));
    snprintf(path, sizeof(path), "%s/" KEPT_FILES_DIRECTORY, directory);
    mkdir(path, 0700);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; i < BODIES; i++) {
        const size_t n = (size_t)snprintf(url, sizeof(url), "https://a.lab.test:8443/%u", i);
        const struct fetched_file file = {
            {url, n}, {body, BODY_BYTES}, {clock_real_s(), -1, KEEP_NO_END}};
        assert_int_equal(fetched_file_write(fd, &file), 0);
    }
    close(fd);
}

/* In KiB: its part of what it has in memory; libraries are others' too. */
static unsigned memory_of(pid_t of)
{
    char path[64], line[256];
    unsigned kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)of);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        sscanf(line, "Pss: %u kB", &kib);
    if (file)
        fclose(file);
    return kib;
}

/* As large as it gets by what it keeps (docs/sizing.md). */
static void what_it_takes_when_it_is_full(void **state)
{
    (void)state;
    end_process();
    settings.fetch.entries = BODIES;
    fill_directory();
    begin_process();
    assert_int_equal(tally().bodies, BODIES);
    struct told told = had_by(0, URL("a", "17"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    told = had_by(0, URL("b", "ok")); /* one that takes the place of another */
    assert_told(&told, FETCH_OK, FETCH_FROM_SERVER);
    assert_int_equal(tally().bodies, BODIES);
    const unsigned kib = memory_of(pid);
    print_message("a fetcher that keeps %u bodies of %u octets has %u KiB\n", BODIES, BODY_BYTES,
                  kib);
#ifndef STIRD_SANITIZE
    assert_in_range(kib, 0, MOST_KIB);
#endif
}

/* Its answers are lost, and nobody else's. */
static void a_worker_that_does_not_read(void **state)
{
    const struct fetch_question q = {.ticket = 1, .url = URL("a", "32k")};
    char packet[FETCH_QUESTION_BYTES_MAX];
    const size_t n = fetch_question_write(&q, packet);
    const int deaf = connected(5);
    (void)state;
    had_by(0, URL("a", "32k"));
    while (tally().answers_dropped == 0)
        for (unsigned i = 0; i < 100; i++)
            send(deaf, packet, n, MSG_DONTWAIT);
    struct told told = had_by(1, URL("a", "32k"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
    assert_int_equal(told.octets, 32768);
    close(deaf);
}

/* What it does not take at once comes later, in its order. */
static void a_worker_that_reads_slowly(void **state)
{
    struct told told[40] = {{0}};
    (void)state;
    had_by(0, URL("a", "32k"));
    for (unsigned i = 0; i < 20; i++) /* more than a socket holds */
        question_of(0, FETCH_ASK, URL("a", "32k"), &told[i]);
    while (tally().outcomes[FETCH_OK] < 21)
        usleep(1000);
    for (unsigned i = 0; i < 20; i++) {
        wait_told(0, &told[i]);
        assert_told(&told[i], FETCH_OK, FETCH_FROM_KEPT);
    }
    assert_int_equal(tally().answers_dropped, 0);
}

static void a_worker_that_notes_too_much(void **state)
{
    struct told told = had_by(0, URL("a", "ok"));
    struct fetch_question note = {.kind = FETCH_PROVEN,
                                  .fetched_s = told.fetched_s,
                                  .ends_s = told.fetched_s + 864000,
                                  .url = URL("a", "ok")};
    (void)state;
    while (tally().notes_refused == 0)
        for (unsigned i = 0; i < 1000; i++) {
            note.ends_s--; /* each would be another file */
            fetcher_client_note(clients[0], &note);
        }
    told = had_by(0, URL("a", "ok"));
    assert_told(&told, FETCH_OK, FETCH_FROM_KEPT);
}

static void ends(int fd)
{
    char octet;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    poll(&p, 1, -1);
    assert_int_equal(recv(fd, &octet, 1, MSG_DONTWAIT), 0);
    close(fd);
}

static void a_worker_that_says_what_is_no_question(void **state)
{
    static const char long_one[FETCH_QUESTION_BYTES_MAX + 1];
    const size_t lengths[] = {1, sizeof(struct fetch_question_head), sizeof(long_one)};
    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        const int fd = connected(5);
        assert_int_equal(send(fd, "", 0, 0), 0); /* says nothing, and closes nothing */
        assert_int_equal(send(fd, long_one, lengths[i], 0), (ssize_t)lengths[i]);
        ends(fd);
    }
    struct told told = had_by(0, URL("a", "ok"));
    assert_int_equal(told.outcome, FETCH_OK);
}

static void another_channel_in_its_place(void **state)
{
    struct told told;
    (void)state;
    const int first = connected(6), second = connected(6);
    ends(first);
    close(connected(WORKERS_MAX)); /* nobody's: not served */
    told = had_by(1, URL("a", "ok"));
    assert_int_equal(told.outcome, FETCH_OK);
    close(second);
}

#define story(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(one_get_for_two_workers),
        story(what_is_proven_outlasts_the_process),
        story(nobody_is_reached),
        story(a_worker_that_does_not_read),
        story(a_worker_that_reads_slowly),
        story(a_worker_that_notes_too_much),
        story(a_worker_that_says_what_is_no_question),
        story(another_channel_in_its_place),
        story(what_it_takes_when_it_is_full),
    };
    log_open("fetcher_process_test", STDERR_FILENO, false);
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
