/*
 * What the signer process makes, requests and answers included, beside what `openssl speed` makes
 * of the signature alone on the same machine in the same minute.
 *
 *     signer [SECONDS]
 *
 * Requests go in packets of SIGN_BATCH_MAX, a few of them under way, as from a busy worker. CPU is
 * that of the signer processes. Signatures are ECDSA over P-256, each over a token of its own.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/sign_request.h>
#include <stird/io/control.h>
#include <stird/lab/lab_ca.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/signer_process.h"
#include "daemon/signing_service.h"

#define PACKETS_UNDER_WAY 4
#define SIGNERS_MAX       2

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *why)
{
    fprintf(stderr, "%s: %s\n", why, strerror(errno));
    exit(1);
}

/* ---- one signer ---- */

struct signer_under_test {
    pid_t pid;
    int control, channel;
    unsigned under_way; /* packets */
    uint64_t made;
};

static struct credential *make_credential(void)
{
    static struct certificate certificate;
    static const char *const spcs[] = {"709J", NULL};
    struct problems problems = PROBLEMS_INIT;
    struct buf chain = BUF_INIT, pem = BUF_INIT;
    int64_t now_s = time(NULL);
    EVP_PKEY *key = lab_key_new();
    const struct lab_certificate c = {.name = "bench",
                                      .serial = 1,
                                      .key = key,
                                      .not_before_s = now_s - 86400,
                                      .not_after_s = now_s + 86400,
                                      .spcs = spcs};
    X509 *x = key ? lab_certificate_new(&c) : NULL;
    struct arena *arena = arena_new(4096); /* the certificate's, to the end */
    if (!x || !arena || !lab_add_certificate(&chain, x) || !lab_add_key(&pem, key) ||
        !certificate_read(&certificate, arena, STR("bench"), STR("bench"), STR("chain"),
                          buf_str(&chain), STR("x5u"), STR("https://cert.example/bench.pem"), now_s,
                          &problems))
        die("no certificate");
    X509_free(x);
    EVP_PKEY_free(key);
    buf_fini(&chain);
    struct credential *made = credential_new(&certificate, STR("key"), buf_str(&pem), &problems);
    buf_fini(&pem);
    if (!made)
        die("no key");
    return made;
}

static int serve(int control_fd)
{
    struct signing_service *service = signing_service_new(1);
    signing_service_take(service, 0, make_credential());
    return signer_run(service, &(struct signer_options){.control_fd = control_fd});
}

static void wait_ready(int control_fd)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    struct pollfd p = {.fd = control_fd, .events = POLLIN};
    poll(&p, 1, 10000);
    if (control_receive(control_fd, &m, fds, &n_fds) != 1 || m.type != CONTROL_READY)
        die("the signer did not get ready");
}

/* FIRST: those that run already; a child that kept their sockets would keep them running. */
static void start(struct signer_under_test *s, const struct signer_under_test *first)
{
    int control[2], channel[2];
    const struct control_message message = {.type = CONTROL_CHANNEL};
    if (control_pair(control) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
        die("no sockets");
    s->pid = fork();
    if (s->pid == 0) {
        close(control[0]);
        close(channel[0]);
        for (; first < s; first++) {
            close(first->control);
            close(first->channel);
        }
        _exit(serve(control[1]));
    }
    close(control[1]);
    s->control = control[0];
    s->channel = channel[0];
    wait_ready(s->control);
    control_send(s->control, &message, &channel[1], 1);
    close(channel[1]);
}

static double stop(struct signer_under_test *s)
{
    struct rusage used;
    int status;
    close(s->channel);
    close(s->control);
    if (wait4(s->pid, &status, 0, &used) != s->pid)
        die("wait4");
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* ---- asking ---- */

static void ask(struct signer_under_test *s)
{
    _Alignas(8) static char packet[SIGN_BATCH_MAX * SIGN_REQUEST_MAX];
    static uint64_t ticket;
    struct sign_order order = {&passport_type_shaken, 0, {.attest = 'A', .iat_s = time(NULL)}};
    struct passport_claims *claims = &order.claims;
    size_t size = 0;
    claims->dest = (struct tn){.n = 11, .digits = "12025550100"};
    memcpy(claims->origid, "123e4567-e89b-42d3-a456-426655440000", ORIGID_TEXT_LENGTH);
    for (unsigned i = 0; i < SIGN_BATCH_MAX; i++) {
        char digits[16];
        snprintf(digits, sizeof(digits), "1215%07u", (unsigned)(++ticket % 10000000));
        claims->orig.n = 11;
        memcpy(claims->orig.digits, digits, 11);
        size += sign_request_write(packet + size, ticket, &order, 1);
    }
    if (send(s->channel, packet, size, 0) != (ssize_t)size)
        die("send");
    s->under_way++;
}

/* How many tokens are in a packet of answers; each must be one. */
static unsigned count_answers(const char *bytes, size_t n)
{
    struct sign_answer token[PASSPORTS_MAX];
    struct str packet = {bytes, n};
    unsigned answers = 0;
    for (; packet.n > 0; answers++)
        if (!sign_response_next(&packet, token) || token[0].reason != REASON_OK ||
            token[0].token.n < 300)
            die("a request was refused");
    return answers;
}

static void take(struct signer_under_test *s)
{
    _Alignas(8) static char bytes[SIGN_ANSWERS_MAX];
    ssize_t n = recv(s->channel, bytes, sizeof(bytes), 0);
    if (n <= 0)
        die("the signer is gone");
    s->made += count_answers(bytes, (size_t)n);
    s->under_way--;
}

static void run(unsigned n, double seconds, double *per_s, double *cpu_us)
{
    struct signer_under_test signers[SIGNERS_MAX] = {{0}};
    struct pollfd polls[SIGNERS_MAX];
    uint64_t made = 0;
    double cpu = 0;
    for (unsigned i = 0; i < n; i++) {
        start(&signers[i], signers);
        polls[i] = (struct pollfd){.fd = signers[i].channel, .events = POLLIN};
    }
    double begin = now(), end = begin + seconds, ended;
    do {
        for (unsigned i = 0; i < n; i++)
            while (signers[i].under_way < PACKETS_UNDER_WAY)
                ask(&signers[i]);
        poll(polls, n, 1000);
        for (unsigned i = 0; i < n; i++)
            if (polls[i].revents)
                take(&signers[i]);
        ended = now();
    } while (ended < end);
    for (unsigned i = 0; i < n; i++) {
        made += signers[i].made;
        cpu += stop(&signers[i]);
    }
    *per_s = (double)made / (ended - begin);
    *cpu_us = cpu * 1e6 / (double)made;
}

/* ---- beside it ---- */

static double openssl_per_s(unsigned seconds)
{
    char command[128], line[512];
    double per_s = 0;
    snprintf(command, sizeof(command), "openssl speed -seconds %u -mr ecdsap256 2>/dev/null",
             seconds);
    FILE *f = popen(command, "r");
    while (f && fgets(line, sizeof(line), f)) {
        double sign_s;
        /* +F4:INDEX:BITS:SECONDS A SIGNATURE:... */
        if (sscanf(line, "+F4:%*d:256:%lf:", &sign_s) == 1 && sign_s > 0)
            per_s = sign_s < 1 ? 1 / sign_s : sign_s;
    }
    if (f)
        pclose(f);
    return per_s;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 3, one, one_cpu, two, two_cpu;
    double before = openssl_per_s((unsigned)seconds);
    run(1, seconds, &one, &one_cpu);
    double alone = (before + openssl_per_s((unsigned)seconds)) / 2;
    run(2, seconds, &two, &two_cpu);
    printf("openssl speed ecdsap256                %8.0f signatures/s\n", alone);
    printf("the signer, requests and answers too   %8.0f signatures/s, %.2f of it (target 0.80)\n",
           one, one / alone);
    printf("CPU a signature                        %8.1f us; with two signers %.1f us, %.2f of it "
           "(target 1.10)\n",
           one_cpu, two_cpu, two_cpu / one_cpu);
    printf("two signers                            %8.0f signatures/s\n", two);
    return 0;
}
