#include "courier_process.h"

#include "roles.h"
#include "web_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/conf/settings_file.h>
#include <stird/core/list_login.h>
#include <stird/core/list_refusal.h>
#include <stird/core/trust_image.h>
#include <stird/fetch/fetch.h>
#include <stird/io/control.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COURIER_NICE 10
#define TIMEOUT_MS   20000
#define UNAUTHORIZED 401

/* What is shown to the server of a list. Secret. */
struct pass {
    char *token;         /* NULL: none */
    struct buf login;    /* what is sent for a token (list_login.h); empty: nothing */
    struct str password; /* in that, as the file has it: of the files of the courier */
    const char *why;     /* why the file of either cannot be used, a static sentence */
};

struct courier {
    const struct settings *settings;
    bool blind;          /* it has no authorities by which it could tell web servers */
    char *ca_file;       /* NULL: the system's */
    struct files *files; /* what it read of secrets, cleansed at its end */
    struct pass passes[TRUST_DOMAINS_MAX];
};

/* As `stird -t` and a reload judge it (settings_file.h): what others may read is shown to nobody.
   {NULL, 0}: it cannot be used, which is said. */
static struct str read_secret(const struct courier *c, struct str path, size_t most, struct pass *p)
{
    struct str text = {NULL, 0};
    int r = c->files ? files_read_secret(c->files, path, geteuid(), most, &text) : -ENOMEM;
    if (r == 0)
        return text.p ? text : STR("");
    p->why = files_secret_fault(r);
    return (struct str){NULL, 0};
}

/* It goes into a header. */
static void read_token(const struct courier *c, struct pass *p, struct str path)
{
    const struct str text = read_secret(c, path, TRUST_TOKEN_BYTES_MAX, p);
    if (text.p && !list_token_is_whole(text))
        p->why = "must hold " LIST_TOKEN_FORM;
    else if (text.p)
        p->token = strndup(text.p, str_find(str_slice(text, 0, str_find(text, '\n', 0)), '\r', 0));
}

static void read_login(const struct courier *c, struct pass *p, struct str path)
{
    const struct str text = read_secret(c, path, TRUST_LOGIN_BYTES_MAX, p);
    const char *why = text.p ? list_login_write(text, &p->login) : NULL;
    if (!why) {
        p->password = list_login_password(text);
        return;
    }
    p->why = why;
    buf_reset(&p->login);
}

/* One of the two at most is named. */
static void read_pass(const struct courier *c, struct pass *p, const struct trust_setting *t)
{
    const bool is_token = t->list_token_file.n > 0;
    const struct str path = is_token ? t->list_token_file : t->list_login_file;
    if (path.n == 0)
        return;
    if (is_token)
        read_token(c, p, path);
    else
        read_login(c, p, path);
    if (p->why)
        log_error(is_token ? "the token for a list of authorities cannot be used"
                           : "the login for a list of authorities cannot be used",
                  LOG_TEXT("trust", t->name), LOG_TEXT("file", path), LOG_CSTR("it", p->why));
}

static void read_files(struct courier *c)
{
    const struct str ca = c->settings->fetch.tls_ca;
    if (ca.n > 0)
        c->ca_file = strndup(ca.p, ca.n);
    c->blind = !web_files_are_good(c->ca_file, "fetch.tls_ca");
    for (unsigned i = 0; i < c->settings->n_trusts; i++)
        read_pass(c, &c->passes[i], &c->settings->trusts[i]);
}

static void forget_files(struct courier *c)
{
    for (unsigned i = 0; i < TRUST_DOMAINS_MAX; i++) {
        free(c->passes[i].token);
        buf_fini(&c->passes[i].login);
    }
    free(c->ca_file);
    files_free(c->files);
}

static bool give_up_rights(const struct courier *c)
{
    const char *readable[PRIVILEGES_READABLE_MAX + 1];
    web_files(c->ca_file, readable);
    fetch_prepare();
    const struct role_keeps keeps = {.readable = readable,
                                     .landlock_required = c->settings->landlock_required};
    return roles_narrow(ROLE_COURIER, &keeps) == 0;
}

static bool write_all(int fd, struct str text)
{
    for (size_t at = 0; at < text.n;) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static struct fetch_options options_of(const struct courier *c)
{
    return (struct fetch_options){
        .timeout_ms = TIMEOUT_MS, .allow_private = c->settings->fetch.lab, .ca_file = c->ca_file};
}

/* As `stird -t` says it. */
static const char *why_not(const struct courier *c, unsigned domain)
{
    return c->passes[domain].why ? c->passes[domain].why : files_secret_fault(-ENOMEM);
}

/* ---- an errand ---- */

/* What of it is on its way. Some administrators want the token of a login behind Bearer (RFC 6750),
   others by itself: that is tried when the first is refused. */
enum leg { LEG_LOGIN, LEG_BODY, LEG_BODY_BARE };

struct trip {
    const struct courier_errand *errand;
    enum leg leg;
    char given[TRUST_TOKEN_BYTES_MAX + 1]; /* by the login. Secret */
};

struct round {
    const struct courier *c;
    struct trip *trips;
    struct fetch_job *jobs; /* of the trips that have one: those first */
    unsigned *trip_of;
    int control_fd;
    int result;
};

/* WHY: why nothing came; empty: it came. */
static void tell(struct round *r, struct trip *t, unsigned errand, const char *why)
{
    struct control_message m = {
        .type = CONTROL_BROUGHT,
        .brought = {.errand = errand, .came = why[0] == '\0', .blind = r->c->blind}};
    snprintf(m.brought.saying, CONTROL_TEXT, "%s", why);
    explicit_bzero(t->given, sizeof(t->given));
    if (r->result == 0)
        r->result = control_send(r->control_fd, &m, NULL, 0);
}

static bool logs_in(const struct courier *c, const struct courier_errand *e)
{
    return e->is_list && c->settings->trusts[e->domain].list_login.n > 0;
}

static void begin_login(const struct courier *c, const struct trip *t, struct fetch_job *job)
{
    job->options = options_of(c);
    job->options.post = c->passes[t->errand->domain].login.p;
    job->url = c->settings->trusts[t->errand->domain].list_login;
}

static void begin_body(const struct courier *c, const struct trip *t, struct fetch_job *job)
{
    const struct courier_errand *e = t->errand;
    job->options = options_of(c);
    job->options.is_list = true;
    job->options.bearer = logs_in(c, e) ? t->given : e->is_list ? c->passes[e->domain].token : NULL;
    job->options.is_bare = t->leg == LEG_BODY_BARE;
    job->url = e->url;
}

/* False: WHY says why it cannot be gone for. */
static bool begin(const struct courier *c, struct trip *t, struct fetch_job *job,
                  char why[CONTROL_TEXT])
{
    const struct courier_errand *e = t->errand;
    const struct pass *pass = &c->passes[e->domain];
    if (c->blind) {
        snprintf(why, CONTROL_TEXT, WEB_FILES_BLIND);
        return false;
    }
    if (logs_in(c, e) && pass->login.n == 0) {
        snprintf(why, CONTROL_TEXT, "list_login_file: %s", why_not(c, e->domain));
        return false;
    }
    if (e->is_list && !pass->token && c->settings->trusts[e->domain].list_token_file.n > 0) {
        snprintf(why, CONTROL_TEXT, "list_token_file: %s", why_not(c, e->domain));
        return false;
    }
    t->leg = logs_in(c, e) ? LEG_LOGIN : LEG_BODY;
    (t->leg == LEG_LOGIN ? begin_login : begin_body)(c, t, job);
    return true;
}

/* Why a reply brought nothing; whoever refuses by a status of HTTP may say why in its body. */
static const char *fault_of(const struct fetch_reply *reply, struct str secret, struct buf *said)
{
    if (reply->status >= 400)
        list_refusal_add(said, buf_str(&reply->body), secret);
    return reply->why[0] ? reply->why : "it is too long, or there is no memory";
}

/* FAULT, and what the administrator said of it, as far as there is room; never empty. */
static void put_why(char why[CONTROL_TEXT], const char *about, const char *fault,
                    const struct buf *said)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s%s%.*s", about, fault, STR_ARG(buf_str(said)));
    const struct str whole = buf_failed(&text) ? STR("out of memory") : buf_str(&text);
    const struct str part = str_slice(whole, 0, CONTROL_TEXT - 1);
    memcpy(why, part.p, part.n);
    why[part.n] = '\0';
    buf_fini(&text);
}

static void end_login(const struct pass *pass, struct trip *t, struct fetch_reply *reply,
                      char why[CONTROL_TEXT])
{
    const bool came = reply->outcome == FETCH_OK;
    struct buf said = BUF_INIT;
    const char *fault = came ? list_login_read(buf_str(&reply->body), pass->password, t->given,
                                               &said)
                             : fault_of(reply, pass->password, &said);
    why[0] = '\0';
    if (fault)
        put_why(why, came ? "the login " : "the login: ", fault, &said);
    if (reply->body.p)
        explicit_bzero(reply->body.p, reply->body.n);
    buf_fini(&said);
}

static void end_body(const struct trip *t, const char *token, const struct fetch_reply *reply,
                     char why[CONTROL_TEXT])
{
    struct buf said = BUF_INIT;
    why[0] = '\0';
    if (reply->outcome != FETCH_OK || !write_all(t->errand->fd, buf_str(&reply->body))) {
        const char *fault = fault_of(reply, str_of(token ? token : ""), &said);
        put_why(why, "", fault, &said);
    }
    buf_fini(&said);
}

/* True: it goes on. */
static bool ended(void *user, unsigned job)
{
    struct round *r = user;
    struct trip *t = &r->trips[r->trip_of[job]];
    struct fetch_job *j = &r->jobs[job];
    char why[CONTROL_TEXT];
    if (t->leg == LEG_LOGIN)
        end_login(&r->c->passes[t->errand->domain], t, &j->reply, why);
    else
        end_body(t, j->options.bearer, &j->reply, why);
    const bool goes_on = t->leg == LEG_LOGIN ? why[0] == '\0'
                         : t->leg == LEG_BODY
                             ? why[0] && j->reply.status == UNAUTHORIZED && logs_in(r->c, t->errand)
                             : false;
    if (!goes_on) {
        tell(r, t, r->trip_of[job], why);
        return false;
    }
    t->leg++;
    begin_body(r->c, t, j);
    return true;
}

static void run(struct round *r, const struct courier_errand *errands, unsigned n)
{
    unsigned n_jobs = 0;
    for (unsigned i = 0; i < n; i++) {
        char why[CONTROL_TEXT];
        r->trips[i].errand = &errands[i];
        r->trip_of[n_jobs] = i;
        if (begin(r->c, &r->trips[i], &r->jobs[n_jobs], why))
            n_jobs++;
        else
            tell(r, &r->trips[i], i, why);
    }
    fetch_together(r->jobs, n_jobs, ended, r);
}

/* All at the same time: a server that hangs holds up none of the others. */
static int run_all(const struct courier *c, const struct courier_errand *errands, unsigned n,
                   int control_fd)
{
    struct round r = {.c = c,
                      .trips = calloc(n + 1, sizeof(*r.trips)),
                      .jobs = calloc(n + 1, sizeof(*r.jobs)),
                      .trip_of = calloc(n + 1, sizeof(*r.trip_of)),
                      .control_fd = control_fd};
    if (r.trips && r.jobs && r.trip_of)
        run(&r, errands, n);
    else
        r.result = -ENOMEM;
    free(r.trips);
    free(r.jobs);
    free(r.trip_of);
    return r.result;
}

int courier_main(const struct settings *settings, const struct courier_errand *errands, unsigned n,
                 int control_fd)
{
    struct courier c = {.settings = settings};
    if (setpriority(PRIO_PROCESS, 0, COURIER_NICE))
        log_debug("lists are fetched beside the calls", LOG_CSTR("error", strerror(errno)));
    c.files = files_new();
    read_files(&c);
    int r = give_up_rights(&c) ? 0 : -EPERM;
    if (r == 0)
        r = run_all(&c, errands, n, control_fd);
    forget_files(&c);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
