/* The signer as a process: what it answers, what it gave up, when it ends. */
#include "signer_lab.h"

static void it_signs_what_it_is_asked(void **state)
{
    const struct settings settings = {.certificates = certificates, .n_certificates = 2};
    struct process p = start_ready(&settings);
    int channel = open_channel(&p);
    struct asking r = request(1, 0);
    struct answered response = ask(channel, &r);
    (void)state;
    assert_true(is_good(&response, &certificates[0]));
    r = request(2, 1);
    assert_reason(channel, &r, REASON_CERTIFICATE_NOT_YET_VALID);
    r = request(3, 2);
    assert_reason(channel, &r, REASON_NO_CERTIFICATE);
    r = request(4, UINT32_MAX);
    assert_reason(channel, &r, REASON_NO_CERTIFICATE);
    r = request(5, 0);
    r.order.claims.attest = '"';
    assert_reason(channel, &r, REASON_SIGNER_REFUSED);
    r = request(6, 0);
    r.order.claims.iat_s += 60;
    assert_reason(channel, &r, REASON_CLOCK_DISAGREES);
    r = request(7, 0);
    response = ask(channel, &r);
    assert_true(is_good(&response, &certificates[0]));
    close(channel);
    let_end(&p);
}

/* A broken worker asks for a number that the certificate is not for (RFC 8226 section 9). */
static void it_refuses_what_verifiers_would(void **state)
{
    struct certificate narrow = certificates[0];
    narrow.scope.tn_auth_list[0] = STR("\x30\x0f\xa2\x0d\x16\x0b"
                                       "12155550121");
    const struct settings settings = {.certificates = &narrow, .n_certificates = 1};
    struct process p = start_ready(&settings);
    int channel = open_channel(&p);
    struct asking r = request(1, 0);
    struct answered response;
    (void)state;
    r.order.claims.orig = lab_tn("12155550121");
    response = ask(channel, &r);
    assert_int_equal(response.reason, REASON_OK);
    r.order.claims.orig = lab_tn("12155550122");
    r.ticket = 2;
    assert_reason(channel, &r, REASON_CERTIFICATE_NOT_FOR_NUMBER);
    close(channel);
    let_end(&p);
}

static void it_answers_a_packet_with_a_packet(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    struct process p = start_ready(&settings);
    int channel = open_channel(&p);
    struct asking requests[SIGN_BATCH_MAX];
    static struct answered responses[SIGN_BATCH_MAX];
    (void)state;
    for (unsigned i = 0; i < SIGN_BATCH_MAX; i++)
        requests[i] = request(100 + i, i == 5 ? 9 : 0);
    send_requests(channel, requests, SIGN_BATCH_MAX);
    assert_int_equal(take_responses(channel, responses), SIGN_BATCH_MAX);
    for (unsigned i = 0; i < SIGN_BATCH_MAX; i++) {
        assert_int_equal(responses[i].ticket, 100 + i);
        if (i == 5)
            assert_int_equal(responses[i].reason, REASON_NO_CERTIFICATE);
        else
            assert_true(is_good(&responses[i], &certificates[0]));
    }
    close(channel);
    let_end(&p);
}

static void without_certificates_it_serves_all_the_same(void **state)
{
    const struct settings settings = {0};
    struct process p = start_ready(&settings);
    int channel = open_channel(&p);
    struct asking r = request(1, 0);
    (void)state;
    assert_reason(channel, &r, REASON_NO_CERTIFICATE);
    say(&p, CONTROL_PING, -1);
    hear(&p, CONTROL_PONG);
    close(channel);
    let_end(&p);
}

static bool status_says(pid_t pid, const char *line)
{
    char directory[64];
    snprintf(directory, sizeof(directory), "/proc/%d", (int)pid);
    char *status = lab_read(directory, "status");
    bool says = strstr(status, line) != NULL;
    free(status);
    return says;
}

static void it_runs_in_its_sandbox(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    struct process p = start_ready(&settings);
    (void)state;
    assert_true(status_says(p.pid, "\nSeccomp:\t2\n"));
    assert_true(status_says(p.pid, "\nNoNewPrivs:\t1\n"));
    char directory[64];
    snprintf(directory, sizeof(directory), "/proc/%d", (int)p.pid);
    char *limits = lab_read(directory, "limits");
    assert_non_null(strstr(limits, "Max core file size        0                    0"));
    free(limits);
    let_end(&p);
}

static bool memory_holds(pid_t pid, struct str needle)
{
    char path[64], line[512];
    unsigned long begin, end;
    bool holds = false;
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    int memory = open(path, O_RDONLY);
    assert_non_null(maps);
    assert_true(memory >= 0);
    while (!holds && fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx rw", &begin, &end) != 2 || end - begin > (64ul << 20))
            continue;
        char *copy = malloc(end - begin);
        ssize_t got = copy ? pread(memory, copy, end - begin, (off_t)begin) : -1;
        holds = got > 0 && memmem(copy, (size_t)got, needle.p, needle.n);
        free(copy);
    }
    close(memory);
    fclose(maps);
    return holds;
}

static void the_text_of_the_key_does_not_stay_in_memory(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    char directory[1024];
    if (geteuid() != 0) {
        print_message("SKIPPED: only root may read a signer's memory\n");
        skip();
    }
    struct process p = start_ready(&settings);
    snprintf(directory, sizeof(directory), "%s/none", lab);
    char *pem = lab_read(directory, "key.pem");
    char *body = strchr(pem, '\n') + 1;
    (void)state;
    assert_true(memory_holds(p.pid, STR("https://cert.example.org/none.pem"))); /* it looks right */
    /* The end of the first line, which is the scalar; and of what is decoded from it, nothing. */
    assert_false(memory_holds(p.pid, (struct str){body + 32, 32}));
    free(pem);
    let_end(&p);
}

static void a_terminals_signals_do_not_end_it(void **state)
{
    const struct settings settings = {0};
    struct process p = start_ready(&settings);
    (void)state;
    kill(p.pid, SIGTERM);
    kill(p.pid, SIGINT);
    kill(p.pid, SIGHUP);
    say(&p, CONTROL_PING, -1);
    hear(&p, CONTROL_PONG);
    let_end(&p);
}

static void a_worker_that_does_not_read_holds_up_nobody(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    struct process p = start_ready(&settings);
    int deaf = open_channel(&p), other = open_channel(&p);
    _Alignas(8) static char packet[SIGN_BATCH_MAX * SIGN_REQUEST_MAX];
    struct asking r = request(1, 0);
    size_t size = 0;
    (void)state;
    for (unsigned i = 0; i < SIGN_BATCH_MAX; i++)
        size += sign_request_write(packet + size, i, &r.order, 1);
    /* Its socket holds about a dozen packets of answers; far more are asked for. */
    for (unsigned sent = 0; sent < 60;) {
        struct pollfd room = {.fd = deaf, .events = POLLOUT};
        assert_int_equal(poll(&room, 1, PATIENCE_MS), 1);
        if (send(deaf, packet, size, 0) > 0)
            sent++;
    }
    struct answered response = ask(other, &r);
    assert_true(is_good(&response, &certificates[0]));
    say(&p, CONTROL_PING, -1);
    hear(&p, CONTROL_PONG);
    close(deaf);
    close(other);
    let_end(&p);
}

static void assert_cuts_off(const struct process *p, const void *bytes, size_t n)
{
    char end;
    int channel = open_channel(p);
    assert_int_equal(send(channel, bytes, n, 0), (ssize_t)n);
    assert_true(wait_readable(channel));
    assert_int_equal(recv(channel, &end, 1, 0), 0);
    close(channel);
}

static void a_worker_that_talks_nonsense_is_cut_off_alone(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    static const struct sign_request empty = {.size = sizeof(empty)};
    static const uint32_t says[] = {0, 8, sizeof(empty) + 4, sizeof(empty) + 8,
                                    SIGN_REQUEST_MAX + 8};
    _Alignas(8) static char bytes[SIGN_BATCH_MAX * SIGN_REQUEST_MAX + 8];
    struct process p = start_ready(&settings);
    int other = open_channel(&p);
    (void)state;
    const size_t sizes[] = {1, sizeof(empty) - 1, sizeof(bytes)};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_cuts_off(&p, bytes, sizes[i]);
    for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
        struct sign_request lies = empty;
        lies.size = says[i];
        assert_cuts_off(&p, &lies, sizeof(lies));
    }
    for (size_t i = 0; i <= SIGN_BATCH_MAX; i++) /* one more than a packet may hold */
        memcpy(bytes + i * sizeof(empty), &empty, sizeof(empty));
    assert_cuts_off(&p, bytes, (SIGN_BATCH_MAX + 1) * sizeof(empty));
    struct asking r = request(1, 0);
    struct answered response = ask(other, &r);
    assert_true(is_good(&response, &certificates[0]));
    close(other);
    let_end(&p);
}

static void assert_closed(int channel)
{
    char end;
    assert_true(wait_readable(channel));
    assert_int_equal(recv(channel, &end, 1, 0), 0);
    close(channel);
}

static void a_worker_has_two_channels_and_no_more(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    struct process p = start_ready(&settings);
    int other = open_channel_of(&p, 1), channels[5];
    struct asking r = request(1, 0);
    struct answered response;
    (void)state;
    for (unsigned i = 0; i < 5; i++)
        channels[i] = open_channel_of(&p, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_closed(channels[i]);
    const int open[] = {channels[3], channels[4], other};
    for (unsigned i = 0; i < 3; i++) {
        response = ask(open[i], &r);
        assert_true(is_good(&response, &certificates[0]));
        close(open[i]);
    }
    assert_closed(open_channel_of(&p, WORKERS_MAX)); /* which is none */
    assert_closed(open_channel_of(&p, UINT32_MAX));
    let_end(&p);
}

/* No time goes by for a signer that was replaced, so that this test has none either. */
/*
 * What comes to the oldest at the very time at which it makes room comes to nobody: all is written
 * before the signer looks, and as it reads one packet and one message a turn, the third channel
 * comes while packets wait on the first.
 */
static void a_channel_that_makes_room_may_have_packets(void **state)
{
    enum { WORKERS = 3, PACKETS = 20 };
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    struct process p = start(signer, &settings);
    struct asking r = request(1, 0);
    int channels[WORKERS][3];
    (void)state;
    for (unsigned w = 0; w < WORKERS; w++) {
        channels[w][0] = open_channel_of(&p, w);
        for (unsigned i = 0; i < PACKETS; i++)
            send_requests(channels[w][0], &r, 1);
    }
    for (unsigned w = 0; w < WORKERS; w++)
        for (unsigned i = 1; i < 3; i++)
            channels[w][i] = open_channel_of(&p, w);
    hear(&p, CONTROL_READY);
    for (unsigned w = 0; w < WORKERS; w++) {
        for (unsigned i = 1; i < 3; i++) {
            struct answered response = ask(channels[w][i], &r);
            assert_true(is_good(&response, &certificates[0]));
        }
        for (unsigned i = 0; i < 3; i++)
            close(channels[w][i]);
    }
    let_end(&p);
}

static void a_workers_channels_have_one_ceiling(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 3};
    struct process p = start_ready(&settings);
    struct asking r = request(1, 0);
    unsigned good = 0;
    (void)state;
    say(&p, CONTROL_RETIRE, -1);
    for (unsigned i = 0; i < 10; i++) { /* one after the other */
        int channel = open_channel_of(&p, 0);
        good += ask(channel, &r).reason == REASON_OK;
        close(channel);
    }
    assert_int_equal(good, 3);
    int one = open_channel_of(&p, 1), two = open_channel_of(&p, 1);
    for (unsigned i = 0; i < 5; i++) { /* and at once */
        good += ask(one, &r).reason == REASON_OK;
        good += ask(two, &r).reason == REASON_OK;
    }
    assert_int_equal(good, 6);
    assert_reason(two, &r, REASON_SIGNER_OVERLOADED);
    close(one);
    close(two);
    let_end(&p);
}

static void no_room_for_a_descriptor_is_not_its_end(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    const struct rlimit none = {0, 4096}, enough = {64, 4096};
    struct process p = start_ready(&settings);
    struct asking r = request(1, 0);
    (void)state;
    assert_int_equal(prlimit(p.pid, RLIMIT_NOFILE, &none, NULL), 0);
    assert_closed(open_channel(&p));
    say(&p, CONTROL_PING, -1);
    hear(&p, CONTROL_PONG);
    assert_int_equal(prlimit(p.pid, RLIMIT_NOFILE, &enough, NULL), 0);
    int channel = open_channel(&p);
    struct answered response = ask(channel, &r);
    assert_true(is_good(&response, &certificates[0]));
    close(channel);
    let_end(&p);
}

static void assert_refuses_to_start(const char *kind, const char *words)
{
    char directory[1024];
    struct certificate c = certificates[0];
    const struct settings settings = {.certificates = &c, .n_certificates = 1};
    snprintf(directory, sizeof(directory), "%s/%s", lab, kind);
    c.directory = str_of(directory);
    struct process p = start(signer, &settings);
    struct control_message m = hear(&p, CONTROL_ALARM);
    if (!strstr(m.alarm.text, words))
        fail_msg("\"%s\" does not say \"%s\"", m.alarm.text, words);
    int status = end_of(p.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    close(p.control_fd);
}

static void a_wrong_key_is_an_alarm_and_the_end(void **state)
{
    (void)state;
    assert_refuses_to_start("mismatch", "mismatch/key.pem: is not the key of the certificate");
    assert_refuses_to_start("nowhere", "nowhere/key.pem: no such file");
}

/* The supervisor dies by -9; its signer must not stay. */
static void no_orphan_is_left(void **state)
{
    int report[2];
    pid_t orphan = 0;
    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    assert_int_equal(pipe(report), 0);
    pid_t supervisor = fork();
    if (supervisor == 0) {
        const struct settings settings = {
            .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
        struct process p = start_ready(&settings);
        if (write(report[1], &p.pid, sizeof(p.pid)) < 0)
            _exit(1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(report[0], &orphan, sizeof(orphan)), sizeof(orphan));
    kill(supervisor, SIGKILL);
    end_of(supervisor);
    end_of(orphan); /* fails when it does not end */
    close(report[0]);
    close(report[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_signs_what_it_is_asked),
        cmocka_unit_test(it_refuses_what_verifiers_would),
        cmocka_unit_test(it_answers_a_packet_with_a_packet),
        cmocka_unit_test(without_certificates_it_serves_all_the_same),
        cmocka_unit_test(it_runs_in_its_sandbox),
        cmocka_unit_test(the_text_of_the_key_does_not_stay_in_memory),
        cmocka_unit_test(a_terminals_signals_do_not_end_it),
        cmocka_unit_test(a_worker_that_does_not_read_holds_up_nobody),
        cmocka_unit_test(a_worker_that_talks_nonsense_is_cut_off_alone),
        cmocka_unit_test(a_worker_has_two_channels_and_no_more),
        cmocka_unit_test(a_channel_that_makes_room_may_have_packets),
        cmocka_unit_test(a_workers_channels_have_one_ceiling),
        cmocka_unit_test(no_room_for_a_descriptor_is_not_its_end),
        cmocka_unit_test(a_wrong_key_is_an_alarm_and_the_end),
        cmocka_unit_test(no_orphan_is_left),
    };
    return cmocka_run_group_tests(tests, make_units, remove_units);
}
