#include "signer_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stird/clock.h>
#include <stird/control.h>
#include <stird/log.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "key_file.h"
#include "roles.h"
#include "signer_sandbox.h"

#define EVENTS_MAX 32

/* A worker's socket. */
struct channel {
    struct channel *before, *next;
    int fd;
    uint64_t dropped; /* responses that the worker did not take in time */
};

struct signer {
    struct signing_service *service;
    int control_fd, epoll_fd;
    bool alarmed, with_token;
    struct channel *channels;
    struct sign_request requests[SIGN_BATCH_MAX];
    struct sign_response responses[SIGN_BATCH_MAX];
};

/* ---- to the supervisor ---- */

static void say(int control_fd, enum control_type type, const char *text)
{
    struct control_message m = {.type = type};
    snprintf(m.text, sizeof(m.text), "%s", text);
    int r = control_send(control_fd, &m, NULL, 0);
    if (r != 0 && r != -EPIPE)
        log_warning("the supervisor could not be told", LOG_CSTR("error", strerror(-r)));
}

static int raise_alarm(int control_fd, const char *text)
{
    log_error("the signer cannot serve", LOG_CSTR("why", text));
    say(control_fd, CONTROL_ALARM, text);
    return EXIT_FAILURE;
}

static void alarm_once(struct signer *s)
{
    if (s->alarmed)
        return;
    s->alarmed = true;
    raise_alarm(
        s->control_fd,
        "a signature failed its verification, or several could not be made; nothing is signed any more");
}

/* ---- channels ---- */

static void channel_free(struct signer *s, struct channel *c)
{
    if (c->dropped > 0)
        log_warning("a worker did not read all its signatures",
                    LOG_NUMBER("dropped", (int64_t)c->dropped));
    if (c->next)
        c->next->before = c->before;
    if (c->before)
        c->before->next = c->next;
    else
        s->channels = c->next;
    close(c->fd); /* which takes it out of the epoll set */
    free(c);
}

static bool watch(struct signer *s, int fd, struct channel *channel)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = channel};
    return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Takes FD. */
static void channel_new(struct signer *s, int fd)
{
    struct channel *c = calloc(1, sizeof(*c));
    if (!c || !watch(s, fd, c)) {
        log_error("a worker's channel could not be served", LOG_CSTR("error", strerror(errno)));
        free(c);
        close(fd);
        return;
    }
    c->fd = fd;
    c->next = s->channels;
    if (c->next)
        c->next->before = c;
    s->channels = c;
}

/* All answers of a packet in one packet. False when the worker is gone. */
static bool respond(struct signer *s, struct channel *c, unsigned n)
{
    struct iovec parts[SIGN_BATCH_MAX];
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = n};
    ssize_t sent;
    for (unsigned i = 0; i < n; i++)
        parts[i] = (struct iovec){&s->responses[i], sign_response_size(&s->responses[i])};
    do
        sent = sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS && errno != ENOMEM)
        return false;
    /* It does not read: its calls time out, but nobody else waits for it. */
    c->dropped += n;
    return true;
}

static void answer(struct signer *s, unsigned n)
{
    const int64_t now_s = clock_real_s();
    const bool failed_before = signing_service_failed(s->service);
    for (unsigned i = 0; i < n; i++)
        signing_service_answer(s->service, &s->requests[i], now_s, &s->responses[i]);
    if (failed_before || !signing_service_failed(s->service))
        return;
    /* One was wrong: those before it in the packet have not left yet, and do not leave. */
    for (unsigned i = 0; i < n; i++)
        signing_service_answer(s->service, &s->requests[i], now_s, &s->responses[i]);
    alarm_once(s);
}

/* One packet of a worker; the next one waits its turn behind the other workers. */
static void serve(struct signer *s, struct channel *c)
{
    ssize_t got = recv(c->fd, s->requests, sizeof(s->requests), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got <= 0) {
        channel_free(s, c);
        return;
    }
    const size_t bytes = (size_t)got;
    if (bytes > sizeof(s->requests) || bytes % sizeof(s->requests[0]) != 0) {
        log_error("a worker's request has no size that a request can have; it is not served any "
                  "more",
                  LOG_NUMBER("bytes", (int64_t)got));
        channel_free(s, c);
        return;
    }
    const unsigned n = (unsigned)(bytes / sizeof(s->requests[0]));
    answer(s, n);
    if (!respond(s, c, n))
        channel_free(s, c);
}

/* ---- the supervisor's messages ---- */

/* 1: go on, 0: the supervisor is gone, -errno. */
static int obey(struct signer *s)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    int r = control_receive(s->control_fd, &m, fds, &n_fds);
    if (r == -EAGAIN)
        return 1;
    if (r <= 0)
        return r;
    if (m.type == CONTROL_PING)
        say(s->control_fd, CONTROL_PONG, "");
    else if (m.type != CONTROL_CHANNEL)
        log_warning("a message that is not for a signer", LOG_NUMBER("type", m.type));
    for (unsigned i = 0; i < n_fds; i++) {
        if (m.type == CONTROL_CHANNEL)
            channel_new(s, fds[i]);
        else
            close(fds[i]);
    }
    return 1;
}

/* ---- the loop ---- */

/* 0: the supervisor is gone, -errno. */
static int loop(struct signer *s)
{
    struct epoll_event events[EVENTS_MAX];
    int r = 1;
    while (r > 0) {
        int n = epoll_wait(s->epoll_fd, events, EVENTS_MAX, -1);
        if (n < 0 && errno != EINTR)
            r = -errno;
        for (int i = 0; i < n && r > 0; i++) {
            if (events[i].data.ptr)
                serve(s, events[i].data.ptr);
            else
                r = obey(s);
        }
    }
    return r;
}

static int run(struct signer *s)
{
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll_fd < 0 || !watch(s, s->control_fd, NULL))
        return raise_alarm(s->control_fd, "the signer could not set up its event loop");
    if (!signing_service_self_test(s->service, clock_real_s()))
        return raise_alarm(s->control_fd, "the test signature failed its verification");
    if (signer_sandbox_enter(s->with_token) != 0)
        return raise_alarm(s->control_fd, "the signer could not give up system calls (seccomp)");
    say(s->control_fd, CONTROL_READY, "");
    int r = loop(s);
    if (r == 0)
        return EXIT_SUCCESS;
    log_error("the signer's control socket failed", LOG_CSTR("error", strerror(-r)));
    return EXIT_FAILURE;
}

int signer_run(struct signing_service *service, int control_fd, bool with_token)
{
    int status = EXIT_FAILURE;
    struct signer *s = calloc(1, sizeof(*s));
    if (!s)
        return raise_alarm(control_fd, "no memory for the signer");
    s->service = service;
    s->control_fd = control_fd;
    s->with_token = with_token;
    s->epoll_fd = -1;
    status = run(s);
    for (struct channel *c = s->channels, *next; c; c = next) {
        next = c->next;
        channel_free(s, c);
    }
    if (s->epoll_fd >= 0)
        close(s->epoll_fd);
    free(s);
    return status;
}

/* ---- the start ---- */

/* It ends when the supervisor does, not when a terminal or a service manager signals everybody:
   the workers' last calls are still to be signed then. */
static void set_signals(void)
{
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        signal(ignored[i], SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

static struct signing_service *load(const struct settings *settings, struct problems *problems)
{
    struct signing_service *service = signing_service_new(settings->n_certificates);
    if (!service) {
        problems->out_of_memory = true;
        return NULL;
    }
    for (unsigned i = 0; i < settings->n_certificates; i++) {
        struct credential *c = key_file_load(&settings->certificates[i], settings->pkcs11_module,
                                             problems);
        if (c)
            signing_service_take(service, i, c);
    }
    return service;
}

static bool uses_token(const struct settings *settings)
{
    for (unsigned i = 0; i < settings->n_certificates; i++)
        if (key_file_is_token(&settings->certificates[i]))
            return true;
    return false;
}

/* All of them to the log, the first also to the supervisor. */
static int refuse(int control_fd, const struct problems *problems)
{
    char text[256] = "out of memory";
    for (size_t i = 0; i < problems->n; i++)
        log_error("a key cannot be used", LOG_CSTR("file", problems->list[i].file),
                  LOG_CSTR("why", problems->list[i].text));
    if (problems->n > 0)
        snprintf(text, sizeof(text), "%s: %s", problems->list[0].file, problems->list[0].text);
    say(control_fd, CONTROL_ALARM, text);
    return EXIT_FAILURE;
}

int signer_main(const struct settings *settings, int control_fd)
{
    int status = EXIT_FAILURE;
    struct problems problems = PROBLEMS_INIT;
    struct signing_service *service = NULL;
    set_signals();
    if (signer_protect_memory() != 0) {
        status = raise_alarm(control_fd, "the signer could not protect its memory");
        goto out;
    }
    signer_lock_memory();
    service = load(settings, &problems);
    status = problems_any(&problems) ? refuse(control_fd, &problems)
                                     : signer_run(service, control_fd, uses_token(settings));
out:
    signing_service_free(service);
    problems_fini(&problems);
    return status;
}
