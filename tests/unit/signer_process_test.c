/* The signer as a process: what it answers, what it gave up, when it ends. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stird/core/settings.h>
#include <stird/core/sign_request.h>
#include <stird/io/control.h>
#include <stird/net/listen.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <stird/core/key_backend.h>
#include "daemon/key_file.h"
#include "daemon/roles.h"
#include "daemon/signer_process.h"
#include "daemon/key_memory.h"
#include "daemon/rights.h"

#define PATIENCE_MS 60000 /* only a hang exceeds it */

static char *lab;
static struct arena *arena;
static struct certificate certificates[2]; /* a good one, and one that begins tomorrow */

static int make_units(void **state)
{
    static const char *const kinds[] = {"none", "future", "mismatch", "rsa", "encrypted"};
    (void)state;
    lab = lab_directory();
    arena = arena_new(4096);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        lab_unit(lab, kinds[i]);
    lab_certificate(&certificates[0], arena, lab, "none");
    lab_certificate(&certificates[1], arena, lab, "future");
    return 0;
}

static int remove_units(void **state)
{
    (void)state;
    certificate_fini(&certificates[0]);
    certificate_fini(&certificates[1]);
    arena_free(arena);
    lab_remove(lab);
    return 0;
}

/* ---- a signer, and the supervisor's part ---- */

struct process {
    pid_t pid;
    int control_fd;
};

typedef int role_main(const void *user, int control_fd);

static struct process start(role_main *role, const void *user)
{
    int pair[2];
    assert_int_equal(control_pair(pair), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(pair[0]);
        _exit(role(user, pair[1]));
    }
    close(pair[1]);
    return (struct process){pid, pair[0]};
}

static int signer(const void *user, int control_fd)
{
    return signer_main(user, control_fd);
}

static bool wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, PATIENCE_MS) == 1;
}

static struct control_message hear(const struct process *p, enum control_type type)
{
    struct control_message m = {0};
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    assert_true(wait_readable(p->control_fd));
    assert_int_equal(control_receive(p->control_fd, &m, fds, &n_fds), 1);
    if (m.type != type)
        fail_msg("message %u (%s) instead of %d", m.type, m.text, type);
    return m;
}

static void say(const struct process *p, enum control_type type, int fd)
{
    struct control_message m = {.type = type};
    assert_int_equal(control_send(p->control_fd, &m, &fd, fd >= 0), 0);
}

static int end_of(pid_t pid)
{
    int status = 0;
    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        usleep(1000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    fail_msg("process %d did not end", (int)pid);
    return status;
}

static void let_end(const struct process *p)
{
    close(p->control_fd);
    assert_int_equal(end_of(p->pid), 0);
}

static struct process start_ready(const struct settings *settings)
{
    struct process p = start(signer, settings);
    hear(&p, CONTROL_READY);
    return p;
}

/* ---- a worker's part ---- */

static int open_channel_of(const struct process *p, unsigned worker)
{
    const struct control_message m = {.type = CONTROL_CHANNEL, .worker = worker};
    int pair[2];
    assert_int_equal(control_pair(pair), 0);
    assert_int_equal(control_send(p->control_fd, &m, &pair[1], 1), 0);
    close(pair[1]);
    return pair[0];
}

static int open_channel(const struct process *p)
{
    return open_channel_of(p, 0);
}

static struct sign_request request(uint64_t ticket, uint32_t certificate)
{
    struct sign_request r;
    struct passport_claims claims = lab_claims('A', clock_real_s());
    sign_request_write(&r, ticket, certificate, &passport_type_shaken, &claims);
    return r;
}

static void send_requests(int channel, const struct sign_request *requests, unsigned n)
{
    assert_int_equal(send(channel, requests, n * sizeof(*requests), 0),
                     (ssize_t)(n * sizeof(*requests)));
}

/* The responses of the next packet. */
static unsigned take_responses(int channel, struct sign_response responses[SIGN_BATCH_MAX])
{
    static char packet[SIGN_BATCH_MAX * sizeof(struct sign_response)];
    unsigned n = 0;
    assert_true(wait_readable(channel));
    ssize_t got = recv(channel, packet, sizeof(packet), 0);
    for (size_t at = 0; got > 0 && at < (size_t)got; n++) {
        size_t left = (size_t)got - at;
        memset(&responses[n], 0, sizeof(responses[n]));
        memcpy(&responses[n], packet + at,
               left < sizeof(responses[n]) ? left : sizeof(responses[n]));
        assert_int_equal(responses[n].version, SIGN_WIRE_VERSION);
        at += sign_response_size(&responses[n]);
        assert_in_range(at, 1, (size_t)got);
    }
    return n;
}

static struct sign_response ask(int channel, const struct sign_request *r)
{
    struct sign_response responses[SIGN_BATCH_MAX];
    send_requests(channel, r, 1);
    assert_int_equal(take_responses(channel, responses), 1);
    assert_int_equal(responses[0].ticket, r->ticket);
    return responses[0];
}

static void assert_reason(int channel, const struct sign_request *r, enum reason reason)
{
    struct sign_response response = ask(channel, r);
    assert_int_equal(response.reason, reason);
    assert_int_equal(response.token_length, 0);
}

/* With the public key, by code that shares nothing with the signing. */
static bool is_good(const struct sign_response *r, const struct certificate *c)
{
    struct buf signature = BUF_INIT, header = BUF_INIT, expected = BUF_INIT;
    struct str token = {r->token, r->token_length};
    passport_write_header(&header, &passport_type_shaken, c->x5u);
    base64url_add(&expected, header.p, header.n);
    bool good = r->reason == REASON_OK && str_starts(token, buf_str(&expected)) &&
                base64url_decode(&signature, str_slice(token, token.n - 86, token.n)) &&
                es256_verify(c->public_key, str_slice(token, 0, token.n - 87),
                             (const unsigned char *)signature.p);
    buf_fini(&signature);
    buf_fini(&header);
    buf_fini(&expected);
    return good;
}

/* ---- stories ---- */

static void it_signs_what_it_is_asked(void **state)
{
    const struct settings settings = {.certificates = certificates, .n_certificates = 2};
    struct process p = start_ready(&settings);
    int channel = open_channel(&p);
    struct sign_request r = request(1, 0);
    struct sign_response response = ask(channel, &r);
    (void)state;
    assert_true(is_good(&response, &certificates[0]));
    r = request(2, 1);
    assert_reason(channel, &r, REASON_CERTIFICATE_NOT_YET_VALID);
    r = request(3, 2);
    assert_reason(channel, &r, REASON_NO_CERTIFICATE);
    r = request(4, UINT32_MAX);
    assert_reason(channel, &r, REASON_NO_CERTIFICATE);
    r = request(5, 0);
    r.attest = '"';
    assert_reason(channel, &r, REASON_SIGNER_REFUSED);
    r = request(6, 0);
    r.iat_s += 60;
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
    struct sign_request r = request(1, 0);
    struct sign_response response;
    (void)state;
    memcpy(r.orig, "12155550121", 11);
    r.orig_length = 11;
    response = ask(channel, &r);
    assert_int_equal(response.reason, REASON_OK);
    r.orig[10] = '2';
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
    struct sign_request requests[SIGN_BATCH_MAX];
    static struct sign_response responses[SIGN_BATCH_MAX];
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
    struct sign_request r = request(1, 0);
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
    struct sign_request requests[SIGN_BATCH_MAX], r = request(1, 0);
    (void)state;
    for (unsigned i = 0; i < SIGN_BATCH_MAX; i++)
        requests[i] = request(i, 0);
    /* Its socket holds about a dozen packets of answers; far more are asked for. */
    for (unsigned sent = 0; sent < 60;) {
        struct pollfd room = {.fd = deaf, .events = POLLOUT};
        assert_int_equal(poll(&room, 1, PATIENCE_MS), 1);
        if (send(deaf, requests, sizeof(requests), 0) > 0)
            sent++;
    }
    struct sign_response response = ask(other, &r);
    assert_true(is_good(&response, &certificates[0]));
    say(&p, CONTROL_PING, -1);
    hear(&p, CONTROL_PONG);
    close(deaf);
    close(other);
    let_end(&p);
}

static void a_worker_that_talks_nonsense_is_cut_off_alone(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 1000000};
    static const size_t sizes[] = {1, sizeof(struct sign_request) - 1,
                                   (SIGN_BATCH_MAX + 1) * sizeof(struct sign_request)};
    static const char bytes[(SIGN_BATCH_MAX + 1) * sizeof(struct sign_request)];
    struct process p = start_ready(&settings);
    int other = open_channel(&p);
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char end;
        int channel = open_channel(&p);
        assert_int_equal(send(channel, bytes, sizes[i], 0), (ssize_t)sizes[i]);
        assert_true(wait_readable(channel));
        assert_int_equal(recv(channel, &end, 1, 0), 0);
        close(channel);
    }
    struct sign_request r = request(1, 0);
    struct sign_response response = ask(other, &r);
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
    struct sign_request r = request(1, 0);
    struct sign_response response;
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
static void a_workers_channels_have_one_ceiling(void **state)
{
    const struct settings settings = {
        .certificates = certificates, .n_certificates = 1, .sign_requests_per_second = 3};
    struct process p = start_ready(&settings);
    struct sign_request r = request(1, 0);
    unsigned good = 0;
    (void)state;
    say(&p, CONTROL_DRAIN, -1);
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
    struct sign_request r = request(1, 0);
    (void)state;
    assert_int_equal(prlimit(p.pid, RLIMIT_NOFILE, &none, NULL), 0);
    assert_closed(open_channel(&p));
    say(&p, CONTROL_PING, -1);
    hear(&p, CONTROL_PONG);
    assert_int_equal(prlimit(p.pid, RLIMIT_NOFILE, &enough, NULL), 0);
    int channel = open_channel(&p);
    struct sign_response response = ask(channel, &r);
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
    if (!strstr(m.text, words))
        fail_msg("\"%s\" does not say \"%s\"", m.text, words);
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

/* ---- signatures that are wrong ---- */

/* Of the signing process: how many signatures are right before they become wrong. */
static unsigned right_ones;
static bool dies; /* then they are not wrong, but cannot be made */

static bool sign_wrong_after_a_while(void *key, const unsigned char digest[SHA256_BYTES],
                                     unsigned char signature[ES256_SIGNATURE_BYTES])
{
    if (!key_backend_pem.sign(key, digest, signature))
        return false;
    if (right_ones == 0 && dies)
        return false;
    if (right_ones == 0)
        signature[50] ^= 1;
    else
        right_ones--;
    return true;
}

static int faulty_signer(const void *user, int control_fd)
{
    struct problems problems = PROBLEMS_INIT;
    struct key_backend faulty = key_backend_pem;
    struct signing_service *service = signing_service_new(1);
    char directory[1024];
    right_ones = *(const unsigned *)user;
    faulty.sign = sign_wrong_after_a_while;
    snprintf(directory, sizeof(directory), "%s/none", lab);
    char *pem = lab_read(directory, "key.pem");
    struct credential *c = credential_new_with(&faulty, &certificates[0], STR("key.pem"),
                                               str_of(pem), &problems);
    free(pem);
    if (!service || !c)
        return 99;
    signing_service_take(service, 0, c);
    int status = signer_run(service, &(struct signer_options){.control_fd = control_fd});
    signing_service_free(service);
    return status;
}

static void a_failed_test_signature_is_an_alarm_and_the_end(void **state)
{
    unsigned right = 0;
    struct process p = start(faulty_signer, &right);
    (void)state;
    assert_non_null(strstr(hear(&p, CONTROL_ALARM).text, "test signature"));
    int status = end_of(p.pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    close(p.control_fd);
}

static void assert_signs_nothing_more(const struct process *p, int channel)
{
    hear(p, CONTROL_ALARM);
    for (unsigned i = 0; i < 3; i++) {
        struct sign_request r = request(i, 0);
        assert_reason(channel, &r, REASON_SIGNER_SELF_TEST_FAILED);
    }
    int second = open_channel(p);
    struct sign_request r = request(9, 0);
    assert_reason(second, &r, REASON_SIGNER_SELF_TEST_FAILED);
    say(p, CONTROL_PING, -1);
    hear(p, CONTROL_PONG); /* and no second alarm before it */
    close(second);
    close(channel);
    let_end(p);
}

static void the_first_signature_is_verified(void **state)
{
    unsigned right = 1; /* that of the start */
    struct process p = start(faulty_signer, &right);
    (void)state;
    hear(&p, CONTROL_READY);
    int channel = open_channel(&p);
    struct sign_request requests[3] = {request(1, 0), request(2, 0), request(3, 0)};
    static struct sign_response responses[SIGN_BATCH_MAX];
    send_requests(channel, requests, 3);
    assert_int_equal(take_responses(channel, responses), 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(responses[i].reason, REASON_SIGNER_SELF_TEST_FAILED);
    assert_signs_nothing_more(&p, channel);
}

static void one_in_a_thousand_is_verified(void **state)
{
    unsigned right = 2; /* that of the start, and the first that is asked for */
    struct process p = start(faulty_signer, &right);
    struct sign_request requests[SIGN_BATCH_MAX];
    static struct sign_response responses[SIGN_BATCH_MAX];
    unsigned answered = 0, failed = 0;
    (void)state;
    hear(&p, CONTROL_READY);
    int channel = open_channel(&p);
    for (unsigned i = 0; i < SIGN_BATCH_MAX; i++)
        requests[i] = request(i, 0);
    while (failed == 0 && answered < 2000) {
        send_requests(channel, requests, SIGN_BATCH_MAX);
        assert_int_equal(take_responses(channel, responses), SIGN_BATCH_MAX);
        for (unsigned i = 0; i < SIGN_BATCH_MAX; i++, answered++)
            failed += responses[i].reason == REASON_SIGNER_SELF_TEST_FAILED;
    }
    /* Signature 1001 is the one; those of its packet have not left. */
    assert_int_equal(answered, 1008);
    assert_int_equal(failed, SIGN_BATCH_MAX);
    assert_signs_nothing_more(&p, channel);
}

/* A token that was away: a new process has new sessions with it. */
static void a_key_that_signs_no_more_replaces_the_signer(void **state)
{
    unsigned right = 1; /* that of the start */
    (void)state;
    dies = true;
    struct process p = start(faulty_signer, &right);
    dies = false;
    hear(&p, CONTROL_READY);
    int channel = open_channel(&p);
    for (unsigned i = 0; i < 2; i++) {
        struct sign_request r = request(i, 0);
        assert_reason(channel, &r, REASON_SIGNER_FAILED);
    }
    struct sign_request third = request(3, 0);
    assert_reason(channel, &third, REASON_SIGNER_SELF_TEST_FAILED);
    assert_signs_nothing_more(&p, channel);
}

/* ---- the sandbox, call by call ---- */

/* Exit status 0: refused with EPERM. */
static int refused(bool failed)
{
    return failed && errno == EPERM ? 0 : 1;
}

static int try_open(void)
{
    return refused(open("/etc/passwd", O_RDONLY) < 0);
}

static int try_map_code(void)
{
    return refused(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                   MAP_FAILED);
}

static int try_kill(void)
{
    return refused(kill(getppid(), 0) < 0);
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int try_exec(void)
{
    char *const none[] = {NULL};
    return execve("/bin/true", none, none);
}

static int try_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0;
}

static const struct {
    const char *name;
    int (*attempt)(void);
    bool deadly, in_sanitizer_builds;
} attempts[] = {
    {"open", try_open, false, false}, {"map code", try_map_code, false, true},
    {"kill", try_kill, false, true},  {"socket", try_socket, true, true},
    {"exec", try_exec, true, true},   {"fork", try_fork, true, false},
};

static int in_sandbox(const void *user, int control_fd)
{
    int (*const *attempt)(void) = user;
    (void)control_fd;
    if (key_memory_protect() != 0 || rights_keep_only(roles[ROLE_SIGNER].may) != 0)
        return 98;
    return (*attempt)();
}

static void the_sandbox_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
#ifdef STIRD_SANITIZE
        if (!attempts[i].in_sanitizer_builds)
            continue;
#endif
        struct process p = start(in_sandbox, &attempts[i].attempt);
        int status = end_of(p.pid);
        close(p.control_fd);
        if (attempts[i].deadly ? !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS
                               : !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: status %x", attempts[i].name, (unsigned)status);
    }
}

/* ---- signer_check_keys ---- */

static bool check_keys(const char *kind, struct problems *problems)
{
    char directory[1024];
    struct certificate c = certificates[0];
    const struct settings settings = {.certificates = &c, .n_certificates = 1};
    snprintf(directory, sizeof(directory), "%s/%s", lab, kind);
    c.directory = str_of(directory);
    return signer_check_keys(&settings, false, problems);
}

static void assert_check_says(const char *kind, const char *words)
{
    char path[1024];
    struct problems problems = PROBLEMS_INIT;
    assert_false(check_keys(kind, &problems));
    assert_int_equal(problems.n, 1);
    snprintf(path, sizeof(path), "%s/%s/key.pem", lab, kind);
    assert_string_equal(problems.list[0].file, path);
    assert_int_equal(problems.list[0].line, 0);
    if (!strstr(problems.list[0].text, words))
        fail_msg("\"%s\" does not say \"%s\"", problems.list[0].text, words);
    problems_fini(&problems);
}

static void keys_are_checked_in_another_process(void **state)
{
    struct problems problems = PROBLEMS_INIT;
    const struct settings none = {0};
    (void)state;
    assert_true(signer_check_keys(&none, false, &problems));
    assert_true(check_keys("none", &problems));
    assert_false(problems_any(&problems));
    assert_check_says("rsa", "a key of type RSA");
    assert_check_says("encrypted", "the key is encrypted");
    assert_check_says("mismatch", "not the key of the certificate");
    assert_check_says("nowhere", "no such file");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static void all_keys_are_reported_at_once(void **state)
{
    char directories[2][1024];
    struct certificate two[2] = {certificates[0], certificates[0]};
    const struct settings settings = {.certificates = two, .n_certificates = 2};
    struct problems problems = PROBLEMS_INIT;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        snprintf(directories[i], sizeof(directories[i]), "%s/%s", lab, i ? "rsa" : "nowhere");
        two[i].directory = str_of(directories[i]);
    }
    assert_false(signer_check_keys(&settings, false, &problems));
    assert_int_equal(problems.n, 2);
    problems_fini(&problems);
}

static void set_mode(mode_t mode)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/none/key.pem", lab);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_key_that_others_reach_is_refused(void **state)
{
    static const mode_t fine[] = {0400, 0600, 0440, 0640};
    struct problems problems = PROBLEMS_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        set_mode(fine[i]);
        assert_true(check_keys("none", &problems));
    }
    set_mode(0644);
    assert_check_says("none", "readable by others: chmod 600 ");
    set_mode(0604);
    assert_check_says("none", "readable by others: chmod 600 ");
    set_mode(0602);
    assert_check_says("none", "accessible by others: chmod 600 ");
    set_mode(0660);
    assert_check_says("none", "writable by its group: chmod 600 ");
    set_mode(0600);
}

static void only_a_regular_file_of_ours_is_a_key(void **state)
{
    char command[4096];
    (void)state;
    snprintf(command, sizeof(command),
             "cd %s && mkdir link fifo directory directory/key.pem large && "
             "ln -s ../none/key.pem link/key.pem && mkfifo -m 600 fifo/key.pem && "
             "(umask 077; truncate -s 1G large/key.pem)",
             lab);
    lab_run(command);
    assert_check_says("link", "is a symbolic link");
    assert_check_says("fifo", "is no regular file");
    assert_check_says("directory", "is no regular file");
    assert_check_says("large", "larger than 16 KB");
    if (geteuid() == 0) {
        snprintf(command, sizeof(command),
                 "cd %s && mkdir stranger && cp none/key.pem stranger && "
                 "chown 12345 stranger/key.pem",
                 lab);
        lab_run(command);
        assert_check_says("stranger", "belongs to user id 12345");
    }
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
        cmocka_unit_test(a_workers_channels_have_one_ceiling),
        cmocka_unit_test(no_room_for_a_descriptor_is_not_its_end),
        cmocka_unit_test(a_wrong_key_is_an_alarm_and_the_end),
        cmocka_unit_test(no_orphan_is_left),
        cmocka_unit_test(a_failed_test_signature_is_an_alarm_and_the_end),
        cmocka_unit_test(the_first_signature_is_verified),
        cmocka_unit_test(one_in_a_thousand_is_verified),
        cmocka_unit_test(a_key_that_signs_no_more_replaces_the_signer),
        cmocka_unit_test(the_sandbox_refuses),
        cmocka_unit_test(keys_are_checked_in_another_process),
        cmocka_unit_test(all_keys_are_reported_at_once),
        cmocka_unit_test(a_key_that_others_reach_is_refused),
        cmocka_unit_test(only_a_regular_file_of_ours_is_a_key),
    };
    return cmocka_run_group_tests(tests, make_units, remove_units);
}
