#include "signer_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stird/base/clock.h>
#include <stird/io/control.h>
#include <stird/net/listen.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ceiling.h"
#include "key_file.h"
#include "key_memory.h"
#include "log_word.h"
#include "roles.h"

#define EVENTS_MAX            32
#define TELL_REFUSED_EVERY_US 1000000
#define CHANNELS_A_WORKER     2 /* of the present snapshot, and of one that calls still hold */

/* What one worker may have, over all its channels, one after the other or at once. It belongs to
   the worker's place, so that neither a reload nor the worker's death fills it up again. */
struct worker_share {
    struct ceiling ceiling;
    uint64_t refused; /* tokens refused above it that the supervisor was not told of yet */
    int64_t told_us;
};

/* A worker's socket. */
struct channel {
    struct channel *before, *next; /* the newest comes first */
    int fd;                        /* -1: closed */
    uint64_t dropped;              /* packets of responses that the worker did not take in time */
    unsigned worker;
};

struct signer {
    struct signing_service *service;
    const struct signer_options *options;
    int control_fd, epoll_fd;
    bool alarmed;
    struct channel *channels;
    struct channel *closed; /* by `next`: events of theirs may be still to be looked at */
    struct worker_share shares[WORKERS_MAX];
    int64_t retired_us; /* since when another signer has its place; 0: none has */
    _Alignas(8) char packet[SIGN_BATCH_MAX * SIGN_REQUEST_MAX];
    struct buf answers; /* to it; its memory is kept */
};

/* The requests of a packet, with how many tokens of each the worker may have. */
struct batch {
    unsigned n;
    const struct sign_request *request[SIGN_BATCH_MAX];
    unsigned admitted[SIGN_BATCH_MAX];
};

/* ---- to the supervisor ---- */

static void say(int control_fd, const struct control_message *m)
{
    int r = control_send(control_fd, m, NULL, 0);
    if (r != 0 && r != -EPIPE)
        log_warning("the supervisor could not be told", LOG_CSTR("error", strerror(-r)));
}

static void say_bare(int control_fd, enum control_type type)
{
    say(control_fd, &(struct control_message){.type = type});
}

static void say_alarm(int control_fd, const char *text)
{
    struct control_message m = {.type = CONTROL_ALARM};
    snprintf(m.alarm.text, sizeof(m.alarm.text), "%s", text);
    say(control_fd, &m);
}

static int raise_alarm(int control_fd, const char *text)
{
    log_error("the signer cannot serve", LOG_CSTR("why", text));
    say_alarm(control_fd, text);
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

/* A worker asks once for each call, and has only so many calls: one that asks for more is broken,
   or was taken over. */
static void tell_refused(struct signer *s, unsigned worker)
{
    struct worker_share *share = &s->shares[worker];
    struct control_message m = {.type = CONTROL_OVER_CEILING,
                                .over_ceiling = {.requests = share->refused, .worker = worker}};
    if (share->refused == 0)
        return;
    log_error("a worker asks for more signatures than its calls can need: they are refused",
              LOG_NUMBER("worker", worker + 1), LOG_NUMBER("refused", (int64_t)share->refused),
              LOG_NUMBER("ceiling_a_second", s->options->requests_per_second));
    share->told_us = clock_monotonic_us();
    if (control_send(s->control_fd, &m, NULL, 0) == 0)
        share->refused = 0; /* else they are told with those to come */
}

static void tell_refused_now_and_then(struct signer *s, unsigned worker)
{
    if (clock_monotonic_us() - s->shares[worker].told_us >= TELL_REFUSED_EVERY_US)
        tell_refused(s, worker);
}

/* ---- channels ---- */

/* Its memory stays until the events that came at the same time have been looked at. */
static void channel_close(struct signer *s, struct channel *c)
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
    /* Closing alone takes it out of the set only when no other process holds the same socket. */
    epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    c->fd = -1;
    c->next = s->closed;
    s->closed = c;
}

static void free_closed(struct signer *s)
{
    for (struct channel *c = s->closed, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    s->closed = NULL;
}

static bool watch(struct signer *s, int fd, struct channel *channel)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = channel};
    return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Closes the oldest: no call asks by its snapshot any more. */
static void make_room(struct signer *s, unsigned worker)
{
    struct channel *oldest = NULL;
    unsigned n = 0;
    for (struct channel *c = s->channels; c; c = c->next) {
        if (c->worker != worker)
            continue;
        oldest = c;
        n++;
    }
    if (n >= CHANNELS_A_WORKER)
        channel_close(s, oldest);
}

/* Takes FD. */
static void channel_new(struct signer *s, int fd, unsigned worker)
{
    struct channel *c = worker < WORKERS_MAX ? calloc(1, sizeof(*c)) : NULL;
    if (c)
        make_room(s, worker);
    if (!c || !watch(s, fd, c)) {
        log_error("a worker's channel could not be served", LOG_CSTR("error", strerror(errno)));
        free(c);
        close(fd);
        return;
    }
    c->fd = fd;
    c->worker = worker;
    c->next = s->channels;
    if (c->next)
        c->next->before = c;
    s->channels = c;
}

/* False when the worker is gone. */
static bool send_answers(struct channel *c, struct str packet)
{
    ssize_t sent;
    do
        sent = send(c->fd, packet.p, packet.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS && errno != ENOMEM)
        return false;
    /* The worker does not read: its calls time out, and nobody else waits for it. */
    c->dropped++;
    return true;
}

/* All answers of a packet in one packet, or in as few as they fit in. False: the worker is gone. */
static bool respond(struct signer *s, struct channel *c)
{
    struct str all = buf_str(&s->answers);
    size_t n = 0;
    for (size_t at = 0; at < all.n;) {
        size_t more = ((const struct sign_response *)(const void *)(all.p + at))->size;
        if (n + more > SIGN_ANSWERS_MAX) {
            if (!send_answers(c, str_slice(all, at - n, at)))
                return false;
            n = 0;
        }
        n += more;
        at += more;
    }
    return send_answers(c, str_slice(all, all.n - n, all.n));
}

/* In a signer that another has replaced a worker's share grows no more: what is left of it is
   enough for what is under way, and several signers at once give a worker no more than one. */
static bool admits(struct signer *s, unsigned worker)
{
    int64_t now_us = s->retired_us ? s->retired_us : clock_monotonic_us();
    return ceiling_admits(&s->shares[worker].ceiling, now_us);
}

/* How many of N tokens it may have. */
static unsigned admit(struct signer *s, unsigned worker, unsigned n)
{
    unsigned admitted = 0;
    while (admitted < n && admits(s, worker))
        admitted++;
    s->shares[worker].refused += n - admitted;
    return admitted;
}

static void answer_all(struct signer *s, const struct batch *batch, int64_t now_s)
{
    buf_reset(&s->answers);
    for (unsigned i = 0; i < batch->n; i++)
        signing_service_answer(s->service, batch->request[i], batch->admitted[i], now_s,
                               &s->answers);
}

static void answer(struct signer *s, struct channel *c, struct batch *batch)
{
    const int64_t now_s = clock_real_s();
    const bool failed_before = signing_service_failed(s->service);
    for (unsigned i = 0; i < batch->n; i++)
        batch->admitted[i] = admit(s, c->worker, sign_request_tokens(batch->request[i]));
    answer_all(s, batch, now_s);
    if (failed_before || !signing_service_failed(s->service))
        return;
    /* A token was wrong: those before it in the packet have not left yet, and are held back. */
    answer_all(s, batch, now_s);
    alarm_once(s);
}

/* False: it holds something that is no request. */
static bool split(struct batch *batch, struct str packet)
{
    batch->n = 0;
    while (packet.n > 0) {
        const struct sign_request *request = sign_request_next(&packet);
        if (!request || batch->n == SIGN_BATCH_MAX)
            return false;
        batch->request[batch->n++] = request;
    }
    return true;
}

/* One packet of a worker; the next one waits its turn behind the other workers. */
static void serve(struct signer *s, struct channel *c)
{
    ssize_t got = recv(c->fd, s->packet, sizeof(s->packet), MSG_DONTWAIT | MSG_TRUNC);
    struct batch batch;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got == 0 && !packet_is_end(c->fd))
        return;
    if (got <= 0) {
        channel_close(s, c);
        return;
    }
    if ((size_t)got > sizeof(s->packet) || !split(&batch, (struct str){s->packet, (size_t)got})) {
        log_error("a worker's request has no size that a request can have; it is not served any "
                  "more",
                  LOG_NUMBER("bytes", (int64_t)got));
        channel_close(s, c);
        return;
    }
    answer(s, c, &batch);
    if (buf_failed(&s->answers))
        c->dropped++; /* no memory for the answers: as if the worker had not read them */
    else if (!respond(s, c)) {
        channel_close(s, c);
        return;
    }
    tell_refused_now_and_then(s, c->worker);
}

/* ---- the supervisor's messages ---- */

static void act(struct signer *s, const struct control_message *m)
{
    if (m->type == CONTROL_PING) {
        for (unsigned w = 0; w < WORKERS_MAX; w++)
            tell_refused_now_and_then(s, w);
        say_bare(s->control_fd, CONTROL_PONG);
    } else if (m->type == CONTROL_RETIRE) {
        s->retired_us = clock_monotonic_us();
    } else if (m->type == CONTROL_LOG) {
        log_word_take(&m->log);
    } else if (m->type != CONTROL_CHANNEL) {
        log_warning("a message that is not for a signer", LOG_NUMBER("type", m->type));
    }
}

/* 1: go on, 0: the supervisor is gone, -errno. */
static int obey(struct signer *s)
{
    struct control_message m;
    int fds[CONTROL_FDS_MAX];
    unsigned n_fds;
    int r = control_receive(s->control_fd, &m, fds, &n_fds);
    if (r == -EMFILE)
        log_error("a worker's channel could not be served", LOG_CSTR("error", strerror(-r)));
    if (r == -EAGAIN || r == -ENOMSG || r == -EMFILE)
        return 1;
    if (r <= 0)
        return r;
    act(s, &m);
    for (unsigned i = 0; i < n_fds; i++) {
        if (m.type == CONTROL_CHANNEL)
            channel_new(s, fds[i], m.channel.worker);
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
            struct channel *c = events[i].data.ptr;
            if (!c)
                r = obey(s);
            else if (c->fd >= 0)
                serve(s, c);
        }
        free_closed(s);
    }
    return r;
}

/* Landlock is a second wall here: without open() there is no file to be had. */
static bool give_up_rights(const struct signer *s)
{
    return (s->options->with_token ? roles_narrow_beside_token()
                                   : roles_narrow(ROLE_SIGNER, &(struct role_keeps){0})) == 0;
}

static int run(struct signer *s)
{
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll_fd < 0 || !watch(s, s->control_fd, NULL))
        return raise_alarm(s->control_fd, "the signer could not set up its event loop");
    if (!signing_service_self_test(s->service, clock_real_s()))
        return raise_alarm(s->control_fd, "the test signature failed its verification");
    if (!give_up_rights(s))
        return raise_alarm(s->control_fd, "the signer could not give up its rights");
    say_bare(s->control_fd, CONTROL_READY);
    int r = loop(s);
    if (r == 0)
        return EXIT_SUCCESS;
    log_error("the signer's control socket failed", LOG_CSTR("error", strerror(-r)));
    return EXIT_FAILURE;
}

int signer_run(struct signing_service *service, const struct signer_options *options)
{
    int status = EXIT_FAILURE;
    struct signer *s = calloc(1, sizeof(*s));
    if (!s)
        return raise_alarm(options->control_fd, "no memory for the signer");
    s->service = service;
    s->options = options;
    s->control_fd = options->control_fd;
    s->epoll_fd = -1;
    for (unsigned w = 0; w < WORKERS_MAX; w++)
        s->shares[w].ceiling.per_second = options->requests_per_second;
    status = run(s);
    for (unsigned w = 0; w < WORKERS_MAX; w++)
        tell_refused(s, w);
    for (struct channel *c = s->channels, *next; c; c = next) {
        next = c->next;
        channel_close(s, c);
    }
    free_closed(s);
    if (s->epoll_fd >= 0)
        close(s->epoll_fd);
    buf_fini(&s->answers);
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

static void take(void *user, unsigned index, struct credential *credential)
{
    signing_service_take(user, index, credential);
}

static struct signing_service *load(const struct settings *settings, struct problems *problems)
{
    struct signing_service *service = signing_service_new(settings->n_certificates);
    if (!service) {
        problems->out_of_memory = true;
        return NULL;
    }
    key_file_load_all(settings, true, take, service, problems);
    return service;
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
    say_alarm(control_fd, text);
    return EXIT_FAILURE;
}

int signer_main(const struct settings *settings, int control_fd)
{
    int status = EXIT_FAILURE;
    struct problems problems = PROBLEMS_INIT;
    struct signing_service *service = NULL;
    const struct signer_options options = {
        .control_fd = control_fd,
        .with_token = key_file_is_any_token(settings),
        .requests_per_second = settings_sign_requests_per_second(settings),
    };
    log_set_level(settings->log_level);
    set_signals();
    if (key_memory_protect() != 0) {
        status = raise_alarm(control_fd, "the signer could not protect its memory");
        goto out;
    }
    key_memory_lock();
    service = load(settings, &problems);
    status = problems_any(&problems) ? refuse(control_fd, &problems)
                                     : signer_run(service, &options);
out:
    signing_service_free(service);
    problems_fini(&problems);
    return status;
}
