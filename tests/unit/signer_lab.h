/* Signers as processes, with the supervisor's and a worker's part of the talk. */
#ifndef STIRD_TESTS_SIGNER_LAB_H
#define STIRD_TESTS_SIGNER_LAB_H

#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stird/base/clock.h>
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

/* It stands still from its first reading on, in a signer too, so that a machine that stalls makes
   no token too old. The link replaces clock_real_s() (CMakeLists.txt). */
int64_t __real_clock_real_s(void);
int64_t __wrap_clock_real_s(void);
int64_t __wrap_clock_real_s(void)
{
    static int64_t now_s;
    if (now_s == 0)
        now_s = __real_clock_real_s();
    return now_s;
}

static char *lab;
static struct arena *arena;
static struct certificate certificates[2]; /* a good one, and one that begins tomorrow */

static inline int make_units(void **state)
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

static inline int remove_units(void **state)
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

static inline struct process start(role_main *role, const void *user)
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

static inline int signer(const void *user, int control_fd)
{
    return signer_main(user, control_fd);
}

static inline bool wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, PATIENCE_MS) == 1;
}

static inline struct control_message hear(const struct process *p, enum control_type type)
{
    struct control_message m = {0};
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    assert_true(wait_readable(p->control_fd));
    assert_int_equal(control_receive(p->control_fd, &m, fds, &n_fds), 1);
    if (m.type != type)
        fail_msg("message %s instead of %s", control_name(m.type), control_name(type));
    return m;
}

static inline void say(const struct process *p, enum control_type type, int fd)
{
    struct control_message m = {.type = type};
    assert_int_equal(control_send(p->control_fd, &m, &fd, fd >= 0), 0);
}

static inline int end_of(pid_t pid)
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

static inline void let_end(const struct process *p)
{
    close(p->control_fd);
    assert_int_equal(end_of(p->pid), 0);
}

static inline struct process start_ready(const struct settings *settings)
{
    struct process p = start(signer, settings);
    hear(&p, CONTROL_READY);
    return p;
}

/* ---- a worker's part ---- */

static inline int open_channel_of(const struct process *p, unsigned worker)
{
    const struct control_message m = {.type = CONTROL_CHANNEL, .channel = {worker}};
    int pair[2];
    assert_int_equal(control_pair(pair), 0);
    assert_int_equal(control_send(p->control_fd, &m, &pair[1], 1), 0);
    close(pair[1]);
    return pair[0];
}

static inline int open_channel(const struct process *p)
{
    return open_channel_of(p, 0);
}

/* One token of a call, before it is written and after it is read. */
struct asking {
    uint64_t ticket;
    struct sign_order order;
};

struct answered {
    uint64_t ticket;
    enum reason reason;
    size_t token_length;
    char token[SIGN_TOKEN_MAX];
};

static inline struct asking request(uint64_t ticket, uint32_t certificate)
{
    return (struct asking){ticket,
                           {&passport_type_shaken, certificate, lab_claims('A', clock_real_s())}};
}

static inline void send_requests(int channel, const struct asking *requests, unsigned n)
{
    _Alignas(8) static char packet[SIGN_BATCH_MAX * SIGN_REQUEST_MAX];
    size_t size = 0;
    for (unsigned i = 0; i < n; i++) {
        size_t more = sign_request_write(packet + size, requests[i].ticket, &requests[i].order, 1);
        assert_int_not_equal(more, 0);
        size += more;
    }
    assert_int_equal(send(channel, packet, size, 0), (ssize_t)size);
}

static inline void keep_answer(struct answered *to, const struct sign_response *response,
                               const struct sign_answer *answer)
{
    *to = (struct answered){.ticket = response->ticket, .reason = (enum reason)response->reason};
    if (response->reason != REASON_OK)
        return;
    assert_int_equal(response->n_tokens, 1);
    to->reason = answer->reason;
    to->token_length = answer->token.n;
    memcpy(to->token, answer->token.p, answer->token.n);
}

/* The responses of the next packet. */
static inline unsigned take_responses(int channel, struct answered responses[SIGN_BATCH_MAX])
{
    _Alignas(8) static char bytes[SIGN_ANSWERS_MAX];
    struct sign_answer answers[PASSPORTS_MAX];
    unsigned n = 0;
    assert_true(wait_readable(channel));
    ssize_t got = recv(channel, bytes, sizeof(bytes), 0);
    struct str packet = {bytes, got > 0 ? (size_t)got : 0};
    for (; packet.n > 0; n++) {
        const struct sign_response *response = sign_response_next(&packet, answers);
        assert_non_null(response);
        keep_answer(&responses[n], response, answers);
    }
    return n;
}

static inline struct answered ask(int channel, const struct asking *r)
{
    struct answered responses[SIGN_BATCH_MAX];
    send_requests(channel, r, 1);
    assert_int_equal(take_responses(channel, responses), 1);
    assert_int_equal(responses[0].ticket, r->ticket);
    return responses[0];
}

static inline void assert_reason(int channel, const struct asking *r, enum reason reason)
{
    struct answered response = ask(channel, r);
    assert_int_equal(response.reason, reason);
    assert_int_equal(response.token_length, 0);
}

/* With the public key, by code that shares nothing with the signing. */
static inline bool is_good(const struct answered *r, const struct certificate *c)
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

#endif
