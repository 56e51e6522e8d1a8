#include "checker_process.h"

#include "roles.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/regular_file.h>
#include <stird/base/shortage.h>
#include <stird/core/certificate_chain.h>
#include <stird/core/published_unit.h>
#include <stird/core/served_certificate.h>
#include <stird/core/certificate_text.h>
#include <stird/io/control.h>
#include <stird/io/fetcher_client.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECKER_NICE      10
#define ASKED_TIMES       12
#define ANCHORS_BYTES_MAX ((size_t)16 << 20)

struct checker {
    const struct settings *settings;
    int control_fd;
    struct trust *trust; /* NULL: chains are not judged */
    struct fetcher_client *fetcher;
};

static bool read_file(struct str path, struct buf *text)
{
    char *z = strndup(path.p, path.n);
    int fd = z ? regular_file_open(AT_FDCWD, z, 0) : -ENOMEM;
    ssize_t n = fd < 0 ? fd : 1;
    while (n > 0 && text->n < ANCHORS_BYTES_MAX) {
        char *room = buf_room(text, 65536);
        n = room ? read(fd, room, 65536) : -1;
        buf_grew(text, n > 0 ? (size_t)n : 0);
    }
    if (fd >= 0)
        close(fd);
    free(z);
    return n >= 0 && !buf_failed(text);
}

/* Raises the supervisor's alarm for the line that was just logged. */
static void tell_fault(const struct checker *c)
{
    const struct control_message fault = {.type = CONTROL_CHECK_FAULT};
    control_send(c->control_fd, &fault, NULL, 0);
}

/* Reads a file that goes with the anchors. A file that cannot be read raises an alarm, and nothing
   is judged by it. */
static void read_beside(struct checker *c, struct str path, const char *what,
                        bool (*add)(struct trust *t, struct str name, struct str text,
                                    struct problems *problems))
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    if (path.n > 0 && c->trust &&
        (!read_file(path, &text) || !add(c->trust, path, buf_str(&text), &problems))) {
        log_error(what, LOG_TEXT("file", path));
        tell_fault(c);
    }
    problems_fini(&problems);
    buf_fini(&text);
}

/* Read anew for each look. */
static void read_crls(struct checker *c)
{
    read_beside(c, c->settings->check.crl_anchors,
                "the trust anchors of revocation lists cannot be read as a whole: lists of those "
                "that are missing are not judged",
                trust_add_crl_anchors);
    read_beside(c, c->settings->check.crls,
                "the revocation lists cannot be read as a whole: what is missing is not judged",
                trust_add_crls);
}

/* Anchors that cannot be read raise an alarm, and nothing is judged by them. */
static void read_anchors(struct checker *c)
{
    struct str path = c->settings->check.anchors;
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    if (path.n == 0)
        return;
    c->trust = trust_new();
    if (!c->trust || !read_file(path, &text) ||
        !trust_add_anchors(c->trust, path, buf_str(&text), &problems)) {
        log_error("the trust anchors cannot be read: chains are not judged",
                  LOG_TEXT("file", path));
        tell_fault(c);
        trust_free(c->trust);
        c->trust = NULL;
    }
    problems_fini(&problems);
    buf_fini(&text);
}

/* ---- what the URL serves ---- */

/* The answer as it was told, with copies of the body and the texts. */
struct fetched_reply {
    bool told;
    enum fetch_outcome outcome;
    struct buf body;
    struct str content_type, why;
    struct arena *arena;
};

static void take(void *user, const struct fetch_answer *answer)
{
    struct fetched_reply *reply = user;
    reply->told = true;
    reply->outcome = answer->outcome;
    buf_reset(&reply->body);
    buf_add_str(&reply->body, answer->body);
    reply->content_type = arena_copy(reply->arena, answer->content_type);
    reply->why = arena_copy(reply->arena, answer->why);
}

static void wait_told(const struct checker *c, const struct fetched_reply *reply)
{
    struct pollfd p = {.fd = fetcher_client_fd(c->fetcher), .events = POLLIN};
    while (!reply->told) {
        const int64_t now_ms = clock_monotonic_ms();
        const int64_t next_ms = fetcher_client_expire(c->fetcher, now_ms);
        if (reply->told)
            return;
        if (poll(&p, 1, (int)(next_ms - now_ms)) > 0)
            fetcher_client_readable(c->fetcher);
    }
}

/* The fetcher has as long as a fetch may take. It is asked again where it started late. */
static void have_fetched(const struct checker *c, struct str url, struct fetched_reply *reply)
{
    const struct fetch_question q = {
        .kind = FETCH_ASK, .wait_ms = FETCH_WAIT_MAX_MS, .trunk = FETCH_NO_TRUNK, .url = url};
    uint64_t ticket;
    reply->outcome = FETCH_PENDING;
    for (unsigned i = 0; i < ASKED_TIMES && reply->outcome == FETCH_PENDING; i++) {
        reply->told = false;
        reply->outcome = fetcher_client_submit(c->fetcher, &q, clock_monotonic_ms(), take, reply,
                                               &ticket);
        if (reply->outcome != FETCH_PENDING)
            return;
        fetcher_client_flush(c->fetcher);
        wait_told(c, reply);
    }
}

/* Whether there is something to look at. A body that is too large did not come: another one that is
   too large is looked at in its place. */
static bool is_there(struct fetched_reply *reply)
{
    if (reply->outcome == FETCH_TOO_MUCH && reply->why.n == 0)
        for (size_t i = 0; i <= CERTIFICATES_BYTES_MAX; i++)
            buf_add_char(&reply->body, ' ');
    return reply->outcome == FETCH_OK || reply->body.n > 0;
}

/*
 * Of units that share a URL our repository serves the one that signs (published_unit.h), and the
 * others when they do: that one is there says nothing against the others, but that verifiers who
 * keep it refuse them, of which the configuration warns. Revoked is revoked.
 */
static bool is_others_turn(const struct checker *c, const struct certificate *certificate,
                           const struct served *served, struct arena *arena, struct str *saying)
{
    const struct settings *s = c->settings;
    const int64_t now_s = clock_real_s();
    struct str path, ignored;
    if (!published_unit_path(s, certificate->x5u, &path) ||
        certificate_is_revoked(certificate, c->trust, now_s))
        return false;
    for (unsigned i = 0; i < s->n_certificates; i++) {
        const struct certificate *other = &s->certificates[i];
        if (other == certificate || !str_eq(other->x5u, certificate->x5u) ||
            certificate_usable(other, now_s) != REASON_OK ||
            served_certificate_judge(other, served, c->trust, now_s, arena, &ignored) !=
                CERTIFICATE_SERVED)
            continue;
        *saying = arena_printf(
            arena, "serves unit \"%.*s\", which has this URL too, until that signs no more",
            STR_ARG(other->unit));
        return true;
    }
    return false;
}

static enum certificate_state look(const struct checker *c, const struct certificate *certificate,
                                   struct arena *arena, struct str *saying)
{
    struct fetched_reply reply = {.arena = arena};
    const unsigned long before = shortages();
    enum certificate_state state = CERTIFICATE_UNREACHABLE;
    have_fetched(c, certificate->x5u, &reply);
    if (is_there(&reply)) {
        const struct served served = {buf_str(&reply.body), reply.content_type};
        state = served_certificate_judge(certificate, &served, c->trust, clock_real_s(), arena,
                                         saying);
        *saying = arena_copy(arena, *saying);
        if (state == CERTIFICATE_WRONG && is_others_turn(c, certificate, &served, arena, saying))
            state = CERTIFICATE_UNCHECKED;
    } else if (certificate_is_revoked(certificate, c->trust, clock_real_s())) {
        state = CERTIFICATE_WRONG;
        *saying = STR("is revoked: get a new one with a new key");
    } else {
        *saying = reply.why.n > 0 ? reply.why : str_of(fetch_outcome_text(reply.outcome));
    }
    buf_fini(&reply.body);
    if (shortages() == before)
        return state;
    *saying = STR("could not be looked at: no memory");
    return CERTIFICATE_UNCHECKED;
}

static int tell(const struct checker *c, unsigned i, uint64_t generation)
{
    struct str saying = STR("");
    struct arena *arena = arena_new(1024);
    struct control_message message = {.type = CONTROL_CERTIFICATE,
                                      .certificate = {.generation = generation, .unit = i}};
    enum certificate_state state = arena ? look(c, &c->settings->certificates[i], arena, &saying)
                                         : CERTIFICATE_UNCHECKED;
    message.certificate.state = state;
    snprintf(message.certificate.saying, CONTROL_TEXT, "%.*s", STR_ARG(saying));
    arena_free(arena);
    return control_send(c->control_fd, &message, NULL, 0);
}

/* It reads X.509 that others wrote. */
static bool give_up_rights(const struct checker *c)
{
    const struct role_keeps keeps = {.landlock_required = c->settings->landlock_required};
    return roles_narrow(ROLE_CHECKER, &keeps) == 0;
}

int checker_main(const struct checker_options *options, int control_fd)
{
    const struct settings *s = options->settings;
    const struct control_message checked = {.type = CONTROL_CHECKED};
    struct checker c = {.settings = s,
                        .control_fd = control_fd,
                        .fetcher = fetcher_client_new(options->fetcher_fd)};
    int r = c.fetcher ? 0 : -ENOMEM;
    if (setpriority(PRIO_PROCESS, 0, CHECKER_NICE))
        log_debug("the checker runs beside the calls", LOG_CSTR("error", strerror(errno)));
    read_anchors(&c);
    read_crls(&c);
    if (r == 0 && !give_up_rights(&c))
        r = -EPERM;
    for (unsigned i = 0; i < s->n_certificates && r == 0; i++)
        r = tell(&c, i, options->generation);
    if (r == 0)
        r = control_send(control_fd, &checked, NULL, 0);
    trust_free(c.trust);
    fetcher_client_free(c.fetcher);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
